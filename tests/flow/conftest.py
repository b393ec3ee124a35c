"""A stick that needs no port, and entries that need no stick."""

from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from custom_components.smets1_cad.pairing.life import Pairing, PairingKeeper
from custom_components.smets1_cad.store import async_get_store
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from virtual_han.clock import Clock
from virtual_han.door import HanDoor
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.supplier import Behaviour, Desk, SupplierService

from .walk import STICK, TOKEN, Walk


@pytest.fixture(autouse=True)
def custom(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Find the integration, and let it talk to this machine."""


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of the test's own, with a real disk."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Nothing: the disk is real here."""
    return {}


@pytest.fixture
def ports(hass: HomeAssistant) -> Generator[AsyncMock]:
    """What the scan of the ports finds: nothing, unless a test says otherwise."""
    hass.config.components |= {"usb", "file_upload"}
    with patch(
        "custom_components.smets1_cad.ports.async_scan_serial_ports",
        AsyncMock(return_value=[]),
    ) as scan:
        yield scan


@pytest.fixture
def stick(ports: AsyncMock) -> Generator[AsyncMock]:
    """The stick behind every port; a test changes what it says of itself."""
    with patch(
        "custom_components.smets1_cad.flow.radio.probe", AsyncMock(return_value=STICK)
    ) as probe:
        yield probe


@pytest.fixture
def setup() -> Generator[AsyncMock]:
    """Entries that load without a stick, and keep the request as real ones do."""

    async def set_up(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        assert entry.unique_id is not None
        store = await async_get_store(hass, entry.unique_id)
        data = await store.pairing.load()
        keeper = data and PairingKeeper(Pairing.from_dict(data), store.pairing.save)
        entry.runtime_data = SimpleNamespace(
            coordinator=SimpleNamespace(pairing=keeper, async_stop=AsyncMock())
        )
        return True

    with (
        patch(
            "custom_components.smets1_cad.async_setup_entry", side_effect=set_up
        ) as setup,
        patch("custom_components.smets1_cad.async_unload_entry", return_value=True),
    ):
        yield setup


@pytest.fixture
def walk(hass: HomeAssistant, stick: AsyncMock, setup: AsyncMock) -> Walk:
    """Someone with a stick, outside the flow."""
    return Walk(hass)


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    """A SMETS1 home, whose clock stands still."""
    async with VirtualHan(
        HanConfig(), Clock(datetime(2026, 11, 2, 12, tzinfo=UTC), speed=0)
    ) as han:
        yield han


@pytest.fixture
async def service(han: VirtualHan) -> AsyncGenerator[SupplierService]:
    """A supplier's pairing service; a test changes its behaviour."""
    desk = Desk(Clock(), HanDoor(han), Behaviour())
    async with SupplierService(desk, token=TOKEN) as service:
        with patch("custom_components.smets1_cad.supplier.api.ATTEMPTS", 1):
            yield service
