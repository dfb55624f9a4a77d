"""Catching up: batches of recorded events change the tables, and the position moves with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from projections.batch import Batch
from projections.views import Progress, Views

Pull = Callable[[int, int], Sequence[Recorded | Unreadable]]
"""Takes a position and a limit; gives the events after it, in log order."""

BATCH = 1000
"""Events in one transaction."""


def catch_up(views: Views, pull: Pull, generation: int | None = None) -> Progress:
    """Applies one batch to a generation (the live one by default).

    The position is read under the write lock, so two servers on one database never apply an event twice.

    Returns:
        How far the generation is now; unchanged if there was nothing to do.

    Raises:
        Unavailable: the generation is gone, because another rebuild was swapped in.
    """
    with views.writing() as connection:
        return _take_batch(views, connection, pull, generation)


def _take_batch(views: Views, connection: Connection, pull: Pull, generation: int | None) -> Progress:
    here = views.live(connection) if generation is None else views.progress_of(connection, generation)
    if here is None and generation is not None:
        raise Unavailable("another rebuild of the read models has taken the place of this one")
    if here is None:
        here = views.begin_generation(connection, live=True)
    batch = list(pull(here.position, BATCH))
    readable: list[Recorded] = []
    halted = None
    for one in batch:
        if isinstance(one, Unreadable):
            halted = f"position {one.position}, {one.type} on {one.subject}: {one.reason}"
            break
        readable.append(one)
    if readable:
        Batch(connection, views.tables(here.generation)).apply(readable)
    now = Progress(
        generation=here.generation,
        position=readable[-1].position if readable else here.position,
        halted=halted,
        complete=here.complete or len(batch) < BATCH or halted is not None,
    )
    if now != here:
        views.advance(connection, now)
    return now


def rebuild(views: Views, pull: Pull, done: Callable[[int], None] = lambda _: None) -> Progress:
    """Makes the read models anew from the log, beside the live ones, and swaps them in.

    Queries go on being answered from the old ones meanwhile.

    Args:
        views: the read models.
        pull: where the events come from.
        done: called with the position after each batch.

    Raises:
        Unavailable: the file cannot be written, or another rebuild was swapped in first.
    """
    with views.writing() as connection:
        here = views.begin_generation(connection, live=False)
    while True:
        with views.writing() as connection:
            following = _take_batch(views, connection, pull, here.generation)
            at_the_end = following.position == here.position
            if at_the_end:  # under the same lock, so that the position that queries see never goes back
                views.swap(connection, here.generation)
        done(following.position)
        if at_the_end:
            return following
        here = following
