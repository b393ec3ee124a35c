"""What a session must not forget over a restart: the network, the key, what the hub has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

from ...cad.models import Fuel
from .gate import StaticKey

_VERSION: Final = 1

type StaticValue = int | str
"""A number, or octets in hexadecimal behind "0x"."""

type Place = tuple[int, int]
"""Endpoint and cluster."""


class HanStore(Protocol):
    """Keeps one JSON object across restarts. Private, written atomically."""

    async def load(self) -> Mapping[str, Any] | None:
        """Return what was saved last, or None if nothing ever was."""
        ...

    async def save(self, data: Mapping[str, Any]) -> None:
        """Save, and return once it is on its way to disk for sure.

        Raises:
            CadError: it is not.
        """
        ...


@dataclass(slots=True)
class ClusterRecord:
    """What is known of one server cluster.

    Attributes:
        static: attributes that do not change, by id.
        supported: attributes that were answered at least once.
        missing: attributes that the hub does not have.
        refused: commands that the hub does not have.
    """

    static: dict[int, StaticValue] = field(default_factory=dict, repr=False)
    supported: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)


@dataclass(slots=True)
class EndpointRecord:
    """One endpoint of the hub.

    Attributes:
        device_id: what it says it is.
        fuel: of which fuel its metering and prices speak, None unknown.
        clusters: its servers, by cluster id.
    """

    device_id: int
    fuel: Fuel | None = None
    clusters: dict[int, ClusterRecord] = field(default_factory=dict)

    def static_of(self, cluster_id: int) -> dict[int, int | bytes]:
        """Return the static attributes of a server as they came; none if there is no such server."""
        known = self.clusters.get(cluster_id)
        if known is None:
            return {}
        return {key: plain_value(value) for key, value in known.static.items()}


@dataclass(slots=True)
class HanRecord:
    """One join, from its network to what was found there.

    Attributes:
        extended_pan_id: of the network joined; None before the first join.
        trust_centre: the hub's EUI-64; None before the first join.
        tried: extended PAN IDs of the networks that the stick was told to join; it may be on one
            of them before anybody has heard that it is.
        authorised: whether key establishment has succeeded since.
        endpoints: what the hub has, by endpoint; empty before discovery.
        read_once: what does not change and has been asked for since the join.
        identified: when each identity was asked for last, as a Unix time, by endpoint and cluster.
        doubted: identities that something calls in question.
    """

    extended_pan_id: str | None = field(default=None, repr=False)
    trust_centre: str | None = field(default=None, repr=False)
    tried: set[str] = field(default_factory=set, repr=False)
    authorised: bool = False
    endpoints: dict[int, EndpointRecord] = field(default_factory=dict)
    read_once: set[StaticKey] = field(default_factory=set)
    identified: dict[Place, float] = field(default_factory=dict)
    doubted: set[Place] = field(default_factory=set)

    def doubt(self, fuel: Fuel | None = None) -> None:
        """Call in question who the meter of a fuel is, or who everybody is."""
        self.doubted |= {
            place
            for place in self.identified
            if fuel is None or self.endpoints[place[0]].fuel is fuel
        }

    def may_be_on(self, extended_pan_id: str) -> bool:
        """Whether a network is the one that was joined, or may have been joined before anybody heard of it."""
        if self.extended_pan_id is None:
            return extended_pan_id in self.tried
        return self.extended_pan_id == extended_pan_id

    def is_for(self, extended_pan_id: str, trust_centre: str) -> bool:
        """Whether this is the record of that network."""
        return (
            self.extended_pan_id == extended_pan_id
            and self.trust_centre == trust_centre
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        return {
            "version": _VERSION,
            "extended_pan_id": self.extended_pan_id,
            "trust_centre": self.trust_centre,
            "tried": sorted(self.tried),
            "authorised": self.authorised,
            "read_once": sorted(list(key) for key in self.read_once),
            "identified": [[*place, at] for place, at in self.identified.items()],
            "doubted": sorted(list(place) for place in self.doubted),
            "endpoints": {
                str(number): {
                    "device_id": endpoint.device_id,
                    "fuel": endpoint.fuel,
                    "clusters": {
                        str(cluster_id): {
                            "static": {
                                str(key): value for key, value in known.static.items()
                            },
                            "supported": sorted(known.supported),
                            "missing": sorted(known.missing),
                            "refused": sorted(known.refused),
                        }
                        for cluster_id, known in endpoint.clusters.items()
                    },
                }
                for number, endpoint in self.endpoints.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self:
        """Return the record that JSON held; an empty one for none, or for another version's."""
        if data is None or data.get("version") != _VERSION:
            return cls()
        return cls(
            extended_pan_id=data["extended_pan_id"],
            trust_centre=data["trust_centre"],
            tried=set(data.get("tried", ())),
            authorised=data["authorised"],
            read_once={(a, b, c) for a, b, c in data["read_once"]},
            identified={(a, b): float(at) for a, b, at in data.get("identified", ())},
            doubted={(a, b) for a, b in data.get("doubted", ())},
            endpoints={
                int(number): EndpointRecord(
                    device_id=endpoint["device_id"],
                    fuel=None if endpoint["fuel"] is None else Fuel(endpoint["fuel"]),
                    clusters={
                        int(cluster_id): ClusterRecord(
                            static={
                                int(key): value
                                for key, value in known["static"].items()
                            },
                            supported=set(known["supported"]),
                            missing=set(known["missing"]),
                            refused=set(known["refused"]),
                        )
                        for cluster_id, known in endpoint["clusters"].items()
                    },
                )
                for number, endpoint in data["endpoints"].items()
            },
        )


def static_value(value: object) -> StaticValue | None:
    """Return an attribute's value as the record keeps it; None for what it cannot keep."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        return "0x" + bytes(value).hex()
    if isinstance(value, str):
        return "0x" + value.encode().hex()
    return None


def plain_value(value: StaticValue) -> int | bytes:
    """Return a recorded value as it came: a number, or octets."""
    return value if isinstance(value, int) else bytes.fromhex(value[2:])
