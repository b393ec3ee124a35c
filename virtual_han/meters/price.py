"""The Price cluster of one fuel."""

from collections.abc import Mapping
from typing import Final

from ..aps import Fuel
from ..clock import Instant, local_month
from ..flavours import Flavour, SmartEnergy
from ..tariffs import Issue, Rate, block_period
from ..tariffs.frames import (
    KWH,
    POUND_STERLING,
    TRAILING_DIGITS,
    block_period_fields,
    block_thresholds,
    price_matrix,
    publish_price,
    tariff_information,
    tier_block_mode,
    tier_labels,
)
from ..zcl import FieldValue, Status
from .cluster import (
    Answer,
    ClusterServer,
    Reader,
    Readers,
    Result,
    constant,
    number,
    text,
)
from .meter import Meter
from .supplier_identity import SupplierIdentity

PRICE: Final = 0x0700

_ELECTRIC: Final = 0
_GAS: Final = 1
_DELIVERED: Final = 0
_MJ_PER_CUBIC_METRE: Final = 1
_FACTOR_DIGITS: Final = 0x50
_CALORIFIC_DIGITS: Final = 0x10


class PriceServer(ClusterServer):
    """Tells what one meter's fuel costs."""

    cluster_id = PRICE

    def __init__(
        self, meter: Meter, supplier: SupplierIdentity, flavour: Flavour, room: int
    ) -> None:
        """Serve a meter's tariff as a hub of that flavour does, with so many octets to a frame."""
        self.meter = meter
        self._supplier = supplier
        self._flavour = flavour
        self._room = room
        self.acknowledged: list[int] = []
        """Issuer event ids that the consumer device has acknowledged."""

    def attributes(self, at: Instant) -> Readers:
        """Return labels, thresholds, prices and what else the tariff in force says."""
        tariff = self.meter.schedule.at(at).tariff
        readers: dict[int, Reader] = {
            tier - 1: text(label) for tier, label in tariff.tier_labels.items()
        }
        if self._flavour.version is SmartEnergy.SE_1_0:
            # The first edition's server has the tier labels alone.
            return readers
        readers |= {
            0x0300: constant(_GAS if self.meter.fuel is Fuel.GAS else _ELECTRIC),
            0x0301: constant(tariff.standing_charge),
            0x0610: text(tariff.label),
            0x0611: constant(len(tariff.tiers)),
            0x0612: constant(len(tariff.thresholds)),
            0x0613: constant(tier_block_mode(tariff)),
            0x0615: constant(KWH),
            0x0616: constant(POUND_STERLING),
            0x0617: constant(TRAILING_DIGITS << 4),
            0x0700: lambda at: local_month(at),
            0x0701: lambda at: (local_month(at, 1) - local_month(at)) // 60,
        }
        for (tier, block), price in tariff.prices.items():
            readers[0x0400 + 0x10 * tier + block - 1] = constant(price)
        if tariff.has_blocks:
            readers |= {
                0x0100 + index: constant(threshold)
                for index, threshold in enumerate(tariff.thresholds)
            }
            readers |= {
                0x0200: lambda at: block_period(at)[0],
                0x0201: lambda at: (block_period(at)[1] - block_period(at)[0]) // 60,
                0x0202: constant(1),
                0x0203: constant(1000),
            }
        if self.meter.fuel is Fuel.GAS:
            quality = self.meter.gas_quality
            readers |= {
                0x0302: constant(quality.conversion_factor),
                0x0303: constant(_FACTOR_DIGITS),
                0x0304: constant(quality.calorific_value),
                0x0305: constant(_MJ_PER_CUBIC_METRE),
                0x0306: constant(_CALORIFIC_DIGITS),
            }
        return readers

    def commands(self) -> frozenset[str]:
        """Return what the tariff can be asked for."""
        return frozenset(
            {
                "GetCurrentPrice",
                "GetScheduledPrices",
                "PriceAcknowledgement",
                "GetBlockPeriods",
                "GetConversionFactor",
                "GetCalorificValue",
                "GetTariffInformation",
                "GetPriceMatrix",
                "GetBlockThresholds",
                "GetTierLabels",
                "GetBillingPeriod",
            }
        )

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Answer a request about prices; NOT_FOUND where there is nothing to tell."""
        match name:
            case "GetCurrentPrice":
                return [self.current_price(at)]
            case "GetScheduledPrices":
                return self._scheduled_prices(fields, at)
            case "PriceAcknowledgement":
                self.acknowledged.append(number(fields, "issuerEventId"))
                return Status.SUCCESS
            case "GetBlockPeriods":
                return self._block_periods(at)
            case "GetConversionFactor" | "GetCalorificValue":
                return self._gas_quality(name)
            case "GetTariffInformation":
                return self._tariff_information(fields, at)
            case "GetBillingPeriod":
                return [self._billing_period(at)]
            case _:
                return self._tariff_parts(name, number(fields, "issuerTariffId"), at)

    def rate(self, at: Instant) -> Rate:
        """Return the rate in force, with the block that use has reached."""
        books = self.meter.books(at)
        rate = self.meter.schedule.rate(at, books.block)
        if (
            self.meter.schedule.at(at).tariff.has_blocks
            and books.block_start > rate.start
        ):
            return Rate(
                books.block_start,
                rate.end,
                rate.tier,
                rate.block,
                rate.price,
                rate.label,
            )
        return rate

    def current_price(self, at: Instant) -> Answer:
        """Return PublishPrice for the rate in force."""
        return self._publish(self.rate(at), at)

    def price_at(self, start: Instant, now: Instant) -> Answer:
        """Return PublishPrice, sent now, for the rate in force from a later instant."""
        return self._publish(self.meter.schedule.rate(start, block=1), now)

    def _publish(self, rate: Rate, at: Instant) -> Answer:
        fields = publish_price(
            self.meter.schedule.at(rate.start),
            rate,
            provider_id=self._supplier.provider_id,
            now=at,
            unit=self._flavour.gas_price_unit if self.meter.fuel is Fuel.GAS else KWH,
        )
        return Answer("PublishPrice", fields, self._flavour.publish_price_last)

    def _scheduled_prices(
        self, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        start = number(fields, "startTime") or at
        limit = self._flavour.scheduled_prices
        wanted = number(fields, "numberOfEvents") or limit
        coming = self.meter.schedule.rates(at, self.meter.books(at).block, 2 * limit)
        coming[0] = self.rate(at)
        answers = [
            self._publish(rate, at)
            for rate in coming
            if rate.end is None or rate.end > start
        ][: min(wanted, limit)]
        return answers or Status.NOT_FOUND

    def _issues(self, at: Instant) -> list[Issue]:
        return [self.meter.schedule.at(at), *self.meter.schedule.after(at)]

    def _block_periods(self, at: Instant) -> Result:
        issue = self.meter.schedule.at(at)
        if not issue.tariff.has_blocks:
            return Status.NOT_FOUND
        months = self._flavour.version not in {SmartEnergy.SE_1_0, SmartEnergy.SE_1_1}
        fields = block_period_fields(
            issue, at, provider_id=self._supplier.provider_id, months=months
        )
        return [Answer("PublishBlockPeriod", fields)]

    def _gas_quality(self, name: str) -> Result:
        if self.meter.fuel is not Fuel.GAS:
            return Status.NOT_FOUND
        quality = self.meter.gas_quality
        if name == "GetCalorificValue":
            return [self.calorific_value()]
        return [
            Answer(
                "PublishConversionFactor",
                {
                    "issuerEventId": quality.issuer_event_id,
                    "startTime": quality.since,
                    "conversionFactor": quality.conversion_factor,
                    "conversionFactorTrailingDigit": _FACTOR_DIGITS,
                },
            )
        ]

    def calorific_value(self) -> Answer:
        """Return PublishCalorificValue."""
        quality = self.meter.gas_quality
        return Answer(
            "PublishCalorificValue",
            {
                "issuerEventId": quality.issuer_event_id,
                "startTime": quality.since,
                "calorificValue": quality.calorific_value,
                "calorificValueUnit": _MJ_PER_CUBIC_METRE,
                "calorificValueTrailingDigit": _CALORIFIC_DIGITS,
            },
        )

    def _tariff_information(
        self, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        if number(fields, "tariffType") != _DELIVERED:
            return Status.NOT_FOUND
        earliest = number(fields, "earliestStartTime", at) or at
        newest_known = number(fields, "minIssuerEventId", 0)
        limit = number(fields, "numberOfCommands") or 0xFF
        answers = [
            self.tariff_information(issue)
            for issue in self._issues(max(at, earliest))
            if issue.issued >= newest_known
        ]
        return answers[:limit] or Status.NOT_FOUND

    def tariff_information(self, issue: Issue) -> Answer:
        """Return PublishTariffInformation for an issue."""
        fields = tariff_information(issue, provider_id=self._supplier.provider_id)
        return Answer("PublishTariffInformation", fields)

    def _tariff_parts(self, name: str, tariff_id: int, at: Instant) -> Result:
        issue = next(
            (
                issue
                for issue in self._issues(at)
                if issue.tariff.tariff_id == tariff_id
            ),
            None,
        )
        if issue is None:
            return Status.NOT_FOUND
        provider = self._supplier.provider_id
        match name:
            case "GetPriceMatrix":
                parts = price_matrix(issue, provider_id=provider, room=self._room)
                return [Answer("PublishPriceMatrix", part) for part in parts]
            case "GetBlockThresholds" if issue.tariff.has_blocks:
                parts = block_thresholds(issue, provider_id=provider, room=self._room)
                return [Answer("PublishBlockThresholds", part) for part in parts]
            case "GetTierLabels" if issue.tariff.tier_labels:
                parts = tier_labels(issue, provider_id=provider, room=self._room)
                return [Answer("PublishTierLabels", part) for part in parts]
            case _:
                return Status.NOT_FOUND

    def _billing_period(self, at: Instant) -> Answer:
        start = local_month(at)
        return Answer(
            "PublishBillingPeriod",
            {
                "providerId": self._supplier.provider_id,
                "issuerEventId": start,
                "billingPeriodStartTime": start,
                "billingPeriodDuration": 1 | 0xC0_0000,
                "billingPeriodDurationType": 0x03,
                "tariffType": _DELIVERED,
            },
        )
