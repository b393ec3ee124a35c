"""Suppliers and their contacts: never an invented one, and the user's own file counts."""

from datetime import date
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.smets1_cad.supplier.directory import (
    Channel,
    ChannelKind,
    SupplierError,
    check_service_url,
    load_directory,
    slug,
)

TODAY = date(2026, 11, 22)


def own(tmp_path: Path, suppliers: object) -> Path:
    path = tmp_path / "suppliers.json"
    path.write_text(json.dumps({"format": 1, "suppliers": suppliers}))
    return path


def test_r6_shipped_directory_holds_no_contact_without_source_and_date(
    root: Path,
) -> None:
    data = json.loads(
        (root / "custom_components/smets1_cad/supplier/suppliers.json").read_text()
    )
    assert data["format"] == 1
    assert len(data["suppliers"]) >= 10
    for supplier in data["suppliers"]:
        assert supplier["id"] == slug(supplier["id"])
        for channel in supplier["channels"]:
            assert channel["source"].startswith("https://")
            assert date.fromisoformat(channel["verified_on"]) <= date.today()  # noqa: DTZ011


def test_shipped_directory_loads() -> None:
    directory = load_directory()
    assert directory.problems == ()
    assert directory.get("edf") is not None
    assert directory.get("nobody") is None
    names = [supplier.name.casefold() for supplier in directory.suppliers]
    assert names == sorted(names)
    assert load_directory(Path("/nonexistent/suppliers.json")) == directory


@pytest.mark.parametrize(
    ("typed", "supplier_id"),
    [
        ("octopus", "octopus_energy"),
        (" OCTOPUS  Energy ", "octopus_energy"),
        ("E.ON", "e_on_next"),
        ("UW", "utility_warehouse"),
        ("Scottish Power", "scottishpower"),
        ("Village Energy Club", None),
        ("", None),
    ],
)
def test_suppliers_are_found_by_what_people_type(
    typed: str, supplier_id: str | None
) -> None:
    found = load_directory().find(typed)
    assert (found and found.supplier_id) == supplier_id


def test_own_file_replaces_and_adds(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        [
            {
                "name": "EDF",
                "channels": [
                    {"kind": "pairing_service", "value": "https://pairing.example/v1/"},
                    {"kind": "email", "value": "cad@edf.example"},
                    {"kind": "phone", "value": "0330 123 4567"},
                    {"kind": "letter", "value": "PO Box 1\nTown"},
                    {"kind": "web", "value": "https://edf.example/cad"},
                ],
            },
            {"id": "village", "name": "Village Energy Club"},
            {"id": "my_octopus", "name": "Octopus Energy"},
        ],
    )
    directory = load_directory(path)
    assert directory.problems == ()
    edf = directory.get("edf")
    assert edf is not None
    service = edf.channel(ChannelKind.PAIRING_SERVICE)
    assert service == Channel(
        kind=ChannelKind.PAIRING_SERVICE, value="https://pairing.example/v1"
    )
    assert service.own
    assert not service.is_stale(TODAY)
    assert {channel.kind for channel in edf.channels} == set(ChannelKind)
    assert directory.find("Village energy club") is not None
    assert directory.get("octopus_energy") is None
    assert directory.get("my_octopus") is not None
    assert len(directory.suppliers) == len(load_directory().suppliers) + 1


def test_contacts_go_stale() -> None:
    channel = Channel(
        kind=ChannelKind.EMAIL,
        value="a@b.example",
        source="https://b.example",
        verified_on=date(2025, 11, 22),
    )
    assert not channel.own
    assert not channel.is_stale(TODAY)
    assert channel.is_stale(date(2026, 11, 23))


