"""The course of a change of tenancy: what comes first, what happens when something fails."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from pathlib import Path
import sqlite3
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_config_flow,
)
from sqlalchemy.exc import OperationalError

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.consent.consents import (
    Consents,
    Declaration,
    Withdrawal,
)
from custom_components.smets1_cad.consent.text import boxes_required, load_consent_text
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure import database, recorder, storage
from custom_components.smets1_cad.erasure.report import ErasureError
from custom_components.smets1_cad.pairing.identity import IdentityForm, check_identity
from custom_components.smets1_cad.repairs import async_create_fix_flow
from custom_components.smets1_cad.retention import async_apply_retention
from custom_components.smets1_cad.store import (
    CadStore,
    async_get_store,
    async_load_consents,
)
from custom_components.smets1_cad.tenancy import change as tenancy, steps, tenancies
from custom_components.smets1_cad.tenancy.change import async_change_of_tenancy
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.tenancies import (
    async_erasure_report,
    async_history_targets,
)
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import ConfigEntryState, ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from . import canaries
from .house import CAD, IMPORT, House, record_a_year

change = partial(async_change_of_tenancy, reason=TenancyEnd.USER)


@pytest.fixture
def persistent_database() -> bool:
    """Have the recorder write to a file."""
    return True


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0)
    monkeypatch.setattr(recorder, "_CHECKPOINT_PAUSE", 0)


@pytest.fixture
async def store(hass: HomeAssistant, tmp_path: Path) -> CadStore:
    """The CAD's store."""
    (tmp_path / ".storage").mkdir()
    hass.config.config_dir = str(tmp_path)
    store = await async_get_store(hass, CAD)
    await store.secrets.save({"install_code": "secret"})
    await store.session.save(
        {"extended_pan_id": "x", "endpoints": {"1": {}}, "read_once": [1]}
    )
    await store.readings.save({"meter": "reading"})
    return store


@pytest.fixture
async def consents(hass: HomeAssistant, store: CadStore) -> Consents:
    """Consent, given."""
    identity = check_identity(
        IdentityForm(
            name="Householder",
            address="1 High Street",
            postcode="CF10 1AA",
            mpan=canaries.MPAN,
            mprn=canaries.MPRN,
        )
    ).identity
    assert identity is not None
    text = await hass.async_add_executor_job(load_consent_text)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.give(
        Declaration(
            identity=identity,
            cad=CAD,
            supplier="Example Energy",
            text=text.show(
                fuels=identity.fuels,
                supplier="Example Energy",
                has_ihd=False,
                retention_days=None,
                period_days=365,
            ),
            ticked=frozenset(boxes_required(has_ihd=False)),
        )
    )
    return consents


@pytest.fixture
def house(hass: HomeAssistant) -> House:
    """Where the CAD is."""
    return House(hass)


@pytest.fixture
async def entry(
    hass: HomeAssistant, house: House, consents: Consents
) -> AsyncGenerator[MockConfigEntry]:
    """A CAD that reads."""
    house.play_integration()
    entry = MockConfigEntry(domain=DOMAIN, unique_id=CAD)
    entry.add_to_hass(hass)
    # Handlers outlive a core: the tests that follow need the real one.
    with mock_config_flow(DOMAIN, ConfigFlow):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        yield entry
        await hass.async_block_till_done(wait_background_tasks=True)


async def settle(hass: HomeAssistant) -> None:
    """Let the reload that follows an erasure happen."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.async_block_till_done()


async def test_data_stops_before_anything_waits(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    consents: Consents,
) -> None:
    grant = consents.grant
    assert grant is not None
    task = hass.async_create_task(change(hass, entry, consents=consents))
    assert grant.revoked is Withdrawal.CHANGE_OF_TENANCY
    report = await task
    await settle(hass)

    assert report.database is not None
    assert report.database.is_clean
    assert report == await async_erasure_report(hass, entry)
    assert entry.data == {"tenancy": 1}
    assert entry.state is ConfigEntryState.SETUP_ERROR, "nothing without a consent"
    assert hass.states.get(IMPORT) is None
    registry = er.async_get(hass)
    assert not er.async_entries_for_config_entry(registry, entry.entry_id)
    assert not registry.deleted_entities


async def test_pairing_may_stay(
    hass: HomeAssistant, entry: MockConfigEntry, store: CadStore
) -> None:
    """The network and its keys stay, what the meters said of themselves goes; without a recorder as with one."""
    report = await change(hass, entry, end_pairing=False)
    assert report.database is None
    assert not report.pairing_ended
    assert await store.secrets.load() == {"install_code": "secret"}
    assert await store.session.load() == {
        "extended_pan_id": "x",
        "endpoints": {},
        "read_once": [],
    }
    assert await store.readings.load() is None


async def test_failure_is_shown_and_tried_again(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A failed erasure leaves the entry waiting; the next attempt goes on with the same list, and settles the issue."""
    issues = ir.async_get(hass)
    issue = f"erasure_incomplete_{entry.entry_id}"
    error = ErasureError("The disk is full.", reason="erasure_database")
    with (
        patch.object(steps, "_async_erase_database", side_effect=error),
        patch.object(tenancy, "async_error_words", return_value="In words."),
    ):
        with pytest.raises(ErasureError):
            await change(hass, entry)
        await settle(hass)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        shown = issues.async_get_issue(DOMAIN, issue)
        assert shown is not None
        assert shown.translation_placeholders == {"error": "In words."}

    report = await change(hass, entry)
    await settle(hass)
    assert report.tenancy == 0
    assert report.starts >= 3
    assert report.entities == 4, "the list was kept, though the registry is empty"
    assert issues.async_get_issue(DOMAIN, issue) is None
    assert entry.data == {"tenancy": 1}


