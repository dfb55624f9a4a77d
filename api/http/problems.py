"""Errors as RFC 9457 problem details: the one table from refusal to status, and no error without such a body."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, assert_never

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match

from api.http.nearest import did_they_mean
from api.http.responses import Responses
from api.http.schemas.answers import Problem, ProblemFault
from api.http.schemas.from_types import reference_to
from api.services.logs import REQUEST_ID
from domain import errors
from domain.errors import Fault, Refusal
from domain.fault_words import HINTS
from domain.vocabulary import pattern_hint
from projections.queries.nearest import Candidate

# --- refusals that only HTTP knows


class BadHeader(Refusal):
    """A header that cannot be read."""

    title = "A header cannot be read"


class WrongMediaType(Refusal):
    """The body is of a type that is not taken."""

    title = "The body is of the wrong type"


class NotAcceptable(Refusal):
    """None of the types the client accepts can be given."""

    title = "No accepted type can be given"


class WrongHost(Refusal):
    """The request was meant for another host: a web page may be abusing the browser that shows it."""

    title = "This is not the host asked for"


class ForeignPage(Refusal):
    """A page of another site sends the request, through the browser of somebody who may not know of it."""

    title = "A page of another site may not change anything here"


STATUS_OF: dict[type[Refusal], int] = {
    errors.NotJson: 400,
    errors.BadCursor: 400,
    BadHeader: 400,
    ForeignPage: 403,
    errors.NotFound: 404,
    NotAcceptable: 406,
    errors.AlreadyOpen: 409,
    errors.IdReused: 409,
    errors.StaleVersion: 409,
    errors.DoubtfulQuality: 409,
    errors.AnotherHistory: 409,
    errors.PreconditionFailed: 412,
    errors.TooMuch: 413,
    WrongMediaType: 415,
    WrongHost: 421,
    errors.Malformed: 422,
    errors.UnknownReference: 422,
    errors.NotOpen: 422,
    errors.TooBusy: 503,
    errors.TookTooLong: 503,
    errors.Unavailable: 503,
}
"""Every refusal and the status it is answered with."""

FaultPlace = Literal["pointer", "parameter", "header"]
PLACES: dict[type[Refusal], FaultPlace] = {
    errors.AnotherHistory: "parameter",
    errors.BadCursor: "parameter",
    errors.NotFound: "parameter",
    BadHeader: "header",
}
"""What a fault of such a refusal names, if not a JSON Pointer into the body."""

RETRY_AFTER = "2"  # seconds, with every 503
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MAX_DETAIL = 1_000  # characters of a detail
MAX_POINTER = 300  # characters of a pointer: keys may be long


SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
)
"""Of every answer, unless it says more: a browser takes it for nothing else than its type, and shows it in no page of
another site."""


class ProblemAnswer(Response):
    media_type = "application/problem+json"


def kind_of(refusal: type[Refusal]) -> str:
    """The name of a refusal in its problem type: StaleVersion is `stale-version`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.__name__).lower()


KINDS = {kind_of(refusal): refusal for refusal in STATUS_OF}


