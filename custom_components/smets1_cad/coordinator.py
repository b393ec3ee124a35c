"""Hold together what a CAD reports, and say when it has changed.

The link pushes; nothing here asks a meter, except where a person asks out of turn.
"""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    ServiceValidationError,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .cad.errors import CadError
from .cad.link import CadLink, ConsentMissing, LinkState, LinkStatus
from .cad.models import (
    CadUpdate,
    ElectricityReading,
    Fuel,
    GasReading,
    MeterIdentity,
    Tariff,
)
from .cad.pacing import TooSoon
from .consent.consents import Consents
from .consent.reading import ReadingConsent, RevocableGrant
from .const import DOMAIN, LOGGER
from .devices import (
    CadInfo,
    async_register_cad,
    async_register_meter,
    async_update_firmware,
)
from .energy_check import async_watch_energy
from .error_words import translated
from .faults import (
    async_clear_faults,
    async_report_link,
    async_report_meter_mismatch,
    async_report_registers,
)
from .leaving.unpairing import Unpairing
from .options import CadOptions
from .pairing.identity import Comparison, Identity, compare_meter
from .pairing.life import PairingKeeper
from .pairing.watch import PairingWatch
from .readings.keeper import ReadingsKeeper
from .readings.meter_state import MeterState
from .readings.news import Audience, News
from .store import CadStore
from .timers import ClockTimer

_OF_METERS: Final = (ElectricityReading, GasReading, Tariff, MeterIdentity)
"""Updates that the entities show."""


@dataclass(slots=True, kw_only=True)
class CadData:
    """Everything that the entities show.

    Attributes:
        status: where the link is.
        meters: what is known of each meter that was found.
    """

    status: LinkStatus
    meters: dict[Fuel, MeterState] = field(default_factory=dict)


@dataclass(kw_only=True)
class Smets1CadRuntimeData:
    """What lives while an entry is loaded.

    Attributes:
        consents: the consent log, with the grant that the link reads under.
        unpairing: ends the pairing; None where there is no request.
        same_people: takes a person's word that nobody has moved.
        cancellation_read: takes it that a person has read that a change of tenancy is cancelled.
    """

    coordinator: Smets1CadCoordinator
    consents: Consents
    unpairing: Unpairing | None = None
    same_people: CALLBACK_TYPE | None = None
    cancellation_read: CALLBACK_TYPE | None = None


type Smets1CadConfigEntry = ConfigEntry[Smets1CadRuntimeData]


