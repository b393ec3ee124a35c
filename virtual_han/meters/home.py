"""The home that the network stands in: its meters, its supplier, its tariffs."""

from dataclasses import dataclass, field, replace
from typing import Final

from ..aps import Fuel
from ..clock import Clock, Instant
from ..flavours import FLAVOURS, Flavour, SmartEnergy
from ..tariffs import CATALOGUE, TariffSchedule
from .load import LoadModel
from .meter import Firmware, Identity, Meter
from .prepayment import Account
from .supplier_identity import SupplierIdentity

MPAN: Final = "2000024512368"
MPRN: Final = "3938424403"

_READINGS: Final = {Fuel.ELECTRICITY: 12_345_678, Fuel.GAS: 5_655_830}
_EXPORTED: Final = 3_210_987


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeConfig:
    """What kind of home it is.

    Attributes:
        smart_energy: the hub's version.
        seed: load and weather.
        fuels: which meters there are.
        tariffs: by fuel, names from the catalogue.
        solar_watts: peak of the panels; 0 for none.
        scale: multiplies the load.
        prepayment: the fuels that are paid for first.
        divisors: by fuel, the Divisor attribute; 1000 where absent.
        gas_after: seconds until the hub's mirror holds its first gas readings.
        room: octets of a ZCL frame that go unfragmented under APS encryption.
    """

    smart_energy: SmartEnergy = SmartEnergy.SE_1_2
    seed: int = 1
    fuels: tuple[Fuel, ...] = (Fuel.ELECTRICITY, Fuel.GAS)
    tariffs: dict[Fuel, str] = field(
        default_factory=lambda: {Fuel.ELECTRICITY: "four_tier", Fuel.GAS: "gas_flat"}
    )
    solar_watts: int = 2_000
    scale: float = 1.0
    prepayment: tuple[Fuel, ...] = ()
    divisors: dict[Fuel, int] = field(default_factory=dict)
    gas_after: int = 0
    room: int = 73

    @property
    def flavour(self) -> Flavour:
        """What the hub's version offers."""
        return FLAVOURS[self.smart_energy]


_IDENTITIES: Final = {
    Fuel.ELECTRICITY: Identity(MPAN, "E6S00012345678"),
    Fuel.GAS: Identity(MPRN, "G4K00098765432"),
}
_FIRMWARE: Final = {
    Fuel.ELECTRICITY: Firmware("Virtual", "VE-100", "3.4.1"),
    Fuel.GAS: Firmware("Virtual", "VG-100", "2.0.7"),
}


def build_meter(
    config: HomeConfig,
    clock: Clock,
    fuel: Fuel,
    *,
    schedule: TariffSchedule | None = None,
    identity: Identity | None = None,
    new: bool = False,
) -> Meter:
    """Install a meter in a home.

    Args:
        config: the home.
        clock: the time of the network.
        fuel: which meter.
        schedule: its tariffs; the one that the home names by default.
        identity: what it is called; a standard one by default.
        new: fresh from the factory: registers at 0, and no log before now.
    """
    now: Instant = clock.instant()
    meter = Meter(
        fuel,
        identity or _IDENTITIES[fuel],
        replace(_FIRMWARE[fuel]),
        schedule
        or TariffSchedule(CATALOGUE[config.tariffs[fuel]](), now - 30 * 86_400),
        LoadModel(config.seed, config.solar_watts, config.scale),
        start=now,
        reading=0 if new else _READINGS[fuel],
        received=0 if new else _EXPORTED,
        divisor=config.divisors.get(fuel, 1000),
        log_start=now if new else None,
    )
    if fuel is Fuel.GAS:
        meter.filled_from = now + config.gas_after if config.gas_after or new else 0
    return meter


class Home:
    """Everything that the servers tell of."""

    def __init__(self, clock: Clock, config: HomeConfig) -> None:
        """Furnish the home."""
        self.clock = clock
        self.config = config
        self.supplier = SupplierIdentity()
        self.hub_firmware = Firmware("Virtual", "VH-100", "1.9.2")
        self.meters = {fuel: build_meter(config, clock, fuel) for fuel in config.fuels}
        self.accounts = {
            fuel: Account(meter, clock.instant(), prepaying=fuel in config.prepayment)
            for fuel, meter in self.meters.items()
        }
