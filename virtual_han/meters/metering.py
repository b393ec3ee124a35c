"""The Metering cluster: attributes, half-hourly profile, samples and daily snapshots."""

from collections.abc import Mapping
from typing import Final

from ..aps import Fuel
from ..clock import HALF_HOUR, Instant
from ..flavours import Flavour
from ..zcl import TYPES, FieldValue, Status, Value, cluster_tables, encode
from .cluster import Answer, ClusterServer, Readers, Result, number
from .meter import Meter
from .metering_attributes import metering_attributes
from .register import Register

METERING: Final = 0x0702

_PROFILE_OVERHEAD: Final = 10
"""Octets of a GetProfileResponse around its intervals: header, end time, status, period, count."""
_SAMPLES_OVERHEAD: Final = 14
_INTERVAL: Final = 3
_ALTERNATIVE_UNIT: Final = 0x0312
_ALTERNATIVES: Final = range(0x0C00, 0x0D00)

_OK, _UNDEFINED_CHANNEL, _CHANNEL_NOT_SUPPORTED, _INVALID_END, _TOO_MANY, _NONE = range(
    6
)
_HALF_HOURLY: Final = 2
_REACTIVE_CHANNELS: Final = (2, 3)

PROFILE_LOG: Final = 0x0000
"""The sample id of the half-hourly log."""

SNAPSHOT_DAYS: Final = 14
_SCHEDULED_SNAPSHOT: Final = 0x0001_0000
_TOU_WITHOUT_BILLING: Final = 4


