"""Which events are in effect at a horizon: the rules by which a log is read.

State is a pure function of the log and a horizon, in five steps:

1. *Cut by position*: what was recorded later is not known.
2. *Cut by publication*: a report is inside if one of its sources may have been published by then, and keeps those. A
   source without a date was published some day between the time it tells of and the day it was recorded; one that
   tells of a plan, or revises, on any day before. An event without a source is our own and passes; so does a correction
   of our own error. A report is judged by its sources as our own corrections of it read them. A revision that may not
   have been published yet is not applied; it leaves doubt.
3. *Apply revisions*, newest first: the newest one in effect wins. A revision that was itself retracted has no effect.
4. *Cut by occurrence*: an event is inside if it may have occurred by then, and an actual report (`Payload.is_plan`) if
   it may have occurred by the date of publication, whatever its sources. Only here zones of processes count, and only
   where a calendar date meets an instant.
   What is still to come by the clock is *held*: an actual report counts once the first moment that its date allows has
   passed, and is possible while that depends on a zone. A date of occurrence, if one is asked for, is the clock.
5. *Fold* what is inside, in canonical order (`Event.order`).

What is inside only perhaps (a month whose end lies beyond the horizon, a source without a date) is *possible*: it adds
to what may be so and takes the place of nothing. An opening carries identity: it is inside as soon as anything else of
its subject is, and then only possible. A process whose opening is still to come has its name at once: what is held is
listed there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.edtf import Day, When
from domain.effect import Effect, ReportStatus, in_effect
from domain.event import Event, ProcessOpening, Recorded
from domain.following import followed_processes
from domain.process_zones import zones_of
from domain.publication import as_published, doubted_by, published_by
from domain.revisions import EventCorrected
from domain.spans import ANYWHERE, LAST_MIDNIGHT, Moment, Zones, begins, begun_by, come_by
from domain.values import IN_NO_PROCESS, EventId, Subject
from domain.vocabulary import PAYLOADS

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
    now: int | None = None
    """The clock, in seconds since 1970, by which actual reports are still to come; None: none of them is. `as_of` takes
    its place."""

    @property
    def bounded(self) -> bool:
        """Whether it cuts by anything but position."""
        return self.published_by is not None or self.as_of is not None


EVERYTHING = Horizon()


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
    """The zones of subjects, of those that have any; cut by position and by the clock only."""
    upcoming: dict[EventId, Moment]
    """The reports that the clock has not certainly reached, with the first moment that their dates allow."""
    held: frozenset[EventId]
    """Those of them that are still to come everywhere."""
    followed: frozenset[Subject]
    """The processes that are followed, by the ids that stay; cut by position and by the clock only."""


def seen_from(horizon: Horizon, log: Iterable[Recorded], prompted: Iterable[Subject] = ()) -> Seen:
    """Looks at a log from a horizon: steps 1 to 4. `prompted` are processes of which other reports were prompt."""
    position = horizon.position
    known = sorted((r for r in log if position is None or r.position <= position), key=lambda r: r.position)
    published = published_by(known, horizon.published_by.span) if horizon.published_by is not None else {}
    late = [r for r in known if published.get(r.event.id, True) is False]
    doubted = doubted_by(known, published)
    applied = [r for r in known if published.get(r.event.id, True) or _is_possible_report(r, published)]
    effect = in_effect(applied)
    by_position = effect if len(applied) == len(known) else in_effect(known)
    zones = zones_of(by_position.events, by_position.joined)
    outside, possible = {recorded.event.id for recorded in late}, dict[EventId, str]()
    events: dict[Subject, list[Event]] = defaultdict(list)
    lending: dict[Subject, list[Event]] = defaultdict(list)
    withdrawn: set[Subject] = set()
    upcoming = _upcoming(effect.events, horizon, zones)
    held = {event_id for event_id, moment in upcoming.items() if horizon.now is not None and horizon.now < moment.first}
    for event_id, standing in effect.standings.items():
        if standing.event is not None and not horizon.bounded and event_id not in upcoming:
            events[standing.event.subject].append(standing.event)
            continue
        event = standing.event if standing.event is not None else standing.recorded.event
        if horizon.published_by is not None:
            event = as_published(event, standing.recorded, horizon.published_by.span)
        by_then = _occurred_by(event, horizon, zones.get(event.subject, ANYWHERE))
        if by_then is False:
            outside.add(event_id)
        elif event_id in upcoming:
            by_then = False if event_id in held else None
        if standing.event is None:
            if event.data.opens and by_then is not False:
                withdrawn.add(_stays(event.subject, effect.joined))
        elif by_then is False:
            if event.data.opens:
                lending[event.subject].append(event)
        elif why := _why_possible(standing, by_then, published, doubted):
            possible[event_id] = why
            events[event.subject].append(event.as_possible())
        else:
            events[event.subject].append(event)
    held -= outside
    for named in _late_openings(late, applied, horizon):
        lending[named.subject].append(named)
    for event in _lent(events, lending, held):
        possible[event.id] = "identity"
        events[event.subject].append(event.as_possible())
    return Seen(
        dict(events),
        {**effect.standings, **{r.event.id: ReportStatus(r, None) for r in late if not r.event.data.revises}},
        effect.joined,
        known,
        possible,
        frozenset(outside - set(possible)),
        frozenset(s for s in {*withdrawn, *events} if not _opened(events.get(s, ())) and s not in lending),
        dict(lending),
        zones if not upcoming or published else _zones_by_now(effect, upcoming, held - set(possible)),
        {event_id: moment for event_id, moment in upcoming.items() if event_id not in outside},
        frozenset(held),
        followed_processes(by_position.standings, by_position.joined, held - set(possible), prompted),
    )


def _upcoming(events: Iterable[Event], horizon: Horizon, zones: Mapping[Subject, Zones]) -> dict[EventId, Moment]:
    """The actual reports among events in effect that the clock of a horizon has not certainly reached."""
    now = horizon.now
    if now is None or horizon.as_of is not None:
        return {}
    upcoming: dict[EventId, Moment] = {}
    for event in events:
        if may_be_upcoming(event, now) and event.occurred is not None:
            moment = begins(event.occurred, zones.get(event.subject, ANYWHERE))
            if moment is not None and now < moment.last:
                upcoming[event.id] = moment
    return upcoming


def may_be_upcoming(event: Event, now: int) -> bool:
    """Whether an event is an actual report that in some zone is still to come at a time, in seconds since 1970.

    What belongs to no process is not cut by dates: names are not news.
    """
    ahead = event.span.earliest + LAST_MIDNIGHT > now
    return ahead and not event.data.is_plan and event.family not in IN_NO_PROCESS


def _lent(
    events: Mapping[Subject, list[Event]], lending: Mapping[Subject, list[Event]], held: Collection[EventId]
) -> list[Event]:
    """The openings that lend their names: to subjects with reports but no opening, and to processes to come."""
    unnamed = [subject for subject, reports in events.items() if not _opened(reports)]
    if held:
        processes = (s for s in lending if s.startswith("processes/") and s not in events)
        unnamed += [subject for subject in processes if any(event.id in held for event in lending[subject])]
    return [event for subject in unnamed for event in lending.get(subject, ())]


def _zones_by_now(effect: Effect, upcoming: Collection[EventId], unheard: Collection[EventId]) -> dict[Subject, Zones]:
    """The zones that openings tell of that are not held; what is only possible stands beside the others."""
    known = (event for event in effect.events if event.id not in unheard)
    return zones_of((event.as_possible() if event.id in upcoming else event for event in known), effect.joined)


def _late_openings(late: Sequence[Recorded], applied: Sequence[Recorded], horizon: Horizon) -> Iterator[Event]:
    """The openings that were published too late, as they would read: they may lend their name."""
    openings = [recorded for recorded in late if recorded.event.data.opens]
    standings = in_effect([*applied, *openings]).standings if openings else {}
    for recorded in openings:
        event = standings[recorded.event.id].event
        if event is not None and horizon.published_by is not None:
            yield as_published(event, recorded, horizon.published_by.span)


def _occurred_by(event: Event, horizon: Horizon, zones: Zones) -> bool | None:
    """Whether it had occurred by the dates of a horizon; None: possibly.

    What is published does not tell of what has not happened yet, unless it is a plan.
    """
    by_then: bool | None = True
    if horizon.as_of is not None:
        by_then = come_by(event.occurred, horizon.as_of, zones) if event.occurred is not None else None
    if horizon.published_by is None or event.occurred is None or event.data.is_plan or by_then is False:
        return by_then
    by_publication = begun_by(event.occurred, horizon.published_by, zones)
    return by_then if by_publication else by_publication


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


def _stays(subject: Subject, joined: Mapping[Subject, Subject]) -> Subject:
    return joined.get(subject, subject)
