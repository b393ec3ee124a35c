"""The Device Management cluster: who supplies, and what is about to change hands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..clock import Instant
from ..zcl import FieldValue, Status
from .cluster import Answer, ClusterServer, Readers, Result, constant, text
from .supplier_identity import SupplierIdentity

DEVICE_MANAGEMENT: Final = 0x0708


@dataclass(slots=True)
class Announcement:
    """A change of tenancy or of supplier that has been announced.

    Attributes:
        issuer_event_id: the second of issue.
        at: when it takes effect.
        control: what is to be cleared, as ProposedChangeControl has it.
        supplier: the new supplier; None for a change of tenancy.
    """

    issuer_event_id: int
    at: Instant
    control: int
    supplier: SupplierIdentity | None = None


class DeviceManagementServer(ClusterServer):
    """Names the supplier and announces changes of tenancy and of supplier."""

    cluster_id = DEVICE_MANAGEMENT

    def __init__(self, supplier: SupplierIdentity, site_id: Callable[[], str]) -> None:
        """Serve a supplier, and the MPAN of a meter that may be exchanged."""
        self.supplier = supplier
        self._site_id = site_id
        self.tenancy: Announcement | None = None
        self.change_of_supplier: Announcement | None = None
        self.customer_number: str | None = None

    def attributes(self, at: Instant) -> Readers:
        """Return the supplier, and what is announced."""
        tenancy, change = self.tenancy, self.change_of_supplier
        proposed = change.supplier if change is not None else None
        readers = {
            0x0100: constant(self.supplier.provider_id),
            0x0101: text(self.supplier.name),
            0x0102: text(self.supplier.contact),
            0x0200: constant(tenancy.at if tenancy is not None else None),
            0x0201: constant(tenancy.control if tenancy is not None else 0),
            0x0300: constant(1),
        }
        if change is not None and proposed is not None:
            readers[0x0110] = constant(proposed.provider_id)
            readers[0x0111] = text(proposed.name)
            readers[0x0112] = constant(change.at)
            readers[0x0113] = constant(change.control)
        return readers

    def commands(self) -> frozenset[str]:
        """Return what a display asks."""
        return frozenset(
            {"GetChangeOfTenancy", "GetChangeOfSupplier", "GetSiteId", "GetCIN"}
        )

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Give what was announced; NOT_FOUND where nothing was."""
        match name:
            case "GetChangeOfTenancy":
                tenancy = self.tenancy
                return (
                    Status.NOT_FOUND
                    if tenancy is None
                    else [self.publish_tenancy(tenancy)]
                )
            case "GetChangeOfSupplier":
                change = self.change_of_supplier
                return (
                    Status.NOT_FOUND
                    if change is None
                    else [self.publish_supplier(change)]
                )
            case "GetSiteId":
                return [
                    Answer(
                        "UpdateSiteId",
                        {
                            "issuerEventId": 1,
                            "siteIdTime": at,
                            "providerId": self.supplier.provider_id,
                            "siteId": self._site_id().encode(),
                        },
                    )
                ]
            case _:
                if self.customer_number is None:
                    return Status.NOT_FOUND
                return [
                    Answer(
                        "UpdateCIN",
                        {
                            "issuerEventId": 1,
                            "implementationTime": at,
                            "providerId": self.supplier.provider_id,
                            "customerIdNumber": self.customer_number.encode(),
                        },
                    )
                ]

    def publish_tenancy(self, announced: Announcement) -> Answer:
        """Return PublishChangeOfTenancy."""
        return Answer(
            "PublishChangeOfTenancy",
            {
                "providerId": self.supplier.provider_id,
                "issuerEventId": announced.issuer_event_id,
                "tariffType": 0,
                "implementationDateTime": announced.at,
                "proposedTenancyChangeControl": announced.control,
            },
        )

    def publish_supplier(self, announced: Announcement) -> Answer:
        """Return PublishChangeOfSupplier."""
        new = announced.supplier or self.supplier
        return Answer(
            "PublishChangeOfSupplier",
            {
                "currentProviderId": self.supplier.provider_id,
                "issuerEventId": announced.issuer_event_id,
                "tariffType": 0,
                "proposedProviderId": new.provider_id,
                "providerChangeImplementationTime": announced.at,
                "providerChangeControl": announced.control,
                "proposedProviderName": new.name.encode()[:15],
                "proposedProviderContactDetails": new.contact.encode()[:18],
            },
        )
