"""Looking after a log: `parley rebuild`, `check`, `verify`, `backup`, `restore` and `copy`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import checks
from api.cli.checks import CheckResult
from api.cli.errors import CannotContinue
from api.cli.options import AsJson, Data
from api.cli.terminal.console import REFUSED, out, print_json, say, warn
from api.cli.terminal.progress import copying as copying_log
from api.cli.terminal.progress import counting, resumable
from api.cli.terminal.text_layout import TextLayout
from api.server.discovery import running_server
from api.server.interpreter import tune
from api.settings import Settings, load, open_ledger, open_views
from api.wording import words
from api.wording.marks import ALERT, Fragment
from api.wording.words import clean, times

if TYPE_CHECKING:
    from ledger.copying import Copied


DAMAGED = 1


def backup(
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="File to write, or a directory for one named by time and position.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Let it take the place of a file that is there.")] = False,
    data: Data = None,
) -> None:
    """Write the log into one file, which `parley restore` takes. A server may run and record meanwhile.

    It is an events.db, from a database too. The read models are not in it: they are made from the log.
    """
    from ledger import backup  # slow to import

    settings = load(data=data)
    checks.require_log(settings)
    with copying_log() as report, closing(open_ledger(settings)) as ledger:
        done = backup.write(ledger.log, destination, datetime.now(UTC), replace=replace, progress=report)
    say(f"Written: {_upto(done.copied)}, to {done.path} ({done.size:,} bytes).")
    say(f"SHA-256 of the log: {done.copied.sum.sha256}")
    say("The read models are not in it: they are made from the log.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A file that `parley backup` wrote, or an events.db.")],
    data: Data = None,
) -> None:
    """Bring a backup back into a data directory or a database that holds no log yet. The file is checked first."""
    from ledger import backup, copying, recorder  # slow to import

    settings = load(data=data)
    _require_no_server(settings.data)
    with resumable(), copying_log() as report, backup.opened(source) as log:
        with closing(open_ledger(settings, unfinished=True)) as ledger:
            if ledger.head() and ledger.log.format() != recorder.UNFINISHED:
                raise CannotContinue(
                    f"{settings.shown} holds a log already: restore into an empty one, which --data or "
                    "PARLEY_DATABASE_URL names; this one is untouched"
                )
            done = copying.copy(log, ledger.log, report)
            ledger.note_reached()
    if checks.has_views(settings):  # of the log that was there before
        with closing(open_views(settings)) as views, views.restructuring() as connection:
            views.begin_generation(connection, live=True)
    say(f"Restored: {_upto(done)}, to {settings.shown}.")
    say(f"SHA-256 of the log: {done.sum.sha256}")
    say(f"From now on it is known to reach position {done.sum.position:,}: a log that is shorter is not taken for it.")
    say("The read models are made from it by the next server or command.")


def copy(
    to: Annotated[
        str, typer.Option(metavar="TO", help="A data directory, or a database: postgresql://user@host:5432/name.")
    ],
    data: Data = None,
) -> None:
    """Copy the log to another data directory or database, with its ids, positions and times. Appends may go on.

    An interrupted copy continues where it stopped. To move, stop what writes to the log, run it once more, and then
    name the new place in the settings.
    """
    from ledger import copying  # slow to import

    settings = load(data=data)
    checks.require_log(settings)
    destination = target(to, settings)
    with resumable(), copying_log() as report, closing(open_ledger(settings)) as ledger, ledger.log.snapshot() as log:
        copying.whole(log, "the log")
        with closing(open_ledger(destination, unfinished=True)) as other:
            done = copying.copy(log, other.log, report)
            other.note_reached()
    before = f" ({done.sum.position - done.new:,} were there already)" if done.new < done.sum.position else ""
    say(f"Copied: {_upto(done)}, to {destination.shown}{before}. Both are equal.")
    say(f"SHA-256 of the log: {done.sum.sha256}")
    say("What is recorded after that is not in it: run it again to add that. The read models are made anew there.")


def target(to: str, settings: Settings) -> Settings:
    """The settings of an installation at a directory or in a database.

    Raises:
        CannotContinue: it cannot be read as either, is the one of the settings, or a server runs there.
    """
    if "://" in to:
        try:
            destination = settings.model_copy(update={"database_url": Settings.names_a_database(to)})
        except ValueError as error:
            raise CannotContinue(f"--to: {error}") from None
    else:
        destination = settings.model_copy(update={"data": Path(to), "database_url": None})
    if _same(destination.log_at, settings.log_at):
        raise CannotContinue(f"--to: {destination.shown} is what would be copied: name another place")
    if destination.database_url is None:
        _require_no_server(destination.data)
    return destination


def verify(data: Data = None, as_json: AsJson = False) -> None:
    """Compare every row of the log and of the read models with what it should be; exit with 1 if one is not so.

    It reads everything and rebuilds the read models beside the live ones, so it takes as long as a rebuild. A server
    may run meanwhile.
    """
    settings = load(data=data)
    tune()
    with copying_log() as report:
        result = checks.verify_all(settings, report)
    if as_json:
        listed = [{"what": f.what, "says": f.says, "sound": f.sound} for f in result.findings]
        log = {"position": result.position, "sha256": result.sha256}
        print_json({"of": settings.shown, "log": log, "findings": listed, "sound": result.sound})
    else:
        _print(result)
    raise typer.Exit(0 if result.sound else DAMAGED)


def _print(result: checks.VerifyResult) -> None:
    sheet = TextLayout(out().width)
    sheet.heading("Found")
    for finding in result.findings:
        mark: list[Fragment] = [] if finding.sound else [("[problem] ", ALERT)]
        sheet.row(finding.what, *mark, clean(finding.says), column=22)
    problems = sum(not finding.sound for finding in result.findings)
    sheet.gap()
    sheet.put((f"{times(problems, 'problem')} found." if problems else "No problem found.", "bold"))
    sheet.print(out())
    if result.sha256 is not None:
        say(f"SHA-256 of the log: {result.sha256}")


def _upto(done: Copied) -> str:
    position = done.sum.position
    return f"{times(position, 'event')}, up to position {position:,}"


def _require_no_server(data: Path) -> None:
    if other := running_server(data):
        raise CannotContinue(f"a server runs on {data}, at {other}: stop it first")


def _same(first: Path | str, second: Path | str) -> bool:
    if isinstance(first, Path) and isinstance(second, Path):
        return first.resolve() == second.resolve()
    return first == second


def rebuild(data: Data = None) -> None:
    """Rebuild the read models from the log. Meanwhile queries are answered, and appends go on.

    An interrupted one continues where it stopped.
    """
    from projections import catch_up
    from projections.batch import put_damaged_aside

    settings = load(data=data)
    checks.require_log(settings)
    began = time.monotonic()
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(settings)))
        if isinstance(settings.views_at, Path) and (aside := put_damaged_aside(settings.views_at)) is not None:
            say(f"The file of the read models was damaged. It is kept as {aside}, and may be deleted.")
        views = stack.enter_context(closing(open_views(settings)))
        tune()
        done = stack.enter_context(counting("Rebuilding", ledger.head()))
        progress = catch_up.rebuild(views, ledger.read_checked, done)
    if progress.halted is not None:
        warn(f"The read models are made up to position {progress.position:,}, then they halt: {progress.halted}")
        raise typer.Exit(REFUSED)
    say(f"The read models are made anew from {times(progress.position, 'event')} in {time.monotonic() - began:.1f} s.")


def check(ctx: typer.Context, data: Data = None, as_json: AsJson = False) -> None:
    """Check the settings, the log, and the read models; exit with 1 if there is a problem."""
    settings = load(data=data)
    source = ctx.get_parameter_source("data")
    flags = {"data"} if source is not None and source.name == "COMMANDLINE" else set[str]()
    in_force = list(checks.settings_in_force(settings, flags))
    server = running_server(settings.data)
    with counting("Checking") as done:
        results = [*checks.check_log(settings, done), *checks.check_views(settings)]
    problems = sum(not finding.sound for finding in results)
    if as_json:
        shown = [{"variable": variable, "value": value, "from": source} for variable, value, source in in_force]
        listed = [{"what": f.what, "says": f.says, "sound": f.sound} for f in results]
        print_json({"settings": shown, "server": server, "findings": listed, "sound": not problems})
    else:
        print_checks(in_force, server, results)
    raise typer.Exit(REFUSED if problems else 0)


def print_checks(settings: Iterable[tuple[str, str, str]], server: str | None, findings: list[CheckResult]) -> None:
    """Prints what `parley check` found."""
    sheet = TextLayout(out().width)
    sheet.heading("Settings in force")
    for variable, value, source in settings:
        sheet.row(variable, f"{clean(value)}  ({source})", column=22)
    sheet.heading("Found")
    sheet.row(
        "server", f"one runs on the data directory, at {clean(server)}" if server else "none runs on it", column=22
    )
    for finding in findings:
        mark: list[Fragment] = [] if finding.sound else [("[problem] ", ALERT)]
        sheet.row(finding.what, *mark, clean(finding.says), column=22)
    problems = sum(not finding.sound for finding in findings)
    sheet.gap()
    sheet.put((f"{words.times(problems, 'problem')} found." if problems else "No problem found.", "bold"))
    sheet.print(out())
