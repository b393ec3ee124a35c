"""Who may join: the hub's device log, its windows and its slots.

A supplier puts a device on the log with its EUI-64 and install code for a
limited time, as DCC's `JoinTimePeriod` does. A device that the hub has known
before may use only its old key in the first half of that time, and only its
install code in the second half (GBCS CCS01; written for SMETS2 hubs).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..crypto.mmo import install_code_key
from ..errors import AdmissionError

MAX_WINDOW: Final = 3600.0
"""DUIS lets JoinTimePeriod be 3600 s at most."""
HISTORIC_ENTRIES: Final = 15
SMETS1_SLOTS: Final = 1
SMETS2_SLOTS: Final = 4
INSTALL_CODE_SIZES: Final = (6, 8, 12, 16)


class Refusal(StrEnum):
    """Why a device did not get in."""

    WINDOW_CLOSED = "window_closed"
    LIST_FULL = "list_full"
    NOT_ON_THE_LIST = "not_on_the_list"


@dataclass(slots=True)
class Entry:
    """One device on the log.

    Attributes:
        eui64: big-endian.
        install_key: the link key of its install code.
        opened: when the window opened.
        seconds: how long it lasts.
        old_key: the key that it held before, if the hub has known it.
    """

    eui64: bytes
    install_key: bytes = field(repr=False)
    opened: float
    seconds: float
    old_key: bytes | None = field(default=None, repr=False)

    def key_at(self, now: float) -> bytes | None:
        """Return the link key that works now; None once the window has closed."""
        elapsed = now - self.opened
        if not 0 <= elapsed < self.seconds:
            return None
        if self.old_key is not None and elapsed < self.seconds / 2:
            return self.old_key
        return self.install_key


class DeviceLog:
    """The list of devices, and the memory of those that have left.

    Attributes:
        slots: how many consumer devices the hub takes.
        waiting: the devices that may join, by EUI-64.
        historic: the devices that have left, with the key that each held.
        attempts: when who asked for membership, whatever the answer.
        refusals: who was turned away, and why.
    """

    def __init__(self, now: Callable[[], float], *, slots: int = SMETS1_SLOTS) -> None:
        """Start empty, with room for a number of consumer devices."""
        self._now = now
        self.slots = slots
        self.waiting: dict[bytes, Entry] = {}
        self._seated: set[bytes] = set()
        self.historic: deque[tuple[bytes, bytes]] = deque(maxlen=HISTORIC_ENTRIES)
        self.attempts: list[tuple[float, bytes]] = []
        self.refusals: list[tuple[bytes, Refusal]] = []

    def add(
        self, eui64: bytes, install_code: bytes, seconds: float = MAX_WINDOW
    ) -> None:
        """Let a device join within a time; the install code comes without its CRC.

        A second addition while the first one is still open changes nothing.

        Raises:
            AdmissionError: the code's length or the time is out of range.
        """
        if len(install_code) not in INSTALL_CODE_SIZES:
            raise AdmissionError(
                "an install code has 6, 8, 12 or 16 octets without its CRC"
            )
        if not 0 < seconds <= MAX_WINDOW:
            raise AdmissionError(f"a window lasts up to {MAX_WINDOW:.0f} seconds")
        now = self._now()
        entry = self.waiting.get(eui64)
        if entry is None or entry.key_at(now) is None:
            old_key = dict(self.historic).get(eui64)
            self.waiting[eui64] = Entry(
                eui64, install_code_key(install_code), now, seconds, old_key
            )

    def withdraw(self, eui64: bytes) -> None:
        """Take a waiting device off the list."""
        self.waiting.pop(eui64, None)

    def seat(self, eui64: bytes) -> None:
        """Give a device a slot: it has joined, or it is the IHD that was there first."""
        self.waiting.pop(eui64, None)
        self._seated.add(eui64)

    def unseat(self, eui64: bytes, key: bytes | None = None) -> None:
        """Free a device's slot, and remember the key that it held."""
        self._seated.discard(eui64)
        if key is not None:
            self.historic.append((eui64, key))

    def clear(self) -> None:
        """Forget every device, as the log of a new hub does."""
        self.waiting.clear()
        self._seated.clear()
        self.historic.clear()

    @property
    def seated(self) -> frozenset[bytes]:
        """The devices that hold a slot."""
        return frozenset(self._seated)

    @property
    def open(self) -> bool:
        """Whether any window is open, so that the hub's beacon permits joining."""
        return any(
            entry.key_at(self._now()) is not None for entry in self.waiting.values()
        )

    def takes_install_code(self, eui64: bytes) -> bool:
        """Tell whether a device gets in now with its install code."""
        entry = self.waiting.get(eui64)
        return entry is not None and entry.key_at(self._now()) == entry.install_key

    def associate(self, eui64: bytes) -> Refusal | None:
        """Tell why an association is refused, or None if it is taken."""
        self.attempts.append((self._now(), eui64))
        if not self.open:
            return self._refuse(eui64, Refusal.WINDOW_CLOSED)
        if eui64 not in self._seated and len(self._seated) >= self.slots:
            return self._refuse(eui64, Refusal.LIST_FULL)
        return None

    def key_for(self, eui64: bytes) -> bytes | None:
        """Return the link key for a device that has just associated; None if it is not listed."""
        entry = self.waiting.get(eui64)
        key = entry.key_at(self._now()) if entry else None
        if key is None:
            self._refuse(eui64, Refusal.NOT_ON_THE_LIST)
        return key

    def _refuse(self, eui64: bytes, refusal: Refusal) -> Refusal:
        self.refusals.append((eui64, refusal))
        return refusal
