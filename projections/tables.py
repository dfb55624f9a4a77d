"""The tables of the read models, one set for each generation.

Read models are disposable copies. A generation is a whole set of tables with a suffix of its own: a rebuild
fills a new set beside the live one and swaps it in, in one transaction. They are defined together because
they live and die together. Only plain column types are used, so that one code path serves every database.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Join, MetaData, Table, join
from sqlalchemy import Text as AnyText
from sqlalchemy.dialects.postgresql import TEXT

VIEW_VERSION = 4
"""Raised whenever a table or a fold changes: views of another version are built anew."""

Text = AnyText().with_variant(TEXT(collation="C"), "postgresql")
"""Text in the order of its code points, in every database."""

_GENERATIONS = MetaData()
generations = Table(
    "generations",
    _GENERATIONS,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("halted", Text),
    Column("live", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("retired_at", BigInteger),
)
"""How far each generation reflects the log. Of each version at most one is live; it answers once it has been complete.
A generation that gave way is kept a while (`retired_at`, in seconds since 1970) for those who are still reading it."""


@dataclass(frozen=True, eq=False)
class Tables:
    """One generation's tables."""

    meta: MetaData
    generation: int
    timeline: Table
    """Every event, once: what it says and what the log added."""
    process_timeline: Table
    """The events of each process as they were recorded, in display order."""
    revisions: Table
    """The revisions of each subject's events, by what they are about."""
    effects: Table
    """What became of events that were revised: how each reads now, if it is in effect, and why."""
    unified: Table
    """Every unification of two subjects that was ever recorded, in effect or not."""
    joined: Table
    """Subjects that gave way, each with the one that stays."""
    steps: Table
    """The events in effect that are folded, by the subject that stays, in canonical order."""
    subjects: Table
    """The folded state of each subject that stays."""
    membership: Table
    """Which subjects any report ever put into which process."""
    belongs: Table
    """Which subjects, by the reports in effect, belong to which process."""
    entries: Table
    """What accumulates, of each process, in effect and in display order: statements, figures, incidents, violations."""
    claims: Table
    """Every live claim on a figure."""
    series: Table
    """The newest claim of each series of figures by each claimant."""
    heard: Table
    """The newest source of each subject."""
    tallies: Table
    """Violations and incidents, counted by recorder and by bounds in days."""
    roles: Table
    """Roles of actors, by subject."""
    said: Table
    """What reports in effect say, hashed: what is said twice is found by it."""
    findings: Table
    """What does not fit, by subject, each with the time in which it stands."""
    deadlines: Table
    """What is expected by a date and not settled, by subject."""
    acting: Table
    """Actors that act in a subject, and those that have a role or a side there."""
    processes: Table
    """A line for each process: what a list shows and filters by."""

    @cached_property
    def revisions_told(self) -> Join:
        """Revisions, each with what it says."""
        return join(self.revisions, self.timeline, self.revisions.c.position == self.timeline.c.position)

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

        def claim() -> list[Column[object]]:
            return [
                Column("subject", Text, primary_key=True),
                Column("series", Text, primary_key=True),
                Column("claimant", Text, primary_key=True),
                Column("assessed", Boolean, primary_key=True),
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
                Index(f"process_timeline_position{suffix}", "process", "position"),
            ),
            revisions=table(
                "revisions",
                Column("subject", Text, primary_key=True),
                Column("position", BigInteger, primary_key=True, autoincrement=False),
                Column("type", Text, nullable=False),
                Column("target", Text, nullable=False),
                Index(f"revisions_target{suffix}", "target", "position"),
            ),
            effects=table(
                "effects",
                Column("event_id", Text, primary_key=True),
                Column("type", Text),
                Column("event", Text),
                Column("marks", Text, nullable=False),
            ),
            unified=table(
                "unified",
                Column("subject", Text, primary_key=True),
                Column("into", Text, primary_key=True),
            ),
            joined=table(
                "joined",
                Column("subject", Text, primary_key=True),
                Column("stays", Text, nullable=False),
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
            belongs=table(
                "belongs",
                Column("process", Text, primary_key=True),
                Column("subject", Text, primary_key=True),
                Column("withdrawn", Boolean, nullable=False),
                Index(f"belongs_subject{suffix}", "subject"),
            ),
            entries=table(
                "entries",
                Column("process", Text, primary_key=True),
                Column("type", Text, primary_key=True),
                *order(),
                Column("subject", Text, nullable=False),
                Column("position", BigInteger, nullable=False),
            ),
            claims=table(
                "claims",
                *claim(),
                *order(),
                Column("low", Double, nullable=False),
                Column("high", Double),
                Column("position", BigInteger, nullable=False),
            ),
            series=table(
                "series",
                *claim(),
                *[Column(c.name, c.type, nullable=False) for c in order()],
                Column("low", Double, nullable=False),
                Column("high", Double),
                Column("claims", BigInteger, nullable=False),
            ),
            heard=table(
                "heard",
                Column("subject", Text, primary_key=True),
                Column("on", Text, nullable=False),
                Column("publisher", Text, nullable=False),
                Column("claimant", Text, nullable=False),
                Column("event", Text, nullable=False),
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
            said=table(
                "said",
                Column("subject", Text, primary_key=True),
                Column("content", Text, primary_key=True),
                Column("event_id", Text, primary_key=True),
            ),
            findings=table(
                "findings",
                Column("subject", Text, primary_key=True),
                Column("part", Text, primary_key=True),
                Column("rule", Text, primary_key=True),
                Column("about", Text, primary_key=True),
                Column("text", Text, nullable=False),
                Column("events", Text, nullable=False),
                Column("since", BigInteger),
                Column("until", BigInteger),
            ),
            deadlines=table(
                "deadlines",
                Column("subject", Text, primary_key=True),
                Column("number", Integer, primary_key=True, autoincrement=False),
                Column("what", Text, nullable=False),
                Column("when", Text, nullable=False),
                Column("earliest", BigInteger, nullable=False),
                Column("latest", BigInteger, nullable=False),
                Column("actor", Text),
                Column("events", Text, nullable=False),
                Index(f"deadlines_latest{suffix}", "latest", "earliest", "subject", "number"),
            ),
            acting=table(
                "acting",
                Column("subject", Text, primary_key=True),
                Column("actor", Text, primary_key=True),
                Column("what", Text, primary_key=True),
                Column("events", Text, nullable=False),
                Index(f"acting_actor{suffix}", "actor"),
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


def create_generations(connection: object) -> None:
    """Makes the table of generations, if it is not there."""
    _GENERATIONS.create_all(connection)  # type: ignore[arg-type]
