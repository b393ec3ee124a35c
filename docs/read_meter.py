"""Read a meter: python docs/read_meter.py STICK INSTALL_CODE FOLDER < CREDENTIALS."""

import asyncio
from pathlib import Path
import sys
from types import SimpleNamespace

sys.path.insert(0, "")

from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.radio.reading import updates_of


async def main(stick: str, code: str, folder: str, credentials: str) -> None:
    """Print one electricity reading. Running this is your consent."""
    consent = SimpleNamespace(is_valid=True, fuels=frozenset({Fuel.ELECTRICITY}))
    async with updates_of(stick, code, credentials, consent, Path(folder)) as updates:
        async for told in updates:
            if isinstance(told, ElectricityReading):
                print(f"import {told.import_kwh} kWh, power {told.power_kw} kW")
                return


asyncio.run(main(*sys.argv[1:], sys.stdin.read()))
