"""How much a home uses: a deterministic model of load, sun and weather.

Every half hour's energy follows from the seed and the half hour alone, so a
register can be asked for at any moment, past or coming, and two runs with the
same seed agree to the watt hour.
"""

from dataclasses import dataclass
from functools import lru_cache
import math
from typing import Final

from ..clock import HALF_HOUR, LONDON, utc

SLOT: Final = 10
"""Seconds for which the power stays level."""

_SLOTS: Final = HALF_HOUR // SLOT
_MASK: Final = (1 << 64) - 1
_DAY: Final = 48
_YEAR_DAYS: Final = 365.25

# Watts by hour of the local day: a home at night, at breakfast, out, at supper.
_ELECTRIC_DAY: Final = (
    150, 140, 130, 130, 140, 180, 420, 680, 560, 380, 330, 340,
    420, 390, 340, 360, 520, 860, 980, 850, 720, 600, 420, 240,
)  # fmt: skip
# Share of full heating by hour of the local day.
_HEATING_DAY: Final = (
    0.0, 0.0, 0.0, 0.0, 0.05, 0.5, 1.0, 1.0, 0.8, 0.3, 0.2, 0.2,
    0.2, 0.2, 0.2, 0.3, 0.6, 1.0, 1.0, 1.0, 0.8, 0.5, 0.1, 0.0,
)  # fmt: skip


def noise(seed: int, *keys: int) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments.

    A splitmix64 step per key: the same on every machine and Python.
    """
    state = seed & _MASK
    for key in keys:
        state = (state ^ (key & _MASK)) * 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state / (_MASK + 1)


@dataclass(frozen=True, slots=True)
class LoadModel:
    """A home's use of energy, half hour by half hour.

    Attributes:
        seed: which home and which weather.
        solar_watts: peak of the panels on the roof; 0 for none.
        scale: multiplies use and generation, for a demonstration in a hurry.
    """

    seed: int = 1
    solar_watts: int = 0
    scale: float = 1.0

    def temperature(self, half_hour: int) -> float:
        """Return the outside temperature in °C."""
        return _temperature(self.seed, half_hour)

    def net_electricity(self, half_hour: int) -> int:
        """Return Wh in a half hour: positive is imported, negative exported."""
        return _net_electricity(self, half_hour)

    def solar(self, half_hour: int) -> float:
        """Return Wh that the panels give in a half hour."""
        if not self.solar_watts:
            return 0.0
        moment = utc(half_hour * HALF_HOUR)
        season = -math.cos(2 * math.pi * (moment.timetuple().tm_yday + 10) / _YEAR_DAYS)
        length = 12 + 4.5 * season
        position = (moment.hour + moment.minute / 60 - 12 + length / 2) / length
        if not 0 < position < 1:
            return 0.0
        clouds = 0.25 + 0.75 * noise(self.seed, 2, half_hour // _DAY)
        return (
            self.solar_watts
            / 2
            * math.sin(math.pi * position)
            * (0.65 + 0.35 * season)
            * clouds
        )

    def gas(self, half_hour: int) -> int:
        """Return litres (thousandths of a m³) burnt in a half hour."""
        local = utc(half_hour * HALF_HOUR).astimezone(LONDON)
        cold = max(0.0, 15.5 - self.temperature(half_hour))
        heating = cold * 0.6 * _HEATING_DAY[local.hour]
        cooking = 0.9 if local.hour in {7, 18} else 0.05
        spread = 0.6 + 0.8 * noise(self.seed, 3, half_hour)
        kilowatts = (heating + cooking * noise(self.seed, 4, half_hour)) * spread
        return round(kilowatts / 2 / 11.2 * 1000 * self.scale)


@lru_cache(maxsize=2048)
def _net_electricity(load: LoadModel, half_hour: int) -> int:
    local = utc(half_hour * HALF_HOUR).astimezone(LONDON)
    winter = 1 - 0.15 * math.cos(
        2 * math.pi * (local.timetuple().tm_yday - 196) / _YEAR_DAYS
    )
    weekend = 1.2 if local.weekday() >= 5 and 9 <= local.hour < 17 else 1.0
    spread = 0.5 + noise(load.seed, 1, half_hour)
    used = _ELECTRIC_DAY[local.hour] / 2 * winter * weekend * spread
    return round((used - load.solar(half_hour)) * load.scale)


@lru_cache(maxsize=256)
def _temperature(seed: int, half_hour: int) -> float:
    day, part = divmod(half_hour, _DAY)
    season = -math.cos(2 * math.pi * (day % _YEAR_DAYS - 20) / _YEAR_DAYS)
    # Weather lasts: a day's departure runs over into the next.
    swing = [8 * noise(seed, 5, day + step) - 4 for step in (0, 1)]
    departure = swing[0] + (swing[1] - swing[0]) * part / _DAY
    daily = -3 * math.cos(2 * math.pi * (part - 6) / _DAY)
    return 10.5 + 6.5 * season + departure + daily


@lru_cache(maxsize=64)
def slot_weights(seed: int, half_hour: int) -> tuple[int, ...]:
    """Return the running sum of each 10 s slot's share of a half hour, 181 numbers from 0.

    The last is the whole; slots differ by up to a factor of three.
    """
    sums = [0]
    for slot in range(_SLOTS):
        sums.append(sums[-1] + 50 + int(101 * noise(seed, 6, half_hour, slot)))
    return tuple(sums)
