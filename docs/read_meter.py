"""Read a meter from the command line: python docs/read_meter.py STICK INSTALL_CODE < CREDENTIALS.

`scripts/virtual-han --admit` prints all three. Run it from the checkout's folder with
.venv/test/bin/python, which `scripts/setup test` makes.
"""

import asyncio
import sys

from zigpy.types import KeyData

sys.path.insert(0, "")

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.cad.models import ElectricityReading, Fuel
from custom_components.smets1_cad.cad.pacing import Pacer
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.certificate import load_credentials
from custom_components.smets1_cad.smart_energy.install_code import parse_install_code
from custom_components.smets1_cad.smart_energy.session import HanSession, SessionConfig


class Consent:
    """Yours, given by running this."""

    is_valid, fuels = True, frozenset(Fuel)


class Forgetful:
    """Keeps nothing: the next run needs a CAD that is let in anew."""

    async def load(self):
        """Remember nothing."""

    async def save(self, data):
        """Keep nothing."""


async def main(stick: str, code: str, credentials: str) -> None:
    """Join, and print the first reading."""
    link_key = KeyData(parse_install_code(code).code.link_key)
    config = SessionConfig(link_key=link_key, credentials=load_credentials(credentials))
    pacer, heard = Pacer(SYSTEM_CLOCK), asyncio.Queue()
    session = HanSession(EzspRadio(stick), config, pacer=pacer, store=Forgetful())
    session.on_update(heard.put_nowait)
    session.on_status(lambda status: print(status.state, status.error or ""))
    await session.start(Consent())
    while not isinstance(reading := await heard.get(), ElectricityReading):
        pass
    print(f"import {reading.import_kwh} kWh, power {reading.power_kw} kW")
    await session.stop()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.stdin.read()))
