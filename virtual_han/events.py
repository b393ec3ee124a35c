"""What happens to a home's energy supply, by name: prices, tenants, suppliers, meters, the hub."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from .aps import Fuel
from .clock import Instant, local_midnight
from .meters import Alarm, HanServers, Identity, Supply
from .meters.cluster import Answer
from .meters.device_management import DEVICE_MANAGEMENT, Announcement
from .meters.event_log import EVENTS, EventsServer, LoggedEvent
from .meters.home import build_meter
from .meters.messaging import MESSAGING, Message
from .meters.metering import METERING
from .meters.price import PRICE
from .meters.supplier_identity import SupplierIdentity
from .tariffs import CATALOGUE, Tariff, default_tariff

_GENERAL_LOG: Final = 3
_FIRMWARE_ACTIVATED: Final = 0x002A
_SUPPLY_ON, _SUPPLY_ARMED, _SUPPLY_OFF = 0x00C3, 0x00C4, 0x00C5
_CLEAR_TENANT: Final = 0x0000_67A0
"""ProposedChangeControl: clear tariff, history, logs and what a display holds."""
_CANCEL: Final = 0xFFFF_FFFF
"""Implementation time that takes a notice back."""
MESSAGE_LIMIT: Final = 59
"""Octets of a message that go in one frame."""


class EventName(StrEnum):
    """The events, as the control names them."""

    SUPPLIER_MESSAGE = "supplier_message"
    CANCEL_MESSAGE = "cancel_message"
    PRICE_CHANGE = "price_change"
    TARIFF_CHANGE = "tariff_change"
    CALORIFIC_VALUE_CHANGE = "calorific_value_change"
    CHANGE_OF_TENANCY = "change_of_tenancy"
    CANCEL_CHANGE_OF_TENANCY = "cancel_change_of_tenancy"
    CHANGE_OF_SUPPLIER = "change_of_supplier"
    FIRMWARE_CHANGE = "firmware_change"
    METER_EXCHANGE = "meter_exchange"
    HUB_EXCHANGE = "hub_exchange"
    REMOTE_UNPAIRING = "remote_unpairing"
    KEY_REFRESH = "key_refresh"
    ALARM = "alarm"
    SUPPLY = "supply"
    TOP_UP = "top_up"
    LOSE_LOG = "lose_log"


def _nothing() -> None:
    """Stand in for a hub that is not there."""


@dataclass(slots=True)
class HubHooks:
    """What the hub does when an event concerns it.

    Attributes:
        unpair: make every consumer device leave.
        refresh_key: hand out a new network key.
        exchange: put another hub in its place, with another EUI-64 and network.
    """

    unpair: Callable[[], None] = _nothing
    refresh_key: Callable[[], None] = _nothing
    exchange: Callable[[], None] = _nothing


class Events:
    """Makes things happen. Times are instants of the network; None means now."""

    def __init__(self, servers: HanServers, hub: HubHooks | None = None) -> None:
        """Act on a home's servers, and on its hub."""
        self._servers = servers
        self._hub = hub or HubHooks()

    @property
    def _now(self) -> Instant:
        return self._servers.clock.instant()

    # The supplier.

    def supplier_message(
        self,
        text: str,
        *,
        importance: int = 1,
        minutes: int = 0xFFFF,
        confirm: bool = False,
        start: Instant = 0,
    ) -> Message:
        """Send a message to the display.

        Raises:
            ValueError: it is too long for one frame, or its importance is not 0 to 3.
        """
        if len(text.encode()) > MESSAGE_LIMIT:
            raise ValueError(
                f"A message holds at most {MESSAGE_LIMIT} octets; shorten it"
            )
        if not 0 <= importance <= 3:
            raise ValueError("The importance of a message is 0, 1, 2 or 3")
        messaging = self._servers.messaging
        last = messaging.current.message_id if messaging.current is not None else 0
        message = Message(
            max(self._now, last + 1), text, start, minutes, importance, confirm
        )
        messaging.current = message
        self._push_esi(MESSAGING, messaging.display(message))
        return message

    def cancel_message(self) -> None:
        """Take the active message back; nothing happens where there is none."""
        messaging = self._servers.messaging
        if messaging.current is not None:
            self._push_esi(MESSAGING, messaging.cancel(messaging.current))
            messaging.current = None

    def price_change(
        self,
        *,
        fuel: Fuel = Fuel.ELECTRICITY,
        factor: float = 1.1,
        at: Instant | None = None,
    ) -> Tariff:
        """Multiply every price of the tariff in force; it is told now and holds from an instant."""
        schedule = self._servers.home.meters[fuel].schedule
        tariff = schedule.at(self._now).tariff
        prices = {key: round(price * factor) for key, price in tariff.prices.items()}
        return self._issue(fuel, replace(tariff, prices=prices), at or self._now)

    def tariff_change(
        self, name: str, *, fuel: Fuel = Fuel.ELECTRICITY, at: Instant | None = None
    ) -> Tariff:
        """Put another tariff of the catalogue in force, by default from the next local midnight.

        Raises:
            ValueError: the catalogue has no such tariff.
        """
        if name not in CATALOGUE:
            raise ValueError(f"No tariff {name!r}; there are {', '.join(CATALOGUE)}")
        return self._issue(fuel, CATALOGUE[name](), at or local_midnight(self._now, 1))

    def _issue(self, fuel: Fuel, tariff: Tariff, at: Instant) -> Tariff:
        """Issue a tariff, and tell of it: its information and its first price."""
        servers, now = self._servers, self._now
        schedule = servers.home.meters[fuel].schedule
        schedule.add(tariff, max(at, now), now)
        price, endpoint = servers.price[fuel], servers.price_endpoint(fuel)
        issue = schedule.at(max(at, now))
        servers.push(endpoint, PRICE, price.tariff_information(issue))
        if at > now:
            servers.push(endpoint, PRICE, price.price_at(issue.start, now))
        servers.tick()
        return tariff

    def calorific_value_change(self, tenths: int) -> None:
        """Change the calorific value, in tenths of a MJ per m³."""
        meter = self._servers.home.meters[Fuel.GAS]
        meter.gas_quality = replace(
            meter.gas_quality,
            calorific_value=tenths,
            since=self._now,
            issuer_event_id=self._now,
        )
        price = self._servers.price[Fuel.GAS]
        endpoint = self._servers.price_endpoint(Fuel.GAS)
        self._servers.push(endpoint, PRICE, price.calorific_value())

    # Who lives here, and who supplies.

    def change_of_tenancy(self, *, at: Instant | None = None) -> None:
        """Announce a new tenant and, from an instant on, forget the old one.

        Registers run on. The log, the counters behind it, messages and the
        tariff of the old tenant are gone. Versions before 1.2 announce nothing.
        """
        announced = Announcement(self._now, at or self._now, _CLEAR_TENANT)
        management = self._servers.device_management
        management.tenancy = announced
        self._push_esi(DEVICE_MANAGEMENT, management.publish_tenancy(announced))

        def change() -> None:
            if management.tenancy is announced:
                self._forget_tenant(announced.at)

        self._servers.later(announced.at, change)

    def cancel_change_of_tenancy(self) -> None:
        """Take back the change that was announced: the same notice again, at the time that cancels it.

        Raises:
            ValueError: none was announced.
        """
        management = self._servers.device_management
        if (announced := management.tenancy) is None:
            raise ValueError("no change of tenancy is announced; announce one first")
        management.tenancy = None
        cancelled = replace(announced, at=_CANCEL)
        self._push_esi(DEVICE_MANAGEMENT, management.publish_tenancy(cancelled))

    def change_of_supplier(
        self, name: str, *, provider_id: int = 0x0000_5B3C, at: Instant | None = None
    ) -> None:
        """Announce another supplier and, from an instant on, be supplied by it."""
        new = SupplierIdentity(provider_id, name)
        announced = Announcement(self._now, at or self._now, _CLEAR_TENANT, new)
        management = self._servers.device_management
        management.change_of_supplier = announced
        self._push_esi(DEVICE_MANAGEMENT, management.publish_supplier(announced))

        def change() -> None:
            supplier = self._servers.home.supplier
            supplier.provider_id, supplier.name = new.provider_id, new.name
            management.change_of_supplier = None
            self._forget_tenant(announced.at)

        self._servers.later(announced.at, change)

    def _forget_tenant(self, at: Instant) -> None:
        servers = self._servers
        servers.messaging.current = None
        servers.event_log.entries.clear()
        for account in servers.home.accounts.values():
            account.forget_top_ups()
        for fuel, meter in servers.home.meters.items():
            meter.restrict_history(at)
            meter.schedule.add(default_tariff(fuel is Fuel.GAS), at, at)
            issue = meter.schedule.at(at)
            servers.push(
                servers.price_endpoint(fuel),
                PRICE,
                servers.price[fuel].tariff_information(issue),
            )
        servers.tick()

    # Devices.

    def firmware_change(self, version: str, *, fuel: Fuel | None = None) -> None:
        """Upgrade a meter, or (without a fuel) the hub."""
        home = self._servers.home
        firmware = home.hub_firmware if fuel is None else home.meters[fuel].firmware
        firmware.version = version
        firmware.application += 1
        self._log(_FIRMWARE_ACTIVATED, version.encode())

    def meter_exchange(
        self, *, fuel: Fuel = Fuel.ELECTRICITY, serial: str = "E7X00055500011"
    ) -> None:
        """Put a new meter in: another serial, registers from 0, no log yet."""
        home = self._servers.home
        old = home.meters[fuel]
        self._servers.replace_meter(
            build_meter(
                home.config,
                home.clock,
                fuel,
                schedule=old.schedule,
                identity=Identity(old.identity.site_id, serial),
                new=True,
            )
        )

    def hub_exchange(self) -> None:
        """Put another communications hub in."""
        self._hub.exchange()

    def remote_unpairing(self) -> None:
        """Throw the consumer devices out, as a supplier may."""
        self._hub.unpair()

    def key_refresh(self) -> None:
        """Give the network a new key."""
        self._hub.refresh_key()

    def alarm(self, bits: int, *, fuel: Fuel = Fuel.ELECTRICITY) -> None:
        """Set the alarm bits of a meter (0 clears them) and report its status."""
        self._servers.home.meters[fuel].alarms = Alarm(bits)
        self._servers.push_report(
            self._servers.metering_endpoint(fuel), METERING, [0x0200]
        )

    def supply(self, state: Supply, *, fuel: Fuel = Fuel.ELECTRICITY) -> None:
        """Connect, arm or disconnect the supply, and log it."""
        self._servers.home.meters[fuel].switch_supply(state, self._now)
        names = {
            Supply.ON: _SUPPLY_ON,
            Supply.ARMED: _SUPPLY_ARMED,
            Supply.OFF: _SUPPLY_OFF,
        }
        self._log(names[state])
        self._servers.push_report(
            self._servers.metering_endpoint(fuel), METERING, [0x0014]
        )

    def top_up(self, amount: int, *, fuel: Fuel = Fuel.ELECTRICITY) -> None:
        """Pay in (hundred-thousandths of a pound); a supply cut for want of credit comes back.

        Raises:
            ValueError: the amount is not positive.
        """
        account = self._servers.home.accounts[fuel]
        account.top_up(amount, self._now)
        if not account.exhausted(self._now):
            account.meter.switch_supply(Supply.ON, self._now)

    def lose_log(
        self, start: Instant, end: Instant, *, fuel: Fuel = Fuel.ELECTRICITY
    ) -> None:
        """Make half hours missing from a meter's log."""
        self._servers.home.meters[fuel].lose_log(start, end)

    def _log(self, event_id: int, data: bytes = b"") -> None:
        entry = LoggedEvent(_GENERAL_LOG, event_id, self._now, data)
        self._servers.event_log.entries.append(entry)
        self._push_esi(EVENTS, EventsServer.publish(entry))

    def _push_esi(self, cluster_id: int, answer: Answer) -> None:
        self._servers.push(self._servers.flavour.endpoints.esi, cluster_id, answer)
