"""Joining while a person watches, on the virtual network, on good days and bad ones (R9, R21)."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.smets1_cad.cad.errors import CadError, Responsible
from custom_components.smets1_cad.cad.link import LinkState, LinkStatus
from custom_components.smets1_cad.cad.models import Fuel, MeterIdentity
from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.config_flow import Smets1CadConfigFlow
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.flow import joining
from custom_components.smets1_cad.pairing.states import PairingState
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.errors import CertificateError
from custom_components.smets1_cad.smart_energy.network import JoinRefused, RadioLost
from custom_components.smets1_cad.smart_energy.session.errors import KeyRefused
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
from virtual_han.han import HanConfig, VirtualHan

from ..fake_link import electricity
from .walk import HOME, METERS, TICKED, Walk, certificate_text, pairing, stored

pytestmark = pytest.mark.usefixtures("ports", "setup")

JOIN = "custom_components.smets1_cad.flow.joining."


@pytest.fixture
def short() -> Generator[None]:
    """Waits that are short, where the point is that they end."""
    with (
        patch(f"{JOIN}READ_TIMEOUT", 0.05),
        patch(f"{JOIN}QUIET", 0.05),
    ):
        yield


async def to_join(
    walk: Walk,
    han: VirtualHan,
    certificate: str = "",
    *,
    until: str = "join",
    **meters: str,
) -> None:
    """Go as far as joining, or the request, on the virtual stick, without leaving the dialog."""
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    if certificate:
        await walk.choose("cad", "certificate_text")
        await walk.fill("certificate_text", certificate=certificate)
    else:
        await walk.choose("cad", "certificate_none")
        await walk.fill("certificate_none")
    # The stick has its maker's install code, so none is asked for.
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | meters)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    if until == "join":
        await walk.choose("request", "join")


def told(walk: Walk) -> str:
    """Return what the menu says went wrong."""
    assert walk.at["type"] is FlowResultType.MENU, walk.at
    error: str = walk.at["description_placeholders"]["error"]
    return error


async def test_hub_that_is_not_open(hass: HomeAssistant, han: VirtualHan) -> None:
    """It is the supplier's to open; the person may try again, or finish and wait."""
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han))
    await walk.watch()
    assert walk.at["step_id"] == "not_joined_supplier"
    assert told(walk)
    assert (await pairing(hass)).state is PairingState.RECORDED
    han.admit()
    await walk.choose("not_joined_supplier", "join")
    await walk.watch()
    walk.shows("joined")
    await walk.fill("joined")
    assert walk.entry.unique_id == "00124B0001ABCDEF"
    assert (await pairing(hass)).state is PairingState.PAIRED


@pytest.mark.parametrize("other", [{"mpan": "2000054879610"}, {"mprn": "7412306508"}])
async def test_meters_of_another_home(
    hass: HomeAssistant, han: VirtualHan, other: dict[str, str]
) -> None:
    """Nothing of them is kept, the CAD does not count as paired, and the stick is free again."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han), **other)
    await walk.watch()
    assert walk.at["step_id"] == "not_joined_supplier"
    assert "not the one that you declared" in told(walk)
    assert await (await stored(hass)).readings.load() is None
    assert (await pairing(hass)).state is PairingState.RECORDED
    await walk.choose("not_joined_supplier", "finish")
    assert walk.entry.unique_id == "00124B0001ABCDEF"


async def test_killed_after_joining(hass: HomeAssistant, han: VirtualHan) -> None:
    """The stick is on the network of this very CAD, which is taken up again."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han))
    await walk.watch()
    walk.shows("joined")
    before = await pairing(hass)
    assert before.state is PairingState.PAIRED
    walk.leave()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_kept")
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    await walk.fill("pairing_details")
    with patch(f"{JOIN}READ_TIMEOUT", 1.0):  # gas may be asked again in half an hour
        await walk.choose("request", "join")
        await walk.watch()
    assert walk.at["step_id"] in {"joined", "joined_partly"}
    assert await pairing(hass) == before
    assert han.hub.members.keys() == {han.ncp.flash.eui64}


