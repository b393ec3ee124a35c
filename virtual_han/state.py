"""What a virtual network keeps between two runs: when it began, what time it is, the hub's memory."""

from dataclasses import dataclass
from datetime import datetime
import json
from pathlib import Path
from typing import Any, Final, Self

from .errors import FlashError

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class State:
    """One network at rest.

    Attributes:
        began: when its meters were installed; their registers follow from that.
        time: what its clock showed last.
        hub: the hub's memory.
    """

    began: datetime
    time: datetime
    hub: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return what a file holds; None if there is none.

        Raises:
            FlashError: it is not such a file.
        """
        if not path.exists():
            return None
        try:
            return cls._decode(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as err:
            raise FlashError(
                f"{path.name} does not hold a network; delete it to start afresh"
            ) from err

    @classmethod
    def _decode(cls, stored: dict[str, Any]) -> Self:
        if stored["format"] != FORMAT:
            raise ValueError("another format")
        return cls(
            datetime.fromisoformat(stored["began"]),
            datetime.fromisoformat(stored["time"]),
            stored["hub"],
        )

    def save(self, path: Path) -> None:
        """Write the file in one step; it holds keys, so only its owner can read it."""
        content = {
            "format": FORMAT,
            "began": self.began.isoformat(),
            "time": self.time.isoformat(),
            "hub": self.hub,
        }
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(content, indent=1), encoding="utf-8")
        fresh.replace(path)
