"""Single subjects and actors, and those of a process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from operator import itemgetter
from typing import cast

from domain.actors import shown_label
from domain.comparison import is_blank
from domain.errors import NotFound
from domain.general import SubjectState
from domain.joint_versions import JointVersion, added_up, joined_now
from domain.place_classes import own_codes
from domain.places import PlaceState
from domain.searching import matches, search_terms
from domain.values import SUBJECT_PATTERN, Subject
from projections import rendering
from projections.answers.explanations import ActorName
from projections.answers.lines import NearWords
from projections.answers.subjects import (
    ActorPage,
    CarryingSubject,
    ExplainedActor,
    ExplainedPlace,
    ExplainedSubject,
    Part,
    PlacePage,
    ReportOfPlace,
    ReportsOfPlace,
    RoleInProcess,
    RolesByProcess,
    SubjectPage,
)
from projections.paging import Page, page_of, paged, read_cursor, storable
from projections.queries import explanations, subjects_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest, process_view
from projections.queries.nearest import MOST_COMPARED, near_words
from projections.read_models import foreign_ids
from projections.read_models.ordering import display_order
from projections.read_models.place_meanings import descriptions_of, mentioned_in
from projections.read_models.revisions import (
    as_one,
    canonical_subjects,
    events_by_id,
    ever_unified,
    ids_of,
    revisions_of,
)
from projections.read_models.roles import subjects_with
from projections.read_models.subjects import actors_named, names_in, paths_of_family, states_of
from projections.read_models.timeline import version_of
from projections.read_models.upcoming import Reading, upcoming_on
from projections.renderer import Renderer
from projections.storage.tables import Transaction


def of_family(
    transaction: Transaction,
    process: str,
    family: str,
    request: HorizonRequest = PRESENT,
    after: str | None = None,
    limit: int | None = None,
) -> Page[SubjectPage]:
    """The subjects of one family that belong to a process, by id; without a limit as many as fit.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    view = process_view(transaction, process, None, request)
    mine = [(path, (path, state)) for path, state in view.snapshot.states.items() if path.startswith(f"{family}/")]
    mine.sort(key=itemgetter(0))
    return page_of(mine, lambda one: rendering.subject(Renderer(), *one), after, limit)


