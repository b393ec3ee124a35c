"""Frames built octet by octet from the specification's layouts, for tests."""

from typing import Any

from custom_components.smets1_cad.smart_energy.decode import (
    DecodedFrame,
    Direction,
    decode,
)

CLIENT = "client_to_server"
SERVER = "server_to_client"

# PublishPrice as a British hub sends it: 9600 with five digits, tier 1 of 4,
# register tier 1, pounds; the frame stops after the price.
PRICE_FIELDS = (
    "01000000"  # provider id
    "0444617920"  # rate label "Day "
    "02000000"  # issuer event id
    "555b4e23"  # 2018-10-08T18:15:49Z
    "00"  # kWh
    "3a03"  # 826, GBP
    "51"  # five trailing digits, price tier 1
    "41"  # four price tiers, register tier 1
    "00000000"  # now
    "ffff"  # until changed
    "80250000"  # 9600
)
PUBLISH_PRICE_SHORT = "190500" + PRICE_FIELDS
# The 19 octets that SE 1.1 and 1.2 appended, all unused but the price control.
PRICE_TAIL = (
    "0c"  # price ratio 1.2
    "ffffffff"
    "ff"
    "0a000000"  # 10 with one digit: 1.0 kg CO2
    "02"
    "10"
    "ff"
    "02"  # more than 15 tiers
    "00"
    "00"
    "01"
    "01"
    "01"
)
PUBLISH_PRICE_LONG = PUBLISH_PRICE_SHORT + PRICE_TAIL

# A meter's answer: 5072.076 kWh, 2.547 kW, an attribute that it does not have,
# unit, multiplier and divisor, a serial number that is not there.
READ_RESPONSE = (
    "180701"
    "0000 00 25 cc644d000000"
    "0004 00 2a f30900"
    "0200 86"
    "0003 00 30 00"
    "0103 00 22 010000"
    "0203 00 22 e80300"
    "0803 00 41 ff"
)

PROFILE = (
    "190900"
    "804a371c"  # until 2015-01-01
    "00"  # success
    "02"  # half hours
    "03"
    "010000"
    "ffffff"
    "100200"
)
SAMPLES = (
    "190a07"
    "0000"  # the gas log
    "804a371c"
    "00"
    "0807"  # 1800 s
    "0200"
    "ff0000"
    "000100"
)
BLOCK_THRESHOLDS = (
    "190b06"
    "01000000 02000000 804a371c 03000000"
    "00 01"
    "00"
    "12 640000000000 c80000000000"  # tier 1, two thresholds
    "21 2c0100000000"  # tier 2, one
)
_MATRIX_HEAD = "190c05 01000000 02000000 804a371c 03000000 00 01"
PRICE_MATRIX_BLOCKS = (
    _MATRIX_HEAD + "00"
    "00 10270000"  # no tier, block 1
    "11 204e0000"  # tier 1, block 2
)
PRICE_MATRIX_TIERS = _MATRIX_HEAD + "01 01 10270000 02 204e0000"
TIER_LABELS = (
    "190d08"
    "01000000 02000000 03000000"
    "00 01 02"
    "01 03446179"  # "Day"
    "02 054e69676874"  # "Night"
)
SNAPSHOT_BLOCKS = (
    "190e06"
    "05000000 804a371c 01 00 01"
    "08000000"  # change of tariff information
    "06"  # blocks delivered, no billing
    "e80300000000"
    "01 f40100000000"  # one tier
    "14"  # two nibbles
    "010000000000 020000000000 030000000000 040000000000"
)
SNAPSHOT_TOU_BILLING = (
    "190e06"
    "05000000 804a371c 01 00 01 02000000 00"
    "e80300000000"
    "64000000 804a371c c8000000 ffffffff 20"
    "02 010000000000 020000000000"
)
SNAPSHOT_NO_DATA = "190e06 05000000 804a371c 01 00 01 02000000 80 0102"
PREPAY_SNAPSHOT = (
    "190e01"
    "05000000 804a371c 01 00 01 00000400 00"
    "9cffffff 01000000 02000000 03000000 f4010000 e8030000"
)
EVENT_LOG = (
    "190f01"
    "0200 00 01"
    "20"  # two events, whole
    "01 0280 804a371c 00"
    "02 1600 804a371c 02abcd"
)
BLOCK_PERIOD_HEAD = "191001 01000000 02000000 804a371c 5a0000"
BLOCK_PERIOD_SE_1_1 = BLOCK_PERIOD_HEAD + "43 02"
BLOCK_PERIOD_SE_1_2 = BLOCK_PERIOD_HEAD + "01 23 00 01"
TARIFF = (
    "191104"
    "01000000 02000000 03000000 804a371c"
    "20"  # delivered, block and TOU with common thresholds
    "0445706f63"  # label "Epoc"
    "04 03 00 3a03"
    "50 c1570000"  # five digits, 22465 a day
    "ff 010000 e80300"
)
CALORIFIC_VALUE = "191203 02000000 804a371c 90010000 01 10"
CONVERSION_FACTOR = "191302 02000000 804a371c 78 8f 01 00 50"
DISPLAY_MESSAGE = "191400 07000000 a4 00000000 3c00 05 48 65 6c 6c 6f"
WEEK_PROFILE = "191502 01000000 02000000 03000000 01 01 01 01 01 01 02 02"
SPECIAL_DAYS = (
    "191604 01000000 02000000 03000000 00000000 00 02 00 01"
    "73 01 01 ff 02"  # 2015-01-01
    "ff 0c 19 ff 03"  # every 25 December
)
PAIRING_RESPONSE = "191700 01000000 01 00 01 0807060504030201"
INITIATE = "010100 0100 03 06" + "ab" * 48

