"""Logs: a line for each request and each accident, with its id, and nothing of what was sent."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import json
import logging
import re
import socket
import sqlite3
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import psycopg
import pytest
import sqlalchemy
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from api.app import create_app
from api.routes import replay
from api.server.uvicorn_server import Server
from api.services import logs
from api.settings import Settings, load
from domain.errors import Unavailable
from domain.vocabulary import example
from ledger.ledger import Ledger
from projections.storage.generations import ReadModels
from tests.api.conftest import HERE
from tests.api.sending import opening, problem, statement
from tests.waiting import PATIENCE, eventually

CANARY = "m4rk3d"
ACCESS = {"timestamp", "level", "event", "logger", "request_id", "method", "route", "status", "seconds", "bytes"}
Line = dict[str, Any]


@dataclass
class Logged:
    """What was logged since the test began."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        logs.flush()
        return self.stream.getvalue()

    def lines(self, **wanted: Any) -> list[Line]:
        found = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in found if all(line.get(name) == value for name, value in wanted.items())]

    def requests(self) -> list[Line]:
        return self.lines(logger="api.access")


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test sets up of logs, the next one finds as it was."""
    for module, name in (
        (sys, "excepthook"),
        (sys, "unraisablehook"),
        (threading, "excepthook"),
        (warnings, "showwarning"),
        (logging, "raiseExceptions"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *logs.OURS)}
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def logged(untouched: None) -> Logged:
    logged = Logged()
    logs.configure(load(log_format="json", log_level="info"), stream=logged.stream)
    return logged


# --- requests


@pytest.fixture
def url(app: FastAPI, settings: Settings, logged: Logged) -> Iterator[str]:
    """A server on a socket, as `parley serve` runs it."""
    server = Server(app, settings, log_level="warning")
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    host, port = server.address
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(PATIENCE)


def test_a_line_for_each_request(client: TestClient, logged: Logged) -> None:
    answer = client.get("/v1/processes/nothing?as_of=2020-01-01")
    (line,) = logged.requests()
    assert set(line) == ACCESS
    assert (line["event"], line["level"]) == ("answered", "info")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/processes/{process}", 404)
    assert line["bytes"] == len(answer.content)
    assert 0 < line["seconds"] < 20
    assert line["request_id"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])
    client.post("/v1/events", content=b"{")
    client.get("/nowhere")
    assert [one["route"] for one in logged.requests()[1:]] == ["/v1/events", "none"]


def fail_with_what_was_sent(*_: Any) -> None:
    """Errors as libraries make them, each of which quotes what was sent."""
    try:
        try:
            with closing(sqlite3.connect(":memory:")) as database:
                database.execute(f"CREATE TABLE {CANARY} (id PRIMARY KEY)")
                database.executemany(f"INSERT INTO {CANARY} VALUES (?)", [(CANARY,), (CANARY,)])
        except sqlite3.Error as error:
            raise sqlalchemy.exc.IntegrityError(f"INSERT INTO {CANARY}", {"label": CANARY}, error) from error
    finally:
        raise ExceptionGroup(CANARY, [ValueError(CANARY), wrongly_made()])


def wrongly_made() -> ValidationError:
    class Made(BaseModel):
        number: int

    try:
        Made.model_validate({"number": CANARY})
    except ValidationError as error:
        error.add_note(CANARY)
        return error
    raise AssertionError


def test_no_line_holds_what_was_sent(url: str, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    host, port = url.removeprefix("http://").split(":")
    actor = {**example("ActorIdentified"), "subject": f"actors/{CANARY}"}
    actor["data"] = {**actor["data"], "labels": [{"text": CANARY, "lang": "en"}]}
    with httpx2.Client(base_url=url, timeout=120, headers={"User-Agent": CANARY, "X-Label": CANARY}) as client:
        said = [
            client.post("/v1/events", json=actor),
            client.post(f"/v1/events?dry_run=true&{CANARY}={CANARY}", json=actor),
            client.post("/v1/events", json={**actor, CANARY: CANARY, "occurred": CANARY}),
            client.post("/v1/events", json={**actor, "id": "0192d5a0-7c00-7000-8000-000000000001", "note": CANARY}),
            client.post("/v1/events", json=statement(f"talks/{CANARY}", note=CANARY), headers={"Prefer": CANARY}),
            client.post("/v1/events", content=f'{{"{CANARY}'.encode(), headers={"Content-Type": "application/json"}),
            client.get(f"/v1/actors/{CANARY}"),
            client.get(f"/v1/processes/{CANARY}?as_of={CANARY}"),
            client.get(f"/v1/processes?q={CANARY}"),
            client.get(f"/{CANARY}/{CANARY}?{CANARY}"),
            client.get("/v1/head", headers={"Host": CANARY}),
            client.get("/v1/head", headers={"X-Request-ID": f"{CANARY} {CANARY}"}),
            client.put(f"/v1/events?{CANARY}"),
            client.get("/v1/events", headers={"Accept": "application/x-ndjson", "Last-Event-ID": CANARY}),
            client.get(f"/v1/events?process={CANARY}", headers={"Upgrade": "websocket", "Connection": "Upgrade"}),
        ]
        monkeypatch.setattr(Ledger, "append_group", fail_with_what_was_sent)
        said.append(client.post(f"/v1/events?dry_run={CANARY}", json=actor))
        said.append(client.post("/v1/events", json=actor))
        assert {answer.status_code for answer in said} >= {201, 200, 400, 404, 405, 409, 421, 422, 500}
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"{CANARY} /{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\n\r\n".encode())
            assert b"400" in connection.recv(1000)
    eventually(lambda: len(logged.requests()) == len(said))
    assert all(set(line) == ACCESS for line in logged.requests())
    assert "Invalid HTTP request received." in logged.text, "what the server says is told too"
    assert CANARY not in logged.text.lower()


def test_an_accident_is_told_with_its_way(url: str, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "append_group", fail_with_what_was_sent)
    answer = httpx2.post(f"{url}/v1/events", json=opening("processes/first"), timeout=120)
    body = problem(answer, 500)
    eventually(lambda: logged.lines(level="error"))
    (line,) = logged.lines(level="error")
    assert line["request_id"] == body["request_id"] == answer.headers["x-request-id"]
    told = line["exception"]
    assert re.search(r'  File ".*api/routes/append\.py", line \d+, in append_sent\n', told)
    assert re.search(r'  File ".*test_logs\.py", line \d+, in fail_with_what_was_sent\n', told)
    assert "sqlite3.IntegrityError (SQLITE_CONSTRAINT_PRIMARYKEY)\nand then:\n" in told
    assert "sqlalchemy.exc.IntegrityError\nand then:\n" in told
    assert "builtins.ExceptionGroup\nin it:\nbuiltins.ValueError\nin it:\n" in told
    assert told.endswith("pydantic_core._pydantic_core.ValidationError")
    assert [one["status"] for one in logged.requests()] == [500]


def test_a_stream_is_told_when_it_ends(url: str, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "HEARTBEAT", 0.05)
    with httpx2.stream("GET", f"{url}/v1/events", headers={"Accept": "text/event-stream"}, timeout=120) as answer:
        ours = answer.headers["x-request-id"]
        lines = answer.iter_lines()  # held, since dropping it closes the connection
        assert next(lines).startswith("retry")
        assert logged.requests() == []
    eventually(logged.requests)
    (line,) = logged.requests()
    assert (line["request_id"], line["route"], line["status"]) == (ours, "/v1/events", 200)
    assert line["bytes"] >= len(b"retry: 2000\n\n")


def test_a_stream_that_breaks_is_told_with_its_id(url: str, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    httpx2.post(f"{url}/v1/events", json=opening("processes/first"), timeout=120)
    read_wire = Ledger.read_wire

    def break_off(ledger: Ledger, after: int = 0, limit: int = 1000, *more: Any, **named: Any) -> Any:
        if limit > 1:  # a single one is read before the answer begins, for its cursor
            fail_with_what_was_sent()
        return read_wire(ledger, after, limit, *more, **named)

    monkeypatch.setattr(Ledger, "read_wire", break_off)
    broken = httpx2.stream("GET", f"{url}/v1/events", headers={"Accept": "application/x-ndjson"}, timeout=120)
    with broken as answer, pytest.raises(httpx2.RemoteProtocolError):
        answer.read()
    eventually(lambda: logged.lines(level="error", request_id=answer.headers["x-request-id"]))
    assert "in _stream_lines" in logged.lines(level="error")[0]["exception"]
    assert CANARY not in logged.text


def test_a_server_that_cannot_start_says_why(logged: Logged, tmp_path: Path) -> None:
    broken = load(data=tmp_path / CANARY / CANARY, port=0)
    (tmp_path / CANARY).write_text("a file where a directory should be")
    with pytest.raises(SystemExit):
        Server(create_app(broken), broken, log_level="warning").run()
    (line,) = logged.lines(level="critical")
    assert line["event"] == "the server cannot start, or cannot stop"
    assert "NotADirectoryError (ENOTDIR)" in line["exception"]
    assert CANARY not in logged.text


def test_a_log_that_cannot_be_opened_is_named(logged: Logged, tmp_path: Path) -> None:
    settings = load(data=tmp_path, port=0)
    (tmp_path / "events.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SystemExit):
        Server(create_app(settings), settings, log_level="warning").run()
    (line,) = logged.lines(level="critical")
    assert "the log" in line["reason"]
    assert "domain.errors.Unavailable" in line["exception"]


# --- the id of a request


@pytest.mark.parametrize("given", ["a", "0192d5a0-7c00-7000-8000-000000000001", "gateway_7.X", "x" * 64])
def test_an_id_that_is_plain_is_kept(client: TestClient, logged: Logged, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    assert [line["request_id"] for line in logged.requests()] == [given]


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "a\x1b[31m", "a/b", "é", '"a"', "a,b"])
def test_any_other_id_is_replaced(client: TestClient, given: str) -> None:
    answers = [client.get("/healthz", headers=[(b"X-Request-ID", given.encode("latin-1"))]) for _ in range(2)]
    one, other = (answer.headers["x-request-id"] for answer in answers)
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one != other


def test_of_two_ids_none_is_kept(client: TestClient) -> None:
    answer = client.get("/healthz", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_every_answer_has_the_id(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"X-Request-ID": "ours"}
    monkeypatch.setattr(Ledger, "head_at", fail_with_what_was_sent)
    monkeypatch.setattr(Ledger, "version", unavailable)
    monkeypatch.setattr(ReadModels, "reading", unavailable)
    statuses = {}
    for address, more in (
        ("/healthz", {}),
        ("/nowhere", {}),
        ("/v1/events?after=x", {}),
        ("/v1/events", {"Accept": "application/x-ndjson"}),
        ("/v1/head", {"Host": "elsewhere.example"}),
        ("/v1/head", {}),
        ("/v1/processes", {}),
    ):
        answer = client.get(address, headers=headers | more)
        assert answer.headers.get_list("x-request-id") == ["ours"], address
        statuses[answer.status_code] = answer
    assert set(statuses) == {200, 400, 404, 421, 500, 503}
    assert problem(statuses[500], 500)["request_id"] == "ours"


def unavailable(*_: Any) -> Any:
    raise Unavailable("not now")


def test_what_is_logged_meanwhile_has_the_id(app: FastAPI, logged: Logged) -> None:
    @app.get("/in-a-thread")
    def in_a_thread() -> None:
        logging.getLogger("api.later").warning("in a thread", extra={"thread_name": threading.current_thread().name})

    @app.get("/on-the-loop")
    async def on_the_loop() -> None:
        await asyncio.to_thread(logging.getLogger("projections.later").warning, "on the loop")

    with TestClient(app, base_url=HERE) as client:
        for address in ("/in-a-thread", "/on-the-loop"):
            client.get(address, headers={"X-Request-ID": address.strip("/")})
    (first,), (second,) = logged.lines(event="in a thread"), logged.lines(event="on the loop")
    assert (first["request_id"], second["request_id"]) == ("in-a-thread", "on-the-loop")
    assert first["thread_name"] != threading.main_thread().name
    assert logs.REQUEST_ID.get() is None


# --- what may stand in a line


def raised(error: BaseException) -> BaseException:
    try:
        fail_with(error)
    except BaseException as caught:  # noqa: BLE001
        return caught


def fail_with(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError(CANARY), "builtins.ValueError"),
        (OSError(errno.ENOSPC, CANARY, CANARY), "builtins.OSError (ENOSPC)"),
        (psycopg.errors.UniqueViolation(f"DETAIL: Key (label)=({CANARY}) already exists."), "(23505)"),
        (sqlalchemy.exc.StatementError(CANARY, CANARY, {"label": CANARY}, None), "sqlalchemy.exc.StatementError"),
        (wrongly_made(), "pydantic_core._pydantic_core.ValidationError"),
        (KeyError(CANARY), "builtins.KeyError"),
        (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY), "builtins.UnicodeDecodeError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_of_an_exception_type_and_way_are_told(logged: Logged, error: Exception, told: str) -> None:
    logging.getLogger("projections.follower").error("it failed", exc_info=raised(error))
    (line,) = logged.lines()
    assert line["event"] == "it failed"
    assert line["exception"].splitlines()[-1].endswith(told)
    assert "in raised" in line["exception"]
    assert CANARY not in logged.text


def test_a_recursion_without_end_is_told_in_short(logged: Logged) -> None:
    def again() -> None:
        again()

    try:
        again()
    except RecursionError as error:
        error.__context__ = error  # and a chain that leads back to itself ends
        logging.getLogger("api").exception("it failed")
    (line,) = logged.lines()
    assert line["exception"].count("\n") == logs.MAX_FRAMES
    assert line["exception"].endswith("builtins.RecursionError")


def test_of_other_libraries_the_values_are_withheld(logged: Logged) -> None:
    other = logging.getLogger("another.library")
    other.info("of no concern")
    other.warning("a row: %r", CANARY, extra={"row": CANARY})
    other.error(f"made up beforehand: {CANARY}\nand more")
    first, second = logged.lines()
    assert first["event"] == "a row: %r"
    assert second["event"] == logs.WITHHELD
    assert "test_logs.py:" in first["at"]
    assert CANARY not in logged.text


def test_what_is_written_wrongly_goes_nowhere_else(logged: Logged, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("api").warning("%d of them", CANARY)
    assert logged.text + capfd.readouterr().err == ""


def test_what_python_prints_itself_is_told_without_its_text(logged: Logged, capfd: pytest.CaptureFixture[str]) -> None:
    class Unwilling:
        def __del__(self) -> None:
            raise ValueError(CANARY)

    def fail() -> None:
        raise ValueError(CANARY)

    async def lost() -> None:
        asyncio.get_running_loop().call_soon(fail)
        task = asyncio.create_task(asyncio.to_thread(fail))
        await asyncio.wait([task])
        del task
        gc.collect()

    thread = threading.Thread(target=fail, name="writer")
    thread.start()
    thread.join()
    Unwilling()
    asyncio.run(lost())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, stacklevel=1)
    sys.excepthook(ValueError, raised(ValueError(CANARY)), None)
    told = {line["event"]: line for line in logged.lines()}
    assert told["an error ends a thread"]["in_thread"] == "writer"
    assert "Unwilling.__del__" in told["an error that nobody hears of"]["exception"]
    assert told["a warning of Python"]["category"] == "UserWarning"
    assert "test_logs.py:" in told["a warning of Python"]["at"]
    assert told["an error ends Parley"]["level"] == "critical"
    assert len(logged.lines(logger="asyncio")) == 2
    assert CANARY not in logged.text
    assert capfd.readouterr().err == ""


# --- form and level


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("form", "stream", "as_json"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_the_form(untouched: None, form: str, stream: io.StringIO, as_json: bool) -> None:
    logs.configure(load(log_format=form), stream=stream)
    logging.getLogger("api").warning("something", extra={"count": 7}, exc_info=raised(ValueError(CANARY)))
    assert stream.getvalue().startswith("{") == as_json
    assert "something" in stream.getvalue()
    assert "builtins.ValueError" in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "usual", "told"),
    [
        (None, "info", ["info", "warning", "warning", "error"]),
        (None, "warning", ["warning", "warning", "error"]),
        ("debug", "warning", ["debug", "info", "warning", "warning", "error"]),
        ("error", "info", ["error"]),
    ],
)
def test_the_level(logged: Logged, level: Any, usual: Any, told: list[str]) -> None:
    logs.configure(load(log_format="json", log_level=level), usual=usual, stream=logged.stream)
    for name in ("debug", "info", "warning"):
        getattr(logging.getLogger("projections.follower"), name)("ours")
        getattr(logging.getLogger("another.library"), name)("another's")
    logging.getLogger("ledger").error("ours")
    assert [line["level"] for line in logged.lines()] == told
