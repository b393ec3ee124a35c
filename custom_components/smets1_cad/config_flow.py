"""The config flow: from a radio stick to a paired CAD."""

from typing import Any, override

import probatio

from homeassistant.components.usb import (
    async_get_serial_port_consumers,
    async_scan_serial_ports,
)
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SerialPortSelector

from .const import DOMAIN, LOGGER
from .radio.probe import StickError, probe

RADIO_SCHEMA = probatio.Schema({probatio.Required(CONF_DEVICE): SerialPortSelector()})


async def _port_owner(hass: HomeAssistant, path: str) -> str | None:
    """Return the title of the integration or app that already uses a port."""
    ports = await async_scan_serial_ports(hass)
    consumers = await async_get_serial_port_consumers(hass, ports)
    return next(
        (
            consumer.title
            for consumer in consumers.get(path, ())
            if consumer.domain != DOMAIN
        ),
        None,
    )


class Smets1CadConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up a consumer access device."""

    VERSION = 1

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose the radio, open it and recognise it."""
        errors: dict[str, str] = {}
        owner: str | None = None
        if user_input is not None:
            path: str = user_input[CONF_DEVICE]
            owner = await _port_owner(self.hass, path)
            if owner is not None:
                errors[CONF_DEVICE] = "in_use"
            else:
                try:
                    stick = await probe(path)
                except StickError as err:
                    LOGGER.debug("The radio was not accepted: %s", err)
                    errors[CONF_DEVICE] = err.reason
                else:
                    await self.async_set_unique_id(str(stick.eui64))
                    self._abort_if_unique_id_configured(updates={CONF_DEVICE: path})
                    return self.async_create_entry(
                        title="Consumer access device", data={CONF_DEVICE: path}
                    )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(RADIO_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"owner": owner or ""},
        )
