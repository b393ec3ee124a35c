"""A meter's log of half hours: GetProfileResponse and GetSampledDataResponse.

The two tell the same in opposite order: a profile's intervals come newest first
(SE 1.4 figure D-12), samples oldest first. Both become intervals oldest first.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Final

from ...cad.models import ConsumptionProfile, Direction, EnergyUnit, Interval
from ..errors import ProfileRefusedError
from .metering import MeterScaling
from .sentinels import unsigned
from .time import utc_from_raw
from .units import EXACT

_SECONDS: Final = {
    0: 86400,
    1: 3600,
    2: 1800,
    3: 900,
    4: 600,
    5: 450,
    6: 300,
    7: 150,
    8: 60,
}
_DAILY_SAMPLES: Final = 0xFFFF
"""Sample interval of the daily log in Great Britain (GBCS); 18 h 12 min 15 s otherwise."""
# Slips of a factor of two are known; more than this apart is no such slip.
_TOLERANCE: Final = Decimal("0.02")


class ProfileStatus(IntEnum):
    """Status of GetProfileResponse (SE D.3.3.1.1)."""

    SUCCESS = 0
    UNDEFINED_CHANNEL = 1
    CHANNEL_NOT_SUPPORTED = 2
    INVALID_END_TIME = 3
    MORE_PERIODS_THAN_CAN_BE_RETURNED = 4
    NO_INTERVALS_AVAILABLE = 5


_REFUSALS: Final = {
    ProfileStatus.UNDEFINED_CHANNEL: "undefined_channel",
    ProfileStatus.CHANNEL_NOT_SUPPORTED: "channel_not_supported",
    ProfileStatus.INVALID_END_TIME: "invalid_end_time",
}


class Channel(IntEnum):
    """Interval channel of GetProfile, and type of samples, that count energy or volume."""

    DELIVERED = 0
    RECEIVED = 1

    @property
    def direction(self) -> Direction:
        """Import or export."""
        return Direction.IMPORT if self is Channel.DELIVERED else Direction.EXPORT


def interval_period(raw: int) -> timedelta | None:
    """Give ProfileIntervalPeriod (0x000F, GetProfileResponse); None where it is reserved.

    0 daily, then 60, 30, 15, 10, 7.5, 5, 2.5 and (SE 1.4) 1 minute.
    """
    seconds = _SECONDS.get(raw)
    return None if seconds is None else timedelta(seconds=seconds)


def profile_from_response(
    scaling: MeterScaling,
    channel: Channel,
    *,
    end_time: int,
    status: int,
    period: int,
    intervals: Sequence[int],
    factor: Decimal = Decimal(1),
) -> ConsumptionProfile:
    """Give GetProfileResponse its meaning.

    Args:
        scaling: of the server that answered; must measure electricity or gas.
        channel: what was asked for.
        end_time: UTCTime at which the newest interval ends.
        status: of the response.
        period: ProfileIntervalPeriod.
        intervals: uint24 values, newest first; 0xFFFFFF is missing.
        factor: what a quirk multiplies each amount with.

    Returns:
        The intervals, oldest first, in kWh or m³; none where the meter has none.

    Raises:
        ProfileRefusedError: the meter does not serve the channel or the time, or
            answers with a period or an end that cannot be.
    """
    state = ProfileStatus(status) if status in ProfileStatus else None
    if state is None or state in _REFUSALS:
        raise ProfileRefusedError("refused" if state is None else _REFUSALS[state])
    if state is ProfileStatus.NO_INTERVALS_AVAILABLE:
        intervals = ()
    end, length = utc_from_raw(end_time), interval_period(period)
    if not intervals:
        return _profile(scaling, channel, ())
    if end is None or length is None:
        raise ProfileRefusedError("malformed")
    return _profile(
        scaling,
        channel,
        _amounts(
            scaling, intervals[::-1], end - len(intervals) * length, length, factor
        ),
        more=state is ProfileStatus.MORE_PERIODS_THAN_CAN_BE_RETURNED,
    )


def profile_from_samples(
    scaling: MeterScaling,
    channel: Channel,
    *,
    start_time: int,
    interval: int,
    samples: Sequence[int],
    factor: Decimal = Decimal(1),
) -> ConsumptionProfile:
    """Give GetSampledDataResponse its meaning.

    Args:
        scaling: of the server that answered; must measure electricity or gas.
        channel: the sample type, if it is one of the two that count.
        start_time: UTCTime at which the first sample begins.
        interval: seconds of a sample; 0xFFFF is a day.
        samples: uint24 values, oldest first; 0xFFFFFF is missing.
        factor: what a quirk multiplies each amount with.

    Raises:
        ProfileRefusedError: samples without a start or an interval.
    """
    start = utc_from_raw(start_time)
    if not samples:
        return _profile(scaling, channel, ())
    if start is None or interval == 0:
        raise ProfileRefusedError("malformed")
    length = (
        timedelta(days=1) if interval == _DAILY_SAMPLES else timedelta(seconds=interval)
    )
    return _profile(scaling, channel, _amounts(scaling, samples, start, length, factor))


def _amounts(
    scaling: MeterScaling,
    oldest_first: Sequence[int],
    start: datetime,
    length: timedelta,
    factor: Decimal,
) -> Iterator[Interval]:
    energy = scaling.profile_unit is EnergyUnit.KILOWATT_HOUR
    for number, raw in enumerate(oldest_first):
        valid = unsigned(raw, 24)
        amount = scaling.energy_kwh(valid) if energy else scaling.volume_m3(valid)
        begin = start + number * length
        yield Interval(
            begin,
            begin + length,
            None if amount is None else EXACT.multiply(amount, factor),
        )


def _profile(
    scaling: MeterScaling,
    channel: Channel,
    intervals: Iterable[Interval],
    *,
    more: bool = False,
) -> ConsumptionProfile:
    fuel, unit = scaling.kind.fuel, scaling.profile_unit
    if fuel is None or unit is None:
        raise ProfileRefusedError("no_consumption")
    return ConsumptionProfile(
        fuel=fuel,
        direction=channel.direction,
        unit=unit,
        intervals=tuple(intervals),
        more_available=more,
    )


def suspected_factor(profile: ConsumptionProfile, advance: Decimal) -> Decimal | None:
    """Compare a profile with the register's advance over the same time.

    Some SMETS1 meters log kW per half hour instead of kWh: their half hours are
    doubled, or halved after migration.

    Args:
        profile: without missing intervals.
        advance: what the register gained over just that time, same unit.

    Returns:
        What to multiply the amounts with: 1 where they agree (within 2 %), 2 or
        0.5 where they are off by that; None where nothing can be told or they
        are off otherwise, and then they should not be used.
    """
    amounts = [interval.amount for interval in profile.intervals]
    total = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if not amounts or None in amounts or total <= 0 or advance <= 0:
        return None
    ratio = advance / total
    for factor in (Decimal(1), Decimal(2), Decimal("0.5")):
        if abs(ratio / factor - 1) <= _TOLERANCE:
            return factor
    return None
