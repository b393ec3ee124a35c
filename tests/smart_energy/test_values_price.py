"""Prices: packed octets, trailing digits, tiers and blocks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.values import price as prices
from custom_components.smets1_cad.smart_energy.values.currency import GBP
from custom_components.smets1_cad.smart_energy.values.units import (
    Scale,
    Unit,
    UnitOfMeasure,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

# The GBCS reference frame's values: 5 trailing digits, tier 1; 4 tiers, register tier 1.
SHORT: dict[str, object] = {
    "provider_id": 1,
    "rate_label": b"Standard",
    "issuer_event_id": 0x1C374A80,
    "current_time": 0x1C374A80,
    "unit_of_measure": 0,
    "currency": 826,
    "price_trailing_digit_and_price_tier": 0x51,
    "number_of_price_tiers_and_register_tier": 0x41,
    "start_time": 0,
    "duration_in_minutes": 0xFFFF,
    "price": 9600,
}


def test_frame_that_stops_after_price() -> None:
    price = prices.published_price(SHORT, now=NOW)
    assert price == prices.PublishedPrice(
        provider_id=1,
        issuer_event_id=0x1C374A80,
        rate_label="Standard",
        published_at=datetime(2015, 1, 1, tzinfo=UTC),
        starts_at=NOW,
        duration=None,
        unit=UnitOfMeasure(Unit.KILOWATT_HOUR),
        currency=GBP,
        tier=1,
        tier_count=4,
        register_tier=1,
        price=Decimal("0.09600"),
    )
    assert str(price.price) == "0.09600"
    assert price.ends_at is None


def test_whole_frame() -> None:
    price = prices.published_price(
        SHORT
        | {
            "start_time": 0x1C374A80,
            "duration_in_minutes": 30,
            "price_ratio": 15,
            "generation_price": 4100,
            "generation_price_ratio": 0xFF,
            "alternate_cost_delivered": 185,
            "alternate_cost_unit": 1,
            "alternate_cost_trailing_digit": 0x30,
            "number_of_block_thresholds": 3,
            "price_control": 0x01,
            "generation_tier": 2,
        },
        now=NOW,
    )
    assert price.ends_at == datetime(2015, 1, 1, 0, 30, tzinfo=UTC)
    assert price.duration == timedelta(minutes=30)
    assert price.price_ratio == Decimal("1.5")
    assert price.generation_price == Decimal("0.04100")
    assert price.generation_price_ratio is None
    assert price.alternate_cost == prices.AlternateCost(Decimal("0.185"), 1)
    assert price.block_threshold_count == 3
    assert price.acknowledgement_required
    assert price.generation_tier == 2


def test_unused_fields() -> None:
    """The 19 further octets of a GBCS frame, all "not used"."""
    price = prices.published_price(
        SHORT
        | {
            "price": 0xFFFFFFFF,
            "price_ratio": 0xFF,
            "generation_price": 0xFFFFFFFF,
            "generation_price_ratio": 0xFF,
            "alternate_cost_delivered": 0xFFFFFFFF,
            "alternate_cost_unit": 0xFF,
            "alternate_cost_trailing_digit": 0xFF,
            "number_of_block_thresholds": 0xFF,
            "price_control": 0,
            "number_of_generation_tiers": 0xFF,
            "generation_tier": 0xFF,
            "extended_number_of_price_tiers": 0,
            "extended_price_tier": 0,
            "extended_register_tier": 0,
        },
        now=NOW,
    )
    short = prices.published_price(SHORT | {"price": 0xFFFFFFFF}, now=NOW)
    assert price == short
    assert price.price is None


def test_reserved_alternate_cost_unit_is_no_cost() -> None:
    fields = SHORT | {"alternate_cost_delivered": 5, "alternate_cost_unit": 0}
    assert prices.published_price(fields, now=NOW).alternate_cost is None


def test_cancelled_price_has_no_time() -> None:
    price = prices.published_price(
        SHORT | {"start_time": 0xFFFFFFFF, "duration_in_minutes": 1}, now=NOW
    )
    assert price.starts_at is None
    assert price.ends_at is None


@pytest.mark.parametrize(
    ("raw", "digits", "expected"),
    [
        (9600, 5, "0.09600"),  # GBCS
        (0x25B, 4, "0.0603"),  # US gateways
        (0x13B, 3, "0.315"),
        (0x507, 4, "0.1287"),
        (5, 0, "5"),
        (12, 15, "1.2E-14"),
    ],
)
def test_amounts(raw: int, digits: int, expected: str) -> None:
    assert str(prices.amount(raw, digits)) == expected


def test_extended_tiers() -> None:
    """48 tiers, the 48th in force, its register counting."""
    fields = SHORT | {
        "price_trailing_digit_and_price_tier": 0x5F,
        "number_of_price_tiers_and_register_tier": 0xFF,
        "price_control": 0x02,
        "extended_number_of_price_tiers": 33,
        "extended_price_tier": 33,
        "extended_register_tier": 1,
    }
    price = prices.published_price(fields, now=NOW)
    assert (price.tier, price.tier_count, price.register_tier) == (48, 48, 16)


@pytest.mark.parametrize(
    ("nibble", "extended", "tier"),
    [
        (0, 5, 0),
        (14, 5, 14),
        (15, 0, 15),
        (15, None, 15),
        (15, 1, 16),
        (15, 34, 15),
        (15, 0xFF, 15),
    ],
)
def test_tier_numbers(nibble: int, extended: int | None, tier: int) -> None:
    assert prices.tier_number(nibble, extended) == tier


@pytest.mark.parametrize(
    ("nibble", "control", "extended", "count"),
    [(15, 0, 5, 15), (15, None, None, 15), (15, 2, 5, 20), (4, 2, 0, 4), (4, 1, 5, 4)],
)
def test_tier_counts(
    nibble: int, control: int | None, extended: int | None, count: int
) -> None:
    assert prices.tier_count(nibble, control, extended) == count


def test_standing_charge_of_the_reference_data() -> None:
    assert prices.standing_charge(0x57C1, 0x50) == Decimal("0.22465")
    assert prices.standing_charge(0xFFFFFFFF, 0x50) is None
    assert prices.standing_charge(7, None) == 7


@pytest.mark.parametrize(
    ("octet", "kind", "scheme"),
    [
        (0x00, prices.TariffType.DELIVERED, prices.ChargingScheme.TOU),
        (0x11, prices.TariffType.RECEIVED, prices.ChargingScheme.BLOCK),
        (
            0x22,
            prices.TariffType.DELIVERED_AND_RECEIVED,
            prices.ChargingScheme.BLOCK_TOU_COMMON_THRESHOLDS,
        ),
        (
            0x30,
            prices.TariffType.DELIVERED,
            prices.ChargingScheme.BLOCK_TOU_INDIVIDUAL_THRESHOLDS,
        ),
        (0x4F, None, None),
    ],
)
def test_charging_scheme(
    octet: int, kind: prices.TariffType | None, scheme: prices.ChargingScheme | None
) -> None:
    assert prices.charging_scheme(octet) == (kind, scheme)


def test_block_thresholds() -> None:
    unused = 0xFFFFFFFFFFFF
    values = prices.block_thresholds([100_000, 250_500, unused, 7], Scale(1, 1000))
    assert values == (Decimal(100), Decimal("250.5"))
    blocks = [
        prices.active_block(Decimal(text), values)
        for text in ("0", "100", "100.001", "300")
    ]
    assert blocks == [1, 1, 2, 3]
    assert prices.block_thresholds([None], Scale()) == ()
    assert prices.block_thresholds([3, 4], Scale()) == (Decimal(3), Decimal(4))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Block 2\0\0\0\0\0", "Block 2"),
        ("Night ", "Night"),
        ("Größe".encode(), "Größe"),
        (b"\xa3 cheap", "£ cheap"),
        (b"", ""),
        (None, ""),
    ],
)
def test_labels(raw: object, text: str) -> None:
    assert prices.label_text(raw) == text


def test_wrong_types_are_named() -> None:
    with pytest.raises(TypeError, match="label"):
        prices.label_text(3)
    with pytest.raises(TypeError, match="currency"):
        prices.published_price(SHORT | {"currency": "GBP"}, now=NOW)
    with pytest.raises(KeyError, match="price"):
        prices.published_price(
            {k: v for k, v in SHORT.items() if k != "price"}, now=NOW
        )


def test_frame_as_zigpy_reads_it() -> None:
    """The octets of a GBCS-like frame, through the project's own cluster, with plain results."""
    schema = CLUSTERS[0x0700].ClientCommandDefs.publish_price.schema
    octets = bytes.fromhex(
        "01000000 08 5374616E64617264 804A371C 804A371C 00 3A03 51 41 804A371C FFFF 80250000"
        "FF FFFFFFFF FF FFFFFFFF FF FF FF 01 FF 01 00 00 00"
    )
    command, rest = schema.deserialize(octets)
    assert rest == b""
    price = prices.published_price(command.as_dict(), now=NOW)
    expected = prices.published_price(
        SHORT | {"start_time": 0x1C374A80, "price_control": 1, "generation_tier": 1},
        now=NOW,
    )
    assert price == expected
    assert {
        type(value) for value in (price.provider_id, price.tier, price.generation_tier)
    } == {int}
