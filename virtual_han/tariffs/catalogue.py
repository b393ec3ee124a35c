"""The tariffs that the virtual supplier sells; prices in hundred-thousandths of a pound."""

from dataclasses import replace

from .model import Tariff


def flat() -> Tariff:
    """Return one price all day."""
    return Tariff(
        tariff_id=101,
        label="Standard Flat",
        standing_charge=53_480,
        prices={(0, 1): 24_500},
        generation_price=15_000,
    )


def economy_7() -> Tariff:
    """Return a cheap night of seven hours, kept in UTC as older meters keep it."""
    return Tariff(
        tariff_id=107,
        label="Economy 7",
        standing_charge=54_120,
        prices={(1, 1): 30_110, (2, 1): 13_870},
        tier_labels={1: "Day", 2: "Night"},
        switches=((0, 1), (30, 2), (450, 1)),
        switches_in_utc=True,
    )


def four_tier() -> Tariff:
    """Return night, morning, day and evening peak, by the householder's clock."""
    return Tariff(
        tariff_id=104,
        label="Four Rates",
        standing_charge=49_900,
        prices={(1, 1): 9_600, (2, 1): 22_500, (3, 1): 26_400, (4, 1): 41_300},
        tier_labels={1: "Night", 2: "Morning", 3: "Day", 4: "Peak"},
        switches=((0, 1), (420, 2), (600, 3), (960, 4), (1140, 3), (1380, 1)),
        generation_price=12_000,
    )


def three_block() -> Tariff:
    """Return three prices, rising with the month's use."""
    return Tariff(
        tariff_id=103,
        label="Three Blocks",
        standing_charge=31_000,
        prices={(0, 1): 18_900, (0, 2): 23_700, (0, 3): 31_200},
        thresholds=(100_000, 250_000),
    )


def block_within_tier() -> Tariff:
    """Return day and night, each dearer once the month's use passes a threshold."""
    return Tariff(
        tariff_id=122,
        label="Night and Blocks",
        standing_charge=42_000,
        prices={(1, 1): 27_500, (1, 2): 33_300, (2, 1): 11_900, (2, 2): 14_800},
        tier_labels={1: "Day", 2: "Night"},
        switches=((0, 2), (420, 1), (1410, 2)),
        thresholds=(150_000,),
    )


def gas_flat() -> Tariff:
    """Return one price for gas."""
    return Tariff(
        tariff_id=201,
        label="Gas Standard",
        standing_charge=31_430,
        prices={(0, 1): 6_240},
    )


def default_tariff(fuel_is_gas: bool) -> Tariff:
    """Return what a meter falls back to when the tenant or the supplier changes."""
    if fuel_is_gas:
        return replace(
            gas_flat(), tariff_id=200, label="Gas Default", prices={(0, 1): 6_990}
        )
    return replace(flat(), tariff_id=100, label="Default", prices={(0, 1): 27_030})


CATALOGUE = {
    "flat": flat,
    "economy_7": economy_7,
    "four_tier": four_tier,
    "three_block": three_block,
    "block_within_tier": block_within_tier,
    "gas_flat": gas_flat,
}
"""Every tariff by the name that the control and the command line use."""
