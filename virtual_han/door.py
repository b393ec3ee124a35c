"""What the supplier can do at the virtual network's hub."""

from .han import VirtualHan
from .hub.admission import MAX_WINDOW


class HanDoor:
    """The `HubDoor` of a virtual network."""

    def __init__(self, han: VirtualHan) -> None:
        """Stand at a network's hub."""
        self._han = han

    def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None:
        """Put a device on the hub's list, for an hour at most."""
        self._han.log.add(eui64, install_code, min(seconds, MAX_WINDOW))

    def is_paired(self, eui64: bytes) -> bool:
        """Say whether a device has joined and established its key."""
        member = self._han.hub.members.get(eui64)
        return member is not None and member.key is not None

    def remove(self, eui64: bytes) -> None:
        """Take a device off the list and off the network."""
        self._han.hub.unpair(eui64)
