"""One way in for every command: HTTP to a running server, or to the same app within this process.

A server writes into its data directory where it listens (`server.json`) and takes that away when it stops. A command
looks there; if no server runs, it opens the directory itself and runs the app, without a socket.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Any
from urllib.parse import quote

import httpx2

from api.cli.errors import ServerRefusal, Unreachable
from api.http.json_lines import lines_of
from api.server.discovery import address, encrypted, running_server, usual_server
from api.settings import Settings

LOG_FILE = "events.db"
TIMEOUT = httpx2.Timeout(60, connect=3)  # seconds; an append may wait for the lock, a stream is silent for 15
TRIES = 5
LONGEST_PAUSE = 10.0  # seconds between two tries


STALLS = 3
BETWEEN = 0.3
"""How often, and how many seconds apart, read models that do not move are asked before an old answer is taken."""


@dataclass(frozen=True)
class Client:
    """A connection to a server, or to the app within this process."""

    http: httpx2.Client
    where: str
    """The server's URL, or the data directory."""
    notice: Callable[[str], None] = lambda _: None
    """Called with why a request waits, or why its answer is not up to date."""

    def get(self, path: str, *, fresh: bool = False, **parameters: Any) -> httpx2.Response:
        """An answer; with `fresh` it reflects the whole log as it is now, if the read models can.

        Raises:
            ServerRefusal, Unreachable
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

    def pages(self, path: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """The answers of all pages of a list, each reflecting the whole log as it was when it was asked for.

        Raises:
            ServerRefusal, Unreachable
        """
        after = None
        while True:
            page: Mapping[str, Any] = self.get(path, fresh=True, after=after, **parameters).json()
            yield page
            after = page["next"]
            if after is None:
                return

    def entries(self, path: str, name: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """What all pages of a list hold under a name.

        Raises:
            ServerRefusal, Unreachable
        """
        for page in self.pages(path, **parameters):
            yield from page[name]

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Sends a request, again after a pause while the server answers 503: what is sent again must be idempotent.

        Raises:
            ServerRefusal, Unreachable
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
    def stream(
        self, path: str, accept: str, parameters: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Iterator[Iterator[str]]:
        """The lines of a streamed answer.

        Raises:
            ServerRefusal, Unreachable
        """
        asked = {name: value for name, value in parameters.items() if value is not None}
        with reaching(self.where):
            with self.http.stream("GET", path, params=asked, headers={"Accept": accept, **(headers or {})}) as response:
                if response.status_code >= 400:
                    response.read()
                checked(response)
                yield lines_of(response.iter_bytes())


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
        ServerRefusal
    """
    if response.status_code >= 400:
        raise problem_of(response)
    return response


def problem_of(response: httpx2.Response) -> ServerRefusal:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {
            "title": f"HTTP {response.status_code}",
            "detail": "this does not look like a Parley server: check the URL",
        }
    return ServerRefusal(response.status_code, body)


def pause(response: httpx2.Response) -> float:
    """Seconds to wait before the next try, as the answer asks for."""
    seconds = response.headers.get("Retry-After", "1")
    return min(float(seconds) if seconds.isdecimal() else 1.0, LONGEST_PAUSE)


# --- which way in -----------------------------------------------------------------------------------------------


@contextmanager
def connect(
    settings: Settings,
    url: str | None = None,
    *,
    new: bool = False,
    notice: Callable[[str], None] = lambda _: None,
) -> Iterator[Client]:
    """Connects to the server at `url`; else the one running on the data directory; else, to read where there is no
    log, the one at the host and port of the settings; else the data directory itself, or the database.

    What may begin a log never goes to a server that merely happens to answer: it may be a demonstration.

    Args:
        settings: where the data and the server are.
        url: the server's address, if it is given.
        new: whether a new log may be begun where there is none.
        notice: called with why a request waits, or why an answer is not up to date.

    Raises:
        Unreachable
    """
    server = url or running_server(settings.data)
    if server is None and settings.database_url is None and not (settings.data / LOG_FILE).exists():
        server = usual_server(settings) if not new else None
        from ledger import files  # a command that asks a server does without

        if server is None and (gone := files.fault(settings.data / LOG_FILE)) is not None:
            raise Unreachable(f"{settings.data / LOG_FILE} {gone}")
        if server is None and not new:
            raise Unreachable(
                f"there is no log in {settings.data} and no server at {address(settings.host, settings.port)}: "
                "`parley demo` shows one, `parley append` begins one, --data and --url name another"
            )
        if server is not None:
            notice(f"There is no log in {settings.data}. This is {_whose(server)}, served at {server}.")
    if server is not None:
        with reaching(server):
            http = httpx2.Client(
                base_url=server, timeout=TIMEOUT, trust_env=not _loopback(server), verify=encrypted(server)
            )
        with http:
            yield Client(http, server, notice)
        return
    from api.cli.in_process import in_process_client  # slow to import, and not needed to talk to a server

    if settings.read_only:
        notice(
            f"Nothing can be written in {settings.data}: the log is read as it is, and the read models are temporary."
        )
    with in_process_client(settings) as http:
        yield Client(http, settings.shown, notice)


def _whose(server: str) -> str:
    """Which log a server has, as far as it says so."""
    with contextlib.suppress(httpx2.HTTPError, ValueError, KeyError, TypeError):
        told = httpx2.get(f"{server}/readyz", timeout=TIMEOUT, trust_env=not _loopback(server)).json()["log"]
        return f"the log in {told['where']}, of {told['position']:,} events"
    return "another log"


def begins_a_log(settings: Settings) -> bool:
    """Whether there is neither a server nor a log where these settings lead, so that an append would begin one."""
    if settings.url or settings.database_url is not None or (settings.data / LOG_FILE).exists():
        return False
    return running_server(settings.data) is None


def _loopback(url: str) -> bool:
    return httpx2.URL(url).host in ("localhost", "::1") or httpx2.URL(url).host.startswith("127.")


def path_segment(text: str) -> str:
    """A step of a path: what is no id must not lead elsewhere."""
    return quote(text, safe="") or "-"