def actors_of(
    transaction: Transaction,
    process: str,
    request: HorizonRequest = PRESENT,
    after: str | None = None,
    limit: int | None = None,
) -> Page[SubjectPage]:
    """The actors with a role or a position in a process, each with its roles and positions there, by id; without a
    limit as many as fit.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    view = process_view(transaction, process, None, request)
    renderer = Renderer()
    mine: dict[str, Part] = {}

    def of(actor: str) -> Part:
        path = Subject(f"actors/{actor}")
        stays = view.snapshot.joined.get(path, path).partition("/")[2]
        return mine.setdefault(stays, {"roles": [], "positions": []})

    for path, state in view.snapshot.states.items():
        for line in rendering.roles(renderer, path, state):
            of(line["actor"])["roles"].append(line)
        for position in rendering.positions(renderer, path, state):
            of(position["actor"])["positions"].append(position)
        for actor in getattr(state, "between", ()):
            of(actor)
    names = view.named(sorted(mine))
    return page_of(
        [(actor, actor) for actor in sorted(mine) if actor in names],
        lambda actor: {**rendering.subject(Renderer(), f"actors/{actor}", names[actor]), **mine[actor]},
        after,
        limit,
    )


def subject_page(transaction: Transaction, path: str) -> tuple[ExplainedSubject, JointVersion]:
    """One subject of a family and its version, which is that of all streams that are one with it.

    Raises:
        NotFound: it was never opened.
    """
    stays, *others = as_one(path, canonical_subjects(transaction))
    state = states_of(transaction, [stays]).get(stays)
    if state is None:
        raise NotFound("there is no such subject")
    renderer = Renderer()
    shown = rendering.subject(renderer, stays, state)
    held = [report for report in upcoming_on(transaction, stays) if report.reading is not Reading.POSSIBLE]
    if held:
        shown["still_to_come"] = renderer.rests_on([report.event for report in held])
    if not state.opened and not any(report.opens for report in held):
        shown["withdrawn"] = True
    if others:
        shown["unified"] = sorted(others)
    answer: ExplainedSubject = {**shown, **explanations.at_present(transaction, renderer)}
    return answer, joint_version(transaction, Subject(path))


def joint_version(transaction: Transaction, subject: Subject) -> JointVersion:
    """The version of a subject, as the read models reflect it."""
    together = ever_unified(transaction).get(subject)
    if together is None:
        return JointVersion(version_of(transaction, subject))
    joined, joined_at = joined_now(subject, revisions_of(transaction, together))
    return JointVersion(added_up(joined, {path: version_of(transaction, path) for path in joined}), joined_at)


def actor_page(transaction: Transaction, actor: str) -> tuple[ExplainedActor, JointVersion]:
    """One actor: its names, kind and relations, and in which processes it holds which roles.

    Raises:
        NotFound: it was never identified.
    """
    shown, version = subject_page(transaction, f"actors/{actor}")
    joined = canonical_subjects(transaction)
    ids = [path.partition("/")[2] for path in as_one(f"actors/{actor}", joined)]
    places = subjects_with(transaction, ids)
    states = states_of(transaction, {path for _, path in places})
    renderer = Renderer()
    held: list[RoleInProcess] = [
        {"process": process, **role}
        for process, path in sorted({(ids_of(name, joined)[0], path) for name, path in places})
        for role in rendering.roles(renderer, path, states[Subject(path)])
        if role["actor"] in ids
    ]
    explained = explanations.at_present(transaction, renderer)
    shown["actors"] |= explained["actors"]
    shown["evidence"] |= explained["evidence"]
    by_process: RolesByProcess = {"processes": held}
    return cast(ExplainedActor, {**shown, **by_process}), version


def place_page(transaction: Transaction, place: str) -> tuple[ExplainedPlace, JointVersion]:
    """One place: its names, kind, point and codes, and what happened there.

    Raises:
        NotFound: it was never identified.
    """
    shown, version = subject_page(transaction, f"places/{place}")
    joined = canonical_subjects(transaction)
    stays = as_one(f"places/{place}", joined)[0]
    state = states_of(transaction, [stays])[stays]
    codes = own_codes(state.codes) if isinstance(state, PlaceState) else ()
    mentioned: set[tuple[str, str]] = set()
    for process, descriptions in descriptions_of(transaction, stays.partition("/")[2], codes).items():
        for mentions in mentioned_in(transaction, ids_of(process, joined), descriptions).values():
            mentioned |= {(event, process) for event in mentions}
    events = events_by_id(transaction, {event for event, _ in mentioned})
    ordered = sorted(mentioned, key=lambda one: (display_order(events[one[0]].event), one[1]), reverse=True)
    renderer = Renderer()
    reports: list[ReportOfPlace] = [
        {
            "process": process,
            "subject": as_one(events[event].subject, joined)[0],
            "type": events[event].event.type,
            "occurred": events[event].event.occurred,
            "event": renderer.rests_on([event])[0],
        }
        for event, process in ordered[: subjects_at_horizon.REPORTS_SHOWN]
    ]
    explained = explanations.at_present(transaction, renderer)
    shown["actors"] |= explained["actors"]
    shown["evidence"] |= explained["evidence"]
    there: ReportsOfPlace = {"reports": reports, "reports_total": len(mentioned)}
    return cast(ExplainedPlace, {**shown, **there}), version


def actor_seen(transaction: Transaction, actor: str, now: datetime, request: HorizonRequest) -> ExplainedActor:
    """One actor at a horizon, the present among them.

    Raises:
        NotFound: it was never identified, or not by then.
    """
    if request == PRESENT:
        return actor_page(transaction, actor)[0]
    return subjects_at_horizon.actor_page(transaction, actor, now, request)


def place_seen(transaction: Transaction, place: str, now: datetime, request: HorizonRequest) -> ExplainedPlace:
    """One place at a horizon, the present among them.

    Raises:
        NotFound: it was never identified, or not by then.
    """
    if request == PRESENT:
        return place_page(transaction, place)[0]
    return subjects_at_horizon.place_page(transaction, place, now, request)


def actors(
    transaction: Transaction,
    q: str | None,
    after: str | None,
    limit: int,
    now: datetime | None = None,
    request: HorizonRequest = PRESENT,
) -> Page[ActorPage]:
    """The actors, by id.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    return cast(Page[ActorPage], _listed_at(transaction, "actors", q, after, limit, now, request))


