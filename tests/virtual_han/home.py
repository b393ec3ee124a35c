"""A home whose clock stands still, and how to ask its servers."""

from datetime import UTC, datetime

from virtual_han.aps import ApsMessage, Fuel
from virtual_han.clock import Clock, Instant, instant
from virtual_han.flavours import SmartEnergy
from virtual_han.han import VirtualHan
from virtual_han.meters import HanServers, HomeConfig

START = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)

METERING, PRICE, TIME, MESSAGING = 0x0702, 0x0700, 0x000A, 0x0703
PREPAYMENT, CALENDAR, DEVICE_MANAGEMENT, EVENTS = 0x0705, 0x0707, 0x0708, 0x0709


class Bench:
    """Servers, the frames they pushed, and a way to ask them."""

    def __init__(
        self, config: HomeConfig | None = None, start: datetime = START
    ) -> None:
        """Furnish a home at an instant."""
        self.clock = Clock(start, speed=0)
        self.servers = HanServers(self.clock, config)
        self.pushed: list[tuple[int, int, bytes]] = []
        self.servers.connect(lambda *frame: self.pushed.append(frame))
        self.esi = self.servers.flavour.endpoints.esi

    def endpoint(self, fuel: Fuel) -> int:
        """Return a meter's endpoint."""
        return self.servers.metering_endpoint(fuel)

    def ask(
        self,
        endpoint: int,
        cluster: int,
        frame: str,
        *,
        destination: int = 0,
        profile: int = 0x0109,
    ) -> list[str]:
        """Send a ZCL frame given in hex, and return the answers in hex."""
        message = ApsMessage(
            profile_id=profile,
            cluster_id=cluster,
            source_endpoint=1,
            destination_endpoint=endpoint,
            payload=bytes.fromhex(frame),
            encrypted=True,
            source=0x1234,
            destination=destination,
        )
        return [answer.hex() for answer in self.servers.handle(message)]

    def read(
        self, endpoint: int, cluster: int, *attributes: int
    ) -> dict[int, bytes | None]:
        """Read attributes; their octets behind the type octet, None where unsupported."""
        wanted = b"".join(attribute.to_bytes(2, "little") for attribute in attributes)
        (answer,) = self.ask(endpoint, cluster, f"000100{wanted.hex()}")
        data = bytes.fromhex(answer)[3:]
        values: dict[int, bytes | None] = {}
        while data:
            attribute, status = int.from_bytes(data[:2], "little"), data[2]
            if status:
                assert status == 0x86
                values[attribute], data = None, data[3:]
                continue
            size = _size(data[3], data[4:])
            values[attribute], data = data[4 : 4 + size], data[4 + size :]
        return values

    def number(
        self, endpoint: int, cluster: int, attribute: int, *, signed: bool = False
    ) -> int:
        """Read one number."""
        octets = self.read(endpoint, cluster, attribute)[attribute]
        return number(octets, signed=signed)


def on_tariff(
    name: str, version: SmartEnergy = SmartEnergy.SE_1_4, start: datetime = START
) -> Bench:
    """Return a home without panels whose electricity is on one of the catalogue's tariffs."""
    tariffs = {Fuel.ELECTRICITY: name, Fuel.GAS: "gas_flat"}
    config = HomeConfig(smart_energy=version, tariffs=tariffs, solar_watts=0)
    return Bench(config, start)


def number(octets: bytes | None, *, signed: bool = False) -> int:
    """Return the number that an attribute's octets are; there has to be one."""
    assert octets is not None
    return int.from_bytes(octets, "little", signed=signed)


def instant_of(*moment: int) -> Instant:
    """Return the instant of a year, month, day and so on, in UTC."""
    return instant(datetime(*moment, tzinfo=UTC))  # type: ignore[misc, arg-type]


def register(han: VirtualHan) -> int:
    """Return what the electricity meter's register attribute holds now."""
    meter = han.servers.home.meters[Fuel.ELECTRICITY]
    return meter.raw(meter.delivered.reading(han.clock.instant()))


def _size(type_id: int, data: bytes) -> int:
    """Return a value's octets, written down from the ZCL's table of types."""
    if type_id in {0x41, 0x42}:
        return 1 + data[0]
    return {
        0x10: 1, 0x18: 1, 0x19: 2, 0x1A: 3, 0x1B: 4, 0x1F: 8, 0x20: 1, 0x21: 2, 0x22: 3, 0x23: 4,
        0x25: 6, 0x28: 1, 0x2A: 3, 0x2B: 4, 0x30: 1, 0x31: 2, 0xE2: 4,
    }[type_id]  # fmt: skip
