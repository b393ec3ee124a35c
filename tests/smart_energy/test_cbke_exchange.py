"""Initiator and responder against each other, with certificates of a CA made here."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from custom_components.smets1_cad.smart_energy.cbke import (
    FailureReason,
    GenerateTimes,
    Initiator,
    Responder,
    Send,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite

from .authority import CAD, HUB, OTHER, Authority
from .exchange import Side, both, run

SUITES = pytest.mark.parametrize("suite", CryptoSuite)

type Change = Callable[[int, Send], bytes]


def sides(suite: CryptoSuite) -> tuple[Side, Side]:
    """Return a CAD and a hub with certificates of the same CA."""
    cad, hub = both(suite)
    return Side(Initiator(cad, HUB), CAD), Side(Responder([hub]), HUB)


@SUITES
def test_both_sides_get_the_same_key(suite: CryptoSuite) -> None:
    initiator, responder = sides(suite)
    run(initiator, responder)
    (here,), (there,) = initiator.established, responder.established
    assert (here.partner, there.partner) == (HUB, CAD)
    assert here.suite is there.suite is suite
    assert here.link_key == there.link_key
    assert len(here.link_key) == 16
    assert [send.command_id for send in initiator.sent] == [0, 1, 2]
    assert [send.command_id for send in responder.sent] == [0, 1, 2]
    assert [len(send.payload) for send in initiator.sent] == [
        4 + suite.certificate_size,
        suite.point_size,
        16,
    ]
    assert initiator.timer is responder.timer is None


@SUITES
def test_keys_are_new_each_time(suite: CryptoSuite) -> None:
    first, second = sides(suite), sides(suite)
    run(*first)
    run(*second)
    assert first[0].established[0].link_key != second[0].established[0].link_key


def flip(index: int, offset: int, mask: int = 0x04) -> Change:
    """Change some bits of one octet of one message."""

    def change(position: int, send: Send) -> bytes:
        payload = bytearray(send.payload)
        if position == index:
            payload[offset] ^= mask
        return bytes(payload)

    return change


def certificate_offsets(suite: CryptoSuite) -> dict[str, int]:
    """Return an octet of each field of the certificate within the first message."""
    if suite is CryptoSuite.SUITE_1:
        return {
            "point sign": 4,
            "point": 20,
            "subject": 30,
            "issuer": 36,
            "profile": 43,
            "rest": 51,
        }
    return {
        "type": 4,
        "serial": 9,
        "curve": 13,
        "hash": 14,
        "issuer": 20,
        "valid from": 25,
        "valid to": 30,
        "subject": 35,
        "key usage": 40,
        "point sign": 41,
        "point": 60,
    }


def tampered() -> list[pytest.ParameterSet]:
    """Return every field of every message of both suites."""
    cases = []
    for suite in CryptoSuite:
        for index in (0, 1):
            offsets = {"suite": 0, "suite high": 1} | certificate_offsets(suite)
            cases += [(suite, index, offset, name) for name, offset in offsets.items()]
        for index in (2, 3):
            cases += [(suite, index, 0, "key sign"), (suite, index, 9, "key")]
        cases += [
            (suite, 4, 0, "MACU"),
            (suite, 4, 15, "MACU end"),
            (suite, 5, 7, "MACV"),
        ]
    return [
        pytest.param(suite, index, offset, id=f"{suite.value}-{index}-{name}")
        for suite, index, offset, name in cases
    ]


@pytest.mark.parametrize(("suite", "index", "offset"), tampered())
def test_flipped_bits_never_give_a_key(
    suite: CryptoSuite, index: int, offset: int
) -> None:
    initiator, responder = sides(suite)
    # The sign octet of a point is 02 or 03: its last bit gives another valid point.
    mask = 0x01 if offset in _sign_offsets(suite, index) else 0x08
    run(initiator, responder, flip(index, offset, mask))
    assert not initiator.established
    assert len(initiator.failed) == 1
    # The last message comes after the responder has seen the right MAC.
    assert bool(responder.established) is (index == 5)
    assert initiator.failed[0].failure.detail


def _sign_offsets(suite: CryptoSuite, index: int) -> tuple[int, ...]:
    if index > 1:
        return (0,) if index < 4 else ()
    return (certificate_offsets(suite)["point sign"],)


@SUITES
def test_times_are_not_secured(suite: CryptoSuite) -> None:
    """A changed generate time changes patience, not keys."""
    initiator, responder = sides(suite)
    run(initiator, responder, flip(0, 2))
    assert initiator.established[0].link_key == responder.established[0].link_key


def replace(index: int, payload: Callable[[bytes], bytes]) -> Change:
    """Replace one message."""
    return lambda position, send: (
        payload(send.payload) if position == index else send.payload
    )


def small_order_points(suite: CryptoSuite) -> list[bytes]:
    """Return what pretends to be a key but has order 1, 2 or 4, or is on no curve."""
    size = suite.point_size
    return [
        bytes(size),
        b"\x02" + bytes(size - 1),
        b"\x03" + bytes(size - 1),
        b"\x02" + bytes(size - 2) + b"\x01",
        b"\x03" + bytes(size - 2) + b"\x01",
        b"\x04" + suite.curve.compress(suite.curve.base)[1:],
        b"\x02" + b"\xff" * (size - 1),
    ]


@SUITES
@pytest.mark.parametrize("index", [2, 3])
@pytest.mark.parametrize("number", range(7))
def test_bad_ephemeral_points(suite: CryptoSuite, index: int, number: int) -> None:
    initiator, responder = sides(suite)
    run(
        initiator,
        responder,
        replace(index, lambda _payload: small_order_points(suite)[number]),
    )
    assert not initiator.established
    assert not responder.established
    refusing, told = (responder, initiator) if index == 2 else (initiator, responder)
    assert refusing.failed[0].failure.reason is FailureReason.BAD_MESSAGE
    assert told.failed[0].failure.reason is FailureReason.BAD_MESSAGE
    assert told.failed[0].failure.by_partner


@SUITES
def test_point_outside_the_prime_subgroup(suite: CryptoSuite) -> None:
    """A point of the curve plus one of small order would tell bits of the private key."""
    curve = suite.curve
    field = curve.field
    scalar = 2
    while True:
        x = scalar.to_bytes(curve.scalar_size)
        element = field.spread(scalar)
        wanted = element ^ curve.a ^ field.square(field.invert(element))
        root = field.half_trace(wanted)
        if field.square(root) ^ root == wanted and field.trace(element) != curve.a:
            break
        scalar += 1
    initiator, responder = sides(suite)
    run(initiator, responder, replace(2, lambda _payload: b"\x02" + x))
    assert "prime order" in responder.failed[0].failure.detail
    assert not initiator.established


@SUITES
@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_values_of_the_other_suite(suite: CryptoSuite, index: int) -> None:
    other = CryptoSuite.SUITE_2 if suite is CryptoSuite.SUITE_1 else CryptoSuite.SUITE_1
    issued = Authority(other).issue(HUB if index == 1 else CAD)

    def swap(payload: bytes) -> bytes:
        if index > 1:
            return other.curve.compress(other.curve.base)
        return payload[:4] + issued.certificate

    initiator, responder = sides(suite)
    run(initiator, responder, replace(index, swap))
    assert not initiator.established
    assert not responder.established
    reasons = {failed.failure.reason for failed in initiator.failed + responder.failed}
    assert reasons == {FailureReason.BAD_MESSAGE}


@SUITES
@pytest.mark.parametrize("index", [0, 1])
def test_certificate_of_another_device(suite: CryptoSuite, index: int) -> None:
    """A stolen certificate is of no use from another address."""
    stolen = Authority(suite).issue(OTHER).certificate
    initiator, responder = sides(suite)
    run(initiator, responder, replace(index, lambda payload: payload[:4] + stolen))
    refusing, told = (responder, initiator) if index == 0 else (initiator, responder)
    assert refusing.failed[0].failure.reason is FailureReason.INVALID_CERTIFICATE
    # Suite 1 hubs do not know that status.
    assert told.failed[0].failure.reason is (
        FailureReason.BAD_MESSAGE
        if suite is CryptoSuite.SUITE_1
        else FailureReason.INVALID_CERTIFICATE
    )


@SUITES
@pytest.mark.parametrize("index", [0, 1])
def test_certificate_of_an_unknown_authority(suite: CryptoSuite, index: int) -> None:
    foreign = (
        Authority(suite, issuer=b"TESTSECA").issue(HUB if index else CAD).certificate
    )
    initiator, responder = sides(suite)
    run(initiator, responder, replace(index, lambda payload: payload[:4] + foreign))
    for side in (initiator, responder):
        assert side.failed[0].failure.reason is FailureReason.UNKNOWN_ISSUER


@SUITES
@pytest.mark.parametrize("index", [0, 1])
def test_forged_certificate_of_the_known_authority(
    suite: CryptoSuite, index: int
) -> None:
    """Who has no key of the CA can copy its name but fails at the key confirmation."""
    forged = Authority(suite, seed=2).issue(HUB if index else CAD).certificate
    initiator, responder = sides(suite)
    run(initiator, responder, replace(index, lambda payload: payload[:4] + forged))
    for side in (initiator, responder):
        assert not side.established
        assert side.failed[0].failure.reason is FailureReason.BAD_KEY_CONFIRM


@SUITES
def test_mac_of_the_other_direction(suite: CryptoSuite) -> None:
    """A MAC sent back to its sender does not convince it."""
    sent: list[bytes] = []

    def reflect(position: int, send: Send) -> bytes:
        if position == 4:
            sent.append(send.payload)
        return sent[0] if position == 5 else send.payload

    initiator, responder = sides(suite)
    run(initiator, responder, reflect)
    assert initiator.failed[0].failure.reason is FailureReason.BAD_KEY_CONFIRM
    assert not initiator.established


@SUITES
def test_messages_of_an_earlier_exchange(suite: CryptoSuite) -> None:
    """Replaying a whole exchange to a responder gives no key."""
    initiator, responder = sides(suite)
    run(initiator, responder)
    replayed = initiator.sent
    _, fresh = sides(suite)
    again, _ = sides(suite)
    run(
        again,
        fresh,
        lambda position, send: (
            replayed[position // 2].payload if position % 2 == 0 else send.payload
        ),
    )
    assert not fresh.established
    assert fresh.failed[0].failure.reason is FailureReason.BAD_KEY_CONFIRM


@SUITES
def test_own_messages_reflected(suite: CryptoSuite) -> None:
    """An initiator that hears itself does not agree with itself."""
    initiator, responder = sides(suite)
    run(initiator, responder, replace(1, lambda _payload: initiator.sent[0].payload))
    assert not initiator.established


@pytest.mark.parametrize("index", [0, 1])
def test_expired_certificate_of_the_partner(index: int) -> None:
    authority = Authority(CryptoSuite.SUITE_2)
    lapsed = [{}, {"valid_from": 1000, "valid_seconds": 60}]
    cad = authority.issue(CAD, **lapsed[index == 0]).credentials()
    hub = authority.issue(HUB, **lapsed[index == 1]).credentials()

    def now() -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    initiator = Side(Initiator(cad, HUB, utc_now=now), CAD)
    responder = Side(Responder([hub], utc_now=now), HUB)
    run(initiator, responder)
    for side in (initiator, responder):
        assert side.failed[0].failure.reason is FailureReason.INVALID_CERTIFICATE
    assert "expired" in (initiator if index else responder).failed[0].failure.detail


def test_times_that_cannot_be_sent() -> None:
    for times in ({"ephemeral": 255}, {"confirm": 255}, {"confirm": -1}):
        with pytest.raises(ValueError, match="0 to 254"):
            GenerateTimes(**times)
