"""Pages are bounded by bytes as well as by count: they end early, are never empty while something is left, and all of
them together are the whole list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from projections import paging
from projections.paging import Page
from projections.queries import deadlines, figures, findings, history, incidents, processes, subjects
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.projections.world import follow, pull, recorded, views
from tests.seeds.reading import lines_of

MANY, SMALL = 1_000, 600
NOW = datetime(2025, 6, 10, tzinfo=UTC)
PAST = HorizonRequest(as_of="2025-05-01")
Asking = Callable[[ReadTransaction, str | None, int], Page[Any]]


def asking(process: str, request: HorizonRequest) -> list[Asking]:
    return [
        lambda t, after, limit: history.history(t, process, after, limit, request=request),
        lambda t, after, limit: history.history(t, process, after, limit, newest_first=True, request=request),
        lambda t, after, limit: incidents.incidents(t, process, after, limit, request),
        lambda t, after, limit: figures.claims(t, process, after, limit, request=request),
    ]


LISTS: list[Asking] = [
    *asking("ilvaran-valley", PRESENT),
    *asking("ilvaran-valley", PAST),
    lambda t, after, limit: subjects.actors(t, None, after, limit),
    lambda t, after, limit: subjects.places(t, None, after, limit),
    lambda t, after, limit: processes.processes(t, ProcessFilter(), after, limit),
    lambda t, after, limit: processes.processes(t, ProcessFilter(q="e"), after, limit),
    lambda t, after, limit: findings.all_findings(t, NOW, None, None, after, limit)[0],
    lambda t, after, limit: deadlines.deadlines(t, NOW, after=after, limit=limit)[0],
    lambda t, after, limit: processes.processes(t, ProcessFilter(), after, limit, NOW, PAST),
    lambda t, after, limit: processes.processes(t, ProcessFilter(q="e"), after, limit, NOW, PAST),
    lambda t, after, limit: findings.all_findings(t, NOW, None, None, after, limit, PAST)[0],
    lambda t, after, limit: deadlines.deadlines(t, NOW, after=after, limit=limit, request=PAST)[0],
]
"""Each list that has pages."""


def test_small_pages_are_never_empty_and_together_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        line for file in ("eastern-kalamun", "ilvaran-valley", "kessur-gap") for line in lines_of(f"{file}.ndjson")
    ]
    log = recorded([json.loads(line) for line in lines])
    with views() as kept:
        follow(kept, pull(log), NOW)
        with kept.reading() as transaction:
            wholes = [ask(transaction, None, MANY) for ask in LISTS]
            monkeypatch.setattr(paging, "PAGE_BYTES", SMALL)
            for ask, whole in zip(LISTS, wholes, strict=True):
                assert whole.next is None
                asked_for = list(pages(transaction, ask))
                together = sum(len(orjson.dumps(item)) for item in whole.items)
                assert len(asked_for) > 1 or len(whole.items) == 1 or together <= SMALL
                assert [item for page in asked_for for item in page.items] == whole.items


def pages(transaction: ReadTransaction, ask: Asking) -> Iterator[Page[Any]]:
    after: str | None = None
    while True:
        page = ask(transaction, after, MANY)
        assert page.items
        sizes = [len(orjson.dumps(item)) for item in page.items]
        assert len(sizes) == 1 or sum(sizes) <= SMALL
        yield page
        after = page.next
        if after is None:
            break
