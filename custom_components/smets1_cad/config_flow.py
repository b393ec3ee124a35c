"""The config flow: from a radio stick to a paired CAD.

The steps are in `flow/`, by what they are about: radio (`async_step_user`), home,
consent, request, joining, and reopening (`async_step_reauth`,
`async_step_reconfigure`).
"""

from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import callback

from .const import DOMAIN
from .flow.options import CadOptionsFlow
from .flow.reopening import ReopeningSteps


class Smets1CadConfigFlow(ReopeningSteps, domain=DOMAIN):
    """Set up a consumer access device, or change one."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry[Any]) -> CadOptionsFlow:
        """Return the flow of an entry's options."""
        return CadOptionsFlow()
