"""The serial line of the stick, byte for byte against UG101 and bellows."""

import asyncio
from collections.abc import AsyncGenerator
import contextlib
from typing import override

from bellows import ash as bellows_ash
import pytest

from virtual_han.errors import FrameError
from virtual_han.stick import ash
from virtual_han.stick.ash import Frame, Kind
from virtual_han.stick.serial import ACK_ATTEMPTS, ACK_TIMEOUT, SerialLine

RST = bytes.fromhex("1A C0 38 BC 7E")
RSTACK = bytes.fromhex("C1 02 0B 0A 52 7E")
ACK_1 = bytes.fromhex("81 60 59 7E")


@pytest.mark.parametrize(
    ("frame", "octets"),
    [
        (Frame(Kind.RST), "C0 38 BC 7E"),
        (Frame(Kind.RSTACK, b"\x02\x02"), "C1 02 02 9B 7B 7E"),
        (Frame(Kind.ERROR, b"\x02\x51"), "C2 02 51 A8 BD 7E"),
        (Frame(Kind.ACK, ack=1), "81 60 59 7E"),
        (Frame(Kind.NAK, ack=6), "A6 34 DC 7E"),
        (
            Frame(Kind.DATA, b"\x00\x00\x00\x02", number=2, ack=5),
            "25 42 21 A8 56 A6 09 7E",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind.name,
)
def test_examples_of_ug101(frame: Frame, octets: str) -> None:
    """The frames that Silicon Labs prints in UG101."""
    wire = bytes.fromhex(octets)
    assert frame.encode() == wire
    assert ash.Splitter().feed(wire) == [wire[:-1]]
    assert ash.decode(wire[:-1]) == frame


def test_every_octet_survives_and_bellows_agrees() -> None:
    data = bytes(range(220))
    wire = Frame(Kind.DATA, data, number=3, ack=4, again=True).encode()
    parsed = bellows_ash.parse_frame(bellows_ash.AshProtocol._unstuff_bytes(wire[:-1]))
    assert (parsed.frm_num, parsed.ack_num, parsed.re_tx, parsed.ezsp_frame) == (
        3,
        4,
        1,
        data,
    )
    assert not {ash.XON, ash.XOFF, ash.SUBSTITUTE, ash.CANCEL} & set(wire)


def test_splitter_heeds_the_reserved_octets() -> None:
    """CANCEL forgets, SUBSTITUTE spoils up to the flag, XON and XOFF are not data."""
    splitter = ash.Splitter()
    assert splitter.feed(b"\x01\x02\x1a\x03\x7e\x7e") == [b"\x03"]
    assert splitter.feed(b"\x04\x18\x05\x7e\x06\x11\x13\x7e") == [b"\x06"]
    assert splitter.feed(b"\x07") == []
    assert splitter.feed(b"\x08\x7e") == [b"\x07\x08"]


@pytest.mark.parametrize("octets", ["", "C0 38", "C0 38 BD", "81 60 58", "C1 7D"])
def test_damaged_frames_are_refused(octets: str) -> None:
    with pytest.raises(FrameError):
        ash.decode(bytes.fromhex(octets))


def test_unknown_control_octet_is_refused() -> None:
    raw = b"\xc7"
    crc = bellows_ash.AshFrame.append_crc(raw)
    with pytest.raises(FrameError, match="unknown"):
        ash.decode(crc)


class Host:
    """What the line serves: it echoes each EZSP frame."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.events: list[str] = []

    def line_connected(self, line: SerialLine) -> None:
        self.events.append("connected")

    def line_lost(self, line: SerialLine) -> None:
        self.events.append("lost")

    def line_reset(self, line: SerialLine) -> None:
        self.events.append("reset")

    def frame_received(self, line: SerialLine, frame: bytes) -> None:
        self.frames.append(frame)
        line.send(b"echo" + frame)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    @override
    def close(self) -> None:
        self.closed = True

    def take(self) -> list[Frame]:
        """Return the frames written since the last call."""
        frames = [ash.decode(raw) for raw in ash.Splitter().feed(self.written)]
        self.written = b""
        return frames


@contextlib.asynccontextmanager
async def line_and_wire() -> AsyncGenerator[tuple[SerialLine, Wire, Host]]:
    host, wire = Host(), Wire()
    line = SerialLine(host)
    line.connection_made(wire)
    try:
        yield line, wire, host
    finally:
        line.connection_lost(None)
        assert host.events[-1] == "lost"


async def test_greets_with_rstack_and_again_after_rst() -> None:
    async with line_and_wire() as (line, wire, host):
        assert wire.written == RSTACK
        wire.take()
        line.data_received(RST)
        assert wire.written == RSTACK
        assert host.events == ["connected", "reset", "reset"]


async def test_data_is_acknowledged_and_handed_on_once() -> None:
    async with line_and_wire() as (line, wire, host):
        wire.take()
        frame = Frame(Kind.DATA, b"command", number=0, ack=0)
        line.data_received(frame.encode())
        ack, echo = wire.take()
        assert (ack.kind, ack.ack) == (Kind.ACK, 1)
        assert (echo.kind, echo.data, echo.number, echo.ack) == (
            Kind.DATA,
            b"echocommand",
            0,
            1,
        )
        repeated = Frame(Kind.DATA, b"command", number=0, ack=0, again=True)
        line.data_received(repeated.encode())
        assert [one.kind for one in wire.take()] == [Kind.ACK]
        assert host.frames == [b"command"]


async def test_out_of_sequence_and_damaged_frames_get_one_nak() -> None:
    async with line_and_wire() as (line, wire, host):
        wire.take()
        line.data_received(Frame(Kind.DATA, b"later", number=3).encode())
        line.data_received(b"\x00\x01\x02\x03\x7e")
        assert [(one.kind, one.ack) for one in wire.take()] == [(Kind.NAK, 0)]
        line.data_received(Frame(Kind.DATA, b"right", number=0).encode())
        assert host.frames == [b"right"]
        line.data_received(b"\x00\x01\x02\x03\x7e")
        assert wire.take()[-1] == Frame(Kind.NAK, ack=1)


async def test_window_acknowledgement_and_resend() -> None:
    """Three frames go out, the fourth waits; a NAK brings the open ones again."""
    async with line_and_wire() as (line, wire, _):
        wire.take()
        for number in range(4):
            line.send(bytes([number]))
        assert [one.number for one in wire.take()] == [0, 1, 2]
        line.data_received(Frame(Kind.ACK, ack=2).encode())
        assert [one.number for one in wire.take()] == [3]
        line.data_received(Frame(Kind.NAK, ack=3).encode())
        again = wire.take()
        assert [(one.number, one.again) for one in again] == [(3, True)]
        line.data_received(Frame(Kind.ACK, ack=7).encode())
        assert wire.take() == []


async def test_silence_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that nobody acknowledges are sent again, and then the line fails until it is reset."""
    loop = asyncio.get_running_loop()
    timers: list[tuple[float, object]] = []
    handle = loop.call_later(1000, print)
    handle.cancel()
    async with line_and_wire() as (line, wire, _):
        wire.take()
        monkeypatch.setattr(
            loop,
            "call_later",
            lambda delay, call: timers.append((delay, call)) or handle,
        )
        line.send(b"x")
        kinds = []
        for _ in range(ACK_ATTEMPTS):
            delay, call = timers.pop()
            assert delay == ACK_TIMEOUT
            call()  # type: ignore[operator]
            kinds += [one.kind for one in wire.take()]
        assert kinds == [Kind.DATA] * ACK_ATTEMPTS + [Kind.ERROR]
        line.send(b"y")
        line.data_received(Frame(Kind.DATA, b"ignored").encode())
        assert wire.take() == []
        line.data_received(RST)
        assert wire.written == RSTACK


async def test_cut_writes_half_a_frame_and_closes() -> None:
    async with line_and_wire() as (line, wire, _):
        wire.take()
        line.cut()
        assert wire.written
        assert ash.FLAG not in wire.written
        assert wire.closed
    line.cut()
    line.close()
    line.send(b"nobody hears")


async def test_filter_sees_each_frame() -> None:
    host, wire = Host(), Wire()
    line = SerialLine(
        host, lambda octets: [octets[:1], octets[1:]] if octets[0] != 0xC1 else []
    )
    line.connection_made(wire)
    assert wire.written == b""
    line.send(b"data")
    assert wire.take()[0].data == b"data"
    line.close()
    assert wire.closed
    line.connection_lost(None)
