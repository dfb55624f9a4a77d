"""Which descriptions of a process may have to do with each other: those that share something, be it through others.

Which place each of them means depends on nothing else (`domain.place_classes.neighbourhoods`), so where a description
comes only these are looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from domain.keys import bounded, compound
from domain.place_classes import Description
from projections.read_models.change_set import ChangeSet
from projections.read_models.place_meanings import PLACE_TOKENS
from projections.storage.sql import delete_pairs, delete_where, put, rows_where_pairs


def tokens_of(description: Description) -> set[str]:
    """What a description may share with another, each as a text of bounded length."""
    return {bounded(compound(*token)) for token in description.tokens}


def keep_tokens(changes: ChangeSet, whole: Iterable[str], tokens: Mapping[tuple[str, str], set[str]]) -> None:
    """Keeps what descriptions may share.

    Args:
        changes: the batch.
        whole: the processes of which nothing that was kept stays.
        tokens: by process and description.
    """
    table = changes.table(PLACE_TOKENS)
    delete_where(changes.connection, table.c.process, whole)
    delete_pairs(changes.connection, (table.c.process, table.c.description), list(tokens))
    rows = [
        {"process": process, "token": token, "description": description}
        for (process, description), theirs in tokens.items()
        for token in sorted(theirs)
    ]
    put(changes.connection, table, rows)


def neighbours(changes: ChangeSet, tokens: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The descriptions of processes that share something with some, directly or through others, of those that are kept.

    Args:
        changes: the batch.
        tokens: what these have, by process.
    """
    table = changes.table(PLACE_TOKENS)
    near: defaultdict[str, set[str]] = defaultdict(set)
    shared = {(process, token) for process, theirs in tokens.items() for token in theirs}
    looked_up: set[tuple[str, str]] = set()
    while shared:
        looked_up |= shared
        found = {
            (row.process, row.description)
            for row in rows_where_pairs(changes.connection, table, (table.c.process, table.c.token), shared)
            if row.description not in near[row.process]
        }
        for process, description in found:
            near[process].add(description)
        columns = (table.c.process, table.c.description)
        shared = {(row.process, row.token) for row in rows_where_pairs(changes.connection, table, columns, found)}
        shared -= looked_up
    return dict(near)
