"""The session's parts, one by one: gate, plan, record, discovery, chores, keep-alive."""

import json
from types import SimpleNamespace
from typing import Any

from hypothesis import given, strategies as st
import pytest
from zigpy.types import (
    NWK,
    AddrMode,
    AddrModeAddress,
    SerializableBytes,
    TransmitOptions,
    ZigbeePacket,
)
from zigpy.zdo.types import Status as ZdoStatus

from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import Burst, BurstExceeded
from custom_components.smets1_cad.smart_energy.errors import EgressDenied
from custom_components.smets1_cad.smart_energy.session.chores import CHORES, ChoreList
from custom_components.smets1_cad.smart_energy.session.const import Timings
from custom_components.smets1_cad.smart_energy.session.discovery import (
    discover,
    find_endpoints,
    meter_fuel,
)
from custom_components.smets1_cad.smart_energy.session.errors import (
    HubRefused,
    HubSilent,
    NoHubServices,
)
from custom_components.smets1_cad.smart_energy.session.gate import Gate
from custom_components.smets1_cad.smart_energy.session.keepalive import KeepAlive
from custom_components.smets1_cad.smart_energy.session.plan import (
    METERING,
    REPLY_ROOM,
    Plan,
)
from custom_components.smets1_cad.smart_energy.session.reader import Reader
from custom_components.smets1_cad.smart_energy.session.record import (
    ClusterRecord,
    HanRecord,
    plain_value,
    static_value,
)
from tests.cad.clocks import SteppedClock

from .session_fakes import HUB, ScriptedExchange, read_response, record

METER, PRICE, BASIC, KEEP_ALIVE, TIME = 0x0702, 0x0700, 0x0000, 0x0025, 0x000A


def packet(
    cluster: int, payload: str, *, endpoint: int = 2, encrypted: bool = True
) -> ZigbeePacket:
    """Return a packet to the hub."""
    return ZigbeePacket(
        src=AddrModeAddress(addr_mode=AddrMode.NWK, address=NWK(0x1234)),
        src_ep=1,
        dst=AddrModeAddress(addr_mode=AddrMode.NWK, address=NWK(0)),
        dst_ep=endpoint,
        tsn=1,
        profile_id=0x0109,
        cluster_id=cluster,
        data=SerializableBytes(bytes.fromhex(payload)),
        tx_options=TransmitOptions.APS_Encryption
        if encrypted
        else TransmitOptions.NONE,
    )


READ_REGISTER = "0001000000"
READ_SCALING = "00010001030203"
GET_PROFILE = "0102000000000001"
GET_CURRENT_PRICE = "01030001"


def test_r15_changing_information_needs_a_burst_of_its_fuel() -> None:
    gate = Gate()
    gate.set_fuels({2: Fuel.ELECTRICITY, 3: Fuel.GAS})
    for cluster, payload in (
        (METER, READ_REGISTER),
        (METER, GET_PROFILE),
        (PRICE, GET_CURRENT_PRICE),
    ):
        with pytest.raises(EgressDenied, match="due"):
            gate.check(packet(cluster, payload))
    burst = Burst(Fuel.ELECTRICITY)
    with gate.during(burst):
        gate.check(packet(METER, READ_REGISTER))
        gate.check(packet(PRICE, GET_CURRENT_PRICE, endpoint=1))
        with pytest.raises(EgressDenied, match="due"):
            gate.check(packet(METER, READ_REGISTER, endpoint=3))
        gate.check(packet(METER, GET_PROFILE))
        with pytest.raises(BurstExceeded):
            gate.check(packet(METER, READ_REGISTER))
    assert burst.frames == 3
    assert gate.unpaced == 4
    with pytest.raises(EgressDenied):
        gate.check(packet(METER, READ_REGISTER))


def test_r15_what_does_not_change_is_asked_for_once_per_join() -> None:
    gate = Gate()
    gate.check(packet(METER, READ_SCALING))
    with pytest.raises(EgressDenied, match="2 attributes"):
        gate.check(packet(METER, READ_SCALING))
    gate.check(packet(METER, READ_SCALING, endpoint=3))
    assert gate.was_read((2, METER, 0x0301))
    kept = set(gate.read_once)
    gate.forget({(2, METER, 0x0301)})
    gate.check(packet(METER, "00010001 03".replace(" ", "")))
    gate.joined()
    gate.check(packet(METER, READ_SCALING))
    fresh = Gate()
    fresh.restore(kept)
    with pytest.raises(EgressDenied):
        fresh.check(packet(METER, READ_SCALING))


