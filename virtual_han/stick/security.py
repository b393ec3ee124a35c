"""The security state with which a stick is told to join."""

from dataclasses import dataclass, field
from enum import IntFlag
import struct
from typing import Final, Self

_STATE: Final = struct.Struct("<H16s16sB8s")


class JoinSecurity(IntFlag):
    """Bits of EmberInitialSecurityBitmask that the stick heeds."""

    HAVE_TRUST_CENTER_EUI64 = 0x0040
    HAVE_PRECONFIGURED_KEY = 0x0100
    REQUIRE_ENCRYPTED_KEY = 0x0800
    PRECONFIGURED_KEY_FROM_INSTALL_CODE = 0x2000


@dataclass(frozen=True, slots=True)
class InitialSecurity:
    """What setInitialSecurityState carried."""

    bits: JoinSecurity
    link_key: bytes = field(repr=False)
    trust_centre: bytes

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Return the state from EmberInitialSecurityState's 43 octets."""
        bits, link_key, _, _, trust_centre = _STATE.unpack(octets)
        return cls(JoinSecurity(bits), link_key, trust_centre[::-1])
