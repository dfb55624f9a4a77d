"""An event on a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.text import Text

from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ALERT, ASIDE, PLAN, Fragment
from api.wording.words import clean

if TYPE_CHECKING:
    from typing import NotRequired

    from api.http.schemas.answers import RecordedAnswer
    from projections.answers.explanations import ActorName, Marks
    from projections.answers.history import HistoryEntry, RecordedEvent, ShownRevision

    class PrintedEvent(RecordedEvent, Marks):
        """What an event of the history may have, or one of a replay."""

        revised_by: NotRequired[list[ShownRevision]]
        unreadable: NotRequired[str]


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


REVISIONS = {
    "EventCorrected": "corrected",
    "EventRetracted": "retracted",
    "EventDisputed": "disputed; recorded",
    "DuplicateMarked": "marked as a duplicate",
}
"""What a revision does to an event, before "by" and the office that recorded it."""


def event_parts(event: PrintedEvent, actors: Mapping[str, ActorName]) -> Iterator[Fragment]:
    """When, what, on which subject, what it says, who says so, and what has become of the report."""
    stands = not (event.get("retracted_by") or event.get("same_as"))
    struck = "" if stands else "strike"
    if event.get("occurred"):
        yield f"{words.when(event['occurred'])}  "
    yield (words.spoken(event["type"]), f"bold {struck}".strip())
    yield f"  {clean(event['subject'])}"
    if gist := words.gist(event["data"], actors):
        yield (f": {' '.join(gist.split())}", struck)
    if grounds := words.grounds([event], actors):
        yield (f" — {grounds}", ASIDE)
    if event.get("unreadable"):
        yield (f" [unreadable: {clean(event['unreadable'])}]", ALERT)
    if possibly := words.possibly([event]):
        yield (f" [{possibly}]", PLAN)
    if event.get("same_as"):
        yield (" [a duplicate, counted once]", ALERT)
    for revision in event.get("revised_by", ()):
        yield _revision(event, revision)


def _revision(event: PrintedEvent, revision: ShownRevision) -> Fragment:
    """What a revision did to an event, on whose record, when and why; whether that still holds."""
    did = REVISIONS.get(revision["type"], words.spoken(revision["type"]))
    by = f" by {clean(revision['recorded_by'])}" if revision.get("recorded_by") else ""
    reason = f": {clean(revision['reason'])}" if revision.get("reason") else ""
    in_effect = {*event.get("corrected_by", ()), *event.get("disputed_by", ()), event.get("retracted_by")}
    weighed = event["type"] not in REVISIONS and revision["type"] != "DuplicateMarked"  # nothing more is known of these
    over = weighed and revision["id"] not in in_effect
    text = f"{did}{by} on {words.moment(revision['recorded_at'])}{reason}"
    return (f" [no longer in effect: {text}]", ASIDE) if over else (f" [{text}]", ALERT)
