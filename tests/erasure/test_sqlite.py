"""A change of tenancy on SQLite: not one byte is left, and what is others' stays."""

import json
from pathlib import Path
import sqlite3

from . import canaries
from .conftest import Houses
from .house import OTHER, OTHER_EXTERNAL


def test_every_canary_is_there_before(lived_in: Path) -> None:
    """Without this, the others would prove nothing."""
    found = canaries.found_in(canaries.files_of(lived_in))
    assert found.keys() == canaries.patterns().keys()


def test_not_one_byte_is_left(config: Path, houses: Houses) -> None:
    """Searched are the database, its journals, `.storage` and the log, after Home Assistant has stopped (R20)."""
    answer = houses.run("erase", config)

    assert canaries.found_in(canaries.files_of(config)) == {}
    report = answer["report"]
    assert report == answer["returned"]
    assert report["database"]["deleted"]["statistics"] > 3 * 365 * 23
    assert set(report["database"]["remaining"].values()) == {0}
    assert report["database"]["found_in_files"] == 0
    assert report["starts"] == 1
    assert report["entities"] == 6
    assert report["out_of_reach"]["files"] == ["home-assistant.log"]
    for text in canaries.TEXTS.values():
        assert text not in json.dumps(report)


def test_what_is_others_stays(config: Path, houses: Houses) -> None:
    """Neighbours in the database are untouched, and it is whole."""
    houses.run("erase", config)

    database = sqlite3.connect(config / "home-assistant_v2.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = database.execute(
        "SELECT count(*), count(DISTINCT a.shared_attrs) FROM states s "
        "JOIN states_meta m USING (metadata_id) JOIN state_attributes a USING (attributes_id) "
        "WHERE m.entity_id = ? AND a.shared_attrs LIKE '%KEEP-ATTRIBUTE%'",
        (OTHER,),
    ).fetchone()
    assert rows == (40, 40)
    assert database.execute(
        "SELECT count(*) FROM events JOIN event_data USING (data_id) WHERE shared_data LIKE '%KEEP-EVENT%'"
    ).fetchone() == (1,)
    assert database.execute(
        "SELECT m.name, s.sum FROM statistics s JOIN statistics_meta m ON m.id = s.metadata_id "
        "WHERE m.statistic_id = ?",
        (OTHER_EXTERNAL,),
    ).fetchall() == [("KEEP-STATISTICS", 2.5)]
    database.close()


def test_a_tombstone_of_the_consent_stays_and_holds(
    config: Path, houses: Houses
) -> None:
    """That a consent was given and ended stays on record, without a person in it; the chain is whole."""
    answer = houses.run("erase", config)

    assert answer["entry"] == {"state": "setup_error", "data": {"tenancy": 1}}
    assert answer["reason"] == "No consent"
    assert not any("electricity" in entity_id for entity_id in answer["entities"])
    (path,) = (config / ".storage").glob("smets1_cad.*")
    stored = json.loads(path.read_text())["data"]
    assert stored.keys() == {"revision", "consent", "tenancy"}
    kinds = [entry["kind"] for entry in stored["consent"]["entries"]]
    assert kinds == ["given", "withdrawn", "erased"]
    assert stored["consent"]["personal"] == {}
    assert stored["tenancy"]["open"] is None
    assert stored["tenancy"]["known"] == []


def test_a_second_erasure_finds_nothing(config: Path, houses: Houses) -> None:
    """A new tenancy that ends before it began is erased without complaint, and numbered."""
    houses.run("erase", config)
    report = houses.run("erase", config)["report"]
    assert report["tenancy"] == 1
    assert report["database"]["deleted"]["states"] == 0
    assert report["entities"] == 0
