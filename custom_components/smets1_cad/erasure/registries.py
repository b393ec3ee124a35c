"""What Home Assistant remembers outside the recorder: registries, restored states, settings, traces, issues."""

from collections.abc import Iterable
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

from ..const import DOMAIN
from .targets import ENERGY, Targets, sources_without

_RESTORED: Final = (
    "last_states",
    "last_states_by_entity_id",
    "last_states_by_entity_registry_id",
)
"""Where the restore state helper keeps states, in one version of Home Assistant or another."""


def energy_sources(manager: Any) -> list[dict[str, Any]]:
    """Return the Energy dashboard's sources."""
    return list(manager.data["energy_sources"]) if manager and manager.data else []


async def async_energy_manager(hass: HomeAssistant) -> Any:
    """Return the Energy dashboard's manager, None where it is not in use."""
    if ENERGY not in hass.config.components:
        return None
    # Loaded already: an instance without it is spared it.
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    return await async_get_manager(hass)


async def async_forget(
    hass: HomeAssistant, entry: ConfigEntry[Any], targets: Targets
) -> None:
    """Remove a tenancy's entities and devices, and every memory of them. Doing it again changes nothing."""
    manager = await async_energy_manager(hass)
    sources = energy_sources(manager)
    left = sources_without(sources, targets.entity_ids)
    if left != sources:
        await manager.async_update({"energy_sources": left})
    _forget_devices(hass, entry)
    _forget_entities(hass, targets)
    async_forget_issues(hass, entry)
    _forget_notifications(hass)
    _forget_traces(hass, targets.pattern())
    await _async_forget_restored(hass, targets.entity_ids)


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
    """Remove devices; what the registry keeps of removed ones then holds nothing that a person chose."""
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(
            device.id, area_id=None, labels=set(), name_by_user=None
        )
        registry.async_remove_device(device.id)


@callback
def async_forget_issues(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back every issue of an entry."""
    registry = ir.async_get(hass)
    for domain, issue_id in list(registry.issues):
        if domain == DOMAIN and entry.entry_id in issue_id:
            registry.async_delete(domain, issue_id)


@callback
def _forget_notifications(hass: HomeAssistant) -> None:
    """Dismiss what the integration shows in the sidebar."""
    shown: dict[str, Any] = hass.data.get("persistent_notification", {})
    ours = [name for name in shown if name.startswith(DOMAIN)]
    if not ours:
        return
    from homeassistant.components import persistent_notification  # noqa: PLC0415

    for name in ours:
        persistent_notification.async_dismiss(hass, name)


@callback
def _forget_traces(hass: HomeAssistant, pattern: re.Pattern[str]) -> None:
    """Drop traces of automations and scripts in which the entities' states occur; they are saved when it stops."""
    for buckets in hass.data.get("trace", {}).values():
        for bucket in _buckets(buckets):
            for run_id, trace in list(bucket.items()):
                if pattern.search(str(trace.as_dict())):
                    del bucket[run_id]


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
