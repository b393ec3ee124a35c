"""What the modules of this package share."""

from dataclasses import dataclass
from enum import StrEnum
import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)


class Interest(StrEnum):
    """What is asked for only where somebody uses it (R23)."""

    BALANCE = "balance"
    """Credit and debt every five minutes; without, twice a day, as signs of a change of tenancy."""
    MESSAGES = "messages"
    """The supplier's last message; those that are pushed are told in any case."""
    COUNTERS = "counters"
    """The meter's own counts of the day's export, and of gas of the week and month in the other unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long the session waits, in seconds.

    Attributes:
        reply: for the hub to answer one request, in real time.
        last_reply: the same, where the session is being stopped.
        settle: between two frames of one burst (apsInterframeDelay is 50 ms).
        reconnect: before the stick is opened again; doubles up to `reconnect_longest`.
        reconnect_longest: see there.
        join_often: between tries to join at first (SE 1.4, autojoin).
        join_often_for: how long that is kept up.
        join_rarely: between tries after that.
        join_refused: the same, where a hub is open but refuses.
        rejoin_first: before the first try to rejoin is repeated; doubles.
        rejoin_longest: longest distance between two tries to rejoin at first (SE 1.4, table 5-2).
        rejoin_rarely: after `rejoins_often` tries.
        rejoins_often: tries at short distances.
        keep_alive: between reads where the hub has no Keep-Alive server.
        keep_alive_reply: real time to wait for its answer.
        key_pause: after ten failures of key establishment.
        rediscover: between looks for meters and values that were not there.
    """

    reply: float = 10.0
    last_reply: float = 2.0
    settle: float = 0.05
    reconnect: float = 5.0
    reconnect_longest: float = 300.0
    join_often: float = 60.0
    join_often_for: float = 900.0
    join_rarely: float = 3600.0
    join_refused: float = 300.0
    rejoin_first: float = 15.0
    rejoin_longest: float = 900.0
    rejoin_rarely: float = 3600.0
    rejoins_often: int = 4
    keep_alive: float = 3600.0
    keep_alive_reply: float = 20.0
    key_pause: float = 900.0
    rediscover: float = 6 * 3600.0


KEEP_ALIVES_LOST: Final = 3
"""Keep-alives in a row that may go unanswered before the hub counts as lost (SE 1.4, A.3)."""
