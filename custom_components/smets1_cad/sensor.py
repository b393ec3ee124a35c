"""Sensors of the CAD, the meters and their tariffs."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .cad.link import LinkState
from .coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from .entity import Smets1CadEntity, async_add_when_proven
from .sensors import CAD_SENSORS, METER_SENSORS
from .sensors.description import CadSensorDescription, MeterSensorDescription

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Smets1CadConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors, each once it is known to have a value."""
    async_add_when_proven(
        entry,
        async_add_entities,
        Platform.SENSOR,
        CAD_SENSORS,
        lambda coordinator, description: description.has_fn(coordinator),
        CadSensor,
    )
    async_add_when_proven(
        entry,
        async_add_entities,
        Platform.SENSOR,
        METER_SENSORS,
        lambda coordinator, description: (
            (meter := coordinator.data.meters.get(description.fuel)) is not None
            and description.has_fn(meter)
        ),
        MeterSensor,
    )


class Shown(NamedTuple):
    """What a sensor's state is made of."""

    value: StateType | datetime | Decimal = None
    unit: str | None = None
    last_reset: datetime | None = None
    attributes: dict[str, Any] | None = None


class _Smets1CadSensor(Smets1CadEntity[Shown], SensorEntity):
    """A sensor that shows what it has read."""

    entity_description: CadSensorDescription | MeterSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime | Decimal:
        """The value."""
        return self.shown.value

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """The unit, which of prices the tariff says."""
        return self.shown.unit

    @property
    @override
    def last_reset(self) -> datetime | None:
        """When the count of the day began."""
        return self.shown.last_reset

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """What explains the value."""
        return self.shown.attributes


class CadSensor(_Smets1CadSensor):
    """A sensor of the CAD itself."""

    entity_description: CadSensorDescription

    @override
    def _read_available(self) -> bool:
        return (
            not self.entity_description.needs_han
            or self.coordinator.data.status.state is LinkState.RUNNING
        )

    @override
    def _read(self) -> Shown:
        description = self.entity_description
        return Shown(
            description.value_fn(self.coordinator),
            description.native_unit_of_measurement,
            attributes=None
            if (explain := description.attributes_fn) is None
            else explain(self.coordinator),
        )


class MeterSensor(_Smets1CadSensor):
    """A sensor of a meter or of its tariff."""

    entity_description: MeterSensorDescription

    def __init__(
        self, coordinator: Smets1CadCoordinator, description: MeterSensorDescription
    ) -> None:
        """Name it."""
        super().__init__(coordinator, description)
        if description.placeholders:
            self._attr_translation_placeholders = dict(description.placeholders)

    @override
    def _read(self) -> Shown:
        description, meter = self.entity_description, self.meter
        if meter is None:
            return Shown(unit=description.native_unit_of_measurement)
        unit_fn, reset_fn = description.unit_fn, description.last_reset_fn
        return Shown(
            description.value_fn(meter),
            description.native_unit_of_measurement
            if unit_fn is None
            else unit_fn(meter),
            None if reset_fn is None else reset_fn(meter),
            None if (explain := description.attributes_fn) is None else explain(meter),
        )
