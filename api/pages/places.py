"""Places: the list, one place with what happened there, and the map of a process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.http.queries import Cursor, ProcessPath
from api.pages.asked import Asked, AskedAt, AskedPage
from api.pages.horizon_form import horizon_form
from api.pages.lists import ON_PAGE, listing, of_process
from api.pages.map_layout import Spot, map_of
from api.pages.markup import fragments, plain
from api.pages.process import frame
from api.pages.rendering import page
from api.pages.tables import Cell, Table, download
from api.wording import values, words
from api.wording.language import phrase, say, speaking
from api.wording.marks import Fragment
from api.wording.values import Names
from domain.place_classes import RADIUS
from domain.places import PlacePoint
from domain.processes import Access
from domain.values import Label, Precision
from projections.answers.lines import Said, ShownLine, fields_of
from projections.answers.status import StatusAnswer
from projections.queries import subjects
from projections.queries.at_horizon import process_view
from projections.queries.map import MappedPlace, PlaceUse, ProcessMap, SaidOfPlace, process_map
from projections.queries.status import compose

router = APIRouter(include_in_schema=False)
MOST_LINES = 4
"""Lines of a label on the map; the table has all."""

USES = {
    PlaceUse.AREA: phrase("area of the process"),
    PlaceUse.NO_AREA: phrase("no area of the process any more"),
    PlaceUse.CONTROL: phrase("control"),
    PlaceUse.ACCESS: phrase("access"),
    PlaceUse.VENUE: phrase("venue of talks"),
    PlaceUse.FROM: phrase("convoy from here"),
    PlaceUse.TO: phrase("convoy to here"),
    PlaceUse.BY_WAY_OF: phrase("convoy by way of here"),
    PlaceUse.SEEN: phrase("convoy last seen here"),
}


def _where(point: Mapping[str, Any]) -> str:
    """Degrees, and how far from there the place may lie."""
    radius = RADIUS[Precision(point["precision"])]
    precision = words.coded(point["precision"])
    far = (
        say("{precision}: within about {number} km", precision=precision, number=words.number(radius))
        if radius is not None
        else precision
    )
    return f"{point['lat']:.4g}, {point['lon']:.4g} ({far})"


def _line(line: ShownLine[Any] | None, show: Any) -> list[str]:
    """What a line says, or all that it says if it is contested."""
    if line is None:
        return []
    if not line["contested"]:
        return [show(line["value"])]
    return [f"{words.coded('contested')}: {show(c['value'])}" for c in line["candidates"]]


def _point(said: Said) -> str:
    return _where(fields_of(said))


@router.get("/places")
def list_places(
    request: Request,
    asked: AskedPage,
    q: Annotated[str | None, Query(max_length=300)] = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `listing` reads it
) -> Response:
    """The places that were identified, by id."""
    with asked.services.reading() as reading:
        listed = subjects.places(reading, q or None, after or None, ON_PAGE)
    with speaking(asked.language):
        head = [say("Name"), say("Other names"), say("Kind"), say("Where"), say("Codes"), say("Within"), say("Id")]
        rows: list[list[Any]] = []
        for place in listed.items:
            identity = place["subject"].partition("/")[2]
            rows.append(
                [
                    Cell(words.label(place["labels"], identity), asked.link(f"/places/{quote(identity)}")),
                    words.listed(words.label([label]) for label in place["labels"][1:]),
                    words.listed(_line(place["kind"], words.coded)),
                    words.listed(_line(place["point"], _point)),
                    words.listed(_code(code) for code in place["codes"]),
                    [_of_place(asked, within) for within in _line(place["within"], str)],
                    words.clean(identity),
                ]
            )
        context = {
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
    asked: AskedPage,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """A place: its names, where it lies, and what happened there."""
    with asked.services.reading() as reading:
        shown, _ = subjects.place_page(reading, place)
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
        names = [
            words.label([label])
            + (f" ({say('used by {who}', who=words.claimed_by(used, shown['actors']))})" if used else "")
            for label in shown["labels"]
            for used in [str(dict(label).get("used_by") or "")]
        ]
        total = say("{shown} of {total}", shown=words.number(len(rows)), total=words.number(shown["reports_total"]))
        within = [fragments([words.clean(one)]) for one in _line(shown["within"], str)]
        context: dict[str, Any] = {
            "title": words.label(shown["labels"], place),
            "facts": [
                (say("Names, each as somebody uses it"), names),
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


# --- the map of a process -------------------------------------------------------------------------------------


@router.get("/processes/{process}/map")
def show_map(request: Request, process: ProcessPath, asked: AskedAt, format: str | None = None) -> Response:  # noqa: ARG001
    """Its places with their precision as area or ring, and access and control by claimant."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        view = process_view(reading, process, now, asked.horizon)
        shown, mapped = compose(view), process_map(reading, view)
        form, position = horizon_form(asked, reading, process), reading.position
    with speaking(asked.language):
        names = Names.of_status(shown)
        head = [
            say("Place"),
            say("Where"),
            say("What it is here"),
            say("What is said"),
            say("As of"),
            say("Who says so"),
        ]
        rows = [row for place in mapped.places for row in _rows(asked, names, place)]
        table = Table(head, rows, say("Places"))
        if (file := download(asked, table, f"{process}-map")) is not None:
            return file
        context = {
            **frame(asked, shown, form, position),
            "drawing": _drawing(asked, names, mapped, shown),
            "nowhere": [_named(place) for place in mapped.places if not place.points],
            "table": table,
        }
    return page(asked, "map.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _labels(labels: Iterable[Label]) -> list[dict[str, Any]]:
    return [label.model_dump(mode="json", exclude_none=True) for label in labels]


def _named(place: MappedPlace) -> str:
    return words.label(_labels(place.labels), f"places/{place.id}" if place.id else place.key)


def _drawing(asked: Asked, names: Names, mapped: ProcessMap, shown: StatusAnswer) -> Any:
    """The map; None if no report says where any of its places lies."""
    spots = [_spot(asked, names, place, point) for place in mapped.places for point in place.points]
    title = say("Map of {name}", name=words.label(shown["labels"], shown["process"]))
    km = plain(say("{number} km", number="{number}"))
    return map_of(title, spots, (route.keys for route in mapped.routes), km) if spots else None


def _spot(asked: Asked, names: Names, place: MappedPlace, point: PlacePoint) -> Spot:
    name = plain(_named(place))
    told = [
        plain("".join(map(_text, _said(names, one))) + _by(names, one))
        for one in place.said
        if one.access or one.control
    ]
    other = list(dict.fromkeys(plain(say(USES[one.use])) for one in place.said if not (one.access or one.control)))
    lines = [name, *told[: MOST_LINES - 1]] if told else [name]
    if len(told) >= MOST_LINES:
        lines[-1] = plain(say("and more: see the table"))
    event = next((one.events[0] for one in place.said), None)
    link = f"/places/{quote(place.id)}" if place.id else f"/events/{event}" if event else None
    alert = any(
        one.contested or (one.access is not None and one.access.access in (Access.CLOSED, Access.BESIEGED))
        for one in place.said
    )
    where = plain(_where(point.model_dump(mode="json")))
    said = "; ".join([name, where, *told, *other])
    return Spot(
        place.key, point.lat, point.lon, point.precision, lines, asked.link(link) if link else None, said, alert
    )


def _text(part: Fragment) -> str:
    return part if isinstance(part, str) else part[0]


def _by(names: Names, said: SaidOfPlace) -> str:
    who = words.listed(names.claimant(one) for one in said.claimants)
    return f" ({who})" if who else ""


def _said(names: Names, said: SaidOfPlace) -> list[Fragment]:
    """What is said of a place, in short."""
    if said.access is not None:
        access = said.access
        state = say("partly open") if access.access is Access.PARTLY else words.coded(access.access.value)
        parts: list[Fragment] = [] if not access.planned else [values.tag(access.modality.value), " "]
        whom = say(" for {whom}", whom=words.clean(access.for_whom)) if access.for_whom else ""
        return [*parts, state + whom]
    if said.control is not None:
        return [say("held by {who}", who=names.named(said.control.holders))]
    return [words.coded(said.stage)] if said.stage else []


def _rows(asked: Asked, names: Names, place: MappedPlace) -> list[list[Any]]:
    name = Cell(_named(place), asked.link(f"/places/{quote(place.id)}")) if place.id else _named(place)
    where = words.listed(_where(point.model_dump(mode="json")) for point in place.points) or say("not said")
    return [
        [
            name,
            where,
            say(USES[one.use]),
            Cell(fragments([*([values.tag("contested"), " "] if one.contested else []), *_said(names, one)])),
            words.when(one.occurred) if one.occurred else "",
            Cell(
                words.listed(names.claimant(claimant) for claimant in one.claimants) or say("not said"),
                asked.link(f"/events/{one.events[-1]}") if one.events else None,
            ),
        ]
        for one in place.said
    ]
