"""What the stick's commands answer, joined and not, through bellows."""

import asyncio
from typing import Any

import pytest
from zigpy.exceptions import DeliveryError

from tests.patience import until
from virtual_han.air import AirFrame
from virtual_han.crypto.suite import SUITE_1, SUITE_2
from virtual_han.frames import (
    ApsFrame,
    ApsKind,
    NetworkCommand,
    NetworkFrame,
    NetworkKind,
    transport_network_key,
)
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.stick import Flash
from virtual_han.stick.cbke import StickCbke
from virtual_han.stick.security_commands import apply_tokens
from virtual_han.zdo import LogicalType

from .cad import LINK_KEY, connected, endpoint_of, join, t

VERSIONS = pytest.mark.parametrize("version", [8, 13, 14, 18])
NEWER = pytest.mark.parametrize("version", [13, 14, 18])


def ok(status: Any) -> bool:
    return t.sl_Status.from_ember_status(status) == t.sl_Status.OK


def context(kind: t.SecurityManagerKeyType) -> t.SecurityManagerContextV13:
    made, _ = t.SecurityManagerContextV13.deserialize(bytes([kind]) + bytes(17))
    return made


@VERSIONS
async def test_addresses_and_parameters(version: int) -> None:
    """Before and after a join."""
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        hub = t.EUI64(han.hub.network.eui64[::-1])
        *_, node = await cad.ezsp.lookupNodeIdByEui64(eui64=hub)
        assert node == 0xFFFE
        _, eui64 = await cad.ezsp.lookupEui64ByNodeId(nodeId=0)
        assert eui64.serialize() == b"\xff" * 8
        _, parent, _ = await cad.ezsp.getParentChildParameters()
        assert parent.serialize() == b"\xff" * 8
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        *_, node = await cad.ezsp.lookupNodeIdByEui64(eui64=hub)
        assert node == 0
        _, eui64 = await cad.ezsp.lookupEui64ByNodeId(nodeId=0)
        assert eui64 == hub
        _, node_type, parameters = await cad.ezsp.getNetworkParameters()
        assert node_type == t.EmberNodeType.END_DEVICE
        assert parameters.panId == han.hub.network.pan_id
        assert (
            parameters.extendedPanId.serialize()
            == han.hub.network.extended_pan_id[::-1]
        )
        assert parameters.radioChannel == 15
        _, security = await cad.ezsp.getCurrentSecurityState()
        assert security.trustCenterLongAddress == hub
        assert (
            security.bitmask & t.EmberCurrentSecurityBitmask.HAVE_TRUST_CENTER_LINK_KEY
        )
        count, parent_eui64, parent_node = await cad.ezsp.getParentChildParameters()
        assert (count, parent_eui64, parent_node) == (0, hub, 0)


async def test_energy_scan_and_configuration() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        results = await cad.ezsp.startScan(
            scanType=t.EzspNetworkScanType.ENERGY_SCAN,
            channelMask=t.Channels.CHANNEL_11 | t.Channels.CHANNEL_15,
            duration=2,
        )
        assert [tuple(map(int, one)) for one in results] == [(11, -90), (15, -90)]
        level = t.EzspConfigId.CONFIG_SECURITY_LEVEL
        assert (await cad.ezsp.getConfigurationValue(configId=level))[1] == 5
        flags = t.EzspConfigId.CONFIG_APPLICATION_ZDO_FLAGS
        await cad.ezsp.setConfigurationValue(configId=flags, value=5)
        assert han.ncp.stack.host_sees_requests
        assert han.ncp.stack.host_answers_endpoints
        await cad.ezsp.setConfigurationValue(configId=flags, value=2)
        assert not han.ncp.stack.host_sees_requests
        assert len((await cad.ezsp.readCounters())[0]) == 41
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        (status,) = await cad.ezsp.setConfigurationValue(configId=flags, value=0)
        assert not ok(status), "too late once the network is up"


