"""Writes the network's traffic as a file that Wireshark opens.

Each frame is an IEEE 802.15.4 frame as it would be on the air, in a pcap file
of the link type LINKTYPE_IEEE802_15_4_TAP (283), which also tells the channel.
Frames stay encrypted, as a sniffer would see them: `write_keys` gives Wireshark
the keys.
"""

from collections.abc import Callable, Iterable, Mapping
import contextlib
from pathlib import Path
import struct
from typing import BinaryIO, Final, Self, override

from .air import MAC_SUCCESS, Air, AirFrame, Beacon

_MAGIC: Final = 0xA1B2_C3D4
_SNAP_LENGTH: Final = 256
LINK_TYPE: Final = 283

_TLV_FCS_TYPE: Final = 0
_TLV_CHANNEL: Final = 3
_FCS_CRC16: Final = 1

_BROADCAST: Final = 0xFFFF
_FIRST_BROADCAST: Final = 0xFFF8
_NO_PAN: Final = 0xFFFF
_COORDINATOR: Final = 0x0000

# Frame control fields (IEEE 802.15.4-2006, 7.2.1.1).
_DATA: Final = 0x8841
_DATA_WITH_ACK: Final = 0x8861
_BEACON: Final = 0x8000
_COMMAND_BROADCAST: Final = 0x0803
_COMMAND_FROM_EUI64: Final = 0xC823
_COMMAND_TO_EUI64: Final = 0x8C63

_ASSOCIATION_REQUEST: Final = 0x01
_ASSOCIATION_RESPONSE: Final = 0x02
_BEACON_REQUEST: Final = 0x07

_SUPERFRAME: Final = 0x4FFF
_PERMIT: Final = 0x8000
_ROUTER_CAPABILITY: Final = 0x8E
_END_DEVICE_CAPABILITY: Final = 0x8C
_ZIGBEE_PROTOCOL: Final = 0x00
_ROOM_FOR_BOTH: Final = 0x84
_NO_TIME_OFFSET: Final = 0xFF_FFFF


def frame_check(octets: bytes) -> bytes:
    """Return the frame check sequence: the ITU-T CRC-16, lowest bit first."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class Capture:
    """A capture file that is being written.

    Every frame is flushed, so that the file can be read while it grows.
    """

    def __init__(self, stream: BinaryIO, now: Callable[[], float]) -> None:
        """Begin a capture.

        Args:
            stream: where it is written to.
            now: seconds since 1970 that frames are stamped with.
        """
        self._stream = stream
        self._now = now
        self._sequence = 0
        header = struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, _SNAP_LENGTH, LINK_TYPE)
        self._stream.write(header)

    @classmethod
    def open(cls, path: Path, now: Callable[[], float]) -> Self:
        """Begin a capture in a file; an earlier one is overwritten.

        Raises:
            OSError: the file cannot be written.
        """
        return cls(path.open("wb"), now)

    def close(self) -> None:
        """End the capture."""
        self._stream.close()

    def __enter__(self) -> Self:
        """Return the capture itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close on exit."""
        self.close()

    def frame(self, frame: AirFrame) -> None:
        """Write a Zigbee network frame; an `Air` takes this as a tap."""
        broadcast = frame.destination >= _FIRST_BROADCAST
        header = struct.pack(
            "<HBHHH",
            _DATA if broadcast else _DATA_WITH_ACK,
            self._next(),
            frame.pan_id,
            _BROADCAST if broadcast else frame.destination,
            frame.source,
        )
        self._write(frame.channel, header + frame.network)

    def beacon_request(self, channel: int) -> None:
        """Write what a scanning device sends."""
        header = struct.pack(
            "<HBHH", _COMMAND_BROADCAST, self._next(), _NO_PAN, _BROADCAST
        )
        self._write(channel, header + bytes((_BEACON_REQUEST,)))

    def beacon(self, beacon: Beacon) -> None:
        """Write a coordinator's beacon."""
        header = struct.pack(
            "<HBHH", _BEACON, self._next(), beacon.pan_id, _COORDINATOR
        )
        superframe = _SUPERFRAME | (_PERMIT if beacon.permit_joining else 0)
        payload = (
            bytes((_ZIGBEE_PROTOCOL, 0x20 | beacon.stack_profile, _ROOM_FOR_BOTH))
            + beacon.extended_pan_id[::-1]
            + _NO_TIME_OFFSET.to_bytes(3, "little")
            + bytes((beacon.update_id,))
        )
        self._write(
            beacon.channel, header + struct.pack("<HBB", superframe, 0, 0) + payload
        )

    def association(
        self,
        channel: int,
        pan_id: int,
        eui64: bytes,
        *,
        router: bool,
        status: int,
        address: int,
    ) -> None:
        """Write a device's association request and the coordinator's response."""
        device = eui64[::-1]
        request = struct.pack(
            "<HBHHH8sBB",
            _COMMAND_FROM_EUI64,
            self._next(),
            pan_id,
            _COORDINATOR,
            _NO_PAN,
            device,
            _ASSOCIATION_REQUEST,
            _ROUTER_CAPABILITY if router else _END_DEVICE_CAPABILITY,
        )
        response = struct.pack(
            "<HBH8sHBHB",
            _COMMAND_TO_EUI64,
            self._next(),
            pan_id,
            device,
            _COORDINATOR,
            _ASSOCIATION_RESPONSE,
            address if status == MAC_SUCCESS else _BROADCAST,
            status,
        )
        self._write(channel, request)
        self._write(channel, response)

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def _write(self, channel: int, octets: bytes) -> None:
        tlvs = struct.pack("<HHB3x", _TLV_FCS_TYPE, 1, _FCS_CRC16)
        tlvs += struct.pack("<HHHBx", _TLV_CHANNEL, 3, channel, 0)
        packet = (
            struct.pack("<BBH", 0, 0, 4 + len(tlvs))
            + tlvs
            + octets
            + frame_check(octets)
        )
        seconds, micro = divmod(round(self._now() * 1_000_000), 1_000_000)
        self._stream.write(
            struct.pack("<IIII", seconds, micro, len(packet), len(packet))
        )
        self._stream.write(packet)
        self._stream.flush()


