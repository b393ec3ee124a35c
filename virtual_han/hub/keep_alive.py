"""The Keep-Alive server of the trust centre (SE 1.4 Annex A.3; cluster 0x0025)."""

from dataclasses import dataclass
from typing import Final

from ..zcl import (
    TYPES,
    FrameType,
    General,
    Record,
    Status,
    ZclFrame,
    default_response,
    read_attributes_response,
)

CLUSTER: Final = 0x0025


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

    def handle(self, frame: ZclFrame) -> list[ZclFrame]:
        """Answer one frame."""
        if (
            frame.frame_type is FrameType.CLUSTER
            or frame.command != General.READ_ATTRIBUTES
        ):
            return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]
        held = (
            Record(0x0000, TYPES["uint8"], self.base_minutes),
            Record(0x0001, TYPES["uint16"], self.jitter_seconds),
        )
        return [read_attributes_response(frame, held)]
