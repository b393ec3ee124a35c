"""What belongs to a tenancy: which entities, devices and statistics.

The recorder and the registries know nothing of tenancies; a list has to be made
before anything is removed, and kept until everything is gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
import re
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from .energy import ENERGY, MONEY

type Registered = er.RegistryEntry | er.DeletedRegistryEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Everything by which a tenancy's data can be found. All of it is plain text, and none of it personal.

    Attributes:
        entity_ids: of the entities, and of cost and power sensors that the Energy dashboard derived from them.
        registry_keys: domain, platform and unique id of the same.
        marks: ids of the entry, of its devices and of registry entries, as they occur in recorded events.
        spared: ids of the integration's other entries, whose external statistics stay.
    """

    entity_ids: frozenset[str] = frozenset()
    registry_keys: frozenset[tuple[str, str, str]] = frozenset()
    marks: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()

    def __or__(self, other: Self) -> Targets:
        """Return the targets of both; what is spared is as the latter says."""
        return Targets(
            entity_ids=self.entity_ids | other.entity_ids,
            registry_keys=self.registry_keys | other.registry_keys,
            marks=self.marks | other.marks,
            spared=other.spared,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {each.name: sorted(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: it was not.
        """
        return cls(
            entity_ids=frozenset(data["entity_ids"]),
            registry_keys=frozenset(
                (domain, platform, unique_id)
                for domain, platform, unique_id in data["registry_keys"]
            ),
            marks=frozenset(data["marks"]),
            spared=frozenset(data["spared"]),
        )

    def owns_statistic(self, statistic_id: str) -> bool:
        """Whether statistics are the tenancy's: an entity's, or external ones of the integration."""
        if statistic_id in self.entity_ids:
            return True
        source, _, name = statistic_id.partition(":")
        return source == DOMAIN and not any(
            name.startswith(f"{entry_id.lower()}_") for entry_id in self.spared
        )

    def pattern(self) -> re.Pattern[str]:
        """Return what finds a mention of any of them in text; an id within a longer one is no mention."""
        words = self.entity_ids | self.marks
        if not self.spared:
            words |= {DOMAIN}
        return mention_of(words)


def mention_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the words where it stands for itself."""
    longest_first = sorted(map(re.escape, words), key=lambda word: (-len(word), word))
    return re.compile(
        rf"(?<![A-Za-z0-9_])(?:{'|'.join(longest_first) or '(?!)'})(?![A-Za-z0-9_])"
    )


@callback
def collect_targets(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    known: Iterable[str],
    energy_sources: Iterable[Mapping[str, Any]],
) -> Targets:
    """Return what belongs to a CAD now, with what is left of CADs that were removed.

    Args:
        hass: Home Assistant.
        entry: the CAD's.
        known: entity ids that the CAD's entities ever had.
        energy_sources: of the Energy dashboard's settings.
    """
    registry = er.async_get(hass)
    ours: list[Registered] = list(
        er.async_entries_for_config_entry(registry, entry.entry_id)
    )
    ours += [
        gone
        for gone in registry.deleted_entities.values()
        if gone.platform == DOMAIN and gone.config_entry_id in (None, entry.entry_id)
    ]
    entity_ids = {each.entity_id for each in ours}
    # An id that belongs to somebody else by now is theirs, with its history.
    entity_ids |= {
        entity_id
        for entity_id in known
        if (holder := registry.async_get(entity_id)) is None
        or holder.config_entry_id == entry.entry_id
    }
    derived = _derived(registry, entity_ids, energy_sources)
    return Targets(
        entity_ids=frozenset(entity_ids | {each.entity_id for each in derived}),
        registry_keys=frozenset(
            (each.domain, each.platform, each.unique_id) for each in (*ours, *derived)
        ),
        marks=frozenset(
            {
                entry.entry_id,
                *(each.id for each in (*ours, *derived)),
                *(
                    device.id
                    for device in dr.async_entries_for_config_entry(
                        dr.async_get(hass), entry.entry_id
                    )
                ),
            }
        ),
        spared=frozenset(
            other.entry_id
            for other in hass.config_entries.async_entries(DOMAIN)
            if other.entry_id != entry.entry_id
        ),
    )


def _derived(
    registry: er.EntityRegistry,
    entity_ids: set[str],
    energy_sources: Iterable[Mapping[str, Any]],
) -> list[Registered]:
    """Return the Energy dashboard's own sensors that were fed by the entities, also such as were removed.

    It names a cost sensor by the registry id of the register, or its entity id where it
    had none; a power sensor by the entity ids that feed it. A cost sensor of somebody
    else's register at our price holds our tariff.
    """
    everything: list[Registered] = [
        *registry.entities.values(),
        *registry.deleted_entities.values(),
    ]
    prefixes = set(entity_ids)
    for source in energy_sources:
        for statistic, (price, *_rest) in MONEY.items():
            fed_by = source.get(statistic)
            if fed_by is not None and source.get(price) in entity_ids:
                prefixes.add(fed_by)
    for each in everything:
        if each.entity_id in prefixes:
            prefixes.add(each.id)
    inputs = tuple(entity_id.replace(".", "_") for entity_id in entity_ids)
    return [
        each
        for each in everything
        if each.platform == ENERGY
        and (
            any(each.unique_id.startswith(f"{prefix}_") for prefix in prefixes)
            or (
                each.unique_id.startswith("energy_power_")
                and any(name in each.unique_id for name in inputs)
            )
        )
    ]
