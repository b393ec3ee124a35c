"""Key establishment inside the stick, for firmware that has the elliptic-curve library."""

from asyncio import Future, get_running_loop, timeout
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from bellows.exception import InvalidCommandError
import bellows.types as t
from bellows.types import sl_Status

from ..smart_energy.errors import KeyEstablishmentError
from ..smart_energy.network import StickCbke
from .application import JoiningApplication
from .status import normalise

COMPUTE_TIMEOUT: Final = 60.0
"""Seconds; an EFR32 needs under one, the old EM35x some ten."""


@dataclass(frozen=True, slots=True)
class _Commands:
    """The names and types of one suite's commands."""

    suffix: str
    certificate: Any
    point: Any

    def name(self, command: str) -> str:
        return command + self.suffix


_SUITES: Final[Mapping[int, _Commands]] = {
    1: _Commands("", t.EmberCertificateData, t.EmberPublicKeyData),
    2: _Commands("283k1", t.EmberCertificate283k1Data, t.EmberPublicKey283k1Data),
}


async def stick_cbke(application: JoiningApplication, suites: int) -> StickCbke | None:
    """Return the strongest suite that the stick has both code and certificate for.

    Args:
        application: the connected stick.
        suites: bitmap of the suites that may be used, bit 0 for suite 1.
    """
    for suite in sorted(_SUITES, reverse=True):
        if suites & 1 << (suite - 1):
            certificate = await _certificate(application, _SUITES[suite])
            if certificate is not None:
                return EzspCbke(application, suite, certificate)
    return None


async def _certificate(
    application: JoiningApplication, commands: _Commands
) -> bytes | None:
    """Return the stick's certificate; None without the library or an empty one."""
    try:
        status, certificate = await getattr(
            application.ezsp, commands.name("getCertificate")
        )()
    except InvalidCommandError, AttributeError:
        return None
    data = bytes(certificate)
    if normalise(status) != sl_Status.OK or len(set(data)) == 1:
        return None
    return data


class EzspCbke(StickCbke):
    """One suite of a stick."""

    def __init__(
        self, application: JoiningApplication, suite: int, certificate: bytes
    ) -> None:
        """Keep the stick and the certificate that it showed."""
        self._application = application
        self._suite = suite
        self._commands = _SUITES[suite]
        self._own_certificate = certificate

    @property
    @override
    def suite(self) -> int:
        return self._suite

    @property
    @override
    def certificate(self) -> bytes:
        return self._own_certificate

    @override
    async def generate(self) -> bytes:
        (point,) = await self._run("generateCbkeKeys")
        return bytes(point)

    @override
    async def compute(self, certificate: bytes, point: bytes) -> tuple[bytes, bytes]:
        initiator, responder = await self._run(
            "calculateSmacs",
            amInitiator=t.Bool(True),
            partnerCertificate=self._commands.certificate(certificate),
            partnerEphemeralPublicKey=self._commands.point(point),
        )
        return bytes(initiator), bytes(responder)

    @override
    async def store(self, keep: bool) -> None:
        command = self._commands.name("clearTemporaryDataMaybeStoreLinkKey")
        (status,) = await getattr(self._application.ezsp, command)(
            storeLinkKey=t.Bool(keep)
        )
        if keep and normalise(status) != sl_Status.OK:
            raise self._failed("keep the key", normalise(status))

    async def _run(self, command: str, **arguments: Any) -> list[Any]:
        """Start a computation and wait for the callback that brings its result."""
        ezsp = self._application.ezsp
        name = self._commands.name(command)
        handler = f"{command}Handler{self._commands.suffix}"
        result: Future[list[Any]] = get_running_loop().create_future()

        def take(_: str, response: list[Any]) -> None:
            if not result.done():
                result.set_result(response)

        with ezsp.callback_for_commands({handler}, take):
            (status,) = await getattr(ezsp, name)(**arguments)
            if normalise(status) not in (sl_Status.OK, sl_Status.IN_PROGRESS):
                raise self._failed(name, normalise(status))
            try:
                async with timeout(COMPUTE_TIMEOUT):
                    status, *values = await result
            except TimeoutError as err:
                raise KeyEstablishmentError(
                    f"The stick did not finish {name} in {COMPUTE_TIMEOUT:.0f} s. It is tried again."
                ) from err
        if normalise(status) != sl_Status.OK:
            raise self._failed(name, normalise(status))
        return values

    @staticmethod
    def _failed(doing: str, status: sl_Status) -> KeyEstablishmentError:
        return KeyEstablishmentError(
            f"The stick could not {doing} ({status.name}). Check the device certificate in the stick."
        )
