"""Whether a line of a status tells something else than before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.comparison import compared
from domain.edtf import MAX_LENGTH, When
from domain.values import Subject
from projections.answers.changes import LineSide
from projections.queries.line_names import PLAN, NamedLine

DATE_LIKE = re.compile(r"[0-9]{4}|[0-9]{2}[0-9X]X|\.?\.?/[0-9]", re.ASCII)
"""How a text begins that may be a date."""
WORDING = ("verbatim", "persuaded_by")
"""What two reports may put differently and still say the same."""


def came_about(
    key: tuple[Subject, str], old: Mapping[tuple[Subject, str], NamedLine], new: Mapping[tuple[Subject, str], NamedLine]
) -> bool:
    """Whether a plan is gone because the fact took its place."""
    fact = (key[0], key[1].removesuffix(f".{PLAN}"))
    return fact in new and fact not in old


def substance(line: NamedLine | None) -> Any:
    """What of a line makes a change: its value, or the values that its candidates give; the wording aside."""
    if line is None:
        return None
    if line["contested"]:
        return sorted({str(_worded(candidate["value"])) for candidate in line["candidates"]})
    return _worded(line["value"])


def _worded(value: Any) -> Any:
    """A value without its wording, its texts and numbers as they are compared."""
    if isinstance(value, dict):
        return compared({n: _by_bounds(v) for n, v in value.items() if n not in WORDING})
    return compared(_by_bounds(value))


def _by_bounds(value: Any) -> Any:
    """A date by its bounds, so that another spelling of it is no change; anything else as it is."""
    if isinstance(value, str) and DATE_LIKE.match(value) and len(value) <= MAX_LENGTH:
        try:
            return When(value).bounds
        except ValueError:
            return value
    return value


def shown_line(line: NamedLine | None) -> LineSide | None:
    """A line as one side of a change."""
    if line is None:
        return None
    side: LineSide = {"value": line["value"], "since": line["since"], "contested": line["contested"]}
    if line["contested"]:
        side["candidates"] = [{"value": c["value"], "occurred": c["occurred"]} for c in line["candidates"]]
    return side