@VERSIONS
async def test_network_commands_that_a_cad_never_gives(version: int) -> None:
    """Forming and permitting are refused, and the referee notes that they were tried."""
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        (status,) = await cad.ezsp.permitJoining(duration=60)
        assert not ok(status)
        parameters, _ = t.EmberNetworkParameters.deserialize(bytes(20))
        (status,) = await cad.ezsp._command("formNetwork", parameters=parameters)
        assert not ok(status)
        assert han.referee.counts()["stick_command"] == 2


@VERSIONS
async def test_endpoints_come_before_the_network(version: int) -> None:
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        [endpoint] = han.ncp.stack.endpoints
        assert endpoint.output_clusters == (0x000A, 0x0700, 0x0702, 0x0703, 0x0800)
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        (status,) = await cad.ezsp.addEndpoint(
            endpoint=2,
            profileId=0x0109,
            deviceId=0x0502,
            deviceVersion=0,
            inputClusterCount=0,
            outputClusterCount=0,
            inputClusterList=[],
            outputClusterList=[],
        )
        assert not ok(status)
        han.ncp.stack.endpoints.clear()
        with pytest.raises(DeliveryError):
            await cad.send(0x0000, b"\x00\x01\x00\x04\x00", encrypted=False)


@VERSIONS
async def test_join_directly_and_twice(version: int) -> None:
    """A stored beacon names the network; a stick that has joined cannot join again."""
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        han.admit()
        await cad._set_security(LINK_KEY, 0x0900)
        network = han.hub.network
        beacon, _ = t.EmberBeaconData.deserialize(
            bytes([15, 220, 200, 0, 0, 0, 0])
            + network.pan_id.to_bytes(2, "little")
            + network.extended_pan_id[::-1]
            + bytes(2)
            + b"\x00\x01\x01"
        )
        arguments = {
            "localNodeType": t.EmberNodeType.ROUTER,
            "beacon": beacon,
            "radioTxPower": 8,
            "clearBeaconsAfterNetworkUp": t.Bool(True),
        }
        (status,) = await cad.ezsp.joinNetworkDirectly(**arguments)
        assert ok(status)
        assert await cad.status() == t.sl_Status.NETWORK_UP
        (status,) = await cad.ezsp.joinNetworkDirectly(**arguments)
        assert not ok(status)
        (status,) = await cad.ezsp.networkInit(networkInitBitmask=0)
        assert not ok(status)
        assert han.ncp.flash.network is not None
        assert han.ncp.flash.network.node_type == t.EmberNodeType.ROUTER
        told: list[ApsFrame] = []
        han.hub.hooks.observe = lambda _, frame: told.append(frame)
        han.hub.ask(han.ncp.flash.eui64, 0x0002, b"\x01\xfd\xff")
        await cad.settled()
        [descriptor] = told
        assert descriptor.cluster_id == 0x8002
        assert descriptor.payload[:2] == b"\x01\x00"
        assert descriptor.payload[4] & 0b111 == LogicalType.ROUTER


@NEWER
async def test_keys_can_be_exported(version: int) -> None:
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:

        async def export(kind: t.SecurityManagerKeyType) -> tuple[bool, bytes]:
            answer = await cad.ezsp.exportKey(context=context(kind))
            status = next(one for one in answer if isinstance(one, t.sl_Status))
            key = next(one for one in answer if isinstance(one, t.KeyData))
            return ok(status), key.serialize()

        link, network = (
            t.SecurityManagerKeyType.TC_LINK,
            t.SecurityManagerKeyType.NETWORK,
        )
        assert await export(network) == (False, bytes(16))
        info = await cad.ezsp.getNetworkKeyInfo()
        assert not ok(info[0])
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        assert await export(network) == (True, han.hub.network.key)
        assert await export(link) == (True, LINK_KEY)
        _, info = await cad.ezsp.getNetworkKeyInfo()
        assert (info.network_key_set, info.network_key_sequence_number) == (True, 0)
        status, *_ = await cad.ezsp.importKey(
            context=context(network), key=t.KeyData(bytes(16))
        )
        assert not ok(status)
        assert await export(network) == (True, han.hub.network.key)


