"""Notice an Energy dashboard that prices gas in m³ by the kWh, or the reverse.

The dashboard then shows no cost, or one eleven times too low or too high, and not
every version of Home Assistant says so.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    Platform,
    UnitOfEnergy,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util.hass_dict import HassKey

from .cad.models import EnergyUnit, Fuel
from .const import DOMAIN
from .faults import ISSUE_GAS_PRICE, issue_id
from .tenancy.epoch import tenancy_scope

_WATCHED: HassKey[bool] = HassKey(f"{DOMAIN}_energy_watched")

_ENERGY = "energy"
_VOLUME = "volume"

_UNITS: Final[Mapping[str, frozenset[str]]] = {
    _ENERGY: frozenset(UnitOfEnergy),
    _VOLUME: frozenset(UnitOfVolume),
}

_BETWEEN: Final = Decimal("3.3")
"""Prices per kWh and per m³ are a factor of about 11 apart; this is half way, as factors go."""

_USUAL_PRICE: Final = Decimal("0.09")
"""GBP per kWh, where the meter tells no price."""


async def async_watch_energy(hass: HomeAssistant) -> None:
    """Check the Energy dashboard's settings now, and whenever they change."""
    if "energy" not in hass.config.components:
        return
    # Loaded already, if at all: an instance without it is spared it.
    from homeassistant.components.energy import async_get_manager  # type: ignore[attr-defined]  # noqa: PLC0415

    manager = await async_get_manager(hass)

    async def check() -> None:
        _check(hass, manager.data["energy_sources"] if manager.data else ())

    if _WATCHED not in hass.data:
        # The manager has no way to take a listener back.
        hass.data[_WATCHED] = True
        manager.async_listen_updates(check)
    await check()


@callback
def _check(hass: HomeAssistant, sources: Iterable[Mapping[str, Any]]) -> None:
    """Raise or take back the issue of each CAD."""
    registry = er.async_get(hass)
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        sensors = {
            entity_id: measured
            for measured in _UNITS
            if (
                entity_id := registry.async_get_entity_id(
                    Platform.SENSOR,
                    DOMAIN,
                    f"{tenancy_scope(entry)}_{Fuel.GAS}_{measured}",
                )
            )
        }
        price_in = partial(
            _price_in, hass, _usual_price(entry.runtime_data.coordinator)
        )
        mixed = next(
            (
                (sensors[used], used)
                for source in sources
                if source["type"] == "gas"
                and (used := source["stat_energy_from"]) in sensors
                and price_in(source) not in (None, sensors[used])
            ),
            None,
        )
        issue = issue_id(ISSUE_GAS_PRICE, entry)
        if mixed is None:
            ir.async_delete_issue(hass, DOMAIN, issue)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"{ISSUE_GAS_PRICE}_{mixed[0]}",
            translation_placeholders={"entity_id": mixed[1]},
        )


def _usual_price(coordinator: Any) -> Decimal:
    """Return about what a kWh of gas costs here."""
    meter = coordinator.data.meters.get(Fuel.GAS)
    rates = meter.tariff.rates if meter and meter.tariff else ()
    return next(
        (
            rate.price
            for rate in rates
            if rate.unit is EnergyUnit.KILOWATT_HOUR and rate.price > 0
        ),
        _USUAL_PRICE,
    )


def _price_in(
    hass: HomeAssistant, usual: Decimal, source: Mapping[str, Any]
) -> str | None:
    """Return what a source's price is for, energy or volume; None where there is none, or it cannot be told."""
    if source.get("stat_cost"):
        return None
    if (number := source.get("number_energy_price")) is not None:
        return (
            None if number <= 0 else _ENERGY if number < usual * _BETWEEN else _VOLUME
        )
    if (price := hass.states.get(source.get("entity_energy_price") or "")) is None:
        return None
    unit = str(price.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or "").rpartition("/")[2]
    return next((kind for kind, units in _UNITS.items() if unit in units), None)
