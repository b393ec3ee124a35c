"""What the hub's frames mean: replies and pushes alike become updates."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from ...cad.clock import Clock
from ...cad.models import (
    CadUpdate,
    CustomerNotice,
    Fuel,
    MeterIdentity,
    SupplierIdentity,
    SupplierMessage,
    TenancyChange,
)
from ..const import ClusterId
from ..device import HanFrame
from ..errors import ProfileRefusedError
from ..quirks import NO_QUIRK, Quirk
from ..values.message import display_message
from ..values.metering import MeterScaling, meter_reading
from ..values.prepayment import prepayment
from ..values.price import label_text
from ..values.profile import Channel, profile_from_response, profile_from_samples
from ..values.status import MeterKind
from ..values.time import UTC_INVALID, UTC_NOW, utc_from_raw
from .const import LOGGER
from .deviations import HalfHourCheck, quirk_of
from .discovery import endpoints_with
from .record import EndpointRecord, HanRecord
from .static import changing
from .tariff_book import TariffBook

_BLOCK: Final = 0x000E
_DEVICE_TYPE: Final = 0x0306
_SITE_ID: Final = 0x0307
_SERIAL_NUMBER: Final = 0x0308
_BASIC_APPLICATION: Final = 0x0001
"""Stands for the software build at devices that are older than that."""
_BASIC_MANUFACTURER: Final = 0x0004
_BASIC_MODEL: Final = 0x0005
_BASIC_HARDWARE: Final = 0x0003
_BASIC_BUILD: Final = 0x4000
_PROVIDER_ID: Final = 0x0100
_PROVIDER_NAME: Final = 0x0101


class Teller:
    """Turns frames of one hub into updates; keeps what several frames tell together."""

    def __init__(self, record: HanRecord, clock: Clock) -> None:
        """Read frames with the scaling in a record."""
        self.record = record
        self._clock = clock
        self._books = {fuel: TariffBook(fuel) for fuel in Fuel}
        self._quirks: dict[int, Quirk] = {}
        self._scalings: dict[int, MeterScaling] = {}
        self._half_hours = HalfHourCheck()
        self.channel = Channel.DELIVERED
        """The channel of the profile asked for last; the response does not say it."""
        self._commands: dict[
            tuple[int, int],
            Callable[[EndpointRecord, Any, datetime], Iterator[CadUpdate]],
        ] = {
            (ClusterId.PRICE, 0x00): self._price,
            (ClusterId.PRICE, 0x02): self._conversion_factor,
            (ClusterId.PRICE, 0x03): self._calorific_value,
            (ClusterId.PRICE, 0x04): self._tariff_information,
            (ClusterId.PRICE, 0x05): self._price_matrix,
            (ClusterId.MESSAGING, 0x00): self._message,
            (ClusterId.MESSAGING, 0x01): self._message_cancelled,
            (ClusterId.MESSAGING, 0x02): self._message,
            (ClusterId.DEVICE_MANAGEMENT, 0x00): self._tenancy,
            (ClusterId.DEVICE_MANAGEMENT, 0x01): self._supplier,
            (ClusterId.DEVICE_MANAGEMENT, 0x03): self._site,
            (ClusterId.DEVICE_MANAGEMENT, 0x06): self._customer,
        }

    def tell(self, frame: HanFrame) -> list[CadUpdate]:
        """Return what a frame says; nothing for one that says nothing to people."""
        number, cluster_id = frame.endpoint_id, frame.cluster_id
        place = self.record.endpoints.get(number)
        if place is None:
            return []
        now = self._clock.now_utc()
        if frame.attributes is not None:
            read = changing(cluster_id, frame.attributes.values)
            return (
                self._attributes(number, place, cluster_id, read, now) if read else []
            )
        if frame.is_general:
            return []
        if cluster_id == ClusterId.METERING:
            return list(self._profile(number, frame))
        told = self._commands.get((cluster_id, frame.command_id))
        return [] if told is None else list(told(place, frame.command, now))

    def identities(self) -> list[CadUpdate]:
        """Return who the meters and the supplier are, from what was read once."""
        told: list[CadUpdate] = []
        for number in endpoints_with(self.record, ClusterId.METERING):
            place = self.record.endpoints[number]
            if place.fuel is None:
                continue
            meter = self._static(number, ClusterId.METERING)
            basic = self._static(number, ClusterId.BASIC)
            device_type = meter.get(_DEVICE_TYPE)
            kind = MeterKind.from_raw(
                device_type if isinstance(device_type, int) else None
            )
            told.append(
                MeterIdentity(
                    fuel=place.fuel,
                    site_id=label_text(meter.get(_SITE_ID)) or None,
                    serial_number=label_text(meter.get(_SERIAL_NUMBER)) or None,
                    eui64=self.record.trust_centre,
                    manufacturer=label_text(basic.get(_BASIC_MANUFACTURER)),
                    model=label_text(basic.get(_BASIC_MODEL)),
                    hardware_version=str(basic.get(_BASIC_HARDWARE, "")),
                    firmware_version=label_text(basic.get(_BASIC_BUILD))
                    or str(basic.get(_BASIC_APPLICATION, "")),
                    mirrored=kind is not None and kind.mirrored,
                )
            )
        for number in endpoints_with(self.record, ClusterId.DEVICE_MANAGEMENT):
            place = self.record.endpoints[number]
            known = self._static(number, ClusterId.DEVICE_MANAGEMENT)
            provider = known.get(_PROVIDER_ID)
            if known:
                told.append(
                    SupplierIdentity(
                        fuel=place.fuel or Fuel.ELECTRICITY,
                        provider_id=provider if isinstance(provider, int) else None,
                        name=label_text(known.get(_PROVIDER_NAME)),
                    )
                )
        return told

    def _static(self, number: int, cluster_id: int) -> dict[int, object]:
        """Return static attributes as a device without quirks would have them."""
        raw = self.record.endpoints[number].static_of(cluster_id)
        return self._quirk(number).attributes(cluster_id, raw)

    def _quirk(self, number: int) -> Quirk:
        if number not in self._quirks:
            self._quirks[number] = quirk_of(self.record, number)
        return self._quirks[number]

    def _scaling(self, number: int) -> MeterScaling:
        if number not in self._scalings:
            self._scalings[number] = MeterScaling.from_attributes(
                self._static(number, ClusterId.METERING),
                bcd_scale=self._quirk(number).bcd_scale,
            )
        return self._scalings[number]

    def rescale(self) -> None:
        """Take the quirks and the scaling from the record anew."""
        self._quirks.clear()
        self._scalings.clear()

    def _book(self, place: EndpointRecord) -> TariffBook:
        return self._books[place.fuel or Fuel.ELECTRICITY]

    def _attributes(
        self,
        number: int,
        place: EndpointRecord,
        cluster_id: int,
        read: Mapping[int, object],
        now: datetime,
    ) -> list[CadUpdate]:
        quirk = self._quirks.get(number) or self._quirk(number)
        if quirk is not NO_QUIRK:
            read = quirk.attributes(cluster_id, read)
        if cluster_id == ClusterId.METERING:
            return self._reading(number, place, read, now)
        if cluster_id == ClusterId.PRICE:
            self._book(place).take_attributes(read)
            return list(self._tariff(place, now))
        if cluster_id == ClusterId.PREPAYMENT:
            fuel = place.fuel or Fuel.ELECTRICITY
            return [prepayment(read, fuel=fuel, received_at=now)]
        return []

    def _reading(
        self,
        number: int,
        place: EndpointRecord,
        read: Mapping[int, object],
        now: datetime,
    ) -> list[CadUpdate]:
        if place.fuel is None:
            return []
        reading = meter_reading(
            self._scalings.get(number) or self._scaling(number),
            read,
            received_at=now,
            conversion=self._book(place).conversion if place.fuel is Fuel.GAS else None,
        )
        if reading is None:
            return []
        if _BLOCK in read:
            self._book(place).block = reading.active_block
        self._half_hours.note(reading)
        return [reading]

    def _tariff(self, place: EndpointRecord, now: datetime) -> Iterator[CadUpdate]:
        tariff = self._book(place).tariff(now)
        if tariff is not None:
            yield tariff

    def _price(
        self, place: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        self._book(place).take_price(command.as_dict(), now)
        yield from self._tariff(place, now)

    def _conversion_factor(
        self, place: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        self._book(place).take_conversion_factor(command)
        yield from self._tariff(place, now)

    def _calorific_value(
        self, place: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        self._book(place).take_calorific_value(command)
        yield from self._tariff(place, now)

    def _tariff_information(
        self, place: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        self._book(place).take_tariff_information(command)
        yield from self._tariff(place, now)

    def _price_matrix(
        self, place: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        self._book(place).take_price_matrix(command)
        yield from self._tariff(place, now)

    def _profile(self, number: int, frame: HanFrame) -> Iterator[CadUpdate]:
        command, factor = frame.command, self._quirk(number).profile_factor
        try:
            if frame.command_id == 0x00:
                profile = profile_from_response(
                    self._scaling(number),
                    self.channel,
                    end_time=int(command.end_time),
                    status=int(command.status),
                    period=int(command.profile_interval_period),
                    intervals=[int(one) for one in command.intervals],
                    factor=factor,
                )
            elif frame.command_id == 0x07:
                profile = profile_from_samples(
                    self._scaling(number),
                    Channel(int(command.sample_type)),
                    start_time=int(command.sample_start_time),
                    interval=int(command.sample_request_interval),
                    samples=[int(one) for one in command.samples],
                    factor=factor,
                )
            else:
                return
        except (ProfileRefusedError, ValueError) as err:
            LOGGER.debug("The meter gave no profile: %s", err)
            return
        self._half_hours.compare(profile)
        yield profile

    def _message(
        self, _: EndpointRecord, command: Any, now: datetime
    ) -> Iterator[CadUpdate]:
        extended = getattr(command, "optional_extended_message_control", None)
        yield display_message(
            message_id=int(command.message_id),
            control=int(command.message_control),
            start_time=int(command.start_time),
            duration=int(command.duration_in_minutes),
            text=str(command.message).encode(),
            extended_control=None if extended is None else int(extended),
            now=now,
        )

    def _message_cancelled(
        self, _: EndpointRecord, command: Any, __: datetime
    ) -> Iterator[CadUpdate]:
        yield SupplierMessage(
            message_id=int(command.message_id), text="", cancelled=True
        )

    def _tenancy(
        self, place: EndpointRecord, command: Any, _: datetime
    ) -> Iterator[CadUpdate]:
        raw = int(command.implementation_date_time)
        return self._change(place, raw, int(command.issuer_event_id))

    def _supplier(
        self, place: EndpointRecord, command: Any, _: datetime
    ) -> Iterator[CadUpdate]:
        raw = int(command.provider_change_implementation_time)
        number = int(command.issuer_event_id)
        return self._change(place, raw, number, of_supplier=True)

    def _site(
        self, place: EndpointRecord, command: Any, _: datetime
    ) -> Iterator[CadUpdate]:
        """Tell of a supply number that no meter had; the meters are asked for theirs, too."""
        known = {
            label_text(self._static(number, ClusterId.METERING).get(_SITE_ID))
            for number in endpoints_with(self.record, ClusterId.METERING)
        } - {""}
        said = label_text(bytes(command.site_id))
        if said and known and said not in known:
            self.record.doubt()
            yield CustomerNotice(
                fuel=place.fuel or Fuel.ELECTRICITY, number=int(command.issuer_event_id)
            )

    def _customer(
        self, place: EndpointRecord, command: Any, _: datetime
    ) -> Iterator[CadUpdate]:
        yield CustomerNotice(
            fuel=place.fuel or Fuel.ELECTRICITY, number=int(command.issuer_event_id)
        )

    def _change(
        self,
        place: EndpointRecord,
        raw: int,
        number: int,
        *,
        of_supplier: bool = False,
    ) -> Iterator[CadUpdate]:
        """Tell of a change, or that one is cancelled, which its time says; "never" says nothing."""
        when = utc_from_raw(raw)
        if when is not None or raw == UTC_INVALID:
            yield TenancyChange(
                fuel=place.fuel or Fuel.ELECTRICITY,
                effective_at=None if raw == UTC_NOW else when,
                of_supplier=of_supplier,
                cancelled=raw == UTC_INVALID,
                number=number,
            )
