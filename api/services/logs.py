"""Logs: a line for each request and each accident, with the id of the request, and nothing of what was sent.

Modules log as the standard library has it: `logging.getLogger(__name__)`, a fixed text, fields in `extra`. Put into
neither what a client or an event says: no payload, no query string, no label, no text of an exception. What we write
ourselves cannot be checked here. What others write is: the texts of exceptions stay out, and so do the values in the
messages of other libraries.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor

from api.settings import Settings
from domain.event import instant

log = logging.getLogger(__name__)
access_log = logging.getLogger("api.access")

OURS = ("api", "domain", "ledger", "projections")
"""Packages whose texts and fields are logged. They log from PARLEY_LOG_LEVEL on, all others from `warning` on."""
TRUSTED = ("uvicorn", "psycopg.pool")
"""Libraries whose messages are logged with their values: none of what they warn of quotes a request or a row."""
WITHHELD = "the text is withheld: it is another library's, and may quote what was sent"
MAX_FRAMES = 50  # of a traceback, the innermost: a recursion without end passes through a thousand

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is worked on; it goes into every line, from threads too."""


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


def _add_request_id(_: Any, __: str, fields: EventDict) -> EventDict:
    if (request := REQUEST_ID.get()) is not None:
        fields["request_id"] = request
    return fields


def _add_exception(_: Any, __: str, fields: EventDict) -> EventDict:
    """An exception as its type and the path that it took. Its text is left out: it may quote what was sent."""
    raised = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    if raised and raised[1] is not None:
        fields["exception"] = "\n".join(_lines_of(raised[1], set()))
    return fields


def _lines_of(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines_of(before, seen)
        yield "and then:"
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-MAX_FRAMES:]:
        yield f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_qualname}'
    yield f"{type(error).__module__}.{type(error).__qualname__}{_code(error)}"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "in it:"
        yield from _lines_of(inner, seen)


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
    _add_request_id,
    _add_extra,
    _add_exception,
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
    global _answers
    flush()
    _answers = Answers(stream) if _as_json(settings, stream) and access_log.isEnabledFor(logging.INFO) else None
    _catch_what_escapes()


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if _as_json(settings, stream):
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False)


def _as_json(settings: Settings, stream: TextIO) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty())


def _catch_what_escapes() -> None:
    """What Python itself prints on stderr becomes lines of the log too, without the texts."""

    def main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("an error ends Parley", exc_info=error)

    def thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            name = arguments.thread.name if arguments.thread is not None else None
            log.error("an error ends a thread", exc_info=arguments.exc_value, extra={"in_thread": name})

    def nobody(arguments: Any) -> None:
        if arguments.exc_value is not None:
            log.error("an error that nobody hears of", exc_info=arguments.exc_value)

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

MAX_BUFFERED = 0.02  # seconds that lines about answers wait, to be written together


class Answers:
    """Writes a line for each answer: what `access.info(…, extra=…)` would write, at a tenth of its cost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._gate = threading.Lock()

    def tell(self, fields: dict[str, Any]) -> None:
        self._lines.append(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(MAX_BUFFERED, self.flush)

    def flush(self) -> None:
        """Writes what waits."""
        with self._gate:
            lines, self._lines = self._lines, []
            if lines:
                with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
                    self._stream.write(b"".join(lines).decode())
                    self._stream.flush()


_answers: Answers | None = None
"""None if lines about answers take the way of all others."""


def log_answer(request: str, method: str, route: str, status: int | None, seconds: float, sent: int) -> None:
    """Logs one answer; call it on the event loop."""
    event = "answered" if status is not None else "left without an answer"
    fields = {"method": method, "route": route, "status": status, "seconds": round(seconds, 6), "bytes": sent}
    if _answers is None:
        access_log.info(event, extra=fields)
        return
    now = {"timestamp": instant(datetime.now(UTC)), "level": "info", "event": event, "logger": access_log.name}
    _answers.tell({**now, "request_id": request, **fields})


def flush() -> None:
    """Writes the lines about answers that wait still."""
    if _answers is not None:
        _answers.flush()
