"""To whom a request goes: each supplier of the home, with what is its own to do (R6, R7)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..cad.models import Fuel
from ..supplier.directory import ChannelKind, Directory, Supplier, slug
from .identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One supplier that is asked.

    Attributes:
        name: as the person entered it, "" if it is not known.
        fuels: what it supplies, of what is asked for.
        supplier: what the directory knows of it, None for nothing.
        others: who supplies the fuels that it does not.
        leads: whether it is the one that is asked first, and whose reference is kept.
    """

    name: str
    fuels: frozenset[Fuel]
    supplier: Supplier | None = None
    others: dict[Fuel, str] = field(default_factory=dict)
    leads: bool = True

    def contact(self, kind: ChannelKind) -> str:
        """Return its contact of a kind, "" where none is known."""
        channel = self.supplier.channel(kind) if self.supplier else None
        return channel.value if channel else ""


def recipients(
    identity: Identity, directory: Directory | None = None
) -> tuple[Recipient, ...]:
    """Return who is asked, first who supplies electricity: it looks after the hub.

    A name that is written in two ways, or that the directory knows under two names, is one supplier.
    """
    known = directory or Directory(())
    named = {
        fuel: identity.suppliers.get(fuel, "")
        for fuel in Fuel
        if fuel in identity.fuels
    }

    def one(name: str) -> str:
        supplier = known.find(name) if name else None
        return supplier.supplier_id if supplier else slug(name)

    order = list(dict.fromkeys(one(name) for name in named.values()))
    found: list[Recipient] = []
    for index, identifier in enumerate(order):
        fuels = [fuel for fuel, name in named.items() if one(name) == identifier]
        name = named[fuels[0]]
        found.append(
            Recipient(
                name=name,
                fuels=frozenset(fuels),
                supplier=known.find(name) if name else None,
                others={
                    fuel: name for fuel, name in named.items() if fuel not in fuels
                },
                leads=index == 0,
            )
        )
    return tuple(found)


def names(found: Iterable[Recipient]) -> str:
    """Return their names, for people."""
    return " / ".join(recipient.name for recipient in found)
