"""The hub by itself: admission, key establishment, ZDO, fragments."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
import struct

import pytest
from zigpy.exceptions import DeliveryError
from zigpy.types import TransmitOptions
from zigpy.zdo import types as zdo

from virtual_han.air import Air, AirFrame
from virtual_han.aps import ApsMessage, EndpointDescription, Publish
from virtual_han.clock import Clock
from virtual_han.crypto.agreement import agree, draw_ephemeral
from virtual_han.crypto.curve import Point
from virtual_han.crypto.ecqv import CertificateAuthority, Credentials, public_key
from virtual_han.crypto.mmo import hash_octets
from virtual_han.crypto.suite import SUITE_1, SUITE_2, Suite
from virtual_han.errors import AdmissionError, FrameError, PointError
from virtual_han.frames import decode_aps, decode_network, parse_transport_key
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.hub import CommunicationsHub, DeviceLog, Member, Network, Refusal
from virtual_han.hub.key_establishment import Responder
from virtual_han.zcl import ZclFrame, read_records
from virtual_han.zdo import LogicalType, Node

from .cad import connected, endpoint_of, join, t

CAD, OTHER = b"CAD-4567", b"OTHER-67"
CODE = bytes.fromhex("83FED3407A939723A5C639B26916D505")
CODE_KEY = bytes.fromhex("66B6900981E1EE3CA4206B6B861C02BB")
SUITES = pytest.mark.parametrize(
    "suite", [SUITE_1, SUITE_2], ids=["suite_1", "suite_2"]
)


# Admission.


class Log:
    """A device log with a clock."""

    def __init__(self, slots: int = 1) -> None:
        self.at = 0.0
        self.log = DeviceLog(lambda: self.at, slots=slots)


def test_a_listed_device_gets_the_key_of_its_install_code() -> None:
    case = Log()
    assert case.log.associate(CAD) is Refusal.WINDOW_CLOSED
    case.log.add(CAD, CODE, 60)
    assert case.log.open
    assert case.log.associate(CAD) is None
    assert case.log.key_for(CAD) == CODE_KEY
    assert case.log.key_for(OTHER) is None
    case.at = 60
    assert not case.log.open
    assert case.log.key_for(CAD) is None
    assert [refusal for _, refusal in case.log.refusals] == [
        Refusal.WINDOW_CLOSED,
        Refusal.NOT_ON_THE_LIST,
        Refusal.NOT_ON_THE_LIST,
    ]


def test_a_second_addition_changes_nothing_while_the_first_is_open() -> None:
    case = Log()
    case.log.add(CAD, CODE, 60)
    case.log.add(CAD, bytes(16), 3600)
    case.at = 59
    assert case.log.key_for(CAD) == CODE_KEY
    case.at = 61
    assert not case.log.open
    case.log.add(CAD, bytes(6), 60)
    assert case.log.key_for(CAD) not in (None, CODE_KEY)


@pytest.mark.parametrize(
    ("code", "seconds"), [(bytes(7), 60), (CODE, 0), (CODE, 3601), (CODE, -1)]
)
def test_impossible_additions_are_refused(code: bytes, seconds: float) -> None:
    case = Log()
    with pytest.raises(AdmissionError):
        case.log.add(CAD, code, seconds)
    assert code.hex() not in repr(case.log.__dict__)


def test_slots() -> None:
    """One on SMETS1, with the IHD in it; four on SMETS2; a member may always come back."""
    case = Log()
    case.log.add(CAD, CODE, 3600)
    case.log.seat(OTHER)
    assert case.log.associate(CAD) is Refusal.LIST_FULL
    assert case.log.associate(OTHER) is None
    assert Log(4).log.slots == 4
    case.log.unseat(OTHER)
    assert case.log.associate(CAD) is None
    case.log.withdraw(CAD)
    assert case.log.associate(CAD) is Refusal.WINDOW_CLOSED


def test_the_hub_remembers_fifteen_devices() -> None:
    case = Log()
    case.log.unseat(CAD, b"old key of a CAD")
    case.log.add(CAD, CODE, 100)
    case.at = 49
    assert case.log.key_for(CAD) == b"old key of a CAD"
    case.at = 50
    assert case.log.key_for(CAD) == CODE_KEY
    case.log.withdraw(CAD)
    for number in range(15):
        case.log.unseat(bytes([number] * 8), bytes(16))
    case.log.add(CAD, CODE, 100)
    assert case.log.key_for(CAD) == CODE_KEY
    case.log.clear()
    assert not case.log.open


# Key establishment.


class Exchange:
    """A responder, and what an initiator needs."""

    def __init__(self, suite: Suite) -> None:
        random = Random(1)
        self.suite = suite
        self.ca = CertificateAuthority(suite, random)
        self.own = self.ca.issue(CAD)
        self.keys: list[tuple[bytes, bytes]] = []
        self.responder = Responder(
            {suite.bit: self.ca.issue(b"HUB-4567")},
            random,
            lambda *key: self.keys.append(key),
        )

    def send(
        self, command: int, body: bytes, partner: bytes = CAD
    ) -> tuple[int, bytes]:
        octets = bytes([0x01, 0x55, command]) + body
        [answer] = self.responder.handle(partner, ZclFrame.from_bytes(octets))
        assert answer.to_bytes()[:2] == b"\x19\x55"
        return answer.command, answer.payload

    def initiate(
        self,
        bits: int | None = None,
        times: tuple[int, int] = (3, 6),
        own: Credentials | None = None,
    ) -> tuple[int, bytes]:
        certificate = (own or self.own).certificate
        head = struct.pack("<HBB", self.suite.bit if bits is None else bits, *times)
        return self.send(0x00, head + certificate)


def terminated(answer: tuple[int, bytes]) -> int:
    """Return the reason of a Terminate."""
    command, body = answer
    assert command == 0x03
    assert len(body) == 4
    return body[0]


@SUITES
def test_exchange(suite: Suite) -> None:
    case = Exchange(suite)
    command, body = case.initiate()
    assert command == 0
    assert body[:4] == struct.pack("<HBB", suite.bit, 3, 6)
    ephemeral = draw_ephemeral(suite.curve, Random(2))
    command, partner = case.send(0x01, ephemeral.public)
    assert command == 1
    agreement = agree(case.own, ephemeral, body[4:], partner, initiator=True)
    assert case.send(0x02, agreement.initiator_mac) == (2, agreement.responder_mac)
    assert case.keys == [(CAD, agreement.link_key)]
    assert terminated(case.send(0x02, agreement.initiator_mac)) == 0x03


@SUITES
def test_initiate_is_refused_with_the_right_reason(suite: Suite) -> None:
    case = Exchange(suite)
    other_suite = 3 - suite.bit
    assert terminated(case.initiate(bits=other_suite)) == 0x05
    assert terminated(case.initiate(bits=3)) == 0x03
    assert terminated(case.initiate(bits=0)) == 0x03
    assert terminated(case.initiate(times=(255, 6))) == 0x03
    assert terminated(case.send(0x00, b"\x01")) == 0x03
    assert (
        terminated(case.send(0x00, struct.pack("<HBB", suite.bit, 3, 6) + bytes(7)))
        == 0x03
    )
    stranger = CertificateAuthority(suite, Random(5), issuer=b"STRANGER").issue(CAD)
    assert terminated(case.initiate(own=stranger)) == 0x01
    assert terminated(case.initiate(own=case.ca.issue(OTHER))) == 0x06


@pytest.mark.parametrize(
    ("suite", "offset"), [(SUITE_1, 38), (SUITE_2, 0), (SUITE_2, 9), (SUITE_2, 10)]
)
def test_certificates_with_wrong_constants_are_invalid(
    suite: Suite, offset: int
) -> None:
    case = Exchange(suite)
    certificate = bytearray(case.own.certificate)
    certificate[offset] ^= 0xFF
    broken = Credentials(
        suite, case.own.ca_public_key, bytes(certificate), case.own.private_key
    )
    assert terminated(case.initiate(own=broken)) == 0x06


def test_certificates_without_key_agreement_are_invalid() -> None:
    case = Exchange(SUITE_2)
    certificate = bytearray(case.own.certificate)
    certificate[36] = 0x80
    broken = Credentials(
        SUITE_2, case.own.ca_public_key, bytes(certificate), case.own.private_key
    )
    assert terminated(case.initiate(own=broken)) == 0x06


def test_steps_out_of_order_are_bad_messages() -> None:
    case = Exchange(SUITE_1)
    public = draw_ephemeral(SUITE_1.curve, Random(2)).public
    assert terminated(case.send(0x01, public)) == 0x03
    case.initiate()
    assert terminated(case.send(0x02, bytes(16))) == 0x03
    case.initiate()
    case.send(0x01, public)
    assert terminated(case.send(0x01, public)) == 0x03
    case.initiate()
    assert terminated(case.send(0x01, b"\x02" + bytes(21))) == 0x03
    case.initiate()
    case.send(0x01, public)
    assert terminated(case.send(0x02, bytes(16))) == 0x02
    assert case.keys == []


def test_one_partner_at_a_time() -> None:
    """The other is asked to wait 20 s; a Terminate or a restart frees the responder."""
    case = Exchange(SUITE_1)
    case.initiate()
    answer = case.send(0x00, bytes(52), OTHER)
    assert terminated(answer) == 0x04
    assert answer[1][1] == 20
    assert (
        case.responder.handle(CAD, ZclFrame.from_bytes(b"\x01\x55\x03\x02\x00\x01\x00"))
        == []
    )
    assert terminated(case.send(0x00, bytes(52), OTHER)) == 0x03
    case.initiate()
    case.responder.forget()
    assert terminated(case.send(0x00, bytes(52), OTHER)) == 0x03


def test_suite_attribute_and_other_frames() -> None:
    """KeyEstablishmentSuite is an enum16; other general commands get no answer, other commands 0x81."""
    responder = Exchange(SUITE_2).responder

    def answers(octets: str) -> list[str]:
        return [
            one.to_bytes().hex()
            for one in responder.handle(CAD, ZclFrame.from_bytes(bytes.fromhex(octets)))
        ]

    assert answers("00 01 00 0000 0100") == [
        "180101" + "0000" + "0031" + "0200" + "0100" + "86"
    ]
    assert answers("00 01 0b 00 00") == []
    assert answers("01 01 09") == ["18010b" + "0981"]


# ZDO.


def node() -> Node:
    endpoints = [
        EndpointDescription(1, 0x0500, (0x0000, 0x0700, 0x0800), (0x0800,)),
        EndpointDescription(2, 0x0501, (0x0702,), device_version=1),
    ]
    return Node(
        bytes.fromhex("000D6F0000C0FFEE"),
        LogicalType.COORDINATOR,
        lambda: 0,
        lambda: endpoints,
    )


@pytest.mark.parametrize(
    ("cluster", "request_", "answer"),
    [
        (0x0000, "07 eeffc000006f0d00 00 00", "07 00 eeffc000006f0d00 0000"),
        (0x0000, "07 0000000000000000 00 00", "07 81 0000000000000000 0000"),
        (0x0001, "07 0000 00 00", "07 00 eeffc000006f0d00 0000"),
        (0x0004, "07 0000 02", "07 00 0000 0a 02 0901 0105 01 01 0207 00"),
        (0x0004, "07 0000 09", "07 82 0000 00"),
        (0x0005, "07 0000", "07 00 0000 02 01 02"),
        (0x0005, "07 1234", "07 81 1234 00"),
        (0x0006, "07 0000 0901 01 0008 00", "07 00 0000 01 01"),
        (0x0006, "07 fdff 0901 00 01 0008", "07 00 0000 01 01"),
        (0x0006, "07 0000 0901 02 0207 0007 00", "07 00 0000 02 01 02"),
        (0x0006, "07 0000 0401 01 0008 00", "07 00 0000 00"),
        (0x0021, "07" + "00" * 21, "07 00"),
        (0x0036, "07 00 00", "07 84"),
        (0x0004, "07 0000", "07 80"),
        (0x0006, "07 0000 0901 09", "07 80"),
    ],
)
def test_zdo_answers(cluster: int, request_: str, answer: str) -> None:
    assert node().answer(cluster, bytes.fromhex(request_)) == bytes.fromhex(answer)


@pytest.mark.parametrize("cluster", [0x8006, 0x0013])
def test_zdo_says_nothing_to_responses_and_announcements(cluster: int) -> None:
    assert node().answer(cluster, b"\x07\x00\x00") is None
    assert node().answer(0x0006, b"") is None


def test_descriptors_as_zigpy_reads_them() -> None:
    octets = node().node_descriptor()
    descriptor, rest = zdo.NodeDescriptor.deserialize(octets)
    assert rest == b""
    assert descriptor.is_coordinator
    assert descriptor.is_full_function_device
    assert descriptor.maximum_buffer_size == 82
    answer = node().answer(0x0004, b"\x07\x00\x00\x01")
    assert answer is not None
    simple, rest = zdo.SizePrefixedSimpleDescriptor.deserialize(answer[4:])
    assert rest == b""
    assert simple.input_clusters == [0x0000, 0x0700, 0x0800]
    assert simple.output_clusters == [0x0800]


# Through the air.


async def test_the_hub_finds_key_establishment_on_the_cad() -> None:
    """Match_Desc is answered by the stick from the endpoint that the host registered."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        assert han.hub.members[han.ncp.flash.eui64].announced
        seen: list[bytes] = []
        han.hub.hooks.observe = lambda _, frame: seen.append(
            frame.cluster_id.to_bytes(2) + frame.payload
        )
        han.hub.ask(
            han.ncp.flash.eui64, 0x0006, bytes.fromhex("21 fdff 0901 01 0008 00")
        )
        await cad.settled()
        address = han.ncp.stack.address.to_bytes(2, "little")
        assert seen == [bytes.fromhex("8006 21 00") + address + b"\x01\x01"]
        assert cad.packets.empty()