def test_what_mixes_both_is_changing() -> None:
    with pytest.raises(EgressDenied, match="due"):
        Gate().check(packet(METER, "000100000000 03".replace(" ", "")))


def test_r16_the_rest_of_the_allow_list_needs_no_burst() -> None:
    gate = Gate()
    gate.check(packet(KEEP_ALIVE, "00010000000100"))
    gate.check(packet(TIME, "0001000000"))
    gate.check(packet(0x0800, "0001000000", encrypted=False))
    with pytest.raises(EgressDenied):
        gate.check(packet(METER, "00010200000023000000000000"))
    assert gate.unpaced == 0


@given(
    supported=st.sets(
        st.sampled_from([one.attribute for one in METERING[Fuel.ELECTRICITY]])
    ),
    missing=st.sets(
        st.sampled_from([one.attribute for one in METERING[Fuel.ELECTRICITY]])
    ),
)
def test_requests_fit_their_reply_and_ask_nothing_twice(
    supported: set[int], missing: set[int]
) -> None:
    """Whatever a hub has: a reply fits one frame, nothing denied is asked, a burst repeats nothing."""
    known = ClusterRecord(supported=supported - missing, missing=missing)
    sizes = {one.attribute: one.size for one in METERING[Fuel.ELECTRICITY]}
    plan = Plan(METERING[Fuel.ELECTRICITY], known)
    for _ in range(4):
        plan.begin_burst()
        asked: list[int] = []
        for _ in range(3):
            request = plan.next_request()
            assert sum(4 + sizes[one] for one in request) <= REPLY_ROOM
            assert not set(request) & missing
            asked += request
        assert len(asked) == len(set(asked))


def test_registers_come_always_and_the_rest_in_turn() -> None:
    known = ClusterRecord(
        supported={
            0x0000,
            0x0001,
            0x0400,
            0x0014,
            0x0200,
            0x0401,
            *range(0x0100, 0x010A, 2),
        }
    )
    known.missing = {
        one.attribute for one in METERING[Fuel.ELECTRICITY]
    } - known.supported
    plan = Plan(METERING[Fuel.ELECTRICITY], known)
    seen: set[int] = set()
    for _ in range(3):
        plan.begin_burst()
        request = plan.next_request()
        assert request[:3] == [0x0000, 0x0400, 0x0001]
        seen |= set(request)
    assert seen == known.supported
    assert not plan.untried


def test_what_is_neither_given_nor_denied_gets_three_frames() -> None:
    known = ClusterRecord()
    plan = Plan(METERING[Fuel.GAS][:2], known)
    for _ in range(3):
        plan.begin_burst()
        assert plan.untried
        plan.next_request()
    plan.begin_burst()
    assert not plan.untried
    assert not plan.unread


def test_tiers_are_tried_one_after_the_other() -> None:
    known = ClusterRecord(supported={0x0000})
    plan = Plan(METERING[Fuel.ELECTRICITY], known)
    first = {one for _ in range(6) for one in plan.next_request()}
    assert 0x0100 in first
    assert 0x0102 not in first
    known.supported.add(0x0100)
    plan.begin_burst()
    assert 0x0102 in {one for _ in range(6) for one in plan.next_request()}


def test_record_survives_json() -> None:
    made = record((1, PRICE, Fuel.ELECTRICITY), (2, METER, None))
    known = made.endpoints[2].clusters[METER]
    known.static = {0x0302: 1000, 0x0307: "0x32303030"}
    known.supported, known.missing, known.refused = {0, 1}, {2}, {0x00}
    made.read_once = {(2, METER, 0x0302)}
    again = HanRecord.from_dict(json.loads(json.dumps(made.as_dict())))
    assert again == made
    assert HanRecord.from_dict(None) == HanRecord()
    assert HanRecord.from_dict({"version": 0}) == HanRecord()
    assert plain_value("0x32303030") == b"2000"


