"""Implicit certificates of Smart Energy, and a device's own credentials."""

from .credentials import Credentials
from .implicit import (
    FOREVER,
    ImplicitCertificate,
    KeyUsage,
    Suite1Certificate,
    Suite2Certificate,
    parse_certificate,
)
from .secret import Secret
from .suite import CryptoSuite
from .text import load_credentials

__all__ = [
    "FOREVER",
    "Credentials",
    "CryptoSuite",
    "ImplicitCertificate",
    "KeyUsage",
    "Secret",
    "Suite1Certificate",
    "Suite2Certificate",
    "load_credentials",
    "parse_certificate",
]
