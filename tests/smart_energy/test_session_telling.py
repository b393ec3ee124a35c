"""What frames mean: octets of pushes, as they come off the air, become updates."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from custom_components.smets1_cad.cad.models import (
    CadUpdate,
    ConsumptionProfile,
    CustomerNotice,
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    Prepayment,
    SupplierIdentity,
    SupplierMessage,
    Tariff,
    TenancyChange,
    TierBlock,
)
from custom_components.smets1_cad.smart_energy.session.record import HanRecord
from custom_components.smets1_cad.smart_energy.session.telling import Teller
from tests.cad.clocks import SteppedClock

from .session_fakes import frame, parsed, read_response, record

PRICE, METER, MESSAGING, PREPAYMENT = 0x0700, 0x0702, 0x0703, 0x0705
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def le(value: int, octets: int) -> str:
    """Return a number as the air has it."""
    return value.to_bytes(octets, "little").hex()


def seconds(moment: datetime) -> int:
    """Return a time as a meter writes it."""
    return int((moment - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds())


def publish_price(
    *,
    price: int,
    event: int = 1,
    tier: int = 1,
    start: datetime | None = None,
    minutes: int = 0xFFFF,
    label: str = "Day",
    unit: int = 0,
    digits: int = 5,
) -> str:
    """Lay out PublishPrice by hand, up to and with the price, as SE 1.0 hubs send it."""
    return (
        le(0x4D2A, 4)
        + bytes([len(label)]).hex()
        + label.encode().hex()
        + le(event, 4)
        + le(seconds(NOW), 4)
        + le(unit, 1)
        + le(826, 2)
        + le(digits << 4 | tier, 1)
        + le(0x40 | tier, 1)
        + le(0 if start is None else seconds(start), 4)
        + le(minutes, 2)
        + le(price, 4)
    )


def teller(*places: tuple[int, int, Any]) -> Teller:
    """Return a teller of a hub with some servers."""
    return Teller(
        record(*(places or ((1, PRICE, Fuel.ELECTRICITY),))), SteppedClock(wall=NOW)
    )


def tariff(updates: list[CadUpdate]) -> Tariff:
    """Return the tariff among updates."""
    (found,) = [one for one in updates if isinstance(one, Tariff)]
    return found


def test_price_in_force_and_price_to_come() -> None:
    tell = teller()
    tell.tell(parsed(PRICE, 0x00, publish_price(price=26400, minutes=60)))
    later = NOW + timedelta(hours=1)
    told = tariff(
        tell.tell(
            parsed(
                PRICE,
                0x00,
                publish_price(price=9600, event=2, tier=2, start=later, label="Night"),
            )
        )
    )
    assert told.currency == "GBP"
    now, coming = told.rate_at(NOW), told.next_after(NOW)
    assert now is not None
    assert coming is not None
    assert (now.price, now.ends_at, now.label) == (Decimal("0.26400"), later, "Day")
    assert (coming.price, coming.starts_at) == (Decimal("0.09600"), later)
    assert told.active == TierBlock(1)
    assert told.tier_labels == {1: "Day", 2: "Night"}


def test_newer_price_ends_the_older_one() -> None:
    """A price that holds until changed ends where the next one begins."""
    tell = teller()
    tell.tell(parsed(PRICE, 0x00, publish_price(price=26400)))
    later = NOW + timedelta(minutes=30)
    told = tariff(
        tell.tell(parsed(PRICE, 0x00, publish_price(price=30000, event=2, start=later)))
    )
    assert [(rate.price, rate.ends_at) for rate in told.rates] == [
        (Decimal("0.26400"), later),
        (Decimal("0.30000"), None),
    ]
    stale = tariff(
        tell.tell(parsed(PRICE, 0x00, publish_price(price=1, event=1, start=later)))
    )
    assert stale.rates[-1].price == Decimal("0.30000")


def test_rates_that_ended_long_ago_are_dropped() -> None:
    tell = teller()
    old = NOW - timedelta(hours=3)
    told = tell.tell(
        parsed(PRICE, 0x00, publish_price(price=26400, start=old, minutes=60))
    )
    assert tariff(told).rates == ()
    assert tariff(told).prices == {TierBlock(1): Decimal("0.26400")}


def test_cancelled_price_goes() -> None:
    tell = teller()
    tell.tell(parsed(PRICE, 0x00, publish_price(price=26400, event=7)))
    cancel = publish_price(price=26400, event=7).replace(
        le(0, 4) + "ffff", "ffffffffffff"
    )
    assert tariff(tell.tell(parsed(PRICE, 0x00, cancel))).rates == ()


def test_gas_is_charged_by_the_kilowatt_hour_whatever_the_unit_octet() -> None:
    tell = teller((3, PRICE, Fuel.GAS))
    told = tariff(
        tell.tell(
            frame(
                PRICE,
                0,
                parsed(PRICE, 0, publish_price(price=7123, unit=1)).command,
                endpoint=3,
            )
        )
    )
    assert told.fuel is Fuel.GAS
    assert told.rates[0].unit == "kWh"


def test_attributes_fill_the_tariff() -> None:
    """Standing charge 22465 with 5 digits is 0.22465 a day (GBCS test frames)."""
    tell = teller()
    told = tariff(
        tell.tell(
            read_response(
                PRICE,
                {
                    0x0301: 22465,
                    0x0610: b"Economy 7",
                    0x0616: 826,
                    0x0617: 0x50,
                    0x0410: 30000,
                    0x0420: 12000,
                },
            )
        )
    )
    assert told.standing_charge_per_day == Decimal("0.22465")
    assert (told.label, told.currency) == ("Economy 7", "GBP")
    assert set(told.prices.values()) == {Decimal("0.30000"), Decimal("0.12000")}


def test_thresholds_are_scaled() -> None:
    tell = teller()
    tell.tell(parsed(PRICE, 0x00, publish_price(price=26400)))
    told = tariff(
        tell.tell(
            read_response(
                PRICE, {0x0100: 100000, 0x0101: 250000, 0x0202: 1, 0x0203: 1000}
            )
        )
    )
    assert told.block_thresholds == {0: (Decimal(100), Decimal(250))}


def test_tariff_information_and_matrix_arrive_as_pushes() -> None:
    tell = teller()
    information = (
        le(1, 4)
        + le(9, 4)
        + le(5, 4)
        + le(0, 4)
        + "00"
        + "03"
        + b"Two".hex()
        + "02"
        + "00"
        + "00"
        + le(826, 2)
        + "50"
        + le(22465, 4)
        + "00"
        + le(1, 3)
        + le(1000, 3)
    )
    assert tell.tell(parsed(PRICE, 0x04, information)) == []
    matrix = (
        le(1, 4)
        + le(9, 4)
        + le(0, 4)
        + le(5, 4)
        + "00"
        + "01"
        + "01"
        + "01"
        + le(9600, 4)
        + "02"
        + le(26400, 4)
    )
    told = tariff(tell.tell(parsed(PRICE, 0x05, matrix)))
    assert told.label == "Two"
    assert told.standing_charge_per_day == Decimal("0.22465")
    assert told.prices == {
        TierBlock(1): Decimal("0.09600"),
        TierBlock(2): Decimal("0.26400"),
    }


def test_gas_is_converted_with_what_the_network_says() -> None:
    tell = teller((3, PRICE, Fuel.GAS), (3, METER, Fuel.GAS))
    place = tell.record.endpoints[3].clusters[METER]
    place.static = {0x0300: 1, 0x0301: 1, 0x0302: 1000, 0x0306: 0x80}
    factor = parsed(PRICE, 0x02, le(1, 4) + le(0, 4) + le(102264, 4) + "50").command
    value = parsed(PRICE, 0x03, le(1, 4) + le(0, 4) + le(400, 4) + "01" + "10").command
    tell.tell(frame(PRICE, 0x02, factor, endpoint=3))
    tell.tell(frame(PRICE, 0x03, value, endpoint=3))
    (reading,) = tell.tell(read_response(METER, {0x0000: 1000}, endpoint=3))
    assert isinstance(reading, GasReading)
    assert reading.total is not None
    assert reading.total.volume_m3 == 1
    assert reading.total.energy_kwh == pytest.approx(
        Decimal("11.3627"), abs=Decimal("0.001")
    )
    assert reading.conversion is not None
    assert reading.conversion.provenance == "measured"
    other = teller((3, PRICE, Fuel.GAS))
    other.tell(
        read_response(
            PRICE,
            {0x0302: 102264, 0x0303: 0x50, 0x0304: 395, 0x0305: 1, 0x0306: 0x10},
            endpoint=3,
        )
    )
    assert other._books[Fuel.GAS].conversion.calorific_value == Decimal("39.5")


def test_block_in_force_reaches_the_tariff() -> None:
    tell = teller((1, PRICE, Fuel.ELECTRICITY), (1, METER, Fuel.ELECTRICITY))
    tell.tell(read_response(METER, {0x000E: 2}))
    told = tariff(tell.tell(parsed(PRICE, 0x00, publish_price(price=26400, tier=0))))
    assert told.active == TierBlock(0, 2)


def test_reading_holds_only_what_was_read() -> None:
    tell = teller((2, METER, Fuel.ELECTRICITY))
    tell.record.endpoints[2].clusters[METER].static = {0x0301: 1, 0x0302: 1000}
    (reading,) = tell.tell(
        read_response(METER, {0x0000: 5072076, 0x0302: 1}, endpoint=2)
    )
    assert isinstance(reading, ElectricityReading)
    assert reading.import_kwh == Decimal("5072.076")
    assert reading.export_kwh is None
    assert tell.tell(read_response(METER, {0x0302: 1000}, endpoint=2)) == []
    assert tell.tell(read_response(METER, {0x0000: 1}, endpoint=7)) == []


def test_water_is_not_told() -> None:
    tell = teller((2, METER, None))
    assert tell.tell(read_response(METER, {0x0000: 1}, endpoint=2)) == []


def test_message_and_its_end() -> None:
    tell = teller((1, MESSAGING, None))
    text = "Gas off on Monday"
    shown = (
        le(9, 4)
        + "88"
        + le(0, 4)
        + le(60, 2)
        + bytes([len(text)]).hex()
        + text.encode().hex()
    )
    (message,) = tell.tell(parsed(MESSAGING, 0x00, shown))
    assert isinstance(message, SupplierMessage)
    assert (message.text, message.importance, message.confirmation_required) == (
        text,
        "high",
        True,
    )
    (cancelled,) = tell.tell(parsed(MESSAGING, 0x01, le(9, 4) + "88"))
    assert isinstance(cancelled, SupplierMessage)
    assert cancelled.cancelled


def test_prepayment_is_told() -> None:
    tell = teller((1, PREPAYMENT, Fuel.ELECTRICITY))
    (told,) = tell.tell(read_response(PREPAYMENT, {0x0000: 0x0497, 0x0001: 2500000}))
    assert isinstance(told, Prepayment)
    assert (told.mode, told.credit) == ("prepayment", Decimal(25))


def profile(tell: Teller, command: int, payload: str) -> list[CadUpdate]:
    """Tell a profile of the meter at endpoint 2."""
    return tell.tell(
        frame(METER, command, parsed(METER, command, payload).command, endpoint=2)
    )


def test_profiles_are_told_oldest_first_and_refusals_not_at_all() -> None:
    tell = teller((2, METER, Fuel.ELECTRICITY))
    tell.record.endpoints[2].clusters[METER].static = {0x0301: 1, 0x0302: 1000}
    end = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    (told,) = profile(
        tell, 0x00, le(seconds(end), 4) + "00" + "02" + "02" + le(200, 3) + le(100, 3)
    )
    assert isinstance(told, ConsumptionProfile)
    assert [one.amount for one in told.intervals] == [Decimal("0.1"), Decimal("0.2")]
    assert told.intervals[-1].end == end
    assert profile(tell, 0x00, le(0, 4) + "01" + "02" + "00") == []
    samples = (
        le(0, 2) + le(seconds(end), 4) + "00" + le(1800, 2) + le(1, 2) + le(100, 3)
    )
    (sampled,) = profile(tell, 0x07, samples)
    assert isinstance(sampled, ConsumptionProfile)
    assert sampled.intervals[0].start == end
    assert profile(tell, 0x07, samples[:12] + "09" + samples[14:]) == []
    assert profile(tell, 0x03, "05" + le(0, 4)) == []


def test_identities_come_of_what_was_read_once() -> None:
    made = record(
        (1, 0x0708, Fuel.ELECTRICITY), (2, METER, Fuel.ELECTRICITY), (2, 0x0000, Fuel.ELECTRICITY),
        (3, METER, Fuel.GAS), (4, METER, None), (5, 0x0708, None),
    )  # fmt: skip
    made.endpoints[1].clusters[0x0708].static = {
        0x0100: 19754,
        0x0101: "0x4f56 4f".replace(" ", ""),
    }
    made.endpoints[2].clusters[METER].static = {
        0x0307: "0x" + b"2000024512368".hex(),
        0x0306: 0,
    }
    made.endpoints[2].clusters[0x0000].static = {
        0x0004: "0x" + b"Secure".hex(),
        0x0003: 2,
    }
    made.endpoints[3].clusters[METER].static = {0x0306: 0x80}
    electricity, gas, supplier = Teller(made, SteppedClock()).identities()
    assert isinstance(electricity, MeterIdentity)
    assert isinstance(gas, MeterIdentity)
    assert isinstance(supplier, SupplierIdentity)
    assert (electricity.site_id, electricity.manufacturer, electricity.hardware_version) == (
        "2000024512368", "Secure", "2",
    )  # fmt: skip
    assert (electricity.mirrored, gas.mirrored) == (False, True)
    assert gas.site_id is None
    assert (supplier.provider_id, supplier.name) == (19754, "OVO")
    assert "2000024512368" not in repr(electricity)


def test_an_old_device_is_told_by_its_application_version() -> None:
    made = record((2, METER, Fuel.GAS), (2, 0x0000, Fuel.GAS))
    static = made.endpoints[2].clusters[0x0000].static
    static[0x0001] = 7
    (meter,) = Teller(made, SteppedClock()).identities()
    assert isinstance(meter, MeterIdentity)
    assert meter.firmware_version == "7"
    static[0x4000] = "0x" + b"2.0.7".hex()
    (meter,) = Teller(made, SteppedClock()).identities()
    assert isinstance(meter, MeterIdentity)
    assert meter.firmware_version == "2.0.7"


@pytest.mark.parametrize(
    ("command_id", "text", "is_told"),
    [
        (0x03, b"2000024512368", False),
        (0x03, b"1012345678908", True),
        (0x03, b"", False),
        (0x06, b"4711", True),
    ],
)
def test_r20_another_supply_or_customer_number_is_told_without_it(
    command_id: int, text: bytes, is_told: bool
) -> None:
    """UpdateSiteID and UpdateCIN: issuer event, time and provider, then the number."""
    made = record((1, 0x0708, None), (2, METER, Fuel.ELECTRICITY))
    made.endpoints[2].clusters[METER].static[0x0307] = "0x" + b"2000024512368".hex()
    made.identified[2, METER] = 0.0
    payload = "78563412" + "00000030" + "01000000" + bytes([len(text), *text]).hex()
    told = Teller(made, SteppedClock()).tell(parsed(0x0708, command_id, payload))
    expected = [CustomerNotice(fuel=Fuel.ELECTRICITY, number=0x12345678)]
    assert told == (expected if is_told else [])
    assert bool(made.doubted) is (is_told and command_id == 0x03)


def test_what_says_nothing_to_people_is_not_told() -> None:
    tell = teller()
    assert tell.tell(frame(PRICE, 0x01, None)) == []
    assert tell.tell(frame(PRICE, 0x0B, None, general=True)) == []
    assert tell.tell(read_response(0x0025, {0: 10})) == []
    empty = Teller(HanRecord(), SteppedClock())
    assert empty.tell(frame(PRICE, 0x00, None)) == []
    assert empty.identities() == []


def change_of_tenancy(raw: int) -> str:
    """Lay out Publish Change of Tenancy by hand: provider, event, tariff type, time, control."""
    return le(826, 4) + le(1, 4) + le(0, 1) + le(raw, 4) + le(0, 4)


def change_of_supplier(raw: int) -> str:
    """Lay out Publish Change of Supplier by hand, with a name and no contact details."""
    return (
        le(826, 4) + le(1, 4) + le(0, 1) + le(827, 4) + le(raw, 4) + le(0, 4)
        + "02" + b"Ox".hex() + "00"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command_id", "layout"), [(0x00, change_of_tenancy), (0x01, change_of_supplier)]
)
@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (0xFFFFFFFF, [{"effective_at": None, "cancelled": True}]),
        (0xFFFFFFFE, []),
        (0, [{"effective_at": None}]),
        (seconds(NOW) + 86400, [{"effective_at": NOW + timedelta(days=1)}]),
    ],
)
def test_change_that_is_cancelled_is_told_and_now_is_no_date(
    command_id: int, layout: Any, raw: int, told: list[dict[str, Any]]
) -> None:
    tell = teller((1, 0x0708, Fuel.GAS))
    assert tell.tell(parsed(0x0708, command_id, layout(raw))) == [
        TenancyChange(fuel=Fuel.GAS, of_supplier=command_id == 1, number=1, **each)
        for each in told
    ]