class Smets1CadCoordinator(DataUpdateCoordinator[CadData]):
    """Takes what the link hands up, judges it, keeps it, and tells the entities."""

    config_entry: Smets1CadConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Smets1CadConfigEntry,
        link: CadLink,
        store: CadStore,
        *,
        cad: CadInfo | None = None,
        declared: Identity | None = None,
        pairing: PairingKeeper | None = None,
    ) -> None:
        """Prepare; nothing is read before `async_start`.

        Args:
            hass: Home Assistant.
            entry: the CAD's config entry.
            link: the way to be a CAD.
            store: the CAD's own.
            cad: what is known of the CAD itself.
            declared: whose meters these should be, to compare with (R3).
            pairing: the pairing request, to follow and to show (R8).
        """
        super().__init__(
            hass, LOGGER, config_entry=entry, name=entry.title, update_interval=None
        )
        self._audience = Audience()
        self.link = link
        self.cad = cad or CadInfo()
        self.pairing = pairing
        self.mismatch: Fuel | None = None
        """The fuel whose meter is not the declared one; reading has stopped."""
        self.data = CadData(status=link.status)
        self._intervals = CadOptions.of(entry).intervals
        self._keeper = ReadingsKeeper(store, self._intervals)
        self.declared = declared
        self._consent = ReadingConsent(hass, entry, self._stop_reading)
        self._is_running = False
        self._doubted: dict[Fuel, datetime] = {}
        self._lost_since: datetime | None = None
        self._occasions = 0
        self._timer = ClockTimer(
            hass, lambda: self.data.meters.values(), self._clock_moved
        )
        self._watch = None if pairing is None else PairingWatch(hass, entry, pairing)
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._unsubscribe_stop: CALLBACK_TYPE | None = None

    @property
    def has_consent(self) -> bool:
        """Whether consent is in force."""
        return self._consent.is_in_force

    @property
    def proofs(self) -> int:
        """A number that changes whenever there may be entities to add."""
        return self._occasions + sum(
            meter.proofs for meter in self.data.meters.values()
        )

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: frozenset[News] | None = None
    ) -> CALLBACK_TYPE:
        """Tell a listener of updates; of one more reading only what its context holds, if it has one."""
        remove = super().async_add_listener(update_callback, context)
        leave = self._audience.add(update_callback, context)

        @callback
        def stop() -> None:
            remove()
            leave()

        return stop

    async def async_start(self, grant: RevocableGrant) -> None:
        """Restore what was known, and begin to listen. Add the platforms afterwards.

        Raises:
            ConfigEntryAuthFailed: consent is not in force.
            ConfigEntryNotReady: the link cannot start now.
        """
        self.data.meters = await self._keeper.restore(grant.fuels)
        async_register_cad(self.hass, self.config_entry, self.cad)
        for meter in self.data.meters.values():
            meter.own_from = grant.given_at
            async_register_meter(self.hass, self.config_entry, meter)
        self._unsubscribe = [
            self.link.on_update(self._update_received),
            self.link.on_status(self._status_received),
        ]
        self._consent.begin(grant)
        self._unsubscribe_stop = self.hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_STOP, self._stopping
        )
        if self._watch is not None:
            self._unsubscribe.append(self._watch.start(self.async_update_listeners))
        self._is_running = True
        self._timer.schedule()
        try:
            await self.link.start(grant)
        except CadError as err:
            await self.async_stop()
            if isinstance(err, ConsentMissing):
                raise ConfigEntryAuthFailed(
                    translation_domain=DOMAIN, translation_key="consent_missing"
                ) from err
            raise translated(err, ConfigEntryNotReady) from err
        self._status_received(self.link.status)
        self._unsubscribe.append(
            self.config_entry.async_on_state_change(self._entry_moved)
        )

    @callback
    def async_start_dormant(self) -> None:
        """Show and follow the pairing alone, while nothing may be read. Add the platforms afterwards."""
        async_register_cad(self.hass, self.config_entry, self.cad)
        if self._watch is not None:
            self.config_entry.async_on_unload(
                self._watch.start(self.async_update_listeners)
            )

    async def async_stop(self) -> None:
        """End the flow of data and keep what is known. Doing it again changes nothing."""
        if not self._is_running:
            return
        self._is_running = False
        self._timer.stop()
        self._consent.end()
        if self._unsubscribe_stop is not None:
            self._unsubscribe_stop()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        async_clear_faults(self.hass, self.config_entry)
        try:
            await self.link.stop()
        finally:
            await self._keeper.save(self.data.meters, ended=True)

    @override
    async def async_shutdown(self) -> None:
        """Stop when the entry is unloaded."""
        await super().async_shutdown()
        await self.async_stop()

    @override
    async def _async_update_data(self) -> CadData:
        """Return what is known: readings are pushed."""
        return self.data

    async def async_ask(self, fuel: Fuel) -> None:
        """Ask a meter out of turn.

        Raises:
            ServiceValidationError: pacing does not allow it yet; says when it will.
            HomeAssistantError: the meter was asked and did not answer, or nothing runs.
        """
        try:
            await self.link.refresh(fuel)
        except TooSoon as err:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key=f"too_soon_{fuel}",
                translation_placeholders={
                    "next_allowed": f"{dt_util.as_local(err.next_allowed):%H:%M:%S}"
                },
            ) from err
        except CadError as err:
            raise translated(err) from err

    @callback
    def async_accept_registers(self, fuel: Fuel) -> None:
        """Believe a meter's registers as they come next, since a person says that they are right."""
        if (meter := self.data.meters.get(fuel)) is not None:
            meter.start_anew()
            async_report_registers(self.hass, self.config_entry, meter)

    @callback
    def async_forget_meter(self, meter: MeterState) -> None:
        """Know nothing of a meter any more; if it is heard again, it comes as a new one does."""
        del self.data.meters[meter.fuel]
        self._occasions += meter.proofs + 1
        self.config_entry.async_create_task(
            self.hass, self._keeper.save(self.data.meters, ended=False), "keep readings"
        )

    @callback
    def _clock_moved(self, now: datetime) -> None:
        """Do what the clock alone brings about: stale meters, a new day, another rate."""
        for fuel, meter in self.data.meters.items():
            meter.roll_over(now)
            if (
                not meter.stale
                and meter.heard is not None
                and monotonic() - meter.heard > meter.stale_after.total_seconds()
            ):
                meter.stale = True
                LOGGER.info(
                    "No %s reading has come for %.0f s; its values are unavailable until one does",
                    fuel,
                    monotonic() - meter.heard,
                )
            async_report_registers(self.hass, self.config_entry, meter)
        self._occasions += 1
        self.async_update_listeners()

    @callback
    def _update_received(self, update: CadUpdate) -> None:
        """Take one update of the link."""
        if (
            not isinstance(update, _OF_METERS)
            or self.mismatch is not None
            or not self._consent.covers(update.fuel)
        ):
            return
        match update:
            case ElectricityReading():
                self._reading_received(update)
            case GasReading():
                self._reading_received(update)
                self.config_entry.async_create_task(
                    self.hass,
                    self._keeper.save(self.data.meters, ended=False),
                    "keep readings",
                )
                return
            case Tariff():
                self._meter(update.fuel).take_tariff(update)
                self._timer.schedule()
                self.async_set_updated_data(self.data)
            case MeterIdentity():
                self._identity_received(update)
                self.async_set_updated_data(self.data)
        self._keeper.save_soon(self.data.meters)

    @callback
    def _reading_received(self, reading: ElectricityReading | GasReading) -> None:
        meter = self._meter(reading.fuel)
        was_quiet, proofs = meter.stale or meter.heard is None, meter.proofs
        if meter.stale:
            LOGGER.info("The %s meter is heard again", reading.fuel)
        for name in meter.take_reading(reading, monotonic()):
            LOGGER.warning(
                "The %s meter says a value of %s that cannot be: less than before, or far more than a home uses. "
                "The last good value is kept; the diagnostics count what is refused",
                reading.fuel,
                name,
            )
        if (since := meter.refused_since()) is not None:
            async_report_registers(self.hass, self.config_entry, meter)
            if since < reading.received_at and self._doubted.get(meter.fuel) != since:
                # Not a single bad value: perhaps this is another meter.
                self._doubted[meter.fuel] = since
                self.link.doubt(meter.fuel)
        if was_quiet:
            self._timer.schedule()
            self.async_set_updated_data(self.data)
        elif meter.proofs != proofs:
            self.async_update_listeners()
        else:
            self._tell_of_reading(meter)

    @callback
    def _tell_of_reading(self, meter: MeterState) -> None:
        """Tell those whom one more reading concerns, and nobody else."""
        for listener in self._audience.concerned(meter.fuel, meter.news):
            try:
                listener()
            except Exception:  # noqa: BLE001 - one bad entity must not cost the others theirs
                LOGGER.exception("A reading could not be shown")

    @callback
    def _identity_received(self, identity: MeterIdentity) -> None:
        meter = self.data.meters.get(identity.fuel)
        is_exchanged = meter is not None and meter.is_exchanged(identity)
        comparison = self.declared and compare_meter(self.declared, identity)
        if comparison is Comparison.DIFFERENT_METER or (
            is_exchanged and comparison is Comparison.SERIAL_DIFFERS
        ):
            self.mismatch = identity.fuel
            LOGGER.warning(
                "The %s meter is not the one that was declared; reading has stopped",
                identity.fuel,
            )
            async_report_meter_mismatch(
                self.hass, self.config_entry, identity.fuel, is_exchanged=is_exchanged
            )
            self._stop_reading()
            return
        meter = self._meter(identity.fuel)
        if meter.take_identity(identity):
            LOGGER.info(
                "The %s meter was exchanged; its registers start anew", identity.fuel
            )
        async_register_meter(self.hass, self.config_entry, meter)

    @callback
    def _status_received(self, status: LinkStatus) -> None:
        """Take a change of the link's status, and say once what it means."""
        self.data.status = status
        if (firmware := self.link.firmware) and firmware != self.cad.firmware:
            self.cad = async_update_firmware(
                self.hass, self.config_entry, self.cad, firmware
            )
        self._occasions += 1
        if status.state is LinkState.RUNNING:
            if self._lost_since is not None:
                LOGGER.info("The smart meter's network is back")
            self._lost_since = None
        elif (
            status.state in (LinkState.REJOINING, LinkState.DISCONNECTED)
            and self._lost_since is None
            and self.data.meters
        ):
            self._lost_since = status.since
            LOGGER.info(
                "The smart meter's network is lost: %s", status.error or status.state
            )
        async_report_link(self.hass, self.config_entry, status)
        if isinstance(status.error, ConsentMissing):
            # The link asks the clock too, and may be the first to find out.
            self._consent.ran_out()
        if self._watch is not None:
            self._watch.link_moved(status)
        self.async_set_updated_data(self.data)

    @callback
    def _entry_moved(self) -> None:
        """Look at the Energy dashboard's settings once the entities are there."""
        if self.config_entry.state is ConfigEntryState.LOADED:
            self._unsubscribe.append(async_at_started(self.hass, async_watch_energy))

    @callback
    def _stop_reading(self) -> None:
        """End the flow of data at once; what was read is not shown as if it were now."""
        for meter in self.data.meters.values():
            meter.stale = meter.withheld = True
        self.async_update_listeners()
        self.config_entry.async_create_task(
            self.hass, self.link.stop(), "stop the CAD's link"
        )

    async def _stopping(self, _event: Event) -> None:
        """Stop with Home Assistant."""
        self._unsubscribe_stop = None
        await self.async_stop()

    def _meter(self, fuel: Fuel) -> MeterState:
        """Return a meter; the first that is heard of it brings it into being."""
        if (meter := self.data.meters.get(fuel)) is None:
            meter = self.data.meters[fuel] = MeterState(
                fuel=fuel,
                own_from=self._consent.given_at,
                interval=self._intervals.get(fuel),
            )
            async_register_meter(self.hass, self.config_entry, meter)
        return meter
