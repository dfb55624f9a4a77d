"""The rows in which findings are kept, by parts that are renewed at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column

from domain.finding import Finding
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.storage.sql import delete_pairs, put
from projections.storage.tables import TableDefinition, Text

FINDINGS = TableDefinition(
    "findings",
    Column("subject", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("process", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
)
"""What does not fit, by subject, each with the time in which it stands: in any process of the subject (`process` is
empty), or in one, where the processes make different places of what is described."""


def replace_findings(
    changes: ChangeSet, parts: Sequence[tuple[Subject, str]], findings: Iterable[tuple[str, str, Finding]]
) -> None:
    """Puts findings, each with its part and the process in which it stands, in the place of those of the same subjects
    and parts."""
    table = changes.table(FINDINGS)
    delete_pairs(changes.connection, (table.c.subject, table.c.part), parts)
    rows = [
        {
            "subject": finding.subject,
            "part": part,
            "process": process,
            "rule": finding.rule,
            "about": finding.about,
            "text": finding.text,
            "events": json.dumps([str(event) for event in finding.events]),
            "since": finding.since,
            "until": finding.until,
        }
        for part, process, finding in findings
    ]
    put(changes.connection, table, rows)
