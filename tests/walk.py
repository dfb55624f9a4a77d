"""Runs the commands of docs/guide.md in turn, in a directory of their own, and writes what they answer into it.

    uv run python -m tests.walk        # renew docs/guide.md

A mark `<!-- output: parley … -->` stands where an answer goes; `<!-- output OVERDUE, FIGURES: parley … -->` takes the
head of a screen and these sections of it. The clock stands still, so that the answers are always the same.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from api.cli import main

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guide.md"
MARK = re.compile(
    r"^<!-- output(?P<sections>[^:\n]*): (?P<command>[^\n]*) -->\n(?:\n```text\n.*?\n```\n)?", re.M | re.S
)
HEADING = re.compile(r"[A-Z]{2}[A-Z ,0-9]*?( \(.*|  .*)?")
NOW = "2026-01-05T09:00:00Z"
WIDTH = 118
"""Characters of a line."""
HEAD = 4
"""Lines of a screen before its first section that are always shown."""
MOST = 16
"""Lines of one answer, or of one section of a screen."""


@contextmanager
def standing_still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty data directory, a clock that stands, and a wide terminal without colours."""
    with tempfile.TemporaryDirectory() as place, time_machine.travel(NOW, tick=False):
        (Path(place) / "seeds").symlink_to(ROOT / "seeds")
        monkeypatch.chdir(place)
        for name, value in (
            ("PARLEY_DATA", "guide-data"),
            ("PARLEY_PORT", "0"),
            ("COLUMNS", "110"),
            ("NO_COLOR", "1"),
            ("TERM", "dumb"),
        ):
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PARLEY_URL", raising=False)
        yield


def answer(command: str, sections: str = "") -> str:
    """What a command prints, cut to what the guide shows."""
    program, *words = shlex.split(command)
    assert program == "parley", f"the guide shows answers of parley only, not of {program}"
    result = CliRunner().invoke(main.app, words)
    assert result.exit_code == 0, f"{command}: {result.output}"
    lines = [_short(line.rstrip()) for line in result.output.strip("\n").splitlines()]
    wanted = [name.strip() for name in sections.split(",") if name.strip()]
    shown = _cut(lines) if not wanted else _sections(lines, wanted, command)
    return "\n".join(shown)


def _short(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MOST else [*lines[: MOST - 1], "…"]


def _sections(lines: list[str], wanted: list[str], command: str) -> list[str]:
    shown, found = [line for line in lines[:HEAD] if line], set()
    at = 0
    while at < len(lines):
        if HEADING.fullmatch(lines[at]):
            end = next((n for n in range(at + 1, len(lines)) if HEADING.fullmatch(lines[n])), len(lines))
            if any(lines[at].startswith(name) for name in wanted):
                found |= {name for name in wanted if lines[at].startswith(name)}
                shown += ["…", *_cut([line for line in lines[at:end] if line])]
            at = end
        else:
            at += 1
    assert found == set(wanted), f"{command} has no section {set(wanted) - found}"
    return shown if shown[-1] == "…" else [*shown, "…"]


def walked(text: str) -> str:
    """The guide with the answer of every command after its mark."""

    def filled(mark: re.Match[str]) -> str:
        told = answer(mark["command"], mark["sections"])
        return f"<!-- output{mark['sections']}: {mark['command']} -->\n\n```text\n{told}\n```\n"

    return MARK.sub(filled, text)


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch, standing_still(patch):
        GUIDE.write_text(walked(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
