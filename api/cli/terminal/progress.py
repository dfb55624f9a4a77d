"""How far a long command is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn

from api.cli.errors import CannotContinue
from api.cli.terminal.console import err, warn

TELL_EVERY = 10.0  # seconds

Report = Callable[[str, int, int], None]
"""Takes what is being done, how far it is, and how far it goes (0 if that is not known)."""


@contextmanager
def progress(unit: str = "", *, count: ProgressColumn | None = None, lines: bool = True) -> Iterator[Report]:
    """Shows how far a command is: a bar for each step on a terminal, a line now and then elsewhere.

    Args:
        unit: what is counted, for the lines.
        count: how the bar shows how far it is; "done/total", if None.
        lines: whether there are lines where no bar can be shown.
    """
    console = err()
    if not console.is_terminal:
        yield _lines(unit) if lines else lambda *_: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), count or MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done)

        yield report


def _lines(unit: str) -> Report:
    last = time.monotonic()

    def report(what: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_EVERY:
            last = time.monotonic()
            after = f" {unit}" if unit else ""
            amount = f": {done:,} of {total:,}{after}" if total else f": {done:,}{after}" if unit else ""
            warn(f"{what}{amount}.", "dim")

    return report


@contextmanager
def reading(file: BinaryIO) -> Iterator[Callable[[int], None]]:
    """The progress of a file by bytes read; nothing where there is no terminal, so that logs stay clean.

    Gives a function that is to be called with the bytes of each part.
    """
    try:
        size = os.fstat(file.fileno()).st_size
    except OSError:
        size = 0
    done = 0
    with progress(count=TextColumn("{task.percentage:>3.0f} %"), lines=False) as report:

        def advance(count: int) -> None:
            nonlocal done
            done += count
            report("Appending", done, size)

        advance(0)
        yield advance


@contextmanager
def counting(what: str, total: int = 0) -> Iterator[Callable[[int], None]]:
    """The progress of one step by positions of the log; `total` is 0 if it is not known.

    Gives a function that is to be called with each position that is reached.
    """
    with progress("events") as report:
        report(what, 0, total)
        yield lambda position: report(what, position, total)


@contextmanager
def resumable() -> Iterator[None]:
    """Says what to do about a copy that is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        warn("Broken off. The same command, run again, goes on from there; until then nothing opens the copy.")
        raise


@contextmanager
def copying() -> Iterator[Report]:
    """The progress of a command on whole logs.

    Raises:
        CannotContinue: in place of the error that stopped it.
    """
    from ledger.copying import NotCopied  # slow to import

    with progress() as report:
        try:
            yield report
        except NotCopied as error:
            raise CannotContinue(str(error)) from None
        except OSError as error:
            where = error.filename or "the disk"
            raise CannotContinue(
                f"{where}: {error.strerror}: check the path, its permissions and the room there"
            ) from None
