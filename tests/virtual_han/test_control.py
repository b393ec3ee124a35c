"""The control does what the Python API does, and tells the truth."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
import inspect
from typing import Any

import aiohttp
import pytest

from virtual_han.aps import Fuel
from virtual_han.clock import Clock, instant
from virtual_han.control import Control
from virtual_han.door import HanDoor
from virtual_han.events import EventName, Events
from virtual_han.faults import Fault
from virtual_han.han import HanConfig, VirtualHan
from virtual_han.heartbeat import Heartbeat
from virtual_han.meters import HomeConfig, Supply
from virtual_han.supplier import Behaviour, Desk, SupplierService

from .cad import connected, endpoint_of, join, t
from .home import START

READ_REGISTER = bytes.fromhex("00 31 00 0000")
METERING = 0x0702
ELECTRICITY, GAS = Fuel.ELECTRICITY, Fuel.GAS


class Remote:
    """A network with everything, steered over HTTP."""

    def __init__(
        self,
        han: VirtualHan,
        control: Control,
        service: SupplierService,
        session: aiohttp.ClientSession,
    ) -> None:
        self.han, self.control, self.service, self.session = (
            han,
            control,
            service,
            session,
        )

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(
            method, self.control.url + path, json=body
        ) as response:
            return response.status, await response.json()

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.call(method, path, body)
        assert status == 200, answer
        return answer


@pytest.fixture
async def remote() -> AsyncGenerator[Remote]:
    clock = Clock(START, speed=0)
    home = HomeConfig(prepayment=(ELECTRICITY,))
    async with VirtualHan(HanConfig(home=home), clock=clock) as han:
        service = SupplierService(Desk(clock, HanDoor(han)), token="t")
        control = Control(han, service)
        async with service, control, aiohttp.ClientSession() as session:
            yield Remote(han, control, service, session)


async def test_the_index_names_everything(remote: Remote) -> None:
    index = await remote.ok("GET", "/")
    assert set(index["faults"]) == set(Fault)
    assert set(index["events"]) == set(EventName)
    assert index["events"]["supplier_message"]["text"] == "required"
    assert index["events"]["meter_exchange"]["fuel"] == "electricity"
    assert "POST /events/{name}" in index["routes"]
    assert len(index["routes"]) == 16


def test_every_event_has_a_call() -> None:
    for name in EventName:
        assert inspect.isfunction(getattr(Events, name.value))


async def test_the_state(remote: Remote) -> None:
    state = await remote.ok("GET", "/state")
    assert state["time"] == "2026-11-22T13:07:00+00:00"
    assert (state["speed"], state["smart_energy"]) == (0, "1.2")
    assert state["stick"] == {
        "url": remote.han.url,
        "eui64": "00124B0001ABCDEF",
        "ezsp_version": 13,
        "joined": False,
        "holds_network": False,
    }
    assert state["hub"]["permits_joining"] is False
    assert state["hub"]["takes_install_code"] == []
    assert state["hub"]["members"] == []
    assert state["supplier"] == remote.service.url


async def test_time_moves(remote: Remote) -> None:
    state = await remote.ok("POST", "/clock", {"advance": 60})
    assert state["time"] == "2026-11-22T13:08:00+00:00"
    state = await remote.ok("POST", "/clock", {"move_to": "2026-12-01T01:00:00+01:00"})
    assert state["time"] == "2026-12-01T00:00:00+00:00"
    assert (await remote.ok("POST", "/clock", {"speed": 60}))["speed"] == 60
    assert (await remote.ok("POST", "/clock"))["speed"] == 60


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/clock", {"advance": -1}, "cannot go back"),
        ("/clock", {"move_to": "2026-12-01T00:00:00"}, "no time zone"),
        ("/clock", {"move_to": "soon"}, "soon"),
        ("/clock", {"faster": 1}, "allowed: advance, move_to, speed"),
        ("/clock", [1], "JSON object"),
        ("/admit", {"seconds": 9999}, "3600"),
        ("/admit", {"install_code": "xyz"}, "hexadecimal"),
        ("/faults/gremlins", {}, "there are: lost"),
        ("/faults/lost", {"direction": "sideways"}, "there are: lost"),
        (
            "/overrides",
            {"cluster": METERING, "attribute": 0, "value": "much"},
            "number",
        ),
        (
            "/overrides",
            {"cluster": METERING, "attribute": 0x9999, "value": 1},
            "0x9999",
        ),
        ("/overrides", {"cluster": 1, "attribute": 0, "value": 1}, "0x0001"),
        ("/events/party", {}, "there are supplier_message"),
        ("/events/supplier_message", {}, "text"),
        ("/events/supply", {"state": "sideways"}, "off, armed and on"),
        ("/events/tariff_change", {"name": "free"}, "three_block"),
        ("/events/price_change", {"fuel": "coal"}, "coal"),
        ("/supplier", {"outcome": "perhaps"}, "perhaps"),
        ("/supplier", {"fee": 12.5}, "fee is text"),
        ("/supplier", {"window": "long"}, "window is a number"),
        ("/supplier", {"mood": "good"}, "mood"),
    ],
)
async def test_what_cannot_be_done_is_said(
    remote: Remote, path: str, body: Any, words: str
) -> None:
    status, answer = await remote.call("POST", path, body)
    assert status == 400
    assert words in answer["error"]


async def test_other_bodies_are_not_taken(remote: Remote) -> None:
    """A page in a browser cannot post here: a form is not JSON."""
    async with remote.session.post(
        remote.control.url + "/unpair", data={"a": "b"}
    ) as response:
        assert response.status == 400
    async with remote.session.post(
        remote.control.url + "/unpair",
        data="{",
        headers={"Content-Type": "application/json"},
    ) as response:
        assert response.status == 400
    status, answer = await remote.call("GET", "/nonsense")
    assert (status, answer) == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "rebound.example.org"}, 403),
        ({"Host": "192.0.2.1:80"}, 403),
        ({"Host": "localhost:80"}, 200),
    ],
)
async def test_web_pages_steer_nothing(
    remote: Remote, headers: dict[str, str], status: int
) -> None:
    async with remote.session.post(
        remote.control.url + "/unpair", headers=headers
    ) as response:
        assert response.status == status


async def test_true_registers_are_those_that_are_read(remote: Remote) -> None:
    """Through bellows, the air and the keys: the meter's answer is the truth that the control tells."""
    async with connected(remote.han.url) as cad:
        await join(remote.han, cad)
        answer = await cad.ask(
            METERING, READ_REGISTER, endpoint=endpoint_of(remote.han, METERING)
        )
        truth = await remote.ok("GET", "/registers")
        assert (
            int.from_bytes(answer[7:13], "little") / 1000
            == truth["electricity"]["delivered"]
        )
        assert (await remote.ok("GET", "/state"))["stick"]["joined"] is True
        assert (await remote.ok("GET", "/state"))["stick"]["holds_network"] is True


