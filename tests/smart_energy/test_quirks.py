"""The private registry of hubs and meters that deviate."""

from decimal import Decimal

import pytest

from custom_components.smets1_cad.smart_energy.const import ClusterId
from custom_components.smets1_cad.smart_energy.quirks import (
    HALF_HOURS_IN_KW,
    NO_QUIRK,
    QUIRKS,
    Capability,
    Quirk,
    QuirkBuilder,
    QuirkRegistry,
)
from custom_components.smets1_cad.smart_energy.values.metering import MeterScaling
from custom_components.smets1_cad.smart_energy.values.profile import (
    Channel,
    profile_from_samples,
)
from custom_components.smets1_cad.smart_energy.values.units import Unit

METERING, PRICE = ClusterId.METERING, ClusterId.PRICE


@pytest.fixture
def registry() -> QuirkRegistry:
    return QuirkRegistry()


def test_without_a_quirk_nothing_changes(registry: QuirkRegistry) -> None:
    raw: dict[int, object] = {0x0000: 5, 0x0400: [1]}
    assert registry.match("Maker", "Model") is NO_QUIRK
    assert NO_QUIRK.attributes(METERING, raw) == raw
    assert NO_QUIRK.may_ask(METERING, 0x0000)


@pytest.mark.parametrize(
    ("manufacturer", "model", "fits"),
    [
        ("Acme", "Hub 100", True),
        (" ACME\0", "hub 107 ", True),
        ("Acme", "Meter", False),
        ("Acme Metering", "Hub 100", False),
        (None, "Hub 100", False),
        ("Acme", None, False),
        ("Other", "anything", True),
    ],
)
def test_matching(
    registry: QuirkRegistry, manufacturer: str | None, model: str | None, fits: bool
) -> None:
    quirk = (
        QuirkBuilder("acme", registry)
        .applies_to("Acme", "Hub 10?")
        .applies_to("Other")
        .profile_factor(Decimal(2))
        .add_to_registry()
    )
    found = registry.match(manufacturer, model)
    assert found == (quirk if fits else NO_QUIRK)


def test_attribute_changes(registry: QuirkRegistry) -> None:
    quirk = (
        QuirkBuilder("acme", registry)
        .applies_to("Acme", "Meter")
        .override(METERING, 0x0306, 0x80)
        .map_values(METERING, 0x0014, {3: 2, 1: 0})
        .without_attributes(METERING, 0x0400, 0x0401)
        .without_attributes(PRICE, 0x0000)
        .add_to_registry()
    )
    read: dict[int, object] = {0x0000: 5, 0x0014: 3, 0x0400: 1, 0x0306: 0}
    assert quirk.attributes(METERING, read) == {0x0000: 5, 0x0014: 2, 0x0306: 0x80}
    assert quirk.attributes(METERING, {0x0014: 7}) == {0x0014: 7, 0x0306: 0x80}
    assert quirk.attributes(PRICE, {0x0000: b"x", 0x0014: 3, 0x0400: 1}) == {
        0x0014: 3,
        0x0400: 1,
    }
    assert read[0x0014] == 3
    assert not quirk.may_ask(METERING, 0x0401)
    assert quirk.may_ask(PRICE, 0x0401)


def test_scaling_override(registry: QuirkRegistry) -> None:
    """A meter that reports tenths of a litre as if they were thousandths of a kWh."""
    quirk = (
        QuirkBuilder("acme", registry)
        .applies_to("Acme")
        .scaling(multiplier=1, divisor=10, unit=Unit.LITRE)
        .add_to_registry()
    )
    scaling = MeterScaling.from_attributes(
        quirk.attributes(METERING, {0x0300: 0, 0x0301: 1, 0x0302: 1000, 0x0306: 0x80})
    )
    assert scaling.volume_m3(25_000) == Decimal("2.5")


def test_bcd_scaling(registry: QuirkRegistry) -> None:
    quirk = (
        QuirkBuilder("acme", registry)
        .applies_to("Acme")
        .scaling(bcd=True)
        .add_to_registry()
    )
    assert quirk.bcd_scale
    assert quirk.overrides == {}


def test_quirks_add_up(registry: QuirkRegistry) -> None:
    QuirkBuilder("one", registry).applies_to("Acme").without(
        Capability.PROFILE
    ).profile_factor(Decimal(2)).price_unit(Unit.CUBIC_METRE).override(
        METERING, 1, 1
    ).add_to_registry()
    QuirkBuilder("two", registry).applies_to("*", "Hub").without(
        Capability.MESSAGES
    ).profile_factor(Decimal("0.5")).override(METERING, 1, 2).add_to_registry()
    QuirkBuilder("three", registry).applies_to("Acme").price_unit(
        Unit.KILOWATT_HOUR
    ).add_to_registry()
    found = registry.match("Acme", "Hub")
    assert found.names == ("one", "two", "three")
    assert found.lacking == {Capability.PROFILE, Capability.MESSAGES}
    assert found.profile_factor == 1
    assert found.price_unit is Unit.KILOWATT_HOUR
    assert found.attributes(METERING, {}) == {1: 2}
    assert registry.match("Acme", "Meter").names == ("one", "three")


def test_names_are_unique(registry: QuirkRegistry) -> None:
    QuirkBuilder("one", registry).add_to_registry()
    with pytest.raises(ValueError, match="'one' already"):
        QuirkBuilder("one", registry).add_to_registry()
    with pytest.raises(KeyError):
        registry.named("two")


@pytest.mark.parametrize("device_type", [0x01, 0x80])
def test_british_gas_is_priced_per_kwh(device_type: int) -> None:
    """Whoever made the hub, and though the price's unit says m³."""
    quirk = QUIRKS.match("Any maker", "Any model", {0x0306: device_type})
    assert quirk.names == ("gas_price_per_kwh",)
    assert quirk.price_unit is Unit.KILOWATT_HOUR


@pytest.mark.parametrize("static", [None, {}, {0x0306: 0x00}, {0x0306: 0xFE}])
def test_other_prices_are_trusted(static: dict[int, object] | None) -> None:
    assert QUIRKS.match("Any maker", "Any model", static).price_unit is None


def test_half_hours_in_kw_are_halved() -> None:
    """A half hour at a mean of 1.5 kW is 0.75 kWh. Found by name, never by itself."""
    assert QUIRKS.named("half_hours_in_kw") is HALF_HOURS_IN_KW
    assert "half_hours_in_kw" not in QUIRKS.match("", "").names
    profile = profile_from_samples(
        MeterScaling.from_attributes({0x0302: 1000}),
        Channel.DELIVERED,
        start_time=0,
        interval=1800,
        samples=[1500],
        factor=HALF_HOURS_IN_KW.profile_factor,
    )
    assert profile.intervals[0].amount == Decimal("0.75")


def test_quirks_are_values() -> None:
    assert Quirk(names=("a",)) == Quirk(names=("a",))
    assert NO_QUIRK.and_also(HALF_HOURS_IN_KW) == HALF_HOURS_IN_KW
