"""What zigpy and bellows would do as a coordinator, and a CAD never does."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from bellows.types import EmberIncomingMessageType as Kind
import pytest
from zigpy.exceptions import DeliveryError
import zigpy.types as t
from zigpy.zcl import Cluster
from zigpy.zdo.types import ZDOCmd

from custom_components.smets1_cad.radio.application import (
    JoiningApplication,
    NotForCads,
)
from custom_components.smets1_cad.radio.stick import EzspRadio
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.device import ClusterEar, HanFrame
from custom_components.smets1_cad.smart_energy.session.gate import Gate
from tests.patience import until
from virtual_han.frames import ApsFrame
from virtual_han.han import STICK_EUI64, VirtualHan

from .messages import REPORT, incoming
from .virtual import connected, link_key, virtual_han


@pytest.fixture
async def han() -> AsyncGenerator[VirtualHan]:
    """A network."""
    async with virtual_han() as network:
        yield network


@pytest.fixture
async def radio(han: VirtualHan) -> AsyncGenerator[EzspRadio]:
    """A radio on that network, with a session's gate."""
    async with connected(han) as stick:
        han.admit()
        stick.set_gate(Gate().check)
        await stick.resume()
        (beacon,) = await stick.scan([15])
        await stick.join(beacon, link_key(han))
        yield stick


@pytest.fixture
def application(radio: EzspRadio) -> JoiningApplication:
    """The bellows application inside."""
    assert radio._application is not None
    return radio._application


type Call = Callable[[JoiningApplication], Coroutine[Any, Any, object]]

COORDINATOR_CALLS: dict[str, Call] = {
    "permit": lambda app: app.permit(60),
    "permit_ncp": lambda app: app.permit_ncp(60),
    "permit_with_link_key": lambda app: app.permit_with_link_key(
        t.EUI64(bytes(8)), None
    ),
    "form_network": lambda app: app.form_network(),
    "write_network_info": lambda app: app.write_network_info(
        network_info=None, node_info=None
    ),
    "reset_network_info": lambda app: app.reset_network_info(),
    "move_network_to_channel": lambda app: app.move_network_to_channel(20),
    "energy_scan": lambda app: app.energy_scan(t.Channels.ALL_CHANNELS, 1, 1),
    "remove": lambda app: app.remove(t.EUI64(bytes(8))),
    "force_remove": lambda app: app.force_remove(None),
    "reinterview_device": lambda app: app.reinterview_device(t.EUI64(bytes(8))),
    "_reset": lambda app: app._reset(),
}


@pytest.mark.parametrize("name", COORDINATOR_CALLS)
async def test_r16_a_coordinator_call_is_refused(
    name: str, application: JoiningApplication
) -> None:
    with pytest.raises(NotForCads):
        await COORDINATOR_CALLS[name](application)


async def test_r16_initialize_never_forms_whatever_is_asked(han: VirtualHan) -> None:
    """ZHA starts its application with auto_form; on a stick without a network that would form one."""
    async with connected(han) as radio:
        assert radio._application is not None
        with pytest.raises(Exception, match="not part of a network"):
            await radio._application.initialize(auto_form=True)
    assert han.ncp.flash.network is None
    assert han.referee.findings == []


async def test_r16_stick_is_told_nothing_that_only_a_coordinator_says(
    han: VirtualHan, radio: EzspRadio
) -> None:
    """Every EZSP command of a join, by name."""
    told: set[str] = set()
    han.ncp.observers.append(lambda name, _: told.add(name))
    await radio.restart()
    assert not told & {
        "formNetwork", "permitJoining", "setPolicy", "setConcentrator", "setMulticastTableEntry",
        "setTokenData", "setMfgToken", "sendBroadcast", "sendMulticast", "importTransientKey",
    }  # fmt: skip
    assert {"addEndpoint", "networkInit", "getNetworkParameters"} <= told
    assert "exportKey" not in told


async def test_endpoint_is_there_before_the_network(
    han: VirtualHan, radio: EzspRadio
) -> None:
    told: list[str] = []
    han.ncp.observers.append(lambda name, _: told.append(name))
    await radio.restart()
    assert told.index("addEndpoint") < told.index("networkInit")
    assert told.count("addEndpoint") == 1


