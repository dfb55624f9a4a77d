"""One process: its first screen, from any horizon, with the reason of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import ProcessPath
from api.http.question_routes import HORIZON, QuestionRoute
from api.pages.asked import Asked, AskedAt
from api.pages.horizon_form import HorizonForm, horizon_form
from api.pages.rendering import page
from api.pages.sheets import PageSheet
from api.wording import open_questions, status_page, words
from api.wording.language import grouped, say, speaking
from api.wording.values import Names
from projections.answers.status import StatusAnswer
from projections.queries import status
from projections.queries.line_names import lines_in

router = StrictRouter(include_in_schema=False, route_class=QuestionRoute)

ORDER = (
    "due",
    "overdue",
    "later",
    "risk",
    "truce",
    "incidents",
    "obligations",
    "talks",
    "positions",
    "proposals",
    "roles",
    "bodies",
    "figures",
    "registers",
    "unknown",
    "agreements",
    "control",
    "access",
    "instruments",
    "convoys",
    "statements",
    "findings",
    "gone",
    "changes",
)
"""The sections in the order of the first screen; what else there is stands after them."""


@router.get("/processes/{process}")
def show_process(request: Request, process: ProcessPath, asked: AskedAt) -> Response:
    """Where a process stands."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        position = reading.position
        form = horizon_form(asked, reading, process)
    with speaking(asked.language):
        context = {**frame(asked, shown, form, position), **status_context(asked, shown, position)}
    return page(asked, "process.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def frame(asked: Asked, shown: StatusAnswer, form: HorizonForm | None, position: int) -> dict[str, Any]:
    """What stands around every page of one process: its name, the other pages, the horizon."""
    process = quote(shown["process"])
    pages = (
        ("", say("Where it stands")),
        ("/history", say("History")),
        ("/changes", say("Changes")),
        ("/compare", say("Before and after")),
        ("/timeline", say("Timeline")),
        ("/map", say("Map")),
        ("/figures", say("Figures")),
        ("/obligations", say("Obligations")),
        ("/report", say("Report")),
    )
    no_horizon = dict.fromkeys(HORIZON)
    return {
        "title": words.label(shown["labels"], shown["process"]),
        "process": process,
        "pages": [
            (asked.link(f"/processes/{process}{path}", **(no_horizon if path == "/changes" else {})), name, path)
            for path, name in pages
        ],
        "bar": words.horizon(shown["horizon"]),
        "form": form,
        "pinned": asked.here(known_at_position=position) if asked.horizon.position is None else None,
        "now": asked.link(f"/processes/{process}", **no_horizon),
        "position": position,
        "live": f"/v1/events?process={process}&after={position}" if asked.at_present else None,
        "newer": asked.link(f"/processes/{process}/newer", after=position),
    }


def status_context(asked: Asked, shown: StatusAnswer, position: int, *, reasons: bool = True) -> dict[str, Any]:
    """The lines of a status, section by section."""
    sheet = drawn(asked, shown, position, reasons=reasons)
    sections = sheet.by_key()
    order = [sections[key] for key in ORDER if key in sections]
    legend = sheet.sections[-1].entries if not sheet.sections[-1].key else []
    return {
        "top": sheet.top.entries,
        "sections": [section for section in order if section.entries],
        "empty": [section for section in order if not section.entries],
        "legend": legend,
        "known": grouped(position),
    }


def drawn(asked: Asked, shown: StatusAnswer, position: int, *, reasons: bool = True) -> PageSheet:
    """The status on a sheet, each line with the address of its reason, unless it goes to paper."""
    names = lines_in(shown)
    by_line = {id(line): name for name, line in names.items()}
    by_events: dict[tuple[str, ...], str] = {}
    for name, line in names.items():
        by_events.setdefault(tuple(line["events"]), name)
    path = asked.link(f"/processes/{quote(shown['process'])}/why")
    path += "&line=" if "?" in path else "?line="
    evidence = shown["evidence"]

    def reason(of: Mapping[str, Any] | None, events: Sequence[str]) -> str | None:
        if not events or not reasons:
            return None
        name = by_line.get(id(of)) or by_events.get(tuple(events))
        if name is None and of is not None:
            name = by_events.get((*events, *of.get("answered_by", ())))
        return path + quote(name) if name else asked.link(f"/events/{events[0]}")

    def date(of: Mapping[str, Any] | None, events: Sequence[str]) -> str:
        occurred = of.get("occurred") if of else None
        if occurred is None and events and events[-1] in evidence:
            occurred = evidence[events[-1]]["occurred"]
        return words.when(occurred) if occurred else ""

    sheet = PageSheet(reason, date)
    status_page.draw(shown, sheet, position=position)
    open_questions.put(sheet, Names.of_status(shown), shown, names)
    return sheet
