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
    _explained: tuple[Any, ...] | None = None
    """Unit, last reset and attributes as Home Assistant has them."""

    @property
    @override
    def native_value(self) -> StateType | datetime | Decimal:
        """The value."""
        return self.shown.value

    @override
    def _show(self, shown: Shown) -> None:
        # Home Assistant asks for these several times for each state, and
        # keeps them where they are attributes. They hardly ever change.
        if self._explained is None or shown[1:] != self._explained:
            self._explained = shown[1:]
            self._attr_native_unit_of_measurement = shown.unit
            self._attr_last_reset = shown.last_reset
            self._attr_extra_state_attributes = shown.attributes or {}
        super()._show(shown)


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
