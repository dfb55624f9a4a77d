"""One way in for every command: HTTP to a running server, or to the same app within this process.

A server writes into its data directory where it listens (`server.json`) and takes that away when it stops. A command
looks there; if no server runs, it opens the directory itself and runs the app, without a socket.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import httpx2

from api.cli_within import within
from api.settings import Settings

SERVER_FILE = "server.json"
LOG_FILE = "events.db"
TIMEOUT = httpx2.Timeout(60, connect=3)  # seconds; an append may wait for the lock, a stream is silent for 15
TRIES = 5
LONGEST_PAUSE = 10.0  # seconds between two tries

Json = dict[str, Any]


STALLS = 3
BETWEEN = 0.3
"""How often, and how many seconds apart, read models that do not move are asked before an old answer is taken."""


class Unreachable(Exception):
    """No server answers, or there is nothing to open. Its text says what to do."""


class Problem(Exception):
    """A refusal of the server, as RFC 9457 tells it."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(body.get("title") or f"HTTP {status}")
        self.status = status
        self.title = str(self)
        self.detail = _typed(str(body.get("detail") or ""))
        errors = body.get("errors")
        self.faults: list[tuple[str, str]] = [
            (
                str(one.get("pointer") or one.get("parameter") or one.get("header") or ""),
                _typed(str(one.get("detail", ""))),
            )
            for one in (errors if isinstance(errors, list) else ())
            if isinstance(one, dict)
        ]


def _typed(advice: str) -> str:
    """Advice for a URL as it holds at a terminal, where a + is typed as it is."""
    return advice.replace(" (%2B is a + in a URL)", "").replace("%2B", "+")


