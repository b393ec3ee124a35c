"""Which attributes do not change while a CAD stays joined: read once per join (R15)."""

from collections.abc import Mapping
from typing import Final

from ..const import ClusterId

STATIC: Final[Mapping[int, range]] = {
    # Who made it, and what runs on it.
    ClusterId.BASIC: range(0x10000),
    # Units, scaling, formatting, device type, identities.
    ClusterId.METERING: range(0x0300, 0x0400),
    # Tier labels.
    ClusterId.PRICE: range(0x0030),
    # The supplier's number and name.
    ClusterId.DEVICE_MANAGEMENT: range(0x0100, 0x0120),
}
"""By cluster: attribute ids."""


def is_static(cluster_id: int, attribute: int) -> bool:
    """Whether an attribute is read once per join."""
    return attribute in STATIC.get(cluster_id, ())


def changing[T](cluster_id: int, attributes: Mapping[int, T]) -> Mapping[int, T]:
    """Return the attributes that are not read once per join."""
    static = STATIC.get(cluster_id, ())
    return {one: value for one, value in attributes.items() if one not in static}
