"""The attributes of the Metering cluster, as a meter holds them at an instant."""

from collections.abc import Callable
from functools import partial
from typing import Final

from ..aps import Fuel
from ..clock import HALF_HOUR, Instant, local_month, local_week
from ..tariffs import NO_TIER
from ..zcl import Value
from .cluster import Reader, Readers, constant, text
from .meter import Meter
from .register import Register

DELIVERED: Final = 0
RECEIVED: Final = 1

_ELECTRIC: Final = 0x00
_MIRRORED_GAS: Final = 0x80
_CUBIC_METRES: Final = 0x01
_KWH: Final = 0x00
_HALF_HOURLY: Final = 2
_FORMATTING: Final = 0x2B
"""Three digits right of the point, five left: what British meters send."""

_ALTERNATIVE: Final = 0x0800
"""Distance from a historical attribute to its alternative in the other unit."""

PAST_DAYS: Final = (0x0403, 0x0420, 0x0422, 0x0424, 0x0426, 0x0428, 0x042A, 0x042C)
PAST_WEEKS: Final = (0x0432, 0x0434, 0x0436, 0x0438, 0x043A)
PAST_MONTHS: Final = tuple(range(0x0442, 0x045C, 2))


def metering_attributes(meter: Meter, at: Instant, *, profile_periods: int) -> Readers:
    """Return every attribute that a meter of the newest version holds.

    What the hub's version lacks is left out by its server. Values of registers
    are None while a mirror has not been filled.

    Args:
        meter: whose.
        at: decides which tiers and blocks are in use.
        profile_periods: how many half hours one GetProfile gives; 0 where it is not offered.
    """
    readers: dict[int, Reader] = {
        **_identification(meter),
        **_registers(meter),
        **_history(meter),
        **_tiers_and_blocks(meter, at),
    }
    if profile_periods:
        readers[0x000F] = constant(_HALF_HOURLY)
        readers[0x0500] = constant(profile_periods)
    return readers


def _identification(meter: Meter) -> Readers:
    gas = meter.fuel is Fuel.GAS
    readers: dict[int, Reader] = {
        0x0014: lambda at: int(meter.supply),
        0x0200: lambda at: int(meter.alarms),
        0x0300: constant(_CUBIC_METRES if gas else _KWH),
        0x0301: constant(1),
        0x0302: constant(meter.divisor),
        0x0303: constant(_FORMATTING),
        0x0305: constant(_FORMATTING),
        0x0306: constant(_MIRRORED_GAS if gas else _ELECTRIC),
        0x0307: text(meter.identity.site_id),
        0x0308: text(meter.identity.serial),
        0x030F: lambda at: meter.schedule.at(at).tariff.label.encode(),
    }
    if gas:
        readers[0x0201] = constant(87)
        readers[0x0312] = constant(_KWH)
        readers[0x0314] = constant(_FORMATTING)
    else:
        readers[0x0304] = constant(0x00)
    return readers


def _registers(meter: Meter) -> Readers:
    def reading(register: Register, at: Instant) -> Value:
        return (
            meter.raw(register.reading(meter.as_of(at)))
            if meter.has_readings(at)
            else None
        )

    readers: dict[int, Reader] = {
        0x0000: partial(reading, meter.delivered),
        0x0007: lambda at: meter.as_of(at) if meter.has_readings(at) else None,
    }
    if meter.received is not None:
        readers[0x0001] = partial(reading, meter.received)
        readers[0x0002] = constant(0)
        readers[0x0400] = lambda at: meter.power(at) * meter.divisor // 1000
    return readers


def _history(meter: Meter) -> Readers:
    readers: dict[int, Reader] = {}
    for side, register in ((DELIVERED, meter.delivered), (RECEIVED, meter.received)):
        if register is None:
            continue
        for attribute_id, start, end in _periods(meter):
            reader = partial(_flow, meter, register, start, end)
            readers[attribute_id + side] = reader
            if meter.fuel is Fuel.GAS:
                readers[attribute_id + _ALTERNATIVE] = partial(_in_kwh, meter, reader)
        readers[0x0405 + side] = lambda at: (
            meter.as_of(at) - meter.as_of(at) % HALF_HOUR
        )
        readers[0x0407 + side] = partial(
            _flow, meter, register, lambda at: at - at % HALF_HOUR, None
        )
    return readers


type _Edge = Callable[[Instant], Instant]


def _periods(meter: Meter) -> list[tuple[int, _Edge, _Edge | None]]:
    """Return each counter's attribute, the start of its period and its end (None: now)."""

    def day(back: int) -> _Edge:
        return lambda at: meter.day_start(at, -back)

    def week(back: int) -> _Edge:
        return lambda at: local_week(at, -back)

    def month(back: int) -> _Edge:
        return lambda at: local_month(at, -back)

    return [
        (0x0401, day(0), None),
        *((attr, day(back), day(back - 1)) for back, attr in enumerate(PAST_DAYS, 1)),
        (0x0430, week(0), None),
        *(
            (attr, week(back), week(back - 1))
            for back, attr in enumerate(PAST_WEEKS, 1)
        ),
        (0x0440, month(0), None),
        *(
            (attr, month(back), month(back - 1))
            for back, attr in enumerate(PAST_MONTHS, 1)
        ),
    ]


def _flow(
    meter: Meter, register: Register, start: _Edge, end: _Edge | None, at: Instant
) -> Value:
    if not meter.has_readings(at):
        return None
    seen = meter.as_of(at)
    first, last = start(seen), seen if end is None else end(seen)
    if end is None:
        # A running counter starts where the history was cut, a finished one is gone with it.
        first = max(first, meter.log_start)
    return meter.difference(register, first, last)


def _in_kwh(meter: Meter, reader: Reader, at: Instant) -> Value:
    value = reader(at)
    if not isinstance(value, int):
        return None
    return round(value * meter.gas_quality.kwh_per_cubic_metre)


def _tiers_and_blocks(meter: Meter, at: Instant) -> Readers:
    tariff = meter.schedule.at(at).tariff
    books = meter.books(meter.as_of(at))
    readers: dict[int, Reader] = {}

    def tier(number: int, at: Instant) -> Value:
        return meter.raw(meter.books(meter.as_of(at)).tiers[number])

    def block(key: tuple[int, int], at: Instant) -> Value:
        return meter.raw(meter.books(meter.as_of(at)).blocks[key])

    used = {number for number in books.tiers if number != NO_TIER} | set(tariff.tiers)
    for number in used:
        readers[0x0100 + 2 * (number - 1)] = partial(tier, number)
    readers[0x0020] = lambda at: meter.schedule.at(at).tariff.tier_at(at)
    if tariff.has_blocks:
        for number in tariff.tiers or (NO_TIER,):
            for step in tariff.blocks:
                readers[0x0700 + 0x10 * number + step - 1] = partial(
                    block, (number, step)
                )
        readers[0x000C] = lambda at: meter.raw(meter.books(meter.as_of(at)).period_use)
        readers[0x000E] = lambda at: meter.books(meter.as_of(at)).block
        readers[0x001C] = lambda at: _previous_period(meter, at)
        readers[0x0022] = lambda at: meter.books(meter.as_of(at)).block_start
    return readers


def _previous_period(meter: Meter, at: Instant) -> Value:
    use = meter.books(meter.as_of(at)).previous_period_use
    return None if use is None else meter.raw(use)
