"""Which tenancy an entity or a device belongs to.

Each tenancy has a number, and names its entities and devices by it, so that those
of a new tenant are new in every sense: nothing that Home Assistant remembers of the
earlier ones can come back in them.
"""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry

CONF_TENANCY: Final = "tenancy"
"""Key in an entry's data: how many changes of tenancy there were; absent is none."""


def tenancy_number(entry: ConfigEntry[Any]) -> int:
    """Return how many changes of tenancy an entry has seen."""
    return int(entry.data.get(CONF_TENANCY, 0))


def tenancy_scope(entry: ConfigEntry[Any]) -> str:
    """Return what the unique ids and identifiers of the present tenancy begin with."""
    number = tenancy_number(entry)
    return f"{entry.entry_id}_{number}" if number else entry.entry_id
