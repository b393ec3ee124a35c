"""The steps about the person, the home and the meters (R3, R5)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..cad.models import Fuel
from ..pairing.identity import (
    Identity,
    IdentityCheck,
    IdentityForm,
    Ihd,
    Premises,
    Relation,
    Warn,
    check_identity,
)
from .base import PairingSteps

CONF_FUELS: Final = "fuels"
CONF_IHD: Final = "ihd"
CONF_PREMISES: Final = "premises"
CONF_RELATION: Final = "relation"

_WARNED_OF: Final[Mapping[Warn, str]] = {
    Warn.MPRN_CHECK_DIGITS: "mprn",
    Warn.MPAN_MAYBE_EXPORT: "mpan",
    Warn.BILL_PAYER_ELSEWHERE: CONF_RELATION,
}
"""Where each warning is shown."""


class Fuels(StrEnum):
    """Which meters are asked for."""

    BOTH = "both"
    ELECTRICITY = "electricity"
    GAS = "gas"

    @property
    def electricity(self) -> bool:
        """Whether electricity is among them."""
        return self is not Fuels.GAS

    @property
    def gas(self) -> bool:
        """Whether gas is among them."""
        return self is not Fuels.ELECTRICITY


def _choice(kind: type[StrEnum], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[option.value for option in kind],
            translation_key=translation_key,
            mode=SelectSelectorMode.LIST,
        )
    )


def _text(
    autocomplete: str = "off",
    *,
    kind: TextSelectorType = TextSelectorType.TEXT,
    multiline: bool = False,
) -> TextSelector:
    return TextSelector(
        TextSelectorConfig(autocomplete=autocomplete, type=kind, multiline=multiline)
    )


HOME_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_PREMISES, default=Premises.DOMESTIC.value): _choice(
            Premises, "premises"
        ),
        # What is declared has no default: it is said by the person, or not at all.
        probatio.Required(CONF_RELATION): _choice(Relation, "relation"),
        probatio.Required("name"): _text("name"),
        probatio.Required("address"): _text("street-address", multiline=True),
        probatio.Required("postcode"): _text("postal-code"),
        probatio.Optional("email"): _text("email", kind=TextSelectorType.EMAIL),
        probatio.Optional("phone"): _text("tel", kind=TextSelectorType.TEL),
    }
)
FUELS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_FUELS, default=Fuels.BOTH.value): _choice(
            Fuels, "fuels"
        ),
        probatio.Required(CONF_IHD): _choice(Ihd, "ihd"),
    }
)


def _meters_schema(fuels: Fuels, suppliers: list[str]) -> probatio.Schema:
    """Ask for the numbers and supplier of the meters that are wanted."""
    supplier = SelectSelector(
        SelectSelectorConfig(
            options=suppliers, custom_value=True, mode=SelectSelectorMode.DROPDOWN
        )
    )
    fields: dict[Any, Any] = {}
    for fuel, number, wanted in (
        (Fuel.ELECTRICITY, "mpan", fuels.electricity),
        (Fuel.GAS, "mprn", fuels.gas),
    ):
        if wanted:
            fields[probatio.Required(number)] = _text()
            fields[probatio.Required(f"{fuel}_supplier")] = supplier
            fields[probatio.Optional(f"{fuel}_serial")] = _text()
    return probatio.Schema(fields)


class HomeSteps(PairingSteps):
    """You and your home: who asks, for which premises and which meters."""

    _warned: frozenset[tuple[str, str]] = frozenset()

    async def _next_after_home(self) -> ConfigFlowResult:
        """Go on when the home is known; the class that puts the steps together says where."""
        raise NotImplementedError

    async def _suppliers(self) -> list[str]:
        """Return the names of the suppliers that are known."""
        raise NotImplementedError

    def _fuels(self) -> Fuels:
        return Fuels(
            self._draft.inputs.get("fuels", {}).get(CONF_FUELS, Fuels.BOTH.value)
        )

    def _check(self) -> IdentityCheck:
        """Check everything that was typed so far."""
        home = self._draft.inputs.get("home", {})
        meters = self._draft.inputs.get("meters", {})
        fuels = self._fuels()
        return check_identity(
            IdentityForm(
                premises=Premises(home.get(CONF_PREMISES, Premises.DOMESTIC)),
                relation=Relation(
                    home.get(CONF_RELATION, Relation.BILL_PAYER_AND_OCCUPIER)
                ),
                electricity=fuels.electricity,
                gas=fuels.gas,
                ihd=Ihd(self._draft.inputs.get("fuels", {}).get(CONF_IHD, Ihd.NONE)),
                **{
                    field: home.get(field, "")
                    for field in ("name", "address", "postcode", "email", "phone")
                },
                **{
                    field: meters.get(field, "")
                    for field in (
                        "mpan",
                        "mprn",
                        "electricity_serial",
                        "gas_serial",
                        "electricity_supplier",
                        "gas_supplier",
                    )
                },
            )
        )

    def _is_known(self) -> bool:
        """Whether every step about the home was right."""
        return self._check().identity is not None

    def _identity(self) -> Identity:
        """Return who asks, once every step was right."""
        identity = self._check().identity
        assert identity is not None
        return identity

    def _errors(
        self,
        check: IdentityCheck,
        fields: Mapping[Any, Any],
        typed: Mapping[str, Any],
    ) -> dict[str, str]:
        """Return the errors of one step's fields, and each warning of what was typed once."""
        names = {str(field) for field in fields}
        errors = {
            field: error.reason
            for field, error in check.errors.items()
            if field in names
        }
        errors |= {
            field: "supplier_missing"
            for field in names & {f"{fuel}_supplier" for fuel in Fuel}
            if not typed[field].strip()
        }
        if errors:
            return errors
        # A warning is shown in the way of an error, once: sent again unchanged,
        # the form goes through.
        for warning in check.warnings:
            field = _WARNED_OF[warning]
            if field in names and (seen := (field, typed[field])) not in self._warned:
                self._warned |= {seen}
                errors[field] = f"warning_{warning}"
        return errors

    async def async_step_home(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who asks, and for which home."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._keep("home", user_input) or self._errors(
                self._check(), HOME_SCHEMA.schema, user_input
            )
            if not errors:
                return await self.async_step_fuels()
        return self._form("home", HOME_SCHEMA, user_input=user_input, errors=errors)

    async def async_step_fuels(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which meters there are, and whether there is an in-home display."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._keep("fuels", user_input)
            if not errors:
                return await self.async_step_meters()
        return self._form("fuels", FUELS_SCHEMA, user_input=user_input, errors=errors)

    async def async_step_meters(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the numbers of the meters and who supplies them."""
        schema = _meters_schema(self._fuels(), await self._suppliers())
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._keep("meters", user_input) or self._errors(
                self._check(), schema.schema, user_input
            )
            if not errors:
                return await self._next_after_home()
        return self._form("meters", schema, user_input=user_input, errors=errors)
