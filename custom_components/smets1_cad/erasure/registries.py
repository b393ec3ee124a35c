"""What Home Assistant remembers outside the recorder: registries, restored states, settings, traces, issues."""

from collections.abc import Collection, Iterable
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
    restore_state,
)
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, TITLE
from .energy import async_energy_manager, settings_without
from .targets import Targets

_RESTORED: Final = (
    "last_states",
    "last_states_by_entity_id",
    "last_states_by_entity_registry_id",
)
"""Where the restore state helper keeps states, in one version of Home Assistant or another."""


async def async_forget(
    hass: HomeAssistant, entry: ConfigEntry[Any], targets: Targets
) -> None:
    """Remove a tenancy's entities and devices, and every memory of them. Doing it again changes nothing."""
    manager = await async_energy_manager(hass)
    if manager is not None and (
        left := settings_without(manager.data or {}, targets.entity_ids)
    ):
        await manager.async_update(left)
    async_forget_title(hass, entry)
    _forget_devices(hass, entry)
    _forget_entities(hass, targets)
    async_forget_issues(hass, entry)
    pattern = targets.pattern()
    _forget_notifications(hass, pattern)
    await _async_forget_traces(hass, pattern)
    await _async_forget_restored(hass, targets.entity_ids)


@callback
def async_forget_title(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back the name that somebody gave to the CAD, and what they chose for it.

    Home Assistant logs an entry's name when it cannot be set up yet. One that is just being
    removed has none to take back; where it comes back, this is done again.
    """
    if hass.config_entries.async_get_entry(entry.entry_id) is not None:
        hass.config_entries.async_update_entry(entry, title=TITLE, options={})


@callback
def _forget_entities(hass: HomeAssistant, targets: Targets) -> None:
    """Remove entities, and what the registry keeps of removed ones."""
    registry = er.async_get(hass)
    for domain, platform, unique_id in targets.registry_keys:
        if entity_id := registry.async_get_entity_id(domain, platform, unique_id):
            registry.async_remove(entity_id)
    gone = targets.registry_keys & registry.deleted_entities.keys()
    for key in gone:
        del registry.deleted_entities[key]
    if gone:
        registry.async_schedule_save()
    for entity_id in targets.entity_ids:
        if registry.async_get(entity_id) is None:
            hass.states.async_remove(entity_id)


@callback
def _forget_devices(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Remove devices, and what the registry keeps of removed ones: what a person called them, and where they were."""
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(
            device.id, area_id=None, labels=set(), name_by_user=None
        )
        registry.async_remove_device(device.id)
    # Those that were removed before keep their names; there is no public way to forget them.
    removed = getattr(registry, "_deleted_devices", {})
    gone = [
        device.id
        for device in removed.values()
        if device.config_entry_id == entry.entry_id
        or (
            device.config_entry_id is None
            and any(domain == DOMAIN for domain, *_ in device.identifiers)
        )
    ]
    for device_id in gone:
        del removed[device_id]
    if gone:
        registry.async_schedule_save()


@callback
def async_forget_issues(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, keep: Collection[str] = ()
) -> None:
    """Take back every issue of an entry, but for those to keep."""
    registry = ir.async_get(hass)
    for domain, issue_id in list(registry.issues):
        if domain == DOMAIN and entry.entry_id in issue_id and issue_id not in keep:
            registry.async_delete(domain, issue_id)


@callback
def _forget_notifications(hass: HomeAssistant, pattern: re.Pattern[str]) -> None:
    """Dismiss what stands in the sidebar: what the integration shows, and what mentions its entities."""
    shown: dict[str, Any] = hass.data.get("persistent_notification", {})
    ours = [
        name
        for name, notification in shown.items()
        if name.startswith(DOMAIN)
        or pattern.search(
            f"{notification.get('title')} {notification.get('message')}",
        )
    ]
    if not ours:
        return
    from homeassistant.components import persistent_notification  # noqa: PLC0415

    for name in ours:
        persistent_notification.async_dismiss(hass, name)


async def _async_forget_traces(hass: HomeAssistant, pattern: re.Pattern[str]) -> None:
    """Drop traces of automations and scripts in which the entities' states occur, on disk too.

    Those of earlier runs are read from there when somebody first looks at traces, and
    all are written when Home Assistant stops.
    """
    for buckets in hass.data.get("trace", {}).values():
        for bucket in _buckets(buckets):
            for run_id, trace in list(bucket.items()):
                if pattern.search(str(trace.as_dict())):
                    del bucket[run_id]
    store: Store[dict[str, list[Any]]] | None = hass.data.get("trace_store")
    if store is None or (saved := await store.async_load()) is None:
        return
    left = {
        key: [trace for trace in traces if not pattern.search(str(trace))]
        for key, traces in saved.items()
    }
    if left != saved:
        await store.async_save(left)


def _buckets(buckets: Any) -> Iterable[Any]:
    """Return the mappings of traces by run, which one version or another keeps."""
    if hasattr(buckets, "items"):
        return (buckets,)
    return (buckets.runs, buckets.not_triggered)


async def _async_forget_restored(
    hass: HomeAssistant, entity_ids: frozenset[str]
) -> None:
    """Drop states that would be restored, on disk too."""
    helper = restore_state.async_get(hass)
    for name in _RESTORED:
        states = getattr(helper, name, {})
        for key, stored in list(states.items()):
            if stored.state.entity_id in entity_ids:
                del states[key]
    await helper.async_dump_states()
