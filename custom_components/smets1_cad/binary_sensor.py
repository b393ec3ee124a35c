"""Binary sensors: whether the HAN is reached, and whether a meter reports a fault."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, override

from homeassistant.components.binary_sensor import (  # type: ignore[attr-defined]
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cad.link import LinkState
from .cad.models import Alarm, Fuel
from .coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from .entity import Smets1CadEntity, Smets1CadEntityDescription, async_add_when_proven
from .readings.news import says

PARALLEL_UPDATES = 0


class Shown(NamedTuple):
    """What a binary sensor's state is made of."""

    is_on: bool | None
    attributes: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class CadBinarySensorDescription(
    Smets1CadEntityDescription, BinarySensorEntityDescription
):
    """Describes a binary sensor.

    Attributes:
        read_fn: what it shows.
        has_fn: whether the CAD or the meter has it.
    """

    read_fn: Callable[[Smets1CadCoordinator], Shown]
    has_fn: Callable[[Smets1CadCoordinator], bool] = lambda _: True


def _alarms(coordinator: Smets1CadCoordinator, fuel: Fuel) -> frozenset[Alarm] | None:
    meter = coordinator.data.meters.get(fuel)
    return None if meter is None or meter.reading is None else meter.reading.alarms


def _alarm_shown(coordinator: Smets1CadCoordinator, fuel: Fuel) -> Shown:
    alarms = _alarms(coordinator, fuel)
    if alarms is None:
        return Shown(None)
    return Shown(bool(alarms), {"alarms": sorted(alarms)})


def _alarm(fuel: Fuel) -> CadBinarySensorDescription:
    """Return whether a meter reports a fault, and which."""
    return CadBinarySensorDescription(
        key="alarm",
        translation_key="alarm",
        fuel=fuel,
        changed_by=says(fuel, "alarms"),
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        has_fn=lambda coordinator: _alarms(coordinator, fuel) is not None,
        read_fn=lambda coordinator: _alarm_shown(coordinator, fuel),
    )


BINARY_SENSORS: Final[tuple[CadBinarySensorDescription, ...]] = (
    CadBinarySensorDescription(
        key="connection",
        translation_key="connection",
        changed_by=frozenset(),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        read_fn=lambda coordinator: Shown(
            coordinator.data.status.state is LinkState.RUNNING
        ),
    ),
    _alarm(Fuel.ELECTRICITY),
    _alarm(Fuel.GAS),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Smets1CadConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors, each once it is known to have a value."""
    async_add_when_proven(
        entry,
        async_add_entities,
        Platform.BINARY_SENSOR,
        BINARY_SENSORS,
        lambda coordinator, description: description.has_fn(coordinator),
        CadBinarySensor,
    )


class CadBinarySensor(Smets1CadEntity[Shown], BinarySensorEntity):
    """A binary sensor that shows what it has read."""

    entity_description: CadBinarySensorDescription

    @override
    def _read(self) -> Shown:
        return self.entity_description.read_fn(self.coordinator)

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is on."""
        return self.shown.is_on

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """What explains it."""
        return self.shown.attributes
