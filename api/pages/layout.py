"""Where the marks of a drawing stand: axes of time and of numbers, and shapes that say how much is known.

A drawing is a list of rows. Each has a mark on the axis: a point where it is exact, a bar as long as what is not
known, an arrow where an end is open. What is not yet so is hollow. Every mark leads somewhere, and the table beside has
the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.pages.markup import shortened
from domain.edtf import BEGINNING, END, When

WIDTH, LABELS, ROW, TOP, MARGIN = 1000, 330, 26, 34, 36
"""Units of a drawing: its width, the column of labels, the height of a row, of the axis, and what stays free."""
DAY = 86_400
MOST_TICKS = 8
LONGEST_LABEL = 44


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of a drawing, in its units."""

    element: str
    attributes: dict[str, str | int | float]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one thing on an axis; None: that end is open."""

    low: float | None
    high: float | None
    hollow: bool = False
    """Not yet so: announced, possible or planned."""
    rough: bool = False
    """Approximate or uncertain."""
    heard: float | None = None
    """When it was published, on an axis of time."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row of a drawing, and of the table beside it."""

    label: str
    mark: Mark
    link: str | None
    told: str
    """The row in words, for those who do not see it."""
    cells: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing as it is laid out."""

    title: str
    height: int
    frame: list[Shape]
    rows: list[tuple[DrawnRow, list[Shape]]] = field(default_factory=list)
    width: int = WIDTH


def laid_out(
    title: str,
    rows: Sequence[DrawnRow],
    ticks: Callable[[float, float], list[tuple[float, str]]],
    direction: str = "ltr",
) -> Drawing:
    """Lays rows out on one axis, whose ends are those of what is known. It runs from left to right in every language.

    Args:
        title: what it shows.
        rows: from the top.
        ticks: places and names on an axis, given its ends.
        direction: of the words, `ltr` or `rtl`.
    """
    ends = [end for row in rows for end in (row.mark.low, row.mark.high, row.mark.heard) if end is not None] or [0.0]
    low, high = min(ends), max(ends)
    spare = (high - low) * 0.06 or max(abs(high) * 0.1, 1.0)
    low, high = low - spare, high + spare
    height = TOP + ROW * len(rows) + 14

    def x(value: float) -> float:
        return round(LABELS + (WIDTH - LABELS - MARGIN) * (value - low) / (high - low), 1)

    frame: list[Shape] = []
    for place, name in ticks(low, high):
        line: dict[str, str | int | float] = {"x1": x(place), "x2": x(place), "y1": TOP - 8, "y2": height - 8}
        frame.append(Shape("line", {**line, "class": "grid"}))
        frame.append(Shape("text", {"x": x(place), "y": TOP - 14, "class": "tick", "text-anchor": "middle"}, name))
    drawn = [
        (row, [_label(row.label, y, direction), *_shapes(row, y, x, low, high)])
        for number, row in enumerate(rows)
        for y in [TOP + ROW * number + ROW / 2]
    ]
    return Drawing(title, height, frame, drawn)


def _label(text: str, y: float, direction: str) -> Shape:
    """The words of a row, in the column at the left, each from where it begins to be read."""
    words = shortened(text, LONGEST_LABEL)
    return Shape("text", {**begins(4, LABELS - 14, direction), "y": y + 5, "class": "label"}, words)


def begins(left: float, right: float, direction: str) -> dict[str, str | int | float]:
    """The attributes of a text that begins at the left end, or at the right one if it is read from there."""
    return {"x": right, "direction": "rtl"} if direction == "rtl" else {"x": left}


def _shapes(row: DrawnRow, y: float, x: Callable[[float], float], low: float, high: float) -> Iterator[Shape]:
    mark = row.mark
    kinds = ["known", *(["hollow"] if mark.hollow else []), *(["rough"] if mark.rough else [])]
    name = " ".join(kinds)
    start, end = x(mark.low if mark.low is not None else low), x(mark.high if mark.high is not None else high)
    if mark.heard is not None:
        heard = x(mark.heard)
        yield Shape("line", {"x1": end, "x2": heard, "y1": y, "y2": y, "class": "lag"})
        yield Shape("line", {"x1": heard, "x2": heard, "y1": y - 6, "y2": y + 6, "class": "heard"})
    if mark.low is not None and mark.high is not None and end - start < 6:
        middle = (start + end) / 2
        yield Shape("path", {"d": f"M{middle:.1f} {y - 7}l7 7l-7 7l-7 -7z", "class": name})
        return
    left = f"M{start} {y}l9 -6h" if mark.low is None else f"M{start} {y - 6}h"
    body = end - start - (9 if mark.low is None else 0) - (9 if mark.high is None else 0)
    right = "l9 6l-9 6h" if mark.high is None else "v12h"
    close = "z"
    yield Shape("path", {"d": f"{left}{body:.1f}{right}{-body:.1f}{close}", "class": name})


# --- axes -----------------------------------------------------------------------------------------------------


def span_of(text: str | None) -> tuple[float | None, float | None, bool]:
    """The ends of a date as seconds since 1970, None where it is open, and whether it is only approximate."""
    if text is None:
        return None, None, False
    try:
        when = When(text)
    except ValueError:
        return None, None, False
    low, high = when.span.earliest, when.span.latest
    return (
        low if low != BEGINNING else None,
        high if high != END else None,
        when.approximate or when.uncertain,
    )


def time_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Days, months or years between two moments, as many as there is room for; named as in EDTF."""
    first, last = (datetime.fromtimestamp(min(max(end, -6e10), 2.5e11), UTC) for end in (low, high))
    days = (high - low) / DAY
    if days <= MOST_TICKS * 10:
        step = max(1, math.ceil(days / MOST_TICKS))
        begin = math.ceil(low / DAY)
        dates = [datetime.fromtimestamp(day * DAY, UTC) for day in range(begin, int(high // DAY) + 1, step)]
        return [(date.timestamp(), f"{date:%Y-%m-%d}") for date in dates]
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next(size for size in (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 12000) if months / size <= MOST_TICKS)
    ticks: list[tuple[float, str]] = []
    month = (first.year * 12 + first.month) // step * step
    while month <= last.year * 12 + last.month and len(ticks) <= 2 * MOST_TICKS:
        date = datetime(max(month // 12, 1), month % 12 + 1, 1, tzinfo=UTC)
        if low <= date.timestamp() <= high:
            ticks.append((date.timestamp(), f"{date:%Y}" if step >= 12 else f"{date:%Y-%m}"))
        month += step
    return ticks


def number_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round numbers between two ends."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first = math.ceil(low / step)
    return [(place * step, f"{place * step:,.12g}") for place in range(first, math.floor(high / step) + 1)]
