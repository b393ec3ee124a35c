"""Key establishment inside the stick, where the stick errs."""

from contextlib import contextmanager
from typing import Any

from bellows.exception import InvalidCommandError
from bellows.types import EmberStatus
import pytest

from custom_components.smets1_cad.radio import cbke
from custom_components.smets1_cad.radio.cbke import EzspCbke, stick_cbke
from custom_components.smets1_cad.smart_energy.errors import KeyEstablishmentError

from .virtual import connected, virtual_han


class Stick:
    """Answers commands with what it is given."""

    def __init__(self, **answers: Any) -> None:
        """Keep the answers by command."""
        self._answers = answers
        self.ezsp = self

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            raise AttributeError(name)

        async def command(**_: Any) -> Any:
            answer = self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return command

    def callback_for_commands(self, commands: set[str], callback: Any) -> Any:
        """Deliver a result, twice as a stick never should, once somebody listens."""

        @contextmanager
        def hear() -> Any:
            if (result := self._answers.get("result")) is not None:
                callback(next(iter(commands)), result)
                callback(next(iter(commands)), result)
            yield

        return hear()


@pytest.mark.parametrize(
    "answer",
    [
        (EmberStatus.LIBRARY_NOT_PRESENT, bytes(48)),
        (EmberStatus.SUCCESS, b"\xff" * 48),
        InvalidCommandError("no"),
    ],
)
async def test_stick_without_library_or_certificate_offers_nothing(answer: Any) -> None:
    assert await stick_cbke(Stick(getCertificate=answer), 0b01) is None  # type: ignore[arg-type]
    assert await stick_cbke(Stick(), 0b11) is None  # type: ignore[arg-type]


async def test_strongest_common_suite_is_taken() -> None:
    async with virtual_han(stick_cbke=(1, 2)) as han, connected(han) as radio:
        for offered, suite in ((0b11, 2), (0b01, 1)):
            found = await radio.stick_cbke(offered)
            assert found is not None
            assert found.suite == suite
        assert await radio.stick_cbke(0) is None


def establishing(**answers: Any) -> EzspCbke:
    return EzspCbke(Stick(**answers), 1, bytes(48))  # type: ignore[arg-type]


async def test_computations_that_fail_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = (EmberStatus.OPERATION_IN_PROGRESS,)
    with pytest.raises(KeyEstablishmentError, match="generateCbkeKeys"):
        await establishing(generateCbkeKeys=(EmberStatus.ERR_FATAL,)).generate()
    with pytest.raises(KeyEstablishmentError, match="generateCbkeKeys"):
        await establishing(
            generateCbkeKeys=started, result=[EmberStatus.ERR_FATAL, bytes(22)]
        ).generate()
    monkeypatch.setattr(cbke, "COMPUTE_TIMEOUT", 0.01)
    with pytest.raises(KeyEstablishmentError, match="did not finish"):
        await establishing(generateCbkeKeys=started).generate()
    clear = "clearTemporaryDataMaybeStoreLinkKey"
    with pytest.raises(KeyEstablishmentError, match="keep the key"):
        await establishing(**{clear: (EmberStatus.ERR_FATAL,)}).store(True)
    await establishing(**{clear: (EmberStatus.ERR_FATAL,)}).store(False)
