"""An event on a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.text import Text

from api.cli.terminal.text_layout import TextLayout
from api.wording.event_parts import event_parts

if TYPE_CHECKING:
    from api.http.schemas.answers import RecordedAnswer
    from api.wording.event_parts import PrintedEvent
    from projections.answers.explanations import ActorName
    from projections.answers.history import HistoryEntry


POSITION_COLUMN = 9
"""Columns of a log position and the space after it."""


def print_event(
    event: HistoryEntry | RecordedAnswer, actors: Mapping[str, ActorName] | None = None, *, console: Console
) -> None:
    """Prints an event: wrapped on a terminal, on one line else."""
    said = [*event_parts(cast("PrintedEvent", event), actors or {})]
    left = f"{event['position']:>{POSITION_COLUMN - 2},}"
    if not console.is_terminal:
        console.print(Text.assemble(f"{left}  ", *said), no_wrap=True, overflow="ignore", crop=False)
        return
    sheet = TextLayout(console.width)
    sheet.row(left, *said, column=POSITION_COLUMN, indent=0)
    sheet.print(console)
