"""What a person sees of the readings in the Energy dashboard."""

from datetime import datetime, timedelta
from pathlib import Path
import re
from typing import Any

from playwright.sync_api import Page, expect
import pytest

from demo.pretence import library

from .dialog import Dialog
from .running import Demo, call

GRID = {
    "type": "grid",
    "stat_energy_from": "sensor.electricity_meter_import",
    "stat_energy_to": "sensor.electricity_meter_export",
    "stat_cost": None,
    "entity_energy_price": "sensor.electricity_meter_unit_rate",
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "stat_rate": "sensor.electricity_meter_power",
    "cost_adjustment_day": 0,
}
GAS = {
    "type": "gas",
    "stat_energy_from": "sensor.gas_meter_energy",
    "stat_cost": None,
    "entity_energy_price": "sensor.gas_meter_unit_rate",
    "number_energy_price": None,
}
IMPORT = str(GRID["stat_energy_from"])
COST = "sensor.electricity_meter_import_cost"

PATIENCE = 240
"""Seconds until the full hour is over, and the recorder has made its statistics."""

READ_EVERY = 10
"""Seconds between two readings."""


@pytest.mark.skipif(
    library() is None,
    reason="no libfaketime on this machine (Debian: apt install libfaketime), so that the full hour is far",
)
def test_energy_dashboard(paired: Page, demo: Demo, screenshots: Path) -> None:
    """It shows power now, and after the full hour what the meter itself has counted, with its cost."""
    page, dialog = paired, Dialog(paired, screenshots)
    call(page, "energy/save_prefs", energy_sources=[GRID, GAS])
    issues = call(page, "energy/validate")["energy_sources"]
    # What the hour has not made yet is all that may be missing.
    assert {issue["type"] for source in issues for issue in source} <= {
        "statistics_not_defined"
    }, issues
    hour = demo.now.replace(minute=0, second=0, microsecond=0)
    if demo.now - hour < timedelta(minutes=30):
        pytest.skip("this machine took so long to pair that the full hour was over")

    statistics = _statistics(page, hour)
    [counted] = statistics[IMPORT]
    full = hour + timedelta(hours=1)
    assert counted["state"] in _truths(demo, full)
    assert 0 < counted["change"] < 5
    [cost] = statistics[COST]
    assert 0 < cost["change"] <= counted["change"]

    page.goto(f"{demo.url}/energy/now")
    expect(page.get_by_text("Power usage")).to_be_visible()
    expect(page.get_by_text(re.compile(r"[0-9.]+\s*kW")).first).to_be_visible()
    dialog.shot("13-energy-now")
    page.goto(f"{demo.url}/energy/electricity")
    total = page.get_by_text(f"{counted['change']:.2f} kWh").filter(visible=True)
    expect(total.first).to_be_visible()
    # Where there is nothing to draw, the card says so instead.
    expect(page.get_by_text("There is no data to show")).to_have_count(0)
    dialog.shot("14-energy")


def _statistics(page: Page, hour: datetime) -> dict[str, list[dict[str, Any]]]:
    """Wait until the recorder has made an hour's statistics; return them."""
    for _ in range(PATIENCE):
        found: dict[str, list[dict[str, Any]]] = call(
            page,
            "recorder/statistics_during_period",
            start_time=hour.isoformat(),
            statistic_ids=[IMPORT, COST],
            period="hour",
        )
        if len(found) == 2:
            return found
        page.wait_for_timeout(1000)
    pytest.fail(f"no statistics of the hour from {hour:%H:%M} on")


def _truths(demo: Demo, full: datetime) -> set[float]:
    """Return what the register showed in the seconds in which it was read last before a moment."""
    return {
        demo.steer(f"/registers?at={_at(full - timedelta(seconds=ago))}")[
            "electricity"
        ]["delivered"]
        for ago in range(2 * READ_EVERY + 1)
    }


def _at(moment: datetime) -> str:
    return moment.isoformat().replace("+", "%2B")
