"""An event in words: when, what, on which subject, what it says, who says so, and what has become of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.language import phrase, say
from api.wording.marks import ALERT, ASIDE, PLAN, Fragment
from api.wording.words import clean

if TYPE_CHECKING:
    from typing import NotRequired

    from projections.answers.explanations import ActorName, Marks
    from projections.answers.history import RecordedEvent, ShownRevision

    class PrintedEvent(RecordedEvent, Marks):
        """What an event of the history may have, or one of a replay."""

        revised_by: NotRequired[list[ShownRevision]]
        unreadable: NotRequired[str]


REVISIONS = {
    "EventCorrected": phrase("corrected"),
    "EventRetracted": phrase("retracted"),
    "EventDisputed": phrase("disputed; recorded"),
    "DuplicateMarked": phrase("marked as a duplicate"),
}
"""What a revision does to an event, before "by" and the office that recorded it."""


def event_parts(event: PrintedEvent, actors: Mapping[str, ActorName]) -> Iterator[Fragment]:
    """When, what, on which subject, what it says, who says so, and what has become of the report."""
    if event.get("occurred"):
        yield f"{words.when(event['occurred'])}  "
    yield from told(event, actors, subject=f"  {clean(event['subject'])}")
    if grounds := words.grounds([event], actors):
        yield (f" — {grounds}", ASIDE)
    for mark in became(event):
        yield " "
        yield mark


def told(event: PrintedEvent, actors: Mapping[str, ActorName], subject: str = "") -> Iterator[Fragment]:
    """What an event tells; struck through if it does not stand."""
    struck = "strike" if event.get("retracted_by") or event.get("same_as") else ""
    yield (words.spoken(event["type"]), f"bold {struck}".strip())
    yield subject
    if gist := words.gist(event["data"], actors):
        yield (f": {' '.join(gist.split())}", struck)


def became(event: PrintedEvent) -> Iterator[Fragment]:
    """What has become of it, mark by mark."""
    if event.get("unreadable"):
        yield (f"[{say('unreadable: {why}', why=clean(event['unreadable']))}]", ALERT)
    if possibly := words.possibly([event]):
        yield (f"[{possibly}]", PLAN)
    if event.get("same_as"):
        yield (f"[{say('a duplicate, counted once')}]", ALERT)
    for revision in event.get("revised_by", ()):
        yield _revision(event, revision)


def _revision(event: PrintedEvent, revision: ShownRevision) -> Fragment:
    """What a revision did to an event, on whose record, when and why; whether that still holds."""
    did = say(REVISIONS[revision["type"]]) if revision["type"] in REVISIONS else words.spoken(revision["type"])
    by = say(" by {who}", who=clean(revision["recorded_by"])) if revision.get("recorded_by") else ""
    reason = f": {clean(revision['reason'])}" if revision.get("reason") else ""
    in_effect = {*event.get("corrected_by", ()), *event.get("disputed_by", ()), event.get("retracted_by")}
    weighed = event["type"] not in REVISIONS and revision["type"] != "DuplicateMarked"  # nothing more is known of these
    over = weighed and revision["id"] not in in_effect
    text = say("{did} on {time}", did=f"{did}{by}", time=words.moment(revision["recorded_at"])) + reason
    if over and revision["type"] == "EventRetracted" and not (event.get("retracted_by") or event.get("same_as")):
        return (f"[{say('in effect; its retraction was withdrawn: {what}', what=text)}]", ASIDE)
    return (f"[{say('no longer in effect: {what}', what=text)}]", ASIDE) if over else (f"[{text}]", ALERT)
