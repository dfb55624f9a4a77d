"""A process as it is seen from a horizon, with all that an answer about it needs.

At present, the snapshot is read from the tables. At any other horizon the events of the process, and of whatever it was
ever joined with, are read and folded: that costs what the process has, whatever else the log holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial

from domain import families
from domain.actors import ActorState
from domain.edtf import END, Day, When
from domain.effect import in_effect
from domain.errors import NotFound
from domain.event import Recorded, instant
from domain.finding import Finding
from domain.findings.rules import holds
from domain.horizon import EVERYTHING, Horizon, may_be_upcoming
from domain.place_meanings import state_meant
from domain.process_zones import zones_of
from domain.references import references
from domain.spans import ANYWHERE, Zones, end_of, second_of
from domain.values import Subject
from projections.answers.explanations import Marks, ShownHorizon
from projections.queries.actors_seen import actors_seen
from projections.queries.following import others_of
from projections.queries.settled import Settled, parts_of, settled_in
from projections.queries.snapshot import (
    NEWEST,
    ProcessSnapshot,
    findings_in,
    findings_of_subjects,
    findings_of_whole,
    fold_snapshot,
    read_snapshot,
)
from projections.read_models import figures, incident_counts
from projections.read_models.change_set import NOBODY
from projections.read_models.findings import Glance, findings_of, glance, glance_at
from projections.read_models.foreign_ids import events_of_namesakes
from projections.read_models.incident_counts import DAY, counted_from
from projections.read_models.last_heard import newer
from projections.read_models.membership import events_of
from projections.read_models.process_list import unknown
from projections.read_models.revisions import events_by_id, ever_unified, marks_by_id
from projections.read_models.subjects import actors_named, last_change
from projections.read_models.timeline import all_of, each_of
from projections.read_models.zone_reports import zone_reports, zones_of_others
from projections.storage.tables import Transaction

LAST_DAY = END // DAY + 1
LATEST = int(datetime(9999, 12, 1, tzinfo=UTC).timestamp())
"""The last clock of a horizon: from there one can still look ahead."""


@dataclass(frozen=True, slots=True)
class HorizonRequest:
    """The horizon that is asked for, as it is sent. What knows the log resolves a time to a position."""

    as_of: str | None = None
    published_by: str | None = None
    known_at: str | None = None
    known_at_position: int | None = None
    position: int | None = None
    """The last position that is known: where `known_at` and `known_at_position` lead together."""
    known_until: datetime | None = None
    """The clock that `known_at` sets; if it is not given, `known_at` is a time, and sets itself."""

    @property
    def horizon(self) -> Horizon:
        return Horizon(
            self.position,
            When(self.published_by) if self.published_by is not None else None,
            When(self.as_of) if self.as_of is not None else None,
        )

    def horizon_at(self, now: datetime) -> Horizon:
        """The horizon, with what is still to come by its own clock, else by the one on the wall.

        Args:
            now: the clock on the wall.
        """
        return replace(self.horizon, now=second_of(self.clock() or now) if self.as_of is None else None)

    def clock(self, zones: Zones = ANYWHERE) -> datetime | None:
        """The clock of timed findings: the end of `as_of`, else `known_at`; None: the clock on the wall.

        Args:
            zones: of the process that is asked about: a day ends by them.
        """
        if self.as_of is not None:
            return datetime.fromtimestamp(min(end_of(When(self.as_of), zones), LATEST), UTC)
        if self.known_until is not None:
            return self.known_until.astimezone(UTC)
        return datetime.fromisoformat(self.known_at.upper()).astimezone(UTC) if self.known_at is not None else None


PRESENT = HorizonRequest()
"""Everything that is known."""


@dataclass(frozen=True)
class ProcessView:
    """A process at a horizon, and how to look up what an answer about it names."""

    snapshot: ProcessSnapshot
    now: datetime
    request: HorizonRequest
    lookup: Callable[[Iterable[str]], Mapping[str, Recorded]]
    """Finds events by their ids, as they read at the horizon."""
    marks: Callable[[Iterable[str]], Mapping[str, Marks]]
    """Finds what became of events that were revised."""
    named: Callable[[Iterable[str]], Mapping[str, ActorState]]
    """Finds the states of actors by their ids, also by those that gave way."""
    findings: Callable[[], list[Finding]]
    """All findings, whenever they stand."""
    glance: Callable[[int, int], Glance]
    """The findings that stand at a time (seconds since 1970): how many, and so many of the gravest."""

    def became_of(self, ids: Iterable[str]) -> dict[str, Marks]:
        """What became of events, and why one is inside the horizon only possibly; only those with something to say."""
        names = list(ids)
        marks, possible = self.marks(names), self.snapshot.possible
        return {
            name: {
                **marks.get(name, Marks()),
                **(Marks(possible=possible[name]) if name in possible else Marks()),
            }
            for name in names
            if name in marks or name in possible
        }

    def has_come_since(self, before: datetime) -> bool:
        """Whether a report may have come since an earlier time, so that more than the clock was different then."""
        return any(may_be_upcoming(event, second_of(before)) for event in self.snapshot.in_effect)

    @property
    def horizon(self) -> ShownHorizon:
        """The horizon as an answer states it."""
        return {
            "as_of": self.request.as_of,
            "published_by": self.request.published_by,
            "known_at": self.request.known_at,
            "known_at_position": self.request.known_at_position,
            "now": instant(self.now),
            "position": self.request.position,
            "possible": len(self.snapshot.possible),
            "beyond": self.snapshot.beyond,
        }


def process_view(
    transaction: Transaction,
    process: str,
    now: datetime | None,
    request: HorizonRequest = PRESENT,
    unrecorded: Sequence[Recorded] = (),
    *,
    reports: bool = True,
) -> ProcessView:
    """A process as it is seen from a horizon.

    Args:
        transaction: a snapshot of the read models.
        process: id of the process.
        now: the clock on the wall, where the horizon does not set it. Without a clock, violations and incidents are
            only counted as a whole.
        request: the horizon.
        unrecorded: events that are looked at as if they had been recorded at the end of the log.
        reports: whether its reports themselves are looked at, not only what they amount to. Otherwise, at a horizon,
            the snapshot may have no events of some of its subjects, as one of the present has none.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    if request.horizon == EVERYTHING and not unrecorded:
        return _present(transaction, process, request.clock() or now, request)
    if not reports and not unrecorded:
        view = _in_parts(transaction, process, now or datetime.now(UTC), request)
        if view is not None:
            return view
    return _whole(transaction, process, now, request, unrecorded)


