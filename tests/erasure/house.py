"""A Home Assistant core with its recorder and registries on disk, without web server and loader.

The integration is played by a few lines that set it up as `__init__` does: go on with
an erasure, ask for consent, add entities.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, override

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_integration,
    mock_platform,
)
from sqlalchemy import insert

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.consent.consents import Declaration
from custom_components.smets1_cad.consent.text import boxes_required, load_consent_text
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.evidence.file import async_write, evidence_path
from custom_components.smets1_cad.pairing.identity import IdentityForm, check_identity
from custom_components.smets1_cad.store import (
    async_get_store,
    async_load_consents,
    async_remove_store,
)
from custom_components.smets1_cad.tenancy.change import (
    async_put_off_removal,
    async_resume_erasure,
)
from custom_components.smets1_cad.tenancy.epoch import tenancy_scope
from homeassistant import bootstrap, loader
from homeassistant.components.recorder.db_schema import Statistics, StatisticsShortTerm
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_import_statistics,
)
from homeassistant.components.sensor import RestoreSensor, SensorStateClass
from homeassistant.config_entries import (
    HANDLERS,
    ConfigEntries,
    ConfigEntry,
    ConfigFlow,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.recorder import (
    async_initialize_recorder,
    get_instance,
    session_scope,
)
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from . import canaries

CAD: Final = "000d6f000a9069e7"
IMPORT: Final = "sensor.electricity_import"
PRICE: Final = "sensor.electricity_unit_rate"
RENAMED: Final = "sensor.electricity_power"
REMOVED: Final = "sensor.gas_import"
OTHER: Final = "sensor.other"
EXTERNAL: Final = f"{DOMAIN}:electricity_profile"
OTHER_EXTERNAL: Final = "weather:degree_days"


class Reading(RestoreSensor):
    """A sensor of the CAD."""

    _attr_should_poll = False
    # Home Assistant logs the states of an increasing total that decreases, as these do.
    _attr_state_class = SensorStateClass.TOTAL
    _attr_native_unit_of_measurement = "kWh"

    def __init__(self, entry: ConfigEntry[Any], entity_id: str, canary: str) -> None:
        """Show a canary."""
        self.entity_id = entity_id
        self._attr_unique_id = f"{tenancy_scope(entry)}_{entity_id}"
        self._attr_name = entity_id
        self._attr_native_value = canaries.NUMBER
        self._attr_extra_state_attributes = {"canary": canary}

    @property
    @override
    def extra_restore_state_data(self) -> Any:
        """Hand a canary to the restore state helper."""
        return SimpleNamespace(as_dict=lambda: {"canary": canaries.TEXTS["restored"]})


class House:
    """One run of Home Assistant."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Keep the core."""
        self.hass = hass
        self.entities: list[Reading] = []

    @property
    def entry(self) -> ConfigEntry[Any]:
        """The CAD's entry."""
        return self.hass.config_entries.async_entries(DOMAIN)[0]

    async def _setup_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        await async_resume_erasure(hass, entry)
        store = await async_get_store(hass, CAD)
        consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
        if consents.grant is None:
            raise ConfigEntryError("No consent")
        await hass.config_entries.async_forward_entry_setups(entry, ["sensor"])
        return True

    async def _unload_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, ["sensor"])

    async def _remove_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        if not await async_put_off_removal(hass, entry):
            await async_remove_store(hass, CAD)

    async def _add_sensors(
        self, _hass: HomeAssistant, entry: ConfigEntry[Any], add: Any
    ) -> None:
        self.entities = [
            Reading(entry, IMPORT, canaries.TEXTS["attribute"]),
            Reading(entry, PRICE, canaries.TEXTS["attribute"]),
            Reading(
                entry, RENAMED, canaries.TEXTS["attribute of an entity renamed since"]
            ),
            Reading(entry, REMOVED, canaries.TEXTS["attribute of a removed entity"]),
        ]
        add(self.entities)

    def play_integration(self) -> None:
        """Be the integration, as far as erasing is concerned."""
        mock_integration(
            self.hass,
            MockModule(
                DOMAIN,
                async_setup_entry=self._setup_entry,
                async_unload_entry=self._unload_entry,
                async_remove_entry=self._remove_entry,
            ),
            built_in=False,
        )
        mock_platform(self.hass, f"{DOMAIN}.config_flow", built_in=False)
        mock_platform(
            self.hass,
            f"{DOMAIN}.sensor",
            MockPlatform(async_setup_entry=self._add_sensors),
            built_in=False,
        )

    async def recorded(self) -> None:
        """Wait until everything is in the database."""
        await self.hass.async_block_till_done()
        await get_instance(self.hass).async_block_till_done()


