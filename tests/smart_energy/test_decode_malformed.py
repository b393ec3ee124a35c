"""What is no frame, and at which octet."""

from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.decode import LONGEST, Direction, decode
from custom_components.smets1_cad.smart_energy.errors import FrameError

from . import frames
from .frames import CLIENT, SERVER, take

BAD: list[tuple[int, str, str, int, str]] = [
    (0x0700, SERVER, "", 0, "no octets"),
    (0x0700, SERVER, "19", 1, "before the sequence number"),
    (0x0700, SERVER, "1905", 2, "before the command id"),
    (0x0700, SERVER, "1d34", 1, "manufacturer code is cut short"),
    (0x0700, SERVER, "1d341205", 4, "before the command id"),
    (0x0700, SERVER, "1a0500", 0, "frame type 2 is reserved"),
    (0x0700, SERVER, "1b0500", 0, "frame type 3 is reserved"),
    (0x0700, CLIENT, "190500", 0, "server_to_client, not client_to_server"),
    (0x0700, SERVER, "19057f", 2, "Price has no server_to_client command 0x7F"),
    (0x0006, SERVER, "190500", 2, "cluster 0x0006 is none of Smart Energy's"),
    (0x0702, SERVER, "18057f", 2, "0x7F is no general command"),
    (0x0700, SERVER, "190500 010000", 3, "provider_id takes 4 octets, 3 left"),
    (0x0700, SERVER, "190500 01000000", 7, "length of rate_label takes 1 octet, 0"),
    (0x0700, SERVER, "190500 01000000 05 4142", 7, "rate_label says that it has 5"),
    (0x0703, SERVER, "191400 07000000 a4 00000000 3c00 05 48", 14, "message says"),
    (0x0702, SERVER, "180501 0000", 3, "status of an attribute takes 3 octets, 2"),
    (0x0702, SERVER, "18050a 00", 3, "an attribute's number takes 2 octets"),
    (0x0702, SERVER, "180501 0000 00", 6, "the type of current_summation_delivered"),
    (
        0x0702,
        SERVER,
        "180501 0000 00 25 0102",
        7,
        "current_summation_delivered takes 6",
    ),
    (0x0702, SERVER, "180501 0a0f 00 25 0102", 7, "attribute 0x0F0A takes 6 octets"),
    (0x0702, SERVER, "180501 0000 00 77 01", 6, "0x77 is no data type"),
    (0x0702, SERVER, "180501 0000 00 48 00 0a00", 7, "items of no size"),
    (0x0702, SERVER, "180501 0000 00 48 21 0a00 01", 10, "takes 20 octets, 1 left"),
    (0x0702, SERVER, "180501 0000 00 4c 0200 20 01", 11, "a type within"),
    (0x0702, SERVER, "180501 0000 00 4c 0200 20", 9, "takes 2 octets, 1 left"),
    (0x0702, SERVER, "180501 0000 00" + "4c 0100" * 16, 51, "nested deeper than 15"),
    (0x0702, SERVER, frames.PROFILE[:-6], 10, "intervals has 3 items of 3 octets, 6"),
    (0x0702, SERVER, "190900 804a371c 00 02 03", 10, "intervals has 3 items"),
    (0x0700, SERVER, frames.BLOCK_THRESHOLDS[:-2], 36, "item 2 of payload"),
    (0x0700, SERVER, frames.PRICE_MATRIX_TIERS + "03", 33, "item 3 of payload: price"),
    (0x0702, SERVER, frames.SNAPSHOT_BLOCKS + "05", 57, "item 5 of tier_block"),
    (0x070A, SERVER, frames.PAIRING_RESPONSE + "01", 18, "item 2 of eui64s"),
    (0x0702, SERVER, "180b0b 00", 3, "command id and status"),
    (0x0702, SERVER, "180b04", 3, "the status"),
    (0x0702, SERVER, "180b07 8c", 4, "the direction of reports"),
    (0x0702, CLIENT, "000b06 00 0000 25 0a00", 7, "the reporting intervals"),
    (0x0702, CLIENT, "000b06 01 0000 1e", 6, "timeout takes 2 octets"),
    (0x0702, CLIENT, "000b0e 0000 02 0100", 6, "the indexes of a selector"),
]


@pytest.mark.parametrize(
    ("cluster", "direction", "octets", "offset", "reason"),
    BAD,
    ids=[f"{c[0]:04x} {c[2][:24]} {c[4]}" for c in BAD],
)
def test_what_is_no_frame(
    cluster: int, direction: str, octets: str, offset: int, reason: str
) -> None:
    """The octet where reading stopped, and why, in one line."""
    with pytest.raises(FrameError) as caught:
        take(cluster, direction, octets)
    assert reason in str(caught.value)
    assert caught.value.offset == offset
    assert str(caught.value).startswith(f"octet {offset}: ")
    assert "\n" not in str(caught.value)


def test_a_list_without_end_is_not_read() -> None:
    """Sets of no thresholds at all take an octet each."""
    head = bytes.fromhex(frames.BLOCK_THRESHOLDS)[:22]
    frame = decode(0x0700, Direction.SERVER_TO_CLIENT, head + b"\x10" * 256)
    payload: Any = frame.fields["payload"]
    assert len(payload) == 256
    with pytest.raises(FrameError, match="payload has more than 256 items") as caught:
        decode(0x0700, Direction.SERVER_TO_CLIENT, head + b"\x10" * 257)
    assert caught.value.offset == 22 + 257


def test_a_frame_that_no_meter_sends_is_not_looked_at() -> None:
    with pytest.raises(FrameError) as caught:
        decode(0x0702, Direction.SERVER_TO_CLIENT, bytes(LONGEST + 1))
    assert caught.value.offset == LONGEST
