"""Which events are in effect at a horizon: the rules by which a log is read.

State is a pure function of the log and a horizon, in five steps:

1. *Cut by position*: what was recorded later is not known.
2. *Cut by publication*: a report is inside if one of its sources may have been published by then, and keeps those. A
   source without a date was published some day between the time it tells of and the day it was recorded. An event
   without a source is our own and always inside; so is a correction of our own error. A report is judged by its
   sources as our own corrections of it read them. A revision that may not have been published yet is not applied; it
   leaves doubt.
3. *Apply revisions*, newest first: the newest one in effect wins. A revision that was itself retracted has no effect.
4. *Cut by occurrence*: an event is inside if it may have occurred by then. Only here zones of processes count, and only
   where a calendar date meets an instant.
5. *Fold* what is inside, in canonical order (`Event.order`).

What is inside only perhaps (a month whose end lies beyond the horizon, a source without a date) is *possible*: it adds
to what may be so and takes the place of nothing. An opening carries identity: it is inside as soon as anything else of
its subject is, and then only possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from domain.edtf import BEGINNING, END, Day, Span, When
from domain.event import Event, ProcessOpening, Recorded
from domain.process_zones import zones_of
from domain.revisions import (
    CorrectedBy,
    DuplicateMarked,
    EventCorrected,
    EventDisputed,
    EventRetracted,
    SubjectUnified,
)
from domain.spans import ANYWHERE, Zones, come_by
from domain.values import EventId, Source, Subject
from domain.vocabulary import PAYLOADS, replaced

# --- the horizon ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Horizon:
    """From where the log is looked at. What is None bounds nothing."""

    position: int | None = None
    """The last position that is known."""
    published_by: Day | When | None = None
    """Only what may have been published by the end of this date."""
    as_of: When | None = None
    """Only what may have occurred by the end of this date."""

    @property
    def bounded(self) -> bool:
        """Whether it cuts by anything but position."""
        return self.published_by is not None or self.as_of is not None


EVERYTHING = Horizon()


@lru_cache(maxsize=1 << 14)
def inside(span: Span, cut: Span) -> bool | None:
    """Whether what has these bounds had come by the end of `cut`: True, False, or None, which means possibly."""
    if cut.precedes(span):
        return False
    return True if span.precedes(Span(cut.latest + 1, END, cut.timed)) else None


# --- step 3: revisions ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """What has become of one report."""

    recorded: Recorded
    """As it was recorded."""
    event: Event | None
    """As it reads now, under the subject that stays; None if it is not in effect."""
    corrected_by: tuple[EventId, ...] = ()
    """The correction that is in effect, and the corrections of that one."""
    retracted_by: EventId | None = None
    disputed_by: tuple[EventId, ...] = ()
    same_as: EventId | None = None
    """The report that stays in its place, if it is a duplicate."""
    repeated_by: tuple[EventId, ...] = ()
    """The duplicates whose sources it took over."""

    @property
    def revised(self) -> bool:
        return bool(self.corrected_by or self.retracted_by or self.disputed_by or self.same_as or self.repeated_by)


@dataclass(frozen=True, slots=True)
class Effect:
    """A set of events with the revisions among them applied."""

    standings: dict[EventId, ReportStatus]
    """Of every event that is no revision, in log order."""
    joined: dict[Subject, Subject]
    """The subjects that gave way, each with the one that stays."""
    void: frozenset[EventId]
    """The revisions that are not in effect, because they were retracted."""

    @property
    def events(self) -> list[Event]:
        """The events in effect, in log order."""
        return [standing.event for standing in self.standings.values() if standing.event is not None]


@dataclass
class _Decisions:
    """What the revisions of a set of events amount to."""

    reads: dict[EventId, tuple[EventCorrected, tuple[EventId, ...]]] = field(default_factory=dict)
    retracted: dict[EventId, EventId] = field(default_factory=dict)
    disputed: dict[EventId, list[EventId]] = field(default_factory=lambda: defaultdict(list))
    pairs: list[tuple[EventId, EventId]] = field(default_factory=list)
    unified: list[tuple[Subject, Subject]] = field(default_factory=list)
    """Newest first."""
    void: set[EventId] = field(default_factory=set)


def _decide(revisions: Iterable[Recorded]) -> _Decisions:
    """Weighs revisions, newest first. A target stands earlier in the log, so one pass settles them all."""
    decisions = _Decisions()
    for recorded in sorted(revisions, key=lambda r: -r.position):
        event = recorded.event
        if event.id in decisions.retracted:
            decisions.void.add(event.id)
            continue
        match event.data:
            case EventRetracted(event=target):
                if target not in decisions.reads:
                    decisions.retracted.setdefault(target, event.id)
            case EventCorrected(event=target) as data:
                if target not in decisions.retracted and target not in decisions.reads:
                    newer, chain = decisions.reads.get(event.id, (data, ()))
                    whole = data if newer is data else data.model_copy(update={"replacement": newer.replacement})
                    decisions.reads[target] = (whole, (event.id, *chain))
            case EventDisputed(event=target):
                decisions.disputed[target].append(event.id)
            case DuplicateMarked() as data:
                decisions.pairs.append((data.event, data.of))
            case SubjectUnified(into=into):
                decisions.unified.append((event.subject, into))
            case _:
                pass
    return decisions


def in_effect(log: Iterable[Recorded]) -> Effect:
    """Applies the revisions among events to the others. Pure and total; the order given does not matter.

    Revisions whose target is not among the events have no effect.
    """
    known = sorted(log, key=lambda r: r.position)
    decisions = _decide(r for r in known if r.event.data.revises)
    joined = _joined(reversed(decisions.unified))
    standings: dict[EventId, ReportStatus] = {}
    for recorded in known:
        if recorded.event.data.revises:
            continue
        event_id = recorded.event.id
        reads, chain = decisions.reads.get(event_id, (None, ()))
        retracted = decisions.retracted.get(event_id)
        event = recorded.event if reads is None else replaced(recorded.event, reads)
        standings[event_id] = ReportStatus(
            recorded,
            None if retracted is not None else _under(event, joined),
            corrected_by=chain,
            retracted_by=retracted,
            disputed_by=tuple(reversed(decisions.disputed.get(event_id, ()))),
        )
    _merge_duplicates(standings, decisions.pairs, joined)
    return Effect(standings, joined, frozenset(decisions.void))


def _under(event: Event, joined: Mapping[Subject, Subject]) -> Event:
    return event.on(joined.get(event.subject, event.subject))


def _joined(unified: Iterable[tuple[Subject, Subject]]) -> dict[Subject, Subject]:
    """The subject that stays for each that gave way, given the unifications oldest first.

    Whatever is linked by unifications is one thing. The newest unification names the id that stays.
    """
    stays: dict[Subject, Subject] = {}
    members: dict[Subject, list[Subject]] = {}
    for gives_way, into in unified:
        one, other = stays.get(gives_way, gives_way), stays.get(into, into)
        together = members.pop(one, [one]) + (members.pop(other, [other]) if other != one else [])
        final = other if one != other else into
        members[final] = together
        stays |= dict.fromkeys(together, final)
    return {subject: final for subject, final in stays.items() if subject != final}


def _merge_duplicates(
    standings: dict[EventId, ReportStatus], pairs: Sequence[tuple[EventId, EventId]], joined: Mapping[Subject, Subject]
) -> None:
    """Of each class of duplicates the earliest in effect stays and gains the sources of the others.

    Events of two subjects count as duplicates only once the subjects are one.
    """
    classes: dict[EventId, set[EventId]] = {}
    for repeating, of in pairs:
        a, b = standings.get(repeating), standings.get(of)
        if a is None or b is None or repeating == of:
            continue
        if _stays(a.recorded.subject, joined) != _stays(b.recorded.subject, joined):
            continue
        both = classes.get(repeating, {repeating}) | classes.get(of, {of})
        classes |= dict.fromkeys(both, both)
    for same in {id(c): c for c in classes.values()}.values():
        alive = [standings[event_id] for event_id in same if standings[event_id].event is not None]
        alive.sort(key=lambda standing: standing.recorded.position)
        if len(alive) < 2:
            continue
        first, *others = alive
        assert first.event is not None  # noqa: S101  all of them are in effect
        stays = first.event.id
        sources = tuple(dict.fromkeys(s for one in alive if one.event for s in one.event.sources))
        repeats = tuple(one.recorded.event.id for one in others)
        standings[stays] = replace(first, event=first.event.repeated(repeats, sources), repeated_by=repeats)
        for one in others:
            standings[one.recorded.event.id] = replace(one, event=None, same_as=stays)


# --- membership -------------------------------------------------------------------------------------------


def names_processes(event: Event) -> tuple[str, ...]:
    """The processes that an event, or the replacement that a correction holds, puts its subject into."""
    if event.data.opens:
        return event.data.processes if isinstance(event.data, ProcessOpening) else ()
    if event.data.revises and isinstance(event.data, EventCorrected):
        payload = PAYLOADS.get(str(event.data.replacement.get("type")))
        if payload is not None and issubclass(payload, ProcessOpening):
            return tuple(event.data.replacement["data"]["processes"])
    return ()


# --- the horizon applied ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A log as it is seen from a horizon."""

    events: dict[Subject, list[Event]]
    """The events inside, by the subject that stays; those only possibly inside are marked (`Event.possible`)."""
    standings: dict[EventId, ReportStatus]
    """Of every event that was recorded by then and is no revision."""
    joined: dict[Subject, Subject]
    known: list[Recorded]
    """All events recorded by then, revisions too, in log order."""
    possible: dict[EventId, str]
    """What is inside only possibly, and why: `occurrence`, `publication`, `revision` (it may have been corrected or
    retracted by then), or `identity`: an opening that is itself beyond the horizon and lends its name only."""
    outside: frozenset[EventId]
    """What was recorded by then and is beyond the dates of the horizon, revisions too."""
    withdrawn: frozenset[Subject]
    """Subjects of which no opening is in effect any more: a subject is withdrawn, never gone."""
    lending: dict[Subject, list[Event]]
    """Openings in effect that are beyond the dates of the horizon: they may lend their name."""
    zones: dict[Subject, Zones]
    """The zones of subjects, of those that have any; cut by position only."""


