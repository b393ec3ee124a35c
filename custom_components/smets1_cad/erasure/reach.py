"""What may hold data of a tenancy and lies out of reach: named, so that a person can see to it."""

from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from .raw import search
from .report import Backup, DatabaseReport, OutOfReach
from .targets import Targets, mention_of

EXPORTS: Final = frozenset(
    {
        "apache_kafka",
        "azure_data_explorer",
        "azure_event_hub",
        "cloud",
        "datadog",
        "google_pubsub",
        "graphite",
        "influxdb",
        "logentries",
        "mqtt_eventstream",
        "mqtt_statestream",
        "prometheus",
        "splunk",
        "statsd",
        "zabbix",
    }
)
"""Integrations that send states to other systems, or let them be fetched."""

MESSAGES: Final = frozenset(
    {
        "discord",
        "html5",
        "mobile_app",
        "notify",
        "pushbullet",
        "pushover",
        "signal_messenger",
        "slack",
        "smtp",
        "telegram_bot",
    }
)
"""Integrations by which notifications leave Home Assistant."""

_LOGS: Final = {
    "postgresql": ("write-ahead log", "archived write-ahead log", "replicas"),
    "mysql": ("binary log", "redo log", "undo log", "replicas"),
    "sqlite": (),
}


async def async_out_of_reach(
    hass: HomeAssistant, targets: Targets, database: DatabaseReport | None
) -> OutOfReach:
    """Return what a person has to see to."""
    backups, unknown = await _async_backups(hass)
    return OutOfReach(
        backups=backups,
        backups_unknown=unknown,
        exports=tuple(sorted(EXPORTS & hass.config.components)),
        messages=tuple(sorted(MESSAGES & hass.config.components)),
        helpers=_helpers(hass, targets),
        files=await hass.async_add_executor_job(
            _files, Path(hass.config.config_dir), targets.entity_ids
        ),
        logs=_LOGS.get(database.engine, ()) if database is not None else (),
    )


async def _async_backups(
    hass: HomeAssistant,
) -> tuple[tuple[Backup, ...], tuple[str, ...]]:
    """Return backups, oldest first, and places that do not answer."""
    # The backup integration's manager is there before it is set up fully.
    if (
        "backup" not in hass.config.components
        or (manager := hass.data.get("backup")) is None
    ):
        return (), ()
    known, errors = await manager.async_get_backups()
    return (
        tuple(
            sorted(
                (
                    Backup(
                        name=backup.name,
                        date=backup.date,
                        places=tuple(sorted(backup.agents)),
                        database=backup.database_included,
                    )
                    for backup in known.values()
                    if backup.homeassistant_included
                ),
                key=lambda backup: backup.date,
            )
        ),
        tuple(sorted(errors)),
    )


def _helpers(hass: HomeAssistant, targets: Targets) -> tuple[str, ...]:
    """Return the entities of helpers whose settings name an entity of the tenancy."""
    pattern = mention_of(targets.entity_ids)
    registry = er.async_get(hass)
    return tuple(
        sorted(
            entity.entity_id
            for entry in hass.config_entries.async_entries()
            if entry.domain != DOMAIN and pattern.search(str(dict(entry.options)))
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        )
    )


def _files(config: Path, entity_ids: frozenset[str]) -> tuple[str, ...]:
    """Return the files that mention an entity, and copies of the database, by name."""
    # The integration's own files are where the list of these ids is, until everything is erased.
    candidates = [
        *(
            path
            for path in (config / ".storage").glob("*")
            if path.name.partition(".")[0] != DOMAIN
        ),
        *config.glob("home-assistant.log*"),
    ]
    return tuple(
        sorted(
            [
                str(path.relative_to(config))
                for path in candidates
                if path.is_file() and search((path,), entity_ids)
            ]
            + [path.name for path in config.glob("*.db.corrupt*")]
        )
    )
