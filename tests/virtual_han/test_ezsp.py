"""EZSP frames of the stick, as octets: what must hold whatever bellows' tables say."""

import pytest

from virtual_han.air import Air
from virtual_han.errors import FrameError
from virtual_han.stick import Flash, Ncp, Status
from virtual_han.stick.ezsp import Codec, legacy_version_response, version_request

VERSIONS = pytest.mark.parametrize("version", [8, 13, 14, 18])
EUI64 = bytes.fromhex("00124B0001ABCDEF")


class Line:
    """Takes what the stick sends to its host."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def close(self) -> None:
        self.closed = True

    def reset(self, code: int) -> None:
        self.sent.append(bytes([code]))


def ncp_and_line(version: int) -> tuple[Ncp, Line]:
    """Return a stick that has been asked for its version."""
    ncp = Ncp(Air(), Flash(EUI64), version=version)
    line = Line()
    ncp.line_connected(line)  # type: ignore[arg-type]
    ncp.line_reset(line)  # type: ignore[arg-type]
    ncp.frame_received(line, bytes([0, 0, 0, 4]))  # type: ignore[arg-type]
    return ncp, line


def ask(ncp: Ncp, line: Line, octets: str) -> str:
    """Send a command given in hex; return the answer in hex."""
    ncp.frame_received(line, bytes.fromhex(octets))  # type: ignore[arg-type]
    return line.sent[-1].hex()


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        (8, "00800008028067"),
        (13, "0080000d024074"),
        (14, "0080000e020080"),
        (18, "00800012020085"),
    ],
)
def test_version_in_both_formats(version: int, answer: str) -> None:
    """UG100: the legacy header has three octets, the extended one five."""
    ncp, line = ncp_and_line(version)
    assert line.sent[-1].hex() == answer
    assert ask(ncp, line, f"01 00 01 0000 {version:02x}") == f"0180010000{answer[6:]}"


@VERSIONS
def test_eui64_travels_low_octet_first(version: int) -> None:
    ncp, line = ncp_and_line(version)
    assert ask(ncp, line, "02 00 01 2600") == "0280012600efcdab01004b1200"


@pytest.mark.parametrize(
    ("version", "answer"), [(8, "93"), (13, "93"), (14, "17000000"), (18, "17000000")]
)
def test_status_widens_with_version_14(version: int, answer: str) -> None:
    """NetworkInit on a stick without a network: NOT_JOINED as EmberStatus, then as sl_status."""
    ncp, line = ncp_and_line(version)
    assert ask(ncp, line, "03 00 01 1700 0000") == f"0380011700{answer}"


@pytest.mark.parametrize(("version", "answer"), [(13, "70"), (14, "02000000")])
def test_vendor_frames_are_refused(version: int, answer: str) -> None:
    ncp, line = ncp_and_line(version)
    assert ask(ncp, line, "04 00 01 4700 01 00") == f"0480014700{answer}00"


@pytest.mark.parametrize(
    ("version", "key", "answer"),
    [
        (13, "66" * 16, "00000000"),
        (14, "66" * 16, "00000000" + "02" + "00" * 17),
    ],
)
def test_import_key_changes_shape(version: int, key: str, answer: str) -> None:
    """Version 14 gives the context back; the key is stored in either."""
    ncp, line = ncp_and_line(version)
    # Core key type TC_LINK, index, derived type, EUI-64, network, flags, permission.
    context = "02 00 0000 0000000000000000 00 00 00000000"
    assert ask(ncp, line, f"05 00 01 1501 {context} {key}") == "0580011501" + answer
    assert ncp.flash.link_key == bytes.fromhex(key)


@VERSIONS
def test_unknown_commands_are_invalid(version: int) -> None:
    """InvalidCommand is frame 0x0058; its status widens too."""
    ncp, line = ncp_and_line(version)
    expected = "0680015800" + ("31" if version < 14 else "0f000000")
    assert ask(ncp, line, "06 00 01 ffee") == expected


def test_first_command_must_be_version() -> None:
    assert version_request(b"\x07\x00\x00\x0d") == (7, 13)
    assert legacy_version_response(7, 13).hex() == "0780000d024074"
    for octets in (b"", b"\x00\x00\x00", b"\x00\x00\x01\x04"):
        with pytest.raises(FrameError):
            version_request(octets)
    ncp = Ncp(Air(), Flash(EUI64))
    line = Line()
    ncp.line_connected(line)  # type: ignore[arg-type]
    ncp.frame_received(line, b"\x00\x00\x01\x26\x00")  # type: ignore[arg-type]
    assert line.sent == []
    ncp.frame_received(Line(), b"\x00\x00\x00\x04")  # type: ignore[arg-type]
    assert line.sent == []


@VERSIONS
def test_short_commands_are_ignored(version: int) -> None:
    codec = Codec(version)
    for octets in ("00 00 01", "00 00 01 1700 00"):
        with pytest.raises(FrameError):
            codec.decode(bytes.fromhex(octets))
    ncp, line = ncp_and_line(version)
    count = len(line.sent)
    ncp.frame_received(line, bytes.fromhex("00 00 01 1700 00"))  # type: ignore[arg-type]
    assert len(line.sent) == count


@VERSIONS
def test_zeros_where_nothing_is_modelled(version: int) -> None:
    ncp, line = ncp_and_line(version)
    assert ask(ncp, line, "07 00 01 0500") == "0780010500"
    assert ask(ncp, line, "08 00 01 8100 03 010203") == "088001810003010203"


@pytest.mark.parametrize("name", ["getValue", "getMfgToken"])
def test_octet_strings_carry_their_length(name: str) -> None:
    ncp, line = ncp_and_line(13)
    if name == "getValue":
        assert (
            ask(ncp, line, "09 00 01 aa00 11")
            == "098001aa0000" + "07" + "0000" + "07040400aa"
        )
        assert ask(ncp, line, "09 00 01 aa00 03") == "098001aa000001c8"
        assert ask(ncp, line, "09 00 01 ab00 3a 01 05") == "098001ab0000"
        assert ask(ncp, line, "09 00 01 aa00 3a") == "098001aa00000105"
    else:
        assert ask(ncp, line, "09 00 01 0b00 02") == "0980010b0010" + (
            b"Stick".ljust(16, b"\xff").hex()
        )
        assert ask(ncp, line, "09 00 01 0b00 05") == "0980010b0000"
        assert (
            ask(ncp, line, "09 00 01 0b00 01")[10:]
            == "10" + b"Virtual HAN\xff\xff\xff\xff\xff".hex()
        )


def test_eui64_token_is_written_once() -> None:
    ncp, line = ncp_and_line(13)
    assert ask(ncp, line, "01 00 01 0b00 0c") == "0180010b0008" + "ff" * 8
    assert ask(ncp, line, "01 00 01 0c00 0c 08 0807060504030201") == "0180010c0000"
    assert ncp.flash.eui64.hex() == "0102030405060708"
    assert ask(ncp, line, "01 00 01 0b00 0c") == "0180010b00080807060504030201"
    assert ask(ncp, line, "01 00 01 0c00 0c 08 0000000000000000") == "0180010c0070"
    assert ask(ncp, line, "01 00 01 0c00 0a 01 00") == "0180010c0070"


@pytest.mark.parametrize("status", list(Status))
def test_status_numbers_match_those_of_bellows(status: Status) -> None:
    """Each EmberStatus and sl_status exists under bellows' names, and they mean the same."""
    import bellows.types as t  # noqa: PLC0415

    ember = t.EmberStatus(status.ember)
    assert not ember.name.startswith("undefined")
    assert t.sl_Status.from_ember_status(ember) == status.sl


def test_a_second_line_replaces_the_first() -> None:
    ncp, line = ncp_and_line(13)
    other = Line()
    ncp.line_connected(other)  # type: ignore[arg-type]
    assert line.closed
    ncp.line_lost(line)  # type: ignore[arg-type]
    ncp.line_reset(line)  # type: ignore[arg-type]
    ncp.reset(3)
    assert other.sent == [b"\x03"]
    ncp.line_lost(other)  # type: ignore[arg-type]
    ncp.reset(3)
    ncp.unplug()
    assert other.sent == [b"\x03"]
