"""Errors of the library's layers as Home Assistant shows them, in people's own language.

Each reason has its words under ``exceptions`` of the translations.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import (
    async_get_cached_translations,
    async_get_translations,
)

from .cad.errors import CadError
from .const import DOMAIN
from .pairing.life import PairingError
from .supplier.said import async_service_said

_SECTION = "exceptions"


def translated(
    err: CadError, kind: type[HomeAssistantError] = HomeAssistantError
) -> HomeAssistantError:
    """Return an error of Home Assistant that says the same to people."""
    return kind(
        translation_domain=DOMAIN,
        translation_key=err.reason,
        translation_placeholders=dict(err.placeholders),
    )


def cad_errors_translated[**ParamsT, ResultT](
    func: Callable[ParamsT, Coroutine[Any, Any, ResultT]],
) -> Callable[ParamsT, Coroutine[Any, Any, ResultT]]:
    """Turn what goes wrong below into errors for people."""

    @wraps(func)
    async def handler(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ResultT:
        try:
            return await func(*args, **kwargs)
        except PairingError as err:
            # A step that a pairing cannot take is the caller's mistake.
            raise translated(err, ServiceValidationError) from err
        except CadError as err:
            raise translated(err) from err

    return handler


async def async_error_words(hass: HomeAssistant, err: CadError) -> str:
    """Return what an error says, in Home Assistant's language, also before anything is set up; in Markdown.

    What a pairing service says of it in its own words follows.
    """
    await async_get_translations(hass, hass.config.language, _SECTION, [DOMAIN])
    said = await async_service_said(hass, err)
    return "\n\n".join(filter(None, (error_words(hass, err), said)))


@callback
def error_words(hass: HomeAssistant, err: CadError) -> str:
    """Return what an error says, in Home Assistant's language, for the blank of a longer text.

    Home Assistant translates such a text itself, but not what stands in its blanks.
    """
    texts = async_get_cached_translations(hass, hass.config.language, _SECTION, DOMAIN)
    words = texts.get(f"component.{DOMAIN}.{_SECTION}.{err.reason}.message")
    return str(err) if words is None else words.format(**err.placeholders)
