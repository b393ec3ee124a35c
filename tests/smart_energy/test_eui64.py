"""EUI-64 as people type it, and in the notations that suppliers ask for."""

import pytest

from custom_components.smets1_cad.smart_energy.errors import Eui64Error
from custom_components.smets1_cad.smart_energy.eui64 import Eui64

OCTETS = bytes.fromhex("0AB1C2345678D900")


@pytest.mark.parametrize(
    "text",
    ["0A-B1-C2-34-56-78-D9-00", "0a:b1:c2:34:56:78:d9:00", "0AB1C2345678D900", "0AB1 C234 5678 D900", "0x0ab1c2345678d900"],
)  # fmt: skip
def test_what_people_type(text: str) -> None:
    assert Eui64.parse(text) == Eui64(OCTETS)


def test_notations() -> None:
    eui64 = Eui64(OCTETS)
    assert str(eui64) == "0AB1C2345678D900"
    assert eui64.with_hyphens == "0A-B1-C2-34-56-78-D9-00"
    assert eui64.with_colons == "0a:b1:c2:34:56:78:d9:00"
    assert eui64.in_fours == "0AB1 C234 5678 D900"


def test_repr_shows_the_end_only() -> None:
    assert repr(Eui64(OCTETS)) == "Eui64(...D900)"


def test_same_in_either_order() -> None:
    eui64 = Eui64(OCTETS)
    assert eui64.is_same_as(Eui64(OCTETS[::-1]))
    assert eui64.is_same_as(eui64)
    assert not eui64.is_same_as(Eui64(OCTETS[:-1] + b"\x01"))


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("0A-B1-C2-34-56-78-D9-0O", "eui64_character", 16),
        ("BC:DD:C2:11:22:33", "eui64_is_mac", None),
        ("83FED3407A939723A5C639B26916D505C3B5", "eui64_is_install_code", None),
        ("0AB1C2345678D9", "eui64_length", None),
        ("", "eui64_length", None),
        ("00:00:00:00:00:00:00:00", "eui64_placeholder", None),
        ("FF-FF-FF-FF-FF-FF-FF-FF", "eui64_placeholder", None),
    ],
)
def test_what_is_no_eui64(text: str, reason: str, position: int | None) -> None:
    with pytest.raises(Eui64Error) as caught:
        Eui64.parse(text)
    assert (caught.value.reason, caught.value.position) == (reason, position)


def test_wrong_number_of_octets() -> None:
    with pytest.raises(Eui64Error, match="eight octets"):
        Eui64(b"\x01" * 7)
