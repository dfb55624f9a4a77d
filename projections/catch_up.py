"""Catching up: batches of recorded events change the tables, and the position moves with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from sqlalchemy import Connection, select

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from projections.batch import Batch
from projections.read_models.timeline import TIMELINE
from projections.storage.generations import GenerationProgress, ReadModels

Pull = Callable[[int, int], Sequence[Recorded | Unreadable]]
"""Takes a position and a limit; gives the events after it, in log order."""

BATCH = 1000
"""Events in one transaction."""


def catch_up(views: ReadModels, pull: Pull, generation: int | None = None) -> GenerationProgress:
    """Applies one batch to a generation (the live one by default).

    The position is read under the lock, so two processes on one database never apply an event twice.

    Returns:
        How far the generation is now; unchanged if there was nothing to do.

    Raises:
        Unavailable: the generation is gone, because another rebuild was swapped in.
    """
    with views.writing() as connection:
        now = _take_batch(views, connection, pull, generation)
    if now is not None:
        return now
    with views.restructuring() as connection:
        return views.live(connection) or views.begin_generation(connection, live=True)


def _take_batch(
    views: ReadModels, connection: Connection, pull: Pull, generation: int | None
) -> GenerationProgress | None:
    """None if there is no live generation."""
    here = views.claim(connection, generation)
    if here is None:
        if generation is None:
            return None
        raise Unavailable("another rebuild of the read models has taken the place of this one")
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
    now = GenerationProgress(
        generation=here.generation,
        position=readable[-1].position if readable else here.position,
        halted=halted,
        complete=here.complete or len(batch) < BATCH or halted is not None,
    )
    if now != here:
        views.advance(connection, now)
    return now


def reflects(views: ReadModels, pull: Pull, here: GenerationProgress) -> bool:
    """Whether a generation was made from this log: another one may have been put in its place."""
    if here.position == 0:
        return True
    timeline = views.tables(here.generation).table(TIMELINE)
    with views.writing() as connection:
        query = select(timeline.c.event_id).where(timeline.c.position == here.position)
        ours = connection.execute(query).scalar()
    found = pull(here.position - 1, 1)
    if not found or found[0].position != here.position:
        return False
    return isinstance(found[0], Unreadable) or str(found[0].id) == ours


def rebuild(views: ReadModels, pull: Pull, done: Callable[[int], None] = lambda _: None) -> GenerationProgress:
    """Makes the read models anew from the log, beside the live ones, and swaps them in.

    Queries go on being answered from the old ones meanwhile, and appends go on. What a rebuild that was broken off has
    done stands: the next one goes on from there.

    Args:
        views: the read models.
        pull: where the events come from.
        done: called with the position at the start and after each batch.

    Raises:
        Unavailable: the read models cannot be written, or another rebuild runs.
    """
    with closing(views.rebuild_lead()) as lead:
        if not lead.taken():
            raise Unavailable("another rebuild of the read models runs already: let it end")
        here = _begin(views, pull)
        done(here.position)
        while True:
            following = catch_up(views, pull, here.generation)
            done(following.position)
            # While events come in there is always another one: the last few are taken under the lock.
            if following.position < here.position + BATCH:
                break
            here = following
            views.rest()
        with views.restructuring() as connection:  # nobody moves now: what the live one has by now is taken too
            live = views.live(connection)
            while True:
                following = _take_batch(views, connection, pull, here.generation) or here
                if following.position == here.position or live is None:
                    break
                if following.position >= live.position and following.halted == live.halted:
                    break
                here = following
            views.swap(connection, following.generation)
        done(following.position)
        return replace(following, complete=True)


def _begin(views: ReadModels, pull: Pull) -> GenerationProgress:
    """The generation to build: one that was left unfinished, if it goes with the log, or a new one."""
    with views.restructuring() as connection:
        here = views.unfinished(connection)
    if here is not None and reflects(views, pull, here):
        return here
    with views.restructuring() as connection:
        return views.begin_generation(connection, live=False)
