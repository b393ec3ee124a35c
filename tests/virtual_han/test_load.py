"""The load model, and registers that add it up."""

from datetime import UTC, datetime

from virtual_han.clock import instant, local_midnight
from virtual_han.meters.load import LoadModel, noise
from virtual_han.meters.register import Register

from .home import START


def test_noise_is_the_same_everywhere() -> None:
    """The splitmix64 step, worked out by hand for one key of a zero seed."""
    mask = (1 << 64) - 1
    z = 7 * 0x9E3779B97F4A7C15 & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    assert noise(0, 7) == (z ^ z >> 31) / 2**64


def test_the_load_is_plausible() -> None:
    """A year of a British home: 2.5 to 5 MWh, 900 to 2000 m³; more in winter; sun in summer."""
    load = LoadModel(seed=5, solar_watts=0)
    sunny = LoadModel(seed=5, solar_watts=4_000)
    first = instant(datetime(2026, 1, 1, tzinfo=UTC)) // 1800
    year = range(first, first + 365 * 48)
    assert 2_500_000 < sum(load.net_electricity(k) for k in year) < 5_000_000
    assert 900_000 < sum(load.gas(k) for k in year) < 2_000_000
    january, july = (
        range(first, first + 31 * 48),
        range(first + 181 * 48, first + 212 * 48),
    )
    assert sum(load.gas(k) for k in january) > 4 * sum(load.gas(k) for k in july)
    exported = {
        month: -sum(min(0, sunny.net_electricity(k)) for k in month)
        for month in (january, july)
    }
    assert exported[july] > 5 * exported[january]
    assert all(load.net_electricity(k) > 0 for k in january)
    assert load.temperature(first) < load.temperature(first + 190 * 48)


def test_a_scaled_load() -> None:
    plain, fast = LoadModel(seed=5), LoadModel(seed=5, scale=60)
    assert abs(fast.gas(500_000) - 60 * plain.gas(500_000)) <= 31
    assert (
        abs(fast.net_electricity(500_000) - 60 * plain.net_electricity(500_000)) <= 31
    )


def _register(reading: int = 1_000_000) -> tuple[Register, int]:
    origin = instant(START)
    return Register(
        lambda k: 300 + k % 7 * 100, seed=9, origin=origin, reading=reading
    ), origin


def test_a_register_is_known_at_its_origin_and_adds_up() -> None:
    register, origin = _register()
    assert register.reading(origin) == 1_000_000
    midnight = local_midnight(origin, 1)
    halves = [
        register.energy(k) for k in range(midnight // 1800, midnight // 1800 + 48)
    ]
    assert register.reading(midnight + 86_400) - register.reading(midnight) == sum(
        halves
    )
    assert halves == [
        300 + k % 7 * 100 for k in range(midnight // 1800, midnight // 1800 + 48)
    ]
    back = local_midnight(origin, -2)
    assert (
        register.reading(back + 1800) - register.reading(back)
        == 300 + back // 1800 % 7 * 100
    )


def test_a_register_never_falls_and_power_is_its_slope() -> None:
    register, origin = _register()
    readings = [register.reading(origin + second) for second in range(4000)]
    assert readings == sorted(readings)
    start = origin - origin % 1800
    energy = sum(register.power(start + second) for second in range(1800)) / 3600
    assert abs(energy - register.energy(start // 1800)) < 1


def test_no_supply_no_flow() -> None:
    register, origin = _register()
    before = register.reading(origin + 7200)
    register.cut(origin + 1000)
    held = register.reading(origin + 1000)
    assert held < before
    assert register.reading(origin + 7200) == held
    assert register.power(origin + 2000) == 0
    assert register.power(origin) > 0
    register.restore(origin + 5000)
    assert register.reading(origin + 5000) == held
    assert register.reading(origin + 6000) > held
    assert register.power(origin + 6000) > 0
    half_hour = (origin + 2 * 1800) // 1800
    assert register.energy(half_hour) == register.reading(
        (half_hour + 1) * 1800
    ) - register.reading(half_hour * 1800)
