"""The step with what the supplier will ask for of the CAD (R4, R22)."""

from collections.abc import Mapping
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
    TextSelector,
    TextSelectorConfig,
)

from ..smart_energy.install_code import qr_text
from .joining import JoinSteps

CONF_AVAILABLE: Final = "available"
CONF_CERTIFICATION: Final = "certification"
CONF_HARDWARE: Final = "hardware"
CONF_QR: Final = "qr_code"

STEP: Final = "pairing_details"

_LONGEST: Final = {CONF_HARDWARE: 64, CONF_CERTIFICATION: 64, CONF_AVAILABLE: 300}
"""Characters that a pairing service takes."""


class DetailsSteps(JoinSteps):
    """Show address and install code, and ask what else there is to say of the CAD."""

    async def _next_after_details(self) -> ConfigFlowResult:
        """Go on with what is known of the CAD; the class that knows the request says where."""
        raise NotImplementedError

    def _detail(self, field: str) -> str:
        """Return what was said of the CAD, "" for nothing."""
        return str(self._draft.inputs.get(STEP, {}).get(field, ""))

    async def async_step_pairing_details(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show address and install code in the forms that suppliers ask for; the rest may be left empty."""
        errors: dict[str, str] = {}
        if user_input is not None:
            typed = {
                field: " ".join(user_input.get(field, "").split()) for field in _LONGEST
            }
            errors = _errors(typed) or await self._keep(STEP, typed)
            if not errors:
                return await self._next_after_details()
        code = self._draft.install_code
        assert code is not None
        eui64 = self._draft.eui64
        text = TextSelector(TextSelectorConfig(autocomplete="off"))
        schema = probatio.Schema(
            {
                probatio.Optional(CONF_QR): QrCodeSelector(
                    QrCodeSelectorConfig(
                        data=qr_text(eui64, code),
                        scale=5,
                        error_correction_level=QrErrorCorrectionLevel.QUARTILE,
                    )
                )
            }
            | {probatio.Optional(field): text for field in _LONGEST}
        )
        return self.async_show_form(
            step_id=STEP,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._draft.inputs.get(STEP)
            ),
            errors=errors,
            description_placeholders={
                "eui64": eui64.with_hyphens,
                "eui64_colons": eui64.with_colons,
                "eui64_plain": str(eui64),
                "code_with_crc": code.in_fours(),
                "code_without_crc": code.in_fours(crc=False),
            },
        )


def _errors(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what a supplier could not read, by field."""
    return {
        field: "detail_characters"
        for field, text in typed.items()
        if not text.isprintable()
    } | {
        field: "detail_too_long"
        for field, longest in _LONGEST.items()
        if len(typed[field]) > longest
    }
