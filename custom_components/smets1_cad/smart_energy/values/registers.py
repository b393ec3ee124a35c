"""The consumption registers of the Metering cluster: attribute id to meaning and back.

The ids follow patterns (SE D.3.2.2): tier n is at 0x0100 + 2(n-1), blocks at 0x0700
+ 0x10 tier + block-1, days, weeks and months in pairs; what was received from the
home is the next id, or for blocks 0x0200 further on. Alternative registers, in the
alternative unit, are 0x0800 above their twins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...cad.models import ANY_TIER_BLOCK, Direction, TierBlock

_ALTERNATIVE_OFFSET: Final = 0x0800


class Span(StrEnum):
    """What time a register covers."""

    LIFETIME = "lifetime"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_NON_VALUES: Final = {
    Span.LIFETIME: (0xFFFFFFFFFFFF,),
    Span.DAY: (0xFFFFFF,),
    Span.WEEK: (0xFFFFFF,),
    Span.MONTH: (0xFFFFFFFF, 0xFFFFFF),
}


@dataclass(frozen=True, slots=True)
class Register:
    """One consumption register.

    Attributes:
        direction: import (delivered) or export (received).
        span: the time that it covers.
        ago: for days, weeks and months: 0 is the present one, 1 the one before.
        tier_block: the tier and block that it counts; 0 for all.
        alternative: it is in the alternative unit of measure.
    """

    direction: Direction
    span: Span = Span.LIFETIME
    ago: int = 0
    tier_block: TierBlock = ANY_TIER_BLOCK
    alternative: bool = False

    @property
    def attribute_id(self) -> int:
        """Its attribute of cluster 0x0702.

        Raises:
            ValueError: the cluster has no such register.
        """
        try:
            return _ID_OF[self]
        except KeyError:
            raise ValueError("the Metering cluster has no such register") from None

    def valid(self, raw: int | None) -> int | None:
        """Give the raw value, or None where it is the non-value of its type.

        Some meters send the months, uint32 in the tables, as uint24.
        """
        return None if raw in _NON_VALUES[self.span] else raw


def register_of(attribute_id: int) -> Register | None:
    """Give the register at an attribute of cluster 0x0702, or None where it is none."""
    return REGISTERS.get(attribute_id)


def _days_weeks_months() -> Iterator[tuple[int, Span, int]]:
    yield 0x0401, Span.DAY, 0
    yield 0x0403, Span.DAY, 1
    for ago in range(2, 9):
        yield 0x0420 + 2 * (ago - 2), Span.DAY, ago
    for ago in range(6):
        yield 0x0430 + 2 * ago, Span.WEEK, ago
    for ago in range(14):
        yield 0x0440 + 2 * ago, Span.MONTH, ago


def _registers() -> Iterator[tuple[int, Register]]:
    for offset, direction in ((0, Direction.IMPORT), (1, Direction.EXPORT)):
        yield offset, Register(direction)
        for tier in range(1, 49):
            at = 0x0100 + 2 * (tier - 1) + offset
            yield at, Register(direction, tier_block=TierBlock(tier))
        for tier in range(16):
            for block in range(1, 17):
                at = 0x0700 + 0x0200 * offset + 0x10 * tier + block - 1
                yield at, Register(direction, tier_block=TierBlock(tier, block))
        for first, span, ago in _days_weeks_months():
            yield first + offset, Register(direction, span, ago)
            yield (
                first + offset + _ALTERNATIVE_OFFSET,
                Register(direction, span, ago, alternative=True),
            )


REGISTERS: Final = dict(_registers())
"""All registers by attribute id."""
_ID_OF: Final = {register: attribute_id for attribute_id, register in REGISTERS.items()}
