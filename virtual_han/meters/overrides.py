"""Values that a server gives in place of the true ones, for faults."""

from collections.abc import Callable

from ..zcl import Value, ZclError, cluster_tables, encode

type Where = tuple[int | None, int, int]
"""Endpoint (None for any), cluster and attribute."""


class Overrides:
    """What is to be answered whatever the meter says; None is the type's "no value"."""

    def __init__(self) -> None:
        """Start with the truth."""
        self._values: dict[Where, Value] = {}

    def set(
        self,
        cluster_id: int,
        attribute_id: int,
        value: Value,
        *,
        endpoint: int | None = None,
    ) -> None:
        """Answer a value for an attribute, on one endpoint or on all.

        Raises:
            ZclError: there is no such attribute, or the value is not of its type.
        """
        table = cluster_tables().get(cluster_id)
        attribute = None if table is None else table.attributes.get(attribute_id)
        if attribute is None:
            raise ZclError(
                f"No attribute {attribute_id:#06x} in cluster {cluster_id:#06x}"
            )
        encode(attribute.type, value)
        self._values[endpoint, cluster_id, attribute_id] = value

    def clear(self) -> None:
        """Return to the truth."""
        self._values.clear()

    def apply(
        self,
        endpoint: int,
        cluster_id: int,
        attribute_id: int,
        truth: Callable[[], Value],
    ) -> Value:
        """Return what is answered."""
        for where in (
            (endpoint, cluster_id, attribute_id),
            (None, cluster_id, attribute_id),
        ):
            if where in self._values:
                return self._values[where]
        return truth()
