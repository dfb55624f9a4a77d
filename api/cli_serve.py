"""Serving: the server around the app, found by other commands through a file, and the demonstration."""

from __future__ import annotations

import json
import logging
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import api
from api import cli_append
from api.cli_within import within
from api.client import Door, address, announce, running_server, withdraw
from api.settings import Settings
from api.stopping import stopping_quietly

log = logging.getLogger(__name__)

SEED = "eastern-kalamun"
SEEDS = Path(api.__file__).parent.parent / "seeds"

EXAMPLE: dict[str, Any] = {
    "id": "7d1f5a52-3b0e-4c58-9a55-27c1f10c2017",
    "type": "FigureReported",
    "subject": f"processes/{SEED}",
    "occurred": "2017-10-28",
    "sources": [{"publisher": "Example Office", "published": "2017-10-28"}],
    "note": "An invented figure, to try Parley with. No such report is known.",
    "data": {
        "measure": "members of armed groups",
        "quantity": {"value": 3000, "qualifier": "at least"},
        "area": [{"labels": [{"text": "Eastern Kalamun", "lang": "en"}], "precision": "admin 1"}],
        "scope": "members of the armed groups in Eastern Kalamun",
    },
}
"""A second claim on a figure of the seed, one that cannot be true together with it."""


class Taken(Exception):
    """The port, or the data directory, is another server's. Its text says what to do."""


def listening(settings: Settings) -> socket.socket:
    """A socket on the host and port of the settings.

    Raises:
        Taken: the port is another program's, or the address is not this machine's.
    """
    family, kind, protocol, _, where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    if sys.platform != "win32":  # there it would let two programs share the port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(where)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        reason = "is taken by another program" if "in use" in str(error) else f"cannot be used ({error.strerror})"
        raise Taken(f"port {settings.port} on {settings.host} {reason}: name another with --port") from None
    return sock


def serve(settings: Settings, sock: socket.socket, started: Callable[[str], None], *, quiet: bool = False) -> None:
    """Runs the server on a socket until it is told to stop by Ctrl-C, SIGTERM or SIGHUP.

    Args:
        settings: of the server.
        sock: bound to where it listens.
        started: called with the URL once it answers.
        quiet: whether the log tells only what is wrong, unless the settings name a level.

    Raises:
        Taken: a server runs on the data directory already.
        Failed: a worker could not start.
    """
    from api import logs, workers  # slow to import, as are these
    from api.app import create_app
    from api.projector import Projector
    from api.server import Server
    from ledger.ledger import Ledger
    from projections.batch import open_read_models

    other = running_server(settings.data)
    if other and settings.database_url is None:
        raise Taken(f"a server runs on {settings.data} already, at {other}: use that one, or stop it first")
    # What cannot be opened is refused here; uvicorn would print a traceback.
    Ledger(settings.log_at, office=settings.office, lock_timeout=settings.lock_timeout).close()
    open_read_models(settings.views_at).close()
    url = address(settings.host, sock.getsockname()[1])
    logs.configure(settings, usual="warning" if quiet else "info")

    def announced() -> None:
        try:
            announce(settings.data, url)
        except OSError:  # a full disk keeps nobody from reading
            log.warning("commands do not find this server by themselves: server.json cannot be written")
        started(url)

    class Announced(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announced()

    with stopping_quietly(), ExitStack() as stack:
        stack.callback(withdraw, settings.data)
        if settings.workers > 1:
            workers.run(settings, sock, announced)
            return
        projector = stack.enter_context(closing(Projector(settings))) if settings.project else None
        app = create_app(settings, projector)
        Announced(app, settings, log_level="warning").run([sock])


# --- the demonstration ------------------------------------------------------------------------------------------


@contextmanager
def free_socket(settings: Settings, *, chosen: bool) -> Iterator[tuple[socket.socket, bool]]:
    """A socket on the port of the settings, or on any free one if that is taken and nobody has chosen it.

    Raises:
        Taken: the chosen port is taken.
    """
    other = False
    try:
        sock = listening(settings)
    except Taken:
        if chosen:
            raise
        other = True
        sock = listening(settings.model_copy(update={"port": 0}))
    with closing(sock):
        yield sock, other


@contextmanager
def demo_data(data: Path | None) -> Iterator[Path]:
    """The directory of the demonstration: the one given, which stays, or a fresh one that goes when it ends."""
    with ExitStack() as stack:
        yield data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-demo-")))


def load_seed(settings: Settings) -> int:
    """Appends the seed, which adds nothing the second time. Returns the number of its events.

    Raises:
        Taken: the directory holds another log.
    """
    tally = cli_append.Tally()
    with within(settings) as http, (SEEDS / f"{SEED}.ndjson").open("rb") as file:
        door = Door(http, str(settings.data))
        first = json.loads(file.readline())["id"]
        if door.get("/v1/head").json()["position"] and http.get(f"/v1/events/{first}").status_code == 404:
            raise Taken(f"{settings.data} holds a log of its own: name a new directory for the example with --data")
        file.seek(0)
        cli_append.append(door, file, tally)
    return tally.recorded


def how_called() -> str:
    """The command as it can be typed in another terminal, from any directory."""
    mine = Path(sys.argv[0])
    if mine.stem != "parley":
        return f"{shlex.quote(sys.executable)} -m api.cli"
    found = shutil.which("parley")
    everywhere = found is not None and Path(found).resolve() == mine.resolve() and not _only_here(Path(found))
    return "parley" if everywhere else shlex.quote(str(mine.absolute()))


def _only_here(found: Path) -> bool:
    """Whether a command is found only since a virtual environment is active in this terminal."""
    return found.resolve().parent == Path(sys.prefix, "bin").resolve() and found.parent == Path(sys.prefix, "bin")


def welcome(url: str, events: int, data: Path, *, stays: bool) -> str:
    """What the demonstration prints: where it is, and three things to try, each to be pasted as it stands."""
    parley = how_called()
    kept = f"in {data}, where it stays" if stays else "in a temporary directory that goes when you stop it"
    return f"""
Parley runs at {url} (Ctrl-C stops it).
Loaded: {SEED}, {events} events, {kept}.

Three things to try next, in another terminal:

1. Ask where the process stands

   {parley} status {SEED} --url {url}

   As JSON: {url}/v1/processes/{SEED}

2. Append an event: an invented claim. Ask again, and the figure is contested

   curl {url}/v1/events -H 'Content-Type: application/json' -d '{_on_lines(EXAMPLE)}'

3. Replay its history

   {parley} history {SEED} --url {url}

Everything else: {url}/docs and {parley} --help
"""


def _on_lines(event: dict[str, Any]) -> str:
    """An event as JSON, one field a line, those of its data too."""
    told = {name: json.dumps(value) for name, value in event.items()}
    told["data"] = ",\n           ".join(f"{json.dumps(name)}: {json.dumps(v)}" for name, v in event["data"].items())
    told["data"] = f"{{{told['data']}}}"
    return "{" + ",\n  ".join(f"{json.dumps(name)}: {value}" for name, value in told.items()) + "}"
