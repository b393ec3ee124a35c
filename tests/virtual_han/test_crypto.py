"""The virtual HAN's own cryptography, against the published vectors, OpenSSL and lightecc."""

import json
from pathlib import Path
from random import Random
import re
import shutil
import subprocess
from time import process_time
from typing import Any

from lightecc import LightECC
import pytest

from virtual_han.crypto import ccm, mmo
from virtual_han.crypto.agreement import (
    Ephemeral,
    agree,
    check_public,
    draw_ephemeral,
    shared_secret,
)
from virtual_han.crypto.curve import SECT163K1, SECT283K1, Curve, Point
from virtual_han.crypto.ecqv import CertificateAuthority, Credentials, public_key
from virtual_han.crypto.suite import SUITE_1, SUITE_2, Suite
from virtual_han.errors import PointError, SecurityError, SuiteError

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "smart_energy/fixtures/cbke_vectors.json").read_text()
)
ANNEX_C5 = VECTORS["suite1_sect163k1_annexC5"]
CURVES = pytest.mark.parametrize(
    "curve", [SECT163K1, SECT283K1], ids=lambda curve: curve.name
)
SUITES = pytest.mark.parametrize(
    "suite", [SUITE_1, SUITE_2], ids=["suite_1", "suite_2"]
)


def vector(*path: str) -> bytes:
    """Return one octet string of the Annex C.5 example."""
    node = ANNEX_C5
    for name in path:
        node = node[name]
    return bytes.fromhex(node)


@CURVES
def test_scale_matches_lightecc(curve: Curve) -> None:
    """Random multiples of random points are what another implementation computes."""
    other = LightECC("koblitz", {163: "k163", 283: "k283"}[curve.degree])
    random = Random(curve.degree)
    for _ in range(2):
        scalar = random.randrange(1, curve.order)
        ours = curve.scale(scalar, curve.generator)
        theirs = scalar * other.G
        assert ours == Point(theirs.x, theirs.y)
        again = random.randrange(1, curve.order)
        twice, theirs_twice = curve.scale(again, ours), again * theirs
        assert twice == Point(theirs_twice.x, theirs_twice.y)


@CURVES
@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)
def test_generator_multiples_match_openssl(curve: Curve) -> None:
    """OpenSSL's freshly drawn key pairs satisfy our multiplication."""
    generated = subprocess.run(
        ["openssl", "ecparam", "-name", curve.name, "-genkey", "-noout"],
        check=True,
        capture_output=True,
    ).stdout
    text = subprocess.run(
        ["openssl", "ec", "-text", "-noout"],
        input=generated,
        check=True,
        capture_output=True,
    ).stdout.decode()
    private, public = (
        bytes.fromhex("".join(match.split()).replace(":", ""))
        for match in re.findall(r"(?:priv|pub):\n((?: +[0-9a-f:]+\n)+)", text)
    )
    size = curve.field_size
    assert public[0] == 4
    expected = Point(
        int.from_bytes(public[1 : 1 + size]), int.from_bytes(public[1 + size :])
    )
    assert curve.scale(int.from_bytes(private), curve.generator) == expected


@CURVES
def test_group_laws(curve: Curve) -> None:
    """Edge cases of addition and scaling agree with each other."""
    g = curve.generator
    assert curve.contains(g)
    assert curve.scale(0, g) is None
    assert curve.scale(1, g) == g
    assert curve.scale(curve.order, g) is None
    opposite = Point(g.x, g.x ^ g.y)
    assert curve.scale(curve.order - 1, g) == opposite
    assert curve.add(g, opposite) is None
    assert curve.add(None, g) == curve.add(g, None) == g
    assert curve.add(g, g) == curve.scale(2, g)
    assert curve.add(curve.scale(2, g), g) == curve.scale(3, g)
    order_two = Point(0, 1)
    assert curve.contains(order_two)
    assert curve.add(order_two, order_two) is None


