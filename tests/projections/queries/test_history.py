"""Histories in display order, page by page, with what became of each event."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.queries import history as history_query
from tests.examples import examples
from tests.projections.queries.asking import FIRST, ids, pages, said, the_history, uuid
from tests.projections.world import Wire, follow, opened, processes_of, pull, reading, recorded, views
from tests.spec import wire
from tests.strategies import histories

pytestmark = pytest.mark.usefixtures("both_databases")


def test_a_history_goes_by_time_of_occurrence_not_of_arrival() -> None:
    with reading(
        *opened(FIRST),
        said(1, "2017-10-29"),
        said(2, "2017-10-27"),
        said(3, "2017-10-28"),
        said(4, "2017-10"),
        said(5, "../2017-10-28"),
    ) as here:
        found = the_history(here)
        spoken = [one["id"] for one in found if one["type"] == "StatementMade"]
        assert spoken == [uuid(5), uuid(4), uuid(2), uuid(3), uuid(1)]
        assert ids(the_history(here, newest_first=True)) == ids(found)[::-1]
        assert [one["position"] for one in found if one["id"] == uuid(1)] == [2], "the order of arrival is told"


def test_on_one_day_the_usual_course_decides_then_the_position() -> None:
    talks = "talks/first"
    with reading(
        *opened(FIRST, talks, occurred="2017-10-27"),
        wire("TalksConcluded", subject=talks, id=uuid(1)),
        wire("TalksConvened", subject=talks, id=uuid(3), data={}),
        wire("TalksConvened", subject=talks, id=uuid(2), data={}),
        wire("TalksScheduled", subject=talks, id=uuid(4)),
    ) as here:
        assert ids(the_history(here))[-4:] == [uuid(4), uuid(3), uuid(2), uuid(1)]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_visit_each_event_once_also_with_equal_dates(limit: int, newest_first: bool) -> None:
    days = ["2017-10-27"] * 5 + ["2017-10-28"] * 3 + ["2017-10"] * 2 + ["../2017-10-27"]
    with reading(*opened(FIRST), *[said(number, day) for number, day in enumerate(days)]) as here:
        found = pages(lambda after: history_query.history(here, "first", after, limit, newest_first=newest_first))
        assert ids(found) == ids(the_history(here, newest_first=newest_first))
        assert len(set(ids(found))) == len(found) == len(days) + 1


@examples(8)
@given(histories(), st.integers(1, 5), st.booleans())
def test_pages_of_any_history_visit_each_event_once(history: list[Wire], limit: int, newest_first: bool) -> None:
    log = recorded(history)
    with reading(*history) as here:
        for process in processes_of(log):
            ask = partial(history_query.history, here, process, limit=limit, newest_first=newest_first)
            found = pages(ask)
            whole = the_history(here, process, newest_first=newest_first)
            assert found == whole
            assert len({one["position"] for one in whole}) == len(whole)


def test_revisions_follow_their_target_and_mark_it() -> None:
    with reading(
        *opened(FIRST),
        said(1, "2017-10-27"),
        said(2, "2017-10-28"),
        wire("EventRetracted", subject=FIRST, id=uuid(3), data={"event": uuid(1), "reason": "It was a rumour."}),
        wire("EventDisputed", subject=FIRST, id=uuid(0), data={"event": uuid(3), "described": "the south"}),
        wire("EventDisputed", subject=FIRST, id=uuid(5), data={"event": uuid(1), "described": "the north"}),
    ) as here:
        found = the_history(here)
        assert ids(found)[1] == uuid(1)
        assert set(ids(found)[2:5]) == {uuid(3), uuid(0), uuid(5)}, "before what occurred on the next day"
        assert ids(found)[5] == uuid(2)
        by_id = {one["id"]: one for one in found}
        assert [mark["id"] for mark in by_id[uuid(1)]["revised_by"]] == [uuid(3), uuid(5)], "oldest first"
        assert by_id[uuid(1)]["revised_by"][0] == {
            "id": uuid(3),
            "type": "EventRetracted",
            "recorded_at": "2026-01-01T00:04:00.000000Z",
            "recorded_by": "office",
            "by": None,
            "reason": "It was a rumour.",
        }
        assert [mark["id"] for mark in by_id[uuid(3)]["revised_by"]] == [uuid(0)], "a revision can be revised"
        assert by_id[uuid(2)]["revised_by"] == []


def test_a_mark_stands_on_the_target_whichever_page_it_is_on() -> None:
    with reading(
        *opened(FIRST, occurred="2017-10-30"),
        said(1, "2017-10-27"),
        wire("EventRetracted", subject=FIRST, id=uuid(2), data={"event": uuid(1), "reason": "It was a rumour."}),
    ) as here:
        page = history_query.history(here, "first", None, 1)
        assert ids(page.items[0]["revised_by"]) == [uuid(2)]
        assert ids(history_query.history(here, "first", page.next, 1).items) == [uuid(2)]


def test_a_revision_in_a_later_batch_stands_beside_its_target_too() -> None:
    log = recorded(
        [
            *opened(FIRST),
            said(1, "2017-10-27"),
            said(2, "2017-10-28"),
            wire("EventRetracted", subject=FIRST, id=uuid(3), data={"event": uuid(1), "reason": "It was a rumour."}),
            wire("EventRetracted", subject=FIRST, id=uuid(4), data={"event": uuid(3), "reason": "It was none."}),
        ]
    )
    with views() as found:
        follow(found, pull(log, lambda: 1))
        with found.reading() as here:
            assert ids(the_history(here))[1:] == [uuid(1), uuid(3), uuid(4), uuid(2)]
