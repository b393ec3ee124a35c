"""A link that keeps trying in vain is told of: what it lacks, since when, whose turn it is (R21)."""

from collections.abc import AsyncGenerator
from datetime import timedelta
import json
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import Fuel, MeterIdentity
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.faults import (
    Lacking,
    async_clear_faults,
    async_report_lacking,
)
from custom_components.smets1_cad.pairing.states import PairingState as S
from custom_components.smets1_cad.smart_energy.cbke.failure import (
    Failure,
    FailureReason,
)
from custom_components.smets1_cad.smart_energy.network import (
    JoinRefused,
    NoHubHeard,
    NotPermitted,
    RadioLost,
    RejoinFailed,
    WrongInstallCode,
    WrongStick,
)
from custom_components.smets1_cad.smart_energy.session.errors import (
    KeyRefused,
    RemovedFromHan,
)
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .fake_link import CANARIES, NOW, electricity, gas
from .leaving_home import ON_THE_WAY, LeavingHome, leaving_home

STICK, OWN_STICK, HUB, KEY = Lacking

GONE = RadioLost("The stick cannot be reached.")
SWAPPED = WrongStick("Another stick is at the port.")
NOT_FOUND = RejoinFailed("The hub did not take the CAD back.")
OFF_THE_LIST = RemovedFromHan("The hub is there, but does not take the CAD back.")

TRANSLATIONS = Path(__file__).parents[1] / "custom_components/smets1_cad/translations"


def no_key(reason: FailureReason) -> CadError:
    """Return how key establishment failed."""
    return Failure(reason).to_error()


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> AsyncGenerator[LeavingHome]:
    """A home that is not set up yet, in Cardiff."""
    await hass.config.async_set_time_zone("Europe/London")
    async with leaving_home(hass, freezer) as home:
        yield home


@pytest.fixture
async def paired(home: LeavingHome) -> LeavingHome:
    """A home that was paired and read at noon."""
    await home.prepare()
    await home.start()
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity(), gas())
    await home.hass.async_block_till_done()
    return home


async def hours(home: LeavingHome, number: int) -> None:
    """Let hours go by."""
    for _ in range(number):
        await home.wait(hours=1)


async def read_again(home: LeavingHome) -> None:
    """Have the link run, and then a meter read: it is that which takes an issue back."""
    before = issues(home)
    home.link.move(LinkState.RUNNING)
    await home.wait(seconds=10)
    assert issues(home) == before
    home.link.hand_up(electricity())
    await home.hass.async_block_till_done()


def issues(home: LeavingHome) -> dict[str, str]:
    """Return what every issue that is shown of a lacking thing says, by its kind."""
    return {
        kind: issue.translation_key or ""
        for kind in Lacking
        if (issue := home.issue(kind)) is not None
    }


def said(issue: ir.IssueEntry, language: str) -> str:
    """Return an issue's words, as a person reads them."""
    path = TRANSLATIONS / f"{language}.json"
    words = json.loads(path.read_text(encoding="utf-8"))["issues"]
    text = words[issue.translation_key]
    blanks = issue.translation_placeholders or {}
    return f"{text['title']}\n{text['description'].format(**blanks)}"


def menu_words(*path: str) -> list[str]:
    """Return what an entry of a menu is called, in English and Welsh."""
    found = []
    for language in ("en", "cy"):
        words: Any = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
        for key in path:
            words = words[key]
        found.append(words)
    return found


