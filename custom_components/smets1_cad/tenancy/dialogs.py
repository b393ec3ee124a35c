"""Dialogs about a CAD end with the tenancy: one more step would bring back what is on their screen (R20)."""

from typing import Any

from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN


@callback
def async_close_set_up(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """End what is being typed about the CAD: one more step would write it back."""
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(DOMAIN):
        context = flow["context"]
        if entry.unique_id == context.get("unique_id") or (
            entry.entry_id == context.get("entry_id")
        ):
            flows.async_abort(flow["flow_id"])


@callback
def async_close_dialogs(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """End every dialog about the CAD: its set-up, its options, and what mends its issues."""
    async_close_set_up(hass, entry)
    options = hass.config_entries.options
    for option in options.async_progress_by_handler(entry.entry_id):
        options.async_abort(option["flow_id"])
    if (repairs := repairs_flow_manager(hass)) is None:
        return
    for repair in repairs.async_progress_by_handler(DOMAIN):
        if entry.entry_id in repair["context"].get("issue_id", ""):
            repairs.async_abort(repair["flow_id"])
