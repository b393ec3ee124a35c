"""Firmware changes of the CAD, the hub and the meters: noticed, recorded, shown (R22)."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..const import DOMAIN, LOGGER
from ..coordinator import Smets1CadConfigEntry
from ..devices import CAD_KEY
from ..error_words import async_error_words
from ..faults import issue_id
from ..store import CadStore, JsonObject, StoreError
from .hub_identity import hub_identity

ISSUE_FIRMWARE: Final = "firmware_changed"
ISSUE_UNREADABLE: Final = "firmware_unreadable"
"""Repair issue, and its translation key: what was recorded is damaged. Placeholder ``error``."""
HUB: Final = "hub"
"""What the log calls the communications hub."""
LONGEST: Final = 100
"""Changes that are kept; the oldest goes first."""

_KNOWN: Final = "known"
_CHANGES: Final = "changes"


class FirmwareLog:
    """Compares what a device says of itself with what it said last."""

    def __init__(
        self, hass: HomeAssistant, entry: Smets1CadConfigEntry, store: CadStore
    ) -> None:
        """Prepare; nothing is compared before `async_start`, and nothing is written after an erasure."""
        self._hass = hass
        self._entry = entry
        self._store = store
        self._firmware = store.firmware
        self._known: dict[str, dict[str, str]] = {}
        self._changes: list[JsonObject] = []

    @staticmethod
    async def load_entries(store: CadStore) -> list[JsonObject]:
        """Return the changes that were seen, oldest first.

        Raises:
            StoreError: ``store_unreadable``.
        """
        _, changes = _read(await store.firmware.load())
        return changes

    async def async_start(self) -> CALLBACK_TYPE:
        """Take up what is known, and compare from now on, until the returned function is called.

        What is damaged is left as it is found, and nothing is compared.
        """
        issue = issue_id(ISSUE_UNREADABLE, self._entry)
        try:
            self._known, self._changes = _read(await self._firmware.load())
        except CadError as err:
            LOGGER.warning("Changes of firmware are not recorded: %s", err)
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ISSUE_UNREADABLE,
                translation_placeholders={
                    "error": await async_error_words(self._hass, err)
                },
            )
            return lambda: None
        ir.async_delete_issue(self._hass, DOMAIN, issue)
        self._look()
        # No reading says anything of firmware.
        return self._entry.runtime_data.coordinator.async_add_listener(
            self._look, context=frozenset()
        )

    def _said(self) -> Mapping[str, dict[str, str]]:
        """Return what each device says of itself now."""
        coordinator = self._entry.runtime_data.coordinator
        hub = hub_identity(self._store.get("session"))
        said = {
            CAD_KEY: {
                "model": coordinator.cad.model,
                "firmware": coordinator.cad.firmware,
                "hardware": "",
            },
            HUB: {
                "model": hub["model"],
                "firmware": hub["firmware_version"] or hub["application_version"],
                "hardware": hub["hardware_version"],
            },
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
            await self._firmware.save(data)
        except CadError as err:
            LOGGER.warning("The firmware versions were not kept: %s", err)


def _read(kept: Any) -> tuple[dict[str, dict[str, str]], list[JsonObject]]:
    """Return what is known of each device, and the changes that were seen.

    Raises:
        StoreError: ``store_unreadable``.
    """
    if kept is None:
        return {}, []
    try:
        known = {str(device): dict(said) for device, said in kept[_KNOWN].items()}
        changes = [
            {name: change[name] for name in ("at", "device", "before", "after")}
            for change in kept[_CHANGES]
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise StoreError(
            "The record of the firmware is damaged. Restore a backup, or set the CAD up again.",
            reason="store_unreadable",
        ) from err
    return known, changes


def _words(said: Mapping[str, str]) -> str:
    return " ".join(
        value for name in ("model", "hardware", "firmware") if (value := said.get(name))
    )
