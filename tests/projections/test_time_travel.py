"""Time travel is the five steps done naively, whatever was revised how deep; and a log cut short is the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.effect import in_effect
from domain.errors import NotFound
from domain.event import Event, Opening, Payload, Recorded, Revision
from domain.families import OPENINGS
from domain.horizon import Horizon, Seen, seen_from
from domain.values import EventId, Subject
from domain.vocabulary import PAYLOADS
from projections.queries.at_horizon import HorizonRequest
from projections.queries.snapshot import fold_snapshot
from projections.storage.generations import ReadModels
from tests.examples import examples
from tests.projections.naive import Inside, followed, naively
from tests.projections.world import NOW, Wire, folded, follow, kept, opened, processes_of, pull, recorded, views
from tests.spec import wire
from tests.strategies import DATES, PUBLISHED, PUBLISHERS, histories

pytestmark = pytest.mark.usefixtures("both_databases")

SOME = examples(15)
FEW = examples(8)
CUTS = (
    "2017-10-26",
    "2017-10-27",
    "2017-10-28",
    "2017-10",
    "2017-11-01",
    "2017",
    "2026-01-01",
    "2017-10-27T09:00Z",
    "2017-10-29T08:59:00+03:00",
    "2017-10-30T00:00Z",
)

# --- logs in which much is revised ------------------------------------------------------------------------

SUBJECTS = ("processes/first", "processes/second", "convoys/first", "convoys/second", "convoys/third", "talks/first")
STEPS = {
    "processes": ("ProcessSuspended", "ProcessResumed"),
    "convoys": ("ConvoyDeparted", "ConvoyArrived"),
    "talks": ("TalksScheduled", "TalksCancelled"),
}


@st.composite
def _sources(draw: st.DrawFn) -> list[Wire]:
    dates = draw(st.lists(st.sampled_from([None, *PUBLISHED]), max_size=2))
    return [{"publisher": draw(st.sampled_from(PUBLISHERS)), **({"published": date} if date else {})} for date in dates]


@st.composite
def _said(draw: st.DrawFn, name: str) -> Wire:
    """A report without its id and subject."""
    data: Wire
    match name:
        case "ProcessOpened":
            data = {"labels": [{"text": draw(st.sampled_from(["Kalamun", "Ruhaiba"]))}]}
            data |= draw(st.sampled_from([{}, {}, {"followed": True}, {"followed": False}]))
        case "ConvoyReported":
            data = {"kind": "aid", "title": [{"text": "the trucks"}]}
        case "TalksReported":
            data = {"title": [{"text": "the round"}]}
        case "TalksScheduled":
            data = {"when": "2017-10-29"}
        case "StatementMade":
            data = {"text": draw(st.sampled_from(["the road is open", "the road is closed"]))}
        case _:
            data = {}
    if "processes" in PAYLOADS[name].model_fields:
        data["processes"] = [draw(st.sampled_from(["first", "second"]))]
    sources = draw(_sources())
    return {"type": name, "occurred": draw(st.sampled_from(DATES)), "data": data} | (
        {"sources": sources} if sources else {}
    )


def _type(event: Wire) -> type[Payload]:
    return PAYLOADS[event["type"]]


def _opens(event: Wire) -> bool:
    """Whether it is an opening, or the correction of one."""
    said = event["data"]["replacement"] if event["type"] == "EventCorrected" else event
    return issubclass(_type(said), Opening)


@st.composite
def revised(draw: st.DrawFn, *, max_steps: int = 24) -> list[Wire]:
    """A history of few subjects, most of which is revisions: of each other, of openings, across joined subjects."""
    log: list[Wire] = []
    subjects = ["processes/first", "processes/second", *draw(st.permutations(SUBJECTS[2:]))]
    waiting = list(subjects)
    steps = draw(st.integers(0, max_steps))
    ids = draw(st.permutations(range(len(subjects) + steps)))

    def append(subject: str, said: Wire) -> None:
        log.append({"id": f"00000000-0000-4000-8000-{ids[len(log)]:012}", "subject": subject, **said})

    while waiting or steps:
        if waiting and (len(waiting) > len(subjects) - 3 or not steps or draw(st.integers(0, 3)) == 0):
            append(subject := waiting.pop(0), draw(_said(OPENINGS[subject.partition("/")[0]].__name__)))
            continue
        steps -= 1
        subject = draw(st.sampled_from([one for one in subjects if one not in waiting]))
        family = subject.partition("/")[0]
        own = [e for e in log if e["subject"] == subject]
        reports = [e for e in own if not issubclass(_type(e), Revision)]
        alike = [e for e in log if e["subject"].startswith(family) and not issubclass(_type(e), Revision)]
        others = [one for one in subjects if one not in waiting and one.startswith(family) and one != subject]
        wanted = ["report", "report", "EventCorrected", "EventCorrected", "EventRetracted", "EventRetracted"]
        wanted += ["EventDisputed", *(["DuplicateMarked"] * 2 if len(alike) > 1 else [])]
        wanted += ["SubjectUnified"] * 2 if others else []
        name = draw(st.sampled_from(wanted))
        if name == "report":
            opening = OPENINGS[family].__name__
            append(subject, draw(_said(draw(st.sampled_from([opening, "StatementMade", *STEPS[family]])))))
            continue
        data: Wire = {"reason": "it is so"} if name != "EventDisputed" else {"described": "residents"}
        match name:
            case "EventCorrected":
                target = draw(st.sampled_from([e for e in own if e in reports or e["type"] == name]))
                types = [OPENINGS[family].__name__] if _opens(target) else ["StatementMade", *STEPS[family]]
                data |= {
                    "event": target["id"],
                    "by": draw(st.sampled_from(["our error", "corrected by the source"])),
                    "replacement": draw(_said(draw(st.sampled_from(types)))),
                }
            case "DuplicateMarked":
                one = draw(st.sampled_from(reports))
                other = draw(st.sampled_from([e for e in alike if e is not one]))
                data |= {"event": one["id"], "of": other["id"]}
            case "SubjectUnified":
                data |= {"into": draw(st.sampled_from(others))}
            case _:
                data |= {"event": draw(st.sampled_from(own))["id"]}
        sources = draw(_sources())
        append(subject, {"type": name, "data": data} | ({"sources": sources} if sources else {}))
    return log


LOGS = st.one_of(revised(), revised(), histories())
POSITIONS = st.one_of(st.none(), st.integers(1, 36))
DATED = st.one_of(st.none(), st.sampled_from(CUTS))


@st.composite
def horizons(draw: st.DrawFn) -> HorizonRequest:
    position = draw(POSITIONS)
    return HorizonRequest(draw(DATED), draw(DATED), known_at_position=position, position=position)


# --- the five steps ---------------------------------------------------------------------------------------


def plainly(event: Event) -> Wire:
    return event.model_dump(mode="json")


def test_nothing_is_seen_of_an_empty_log() -> None:
    assert seen_from(Horizon(), []).events == {} == naively(Horizon(), [])


CLOCKS = st.one_of(
    st.none(),
    st.integers(0, 12 * 24).map(lambda hours: int((datetime(2017, 10, 25, tzinfo=UTC)).timestamp()) + hours * 3600),
)


@SOME
@given(LOGS, horizons(), CLOCKS)
def test_a_horizon_is_the_five_steps_done_naively(history: list[Wire], asked: HorizonRequest, now: int | None) -> None:
    log, horizon = recorded(history), replace(asked.horizon, now=now)
    seen, expected = seen_from(horizon, log), naively(horizon, log)
    assert _shown(seen) == _expected(expected)


@SOME
@given(LOGS, st.none() | st.integers(0, 12), CLOCKS)
def test_what_is_followed_is_found_naively(history: list[Wire], position: int | None, now: int | None) -> None:
    log, horizon = recorded(history), Horizon(position, now=now)
    assert set(seen_from(horizon, log).followed) == followed(horizon, log)


Shown = dict[Subject, dict[EventId, tuple[Wire, tuple[EventId, ...], str | None]]]


def _shown(seen: Seen) -> Shown:
    for events in seen.events.values():
        for event in events:
            assert event.possible == (event.id in seen.possible)
    return {
        subject: {event.id: (plainly(event), event.repeats, seen.possible.get(event.id)) for event in events}
        for subject, events in seen.events.items()
    }


def _expected(found: dict[Subject, dict[EventId, Inside]]) -> Shown:
    return {
        subject: {event_id: (plainly(one.event), one.repeats, one.possible) for event_id, one in inside.items()}
        for subject, inside in found.items()
    }


@SOME
@given(LOGS, horizons())
def test_what_is_inside_is_named_or_withdrawn(history: list[Wire], asked: HorizonRequest) -> None:
    log = recorded(history)
    seen = seen_from(asked.horizon, log)
    for subject, events in seen.events.items():
        opened = any(isinstance(event.data, Opening) for event in events)
        assert opened != (subject in seen.withdrawn), subject


@SOME
@given(LOGS, horizons(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_log_is_read_does_not_matter(
    history: list[Wire], asked: HorizonRequest, chance: Any
) -> None:
    log = recorded(history)
    mixed = list(log)
    chance.shuffle(mixed)
    assert seen_from(asked.horizon, log) == seen_from(asked.horizon, mixed)
    assert in_effect(log) == in_effect(mixed)


# --- the read models --------------------------------------------------------------------------------------


@FEW
@given(LOGS, horizons())
def test_a_status_from_the_read_models_is_that_of_a_log_folded_in_memory(
    history: list[Wire], asked: HorizonRequest
) -> None:
    log = recorded(history)
    with views() as found:
        follow(found, pull(log))
        for process in processes_of(log):
            assert _kept(found, process, asked) == _folded(log, process, asked), process


def _kept(found: ReadModels, process: str, asked: HorizonRequest) -> Wire | None:
    """The status as the read models give it; None if nothing is inside the horizon."""
    try:
        return kept(found, process, asked=asked)
    except NotFound:
        return None


def _folded(log: list[Recorded], process: str, asked: HorizonRequest) -> Wire | None:
    """The status as a fold of the log gives it; None if nothing is inside the horizon."""
    if fold_snapshot(log, process, horizon=asked.horizon_at(NOW)) is None:
        return None
    return folded(log, process, asked=asked)


def test_a_report_may_gain_more_sources_than_one_can_be_sent_with() -> None:
    sources = [[{"publisher": f"publisher {n} {k}"} for k in range(30)] for n in range(2)]
    log = opened("processes/first", "talks/first")
    for some in sources:
        log.append(wire("StatementMade", subject="talks/first", data={"text": "open"}, sources=some))
    marks = {"event": log[-1]["id"], "of": log[-2]["id"]}
    log.append(wire("DuplicateMarked", subject="talks/first", data=marks))
    log.append(wire("EventDisputed", subject="talks/first", data={"event": marks["of"], "described": "residents"}))
    with views() as found:
        for end in range(1, len(log) + 1):
            follow(found, pull(recorded(log[:end])))
        assert kept(found, "first") == folded(recorded(log), "first")


@SOME
@given(LOGS, st.integers(1, 36))
def test_a_status_at_a_position_is_that_of_a_log_cut_there(history: list[Wire], position: int) -> None:
    log = recorded(history)
    asked = HorizonRequest(known_at_position=position, position=position)
    for process in processes_of(log[:position]):
        then, cut = folded(log, process, asked=asked), folded(log[:position], process)
        assert {k for k in cut if k != "horizon" and then[k] != cut[k]} == set()


RECENT = ("changes", "evidence", "last_heard", "version", "withdrawn", "horizon")
"""Parts of a status that tell of what was recorded last, or of how an event was revised."""


@SOME
@given(LOGS, st.integers(1, 36))
def test_what_came_later_can_be_taken_back(history: list[Wire], position: int) -> None:
    """Retracting all that came after a position, the newest first, gives the state of that position again."""
    log = recorded(history)
    early = log[:position]
    retractions = [
        {
            "id": f"99999999-0000-4000-8000-{late.position:012}",
            "type": "EventRetracted",
            "subject": late.subject,
            "data": {"event": str(late.id), "reason": "never mind"},
        }
        for late in reversed(log[position:])
    ]
    undone = recorded([*history, *retractions])
    for process in processes_of(early):
        before, after = folded(early, process), folded(undone, process)
        for status in (before, after):
            status["findings"] = [one for one in status["findings"]["items"] if one["rule"] != "silence"]
        lines = set(before) - {*RECENT, "actors"}
        assert {name for name in lines if before[name] != after[name]} == set()
        assert before["actors"].items() <= after["actors"].items()
