"""Which radio, which certificate, which install code."""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smets1_cad.cad_secrets import CadSecrets
from custom_components.smets1_cad.const import DOMAIN
from custom_components.smets1_cad.flow.draft import Draft
from custom_components.smets1_cad.flow.radio import LARGEST_FILE
from custom_components.smets1_cad.radio.probe import (
    StickSilent,
    StickTooOld,
    StickUnreachable,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite
from custom_components.smets1_cad.smart_energy.install_code import InstallCode
from custom_components.smets1_cad.smart_energy.session.record import HanRecord
from homeassistant.components.usb import SerialDevice
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant

from .walk import (
    CODE,
    EUI64,
    HOME,
    PATH,
    STICK,
    Walk,
    certificate_text,
    full_disk,
    stored,
)

UPLOAD = "custom_components.smets1_cad.flow.radio.process_uploaded_file"
NETWORK = "aa:bb:cc:dd:ee:ff:00:11"


async def secrets(hass: HomeAssistant) -> CadSecrets:
    return CadSecrets.from_dict(await (await stored(hass)).secrets.load())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StickUnreachable("Away. Plug it in."), {CONF_DEVICE: "cannot_connect"}),
        (StickSilent("Silent. Try another."), {CONF_DEVICE: "not_ezsp"}),
        (StickTooOld("Old. Update it."), {CONF_DEVICE: "firmware_too_old"}),
        (AssertionError("odd"), {"base": "unknown"}),
    ],
)
async def test_stick_that_is_refused(
    walk: Walk, stick: AsyncMock, error: Exception, reason: dict[str, str]
) -> None:
    """Each reason is told, the port stays typed, and the next try may succeed."""
    await walk.begin()
    stick.side_effect = error
    await walk.fill("user", **{CONF_DEVICE: PATH})
    walk.shows("user", reason)
    assert walk.suggested() == {CONF_DEVICE: PATH}
    stick.side_effect = None
    await walk.fill("user", **{CONF_DEVICE: PATH})
    assert walk.at["step_id"] == "cad"


@pytest.mark.parametrize(
    "typed",
    [
        *("192.168.1.20:6638", "192.168.1.20", "stick.local:6638", "[fe80::1]:6638"),
        *("socket:192.168.1.20:6638", "socket://192.168.1.20", "socket://:6638"),
        *("socket://192.168.1.20:66380", "socket://[fe80::1:6638"),
    ],
)
async def test_network_address_of_which_a_part_is_missing(
    walk: Walk, stick: AsyncMock, typed: str
) -> None:
    """It is no serial port; the right form is shown, and the address stays to be mended."""
    await walk.begin()
    example = walk.at["description_placeholders"]["example"]
    await walk.fill("user", **{CONF_DEVICE: typed})
    walk.shows("user", {CONF_DEVICE: "network_address"})
    assert walk.at["description_placeholders"]["example"] == example
    assert walk.suggested() == {CONF_DEVICE: typed}
    stick.assert_not_awaited()
    await walk.fill("user", **{CONF_DEVICE: example})
    assert walk.at["step_id"] == "cad"


@pytest.mark.parametrize(
    "typed", [PATH, "socket://[fe80::1]:6638", "esphome://stick.local", "COM3"]
)
async def test_ports_of_every_kind_are_opened(
    walk: Walk, stick: AsyncMock, typed: str
) -> None:
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: typed})
    stick.assert_awaited_once_with(typed)


@pytest.mark.parametrize("typed", ["/dev/ttyUSB7", "link"])
async def test_port_of_another_program(
    walk: Walk,
    hass: HomeAssistant,
    ports: AsyncMock,
    stick: AsyncMock,
    tmp_path: Path,
    typed: str,
) -> None:
    """A port is recognised under whichever of its names; its stick is not even opened."""
    device = tmp_path / "ttyUSB7"
    device.touch()
    (tmp_path / "by-id").symlink_to(device)
    ports.return_value = [
        SerialDevice(
            device=str(tmp_path / "by-id"),
            resolved_device=str(device),
            serial_number=None,
            manufacturer=None,
            description=None,
        )
    ]
    zha = MockConfigEntry(
        domain="zha", title="My ZHA", data={"device": {"path": str(tmp_path / "by-id")}}
    )
    zha.add_to_hass(hass)
    path = str(device if typed == "link" else tmp_path / "by-id")
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: path})
    walk.shows("user", {CONF_DEVICE: "in_use"})
    assert walk.at["description_placeholders"]["owner"] == "My ZHA"
    stick.assert_not_awaited()


async def test_port_of_a_running_pairing_is_left_alone(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock
) -> None:
    """To open it once more would reset the stick under the running session."""
    path = "socket://192.0.2.1:6638"
    await walk.to_end()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    hass.config_entries.async_update_entry(entry, data={CONF_DEVICE: path})
    stick.reset_mock()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: path})
    walk.aborted("already_configured")
    stick.assert_not_awaited()