async def test_keys_on_old_firmware() -> None:
    """EZSP 8 reads keys with getKey."""
    async with VirtualHan(HanConfig(ezsp_version=8)) as han, connected(han.url) as cad:
        kinds = t.EmberKeyType
        status, _ = await cad.ezsp.getKey(keyType=kinds.CURRENT_NETWORK_KEY)
        assert not ok(status)
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        status, key = await cad.ezsp.getKey(keyType=kinds.CURRENT_NETWORK_KEY)
        assert ok(status)
        assert key.key.serialize() == han.hub.network.key
        status, key = await cad.ezsp.getKey(keyType=kinds.TRUST_CENTER_LINK_KEY)
        assert key.key.serialize() == LINK_KEY
        assert key.partnerEUI64.serialize() == han.hub.network.eui64[::-1]
        status, _ = await cad.ezsp.getKey(keyType=kinds.NEXT_NETWORK_KEY)
        assert not ok(status)


@NEWER
async def test_tokens(version: int) -> None:
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        answer = await cad.ezsp.getTokenData(token=0x1E12A, index=0)
        assert not ok(answer.status)
        (status,) = await cad.ezsp.setTokenData(
            token=0x1E12A, index=0, token_data=t.LVBytes32(b"12345678")
        )
        assert ok(status)
        answer = await cad.ezsp.getTokenData(token=0x1E12A, index=0)
        assert (ok(answer.status), bytes(answer.value)) == (True, b"12345678")
        await cad.ezsp.tokenFactoryReset(
            excludeOutgoingFC=True, excludeBootCounter=True
        )
        assert han.ncp.flash.tokens == {}


def test_a_token_of_another_size_is_no_key() -> None:
    flash = Flash(bytes(8), link_key=LINK_KEY, tokens={0x1E124: b"short"})
    apply_tokens(flash)
    assert flash.link_key == LINK_KEY
    assert flash.tokens == {}


@VERSIONS
@pytest.mark.parametrize("suffix", ["", "283k1"])
async def test_firmware_without_key_establishment(version: int, suffix: str) -> None:
    """Consumer firmware says LIBRARY_NOT_PRESENT to every command of the library."""
    missing = t.sl_Status.NOT_AVAILABLE
    bit = 2 if suffix else 1
    certificate, public = {
        1: (t.EmberCertificateData, t.EmberPublicKeyData),
        2: (t.EmberCertificate283k1Data, t.EmberPublicKey283k1Data),
    }[bit]
    async with (
        VirtualHan(HanConfig(ezsp_version=version)) as han,
        connected(han.url) as cad,
    ):

        async def status(name: str, **arguments: Any) -> t.sl_Status:
            answer = await getattr(cad.ezsp, name)(**arguments)
            return t.sl_Status.from_ember_status(answer[0])

        size = {1: (48, 22), 2: (74, 37)}[bit]
        assert await status(f"getCertificate{suffix}") == missing
        assert await status(f"generateCbkeKeys{suffix}") == missing
        assert (
            await status(
                f"calculateSmacs{suffix}",
                amInitiator=t.Bool(True),
                partnerCertificate=certificate(bytes(size[0])),
                partnerEphemeralPublicKey=public(bytes(size[1])),
            )
            == missing
        )
        clear = f"clearTemporaryDataMaybeStoreLinkKey{suffix}"
        assert await status(clear, storeLinkKey=t.Bool(True)) == missing
        if suffix:
            assert await status("savePreinstalledCbkeData283k1") == missing
        else:
            assert (
                await status(
                    "setPreinstalledCbkeData",
                    caPublic=t.EmberPublicKeyData(bytes(22)),
                    myCert=t.EmberCertificateData(bytes(48)),
                    myKey=t.EmberPrivateKeyData(bytes(21)),
                )
                == missing
            )
            assert (await cad.ezsp.getLibraryStatus(libraryId=6))[0] == 0
            assert (await cad.ezsp.getLibraryStatus(libraryId=1))[0] == 0x80


