"""Problem details (RFC 9457), as the contract has them."""

from collections.abc import Mapping, Sequence
from typing import Any

type Json = dict[str, Any]


class Problem(Exception):
    """A request that cannot be served; `body` is what the client is told."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        who_acts: str = "cad_provider",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Describe it; the detail never holds personal data or an install code."""
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Json = {
            "type": "about:blank",
            "title": code.replace("_", " ").capitalize(),
            "status": status,
            "code": code,
            "detail": detail,
            "who_acts": who_acts,
            **more,
        }


def invalid(errors: Sequence[tuple[str, str]]) -> Problem:
    """Return 400 with the members that are wrong, as pointer and problem."""
    return Problem(
        400,
        "invalid_request",
        "Some of what was sent is missing or malformed; see errors",
        errors=[{"field": field, "problem": problem} for field, problem in errors],
    )
