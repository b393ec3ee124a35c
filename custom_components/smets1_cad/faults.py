"""Issues that the repairs dashboard shows: what is wrong, whose job it is, what to do next (R21)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .cad.errors import CadError, Responsible
from .cad.link import LinkState, LinkStatus
from .cad.models import Fuel
from .const import DOMAIN
from .error_words import error_words
from .readings.meter_state import MeterState

REFUSED_FOR: Final = timedelta(hours=2)
"""How long a register has to be refused before a person is asked whether it is right after all."""

UNANSWERED_FOR: Final = timedelta(hours=6)
"""How long a pairing service has to fail before a person is told: it may be a night's maintenance."""

ISSUE_LINK: Final = "link_failed"
ISSUE_MISMATCH: Final = "meter_mismatch"
ISSUE_EXCHANGED: Final = "meter_exchanged"
"""Translation key of a mismatch that came with a new meter."""
ISSUE_REGISTERS: Final = "registers_refused"
ISSUE_GAS_PRICE: Final = "gas_price_unit"
ISSUE_SERVICE: Final = "service_unanswered"


class Lacking(StrEnum):
    """What a link that keeps trying does not get, as its issue is called."""

    STICK = "stick_lost"
    OWN_STICK = "stick_swapped"
    """Another stick is at its port."""
    HUB = "hub_lost"
    KEY = "key_not_agreed"


def issue_id(kind: str, entry: ConfigEntry[Any], fuel: Fuel | None = None) -> str:
    """Return an issue's id, which is the entry's own."""
    return "_".join((kind, *((fuel,) if fuel else ()), entry.entry_id))


@callback
def async_say(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    kind: str,
    *,
    key: str = "",
    fuel: Fuel | None = None,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    placeholders: dict[str, str] | None = None,
) -> None:
    """Show an issue that nobody settles with a click: it goes when what it says is mended.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        kind: what it is about; there is one of each, or one for each fuel.
        key: of its words, where it is not the kind.
        fuel: whose meter it is about.
        severity: how bad it is.
        placeholders: what the words leave blank.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(kind, entry, fuel),
        is_fixable=False,
        severity=severity,
        translation_key=key or kind,
        translation_placeholders=placeholders,
    )


@callback
def async_report_link(
    hass: HomeAssistant, entry: ConfigEntry[Any], status: LinkStatus
) -> None:
    """Show why a link has ended, if waiting does not mend it."""
    if status.state is not LinkState.FAILED or status.error is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id(ISSUE_LINK, entry))
        return
    async_say(
        hass,
        entry,
        ISSUE_LINK,
        key=f"{ISSUE_LINK}_{status.error.responsible or 'unknown'}",
        severity=ir.IssueSeverity.ERROR,
        placeholders={"error": error_words(hass, status.error)},
    )


@callback
def async_report_lacking(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    lacking: Lacking,
    *,
    since: datetime,
    error: CadError | None,
) -> None:
    """Show what a link that keeps trying has not got for long, and nothing else that it lacked before.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        lacking: what it does not get.
        since: from when on nothing was read.
        error: what the link says of it, None if it says nothing.
    """
    async_clear_lacking(hass, entry, but=lacking)
    async_say(
        hass,
        entry,
        lacking,
        key=f"{lacking}_{_whose(lacking, error)}",
        placeholders={
            "error": error_words(hass, error) if error else "–",
            "since": f"{dt_util.as_local(since):%Y-%m-%d %H:%M}",
        },
    )


def _whose(lacking: Lacking, error: CadError | None) -> Responsible:
    """Return whose turn it is first. Whom a householder cannot reach, the supplier asks."""
    responsible = error and error.responsible
    match lacking:
        case Lacking.HUB if responsible not in (None, Responsible.HOUSEHOLDER):
            return Responsible.SUPPLIER
        case Lacking.KEY if responsible is Responsible.CAD_PROVIDER:
            return Responsible.CAD_PROVIDER
        case Lacking.KEY if responsible is not Responsible.HOUSEHOLDER:
            return Responsible.SUPPLIER
    return Responsible.HOUSEHOLDER


@callback
def async_clear_lacking(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, but: Lacking | None = None
) -> None:
    """Take back what a link lacked."""
    for lacking in Lacking:
        if lacking is not but:
            ir.async_delete_issue(hass, DOMAIN, issue_id(lacking, entry))


@callback
def async_report_meter_mismatch(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    fuel: Fuel,
    *,
    is_exchanged: bool = False,
) -> None:
    """Show that a meter is not the declared one, or no longer (R3)."""
    kind = ISSUE_EXCHANGED if is_exchanged else ISSUE_MISMATCH
    async_say(
        hass,
        entry,
        ISSUE_MISMATCH,
        key=f"{kind}_{fuel}",
        fuel=fuel,
        severity=ir.IssueSeverity.ERROR,
    )


@callback
def async_report_registers(
    hass: HomeAssistant, entry: ConfigEntry[Any], meter: MeterState
) -> None:
    """Ask whether a register is right that has been refused for long."""
    issue = issue_id(ISSUE_REGISTERS, entry, meter.fuel)
    since = meter.refused_since()
    if since is None or dt_util.utcnow() - since < REFUSED_FOR:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    if meter.stale:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        data={"entry_id": entry.entry_id, "fuel": meter.fuel.value},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=f"{ISSUE_REGISTERS}_{meter.fuel}",
    )


@callback
def async_report_service(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    error: CadError,
    *,
    words: str,
    supplier: str,
) -> None:
    """Show that a pairing service has given no answer that can be used for long, and who can mend that.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        error: why there is none.
        words: the same as people read it.
        supplier: who can be asked instead.
    """
    householder = error.responsible is Responsible.HOUSEHOLDER
    async_say(
        hass,
        entry,
        ISSUE_SERVICE,
        key=f"{ISSUE_SERVICE}_{'householder' if householder else 'supplier'}",
        placeholders={
            "error": words,
            "hours": str(UNANSWERED_FOR // timedelta(hours=1)),
            "supplier": supplier,
        },
    )


@callback
def async_clear_service(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back that a pairing service does not answer."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(ISSUE_SERVICE, entry))


@callback
def async_clear_faults(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back every issue of an entry that is stopped."""
    for kind in (ISSUE_LINK, ISSUE_GAS_PRICE, *Lacking):
        ir.async_delete_issue(hass, DOMAIN, issue_id(kind, entry))
    for fuel in Fuel:
        for kind in (ISSUE_MISMATCH, ISSUE_REGISTERS):
            ir.async_delete_issue(hass, DOMAIN, issue_id(kind, entry, fuel))
