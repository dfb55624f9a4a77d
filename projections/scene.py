"""A process as it is seen from a horizon, with all that an answer about it needs.

Now, the picture is read from the tables. At any other horizon the events of the process, and of whatever it was ever
joined with, are read and folded anew: that costs what the process has, whatever else the log holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, Table, and_, bindparam, case, func, or_, select

from domain import families
from domain.actors import ActorState
from domain.edtf import END, Day, When
from domain.errors import NotFound
from domain.event import Recorded, instant
from domain.finding import Finding, Severity
from domain.findings.processes import of_process
from domain.findings.rules import RULES
from domain.horizon import EVERYTHING, Horizon, seen_from
from domain.values import EventId, Subject
from projections.outlook import findings_in
from projections.picture import DAY, Json, Picture, components, picture_of
from projections.read_models.findings import FINDINGS
from projections.read_models.membership import MEMBERSHIP
from projections.read_models.revisions import UNIFICATIONS
from projections.read_models.timeline import TIMELINE
from projections.storage.generations import ReadTransaction
from projections.storage.sql import KEPT, among, chunks, listed, rows_where
from projections.views import events_by_id, joined_of, marks_by_id, picture, recorded_of, states_of

LAST_DAY = END // DAY + 1
LATEST = int(datetime(9999, 12, 1, tzinfo=UTC).timestamp())
"""The last clock of a horizon: from there one can still look ahead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The horizon that is asked for, as it is sent; a time is resolved to a position by whoever knows the log."""

    as_of: str | None = None
    published_by: str | None = None
    known_at: str | None = None
    known_at_position: int | None = None
    position: int | None = None
    """The last position that is known: where `known_at` and `known_at_position` lead together."""

    @property
    def horizon(self) -> Horizon:
        return Horizon(
            self.position,
            When(self.published_by) if self.published_by is not None else None,
            When(self.as_of) if self.as_of is not None else None,
        )

    @property
    def now(self) -> datetime | None:
        """The clock of timed findings: the end of `as_of`, else `known_at`; None: the clock on the wall."""
        if self.as_of is not None:
            return datetime.fromtimestamp(min(When(self.as_of).span.latest, LATEST), UTC)
        return datetime.fromisoformat(self.known_at.upper()).astimezone(UTC) if self.known_at is not None else None


HERE = Asked()
"""The present: everything that is known."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The findings that stand at a time."""

    by_rule: dict[str, int]
    gravest: list[Finding]
    until: int | None
    """When, in seconds since 1970, another one begins to stand or one no longer does; None: never."""


def gravity(found: Finding) -> tuple[int, int, str, str]:
    """What findings are sorted by: the gravest first."""
    return (SEVERITIES[RULES[found.rule].severity], RANKS[found.rule], found.subject, found.about)


SEVERITIES = {severity: place for place, severity in enumerate(Severity)}
RANKS = {name: place for place, name in enumerate(RULES)}


def glance_at(found: Iterable[Finding], now: int, most: int) -> Glance:
    """What stands at a time, of findings that lie in memory."""
    every = list(found)
    there = sorted((one for one in every if one.stands(now)), key=gravity)
    edges = [edge for one in every for edge in (one.since, one.until) if edge is not None and edge > now]
    return Glance(dict(Counter(one.rule for one in there)), there[:most], min(edges, default=None))


@dataclass(frozen=True)
class Scene:
    """What a status is drawn from."""

    picture: Picture
    now: datetime
    asked: Asked
    lookup: Callable[[Iterable[str]], Mapping[str, Recorded]]
    """Finds events by their ids, as they read at the horizon."""
    marks: Callable[[Iterable[str]], Mapping[str, Json]]
    """Finds what became of events that were revised."""
    named: Callable[[Iterable[str]], Mapping[str, ActorState]]
    """Finds the states of actors by their ids, also by those that gave way."""
    findings: Callable[[], list[Finding]]
    """All findings, whenever they stand."""
    glance: Callable[[int, int], Glance]
    """The findings that stand at a time (seconds since 1970): how many, and so many of the gravest."""

    def told(self, ids: Iterable[str]) -> dict[str, Json]:
        """What became of events, and why one is inside the horizon only possibly."""
        names = list(ids)
        marks, possible = self.marks(names), self.picture.possible
        return {
            one: {**marks.get(one, {}), **({"possible": possible[one]} if one in possible else {})}
            for one in names
            if one in marks or one in possible
        }

    @property
    def horizon(self) -> Json:
        """The horizon as an answer states it."""
        return {
            "as_of": self.asked.as_of,
            "published_by": self.asked.published_by,
            "known_at": self.asked.known_at,
            "known_at_position": self.asked.known_at_position,
            "now": instant(self.now),
            "position": self.asked.position,
            "possible": len(self.picture.possible),
            "beyond": self.picture.beyond,
        }


