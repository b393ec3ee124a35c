"""Evidence for the supplier: consent, identities, hardware, firmware, requests, how the CAD behaves (R2, R22).

It names the household, since the supplier has to know for whom it is evidence; no
key and no install code is in it.
"""

from collections.abc import Iterable
from typing import Final

from homeassistant.const import __version__ as HA_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from ..cad.models import Fuel, MeterIdentity
from ..cad.pacing import FLOORS
from ..cad_secrets import CadSecrets
from ..consent.consents import Consents
from ..const import DOMAIN
from ..coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from ..pairing.identity import Identity, compare_meter
from ..pairing.life import Pairing
from ..readings.model_json import to_json
from ..smart_energy.certificate import Credentials, load_credentials
from ..smart_energy.eui64 import Eui64
from ..store import CadStore, JsonObject, StoreError, async_get_store
from .consented import async_wording_again
from .file import async_write, evidence_path
from .firmware_log import FirmwareLog
from .hub_identity import hub_identity
from .page import load_page

FORMAT: Final = 1
"""Version of the form of the evidence pack."""

NOT_READ: Final = "not_read"
"""In place of what a device did not say, or was not asked."""


async def async_export_consent(
    hass: HomeAssistant, entry: Smets1CadConfigEntry
) -> JsonObject:
    """Return the consent log with the wording that was shown, and write it to a file.

    Raises:
        EvidenceError: the file could not be written.
    """
    consent = await _async_consent(hass, entry.runtime_data.consents)
    path = evidence_path(hass, entry, "consent", "json")
    await async_write(hass, path, consent)
    return {"file": str(path), "consent": consent}


async def async_export_evidence(
    hass: HomeAssistant, entry: Smets1CadConfigEntry
) -> JsonObject:
    """Return the evidence pack, and write it as JSON and as a page to print.

    Raises:
        EvidenceError: a file could not be written.
        StoreError: what is stored cannot be read.
    """
    pack = await async_collect_evidence(hass, entry)
    page = await hass.async_add_executor_job(load_page, hass.config.language)
    files = {
        "json": evidence_path(hass, entry, "evidence", "json"),
        "page": evidence_path(hass, entry, "evidence", "html"),
    }
    await async_write(hass, files["json"], pack)
    await async_write(hass, files["page"], page.render(pack))
    return {
        "files": {name: str(path) for name, path in files.items()},
        "evidence": pack,
    }


async def async_collect_evidence(
    hass: HomeAssistant, entry: Smets1CadConfigEntry
) -> JsonObject:
    """Return the evidence pack as JSON.

    Raises:
        StoreError: what is stored cannot be read.
    """
    assert entry.unique_id is not None
    # What is waited for below may outlast the entry, which takes its runtime with it.
    coordinator = entry.runtime_data.coordinator
    consents = entry.runtime_data.consents
    store = await async_get_store(hass, entry.unique_id)
    integration = await async_get_integration(hass, DOMAIN)
    secrets = CadSecrets.from_dict(await store.secrets.load())
    keeper = coordinator.pairing
    pairing = None if keeper is None else keeper.pairing
    return {
        "format": FORMAT,
        "made_at": dt_util.utcnow().isoformat(timespec="seconds"),
        "software": {
            "integration": str(integration.version),
            "home_assistant": HA_VERSION,
        },
        "consent": await _async_consent(hass, consents),
        "declared": _declared(coordinator.declared),
        "cad": {
            "eui64": Eui64.parse(entry.unique_id).with_hyphens,
            "manufacturer": coordinator.cad.manufacturer,
            "model": coordinator.cad.model,
            "firmware": coordinator.cad.firmware,
            "certification": pairing.request.cad.certification if pairing else "",
            "certificates": await hass.async_add_executor_job(
                _certificates, secrets.credentials
            ),
        },
        "hub": {
            name: value or NOT_READ
            for name, value in hub_identity(await store.session.load()).items()
        },
        "meters": {
            fuel.value: _meter(meter.identity, coordinator.declared)
            for fuel, meter in coordinator.data.meters.items()
        },
        "request": None if pairing is None else _request(pairing),
        "behaviour": _behaviour(coordinator),
        **await _async_firmware_changes(store),
    }


async def _async_firmware_changes(store: CadStore) -> JsonObject:
    """Return the changes that were seen; a record that cannot be read is no reason to withhold the rest."""
    try:
        return {"firmware_changes": await FirmwareLog.load_entries(store)}
    except StoreError:
        return {"firmware_changes": [], "unreadable": ["firmware_changes"]}


async def _async_consent(hass: HomeAssistant, consents: Consents) -> JsonObject:
    """Return the log, and each wording in words."""
    texts = [
        wording
        for record in consents.records
        if (wording := await async_wording_again(hass, record)) is not None
    ]
    grant = consents.grant
    return {
        "in_force": grant is not None and grant.is_valid,
        "log": consents.export(),
        "wordings": texts,
    }


def _declared(identity: Identity | None) -> JsonObject | None:
    return None if identity is None else identity.as_dict()


def _certificates(text: str) -> list[JsonObject]:
    """Return what the device certificates say of themselves, without their keys."""
    if not text:
        return []
    return [_certificate(each) for each in _loaded(text)]


def _loaded(text: str) -> Iterable[Credentials]:
    # Without the time: an expired certificate is evidence as well.
    return load_credentials(text)


def _certificate(credentials: Credentials) -> JsonObject:
    certificate = credentials.certificate
    return {
        "suite": int(certificate.suite),
        "subject": Eui64.parse(str(certificate.subject)).with_hyphens,
        "issuer": certificate.issuer.hex(),
        "certificate": certificate.raw.hex(),
    }


def _meter(identity: MeterIdentity | None, declared: Identity | None) -> JsonObject:
    """Return what a meter says of itself, and how that compares with what was declared."""
    if identity is None:
        return {"as_read": NOT_READ, "comparison": None}
    return {
        "as_read": {
            name: NOT_READ if value in ("", None) else value
            for name, value in to_json(identity).items()
        },
        "comparison": None
        if declared is None
        else compare_meter(declared, identity).value,
    }


def _request(pairing: Pairing) -> JsonObject:
    """Return the way of the request; who asked is in the consent."""
    return {
        "supplier": pairing.request.supplier,
        "consent_id": pairing.request.consent_id,
        "reference": pairing.reference,
        "service_id": pairing.service_id,
        "service_unpair_id": pairing.service_unpair_id,
        "quote": pairing.quote and pairing.quote.as_dict(),
        "history": pairing.as_dict()["history"],
    }


def _behaviour(coordinator: Smets1CadCoordinator) -> JsonObject:
    """Return how the CAD behaves on the network."""
    statistics = coordinator.link.statistics
    return {
        "link": coordinator.data.status.state.value,
        "counters": dict(statistics.counters),
        "shortest_interval_seconds": {
            fuel.value: FLOORS[fuel].total_seconds() for fuel in Fuel
        },
        "lqi": statistics.signal_lqi,
        "rssi": statistics.signal_rssi,
    }
