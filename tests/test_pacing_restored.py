"""A backup that is restored opens no lane: what was asked since it was made is not in it (R15)."""

from collections.abc import Callable
from datetime import datetime, timedelta
import json
from pathlib import Path
import shutil
from typing import Any

import pytest

from custom_components.smets1_cad import store, zigbee_cad
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import FLOORS, Pacer
from custom_components.smets1_cad.document import Document
from custom_components.smets1_cad.zigbee_cad import async_get_pacer
from homeassistant.core import HomeAssistant

HAN = "00:0d:6f:00:01:02:03:04"


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of the test's own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Nothing: the disk is real here."""
    return {}


@pytest.fixture
def kept(hass: HomeAssistant) -> Path:
    """The file that remembers what was asked."""
    return Path(hass.config.path(".storage", "smets1_cad"))


@pytest.fixture
def restarted(hass: HomeAssistant) -> Callable[[], None]:
    """Forget what only a process remembers."""

    def restart() -> None:
        for key in (zigbee_cad._PACER, store._PROCESS_STORE):
            hass.data.pop(key, None)

    return restart


async def ask(pacer: Pacer) -> None:
    """Ask the gas meter, and leave a mark that electricity was asked."""
    for fuel in Fuel:
        async with pacer.burst(HAN, fuel) as burst:
            burst.spend()


def age(path: Path, **by: float) -> None:
    """Have a file say that everything was so long ago, by both clocks."""
    ago = timedelta(**by)
    document = json.loads(path.read_text())
    for stamp in document["data"]["pacing"]["lanes"].values():
        stamp["monotonic"] -= ago.total_seconds()
        stamp["wall"] = (datetime.fromisoformat(stamp["wall"]) - ago).isoformat()
    path.write_text(json.dumps(document))


async def test_a_restored_backup_opens_no_lane(
    hass: HomeAssistant, kept: Path, restarted: Callable[[], None], tmp_path: Path
) -> None:
    """The copy says that gas was asked 40 minutes ago; what was asked since is unknown."""
    await ask(await async_get_pacer(hass))
    age(kept, minutes=40)
    shutil.copy2(kept, tmp_path / "backup")
    kept.unlink()
    shutil.copy2(tmp_path / "backup", kept)
    restarted()
    pacer = await async_get_pacer(hass)
    for fuel, floor in FLOORS.items():
        assert floor - pacer.wait(HAN, fuel) < timedelta(seconds=5)


async def test_a_file_that_was_left_alone_is_believed(
    hass: HomeAssistant,
    kept: Path,
    restarted: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant was off for 40 minutes, and nobody touched its disk."""
    await ask(await async_get_pacer(hass))
    age(kept, minutes=40)
    changed_at = Document.async_changed_at

    async def before(self: Document) -> datetime | None:
        at = await changed_at(self)
        return at and at - timedelta(minutes=40)

    monkeypatch.setattr(Document, "async_changed_at", before)
    restarted()
    pacer = await async_get_pacer(hass)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta()


async def test_a_restart_counts_on(
    hass: HomeAssistant, kept: Path, restarted: Callable[[], None]
) -> None:
    """The file is its own, so that the floor goes on from the last request."""
    await ask(await async_get_pacer(hass))
    age(kept, seconds=30)
    restarted()
    pacer = await async_get_pacer(hass)
    assert pacer.wait(HAN, Fuel.GAS) < timedelta(minutes=29, seconds=31)


async def test_without_a_file_nothing_was_asked(
    hass: HomeAssistant, kept: Path
) -> None:
    pacer = await async_get_pacer(hass)
    assert pacer.wait(HAN, Fuel.GAS) == timedelta()
