"""Revisions applied: what has become of each report of a set, and which subjects are one.

Revisions are weighed newest first. The newest one in effect wins; one that was itself retracted has no effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.event import Event, Recorded
from domain.groups import Groups
from domain.revisions import DuplicateMarked, EventCorrected, EventDisputed, EventRetracted, SubjectUnified
from domain.values import EventId, Subject
from domain.vocabulary import replaced


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

    reads: dict[EventId, tuple[EventCorrected, EventId]] = field(default_factory=dict)
    """What a corrected event reads as, and the correction that says so: it may be corrected in its turn."""
    retracted: dict[EventId, EventId] = field(default_factory=dict)
    disputed: dict[EventId, list[EventId]] = field(default_factory=lambda: defaultdict(list))
    pairs: list[tuple[EventId, EventId]] = field(default_factory=list)
    unified: list[tuple[Subject, Subject]] = field(default_factory=list)
    """Newest first."""
    void: set[EventId] = field(default_factory=set)

    def corrections_of(self, event_id: EventId) -> tuple[EventId, ...]:
        """The correction of an event that is in effect, and the corrections of that one."""
        chain: list[EventId] = []
        while (read := self.reads.get(event_id)) is not None:
            event_id = read[1]
            chain.append(event_id)
        return tuple(chain)


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
                    newer, _ = decisions.reads.get(event.id, (data, None))
                    whole = data if newer is data else data.model_copy(update={"replacement": newer.replacement})
                    decisions.reads[target] = (whole, event.id)
            case EventDisputed(event=target):
                decisions.disputed[target].append(event.id)
            case DuplicateMarked() as data:
                decisions.pairs.append((data.event, data.of))
            case SubjectUnified(into=into):
                decisions.unified.append((event.subject, into))
            case _:
                pass
    return decisions


def corrections_among(revisions: Iterable[Recorded]) -> dict[EventId, EventCorrected]:
    """The events that revisions correct, each with the whole correction in effect; those retracted are left out."""
    return {event_id: correction for event_id, (correction, _) in _decide(revisions).reads.items()}


def standing_revisions(revisions: Iterable[Recorded]) -> list[Recorded]:
    """The revisions among these, in log order, that are neither retracted nor corrected by another one."""
    known = sorted(revisions, key=lambda r: r.position)
    decisions = _decide(known)
    return [r for r in known if r.event.id not in decisions.void and r.event.id not in decisions.reads]


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
        reads, _ = decisions.reads.get(event_id, (None, None))
        retracted = decisions.retracted.get(event_id)
        event = recorded.event if reads is None else replaced(recorded.event, reads)
        standings[event_id] = ReportStatus(
            recorded,
            None if retracted is not None else _under(event, joined),
            corrected_by=decisions.corrections_of(event_id) if reads is not None else (),
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
    groups: Groups[Subject] = Groups()
    named: dict[Subject, Subject] = {}
    for gives_way, into in unified:
        one, other = groups.of(gives_way), groups.of(into)
        final = named.get(other, other) if one != other else into
        named[groups.join(one, other)] = final
    stays = {subject: named[groups.of(subject)] for subject in list(groups.members)}
    return {subject: final for subject, final in stays.items() if subject != final}


def _merge_duplicates(
    standings: dict[EventId, ReportStatus], pairs: Sequence[tuple[EventId, EventId]], joined: Mapping[Subject, Subject]
) -> None:
    """Of each class of duplicates the earliest in effect stays and gains the sources of the others.

    Events of two subjects count as duplicates only once the subjects are one.
    """
    classes: Groups[EventId] = Groups()
    for repeating, of in pairs:
        a, b = standings.get(repeating), standings.get(of)
        if a is None or b is None or repeating == of:
            continue
        if joined.get(a.recorded.subject, a.recorded.subject) != joined.get(b.recorded.subject, b.recorded.subject):
            continue
        classes.join(repeating, of)
    for same in classes.all():
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
