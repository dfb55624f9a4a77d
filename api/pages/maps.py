"""Maps: the places of a process with what is said of them, and the areas of all processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import ProcessPath
from api.http.question_routes import CostlyRoute
from api.pages.asked import Asked, AskedAt
from api.pages.drawing_files import download_drawing
from api.pages.horizon_form import horizon_form
from api.pages.map_layer import NAMED, BadLayer, Layer, layer_of
from api.pages.map_layout import Map, Spot, map_of
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
from projections.answers.status import StatusAnswer
from projections.queries.at_horizon import process_view
from projections.queries.map import MappedPlace, PlaceUse, ProcessMap, SaidOfPlace, process_map
from projections.queries.status import compose

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)
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
    PlaceUse.INCIDENT: phrase("incident"),
}


def where(point: Mapping[str, Any]) -> str:
    """Degrees, and how far from there the place may lie."""
    radius = RADIUS[Precision(point["precision"])]
    precision = words.coded(point["precision"])
    far = (
        say("{precision}: within about {number} km", precision=precision, number=words.number(radius))
        if radius is not None
        else precision
    )
    at = words.clean(f"{point['lat']:.4g}, {point['lon']:.4g}")
    return f"{at} ({far})"


@router.get("/processes/{process}/map")
def show_map(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    format: str | None = None,  # noqa: ARG001  `download` reads it
    drawing: str | None = None,  # noqa: ARG001
) -> Response:
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
        made = _drawing(asked, names, mapped, shown)
        drawings = [made.drawing] if made is not None else []
        if file := download_drawing(asked, drawings, f"{process}-map") or download(asked, table, f"{process}-map"):
            return file
        context = {
            **frame(asked, shown, form, position),
            "map": made,
            "nowhere": [_named(place) for place in mapped.places if not place.points],
            "table": table,
        }
    return page(asked, "map.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _labels(labels: Iterable[Label]) -> list[dict[str, Any]]:
    return [label.model_dump(mode="json", exclude_none=True) for label in labels]


def _named(place: MappedPlace) -> str:
    return words.label(_labels(place.labels), f"places/{place.id}" if place.id else place.key)


def _drawing(asked: Asked, names: Names, mapped: ProcessMap, shown: StatusAnswer) -> Map | None:
    """The map; None if no report says where any of its places lies."""
    spots = [_spot(asked, names, place, point) for place in mapped.places for point in place.points]
    title = say("Map of {name}", name=words.label(shown["labels"], shown["process"]))
    return _laid_out(asked, title, spots, [route.keys for route in mapped.routes])


def _laid_out(asked: Asked, title: str, spots: Sequence[Spot], ways: Iterable[Sequence[str]] = ()) -> Map | None:
    if not spots:
        return None
    km = plain(say("{number} km", number="{number}"))
    layer, fault = _layer(asked)
    made = map_of(title, spots, ways, km, asked.language.direction, layer.ways if layer is not None else ())
    if layer is not None:
        whose = {name: words.clean(getattr(layer, name)) for name in NAMED}
        return replace(
            made, below=say("Drawn below in grey: {source}, {date}, {licence}. It is none of ours.", **whose)
        )
    return (
        replace(made, below=say("The layer of the operator cannot be drawn: {why}", why=words.clean(fault)))
        if fault
        else made
    )


def _layer(asked: Asked) -> tuple[Layer | None, str]:
    """The layer that the operator has loaded, and why it cannot be drawn."""
    path = asked.services.settings.map_layer
    if path is None:
        return None, ""
    try:
        return layer_of(path), ""
    except BadLayer as reason:
        return None, str(reason)


def areas_map(asked: Asked, areas: Mapping[str, Iterable[MappedPlace]], names: Mapping[str, str]) -> Map | None:
    """The areas of several processes on one map, each with a link to its process; None if nobody says where any lies.

    Args:
        asked: what the page was asked with.
        areas: of each process.
        names: of the processes.
    """
    spots = [
        Spot(
            f"{process} {place.key}",
            point.lat,
            point.lon,
            point.precision,
            list(dict.fromkeys([names[process], _named(place)])),
            asked.link(f"/processes/{quote(process)}"),
            plain("; ".join([names[process], _named(place), where(point.model_dump(mode="json"))])),
        )
        for process, places in areas.items()
        for place in places
        for point in place.points
    ]
    return _laid_out(asked, say("Map of all processes"), spots)


def _spot(asked: Asked, names: Names, place: MappedPlace, point: PlacePoint) -> Spot:
    name = _named(place)
    told = [
        "".join(map(_text, _said(names, one))) + _by(names, one)
        for one in place.said
        if one.access or one.control or one.act
    ]
    other = list(dict.fromkeys(say(USES[one.use]) for one in place.said if one.use in ELSEWHERE))
    lines = [name, *told[: MOST_LINES - 1]] if told else [name]
    if len(told) >= MOST_LINES:
        lines[-1] = say("and more: see the table")
    event = next((one.events[0] for one in place.said), None)
    link = f"/places/{quote(place.id)}" if place.id else f"/events/{event}" if event else None
    shut = (Access.CLOSED, Access.BESIEGED)
    alert = any(one.contested or (one.access is not None and one.access.access in shut) for one in place.said)
    at = where(point.model_dump(mode="json"))
    return Spot(
        place.key,
        point.lat,
        point.lon,
        point.precision,
        lines,
        asked.link(link) if link else None,
        plain("; ".join([name, at, *told, *other])),
        alert,
        incidents=any(one.act for one in place.said),
    )


ELSEWHERE = frozenset(PlaceUse) - {PlaceUse.CONTROL, PlaceUse.ACCESS, PlaceUse.INCIDENT}
"""What a label only names; of the others it says more."""


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
    if said.act is not None:
        on = say(", {date}", date=words.when(said.occurred)) if said.occurred else ""
        return [f"{words.coded(said.act)}{on}"]
    return [words.coded(said.stage)] if said.stage else []


def _rows(asked: Asked, names: Names, place: MappedPlace) -> list[list[Any]]:
    name = Cell(_named(place), asked.link(f"/places/{quote(place.id)}")) if place.id else _named(place)
    at = words.listed(where(point.model_dump(mode="json")) for point in place.points) or say("not said")
    return [
        [
            name,
            at,
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
