"""How far a long command is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.cli import checks
from api.cli.errors import Undone
from api.cli.terminal.console import err, warn

TELL_EVERY = 10.0  # seconds


@contextmanager
def reading(file: BinaryIO) -> Iterator[Any]:
    """A progress bar on a terminal, by bytes read; nothing elsewhere, so that logs stay clean."""
    try:
        size: int | None = os.fstat(file.fileno()).st_size or None
    except OSError:
        size = None
    console = err()
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


@contextmanager
def counting(what: str, total: int | None) -> Iterator[Any]:
    """A progress bar by log position on a terminal; elsewhere a line now and then."""
    console = err()
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


@contextmanager
def going_on() -> Iterator[None]:
    """Says what to do about a copy that somebody breaks off."""
    try:
        yield
    except KeyboardInterrupt:
        warn("Broken off. The same command, run again, goes on from there; until then nothing opens the copy.")
        raise


@contextmanager
def doing() -> Iterator[checks.Told]:
    """Shows how far it is: a bar for each step on a terminal, a line now and then elsewhere.

    Raises:
        Undone: in the place of what stands in the way.
    """
    from ledger.copying import NotCopied  # slow to import

    with ExitStack() as stack:
        console = err()
        told = stack.enter_context(_bars()) if console.is_terminal else _lines()
        try:
            yield told
        except NotCopied as error:
            raise Undone(str(error)) from None
        except OSError as error:
            where = error.filename or "the disk"
            raise Undone(f"{where}: {error.strerror}: check the path, its permissions and the room there") from None


@contextmanager
def _bars() -> Iterator[checks.Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err(), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of or None)
            progress.update(tasks[what], completed=done)

        yield tell


def _lines() -> checks.Told:
    last = time.monotonic()

    def tell(what: str, done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_EVERY:
            last = time.monotonic()
            warn(f"{what}: {done:,} of {of:,}." if of else f"{what}.", "dim")

    return tell
