"""What does not fit, by subject, each finding with the time in which it stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column

from projections.storage.tables import IndexDefinition, TableDefinition, Text

FINDINGS = TableDefinition(
    "findings",
    Column("subject", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
)
"""What does not fit, by subject, each with the time in which it stands."""

REPORT_HASHES = TableDefinition(
    "said",
    Column("subject", Text, primary_key=True),
    Column("content", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
)
"""What reports in effect say, hashed: a report made twice is found by it."""

ACTOR_ACTIVITY = TableDefinition(
    "acting",
    Column("subject", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("events", Text, nullable=False),
    indexes=[IndexDefinition("actor", ("actor",))],
)
"""Actors that act in a subject, and those that have a role or a side there."""
