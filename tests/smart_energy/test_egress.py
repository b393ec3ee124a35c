"""The egress allow-list: what may leave, and that nothing else may (R16).

What is allowed is written here by the names of the project's cluster tables, not
by the numbers that the code under test uses.
"""

from dataclasses import replace
import json
from pathlib import Path

from hypothesis import given, strategies as st
import pytest
from zigpy import types as t
from zigpy.types import AddrMode, AddrModeAddress, TransmitOptions, ZigbeePacket
from zigpy.zcl import foundation
from zigpy.zdo.types import CLUSTERS as ZDO_SCHEMAS, MultiAddress, ZDOCmd

from custom_components.smets1_cad.smart_energy.egress import (
    EgressGuard,
    Kind,
    OutgoingFrame,
    Rule,
    check,
    is_secured,
)
from custom_components.smets1_cad.smart_energy.errors import EgressDenied

TABLES = {
    int(table["id"], 16): table
    for path in sorted(
        (Path(__file__).parents[2] / "virtual_han/clusters").glob("0*.json")
    )
    for table in [json.loads(path.read_text())]
}
BASIC, TIME, KEEP_ALIVE, PRICE, METERING, KEY_ESTABLISHMENT = (
    0,
    0x0A,
    0x25,
    0x700,
    0x702,
    0x800,
)
NOT_FOR_A_CAD = {0x701, 0x704, 0x706, 0x70A, 0x70B}
READABLE = {BASIC} | (set(TABLES) - NOT_FOR_A_CAD)
NAMED = {
    "PriceAcknowledgement": Kind.PRICE_ACKNOWLEDGEMENT,
    "MessageConfirmation": Kind.MESSAGE_CONFIRMATION,
}
IEEE = bytes.fromhex("1122334455667788")


def zcl(
    cluster: int,
    command: int,
    *,
    control: int = 0x01,
    body: bytes = b"",
    encrypted: bool | None = None,
) -> OutgoingFrame:
    return OutgoingFrame(
        destination=0,
        profile_id=0x0109,
        cluster_id=cluster,
        source_endpoint=1,
        destination_endpoint=10,
        payload=bytes([control, 0x42, command]) + body,
        encrypted=cluster not in {BASIC, KEY_ESTABLISHMENT}
        if encrypted is None
        else encrypted,
    )


def zdo(request: int, body: bytes) -> OutgoingFrame:
    return OutgoingFrame(
        destination=0,
        profile_id=0,
        cluster_id=request,
        source_endpoint=0,
        destination_endpoint=0,
        payload=b"\x42" + body,
        encrypted=False,
    )


READ_DEMAND = zcl(METERING, 0x00, control=0x00, body=b"\x00\x04")


def verdict(frame: OutgoingFrame) -> Kind | str:
    """Give the kind of a frame that may leave, or else the rule that it breaks."""
    try:
        return check(frame)
    except EgressDenied as err:
        return err.rule


def denied(frame: OutgoingFrame, **options: frozenset[int]) -> str:
    with pytest.raises(
        EgressDenied, match=r"not sent\. This is a fault in the program"
    ) as caught:
        check(frame, **options)
    assert caught.value.reason == "egress_denied"
    return caught.value.rule


def test_commands_are_the_gets_the_two_confirmations_and_key_establishment() -> None:
    """Every command id of every cluster id up to 0x0C00: the list is exact."""
    expected = {}
    for cluster, table in TABLES.items():
        if cluster in NOT_FOR_A_CAD:
            continue
        for command in table["commands"]["client_to_server"]:
            name = command["name"]
            if cluster == KEY_ESTABLISHMENT:
                expected[cluster, int(command["id"], 16)] = Kind.KEY_ESTABLISHMENT
            elif name.startswith("Get"):
                expected[cluster, int(command["id"], 16)] = Kind.GET
            elif name in NAMED:
                expected[cluster, int(command["id"], 16)] = NAMED[name]
    assert len(expected) == 40
    verdicts = {
        (cluster, command_id): verdict(zcl(cluster, command_id))
        for cluster in range(0x0C00)
        for command_id in range(256 if cluster in TABLES else 8)
    }
    allowed = {at: kind for at, kind in verdicts.items() if isinstance(kind, Kind)}
    assert allowed == expected
    assert set(verdicts.values()) - set(Kind) == {Rule.CLUSTER, Rule.COMMAND}


@pytest.mark.parametrize("cluster", [0x0C00, 0x7FFF, 0x8000, 0xFC00, 0xFFFF])
def test_other_clusters_have_no_commands(cluster: int) -> None:
    for command_id in range(256):
        assert denied(zcl(cluster, command_id)) == Rule.CLUSTER


