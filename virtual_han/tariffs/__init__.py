"""Tariffs of the virtual supplier, and the Price frames that tell of them."""

from .catalogue import CATALOGUE, default_tariff
from .model import NO_TIER, Rate, Tariff, block_period
from .schedule import Issue, TariffSchedule

__all__ = [
    "CATALOGUE",
    "NO_TIER",
    "Issue",
    "Rate",
    "Tariff",
    "TariffSchedule",
    "block_period",
    "default_tariff",
]
