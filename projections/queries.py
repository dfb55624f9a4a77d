"""What can be asked of the read models: lists, pages, histories. Each answer is plain JSON.

A cursor is an opaque text that names the last row of a page; the next page begins after it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_

from domain.actors import ActorState, shown_label
from domain.edtf import END
from domain.errors import BadCursor, NotFound
from domain.event import Recorded, Revision, instant
from domain.general import SubjectState
from domain.processes import ProcessState, places
from domain.values import Subject
from domain.vocabulary import PAYLOADS
from projections import render, status
from projections.catch_up import revised
from projections.picture import DAY, Picture
from projections.render import Json, Page
from projections.views import Reading, events_at, events_by_id, heard, picture, states_of, subjects_of, version_of

LAST_DAY = END // DAY + 1
REVISIONS = [name for name, payload in PAYLOADS.items() if issubclass(payload, Revision)]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a list."""

    items: list[Json]
    next: str | None
    """Cursor of the next page; None at the end."""


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
    updated_after: int | None = None
    """Only processes that an event after this position touched."""


def processes(reading: Reading, wanted: Wanted, after: str | None, limit: int) -> Answer:
    """The processes, by id, with what a list shows of each."""
    table = reading.tables.processes
    query = select(table).order_by(table.c.process).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.process > read_cursor(after, str)[0])
    if wanted.q is not None:
        query = query.where(table.c.names.contains(wanted.q.casefold(), autoescape=True))
    if wanted.place is not None:
        query = query.where(table.c.places.contains(wanted.place.casefold(), autoescape=True))
    if wanted.state == "contested":
        query = query.where(table.c.state.contains(", "))
    elif wanted.state is not None:
        query = query.where(table.c.state.contains(json.dumps(wanted.state), autoescape=True))
    if wanted.updated_after is not None:
        query = query.where(table.c.touched > wanted.updated_after)
    if wanted.actor is not None or wanted.role is not None:
        query = query.where(table.c.process.in_(_with_role(reading, wanted)))
    rows = reading.connection.execute(query).all()
    found = rows[:limit]
    states = states_of(reading, [f"processes/{row.process}" for row in found])
    items = [_listed(row, states.get(Subject(f"processes/{row.process}"))) for row in found]
    return Answer(items, cursor(found[-1].process) if len(rows) > limit else None)


def _with_role(reading: Reading, wanted: Wanted) -> Select[tuple[str]]:
    roles, membership = reading.tables.roles, reading.tables.membership
    query = select(membership.c.process).join(roles, roles.c.subject == membership.c.subject)
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


def stamp(reading: Reading, process: str) -> Stamp:
    """The stamp of a process.

    Raises:
        NotFound: it was never opened.
    """
    table, subjects = reading.tables.processes, reading.tables.subjects
    touched = reading.connection.execute(select(table.c.touched).where(table.c.process == process)).scalar()
    if touched is None:
        raise NotFound("there is no such process: GET /v1/processes lists them")
    named = select(func.max(subjects.c.changed)).where(subjects.c.family == "actors")
    return Stamp(reading.tables.generation, touched, reading.connection.execute(named).scalar() or 0)


def picture_or_404(reading: Reading, process: str, now: datetime | None = None) -> Picture:
    """The picture of a process; without a clock, violations and incidents are only counted as a whole."""
    found = picture(reading, process, LAST_DAY if now is None else status.counted_from(now))
    if found is None:
        raise NotFound("there is no such process: GET /v1/processes lists them")
    return found


def process_status(reading: Reading, process: str, now: datetime) -> tuple[Json, datetime]:
    """The status, and until when it stays as it is if nothing is recorded.

    Raises:
        NotFound: the process was never opened.
    """
    found = picture_or_404(reading, process, now)

    def lookup(ids: list[str]) -> Mapping[str, Recorded]:
        return events_by_id(reading, ids)

    def named(ids: list[str]) -> Mapping[str, SubjectState]:
        return actors_named(reading, ids)

    return status.compose(found, now, lookup, named), status.changes_at(found, now)


def actors_named(reading: Reading, ids: list[str]) -> dict[str, ActorState]:
    found = states_of(reading, [f"actors/{actor}" for actor in ids])
    return {path.partition("/")[2]: state for path, state in found.items() if isinstance(state, ActorState)}


