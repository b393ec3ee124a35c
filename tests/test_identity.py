"""Who asks, for which home and which meters.

MPAN weights and the example numbers come from public descriptions of the MPAN
and MPRN; the check digits below were worked out by hand from those.
"""

from contextlib import suppress
from dataclasses import replace
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.cad.errors import Responsible
from custom_components.smets1_cad.cad.models import Fuel, MeterIdentity
from custom_components.smets1_cad.pairing.identity import (
    Comparison,
    Identity,
    IdentityForm,
    Ihd,
    Premises,
    Relation,
    Warn,
    check_identity,
    compare_meter,
    parse_address,
    parse_email,
    parse_name,
    parse_phone,
    parse_postcode,
)
from custom_components.smets1_cad.pairing.meter_numbers import (
    IdentityError,
    Mpan,
    Mprn,
    parse_mpan,
    parse_mprn,
    parse_serial,
)

MPAN = "2000024512368"
MPRN = "3938424403"

FORM = IdentityForm(
    name="  Gwen  Evans ",
    address="1 Stryd Fawr\n\n  Aberystwyth ",
    postcode="sy231aa",
    relation=Relation.OCCUPIER,
    mpan=MPAN,
    mprn=MPRN,
    electricity_serial="19l 1234567",
    electricity_supplier=" Octopus   Energy",
    gas_supplier="EDF",
    ihd=Ihd.MAY_BE_UNPAIRED,
    email="gwen@example.org",
    phone="+44 (0)1970 123456",
)


@pytest.mark.parametrize(
    "text",
    [
        MPAN,
        " 20 0002 4512 368 ",
        "20-0002-4512-368",
        "S 01 801 001 20 0002 4512 368",
        "S0180100120 0002 4512 368",
        "01 801 X0A\n20 0002 4512 368",
        "MPAN: 2000024512368",
        "20\u00a00002\u00a04512\u00a0368",
        "２０００02\u20134512368",
        "01 | 801 | 001 | 20 | 0002 | 4512 | 368",
    ],
)
def test_mpan_as_people_paste_it(text: str) -> None:
    mpan = parse_mpan(text)
    assert mpan.core == MPAN
    assert mpan.grouped == "20 0002 4512 368"


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("2000024521368", "mpan_check_digit", None),
        ("2000024512369", "mpan_check_digit", None),
        ("1234567890987", "mpan_check_digit", None),
        ("0900024512368", "mpan_distributor", None),
        ("20000245123", "mpan_length", None),
        ("", "mpan_length", None),
        ("200002451236812", "mpan_length", None),
        (MPRN, "mpan_is_mprn", None),
        ("20OO024512368", "mpan_characters", 3),
        ("20000245I2368", "mpan_characters", 9),
        ("20000245é2368", "mpan_characters", 9),
        ("2000024512368?", "mpan_characters", 14),
        ("٢000024512368", "mpan_characters", 1),
    ],
)
def test_wrong_mpan(text: str, reason: str, position: int | None) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_mpan(text)
    assert (caught.value.reason, caught.value.field, caught.value.position) == (
        reason,
        "mpan",
        position,
    )
    assert caught.value.responsible is Responsible.HOUSEHOLDER
    if text:
        assert text not in str(caught.value)


def test_look_alike_is_named() -> None:
    with pytest.raises(IdentityError, match="place 3 .perhaps a 0"):
        parse_mpan("20O0024512368")


@pytest.mark.parametrize(
    ("core", "check"),
    [
        # The weighted sum leaves remainder 10, which is written 0: 2*3 + 4*5 + 7*1 = 33 = 0 (mod 11);
        # with a 1 at weight 43 (10 mod 11) it is 10.
        ("241000000001", 0),
        ("241000000000", 0),
        ("100000000000", 3),
        ("200002451236", 8),
        ("123456789098", 9),
    ],
)
def test_check_digit_by_hand(core: str, check: int) -> None:
    assert parse_mpan(f"{core}{check}").core == f"{core}{check}"
    with pytest.raises(IdentityError):
        parse_mpan(f"{core}{(check + 1) % 10}")


def test_regions_and_independent_networks() -> None:
    assert parse_mpan(MPAN).region == "Southern England"
    idno = parse_mpan("2410000000010")
    assert (idno.distributor_id, idno.region) == (24, None)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    """Nothing that is pasted raises anything else."""
    for parse in (
        parse_mpan,
        parse_mprn,
        parse_postcode,
        parse_name,
        parse_address,
        parse_email,
        parse_phone,
    ):
        with suppress(IdentityError):
            parse(text)


@given(st.integers(100000000000, 999999999999), st.integers(0, 12), st.integers(1, 9))
def test_check_digit_catches_single_wrong_digits_nearly_always(
    body: int, place: int, shift: int
) -> None:
    """Every weight is prime to 11, so one wrong digit passes only where 10 is written as 0."""
    valid = next(
        text for digit in range(10) if (text := f"{body}{digit}") and _adds_up(text)
    )
    wrong = f"{valid[:place]}{(int(valid[place]) + shift) % 10}{valid[place + 1 :]}"
    if int(wrong[:2]) >= 10 and valid[12] != "0" and wrong[12] != "0":
        with pytest.raises(IdentityError):
            parse_mpan(wrong)


