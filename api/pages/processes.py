"""The list of processes: search, filters, and what needs attention first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import Cursor
from api.http.question_routes import QuestionRoute
from api.pages.asked import Asked, AskedAt
from api.pages.drawing_files import download_drawing
from api.pages.horizon_form import form_of_all, travelling
from api.pages.maps import areas_map
from api.pages.rendering import page
from api.pages.tables import Table, download
from api.wording import last_heard, words
from api.wording.language import say, speaking
from api.wording.rules import rule
from domain.errors import BadCursor
from domain.findings.rules import REPLACED, RULES
from domain.general_codes import Role
from projections.answers.status import ListedProcess
from projections.queries.overview import overview
from projections.read_models.process_list import ProcessFilter

router = StrictRouter(include_in_schema=False, route_class=QuestionRoute)
STATES = ("open", "suspended", "resumed", "ended", "contested")
ON_PAGE = 100


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A process in the list."""

    id: str
    address: str
    name: str
    process: str
    state: str
    since: str
    contested: bool
    areas: str
    heard: str
    archive: str
    """Says so, if it is not followed."""
    overdue: int


@router.get("/")
@router.get("/processes")
def list_processes(
    request: Request,
    asked: AskedAt,
    q: Annotated[str | None, Query(max_length=300)] = None,
    place: Annotated[str | None, Query(max_length=300)] = None,
    actor: Annotated[str | None, Query(max_length=64)] = None,
    role: str | None = None,
    state: str | None = None,
    finding: str | None = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `download` reads it
    drawing: str | None = None,  # noqa: ARG001
) -> Response:
    """The processes that the filters leave. What has gone past its date stands first; by id within that."""
    filters = _filter(q, place, actor, role, state, finding)
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        seen = overview(reading, filters, after or None, ON_PAGE, now, asked.horizon)
        form, position = form_of_all(asked, reading), reading.position
    listed, clock = seen.page, asked.horizon.clock() or now
    with speaking(asked.language):
        lines = [_line(asked, entry, seen.overdue.get(entry["process"], 0), clock) for entry in listed.items]
        if filters == ProcessFilter():  # a search is ordered by how well it answers
            lines.sort(key=lambda line: (not line.contested, not line.overdue))
        made = areas_map(asked, seen.areas, {line.id: line.name for line in lines})
        drawings = [made.drawing] if made is not None else []
        if file := download_drawing(asked, drawings, "processes") or download(asked, _table(lines), "processes"):
            return file
        context: dict[str, Any] = {
            **travelling(asked, form, now, position),
            "title": say("Processes"),
            "lines": lines,
            "map": made,
            "next": asked.here(after=listed.next) if listed.next else None,
            "filters": {"q": q, "place": place, "actor": actor, "role": role, "state": state, "finding": finding},
            "filtered": filters != ProcessFilter(),
            "roles": [(one.value, words.coded(one.value)) for one in Role],
            "states": [(one, words.coded(one)) for one in STATES],
            "rules": [(one, rule(one)) for one in RULES],
            "position": position,
            "live": f"/v1/events?after={position}" if asked.at_present else None,
        }
    return page(asked, "processes.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _filter(
    q: str | None, place: str | None, actor: str | None, role: str | None, state: str | None, finding: str | None
) -> ProcessFilter:
    """The filters of the form; an empty field filters nothing.

    Raises:
        BadCursor: a choice is none of those offered.
    """
    for name, value, known in (
        ("role", role, [one.value for one in Role]),
        ("state", state, STATES),
        ("finding", finding, RULES),
    ):
        if value and value not in known:
            raise BadCursor.at(name, REPLACED.get(value) or "choose one of " + ", ".join(known))
    return ProcessFilter(
        q=q or None,
        place=place or None,
        actor=actor or None,
        role=role or None,
        state=state or None,
        finding=finding or None,
        updated_after=None,
    )


def _line(asked: Asked, entry: ListedProcess, overdue: int, now: datetime) -> ListedLine:
    state, heard = entry["state"], entry["last_heard"]
    contested = state is not None and state["contested"]
    stands = words.coded("contested" if contested or state is None else state["value"])
    if state is not None and state.get("possible"):
        stands = f"[{words.coded('possibly')}] {stands}"
    return ListedLine(
        id=entry["process"],
        address=asked.link(f"/processes/{quote(entry['process'])}"),
        name=words.label(entry["labels"], entry["process"]),
        process=words.clean(entry["process"]),
        state=stands,
        since=words.since(state["since"]) if state else "",
        contested=contested,
        areas=words.listed(map(words.clean, entry["areas"])),
        heard=last_heard.told(heard, last_heard.publisher, now) if heard["on"] else say("date not said"),
        archive=last_heard.archive(entry["followed"]),
        overdue=overdue,
    )


def _table(lines: list[ListedLine]) -> Table:
    head = [say("Process"), say("Name"), say("State"), say("Since"), say("Places"), say("Last heard"), say("Overdue")]
    rows: list[list[Any]] = [
        [line.process, line.name, line.state, line.since, line.areas, line.heard, line.overdue] for line in lines
    ]
    return Table(head, rows)