def hurry() -> None:
    """Have storage written at once, instead of within minutes."""
    delayed = Store.async_delay_save

    def soon(self: Store[Any], data_func: Any, delay: float = 0) -> None:
        delayed(self, data_func, delay / 1000)

    Store.async_delay_save = soon  # type: ignore[method-assign]
    storage.PAUSE = 0.02  # type: ignore[misc]


@asynccontextmanager
async def open_house(
    config: Path, db_url: str | None = None, *, energy: bool = True
) -> AsyncIterator[House]:
    """Run Home Assistant on a configuration folder; stop it afterwards."""
    (config / ".storage").mkdir(parents=True, exist_ok=True)
    hass = HomeAssistant(str(config))
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    loader.async_setup(hass)
    await bootstrap.async_load_base_functionality(hass)
    house = House(hass)
    HANDLERS[DOMAIN] = ConfigFlow
    house.play_integration()
    async_initialize_recorder(hass)
    url = db_url or f"sqlite:///{config / 'home-assistant_v2.db'}"
    assert await async_setup_component(
        hass, "recorder", {"recorder": {"db_url": url, "commit_interval": 0}}
    )
    assert await async_setup_component(hass, "sensor", {})
    if energy:
        # What it needs of these is not what is erased.
        hass.config.components |= {"http", "websocket_api", "history", "frontend"}
        assert await async_setup_component(hass, "energy", {})
        assert await async_setup_component(hass, "trace", {})
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_start()
    await hass.async_block_till_done()
    try:
        yield house
    finally:
        await hass.async_stop(force=True)
        # It is cached by the core that it belongs to.
        get_instance.cache_clear()


async def move_in(house: House) -> None:
    """Give consent, pair, and record a year."""
    hass = house.hass
    entry = MockConfigEntry(domain=DOMAIN, unique_id=CAD, title="CAD")
    store = await async_get_store(hass, CAD)
    consents = await async_load_consents(hass, store, SYSTEM_CLOCK)
    identity = check_identity(
        IdentityForm(
            name=canaries.TEXTS["person"],
            address="1 High Street\nCardiff",
            postcode="CF10 1AA",
            mpan=canaries.MPAN,
            mprn=canaries.MPRN,
            electricity_serial=canaries.SERIAL,
        )
    ).identity
    assert identity is not None
    text = await hass.async_add_executor_job(partial(load_consent_text, "en"))
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
    await store.pairing.save({"reference": canaries.TEXTS["pairing"]})
    await store.secrets.save({"install_code": canaries.TEXTS["install code"]})
    await store.session.save({"serial": canaries.TEXTS["session"]})
    await store.readings.save({"meter": canaries.TEXTS["reading"]})
    await store.counters.save({"requests": 12})

    await hass.config_entries.async_add(entry)
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, tenancy_scope(entry))}
    )
    dr.async_get(hass).async_update_device(
        device.id, name_by_user=canaries.TEXTS["device's name"]
    )
    cooker = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "cooker")}
    )
    dr.async_get(hass).async_update_device(
        cooker.id, name_by_user=canaries.TEXTS["removed device's name"]
    )
    dr.async_get(hass).async_remove_device(cooker.id)
    hass.config_entries.async_update_entry(entry, title=canaries.TEXTS["entry's name"])
    registry.async_update_entity(
        IMPORT, name=canaries.TEXTS["entity's name"], device_id=device.id
    )
    registry.async_update_entity(REMOVED, name=canaries.TEXTS["removed entity's name"])
    await async_write(
        hass,
        evidence_path(hass, entry, "evidence", "json"),
        canaries.TEXTS["evidence"],
    )
    await _energy_dashboard(hass)
    await _automation(hass)
    await record_a_year(house)
    registry.async_remove(REMOVED)
    # The recorder moves a history to the new id, unless there was something under that.
    hass.states.async_set("sensor.new_name", "1", {"canary": "CANARY-RENAMED"})
    await house.recorded()
    hass.states.async_remove("sensor.new_name")
    registry.async_update_entity(RENAMED, new_entity_id="sensor.new_name")
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"something_{entry.entry_id}",
        is_fixable=False,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="something",
        translation_placeholders={"error": canaries.TEXTS["issue"]},
    )
    await house.recorded()
    # On a busy machine Home Assistant stops before it has written this.
    issues = Path(hass.config.path(".storage/repairs.issue_registry"))
    while canaries.TEXTS["issue"] not in await hass.async_add_executor_job(
        _text_of, issues
    ):
        await asyncio.sleep(0.01)


