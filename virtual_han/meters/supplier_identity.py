"""Who sells the energy, as the hub tells it."""

from dataclasses import dataclass


@dataclass(slots=True)
class SupplierIdentity:
    """The supplier; it changes when the householder changes it.

    Attributes:
        provider_id: a number.
        name: at most 15 octets.
        contact: at most 18 octets.
    """

    provider_id: int = 0x0000_4D2A
    name: str = "Virtual Energy"
    contact: str = "0000 000 0000"
