"""Looks on at one network, and writes down what was asked for and what breaks the rules."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from ..aps import EndpointDescription, Fuel
from ..frames import ApsFrame
from ..hub import Member
from ..zcl import FrameType, General, MalformedFrameError, ZclFrame, read_records
from ..zdo import ZdoCluster
from . import rules
from .memory import Flights, Key, Knowledge, Lane
from .rules import Breach, Item, Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """One frame that reached the hub.

    Attributes:
        at: when, in the network's time, as seconds.
        endpoint: the hub's endpoint.
        cluster: the cluster, or the ZDO request where the endpoint is 0.
        command: the ZCL command; None for ZDO.
        cluster_specific: whether the command is the cluster's own.
        attributes: those of Read Attributes.
        encrypted: whether it came under the link key.
        fuel: what the endpoint speaks of, on the clusters that are paced.
    """

    at: float
    endpoint: int
    cluster: int
    command: int | None = None
    cluster_specific: bool = False
    attributes: tuple[int, ...] = ()
    encrypted: bool = False
    fuel: Fuel | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: when, which, and the request in words."""

    at: float
    breach: Breach
    detail: str


class Referee:
    """Watches one network."""

    def __init__(
        self,
        now: Callable[[], float],
        endpoints: Callable[[], Sequence[EndpointDescription]],
        *,
        answer_time: float = 10.0,
        real_time: Callable[[], float] = monotonic,
    ) -> None:
        """Look on.

        Args:
            now: the network's time in seconds.
            endpoints: the hub's.
            answer_time: real seconds for which an answer is to be waited for.
            real_time: those seconds.
        """
        self.requests: list[Request] = []
        self.findings: list[Finding] = []
        self._now = now
        self._endpoints = endpoints
        self._lanes = {fuel: Lane(fuel) for fuel in Fuel}
        self._flights = Flights(answer_time, real_time)
        self._known: Knowledge | None = None
        self._unanswered: dict[Key, list[Item]] = {}

    def counts(self) -> dict[str, int]:
        """Return how often each rule was broken; every rule is named."""
        found = Counter(finding.breach for finding in self.findings)
        return {breach.value: found[breach] for breach in Breach}

    def asked(
        self, fuel: Fuel, cluster: int, attribute: int | None = None
    ) -> list[datetime]:
        """Return when something was asked for: all that anybody can know since.

        Args:
            fuel: whose meter, or whose prices.
            cluster: Metering or Price.
            attribute: which; anything at all by default.
        """
        return [
            datetime.fromtimestamp(request.at, UTC)
            for request in self.requests
            if (request.fuel, request.cluster) == (fuel, cluster)
            and (attribute is None or attribute in request.attributes)
        ]

    def clear(self) -> None:
        """Forget requests and findings, not what pacing and knowledge need."""
        self.requests.clear()
        self.findings.clear()

    def _find(self, *verdicts: Verdict) -> None:
        self.findings.extend(Finding(self._now(), *verdict) for verdict in verdicts)

    def stick_command(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Look at a command that the host gives its stick."""
        if rules.begins_anew(name):
            self._flights.clear()
        if breach := rules.of_stick_command(name, arguments):
            self._find((breach, name))

    def request(self, member: Member, frame: ApsFrame) -> None:
        """Look at a frame that reached the hub."""
        if self._known is None or self._known.member is not member:
            self._known = Knowledge(member)
        if frame.destination_endpoint == 0:
            self._zdo(frame, self._known)
            return
        self._find(*rules.of_delivery(frame))
        try:
            zcl = ZclFrame.from_bytes(frame.payload)
        except MalformedFrameError:
            self._find((Breach.NOT_ALLOWED, f"{rules.name(frame)}: no ZCL frame"))
            return
        if frame.cluster_id == rules.KEY_ESTABLISHMENT:
            self._known.doubt()
        self._record(frame, zcl)
        self._find(*rules.of_frame(frame, zcl))
        key = frame.destination_endpoint, frame.cluster_id, zcl.sequence
        if rules.wants_answer(frame, zcl):
            self._flights.begin(key, rules.name(frame))
        if items := rules.items(frame, zcl):
            self._unanswered[key] = items
            self._judge(frame, items, self._known)

    def delivered(self, frame: ApsFrame) -> None:
        """Look at a frame that reached the device's host: what it answers is known from now on."""
        try:
            zcl = ZclFrame.from_bytes(frame.payload)
        except MalformedFrameError:
            return
        if self._known is not None and rules.tells_of_firmware(frame, zcl):
            self._known.doubt()
        endpoint, cluster = frame.source_endpoint, frame.cluster_id
        key = endpoint, cluster, zcl.sequence
        where = f"endpoint {endpoint} cluster 0x{cluster:04X}"
        self._find(
            *(
                (Breach.OVERLAP, f"{name}: asked before {where} had answered")
                for name in self._flights.land(key)
            )
        )
        asked = self._unanswered.pop(key, None)
        if asked is None or self._known is None:
            return
        if (
            zcl.frame_type is FrameType.GENERAL
            and zcl.command == General.READ_ATTRIBUTES_RESPONSE
        ):
            records = read_records(zcl.payload)
            statuses = {record.attribute_id: record.status for record in records}
            self._known.unsupported.update(
                item for item in asked if statuses.get(item.number)
            )
            asked = [item for item in asked if item.number in statuses]
            self._known.listen(endpoint, cluster, records)
        self._known.learn(asked, self._now())
        if (fuel := self._fuel(endpoint, cluster)) is not None:
            self._lanes[fuel].answered.update(asked)

    def _zdo(self, frame: ApsFrame, known: Knowledge) -> None:
        self.requests.append(
            Request(self._now(), 0, frame.cluster_id, encrypted=frame.encrypted)
        )
        if frame.cluster_id == ZdoCluster.DEVICE_ANNCE:
            known.doubt()
        self._find(*rules.of_zdo(frame))

    def _record(self, frame: ApsFrame, zcl: ZclFrame) -> None:
        self.requests.append(
            Request(
                at=self._now(),
                endpoint=frame.destination_endpoint,
                cluster=frame.cluster_id,
                command=zcl.command,
                cluster_specific=zcl.frame_type is FrameType.CLUSTER,
                attributes=rules.attributes(zcl),
                encrypted=frame.encrypted,
                fuel=self._fuel(frame.destination_endpoint, frame.cluster_id),
            )
        )

    def _judge(self, frame: ApsFrame, items: Iterable[Item], known: Knowledge) -> None:
        """Judge a request for information: was it known, and is it time?"""
        name, now = rules.name(frame), self._now()
        for item in items:
            if breach := known.ask(item, now):
                self._find((breach, f"{name}: {item}"))
        fuel = self._fuel(frame.destination_endpoint, frame.cluster_id)
        changing = [item for item in items if not item.is_static]
        if fuel is None or not changing:
            return
        if verdict := self._lanes[fuel].ask(changing, now):
            breach, why = verdict
            self._find((breach, f"{name}: {why}"))

    def _fuel(self, endpoint: int, cluster: int) -> Fuel | None:
        if cluster not in rules.PACED:
            return None
        return next(
            (item.fuel for item in self._endpoints() if item.endpoint == endpoint), None
        )
