"""Look for texts among the raw bytes of files, whatever the files' format."""

from collections.abc import Iterable
from pathlib import Path
import re
from typing import Final

_CHUNK: Final = 1 << 18
"""Bytes that are searched at a time: nobody else runs while Python searches."""


def search(files: Iterable[Path], words: Iterable[str]) -> frozenset[str]:
    """Return which words occur in any of the files, in UTF-8; a file that has gone meanwhile has none."""
    wanted = {word.encode(): word for word in words if word}
    found: set[bytes] = set()
    for path in files:
        try:
            found |= _search_one(path, wanted.keys() - found)
        except FileNotFoundError:
            continue
    return frozenset(wanted[word] for word in found)


def mentions_any(path: Path, words: Iterable[str]) -> bool:
    """Whether any of the words occurs in a file, in UTF-8; one that cannot be read mentions none."""
    wanted = {word.encode() for word in words if word}
    if (pattern := _any_of(wanted)) is None:
        return False
    longest = max(map(len, wanted))
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if pattern.search(window := tail + chunk):
                    return True
                tail = window[-(longest - 1) :] if longest > 1 else b""
    except OSError:
        return False
    return False


def _search_one(path: Path, words: set[bytes]) -> set[bytes]:
    """Return which words occur in a file."""
    if not words:
        return set()
    longest = max(map(len, words))
    found: set[bytes] = set()
    pattern = _any_of(words)
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            window = tail + chunk
            # Only where some word begins is it worth asking which.
            while pattern is not None and pattern.search(window):
                found |= {word for word in words - found if word in window}
                pattern = _any_of(words - found)
            tail = window[-(longest - 1) :] if longest > 1 else b""
    return found


def _any_of(words: set[bytes]) -> re.Pattern[bytes] | None:
    return re.compile(b"|".join(map(re.escape, sorted(words)))) if words else None