async def test_same_stick_at_another_port_is_not_added_twice(
    walk: Walk, hass: HomeAssistant
) -> None:
    entry = await walk.to_end()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: "/dev/ttyACM1"})
    walk.aborted("already_configured")
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
    assert entry.data[CONF_DEVICE] == "/dev/ttyACM1"


async def test_two_dialogs_for_one_stick(walk: Walk, hass: HomeAssistant) -> None:
    """The later one goes on with what was typed in the earlier, which ends."""
    await walk.to_home()
    later = Walk(hass)
    await later.begin()
    await later.fill("user", **{CONF_DEVICE: PATH})
    assert later.at["step_id"] == "resume"
    assert [flow["flow_id"] for flow in hass.config_entries.flow.async_progress()] == [
        later.at["flow_id"]
    ]


async def test_dialog_that_asks_for_consent_is_not_taken_over(
    walk: Walk, hass: HomeAssistant
) -> None:
    """It is about the entry that exists, which a new dialog ends at."""
    entry = await walk.to_end()
    await hass.config_entries.async_unload(entry.entry_id)
    await walk.reopen(SOURCE_REAUTH)
    later = Walk(hass)
    await later.begin()
    await later.fill("user", **{CONF_DEVICE: "/dev/ttyACM1"})
    later.aborted("already_configured")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["flow_id"] == walk.at["flow_id"]


async def test_port_of_an_entry_that_does_not_run(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock
) -> None:
    """Nobody has the stick open, so it may be recognised; it is still not added twice."""
    path = "socket://192.0.2.1:6638"
    entry = await walk.to_end()
    hass.config_entries.async_update_entry(entry, data={CONF_DEVICE: path})
    await hass.config_entries.async_unload(entry.entry_id)
    stick.reset_mock()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: path})
    walk.aborted("already_configured")
    stick.assert_awaited_once()


async def test_draft_tells_nothing_of_what_was_typed(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME)
    draft = Draft(eui64=STICK.eui64, store=await stored(hass), path=PATH)
    assert await draft.load()
    assert repr(draft) == "Draft(steps=['home'])"


async def test_two_dialogs_that_both_reach_the_end(
    walk: Walk, hass: HomeAssistant
) -> None:
    """Whoever comes second changes nothing: an entry is never replaced with what it has stored."""
    await walk.to_request()
    entry = MockConfigEntry(domain=DOMAIN, unique_id=EUI64)
    entry.add_to_hass(hass)
    await walk.choose("request", "finish")
    walk.aborted("already_configured")
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_stick_on_a_network_of_another_program(
    walk: Walk, stick: AsyncMock
) -> None:
    stick.return_value = replace(STICK, extended_pan_id=NETWORK)
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    walk.shows("user", {CONF_DEVICE: "on_a_network"})


@pytest.mark.parametrize(
    ("record", "is_ours"),
    [
        pytest.param(HanRecord(extended_pan_id=NETWORK), True, id="joined"),
        pytest.param(HanRecord(tried={NETWORK}), True, id="killed as it joined"),
        pytest.param(
            HanRecord(extended_pan_id="another", tried={NETWORK}),
            False,
            id="joined another",
        ),
    ],
)
async def test_stick_on_the_network_that_this_cad_joined_earlier(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock, record: HanRecord, is_ours: bool
) -> None:
    stick.return_value = replace(STICK, extended_pan_id=NETWORK)
    await (await stored(hass)).session.save(record.as_dict())
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    assert (walk.at["step_id"] == "cad") is is_ours


async def test_what_is_stored_cannot_be_read(walk: Walk, hass: HomeAssistant) -> None:
    await (await stored(hass)).secrets.save({"install_code": "no hex"})
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    walk.aborted("store_unreadable")


async def test_what_is_found_is_shown(walk: Walk, stick: AsyncMock) -> None:
    stick.return_value = replace(
        STICK, firmware=None, board=None, cbke_suites=frozenset({CryptoSuite.SUITE_1})
    )
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    assert walk.at["description_placeholders"] == {
        "eui64": "00-12-4B-00-01-AB-CD-EF",
        "firmware": "?",
        "ezsp": "14",
        "board": "Maker",
    }
    await walk.choose("cad", "certificate_stick")
    walk.shows("install_code")


