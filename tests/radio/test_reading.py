"""A meter read without Home Assistant, and the script in docs/ that does it."""

import asyncio
from io import StringIO
from pathlib import Path
import runpy
import stat
import sys

import pytest

from custom_components.smets1_cad.cad.link import ConsentMissing
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.radio.reading import updates_of
from custom_components.smets1_cad.smart_energy.session.errors import RemovedFromHan
from virtual_han.aps import Fuel as HanFuel
from virtual_han.han import STICK_EUI64, VirtualHan

from .han_session import Consent
from .virtual import virtual_han

CODE = "83FED3407A939723A5C639B26916D505C3B5"


async def first_reading(han: VirtualHan, folder: Path) -> ElectricityReading:
    consent = Consent(fuels=frozenset({Fuel.ELECTRICITY}))
    async with updates_of(
        han.url, CODE, han.credentials().as_text(), consent, folder
    ) as updates:
        async for told in updates:
            if isinstance(told, ElectricityReading):
                return told
    raise AssertionError


async def test_a_second_run_goes_back_to_the_network(tmp_path: Path) -> None:
    """It joins once, and the pace of the first run binds the second."""
    folder = tmp_path / "cad"
    async with virtual_han() as han:
        han.admit()
        assert (await first_reading(han, folder)).import_kwh is not None
        joined = han.hub.members[STICK_EUI64]
        pace = (folder / "pace.json").read_text()
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        reading = asyncio.create_task(first_reading(han, folder))
        done, _ = await asyncio.wait({reading}, timeout=1)
        assert not done, "asked again within 10 s"
        assert (folder / "pace.json").read_text() == pace
        assert han.hub.members[STICK_EUI64] is joined
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert han.referee.findings == []


async def test_the_end_of_the_session_is_the_end_of_the_updates(tmp_path: Path) -> None:
    async with virtual_han() as han:
        han.admit()
        async with updates_of(
            han.url, CODE, han.credentials().as_text(), Consent(), tmp_path
        ) as updates:
            await anext(updates)
            han.unpair()
            with pytest.raises(RemovedFromHan):
                async for _ in updates:
                    pass


async def test_r1_nothing_without_consent(tmp_path: Path) -> None:
    async with virtual_han() as han:
        with pytest.raises(ConsentMissing):
            async with updates_of(
                han.url,
                CODE,
                han.credentials().as_text(),
                Consent(is_valid=False),
                tmp_path,
            ):
                pass
        assert han.referee.requests == []


async def test_the_script(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a thread, with an event loop of its own as in a process of its own."""
    async with virtual_han() as han:
        han.admit()
        script = root / "docs" / "read_meter.py"
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.setattr(
            sys, "argv", [str(script), han.url, CODE, str(tmp_path / "cad")]
        )
        monkeypatch.setattr(sys, "stdin", StringIO(han.credentials().as_text()))
        await asyncio.to_thread(runpy.run_path, str(script), run_name="__main__")
        assert "import 12345.678 kWh, power " in capsys.readouterr().out
        gas = han.servers.metering_endpoint(HanFuel.GAS)
        assert not [
            request
            for request in han.referee.requests
            if request.endpoint == gas and 0 in request.attributes
        ]
        assert han.referee.findings == []
