"""A home whose entry is set up for real, from what a flow would have stored; only its link is scripted."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, override
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.consent.consents import Consents, Declaration
from custom_components.smets1_cad.consent.text import Box, load_consent_text
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.leaving.issues import LEAVING_KINDS
from custom_components.smets1_cad.pairing.identity import (
    Identity,
    Ihd,
    Premises,
    Relation,
)
from custom_components.smets1_cad.pairing.life import Pairing
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan, parse_mprn
from custom_components.smets1_cad.pairing.request import CadDetails, PairingRequest
from custom_components.smets1_cad.pairing.states import CadKind, PairingState as S
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.store import (
    CadStore,
    async_get_store,
    async_load_consents,
)
from custom_components.smets1_cad.supplier.directory import Route
from custom_components.smets1_cad.supplier.link import ServiceLink
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .fake_link import EUI, MPAN, MPRN, NOW, FakeLink

INSTALL_CODE = "83fed3407a939723a5c639b26916d505c3b5"
"""The sample of the Zigbee documents, with its CRC."""

IDENTITY = Identity(
    name="Gwen Householder",
    address="27 Canary Wharf\nLlan",
    postcode="CF10 1AA",
    premises=Premises.DOMESTIC,
    relation=Relation.OCCUPIER,
    fuels=frozenset(Fuel),
    mpan=parse_mpan(MPAN),
    mprn=parse_mprn(MPRN),
    suppliers={Fuel.ELECTRICITY: "Valley Energy", Fuel.GAS: "Valley Energy"},
    ihd=Ihd.NONE,
    email="gwen@example.org",
    phone="+442920000000",
)

ON_THE_WAY = (S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.HAN_OPEN, S.JOINING, S.PAIRED)
"""The way of a request to a CAD that is paired."""


class LeavingLink(FakeLink):
    """A scripted link that can be told that the hub is open."""

    def __init__(self) -> None:
        super().__init__()
        self.unpair_fault: CadError | None = None

    @override
    def join_now(self) -> None:
        self.calls.append("join_now")

    @override
    async def unpair(self) -> None:
        await super().unpair()
        if self.unpair_fault is not None:
            raise self.unpair_fault


@dataclass
class LeavingHome:
    """An entry on a scripted link, with a real store."""

    hass: HomeAssistant
    freezer: FrozenDateTimeFactory
    entry: MockConfigEntry
    link: LeavingLink = field(default_factory=LeavingLink)
    leave: AsyncMock = field(default_factory=AsyncMock)
    """What has a stick leave its network when no entry runs it."""

    async def store(self) -> CadStore:
        """Return the CAD's own store."""
        return await async_get_store(self.hass, EUI)

    async def stored_consents(self) -> Consents:
        """Return the consent log as it is on disk."""
        return await async_load_consents(self.hass, await self.store(), SYSTEM_CLOCK)

    async def stored_pairing(self) -> Pairing:
        """Return the pairing as it is on disk."""
        data = await (await self.store()).pairing.load()
        assert data is not None
        return Pairing.from_dict(data)

    async def prepare(
        self,
        *,
        way: tuple[S, ...] = ON_THE_WAY,
        service: ServiceLink | None = None,
        service_id: str = "",
        route: Route | None = None,
        ticked: frozenset[Box] = frozenset(Box),
        credentials: str = "",
    ) -> None:
        """Store what a flow leaves: consent, request, install code; a service without a route was asked for its price."""
        store = await self.store()
        consents = await self.stored_consents()
        text = await self.hass.async_add_executor_job(load_consent_text, "en")
        shown = text.show(
            fuels=IDENTITY.fuels,
            supplier="Valley Energy",
            has_ihd=False,
            retention_days=None,
            period_days=365,
        )
        grant = await consents.give(
            Declaration(
                identity=IDENTITY,
                cad=EUI,
                supplier="Valley Energy",
                text=shown,
                ticked=ticked,
            )
        )
        pairing = Pairing.record(
            PairingRequest(
                identity=IDENTITY,
                cad=CadDetails(
                    kind=CadKind.ZIGBEE,
                    eui64=EUI,
                    manufacturer="Maker",
                    model="Stick",
                    certification="ZIG00000ZB000-00",
                ),
                supplier="Valley Energy",
                consent_id=grant.record.record_id,
                consent_at=grant.record.given_at,
                consent_version=1,
                consent_sha256=shown.wording.shown_sha256,
            ),
            NOW,
        )
        for state in way:
            pairing = pairing.advance(state, NOW, route=route)
        if service_id:
            data = pairing.as_dict() | {"service_id": service_id}
            pairing = Pairing.from_dict(data)
        await store.pairing.save(pairing.as_dict())
        await store.secrets.save(
            CadSecrets(
                install_code=InstallCode(bytes.fromhex(INSTALL_CODE)[:-2]),
                credentials=credentials,
            ).as_dict()
        )
        await store.session.save({"version": 1, "extended_pan_id": "0102030405060708"})
        if service is not None:
            await service.save(store)

    async def start(self) -> None:
        """Set the entry up, on a fresh link."""
        self.link = LeavingLink() if self.link.calls else self.link
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def restart(self) -> None:
        """Unload the entry, and set it up again."""
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.start()

    async def act(self, action: str, **fields: Any) -> Mapping[str, Any]:
        """Call an action; return its response, empty if it has none."""
        has_response = bool(
            self.hass.services.supports_response(DOMAIN, action).value != "none"
        )
        response = await self.hass.services.async_call(
            DOMAIN, action, fields, blocking=True, return_response=has_response
        )
        await self.hass.async_block_till_done()
        return response or {}

    async def wait(self, **duration: float) -> None:
        """Let time pass."""
        self.freezer.tick(timedelta(**duration))
        async_fire_time_changed(self.hass, dt_util.utcnow())
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def issue(self, *kinds: str) -> ir.IssueEntry | None:
        """Return an issue of the entry, by default the one about leaving."""
        registry = ir.async_get(self.hass)
        found = [
            issue
            for kind in kinds or LEAVING_KINDS
            if (
                issue := registry.async_get_issue(
                    DOMAIN, f"{kind}_{self.entry.entry_id}"
                )
            )
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def issue_key(self) -> str | None:
        """Return what the issue about leaving says."""
        issue = self.issue()
        return None if issue is None else issue.translation_key

    def state(self, entity_id: str) -> str:
        """Return a state."""
        state = self.hass.states.get(entity_id)
        assert state is not None, entity_id
        return state.state


@asynccontextmanager
async def leaving_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[LeavingHome]:
    """Return a home at noon of a winter's Sunday, whose entry is not set up yet; it ends unloaded."""
    freezer.move_to(NOW)
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id="01TESTENTRY",
        unique_id=EUI,
        title="Consumer access device",
        data={"device": "/dev/ttyUSB0", "manufacturer": "Maker", "board": "Stick"},
    )
    entry.add_to_hass(hass)
    home = LeavingHome(hass, freezer, entry)

    async def build(*_: Any, **__: Any) -> LeavingLink:
        return home.link

    with (
        patch("custom_components.smets1_cad.assembly.async_build_session", build),
        patch(
            "custom_components.smets1_cad.leaving.stick.async_leave_by_stick",
            home.leave,
        ),
        patch("homeassistant.components.usb.scan_serial_ports", return_value=[]),
        patch("homeassistant.components.usb.USBDiscovery.async_setup"),
    ):
        yield home
        with suppress(Exception):
            await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done()
