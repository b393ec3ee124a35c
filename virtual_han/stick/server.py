"""The socket at which a host finds the stick."""

import asyncio
from typing import Self

from .ncp import Ncp
from .serial import SerialLine, WireFilter


class StickServer:
    """Listens on loopback; each connection is a serial line to the one stick."""

    def __init__(self, ncp: Ncp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve a stick; port 0 takes any free one."""
        self.ncp = ncp
        self.wire_filter: WireFilter | None = None
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._lines: set[SerialLine] = set()

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._port

    @property
    def url(self) -> str:
        """What to give bellows as the device path."""
        return f"socket://{self._host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.get_running_loop().create_server(
            self._line, self._host, self._port
        )
        self._port = self._server.sockets[0].getsockname()[1]

    def _line(self) -> SerialLine:
        return SerialLine(
            self.ncp,
            lambda octets: self.wire_filter(octets) if self.wire_filter else [octets],
        )

    async def stop(self) -> None:
        """Close the line and listen no more; the stick keeps its flash."""
        if self._server is not None:
            self._server.close()
            self.ncp.unplug()
            self._server.close_clients()
            await self._server.wait_closed()
            self._server = None
        self.ncp.restart()

    async def __aenter__(self) -> Self:
        """Start on entry."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop on exit."""
        await self.stop()