def places(
    transaction: Transaction,
    q: str | None,
    after: str | None,
    limit: int,
    now: datetime | None = None,
    request: HorizonRequest = PRESENT,
) -> Page[PlacePage]:
    """The places that were identified, by id; `q` is looked for in their names and codes.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    return cast(Page[PlacePage], _listed_at(transaction, "places", q, after, limit, now, request))


def _listed_at(
    transaction: Transaction,
    family: str,
    q: str | None,
    after: str | None,
    limit: int,
    now: datetime | None,
    request: HorizonRequest,
) -> Page[SubjectPage]:
    if request == PRESENT:
        return _listed(transaction, family, q, after, limit)
    return subjects_at_horizon.listed(transaction, family, q, after, limit, now or datetime.now(UTC), request)


def _listed(transaction: Transaction, family: str, q: str | None, after: str | None, limit: int) -> Page[SubjectPage]:
    last = read_cursor(after, str)[0] if after is not None else None
    terms = search_terms(q) if q is not None and not is_blank(q) else None
    listed: list[tuple[Subject, SubjectState]] = []
    while len(listed) <= limit and terms != frozenset():
        paths = paths_of_family(transaction, family, terms=terms or (), after=last, limit=limit + 1)
        states = states_of(transaction, paths)
        listed += [(p, states[p]) for p in paths if terms is None or matches(q or "", names_in(states[p])) is not None]
        if len(paths) <= limit:
            break
        last = paths[-1]
    items = [rendering.subject(Renderer(), path, state) for path, state in listed[:limit]]
    return paged(items, [(path,) for path, _ in listed], more=len(listed) > limit)


def actor_names(transaction: Transaction, ids: Iterable[str]) -> dict[str, ActorName]:
    """The names of actors, by their ids."""
    return {actor: {"label": shown_label(state)} for actor, state in actors_named(transaction, ids).items()}


def suggested(transaction: Transaction, families: Iterable[str], q: str, limit: int) -> list[SubjectPage]:
    """Subjects that have a text in their names or codes, for somebody who types it: so many of each family at most."""
    found: list[SubjectPage] = []
    for family in families:
        found += _listed(transaction, family, q, None, limit).items
        here = Subject(f"{family}/{q}")
        if all(page["subject"] != here for page in found) and re.fullmatch(SUBJECT_PATTERN, here):
            found += [rendering.subject(Renderer(), path, s) for path, s in states_of(transaction, [here]).items()]
    return found


def carrying(
    transaction: Transaction,
    scheme: str,
    number: str | None,
    after: str | None,
    limit: int,
    now: datetime | None = None,
    request: HorizonRequest = PRESENT,
) -> Page[CarryingSubject]:
    """What carries an id of another register, or any id of it (None): subjects, and events on them.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    if request != PRESENT:
        moment = now or datetime.now(UTC)
        return subjects_at_horizon.carrying(transaction, scheme, number, after, limit, moment, request)
    last = read_cursor(after, str, str, str) if after is not None else None
    rows = foreign_ids.carrying(
        transaction, storable(scheme), storable(number) if number is not None else None, last, limit + 1
    )
    states = states_of(transaction, {subject for _, subject, _, _ in rows[:limit]})
    items: list[CarryingSubject] = [
        {
            "scheme": scheme,
            "id": foreign_id,
            "subject": subject,
            "labels": rendering.labels(states[subject].labels),
            "of_event": not opens,
            "events": [event],
        }
        for foreign_id, subject, event, opens in rows[:limit]
    ]
    return paged(items, [row[:3] for row in rows], more=len(rows) > limit)


def near_ids(transaction: Transaction, scheme: str, number: str | None) -> NearWords:
    """What may have been meant by a register, or an id there, of which nothing carries one."""
    schemes = foreign_ids.schemes(transaction)
    near: NearWords = {}
    if scheme not in schemes:
        near = {"scheme": near_words(scheme, schemes)}
    elif number is not None:
        near = {"id": near_words(number, foreign_ids.numbers(transaction, scheme, MOST_COMPARED))}
    return {name: words for name, words in near.items() if words}
