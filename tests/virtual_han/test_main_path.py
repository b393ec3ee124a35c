"""From nothing to a reading, through unmodified bellows, on every EZSP version."""

import pytest
from zigpy.exceptions import DeliveryError

from virtual_han.aps import Fuel
from virtual_han.crypto.suite import SUITE_1, SUITE_2
from virtual_han.han import HanConfig, VirtualHan

from .cad import LINK_KEY, CadApplication, connected, endpoint_of, join, t

KEY_ESTABLISHMENT = 0x0800
METERING = 0x0702
READ_REGISTER = bytes.fromhex("00 31 00 0000")
VERSIONS = pytest.mark.parametrize("version", [8, 13, 14, 18])


async def read_register(han: VirtualHan, cad: CadApplication) -> int:
    """Read CurrentSummationDelivered under the link key."""
    answer = await cad.ask(METERING, READ_REGISTER, endpoint=endpoint_of(han, METERING))
    # Read Attributes Response, attribute 0, SUCCESS, uint48.
    assert answer[:3].hex() in ("183101", "083101")
    assert answer[3:7] == bytes.fromhex("0000 00 25")
    return int.from_bytes(answer[7:13], "little")


@pytest.mark.parametrize("version", [13, 14, 18])
async def test_join_establish_and_read(version: int) -> None:
    """Join with the install code's key, establish a key on the host, import it, read."""
    async with (
        VirtualHan(HanConfig(ezsp_version=version)) as han,
        connected(han.url) as cad,
    ):
        await join(han, cad)
        meter = han.servers.home.meters[Fuel.ELECTRICITY]

        def truth() -> int:
            return meter.raw(meter.delivered.reading(han.clock.instant()))

        before = truth()
        assert before <= await read_register(han, cad) <= truth()
        assert han.referee.counts() == dict.fromkeys(han.referee.counts(), 0)


@VERSIONS
@pytest.mark.parametrize("suite", [SUITE_1, SUITE_2], ids=["suite_1", "suite_2"])
async def test_the_stick_establishes_the_key(version: int, suite: object) -> None:
    """Firmware with the library does the arithmetic, and keeps the key."""
    bit = suite.bit  # type: ignore[attr-defined]
    config = HanConfig(ezsp_version=version, suites=(1, 2), stick_cbke=(1, 2))
    async with VirtualHan(config) as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await cad.establish_on_stick(bit, endpoint=endpoint_of(han, KEY_ESTABLISHMENT))
        assert await read_register(han, cad) >= 12_345_678


@VERSIONS
async def test_refusals(version: int) -> None:
    """Each refusal shows as the status that a stick reports for it."""
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        assert await cad.join() == t.sl_Status.NOT_JOINED, "no window is open"
        han.log.add(bytes(8), bytes(16))
        nobody = await cad.join()
        assert nobody == t.sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED, (
            "another device's window"
        )
        han.admit()
        wrong = await cad.join(bytes(16))
        assert wrong == t.sl_Status.ZIGBEE_NO_NETWORK_KEY_RECEIVED, (
            "another install code"
        )
        han.log.seat(b"IHD45678")
        assert await cad.join() == t.sl_Status.NOT_JOINED, "the only slot is taken"
        han.log.unseat(b"IHD45678")
        [beacon] = await cad.scan()
        assert beacon.permit_joining
        han.hub.power_off()
        assert await cad.join_beacon(beacon) == t.sl_Status.NO_BEACONS
        han.hub.power_on()
        assert await cad.join() == t.sl_Status.NETWORK_UP


async def test_security_state_must_be_set() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        [beacon] = await cad.scan()
        assert (
            await cad.join_beacon(beacon) == t.sl_Status.ZIGBEE_SECURITY_STATE_NOT_SET
        )
        assert (
            await cad.join_refused(0) == t.sl_Status.ZIGBEE_PRECONFIGURED_KEY_REQUIRED
        )


async def test_join_with_the_install_code_in_the_stick() -> None:
    """GET_PRECONFIGURED_KEY_FROM_INSTALL_CODE takes the code from the token."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join(bytes(16), bits=0x2900) == t.sl_Status.NETWORK_UP
        (token,) = await cad.ezsp.getMfgToken(
            tokenId=t.EzspMfgTokenId.MFG_INSTALLATION_CODE
        )
        assert token == bytes.fromhex("0600 83FED3407A939723A5C639B26916D505 C3B5")


async def test_no_install_code_in_the_stick() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        han.ncp.flash.install_code = b""
        assert (
            await cad.join_refused(0x2000)
            == t.sl_Status.ZIGBEE_PRECONFIGURED_KEY_REQUIRED
        )
        (token,) = await cad.ezsp.getMfgToken(
            tokenId=t.EzspMfgTokenId.MFG_INSTALLATION_CODE
        )
        assert token == b"\xff" * 20


async def test_data_needs_the_established_key() -> None:
    """Under the network key: Default Response FAILURE. Under the joining key: silence, no APS ack."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        meter = endpoint_of(han, METERING)
        refused = await cad.ask(
            METERING, READ_REGISTER, endpoint=meter, encrypted=False
        )
        assert refused == bytes.fromhex("18 31 0b 00 01")
        with pytest.raises(DeliveryError):
            await cad.send(METERING, READ_REGISTER, endpoint=meter)
        assert cad.packets.empty()
        assert han.referee.counts()["unencrypted"] == 1


async def test_wrong_credentials_get_no_key() -> None:
    """A certificate of another authority fails at key confirmation, not before."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        stranger = VirtualHan(HanConfig(seed=2)).credentials()
        with pytest.raises(AssertionError, match="19200302"):
            await cad.establish(stranger, endpoint=endpoint_of(han, KEY_ESTABLISHMENT))
        assert han.hub.members[han.ncp.flash.eui64].key is None


async def test_joining_key_is_the_published_one() -> None:
    """The helper's key is the one that Zigbee documents print for the example install code."""
    assert LINK_KEY.hex() == "66b6900981e1ee3ca4206b6b861c02bb"
    assert HanConfig().install_code.hex() == "83fed3407a939723a5c639b26916d505"


def test_defaults_are_smets1() -> None:
    """One slot, suite 1, EZSP 13."""
    config = HanConfig()
    assert (config.slots, config.suites, config.ezsp_version) == (1, (SUITE_1.bit,), 13)
