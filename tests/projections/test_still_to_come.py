"""What is still to come has not happened: it is held, and taken in when its time comes, without an append."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.services.status_cache import StatusCache, StatusKey
from projections.batch import open_read_models
from projections.catch_up import catch_up, reading_at, rebuild
from projections.queries import deadlines, processes, subjects
from projections.queries.at_horizon import HorizonRequest
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadModels
from tests.examples import examples
from tests.projections.batches import times_applied
from tests.projections.test_time_travel import revised
from tests.projections.world import Wire, folded, follow, kept, opened, processes_of, pull, recorded, views
from tests.spec import wire
from tests.strategies import histories, with_unified_actors

pytestmark = pytest.mark.usefixtures("both_databases")

BEFORE = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def moments(*days: str) -> list[datetime]:
    return [datetime.fromisoformat(day).astimezone(UTC) for day in days]


# --- three ways, as the clock moves -----------------------------------------------------------------------

TIMES = st.lists(st.integers(0, 40 * 24), min_size=2, max_size=5).map(
    lambda hours: [datetime(2017, 10, 25, tzinfo=UTC) + timedelta(hours=hour) for hour in sorted(hours)]
)


@examples(6)
@given(st.one_of(histories(), revised(), with_unified_actors()), TIMES, st.lists(st.integers(1, 9), min_size=1))
def test_live_rebuilt_and_folded_agree_as_the_clock_moves(
    history: list[Wire], times: list[datetime], sizes: list[int]
) -> None:
    log = recorded(history)
    turns = iter(sizes * len(log) * 2)
    known = len(log) * 2 // 3
    with views() as found:
        for turn, now in enumerate(times):
            known = len(log) if turn else known  # the rest of the log comes in later
            follow(found, pull(log[:known], lambda: next(turns)), now)
            for process in processes_of(log[:known]):
                assert kept(found, process, now) == folded(log[:known], process, now), (process, now)
        rebuild(found, pull(log), clock=lambda: times[-1])
        for process in processes_of(log):
            assert kept(found, process, times[-1]) == folded(log, process, times[-1]), process


# --- every family -----------------------------------------------------------------------------------------

FIRST, TALKS, DEAL, RUN = "processes/first", "talks/first", "agreements/first", "convoys/first"
REGISTER = "enrolments/first"


def zoned(name: str | None, **more: Any) -> Wire:
    data = {"labels": [{"text": "Valley"}], **({"time_zone": name} if name else {})}
    return wire("ProcessOpened", subject=FIRST, occurred="2017-10-01", data=data, **more)


BASE = [zoned(None), *opened(TALKS, DEAL, RUN, REGISTER)]
ACTUAL = [
    ("TalksConvened", TALKS),
    ("TalksCancelled", TALKS),
    ("TalksConcluded", TALKS),
    ("AgreementReached", DEAL),
    ("AgreementSigned", DEAL),
    ("AgreementEnteredIntoForce", DEAL),
    ("AgreementEnded", DEAL),
    ("ViolationReported", DEAL),
    ("ObligationAgreed", DEAL),
    ("ConvoyDeparted", RUN),
    ("ConvoyArrived", RUN),
    ("ClearanceDenied", RUN),
    ("EnrolmentReported", REGISTER),
    ("EnrolmentClosed", REGISTER),
    ("AccessReported", FIRST),
    ("ControlReported", FIRST),
    ("ProcessSuspended", FIRST),
    ("ProcessEnded", FIRST),
    ("ProcessOpened", FIRST),
    ("RoleTaken", FIRST),
    ("PositionTaken", FIRST),
    ("ProposalMade", FIRST),
    ("StatementMade", FIRST),
    ("FigureReported", FIRST),
    ("IncidentReported", FIRST),
]
STANDING = ("changes", "evidence", "actors", "horizon", "version", "still_to_come")
"""What a report of the future may show in: that it was recorded."""


def ahead(name: str, subject: str = FIRST, occurred: str = "2024-03-10", **more: Any) -> Wire:
    sent = wire(name, subject=subject, occurred=occurred, **more)
    if "modality" in sent.get("data", {}):
        sent["data"] = {**sent["data"], "modality": "actual"}
    sent.get("data", {}).pop("time_zone", None)
    return sent


def held(status: Wire) -> list[str]:
    return [event for report in status["still_to_come"] for event in report["events"]]


def lines(status: Wire, *, findings: bool = True) -> Wire:
    """What a status says, but for when its reports were recorded."""
    return {name: said for name, said in status.items() if name not in STANDING and (findings or name != "findings")}


@pytest.mark.parametrize(("name", "subject"), ACTUAL, ids=[name for name, _ in ACTUAL])
def test_what_is_to_come_changes_nothing_until_its_day_has_begun(name: str, subject: str) -> None:
    report = ahead(name, subject)
    log, without = recorded([*BASE, report]), recorded(BASE)
    begun, everywhere = moments("2024-03-09T10:00:00+00:00", "2024-03-10T12:00:00+00:00")
    with views() as found:
        follow(found, pull(log), BEFORE)
        for now in (BEFORE, begun - timedelta(seconds=1)):
            status = kept(found, "first", now)
            assert held(status) == [report["id"]]
            assert lines(status, findings=False) == lines(folded(without, "first", now), findings=False)
        rules = [one["rule"] for one in status["findings"]["items"]]
        assert "told-before-it-happened" not in rules, "it was recorded later than that"
        for now in (begun, everywhere):
            status = kept(found, "first", now)
            assert status == folded(log, "first", now)
            assert held(status) == []
        assert report["id"] in str(lines(kept(found, "first", everywhere)))


@pytest.mark.parametrize(
    ("name", "subject", "data"),
    [
        ("TalksScheduled", TALKS, {"when": "2024-03-20"}),
        ("TalksPostponed", TALKS, {"until": "2024-03-20"}),
        ("RoleTaken", TALKS, {"actor": "a", "role": "host", "modality": "announced"}),
        (
            "ConvoyReported",
            RUN,
            {**BASE[3]["data"], "planned": "2024-04"},
        ),
    ],
)
def test_a_plan_that_is_dated_ahead_is_not_held(name: str, subject: str, data: Wire) -> None:
    log = recorded([*BASE, wire(name, subject=subject, occurred="2024-03-10", data=data)])
    with views() as found:
        follow(found, pull(log), BEFORE)
        status = kept(found, "first", BEFORE)
        assert held(status) == []
        assert log[-1].key in str(lines(status))
        assert status == folded(log, "first", BEFORE)


def test_what_has_begun_has_come_whenever_it_ends() -> None:
    month, open_end, instant = (
        ahead("StatementMade", occurred=when) for when in ("2024-03", "2024-02-28/..", "2024-03-01T12:00:00Z")
    )
    later, window = (
        ahead("StatementMade", occurred=when) for when in ("2024-04", "2024-03-01T12:00:01Z/2024-03-02T00:00Z")
    )
    log = recorded([*BASE, month, open_end, instant, later, window])
    with views() as found:
        follow(found, pull(log), BEFORE)
        assert held(kept(found, "first", BEFORE)) == [window["id"], later["id"]], "the first to come first"
        assert held(kept(found, "first", BEFORE + timedelta(seconds=1))) == [later["id"]]


# --- the day of a zone ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "possible", "certain"),
    [
        ("Asia/Damascus", "2024-03-09T21:00:00+00:00", "2024-03-09T21:00:00+00:00"),
        ("America/Adak", "2024-03-10T10:00:00+00:00", "2024-03-10T10:00:00+00:00"),
        (None, "2024-03-09T10:00:00+00:00", "2024-03-10T12:00:00+00:00"),
    ],
)
def test_a_day_begins_by_the_zone_of_the_process_and_is_possible_where_none_is_known(
    zone: str | None, possible: str, certain: str
) -> None:
    arrived = ahead("ConvoyArrived", RUN)
    log = recorded([zoned(zone), *BASE[1:], arrived])
    first, last = moments(possible, certain)
    with views() as found:
        follow(found, pull(log), BEFORE)
        answers = {}
        for now in sorted({first - timedelta(seconds=1), first, last - timedelta(seconds=1), last}):
            status = answers[now] = kept(found, "first", now)
            assert status == folded(log, "first", now)
        assert held(answers[first - timedelta(seconds=1)]) == [arrived["id"]]
        between = answers[last - timedelta(seconds=1)]["evidence"].get(arrived["id"], {}).get("possible")
        assert between == (None if first == last else "occurrence")
        assert "possible" not in answers[last]["evidence"][arrived["id"]]


def test_a_zone_that_is_told_later_moves_the_moment() -> None:
    arrived = ahead("ConvoyArrived", RUN)
    log = recorded([*BASE, arrived, zoned("Asia/Damascus")])
    (midnight,) = moments("2024-03-09T21:00:00+00:00")
    with views() as found:
        follow(found, pull(log[:-1]), BEFORE)
        follow(found, pull(log), BEFORE)
        assert held(kept(found, "first", midnight - timedelta(seconds=1))) == [arrived["id"]]
        assert kept(found, "first", midnight) == folded(log, "first", midnight)
        assert held(kept(found, "first", midnight)) == []


# --- revisions --------------------------------------------------------------------------------------------


def correction(target: Wire, occurred: str) -> Wire:
    replacement = {name: value for name, value in target.items() if name not in ("id", "subject")}
    data = {"event": target["id"], "by": "our error", "reason": "the year", "replacement": replacement}
    replacement["occurred"] = occurred
    return wire("EventCorrected", subject=target["subject"], data=data)


def retraction(target: Wire) -> Wire:
    return wire("EventRetracted", subject=target["subject"], data={"event": target["id"], "reason": "a slip"})


def test_a_date_that_is_corrected_counts_as_corrected() -> None:
    slip, passed = ahead("ConvoyArrived", RUN, "2062-03-01"), ahead("ConvoyHeld", RUN, "2024-02-01")
    log = [*BASE, slip, passed]
    steps = [correction(slip, "2024-03-01"), correction(passed, "2024-03-05"), retraction(slip), retraction(passed)]
    expected = [[passed["id"]][:0], [passed["id"]], [passed["id"]], []]
    now = BEFORE + DAY
    with views() as found:
        follow(found, pull(recorded(log)), now)
        assert held(kept(found, "first", now)) == [slip["id"]]
        for step, still in zip(steps, expected, strict=True):
            log.append(step)
            follow(found, pull(recorded(log)), now)
            status = kept(found, "first", now)
            assert status == folded(recorded(log), "first", now)
            assert held(status) == still


def test_what_is_one_holds_the_reports_of_both_ids_and_parts_with_them_again() -> None:
    other = opened("convoys/second")[0]
    arrived = ahead("ConvoyArrived", "convoys/second")
    joined = wire("SubjectUnified", subject="convoys/second", data={"into": RUN, "reason": "the same trucks"})
    log = [*BASE, other, arrived, joined, retraction(joined)]
    with views() as found:
        for end in range(len(BASE) + 2, len(log) + 1):
            follow(found, pull(recorded(log[:end])), BEFORE)
            status = kept(found, "first", BEFORE)
            assert status == folded(recorded(log[:end]), "first", BEFORE)
            assert held(status) == [arrived["id"]]
        later = BEFORE + 15 * DAY
        assert kept(found, "first", later) == folded(recorded(log), "first", later)


@pytest.mark.parametrize("zone", ["Asia/Damascus", None])
def test_what_comes_while_two_ids_part_has_come(zone: str | None) -> None:
    other = opened("convoys/second")[0]
    arrived = ahead("ConvoyArrived", "convoys/second")
    joined = wire("SubjectUnified", subject="convoys/second", data={"into": RUN, "reason": "the same trucks"})
    zoned_now = (
        [wire("ProcessOpened", subject=FIRST, data={"labels": [{"text": "V"}], "time_zone": zone})] if zone else []
    )
    log = recorded([*BASE, other, arrived, joined, retraction(joined), *zoned_now])
    later = BEFORE + 15 * DAY
    with views() as found:
        follow(found, pull(log[: len(BASE) + 3]), BEFORE)
        follow(found, pull(log), later)
        status = kept(found, "first", later)
        assert status == folded(log, "first", later)
        assert held(status) == []


def test_a_dispute_of_what_is_held_is_no_finding_until_it_has_come() -> None:
    arrived = ahead("ConvoyArrived", RUN)
    dispute = wire("EventDisputed", subject=RUN, data={"event": arrived["id"], "described": "residents"})
    log = recorded([*BASE, arrived, dispute])

    def rules(now: datetime) -> list[str]:
        status = kept(found, "first", now)
        assert status == folded(log, "first", now)
        return [one["rule"] for one in status["findings"]["items"]]

    with views() as found:
        follow(found, pull(log), BEFORE)
        assert "report-disputed" not in rules(BEFORE)
        assert "report-disputed" in rules(BEFORE + 15 * DAY)


# --- openings ---------------------------------------------------------------------------------------------


def test_a_subject_of_which_all_is_to_come_is_not_there_and_lends_its_name_to_what_is() -> None:
    opening = opened("convoys/second", occurred="2024-03-10")[0]
    log = [*BASE, opening]
    with views() as found:
        follow(found, pull(recorded(log)), BEFORE)
        status = kept(found, "first", BEFORE)
        assert status == folded(recorded(log), "first", BEFORE)
        assert (held(status), status["withdrawn"]) == ([opening["id"]], [])
        assert [one["subject"] for one in status["convoys"]] == [RUN]
        with reading_at(found, BEFORE) as reading:
            page = subjects.subject_page(reading, "convoys/second")[0]
            assert (page.get("still_to_come"), "withdrawn" in page) == ([opening["id"]], False)
        log.append(ahead("ConvoyHeld", "convoys/second", "2024-02-29"))
        follow(found, pull(recorded(log)), BEFORE)
        status = kept(found, "first", BEFORE)
        assert status == folded(recorded(log), "first", BEFORE)
        assert {one["subject"] for one in status["convoys"]} == {RUN, "convoys/second"}
        assert status["evidence"][opening["id"]]["possible"] == "identity"
        assert held(status) == [opening["id"]]


def test_a_process_of_which_all_is_to_come_is_found_with_what_is_held() -> None:
    log = recorded(opened("processes/first", occurred="2024-03-10"))
    with views() as found:
        follow(found, pull(log), BEFORE)
        status = kept(found, "first", BEFORE)
        assert status == folded(log, "first", BEFORE)
        assert held(status) == [log[0].key]
        after = BEFORE + 15 * DAY
        assert kept(found, "first", after) == folded(log, "first", after)


# --- readers ----------------------------------------------------------------------------------------------


def test_whoever_asks_first_takes_it_in_once(found: ReadModels, open_views: Callable[[], ReadModels]) -> None:
    report = ahead("FigureReported")
    log = recorded([*BASE, report, wire("FigureReported", subject=FIRST, occurred="2024-01-01")])
    follow(found, pull(log), BEFORE)
    other, (come,) = open_views(), moments("2024-03-10T12:00:00+00:00")
    for reader in (found, other, found):
        assert kept(reader, "first", come) == folded(log, "first", come)
    follow(other, pull(log), come)
    assert times_applied(found) == 2
    assert catch_up(other, pull(log), clock=lambda: come) == catch_up(found, pull(log), clock=lambda: come)


def test_read_models_that_were_closed_meanwhile_take_it_in_when_asked(tmp_path: Path) -> None:
    log, (come,) = recorded([*BASE, ahead("ProcessEnded")]), moments("2024-03-10T12:00:00+00:00")
    for now, ended in ((BEFORE, False), (come, True)):
        with closing(open_read_models(tmp_path / "views.db")) as views_again:
            follow(views_again, pull(log if not ended else []), now)
            with reading_at(views_again, now) as reading:
                (line,) = processes.processes(reading, ProcessFilter(), None, 10, now).items
        assert line["state"] is not None
        assert (line["state"]["value"] == "ended") is ended


def test_a_plan_is_late_until_what_settles_it_has_come() -> None:
    plan = wire("TalksScheduled", subject=TALKS, occurred="2024-02-01", data={"when": "2024-02-20"})
    log = recorded([*BASE, plan, ahead("TalksConvened", TALKS)])
    with views() as found:
        follow(found, pull(log), BEFORE)
        for now, expected in ((BEFORE, ["round of talks"]), (BEFORE + 15 * DAY, [])):
            with reading_at(found, now) as reading:
                assert [due["what"] for due in deadlines.deadlines(reading, now)[0].items] == expected


def test_a_status_that_is_kept_holds_until_a_report_comes() -> None:
    log, (come,) = recorded([zoned("Asia/Damascus"), *BASE[1:], ahead("ProcessEnded")]), moments("2024-03-09T21:00:00Z")
    cache, key = StatusCache(), StatusKey("first", "")
    with views() as found:
        follow(found, pull(log), BEFORE)
        early = cache.renewed(key, found, come - timedelta(hours=1))
        assert early.valid_until <= come
        position = found.position()
        assert cache.current(key, position, come - timedelta(seconds=1)) == early
        assert cache.current(key, position, come) is None
        late = cache.renewed(key, found, come)
        assert (late.etag != early.etag, b'"ended"' in late.after) == (True, True)


def test_the_past_is_read_by_its_own_clock() -> None:
    log = recorded([*BASE, ahead("ConvoyArrived", RUN, "2026-06-01")])
    with views() as found:
        late = datetime(2026, 7, 1, tzinfo=UTC)
        follow(found, pull(log), late)
        then = HorizonRequest(known_at="2026-02-01T00:00:00Z", position=len(log))
        assert held(kept(found, "first", late, then)) == [log[-1].key]
        assert held(kept(found, "first", late)) == []
        assert kept(found, "first", late, then) == folded(log, "first", late, asked=then)
