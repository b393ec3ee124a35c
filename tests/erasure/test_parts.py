"""The parts of an erasure, each by itself."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure import reach, registries, storage
from custom_components.smets1_cad.erasure.energy import (
    energy_sources,
    settings_without,
    sources_without,
)
from custom_components.smets1_cad.erasure.raw import mentions_any, search
from custom_components.smets1_cad.erasure.report import (
    Backup,
    DatabaseReport,
    ErasureError,
    ErasureReport,
    OutOfReach,
)
from custom_components.smets1_cad.erasure.targets import Targets, collect_targets
from custom_components.smets1_cad.tenancy.epoch import tenancy_number, tenancy_scope
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.storage import Store

OURS = frozenset({"sensor.import", "sensor.price"})


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """A CAD."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id="000d6f000a9069e7")
    entry.add_to_hass(hass)
    return entry


def test_tenancies_are_numbered_in_what_names_entities() -> None:
    first = MockConfigEntry(domain=DOMAIN, entry_id="abc")
    third = MockConfigEntry(domain=DOMAIN, entry_id="abc", data={"tenancy": 2})
    assert (tenancy_number(first), tenancy_scope(first)) == (0, "abc")
    assert (tenancy_number(third), tenancy_scope(third)) == (2, "abc_2")


class TestTargets:
    """What belongs to a tenancy."""

    def test_json(self) -> None:
        targets = Targets(
            entity_ids=OURS,
            registry_keys=frozenset({("sensor", DOMAIN, "abc_import")}),
            marks=frozenset({"abc"}),
            spared=frozenset({"def"}),
        )
        assert Targets.from_dict(json.loads(json.dumps(targets.as_dict()))) == targets

    def test_an_id_within_a_longer_one_is_no_mention(self) -> None:
        pattern = Targets(entity_ids=OURS, spared=frozenset({"x"})).pattern()
        for text in ('["sensor.import"]', "sensor.import", "a sensor.price, too"):
            assert pattern.search(text)
        for text in ("sensor.import_2", "my_sensor.import", "sensor.importer", DOMAIN):
            assert not pattern.search(text)
        assert Targets().pattern().search(f'{{"domain": "{DOMAIN}"}}')

    def test_nothing_is_never_mentioned(self) -> None:
        assert not Targets(spared=frozenset({"x"})).pattern().search("anything")

    def test_external_statistics_of_another_cad_are_spared(self) -> None:
        targets = Targets(entity_ids=OURS, spared=frozenset({"01ABC"}))
        assert targets.owns_statistic("sensor.import")
        assert targets.owns_statistic(f"{DOMAIN}:profile")
        assert not targets.owns_statistic(f"{DOMAIN}:01abc_profile")
        assert not targets.owns_statistic("sensor.other")
        assert not targets.owns_statistic("opower:profile")

    async def test_everything_that_was_ever_ours_is_found(
        self, hass: HomeAssistant, entry: MockConfigEntry
    ) -> None:
        """Entities, removed ones, those of a CAD that is gone, and what the Energy dashboard made of them."""
        registry = er.async_get(hass)
        other = MockConfigEntry(domain=DOMAIN, entry_id="other")
        other.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={(DOMAIN, "cad")}
        )

        def register(
            name: str, platform: str = DOMAIN, **values: Any
        ) -> er.RegistryEntry:
            return registry.async_get_or_create(
                "sensor",
                platform,
                values.pop("unique_id", name),
                suggested_object_id=name,
                **values,
            )

        imported = register("import", config_entry=entry)
        removed = register("removed", config_entry=entry)
        registry.async_remove(removed.entity_id)
        orphan = register("orphan")
        registry.async_remove(orphan.entity_id)
        theirs = register("theirs", config_entry=other)
        solar = register("solar", "inverter")
        cost = register("import_cost", "energy", unique_id=f"{imported.id}_grid_cost")
        sold = register("solar_cost", "energy", unique_id=f"{solar.id}_grid_cost")
        power = register(
            "power_inverted",
            "energy",
            unique_id="energy_power_grid_inverted_sensor_import",
        )
        register("foreign_cost", "energy", unique_id="elsewhere_grid_cost")
        sources = [
            {
                "type": "grid",
                "stat_energy_from": "sensor.solar",
                "entity_energy_price": "sensor.import",
            }
        ]

        targets = collect_targets(
            hass, entry, {"sensor.forgotten", "sensor.theirs", "sensor.solar"}, sources
        )
        assert targets.entity_ids == {
            each.entity_id for each in (imported, removed, orphan, cost, sold, power)
        } | {"sensor.forgotten"}
        assert ("sensor", "energy", cost.unique_id) in targets.registry_keys
        assert ("sensor", DOMAIN, "theirs") not in targets.registry_keys
        assert {entry.entry_id, device.id, imported.id} <= targets.marks
        assert theirs.id not in targets.marks
        assert targets.spared == {"other"}


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (
            {
                "type": "gas",
                "stat_energy_from": "sensor.import",
                "number_energy_price": 0.07,
            },
            None,
        ),
        ({"type": "solar", "stat_energy_from": "sensor.import"}, None),
        (
            {
                "type": "grid",
                "stat_energy_from": "sensor.import",
                "number_energy_price": 0.2,
            },
            None,
        ),
        (
            {
                "type": "grid",
                "stat_energy_from": "sensor.import",
                "number_energy_price": 0.2,
                "stat_energy_to": "sensor.solar",
            },
            {
                "type": "grid",
                "stat_energy_from": None,
                "entity_energy_price": None,
                "number_energy_price": None,
                "stat_cost": None,
                "stat_energy_to": "sensor.solar",
            },
        ),
        (
            {
                "type": "gas",
                "stat_energy_from": "sensor.other",
                "entity_energy_price": "sensor.price",
            },
            {
                "type": "gas",
                "stat_energy_from": "sensor.other",
                "entity_energy_price": None,
            },
        ),
        (
            {
                "type": "grid",
                "stat_energy_from": "sensor.other",
                "stat_rate": "sensor.import",
            },
            {"type": "grid", "stat_energy_from": "sensor.other"},
        ),
        (
            {
                "type": "grid",
                "stat_energy_from": "sensor.other",
                "power_config": {"stat_rate_inverted": "sensor.import"},
                "stat_rate": "sensor.import_inverted",
            },
            {"type": "grid", "stat_energy_from": "sensor.other"},
        ),
        (
            {
                "type": "water",
                "stat_energy_from": "sensor.water",
                "number_energy_price": 2.0,
            },
            {
                "type": "water",
                "stat_energy_from": "sensor.water",
                "number_energy_price": 2.0,
            },
        ),
    ],
)
def test_energy_dashboard_without_our_entities(
    source: dict[str, Any], left: dict[str, Any] | None
) -> None:
    """What measures nothing any more goes whole; a typed price goes with its register."""
    assert sources_without([source], OURS) == ([] if left is None else [left])