async def test_the_host_may_answer_zdo_itself() -> None:
    """With APP_HANDLES_ENDPOINT_REQUESTS the request reaches the host instead."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.ncp.stack.host_answers_endpoints = True
        han.hub.ask(
            han.ncp.flash.eui64, 0x0006, bytes.fromhex("21 fdff 0901 01 0008 00")
        )
        assert (await cad.receive()).cluster_id == 0x0006
        han.ncp.stack.host_answers_endpoints = False
        han.ncp.stack.host_sees_requests = True
        han.hub.ask(han.ncp.flash.eui64, 0x0005, bytes.fromhex("22 fdff"))
        assert (await cad.receive()).cluster_id == 0x0005
        han.hub.ask(han.ncp.flash.eui64, 0x8005, bytes.fromhex("23 00"))
        assert (await cad.receive()).cluster_id == 0x8005


async def test_zdo_through_bellows() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        answer = await cad.ask(
            0x0005, b"\x31\x00\x00", endpoint=0, encrypted=False, profile=0
        )
        endpoints = bytes(item.endpoint for item in han.hub.endpoints())
        assert answer == b"\x31\x00\x00\x00" + bytes([len(endpoints)]) + endpoints


async def test_keep_alive() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        answer = await cad.ask(
            0x0025,
            bytes.fromhex("00 01 00 0000 0100"),
            endpoint=endpoint_of(han, 0x0025),
        )
        assert answer == bytes.fromhex("18 01 01 0000 00 20 0a 0100 00 21 2c01")
        answer = await cad.ask(
            0x0025, bytes.fromhex("01 02 00"), endpoint=endpoint_of(han, 0x0025)
        )
        assert answer == bytes.fromhex("18 02 0b 00 81")
        han.hub.keep_alive.offered = False
        assert not any(0x0025 in item.input_clusters for item in han.hub.endpoints())


class Talker:
    """A server whose answers are long, or none."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[ApsMessage] = []
        self.publish: Publish | None = None

    def endpoints(self) -> Sequence[EndpointDescription]:
        return [EndpointDescription(9, 0x0501, (0x0702,))]

    def connect(self, publish: Publish) -> None:
        self.publish = publish

    def handle(self, message: ApsMessage) -> list[bytes]:
        self.asked.append(message)
        return [self.answer]


