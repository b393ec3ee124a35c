"""The field GF(2^m), fast in pure Python.

An element is a polynomial over GF(2). Inside this module it is *spread*: an `int` with one
coefficient in each octet, bit 0 of octet i being the coefficient of x^i. Python's own
multiplication of two spread integers then counts, octet by octet, how many pairs of
coefficients meet; the lowest bit of each count is the coefficient of the product. Counts
stay below 256 because no factor longer than 255 coefficients is ever multiplied.
"""

from collections.abc import Sequence
from typing import Final

type Spread = int
"""A field element, one coefficient in each octet."""

_OCTET: Final = 8
_SPREAD_TO_TEXT: Final = b"01" + bytes(254)


class BinaryField:
    """GF(2^m) modulo f(x) = x^m + the sum of x^e over `exponents`.

    Addition is `^`. Elements must be spread (see `spread`) and reduced, as every method
    here returns them. m must be odd and below 511.
    """

    __slots__ = (
        "_fold",
        "_half",
        "_low",
        "_low_half",
        "_ones",
        "_top",
        "_trace_mask",
        "degree",
    )

    def __init__(
        self, degree: int, exponents: Sequence[int], trace_exponents: Sequence[int]
    ) -> None:
        """Prepare the masks.

        Args:
            degree: m.
            exponents: those of f below m, 0 included.
            trace_exponents: the powers of x whose trace is 1.
        """
        self.degree = degree
        self._top = _OCTET * degree
        self._low = (1 << self._top) - 1
        self._half = _OCTET * ((degree + 1) // 2)
        self._low_half = (1 << self._half) - 1
        self._ones = int.from_bytes(b"\x01" * (2 * degree + 2))
        self._fold = sum(1 << (_OCTET * exponent) for exponent in exponents)
        self._trace_mask = sum(1 << (_OCTET * power) for power in trace_exponents)

    def spread(self, packed: int) -> Spread:
        """Return the element whose coefficients are the bits of `packed`."""
        return int.from_bytes(f"{packed:b}".encode()) & self._ones

    def pack(self, element: Spread) -> int:
        """Return the coefficients of an element as the bits of an integer."""
        return int(element.to_bytes(self.degree).translate(_SPREAD_TO_TEXT), 2)

    def _reduce(self, product: Spread) -> Spread:
        # x^m equals the low terms of f, so what is above x^m folds down. Twice is enough
        # for the sparse f of SEC 2, and the counts stay far below 256.
        product = (product & self._low) + (product >> self._top) * self._fold
        return (product & self._low) + (product >> self._top) * self._fold & self._ones

    def multiply(self, a: Spread, b: Spread) -> Spread:
        """Return a * b."""
        # One step of Karatsuba keeps the counts below 256 and saves a quarter.
        half, low_half, ones = self._half, self._low_half, self._ones
        a_low, a_high = a & low_half, a >> half
        b_low, b_high = b & low_half, b >> half
        low = a_low * b_low & ones
        high = a_high * b_high & ones
        middle = ((a_low ^ a_high) * (b_low ^ b_high) & ones) ^ low ^ high
        return self._reduce(low ^ (middle << half) ^ (high << (2 * half)))

    def square(self, a: Spread) -> Spread:
        """Return a * a: the coefficients, each moved to twice its place."""
        octets = bytearray(2 * self.degree)
        octets[::2] = a.to_bytes(self.degree, "little")
        return self._reduce(int.from_bytes(octets, "little"))

    def invert(self, a: Spread) -> Spread:
        """Return 1 / a (Itoh and Tsujii, 1988).

        Raises:
            ZeroDivisionError: a is zero.
        """
        if not a:
            raise ZeroDivisionError("zero has no inverse")
        # power is a^(2^count - 1); wanted is its square for count = m - 1.
        power, count = a, 1
        for bit in f"{self.degree - 1:b}"[1:]:
            shifted = power
            for _ in range(count):
                shifted = self.square(shifted)
            power, count = self.multiply(shifted, power), 2 * count
            if bit == "1":
                power, count = self.multiply(self.square(power), a), count + 1
        return self.square(power)

    def invert_all(self, elements: Sequence[Spread]) -> list[Spread]:
        """Return the inverse of each element at the price of one (Montgomery's trick).

        Raises:
            ZeroDivisionError: an element is zero.
        """
        product = 1
        before = []
        for element in elements:
            before.append(product)
            product = self.multiply(product, element)
        inverse = self.invert(product)
        inverses = []
        for element, product in zip(reversed(elements), reversed(before), strict=True):
            inverses.append(self.multiply(inverse, product))
            inverse = self.multiply(inverse, element)
        inverses.reverse()
        return inverses

    def trace(self, a: Spread) -> int:
        """Return a + a^2 + a^4 + ... + a^(2^(m-1)), which is 0 or 1."""
        # The trace of a sum is the sum of the traces, and few powers of x have trace 1.
        return (a & self._trace_mask).bit_count() & 1

    def half_trace(self, a: Spread) -> Spread:
        """Return z with z^2 + z = a; there is none, and z is of no use, where a's trace is 1."""
        total = a
        for _ in range((self.degree - 1) // 2):
            total = self.square(self.square(total)) ^ a
        return total
