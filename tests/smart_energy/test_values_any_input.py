"""Whatever a meter sends: a value, None or a typed error; never another exception."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, strategies as st

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.smart_energy.errors import ProfileRefusedError
from custom_components.smets1_cad.smart_energy.quirks import QUIRKS
from custom_components.smets1_cad.smart_energy.values.calorific import GasFactors
from custom_components.smets1_cad.smart_energy.values.message import display_message
from custom_components.smets1_cad.smart_energy.values.metering import (
    STATIC,
    MeterScaling,
    meter_reading,
)
from custom_components.smets1_cad.smart_energy.values.period import Period
from custom_components.smets1_cad.smart_energy.values.prepayment import prepayment
from custom_components.smets1_cad.smart_energy.values.price import published_price
from custom_components.smets1_cad.smart_energy.values.profile import (
    Channel,
    profile_from_response,
    profile_from_samples,
)
from custom_components.smets1_cad.smart_energy.values.registers import REGISTERS
from custom_components.smets1_cad.smart_energy.values.tariff import (
    labels_from_attributes,
    price_matrix,
    prices_from_attributes,
    thresholds_from_attributes,
)
from custom_components.smets1_cad.smart_energy.values.units import Formatting, Scale

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
U8, U16, U24, U32, U48 = (
    st.integers(0, (1 << bits) - 1) for bits in (8, 16, 24, 32, 48)
)
RAW = (
    st.none()
    | U48
    | st.integers(-(1 << 31), -1)
    | st.binary(max_size=8)
    | st.text(max_size=4)
)
METERING = st.dictionaries(
    st.sampled_from(
        [*REGISTERS, *map(int, STATIC), 0x07, 0x0E, 0x14, 0x20, 0x200, 0x400]
    ),
    RAW,
)
PRICE = {
    "provider_id": U32, "rate_label": st.binary(max_size=12), "issuer_event_id": U32,
    "current_time": U32, "unit_of_measure": U8, "currency": U16,
    "price_trailing_digit_and_price_tier": U8, "number_of_price_tiers_and_register_tier": U8,
    "start_time": U32, "duration_in_minutes": U16, "price": U32,
}  # fmt: skip
FURTHER = {
    "price_ratio": U8, "generation_price": U32, "generation_price_ratio": U8,
    "alternate_cost_delivered": U32, "alternate_cost_unit": U8,
    "alternate_cost_trailing_digit": U8, "number_of_block_thresholds": U8, "price_control": U8,
    "number_of_generation_tiers": U8, "generation_tier": U8,
    "extended_number_of_price_tiers": U8, "extended_price_tier": U8, "extended_register_tier": U8,
}  # fmt: skip


@given(METERING)
def test_readings(attributes: dict[int, object]) -> None:
    fixed = QUIRKS.match("m", "m", attributes).attributes(0x0702, attributes)
    scaling = MeterScaling.from_attributes(fixed)
    reading = meter_reading(
        scaling, fixed, received_at=NOW, conversion=GasFactors().conversion()
    )
    assert (reading is None) is (scaling.kind.fuel is None)


@given(st.fixed_dictionaries(PRICE, optional=FURTHER))
def test_prices(fields: dict[str, object]) -> None:
    price = published_price(fields, now=NOW)
    assert 0 <= price.tier <= 48
    assert 0 <= price.tier_count <= 48
    assert price.ends_at is None or price.starts_at is not None


@given(METERING, U32, U8, U8, st.lists(U24, max_size=255))
def test_profiles(
    static: dict[int, object], end: int, status: int, period: int, intervals: list[int]
) -> None:
    try:
        profile = profile_from_response(
            MeterScaling.from_attributes(static),
            Channel.DELIVERED,
            end_time=end,
            status=status,
            period=period,
            intervals=intervals,
        )
    except ProfileRefusedError:
        return
    starts = [interval.start for interval in profile.intervals]
    assert starts == sorted(starts)


@given(U32, U16, st.lists(U24, max_size=300))
def test_samples(start: int, interval: int, samples: list[int]) -> None:
    try:
        profile = profile_from_samples(
            MeterScaling(),
            Channel.DELIVERED,
            start_time=start,
            interval=interval,
            samples=samples,
        )
    except ProfileRefusedError:
        return
    assert len(profile.intervals) == len(samples)


@given(st.dictionaries(U16, RAW), st.lists(st.tuples(U8, U32)), st.booleans(), U24, U24)
def test_tariffs(
    attributes: dict[int, object],
    entries: list[tuple[int, int]],
    tou: bool,
    multiplier: int,
    divisor: int,
) -> None:
    prices_from_attributes(attributes, 15)
    labels_from_attributes(attributes)
    thresholds_from_attributes(attributes, Scale.from_raw(multiplier, divisor))
    assert len(price_matrix(entries, tou=tou, digits=15)) <= len(entries)


@given(U24, st.none() | U8, U32)
def test_periods(duration: int, kind: int | None, start: int) -> None:
    begin = datetime.fromtimestamp(946684800 + start, UTC)
    for period in (Period.from_raw(duration, kind), Period.from_packed(duration)):
        end = None if period is None else period.end(begin)
        assert end is None or end >= begin


@given(st.dictionaries(st.integers(0, 0x0240), RAW))
def test_prepayment(attributes: dict[int, object]) -> None:
    assert prepayment(attributes, fuel=Fuel.GAS, received_at=NOW).fuel is Fuel.GAS


@given(U8, U32, U16, st.binary(max_size=80), st.none() | U8)
def test_messages(
    control: int, start: int, minutes: int, text: bytes, extended: int | None
) -> None:
    message = display_message(
        message_id=1,
        control=control,
        start_time=start,
        duration=minutes,
        text=text,
        extended_control=extended,
        now=NOW,
    )
    assert (message.starts_at is None) is (start >= 0xFFFFFFFE)


@given(st.none() | U32, st.none() | U8, st.none() | U8)
def test_gas_factors(raw: int | None, unit: int | None, trailing: int | None) -> None:
    factors = GasFactors().with_conversion_factor(raw, trailing)
    factors = factors.with_calorific_value(raw, unit, trailing)
    assert 1 < factors.conversion().kwh_per_m3 < 60


@given(U8, U48, U24, U24)
def test_displays(octet: int, raw: int, multiplier: int, divisor: int) -> None:
    value = Scale.from_raw(multiplier, divisor).apply(raw)
    shown = Decimal(Formatting.from_raw(octet).display(value))
    assert 0 <= value - shown < 1
