"""A CadLink that a test writes the script of, and an entry that is set up on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, override
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import (
    NO_CAPABILITIES,
    CadLink,
    Capabilities,
    ConsentMissing,
    Grant,
    LinkState,
    LinkStatistics,
    LinkStatus,
    StatusListener,
    UpdateListener,
)
from custom_components.smets1_cad.cad.models import (
    CadUpdate,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasAmount,
    GasConversion,
    GasReading,
    MeterIdentity,
    Provenance,
    Rate,
    SupplyState,
    Tariff,
    TierBlock,
)
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.coordinator import Smets1CadCoordinator
from custom_components.smets1_cad.devices import CadInfo
from custom_components.smets1_cad.pairing.identity import Identity
from custom_components.smets1_cad.pairing.life import PairingKeeper
from custom_components.smets1_cad.store import CadStore, async_get_store
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""A Sunday in winter, when Europe/London is on UTC."""

EUI = "00:0d:6f:00:0a:0b:0c:0d"
MPAN = "2000054879610"
MPRN = "7412306508"
SERIAL = "E6S10061021960"
CANARIES = (MPAN, MPRN, SERIAL, EUI, EUI.replace(":", ""), "G4P00998877")

CAD = CadInfo(manufacturer="Maker", model="Stick", firmware="7.4.4.0 build 0")


@dataclass
class FakeGrant(Grant):
    """Consent, until a test withdraws it."""

    granted: frozenset[Fuel] = frozenset(Fuel)
    valid: bool = True
    given_at: datetime = NOW - timedelta(days=3)
    listeners: list[Callable[[Any], None]] = field(default_factory=list)

    @property
    @override
    def is_valid(self) -> bool:
        return self.valid

    @property
    @override
    def fuels(self) -> frozenset[Fuel]:
        return self.granted

    def on_revoked(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def withdraw(self) -> None:
        self.valid = False
        for listener in tuple(self.listeners):
            listener(None)


class FakeLink(CadLink):
    """Hands up what a test gives it, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fault: CadError | None = None
        self._status = LinkStatus(state=LinkState.NOT_JOINED, since=NOW)
        self._statistics = LinkStatistics()
        self._on_update: list[UpdateListener] = []
        self._on_status: list[StatusListener] = []

    @property
    @override
    def status(self) -> LinkStatus:
        return self._status

    @property
    @override
    def capabilities(self) -> Capabilities:
        return NO_CAPABILITIES

    @property
    @override
    def statistics(self) -> LinkStatistics:
        return self._statistics

    @statistics.setter
    def statistics(self, statistics: LinkStatistics) -> None:
        self._statistics = statistics

    @override
    def findings(self) -> dict[str, Any]:
        return {
            "endpoints": {"2": {"device_id": "0x0501", "fuel": Fuel.ELECTRICITY}},
            "next_allowed": {"electricity": NOW.isoformat()},
        }

    @override
    async def start(self, grant: Grant) -> None:
        if not grant.is_valid:
            raise ConsentMissing("There is no consent. Give it first.")
        if self.fault:
            raise self.fault
        self.calls.append("start")

    @override
    async def stop(self) -> None:
        self.calls.append("stop")

    @override
    async def unpair(self) -> None:
        self.calls.append("unpair")

    @override
    async def refresh(self, fuel: Fuel) -> None:
        self.calls.append(f"refresh {fuel}")
        if self.fault:
            raise self.fault

    @override
    async def fetch_profile(self, fuel: Fuel, until: datetime, periods: int) -> None:
        self.calls.append(f"profile {fuel}")

    @override
    def doubt(self, fuel: Fuel) -> None:
        self.calls.append(f"doubt {fuel}")

    @override
    def on_update(self, listener: UpdateListener) -> Callable[[], None]:
        self._on_update.append(listener)
        return lambda: self._on_update.remove(listener)

    @override
    def on_status(self, listener: StatusListener) -> Callable[[], None]:
        self._on_status.append(listener)
        return lambda: self._on_status.remove(listener)

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._on_update) + len(self._on_status)

    def hand_up(self, *updates: CadUpdate) -> None:
        """Tell every listener."""
        for update in updates:
            for listener in tuple(self._on_update):
                listener(update)

    def move(self, state: LinkState, error: CadError | None = None) -> None:
        """Change the status, and tell every listener."""
        self._status = LinkStatus(state=state, since=dt_util.utcnow(), error=error)
        for listener in tuple(self._on_status):
            listener(self._status)


@dataclass
class Home:
    """An entry that is set up on a scripted link."""

    hass: HomeAssistant
    entry: MockConfigEntry
    freezer: FrozenDateTimeFactory
    link: FakeLink = field(default_factory=FakeLink)
    grant: FakeGrant = field(default_factory=FakeGrant)
    declared: Identity | None = None
    pairing: PairingKeeper | None = None
    platforms: tuple[Platform, ...] = (Platform.BINARY_SENSOR, Platform.SENSOR)

    @property
    def coordinator(self) -> Smets1CadCoordinator:
        coordinator: Smets1CadCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    async def store(self) -> CadStore:
        """Return the CAD's own store."""
        return await async_get_store(self.hass, EUI)

    async def _set_up(self, hass: HomeAssistant, entry: Any) -> bool:
        coordinator = Smets1CadCoordinator(
            hass,
            entry,
            self.link,
            await self.store(),
            cad=CAD,
            declared=self.declared,
            pairing=self.pairing,
        )
        # Of what lives while an entry is loaded, the entities use this alone.
        entry.runtime_data = SimpleNamespace(coordinator=coordinator)
        await coordinator.async_start(self.grant)
        await hass.config_entries.async_forward_entry_setups(entry, self.platforms)
        return True

    async def _unload(self, hass: HomeAssistant, entry: Any) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, self.platforms)

    async def start(self) -> None:
        """Set the entry up."""
        if getattr(self.link, "calls", None):
            self.link = FakeLink()
        with (
            patch("custom_components.smets1_cad.async_setup_entry", self._set_up),
            patch("homeassistant.components.usb.scan_serial_ports", return_value=[]),
            patch("homeassistant.components.usb.USBDiscovery.async_setup"),
        ):
            await self.hass.config_entries.async_setup(self.entry.entry_id)
            await self.hass.async_block_till_done()

    async def stop(self) -> None:
        """Unload the entry."""
        with patch("custom_components.smets1_cad.async_unload_entry", self._unload):
            assert await self.hass.config_entries.async_unload(self.entry.entry_id)
            await self.hass.async_block_till_done()

    async def hear(self, *updates: CadUpdate) -> None:
        """Let the link hand up updates."""
        self.link.hand_up(*updates)
        await self.hass.async_block_till_done()

    async def wait(self, **duration: float) -> None:
        """Let time pass."""
        self.freezer.tick(timedelta(**duration))
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done()

    async def wait_until(self, when: datetime) -> None:
        """Let time pass until then."""
        await self.wait(seconds=(when - dt_util.utcnow()).total_seconds())

    def state(self, entity_id: str) -> str:
        """Return a state."""
        state = self.hass.states.get(entity_id)
        assert state is not None, entity_id
        return state.state


