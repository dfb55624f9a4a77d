"""What reports would change if they were recorded: what a person looks at before it is.

Nothing is stored. A process is folded as it is known and once more with the reports at the end of its log, and the two
are held against each other as two moments are (`changes.digest`).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.comparison import comparable
from domain.effect import in_effect
from domain.errors import NotFound
from domain.event import Event, ProcessOpening, Recorded
from domain.likeness import alike
from domain.revisions import EventCorrected, SubjectUnified
from domain.values import Subject
from domain.vocabulary import replaced
from projections.answers.changes import ChangesAnswer
from projections.queries.at_horizon import HorizonRequest, process_view
from projections.queries.changes import End, digest
from projections.read_models.membership import processes_of
from projections.read_models.revisions import as_one, canonical_subjects
from projections.read_models.timeline import all_of
from projections.storage.generations import ReadTransaction

NAMING = ("measure", "matter", "obligation")
"""Fields of a payload that say in a few words what it is about."""
MOSTLY = 0.65
"""How alike the words of two reports are that may be one, 1 being the same."""
MOST_COMPARED = 1_000
"""Letters of each that are compared: to compare takes the square of them."""
MOST_PROCESSES = 3
"""Processes whose lines are compared; a report on a subject of more is rare, and each costs two folds."""


def would_change(transaction: ReadTransaction, events: Sequence[Event], now: datetime) -> list[ChangesAnswer]:
    """What events would change in each process that they bear on, if they were recorded now.

    Args:
        transaction: a snapshot of the read models.
        events: in the order in which they would be recorded.
        now: the clock on the wall, the same before and after.

    Returns:
        An answer for each of up to `MOST_PROCESSES` processes; none for what is known of actors and places alone.
    """
    last = transaction.position
    sent = [Recorded(event, last + number, 0, now, "", 1) for number, event in enumerate(events, 1)]
    answers: list[ChangesAnswer] = []
    for process in _processes(transaction, events)[:MOST_PROCESSES]:
        until = HorizonRequest(position=last + len(sent))
        try:
            after = process_view(transaction, process, now, until, sent)
        except NotFound:  # it would be put into a process that was never opened
            continue
        try:
            before = process_view(transaction, process, now, HorizonRequest(position=last))
        except NotFound:
            before = None
        answers.append(digest(before, after, End(last, now)))
    return answers


def _processes(transaction: ReadTransaction, events: Iterable[Event]) -> list[str]:
    """The processes that events bear on."""
    joined = canonical_subjects(transaction)
    found: dict[str, None] = {}
    for event in events:
        subjects = {event.subject}
        if isinstance(event.data, SubjectUnified):
            subjects.add(event.data.into)
        subjects = {other for subject in subjects for other in as_one(joined.get(subject, subject), joined)}
        found |= dict.fromkeys(process for _, process in sorted(processes_of(transaction, subjects)))
        found |= dict.fromkeys(path.partition("/")[2] for path in sorted(subjects) if path.startswith("processes/"))
        said = replaced(event, event.data) if isinstance(event.data, EventCorrected) else event
        if isinstance(said.data, ProcessOpening):
            found |= dict.fromkeys(said.data.processes)
    return list(found)


def near_repeats(transaction: ReadTransaction, event: Event) -> list[Event]:
    """Reports, as they read now, that an event may repeat: of the same subject, type, date and sources, and different
    in wording or numbers alone."""
    if event.data.revises:
        return []
    joined = canonical_subjects(transaction)
    told = all_of(transaction, as_one(Subject(joined.get(event.subject, event.subject)), joined))
    says = _said(event)
    return [
        report
        for report in in_effect(told).events
        if report.id != event.id
        and type(report.data) is type(event.data)
        and (report.occurred, report.sources) == (event.occurred, event.sources)
        and alike(_said(report), says)
        and _about_one(_said(report), says)
    ]


def _about_one(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    """Whether two reports of one article may be the same one: about the same thing, and mostly in the same words."""
    named = [name for name in NAMING if name in first and name in second]
    if any(comparable(str(first[name])) != comparable(str(second[name])) for name in named):
        return False
    one, other = (json.dumps(said, sort_keys=True, ensure_ascii=False)[:MOST_COMPARED] for said in (first, second))
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= MOSTLY


def _said(event: Event) -> dict[str, object]:
    return event.data.model_dump(mode="json", exclude_unset=True)
