"""Key establishment as the session drives it: partners that err, lie, or say nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any, override

import pytest
from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.cbke import FailureReason
from custom_components.smets1_cad.smart_energy.certificate import (
    Credentials,
    CryptoSuite,
)
from custom_components.smets1_cad.smart_energy.device import HanFrame
from custom_components.smets1_cad.smart_energy.network import StickCbke
from custom_components.smets1_cad.smart_energy.session import keying
from custom_components.smets1_cad.smart_energy.session.errors import (
    HubRefused,
    HubSilent,
)
from custom_components.smets1_cad.smart_energy.session.keying import (
    KeyExchange,
    KeyExchangeFailed,
)
from virtual_han.crypto.agreement import agree, draw_ephemeral
from virtual_han.crypto.ecqv import CertificateAuthority, Credentials as Issued
from virtual_han.crypto.suite import SUITES

from .session_fakes import HUB, ScriptedExchange, cluster, frame, read_response

CAD = bytes.fromhex("000d6f000a0b0c0d")
KE = 0x0800


@cache
def issued(suite: int, eui64: bytes, issuer: bytes = b"TESTSECA") -> Issued:
    return CertificateAuthority(SUITES[suite], Random(suite), issuer=issuer).issue(
        eui64
    )


HUB_OCTETS = HUB.serialize()[::-1]


@cache
def own(suite: int) -> Credentials:
    made = issued(suite, CAD)
    return Credentials.verify(
        certificate=made.certificate,
        ca_public_key=made.ca_public_key,
        private_key=made.private_key,
    )


class Hub:
    """The responder, with the virtual network's own arithmetic; it can be told to misbehave."""

    def __init__(self, suite: int, certificate: Issued | None = None) -> None:
        """Hold a certificate."""
        self.suite = suite
        self.credentials = certificate or issued(suite, HUB_OCTETS)
        self.rewrite: Callable[[int, bytes], tuple[int, bytes] | None] = (
            lambda step, payload: (step, payload)
        )
        self.told: list[tuple[int, tuple[Any, ...]]] = []
        self.key: bytes | None = None
        self.keys: KeyExchange | None = None
        self._random = Random(5)
        self._theirs = b""

    def __call__(self, kind: str, endpoint: int, cluster_id: int, *what: Any) -> Any:
        if kind == "read":
            return read_response(KE, {0: self.suite})
        step, *fields = what
        self.told.append((step, tuple(fields)))
        if step == 3:
            return None
        reply = self.rewrite(step, self._answer(step, fields))
        if reply is not None:
            command, payload = reply
            raw = SimpleNamespace(serialize=lambda: payload)
            assert self.keys is not None
            self.keys.frame_received(frame(KE, command, raw, encrypted=False))
        return None

    def _answer(self, step: int, fields: list[Any]) -> bytes:
        if step == 0:
            self._theirs = fields[3]
            return (
                self.suite.to_bytes(2, "little")
                + bytes([3, 6])
                + self.credentials.certificate
            )
        if step == 1:
            ephemeral = draw_ephemeral(SUITES[self.suite].curve, self._random)
            self._agreement = agree(
                self.credentials, ephemeral, self._theirs, fields[0], initiator=False
            )
            return ephemeral.public
        if fields[0] == self._agreement.initiator_mac:
            self.key = self._agreement.link_key
        return self._agreement.responder_mac


def exchange_with(hub: Hub) -> KeyExchange:
    keys = KeyExchange(ScriptedExchange(hub), cluster(KE), HUB)  # type: ignore[arg-type]
    hub.keys = keys
    return keys


def utc_now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


class Stick(StickCbke):
    """The stick's side, with the virtual network's own arithmetic."""

    def __init__(self, suite: int) -> None:
        """Hold a certificate."""
        self._credentials = issued(suite, CAD)
        self._number = suite
        self.stored: list[bool] = []
        self.key: bytes | None = None

    @property
    @override
    def suite(self) -> int:
        return self._number

    @property
    @override
    def certificate(self) -> bytes:
        return self._credentials.certificate

    @override
    async def generate(self) -> bytes:
        self._ephemeral = draw_ephemeral(SUITES[self._number].curve, Random(6))
        return self._ephemeral.public

    @override
    async def compute(self, certificate: bytes, point: bytes) -> tuple[bytes, bytes]:
        agreement = agree(
            self._credentials, self._ephemeral, certificate, point, initiator=True
        )
        self.key = agreement.link_key
        return agreement.initiator_mac, agreement.responder_mac

    @override
    async def store(self, keep: bool) -> None:
        self.stored.append(keep)


@pytest.mark.parametrize("suite", [1, 2])
async def test_both_sides_hold_the_same_key(suite: int) -> None:
    hub = Hub(suite)
    keys = exchange_with(hub)
    key = await keys.on_host([own(1), own(2)], await keys.offered_suites(), utc_now)
    assert key.serialize() == hub.key


@pytest.mark.parametrize("suite", [1, 2])
async def test_stick_keeps_the_key_that_the_hub_has(suite: int) -> None:
    hub, stick = Hub(suite), Stick(suite)
    await exchange_with(hub).in_stick(stick)
    assert stick.stored == [True]
    assert stick.key == hub.key


def silent(step: int, payload: bytes) -> None:
    return None


