"""Places: the list, and one place with what happened there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query, Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import Cursor
from api.http.question_routes import QuestionRoute
from api.pages.asked import Asked, AskedAt
from api.pages.horizon_form import form_of_all, form_of_subject, not_news, travelling
from api.pages.lists import ON_PAGE, by_name, listing, names_used, of_process
from api.pages.maps import where
from api.pages.markup import fragments
from api.pages.tables import Cell, Table
from api.wording import words
from api.wording.language import say, speaking
from projections.answers.lines import Said, ShownLine, fields_of
from projections.queries import subjects

router = StrictRouter(include_in_schema=False, route_class=QuestionRoute)


def _line(line: ShownLine[Any] | None, show: Any) -> list[str]:
    """What a line says, or all that it says if it is contested."""
    if line is None:
        return []
    if not line["contested"]:
        return [show(line["value"])]
    return [f"{words.coded('contested')}: {show(c['value'])}" for c in line["candidates"]]


def _point(said: Said) -> str:
    return where(fields_of(said))


@router.get("/places")
def list_places(
    request: Request,
    asked: AskedAt,
    q: Annotated[str | None, Query(max_length=300)] = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `listing` reads it
) -> Response:
    """The places that were identified, by id."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        listed = subjects.places(reading, q or None, after or None, ON_PAGE, now, asked.horizon)
        form, position = form_of_all(asked, reading), reading.position
    with speaking(asked.language):
        head = [say("Name"), say("Other names"), say("Kind"), say("Where"), say("Codes"), say("Within"), say("Id")]
        rows: list[list[Any]] = []
        for place in listed.items:
            identity = place["subject"].partition("/")[2]
            rows.append(
                [
                    *by_name(asked, place),
                    words.listed(_line(place["kind"], words.coded)),
                    words.listed(_line(place["point"], _point)),
                    words.listed(_code(code) for code in place["codes"]),
                    [_of_place(asked, within) for within in _line(place["within"], str)],
                    words.clean(identity),
                ]
            )
        context = {
            **travelling(asked, form, now, position),
            "note": not_news(asked),
            "search": ("q", say("Name or code"), q or ""),
            "intro": say(
                "Places to which somebody gave an id. Most reports name a place in words; a search of the processes "
                "finds these, too."
            ),
        }
        return listing(request, asked, "places", Table(head, rows, say("Places")), context, listed.next)


def _code(code: Said) -> str:
    of = fields_of(code)
    return f"{words.clean(of['scheme'])} {words.clean(of['value'])}"


def _of_place(asked: Asked, place: str) -> Cell:
    return Cell(words.clean(place), asked.link(f"/places/{quote(place)}"))


@router.get("/places/{place}")
def show_place(
    request: Request,
    place: Annotated[str, Path(max_length=64)],
    asked: AskedAt,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """A place: its names, where it lies, and what happened there."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown = subjects.place_seen(reading, place, now, asked.horizon)
        form, position = form_of_subject(asked, reading, f"places/{place}", shown["evidence"]), reading.position
    with speaking(asked.language):
        head = [say("When it occurred"), say("What is reported"), say("Process"), say("Who says so")]
        rows: list[list[Any]] = [
            [
                words.when(report["occurred"]) if report["occurred"] else "",
                Cell(words.spoken(report["type"]), asked.link(f"/events/{report['event']}")),
                of_process(asked, report["process"]),
                words.grounds([one for one in [shown["evidence"].get(report["event"])] if one], shown["actors"]),
            ]
            for report in shown["reports"]
        ]
        total = say("{shown} of {total}", shown=words.number(len(rows)), total=words.number(shown["reports_total"]))
        within = [fragments([words.clean(one)]) for one in _line(shown["within"], str)]
        context: dict[str, Any] = {
            **travelling(asked, form, now, position),
            "title": words.label(shown["labels"], place),
            "facts": [
                (say("Names, each as somebody uses it"), names_used(shown)),
                (say("Kind"), _line(shown["kind"], words.coded)),
                (say("Where"), _line(shown["point"], _point)),
                (say("Codes"), [_code(code) for code in shown["codes"]]),
                (say("Within"), within),
                (say("Description"), _line(shown["description"], words.clean)),
                (say("Id"), [words.clean(place)]),
                (say("Reports"), [total] if len(rows) < shown["reports_total"] else []),
            ],
            "more": [
                (asked.link(f"/places/{quote(one)}"), say("Within: {place}", place=words.clean(one)))
                for one in _line(shown["within"], str)
                if shown["within"] is not None and not shown["within"]["contested"]
            ],
        }
        return listing(request, asked, f"place-{place}", Table(head, rows, say("What happened there")), context)
