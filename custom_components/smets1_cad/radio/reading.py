"""Read a meter without Home Assistant: one stick, one consent, one folder that remembers."""

from asyncio import Queue, to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
from typing import Any

from zigpy.types import KeyData

from ..cad.clock import SYSTEM_CLOCK
from ..cad.errors import CadError
from ..cad.link import Grant, LinkState, LinkStatus
from ..cad.models import CadUpdate
from ..cad.pacing import Pacer
from ..smart_energy.certificate import load_credentials
from ..smart_energy.install_code import parse_install_code
from ..smart_energy.session import HanSession, SessionConfig
from .stick import EzspRadio


class _File:
    """Keeps one JSON object in a file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> Mapping[str, Any] | None:
        """Return what was saved last."""
        return await to_thread(self._load)

    async def save(self, data: Mapping[str, Any]) -> None:
        """Save, in one step."""
        await to_thread(self._save, json.dumps(data))

    def _load(self) -> Mapping[str, Any] | None:
        if not self._path.exists():
            return None
        data: Mapping[str, Any] = json.loads(self._path.read_text())
        return data

    def _save(self, text: str) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600, exist_ok=False)
        with new.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


@asynccontextmanager
async def updates_of(
    stick: str, install_code: str, credentials: str, grant: Grant, folder: Path
) -> AsyncGenerator[AsyncIterator[CadUpdate]]:
    """Join with a stick, or go back to where it joined, and iterate over what the meters tell.

    Args:
        stick: a serial port, or "socket://host:port".
        install_code: of the stick, with its CRC.
        credentials: the stick's certificates, as their issuer prints them.
        grant: the householder's consent; without a valid one nothing starts.
        folder: keeps the network joined and the pace, so that another run neither joins
            again nor asks too soon. One stick, one folder.

    Raises:
        CadError: the session cannot start, or has ended, for the reason that it says.
    """
    link_key, _ = KeyData.deserialize(parse_install_code(install_code).code.link_key)
    checked = await to_thread(load_credentials, credentials)
    await to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    pacer = Pacer(SYSTEM_CLOCK, _File(folder / "pace.json"))
    await pacer.load()
    heard: Queue[CadUpdate | CadError] = Queue()
    session = HanSession(
        EzspRadio(stick),
        SessionConfig(link_key=link_key, credentials=tuple(checked)),
        pacer=pacer,
        store=_File(folder / "network.json"),
    )

    def watch(status: LinkStatus) -> None:
        if status.state is LinkState.FAILED and status.error is not None:
            heard.put_nowait(status.error)

    session.on_update(heard.put_nowait)
    session.on_status(watch)
    await session.start(grant)
    try:
        yield _iterate(heard)
    finally:
        await session.stop()


async def _iterate(heard: Queue[CadUpdate | CadError]) -> AsyncIterator[CadUpdate]:
    while not isinstance(item := await heard.get(), CadError):
        yield item
    raise item
