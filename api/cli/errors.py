"""What ends a command with a short text: no server, a refusal, or something that cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unreachable(Exception):
    """No server answers, or there is nothing to open. Its text says what to do."""


class ServerRefusal(Exception):
    """A refusal of the server: a problem of RFC 9457."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body.get("title") or f"HTTP {status}")
        self.status = status
        self.title = str(self)
        self.detail = _typed(str(body.get("detail") or ""))
        errors = body.get("errors")
        self.faults: list[tuple[str, str]] = [
            (
                str(fault.get("pointer") or fault.get("parameter") or fault.get("header") or ""),
                _typed(str(fault.get("detail", ""))),
            )
            for fault in (errors if isinstance(errors, list) else ())
            if isinstance(fault, dict)
        ]


def _typed(advice: str) -> str:
    """Advice for a URL as it holds at a terminal, where a + is typed as it is."""
    return advice.replace(" (%2B is a + in a URL)", "").replace("%2B", "+")


class CannotContinue(Exception):
    """What was asked for cannot be done, and nothing was changed. Its text says why and what to do."""
