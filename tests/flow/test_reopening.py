"""Change an entry: consent again, other numbers, another port, another request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.pairing.states import PairingState
from custom_components.smets1_cad.radio.probe import StickUnreachable
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.store import async_load_consents
from custom_components.smets1_cad.tenancy.dialogs import async_close_dialogs
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from virtual_han.supplier import Answering, Behaviour, SupplierService

from .walk import (
    CODE,
    EUI64,
    HOME,
    METERS,
    OTHER_CODE,
    PATH,
    STICK,
    TICKED,
    TOKEN,
    Walk,
    certificate_text,
    kept_code,
    pairing,
    stored,
)


async def moved(walk: Walk, hass: HomeAssistant, *states: PairingState) -> Pairing:
    """Let the pairing of a loaded entry go on."""
    keeper = walk.entry.runtime_data.coordinator.pairing
    now = datetime.now(UTC)
    for state in states:
        await keeper.update(lambda pairing, state=state: pairing.advance(state, now))
    return await pairing(hass)


ON_THE_WAY = (PairingState.HAN_OPEN, PairingState.JOINING, PairingState.PAIRED)


async def reconfigure(walk: Walk) -> None:
    await walk.reopen(SOURCE_RECONFIGURE)


async def withdrawn(walk: Walk, hass: HomeAssistant) -> None:
    """Withdraw consent, and let Home Assistant ask for it again."""
    consents = await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.REQUESTED)
    await walk.reopen(SOURCE_REAUTH)


async def has_consent(hass: HomeAssistant) -> bool:
    consents = await async_load_consents(hass, await stored(hass), SYSTEM_CLOCK)
    return consents.grant is not None


@pytest.mark.parametrize("states", [(), ON_THE_WAY, ON_THE_WAY[:1]])
async def test_consent_given_again_disturbs_nothing(
    walk: Walk,
    hass: HomeAssistant,
    setup: AsyncMock,
    states: tuple[PairingState, ...],
) -> None:
    """Neither a request that is waited for, nor a pairing that exists."""
    await walk.to_end()
    before = await moved(walk, hass, *states)
    await withdrawn(walk, hass)
    walk.shows("reauth_confirm")
    await walk.fill("reauth_confirm")
    walk.shows("consent")
    await walk.fill("consent", **TICKED)
    walk.aborted("reauth_successful" if states == ON_THE_WAY else "reauth_waiting")
    await hass.async_block_till_done()
    assert setup.await_count == 2
    after = await pairing(hass)
    assert after.request.consent_id != before.request.consent_id
    assert replace(after, request=before.request) == before
    assert await has_consent(hass)


async def test_consent_that_a_shorter_period_has_ended(
    walk: Walk, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """It is asked for again, though it would still hold without the user's own period."""
    entry = await walk.to_end()
    hass.config_entries.async_update_entry(entry, options={"consent_days": 30})
    freezer.tick(timedelta(days=31))
    await walk.reopen(SOURCE_REAUTH)
    await walk.fill("reauth_confirm")
    walk.shows("consent")
    assert "30" in walk.at["description_placeholders"]["text"]
    await walk.fill("consent", **TICKED)
    walk.aborted("reauth_waiting")


