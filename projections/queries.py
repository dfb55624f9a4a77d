"""What can be asked of the read models: lists, pages, histories. Each answer is plain JSON.

A cursor is an opaque text that names the last row of a page; the next page begins after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_

from domain.agreements import ObligationAssessed
from domain.errors import NotFound
from domain.event import Event, Recorded, instant
from domain.general import SubjectState
from domain.horizon import EVERYTHING
from domain.processes import ProcessState, places
from domain.values import Subject
from projections import render, status
from projections.asking import Answer, cursor, explained, known_ids, read_cursor, scene_of, sought, storable
from projections.picture import claims_in, display_order, revised, timeline_order
from projections.read_models.entries import ENTRIES
from projections.read_models.figures import CLAIMS
from projections.read_models.history import PROCESS_TIMELINE
from projections.read_models.membership import BELONGS
from projections.read_models.process_list import PROCESSES
from projections.read_models.revisions import REVISED_EVENTS, REVISIONS
from projections.read_models.roles import ROLES
from projections.read_models.subjects import FOLDED_EVENTS, SUBJECTS
from projections.read_models.timeline import TIMELINE
from projections.render import Json, Page
from projections.scene import (
    HERE,
    Asked,
    Scene,
    unknown,
)
from projections.storage.generations import ReadTransaction
from projections.storage.sql import chunks
from projections.views import (
    as_one,
    events_at,
    events_by_id,
    heard,
    ids_of,
    joined_of,
    marks_by_id,
    states_of,
    version_of,
)
from projections.watch import everywhere

# --- processes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which processes are wanted; what is None does not matter."""

    q: str | None = None
    """Part of a name."""
    place: str | None = None
    """Part of a P-code or of a name of a place."""
    actor: str | None = None
    """Id of an actor with a role in it."""
    role: str | None = None
    """A role that is held in it (by `actor`, if that is given too)."""
    state: str | None = None
    """open, suspended, ended, or contested."""
    finding: str | None = None
    """A rule of which a finding stands in it."""
    updated_after: int | None = None
    """Only processes that an event after this position touched."""


def processes(
    reading: ReadTransaction, wanted: Wanted, after: str | None, limit: int, now: datetime | None = None
) -> Answer:
    """The processes, by id, with what a list shows of each."""
    table = reading.table(PROCESSES)
    query = select(table).order_by(table.c.process).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.process > read_cursor(after, str)[0])
    if wanted.q is not None:
        query = query.where(table.c.names.contains(sought(wanted.q), autoescape=True))
    if wanted.place is not None:
        query = query.where(table.c.places.contains(sought(wanted.place), autoescape=True))
    if wanted.state == "contested":
        query = query.where(table.c.state.contains(", "))
    elif wanted.state is not None:
        query = query.where(table.c.state.contains(json.dumps(wanted.state), autoescape=True))
    if wanted.updated_after is not None:
        query = query.where(table.c.touched > wanted.updated_after)
    if wanted.finding is not None:
        clock = now or datetime.now(UTC)
        query = query.where(table.c.process.in_({process for process, _ in everywhere(reading, clock, wanted.finding)}))
    if wanted.actor is not None or wanted.role is not None:
        query = query.where(table.c.process.in_(_with_role(reading, wanted)))
    rows = reading.connection.execute(query).all()
    found = rows[:limit]
    states = states_of(reading, [f"processes/{row.process}" for row in found])
    items = [_listed(row, states.get(Subject(f"processes/{row.process}"))) for row in found]
    return Answer(items, cursor(found[-1].process) if len(rows) > limit else None)


def _with_role(reading: ReadTransaction, wanted: Wanted) -> Select[tuple[str]]:
    roles, belongs = reading.table(ROLES), reading.table(BELONGS)
    query = select(belongs.c.process).join(roles, roles.c.subject == belongs.c.subject)
    query = query.where(belongs.c.withdrawn.is_(False))
    if wanted.actor is not None:
        query = query.where(roles.c.actor == wanted.actor)
    if wanted.role is not None:
        query = query.where(roles.c.role == wanted.role)
    return query