def _whole(
    transaction: Transaction,
    process: str,
    now: datetime | None,
    request: HorizonRequest,
    unrecorded: Sequence[Recorded],
) -> ProcessView:
    """The view of which all subjects are folded, with all of their reports."""
    log = [*events_of(transaction, process), *unrecorded]
    if not log:
        raise unknown()
    names = ActorNames(transaction, request.horizon.position)
    of_process = [*log, *events_of_namesakes(transaction, log)]
    whole = [
        *of_process,
        *names.unified,
        *zones_of_others(transaction, of_process),
        *place_reports(transaction, of_process),
    ]
    horizon = request.horizon_at(now or datetime.now(UTC))
    snapshot = fold_snapshot(whole, process, horizon=horizon)
    others = others_of(snapshot.states, snapshot.own, snapshot.joined) if snapshot and snapshot.unfollowed else set()
    if others:  # whether its subjects belong to one that is followed takes all that these have
        whole += [r for path in others for r in events_of(transaction, path.partition("/")[2])]
        by_position = {recorded.position: recorded for recorded in whole}
        snapshot = fold_snapshot(by_position.values(), process, horizon=horizon)
    if snapshot is None:
        raise NotFound(
            "nothing of this process is inside the horizon: its first event was recorded at position "
            f"{log[0].position}, {instant(log[0].recorded_at)}; ask for a later known_at, published_by or as_of"
        )
    clock = request.clock(snapshot.zones_of(snapshot.own)) or now
    every = cache(partial(findings_in, snapshot))
    return ProcessView(
        snapshot,
        clock or datetime.now(UTC),
        request,
        lambda ids: {name: snapshot.events[name] for name in dict.fromkeys(ids) if name in snapshot.events},
        lambda ids: {name: snapshot.marks[name] for name in dict.fromkeys(ids) if name in snapshot.marks},
        names.named,
        every,
        lambda at, most: glance_at(every(), at, most),
    )


