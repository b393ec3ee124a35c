"""Steers the virtual network over HTTP on loopback; `docs/virtual-han.md` tells how."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
import inspect
from typing import Any, Final, override

from aiohttp import web

from .aps import Fuel
from .clock import instant
from .events import EventName
from .faults import Fault
from .han import VirtualHan
from .heartbeat import Heartbeat
from .local_http import Json, LocalServer, answer, body_of, guard, is_loopback
from .meters import Supply
from .supplier import Answering, Behaviour, Outcome, SupplierService
from .truth import registers

_MAX_FINDINGS: Final = 100


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-12-01T00:00:00Z")
    return moment


def _supply(name: str) -> Supply:
    if name.upper() not in Supply.__members__:
        raise ValueError(f"No supply state {name!r}; there are off, armed and on")
    return Supply[name.upper()]


_ARGUMENTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "fuel": Fuel,
    "state": _supply,
    "at": lambda text: instant(_moment(text)),
    "start": lambda text: instant(_moment(text)),
    "end": lambda text: instant(_moment(text)),
}
"""How arguments of events are read; all others are taken as they are."""

_BEHAVIOUR: Final[Mapping[str, Callable[[Any], Any]]] = {
    "outcome": Outcome,
    "answering": Answering,
}


class Control(LocalServer):
    """An HTTP service that does what the Python API does.

    While it runs it also keeps the network's time going: rates begin, planned
    events happen, the supplier works through its requests.
    """

    def __init__(
        self,
        han: VirtualHan,
        supplier: SupplierService | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Stand before a network and its supplier.

        Args:
            han: what is steered.
            supplier: its pairing service, where there is one.
            host: a loopback address.
            port: 0 takes any free one.

        Raises:
            ValueError: the host is not loopback.
        """
        if not is_loopback(host):
            raise ValueError(
                "The control steers everything; it listens on loopback alone"
            )
        super().__init__(host, port)
        self._han = han
        self._supplier = supplier
        due = [han.servers.tick]
        if supplier is not None:
            due.append(supplier.desk.work)
        self._heartbeat = Heartbeat(due)

    @override
    def application(self) -> web.Application:
        """Return all that can be asked, and done."""
        application = web.Application(middlewares=[guard])
        application.add_routes(
            [
                web.get("/", self._index),
                web.get("/state", self._state),
                web.post("/clock", self._clock),
                web.post("/admit", self._admit),
                web.post("/unpair", self._unpair),
                web.get("/faults", self._faults),
                web.post("/faults/{name}", self._inject),
                web.delete("/faults", self._clear_faults),
                web.post("/events/{name}", self._event),
                web.get("/registers", self._registers),
                web.post("/overrides", self._override),
                web.delete("/overrides", self._clear_overrides),
                web.get("/referee", self._referee),
                web.delete("/referee", self._clear_referee),
                web.get("/supplier", self._show_supplier),
                web.post("/supplier", self._set_supplier),
            ]
        )
        return application

    @override
    async def start(self) -> None:
        """Listen, and let the heart beat."""
        await super().start()
        self._heartbeat.start()

    @override
    async def stop(self) -> None:
        """Close."""
        await self._heartbeat.stop()
        await super().stop()

    # What there is.

    async def _index(self, request: web.Request) -> web.Response:
        routes = sorted(
            f"{route.method} {route.resource.canonical}"
            for route in request.app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        )
        return answer(
            {
                "routes": routes,
                "events": {
                    name.value: _parameters(self._event_call(name))
                    for name in EventName
                },
                "faults": [fault.value for fault in Fault],
                "outcomes": [outcome.value for outcome in Outcome],
                "answering": [answering.value for answering in Answering],
            }
        )

    async def _state(self, request: web.Request) -> web.Response:
        return answer(self._state_now())

    def _state_now(self) -> Json:
        han = self._han
        return {
            "time": han.clock.now().isoformat(),
            "speed": han.clock.speed,
            "smart_energy": han.config.home.smart_energy.value,
            "stick": {
                "url": han.url,
                "eui64": han.ncp.flash.eui64.hex().upper(),
                "ezsp_version": han.config.ezsp_version,
                "joined": han.ncp.flash.eui64 in han.hub.members,
                "holds_network": han.ncp.flash.network is not None,
            },
            "hub": {
                "eui64": han.hub.network.eui64.hex().upper(),
                "channel": han.hub.network.channel,
                "pan_id": han.hub.network.pan_id,
                "permits_joining": han.log.open,
                "takes_install_code": sorted(
                    eui64.hex().upper()
                    for eui64 in han.log.waiting
                    if han.log.takes_install_code(eui64)
                ),
                "members": sorted(eui64.hex().upper() for eui64 in han.hub.members),
            },
            "supplier": None if self._supplier is None else self._supplier.url,
        }

    async def _registers(self, request: web.Request) -> web.Response:
        text = request.query.get("at")
        return answer(
            registers(self._han.servers, None if text is None else _moment(text))
        )

    # Time.

    async def _clock(self, request: web.Request) -> web.Response:
        """Set the speed first, then jump."""
        body = await body_of(request, {"speed", "advance", "move_to"})
        clock = self._han.clock
        if "speed" in body:
            clock.set_speed(float(body["speed"]))
        if "advance" in body:
            clock.advance(float(body["advance"]))
        if "move_to" in body:
            clock.move_to(_moment(body["move_to"]))
        return answer(self._state_now())

    # The hub.

    async def _admit(self, request: web.Request) -> web.Response:
        body = await body_of(request, {"seconds", "eui64", "install_code"})
        eui64 = _octets(body.get("eui64")) or self._han.ncp.flash.eui64
        code = _octets(body.get("install_code")) or self._han.config.install_code
        self._han.log.add(eui64, code, float(body.get("seconds", 3600)))
        return answer(self._state_now())

    async def _unpair(self, request: web.Request) -> web.Response:
        body = await body_of(request, {"eui64"})
        eui64 = _octets(body.get("eui64"))
        if eui64 is None:
            self._han.unpair()
        else:
            self._han.hub.unpair(eui64)
        return answer(self._state_now())

    # Faults and events.

    async def _faults(self, request: web.Request) -> web.Response:
        faults = self._han.faults
        return answer(
            {
                "standing": [
                    {**asdict(standing), "fault": standing.fault.value}
                    for standing in faults.standing
                ],
                "struck": {
                    fault.value: count for fault, count in faults.struck.items()
                },
            }
        )

    async def _inject(self, request: web.Request) -> web.Response:
        body = await body_of(request, {"count", "probability", "direction", "seconds"})
        self._han.faults.inject(request.match_info["name"], **body)
        return await self._faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._han.faults.clear()
        return await self._faults(request)

    async def _override(self, request: web.Request) -> web.Response:
        """Let an attribute answer something: a number, a text, or null for "no value"."""
        body = await body_of(request, {"cluster", "attribute", "value", "endpoint"})
        value = body["value"]
        self._han.servers.overrides.set(
            int(body["cluster"]),
            int(body["attribute"]),
            value.encode() if isinstance(value, str) else value,
            endpoint=body.get("endpoint"),
        )
        return answer({"done": "override"})

    async def _clear_overrides(self, request: web.Request) -> web.Response:
        self._han.servers.overrides.clear()
        return answer({"done": "truth"})

    def _event_call(self, name: EventName) -> Callable[..., object]:
        call: Callable[..., object] = getattr(self._han.events, name.value)
        return call

    async def _event(self, request: web.Request) -> web.Response:
        text = request.match_info["name"]
        if text not in set(EventName):
            raise ValueError(f"No event {text!r}; there are {', '.join(EventName)}")
        call = self._event_call(EventName(text))
        body = await body_of(request, set(inspect.signature(call).parameters))
        call(
            **{
                name: _ARGUMENTS.get(name, lambda value: value)(body[name])
                for name in body
            }
        )
        return answer({"done": text, "time": self._han.clock.now().isoformat()})

    # The referee and the supplier.

    async def _referee(self, request: web.Request) -> web.Response:
        referee = self._han.referee
        return answer(
            {
                "counts": referee.counts(),
                "requests": len(referee.requests),
                "findings": [
                    {
                        "at": finding.at,
                        "breach": finding.breach.value,
                        "detail": finding.detail,
                    }
                    for finding in referee.findings[-_MAX_FINDINGS:]
                ],
            }
        )

    async def _clear_referee(self, request: web.Request) -> web.Response:
        self._han.referee.clear()
        return await self._referee(request)

    def _service(self) -> SupplierService:
        if self._supplier is None:
            raise ValueError("This network was started without a supplier")
        return self._supplier

    async def _show_supplier(self, request: web.Request) -> web.Response:
        desk = self._service().desk
        desk.work()
        return answer(
            {
                "behaviour": asdict(desk.behaviour),
                "requests": [each.as_json() for each in desk.requests.values()],
                "tenancy_notices": desk.tenancy_notices,
            }
        )

    async def _set_supplier(self, request: web.Request) -> web.Response:
        """Change how the supplier behaves, from the next request on and for those it has."""
        known = {field.name for field in fields(Behaviour)}
        body = await body_of(request, known | {"announce_tenancy"})
        desk = self._service().desk
        if "announce_tenancy" in body:
            desk.announce_tenancy(_moment(body.pop("announce_tenancy")).timestamp())
        for name, value in body.items():
            desk.behaviour = replace(desk.behaviour, **{name: _behaviour(name, value)})
        for each in desk.requests.values():
            each.behaviour = desk.behaviour
        return await self._show_supplier(request)


def _behaviour(name: str, value: Any) -> Any:
    """Read one member of a behaviour.

    Raises:
        ValueError: it is of another kind than the contract's text or number.
    """
    if name in _BEHAVIOUR:
        return _BEHAVIOUR[name](value)
    if isinstance(getattr(Behaviour(), name), str) is not isinstance(value, str):
        raise ValueError(
            f"{name} is {'text' if isinstance(value, int | float) else 'a number'}"
        )
    return value


def _parameters(call: Callable[..., object]) -> Json:
    """Return a call's parameters with their defaults; "required" where there is none."""
    return {
        name: "required" if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(call).parameters.items()
    }


def _octets(text: str | None) -> bytes | None:
    return (
        None if text is None else bytes.fromhex(text.replace("-", "").replace(":", ""))
    )
