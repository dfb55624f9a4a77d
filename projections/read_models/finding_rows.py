"""The rows in which findings are kept, by parts that are renewed at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column

from domain.finding import Finding
from domain.sentences import as_json, from_json
from domain.values import EventId, Subject
from projections.read_models.change_set import ChangeSet, FindingEdits, FindingKey
from projections.storage.checked_text import CheckedText
from projections.storage.sql import delete_pairs, delete_where, put, rows_where, rows_where_pairs
from projections.storage.tables import IndexDefinition, TableDefinition, Text

FINDINGS = TableDefinition(
    "findings",
    Column("subject", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("sentence", CheckedText, nullable=False),
    Column("events", CheckedText, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    indexes=[IndexDefinition("rule", ("rule", "since", "until", "subject"))],
)
"""What does not fit, by subject, each with the time in which it stands: in any process of the subject (`process` is
empty), or in one, where the processes make different places of what is described."""


def replace_findings(
    changes: ChangeSet, parts: Iterable[tuple[Subject, str]], findings: Iterable[tuple[str, str, Finding]]
) -> None:
    """Puts findings, each with its part and the process in which it stands, in the place of those of the same subjects
    and parts: with all that the batch renews, by `write_findings`."""
    for pair in parts:
        changes.renewed[pair] = []
    for part, process, finding in findings:
        changes.renewed.setdefault((finding.subject, part), []).append((process, finding))


def write_findings(changes: ChangeSet) -> None:
    """Writes what was renewed. What stays as it is, of a batch that is asked about, is not written again."""
    table, renewed, edits = changes.table(FINDINGS), changes.renewed, changes.edits
    pair = (table.c.subject, table.c.part)
    kept = [part for part in renewed if part[0] not in changes.new]
    if edits is not None:
        there: defaultdict[tuple[Subject, str], list[tuple[str, Finding]]] = defaultdict(list)
        for row in rows_where_pairs(changes.connection, table, pair, kept):
            finding = finding_in(row)
            edits.note(key_of(row), before=finding)
            there[finding.subject, row.part].append((row.process, finding))
        for (subject, part), findings in renewed.items():
            for process, finding in findings:
                edits.note((subject, part, process, finding.rule, finding.about), after=finding)
        renewed = {part: findings for part, findings in renewed.items() if set(findings) != set(there.get(part, ()))}
        kept = [part for part in renewed if part in there]
    delete_pairs(changes.connection, pair, kept)
    rows = [
        {
            "subject": subject,
            "part": part,
            "process": process,
            "rule": finding.rule,
            "about": finding.about,
            "sentence": as_json(finding.text),
            "events": json.dumps([str(event) for event in finding.events]),
            "since": finding.since,
            "until": finding.until,
        }
        for (subject, part), findings in renewed.items()
        for process, finding in findings
    ]
    put(changes.connection, table, rows)


def forget_findings(changes: ChangeSet, subjects: Iterable[str]) -> None:
    """Deletes all findings of subjects."""
    table, gone = changes.table(FINDINGS), list(subjects)
    if changes.edits is not None:
        _note_gone(changes.edits, rows_where(changes.connection, table, table.c.subject, gone))
    delete_where(changes.connection, table.c.subject, gone)


def _note_gone(edits: FindingEdits, rows: Iterable[Any]) -> None:
    for row in rows:
        edits.note(key_of(row), before=finding_in(row))


def key_of(row: Any) -> FindingKey:
    """What tells a row from others."""
    return (row.subject, row.part, row.process, row.rule, row.about)


def finding_in(row: Any) -> Finding:
    """The finding that a row holds."""
    events = tuple(EventId(UUID(event)) for event in json.loads(row.events))
    return Finding(row.rule, Subject(row.subject), from_json(row.sentence), events, row.since, row.until, row.about)
