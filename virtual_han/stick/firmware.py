"""What EZSP commands act on: the parts of a stick's firmware."""

from collections.abc import Callable
from typing import Any, Protocol

from .cbke import StickCbke
from .ezsp import Values
from .flash import Flash
from .stack import Stack


class Firmware(Protocol):
    """One stick, as its commands see it.

    Attributes:
        flash: what outlives a reset.
        stack: the Zigbee stack.
        cbke: key establishment, where the firmware has it.
        configuration: configuration values set since the reset.
        values: other values set since the reset.
    """

    flash: Flash
    stack: Stack
    cbke: StickCbke
    configuration: dict[int, int]
    values: dict[int, bytes]

    @property
    def version(self) -> int:
        """The EZSP version."""
        ...

    def callback(self, name: str, values: Values) -> None:
        """Send a callback once the command in hand has been answered."""
        ...


type Handler = Callable[[Firmware, dict[str, Any]], Values]
"""Carries out one command: its arguments by name in, the response's fields by name out."""
