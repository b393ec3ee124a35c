"""Everything that lives as long as one connection to a hub."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..const import ClusterId
from ..device import HanFrame
from .context import Context
from .exchange import Exchange
from .keepalive import KeepAlive
from .keying import KeyExchange
from .reader import Reader

type LinkListener = Callable[[HanFrame], None]


class HubLink:
    """A hub within reach: exchange, reader and keep-alive over one connection."""

    def __init__(self, context: Context, listener: LinkListener) -> None:
        """Listen to every server in the record."""
        self._listener = listener
        self._keys: KeyExchange | None = None
        record = context.record
        self.exchange = Exchange(
            context.radio.hub, self._take, self._learn, context.timings.reply
        )
        for number, place in record.endpoints.items():
            self.exchange.hear(number, place.clusters)
        context.gate.set_fuels(
            {
                number: place.fuel
                for number, place in record.endpoints.items()
                if place.fuel is not None
            }
        )
        self.reader = Reader(
            self.exchange,
            record,
            context.gate,
            context.clock,
            context.config.interests,
        )
        self.keep_alive = KeepAlive(self.exchange, record, context.timings)

    @contextmanager
    def handing_keys_to(self, keys: KeyExchange) -> Iterator[None]:
        """Hand frames of key establishment to an exchange while it runs."""
        self._keys = keys
        try:
            yield
        finally:
            self._keys = None

    def close(self) -> None:
        """Stop listening."""
        self.exchange.close()

    def _take(self, frame: HanFrame) -> None:
        if frame.cluster_id == ClusterId.KEY_ESTABLISHMENT:
            if self._keys is not None:
                self._keys.frame_received(frame)
            return
        self.reader.frame_received(frame)
        self._listener(frame)

    def _learn(self, frame: HanFrame) -> None:
        """Take from a late answer what the hub has; its values are out of date."""
        self.reader.frame_received(frame)
