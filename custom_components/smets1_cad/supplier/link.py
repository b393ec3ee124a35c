"""Where a CAD's pairing service is, and the token that opens it."""

from dataclasses import dataclass, field
from typing import Any, Final, Self

from ..store import CadStore, Section, StoreError

CONF_TOKEN: Final = "token"
CONF_URL: Final = "url"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLink:
    """The address and the token of a pairing service; the token is a secret."""

    url: str
    token: str = field(repr=False)

    @staticmethod
    def _section(store: CadStore) -> Section[dict[str, Any]]:
        return Section(store, "service")

    @classmethod
    async def load(cls, store: CadStore) -> Self | None:
        """Return the one that a CAD's request went to; None if it went by another route.

        Raises:
            StoreError: ``store_unreadable``.
        """
        data = await cls._section(store).load()
        if data is None:
            return None
        match data:
            case {"url": str(url), "token": str(token)}:
                return cls(url=url, token=token)
        # Its own message could quote the token.
        raise StoreError(
            "Where the pairing service is, is stored, and damaged. Restore a backup, or delete this CAD and set it up "
            "again.",
            reason="store_unreadable",
        )

    async def save(self, store: CadStore) -> None:
        """Keep it.

        Raises:
            StoreError: it could not be written.
        """
        await self._section(store).save({CONF_URL: self.url, CONF_TOKEN: self.token})
