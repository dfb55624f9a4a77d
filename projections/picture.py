"""A picture of one process: all that its status is drawn from.

There are two ways to one: `picture_of` folds a process's events in memory, for any set of events; the read
models keep the same parts up to date (`projections.views`). A property test holds that they agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain import folds
from domain.agreements import ViolationReported
from domain.enrolments import EnrolmentReported
from domain.event import Event, ProcessOpening, Recorded
from domain.general import Figure, FigureAssessed, IncidentReported, SubjectState
from domain.values import Subject

DAY = 86_400

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


def display_order(event: Event) -> Order:
    span = event.span
    return (span.earliest, span.latest, event.data.step, str(event.id))


def claims_in(event: Event) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """The claims an event makes: series, claimant, and whether it is an assessment."""
    match event.data:
        case FigureAssessed() as data:
            yield data.series, data.assessor, True
        case Figure() | EnrolmentReported() as data:
            for claimant in event.claimants:
                yield data.series, claimant, False
        case _:
            return


def tallied(event: Event) -> Iterator[tuple[str, str, int, int]]:
    """What an event adds to the counts: kind, recorder, first and last day."""
    match event.data:
        case ViolationReported():
            kind = "violation"
        case IncidentReported():
            kind = "incident"
        case _:
            return
    span = event.span
    for recorder in event.claimants:
        yield kind, recorder, span.earliest // DAY, span.latest // DAY


def heard_in(event: Event) -> Heard:
    """From whom an event was heard, and when: the newest of its sources, else the event's own time."""
    dated = [source for source in event.sources if source.published is not None]
    if dated:
        newest = max(dated, key=lambda s: (str(s.published), s.publisher))
        return Heard(str(newest.published), newest.publisher, newest.speaker, str(event.id))
    first, last = event.occurred.days if event.occurred else (None, None)
    source = event.sources[0] if event.sources else None
    publisher = source.publisher if source else ""
    claimant = source.speaker if source else event.basis.value
    return Heard(first or last or "", publisher, claimant, str(event.id))


def newer(a: Heard | None, b: Heard) -> Heard:
    """The newer of two: by day, then by publisher and event, so that the order of arrival does not decide."""
    return b if a is None or (b.on, b.publisher, b.event) > (a.on, a.publisher, a.event) else a


def members(events: Iterable[Recorded], process: str) -> set[str]:
    """The subjects that belong to a process: itself, and those with an opening that names it."""
    found = {f"processes/{process}"}
    for recorded in events:
        data = recorded.event.data
        if isinstance(data, ProcessOpening) and process in data.processes:
            found.add(recorded.subject)
    return found


def picture_of(events: Iterable[Recorded], process: str, newest: int = 10, statements: int = 10) -> Picture:
    """Folds a whole log, or any part of one, into the picture of a process. Pure, and slow on a long log."""
    log = list(events)
    belongs = members(log, process)
    mine = [recorded for recorded in log if recorded.subject in belongs]
    by_subject: dict[Subject, list[Event]] = defaultdict(list)
    for recorded in log:
        if recorded.subject in belongs or recorded.event.family == "actors":
            by_subject[recorded.subject].append(recorded.event)
    states = {subject: folds.fold(subject.partition("/")[0], found) for subject, found in by_subject.items()}
    picture = Picture(
        process,
        version=sum(recorded.subject == f"processes/{process}" for recorded in log),
        states={s: state for s, state in sorted(states.items()) if s in belongs},
        actors={s.partition("/")[2]: state for s, state in states.items() if s.startswith("actors/")},
        events={str(recorded.id): recorded for recorded in log},
        newest=[str(r.id) for r in sorted(mine, key=lambda r: -r.position)[:newest]],
    )
    claims: dict[tuple[str, tuple[str, ...], str, bool], Claim] = {}
    tallies: dict[tuple[str, str, str, int, int], int] = defaultdict(int)
    for recorded in mine:
        event = recorded.event
        order = display_order(event)
        for series, claimant, assessed in claims_in(event):
            key = (recorded.subject, series, claimant, assessed)
            before = claims.get(key)
            count = before.claims + 1 if before else 1
            newest_order = max(before.order, order) if before else order
            claims[key] = Claim(recorded.subject, series, claimant, assessed, newest_order, count)
        for tally in tallied(event):
            tallies[recorded.subject, *tally] += 1
        picture.heard = newer(picture.heard, heard_in(event))
    picture.claims = sorted(claims.values(), key=lambda c: (c.subject, c.series, c.assessed, c.claimant))
    picture.tallies = [Tally(*key, events=n) for key, n in sorted(tallies.items())]
    spoken = [r.event for r in mine if r.type == "StatementMade"]
    picture.statements = [str(e.id) for e in sorted(spoken, key=display_order, reverse=True)[:statements]]
    return picture