@pytest.mark.parametrize(
    ("state", "error", "kind", "whose"),
    [
        (LinkState.REJOINING, NOT_FOUND, HUB, "householder"),
        (LinkState.REJOINING, None, HUB, "householder"),
        (LinkState.JOINED, None, HUB, "householder"),
        (LinkState.DISCOVERING, None, HUB, "householder"),
        (LinkState.KEY_ESTABLISHMENT, None, HUB, "householder"),
        (LinkState.NOT_JOINED, NoHubHeard("Nothing."), HUB, "householder"),
        (LinkState.REJOINING, OFF_THE_LIST, HUB, "supplier"),
        (LinkState.NOT_JOINED, NotPermitted("Shut."), HUB, "supplier"),
        (LinkState.NOT_JOINED, JoinRefused("No room."), HUB, "supplier"),
        (LinkState.NOT_JOINED, WrongInstallCode("No key."), HUB, "supplier"),
        *(
            (LinkState.KEY_ESTABLISHMENT, no_key(reason), KEY, whose)
            for reason, whose in {
                FailureReason.INVALID_CERTIFICATE: "cad_provider",
                FailureReason.BAD_MESSAGE: "cad_provider",
                FailureReason.UNSUPPORTED_SUITE: "cad_provider",
                FailureReason.NO_RESOURCES: "supplier",
                FailureReason.TIMEOUT: "householder",
                FailureReason.NOT_SENT: "householder",
            }.items()
        ),
        (LinkState.KEY_ESTABLISHMENT, KeyRefused("Unknown key."), KEY, "supplier"),
    ],
)
async def test_r21_a_hub_or_a_key_is_missed_after_a_day(
    paired: LeavingHome,
    state: LinkState,
    error: CadError | None,
    kind: Lacking,
    whose: str,
) -> None:
    """Not before; the issue goes as soon as a meter is read again, and nothing was sent for it."""
    paired.link.move(state, error)
    before = list(paired.link.calls)
    await hours(paired, 23)
    assert issues(paired) == {}
    await hours(paired, 1)
    assert issues(paired) == {kind: f"{kind}_{whose}"}
    issue = paired.issue(kind)
    assert issue is not None
    for language in ("en", "cy"):
        text = said(issue, language)
        assert "2026-11-22 12:00" in text
        assert not re.search("|".join(CANARIES), text)
    assert paired.link.calls == before
    await read_again(paired)
    assert issues(paired) == {}


@pytest.mark.parametrize(
    ("error", "kind"), [(GONE, STICK), (None, STICK), (SWAPPED, OWN_STICK)]
)
async def test_r21_a_stick_is_missed_within_two_hours(
    paired: LeavingHome, error: CadError | None, kind: Lacking
) -> None:
    """Also one that neither opens nor fails, or has another in its place."""
    await paired.wait(minutes=30)
    paired.link.move(LinkState.DISCONNECTED, error)
    await paired.wait(minutes=30)
    assert issues(paired) == {}
    await hours(paired, 1)
    assert issues(paired) == {kind: f"{kind}_householder"}
    issue = paired.issue(kind)
    assert issue is not None
    for text, words in zip(
        (said(issue, "en"), said(issue, "cy")),
        menu_words("config", "step", "reconfigure", "menu_options", "port"),
        strict=True,
    ):
        assert f"*{words}*" in text
        assert "2026-11-22 12:00" in text
    await read_again(paired)
    assert issues(paired) == {}


async def test_a_stick_that_is_moved_is_not_missed(paired: LeavingHome) -> None:
    """Nor is the hub before it was looked for, however long ago the last reading was."""
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 30)
    await paired.wait(minutes=50)
    paired.link.move(LinkState.DISCONNECTED, GONE)
    await paired.wait(minutes=20)
    assert issues(paired) == {HUB: "hub_lost_householder"}
    await read_again(paired)
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 23)
    assert issues(paired) == {}
    await hours(paired, 2)
    assert issues(paired) == {HUB: "hub_lost_householder"}


async def test_r21_a_reading_begins_anew(paired: LeavingHome) -> None:
    """What was found before, or failed before, says nothing of the next loss."""
    paired.link.move(LinkState.DISCONNECTED, GONE)
    await hours(paired, 2)
    assert issues(paired) == {STICK: "stick_lost_householder"}
    await paired.wait(minutes=40)
    await read_again(paired)
    await paired.wait(minutes=5)
    paired.link.move(LinkState.DISCONNECTED, GONE)
    await paired.wait(minutes=15)
    assert issues(paired) == {}
    await hours(paired, 1)
    assert issues(paired) == {STICK: "stick_lost_householder"}


async def test_a_stick_that_is_gone_for_a_minute_now_and_then_is_not_missed(
    paired: LeavingHome,
) -> None:
    """Though meters that are seldom read are not read in between."""
    for _ in range(3):
        paired.link.move(LinkState.DISCONNECTED, GONE)
        await paired.wait(minutes=1)
        paired.link.move(LinkState.RUNNING)
        await hours(paired, 3)
        assert issues(paired) == {}


