"""A hub without an air: what a session's parts need of zigpy, and scripted answers."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.device import HanFrame
from custom_components.smets1_cad.smart_energy.numbers import Attributes
from custom_components.smets1_cad.smart_energy.session.record import (
    ClusterRecord,
    EndpointRecord,
    HanRecord,
)

HUB = EUI64.convert("00:0d:6f:00:01:02:03:04")


def cluster(cluster_id: int, endpoint: int = 1) -> Any:
    """Return what stands for a server cluster."""
    return SimpleNamespace(
        cluster_id=cluster_id,
        endpoint=SimpleNamespace(endpoint_id=endpoint),
        server_commands=CLUSTERS[cluster_id].server_commands
        if cluster_id in CLUSTERS
        else {},
    )


def frame(
    cluster_id: int,
    command_id: int,
    command: Any,
    *,
    general: bool = False,
    endpoint: int = 1,
    sequence: int = 1,
    encrypted: bool = True,
    attributes: Attributes | None = None,
) -> HanFrame:
    """Return a frame of the hub."""
    return HanFrame(
        endpoint,
        cluster_id,
        sequence,
        command_id,
        general,
        command,
        encrypted,
        attributes,
    )


def parsed(cluster_id: int, command_id: int, payload: str) -> HanFrame:
    """Return a push, parsed from its octets by the cluster's own schema."""
    schema = CLUSTERS[cluster_id].client_commands[command_id].schema
    command, rest = schema.deserialize(bytes.fromhex(payload))
    assert not rest
    return frame(cluster_id, command_id, command)


def read_response(cluster_id: int, values: dict[int, Any], **options: Any) -> HanFrame:
    """Return an answer to a read; a status in a tuple says why an attribute was not read."""
    said = Attributes(
        {one: value for one, value in values.items() if not isinstance(value, tuple)},
        {one: value[0] for one, value in values.items() if isinstance(value, tuple)},
    )
    return frame(cluster_id, 0x01, None, general=True, attributes=said, **options)


def record(*places: tuple[int, int, Any]) -> HanRecord:
    """Return a record of endpoints with one cluster each: endpoint, cluster, fuel."""
    made = HanRecord(extended_pan_id="pan", trust_centre=str(HUB), authorised=True)
    for endpoint, cluster_id, fuel in places:
        place = made.endpoints.setdefault(
            endpoint, EndpointRecord(device_id=0x0500, fuel=fuel)
        )
        place.clusters[cluster_id] = ClusterRecord()
    return made


class ScriptedExchange:
    """An exchange whose hub is a function."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        """Ask the function for each answer; it may raise."""
        self.hub = SimpleNamespace(ieee=HUB)
        self.asked: list[tuple[Any, ...]] = []
        self._answer = answer

    def cluster(self, endpoint: int, cluster_id: int) -> Any:
        """Return a cluster."""
        return cluster(cluster_id, endpoint)

    async def read(self, where: Any, attributes: Any) -> Any:
        """Answer a read."""
        return self._ask(
            "read", where.endpoint.endpoint_id, where.cluster_id, *attributes
        )

    async def command(
        self, where: Any, command_id: int, *arguments: Any, answers: Any
    ) -> Any:
        """Answer a command."""
        return self._ask(
            "command",
            where.endpoint.endpoint_id,
            where.cluster_id,
            command_id,
            *arguments,
        )

    async def tell(self, where: Any, command_id: int, *arguments: Any) -> None:
        """Take a command that nothing answers."""
        self._ask(
            "tell", where.endpoint.endpoint_id, where.cluster_id, command_id, *arguments
        )

    def _ask(self, *what: Any) -> Any:
        self.asked.append(what)
        return self._answer(*what)
