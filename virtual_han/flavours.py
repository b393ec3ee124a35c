"""What hubs of different Smart Energy versions offer.

Which clusters, attributes and commands exist follows from the tables; what a
hub of that time was built to offer, and where it keeps it, is said here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .zcl import Attribute, Command, cluster_tables, version_rank


class SmartEnergy(StrEnum):
    """The versions found on British communications hubs."""

    SE_1_0 = "1.0"
    SE_1_1 = "1.1"
    SE_1_2 = "1.2"
    SE_1_4 = "1.4"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a hub keeps its servers; the same number twice means the same endpoint."""

    esi: int = 1
    electricity: int = 2
    gas: int = 3


@dataclass(frozen=True, slots=True)
class Flavour:
    """A hub of one version.

    Attributes:
        version: the version that it speaks.
        level: the newest edition of that version, as the tables name it.
        endpoints: where its servers are.
        profile: whether GetProfile gives half hours; older hubs may not offer it.
        publish_price_last: the last field of PublishPrice, None for every one of the version.
        gas_price_unit: the unit octet in a gas PublishPrice (0 kWh, 1 m³); the price is
            per kWh in both cases, as test frames of the British specification show.
        discover_commands: whether it knows the Discover Commands of later ZCL revisions.
        scheduled_prices: how many PublishPrice one GetScheduledPrices gives at most.
    """

    version: SmartEnergy
    level: str
    endpoints: Endpoints
    profile: bool = True
    publish_price_last: str | None = None
    gas_price_unit: int = 0
    discover_commands: bool = False
    scheduled_prices: int = 5

    @property
    def rank(self) -> int:
        """The version's place in time."""
        return version_rank(self.level)

    def has_cluster(self, cluster_id: int) -> bool:
        """Say whether the version has the cluster, with anything in it to ask for.

        Keep-Alive is listed with Smart Energy 1.0, its attributes with 1.2: a
        server without an attribute or a command is not offered.
        """
        table = cluster_tables().get(cluster_id)
        if table is None or not table.span.holds(self.rank):
            return False
        return any(map(self.has, table.attributes.values())) or any(
            map(self.has, table.received.values())
        )

    def has(self, member: Attribute | Command) -> bool:
        """Say whether the version has an attribute or a command."""
        return member.span.holds(self.rank)


FLAVOURS: Final = {
    flavour.version: flavour
    for flavour in (
        Flavour(
            SmartEnergy.SE_1_0,
            "1.0",
            Endpoints(esi=1, electricity=10, gas=18),
            profile=False,
            publish_price_last="generationPriceRatio",
        ),
        Flavour(SmartEnergy.SE_1_1, "1.1b", Endpoints(esi=1, electricity=1, gas=2)),
        Flavour(SmartEnergy.SE_1_2, "1.2b", Endpoints(), discover_commands=True),
        Flavour(
            SmartEnergy.SE_1_4,
            "1.4",
            Endpoints(),
            gas_price_unit=1,
            discover_commands=True,
            scheduled_prices=12,
        ),
    )
}
"""The hubs that can be had, by version."""
