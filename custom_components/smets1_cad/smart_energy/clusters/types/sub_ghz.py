"""Types of the Sub-GHz cluster (SE 1.4 Annex D.13)."""

import types
from typing import Final

import zigpy.types as t


def _fill(namespace: dict[str, object]) -> None:
    """One bit for each channel of a page, then the page."""
    namespace["__doc__"] = "Channels of a page, bits 0 to 26; the page, bits 27 to 31."
    namespace["__module__"] = __name__
    for channel in range(27):
        namespace[f"CHANNEL{channel}"] = 1 << channel
    namespace["PAGE"] = 0xF8000000


ChannelMask: Final[type[t.bitmap32]] = types.new_class(
    "ChannelMask", (t.bitmap32,), {}, _fill
)