def _listed(row: Any, state: SubjectState | None) -> Json:
    page = Page()
    own = state if isinstance(state, ProcessState) else ProcessState()
    last = heard(row.heard)
    return {
        "process": row.process,
        "labels": render.labels(own.labels),
        "state": page.line(own.stage),
        "level": page.line(own.level),
        "areas": [place.labels[0].text for place in places(own)],
        "last_heard": {"on": last.on or None, "publisher": last.publisher, "claimant": last.claimant},
        "updated": {"position": row.touched, "recorded_at": row.touched_at},
    }


# --- one process ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a status depends on besides the clock: equal stamps mean equal pictures."""

    generation: int
    process: int
    """The last position that touched the process."""
    actors: int
    """The last position that touched any actor: names are joined when read."""


def stamp(reading: ReadTransaction, process: str) -> Stamp:
    """The stamp of a process.

    Raises:
        NotFound: it was never opened.
    """
    table, subjects = reading.table(PROCESSES), reading.table(SUBJECTS)
    stays = ids_of(process, joined_of(reading))[0]
    touched = reading.connection.execute(select(table.c.touched).where(table.c.process == stays)).scalar()
    if touched is None:
        raise unknown()
    named = select(func.max(subjects.c.changed)).where(subjects.c.family == "actors")
    return Stamp(reading.tables.generation, touched, reading.connection.execute(named).scalar() or 0)


def process_status(reading: ReadTransaction, process: str, now: datetime, asked: Asked = HERE) -> tuple[Json, datetime]:
    """The status, and until when it stays as it is if nothing is recorded. At another horizon than the present that
    is not looked for.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    found = scene_of(reading, process, now, asked)
    if asked != HERE:
        return status.compose(found), found.now
    return status.compose(found), status.changes_at(
        found.picture, found.now, found.glance(int(found.now.timestamp()), status.FINDINGS_SHOWN).until
    )


def history(
    reading: ReadTransaction,
    process: str,
    after: str | None,
    limit: int,
    *,
    newest_first: bool = False,
    asked: Asked = HERE,
) -> Answer:
    """The timeline of a process by time of occurrence, as it was recorded; each event with what became of it.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, str) if after is not None else None
    if asked.horizon != EVERYTHING:
        return _history_at(scene_of(reading, process, None, asked), last, limit, newest_first=newest_first)
    table = reading.table(PROCESS_TIMELINE)
    ids = known_ids(reading, process)
    key = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
    query = select(*key, table.c.position).distinct().where(table.c.process.in_(ids)).limit(limit + 1)
    query = query.order_by(*(column.desc() if newest_first else column for column in key))
    if last is not None:
        mark = tuple_(*key)
        query = query.where(mark < last if newest_first else mark > last)
    rows = reading.connection.execute(query).all()
    found = events_at(reading, [row.position for row in rows[:limit]])
    shown = [str(recorded.id) for recorded in found]
    revisions, marks = _revisions(reading, shown), marks_by_id(reading, shown)
    items = [{**entry(r), "revised_by": revisions.get(str(r.id), []), **marks.get(str(r.id), {})} for r in found]
    return Answer(items, cursor(*rows[limit - 1][:4]) if len(rows) > limit else None)


def _history_at(found: Scene, last: Any, limit: int, *, newest_first: bool) -> Answer:
    """The same at another horizon, from the picture."""
    picture = found.picture
    by_id = {str(recorded.id): recorded.event for recorded in picture.filed}
    placed = sorted(
        ((timeline_order(r, by_id), r) for r in picture.filed), key=lambda one: one[0], reverse=newest_first
    )
    if last is not None:
        placed = [one for one in placed if (one[0] < last if newest_first else one[0] > last)]
    revisions = _about(recorded for recorded in picture.filed if recorded.event.data.revises)
    items = [
        {
            **entry(r),
            "revised_by": revisions.get(str(r.id), []),
            **picture.marks.get(str(r.id), {}),
            **({"possible": picture.possible[str(r.id)]} if str(r.id) in picture.possible else {}),
        }
        for _, r in placed[:limit]
    ]
    return Answer(items, cursor(*placed[limit - 1][0]) if len(placed) > limit else None)


