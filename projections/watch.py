"""What to watch for, in one process and across all: what does not fit, and what is due."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import or_, select, tuple_

from domain import families
from domain.actors import shown_label
from domain.edtf import When
from domain.event import Event, Recorded, instant
from domain.finding import Finding
from domain.findings.figures import ClaimMade, of_claims
from domain.findings.processes import Act, silence, without_role
from domain.findings.reports import of_repeats
from domain.findings.rules import RULES
from domain.general import SubjectState
from domain.horizon import in_effect
from domain.values import EventId, Sensitivity, Subject
from projections import status
from projections.asking import Answer, cursor, explained, known_ids, read_cursor, scene_of
from projections.outlook import PLACED
from projections.picture import Order, claims_in, display_order
from projections.read_models.deadlines import DEADLINES
from projections.read_models.findings import ACTOR_ACTIVITY, FINDINGS
from projections.read_models.membership import BELONGS
from projections.read_models.process_list import PROCESSES
from projections.render import Json, Page
from projections.scene import (
    HERE,
    SEVERITIES,
    Asked,
    actors_named,
    finding_of,
    standing_at,
)
from projections.storage.generations import ReadTransaction
from projections.storage.sql import chunks
from projections.views import all_of, as_one, events_by_id, ids_of, joined_of, marks_by_id, states_of


def findings(
    reading: ReadTransaction,
    process: str,
    now: datetime,
    asked: Asked = HERE,
    rule: str | None = None,
    severity: str | None = None,
) -> tuple[list[Json], Json]:
    """The findings of a process that stand at the clock of the horizon, the gravest first, and what explains them.

    Args:
        reading: the snapshot.
        process: id of the process.
        now: the clock on the wall, where the horizon does not set it.
        asked: the horizon.
        rule, severity: only these; None: all.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    found = scene_of(reading, process, now, asked)
    page = Page()
    shown = [
        status.finding(page, one)
        for one in status.standing(found.findings(), found.now)
        if rule in (None, one.rule) and severity in (None, RULES[one.rule].severity.value)
    ]
    ids = list(page.events)
    return shown, status.explained(found, page, found.lookup(ids), found.marks(ids))


def findings_of(reading: ReadTransaction, subjects: Iterable[str], now: datetime) -> dict[str, list[Json]]:
    """The findings of single subjects that stand, the gravest first, by the path that was asked for.

    What only a process as a whole tells (silence, an actor without a role) is not among them.
    """
    table, joined = reading.table(FINDINGS), joined_of(reading)
    stays = {path: joined.get(Subject(path), Subject(path)) for path in subjects}
    kept: dict[Subject, list[Finding]] = {}
    for some in chunks(sorted(set(stays.values()))):
        for row in reading.connection.execute(select(table).where(table.c.subject.in_(some))):
            kept.setdefault(Subject(row.subject), []).append(finding_of(row))
    return {
        path: [status.finding(Page(), one) for one in status.standing(kept.get(own, ()), now)]
        for path, own in stays.items()
    }


def all_findings(
    reading: ReadTransaction, now: datetime, rule: str | None, severity: str | None, after: str | None, limit: int
) -> tuple[Answer, Json]:
    """The findings that stand in any process, by process, the gravest first; and the names of the actors in them.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    found = [
        (process, one)
        for process, one in everywhere(reading, now, rule)
        if severity is None or RULES[one.rule].severity.value == severity
    ]
    places = {name: place for place, name in enumerate(RULES)}
    ordered = sorted(
        (
            ((process, SEVERITIES[RULES[f.rule].severity], places[f.rule], f.subject, _short(f.about)), f)
            for process, f in found
        ),
        key=lambda one: one[0],
    )
    if after is not None:
        last = read_cursor(after, str, int, int, str, str)
        ordered = [one for one in ordered if one[0] > last]
    page = Page()
    items = [{"process": key[0], **status.finding(page, one)} for key, one in ordered[:limit]]
    names = {actor: {"label": shown_label(state)} for actor, state in actors_named(reading, page.actors).items()}
    return Answer(items, cursor(*ordered[limit - 1][0]) if len(ordered) > limit else None), {"actors": names}


def _short(text: str) -> str:
    """What stands for a text of any length and script in a cursor."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def everywhere(reading: ReadTransaction, now: datetime, rule: str | None = None) -> Iterator[tuple[str, Finding]]:
    """The findings of all processes that stand, each with the process."""
    table, belongs = reading.table(FINDINGS), reading.table(BELONGS)
    moment, joined = int(now.timestamp()), joined_of(reading)
    stands = standing_at(table, moment)
    counted = or_(belongs.c.withdrawn.is_(False), belongs.c.subject == "processes/" + belongs.c.process)
    query = select(belongs.c.process, table).join(belongs, belongs.c.subject == table.c.subject).where(stands, counted)
    if rule is not None:
        query = query.where(table.c.rule == rule)
    seen: set[tuple[str, tuple[str, Subject, str]]] = set()
    for row in reading.connection.execute(query):
        one, process = finding_of(row), ids_of(row.process, joined)[0]
        if (process, one.key) not in seen:
            seen.add((process, one.key))
            yield process, one
    for process, one in (*_silent(reading), *_without_role(reading, joined)):
        if one.stands(moment) and rule in (None, one.rule):
            yield process, one


