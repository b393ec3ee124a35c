"""How the supplier treats requests, and how well its service answers."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a pairing request."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    IGNORE = "ignore"
    """It arrives and nobody ever looks at it."""
    FORGET = "forget"
    """It arrives and is lost: its status is not found."""


class Answering(StrEnum):
    """How the service answers, whatever it does with a request."""

    NORMAL = "normal"
    DROP = "drop"
    """The request is dealt with, and the connection breaks before the answer."""
    HTML = "html"
    """A web page with status 200, as a captive portal or a wrong address gives."""
    NONSENSE = "nonsense"
    """JSON that is not of the contract."""
    ERROR = "error"
    """500 without a problem document."""
    UNAVAILABLE = "unavailable"
    """503 with Retry-After."""
    TOO_MANY = "too_many"
    """429 with Retry-After."""
    SLOW = "slow"
    """No answer for a minute of real time."""


@dataclass(slots=True)
class Behaviour:
    """What the supplier is like; times are seconds of the network's clock.

    Attributes:
        outcome: what becomes of requests.
        refusal: the reason code of a refusal.
        refusal_text: the same for people.
        fee: pounds and pence.
        working_days: what a quote says.
        quote_seconds: how long a quote holds.
        ihd_must_go: what a quote says of the display.
        acknowledge_after: from arrival until somebody has looked at it.
        decide_after: from then until it is accepted or refused.
        open_after: from acceptance until the CAD is on the hub's list.
        window: how long it may join.
        remove_after: from pairing until the supplier throws the CAD out; None for never.
        unpair_after: from an unpairing request until it is done.
        refuse_unpairing: whether unpairing requests are refused.
        poll_after: what the client is told to wait between looks.
        answering: how the service answers.
        misanswers: how many answers go wrong that way; None for all.
    """

    outcome: Outcome = Outcome.ACCEPT
    refusal: str = "not_our_customer"
    refusal_text: str = "We do not supply this address."
    fee: str = "0.00"
    working_days: int = 5
    quote_seconds: float = 7 * 86_400
    ihd_must_go: bool = False
    acknowledge_after: float = 2
    decide_after: float = 3
    open_after: float = 5
    window: float = 3600
    remove_after: float | None = None
    unpair_after: float = 5
    refuse_unpairing: bool = False
    poll_after: int = 5
    answering: Answering = Answering.NORMAL
    misanswers: int | None = None

    def misanswer(self) -> Answering:
        """Return how the next answer goes, and count it."""
        if self.answering is Answering.NORMAL or self.misanswers == 0:
            return Answering.NORMAL
        if self.misanswers is not None:
            self.misanswers -= 1
        return self.answering
