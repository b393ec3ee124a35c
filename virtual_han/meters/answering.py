"""How a server answers: attributes, commands, and the statuses of the ZCL for all else."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from ..clock import Clock, Instant
from ..flavours import Flavour
from ..zcl import (
    Attribute,
    FrameType,
    General,
    MalformedFrameError,
    Record,
    Status,
    ZclFrame,
    attribute_ids,
    cluster_tables,
    decode_fields,
    default_response,
    discover_attributes_response,
    discover_commands_response,
    discover_request,
    encode_fields,
    read_response,
    write_requests,
)
from .cluster import Answer, ClusterServer, Readers
from .overrides import Overrides

_HEADER: Final = 3
_REPORTING_HEAD: Final = 3
"""Direction and attribute id."""

type Servers = Mapping[tuple[int, int], ClusterServer]
"""Cluster servers by endpoint and cluster id."""


class Responder:
    """Answers requests for a set of cluster servers, as a hub of one flavour does."""

    def __init__(
        self,
        servers: Servers,
        flavour: Flavour,
        clock: Clock,
        *,
        room: int,
        overrides: Overrides,
    ) -> None:
        """Stand in front of servers.

        Args:
            servers: whom the requests are for; may grow later.
            flavour: what the hub's version has.
            clock: the time of every answer.
            room: octets of a reply, header included.
            overrides: what is answered in place of the truth.
        """
        self._servers = servers
        self._flavour = flavour
        self._clock = clock
        self._room = room
        self._overrides = overrides

    def answer(self, endpoint: int, cluster_id: int, frame: ZclFrame) -> list[ZclFrame]:
        """Return the replies to a request, each with the request's sequence number."""
        server = self._servers.get((endpoint, cluster_id))
        general = frame.frame_type is FrameType.GENERAL
        try:
            if frame.manufacturer is not None:
                status = (
                    Status.UNSUP_MANUF_GENERAL_COMMAND
                    if general
                    else Status.UNSUP_MANUF_CLUSTER_COMMAND
                )
                return [default_response(frame, status)]
            if general:
                return self._general(endpoint, cluster_id, server, frame)
            if server is None:
                return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]
            return self._command(server, frame)
        except MalformedFrameError:
            return [default_response(frame, Status.MALFORMED_COMMAND)]

    def _command(self, server: ClusterServer, frame: ZclFrame) -> list[ZclFrame]:
        offered = server.commands()
        command = cluster_tables()[server.cluster_id].received.get(frame.command)
        if (
            command is None
            or command.name not in offered
            or not self._flavour.has(command)
        ):
            return [default_response(frame, Status.UNSUP_CLUSTER_COMMAND)]
        fields = decode_fields(command, frame.payload, self._flavour.rank)
        result = server.command(command.name, fields, self._clock.instant())
        if isinstance(result, Status):
            if result is Status.SUCCESS and frame.disable_default_response:
                return []
            return [default_response(frame, result)]
        return [
            self.build(server.cluster_id, answer, sequence=frame.sequence)
            for answer in result
        ]

    def build(self, cluster_id: int, answer: Answer, *, sequence: int) -> ZclFrame:
        """Return a server's command as a frame of the hub's version."""
        command = cluster_tables()[cluster_id].command(answer.command)
        return ZclFrame(
            FrameType.CLUSTER,
            command.command_id,
            sequence,
            encode_fields(command, answer.fields, self._flavour.rank, last=answer.last),
            to_client=True,
        )

    def _general(
        self,
        endpoint: int,
        cluster_id: int,
        server: ClusterServer | None,
        frame: ZclFrame,
    ) -> list[ZclFrame]:
        room = self._room - _HEADER
        match frame.command:
            case General.READ_ATTRIBUTES:
                records = self.records(
                    endpoint, cluster_id, attribute_ids(frame.payload)
                )
                payload = read_response(records, room)
                return [
                    frame.answer(
                        FrameType.GENERAL, General.READ_ATTRIBUTES_RESPONSE, payload
                    )
                ]
            case General.DISCOVER_ATTRIBUTES:
                start, limit = discover_request(frame.payload, 2)
                known = self._known(cluster_id, server)
                payload = discover_attributes_response(
                    ((key, attribute.type) for key, (attribute, _) in known.items()),
                    start,
                    limit,
                    room,
                )
                return [
                    frame.answer(
                        FrameType.GENERAL, General.DISCOVER_ATTRIBUTES_RESPONSE, payload
                    )
                ]
            case (
                General.DISCOVER_COMMANDS_RECEIVED | General.DISCOVER_COMMANDS_GENERATED
            ) if self._flavour.discover_commands:
                return [self._discover_commands(cluster_id, server, frame, room)]
            case General.WRITE_ATTRIBUTES | General.WRITE_ATTRIBUTES_UNDIVIDED:
                return [self._refuse_writes(cluster_id, server, frame)]
            case General.WRITE_ATTRIBUTES_NO_RESPONSE:
                return []
            case General.CONFIGURE_REPORTING:
                if len(frame.payload) < _REPORTING_HEAD:
                    raise MalformedFrameError("Configure Reporting names no attribute")
                payload = (
                    bytes((Status.UNREPORTABLE_ATTRIBUTE,))
                    + frame.payload[:_REPORTING_HEAD]
                )
                return [
                    frame.answer(
                        FrameType.GENERAL, General.CONFIGURE_REPORTING_RESPONSE, payload
                    )
                ]
            case _:
                return [default_response(frame, Status.UNSUP_GENERAL_COMMAND)]

    def _known(
        self, cluster_id: int, server: ClusterServer | None
    ) -> Mapping[int, tuple[Attribute, Readers]]:
        """Return the attributes that both the version and the server have."""
        if server is None:
            return {}
        table = cluster_tables()[cluster_id].attributes
        readers = server.attributes(self._clock.instant())
        return {
            key: (attribute, readers)
            for key in readers
            if (attribute := table.get(key)) is not None
            and self._flavour.has(attribute)
        }

    def records(
        self, endpoint: int, cluster_id: int, wanted: Sequence[int]
    ) -> list[Record]:
        """Read attributes as a request does: one record each, in the order asked for."""
        at: Instant = self._clock.instant()
        server = self._servers.get((endpoint, cluster_id))
        known = self._known(cluster_id, server)
        records = []
        for key in wanted:
            if key not in known:
                records.append(Record(key, status=Status.UNSUPPORTED_ATTRIBUTE))
                continue
            attribute, readers = known[key]
            value = self._overrides.apply(
                endpoint, cluster_id, key, partial(readers[key], at)
            )
            records.append(Record(key, attribute.type, value))
        return records

    def _discover_commands(
        self, cluster_id: int, server: ClusterServer | None, frame: ZclFrame, room: int
    ) -> ZclFrame:
        start, limit = discover_request(frame.payload, 1)
        received = frame.command == General.DISCOVER_COMMANDS_RECEIVED
        known: list[int] = []
        if server is not None:
            table = cluster_tables()[cluster_id]
            known = [
                command.command_id
                for command in (
                    table.received if received else table.generated
                ).values()
                if self._flavour.has(command)
                and (not received or command.name in server.commands())
            ]
        return frame.answer(
            FrameType.GENERAL,
            General.DISCOVER_COMMANDS_RECEIVED_RESPONSE
            if received
            else General.DISCOVER_COMMANDS_GENERATED_RESPONSE,
            discover_commands_response(known, start, limit, room),
        )

    def _refuse_writes(
        self, cluster_id: int, server: ClusterServer | None, frame: ZclFrame
    ) -> ZclFrame:
        """Refuse every write: a consumer device has nothing to set in a meter."""
        known = self._known(cluster_id, server)
        payload = b""
        for key, _, _ in write_requests(frame.payload):
            status = Status.UNSUPPORTED_ATTRIBUTE
            if key in known:
                writable = known[key][0].writable
                status = Status.NOT_AUTHORIZED if writable else Status.READ_ONLY
            payload += bytes((status,)) + key.to_bytes(2, "little")
        return frame.answer(
            FrameType.GENERAL, General.WRITE_ATTRIBUTES_RESPONSE, payload
        )
