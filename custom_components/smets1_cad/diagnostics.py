"""Diagnostics: what helps to find a fault, without anything that identifies the household."""

from collections.abc import Iterator
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .cad.link import LinkStatus
from .coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from .readings.meter_state import MeterState
from .readings.model_json import to_json
from .redaction import Redactor


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: Smets1CadConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a config entry; little of one that is not set up."""
    if entry.state is not ConfigEntryState.LOADED:
        return {
            "entry": entry.state.value,
            "error": entry.error_reason_translation_key,
            "options": dict(entry.options),
        }
    coordinator = entry.runtime_data.coordinator
    redactor = Redactor(_secrets(entry, coordinator))
    capabilities = coordinator.link.capabilities
    statistics = coordinator.link.statistics
    cleaned: dict[str, Any] = redactor.clean(
        {
            "options": dict(entry.options),
            "cad": to_json(coordinator.cad),
            "consent": {"in_force": coordinator.has_consent},
            "pairing": _pairing(coordinator),
            "link": _status(coordinator.data.status),
            "meter_mismatch": coordinator.mismatch,
            "capabilities": {
                "fuels": sorted(capabilities.fuels),
                "tariff": sorted(capabilities.tariff),
                "profile": sorted(capabilities.profile),
                "prepayment": sorted(capabilities.prepayment),
                "messages": capabilities.messages,
            },
            **coordinator.link.findings(),
            "counters": statistics.counters,
            "signal": {
                "lqi": statistics.signal_lqi,
                "rssi": statistics.signal_rssi,
            },
            "meters": {
                fuel.value: _meter(meter)
                for fuel, meter in coordinator.data.meters.items()
            },
        }
    )
    return cleaned


def _secrets(
    entry: Smets1CadConfigEntry, coordinator: Smets1CadCoordinator
) -> Iterator[str | None]:
    """Yield everything personal that is known of the household."""
    yield entry.unique_id
    for meter in coordinator.data.meters.values():
        if (identity := meter.identity) is not None:
            yield from (identity.site_id, identity.serial_number, identity.eui64)
    if (declared := coordinator.declared) is not None:
        yield from (
            declared.name,
            *declared.address.splitlines(),
            declared.postcode,
            declared.email,
            declared.phone,
            *declared.serials.values(),
        )
        if declared.mpan is not None:
            yield declared.mpan.core
        if declared.mprn is not None:
            yield declared.mprn.number
    if coordinator.pairing is not None:
        pairing = coordinator.pairing.pairing
        yield pairing.reference
        yield pairing.request.cad.eui64
        yield from (step.detail for step in pairing.history)


def _status(status: LinkStatus) -> dict[str, Any]:
    """Return where the link is, and why."""
    return {
        "state": status.state.value,
        "since": status.since.isoformat(),
        "error": None
        if status.error is None
        else {
            "reason": status.error.reason,
            "responsible": status.error.responsible,
            "message": str(status.error),
        },
        "next_attempt": to_json(status.next_attempt),
    }


def _pairing(coordinator: Smets1CadCoordinator) -> dict[str, Any] | None:
    """Return the way of the request, without what was written in it."""
    if (keeper := coordinator.pairing) is None:
        return None
    pairing = keeper.pairing
    following = pairing.next_step(dt_util.utcnow())
    return {
        "state": pairing.state.value,
        "next_step": following.step,
        "whose_turn": following.actor,
        "history": [
            {
                "state": step.state.value,
                "at": step.at.isoformat(),
                "route": step.route,
                "reason": step.reason,
            }
            for step in pairing.history
        ],
    }


def _meter(meter: MeterState) -> dict[str, Any]:
    """Return what is known of a meter; the numbers that name it are left out."""
    kept = meter.as_dict()
    for name in ("site_id", "serial_number", "eui64"):
        if kept["identity"]:
            kept["identity"].pop(name, None)
    return {"stale": meter.stale, **kept, "used": sorted(meter.used)}
