"""Put a Zigbee CAD together: stick, session, pacing and store."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from zigpy.types import KeyData

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .cad.clock import SYSTEM_CLOCK
from .cad.models import Fuel
from .cad.pacing import Pacer
from .cad_secrets import CadNotSetUp, CadSecrets
from .const import DOMAIN
from .radio.stick import EzspRadio
from .smart_energy.certificate import Credentials, load_credentials
from .smart_energy.eui64 import Eui64
from .smart_energy.session import HanSession, SessionConfig
from .smart_energy.session.record import HanRecord
from .store import CadStore, StoreError, async_get_process_store

_PACER: HassKey[Pacer] = HassKey(f"{DOMAIN}_pacer")


async def async_get_pacer(hass: HomeAssistant) -> Pacer:
    """Return the process's one pacer: it outlives entries and their reloads (R15).

    Raises:
        StoreError: what was asked before this start cannot be read.
    """
    if (pacer := hass.data.get(_PACER)) is None:
        process = await async_get_process_store(hass)
        pacer = Pacer(SYSTEM_CLOCK, process.pacing)
        await pacer.load()
        changed_at = await process.async_changed_at()
        if process.is_lost or (changed_at and pacer.was_copied(changed_at)):
            pacer.hold()
        # Whoever came first while the store was read has the one that counts.
        pacer = hass.data.setdefault(_PACER, pacer)
    return pacer


async def async_build_session(
    hass: HomeAssistant,
    store: CadStore,
    path: str,
    *,
    eui64: Eui64,
    intervals: Mapping[Fuel, timedelta] | None = None,
) -> HanSession:
    """Return the session of a stick; nothing is opened before it is started.

    Args:
        hass: Home Assistant.
        store: the CAD's own, with its install code and certificates.
        path: the stick's port.
        eui64: the CAD's, which no other stick at that port may stand in for.
        intervals: how often to read each fuel, None as often as pacing allows.

    Raises:
        StoreError: what is stored cannot be read.
        CertificateError: the certificates that were loaded are no longer valid.
    """
    secrets = CadSecrets.from_dict(await store.secrets.load())
    if secrets.install_code is None:
        raise CadNotSetUp(
            "The CAD's install code is missing: it was erased with an earlier tenancy, or lost. Set the CAD up again."
        )
    credentials = (
        await hass.async_add_executor_job(_credentials, secrets.credentials)
        if secrets.credentials
        else ()
    )
    await async_load_network(store)
    link_key, _ = KeyData.deserialize(secrets.install_code.link_key)
    return HanSession(
        EzspRadio(path),
        SessionConfig(
            link_key=link_key,
            eui64=eui64,
            credentials=tuple(credentials),
            intervals=dict(intervals or {}),
        ),
        pacer=await async_get_pacer(hass),
        store=store.session,
    )


async def async_load_network(store: CadStore) -> HanRecord:
    """Return what is stored of the network; an empty record if nothing is.

    Raises:
        StoreError: ``store_unreadable``.
    """
    try:
        return HanRecord.from_dict(await store.session.load())
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise StoreError(
            "What is stored of the smart meter's network is damaged. Restore a backup, or delete this CAD and set it up "
            "again.",
            reason="store_unreadable",
        ) from err


def _credentials(text: str) -> Sequence[Credentials]:
    return load_credentials(text, now=dt_util.utcnow())
