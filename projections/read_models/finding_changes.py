"""What single events did to the findings of their own subjects: what an append answers, and answers again.

It is kept where somebody asks. Such an event is a batch of its own, and what the batch takes from the findings and puts
there is the difference; only where more than that changes (the subject is withdrawn, is another one, or belongs to a
process that is followed now) all of them are looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Column, select

from domain.finding import Finding, Turn, turned
from domain.findings.rules import OF_FOLLOWED
from domain.values import EventId, Subject
from projections.read_models.change_set import ChangeSet, ReadModel, Standing
from projections.read_models.finding_rows import FINDINGS, finding_in, key_of
from projections.read_models.findings import gravity
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

MOST = 20
"""Changes that are told of one event."""
_TURNS = {turn: place for place, turn in enumerate(Turn)}


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """What one event did to the findings of its subject."""

    number: int
    """How many it raised, changed or resolved."""
    turns: tuple[tuple[Turn, Finding], ...]
    """The first ones, up to `MOST`: those raised, then those changed, then those resolved, the gravest first."""

    @staticmethod
    def between(before: Iterable[Finding], after: Iterable[Finding], now: int) -> FindingChanges:
        """The difference of two sets of findings, both looked at at a time in seconds since 1970."""
        turns = sorted(turned(before, after, now), key=lambda turn: (_TURNS[turn[0]], gravity(turn[1]), turn[1].text))
        return FindingChanges(len(turns), tuple(turns[:MOST]))


def shown(standing: Standing, findings: Iterable[Finding]) -> list[Finding]:
    """Those findings that are shown of a subject."""
    if not standing.opened:
        return []
    mine = (finding for finding in findings if finding.subject == standing.subject)
    return [finding for finding in mine if standing.followed or finding.rule not in OF_FOLLOWED]


def standing_of(transaction: Transaction, subject: Subject) -> Standing:
    """What decides which findings of a subject are shown, as the read models are now."""
    joined = canonical_subjects(transaction)
    stays = joined.get(subject, subject)
    state = states_of(transaction, [stays]).get(stays)
    paths = [Subject(f"processes/{process}") for _, process in processes_of(transaction, [stays])]
    ids = {joined.get(path, path).partition("/")[2] for path in paths}
    return Standing(stays, state is not None and state.opened, bool(ids and followed_among(transaction, ids)))


# --- a batch


def apply(changes: ChangeSet) -> None:
    if changes.edits is None:
        return
    (recorded,) = changes.events
    was, now = changes.edits.standing_before, standing_of(changes.transaction, recorded.subject)
    before, after = changes.edits.before, changes.edits.after
    if was != now:
        rows = rows_where(
            changes.connection, changes.table(FINDINGS), changes.table(FINDINGS).c.subject, {was.subject, now.subject}
        )
        after = {key_of(row): finding_in(row) for row in rows}
        before = {**after, **changes.edits.before}
    second = int(recorded.recorded_at.timestamp())
    found = FindingChanges.between(shown(was, _present(before)), shown(now, _present(after)), second)
    turns = [
        [turn, f.rule, f.subject, f.text, [*map(str, f.events)], f.since, f.until, f.about] for turn, f in found.turns
    ]
    row = {"position": recorded.position, "number": found.number, "turns": json.dumps(turns, ensure_ascii=False)}
    put(changes.connection, changes.table(FINDING_CHANGES), [row])


def _present(findings: Mapping[tuple[object, ...], Finding | None]) -> list[Finding]:
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