@VERSIONS
async def test_certificates_can_be_loaded_into_the_stick(version: int) -> None:
    """Suite 1 in one command; suite 2 with three values and a command that saves them."""
    config = HanConfig(ezsp_version=version, stick_cbke=(1, 2), suites=(1, 2))
    async with VirtualHan(config) as han, connected(han.url) as cad:
        han.ncp.flash.cbke.clear()
        for suffix in ("", "283k1"):
            status, _ = await getattr(cad.ezsp, f"getCertificate{suffix}")()
            assert not ok(status)
            results: asyncio.Queue[Any] = asyncio.Queue()
            cad.ezsp.add_callback(
                lambda _, arguments, to=results: to.put_nowait(arguments[0])
            )
            await getattr(cad.ezsp, f"generateCbkeKeys{suffix}")()
            assert not ok(await results.get())
        (token,) = await cad.ezsp.getMfgToken(tokenId=t.EzspMfgTokenId.MFG_CBKE_DATA)
        assert token == b"\xff" * 92
        one, two = han.credentials(SUITE_1.bit), han.credentials(SUITE_2.bit)
        (status,) = await cad.ezsp.setPreinstalledCbkeData(
            caPublic=t.EmberPublicKeyData(one.ca_public_key),
            myCert=t.EmberCertificateData(one.certificate),
            myKey=t.EmberPrivateKeyData(one.private_key),
        )
        assert ok(status)
        (token,) = await cad.ezsp.getMfgToken(tokenId=t.EzspMfgTokenId.MFG_CBKE_DATA)
        assert token == one.certificate + one.ca_public_key + one.private_key + b"\x00"
        (status,) = await cad.ezsp.savePreinstalledCbkeData283k1()
        assert not ok(status), "nothing was handed over yet"
        values = t.EzspValueId
        for name, octets in (
            (values.VALUE_CERTIFICATE_283K1, two.certificate),
            (values.VALUE_PUBLIC_KEY_283K1, two.ca_public_key),
            (values.VALUE_PRIVATE_KEY_283K1, two.private_key),
        ):
            (status,) = await cad.ezsp.setValue(valueId=name, value=octets)
            assert ok(status)
        (status,) = await cad.ezsp.savePreinstalledCbkeData283k1()
        assert ok(status)
        assert han.ncp.flash.cbke == {1: one, 2: two}
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await cad.establish_on_stick(2, endpoint=endpoint_of(han, 0x0800), store=False)
        assert han.ncp.flash.link_key == LINK_KEY
        (status,) = await cad.ezsp.clearTemporaryDataMaybeStoreLinkKey(
            storeLinkKey=t.Bool(True)
        )
        assert not ok(status), "no exchange of suite 1 has run"
        await cad.establish_on_stick(1, endpoint=endpoint_of(han, 0x0800))
        assert han.ncp.flash.link_key != LINK_KEY


async def test_smacs_need_keys_and_a_real_partner() -> None:
    async with VirtualHan(HanConfig(stick_cbke=(1,))) as han, connected(han.url) as cad:
        results: asyncio.Queue[Any] = asyncio.Queue()
        cad.ezsp.add_callback(lambda _, arguments: results.put_nowait(arguments[0]))
        for _ in range(2):
            await cad.ezsp.calculateSmacs(
                amInitiator=t.Bool(True),
                partnerCertificate=t.EmberCertificateData(bytes(48)),
                partnerEphemeralPublicKey=t.EmberPublicKeyData(bytes(22)),
            )
            assert not ok(await results.get())
            await cad.ezsp.generateCbkeKeys()
            assert ok(await results.get())
        assert han.ncp.cbke.certificate(1) == han.ncp.flash.cbke[1].certificate


def test_cbke_forgets_at_a_reset() -> None:
    han = VirtualHan(HanConfig(stick_cbke=(1,)))
    cbke: StickCbke = han.ncp.cbke
    assert cbke.generate(1)
    han.ncp.restart()
    assert cbke.calculate(1, bytes(48), bytes(22), initiator=True) is None
    assert cbke.generate(2) is None


@VERSIONS
async def test_long_messages_and_broadcasts(version: int) -> None:
    """82 octets go into one frame, 73 under APS encryption; broadcasts reach the hub."""
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await cad.send(0x0000, b"\x00\x01\x0b" + bytes(79), encrypted=False)
        for size, encrypted in ((83, False), (74, True)):
            with pytest.raises(DeliveryError):
                await cad.send(0x0000, bytes(size), encrypted=encrypted)
        await cad.broadcast(
            profile=0x0109,
            cluster=0x0702,
            src_ep=1,
            dst_ep=0xFF,
            grpid=0,
            radius=0,
            sequence=9,
            data=bytes.fromhex("00 09 00 0000"),
        )
        counts = han.referee.counts()
        assert counts["stick_command"] == 1
        await until(lambda: han.referee.counts()["broadcast"] == 1)


