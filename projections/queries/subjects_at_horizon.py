"""Single subjects, actors and places as they are seen from a horizon that is not the present.

What belongs to no process, actors and places, is cut by position only: names are not news.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import cast

from domain import families
from domain.comparison import is_blank
from domain.errors import NotFound
from domain.event import Event, Recorded, instant
from domain.findings.reports import ForeignKey
from domain.general import SubjectState
from domain.horizon import Horizon, Seen, seen_from
from domain.place_classes import Code, own_codes
from domain.places import PlaceState
from domain.places_within import places_in
from domain.searching import matches, search_terms
from domain.values import IN_NO_PROCESS, Subject
from projections import rendering
from projections.answers.explanations import Evidence, Explained, Marks
from projections.answers.subjects import (
    CarryingSubject,
    ExplainedActor,
    ExplainedPlace,
    ExplainedSubject,
    ReportOfPlace,
    ReportsOfPlace,
    RoleInProcess,
    RolesByProcess,
    SubjectPage,
)
from projections.paging import Page, paged, read_cursor, storable
from projections.queries import explanations
from projections.queries.actors_seen import actors_seen, with_actors
from projections.queries.at_horizon import HorizonRequest, ProcessView
from projections.queries.processes_at_horizon import naming_actor, views
from projections.read_models import foreign_ids
from projections.read_models.ordering import Order, display_order
from projections.read_models.revisions import as_one, ever_unified, marks_of
from projections.read_models.subjects import names_in
from projections.read_models.timeline import all_of, opened_by
from projections.read_models.zone_reports import zones_of_others
from projections.renderer import Renderer
from projections.storage.tables import Transaction

REPORTS_SHOWN = 200
"""Reports of a place in one answer; `reports_total` counts all."""


# --- what bears on a subject


def seen_alone(transaction: Transaction, paths: Iterable[Subject], now: datetime, request: HorizonRequest) -> Seen:
    """What is known of subjects of one family, and of those that they were ever joined with, at a horizon."""
    together = ever_unified(transaction)
    subjects = {other for path in paths for other in together.get(path, (path,))}
    log = all_of(transaction, sorted(subjects))
    unified = all_of(transaction, [path for path in together if path.startswith("actors/")])
    if any(path.startswith("actors/") for path in subjects):
        return actors_seen({r.position: r for r in (*log, *unified)}.values(), request.position)
    actors = actors_seen(unified, request.position)
    if any(path.partition("/")[0] in IN_NO_PROCESS for path in subjects):
        return with_actors(seen_from(Horizon(request.position), log), actors.joined)
    by_position = {r.position: r for r in (*log, *zones_of_others(transaction, log))}
    return with_actors(seen_from(request.horizon_at(now), by_position.values()), actors.joined)


def beyond_dates(transaction: Transaction, paths: Iterable[str], request: HorizonRequest) -> set[str]:
    """The events on subjects that are beyond the dates of a horizon, by their ids; names are not news."""
    if not request.horizon.bounded:
        return set()
    together, looked_at, beyond = ever_unified(transaction), set[Subject](), set[str]()
    for path in map(Subject, paths):
        subjects = together.get(path, (path,))
        if path in looked_at or path.partition("/")[0] in IN_NO_PROCESS:
            continue
        looked_at |= {*subjects}
        log = all_of(transaction, sorted(subjects))
        by_position = {r.position: r for r in (*log, *zones_of_others(transaction, log))}
        beyond |= {str(event) for event in seen_from(request.horizon, by_position.values()).outside}
    return beyond


@dataclass(frozen=True, slots=True)
class SeenSubject:
    """One subject at a horizon."""

    path: Subject
    """By which it stays."""
    state: SubjectState
    seen: Seen
    recorded: dict[str, Recorded]
    """All events on it that were recorded by then, by id."""

    def evidence(self, ids: Iterable[str]) -> dict[str, Evidence]:
        """What its lines rest on, as it reads at the horizon."""
        shown: dict[str, Evidence] = {}
        for event_id in ids:
            if (recorded := self.recorded.get(event_id)) is None:
                continue
            standing = self.seen.standings.get(recorded.event.id)
            if standing is not None and standing.event is not None:
                recorded = replace(recorded, event=standing.event.on(recorded.subject))
            marks = marks_of(standing) if standing is not None and standing.revised else Marks()
            shown[event_id] = rendering.evidence(recorded, marks, self.seen.possible.get(recorded.event.id))
        return shown


def seen_subject(transaction: Transaction, path: str, now: datetime, request: HorizonRequest) -> SeenSubject:
    """One subject at a horizon.

    Raises:
        NotFound: it was never opened, or nothing of it is inside the horizon.
    """
    subject = Subject(path)
    log = all_of(transaction, ever_unified(transaction).get(subject, (subject,)))
    if not any(recorded.subject == subject for recorded in log):
        raise NotFound("there is no such subject")
    seen = seen_alone(transaction, [subject], now, request)
    stays = seen.joined.get(subject, subject)
    held = any(event.id in seen.held for event in seen.lending.get(stays, ()))
    if stays not in seen.events and stays not in seen.withdrawn and not held:
        raise NotFound(
            "nothing of this subject is inside the horizon: its first event was recorded at position "
            f"{log[0].position}, {instant(log[0].recorded_at)}; ask for a later known_at, published_by or as_of"
        )
    return SeenSubject(stays, state_in(seen, stays), seen, {recorded.key: recorded for recorded in log})


def state_in(seen: Seen, path: Subject) -> SubjectState:
    """The state of a subject that stays."""
    return families.fold(path.partition("/")[0], seen.events.get(path, ()))


# --- one subject


def subject_page(transaction: Transaction, path: str, now: datetime, request: HorizonRequest) -> ExplainedSubject:
    """One subject of a family at a horizon, as `subjects.subject_page` gives it at present.

    Raises:
        NotFound: it was never opened, or nothing of it is inside the horizon.
    """
    return _page_of(transaction, seen_subject(transaction, path, now, request), request)


def _page_of(transaction: Transaction, subject: SeenSubject, request: HorizonRequest) -> ExplainedSubject:
    renderer, seen = Renderer(), subject.seen
    shown = rendering.subject(renderer, subject.path, subject.state)
    ahead = sorted(
        (seen.upcoming[event_id].first, str(event_id)) for event_id in seen.held if str(event_id) in subject.recorded
    )
    held = [event_id for _, event_id in ahead if _is_on(subject, event_id)]
    if held:
        shown["still_to_come"] = renderer.rests_on(held)
    if not subject.state.opened and not any(subject.recorded[event_id].event.data.opens for event_id in held):
        shown["withdrawn"] = True
    if others := as_one(subject.path, seen.joined)[1:]:
        shown["unified"] = sorted(others)
    explained: Explained = {
        "actors": explanations.actor_labels_at(transaction, renderer.actors, request.position),
        "evidence": subject.evidence(renderer.events),
    }
    return {**shown, **explained}


def _is_on(subject: SeenSubject, event_id: str) -> bool:
    on = subject.recorded[event_id].subject
    return subject.seen.joined.get(on, on) == subject.path


def actor_page(transaction: Transaction, actor: str, now: datetime, request: HorizonRequest) -> ExplainedActor:
    """One actor at a horizon: its names, kind and relations, and in which processes it held which roles.

    Raises:
        NotFound: it was never identified, or not by then.
    """
    subject = seen_subject(transaction, f"actors/{actor}", now, request)
    shown = _page_of(transaction, subject, request)
    ids = {path.partition("/")[2] for path in as_one(subject.path, subject.seen.joined)}
    renderer, held, evidence = Renderer(), list[RoleInProcess](), dict[str, Evidence]()
    for view in views(transaction, now, request, among=naming_actor(transaction, actor, request.position)):
        of_view = Renderer()
        held += _roles(of_view, view, ids)
        for of_actor in of_view.actors:
            renderer.actor(of_actor)
        evidence |= _evidence(view, of_view.events)
    shown["actors"] |= explanations.actor_labels_at(transaction, renderer.actors, request.position)
    shown["evidence"] |= evidence
    by_process: RolesByProcess = {"processes": held}
    return cast(ExplainedActor, {**shown, **by_process})


def _roles(renderer: Renderer, view: ProcessView, ids: set[str]) -> Iterator[RoleInProcess]:
    """The roles of an actor in a process, of each subject in which it holds one."""
    for path, state in sorted(view.snapshot.states.items()):
        holds = (one.held and one.actor in ids for line in state.roles.values() for one in line.values)
        if state.opened and any(holds):
            for role in rendering.roles(renderer, path, state):
                if role["actor"] in ids:
                    yield {"process": view.snapshot.process, **role}


def _evidence(view: ProcessView, ids: Iterable[str]) -> dict[str, Evidence]:
    found = view.lookup(ids)
    marks = view.became_of(found)
    return {event: rendering.evidence(recorded, marks.get(event)) for event, recorded in found.items()}


# --- one place


@dataclass(frozen=True, slots=True)
class _Mention:
    """A report that describes a place, in one process."""

    order: Order
    process: str
    subject: Subject
    event: str
    recorded: Recorded
    marks: Marks


def place_page(transaction: Transaction, place: str, now: datetime, request: HorizonRequest) -> ExplainedPlace:
    """One place at a horizon: its names, kind, point and codes, and what happened there. Each process is folded.

    Raises:
        NotFound: it was never identified, or not by then.
    """
    subject = seen_subject(transaction, f"places/{place}", now, request)
    shown = _page_of(transaction, subject, request)
    codes = own_codes(subject.state.codes) if isinstance(subject.state, PlaceState) else frozenset()
    mentions = sorted(
        _mentions_of(views(transaction, now, request), subject.path, codes),
        key=lambda mention: (mention.order, mention.process),
        reverse=True,
    )
    of_shown = mentions[:REPORTS_SHOWN]
    reports: list[ReportOfPlace] = [
        {
            "process": mention.process,
            "subject": mention.subject,
            "type": mention.recorded.event.type,
            "occurred": mention.recorded.event.occurred,
            "event": mention.event,
        }
        for mention in of_shown
    ]
    shown["evidence"] |= {m.event: rendering.evidence(m.recorded, m.marks) for m in of_shown}
    there: ReportsOfPlace = {"reports": reports, "reports_total": len(mentions)}
    return cast(ExplainedPlace, {**shown, **there})


def _mentions_of(seen: Iterable[ProcessView], path: Subject, own: Iterable[Code]) -> list[_Mention]:
    """The reports of a place: those that mean it in their process, and those that give a code of its own which no
    other identified place has (`place_meanings.descriptions_of`)."""
    having: defaultdict[Code, set[tuple[str, str]]] = defaultdict(set)
    mentions: dict[tuple[str, str], dict[str, _Mention]] = {}
    for view in seen:
        process, coded = view.snapshot.process, set[str]()
        for code, key in view.snapshot.drawn.codes:
            having[code].add((process, key))
            coded.add(key)
        for event in view.snapshot.in_effect:
            for key in {place.key for place in places_in(event.data)} & {path, *coded}:
                mentions.setdefault((process, key), {})[event.key] = _mention(view, event)
    mean = {(process, key) for process, key in mentions if key == path}
    for code in {*own, *(code for code, keys in having.items() if any(key == path for _, key in keys))}:
        keys = having[code]
        if not any(key.startswith("places/") and key != path for _, key in keys):
            mean |= keys & mentions.keys()
    by_event = {(process, event): m for process, key in mean for event, m in mentions[process, key].items()}
    return list(by_event.values())


def _mention(view: ProcessView, event: Event) -> _Mention:
    recorded = view.snapshot.events[event.key]
    marks = view.became_of([event.key]).get(event.key, Marks())
    return _Mention(display_order(recorded.event), view.snapshot.process, event.subject, event.key, recorded, marks)


# --- lists


def listed(
    transaction: Transaction,
    family: str,
    q: str | None,
    after: str | None,
    limit: int,
    now: datetime,
    request: HorizonRequest,
) -> Page[SubjectPage]:
    """The actors or the places that were known at a horizon, by id; only as many are folded as a page needs.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, str)[0] if after is not None else ""
    searched = q is not None and not is_blank(q)
    paths = [path for path in opened_by(transaction, family, request.position) if path > last]
    if searched and not search_terms(q or ""):
        paths = []
    lines: list[tuple[Subject, SubjectState]] = []
    for some in (paths[at : at + limit + 1] for at in range(0, len(paths), limit + 1)):
        seen = seen_alone(transaction, some, now, request)
        for path in some:
            if path in seen.joined or (path not in seen.events and path not in seen.withdrawn):
                continue
            state = state_in(seen, path)
            if not searched or matches(q or "", names_in(state)) is not None:
                lines.append((path, state))
        if len(lines) > limit:
            break
    items = [rendering.subject(Renderer(), path, state) for path, state in lines[:limit]]
    return paged(items, [(path,) for path, _ in lines], more=len(lines) > limit)


