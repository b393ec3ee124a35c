"""Signs that often go with a change of tenancy, on hubs that do not announce one (R20).

A meter that is told of one clears its history and its account and falls back to a
default tariff, while its lifetime registers run on. Each of these has other causes as
well, so a sign is only ever asked about.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from ..cad.models import (
    CadUpdate,
    CustomerNotice,
    ElectricityReading,
    GasAmount,
    GasReading,
    Prepayment,
    SupplierIdentity,
    Tariff,
)
from ..smart_energy.values.time import day_start, london_date

_CLOCKS_APART: Final = timedelta(hours=2)
"""How far a meter's own midnight may be from the householder's: it may keep UTC, or be late."""


class Sign(StrEnum):
    """What was seen."""

    NOTICE = "notice"
    """A change of tenancy was announced without a date."""
    CUSTOMER = "customer"
    """The network was given another supply number, or a customer's number."""
    SUPPLIER = "supplier"
    """Another supplier is named, or announced."""
    TARIFF = "tariff"
    """A tariff of another name, at other prices."""
    HISTORY = "history"
    """The meter's own count of the day, week or month begins anew amid it."""
    ACCOUNT = "account"
    """The way to pay is another, or credit and debt are cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A sign that was seen.

    Attributes:
        sign: which.
        key: what tells it from another of its kind, to remember what a person said of it.
        before: what was said before, "" if it cannot be told in a word.
        after: what is said now.
    """

    sign: Sign
    key: str
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> Seen:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: it was not.
        """
        return cls(
            sign=Sign(data["sign"]),
            key=data["key"],
            before=data["before"],
            after=data["after"],
        )


_NAMES: Final = ("name", "rate")

type Known = dict[str, dict[str, str]]
"""What was said last, by kind and fuel."""


class SignFinder:
    """Compares what the network says with what it said before."""

    def __init__(self, known: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Take up what was known."""
        self.known: Known = {name: dict(said) for name, said in (known or {}).items()}
        self._fallen: set[str] = set()

    def take(self, update: CadUpdate) -> Seen | None:
        """Return the sign that an update is, None for most."""
        match update:
            case ElectricityReading(
                day_import_kwh=None, week_import_kwh=None, month_import_kwh=None
            ):
                # Nothing in it is a sign; that is so of nearly every update.
                return None
            case ElectricityReading():
                return self._reading(
                    update,
                    "kwh",
                    update.import_kwh,
                    day=update.day_import_kwh,
                    week=update.week_import_kwh,
                    month=update.month_import_kwh,
                )
            case GasReading(total=GasAmount(volume_m3=Decimal() as total)):
                return self._reading(
                    update,
                    "m3",
                    total,
                    day=(update.day or GasAmount()).volume_m3,
                    week=(update.week or GasAmount()).volume_m3,
                    month=(update.month or GasAmount()).volume_m3,
                )
            case GasReading(total=GasAmount(energy_kwh=Decimal() as total)):
                return self._reading(
                    update,
                    "kwh",
                    total,
                    day=(update.day or GasAmount()).energy_kwh,
                    week=(update.week or GasAmount()).energy_kwh,
                    month=(update.month or GasAmount()).energy_kwh,
                )
            case CustomerNotice():
                return Seen(
                    sign=Sign.CUSTOMER, key=f"customer/{update.fuel}/{update.number}"
                )
            case SupplierIdentity():
                return self._supplier(update)
            case Tariff():
                return self._tariff(update)
            case Prepayment():
                return self._account(update)
        return None

    def _supplier(self, said: SupplierIdentity) -> Seen | None:
        """Compare number and name, as far as both are said."""
        number = "" if said.provider_id is None else str(said.provider_id)
        name = f"supplier/{said.fuel}"
        before, after = self._note(name, number=number, name=said.name)
        if all(after[part] == before.get(part, after[part]) for part in after):
            return None
        return Seen(
            sign=Sign.SUPPLIER,
            key=f"{name}/{after.get('number')}/{after.get('name')}",
            before=before.get("name") or before.get("number", ""),
            after=after.get("name") or after.get("number", ""),
        )

    def _tariff(self, said: Tariff) -> Seen | None:
        """Notice another name, once prices are others too: the two come one by one."""
        about = f"tariff/{said.fuel}"
        before = self.known.get(about, {})
        after = {
            "name": said.label,
            "rate": _rate_name(said),
            **{
                f"{at.tier}.{at.block}": str(price) for at, price in said.prices.items()
            },
        }
        if said.standing_charge_per_day is not None:
            after["standing"] = str(said.standing_charge_per_day)
        for name in _NAMES:
            after[name] = after[name] or before.get(name, "")
        # Hubs before Smart Energy 1.2 give no name to a tariff, but to its rates.
        name = "name" if after["name"] else "rate"
        is_renamed = bool(before.get(name)) and after[name] != before[name]
        is_repriced = any(
            after.get(part, price) != price
            for part, price in before.items()
            if part not in _NAMES
        ) or not (before.keys() & after.keys()) - {*_NAMES}
        if is_renamed and not is_repriced:
            return None
        self.known[about] = after
        if not is_renamed:
            return None
        return Seen(
            sign=Sign.TARIFF,
            key=f"{about}/{after[name]}",
            before=before[name],
            after=after[name],
        )

    def _account(self, said: Prepayment) -> Seen | None:
        """Notice another way to pay, or credit and debt that are both cleared at once."""
        name = f"account/{said.fuel}"
        before, after = self._note(
            name,
            mode=said.mode or "",
            credit=_amount(said.credit),
            debt=_amount(said.accumulated_debt),
        )
        mode = after.get("mode")
        if mode != before.get("mode", mode):
            return Seen(sign=Sign.ACCOUNT, key=f"{name}/{mode}")
        if (
            all(
                Decimal(before.get(part, "0")) != 0 and Decimal(after[part]) == 0
                for part in ("credit", "debt")
                if part in after
            )
            and {"credit", "debt"} <= after.keys()
        ):
            return Seen(
                sign=Sign.ACCOUNT, key=f"{name}/{london_date(said.received_at)}"
            )
        return None

    def _note(
        self, about: str, /, **said: str
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Note what is said, and return what was said before, and what is now; unsaid is as before."""
        before = self.known.get(about, {})
        after = before | {part: value for part, value in said.items() if value}
        self.known[about] = after
        return before, after

    def _reading(
        self,
        said: ElectricityReading | GasReading,
        unit: str,
        total: Decimal | None,
        **counts: Decimal | None,
    ) -> Seen | None:
        """Notice a count that falls though its period has not turned, and the register has not fallen.

        It has to be said twice: a single value may be garbled.
        """
        seen = None
        for period, count in counts.items():
            if count is None or total is None:
                continue
            name = f"{period}/{said.fuel}/{unit}"
            before = self.known.get(name)
            if before is not None and self._has_fallen(
                period, before, count, total, said.received_at
            ):
                if name not in self._fallen:
                    self._fallen.add(name)
                    continue
                seen = Seen(
                    sign=Sign.HISTORY,
                    key=f"history/{said.fuel}/{london_date(said.received_at)}",
                )
            self._fallen.discard(name)
            self.known[name] = {
                "count": str(count),
                "total": str(total),
                "at": said.received_at.isoformat(),
            }
        return seen

    @staticmethod
    def _has_fallen(
        period: str,
        before: Mapping[str, str],
        count: Decimal,
        total: Decimal,
        now: datetime,
    ) -> bool:
        """Whether a count has fallen, and nothing that is usual explains it."""
        since = datetime.fromisoformat(before["at"])
        return (
            count < Decimal(before["count"])
            # A register that begins anew too is another meter's.
            and total >= Decimal(before["total"])
            and now >= since
            and not _has_turned(period, since, now)
        )


def _rate_name(said: Tariff) -> str:
    """Return the name of the rate in force, where the tariff has but one; a dash for several."""
    rate = said.rate_at(said.received_at)
    if rate is None:
        return ""
    return "–" if rate.tier_block.tier else rate.label


def _amount(value: Decimal | None) -> str:
    return "" if value is None else str(value)


def _has_turned(period: str, since: datetime, now: datetime) -> bool:
    """Whether a day, week or month may have begun between two times, by whichever clock the meter keeps.

    A week begins on a Sunday or on a Monday.
    """
    first = london_date(since - _CLOCKS_APART)
    last = london_date(now + _CLOCKS_APART)
    begins: Callable[[date], bool] = {
        "day": lambda _day: True,
        "week": lambda day: day.weekday() in (0, 6),
        "month": lambda day: day.day == 1,
    }[period]
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return any(
        begins(day) and since - _CLOCKS_APART <= day_start(day) <= now + _CLOCKS_APART
        for day in days
    )
