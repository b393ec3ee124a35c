"""How a volume of gas becomes energy: the Price cluster's two gas values (SE D.4.2.2.4).

kWh = m³ x conversion factor x calorific value / 3.6, as British gas bills have it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from ...cad.models import GasConversion, Provenance
from .price import amount, trailing_digits

GB_CONVERSION_FACTOR: Final = Decimal("1.02264")
"""For temperature and pressure, in use on British bills."""
GB_CALORIFIC_VALUE: Final = Decimal("40.0")
"""MJ/m³, the value that Smart Energy starts from; British gas has 37.5 to 43.0."""
_MJ_PER_M3: Final = 1
# What no natural gas has: a slip of the trailing digit, or values never set.
_PLAUSIBLE_VALUE: Final = (Decimal(10), Decimal(100))
_PLAUSIBLE_FACTOR: Final = (Decimal("0.5"), Decimal(2))


@dataclass(frozen=True, slots=True)
class GasFactors:
    """What the network has said so far.

    Attributes:
        conversion_factor: without unit, or None.
        calorific_value: MJ per m³, or None.
    """

    conversion_factor: Decimal | None = None
    calorific_value: Decimal | None = None

    def with_conversion_factor(
        self, raw: int | None, trailing: int | None
    ) -> GasFactors:
        """Take ConversionFactor 0x0302 with 0x0303, or PublishConversionFactor's fields.

        An implausible value (below 0.5 or above 2) is none.
        """
        value = _plausible(amount(raw, trailing_digits(trailing)), _PLAUSIBLE_FACTOR)
        return replace(self, conversion_factor=value)

    def with_calorific_value(
        self, raw: int | None, unit: int | None, trailing: int | None
    ) -> GasFactors:
        """Take CalorificValue 0x0304 with 0x0305 and 0x0306, or PublishCalorificValue's fields.

        A value per kg (unit 2), which says nothing of a volume, and an
        implausible one (below 10 or above 100 MJ/m³) are none.
        """
        value = _plausible(amount(raw, trailing_digits(trailing)), _PLAUSIBLE_VALUE)
        return replace(
            self, calorific_value=value if unit in {None, _MJ_PER_M3} else None
        )

    def conversion(
        self,
        *,
        calorific_value: Decimal = GB_CALORIFIC_VALUE,
        conversion_factor: Decimal = GB_CONVERSION_FACTOR,
    ) -> GasConversion:
        """Give the conversion in force.

        Args:
            calorific_value: MJ/m³ where the network has not said it.
            conversion_factor: where the network has not said it.

        Returns:
            The conversion; MEASURED where the network said both.
        """
        said = None not in {self.calorific_value, self.conversion_factor}
        return GasConversion(
            calorific_value=self.calorific_value or calorific_value,
            conversion_factor=self.conversion_factor or conversion_factor,
            provenance=Provenance.MEASURED if said else Provenance.CALCULATED,
        )


def _plausible(
    value: Decimal | None, limits: tuple[Decimal, Decimal]
) -> Decimal | None:
    return value if value is not None and limits[0] <= value <= limits[1] else None
