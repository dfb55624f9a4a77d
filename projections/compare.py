"""Whether the read models are what the log gives: they are made anew in a scratch file, and compared row by row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domain.event import Recorded, Unreadable
from projections.batch import open_read_models
from projections.catch_up import Pull, catch_up
from projections.storage.generations import ReadModels, ReadTransaction

NOT_COMPARED = {
    "subjects": {"changed": "it is the end of the batch in which the subject last changed, however batches were cut"},
}
"""Columns that the log alone does not give, and why."""

AT_ONCE = 1000
"""Rows that are read from the database together."""

Row = dict[str, Any]


def compare(
    views: ReadModels,
    pull: Pull,
    found: Callable[[str, str], None],
    told: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> int:
    """Compares every row of the live read models with one derived from the log anew.

    Args:
        views: they may be brought on meanwhile.
        pull: where the events come from.
        found: called with a table, and a sentence that says what in it is wrong.
        told: of what is done, how far it is, and how far it goes.

    Returns:
        The position that was compared.

    Raises:
        Unavailable: they cannot be read, or are not complete yet.
    """
    with tempfile.TemporaryDirectory(prefix="parley-verify-") as directory:
        with closing(open_read_models(Path(directory, "views.db"))) as anew:
            with views.reading() as live:
                position = live.position
            _follow(anew, pull, position, told)
            with views.reading() as live:
                for table in live.tables.by_name().values():
                    live.connection.execute(select(table).limit(0))  # from now on nobody drops them
                _follow(anew, pull, live.position, told)
                with anew.reading() as fresh:
                    for name in live.tables.by_name():
                        told(f"Comparing {name}", 0, 0)
                        for text in differences(name, live, fresh):
                            found(name, text)
                return live.position


def _follow(views: ReadModels, pull: Pull, until: int, told: Callable[[str, int, int], None]) -> None:
    """Brings read models to a position, and no further."""

    def bounded(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        return [one for one in pull(after, limit) if one.position <= until] if after < until else []

    position = -1
    while position != (position := catch_up(views, bounded).position):
        told("Making read models anew", position, until)


def differences(name: str, live: ReadTransaction, fresh: ReadTransaction) -> Iterator[str]:
    """What is wrong in a table, a sentence for each row."""
    mend = "`parley rebuild` makes the read models anew"
    ours, theirs = _rows(name, live), _rows(name, fresh)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None  # noqa: S101
            yield f"{name} has a row for {_shown(one[0])} that the log does not give: {mend}"
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            yield f"{name} lacks the row for {_shown(other[0])}: {mend}"
            other = next(theirs, None)
        else:
            wrong = [column for column, value in one[1].items() if value != other[1][column]]
            if wrong:
                yield f"{name} has another {', '.join(wrong)} for {_shown(one[0])} than the log gives: {mend}"
            one, other = next(ours, None), next(theirs, None)


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
