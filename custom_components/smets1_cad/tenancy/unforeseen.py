"""Mistakes that nobody foresaw, logged without what they quote: it could be whose home it is (R23)."""

from traceback import format_tb

from ..const import LOGGER


def log_unforeseen(what: str, err: Exception) -> None:
    """Log what an unforeseen error led to, its kind, and where it came from; not its words."""
    LOGGER.error(
        "%s: %s\n%s", what, type(err).__name__, "".join(format_tb(err.__traceback__))
    )
