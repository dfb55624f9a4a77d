"""Pages are bounded by bytes as well as by count: they end early, are never empty while something is left, and all of
them together are the whole list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from projections import paging
from projections.answers.obligations import ScoredSide
from projections.paging import Page, page_of
from projections.queries import deadlines, figures, findings, history, incidents, obligations, processes, subjects
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
        lambda t, after, limit: figures.figures(t, process, request, after, limit),
        lambda t, after, limit: subjects.of_family(t, process, "talks", request, after, limit),
        lambda t, after, limit: subjects.actors_of(t, process, request, after, limit),
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


@contextmanager
def seeded() -> Iterator[ReadTransaction]:
    lines = [
        line for file in ("eastern-kalamun", "ilvaran-valley", "kessur-gap") for line in lines_of(f"{file}.ndjson")
    ]
    log = recorded([json.loads(line) for line in lines])
    with views() as kept:
        follow(kept, pull(log), NOW)
        with kept.reading() as transaction:
            yield transaction


def test_small_pages_are_never_empty_and_together_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with seeded() as transaction:
        wholes = [ask(transaction, None, MANY) for ask in LISTS]
        monkeypatch.setattr(paging, "PAGE_BYTES", SMALL)
        for ask, whole in zip(LISTS, wholes, strict=True):
            assert whole.next is None
            asked_for = list(pages(transaction, ask))
            together = sum(len(orjson.dumps(item)) for item in whole.items)
            assert len(asked_for) > 1 or len(whole.items) == 1 or together <= SMALL
            assert [item for page in asked_for for item in page.items] == whole.items


@pytest.mark.parametrize("most", [None, 1, 3])
def test_a_side_that_owes_more_than_a_page_holds_goes_on_with_the_next(
    monkeypatch: pytest.MonkeyPatch, most: int | None
) -> None:
    with seeded() as transaction:
        whole = obligations.obligations(transaction, "ilvaran-valley", NOW)
        assert whole.next is None
        assert any(len(side["owes"]) > 1 for side in whole.items)
        if most is None:
            monkeypatch.setattr(paging, "PAGE_BYTES", SMALL)
        sides: dict[str | None, ScoredSide] = {}
        after, number = None, 0
        while after is not None or not number:
            page = obligations.obligations(transaction, "ilvaran-valley", NOW, after=after, limit=most)
            assert 1 <= sum(len(side["owes"]) + len(side["is_owed"]) for side in page.items) <= (most or MANY)
            for side in page.items:
                so_far = sides.setdefault(side["side"], {"side": side["side"], "owes": [], "is_owed": []})
                so_far["owes"] += side["owes"]
                so_far["is_owed"] += side["is_owed"]
            after, number = page.next, number + 1
        assert number > 2
        assert list(sides.values()) == whole.items


def test_a_page_goes_on_behind_its_last_entry_wherever_that_stands_by_now() -> None:
    def names(listed: str, after: str | None, limit: int | None = None) -> tuple[str, str | None]:
        page = page_of([(name, name) for name in listed], str.upper, after, limit)
        return "".join(page.items), page.next

    first, after = names("bcde", None, 2)
    assert first == "BC"
    assert names("bcde", after) == ("DE", None)
    assert names("abcde", after) == ("DE", None)
    assert names("cde", after) == ("DE", None)
    assert names("bde", after) == ("DE", None), "what it named is gone"
    assert names("", after) == ("", None)
    assert names("bc", after) == ("", None)


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
