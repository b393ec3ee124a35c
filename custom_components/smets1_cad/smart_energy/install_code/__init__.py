"""Install codes of 48, 64, 96 and 128 bits: value, link key, and what people type."""

from .code import InstallCode, crc_x25
from .parse import Doubt, ParsedInstallCode, parse_install_code
from .qr import qr_text

__all__ = [
    "Doubt",
    "InstallCode",
    "ParsedInstallCode",
    "crc_x25",
    "parse_install_code",
    "qr_text",
]
