"""Errors as pages, for those who accept HTML; everybody else gets the problem itself."""

from __future__ import annotations

import difflib
import re
from typing import Any
from urllib.parse import quote, unquote

import orjson
from fastapi import Request
from starlette.responses import Response

from api.http.negotiation import accepted
from api.http.problems import NotAcceptable, ProblemAnswer
from api.http.question_routes import HORIZON
from api.pages.asked import Asked, address, language_of, sent
from api.pages.rendering import page
from api.services.registry import Services
from api.wording import words
from api.wording.language import say, speaking
from projections.queries import processes, subjects
from projections.read_models.process_list import ProcessFilter

HTML = "text/html"
MOST_NEAR = 5
MOST_FOUND = 20
FAMILIES = ("processes", "actors", "places")
"""Those whose subjects have pages of their own."""


def as_page(request: Request, problem: ProblemAnswer) -> Response:
    """A problem as its reader wants it."""
    try:
        if accepted(request.headers.get("accept"), (ProblemAnswer.media_type, "application/json", HTML)) != HTML:
            return problem
    except NotAcceptable:
        return problem
    services: Services | None = getattr(request.app.state, "services", None)
    if services is None:
        return problem
    language = language_of(request.query_params.get("lang"), request.headers.get("accept-language"))
    query = sent(request)
    at_present = {name: value for name, value in query.items() if name not in (*HORIZON, "after")}
    not_there = problem.status_code == 404
    asked = Asked(services, language, request.url.path, query if not_there else at_present)
    body: dict[str, Any] = orjson.loads(problem.body)
    with speaking(language):
        context = {
            "title": _title(problem.status_code),
            "status": problem.status_code,
            "detail": words.clean(body["detail"]),
            "faults": [
                (
                    words.clean(fault.get("parameter") or fault.get("pointer") or fault.get("header") or ""),
                    words.clean(fault["detail"]),
                )
                for fault in body["errors"]
            ],
            "near": _near(asked) if not_there else [],
            "at_present": address(quote(asked.path), {**at_present}) if at_present != query else None,
            "retry": body["retry"],
            "request_id": body.get("request_id"),
        }
    headers = {name: value for name, value in problem.headers.items() if name in ("retry-after", "allow")}
    encoding = request.headers.get("accept-encoding", "")
    return page(asked, "error.html", context, status=problem.status_code, accept_encoding=encoding, headers=headers)


def _title(status: int) -> str:
    match status:
        case 404:
            return say("There is nothing at this address")
        case 503:
            return say("Not to be had at this moment")
        case _ if status < 500:
            return say("This cannot be answered as it was asked")
        case _:
            return say("Something went wrong here")


def _near(asked: Asked) -> list[tuple[str, str]]:
    """What has words of an address in its names, the most alike first: addresses and names."""
    family, _, rest = asked.path.strip("/").partition("/")
    text = unquote(rest.partition("/")[0])[:100]
    family = family if family in FAMILIES else "processes"
    words_in = [word for word in re.split(r"[\W_]+", text) if len(word) > 1][:MOST_NEAR]
    with asked.services.reading() as reading:
        found = {
            one["subject"]: one["labels"]
            for query in [text.replace("-", " "), *words_in]
            for one in subjects.suggested(reading, [family], query, MOST_FOUND)
        }
        if not found and family == "processes":
            first = processes.processes(reading, ProcessFilter(), None, MOST_FOUND).items
            found = {f"processes/{entry['process']}": entry["labels"] for entry in first}

    def likeness(path: str) -> float:
        return difflib.SequenceMatcher(None, path.partition("/")[2], text).ratio()

    others = (path for path in found if f"/{path}" != asked.path)  # what is there, but not inside a horizon
    nearest = sorted(others, key=likeness, reverse=True)[:MOST_NEAR]
    return [(asked.link(f"/{quote(path)}"), words.label(found[path], path)) for path in nearest]
