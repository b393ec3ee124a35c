"""Keeps the virtual world going: what is due is done about once a second."""

import asyncio
from collections.abc import Callable, Sequence
import contextlib
import logging

LOGGER = logging.getLogger(__package__)


class Heartbeat:
    """Calls functions again and again while it runs."""

    def __init__(
        self, calls: Sequence[Callable[[], None]], seconds: float = 1.0
    ) -> None:
        """Take what to call, and how many real seconds to wait between."""
        self._calls = tuple(calls)
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="virtual HAN heartbeat")

    async def stop(self) -> None:
        """End; nothing is called after this."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            for call in self._calls:
                try:
                    call()
                except Exception:
                    LOGGER.exception("The virtual network could not do what was due")
            await asyncio.sleep(self._seconds)
