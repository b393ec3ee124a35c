"""Firmware changes of the CAD, the hub and the meters: noticed, recorded, shown (R22)."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .cad.errors import CadError
from .const import DOMAIN, LOGGER
from .coordinator import Smets1CadConfigEntry
from .devices import CAD_KEY
from .faults import issue_id
from .store import CadStore, JsonObject

ISSUE_FIRMWARE: Final = "firmware_changed"
LONGEST: Final = 100
"""Changes that are kept; the oldest goes first."""

_KNOWN: Final = "known"
_CHANGES: Final = "changes"


class FirmwareLog:
    """Compares what a device says of itself with what it said last."""

    def __init__(
        self, hass: HomeAssistant, entry: Smets1CadConfigEntry, store: CadStore
    ) -> None:
        """Prepare; nothing is compared before `async_start`."""
        self._hass = hass
        self._entry = entry
        self._store = store
        self._known: dict[str, dict[str, str]] = {}
        self._changes: list[JsonObject] = []

    @staticmethod
    async def load_entries(store: CadStore) -> list[JsonObject]:
        """Return the changes that were seen, oldest first.

        Raises:
            StoreError: what is stored cannot be read.
        """
        return list((await store.firmware.load() or {}).get(_CHANGES, []))

    async def async_start(self) -> CALLBACK_TYPE:
        """Take up what is known, and compare from now on, until the returned function is called.

        Raises:
            StoreError: what is stored cannot be read.
        """
        kept = await self._store.firmware.load() or {}
        self._known = dict(kept.get(_KNOWN, {}))
        self._changes = list(kept.get(_CHANGES, []))
        self._look()
        # No reading says anything of firmware.
        return self._entry.runtime_data.coordinator.async_add_listener(
            self._look, context=frozenset()
        )

    def _said(self) -> Mapping[str, dict[str, str]]:
        """Return what each device says of itself now."""
        coordinator = self._entry.runtime_data.coordinator
        said = {
            CAD_KEY: {
                "model": coordinator.cad.model,
                "firmware": coordinator.cad.firmware,
                "hardware": "",
            }
        }
        for fuel, meter in coordinator.data.meters.items():
            if (identity := meter.identity) is not None:
                said[fuel.value] = {
                    "model": identity.model,
                    "firmware": identity.firmware_version,
                    "hardware": identity.hardware_version,
                }
        return said

    @callback
    def _look(self) -> None:
        """Compare; what a device leaves unsaid is no change."""
        is_new = False
        for device, said in self._said().items():
            before = self._known.get(device, {})
            after = before | {name: value for name, value in said.items() if value}
            if after == before:
                continue
            self._known[device] = after
            is_new = True
            if any(before.get(name, value) != value for name, value in after.items()):
                self._changed(device, before, after)
        if is_new:
            self._entry.async_create_task(
                self._hass, self._save(), "keep the firmware versions"
            )

    @callback
    def _changed(
        self, device: str, before: dict[str, str], after: dict[str, str]
    ) -> None:
        self._changes = [
            *self._changes[1 - LONGEST :],
            {
                "at": dt_util.utcnow().isoformat(timespec="seconds"),
                "device": device,
                "before": before,
                "after": after,
            },
        ]
        LOGGER.info("The %s has other firmware or hardware than before", device)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(f"{ISSUE_FIRMWARE}_{device}", self._entry),
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"{ISSUE_FIRMWARE}_{device}",
            translation_placeholders={
                "before": _words(before),
                "after": _words(after),
            },
        )

    async def _save(self) -> None:
        data: dict[str, Any] = {_KNOWN: self._known, _CHANGES: self._changes}
        try:
            await self._store.firmware.save(data)
        except CadError as err:
            LOGGER.warning("The firmware versions were not kept: %s", err)


def _words(said: Mapping[str, str]) -> str:
    return " ".join(
        value for name in ("model", "hardware", "firmware") if (value := said.get(name))
    )