def terminated(step: int, payload: bytes) -> tuple[int, bytes]:
    return 3, bytes([0x04, 20, 1, 0])


MISDEEDS: dict[
    str, tuple[Callable[[int, bytes], tuple[int, bytes] | None], FailureReason]
] = {
    "busy": (terminated, FailureReason.NO_RESOURCES),
    "other_suite": (
        lambda step, payload: (
            step,
            b"\x02\x00" + payload[2:] if step == 0 else payload,
        ),
        FailureReason.BAD_MESSAGE,
    ),
    "time_of_255": (
        lambda step, payload: (
            step,
            payload[:2] + b"\xff" + payload[3:] if step == 0 else payload,
        ),
        FailureReason.BAD_MESSAGE,
    ),
    "cut_short": (lambda step, payload: (step, payload[:3]), FailureReason.BAD_MESSAGE),
    "wrong_step": (
        lambda step, payload: (step + 1, b"\x01" * 16),
        FailureReason.BAD_MESSAGE,
    ),
    "wrong_mac": (
        lambda step, payload: (step, bytes(16) if step == 2 else payload),
        FailureReason.BAD_KEY_CONFIRM,
    ),
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_a_partner_that_misbehaves_gets_no_key_from_the_stick(
    misdeed: str,
) -> None:
    rewrite, reason = MISDEEDS[misdeed]
    hub, stick = Hub(1), Stick(1)
    hub.rewrite = rewrite
    with pytest.raises(KeyExchangeFailed) as failed:
        await exchange_with(hub).in_stick(stick)
    assert failed.value.failure.reason is reason
    assert stick.stored == [False]


@pytest.mark.parametrize("misdeed", ["busy", "wrong_mac"])
async def test_a_partner_that_misbehaves_gets_no_key_from_the_host(
    misdeed: str,
) -> None:
    rewrite, reason = MISDEEDS[misdeed]
    hub = Hub(1)
    hub.rewrite = rewrite
    with pytest.raises(KeyExchangeFailed) as failed:
        await exchange_with(hub).on_host([own(1)], 1, utc_now)
    assert failed.value.failure.reason is reason


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (lambda: issued(1, HUB_OCTETS, b"ANOTHER!"), FailureReason.UNKNOWN_ISSUER),
        (lambda: issued(1, CAD), FailureReason.INVALID_CERTIFICATE),
    ],
)
async def test_stick_takes_no_partner_with_a_wrong_certificate(
    certificate: Callable[[], Issued], reason: FailureReason
) -> None:
    """The stick's own arithmetic would not notice the certificate of another device."""
    stick = Stick(1)
    with pytest.raises(KeyExchangeFailed) as failed:
        await exchange_with(Hub(1, certificate())).in_stick(stick)
    assert failed.value.failure.reason is reason
    assert stick.stored == [False]


async def test_silence_ends_the_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keying, "ANSWER_ALLOWANCE", 0.01)
    monkeypatch.setattr(
        "custom_components.smets1_cad.smart_energy.cbke.machine.ANSWER_ALLOWANCE", 0.01
    )
    hub = Hub(1)
    hub.rewrite = silent
    with pytest.raises(KeyExchangeFailed) as failed:
        await exchange_with(hub).in_stick(Stick(1))
    assert failed.value.failure.reason is FailureReason.TIMEOUT
    with pytest.raises(KeyExchangeFailed) as failed:
        await exchange_with(hub).on_host([own(1)], 1, utc_now)
    assert failed.value.failure.reason is FailureReason.TIMEOUT


async def test_messages_that_are_not_delivered() -> None:
    def undelivered(*_: Any) -> None:
        raise HubSilent("nobody there")

    keys = KeyExchange(ScriptedExchange(undelivered), cluster(KE), HUB)  # type: ignore[arg-type]
    with pytest.raises(KeyExchangeFailed) as failed:
        await keys.on_host([own(1)], 1, utc_now)
    assert failed.value.failure.reason is FailureReason.NOT_SENT
    with pytest.raises(KeyExchangeFailed) as failed:
        await keys.in_stick(Stick(1))
    assert failed.value.failure.reason is FailureReason.NOT_SENT


async def test_hub_that_does_not_say_its_suites_has_the_first() -> None:
    """Every Smart Energy hub has suite 1."""

    def refuse(*_: Any) -> HanFrame:
        raise HubRefused("unsupported", status=0x86)

    def evade(*_: Any) -> HanFrame:
        return read_response(KE, {0: (0x86,)})

    for answer in (refuse, evade):
        keys = KeyExchange(ScriptedExchange(answer), cluster(KE), HUB)  # type: ignore[arg-type]
        assert await keys.offered_suites() is CryptoSuite.SUITE_1


async def test_frames_of_an_earlier_exchange_are_forgotten() -> None:
    hub = Hub(1)
    keys = exchange_with(hub)
    stray = SimpleNamespace(serialize=lambda: bytes([1, 0, 1, 0]))
    keys.frame_received(frame(KE, 3, stray, encrypted=False))
    keys.frame_received(frame(KE, 0x0B, stray, general=True))
    key = await keys.on_host([own(1)], 1, utc_now)
    assert key.serialize() == hub.key


def test_addresses_are_compared_as_certificates_write_them() -> None:
    assert EUI64.convert(HUB_OCTETS.hex(":")) == HUB