def _text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def _energy_dashboard(hass: HomeAssistant) -> None:
    """Have the dashboard compute a cost from our register at a price that was typed in."""
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    manager = await async_get_manager(hass)
    await manager.async_update(
        {
            "energy_sources": [
                {
                    "type": "grid",
                    "stat_energy_from": IMPORT,
                    "stat_energy_to": None,
                    "stat_cost": None,
                    "entity_energy_price": None,
                    "number_energy_price": canaries.COST,
                    "stat_compensation": None,
                    "entity_energy_price_export": None,
                    "number_energy_price_export": None,
                    "cost_adjustment_day": 0,
                }
            ],
            "device_consumption": [
                {
                    "stat_consumption": IMPORT,
                    "name": canaries.TEXTS["appliance's name"],
                }
            ],
        }
    )
    await hass.async_block_till_done()


async def _automation(hass: HomeAssistant) -> None:
    """Have an automation run on our register; its trace is written when Home Assistant stops."""
    from homeassistant.components.trace import ActionTrace, async_store_trace  # noqa: PLC0415

    class AutomationTrace(ActionTrace):
        _domain = "automation"

    config = {"triggers": [{"entity_id": IMPORT}], "canary": canaries.TEXTS["trace"]}
    async_store_trace(
        hass, AutomationTrace("dear", config, None, Context()), stored_traces=5
    )


async def record_a_year(house: House) -> None:
    """Record states, statistics and events: ours, and somebody else's."""
    hass = house.hass
    for step in range(40):
        for entity in house.entities:
            entity._attr_native_value = canaries.NUMBER if step == 20 else float(step)
            entity._attr_extra_state_attributes["step"] = step
            entity.async_write_ha_state()
        hass.states.async_set(OTHER, str(step), {"kept": f"KEEP-ATTRIBUTE {step}"})
    hass.bus.async_fire(f"{DOMAIN}_price", {"canary": canaries.TEXTS["event of ours"]})
    hass.bus.async_fire(
        "call_service",
        {
            "service_data": {"entity_id": [IMPORT]},
            "canary": canaries.TEXTS["event about ours"],
        },
    )
    hass.bus.async_fire("call_service", {"kept": "KEEP-EVENT"})
    names = (
        (IMPORT, "recorder", None),
        (REMOVED, "recorder", None),
        (EXTERNAL, DOMAIN, canaries.TEXTS["statistics' name"]),
        (OTHER_EXTERNAL, "weather", "KEEP-STATISTICS"),
    )
    for statistic_id, source, name in names:
        metadata = StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            unit_of_measurement="kWh",
            unit_class="energy",
            source=source,
            name=name,
            statistic_id=statistic_id,
        )
        now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
        one = [StatisticData(start=now, state=1.5, sum=2.5)]
        if source == "recorder":
            async_import_statistics(hass, metadata, one)
        else:
            async_add_external_statistics(hass, metadata, one)
    await house.recorded()
    await get_instance(hass).async_add_executor_job(_statistics, hass)


def _statistics(hass: HomeAssistant) -> None:
    """Add a year by the hour, and a day by five minutes."""
    instance = get_instance(hass)
    now = dt_util.utcnow().replace(minute=0, second=0, microsecond=0).timestamp()
    with session_scope(session=instance.get_session()) as session:
        metadata = instance.statistics_meta_manager.get_many(session)
        for table, step, count, statistic_ids in (
            (Statistics, 3600, 365 * 24, (IMPORT, REMOVED, EXTERNAL)),
            (StatisticsShortTerm, 300, 288, (IMPORT,)),
        ):
            session.execute(
                insert(table),
                [
                    {
                        "metadata_id": metadata[statistic_id][0],
                        "start_ts": now - step * number,
                        "created_ts": now,
                        "state": float(number),
                        "sum": canaries.NUMBER if number % 50 == 0 else float(number),
                    }
                    for statistic_id in statistic_ids
                    for number in range(1, count)
                ],
            )


def log_to(config: Path) -> None:
    """Log as Home Assistant does, and what this integration says besides.

    Statistics that are compiled every five minutes tell of readings at a level at which
    Home Assistant does not log unless somebody wants it to.
    """
    handler = logging.FileHandler(config / "home-assistant.log")
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("homeassistant.components.sensor.recorder").setLevel(
        logging.WARNING
    )
