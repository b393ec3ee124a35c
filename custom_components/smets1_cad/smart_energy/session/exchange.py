"""One request at a time, and every frame of the hub through one handler."""

from asyncio import Future, Lock, get_running_loop, timeout
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, override

from zigpy.exceptions import DeliveryError, ZigbeeException
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import GENERAL_COMMANDS, GeneralCommand, Status

from ..device import ClusterEar, FrameListener, HanFrame, SmartEnergyDevice
from ..network import RadioLost
from .const import LOGGER
from .errors import HubRefused, HubSilent, KeyRefused

_READ: Final = GENERAL_COMMANDS[GeneralCommand.Read_Attributes]


@dataclass(slots=True)
class _Pending:
    """The request in flight, and what may answer it."""

    cluster: Cluster
    sequence: int
    command_id: int
    is_general: bool
    answers: frozenset[int]
    reply: Future[HanFrame]

    def is_answered_by(self, frame: HanFrame) -> bool:
        """Whether a frame is the answer, by cluster, sequence number *and* command.

        A push that happens to carry the number is one only if it is of the kind
        that was asked for; then it says the same.
        """
        if (
            frame.sequence != self.sequence
            or frame.cluster_id != self.cluster.cluster_id
            or frame.endpoint_id != self.cluster.endpoint.endpoint_id
        ):
            return False
        if _is_default_response(frame):
            return bool(frame.command.command_id == self.command_id)
        return frame.is_general == self.is_general and frame.command_id in self.answers


