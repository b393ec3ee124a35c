"""Constants of the integration."""

import logging
from typing import Final

DOMAIN: Final = "smets1_cad"
LOGGER: Final = logging.getLogger(__package__)

CONF_BOARD: Final = "board"
CONF_FIRMWARE: Final = "firmware"
CONF_MANUFACTURER: Final = "manufacturer"
