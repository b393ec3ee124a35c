"""HACS (up to 2026.10) and the Marketplace (from 2026.11) can read the repository."""

from collections.abc import Iterator
import hashlib
import json
from pathlib import Path
import re

from awesomeversion import AwesomeVersion
from PIL import Image
import pytest

from custom_components.smets1_cad.smart_energy.decode import Direction, decode

HACS_KEYS = {
    *(
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "name",
    ),
    *("persistent_directory", "render_readme", "zip_release"),
}
# The text that GitHub detects as Apache-2.0: not a word may differ.
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def check_hacs(root: Path) -> Iterator[str]:
    """Yield what HACS's action would refuse."""
    content = json.loads((root / "hacs.json").read_text())
    if unknown := set(content) - HACS_KEYS:
        yield f"hacs.json: unknown keys {sorted(unknown)}"
    if "name" not in content:
        yield "hacs.json: no name"
    if content.get("zip_release") and "filename" not in content:
        yield "hacs.json: zip_release without filename"
    if not AwesomeVersion(content.get("homeassistant", "0")).valid:
        yield "hacs.json: homeassistant is no version"
    manifest = json.loads(
        (root / "custom_components/smets1_cad/manifest.json").read_text()
    )
    for key in (
        "codeowners",
        "documentation",
        "domain",
        "issue_tracker",
        "name",
        "version",
    ):
        if not manifest.get(key):
            yield f"manifest: no {key}"
    if not (root / "README.md").exists():
        yield "no README.md"
    if not (root / "custom_components/smets1_cad/brand/icon.png").exists():
        yield "no brand/icon.png"
    folders = [
        path.name
        for path in (root / "custom_components").iterdir()
        if (path / "manifest.json").exists()
    ]
    if folders != ["smets1_cad"]:
        yield f"custom_components holds {folders}"


def test_hacs_accepts(root: Path) -> None:
    assert list(check_hacs(root)) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"name": "a", "domains": []}, "unknown keys"),
        ({}, "no name"),
        ({"name": "a", "zip_release": True}, "without filename"),
        ({"name": "a", "homeassistant": "newest"}, "no version"),
    ],
)
def test_planted_fault_is_caught(
    content: dict[str, object], said: str, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "hacs.json").write_text(json.dumps(content))
    (tmp_path / "custom_components").symlink_to(root / "custom_components")
    breaches = list(check_hacs(tmp_path))
    assert any(said in breach for breach in breaches)
    assert "no README.md" in breaches


def test_licence_is_unmodified(root: Path) -> None:
    assert (
        hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256
    )


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("icon.png", 256),
        ("icon@2x.png", 512),
        ("dark_icon.png", 256),
        ("dark_icon@2x.png", 512),
    ],
)
def test_brand_images(name: str, size: int, root: Path) -> None:
    """Square, of the right size, transparent, trimmed to the drawing."""
    with Image.open(root / "custom_components/smets1_cad/brand" / name) as image:
        assert image.size == (size, size)
        alpha = image.getchannel("A")
        assert alpha.getextrema() == (0, 255)
        left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
        assert max(right - left, bottom - top) >= size * 0.97


def test_readme_example_decodes(root: Path) -> None:
    """What the README tells people to type works."""
    example = re.search(
        r"^scripts/zcl (\S+) (\S+) (\S+)$",
        (root / "README.md").read_text(),
        re.MULTILINE,
    )
    assert example is not None
    frame = decode(
        int(example[1], 16), Direction(example[2]), bytes.fromhex(example[3])
    )
    assert str(frame.command).endswith("publish_price")
