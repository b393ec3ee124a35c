"""What the Price cluster publishes: tariffs laid out as its commands' fields."""

from collections.abc import Iterable, Mapping
from typing import Final

from ..clock import Instant
from ..zcl import TYPES, FieldValue, encode
from .model import NO_TIER, Rate, Tariff, block_period
from .schedule import Issue

POUND_STERLING: Final = 826
TRAILING_DIGITS: Final = 5
"""Prices are in 1/100 000 of a pound."""

UNTIL_CHANGED: Final = 0xFFFF
KWH: Final = 0x00
_MONTHS: Final = 0x03

type Values = Mapping[str, FieldValue]


def issuer_event_id(issue: Issue, rate: Rate) -> int:
    """Return a number that rises with every rate, and with every newer issue above all of those.

    British suppliers number by the second of issue. The rates of one issue count
    up from there by the minute, so that they stay behind the seconds.
    """
    return issue.issued + max(0, (rate.start - issue.start) // 60) + rate.block - 1


def publish_price(
    issue: Issue, rate: Rate, *, provider_id: int, now: Instant, unit: int
) -> dict[str, FieldValue]:
    """Return the fields of PublishPrice for one rate.

    Args:
        issue: the tariff that it is of.
        rate: what a unit costs, and when.
        provider_id: the supplier's.
        now: the time of sending.
        unit: the unit octet, see `Flavour.gas_price_unit`.
    """
    tariff = issue.tariff
    duration = UNTIL_CHANGED
    if rate.end is not None:
        duration = min((rate.end - rate.start) // 60, UNTIL_CHANGED)
    return {
        "providerId": provider_id,
        "rateLabel": rate.label.encode()[:12],
        "issuerEventId": issuer_event_id(issue, rate),
        "currentTime": now,
        "unitOfMeasure": unit,
        "currency": POUND_STERLING,
        "priceTrailingDigitAndPriceTier": TRAILING_DIGITS << 4 | rate.tier,
        "numberOfPriceTiersAndRegisterTier": len(tariff.tiers) << 4 | rate.tier,
        "startTime": rate.start,
        "durationInMinutes": duration,
        "price": rate.price,
        "generationPrice": tariff.generation_price,
        "numberOfBlockThresholds": len(tariff.thresholds)
        if tariff.has_blocks
        else None,
        "priceControl": 0,
        "numberOfGenerationTiers": 0,
        "generationTier": 0,
        "extendedNumberOfPriceTiers": 0,
        "extendedPriceTier": 0,
        "extendedRegisterTier": 0,
    }


def tariff_information(issue: Issue, *, provider_id: int) -> Values:
    """Return the fields of PublishTariffInformation."""
    tariff = issue.tariff
    return {
        "providerId": provider_id,
        "issuerEventId": issue.issued,
        "issuerTariffId": tariff.tariff_id,
        "startTime": issue.start,
        "tariffTypeChargingScheme": tariff.charging_scheme << 4,
        "tariffLabel": tariff.label.encode()[:24],
        "numberOfPriceTiersInUse": len(tariff.tiers),
        "numberOfBlockThresholdsInUse": len(tariff.thresholds),
        "unitOfMeasure": KWH,
        "currency": POUND_STERLING,
        "priceTrailingDigit": TRAILING_DIGITS << 4,
        "standingCharge": tariff.standing_charge,
        "tierBlockMode": tier_block_mode(tariff),
        "blockThresholdMultiplier": 1,
        "blockThresholdDivisor": 1000,
    }


def tier_block_mode(tariff: Tariff) -> int | None:
    """Return 0 where one active block counts for all tiers; None (unused) without blocks."""
    return 0 if tariff.has_blocks else None


def _in_parts(entries: Iterable[bytes], room: int) -> list[list[bytes]]:
    """Share entries out over frames that hold so many octets of them."""
    parts: list[list[bytes]] = [[]]
    for entry in entries:
        if parts[-1] and sum(map(len, parts[-1])) + len(entry) > room:
            parts.append([])
        parts[-1].append(entry)
    return parts


def price_matrix(issue: Issue, *, provider_id: int, room: int) -> list[Values]:
    """Return the fields of each PublishPriceMatrix: by tier, or by tier and block."""
    tariff = issue.tariff
    by_tier = not tariff.has_blocks and bool(tariff.tiers)
    entries = [
        bytes((tier if by_tier else tier << 4 | block - 1,))
        + price.to_bytes(4, "little")
        for (tier, block), price in sorted(tariff.prices.items())
    ]
    return _publications(
        issue,
        provider_id,
        _in_parts(entries, room - 22),
        {"subPayloadControl": int(by_tier)},
        "payload",
    )


def block_thresholds(issue: Issue, *, provider_id: int, room: int) -> list[Values]:
    """Return the fields of each PublishBlockThresholds; one list holds for every tier."""
    thresholds = issue.tariff.thresholds
    entry = bytes((NO_TIER << 4 | len(thresholds),)) + b"".join(
        encode(TYPES["uint48"], threshold) for threshold in thresholds
    )
    return _publications(
        issue,
        provider_id,
        _in_parts([entry], room - 22),
        {"subPayloadControl": 1},
        "payload",
    )


def _publications(
    issue: Issue,
    provider_id: int,
    parts: list[list[bytes]],
    more: Values,
    payload: str,
) -> list[Values]:
    return [
        {
            "providerId": provider_id,
            "issuerEventId": issue.issued,
            "startTime": issue.start,
            "issuerTariffId": issue.tariff.tariff_id,
            "commandIndex": index,
            "numberOfCommands": len(parts),
            payload: b"".join(part),
            **more,
        }
        for index, part in enumerate(parts)
    ]


def tier_labels(issue: Issue, *, provider_id: int, room: int) -> list[Values]:
    """Return the fields of each PublishTierLabels."""
    entries = [
        bytes((tier,)) + encode(TYPES["octstr"], label.encode()[:12])
        for tier, label in sorted(issue.tariff.tier_labels.items())
    ]
    parts = _in_parts(entries, room - 18)
    return [
        {
            "providerId": provider_id,
            "issuerEventId": issue.issued,
            "issuerTariffId": issue.tariff.tariff_id,
            "commandIndex": index,
            "numberOfCommands": len(parts),
            "numberOfLabels": len(part),
            "tierLabelsPayload": b"".join(part),
        }
        for index, part in enumerate(parts)
    ]


def block_period_fields(
    issue: Issue, at: Instant, *, provider_id: int, months: bool
) -> dict[str, FieldValue]:
    """Return the fields of PublishBlockPeriod for the period that holds an instant.

    Args:
        issue: the tariff that it is of.
        at: an instant in the period.
        provider_id: the supplier's.
        months: whether the version can say "a month"; before 1.2 it is minutes.
    """
    start, end = block_period(at)
    tariff = issue.tariff
    return {
        "providerId": provider_id,
        "issuerEventId": max(issue.issued, start),
        "blockPeriodStartTime": start,
        "blockPeriodDuration": 1 if months else (end - start) // 60,
        "numberOfPriceTiersAndNumberOfBlockThresholds": len(tariff.tiers) << 4
        | len(tariff.thresholds),
        "blockPeriodControl": 0x02,
        "blockPeriodDurationType": _MONTHS,
        "tariffType": 0,
        "tariffResolutionPeriod": 0,
    }
