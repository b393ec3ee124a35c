"""What the meters say: registers, power, gas in both units, supply and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .common import Alarm, Fuel, Provenance, SupplyState, TierBlock


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricityReading:
    """What an electricity meter said at one moment.

    Attributes:
        received_at: when the CAD got it.
        metered_at: when the meter took it, where it says so.
        import_kwh: lifetime register of what came in.
        export_kwh: lifetime register of what went out.
        power_kw: power now; negative while exporting.
        tier_import_kwh: lifetime registers by tier, those that were read.
        tier_export_kwh: likewise, what went out.
        block_import_kwh: registers by tier and block.
        day_import_kwh: the meter's own count today, by its own midnight.
        day_export_kwh: likewise, what went out.
        week_import_kwh: the meter's own count this week.
        month_import_kwh: the meter's own count this month.
        active_tier: the tier register that counts now, or None.
        active_block: the block that counts now, or None.
        supply: whether the supply is on.
        alarms: faults now; None where the meter does not say.
    """

    received_at: datetime
    metered_at: datetime | None = None
    import_kwh: Decimal | None = None
    export_kwh: Decimal | None = None
    power_kw: Decimal | None = None
    tier_import_kwh: Mapping[int, Decimal] = field(default_factory=dict)
    tier_export_kwh: Mapping[int, Decimal] = field(default_factory=dict)
    block_import_kwh: Mapping[TierBlock, Decimal] = field(default_factory=dict)
    day_import_kwh: Decimal | None = None
    day_export_kwh: Decimal | None = None
    week_import_kwh: Decimal | None = None
    month_import_kwh: Decimal | None = None
    active_tier: int | None = None
    active_block: int | None = None
    supply: SupplyState | None = None
    alarms: frozenset[Alarm] | None = None

    @property
    def fuel(self) -> Fuel:
        """Always electricity."""
        return Fuel.ELECTRICITY


@dataclass(frozen=True, slots=True, kw_only=True)
class GasConversion:
    """How a volume of gas becomes energy: kWh = m³ x factor x calorific value / 3.6.

    Attributes:
        calorific_value: MJ per m³; 37.5 to 43.0 in Great Britain.
        conversion_factor: temperature and pressure; 1.02264 in Great Britain.
        provenance: MEASURED where the meter or the tariff said both,
            CALCULATED where either was assumed.
    """

    calorific_value: Decimal
    conversion_factor: Decimal
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class GasAmount:
    """An amount of gas in both units (R12); one of them at least is measured.

    Attributes:
        energy_kwh: the energy, or None where it is not known.
        energy_provenance: how `energy_kwh` came about; None with it.
        volume_m3: the volume, or None where it is not known.
        volume_provenance: how `volume_m3` came about; None with it.
    """

    energy_kwh: Decimal | None = None
    energy_provenance: Provenance | None = None
    volume_m3: Decimal | None = None
    volume_provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GasReading:
    """What a gas meter said, mostly through the hub, which mirrors it each half hour.

    Attributes:
        received_at: when the CAD got it.
        metered_at: when the meter took it, where it says so.
        total: lifetime register.
        day: the meter's own count today, by its own midnight.
        week: the meter's own count this week.
        month: the meter's own count this month.
        tier_total: lifetime registers by tier, those that were read.
        block_total: registers by tier and block.
        conversion: what turned volume into energy or back; None where nothing did.
        active_tier: the tier register that counts now, or None.
        active_block: the block that counts now, or None.
        supply: whether the supply is on.
        alarms: faults now; None where the meter does not say.
    """

    received_at: datetime
    metered_at: datetime | None = None
    total: GasAmount | None = None
    day: GasAmount | None = None
    week: GasAmount | None = None
    month: GasAmount | None = None
    tier_total: Mapping[int, GasAmount] = field(default_factory=dict)
    block_total: Mapping[TierBlock, GasAmount] = field(default_factory=dict)
    conversion: GasConversion | None = None
    active_tier: int | None = None
    active_block: int | None = None
    supply: SupplyState | None = None
    alarms: frozenset[Alarm] | None = None

    @property
    def fuel(self) -> Fuel:
        """Always gas."""
        return Fuel.GAS


type Reading = ElectricityReading | GasReading
