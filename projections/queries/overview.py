"""The processes as a page shows them: the list, with what of each is overdue and where its areas lie."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from domain.general import SubjectState
from projections.answers.status import ListedProcess
from projections.paging import Page
from projections.queries import deadlines, processes, processes_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView
from projections.queries.map import MappedPlace, areas_in, areas_of_all
from projections.read_models.deadlines import DeadlineFilter, fold, is_wanted
from projections.read_models.process_list import ProcessFilter
from projections.storage.tables import Transaction

MOST_OVERDUE = 1_000
"""Deadlines that are counted at present, the first to end first."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A page of the list."""

    page: Page[ListedProcess]
    overdue: dict[str, int]
    """How much of each process is overdue, by its id; of some others, too."""
    areas: dict[str, list[MappedPlace]]
    """The areas of each process of which some report says where they lie."""


def overview(
    transaction: Transaction,
    wanted: ProcessFilter,
    after: str | None,
    limit: int,
    now: datetime,
    request: HorizonRequest = PRESENT,
) -> Overview:
    """The processes at a horizon; at one other than the present each is folded once.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    late: Counter[str] = Counter()
    if request == PRESENT:
        page = processes.processes(transaction, wanted, after, limit, now)
        due, _ = deadlines.deadlines(transaction, now, overdue=True, limit=MOST_OVERDUE)
        late.update(process for deadline in due.items for process in deadline["processes"])
        return Overview(page, dict(late), areas_of_all(transaction, [line["process"] for line in page.items]))
    own: dict[str, SubjectState] = {}

    def look(view: ProcessView) -> None:
        snapshot, moment = view.snapshot, int(view.now.timestamp())
        own[snapshot.process] = snapshot.states[snapshot.own]
        late[snapshot.process] = sum(
            is_wanted(row, DeadlineFilter(overdue=True), moment)
            for subject, state in snapshot.states.items()
            for row in fold(subject, state, snapshot.zones_of(subject))
        )

    page = processes_at_horizon.listed(transaction, wanted, after, limit, now, request, look)
    shown = {line["process"]: own[line["process"]] for line in page.items}
    return Overview(page, dict(late), areas_in(transaction, shown, request.position))
