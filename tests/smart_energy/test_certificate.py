"""Implicit certificates: fields, checks, keys."""

from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.smets1_cad.smart_energy.certificate import (
    FOREVER,
    Credentials,
    CryptoSuite,
    KeyUsage,
    Secret,
    Suite1Certificate,
    Suite2Certificate,
    parse_certificate,
)
from custom_components.smets1_cad.smart_energy.errors import CertificateError

from .authority import CAD, HUB, Authority
from .ca_site import PAIRS


def verify(pair: dict[str, str], **changes: Any) -> Credentials:
    """Return the credentials of a pair of the test site, with changes."""
    arguments = {name: bytes.fromhex(value) for name, value in pair.items()} | changes
    return Credentials.verify(**arguments)


def test_fields_of_suite_1() -> None:
    raw = bytes.fromhex(PAIRS[5]["certificate"])
    certificate = parse_certificate(raw)
    assert isinstance(certificate, Suite1Certificate)
    assert certificate.suite is CryptoSuite.SUITE_1
    assert certificate.reconstruction == raw[:22]
    assert str(certificate.subject) == "00:22:08:00:00:00:00:01"
    assert certificate.issuer == b"TESTSECA"
    assert certificate.profile_id == 0x0109
    assert certificate.profile_attributes.hex() == "0109108301234567890a"
    certificate.check(
        subject=HUB, issuer=b"TESTSECA", now=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_fields_of_suite_2() -> None:
    raw = bytes.fromhex(PAIRS[2]["certificate"])
    certificate = parse_certificate(raw)
    assert isinstance(certificate, Suite2Certificate)
    assert certificate.suite is CryptoSuite.SUITE_2
    assert certificate.certificate_type == 0
    assert certificate.serial == 0x0B3AD5A312AB75D6
    assert (certificate.curve_id, certificate.hash_id) == (0x0D, 0x08)
    assert certificate.issuer.hex() == "1112131415161718"
    assert (
        datetime.fromtimestamp(certificate.valid_from, UTC).date().isoformat()
        == "2018-08-23"
    )
    assert certificate.valid_seconds == FOREVER
    assert str(certificate.subject) == "00:22:08:00:00:00:00:01"
    assert certificate.key_usage is KeyUsage.KEY_AGREEMENT
    assert certificate.reconstruction == raw[37:]
    certificate.check(
        subject=HUB, issuer=raw[11:19], now=datetime(2100, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["private_key"][-6:])
def test_pairs_of_the_test_site(pair: dict[str, str]) -> None:
    credentials = verify(pair)
    assert credentials.private_key.reveal().hex() == pair["private_key"]
    assert credentials.eui64 == credentials.certificate.subject
    assert credentials.suite.certificate_size == len(pair["certificate"]) // 2
    assert credentials.is_test


def test_other_authorities_are_not_the_test_one() -> None:
    for suite in CryptoSuite:
        assert not Authority(suite).issue(CAD).credentials().is_test


@pytest.mark.parametrize("size", [0, 47, 49, 73, 75])
def test_length(size: int) -> None:
    with pytest.raises(CertificateError, match=f"not {size};") as caught:
        parse_certificate(bytes(size))
    assert caught.value.reason == "certificate_wrong_length"


@pytest.mark.parametrize(
    ("suite", "field", "value", "reason"),
    [
        (CryptoSuite.SUITE_1, "profile", 0x0104, "certificate_wrong_profile"),
        (CryptoSuite.SUITE_2, "kind", 1, "certificate_wrong_type"),
        (CryptoSuite.SUITE_2, "curve_id", 0x0C, "certificate_wrong_curve"),
        (CryptoSuite.SUITE_2, "hash_id", 0x07, "certificate_wrong_hash"),
        (CryptoSuite.SUITE_2, "key_usage", 0x80, "certificate_wrong_usage"),
    ],
)
def test_wrong_field(suite: CryptoSuite, field: str, value: int, reason: str) -> None:
    issued = Authority(suite).issue(CAD, **{field: value})
    with pytest.raises(CertificateError) as caught:
        issued.credentials()
    assert caught.value.reason == reason


def test_signing_is_allowed_beside_key_agreement() -> None:
    credentials = (
        Authority(CryptoSuite.SUITE_2).issue(CAD, key_usage=0x88).credentials()
    )
    assert isinstance(credentials.certificate, Suite2Certificate)
    assert (
        credentials.certificate.key_usage
        == KeyUsage.KEY_AGREEMENT | KeyUsage.DIGITAL_SIGNATURE
    )


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (999, "certificate_not_yet_valid"),
        (1000, None),
        (1060, None),
        (1061, "certificate_expired"),
    ],
)
def test_validity(now: int, reason: str | None) -> None:
    issued = Authority(CryptoSuite.SUITE_2).issue(
        CAD, valid_from=1000, valid_seconds=60
    )
    certificate = parse_certificate(issued.certificate)
    moment = datetime.fromtimestamp(now, UTC)
    if reason is None:
        certificate.check(now=moment)
        return
    with pytest.raises(CertificateError) as caught:
        certificate.check(now=moment)
    assert caught.value.reason == reason
    certificate.check()


def test_validity_beyond_the_calendar_is_no_trouble() -> None:
    issued = Authority(CryptoSuite.SUITE_2).issue(CAD, valid_from=0xFFFFFFFFFF)
    with pytest.raises(CertificateError) as caught:
        parse_certificate(issued.certificate).check(
            now=datetime.max.replace(tzinfo=UTC)
        )
    assert caught.value.reason == "certificate_not_yet_valid"


