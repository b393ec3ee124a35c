"""What a pairing request asks for, and what it takes (R3, R7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from ..consent.record import ConsentRecord
from .identity import Identity
from .states import CadKind

type JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CadDetails:
    """The CAD as the supplier has to know it. The install code is kept elsewhere.

    Attributes:
        eui64: sixteen hexadecimal digits.
        certification: Zigbee certification number, "" if it has none.
    """

    kind: CadKind
    eui64: str = field(repr=False)
    manufacturer: str = ""
    model: str = ""
    hardware: str = ""
    firmware: str = ""
    certification: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRequest:
    """What is asked for, by whom, on which consent.

    Attributes:
        supplier: to whom it goes.
        consent_id: the record of the consent.
        consent_version: of the wording.
        consent_sha256: of the text as it was shown, hexadecimal.
        available: when the CAD will be powered and in range, in the user's words.
    """

    identity: Identity
    cad: CadDetails
    supplier: str
    consent_id: str
    consent_at: datetime
    consent_version: int
    consent_sha256: str
    available: str = ""

    def resting_on(self, consent: ConsentRecord) -> Self:
        """Return it on another consent."""
        return replace(
            self,
            consent_id=consent.record_id,
            consent_at=consent.given_at,
            consent_version=consent.wording.version,
            consent_sha256=consent.wording.shown_sha256,
        )

    def asks_the_same(self, other: Self) -> bool:
        """Whether both ask for the same thing, be it on another consent, or with the stick's firmware of another day."""
        return self == replace(
            other,
            cad=replace(other.cad, firmware=self.cad.firmware),
            consent_id=self.consent_id,
            consent_at=self.consent_at,
            consent_version=self.consent_version,
            consent_sha256=self.consent_sha256,
        )

    def as_dict(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "identity": self.identity.as_dict(),
            "cad": {
                "kind": self.cad.kind.value,
                "eui64": self.cad.eui64,
                "manufacturer": self.cad.manufacturer,
                "model": self.cad.model,
                "hardware": self.cad.hardware,
                "firmware": self.cad.firmware,
                "certification": self.cad.certification,
            },
            "supplier": self.supplier,
            "consent_id": self.consent_id,
            "consent_at": self.consent_at.isoformat(),
            "consent_version": self.consent_version,
            "consent_sha256": self.consent_sha256,
            "available": self.available,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: it was not written by `as_dict`.
        """
        return cls(
            identity=Identity.from_dict(data["identity"]),
            cad=CadDetails(**data["cad"] | {"kind": CadKind(data["cad"]["kind"])}),
            supplier=data["supplier"],
            consent_id=data["consent_id"],
            consent_at=datetime.fromisoformat(data["consent_at"]),
            consent_version=data["consent_version"],
            consent_sha256=data["consent_sha256"],
            available=data["available"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the pairing takes, as told before the request is sent.

    Attributes:
        quote_id: the service's name for it.
        amount: what it costs, 0 for nothing.
        currency: ISO 4217.
        payee: who is paid, "" if nothing is.
        working_days: how long it takes, None if it was not told.
        expires_at: until when it holds, None if it does not run out.
        ihd_must_go: whether an in-home display has to make room.
        notes: the service's words.
        accepted_at: when the user agreed to it.
    """

    quote_id: str
    amount: Decimal
    currency: str = "GBP"
    payee: str = ""
    working_days: int | None = None
    expires_at: datetime | None = None
    ihd_must_go: bool = False
    notes: str = ""
    accepted_at: datetime | None = None

    def as_dict(self) -> JsonObject:
        """Return it as JSON."""
        return {
            "quote_id": self.quote_id,
            "amount": str(self.amount),
            "currency": self.currency,
            "payee": self.payee,
            "working_days": self.working_days,
            "expires_at": self.expires_at and self.expires_at.isoformat(),
            "ihd_must_go": self.ihd_must_go,
            "notes": self.notes,
            "accepted_at": self.accepted_at and self.accepted_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises:
            ArithmeticError, KeyError, TypeError, ValueError: it was not written by `as_dict`.
        """
        return cls(
            quote_id=data["quote_id"],
            amount=Decimal(data["amount"]),
            currency=data["currency"],
            payee=data["payee"],
            working_days=data["working_days"],
            expires_at=moment(data["expires_at"]),
            ihd_must_go=data["ihd_must_go"],
            notes=data["notes"],
            accepted_at=moment(data["accepted_at"]),
        )


def moment(text: str | None) -> datetime | None:
    """Return a time that was stored, None if there was none."""
    return None if text is None else datetime.fromisoformat(text)