def history(reading: Reading, process: str, after: str | None, limit: int, *, newest_first: bool = False) -> Answer:
    """The timeline of a process by time of occurrence; each event with the revisions that bear on it.

    Raises:
        NotFound: the process was never opened.
        BadCursor: `after` is not a cursor of this list.
    """
    table = reading.tables.process_timeline
    own = table.c.process == process
    _require(reading, process)
    key = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
    query = select(*key, table.c.position).where(own).limit(limit + 1)
    query = query.order_by(*(column.desc() if newest_first else column for column in key))
    if after is not None:
        mark = tuple_(*key)
        last = read_cursor(after, int, int, int, str)
        query = query.where(mark < last if newest_first else mark > last)
    rows = reading.connection.execute(query).all()
    found = events_at(reading, [row.position for row in rows[:limit]])
    revisions = _revisions(reading, process)
    items = [{**entry(recorded), "revised_by": revisions.get(str(recorded.id), [])} for recorded in found]
    return Answer(items, cursor(*rows[limit - 1][:4]) if len(rows) > limit else None)


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


def _revisions(reading: Reading, process: str) -> dict[str, list[Json]]:
    """The revisions in a process by the id of the event they are about, oldest first."""
    table = reading.tables.process_timeline
    query = select(table.c.position).where(table.c.process == process, table.c.type.in_(REVISIONS))
    positions = sorted(reading.connection.execute(query).scalars())
    found: dict[str, list[Json]] = {}
    for recorded in events_at(reading, positions):
        target = revised(recorded.event)
        if target is not None:
            mark = {
                "id": str(recorded.id),
                "type": recorded.type,
                "recorded_at": instant(recorded.recorded_at),
                "recorded_by": recorded.recorded_by,
                "reason": getattr(recorded.event.data, "reason", None),
            }
            found.setdefault(target, []).append(mark)
    return found


def incidents(reading: Reading, process: str, after: str | None, limit: int) -> Answer:
    """Incidents and violations of a process, newest first, each violation with its assessments.

    Raises:
        NotFound: the process was never opened.
        BadCursor: `after` is not a cursor of this list.
    """
    _require(reading, process)
    table = reading.tables.process_timeline
    key = (table.c.earliest, table.c.latest, table.c.step, table.c.event_id)
    ours = and_(table.c.process == process, table.c.type.in_(["IncidentReported", "ViolationReported"]))
    query = select(*key, table.c.position).where(ours).order_by(*(column.desc() for column in key)).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(*key) < read_cursor(after, int, int, int, str))
    rows = reading.connection.execute(query).all()
    found = events_at(reading, [row.position for row in rows[:limit]])
    judged: dict[str, list[Json]] = {}
    assessed = select(table.c.position).where(table.c.process == process, table.c.type == "ViolationAssessed")
    for recorded in events_at(reading, sorted(reading.connection.execute(assessed).scalars())):
        data = recorded.event.data.model_dump(mode="json", exclude_none=True)
        judged.setdefault(data["violation"], []).append({"id": str(recorded.id), **data})
    items = [{**entry(recorded), "assessments": judged.get(str(recorded.id), [])} for recorded in found]
    return Answer(items, cursor(*rows[limit - 1][:4]) if len(rows) > limit else None)


def figures(reading: Reading, process: str) -> list[Json]:
    """Every series of figures of a process, counts of its registers included, by claimant.

    Raises:
        NotFound: the process was never opened.
    """
    found = picture_or_404(reading, process)
    shown, counts = status.figures_of(Page(), found, lambda ids: events_by_id(reading, ids), shown=len(found.claims))
    return [*shown, *(line for lines in counts.values() for line in lines)]


def obligations(reading: Reading, process: str, now: datetime) -> list[Json]:
    return status.obligations(Page(), picture_or_404(reading, process, now), now)


def of_family(reading: Reading, process: str, family: str) -> list[Json]:
    """The subjects of one family that belong to a process.

    Raises:
        NotFound: the process was never opened.
    """
    _require(reading, process)
    mine = [path for path in subjects_of(reading, process) if path.startswith(f"{family}/")]
    return [render.subject(Page(), path, state) for path, state in sorted(states_of(reading, mine).items())]