def test_no_server_command_but_key_establishment() -> None:
    for cluster in READABLE:
        for command_id in range(256):
            frame = zcl(cluster, command_id, control=0x09)
            if cluster == KEY_ESTABLISHMENT and command_id < 4:
                assert check(frame) is Kind.KEY_ESTABLISHMENT
            else:
                assert denied(frame) in {Rule.DIRECTION, Rule.COMMAND, Rule.CLUSTER}


@pytest.mark.parametrize("cluster", sorted(READABLE))
def test_general_commands(cluster: int) -> None:
    """Of all 256: read, discover, default response; no write, report, or configure."""
    general = foundation.GeneralCommand
    read = Kind.KEEP_ALIVE if cluster == KEEP_ALIVE else Kind.READ_ATTRIBUTES
    discover = Kind.KEEP_ALIVE if cluster == KEEP_ALIVE else Kind.DISCOVER
    expected = {
        general.Read_Attributes: read,
        general.Default_Response: Kind.DEFAULT_RESPONSE,
        general.Discover_Attributes: discover,
        general.Discover_Commands_Received: discover,
        general.Discover_Commands_Generated: discover,
        general.Discover_Attribute_Extended: discover,
    }
    verdicts = {
        command_id: verdict(zcl(cluster, command_id, control=0x00, body=b"\x00\x00"))
        for command_id in range(256)
    }
    allowed = {
        command: kind for command, kind in verdicts.items() if isinstance(kind, Kind)
    }
    assert allowed == {int(command): kind for command, kind in expected.items()}
    assert set(verdicts.values()) - set(Kind) == {Rule.COMMAND}


def test_reads_and_discovery_only_of_the_clusters_of_a_cad() -> None:
    clusters = [*range(0x0C00), *range(0x0C00, 0x10000, 7)]
    for command, body in ((0x00, b"\0\0"), (0x0C, b"\0\0\1"), (0x11, b"\0\1")):
        verdicts = {
            cluster: verdict(zcl(cluster, command, control=0x00, body=body))
            for cluster in clusters
        }
        assert {
            cluster for cluster, kind in verdicts.items() if isinstance(kind, Kind)
        } == READABLE
        assert set(verdicts.values()) - set(Kind) == {Rule.CLUSTER}


def test_reads_go_to_servers_only() -> None:
    assert denied(zcl(METERING, 0x00, control=0x08, body=b"\0\0")) == Rule.DIRECTION


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x04\x01"])
def test_read_names_whole_attributes(body: bytes) -> None:
    assert denied(zcl(METERING, 0x00, control=0x00, body=body)) == Rule.MALFORMED


@pytest.mark.parametrize("control", range(256))
def test_frame_control(control: int) -> None:
    """Only cluster commands and general ones, to servers, with or without default response."""
    frame = zcl(PRICE, 0x00, control=control, body=b"\x00\x00")
    if control in {0x00, 0x10}:
        assert check(frame) is Kind.READ_ATTRIBUTES
    elif control in {0x01, 0x11}:
        assert check(frame) is Kind.GET
    else:
        rules = {Rule.MANUFACTURER_SPECIFIC, Rule.MALFORMED, Rule.DIRECTION}
        assert denied(frame) in rules


def test_manufacturer_specific_is_named() -> None:
    assert denied(zcl(METERING, 0x00, control=0x05)) == Rule.MANUFACTURER_SPECIFIC


@pytest.mark.parametrize("payload", [b"", b"\x00", b"\x00\x01"])
def test_frame_without_a_header(payload: bytes) -> None:
    assert denied(replace(READ_DEMAND, payload=payload)) == Rule.MALFORMED


def test_default_response_answers_whatever_the_hub_sends() -> None:
    """Also on a cluster that a CAD does not have, as either side, but no private cluster."""
    for cluster in (0x0701, 0x0003, 0x7FFF):
        for control in (0x00, 0x08, 0x18):
            frame = zcl(cluster, 0x0B, control=control, body=b"\x00\x81")
            assert check(frame) is Kind.DEFAULT_RESPONSE
    assert denied(zcl(0x8000, 0x0B, control=0x00, body=b"\x00\x81")) == Rule.CLUSTER
    assert denied(zcl(PRICE, 0x0B, control=0x00, body=b"\x00")) == Rule.MALFORMED


def test_secured_clusters_need_the_link_key() -> None:
    for cluster in READABLE:
        frame = zcl(cluster, 0x00, control=0x00, body=b"\0\0", encrypted=False)
        if cluster in {BASIC, KEY_ESTABLISHMENT}:
            assert check(frame)
        else:
            assert denied(frame) == Rule.UNENCRYPTED
    assert denied(zcl(PRICE, 0x00, encrypted=False)) == Rule.UNENCRYPTED


