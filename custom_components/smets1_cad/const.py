"""Constants of the integration."""

import logging
from typing import Final

DOMAIN: Final = "smets1_cad"
LOGGER: Final = logging.getLogger(__package__)
