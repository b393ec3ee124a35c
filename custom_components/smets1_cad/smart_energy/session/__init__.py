"""The HAN session: joins, establishes the key, finds the meters, reads them, and recovers."""

from .const import Interest, Timings
from .context import SessionConfig
from .record import HanStore
from .session import HanSession

__all__ = ["HanSession", "HanStore", "Interest", "SessionConfig", "Timings"]
