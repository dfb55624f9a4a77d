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
            (_place(fault), _typed(str(fault.get("detail", ""))))
            for fault in (errors if isinstance(errors, list) else ())
            if isinstance(fault, dict)
        ]


AT_A_TERMINAL = (
    (" (%2B is a + in a URL)", ""),
    ("%2B", "+"),
    ("GET /v1/processes lists them", "`parley processes` lists them"),
    ("GET /v1/event-types lists them", "`parley event-types` lists them"),
    ("send it without `Prefer: handling=strict`", "append it without --strict"),
    ("this address takes", "there are"),
    ("unknown parameter", "unknown option"),
    (": /openapi.json and /docs tell what there is", ": is it a Parley server, and not an older one?"),
)
"""What the interface advises, and what is to be done at a terminal instead."""


def _typed(advice: str) -> str:
    """Advice for a request as it holds at a terminal."""
    for over_http, typed in AT_A_TERMINAL:
        advice = advice.replace(over_http, typed)
    return advice


def _place(fault: Mapping[str, Any]) -> str:
    """What is wrong, as it is typed: a parameter is an option; of an event, it is the pointer to a field."""
    if "parameter" in fault:
        name = str(fault["parameter"])
        return name if name in ARGUMENTS else f"--{name.replace('_', '-')}"
    return str(fault.get("pointer") or fault.get("header") or "")


ARGUMENTS = ("process", "name", "id", "event_id")
"""Parameters that are typed as they are, or may be: no option need be named."""


class CannotContinue(Exception):
    """What was asked for cannot be done, and nothing was changed. Its text says why and what to do."""
