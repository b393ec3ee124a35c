"""Time an initiator's whole share of key establishment, beside lightecc doing the same sums.

One run is: public key from the partner's certificate, ephemeral key pair, shared secret,
link key and both MACs. lightecc is spared what it cannot do: points come to it
uncompressed, and it does not check that they have the prime order.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from lightecc import LightECC
from zigpy.types import EUI64
from zigpy.util import aes_mmo_hash

from custom_components.smets1_cad.smart_energy.cbke import crypto
from custom_components.smets1_cad.smart_energy.certificate import (
    Credentials,
    CryptoSuite,
    Secret,
    parse_certificate,
)
from custom_components.smets1_cad.smart_energy.ecc import KoblitzCurve, Point

CAD = EUI64.convert("00:22:08:00:00:00:00:0a")
HUB = EUI64.convert("00:22:08:00:00:00:00:01")
CA_SCALAR = 0x1F2E3D4C5B6A79880123456789ABCDEF
EPHEMERAL_SCALAR = 0x2B7E151628AED2A6ABF7158809CF4F3C2B7E1516
RUNS = 7


def public(curve: KoblitzCurve, scalar: int) -> Point:
    """Return the public key of a private key."""
    point = curve.multiply_add((scalar, curve.base))
    assert point is not None
    return point


def issue(suite: CryptoSuite, eui64: EUI64, scalar: int) -> tuple[bytes, int]:
    """Return a certificate of the benchmark's own CA with its private key."""
    curve = suite.curve
    point = curve.compress(public(curve, scalar))
    subject = eui64.serialize()[::-1]
    if suite is CryptoSuite.SUITE_1:
        raw = point + subject + b"TESTROOT" + bytes.fromhex("01090000000000000000")
    else:
        head = bytes(9) + b"\x0d\x08TESTROOT" + bytes(5) + b"\xff\xff\xff\xff"
        raw = head + subject + b"\x08" + point
    fraction = int.from_bytes(aes_mmo_hash(raw).serialize())
    return raw, (fraction * scalar + CA_SCALAR) % curve.order


class Case:
    """The two sides' keys for one suite, and one run of each implementation."""

    def __init__(self, suite: CryptoSuite) -> None:
        """Issue the certificates and make the partner's ephemeral key."""
        self.curve = suite.curve
        self.suite = suite
        ca = public(self.curve, CA_SCALAR)
        own, private = issue(suite, CAD, 0x51ED2A6ABF71588)
        self.partner_certificate, _ = issue(suite, HUB, 0x9CF4F3C762E7160)
        self.credentials = Credentials(
            certificate=parse_certificate(own),
            ca_key=ca,
            private_key=Secret(private.to_bytes(suite.private_key_size)),
        )
        self.partner_ephemeral = crypto.ephemeral_key(suite, 0xF38B4DA56A784D9).public
        self.other: Any = LightECC(
            form_name="koblitz", curve_name=f"k{self.curve.field.degree}"
        )

    def ours(self) -> bytes:
        """Return the link key as the integration computes it."""
        ephemeral = crypto.ephemeral_key(self.suite, EPHEMERAL_SCALAR)
        certificate = parse_certificate(self.partner_certificate)
        certificate.check(subject=HUB, issuer=self.credentials.certificate.issuer)
        partner_key = crypto.partner_public_key(self.credentials, certificate)
        agreement = crypto.agree_as_initiator(
            self.credentials, ephemeral, HUB, partner_key, self.partner_ephemeral
        )
        return agreement.link_key.reveal()

    def prepare(self) -> None:
        """Uncompress, in advance, the points that lightecc needs."""
        curve = self.curve
        certificate = parse_certificate(self.partner_certificate)
        self.reconstruction = self.point(curve.decompress(certificate.reconstruction))
        self.ca = self.point(self.credentials.ca_key)
        self.partner = self.point(curve.decompress(self.partner_ephemeral))

    def point(self, point: Point) -> Any:
        """Return a point of lightecc's."""
        return type(self.other.G)(point.x, point.y, self.other.curve)

    def theirs(self) -> bytes:
        """Return the link key as lightecc's arithmetic gives it."""
        curve = self.curve
        half = (curve.order.bit_length() + 1) // 2
        low = (1 << half) - 1
        fraction = int.from_bytes(aes_mmo_hash(self.partner_certificate).serialize())
        partner_key = fraction * self.reconstruction + self.ca
        ephemeral = EPHEMERAL_SCALAR * self.other.G
        own = int.from_bytes(self.credentials.private_key.reveal())
        signature = (
            EPHEMERAL_SCALAR + (1 << half | ephemeral.x & low) * own
        ) % curve.order
        weighted = self.partner + (1 << half | self.partner.x & low) * partner_key
        shared = (curve.cofactor * signature % curve.order) * weighted
        secret = Secret(shared.x.to_bytes(curve.scalar_size))
        mac_key, link_key = crypto.derive_keys(secret)
        for side in (b"\x02", b"\x03"):
            crypto.keyed_hash(
                mac_key.reveal(), side + bytes(16 + 2 * self.suite.point_size)
            )
        return link_key.reveal()


def timed(call: Callable[[], bytes], runs: int) -> tuple[bytes, float]:
    """Return the result and the median of the seconds it takes."""
    seconds = []
    for _ in range(runs):
        start = perf_counter()
        result = call()
        seconds.append(perf_counter() - start)
    return result, median(seconds)


def main() -> None:
    """Print the times of both suites."""
    print("One initiator's computation of CBKE (median):")
    for suite in CryptoSuite:
        case = Case(suite)
        case.prepare()
        ours, our_time = timed(case.ours, RUNS)
        theirs, their_time = timed(case.theirs, 1)
        if ours != theirs:
            raise SystemExit(f"suite {suite.value}: the link keys differ")
        print(
            f"  suite {suite.value} {suite.curve.name}: smets1_cad {our_time * 1000:7.1f} ms,"
            f" lightecc {their_time * 1000:7.1f} ms, {their_time / our_time:.0f} times as fast"
        )


if __name__ == "__main__":
    main()