def actors_of(reading: Reading, process: str) -> list[Json]:
    """The actors with a role or a position in a process, each with its roles and positions there.

    Raises:
        NotFound: the process was never opened.
    """
    found = picture_or_404(reading, process)
    page = Page()
    mine: dict[str, Json] = {}
    for path, state in found.states.items():
        for kind, lines in (
            ("roles", render.roles(page, path, state)),
            ("positions", render.positions(page, path, state)),
        ):
            for line in lines:
                mine.setdefault(line["actor"], {"roles": [], "positions": []})[kind].append(line)
        for actor in getattr(state, "between", ()):
            mine.setdefault(actor, {"roles": [], "positions": []})
    names = actors_named(reading, sorted(mine))
    return [
        {**render.subject(Page(), f"actors/{actor}", names[actor]), **mine[actor]}
        for actor in sorted(mine)
        if actor in names
    ]


def _require(reading: Reading, process: str) -> None:
    table = reading.tables.processes
    if reading.connection.execute(select(table.c.process).where(table.c.process == process)).first() is None:
        raise NotFound("there is no such process: GET /v1/processes lists them")


# --- subjects and actors --------------------------------------------------------------------------------------


def subject_page(reading: Reading, path: str) -> tuple[Json, int]:
    """One subject of a family and its version.

    Raises:
        NotFound: it was never opened.
    """
    state = states_of(reading, [path]).get(Subject(path))
    if state is None:
        raise NotFound("there is no such subject")
    page = Page()
    shown = render.subject(page, path, state)
    return shown | _explained(reading, page), version_of(reading, path)


def _explained(reading: Reading, page: Page) -> Json:
    """The names of the actors that a page mentions, and what its lines rest on."""
    named = actors_named(reading, list(page.actors))
    found = events_by_id(reading, page.events)
    return {
        "actors": {actor: {"label": shown_label(state)} for actor, state in named.items()},
        "evidence": {event: render.evidence(recorded) for event, recorded in found.items()},
    }


def actor_page(reading: Reading, actor: str) -> tuple[Json, int]:
    """One actor: its names, kind and relations, and in which processes it holds which roles.

    Raises:
        NotFound: it was never identified.
    """
    shown, version = subject_page(reading, f"actors/{actor}")
    roles, membership = reading.tables.roles, reading.tables.membership
    query = (
        select(membership.c.process, roles.c.subject)
        .join(roles, roles.c.subject == membership.c.subject)
        .where(roles.c.actor == actor)
        .distinct()
        .order_by(membership.c.process, roles.c.subject)
    )
    places = reading.connection.execute(query).all()
    states = states_of(reading, {row.subject for row in places})
    page = Page()
    found: list[Json] = []
    for process, path in places:
        roles_there = render.roles(page, path, states[Subject(path)])
        found += [{"process": process, **role} for role in roles_there if role["actor"] == actor]
    shown["processes"] = found
    for name, told in _explained(reading, page).items():
        shown[name] |= told
    return shown, version


def actors(reading: Reading, q: str | None, after: str | None, limit: int) -> Answer:
    """The actors, by id."""
    table = reading.tables.subjects
    query = select(table.c.subject).where(table.c.family == "actors").order_by(table.c.subject).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.subject > read_cursor(after, str)[0])
    if q is not None:
        query = query.where(table.c.names.contains(q.casefold(), autoescape=True))
    paths = list(reading.connection.execute(query).scalars())
    states = states_of(reading, paths[:limit])
    items = [render.subject(Page(), path, states[Subject(path)]) for path in paths[:limit]]
    return Answer(items, cursor(paths[limit - 1]) if len(paths) > limit else None)


# --- cursors --------------------------------------------------------------------------------------------------


def cursor(*key: Any) -> str:
    """An opaque cursor after a row."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """What a cursor names.

    Raises:
        BadCursor: it was not made by `cursor` for this list.
    """
    try:
        key = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    fits = isinstance(key, list) and len(key) == len(kinds)
    if not fits or not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise BadCursor.at("after", "take the cursor unchanged from `next`, or leave it out to begin anew")
    return tuple(key)


def _fits(part: object, kind: type) -> bool:
    """Whether a part of a cursor is of its kind, and one that the database can hold."""
    if type(part) is not kind:
        return False
    if isinstance(part, int):
        return -(2**63) <= part < 2**63
    return not isinstance(part, str) or part.isascii()
