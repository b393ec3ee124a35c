"""The evidence pack as a page to print, in English and Welsh."""

from collections.abc import Iterator, Mapping
from html import escape
import json
from pathlib import Path
from typing import Any, Final

from ..consent.text import DEFAULT_LANGUAGE, LANGUAGES
from ..supplier.texts import inert

_FOLDER: Final = Path(__file__).parent.parent / "texts"

_STYLE: Final = """
body { font: 11pt/1.4 sans-serif; margin: 2em auto; max-width: 48em; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin: 1.6em 0 .4em; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #bbb; padding: .3em .5em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { width: 16em; font-weight: 600; } tr { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; } }
"""

type Row = tuple[str, str]


class EvidencePage:
    """The page of one language."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """Start with the words; see `load_page`."""
        self._words = words

    def render(self, pack: Mapping[str, Any]) -> str:
        """Return the page as HTML, with nothing in it that is loaded from elsewhere.

        Args:
            pack: as `pack.async_collect_evidence` returns it.
        """
        body = "".join(
            f"<h2>{escape(title)}</h2>\n{_table(rows)}"
            for title, rows in self._sections(pack)
        )
        title = escape(self._words["title"])
        made = escape(self._words["made"].format(at=pack["made_at"]))
        note = escape(self._words["note"])
        return (
            f'<!doctype html>\n<html lang="{escape(self._words["language"])}">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{title}</h1>\n<p>{made} {note}</p>\n{body}</body>\n</html>\n"
        )

    def _sections(self, pack: Mapping[str, Any]) -> Iterator[tuple[str, list[Row]]]:
        """Yield each section's title and rows; a section without rows is left out."""
        titles = self._words["sections"]
        sections: list[tuple[str, list[Row]]] = [
            (titles["consent"], self._consent(pack["consent"])),
            (titles["declared"], list(self._flat(pack["declared"]))),
            (titles["cad"], list(self._flat(pack["cad"]))),
            (titles["hub"], list(self._flat(pack["hub"]))),
            *(
                (titles[f"meter_{fuel}"], list(self._flat(meter)))
                for fuel, meter in pack["meters"].items()
            ),
            (titles["request"], self._request(pack["request"])),
            (titles["behaviour"], list(self._flat(pack["behaviour"]))),
            (
                titles["firmware_changes"],
                [
                    (
                        f"{change['at']} · {change['device']}",
                        f"{_joined(change['before'])} → {_joined(change['after'])}",
                    )
                    for change in pack["firmware_changes"]
                ],
            ),
            (titles["software"], list(self._flat(pack["software"]))),
            (titles["unreadable"], list(self._flat(pack.get("unreadable"), ""))),
        ]
        for title, rows in sections:
            if rows:
                yield title, rows

    def _consent(self, consent: Mapping[str, Any]) -> list[Row]:
        """Return whether consent is in force, each entry of its log, and each wording as it was shown."""
        log = consent["log"]
        rows = [
            (self._label("in_force"), self._value(consent["in_force"])),
            (self._label("intact"), self._value(log["intact"])),
            (self._label("head"), log["head"]),
        ]
        rows += [
            (
                f"{entry['at']} · {self._value(entry['kind'])}",
                "\n".join(
                    f"{self._label(name)}: {value}"
                    for name, value in self._flat(entry["body"])
                )
                + f"\nSHA-256: {entry['digest']}",
            )
            for entry in log["entries"]
        ]
        for wording in consent["wordings"]:
            boxes = "\n".join(_boxes(wording))
            rows.append(
                (
                    f"{wording['title']} ({wording['record_id']})",
                    f"{wording['body']}\n\n{boxes}",
                )
            )
        return rows

    def consent(
        self, record: Mapping[str, Any], wording: Mapping[str, Any] | None
    ) -> str:
        """Return one consent in Markdown, in which nothing that was typed acts.

        Args:
            record: what is on record, by name.
            wording: as `consented.async_wording_again` returns it.
        """
        parts = [
            "\n".join(
                f"- {label}: **{inert(', '.join(value.splitlines()))}**"
                for label, value in self._flat(record)
            )
        ]
        if wording is not None:
            parts += [
                f"## {wording['title']}",
                wording["body"],
                *(inert(box) for box in _boxes(wording)),
            ]
        return "\n\n".join(parts)

    def _request(self, request: Mapping[str, Any] | None) -> list[Row]:
        """Return what the request is, and each step of its way."""
        if request is None:
            return []
        rest = {name: value for name, value in request.items() if name != "history"}
        return [
            *self._flat(rest),
            *(
                (
                    step["at"],
                    " · ".join(
                        self._value(part)
                        for part in (
                            step["state"],
                            step["route"],
                            step["reason"],
                            step["detail"],
                        )
                        if part
                    ),
                )
                for step in request["history"]
            ),
        ]

    def _flat(self, data: Any, *path: str) -> Iterator[Row]:
        """Yield every value with its label; what is empty is left out."""
        if isinstance(data, Mapping):
            for name, value in data.items():
                yield from self._flat(value, *path, self._label(str(name)))
        elif isinstance(data, list) and data and isinstance(data[0], Mapping):
            for value in data:
                yield from self._flat(value, *path)
        elif isinstance(data, list):
            if data:
                yield " – ".join(path), ", ".join(self._value(each) for each in data)
        elif data not in (None, ""):
            yield " – ".join(path), self._value(data)

    def _label(self, name: str) -> str:
        return str(self._words["labels"].get(name, name.replace("_", " ")))

    def _value(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(self._words["yes" if value else "no"])
        return str(self._words["values"].get(str(value), value))


def _boxes(wording: Mapping[str, Any]) -> list[str]:
    """Return each box as it was left, with its words."""
    return [
        f"{'☑' if box['ticked'] else '☐'} {box['words']}"
        for box in wording["boxes"].values()
    ]


def _joined(said: Mapping[str, str]) -> str:
    return " ".join(
        value for name in ("model", "hardware", "firmware") if (value := said.get(name))
    )


def _table(rows: list[Row]) -> str:
    cells = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value).replace(chr(10), '<br>')}</td></tr>\n"
        for label, value in rows
    )
    return f"<table>\n{cells}</table>\n"


def load_page(language: str = DEFAULT_LANGUAGE) -> EvidencePage:
    """Read the words of a language; reads the disk, so run it in an executor.

    Args:
        language: a language tag such as ``cy`` or ``en-GB``; without words of its own, English.
    """
    tag = language.split("-", maxsplit=1)[0].lower()
    path = _FOLDER / f"evidence.{tag if tag in LANGUAGES else DEFAULT_LANGUAGE}.json"
    return EvidencePage(json.loads(path.read_text(encoding="utf-8")))