def _present(transaction: Transaction, process: str, clock: datetime | None, request: HorizonRequest) -> ProcessView:
    since = LAST_DAY if clock is None else counted_from(clock)
    snapshot = read_snapshot(transaction, process, since)
    if snapshot is None:
        raise unknown()
    subjects = list(snapshot.states)
    return ProcessView(
        snapshot,
        clock or datetime.now(UTC),
        request,
        lambda ids: events_by_id(transaction, ids),
        lambda ids: marks_by_id(transaction, ids),
        lambda ids: actors_named(transaction, ids),
        cache(lambda: [*_kept_findings(transaction, snapshot, subjects), *findings_of_whole(snapshot)]),
        cache(
            lambda at, most: glance(
                transaction, snapshot.process, subjects, findings_of_whole(snapshot), at, most, snapshot.unfollowed
            )
        ),
    )


def _in_parts(transaction: Transaction, process: str, now: datetime, request: HorizonRequest) -> ProcessView | None:
    """The view of which only those subjects are folded that the horizon makes read otherwise than they are kept; None
    if all of the process is to be folded."""
    horizon = request.horizon_at(now)
    names = ActorNames(transaction, horizon.position)
    parts = parts_of(transaction, process, horizon) if names.as_now else None
    if parts is None:
        return None
    settled = settled_in(transaction, process, parts, horizon, counted_from(request.clock() or now))
    if settled is None:
        return None
    log = sorted(each_of(transaction, parts.across), key=lambda recorded: recorded.position)
    others = [*events_of_namesakes(transaction, log), *names.unified, *zones_of_others(transaction, log)]
    folded = fold_snapshot([*log, *others], process, horizon=horizon, settled=settled)
    snapshot = with_settled(folded, settled) if folded is not None else None
    if folded is None or snapshot is None:
        return None

    def lookup(ids: Iterable[str]) -> dict[str, Recorded]:
        wanted = list(dict.fromkeys(ids))
        kept = events_by_id(transaction, (name for name in wanted if name not in folded.events))
        every = {**folded.events, **kept}
        return {name: every[name] for name in wanted if name in every}

    across, still = cache(partial(findings_of_subjects, folded)), list(settled.states)
    whole, unfollowed = cache(partial(findings_of_whole, snapshot)), snapshot.unfollowed & settled.states.keys()
    return ProcessView(
        snapshot,
        request.clock(snapshot.zones_of(snapshot.own)) or now,
        request,
        lookup,
        lambda ids: {name: folded.marks[name] for name in dict.fromkeys(ids) if name in folded.marks},
        names.named,
        cache(lambda: [*across(), *_kept_findings(transaction, snapshot, still), *whole()]),
        cache(
            lambda at, most: glance(transaction, snapshot.process, still, [*across(), *whole()], at, most, unfollowed)
        ),
    )


def _kept_findings(transaction: Transaction, snapshot: ProcessSnapshot, subjects: Iterable[Subject]) -> list[Finding]:
    """The findings that are kept of subjects of a process, those that hold as far as it is followed."""
    every = findings_of(transaction, subjects, snapshot.process)
    return [f for f in every if holds(f.rule, followed=f.subject not in snapshot.unfollowed)]


