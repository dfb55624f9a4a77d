"""What single events did to the findings of their own subjects: what an append answers, and answers again.

It is kept where somebody asks. Such an event is a batch of its own, or with others on other subjects, and what the
batch takes from the findings and puts there is the difference; only where more than that changes (the subject is
withdrawn, is another one, or belongs to a process that is followed now) all of them are looked at.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, select

from domain.event import Recorded
from domain.finding import Finding, Turn, turned
from domain.findings.rules import OF_FOLLOWED
from domain.following import recorded_promptly
from domain.horizon import may_be_upcoming, names_processes
from domain.places_within import places_in
from domain.values import IN_NO_PROCESS, EventId, Subject
from projections.read_models.change_set import ChangeSet, FindingChanges, ReadModel, Standing
from projections.read_models.finding_rows import FINDINGS, finding_in, key_of
from projections.read_models.findings import gravity
from projections.read_models.foreign_ids import ids_in
from projections.read_models.membership import processes_of
from projections.read_models.process_list import followed_among
from projections.read_models.revisions import canonical_subjects
from projections.read_models.subjects import states_of
from projections.storage.sql import chunks, put, rows_where
from projections.storage.tables import TableDefinition, Text, Transaction

FINDING_CHANGES = TableDefinition(
    "finding_changes",
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("turns", Text, nullable=False),
)
"""What events did to the findings of their subjects, of those that were asked about: how many, and the first ones."""

Key = tuple[Any, ...]
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
    return [finding for finding in mine if standing.followed or finding.rule not in OF_FOLLOWED]


def standings_of(transaction: Transaction, subjects: Iterable[Subject]) -> dict[Subject, Standing]:
    """What decides which findings of subjects are shown, as the read models are now."""
    joined = canonical_subjects(transaction)
    stays = {subject: joined.get(subject, subject) for subject in subjects}
    states = states_of(transaction, stays.values())
    belongs: defaultdict[str, set[str]] = defaultdict(set)
    for path, process in processes_of(transaction, stays.values()):
        belongs[path].add(_canonical(process, joined))
    followed = followed_among(transaction, {process for theirs in belongs.values() for process in theirs})
    return {
        subject: Standing(own, own in states and states[own].opened, not followed.isdisjoint(belongs[own]))
        for subject, own in stays.items()
    }


def _canonical(process: str, joined: Mapping[Subject, Subject]) -> str:
    path = Subject(f"processes/{process}")
    return joined.get(path, path).partition("/")[2]


# --- a batch


def shares_a_batch(transaction: Transaction, recorded: Recorded, now: int) -> bool:
    """Whether what an event does to the findings of its subject shows also where it is taken together with events on
    other subjects: it is a plain report that touches none of theirs.

    Others are revisions, what tells of identity, ids, zones or places, what is still to come, and what makes a process
    followed that was not.
    """
    event = recorded.event
    data = event.data
    if data.revises or (data.opens and (event.family in (*IN_NO_PROCESS, "processes") or ids_in(event))):
        return False
    if may_be_upcoming(event, now) or next(places_in(data), None) is not None:
        return False
    if not recorded_promptly(event, int(recorded.recorded_at.timestamp())):
        return True
    joined = canonical_subjects(transaction)
    processes = {process for _, process in processes_of(transaction, [joined.get(event.subject, event.subject)])}
    processes = {_canonical(process, joined) for process in (*processes, *names_processes(event))}
    return bool(processes) and followed_among(transaction, processes) == processes


def apply(changes: ChangeSet) -> None:
    edits = changes.edits
    if edits is None:
        return
    standings = standings_of(changes.transaction, {recorded.subject for recorded in changes.events})
    table = changes.table(FINDINGS)
    before, after = (_by_subject(findings) for findings in (edits.before, edits.after))
    for recorded in changes.events:
        was, now = edits.standings[recorded.subject], standings[recorded.subject]
        had, has = (findings.get(now.subject, {}) for findings in (before, after))
        if was != now:
            rows = rows_where(changes.connection, table, table.c.subject, {was.subject, now.subject})
            has = {key_of(row): finding_in(row) for row in rows}
            had = {**has, **before.get(was.subject, {}), **had}
        second = int(recorded.recorded_at.timestamp())
        turns = changes_between(shown(was, _present(had)), shown(now, _present(has)), second)
        edits.changes[recorded.key] = turns
    put(
        changes.connection,
        changes.table(FINDING_CHANGES),
        [_row(r.position, edits.changes[r.key]) for r in changes.events],
    )


def _by_subject(findings: Mapping[Key, Finding | None]) -> dict[str, dict[Key, Finding | None]]:
    by_subject: defaultdict[str, dict[Key, Finding | None]] = defaultdict(dict)
    for key, finding in findings.items():
        by_subject[key[0]][key] = finding
    return by_subject


def _row(position: int, changes: FindingChanges) -> dict[str, Any]:
    turns = [
        [turn, f.rule, f.subject, f.text, [*map(str, f.events)], f.since, f.until, f.about] for turn, f in changes.turns
    ]
    return {"position": position, "number": changes.number, "turns": json.dumps(turns, ensure_ascii=False)}


def _present(findings: Mapping[Key, Finding | None]) -> list[Finding]:
    return [finding for finding in findings.values() if finding is not None]


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