async def test_stick_answers_match_requests_from_its_endpoint_table(
    han: VirtualHan, radio: EzspRadio
) -> None:
    """Zigpy would answer with an empty list, and the hub conclude that the CAD has no key establishment."""
    answers: list[bytes] = []

    def observe(_: object, frame: ApsFrame) -> None:
        if frame.cluster_id == ZDOCmd.Match_Desc_rsp:
            answers.append(frame.payload)

    han.hub.hooks.observe = observe
    address = han.hub.members[STICK_EUI64].address.to_bytes(2, "little")
    request = b"\x07" + address + (0x0109).to_bytes(2, "little") + b"\x01\x00\x08\x00"
    han.hub.ask(STICK_EUI64, ZDOCmd.Match_Desc_req, request)
    await until(lambda: bool(answers))
    (answer,) = answers
    # Sequence, success, address, one endpoint: the CAD's.
    assert answer[:2] + answer[4:] == bytes([7, 0, 1, 1])


def packet(
    source: int, cluster: int, payload: bytes, profile: int = 0
) -> t.ZigbeePacket:
    """Return a packet as the stick hands it up."""
    endpoint = 0 if profile == 0 else 1
    return t.ZigbeePacket(
        src=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=t.NWK(source)),
        src_ep=endpoint,
        dst=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=t.NWK(0x1234)),
        dst_ep=endpoint,
        tsn=1,
        profile_id=profile,
        cluster_id=cluster,
        data=t.SerializableBytes(payload),
        tx_options=t.TransmitOptions.NONE,
        lqi=200,
        rssi=-40,
    )


async def test_strangers_are_neither_discovered_nor_interviewed(
    application: JoiningApplication,
) -> None:
    """Zigpy broadcasts IEEE_addr_req for an unknown sender, and interviews who announces itself."""
    announce = bytes([1]) + (0x4321).to_bytes(2, "little") + bytes(range(8)) + b"\x80"
    before = dict(application.devices)
    application.packet_received(packet(0x4321, ZDOCmd.Device_annce, announce))
    application.packet_received(packet(0x0000, ZDOCmd.Device_annce, announce))
    application.handle_join(t.NWK(0x4321), t.EUI64(bytes(8)), t.NWK(0))
    application.handle_relays(t.NWK(0x4321), [])
    await application._discover_unknown_device(t.NWK(0x4321))
    with pytest.raises(NotForCads):
        application.add_device(t.EUI64(bytes(8)), t.NWK(0x4321))
    assert application.devices == before
    assert not application._tasks


async def test_hub_is_never_interviewed(radio: EzspRadio) -> None:
    hub = radio.hub
    assert hub.is_initialized
    assert hub.schedule_initialize() is None
    hub.schedule_group_membership_scan()
    request = (
        bytes([9])
        + (0x0000).to_bytes(2, "little")
        + (0x0109).to_bytes(2, "little")
        + b"\x01\x00\x08\x00"
    )
    radio._application.packet_received(packet(0, ZDOCmd.Match_Desc_req, request))
    assert not hub._tasks


async def test_data_without_the_link_key_is_dropped(radio: EzspRadio) -> None:
    """Anybody with the network key could send it; a Default Response alone may come that way."""
    hub = radio.hub
    hub.add_endpoint(1).add_input_cluster(0x0702)
    report = bytes.fromhex("18010a00002500000000 0001".replace(" ", ""))
    radio._application.packet_received(packet(0, 0x0702, report, profile=0x0109))
    assert hub.dropped_unencrypted == 1
    radio._application.packet_received(
        packet(0, 0x0702, bytes.fromhex("18020b0001"), profile=0x0109)
    )
    radio._application.packet_received(
        packet(
            0, 0x0800, bytes.fromhex("0903030100 0100".replace(" ", "")), profile=0x0109
        )
    )
    assert hub.dropped_unencrypted == 1


CUT_SHORT = REPORT[:-1]
TEXT = bytes.fromhex("18010a 0803 41 03 313233")


