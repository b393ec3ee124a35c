"""Install codes: value and link key, and what people type, paste and misread."""

import json
from pathlib import Path

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.smart_energy.errors import (
    Eui64Error,
    InstallCodeError,
)
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.install_code import (
    Doubt,
    InstallCode,
    ParsedInstallCode,
    crc_x25,
    parse_install_code,
    qr_text,
)

PUBLISHED = json.loads(
    (Path(__file__).parent / "fixtures/cbke_vectors.json").read_text()
)["install_codes"]
# Code, CRC, link key. The keys of the last two were computed with `openssl enc
# -aes-128-ecb`, the CRCs with crccheck; the others are published.
VECTORS = [
    ("83FED3407A93", "2B70", "CD4FA064773F46941EC986C09963D1A8"),
    ("83FED3407A939738", "C552", "A833A77434F3BFBD7A7AB97942149287"),
    ("83FED3407A939723A5C639FF", "4C12", "58C1828CF7F1C3FE29E7B1024AD84BFA"),
    ("83FED3407A939723A5C639B26916D505", "C3B5", "66B6900981E1EE3CA4206B6B861C02BB"),
]
CODE = VECTORS[3][0] + VECTORS[3][1]
CAD = Eui64.parse("54EF44100006E7DF")
IDS = ["48", "64", "96", "128"]


@pytest.mark.parametrize(("code", "crc", "key"), VECTORS, ids=IDS)
def test_crc_and_link_key(code: str, crc: str, key: str) -> None:
    value = InstallCode(bytes.fromhex(code))
    assert value.crc.hex().upper() == crc
    assert value.with_crc.hex().upper() == code + crc
    assert value.link_key.hex().upper() == key
    assert value.bits == len(code) * 4


@pytest.mark.parametrize(
    "vector", PUBLISHED, ids=lambda vector: vector["code_with_crc_le"]
)
def test_published_link_keys(vector: dict[str, str]) -> None:
    parsed = parse_install_code(vector["code_with_crc_le"])
    assert parsed.had_crc
    assert not parsed.needs_confirmation
    assert parsed.code.link_key.hex().upper() == vector["link_key"]


def test_crc_check_value() -> None:
    """The catalogue's check value of CRC-16/X-25 (IBM-SDLC)."""
    assert crc_x25(b"123456789") == 0x906E


@pytest.mark.parametrize("size", [0, 5, 7, 10, 14, 18])
def test_other_lengths_are_no_install_code(size: int) -> None:
    with pytest.raises(InstallCodeError, match="6, 8, 12 or 16 octets") as caught:
        InstallCode(bytes(size))
    assert caught.value.reason == "install_code_length"


@pytest.mark.parametrize("bits", [48, 64, 96, 128])
def test_generate(bits: int) -> None:
    made = {InstallCode.generate(bits).octets for _ in range(20)}
    assert {len(octets) * 8 for octets in made} == {bits}
    assert len(made) == 20


def test_generate_makes_no_other_length() -> None:
    assert InstallCode.generate().bits == 128
    with pytest.raises(InstallCodeError):
        InstallCode.generate(127)


def test_forms_for_people() -> None:
    code = InstallCode(bytes.fromhex(VECTORS[0][0]))
    assert code.in_fours() == "83FE D340 7A93 2B70"
    assert code.in_fours(crc=False) == "83FE D340 7A93"
    assert code.digits() == "83FED3407A932B70"
    assert code.digits(crc=False) == "83FED3407A93"


def test_repr_hides_the_code() -> None:
    parsed = parse_install_code(CODE)
    for shown in (repr(parsed), str(parsed), f"{parsed.code}", repr(parsed.code)):
        assert "128 bits" in shown
        assert not any(CODE[at : at + 4].lower() in shown.lower() for at in range(32))


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        f"  {CODE}\r\n",
        "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5",
        "83fe-d340-7a93-9723-a5c6-39b2-6916-d505-c3b5",
        "83:FE:D3:40:7A:93:97:23:A5:C6:39:B2:69:16:D5:05:C3:B5",
        "83FE.D340.7A93.9723.A5C6.39B2.6916.D505.C3B5",
        "83FE\u00a0D340\u20137A93\u200b9723\u2011A5C6\u201439B2\u202f6916\u2009D505\ufeffC3B5",
        "\uff18\uff13" + CODE[2:],  # full-width digits
        f"0x{CODE}",
        f"Install code: {CODE}",
        f"installation code={CODE}",
        f"IC: {CODE}",
        f"code {CODE}",
        f"Z:54EF44100006E7DF$I:{CODE}",
        f"Z:54EF44100006E7DF$I:{CODE}%M:1234",
        f"G$M:69775$S:680S00003915$D:0000000017B2335C%Z$A:54EF44100006E7DF$I:{CODE}",
        f"G$M:69775$S:680S00003915$D:54EF44100006E7DF$I:{CODE}",
        f"54EF44100006E7DF|{CODE}",
        f"HUE:Z:{CODE} M:54EF44100006E7DF D:L3B A:1184",
        f"RB01SG{'0' * 34}54EF44100006E7DFDLK{CODE}",
    ],
)
def test_what_people_type_and_scan(text: str) -> None:
    parsed = parse_install_code(text, cad_eui64=CAD)
    assert parsed.code.octets.hex().upper() == VECTORS[3][0]
    assert parsed.had_crc
    assert parsed.doubts == ()
    assert parsed.eui64 in {None, CAD}
    assert (parsed.eui64 is not None) is ("54EF" in text)


