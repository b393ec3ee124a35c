"""What a consumer access device reports, whichever kind it is.

Frozen values. Energy is in kWh, volume in m³, power in kW, money in the
currency's base unit (pounds, not pence), each named by its field; all of them are
`Decimal`, exactly as scaled. Times are aware and in UTC. What a meter does not
have, or marks invalid, is None and never 0.

What identifies a household (MPAN, MPRN, serial numbers, EUI-64, the text of
messages) is left out of every repr, so that a value may be logged.
"""

from .account import Debt, PaymentMode, Prepayment
from .common import (
    ANY_TIER_BLOCK,
    Alarm,
    Direction,
    EnergyUnit,
    Fuel,
    Provenance,
    SupplyState,
    TierBlock,
)
from .household import (
    CustomerNotice,
    Importance,
    MeterIdentity,
    SupplierIdentity,
    SupplierMessage,
    TenancyChange,
)
from .profile import ConsumptionProfile, Interval
from .readings import ElectricityReading, GasAmount, GasConversion, GasReading, Reading
from .tariff import Rate, Tariff

__all__ = [
    "ANY_TIER_BLOCK",
    "Alarm",
    "CadUpdate",
    "ConsumptionProfile",
    "CustomerNotice",
    "Debt",
    "Direction",
    "ElectricityReading",
    "EnergyUnit",
    "Fuel",
    "GasAmount",
    "GasConversion",
    "GasReading",
    "Importance",
    "Interval",
    "MeterIdentity",
    "PaymentMode",
    "Prepayment",
    "Provenance",
    "Rate",
    "Reading",
    "SupplierIdentity",
    "SupplierMessage",
    "SupplyState",
    "Tariff",
    "TenancyChange",
    "TierBlock",
]

type CadUpdate = (
    Reading
    | Tariff
    | ConsumptionProfile
    | Prepayment
    | SupplierMessage
    | MeterIdentity
    | SupplierIdentity
    | TenancyChange
    | CustomerNotice
)
"""Anything that a link hands up."""
