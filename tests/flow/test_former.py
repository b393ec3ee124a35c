"""What is left of an earlier set-up: a consent to withdraw, a network to leave (R2, R19)."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock, patch

import pytest

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.leaving.stick import (
    async_leave_by_stick,
    async_leave_for_good,
)
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.network import (
    ForeignNetwork,
    RadioError,
    RadioLost,
    WrongStick,
)
from custom_components.smets1_cad.smart_energy.session.record import HanRecord
from custom_components.smets1_cad.store import (
    async_get_process_store,
    async_load_consents,
)
from homeassistant.components.usb import SerialPortConsumer
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from virtual_han.han import STICK_EUI64, VirtualHan
from virtual_han.supplier import Answering, Behaviour, SupplierService

from .test_leaving import paired
from .walk import (
    CANARIES,
    HOME,
    METERS,
    PATH,
    STICK,
    TICKED,
    TOKEN,
    Walk,
    certificate_text,
    full_disk,
    stored,
)

NETWORK = "aa:bb:cc:dd:ee:ff:00:11"
LEAVE = "custom_components.smets1_cad.flow.former.async_leave_by_stick"


def issues(hass: HomeAssistant) -> set[str]:
    """Return what is said under Repairs."""
    return {
        issue.translation_key or ""
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


async def come_back(walk: Walk) -> None:
    """Close the dialog, and open it again."""
    walk.leave()
    await walk.begin()
    await walk.fill("user", device=PATH)


# --- a set-up that is given up


async def test_what_was_given_up_is_withdrawn_and_erased(
    walk: Walk, hass: HomeAssistant
) -> None:
    """What stays is that a consent was given and has ended; the next time begins anew."""
    await walk.to_request()
    await come_back(walk)
    await walk.choose("resume", "give_up")
    walk.shows("give_up")
    await walk.fill("give_up")
    walk.aborted("given_up")
    store = await stored(hass)
    for section in (store.secrets, store.setup, store.pairing, store.session):
        assert await section.load() is None
    kept = str(await store.consent.load())
    assert [word for word in CANARIES if word in kept] == []
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert [entry.kind for entry in consents.log.entries] == [
        *("given", "withdrawn", "erased")
    ]
    assert consents.is_withdrawn
    assert issues(hass) == set()
    await walk.to_request()
    assert walk.at["step_id"] == "request"


async def test_without_a_consent_nothing_at_all_is_left(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_home()
    await come_back(walk)
    await walk.choose("resume", "give_up")
    await walk.fill("give_up")
    walk.aborted("given_up")
    assert await (await stored(hass)).setup.load() is None
    await walk.begin()
    await walk.fill("user", device=PATH)
    assert walk.at["step_id"] == "cad"


async def test_a_supplier_that_has_the_request_is_named(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_request()
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    await come_back(walk)
    await walk.choose("resume", "give_up")
    await walk.fill("give_up")
    walk.aborted("given_up_listed")
    assert walk.at["description_placeholders"] == {"supplier": "Octopus Energy"}
    assert issues(hass) == {"removed_still_listed"}


@pytest.mark.parametrize(
    ("answering", "reason"),
    [(Answering.NORMAL, "given_up"), (Answering.ERROR, "given_up_listed")],
)
async def test_a_pairing_service_is_told(
    walk: Walk, service: SupplierService, answering: Answering, reason: str
) -> None:
    await walk.to_request()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=True)
    await come_back(walk)
    await walk.choose("resume", "give_up")
    service.desk.behaviour = Behaviour(answering=answering)
    await walk.fill("give_up")
    walk.aborted(reason)


async def test_a_request_that_a_service_never_took_is_the_persons_to_withdraw(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Such as one that was sent by letter before the service was asked for a quote."""
    await walk.to_request()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    await walk.fill("service_quote", accept=False)
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    await come_back(walk)
    await walk.choose("resume", "give_up")
    await walk.fill("give_up")
    walk.aborted("given_up_listed")


