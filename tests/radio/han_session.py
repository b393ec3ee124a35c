"""A session on a virtual network, with its pacer, stores and what it told."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
from typing import Any, override

from custom_components.smets1_cad.cad.clock import Clock
from custom_components.smets1_cad.cad.link import LinkState, LinkStatus
from custom_components.smets1_cad.cad.models import CadUpdate, Fuel
from custom_components.smets1_cad.cad.pacing import Pacer
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.session import (
    HanSession,
    SessionConfig,
    Timings,
)
from tests.patience import until
from virtual_han.han import VirtualHan

from .virtual import JumpingClock, credentials, link_key


class Memory:
    """A store that outlives sessions, and holds only what JSON can."""

    def __init__(self) -> None:
        """Start empty."""
        self.text: str | None = None

    async def load(self) -> Mapping[str, Any] | None:
        """Read back what was saved."""
        return None if self.text is None else json.loads(self.text)

    async def save(self, data: Mapping[str, Any]) -> None:
        """Keep it as text."""
        self.text = json.dumps(data)


class Killed(Memory):
    """A store whose process ends as it is given the network that was joined."""

    def __init__(self) -> None:
        """Live on until then."""
        super().__init__()
        self.ended = asyncio.Event()

    @override
    async def save(self, data: Mapping[str, Any]) -> None:
        """Keep it as text, unless it names a hub."""
        if data["trust_centre"] is not None:
            self.ended.set()
            await asyncio.Event().wait()
        await super().save(data)


@dataclass(slots=True)
class Consent:
    """A grant that a test can withdraw."""

    is_valid: bool = True
    fuels: frozenset[Fuel] = frozenset(Fuel)


@dataclass(slots=True)
class Watched:
    """A session and everything it told."""

    session: HanSession
    radio: EzspRadio
    pacer: Pacer
    grant: Consent
    updates: list[CadUpdate] = field(default_factory=list)
    statuses: list[LinkStatus] = field(default_factory=list)

    @property
    def states(self) -> list[LinkState]:
        """The states gone through, each once in a row."""
        seen: list[LinkState] = []
        for status in self.statuses:
            if not seen or seen[-1] is not status.state:
                seen.append(status.state)
        return seen

    def told[UpdateT](self, kind: type[UpdateT]) -> list[UpdateT]:
        """Return the updates of one kind."""
        return [update for update in self.updates if isinstance(update, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something, in real time."""
        await until(condition)

    async def until_state(self, state: LinkState) -> None:
        """Wait for a state."""
        await until(lambda: self.session.status.state is state)


@asynccontextmanager
async def session_on(
    han: VirtualHan,
    *,
    suites: tuple[int, ...] = (1,),
    clock: Clock | None = None,
    record: Memory | None = None,
    pace: Memory | None = None,
    pacer: Pacer | None = None,
    grant: Consent | None = None,
    start: bool = True,
    timings: Timings | None = None,
    **config: Any,
) -> AsyncGenerator[Watched]:
    """Run a session against a network's stick; stop it in the end."""
    clock = clock or JumpingClock(han)
    if pacer is None:
        pacer = Pacer(clock, pace or Memory())
        await pacer.load()
    radio = EzspRadio(han.url)
    session = HanSession(
        radio,
        SessionConfig(
            link_key=link_key(han),
            credentials=tuple(credentials(han, suite) for suite in suites),
            timings=timings or Timings(reply=1.0),
            **config,
        ),
        pacer=pacer,
        store=record or Memory(),
        clock=clock,
    )
    watched = Watched(session, radio, pacer, grant or Consent())
    session.on_update(watched.updates.append)
    session.on_status(watched.statuses.append)
    if start:
        await session.start(watched.grant)
    try:
        yield watched
    finally:
        await session.stop()
