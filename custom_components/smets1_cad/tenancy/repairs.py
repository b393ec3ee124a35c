"""Fix flows of a change of tenancy: has somebody new moved in, will nobody, and what was out of reach? (R20)."""

from functools import partial
from typing import override

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.helpers import issue_registry as ir

from ..cad.errors import CadError
from ..const import DOMAIN
from ..erasure.report import OutOfReach
from ..repair_flow import CadRepairFlow, ConfirmFlow
from .change import async_begin_erasure
from .end import async_end_tenancy
from .reach import words
from .record import TenancyEnd
from .tenancies import async_erasure_report, async_forget_out_of_reach


class SuspectedFlow(CadRepairFlow):
    """Asks whether somebody new has moved in; what is erased for a yes is asked for once more."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask."""
        return self.async_show_menu(
            step_id="init", menu_options=["same_people", "moved_in"]
        )

    async def async_step_same_people(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remember that the sign means nothing."""
        same_people = self._runtime.same_people
        assert same_people is not None
        same_people()
        return self.async_create_entry(data={})

    async def async_step_moved_in(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say what will be erased, and begin; a person need not wait until everything is."""
        self._require_same_tenancy()
        if user_input is None:
            return self.async_show_form(step_id="moved_in")
        try:
            await async_begin_erasure(
                self.hass,
                partial(async_end_tenancy, self.hass, self._entry, TenancyEnd.USER),
            )
        except CadError as err:
            return await self._async_failed(err)
        return self.async_create_entry(data={})


class CancelledFlow(ConfirmFlow):
    """Tells that a change of tenancy is cancelled, until a person has read it."""

    @override
    async def _placeholders(self) -> dict[str, str]:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return (issue and issue.translation_placeholders) or {}

    @override
    async def _settle(self) -> None:
        cancellation_read = self._runtime.cancellation_read
        assert cancellation_read is not None
        cancellation_read()


class OutOfReachFlow(ConfirmFlow):
    """Lists the copies that an erasure could not reach, whether or not the entry runs; what was read is forgotten."""

    @override
    async def _placeholders(self) -> dict[str, str]:
        self._require_same_tenancy()
        report = await async_erasure_report(self.hass, self._entry)
        return words(OutOfReach() if report is None else report.out_of_reach)

    @override
    async def _settle(self) -> None:
        self._require_same_tenancy()
        await async_forget_out_of_reach(self.hass, self._entry)
