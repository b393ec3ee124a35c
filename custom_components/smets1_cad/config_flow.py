"""The config flow: from a radio stick to a paired CAD.

The steps are in `flow/`, by what they are about: radio (`async_step_user`), home,
consent, request, joining, and reopening (`async_step_reauth`,
`async_step_reconfigure`).
"""

from .const import DOMAIN
from .flow.reopening import ReopeningSteps


class Smets1CadConfigFlow(ReopeningSteps, domain=DOMAIN):
    """Set up a consumer access device, or change one."""

    VERSION = 1