def problem(
    status: int,
    kind: str | None,
    title: str,
    detail: str,
    *,
    retry: bool = False,
    faults: tuple[Fault, ...] = (),
    place: FaultPlace = "pointer",
    headers: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> ProblemAnswer:
    """A problem as an answer. `kind` is the last part of its type; None is `about:blank`."""
    body: Problem = {
        "type": f"/problems/{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": _short(detail, MAX_DETAIL),
        "retry": retry,
        "errors": [_shown_fault(place, fault) for fault in faults],
    }
    if request_id is not None:
        body["request_id"] = request_id
    sent = {**(headers or {}), **({"Retry-After": RETRY_AFTER} if status == 503 else {})}
    return ProblemAnswer(orjson.dumps(body), status, sent)


def _shown_fault(place: FaultPlace, fault: Fault) -> ProblemFault:
    where, detail = _short(fault.pointer, MAX_POINTER), _short(fault.detail, MAX_DETAIL)
    match place:
        case "pointer":
            return {"pointer": where, "detail": detail}
        case "parameter":
            return {"parameter": where, "detail": detail}
        case "header":
            return {"header": where, "detail": detail}
        case _:
            assert_never(place)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def of_refusal(refusal: Refusal) -> ProblemAnswer:
    kind = type(refusal)
    return problem(
        STATUS_OF[kind],
        kind_of(kind),
        refusal.title,
        refusal.detail,
        retry=refusal.retry,
        faults=refusal.faults,
        place=PLACES.get(kind, "pointer"),
    )


# --- what the framework raises


Near = Callable[[Request], Mapping[str, Sequence[Candidate]]]
"""What may be meant by parameters that name what there is not; it may take its time."""


def of_parameters(error: RequestValidationError, near: Mapping[str, Sequence[Candidate]]) -> ProblemAnswer:
    """Parameters and headers that the framework could not read. Bodies are read by us."""
    faults: list[Fault] = []
    place: type[Refusal] = errors.BadCursor
    for fault in error.errors():
        where, name = str(fault["loc"][0]), ".".join(str(step) for step in fault["loc"][1:])
        if where == "header":
            place = BadHeader
        meant = did_they_mean(near.get(name, ()))
        faults.append(Fault(name, f"{_hint(fault)}; {meant}" if meant else _hint(fault)))
    return of_refusal(place.of(list(dict.fromkeys(faults))))  # what two dependencies read is told by each


def of_missing(refusal: errors.NotFound, near: Mapping[str, Sequence[Candidate]]) -> ProblemAnswer:
    """What is not there, with what may have been meant."""
    faults = [Fault(name, meant) for name, candidates in near.items() if (meant := did_they_mean(candidates))]
    hints = "".join(f"; {fault.detail}" for fault in faults)
    return of_refusal(errors.NotFound(refusal.detail + hints, [*refusal.faults, *faults]))


def _hint(fault: dict[str, Any]) -> str:
    match fault["type"]:
        case "int_parsing" | "int_parsing_size" | "int_from_float":
            return "send a whole number"
        case "bool_parsing":
            return "send true or false"
        case "string_pattern_mismatch":
            return pattern_hint(str(fault["ctx"]["pattern"]), fault.get("input"))
        case kind if kind in HINTS:
            return HINTS[kind].format(**fault.get("ctx", {}))
        case _:
            return str(fault["msg"]).removeprefix("Value error, ")


ADVICE = {
    404: "there is nothing at this address: /openapi.json and /docs tell what there is",
    405: "this address does not take that method: the header Allow tells which it takes",
}


def of_framework(error: HTTPException) -> ProblemAnswer:
    status = HTTPStatus(error.status_code)
    kind = {404: kind_of(errors.NotFound)}.get(status)
    return problem(status, kind, status.phrase, ADVICE.get(status, status.description), headers=error.headers)


def _allowed(request: Request) -> list[str]:
    """The methods that an address takes. The framework names those of the first route only."""
    methods = []
    for method in ALL_METHODS:  # HEAD is taken wherever GET is
        scope = {key: request.scope[key] for key in ("type", "path", "root_path", "headers")}
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.routes):
            methods += [method, "HEAD"] if method == "GET" else [method]
    return methods


def of_accident() -> ProblemAnswer:
    return problem(
        500,
        None,
        "Internal Server Error",
        "an error of Parley itself; its log says more under this request id. To send the same event ids again is safe",
        request_id=REQUEST_ID.get(),
    )


def of_broken_off() -> Response:
    """For a body that broke off: nobody is there to read it."""
    return Response(status_code=400)


def problems(*statuses: int) -> Responses:
    """Documents the problems an operation may answer with."""
    return {
        status: {
            "description": " · ".join(kind.title for kind, its in STATUS_OF.items() if its == status)
            or HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": reference_to(Problem)}},
        }
        for status in statuses
    }


Shown = Callable[[Request, ProblemAnswer], Response]
"""A problem as its reader wants it."""


def install(app: FastAPI, shown: Shown, near: Near) -> None:
    """Makes every error of the app a problem.

    Args:
        app: which raises them.
        shown: makes an answer of a problem; it may take its time.
        near: finds what may be meant by an id that is none.
    """

    async def answered(request: Request, problem: ProblemAnswer) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return problem
        try:
            return await run_in_threadpool(shown, request, problem)
        except Refusal:  # the databases are away: the problem says so itself
            return problem

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        if isinstance(error, errors.NotFound):
            return await answered(request, of_missing(error, await run_in_threadpool(near, request)))
        return await answered(request, of_refusal(error))

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        return await answered(request, of_parameters(error, await run_in_threadpool(near, request)))

    @app.exception_handler(HTTPException)
    async def by_framework(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            error.headers = {"Allow": ", ".join(_allowed(request))}
        return await answered(request, of_framework(error))

    @app.exception_handler(ClientDisconnect)
    async def broken_off(_: Request, __: ClientDisconnect) -> Response:
        return of_broken_off()

    @app.exception_handler(Exception)  # the server logs it, with its trace
    async def accident(request: Request, __: Exception) -> Response:
        return await answered(request, of_accident())
