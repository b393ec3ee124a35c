"""A meter: its registers, what it is called, and the state of its supply."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import partial
from typing import Final

from ..aps import Fuel
from ..clock import HALF_HOUR, LONDON, Instant, local_midnight, local_month
from ..tariffs import TariffSchedule
from .ledger import Books, Ledger
from .load import LoadModel
from .register import Register

LOG_MONTHS: Final = 13
"""How long a SMETS1 meter keeps its half hours."""


class Supply(IntEnum):
    """The supply status, as the Metering cluster numbers it."""

    OFF = 0
    ARMED = 1
    ON = 2


class Alarm(IntFlag):
    """Bits of the status attribute that both fuels share, and the gas meter's own."""

    CHECK_METER = 0x01
    LOW_BATTERY = 0x02
    TAMPER = 0x04
    POWER_FAILURE = 0x08
    POWER_QUALITY = 0x10
    LOW_PRESSURE = 0x10
    LEAK = 0x20
    SERVICE_DISCONNECT = 0x40
    REVERSE_FLOW = 0x80


@dataclass(frozen=True, slots=True)
class Identity:
    """What a meter is called.

    Attributes:
        site_id: MPAN or MPRN.
        serial: the meter's serial number.
    """

    site_id: str
    serial: str


@dataclass(slots=True)
class Firmware:
    """What a device says of itself in the Basic cluster; an upgrade changes it."""

    manufacturer: str
    model: str
    version: str
    application: int = 1


@dataclass(frozen=True, slots=True)
class GasQuality:
    """How m³ become kWh.

    Attributes:
        calorific_value: tenths of a MJ per m³; meters keep one decimal.
        conversion_factor: hundred-thousandths.
        since: from when on.
        issuer_event_id: the issuer's stamp.
    """

    calorific_value: int = 393
    conversion_factor: int = 102_264
    since: Instant = 0
    issuer_event_id: int = 1

    @property
    def kwh_per_cubic_metre(self) -> float:
        """KWh in one m³ as read: volume x conversion factor x calorific value / 3.6."""
        return self.conversion_factor / 100_000 * self.calorific_value / 10 / 3.6


class Meter:
    """One meter of one fuel, with an import register and maybe an export register.

    Registers are in thousandths: watt hours, or litres of gas.
    """

    def __init__(
        self,
        fuel: Fuel,
        identity: Identity,
        firmware: Firmware,
        schedule: TariffSchedule,
        load: LoadModel,
        *,
        start: Instant,
        reading: int,
        received: int = 0,
        divisor: int = 1000,
        log_start: Instant | None = None,
        gas_quality: GasQuality | None = None,
    ) -> None:
        """Install a meter.

        Args:
            fuel: electricity or gas.
            identity: what it is called.
            firmware: what runs on it.
            schedule: its tariffs.
            load: the home that it measures.
            start: an instant at which its readings are known, usually now.
            reading: the import register at that instant, in thousandths.
            received: the export register at that instant, in thousandths.
            divisor: the Divisor attribute: 1000, or 100 or 10 for a coarser meter.
            log_start: where its half hours begin; 13 months back by default.
            gas_quality: how m³ become kWh, for gas.
        """
        self.fuel = fuel
        self.identity = identity
        self.firmware = firmware
        self.schedule = schedule
        self.load = load
        self.divisor = divisor
        self.installed = start
        self.log_start = (
            local_month(start, -LOG_MONTHS) if log_start is None else log_start
        )
        self.gas_quality = gas_quality or GasQuality()
        self.supply = Supply.ON
        self.alarms = Alarm(0)
        self.missing: set[int] = set()
        """Half hours (by index) that the log has lost."""
        self.filled_from = start
        """From when on a mirror holds readings; for a meter that is its own server, always."""
        make = partial(Register, seed=load.seed, origin=start)
        if fuel is Fuel.GAS:
            self.delivered = make(load.gas, reading=reading)
            self.received: Register | None = None
        else:
            self.delivered = make(
                lambda k: max(0, load.net_electricity(k)), reading=reading
            )
            self.received = make(
                lambda k: max(0, -load.net_electricity(k)), reading=received
            )
        self.ledger = Ledger(
            self.delivered,
            schedule,
            start,
            kwh_per_unit=self._kwh_per_unit,
        )

    def _kwh_per_unit(self) -> float:
        return self.gas_quality.kwh_per_cubic_metre if self.fuel is Fuel.GAS else 1.0

    def as_of(self, at: Instant) -> Instant:
        """Return the instant that the readings are of.

        Electricity is read as it flows. A gas meter sleeps: the hub's mirror
        holds what it pushed on the last half hour.
        """
        return at - at % HALF_HOUR if self.fuel is Fuel.GAS else at

    def has_readings(self, at: Instant) -> bool:
        """Say whether the server holds readings; a mirror is empty until the first push."""
        return self.fuel is not Fuel.GAS or self.as_of(at) >= self.filled_from

    def raw(self, thousandths: int) -> int:
        """Return a quantity as the meter's divisor writes it."""
        return thousandths * self.divisor // 1000

    def difference(
        self, register: Register, start: Instant, end: Instant
    ) -> int | None:
        """Return what flowed between two instants in the meter's own units.

        None where the log does not go back so far.
        """
        if start < self.log_start:
            return None
        return self.raw(register.reading(end)) - self.raw(register.reading(start))

    def books(self, at: Instant) -> Books:
        """Return the tiers and blocks at an instant."""
        return self.ledger.at(at)

    def power(self, at: Instant) -> int:
        """Return the demand in watts (or litres an hour), export negative."""
        power = self.delivered.power(at)
        return power - self.received.power(at) if self.received is not None else power

    def switch_supply(self, supply: Supply, at: Instant) -> None:
        """Connect or disconnect; without supply nothing flows either way."""
        if (supply is Supply.ON) != (self.supply is Supply.ON):
            for register in (self.delivered, self.received):
                if register is not None and supply is Supply.ON:
                    register.restore(at)
                elif register is not None:
                    register.cut(at)
            self.ledger.reopen()
        self.supply = supply

    def lose_log(self, start: Instant, end: Instant) -> None:
        """Make the half hours between two instants missing from the log."""
        self.missing.update(range(start // HALF_HOUR, -(-end // HALF_HOUR)))

    def restrict_history(self, at: Instant) -> None:
        """Hide what was logged before an instant, as a change of tenancy does."""
        self.log_start = max(self.log_start, at)

    def day_start(self, at: Instant, days: int = 0) -> Instant:
        """Return the midnight that the daily counter starts at.

        Electricity keeps the householder's day, the hub's gas mirror that of UTC.
        """
        if self.fuel is Fuel.GAS:
            return at - at % 86_400 + days * 86_400
        return local_midnight(at, days, LONDON)
