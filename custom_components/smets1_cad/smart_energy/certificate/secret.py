"""Octets that must not be seen."""

import hmac
from typing import override


class Secret:
    """Key material: no repr or log shows it, and comparing it takes the same time always."""

    __slots__ = ("_octets",)

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, octets: bytes) -> None:
        """Keep the octets."""
        self._octets = bytes(octets)

    def reveal(self) -> bytes:
        """Return the octets, for the one who must use them."""
        return self._octets

    def __len__(self) -> int:
        """Return the number of octets."""
        return len(self._octets)

    @override
    def __eq__(self, other: object) -> bool:
        """Compare with another secret in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    @override
    def __repr__(self) -> str:
        """Return the length alone."""
        return f"<secret of {len(self._octets)} octets>"
