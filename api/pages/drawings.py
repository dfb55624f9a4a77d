"""Drawings of a process, each with a table of the same rows: its timeline, its figures, its obligations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import Cursor, ProcessPath
from api.http.question_routes import CostlyRoute
from api.pages.asked import Asked, AskedAt
from api.pages.date_words import as_edtf
from api.pages.drawing_files import download_drawing
from api.pages.horizon_form import horizon_form
from api.pages.layout import Drawing, DrawnRow, Mark, laid_out, number_ticks, span_of, time_ticks
from api.pages.markup import fragments, plain
from api.pages.process import drawn, frame
from api.pages.rendering import page
from api.pages.tables import Cell, Table, download
from api.wording import homonyms, values, words
from api.wording.event_parts import told
from api.wording.finding_sentences import measured
from api.wording.language import say, speaking
from api.wording.values import Names
from domain.edtf import When
from domain.errors import BadCursor
from domain.event import dates_in
from domain.vocabulary import PAYLOADS
from projections.answers.figures import FigureSeries, SeriesClaim
from projections.answers.lines import fields_of
from projections.answers.obligations import LedgerSide, OwedObligation
from projections.answers.status import StatusAnswer
from projections.queries import history, status

if TYPE_CHECKING:
    from api.wording.event_parts import PrintedEvent

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)
ON_PAGE = 150


@router.get("/processes/{process}/timeline")
def show_timeline(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    since: Annotated[str | None, Query(max_length=64)] = None,
    until: Annotated[str | None, Query(max_length=64)] = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `download` reads it
    drawing: str | None = None,  # noqa: ARG001
) -> Response:
    """When it happened and when we heard: a day, a month, an open end drawn as what it is."""
    bounds = [_bound(name, text) for name, text in (("since", since), ("until", until))]
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        listed = history.history(reading, process, after or None, ON_PAGE, request=asked.horizon)
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        form, position = horizon_form(asked, reading, process), reading.position
    with speaking(asked.language):
        rows = [
            row
            for entry in listed.items
            if entry.get("occurred") and _within(entry.get("occurred"), *bounds)
            for row in _event_rows(asked, cast("PrintedEvent", entry), shown)
        ]
        head = [say("When it occurred"), say("What is reported"), say("When it was published"), say("How firm")]
        table = Table(head, [list(row.cells) for row in rows], say("Timeline"))
        drawings = [laid_out(say("Timeline"), rows, time_ticks, asked.language.direction)] if rows else []
        name = f"{process}-timeline"
        if file := download_drawing(asked, drawings, name) or download(asked, table, name):
            return file
        context = {
            **frame(asked, shown, form, position),
            "drawings": drawings,
            "table": table,
            "next": asked.here(after=listed.next) if listed.next else None,
            "since": since or "",
            "until": until or "",
        }
    return page(asked, "timeline.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _bound(name: str, text: str | None) -> When | None:
    try:
        return When(as_edtf(text)) if text and text.strip() else None
    except ValueError as reason:
        raise BadCursor.at(name, str(reason)) from None


def _within(occurred: str | None, since: When | None, until: When | None) -> bool:
    """Whether a date may lie in a period."""
    low, high, _ = span_of(occurred)
    after_begin = since is None or high is None or high >= since.span.earliest
    return after_begin and (until is None or low is None or low <= until.span.latest)


def _event_rows(asked: Asked, event: PrintedEvent, shown: StatusAnswer) -> Iterable[DrawnRow]:
    """When an event occurred and was published; of a plan, also when it is to be."""
    data: Mapping[str, Any] = fields_of(event["data"])
    said = fragments(list(told(event, shown["actors"])))
    label = f"{words.spoken(event['type'])}: {words.gist(data, shown['actors'])}"
    link = asked.link(f"/events/{event['id']}")
    published = next((one for source in event.get("sources", ()) if (one := fields_of(source).get("published"))), None)
    modality = data.get("modality")
    hollow = modality in ("announced", "possible")
    low, high, rough = span_of(event.get("occurred"))
    heard = span_of(published)[0]
    when, known = words.when(event.get("occurred")), words.when(published) if published else say("not said")
    firm = words.coded(modality or "actual") if not rough else say("approximate or uncertain")
    cells = (when, Cell(said, link, say("open")), known, firm)
    yield DrawnRow(label, Mark(low, high, hollow, rough, heard), link, plain(f"{when}: {label}"), cells)
    payload = PAYLOADS[event["type"]].model_validate_json(orjson.dumps(data))
    for _, date in dates_in(payload) if payload.is_plan else ():
        low, high, rough = span_of(str(date))
        then = words.when(str(date))
        yield DrawnRow(
            f"{words.coded('planned')}: {label}",
            Mark(low, high, hollow=True, rough=rough),
            link,
            plain(f"{then}: {label}"),
            (then, Cell(said, link, say("open")), known, words.coded("planned")),
        )


# --- figures --------------------------------------------------------------------------------------------------


@router.get("/processes/{process}/figures")
def show_figures(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    format: str | None = None,  # noqa: ARG001
    drawing: str | None = None,  # noqa: ARG001
) -> Response:
    """All newest claims as ranges on one axis for each series: never a sum, never a mean."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        form, position = horizon_form(asked, reading, process), reading.position
    with speaking(asked.language):
        names = Names.of_status(shown)
        series = [*shown["figures"], *(count for register in shown["enrolments"] for count in register["counts"])]
        drawings = [_series(asked, names, one) for one in homonyms.told_apart(series)]
        head = [say("Figure"), say("Who says so"), say("How many"), say("As of"), say("At least"), say("At most")]
        table = Table(head, [list(row.cells) for _, rows in drawings for row in rows], say("Figures"))
        name = f"{process}-figures"
        made = [one for one, _ in drawings]
        if file := download_drawing(asked, made, name) or download(asked, table, name):
            return file
        context = {
            **frame(asked, shown, form, position),
            "drawings": [(one, each["contested"]) for one, each in zip(made, series, strict=True)],
            "table": table,
        }
    return page(asked, "figures.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _series(asked: Asked, names: Names, series: FigureSeries) -> tuple[Drawing, list[DrawnRow]]:
    area = words.listed(homonyms.area(series)) if series["area"] else say("area not stated")
    scope = f"; {words.clean(series['scope'])}" if series["scope"] else ""
    title = f"{measured(series['measure'])} ({words.coded(series['counting'])}): {area}{scope}"
    rows = [_claim(asked, names, series, title, claim, assessed=False) for claim in series["claims"]]
    rows += [_claim(asked, names, series, title, claim, assessed=True) for claim in series["assessed"]]
    return laid_out(title, rows, number_ticks, asked.language.direction), rows


def _claim(
    asked: Asked, names: Names, series: FigureSeries, title: str, claim: SeriesClaim, *, assessed: bool
) -> DrawnRow:
    who = names.claimant(claim["claimant"])
    if assessed:
        who = say("assessed by {who}", who=who)
    amount, as_of = words.quantity(claim, series["unit"]), words.when(claim["as_of"])
    said = fragments(values.claim(claim, series["unit"]))
    link = asked.link(f"/events/{claim['events'][0]}") if claim["events"] else None
    low, high, value = claim["low"], claim["high"], claim["value"]
    if low is None and value is not None and claim["qualifier"] in ("up to",):
        low = 0.0
    mark = Mark(low, high, rough=claim["qualifier"] in ("about", "several"))
    label = say("{who}: {amount}, {date}", who=who, amount=amount, date=as_of)
    at_most = words.number(high) if high is not None else say("no bound")
    cells = (title, who, Cell(said, link, say("open")), as_of, words.number(low), at_most)
    return DrawnRow(label, mark, link, plain(label), cells)


# --- obligations ----------------------------------------------------------------------------------------------


@router.get("/processes/{process}/obligations")
def show_obligations(request: Request, process: ProcessPath, asked: AskedAt, format: str | None = None) -> Response:  # noqa: ARG001
    """Who owes whom, side by side, with who says how far it is kept."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        form, position = horizon_form(asked, reading, process), reading.position
    with speaking(asked.language):
        names = Names.of_status(shown)
        head = [
            say("Who owes"),
            say("What"),
            say("To whom"),
            say("By when"),
            say("How far it is kept"),
            say("Who says so"),
        ]
        rows = [_owed(asked, names, side, line) for side in shown["obligations"] for line in side["owes"]]
        table = Table(head, rows, say("Obligations"))
        if (file := download(asked, table, f"{process}-obligations")) is not None:
            return file
        section = drawn(asked, shown, position).by_key()["obligations"]
        context = {
            **frame(asked, shown, form, position),
            "sides": section.entries,
            "aside": section.aside,
            "table": table,
        }
    return page(asked, "obligations.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _owed(asked: Asked, names: Names, side: LedgerSide, line: OwedObligation) -> list[Any]:
    agreed, score = line["agreed"], line["score"]
    terms: Mapping[str, Any] = fields_of(agreed["value"]) if agreed and agreed["value"] else {}
    marks = [values.tag("kept"), " "] if line["kept"] else [values.tag("overdue"), " "] if line["overdue"] else []
    if score is None:
        kept = [*marks, say("not assessed")]
    elif score["contested"]:
        kept = [*marks, values.tag("contested")]
        for candidate in score["candidates"]:
            kept += [" ", *values.score(fields_of(candidate["value"])), f" ({names.grounds(candidate['events'])})", ";"]
    else:
        kept = [*marks, *values.score(fields_of(cast("Any", score["value"])))]
    events = [*(agreed["events"] if agreed else []), *(score["events"] if score else [])]
    return [
        names.actor(side["side"]) if side["side"] else say("Debtor not said"),
        words.clean(terms.get("text", line["obligation"])),
        names.named(terms.get("beneficiary") or ()),
        words.when(terms["deadline"]) if terms.get("deadline") else "",
        Cell(fragments(kept)),
        Cell(names.grounds(events), asked.link(f"/events/{events[0]}") if events else None),
    ]