@CURVES
def test_compression_round_trip(curve: Curve) -> None:
    random = Random(3)
    for _ in range(4):
        point = curve.scale(random.randrange(1, curve.order), curve.generator)
        assert point is not None
        assert curve.decompress(curve.compress(point)) == point
    assert curve.compress(Point(0, 1))[0] == 2


@CURVES
@pytest.mark.parametrize("octets", ["", "02", "04", "zero", "wide"])
def test_decompress_refuses(curve: Curve, octets: str) -> None:
    size = curve.field_size
    bad = {
        "": b"",
        "02": b"\x02",
        "04": b"\x04" + curve.generator.x.to_bytes(size),
        "zero": b"\x02" + bytes(size),
        "wide": b"\x02" + b"\xff" * size,
    }[octets]
    with pytest.raises(PointError):
        curve.decompress(bad)


@CURVES
def test_some_coordinates_have_no_point(curve: Curve) -> None:
    """About half of all x lie on no point; each is refused or lies on the curve."""
    refused = 0
    for x in range(1, 60):
        try:
            point = curve.decompress(b"\x03" + x.to_bytes(curve.field_size))
        except PointError:
            refused += 1
        else:
            assert curve.contains(point)
    assert 15 < refused < 45
    assert not curve.contains(Point(1 << curve.degree, 1))


@CURVES
def test_point_of_wrong_order_is_refused(curve: Curve) -> None:
    """A point outside the prime-order group would leak the private key."""
    wrong = None
    x = 1
    while wrong is None:
        x += 1
        try:
            candidate = curve.decompress(b"\x02" + x.to_bytes(curve.field_size))
        except PointError:
            continue
        if curve.scale(curve.order, candidate) is not None:
            wrong = curve.compress(candidate)
    with pytest.raises(PointError, match="order"):
        check_public(curve, wrong)


def test_zero_has_no_inverse() -> None:
    with pytest.raises(PointError):
        SECT163K1.invert(0)


@CURVES
def test_scalar_multiplication_is_fast(curve: Curve) -> None:
    """A key establishment of both suites must fit into a three-second join."""
    times = []
    for scalar in (curve.order - 2, curve.order - 3, curve.order - 4):
        start = process_time()
        curve.scale(scalar, curve.generator)
        times.append(process_time() - start)
    assert min(times) < 0.06


def _party(role: str) -> tuple[Credentials, Ephemeral]:
    credentials = Credentials(
        SUITE_1,
        vector("ca_public_key"),
        vector(role, "certificate"),
        vector(role, "static_private"),
    )
    ephemeral = Ephemeral(
        int.from_bytes(vector(role, "ephemeral_private")),
        vector(role, "ephemeral_public"),
    )
    return credentials, ephemeral


@pytest.mark.parametrize(
    ("own", "partner", "initiator"),
    [("initiator_U", "responder_V", True), ("responder_V", "initiator_U", False)],
)
def test_annex_c5(own: str, partner: str, initiator: bool) -> None:
    """The worked example of SE 1.4 Annex C.5, from either side."""
    credentials, ephemeral = _party(own)
    partner_certificate, partner_point = (
        vector(partner, "certificate"),
        vector(partner, "ephemeral_public"),
    )
    static = public_key(SUITE_1, credentials.ca_public_key, credentials.certificate)
    assert SECT163K1.compress(static) == vector(own, "static_public")
    assert shared_secret(
        credentials, ephemeral, partner_certificate, partner_point
    ) == vector("shared_secret_Z")
    result = agree(
        credentials, ephemeral, partner_certificate, partner_point, initiator=initiator
    )
    assert result.initiator_mac == vector("MACU")
    assert result.responder_mac == vector("MACV")
    assert result.link_key == vector("KeyData_link_key")
    assert vector("KeyData_link_key").hex() not in repr(result)
    assert vector(own, "static_private").hex() not in repr(credentials)