@pytest.mark.parametrize(
    ("value", "kept"),
    [(5, 5), (b"\x01\x02", "0x0102"), ("Ab", "0x4162"), (1.5, None), (None, None)],
)
def test_static_values_are_numbers_or_octets(value: object, kept: object) -> None:
    assert static_value(value) == kept


@pytest.mark.parametrize(
    ("static", "fuel"),
    [
        ({0x0306: 0}, Fuel.ELECTRICITY),
        ({0x0306: 0x7F}, Fuel.ELECTRICITY),
        ({0x0306: 1}, Fuel.GAS),
        ({0x0306: 0x80, 0x0300: 0}, Fuel.GAS),
        ({0x0306: 2}, None),
        ({0x0300: 0x01}, Fuel.GAS),
        ({0x0300: 0x81}, Fuel.GAS),
        ({0x0300: 0x00}, Fuel.ELECTRICITY),
        ({}, None),
    ],
)
def test_fuel_of_a_meter(static: dict[int, Any], fuel: Fuel | None) -> None:
    assert meter_fuel(ClusterRecord(static=static)) is fuel


class Zdo:
    """Answers ZDO requests."""

    def __init__(
        self, endpoints: dict[int, int], status: int = ZdoStatus.SUCCESS
    ) -> None:
        """Have endpoints with a profile each."""
        self._endpoints = endpoints
        self._status = status

    async def Active_EP_req(self, address: int, **_: Any) -> Any:
        return self._status, address, list(self._endpoints)

    async def Simple_Desc_req(self, address: int, endpoint: int, **_: Any) -> Any:
        status = ZdoStatus.NOT_ACTIVE if endpoint == 9 else ZdoStatus.SUCCESS
        return (
            status,
            address,
            SimpleNamespace(
                profile=self._endpoints[endpoint],
                device_type=0x0500,
                input_clusters=[METER, 0x0006],
            ),
        )


async def test_only_smart_energy_endpoints_and_useful_servers_are_kept() -> None:
    hub: Any = SimpleNamespace(nwk=0, zdo=Zdo({1: 0x0109, 2: 0x0104, 9: 0x0109}))
    found = await find_endpoints(hub, 1)
    assert {number: set(place.clusters) for number, place in found.items()} == {
        1: {METER}
    }


@pytest.mark.parametrize(
    "zdo", [Zdo({2: 0x0104}), Zdo({1: 0x0109}, ZdoStatus.NOT_SUPPORTED)]
)
async def test_hub_without_smart_energy_is_named(zdo: Zdo) -> None:
    hub: Any = SimpleNamespace(nwk=0, zdo=zdo)
    with pytest.raises(NoHubServices):
        await find_endpoints(hub, 1)


async def test_refused_statics_are_not_asked_for_again_and_silence_is() -> None:
    """What was not answered may be asked for again; what was refused may not."""
    answers: list[Any] = [
        HubSilent("gone"),
        HubRefused("no", status=1),
        HubRefused("no", status=1),
    ]
    made, gate = record((2, METER, None), (2, BASIC, None)), Gate()

    def answer(*what: Any) -> Any:
        _, endpoint, cluster_id, *attributes = what
        gate.restore({(endpoint, cluster_id, one) for one in attributes})
        raise answers.pop(0)

    exchange: Any = ScriptedExchange(answer)
    with pytest.raises(HubSilent):
        await discover(exchange, made, gate, frozenset(Fuel))
    assert gate.read_once == frozenset()
    await discover(exchange, made, gate, frozenset(Fuel))
    await discover(exchange, made, gate, frozenset(Fuel))
    assert [one[2] for one in exchange.asked] == [METER, METER, BASIC]
    assert 0x0302 in made.endpoints[2].clusters[METER].missing


def reader(answer: Any, made: HanRecord) -> tuple[Reader, ScriptedExchange]:
    """Return a reader of a scripted hub."""
    exchange = ScriptedExchange(answer)
    return Reader(exchange, made, Gate(), SteppedClock()), exchange  # type: ignore[arg-type]