def entry(recorded: Recorded) -> Json:
    """An event with all it says and what the log added."""
    return {
        "position": recorded.position,
        **recorded.event.model_dump(mode="json", exclude_unset=True, exclude={"data"}),
        "version": recorded.version,
        "recorded_at": instant(recorded.recorded_at),
        "recorded_by": recorded.recorded_by,
        "data": recorded.event.data.model_dump(mode="json", exclude_unset=True),
    }


def _revisions(reading: ReadTransaction, ids: list[str]) -> dict[str, list[Json]]:
    """The revisions of some events by the id of the event they are about, oldest first."""
    table = reading.table(REVISIONS)
    positions: list[int] = []
    for some in chunks(ids):
        positions += reading.connection.execute(select(table.c.position).where(table.c.target.in_(some))).scalars()
    return _about(events_at(reading, sorted(positions)))


def _about(revisions: Iterable[Recorded]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for recorded in revisions:
        target = revised(recorded.event)
        if target is not None:
            mark = {
                "id": str(recorded.id),
                "type": recorded.type,
                "recorded_at": instant(recorded.recorded_at),
                "recorded_by": recorded.recorded_by,
                "by": getattr(recorded.event.data, "by", None) or getattr(recorded.event.data, "described", None),
                "reason": getattr(recorded.event.data, "reason", None) or getattr(recorded.event.data, "instead", None),
            }
            found.setdefault(target, []).append(mark)
    return found


ACTS = ("IncidentReported", "ViolationReported")


def incidents(reading: ReadTransaction, process: str, after: str | None, limit: int, asked: Asked = HERE) -> Answer:
    """Incidents and violations of a process, newest first, each violation with its assessments.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, str) if after is not None else None
    acts, following, lookup = _accumulated(reading, process, ACTS, last, limit, asked)
    judged: dict[str, list[Json]] = {}
    for one in reversed(_accumulated(reading, process, ("ViolationAssessed",), None, None, asked)[0]):
        data = one.event.data.model_dump(mode="json", exclude_none=True)
        judged.setdefault(data["violation"], []).append({"id": str(one.id), **data})
    marks = lookup([str(one.id) for one in acts])
    items = []
    for one in acts:
        told = marks.get(str(one.id), {})
        assessments = [a for name in (str(one.id), *told.get("repeated_by", ())) for a in judged.get(name, [])]
        items.append({**entry(one), **told, "assessments": assessments})
    return Answer(items, following)


def claims(
    reading: ReadTransaction,
    process: str,
    after: str | None,
    limit: int,
    measure: str | None = None,
    claimant: str | None = None,
    asked: Asked = HERE,
) -> Answer:
    """Every live claim on the figures of a process and the counts of its registers, oldest first: series over time.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, str) if after is not None else None
    if asked.horizon != EVERYTHING:
        found = scene_of(reading, process, None, asked)
        mine = sorted((display_order(e), str(e.id)) for e in found.picture.in_effect if _says(e, measure, claimant))
        mine = [one for one in mine if last is None or one[0] > last]
        names = [name for _, name in mine[:limit]]
        by_id, marks = found.lookup(names), found.told(names)
        orders = [order for order, _ in mine]
    else:
        table, belongs = reading.table(CLAIMS), reading.table(BELONGS)
        ids = known_ids(reading, process)
        counted = belongs.c.withdrawn.is_(False) | (belongs.c.subject == f"processes/{ids[0]}")
        key = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
        query = select(*key).distinct().order_by(*key).limit(limit + 1)
        query = query.where(table.c.subject.in_(select(belongs.c.subject).where(belongs.c.process.in_(ids), counted)))
        if measure is not None:
            prefix = json.dumps([measure.casefold()], ensure_ascii=False)[:-1] + ","
            query = query.where(table.c.series.startswith(prefix, autoescape=True))
        if claimant is not None:
            query = query.where(table.c.claimant == storable(claimant))
        if last is not None:
            query = query.where(tuple_(*key) > last)
        orders = [tuple(row) for row in reading.connection.execute(query)]
        names = [order[3] for order in orders[:limit]]
        by_id, marks = events_by_id(reading, names), marks_by_id(reading, names)
    items = [status.claim_of(by_id[order[3]].event) | marks.get(order[3], {}) for order in orders[:limit]]
    return Answer(items, cursor(*orders[limit - 1]) if len(orders) > limit else None)


