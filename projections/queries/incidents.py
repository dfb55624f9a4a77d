"""Incidents and violations of a process, and whatever else accumulates in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from domain.event import Recorded
from domain.horizon import EVERYTHING
from projections.answers.explanations import Marks
from projections.answers.history import Assessment, Incident
from projections.answers.lines import fields_of
from projections.paging import Page, paged, read_cursor
from projections.queries.at_horizon import PRESENT, HorizonRequest, process_view
from projections.queries.history import entry
from projections.queries.processes import known_ids
from projections.read_models import entries
from projections.read_models.ordering import Order, display_order
from projections.read_models.revisions import events_by_id, marks_by_id
from projections.read_models.timeline import number_that_fit
from projections.renderer import said
from projections.storage.tables import Transaction

ACTS = ("IncidentReported", "ViolationReported")
ASSESSMENTS = ("ViolationAssessed",)


def incidents(
    transaction: Transaction, process: str, after: str | None, limit: int, request: HorizonRequest = PRESENT
) -> Page[Incident]:
    """Incidents and violations of a process, newest first, each violation with its assessments.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, str) if after is not None else None
    orders, acts, more, became_of = _accumulated(transaction, process, ACTS, last, limit, request)
    assessed: dict[str, list[Assessment]] = {}
    for assessment in reversed(_accumulated(transaction, process, ASSESSMENTS, None, None, request)[1]):
        data = said(assessment.event.data)
        assessed.setdefault(fields_of(data)["violation"], []).append({"id": str(assessment.id), **data})
    marks = became_of([str(act.id) for act in acts])
    items: list[Incident] = []
    for act in acts:
        mark = marks.get(str(act.id), Marks())
        ids = (str(act.id), *mark.get("repeated_by", ()))
        items.append({**entry(act), **mark, "assessments": [a for name in ids for a in assessed.get(name, [])]})
    return paged(items, orders, more=more)


def _accumulated(
    transaction: Transaction,
    process: str,
    names: Sequence[str],
    last: Order | None,
    limit: int | None,
    request: HorizonRequest,
) -> tuple[list[Order], list[Recorded], bool, Callable[[Iterable[str]], Mapping[str, Marks]]]:
    """Events that accumulate, in effect, newest first, after their places; whether there are more; and what became of
    them."""
    if request.horizon != EVERYTHING:
        view = process_view(transaction, process, None, request)
        orders = sorted((display_order(e) for e in view.snapshot.in_effect if e.type in names), reverse=True)
        if last is not None:
            orders = [order for order in orders if order < last]
        shown = orders if limit is None else orders[:limit]
        events = [view.snapshot.events[event_id] for *_, event_id in shown]
        return shown, events, len(orders) > len(shown), view.became_of
    ids = known_ids(transaction, process)
    orders = entries.page(transaction, ids, names, last, limit + 1 if limit is not None else None)
    fits = number_that_fit(transaction, [event_id for *_, event_id in orders]) if limit is not None else 0
    shown = orders if limit is None else orders[: min(limit, fits)]
    by_id = events_by_id(transaction, [event_id for *_, event_id in shown])
    events = [by_id[event_id] for *_, event_id in shown]
    return shown, events, len(orders) > len(shown), lambda wanted: marks_by_id(transaction, wanted)
