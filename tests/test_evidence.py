"""The evidence pack: complete, true, for the supplier alone, and never a key in it (R2, R22)."""

from collections.abc import AsyncGenerator
from html.parser import HTMLParser
import json
import os
from pathlib import Path
import stat
from typing import Any, override
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState, LinkStatistics
from custom_components.smets1_cad.consent.consents import Withdrawal
from custom_components.smets1_cad.consent.log import ConsentLog
from custom_components.smets1_cad.erasure import storage
from custom_components.smets1_cad.evidence.page import load_page
from custom_components.smets1_cad.tenancy import change
from custom_components.smets1_cad.tenancy.tenancies import async_is_erasing
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from virtual_han.clock import Clock
from virtual_han.han import HanConfig, VirtualHan

from .fake_link import EUI, MPAN, NOW, electricity, electricity_identity, gas
from .leaving_home import INSTALL_CODE, LeavingHome, leaving_home

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


@pytest.fixture
async def home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired, in a configuration folder of its own."""
    hass.config.config_dir = str(tmp_path)
    async with leaving_home(hass, freezer) as home:
        yield home


async def read(home: LeavingHome, **prepared: Any) -> None:
    """Set up, and read both meters."""
    await home.prepare(**prepared)
    await home.start()
    home.link.statistics = LinkStatistics(
        counters={"pacing_refused": 3, "egress_denied": 0}, signal_lqi=200
    )
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity_identity(), electricity(), gas())
    await home.hass.async_block_till_done()


async def test_the_pack_holds_everything_that_the_supplier_may_ask(
    home: LeavingHome,
) -> None:
    await read(home)
    answer = await home.act("export_evidence")
    pack = answer["evidence"]
    assert json.loads(Path(answer["files"]["json"]).read_text()) == pack
    assert pack["consent"]["in_force"] is True
    assert pack["consent"]["log"]["intact"] is True
    assert pack["declared"]["name"] == "Gwen Householder"
    assert pack["declared"]["mpan"] == MPAN
    assert pack["cad"]["eui64"] == "00-0D-6F-00-0A-0B-0C-0D"
    assert pack["cad"]["certification"] == "ZIG00000ZB000-00"
    assert pack["cad"]["certificates"] == []
    meter = pack["meters"]["electricity"]
    assert meter["as_read"]["firmware_version"] == "1.07"
    assert meter["comparison"] == "same"
    assert pack["meters"]["gas"] == {"as_read": "not_read", "comparison": None}
    assert set(pack["hub"].values()) == {"not_read"}
    assert [step["state"] for step in pack["request"]["history"]] == [
        *("recorded", "sent", "acknowledged", "accepted", "han_open", "joining"),
        "paired",
    ]
    assert pack["behaviour"]["counters"] == {"pacing_refused": 3, "egress_denied": 0}
    assert pack["behaviour"]["shortest_interval_seconds"] == {
        "electricity": 10,
        "gas": 1800,
    }
    assert pack["firmware_changes"] == []


async def test_no_key_and_no_install_code_is_in_it(home: LeavingHome) -> None:
    """Neither in the answer, nor in a file."""
    await read(home)
    answer = await home.act("export_evidence")
    texts = [json.dumps(answer)] + [
        Path(path).read_text() for path in answer["files"].values()
    ]
    for text in texts:
        compact = text.replace(" ", "").replace("-", "").lower()
        assert INSTALL_CODE[:-4] not in compact


async def test_a_certificate_is_named_and_its_key_left_out(home: LeavingHome) -> None:
    made = VirtualHan(HanConfig(), Clock(NOW, speed=0)).credentials(
        1, eui64=bytes.fromhex(EUI.replace(":", ""))
    )
    await read(home, credentials=made.as_text())
    pack = (await home.act("export_evidence"))["evidence"]
    (certificate,) = pack["cad"]["certificates"]
    assert certificate["subject"] == "00-0D-6F-00-0A-0B-0C-0D"
    assert certificate["certificate"] == made.certificate.hex()
    assert made.private_key.hex() not in json.dumps(pack).lower()


async def test_files_are_their_owners_alone(home: LeavingHome) -> None:
    await read(home)
    answer = await home.act("export_evidence")
    for path in map(Path, answer["files"].values()):
        assert path.parent == Path(home.hass.config.path("smets1_cad"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert MPAN not in path.name


async def test_removing_the_entry_removes_the_files(home: LeavingHome) -> None:
    await read(home)
    answer = await home.act("export_evidence")
    consent = await home.act("export_consent")
    cut_short = Path(consent["file"]).with_name("tmp1a2b3c_d")
    cut_short.write_text(MPAN)
    paths = [*answer["files"].values(), consent["file"], cut_short]
    assert all(os.path.exists(path) for path in paths)  # noqa: PTH110
    await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert not any(os.path.exists(path) for path in paths)  # noqa: PTH110


async def test_what_is_not_ours_to_delete_is_left(home: LeavingHome) -> None:
    """A folder, and a person's own file, beside what is erased."""
    await read(home)
    folder = Path((await home.act("export_consent"))["file"]).parent
    (folder / "tmp_backup").mkdir()
    (folder / "tmp-notes.txt").write_text("mine")
    answer = await home.act("change_of_tenancy")
    assert answer["erased"]["finished"]
    assert {path.name for path in folder.iterdir()} == {"tmp_backup", "tmp-notes.txt"}
    (folder / "tmp_backup").rmdir()
    (folder / "tmp-notes.txt").unlink()


