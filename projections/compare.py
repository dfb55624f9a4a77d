"""Whether the read models are what the log gives: they are rebuilt in a scratch file, and compared row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.event import Recorded, Unreadable
from projections.batch import open_read_models
from projections.catch_up import Pull, catch_up, reading_at, wall_clock
from projections.read_models.finding_changes import FINDING_CHANGES
from projections.read_models.late_reports import NOTED_STATES
from projections.read_models.upcoming import next_due
from projections.storage.generations import ReadModels, ReadTransaction

NOT_COMPARED = {
    "subjects": {"changed": "it is the end of the batch in which the subject last changed, however batches were cut"},
}
"""Columns that the log alone does not give, and why."""

NOT_GIVEN = frozenset({FINDING_CHANGES.name, NOTED_STATES.name})
"""Tables that the log alone does not give: what is kept there was asked about while it was recorded, or was noted where
reports came late."""

AT_ONCE = 1000
"""Rows that are read from the database together."""

Row = dict[str, Any]


def compare(
    read_models: ReadModels,
    pull: Pull,
    report: Callable[[str, str], None],
    progress: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> int:
    """Compares every row of the live read models with one derived from the log.

    Args:
        read_models: they may be brought on meanwhile.
        pull: where the events come from.
        report: called with a table, and a sentence that says what in it is wrong.
        progress: called with what is done, how far it is, and how far it goes.

    Returns:
        The position that was compared.

    Raises:
        Unavailable: they cannot be read, or are not complete yet.
    """
    with tempfile.TemporaryDirectory(prefix="parley-verify-") as directory:
        with closing(open_read_models(Path(directory, "views.db"))) as rebuilt:
            with read_models.reading() as live:
                position = live.position
            _follow(rebuilt, pull, position, wall_clock(), progress)
            with reading_at(read_models, wall_clock()) as live:
                for table in live.tables.by_name().values():
                    live.connection.execute(select(table).limit(0))  # from now on nobody drops them
                due, now = next_due(live), wall_clock()
                if due is not None:  # what comes after the live ones were read is not theirs to hold
                    now = min(now, datetime.fromtimestamp(due - 1, UTC))
                _follow(rebuilt, pull, live.position, now, progress)
                with rebuilt.reading() as fresh:
                    for name in (name for name in live.tables.by_name() if name not in NOT_GIVEN):
                        progress(f"Comparing {name}", 0, 0)
                        for text in differences(name, live, fresh):
                            report(name, text)
                return live.position


def _follow(
    read_models: ReadModels, pull: Pull, until: int, now: datetime, progress: Callable[[str, int, int], None]
) -> None:
    """Brings read models to a position and a time, and no further."""

    def bounded(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        return [event for event in pull(after, limit) if event.position <= until] if after < until else []

    position = -1
    while position != (position := catch_up(read_models, bounded, clock=lambda: now).position):
        progress("Making read models anew", position, until)


def differences(name: str, live: ReadTransaction, fresh: ReadTransaction) -> Iterator[str]:
    """What is wrong in a table, a sentence for each row."""
    fix = "`parley rebuild` makes the read models anew"
    live_rows, fresh_rows = _rows(name, live), _rows(name, fresh)
    ours, theirs = next(live_rows, None), next(fresh_rows, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours[0] < theirs[0]):
            assert ours is not None  # noqa: S101
            yield f"{name} has a row for {_shown(ours[0])} that the log does not give: {fix}"
            ours = next(live_rows, None)
        elif ours is None or theirs[0] < ours[0]:
            yield f"{name} lacks the row for {_shown(theirs[0])}: {fix}"
            theirs = next(fresh_rows, None)
        else:
            wrong = [column for column, value in ours[1].items() if value != theirs[1][column]]
            if wrong:
                yield f"{name} has another {', '.join(wrong)} for {_shown(ours[0])} than the log gives: {fix}"
            ours, theirs = next(live_rows, None), next(fresh_rows, None)


def _rows(name: str, reading: ReadTransaction) -> Iterator[tuple[tuple[Any, ...], Row]]:
    """Rows in the order of their key: the key, and the columns that are compared."""
    table = reading.tables.by_name()[name]
    keys = [column.name for column in table.primary_key.columns]
    compared = [column.name for column in table.columns if column.name not in NOT_COMPARED.get(name, ())]
    query = select(table).order_by(*table.primary_key.columns)
    for row in reading.connection.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield tuple(row._mapping[key] for key in keys), {column: row._mapping[column] for column in compared}


def _shown(key: tuple[Any, ...]) -> str:
    return ", ".join(text if len(text := str(value)) <= 80 else f"{text[:79]}…" for value in key)
