"""Binary curves against schoolbook arithmetic, lightecc and openssl."""

from functools import cache
from pathlib import Path
import random
import re
import shutil
import subprocess
from typing import Any

from lightecc import LightECC
import pytest

from custom_components.smets1_cad.smart_energy.ecc import (
    SECT163K1,
    SECT283K1,
    KoblitzCurve,
    Point,
    PointError,
    koblitz,
)

CURVES = pytest.mark.parametrize("curve", [SECT163K1, SECT283K1], ids=lambda c: c.name)
OPENSSL = shutil.which("openssl")
POLYNOMIALS = {
    "sect163k1": (1 << 163) | 0b11001001,
    "sect283k1": (1 << 283) | 0b1000010100001,
}


def product(a: int, b: int, polynomial: int) -> int:
    """Multiply two packed elements bit by bit."""
    total = 0
    degree = polynomial.bit_length() - 1
    for position in reversed(range(b.bit_length())):
        total <<= 1
        if total >> degree:
            total ^= polynomial
        if b >> position & 1:
            total ^= a
    return total


@cache
def lightecc(degree: int) -> Any:
    """Return lightecc's base point; making the curve takes a second."""
    return LightECC(form_name="koblitz", curve_name=f"k{degree}").G


def chance() -> random.Random:
    """Return new random numbers, whose seed shows where a test fails."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)


def some_point(curve: KoblitzCurve, numbers: random.Random) -> Point:
    """Return any point of the curve, in the prime subgroup or not."""
    field = curve.field
    while True:
        x = field.spread(numbers.getrandbits(field.degree))
        wanted = x ^ curve.a ^ field.square(field.invert(x))
        z = field.half_trace(wanted)
        point = Point(field.pack(x), field.pack(field.multiply(x, z)))
        if curve.is_on_curve(point):
            return point


@CURVES
def test_field_arithmetic_is_that_of_polynomials(curve: KoblitzCurve) -> None:
    numbers, field = chance(), curve.field
    polynomial = POLYNOMIALS[curve.name]
    top = (1 << field.degree) - 1
    pairs = [
        (numbers.getrandbits(field.degree), numbers.getrandbits(field.degree))
        for _ in range(50)
    ]
    for a, b in [*pairs, (0, 1), (1, 1), (top, top), (top, 1 << field.degree - 1)]:
        first, second = field.spread(a), field.spread(b)
        assert field.pack(first) == a
        assert field.pack(field.multiply(first, second)) == product(a, b, polynomial)
        assert field.pack(field.square(first)) == product(a, a, polynomial)
        if a:
            assert field.multiply(first, field.invert(first)) == 1


@CURVES
def test_inverses_together_are_the_inverses(curve: KoblitzCurve) -> None:
    numbers, field = chance(), curve.field
    elements = [field.spread(numbers.getrandbits(field.degree) | 1) for _ in range(5)]
    assert field.invert_all(elements) == [field.invert(element) for element in elements]
    with pytest.raises(ZeroDivisionError):
        field.invert_all([elements[0], 0])


@CURVES
def test_trace_is_the_sum_of_the_conjugates(curve: KoblitzCurve) -> None:
    field = curve.field
    for power in range(field.degree):
        conjugate = field.spread(1 << power)
        total = 0
        for _ in range(field.degree):
            total ^= conjugate
            conjugate = field.square(conjugate)
        assert field.trace(field.spread(1 << power)) == total


@CURVES
def test_half_trace_solves_the_quadratic_where_the_trace_is_zero(
    curve: KoblitzCurve,
) -> None:
    numbers, field = chance(), curve.field
    found = {0: 0, 1: 0}
    for _ in range(20):
        element = field.spread(numbers.getrandbits(field.degree))
        trace = field.trace(element)
        root = field.half_trace(element)
        assert field.square(root) ^ root == element ^ trace
        found[trace] += 1
    assert all(found.values())


@CURVES
def test_base_point_has_its_order(curve: KoblitzCurve) -> None:
    assert curve.is_on_curve(curve.base)
    assert curve.in_prime_subgroup(curve.base)
    assert curve.multiply_add((curve.order, curve.base)) is None
    assert curve.multiply_add((curve.order + 1, curve.base)) == curve.base
    assert repr(curve) == f"KoblitzCurve({curve.name})"


@CURVES
def test_products_are_those_of_lightecc(curve: KoblitzCurve) -> None:
    numbers = chance()
    other = lightecc(curve.field.degree)
    scalar, second = (numbers.randrange(1, curve.order) for _ in range(2))
    theirs = scalar * other
    ours = curve.multiply_add((scalar, curve.base))
    assert ours == Point(theirs.x, theirs.y)
    total = theirs * 5 + other * second
    assert curve.multiply_add((5, ours), (second, curve.base)) == Point(
        total.x, total.y
    )


@CURVES
def test_sums_and_their_special_cases(curve: KoblitzCurve) -> None:
    other = lightecc(curve.field.degree)
    base = curve.base
    for scalar in (*range(1, 20), 32, 255):
        theirs = scalar * other
        assert curve.multiply_add((scalar, base)) == Point(theirs.x, theirs.y)
    twice = 2 * other
    assert curve.multiply_add((1, base), (1, base)) == Point(twice.x, twice.y)
    assert curve.multiply_add((1, base), (-1, base)) is None
    assert curve.multiply_add((-1, base)) == Point(base.x, base.x ^ base.y)
    assert curve.multiply_add((0, base)) is None
    assert curve.multiply_add() is None
    third = curve.multiply_add((7, base), (0, base), (-4, base))
    assert third == curve.multiply_add((3, base))


@CURVES
def test_prime_subgroup_is_where_the_order_leads_to_infinity(
    curve: KoblitzCurve,
) -> None:
    numbers = chance()
    points = [some_point(curve, numbers) for _ in range(24)]
    multiple = curve.multiply_add((curve.cofactor, points[0]))
    assert multiple is not None
    expected = [
        curve.multiply_add((curve.order, point)) is None
        for point in (*points, multiple)
    ]
    assert [curve.in_prime_subgroup(point) for point in (*points, multiple)] == expected
    assert set(expected) == {True, False}


@CURVES
def test_compressed_points_come_back(curve: KoblitzCurve) -> None:
    numbers = chance()
    for _ in range(8):
        point = curve.multiply_add((numbers.randrange(1, curve.order), curve.base))
        assert point is not None
        octets = curve.compress(point)
        assert len(octets) == curve.point_size
        assert curve.decompress(octets) == point
        negative = curve.decompress(bytes([octets[0] ^ 1]) + octets[1:])
        assert negative == Point(point.x, point.x ^ point.y)
    assert curve.compress(Point(0, 1)) == b"\x02" + bytes(curve.scalar_size)


@CURVES
def test_octets_that_are_no_usable_point(curve: KoblitzCurve) -> None:
    numbers = chance()
    good = curve.compress(curve.base)
    with pytest.raises(
        PointError, match=f"has {curve.point_size} octets, not {curve.point_size - 1}"
    ):
        curve.decompress(good[:-1])
    for first in (0x00, 0x04, 0x06):
        with pytest.raises(PointError, match="starts with 02 or 03"):
            curve.decompress(bytes([first]) + good[1:])
    with pytest.raises(PointError, match="no element of the field"):
        curve.decompress(
            b"\x02" + (1 << curve.field.degree).to_bytes(curve.scalar_size)
        )
    for x in (0, 1):
        with pytest.raises(PointError, match="small order"):
            curve.decompress(b"\x02" + x.to_bytes(curve.scalar_size))
    said = set()
    while len(said) < 2:
        octets = b"\x02" + numbers.getrandbits(curve.field.degree).to_bytes(
            curve.scalar_size
        )
        try:
            curve.decompress(octets)
        except PointError as err:
            said.add(str(err).partition(";")[0].partition(" and must")[0])
    assert said == {
        f"there is no point of {curve.name} with this x",
        f"the point is not of the prime order of {curve.name}",
    }


@CURVES
def test_points_of_small_order_are_not_multiplied(curve: KoblitzCurve) -> None:
    assert not curve.in_prime_subgroup(Point(0, 1))
    with pytest.raises(ValueError, match="small an order"):
        curve.multiply_add((3, Point(0, 1)))


@CURVES
def test_what_is_not_on_the_curve(curve: KoblitzCurve) -> None:
    base = curve.base
    assert not curve.is_on_curve(Point(base.x, base.y ^ 1))
    assert not curve.is_on_curve(Point(base.x | 1 << curve.field.degree, base.y))
    assert not curve.is_on_curve(Point(base.x, -1))
    other = SECT283K1 if curve is SECT163K1 else SECT163K1
    assert not curve.is_on_curve(other.base)


def openssl(*arguments: str | Path) -> bytes:
    """Run openssl and return what it prints."""
    assert OPENSSL is not None
    done = subprocess.run(
        [OPENSSL, *map(str, arguments)], capture_output=True, check=True, timeout=20
    )
    return done.stdout


def openssl_key(path: Path, curve: KoblitzCurve) -> tuple[int, bytes]:
    """Make a key pair; return its private key and its compressed public key."""
    openssl("ecparam", "-name", curve.name, "-genkey", "-noout", "-out", path)
    openssl("ec", "-in", path, "-pubout", "-out", path.with_suffix(".pub"))
    text = openssl(
        "ec", "-in", path, "-noout", "-text", "-conv_form", "compressed"
    ).decode()
    private, public = re.findall(r"(?:priv|pub):\s+([0-9a-f:\s]+)", text)
    return int(re.sub(r"\W", "", private), 16), bytes.fromhex(re.sub(r"\W", "", public))


@CURVES
@pytest.mark.skipif(
    OPENSSL is None or b"sect283k1" not in openssl("ecparam", "-list_curves"),
    reason="openssl with binary curves is not here",
)
def test_keys_and_secrets_are_those_of_openssl(
    curve: KoblitzCurve, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    private, public = openssl_key(first, curve)
    _, partner = openssl_key(second, curve)
    key = curve.multiply_add((private, curve.base))
    assert key is not None
    assert curve.compress(key) == public
    shared = curve.multiply_add((private, curve.decompress(partner)))
    assert shared is not None
    derived = openssl(
        "pkeyutl", "-derive", "-inkey", first, "-peerkey", second.with_suffix(".pub")
    )
    assert shared.x.to_bytes(curve.scalar_size) == derived


@CURVES
def test_long_work_pauses_for_other_threads(
    monkeypatch: pytest.MonkeyPatch, curve: KoblitzCurve
) -> None:
    """About every millisecond the GIL is let go: the event loop must not wait 5 ms for it each time."""
    pauses: list[float] = []
    monkeypatch.setattr(koblitz, "sleep", pauses.append)
    curve.multiply_add((curve.order - 2, curve.base), (curve.order // 3, curve.base))
    assert len(pauses) >= curve.field.degree // 64
    assert sum(pauses) < 0.001
