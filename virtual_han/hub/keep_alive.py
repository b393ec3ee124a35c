"""The Keep-Alive server of the trust centre (SE 1.4 Annex A.3; cluster 0x0025)."""

from dataclasses import dataclass
from typing import Final

from ..zcl import FrameType, General, ZclFrame
from .zcl import HubStatus, default_response, read_attributes

CLUSTER: Final = 0x0025
_UINT8: Final = 0x20
_UINT16: Final = 0x21


@dataclass(slots=True)
class KeepAlive:
    """Tells clients how often to ask.

    Attributes:
        base_minutes: attribute 0x0000.
        jitter_seconds: attribute 0x0001.
        offered: False on hubs older than SE 1.1, which have no such server.
    """

    base_minutes: int = 10
    jitter_seconds: int = 300
    offered: bool = True

    def handle(self, frame: ZclFrame) -> list[bytes]:
        """Answer one frame."""
        if (
            frame.frame_type is FrameType.CLUSTER
            or frame.command != General.READ_ATTRIBUTES
        ):
            return [default_response(frame, HubStatus.UNSUP_CLUSTER_COMMAND)]
        values = {
            0x0000: (_UINT8, bytes([self.base_minutes])),
            0x0001: (_UINT16, self.jitter_seconds.to_bytes(2, "little")),
        }
        return [read_attributes(frame, values)]