@pytest.mark.parametrize("error", [None, NOT_FOUND])
@pytest.mark.parametrize("minutes", [59, 20, 1])
async def test_r21_a_hub_that_throws_the_cad_out_each_hour(
    paired: LeavingHome, minutes: int, error: CadError | None
) -> None:
    """It runs for so many minutes of each hour, and reads nothing; it may run whenever it is looked at."""
    for hour in range(27):
        assert hour > 23 or issues(paired) == {}
        paired.link.move(LinkState.RUNNING)
        await paired.wait(minutes=minutes)
        paired.link.move(LinkState.REJOINING, error)
        await paired.wait(minutes=60 - minutes - 1, seconds=30)
        paired.link.move(LinkState.RUNNING)
        await paired.wait(seconds=30)
    for _ in range(3):
        assert issues(paired) == {HUB: "hub_lost_householder"}
        paired.link.move(LinkState.RUNNING)
        await paired.wait(hours=3)
        paired.link.move(LinkState.REJOINING, error)
        await paired.wait(seconds=30)
    assert paired.issue("meter_unread_electricity") is None
    await read_again(paired)
    assert issues(paired) == {}


async def test_r21_a_day_s_steady_link_is_as_good_as_a_reading(
    paired: LeavingHome,
) -> None:
    """That the meters are not read all the same is told of the meters then."""
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 25)
    paired.link.move(LinkState.RUNNING)
    await hours(paired, 23)
    assert issues(paired) == {HUB: "hub_lost_householder"}
    assert paired.issue("meter_unread_electricity") is None
    await hours(paired, 1)
    assert issues(paired) == {}
    assert paired.issue("meter_unread_electricity") is not None


async def test_one_lack_after_another(paired: LeavingHome) -> None:
    """There is one issue at a time, of what two looks in a row have found."""
    paired.link.move(LinkState.DISCONNECTED, GONE)
    await hours(paired, 12)
    assert issues(paired) == {STICK: "stick_lost_householder"}
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 1)
    assert issues(paired) == {STICK: "stick_lost_householder"}
    await hours(paired, 1)
    assert issues(paired) == {}
    await hours(paired, 10)
    assert issues(paired) == {HUB: "hub_lost_householder"}
    paired.link.move(LinkState.KEY_ESTABLISHMENT, KeyRefused("Unknown key."))
    await hours(paired, 2)
    assert issues(paired) == {KEY: "key_not_agreed_supplier"}
    paired.link.move(LinkState.DISCONNECTED, GONE)
    await hours(paired, 2)
    assert issues(paired) == {STICK: "stick_lost_householder"}


async def test_a_dismissed_issue_stays_dismissed(paired: LeavingHome) -> None:
    """Whose turn it is may change; the person knows of the hub."""
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 25)
    issue = paired.issue(HUB)
    assert issue is not None
    ir.async_ignore_issue(paired.hass, DOMAIN, issue.issue_id, ignore=True)
    paired.link.move(LinkState.REJOINING, OFF_THE_LIST)
    await hours(paired, 2)
    issue = paired.issue(HUB)
    assert issue is not None
    assert issue.translation_key == "hub_lost_supplier"
    assert issue.dismissed_version is not None


async def test_a_new_try_does_not_hide_the_failure(paired: LeavingHome) -> None:
    """A stick that opens and dies at once is a stick's failure, whatever the link is at when it is looked at."""
    for _ in range(2):
        await paired.wait(minutes=55)
        paired.link.move(LinkState.DISCONNECTED, GONE)
        await paired.wait(minutes=4)
        paired.link.move(LinkState.JOINED)
        await paired.wait(minutes=1)
    assert issues(paired) == {STICK: "stick_lost_householder"}
    # It has not failed since, but nothing answers.
    await hours(paired, 2)
    assert issues(paired) == {}
    await hours(paired, 20)
    assert issues(paired) == {HUB: "hub_lost_householder"}


