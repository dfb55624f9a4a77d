"""The one place that prints: texts, JSON, refusals; and the exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from api.cli.errors import ServerRefusal
from api.http.json_lines import json_line
from api.wording.marks import ALERT, ASIDE
from api.wording.words import clean

REFUSED, UNUSABLE = 1, 2


def out() -> Console:
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    return Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: str, style: str = "") -> None:
    """Prints a text of ours; brackets in it are brackets."""
    out().print(Text(text, style))


def warn(text: str, style: str = "") -> None:
    err().print(Text(text, style))


def print_json(value: Any) -> None:
    """Prints an answer as JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Prints one line of NDJSON, at once."""
    sys.stdout.write(json_line(value).decode() + "\n")


def print_problem(problem: ServerRefusal, hint: str = "") -> None:
    """Prints a refusal: what it is, then every fault with its place and how to correct it."""
    console = err()
    console.print(Text(clean(problem.title), ALERT))
    for place, detail in problem.faults or [("", problem.detail)]:
        console.print(Text(f"  {clean(place)}: {clean(detail)}" if place else f"  {clean(detail)}"))
    if hint:
        console.print(Text(f"  {hint}", ASIDE))


def did_you_mean(near: Mapping[str, Sequence[str]]) -> str:
    """What may have been meant by what nothing was found for, after a sentence; empty if nothing is near."""
    return "".join(f" Did you mean {' or '.join(map(clean, words))}?" for words in near.values())
