"""The Koblitz curves of Smart Energy: y^2 + xy = x^3 + ax^2 + 1 over GF(2^m), a being 0 or 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import sleep
from typing import Final

from ..errors import SmartEnergyError
from .field import BinaryField, Spread
from .tau import TauAdic

_COMPRESSED_EVEN: Final = 0x02
_COMPRESSED_ODD: Final = 0x03

_STRETCH: Final = 64
"""Positions of an expansion, about 1 ms of work, between two pauses."""
_PAUSE: Final = 1e-6
"""Seconds, and as much more as the system takes: in it another thread, such as that of an event
loop, gets the GIL, which this one would not let go for 5 ms (`sys.getswitchinterval`)."""

type _Affine = tuple[Spread, Spread]
type _Table = dict[int, _Affine]
type _Projective = tuple[Spread, Spread, Spread]
"""X, Y, Z with x = X / Z and y = Y / Z^2 (Lopez and Dahab, 1998); Z = 0 is infinity."""


class PointError(SmartEnergyError):
    """Raised when octets are not a point of the curve, or not one that may be used."""

    reason = "bad_point"


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point; the bits of x and y are the coefficients of the two polynomials.

    The point at infinity is `None` wherever it can occur.
    """

    x: int
    y: int


class KoblitzCurve:
    """A Koblitz curve with its base point of prime order.

    Attributes:
        name: the name in SEC 2.
        base: the generator G.
        order: the prime order n of G.
        cofactor: h; the curve has h * n points.
        scalar_size: octets of a private key, of n and of a coordinate.
        point_size: octets of a compressed point.
    """

    __slots__ = (
        "_base_tau",
        "a",
        "base",
        "cofactor",
        "field",
        "name",
        "order",
        "point_size",
        "scalar_size",
    )

    def __init__(
        self,
        name: str,
        field: BinaryField,
        *,
        a: int,
        base: Point,
        order: int,
        cofactor: int,
    ) -> None:
        """Take the domain parameters (SEC 2)."""
        self.name = name
        self.field = field
        self.a = a
        self.base = base
        self.order = order
        self.cofactor = cofactor
        self.scalar_size = (field.degree + 7) // 8
        self.point_size = 1 + self.scalar_size
        self._base_tau = TauAdic(a, field.degree, order * cofactor)

    def __repr__(self) -> str:
        """Return the name alone."""
        return f"KoblitzCurve({self.name})"

    def multiply_add(self, *terms: tuple[int, Point]) -> Point | None:
        """Return k1 * P1 + k2 * P2 + ..., or None where that is infinity.

        Scalars are any integers. Points must be on the curve. The sum of several terms
        costs less than the terms one by one.

        Raises:
            ValueError: a point has an order of 4 or less, which no valid key has.
        """
        points = []
        for _, point in terms:
            if point.x < 2:
                raise ValueError("a point of so small an order is not multiplied")
            points.append((self.field.spread(point.x), self.field.spread(point.y)))
        expansions = [self._base_tau.expand(scalar) for scalar, _ in terms]
        tables = self._tables(points)
        return self._to_affine(self._evaluate(expansions, tables))

    def is_on_curve(self, point: Point) -> bool:
        """Tell whether the coordinates are field elements that satisfy the equation."""
        field = self.field
        if not (0 <= point.x < 1 << field.degree and 0 <= point.y < 1 << field.degree):
            return False
        x, y = field.spread(point.x), field.spread(point.y)
        x_squared = field.square(x)
        left = field.multiply(y, y ^ x)
        right = field.multiply(x_squared, x ^ self.a) ^ 1
        return left == right

    def in_prime_subgroup(self, point: Point) -> bool:
        """Tell whether a point of the curve is a multiple of G.

        Instead of n * P = infinity: the multiples of G are the points that can be halved
        as often as 2 divides the cofactor, and whether a point can be halved is the trace
        of its x (Knudsen, "Elliptic scalar multiplication using point halving", 1999).
        """
        field = self.field
        x, y = field.spread(point.x), field.spread(point.y)
        if field.trace(x) != self.a:
            return False
        if self.cofactor == 2:
            return True
        # One half has lambda^2 + lambda = x + a and, in its own x, the square of this;
        # the trace of a square is the trace of its root.
        slope = field.half_trace(x ^ self.a)
        return field.trace(y ^ field.multiply(slope ^ 1, x)) == self.a

    def compress(self, point: Point) -> bytes:
        """Return 02 or 03, then x big-endian: the last bit of y / x tells y from x + y."""
        field = self.field
        ratio = 0
        if point.x:
            inverse = field.invert(field.spread(point.x))
            ratio = field.multiply(field.spread(point.y), inverse)
        return bytes([_COMPRESSED_EVEN | (ratio & 1)]) + point.x.to_bytes(
            self.scalar_size
        )

    def decompress(self, octets: bytes) -> Point:
        """Return the point of `point_size` octets; it is on the curve and a multiple of G.

        Raises:
            PointError: the octets are no such point.
        """
        field = self.field
        if len(octets) != self.point_size:
            raise PointError(
                f"a point of {self.name} has {self.point_size} octets, not {len(octets)}; check that the"
                " value is complete and of this curve"
            )
        if octets[0] not in (_COMPRESSED_EVEN, _COMPRESSED_ODD):
            raise PointError(
                "a compressed point starts with 02 or 03; check that the value is complete"
            )
        packed = int.from_bytes(octets[1:])
        if packed >> field.degree:
            raise PointError(
                f"the point's x is no element of the field of {self.name}; check the value"
            )
        # x = 0 belongs to the point of order 2, x = 1 to points of order 4 or to none.
        if packed < 2:
            raise PointError(
                "the point has a small order and must not be used as a key"
            )
        x = field.spread(packed)
        # With y = x * z the equation becomes z^2 + z = x + a + 1 / x^2.
        wanted = x ^ self.a ^ field.square(field.invert(x))
        z = field.half_trace(wanted)
        if field.square(z) ^ z != wanted:
            raise PointError(
                f"there is no point of {self.name} with this x; check the value for a wrong digit"
            )
        if (z ^ octets[0]) & 1:
            z ^= 1
        point = Point(packed, field.pack(field.multiply(x, z)))
        if not self.in_prime_subgroup(point):
            raise PointError(
                f"the point is not of the prime order of {self.name} and must not be used as a key"
            )
        return point

    def _tables(self, points: Sequence[_Affine]) -> list[_Table]:
        """Return, for each point, its product with what every digit of `TauAdic` stands for."""
        field = self.field
        square = field.square
        powers = []
        divisors = []
        for x, y in points:
            x4, y4 = square(square(x)), square(square(y))
            x8, y8 = square(x4), square(y4)
            powers.append((x4, y4, x8, y8))
            divisors += [x4 ^ x, x8 ^ x]
        inverses = field.invert_all(divisors)
        tables = []
        for index, ((x, y), (x4, y4, x8, y8)) in enumerate(
            zip(points, powers, strict=True)
        ):
            by_square, by_cube = inverses[2 * index : 2 * index + 2]
            three = self._add_affine((x4, y4), (x, y ^ x), by_square)
            five = self._add_affine((x4, y4), (x, y), by_square)
            # mu * tau^3 P + P, and then its negative.
            seven = self._add_affine(
                (x8, y8 if self._base_tau.mu > 0 else y8 ^ x8), (x, y), by_cube
            )
            table = {1: (x, y), 3: three, 5: five, 7: (seven[0], seven[0] ^ seven[1])}
            tables.append(table | {-u: (p[0], p[0] ^ p[1]) for u, p in table.items()})
        return tables

    def _add_affine(self, first: _Affine, second: _Affine, inverse: Spread) -> _Affine:
        """Add points of different x, given 1 / (x1 + x2)."""
        field = self.field
        slope = field.multiply(first[1] ^ second[1], inverse)
        x = field.square(slope) ^ slope ^ first[0] ^ second[0] ^ self.a
        return x, field.multiply(slope, first[0] ^ x) ^ x ^ first[1]

    def _evaluate(
        self, expansions: Sequence[list[int]], tables: Sequence[_Table]
    ) -> _Projective:
        """Return the sum of all expansions by Horner's rule, the powers of tau shared; pause now and then."""
        square = self.field.square
        total: _Projective = (1, 0, 0)
        for position in reversed(range(max(map(len, expansions), default=0))):
            if total[2]:
                total = (square(total[0]), square(total[1]), square(total[2]))
            for digits, table in zip(expansions, tables, strict=True):
                if position < len(digits) and (digit := digits[position]):
                    total = self._add_mixed(total, table[digit])
            if position % _STRETCH == 0:
                sleep(_PAUSE)
        return total

    def _add_mixed(self, first: _Projective, second: _Affine) -> _Projective:
        """Add an affine to a projective point (Al-Daoud et al., 2002)."""
        field = self.field
        multiply, square = field.multiply, field.square
        x1, y1, z1 = first
        x2, y2 = second
        if not z1:
            return x2, y2, 1
        rise = y1 ^ multiply(y2, square(z1))
        run = x1 ^ multiply(x2, z1)
        if not run:
            return (1, 0, 0) if rise else self._double_affine(second)
        scaled = multiply(run, z1)
        z3 = square(scaled)
        x3 = square(rise) ^ multiply(
            scaled, rise ^ square(run) ^ (scaled if self.a else 0)
        )
        y3 = multiply(multiply(x2, z3) ^ x3, multiply(rise, scaled) ^ z3)
        return x3, y3 ^ multiply(x2 ^ y2, square(z3)), z3

    def _double_affine(self, point: _Affine) -> _Projective:
        field = self.field
        x, y = point
        z3 = field.square(x)
        x3 = field.square(z3) ^ 1
        y3 = z3 ^ field.multiply(x3, (z3 if self.a else 0) ^ field.square(y) ^ 1)
        return x3, y3, z3

    def _to_affine(self, point: _Projective) -> Point | None:
        field = self.field
        x, y, z = point
        if not z:
            return None
        inverse = field.invert(z)
        return Point(
            field.pack(field.multiply(x, inverse)),
            field.pack(field.multiply(y, field.square(inverse))),
        )


SECT163K1: Final = KoblitzCurve(
    "sect163k1",
    BinaryField(163, (0, 3, 6, 7), trace_exponents=(0, 157)),
    a=1,
    base=Point(
        0x02FE13C0537BBC11ACAA07D793DE4E6D5E5C94EEE8,
        0x0289070FB05D38FF58321F2E800536D538CCDAA3D9,
    ),
    order=0x04000000000000000000020108A2E0CC0D99F8A5EF,
    cofactor=2,
)
"""K-163, of suite 1 (SEC 2 version 2, section 3.2.1)."""

SECT283K1: Final = KoblitzCurve(
    "sect283k1",
    BinaryField(283, (0, 5, 7, 12), trace_exponents=(0, 271)),
    a=0,
    base=Point(
        0x0503213F78CA44883F1A3B8162F188E553CD265F23C1567A16876913B0C2AC2458492836,
        0x01CCDA380F1C9E318D90F95D07E5426FE87E45C0E8184698E45962364E34116177DD2259,
    ),
    order=0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE9AE2ED07577265DFF7F94451E061E163C61,
    cofactor=4,
)
"""K-283, of suite 2 (SEC 2 version 2, section 3.5.1)."""
