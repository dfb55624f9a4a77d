"""The command line: each command parses, asks through the one client (`api.cli.client`), and prints.

Exit codes: 0 done; 1 refused, not found, or `check` found a problem; 2 wrong usage or settings, or no server.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from api.cli.errors import CannotContinue, ServerRefusal, Unreachable
from api.cli.terminal.console import REFUSED, UNUSABLE, print_problem, say, warn
from domain.errors import Refusal, Unavailable


class CommandEntry(NamedTuple):
    """A command in the help: it is imported when it is run, since most of them are slow to import."""

    panel: str
    """The heading that it stands under."""
    module: str
    """In `api.cli.commands`; empty: here."""
    summary: str
    """The first paragraph of what the function says of itself."""


COMMANDS: dict[str, CommandEntry] = {
    "demo": CommandEntry("Run", "serve", "Start a server with example processes loaded, and show what to try next."),
    "serve": CommandEntry(
        "Run",
        "serve",
        "Serve a data directory, or the database of PARLEY_DATABASE_URL, over HTTP, on this machine only.",
    ),
    "project": CommandEntry(
        "Run",
        "serve",
        "Bring the read models up to date, as a process of its own beside the servers.",
    ),
    "append": CommandEntry("Record", "append", "Append events from a file, up to the first line that is refused."),
    "correct": CommandEntry(
        "Record",
        "revise",
        "Correct a report: only what changes is typed, all else stays as it reads now.",
    ),
    "retract": CommandEntry(
        "Record",
        "revise",
        "Retract a report: it no longer stands, and stays in the history. Retract the retraction to take that back.",
    ),
    "status": CommandEntry(
        "Read",
        "status",
        "Show where a process stands: what is due, who is at risk, what was agreed, who says so.",
    ),
    "report": CommandEntry(
        "Read",
        "report",
        "Write where a process stands as a PDF for A4: horizon, log position, handling, and sources as notes.",
    ),
    "history": CommandEntry(
        "Read",
        "history",
        "Show all events of a process by when they occurred, however late they were recorded.",
    ),
    "claims": CommandEntry(
        "Read",
        "figures",
        "Show what was claimed over time, figure by figure: who said how many, and when. Nothing is added up.",
    ),
    "replay": CommandEntry("Read", "history", "Replay events in the order in which they were recorded."),
    "processes": CommandEntry("Read", "processes", "List the processes."),
    "subjects": CommandEntry(
        "Read",
        "subjects",
        "Find what carries an id of another register: subjects, and incidents and violations, each with the event.",
    ),
    "changes": CommandEntry(
        "Read",
        "changes",
        "Show what became known of a process since yesterday, or between two moments, for a morning briefing.",
    ),
    "explain": CommandEntry(
        "Read",
        "explain",
        "Show why a line of the status says what it says: the reports it rests on, and what became of them.",
    ),
    "findings": CommandEntry(
        "Read",
        "findings",
        "Show what does not fit, the gravest first: contradictions, what is overdue, what nobody confirms.",
    ),
    "deadlines": CommandEntry(
        "Read",
        "deadlines",
        "Show what is due, the first to end first: rounds of talks, departures, answers, obligations, terms.",
    ),
    "event-types": CommandEntry(
        "Read",
        "event_types",
        "List what can be recorded; of one type, show its fields and an example to copy.",
    ),
    "rebuild": CommandEntry(
        "Look after",
        "maintain",
        "Rebuild the read models from the log. Meanwhile queries are answered, and appends go on.",
    ),
    "check": CommandEntry(
        "Look after",
        "maintain",
        "Check the settings, the log, and the read models; exit with 1 if there is a problem.",
    ),
    "verify": CommandEntry(
        "Look after",
        "maintain",
        "Compare every row of the log and of the read models with what it should be; exit with 1 if one is not so.",
    ),
    "backup": CommandEntry(
        "Look after",
        "maintain",
        "Write the log into one file, which `parley restore` takes. A server may run and record meanwhile.",
    ),
    "restore": CommandEntry(
        "Look after",
        "maintain",
        "Bring a backup back into a data directory or a database that holds no log yet. The file is checked first.",
    ),
    "copy": CommandEntry(
        "Look after",
        "maintain",
        "Copy the log to another data directory or database, with its ids, positions and times. Appends may go on.",
    ),
    "version": CommandEntry("Look after", "", "Show the version."),
}
"""Every command, in the order of the help."""


@cache
def _function(name: str) -> Callable[..., None]:
    entry = COMMANDS[name]
    where = import_module(f"api.cli.commands.{entry.module}") if entry.module else sys.modules[__name__]
    function: Callable[..., None] = getattr(where, name.replace("-", "_"))
    return function


@cache
def _command(name: str) -> Any:
    alone = typer.Typer(context_settings=app.info.context_settings, add_completion=False)
    alone.command(name, rich_help_panel=COMMANDS[name].panel)(_function(name))
    return typer.main.get_command(alone)


class _Commands(Mapping[str, Any]):
    """The commands by their names, each imported when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class ParleyGroup(TyperGroup):
    """The commands of `parley`; an expected refusal ends with a short text and an exit code, never with a traceback."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Commands()  # type: ignore[assignment]
        self._lists = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if self._lists and (entry := COMMANDS.get(cmd_name)) is not None:
            return TyperCommand(cmd_name, help=entry.summary, rich_help_panel=entry.panel)
        return self.commands.get(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._lists = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._lists = False

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ServerRefusal as problem:
            hint = "`parley processes` lists those there are." if problem.status == 404 else ""
            print_problem(problem, hint if "`parley processes`" in problem.detail and problem.faults else "")
            raise typer.Exit(UNUSABLE if problem.status >= 500 else REFUSED) from None
        except (Unreachable, CannotContinue) as error:
            warn(str(error))
            raise typer.Exit(UNUSABLE) from None
        except Refusal as refusal:
            warn(f"{refusal.title}: {refusal.detail}")
            raise typer.Exit(UNUSABLE if isinstance(refusal, Unavailable) else REFUSED) from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            warn(f"{error.filename}: {error.strerror}: check the path and its permissions")
            raise typer.Exit(UNUSABLE) from None
        except Exception as error:
            if not _is_unusable(error):
                raise
            warn(str(error))
            raise typer.Exit(UNUSABLE) from None


def _is_unusable(error: Exception) -> bool:
    """Whether a server, or its settings, cannot be used; its text says why."""
    from api.server import serving  # slow to import, as are these
    from api.server.signals import WorkerFailed
    from api.settings import BadSetting

    return isinstance(error, BadSetting | serving.PortInUse | serving.DataInUse | WorkerFailed)


app = typer.Typer(
    name="parley",
    cls=ParleyGroup,
    help="Record what is reported about a local ceasefire or reconciliation process, and ask where it stands. "
    "New here? Run `parley demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def parley() -> None:
    """Nothing is done before a command."""


def version() -> None:
    """Show the version."""
    from importlib.metadata import version as installed

    say(f"parley {installed('parley-tracker')}")


def main() -> None:
    """The entry point `parley`."""
    os.umask(0o077)  # what is written here is for nobody else, whatever the system's usual way
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows a question mark
    app()
