"""What the meters, the hub and the stick truly hold, for whoever compares it with what is shown."""

from datetime import UTC, datetime
from typing import Any

from .aps import Fuel
from .clock import Instant, instant, utc
from .han import VirtualHan
from .hub import Member
from .meters import HanServers
from .meters.meter import Meter
from .stick.ezsp import BUILD, firmware_numbers

type Truth = dict[str, Any]


def registers(
    servers: HanServers, at: datetime | None = None, read_at: datetime | None = None
) -> Truth:
    """Return every meter's true values, by fuel; energy in kWh, gas also in m³.

    Args:
        servers: whose.
        at: for which moment; now by default. Registers are known for any moment
            since they follow from the seed; what can be switched (supply,
            alarms) is as it stands now.
        read_at: when the meters were read, if that was earlier: a tariff is known
            ahead, a register is not.
    """
    moment = servers.clock.now() if at is None else at
    return {
        "time": moment.astimezone(UTC).isoformat(timespec="seconds"),
        **{
            fuel.value: _meter(
                servers, fuel, instant(moment), instant(read_at or moment)
            )
            for fuel in servers.home.meters
        },
    }


def _meter(servers: HanServers, fuel: Fuel, at: Instant, read_at: Instant) -> Truth:
    meter = servers.home.meters[fuel]
    seen = meter.as_of(read_at)
    truth: Truth = {
        "site_id": meter.identity.site_id,
        "serial": meter.identity.serial,
        "firmware": meter.firmware.version,
        "as_of": utc(seen).isoformat(),
        "unit": "m³" if fuel is Fuel.GAS else "kWh",
        "delivered": meter.delivered.reading(seen) / 1000,
        "energy": _kwh(meter, meter.delivered.reading(seen)),
        "today": _used(meter, meter.day_start(seen), seen) / 1000,
        "supply": meter.supply.name.lower(),
        "alarms": int(meter.alarms),
        "tariff": _tariff(servers, fuel, at),
    }
    if meter.received is not None:
        truth["received"] = meter.received.reading(seen) / 1000
        truth["power_watts"] = meter.power(read_at)
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


def energy_since(
    servers: HanServers, fuel: Fuel, start: datetime, read_at: datetime
) -> float:
    """Return the kWh since a moment, as whoever reads the meter at a later one can tell."""
    meter = servers.home.meters[fuel]
    seen = meter.as_of(instant(read_at))
    return _kwh(meter, _used(meter, meter.as_of(instant(start)), seen))


def _used(meter: Meter, start: Instant, seen: Instant) -> int:
    """Return what has flowed since an instant, in thousandths; 0 where nothing was seen since."""
    first = min(max(start, meter.log_start), seen)
    return meter.delivered.reading(seen) - meter.delivered.reading(first)


def _kwh(meter: Meter, thousandths: int) -> float:
    gas = meter.fuel is Fuel.GAS
    return thousandths / 1000 * (meter.gas_quality.kwh_per_cubic_metre if gas else 1)


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
        "tier_label": tariff.tier_labels.get(rate.tier),
        "block": rate.block if tariff.has_blocks else None,
        "since": utc(rate.start).isoformat(),
        "next_rate": coming[0].price / 100_000 if coming else None,
        "next_start": utc(coming[0].start).isoformat() if coming else None,
    }


def stick(han: VirtualHan) -> Truth:
    """Return what the stick is, and what the hub has made of it.

    Its standing with the hub is "member" once a key is established, before that
    "joining" or "listed"; "left" where the hub remembers it only; else "unknown".
    It is connected where both hold the same key, on the same network.
    """
    flash, member = han.ncp.flash, han.hub.members.get(han.ncp.flash.eui64)
    key = None if member is None else member.key
    return {
        "firmware": ".".join(map(str, firmware_numbers(han.ncp.version)))
        + f" build {BUILD}",
        "standing": _standing(han, member),
        "connected": key is not None
        and key == flash.link_key
        and flash.network is not None
        and flash.network.trust_centre == han.hub.network.eui64
        and han.hub.powered,
    }


def _standing(han: VirtualHan, member: Member | None) -> str:
    eui64 = han.ncp.flash.eui64
    if member is not None:
        return "joining" if member.key is None else "member"
    if eui64 in han.log.waiting:
        return "listed"
    return "left" if eui64 in dict(han.log.historic) else "unknown"