def scene(
    reading: ReadTransaction, process: str, now: datetime | None, counted_from: int, asked: Asked = HERE
) -> Scene:
    """A process as it is seen from a horizon.

    Args:
        reading: a snapshot of the read models.
        process: id of the process.
        now: the clock on the wall, where the horizon does not set it.
        counted_from: the first day, since 1970-01-01, from which violations and incidents are told apart by day.
        asked: the horizon.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    clock = asked.now or now or datetime.now(UTC)
    if asked.horizon == EVERYTHING:
        found = picture(reading, process, counted_from)
        if found is None:
            raise unknown()
        return Scene(
            found,
            clock,
            asked,
            lambda ids: events_by_id(reading, ids),
            lambda ids: marks_by_id(reading, ids),
            lambda ids: actors_named(reading, ids),
            cache(lambda: findings_kept(reading, found)),
            cache(lambda at, most: _glance_kept(reading, found, at, most)),
        )
    log = events_of(reading, process)
    if not log:
        raise unknown()
    past = picture_of(log, process, horizon=asked.horizon)
    if past is None:
        raise NotFound(
            "nothing of this process is inside the horizon: its first event was recorded at position "
            f"{log[0].position}, {instant(log[0].recorded_at)}; ask for a later known_at, published_by or as_of"
        )
    every = cache(partial(findings_in, past))
    names = _Names(reading, asked.horizon.position)
    past = replace(past, joined={**past.joined, **names.joined})
    return Scene(
        past,
        clock,
        asked,
        lambda ids: {one: past.events[one] for one in dict.fromkeys(ids) if one in past.events},
        lambda ids: {one: past.marks[one] for one in dict.fromkeys(ids) if one in past.marks},
        names.named,
        every,
        lambda at, most: glance_at(every(), at, most),
    )


def findings_kept(reading: ReadTransaction, found: Picture) -> list[Finding]:
    """All findings of a picture from the read models, whenever they stand."""
    table = reading.table(FINDINGS)
    kept = [finding_of(row) for row in rows_where(reading.connection, table, table.c.subject, found.states)]
    return [*kept, *of_process(found.process, found.states, found.heard.on if found.heard else None)]


def _glance_kept(reading: ReadTransaction, found: Picture, now: int, most: int) -> Glance:
    """What stands at a time, of the findings that the read models keep: there may be thousands, and few are shown."""
    whole = glance_at(of_process(found.process, found.states, found.heard.on if found.heard else None), now, most)
    by_rule, gravest = Counter(whole.by_rule), list(whole.gravest)
    edges = [whole.until] if whole.until is not None else []
    connection = reading.connection
    counted, of_rule, next_edges = _glancing(connection.dialect.name, reading.table(FINDINGS))
    for some in chunks(list(found.states)):
        here = {**listed(connection, some), "now": now}
        counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted, here)}
        by_rule.update(counts)
        wanted = most
        for rule in sorted(counts, key=lambda rule: (SEVERITIES[RULES[rule].severity], RANKS[rule])):
            if wanted <= 0:
                break
            rows = connection.execute(of_rule, {**here, "rule": rule, "most": wanted})
            gravest += [finding_of(row) for row in rows]
            wanted -= counts[rule]
        edges += [edge for row in connection.execute(next_edges, here) for edge in row if edge is not None]
    ordered = sorted(gravest, key=gravity)[:most]
    return Glance(dict(by_rule), ordered, min(edges, default=None))


_Query = Select[*tuple[Any, ...]]


@lru_cache(KEPT)
def _glancing(dialect: str, table: Table) -> tuple[_Query, _Query, _Query]:
    """What a glance asks of the findings of subjects: how many of each rule stand; those of one rule; and when one
    begins or ends to stand next."""
    now = bindparam("now", type_=BigInteger)
    ours, stands = among(dialect, table.c.subject), standing_at(table, now)
    counted = select(table.c.rule, func.count()).where(ours, stands).group_by(table.c.rule)
    of_rule = select(table).where(ours, stands, table.c.rule == bindparam("rule"))
    of_rule = of_rule.order_by(table.c.subject, table.c.about).limit(bindparam("most", type_=Integer))
    edges = (func.min(case((column > now, column))) for column in (table.c.since, table.c.until))
    return counted, of_rule, select(*edges).where(ours)


def standing_at(table: Table, now: int | ColumnElement[int]) -> ColumnElement[bool]:
    """The findings that stand at a time, in seconds since 1970."""
    return and_(or_(table.c.since.is_(None), table.c.since <= now), or_(table.c.until.is_(None), table.c.until > now))


def finding_of(row: Any) -> Finding:
    """A row of the findings."""
    events = tuple(EventId(UUID(event)) for event in json.loads(row.events))
    return Finding(row.rule, Subject(row.subject), row.text, events, row.since, row.until, row.about)


def unknown() -> NotFound:
    return NotFound("there is no such process: GET /v1/processes lists them")


def events_of(reading: ReadTransaction, process: str) -> list[Recorded]:
    """All events, in log order, of the subjects that were ever put into a process."""
    membership, timeline = reading.table(MEMBERSHIP), reading.table(TIMELINE)
    own = Subject(f"processes/{process}")
    ids = [path.partition("/")[2] for path in _together(reading).get(own, (own,))]
    mine = select(membership.c.subject).where(membership.c.process.in_(ids))
    query = select(timeline).where(timeline.c.subject.in_(mine)).order_by(timeline.c.position)
    return [recorded_of(row) for row in reading.connection.execute(query)]


def _together(reading: ReadTransaction) -> dict[Subject, frozenset[Subject]]:
    """The subjects that were ever said to be one, each with all of them."""
    unified = reading.table(UNIFICATIONS)
    pairs = reading.connection.execute(select(unified.c.subject, unified.c.into)).all()
    return components((Subject(one), Subject(other)) for one, other in pairs)


def actors_named(reading: ReadTransaction, ids: Iterable[str]) -> dict[str, ActorState]:
    """The states of actors by their ids, also by those that gave way."""
    joined = joined_of(reading)
    wanted = {actor: joined.get(Subject(f"actors/{actor}"), Subject(f"actors/{actor}")) for actor in ids}
    found = states_of(reading, wanted.values())
    return {actor: state for actor, path in wanted.items() if isinstance(state := found.get(path), ActorState)}


class _Names:
    """Names of actors as they were known at a position."""

    def __init__(self, reading: ReadTransaction, position: int | None) -> None:
        self._reading = reading
        self._position = position
        self._together = _together(reading)
        mine = [path for path in self._together if path.startswith("actors/")]
        self.joined = seen_from(Horizon(position), self._events(mine)).joined if mine else {}

    def _events(self, paths: Iterable[str]) -> list[Recorded]:
        timeline = self._reading.table(TIMELINE)
        rows = rows_where(self._reading.connection, timeline, timeline.c.subject, paths)
        return [recorded_of(row) for row in rows]

    def named(self, ids: Iterable[str]) -> dict[str, ActorState]:
        paths = {actor: Subject(f"actors/{actor}") for actor in ids}
        log = self._events(p for path in paths.values() for p in self._together.get(path, (path,)))
        seen = seen_from(Horizon(self._position), log)
        found: dict[str, ActorState] = {}
        for actor, path in paths.items():
            stays = seen.joined.get(path, path)
            state = families.fold("actors", seen.events.get(stays, ()))
            if isinstance(state, ActorState) and (stays in seen.events or stays in seen.withdrawn):
                found[actor] = state
        return found


def check_date(text: str) -> str:
    """Reads `as_of` or `published_by`.

    Raises:
        ValueError: it is neither a date nor a time with a zone; the text says how to mend it.
    """
    if "T" in text:
        if "/" in text:
            raise ValueError("send one date or time, not an interval")
        When(text)
    else:
        Day(text)
    return text