def test_appliances_of_the_energy_dashboard() -> None:
    """One that our register measures goes with the name that it was given; others lose only what is ours."""
    kept = {"stat_consumption": "sensor.kettle", "name": "Kettle"}
    settings = {
        "energy_sources": [],
        "device_consumption": [
            {"stat_consumption": "sensor.import", "name": "Gwen's house"},
            kept | {"included_in_stat": "sensor.import"},
        ],
        "device_consumption_water": [kept],
    }
    left = {"device_consumption": [kept]}
    assert settings_without(settings, OURS) == left
    assert settings_without(settings | left, OURS) == {}
    assert settings_without({}, OURS) == {}


def test_bytes_are_found_wherever_they_lie(tmp_path: Path) -> None:
    """Across the borders of what is read at a time, at both ends, and not where they are not."""
    chunk = 1 << 18
    path = tmp_path / "file"
    data = bytearray(3 * chunk)
    for at, word in ((0, b"first"), (chunk - 3, b"border"), (3 * chunk - 4, b"last")):
        data[at : at + len(word)] = word
    path.write_bytes(data)
    words = {"first", "border", "last", "lasting", "", "x"}
    assert search([tmp_path / "missing", path], words) == {"first", "border", "last"}
    assert search([path], []) == frozenset()
    assert search([path, path], {"f"}) == {"f"}


