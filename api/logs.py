"""Logs: a line for each request and each accident, with the id of the request, and nothing of what was sent.

Modules log as the standard library has it: `logging.getLogger(__name__)`, a fixed text, fields in `extra`. Put into
neither what a client or an event says: no payload, no query string, no label, no text of an exception. What we write
ourselves cannot be checked here. What others write is: the texts of exceptions stay out, and so do the values in the
messages of other libraries.
"""

from __future__ import annotations

import errno
import logging
import re
import sys
import threading
import time
import traceback
import uuid
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars, merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor

from api.metrics import method_of, route_of
from api.settings import Settings
from domain.errors import Refusal

log = logging.getLogger(__name__)
access = logging.getLogger("api.access")

OURS = ("api", "domain", "ledger", "projections")
"""Packages whose texts and fields are told. They log from PARLEY_LOG_LEVEL on, all others from `warning` on."""
TRUSTED = ("uvicorn", "psycopg.pool")
"""Libraries whose messages are told with their values: none of what they warn of quotes a request or a row."""
WITHHELD = "the text is withheld: it is another library's, and may quote what was sent"
MOST_FRAMES = 50  # of a traceback, the innermost: a recursion without end passes through a thousand

REQUEST_ID = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9._-]{1,64}")


# --- what stands in a line


def _say(_: Any, __: str, fields: EventDict) -> EventDict:
    """The message as one line, and of a library that is not trusted only as it stands in its source."""
    record: logging.LogRecord = fields["_record"]
    text, values = fields.pop("event"), fields.pop("positional_args")
    known = _among(record.name, (*OURS, *TRUSTED))
    if not known:
        text = str(record.msg) if values else WITHHELD
    fields["event"] = text.strip().partition("\n")[0]
    if not known:
        fields["at"] = f"{record.pathname}:{record.lineno}"
    return fields


def _add_extra(logger: Any, method: str, fields: EventDict) -> EventDict:
    """The fields that we gave; those of other libraries may hold anything."""
    return _EXTRA(logger, method, fields) if _among(fields["_record"].name, OURS) else fields


_EXTRA = ExtraAdder()


def _tell_exception(_: Any, __: str, fields: EventDict) -> EventDict:
    """An exception as its type and the way it took. Its text is left out: it may quote what was sent."""
    raised = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    if raised and raised[1] is not None:
        fields["exception"] = "\n".join(_told(raised[1], set()))
    return fields


def _told(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _told(before, seen)
        yield "and then:"
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-MOST_FRAMES:]:
        yield f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_qualname}'
    yield f"{type(error).__module__}.{type(error).__qualname__}{_code(error)}"
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "in it:"
        yield from _told(one, seen)


def _code(error: BaseException) -> str:
    """What the system or a database calls the error, such as ENOSPC, SQLITE_BUSY or 40001."""
    number = getattr(error, "errno", None)
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    name = name or (errno.errorcode.get(number) if isinstance(number, int) else None)
    return f" ({name})" if name else ""


def _among(logger: str, packages: tuple[str, ...]) -> bool:
    return logger.startswith(tuple(f"{name}." for name in packages)) or logger in packages


FIELDS: tuple[Processor, ...] = (
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_log_level,
    _say,
    add_logger_name,
    merge_contextvars,
    _add_extra,
    _tell_exception,
)


# --- setting it up

Level = Literal["debug", "info", "warning", "error"]


def configure(settings: Settings, *, usual: Level = "info", stream: TextIO | None = None) -> None:
    """Sets up the logs of this process. A command that serves calls it once, before it begins.

    Args:
        settings: form and level.
        usual: the level if the settings say none.
        stream: where the lines go, stderr if None.
    """
    stream = stream or sys.stderr
    level = getattr(logging, (settings.log_level or usual).upper())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=FIELDS,
            processors=[ProcessorFormatter.remove_processors_meta, _renderer(settings, stream)],
            pass_foreign_args=True,
        )
    )
    logging.raiseExceptions = False  # a line that cannot be written would go to stderr raw, with its values
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    _catch_what_escapes()


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty()):
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False)


def _catch_what_escapes() -> None:
    """What Python itself prints on stderr becomes lines of the log too, without the texts."""

    def main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("an error ends Parley", exc_info=error)

    def thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
            name = told.thread.name if told.thread is not None else None
            log.error("an error ends a thread", exc_info=told.exc_value, extra={"in_thread": name})

    def nobody(told: Any) -> None:
        if told.exc_value is not None:
            log.error("an error that nobody hears of", exc_info=told.exc_value)

    def warned(
        message: Warning | str,  # noqa: ARG001
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        log.warning("a warning of Python", extra={"category": category.__name__, "at": f"{filename}:{lineno}"})

    sys.excepthook, threading.excepthook, sys.unraisablehook = main, thread, nobody
    warnings.showwarning = warned


# --- requests


def request_id() -> str | None:
    """The id of the request that is worked on; None between requests."""
    return get_contextvars().get("request_id")


class RequestLog:
    """Middleware, around all others: gives each request an id and, when its answer has ended, a line.

    An id that the client sends is kept if it is short and plain. It goes back in the answer, and into every line that
    is logged meanwhile, in threads too. An accident is logged by the server, when it has left this middleware: so the
    id stays until the next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = _request_id(scope)
        clear_contextvars()
        bind_contextvars(request_id=ours)
        started = time.perf_counter()
        status: int | None = None
        sent = 0

        async def sending(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (REQUEST_ID.lower().encode(), ours.encode())]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            fields = {
                "method": method_of(scope),
                "route": route_of(scope),
                "status": status,
                "seconds": round(time.perf_counter() - started, 6),
                "bytes": sent,
            }
            access.info("answered" if status is not None else "left without an answer", extra=fields)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
                message = {**message, "message": ""}  # a whole traceback, which the server would log
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            reason = {"reason": error.detail} if isinstance(error, Refusal) else {}  # ours, and about no request
            log.critical("the server cannot start, or cannot stop", exc_info=True, extra=reason)
            raise


def _request_id(scope: Scope) -> str:
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == REQUEST_ID.lower().encode()]
    return given[0] if len(given) == 1 and _FIT.fullmatch(given[0]) else uuid.uuid4().hex