def _says(event: Event, measure: str | None, claimant: str | None) -> bool:
    """Whether an event makes a claim on this measure (on any, if None), by this claimant (by any, if None)."""
    return any(
        (measure is None or said.series[0] == measure.casefold()) and (claimant is None or said.claimant == claimant)
        for said in claims_in(event)
    )


def _accumulated(
    reading: ReadTransaction,
    process: str,
    names: Sequence[str],
    last: Any,
    limit: int | None,
    asked: Asked,
) -> tuple[list[Recorded], str | None, Callable[[Iterable[str]], Mapping[str, Json]]]:
    """Events that accumulate, in effect, newest first; the cursor of the next page; and what became of them."""
    if asked.horizon != EVERYTHING:
        found = scene_of(reading, process, None, asked)
        mine = [(display_order(e), e) for e in found.picture.in_effect if e.type in names]
        mine.sort(key=lambda one: one[0], reverse=True)
        if last is not None:
            mine = [one for one in mine if one[0] < last]
        shown = mine if limit is None else mine[:limit]
        events = [found.picture.events[str(event.id)] for _, event in shown]
        following = cursor(*shown[-1][0]) if len(mine) > len(shown) else None
        return events, following, found.told
    table = reading.table(ENTRIES)
    ids = known_ids(reading, process)
    key = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
    query = select(*key).distinct().where(table.c.process.in_(ids), table.c.type.in_(names))
    query = query.order_by(*(column.desc() for column in key))
    if limit is not None:
        query = query.limit(limit + 1)
    if last is not None:
        query = query.where(tuple_(*key) < last)
    rows = reading.connection.execute(query).all()
    page = rows if limit is None else rows[:limit]
    by_id = events_by_id(reading, [row.event_id for row in page])
    following = cursor(*page[-1]) if len(rows) > len(page) else None
    return [by_id[row.event_id] for row in page], following, lambda ids: marks_by_id(reading, ids)


def figures(reading: ReadTransaction, process: str, asked: Asked = HERE) -> list[Json]:
    """Every series of figures of a process, counts of its registers included, by claimant.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    found = scene_of(reading, process, None, asked)
    shown, counts = status.figures_of(Page(), found.picture, found.lookup, shown=len(found.picture.claims))
    return [*shown, *(line for lines in counts.values() for line in lines)]


def obligations(reading: ReadTransaction, process: str, now: datetime, asked: Asked = HERE) -> list[Json]:
    found = scene_of(reading, process, now, asked)
    page = Page()
    ledger = status.obligations(page, found.picture, found.now)
    scores: dict[tuple[str, str], list[Json]] = {}
    for event in _assessed(reading, found):
        data = event.data.model_dump(mode="json", exclude_none=True)
        line = {**data, "occurred": event.occurred, "claimants": list(event.claimants), "event": str(event.id)}
        scores.setdefault((event.subject, line.pop("obligation")), []).append(line)
    for side in ledger:
        for line in side["owes"]:
            line["scores"] = scores.get((line["agreement"], line["obligation"]), [])
    return ledger


def _assessed(reading: ReadTransaction, found: Scene) -> list[Event]:
    """All assessments of obligations, in effect and in canonical order: the score over time."""
    name = ObligationAssessed.__name__
    if found.asked.horizon != EVERYTHING:
        return sorted((e for e in found.picture.in_effect if e.type == name), key=lambda event: event.order)
    steps, timeline, effects = reading.table(FOLDED_EVENTS), reading.table(TIMELINE), reading.table(REVISED_EVENTS)
    corrected = steps.c.event_id.in_(select(effects.c.event_id))
    events: list[Event] = []
    for path in sorted(found.picture.states):
        if path.startswith("agreements/"):
            query = (
                select(steps.c.event_id)
                .join(timeline, timeline.c.position == steps.c.position)
                .where(steps.c.subject == path, or_(timeline.c.type == name, corrected))
            )
            ids = list(reading.connection.execute(query).scalars())
            events += [r.event.on(path) for r in events_by_id(reading, ids).values() if r.event.type == name]
    return sorted(events, key=lambda event: event.order)


def of_family(reading: ReadTransaction, process: str, family: str, asked: Asked = HERE) -> list[Json]:
    """The subjects of one family that belong to a process.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    found = scene_of(reading, process, None, asked)
    mine = [(path, state) for path, state in found.picture.states.items() if path.startswith(f"{family}/")]
    return [render.subject(Page(), path, state) for path, state in sorted(mine)]


