"""`parley demo`, `parley serve` and `parley project`: what runs until it is stopped."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import api
from api.cli import append_file
from api.cli.client import Client
from api.cli.in_process import in_process_client
from api.cli.options import Data, Host, Office, Port
from api.cli.terminal.console import say
from api.server import serving
from api.server.discovery import running_server
from api.server.serving import DataInUse
from api.settings import Settings, load

SEED = "eastern-kalamun"
SEEDS = (SEED, "eastern-kalamun-as-others-told-it", "ilvaran-valley", "kessur-gap")
"""The histories of the demonstration, in an order in which they can be appended."""
SEEDS_DIRECTORY = Path(api.__file__).parent.parent / "seeds"

EXAMPLE_CLAIM: dict[str, Any] = {
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


@contextmanager
def demo_data(data: Path | None) -> Iterator[Path]:
    """The directory of the demonstration: the one given, which stays, or a fresh one that goes when it ends."""
    with ExitStack() as stack:
        yield data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-demo-")))


def load_seeds(settings: Settings, names: Sequence[str] = SEEDS) -> int:
    """Appends seeds, which adds nothing the second time. Returns how many events were added.

    Args:
        settings: of the log.
        names: of the files, without their ending.

    Raises:
        DataInUse: the directory holds another log.
    """
    result = append_file.AppendResult()
    files = [SEEDS_DIRECTORY / f"{name}.ndjson" for name in names]
    with in_process_client(settings) as http:
        client = Client(http, str(settings.data))
        with files[0].open("rb") as file:
            first = json.loads(file.readline())["id"]
        if client.get("/v1/head").json()["position"] and http.get(f"/v1/events/{first}").status_code == 404:
            raise DataInUse(f"{settings.data} holds a log of its own: name a new directory for the example with --data")
        for path in files:
            with path.open("rb") as file:
                append_file.append_lines(client, file, result)
    return result.recorded


def how_called() -> str:
    """The command as it can be typed in another terminal, from any directory."""
    mine = Path(sys.argv[0])
    if mine.stem != "parley":
        return f"{shlex.quote(sys.executable)} -m api.cli"
    installed = shutil.which("parley")
    everywhere = (
        installed is not None and Path(installed).resolve() == mine.resolve() and not _only_here(Path(installed))
    )
    return "parley" if everywhere else shlex.quote(str(mine.absolute()))


def _only_here(command: Path) -> bool:
    """Whether a command is found only since a virtual environment is active in this terminal."""
    return command.resolve().parent == Path(sys.prefix, "bin").resolve() and command.parent == Path(sys.prefix, "bin")


def welcome(url: str, events: int, data: Path, *, stays: bool) -> str:
    """What the demonstration prints: where it is, and three things to try, each to be pasted as it stands."""
    parley = how_called()
    kept = f"in {data}, where it stays" if stays else "in a temporary directory that goes when you stop it"
    return f"""
In a browser: {url}/processes/{SEED}
All processes: {url}/

Parley runs at {url} (Ctrl-C stops it).
Loaded: {", ".join(SEEDS)}: {events} events, {kept}.

Three things to try next, in another terminal:

1. Ask where the process stands

   {parley} status {SEED} --url {url}

   As JSON: {url}/v1/processes/{SEED}

2. Append an event: an invented claim. Ask again, and the figure is contested

   curl {url}/v1/events -H 'Content-Type: application/json' -d '{_on_lines(EXAMPLE_CLAIM)}'

3. Replay its history

   {parley} history {SEED} --url {url}

Everything else: {url}/docs and {parley} --help
"""


def _on_lines(event: dict[str, Any]) -> str:
    """An event as JSON, one field a line, those of its data too."""
    fields = {name: json.dumps(value) for name, value in event.items()}
    fields["data"] = ",\n           ".join(f"{json.dumps(name)}: {json.dumps(v)}" for name, v in event["data"].items())
    fields["data"] = f"{{{fields['data']}}}"
    return "{" + ",\n  ".join(f"{json.dumps(name)}: {value}" for name, value in fields.items()) + "}"


def demo(
    port: Port = None,
    data: Annotated[
        Path | None, typer.Option(help="Directory to keep the example in, instead of a temporary one.")
    ] = None,
) -> None:
    """Start a server with example processes loaded, and show what to try next.

    Its data is separate from yours: PARLEY_DATA is ignored. Running it again adds nothing twice.
    """
    with demo_data(data) as directory:
        settings = load(data=directory, port=port, host="127.0.0.1").model_copy(update={"database_url": None})
        events = 0

        def started(url: str) -> None:
            say(welcome(url, events, directory, stays=data is not None))

        with serving.free_socket(settings, chosen="port" in settings.model_fields_set) as (sock, other):
            if running_server(directory) is None:
                events = load_seeds(settings)
            if other:
                say(f"Port {settings.port} is taken, so this server listens on another one.")
            serving.run_server(settings, sock, started, quiet=True)
    say("Stopped.")


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    office: Office = None,
    workers: Annotated[
        int | None, typer.Option(envvar="PARLEY_WORKERS", help="Processes that serve, behind one port: 1.")
    ] = None,
) -> None:
    """Serve a data directory, or the database of PARLEY_DATABASE_URL, over HTTP, on this machine only."""
    settings = load(host=host, port=port, data=data, office=office, workers=workers)

    def started(url: str) -> None:
        say(f"Parley serves {settings.shown} at {url} (see {url}/docs). Ctrl-C stops it.")

    with closing(serving.listening(settings)) as sock:
        serving.run_server(settings, sock, started)
    say("Stopped.")


def project(data: Data = None) -> None:
    """Bring the read models up to date, as a process of its own beside the servers.

    One process does the work at a time; another takes over within seconds when it ends. Servers whose PARLEY_PROJECT is
    false leave the work to these.
    """
    from api.server import projection_process  # slow to import

    settings = load(data=data)
    started = f"The read models of {settings.shown} are kept up to date. Ctrl-C stops it."
    projection_process.follow_log(settings, lambda: say(started))
    say("Stopped.")