VECTORS: tuple[tuple[int, str, str], ...] = (
    (0x0700, SERVER, PUBLISH_PRICE_SHORT),
    (0x0700, SERVER, PUBLISH_PRICE_LONG),
    (0x0702, SERVER, READ_RESPONSE),
    (0x0702, SERVER, PROFILE),
    (0x0702, SERVER, SAMPLES),
    (0x0700, SERVER, BLOCK_THRESHOLDS),
    (0x0700, SERVER, PRICE_MATRIX_BLOCKS),
    (0x0700, SERVER, PRICE_MATRIX_TIERS),
    (0x0700, SERVER, TIER_LABELS),
    (0x0702, SERVER, SNAPSHOT_BLOCKS),
    (0x0702, SERVER, SNAPSHOT_TOU_BILLING),
    (0x0702, SERVER, SNAPSHOT_NO_DATA),
    (0x0705, SERVER, PREPAY_SNAPSHOT),
    (0x0709, SERVER, EVENT_LOG),
    (0x0700, SERVER, BLOCK_PERIOD_SE_1_1),
    (0x0700, SERVER, BLOCK_PERIOD_SE_1_2),
    (0x0700, SERVER, TARIFF),
    (0x0700, SERVER, CALORIFIC_VALUE),
    (0x0700, SERVER, CONVERSION_FACTOR),
    (0x0703, SERVER, DISPLAY_MESSAGE),
    (0x0707, SERVER, WEEK_PROFILE),
    (0x0707, SERVER, SPECIAL_DAYS),
    (0x070A, SERVER, PAIRING_RESPONSE),
    (0x0800, CLIENT, INITIATE),
    (0x0702, CLIENT, "000800 0000 0004"),
    (0x0702, SERVER, "18090a 0000 25 010203040506"),
    (0x0702, SERVER, "180a0b 00 81"),
    (0x0702, SERVER, "180b0d 01 0000 25 0003 30"),
    (0x0702, SERVER, "180c16 00 0000 25 05"),
    (0x0702, CLIENT, "000d06 00 0000 25 0a00 3c00 010000000000"),
    (0x0702, SERVER, "180e09 00 00 0000 25 0a00 3c00 010000000000"),
    (0x0702, SERVER, "180f12 01 00 01 02"),
    (0x0702, CLIENT, "00100f 0000 01 0200 20 07"),
    (0x0702, SERVER, "181101 0000 00 48 20 0200 01 02"),
    (0x0702, SERVER, "181201 0000 00 4c 0200 20 01 4c 0100 10 01"),
)
"""Cluster, direction and octets of well-formed frames."""


def take(cluster: int, direction: str, octets: str) -> DecodedFrame:
    """Decode hexadecimal."""
    return decode(cluster, Direction(direction), bytes.fromhex(octets))


def server(cluster: int, octets: str) -> dict[str, Any]:
    """Fields of a server's frame."""
    return dict(take(cluster, SERVER, octets).fields)
