"""Catching up: batches of recorded events change the tables, and the position moves with them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby

from sqlalchemy import Connection

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from domain.spans import second_of
from projections.batch import apply
from projections.read_models.change_set import AskedEvents, FindingChanges
from projections.read_models.finding_changes import taken_together
from projections.read_models.timeline import id_at
from projections.read_models.upcoming import next_due
from projections.storage.generations import GenerationProgress, ReadModels, ReadTransaction
from projections.storage.tables import Transaction

Pull = Callable[[int, int], Sequence[Recorded | Unreadable]]
"""Takes a position and a limit; gives the events after it, in log order."""

BATCH = 1000
"""Events in one transaction."""
BUILDING_BATCH = 5000
"""Events in one transaction of a generation that was never complete: nobody reads it yet. Logs interleave, and what a
subject costs (its state read, its findings looked for, all of it written) it costs once in each batch."""


MOST_PARTS = 50
"""Parts in which one transaction takes its events, where somebody asks about them: others wait for what is committed,
or for the end of a server that stops."""
LOOKED_AHEAD = 250
"""Events that are looked at together to see how many of them can be one part."""


def wall_clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


Clock = Callable[[], datetime]
"""Tells the time."""


class Asked:
    """Who asks what events do to the findings of their subjects. As it is here, nobody does."""

    def about(self, event: str) -> bool:  # noqa: ARG002
        """Whether somebody asks about an event, given its id."""
        return False

    def answer(self, position: int, changes: Mapping[str, FindingChanges]) -> None:
        """What events did, by their ids: all up to a position that are asked about. It follows from the log, and holds
        whatever becomes of the transaction."""

    def more(self) -> bool:
        """Waits for further events that are asked about, to go into the same transaction; False: it is to end."""
        return False


NOBODY_ASKS = Asked()


def catch_up(
    read_models: ReadModels,
    pull: Pull,
    generation: int | None = None,
    clock: Clock = wall_clock,
    asked: Asked = NOBODY_ASKS,
) -> GenerationProgress:
    """Applies one batch to a generation (the live one by default), and takes in what has come by the clock.

    The position is read under the lock, so two processes on one database never apply an event twice.

    Returns:
        How far the generation is now; unchanged if there was nothing to do.

    Raises:
        Unavailable: the generation is gone, because another rebuild was swapped in.
    """
    with _no_search_for_cycles(), read_models.writing() as connection:
        progress = _take_batch(read_models, connection, pull, generation, clock, asked)
    if progress is not None:
        return progress
    with read_models.restructuring() as connection:
        return read_models.live(connection) or read_models.begin_generation(connection, live=True)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """What a batch makes holds none, lives as long as the batch, and is a lot to look through again and again."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _take_batch(
    read_models: ReadModels,
    connection: Connection,
    pull: Pull,
    generation: int | None,
    clock: Clock,
    asked: Asked = NOBODY_ASKS,
) -> GenerationProgress | None:
    """None if there is no live generation."""
    claimed = read_models.claim(connection, generation)
    if claimed is None:
        if generation is None:
            return None
        raise Unavailable("another rebuild of the read models has taken the place of this one")
    transaction = Transaction(connection, read_models.tables(claimed.generation))
    progress, before = _pulled(transaction, claimed, pull, clock(), asked), claimed
    while progress.position != before.position and progress.halted is None and asked.more():
        progress, before = _pulled(transaction, progress, pull, clock(), asked), progress
    if progress != claimed:
        read_models.advance(connection, progress)
    return progress


def _pulled(
    transaction: Transaction, progress: GenerationProgress, pull: Pull, now: datetime, asked: Asked
) -> GenerationProgress:
    """Takes what follows in the log, once. Returns how far the generation then is; it is not noted yet."""
    limit = BATCH if progress.complete else BUILDING_BATCH
    batch = list(pull(progress.position, limit))
    readable: list[Recorded] = []
    halted = None
    for event in batch:
        if isinstance(event, Unreadable):
            halted = f"position {event.position}, {event.type} on {event.subject}: {event.reason}"
            break
        readable.append(event)
    position = progress.position
    for events, answering in _parts(transaction, readable, asked, second_of(now)):
        position = events[-1].position
        apply(transaction, events, position, now, answering, partial(asked.answer, position))
    whole = not readable or position == readable[-1].position
    if not readable and is_due(transaction, now):
        apply(transaction, (), position, now)
    return GenerationProgress(
        generation=progress.generation,
        position=position,
        halted=halted if whole else None,
        complete=progress.complete or (whole and (len(batch) < limit or halted is not None)),
    )