@pytest.mark.parametrize("expected_lingering_timers", [True], ids=["bellows_clean_up"])
@pytest.mark.parametrize("version", [8, 13])
async def test_long_answers_come_in_fragments(version: int) -> None:
    """A frame of more than 73 octets under APS encryption; bellows puts it together up to EZSP 13."""
    long = bytes.fromhex("18 31 01") + bytes(range(200))
    async with (
        VirtualHan(HanConfig(ezsp_version=version, stick_cbke=(1,))) as han,
        connected(han.url) as cad,
    ):
        talker = Talker(long)
        han.hub.add_server(talker)
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await cad.establish_on_stick(1, endpoint=endpoint_of(han, 0x0800))
        assert await cad.ask(0x0702, b"\x00\x31\x00\x00\x00", endpoint=9) == long
        [message] = talker.asked
        assert (message.source_endpoint, message.encrypted, message.destination) == (
            1,
            True,
            0,
        )
        assert message.source == han.ncp.stack.address
        # Let the last acknowledgement out.
        await cad.settled()


async def test_pushes_reach_only_devices_with_a_key() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        han.admit()
        assert await cad.join() == t.sl_Status.NETWORK_UP
        push = bytes.fromhex("18 77 0a 0004 2a 010203")
        han.hub.publish(0x0702, 1, push)
        await cad.settled()
        assert cad.packets.empty()
        key = await cad.establish(han.credentials(), endpoint=endpoint_of(han, 0x0800))
        await cad.import_key(key)
        han.hub.publish(0x0702, 1, push)
        packet = await cad.receive()
        assert packet.data.serialize() == push
        assert packet.tx_options == TransmitOptions.APS_Encryption


