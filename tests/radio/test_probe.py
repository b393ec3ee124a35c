"""Recognise a stick without changing what it holds."""

import asyncio
from collections.abc import AsyncGenerator
import socket
from unittest.mock import AsyncMock, patch

from bellows.ash import AshProtocol, ErrorFrame, NakFrame, RStackFrame, RstFrame
from bellows.exception import InvalidCommandError
from bellows.ezsp import EZSP
from bellows.types import NcpResetCode
import pytest

from custom_components.smets1_cad.radio import probe as probe_module
from custom_components.smets1_cad.radio.probe import (
    StickSilent,
    StickTooOld,
    StickUnreachable,
    probe,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from virtual_han.han import VirtualHan

from .virtual import VERSIONS, connected, eui64, link_key, virtual_han

pytestmark = pytest.mark.usefixtures("socket_enabled")

CODE = InstallCode(bytes.fromhex("83FED3407A939723A5C639B26916D505"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suites", [(), (1,), (1, 2)])
async def test_stick_of_each_version(version: int, suites: tuple[int, ...]) -> None:
    """Its address, its maker's install code, and the suites that it can use itself."""
    async with virtual_han(ezsp_version=version, stick_cbke=suites) as han:
        info = await probe(han.url)
    assert str(info.eui64).replace(":", "").upper() == "00124B0001ABCDEF"
    assert info.ezsp_version == version
    assert info.install_code == CODE
    assert info.cbke_suites == {CryptoSuite(bit) for bit in suites}
    assert info.extended_pan_id is None
    assert "ABCDEF" not in repr(info).upper()


@pytest.mark.parametrize("version", VERSIONS)
async def test_network_of_the_stick_is_found_and_left(version: int) -> None:
    """A reset later the stick says the same, and still has its network."""
    async with virtual_han(ezsp_version=version) as han:
        han.admit()
        async with connected(han) as radio:
            await radio.resume()
            (beacon,) = [*await radio.scan((15,))]
            network = await radio.join(beacon, link_key(han))
        before = han.ncp.flash.network
        for _ in range(2):
            info = await probe(han.url)
            assert info.extended_pan_id == str(network.extended_pan_id)
        assert han.ncp.flash.network == before
        assert eui64(han.hub.network.eui64) == network.trust_centre


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    async with virtual_han() as han:
        yield han


@pytest.mark.parametrize("code", [bytes(6), bytes(range(8)), bytes(range(12))])
async def test_shorter_install_codes(code: bytes) -> None:
    async with virtual_han(install_code=code) as han:
        info = await probe(han.url)
    assert info.install_code == InstallCode(code)


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"\xff" * 20,
        b"\x01" + bytes(19),
        b"\x06\x00" + CODE.octets + b"\x00\x00",
    ],
    ids=["none", "erased", "unset", "wrong_crc"],
)
async def test_token_without_a_code(han: VirtualHan, token: bytes) -> None:
    """What is no code is never shown as one."""
    with patch("bellows.ezsp.EZSP.get_mfg_token", AsyncMock(return_value=token)):
        assert (await probe(han.url)).install_code is None


async def test_firmware_without_certificates(han: VirtualHan) -> None:
    """It does not know the command; the certificate then has to be loaded."""
    with patch(
        "bellows.ezsp.EZSP.getCertificate",
        AsyncMock(side_effect=InvalidCommandError),
        create=True,
    ):
        assert (await probe(han.url)).cbke_suites == frozenset()


async def test_firmware_that_is_too_old(han: VirtualHan) -> None:
    with (
        patch.object(probe_module, "OLDEST_EZSP", 99),
        pytest.raises(StickTooOld, match="99 or newer"),
    ):
        await probe(han.url)


async def test_nothing_at_the_port() -> None:
    with pytest.raises(StickUnreachable):
        await probe("/dev/there-is-no-such-port")


async def test_stick_that_is_pulled_while_it_is_asked(han: VirtualHan) -> None:
    """Bellows has lost its transport then, and stumbles over that."""
    version = EZSP.version

    async def pull(ezsp: EZSP) -> None:
        han.ncp.unplug()
        while ezsp._gw._obj._transport is not None:
            await asyncio.sleep(0.01)
        await version(ezsp)

    with patch.object(EZSP, "version", pull), pytest.raises(StickUnreachable):
        await probe(han.url)


async def test_port_where_something_else_answers() -> None:
    """It accepts the connection and says nothing that is EZSP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        patch.object(probe_module, "CONNECT_TIMEOUT", 0.3),
        pytest.raises(StickSilent),
    ):
        await probe(f"socket://127.0.0.1:{server.getsockname()[1]}")


RESET = RStackFrame(version=2, reset_code=NcpResetCode.RESET_SOFTWARE)
NOT_TAKEN = NakFrame(res=0, ncp_ready=False, ack_num=0)
GIVEN_UP = ErrorFrame(
    version=2, reset_code=NcpResetCode.ERROR_EXCEEDED_MAXIMUM_ACK_TIMEOUT_COUNT
)


def on_the_wire(frame: ErrorFrame | NakFrame | RstFrame | RStackFrame) -> bytes:
    """Return a frame of ASH as a port carries it."""
    return bytes(AshProtocol._stuff_bytes(frame.to_bytes())) + b"\x7e"


@pytest.mark.parametrize("answer", [NOT_TAKEN, GIVEN_UP], ids=["nak", "error"])
async def test_stick_that_resets_and_takes_no_command(
    answer: NakFrame | ErrorFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It speaks ASH, and no EZSP over it, as one does that hangs."""
    monkeypatch.setattr("bellows.ezsp.RESET_ATTEMPTS", 1)
    reset = on_the_wire(RstFrame())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while received := await reader.read(256):
            writer.write(on_the_wire(RESET if reset in received else answer))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(StickSilent):
            await probe(f"socket://{host}:{port}")
