"""Recognise the stick behind a port without touching what it holds."""

from asyncio import timeout
from dataclasses import dataclass
from typing import Final, override

from bellows.exception import EzspError, InvalidCommandError
from bellows.ezsp import EZSP
from bellows.types import EmberNetworkStatus
from zigpy.config import CONF_DEVICE_BAUDRATE, CONF_DEVICE_PATH, SCHEMA_DEVICE
from zigpy.types import EUI64

from ..cad.errors import CadError, Responsible

OLDEST_EZSP: Final = 8
"""EmberZNet 6.7; older firmware has another frame format and no key import."""

BAUDRATE: Final = 115200
"""What the common EFR32 sticks ship with."""

CONNECT_TIMEOUT: Final = 20.0
"""Seconds. A stick answers within one; a network port may need its reset twice."""


class StickError(CadError):
    """Base of what can be wrong with a stick."""

    reason = "cannot_connect"
    responsible = Responsible.HOUSEHOLDER


class StickUnreachable(StickError):
    """Raised when the port cannot be opened: absent, in use, or not allowed."""

    reason = "cannot_connect"


class StickSilent(StickError):
    """Raised when the port opens, but nothing behind it speaks EZSP."""

    reason = "not_ezsp"


class StickTooOld(StickError):
    """Raised when the stick's firmware is too old to be a CAD."""

    reason = "firmware_too_old"


@dataclass(frozen=True, slots=True, kw_only=True)
class StickInfo:
    """What a stick says of itself."""

    eui64: EUI64
    ezsp_version: int
    firmware: str | None
    manufacturer: str | None
    board: str | None
    on_a_network: bool
    """It holds a network already: another program's, or an earlier pairing's."""

    @override
    def __repr__(self) -> str:
        """Leave the EUI-64 out: it names the household's device."""
        return (
            f"StickInfo(ezsp_version={self.ezsp_version}, firmware={self.firmware!r})"
        )


async def probe(path: str) -> StickInfo:
    """Open the stick at a path, ask who it is, and close it again.

    The stick is reset and questioned, nothing is written and no network is
    started, so a stick that belongs to somebody else is left as it was.

    Args:
        path: a serial port ("/dev/serial/by-id/…") or "socket://host:port".

    Raises:
        StickUnreachable: the port cannot be opened.
        StickSilent: nothing behind the port speaks EZSP in time.
        StickTooOld: the firmware speaks an EZSP older than version 8.
    """
    ezsp = EZSP(SCHEMA_DEVICE({CONF_DEVICE_PATH: path, CONF_DEVICE_BAUDRATE: BAUDRATE}))
    try:
        async with timeout(CONNECT_TIMEOUT):
            await ezsp.connect(use_thread=False)
            return await _ask(ezsp)
    except (TimeoutError, EzspError) as err:
        raise StickSilent(
            "Nothing behind this port answers as an EmberZNet stick. Check that it is the right port and that the stick "
            "runs Zigbee coordinator (NCP) firmware."
        ) from err
    except (OSError, ValueError) as err:
        raise StickUnreachable(
            "The port cannot be opened. Check that the stick is plugged in and that no other program uses it."
        ) from err
    finally:
        await ezsp.disconnect()


async def _ask(ezsp: EZSP) -> StickInfo:
    if ezsp.ezsp_version < OLDEST_EZSP:
        raise StickTooOld(
            f"The stick's firmware speaks EZSP {ezsp.ezsp_version}; {OLDEST_EZSP} or newer is needed. Update its firmware."
        )
    (eui64,) = await ezsp.getEui64()
    (state,) = await ezsp.networkState()
    try:
        manufacturer, board, firmware = await ezsp.get_board_info()
    except InvalidCommandError:
        manufacturer = board = firmware = None
    return StickInfo(
        eui64=EUI64(eui64),
        ezsp_version=ezsp.ezsp_version,
        firmware=firmware,
        manufacturer=manufacturer,
        board=board,
        on_a_network=state != EmberNetworkStatus.NO_NETWORK,
    )
