"""Which processes are followed, and what was heard of them last, live and folded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from projections.queries.at_horizon import PRESENT, HorizonRequest
from tests.projections.world import Wire, folded, follow, kept, opened, pull, recorded, views
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
"""All is recorded on 1 January 2026."""


def said(occurred: str, published: str | None = None, subject: str = "convoys/first") -> Wire:
    source = {"publisher": "Radio", "published": published} if published else {"publisher": "Radio"}
    return wire("StatementMade", subject=subject, occurred=occurred, data={"text": occurred}, sources=[source])


def case(*reports: Wire, followed: bool | None = None, old: str = "2005-03-01") -> list[Wire]:
    first, convoy = opened("processes/first", "convoys/first", occurred=old)
    first["data"] = {**first["data"], "followed": followed}
    convoy["data"] = {"processes": ["first"], "kind": "aid", "title": [{"text": "to the town"}]}
    moving = wire("ConvoyDeparted", subject="convoys/first", occurred=old, data={})
    return [first, convoy, moving, *reports]


def told(history: list[Wire], process: str = "first", asked: HorizonRequest = PRESENT) -> tuple[Any, bool, set[str]]:
    log = recorded(history)
    with views() as found:
        follow(found, pull(log, lambda: 2))
        status = kept(found, process, NOW, asked)
    assert status == folded(log, process, NOW, asked=asked) or asked != PRESENT
    return status["last_heard"], status["followed"], set(status["findings"]["by_rule"])


REMINDERS = {"silence", "not-arrived"}


@pytest.mark.parametrize(
    ("occurred", "followed"),
    [
        ("2025-12-03", True),
        ("2025-11-30", False),
        ("2025-12", True),
        ("2025", True),
        ("2025-12-20/..", True),
        ("2005/..", False),
        ("../2005", False),
    ],
)
def test_a_process_is_followed_if_a_report_was_recorded_within_thirty_days(occurred: str, followed: bool) -> None:
    _, yes, rules = told(case(said(occurred)))
    assert (yes, rules >= REMINDERS, bool(REMINDERS & rules)) == (followed, followed, followed)


def test_backfill_cannot_undo_it_and_the_newest_opening_overrides_it() -> None:
    prompt = said("2025-12-30")
    assert told(case(prompt, said("2005-04-01")))[1]
    assert not told(case(prompt, followed=False))[1]
    again = {**case(followed=True)[0], "id": "00000000-0000-4000-8000-00000000aaaa"}
    assert told([*case(followed=False), again])[1]
    taken = wire("EventRetracted", subject="convoys/first", occurred=None, data={"event": prompt["id"], "reason": "no"})
    assert not told([*case(prompt), taken])[1]


def test_a_subject_of_several_processes_is_followed_if_one_of_them_is() -> None:
    first, convoy, moving = case()
    (second,) = opened("processes/second", occurred="2005-03-01")
    second["data"] = {**second["data"], "followed": True}
    convoy["data"] = {**convoy["data"], "processes": ["first", "second"]}
    for process, followed in (("first", False), ("second", True)):
        history = [first, second, convoy, moving]
        _, yes, rules = told(history, process)
        assert (yes, "not-arrived" in rules, "silence" in rules) == (followed, True, followed)
        last = HorizonRequest(known_at_position=4, position=4)
        assert told(history, process, last)[1:] == (yes, rules)


def test_an_archive_published_today_is_not_heard_today_as_of_long_ago() -> None:
    history = case(said("2005-03-20", "2026-01-01"), said("2005-04", None))
    heard, _, _ = told(history)
    assert (heard["on"], heard["occurred"]["on"], heard["published"]["on"]) == ("2026-01-01", "2005-04", "2026-01-01")
    heard, _, _ = told(history, asked=HorizonRequest(as_of="2005-03-31"))
    assert (heard["on"], heard["published"]) == ("2005-03-20", None)


def test_nothing_still_to_come_is_heard() -> None:
    plan = wire("TalksScheduled", subject="talks/first", occurred="2062-01-01", data={"when": "2062-01-02"}, sources=[])
    heard, _, _ = told([*case(said("2005-03-20", "2061-01-01")), *opened("talks/first", occurred="2005-03-01"), plan])
    assert (heard["occurred"]["on"], heard["published"]) == ("2005-03-20", None)
