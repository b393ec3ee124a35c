"""Keep what is personal or secret out of the logs of zigpy, bellows and serialx.

They log at DEBUG all that goes over the serial line: link keys, the install code of a
stick, certificates, the MPAN and serial number that a meter gives. serialx, which opens
the port, logs it as it is on the line; ASH's randomisation is published (UG101, 4.3),
so that anybody can undo it. While a stick of
ours is open, what is logged on its behalf, and nothing else, loses its octet strings;
names, statuses, addresses and numbers stay. A stick of ZHA in the same process is
logged as ever.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from logging import Filter, Formatter, Logger, LogRecord, getLogger
from re import VERBOSE, Match, compile as pattern
from typing import Final, override

_OURS: Final = ContextVar("smets1_cad_private", default=False)
"""Whether what runs now, runs for a stick of ours: calls, and what its line brings."""

_LINE: Final = "serialx"
"""Its logs hold pieces of what is on the line, of any length."""

_LIBRARIES: Final = ("bellows", "zigpy", _LINE)

_LATE: Final = ("serialx.platforms.serial_esphome", "serialx.platforms.serial_rfc2217")
"""Loggers of transports that may be imported only once a port is opened."""

_SHORTEST: Final = 6
"""Octets: the shortest install code has as many, no identity has fewer."""

_OCTETS: Final = pattern(
    r"""
      (?<!\w) b? (?: '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" ) (?!:)  # literals, not keys of dicts
    | (?:[0-9a-fA-F]{2}:){8,}[0-9a-fA-F]{2}                 # keys; longer than an EUI-64
    | (?<!\w) (?:0x)? [0-9a-fA-F]{12,} (?!\w)               # a dump
    | \[ (?:(?:0x[0-9a-fA-F]{1,2}|\d{1,3}),\s*){5,} [^\]]* \]  # a list of octets
    """,
    VERBOSE,
)
_PIECES: Final = pattern(
    r"""
      (?<!\w) b (?: '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?<!\w) [0-9a-fA-F]{2} (?:[ ][0-9a-fA-F]{2})+ (?!\w)    # as RFC 2217's log has it
    | (?<=\[) [0-9a-fA-F]{2} (?=\]) | (?<=:[ ]) [0-9a-fA-F]{2} $
    """,
    VERBOSE,
)
_ESCAPED: Final = pattern(r"\\x..|\\.|.")
_FORMATTER: Final = Formatter()


@contextmanager
def private() -> Generator[None]:
    """Mark what runs inside, and the tasks and callbacks begun there, as ours."""
    token = _OURS.set(True)
    try:
        yield
    finally:
        _OURS.reset(token)


def without_octets(text: str) -> str:
    """Return a text with the octet strings in it, in any notation, told by their kind only."""
    return _OCTETS.sub(_described, text)


def _described(match: Match[str]) -> str:
    text = match.group()
    if text[-1] in "'\"":
        size = len(_ESCAPED.findall(text.removeprefix("b")[1:-1]))
        return text if size < _SHORTEST else f"<{size} octets>"
    return "<octets>"


def without_line(text: str) -> str:
    """Return a text without octet strings of any length: many short pieces make a whole."""
    return without_octets(_PIECES.sub("<octets>", text))


class _OctetFilter(Filter):
    """Takes the octet strings out of what is logged for sticks of ours."""

    @override
    def filter(self, record: LogRecord) -> bool:
        if _OURS.get():
            is_line = record.name.partition(".")[0] == _LINE
            without = without_line if is_line else without_octets
            record.msg, record.args = without(record.getMessage()), None
            if record.exc_info:
                record.exc_text = without(_FORMATTER.formatException(record.exc_info))
                record.exc_info = None
        return True


class _Concealment:
    """One filter on all loggers of these libraries, for as many sticks as are open."""

    def __init__(self) -> None:
        self._filter = _OctetFilter()
        self._holders: set[object] = set()
        self._loggers: list[Logger] = []

    def hold(self, holder: object) -> None:
        """Have it in place for a holder, until it is released."""
        if not self._holders:
            for name in _LATE:
                getLogger(name)
            self._loggers = [
                logger
                for name, logger in list(Logger.manager.loggerDict.items())
                if name.partition(".")[0] in _LIBRARIES and isinstance(logger, Logger)
            ]
            for logger in self._loggers:
                logger.addFilter(self._filter)
        self._holders.add(holder)

    def release(self, holder: object) -> None:
        """Do without it for a holder; the last one takes it away."""
        self._holders.discard(holder)
        if not self._holders:
            for logger in self._loggers:
                logger.removeFilter(self._filter)
            self._loggers = []


CONCEALMENT: Final = _Concealment()