async def test_a_file_that_cannot_be_deleted_is_said_and_tried_again(
    home: LeavingHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was promised is on disk by then, so that the change of tenancy goes on with it."""
    await read(home)
    monkeypatch.setattr(storage, "PAUSE", 0)
    file = Path((await home.act("export_consent"))["file"])
    with (
        patch.object(Path, "unlink", side_effect=PermissionError("Read-only.")),
        patch.object(change, "_set_up_anew"),
    ):
        with pytest.raises(HomeAssistantError, match="could not be deleted"):
            await home.act("change_of_tenancy")
        assert await async_is_erasing(home.hass, home.entry)
        issue = home.issue("erasure_incomplete")
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert "could not be deleted" in issue.translation_placeholders["error"]
    change._set_up_anew(home.hass, home.entry)
    await home.hass.async_block_till_done(wait_background_tasks=True)
    assert not await async_is_erasing(home.hass, home.entry)
    assert not file.exists()


async def test_a_file_that_cannot_be_deleted_keeps_nobody_from_being_reminded(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    """The entry goes, and the supplier still lists its CAD."""
    await read(home)
    file = Path((await home.act("export_consent"))["file"])
    with patch.object(Path, "unlink", side_effect=PermissionError("Read-only.")):
        await home.hass.config_entries.async_remove(home.entry.entry_id)
    assert home.issue("removed_still_listed") is not None
    assert "What was exported of the CAD is still there" in caplog.text
    file.unlink()


async def test_a_full_disk_is_said(home: LeavingHome) -> None:
    await read(home)
    with (
        patch(
            "custom_components.smets1_cad.evidence.file.write_utf8_file_atomic",
            side_effect=OSError("full"),
        ),
        pytest.raises(HomeAssistantError, match="could not be written"),
    ):
        await home.act("export_evidence")


async def test_consent_is_exported_as_a_chain_that_others_can_check(
    home: LeavingHome,
) -> None:
    await read(home)
    await home.act("withdraw_consent")
    answer = await home.act("export_consent")
    consent = answer["consent"]
    assert consent["in_force"] is False
    assert ConsentLog.from_dict(consent["log"]).damage is None
    assert [entry["kind"] for entry in consent["log"]["entries"]] == [
        *("given", "withdrawn")
    ]
    (wording,) = consent["wordings"]
    assert wording["matches_hash"] is True
    assert wording["boxes"]["consumer"]["ticked"] is True
    assert "at most every 10 seconds" in wording["body"]


async def test_erased_details_are_not_exported(home: LeavingHome) -> None:
    await read(home)
    await home.entry.runtime_data.consents.erase(Withdrawal.REQUESTED)
    consent = (await home.act("export_consent"))["consent"]
    assert consent["wordings"] == []
    assert "Gwen" not in json.dumps(consent)


# --- firmware


async def test_a_firmware_change_is_noticed_recorded_and_shown(
    home: LeavingHome,
) -> None:
    """It is known over a restart, and what a device leaves unsaid is no change."""
    await read(home)
    home.link.hand_up(electricity_identity(firmware_version=""))
    await home.restart()
    home.link.hand_up(electricity_identity(firmware_version="1.08"))
    await home.hass.async_block_till_done()
    issue = ir.async_get(home.hass).async_get_issue(
        "smets1_cad", f"firmware_changed_electricity_{home.entry.entry_id}"
    )
    assert issue is not None
    assert issue.translation_placeholders == {"before": "M1 1.07", "after": "M1 1.08"}
    (change,) = (await home.act("export_evidence"))["evidence"]["firmware_changes"]
    assert change["device"] == "electricity"
    assert change["before"]["firmware"] == "1.07"
    assert change["after"]["firmware"] == "1.08"
    await home.restart()
    pack = (await home.act("export_evidence"))["evidence"]
    assert len(pack["firmware_changes"]) == 1


def hub(build: str = "Hub 2.0", *, with_model: bool = True) -> dict[str, Any]:
    """Store what a session does of a hub: its own endpoint beside that of a meter."""

    def basic(model: str, version: str) -> dict[str, Any]:
        static: dict[str, Any] = {"3": 4, "16384": "0x" + version.encode().hex()}
        if model:
            static["5"] = "0x" + model.encode().hex()
        return {"0": {"static": static, "supported": [], "missing": [], "refused": []}}

    return {
        "version": 1,
        "extended_pan_id": "0102030405060708",
        "trust_centre": "00:0d:6f:00:0a:90:69:e7",
        "authorised": True,
        "read_once": [],
        "endpoints": {
            "2": {
                "device_id": 0x0501,
                "fuel": "electricity",
                "clusters": basic("E6S", "1.07"),
            },
            "1": {
                "device_id": 0x0500,
                "fuel": None,
                "clusters": basic("H-1" if with_model else "", build),
            },
        },
    }


async def test_the_hub_has_an_identity_of_its_own(home: LeavingHome) -> None:
    """As it was read when the CAD joined; what it did not say is said to be so, also in print."""
    await home.prepare()
    await (await home.store()).session.save(hub(with_model=False))
    await home.start()
    answer = await home.act("export_evidence")
    assert answer["evidence"]["hub"] == {
        "eui64": "00-0D-6F-00-0A-90-69-E7",
        "manufacturer": "not_read",
        "model": "not_read",
        "hardware_version": "4",
        "firmware_version": "Hub 2.0",
        "application_version": "not_read",
    }
    page = Cells()
    page.feed(Path(answer["files"]["page"]).read_text())
    for cell in ("Communications hub, as read", "Hub 2.0", "not read"):
        assert cell in page.cells


async def test_a_firmware_change_of_the_hub_is_noticed(home: LeavingHome) -> None:
    await home.prepare()
    store = await home.store()
    await store.session.save(hub())
    await home.start()
    await store.session.save(hub("Hub 2.1"))
    home.link.move(LinkState.RUNNING)
    await home.hass.async_block_till_done()
    issue = ir.async_get(home.hass).async_get_issue(
        "smets1_cad", f"firmware_changed_hub_{home.entry.entry_id}"
    )
    assert issue is not None
    assert issue.translation_placeholders == {
        "before": "H-1 4 Hub 2.0",
        "after": "H-1 4 Hub 2.1",
    }


async def test_a_damaged_record_of_the_network_is_none(home: LeavingHome) -> None:
    await read(home)
    await (await home.store()).session.save({"version": 1, "endpoints": 5})
    pack = (await home.act("export_evidence"))["evidence"]
    assert set(pack["hub"].values()) == {"not_read"}


@pytest.mark.parametrize(
    "damaged",
    [[], {"known": [], "changes": []}, {"known": {}}, {"known": {}, "changes": [{}]}],
)
async def test_a_damaged_firmware_record_stops_nothing_else(
    home: LeavingHome, caplog: pytest.LogCaptureFixture, damaged: Any
) -> None:
    """It is said once, left as it is, and everything else works; the pack says what is missing."""
    await home.prepare()
    store = await home.store()
    await store.firmware.save(damaged)
    await home.start()
    assert home.entry.state is ConfigEntryState.LOADED
    home.link.move(LinkState.RUNNING)
    home.link.hand_up(electricity_identity(), electricity())
    await home.hass.async_block_till_done()
    assert caplog.text.count("Changes of firmware are not recorded") == 1
    assert home.issue("firmware_unreadable") is not None
    assert await store.firmware.load() == damaged
    pack = (await home.act("export_evidence"))["evidence"]
    assert pack["firmware_changes"] == []
    assert pack["unreadable"] == ["firmware_changes"]
    assert "its record is damaged" in load_page().render(pack)
    await store.firmware.clear()
    await home.restart()
    assert home.issue("firmware_unreadable") is None


async def test_a_firmware_version_that_cannot_be_kept_is_only_logged(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    await read(home)
    with patch(
        "custom_components.smets1_cad.document.Document.async_save",
        side_effect=CadError("Full.", reason="store_not_written"),
    ):
        home.link.hand_up(electricity_identity(firmware_version="2.00"))
        await home.hass.async_block_till_done()
    assert "firmware versions were not kept" in caplog.text


# --- the page


class Cells(HTMLParser):
    """Reads a page back, cell by cell."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name in ("src", "href") for name, _ in attrs)

    @override
    def handle_data(self, data: str) -> None:
        self.cells.append(data.strip())


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Evidence"), ("cy-GB", "Tystiolaeth")]
)
async def test_the_page_says_what_the_pack_says(
    home: LeavingHome, language: str, title: str
) -> None:
    home.hass.config.language = language
    await read(home)
    home.link.hand_up(electricity_identity(firmware_version="1.08"))
    await home.hass.async_block_till_done()
    answer = await home.act("export_evidence")
    page = Path(answer["files"]["page"]).read_text()
    cells = Cells()
    cells.feed(page)
    assert any(cell.startswith(title) for cell in cells.cells)
    for value in ("Gwen Householder", MPAN, "00-0D-6F-00-0A-0B-0C-0D", "1.08"):
        assert value in cells.cells
    assert "M1 1.07 → M1 1.08" in cells.cells
    assert "script" not in cells.tags


async def test_nothing_typed_becomes_markup(home: LeavingHome) -> None:
    await read(home)
    pack = (await home.act("export_evidence"))["evidence"]
    pack["declared"]["name"] = "<script>alert(1)</script>"
    page = load_page().render(pack)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


async def test_a_pack_without_a_request_has_no_such_section(home: LeavingHome) -> None:
    await read(home)
    pack = (await home.act("export_evidence"))["evidence"]
    page = load_page().render(pack | {"request": None})
    assert "The pairing request" not in page


def test_both_languages_have_the_same_words() -> None:
    folder = Path(__file__).parent.parent / "custom_components/smets1_cad/texts"
    english, welsh = (
        json.loads((folder / f"evidence.{language}.json").read_text())
        for language in ("en", "cy")
    )
    assert english.keys() == welsh.keys()
    for part in ("sections", "labels", "values"):
        assert english[part].keys() == welsh[part].keys()