@pytest.mark.parametrize(("code", "crc", "key"), VECTORS, ids=IDS)
def test_with_and_without_crc(code: str, crc: str, key: str) -> None:
    with_crc = parse_install_code(code + crc)
    without = parse_install_code(code)
    assert with_crc.code == without.code
    assert (with_crc.had_crc, without.had_crc) == (True, False)
    assert not with_crc.needs_confirmation
    assert Doubt.NO_CRC in without.doubts


def test_sixteen_digits_with_a_right_crc_are_a_48_bit_code() -> None:
    parsed = parse_install_code("83FED3407A932B70", cad_eui64=CAD)
    assert parsed == ParsedInstallCode(
        code=InstallCode(bytes.fromhex("83FED3407A93")), had_crc=True, doubts=()
    )


def test_sixteen_other_digits_are_to_be_confirmed() -> None:
    """An EUI-64 is as long, and a slip in a 48-bit code's CRC gives the same picture."""
    parsed = parse_install_code("83FED3407A932B71", cad_eui64=CAD)
    assert parsed.code.bits == 64
    assert parsed.doubts == (Doubt.NO_CRC, Doubt.MAY_BE_EUI64)


@pytest.mark.parametrize(
    "text", ["54EF44100006E7DF", "54-ef-44-10-00-06-e7-df", "DFE706001044EF54"]
)
def test_the_cads_own_address_is_no_code(text: str) -> None:
    """In either order of its octets."""
    with pytest.raises(InstallCodeError, match="EUI-64 of the CAD") as caught:
        parse_install_code(text, cad_eui64=CAD)
    assert caught.value.reason == "install_code_is_eui64"
    assert parse_install_code(text).doubts == (Doubt.NO_CRC, Doubt.MAY_BE_EUI64)


def test_an_address_whose_last_octets_are_a_right_crc_is_still_no_code() -> None:
    own = Eui64.parse("83FED3407A932B70")
    with pytest.raises(InstallCodeError) as caught:
        parse_install_code("83FED3407A932B70", cad_eui64=own)
    assert caught.value.reason == "install_code_is_eui64"


@pytest.mark.parametrize(
    "text", ["54:EF:44:06:E7:DF", "54-EF-44-06-E7-DF", "54 ef 44 06 e7 df"]
)
def test_a_mac_is_told_from_a_code_by_how_it_is_written(text: str) -> None:
    with pytest.raises(InstallCodeError, match="Wi-Fi or Ethernet MAC") as caught:
        parse_install_code(text)
    assert caught.value.reason == "install_code_is_mac"


def test_a_mac_is_told_from_a_code_by_the_cads_address() -> None:
    own = Eui64.parse("00158DFFFE123456")
    with pytest.raises(InstallCodeError) as caught:
        parse_install_code("00158D123456", cad_eui64=own)
    assert caught.value.reason == "install_code_is_mac"


@pytest.mark.parametrize(
    ("digits", "doubt"),
    [("83FED3407A93", Doubt.MAY_BE_MAC), (CODE[:32], Doubt.MAY_BE_LINK_KEY)],
)
def test_lengths_that_other_things_have_too(digits: str, doubt: Doubt) -> None:
    assert parse_install_code(digits, cad_eui64=CAD).doubts == (Doubt.NO_CRC, doubt)


def test_24_digits_only_lack_a_crc() -> None:
    assert parse_install_code(VECTORS[2][0]).doubts == (Doubt.NO_CRC,)


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("83FED34O7A932B70", 8, "the digit 0 looks alike"),
        ("83fe d34o 7a93 2b70", 8, "the digit 0 looks alike"),
        ("CODE3407A9328B70", 2, "the digit 0 looks alike"),
        ("I3FED3407A932B70", 1, "the digit 1 looks alike"),
        ("83FED3407A932B7l", 16, "the digit 1 looks alike"),
        ("83FED3407A932S70", 14, "the digit 5 looks alike"),
        ("83FEDZ407A932B70", 6, "the digit 2 looks alike"),
        ("G3FED3407A932B70", 1, "the digit 6 looks alike"),
        ("83FED3407\u041093 2B70", 10, "the letter A looks alike"),
        ("83FED3407A93?B70", 13, "0 to 9 and A to F. Check"),
        ("83FED3407A93 2BXX", 15, "0 to 9 and A to F. Check"),
    ],
)
def test_wrong_character(text: str, position: int, hint: str) -> None:
    with pytest.raises(InstallCodeError, match=hint) as caught:
        parse_install_code(text)
    assert caught.value.position == position
    assert caught.value.reason == "install_code_character"
    assert f"Character {position} " in str(caught.value)


