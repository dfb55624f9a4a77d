"""At a horizon only what lies across the cut is folded; the rest reads as it is kept, and nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from projections.queries.at_horizon import HorizonRequest
from projections.queries.settled import parts_of
from projections.queries.snapshot import fold_snapshot
from projections.read_models.timeline import all_of, each_of
from projections.storage.generations import ReadModels
from tests.examples import examples
from tests.projections.world import (
    NOW,
    Wire,
    folded,
    follow,
    kept,
    opened,
    pull,
    reading,
    recorded,
    views,
)
from tests.spec import example_of, wire
from tests.strategies import DATES, PUBLISHED
from tests.strategies import read as read_event

pytestmark = pytest.mark.usefixtures("both_databases")

SUBJECTS = ("processes/first", "convoys/first", "convoys/second", "talks/first", "agreements/first", "enrolments/first")
SAID: dict[str, list[tuple[str, Wire]]] = {
    "processes": [
        ("ProcessSuspended", {}),
        ("FigureReported", {"measure": "fighters", "quantity": {"value": 300}}),
        ("FigureReported", {"measure": "fighters", "quantity": {"value": 900}}),
        ("IncidentReported", {"kind": "obstruction", "place": {"labels": [{"text": "the gate"}]}}),
        ("StatementMade", {"text": "the road is open"}),
    ],
    "convoys": [("ConvoyDeparted", {}), ("ConvoyArrived", {}), ("StatementMade", {"text": "the road is closed"})],
    "talks": [("TalksScheduled", {"when": "2017-10-29"}), ("TalksCancelled", {})],
    "agreements": [
        ("ViolationReported", {"kind": "shelling", "place": {"labels": [{"text": "the gate"}]}}),
        ("ViolationReported", {"kind": "shelling", "place": {"labels": [{"text": "the gate, north"}]}}),
        ("ObligationAgreed", {"obligation": "detainees", "text": "Release", "deadline": "2017-11"}),
    ],
    "enrolments": [("EnrolmentReported", example_of("EnrolmentReported"))],
}
CLOCKS = (NOW, datetime(2018, 6, 1, tzinfo=UTC))
CUTS = ("2017-10-27", "2017-10-28", "2017-11-20", "2018-03-01", "2018-03-01T00:00Z", "2026-01-09")


@st.composite
def plain_logs(draw: st.DrawFn) -> list[Wire]:
    """A process of several subjects, of which hardly anything is revised."""
    log = opened(*SUBJECTS)
    for _ in range(draw(st.integers(3, 18))):
        subject = draw(st.sampled_from(SUBJECTS))
        name, data = draw(st.sampled_from(SAID[subject.partition("/")[0]]))
        dates = draw(st.lists(st.sampled_from([None, *PUBLISHED]), max_size=2))
        sources = [{"publisher": "TASS", **({"published": date} if date else {})} for date in dates]
        occurred = draw(st.sampled_from([*DATES, "2017-12-24"]))
        log.append(wire(name, subject=subject, occurred=occurred, data=data, sources=sources))
        if draw(st.integers(0, 15)) == 0:
            log.append(wire("EventRetracted", subject=subject, data={"event": log[-1]["id"], "reason": "it is so"}))
    return log


@st.composite
def horizons(draw: st.DrawFn) -> HorizonRequest:
    position = draw(st.none() | st.integers(4, 24))
    as_of, published_by = (draw(st.none() | st.sampled_from(CUTS)) for _ in range(2))
    return HorizonRequest(as_of, published_by, known_at_position=position, position=position)


@examples(12)
@given(plain_logs(), st.lists(horizons(), min_size=4, max_size=4), st.sampled_from(CLOCKS))
def test_a_status_of_which_little_is_folded_is_that_of_all_folded(
    history: list[Wire], requests: list[HorizonRequest], now: datetime
) -> None:
    log = recorded(history)
    with views() as found:
        follow(found, pull(log), now)
        for asked in requests:
            assert _kept(found, now, asked) == _folded(log, now, asked), asked


def _kept(found: ReadModels, now: datetime, asked: HorizonRequest) -> Wire | None:
    try:
        return kept(found, "first", now, asked)
    except NotFound:
        return None


def _folded(log: list[Any], now: datetime, asked: HorizonRequest) -> Wire | None:
    if fold_snapshot(log, "first", horizon=asked.horizon_at(now)) is None:
        return None
    return folded(log, "first", now, asked=asked)


def convoy(number: int, day: str) -> list[Wire]:
    """A convoy that departs on a day, and the source of which is dated."""
    path, sources = f"convoys/{number}", [{"publisher": "TASS", "published": day}]
    (opening,) = opened(path, occurred=day, sources=sources)
    return [opening, wire("ConvoyDeparted", subject=path, occurred=day, data={}, sources=sources)]


LOG = [*opened("processes/first"), *convoy(1, "2017-10-02"), *convoy(2, "2017-10-12"), *convoy(3, "2017-10-22")]
OTHERS = {"convoys/1", "convoys/3"}
LATER = wire("ConvoyArrived", subject="convoys/1", occurred="2017-10-24", data={})


@pytest.mark.parametrize(
    ("asked", "settled", "across", "beyond"),
    [
        (HorizonRequest(position=6), {"processes/first", "convoys/2"}, OTHERS, set()),
        (HorizonRequest(position=7), {"processes/first", "convoys/2", "convoys/3"}, {"convoys/1"}, set()),
        (HorizonRequest(as_of="2017-10-15"), {"processes/first", "convoys/2"}, {"convoys/1"}, {"convoys/3"}),
        (HorizonRequest(as_of="2017-10-22"), {"processes/first", "convoys/2"}, OTHERS, set()),
        (
            HorizonRequest(published_by="2017-10-15"),
            {"processes/first", "convoys/2"},
            {"convoys/1", "convoys/3"},
            set(),
        ),
    ],
)
def test_only_what_lies_across_the_cut_is_folded(
    asked: HorizonRequest, settled: set[str], across: set[str], beyond: set[str]
) -> None:
    with reading(*LOG, LATER) as snapshot:
        parts = parts_of(snapshot, "first", asked.horizon_at(NOW))
    assert parts is not None
    assert ({e.subject for e in parts.settled}, set(parts.across), {e.subject for e in parts.beyond}) == (
        settled,
        across,
        beyond,
    )


def test_events_that_are_held_together_are_the_same_and_share_their_sources() -> None:
    with reading(*LOG) as snapshot:
        apart, together = (
            {recorded.position: recorded for recorded in read(snapshot, ["convoys/1", "convoys/2"])}
            for read in (all_of, each_of)
        )
    assert together == apart
    for one in together.values():
        assert one.event.model_dump_json(exclude_unset=True) == wire_text(LOG[one.position - 1])
    first, second = (together[position].event.sources for position in (2, 3))
    assert first[0] is second[0]


def wire_text(sent: Wire) -> str:
    """What a report says as JSON, in the order of the fields of an event."""
    return read_event(sent).model_dump_json(exclude_unset=True)


def test_a_subject_that_was_revised_is_folded() -> None:
    retraction = wire("EventRetracted", subject="convoys/2", data={"event": LOG[4]["id"], "reason": "it is so"})
    with reading(*LOG, retraction) as snapshot:
        parts = parts_of(snapshot, "first", HorizonRequest(as_of="2018").horizon_at(NOW))
    assert parts is not None
    assert parts.across == ["convoys/2"]
