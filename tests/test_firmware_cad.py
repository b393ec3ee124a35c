"""The CAD's own firmware: what the stick says when it is opened is shown, kept, and recorded (R22)."""

from collections.abc import AsyncGenerator
from pathlib import Path
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.const import CONF_FIRMWARE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .leaving_home import LeavingHome, LeavingLink, leaving_home

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

OLD, NEW = "7.4.4.0 build 0", "8.0.2.0 build 397"
SENSOR = "sensor.consumer_access_device_firmware"


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired, in a configuration folder of its own."""
    hass.config.config_dir = str(tmp_path)
    async with leaving_home(hass, freezer) as home:
        yield home


def version_shown(home: LeavingHome) -> str | None:
    """Return the firmware of the CAD's device."""
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(home.hass), home.entry.entry_id
        )
        if any(name.endswith("_cad") for _, name in device.identifiers)
    )
    return device.sw_version


async def say(
    home: LeavingHome, monkeypatch: pytest.MonkeyPatch, firmware: str
) -> None:
    """Let the stick be opened anew, and say its firmware."""
    home.link.move(LinkState.DISCONNECTED)
    monkeypatch.setattr(LeavingLink, "firmware", firmware)
    home.link.move(LinkState.JOINED)
    await home.hass.async_block_till_done()


async def changes(home: LeavingHome) -> list[tuple[str, str]]:
    """Return what the evidence says of the CAD's firmware before and after."""
    pack = (await home.act("export_evidence"))["evidence"]
    return [
        (change["before"]["firmware"], change["after"]["firmware"])
        for change in pack["firmware_changes"]
        if change["device"] == "cad"
    ]


@pytest.mark.parametrize("known", [OLD, ""])
async def test_r22_an_updated_stick(
    home: LeavingHome, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    """Everything that names the firmware follows, once; where it was not known before, that is no change."""
    home.hass.config_entries.async_update_entry(
        home.entry, data={**home.entry.data, CONF_FIRMWARE: known}
    )
    await home.prepare()
    await home.start()
    with patch.object(
        home.hass.config_entries,
        "async_update_entry",
        wraps=home.hass.config_entries.async_update_entry,
    ) as update:
        await say(home, monkeypatch, "")
        assert version_shown(home) == (known or None)
        await say(home, monkeypatch, NEW)
        await say(home, monkeypatch, NEW)
        await say(home, monkeypatch, "")
    assert update.call_count == 1
    assert home.entry.data[CONF_FIRMWARE] == NEW
    assert version_shown(home) == NEW
    assert home.state(SENSOR) == NEW
    pack = (await home.act("export_evidence"))["evidence"]
    assert pack["cad"]["firmware"] == NEW
    recorded = [(OLD, NEW)] if known else []
    assert await changes(home) == recorded
    issue = home.issue("firmware_changed_cad")
    assert (issue is not None) is bool(known)
    if issue is not None:
        assert issue.translation_placeholders == {
            "before": f"Stick {OLD}",
            "after": f"Stick {NEW}",
        }
    await home.restart()
    assert version_shown(home) == NEW
    assert await changes(home) == recorded
