"""The computations of key establishment (SE 1.4 C.4.2; SEC 1 for ECMQV).

All functions are pure, take milliseconds and belong in an executor. Octet strings are
big-endian, as they are sent.
"""

from dataclasses import dataclass
import secrets
from typing import Final

from zigpy.types import EUI64
from zigpy.util import aes_mmo_hash

from ..certificate import Credentials, CryptoSuite, ImplicitCertificate, Secret
from ..ecc import KoblitzCurve, Point, PointError

_INNER_PAD: Final = 0x36
_OUTER_PAD: Final = 0x5C
_FROM_INITIATOR: Final = b"\x02"
_FROM_RESPONDER: Final = b"\x03"


@dataclass(frozen=True, slots=True)
class EphemeralKey:
    """A key pair for one exchange.

    Attributes:
        private: 21 or 36 octets.
        public: the compressed point, 22 or 37 octets.
    """

    private: Secret
    public: bytes


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides compute from each other's keys.

    Attributes:
        link_key: KeyData, the new link key, 16 octets.
        initiator_mac: MACU, which the initiator sends.
        responder_mac: MACV, which the responder sends.
    """

    link_key: Secret
    initiator_mac: Secret
    responder_mac: Secret


def generate_ephemeral_key(suite: CryptoSuite) -> EphemeralKey:
    """Return a new random key pair (SE 1.4 C.4.2.2.3)."""
    return ephemeral_key(suite, 1 + secrets.randbelow(suite.curve.order - 1))


def ephemeral_key(suite: CryptoSuite, scalar: int) -> EphemeralKey:
    """Return the key pair of a given private key, between 1 and n - 1 of the curve."""
    curve = suite.curve
    public = curve.multiply_add((scalar, curve.base))
    if public is None:
        raise ValueError("the private key is a multiple of the order")
    return EphemeralKey(
        Secret(scalar.to_bytes(curve.scalar_size)), curve.compress(public)
    )


def partner_public_key(
    credentials: Credentials, certificate: ImplicitCertificate
) -> Point:
    """Return the partner's static public key from its certificate.

    Raises:
        CertificateError: the certificate gives no usable key.
    """
    return certificate.public_key(credentials.ca_key)


def agree_as_initiator(
    credentials: Credentials,
    own: EphemeralKey,
    partner: EUI64,
    partner_key: Point,
    partner_ephemeral: bytes,
) -> Agreement:
    """Return link key and MACs for the side that started the exchange.

    Raises:
        PointError: the partner's ephemeral key is not a usable point.
    """
    secret = shared_secret(credentials, own, partner_key, partner_ephemeral)
    return _agreement(
        secret,
        _big_endian(credentials.eui64),
        _big_endian(partner),
        own.public,
        partner_ephemeral,
    )


def agree_as_responder(
    credentials: Credentials,
    own: EphemeralKey,
    partner: EUI64,
    partner_key: Point,
    partner_ephemeral: bytes,
) -> Agreement:
    """Return link key and MACs for the side that was asked.

    Raises:
        PointError: the partner's ephemeral key is not a usable point.
    """
    secret = shared_secret(credentials, own, partner_key, partner_ephemeral)
    return _agreement(
        secret,
        _big_endian(partner),
        _big_endian(credentials.eui64),
        partner_ephemeral,
        own.public,
    )


def shared_secret(
    credentials: Credentials,
    own: EphemeralKey,
    partner_key: Point,
    partner_ephemeral: bytes,
) -> Secret:
    """Return Z, the x of h * s * (QE + avf(QE) * Q), 21 or 36 octets (SEC 1, 3.4 and 6.2).

    Raises:
        PointError: the partner's ephemeral key is not a usable point, or Z would be
            the point at infinity.
    """
    curve = credentials.suite.curve
    partner_point = curve.decompress(partner_ephemeral)
    signature = int.from_bytes(own.private.reveal()) + _associate(
        curve, own.public
    ) * int.from_bytes(credentials.private_key.reveal())
    factor = curve.cofactor * (signature % curve.order)
    point = curve.multiply_add(
        (factor, partner_point),
        (factor * _associate(curve, partner_ephemeral), partner_key),
    )
    if point is None:
        raise PointError(
            "the keys give the point at infinity; start the key establishment again"
        )
    return Secret(point.x.to_bytes(curve.scalar_size))


def derive_keys(secret: Secret) -> tuple[Secret, Secret]:
    """Return MacKey and KeyData (ANSI X9.63 with AES-MMO and no shared info)."""
    octets = secret.reveal()
    return (
        Secret(_hash(octets + b"\x00\x00\x00\x01")),
        Secret(_hash(octets + b"\x00\x00\x00\x02")),
    )


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """Return the HMAC over AES-MMO of 16 octets (FIPS 198; Zigbee core specification B.1.4)."""
    inner = bytes(octet ^ _INNER_PAD for octet in key)
    outer = bytes(octet ^ _OUTER_PAD for octet in key)
    return _hash(outer + _hash(inner + message))


def _agreement(
    secret: Secret,
    initiator: bytes,
    responder: bytes,
    initiator_key: bytes,
    responder_key: bytes,
) -> Agreement:
    mac_key, key_data = derive_keys(secret)
    key = mac_key.reveal()
    return Agreement(
        link_key=key_data,
        initiator_mac=Secret(
            keyed_hash(
                key,
                _FROM_INITIATOR + initiator + responder + initiator_key + responder_key,
            )
        ),
        responder_mac=Secret(
            keyed_hash(
                key,
                _FROM_RESPONDER + responder + initiator + responder_key + initiator_key,
            )
        ),
    )


def _associate(curve: KoblitzCurve, public: bytes) -> int:
    """Return avf(Q): the lower half of x with a one above it."""
    half = (curve.order.bit_length() + 1) // 2
    return 1 << half | int.from_bytes(public[1:]) & (1 << half) - 1


def _big_endian(eui64: EUI64) -> bytes:
    return eui64.serialize()[::-1]


def _hash(octets: bytes) -> bytes:
    return aes_mmo_hash(octets).serialize()