@pytest.mark.parametrize(
    ("changes", "payload", "is_packet", "heard"),
    [
        pytest.param({}, REPORT, False, 1, id="a reading"),
        pytest.param({}, TEXT, True, 1, id="text, which zigpy reads"),
        pytest.param({}, CUT_SHORT, True, 0, id="a broken frame"),
        pytest.param({"sender": 0x4321}, REPORT, True, 0, id="of a stranger"),
        pytest.param({"profile": 0x0104}, REPORT, True, 1, id="of another profile"),
        pytest.param({"options": 0}, REPORT, True, 0, id="not under the link key"),
        pytest.param({"cluster": 0x0700}, REPORT, True, 0, id="nobody listens"),
        pytest.param({"kind": Kind.INCOMING_BROADCAST}, REPORT, True, 1, id="to all"),
        pytest.param({"kind": Kind.INCOMING_UNICAST_REPLY}, REPORT, False, 0, id="?"),
    ],
)
async def test_only_a_reading_of_the_hub_takes_the_short_way(
    application: JoiningApplication,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, int],
    payload: bytes,
    is_packet: bool,
    heard: int,
) -> None:
    """All else becomes a packet of zigpy's and is judged as ever; both ways end at the same listener."""
    hub = application.hub
    assert hub is not None
    frames: list[HanFrame] = []
    packets: list[t.ZigbeePacket] = []
    listener: Any = SimpleNamespace(frame_received=frames.append)
    ear = ClusterEar(hub.add_endpoint(1).add_input_cluster(0x0702), listener)
    receive = application.packet_received

    def packet_received(packet: t.ZigbeePacket) -> None:
        packets.append(packet)
        receive(packet)

    monkeypatch.setattr(application, "packet_received", packet_received)
    application.ezsp.frame_received(
        incoming(
            application.ezsp.ezsp_version,
            payload,
            endpoint=1,
            **{"lqi": 201, "rssi": -41, **changes},
        )
    )
    assert bool(packets) is is_packet
    assert len(frames) == heard
    if heard:
        assert frames[0].encrypted
        assert (hub.lqi, hub.rssi) == (201, -41)
    if heard and payload is REPORT:
        assert frames[0].attributes == ({0: 0x4D64CC}, {})
    ear.close()


async def test_a_message_that_breaks_its_handler_costs_nothing_else(
    application: JoiningApplication,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does one that comes before the network is taken up, while there is no hub yet."""
    hub, heard = application.hub, []
    assert hub is not None
    listener: Any = SimpleNamespace(frame_received=heard.append)
    ear = ClusterEar(hub.add_endpoint(1).add_input_cluster(0x0702), listener)
    report = incoming(application.ezsp.ezsp_version, endpoint=1)
    with monkeypatch.context() as broken:
        broken.setattr(listener, "frame_received", lambda frame: 1 / 0)
        application.ezsp.frame_received(report)
    assert "broke its handler" in caplog.text
    monkeypatch.setattr(application, "hub", None)
    application.ezsp.frame_received(report)
    assert heard == []
    monkeypatch.setattr(application, "hub", hub)
    application.ezsp.frame_received(report)
    assert len(heard) == 1
    ear.close()


async def test_losing_the_hub_is_told(
    application: JoiningApplication, radio: EzspRadio
) -> None:
    events: list[str] = []
    radio.listen(events.append)
    application.handle_leave(t.NWK(0x4321), t.EUI64(bytes(8)))
    assert events == []
    assert application.trust_centre is not None
    application.handle_leave(t.NWK(0), application.trust_centre)
    assert events == ["network_down"]


async def test_failures_of_the_stick_reach_zigpy_as_its_own(
    application: JoiningApplication, radio: EzspRadio, han: VirtualHan
) -> None:
    han.ncp.unplug()
    await radio.restart()
    han.hub.power_off()
    with pytest.raises((DeliveryError, TimeoutError)):
        await radio.hub.zdo.Active_EP_req(0, retries=0, timeout=0.5, ask_for_ack=True)
    han.hub.power_on()


async def test_registries_of_zigpy_are_untouched(radio: EzspRadio) -> None:
    """ZHA in the same process keeps zigpy's own clusters."""
    assert not set(CLUSTERS.values()) & set(Cluster._registry.values())
    own_module = "custom_components.smets1_cad"
    for registered in Cluster._registry.values():
        assert not registered.__module__.startswith(own_module)