@pytest.mark.parametrize(
    ("words", "is_mentioned"),
    [
        ({"first"}, True),
        ({"nothing", "border"}, True),
        ({"r"}, True),
        ({"nothing", ""}, False),
        (set(), False),
    ],
)
def test_a_file_is_read_until_something_is_found(
    tmp_path: Path, words: set[str], is_mentioned: bool
) -> None:
    chunk = 1 << 18
    path = tmp_path / "file"
    path.write_bytes(b"first" + b"-" * (chunk - 8) + b"border" + b"-" * 2 * chunk)
    assert mentions_any(path, words) is is_mentioned
    assert not mentions_any(tmp_path, words), "a folder"


def test_report_as_json() -> None:
    report = ErasureReport(
        tenancy=0,
        reason="user",
        begun="2026-11-22T12:00:00+00:00",
        finished="2026-11-22T12:00:01+00:00",
        starts=1,
        pairing_ended=True,
        entities=3,
        database=DatabaseReport(
            engine="sqlite",
            deleted={"states": 1},
            remaining={"states": 0},
            searched=2,
            found_in_files=0,
            searched_files=True,
        ),
        searched_files=4,
        kept=("consent_ended",),
        out_of_reach=OutOfReach(
            backups=(Backup(name="a", date="b", places=("c",), database=True),),
            exports=("influxdb",),
        ),
    )
    stored = json.loads(json.dumps(report.as_dict()))
    assert ErasureReport.from_dict(stored) == report
    del stored["kept"], stored["out_of_reach"]["system_logs"]
    assert ErasureReport.from_dict(stored).kept == (), "an older version's"


