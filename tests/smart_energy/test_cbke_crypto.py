"""The published values of key establishment reproduce to the last octet."""

import json
from pathlib import Path
from typing import Any

import pytest
from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.cbke import crypto
from custom_components.smets1_cad.smart_energy.certificate import (
    Credentials,
    CryptoSuite,
    Secret,
)
from custom_components.smets1_cad.smart_energy.ecc import PointError

FIXTURES = Path(__file__).parent / "fixtures"
SUITE_1: dict[str, Any] = json.loads((FIXTURES / "cbke_vectors.json").read_text())[
    "suite1_sect163k1_annexC5"
]
HASHES: list[dict[str, str]] = json.loads((FIXTURES / "cbke_vectors.json").read_text())[
    "aes_mmo_and_hmac"
]
SUITE_2: dict[str, Any] = json.loads((FIXTURES / "cbke_suite2.json").read_text())

BOTH = pytest.mark.parametrize("vectors", [SUITE_1, SUITE_2], ids=["suite1", "suite2"])


def load(vectors: dict[str, Any], side: str) -> tuple[Credentials, crypto.EphemeralKey]:
    """Return a side's credentials and ephemeral key."""
    values = vectors[side]
    credentials = Credentials.verify(
        certificate=bytes.fromhex(values["certificate"]),
        ca_public_key=bytes.fromhex(vectors["ca_public_key"]),
        private_key=bytes.fromhex(values["static_private"]),
        public_key=bytes.fromhex(values["static_public"]),
    )
    return credentials, crypto.ephemeral_key(
        credentials.suite, int(values["ephemeral_private"], 16)
    )


@BOTH
def test_certificate_of_the_specification(vectors: dict[str, Any]) -> None:
    for side in ("initiator_U", "responder_V"):
        credentials, ephemeral = load(vectors, side)
        key = crypto.partner_public_key(credentials, credentials.certificate)
        assert (
            credentials.suite.curve.compress(key).hex().upper()
            == vectors[side]["static_public"]
        )
        assert (
            credentials.eui64.serialize()[::-1].hex().upper()
            == vectors[side]["ieee_big_endian"]
        )
        assert ephemeral.public.hex().upper() == vectors[side]["ephemeral_public"]


@BOTH
def test_shared_secret_of_the_specification(vectors: dict[str, Any]) -> None:
    for own, partner in (
        ("initiator_U", "responder_V"),
        ("responder_V", "initiator_U"),
    ):
        credentials, ephemeral = load(vectors, own)
        other, other_ephemeral = load(vectors, partner)
        partner_key = crypto.partner_public_key(credentials, other.certificate)
        secret = crypto.shared_secret(
            credentials, ephemeral, partner_key, other_ephemeral.public
        )
        assert secret.reveal().hex().upper() == vectors["shared_secret_Z"]


def test_keys_and_macs_of_the_specification() -> None:
    mac_key, key_data = crypto.derive_keys(
        Secret(bytes.fromhex(SUITE_1["shared_secret_Z"]))
    )
    assert mac_key.reveal().hex().upper() == SUITE_1["MacKey"]
    assert key_data.reveal().hex().upper() == SUITE_1["KeyData_link_key"]
    assert (
        crypto.keyed_hash(mac_key.reveal(), bytes.fromhex(SUITE_1["mac_input_U"]))
        .hex()
        .upper()
        == SUITE_1["MACU"]
    )


@pytest.mark.parametrize("side", ["initiator_U", "responder_V"])
def test_agreement_of_the_specification(side: str) -> None:
    own, ephemeral = load(SUITE_1, side)
    other, other_ephemeral = load(
        SUITE_1, "responder_V" if side == "initiator_U" else "initiator_U"
    )
    agree = (
        crypto.agree_as_initiator
        if side == "initiator_U"
        else crypto.agree_as_responder
    )
    partner_key = crypto.partner_public_key(own, other.certificate)
    agreement = agree(own, ephemeral, other.eui64, partner_key, other_ephemeral.public)
    assert agreement.link_key.reveal().hex().upper() == SUITE_1["KeyData_link_key"]
    assert agreement.initiator_mac.reveal().hex().upper() == SUITE_1["MACU"]
    assert agreement.responder_mac.reveal().hex().upper() == SUITE_1["MACV"]


@pytest.mark.parametrize(
    "vector", [v for v in HASHES if v["op"] == "HMAC-MMO"], ids=lambda v: v["in"]
)
def test_keyed_hash_of_the_core_specification(vector: dict[str, str]) -> None:
    found = crypto.keyed_hash(bytes.fromhex(vector["key"]), bytes.fromhex(vector["in"]))
    assert found.hex().upper() == vector["out"]


@pytest.mark.parametrize("suite", CryptoSuite)
def test_ephemeral_keys_are_new_each_time(suite: CryptoSuite) -> None:
    first, second = (
        crypto.generate_ephemeral_key(suite),
        crypto.generate_ephemeral_key(suite),
    )
    assert first.public != second.public
    assert len(first.public) == suite.point_size
    assert len(first.private) == suite.private_key_size
    assert (
        crypto.ephemeral_key(suite, int.from_bytes(first.private.reveal())).public
        == first.public
    )


def test_ephemeral_key_in_range() -> None:
    with pytest.raises(ValueError, match="multiple of the order"):
        crypto.ephemeral_key(CryptoSuite.SUITE_1, CryptoSuite.SUITE_1.curve.order)


@BOTH
def test_infinity_is_no_secret(vectors: dict[str, Any]) -> None:
    """A partner whose ephemeral key cancels its static part gets nowhere."""
    credentials, own = load(vectors, "initiator_U")
    curve = credentials.suite.curve
    # With QE = k * G and Q = -(1 / avf(QE)) * k * G their weighted sum is infinity.
    scalar = 4711
    ephemeral = crypto.ephemeral_key(credentials.suite, scalar)
    half = (curve.order.bit_length() + 1) // 2
    weight = (1 << half) | (int.from_bytes(ephemeral.public[1:]) % (1 << half))
    static = curve.multiply_add((-scalar * pow(weight, -1, curve.order), curve.base))
    assert static is not None
    with pytest.raises(PointError, match="infinity"):
        crypto.shared_secret(credentials, own, static, ephemeral.public)


def test_secrets_are_not_shown() -> None:
    own, ephemeral = load(SUITE_1, "initiator_U")
    other, other_ephemeral = load(SUITE_1, "responder_V")
    partner_key = crypto.partner_public_key(own, other.certificate)
    agreement = crypto.agree_as_initiator(
        own,
        ephemeral,
        EUI64.deserialize(bytes(8))[0],
        partner_key,
        other_ephemeral.public,
    )
    for secret in (
        own.private_key,
        ephemeral.private,
        agreement.link_key,
        agreement.initiator_mac,
        agreement.responder_mac,
    ):
        shown = f"{own!r} {ephemeral!r} {agreement!r}".lower()
        assert secret.reveal().hex() not in shown
        assert repr(secret.reveal()).lower() not in shown
        assert str(int.from_bytes(secret.reveal())) not in shown
