"""What is expected by a date and not settled, in all processes or in one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from domain import families
from domain.edtf import When
from domain.event import Recorded, instant
from domain.general import SubjectState
from domain.values import Sensitivity, Subject
from projections import rendering
from projections.answers.deadlines import Deadline
from projections.answers.explanations import Evidence, Explained, Marks
from projections.paging import Page, paged, read_cursor
from projections.queries import explanations
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView, process_view
from projections.queries.processes import known_ids
from projections.queries.processes_at_horizon import views
from projections.read_models import deadlines as kept_deadlines
from projections.read_models.deadlines import KEY, DeadlineFilter, Expected, fold, is_wanted
from projections.read_models.findings import contradicting_events
from projections.read_models.membership import processes_of
from projections.read_models.revisions import canonical_subjects, events_by_id, ids_of, marks_by_id
from projections.read_models.subjects import states_of
from projections.renderer import Renderer
from projections.storage.tables import Transaction

SENSITIVITIES = tuple(Sensitivity)
"""From the least on."""
MATTERS = {
    "round of talks": "planned",
    "departure": "described planned",
    "end of the clearance": "clearances",
    "obligation": "obligation",
    "end of the term": "term",
    "last day to join": "until",
}
"""What a deadline is, and the matter that a finding that it is contested is about, without its key."""


def deadlines(
    transaction: Transaction,
    now: datetime,
    *,
    process: str | None = None,
    since: When | None = None,
    until: When | None = None,
    overdue: bool | None = None,
    after: str | None = None,
    limit: int = 100,
    request: HorizonRequest = PRESENT,
) -> tuple[Page[Deadline], Explained]:
    """What is expected by a date and not settled, in all processes or in one, the first to end first; and what
    explains it. `touched_at` is when what it rests on was last recorded or corrected. At a horizon other than the
    present each process is folded.

    Args:
        transaction: a snapshot.
        now: the clock on the wall, which tells what is overdue where the horizon sets no other.
        process: only of this process.
        since: only what may be due on this date or later.
        until: only what may be due by the end of this date.
        overdue: only what is overdue (True) or is not (False).
        after, limit: of the page.
        request: the horizon.

    Raises:
        NotFound: there is no such process, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    moment = int(now.timestamp())
    last = read_cursor(after, int, int, str, int) if after is not None else None
    wanted = DeadlineFilter(since=since, until=until, overdue=overdue)
    if request != PRESENT:
        return _at_horizon(transaction, now, process, wanted, last, limit, request)
    if process is not None:
        wanted = replace(wanted, process=known_ids(transaction, process))
    rows = kept_deadlines.page(transaction, wanted, moment, last, limit + 1)
    shown = rows[:limit]
    renderer = Renderer()
    rests_on = [renderer.rests_on(json.loads(row.events)) for row in shown]
    context = _context(transaction, {row.subject for row in shown}, renderer.events)
    items = [_line(renderer, row, events, context, moment) for row, events in zip(shown, rests_on, strict=True)]
    keys = [[getattr(row, name) for name in KEY] for row in shown]
    for recorded in context.events.values():
        for claimant in recorded.event.claimant_names:
            renderer.actor(claimant.removeprefix("actors/") if claimant.startswith("actors/") else None)
    return paged(items, keys, more=len(rows) > limit), explanations.at_present(transaction, renderer)


@dataclass(frozen=True)
class _Context:
    """What a page of deadlines needs besides its rows."""

    states: dict[Subject, SubjectState]
    processes: dict[str, set[str]]
    """By subject, under the ids that stay."""
    contested: defaultdict[str, set[tuple[str, str]]]
    """The events of each subject that contradict each other, each with the matter."""
    events: dict[str, Recorded]
    """What the deadlines rest on, by id."""
    touched: dict[str, list[Recorded]]
    """The same with their corrections."""


def _context(transaction: Transaction, subjects: set[str], ids: Iterable[str]) -> _Context:
    joined = canonical_subjects(transaction)
    processes: dict[str, set[str]] = {}
    for subject, name in processes_of(transaction, subjects):
        processes.setdefault(subject, set()).add(ids_of(name, joined)[0])
    contested = _contested(contradicting_events(transaction, subjects))
    by_id, marks = events_by_id(transaction, ids), marks_by_id(transaction, ids)
    corrected = {event: mark.get("corrected_by", ()) for event, mark in marks.items()}
    corrections = events_by_id(transaction, (c for them in corrected.values() for c in them))
    touched = {
        event: [recorded, *(corrections[c] for c in corrected.get(event, ()))] for event, recorded in by_id.items()
    }
    return _Context(states_of(transaction, subjects), processes, contested, by_id, touched)


# --- at a horizon


