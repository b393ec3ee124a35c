"""Key establishment inside the stick, for firmware that has the library."""

from random import Random

from ..crypto.agreement import Agreement, Ephemeral, agree, draw_ephemeral
from ..crypto.suite import SUITES
from ..errors import VirtualHanError
from .flash import Flash
from .status import Status


class StickCbke:
    """The initiator's or responder's arithmetic; the host carries the messages."""

    def __init__(self, flash: Flash, random: Random, suites: frozenset[int]) -> None:
        """Offer the suites (bits) that the firmware was built with; none on consumer firmware."""
        self._flash = flash
        self._random = random
        self._suites = suites
        self._ephemeral: dict[int, Ephemeral] = {}
        self._agreement: dict[int, Agreement] = {}

    def present(self, bit: int) -> bool:
        """Tell whether the firmware has the library of a suite."""
        return bit in self._suites

    def certificate(self, bit: int) -> bytes | None:
        """Return the device certificate of a suite, or None."""
        credentials = self._flash.cbke.get(bit) if self.present(bit) else None
        return credentials.certificate if credentials else None

    def generate(self, bit: int) -> bytes | None:
        """Draw an ephemeral key pair; return its public part, or None without the library."""
        if not self.present(bit) or bit not in self._flash.cbke:
            return None
        self._ephemeral[bit] = draw_ephemeral(SUITES[bit].curve, self._random)
        return self._ephemeral[bit].public

    def calculate(
        self, bit: int, certificate: bytes, partner: bytes, *, initiator: bool
    ) -> Agreement | None:
        """Return the agreement with a partner, or None where there is none to reach."""
        ephemeral = self._ephemeral.get(bit)
        if ephemeral is None:
            return None
        try:
            agreement = agree(
                self._flash.cbke[bit],
                ephemeral,
                certificate,
                partner,
                initiator=initiator,
            )
        except VirtualHanError:
            return None
        self._agreement[bit] = agreement
        return agreement

    def clear(self, bit: int, *, store: bool) -> Status:
        """Forget the exchange, and make its key the trust centre link key if asked to."""
        if not self.present(bit):
            return Status.LIBRARY_NOT_PRESENT
        self._ephemeral.pop(bit, None)
        agreement = self._agreement.pop(bit, None)
        if store:
            if agreement is None:
                return Status.INVALID_CALL
            self._flash.link_key = agreement.link_key
            self._flash.save()
        return Status.OK

    def forget(self) -> None:
        """Drop every exchange, as a reset does."""
        self._ephemeral.clear()
        self._agreement.clear()
