"""What an erasure cannot reach: what to look for before it is forgotten, and what a person is told of it (R20)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from ..consent.consents import Consents
from ..const import DOMAIN, TITLE
from ..erasure.report import ErasureReport, OutOfReach
from ..faults import issue_id

ISSUE_OUT_OF_REACH: Final = "erasure_out_of_reach"
"""Repair issue, and its translation key: copies that a person has to see to. A placeholder for each kind."""

_SHORTEST_WORD: Final = 5
"""Letters of a name or number that is worth looking for: a shorter one is found everywhere."""


@callback
def private_words(
    hass: HomeAssistant, entry: ConfigEntry[Any], consents: Consents
) -> frozenset[str]:
    """Return names and numbers of the household that should be in no log, to look for and then to forget."""
    words = {
        word
        for record in consents.records
        if record.identity is not None
        for word in _texts(record.identity.as_dict())
    }
    entities, devices = er.async_get(hass), dr.async_get(hass)
    names = (
        *(
            each.name
            for each in er.async_entries_for_config_entry(entities, entry.entry_id)
        ),
        *(
            each.name_by_user
            for each in dr.async_entries_for_config_entry(devices, entry.entry_id)
        ),
        None if entry.title == TITLE else entry.title,
    )
    words |= {name for name in names if name}
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD)


def _texts(value: Any) -> Iterator[str]:
    """Yield every line of text in JSON."""
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)


@callback
def async_show_out_of_reach(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Say that a person has to see to copies, also after a restart, until somebody says that it is read.

    What such an issue says is written to disk, and into every integration's diagnostics. So it names none of them:
    whoever opens it is shown what the report holds.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(ISSUE_OUT_OF_REACH, entry),
        data={"entry_id": entry.entry_id, "out_of_reach": True},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=ISSUE_OUT_OF_REACH,
    )


@callback
def async_show_from_memory(
    hass: HomeAssistant, entry: ConfigEntry[Any], report: ErasureReport | None
) -> None:
    """Go on showing them while the entry is removed, and its report with it: until Home Assistant stops.

    Nothing could tell which they are afterwards, so without a report the issue goes at once.
    """
    issue = issue_id(ISSUE_OUT_OF_REACH, entry)
    if ir.async_get(hass).async_get_issue(DOMAIN, issue) is None:
        return
    if report is None:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=ISSUE_OUT_OF_REACH,
        translation_placeholders=words(report.out_of_reach),
    )


def words(reach: OutOfReach) -> dict[str, str]:
    """Return what fills the blanks of the issue: the copies of each kind."""
    lists = {
        "backups": [f"{backup.name} ({backup.date})" for backup in reach.backups],
        **{
            name: getattr(reach, name)
            for name in (
                *("backups_unknown", "exports", "messages", "helpers", "files"),
                *("logs", "system_logs"),
            )
        },
    }
    return {name: ", ".join(items) or "–" for name, items in lists.items()}