def _silent(reading: ReadTransaction) -> Iterator[tuple[str, Finding]]:
    table = reading.table(PROCESSES)
    query = select(table.c.process, table.c.state, table.c.heard_on)
    for process, stages, heard_on in reading.connection.execute(query):
        for one in silence(process, json.loads(stages), heard_on):
            yield process, one


def _without_role(reading: ReadTransaction, joined: Mapping[Subject, Subject]) -> Iterator[tuple[str, Finding]]:
    acting, belongs = reading.table(ACTOR_ACTIVITY), reading.table(BELONGS)
    query = select(belongs.c.process, acting).join(belongs, belongs.c.subject == acting.c.subject)
    query = query.where(belongs.c.withdrawn.is_(False))
    done: dict[str, list[Act]] = {}
    placed: dict[str, set[str]] = {}
    for row in reading.connection.execute(query):
        process = ids_of(row.process, joined)[0]
        if row.what == PLACED:
            placed.setdefault(process, set()).add(row.actor)
        else:
            events = tuple(EventId(UUID(event)) for event in json.loads(row.events))
            done.setdefault(process, []).append(Act(Subject(row.subject), row.actor, row.what, events))
    for process, theirs in done.items():
        for one in without_role(process, theirs, placed.get(process, ())):
            yield process, one


def quality_faults(reading: ReadTransaction, events: Sequence[Event]) -> list[tuple[int, Finding]]:
    """What events would raise of data quality on their own subjects, if they were recorded: the number of each event
    and the finding. All that a subject has is read and folded anew."""
    joined = joined_of(reading)
    found: list[tuple[int, Finding]] = []
    for stays in dict.fromkeys(joined.get(event.subject, event.subject) for event in events):
        known = all_of(reading, as_one(stays, joined))
        last = max((recorded.position for recorded in known), default=0)
        moment = datetime.now(UTC)
        sent = [
            Recorded(event, last + number + 1, 0, moment, "", 1)
            for number, event in enumerate(events)
            if joined.get(event.subject, event.subject) == stays
        ]
        before = {one.key for one in _quality(known, stays)}
        for one in _quality([*known, *sent], stays):
            if one.key not in before:
                numbers = [n for n, event in enumerate(events) if event.id in one.events]
                found.append((numbers[-1] if numbers else sent[-1].position - last - 1, one))
    return found


def _quality(log: Sequence[Recorded], subject: Subject) -> list[Finding]:
    """The findings of data quality of one subject."""
    now = [event.on(subject) for event in in_effect(log).events]
    state = families.fold(subject.partition("/")[0], now)
    said: dict[tuple[tuple[str, ...], str, bool], tuple[Order, ClaimMade]] = {}
    for event in now:
        order = display_order(event)
        for one in claims_in(event):
            made = ClaimMade(*one, order[0], order[1], event.id)
            key = (one.series, one.claimant, one.assessed)
            said[key] = max(said.get(key, (order, made)), (order, made), key=lambda pair: pair[0])
    claims = [made for _, made in said.values()]
    found = [*families.findings(subject, state), *of_claims(subject, claims), *of_repeats(subject, now)]
    return [one for one in found if RULES[one.rule].data_quality]


