"""What the hub and the servers behind it hand to each other.

The hub owns the network, the keys and the ZDO. A server (meters, price,
messaging, time) sees only application frames that the hub has let through:
it never checks keys, and never answers for endpoint 0 or for Key
Establishment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

SMART_ENERGY_PROFILE: Final = 0x0109
ESI_DEVICE_ID: Final = 0x0500
METERING_DEVICE_ID: Final = 0x0501


class Fuel(StrEnum):
    """The fuels of a British home."""

    ELECTRICITY = "electricity"
    GAS = "gas"


@dataclass(frozen=True, slots=True)
class ApsMessage:
    """One application message, as the hub received it.

    Attributes:
        profile_id: 0x0109 for Smart Energy.
        cluster_id: the cluster that the frame belongs to.
        source_endpoint: the sender's endpoint.
        destination_endpoint: the hub's endpoint, 1 to 240.
        payload: the whole ZCL frame, header included.
        encrypted: whether it came under the APS link key.
        source: the sender's network address.
        destination: the receiver's network address (the hub's is 0).
    """

    profile_id: int
    cluster_id: int
    source_endpoint: int
    destination_endpoint: int
    payload: bytes
    encrypted: bool
    source: int
    destination: int


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """A simple descriptor, and the fuel that the endpoint speaks of.

    Attributes:
        endpoint: 1 to 240.
        device_id: 0x0500 ESI, 0x0501 metering device.
        input_clusters: server clusters.
        output_clusters: client clusters.
        fuel: whose readings or prices the endpoint serves; None for neither.
        profile_id: 0x0109 for Smart Energy.
        device_version: 0 to 15.
    """

    endpoint: int
    device_id: int
    input_clusters: tuple[int, ...]
    output_clusters: tuple[int, ...] = ()
    fuel: Fuel | None = None
    profile_id: int = SMART_ENERGY_PROFILE
    device_version: int = 0


type Publish = Callable[[int, int, bytes], None]
"""Pushes an unsolicited frame to the consumer device: cluster, source endpoint, ZCL frame."""


class ApplicationServer(Protocol):
    """Everything that lives behind the hub's endpoints."""

    def endpoints(self) -> Sequence[EndpointDescription]:
        """Return the descriptors of every endpoint served."""
        ...

    def handle(self, message: ApsMessage) -> list[bytes]:
        """Answer one request with the ZCL frames that go back, in order (none, one or more)."""
        ...

    def connect(self, publish: Publish) -> None:
        """Take the function that pushes unsolicited frames; called once, before any request."""
        ...
