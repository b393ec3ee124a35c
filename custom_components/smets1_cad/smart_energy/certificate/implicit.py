"""Implicit (ECQV) certificates, as they are sent and printed (SE 1.4 C.4.2.2 and C.4.2.3).

An implicit certificate holds no signature: the public key is computed from the certificate
and the CA's key, and whoever holds the matching private key has shown it was issued by that CA.
A wrong octet therefore gives a wrong key, which only the key confirmation finds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import ClassVar, Final, override

from zigpy.types import EUI64
from zigpy.util import aes_mmo_hash

from ..ecc import Point, PointError
from ..errors import CertificateError
from .suite import CryptoSuite

SMART_ENERGY_PROFILE: Final = 0x0109
FOREVER: Final = 0xFFFFFFFF
"""ValidTo of a certificate that does not expire."""

_TYPE_IMPLICIT: Final = 0x00
_CURVE_SECT283K1: Final = 0x0D
_HASH_AES_MMO: Final = 0x08

_ASK_ISSUER: Final = "ask the issuer for a Smart Energy device certificate"


class KeyUsage(IntFlag):
    """What the key of a suite 2 certificate may be used for."""

    KEY_AGREEMENT = 0x08
    DIGITAL_SIGNATURE = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicitCertificate:
    """What both kinds of certificate have in common.

    Attributes:
        raw: the whole certificate, 48 or 74 octets.
        subject: the EUI-64 of the device.
        issuer: the 8 octets that name the CA.
        reconstruction: the compressed point from which the public key is computed.
    """

    suite: ClassVar[CryptoSuite]

    raw: bytes
    subject: EUI64
    issuer: bytes
    reconstruction: bytes

    def check(
        self,
        *,
        subject: EUI64 | None = None,
        issuer: bytes | None = None,
        now: datetime | None = None,
    ) -> None:
        """Check every field; what is given is compared, what is not given is not.

        The points are checked by `public_key`.

        Raises:
            CertificateError: its `reason` says which field is wrong.
        """
        self._check_fields(now)
        if subject is not None and self.subject != subject:
            raise CertificateError(
                f"the certificate belongs to {self.subject}, but the device is {subject}; use the certificate"
                " that was issued for this device",
                reason="certificate_eui64_mismatch",
            )
        if issuer is not None and self.issuer != issuer:
            raise CertificateError(
                f"the certificate was issued by {self.issuer.hex()}, not by the known CA {issuer.hex()}; both sides"
                " need certificates of the same CA (test certificates do not work with production devices)",
                reason="certificate_unknown_issuer",
            )

    def _check_fields(self, now: datetime | None) -> None:
        raise NotImplementedError

    def public_key(self, ca: Point) -> Point:
        """Return the public key e * P + CA key, e being the certificate's hash (SEC 4, 2.5).

        The computation takes some milliseconds: run it in an executor.

        Raises:
            CertificateError: the reconstruction point or the key is not usable.
        """
        curve = self.suite.curve
        try:
            reconstruction = curve.decompress(self.reconstruction)
        except PointError as err:
            raise CertificateError(
                f"the certificate's public key reconstruction point: {err}",
                reason="certificate_bad_point",
            ) from err
        fraction = int.from_bytes(aes_mmo_hash(self.raw).serialize())
        key = curve.multiply_add((fraction, reconstruction), (1, ca))
        if key is None:
            raise CertificateError(
                f"the certificate gives no public key; {_ASK_ISSUER}",
                reason="certificate_bad_point",
            )
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite1Certificate(ImplicitCertificate):
    """A certificate of 48 octets on sect163k1.

    Attributes:
        profile_attributes: the ProfileAttributeData, 10 octets, of which the first two
            are the profile and the rest is the issuer's.
    """

    suite: ClassVar[CryptoSuite] = CryptoSuite.SUITE_1

    profile_attributes: bytes

    @property
    def profile_id(self) -> int:
        """Return the Zigbee profile for which the certificate was issued."""
        return int.from_bytes(self.profile_attributes[:2])

    @override
    def _check_fields(self, now: datetime | None) -> None:
        if self.profile_id != SMART_ENERGY_PROFILE:
            raise CertificateError(
                f"the certificate is for profile 0x{self.profile_id:04X}, not Smart Energy; {_ASK_ISSUER}",
                reason="certificate_wrong_profile",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite2Certificate(ImplicitCertificate):
    """A certificate of 74 octets on sect283k1, SEC 4's minimal encoding.

    Attributes:
        certificate_type: 0 for an implicit certificate.
        serial: the issuer's serial number.
        curve_id: 0x0D for sect283k1.
        hash_id: 0x08 for AES-MMO.
        valid_from: seconds since 1970 (UTC).
        valid_seconds: length of the validity, or `FOREVER`.
        key_usage: what the key may be used for.
    """

    suite: ClassVar[CryptoSuite] = CryptoSuite.SUITE_2

    certificate_type: int
    serial: int
    curve_id: int
    hash_id: int
    valid_from: int
    valid_seconds: int
    key_usage: KeyUsage

    @override
    def _check_fields(self, now: datetime | None) -> None:
        if self.certificate_type != _TYPE_IMPLICIT:
            raise CertificateError(
                f"the certificate is of type {self.certificate_type}, not implicit (0); {_ASK_ISSUER}",
                reason="certificate_wrong_type",
            )
        if self.curve_id != _CURVE_SECT283K1:
            raise CertificateError(
                f"the certificate is for curve 0x{self.curve_id:02X}, not sect283k1 (0x0D); {_ASK_ISSUER}",
                reason="certificate_wrong_curve",
            )
        if self.hash_id != _HASH_AES_MMO:
            raise CertificateError(
                f"the certificate is for hash 0x{self.hash_id:02X}, not AES-MMO (0x08); {_ASK_ISSUER}",
                reason="certificate_wrong_hash",
            )
        if KeyUsage.KEY_AGREEMENT not in self.key_usage:
            raise CertificateError(
                f"the certificate's key usage 0x{int(self.key_usage):02X} does not allow key agreement (0x08);"
                f" {_ASK_ISSUER}",
                reason="certificate_wrong_usage",
            )
        if now is not None:
            self._check_validity(int(now.timestamp()))

    def _check_validity(self, now: int) -> None:
        if now < self.valid_from:
            raise CertificateError(
                "the certificate is not valid yet; check the clock, or wait",
                reason="certificate_not_yet_valid",
            )
        if self.valid_seconds != FOREVER and now > self.valid_from + self.valid_seconds:
            raise CertificateError(
                "the certificate has expired; check the clock, or ask the issuer for a new one",
                reason="certificate_expired",
            )


def parse_certificate(raw: bytes) -> Suite1Certificate | Suite2Certificate:
    """Take a certificate apart, without judging it.

    Raises:
        CertificateError: it has neither 48 nor 74 octets.
    """
    if len(raw) == CryptoSuite.SUITE_1.certificate_size:
        return Suite1Certificate(
            raw=raw,
            reconstruction=raw[:22],
            subject=_eui64(raw[22:30]),
            issuer=raw[30:38],
            profile_attributes=raw[38:],
        )
    if len(raw) == CryptoSuite.SUITE_2.certificate_size:
        return Suite2Certificate(
            raw=raw,
            certificate_type=raw[0],
            serial=int.from_bytes(raw[1:9]),
            curve_id=raw[9],
            hash_id=raw[10],
            issuer=raw[11:19],
            valid_from=int.from_bytes(raw[19:24]),
            valid_seconds=int.from_bytes(raw[24:28]),
            subject=_eui64(raw[28:36]),
            key_usage=KeyUsage(raw[36]),
            reconstruction=raw[37:],
        )
    raise CertificateError(
        f"a certificate has 48 octets (suite 1) or 74 (suite 2), not {len(raw)}; check that it is complete",
        reason="certificate_wrong_length",
    )


def _eui64(big_endian: bytes) -> EUI64:
    """Return the EUI-64 that a certificate prints the usual way, highest octet first."""
    return EUI64(big_endian[::-1])