def carrying(
    transaction: Transaction,
    scheme: str,
    number: str | None,
    after: str | None,
    limit: int,
    now: datetime,
    request: HorizonRequest,
) -> Page[CarryingSubject]:
    """What carried an id of another register at a horizon, or any id of it (None): subjects, and events on them.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, str, str, str) if after is not None else None
    together, register = ever_unified(transaction), storable(scheme)
    ever = foreign_ids.ever_identified(
        transaction, register, storable(number) if number is not None else None, last[0] if last is not None else None
    )
    known: dict[frozenset[Subject], tuple[Seen, Carried]] = {}
    page: list[tuple[tuple[str, str, str], Event, Seen]] = []
    for foreign_id, named in groupby(ever, key=lambda pair: pair[0]):
        carriers: list[tuple[tuple[str, str, str], Event, Seen]] = []
        for group in {together.get(path, frozenset((path,))) for _, path in named}:
            if group not in known:
                seen = seen_alone(transaction, group, now, request)
                known[group] = (seen, _carried(seen, group))
            seen, carried = known[group]
            events = carried.get((register, foreign_id), ())
            carriers += [((foreign_id, event.subject, event.key), event, seen) for event in events]
        page += sorted((one for one in carriers if last is None or one[0] > last), key=lambda one: one[0])
        if len(page) > limit:
            break
    items: list[CarryingSubject] = [
        {
            "scheme": scheme,
            "id": foreign_id,
            "subject": subject,
            "labels": rendering.labels(state_in(seen, event.subject).labels),
            "of_event": not event.data.opens,
            "events": [key],
        }
        for (foreign_id, subject, key), event, seen in page[:limit]
    ]
    return paged(items, [key for key, _, _ in page], more=len(page) > limit)


Carried = dict[ForeignKey, list[Event]]
"""The events that give ids of other registers, by id."""


def _carried(seen: Seen, subjects: Collection[Subject]) -> Carried:
    carried: defaultdict[ForeignKey, list[Event]] = defaultdict(list)
    for subject, events in seen.events.items():
        for event in events if subject in subjects else ():
            for key in {one.key for one in foreign_ids.ids_in(event)} if foreign_ids.carries_ids(event) else ():
                carried[key].append(event)
    return dict(carried)