class Exchange(FrameListener):
    """Carries requests to the hub and frames from it.

    Every frame reaches `on_frame`, whether it answers a request or was pushed; only
    an answer to a read that comes too late goes to `on_late`. A request is sent once: trying
    again is up to whoever knows the pace.
    """

    def __init__(
        self,
        hub: SmartEnergyDevice,
        on_frame: Callable[[HanFrame], None],
        on_late: Callable[[HanFrame], None],
        reply: float,
    ) -> None:
        """Carry for one connection to a hub.

        Args:
            hub: the hub as zigpy knows it.
            on_frame: takes every frame but late answers.
            on_late: takes answers to reads that nobody waits for any more.
            reply: real seconds to wait for an answer.
        """
        self.hub: Final = hub
        self._on_frame = on_frame
        self._on_late = on_late
        self._reply_timeout = reply
        self._lock = Lock()
        self._is_finished = self._is_closed = False
        self._pending: _Pending | None = None
        self._ears: dict[int, ClusterEar] = {}
        self.late = 0
        """Answers that came when nobody waited for them any more; their values were dropped."""

    def hear(self, endpoint_id: int, cluster_ids: Iterable[int]) -> None:
        """Add server clusters of an endpoint, and listen to them."""
        endpoint = self.hub.endpoints.get(endpoint_id) or self.hub.add_endpoint(
            endpoint_id
        )
        for cluster_id in cluster_ids:
            cluster = endpoint.add_input_cluster(cluster_id)
            if id(cluster) not in self._ears:
                self._ears[id(cluster)] = ClusterEar(cluster, self)

    def cluster(self, endpoint_id: int, cluster_id: int) -> Cluster:
        """Return a server cluster that is being listened to."""
        cluster: Cluster = self.hub.endpoints[endpoint_id].in_clusters[cluster_id]
        return cluster

    async def finish(self, seconds: float) -> None:
        """Let the request in flight have its answer, for so long; no other is sent any more."""
        with suppress(TimeoutError):
            async with timeout(seconds):
                self._is_finished = await self._lock.acquire()

    def close(self) -> None:
        """Stop listening; a request in flight ends unanswered, and so does one that waits for its turn."""
        self._is_closed = True
        if self._is_finished:
            self._is_finished = False
            self._lock.release()
        for ear in self._ears.values():
            ear.close()
        self._ears.clear()
        if self._pending is not None and not self._pending.reply.done():
            self._pending.reply.set_exception(_closed())

    @override
    def frame_received(self, frame: HanFrame) -> None:
        pending = self._pending
        answers = (
            pending is not None
            and not pending.reply.done()
            and pending.is_answered_by(frame)
        )
        if (
            not answers
            and frame.is_general
            and frame.command_id == GeneralCommand.Read_Attributes_rsp
        ):
            # It is late, or came twice: newer values may have been told since.
            self.late += 1
            self._on_late(frame)
            return
        try:
            self._on_frame(frame)
        except Exception:  # noqa: BLE001 - one bad value must not cost the reply
            LOGGER.exception(
                "A frame of cluster 0x%04x broke its handler", frame.cluster_id
            )
        if answers and pending is not None and not pending.reply.done():
            pending.reply.set_result(frame)

    async def read(self, cluster: Cluster, attributes: Iterable[int]) -> HanFrame:
        """Read attributes of a server; the answer has also been through `on_frame`.

        Raises:
            HubSilent: no answer came in time.
            HubRefused: the hub answered with a failure.
            KeyRefused: the hub does not know the link key.
            EgressDenied: the gate did not let the request out.
            RadioLost: the stick stopped answering.
        """
        return await self._ask(
            cluster,
            GeneralCommand.Read_Attributes,
            _READ.schema,
            (list(attributes),),
            is_general=True,
            answers=frozenset({int(GeneralCommand.Read_Attributes_rsp)}),
        )

    async def command(
        self,
        cluster: Cluster,
        command_id: int,
        *arguments: Any,
        answers: Iterable[int],
    ) -> HanFrame:
        """Send one of the cluster's own commands and wait for one of its answers.

        Raises: as `read`.
        """
        return await self._ask(
            cluster,
            command_id,
            cluster.server_commands[command_id].schema,
            arguments,
            is_general=False,
            answers=frozenset(answers),
        )

    async def tell(self, cluster: Cluster, command_id: int, *arguments: Any) -> None:
        """Send one of the cluster's own commands that nothing answers.

        Raises: as `read`, but for the answers.
        """
        async with self._lock:
            if self._is_closed:
                raise _closed()
            await self._send(
                cluster,
                command_id,
                cluster.server_commands[command_id].schema,
                arguments,
                is_general=False,
                sequence=self.hub.get_sequence(),
            )

    async def _ask(
        self,
        cluster: Cluster,
        command_id: int,
        schema: Any,
        arguments: tuple[Any, ...],
        *,
        is_general: bool,
        answers: frozenset[int],
    ) -> HanFrame:
        async with self._lock:
            if self._is_closed:
                raise _closed()
            sequence = self.hub.get_sequence()
            reply: Future[HanFrame] = get_running_loop().create_future()
            self._pending = _Pending(
                cluster, sequence, int(command_id), is_general, answers, reply
            )
            try:
                async with timeout(self._reply_timeout):
                    await self._send(
                        cluster,
                        command_id,
                        schema,
                        arguments,
                        is_general=is_general,
                        sequence=sequence,
                    )
                    frame = await reply
            except TimeoutError as err:
                raise HubSilent(
                    "The hub did not answer. It is asked again; if it stays silent, move the stick nearer to it."
                ) from err
            finally:
                self._pending = None
                reply.cancel()
        if _is_default_response(frame) and not _is_success(frame):
            raise _refusal(frame)
        return frame

    async def _send(
        self,
        cluster: Cluster,
        command_id: int,
        schema: Any,
        arguments: tuple[Any, ...],
        *,
        is_general: bool,
        sequence: int,
    ) -> None:
        try:
            await cluster.request(
                is_general,
                command_id,
                schema,
                *arguments,
                tsn=sequence,
                expect_reply=False,
                ask_for_ack=True,
                retries=0,
            )
        except DeliveryError as err:
            raise HubSilent(
                "The hub did not acknowledge a request. It is asked again; if it stays, move the stick nearer to it."
            ) from err
        except ZigbeeException as err:
            raise RadioLost(
                "The stick does not take requests. It is opened again."
            ) from err


def _closed() -> HubSilent:
    return HubSilent("The connection was closed.")


def _is_default_response(frame: HanFrame) -> bool:
    return frame.is_general and frame.command_id == GeneralCommand.Default_Response


def _is_success(frame: HanFrame) -> bool:
    return bool(frame.command.status == Status.SUCCESS)


def _refusal(frame: HanFrame) -> HubRefused | KeyRefused:
    status = int(frame.command.status)
    if status == Status.FAILURE and not frame.encrypted:
        return KeyRefused(
            "The hub does not know the CAD's link key. Key establishment is run again."
        )
    return HubRefused(
        f"The hub answered with ZCL status 0x{status:02X}. It is asked again later.",
        status=status,
    )
