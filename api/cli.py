"""The command line: each command parses, asks through the one door (`api.client`), and prints.

Exit codes: 0 done; 1 refused, not found, or `check` found a problem; 2 wrong usage or settings, or no server.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

from api import (
    cli_append,
    cli_changes,
    cli_check,
    cli_explain,
    cli_keep,
    cli_project,
    cli_read,
    cli_serve,
    cli_show,
    cli_watch,
)
from api.cli_options import AsJson, Data, Host, Office, Port, Url, door
from api.cli_show import say, warn
from api.cli_words import times
from api.client import Problem, Unreachable, running_server
from api.settings import BadSetting, load
from api.stopping import Failed
from api.tuning import tune
from domain.errors import Refusal, Unavailable

REFUSED, UNUSABLE = 1, 2
TELL_EVERY = 10.0  # seconds


class Polite(TyperGroup):
    """Ends an expected refusal with a short text and an exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            hint = "`parley processes` lists those there are." if problem.status == 404 else ""
            cli_show.problem(problem, hint if "GET /v1/processes" in problem.detail else "")
            raise typer.Exit(UNUSABLE if problem.status >= 500 else REFUSED) from None
        except (Unreachable, BadSetting, cli_serve.Taken, cli_keep.Undone, Failed) as error:
            warn(str(error))
            raise typer.Exit(UNUSABLE) from None
        except Refusal as refusal:
            warn(f"{refusal.title}: {refusal.detail}")
            raise typer.Exit(UNUSABLE if isinstance(refusal, Unavailable) else REFUSED) from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            warn(f"{error.filename}: {error.strerror}: check the path and its permissions")
            raise typer.Exit(UNUSABLE) from None


