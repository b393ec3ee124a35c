"""The wording of the consent as a form: shown in full, each box a step of will of its own (R1, R2)."""

from collections.abc import Mapping
from typing import Any, Final

import probatio

from homeassistant.config_entries import ConfigEntryBaseFlow, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector

from ..cad.errors import CadError
from ..consent.consents import Consents, Declaration
from ..consent.text import Box, ShownText, load_consent_text
from ..const import LOGGER
from ..options import CadOptions
from ..pairing.identity import Identity, Ihd

REWORDED: Final = {"base": "consent_reworded"}
"""The error of a form whose text says something else by now."""


async def async_wording(
    hass: HomeAssistant, identity: Identity, *, supplier: str, options: CadOptions
) -> ShownText:
    """Return the wording in Home Assistant's language, its blanks filled in."""
    text = await hass.async_add_executor_job(load_consent_text, hass.config.language)
    return text.show(
        fuels=identity.fuels,
        supplier=supplier,
        has_ihd=identity.ihd is not Ihd.NONE,
        keeps_ihd=identity.ihd is Ihd.KEEP,
        retention_days=options.retention_days,
        period_days=options.consent_period.days,
    )


def is_reworded(read: ShownText, now: ShownText) -> bool:
    """Whether the text that a person read says something else by now."""
    return read.wording.shown_sha256 != now.wording.shown_sha256


def show_wording(
    flow: ConfigEntryBaseFlow,
    shown: ShownText,
    user_input: Mapping[str, Any] | None,
    errors: dict[str, str],
) -> ConfigFlowResult:
    """Show the text and its boxes as the step ``consent`` of a flow."""
    schema = probatio.Schema(
        {
            # Unticked, also after an error: ticking is the positive step.
            probatio.Required(box.value, default=False): BooleanSelector()
            for box in shown.boxes
        }
    )
    return flow.async_show_form(
        step_id="consent",
        data_schema=flow.add_suggested_values_to_schema(schema, user_input),
        errors=errors,
        description_placeholders={
            "text": shown.body,
            **{f"box_{box}": words for box, words in shown.boxes.items()},
        },
    )


def ticked(user_input: Mapping[str, Any]) -> frozenset[Box]:
    """Return the boxes that were ticked."""
    return frozenset(box for box in Box if user_input.get(box))


async def async_give(consents: Consents, declaration: Declaration) -> dict[str, str]:
    """Put consent on record; return errors."""
    if missing := declaration.missing():
        return {box.value: "consent_box" for box in missing}
    try:
        await consents.give(declaration)
    except CadError as err:
        LOGGER.debug("Consent was not kept: %s", err)
        return {"base": "consent_not_stored"}
    return {}
