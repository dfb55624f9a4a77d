"""What is shown before a report is recorded: the lines it would change, what it would raise, what it may repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.pages.asked import Asked
from api.pages.sheets import PageSheet, Section
from api.wording import words
from api.wording.changes_page import ChangesPage
from api.wording.finding_sentences import sentence
from api.wording.language import speaking
from api.wording.rules import rule
from domain.event import Event
from domain.values import IN_NO_PROCESS
from projections.answers.changes import ChangesAnswer
from projections.queries.preview import near_repeats, would_change
from projections.queries.quality import quality_faults


@dataclass(frozen=True, slots=True)
class MovedProcess:
    """What a report moves in one process."""

    name: str
    sections: list[Section]
    """Empty: no line changes."""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What recording a report would do."""

    moved: list[MovedProcess]
    doubts: list[tuple[str, str]]
    """Findings on a subject that belongs to no process: rules and texts."""
    repeats: list[tuple[str, str]]
    """Reports that it may repeat: addresses, and what they say."""
    names_only: bool
    """Whether it tells of an actor or a place, which have no lines of their own."""


def look_ahead(asked: Asked, event: Event) -> LookAhead:
    """What recording an event would do."""
    with asked.services.reading() as reading:
        answers = would_change(reading, [event], datetime.now(UTC))
        repeats = near_repeats(reading, event)
        doubts = quality_faults(reading, [event]) if not answers else []
    with speaking(asked.language):
        return LookAhead(
            [moved(asked, answer, unrecorded=[event.key]) for answer in answers],
            [(rule(finding.rule), sentence(finding.text, {})) for _, finding in doubts],
            [(asked.link(f"/events/{report.id}"), _said(report)) for report in repeats],
            event.family in IN_NO_PROCESS,
        )


def _said(report: Event) -> str:
    data = report.data.model_dump(mode="json", exclude_unset=True)
    return f"{words.spoken(type(report.data).__name__)}: {words.gist(data)}"


def moved(asked: Asked, answer: ChangesAnswer, unrecorded: Sequence[str] = ()) -> MovedProcess:
    """What changed in a process, apart from the report itself. Call it while the language is spoken.

    Args:
        asked: what the page was asked with.
        answer: what changed.
        unrecorded: ids of events that have no page yet.
    """

    def reason(_: object, events: Sequence[str]) -> str | None:
        known = [event for event in events if event not in unrecorded]
        return asked.link(f"/events/{known[0]}") if known else None

    sheet = PageSheet(reason, lambda *_: "")
    ChangesPage({**answer, "new": []}, sheet).draw()
    name = words.label(answer["labels"], answer["process"])
    return MovedProcess(name, [one for one in sheet.sections if one.title])
