"""Whom one more reading concerns.

A meter is read every ten seconds, and most readings say two or three of its fields. Only
what shows one of these is asked whether it has changed.
"""

from homeassistant.core import CALLBACK_TYPE, callback

from ..cad.models import Fuel

type News = Fuel | tuple[Fuel, str]
"""Of a meter: one more reading; or a field that a reading says, or that stands no longer."""


def says(fuel: Fuel, *fields: str) -> frozenset[News]:
    """Return the news of some fields.

    Args:
        fuel: of which meter.
        fields: of its reading, as in `cad.models`.
    """
    return frozenset((fuel, name) for name in fields)


class Audience:
    """Who wants to be told of what."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._told_of: dict[News, list[CALLBACK_TYPE]] = {}
        self._found: dict[tuple[Fuel, frozenset[str]], tuple[CALLBACK_TYPE, ...]] = {}

    @callback
    def add(
        self, listener: CALLBACK_TYPE, news: frozenset[News] | None
    ) -> CALLBACK_TYPE:
        """Add a listener until the returned function is called.

        Args:
            listener: what to call.
            news: of what; None is any reading.
        """
        wanted = frozenset[News](Fuel) if news is None else news
        for one in wanted:
            self._told_of.setdefault(one, []).append(listener)
        self._found.clear()

        @callback
        def remove() -> None:
            for one in wanted:
                self._told_of[one].remove(listener)
            self._found.clear()

        return remove

    def concerned(
        self, fuel: Fuel, fields: frozenset[str]
    ) -> tuple[CALLBACK_TYPE, ...]:
        """Return whom a reading of a meter concerns, each once.

        Args:
            fuel: the meter's.
            fields: what the reading says, and what stands no longer.
        """
        # A meter says the same few fields again and again.
        if (known := self._found.get((fuel, fields))) is not None:
            return known
        told_of = self._told_of
        found = dict.fromkeys(told_of.get(fuel, ()))
        for name in sorted(fields):
            found |= dict.fromkeys(told_of.get((fuel, name), ()))
        return self._found.setdefault((fuel, fields), tuple(found))
