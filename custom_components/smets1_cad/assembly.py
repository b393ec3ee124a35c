"""Put together what an entry runs on, from what is stored of its CAD."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .cad.clock import SYSTEM_CLOCK
from .cad_secrets import CadSecrets
from .consent.consents import ConsentGrant, ConsentRecord, Consents, Scope
from .consent.text import CURRENT_VERSION
from .consent.watch import async_report_damage
from .options import CadOptions
from .pairing.identity import Identity
from .pairing.life import Pairing, PairingKeeper, async_stored_pairing
from .pairing.states import MAYBE_LISTED, PairingState
from .pairing.unsent import UnsentWatch
from .readings.link_watch import LinkWatch
from .smart_energy.eui64 import Eui64
from .smart_energy.install_code import InstallCode
from .smart_energy.session import HanSession
from .store import CadStore, async_get_store, async_load_consents
from .supplier.api import PairingService
from .supplier.link import ServiceLink
from .supplier.watch import ServiceWatch
from .zigbee_cad import async_build_session

_OVER: Final = frozenset(
    {PairingState.CANCELLED, PairingState.REMOVED, PairingState.UNPAIRED}
)
"""States of a pairing in which there is no meter to read, whatever consent says."""

_JOINABLE: Final = MAYBE_LISTED - {PairingState.SENDING}
"""States in which a hub may take the CAD in, and nothing is being sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an entry runs on.

    Attributes:
        options: what the user has decided.
        install_code: the CAD's, for a request that may have to be sent again.
        keeper: the request; None if none was ever written down.
        service: where the request went; None if it went by another route.
    """

    options: CadOptions
    store: CadStore
    consents: Consents
    session: HanSession
    install_code: InstallCode | None = field(repr=False)
    keeper: PairingKeeper | None
    service: ServiceLink | None

    @property
    def record(self) -> ConsentRecord | None:
        """The consent that was given last, whether or not it stands."""
        records = self.consents.records
        return records[-1] if records else None

    @property
    def declared(self) -> Identity | None:
        """Whose meters are read; None if consent was never given, or its details were erased."""
        return None if self.record is None else self.record.identity

    @property
    def history_kept_for(self) -> timedelta | None:
        """How long a history may be kept: not at all without consent to one, None for as long as the recorder does."""
        if self.record is not None and not self.record.history_allowed:
            return timedelta()
        days = self.options.retention_days
        return None if days is None else timedelta(days=days)

    @property
    def grant(self) -> ConsentGrant | None:
        """The consent to read under; None if nothing may be read."""
        grant = self.consents.grant
        if grant is None or not grant.is_valid:
            return None
        if self.keeper is not None and self.keeper.pairing.state in _OVER:
            return None
        return grant

    def pairing_service(self, hass: HomeAssistant) -> PairingService | None:
        """Return a client of the service.

        Raises:
            SupplierError, ServiceError: address or token cannot be used.
        """
        if self.service is None:
            return None
        return PairingService(
            async_get_clientsession(hass), self.service.url, self.service.token
        )


async def async_assemble(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Parts:
    """Load what is stored; consent that no longer covers what is read is revoked.

    Raises:
        StoreError: what is stored cannot be read.
        CertificateError: install code or certificates are missing, or no longer valid.
    """
    assert entry.unique_id is not None
    options = CadOptions.of(entry)
    store = await async_get_store(hass, entry.unique_id)
    consents = await async_load_consents(
        hass, store, SYSTEM_CLOCK, period=options.consent_period
    )
    async_report_damage(hass, entry, consents.log.damage)
    record = consents.current
    if record is not None and record.identity is not None and record.cad is not None:
        consents.review(
            Scope(
                identity=record.identity,
                cad=record.cad,
                wording_version=CURRENT_VERSION,
            )
        )
    pairing = await async_stored_pairing(store.pairing)
    secrets = CadSecrets.from_dict(await store.secrets.load())
    return Parts(
        options=options,
        store=store,
        consents=consents,
        session=await async_build_session(
            hass,
            store,
            entry.data[CONF_DEVICE],
            eui64=Eui64.parse(entry.unique_id),
            intervals=options.intervals,
        ),
        install_code=secrets.install_code,
        keeper=None if pairing is None else PairingKeeper(pairing, store.pairing.save),
        service=await ServiceLink.load(store),
    )


@callback
def async_follow_service(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    parts: Parts,
    on_tenancy_change: Callable[[datetime | None], None],
) -> None:
    """Ask the pairing service where the request is, if the request went to one, while the entry is loaded."""
    if parts.keeper is None or parts.service is None:
        return
    watch = ServiceWatch(
        hass,
        entry,
        parts.keeper,
        parts.service,
        parts.install_code,
        may_send=lambda: parts.grant is not None,
        on_open=parts.session.join_now,
        on_tenancy_change=on_tenancy_change,
    )
    entry.async_on_unload(watch.start())


@callback
def async_follow_pairing(
    hass: HomeAssistant, entry: ConfigEntry[Any], parts: Parts
) -> None:
    """Follow a pairing of an entry whose runtime data is there, while it is loaded.

    The entry is set up anew when its pairing begins again after its end, or is given up:
    only then it joins, or rests. A link that tries in vain for long is told of, and so
    is a request that is not sent.
    """
    if (keeper := parts.keeper) is None:
        return
    if (grant := parts.grant) is not None:
        watch = LinkWatch(hass, entry, entry.runtime_data.coordinator, grant, keeper)
        entry.async_on_unload(watch.start())
        entry.async_on_unload(UnsentWatch(hass, entry, keeper, grant).start())
    was_over = keeper.pairing.state in _OVER

    @callback
    def moved(pairing: Pairing) -> None:
        begins = was_over and pairing.state in _JOINABLE
        ends = not was_over and pairing.state is PairingState.CANCELLED
        if ends or (begins and parts.grant is not None):
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(keeper.on_change(moved))
