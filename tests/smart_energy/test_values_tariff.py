"""The Price cluster's attributes both ways, compared with the project's cluster tables."""

from decimal import Decimal
import json
from pathlib import Path
import re

import pytest

from custom_components.smets1_cad.cad.models import Direction, TierBlock
from custom_components.smets1_cad.smart_energy.values import tariff
from custom_components.smets1_cad.smart_energy.values.units import Scale

TABLE = json.loads(
    (Path(__file__).parents[2] / "virtual_han/clusters/0700_price.json").read_text()
)
NAMES = {int(item["id"], 16): item["name"] for item in TABLE["attributes"]["server"]}
PRICE = re.compile(
    r"(rx )?(?:no tier|tier (\d+)) block (\d+) price|(rx )?price tier (\d+)"
)
THRESHOLD = re.compile(r"(?:tier (\d+) )?block (\d+) threshold")
LABEL = re.compile(r"(rx )?tier (\d+) price label")


def way(marker: str | None) -> Direction:
    return Direction.EXPORT if marker else Direction.IMPORT


def test_prices() -> None:
    expected = {}
    for attribute_id, name in NAMES.items():
        if match := PRICE.fullmatch(name):
            at = (
                TierBlock(int(match[5]))
                if match[5]
                else TierBlock(int(match[2] or 0), int(match[3]))
            )
            expected[attribute_id] = (at, way(match[1] or match[4]))
    assert len(expected) == 2 * (16 * 16 + 33)
    found = {
        at: meaning
        for at in range(0x10000)
        if (meaning := tariff.price_of(at)) is not None
    }
    assert found == expected
    assert all(
        tariff.price_attribute(*meaning) == at for at, meaning in expected.items()
    )


def test_thresholds() -> None:
    expected = {}
    for attribute_id, name in NAMES.items():
        if match := THRESHOLD.fullmatch(name):
            expected[attribute_id] = (int(match[1] or 0), int(match[2]))
    assert len(expected) == 16 * 15
    found = {
        at: meaning
        for at in range(0x8000)
        if (meaning := tariff.threshold_of(at)) is not None
    }
    assert found == expected
    assert all(
        tariff.threshold_attribute(*meaning) == at for at, meaning in expected.items()
    )


def test_labels() -> None:
    expected = {
        attribute_id: (int(match[2]), way(match[1]))
        for attribute_id, name in NAMES.items()
        if (match := LABEL.fullmatch(name))
    }
    assert len(expected) == 96
    found = {
        at: meaning
        for at in range(0x10000)
        if (meaning := tariff.label_of(at)) is not None
    }
    assert found == expected
    assert all(
        tariff.label_attribute(*meaning) == at for at, meaning in expected.items()
    )


def test_price_of_a_time_of_use_tier_is_its_first_block() -> None:
    assert tariff.price_attribute(TierBlock(2)) == 0x0420
    assert tariff.price_attribute(TierBlock(16, 1)) == 0x050F


@pytest.mark.parametrize(
    "at",
    [TierBlock(), TierBlock(49), TierBlock(16, 2), TierBlock(1, 17), TierBlock(-1, 1)],
)
def test_no_such_price(at: TierBlock) -> None:
    with pytest.raises(ValueError, match="no price"):
        tariff.price_attribute(at)


@pytest.mark.parametrize(("tier", "threshold"), [(16, 1), (-1, 1), (0, 0), (0, 16)])
def test_no_such_threshold(tier: int, threshold: int) -> None:
    with pytest.raises(ValueError, match="block thresholds"):
        tariff.threshold_attribute(tier, threshold)


@pytest.mark.parametrize("tier", [0, 49])
def test_no_such_label(tier: int) -> None:
    with pytest.raises(ValueError, match="1 to 48"):
        tariff.label_attribute(tier)


def test_price_matrix() -> None:
    """GBCS frames: ids 0 to 3 are the blocks of no tier, 1 to 4 with the bit set the tiers."""
    blocks = tariff.price_matrix(
        [(0, 9600), (1, 9700), (0x12, 5), (3, 0xFFFFFFFF)], tou=False, digits=5
    )
    assert blocks == {
        TierBlock(0, 1): Decimal("0.09600"),
        TierBlock(0, 2): Decimal("0.09700"),
        TierBlock(1, 3): Decimal("0.00005"),
    }
    tiers = tariff.price_matrix([(1, 9600), (48, 1)], tou=True, digits=5)
    assert tiers == {
        TierBlock(1): Decimal("0.09600"),
        TierBlock(48): Decimal("0.00001"),
    }


def test_attributes_of_a_four_tier_tariff() -> None:
    attributes = {
        0x0000: b"Day\0",
        0x0001: "Night",
        0x0002: b"",
        0x8000: b"Sold",
        0x0100: 100_000,
        0x0101: 250_000,
        0x0103: 900_000,
        0x0110: 0xFFFFFFFFFFFF,
        0x0121: 5,
        0x010F: 2,
        0x0410: 9600,
        0x0420: 4800,
        0x0430: 0xFFFFFFFF,
        0x050F: None,
        0x8410: 4100,
        0x0301: 22465,
    }
    assert tariff.labels_from_attributes(attributes) == {1: "Day", 2: "Night"}
    assert tariff.labels_from_attributes(attributes, Direction.EXPORT) == {1: "Sold"}
    assert tariff.prices_from_attributes(attributes, 5) == {
        TierBlock(1, 1): Decimal("0.09600"),
        TierBlock(2, 1): Decimal("0.04800"),
    }
    assert tariff.prices_from_attributes(attributes, 5, Direction.EXPORT) == {
        TierBlock(1, 1): Decimal("0.04100")
    }
    # Up to the first gap: what lies beyond a missing limit has no meaning.
    assert tariff.thresholds_from_attributes(attributes, Scale(1, 1000)) == {
        0: (Decimal(100), Decimal(250))
    }