async def test_commands_that_a_hub_has_not_are_not_repeated() -> None:
    made = record((1, PRICE, Fuel.GAS))

    def refuse(kind: str, endpoint: int, cluster_id: int, *what: Any) -> Any:
        raise HubRefused("no", status=0x81 if kind == "command" else 0x86)

    reading, exchange = reader(refuse, made)
    for _ in range(4):
        burst = Burst(Fuel.GAS)
        for _ in range(2):
            burst.spend()
        await reading.do_chores(Fuel.GAS, burst)
    assert made.endpoints[1].clusters[PRICE].refused == {0x00, 0x01}
    assert reading.learnt
    assert len(exchange.asked) == len({one[:5] for one in exchange.asked})


def test_chores_go_to_the_fuel_of_their_endpoint_and_come_again() -> None:
    made = record((1, PRICE, None), (3, PRICE, Fuel.GAS))
    chores = ChoreList(made)
    assert {endpoint for endpoint, _ in chores.due(Fuel.ELECTRICITY, 0)} == {1}
    due = chores.due(Fuel.GAS, 0)
    assert {endpoint for endpoint, _ in due} == {3}
    for endpoint, chore in due:
        chores.done(endpoint, chore, 0)
    assert chores.due(Fuel.GAS, 60) == []
    assert [chore.command_id for _, chore in chores.due(Fuel.GAS, 1800)] == [0x00]
    assert chores.due(Fuel.GAS, 86400)[0][1] in CHORES
    known = made.endpoints[3].clusters[PRICE]
    known.missing = {one for chore in CHORES for one in chore.attributes}
    assert {chore.command_id for _, chore in chores.due(Fuel.GAS, 86400)} == {
        0x00,
        0x01,
    }
    chores.hurry(PRICE)
    assert [chore.command_id for _, chore in chores.due(Fuel.GAS, 86400)] == [
        0x00,
        0x01,
    ]


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        ({0: 10, 1: 300}, 600, 900),
        ({0: 10, 1: 0xFFFF}, 600, 600),
        ({0: 0, 1: 5}, 3600, 3600),
        ({0: (0x86,)}, 3600, 3600),
    ],
)
async def test_keep_alive_comes_as_often_as_the_hub_wants(
    values: dict[int, Any], least: float, most: float
) -> None:
    exchange: Any = ScriptedExchange(lambda *_: read_response(KEEP_ALIVE, values))
    alive = KeepAlive(
        exchange, record((1, KEEP_ALIVE, None), (1, TIME, None)), Timings()
    )
    await alive.beat()
    assert least <= alive.every <= most
    assert exchange.asked == [("read", 1, KEEP_ALIVE, 0, 1)]


async def test_hub_without_keep_alive_is_seen_by_its_clock_or_not_at_all() -> None:
    exchange: Any = ScriptedExchange(lambda *_: read_response(TIME, {0: 5}))
    assert await KeepAlive(exchange, record((1, TIME, None)), Timings()).prove()
    assert exchange.asked == [("read", 1, TIME, 0)]
    assert not await KeepAlive(exchange, record((1, PRICE, None)), Timings()).prove()


async def test_third_missed_keep_alive_counts() -> None:
    outcomes: list[Exception | None] = [
        HubSilent("1"),
        HubSilent("2"),
        None,
        *(HubSilent(str(n)) for n in range(3)),
    ]

    def answer(*_: Any) -> Any:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        return read_response(KEEP_ALIVE, {0: 10})

    alive = KeepAlive(
        ScriptedExchange(answer), record((1, KEEP_ALIVE, None)), Timings()
    )  # type: ignore[arg-type]
    for missed in (1, 2, 0, 1, 2):
        await alive.beat()
        assert alive.missed == missed
    with pytest.raises(HubSilent):
        await alive.beat()


async def test_failure_still_proves_that_the_hub_is_there() -> None:
    def refuse(*_: Any) -> Any:
        raise HubRefused("no", status=1)

    alive = KeepAlive(
        ScriptedExchange(refuse), record((1, KEEP_ALIVE, None)), Timings()
    )  # type: ignore[arg-type]
    assert await alive.prove()


def test_a_record_shows_neither_network_nor_whose_meter_it_is() -> None:
    made = record((1, 0x0702, Fuel.ELECTRICITY))
    made.extended_pan_id = "a1:b2"
    made.endpoints[1].clusters[0x0702].static = {0x0307: "0x3132333435"}
    shown = repr(made)
    assert "HanRecord" in shown
    for secret in ("a1:b2", str(HUB), "3132333435"):
        assert secret not in shown
