"""Octet strings that may be missing."""

from functools import cache
from typing import ClassVar, Final, Self, override

import zigpy.types as t

_INVALID_LENGTH: Final = 0xFF


class OctetString(t.LVBytes):
    """Octets after a length octet; the length 0xFF means that there is no string."""

    invalid: bool = False

    @classmethod
    def missing(cls) -> Self:
        """Give the string that is not there."""
        string = cls()
        string.invalid = True
        return string

    @override
    def serialize(self) -> bytes:
        if self.invalid:
            return bytes([_INVALID_LENGTH])
        octets: bytes = super().serialize()
        return octets

    @classmethod
    @override
    def deserialize(cls, data: bytes) -> tuple[Self, bytes]:
        if data[:1] == bytes([_INVALID_LENGTH]):
            return cls.missing(), data[1:]
        string, rest = super().deserialize(data)
        return string, rest


@cache
def octet_string(longest: int) -> type[OctetString]:
    """Give the octet string type that holds at most so many octets when sent."""

    class LimitedOctetString(OctetString):
        """An octet string with a greatest length."""

        max_length: ClassVar[int] = longest

        @override
        def serialize(self) -> bytes:
            if len(self) > self.max_length:
                raise ValueError(f"{len(self)} octets, at most {longest} fit")
            return super().serialize()

    return LimitedOctetString
