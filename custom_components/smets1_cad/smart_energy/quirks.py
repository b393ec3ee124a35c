"""Hubs and meters that deviate from Smart Energy, and what to do about it.

A registry of our own: nothing here reaches the registries of zigpy or ZHA. A quirk
matches a manufacturer and a model, as the Basic cluster names them, and changes how
values are read; it never changes what is sent, beyond leaving requests out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final, Self

from ..cad.models import Fuel
from .const import ClusterId
from .values.metering import Attribute, RawAttributes, raw_integer
from .values.status import MeterKind
from .values.units import EXACT, Unit

type Condition = Callable[[RawAttributes], bool]
"""Decides by the static Metering attributes of a server."""


class Capability(StrEnum):
    """What a hub or meter may offer, and a quirk may take away."""

    PROFILE = "profile"
    SAMPLED_DATA = "sampled_data"
    PRICE = "price"
    TARIFF = "tariff"
    CALENDAR = "calendar"
    PREPAYMENT = "prepayment"
    MESSAGES = "messages"
    EVENT_LOG = "event_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """What differs at one device; the plain one changes nothing.

    Attributes:
        names: slugs of the quirks in it, for diagnostics.
        overrides: raw values that replace what is read, by cluster and attribute.
        mapped: raw values that stand for others, by cluster and attribute.
        unsupported: attributes that are not to be asked for, though the device
            may list them, by cluster.
        lacking: what the device only seems to offer.
        profile_factor: multiplies each amount of a profile.
        bcd_scale: multiplier and divisor are BCD, as the values are.
        price_unit: what a published price buys, whatever it says; None trusts it.
    """

    names: tuple[str, ...] = ()
    overrides: Mapping[tuple[int, int], object] = field(default_factory=dict)
    mapped: Mapping[tuple[int, int], Mapping[object, object]] = field(
        default_factory=dict
    )
    unsupported: frozenset[tuple[int, int]] = frozenset()
    lacking: frozenset[Capability] = frozenset()
    profile_factor: Decimal = Decimal(1)
    bcd_scale: bool = False
    price_unit: Unit | None = None

    def attributes(self, cluster_id: int, raw: RawAttributes) -> dict[int, object]:
        """Give the raw attributes of a cluster as a device without the quirk would.

        An override stands also where the attribute was not read.
        """
        fixed = dict(raw)
        for cluster, attribute_id in self.unsupported:
            if cluster == cluster_id:
                fixed.pop(attribute_id, None)
        for (cluster, attribute_id), values in self.mapped.items():
            if cluster == cluster_id and attribute_id in fixed:
                fixed[attribute_id] = values.get(
                    fixed[attribute_id], fixed[attribute_id]
                )
        return fixed | {
            attribute_id: value
            for (cluster, attribute_id), value in self.overrides.items()
            if cluster == cluster_id
        }

    def may_ask(self, cluster_id: int, attribute_id: int) -> bool:
        """Whether an attribute is worth asking for."""
        return (cluster_id, attribute_id) not in self.unsupported

    def and_also(self, other: Quirk) -> Quirk:
        """Give both quirks as one; where both set a thing, `other` wins."""
        return Quirk(
            names=self.names + other.names,
            overrides={**self.overrides, **other.overrides},
            mapped={**self.mapped, **other.mapped},
            unsupported=self.unsupported | other.unsupported,
            lacking=self.lacking | other.lacking,
            profile_factor=EXACT.multiply(self.profile_factor, other.profile_factor),
            bcd_scale=self.bcd_scale or other.bcd_scale,
            price_unit=self.price_unit
            if other.price_unit is None
            else other.price_unit,
        )


NO_QUIRK: Final = Quirk()


class QuirkRegistry:
    """Quirks in the order in which they were added."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: list[
            tuple[tuple[tuple[str, str], ...], Condition | None, Quirk]
        ] = []

    def add(
        self,
        matches: tuple[tuple[str, str], ...],
        condition: Condition | None,
        quirk: Quirk,
    ) -> None:
        """Add a quirk.

        Raises:
            ValueError: a quirk of that name is there already.
        """
        if quirk.names[0] in {known.names[0] for _, _, known in self._entries}:
            raise ValueError(
                f"there is a quirk {quirk.names[0]!r} already; give it another name"
            )
        self._entries.append((matches, condition, quirk))

    def match(
        self,
        manufacturer: str | None,
        model: str | None,
        static: RawAttributes | None = None,
    ) -> Quirk:
        """Give all quirks that fit as one, or `NO_QUIRK`.

        Args:
            manufacturer: of the Basic cluster; capitals and padding do not matter.
            model: likewise.
            static: static Metering attributes, for quirks with a condition.
        """
        maker, name = _folded(manufacturer), _folded(model)
        found = NO_QUIRK
        for matches, condition, quirk in self._entries:
            if any(
                fnmatchcase(maker, a) and fnmatchcase(name, b) for a, b in matches
            ) and (condition is None or condition(static or {})):
                found = found.and_also(quirk)
        return found

    def named(self, name: str) -> Quirk:
        """Give one quirk by its name, for what shows only in the data.

        Raises:
            KeyError: there is none of that name.
        """
        for _, _, quirk in self._entries:
            if quirk.names[0] == name:
                return quirk
        raise KeyError(name)


