"""The pairing as the radio sees it, and the reminders while it is waited for (R8)."""

from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.pairing.identity import Identity, Premises, Relation
from custom_components.smets1_cad.pairing.life import Pairing, PairingKeeper
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan
from custom_components.smets1_cad.pairing.repairs import WaitingFlow
from custom_components.smets1_cad.pairing.request import CadDetails, PairingRequest
from custom_components.smets1_cad.pairing.states import CadKind, PairingState, Reminder
from custom_components.smets1_cad.repairs import async_create_fix_flow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .fake_link import EUI, MPAN, NOW, Home, new_home

STATUS = "sensor.consumer_access_device_pairing_status"
REQUEST = PairingRequest(
    identity=Identity(
        name="Gwen Householder",
        address="27 Canary Wharf",
        postcode="CF10 1AA",
        premises=Premises.DOMESTIC,
        relation=Relation.OCCUPIER,
        fuels=frozenset({Fuel.ELECTRICITY}),
        mpan=parse_mpan(MPAN),
    ),
    cad=CadDetails(kind=CadKind.ZIGBEE, eui64=EUI.replace(":", "")),
    supplier="Some Energy",
    consent_id="0123456789ab",
    consent_at=NOW,
    consent_version=1,
    consent_sha256="ab" * 32,
)


class Disk:
    """Where the keeper saves, until a test fills it up."""

    def __init__(self) -> None:
        self.saved: list[dict[str, Any]] = []
        self.is_full = False

    async def save(self, data: dict[str, Any]) -> None:
        if self.is_full:
            raise CadError("The disk is full. Make room.")
        self.saved.append(data)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
    disk: Disk,
) -> Home:
    """A home whose request was sent by letter today, a Sunday."""
    home = new_home(hass, freezer)
    home.pairing = PairingKeeper(
        Pairing.record(REQUEST, NOW).advance(PairingState.SENT, NOW), disk.save
    )
    return home


def reminder(home: Home) -> ir.IssueEntry | None:
    return ir.async_get(home.hass).async_get_issue(
        DOMAIN, f"pairing_overdue_{home.entry.entry_id}"
    )


async def moved(home: Home, *states: LinkState) -> str:
    """Move the link, and return what the pairing became."""
    for state in states:
        home.link.move(state)
        await home.hass.async_block_till_done()
    return home.state(STATUS)


async def test_way_in_is_seen(home: Home) -> None:
    await home.start()
    assert home.state(STATUS) == "sent"
    assert await moved(home, LinkState.SCANNING) == "sent"
    # Whatever permits joining may be a neighbour's.
    assert await moved(home, LinkState.JOINING) == "sent"
    assert await moved(home, LinkState.JOINED) == "joining"
    assert await moved(home, LinkState.KEY_ESTABLISHMENT) == "joining"
    assert await moved(home, LinkState.RUNNING) == "paired"
    assert await moved(home, LinkState.REJOINING, LinkState.JOINING) == "paired"
    assert await moved(home, LinkState.RUNNING) == "paired"


async def test_steps_that_nobody_saw_are_made_up_for(home: Home, disk: Disk) -> None:
    """A session that finds its network again runs at once; the history is whole all the same."""
    await home.start()
    assert await moved(home, LinkState.RUNNING) == "paired"
    assert [step["state"] for step in disk.saved[-1]["history"]] == [
        *("recorded", "sent", "han_open", "joining", "paired"),
    ]


async def test_removal_is_seen(home: Home, hass: HomeAssistant) -> None:
    await home.start()
    await moved(home, LinkState.RUNNING)
    home.link.move(
        LinkState.FAILED, CadError("The hub removed the CAD. Ask.", reason="removed")
    )
    await hass.async_block_till_done()
    state = hass.states.get(STATUS)
    assert state is not None
    assert state.state == "removed"
    assert state.attributes["next_step"] == "ask_why_removed"
    assert state.attributes["whose_turn"] == "householder"


async def test_other_failures_are_no_removal(home: Home, hass: HomeAssistant) -> None:
    await home.start()
    await moved(home, LinkState.RUNNING)
    home.link.move(LinkState.FAILED, CadError("No certificate.", reason="certificate"))
    await hass.async_block_till_done()
    assert home.state(STATUS) == "paired"


async def test_what_cannot_follow_is_left_alone(home: Home, disk: Disk) -> None:
    """While the supplier is asked to unpair, a network that is still there changes nothing."""
    home.pairing = PairingKeeper(
        Pairing.record(REQUEST, NOW)
        .advance(PairingState.SENT, NOW)
        .advance(PairingState.UNPAIR_RECORDED, NOW),
        disk.save,
    )
    await home.start()
    assert await moved(home, LinkState.RUNNING) == "unpair_recorded"


async def test_full_disk_is_said(
    home: Home, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    await home.start()
    disk.is_full = True
    assert await moved(home, LinkState.RUNNING) == "sent"
    assert "The state of the pairing was not kept" in caplog.text


class TestReminders:
    """After 5, 10 and 20 working days, at nine in the morning."""

    async def test_one_after_the_other(self, home: Home, hass: HomeAssistant) -> None:
        await home.start()
        assert reminder(home) is None
        for when, key, days in (
            (datetime(2026, 11, 27, 9, tzinfo=UTC), "ask_supplier", "5"),
            (datetime(2026, 12, 4, 9, tzinfo=UTC), "complain", "10"),
            (datetime(2026, 12, 18, 9, tzinfo=UTC), "escalate", "20"),
        ):
            await home.wait_until(when)
            issue = reminder(home)
            assert issue is not None
            assert issue.translation_key == f"pairing_overdue_{key}"
            assert issue.translation_placeholders == {"days": days}
            state = hass.states.get(STATUS)
            assert state is not None
            assert state.attributes["next_step"] == key
            assert state.attributes["whose_turn"] == "householder"

    async def test_seen_is_not_shown_again(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        """Not after a restart either; the next one comes in its time."""
        await home.start()
        await home.wait_until(datetime(2026, 11, 27, 9, tzinfo=UTC))
        issue = reminder(home)
        assert issue is not None
        flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
        assert isinstance(flow, WaitingFlow)
        flow.hass, flow.flow_id, flow.handler, flow.context = hass, "f", DOMAIN, {}
        await flow.async_step_seen()
        await hass.async_block_till_done()
        assert home.pairing is not None
        assert home.pairing.pairing.reminded == {Reminder.ASK}
        await home.stop()
        assert reminder(home) is None
        await home.start()
        assert reminder(home) is None
        await home.wait_until(datetime(2026, 12, 4, 9, tzinfo=UTC))
        assert reminder(home) is not None

    async def test_unseen_comes_back_after_a_restart(self, home: Home) -> None:
        await home.start()
        await home.wait_until(datetime(2026, 11, 27, 9, tzinfo=UTC))
        await home.stop()
        await home.start()
        assert reminder(home) is not None

    async def test_joining_ends_them(self, home: Home) -> None:
        await home.start()
        await home.wait_until(datetime(2026, 11, 27, 9, tzinfo=UTC))
        await moved(home, LinkState.JOINING)
        assert reminder(home) is not None, "somebody's network is open"
        await moved(home, LinkState.JOINED)
        assert reminder(home) is None

    async def test_cad_without_a_request_has_none(
        self, home: Home, hass: HomeAssistant
    ) -> None:
        home.pairing = None
        await home.start()
        assert hass.states.get(STATUS) is None
