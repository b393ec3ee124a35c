"""Put a fuel's tariff together from what the hub publishes bit by bit (R13)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ...cad.models import EnergyUnit, Fuel, GasConversion, Rate, Tariff, TierBlock
from ..values.calorific import GasFactors
from ..values.currency import Currency
from ..values.metering import raw_integer
from ..values.price import (
    PublishedPrice,
    label_text,
    published_price,
    standing_charge,
    trailing_digits,
)
from ..values.tariff import (
    price_matrix,
    prices_from_attributes,
    thresholds_from_attributes,
)
from ..values.units import Scale

_STANDING_CHARGE: Final = 0x0301
_CONVERSION_FACTOR: Final = 0x0302
_CALORIFIC_VALUE: Final = 0x0304
_TARIFF_LABEL: Final = 0x0610
_CURRENCY: Final = 0x0616
_TRAILING_DIGIT: Final = 0x0617
_THRESHOLD_MULTIPLIER: Final = 0x0202
_THRESHOLD_DIVISOR: Final = 0x0203

_KEPT: Final = timedelta(hours=1)
"""How long a rate that has ended is still told."""

_TOU_PAYLOAD: Final = 0x01


class TariffBook:
    """One fuel's tariff, as far as it is known."""

    def __init__(self, fuel: Fuel) -> None:
        """Start knowing nothing."""
        self._fuel = fuel
        self._raw: dict[int, object] = {}
        self._rates: dict[int, tuple[int, Rate]] = {}
        self._prices: dict[TierBlock, Decimal] = {}
        self._labels: dict[int, str] = {}
        self._currency: Currency | None = None
        self._label = ""
        self._standing: Decimal | None = None
        self._digits = 0
        self._tier: int | None = None
        self._factors = GasFactors()
        self.block: int | None = None
        """The block in force, as the meter says."""

    @property
    def conversion(self) -> GasConversion:
        """What turns the fuel's volume into energy."""
        return self._factors.conversion()

    def take_price(self, fields: Mapping[str, object], now: datetime) -> PublishedPrice:
        """Take PublishPrice: the rate in force, or one to come.

        Raises:
            KeyError: a field that it cannot do without is missing.
        """
        told = published_price(fields, now=now)
        self._currency = told.currency or self._currency
        if told.starts_at is None:
            self._cancel(told.issuer_event_id)
            return told
        if told.price is not None:
            at = TierBlock(told.tier)
            rate = Rate(
                starts_at=told.starts_at,
                ends_at=told.ends_at,
                price=told.price,
                unit=EnergyUnit.KILOWATT_HOUR,
                tier_block=at,
                label=told.rate_label,
            )
            self._add(rate, told.issuer_event_id)
            self._prices[at] = told.price
            if told.tier and told.rate_label:
                self._labels[told.tier] = told.rate_label
            if rate.holds_at(now):
                self._tier = told.tier or None
        return told

    def _add(self, rate: Rate, event_id: int) -> None:
        """Enter a rate; a newer event shortens or replaces older ones that it overlaps."""
        key = round(rate.starts_at.timestamp())
        if key in self._rates and self._rates[key][0] > event_id:
            return
        for other, (their_event, earlier) in list(self._rates.items()):
            overlaps = earlier.ends_at is None or earlier.ends_at > rate.starts_at
            if earlier.starts_at < rate.starts_at and overlaps:
                self._rates[other] = (
                    their_event,
                    replace(earlier, ends_at=rate.starts_at),
                )
        self._rates[key] = (event_id, rate)

    def _cancel(self, event_id: int) -> None:
        for key in [
            key for key, (event, _) in self._rates.items() if event == event_id
        ]:
            del self._rates[key]

    def take_attributes(self, attributes: Mapping[int, object]) -> None:
        """Take attributes of the Price cluster, as many as were read."""
        self._raw |= attributes
        raw = self._raw
        if (digit := raw_integer(raw, _TRAILING_DIGIT)) is not None:
            self._digits = trailing_digits(digit)
            self._prices |= prices_from_attributes(raw, self._digits)
            charge = standing_charge(raw_integer(raw, _STANDING_CHARGE), digit)
            self._standing = charge if charge is not None else self._standing
        self._label = label_text(raw.get(_TARIFF_LABEL)) or self._label
        self._currency = (
            Currency.from_raw(raw_integer(raw, _CURRENCY)) or self._currency
        )
        if _CONVERSION_FACTOR in attributes:
            self._factors = self._factors.with_conversion_factor(
                raw_integer(raw, _CONVERSION_FACTOR),
                raw_integer(raw, _CONVERSION_FACTOR + 1),
            )
        if _CALORIFIC_VALUE in attributes:
            self._factors = self._factors.with_calorific_value(
                raw_integer(raw, _CALORIFIC_VALUE),
                raw_integer(raw, _CALORIFIC_VALUE + 1),
                raw_integer(raw, _CALORIFIC_VALUE + 2),
            )

    def take_conversion_factor(self, command: Any) -> None:
        """Take PublishConversionFactor."""
        self._factors = self._factors.with_conversion_factor(
            int(command.conversion_factor),
            int(command.conversion_factor_trailing_digit),
        )

    def take_calorific_value(self, command: Any) -> None:
        """Take PublishCalorificValue."""
        self._factors = self._factors.with_calorific_value(
            int(command.calorific_value),
            int(command.calorific_value_unit),
            int(command.calorific_value_trailing_digit),
        )

    def take_tariff_information(self, command: Any) -> None:
        """Take PublishTariffInformation: label, currency, standing charge, digits."""
        digit = int(command.price_trailing_digit)
        self._digits = trailing_digits(digit)
        self._label = label_text(bytes(command.tariff_label)) or self._label
        self._currency = Currency.from_raw(int(command.currency)) or self._currency
        charge = standing_charge(int(command.standing_charge), digit)
        self._standing = charge if charge is not None else self._standing
        self._raw[_THRESHOLD_MULTIPLIER] = int(command.block_threshold_multiplier)
        self._raw[_THRESHOLD_DIVISOR] = int(command.block_threshold_divisor)

    def take_price_matrix(self, command: Any) -> None:
        """Take one part of PublishPriceMatrix; the digits come with the tariff information."""
        self._prices |= price_matrix(
            [(int(entry.tier_block_id), int(entry.price)) for entry in command.payload],
            tou=bool(int(command.sub_payload_control) & _TOU_PAYLOAD),
            digits=self._digits,
        )

    def tariff(self, now: datetime) -> Tariff | None:
        """Return the tariff as it is known now; None while there is no price at all."""
        self._rates = {
            key: (event, rate)
            for key, (event, rate) in self._rates.items()
            if rate.ends_at is None or rate.ends_at > now - _KEPT
        }
        rates = tuple(self._rates[key][1] for key in sorted(self._rates))
        if not rates and not self._prices:
            return None
        thresholds = thresholds_from_attributes(
            self._raw,
            Scale.from_raw(
                raw_integer(self._raw, _THRESHOLD_MULTIPLIER),
                raw_integer(self._raw, _THRESHOLD_DIVISOR),
            ),
        )
        holding = [rate for rate in rates if rate.holds_at(now)]
        tier = holding[-1].tier_block.tier if holding else self._tier or 0
        return Tariff(
            fuel=self._fuel,
            received_at=now,
            currency=None if self._currency is None else self._currency.alpha,
            label=self._label,
            standing_charge_per_day=self._standing,
            rates=rates,
            prices=dict(self._prices),
            unit=EnergyUnit.KILOWATT_HOUR,
            tier_labels=dict(self._labels),
            block_thresholds=thresholds,
            threshold_unit=EnergyUnit.KILOWATT_HOUR if thresholds else None,
            active=TierBlock(tier, self.block or 0) if tier or self.block else None,
        )
