"""Prices: PublishPrice's packed octets, trailing digits, tiers and blocks (SE D.4).

An amount is an integer and a count of trailing digits: 9600 with 5 is 0.09600 in
the currency's base unit, per unit of measure. The count is always the high nibble
of its octet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Final, TypeIs

from .currency import Currency
from .sentinels import unsigned
from .time import minutes_from_raw, start_from_raw, utc_from_raw
from .units import EXACT, Scale, UnitOfMeasure

HIGHEST_TIER: Final = 48
"""Tiers 1 to 15 fit a nibble, 16 to 48 need the extended fields (SE 1.2)."""
_NIBBLE_FULL: Final = 0x0F


class PriceControl(IntFlag):
    """Price Control of PublishPrice (SE D.4.2.4.1)."""

    ACKNOWLEDGEMENT_REQUIRED = 0x01
    TOTAL_TIERS_EXCEEDS_15 = 0x02


class ChargingScheme(IntEnum):
    """High nibble of TariffTypeChargingScheme (SE 1.2, PublishTariffInformation)."""

    TOU = 0
    BLOCK = 1
    BLOCK_TOU_COMMON_THRESHOLDS = 2
    BLOCK_TOU_INDIVIDUAL_THRESHOLDS = 3


class TariffType(IntEnum):
    """Low nibble of TariffTypeChargingScheme, and TariffType of other commands."""

    DELIVERED = 0
    RECEIVED = 1
    DELIVERED_AND_RECEIVED = 2


class TierBlockMode(IntEnum):
    """TierBlockMode 0x0613: what a meter needs in order to price a block tariff."""

    ACTIVE_BLOCK = 0
    ACTIVE_BLOCK_PRICE_TIER = 1
    ACTIVE_BLOCK_PRICE_TIER_THRESHOLD = 2
    NOT_USED = 0xFF


def nibbles(octet: int) -> tuple[int, int]:
    """Split an octet into its high and low nibble."""
    return octet >> 4 & 0x0F, octet & 0x0F


def trailing_digits(octet: int | None) -> int:
    """Give the count of digits right of the point: the high nibble; missing is 0."""
    return 0 if octet is None else nibbles(octet)[0]


def amount(raw: int | None, digits: int, *, bits: int = 32) -> Decimal | None:
    """Turn a raw amount into the currency's base unit.

    Args:
        raw: the integer; all ones in `bits` bits is "not used".
        digits: trailing digits, 0 to 15.
        bits: width of the unsigned type.

    Returns:
        raw / 10^digits with all its digits (0.09600), or None.
    """
    value = unsigned(raw, bits)
    return None if value is None else Decimal(value).scaleb(-digits, context=EXACT)


def tier_number(nibble: int, extended: int | None) -> int:
    """Give a tier (price, register or generation) from its nibble and extended octet.

    Nibble 0 is "no tier related". Nibble 0xF with an extended value of n is tier
    15 + n; an extended value that is missing, 0 or beyond tier 48 leaves tier 15.
    """
    return 15 + extended if nibble == _NIBBLE_FULL and _counts(extended) else nibble


def tier_count(nibble: int, control: int | None, extended: int | None) -> int:
    """Give the number of price tiers in use, from its nibble and extended octet.

    SE 1.2 sets `PriceControl.TOTAL_TIERS_EXCEEDS_15` where the extended octet
    n counts: then there are 15 + n.
    """
    exceeds = bool((control or 0) & PriceControl.TOTAL_TIERS_EXCEEDS_15)
    return 15 + extended if exceeds and _counts(extended) else nibble


def _counts(extended: int | None) -> TypeIs[int]:
    return extended is not None and 0 < extended <= HIGHEST_TIER - 15


@dataclass(frozen=True, slots=True)
class AlternateCost:
    """AlternateCostDelivered: a cost other than money.

    Attributes:
        amount: kg of CO2 per unit of measure, the only cost that SE defines.
        unit: AlternateCostUnit as sent: 1 in the specification's text, 2 in
            Silicon Labs' table of it, so nothing is refused here.
    """

    amount: Decimal
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPrice:
    """PublishPrice with its meaning. Prices are in `currency` per `unit`.

    Attributes:
        provider_id: the supplier's number.
        issuer_event_id: newer replaces older.
        rate_label: at most 12 characters, "" where none.
        published_at: the hub's own clock as it sent this.
        starts_at: when the price begins, UTC; None where the command cancels.
        duration: how long, None until changed.
        unit: what one price buys; for gas it may say m³ though the charge is
            per kWh (see `calorific`).
        currency: ISO 4217.
        tier: price tier in force, 1 to 48; 0 where tiers do not matter.
        tier_count: price tiers of the tariff.
        register_tier: the tier register that counts now, 0 none.
        price: for what is delivered; None where not used.
        price_ratio: price over the "normal" price, None unused.
        generation_price: for what is received from the home; None unused.
        generation_price_ratio: likewise a ratio.
        alternate_cost: e.g. CO2.
        block_threshold_count: 0 to 15; None where block prices are unused.
        acknowledgement_required: PriceAcknowledgement is expected.
        generation_tier: the tier register for what is received, 0 none.
    """

    provider_id: int
    issuer_event_id: int
    rate_label: str
    published_at: datetime | None
    starts_at: datetime | None
    duration: timedelta | None
    unit: UnitOfMeasure | None
    currency: Currency | None
    tier: int
    tier_count: int
    register_tier: int
    price: Decimal | None
    price_ratio: Decimal | None = None
    generation_price: Decimal | None = None
    generation_price_ratio: Decimal | None = None
    alternate_cost: AlternateCost | None = None
    block_threshold_count: int | None = None
    acknowledgement_required: bool = False
    generation_tier: int = 0

    @property
    def ends_at(self) -> datetime | None:
        """When the price ends, UTC; None where it holds until changed."""
        if self.starts_at is None or self.duration is None:
            return None
        return self.starts_at + self.duration


def published_price(fields: Mapping[str, object], *, now: datetime) -> PublishedPrice:
    """Give PublishPrice its meaning.

    Args:
        fields: the command's fields by snake-case name; whatever follows `price`
            may be missing, since a frame may stop there (GBCS does).
        now: when it arrived, aware; stands in for a start time of 0.

    Raises:
        KeyError: a field up to and including `price` is missing.
        TypeError: a number is not an integer.
    """
    trailing, tier = nibbles(_integer(fields, "price_trailing_digit_and_price_tier"))
    count, register = nibbles(
        _integer(fields, "number_of_price_tiers_and_register_tier")
    )
    control = _optional(fields, "price_control")
    return PublishedPrice(
        provider_id=_integer(fields, "provider_id"),
        issuer_event_id=_integer(fields, "issuer_event_id"),
        rate_label=label_text(fields["rate_label"]),
        published_at=utc_from_raw(_integer(fields, "current_time")),
        starts_at=start_from_raw(_integer(fields, "start_time"), now=now),
        duration=minutes_from_raw(_integer(fields, "duration_in_minutes")),
        unit=UnitOfMeasure.from_raw(_integer(fields, "unit_of_measure")),
        currency=Currency.from_raw(_integer(fields, "currency")),
        tier=tier_number(tier, _optional(fields, "extended_price_tier")),
        tier_count=tier_count(
            count, control, _optional(fields, "extended_number_of_price_tiers")
        ),
        register_tier=tier_number(
            register, _optional(fields, "extended_register_tier")
        ),
        price=amount(_integer(fields, "price"), trailing),
        price_ratio=_tenths(_optional(fields, "price_ratio")),
        generation_price=amount(_optional(fields, "generation_price"), trailing),
        generation_price_ratio=_tenths(_optional(fields, "generation_price_ratio")),
        alternate_cost=_alternate_cost(fields),
        block_threshold_count=unsigned(
            _optional(fields, "number_of_block_thresholds"), 8
        ),
        acknowledgement_required=bool(
            (control or 0) & PriceControl.ACKNOWLEDGEMENT_REQUIRED
        ),
        generation_tier=unsigned(_optional(fields, "generation_tier"), 8) or 0,
    )


def label_text(raw: object) -> str:
    """Give a label (octet string) as text: UTF-8, else Latin-1; padding cut off."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return raw.strip("\0 ")
    if not isinstance(raw, bytes):
        raise TypeError("a label is an octet string; give bytes or text")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.strip("\0 ")


