"""What the meters truly hold, for whoever compares it with what is shown."""

from datetime import UTC, datetime
from typing import Any

from .aps import Fuel
from .clock import Instant, instant, utc
from .meters import HanServers
from .meters.meter import Meter

type Truth = dict[str, Any]


def registers(servers: HanServers, at: datetime | None = None) -> Truth:
    """Return every meter's true values, by fuel; energy in kWh, gas also in m³.

    Args:
        servers: whose.
        at: for which moment; now by default. Registers are known for any moment
            since they follow from the seed; what can be switched (supply,
            alarms) is as it stands now.
    """
    moment = servers.clock.now() if at is None else at
    return {
        "time": moment.astimezone(UTC).isoformat(timespec="seconds"),
        **{
            fuel.value: _meter(servers, fuel, instant(moment))
            for fuel in servers.home.meters
        },
    }


def _meter(servers: HanServers, fuel: Fuel, at: Instant) -> Truth:
    meter = servers.home.meters[fuel]
    seen = meter.as_of(at)
    truth: Truth = {
        "site_id": meter.identity.site_id,
        "serial": meter.identity.serial,
        "as_of": utc(seen).isoformat(),
        "unit": "m³" if fuel is Fuel.GAS else "kWh",
        "delivered": meter.delivered.reading(seen) / 1000,
        "today": _today(meter, seen),
        "supply": meter.supply.name.lower(),
        "alarms": int(meter.alarms),
        "tariff": _tariff(servers, fuel, at),
    }
    if meter.received is not None:
        truth["received"] = meter.received.reading(seen) / 1000
        truth["power_watts"] = meter.power(at)
    if fuel is Fuel.GAS:
        truth["calorific_value"] = meter.gas_quality.calorific_value / 10
        truth["kwh_per_m3"] = meter.gas_quality.kwh_per_cubic_metre
    books = meter.books(seen)
    truth["tiers"] = {
        str(tier): use / 1000 for tier, use in sorted(books.tiers.items())
    }
    truth["blocks"] = {
        f"{tier}/{block}": use / 1000
        for (tier, block), use in sorted(books.blocks.items())
    }
    account = servers.home.accounts[fuel]
    if account.prepaying:
        truth["credit"] = account.credit(at) / 100_000
        truth["debt"] = account.debt_left(at) / 100_000
    return truth


def _today(meter: Meter, seen: Instant) -> float:
    start = max(meter.day_start(seen), meter.log_start)
    return (meter.delivered.reading(seen) - meter.delivered.reading(start)) / 1000


def _tariff(servers: HanServers, fuel: Fuel, at: Instant) -> Truth:
    tariff = servers.home.meters[fuel].schedule.at(at).tariff
    rate = servers.price[fuel].rate(at)
    coming = servers.home.meters[fuel].schedule.rates(at, rate.block, 2)[1:]
    return {
        "label": tariff.label,
        "standing_charge": tariff.standing_charge / 100_000,
        "unit_rate": rate.price / 100_000,
        "rate_label": rate.label,
        "tier": rate.tier,
        "block": rate.block if tariff.has_blocks else None,
        "since": utc(rate.start).isoformat(),
        "next_rate": coming[0].price / 100_000 if coming else None,
        "next_start": utc(coming[0].start).isoformat() if coming else None,
    }
