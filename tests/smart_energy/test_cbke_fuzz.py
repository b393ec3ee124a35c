"""Any input at all ends in a typed error or in nothing, and never in a key."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.smets1_cad.smart_energy.cbke import (
    Compute,
    Elapsed,
    Established,
    Initiator,
    Received,
    Responder,
    SendFailed,
    Start,
    parse_message,
)
from custom_components.smets1_cad.smart_energy.certificate import (
    CryptoSuite,
    load_credentials,
    parse_certificate,
)
from custom_components.smets1_cad.smart_energy.ecc import PointError
from custom_components.smets1_cad.smart_energy.errors import (
    CertificateError,
    FrameError,
)

from .authority import CAD, HUB, OTHER
from .ca_site import SUITE_1, site
from .exchange import Side, both

FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
SUITE = CryptoSuite.SUITE_1

payloads = st.one_of(
    st.binary(max_size=100),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=21, max_size=21).map(lambda x: b"\x02" + x),
    st.binary(min_size=52, max_size=52).map(lambda raw: b"\x01\x00\x03\x06" + raw[4:]),
    st.just(b"\x01\x00\x03\x06" + both(SUITE)[1].certificate.raw),
    st.just(b"\x01\x00\x03\x06" + both(SUITE)[0].certificate.raw),
    st.just(SUITE.curve.compress(SUITE.curve.base)),
)
events = st.one_of(
    st.just(Start()),
    st.just(Elapsed()),
    st.builds(
        Received,
        sender=st.sampled_from([CAD, HUB, OTHER]),
        command_id=st.one_of(st.sampled_from([0, 1, 2, 3]), st.integers(0, 255)),
        payload=payloads,
        tsn=st.integers(0, 3),
    ),
)


@FUZZ
@given(command_id=st.integers(0, 255), payload=st.binary(max_size=120))
def test_any_payload(command_id: int, payload: bytes) -> None:
    with suppress(FrameError):
        message = parse_message(command_id, payload)
        assert payload.startswith(message.to_bytes())


@FUZZ
@given(
    raw=st.one_of(
        st.binary(max_size=90),
        st.binary(min_size=48, max_size=48),
        st.binary(min_size=74, max_size=74),
    )
)
def test_any_certificate(raw: bytes) -> None:
    with suppress(CertificateError):
        certificate = parse_certificate(raw)
        assert certificate.raw == raw
        certificate.check(subject=certificate.subject, issuer=certificate.issuer)


@settings(FUZZ, max_examples=60)
@given(suite=st.sampled_from(CryptoSuite), data=st.data())
def test_any_point(suite: CryptoSuite, data: st.DataObject) -> None:
    octets = data.draw(st.binary(min_size=suite.point_size, max_size=suite.point_size))
    try:
        point = suite.curve.decompress(bytes([2 + octets[0] % 2]) + octets[1:])
    except PointError:
        return
    assert suite.curve.is_on_curve(point)
    assert suite.curve.multiply_add((suite.curve.order, point)) is None


@FUZZ
@given(
    text=st.one_of(
        st.text(max_size=300),
        st.lists(
            st.one_of(
                st.sampled_from(
                    [
                        *site(SUITE_1).split("\n"),
                        "Device EUI:",
                        "EUI64 =",
                        "#",
                        "0x",
                        "\r\n",
                        "(283k1)",
                    ]
                ),
                st.text(max_size=30),
            ),
            max_size=12,
        ).map("\n".join),
    )
)
def test_any_text(text: str) -> None:
    with suppress(CertificateError):
        assert load_credentials(text)


@FUZZ
@given(
    history=st.lists(st.tuples(events, st.floats(0, 20)), max_size=12),
    start=st.booleans(),
)
def test_any_history_of_an_initiator(
    history: list[tuple[Start | Elapsed | Received, float]], start: bool
) -> None:
    side = Side(Initiator(both(SUITE)[0], HUB), CAD)
    now = 0.0
    if start:
        side.feed(Start(), now)
    for event, later in history:
        now += later
        side.feed(event, now)
        if side.sent:
            side.feed(SendFailed(side.sent[0]), now)
    assert not side.established
    assert len(side.failed) <= 1
    assert not (side.failed and side.timer)


@FUZZ
@given(history=st.lists(st.tuples(events, st.floats(0, 20)), max_size=12))
def test_any_history_of_a_responder(
    history: list[tuple[Start | Elapsed | Received, float]],
) -> None:
    """Computations end late, out of order, or never."""
    machine = Responder([both(SUITE)[1]])
    waiting: list[Compute] = []
    now = 0.0
    for number, (event, later) in enumerate(history):
        now += later
        actions = machine.feed(event, now)
        waiting += [action for action in actions if isinstance(action, Compute)]
        if waiting and number % 3:
            actions += machine.feed(waiting.pop().run(), now)
        assert not any(isinstance(action, Established) for action in actions)


@pytest.mark.parametrize(
    "filling", ["Device ", "CA Pub", "x", "0x", "a:", " ", "CA Pub Key: "]
)
def test_long_nonsense_is_read_quickly(filling: str) -> None:
    """No pattern takes more than its time; the test's own timeout is the judge."""
    with pytest.raises(CertificateError):
        load_credentials((filling * 16_384)[:16_384])
