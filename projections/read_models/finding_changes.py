"""What single events did to the findings of their own subjects: what an append answers, and answers again.

It is kept where somebody asks. Such an event is a batch of its own, or with others that are plain (`taken_together`).
What the batch takes from the findings and puts there is the difference, and of several events on one subject what
`finding_steps` found between them; only where more than that changes (the subject is withdrawn, is another one, or
belongs to a process that is followed now) all of them are looked at.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, select

from domain import families
from domain.event import Event, Recorded
from domain.finding import Finding, Turn, turned
from domain.findings.dates import is_far
from domain.findings.rules import holds
from domain.following import recorded_promptly
from domain.horizon import may_be_upcoming, names_processes
from domain.places_within import places_in
from domain.values import IN_NO_PROCESS, EventId, Subject
from projections.read_models.change_set import (
    AskedEvents,
    ChangeSet,
    FindingChanges,
    FindingEdits,
    FindingKey,
    ReadModel,
    Standing,
)
from projections.read_models.finding_rows import FINDINGS, finding_in, key_of
from projections.read_models.findings import gravity
from projections.read_models.foreign_ids import ids_in
from projections.read_models.membership import processes_of
from projections.read_models.place_meanings import said_of, standing_alone
from projections.read_models.process_list import followed_among
from projections.read_models.repeated_reports import subjects_far_away
from projections.read_models.revisions import canonical_subjects
from projections.read_models.subjects import filed
from projections.read_models.upcoming import next_due
from projections.storage.sql import chunks, put, rows_where
from projections.storage.tables import TableDefinition, Text, Transaction

FINDING_CHANGES = TableDefinition(
    "finding_changes",
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("turns", Text, nullable=False),
)
"""What events did to the findings of their subjects, of those that were asked about: how many, and the first ones."""

Findings = dict[FindingKey, Finding | None]
"""Findings by their keys; None: there is none."""
MOST = 20
"""Changes that are told of one event."""
_TURNS = {turn: place for place, turn in enumerate(Turn)}


def changes_between(before: Iterable[Finding], after: Iterable[Finding], now: int) -> FindingChanges:
    """The difference of two sets of findings, both looked at at a time in seconds since 1970."""
    turns = sorted(turned(before, after, now), key=lambda turn: (_TURNS[turn[0]], gravity(turn[1]), turn[1].text))
    return FindingChanges(len(turns), tuple(turns[:MOST]))


def shown(standing: Standing, findings: Iterable[Finding]) -> list[Finding]:
    """Those findings that are shown of a subject."""
    if not standing.opened:
        return []
    mine = (finding for finding in findings if finding.subject == standing.subject)
    return [finding for finding in mine if holds(finding.rule, followed=standing.followed)]


def standings_of(transaction: Transaction, subjects: Iterable[Subject]) -> dict[Subject, Standing]:
    """What decides which findings of subjects are shown, as the read models are now."""
    return _Surroundings(transaction, subjects).standings


class _Surroundings:
    """What is kept of subjects, as they were recorded, that says how the events on them are to be taken."""

    def __init__(self, transaction: Transaction, subjects: Iterable[Subject], also: Iterable[str] = ()) -> None:
        self._joined = canonical_subjects(transaction)
        stays = {subject: self.canonical(subject) for subject in subjects}
        self.filed = filed(transaction, stays.values())
        self.processes: defaultdict[Subject, set[str]] = defaultdict(set)
        """Those that subjects that stay belong to, by the ids that stay."""
        for path, process in processes_of(transaction, stays.values()):
            self.processes[Subject(path)].add(self.canonical_process(process))
        named = {self.canonical_process(process) for process in also}
        self.followed = followed_among(transaction, named.union(*self.processes.values()))
        """Those processes of these subjects, and of the further ones, that are followed."""
        self.standings = {
            subject: Standing(
                own, own in self.filed and self.filed[own].opened, not self.followed.isdisjoint(self.processes[own])
            )
            for subject, own in stays.items()
        }

    def canonical(self, subject: Subject) -> Subject:
        return self._joined.get(subject, subject)

    def canonical_process(self, process: str) -> str:
        return self.canonical(Subject(f"processes/{process}")).partition("/")[2] if self._joined else process


# --- which events are one batch


def taken_together(transaction: Transaction, events: Sequence[Recorded], now: int) -> AskedEvents:
    """The first of some events that are asked about, with those after it that can be taken in one batch with it.

    What each does to the findings of its subject is then found all the same. All are plain reports: they touch no
    findings of other subjects, and describe only places that stand for themselves in their processes already. Of
    several on one subject each one tells of what comes after those before it, so that its state is stepped; of a
    subject whose opening is told again, which has reports that are still to come, or whose sources lie decades away,
    there is one.

    Args:
        transaction: in which they will be applied.
        events: in log order; one at least.
        now: the clock, in seconds since 1970.
    """
    plain = list(takewhile(lambda recorded: not _touches_others(recorded.event, now), events))
    chosen = _Chosen(transaction, plain) if plain else None
    together = list(takewhile(chosen.admits, plain)) if chosen is not None else []
    if chosen is None or not together:
        return AskedEvents(events[:1], standings_of(transaction, [events[0].subject]), plain=False)
    around = chosen.surroundings
    return AskedEvents(
        together, around.standings, plain=True, followed=around.followed, earlier=frozenset(chosen.earlier)
    )


def _touches_others(event: Event, now: int) -> bool:
    """Whether an event touches findings of other subjects, or changes which are shown: a revision, what tells of
    identity, ids, zones or what is known of places, and what is still to come."""
    data = event.data
    if (
        data.revises
        or event.family == "places"
        or (data.opens and (event.family in (*IN_NO_PROCESS, "processes") or ids_in(event)))
    ):
        return True
    return may_be_upcoming(event, now)


class _Chosen:
    """Plain reports that are taken in one batch, one after another, while the next one may be among them."""

    def __init__(self, transaction: Transaction, events: Sequence[Recorded]) -> None:
        named = {process for recorded in events for process in names_processes(recorded.event)}
        self.surroundings = _Surroundings(transaction, {recorded.subject for recorded in events}, named)
        self.earlier: set[str] = set()
        self._known_places = self._places_known(transaction, events)
        self._last_order = {subject: kept.last for subject, kept in self.surroundings.filed.items()}
        self._last_on: dict[Subject, Recorded] = {}
        self._single: set[Subject] = set()
        """Subjects on which there may be one report only."""
        if len({recorded.subject for recorded in events}) < len(events):
            stay = {self.surroundings.canonical(recorded.subject) for recorded in events}
            self._single = stay if next_due(transaction) is not None else subjects_far_away(transaction, stay)

    def _places_known(self, transaction: Transaction, events: Sequence[Recorded]) -> dict[tuple[str, str], str]:
        """The descriptions that stand for themselves in processes of these reports, with the process: as each is
        kept."""
        around = self.surroundings
        processes, described = defaultdict[Subject, set[str]](set), defaultdict[Subject, set[str]](set)
        for recorded in events:
            subject = around.canonical(recorded.subject)
            processes[subject] |= around.processes[subject]
            processes[subject].update(map(around.canonical_process, names_processes(recorded.event)))
            described[subject].update(place.described for place in places_in(recorded.event.data))
        pairs = {(one, text) for subject, texts in described.items() for text in texts for one in processes[subject]}
        return standing_alone(transaction, pairs)

    def _is_placed(self, event: Event, processes: Iterable[str]) -> bool:
        """Whether the places that a report describes change nothing of what is meant by any description."""
        kept = self._known_places
        pairs = (((process, place.described), place) for place in places_in(event.data) for process in processes)
        return all(pair in kept and kept[pair] <= said_of(place) for pair, place in pairs)

    def admits(self, recorded: Recorded) -> bool:
        """Whether a report may be among them; then it is."""
        around, event = self.surroundings, recorded.event
        subject = around.canonical(recorded.subject)
        processes = around.processes[subject].union(map(around.canonical_process, names_processes(event)))
        are_followed = bool(processes) and processes <= around.followed
        if not are_followed and recorded_promptly(event, int(recorded.recorded_at.timestamp())):
            return False  # it may make them followed
        if not self._is_placed(event, processes):
            return False
        before, last = self._last_on.get(subject), self._last_order.get(subject)
        steps = families.is_step(event)
        is_late = steps and last is not None and last >= event.order
        if before is not None:
            if event.data.opens or is_late or subject in self._single:
                return False
            self.earlier.add(before.key)
        elif is_late or (event.data.opens and recorded.version > 1):
            self._single.add(subject)
        if is_far(event):
            self._single.add(subject)
        self._last_on[subject] = recorded
        if steps:
            self._last_order[subject] = event.order
        around.processes[subject] = processes
        return True


# --- a batch


def apply(changes: ChangeSet) -> None:
    if changes.edits is not None and not changes.edits.asked.plain:
        _tell(changes, changes.edits)


def apply_plain(changes: ChangeSet) -> None:
    if changes.edits is not None and changes.edits.asked.plain:
        _tell(changes, changes.edits)


def _tell(changes: ChangeSet, edits: FindingEdits) -> None:
    """Finds out what each event did, tells it, and keeps it."""
    before, after = (_by_subject(findings) for findings in (edits.before, edits.after))
    standings, current = _standings_after(changes, edits.asked), dict[Subject, Findings]()
    for recorded in changes.events:
        was, now = edits.asked.standings[recorded.subject], standings[recorded.subject]
        final = after.get(now.subject, {})
        if now.subject in current:
            was, had = now, current[now.subject]
        elif was != now and now.subject not in changes.new:
            had, final = _whole(changes, was, now, before)
        else:
            had = before.get(now.subject, {})
        has = _stepped(had, edits.steps.get(recorded.key, {})) if recorded.key in edits.asked.earlier else final
        current[now.subject] = has
        second = int(recorded.recorded_at.timestamp())
        edits.changes[recorded.key] = changes_between(shown(was, _present(had)), shown(now, _present(has)), second)
    edits.tell(edits.changes)
    rows = [_row(r.position, edits.changes[r.key]) for r in changes.events]
    put(changes.connection, changes.table(FINDING_CHANGES), rows)


def _standings_after(changes: ChangeSet, asked: AskedEvents) -> dict[Subject, Standing]:
    """What decides which findings are shown after a batch."""
    if not asked.plain:
        return standings_of(changes.transaction, {recorded.subject for recorded in changes.events})
    standings = dict(asked.standings)
    for subject in {recorded.subject for recorded in changes.events if recorded.event.data.opens}:
        own = changes.canonical(subject)
        belongs_to = (Subject(f"processes/{process}") for process in changes.places[own].after)
        ids = {changes.canonical(process).partition("/")[2] for process in belongs_to}
        standings[subject] = Standing(own, changes.states[own].opened, not ids.isdisjoint(asked.followed))
    return standings


def _whole(
    changes: ChangeSet, was: Standing, now: Standing, before: Mapping[str, Findings]
) -> tuple[Findings, Findings]:
    """All findings of a subject before and after a batch, where more changes than what the batch renewed."""
    table = changes.table(FINDINGS)
    rows = rows_where(changes.connection, table, table.c.subject, {was.subject, now.subject})
    has: Findings = {key_of(row): finding_in(row) for row in rows}
    return {**has, **before.get(was.subject, {}), **before.get(now.subject, {})}, has


def _stepped(had: Findings, renewed: Mapping[tuple[Subject, str], Mapping[FindingKey, Finding]]) -> Findings:
    """The findings of a subject after some parts of them were renewed."""
    has = {key: finding for key, finding in had.items() if (key[0], key[1]) not in renewed}
    for findings in renewed.values():
        has.update(findings)
    return has


def _by_subject(findings: Findings) -> dict[str, Findings]:
    by_subject: defaultdict[str, Findings] = defaultdict(dict)
    for key, finding in findings.items():
        by_subject[key[0]][key] = finding
    return by_subject


def _row(position: int, changes: FindingChanges) -> dict[str, Any]:
    turns = [
        [turn, f.rule, f.subject, f.text, [*map(str, f.events)], f.since, f.until, f.about] for turn, f in changes.turns
    ]
    return {"position": position, "number": changes.number, "turns": json.dumps(turns, ensure_ascii=False)}


def _present(findings: Findings) -> list[Finding]:
    return [finding for finding in findings.values() if finding is not None]


OF_PLAIN = ReadModel((), apply_plain)
"""Where all events are plain: what they did is known before all read models have taken them."""
READ_MODEL = ReadModel((FINDING_CHANGES,), apply)


# --- queries


def kept_at(transaction: Transaction, positions: Iterable[int]) -> dict[int, FindingChanges]:
    """What the events at positions did, by position, as far as it is kept."""
    table, kept = transaction.table(FINDING_CHANGES), dict[int, FindingChanges]()
    for some in chunks(sorted(set(positions))):
        for row in transaction.connection.execute(select(table).where(table.c.position.in_(some))):
            turns = tuple(_turn(*fields) for fields in json.loads(row.turns))
            kept[row.position] = FindingChanges(row.number, turns)
    return kept


def _turn(
    turn: str,
    rule: str,
    subject: str,
    text: str,
    events: list[str],
    since: int | None,
    until: int | None,
    about: str,
) -> tuple[Turn, Finding]:
    ids = tuple(EventId(UUID(event)) for event in events)
    return Turn(turn), Finding(rule, Subject(subject), text, ids, since, until, about)
