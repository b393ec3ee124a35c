"""The only frames that may leave for the home area network, as data (R16).

A CAD reads and confirms; it never configures, controls, routes, permits or forms.
Whatever is not listed here is refused before it reaches the stick: `check` is a
pure function over the octets as they would go on the air, so it holds whichever
code wrote them.
"""

from .allowed import Kind, Rule, is_secured
from .check import HUB_ADDRESS, OutgoingFrame, check
from .guard import EgressGuard

__all__ = [
    "HUB_ADDRESS",
    "EgressGuard",
    "Kind",
    "OutgoingFrame",
    "Rule",
    "check",
    "is_secured",
]
