"""Queries of single subjects: a round of talks, an agreement, a convoy, a register, an actor, a place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query

from api.http.horizon import At, stated_of_all
from api.http.parameters import POSITION_HEADER, Fresh, StrictRouter
from api.http.problems import problems
from api.http.queries import POSITION, Cursor, Limit, ask
from api.http.question_routes import QuestionRoute
from api.http.responses import JSON, Responses, answer
from api.http.schemas import examples
from api.http.schemas.from_types import AnswerType
from api.services.registry import Services
from domain.codings import LONGEST_ID, SCHEME_PATTERN
from domain.ids import ID_PATTERN
from projections.answers.subjects import (
    ActorAnswer,
    ActorsAnswer,
    AgreementAnswer,
    CarryingAnswer,
    ConvoyAnswer,
    EnrolmentAnswer,
    IdentifiedPlaceAnswer,
    PlacesAnswer,
    RoundAnswer,
)
from projections.queries import subjects, subjects_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.storage.generations import ReadTransaction

router = StrictRouter(prefix="/v1", tags=["subjects"], route_class=QuestionRoute)

SubjectId = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the subject within its family.")]
ActorPath = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the actor.", examples=["eleven-groups"])]


def page_of(name: str, example: Mapping[str, object]) -> Mapping[str, object]:
    """A page of a list, as an example."""
    return {name: [example], "next": examples.NEXT, "horizon": examples.HORIZON}


def described(example: Mapping[str, object], schema: AnswerType) -> Responses:
    """What an operation on one subject may answer."""
    headers = {
        **POSITION,
        "ETag": "The version of the subject, of all streams that are one with it: send it back as "
        "`If-Match` with an append.",
    }
    return {
        **answer(
            "The subject.",
            {**example, "actors": {}, "evidence": {}, "horizon": examples.HORIZON},
            schema,
            headers=headers,
        ),
        **problems(400, 404, 503),
    }


def read_subject(services: Services, path: str, asked: HorizonRequest) -> JSON:
    """One subject. Its ETag is its version: send it back as `If-Match` with an append. At a horizon it has none."""
    now = datetime.now(UTC)
    if asked != PRESENT:
        return ask(services, lambda reading: {**_past(reading, path, now, asked), "horizon": stated_of_all(asked, now)})
    with services.reading() as reading:
        family, _, identity = path.partition("/")
        shown: Mapping[str, object]
        match family:
            case "actors":
                shown, version = subjects.actor_page(reading, identity)
            case "places":
                shown, version = subjects.place_page(reading, identity)
            case _:
                shown, version = subjects.subject_page(reading, path)
        headers = {POSITION_HEADER: str(reading.position), "ETag": version.tag}
    # It is never 304: names of actors and roles on other subjects are joined in, and the version does not cover them.
    return JSON({**shown, "horizon": stated_of_all(asked, now)}, headers=headers)


def _past(reading: ReadTransaction, path: str, now: datetime, asked: HorizonRequest) -> Mapping[str, object]:
    family, _, identity = path.partition("/")
    match family:
        case "actors":
            return subjects_at_horizon.actor_page(reading, identity, now, asked)
        case "places":
            return subjects_at_horizon.place_page(reading, identity, now, asked)
        case _:
            return subjects_at_horizon.subject_page(reading, path, now, asked)


@router.get("/talks/{id}", summary="A round of talks", responses=described(examples.ROUND, RoundAnswer))
def read_round(id: Annotated[SubjectId, Path(examples=["eastern-kalamun-truce"])], services: Fresh, asked: At) -> JSON:
    """Its state, plan, attendance and outcome, with the events each line rests on."""
    return read_subject(services, f"talks/{id}", asked)


@router.get("/agreements/{id}", summary="An agreement", responses=described(examples.AGREEMENT, AgreementAnswer))
def read_agreement(id: Annotated[SubjectId, Path(examples=["roadblock-checks"])], services: Fresh, asked: At) -> JSON:
    """Its state, signatures, term and obligations, with the events each line rests on."""
    return read_subject(services, f"agreements/{id}", asked)


@router.get("/convoys/{id}", summary="A convoy", responses=described(examples.CONVOY, ConvoyAnswer))
def read_convoy(id: Annotated[SubjectId, Path(examples=["russian-aid"])], services: Fresh, asked: At) -> JSON:
    """Its whereabouts, clearances and deliveries, with the events each line rests on."""
    return read_subject(services, f"convoys/{id}", asked)


@router.get("/enrolments/{id}", summary="A register", responses=described(examples.ENROLMENT, EnrolmentAnswer))
def read_enrolment(
    id: Annotated[SubjectId, Path(examples=["reconciliation-participants"])],
    services: Fresh,
    asked: At,
) -> JSON:
    """Its tracks and state, with the events each line rests on."""
    return read_subject(services, f"enrolments/{id}", asked)


@router.get(
    "/subjects",
    summary="What carries an id of another register",
    responses={
        **answer(
            "A page of what carries it.",
            {**page_of("subjects", examples.CARRYING), "near": {}},
            CarryingAnswer,
            headers=POSITION,
        ),
        **problems(400, 503),
    },
)
def list_carrying(
    services: Fresh,
    asked: At,
    scheme: Annotated[
        str,
        Query(pattern=SCHEME_PATTERN, description="The register, as events name it.", examples=["pa-x-agreement"]),
    ],
    id: Annotated[str | None, Query(max_length=LONGEST_ID, description="The id there, letter by letter.")] = None,
    after: Cursor = None,
    limit: Limit = 100,
) -> JSON:
    """Subjects that carry an id of another register, and incidents and violations that do; without `id` all of it."""
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> CarryingAnswer:
        page = subjects.carrying(reading, scheme, id, after, limit, now, asked)
        is_empty = not page.items and after is None and asked == PRESENT
        near = subjects.near_ids(reading, scheme, id) if is_empty else {}
        return {"subjects": page.items, "next": page.next, "near": near, "horizon": stated_of_all(asked, now)}

    return ask(services, question)


@router.get(
    "/actors",
    summary="The actors",
    responses={
        **answer(
            "A page of actors.",
            page_of("actors", examples.ACTOR),
            ActorsAnswer,
            headers=POSITION,
        ),
        **problems(400, 503),
    },
)
def list_actors(
    services: Fresh,
    asked: At,
    q: Annotated[str | None, Query(max_length=300, description="Part of a name.")] = None,
    after: Cursor = None,
    limit: Limit = 100,
) -> JSON:
    """Actors by id, each with its names, kind and relations."""
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> ActorsAnswer:
        page = subjects.actors(reading, q, after, limit, now, asked)
        return {"actors": page.items, "next": page.next, "horizon": stated_of_all(asked, now)}

    return ask(services, question)


@router.get("/actors/{id}", summary="An actor", responses=described({**examples.ACTOR, "processes": []}, ActorAnswer))
def read_actor(id: ActorPath, services: Fresh, asked: At) -> JSON:
    """Its names and relations, and in which processes it holds which roles."""
    return read_subject(services, f"actors/{id}", asked)


@router.get(
    "/places",
    summary="The places that were identified",
    responses={
        **answer(
            "A page of places.",
            page_of("places", examples.PLACE),
            PlacesAnswer,
            headers=POSITION,
        ),
        **problems(400, 503),
    },
)
def list_places(
    services: Fresh,
    asked: At,
    q: Annotated[str | None, Query(max_length=300, description="Part of a name or a code.")] = None,
    after: Cursor = None,
    limit: Limit = 100,
) -> JSON:
    """Places by id, each with its names, kind, point, codes and the place that contains it."""
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> PlacesAnswer:
        page = subjects.places(reading, q, after, limit, now, asked)
        return {"places": page.items, "next": page.next, "horizon": stated_of_all(asked, now)}

    return ask(services, question)


@router.get(
    "/places/{id}",
    summary="A place",
    responses=described({**examples.PLACE, "reports": [], "reports_total": 0}, IdentifiedPlaceAnswer),
)
def read_place(
    id: Annotated[str, Path(pattern=ID_PATTERN, description="Id of the place.", examples=["jarut"])],
    services: Fresh,
    asked: At,
) -> JSON:
    """What is known of it, and what happened there."""
    return read_subject(services, f"places/{id}", asked)