class RecordedAir(Air):
    """An air whose scans, associations and frames all go into a capture."""

    def __init__(self, capture: Capture) -> None:
        """Start with nobody listening but the capture."""
        super().__init__()
        self._capture = capture
        self._channels: dict[int, int] = {}
        self.taps.append(capture.frame)

    @override
    def scan(self, channel: int) -> list[Beacon]:
        """Return the beacons heard on a channel."""
        beacons = super().scan(channel)
        self._capture.beacon_request(channel)
        for beacon in beacons:
            self._channels[beacon.pan_id] = channel
            self._capture.beacon(beacon)
        return beacons

    @override
    def associate(
        self, eui64: bytes, pan_id: int, *, router: bool
    ) -> tuple[int, int] | None:
        """Ask the coordinator of a PAN for membership.

        The answer may already have sent the network key behind it: the
        association is written first.
        """
        held: list[AirFrame] = []
        self.taps[self.taps.index(self._capture.frame)] = held.append
        try:
            answer = super().associate(eui64, pan_id, router=router)
        finally:
            self.taps[self.taps.index(held.append)] = self._capture.frame
        if answer is not None:
            status, address = answer
            self._capture.association(
                self._channels.get(pan_id, 0),
                pan_id,
                eui64,
                router=router,
                status=status,
                address=address,
            )
        for frame in held:
            self._capture.frame(frame)
        return answer


def wireshark_keys(keys: Mapping[str, bytes]) -> Iterable[str]:
    """Return the lines of Wireshark's `zigbee_pc_keys` table: key, byte order, label."""
    for label, key in keys.items():
        yield f'"{key.hex(":")}","Normal","{label}"'


def write_keys(path: Path, keys: Mapping[str, bytes]) -> None:
    """Write keys for Wireshark into a file that only its owner can read.

    Copied into Wireshark's profile folder as `zigbee_pc_keys`, it opens the frames.

    Raises:
        OSError: the file cannot be written.
    """
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"{line}\n" for line in wireshark_keys(keys)), encoding="ascii"
    )
