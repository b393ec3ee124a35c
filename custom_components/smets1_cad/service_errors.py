"""Errors of the library's layers as Home Assistant shows them, translated."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .cad.errors import CadError
from .const import DOMAIN
from .pairing import PairingError


def translated(err: CadError) -> HomeAssistantError:
    """Return an error that says the same to people; its message names cause and remedy.

    A step that a pairing cannot take is the caller's mistake, anything else is not.
    """
    kind = (
        ServiceValidationError if isinstance(err, PairingError) else HomeAssistantError
    )
    return kind(
        translation_domain=DOMAIN,
        translation_key="cad_error",
        translation_placeholders={"error": str(err)},
    )


def cad_errors_translated[**ParamsT, ResultT](
    func: Callable[ParamsT, Coroutine[Any, Any, ResultT]],
) -> Callable[ParamsT, Coroutine[Any, Any, ResultT]]:
    """Turn what goes wrong below into errors for people."""

    @wraps(func)
    async def handler(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ResultT:
        try:
            return await func(*args, **kwargs)
        except CadError as err:
            raise translated(err) from err

    return handler
