"""Scalars in base tau, for Koblitz curves (Solinas, "Efficient arithmetic on Koblitz curves", 2000).

tau is the Frobenius map (x, y) -> (x^2, y^2), which costs two squarings where a doubling costs
a handful of multiplications. It satisfies tau^2 + 2 = mu * tau with mu = 1 for a = 1 and mu = -1
for a = 0, so that integers and tau together make the ring Z[tau], whose elements u + v * tau
are written (u, v) here.
"""

from typing import Final

_WINDOW: Final = 16
"""Digits are odd and between -8 and 8: a window of four bits."""


class TauAdic:
    """The base tau of one curve.

    Attributes:
        mu: 1 or -1.
    """

    __slots__ = ("_norm", "_residue", "_values", "_wrap", "mu")

    def __init__(self, a: int, degree: int, points: int) -> None:
        """Derive the constants.

        Args:
            a: the curve's coefficient, 0 or 1.
            degree: m of the field.
            points: the number of points of the curve.
        """
        self.mu: Final = 1 if a else -1
        powers = [(1, 0)]
        for _ in range(degree):
            u, v = powers[-1]
            powers.append((-2 * v, u + self.mu * v))
        # tau^m is the identity on the curve's points: scalars count modulo tau^m - 1,
        # whose norm is the number of points.
        self._wrap = (powers[degree][0] - 1, powers[degree][1])
        self._norm = points
        # In Z[tau] modulo tau^4, tau is this number modulo 16: t^2 + 2 = mu * t.
        self._residue = 6 if a else 10
        # The digit d stands for a small element of Z[tau] that is d modulo tau^4.
        square, cube = powers[2], powers[3]
        values = {
            1: (1, 0),
            3: (square[0] - 1, square[1]),
            5: (square[0] + 1, square[1]),
            7: (-self.mu * cube[0] - 1, -self.mu * cube[1]),
        }
        self._values = values | {-d: (-u, -v) for d, (u, v) in values.items()}

    def expand(self, scalar: int) -> list[int]:
        """Return the digits of a scalar, the lowest first; there are about m of them.

        Of any four digits in a row at most one is not zero. The digits stand for:
        1 for 1, 3 for tau^2 - 1, 5 for tau^2 + 1, 7 for -mu * tau^3 - 1, and -d for minus
        what d stands for.
        """
        mu = self.mu
        wrap_0, wrap_1 = self._wrap
        # The nearest quotient by tau^m - 1, from which the remainder is small.
        double = 2 * self._norm
        quotient_0 = (2 * scalar * (wrap_0 + mu * wrap_1) + self._norm) // double
        quotient_1 = (-2 * scalar * wrap_1 + self._norm) // double
        u = scalar - quotient_0 * wrap_0 + 2 * quotient_1 * wrap_1
        v = -(quotient_0 * wrap_1 + quotient_1 * wrap_0 + mu * quotient_1 * wrap_1)
        digits = []
        while u or v:
            digit = 0
            if u & 1:
                digit = (u + v * self._residue) % _WINDOW
                if digit > _WINDOW // 2:
                    digit -= _WINDOW
                value = self._values[digit]
                u -= value[0]
                v -= value[1]
            digits.append(digit)
            # Division by tau: 1 / tau is (mu - tau) / 2.
            half = u >> 1
            u, v = v + mu * half, -half
        return digits
