"""How the stick's application is configured."""

from typing import Any

from bellows.config import CONFIG_SCHEMA
import pytest

from custom_components.smets1_cad.radio import config
from custom_components.smets1_cad.radio.application import JoiningApplication
from custom_components.smets1_cad.radio.config import application_config

from .virtual import connected, virtual_han


def test_is_as_complete_as_zigpy_would_make_it() -> None:
    made = application_config("/dev/ttyUSB0", baudrate=57600, flow_control="hardware")
    application = JoiningApplication(
        made, gate=lambda packet: None, on_event=lambda one, event: None
    )
    assert application.config == made
    assert made.keys() >= CONFIG_SCHEMA({"device": made["device"]}).keys()
    assert made["device"] == {
        "path": "/dev/ttyUSB0",
        "baudrate": 57600,
        "flow_control": "hardware",
    }
    assert not made["use_thread"]


def test_no_two_connections_share_one() -> None:
    made = application_config("/dev/ttyUSB0")
    made["ezsp_config"].clear()
    assert application_config("/dev/ttyUSB0")["ezsp_config"]


async def test_a_stick_may_be_opened_as_often_as_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Zigpy's schema is not used again: after fifty times it would be compiled, and break."""
    config._for_any_stick.cache_clear()
    used: list[dict[str, Any]] = []

    def schema(given: dict[str, Any]) -> dict[str, Any]:
        used.append(given)
        return CONFIG_SCHEMA(given)

    monkeypatch.setattr(config, "CONFIG_SCHEMA", schema)
    monkeypatch.setattr(JoiningApplication.__bases__[0], "SCHEMA", None, raising=True)
    async with virtual_han() as han:
        for _ in range(3):
            async with connected(han) as radio:
                assert radio.ezsp_version == 13
    assert len(used) == 1