@VERSIONS
async def test_polling_finds_nothing(version: int) -> None:
    config = HanConfig(ezsp_version=version)
    async with VirtualHan(config) as han, connected(han.url) as cad:
        assert await cad.ezsp.pollForData(interval=1, units=0, failureLimit=1) == []
        assert han.ncp.stack.beacon() is None
        assert han.ncp.stack.associate(bytes(8), 1, router=False) is None


async def test_replies_are_for_fragments_only() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        frame, _ = t.EmberApsFrame.deserialize(bytes(11))
        (status,) = await cad.ezsp.sendReply(0, frame, b"")
        assert not ok(status)
        frame.options = t.EmberApsOption.APS_OPTION_FRAGMENT
        (status,) = await cad.ezsp.sendReply(0, frame, b"")
        assert not ok(status), "the network is down"
        assert han.ncp.flash.network is None


async def test_key_in_the_clear_is_refused() -> None:
    """A network that sends its key unsealed is no Smart Energy network."""
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        hub, network = han.hub, han.hub.network

        def in_the_clear(*_: object) -> None:
            command = ApsFrame(
                ApsKind.COMMAND,
                1,
                transport_network_key(
                    network.key, 0, han.ncp.flash.eui64, network.eui64
                ),
            )
            address = next(iter(hub.members.values())).address
            frame = NetworkFrame(NetworkKind.DATA, 0, address, 1, command.encode())
            han.air.transmit(
                hub, AirFrame(15, network.pan_id, 0, address, frame.encode())
            )

        hub._transmitter.network_key = in_the_clear  # type: ignore[method-assign]
        assert await cad.join() == t.sl_Status.ZIGBEE_RECEIVED_KEY_IN_THE_CLEAR


