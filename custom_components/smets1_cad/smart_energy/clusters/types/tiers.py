"""Tier numbers of PublishPrice (SE 1.4 Annex D.4): 15 by nibble, 48 by extension."""

from collections.abc import Iterable
import types
from typing import Final

import zigpy.types as t


def _numbered(name: str, doc: str, members: Iterable[tuple[str, int]]) -> type[t.enum8]:
    """Build an enumeration whose members follow a pattern."""

    def fill(namespace: dict[str, object]) -> None:
        namespace["__doc__"] = doc
        namespace["__module__"] = __name__
        namespace.update(members)

    enumeration: type[t.enum8] = types.new_class(name, (t.enum8,), {}, fill)
    return enumeration


PriceTier: Final = _numbered(
    "PriceTier",
    "Price tier, low nibble: 1 to 15.",
    [("NO_TIER_RELATED", 0), *((f"TIER{n}_PRICE_LABEL", n) for n in range(1, 16))],
)
ExtendedPriceTier: Final = _numbered(
    "ExtendedPriceTier",
    "Price tiers 16 to 48, counted from 1.",
    [
        ("REFER_TO_PRICE_TIER_FIELD", 0),
        *((f"TIER{n}_PRICE_LABEL", n - 15) for n in range(16, 49)),
    ],
)
RegisterTier: Final = _numbered(
    "RegisterTier",
    "Register that a price is for, low nibble: tier 1 to 15.",
    [
        ("NO_TIER_RELATED", 0),
        *((f"CURRENT_TIER{n}_SUMMATION_DELIVERED_ATTRIBUTE", n) for n in range(1, 16)),
    ],
)
ExtendedRegisterTier: Final = _numbered(
    "ExtendedRegisterTier",
    "Registers of tiers 16 to 48, counted from 1.",
    [
        ("REFER_TO_REGISTER_TIER_FIELD", 0),
        *(
            (f"CURRENT_TIER{n}_SUMMATION_DELIVERED_ATTRIBUTE", n - 15)
            for n in range(16, 49)
        ),
    ],
)
ExtendedNumberOfPriceTiers: Final = _numbered(
    "ExtendedNumberOfPriceTiers",
    "Number of price tiers, 16 to 48, counted from 1.",
    [
        ("REFER_TO_NUMBER_OF_PRICE_TIERS_FIELD", 0),
        *((f"NUMBER_OF_PRICE_TIERS{n}", n - 15) for n in range(16, 49)),
    ],
)
GenerationTier: Final = _numbered(
    "GenerationTier",
    "Register that a generation price is for: tier 1 to 48.",
    [(f"CURRENT_TIER{n}_SUMMATION_RECEIVED_ATTRIBUTE", n) for n in range(1, 49)],
)
