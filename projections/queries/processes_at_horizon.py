"""The processes as they are seen from a horizon that is not the present: folded one at a time, and none is held.

A page of the list by id folds as many as it shows. What is searched for, or must be found in them, takes a fold of each
process that can answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from domain import families
from domain.comparison import is_blank
from domain.errors import NotFound
from domain.event import instant
from domain.horizon import Horizon, seen_from
from domain.involvement import involved
from domain.place_names import names_of, places_told_of
from domain.places_within import places_in
from domain.processes import ProcessState, places
from domain.searching import Rank, matches
from domain.values import Subject
from projections.answers.status import ListedProcess
from projections.paging import Page, paged, read_cursor
from projections.queries.at_horizon import HorizonRequest, ProcessView, process_view
from projections.queries.process_lines import process_line
from projections.queries.snapshot import ProcessSnapshot
from projections.read_models.change_set import NOBODY
from projections.read_models.membership import ever_in
from projections.read_models.mentions import subjects_naming
from projections.read_models.process_list import ProcessFilter
from projections.read_models.revisions import ever_unified
from projections.read_models.subjects import names_in
from projections.read_models.timeline import all_of, opened_by
from projections.storage.tables import Transaction


def views(
    transaction: Transaction,
    now: datetime,
    request: HorizonRequest,
    first: str | None = None,
    among: Collection[str] | None = None,
) -> Iterator[ProcessView]:
    """The processes of which something is inside a horizon, by the ids that stay there, in their order.

    Args:
        transaction: a snapshot of the read models.
        now: the clock on the wall, where the horizon does not set it.
        request: the horizon.
        first: where to begin; None: with the first one.
        among: only of these ids; None: of all.
    """
    for path in opened_by(transaction, "processes", request.position):
        process = path.partition("/")[2]
        if (first is not None and process < first) or (among is not None and process not in among):
            continue
        try:
            view = process_view(transaction, process, now, request)
        except NotFound:
            continue
        if view.snapshot.process == process:  # otherwise it has given way, and comes under the id that stays
            yield view


def listed(
    transaction: Transaction,
    wanted: ProcessFilter,
    after: str | None,
    limit: int,
    now: datetime,
    request: HorizonRequest,
    look: Callable[[ProcessView], None] = lambda _: None,
) -> Page[ListedProcess]:
    """The processes at a horizon, in the order and with the cursors of the list of the present (`processes`).

    `updated` is the last event of it inside the horizon. Whoever shows more of each gives `look`, which is called with
    the view of each that is listed, and maybe of others, while it is at hand.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    among = naming_actor(transaction, wanted.actor, request.position) if wanted.actor is not None else None
    search = _Search(transaction, wanted, request.position)
    if not search.asked:
        last: str | None = read_cursor(after, str)[0] if after is not None else None
        lines: list[ListedProcess] = []
        for view in views(transaction, now, request, last, among):
            if view.snapshot.process != last and _is_wanted(view, wanted):
                lines.append(line_at(view))
                look(view)
                if len(lines) > limit:
                    break
        return paged(lines[:limit], [(line["process"],) for line in lines], more=len(lines) > limit)
    begin = read_cursor(after, int, str) if after is not None else None
    ranked: list[tuple[int, str, ListedProcess]] = []
    for view in views(transaction, now, request, None, among):
        rank = search.rank(view.snapshot) if _is_wanted(view, wanted) else None
        if rank is not None and (begin is None or (int(rank), view.snapshot.process) > begin):
            ranked.append((int(rank), view.snapshot.process, line_at(view)))
            look(view)
    ranked.sort(key=lambda one: one[:2])
    return paged([line for _, _, line in ranked[:limit]], [one[:2] for one in ranked], more=len(ranked) > limit)


def line_at(view: ProcessView) -> ListedProcess:
    """What the list shows of a process at a horizon."""
    snapshot = view.snapshot
    newest = max(snapshot.filed or snapshot.events.values(), key=lambda recorded: recorded.position)
    return process_line(
        snapshot.process,
        snapshot.states[snapshot.own],
        snapshot.heard or NOBODY,
        snapshot.last_heard,
        {"position": newest.position, "recorded_at": instant(newest.recorded_at)},
        followed=snapshot.followed,
    )


