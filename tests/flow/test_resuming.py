"""Every step can be left and resumed, also after Home Assistant was killed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.smets1_cad.cad.clock import SYSTEM_CLOCK
from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.pairing.states import PairingState
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.store import async_load_consents
from custom_components.smets1_cad.supplier.submit import is_submitting
from homeassistant.core import HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from virtual_han.supplier import Answering, Behaviour, SupplierService

from .walk import (
    CANARIES,
    CODE,
    HOME,
    METERS,
    OTHER_CODE,
    PATH,
    TICKED,
    TOKEN,
    Walk,
    full_disk,
    kept_code,
    pairing,
    stored,
)

STEPS: list[tuple[str, dict[str, Any]]] = [
    ("home", HOME),
    ("fuels", {"fuels": "both", "ihd": "may_be_unpaired"}),
    ("meters", METERS),
    ("consent", TICKED | {"ihd": True}),
    ("pairing_details", {}),
]


@asynccontextmanager
async def restarted(hass: HomeAssistant) -> AsyncGenerator[HomeAssistant]:
    """Start Home Assistant anew on the same disk. The one before was killed: it wrote nothing more."""
    async with async_test_home_assistant(config_dir=hass.config.config_dir) as later:
        later.data.pop(DATA_CUSTOM_COMPONENTS, None)
        later.config.components |= {"usb", "file_upload"}
        yield later
        await later.async_stop(force=True)


async def resume(walk: Walk, code: str = "") -> None:
    """Come back, as far as the first form about the home."""
    await walk.begin()
    await walk.fill("user", device=PATH)
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", **({"install_code": code} if code else {}))


@pytest.mark.parametrize("left_at", range(len(STEPS) + 1))
async def test_killed_at_a_step(walk: Walk, hass: HomeAssistant, left_at: int) -> None:
    """What was typed is there again; consent that was given is not asked for again; nothing else is on record."""
    await walk.to_home()
    for step, typed in STEPS[:left_at]:
        await walk.fill(step, **typed)
    async with restarted(hass) as later:
        walk = Walk(later)
        await resume(walk)
        for number, (step, typed) in enumerate(STEPS):
            if step == "consent" and number < left_at:
                assert walk.at["step_id"] == "pairing_details"
                continue
            walk.shows(step)
            if step in {"home", "fuels", "meters"}:
                assert walk.suggested() == (typed if number < left_at else {})
            await walk.fill(step, **typed)
        assert walk.at["step_id"] == "request"
        consents = await async_load_consents(later, await stored(later), SYSTEM_CLOCK)
        assert len(consents.records) == 1
        assert (await pairing(later)).state is PairingState.RECORDED
        walk.leave()


async def test_killed_while_the_request_is_on_its_way(
    walk: Walk, hass: HomeAssistant, service: SupplierService
) -> None:
    """Consent is on record before it leaves, and that it leaves is too; afterwards it is sent under the same key."""
    await walk.to_request()
    await walk.choose("request", "service")
    await walk.fill("service", url=service.url, token=TOKEN)
    service.desk.behaviour = Behaviour(answering=Answering.DROP, misanswers=1)
    await walk.fill("service_quote", accept=True)
    before = await pairing(hass)
    assert before.state is PairingState.SENDING
    assert not is_submitting(hass, before)
    async with restarted(hass) as later:
        consents = await async_load_consents(later, await stored(later), SYSTEM_CLOCK)
        assert consents.grant is not None
        assert consents.grant.record.record_id == before.request.consent_id
        walk = Walk(later)
        await resume(walk)
        for step in ("home", "fuels", "meters"):
            await walk.fill(step, **walk.suggested())
        await walk.fill("pairing_details")
        await walk.choose("request", "service")
        await walk.fill("service", url=service.url, token=TOKEN)
        assert walk.at["step_id"] == "wait"
        assert (await pairing(later)).key == before.key
        walk.leave()
    assert len(service.desk.requests) == 1


async def test_start_over(walk: Walk, hass: HomeAssistant) -> None:
    """Everything that was typed is forgotten, the install code too while nobody has it."""
    await walk.to_home()
    await walk.fill("home", **HOME)
    walk.leave()
    await walk.begin()
    await walk.fill("user", device=PATH)
    await walk.choose("resume", "start_over")
    assert CadSecrets.from_dict(await (await stored(hass)).secrets.load()) == (
        CadSecrets()
    )
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    walk.shows("home")
    assert walk.suggested() == {}


async def test_start_over_that_cannot_be_kept(walk: Walk) -> None:
    await walk.to_home()
    walk.leave()
    await walk.begin()
    await walk.fill("user", device=PATH)
    with full_disk():
        await walk.choose("resume", "start_over")
    walk.aborted("store_not_written")


async def test_install_code_that_a_supplier_may_have_stays(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Starting over forgets what was typed; the CAD stays the one that the request was about."""
    await walk.to_request()
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    before = await pairing(hass)
    walk.leave()
    await walk.begin()
    await walk.fill("user", device=PATH)
    await walk.choose("resume", "start_over")
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code")
    assert walk.suggested() == {}
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS)
    walk.shows("pairing_details")
    secrets = CadSecrets.from_dict(await (await stored(hass)).secrets.load())
    assert secrets.install_code == InstallCode(bytes.fromhex(CODE[:32]))
    assert await pairing(hass) == before


async def test_other_install_code_makes_another_request(
    walk: Walk, hass: HomeAssistant
) -> None:
    """The supplier has the wrong one, so what was sent is not waited for any more."""
    await walk.to_request()
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    before = await pairing(hass)
    walk.leave()
    await resume(walk, OTHER_CODE)
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    walk.shows("pairing_details")
    after = await pairing(hass)
    assert after.state is PairingState.RECORDED
    assert after.key != before.key


async def test_other_install_code_is_kept_once_it_is_asked_for(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Before anybody has one it is kept at once; afterwards the one that the supplier may have, until another is asked for."""
    await walk.to_home()
    walk.leave()
    await resume(walk, OTHER_CODE)
    walk.leave()
    assert await kept_code(hass) == OTHER_CODE
    await resume(walk, CODE)
    for step, typed in STEPS:
        await walk.fill(step, **typed)
    await walk.choose("request", "letter")
    await walk.fill("letter", sent=True)
    before = await pairing(hass)
    walk.leave()
    await resume(walk, OTHER_CODE)
    await walk.fill("home", **walk.suggested())
    walk.leave()
    assert await kept_code(hass) == CODE
    await resume(walk)
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    walk.shows("pairing_details")
    assert await pairing(hass) == before
    walk.leave()
    await resume(walk, OTHER_CODE)
    for step in ("home", "fuels", "meters"):
        await walk.fill(step, **walk.suggested())
    walk.shows("pairing_details")
    assert await kept_code(hass) == OTHER_CODE
    assert (await pairing(hass)).state is PairingState.RECORDED


async def test_nothing_secret_in_logs(
    walk: Walk, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even while everything is logged, and things fail."""
    caplog.set_level("DEBUG")
    await walk.to_home()
    with full_disk():
        await walk.fill("home", **HOME)
    await walk.fill("home", **HOME)
    await walk.fill("fuels", fuels="both", ihd="none")
    await walk.fill("meters", **METERS | {"mpan": "2000024512369"})
    await walk.fill("meters", **METERS)
    with full_disk():
        await walk.fill("consent", **TICKED)
    await walk.fill("consent", **TICKED)
    assert [word for word in CANARIES if word in caplog.text] == []