def _adds_up(text: str) -> bool:
    try:
        parse_mpan(text)
    except IdentityError:
        return False
    return True


@pytest.mark.parametrize(
    "text", [MPRN, "39 384 24403", "MPRN 3938424403", "M: 3938-4244-03"]
)
def test_mprn_as_people_paste_it(text: str) -> None:
    mprn = parse_mprn(text)
    assert mprn.number == MPRN
    assert mprn.adds_up


def test_mprn_that_does_not_add_up_is_accepted() -> None:
    """The rule is known from one source only: warn, never refuse."""
    assert not parse_mprn("3938424404").adds_up
    assert not parse_mprn("3938424413").adds_up


@pytest.mark.parametrize("number", ["123456", "3938424403", "12345678"])
def test_mprn_groups_hold_every_digit(number: str) -> None:
    groups = Mprn(number).grouped.split()
    assert "".join(groups) == number
    assert {len(group) for group in groups} <= {2, 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12345", "mprn_length"),
        ("12345678901", "mprn_length"),
        ("", "mprn_length"),
        (MPAN, "mprn_is_mpan"),
        ("393842440X", "mprn_characters"),
    ],
)
def test_wrong_mprn(text: str, reason: str) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_mprn(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("sw1a1aa", "SW1A 1AA"),
        ("M1 1AE", "M1 1AE"),
        ("b33 8th", "B33 8TH"),
        ("CR2 6XH", "CR2 6XH"),
        ("dn551pt", "DN55 1PT"),
        ("W1A 0AX", "W1A 0AX"),
        ("EC1A-1BB", "EC1A 1BB"),
        ("SW1A OAA", "SW1A 0AA"),
        ("M1 IAE", "M1 1AE"),
    ],
)
def test_postcodes(text: str, postcode: str) -> None:
    assert parse_postcode(text) == postcode


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BT1 5GS", "postcode_not_gb"),
        ("JE2 3AB", "postcode_not_gb"),
        ("GY1 1AA", "postcode_not_gb"),
        ("IM1 1AA", "postcode_not_gb"),
        ("QA1 1AA", "postcode"),
        ("M1 1AC", "postcode"),
        ("SW1A", "postcode"),
        ("SW1A 1AAA", "postcode"),
        ("12345", "postcode"),
        ("", "postcode"),
        ("AZ1 1AA", "postcode"),
    ],
)
def test_wrong_postcodes(text: str, reason: str) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_postcode(text)
    assert caught.value.reason == reason


def test_names_and_addresses() -> None:
    assert (
        parse_name("  Siân \u00a0 O'Neill-Ó Súilleabháin ")
        == "Siân O'Neill-Ó Súilleabháin"
    )
    assert parse_address("1 High St\r\n\r\n Flat  2 ") == "1 High St\nFlat 2"
    for text, reason in (
        ("   ", "name_missing"),
        ("a" * 101, "name_too_long"),
        ("a\u202eb", "name_characters"),
    ):
        with pytest.raises(IdentityError) as caught:
            parse_name(text)
        assert caught.value.reason == reason
    with pytest.raises(IdentityError) as caught:
        parse_address("\n")
    assert caught.value.reason == "address_missing"


def test_contacts() -> None:
    assert parse_email(" a.b+c@mail.example.co.uk ") == "a.b+c@mail.example.co.uk"
    assert parse_phone("(01970) 123-456") == "01970123456"
    assert parse_phone("+44 (0)1970 123456") == "+441970123456"
    for text in ("a@b", "a b@c.de", "a@b.c\nBcc: x@y.z", "a@@b.de", "@b.de", "a@b..de"):
        with pytest.raises(IdentityError):
            parse_email(text)
    for text in ("12345", "call me", "1" * 16):
        with pytest.raises(IdentityError):
            parse_phone(text)


def test_serials() -> None:
    assert parse_serial("e6s 1234-5678", "gas_serial") == "E6S12345678"
    for text in ("abc", "x" * 25, "12;34"):
        with pytest.raises(IdentityError) as caught:
            parse_serial(text, "gas_serial")
        assert (caught.value.reason, caught.value.field) == (
            "meter_serial",
            "gas_serial",
        )


def test_form_becomes_an_identity() -> None:
    check = check_identity(FORM)
    assert (check.errors, check.warnings) == ({}, ())
    assert check.identity == Identity(
        name="Gwen Evans",
        address="1 Stryd Fawr\nAberystwyth",
        postcode="SY23 1AA",
        premises=Premises.DOMESTIC,
        relation=Relation.OCCUPIER,
        fuels=frozenset(Fuel),
        mpan=Mpan(MPAN),
        mprn=Mprn(MPRN),
        serials={Fuel.ELECTRICITY: "19L1234567"},
        suppliers={Fuel.ELECTRICITY: "Octopus Energy", Fuel.GAS: "EDF"},
        ihd=Ihd.MAY_BE_UNPAIRED,
        email="gwen@example.org",
        phone="+441970123456",
    )


