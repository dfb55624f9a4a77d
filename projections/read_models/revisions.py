"""What revisions make of the events they are about, and which subjects are one."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import BigInteger, Column, Join, join

from projections.read_models.timeline import TIMELINE
from projections.storage.sql import KEPT
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text

REVISIONS = TableDefinition(
    "revisions",
    Column("subject", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("target", Text, nullable=False),
    indexes=[IndexDefinition("target", ("target", "position"))],
)
"""The revisions of each subject's events, by what they are about."""

REVISED_EVENTS = TableDefinition(
    "effects",
    Column("event_id", Text, primary_key=True),
    Column("type", Text),
    Column("event", Text),
    Column("marks", Text, nullable=False),
)
"""What became of events that were revised: how each reads now, if it is in effect, and why."""

UNIFICATIONS = TableDefinition(
    "unified",
    Column("subject", Text, primary_key=True),
    Column("into", Text, primary_key=True),
)
"""Every unification of two subjects that was ever recorded, in effect or not."""

CANONICAL_SUBJECTS = TableDefinition(
    "joined",
    Column("subject", Text, primary_key=True),
    Column("stays", Text, nullable=False),
)
"""Subjects that gave way, each with the one that stays."""


@lru_cache(KEPT)
def recorded_revisions(tables: GenerationTables) -> Join:
    """Revisions, each with what it says."""
    revisions, timeline = tables.table(REVISIONS), tables.table(TIMELINE)
    return join(revisions, timeline, revisions.c.position == timeline.c.position)