@pytest.mark.parametrize("text", ["", "   ", "- -", "code:"])
def test_nothing_typed(text: str) -> None:
    with pytest.raises(InstallCodeError) as caught:
        parse_install_code(text)
    assert caught.value.reason == "install_code_missing"


def slip(digits: str, at: int, new: str) -> str:
    return digits[:at] + new + digits[at + 1 :]


@pytest.mark.parametrize(("code", "crc", "key"), VECTORS[1:], ids=IDS[1:])
def test_crc_names_the_place_of_one_slip(code: str, crc: str, key: str) -> None:
    """Every place once. A CRC of 16 bits cannot always tell; it never names a wrong one."""
    digits = code + crc
    named = 0
    for at, old in enumerate(digits):
        wrong = slip(digits, at, "8B"[old == "8"])
        if wrong == digits:
            continue
        with pytest.raises(InstallCodeError) as caught:
            parse_install_code(wrong)
        assert caught.value.reason == "install_code_crc"
        assert caught.value.position in {None, at + 1}
        named += caught.value.position == at + 1
        assert not any(
            digits[i : i + 6] in str(caught.value) for i in range(len(digits) - 5)
        )
    assert named >= len(digits) * 0.9


def test_crc_names_two_neighbours_swapped() -> None:
    wrong = CODE[:8] + CODE[9] + CODE[8] + CODE[10:]
    with pytest.raises(InstallCodeError, match="character 9 ") as caught:
        parse_install_code(wrong)
    assert caught.value.position == 9


def test_crc_does_not_guess_among_several_slips() -> None:
    with pytest.raises(InstallCodeError, match="Check each one") as caught:
        parse_install_code("0" * 36)
    assert caught.value.position is None
    assert caught.value.reason == "install_code_crc"


@pytest.mark.parametrize("at", [0, 5, 17, 35])
def test_a_missing_or_an_extra_character_is_placed(at: int) -> None:
    with pytest.raises(InstallCodeError, match="One is missing") as caught:
        parse_install_code(CODE[:at] + CODE[at + 1 :])
    assert caught.value.reason == "install_code_length"
    assert caught.value.position == at + 1
    with pytest.raises(InstallCodeError, match="One is too many") as caught:
        parse_install_code(CODE[:at] + "E" + CODE[at:])
    assert caught.value.position == at + 1


@pytest.mark.parametrize("count", [1, 2, 10, 18, 30, 40, 72])
def test_other_counts_say_what_is_right(count: int) -> None:
    with pytest.raises(
        InstallCodeError, match=rf"16, 20, 28 or 36 .* this has {count}\."
    ) as caught:
        parse_install_code("A" * count)
    assert caught.value.position is None


def test_a_count_that_no_single_slip_explains() -> None:
    with pytest.raises(InstallCodeError, match=r"One is missing$") as caught:
        parse_install_code("0" * 35)
    assert caught.value.position is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"RB01SG{'0' * 34}54EF44100006E7DFDLK{'A5' * 16}", "install_code_is_link_key"),
        ("Z:54EF44100006E7DF", "install_code_missing"),
        (f"Z:1122334455667788$I:{CODE}", "install_code_other_device"),
        (f"1122334455667788|{CODE}", "install_code_other_device"),
        (f"Z:54EF44100006E7DF$I:{slip(CODE, 3, '0')}", "install_code_crc"),
        ("Z:54EF44100006E7DF$I:54EF44100006E7DF", "install_code_is_eui64"),
    ],
)
def test_qr_codes_that_do_not_help(text: str, reason: str) -> None:
    with pytest.raises(InstallCodeError) as caught:
        parse_install_code(text, cad_eui64=CAD)
    assert caught.value.reason == reason


def test_qr_code_tells_the_address_apart_from_the_code_by_itself() -> None:
    with pytest.raises(InstallCodeError) as caught:
        parse_install_code("Z:54EF44100006E7DF$I:54EF44100006E7DF")
    assert caught.value.reason == "install_code_is_eui64"


def test_qr_code_with_the_address_back_to_front_is_the_cads() -> None:
    assert parse_install_code(f"Z:DFE706001044EF54$I:{CODE}", cad_eui64=CAD).had_crc


def test_qr_code_without_an_address() -> None:
    assert parse_install_code(f"G$M:1$D:0000000017B2335C$I:{CODE}").eui64 is None
    with pytest.raises(Eui64Error, match="placeholder"):
        parse_install_code(f"Z:FFFFFFFFFFFFFFFF$I:{CODE}")


@given(st.binary(min_size=8, max_size=8).filter(lambda raw: len(set(raw)) > 1))
def test_own_qr_code_reads_back(octets: bytes) -> None:
    eui64, code = Eui64(b"\x70" + octets[1:]), InstallCode.generate()
    parsed = parse_install_code(qr_text(eui64, code), cad_eui64=eui64)
    assert parsed == ParsedInstallCode(code=code, had_crc=True, eui64=eui64)


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_a_typed_error(text: str) -> None:
    try:
        parsed = parse_install_code(text)
    except InstallCodeError, Eui64Error:
        return
    assert parsed.code.bits in {48, 64, 96, 128}