async def test_the_truth_in_full(remote: Remote) -> None:
    truth = await remote.ok("GET", "/registers")
    electricity, gas = truth["electricity"], truth["gas"]
    meter = remote.han.servers.home.meters[ELECTRICITY]
    at = instant(START)
    assert electricity["delivered"] == meter.delivered.reading(at) / 1000
    assert electricity["power_watts"] == meter.power(at)
    assert sum(electricity["tiers"].values()) == pytest.approx(electricity["delivered"])
    assert electricity["credit"] == 25
    assert electricity["debt"] == 40
    assert electricity["tariff"] == {
        "label": "Four Rates",
        "standing_charge": 0.499,
        "unit_rate": 0.264,
        "rate_label": "Day",
        "tier": 3,
        "tier_label": "Day",
        "block": None,
        "since": "2026-11-22T10:00:00+00:00",
        "next_rate": 0.413,
        "next_start": "2026-11-22T16:00:00+00:00",
    }
    assert (electricity["unit"], electricity["supply"], electricity["alarms"]) == (
        "kWh",
        "on",
        0,
    )
    assert gas["as_of"] == "2026-11-22T13:00:00+00:00"
    assert (gas["unit"], gas["calorific_value"]) == ("m³", 39.3)
    assert gas["kwh_per_m3"] == pytest.approx(1.02264 * 39.3 / 3.6)
    assert gas["energy"] == pytest.approx(gas["delivered"] * 1.02264 * 39.3 / 3.6)
    assert (electricity["firmware"], gas["firmware"]) == ("3.4.1", "2.0.7")
    assert "received" not in gas
    assert "credit" not in gas
    assert gas["tariff"]["next_rate"] is None