def deadlines(
    reading: ReadTransaction,
    now: datetime,
    *,
    process: str | None = None,
    until: When | None = None,
    overdue: bool | None = None,
    after: str | None = None,
    limit: int = 100,
) -> tuple[Answer, Json]:
    """What is expected by a date and not settled, in all processes or in one, the first to end first; and what
    explains it. `touched_at` is when what it rests on was last recorded or corrected.

    Args:
        reading: the snapshot.
        now: the clock, which tells what is overdue.
        process: only of this process.
        until: only what may be due by the end of this date.
        overdue: only what is overdue (True) or is not (False).
        after, limit: of the page.

    Raises:
        NotFound: there is no such process.
        BadCursor: `after` is not a cursor of this list.
    """
    table, belongs = reading.table(DEADLINES), reading.table(BELONGS)
    moment, joined = int(now.timestamp()), joined_of(reading)
    key = (table.c.latest, table.c.earliest, table.c.subject, table.c.number)
    query = select(table).order_by(*key).limit(limit + 1)
    counted = belongs.c.withdrawn.is_(False)
    wanted = select(belongs.c.subject).where(counted)
    if process is not None:
        wanted = wanted.where(belongs.c.process.in_(known_ids(reading, process)))
    query = query.where(table.c.subject.in_(wanted))
    if until is not None:
        query = query.where(table.c.earliest <= until.span.latest)
    if overdue is not None:
        query = query.where(table.c.latest < moment if overdue else table.c.latest >= moment)
    if after is not None:
        query = query.where(tuple_(*key) > read_cursor(after, int, int, str, int))
    rows = reading.connection.execute(query).all()
    found = rows[:limit]
    subjects = {row.subject for row in found}
    states = states_of(reading, subjects)
    member: dict[str, set[str]] = {}
    for some in chunks(sorted(subjects)):
        of = select(belongs.c.subject, belongs.c.process).where(belongs.c.subject.in_(some), counted)
        for subject, name in reading.connection.execute(of):
            member.setdefault(subject, set()).add(ids_of(name, joined)[0])
    contested = _contested_events(reading, subjects)
    page = Page()
    rests_on = [page.rests_on(json.loads(row.events)) for row in found]
    by_id, marks = events_by_id(reading, page.events), marks_by_id(reading, page.events)
    corrections = events_by_id(reading, (c for mark in marks.values() for c in mark.get("corrected_by", ())))
    items = [
        {
            "processes": sorted(member.get(row.subject, ())),
            "subject": row.subject,
            "label": _label(states.get(Subject(row.subject)), row.subject),
            "what": row.what,
            "when": row.when,
            "actor": page.actor(row.actor),
            "overdue": row.latest < moment,
            "contested": not contested[row.subject].isdisjoint(
                (about, event) for about in ("stage", _matter(row.what)) for event in events
            ),
            "sensitivity": max((by_id[event].event.sensitivity for event in events), key=SENSITIVITIES.index).value,
            "touched_at": instant(
                max(
                    recorded.recorded_at
                    for event in events
                    for recorded in (
                        by_id[event],
                        *(corrections[c] for c in marks.get(event, {}).get("corrected_by", ())),
                    )
                )
            ),
            "events": events,
        }
        for row, events in zip(found, rests_on, strict=True)
    ]
    following = cursor(*(getattr(found[-1], c.name) for c in key)) if len(rows) > limit else None
    for recorded in by_id.values():
        for claimant in recorded.event.claimants:
            page.actor(claimant.removeprefix("actors/") if claimant.startswith("actors/") else None)
    return Answer(items, following), explained(reading, page)


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


def _matter(what: str) -> str:
    return MATTERS.get(what.partition(":")[0], what)


def _contested_events(reading: ReadTransaction, subjects: Iterable[str]) -> defaultdict[str, set[tuple[str, str]]]:
    """The events of each subject that contradict each other, each with the matter."""
    table = reading.table(FINDINGS)
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for some in chunks(sorted(subjects)):
        query = select(table.c.subject, table.c.about, table.c.events)
        for subject, about, events in reading.connection.execute(
            query.where(table.c.subject.in_(some), table.c.rule == "contested")
        ):
            matter = about if about.startswith("described ") else about.partition(" ")[0]
            found[subject] |= {(matter, event) for event in json.loads(events)}
    return found


def _label(state: SubjectState | None, path: str) -> str:
    return state.labels[0].text if state is not None and state.labels else path