async def test_r21_a_hub_that_is_lost_for_days_with_a_restart_each_day(
    paired: LeavingHome,
) -> None:
    """What counts is when a meter was read last, which is kept."""
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    for day in range(3):
        await hours(paired, 20)
        await paired.restart()
        assert issues(paired) == {}
        paired.link.move(LinkState.REJOINING, NOT_FOUND)
        await hours(paired, 1)
        assert issues(paired) == {}
        await hours(paired, 3)
        assert issues(paired) == {HUB: "hub_lost_householder"}, day
        issue = paired.issue(HUB)
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders["since"] == "2026-11-22 12:00"


async def test_the_first_minutes_after_a_holiday(paired: LeavingHome) -> None:
    """The last reading is old, and the link just on its way."""
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    paired.freezer.tick(timedelta(days=14))
    await paired.start()
    paired.link.move(LinkState.JOINED)
    await hours(paired, 1)
    assert issues(paired) == {}
    paired.link.move(LinkState.RUNNING)
    await hours(paired, 3)
    assert issues(paired) == {}


async def test_never_read_since_the_pairing(home: LeavingHome) -> None:
    """Then it counts from there."""
    await home.prepare()
    await home.start()
    home.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(home, 23)
    assert issues(home) == {}
    await hours(home, 1)
    assert issues(home) == {HUB: "hub_lost_householder"}


async def test_a_longer_interval_is_waited_for(paired: LeavingHome) -> None:
    """What is read each hour may have been read an hour before the hub was lost."""
    paired.hass.config_entries.async_update_entry(
        paired.entry, options={"electricity_seconds": 3600, "gas_minutes": 12 * 60}
    )
    await paired.restart()
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 24)
    assert issues(paired) == {}
    await hours(paired, 1)
    assert issues(paired) == {HUB: "hub_lost_householder"}


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (LinkState.DISCONNECTED, GONE),
        (LinkState.NOT_JOINED, NoHubHeard("Nothing.")),
    ],
)
@pytest.mark.parametrize("awaited", [S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.HAN_OPEN])
async def test_nothing_is_missed_while_the_supplier_is_waited_for(
    home: LeavingHome, awaited: S, state: LinkState, error: CadError
) -> None:
    """The pairing has reminders of its own."""
    await home.prepare(way=ON_THE_WAY[: ON_THE_WAY.index(awaited) + 1])
    await home.start()
    home.link.move(state, error)
    await hours(home, 72)
    assert (await home.stored_pairing()).state is awaited
    assert issues(home) == {}


async def test_r21_joined_without_a_key(home: LeavingHome) -> None:
    """The supplier has done its part, nothing reminds, and without a key it is never paired."""
    await home.prepare(way=(S.SENT,))
    await home.start()
    await hours(home, 48)
    for state in (LinkState.SCANNING, LinkState.JOINING, LinkState.JOINED):
        home.link.move(state)
    home.link.move(
        LinkState.KEY_ESTABLISHMENT, no_key(FailureReason.INVALID_CERTIFICATE)
    )
    await home.hass.async_block_till_done()
    assert (await home.stored_pairing()).state is S.JOINING
    await hours(home, 23)
    assert issues(home) == {}
    await hours(home, 1)
    assert issues(home) == {KEY: "key_not_agreed_cad_provider"}
    issue = home.issue(KEY)
    assert issue is not None
    assert "2026-11-24 12:00" in said(issue, "en")
    assert home.issue("pairing_overdue") is None


async def test_what_has_ended_says_so_itself(paired: LeavingHome) -> None:
    paired.link.move(LinkState.REJOINING, OFF_THE_LIST)
    await hours(paired, 30)
    assert issues(paired) == {HUB: "hub_lost_supplier"}
    paired.link.move(LinkState.FAILED, no_key(FailureReason.UNKNOWN_ISSUER))
    assert issues(paired) == {}
    await hours(paired, 30)
    assert issues(paired) == {}
    assert paired.issue("link_failed") is not None


async def test_another_household_s_meter_is_told_of_itself(
    paired: LeavingHome,
) -> None:
    """The link was stopped for it, which is not the stick's fault."""
    paired.link.hand_up(MeterIdentity(fuel=Fuel.ELECTRICITY, site_id="1012345678908"))
    paired.link.move(LinkState.DISCONNECTED)
    await hours(paired, 30)
    assert paired.issue("meter_mismatch_electricity") is not None
    assert issues(paired) == {}