class QuirkBuilder:
    """Describes a quirk, call by call, in the style of zha-quirks."""

    def __init__(self, name: str, registry: QuirkRegistry) -> None:
        """Begin a quirk.

        Args:
            name: slug, shown in diagnostics.
            registry: where `add_to_registry` puts it.
        """
        self._registry = registry
        self._matches: list[tuple[str, str]] = []
        self._condition: Condition | None = None
        self._quirk = Quirk(names=(name,))

    def applies_to(self, manufacturer: str, model: str = "*") -> Self:
        """Match a manufacturer and a model; shell patterns (`*`, `?`) are allowed."""
        self._matches.append((_folded(manufacturer), _folded(model)))
        return self

    def when(self, condition: Condition) -> Self:
        """Match only where the static Metering attributes fit as well."""
        self._condition = condition
        return self

    def override(self, cluster_id: int, attribute_id: int, raw: object) -> Self:
        """Replace an attribute by a fixed raw value."""
        return self._with(
            overrides={**self._quirk.overrides, (cluster_id, attribute_id): raw}
        )

    def map_values(
        self, cluster_id: int, attribute_id: int, values: Mapping[object, object]
    ) -> Self:
        """Replace certain raw values of an attribute by others."""
        return self._with(
            mapped={**self._quirk.mapped, (cluster_id, attribute_id): dict(values)}
        )

    def scaling(
        self,
        *,
        multiplier: int | None = None,
        divisor: int | None = None,
        unit: Unit | None = None,
        bcd: bool = False,
    ) -> Self:
        """Replace a meter's multiplier, divisor or unit, or read the first two as BCD."""
        for attribute, raw in (
            (Attribute.MULTIPLIER, multiplier),
            (Attribute.DIVISOR, divisor),
            (Attribute.UNIT_OF_MEASURE, unit),
        ):
            if raw is not None:
                self.override(ClusterId.METERING, attribute, int(raw))
        return self._with(bcd_scale=bcd)

    def without_attributes(self, cluster_id: int, *attribute_ids: int) -> Self:
        """Never ask for these attributes, and drop them where they come."""
        return self._with(
            unsupported=self._quirk.unsupported
            | {(cluster_id, at) for at in attribute_ids}
        )

    def without(self, *capabilities: Capability) -> Self:
        """Take capabilities away."""
        return self._with(lacking=self._quirk.lacking.union(capabilities))

    def profile_factor(self, factor: Decimal) -> Self:
        """Multiply each amount of a profile."""
        return self._with(profile_factor=factor)

    def price_unit(self, unit: Unit) -> Self:
        """Say what a published price buys."""
        return self._with(price_unit=unit)

    def add_to_registry(self) -> Quirk:
        """Add the quirk. One without `applies_to` is found by its name only.

        Raises:
            ValueError: the registry has one of that name.
        """
        self._registry.add(tuple(self._matches), self._condition, self._quirk)
        return self._quirk

    def _with(self, **changes: object) -> Self:
        # Each call names a field of Quirk with a value of its type.
        self._quirk = replace(self._quirk, **changes)  # type: ignore[arg-type]
        return self


def _folded(text: str | None) -> str:
    return (text or "").strip("\0 ").casefold()


def _is_gas(static: RawAttributes) -> bool:
    kind = MeterKind.from_raw(raw_integer(static, Attribute.METERING_DEVICE_TYPE))
    return kind is not None and kind.fuel is Fuel.GAS


QUIRKS: Final = QuirkRegistry()
"""The quirks that ship."""

# British gas is charged per kWh, but GBCS' reference frames publish its price with
# the unit of the register, m³, and the same number as for a kWh: the octet cannot be
# trusted, whoever made the hub.
(
    QuirkBuilder("gas_price_per_kwh", QUIRKS)
    .applies_to("*")
    .when(_is_gas)
    .price_unit(Unit.KILOWATT_HOUR)
    .add_to_registry()
)

# Some SMETS1 meters log the mean power of a half hour, in kW, where its energy is
# due, so that each amount is twice too large. Reports do not name models: it is
# applied by name where `suspected_factor` finds it in the data.
HALF_HOURS_IN_KW: Final = (
    QuirkBuilder("half_hours_in_kw", QUIRKS)
    .profile_factor(Decimal("0.5"))
    .add_to_registry()
)
