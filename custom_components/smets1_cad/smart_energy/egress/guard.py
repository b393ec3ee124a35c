"""Checks everything that one radio sends, and counts it."""

from collections import Counter

from zigpy.types import ZigbeePacket

from ..errors import EgressDenied
from .allowed import Kind
from .check import HUB_ADDRESS, OutgoingFrame, check


class EgressGuard:
    """Checks each packet of one radio, and counts, as evidence.

    Attributes:
        allowed: frames let through, by `Kind`.
        denied: frames refused, by `Rule`.
    """

    def __init__(self) -> None:
        """Start with the hub as the only partner."""
        self.allowed: Counter[Kind] = Counter()
        self.denied: Counter[str] = Counter()
        self._partners: frozenset[int] = frozenset({HUB_ADDRESS})

    def set_meters(self, addresses: frozenset[int]) -> None:
        """Allow meters that are devices of their own, besides the hub.

        Args:
            addresses: their NWK addresses as found by service discovery; they
                replace the ones given before.
        """
        self._partners = addresses | {HUB_ADDRESS}

    def check(self, frame: OutgoingFrame) -> Kind:
        """Check and count one frame.

        Raises:
            EgressDenied: it may not leave.
        """
        try:
            kind = check(frame, partners=self._partners)
        except EgressDenied as err:
            self.denied[err.rule] += 1
            raise
        self.allowed[kind] += 1
        return kind

    def check_packet(self, packet: ZigbeePacket) -> None:
        """Check and count a packet that zigpy is about to send.

        Raises:
            EgressDenied: it may not leave.
        """
        self.check(OutgoingFrame.from_packet(packet))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Give the counts for diagnostics; nothing in them is personal."""
        return {
            "allowed": {
                str(kind): count for kind, count in sorted(self.allowed.items())
            },
            "denied": {str(rule): count for rule, count in sorted(self.denied.items())},
        }