def seen_from(horizon: Horizon, log: Iterable[Recorded]) -> Seen:
    """Looks at a log from a horizon: steps 1 to 4."""
    position = horizon.position
    known = sorted((r for r in log if position is None or r.position <= position), key=lambda r: r.position)
    published: dict[EventId, bool | None] = {}
    if horizon.published_by is not None:
        published = _published(known, horizon.published_by.span)
    late = [r for r in known if published.get(r.event.id, True) is False]
    doubted = _doubted(known, published)
    applied = [r for r in known if published.get(r.event.id, True) or _is_possible_report(r, published)]
    effect = in_effect(applied)
    by_position = effect if len(applied) == len(known) else in_effect(known)
    zones = zones_of(by_position.events, by_position.joined)
    outside = {recorded.event.id for recorded in late}
    possible: dict[EventId, str] = {}
    events: dict[Subject, list[Event]] = defaultdict(list)
    lending: dict[Subject, list[Event]] = defaultdict(list)
    withdrawn: set[Subject] = set()
    for event_id, standing in effect.standings.items():
        if standing.event is not None and not horizon.bounded:
            events[standing.event.subject].append(standing.event)
            continue
        event = standing.event if standing.event is not None else standing.recorded.event
        if horizon.published_by is not None:
            event = _as_published(event, standing.recorded, horizon.published_by.span)
        by_then = _occurred_by(event, horizon.as_of, zones.get(event.subject, ANYWHERE))
        if by_then is False:
            outside.add(event_id)
        if standing.event is None:
            if event.data.opens and by_then is not False:
                withdrawn.add(_stays(event.subject, effect.joined))
        elif by_then is False:
            if event.data.opens:
                lending[event.subject].append(event)
        elif by_then and published.get(event_id, True) and event_id not in doubted:
            events[event.subject].append(event)
        elif why := _why_possible(standing, by_then, published, doubted):
            possible[event_id] = why
            events[event.subject].append(event.as_possible())
        else:
            events[event.subject].append(event)
    for named in _late_openings(late, applied, horizon):
        lending[named.subject].append(named)
    for subject in [subject for subject, reports in events.items() if not _opened(reports)]:
        for event in lending.get(subject, ()):
            possible[event.id] = "identity"
            events[subject].append(event.as_possible())
        if subject not in lending:
            withdrawn.add(subject)
    return Seen(
        dict(events),
        {**effect.standings, **{r.event.id: ReportStatus(r, None) for r in late if not r.event.data.revises}},
        effect.joined,
        known,
        possible,
        frozenset(outside - set(possible)),
        frozenset(s for s in withdrawn if not _opened(events.get(s, ())) and s not in lending),
        dict(lending),
        zones,
    )