class TestOutOfReach:
    """What only a person can see to is named."""

    async def test_backups_by_name_and_date(self, hass: HomeAssistant) -> None:
        def backup(name: str, date: str, **values: bool) -> SimpleNamespace:
            return SimpleNamespace(
                name=name,
                date=date,
                agents={"cloud.cloud": None, "backup.local": None},
                database_included=values.get("database", True),
                homeassistant_included=values.get("core", True),
            )

        async def list_all() -> tuple[dict[str, Any], dict[str, Exception]]:
            return {
                "2": backup("Nightly", "2026-11-21"),
                "1": backup("Before update", "2026-10-01", database=False),
                "3": backup("Add-on only", "2026-11-01", core=False),
            }, {"nas.share": OSError()}

        hass.config.components |= {"backup", "influxdb", "mobile_app"}
        hass.data["backup"] = SimpleNamespace(async_get_backups=list_all)
        found = await reach.async_out_of_reach(hass, Targets(entity_ids=OURS), None)
        places = ("backup.local", "cloud.cloud")
        assert found.backups == (
            Backup(
                name="Before update", date="2026-10-01", places=places, database=False
            ),
            Backup(name="Nightly", date="2026-11-21", places=places, database=True),
        )
        assert found.backups_unknown == ("nas.share",)
        assert found.exports == ("influxdb",)
        assert found.messages == ("mobile_app",)
        assert found.logs == ()

    async def test_helpers_that_compute_from_our_entities(
        self, hass: HomeAssistant
    ) -> None:
        helper = MockConfigEntry(
            domain="utility_meter", options={"source": "sensor.import"}
        )
        imported = MockConfigEntry(
            domain="utility_meter", data={"source": "sensor.price"}
        )
        other = MockConfigEntry(
            domain="utility_meter", options={"source": "sensor.import_2"}
        )
        for each in (helper, other, imported):
            each.add_to_hass(hass)
            er.async_get(hass).async_get_or_create(
                "sensor", "utility_meter", each.entry_id, config_entry=each
            )
        found = await reach.async_out_of_reach(hass, Targets(entity_ids=OURS), None)
        registry = er.async_get(hass)
        assert {
            registered.config_entry_id
            for name in found.helpers
            if (registered := registry.async_get(name)) is not None
        } == {helper.entry_id, imported.entry_id}

    def test_files_that_mention_an_entity(self, tmp_path: Path) -> None:
        """Wherever people write such; and copies of the database, which nobody need be able to read."""
        for name, text in (
            (".storage/lovelace", "sensor.import"),
            (".storage/onboarding", "nothing"),
            (f".storage/{DOMAIN}.abc", "sensor.import"),
            (f"{DOMAIN}/evidence.json", "sensor.import"),
            (f"{DOMAIN}/suppliers.json", "{}"),
            ("automations.yaml", "entity_id: sensor.price"),
            ("packages/energy/costs.yaml", "{{ states('sensor.import') }}"),
            ("packages/energy/other.yaml", "sensor.other"),
            ("www/readings.csv", "sensor.import,3.2"),
            ("www/photo.jpg", "sensor.import"),
            ("custom_components/other/const.json", "sensor.import"),
            ("before the update.db", "....sensor.import"),
            ("home-assistant_v2.db", "sensor.import"),
            ("home-assistant_v2.db-wal", "sensor.import"),
            ("home-assistant_v2.db.bak", "sensor.import"),
            ("home-assistant_v2.db.corrupt.2026-01-01", ""),
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        targets = Targets(entity_ids=OURS)
        assert reach._files(tmp_path, targets, tmp_path / "home-assistant_v2.db") == (
            ".storage/lovelace",
            "automations.yaml",
            "before the update.db",
            "home-assistant_v2.db.bak",
            "home-assistant_v2.db.corrupt.2026-01-01",
            "packages/energy/costs.yaml",
            f"{DOMAIN}/suppliers.json",
            "www/readings.csv",
        )
        assert "home-assistant_v2.db" in reach._files(tmp_path, targets, None)

    async def test_logs_in_which_something_occurs(
        self, hass: HomeAssistant, tmp_path: Path
    ) -> None:
        """By ids, and by what was found in them before it was erased; also where they are elsewhere."""
        config = tmp_path / "config"
        config.mkdir()
        hass.config.config_dir = str(config)
        hass.data["logging"] = str(tmp_path / "log" / "ha.log")
        (tmp_path / "log").mkdir()
        for path, text in (
            (config / "home-assistant.log", "device abc has gone"),
            (config / "home-assistant.log.1", "Gwen's cooker"),
            (config / "home-assistant.log.2", "nothing"),
            (tmp_path / "log" / "ha.log", "sensor.import"),
        ):
            path.write_text(text)
        logs = await reach.async_logs_with(hass, {"Gwen's cooker", "2000024512368"})
        assert logs == ("home-assistant.log.1",)
        targets = Targets(entity_ids=OURS, marks=frozenset({"abc"}))
        found = await reach.async_out_of_reach(
            hass, targets, None, (*logs, "home-assistant.log.9")
        )
        assert found.files == (
            str(tmp_path / "log" / "ha.log"),
            "home-assistant.log",
            "home-assistant.log.1",
        )
        assert found.system_logs == ("container log", "systemd journal", "syslog")

    async def test_backups_that_nobody_knows(
        self, hass: HomeAssistant, tmp_path: Path
    ) -> None:
        hass.config.config_dir = str(tmp_path)
        (tmp_path / "backups").mkdir()
        (tmp_path / "backups" / "1a2b.tar").write_bytes(b"")
        found = await reach.async_out_of_reach(hass, Targets(entity_ids=OURS), None)
        assert found.backups_unknown == ("backups/1a2b.tar",)


class TestRegistries:
    """What Home Assistant remembers elsewhere."""

    async def test_traces_and_notifications_are_dropped(
        self, hass: HomeAssistant, entry: MockConfigEntry
    ) -> None:
        """Traces are kept in one bucket or in two, as the version of Home Assistant has it."""

        def trace(text: str) -> SimpleNamespace:
            return SimpleNamespace(as_dict=lambda: {"trigger": text})

        one = {"run1": trace("state of sensor.import"), "run2": trace("time")}
        runs = {"run3": trace("state of sensor.price")}
        hass.data["trace"] = {
            "automation.a": one,
            "automation.b": SimpleNamespace(runs=runs, not_triggered={}),
        }
        hass.data["persistent_notification"] = {
            f"{DOMAIN}_1": {},
            "high": {"title": "Dear", "message": "sensor.price is high"},
            "other": {"title": None, "message": "sensor.other is high"},
        }
        await registries.async_forget(hass, entry, Targets(entity_ids=OURS))
        assert one.keys() == {"run2"}
        assert not runs
        assert hass.data["persistent_notification"].keys() == {"other"}

    async def test_traces_of_earlier_runs_are_dropped_from_disk(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        hass_storage: dict[str, Any],
    ) -> None:
        """Home Assistant reads them when somebody first looks at traces, and would write them again."""
        hass.data["trace_store"] = Store(hass, 1, "trace.saved_traces")
        kept = {"trigger": "time"}
        hass_storage["trace.saved_traces"] = {
            "version": 1,
            "minor_version": 1,
            "key": "trace.saved_traces",
            "data": {"automation.a": [{"trigger": "sensor.import"}, kept]},
        }
        await registries.async_forget(hass, entry, Targets(entity_ids=OURS))
        saved = hass_storage["trace.saved_traces"]["data"]
        assert saved == {"automation.a": [kept]}

    async def test_names_and_choices_are_forgotten(
        self, hass: HomeAssistant, entry: MockConfigEntry
    ) -> None:
        """The entry's, and those of devices that a person removed before: they would come back with the next one."""
        hass.config_entries.async_update_entry(
            entry, title="Gwen's meters", options={"retention_days": 3}
        )
        registry = dr.async_get(hass)
        other = MockConfigEntry(domain="other")
        other.add_to_hass(hass)
        for each in (entry, other):
            device = registry.async_get_or_create(
                config_entry_id=each.entry_id, identifiers={(each.domain, "gas")}
            )
            registry.async_update_device(device.id, name_by_user="Gwen's cooker")
            registry.async_remove_device(device.id)
        await registries.async_forget(hass, entry, Targets(entity_ids=OURS))
        assert (entry.title, dict(entry.options)) == ("Consumer access device", {})
        names = [
            registry.async_get_or_create(
                config_entry_id=each.entry_id, identifiers={(each.domain, "gas")}
            ).name_by_user
            for each in (entry, other)
        ]
        assert names == [None, "Gwen's cooker"]

    async def test_nothing_to_forget(
        self, hass: HomeAssistant, entry: MockConfigEntry
    ) -> None:
        """A second time changes nothing."""
        hass.states.async_set("sensor.other", "1")
        for _ in range(2):
            await registries.async_forget(hass, entry, Targets(entity_ids=OURS))
        assert hass.states.get("sensor.other") is not None
        assert energy_sources(None) == []


class TestStorage:
    """An erasure waits until it is on disk."""

    FILES: dict[str, Any] = {
        "core.restore_state": [{"state": {"entity_id": "sensor.import"}}],
        "energy": {
            "energy_sources": [{"type": "solar", "stat_energy_from": "sensor.import"}]
        },
        "core.entity_registry": {
            "entities": [],
            "deleted_entities": [
                {
                    "entity_id": "sensor.import",
                    "platform": DOMAIN,
                    "unique_id": "abc_import",
                }
            ],
        },
        "core.device_registry": {
            "devices": [],
            "deleted_devices": [{"id": "device", "name_by_user": "Ours"}],
        },
        "core.config_entries": {"entries": [{"entry_id": "abc", "title": "Gwen's"}]},
        "core.issue_registry": {
            "issues": [
                {"domain": DOMAIN, "issue_id": "leaving_abc", "is_persistent": True}
            ]
        },
        "trace.saved_traces": {"automation.a": [{"trigger": "sensor.price"}]},
    }
    OTHERS: dict[str, Any] = {
        "core.restore_state": [
            {
                "state": {
                    "entity_id": "sensor.integral",
                    "attributes": {"source": "sensor.import"},
                }
            },
            {"state": {"entity_id": "sensor.import_2"}},
        ],
        "energy": {
            "energy_sources": [{"type": "solar", "stat_energy_from": "sensor.import_2"}]
        },
        "core.device_registry": {
            "devices": [{"id": "other"}],
            "deleted_devices": [
                {"id": "gone", "config_entry_id": "x", "name_by_user": "Theirs"},
                {"id": "device", "config_entry_id": "abc", "name_by_user": None},
            ],
        },
        "core.config_entries": {"entries": [{"entry_id": "x", "title": "Theirs"}]},
        "core.issue_registry": {
            "issues": [
                {"domain": DOMAIN, "issue_id": "leaving_x", "is_persistent": True},
                {"domain": DOMAIN, "issue_id": "a_abc", "is_persistent": False},
            ]
        },
    }
    TARGETS = Targets(
        entity_ids=OURS,
        registry_keys=frozenset({("sensor", DOMAIN, "abc_import")}),
        marks=frozenset({"device", "abc"}),
    )

    @pytest.mark.parametrize("name", FILES)
    async def test_what_is_never_written_is_said(
        self,
        hass: HomeAssistant,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        monkeypatch.setattr(storage, "PATIENCE", 2)
        monkeypatch.setattr(storage, "PAUSE", 0)
        hass.config.config_dir = str(tmp_path)
        folder = tmp_path / ".storage"
        folder.mkdir()
        path = folder / name
        path.write_text(json.dumps({"data": self.FILES[name]}))
        hass.config.components |= {"energy", "trace"}
        with pytest.raises(ErasureError, match=name) as caught:
            await storage.async_wait_for_storage(hass, self.TARGETS)
        assert caught.value.reason == "erasure_storage"
        path.write_text(json.dumps({"data": {}}))
        assert await storage.async_wait_for_storage(hass, self.TARGETS) == 1

    @pytest.mark.parametrize("name", OTHERS)
    async def test_what_is_others_is_not_waited_for(
        self, hass: HomeAssistant, tmp_path: Path, name: str
    ) -> None:
        """Neither a longer id, nor a helper whose restored state names what feeds it."""
        hass.config.components |= {"energy", "trace"}
        hass.config.config_dir = str(tmp_path)
        folder = tmp_path / ".storage"
        folder.mkdir()
        (folder / name).write_text(json.dumps({"data": self.OTHERS[name]}))
        with patch.object(storage, "PATIENCE", 1):
            assert await storage.async_wait_for_storage(hass, self.TARGETS) == 1

    async def test_settings_that_nobody_can_change_are_not_waited_for(
        self, hass: HomeAssistant, tmp_path: Path
    ) -> None:
        hass.config.config_dir = str(tmp_path)
        (tmp_path / ".storage").mkdir()
        for name in ("energy", "trace.saved_traces"):
            (tmp_path / ".storage" / name).write_text(
                json.dumps({"data": self.FILES[name]})
            )
        assert await storage.async_wait_for_storage(hass, self.TARGETS) == 2
