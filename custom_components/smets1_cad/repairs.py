"""Fix flows of the issues that a person can settle."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.core import HomeAssistant

from .cad.models import Fuel
from .coordinator import Smets1CadConfigEntry
from .leaving.repairs import LeavingFlow
from .pairing.repairs import WaitingFlow
from .pairing.states import Reminder
from .repair_flow import ConfirmFlow
from .tenancy.repairs import CancelledFlow, OutOfReachFlow, SuspectedFlow
from .tenancy.watch import ISSUE_CANCELLED


class RegistersFlow(ConfirmFlow):
    """A person says that the register is right as the meter shows it."""

    def __init__(self, entry: Smets1CadConfigEntry, fuel: Fuel) -> None:
        """Say of which meter."""
        super().__init__(entry)
        self._fuel = fuel

    @override
    async def _settle(self) -> None:
        self._runtime.coordinator.async_accept_registers(self._fuel)


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow of an issue."""
    entry = hass.config_entries.async_get_entry(str((data or {}).get("entry_id")))
    if data is None or entry is None:
        return ConfirmRepairFlow()
    if "out_of_reach" in data:
        return OutOfReachFlow(entry)
    if data.get("tenancy") == ISSUE_CANCELLED:
        return CancelledFlow(entry)
    if "tenancy" in data:
        return SuspectedFlow(entry)
    if (kind := data.get("leaving")) is not None:
        return LeavingFlow(entry, str(kind))
    if (reminder := data.get("reminder")) is not None:
        return WaitingFlow(entry, Reminder(int(reminder)))
    if "refused" in data:
        return WaitingFlow(entry)
    return RegistersFlow(entry, Fuel(str(data["fuel"])))
