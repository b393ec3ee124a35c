"""Recognise the stick behind a port without touching what it holds."""

from asyncio import timeout
from dataclasses import dataclass, field
from typing import Final, override

from bellows.ash import AshException
from bellows.exception import EzspError, InvalidCommandError
from bellows.ezsp import EZSP
from bellows.types import EmberNodeType, EzspMfgTokenId, sl_Status
from zigpy.config import CONF_DEVICE_BAUDRATE, CONF_DEVICE_PATH, SCHEMA_DEVICE

from ..cad.errors import CadError, Responsible
from ..smart_energy.certificate import CryptoSuite
from ..smart_energy.eui64 import Eui64
from ..smart_energy.install_code import InstallCode, crc_x25
from .ezsp import QuietEzsp
from .privacy import private
from .status import normalise

OLDEST_EZSP: Final = 8
"""EmberZNet 6.7; older firmware has another frame format and no key import."""

BAUDRATE: Final = 115200
"""What the common EFR32 sticks ship with."""

CONNECT_TIMEOUT: Final = 20.0
"""Seconds. A stick answers within one; a network port may need its reset twice."""

_DEVICES: Final = frozenset({EmberNodeType.END_DEVICE, EmberNodeType.ROUTER})

_CODE_SIZES: Final = (6, 8, 12, 16)
"""Octets of an install code by bits 1 and 2 of the token's flags."""


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
    """What a stick says of itself.

    Attributes:
        eui64: its address.
        ezsp_version: of the serial protocol.
        firmware: EmberZNet's version.
        manufacturer: of the board, as its maker wrote it.
        board: the board's name, as its maker wrote it.
        extended_pan_id: of the network that it is on already, another program's or an
            earlier pairing's; None if it is on none.
        is_device: whether it is a device of that network, as a CAD is, and not its coordinator, as another program's
            stick is.
        install_code: the one that its maker wrote into it.
        cbke_suites: suites for which it has both the elliptic-curve library and a
            certificate of its own.
    """

    eui64: Eui64
    ezsp_version: int
    firmware: str | None = None
    manufacturer: str | None = None
    board: str | None = None
    extended_pan_id: str | None = None
    is_device: bool = False
    install_code: InstallCode | None = field(default=None, repr=False)
    cbke_suites: frozenset[CryptoSuite] = frozenset()

    @override
    def __repr__(self) -> str:
        """Leave out what names the household's device."""
        return (
            f"StickInfo(ezsp_version={self.ezsp_version}, firmware={self.firmware!r})"
        )


async def probe(path: str) -> StickInfo:
    """Open the stick at a path, ask who it is, and close it again.

    The stick is reset and questioned, and nothing is written, so a stick that
    belongs to somebody else is left as it was.

    Args:
        path: a serial port ("/dev/serial/by-id/…") or "socket://host:port".

    Raises:
        StickUnreachable: the port cannot be opened.
        StickSilent: nothing behind the port speaks EZSP in time.
        StickTooOld: the firmware speaks an EZSP older than version 8.
    """
    ezsp = QuietEzsp(
        SCHEMA_DEVICE({CONF_DEVICE_PATH: path, CONF_DEVICE_BAUDRATE: BAUDRATE})
    )
    try:
        async with timeout(CONNECT_TIMEOUT):
            await ezsp.connect(use_thread=False)
            with private():
                return await _ask(ezsp)
    except (TimeoutError, EzspError, AshException) as err:
        raise StickSilent(
            "Nothing behind this port answers as an EmberZNet stick. Check that it is the right port and that the stick "
            "runs Zigbee coordinator (NCP) firmware."
        ) from err
    except (OSError, ValueError, AttributeError) as err:
        # bellows has no transport any more once the port is gone, and looks for it all the same.
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
    token = bytes(await ezsp.get_mfg_token(EzspMfgTokenId.MFG_INSTALLATION_CODE))
    suites = [suite for suite in CryptoSuite if await _has_certificate(ezsp, suite)]
    manufacturer, board, firmware = await ezsp.get_board_info()
    # Last, since it may end in a reset.
    network, is_device = await _network(ezsp)
    return StickInfo(
        eui64=Eui64(eui64.serialize()[::-1]),
        ezsp_version=ezsp.ezsp_version,
        firmware=firmware,
        manufacturer=manufacturer,
        board=board,
        install_code=_install_code(token),
        cbke_suites=frozenset(suites),
        extended_pan_id=network,
        is_device=is_device,
    )


async def _network(ezsp: EZSP) -> tuple[str | None, bool]:
    """Return the extended PAN ID of the network in the stick's memory, None if there is none, and whether it is a device there.

    A stick does not tell before its network is up. It is up for the moment that one
    answer takes; then a reset takes it down again, with nothing written.
    """
    if normalise(await ezsp.initialize_network()) != sl_Status.OK:
        return None, False
    _, node_type, parameters = await ezsp.getNetworkParameters()
    await ezsp.reset()
    return str(parameters.extendedPanId), node_type in _DEVICES


def _install_code(token: bytes) -> InstallCode | None:
    """Read the manufacturing token: flags, code in 16 octets, CRC; None where it was never written.

    Flag bit 0 is set while there is no code; bits 1 and 2 give its length
    (EmberZNet, token-manufacturing.h). A code whose CRC is wrong is no code.
    """
    if len(token) < 20 or token[0] & 0x01:
        return None
    code = token[2 : 2 + _CODE_SIZES[token[0] >> 1 & 0x03]]
    if crc_x25(code) != int.from_bytes(token[18:20], "little"):
        return None
    return InstallCode(code)


async def _has_certificate(ezsp: EZSP, suite: CryptoSuite) -> bool:
    """Whether firmware and flash are ready for key establishment inside the stick."""
    command = (
        ezsp.getCertificate
        if suite is CryptoSuite.SUITE_1
        else ezsp.getCertificate283k1
    )
    try:
        status, certificate = await command()
    except InvalidCommandError:
        return False
    return normalise(status) == sl_Status.OK and len(set(bytes(certificate))) > 1