async def test_a_request_that_cannot_be_read_is_erased_too(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_request()
    store = await stored(hass)
    await store.pairing.save({"history": []})
    await come_back(walk)
    await walk.choose("resume", "give_up")
    await walk.fill("give_up")
    walk.aborted("given_up")
    assert await store.pairing.load() is None


async def test_giving_up_that_cannot_be_stored_says_so(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Consent has ended all the same, and the dialog can be sent again."""
    await walk.to_request()
    await come_back(walk)
    await walk.choose("resume", "give_up")
    with full_disk():
        await walk.fill("give_up")
    walk.shows("give_up", {"base": "failed"})
    error = walk.at["description_placeholders"]["error"]
    assert error.startswith("Reading has stopped")
    store = await stored(hass)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert consents.grant is None
    assert await store.secrets.load() is not None
    await walk.fill("give_up")
    walk.aborted("given_up")
    assert issues(hass) == set()


async def test_a_stick_that_joined_while_it_was_watched_leaves(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    """The dialog was closed before its end: nothing else knows of the network."""
    walk = Walk(hass)
    await walk.begin()
    await walk.fill("user", device=han.url)
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text(han))
    await walk_to_join(walk)
    han.admit()
    await walk.choose("wait", "join")
    await walk.watch()
    walk.shows("joined")
    walk.leave()
    assert STICK_EUI64 in han.hub.members
    await walk.begin()
    await walk.fill("user", device=han.url)
    await walk.choose("resume", "give_up")
    await walk.fill("give_up")
    walk.aborted("given_up_listed")
    assert han.ncp.flash.network is None
    assert STICK_EUI64 not in han.hub.members
    assert issues(hass) == {"removed_still_listed"}


async def walk_to_join(walk: Walk) -> None:
    """Go from the home to where the hub is waited for."""
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)


# --- an entry that is removed, and its stick that comes back


async def test_removing_an_entry_takes_its_stick_off_the_network(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService
) -> None:
    entry_id = await paired(hass, han, service)
    assert STICK_EUI64 in han.hub.members
    await hass.config_entries.async_remove(entry_id)
    await hass.async_block_till_done()
    assert han.ncp.flash.network is None
    assert STICK_EUI64 not in han.hub.members
    assert issues(hass) == {"removed_still_listed"}
    assert not any(han.referee.counts().values())


async def test_a_stick_that_was_away_leaves_when_it_is_set_up_again(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService
) -> None:
    """Its network is known as the removed CAD's, so nobody has to say what it is."""
    entry_id = await paired(hass, han, service)
    with patch(
        "custom_components.smets1_cad.leaving.stick.EzspRadio.connect",
        side_effect=RadioLost("It is not there. Plug it in."),
    ):
        await hass.config_entries.async_remove(entry_id)
    assert issues(hass) == {"removed_still_listed", "removed_stick"}
    assert han.ncp.flash.network is not None
    walk = Walk(hass)
    await walk.begin()
    await walk.fill("user", device=han.url)
    assert walk.at["step_id"] == "former_known"
    await walk.choose("former_known", "leave_network")
    await walk.fill("leave_network")
    assert walk.at["step_id"] == "cad"
    assert han.ncp.flash.network is None
    assert STICK_EUI64 not in han.hub.members
    assert issues(hass) == {"removed_still_listed"}


# --- a stick on a network that is not known


async def test_a_stick_of_which_nothing_is_known_is_asked_about(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock
) -> None:
    """Only a person can say that it was a CAD; choosing another leaves it as it is."""
    stick.return_value = replace(STICK, extended_pan_id=NETWORK, is_device=True)
    await (await stored(hass)).session.save(
        HanRecord(extended_pan_id="an older one").as_dict()
    )
    await walk.begin()
    await walk.fill("user", device=PATH)
    with patch(LEAVE) as leave:
        await walk.choose("former", "user")
        walk.shows("user")
        leave.assert_not_called()
        await walk.fill("user", device=PATH)
        await walk.choose("former", "leave_network")
        leave.assert_not_called()
        await walk.fill("leave_network")
    leave.assert_awaited_once_with(hass, PATH, STICK.eui64, NETWORK)
    assert walk.at["step_id"] == "cad"
    assert await (await stored(hass)).session.load() is None


async def test_another_programs_network_stays_refused(
    walk: Walk, stick: AsyncMock
) -> None:
    """Its coordinator is never offered to leave, whoever says that it was a CAD."""
    stick.return_value = replace(STICK, extended_pan_id=NETWORK, is_device=False)
    await walk.begin()
    await walk.fill("user", device=PATH)
    walk.shows("user", {"device": "on_a_network"})


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ForeignNetwork("Another one. It was left."), "did not join"),
        (RadioLost("Gone. Plug it in."), "cannot be reached"),
    ],
)
async def test_a_stick_that_does_not_leave_says_why(
    walk: Walk, stick: AsyncMock, error: RadioError, says: str
) -> None:
    stick.return_value = replace(STICK, extended_pan_id=NETWORK, is_device=True)
    await walk.begin()
    await walk.fill("user", device=PATH)
    await walk.choose("former", "leave_network")
    with patch(LEAVE, side_effect=error):
        await walk.fill("leave_network")
    walk.shows("leave_network", {"base": "failed"})
    assert says in walk.at["description_placeholders"]["error"]


