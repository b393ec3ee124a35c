"""Requests and answers in JSON, from programs on this machine alone."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
import ipaddress
import json
from typing import Any, Self

from aiohttp import web

from .errors import VirtualHanError

type Json = dict[str, Any]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalServer(ABC):
    """Serves an application on one port."""

    def __init__(self, host: str, port: int) -> None:
        """Remember where to listen; port 0 takes any free one."""
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def application(self) -> web.Application:
        """Return what is served."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(
            self.application(), access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start on entry."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop on exit."""
        await self.stop()


def answer(body: Json) -> web.Response:
    """Return an answer, readable in a terminal."""
    return web.json_response(
        body, dumps=lambda value: json.dumps(value, ensure_ascii=False) + "\n"
    )


async def body_of(request: web.Request, allowed: set[str]) -> Json:
    """Return a JSON object, an empty one where nothing was sent.

    Raises:
        ValueError: it is something else, or has a member that is not allowed.
    """
    if not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise ValueError("Send JSON, with the content type application/json")
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("Send a JSON object")
    unknown = sorted(body.keys() - allowed)
    if unknown:
        raise ValueError(
            f"Unknown: {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}"
        )
    return body


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell what was wrong with a request, in JSON; a web page may not send any.

    A browser names the page that a request comes from (Origin), or the host that
    it believes to talk to, where a name was pointed at loopback.
    """
    host = request.url.host or ""
    if "Origin" in request.headers or not is_loopback(host):
        return web.json_response(
            {"error": "Web pages may not steer the network"}, status=403
        )
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)
    except (KeyError, TypeError, ValueError, VirtualHanError) as error:
        return web.json_response({"error": str(error)}, status=400)