def _late_openings(late: Sequence[Recorded], applied: Sequence[Recorded], horizon: Horizon) -> Iterator[Event]:
    """The openings that were published too late, as they would read: they may lend their name."""
    openings = [recorded for recorded in late if recorded.event.data.opens]
    standings = in_effect([*applied, *openings]).standings if openings else {}
    for recorded in openings:
        event = standings[recorded.event.id].event
        if event is not None and horizon.published_by is not None:
            yield _as_published(event, recorded, horizon.published_by.span)


def _occurred_by(event: Event, as_of: When | None, zones: Zones) -> bool | None:
    """Whether it had occurred by the end of a date; None: possibly."""
    if as_of is None:
        return True
    return come_by(event.occurred, as_of, zones) if event.occurred is not None else None


def _opened(events: Iterable[Event]) -> bool:
    return any(event.data.opens for event in events)


def _is_possible_report(recorded: Recorded, published: Mapping[EventId, bool | None]) -> bool:
    return published[recorded.event.id] is None and not recorded.event.data.revises


def _why_possible(
    standing: ReportStatus, by_then: bool | None, published: Mapping[EventId, bool | None], doubted: Collection[EventId]
) -> str | None:
    """Why a report is inside only possibly; None if it surely is. A duplicate that surely is inside makes it so."""
    if by_then is None:
        return "occurrence"
    ids = (standing.recorded.event.id, *standing.repeated_by)
    if all(published.get(one, True) is None for one in ids):
        return "publication"
    return "revision" if standing.recorded.event.id in doubted else None


