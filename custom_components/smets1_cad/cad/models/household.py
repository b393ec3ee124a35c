"""Who is who, and what the supplier has to say: identities, messages, tenancy."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .common import Fuel


class Importance(StrEnum):
    """How urgent a supplier's message is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierMessage:
    """A message for the household (R18).

    Attributes:
        message_id: the supplier's number; a newer message replaces it.
        text: the message.
        importance: how urgent.
        starts_at: when to begin showing it.
        duration: how long; None until changed.
        confirmation_required: the supplier asks for a confirmation.
        cancelled: it is to be shown no longer.
    """

    message_id: int
    text: str = field(repr=False)
    importance: Importance = Importance.LOW
    starts_at: datetime | None = None
    duration: timedelta | None = None
    confirmation_required: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterIdentity:
    """What a meter says of itself (R3, R22). Personal numbers stay out of the repr.

    Attributes:
        fuel: what it measures.
        site_id: MPAN or MPRN as the meter gives it.
        serial_number: the meter's serial number.
        eui64: of the Zigbee device that serves the meter, sixteen hexadecimal digits.
        manufacturer: as it names itself.
        model: as it names itself.
        hardware_version: Basic cluster's, "" unknown.
        firmware_version: Basic cluster's, "" unknown.
        mirrored: it is read through the hub's mirror.
    """

    fuel: Fuel
    site_id: str | None = field(default=None, repr=False)
    serial_number: str | None = field(default=None, repr=False)
    eui64: str | None = field(default=None, repr=False)
    manufacturer: str = ""
    model: str = ""
    hardware_version: str = ""
    firmware_version: str = ""
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierIdentity:
    """Who supplies a fuel, as the meter says.

    Attributes:
        fuel: which fuel.
        provider_id: the supplier's number, None unknown.
        name: the supplier's name, "" unknown.
        contact: how to reach it, "" unknown.
    """

    fuel: Fuel
    provider_id: int | None = None
    name: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenancyChange:
    """A change of tenancy or of supplier that the network announces (R20).

    Attributes:
        fuel: of which meter.
        effective_at: when; None where the notice only says "now", without a date.
        of_supplier: the supplier changes, not the tenant.
        cancelled: it will not happen after all; it has no time then.
        number: which of the issuer's notices it is, to know it again; None unknown.
    """

    fuel: Fuel
    effective_at: datetime | None
    of_supplier: bool = False
    cancelled: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotice:
    """The network was given another supply number, or a customer's number (R20). Neither is kept here.

    Attributes:
        fuel: of which meter.
        number: which of the issuer's notices it is, to know it again.
    """

    fuel: Fuel
    number: int
