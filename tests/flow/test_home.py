"""Who asks, for which home and which meters."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData

from .walk import HOME, METERS, Walk, full_disk


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("name", " ", "name_missing"),
        ("name", "x" * 101, "name_too_long"),
        ("name", "Canary\u200b", "name_characters"),
        ("address", " ", "address_missing"),
        ("address", "x" * 301, "address_too_long"),
        ("address", "Row\u200b", "address_characters"),
        ("postcode", "12345", "postcode"),
        ("postcode", "BT1 1AA", "postcode_not_gb"),
        ("email", "canary", "email"),
        ("phone", "canary", "phone"),
        ("relation", "authorised", "relation_not_domestic"),
    ],
)
async def test_wrong_home(walk: Walk, field: str, typed: str, reason: str) -> None:
    """Each mistake is told at its field, and nothing that was typed is lost."""
    await walk.to_home()
    wrong = HOME | {field: typed}
    await walk.fill("home", **wrong)
    walk.shows("home", {field: reason})
    assert walk.suggested() == wrong
    await walk.fill("home", **HOME)
    walk.shows("fuels")


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("mpan", "", "mpan_missing"),
        ("mpan", "2000024512369", "mpan_check_digit"),
        ("mpan", "200002451236", "mpan_length"),
        ("mpan", "0900024512363", "mpan_distributor"),
        ("mpan", "3938424403", "mpan_is_mprn"),
        ("mpan", "20 0002 45I2 3x8", "mpan_characters"),
        ("mprn", "", "mprn_missing"),
        ("mprn", "12345", "mprn_length"),
        ("mprn", "2000024512368", "mprn_is_mpan"),
        ("mprn", "39384x4403", "mprn_characters"),
        ("electricity_serial", "!", "meter_serial"),
        ("gas_serial", "!", "meter_serial"),
        ("electricity_supplier", " ", "supplier_missing"),
        ("gas_supplier", "", "supplier_missing"),
    ],
)
async def test_wrong_number(walk: Walk, field: str, typed: str, reason: str) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    wrong = METERS | {field: typed}
    await walk.fill("meters", **wrong)
    walk.shows("meters", {field: reason})
    assert walk.suggested() == wrong
    await walk.fill("meters", **METERS)
    walk.shows("consent")


async def test_warning_stands_in_the_way_once_for_each_value(walk: Walk) -> None:
    """What is odd and may be right goes through when it is sent again, unchanged."""
    await walk.to_home()
    await walk.fill("home", **HOME | {"relation": "bill_payer"})
    walk.shows("home", {"relation": "warning_bill_payer_elsewhere"})
    await walk.fill("home", **HOME | {"relation": "bill_payer"})
    await walk.fill("fuels", fuels="both", ihd="none")
    for mprn in ("3938424404", "3938424405"):
        await walk.fill("meters", **METERS | {"mprn": mprn})
        walk.shows("meters", {"mprn": "warning_mprn_check_digits"})
    await walk.fill("meters", **METERS | {"mprn": "3938424405"})
    walk.shows("consent")


@pytest.mark.parametrize(
    ("fuels", "fields"),
    [
        ("electricity", {"mpan", "electricity_supplier", "electricity_serial"}),
        ("gas", {"mprn", "gas_supplier", "gas_serial"}),
    ],
)
async def test_only_what_is_asked_for(walk: Walk, fuels: str, fields: set[str]) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels=fuels, ihd="none")
    assert {str(field) for field in walk.at["data_schema"].schema} == fields
    await walk.fill(
        "meters", **{name: value for name, value in METERS.items() if name in fields}
    )
    walk.shows("consent")


@pytest.mark.parametrize("step", ["home", "fuels", "meters"])
async def test_step_that_cannot_be_kept(
    walk: Walk, hass: HomeAssistant, step: str
) -> None:
    """A full disk is told, and what was typed stays in the form."""
    typed: dict[str, dict[str, Any]] = {
        "home": HOME,
        "fuels": {"fuels": "both", "ihd": "none"},
        "meters": METERS,
    }
    await walk.to_home()
    for name, fields in typed.items():
        if name == step:
            with full_disk():
                await walk.fill(name, **fields)
            walk.shows(name, {"base": "store_not_written"})
            assert walk.suggested() == fields
        await walk.fill(name, **fields)
    walk.shows("consent")


async def test_nothing_is_declared_by_default(walk: Walk) -> None:
    """Who asks, and what is to become of the display, is said by the person."""
    await walk.to_home()
    with pytest.raises(InvalidData):
        await walk.fill(
            "home", **{name: HOME[name] for name in HOME if name != "relation"}
        )
    await walk.fill("home", **HOME)
    with pytest.raises(InvalidData):
        await walk.fill("fuels", fuels="both")
    await walk.fill("fuels", fuels="both", ihd="keep")
    walk.shows("meters")