async def test_frames_that_are_not_for_the_stick() -> None:
    """Forged, foreign, stale and short frames change nothing."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        stack, network = han.ncp.stack, han.hub.network
        address = stack.address

        def hear(frame: NetworkFrame, key: bytes | None = None) -> None:
            stack.receive(AirFrame(15, network.pan_id, 0, address, frame.encode(key)))

        leave = bytes([NetworkCommand.LEAVE, 0])
        hear(NetworkFrame(NetworkKind.COMMAND, 0, address, 1, leave))
        hear(
            NetworkFrame(
                NetworkKind.COMMAND, 0, address, 1, leave, network.eui64, 9, 0
            ),
            bytes(16),
        )
        hear(
            NetworkFrame(
                NetworkKind.COMMAND, 0, address, 1, leave, network.eui64, 9, 77
            ),
            network.key,
        )
        hear(NetworkFrame(NetworkKind.COMMAND, 0, address, 1, b"\x07\x01\x02\x00"))
        hear(NetworkFrame(NetworkKind.COMMAND, 0, address, 1, b"\x07"))
        hear(NetworkFrame(NetworkKind.COMMAND, 0, address, 1, b""))
        hear(NetworkFrame(NetworkKind.DATA, 0, address, 1, b"\x01"))
        switch = ApsFrame(ApsKind.COMMAND, 1, b"\x09\x05").encode()
        hear(
            NetworkFrame(NetworkKind.DATA, 0, address, 1, switch, network.eui64, 9, 0),
            network.key,
        )
        other = ApsFrame(ApsKind.COMMAND, 1, b"\x0e\x05").encode()
        hear(
            NetworkFrame(NetworkKind.DATA, 0, address, 1, other, network.eui64, 9, 0),
            network.key,
        )
        unknown_ack = ApsFrame(ApsKind.ACK, 200).encode()
        hear(
            NetworkFrame(
                NetworkKind.DATA, 0, address, 1, unknown_ack, network.eui64, 9, 0
            ),
            network.key,
        )
        stack.receive(AirFrame(15, network.pan_id, 0, address, b"\x00"))
        await cad.settled()
        assert cad.statuses.empty()
        assert cad.packets.empty()
        assert han.ncp.flash.network is not None
        assert not stack.hears(AirFrame(11, network.pan_id, 0, address, b""))
        han.faults.inject("network_down")
        hear(
            NetworkFrame(
                NetworkKind.DATA,
                0,
                address,
                1,
                ApsFrame(ApsKind.DATA, 3, b"late").encode(),
                network.eui64,
                9,
                0,
            ),
            network.key,
        )
        await cad.settled()
        assert cad.packets.empty()


async def test_the_hub_drops_what_it_cannot_trust() -> None:
    """Replays, frames of strangers, and keys that are not link keys."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        hub, network = han.hub, han.hub.network
        eui64, address = han.ncp.flash.eui64, han.ncp.stack.address
        seen: list[object] = []
        hub.hooks.observe = lambda *what: seen.append(what)

        def hear(
            payload: bytes, counter: int, sender: bytes = eui64, kind: int = 0
        ) -> None:
            frame = NetworkFrame(
                NetworkKind(kind), address, 0, 1, payload, sender, counter, 0
            )
            octets = frame.encode(network.key)
            hub.receive(AirFrame(15, network.pan_id, address, 0, octets))

        data = ApsFrame(ApsKind.DATA, 9, b"\x00\x01\x00", 1, 1, 0, 0x0109).encode()
        hear(data, 1)
        hear(data, 10**6, b"STRANGER")
        assert seen == []
        hear(data, 10**6)
        assert len(seen) == 1
        hear(data, 10**6 + 1)
        assert len(seen) == 1, "a frame that is sent again is heard once"
        hear(ApsFrame(ApsKind.COMMAND, 1, b"\x05").encode(), 10**6 + 2)
        hear(b"\xff", 10**6 + 3, kind=1)
        hear(b"", 10**6 + 4)
        hear(b"", 10**6 + 5, kind=1)
        hub.power_off()
        hear(data, 10**6 + 6)
        hub.receive(AirFrame(15, network.pan_id, address, 0, b""))
        assert len(seen) == 1
        assert hub.associate(eui64, 0, router=False) is None
        hub.power_on()
        unsecured = NetworkFrame(
            NetworkKind.DATA, address, 0, 1, b"\x01", eui64
        ).encode()
        hub.receive(AirFrame(15, network.pan_id, address, 0, unsecured))
        assert hub.members


async def test_a_restart_drops_what_waits_for_an_acknowledgement() -> None:
    """Nothing of an earlier life of the firmware reaches the host."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("corrupted", direction="to_hub")
        sending = asyncio.create_task(
            cad.send(0x0702, b"\x00\x31\x00\x00\x00", endpoint=endpoint_of(han, 0x0702))
        )
        while not han.faults.struck["corrupted"]:
            await asyncio.sleep(0)
        han.ncp.restart()
        await asyncio.sleep(0.15)
        assert not sending.done()
        sending.cancel()


async def test_late_frames_find_a_stick_that_has_left() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.faults.inject("late", direction="to_device", seconds=0.05)
        await cad.send(
            0x0702, b"\x00\x31\x00\x00\x00", endpoint=endpoint_of(han, 0x0702)
        )
        await cad.ezsp.leaveNetwork()
        await until(lambda: not han.faults._timers)
        await cad.settled()
        assert cad.packets.empty()


async def test_a_rejoin_answer_that_nobody_waits_for() -> None:
    """It comes from the hub under the network key, and changes nothing."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        address = han.ncp.stack.address
        han.hub._transmitter.rejoin_response(address, 0x4321, 0, secured=True)
        await cad.settled()
        assert han.ncp.stack.address == address
        assert cad.statuses.empty()


async def test_server_address() -> None:
    """The port is known once it listens; a second stop does nothing."""
    han = VirtualHan()
    assert han.stick.port == 0
    async with han.stick as server:
        assert server.port
        assert server.url == f"socket://127.0.0.1:{server.port}"
    await server.stop()