@dataclass(frozen=True)
class Door:
    """An open way in."""

    http: httpx2.Client
    where: str
    """The server's URL, or the data directory."""
    notice: Callable[[str], None] = lambda _: None
    """Told why a request waits, or why its answer is not up to date."""

    def get(self, path: str, *, fresh: bool = False, **parameters: Any) -> httpx2.Response:
        """An answer; with `fresh` it reflects the whole log as it is now, if the read models can.

        Raises:
            Problem, Unreachable
        """
        asked = {name: value for name, value in parameters.items() if value is not None}
        if not fresh:
            return self.send("GET", path, params=asked)
        head = self.send("GET", "/v1/head").json()["position"]
        seen, stalls = -1, 0
        while True:
            with reaching(self.where):
                response = self.http.get(path, params={**asked, "min_position": head})
            if response.status_code != 503:
                return checked(response)
            position = self._views_position()
            if position is None or position <= seen:  # they do not move
                stalls += 1
                if stalls == STALLS:  # what they have is better than nothing
                    break
                sleep(BETWEEN)
                continue
            seen = position
            self.notice(f"The read models are being made: {position:,} of {head:,} events.")
        shown = self.send("GET", path, params=asked)
        self.notice(f"Not up to date. {problem_of(response).detail}")
        return shown

    def pages(self, path: str, **parameters: Any) -> Iterator[Json]:
        """The answers of all pages of a list, each reflecting the whole log as it was when it was asked for.

        Raises:
            Problem, Unreachable
        """
        after = None
        while True:
            page: Json = self.get(path, fresh=True, after=after, **parameters).json()
            yield page
            after = page["next"]
            if after is None:
                return

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Sends a request, again after a pause while the server answers 503: what is sent again must be idempotent.

        Raises:
            Problem, Unreachable
        """
        tries = 1
        while True:
            with reaching(self.where):
                response = self.http.request(method, path, **request)
            if response.status_code != 503 or tries == TRIES:
                return checked(response)
            self.notice(f"Waiting: {problem_of(response).detail}")
            sleep(pause(response))
            tries += 1

    def _views_position(self) -> int | None:
        """How far the read models are; None if they do not follow the log."""
        with contextlib.suppress(httpx2.HTTPError, ValueError, KeyError):
            return int(self.http.get("/readyz").json()["views"]["position"])
        return None

    @contextmanager
    def stream(self, path: str, accept: str, parameters: Json, headers: Json | None = None) -> Iterator[Iterator[str]]:
        """The lines of a streamed answer.

        Raises:
            Problem, Unreachable
        """
        asked = {name: value for name, value in parameters.items() if value is not None}
        with reaching(self.where):
            with self.http.stream("GET", path, params=asked, headers={"Accept": accept, **(headers or {})}) as response:
                if response.status_code >= 400:
                    response.read()
                checked(response)
                yield response.iter_lines()


@contextmanager
def reaching(where: str) -> Iterator[None]:
    try:
        yield
    except httpx2.InvalidURL:
        raise Unreachable(f"{where} is no address: send one such as http://127.0.0.1:8642") from None
    except httpx2.UnsupportedProtocol:
        raise Unreachable(f"{where} is no address: it begins with http:// or https://") from None
    except httpx2.TransportError as error:
        reason = str(error) or type(error).__name__
        if "incomplete" in reason or "broke off" in reason:
            raise Unreachable(f"the answer from {where} broke off, it is not whole: its log says why") from error
        raise Unreachable(
            f"no answer from {where} ({reason}): is the server running? `parley serve` starts one"
        ) from error


def checked(response: httpx2.Response) -> httpx2.Response:
    """The response if it is no error.

    Raises:
        Problem
    """
    if response.status_code >= 400:
        raise problem_of(response)
    return response


def problem_of(response: httpx2.Response) -> Problem:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {
            "title": f"HTTP {response.status_code}",
            "detail": "this does not look like a Parley server: check the URL",
        }
    return Problem(response.status_code, body)


def pause(response: httpx2.Response) -> float:
    """Seconds to wait before the next try, as the answer asks for."""
    told = response.headers.get("Retry-After", "1")
    return min(float(told) if told.isdecimal() else 1.0, LONGEST_PAUSE)


# --- which way in -----------------------------------------------------------------------------------------------


@contextmanager
def open_door(
    settings: Settings,
    url: str | None = None,
    *,
    new: bool = False,
    notice: Callable[[str], None] = lambda _: None,
) -> Iterator[Door]:
    """The way in: the server at `url`; else the one running on the data directory; else, to read where there is no
    log, the one at the host and port of the settings; else the data directory itself, or the database.

    What may begin a log never goes to a server that merely happens to answer: it may be a demonstration.

    Args:
        settings: where the data and the server are.
        url: the server's address, if it is given.
        new: whether a new log may be begun where there is none.
        notice: told why a request waits, or why an answer is not up to date.

    Raises:
        Unreachable
    """
    found = url or running_server(settings.data)
    if found is None and settings.database_url is None and not (settings.data / LOG_FILE).exists():
        found = usual_server(settings) if not new else None
        if found is None and not new:
            raise Unreachable(
                f"there is no log in {settings.data} and no server at {address(settings.host, settings.port)}: "
                "`parley demo` shows one, `parley append` begins one, --data and --url name another"
            )
    if found is not None:
        with reaching(found):
            http = httpx2.Client(base_url=found, timeout=TIMEOUT, trust_env=not _loopback(found))
        with http:
            yield Door(http, found, notice)
        return
    with within(settings) as http:
        yield Door(http, settings.shown, notice)


def address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _loopback(url: str) -> bool:
    return httpx2.URL(url).host in ("localhost", "::1") or httpx2.URL(url).host.startswith("127.")


# --- the file of a running server -------------------------------------------------------------------------------


def announce(data: Path, url: str) -> None:
    """Writes down where this process serves a data directory.

    Raises:
        OSError: there is no room, or no right to.
    """
    data.mkdir(parents=True, exist_ok=True)  # what it serves may be in a database
    path = data / SERVER_FILE
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def withdraw(data: Path) -> None:
    """Takes the file away, if it is this process's own."""
    with contextlib.suppress(OSError):
        if _read(data).get("pid") == os.getpid():
            (data / SERVER_FILE).unlink()


def running_server(data: Path) -> str | None:
    """The URL of the server that runs on a data directory. A file left by one that died is ignored."""
    told = _read(data)
    url, pid = told.get("url"), told.get("pid")
    if not isinstance(url, str) or not isinstance(pid, int) or not _alive(pid):
        return None
    return url if _is_parley(url) else None


def usual_server(settings: Settings) -> str | None:
    """The URL of the server at the host and port of the settings, if one answers there."""
    url = address(settings.host, settings.port)
    return url if settings.port and _is_parley(url) else None


def _read(data: Path) -> Json:
    try:
        told = json.loads((data / SERVER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _alive(pid: int) -> bool:
    """Whether a process runs; the port of a dead server may be another's by now."""
    if sys.platform == "win32":
        return True  # there a signal of 0 is none: the address alone decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_parley(url: str) -> bool:
    try:
        answer = httpx2.get(f"{url}/healthz", timeout=2, trust_env=False)
        return answer.status_code == 200 and answer.json().get("status") == "alive"
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, AttributeError):
        return False
