"""The list of processes, and what tells that something of one has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.general import SubjectState
from domain.processes import ProcessState, places
from domain.values import Subject
from projections import rendering
from projections.paging import Page, cursor, read_cursor, sought
from projections.queries.everywhere import findings_everywhere
from projections.read_models import process_list
from projections.read_models.process_list import ProcessFilter, ProcessIds, heard_of, last_touched, require, unknown
from projections.read_models.revisions import canonical_id, canonical_subjects, ids_of
from projections.read_models.roles import processes_with
from projections.read_models.subjects import last_change, states_of
from projections.rendering import Json, Renderer
from projections.storage.tables import Transaction


def processes(
    transaction: Transaction, wanted: ProcessFilter, after: str | None, limit: int, now: datetime | None = None
) -> Page:
    """The processes, by id, with what a list shows of each.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, str)[0] if after is not None else None
    among: list[ProcessIds] = []
    if wanted.finding is not None:
        standing = findings_everywhere(transaction, now or datetime.now(UTC), wanted.finding)
        among.append({process for process, _ in standing})
    if wanted.actor is not None or wanted.role is not None:
        actor = canonical_id(transaction, wanted.actor) if wanted.actor is not None else None
        among.append(processes_with(transaction, actor, wanted.role))
    by_line = replace(
        wanted,
        q=sought(wanted.q) if wanted.q is not None else None,
        place=sought(wanted.place) if wanted.place is not None else None,
    )
    rows = process_list.page(transaction, by_line, among, last, limit + 1)
    shown = rows[:limit]
    states = states_of(transaction, [f"processes/{row.process}" for row in shown])
    items = [_line(row, states.get(Subject(f"processes/{row.process}"))) for row in shown]
    return Page(items, cursor(shown[-1].process) if len(rows) > limit else None)


def _line(row: Any, state: SubjectState | None) -> Json:
    renderer = Renderer()
    own = state if isinstance(state, ProcessState) else ProcessState()
    last = heard_of(row.heard)
    return {
        "process": row.process,
        "labels": rendering.labels(own.labels),
        "state": renderer.line(own.stage),
        "level": renderer.line(own.level),
        "areas": [place.labels[0].text for place in places(own)],
        "last_heard": {"on": last.on or None, "publisher": last.publisher, "claimant": last.claimant},
        "updated": {"position": row.touched, "recorded_at": row.touched_at},
    }


def known_ids(transaction: Transaction, process: str) -> list[str]:
    """The ids of a process, if it has several: the one that stays first.

    Raises:
        NotFound: it was never opened.
    """
    ids = ids_of(process, canonical_subjects(transaction))
    require(transaction, ids[0])
    return ids


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a status depends on besides the clock: equal stamps mean equal snapshots."""

    generation: int
    process: int
    """The last position that touched the process."""
    actors: int
    """The last position that touched any actor: names are joined when read."""


def stamp(transaction: Transaction, process: str) -> Stamp:
    """The stamp of a process.

    Raises:
        NotFound: it was never opened.
    """
    stays = ids_of(process, canonical_subjects(transaction))[0]
    touched = last_touched(transaction, stays)
    if touched is None:
        raise unknown()
    return Stamp(transaction.tables.generation, touched, last_change(transaction, "actors"))
