"""One batch of recorded events on its way into the tables of one generation, and the list of read models that take it.

The order of arrival does not decide: an event in canonical order steps its subject's state, a late one refolds that
subject, once per batch, or a part of it, if it is long (`late_reports`). A revision changes how its target reads: what
the target added is taken away, and what it adds now is put in its place. What accumulates is rows and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.event import Recorded
from domain.spans import second_of
from projections.read_models import (
    deadlines,
    entries,
    figures,
    finding_changes,
    finding_steps,
    findings,
    foreign_ids,
    history,
    incident_counts,
    involvement,
    last_heard,
    membership,
    mentions,
    places,
    process_list,
    process_zones,
    revisions,
    roles,
    search_names,
    subjects,
    timeline,
    upcoming,
)
from projections.read_models.change_set import AskedEvents, ChangeSet, FindingEdits, Tell
from projections.storage.generations import ReadModels, rebuild_lock
from projections.storage.sqlite import put_aside
from projections.storage.tables import Schema, Transaction

VIEW_VERSION = 36
"""Raised whenever a table or a fold changes: read models of another version are rebuilt."""

READ_MODELS = (
    # These eight find out what the batch changes, for all that follow.
    timeline.READ_MODEL,
    mentions.READ_MODEL,
    revisions.READ_MODEL,
    upcoming.READ_MODEL,
    subjects.READ_MODEL,
    membership.READ_MODEL,
    places.READ_MODEL,
    process_zones.READ_MODEL,
    finding_steps.READ_MODEL,  # looks at claims and hashes as they were
    # With these four, what plain reports do to findings is known, and told before all that follows.
    figures.READ_MODEL,
    foreign_ids.READ_MODEL,
    findings.READ_MODEL,  # looks at the newest figures, and at who carries which ids
    finding_changes.OF_PLAIN,
    # These only take it.
    history.READ_MODEL,
    roles.READ_MODEL,
    involvement.READ_MODEL,
    search_names.READ_MODEL,
    entries.READ_MODEL,
    incident_counts.READ_MODEL,
    deadlines.READ_MODEL,
    last_heard.READ_MODEL,
    process_list.READ_MODEL,  # shows the last one heard
    finding_changes.READ_MODEL,  # looks at findings, and at who is followed
)
"""All read models, in the order in which they take a batch."""

SCHEMA = Schema(VIEW_VERSION, tuple(table for read_model in READ_MODELS for table in read_model.tables))


def apply(
    transaction: Transaction,
    events: Sequence[Recorded],
    position: int,
    now: datetime,
    asked: AskedEvents | None = None,
    tell: Tell = lambda _: None,
) -> None:
    """Applies events to the tables of a generation, and takes in what has come by the clock.

    Args:
        transaction: in which all of it is written.
        events: those after the ones that were applied before, in log order and without gaps. There may be none.
        position: the last one that is then reflected.
        now: the clock.
        asked: the same events, if what each does to the findings of its subject is to be kept.
        tell: whom to tell that, as soon as it is known.
    """
    changes = ChangeSet(transaction, events, position, second_of(now))
    if asked is not None:
        changes.edits = FindingEdits(asked, tell)
    for read_model in READ_MODELS:
        read_model.apply(changes)


def open_read_models(where: Path | str) -> ReadModels:
    """The read models of an installation.

    Args:
        where: a file, whose directory must exist; or the URL of a PostgreSQL database.

    Raises:
        Unavailable: they cannot be opened.
    """
    return ReadModels(where, SCHEMA)


def open_temporary_read_models() -> ReadModels:
    """Read models in a directory of their own, which goes when they are closed."""
    place = TemporaryDirectory(prefix="parley-views-")
    read_models = ReadModels(Path(place.name) / "views.db", SCHEMA)
    read_models.place = place
    return read_models


def put_damaged_aside(path: Path) -> Path | None:
    """Moves a damaged file of read models out of the way (`projections.storage.sqlite.put_aside`)."""
    return put_aside(path, rebuild_lock(SCHEMA.version))
