"""A picture of one process: all that its status is drawn from.

There are two ways to one: `picture_of` folds a process's events in memory, for any set of events; the read
models keep the same parts up to date (`projections.views`). A property test holds that they agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from domain import families
from domain.agreements import ViolationReported
from domain.enrolments import EnrolmentReported
from domain.event import Event, Payload, Recorded
from domain.families import ROWS
from domain.general import Figure, FigureAssessed, FigureReported, IncidentReported, StatementMade, SubjectState
from domain.horizon import EVERYTHING, Horizon, ReportStatus, Seen, names_processes, seen_from
from domain.revisions import SubjectUnified
from domain.values import Subject

DAY = 86_400

Json = dict[str, Any]
Order = tuple[int, int, int, str]
"""Display order: earliest, latest, step, id."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The newest word of one claimant (or assessor) on one series of figures."""

    subject: str
    series: tuple[str, ...]
    claimant: str
    assessed: bool
    order: Order
    low: float
    high: float | None
    """What it allows; None: no upper bound."""
    claims: int
    """How many times the claimant has spoken on it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many violations or incidents one recorder reports within the same bounds."""

    subject: str
    kind: str
    """`violation` or `incident`."""
    recorder: str
    first_day: int
    """Days since 1970-01-01."""
    last_day: int
    events: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest source: its day of publication (or the last day of occurrence), who, and the event."""

    on: str
    publisher: str
    claimant: str
    event: str


@dataclass
class Picture:
    """What is known of one process, apart from the clock."""

    process: str
    version: int = 0
    """How many events the process itself has, those on its talks and other subjects not counted."""
    states: dict[Subject, SubjectState] = field(default_factory=dict)
    """Of every subject that belongs to the process, the process itself included."""
    claims: list[Claim] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    heard: Heard | None = None
    events: dict[str, Recorded] = field(default_factory=dict)
    """Events by id: in a picture from the read models only those it has been asked for."""
    newest: list[str] = field(default_factory=list)
    """Ids of the last events recorded, newest first."""
    statements: list[str] = field(default_factory=list)
    """Ids of the last statements in display order, newest first."""
    actors: dict[str, SubjectState] = field(default_factory=dict)
    """States of the actors that are named, by id."""
    marks: dict[str, Json] = field(default_factory=dict)
    """What became of events that were revised, by id."""
    joined: dict[Subject, Subject] = field(default_factory=dict)
    """Subjects that gave way, each with the one that stays."""
    possible: dict[str, str] = field(default_factory=dict)
    """Events that are inside the horizon only possibly, and why (`domain.horizon.Seen`)."""
    withdrawn: dict[Subject, list[str]] = field(default_factory=dict)
    """Subjects of which no opening is in effect any more, with the ids of their openings."""
    filed: list[Recorded] = field(default_factory=list)
    """What its history shows, as recorded, in log order; empty in a picture from the read models."""
    in_effect: list[Event] = field(default_factory=list)
    """All reports in effect, under the subjects that stay; empty in a picture from the read models."""
    beyond: int = 0
    """How many events in effect the dates of the horizon leave out."""


def display_order(event: Event) -> Order:
    span = event.span
    return (span.earliest, span.latest, event.data.step, event.key)


REVISION_STEP = 1000
"""Puts a revision after all events of its target's date."""


def revised(event: Event) -> str | None:
    """The id of the event that a revision is about; None for any other event, and for joined subjects."""
    if not event.data.revises:
        return None
    target = getattr(event.data, "event", None)
    return str(target) if target is not None else None


def timeline_order(recorded: Recorded, known: Mapping[str, Event]) -> Order:
    """The place of an event in a history. A revision stands right after the event it revises.

    Args:
        recorded: the event.
        known: the events that revisions are about, by id. Targets stand earlier in the log, so a chain of them ends.
    """
    event = recorded.event
    target = revised(event)
    while target is not None and target in known:
        event = known[target]
        target = revised(event)
    if event.data.revises:
        moment = int(recorded.recorded_at.timestamp())
        return (moment, moment, event.data.step, recorded.key)
    earliest, latest, step, _ = display_order(event)
    return (earliest, latest, step + (REVISION_STEP if event is not recorded.event else 0), recorded.key)


# Asked of every event: to look up a type is many times faster than to ask whether it is one.
_ROWS = frozenset(ROWS)
_CLAIMS: frozenset[type[Payload]] = frozenset((FigureReported, FigureAssessed, EnrolmentReported))
_COUNTED: dict[type[Payload], str] = {ViolationReported: "violation", IncidentReported: "incident"}


class Said(NamedTuple):
    """A claim that an event makes."""

    series: tuple[str, ...]
    claimant: str
    assessed: bool
    low: float
    high: float | None


def claims(event: Event) -> bool:
    """Whether an event makes claims."""
    return type(event.data) in _CLAIMS