def test_every_error_of_a_form_is_told_at_once() -> None:
    check = check_identity(
        replace(
            FORM,
            name="",
            address="",
            postcode="x",
            mpan="1",
            mprn="",
            gas_serial="?",
            email="x",
            phone="x",
            relation=Relation.AUTHORISED,
        )
    )
    assert check.identity is None
    assert {where: error.reason for where, error in check.errors.items()} == {
        "name": "name_missing",
        "address": "address_missing",
        "postcode": "postcode",
        "mpan": "mpan_length",
        "mprn": "mprn_missing",
        "gas_serial": "meter_serial",
        "email": "email",
        "phone": "phone",
        "relation": "relation_not_domestic",
    }
    assert {where: error.field for where, error in check.errors.items()} == {
        where: where for where in check.errors
    }


def test_fuels_not_chosen_are_not_asked_for() -> None:
    check = check_identity(
        replace(
            FORM,
            gas=False,
            mprn="nonsense",
            gas_serial="?",
            gas_supplier="x",
            email="",
            phone="",
        )
    )
    assert check.identity is not None
    assert (check.identity.fuels, check.identity.mprn) == ({Fuel.ELECTRICITY}, None)
    assert check.identity.suppliers == {Fuel.ELECTRICITY: "Octopus Energy"}
    check = check_identity(replace(FORM, electricity=False, mpan=""))
    assert check.identity is not None
    assert (check.identity.fuels, check.identity.mpan, check.identity.serials) == (
        {Fuel.GAS},
        None,
        {},
    )


def test_no_fuel_no_mpan() -> None:
    assert (
        check_identity(replace(FORM, electricity=False, gas=False))
        .errors["base"]
        .reason
        == "no_fuel"
    )
    assert (
        check_identity(replace(FORM, mpan=" ")).errors["mpan"].reason == "mpan_missing"
    )


def test_warnings() -> None:
    check = check_identity(
        replace(
            FORM,
            mpan=f"08 801 001 {MPAN}",
            mprn="3938424404",
            relation=Relation.BILL_PAYER,
        )
    )
    assert check.identity is not None
    assert set(check.warnings) == set(Warn)


def test_identity_survives_storage_and_hides_itself() -> None:
    identity = check_identity(FORM).identity
    assert identity is not None
    assert Identity.from_dict(json.loads(json.dumps(identity.as_dict()))) == identity
    electricity = replace(identity, fuels=frozenset({Fuel.ELECTRICITY}), mprn=None)
    assert (
        Identity.from_dict(json.loads(json.dumps(electricity.as_dict()))) == electricity
    )
    for shown in (repr(identity), repr(FORM), repr(check_identity(FORM))):
        for secret in (
            "Gwen",
            "Stryd",
            "SY23",
            "sy23",
            MPAN,
            MPRN,
            "1234567",
            "example.org",
            "1970",
        ):
            assert secret not in shown


def _meter(fuel: Fuel, site: str | None, serial: str | None = None) -> MeterIdentity:
    return MeterIdentity(fuel=fuel, site_id=site, serial_number=serial)


@pytest.mark.parametrize(
    ("meter", "result"),
    [
        (_meter(Fuel.ELECTRICITY, MPAN), Comparison.SAME),
        (_meter(Fuel.ELECTRICITY, "S 01 801 001 20 0002 4512 368"), Comparison.SAME),
        (_meter(Fuel.ELECTRICITY, MPAN, "19L1234567"), Comparison.SAME),
        (_meter(Fuel.ELECTRICITY, MPAN, "1234567"), Comparison.SAME),
        (_meter(Fuel.ELECTRICITY, MPAN, "20M7654321"), Comparison.SERIAL_DIFFERS),
        (_meter(Fuel.ELECTRICITY, "1200024512360"), Comparison.DIFFERENT_METER),
        (
            _meter(Fuel.ELECTRICITY, "1200024512360", "19L1234567"),
            Comparison.DIFFERENT_METER,
        ),
        (_meter(Fuel.ELECTRICITY, None), Comparison.NOT_COMPARABLE),
        (_meter(Fuel.ELECTRICITY, "0000000000000"), Comparison.NOT_COMPARABLE),
        (_meter(Fuel.ELECTRICITY, None, "19L1234567"), Comparison.SAME),
        (_meter(Fuel.ELECTRICITY, "", "20M7654321"), Comparison.DIFFERENT_METER),
        (_meter(Fuel.GAS, f"00{MPRN}"), Comparison.SAME),
        (_meter(Fuel.GAS, "123456"), Comparison.DIFFERENT_METER),
        (_meter(Fuel.GAS, None, "G4A123"), Comparison.NOT_COMPARABLE),
    ],
)
def test_meter_is_compared_with_what_was_declared(
    meter: MeterIdentity, result: Comparison
) -> None:
    identity = check_identity(FORM).identity
    assert identity is not None
    assert compare_meter(identity, meter) is result


def test_meter_of_a_fuel_that_was_not_declared() -> None:
    identity = check_identity(replace(FORM, gas=False)).identity
    assert identity is not None
    assert compare_meter(identity, _meter(Fuel.GAS, MPRN)) is Comparison.NOT_COMPARABLE