def _parts(
    transaction: Transaction, events: Sequence[Recorded], asked: Asked, now: int
) -> Iterator[tuple[Sequence[Recorded], AskedEvents | None]]:
    """Events in their order, in batches: those that nobody asks about together, and of the others those that are
    `taken_together`. They end after `MOST_PARTS`."""
    runs = [(is_asked, list(run)) for is_asked, run in groupby(events, lambda recorded: asked.about(recorded.key))]
    left = MOST_PARTS
    for is_asked, run in runs:
        at = 0
        while at < len(run) and left > 0:
            together = taken_together(transaction, run[at : at + LOOKED_AHEAD], now) if is_asked else None
            part = together.events if together is not None else run
            yield part, together
            at += len(part)
            left -= 1


def is_due(transaction: Transaction, now: datetime) -> bool:
    """Whether a report that was still to come has come by a time, and the read models have not taken it in."""
    due = next_due(transaction)
    return due is not None and due <= second_of(now)


@contextmanager
def reading_at(read_models: ReadModels, now: datetime) -> Iterator[ReadTransaction]:
    """One snapshot of the live read models that has taken in what has come by a time: whoever asks first does that.

    Raises:
        Unavailable: the read models cannot be read, or are not complete yet; or what has come cannot be written.
    """
    with read_models.reading() as reading:
        if not is_due(reading, now):
            yield reading
            return
    catch_up(read_models, lambda _after, _limit: (), clock=lambda: now)
    with read_models.reading() as reading:
        yield reading


def reflects(read_models: ReadModels, pull: Pull, progress: GenerationProgress) -> bool:
    """Whether a generation was made from this log: another one may have been put in its place."""
    if progress.position == 0:
        return True
    with read_models.writing() as connection:
        ours = id_at(Transaction(connection, read_models.tables(progress.generation)), progress.position)
    events = pull(progress.position - 1, 1)
    if not events or events[0].position != progress.position:
        return False
    return isinstance(events[0], Unreadable) or str(events[0].id) == ours


def rebuild(
    read_models: ReadModels,
    pull: Pull,
    done: Callable[[int], None] = lambda _: None,
    clock: Clock = wall_clock,
) -> GenerationProgress:
    """Rebuilds the read models from the log, beside the live ones, and swaps them in.

    Queries go on being answered from the old ones meanwhile, and appends go on. What a rebuild that was broken off has
    done stands: the next one goes on from there.

    Args:
        read_models: the read models.
        pull: where the events come from.
        done: called with the position at the start and after each batch.
        clock: by which reports are still to come.

    Raises:
        Unavailable: the read models cannot be written, or another rebuild runs.
    """
    with closing(read_models.rebuild_lead()) as lead:
        if not lead.taken():
            raise Unavailable("another rebuild of the read models runs already: let it end")
        progress = _begin(read_models, pull)
        done(progress.position)
        while True:
            following = catch_up(read_models, pull, progress.generation, clock)
            done(following.position)
            # While events come in there is always another one: the last few are taken under the lock.
            if following.position < progress.position + BUILDING_BATCH:
                break
            progress = following
            read_models.rest()
        with read_models.restructuring() as connection:  # nobody moves now: what the live one has by now is taken too
            live = read_models.live(connection)
            while True:
                following = _take_batch(read_models, connection, pull, progress.generation, clock) or progress
                if following.position == progress.position or live is None:
                    break
                if following.position >= live.position and following.halted == live.halted:
                    break
                progress = following
            read_models.swap(connection, following.generation)
        done(following.position)
        return replace(following, complete=True)


def _begin(read_models: ReadModels, pull: Pull) -> GenerationProgress:
    """The generation to build: one that was left unfinished, if it goes with the log, or a new one."""
    with read_models.restructuring() as connection:
        progress = read_models.unfinished(connection)
    if progress is not None and reflects(read_models, pull, progress):
        return progress
    with read_models.restructuring() as connection:
        return read_models.begin_generation(connection, live=False)
