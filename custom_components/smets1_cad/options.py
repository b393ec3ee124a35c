"""What the user decides about a CAD that is set up: how long consent and history hold, how often meters are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry

from .cad.models import Fuel
from .consent.consents import DEFAULT_PERIOD

CONF_CONSENT_DAYS: Final = "consent_days"
CONF_RETENTION_DAYS: Final = "retention_days"
CONF_ELECTRICITY_SECONDS: Final = "electricity_seconds"
CONF_GAS_MINUTES: Final = "gas_minutes"

LONGEST_CONSENT: Final = DEFAULT_PERIOD.days
"""Days. The wording promises to ask again after this time, so an option may only shorten it."""

SHORTEST_CONSENT: Final = 30
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CadOptions:
    """The options of an entry.

    Attributes:
        consent_period: after which consent is asked for again.
        retention_days: for how many days a history is kept; None until it is erased by hand.
        intervals: how often each fuel is read; the floors of pacing hold in any case.
    """

    consent_period: timedelta = DEFAULT_PERIOD
    retention_days: int | None = None
    intervals: dict[Fuel, timedelta] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: ConfigEntry[Any]) -> Self:
        """Return the options that an entry has."""
        return cls.read(entry.options)

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Self:
        """Return options from the form in which Home Assistant keeps them."""
        intervals = {}
        if (seconds := options.get(CONF_ELECTRICITY_SECONDS)) is not None:
            intervals[Fuel.ELECTRICITY] = timedelta(seconds=seconds)
        if (minutes := options.get(CONF_GAS_MINUTES)) is not None:
            intervals[Fuel.GAS] = timedelta(minutes=minutes)
        return cls(
            consent_period=timedelta(
                days=options.get(CONF_CONSENT_DAYS, LONGEST_CONSENT)
            ),
            retention_days=options.get(CONF_RETENTION_DAYS) or None,
            intervals=intervals,
        )

    def keeps_longer_than(self, other: Self) -> bool:
        """Whether readings would be kept for longer, so that the wording of a consent holds no more."""
        if other.retention_days is None:
            return False
        return self.retention_days is None or self.retention_days > other.retention_days
