"""What every list refuses, and processes that share a subject."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import BadCursor, NotFound
from projections import paging
from projections.queries import figures, incidents, obligations, processes, status, subjects
from projections.queries import history as history_query
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.projections.queries.asking import FIRST, also_in, ids, said, the_history, uuid
from tests.projections.world import NOW, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "é",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        paging.cursor("first"),
        paging.cursor(1, 2, 3),
        paging.cursor(1, 2, 3, 4, 5),
        paging.cursor(1, 2, True, "x"),
        paging.cursor(1.0, 2, 3, "x"),
        paging.cursor(2**63, 2, 3, "x"),
        paging.cursor(-(10**400), 2, 3, "x"),
        paging.cursor(1, 2, 3, "\ud800"),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
    ],
)
def test_a_cursor_of_another_making_is_refused(cursor: str) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(BadCursor, match="unchanged from `next`"):
            history_query.history(here, "first", cursor, 10)
        with pytest.raises(BadCursor):
            incidents.incidents(here, "first", cursor, 10)


@pytest.mark.parametrize("cursor", ["x", paging.cursor(1), paging.cursor("a", "b"), paging.cursor("\ud800")])
def test_lists_by_id_refuse_such_cursors_too(cursor: str) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(BadCursor):
            processes.processes(here, ProcessFilter(), cursor, 10)
        with pytest.raises(BadCursor):
            subjects.actors(here, None, cursor, 10)


@pytest.mark.parametrize(
    "ask",
    [
        lambda here: history_query.history(here, "nowhere", None, 10),
        lambda here: status.process_status(here, "nowhere", NOW),
        lambda here: processes.stamp(here, "nowhere"),
        lambda here: figures.figures(here, "nowhere"),
        lambda here: incidents.incidents(here, "nowhere", None, 10),
        lambda here: obligations.obligations(here, "nowhere", NOW),
        lambda here: subjects.of_family(here, "nowhere", "talks"),
        lambda here: subjects.actors_of(here, "nowhere"),
        lambda here: subjects.subject_page(here, "talks/nowhere"),
        lambda here: subjects.actor_page(here, "nobody"),
    ],
)
def test_what_was_never_opened_is_not_found(ask: Callable[[ReadTransaction], Any]) -> None:
    with reading(*opened(FIRST)) as here:
        with pytest.raises(NotFound):
            ask(here)


# --- processes that share a subject


def test_a_process_that_is_named_later_gets_what_came_before() -> None:
    with reading(
        *opened(FIRST, "processes/second", "talks/first"),
        said(1, "2017-10-27", "talks/first", claimant="elders"),
        wire("FigureReported", subject="talks/first", id=uuid(2), occurred="2017-10-28"),
        wire("IncidentReported", subject="talks/first", id=uuid(3), occurred="2017-10-29"),
        also_in("second"),
        said(4, "2017-10-26", "talks/first"),
    ) as here:
        second = the_history(here, "second")
        assert [one["id"] for one in second if one["subject"] == "talks/first"] == [
            one["id"] for one in the_history(here) if one["subject"] == "talks/first"
        ]
        assert {uuid(1), uuid(2), uuid(3), uuid(4)} <= set(ids(second))
        assert len(figures.figures(here, "second").items) == 1
        assert ids(incidents.incidents(here, "second", None, 10).items) == [uuid(3)]
        shown, _ = status.process_status(here, "second", NOW)
        assert [talks["subject"] for talks in shown["talks"]] == ["talks/first"]
        listed = processes.processes(here, ProcessFilter(updated_after=7), None, 10).items[1]
        assert listed["process"] == "second"


def test_what_was_heard_before_counts_for_a_process_that_is_named_later() -> None:
    source = {"publisher": "TASS", "published": "2017-12-01"}
    with reading(
        *opened(FIRST, "processes/second", "talks/first"),
        said(1, "2017-10-27", "talks/first", sources=[source]),
        also_in("second"),
    ) as here:
        shown = processes.processes(here, ProcessFilter(), None, 10).items
        assert [one["last_heard"]["on"] for one in shown] == ["2017-12-01", "2017-12-01"]
