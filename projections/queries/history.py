"""The timeline of a process: its events as they were recorded, each with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from domain.event import Event, Recorded, instant
from domain.horizon import EVERYTHING
from domain.values import Subject
from projections.answers.explanations import Marks
from projections.answers.history import HistoryEntry, RecordedEvent, SentEvent, ShownRevision
from projections.answers.lines import Said
from projections.paging import Page, paged, read_cursor
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView, process_view
from projections.queries.processes import known_ids
from projections.read_models import history as kept_history
from projections.read_models.history import Order, timeline_order
from projections.read_models.membership import apart_from
from projections.read_models.mentions import first_mentions
from projections.read_models.revisions import ever_unified, marks_by_id, revisions_about, target_of
from projections.read_models.timeline import all_of, events_at, number_that_fit, recorded_by_id
from projections.storage.tables import Transaction


def history(
    transaction: Transaction,
    process: str,
    after: str | None,
    limit: int,
    *,
    newest_first: bool = False,
    request: HorizonRequest = PRESENT,
) -> Page[HistoryEntry]:
    """The timeline of a process by time of occurrence, as it was recorded; each event with what became of it.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, int) if after is not None else None
    if request.horizon != EVERYTHING:
        view = process_view(transaction, process, None, request)
        return _history_at(view, last, limit, newest_first=newest_first)
    ids = known_ids(transaction, process)
    apart = apart_from(transaction, ids)
    places = kept_history.page(transaction, ids, last, limit + 1, newest_first=newest_first, without=apart)
    fits = min(number_that_fit(transaction, [event_id for _, event_id in places]), limit)
    events = events_at(transaction, [position for (*_, position), _ in places[:fits]])
    shown = [str(recorded.id) for recorded in events]
    revisions, marks = _by_target(revisions_about(transaction, shown)), marks_by_id(transaction, shown)
    items: list[HistoryEntry] = [
        {**entry(r), "revised_by": revisions.get(str(r.id), []), **marks.get(str(r.id), Marks())} for r in events
    ]
    return paged(items, [order for order, _ in places], more=len(places) > fits)


def last_recorded(transaction: Transaction, process: str, most: int) -> list[Recorded]:
    """The events of a process that were recorded last, newest first.

    Raises:
        NotFound: it was never opened.
    """
    ids = known_ids(transaction, process)
    found = recorded_by_id(transaction, kept_history.newest(transaction, ids, most, apart_from(transaction, ids)))
    return sorted(found, key=lambda recorded: -recorded.position)


def last_recorded_at(
    transaction: Transaction, process: str, most: int, now: datetime, request: HorizonRequest
) -> list[Recorded]:
    """Those of them that are inside a horizon.

    Args:
        transaction: a snapshot.
        process: its id.
        most: so many at most.
        now: the clock on the wall, where the horizon does not set it.
        request: the horizon.

    Raises:
        NotFound: it was never opened, or nothing of it is inside the horizon.
    """
    if request.horizon == EVERYTHING:
        return last_recorded(transaction, process, most)
    filed = process_view(transaction, process, now, request).snapshot.filed
    return sorted(filed, key=lambda recorded: -recorded.position)[:most]


def recorded_after(transaction: Transaction, process: str, position: int, most: int) -> list[tuple[str, str]]:
    """The events of a process that were recorded after a position, so many at most: the id and the type of each.

    Raises:
        NotFound: it was never opened.
    """
    ids = known_ids(transaction, process)
    return kept_history.recorded_after(transaction, ids, position, most, apart_from(transaction, ids))


def recorded_on(transaction: Transaction, path: str, positions: Iterable[int], most: int) -> list[Recorded]:
    """The events by which what is known of a subject may have changed, the newest of them, newest first.

    Args:
        transaction: a snapshot.
        path: of the subject.
        positions: further ones at which something of it changed.
        most: so many at most.
    """
    together = ever_unified(transaction).get(Subject(path), (Subject(path),))
    own = {recorded.position for recorded in all_of(transaction, together)}
    mentions = first_mentions(transaction, together) if path.startswith("actors/") else set()
    return events_at(transaction, sorted({*own, *mentions, *positions}, reverse=True)[:most])


def _history_at(view: ProcessView, last: Order | None, limit: int, *, newest_first: bool) -> Page[HistoryEntry]:
    """The same at another horizon, from the snapshot."""
    snapshot = view.snapshot
    by_id = {str(recorded.id): recorded.event for recorded in snapshot.filed}
    revised: dict[str, Event] = {}
    placed = sorted(
        ((timeline_order(r, by_id, revised), r) for r in snapshot.filed), key=lambda pair: pair[0], reverse=newest_first
    )
    if last is not None:
        placed = [pair for pair in placed if (pair[0] < last if newest_first else pair[0] > last)]
    revisions = _by_target(recorded for recorded in snapshot.filed if recorded.event.data.revises)
    items: list[HistoryEntry] = [
        {
            **entry(r),
            "revised_by": revisions.get(str(r.id), []),
            **snapshot.marks.get(str(r.id), Marks()),
            **(Marks(possible=snapshot.possible[str(r.id)]) if str(r.id) in snapshot.possible else Marks()),
        }
        for _, r in placed[:limit]
    ]
    return paged(items, [order for order, _ in placed[:limit]], more=len(placed) > limit)


def entry(recorded: Recorded) -> RecordedEvent:
    """An event with all it says and what the log added."""
    return {
        "position": recorded.position,
        **cast(SentEvent, recorded.event.model_dump(mode="json", exclude_unset=True, exclude={"data"})),
        "version": recorded.version,
        "recorded_at": instant(recorded.recorded_at),
        "recorded_by": recorded.recorded_by,
        "data": cast(Said, recorded.event.data.model_dump(mode="json", exclude_unset=True)),
    }


def _by_target(revisions: Iterable[Recorded]) -> dict[str, list[ShownRevision]]:
    """Revisions by the id of the event they are about, in the order given."""
    marks: dict[str, list[ShownRevision]] = {}
    for recorded in revisions:
        target = target_of(recorded.event)
        if target is not None:
            data = recorded.event.data
            mark: ShownRevision = {
                "id": str(recorded.id),
                "type": recorded.type,
                "recorded_at": instant(recorded.recorded_at),
                "recorded_by": recorded.recorded_by,
                "by": getattr(data, "by", None) or getattr(data, "described", None),
                "reason": getattr(data, "reason", None) or getattr(data, "instead", None),
            }
            marks.setdefault(target, []).append(mark)
    return marks