async def test_what_is_remembered_of_sticks_cannot_be_read(
    walk: Walk, stick: AsyncMock, hass: HomeAssistant
) -> None:

    process = await async_get_process_store(hass)
    await process.former.save("torn")  # type: ignore[arg-type]
    stick.return_value = replace(STICK, extended_pan_id=NETWORK, is_device=True)
    await walk.begin()
    await walk.fill("user", device=PATH)
    walk.aborted("store_unreadable")


# --- what a stick is asked before it leaves


async def test_only_the_network_meant_is_left(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService
) -> None:
    entry_id = await paired(hass, han, service)
    await hass.config_entries.async_unload(entry_id)
    with pytest.raises(ForeignNetwork, match="another network"):
        await async_leave_by_stick(hass, han.url, STICK.eui64, NETWORK)
    other = Eui64(bytes(7) + b"\1")
    with pytest.raises(WrongStick):
        await async_leave_by_stick(hass, han.url, other, NETWORK)
    assert STICK_EUI64 in han.hub.members
    entry = hass.config_entries.async_get_entry(entry_id)
    assert entry is not None
    assert entry.state is ConfigEntryState.NOT_LOADED


async def test_a_stick_that_only_says_that_it_leaves_has_not_left(
    hass: HomeAssistant, han: VirtualHan, service: SupplierService
) -> None:
    entry_id = await paired(hass, han, service)
    await hass.config_entries.async_unload(entry_id)
    network = (await (await stored(hass)).session.load() or {})["extended_pan_id"]
    with (
        patch("custom_components.smets1_cad.leaving.stick.EzspRadio.leave"),
        pytest.raises(RadioLost, match="did not"),
    ):
        await async_leave_by_stick(hass, han.url, STICK.eui64, network)
    assert STICK_EUI64 in han.hub.members


async def test_a_stick_on_no_network_has_left(
    hass: HomeAssistant, han: VirtualHan, ports: AsyncMock
) -> None:
    await async_leave_by_stick(hass, han.url, STICK.eui64, NETWORK)


async def test_a_port_that_something_uses_is_not_opened(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    user = SerialPortConsumer(
        kind="config_entry", domain="zha", title="ZHA", active=True
    )
    with (
        patch(
            "custom_components.smets1_cad.leaving.stick.async_port_users",
            return_value=[user],
        ),
        pytest.raises(RadioLost, match="Something uses"),
    ):
        await async_leave_by_stick(hass, han.url, STICK.eui64, NETWORK)


async def test_whatever_a_stick_does_is_no_more_than_said(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    store = await stored(hass)
    await store.session.save({"extended_pan_id": NETWORK})
    with patch(
        "custom_components.smets1_cad.leaving.stick.async_port_users",
        side_effect=KeyError("usb"),
    ):
        error = await async_leave_for_good(hass, store, PATH, STICK.eui64)
    assert isinstance(error, RadioLost)
    assert "has not left its network" in caplog.text


async def test_a_stick_that_hangs_holds_nobody_up(
    hass: HomeAssistant, ports: AsyncMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_radio: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("custom_components.smets1_cad.leaving.stick.PATIENCE", 0.01)
    store = await stored(hass)
    await store.session.save({"extended_pan_id": NETWORK})
    with patch("custom_components.smets1_cad.leaving.stick.EzspRadio.connect", hang):
        error = await async_leave_for_good(hass, store, PATH, STICK.eui64)
    assert isinstance(error, RadioLost)