async def test_what_a_person_has_to_see_to_is_shown(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Also logs that hold no entity's id, but the householder's name; and it stays over a restart."""
    log = Path(hass.config.path("home-assistant.log"))
    log.write_text("Somebody else's integration says: hello, Householder")
    hass.config.components.add("influxdb")
    remind = Mock()
    report = await change(hass, entry, remind=remind)
    remind.assert_called_once_with()
    assert report.out_of_reach.files == ("home-assistant.log",)
    assert report.kept == ("consent_ended", "supplier_reminder")
    issue = ir.async_get(hass).async_get_issue(
        DOMAIN, f"erasure_out_of_reach_{entry.entry_id}"
    )
    assert issue is not None
    assert issue.is_persistent
    assert issue.translation_placeholders is None
    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass = hass
    assert (await flow.async_step_init())["description_placeholders"] == {
        "backups": "–",
        "backups_unknown": "–",
        "exports": "influxdb",
        "messages": "–",
        "helpers": "–",
        "files": "home-assistant.log",
        "logs": "–",
        "system_logs": "container log, systemd journal, syslog",
    }
    log.unlink()
    report = await change(hass, entry)
    assert report.out_of_reach.files == ()
    assert report.kept == ("consent_ended",)


async def test_asked_twice_it_is_one_erasure(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    first, second = await asyncio.gather(change(hass, entry), change(hass, entry))
    assert first == second
    assert first.tenancy == 0
    await settle(hass)
    assert entry.data == {"tenancy": 1}


async def test_interrupted_erasure_goes_on_when_the_entry_is_set_up(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Setting up waits for it without holding up the start, and then begins anew."""
    hass.config_entries.async_update_entry(entry, title="Gwen's meters")
    with (
        patch.object(steps, "async_forget", side_effect=ErasureError("Interrupted.")),
        pytest.raises(ErasureError),
    ):
        await change(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    hass.data[tenancies.TENANCIES].clear()  # as after a restart

    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert "not ready yet" in caplog.text
    assert "Gwen's" not in caplog.text, "Home Assistant logs what an entry is called"
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    report = await async_erasure_report(hass, entry)
    assert report is not None
    assert report.entities == 4


@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_set_up_that_came_to_nothing_is_erased_too(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry, is_alone: bool
) -> None:
    """What was typed for another CAD is the same household's, unless there is another; then it is named."""
    left = await async_get_store(hass, "000d6f000a000001")
    await left.setup.save({"home": {"name": "Householder"}})
    if not is_alone:
        other = MockConfigEntry(domain=DOMAIN, unique_id="000d6f000a000002")
        other.add_to_hass(hass)
        await (await async_get_store(hass, other.unique_id)).setup.save({"a": {}})
    path = Path(hass.config.path(".storage", f"{DOMAIN}.{left.name}"))
    path.touch()
    with (
        patch.object(
            hass.config_entries.flow,
            "async_progress_by_handler",
            return_value=[
                {"flow_id": "1", "context": {"unique_id": "000d6f000a000001"}},
                {"flow_id": "2", "context": {"unique_id": "else"}},
                {"flow_id": "3", "context": {}},
            ],
        ),
        patch.object(hass.config_entries.flow, "async_abort") as abort,
    ):
        report = await change(hass, entry)
    assert await (await async_get_store(hass, "000d6f000a000001")).setup.load() == (
        None if is_alone else {"home": {"name": "Householder"}}
    )
    # Home Assistant ends dialogs as well, all of them, while it unloads an entry.
    ended = [call.args[0] for call in abort.mock_calls]
    assert ended.count("1") - ended.count("2") == is_alone
    assert report.out_of_reach.files == (
        () if is_alone else (f".storage/{DOMAIN}.{left.name}",)
    )


async def test_a_resumed_erasure_that_fails_is_logged_once(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it; whoever does wait gets the error, and tells of it."""
    with patch.object(steps, "async_forget", side_effect=ErasureError("Interrupted.")):
        with pytest.raises(ErasureError):
            await change(hass, entry)
        said = "Erasing is not finished: Interrupted."
        assert said not in caplog.messages
        await settle(hass)
    assert caplog.messages.count(said) == 1


async def test_reader_that_keeps_the_journal_alive_is_noticed(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows are gone, bytes are not: that is no erasure. When the reader has left, it is."""
    monkeypatch.setattr(recorder, "_ATTEMPTS", 1)
    monkeypatch.setattr(recorder, "_ROUNDS", 1)
    instance = get_instance(hass)
    await instance.async_block_till_done()
    assert instance.engine is not None
    path = instance.engine.url.database
    assert path is not None
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM states").fetchone() > (0,)
    with (
        patch.object(hass.config_entries, "async_schedule_reload"),
        pytest.raises(ErasureError) as caught,
    ):
        await change(hass, entry)
    assert caught.value.reason == "erasure_left"
    reader.close()
    report = await change(hass, entry)
    assert report.database is not None
    assert report.database.is_clean


@pytest.mark.parametrize(("failures", "survives"), [(2, True), (99, False)])
async def test_database_that_is_busy(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    failures: int,
    survives: bool,
) -> None:
    """A lock of another program is waited for, not for ever; the text of the error goes nowhere."""
    recorder_mock.db_retry_wait = 0
    left = failures
    deleting = database.Erasure._statistics

    def busy(self: Any, instance: Recorder) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise OperationalError("DELETE CANARY", {}, Exception("locked"))
        return deleting(self, instance)

    with patch.object(database.Erasure, "_statistics", busy):
        if survives:
            report = await change(hass, entry)
            assert report.database is not None
            assert report.database.is_clean
        else:
            with pytest.raises(ErasureError) as caught:
                await change(hass, entry)
            assert caught.value.reason == "erasure_database"
            assert "CANARY" not in str(caught.value)
            left = 0
            await settle(hass)


async def test_recorder_that_never_starts(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Without its database nothing can be proven."""
    never = hass.loop.create_future()
    never.set_result(False)
    with (
        patch.object(recorder_mock, "async_db_ready", never),
        pytest.raises(ErasureError, match="recorder does not run"),
    ):
        await change(hass, entry)


async def test_entry_that_cannot_be_unloaded_is_erased_all_the_same(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    entry.mock_state(hass, ConfigEntryState.FAILED_UNLOAD)
    with patch.object(hass.config_entries, "async_schedule_reload") as reload:
        report = await change(hass, entry)
    assert report.entities == 4
    reload.assert_not_called()
    entry.mock_state(hass, ConfigEntryState.LOADED)


async def test_ids_are_remembered_over_removals_and_changes_of_name(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What was recorded under an id that nobody has any more is found."""
    registry = er.async_get(hass)
    registry.async_update_entity(IMPORT, new_entity_id="sensor.renamed")
    registry.async_get_or_create("sensor", "other", "1", suggested_object_id="foreign")
    await hass.async_block_till_done()
    targets = await async_history_targets(hass, entry)
    assert {IMPORT, "sensor.renamed"} <= targets.entity_ids
    assert "sensor.foreign" not in targets.entity_ids


async def test_a_year_and_its_energy_dashboard(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    house: House,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batch by batch: first what is older than half a year, then everything; settings and devices too."""
    monkeypatch.setattr(database, "BATCH", 7)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "cad")}
    )
    dr.async_get(hass).async_update_device(device.id, name_by_user="Ours")
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"something_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="something",
    )
    hass.config.components.add("energy")
    manager = SimpleNamespace(
        data={"energy_sources": [{"type": "solar", "stat_energy_from": IMPORT}]},
        async_update=AsyncMock(),
    )
    await record_a_year(house)

    deleted = await async_apply_retention(hass, entry, timedelta(days=182))
    assert deleted["statistics"] > 3 * 182 * 24
    assert deleted["states"] == 0
    assert (await async_apply_retention(hass, entry, timedelta(0)))["states"] > 100

    with patch(
        "homeassistant.components.energy.data.async_get_manager",
        AsyncMock(return_value=manager),
    ):
        report = await change(hass, entry)
    manager.async_update.assert_awaited_with({"energy_sources": []})
    assert report.database is not None
    assert report.database.deleted["statistics_meta"] == 3
    assert report.database.deleted["events"] >= 2
    assert dr.async_get(hass).async_get(device.id) is None
    assert [
        issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN
    ] == [f"erasure_out_of_reach_{entry.entry_id}"]


async def test_bytes_that_others_have_prove_nothing(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """An entity id in somebody else's attributes is in the files, and no remainder of ours."""
    hass.states.async_set("group.all", "on", {"entity_id": [IMPORT]})
    report = await change(hass, entry)
    assert report.database is not None
    assert report.database.is_clean
    await get_instance(hass).async_block_till_done()
