"""The two Koblitz curves of Smart Energy, sect163k1 and sect283k1.

Field elements are integers whose bit i is the coefficient of x^i. A scalar
multiplication takes the Montgomery ladder of López and Dahab ("Fast
multiplication on elliptic curves over GF(2^m) without precomputation"),
which needs only x coordinates on its way. Nothing here runs in constant
time: it serves a simulator whose keys protect nobody.
"""

from dataclasses import dataclass
from typing import Final

from ..errors import PointError


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point; infinity is None wherever a point may be missing."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Curve:
    """y² + xy = x³ + ax² + 1 over GF(2^degree), as in SEC 2.

    Attributes:
        name: the name in SEC 2.
        degree: the field's extension degree m; odd.
        taps: the reduction polynomial's middle exponents, 0 included.
        a: the curve's a; b is 1 on every Koblitz curve.
        generator: the base point.
        order: the base point's order n.
        cofactor: h.
    """

    name: str
    degree: int
    taps: tuple[int, ...]
    a: int
    generator: Point
    order: int
    cofactor: int

    @property
    def field_size(self) -> int:
        """Octets of one field element: 21 or 36."""
        return (self.degree + 7) // 8

    # Field arithmetic.

    def reduce(self, value: int) -> int:
        """Return the polynomial modulo the reduction polynomial."""
        degree = self.degree
        mask = (1 << degree) - 1
        while high := value >> degree:
            value &= mask
            for tap in self.taps:
                value ^= high << tap
        return value

    def multiply(self, a: int, b: int) -> int:
        """Return a·b in the field, four bits of b at a time."""
        a2, a4, a8 = a << 1, a << 2, a << 3
        a3, a12 = a2 ^ a, a8 ^ a4
        window = (
            0, a, a2, a3,
            a4, a4 ^ a, a4 ^ a2, a4 ^ a3,
            a8, a8 ^ a, a8 ^ a2, a8 ^ a3,
            a12, a12 ^ a, a12 ^ a2, a12 ^ a3,
        )  # fmt: skip
        product = 0
        for octet in b.to_bytes(self.field_size):
            product = (product << 8) ^ (window[octet >> 4] << 4) ^ window[octet & 15]
        return self.reduce(product)

    def square(self, a: int) -> int:
        """Return a² in the field: squaring spreads the bits apart."""
        return self.reduce(int(f"{a:b}", 4))

    def invert(self, a: int) -> int:
        """Return 1/a by the extended Euclidean algorithm for polynomials."""
        if not a:
            raise PointError("zero has no inverse; the point is not on the curve")
        u, v = a, sum(1 << tap for tap in self.taps) | 1 << self.degree
        g1, g2 = 1, 0
        while u != 1:
            shift = u.bit_length() - v.bit_length()
            if shift < 0:
                u, v, g1, g2 = v, u, g2, g1
                shift = -shift
            u ^= v << shift
            g1 ^= g2 << shift
        return self.reduce(g1)

    # Points.

    def contains(self, point: Point) -> bool:
        """Tell whether the coordinates satisfy the curve's equation."""
        if (point.x | point.y) >> self.degree:
            return False
        square_x = self.square(point.x)
        left = self.square(point.y) ^ self.multiply(point.x, point.y)
        return (
            left == self.multiply(square_x, point.x) ^ (square_x if self.a else 0) ^ 1
        )

    def add(self, p: Point | None, q: Point | None) -> Point | None:
        """Return p + q."""
        if p is None or q is None:
            return p or q
        if p.x == q.x:
            if p.y != q.y or not p.x:
                return None
            slope = p.x ^ self.multiply(p.y, self.invert(p.x))
            x = self.square(slope) ^ slope ^ self.a
            return Point(x, self.square(p.x) ^ self.multiply(slope ^ 1, x))
        slope = self.multiply(p.y ^ q.y, self.invert(p.x ^ q.x))
        x = self.square(slope) ^ slope ^ p.x ^ q.x ^ self.a
        return Point(x, self.multiply(slope, p.x ^ x) ^ x ^ p.y)

    def scale(self, scalar: int, point: Point) -> Point | None:
        """Return scalar·point for a scalar >= 0 and a point with x != 0."""
        if scalar == 0:
            return None
        multiply, square, x = self.multiply, self.square, point.x
        x1, z1 = x, 1
        z2 = square(x)
        x2 = square(z2) ^ 1
        for bit in f"{scalar:b}"[1:]:
            cross_1, cross_2 = multiply(x1, z2), multiply(x2, z1)
            z_sum = square(cross_1 ^ cross_2)
            x_sum = multiply(x, z_sum) ^ multiply(cross_1, cross_2)
            if bit == "1":
                x1, z1 = x_sum, z_sum
                sx, sz = square(x2), square(z2)
                x2, z2 = square(sx ^ sz), multiply(sx, sz)
            else:
                x2, z2 = x_sum, z_sum
                sx, sz = square(x1), square(z1)
                x1, z1 = square(sx ^ sz), multiply(sx, sz)
        if not z1:
            return None
        if not z2:
            return Point(x, x ^ point.y)
        return self._recover(
            point, multiply(x1, self.invert(z1)), multiply(x2, self.invert(z2))
        )

    def _recover(self, point: Point, x_k: int, x_next: int) -> Point:
        """Return k·point from its x coordinate and that of (k + 1)·point."""
        d = x_k ^ point.x
        inner = self.multiply(d, x_next ^ point.x) ^ self.square(point.x) ^ point.y
        y = self.multiply(self.multiply(d, inner), self.invert(point.x)) ^ point.y
        return Point(x_k, y)

    # Octets.

    def compress(self, point: Point) -> bytes:
        """Return 02 or 03, then x (ANSI X9.62): 22 or 37 octets."""
        sign = self.multiply(point.y, self.invert(point.x)) & 1 if point.x else 0
        return bytes([2 | sign]) + point.x.to_bytes(self.field_size)

    def decompress(self, octets: bytes) -> Point:
        """Return the point of a compressed octet string.

        Raises:
            PointError: the length or prefix is wrong, or no point has this x.
        """
        if len(octets) != self.field_size + 1 or octets[0] not in (2, 3):
            raise PointError(f"not a compressed point of {self.name}")
        x = int.from_bytes(octets[1:])
        if not x or x >> self.degree:
            raise PointError(f"x is not a coordinate of {self.name}")
        c = x ^ self.a ^ self.square(self.invert(x))
        z = term = c
        for _ in range(self.degree // 2):
            term = self.square(self.square(term))
            z ^= term
        if self.square(z) ^ z != c:
            raise PointError(f"no point of {self.name} has this x")
        return Point(x, self.multiply(x, z ^ (z & 1) ^ (octets[0] & 1)))


SECT163K1: Final = Curve(
    name="sect163k1",
    degree=163,
    taps=(7, 6, 3, 0),
    a=1,
    generator=Point(
        0x02FE13C0537BBC11ACAA07D793DE4E6D5E5C94EEE8,
        0x0289070FB05D38FF58321F2E800536D538CCDAA3D9,
    ),
    order=0x04000000000000000000020108A2E0CC0D99F8A5EF,
    cofactor=2,
)
SECT283K1: Final = Curve(
    name="sect283k1",
    degree=283,
    taps=(12, 7, 5, 0),
    a=0,
    generator=Point(
        0x0503213F78CA44883F1A3B8162F188E553CD265F23C1567A16876913B0C2AC2458492836,
        0x01CCDA380F1C9E318D90F95D07E5426FE87E45C0E8184698E45962364E34116177DD2259,
    ),
    order=0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE9AE2ED07577265DFF7F94451E061E163C61,
    cofactor=4,
)
