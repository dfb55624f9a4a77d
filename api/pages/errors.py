"""Errors as pages, for those who accept HTML; everybody else gets the problem itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Request
from starlette.responses import Response

from api.http.negotiation import accepted
from api.http.problems import NotAcceptable, ProblemAnswer
from api.pages.asked import Asked, language_of, sent
from api.pages.rendering import page
from api.services.registry import Services
from api.wording import words
from api.wording.language import say, speaking
from projections.queries import processes
from projections.read_models.process_list import ProcessFilter

HTML = "text/html"
MOST_NEAR = 5


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
    asked = Asked(services, language, request.url.path, sent(request))
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
            "near": _near(asked) if problem.status_code == 404 else [],
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
    """Processes that have the words of an address in their names: addresses and names."""
    text = asked.path.removeprefix("/processes/").partition("/")[0].replace("-", " ").strip()[:100]
    if not text:
        return []
    with asked.services.reading() as reading:
        listed = processes.processes(reading, ProcessFilter(q=text), None, MOST_NEAR).items
        if not listed:
            listed = processes.processes(reading, ProcessFilter(), None, MOST_NEAR).items
    return [
        (asked.link(f"/processes/{quote(entry['process'])}"), words.label(entry["labels"], entry["process"]))
        for entry in listed
    ]