def _doubted(known: Sequence[Recorded], published: Mapping[EventId, bool | None]) -> set[EventId]:
    """The reports of which a correction or retraction may have been published: it takes no effect, and leaves doubt."""
    about: dict[EventId, EventId] = {}
    for recorded in known if published else ():
        if recorded.event.data.revises and isinstance(recorded.event.data, EventCorrected | EventRetracted):
            about[recorded.event.id] = recorded.event.data.event
    doubted: set[EventId] = set()
    for revision, target in about.items():
        if published.get(revision, True) is None:
            while target in about:
                target = about[target]
            doubted.add(target)
    return doubted


def _stays(subject: Subject, joined: Mapping[Subject, Subject]) -> Subject:
    return joined.get(subject, subject)


def _published(known: Sequence[Recorded], cut: Span) -> dict[EventId, bool | None]:
    """Whether each event had been published by the end of `cut`; those always inside are left out."""
    published: dict[EventId, bool | None] = {}
    for recorded in known:
        if recorded.event.data.revises:
            _judge(published, recorded, recorded.event, cut)
    inside_by_then = [r for r in known if r.event.data.revises and published.get(r.event.id, True) is True]
    read = _own_reading(known, [r for r in inside_by_then if not _corrects_for_the_source(r.event)])
    for recorded in known:
        if not recorded.event.data.revises:
            _judge(published, recorded, read.get(recorded.event.id) or recorded.event, cut)
    return published


def _judge(published: dict[EventId, bool | None], recorded: Recorded, event: Event, cut: Span) -> None:
    """Notes whether an event, as it reads, had been published by the end of `cut`, unless it is always inside."""
    sources = event.sources
    if event.data.revises and isinstance(event.data, EventCorrected):
        if event.data.by is CorrectedBy.OURS:
            return
        sources = sources or replaced(event, event.data).sources
        if not sources:  # the source corrected itself, some day before we recorded it
            published[recorded.event.id] = True if _recorded_by(recorded, cut) else None
            return
    if sources:
        by_source = [_was_published(source, event, recorded, cut) for source in sources]
        published[recorded.event.id] = True if True in by_source else None if None in by_source else False


def _own_reading(known: Sequence[Recorded], ours: Sequence[Recorded]) -> dict[EventId, Event]:
    """How reports read with revisions of our own alone, where these correct them."""
    reads = _decide(ours).reads
    if not reads:
        return {}
    wanted = (r for r in known if r.event.id in reads and not r.event.data.revises)
    return {r.event.id: replaced(r.event, reads[r.event.id][0]) for r in wanted}


def _corrects_for_the_source(event: Event) -> bool:
    return event.data.revises and isinstance(event.data, EventCorrected) and event.data.by is CorrectedBy.SOURCE


def _as_published(event: Event, recorded: Recorded, cut: Span) -> Event:
    """A report with those of its sources that may have come out by then; with all, if it is always inside."""
    if len(event.sources) < 2:
        return event
    out = tuple(source for source in event.sources if _was_published(source, event, recorded, cut) is not False)
    return event if len(out) in (0, len(event.sources)) else event.repeated(event.repeats, out)


def _was_published(source: Source, event: Event, recorded: Recorded, cut: Span) -> bool | None:
    """Whether a source had come out: by its date; else some day from what it tells of to when it was recorded."""
    if source.published is not None:
        return inside(source.published.span, cut)
    if _recorded_by(recorded, cut):
        return True
    told_of = event.span if event.occurred is not None else Span(BEGINNING, BEGINNING, timed=False)
    return False if cut.precedes(told_of) and cut.precedes(_moment(recorded)) else None


def _recorded_by(recorded: Recorded, cut: Span) -> bool:
    return inside(_moment(recorded), cut) is True


def _moment(recorded: Recorded) -> Span:
    second = int(recorded.recorded_at.timestamp())
    return Span(second, second, timed=True)
