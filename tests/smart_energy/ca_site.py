"""Credentials that the CA's test site gave, as it shows them."""

import json
from pathlib import Path

from .authority import Issued

PAIRS: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "fixtures" / "cbke_suite2.json").read_text()
)["pairs_of_the_test_site"]
SUITE_2, SUITE_1, RADIO_MAKER = PAIRS[2], PAIRS[5], PAIRS[6]


def site(pair: dict[str, str]) -> str:
    """Return what the CA's test site shows."""
    return Issued(
        **{name: bytes.fromhex(octets) for name, octets in pair.items()}
    ).text()
