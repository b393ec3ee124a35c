"""What survives a restart, tested on a real disk with Home Assistant's real storage."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import stat
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad import store as store_module
from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import Pacer, PacingStore
from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.consent.consents import (
    Declaration,
    Renewal,
    Scope,
    Withdrawal,
)
from custom_components.smets1_cad.consent.text import Box, load_consent_text
from custom_components.smets1_cad.document import SAVE_DELAY
from custom_components.smets1_cad.pairing.identity import (
    Identity,
    IdentityForm,
    check_identity,
)
from custom_components.smets1_cad.smart_energy.eui64 import Eui64
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.store import (
    CadStore,
    StoreError,
    async_get_process_store,
    async_get_store,
    async_load_consents,
    async_remove_store,
)
from custom_components.smets1_cad.supplier.link import ServiceLink
from custom_components.smets1_cad.zigbee_cad import (
    _PACER,
    async_build_session,
    async_get_pacer,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import get_internal_store_manager
from homeassistant.util.file import WriteError

CAD = "00:0d:6f:00:0a:90:69:e7"
MPAN = "2000024512368"


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of the test's own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Nothing: the disk is real here."""
    return {}


@pytest.fixture
def folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(".storage"))


def forget(hass: HomeAssistant) -> None:
    """Lose what is in memory, as a restart does."""
    hass.data.pop(store_module._STORES, None)
    hass.data.pop(store_module._PROCESS_STORE, None)


def ours(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.glob("*") if path.name.startswith("smets1_cad")
    )


def contents(path: Path) -> Any:
    return json.loads(path.read_bytes())


def declaration() -> Declaration:
    return Declaration(
        identity=identity(),
        cad=CAD,
        supplier="EDF",
        text=load_consent_text().show(
            fuels=frozenset({Fuel.ELECTRICITY}),
            supplier="EDF",
            has_ihd=False,
            retention_days=None,
            period_days=365,
        ),
        ticked=frozenset({Box.CONSUMER, Box.PAIRING}),
    )


def identity() -> Identity:
    checked = check_identity(
        IdentityForm(
            name="Gwen Evans",
            address="1 Stryd Fawr",
            postcode="SY23 1AA",
            mpan=MPAN,
            gas=False,
        )
    ).identity
    assert checked is not None
    return checked


