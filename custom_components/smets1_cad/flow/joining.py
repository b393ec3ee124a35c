"""The steps that join while the user watches, and end the flow (R8, R9)."""

from asyncio import FIRST_COMPLETED, Event, Task, sleep, timeout, wait
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigFlowResult

from ..cad.errors import CadError, Responsible
from ..cad.link import LinkState, LinkStatus
from ..cad.models import CadUpdate, ElectricityReading, Fuel, GasReading, MeterIdentity
from ..const import DOMAIN, LOGGER
from ..error_words import async_error_words
from ..pairing.identity import Comparison, compare_meter
from ..readings.first import collect
from ..readings.keeper import meters_as_json
from ..zigbee_cad import async_build_session
from .consent import ConsentSteps
from .radio import JOINING, RadioSteps

JOIN_TIMEOUT: Final = 180.0
"""Seconds that the user is asked to watch. The entry goes on trying afterwards."""

READ_TIMEOUT: Final = 20.0
"""Seconds to wait for first readings, once the meters are found."""

QUIET: Final = 1.5
"""Seconds without anything new after which the first readings are complete."""

STICK_TRIES: Final = 2
"""How often a stick has to be lost before somebody who watches is told; the second time some seconds later."""

_PROGRESS: Final[Mapping[LinkState, float]] = {
    LinkState.DISCONNECTED: 0.05,
    LinkState.NOT_JOINED: 0.1,
    LinkState.SCANNING: 0.2,
    LinkState.JOINING: 0.35,
    LinkState.JOINED: 0.5,
    LinkState.KEY_ESTABLISHMENT: 0.6,
    LinkState.DISCOVERING: 0.75,
    LinkState.RUNNING: 0.9,
}

_ENDS: Final = frozenset({LinkState.FAILED, LinkState.NOT_JOINED})
"""States in which an error is the answer, for somebody who watches."""


class MeterMismatch(CadError):
    """Raised when a meter is not the one that was declared (R3)."""

    responsible = Responsible.SUPPLIER

    def __init__(self, fuel: Fuel) -> None:
        """Say which meter."""
        super().__init__(
            f"The {fuel} meter on this hub is not the one that was declared.",
            reason=f"meter_mismatch_{fuel}",
        )


class NoReadings(CadError):
    """Raised when the CAD is on the HAN with a key, and no meter was read in the time that a person watches."""

    reason = "no_readings"
    responsible = Responsible.CAD_PROVIDER

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("The CAD has joined, and no meter has been read yet.")


