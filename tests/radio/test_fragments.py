"""Whose fragments bellows may acknowledge, past the gate: the hub's alone (R16)."""

from asyncio import sleep
from collections.abc import AsyncGenerator, Callable
from typing import Any

from bellows.ezsp import EZSP
import pytest

from custom_components.smets1_cad.radio.ezsp import QuietEzsp
from custom_components.smets1_cad.radio.incoming import is_refused_fragment

from .messages import incoming
from .virtual import connected, virtual_han

FRAGMENT, ENCRYPTED = 0x8000, 0x0020
PART = bytes.fromhex("18010a0000")
BINDING = 0xFF
"""The field that bellows takes for the sender since EZSP 14."""

STRANGE = [
    pytest.param({"sender": 0x4321}, id="of a stranger"),
    pytest.param({"profile": 0x0104}, id="of another profile"),
    pytest.param({"profile": 0, "cluster": 0x8004}, id="of the ZDO"),
    pytest.param({"options": FRAGMENT}, id="not under the link key"),
    pytest.param({"kind": 0x04}, id="to all"),
]


def fragment(version: int, **changes: Any) -> bytes:
    """Return a fragment as a stick hands it over; of the hub, unless changed."""
    return incoming(version, PART, **{"options": FRAGMENT | ENCRYPTED, **changes})


@pytest.fixture
async def ezsp() -> AsyncGenerator[QuietEzsp]:
    """A stick's connection, while the network is looked for."""
    async with virtual_han(ezsp_version=13) as han, connected(han) as radio:
        assert radio._application is not None
        yield radio._application.ezsp


async def answers(
    ezsp: QuietEzsp,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    frame: bytes,
    receive: Callable[[QuietEzsp, bytes], None] = QuietEzsp.frame_received,
) -> list[tuple[str, int]]:
    """Return what is sent because of a frame, and to whom."""
    sent: list[tuple[str, int]] = []

    async def command(name: str, *arguments: Any, **_: Any) -> list[int]:
        sent.append((name, int(arguments[0])))
        return [0]

    ezsp._switch_protocol_version(version)
    monkeypatch.setattr(ezsp._protocol, "command", command)
    monkeypatch.setattr(
        ezsp._protocol._fragment_manager,
        "handle_incoming_fragment",
        lambda **_: (False, None, 2, 0),
    )
    receive(ezsp, frame)
    for _ in range(5):
        await sleep(0)
    return sent


@pytest.mark.parametrize("version", [8, 13])
@pytest.mark.parametrize("changes", STRANGE)
async def test_r16_a_fragment_that_is_not_the_hubs_is_not_answered(
    ezsp: QuietEzsp,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    changes: dict[str, int],
) -> None:
    assert not await answers(ezsp, monkeypatch, version, fragment(version, **changes))


@pytest.mark.parametrize("version", [8, 13])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="under the link key"),
        pytest.param({"cluster": 0x0000, "options": FRAGMENT}, id="Basic"),
        pytest.param({"cluster": 0x0800, "options": FRAGMENT}, id="key establishment"),
    ],
)
async def test_a_fragment_of_the_hub_is_acknowledged_to_it(
    ezsp: QuietEzsp,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    changes: dict[str, int],
) -> None:
    """As Basic and key establishment come without the link key, where the hub has none yet."""
    sent = await answers(ezsp, monkeypatch, version, fragment(version, **changes))
    assert sent == [("sendReply", 0x0000)]


@pytest.mark.parametrize("version", [14, 18, 19])
async def test_r16_bellows_would_answer_somebody_else_since_version_14(
    ezsp: QuietEzsp, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """It takes another field for the sender. Once it does not, the hub's fragments may be left to it."""
    frame = fragment(version)
    assert not await answers(ezsp, monkeypatch, version, frame)
    sent = await answers(ezsp, monkeypatch, version, frame, EZSP.frame_received)
    assert sent == [("sendReply", BINDING)]


@pytest.mark.parametrize("version", [8, 13, 14, 18, 20])
def test_anything_but_a_fragment_is_left_alone(version: int) -> None:
    latest = min(version, 19)
    assert not is_refused_fragment(incoming(latest, sender=0x4321), version)
    assert not is_refused_fragment(
        fragment(latest, sender=0x4321, command=0x3F), version
    )
    whole = fragment(latest, sender=0x4321)
    assert is_refused_fragment(whole, version)
    assert not is_refused_fragment(whole[: -len(PART) - 1], version)
    assert not is_refused_fragment(b"", version)


def test_a_version_that_is_too_old_is_left_alone() -> None:
    """No stick that speaks it is set up, and its frames begin otherwise."""
    assert not is_refused_fragment(fragment(8, sender=0x4321), 7)