@pytest.mark.parametrize(
    "state",
    [LinkState.JOINING, LinkState.KEY_ESTABLISHMENT, LinkState.DISCOVERING],
)
async def test_killed_while_joining(
    hass: HomeAssistant, han: VirtualHan, state: LinkState
) -> None:
    """Whatever the stick had got to, another start takes it up: no new request, no second place on the hub."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han), until="request")
    before = await pairing(hass)
    with when(state, lambda: hass.loop.call_soon(walk.leave)):
        await walk.choose("request", "join")
        async with asyncio.timeout(30):
            while walk.at["flow_id"] in {
                flow["flow_id"] for flow in hass.config_entries.flow.async_progress()
            }:
                await asyncio.sleep(0)
            await walk.begin()
            await walk.fill("user", **{CONF_DEVICE: han.url})
            while walk.at.get("errors") == {CONF_DEVICE: "joining_elsewhere"}:
                await asyncio.sleep(0.05)
                await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_kept")
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    await walk.fill("pairing_details")
    assert (await pairing(hass)).key == before.key
    with patch(f"{JOIN}READ_TIMEOUT", 1.0):
        await walk.choose("request", "join")
        await walk.watch()
    assert walk.at["step_id"] in {"joined", "joined_partly"}
    assert han.hub.members.keys() == {han.ncp.flash.eui64}


async def test_install_code_that_was_lost(walk: Walk, hass: HomeAssistant) -> None:
    await walk.to_request()
    await (await stored(hass)).secrets.clear()
    await walk.choose("request", "join")
    assert walk.at["step_id"] == "not_joined_householder"
    assert "install code" in told(walk)


async def test_wrong_install_code_on_the_hubs_list(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    han.admit(install_code=bytes(16))
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han))
    await walk.watch()
    assert walk.at["step_id"] == "not_joined_supplier"
    assert "another install code or address on its list" in told(walk)
    await walk.choose("not_joined_supplier", "finish")
    assert walk.entry.unique_id == "00124B0001ABCDEF"


async def test_no_certificate(hass: HomeAssistant, han: VirtualHan) -> None:
    """No place on the hub's list is taken up that could never be used."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han)
    await walk.watch()
    assert walk.at["step_id"] == "not_joined_cad_provider"
    assert "certificate" in told(walk)
    assert not han.hub.members


async def test_certificate_of_another_authority(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    """A test certificate on a production hub, or the reverse."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(VirtualHan(HanConfig(seed=2))))
    await walk.watch()
    assert walk.at["step_id"] == "not_joined_cad_provider"
    assert "Ask the provider of the CAD" in told(walk)


async def test_certificate_of_another_device_in_a_restored_backup(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    """The form refuses it; what comes from elsewhere is found out by the hub."""
    han.admit()
    other = certificate_text(han, eui64=bytes(7) + b"\1")
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han), until="request")
    store = await stored(hass)
    secrets = CadSecrets.from_dict(await store.secrets.load())
    await store.secrets.save(replace(secrets, credentials=other).as_dict())
    with patch(f"{JOIN}JOIN_TIMEOUT", 3):
        await walk.choose("request", "join")
        await walk.watch()
    assert walk.at["step_id"] == "not_joined_cad_provider"
    assert "certificate" in told(walk)


def when(state: LinkState, act: Callable[[], object]) -> AbstractContextManager[Any]:
    """Do something as soon as a person sees that joining has come to a state."""
    shown = Smets1CadConfigFlow.async_update_progress
    done = []

    def update(flow: Smets1CadConfigFlow, progress: float) -> None:
        shown(flow, progress)
        if progress == joining._PROGRESS[state] and not done:
            done.append(act())

    return patch.object(Smets1CadConfigFlow, "async_update_progress", update)


@pytest.mark.parametrize(
    "state",
    [
        LinkState.SCANNING,
        LinkState.JOINING,
        LinkState.JOINED,
        LinkState.KEY_ESTABLISHMENT,
        LinkState.DISCOVERING,
        LinkState.RUNNING,
    ],
)
async def test_stick_that_is_unplugged_while_joining(
    hass: HomeAssistant, han: VirtualHan, state: LinkState
) -> None:
    """At each stage: it is the householder's, the stick is named, and the dialog ends well."""
    han.admit()
    pulled: list[asyncio.Task[None]] = []
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han), until="request")
    with (
        patch(f"{JOIN}JOIN_TIMEOUT", 2.0),
        when(state, lambda: pulled.append(asyncio.create_task(han.stop()))),
    ):
        await walk.choose("request", "join")
        await walk.watch()
    assert pulled
    await pulled[0]
    assert walk.at["step_id"] == "not_joined_householder"
    assert "Check that it is plugged in" in told(walk)
    await walk.choose("not_joined_householder", "finish")
    assert walk.entry.unique_id == "00124B0001ABCDEF"


