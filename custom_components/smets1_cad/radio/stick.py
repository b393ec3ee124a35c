"""The stick as a `HanRadio`: connections come and go, the stick stays the same."""

from asyncio import timeout
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, override

from bellows.ash import AshException
import bellows.types as t
from zigpy.exceptions import NetworkNotFormed, ZigbeeException
from zigpy.types import EUI64, KeyData, ZigbeePacket

from ..smart_energy.device import SmartEnergyDevice
from ..smart_energy.errors import EgressDenied
from ..smart_energy.network import (
    OTHER_CHANNELS,
    PREFERRED_CHANNELS,
    Beacon,
    ForeignNetwork,
    Gate,
    HanRadio,
    Network,
    NodeRole,
    RadioEvent,
    RadioListener,
    RadioLost,
    StickCbke,
    WrongStick,
)
from . import joining
from .application import JoiningApplication, NotForCads
from .cbke import stick_cbke
from .config import BAUDRATE, application_config
from .const import LOGGER
from .keys import install_link_key
from .privacy import private

_ROLES: Final = {node_type: role for role, node_type in joining.ROLES.items()}

_POLL_MINUTES: Final = 1
_POLL_FAILURES: Final = 3

_TELLING: Final = 3.0
"""Seconds that a stick has to say its firmware; it takes a few hundredths."""

_SILENCING: Final = 3.0
"""Seconds that a stick has to reset before it is closed; one takes a few tenths."""


class EzspRadio(HanRadio):
    """An EmberZNet stick that joins a HAN.

    A restart is always a full disconnect and connect: after a reset of the stick
    its endpoint must be registered before its network comes up.
    """

    def __init__(
        self,
        path: str,
        *,
        role: NodeRole = NodeRole.END_DEVICE,
        baudrate: int | None = None,
        flow_control: str | None = None,
    ) -> None:
        """Name the stick; nothing is opened yet.

        Args:
            path: a serial port, or "socket://host:port".
            role: as what to join; anything but an end device is for experts.
            baudrate: of a serial port; 115200 unless given.
            flow_control: "hardware", "software" or None.
        """
        self._config = partial(
            application_config,
            path,
            baudrate=BAUDRATE if baudrate is None else baudrate,
            flow_control=flow_control,
        )
        self._role = role
        self._application: JoiningApplication | None = None
        self._eui64: EUI64 | None = None
        self._firmware = ""
        self._listeners: list[RadioListener] = []
        self._gate: Gate = _closed

    @property
    @override
    def eui64(self) -> EUI64:
        if self._eui64 is None:
            raise _not_connected()
        return self._eui64

    @property
    @override
    def firmware(self) -> str:
        return self._firmware

    @property
    def ezsp_version(self) -> int:
        """The EZSP version that the stick speaks. Only while connected."""
        return int(self._connected().ezsp.ezsp_version)

    @property
    @override
    def hub(self) -> SmartEnergyDevice:
        if (hub := self._connected().hub) is None:
            raise RadioLost("The stick is on no network yet.", reason="not_joined")
        return hub

    @override
    async def connect(self) -> None:
        await self.disconnect()
        application = JoiningApplication(
            self._config(), gate=self._pass_gate, on_event=self._tell
        )
        try:
            async with _translated():
                await application.connect()
                firmware = await _firmware(application)
                # Last, so that a stick that is lost over the firmware fails here.
                (eui64,) = await application.ezsp.getEui64()
        except BaseException:
            await _close(application)
            raise
        self._eui64 = EUI64(eui64)
        self._firmware = firmware
        self._application = application

    @override
    async def disconnect(self, *, silence: bool = False) -> None:
        application, self._application = self._application, None
        if application is None:
            return
        try:
            if silence and not application.is_lost:
                await _silence(application)
        finally:
            await _close(application)

    @override
    async def resume(self) -> Network | None:
        application = self._connected()
        try:
            async with _translated():
                await application.initialize()
                return await self._on_network(application)
        except NotForCads as err:
            raise ForeignNetwork(
                "The stick runs a Zigbee network of its own. It was left untouched. Use a separate stick, used by "
                "nothing else."
            ) from err
        except NetworkNotFormed:
            return None

    @override
    async def holds_network(self) -> bool:
        application = self._connected()
        async with _translated():
            (state,) = await application.ezsp.networkState()
        if state != t.EmberNetworkStatus.NO_NETWORK:
            return True
        return await self.resume() is not None

    @override
    async def scan(self, channels: Sequence[int]) -> list[Beacon]:
        async with _translated():
            return await joining.scan(self._connected(), channels)

    @override
    async def join(self, beacon: Beacon, link_key: KeyData) -> Network:
        application = self._connected()
        async with _translated():
            await joining.join(application, beacon, link_key, self._role)
            await application.initialize()
            return await self._on_network(application)

    @override
    async def rejoin(self, *, secured: bool, all_channels: bool) -> Network:
        application = self._connected()
        channels = PREFERRED_CHANNELS + OTHER_CHANNELS if all_channels else ()
        role = _ROLES.get(application.role, self._role)
        async with _translated():
            await joining.rejoin(
                application, secured=secured, channels=channels, role=role
            )
            await application.initialize()
            return await self._on_network(application)

    @override
    async def leave(self) -> None:
        async with _translated():
            await joining.leave(self._connected())

    @override
    async def stick_cbke(self, suites: int) -> StickCbke | None:
        async with _translated():
            return await stick_cbke(self._connected(), suites)

    @override
    async def install_link_key(self, key: KeyData) -> None:
        async with _translated():
            needs_restart = await install_link_key(self._connected(), key)
        if needs_restart:
            await self.restart()

    @override
    async def restart(self) -> Network:
        before = self.eui64
        await self.connect()
        if self.eui64 != before:
            await self.disconnect()
            raise WrongStick(
                "While the stick was opened again, another one came to its port. Plug the CAD's stick in."
            )
        network = await self.resume()
        if network is None:
            raise RadioLost(
                "The stick forgot its network while it restarted. Join again."
            )
        return network

    @override
    def listen(self, listener: RadioListener) -> Callable[[], None]:
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    @override
    def set_gate(self, gate: Gate) -> None:
        self._gate = gate

    def _pass_gate(self, packet: ZigbeePacket) -> None:
        self._gate(packet)

    def _tell(self, application: JoiningApplication, event: RadioEvent) -> None:
        """Hand on an event of the present connection; one that is being closed is no news."""
        if application is not self._application:
            return
        for listener in tuple(self._listeners):
            listener(event)

    def _connected(self) -> JoiningApplication:
        if self._application is None:
            raise _not_connected()
        return self._application

    async def _on_network(self, application: JoiningApplication) -> Network:
        """Return where the stick is now, and have an end device speak to its parent."""
        info = application.state.network_info
        assert application.trust_centre is not None
        if application.role == t.EmberNodeType.END_DEVICE:
            await self._poll(application)
        return Network(
            channel=int(info.channel),
            pan_id=int(info.pan_id),
            extended_pan_id=EUI64(info.extended_pan_id),
            address=int(application.state.node_info.nwk),
            role=_ROLES[application.role],
            trust_centre=application.trust_centre,
        )

    @staticmethod
    async def _poll(application: JoiningApplication) -> None:
        """Have the stick poll its parent, so that the parent does not forget it.

        bellows waits in its own `pollForData` for a poll to complete; the stick
        repeats it by itself, and a firmware that refuses does not need it.
        """
        status, *_ = await application.ezsp._command(  # noqa: SLF001
            "pollForData",
            interval=t.uint16_t(_POLL_MINUTES),
            units=t.EmberEventUnits.EVENT_MINUTE_TIME,
            failureLimit=t.uint8_t(_POLL_FAILURES),
        )
        LOGGER.debug("Polling the parent every %d min: %s", _POLL_MINUTES, status)


