"""The stick's firmware: EZSP commands on one side, the Zigbee stack on the other."""

import asyncio
from collections.abc import Callable, Mapping
import logging
from random import Random
from typing import Any

from ..air import Air
from ..errors import FrameError
from ..frames import ApsFrame
from . import info_commands, message_commands, network_commands, security_commands
from .cbke import StickCbke
from .ezsp import (
    DEFAULT_VERSION,
    Codec,
    Request,
    Values,
    legacy_version_response,
    version_request,
)
from .firmware import Handler
from .flash import Flash
from .message_commands import incoming_message, message_sent
from .sender import Timing
from .serial import SerialLine
from .stack import Stack
from .status import Status

LOGGER = logging.getLogger(__package__)

HANDLERS: Mapping[str, Handler] = {
    **info_commands.HANDLERS,
    **network_commands.HANDLERS,
    **message_commands.HANDLERS,
    **security_commands.HANDLERS,
}

type CommandObserver = Callable[[str, dict[str, Any]], None]


class Ncp:
    """One stick. It serves one host at a time, as a serial port does."""

    def __init__(
        self,
        air: Air,
        flash: Flash,
        *,
        version: int = DEFAULT_VERSION,
        cbke_suites: frozenset[int] = frozenset(),
        random: Random | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Build a stick.

        Args:
            air: where it transmits.
            flash: what it holds.
            version: the EZSP version of its firmware: 8, 13, 14 or 18.
            cbke_suites: bits of the suites that its firmware can compute.
            random: for its ephemeral keys; seeded, so that runs repeat.
            timing: how long its stack waits.
        """
        self.codec = Codec(version)
        self.flash = flash
        self.stack = Stack(air, flash, self, timing)
        self.cbke = StickCbke(flash, random or Random(flash.eui64), cbke_suites)
        self.configuration: dict[int, int] = {}
        self.values: dict[int, bytes] = {}
        self.observers: list[CommandObserver] = []
        self.listeners: list[Callable[[ApsFrame], None]] = []
        self._line: SerialLine | None = None
        self._greeted = False

    @property
    def version(self) -> int:
        """The EZSP version."""
        return self.codec.version

    # The serial line.

    def line_connected(self, line: SerialLine) -> None:
        """Serve a host; whoever was served before is cut off."""
        previous, self._line = self._line, line
        if previous is not None:
            previous.close()

    def line_lost(self, line: SerialLine) -> None:
        """Keep the network up while nobody listens, as a stick with power does."""
        if self._line is line:
            self._line = None

    def line_reset(self, line: SerialLine) -> None:
        """Start the firmware afresh."""
        if self._line is line:
            self.restart()

    def restart(self) -> None:
        """Forget all that flash does not hold, and apply what it does."""
        self._greeted = False
        self.configuration.clear()
        self.values.clear()
        self.cbke.forget()
        security_commands.apply_tokens(self.flash)
        self.stack.reset()

    def reset(self, code: int) -> None:
        """Reset of its own accord, and tell the host why."""
        if self._line is not None:
            self._line.reset(code)
        else:
            self.restart()

    def unplug(self, *, in_mid_frame: bool = False) -> None:
        """Cut the serial connection; the firmware runs on."""
        if self._line is not None:
            if in_mid_frame:
                self._line.cut()
            else:
                self._line.close()

    def frame_received(self, line: SerialLine, frame: bytes) -> None:
        """Carry out one EZSP command."""
        if self._line is not line:
            return
        try:
            if not self._greeted:
                sequence, _ = version_request(frame)
                self._greeted = True
                line.send(legacy_version_response(sequence, self.version))
                return
            request = self.codec.decode(frame)
        except FrameError as err:
            LOGGER.debug("The stick ignores a command: %s", err)
            return
        line.send(self._answer(request))

    def _answer(self, request: Request) -> bytes:
        if not request.name:
            return self.codec.invalid(request)
        for observer in self.observers:
            observer(request.name, request.arguments)
        handler = HANDLERS.get(request.name)
        if handler is None:
            # The rest acts on nothing that is modelled here: success, in zeros.
            return self.codec.response(request, {})
        return self.codec.response(request, handler(self, request.arguments))

    def callback(self, name: str, values: Values) -> None:
        """Send a callback once the command in hand has been answered."""
        asyncio.get_running_loop().call_soon(self._send_callback, name, values)

    def _send_callback(self, name: str, values: Values) -> None:
        if self._line is not None and self._greeted and self.codec.has(name):
            self._line.send(self.codec.callback(name, values))

    # Events of the stack.

    def network_status(self, status: Status) -> None:
        """Tell the host that the network is up, down, or was not joined."""
        self.callback("stackStatusHandler", {"status": status})

    def message_received(self, frame: ApsFrame, sender: int, destination: int) -> None:
        """Hand the host a message."""
        for listener in self.listeners:
            listener(frame)
        self.callback(
            "incomingMessageHandler", incoming_message(self, frame, sender, destination)
        )

    def message_sent(
        self, tag: int, destination: int, frame: ApsFrame, status: Status
    ) -> None:
        """Tell the host what became of its message."""
        self.callback(
            "messageSentHandler", message_sent(tag, destination, frame, status)
        )

    def network_key_switched(self, sequence: int) -> None:
        """Tell the host that the network key has changed."""
        self.callback("switchNetworkKeyHandler", {"sequenceNumber": sequence})