def standing_charge(
    raw: int | None, trailing_digit_octet: int | None
) -> Decimal | None:
    """Give the standing charge per day in the currency's base unit.

    Args:
        raw: StandingCharge 0x0301 or the field of PublishTariffInformation.
        trailing_digit_octet: PriceTrailingDigit 0x0617, or the field beside it.
    """
    return amount(raw, trailing_digits(trailing_digit_octet))


def charging_scheme(octet: int) -> tuple[TariffType | None, ChargingScheme | None]:
    """Split TariffTypeChargingScheme; a reserved nibble gives None."""
    scheme, kind = nibbles(octet)
    return (
        TariffType(kind) if kind in TariffType else None,
        ChargingScheme(scheme) if scheme in ChargingScheme else None,
    )


def block_thresholds(raw: Sequence[int | None], scale: Scale) -> tuple[Decimal, ...]:
    """Give block thresholds in the tariff's unit, up to the first unused one.

    Args:
        raw: uint48 thresholds in their order, 0xFFFFFFFFFFFF unused.
        scale: ThresholdMultiplier over ThresholdDivisor (0x0202, 0x0203).
    """
    values: list[Decimal] = []
    for item in raw:
        value = unsigned(item, 48)
        if value is None:
            break
        values.append(scale.apply(value))
    return tuple(values)


def active_block(consumption: Decimal, thresholds: Sequence[Decimal]) -> int:
    """Give the block, from 1, that a block period's consumption has reached.

    A threshold is the upper limit of its block: consumption equal to it is still inside.
    """
    return 1 + sum(consumption > threshold for threshold in thresholds)


def _integer(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int):
        raise TypeError(
            f"the field {name} of PublishPrice is a number; give an integer"
        )
    # A plain one, not a decoder's subclass, so that the result is plain throughout.
    return int(value)


def _optional(fields: Mapping[str, object], name: str) -> int | None:
    return None if fields.get(name) is None else _integer(fields, name)


def _tenths(raw: int | None) -> Decimal | None:
    return amount(raw, 1, bits=8)


def _alternate_cost(fields: Mapping[str, object]) -> AlternateCost | None:
    unit = unsigned(_optional(fields, "alternate_cost_unit"), 8)
    digits = trailing_digits(_optional(fields, "alternate_cost_trailing_digit"))
    cost = amount(_optional(fields, "alternate_cost_delivered"), digits)
    return AlternateCost(cost, unit) if unit and cost is not None else None
