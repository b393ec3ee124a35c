"""What the referee counts, and what it lets pass."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from virtual_han.aps import EndpointDescription, Fuel
from virtual_han.frames import ApsFrame, ApsKind, Delivery, KeyId
from virtual_han.hub import Member
from virtual_han.referee import Breach, Referee, Request

ELECTRICITY, GAS, ESI = 1, 2, 3
BASIC, TIME, PRICE, METERING, MESSAGING, KEYS = (
    0x0000,
    0x000A,
    0x0700,
    0x0702,
    0x0703,
    0x0800,
)
EVENTS = 0x0709
ENDPOINTS = [
    EndpointDescription(ELECTRICITY, 0x0501, (METERING,), fuel=Fuel.ELECTRICITY),
    EndpointDescription(GAS, 0x0501, (METERING, PRICE), fuel=Fuel.GAS),
    EndpointDescription(ESI, 0x0500, (BASIC, PRICE, TIME), fuel=Fuel.ELECTRICITY),
]


def member() -> Member:
    return Member(bytes(8), 0x1234, bytes(16), 0.0)


@dataclass
class Game:
    """A referee with a clock of its own."""

    at: float = 1000.0

    def __post_init__(self) -> None:
        self.referee = Referee(
            lambda: self.at,
            lambda: ENDPOINTS,
            answer_time=10,
            real_time=lambda: self.at,
        )
        self.member = member()

    def frame(
        self,
        octets: str,
        cluster: int,
        endpoint: int,
        *,
        key: KeyId | None = KeyId.LINK,
        **how: Delivery,
    ) -> ApsFrame:
        return ApsFrame(
            ApsKind.DATA,
            1,
            bytes.fromhex(octets),
            destination_endpoint=endpoint,
            source_endpoint=1,
            cluster_id=cluster,
            profile_id=0x0109 if endpoint else 0,
            key=key,
            **how,
        )

    def ask(
        self,
        octets: str,
        cluster: int = METERING,
        endpoint: int = ELECTRICITY,
        *,
        after: float = 0,
        key: KeyId | None = KeyId.LINK,
        **how: Delivery,
    ) -> None:
        self.at += after
        self.referee.request(
            self.member, self.frame(octets, cluster, endpoint, key=key, **how)
        )

    def answer(
        self, octets: str, cluster: int = METERING, endpoint: int = ELECTRICITY
    ) -> None:
        reply = ApsFrame(
            ApsKind.DATA,
            2,
            bytes.fromhex(octets),
            destination_endpoint=1,
            source_endpoint=endpoint,
            cluster_id=cluster,
            profile_id=0x0109,
            key=KeyId.LINK,
        )
        self.referee.delivered(reply)

    def found(self) -> dict[str, int]:
        return {name: count for name, count in self.referee.counts().items() if count}


@pytest.fixture
def game() -> Game:
    return Game()


def test_every_rule_is_named_in_the_counts(game: Game) -> None:
    assert game.referee.counts() == {breach.value: 0 for breach in Breach}


def test_electricity_every_ten_seconds_is_fine(game: Game) -> None:
    for _ in range(5):
        game.ask("00 01 00 0000", after=10)
        game.answer("18 01 01 0000 00 25 010000000000")
    assert game.found() == {}
    assert len(game.referee.requests) == 5
    assert game.referee.requests[0].attributes == (0,)
    assert game.referee.requests[0].fuel is Fuel.ELECTRICITY


@pytest.mark.parametrize(
    ("endpoint", "gap", "breaches"),
    [
        (ELECTRICITY, 9.9, 1),
        (ELECTRICITY, 9.96, 0),
        (GAS, 1799, 1),
        (GAS, 59, 1),
        (GAS, 1800, 0),
    ],
)
def test_answered_information_is_asked_for_again_too_soon(
    game: Game, endpoint: int, gap: float, breaches: int
) -> None:
    game.ask("00 01 00 0000", endpoint=endpoint)
    game.answer("18 01 01 0000 00 25 010000000000", endpoint=endpoint)
    game.ask("00 02 00 0000", endpoint=endpoint, after=gap)
    assert game.referee.counts()["too_soon"] == breaches


def test_a_burst_takes_three_frames(game: Game) -> None:
    """Registers, price, profile; the fourth frame is too much, the other fuel has its own burst."""
    game.ask("00 01 00 0000")
    game.ask("01 02 00 01", PRICE, ESI, after=1)
    game.ask("01 03 00 00 00000000 01", after=1)
    game.ask("00 04 00 0000", endpoint=GAS, after=1)
    assert game.found() == {}
    game.ask("00 05 00 0004", after=1)
    assert game.found() == {"burst": 1}


def test_a_frame_that_was_never_answered_may_be_sent_again_in_its_burst(
    game: Game,
) -> None:
    game.ask("00 01 00 0000", endpoint=GAS)
    game.ask("00 02 00 0000", endpoint=GAS, after=20)
    assert game.found() == {}
    game.ask("00 03 00 0000", endpoint=GAS, after=61)
    assert game.found() == {"too_soon": 1}


def test_static_information_is_known_once_it_is_delivered(game: Game) -> None:
    """A reply that leaves attributes off does not make them known."""
    game.ask("00 01 00 0003 0103")
    game.ask("00 02 00 0003 0103", after=1)
    assert game.found() == {}
    game.answer("18 02 01 0003 00 30 00")
    game.ask("00 03 00 0103", after=1)
    assert game.found() == {}
    game.ask("00 04 00 0003 0000", after=10)
    assert game.found() == {"static_again": 1}


def test_a_new_join_may_learn_anew(game: Game) -> None:
    game.ask("00 01 00 0500", BASIC, ESI, key=None)
    game.answer("18 01 01 0500 00 42 02 4142", BASIC, ESI)
    game.member = member()
    game.ask("00 02 00 0500", BASIC, ESI, key=None)
    assert game.found() == {}
    game.answer("18 02 01 0500 00 42 02 4142", BASIC, ESI)
    game.ask("00 03 00 0500", BASIC, ESI, key=None)
    assert game.found() == {"static_again": 1}


HOUR, DAY = 3600, 86_400
FIRMWARE_ACTIVATED = "09 63 00 03 2a00 00000030 01 00"


def ask_who(game: Game, after: float, serial: str = "41") -> None:
    """Ask a meter for its serial number, and hear it."""
    game.ask("00 01 00 0803", after=after)
    game.answer(f"18 01 01 0803 00 41 01 {serial}")


def test_an_identity_may_be_asked_for_again_a_day_later(game: Game) -> None:
    ask_who(game, 0)
    ask_who(game, DAY)
    assert game.found() == {}
    ask_who(game, DAY - 1)
    assert game.found() == {"static_again": 1}


@pytest.mark.parametrize(
    "news",
    [
        lambda game: game.answer(FIRMWARE_ACTIVATED, EVENTS, ESI),
        lambda game: game.ask("01 05 00 0100 ff ff", KEYS, ESI, key=None),
        lambda game: game.ask("00", 0x0013, 0, key=None),
        lambda game: (
            game.ask("00 07 00 0000", after=10),
            game.answer("18 07 01 0000 00 25 010000000000"),
            game.ask("00 08 00 0000", after=10),
            game.answer("18 08 01 0000 00 25 000000000000"),
        ),
    ],
    ids=["firmware", "key", "rejoin", "register that fell"],
)
def test_news_lets_an_identity_be_asked_for_once_and_an_hour_later(
    game: Game, news: Callable[[Game], object]
) -> None:
    ask_who(game, 0)
    news(game)
    ask_who(game, 10)
    assert game.found() == {"static_again": 1}
    news(game)
    ask_who(game, HOUR)
    assert game.found() == {"static_again": 1}
    ask_who(game, HOUR)
    assert game.found() == {"static_again": 2}


def test_another_meter_may_be_asked_for_its_scaling(game: Game) -> None:
    ask_who(game, 0)
    game.ask("00 02 00 0203")
    game.answer("18 02 01 0203 00 22 e80300")
    ask_who(game, DAY, serial="42")
    game.ask("00 03 00 0203")
    game.answer("18 03 01 0203 00 22 e80300")
    assert game.found() == {}
    game.ask("00 04 00 0203")
    assert game.found() == {"static_again": 1}


@pytest.mark.parametrize("cluster", [MESSAGING, 0x0708, EVENTS, 0x0707])
def test_what_changes_elsewhere_is_paced_too(game: Game, cluster: int) -> None:
    for number in range(4):
        game.ask(f"01 0{number} 00", cluster, ESI, after=1)
    assert game.found() == {"burst": 1}


def test_the_supplier_does_not_change_while_one_is_joined(game: Game) -> None:
    for _ in range(2):
        game.ask("00 01 00 0201", 0x0708, ESI, after=20)
        game.answer("18 01 01 0201 00 41 01 41", 0x0708, ESI)
    assert game.found() == {"static_again": 1}


def test_what_the_hub_does_not_have_is_not_asked_for_again(game: Game) -> None:
    game.ask("00 01 00 0104")
    game.answer("18 01 01 0104 86")
    game.ask("00 02 00 0104", after=10)
    assert game.found() == {"unsupported_again": 1}


def test_discovery_happens_once(game: Game) -> None:
    game.ask("00 01 0c 0000 ff")
    game.answer("18 01 0d 01 0000 25")
    game.ask("00 02 0c 0010 ff")
    assert game.found() == {}
    game.ask("00 03 0c 0000 ff")
    assert game.found() == {"static_again": 1}


ANSWER = "18 01 01 0000 00 25 010000000000"


def test_one_request_at_a_time(game: Game) -> None:
    """Whatever it is for: the other meter, the time, a price."""
    game.ask("00 01 00 0000")
    game.ask("00 02 00 0000", endpoint=GAS, after=1)
    game.ask("00 03 00 0000", TIME, ESI)
    game.ask("01 04 00 01", PRICE, ESI)
    assert game.found() == {}
    game.answer(ANSWER)
    assert game.found() == {"overlap": 3}
    assert "endpoint 1 cluster 0x0702" in game.referee.findings[0].detail


def test_what_comes_after_the_answer_does_not_overlap(game: Game) -> None:
    """Nor does key establishment, an acknowledgement, or what the stick sends twice."""
    game.ask("00 01 00 0000")
    game.ask("00 01 00 0000")
    game.ask("01 02 00 0100 03 06", KEYS, ESI, key=None)
    game.ask("01 03 02 00000000 00000000", PRICE, ESI)
    game.answer(ANSWER)
    game.ask("00 02 00 0000", endpoint=GAS)
    assert game.found() == {}


@pytest.mark.parametrize(("seconds", "count"), [(9, 1), (11, 0)])
def test_an_answer_that_comes_late_need_not_have_been_waited_for(
    game: Game, seconds: int, count: int
) -> None:
    game.ask("00 01 00 0000")
    game.ask("00 02 00 0000", endpoint=GAS, after=seconds)
    game.answer(ANSWER)
    assert game.referee.counts()["overlap"] == count


def test_a_stick_that_begins_anew_waits_for_nothing(game: Game) -> None:
    game.ask("00 01 00 0000")
    game.referee.stick_command("networkInit", {})
    game.ask("00 02 00 0000", endpoint=GAS)
    game.answer(ANSWER)
    assert game.found() == {}


@pytest.mark.parametrize(
    ("octets", "cluster", "endpoint", "breach"),
    [
        ("00 01 02 0000 25 000000000000", METERING, ELECTRICITY, "write"),
        ("00 01 05 0000 25 000000000000", METERING, ELECTRICITY, "write"),
        (
            "00 01 06 00 0000 25 0100 0100 010000000000",
            METERING,
            ELECTRICITY,
            "not_allowed",
        ),
        ("01 01 0b 00", METERING, ELECTRICITY, "not_allowed"),
        ("01 01 0d", PRICE, ESI, "not_allowed"),
        ("01 01 00", 0x0701, ESI, "not_allowed"),
        ("00 01 00 0000", 0x0006, ESI, "not_allowed"),
        ("00", METERING, ELECTRICITY, "not_allowed"),
        ("05 3412 01 00", METERING, ELECTRICITY, "not_allowed"),
    ],
)
def test_what_a_cad_never_sends(
    game: Game, octets: str, cluster: int, endpoint: int, breach: str
) -> None:
    game.ask(octets, cluster, endpoint)
    assert game.found() == {breach: 1}


@pytest.mark.parametrize(
    ("octets", "cluster"),
    [
        ("01 01 02 00000000 00000000", PRICE),
        ("01 01 01 00000000 00000000", MESSAGING),
        ("00 01 00 0000", TIME),
        ("00 01 0b 00 00", PRICE),
        ("08 01 01 0000 00 20 02", BASIC),
    ],
)
def test_what_may_be_sent_at_any_time(game: Game, octets: str, cluster: int) -> None:
    for _ in range(5):
        game.ask(octets, cluster, ESI)
    assert game.found() == {}


def test_secured_clusters_need_the_link_key(game: Game) -> None:
    game.ask("00 01 00 0000", key=None)
    assert game.found() == {"unencrypted": 1}
    game.ask("01 02 00 0100 03 06", KEYS, ESI, key=None)
    game.ask("00 03 00 0400", BASIC, ESI, key=None)
    game.ask("18 04 0b 00 01", PRICE, ESI, key=None)
    assert game.found() == {"unencrypted": 1}


def test_broadcasts(game: Game) -> None:
    """Only the announcement that the stack itself makes after a join."""
    game.ask("01 3412 efcdab01004b1200 8c", 0x0013, 0, delivery=Delivery.BROADCAST)
    assert game.found() == {}
    game.ask("01 ffff 0000", 0x0000, 0, delivery=Delivery.BROADCAST)
    game.ask("00 01 00 0000", delivery=Delivery.BROADCAST)
    assert game.found() == {"broadcast": 2}


def test_zdo(game: Game) -> None:
    for cluster in (0x0000, 0x0001, 0x0002, 0x0004, 0x0005, 0x0006, 0x0021, 0x8006):
        game.ask("01 0000", cluster, 0, key=None)
    assert game.found() == {}
    for cluster in (0x0031, 0x0034, 0x0036):
        game.ask("01 0000", cluster, 0, key=None)
    assert game.found() == {"not_allowed": 3}


def test_stick_commands(game: Game) -> None:
    game.referee.stick_command("sendUnicast", {})
    game.referee.stick_command("permitJoining", {"duration": 0})
    assert game.found() == {}
    game.referee.stick_command("permitJoining", {"duration": 60})
    game.referee.stick_command("formNetwork", {})
    game.referee.stick_command("sendBroadcast", {})
    assert game.found() == {"stick_command": 3}


def test_answers_to_nothing_are_ignored(game: Game) -> None:
    game.answer("18 01 01 0000 00 25 010000000000")
    game.answer("18")
    assert game.found() == {}


def test_clearing_keeps_what_pacing_needs(game: Game) -> None:
    game.ask("00 01 00 0000")
    game.answer("18 01 01 0000 00 25 010000000000")
    game.referee.clear()
    assert game.referee.requests == []
    game.ask("00 02 00 0000", after=1)
    [finding] = game.referee.findings
    assert (finding.breach, finding.at) == (Breach.TOO_SOON, 1001.0)
    assert "electricity" in finding.detail


def test_when_something_was_asked_for(game: Game) -> None:
    """By fuel and cluster, and by attribute where that matters."""

    def request(second: int, fuel: Fuel, cluster: int, *attributes: int) -> Request:
        return Request(game.at + second, 1, cluster, attributes=attributes, fuel=fuel)

    game.referee.requests += [
        request(0, Fuel.ELECTRICITY, METERING, 0x0000, 0x0400),
        request(1, Fuel.GAS, METERING, 0x0000),
        request(2, Fuel.ELECTRICITY, METERING, 0x0100),
        request(3, Fuel.ELECTRICITY, PRICE),
        request(4, Fuel.ELECTRICITY, METERING, 0x0000),
    ]

    def seconds(fuel: Fuel, cluster: int, attribute: int | None = None) -> list[float]:
        times = game.referee.asked(fuel, cluster, attribute)
        return [at.timestamp() - game.at for at in times]

    assert seconds(Fuel.ELECTRICITY, METERING, 0x0000) == [0, 4]
    assert seconds(Fuel.ELECTRICITY, METERING, 0x0100) == [2]
    assert seconds(Fuel.ELECTRICITY, METERING) == [0, 2, 4]
    assert seconds(Fuel.ELECTRICITY, PRICE) == [3]
    assert seconds(Fuel.GAS, METERING, 0x0000) == [1]
    assert seconds(Fuel.GAS, PRICE) == []
