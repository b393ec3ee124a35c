"""What every cluster server of the virtual network has in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..clock import Instant
from ..zcl import Fields, FieldValue, Status, Value

type Reader = Callable[[Instant], Value]
"""Gives an attribute's value at an instant; None is "no value"."""

type Readers = Mapping[int, Reader]
"""An attribute's reader by its id."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A command that a server sends.

    Attributes:
        command: its name in the tables.
        fields: its values.
        last: the field after which the payload ends; None for all of them.
    """

    command: str
    fields: Fields
    last: str | None = None


type Result = Sequence[Answer] | Status
"""Commands that answer a request, or a status for a Default Response."""


class ClusterServer:
    """One cluster on one endpoint."""

    cluster_id: int

    def attributes(self, at: Instant) -> Readers:
        """Return the attributes that it holds; the hub's version leaves out what it lacks."""
        return {}

    def commands(self) -> frozenset[str]:
        """Return the names of the requests that it answers."""
        return frozenset()

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Answer a request that `commands` names."""
        raise NotImplementedError


def constant(value: Value) -> Reader:
    """Return a reader of something that does not change with time."""
    return lambda at: value


def text(value: str) -> Reader:
    """Return a reader of a string."""
    return constant(value.encode())


def number(fields: Mapping[str, FieldValue], name: str, absent: int = 0) -> int:
    """Return a numeric field; its "no value" or its absence as the number given."""
    value = fields.get(name)
    return value if isinstance(value, int) else absent