def claims_in(event: Event) -> Iterator[Said]:
    """The claims an event makes, one for each claimant."""
    match event.data:
        case FigureAssessed() as data:
            yield Said(data.series, data.assessor, True, *data.quantity.range)
        case Figure() | EnrolmentReported() as data:
            for claimant in event.claimants:
                yield Said(data.series, claimant, False, *data.quantity.range)
        case _:
            return


def accumulates(event: Event) -> bool:
    """Whether the event is kept as a row, rather than folded."""
    return type(event.data) in _ROWS


def tallied(event: Event) -> Iterator[tuple[str, str, int, int]]:
    """What an event adds to the counts: kind, recorder, first and last day."""
    kind = _COUNTED.get(type(event.data))
    if kind is None:
        return
    span = event.span
    for recorder in event.claimants:
        yield kind, recorder, span.earliest // DAY, span.latest // DAY


def heard_in(event: Event) -> Heard:
    """From whom an event was heard, and when: the newest of its sources, else the event's own time."""
    dated = [source for source in event.sources if source.published is not None]
    if dated:
        newest = max(dated, key=lambda s: (str(s.published), s.publisher))
        return Heard(str(newest.published), newest.publisher, newest.speaker, event.key)
    first, last = event.occurred.days if event.occurred else (None, None)
    source = event.sources[0] if event.sources else None
    publisher = source.publisher if source else ""
    claimant = source.speaker if source else event.basis.value
    return Heard(first or last or "", publisher, claimant, event.key)


def newer(a: Heard | None, b: Heard) -> Heard:
    """The newer of two: by day, then by publisher and event, so that the order of arrival does not decide."""
    return b if a is None or (b.on, b.publisher, b.event) > (a.on, a.publisher, a.event) else a


def newest_heard(events: Iterable[Event]) -> Heard | None:
    """The newest source of many events. Only those that may be the newest are looked at closely."""
    found: Heard | None = None
    for event in events:
        days = [source.published for source in event.sources if source.published is not None]
        if found is None or not days or max(days) >= found.on:
            found = newer(found, heard_in(event))
    return found


def components(pairs: Iterable[tuple[Subject, Subject]]) -> dict[Subject, frozenset[Subject]]:
    """What is linked by pairs, each with all that it is linked with, itself included."""
    found: dict[Subject, frozenset[Subject]] = {}
    for one, other in pairs:
        both = found.get(one, frozenset([one])) | found.get(other, frozenset([other]))
        found |= dict.fromkeys(both, both)
    return found


def named_by(events: Sequence[Recorded]) -> dict[Subject, set[str]]:
    """The processes that any report, or a correction of one, ever put a subject into.

    A subject that was ever joined with another counts as put into the same ones.
    """
    named: dict[Subject, set[str]] = defaultdict(set)
    for recorded in events:
        named[recorded.subject] |= set(names_processes(recorded.event))
        if recorded.event.family == "processes":
            named[recorded.subject].add(recorded.subject.partition("/")[2])
    revisions = (r for r in events if r.event.data.revises)
    unified = ((r.subject, r.event.data.into) for r in revisions if isinstance(r.event.data, SubjectUnified))
    for together in set(components(unified).values()):
        whole = set().union(*(named.get(subject, set()) for subject in together))
        for subject in together:
            named[subject] = set(whole)
    return named


