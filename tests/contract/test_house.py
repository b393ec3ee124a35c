"""The arrows of the house point one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

INTEGRATION = "custom_components.smets1_cad"
FREE_OF_HOME_ASSISTANT = ("cad", "smart_energy", "radio")


def modules(root: Path) -> dict[str, Path]:
    """Return every module of the integration and of the virtual network by dotted name."""
    found = {}
    for package in ("custom_components/smets1_cad", "virtual_han"):
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, at any depth."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in known else base


def room(name: str) -> str:
    """Return the room of the integration that a module stands in, "" for Home Assistant's own."""
    parts = name.removeprefix(f"{INTEGRATION}.").split(".")
    return (
        parts[0]
        if name.startswith(f"{INTEGRATION}.") and parts[0] in FREE_OF_HOME_ASSISTANT
        else ""
    )


def breaches(root: Path) -> list[str]:
    """Return every import that goes against the rules of the house."""
    known = modules(root)
    found = []
    for name, path in sorted(known.items()):
        for target in imports(name, path, known):
            inside, outside = (
                name.startswith(INTEGRATION),
                target.startswith("virtual_han"),
            )
            if (inside and outside) or (
                name.startswith("virtual_han")
                and target.startswith("custom_components")
            ):
                found.append(
                    f"{name} imports {target}: the virtual network and the integration keep apart"
                )
            if room(name) and target.split(".")[0] == "homeassistant":
                found.append(
                    f"{name} imports {target}: no Home Assistant below its rooms"
                )
            if (
                room(name)
                and target.startswith(INTEGRATION)
                and not room(target)
                and target != INTEGRATION
            ):
                found.append(f"{name} imports {target}: the arrow points down")
            if room(name) == "cad" and room(target) in {"smart_energy", "radio"}:
                found.append(f"{name} imports {target}: cad is below every kind of CAD")
    return found


def circle(root: Path) -> list[str]:
    """Return one circle of imports, or an empty list."""
    known = modules(root)
    graph = {
        name: {
            target
            for target in imports(name, path, known)
            if target in known and target != name
        }
        for name, path in known.items()
    }
    # A package that re-exports its own modules is not a circle.
    for name, targets in graph.items():
        targets.difference_update(
            {parent for parent in targets if name.startswith(f"{parent}.")}
        )
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph[name]):
            if found := walk(target, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_arrows_point_one_way(root: Path) -> None:
    assert breaches(root) == []


def test_no_import_circles(root: Path) -> None:
    assert circle(root) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (f"{INTEGRATION}.cad.planted", "import virtual_han.aps", "keep apart"),
        ("virtual_han.planted", f"from {INTEGRATION}.cad import errors", "keep apart"),
        (
            f"{INTEGRATION}.radio.planted",
            "from homeassistant.core import HomeAssistant",
            "no Home Assistant",
        ),
        (f"{INTEGRATION}.cad.planted", "from ..const import DOMAIN", "points down"),
        (
            f"{INTEGRATION}.cad.planted",
            "from ..smart_energy import errors",
            "below every kind",
        ),
    ],
)
def test_planted_fault_is_caught(
    file: str, text: str, said: str, tmp_path: Path
) -> None:
    for name in (
        f"{INTEGRATION}.const",
        f"{INTEGRATION}.cad.errors",
        f"{INTEGRATION}.smart_energy.errors",
        "virtual_han.aps",
    ):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    tmp_path.joinpath(*file.split(".")).with_suffix(".py").parent.mkdir(
        parents=True, exist_ok=True
    )
    tmp_path.joinpath(*file.split(".")).with_suffix(".py").write_text(text)
    assert any(said in breach for breach in breaches(tmp_path)), breaches(tmp_path)


def test_planted_circle_is_caught(tmp_path: Path) -> None:
    folder = tmp_path / "virtual_han"
    folder.mkdir()
    (folder / "a.py").write_text("from virtual_han import b")
    (folder / "b.py").write_text("from .c import thing")
    (folder / "c.py").write_text("import virtual_han.a")
    assert circle(tmp_path) == [
        "virtual_han.a",
        "virtual_han.b",
        "virtual_han.c",
        "virtual_han.a",
    ]
