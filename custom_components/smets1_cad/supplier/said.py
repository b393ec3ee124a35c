"""What a pairing service says is wrong with a request, for the person who made it (R21)."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..pairing.request_text import load_request_texts
from .status import ServiceError
from .texts import inert, quoted

_STEP: Final = f"component.{DOMAIN}.config.step"
_ASKED_IN: Final = ("home", "fuels", "meters", "install_code", "pairing_details")
"""The steps in which a person enters what a request is made of, under the names that the contract has too."""


async def async_service_said(hass: HomeAssistant, err: Exception | None) -> str:
    """Return a service's own words and what it found wrong, in Markdown in which nothing of it acts; "" for nothing."""
    if not isinstance(err, ServiceError):
        return ""
    texts = await hass.async_add_executor_job(load_request_texts, hass.config.language)
    said = [texts.remark("says"), quoted(err.detail)] if err.detail else []
    if fields := await _async_labels(hass, filter(None, err.fields)):
        said.append(
            texts.remark("wrong").format(fields=", ".join(dict.fromkeys(fields)))
        )
    return "\n\n".join(said)


async def _async_labels(hass: HomeAssistant, pointers: Iterable[str]) -> list[str]:
    """Return what members of a request are called where they are entered; of others their own names."""
    words = await async_get_translations(hass, hass.config.language, "config", [DOMAIN])
    return [
        next(
            (
                words[label]
                for step in _ASKED_IN
                if (label := f"{_STEP}.{step}.data.{pointer.rpartition('/')[2]}")
                in words
            ),
            inert(pointer),
        )
        for pointer in pointers
    ]