def picture_of(
    events: Iterable[Recorded],
    process: str,
    newest: int = 10,
    statements: int = 10,
    horizon: Horizon = EVERYTHING,
) -> Picture | None:
    """Folds a whole log, or any part of one, into the picture of a process at a horizon. Pure, and slow on a long log.

    Args:
        events: at least all events of the process's subjects, of those they were ever joined with, and of actors.
        process: its id, or one that gave way to it.
        newest: how many of the events last recorded to name.
        statements: how many of the last statements to name.
        horizon: from where to look. Names of actors are cut by position only: they are not news.

    Returns:
        None if nothing of the process is inside.
    """
    log = list(events)
    seen = seen_from(horizon, (r for r in log if r.event.family != "actors"))
    actors = seen_from(Horizon(horizon.position), (r for r in log if r.event.family == "actors"))
    own = seen.joined.get(Subject(f"processes/{process}"), Subject(f"processes/{process}"))
    ids = {own.partition("/")[2]} | {s.partition("/")[2] for s, stays in seen.joined.items() if stays == own}
    ever = named_by(seen.known)
    belongs = {own}
    for subject in {*seen.events, *seen.withdrawn}:
        if subject in seen.withdrawn:
            joined = (s for s, stays in seen.joined.items() if stays == subject)
            named = set().union(*(ever[s] for s in (subject, *joined)))
        else:
            named = {p for event in seen.events[subject] for p in names_processes(event)}
        if named & ids and not subject.startswith("processes/"):
            belongs.add(subject)
    inside = {subject for subject in belongs if subject in seen.events or subject in seen.withdrawn}
    if not inside:
        return None
    if not any(event.data.opens for event in seen.events.get(own, ())):
        _lend_identity(seen, own)
    if own not in seen.events and own not in seen.withdrawn:
        return None
    all_states = {s: families.fold(s.partition("/")[0], seen.events.get(s, ())) for s in sorted(inside | {own})}
    states = {s: state for s, state in all_states.items() if state.opened or s == own}
    belonging = {s for s in {r.subject for r in seen.known} if seen.joined.get(s, s) in all_states}
    mine = [r for r in seen.known if r.subject in belonging]
    picture = Picture(
        own.partition("/")[2],
        version=sum(recorded.subject == own for recorded in seen.known),
        states=states,
        actors={
            s.partition("/")[2]: families.fold("actors", actors.events.get(s, ()))
            for s in {*actors.events, *actors.withdrawn}
        },
        joined={**seen.joined, **actors.joined},
    )
    counted = [event for subject, found in seen.events.items() if subject in states for event in found]
    named_here = {subject for subject, named in ever.items() if named & ids}
    filed = [r for r in seen.known if r.subject in named_here]
    ours = {r.event.id: r for r in (*mine, *filed)}
    for event_id, recorded in ours.items():
        name, standing = str(event_id), seen.standings.get(event_id)
        read = standing.event if standing is not None else None  # None: a revision, or not in effect
        if read is None or read is recorded.event:
            picture.events[name] = recorded
        else:
            picture.events[name] = replace(recorded, event=read.on(recorded.subject))
        if standing is not None and standing.revised:
            picture.marks[name] = marks_of(standing)
    picture.possible = {str(event_id): why for event_id, why in seen.possible.items() if event_id in ours}
    outside = {event_id for event_id in seen.outside if event_id not in seen.possible}
    picture.beyond = sum(r.event.id in outside and not r.event.data.revises for r in ours.values())
    picture.filed = filed = [r for r in filed if r.event.id not in outside]
    picture.in_effect = counted
    for recorded in mine:
        subject = seen.joined.get(recorded.subject, recorded.subject)
        if not all_states[subject].opened and recorded.event.data.opens:
            picture.withdrawn.setdefault(subject, []).append(recorded.key)
    for openings in picture.withdrawn.values():
        openings.sort()
    picture.newest = [r.key for r in filed[::-1][:newest]]
    claims: dict[tuple[str, tuple[str, ...], str, bool], Claim] = {}
    tallies: dict[tuple[str, str, str, int, int], int] = defaultdict(int)
    for event in counted:
        for series, claimant, assessed, low, high in claims_in(event):
            order = display_order(event)
            key = (event.subject, series, claimant, assessed)
            before = claims.get(key)
            count = before.claims + 1 if before else 1
            newest_order = max(before.order, order) if before else order
            newest_range = (before.low, before.high) if before and before.order == newest_order else (low, high)
            claims[key] = Claim(event.subject, series, claimant, assessed, newest_order, *newest_range, count)
        for tally in tallied(event):
            tallies[event.subject, *tally] += 1
    revisions = (r.event for r in mine if _heard_of(r, seen, states))
    picture.heard = newest_heard((*counted, *revisions))
    picture.claims = sorted(claims.values(), key=lambda c: (c.subject, c.series, c.assessed, c.claimant))
    picture.tallies = [Tally(*key, events=n) for key, n in sorted(tallies.items())]
    spoken = [event for event in counted if type(event.data) is StatementMade]
    picture.statements = [str(e.id) for e in sorted(spoken, key=display_order, reverse=True)[:statements]]
    return picture


def _heard_of(recorded: Recorded, seen: Seen, states: Mapping[Subject, SubjectState]) -> bool:
    """Whether it is a revision inside the horizon, of a subject that is not withdrawn: that was heard, too."""
    if not recorded.event.data.revises or recorded.event.id in seen.outside:
        return False
    return seen.joined.get(recorded.subject, recorded.subject) in states


def _lend_identity(seen: Seen, own: Subject) -> None:
    """Lets the opening of a process, itself beyond the horizon, name it where something else of it is inside."""
    for event in seen.lending.get(own, ()):
        seen.possible[event.id] = "identity"
        seen.events.setdefault(own, []).append(event.as_possible())


def marks_of(standing: ReportStatus) -> Json:
    """What became of a report, as evidence shows it: only what there is."""
    found = {
        "corrected_by": [str(i) for i in standing.corrected_by],
        "retracted_by": str(standing.retracted_by) if standing.retracted_by else None,
        "disputed_by": [str(i) for i in standing.disputed_by],
        "same_as": str(standing.same_as) if standing.same_as else None,
        "repeated_by": [str(i) for i in standing.repeated_by],
    }
    return {name: told for name, told in found.items() if told}