async def test_clusters_and_endpoints_that_are_not_there() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        answer = await cad.ask(0x0702, bytes.fromhex("00 31 00 0000"), endpoint=77)
        assert answer == bytes.fromhex("18 31 0b 00 c3")
        await cad.send(0x0702, b"\x00", endpoint=1)
        await cad.settled()
        assert cad.packets.empty()


async def test_half_an_attribute_is_malformed() -> None:
    """Whichever of the hub's own servers is asked for it."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        for cluster in (0x0025, 0x0800):
            answer = await cad.ask(
                cluster,
                bytes.fromhex("00 31 00 0000 01"),
                endpoint=endpoint_of(han, cluster),
            )
            assert answer == bytes.fromhex("18 31 0b 00 80")


async def test_exchanged_hub_knows_nobody() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        before = han.hub.network.extended_pan_id
        han.events.hub_exchange()
        assert han.hub.network.extended_pan_id != before
        assert han.hub.members == {}
        assert await cad.rejoin(secured=True) == t.sl_Status.NO_BEACONS


async def test_everybody_is_thrown_out() -> None:
    async with (
        VirtualHan(HanConfig(slots=4, ihd=True)) as han,
        connected(han.url) as cad,
    ):
        await join(han, cad)
        assert len(han.log.seated) == 2
        han.events.remote_unpairing()
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        assert not han.log.seated


@pytest.mark.parametrize(
    "octets", ["", "08", "0800", "080200000000", "0802000000001e01", "0000000000001e01"]
)
def test_short_frames(octets: str) -> None:
    """Frames that end within their headers are refused, never half read."""
    raw = bytes.fromhex(octets)
    try:
        frame, _ = decode_network(raw)
    except FrameError:
        frame = None
    assert frame is None or len(raw) >= 8
    for size in range(8):
        with pytest.raises(FrameError):
            decode_aps(bytes.fromhex("2001020700090101")[:size])
    with pytest.raises(FrameError):
        decode_aps(bytes.fromhex("e0010207090101010102")[:10])
    with pytest.raises(FrameError):
        parse_transport_key(bytes(3))


async def test_a_device_that_establishes_no_key_is_thrown_out() -> None:
    """After twenty minutes; a device whose key was retired has as long to renew it."""
    clock = Clock(datetime(2026, 1, 5, tzinfo=UTC), speed=0)
    async with VirtualHan(clock=clock) as han, connected(han.url) as cad:
        await join(han, cad)
        clock.advance(3600)
        suite = bytes.fromhex("00 01 00 0000")
        esi = endpoint_of(han, 0x0800)
        await cad.ask(0x0800, suite, endpoint=esi, encrypted=False)
        han.hub.refresh_link_key(han.ncp.flash.eui64)
        clock.advance(1199)
        await cad.ask(0x0800, suite, endpoint=esi, encrypted=False)
        clock.advance(2)
        with pytest.raises(DeliveryError):
            await cad.send(0x0800, suite, endpoint=esi, encrypted=False)
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        assert han.hub.members == {}


async def test_attempts_are_kept_for_whoever_asks_about_their_pace() -> None:
    clock = Clock(datetime(2026, 1, 5, tzinfo=UTC), speed=0)
    async with VirtualHan(clock=clock) as han, connected(han.url) as cad:
        await cad.join()
        clock.advance(60)
        await cad.join()
        (first, eui64), (second, _) = han.log.attempts
        assert second - first == 60
        assert eui64 == han.ncp.flash.eui64


class Mute:
    """A server that answers with a frame too short to be ZCL, and lives on an ESI of its own."""

    def endpoints(self) -> Sequence[EndpointDescription]:
        return [EndpointDescription(1, 0x0500, (0x0025,))]

    def connect(self, publish: Publish) -> None:
        """Push nothing."""

    def handle(self, message: ApsMessage) -> list[bytes]:
        return []


def bare_hub(*, server: Mute | None = None) -> CommunicationsHub:
    """Return a hub without meters."""
    hub = CommunicationsHub(
        Air(),
        Network.form(bytes(8), 11, Random(1)),
        DeviceLog(lambda: 0.0),
        {},
        now=lambda: 0.0,
        random=Random(1),
    )
    if server is not None:
        hub.add_server(server)
    return hub


def test_a_hub_without_servers_still_is_an_esi() -> None:
    [esi] = bare_hub().endpoints()
    assert (esi.endpoint, esi.device_id, esi.input_clusters) == (
        1,
        0x0500,
        (0x0800, 0x0025),
    )
    [esi] = bare_hub(server=Mute()).endpoints()
    assert esi.input_clusters == (0x0025, 0x0800)


async def test_hub_without_power_says_nothing() -> None:
    hub = bare_hub()
    hub.members[CAD] = Member(CAD, 5, bytes(16), 0.0, key=bytes(16))
    heard: list[AirFrame] = []
    hub.air.taps.append(heard.append)
    hub.publish(0x0702, 1, b"\x18\x01\x0a")
    assert len(heard) == 1
    hub.power_off()
    hub.publish(0x0702, 1, b"\x18\x01\x0a")
    assert len(heard) == 1
    assert hub.unpair(OTHER) is False


async def test_a_key_that_is_retired_while_its_answer_is_on_the_way() -> None:
    """The answer is not sent under another key; it is not sent at all."""
    async with VirtualHan() as han, connected(han.url) as cad:
        await join(han, cad)
        han.hub.hooks.carry = lambda deliver, frame: (
            han.hub.refresh_link_key(han.ncp.flash.eui64),
            deliver(frame),
        )[-1]
        await cad.send(
            0x0702, b"\x00\x31\x00\x00\x00", endpoint=endpoint_of(han, 0x0702)
        )
        await cad.settled()
        assert cad.packets.empty()
        han.hub.hooks.carry = lambda deliver, frame: (
            han.hub.unpair(han.ncp.flash.eui64, silently=True),
            deliver(frame),
        )[-1]
        await cad.send(0x0000, b"\x00\x32\x00\x00\x00", endpoint=1, encrypted=False)
        await cad.settled()
        assert cad.packets.empty()


async def test_without_hooks_frames_go_straight_through() -> None:
    async with VirtualHan() as han, connected(han.url) as cad:
        han.hub.hooks.carry = han.hub.hooks.rewrite = han.hub.hooks.observe = None
        han.ncp.stack.carry_with(None)
        await join(han, cad)
        answer = await cad.ask(
            0x0702, b"\x00\x31\x00\x00\x00", endpoint=endpoint_of(han, 0x0702)
        )
        assert answer[1:3] == b"\x31\x01"


def test_records_stop_where_they_cannot_be_read() -> None:
    """A type that is unknown, or a value that ends early, ends the list."""
    good = bytes.fromhex("0000 00 20 05")
    for rest in ("0100 00", "0100 00 ff 00", "0100 00 25 0000", "01"):
        [record] = read_records(good + bytes.fromhex(rest))
        assert (record.attribute_id, record.value) == (0, 5)


def test_a_certificate_that_stands_for_infinity_is_refused() -> None:
    """An authority's key can be made up so that it cancels a certificate's own point."""
    curve = SUITE_1.curve
    certificate = CertificateAuthority(SUITE_1, Random(3)).issue(CAD).certificate
    digest = int.from_bytes(hash_octets(certificate))
    multiple = curve.scale(
        digest, curve.decompress(SUITE_1.reconstruction_key(certificate))
    )
    assert multiple is not None
    forged = curve.compress(Point(multiple.x, multiple.x ^ multiple.y))
    with pytest.raises(PointError, match="no public key"):
        public_key(SUITE_1, forged, certificate)