def with_settled(snapshot: ProcessSnapshot, settled: Settled) -> ProcessSnapshot | None:
    """A snapshot that was folded without the settled subjects of its process, with them.

    Returns:
        None if it depends on what is not at hand: on what their places mean from there, or on the other processes of a
        process that is not followed.
    """
    meanings = snapshot.drawn.meanings
    if snapshot.drawn.doubts or any(meanings.get(d) != settled.meanings.get(d) for d in settled.described):
        return None
    kept = {path: state_meant(state, meanings) for path, state in settled.states.items()}
    states = dict(sorted({**snapshot.states, **kept}.items()))
    followed = snapshot.followed if settled.said is None else settled.said
    if not followed and others_of(states, snapshot.own, snapshot.joined):
        return None
    newest = [*((recorded.position, recorded.key) for recorded in snapshot.filed[-NEWEST:]), *settled.newest]
    heard = newer(snapshot.heard or NOBODY, settled.heard)
    return replace(
        snapshot,
        version=settled.version if snapshot.own in settled.states else snapshot.version,
        states=states,
        claims=sorted([*snapshot.claims, *figures.meant(settled.claims, meanings)], key=figures.sorting),
        incident_counts=incident_counts.in_order([*snapshot.incident_counts, *settled.incident_counts]),
        heard=heard if heard != NOBODY else None,
        heard_of={**snapshot.heard_of, **settled.heard_of},
        followed=followed,
        unfollowed=frozenset() if followed else frozenset(states),
        newest=[key for _, key in sorted(newest, reverse=True)[:NEWEST]],
        zones={**snapshot.zones, **settled.zones},
        beyond=snapshot.beyond + settled.beyond,
    )


def place_reports(transaction: Transaction, log: Iterable[Recorded]) -> list[Recorded]:
    """What tells of the places that events name by their ids, of those that contain them, and of whatever any of these
    was ever joined with."""
    if not last_change(transaction, "places"):
        return []
    together = ever_unified(transaction)
    by_position: dict[int, Recorded] = {}
    reports, looked_at = list(log), set[Subject]()
    while reports:
        named = {
            Subject(f"places/{i}") for r in reports for _, refers, i in references(r.event) if refers.to == "places"
        }
        paths = {other for path in named for other in together.get(path, (path,))} - looked_at
        looked_at |= paths
        reports = all_of(transaction, sorted(paths)) if paths else []
        by_position |= {recorded.position: recorded for recorded in reports}
    return [by_position[position] for position in sorted(by_position)]


class ActorNames:
    """Names of actors as they were known at a position."""

    def __init__(self, transaction: Transaction, position: int | None) -> None:
        self._transaction = transaction
        self._position = position
        self._together = ever_unified(transaction)
        mine = [path for path in self._together if path.startswith("actors/")]
        self.unified = all_of(transaction, mine) if mine else []
        """All events of the actors that were ever said to be one with others."""
        self.as_now = position is None or all(r.position <= position for r in self.unified if r.event.data.revises)
        """Whether those that were one are those that are one now."""

    def named(self, ids: Iterable[str]) -> dict[str, ActorState]:
        paths = {actor: Subject(f"actors/{actor}") for actor in ids}
        subjects = [other for path in paths.values() for other in self._together.get(path, (path,))]
        log = {r.position: r for r in (*self.unified, *all_of(self._transaction, subjects))}
        seen = actors_seen(log.values(), self._position)
        states: dict[str, ActorState] = {}
        for actor, path in paths.items():
            stays = seen.joined.get(path, path)
            state = families.fold("actors", seen.events.get(stays, ()))
            if isinstance(state, ActorState) and (stays in seen.events or stays in seen.withdrawn):
                states[actor] = state
        return states


def clock_of(transaction: Transaction, process: str, now: datetime, request: HorizonRequest) -> datetime:
    """The clock of a horizon of one process, without looking at anything else of it; `now`: the one on the wall."""
    if request.as_of is None or When(request.as_of).span.timed:
        return request.clock() or now
    log = [
        r for r in zone_reports(transaction, [process]) if request.position is None or r.position <= request.position
    ]
    effect = in_effect(log)
    path = Subject(f"processes/{process}")
    zones = zones_of(effect.events, effect.joined).get(effect.joined.get(path, path), ANYWHERE)
    return request.clock(zones) or now


def check_date(text: str) -> str:
    """Reads `as_of` or `published_by`.

    Raises:
        ValueError: it is neither a date nor a time with a zone; the text says what to send instead.
    """
    if "T" in text:
        if "/" in text:
            raise ValueError("send one date or time, not an interval")
        When(text)
    else:
        Day(text)
    return text
