"""What events would raise of data quality, if they were recorded: what strict handling refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain import families
from domain.effect import in_effect, standing_revisions
from domain.event import Event, Recorded
from domain.finding import Finding
from domain.findings.dates import of_dates
from domain.findings.figures import ClaimMade, of_claims, of_parts
from domain.findings.reports import ForeignKey, Holders, number_keys, of_numbers, of_repeats, of_shared_ids
from domain.findings.rules import RULES
from domain.place_meanings import NO_MEANINGS, KnownPlaces, Meanings, drawn, meant, state_meant
from domain.places import PlaceState
from domain.places_within import places_in
from domain.references import naming
from domain.values import Subject
from projections.read_models import figures
from projections.read_models.foreign_ids import holders_in, holders_of
from projections.read_models.place_meanings import described_in, known_places
from projections.read_models.revisions import as_one, canonical_subjects, ids_of
from projections.read_models.subjects import states_of
from projections.read_models.timeline import all_of
from projections.storage.tables import Transaction


def quality_faults(transaction: Transaction, events: Sequence[Event]) -> list[tuple[int, Finding]]:
    """What events would raise of data quality on their own subjects, if they were recorded, tolerated findings apart:
    the number of each event and the finding. All that a subject has is read and folded again."""
    joined = canonical_subjects(transaction)
    logs: dict[Subject, tuple[list[Recorded], list[Recorded]]] = {}
    moment = datetime.now(UTC)
    for stays in dict.fromkeys(joined.get(event.subject, event.subject) for event in events):
        known = list(all_of(transaction, as_one(stays, joined)))
        last = max((recorded.position for recorded in known), default=0)
        sent = [
            Recorded(event, last + number + 1, 0, moment, "", 1)
            for number, event in enumerate(events)
            if joined.get(event.subject, event.subject) == stays
        ]
        logs[stays] = known, [*known, *sent]
    faults: list[tuple[int, Finding]] = []
    holders = _holders(transaction, {stays: _in_effect(log, stays, joined) for stays, (_, log) in logs.items()})
    for stays, (known, log) in logs.items():
        holders_before = _holders(transaction, {stays: _in_effect(known, stays, joined)})
        before = {finding.key for finding in _quality(transaction, known, stays, joined, holders_before)}
        for finding in _quality(transaction, log, stays, joined, holders):
            if finding.key not in before:
                numbers = [number for number, event in enumerate(events) if event.id in finding.events]
                own = [n for n, event in enumerate(events) if joined.get(event.subject, event.subject) == stays]
                faults.append(((numbers or own)[-1], finding))
    return faults


def _in_effect(log: Sequence[Recorded], subject: Subject, joined: Mapping[Subject, Subject]) -> list[Event]:
    standings = in_effect(log).standings.values()
    return [naming(one.event.on(subject), joined) for one in standings if one.event is not None]


def _holders(transaction: Transaction, by_subject: Mapping[Subject, Sequence[Event]]) -> Mapping[ForeignKey, Holders]:
    """What carries the ids that these subjects carry, given the events of each that are in effect."""
    theirs = holders_in(event for events in by_subject.values() for event in events)
    recorded = holders_of(transaction, theirs) if theirs else {}
    return {
        key: {one: by for one, by in recorded.get(key, {}).items() if one not in by_subject} | dict(carrying)
        for key, carrying in theirs.items()
    }


def _quality(
    transaction: Transaction,
    log: Sequence[Recorded],
    subject: Subject,
    joined: Mapping[Subject, Subject],
    holders: Mapping[ForeignKey, Holders],
) -> list[Finding]:
    """The findings of data quality of one subject."""
    standings = [standing for standing in in_effect(log).standings.values() if standing.event is not None]
    moments = {recorded.event.id: int(recorded.recorded_at.timestamp()) for recorded in log}
    told_at = {
        one.recorded.event.id: max(
            moments[told] for told in (one.recorded.event.id, *one.corrected_by, *one.repeated_by)
        )
        for one in standings
    }
    events = [naming(standing.event.on(subject), joined) for standing in standings if standing.event is not None]
    revisions = standing_revisions(recorded for recorded in log if recorded.event.data.revises)
    every = [
        *(
            finding
            for meanings in _ways(transaction, subject, events, joined)
            for finding in _judged(subject, events, meanings)
        ),
        *of_repeats(subject, events),
        *_of_numbers(subject, events),
        *(finding for event in events for finding in of_parts(subject, event)),
        *of_shared_ids(subject, holders),
        *(finding for event in events for finding in of_dates(subject, event, told_at[event.id])),
        *(f for r in revisions for f in of_dates(subject, r.event, moments[r.event.id])),
    ]
    refused = [finding for finding in every if RULES[finding.rule].refused]
    return list({finding.key: finding for finding in refused}.values())


def _judged(subject: Subject, events: Sequence[Event], meanings: Meanings) -> list[Finding]:
    """What a state and claims tell, the places of which are those that a process makes of their descriptions."""
    state = state_meant(
        families.fold(subject.partition("/")[0], [meant(event, meanings) for event in events]), meanings
    )
    return [*families.findings(subject, state), *of_claims(subject, _newest_claims(events, meanings))]


def _ways(
    transaction: Transaction, subject: Subject, events: Sequence[Event], joined: Mapping[Subject, Subject]
) -> list[Meanings]:
    """What the processes of a subject make of the places that its events describe, with what these describe."""
    own = {place.described: place for event in events for place in places_in(event.data)}
    processes = {process for event in events for process in getattr(event.data, "processes", ()) if event.data.opens}
    paths = {subject} if subject.startswith("processes/") else {Subject(f"processes/{name}") for name in processes}
    ways: list[Meanings] = []
    for path in sorted({joined.get(path, path) for path in paths}) if own else ():
        described = {**described_in(transaction, ids_of(path.partition("/")[2], joined)), **own}
        known = _known(transaction, {place.id for place in described.values() if place.id is not None}, joined)
        drawn_here = drawn(described, known).meanings
        meanings = {key: drawn_here[key] for key in own if key in drawn_here}
        ways += [meanings] if meanings not in ways else []
    return ways or [NO_MEANINGS]


def _known(transaction: Transaction, ids: Iterable[str], joined: Mapping[Subject, Subject]) -> KnownPlaces:
    """What is known of places and of all that contain them."""
    states: dict[Subject, Any] = {}
    wanted = {joined.get(path, path) for path in (Subject(f"places/{place}") for place in ids)}
    while wanted:
        come = states_of(transaction, wanted)
        states |= come
        within = (state.within.value for state in come.values() if isinstance(state, PlaceState))
        around = {Subject(f"places/{place}") for place in within if place is not None}
        wanted = {joined.get(path, path) for path in around} - set(states)
    return known_places(states, joined)


def _of_numbers(subject: Subject, events: Sequence[Event]) -> Iterator[Finding]:
    numbered: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        for key in number_keys(event):
            numbered[key].append(event)
    for key, same in numbered.items():
        yield from of_numbers(subject, key, same)


def _newest_claims(events: Sequence[Event], meanings: Meanings) -> list[ClaimMade]:
    return [claim.made for claim in figures.meant(figures.fold(events), meanings)]
