"""Why a line says what it says: the reports it rests on, and what became of them; and any one event."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import Path, Query, Request
from starlette.responses import Response

from api.http.horizon import stated_of_all
from api.http.parameters import StrictRouter
from api.http.queries import ProcessPath
from api.http.question_routes import HORIZON, QuestionRoute
from api.pages.asked import Asked, AskedAt
from api.pages.horizon_form import horizon_form
from api.pages.look_ahead import moved
from api.pages.process import frame
from api.pages.rendering import page
from api.pages.sheets import PageSheet
from api.services.registry import Services
from api.wording import lines, words
from api.wording.explained_lines import REVISIONS, ExplainedLines, ReadRecord, cited_reports
from api.wording.homonyms import told_apart
from api.wording.language import say, speaking
from api.wording.values import Names
from domain.errors import NotFound
from domain.values import IN_NO_PROCESS
from domain.vocabulary import PAYLOADS
from projections.answers.changes import ChangesAnswer
from projections.queries import changes, status, subjects, subjects_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.queries.line_names import lines_in, matching
from projections.queries.preview import MOST_PROCESSES
from projections.storage.generations import ReadTransaction

router = StrictRouter(include_in_schema=False, route_class=QuestionRoute)


def record(services: Services, event: str | UUID) -> ReadRecord:
    """An event of the log, with what revises it.

    Raises:
        NotFound: no event has this id.
    """
    try:
        known = services.ledger.find(UUID(str(event)))
    except ValueError:
        known = None
    if known is None:
        raise NotFound("no event of this id was recorded: check the id")
    revisions = services.ledger.revisions_of(UUID(str(event)))
    return cast("ReadRecord", {**known, "revisions": revisions})


@router.get("/processes/{process}/why")
def explain_line(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    line: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """What a line rests on, or all lines by name."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown, _ = status.process_status(reading, process, now, asked.horizon)
        position, form = reading.position, horizon_form(asked, reading, process)
    known = lines_in(told_apart(shown))
    chosen = matching(line, known) if line.strip() else []
    if line.strip() and not chosen:
        raise NotFound(f"there is no such line in the status of this process: {len(known)} others are")
    with speaking(asked.language):
        names = Names.of_status(shown)
        sheet = PageSheet(lambda _, events: asked.link(f"/events/{events[0]}") if events else None, lambda *_: "")
        rest_on = [event for name in chosen for event in known[name]["events"]]
        page_of_lines = ExplainedLines(sheet, names, cited_reports(lambda e: record(asked.services, e), shown, rest_on))
        for name in chosen:
            page_of_lines.line(name, known[name])
        path = f"/processes/{quote(process)}/why"
        others = [(asked.link(path, line=name), _title(names, name), name) for name in (known if not chosen else ())]
        context: dict[str, Any] = {
            **frame(asked, shown, form, position),
            "explained": [(_title(names, section.key), section) for section in sheet.sections if section.key in known],
            "others": others,
            "all": asked.link(path, line=None),
            "subject": f"processes/{process}",
        }
    return page(asked, "why.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _title(names: Names, name: str) -> str:
    subject, _ = lines.split(name)
    title = lines.title(names, name)
    return f"{names.subject(subject)}: {title}" if subject else title


@router.get("/events/{event}")
def show_event(
    request: Request,
    event: Annotated[UUID, Path()],
    asked: AskedAt,
    recorded: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """One event as it was recorded, with what revises it, and where to go from it. Of a horizon only what was known
    counts: a report is what it is, whenever it occurred."""
    shown = _known_by(asked.horizon.position, record(asked.services, event))
    subject, now = shown["subject"], datetime.now(UTC)
    known = replace(asked.horizon, as_of=None, published_by=None)
    with asked.services.reading() as reading:
        about = _about(reading, subject, now, known)
        position = reading.position
        moves = _moves(reading, shown, about) if shown["type"] in REVISIONS else []
    actors = about["actors"] if about else {}
    with speaking(asked.language):
        context: dict[str, Any] = {
            "title": words.spoken(shown["type"]),
            "bar": words.horizon(stated_of_all(known, now)),
            "now": asked.here(**dict.fromkeys(HORIZON)),
            "event": shown,
            "recorded": recorded,
            "subject_name": words.label(about["labels"], subject) if about else words.clean(subject),
            "belongs": _belongs(asked, subject, about),
            "event_moves": [moved(asked, answer) for answer in moves],
            "changes": [
                asked.link(address, since=shown["position"] - 1, until=shown["position"])
                for address in _changes(subject, about)
            ],
            "said": _flat(shown["data"]),
            "revises": PAYLOADS[shown["type"]].revises,
            "gist": _gist(shown, actors),
            "sources": [words.source(source, actors) for source in _said(shown).get("sources", ())],
            "revisions": [
                {
                    "did": say(REVISIONS.get(one["type"], "revised")),
                    "when": words.moment(one["recorded_at"]),
                    "by": words.clean(one["recorded_by"]),
                    "why": words.clean(_said(one["data"]).get("reason") or _said(one["data"]).get("instead") or ""),
                    "address": asked.link(f"/events/{one['id']}"),
                    "replacement": _flat(_said(one["data"]).get("replacement") or {}),
                }
                for one in shown["revisions"]
            ],
            "target": _said(shown["data"]).get("event"),
            "json": orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode(),
            "position": position,
        }
    return page(asked, "event.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _known_by(position: int | None, event: ReadRecord) -> ReadRecord:
    """An event with those of its revisions that were known at a position; None: at present.

    Raises:
        NotFound: it was not recorded by then.
    """
    if position is None:
        return event
    if event["position"] > position:
        raise NotFound(
            f"this event was recorded at position {event['position']}, {event['recorded_at']}; "
            "ask for a later known_at or known_at_position"
        )
    return cast(
        "ReadRecord", {**event, "revisions": [one for one in event["revisions"] if one["position"] <= position]}
    )


def _about(reading: ReadTransaction, subject: str, now: datetime, known: HorizonRequest) -> Any:
    """The subject of an event, as it was known; None: the read models are behind the log."""
    with suppress(NotFound):
        if known != PRESENT:
            return subjects_at_horizon.subject_page(reading, subject, now, known)
        return subjects.subject_page(reading, subject)[0]
    return None


def _gist(event: Mapping[str, Any], actors: Mapping[str, Any]) -> str:
    """What an event says, in short; of a revision, why."""
    if not PAYLOADS[event["type"]].revises:
        return words.gist(event["data"], actors)
    return words.clean(event["data"].get("reason") or event["data"].get("instead") or "")


def _said(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value)


def _belongs(asked: Asked, subject: str, about: Any) -> list[tuple[str, str]]:
    """The pages that tell of the subject of an event: addresses and names."""
    family, _, identity = subject.partition("/")
    if family in IN_NO_PROCESS:
        return [(asked.link(f"/{family}/{quote(identity)}"), identity)]
    return [(asked.link(f"/processes/{quote(one)}"), one) for one in _of_processes(subject, about)]


def _of_processes(subject: str, about: Any) -> list[str]:
    """The processes that a subject belongs to."""
    family, _, identity = subject.partition("/")
    return [identity] if family == "processes" else list((about or {}).get("processes", ()))


def _changes(subject: str, about: Any) -> list[str]:
    return [f"/processes/{quote(one)}/changes" for one in _of_processes(subject, about)]


def _moves(reading: ReadTransaction, event: Mapping[str, Any], about: Any) -> list[ChangesAnswer]:
    """What a revision changed when it was recorded."""
    before, after = (HorizonRequest(position=event["position"] - back) for back in (1, 0))
    answers: list[ChangesAnswer] = []
    for process in _of_processes(event["subject"], about)[:MOST_PROCESSES]:
        with suppress(NotFound):  # the read models are behind the log
            answers.append(changes.changes(reading, process, before, after, datetime.now(UTC)))
    return answers


def _flat(value: Any, at: str = "") -> list[tuple[str, str]]:
    """What an event says, field by field: the name of each field in words, and what it holds."""
    match value:
        case dict():
            return [pair for name, inner in value.items() for pair in _flat(inner, f"{at} {name}".strip())]
        case list() if all(isinstance(inner, (str, int, float)) for inner in value):
            return [(words.field_name(at), words.listed(map(words.coded, value)))] if value else []
        case list():
            many = len(value) > 1
            return [
                pair for number, inner in enumerate(value, 1) for pair in _flat(inner, f"{at} {number}" if many else at)
            ]
        case None:
            return []
        case bool():
            return [(words.field_name(at), say("yes") if value else say("no"))]
        case int() | float():
            return [(words.field_name(at), words.number(value))]
        case _:
            return [(words.field_name(at), words.coded(value))]