class _Found(NamedTuple):
    """A deadline of a process that was folded, and what explains it."""

    key: tuple[int, int, str, int]
    line: Deadline
    evidence: dict[str, Evidence]
    actors: frozenset[str]


def _at_horizon(
    transaction: Transaction,
    now: datetime,
    process: str | None,
    wanted: DeadlineFilter,
    last: tuple[Any, ...] | None,
    limit: int,
    request: HorizonRequest,
) -> tuple[Page[Deadline], Explained]:
    """The same at a horizon other than the present: of each process only what the page may show is kept."""
    if process is None:
        seen_from_there = views(transaction, now, request)
    else:
        seen_from_there = iter((process_view(transaction, process, now, request, reports=False),))
    first: list[_Found] = []
    done: set[str] = set()
    for view in seen_from_there:
        of_view = [
            row
            for subject, state in view.snapshot.states.items()
            if subject not in done
            for row in fold(subject, state, view.snapshot.zones_of(subject))
            if (last is None or row.key > last) and is_wanted(row, wanted, int(view.now.timestamp()))
        ]
        done |= set(view.snapshot.states)
        latest = first[limit].key if len(first) > limit else None
        rows = sorted(row for row in of_view if latest is None or row.key < latest)
        first = sorted((*first, *_found(view, rows[: limit + 1])))[: limit + 1]
    shown = first[:limit]
    named = {actor for one in shown for actor in one.actors}
    explained: Explained = {
        "actors": explanations.actor_labels_at(transaction, named, request.position),
        "evidence": {event: evidence for one in shown for event, evidence in one.evidence.items()},
    }
    return paged([one.line for one in shown], [one.key for one in shown], more=len(first) > limit), explained


def _found(view: ProcessView, rows: Sequence[Expected]) -> Iterator[_Found]:
    snapshot, moment = view.snapshot, int(view.now.timestamp())
    for row in rows:
        renderer, state = Renderer(), snapshot.states[Subject(row.subject)]
        ids = renderer.rests_on(json.loads(row.events))
        recorded, marks = view.lookup(ids), view.became_of(ids)
        corrections = view.lookup(one for mark in marks.values() for one in mark.get("corrected_by", ()))
        by_findings = families.findings(Subject(row.subject), state, snapshot.zones_of(row.subject))
        context = _Context(
            {Subject(row.subject): state},
            {row.subject: _processes_at(row.subject, state, snapshot.joined)},
            _contested((f.subject, f.about, map(str, f.events)) for f in by_findings if f.rule == "contested"),
            dict(recorded),
            {
                event: [one, *(corrections[c] for c in marks.get(event, Marks()).get("corrected_by", ()))]
                for event, one in recorded.items()
            },
        )
        line = _line(renderer, row, ids, context, moment)
        claimants = {name for one in recorded.values() for name in one.event.claimant_names}
        actors = {name.removeprefix("actors/") for name in claimants if name.startswith("actors/")}
        evidence = {event: rendering.evidence(one, marks.get(event)) for event, one in recorded.items()}
        yield _Found(row.key, line, evidence, frozenset({*renderer.actors, *actors}))


def _processes_at(subject: str, state: SubjectState, joined: Mapping[Subject, Subject]) -> set[str]:
    """The processes of a subject, by the ids that stay: a process is in itself."""
    family, _, identity = subject.partition("/")
    paths = [Subject(f"processes/{name}") for name in ((identity,) if family == "processes" else state.processes)]
    return {joined.get(path, path).partition("/")[2] for path in paths}


# --- one line


def _contested(contradictions: Iterable[tuple[str, str, Iterable[str]]]) -> defaultdict[str, set[tuple[str, str]]]:
    """The events of subjects that contradict each other, each with the matter."""
    contested: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for subject, about, events in contradictions:
        matter = about if about.startswith("described ") else about.partition(" ")[0]
        contested[subject] |= {(matter, event) for event in events}
    return contested


def _line(renderer: Renderer, row: Any, events: list[str], context: _Context, now: int) -> Deadline:
    state = context.states.get(Subject(row.subject))
    touched = (recorded.recorded_at for event in events for recorded in context.touched[event])
    sensitivities = (context.events[event].event.sensitivity for event in events)
    return {
        "processes": sorted(context.processes.get(row.subject, ())),
        "subject": row.subject,
        "label": state.labels[0].text if state is not None and state.labels else row.subject,
        "what": row.what,
        "when": row.when,
        "actor": renderer.actor(row.actor),
        "overdue": row.passes <= now,
        "contested": not context.contested[row.subject].isdisjoint(
            (about, event) for about in ("stage", _matter(row.what)) for event in events
        ),
        "sensitivity": max(sensitivities, key=SENSITIVITIES.index).value,
        "touched_at": instant(max(touched)),
        "events": events,
    }


def _matter(what: str) -> str:
    return MATTERS.get(what.partition(":")[0], what)