async def test_certificate_that_was_loaded_before(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=certificate_text())
    walk.leave()
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("resume", "cad")
    await walk.choose("cad", "certificate_kept")
    await walk.fill("install_code")
    assert (await secrets(hass)).credentials == certificate_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (certificate_text(eui64=bytes(7) + b"\1"), "certificate_eui64_mismatch"),
        ("nothing of the kind", "certificate_missing_line"),
        (certificate_text()[:-9], "certificate_wrong_length"),
    ],
    ids=["another_device", "nothing", "cut_off"],
)
async def test_wrong_certificate(walk: Walk, text: str, reason: str) -> None:
    """What was pasted stays, so that it can be mended."""
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_text")
    await walk.fill("certificate_text", certificate=text)
    walk.shows("certificate_text", {"certificate": reason})
    assert walk.suggested() == {"certificate": text}
    await walk.fill("certificate_text", certificate=certificate_text())
    walk.shows("install_code")


async def test_certificate_that_cannot_be_kept(walk: Walk) -> None:
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_text")
    with full_disk():
        await walk.fill("certificate_text", certificate=certificate_text())
    walk.shows("certificate_text", {"base": "store_not_written"})
    await walk.fill("certificate_text", certificate=certificate_text())
    walk.shows("install_code")


def upload(path: Path) -> Callable[..., AbstractContextManager[Path]]:
    """Return what hands out an uploaded file once, as Home Assistant's own does."""

    @contextmanager
    def process(_hass: HomeAssistant, _file_id: str) -> Any:
        if not path.exists():
            raise ValueError("File does not exist")
        yield path
        path.unlink()

    return process


async def test_certificate_from_a_file(
    walk: Walk, hass: HomeAssistant, tmp_path: Path
) -> None:
    """A file can be read once: sent again after an error, it has to be chosen again."""
    path = tmp_path / "certificate.txt"
    path.write_text("x" * (LARGEST_FILE + 1))
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_file")
    with patch(UPLOAD, upload(path)):
        await walk.fill("certificate_file", certificate="b" * 32)
        walk.shows("certificate_file", {"certificate": "certificate_too_large"})
        await walk.fill("certificate_file", certificate="b" * 32)
        walk.shows("certificate_file", {"certificate": "certificate_upload"})
        path.write_text(certificate_text())
        await walk.fill("certificate_file", certificate="c" * 32)
    walk.shows("install_code")
    assert (await secrets(hass)).credentials == certificate_text()


async def test_install_code_of_the_stick_is_used(
    walk: Walk, hass: HomeAssistant, stick: AsyncMock
) -> None:
    code = InstallCode(bytes.fromhex(CODE[:32]))
    stick.return_value = replace(STICK, install_code=code)
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    walk.shows("home")
    assert (await secrets(hass)).install_code == code


async def test_install_code_that_cannot_be_kept(walk: Walk, stick: AsyncMock) -> None:
    """Nothing of the earlier steps is lost."""
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    with full_disk():
        await walk.fill("install_code", install_code=CODE)
    walk.aborted("store_not_written")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (CODE[:-1] + "4", "install_code_crc"),
        (CODE[:-2], "install_code_length"),
        ("X" + CODE[1:], "install_code_character"),
        (EUI64, "install_code_is_eui64"),
        ("Z:000D6F000A0B0C0D$I:" + CODE, "install_code_other_device"),
    ],
)
async def test_wrong_install_code(walk: Walk, typed: str, reason: str) -> None:
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", install_code=typed)
    walk.shows("install_code", {"install_code": reason})
    assert walk.suggested()["install_code"] == typed
    await walk.fill("install_code", install_code=CODE)
    walk.shows("home")


async def test_install_code_without_crc_is_confirmed(
    walk: Walk, hass: HomeAssistant
) -> None:
    await walk.begin()
    await walk.fill("user", **{CONF_DEVICE: PATH})
    await walk.choose("cad", "certificate_none")
    await walk.fill("certificate_none")
    await walk.fill("install_code", install_code=CODE[:32])
    assert walk.at["errors"]["install_code"] in {"no_crc", "may_be_link_key"}
    await walk.fill("install_code", install_code=CODE[:32], confirm=False)
    assert walk.at["step_id"] == "install_code"
    await walk.fill("install_code", install_code=CODE[:32], confirm=True)
    walk.shows("home")
    assert (await secrets(hass)).install_code == InstallCode(bytes.fromhex(CODE[:32]))


async def test_install_code_is_made_once(walk: Walk, hass: HomeAssistant) -> None:
    """A CAD without a label gets a code, and keeps it."""
    codes = set()
    for _ in range(2):
        await walk.begin()
        await walk.fill("user", **{CONF_DEVICE: PATH})
        if walk.at["step_id"] == "resume":
            await walk.choose("resume", "cad")
        await walk.choose("cad", "certificate_none")
        await walk.fill("certificate_none")
        await walk.fill("install_code")
        walk.shows("home")
        codes.add((await secrets(hass)).install_code)
        walk.leave()
    assert len(codes) == 1