async def test_consent_is_not_given_by_walking_past_it(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_end()
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    await walk.fill("consent", **TICKED | {"pairing": False})
    walk.shows("consent", {"pairing": "consent_box"})
    assert not await has_consent(hass)


async def test_consent_again_after_unpairing_begins_anew(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_end()
    before = await moved(
        walk, hass, PairingState.UNPAIR_RECORDED, PairingState.UNPAIRED
    )
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    await walk.fill("consent", **TICKED)
    walk.aborted("reauth_waiting")
    after = await pairing(hass)
    assert after.state is PairingState.RECORDED
    assert after.key != before.key


async def test_dialog_ends_with_the_tenancy(walk: Walk, hass: HomeAssistant) -> None:
    """What is typed in it would come back after everything was erased."""
    await walk.to_end()
    entry = walk.entry
    await reconfigure(walk)
    await walk.choose("reconfigure", "home")
    async_close_dialogs(hass, entry)
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("seen", [EUI64, "00124B0001ABCDEE"])
async def test_reauth_sets_a_cad_up_anew_whose_keys_were_erased(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock, seen: str
) -> None:
    """After a change of tenancy: certificate, install code, home, consent, and a request of its own."""
    entry = await walk.to_end()
    assert await hass.config_entries.async_unload(entry.entry_id)
    store = await stored(hass)
    for section in (store.pairing, store.setup, store.secrets):
        await section.clear()
    stick.return_value = replace(
        STICK, eui64=Eui64.parse(seen), cbke_suites=frozenset({CryptoSuite.SUITE_2})
    )
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    assert ("certificate_stick" in walk.at["menu_options"]) == (seen == EUI64)
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", install_code=OTHER_CODE)
    await walk.fill("home", **HOME | {"name": "New Tenant"})
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    await walk.choose("wait", "finish")
    walk.aborted("reauth_waiting")
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert (await pairing(hass)).state is PairingState.SENT
    assert await has_consent(hass)


async def test_a_stick_that_an_entry_reads_is_not_opened(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock
) -> None:
    """Its install code is gone, yet it runs: opening the stick would reset it under the entry."""
    await walk.to_end()
    await (await stored(hass)).secrets.clear()
    stick.reset_mock()
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    assert walk.at["step_id"] == "cad"
    stick.assert_not_awaited()


async def test_reauth_asks_for_what_was_erased(walk: Walk, hass: HomeAssistant) -> None:
    """After a change of tenancy nothing is known of the new tenant."""
    await walk.to_end()
    store = await stored(hass)
    await store.pairing.clear()
    await store.setup.clear()
    walk.entry.runtime_data.coordinator.pairing = None
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    walk.shows("home")
    assert walk.suggested() == {}
    await walk.fill("home", **HOME | {"name": "New Tenant"})
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    assert (await pairing(hass)).state is PairingState.RECORDED


@pytest.mark.parametrize(
    ("states", "options"),
    [
        ((), ["home", "again", "port", "cad"]),
        (ON_THE_WAY, ["home", "port", "cad"]),
        ((PairingState.UNPAIR_RECORDED,), ["port"]),
    ],
)
async def test_what_may_be_changed(
    walk: Walk,
    hass: HomeAssistant,
    states: tuple[PairingState, ...],
    options: list[str],
) -> None:
    await walk.to_end()
    await moved(walk, hass, *states)
    await reconfigure(walk)
    assert walk.at["menu_options"] == options


async def test_after_an_erasure_nothing_is_changed_before_the_cad_is_set_up(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Its install code is gone, and a request without one can not be made."""
    await walk.to_end()
    store = await stored(hass)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.erase(Withdrawal.CHANGE_OF_TENANCY)
    await store.async_erase()
    await hass.config_entries.async_unload(walk.entry.entry_id)
    await reconfigure(walk)
    assert walk.at["menu_options"] == ["again", "port", "cad"]


async def test_other_numbers(walk: Walk, hass: HomeAssistant, setup: AsyncMock) -> None:
    """They need consent again, which holds at once; the request is another one."""
    entry = await walk.to_end()
    before = await pairing(hass)
    await reconfigure(walk)
    await walk.choose("reconfigure", "home")
    assert walk.suggested() == HOME
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="electricity", ihd="none")
    await walk.fill(
        "meters", mpan="2000054879610", electricity_supplier="Octopus Energy"
    )
    await walk.fill("consent", **TICKED)
    walk.shows("pairing_details")
    await hass.async_block_till_done()
    assert setup.await_count == 2
    after = await pairing(hass)
    assert (after.state, after.reason) == (PairingState.RECORDED, "corrected")
    assert after.key != before.key
    await walk.fill("pairing_details")
    await walk.choose("request", "phone")
    await walk.fill("phone", sent=True)
    assert walk.at["menu_options"] == ["finish"]
    await walk.choose("wait", "finish")
    walk.aborted("reconfigure_successful")
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert (await pairing(hass)).state is PairingState.SENT


async def with_service(walk: Walk, service: SupplierService) -> None:
    """Send the request to the pairing service, and end with an entry that waits."""
    await walk.to_request()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    await walk.choose("wait", "finish")


async def to_withdraw(walk: Walk) -> None:
    """Give consent for another meter, as far as the request that the service still holds."""
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | {"mprn": "7412306508"})
    await walk.fill("consent", **TICKED)
    walk.shows("withdraw")


async def test_reading_goes_on_where_the_dialog_is_left_after_consent(
    walk: Walk, hass: HomeAssistant, setup: AsyncMock, service: SupplierService
) -> None:
    """The new consent has ended the one that was read under; the entry takes it up, once."""
    await with_service(walk, service)
    before = await pairing(hass)
    await reconfigure(walk)
    await walk.choose("reconfigure", "home")
    await to_withdraw(walk)
    assert setup.await_count == 2
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == 2
    assert await has_consent(hass)
    assert await pairing(hass) == before


async def test_an_entry_that_does_not_run_is_not_started_by_a_dialog(
    walk: Walk, hass: HomeAssistant, setup: AsyncMock, service: SupplierService
) -> None:
    await with_service(walk, service)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_unload(entry.entry_id)
    await reconfigure(walk)
    await walk.choose("reconfigure", "home")
    await to_withdraw(walk)
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == 1


@pytest.mark.parametrize("is_withdrawn", [False, True])
async def test_consent_given_again_holds_where_its_dialog_is_left(
    walk: Walk,
    hass: HomeAssistant,
    setup: AsyncMock,
    service: SupplierService,
    is_withdrawn: bool,
) -> None:
    """A reload would end this dialog, so it comes with its end, and only while the consent is in force."""
    await with_service(walk, service)
    store = await stored(hass)
    inputs = await store.setup.load() or {}
    inputs.pop("home")
    await store.setup.save(inputs)
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    await to_withdraw(walk)
    assert setup.await_count == 1
    if is_withdrawn:
        consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
        await consents.withdraw(Withdrawal.REQUESTED)
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == (1 if is_withdrawn else 2)


async def test_dialog_that_is_left_before_consent_changes_nothing(
    walk: Walk, hass: HomeAssistant, setup: AsyncMock
) -> None:
    await walk.to_end()
    await withdrawn(walk, hass)
    await walk.fill("reauth_confirm")
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == 1


async def test_numbers_of_a_cad_that_is_paired(walk: Walk, hass: HomeAssistant) -> None:
    """Nothing has to be sent; what the meter is compared with changes."""
    await walk.to_end()
    await moved(walk, hass, *ON_THE_WAY)
    await reconfigure(walk)
    await walk.choose("reconfigure", "home")
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | {"mprn": "7412306508"})
    await walk.fill("consent", **TICKED)
    walk.aborted("reconfigure_successful")
    after = await pairing(hass)
    assert after.state is PairingState.PAIRED
    assert after.request.identity.mprn is not None
    assert after.request.identity.mprn.number == "7412306508"


async def test_again_by_another_route(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    await walk.to_end()
    before = await pairing(hass)
    await reconfigure(walk)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    await walk.choose("wait", "finish")
    walk.aborted("reconfigure_successful")
    assert (await pairing(hass)).key == before.key
    assert len(service.desk.requests) == 1


async def to_service(walk: Walk, service: SupplierService) -> None:
    """Go from the choice of the route as far as time and cost."""
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)


async def test_r8_what_a_service_gets_is_followed_where_the_dialog_is_left(
    walk: Walk, hass: HomeAssistant, setup: AsyncMock, service: SupplierService
) -> None:
    """The entry knows the service from when it is set up, so it is set up anew at once, and once."""
    await walk.to_end()
    await reconfigure(walk)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await to_service(walk, service)
    await hass.async_block_till_done()
    before = setup.await_count
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    assert setup.await_count == before + 1
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == before + 1
    assert (await pairing(hass)).state is PairingState.SENT


@pytest.mark.parametrize(
    ("answering", "reloads", "state"),
    [
        (Answering.DROP, 1, PairingState.SENDING),
        (Answering.HTML, 0, PairingState.RECORDED),
    ],
)
async def test_r8_what_a_service_may_have_got_is_followed(
    walk: Walk,
    hass: HomeAssistant,
    setup: AsyncMock,
    service: SupplierService,
    answering: Answering,
    reloads: int,
    state: PairingState,
) -> None:
    """What surely did not arrive is not: nobody has to be asked about it."""
    await walk.to_end()
    await reconfigure(walk)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await to_service(walk, service)
    await hass.async_block_till_done()
    before = setup.await_count
    service.desk.behaviour = Behaviour(answering=answering, misanswers=1)
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "service_quote"
    assert (await pairing(hass)).state is state
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == before + reloads


@pytest.mark.parametrize("state", ["SETUP_ERROR", "NOT_LOADED"])
@pytest.mark.parametrize("source", [SOURCE_REAUTH, SOURCE_RECONFIGURE])
async def test_a_cad_set_up_anew_runs_where_its_dialog_is_left(
    walk: Walk,
    hass: HomeAssistant,
    setup: AsyncMock,
    service: SupplierService,
    source: str,
    state: str,
) -> None:
    """After a change of tenancy its entry cannot load; one that somebody has stopped stays so."""
    entry = await walk.to_end()
    assert await hass.config_entries.async_unload(entry.entry_id)
    store = await stored(hass)
    for section in (store.pairing, store.setup, store.secrets):
        await section.clear()
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.REQUESTED)
    entry._async_set_state(hass, ConfigEntryState[state], None)
    before = setup.await_count
    await walk.reopen(source)
    if source == SOURCE_REAUTH:
        await walk.fill("reauth_confirm")
    else:
        await walk.choose("reconfigure", "again")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", install_code=OTHER_CODE)
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    await to_service(walk, service)
    assert setup.await_count == before
    await walk.fill("service_quote", accept=True)
    assert walk.at["step_id"] == "wait"
    at_once = source == SOURCE_RECONFIGURE and state == "SETUP_ERROR"
    assert setup.await_count == before + at_once
    walk.leave()
    await hass.async_block_till_done()
    assert setup.await_count == before + (state == "SETUP_ERROR")
    assert (await pairing(hass)).state is PairingState.SENT


async def test_pairing_that_moves_on_while_the_dialog_is_open(
    walk: Walk, hass: HomeAssistant
) -> None:
    """The radio joined meanwhile: what it saw is not undone."""
    await walk.to_end()
    await reconfigure(walk)
    await walk.choose("reconfigure", "again")
    await hass.async_block_till_done()
    await walk.fill("pairing_details")
    await walk.choose("request", "letter")
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    keeper = entry.runtime_data.coordinator.pairing
    for state in ON_THE_WAY:
        await keeper.update(
            lambda pairing, state=state: pairing.advance(state, datetime.now(UTC))
        )
    await walk.fill("letter", sent=True)
    walk.aborted("pairing_step")
    assert (await pairing(hass)).state is PairingState.PAIRED


async def test_request_of_an_entry_that_does_not_run(
    walk: Walk, hass: HomeAssistant
) -> None:
    entry = await walk.to_end()
    await hass.config_entries.async_unload(entry.entry_id)
    await reconfigure(walk)
    await walk.choose("reconfigure", "again")
    await walk.fill("pairing_details")
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    assert (await pairing(hass)).state is PairingState.SENT


async def test_another_certificate(walk: Walk, hass: HomeAssistant) -> None:
    """The install code stays; the stick is not opened, since the entry has it."""
    await walk.to_end()
    await reconfigure(walk)
    await walk.choose("reconfigure", "cad")
    assert walk.at["description_placeholders"]["ezsp"] == "?"
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text())
    await walk.fill("install_code")
    walk.aborted("reconfigure_successful")


async def test_another_install_code_has_to_be_sent(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_end()
    before = await pairing(hass)
    await reconfigure(walk)
    await walk.choose("reconfigure", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", install_code=OTHER_CODE)
    walk.shows("pairing_details")
    after = await pairing(hass)
    assert after.state is PairingState.RECORDED
    assert after.key != before.key


async def typed_code(walk: Walk, code: str = "") -> None:
    """Reconfigure the CAD, with another install code or the one that is kept."""
    await reconfigure(walk)
    await walk.choose("reconfigure", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", **({"install_code": code} if code else {}))


async def test_another_install_code_is_kept_once_it_is_asked_for(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """The supplier has the other one: a dialog that is left before leaves a CAD that can join."""
    await with_service(walk, service)
    before = await pairing(hass)
    entry = walk.entry
    await typed_code(walk, OTHER_CODE)
    walk.shows("withdraw")
    assert await kept_code(hass) == CODE
    walk.leave()
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert (await kept_code(hass), await pairing(hass)) == (CODE, before)
    await typed_code(walk)
    walk.aborted("reconfigure_successful")
    await hass.async_block_till_done()
    assert (await kept_code(hass), await pairing(hass)) == (CODE, before)
    await typed_code(walk, OTHER_CODE)
    await walk.fill("withdraw", told=False)
    walk.shows("pairing_details")
    walk.leave()
    assert await kept_code(hass) == OTHER_CODE
    after = await pairing(hass)
    assert (after.state, after.key != before.key) == (PairingState.RECORDED, True)


async def test_r9_a_cad_that_is_paired_keeps_its_install_code(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Nobody would be asked for another one, with which it could not join again. The rest can be changed."""
    await walk.to_end()
    await moved(walk, hass, *ON_THE_WAY)
    before = await pairing(hass)
    await typed_code(walk, OTHER_CODE)
    walk.shows("install_code", {"install_code": "install_code_paired"})
    assert await kept_code(hass) == CODE
    await walk.fill("install_code", install_code=CODE)
    walk.aborted("reconfigure_successful")
    await hass.async_block_till_done()
    await typed_code(walk, OTHER_CODE)
    await walk.fill("install_code")
    walk.aborted("reconfigure_successful")
    assert await kept_code(hass) == CODE
    assert await pairing(hass) == before


async def test_another_install_code_is_asked_for_where_the_kept_one_is_lost(
    walk: Walk, hass: HomeAssistant
) -> None:
    """There is none to join with, so it is kept at once; the supplier is asked in any case."""
    await walk.to_end()
    store = await stored(hass)
    await store.secrets.clear()
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.withdraw(Withdrawal.REQUESTED)
    await typed_code(walk, OTHER_CODE)
    walk.shows("consent")
    walk.leave()
    assert await kept_code(hass) == OTHER_CODE
    await typed_code(walk)
    await walk.fill("consent", **TICKED)
    walk.shows("pairing_details")
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_another_port(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock, setup: AsyncMock
) -> None:
    """The entry lets go of the stick while it is looked for, and runs again afterwards."""
    entry = await walk.to_end()
    states = []

    async def probe(_path: str) -> object:
        states.append(entry.state)
        return STICK

    stick.side_effect = probe
    await reconfigure(walk)
    await walk.choose("reconfigure", "port")
    assert walk.suggested() == {"device": PATH}
    await walk.fill("port", device="/dev/ttyUSB9")
    walk.aborted("reconfigure_successful")
    await hass.async_block_till_done()
    assert states == [ConfigEntryState.NOT_LOADED]
    assert entry.data["device"] == "/dev/ttyUSB9"
    assert entry.state is ConfigEntryState.LOADED


async def test_another_port_on_the_network(walk: Walk) -> None:
    """Written in part, it is told in which form; the form's own example is in it."""
    entry = await walk.to_end()
    await reconfigure(walk)
    await walk.choose("reconfigure", "port")
    example = walk.at["description_placeholders"]["example"]
    await walk.fill("port", device=example.removeprefix("socket://"))
    walk.shows("port", {"device": "network_address"})
    assert walk.at["description_placeholders"]["example"] == example
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize(
    ("found", "errors"),
    [
        (
            lambda: replace(STICK, eui64=Eui64(bytes(7) + b"\1")),
            {"device": "other_stick"},
        ),
        (lambda: StickUnreachable("Away. Plug it in."), {"device": "cannot_connect"}),
    ],
)
async def test_port_without_this_stick(
    walk: Walk,
    hass: HomeAssistant,
    stick: AsyncMock,
    found: Callable[[], object],
    errors: dict[str, str],
    loaded: bool,
) -> None:
    entry = await walk.to_end()
    if not loaded:
        await hass.config_entries.async_unload(entry.entry_id)
    before = entry.state
    stick.side_effect = [found()]
    await reconfigure(walk)
    await walk.choose("reconfigure", "port")
    await walk.fill("port", device="/dev/ttyUSB9")
    walk.shows("port", errors)
    assert walk.suggested() == {"device": "/dev/ttyUSB9"}
    assert entry.state is before
    assert entry.data["device"] == PATH


async def test_what_is_stored_cannot_be_read(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_end()
    await (await stored(hass)).secrets.save({"install_code": "no hex"})
    await reconfigure(walk)
    walk.aborted("store_unreadable")
