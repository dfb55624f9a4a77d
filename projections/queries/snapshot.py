"""What is known of one process apart from the clock: all that its status is composed from.

There are two ways to a snapshot: `fold_snapshot` folds a process's events in memory, for any set of events; the read
models keep the same parts up to date, and `read_snapshot` reads them. A property test holds that they agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from domain import families
from domain.agreements import AgreementState, is_without_end
from domain.edtf import When
from domain.event import Event, Recorded
from domain.families import OPENINGS
from domain.finding import Finding
from domain.findings.processes import of_process
from domain.findings.reports import ForeignKey, Holders
from domain.findings.rules import holds
from domain.general import SubjectState
from domain.horizon import EVERYTHING, Horizon, Seen, names_processes, seen_from
from domain.place_meanings import NO_MEANINGS, NOTHING_DRAWN, Doubt, Drawn, Meanings, meant, of_events, state_meant
from domain.places_within import places_in
from domain.references import naming
from domain.spans import ANYWHERE, Zones
from domain.values import IN_NO_PROCESS, EventId, Place, Subject
from projections.answers.explanations import Marks
from projections.patience import each
from projections.queries.actors_seen import actor_states, actors_seen, with_actors
from projections.queries.following import others_of, unfollowed_in
from projections.queries.settled import NOTHING_SETTLED, Settled
from projections.read_models import (
    entries,
    figures,
    findings,
    foreign_ids,
    history,
    incident_counts,
    last_heard,
    process_zones,
    upcoming,
)
from projections.read_models.change_set import NOBODY, DoubtfulPlaces, Heard, HeardReport
from projections.read_models.date_findings import of_revisions
from projections.read_models.entries import Acts
from projections.read_models.figures import Claim
from projections.read_models.incident_counts import IncidentCount
from projections.read_models.membership import apart_from, named_by, subjects_of
from projections.read_models.place_meanings import known_places, meanings_of
from projections.read_models.process_list import followed_among, heard_of, line_of
from projections.read_models.revisions import as_one, canonical_subjects, ids_of, marks_of, retelling
from projections.read_models.subjects import states_of
from projections.read_models.timeline import ids_of_type, version_of
from projections.storage.tables import Transaction

NEWEST = 10
"""How many of the events that were recorded last a snapshot names."""


@dataclass
class ProcessSnapshot:
    """What is known of one process, apart from the clock."""

    process: str
    version: int = 0
    """How many events the process itself has, those on its talks and other subjects not counted."""
    states: dict[Subject, SubjectState] = field(default_factory=dict)
    """Of every subject that belongs to the process, the process itself included."""
    claims: list[Claim] = field(default_factory=list)
    incident_counts: list[IncidentCount] = field(default_factory=list)
    heard: Heard | None = None
    heard_of: dict[Subject, When] = field(default_factory=dict)
    """When what was heard last occurred of each agreement that is in force without an end."""
    followed: bool = False
    """Whether it is followed; otherwise it is an archive."""
    unfollowed: frozenset[Subject] = frozenset()
    """The subjects that belong to no process that is followed."""
    by_occurrence: bool = False
    """Whether what was heard last is looked at by when it occurred alone: at a date of occurrence."""
    events: dict[str, Recorded] = field(default_factory=dict)
    """Events by id; empty in a snapshot from the read models."""
    newest: list[str] = field(default_factory=list)
    """Ids of the last events recorded, newest first."""
    statements: list[str] = field(default_factory=list)
    """Ids of the last statements in display order, newest first."""
    acts: Acts = field(default_factory=Acts)
    """The gravest and the newest incidents and violations."""
    actors: dict[str, SubjectState] = field(default_factory=dict)
    """States of the actors that are named, by id."""
    marks: dict[str, Marks] = field(default_factory=dict)
    """What became of events that were revised, by id."""
    joined: dict[Subject, Subject] = field(default_factory=dict)
    """Subjects that gave way, each with the one that stays."""
    possible: dict[str, str] = field(default_factory=dict)
    """Events that are inside the horizon only possibly, and why (`domain.horizon.Seen`)."""
    withdrawn: dict[Subject, list[str]] = field(default_factory=dict)
    """Subjects of which no opening is in effect any more, with the ids of their openings."""
    filed: list[Recorded] = field(default_factory=list)
    """What its history shows, as recorded, in log order; empty in a snapshot from the read models."""
    in_effect: list[Event] = field(default_factory=list)
    """All reports in effect, under the subjects that stay; empty in a snapshot from the read models."""
    revisions: dict[Subject, list[Recorded]] = field(default_factory=dict)
    """The revisions inside the horizon, by the subject that stays; empty in a snapshot from the read models."""
    zones: dict[Subject, Zones] = field(default_factory=dict)
    """The time zones of the processes of each subject, of those that have any."""
    holders: Mapping[ForeignKey, Holders] = field(default_factory=dict)
    """What carries which ids of other registers, here or elsewhere; empty in a snapshot from the read models."""
    drawn: Drawn = NOTHING_DRAWN
    """Which place each description means; empty in a snapshot from the read models."""
    beyond: int = 0
    """How many events in effect the dates of the horizon leave out."""
    held: list[str] = field(default_factory=list)
    """Ids of the reports that are still to come by the clock, the first to come first."""
    held_reports: list[Event] = field(default_factory=list)
    """Those that count for nothing, on its subjects; empty in a snapshot from the read models."""
    due: int | None = None
    """When, in seconds since 1970, the next report comes, of whatever process; None: never, or it is not looked for."""

    @property
    def last_heard(self) -> HeardReport | None:
        """By which report something of the process was heard last."""
        return self.heard.last(by_occurrence=self.by_occurrence) if self.heard else None

    @property
    def own(self) -> Subject:
        """The path of the process itself."""
        return Subject(f"processes/{self.process}")

    def zones_of(self, subject: str) -> Zones:
        """The time zones of the processes of a subject; none: a day has passed there when it has passed everywhere."""
        return self.zones.get(Subject(subject), ANYWHERE)


# --- from the read models


def read_snapshot(
    transaction: Transaction, process: str, counted_from: int, newest: int = NEWEST, statements: int = 10
) -> ProcessSnapshot | None:
    """The snapshot of a process as the read models keep it; None if it was never opened.

    Args:
        transaction: a snapshot of the read models.
        process: its id.
        counted_from: the day (since 1970-01-01) from which violations and incidents are told apart by day; those
            before it come as one count for each recorder.
        newest: how many of the events last recorded to name.
        statements: how many of the last statements to name.
    """
    joined = canonical_subjects(transaction)
    ids = ids_of(process, joined)
    own = Subject(f"processes/{ids[0]}")
    line = line_of(transaction, ids[0])
    if line is None:
        return None
    all_states = states_of(transaction, subjects_of(transaction, ids))
    states = {subject: state for subject, state in all_states.items() if state.opened or subject == own}
    heard = heard_of(line.heard)
    meanings = meanings_of(transaction, ids[:1]).get(ids[0], NO_MEANINGS)
    apart, due = apart_from(transaction, ids), upcoming.next_due(transaction)
    ahead = upcoming.upcoming_in(transaction, ids, apart) if due is not None else []
    unnamed = {report.subject for report in ahead if report.reading is upcoming.Reading.HELD and report.opens}
    counts = incident_counts.counts_of(transaction, list(states), counted_from)
    return ProcessSnapshot(
        process=ids[0],
        version=version_of(transaction, own),
        states={subject: state_meant(state, meanings) for subject, state in states.items()},
        claims=figures.meant(figures.newest_claims(transaction, states), meanings),
        incident_counts=counts,
        heard=heard if heard != NOBODY else None,
        heard_of=last_heard.occurred_last(transaction, without_end) if (without_end := _without_end(states)) else {},
        followed=line.followed,
        unfollowed=frozenset() if line.followed else _unfollowed(transaction, states, own, joined),
        newest=history.newest(transaction, ids, newest, apart),
        statements=entries.last_statements(transaction, ids, statements),
        acts=entries.acts_of(transaction, ids) if counts else Acts(),  # who reports any counts as a recorder
        joined=joined,
        zones=process_zones.of_subjects(transaction, states, ids),
        withdrawn={
            subject: ids_of_type(transaction, as_one(subject, joined), OPENINGS[subject.partition("/")[0]].__name__)
            for subject, state in all_states.items()
            if not state.opened and subject not in unnamed
        },
        possible={r.event: r.reading.value for r in ahead if r.reading is not upcoming.Reading.HELD},
        held=[r.event for r in ahead if r.reading is not upcoming.Reading.POSSIBLE],
        due=due,
    )


def _unfollowed(
    transaction: Transaction,
    states: Mapping[Subject, SubjectState],
    own: Subject,
    joined: Mapping[Subject, Subject],
) -> frozenset[Subject]:
    """The subjects of a process that is not followed which are in none that is."""
    others = {path.partition("/")[2]: path for path in others_of(states, own, joined)}
    followed = followed_among(transaction, others) if others else set()
    return unfollowed_in(states, own, joined, (others[process] for process in followed))


# --- from the log


def fold_snapshot(
    events: Iterable[Recorded],
    process: str,
    newest: int = NEWEST,
    statements: int = 10,
    horizon: Horizon = EVERYTHING,
    settled: Settled = NOTHING_SETTLED,
) -> ProcessSnapshot | None:
    """Folds a whole log, or any part of one, into the snapshot of a process at a horizon. Pure, and slow on a long log.

    Args:
        events: at least all events of the process's subjects, of those they were ever joined with, and of actors that
            were ever joined with others; all of what was ever put under the same id of another register; and what tells
            of the time zones of the other processes of these subjects.
        process: its id, or one that gave way to it.
        newest: how many of the events last recorded to name.
        statements: how many of the last statements to name.
        horizon: from where to look. Names of actors are cut by position only: they are not news.
        settled: the subjects of the process that are not among the events, since they read as they are kept.

    Returns:
        None if nothing of the process is inside. The settled subjects are not in it (`with_settled` puts them in).
    """
    log = list(events)
    actors, seen = _seen(log, process, horizon, settled)
    own, ids = as_one(f"processes/{process}", seen.joined)[0], set(ids_of(process, seen.joined))
    ever = named_by(seen.known)
    inside = _belonging(seen, own, ids, ever) - settled.states.keys()
    if not inside and not settled.states:
        return None
    _lend_identity(seen, own)
    if own not in seen.events and own not in seen.withdrawn and own not in settled.states:
        return None
    places = drawn_for(log, horizon.position, _told_in(seen, inside, own), settled.described)
    all_states = _states(seen, {*inside, own} - settled.states.keys(), places.meanings, own)
    states = {s: state for s, state in all_states.items() if state.opened or s == own}
    mine = [r for r in seen.known if seen.joined.get(r.subject, r.subject) in all_states]
    in_effect = [event for subject, theirs in seen.events.items() if subject in states for event in theirs]
    heard = [r for r in mine if _was_heard(r, seen, states)]
    snapshot = ProcessSnapshot(
        own.partition("/")[2],
        version=sum(recorded.subject == own for recorded in seen.known),
        states=states,
        claims=figures.meant(figures.fold(in_effect), places.meanings),
        incident_counts=incident_counts.fold(in_effect),
        heard=_heard(seen, in_effect, heard, horizon.as_of, actors.joined),
        statements=entries.last_statements_in(in_effect, statements, settled.statements),
        acts=entries.acts_in(in_effect, settled.acts),
        actors=actor_states(actors),
        joined={**seen.joined, **actors.joined},
        withdrawn=_withdrawn(seen, mine, all_states),
        in_effect=[meant(event, places.meanings) for event in in_effect],
        drawn=places,
        zones={subject: zones for subject, zones in seen.zones.items() if subject in states},
        holders=foreign_ids.holders_in(event for theirs in seen.events.values() for event in theirs),
    )
    _add_following(snapshot, seen, horizon)
    _add_events(snapshot, seen, mine, _filed(seen, ids, ever, settled))
    _add_revisions(snapshot, seen, heard)
    return replace(snapshot, newest=[r.key for r in snapshot.filed[::-1][:newest]])


def _seen(log: Sequence[Recorded], process: str, horizon: Horizon, settled: Settled) -> tuple[Seen, Seen]:
    """The actors of a log and all else of it, from a horizon."""
    actors = actors_seen(log, horizon.position)
    prompted = [Subject(f"processes/{process}")] if settled.prompted else []
    of_processes = (recorded for recorded in log if recorded.event.family not in IN_NO_PROCESS)
    return actors, with_actors(seen_from(horizon, of_processes, prompted), actors.joined)


def _heard(
    seen: Seen,
    in_effect: Iterable[Event],
    revisions: Iterable[Recorded],
    as_of: When | None,
    actors: Mapping[Subject, Subject],
) -> Heard | None:
    """What was heard last, of reports in effect and of revisions."""
    recorded_reports = [(event, seen.standings[event.id].recorded) for event in in_effect]
    recorded_reports += [(naming(recorded.event, actors), recorded) for recorded in revisions]
    every = (
        last_heard.heard_in(event, recorded, as_of, seen.zones.get(event.subject, ANYWHERE))
        for event, recorded in recorded_reports
    )
    newest = reduce(last_heard.newer, each(every), NOBODY)
    return newest if newest != NOBODY else None


def _without_end(states: Mapping[Subject, SubjectState]) -> list[Subject]:
    """The agreements that are in force without an end."""
    return [s for s, state in states.items() if isinstance(state, AgreementState) and is_without_end(state)]


def _heard_of(seen: Seen, subjects: Iterable[Subject], as_of: When | None) -> dict[Subject, When]:
    """When what was heard last occurred of each of these subjects."""
    found: dict[Subject, When] = {}
    for subject in subjects:
        told = ((event, seen.standings[event.id].recorded) for event in seen.events[subject])
        heard = last_heard.heard_of(told, as_of, seen.zones.get(subject, ANYWHERE))
        if heard.occurred is not None and heard.occurred.on:
            found[subject] = When(heard.occurred.on)
    return found


def _told_in(seen: Seen, inside: Iterable[Subject], own: Subject) -> Iterator[Event]:
    """What is reported of the subjects of a process that are not withdrawn, and of the process itself."""
    for subject in {*inside, own}:
        reports = seen.events.get(subject, ())
        if subject == own or any(event.data.opens for event in reports):
            yield from each(reports)


def _states(seen: Seen, subjects: Iterable[Subject], meanings: Meanings, own: Subject) -> dict[Subject, SubjectState]:
    """The states of subjects, their places as they are meant: the lines of the process itself are folded by them."""
    states: dict[Subject, SubjectState] = {}
    for subject in sorted(subjects):
        reports = seen.events.get(subject, [])
        reports = [meant(event, meanings) for event in reports] if subject == own else reports
        states[subject] = state_meant(families.fold(subject.partition("/")[0], reports, each), meanings)
    return states


def drawn_for(
    log: Iterable[Recorded], position: int | None, events: Iterable[Event], further: Mapping[str, Place]
) -> Drawn:
    """Which place each description in events of one process, or a further one, means, given what is known of places at
    a position."""
    seen = seen_from(Horizon(position), (r for r in log if r.event.family == "places"))
    states = {path: families.fold("places", seen.events.get(path, ())) for path in {*seen.events, *seen.withdrawn}}
    return of_events(events, known_places(states, seen.joined), further)


def doubtful_in(doubts: Iterable[Doubt], events: Sequence[Event]) -> list[DoubtfulPlaces]:
    """Places of which a description could mean any, with the events that give these descriptions."""
    by_description: defaultdict[str, set[EventId]] = defaultdict(set)
    for event in events if doubts else ():
        for place in places_in(event.data):
            by_description[place.described].add(event.id)
    return [DoubtfulPlaces(doubt, frozenset(e for d in doubt.described for e in by_description[d])) for doubt in doubts]


def _held_reports(seen: Seen, states: Mapping[Subject, SubjectState], joined: Mapping[Subject, Subject]) -> list[Event]:
    """The reports on subjects that are still to come, and that lend no name either."""
    events = (seen.standings[event_id].event for event_id in seen.held if event_id not in seen.possible)
    return [naming(event, joined) for event in events if event is not None and event.subject in states]


def _belonging(seen: Seen, own: Subject, ids: set[str], ever: Mapping[Subject, set[str]]) -> set[Subject]:
    """The subjects that belong to a process and are inside the horizon."""
    belongs = {own}
    for subject in {*seen.events, *seen.withdrawn}:
        if subject in seen.withdrawn:
            joined = (s for s, stays in seen.joined.items() if stays == subject)
            named = set().union(*(ever.get(s, ()) for s in (subject, *joined)))
        else:
            named = {process for event in seen.events[subject] for process in names_processes(event)}
        if named & ids and not subject.startswith("processes/"):
            belongs.add(subject)
    return {subject for subject in belongs if subject in seen.events or subject in seen.withdrawn}


def _lend_identity(seen: Seen, own: Subject) -> None:
    """Lets the opening of a process, itself beyond the horizon, name it where something else of it is inside."""
    if any(event.data.opens for event in seen.events.get(own, ())):
        return
    for event in seen.lending.get(own, ()):
        seen.possible[event.id] = "identity"
        seen.events.setdefault(own, []).append(event.as_possible())


def _was_heard(recorded: Recorded, seen: Seen, states: Mapping[Subject, SubjectState]) -> bool:
    """Whether it is a revision inside the horizon, of a subject that is not withdrawn: that was heard, too."""
    stays = seen.joined.get(recorded.subject, recorded.subject)
    return recorded.event.data.revises and recorded.event.id not in seen.outside and stays in states


def _withdrawn(
    seen: Seen, mine: Iterable[Recorded], all_states: Mapping[Subject, SubjectState]
) -> dict[Subject, list[str]]:
    withdrawn: dict[Subject, list[str]] = {}
    for recorded in mine:
        subject = seen.joined.get(recorded.subject, recorded.subject)
        if not all_states[subject].opened and recorded.event.data.opens:
            withdrawn.setdefault(subject, []).append(recorded.key)
    return {subject: sorted(openings) for subject, openings in withdrawn.items()}


def _add_events(snapshot: ProcessSnapshot, seen: Seen, mine: list[Recorded], filed: list[Recorded]) -> None:
    """The events of the process, as they read at the horizon, and what became of them."""
    ours = {recorded.event.id: recorded for recorded in (*mine, *filed)}
    for event_id, recorded in {**_of_namesakes(snapshot, seen), **ours}.items():
        standing = seen.standings.get(event_id)
        read = standing.event if standing is not None else None  # None: a revision, or not in effect
        if read is None or read is recorded.event:
            snapshot.events[recorded.key] = recorded
        else:
            snapshot.events[recorded.key] = replace(recorded, event=read.on(recorded.subject))
        if standing is not None and standing.revised:
            snapshot.marks[recorded.key] = marks_of(standing)
    outside = {event_id for event_id in seen.outside if event_id not in seen.possible}
    snapshot.possible = {str(event_id): why for event_id, why in seen.possible.items() if event_id in ours}
    snapshot.beyond = sum(r.event.id in outside and not r.event.data.revises for r in ours.values())
    snapshot.filed = [recorded for recorded in filed if recorded.event.id not in outside]
    ahead = {str(event_id): moment.first for event_id, moment in seen.upcoming.items() if event_id in seen.held}
    snapshot.due = min((m.first if i in seen.held else m.last for i, m in seen.upcoming.items()), default=None)
    snapshot.held_reports = _held_reports(seen, snapshot.states, snapshot.joined)
    snapshot.held = sorted((r.key for r in filed if r.key in ahead), key=lambda key: (ahead[key], key))


def _filed(seen: Seen, ids: set[str], ever: Mapping[Subject, set[str]], settled: Settled) -> list[Recorded]:
    """What the history of a process shows: the events of all subjects that were ever put into it."""
    mine_now = {seen.joined.get(subject, subject) for subject, named in ever.items() if named & ids}
    in_history = {s for s in ever if seen.joined.get(s, s) in mine_now} - settled.states.keys()
    return [recorded for recorded in seen.known if recorded.subject in in_history]


def _add_following(snapshot: ProcessSnapshot, seen: Seen, horizon: Horizon) -> None:
    """Whether the process is followed, and how it is told what was heard last."""
    snapshot.heard_of = _heard_of(seen, _without_end(snapshot.states), horizon.as_of)
    snapshot.by_occurrence = horizon.as_of is not None
    snapshot.followed = snapshot.own in seen.followed
    if not snapshot.followed:
        snapshot.unfollowed = unfollowed_in(snapshot.states, snapshot.own, seen.joined, seen.followed)


def _add_revisions(snapshot: ProcessSnapshot, seen: Seen, revisions: Iterable[Recorded]) -> None:
    for recorded in revisions:
        snapshot.revisions.setdefault(seen.joined.get(recorded.subject, recorded.subject), []).append(recorded)


def _of_namesakes(snapshot: ProcessSnapshot, seen: Seen) -> dict[EventId, Recorded]:
    """The openings of what carries an id of another register that a subject of this process carries, too."""
    named = {
        event
        for subjects in snapshot.holders.values()
        if len(subjects) > 1 and not snapshot.states.keys().isdisjoint(subjects)
        for events in subjects.values()
        for event in events
    }
    return {recorded.event.id: recorded for recorded in seen.known if recorded.event.id in named} if named else {}


# --- what does not fit


def findings_in(snapshot: ProcessSnapshot) -> list[Finding]:
    """All findings of a snapshot that was folded in memory, whenever they stand."""
    return [*findings_of_subjects(snapshot), *findings_of_whole(snapshot)]


def findings_of_subjects(snapshot: ProcessSnapshot) -> list[Finding]:
    """The same without those of the process as a whole."""
    disputes, told_at = _disputes(snapshot), _told_at(snapshot)
    of_subjects = findings.fold(
        snapshot.states,
        snapshot.claims,
        snapshot.in_effect,
        disputes,
        snapshot.zones,
        snapshot.holders,
        told_at,
        (snapshot.process, doubtful_in(snapshot.drawn.doubts, snapshot.in_effect)),
        snapshot.held_reports,
    )
    of_subjects = [f for f in of_subjects if holds(f.rule, followed=f.subject not in snapshot.unfollowed)]
    return [*of_subjects, *(f for path, revised in snapshot.revisions.items() for f in of_revisions(path, revised))]


def _told_at(snapshot: ProcessSnapshot) -> dict[str, int]:
    """When what each report in effect says was recorded last."""
    told_at: dict[str, int] = {}
    for event in (*snapshot.in_effect, *snapshot.held_reports):
        again = retelling(snapshot.marks.get(event.key, Marks()))
        recorded = (snapshot.events[one].recorded_at for one in (event.key, *again) if one in snapshot.events)
        told_at[event.key] = int(max(recorded).timestamp())
    return told_at


def _disputes(snapshot: ProcessSnapshot) -> Iterator[tuple[Subject, EventId, Event]]:
    for event in snapshot.in_effect:
        for dispute in snapshot.marks.get(event.key, {}).get("disputed_by", ()):
            yield event.subject, event.id, naming(snapshot.events[dispute].event, snapshot.joined)


def findings_of_whole(snapshot: ProcessSnapshot) -> list[Finding]:
    """The findings of the process as a whole: they are not kept, but put together; of an archive there are none."""
    if not snapshot.followed:
        return []
    heard = snapshot.last_heard.on if snapshot.last_heard else None
    return of_process(snapshot.process, snapshot.states, heard, snapshot.zones_of(snapshot.own))
