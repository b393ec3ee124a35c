"""Credentials from the text that people have."""

from datetime import UTC, datetime
import re

import pytest

from custom_components.smets1_cad.smart_energy.certificate import (
    CryptoSuite,
    load_credentials,
)
from custom_components.smets1_cad.smart_energy.errors import CertificateError

from .authority import HUB, OTHER, Authority
from .ca_site import RADIO_MAKER, SUITE_1, SUITE_2, site


def pairs(text: str) -> str:
    """Return hex as pairs of digits."""
    return " ".join(re.findall("..", text))


TEXTS = {
    "test site": site(SUITE_1),
    "test site in one line": re.sub(r"\s", "", site(SUITE_1)),
    "windows line ends": site(SUITE_1).replace("\n", "\r\n"),
    "one line each": (
        f"CA Public Key: {SUITE_1['ca_public_key']}\n"
        f"Device Implicit Cert: {SUITE_1['certificate']}\n"
        f"Device Private Key: {SUITE_1['private_key']}\n"
        "IEEE Address: 0022080000000001\n"
    ),
    "token file": (
        "# a token file\n"
        "MFG_CUSTOM_EUI_64 : FFFFFFFFFFFFFFFF\n"
        f"Device Implicit Cert : {SUITE_1['certificate'].upper()}\n"
        f"CA Public Key        : {SUITE_1['ca_public_key'].upper()}\n"
        f"Device Private Key   : {SUITE_1['private_key'].upper()}\n"
        "CBKE FLAGS           : 0x00\n"
        f"Device Implicit Cert (283k1) : {'FF' * 74}\n"
        f"CA Public Key (283k1) : {'FF' * 37}\n"
        f"Device Private Key (283k1) : {'FF' * 36}\n"
        "CBKE FLAGS (283k1) : 0xFF\n"
    ),
    "curve in the label": (
        f"Device Implicit Cert 283k1 : {'FF' * 74}\n"
        f"CA Public Key 283k1: {'FF' * 37}\n"
        f"Device_Private_Key sect163k1 = {SUITE_1['private_key']}\n"
        f"CA_Public_Key 163K1: {SUITE_1['ca_public_key']}\n"
        f"Device Implicit Cert 163k1 : {SUITE_1['certificate']}\n"
    ),
    "sizes in brackets": (
        f"CA Public Key [22]: {pairs(SUITE_1['ca_public_key'])}\n"
        f"Implicit Certificate [48]:\n  {pairs(SUITE_1['certificate'][:48])}\n  {pairs(SUITE_1['certificate'][48:])}\n"
        f"Private Key = {{0x{', 0x'.join(re.findall('..', SUITE_1['private_key']))}}}\n"
        "Device EUI: 00:22:08:00:00:00:00:01\n"
    ),
    "other lines between": (
        f"Issued by a laboratory\nCA Public Key:\n{SUITE_1['ca_public_key']}\nStatus: issued\n"
        f"Device Implicit Cert:\n{SUITE_1['certificate']}\n// keep this\n"
        f"Device Private Key:\n{SUITE_1['private_key']}\nRemark: face\n"
        "EUI-64: 00-22-08-00-00-00-00-01\n"
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_ways_to_write_it(text: str) -> None:
    (credentials,) = load_credentials(text, eui64=HUB)
    assert credentials.suite is CryptoSuite.SUITE_1
    assert credentials.certificate.raw.hex() == SUITE_1["certificate"]
    assert credentials.private_key.reveal().hex() == SUITE_1["private_key"]


def test_example_of_a_radio_maker() -> None:
    (credentials,) = load_credentials(site(RADIO_MAKER))
    assert str(credentials.eui64) == "00:13:a2:00:40:4c:15:a4"


def test_both_suites_in_one_text() -> None:
    one, two = load_credentials(site(SUITE_2) + "\n" + site(SUITE_1))
    assert (one.suite, two.suite) == (CryptoSuite.SUITE_1, CryptoSuite.SUITE_2)


def test_same_line_twice_is_fine() -> None:
    assert len(load_credentials(site(SUITE_2) + site(SUITE_2))) == 1


def without(pair: dict[str, str], label: str) -> str:
    """Return the test site's text without one label and its value."""
    return re.sub(rf"{label}:\n.*\n", "", site(pair))


BAD = {
    "a novel": ("x" * 16_385, "certificate_text_too_long", "more than 16384"),
    "empty": ("", "certificate_missing_line", '"CA Public Key" is missing'),
    "no CA key": (
        without(SUITE_1, "CA Pub Key"),
        "certificate_missing_line",
        '"CA Public Key" is missing',
    ),
    "no certificate": (
        without(SUITE_2, "Device Implicit Cert"),
        "certificate_missing_line",
        '"Device Implicit Cert" is missing',
    ),
    "no private key": (
        without(SUITE_2, "Private Key Reconstruction Data"),
        "certificate_missing_line",
        '"Device Private Key" is missing',
    ),
    "label without value": (
        "CA Pub Key:\n\n" + without(SUITE_1, "CA Pub Key"),
        "certificate_missing_line",
        "has no value",
    ),
    "letter O": (
        site(SUITE_1).replace("0200fde8", "02O0fde8"),
        "certificate_not_hex",
        "not hex at digit 3",
    ),
    "not hex at all": (
        f"Device Private Key: the key\n{without(SUITE_1, 'Private Key Reconstruction Data')}",
        "certificate_not_hex",
        "not hex at digit 1",
    ),
    "digit lost": (
        site(SUITE_1).replace("0200fde8", "020fde8"),
        "certificate_wrong_length",
        "43 hex digits instead of 44 or 74",
    ),
    "octet too much": (
        site(SUITE_1).replace("0200fde8", "020000fde8"),
        "certificate_wrong_length",
        "46 hex digits instead of 44 or 74",
    ),
    "EUI too short": (
        site(SUITE_1) + "Device EUI: 00220800000001",
        "certificate_wrong_length",
        "14 hex digits instead of 16",
    ),
    "EUI of another device": (
        site(SUITE_1) + "Device EUI: 0022080000000002",
        "certificate_eui64_mismatch",
        "the device is 00:22:08:00:00:00:00:02",
    ),
    "two EUIs": (
        site(SUITE_1) + "Device EUI: 0022080000000001\nIEEE Address: 0022080000000002",
        "certificate_repeated_line",
        '"Device EUI" stands there twice',
    ),
    "two devices": (
        site(SUITE_1) + site(RADIO_MAKER),
        "certificate_repeated_line",
        '"Device Implicit Cert" stands there twice',
    ),
    "key of the other suite": (
        without(SUITE_1, "Private Key Reconstruction Data")
        + f"Device Private Key: {SUITE_2['private_key']}",
        "certificate_mixed_suites",
        "keys of suite 2",
    ),
    "wrong digit": (
        site(SUITE_1).replace(
            SUITE_1["private_key"], "01" + SUITE_1["private_key"][2:]
        ),
        "certificate_key_mismatch",
        "does not belong",
    ),
    "CA key off the curve": (
        site(SUITE_1).replace("0200fde8", "0206fde8"),
        "certificate_bad_ca_key",
        "the CA's public key: ",
    ),
}


@pytest.mark.parametrize(("text", "reason", "said"), BAD.values(), ids=BAD)
def test_what_can_be_wrong(text: str, reason: str, said: str) -> None:
    with pytest.raises(CertificateError) as caught:
        load_credentials(text)
    assert caught.value.reason == reason
    assert said in str(caught.value)
    for pair in (SUITE_1, SUITE_2):
        assert pair["private_key"][4:] not in str(caught.value)


def test_radio_with_another_address() -> None:
    with pytest.raises(CertificateError) as caught:
        load_credentials(site(SUITE_1), eui64=OTHER)
    assert caught.value.reason == "certificate_eui64_mismatch"


def test_expired() -> None:
    text = (
        Authority(CryptoSuite.SUITE_2)
        .issue(HUB, valid_from=1000, valid_seconds=60)
        .text()
    )
    load_credentials(text, now=datetime.fromtimestamp(1030, UTC))
    with pytest.raises(CertificateError) as caught:
        load_credentials(text, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.reason == "certificate_expired"