@SUITES
def test_issued_certificates_agree(suite: Suite) -> None:
    """Two devices of one authority reach one key; a device of another does not."""
    random = Random(11)
    ca, stranger_ca = (
        CertificateAuthority(suite, random),
        CertificateAuthority(suite, random),
    )
    alice, bob = ca.issue(bytes(range(8))), ca.issue(bytes(range(8, 16)))
    assert len(alice.certificate) == suite.certificate_size
    assert suite.subject(alice.certificate) == bytes(range(8))
    assert suite.issuer(alice.certificate) == b"TESTSECA"
    static = suite.curve.scale(int.from_bytes(alice.private_key), suite.curve.generator)
    assert static == public_key(suite, ca.public_key, alice.certificate)
    e_alice, e_bob = (
        draw_ephemeral(suite.curve, random),
        draw_ephemeral(suite.curve, random),
    )
    at_alice = agree(alice, e_alice, bob.certificate, e_bob.public, initiator=True)
    at_bob = agree(bob, e_bob, alice.certificate, e_alice.public, initiator=False)
    assert at_alice == at_bob
    stranger = stranger_ca.issue(bytes(range(8)))
    at_stranger = agree(
        stranger, e_alice, bob.certificate, e_bob.public, initiator=True
    )
    assert at_stranger.link_key != at_bob.link_key
    assert at_stranger.initiator_mac != at_bob.initiator_mac


@SUITES
def test_material_of_another_size_is_refused(suite: Suite) -> None:
    ca = CertificateAuthority(suite, Random(1))
    own = ca.issue(bytes(8))
    ephemeral = draw_ephemeral(suite.curve, Random(2))
    with pytest.raises(SuiteError):
        agree(own, ephemeral, own.certificate[:-1], ephemeral.public, initiator=True)
    with pytest.raises(PointError):
        agree(own, ephemeral, own.certificate, ephemeral.public[:-1], initiator=True)


def test_suite_2_certificate_fields() -> None:
    """The minimal encoding scheme's constants, at their offsets in SE 1.4 Annex C.4.2.3.1."""
    certificate = (
        CertificateAuthority(SUITE_2, Random(5), issuer=b"\x01" * 8)
        .issue(b"\x02" * 8)
        .certificate
    )
    assert (certificate[0], certificate[9], certificate[10]) == (0x00, 0x0D, 0x08)
    assert certificate[11:19] == b"\x01" * 8
    assert certificate[24:28] == b"\xff" * 4
    assert certificate[28:36] == b"\x02" * 8
    assert certificate[36] == 0x08


@pytest.mark.parametrize("row", VECTORS["aes_mmo_and_hmac"], ids=lambda row: row["in"])
def test_hash_vectors(row: dict[str, str]) -> None:
    data = bytes.fromhex(row["in"])
    if "HMAC" in row["op"]:
        assert mmo.hmac(bytes.fromhex(row["key"]), data).hex().upper() == row["out"]
    else:
        assert mmo.hash_octets(data).hex().upper() == row["out"]


@pytest.mark.parametrize(
    "row", VECTORS["install_codes"], ids=lambda row: str(row["bits"])
)
def test_install_code_vectors(row: dict[str, str]) -> None:
    printed = bytes.fromhex(row["code_with_crc_le"])
    assert mmo.with_crc(printed[:-2]) == printed
    assert mmo.install_code_key(printed[:-2]).hex().upper() == row["link_key"]


def test_sealed_frames_open_only_with_everything_right() -> None:
    key, sender = bytes(range(16)), bytes(range(8))
    sealed = ccm.seal(key, sender, 7, b"reading", b"header")
    assert len(sealed) == len(b"reading") + 4
    assert ccm.unseal(key, sender, 7, sealed, b"header") == b"reading"
    wrong = bytes(16)
    for arguments in (
        (wrong, sender, 7, sealed, b"header"),
        (key, wrong[:8], 7, sealed, b"header"),
        (key, sender, 8, sealed, b"header"),
        (key, sender, 7, sealed[:-1] + b"\x00", b"header"),
        (key, sender, 7, sealed, b"other"),
    ):
        with pytest.raises(SecurityError):
            ccm.unseal(*arguments)
    assert ccm.transport_key(key) != key
