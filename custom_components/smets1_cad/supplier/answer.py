"""What a supplier has answered by email, letter or telephone, as a person notes it (R8, R19)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import probatio

from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
from homeassistant.helpers.selector import (
    DateSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..cad.errors import CadError
from ..pairing.life import Pairing, PairingError
from ..pairing.states import PairingState as S
from ..pairing.working_days import london_date
from .status import plain
from .texts import inert

CONF_ANSWER: Final = "answer"
CONF_PROMISED: Final = "promised_for"
CONF_REFERENCE: Final = "reference"
CONF_WORDS: Final = "words"

_LONGEST_REFERENCE: Final = 64
_LONGEST_WORDS: Final = 1000
_FARTHEST_PROMISE: Final = timedelta(days=366)


class Answer(StrEnum):
    """What a supplier says."""

    ACCEPTED = "accepted"
    MORE_TIME = "more_time"
    """It has the request, and needs time."""
    REFUSED = "refused"


_LEADS_TO: Final[Mapping[S, Mapping[Answer, S]]] = {
    S.SENT: {
        Answer.ACCEPTED: S.ACCEPTED,
        Answer.MORE_TIME: S.ACKNOWLEDGED,
        Answer.REFUSED: S.REFUSED,
    },
    S.ACKNOWLEDGED: {
        Answer.ACCEPTED: S.ACCEPTED,
        Answer.MORE_TIME: S.ACKNOWLEDGED,
        Answer.REFUSED: S.REFUSED,
    },
    S.ACCEPTED: {Answer.MORE_TIME: S.ACCEPTED, Answer.REFUSED: S.REFUSED},
    S.REFUSED: {Answer.ACCEPTED: S.ACCEPTED},
    S.UNPAIR_SENT: {
        Answer.MORE_TIME: S.UNPAIR_ACKNOWLEDGED,
        Answer.REFUSED: S.UNPAIR_REFUSED,
    },
    S.UNPAIR_ACKNOWLEDGED: {
        Answer.MORE_TIME: S.UNPAIR_ACKNOWLEDGED,
        Answer.REFUSED: S.UNPAIR_REFUSED,
    },
}
"""What each answer makes of a request; that a CAD is unpaired is confirmed elsewhere."""


def may_be_answered(pairing: Pairing) -> bool:
    """Whether there is an answer to note."""
    return pairing.state in _LEADS_TO


def answer_schema(pairing: Pairing) -> probatio.Schema:
    """Return the fields to fill in; the answer itself has no default."""
    possible = _LEADS_TO.get(pairing.state, {})
    return probatio.Schema(
        {
            probatio.Required(CONF_ANSWER): SelectSelector(
                SelectSelectorConfig(
                    options=[answer.value for answer in Answer if answer in possible],
                    translation_key="supplier_answer",
                    mode=SelectSelectorMode.LIST,
                )
            ),
            probatio.Optional(CONF_WORDS): TextSelector(
                TextSelectorConfig(multiline=True)
            ),
            probatio.Optional(CONF_REFERENCE): TextSelector(),
            probatio.Optional(CONF_PROMISED): DateSelector(),
        }
    )


def answer_errors(typed: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Return what is wrong with an answer, by field."""
    errors: dict[str, str] = {}
    if typed[CONF_ANSWER] == Answer.REFUSED and not typed.get(CONF_WORDS, "").strip():
        errors[CONF_WORDS] = "refusal_reason_missing"
    promised = _promised(typed)
    today = london_date(now)
    if promised is not None and promised < today:
        errors[CONF_PROMISED] = "promised_day_past"
    elif promised is not None and promised - today > _FARTHEST_PROMISE:
        errors[CONF_PROMISED] = "promised_day_far"
    return errors


def answered(pairing: Pairing, typed: Mapping[str, Any], at: datetime) -> Pairing:
    """Return a pairing as it is after a supplier has answered.

    Args:
        pairing: as it was.
        typed: what was typed, without errors.
        at: now.

    Raises:
        PairingError: ``pairing_step``: it has moved on meanwhile.
    """
    answer = Answer(typed[CONF_ANSWER])
    to = _LEADS_TO.get(pairing.state, {}).get(answer)
    if to is None:
        raise PairingError(
            f"The pairing is {pairing.state.value} by now, to which this answer does not belong. "
            "Look at its present state, and note what was said about that."
        )
    return pairing.advance(
        to,
        at,
        detail=plain(typed.get(CONF_WORDS), _LONGEST_WORDS),
        reference=plain(typed.get(CONF_REFERENCE), _LONGEST_REFERENCE),
        promised_for=_promised(typed),
    )


async def async_note_answer(
    update: Callable[[Callable[[Pairing], Pairing]], Awaitable[object]],
    typed: Mapping[str, Any],
    settle: Callable[[Pairing], Pairing] = lambda pairing: pairing,
) -> dict[str, str]:
    """Note an answer; return what is wrong, by field.

    Args:
        update: changes the pairing where it is kept.
        typed: what was typed.
        settle: what else changes with it.
    """
    now = dt_util.utcnow()
    if errors := answer_errors(typed, now):
        return errors
    try:
        await update(lambda pairing: settle(answered(pairing, typed, now)))
    except CadError as err:
        return {"base": err.reason}
    return {}


def show_answer[ContextT: FlowContext, ResultT: FlowResult[Any, Any]](
    flow: FlowHandler[ContextT, ResultT, Any],
    pairing: Pairing,
    typed: dict[str, Any] | None,
    errors: dict[str, str],
) -> ResultT:
    """Ask as the step ``answered`` of a flow what was said, under which reference, for which day."""
    return flow.async_show_form(
        step_id="answered",
        data_schema=flow.add_suggested_values_to_schema(answer_schema(pairing), typed),
        errors=errors,
        description_placeholders={
            "supplier": pairing.request.supplier,
            "reference": inert(pairing.reference) or "–",
        },
    )


def _promised(typed: Mapping[str, Any]) -> date | None:
    value = typed.get(CONF_PROMISED)
    return date.fromisoformat(value) if value else None
