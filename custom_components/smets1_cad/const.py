"""Constants of the integration."""

import logging
from typing import Final

DOMAIN: Final = "smets1_cad"
LOGGER: Final = logging.getLogger(__package__)
TITLE: Final = "Consumer access device"
"""What an entry is called until somebody gives it another name."""

CONF_BOARD: Final = "board"
CONF_FIRMWARE: Final = "firmware"
CONF_MANUFACTURER: Final = "manufacturer"
