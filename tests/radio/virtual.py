"""The virtual network as the product's tests use it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, override

from zigpy.types import EUI64, KeyData

from custom_components.smets1_cad.cad.clock import Clock
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.certificate import Credentials
from virtual_han.clock import Clock as HanClock
from virtual_han.crypto.mmo import install_code_key
from virtual_han.han import HanConfig, VirtualHan

START: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANSWER_TIME: Final = 0.2
"""Real seconds; less than the sessions of these tests wait."""
VERSIONS: Final = (8, 13, 14, 18)


@asynccontextmanager
async def virtual_han(
    *, clock: HanClock | None = None, **config: Any
) -> AsyncGenerator[VirtualHan]:
    """Run a network whose clock stands still."""
    async with VirtualHan(
        HanConfig(**{"answer_time": ANSWER_TIME} | config),
        clock or HanClock(START, speed=0),
    ) as han:
        yield han


@asynccontextmanager
async def connected(han: VirtualHan, **options: Any) -> AsyncGenerator[EzspRadio]:
    """Connect the product's radio to the network's stick, and close it in the end."""
    radio = EzspRadio(han.url, **options)
    await radio.connect()
    try:
        yield radio
    finally:
        await radio.disconnect()


def firmware(version: int) -> dict[str, Any]:
    """Return a stick's configuration: EZSP 8 takes no key from outside, so it has key establishment inside."""
    return {"ezsp_version": version, "stick_cbke": (1,) if version == 8 else ()}


def link_key(han: VirtualHan) -> KeyData:
    """Return the link key of the stick's install code."""
    return KeyData(install_code_key(han.config.install_code))


@cache
def _verified(
    certificate: bytes, ca_public_key: bytes, private_key: bytes
) -> Credentials:
    return Credentials.verify(
        certificate=certificate, ca_public_key=ca_public_key, private_key=private_key
    )


def credentials(han: VirtualHan, suite: int) -> Credentials:
    """Return credentials for the stick, of the network's own authority, as the product holds them."""
    made = han.credentials(suite)
    return _verified(made.certificate, made.ca_public_key, made.private_key)


def eui64(octets: bytes) -> EUI64:
    """Return an EUI-64 of big-endian octets."""
    return EUI64.convert(octets.hex(":"))


class JumpingClock(Clock):
    """The network's own time; sleeping moves it, with a moment of real time for what is under way."""

    def __init__(self, han: VirtualHan, real: float = 0.01) -> None:
        """Follow a network whose clock stands still by itself.

        Args:
            han: the network.
            real: real seconds that a sleep takes at most.
        """
        self._clock = han.clock
        self._real = real

    @override
    def now_utc(self) -> datetime:
        return self._clock.now()

    @override
    def monotonic(self) -> float:
        return self._clock.now().timestamp()

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(max(seconds, 0.0), self._real))
        self._clock.advance(max(seconds, 0.0))
