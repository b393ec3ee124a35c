"""The tariff in the Price cluster's attributes: id to meaning and back (SE D.4.2.2).

Labels are at 0x0000 + tier-1, thresholds at 0x0100 + 0x10 tier + block-1, prices at
0x0400 + 0x10 tier + block-1, of tiers 16 to 48 at 0x050F + tier-16. What is paid
for energy received from the home is 0x8000 higher.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from ...cad.models import Direction, TierBlock
from .price import amount, label_text
from .sentinels import unsigned
from .units import Scale

_RECEIVED: Final = 0x8000
_NIBBLE_TIERS: Final = 15


def label_attribute(tier: int, direction: Direction = Direction.IMPORT) -> int:
    """Give the attribute of a tier's label.

    Raises:
        ValueError: the tier is not 1 to 48.
    """
    if not 1 <= tier <= 48:
        raise ValueError("tiers with a label are 1 to 48")
    return _base(direction) + tier - 1


def price_attribute(at: TierBlock, direction: Direction = Direction.IMPORT) -> int:
    """Give the attribute of a price.

    A time-of-use tier's price is that of its block 1; tiers 16 to 48 have no blocks.

    Raises:
        ValueError: the cluster has no such price.
    """
    if at.tier > _NIBBLE_TIERS and at.tier <= 48 and at.block <= 1:
        return _base(direction) + 0x050F + at.tier - 16
    if 0 <= at.tier <= _NIBBLE_TIERS and 0 <= at.block <= 16 and (at.tier or at.block):
        return _base(direction) + 0x0400 + 0x10 * at.tier + max(at.block - 1, 0)
    raise ValueError("the Price cluster has no price for this tier and block")


def threshold_attribute(tier: int, threshold: int) -> int:
    """Give the attribute of a block threshold.

    Args:
        tier: 1 to 15, or 0 for the thresholds that all tiers share.
        threshold: 1 to 15: the upper limit of that block.

    Raises:
        ValueError: the cluster has no such threshold.
    """
    if not (0 <= tier <= _NIBBLE_TIERS and 1 <= threshold <= 15):
        raise ValueError("block thresholds are 1 to 15 of tiers 0 to 15")
    return 0x0100 + 0x10 * tier + threshold - 1


def price_of(attribute_id: int) -> tuple[TierBlock, Direction] | None:
    """Give tier and block of a price attribute, or None where it is none.

    Tiers 16 to 48 come out with block 0, the others with their block.
    """
    own, direction = _split(attribute_id)
    if 0x0400 <= own <= 0x04FF:
        return TierBlock(own >> 4 & 0x0F, (own & 0x0F) + 1), direction
    if 0x050F <= own <= 0x052F:
        return TierBlock(own - 0x050F + 16), direction
    return None


def threshold_of(attribute_id: int) -> tuple[int, int] | None:
    """Give tier and number of a threshold attribute, or None where it is none."""
    if 0x0100 <= attribute_id <= 0x01FF and attribute_id & 0x0F != 0x0F:
        return attribute_id >> 4 & 0x0F, (attribute_id & 0x0F) + 1
    return None


def label_of(attribute_id: int) -> tuple[int, Direction] | None:
    """Give the tier of a label attribute, or None where it is none."""
    own, direction = _split(attribute_id)
    return (own + 1, direction) if own < 48 else None


def matrix_entry(tier_block_id: int, *, tou: bool) -> TierBlock:
    """Give tier and block of an entry of PublishPriceMatrix.

    Args:
        tier_block_id: TierBlockId of the entry.
        tou: bit 0 of SubPayloadControl: the id is a tier; else the high nibble
            is the tier and the low one the block less 1 (GBCS frames agree).
    """
    if tou:
        return TierBlock(tier_block_id)
    return TierBlock(tier_block_id >> 4 & 0x0F, (tier_block_id & 0x0F) + 1)


def price_matrix(
    entries: Iterable[tuple[int, int]], *, tou: bool, digits: int
) -> dict[TierBlock, Decimal]:
    """Give PublishPriceMatrix its meaning; prices not used (0xFFFFFFFF) are left out.

    Args:
        entries: TierBlockId and price (uint32) of each entry.
        tou: see `matrix_entry`.
        digits: trailing digits of the tariff.
    """
    prices = {matrix_entry(at, tou=tou): amount(raw, digits) for at, raw in entries}
    return {at: price for at, price in prices.items() if price is not None}


def prices_from_attributes(
    attributes: Mapping[int, object],
    digits: int,
    direction: Direction = Direction.IMPORT,
) -> dict[TierBlock, Decimal]:
    """Give the prices among raw Price attributes, those that are set.

    Args:
        attributes: raw values by attribute id.
        digits: trailing digits, from PriceTrailingDigit 0x0617.
        direction: which of the two sets.
    """
    prices: dict[TierBlock, Decimal] = {}
    for attribute_id, raw in attributes.items():
        found = price_of(attribute_id)
        if found is None or found[1] is not direction or not isinstance(raw, int):
            continue
        if (price := amount(raw, digits)) is not None:
            prices[found[0]] = price
    return prices


def thresholds_from_attributes(
    attributes: Mapping[int, object], scale: Scale
) -> dict[int, tuple[Decimal, ...]]:
    """Give the block thresholds among raw Price attributes, by tier (0 for all).

    Args:
        attributes: raw values by attribute id; 0xFFFFFFFFFFFF is not used.
        scale: ThresholdMultiplier over ThresholdDivisor.

    Returns:
        Thresholds of blocks 1, 2, ... up to the first that is missing.
    """
    found: dict[int, dict[int, Decimal]] = {}
    for attribute_id, raw in attributes.items():
        at = threshold_of(attribute_id)
        value = unsigned(raw, 48) if isinstance(raw, int) else None
        if at is not None and value is not None:
            found.setdefault(at[0], {})[at[1]] = scale.apply(value)
    limits: dict[int, tuple[Decimal, ...]] = {}
    for tier, numbered in sorted(found.items()):
        run: list[Decimal] = []
        while (value_at := numbered.get(len(run) + 1)) is not None:
            run.append(value_at)
        if run:
            limits[tier] = tuple(run)
    return limits


def labels_from_attributes(
    attributes: Mapping[int, object], direction: Direction = Direction.IMPORT
) -> dict[int, str]:
    """Give the tier labels among raw Price attributes; empty ones are left out."""
    labels: dict[int, str] = {}
    for attribute_id, raw in attributes.items():
        found = label_of(attribute_id)
        if (
            found is None
            or found[1] is not direction
            or not isinstance(raw, bytes | str)
        ):
            continue
        if text := label_text(raw):
            labels[found[0]] = text
    return labels


def _base(direction: Direction) -> int:
    return _RECEIVED if direction is Direction.EXPORT else 0


def _split(attribute_id: int) -> tuple[int, Direction]:
    if attribute_id & _RECEIVED:
        return attribute_id & ~_RECEIVED, Direction.EXPORT
    return attribute_id, Direction.IMPORT
