"""Every enumeration and bitmap of the values, compared with the project's cluster tables."""

from enum import IntEnum
import json
from pathlib import Path
import re

import pytest

from custom_components.smets1_cad.cad.models import Alarm
from custom_components.smets1_cad.smart_energy.values.message import (
    ExtendedMessageControl,
    MessageControl,
)
from custom_components.smets1_cad.smart_energy.values.period import (
    Timebase,
    TimebaseControl,
)
from custom_components.smets1_cad.smart_energy.values.prepayment import (
    CreditStatus,
    PaymentControl,
)
from custom_components.smets1_cad.smart_energy.values.price import (
    ChargingScheme,
    PriceControl,
    TariffType,
    TierBlockMode,
)
from custom_components.smets1_cad.smart_energy.values.profile import (
    Channel,
    ProfileStatus,
)
from custom_components.smets1_cad.smart_energy.values.status import (
    DeviceType,
    MeterKind,
    alarms,
)

TYPES = json.loads(
    (Path(__file__).parents[2] / "virtual_han/clusters/types.json").read_text()
)["types"]


def members(name: str) -> dict[int, str]:
    """Give number and name, in words of small letters, of a type of the tables."""
    kind = TYPES[name]
    pairs = (
        kind["values"].items()
        if "values" in kind
        else ((raw, text) for text, raw in kind["fields"].items())
    )
    return {
        int(raw, 16): re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", text).lower()
        for raw, text in pairs
    }


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("PaymentControlConfiguration", PaymentControl),
        ("CreditStatus", CreditStatus),
    ],
)
def test_same_names_for_the_same_bits(name: str, own: type[PaymentControl]) -> None:
    ours = {int(flag): str(flag.name).replace("_", " ").lower() for flag in own}
    assert ours == members(name)


@pytest.mark.parametrize(
    ("name", "own", "shift"),
    [
        ("AmiGetProfileStatus", ProfileStatus, 0),
        ("AmiIntervalChannel", Channel, 0),
        ("TariffType", TariffType, 0),
        ("TariffChargingScheme", ChargingScheme, 4),
        ("BlockPeriodDurationTypeTimebase", Timebase, 0),
        ("BlockPeriodDurationTypeControl", TimebaseControl, 4),
        ("TierBlockMode", TierBlockMode, 0),
    ],
)
def test_same_numbers(name: str, own: type[IntEnum], shift: int) -> None:
    assert {int(one) << shift for one in own} == set(members(name))


@pytest.mark.parametrize(
    ("member", "name", "field"),
    [
        (PriceControl.ACKNOWLEDGEMENT_REQUIRED, "PriceControlMask", "PriceAcknowledgementRequired"),
        (PriceControl.TOTAL_TIERS_EXCEEDS_15, "PriceControlMask", "TotalTiersExceeds15"),
        (MessageControl.CONFIRMATION_REQUIRED, "MessagingControlMask", "messageConfirmation"),
        (MessageControl.ENHANCED_CONFIRMATION_REQUIRED, "MessagingControlMask", "enhancedConfirmationRequest"),
        (ExtendedMessageControl.CONFIRMED, "MessagingExtendedControlMask", "messageConfirmationStatus"),
    ],
)  # fmt: skip
def test_bits(member: int, name: str, field: str) -> None:
    assert int(TYPES[name]["fields"][field], 16) == member


def test_meters_mirrored_and_not() -> None:
    """Each number of the table that both of us know names the same kind."""
    table = members("MeteringDeviceType")
    assert set(table) >= {*range(0x10), *range(0x7F, 0x8F)}
    for raw, text in table.items():
        kind = MeterKind.from_raw(raw)
        if text.startswith("mirrored"):
            assert kind == MeterKind(DeviceType(raw - 0x7F), mirrored=True)
        elif kind is not None:
            assert kind == MeterKind(DeviceType(raw))
    words = {
        "electric": 0,
        "gas": 1,
        "water": 2,
        "thermal": 3,
        "pressure": 4,
        "heat": 5,
        "cooling": 6,
    }
    assert {DeviceType(raw).name.lower() for raw in words.values()} == set(words)
    assert all(table[raw] == f"{word} metering" for word, raw in words.items())


# What the tables call it, where our word differs.
WORDS = {
    "tamper detect": Alarm.TAMPER,
    "leak detect": Alarm.LEAK,
    "burst detect": Alarm.BURST,
    "service disconnect open": Alarm.SERVICE_DISCONNECT,
    "reserved": None,
    "not defined": None,
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MeteringStatusElectricity", 0x00),
        ("MeteringStatusGas", 0x80),
        ("MeteringStatusWater", 0x02),
        ("MeteringStatusHeatAndCooling", 0x05),
    ],
)
def test_alarm_bits(name: str, kind: int) -> None:
    meter = MeterKind.from_raw(kind)
    assert meter is not None
    for bit, text in members(name).items():
        expected = WORDS[text] if text in WORDS else Alarm(text.replace(" ", "_"))
        assert alarms(bit, meter) == ({expected} if expected else set())
