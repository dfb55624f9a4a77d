"""The tables of the read models, one set for each generation.

Read models are disposable copies. A generation is a whole set of tables with a suffix of its own: a rebuild
fills a new set beside the live one and swaps it in, in one transaction. They are defined together because
they live and die together. Only plain column types are used, so that one code path serves every database.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

VIEW_VERSION = 1
"""Raised whenever a table or a fold changes: views of another version are built anew."""

_PROGRESS = MetaData()
progress = Table(
    "progress",
    _PROGRESS,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("halted", Text),
    Column("live", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
)
"""How far each generation reflects the log. At most one is live; it answers once it has been complete."""


@dataclass(frozen=True)
class Tables:
    """One generation's tables."""

    meta: MetaData
    generation: int
    timeline: Table
    """Every event, once: what it says and what the log added."""
    process_timeline: Table
    """The events of each process, in display order."""
    steps: Table
    """The events that are folded, by subject, in canonical order."""
    subjects: Table
    """The folded state of each subject."""
    membership: Table
    """Which subjects belong to which process."""
    series: Table
    """The newest claim of each series of figures by each claimant."""
    tallies: Table
    """Violations and incidents, counted by recorder and by bounds in days."""
    roles: Table
    """Roles of actors, by subject."""
    processes: Table
    """A line for each process: what a list shows and filters by."""

    @classmethod
    def of(cls, generation: int) -> Tables:
        meta = MetaData()
        suffix = f"_v{VIEW_VERSION}_{generation}"

        def table(name: str, *columns: Column[object] | Index) -> Table:
            return Table(name + suffix, meta, *columns, sqlite_with_rowid=False)

        def order() -> list[Column[object]]:
            return [
                Column("earliest", BigInteger, primary_key=True, autoincrement=False),
                Column("latest", BigInteger, primary_key=True, autoincrement=False),
                Column("step", Integer, primary_key=True, autoincrement=False),
                Column("event_id", Text, primary_key=True),
            ]

        return cls(
            meta=meta,
            generation=generation,
            timeline=Table(
                "timeline" + suffix,
                meta,
                Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
                Column("event_id", Text, nullable=False),
                Column("subject", Text, nullable=False),
                Column("type", Text, nullable=False),
                Column("version", BigInteger, nullable=False),
                Column("recorded_at", Text, nullable=False),
                Column("recorded_by", Text, nullable=False),
                Column("event", Text, nullable=False),
                Index(f"timeline_event_id{suffix}", "event_id", unique=True),
                Index(f"timeline_subject{suffix}", "subject", "position"),
            ),
            process_timeline=table(
                "process_timeline",
                Column("process", Text, primary_key=True),
                *order(),
                Column("position", BigInteger, nullable=False),
                Column("type", Text, nullable=False),
                Index(f"process_timeline_type{suffix}", "process", "type", "earliest", "latest", "step", "event_id"),
                Index(f"process_timeline_position{suffix}", "process", "position"),
            ),
            steps=table(
                "steps",
                Column("subject", Text, primary_key=True),
                Column("lead", Integer, primary_key=True, autoincrement=False),
                *order(),
                Column("position", BigInteger, nullable=False),
            ),
            subjects=table(
                "subjects",
                Column("subject", Text, primary_key=True),
                Column("family", Text, nullable=False),
                Column("changed", BigInteger, nullable=False),
                Column("names", Text, nullable=False),
                Column("last", Text, nullable=False),
                Column("state", Text, nullable=False),
                Index(f"subjects_family{suffix}", "family", "subject"),
                Index(f"subjects_changed{suffix}", "family", "changed"),
            ),
            membership=table(
                "membership",
                Column("process", Text, primary_key=True),
                Column("subject", Text, primary_key=True),
                Index(f"membership_subject{suffix}", "subject"),
            ),
            series=table(
                "series",
                Column("subject", Text, primary_key=True),
                Column("series", Text, primary_key=True),
                Column("claimant", Text, primary_key=True),
                Column("assessed", Boolean, primary_key=True),
                *[Column(c.name, c.type, nullable=False) for c in order()],
                Column("claims", BigInteger, nullable=False),
            ),
            tallies=table(
                "tallies",
                Column("subject", Text, primary_key=True),
                Column("kind", Text, primary_key=True),
                Column("recorder", Text, primary_key=True),
                Column("first_day", BigInteger, primary_key=True, autoincrement=False),
                Column("last_day", BigInteger, primary_key=True, autoincrement=False),
                Column("events", BigInteger, nullable=False),
            ),
            roles=table(
                "roles",
                Column("actor", Text, primary_key=True),
                Column("subject", Text, primary_key=True),
                Column("role", Text, primary_key=True),
                Index(f"roles_subject{suffix}", "subject"),
            ),
            processes=table(
                "processes",
                Column("process", Text, primary_key=True),
                Column("state", Text, nullable=False),
                Column("names", Text, nullable=False),
                Column("places", Text, nullable=False),
                Column("touched", BigInteger, nullable=False),
                Column("touched_at", Text, nullable=False),
                Column("heard_on", Text, nullable=False),
                Column("heard", Text, nullable=False),
            ),
        )


def create_progress(connection: object) -> None:
    """Makes the table of progress, if it is not there."""
    _PROGRESS.create_all(connection)  # type: ignore[arg-type]