async def test_the_truth_of_another_time(remote: Remote) -> None:
    then = (await remote.ok("GET", "/registers?at=2026-11-23T00:00:00Z"))[
        "electricity"
    ]["delivered"]
    await remote.ok("POST", "/clock", {"move_to": "2026-11-23T00:00:00Z"})
    truth = (await remote.ok("GET", "/registers"))["electricity"]
    assert truth["delivered"] == then
    assert truth["today"] == 0
    status, _ = await remote.call("GET", "/registers?at=later")
    assert status == 400


async def test_blocks_are_told() -> None:
    config = HanConfig(
        home=HomeConfig(tariffs={ELECTRICITY: "three_block", GAS: "gas_flat"})
    )
    han = VirtualHan(config, clock=Clock(START, speed=0))
    async with Control(han) as control, aiohttp.ClientSession() as session:
        han.clock.move_to(datetime(2026, 12, 30, tzinfo=UTC))
        async with session.get(control.url + "/registers") as response:
            electricity = (await response.json())["electricity"]
        async with session.get(control.url + "/supplier") as response:
            assert (response.status, (await response.json())["error"]) == (
                400,
                "This network was started without a supplier",
            )
        async with session.get(control.url + "/state") as response:
            assert (await response.json())["supplier"] is None
    assert set(electricity["blocks"]) == {"0/1", "0/2", "0/3"}
    assert electricity["tariff"]["block"] == 3


async def test_admission_and_unpairing(remote: Remote) -> None:
    state = await remote.ok("POST", "/admit", {"seconds": 60})
    assert state["hub"]["permits_joining"] is True
    assert state["hub"]["takes_install_code"] == ["00124B0001ABCDEF"]
    async with connected(remote.han.url) as cad:
        assert await cad.join() == t.sl_Status.NETWORK_UP
        await remote.ok("POST", "/unpair", {"eui64": "00:12:4B:00:01:AB:CD:EF"})
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
        body = {
            "eui64": "00-12-4B-00-01-AB-CD-EF",
            "install_code": "83FED3407A939723A5C639B26916D505",
        }
        await remote.ok("POST", "/admit", body)
        assert await cad.join() == t.sl_Status.NETWORK_UP
        state = await remote.ok("POST", "/unpair")
        assert state["hub"]["members"] == []
        assert await cad.status() == t.sl_Status.NETWORK_DOWN


async def test_faults_are_injected_and_cleared(remote: Remote) -> None:
    answer = await remote.ok(
        "POST", "/faults/late", {"count": 3, "direction": "to_hub", "seconds": 0.1}
    )
    assert answer["standing"] == [
        {
            "fault": "late",
            "remaining": 3,
            "probability": 1.0,
            "direction": "to_hub",
            "seconds": 0.1,
        }
    ]
    await remote.ok("POST", "/faults/clock_hour_off")
    assert remote.han.servers.time.offset == 3600
    answer = await remote.ok("DELETE", "/faults")
    assert answer["standing"] == []
    assert answer["struck"]["clock_hour_off"] == 1
    assert (await remote.ok("GET", "/faults")) == answer
    assert remote.han.servers.time.offset == 0


async def test_an_attribute_may_answer_something_else(remote: Remote) -> None:
    """Another MPAN and no register, until the truth returns."""
    servers = remote.han.servers
    endpoint = servers.metering_endpoint(ELECTRICITY)
    before = servers.responder.records(endpoint, METERING, [0x0307, 0x0000])
    for attribute, value in ((0x0307, "1200000000000"), (0x0000, None)):
        body = {
            "cluster": METERING,
            "attribute": attribute,
            "value": value,
            "endpoint": endpoint,
        }
        await remote.ok("POST", "/overrides", body)
    changed = servers.responder.records(endpoint, METERING, [0x0307, 0x0000])
    assert [record.value for record in changed] == [b"1200000000000", None]
    await remote.ok("DELETE", "/overrides")
    assert servers.responder.records(endpoint, METERING, [0x0307, 0x0000]) == before
    status, _ = await remote.call("POST", "/overrides", {"cluster": METERING})
    assert status == 400