def test_unsecured_failure_tells_the_hub_that_the_link_key_is_missing() -> None:
    assert check(zcl(PRICE, 0x0B, control=0x00, body=b"\x00\x01", encrypted=False))
    for status in (0x00, 0x81, 0x86, 0xFF):
        frame = zcl(PRICE, 0x0B, control=0x00, body=bytes([0, status]), encrypted=False)
        assert denied(frame) == Rule.UNENCRYPTED


@pytest.mark.parametrize(
    ("cluster", "secured"),
    [
        (0x0000, False), (0x0001, False), (0x0003, False), (0x0009, False), (0x0800, False),
        (0x000A, True), (0x0015, True), (0x0019, True), (0x0025, True), (0x0700, True),
        (0x0701, True), (0x0702, True), (0x0703, True), (0x0704, True), (0x0705, True),
        (0x0706, True), (0x0707, True), (0x0708, True), (0x0709, True), (0x070A, True),
        (0xFC00, True),
    ],
)  # fmt: skip
def test_which_clusters_are_secured(cluster: int, secured: bool) -> None:
    assert is_secured(cluster) is secured


@pytest.mark.parametrize("destination", [*range(0xFFF0, 0x10000), 0x0001, 0x1234])
def test_only_the_hub_may_be_addressed(destination: int) -> None:
    assert denied(replace(READ_DEMAND, destination=destination)) == Rule.ADDRESS
    if destination >= 0xFFF8:
        everybody = frozenset({destination})
        assert (
            denied(replace(READ_DEMAND, destination=destination), partners=everybody)
            == Rule.ADDRESS
        )


def test_no_group_is_addressed() -> None:
    assert denied(replace(READ_DEMAND, unicast=False)) == Rule.ADDRESS


@pytest.mark.parametrize(
    "profile", [0x0001, 0x0104, 0x0108, 0x010A, 0xA1E0, 0xC05E, 0xFFFF]
)
def test_other_profiles(profile: int) -> None:
    assert denied(replace(READ_DEMAND, profile_id=profile)) == Rule.PROFILE


@pytest.mark.parametrize("endpoint", [0, 241, 254, 255])
def test_application_endpoints(endpoint: int) -> None:
    assert denied(replace(READ_DEMAND, source_endpoint=endpoint)) == Rule.ENDPOINT
    assert denied(replace(READ_DEMAND, destination_endpoint=endpoint)) == Rule.ENDPOINT


# Written with zigpy's schemas: what a zigpy device really sends.
ZDO_ALLOWED = {
    ZDOCmd.NWK_addr_req: (t.EUI64(IEEE), 0, 0),
    ZDOCmd.IEEE_addr_req: (t.NWK(0), 0, 0),
    ZDOCmd.Node_Desc_req: (t.NWK(0),),
    ZDOCmd.Simple_Desc_req: (t.NWK(0), 10),
    ZDOCmd.Active_EP_req: (t.NWK(0),),
    ZDOCmd.Match_Desc_req: (t.NWK(0), 0x0109, [0x0800], []),
    ZDOCmd.Bind_req: (
        t.EUI64(IEEE),
        10,
        PRICE,
        MultiAddress(addrmode=3, ieee=t.EUI64(IEEE), endpoint=1),
    ),
}


def zdo_octets(command: ZDOCmd, arguments: tuple[object, ...]) -> bytes:
    types = ZDO_SCHEMAS[command][1]
    return b"".join(
        kind(value).serialize() for kind, value in zip(types, arguments, strict=True)
    )


def test_zdo_discovery_and_binds() -> None:
    kinds = {
        command: check(zdo(command, zdo_octets(command, a)))
        for command, a in ZDO_ALLOWED.items()
    }
    bind = kinds.pop(ZDOCmd.Bind_req)
    assert bind is Kind.ZDO_BIND
    assert set(kinds.values()) == {Kind.ZDO_DISCOVERY}


def test_no_other_zdo_request_or_response() -> None:
    """All 65536: no permit joining, leave, topology, network update, announcement, or answer."""
    wanted = {int(command) for command in ZDO_ALLOWED}
    others = {
        verdict(zdo(request, bytes(10)))
        for request in range(0x10000)
        if request not in wanted
    }
    assert others == {Rule.ZDO_COMMAND}