def actors_of(reading: ReadTransaction, process: str, asked: Asked = HERE) -> list[Json]:
    """The actors with a role or a position in a process, each with its roles and positions there.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    found = scene_of(reading, process, None, asked)
    page = Page()
    mine: dict[str, Json] = {}

    def of(actor: str) -> Json:
        path = Subject(f"actors/{actor}")
        stays = found.picture.joined.get(path, path).partition("/")[2]
        return mine.setdefault(stays, {"roles": [], "positions": []})

    for path, state in found.picture.states.items():
        for line in render.roles(page, path, state):
            of(line["actor"])["roles"].append(line)
        for line in render.positions(page, path, state):
            of(line["actor"])["positions"].append(line)
        for actor in getattr(state, "between", ()):
            of(actor)
    names = found.named(sorted(mine))
    return [
        {**render.subject(Page(), f"actors/{actor}", names[actor]), **mine[actor]}
        for actor in sorted(mine)
        if actor in names
    ]


# --- subjects and actors --------------------------------------------------------------------------------------


def subject_page(reading: ReadTransaction, path: str) -> tuple[Json, int]:
    """One subject of a family and its version.

    Raises:
        NotFound: it was never opened.
    """
    joined = joined_of(reading)
    stays, *others = as_one(path, joined)
    state = states_of(reading, [stays]).get(stays)
    if state is None:
        raise NotFound("there is no such subject")
    page = Page()
    shown = render.subject(page, stays, state)
    if not state.opened:
        shown["withdrawn"] = True
    if others:
        shown["unified"] = sorted(others)
    return shown | explained(reading, page), version_of(reading, path)


def actor_page(reading: ReadTransaction, actor: str) -> tuple[Json, int]:
    """One actor: its names, kind and relations, and in which processes it holds which roles.

    Raises:
        NotFound: it was never identified.
    """
    shown, version = subject_page(reading, f"actors/{actor}")
    ids = [path.partition("/")[2] for path in as_one(f"actors/{actor}", joined_of(reading))]
    roles, belongs = reading.table(ROLES), reading.table(BELONGS)
    query = (
        select(belongs.c.process, roles.c.subject)
        .join(roles, roles.c.subject == belongs.c.subject)
        .where(roles.c.actor.in_(ids), belongs.c.withdrawn.is_(False))
        .distinct()
        .order_by(belongs.c.process, roles.c.subject)
    )
    places = reading.connection.execute(query).all()
    states = states_of(reading, {row.subject for row in places})
    page = Page()
    found: list[Json] = []
    for process, path in places:
        roles_there = render.roles(page, path, states[Subject(path)])
        found += [{"process": process, **role} for role in roles_there if role["actor"] in ids]
    shown["processes"] = found
    for name, told in explained(reading, page).items():
        shown[name] |= told
    return shown, version


def actors(reading: ReadTransaction, q: str | None, after: str | None, limit: int) -> Answer:
    """The actors, by id."""
    table = reading.table(SUBJECTS)
    query = select(table.c.subject).where(table.c.family == "actors").order_by(table.c.subject).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.subject > read_cursor(after, str)[0])
    if q is not None:
        query = query.where(table.c.names.contains(sought(q), autoescape=True))
    paths = list(reading.connection.execute(query).scalars())
    states = states_of(reading, paths[:limit])
    items = [render.subject(Page(), path, states[Subject(path)]) for path in paths[:limit]]
    return Answer(items, cursor(paths[limit - 1]) if len(paths) > limit else None)
