"""The virtual home area network and the virtual supplier, for the demo."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import secrets

from virtual_han.clock import Clock
from virtual_han.control import Control
from virtual_han.door import HanDoor
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.meters import HomeConfig
from virtual_han.supplier import Behaviour, Desk, SupplierService

from .instance import DemoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What runs beside Home Assistant."""

    han: VirtualHan
    supplier: SupplierService
    control: Control
    token: str

    @property
    def certificate(self) -> str:
        """The stick's test credentials, as text to paste."""
        return self.han.credentials().as_text()

    def hold_to_the_rules(self) -> None:
        """See that the CAD broke no rule of the home area network.

        Raises:
            DemoError: it did.
        """
        counts = self.han.referee.counts()
        if any(counts.values()):
            raise DemoError(f"the CAD broke a rule of the home area network: {counts}")


@asynccontextmanager
async def network(
    *, move: timedelta = timedelta(), load: float = 1.0
) -> AsyncGenerator[Network]:
    """Run a SMETS1 home and its supplier, who is quick.

    Args:
        move: by how much its clock is ahead of the computer's.
        load: how many times as much energy as usual flows there.
    """
    token = secrets.token_urlsafe(24)
    clock = Clock(datetime.now(UTC) + move)
    async with VirtualHan(HanConfig(home=HomeConfig(scale=load)), clock) as han:
        desk = Desk(
            han.clock,
            HanDoor(han),
            Behaviour(acknowledge_after=1, decide_after=1, open_after=1, poll_after=10),
        )
        async with (
            SupplierService(desk, token=token) as supplier,
            Control(han, supplier) as control,
        ):
            yield Network(han=han, supplier=supplier, control=control, token=token)
