"""Elliptic curve MQV key agreement with key confirmation, for either side."""

from dataclasses import dataclass, field
from random import Random

from ..errors import PointError
from .curve import Curve, Point
from .ecqv import Credentials, public_key
from .mmo import derive, hmac


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """A one-time key pair; the public part is compressed."""

    private: int = field(repr=False)
    public: bytes


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides hold after the exchange.

    Attributes:
        initiator_mac: MACU, which the initiator sends first.
        responder_mac: MACV, which answers it.
        link_key: the new link key (KeyData).
    """

    initiator_mac: bytes
    responder_mac: bytes
    link_key: bytes = field(repr=False)


def draw_ephemeral(curve: Curve, random: Random) -> Ephemeral:
    """Return a fresh one-time key pair."""
    private = random.randrange(1, curve.order)
    point = curve.scale(private, curve.generator)
    assert point is not None
    return Ephemeral(private, curve.compress(point))


def _associate(curve: Curve, point: Point) -> int:
    """Return avf(Q) of SEC 1: the lower half of x, with the next bit set."""
    half = (curve.order.bit_length() + 1) // 2
    return point.x & (1 << half) - 1 | 1 << half


def check_public(curve: Curve, octets: bytes) -> Point:
    """Return a partner's point after full validation (SEC 1, 3.2.2.1).

    Raises:
        PointError: it is not a point of the right order.
    """
    point = curve.decompress(octets)
    if curve.scale(curve.order, point) is not None:
        raise PointError("the partner's point has the wrong order")
    return point


def shared_secret(
    own: Credentials, ephemeral: Ephemeral, certificate: bytes, partner_ephemeral: bytes
) -> bytes:
    """Return Z, 21 or 36 octets.

    Raises:
        PointError: the partner's point or certificate yields no secret.
        SuiteError: the partner's certificate is not one of this suite.
    """
    curve = own.suite.curve
    partner_static = public_key(own.suite, own.ca_public_key, certificate)
    partner_point = check_public(curve, partner_ephemeral)
    own_point = curve.decompress(ephemeral.public)
    signature = (
        ephemeral.private
        + _associate(curve, own_point) * int.from_bytes(own.private_key)
    ) % curve.order
    weighted = curve.scale(_associate(curve, partner_point), partner_static)
    combined = curve.add(partner_point, weighted)
    point = combined and curve.scale(curve.cofactor * signature, combined)
    if point is None:
        raise PointError("the key agreement ends at infinity")
    return point.x.to_bytes(curve.field_size)


def agree(
    own: Credentials,
    ephemeral: Ephemeral,
    certificate: bytes,
    partner_ephemeral: bytes,
    *,
    initiator: bool,
) -> Agreement:
    """Run the agreement for the initiator (U) or the responder (V).

    Raises:
        PointError: the partner's point or certificate yields no secret.
        SuiteError: a certificate is not one of this suite.
    """
    suite = own.suite
    mac_key, link_key = derive(
        shared_secret(own, ephemeral, certificate, partner_ephemeral)
    )
    us = suite.subject(own.certificate), ephemeral.public
    them = suite.subject(certificate), partner_ephemeral
    (id_u, q_u), (id_v, q_v) = (us, them) if initiator else (them, us)
    return Agreement(
        initiator_mac=hmac(mac_key, b"\x02" + id_u + id_v + q_u + q_v),
        responder_mac=hmac(mac_key, b"\x03" + id_v + id_u + q_v + q_u),
        link_key=link_key,
    )
