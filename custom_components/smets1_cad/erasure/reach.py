"""What may hold data of a tenancy and lies out of reach: named, so that a person can see to it."""

from collections.abc import Iterable, Iterator
import os
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import DATA_INSTANCE

from ..const import DOMAIN
from .raw import mentions_any
from .report import Backup, DatabaseReport, OutOfReach
from .targets import Targets, mention_of

EXPORTS: Final = frozenset(
    {
        "alexa",
        "apache_kafka",
        "azure_data_explorer",
        "azure_event_hub",
        "cloud",
        "datadog",
        "emoncms_history",
        "google_assistant",
        "google_pubsub",
        "google_sheets",
        "graphite",
        "homekit",
        "influxdb",
        "logentries",
        "mqtt_eventstream",
        "mqtt_statestream",
        "opensensemap",
        "prometheus",
        "splunk",
        "statsd",
        "thingspeak",
        "zabbix",
    }
)
"""Integrations that send states to other systems, or let them be fetched."""

MESSAGES: Final = frozenset(
    {
        "clicksend",
        "discord",
        "file",
        "google_mail",
        "html5",
        "matrix",
        "mobile_app",
        "notify",
        "ntfy",
        "pushbullet",
        "pushover",
        "signal_messenger",
        "slack",
        "smtp",
        "telegram_bot",
        "twilio_sms",
        "xmpp",
    }
)
"""Integrations by which notifications leave Home Assistant."""

_LOGS: Final = {
    "postgresql": ("write-ahead log", "archived write-ahead log", "replicas"),
    "mysql": ("binary log", "redo log", "undo log", "replicas"),
    "sqlite": (),
}


SYSTEM_LOGS: Final = ("container log", "systemd journal", "syslog")
"""What whoever runs Home Assistant may keep of its messages; nothing of it can be read from inside."""

_TEXT: Final = frozenset(
    {
        *(".csv", ".db", ".html", ".json", ".log", ".md", ".sql", ".sqlite", ".tsv"),
        *(".txt", ".xml", ".yaml", ".yml"),
    }
)
"""Endings of files in folders that somebody may have made, and that are worth a look."""

_NO_TEXT: Final = frozenset(
    {
        *(".storage", ".cloud", ".git", DOMAIN, "__pycache__", "backups"),
        *("custom_components", "deps", "image", "media", "node_modules", "tts"),
    }
)
"""Folders that are looked at otherwise, or in which nobody writes what the CAD says."""


async def async_out_of_reach(
    hass: HomeAssistant,
    targets: Targets,
    database: DatabaseReport | None,
    logs: Iterable[str] = (),
) -> OutOfReach:
    """Return what a person has to see to.

    Args:
        hass: Home Assistant.
        targets: what was erased.
        database: what became of the recorder's.
        logs: Home Assistant's log files in which names or numbers were found before these were erased, and others
            that hold some.
    """
    backups, unknown = await _async_backups(hass)
    files = await hass.async_add_executor_job(
        _files, Path(hass.config.config_dir), targets, _own_database(hass)
    )
    return OutOfReach(
        backups=backups,
        backups_unknown=unknown,
        exports=tuple(sorted(EXPORTS & hass.config.components)),
        messages=tuple(sorted(MESSAGES & hass.config.components)),
        helpers=_helpers(hass, targets),
        files=tuple(
            sorted(
                {
                    *files,
                    *await hass.async_add_executor_job(_still_there, hass, tuple(logs)),
                    *await async_logs_with(hass, targets.entity_ids | targets.marks),
                }
            )
        ),
        logs=_LOGS.get(database.engine, ()) if database is not None else (),
        system_logs=SYSTEM_LOGS,
    )


async def async_logs_with(hass: HomeAssistant, words: Iterable[str]) -> tuple[str, ...]:
    """Return Home Assistant's log files in which any of the words occurs, by name."""
    return await hass.async_add_executor_job(_logs_with, hass, tuple(words))


def _logs_with(hass: HomeAssistant, words: tuple[str, ...]) -> tuple[str, ...]:
    config = Path(hass.config.config_dir)
    logs = set(config.glob("home-assistant.log*"))
    if (elsewhere := hass.data.get("logging")) is not None:
        path = Path(str(elsewhere))
        logs.update(path.parent.glob(f"{path.name}*"))
    return tuple(
        sorted(
            _name(path, config)
            for path in logs
            if path.is_file() and mentions_any(path, words)
        )
    )


def _still_there(hass: HomeAssistant, names: tuple[str, ...]) -> list[str]:
    """Return the files that are still there; a name below the configuration folder, or a whole path."""
    config = Path(hass.config.config_dir)
    return [name for name in names if (config / name).is_file()]


def _name(path: Path, config: Path) -> str:
    return str(path.relative_to(config) if path.is_relative_to(config) else path)


def _own_database(hass: HomeAssistant) -> Path | None:
    """Return the file of the recorder's database, which was searched by itself."""
    if (recorder := hass.data.get(DATA_INSTANCE)) is None or recorder.engine is None:
        return None
    name = recorder.engine.url.database
    return Path(name) if name else None


async def _async_backups(
    hass: HomeAssistant,
) -> tuple[tuple[Backup, ...], tuple[str, ...]]:
    """Return backups, oldest first, and places that do not answer."""
    # The backup integration's manager is there before it is set up fully.
    if (
        "backup" not in hass.config.components
        or (manager := hass.data.get("backup")) is None
    ):
        # Nobody knows what they hold.
        files = Path(hass.config.path("backups")).glob("*.tar")
        return (), tuple(
            sorted(
                f"backups/{path.name}"
                for path in await hass.async_add_executor_job(list, files)
            )
        )
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
            if entry.domain != DOMAIN
            and pattern.search(f"{dict(entry.options)} {dict(entry.data)}")
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        )
    )


def _files(config: Path, targets: Targets, database: Path | None) -> tuple[str, ...]:
    """Return the files that mention an entity, and copies of the database and of everything, by name.

    The integration's own files are where the list of these ids is, until everything is erased.
    """
    found = {
        path
        for path in _candidates(config, database)
        if mentions_any(path, targets.entity_ids)
    }
    found.update(config.glob("*.db.corrupt*"))
    # Contacts that somebody typed in; they are the supplier's, but nobody here knows.
    found.update((config / DOMAIN).glob("suppliers.json"))
    return tuple(sorted(_name(path, config) for path in found))


def _candidates(config: Path, database: Path | None) -> Iterator[Path]:
    """Yield every file that somebody may have written an entity's id to, or a copy of the database."""
    for path in (*(config / ".storage").glob("*"), *config.glob("*")):
        is_own = path.name.partition(".")[0] == DOMAIN
        is_live = (
            database is not None
            and path.name.startswith(database.name)
            and (
                path.name.removeprefix(database.name)
                in ("", "-wal", "-shm", "-journal")
            )
        )
        if path.is_file() and not is_own and not is_live:
            yield path
    for folder, folders, names in os.walk(config):
        folders[:] = [name for name in folders if name not in _NO_TEXT]
        if Path(folder) == config:
            continue
        yield from (
            path
            for path in (Path(folder, name) for name in names)
            if path.suffix in _TEXT and path.is_file()
        )