app = typer.Typer(
    name="parley",
    cls=Polite,
    help="Record what is reported about a local ceasefire or reconciliation process, and ask where it stands. "
    "New here? Run `parley demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
START, RECORD, READ, TEND = "Run", "Record", "Read", "Look after"


# --- run --------------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=START)
def demo(
    port: Port = None,
    data: Annotated[
        Path | None, typer.Option(help="Directory to keep the example in, instead of a temporary one.")
    ] = None,
) -> None:
    """Start a server with an example process loaded, and show what to try next.

    Its data is apart from yours: PARLEY_DATA plays no part here. Running it again adds nothing twice.
    """
    with cli_serve.demo_data(data) as directory:
        settings = load(data=directory, port=port, host="127.0.0.1").model_copy(update={"database_url": None})
        events = 0

        def started(url: str) -> None:
            say(cli_serve.welcome(url, events, directory, stays=data is not None))

        with cli_serve.free_socket(settings, chosen="port" in settings.model_fields_set) as (sock, other):
            if running_server(directory) is None:
                events = cli_serve.load_seed(settings)
            if other:
                say(f"Port {settings.port} is taken, so this server listens on another one.")
            cli_serve.serve(settings, sock, started, quiet=True)
    say("Stopped.")


@app.command(rich_help_panel=START)
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

    with closing(cli_serve.listening(settings)) as sock:
        cli_serve.serve(settings, sock, started)
    say("Stopped.")


@app.command(rich_help_panel=START)
def project(data: Data = None) -> None:
    """Bring the read models up to date, as a process of its own beside the servers.

    One process does the work at a time; another takes over within seconds when it ends. Servers whose PARLEY_PROJECT is
    false leave the work to these.
    """
    settings = load(data=data)
    cli_project.run(settings, lambda: say(f"The read models of {settings.shown} are kept up to date. Ctrl-C stops it."))
    say("Stopped.")


# --- record -----------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=RECORD)
def append(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="File of events, one a line (NDJSON); - reads stdin.")],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse a line that would raise a finding of data quality on its own subject."),
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Append events from a file, up to the first line that is refused.

    Everything before that line is recorded. Running it again is safe: what is recorded already is recognised by its id.
    A line without an id gets one made from its content, so two lines that are equal are one event. After a short file
    it shows what does not fit on the subjects of its lines.
    """
    tally = cli_append.Tally()
    name = str(getattr(file, "name", "-"))
    name = "stdin" if name in ("-", "<stdin>") else name
    try:
        with door(data, url, new=True) as found, reading(file) as read:
            where = found.where
            cli_append.append(found, file, tally, read, cli_append.Wish(strict=strict, findings=True))
    except cli_append.Stopped as stopped:
        warn(f"Line {stopped.number} of {name} is refused: {stopped.title}", "bold red")
        for pointer, detail in stopped.faults:
            warn(f"  {pointer}: {detail}" if pointer else f"  {detail}")
        warn(f"Before it: {told(tally)}. Mend line {stopped.number}, then run the same command again.")
        raise typer.Exit(REFUSED) from None
    except (KeyboardInterrupt, Unreachable, Problem):
        if tally.recorded:
            warn(f"Broken off: {told(tally)}. Running the same command again is safe, and goes on from there.")
        raise
    say(f"{told(tally)[:1].upper()}{told(tally)[1:]}, in {where}.")
    if tally.new:
        cli_watch.after_append(tally.findings)


def told(tally: cli_append.Tally) -> str:
    """What an append did, in words."""
    if not tally.recorded:
        return "nothing was recorded"
    if not tally.new:
        return f"nothing new: {times(tally.known, 'event was', 'events were')} there already"
    known = f", {tally.known:,} were there already" if tally.known else ""
    return f"{times(tally.new, 'event is', 'events are')} recorded{known}"


@contextmanager
def reading(file: BinaryIO) -> Iterator[Any]:
    """A progress bar on a terminal, by bytes read; nothing elsewhere, so that logs stay clean."""
    try:
        size: int | None = os.fstat(file.fileno()).st_size or None
    except OSError:
        size = None
    console = cli_show.err()
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Appending", total=size)
        yield lambda done: progress.advance(task, done)


# --- read -------------------------------------------------------------------------------------------------------

for command in (cli_read.status, cli_read.history, cli_read.claims, cli_read.replay, cli_read.processes):
    app.command(rich_help_panel=READ)(command)
app.command(rich_help_panel=READ)(cli_changes.changes)
app.command(rich_help_panel=READ)(cli_explain.explain)
app.command(rich_help_panel=READ)(cli_watch.findings)
app.command(rich_help_panel=READ)(cli_watch.deadlines)
app.command("event-types", rich_help_panel=READ)(cli_read.event_types)


# --- look after -------------------------------------------------------------------------------------------------


@app.command(rich_help_panel=TEND)
def rebuild(data: Data = None) -> None:
    """Make the read models anew from the log. Queries go on being answered meanwhile, and appends go on.

    One that was broken off goes on where it was.
    """
    from ledger.ledger import Ledger
    from projections import catch_up
    from projections.batch import open_read_models, put_damaged_aside

    settings = load(data=data)
    cli_check.require_log(settings)
    tune()
    began = time.monotonic()
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(Ledger(settings.log_at, lock_timeout=settings.lock_timeout)))
        if isinstance(settings.views_at, Path) and (aside := put_damaged_aside(settings.views_at)) is not None:
            say(f"The file of the read models was damaged. It is kept as {aside}, and may be deleted.")
        views = stack.enter_context(closing(open_read_models(settings.views_at)))
        done = stack.enter_context(counting("Rebuilding", ledger.head()))
        progress = catch_up.rebuild(views, ledger.read, done)
    if progress.halted is not None:
        warn(f"The read models are made up to position {progress.position:,}, then they halt: {progress.halted}")
        raise typer.Exit(REFUSED)
    say(f"The read models are made anew from {times(progress.position, 'event')} in {time.monotonic() - began:.1f} s.")


@app.command(rich_help_panel=TEND)
def check(ctx: typer.Context, data: Data = None, as_json: AsJson = False) -> None:
    """Check the settings, the log, and the read models; exit with 1 if there is a problem."""
    settings = load(data=data)
    source = ctx.get_parameter_source("data")
    flags = {"data"} if source is not None and source.name == "COMMANDLINE" else set[str]()
    in_force = list(cli_check.settings_in_force(settings, flags))
    server = running_server(settings.data)
    with counting("Checking", None) as done:
        findings = [*cli_check.check_log(settings, done), *cli_check.check_views(settings)]
    problems = sum(not finding.sound for finding in findings)
    if as_json:
        shown = [{"variable": variable, "value": value, "from": source} for variable, value, source in in_force]
        found = [{"what": f.what, "says": f.says, "sound": f.sound} for f in findings]
        cli_show.data({"settings": shown, "server": server, "findings": found, "sound": not problems})
    else:
        cli_show.checked(in_force, server, findings)
    raise typer.Exit(REFUSED if problems else 0)


@contextmanager
def counting(what: str, total: int | None) -> Iterator[Any]:
    """A progress bar by log position on a terminal; elsewhere a line now and then."""
    console = cli_show.err()
    if not console.is_terminal:
        yield _telling(what, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda position: progress.update(task, completed=position)


def _telling(what: str, total: int | None) -> Callable[[int], None]:
    """Tells now and then how far it is, where no bar can be shown."""
    last = time.monotonic()

    def tell(position: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_EVERY:
            last = time.monotonic()
            warn(f"{what}: {position:,}" + (f" of {total:,} events." if total is not None else " events."), "dim")

    return tell


app.command(rich_help_panel=TEND)(cli_keep.verify)
app.command(rich_help_panel=TEND)(cli_keep.backup)
app.command(rich_help_panel=TEND)(cli_keep.restore)
app.command(rich_help_panel=TEND)(cli_keep.copy)


@app.command(rich_help_panel=TEND)
def version() -> None:
    """Show the version."""
    from importlib.metadata import version as installed

    say(f"parley {installed('parley-tracker')}")


def main() -> None:
    """The entry point `parley`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows a question mark
    app()


if __name__ == "__main__":
    main()