def _closed(packet: ZigbeePacket) -> None:
    """Let nothing out: no session has taken the radio yet."""
    raise EgressDenied("No session watches what leaves", rule="no_session")


def _not_connected() -> RadioLost:
    return RadioLost("The stick is not connected. Check that it is plugged in.")


async def _firmware(application: JoiningApplication) -> str:
    """Return the version of a stick's firmware, as its recognition does; "" if it does not say it."""
    try:
        with private():
            async with timeout(_TELLING):
                *_, version = await application.ezsp.get_board_info()
    except Exception:  # noqa: BLE001 - whatever a stick makes of the question, it can be worked with
        LOGGER.debug("The stick does not say its firmware", exc_info=True)
        return ""
    return version or ""


async def _silence(application: JoiningApplication) -> None:
    """Reset the stick, whose network is down then and stays so until it is opened again."""
    try:
        async with _translated(), timeout(_SILENCING):
            await application.ezsp.reset()
    except RadioLost as err:
        LOGGER.debug("The stick was not reset before it was closed: %s", err)


async def _close(application: JoiningApplication) -> None:
    """Shut an application down whatever state it is in."""
    try:
        await application.shutdown(db=False)
    except Exception:  # noqa: BLE001 - a broken stick may fail in any way while it is closed
        LOGGER.debug("The stick did not close cleanly", exc_info=True)


@asynccontextmanager
async def _translated() -> AsyncGenerator[None]:
    """Call bellows: log nothing private, and turn what it and the port raise into `RadioLost`."""
    try:
        with private():
            yield
    except NetworkNotFormed, NotForCads:
        raise
    except (ZigbeeException, AshException, TimeoutError) as err:
        raise RadioLost(
            "The stick does not answer as it should. Unplug it and plug it in again; if it stays, try another port."
        ) from err
    except (OSError, RuntimeError, ValueError) as err:
        raise RadioLost(
            "The port of the stick cannot be used. Check that it is plugged in and that no other program uses it."
        ) from err
