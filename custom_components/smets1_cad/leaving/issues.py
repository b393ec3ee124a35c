"""What the repairs dashboard says while consent or a pairing ends (R2, R19)."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..cad.errors import CadError
from ..consent.consents import Consents
from ..const import DOMAIN
from ..error_words import error_words
from ..faults import ISSUE_LINK, issue_id
from ..pairing.life import Pairing
from ..pairing.states import PairingState
from ..smart_energy.eui64 import Eui64
from ..supplier.texts import inert

CAD_REMOVED: Final = "cad_removed"
STILL_LISTED: Final = "still_listed"
"""Consent is withdrawn, and the supplier has not been told."""
TENANCY_STILL_LISTED: Final = "tenancy_still_listed"
"""The tenancy has changed, and the supplier has not been told that the CAD goes with it."""
REMOVED_STILL_LISTED: Final = "removed_still_listed"
"""The entry is gone, and the supplier has not been told."""
REMOVED_STICK: Final = "removed_stick"
"""The entry is gone, and its stick is still on the network."""
UNPAIR_REFUSED: Final = "unpair_refused"
UNPAIR_TO_SEND: Final = "unpair_to_send"
UNPAIR_WANTED: Final = "unpair_wanted"
"""A person wants the CAD unpaired, and has not been asked yet why."""
UNPAIRED: Final = "unpaired"
UNPAIRED_STICK: Final = "unpaired_stick"
"""The supplier has unpaired the CAD, whose stick could not be made to forget the network."""

_OF_STATE: Final = {
    PairingState.REMOVED: CAD_REMOVED,
    PairingState.UNPAIR_RECORDED: UNPAIR_TO_SEND,
    PairingState.UNPAIR_REFUSED: UNPAIR_REFUSED,
    PairingState.UNPAIRED: UNPAIRED,
}
_OPTIONS: Final = f"homeassistant://config/integrations/integration/{DOMAIN}"
"""Where the options are opened."""

LEAVING_KINDS: Final = (*_OF_STATE.values(), STILL_LISTED, UNPAIRED_STICK)
"""Kinds of issues of which an entry has one at most. Each has an id of its own, since Home Assistant
takes away what was settled by its id, also where settling it brought about the next."""

_FIXABLE: Final = frozenset({STILL_LISTED, UNPAIRED})
"""Issues that a person can settle with a click."""


def _kind(pairing: Pairing, consents: Consents, error: CadError | None) -> str | None:
    """Return which issue there is, None for none."""
    if error is not None:
        return UNPAIRED_STICK
    if (kind := _OF_STATE.get(pairing.state)) is not None:
        return kind
    if pairing.can_end and consents.is_withdrawn:
        return STILL_LISTED
    return None


@callback
def async_report_leaving(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    pairing: Pairing,
    consents: Consents,
    *,
    error: CadError | None = None,
) -> None:
    """Show what has to be done about the end of a pairing; take it back if there is nothing."""
    kind = _kind(pairing, consents, error)
    _clear_all_but(hass, entry, kind)
    if kind is None:
        return
    if kind == CAD_REMOVED:
        # The link says the same of itself, without the way back.
        ir.async_delete_issue(hass, DOMAIN, issue_id(ISSUE_LINK, entry))
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(kind, entry),
        data={"entry_id": entry.entry_id, "leaving": kind},
        is_fixable=kind in _FIXABLE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={
            "supplier": pairing.request.supplier,
            "detail": inert(pairing.history[-1].detail or "–"),
            "error": error_words(hass, error) if error else "–",
        },
    )


@callback
def async_clear_leaving(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back the issue of an entry that is stopped."""
    _clear_all_but(hass, entry, None)


def _clear_all_but(
    hass: HomeAssistant, entry: ConfigEntry[Any], kind: str | None
) -> None:
    for other in LEAVING_KINDS:
        if other != kind:
            ir.async_delete_issue(hass, DOMAIN, issue_id(other, entry))


@callback
def async_report_wanted(
    hass: HomeAssistant, entry: ConfigEntry[Any], pairing: Pairing
) -> None:
    """Say where the CAD is unpaired; anew to a person who had this ignored an earlier time."""
    async_clear_wanted(hass, entry)
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(UNPAIR_WANTED, entry),
        is_fixable=False,
        learn_more_url=_OPTIONS,
        severity=ir.IssueSeverity.WARNING,
        translation_key=UNPAIR_WANTED,
        translation_placeholders={"supplier": pairing.request.supplier},
    )


@callback
def async_clear_wanted(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take that back: it has been asked for, or there is nothing to undo."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(UNPAIR_WANTED, entry))


@callback
def async_report_removed(hass: HomeAssistant, name: str, pairing: Pairing) -> None:
    """Say that the supplier still lists a CAD that is gone; the name is the entry's, or its file's."""
    _report_listed(hass, name, pairing, REMOVED_STILL_LISTED)


@callback
def async_report_tenancy_listed(
    hass: HomeAssistant, entry: ConfigEntry[Any], pairing: Pairing
) -> None:
    """Say that the supplier still lists the CAD of a tenancy that has ended.

    Whoever dismisses it has no use for the supplier's name any more, so it is forgotten.
    """
    _report_listed(hass, entry.entry_id, pairing, TENANCY_STILL_LISTED)
    issue = issue_id(TENANCY_STILL_LISTED, entry)

    @callback
    def look(event: Event[ir.EventIssueRegistryUpdatedData]) -> None:
        if event.data["domain"] != DOMAIN or event.data["issue_id"] != issue:
            return
        shown = ir.async_get(hass).async_get_issue(DOMAIN, issue)
        if shown is None or shown.dismissed_version is not None:
            stop()
            ir.async_delete_issue(hass, DOMAIN, issue)

    stop = hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, look)


def _report_listed(hass: HomeAssistant, name: str, pairing: Pairing, kind: str) -> None:
    """Say what the supplier has to be told.

    Of a CAD that is gone it stays over a restart, since nothing else is left to remind
    of it. Of an earlier tenancy nothing is written to disk.
    """
    eui64 = Eui64.parse(pairing.request.cad.eui64)
    persists = kind == REMOVED_STILL_LISTED
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{kind}_{name}",
        is_fixable=True,
        is_persistent=persists,
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={
            "supplier": pairing.request.supplier,
            "eui64": tail(eui64) if persists else eui64.with_hyphens,
        },
    )


def tail(eui64: Eui64) -> str:
    """Return as much of an address as a person needs to know which CAD is meant.

    What an issue that outlives a restart says is written to disk, and into every
    integration's diagnostics.
    """
    return eui64.with_hyphens[-5:]