def naming_actor(transaction: Transaction, actor: str, position: int | None) -> set[str]:
    """The processes that may involve an actor: an event on something of theirs names it, or what it was joined with."""
    together = ever_unified(transaction)
    path = Subject(f"actors/{actor}")
    before = position + 1 if position is not None else 2**63 - 1
    naming = subjects_naming(transaction, together.get(path, (path,)), before)
    ids = {Subject(f"processes/{process}") for process, _ in ever_in(transaction, naming)}
    return {other.partition("/")[2] for process in ids for other in together.get(process, (process,))}


def _is_wanted(view: ProcessView, wanted: ProcessFilter) -> bool:
    """Whether a process answers all that is wanted but the search."""
    snapshot = view.snapshot
    own = snapshot.states[snapshot.own]
    stages = own.stage.values if isinstance(own, ProcessState) else ()
    if wanted.state is not None and (len(stages) < 2 if wanted.state == "contested" else wanted.state not in stages):
        return False
    if wanted.updated_after is not None and line_at(view)["updated"]["position"] <= wanted.updated_after:
        return False
    if not _takes_part(snapshot, wanted.actor, wanted.role):
        return False
    return wanted.finding is None or any(
        finding.rule == wanted.finding and finding.stands(int(view.now.timestamp())) for finding in view.findings()
    )


def _takes_part(snapshot: ProcessSnapshot, actor: str | None, role: str | None) -> bool:
    """Whether an actor (None: any) has a role in a process; without a role, whether it takes part at all."""
    if actor is None and role is None:
        return True
    path = Subject(f"actors/{actor}")
    stays = snapshot.joined.get(path, path).partition("/")[2] if actor is not None else None
    states = [state for state in snapshot.states.values() if state.opened]
    if role is None:
        return any(stays in involved(state) for state in states)
    return any(
        held.held and held.role.value == role and stays in (None, held.actor)
        for state in states
        for line in state.roles.values()
        for held in line.values
    )


class _Search:
    """What is looked for by words, in the names of processes and places as they were known at a position."""

    def __init__(self, transaction: Transaction, wanted: ProcessFilter, position: int | None) -> None:
        self._transaction, self._position = transaction, position
        self._q = wanted.q if wanted.q is not None and not is_blank(wanted.q) else None
        self._place = wanted.place if wanted.place is not None and not is_blank(wanted.place) else None
        self._names: dict[str, list[str]] = {}
        self.asked = self._q is not None or self._place is not None

    def rank(self, snapshot: ProcessSnapshot) -> Rank | None:
        """How well a process answers; None if it does not."""
        own = snapshot.states[snapshot.own]
        of_places = self._of_places(snapshot, own if isinstance(own, ProcessState) else ProcessState())
        by_name = matches(self._q, [*(label.text for label in own.labels), *of_places]) if self._q is not None else None
        by_place = matches(self._place, of_places) if self._place is not None else None
        if self._q is None:
            return by_place
        return by_name if self._place is None or by_place is not None else None

    def _of_places(self, snapshot: ProcessSnapshot, own: ProcessState) -> list[str]:
        """The names and codes of the places of a process."""
        names = {name for place in places(own) for name in names_of(place)}
        for event in (*snapshot.in_effect, *snapshot.held_reports):
            names |= {name for place in places_told_of(event) for name in names_of(place)}
        keys = {place.key for event in snapshot.in_effect for place in places_in(event.data)}
        for key in keys:
            if key.startswith("places/"):
                names.update(self._identified(key))
        return sorted(names)

    def _identified(self, path: str) -> list[str]:
        """The names and codes of a place that was identified."""
        if path not in self._names:
            place = Subject(path)
            together = ever_unified(self._transaction).get(place, (place,))
            seen = seen_from(Horizon(self._position), all_of(self._transaction, together))
            state = families.fold("places", seen.events.get(seen.joined.get(place, place), ()))
            self._names[path] = names_in(state)
        return self._names[path]