async def test_file_is_private_and_its_name_tells_nothing(
    hass: HomeAssistant, folder: Path
) -> None:
    store = await async_get_store(hass, CAD)
    await store.session.save({"a": 1})
    (path,) = ours(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "0d6f" not in path.name.replace(":", "")
    assert "69e7" not in path.name
    assert (contents(path)["version"], contents(path)["minor_version"]) == (1, 1)


async def test_everybody_gets_the_same_store(hass: HomeAssistant) -> None:
    first, second = await asyncio.gather(
        async_get_store(hass, CAD), async_get_store(hass, CAD.upper())
    )
    assert first is second
    assert await async_get_store(hass, "00:0d:6f:00:0a:90:69:e8") is not first
    assert await async_get_process_store(hass) is await async_get_process_store(hass)


async def test_sections_survive_a_restart(hass: HomeAssistant) -> None:
    store = await async_get_store(hass, CAD)
    assert await store.session.load() is None
    await store.session.save({"network": [1, 2]})
    await store.pairing.save({"state": "sent"})
    await store.counters.save({"dips": 3})
    await store.pairing.clear()
    forget(hass)
    store = await async_get_store(hass, CAD)
    assert await store.session.load() == {"network": [1, 2]}
    assert await store.counters.load() == {"dips": 3}
    assert await store.pairing.load() is None


async def test_what_is_loaded_can_be_changed_without_harm(hass: HomeAssistant) -> None:
    store = await async_get_store(hass, CAD)
    await store.pairing.save({"list": [1]})
    loaded = await store.pairing.load()
    assert loaded is not None
    loaded["list"].append(2)
    assert await store.pairing.load() == {"list": [1]}


async def test_sections_need_loading_first(hass: HomeAssistant) -> None:
    with pytest.raises(RuntimeError, match="Load"):
        await CadStore(hass, "x").session.load()


async def test_later_means_within_a_minute(
    hass: HomeAssistant, folder: Path, freezer: FrozenDateTimeFactory
) -> None:
    store = await async_get_store(hass, CAD)
    store.readings.save_later({"import": "1.5"})
    await hass.async_block_till_done()
    assert ours(folder) == []
    assert await store.readings.load() == {"import": "1.5"}
    freezer.tick(timedelta(seconds=SAVE_DELAY + 1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert contents(ours(folder)[0])["data"]["readings"] == {"import": "1.5"}


async def test_a_prompt_save_takes_later_ones_along(
    hass: HomeAssistant, folder: Path
) -> None:
    store = await async_get_store(hass, CAD)
    store.readings.save_later({"import": "1.5"})
    await store.session.save({})
    assert contents(ours(folder)[0])["data"]["readings"] == {"import": "1.5"}


async def test_write_that_fails_is_raised_and_undone(
    hass: HomeAssistant, folder: Path
) -> None:
    """Home Assistant's storage only logs it."""
    store = await async_get_store(hass, CAD)
    await store.pairing.save({"state": "recorded"})
    with (
        patch(
            "homeassistant.helpers.storage.write_utf8_file_atomic",
            side_effect=_no_space,
        ),
        pytest.raises(StoreError) as caught,
    ):
        await store.pairing.save({"state": "sent"})
    assert caught.value.reason == "store_not_written"
    assert await store.pairing.load() == {"state": "recorded"}
    await store.session.save({})
    assert contents(ours(folder)[0])["data"]["pairing"] == {"state": "recorded"}


async def test_write_that_cannot_be_read_back_is_undone(hass: HomeAssistant) -> None:
    """Consent that is said not to be stored must not be in force the next time that it is looked at."""
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    with (
        patch(
            "homeassistant.helpers.storage.json_util.load_json",
            side_effect=HomeAssistantError("Input/output error"),
        ),
        pytest.raises(StoreError) as caught,
    ):
        await consents.give(declaration())
    assert caught.value.reason == "store_not_written"
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert consents.grant is None


def _no_space(*_: object, **__: object) -> None:
    raise WriteError("No space left on device")


async def test_first_write_that_fails(hass: HomeAssistant, folder: Path) -> None:
    store = await async_get_store(hass, CAD)
    with (
        patch(
            "homeassistant.helpers.storage.write_utf8_file_atomic",
            side_effect=_no_space,
        ),
        pytest.raises(StoreError),
    ):
        await store.consent.save({"entries": []})
    assert await store.consent.load() is None
    assert ours(folder) == []


async def test_while_home_assistant_stops(hass: HomeAssistant, folder: Path) -> None:
    """What must be on disk first is refused; the rest is written at the very end."""
    store = await async_get_store(hass, CAD)
    hass.set_state(CoreState.stopping)
    await store.session.save({"a": 1})
    with pytest.raises(StoreError):
        await store.pairing.save({"state": "sent"})
    assert ours(folder) == []
    hass.bus.async_fire("homeassistant_final_write")
    await hass.async_block_till_done()
    assert contents(ours(folder)[0])["data"]["session"] == {"a": 1}
    assert "pairing" not in contents(ours(folder)[0])["data"]
    hass.set_state(CoreState.running)


async def test_many_saves_at_once_all_arrive(hass: HomeAssistant, folder: Path) -> None:
    store = await async_get_store(hass, CAD)
    await asyncio.gather(
        *(
            section.save({"value": number})
            for number, section in enumerate(
                (store.session, store.pairing, store.secrets)
            )
        )
    )
    data = contents(ours(folder)[0])["data"]
    assert [data[name]["value"] for name in ("session", "pairing", "secrets")] == [
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    "stored",
    [
        {"version": 2, "minor_version": 1, "data": {"revision": 1}},
        {"version": 0, "minor_version": 1, "data": {"revision": 1}},
        {"version": 1, "minor_version": 1, "data": {"no": "revision"}},
        {"version": 1, "minor_version": 1, "data": {"revision": "x"}},
        {"version": 1, "minor_version": 1, "data": [1]},
        {"version": 1, "minor_version": 1},
        {"something": "else"},
        [1],
    ],
)
async def test_unreadable_file_is_said_and_left_alone(
    hass: HomeAssistant, folder: Path, stored: object
) -> None:
    store = await async_get_store(hass, CAD)
    await store.session.save({})
    (path,) = ours(folder)
    path.write_text(json.dumps(stored))
    forget(hass)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            await async_get_store(hass, CAD)
        assert caught.value.reason == "store_unreadable"
    assert contents(path) == stored


async def test_newer_minor_version_keeps_what_it_added(
    hass: HomeAssistant, folder: Path
) -> None:
    store = await async_get_store(hass, CAD)
    await store.session.save({"a": 1})
    (path,) = ours(folder)
    data = contents(path)
    data["minor_version"] = 7
    data["data"]["of_the_future"] = {"b": 2}
    path.write_text(json.dumps(data))
    forget(hass)
    store = await async_get_store(hass, CAD)
    assert await store.session.load() == {"a": 1}
    await store.session.save({"a": 2})
    assert contents(path)["data"]["of_the_future"] == {"b": 2}


async def test_damaged_section_is_said(hass: HomeAssistant) -> None:
    store = await async_get_store(hass, CAD)
    store._set("counters", ["no", "counters"])
    with pytest.raises(StoreError) as caught:
        await store.counters.load()
    assert caught.value.reason == "store_unreadable"


async def test_r23_removal_leaves_nothing_and_nothing_comes_back(
    hass: HomeAssistant, folder: Path
) -> None:
    store = await async_get_store(hass, CAD)
    await store.secrets.save({"install_code": "83FED3407A93"})
    (path,) = ours(folder)
    corrupt = path.with_name(f"{path.name}.corrupt.2026-11-22T12:00:00+00:00")
    corrupt.write_bytes(path.read_bytes())
    store.readings.save_later({"import": "1"})
    write = asyncio.create_task(store.session.save({"under": "way"}))
    await asyncio.sleep(0)
    await async_remove_store(hass, CAD)
    await write
    store.readings.save_later({"import": "2"})
    await store.session.save({"too": "late"})
    with pytest.raises(StoreError):
        await store.pairing.save({"too": "late"})
    hass.bus.async_fire("homeassistant_final_write")
    await hass.async_block_till_done()
    assert ours(folder) == []
    fresh = await async_get_store(hass, CAD)
    assert fresh is not store
    assert await fresh.secrets.load() is None


async def test_r23_what_a_killed_process_left_is_removed(
    hass: HomeAssistant, folder: Path
) -> None:
    """A write is killed between its temporary file and the rename; other files of the kind are left alone."""
    store = await async_get_store(hass, CAD)
    with (
        patch(
            "homeassistant.helpers.storage.write_utf8_file_atomic",
            side_effect=_killed_half_way,
        ),
        pytest.raises(StoreError),
    ):
        await store.secrets.save({"install_code": "83FED3407A93"})
    (left,) = folder.glob("tmp*")
    assert "83FED3407A93" in left.read_text()
    other = folder / "tmpother"
    other.write_text('{"key": "core.something"}')
    (folder / "tmpfolder").mkdir()
    (folder / f"smets1_cad.{store.name}.corrupt.by_hand").mkdir()
    await store.async_remove_leftovers()
    assert not left.exists()
    assert other.exists()


@pytest.mark.parametrize("is_removed", [False, True])
async def test_what_cannot_be_deleted_is_an_error_of_the_store(
    hass: HomeAssistant, folder: Path, is_removed: bool
) -> None:
    """A person is told, and it is tried again; nothing else that goes with it is held up."""
    store = await async_get_store(hass, CAD)
    await store.session.save({})
    (folder / f"smets1_cad.{store.name}.corrupt.2026").touch()
    name = "os.unlink" if is_removed else "pathlib.Path.unlink"
    with (
        patch(name, side_effect=PermissionError("Read-only.")),
        pytest.raises(StoreError) as caught,
    ):
        await (store.async_remove() if is_removed else store.async_erase())
    assert caught.value.reason == "store_not_removed"
    assert ((await async_get_store(hass, CAD)) is store) is not is_removed


def _killed_half_way(path: str, content: str | bytes, private: bool, mode: str) -> None:
    octets = content.encode() if isinstance(content, str) else content
    Path(path).with_name("tmp0123abcd").write_bytes(octets)
    raise WriteError("killed")


async def test_unreadable_file_can_be_removed(
    hass: HomeAssistant, folder: Path
) -> None:
    await (await async_get_store(hass, CAD)).session.save({})
    (path,) = ours(folder)
    path.write_text("[]")
    forget(hass)
    get_internal_store_manager(hass).async_invalidate(path.name)
    await async_remove_store(hass, CAD)
    assert ours(folder) == []


async def test_corrupt_file_makes_a_missing_log_that_is_noticed(
    hass: HomeAssistant, folder: Path
) -> None:
    """Home Assistant sets a corrupt file aside and starts empty; consent must not start empty with it."""
    store = await async_get_store(hass, CAD)
    await (await async_load_consents(hass, store, SYSTEM_CLOCK)).give(declaration())
    path = next(path for path in ours(folder) if path.name != "smets1_cad")
    path.write_text("{ torn")
    forget(hass)
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert (
        consents.renewal_needed(Scope(identity=identity(), cad=CAD, wording_version=1))
        is Renewal.LOG_DAMAGED
    )
    assert consents.grant is None


async def test_corrupt_file_of_the_pace_opens_no_lane(
    hass: HomeAssistant, folder: Path
) -> None:
    """It is set aside, not deleted; every fuel waits its floor, also after the next restart."""
    pacer = await async_get_pacer(hass)
    async with pacer.burst("hub", Fuel.GAS) as burst:
        burst.spend()
    path = folder / "smets1_cad"
    path.write_text("{ torn")
    for _ in range(2):
        forget(hass)
        hass.data.pop(_PACER)
        pacer = await async_get_pacer(hass)
        assert pacer.wait("hub", Fuel.GAS) > timedelta(minutes=29)
        assert not path.exists()
    (aside,) = folder.glob("smets1_cad.corrupt.*")
    assert aside.read_text() == "{ torn"


@pytest.mark.parametrize(
    "damaged",
    [
        {"version": 1},
        {"version": 1, "extended_pan_id": "a", "trust_centre": "b", "authorised": 1}
        | {"read_once": [1], "endpoints": {}},
        "torn",
    ],
)
async def test_a_network_that_cannot_be_read_is_said(
    hass: HomeAssistant, damaged: Any
) -> None:
    store = await async_get_store(hass, CAD)
    code = InstallCode(bytes.fromhex("83fed3407a939723a5c639b26916d505"))
    await store.secrets.save(CadSecrets(install_code=code).as_dict())
    await store.session.save(damaged)
    with pytest.raises(StoreError) as caught:
        await async_build_session(hass, store, "/dev/null", eui64=Eui64.parse(CAD))
    assert caught.value.reason == "store_unreadable"
    assert await store.session.load() == damaged


async def test_the_link_uses_the_cad_s_own_stick_alone(hass: HomeAssistant) -> None:
    """A session that is not told which takes any."""
    store = await async_get_store(hass, CAD)
    code = InstallCode(bytes.fromhex("83fed3407a939723a5c639b26916d505"))
    await store.secrets.save(CadSecrets(install_code=code).as_dict())
    eui64 = Eui64.parse(CAD)
    session = await async_build_session(hass, store, "/dev/null", eui64=eui64)
    assert session._context.config.eui64 == eui64


@pytest.mark.parametrize("damaged", [{}, [], "torn", {"url": "https://a", "token": 1}])
async def test_a_service_that_cannot_be_read_is_said(
    hass: HomeAssistant, damaged: Any
) -> None:
    store = await async_get_store(hass, CAD)
    assert await ServiceLink.load(store) is None
    await store.service.save(damaged)
    with pytest.raises(StoreError) as caught:
        await ServiceLink.load(store)
    assert caught.value.reason == "store_unreadable"


async def test_consent_goes_on_over_restarts(hass: HomeAssistant, folder: Path) -> None:
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await consents.give(declaration())
    on_disk = next(contents(path) for path in ours(folder) if path.name != "smets1_cad")
    assert on_disk["data"]["consent"]["entries"][0]["kind"] == "given"
    forget(hass)
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert consents.grant is not None
    assert consents.grant.is_valid
    await consents.erase(Withdrawal.CHANGE_OF_TENANCY)
    assert not any(MPAN in path.read_text() for path in ours(folder))
    forget(hass)
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    assert (consents.log.damage, consents.grant) == (None, None)
    await async_remove_store(hass, CAD)
    process = await async_get_process_store(hass)
    assert await process.heads.load() == {}


async def test_consent_is_one_for_flow_and_entry(hass: HomeAssistant) -> None:
    """Who withdraws ends it for everybody, and no other's log takes the withdrawal back."""
    store = await async_get_store(hass, CAD)
    flow = await async_load_consents(hass, store, SYSTEM_CLOCK)
    grant = await flow.give(declaration())
    days = timedelta(days=30)
    entry = await async_load_consents(hass, store, SYSTEM_CLOCK, period=days)
    assert entry is flow
    assert grant.expires_at == grant.record.given_at + days
    await entry.withdraw(Withdrawal.REQUESTED)
    assert not grant.is_valid
    await async_remove_store(hass, CAD)
    store = await async_get_store(hass, CAD)
    assert (await async_load_consents(hass, store, SYSTEM_CLOCK)).records == ()


async def test_consent_log_takes_no_other_beginning(hass: HomeAssistant) -> None:
    store = await async_get_store(hass, CAD)
    old = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await old.give(declaration())
    store.consents = None
    new = await async_load_consents(hass, store, SYSTEM_CLOCK)
    await new.withdraw(Withdrawal.REQUESTED)
    with pytest.raises(StoreError, match="changed meanwhile"):
        await old.give(declaration())
    (record,) = (await async_load_consents(hass, store, SYSTEM_CLOCK)).records
    assert record.withdrawal is Withdrawal.REQUESTED


async def test_consent_stands_even_if_its_head_could_not_be_kept(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    process = await async_get_process_store(hass)
    with patch.object(
        process,
        "async_save",
        side_effect=StoreError("no space", reason="store_not_written"),
    ):
        grant = await consents.give(declaration())
    assert grant.is_valid
    assert "was not kept apart" in caplog.text


async def test_damaged_head_is_said(hass: HomeAssistant) -> None:
    store = await async_get_store(hass, CAD)
    process = await async_get_process_store(hass)
    await process.heads.save({store.name: "rubbish"})
    with pytest.raises(StoreError):
        await async_load_consents(hass, store, SYSTEM_CLOCK)


async def test_pace_and_session_are_kept_through_their_own_interfaces(
    hass: HomeAssistant,
) -> None:
    pacing: PacingStore = (await async_get_process_store(hass)).pacing
    session: PacingStore = (await async_get_store(hass, CAD)).session
    pacer = Pacer(SYSTEM_CLOCK, pacing)
    await pacer.load()
    async with pacer.burst("hub", Fuel.GAS) as burst:
        burst.spend()
    await session.save({"version": 1})
    forget(hass)
    after = Pacer(SYSTEM_CLOCK, (await async_get_process_store(hass)).pacing)
    await after.load()
    assert after.wait("hub", Fuel.GAS) > timedelta(minutes=29)
    assert after.next_allowed("hub", Fuel.GAS) > datetime.now(UTC)
    assert await (await async_get_store(hass, CAD)).session.load() == {"version": 1}
