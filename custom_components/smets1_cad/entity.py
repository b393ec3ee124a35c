"""What every entity of a CAD shares."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .cad.models import Fuel
from .const import DOMAIN
from .coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from .devices import device_info
from .readings.meter_state import MeterState
from .readings.news import News
from .tenancy.epoch import tenancy_scope


@dataclass(frozen=True, kw_only=True)
class Smets1CadEntityDescription(EntityDescription):
    """Describes an entity of the CAD, or of a meter.

    Attributes:
        fuel: the meter's fuel; None is the CAD itself.
        changed_by: what of one more reading may change it; None is any of its own meter's, of the CAD
            of both. Of all else, such as a tariff, the link, the clock, the first reading after a
            silence or one that proves something new, every entity is told.
        available_fn: of a meter, whether its value still holds, where that is not whether it is heard.
    """

    fuel: Fuel | None = None
    changed_by: frozenset[News] | None = None
    available_fn: Callable[[MeterState], bool] | None = None

    @property
    def news(self) -> frozenset[News]:
        """What of readings the entity is told of."""
        if self.changed_by is not None:
            return self.changed_by
        return frozenset(Fuel if self.fuel is None else {self.fuel})


class Smets1CadEntity[ShownT](CoordinatorEntity[Smets1CadCoordinator]):
    """Shows one value, and writes its state only when that changes."""

    _attr_has_entity_name = True
    entity_description: Smets1CadEntityDescription
    shown: ShownT
    """What the state was last made of."""

    def __init__(
        self, coordinator: Smets1CadCoordinator, description: Smets1CadEntityDescription
    ) -> None:
        """Put it on its device."""
        super().__init__(coordinator, context=description.news)
        self.entity_description = description
        self._attr_unique_id = unique_id(coordinator.config_entry, description)
        self._attr_device_info = device_info(coordinator.config_entry, description.fuel)
        self._is_available = self._read_available()
        self._show(self._read())

    @abstractmethod
    def _read(self) -> ShownT:
        """Return everything that the state is made of."""

    def _show(self, shown: ShownT) -> None:
        """Take what the state is made of from now on."""
        self.shown = shown

    def _read_available(self) -> bool:
        """Return whether the value still holds; the CAD itself always says how it is."""
        if self.entity_description.fuel is None:
            return True
        if (meter := self.meter) is None or meter.withheld:
            return False
        available_fn = self.entity_description.available_fn
        return not meter.stale if available_fn is None else available_fn(meter)

    @property
    def meter(self) -> MeterState | None:
        """The meter that the entity belongs to; None before anything is known of it."""
        if (fuel := self.entity_description.fuel) is None:
            return None
        return self.coordinator.data.meters.get(fuel)

    @property
    @override
    def available(self) -> bool:
        """Whether the value still holds."""
        return self._is_available

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it has changed."""
        is_available, shown = self._read_available(), self._read()
        if is_available == self._is_available and shown == self.shown:
            return
        self._is_available = is_available
        self._show(shown)
        self.async_write_ha_state()

    @override
    async def async_update(self) -> None:
        """Ask the meter out of turn, if pacing allows; only the generic update action does."""
        if not self.enabled or (fuel := self.entity_description.fuel) is None:
            return
        try:
            await self.coordinator.async_ask(fuel)
        except HomeAssistantError as err:
            # Whatever asks in a loop must not fill the log while the meter is silent.
            self.coordinator.logger.debug("The meter was not read: %s", err)


def unique_id(
    entry: Smets1CadConfigEntry, description: Smets1CadEntityDescription
) -> str:
    """Return what names an entity for the length of a tenancy; no number of a meter is in it."""
    return "_".join(
        filter(None, (tenancy_scope(entry), description.fuel, description.key))
    )


@callback
def async_add_when_proven[DescriptionT: Smets1CadEntityDescription](
    entry: Smets1CadConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
    has: Callable[[Smets1CadCoordinator, DescriptionT], bool],
    create: Callable[[Smets1CadCoordinator, DescriptionT], Entity],
) -> None:
    """Add each entity once it has proven itself, now or days later, and those that ever had.

    One that is disabled is created when the entry is set up, and then no more until it is
    enabled: Home Assistant would only refuse it again.
    """
    coordinator = entry.runtime_data.coordinator
    registry = er.async_get(coordinator.hass)
    waiting = list(descriptions)
    seen: int | None = None

    def registered(description: DescriptionT) -> er.RegistryEntry | None:
        entity_id = registry.async_get_entity_id(
            platform, DOMAIN, unique_id(entry, description)
        )
        return None if entity_id is None else registry.async_get(entity_id)

    def is_to_come(description: DescriptionT, *, is_first: bool) -> bool:
        known = registered(description)
        if is_first:
            return known is not None or has(coordinator, description)
        return not (known and known.disabled) and has(coordinator, description)

    @callback
    def add_new() -> None:
        nonlocal seen
        if seen == coordinator.proofs:
            return
        is_first, seen = seen is None, coordinator.proofs
        proven = [
            description
            for description in waiting
            if is_to_come(description, is_first=is_first)
        ]
        if not proven:
            return
        waiting[:] = [
            description for description in waiting if description not in proven
        ]
        entities = [create(coordinator, description) for description in proven]
        for entity, description in zip(entities, proven, strict=True):
            # One that is removed with its device may prove itself again; one that is disabled is removed, too.
            entity.async_on_remove(partial(waiting.append, description))
        async_add_entities(entities)

    add_new()
    # Of a reading that proves something, all are told.
    entry.async_on_unload(coordinator.async_add_listener(add_new, context=frozenset()))