def new_entry() -> MockConfigEntry:
    """Return an entry as a flow would leave it."""
    return MockConfigEntry(
        domain=DOMAIN,
        entry_id="01TESTENTRY",
        unique_id=EUI,
        title="Consumer access device",
        data={"device": "/dev/ttyUSB0"},
    )


def electricity(**values: Any) -> ElectricityReading:
    """Return a reading of now; numbers may be text."""
    given: dict[str, Any] = {
        "import_kwh": "12345.678",
        "power_kw": "0.512",
        "supply": SupplyState.ON,
        "alarms": frozenset(),
        **values,
    }
    return ElectricityReading(
        received_at=dt_util.utcnow(),
        **{
            name: Decimal(value)
            if isinstance(value, str) and name.endswith(("_kwh", "_kw"))
            else value
            for name, value in given.items()
        },
    )


CONVERSION = GasConversion(
    calorific_value=Decimal("39.5"),
    conversion_factor=Decimal("1.02264"),
    provenance=Provenance.MEASURED,
)


def in_cubic_metres(volume: str, per_m3: str = "11.220633") -> GasAmount:
    """Return an amount as a meter in m³ gives it, with kWh calculated."""
    return GasAmount(
        volume_m3=Decimal(volume),
        volume_provenance=Provenance.MEASURED,
        energy_kwh=Decimal(volume) * Decimal(per_m3),
        energy_provenance=Provenance.CALCULATED,
    )


def gas(total: GasAmount | None = None, **values: Any) -> GasReading:
    """Return a reading of now, by default of a meter in m³."""
    return GasReading(
        received_at=dt_util.utcnow(),
        total=total or in_cubic_metres("1000"),
        **{
            "conversion": CONVERSION,
            "supply": SupplyState.ON,
            "alarms": frozenset(),
            **values,
        },
    )


def flat_tariff(fuel: Fuel = Fuel.ELECTRICITY, price: str = "0.2467") -> Tariff:
    """Return a tariff of one price and a standing charge."""
    now = dt_util.utcnow()
    return Tariff(
        fuel=fuel,
        received_at=now,
        currency="GBP",
        standing_charge_per_day=Decimal("0.5312"),
        unit=EnergyUnit.KILOWATT_HOUR,
        rates=(
            Rate(
                starts_at=now - timedelta(days=3),
                ends_at=None,
                price=Decimal(price),
                unit=EnergyUnit.KILOWATT_HOUR,
            ),
        ),
    )


def economy7() -> Tariff:
    """Return a tariff with a day price until half past midnight and a night price after it."""
    midnight = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    return Tariff(
        fuel=Fuel.ELECTRICITY,
        received_at=dt_util.utcnow(),
        currency="GBP",
        unit=EnergyUnit.KILOWATT_HOUR,
        tier_labels={1: "Night", 2: "Day"},
        active=TierBlock(2, 0),
        rates=(
            Rate(
                starts_at=midnight - timedelta(hours=17),
                ends_at=midnight,
                price=Decimal("0.2811"),
                unit=EnergyUnit.KILOWATT_HOUR,
                tier_block=TierBlock(2, 0),
            ),
            Rate(
                starts_at=midnight,
                ends_at=midnight + timedelta(hours=7),
                price=Decimal("0.0954"),
                unit=EnergyUnit.KILOWATT_HOUR,
                tier_block=TierBlock(1, 0),
            ),
        ),
    )


def electricity_identity(serial: str = SERIAL, **values: Any) -> MeterIdentity:
    """Return what an electricity meter says of itself."""
    return MeterIdentity(
        fuel=Fuel.ELECTRICITY,
        site_id=MPAN,
        serial_number=serial,
        eui64="00124b0001020304",
        **{
            "manufacturer": "Meters Ltd",
            "model": "M1",
            "firmware_version": "1.07",
            **values,
        },
    )


def new_home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Home:
    """Return a home whose entry is not set up yet, at noon of a winter's Sunday."""
    freezer.move_to(NOW)
    entry = new_entry()
    entry.add_to_hass(hass)
    return Home(hass, entry, freezer)
