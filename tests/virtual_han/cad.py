"""A plain CAD for tests: unmodified bellows that joins, and a key establishment run by hand.

It shares nothing with the integration. Its frames are spelled out as octets.
"""

import asyncio
from collections.abc import AsyncGenerator
import contextlib
import copy
import functools
from random import Random
import struct
from typing import Any

from bellows.config import CONFIG_SCHEMA
from bellows.exception import EzspError
import bellows.types as t
from bellows.zigbee.application import ControllerApplication
from zigpy.config import SCHEMA_DEVICE
import zigpy.state
import zigpy.types as zt
from zigpy.zdo.types import SimpleDescriptor

from tests.patience import PATIENCE
from virtual_han.crypto.agreement import agree, draw_ephemeral
from virtual_han.crypto.ecqv import Credentials
from virtual_han.han import VirtualHan

SMART_ENERGY = 0x0109
ENDPOINT = 1
LINK_KEY = bytes.fromhex("66B6900981E1EE3CA4206B6B861C02BB")
"""The link key of install code 83FED3407A939723A5C639B26916D505C3B5, as Zigbee documents print it."""


class CadApplication(ControllerApplication):
    """The least of bellows that joins a network as a device."""

    @staticmethod
    def SCHEMA(given: dict[str, Any]) -> dict[str, Any]:
        """Take what `config` gives: zigpy 2.4.0's own schema does not bear to be used fifty times."""
        return copy.deepcopy(checked_config()) | {
            "device": SCHEMA_DEVICE(given["device"])
        }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.packets: asyncio.Queue[zt.ZigbeePacket] = asyncio.Queue()
        self.statuses: asyncio.Queue[t.sl_Status] = asyncio.Queue()
        self.lost: list[Exception | None] = []
        self.switched: list[int] = []

    async def register_endpoints(self) -> None:
        """Register the one Smart Energy endpoint."""
        await self.add_endpoint(
            SimpleDescriptor(
                endpoint=ENDPOINT,
                profile=SMART_ENERGY,
                device_type=0x0502,
                device_version=0,
                input_clusters=[0x0000, 0x0800],
                output_clusters=[0x000A, 0x0700, 0x0702, 0x0703, 0x0800],
            )
        )

    def packet_received(self, packet: zt.ZigbeePacket) -> None:
        self.packets.put_nowait(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    @property
    def ezsp(self) -> Any:
        return self._ezsp

    async def connect(self) -> None:
        await super().connect()
        self._ezsp.add_callback(self._callback)

    def _callback(self, name: str, arguments: list[Any]) -> None:
        if name == "stackStatusHandler":
            self.statuses.put_nowait(t.sl_Status.from_ember_status(arguments[0]))
        elif name == "switchNetworkKeyHandler":
            self.switched.append(int(arguments[0]))

    async def load_network_info(self, *, load_devices: bool = False) -> None:
        _, node_type, _ = await self._ezsp.getNetworkParameters()
        (nwk,) = await self._ezsp.getNodeId()
        (ieee,) = await self._ezsp.getEui64()
        self.state.node_info = zigpy.state.NodeInfo(
            nwk=zt.NWK(nwk),
            ieee=zt.EUI64(ieee),
            logical_type=node_type.zdo_logical_type,
        )

    async def start_network(self) -> None:
        """Bring up a network that was joined before."""
        await self._ensure_network_running()
        await self.run()

    async def run(self) -> None:
        """Listen for messages."""
        await self.load_network_info()
        self._ezsp.add_callback(self.ezsp_callback_handler)
        self.controller_event.set()

    async def scan(self) -> list[zt.NetworkBeacon]:
        return [
            beacon async for beacon in self.network_scan(zt.Channels.ALL_CHANNELS, 5)
        ]

    async def join(
        self,
        link_key: bytes = LINK_KEY,
        node_type: t.EmberNodeType = t.EmberNodeType.END_DEVICE,
        bits: int = 0x0900,
    ) -> t.sl_Status:
        """Join the network that is in the air; return how it ended."""
        [beacon] = await self.scan()
        await self._set_security(link_key, bits)
        status = await self.join_beacon(beacon, node_type)
        if status == t.sl_Status.NETWORK_UP:
            await self.run()
        return status

    async def join_refused(self, bits: int) -> t.sl_Status:
        """Try to join with other security bits; return how joinNetwork itself answers."""
        await self._set_security(bytes(16), bits)
        [beacon] = await self.scan()
        return await self.join_beacon(beacon)

    async def _set_security(self, link_key: bytes, bits: int) -> None:
        state = t.EmberInitialSecurityState(
            bitmask=t.EmberInitialSecurityBitmask(bits),
            preconfiguredKey=t.KeyData(link_key),
            networkKey=t.KeyData(bytes(16)),
            networkKeySequenceNumber=t.uint8_t(0),
            preconfiguredTrustCenterEui64=t.EUI64(bytes(8)),
        )
        (status,) = await self._ezsp.setInitialSecurityState(state=state)
        assert status == 0

    async def join_beacon(
        self,
        beacon: zt.NetworkBeacon,
        node_type: t.EmberNodeType = t.EmberNodeType.END_DEVICE,
    ) -> t.sl_Status:
        parameters = t.EmberNetworkParameters(
            extendedPanId=beacon.extended_pan_id,
            panId=beacon.pan_id,
            radioTxPower=t.uint8_t(8),
            radioChannel=t.uint8_t(beacon.channel),
            joinMethod=t.EmberJoinMethod.USE_MAC_ASSOCIATION,
            nwkManagerId=t.EmberNodeId(0),
            nwkUpdateId=t.uint8_t(0),
            channels=t.Channels.ALL_CHANNELS,
        )
        (status,) = await self._ezsp.joinNetwork(
            nodeType=node_type, parameters=parameters
        )
        status = t.sl_Status.from_ember_status(status)
        if status != t.sl_Status.OK:
            return status
        return await self.status()

    async def status(self) -> t.sl_Status:
        """Wait for the next stackStatusHandler."""
        async with asyncio.timeout(PATIENCE):
            return await self.statuses.get()

    async def rejoin(self, *, secured: bool) -> t.sl_Status:
        """Rejoin with the network key, or through the trust centre without it."""
        arguments = {
            "haveCurrentNetworkKey": t.Bool(secured),
            "channelMask": t.Channels.ALL_CHANNELS,
        }
        if self._ezsp.ezsp_version >= 14:
            arguments |= {"reason": 0, "nodeType": t.EmberNodeType.END_DEVICE}
        (status,) = await self._ezsp.findAndRejoinNetwork(**arguments)
        assert status == 0
        return await self.status()

    async def send(
        self,
        cluster: int,
        payload: bytes,
        *,
        endpoint: int = 1,
        encrypted: bool = True,
        ack: bool = True,
        profile: int = SMART_ENERGY,
    ) -> None:
        """Send one frame to the hub."""
        options = zt.TransmitOptions.NONE
        if encrypted:
            options |= zt.TransmitOptions.APS_Encryption
        if ack:
            options |= zt.TransmitOptions.ACK
        await self.send_packet(
            zt.ZigbeePacket(
                src=zt.AddrModeAddress(zt.AddrMode.NWK, self.state.node_info.nwk),
                src_ep=ENDPOINT if endpoint else 0,
                dst=zt.AddrModeAddress(zt.AddrMode.NWK, zt.NWK(0)),
                dst_ep=endpoint,
                tsn=self.get_sequence(),
                profile_id=profile,
                cluster_id=cluster,
                data=zt.SerializableBytes(payload),
                tx_options=options,
            )
        )

    async def settled(self) -> None:
        """Wait until all that has come to the stick is here too: it tells and answers in order."""
        await self._ezsp.nop()

    async def receive(self) -> zt.ZigbeePacket:
        async with asyncio.timeout(PATIENCE):
            return await self.packets.get()

    async def ask(self, cluster: int, payload: bytes, **how: Any) -> bytes:
        """Send one frame and return the answer's octets."""
        await self.send(cluster, payload, **how)
        return (await self.receive()).data.serialize()

    async def _establishing(
        self, endpoint: int, sequence: int, command: int, body: bytes
    ) -> bytes:
        """Send a command of key establishment; return the body of its answer."""
        answer = await self.ask(
            0x0800,
            bytes([0x01, sequence, command]) + body,
            endpoint=endpoint,
            encrypted=False,
        )
        assert answer[:3] == bytes([0x19, sequence, command]), answer.hex()
        return answer[3:]

    async def establish(
        self, credentials: Credentials, *, endpoint: int, sequence: int = 0x20
    ) -> bytes:
        """Run key establishment as the initiator; return the link key."""
        suite = credentials.suite

        step = functools.partial(self._establishing, endpoint, sequence)
        initiate = await step(
            0x00, struct.pack("<HBB", suite.bit, 3, 6) + credentials.certificate
        )
        assert initiate[:2] == suite.bit.to_bytes(2, "little")
        ephemeral = draw_ephemeral(suite.curve, Random(99))
        partner = await step(0x01, ephemeral.public)
        agreement = agree(credentials, ephemeral, initiate[4:], partner, initiator=True)
        assert await step(0x02, agreement.initiator_mac) == agreement.responder_mac
        return agreement.link_key

    async def establish_on_stick(
        self, bit: int, *, endpoint: int, sequence: int = 0x40, store: bool = True
    ) -> None:
        """Run key establishment with the stick's own arithmetic."""
        suffix = "283k1" if bit == 2 else ""
        results: asyncio.Queue[list[Any]] = asyncio.Queue()

        def callback(name: str, arguments: list[Any]) -> None:
            if name in (
                f"generateCbkeKeysHandler{suffix}",
                f"calculateSmacsHandler{suffix}",
            ):
                results.put_nowait(arguments)

        self._ezsp.add_callback(callback)
        status, certificate = await getattr(self._ezsp, f"getCertificate{suffix}")()
        assert status == 0

        step = functools.partial(self._establishing, endpoint, sequence)
        initiate = await step(
            0x00, struct.pack("<HBB", bit, 3, 6) + certificate.serialize()
        )
        await getattr(self._ezsp, f"generateCbkeKeys{suffix}")()
        status, public = await results.get()
        assert status == 0
        partner = await step(0x01, public.serialize())
        kinds = {
            1: (t.EmberCertificateData, t.EmberPublicKeyData),
            2: (t.EmberCertificate283k1Data, t.EmberPublicKey283k1Data),
        }[bit]
        await getattr(self._ezsp, f"calculateSmacs{suffix}")(
            amInitiator=t.Bool(True),
            partnerCertificate=kinds[0](initiate[4:]),
            partnerEphemeralPublicKey=kinds[1](partner),
        )
        status, ours, theirs = await results.get()
        assert status == 0
        assert await step(0x02, ours.serialize()) == theirs.serialize()
        (status,) = await getattr(
            self._ezsp, f"clearTemporaryDataMaybeStoreLinkKey{suffix}"
        )(storeLinkKey=t.Bool(store))
        assert status == 0

    async def import_key(self, key: bytes) -> None:
        """Install the trust centre link key, as EZSP 12 and later do."""
        context = t.SecurityManagerContextV13()
        context.core_key_type = t.SecurityManagerKeyType.TC_LINK
        context.key_index = t.uint8_t(0)
        context.derived_type = t.SecurityManagerDerivedKeyTypeV13.NONE
        context.eui64 = t.EUI64(bytes(8))
        context.multi_network_index = t.uint8_t(0)
        context.flags = t.SecurityManagerContextFlags.NONE
        context.psa_key_alg_permission = t.uint32_t(0x05440100)
        status, *_ = await self._ezsp.importKey(context=context, key=t.KeyData(key))
        assert status == 0


def config(url: str) -> dict[str, Any]:
    """Return bellows' configuration for a stick."""
    return {
        "device": {"path": url},
        "database_path": None,
        "ota": {"enabled": False},
        "use_thread": False,
        "ezsp_config": {"CONFIG_APPLICATION_ZDO_FLAGS": 0},
    }


@functools.cache
def checked_config() -> dict[str, Any]:
    """Return bellows' configuration with all that it adds."""
    return CONFIG_SCHEMA(config(""))


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncGenerator[CadApplication]:
    """Connect a CAD to a stick, and let go of it at the end."""
    application = CadApplication(config(url))
    await application.connect()
    try:
        yield application
    finally:
        with contextlib.suppress(EzspError):
            await application.disconnect()


def endpoint_of(han: VirtualHan, cluster: int) -> int:
    """Return the first of the hub's endpoints that serves a cluster."""
    return next(
        item.endpoint for item in han.hub.endpoints() if cluster in item.input_clusters
    )


async def join(han: VirtualHan, cad: CadApplication) -> None:
    """Admit a CAD, let it join, establish its key and install it."""
    han.admit()
    assert await cad.join() == t.sl_Status.NETWORK_UP
    key = await cad.establish(han.credentials(), endpoint=endpoint_of(han, 0x0800))
    await cad.import_key(key)