@pytest.mark.parametrize("state", [LinkState.DISCOVERING, LinkState.RUNNING])
async def test_hub_that_throws_the_cad_out_at_once(
    hass: HomeAssistant, han: VirtualHan, state: LinkState
) -> None:
    """The supplier takes it off the list just after it got in; why is the supplier's to say."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han), until="request")
    with patch(f"{JOIN}JOIN_TIMEOUT", 5), when(state, han.unpair):
        await walk.choose("request", "join")
        await walk.watch()
    assert walk.at["step_id"] == "not_joined_supplier"
    assert told(walk).startswith("The CAD is no longer on your smart meter's network")


async def test_stick_that_is_unplugged_before_joining(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    walk = Walk(hass)
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details")
    await han.stop()
    with patch(f"{JOIN}JOIN_TIMEOUT", 0.5):
        await walk.choose("request", "join")
        await walk.watch()
    assert walk.at["step_id"] == "not_joined_householder"
    assert told(walk)


async def test_stick_that_is_not_there_at_the_first_step(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    url = han.url
    await han.stop()
    walk = Walk(hass)
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: url})
    walk.shows("user", {CONF_DEVICE: "cannot_connect"})


async def test_dialog_that_is_closed_lets_go_of_the_stick(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    """The task ends with the dialog; the stick can be opened again at once."""
    connected, closed = asyncio.Event(), asyncio.Event()
    connect, disconnect = EzspRadio.connect, EzspRadio.disconnect

    async def connecting(radio: EzspRadio) -> None:
        await connect(radio)
        connected.set()

    async def disconnecting(radio: EzspRadio, *, silence: bool = False) -> None:
        await disconnect(radio, silence=silence)
        if connected.is_set():
            closed.set()

    with (
        patch.object(EzspRadio, "connect", connecting),
        patch.object(EzspRadio, "disconnect", disconnecting),
    ):
        walk = Walk(hass)
        await to_join(walk, han, certificate_text(han))
        assert walk.at["type"] is FlowResultType.SHOW_PROGRESS
        again = await hass.config_entries.flow.async_configure(walk.at["flow_id"])
        assert again["type"] is FlowResultType.SHOW_PROGRESS
        async with asyncio.timeout(10):
            await connected.wait()
            walk.leave()
            await closed.wait()
        await hass.async_block_till_done()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: han.url})
    assert walk.at["step_id"] == "resume"


async def test_second_dialog_for_a_stick_that_joins(
    hass: HomeAssistant, han: VirtualHan
) -> None:
    """The join that runs is not disturbed."""
    walk, other = Walk(hass), Walk(hass)
    await to_join(walk, han, certificate_text(han), until="request")
    with patch(f"{JOIN}JOIN_TIMEOUT", 1.0):
        await walk.choose("request", "join")
        await other.begin()
        await other.fill("user", **{CONF_DEVICE: han.url})
        other.shows("user", {CONF_DEVICE: "joining_elsewhere"})
        await walk.watch()
    assert walk.at["step_id"] == "not_joined_supplier"
    await other.fill("user", **{CONF_DEVICE: han.url})
    assert other.at["step_id"] == "resume"


class FakeSession:
    """A session whose story a test tells."""

    def __init__(
        self, story: Callable[[FakeSession], None], error: CadError | None
    ) -> None:
        """Begin with nothing told."""
        self.story, self.error, self.stopped = story, error, False

    def on_status(self, listener: Callable[[LinkStatus], None]) -> None:
        """Remember who listens."""
        self.status = listener

    def on_update(self, listener: Callable[[Any], None]) -> None:
        """Remember who listens."""
        self.update = listener

    async def start(self, _grant: object) -> None:
        """Tell the story, or fail."""
        if self.error is not None:
            raise self.error
        self.story(self)

    async def stop(self) -> None:
        """Stop."""
        self.stopped = True

    def move(self, state: LinkState, error: CadError | None = None) -> None:
        """Tell of a state."""
        self.status(LinkStatus(state=state, since=dt_util.utcnow(), error=error))


async def fake_join(
    walk: Walk,
    story: Callable[[FakeSession], None] = lambda session: None,
    error: CadError | None = None,
) -> FakeSession:
    """Join with a session whose story is told."""
    await walk.to_request()
    session = FakeSession(story, error)
    with patch(f"{JOIN}async_build_session", return_value=session):
        await walk.choose("request", "join")
        if walk.at["type"] is FlowResultType.SHOW_PROGRESS:
            await walk.watch()
    return session


@pytest.mark.parametrize("responsible", [*Responsible, None])
async def test_each_failure_says_whose_task_it_is(
    walk: Walk, responsible: Responsible | None
) -> None:
    error = CadError("It failed. Do this.", responsible=responsible)
    session = await fake_join(walk, lambda told: told.move(LinkState.FAILED, error))
    whose = responsible.value if responsible else "unknown"
    assert walk.at["step_id"] == f"not_joined_{whose}"
    assert told(walk) == "It failed. Do this."
    assert session.stopped
    await walk.choose(f"not_joined_{whose}", "finish")
    assert walk.entry


async def test_hub_that_throws_the_cad_out(walk: Walk) -> None:
    removed = CadError(
        "Told to leave. Ask.", reason="removed", responsible=Responsible.SUPPLIER
    )

    def story(session: FakeSession) -> None:
        session.move(LinkState.JOINED)
        session.move(LinkState.FAILED, removed)

    await fake_join(walk, story)
    assert walk.at["step_id"] == "not_joined_supplier"


async def test_stick_that_does_not_come_back(walk: Walk) -> None:
    """Nobody watches for three minutes for a stick that is not there."""

    def story(session: FakeSession) -> None:
        for _ in range(2):
            session.move(LinkState.DISCONNECTED, RadioLost("Gone. Plug it in."))

    async with asyncio.timeout(20):
        await fake_join(walk, story)
    assert walk.at["step_id"] == "not_joined_householder"
    assert "Check that it is plugged in" in told(walk)


async def test_stick_that_comes_back(walk: Walk, short: None) -> None:
    """A stick that was reset once is no end."""

    def story(session: FakeSession) -> None:
        session.move(LinkState.DISCONNECTED, RadioLost("Gone. Plug it in."))
        session.move(LinkState.RUNNING)
        session.update(electricity())

    await fake_join(walk, story)
    walk.shows("joined_partly")


async def test_error_on_the_way_is_not_the_end(walk: Walk) -> None:
    """A key that is established on the second try is no failure; one that never is, is told in the end."""
    error = CadError("The key was refused. It is tried again.")
    with patch(f"{JOIN}JOIN_TIMEOUT", 0.05):
        await fake_join(
            walk, lambda told: told.move(LinkState.KEY_ESTABLISHMENT, error)
        )
    assert told(walk) == str(error)


async def test_joined_and_nothing_to_read(walk: Walk) -> None:
    """What went wrong on the way is over, and is not given as the cause."""

    def story(session: FakeSession) -> None:
        session.move(LinkState.KEY_ESTABLISHMENT, KeyRefused("Refused. Again."))
        session.move(LinkState.RUNNING)

    with patch(f"{JOIN}JOIN_TIMEOUT", 0.05):
        await fake_join(walk, story)
    assert walk.at["step_id"] == "not_joined_cad_provider"
    assert told(walk).startswith("The CAD has joined")


async def test_meter_of_another_home_that_is_heard_late(
    walk: Walk, hass: HomeAssistant, short: None
) -> None:
    """The gas meter tells its number only after electricity was read: that is not kept either."""
    identity = MeterIdentity(fuel=Fuel.GAS, site_id="7412306508")

    def story(session: FakeSession) -> None:
        session.move(LinkState.RUNNING)
        session.update(electricity())
        hass.loop.call_later(0.02, session.update, identity)

    with patch(f"{JOIN}READ_TIMEOUT", 5):
        await fake_join(walk, story)
    assert walk.at["step_id"] == "not_joined_supplier"
    assert told(walk).startswith("The gas meter on this hub is not the one")
    assert await (await stored(hass)).readings.load() is None


async def test_nothing_is_heard_at_all(walk: Walk) -> None:
    with patch(f"{JOIN}JOIN_TIMEOUT", 0.05):
        await fake_join(walk)
    assert walk.at["step_id"] == "not_joined_unknown"
    assert told(walk) == ""


async def test_session_that_cannot_start(walk: Walk) -> None:
    await fake_join(walk, error=CadError("No consent. Give it."))
    assert told(walk) == "No consent. Give it."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The hub refused the CAD. Ask the supplier whether"),
        ("en-GB", "The hub refused the CAD. Ask the supplier whether"),
        ("cy", "Gwrthododd y canolbwynt y CAD. Gofynnwch i'r cyflenwr a"),
        ("de", "The hub refused the CAD. Ask the supplier whether"),
    ],
)
async def test_failure_is_told_in_the_households_language(
    walk: Walk, hass: HomeAssistant, language: str, said: str
) -> None:
    hass.config.language = language
    error = JoinRefused("Status 0x17.")
    await fake_join(walk, lambda told: told.move(LinkState.NOT_JOINED, error))
    assert walk.at["step_id"] == "not_joined_supplier"
    assert told(walk).startswith(said)


async def test_session_that_cannot_be_built(walk: Walk) -> None:
    await walk.to_request()
    error = CertificateError("It has expired. Renew it.", reason="certificate_expired")
    with patch(f"{JOIN}async_build_session", side_effect=error):
        await walk.choose("request", "join")
    assert walk.at["step_id"] == "not_joined_cad_provider"


async def test_gas_that_never_appears(
    hass: HomeAssistant, han: VirtualHan, short: None
) -> None:
    """Electricity is enough to go on; the person is told that gas is to come."""
    han.admit()
    readings = joining.GasReading
    with patch(f"{JOIN}GasReading", type("Never", (), {})):
        walk = Walk(hass)
        await to_join(walk, han, certificate_text(han))
        await walk.watch()
    assert readings is joining.GasReading
    walk.shows("joined_partly")
    assert (await pairing(hass)).state is PairingState.PAIRED
    await walk.fill("joined_partly")
    assert hass.config_entries.async_entries(DOMAIN) == [walk.entry]


async def test_what_is_found_and_cannot_be_kept(
    hass: HomeAssistant,
    han: VirtualHan,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The entry finds out again; the person is not held up."""
    han.admit()
    walk = Walk(hass)
    await to_join(walk, han, certificate_text(han))
    with patch(f"{JOIN}meters_as_json", side_effect=CadError("Full. Make room.")):
        await walk.watch()
    walk.shows("joined")
    assert "Full. Make room." in caplog.text
