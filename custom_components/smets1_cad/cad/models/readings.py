"""What the meters say: registers, power, gas in both units, supply and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from .common import Alarm, Fuel, Provenance, SupplyState, TierBlock

_CONTEXT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)
_MJ_PER_KWH: Final = Decimal("3.6")
# A millionth of a kWh or m³: far finer than any meter, and no endless fractions.
_CALCULATED_STEP: Final = Decimal("0.000001")


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

    @property
    def kwh_per_m3(self) -> Decimal:
        """The energy of one m³ as the meter counts it."""
        mj = _CONTEXT.multiply(self.conversion_factor, self.calorific_value)
        return _CONTEXT.divide(mj, _MJ_PER_KWH)

    def energy_kwh(self, volume_m3: Decimal) -> Decimal:
        """Turn m³ into kWh, to a millionth."""
        energy = _CONTEXT.multiply(volume_m3, self.kwh_per_m3)
        return energy.quantize(_CALCULATED_STEP, context=_CONTEXT)

    def volume_m3(self, energy_kwh: Decimal) -> Decimal:
        """Turn kWh into m³, to a millionth."""
        volume = _CONTEXT.divide(energy_kwh, self.kwh_per_m3)
        return volume.quantize(_CALCULATED_STEP, context=_CONTEXT)


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

    @classmethod
    def measured(
        cls,
        *,
        energy_kwh: Decimal | None = None,
        volume_m3: Decimal | None = None,
        conversion: GasConversion | None = None,
    ) -> GasAmount | None:
        """Take what was measured, and calculate the other unit where possible.

        Args:
            energy_kwh: measured energy, or None.
            volume_m3: measured volume, or None.
            conversion: how to turn one into the other; None leaves it unknown.

        Returns:
            The amount, or None where nothing was measured.
        """
        if energy_kwh is None and volume_m3 is None:
            return None
        measured, calculated = Provenance.MEASURED, Provenance.CALCULATED
        energy_by = None if energy_kwh is None else measured
        volume_by = None if volume_m3 is None else measured
        if conversion is not None:
            if energy_kwh is None and volume_m3 is not None:
                energy_kwh, energy_by = conversion.energy_kwh(volume_m3), calculated
            elif volume_m3 is None and energy_kwh is not None:
                volume_m3, volume_by = conversion.volume_m3(energy_kwh), calculated
        return cls(
            energy_kwh=energy_kwh,
            energy_provenance=energy_by,
            volume_m3=volume_m3,
            volume_provenance=volume_by,
        )


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
