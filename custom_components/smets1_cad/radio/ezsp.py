"""An EZSP connection that can be closed while something is being sent."""

from asyncio import Task, create_task, wait
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, override

from bellows.ezsp import EZSP

from .const import LOGGER
from .incoming import HubMessage, hub_message, is_refused_fragment
from .privacy import CONCEALMENT, private

_LAST_WORDS: Final = 1.0
"""Seconds that a closed connection has to end what it was sending; a moment is enough."""


class QuietEzsp(EZSP):
    """EZSP whose callers may be cancelled, and which may be closed, at any moment.

    bellows goes on sending a frame whose caller is cancelled, since a frame cannot be
    taken back. If the connection is then closed, the frame fails with nobody left to
    hear of it, and asyncio logs an error. Here every frame has a task that hears of it.
    """

    def __init__(
        self, device_config: dict[str, Any], application: Any | None = None
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            device_config: as zigpy's `SCHEMA_DEVICE` gives it.
            application: who is told that the connection is lost.
        """
        super().__init__(device_config, application)
        self._sending: set[Task[None]] = set()
        self.on_message: Callable[[HubMessage], bool] | None = None
        """Is offered each message of the hub first; says whether it took it."""

    @override
    def frame_received(self, data: bytes) -> None:
        """Offer a message of the hub; let bellows read what is none, or what nobody takes.

        Of fragments, which bellows answers by itself, it sees the hub's only.
        """
        if (
            self.on_message is not None
            and (message := hub_message(data, self.ezsp_version)) is not None
        ):
            try:
                if self.on_message(message):
                    return
            except Exception:  # noqa: BLE001 - as for bellows, one bad message must not cost the port
                LOGGER.exception("A message of the hub broke its handler")
                return
        elif is_refused_fragment(data, self.ezsp_version):
            LOGGER.debug("Ignored a fragment that bellows would answer")
            return
        super().frame_received(data)

    @override
    async def connect(self, *, use_thread: bool = False) -> None:
        """Open the port, in this thread, and find out what speaks behind it.

        asyncio hears a port in the context in which it was opened, so all that comes
        from it is private, as the opening is.
        """
        CONCEALMENT.hold(self)
        with private():
            await super().connect(use_thread=use_thread)

    @override
    async def startup_reset(self) -> None:
        """Begin to speak: the gateway is there now, and nothing was sent over it."""
        self._gw.send_data = partial(self._send, self._gw.send_data)
        await super().startup_reset()

    @override
    async def disconnect(self) -> None:
        """Close, and return when nothing is being sent any more."""
        try:
            with private():
                await super().disconnect()
                if self._sending:
                    await wait(self._sending, timeout=_LAST_WORDS)
        finally:
            CONCEALMENT.release(self)

    async def _send(
        self, send: Callable[[bytes], Awaitable[None]], data: bytes
    ) -> None:
        """Send a frame; a cancelled caller leaves it to be sent, or to fail, unheard.

        Raises:
            ConnectionResetError: the connection was closed before.
            AshException: the stick did not take the frame.
        """
        task = create_task(_awaited(send(data)))
        self._sending.add(task)
        task.add_done_callback(self._sent)
        await wait((task,))
        try:
            task.result()
        except AttributeError as err:
            # bellows has no transport any more once the port is closed, and looks for it all the same.
            raise ConnectionResetError("The connection was closed") from err

    def _sent(self, task: Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            # Asked for, it is not reported as one that nobody asked for.
            task.exception()


async def _awaited(sent: Awaitable[None]) -> None:
    await sent
