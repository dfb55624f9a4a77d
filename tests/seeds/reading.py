"""Reading the seeds and what their README says of them."""

import json
import re
from pathlib import Path

from domain.event import Event
from domain.vocabulary import read_event

SEEDS = Path(__file__).parent.parent.parent / "seeds"
README = (SEEDS / "README.md").read_text(encoding="utf-8")


def lines_of(file: str) -> list[str]:
    return (SEEDS / file).read_text(encoding="utf-8").splitlines()


def events_of(file: str) -> list[Event]:
    return [read_event(json.loads(line), line) for line in lines_of(file)]


def section(file: str) -> str:
    """What the README says of one file."""
    _, found, rest = README.partition(f"\n## {file}\n")
    assert found, f"the README has no section on {file}"
    return rest.partition("\n## ")[0]


def rows(file: str) -> list[list[str]]:
    """The rows of its tables that name events, as cells."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section(file).splitlines()
        if re.match(r"\| .*\d `[A-Z]", line)
    ]


def events_in(row: list[str]) -> list[tuple[int, str, str]]:
    """The events that a row names: line number, type and subject."""
    found = []
    for entry in row[1].split("<br>"):
        match = re.fullmatch(r"(\d+) `(\w+)` `(\S+)`", entry)
        assert match, f"not a line number, a type and a subject: {entry}"
        found.append((int(match[1]), match[2], match[3]))
    return found