@pytest.mark.parametrize("suite", CryptoSuite)
def test_another_device_or_authority(suite: CryptoSuite) -> None:
    certificate = Authority(suite).issue(CAD).credentials().certificate
    certificate.check(subject=CAD, issuer=b"TESTROOT")
    with pytest.raises(
        CertificateError, match="belongs to 00:22:08:00:00:00:00:0a"
    ) as caught:
        certificate.check(subject=HUB)
    assert caught.value.reason == "certificate_eui64_mismatch"
    with pytest.raises(CertificateError, match="not by the known CA") as caught:
        certificate.check(issuer=b"TESTSECA")
    assert caught.value.reason == "certificate_unknown_issuer"


@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[3]], ids=["suite2", "suite1"])
def test_keys_that_do_not_fit(pair: dict[str, str]) -> None:
    same_ca = [
        other
        for other in PAIRS
        if other is not pair and other["ca_public_key"] == pair["ca_public_key"]
    ]
    other = same_ca[0]
    curve = verify(pair).suite.curve
    swapped_ca = curve.compress(curve.base)
    cases: list[tuple[dict[str, bytes | None], str]] = [
        (
            {"private_key": bytes.fromhex(other["private_key"])},
            "certificate_key_mismatch",
        ),
        (
            {"public_key": bytes.fromhex(other["public_key"])},
            "certificate_public_key_mismatch",
        ),
        (
            {"certificate": bytes.fromhex(other["certificate"])},
            "certificate_public_key_mismatch",
        ),
        (
            {"certificate": bytes.fromhex(other["certificate"]), "public_key": None},
            "certificate_key_mismatch",
        ),
        ({"ca_public_key": swapped_ca, "public_key": None}, "certificate_key_mismatch"),
        ({"ca_public_key": b"\x04" + swapped_ca[1:]}, "certificate_bad_ca_key"),
        ({"ca_public_key": swapped_ca[:-1]}, "certificate_bad_ca_key"),
        ({"private_key": bytes(curve.scalar_size)}, "certificate_private_key_range"),
        (
            {"private_key": curve.order.to_bytes(curve.scalar_size)},
            "certificate_private_key_range",
        ),
        ({"private_key": bytes(curve.scalar_size - 1)}, "certificate_wrong_length"),
    ]
    for changes, reason in cases:
        with pytest.raises(CertificateError) as caught:
            verify(pair, **changes)
        assert caught.value.reason == reason


def test_suites_do_not_mix() -> None:
    one, two = PAIRS[3], PAIRS[0]
    for name in ("ca_public_key", "private_key"):
        for here, there in ((one, two), (two, one)):
            with pytest.raises(CertificateError) as caught:
                verify(here, **{name: bytes.fromhex(there[name])})
            assert caught.value.reason == "certificate_mixed_suites"


def test_eui64_is_compared() -> None:
    assert verify(PAIRS[2], eui64=HUB).eui64 == HUB
    with pytest.raises(CertificateError) as caught:
        verify(PAIRS[2], eui64=CAD)
    assert caught.value.reason == "certificate_eui64_mismatch"


@pytest.mark.parametrize("suite", CryptoSuite)
def test_reconstruction_point_must_be_usable(suite: CryptoSuite) -> None:
    issued = Authority(suite).issue(
        CAD, reconstruction=b"\x02" + bytes(suite.point_size - 1)
    )
    with pytest.raises(CertificateError, match="small order") as caught:
        issued.credentials()
    assert caught.value.reason == "certificate_bad_point"


@pytest.mark.parametrize("suite", CryptoSuite)
def test_certificate_that_gives_no_key(suite: CryptoSuite) -> None:
    """The CA key may be chosen so that the public key is infinity."""
    authority = Authority(suite)
    issued = authority.issue(CAD)
    certificate = parse_certificate(issued.certificate)
    curve = suite.curve
    # e * P = (public key) - (CA key); its negative as the CA's key leaves nothing.
    cancelling = curve.multiply_add(
        (1, authority.public_key), (-1, curve.decompress(issued.public_key))
    )
    assert cancelling is not None
    with pytest.raises(CertificateError) as caught:
        certificate.public_key(cancelling)
    assert caught.value.reason == "certificate_bad_point"


@pytest.mark.parametrize("pair", [PAIRS[2], PAIRS[5]], ids=["suite2", "suite1"])
def test_every_octet_of_a_certificate_counts(pair: dict[str, str]) -> None:
    raw = bytes.fromhex(pair["certificate"])
    for position in range(0, len(raw), 3):
        changed = bytearray(raw)
        changed[position] ^= 0x10
        with pytest.raises(CertificateError):
            verify(pair, certificate=bytes(changed), public_key=None)


def test_secret_shows_nothing_and_compares() -> None:
    secret = Secret(b"0123456789abcdef")
    assert repr(secret) == str(secret) == "<secret of 16 octets>"
    assert len(secret) == 16
    assert secret == Secret(b"0123456789abcdef")
    assert secret != Secret(b"0123456789abcdee")
    assert secret != b"0123456789abcdef"
    with pytest.raises(TypeError):
        hash(secret)


def test_errors_hold_no_secret() -> None:
    pair = PAIRS[0]
    wrong = bytes.fromhex(PAIRS[1]["private_key"])
    with pytest.raises(CertificateError) as caught:
        verify(pair, private_key=wrong)
    assert wrong.hex() not in str(caught.value).lower()
    assert caught.value.__cause__ is None
