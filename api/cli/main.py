"""The command line: each command parses, asks through the one client (`api.cli.client`), and prints.

Exit codes: 0 done; 1 refused, not found, or `check` found a problem; 2 wrong usage or settings, or no server.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from api.cli.commands import (
    append,
    changes,
    deadlines,
    event_types,
    explain,
    figures,
    findings,
    history,
    maintain,
    processes,
    report,
    revise,
    serve,
    status,
)
from api.cli.errors import CannotContinue, ServerRefusal, Unreachable
from api.cli.terminal.console import REFUSED, UNUSABLE, print_problem, say, warn
from api.server import serving
from api.server.signals import WorkerFailed
from api.settings import BadSetting
from domain.errors import Refusal, Unavailable


class ErrorReportingGroup(TyperGroup):
    """Ends an expected refusal with a short text and an exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ServerRefusal as problem:
            hint = "`parley processes` lists those there are." if problem.status == 404 else ""
            print_problem(problem, hint if "`parley processes`" in problem.detail and problem.faults else "")
            raise typer.Exit(UNUSABLE if problem.status >= 500 else REFUSED) from None
        except (Unreachable, BadSetting, serving.PortInUse, serving.DataInUse, CannotContinue, WorkerFailed) as error:
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
    cls=ErrorReportingGroup,
    help="Record what is reported about a local ceasefire or reconciliation process, and ask where it stands. "
    "New here? Run `parley demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version() -> None:
    """Show the version."""
    from importlib.metadata import version as installed

    say(f"parley {installed('parley-tracker')}")


COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Run": (serve.demo, serve.serve, serve.project),
    "Record": (append.append, revise.correct, revise.retract),
    "Read": (
        status.status,
        report.report,
        history.history,
        figures.claims,
        history.replay,
        processes.processes,
        changes.changes,
        explain.explain,
        findings.findings,
        deadlines.deadlines,
        event_types.event_types,
    ),
    "Look after": (
        maintain.rebuild,
        maintain.check,
        maintain.verify,
        maintain.backup,
        maintain.restore,
        maintain.copy,
        version,
    ),
}
"""Every command under the heading of the help that it stands under."""

for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def main() -> None:
    """The entry point `parley`."""
    os.umask(0o077)  # what is written here is for nobody else, whatever the system's usual way
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows a question mark
    app()
