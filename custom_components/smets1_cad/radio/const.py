"""What the modules of this package share."""

import logging
from typing import Final

LOGGER: Final = logging.getLogger(__package__)