async def test_events_take_words_for_times_fuels_and_states(remote: Remote) -> None:
    home = remote.han.servers.home
    body = {"fuel": "gas", "factor": 2, "at": "2026-11-22T13:07:00Z"}
    assert (await remote.ok("POST", "/events/price_change", body))[
        "done"
    ] == "price_change"
    assert home.meters[GAS].schedule.at(instant(START)).tariff.prices == {
        (0, 1): 12_480
    }
    await remote.ok("POST", "/events/supply", {"state": "armed"})
    assert home.meters[ELECTRICITY].supply is Supply.ARMED
    await remote.ok(
        "POST",
        "/events/lose_log",
        {"start": "2026-11-22T11:00:00Z", "end": "2026-11-22T12:00:00Z"},
    )
    assert len(home.meters[ELECTRICITY].missing) == 2
    await remote.ok(
        "POST", "/events/supplier_message", {"text": "Hello", "confirm": True}
    )
    assert remote.han.servers.messaging.current is not None
    await remote.ok("POST", "/events/hub_exchange")
    await remote.ok("POST", "/events/key_refresh")
    assert (await remote.ok("GET", "/state"))["hub"]["eui64"] == "000D6F0000C0FFEF"


async def test_the_referee_is_asked(remote: Remote) -> None:
    async with connected(remote.han.url) as cad:
        await join(remote.han, cad)
        for _ in range(2):
            await cad.ask(
                METERING,
                READ_REGISTER,
                endpoint=endpoint_of(remote.han, METERING),
                encrypted=False,
            )
    referee = await remote.ok("GET", "/referee")
    assert referee["counts"]["unencrypted"] == 2
    assert referee["requests"] >= 2
    assert {finding["breach"] for finding in referee["findings"]} >= {"unencrypted"}
    referee = await remote.ok("DELETE", "/referee")
    assert (referee["requests"], referee["findings"]) == (0, [])


async def test_from_the_pairing_request_to_a_reading(remote: Remote) -> None:
    """Supplier, hub and stick: the request opens the HAN, the join closes the request, removal throws out."""
    await remote.ok("POST", "/supplier", {"remove_after": 600, "open_after": 60})
    desk = remote.service.desk
    assert desk.behaviour == Behaviour(remove_after=600, open_after=60)
    eui64 = remote.han.ncp.flash.eui64
    desk.take_pairing(eui64, remote.han.config.install_code)

    async def state() -> str:
        (request,) = (await remote.ok("GET", "/supplier"))["requests"]
        return str(request["state"])

    await remote.ok("POST", "/clock", {"advance": 64})
    assert await state() == "accepted"
    assert not remote.han.log.open
    await remote.ok("POST", "/clock", {"advance": 1})
    assert await state() == "han_open"
    async with connected(remote.han.url) as cad:
        assert await cad.join() == t.sl_Status.NETWORK_UP
        assert await state() == "han_open"
        key = await cad.establish(
            remote.han.credentials(), endpoint=endpoint_of(remote.han, 0x0800)
        )
        await cad.import_key(key)
        assert await state() == "paired"
        assert (
            len(
                await cad.ask(
                    METERING, READ_REGISTER, endpoint=endpoint_of(remote.han, METERING)
                )
            )
            == 13
        )
        await remote.ok("POST", "/clock", {"advance": 600})
        assert await cad.status() == t.sl_Status.NETWORK_DOWN
    assert await state() == "removed"
    announced = await remote.ok(
        "POST",
        "/supplier",
        {"announce_tenancy": "2026-12-24T00:00:00Z", "outcome": "refuse"},
    )
    assert announced["requests"][0]["tenancy_change"] == {
        "effective_at": "2026-12-24T00:00:00+00:00"
    }
    assert announced["behaviour"]["outcome"] == "refuse"


async def test_the_heart_beats(remote: Remote) -> None:
    """What is due happens without anybody asking, and one failure does not end it."""
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 1:
            raise ValueError

    heart = Heartbeat([beat], seconds=0)
    heart.start()
    heart.start()
    while len(beats) < 3:
        await asyncio.sleep(0)
    await heart.stop()
    count = len(beats)
    await heart.stop()
    await asyncio.sleep(0)
    assert len(beats) == count


def test_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Control(VirtualHan(), host="0.0.0.0")


async def test_stopping_twice(remote: Remote) -> None:
    await remote.control.stop()
    await remote.control.stop()