@pytest.mark.parametrize("state", [LinkState.REJOINING, LinkState.DISCONNECTED])
async def test_withdrawal_takes_it_back_at_once(
    paired: LeavingHome, state: LinkState
) -> None:
    paired.link.move(state, NOT_FOUND)
    await hours(paired, 26)
    assert issues(paired) != {}
    await paired.act("withdraw_consent")
    assert issues(paired) == {}
    paired.link.move(LinkState.DISCONNECTED)
    await hours(paired, 26)
    assert issues(paired) == {}


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("withdraw_consent", {"stored": "erase"}),
        ("change_of_tenancy", {}),
    ],
)
async def test_erasure_takes_it_back(
    paired: LeavingHome, action: str, fields: dict[str, str]
) -> None:
    """It names nobody, but tells of the earlier household's readings."""
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 26)
    assert issues(paired) != {}
    await paired.act(action, **fields)
    assert issues(paired) == {}
    await hours(paired, 3)
    assert issues(paired) == {}


async def test_unloading_takes_it_back(paired: LeavingHome) -> None:
    paired.link.move(LinkState.REJOINING, NOT_FOUND)
    await hours(paired, 26)
    await paired.hass.config_entries.async_unload(paired.entry.entry_id)
    assert issues(paired) == {}
    await hours(paired, 3)
    assert issues(paired) == {}


@pytest.mark.parametrize("kind", Lacking)
async def test_a_stopped_entry_keeps_none(home: LeavingHome, kind: Lacking) -> None:
    async_report_lacking(home.hass, home.entry, kind, since=NOW, error=None)
    assert issues(home).keys() == {kind}
    async_clear_faults(home.hass, home.entry)
    assert issues(home) == {}


async def test_a_cad_that_is_leaving_is_not_called_back(paired: LeavingHome) -> None:
    """Its hub may have let go of it already."""
    paired.link.move(LinkState.REJOINING, OFF_THE_LIST)
    await hours(paired, 26)
    assert issues(paired) != {}
    await paired.act("request_unpairing", route="email", reason="device_replaced")
    assert issues(paired) == {}
    await hours(paired, 26)
    assert issues(paired) == {}


async def test_the_way_to_be_paired_anew_is_the_one_that_is_told(
    paired: LeavingHome,
) -> None:
    """Each menu offers what the text has a person choose, under that name."""
    paired.link.move(LinkState.REJOINING, OFF_THE_LIST)
    await hours(paired, 26)
    issue = paired.issue(HUB)
    assert issue is not None
    texts = said(issue, "en"), said(issue, "cy")
    for path in (
        ("options", "step", "init", "menu_options", "confirm"),
        ("options", "step", "init", "menu_options", "unpair"),
        ("config", "step", "reconfigure", "menu_options", "again"),
    ):
        for text, words in zip(texts, menu_words(*path), strict=True):
            assert f"*{words}*" in text
    entry_id = paired.entry.entry_id
    options = paired.hass.config_entries.options
    shown = await options.async_init(entry_id)
    assert "confirm" in shown["menu_options"]
    await options.async_configure(shown["flow_id"], {"next_step_id": "confirm"})
    await options.async_configure(shown["flow_id"], {})
    await paired.hass.async_block_till_done()
    assert issues(paired) == {}
    again = await paired.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry_id}
    )
    assert "again" in again["menu_options"]
    paired.hass.config_entries.flow.async_abort(again["flow_id"])


async def test_the_way_to_another_certificate_is_the_one_that_is_told(
    paired: LeavingHome,
) -> None:
    paired.link.move(
        LinkState.KEY_ESTABLISHMENT, no_key(FailureReason.INVALID_CERTIFICATE)
    )
    await hours(paired, 24)
    issue = paired.issue(KEY)
    assert issue is not None
    for path in (
        ("config", "step", "reconfigure", "menu_options", "cad"),
        ("services", "export_evidence", "name"),
    ):
        for text, words in zip(
            (said(issue, "en"), said(issue, "cy")), menu_words(*path), strict=True
        ):
            assert f"*{words}*" in text
    again = await paired.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_RECONFIGURE, "entry_id": paired.entry.entry_id},
    )
    assert {"cad", "port"} <= {*again["menu_options"]}
    paired.hass.config_entries.flow.async_abort(again["flow_id"])
