"""The Energy dashboard's settings: what of them is a tenancy's, and what is left without it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant

ENERGY: Final = "energy"
"""The integration whose cost sensors are derived from the meters' registers."""

MONEY: Final = {
    "stat_energy_from": (
        "entity_energy_price",
        "number_energy_price",
        "stat_cost",
    ),
    "stat_energy_to": (
        "entity_energy_price_export",
        "number_energy_price_export",
        "stat_compensation",
    ),
}
"""What the Energy dashboard knows of the money of each of a source's statistics."""

_DEVICES: Final = ("device_consumption", "device_consumption_water")
"""Lists of appliances, each named by a person."""


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


def settings_without(
    settings: Mapping[str, Any], entity_ids: frozenset[str]
) -> dict[str, Any]:
    """Return what of the dashboard's settings has to change for nothing to be the entities' any more.

    Returns:
        lists by their name, as `EnergyManager.async_update` takes them; empty if there is nothing to change.
    """
    left: dict[str, Any] = {
        name: _devices_without(settings[name], entity_ids)
        for name in _DEVICES
        if name in settings
    }
    if "energy_sources" in settings:
        left["energy_sources"] = sources_without(settings["energy_sources"], entity_ids)
    return {name: value for name, value in left.items() if value != settings[name]}


def _devices_without(
    devices: Iterable[Mapping[str, Any]], entity_ids: frozenset[str]
) -> list[dict[str, Any]]:
    """Return the appliances without the entities; one that is measured by such goes whole, with its name."""
    return [
        {key: value for key, value in device.items() if value not in entity_ids}
        for device in devices
        if device["stat_consumption"] not in entity_ids
    ]


def sources_without(
    sources: Iterable[Mapping[str, Any]], entity_ids: frozenset[str]
) -> list[dict[str, Any]]:
    """Return the Energy dashboard's sources without the entities, and without the money of what goes.

    A source of which nothing is left to measure goes whole. A price that somebody typed
    in for one of the registers is the tenant's tariff, and goes with it.
    """
    left = [_source_without(dict(source), entity_ids) for source in sources]
    return [source for source in left if source is not None]


def _source_without(
    source: dict[str, Any], entity_ids: frozenset[str]
) -> dict[str, Any] | None:
    """Return what is left of a source, None if it measures nothing any more."""
    for statistic, money in MONEY.items():
        if source.get(statistic) in entity_ids:
            if source["type"] != "grid":
                return None
            source |= dict.fromkeys((statistic, *money))
        source |= {key: None for key in money if source.get(key) in entity_ids}
    power = source.get("power_config")
    if power is not None and entity_ids.intersection(power.values()):
        del source["power_config"]
        source.pop("stat_rate", None)
    if source.get("stat_rate") in entity_ids:
        del source["stat_rate"]
    measures = ("stat_energy_from", "stat_energy_to", "stat_rate", "power_config")
    return source if any(source.get(key) for key in measures) else None