class MeteringServer(ClusterServer):
    """Serves one meter."""

    cluster_id = METERING

    def __init__(self, meter: Meter, flavour: Flavour, room: int) -> None:
        """Serve a meter as a hub of that flavour does, with so many octets to a frame."""
        self.meter = meter
        self._flavour = flavour
        self._periods = (room - _PROFILE_OVERHEAD) // _INTERVAL
        self._samples = (room - _SAMPLES_OVERHEAD) // _INTERVAL

    def attributes(self, at: Instant) -> Readers:
        """Return what the meter holds."""
        periods = self._periods if self._flavour.profile else 0
        readers = metering_attributes(self.meter, at, profile_periods=periods)
        if self._flavour.has(cluster_tables()[METERING].attributes[_ALTERNATIVE_UNIT]):
            return readers
        # A hub that cannot name the other unit does not count in it either,
        # though the tables date some of these counters with the first version.
        return {
            key: reader for key, reader in readers.items() if key not in _ALTERNATIVES
        }

    def commands(self) -> frozenset[str]:
        """Return what the meter can be asked for."""
        names = {"RequestFastPollMode", "GetSnapshot", "GetSampledData"}
        if self._flavour.profile:
            names.add("GetProfile")
        return frozenset(names)

    def command(
        self, name: str, fields: Mapping[str, FieldValue], at: Instant
    ) -> Result:
        """Answer a request for logs or faster polling."""
        match name:
            case "GetProfile":
                return [self._profile(fields, at)]
            case "GetSampledData":
                return self._sampled(fields, at)
            case "GetSnapshot":
                return self._snapshot(fields, at)
            case _:
                return [self._fast_poll(fields, at)]

    def _channel(self, channel: int) -> Register | None:
        return {0: self.meter.delivered, 1: self.meter.received}.get(channel)

    def _interval(self, register: Register, half_hour: int) -> Value:
        """Return what flowed in a half hour in the meter's own units; None where it was lost."""
        if half_hour in self.meter.missing:
            return None
        start = half_hour * HALF_HOUR
        return self.meter.difference(register, start, start + HALF_HOUR)

    def _last_complete(self, at: Instant) -> int:
        """Return the half hour that ended last."""
        return self.meter.as_of(at) // HALF_HOUR - 1

    def _first_logged(self) -> int:
        return -(-self.meter.log_start // HALF_HOUR)

    def _profile(self, fields: Mapping[str, FieldValue], at: Instant) -> Answer:
        """Return half hours, newest first, behind the end of the newest of them."""
        channel = number(fields, "intervalChannel", 0xFF)
        end = number(fields, "endTime") or at
        wanted = number(fields, "numberOfPeriods")
        register = self._channel(channel)
        status, intervals = _OK, list[Value]()
        newest = min(end // HALF_HOUR - 1, self._last_complete(at))
        if register is None:
            gas_received = channel == 1 and self.meter.fuel is Fuel.GAS
            unsupported = gas_received or channel in _REACTIVE_CHANNELS
            status = _CHANNEL_NOT_SUPPORTED if unsupported else _UNDEFINED_CHANNEL
        elif end > at:
            status = _INVALID_END
        else:
            count = min(wanted, self._periods, newest - self._first_logged() + 1)
            intervals = [
                self._interval(register, newest - back) for back in range(count)
            ]
            if not intervals:
                status = _NONE
            elif wanted > self._periods:
                status = _TOO_MANY
        return Answer(
            "GetProfileResponse",
            {
                "endTime": (newest + 1) * HALF_HOUR if intervals else 0,
                "status": status,
                "profileIntervalPeriod": _HALF_HOURLY,
                "numberOfPeriodsDelivered": len(intervals),
                "intervals": intervals,
            },
        )

    def _sampled(self, fields: Mapping[str, FieldValue], at: Instant) -> Result:
        """Return half hours, oldest first, from the earliest asked for."""
        kind = number(fields, "sampleType", 0xFF)
        register = self._channel(kind)
        if number(fields, "sampleId", 0xFFFF) != PROFILE_LOG or register is None:
            return Status.NOT_FOUND
        first = max(
            -(-number(fields, "earliestSampleTime") // HALF_HOUR), self._first_logged()
        )
        count = min(
            number(fields, "numberOfSamples"),
            self._samples,
            self._last_complete(at) - first + 1,
        )
        if count <= 0:
            return Status.NOT_FOUND
        samples = [self._interval(register, first + step) for step in range(count)]
        return [
            Answer(
                "GetSampledDataResponse",
                {
                    "sampleId": PROFILE_LOG,
                    "sampleStartTime": first * HALF_HOUR,
                    "sampleType": kind,
                    "sampleRequestInterval": HALF_HOUR,
                    "numberOfSamples": count,
                    "samples": samples,
                },
            )
        ]

    def _snapshot(self, fields: Mapping[str, FieldValue], at: Instant) -> Result:
        """Return one midnight's registers: the offset counts from the oldest that fits."""
        cause = number(fields, "snapshotCause", 0xFFFF_FFFF)
        earliest = number(fields, "earliestStartTime")
        latest = number(fields, "latestEndTime", at) or at
        offset = number(fields, "snapshotOffset")
        midnights = [
            midnight
            for days in range(SNAPSHOT_DAYS - 1, -1, -1)
            if (midnight := self.meter.day_start(self.meter.as_of(at), -days))
            >= earliest
            and self.meter.log_start <= midnight <= min(latest, at)
        ]
        if not cause & _SCHEDULED_SNAPSHOT or offset >= len(midnights):
            return Status.NOT_FOUND
        midnight = midnights[offset]
        return [
            Answer(
                "PublishSnapshot",
                {
                    "snapshotId": midnight // 86_400,
                    "snapshotTime": midnight,
                    "totalSnapshotsFound": len(midnights),
                    "commandIndex": 0,
                    "totalCommands": 1,
                    "snapshotCause": _SCHEDULED_SNAPSHOT,
                    "snapshotPayloadType": _TOU_WITHOUT_BILLING,
                    "snapshotPayload": self._snapshot_payload(midnight),
                },
            )
        ]

    def _snapshot_payload(self, midnight: Instant) -> bytes:
        """Lay out the summation and, since the meter was installed, its tiers."""
        meter, u48 = self.meter, TYPES["uint48"]
        tiers = []
        if midnight >= meter.installed:
            books = meter.books(midnight)
            tiers = [
                books.tiers[tier] for tier in meter.schedule.at(midnight).tariff.tiers
            ]
        return (
            encode(u48, meter.raw(meter.delivered.reading(midnight)))
            + bytes((len(tiers),))
            + b"".join(encode(u48, meter.raw(tier)) for tier in tiers)
        )

    def _fast_poll(self, fields: Mapping[str, FieldValue], at: Instant) -> Answer:
        """Grant faster polling for at most fifteen minutes, at no less than five seconds."""
        period = max(5, number(fields, "fastPollUpdatePeriod"))
        duration = min(15, number(fields, "duration"))
        return Answer(
            "RequestFastPollModeResponse",
            {"appliedUpdatePeriod": period, "fastPollModeEndtime": at + 60 * duration},
        )