class JoinSteps(RadioSteps, ConsentSteps):
    """Join now, while the HAN is open, or later; and create the entry."""

    _join_task: Task[None] | None = None
    _join_error: CadError | None = None
    _found: frozenset[Fuel] = frozenset()
    _serials: Mapping[Fuel, str] = {}
    """Serial numbers as the meters give them, for the person to compare."""

    async def _joined(self) -> None:
        """Note that the CAD is paired; the class that knows the request says how."""
        raise NotImplementedError

    async def async_step_join(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Join, establish the key and read once, with a progress bar."""
        if self._join_task is None:
            await self._require_consent()
            self._join_error, self._found, self._serials = None, frozenset(), {}
            self._join_task = self.hass.async_create_task(
                self._watch_join(), f"{DOMAIN} join"
            )
        if not self._join_task.done():
            return self.async_show_progress(
                step_id="join", progress_action="join", progress_task=self._join_task
            )
        task, self._join_task = self._join_task, None
        await task
        return self.async_show_progress_done(next_step_id=self._outcome())

    def _outcome(self) -> str:
        """Return the step that says how it went."""
        if not self._found:
            return "not_joined"
        return "joined" if self._found >= self._identity().fuels else "joined_partly"

    async def _watch_join(self) -> None:
        """Join, and keep other dialogs away from the stick until it is free again."""
        joining = self.hass.data.setdefault(JOINING, set())
        joining.add(self._draft.path)
        try:
            await self._join_and_read()
        finally:
            joining.discard(self._draft.path)

    async def _join_and_read(self) -> None:
        """Run a session until the first readings are there, or it is clear that none will come."""
        ended, some, every = Event(), Event(), Event()
        stick_lost = 0
        grant = self._consents.grant
        assert grant is not None
        declared = self._identity()
        updates: list[CadUpdate] = []
        strange: list[MeterIdentity] = []

        def on_status(status: LinkStatus) -> None:
            nonlocal stick_lost
            self.async_update_progress(_PROGRESS.get(status.state, 0.0))
            if status.error is not None:
                self._join_error = status.error
                # A stick that comes back when it is opened again is no reason to give up.
                stick_lost += status.state is LinkState.DISCONNECTED
                if status.state in _ENDS or stick_lost == STICK_TRIES:
                    ended.set()
            elif status.state is LinkState.RUNNING:
                # What went wrong on the way there is over.
                self._join_error = NoReadings()

        def on_update(update: CadUpdate) -> None:
            if (
                isinstance(update, MeterIdentity)
                and compare_meter(declared, update) is Comparison.DIFFERENT_METER
            ):
                strange.append(update)
                ended.set()
                some.set()
            elif isinstance(update, MeterIdentity) and update.serial_number:
                self._serials = {**self._serials, update.fuel: update.serial_number}
            updates.append(update)
            if isinstance(update, ElectricityReading | GasReading):
                self._found |= {update.fuel}
                some.set()
                if self._found >= grant.fuels:
                    every.set()

        try:
            session = await async_build_session(
                self.hass,
                self._draft.store,
                self._draft.path,
                eui64=self._draft.eui64,
            )
        except CadError as err:
            self._join_error = err
            return
        session.on_status(on_status)
        session.on_update(on_update)
        try:
            await session.start(grant)
            with suppress(TimeoutError):
                async with timeout(JOIN_TIMEOUT):
                    await self._first_of(ended, some)
                    if some.is_set() and not strange:
                        # A gas meter that is asleep need not hold up electricity.
                        await self._first_of(ended, every, seconds=READ_TIMEOUT)
                        if not strange:
                            await _until_quiet(updates)
        except CadError as err:
            self._join_error = err
        finally:
            # Also when the dialog is closed, which cancels this: the stick must be free.
            await session.stop()
        if strange:
            # Somebody else's readings are neither shown nor kept.
            self._found = frozenset()
            self._join_error = MeterMismatch(strange[0].fuel)
        elif self._found:
            await self._keep_found(updates, grant.given_at)

    async def _keep_found(self, updates: list[CadUpdate], own_from: datetime) -> None:
        """Keep what was read and that the CAD is paired; where that fails, its entry makes up for it."""
        try:
            await self._draft.readings.save(
                meters_as_json(collect(updates, own_from), ended=True)
            )
            await self._joined()
        except CadError as err:
            LOGGER.warning("What was found while joining was not kept: %s", err)

    async def _first_of(self, *events: Event, seconds: float | None = None) -> None:
        """Wait for one of several events, or for as long as that."""
        waits = [
            self.hass.async_create_task(event.wait(), f"{DOMAIN} join wait")
            for event in events
        ]
        try:
            await wait(waits, timeout=seconds, return_when=FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def async_step_joined(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that every meter was read, and end."""
        return await self._last("joined", user_input)

    async def async_step_joined_partly(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that a meter has not been heard yet, and end."""
        return await self._last("joined_partly", user_input)

    async def _last(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        if user_input is not None:
            return await self._end()
        return self.async_show_form(
            step_id=step_id,
            data_schema=probatio.Schema({}),
            last_step=True,
            description_placeholders={
                fuel.value: f"`{self._serials[fuel]}`" if fuel in self._serials else "–"
                for fuel in Fuel
            },
        )

    async def async_step_not_joined(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say why it did not work and whose task that is; try again, or wait."""
        error = self._join_error
        responsible = (error and error.responsible) or "unknown"
        return self.async_show_menu(
            step_id=f"not_joined_{responsible}",
            menu_options=["join", "finish"],
            description_placeholders={
                "error": await async_error_words(self.hass, error) if error else ""
            },
        )

    # The same step under the name of each whose task it may be: the words differ.
    async_step_not_joined_householder = async_step_not_joined
    async_step_not_joined_cad_provider = async_step_not_joined
    async_step_not_joined_supplier = async_step_not_joined
    async_step_not_joined_meter_operator = async_step_not_joined
    async_step_not_joined_meter_manufacturer = async_step_not_joined
    async_step_not_joined_unknown = async_step_not_joined

    async def async_step_finish(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End with an entry that goes on trying."""
        return await self._end()

    async def _end(self) -> ConfigFlowResult:
        """Create the entry, or bring the one that is being changed up to date."""
        raise NotImplementedError


async def _until_quiet(updates: list[CadUpdate]) -> None:
    """Wait for what comes with the first readings: prices, labels, identities."""
    known = -1
    while known != len(updates):
        known = len(updates)
        await sleep(QUIET)