@pytest.mark.parametrize("command", list(ZDO_ALLOWED))
def test_zdo_lengths_endpoints_and_addresses(command: ZDOCmd) -> None:
    frame = zdo(command, zdo_octets(command, ZDO_ALLOWED[command]))
    assert denied(replace(frame, payload=frame.payload[:2])) == Rule.MALFORMED
    assert denied(replace(frame, payload=b"")) == Rule.MALFORMED
    assert denied(replace(frame, destination_endpoint=1)) == Rule.ENDPOINT
    assert denied(replace(frame, source_endpoint=1)) == Rule.ENDPOINT
    assert denied(replace(frame, destination=0xFFFD)) == Rule.ADDRESS
    assert denied(replace(frame, unicast=False)) == Rule.ADDRESS


@pytest.mark.parametrize("command", [ZDOCmd.NWK_addr_req, ZDOCmd.IEEE_addr_req])
def test_no_topology_by_an_extended_address_request(command: ZDOCmd) -> None:
    first = ZDO_ALLOWED[command][0]
    assert denied(zdo(command, zdo_octets(command, (first, 1, 0)))) == Rule.ZDO_COMMAND


def test_binds_name_one_device_and_a_cluster_of_a_cad() -> None:
    group = zdo_octets(
        ZDOCmd.Bind_req,
        (t.EUI64(IEEE), 10, PRICE, MultiAddress(addrmode=1, nwk=0x4242)),
    )
    assert denied(zdo(0x0021, group)) == Rule.MALFORMED
    assert denied(zdo(0x0021, group.ljust(21, b"\0"))) == Rule.ADDRESS
    tunnel = (t.EUI64(IEEE), 10, 0x0704, ZDO_ALLOWED[ZDOCmd.Bind_req][3])
    assert denied(zdo(0x0021, zdo_octets(ZDOCmd.Bind_req, tunnel))) == Rule.CLUSTER


@given(
    st.builds(
        OutgoingFrame,
        unicast=st.booleans(),
        destination=st.integers(0, 0xFFFF),
        profile_id=st.sampled_from([0, 0x0104, 0x0109]),
        cluster_id=st.integers(0, 0xFFFF) | st.sampled_from(sorted(TABLES)),
        source_endpoint=st.integers(0, 255),
        destination_endpoint=st.integers(0, 255),
        payload=st.binary(max_size=40),
        encrypted=st.booleans(),
    )
)
def test_any_octets_are_allowed_or_denied(frame: OutgoingFrame) -> None:
    """No other error comes out, and what is let through is addressed to the hub."""
    try:
        check(frame)
    except EgressDenied:
        return
    assert frame.unicast
    assert frame.destination == 0


def packet(mode: AddrMode, address: object, **changes: object) -> ZigbeePacket:
    values: dict[str, object] = {
        "src": AddrModeAddress(addr_mode=AddrMode.NWK, address=t.NWK(0x2345)),
        "src_ep": t.uint8_t(1),
        "dst": AddrModeAddress(addr_mode=mode, address=address),
        "dst_ep": t.uint8_t(10),
        "profile_id": t.uint16_t(0x0109),
        "cluster_id": t.uint16_t(METERING),
        "data": t.SerializableBytes(READ_DEMAND.payload),
        "tx_options": TransmitOptions.ACK | TransmitOptions.APS_Encryption,
    }
    return ZigbeePacket(**values | changes)


def test_guard_counts_packets() -> None:
    guard = EgressGuard()
    hub = packet(AddrMode.NWK, t.NWK(0))
    guard.check_packet(hub)
    guard.check_packet(hub)
    for wrong in (
        packet(AddrMode.Broadcast, t.BroadcastAddress.RX_ON_WHEN_IDLE),
        packet(AddrMode.Group, t.Group(0)),
        packet(AddrMode.IEEE, t.EUI64(IEEE)),
        packet(AddrMode.NWK, t.NWK(0x1234)),
        packet(AddrMode.NWK, t.NWK(0), dst=None),
        packet(AddrMode.NWK, t.NWK(0), tx_options=TransmitOptions.ACK),
        packet(AddrMode.NWK, t.NWK(0), src_ep=None),
    ):
        with pytest.raises(EgressDenied):
            guard.check_packet(wrong)
    assert guard.as_dict() == {
        "allowed": {"read_attributes": 2},
        "denied": {"address": 5, "endpoint": 1, "unencrypted": 1},
    }


def test_guard_speaks_to_a_meter_that_is_a_device_of_its_own() -> None:
    guard = EgressGuard()
    meter = replace(READ_DEMAND, destination=0x1234)
    with pytest.raises(EgressDenied):
        guard.check(meter)
    guard.set_meters(frozenset({0x1234}))
    assert guard.check(meter) is Kind.READ_ATTRIBUTES
    assert guard.check(READ_DEMAND) is Kind.READ_ATTRIBUTES
    guard.set_meters(frozenset())
    with pytest.raises(EgressDenied):
        guard.check(meter)
