"""The list of processes, and what tells that something of one has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.comparison import is_blank
from domain.general import SubjectState
from domain.searching import Rank
from domain.values import Subject
from projections.answers.status import ListedProcess, Touched
from projections.paging import Page, paged, read_cursor
from projections.queries import processes_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.queries.everywhere import (
    FIRST_PART,
    LARGEST_PART,
    OF_PROCESS,
    processes_with_findings,
    those_with_findings,
)
from projections.queries.process_lines import process_line
from projections.read_models import process_list
from projections.read_models.involvement import processes_of_actor
from projections.read_models.process_list import (
    ProcessFilter,
    ProcessIds,
    followed_ids,
    heard_of,
    last_touched,
    require,
    that_stay,
    unknown,
)
from projections.read_models.revisions import canonical_id, canonical_subjects, ids_of
from projections.read_models.roles import processes_with
from projections.read_models.search_names import NAME, PLACE, found
from projections.read_models.subjects import last_change, states_of
from projections.storage.tables import Transaction


def processes(
    transaction: Transaction,
    wanted: ProcessFilter,
    after: str | None,
    limit: int,
    now: datetime | None = None,
    request: HorizonRequest = PRESENT,
) -> Page[ListedProcess]:
    """The processes, by id, with what a list shows of each. At a horizon other than the present each is folded.

    A search puts those first of which a name is what is sought, then those of which one begins with it, then the rest;
    by id within each. The order is that of `q`, or of `place` without a `q`. A cursor names the rank and the id, so
    each page goes on where the last one ended. If meanwhile a report changes how well a process answers, it may be on
    both pages or on neither, as in any list that moves while it is read.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    now = now or datetime.now(UTC)
    if request != PRESENT:
        return processes_at_horizon.listed(transaction, wanted, after, limit, now, request)
    ranks = _searched(transaction, wanted)
    among = _among(transaction, wanted)
    rows: list[tuple[int, Any]] = []
    if ranks is None:
        last = read_cursor(after, str)[0] if after is not None else None
        rows = [(0, row) for row in _with_finding(transaction, wanted, among, last, limit + 1, now)]
    else:
        first, last = read_cursor(after, int, str) if after is not None else (-1, None)
        for rank in sorted(set(ranks.values())):
            if rank >= first and len(rows) <= limit:
                ids = {process for process, of_rank in ranks.items() if of_rank == rank}
                behind = last if rank == first else None
                some = _with_finding(transaction, wanted, [*among, ids], behind, limit + 1 - len(rows), now)
                rows += [(int(rank), row) for row in some]
    shown = rows[:limit]
    states = states_of(transaction, [f"processes/{row.process}" for _, row in shown])
    items = [_line(row, states.get(Subject(f"processes/{row.process}"))) for _, row in shown]
    keys = [(row.process,) if ranks is None else (number, row.process) for number, row in shown]
    return paged(items, keys, more=len(rows) > limit)


def _searched(transaction: Transaction, wanted: ProcessFilter) -> dict[str, Rank] | None:
    """The processes that are found by `q` and `place`, and how well; None if neither is given."""
    q = wanted.q if wanted.q is None or not is_blank(wanted.q) else None
    place = wanted.place if wanted.place is None or not is_blank(wanted.place) else None
    by_name = found(transaction, q, (NAME, PLACE)) if q is not None else None
    by_place = found(transaction, place, (PLACE,)) if place is not None else None
    if by_name is None or by_place is None:
        return by_name if by_name is not None else by_place
    return {process: rank for process, rank in by_name.items() if process in by_place}


def _among(transaction: Transaction, wanted: ProcessFilter) -> list[ProcessIds]:
    """The processes that are wanted by an actor or a role: they must be in all of these."""
    among: list[ProcessIds] = []
    actor = canonical_id(transaction, wanted.actor) if wanted.actor is not None else None
    if wanted.role is not None:
        among.append(that_stay(transaction, processes_with(transaction, actor, wanted.role)))
    elif actor is not None:
        among.append(that_stay(transaction, processes_of_actor(transaction, actor)))
    return among


def _with_finding(
    transaction: Transaction,
    wanted: ProcessFilter,
    among: Sequence[ProcessIds],
    last: str | None,
    limit: int,
    now: datetime,
) -> list[Any]:
    """The lines of processes, by id, in which a finding stands, if one is wanted (`process_list.page`).

    Where few such findings stand they say which processes; else the lines are gone through until there are enough.
    """
    if wanted.finding is None:
        return list(process_list.page(transaction, wanted, among, last, limit))
    rules = frozenset((wanted.finding,))
    few = processes_with_findings(transaction, now, rules)
    if few is not None:
        return list(process_list.page(transaction, wanted, [*among, few], last, limit))
    if rules <= OF_PROCESS:
        among = [*among, followed_ids(transaction)]
    rows: list[Any] = []
    size = FIRST_PART
    while len(rows) < limit:
        part = process_list.page(transaction, wanted, among, last, size)
        standing = those_with_findings(transaction, now, rules, [row.process for row in part])
        rows += [row for row in part if row.process in standing]
        if len(part) < size:
            break
        last, size = part[-1].process, min(size * 2, LARGEST_PART)
    return rows[:limit]


def _line(row: Any, state: SubjectState | None) -> ListedProcess:
    heard = heard_of(row.heard)
    updated: Touched = {"position": row.touched, "recorded_at": row.touched_at}
    return process_line(row.process, state, heard, heard.last(), updated, followed=row.followed)


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
    places: int
    """The last position that touched any place."""


def stamp(transaction: Transaction, process: str) -> Stamp:
    """The stamp of a process.

    Raises:
        NotFound: it was never opened.
    """
    stays = ids_of(process, canonical_subjects(transaction))[0]
    touched = last_touched(transaction, stays)
    if touched is None:
        raise unknown()
    return Stamp(
        transaction.tables.generation, touched, last_change(transaction, "actors"), last_change(transaction, "places")
    )