@pytest.mark.parametrize(
    ("item", "where", "reason"),
    [
        (7, "suppliers[1]", "suppliers_file"),
        ({}, "suppliers[1]", "suppliers_file"),
        ({"name": " ?! "}, "suppliers[1]", "suppliers_file"),
        ({"name": "X", "also": "Y"}, "suppliers[1].also", "suppliers_file"),
        ({"name": "X", "also": [7]}, "suppliers[1].also", "suppliers_file"),
        ({"name": "X", "channels": {}}, "suppliers[1].channels", "suppliers_file"),
        (
            {"name": "X", "channels": ["a"]},
            "suppliers[1].channels[0]",
            "suppliers_file",
        ),
        (
            {"name": "X", "channels": [{"kind": "fax", "value": "1"}]},
            "suppliers[1].channels[0]",
            "suppliers_file",
        ),
        (
            {"name": "X", "channels": [{"kind": "email"}]},
            "suppliers[1].channels[0]",
            "suppliers_file",
        ),
        (
            {
                "name": "X",
                "channels": [
                    {"kind": "web", "value": "https://a", "verified_on": "yesterday"}
                ],
            },
            "suppliers[1].channels[0]",
            "suppliers_file",
        ),
        (
            {"name": "X", "channels": [{"kind": "email", "value": "a"}]},
            "suppliers[1].channels[0].value",
            "email",
        ),
        (
            {"name": "X", "channels": [{"kind": "phone", "value": "a"}]},
            "suppliers[1].channels[0].value",
            "phone",
        ),
        (
            {"name": "X", "channels": [{"kind": "letter", "value": " "}]},
            "suppliers[1].channels[0].value",
            "suppliers_file",
        ),
        (
            {
                "name": "X",
                "channels": [{"kind": "pairing_service", "value": "http://a.example"}],
            },
            "suppliers[1].channels[0].value",
            "service_url_insecure",
        ),
        ({"name": "First"}, "suppliers[1]", "suppliers_file"),
    ],
)
def test_what_is_wrong_in_the_own_file_is_told_and_the_rest_counts(
    tmp_path: Path, item: Any, where: str, reason: str
) -> None:
    directory = load_directory(own(tmp_path, [{"name": "First"}, item]))
    (problem,) = directory.problems
    assert (problem.where, problem.reason) == (where, reason)
    assert str(problem).startswith(where)
    assert directory.get("first") is not None


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"format": 2, "suppliers": []}', '{"format": 1, "suppliers": 5}'],
)
def test_own_file_that_is_no_directory(tmp_path: Path, text: str) -> None:
    path = tmp_path / "suppliers.json"
    path.write_text(text)
    directory = load_directory(path)
    assert [problem.reason for problem in directory.problems] == ["suppliers_file"]
    assert directory.suppliers == load_directory().suppliers


def test_own_file_that_cannot_be_opened(tmp_path: Path) -> None:
    assert load_directory(tmp_path).problems[0].reason == "suppliers_file"


def test_broken_json_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "suppliers.json"
    path.write_text('{\n"format": 1,\n"suppliers": [,]}')
    assert "line 3" in str(load_directory(path).problems[0])


def test_shipped_file_that_would_name_a_contact_without_source_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own(
        tmp_path,
        [{"name": "X", "channels": [{"kind": "email", "value": "a@b.example"}]}],
    )
    monkeypatch.setattr(
        "custom_components.smets1_cad.supplier.directory._SHIPPED", path
    )
    with pytest.raises(SupplierError, match="needs the page"):
        load_directory()


@pytest.mark.parametrize(
    ("url", "result"),
    [
        (" https://Pairing.example/api/ ", "https://Pairing.example/api"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://localhost:8400/", "http://localhost:8400"),
        ("http://[::1]:8400", "http://[::1]:8400"),
    ],
)
def test_service_addresses(url: str, result: str) -> None:
    assert check_service_url(url) == result


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "service_url"),
        ("pairing.example", "service_url"),
        ("ftp://pairing.example", "service_url"),
        ("https://pairing.example?token=x", "service_url"),
        ("https://pairing.example#x", "service_url"),
        ("https://me:secret@pairing.example", "service_url"),
        ("https://pairing.example:port", "service_url"),
        ("https://[::1", "service_url"),
        ("http://pairing.example", "service_url_insecure"),
        ("http://127.0.0.1.example", "service_url_insecure"),
        ("http://192.168.1.2", "service_url_insecure"),
    ],
)
def test_wrong_service_addresses(url: str, reason: str) -> None:
    with pytest.raises(SupplierError) as caught:
        check_service_url(url)
    assert caught.value.reason == reason


def test_example_in_the_readme_is_read(root: Path, tmp_path: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    path = tmp_path / "suppliers.json"
    path.write_text(example, encoding="utf-8")
    directory = load_directory(path)
    assert directory.problems == ()
    found = directory.find("some")
    assert found is not None
    assert found.channels[0].verified_on == date(2026, 11, 1)
