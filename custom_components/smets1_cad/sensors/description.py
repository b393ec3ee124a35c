"""How a sensor is described: what it needs, and where its value comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.helpers.typing import StateType

from ..cad.models import Fuel
from ..coordinator import Smets1CadCoordinator
from ..entity import Smets1CadEntityDescription
from ..readings.meter_state import MeterState

type Value = StateType | datetime | Decimal


@dataclass(frozen=True, kw_only=True)
class CadSensorDescription(Smets1CadEntityDescription, SensorEntityDescription):
    """Describes a sensor of the CAD itself.

    Attributes:
        value_fn: its value.
        has_fn: whether the CAD has it.
        needs_han: whether its value holds only while the HAN is reached.
        attributes_fn: what explains the value.
    """

    value_fn: Callable[[Smets1CadCoordinator], Value]
    has_fn: Callable[[Smets1CadCoordinator], bool]
    needs_han: bool = False
    attributes_fn: Callable[[Smets1CadCoordinator], dict[str, Any] | None] | None = None


@dataclass(frozen=True, kw_only=True)
class MeterSensorDescription(Smets1CadEntityDescription, SensorEntityDescription):
    """Describes a sensor of a meter.

    Attributes:
        fuel: the meter's.
        value_fn: its value; None is unknown.
        has_fn: whether the meter has proven that it has it.
        unit_fn: its unit, where the meter says.
        last_reset_fn: when its count began.
        attributes_fn: what explains the value.
        placeholders: for its name.
    """

    fuel: Fuel
    value_fn: Callable[[MeterState], Value]
    has_fn: Callable[[MeterState], bool]
    unit_fn: Callable[[MeterState], str | None] | None = None
    last_reset_fn: Callable[[MeterState], datetime | None] | None = None
    attributes_fn: Callable[[MeterState], dict[str, Any] | None] | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)
