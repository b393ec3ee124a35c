"""One real Home Assistant in a throw-away folder: started, onboarded, stopped."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
import contextlib
import ctypes
import json
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import aiohttp

from .port import HOST

ROOT: Final = Path(__file__).resolve().parent.parent
DOMAIN: Final = "smets1_cad"
USER: Final = "demo"
PASSWORD: Final = "demo"
START_TIMEOUT: Final = 120.0
STOP_TIMEOUT: Final = 30.0

# The later steps of onboarding would add integrations that ask the internet
# (weather, radio, speech); they are marked as done before the first start.
ONBOARDING: Final = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}

CONFIGURATION: Final = """\
homeassistant:
  name: Demo home
  latitude: 51.5
  longitude: -0.12
  elevation: 10
  unit_system: metric
  time_zone: Europe/London
  currency: GBP
  country: GB
  internal_url: http://{host}:{port}
http:
  server_host: {host}
  server_port: {port}
frontend:
config:
history:
recorder:
energy:
logbook:
usb:
logger:
  default: info
"""


class DemoError(Exception):
    """Raised when the demo cannot go on; the message says why."""


def _die_with_parent() -> None:
    """Ask Linux to stop Home Assistant when the demo itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


async def command(
    session: aiohttp.ClientSession, url: str, token: str, kind: str, **fields: Any
) -> Any:
    """Send one command over the WebSocket API of the Home Assistant at an address; return its result.

    Raises:
        DemoError: Home Assistant refused it.
    """
    async with session.ws_connect(f"{url}/api/websocket") as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        if (await socket.receive_json())["type"] != "auth_ok":
            raise DemoError("Home Assistant did not accept the demo's token")
        await socket.send_json({"id": 1, "type": kind, **fields})
        answer = await socket.receive_json()
        if not answer.get("success"):
            raise DemoError(f"{kind}: {answer.get('error')}")
        return answer["result"]


class HomeAssistantInstance:
    """A Home Assistant with the integration from this checkout, on one port of loopback."""

    def __init__(
        self,
        port: int,
        folder: Path,
        *,
        keep: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
        launch: Sequence[str] = ("-m", "homeassistant"),
    ) -> None:
        """Remember where it will run; nothing is started yet.

        Args:
            port: the TCP port on 127.0.0.1.
            folder: the folder below which its throw-away configuration is made.
            keep: leave that configuration, with its log, when it stops.
            environment: variables that its process has beside this one's.
            launch: what Python is given to start it.
        """
        self.url = f"http://{HOST}:{port}"
        self.access_token = ""
        self._port = port
        self._folder = folder
        self._keep = keep
        self._environment = environment
        self._launch = launch
        self._config = Path()
        self._process: Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session that the demo talks to Home Assistant with."""
        assert self._session is not None
        return self._session

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authorise a request as the demo's user."""
        return {"Authorization": f"Bearer {self.access_token}"}

    async def __aenter__(self) -> Self:
        """Start Home Assistant and onboard it.

        Raises:
            DemoError: it stopped, or did not answer in time.
        """
        try:
            await self._start()
            await self._onboard()
        except BaseException as err:
            await self._stop(failed=not isinstance(err, asyncio.CancelledError))
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop Home Assistant and remove its folder."""
        await self._stop(failed=isinstance(value, DemoError))

    async def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._config = Path(tempfile.mkdtemp(prefix="home-", dir=self._folder))
        (self._config / "configuration.yaml").write_text(
            CONFIGURATION.format(host=HOST, port=self._port)
        )
        storage = self._config / ".storage"
        storage.mkdir()
        (storage / "onboarding").write_text(json.dumps(ONBOARDING))
        components = self._config / "custom_components"
        components.mkdir()
        (components / DOMAIN).symlink_to(ROOT / "custom_components" / DOMAIN)
        with (self._config / "console.log").open("wb") as console:
            # Its own session: Ctrl-C reaches the demo alone, which then stops
            # Home Assistant in order.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._launch,
                "--config",
                str(self._config),
                "--skip-pip",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env={
                    **os.environ,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **self._environment,
                },
            )
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=30),
        )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise DemoError(
                            f"Home Assistant stopped while starting.\n{self._log_tail()}"
                        )
                    await asyncio.sleep(0.2)
        except TimeoutError as err:
            raise DemoError(
                f"Home Assistant did not answer within {START_TIMEOUT:.0f} s.\n{self._log_tail()}"
            ) from err

    async def _answers(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self.session.get(f"{self.url}/api/onboarding") as response:
                return response.status == 200
        return False

    async def request(self, method: str, path: str, **kwargs: Any) -> Any:
        """Send a request as the demo's user; return the decoded JSON.

        Raises:
            DemoError: Home Assistant refused it.
        """
        async with self.session.request(
            method, f"{self.url}{path}", headers=self.headers, **kwargs
        ) as response:
            if not response.ok:
                raise DemoError(
                    f"{method} {path}: {response.status} {await response.text()}"
                )
            return await response.json()

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send one command over Home Assistant's WebSocket API; return its result.

        Raises:
            DemoError: Home Assistant refused it.
        """
        return await command(self.session, self.url, self.access_token, kind, **fields)

    @property
    def folder(self) -> Path:
        """The configuration folder."""
        return self._config

    async def act(self, action: str, *, answers: bool = True, **fields: Any) -> Any:
        """Perform an action of the integration; return its answer.

        Raises:
            DemoError: Home Assistant refused it.
        """
        result = await self.command(
            "call_service",
            domain=DOMAIN,
            service=action,
            service_data=fields,
            return_response=answers,
        )
        return result["response"]

    async def entities(self, entry_id: str) -> list[dict[str, Any]]:
        """Return what the entity registry has of an entry."""
        return [
            entity
            for entity in await self.command("config/entity_registry/list")
            if entity["config_entry_id"] == entry_id
        ]

    async def entity(self, entry_id: str, key: str) -> dict[str, Any]:
        """Return the state of an entity of the integration, by the key in its unique id.

        Raises:
            DemoError: there is none.
        """
        for entity in await self.entities(entry_id):
            if entity["unique_id"].endswith(key):
                state: dict[str, Any] = await self.request(
                    "GET", f"/api/states/{entity['entity_id']}"
                )
                return state
        raise DemoError(f"there is no entity {key}")

    async def _onboard(self) -> None:
        client = f"{self.url}/"
        owner = {
            "client_id": client,
            "name": USER,
            "username": USER,
            "password": PASSWORD,
            "language": "en",
        }
        async with self.session.post(
            f"{self.url}/api/onboarding/users", json=owner
        ) as response:
            if not response.ok:
                raise DemoError(
                    f"onboarding: {response.status} {await response.text()}"
                )
            code = (await response.json())["auth_code"]
        grant = {"client_id": client, "grant_type": "authorization_code", "code": code}
        async with self.session.post(f"{self.url}/auth/token", data=grant) as response:
            self.access_token = (await response.json())["access_token"]
        # From 2026.11 on, an http block in YAML is a trial of five minutes
        # until somebody confirms it.
        await self.command("http/config/promote")

    def _log_tail(self) -> str:
        lines = (self._config / "console.log").read_text(errors="replace").splitlines()
        return "\n".join(["The last of its log:", *lines[-20:]])

    async def _stop(self, *, failed: bool) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_TIMEOUT):
                    await self._process.wait()
            except TimeoutError:
                os.killpg(self._process.pid, signal.SIGKILL)
                await self._process.wait()
        if self._config != Path() and not self._keep and not failed:
            shutil.rmtree(self._config, ignore_errors=True)
