"""Nothing grows faster than what it is about: the work of each question, counted and not timed.

The work is the number of calls of Python. Twice as much of a thing may cost little more than twice as much.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from projections.queries import changes, findings, history
from projections.queries.at_horizon import HorizonRequest
from projections.read_models.timeline import event_of
from projections.storage.generations import ReadModels
from tests.projections.world import Wire, follow, kept, opened, pull, recorded, views
from tests.spec import example_of, wire

LONG = os.environ.get("PARLEY_LONG") == "1"
SIZES = (250, 500, 1_000, 2_000) if LONG else (150, 300)
MOST = 2.6 if LONG else 2.2
"""Times the work. While a thing is small, its growth stands out less among what does not grow."""
MOST_OF_ONE = 1.2
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TALKS = "talks/first"


def day(number: int) -> str:
    return (date(2010, 1, 1) + timedelta(days=number)).isoformat()


def event_id(number: int) -> str:
    return str(UUID(int=(1 << 100) + number))


def report(name: str, number: int, *, subject: str = TALKS, **fields: Any) -> Wire:
    fields = {"occurred": day(number % SIZES[-1]), "note": f"number {number}", **fields}
    return wire(name, subject=subject, id=event_id(number), **fields)


def revision(name: str, number: int, **data: Any) -> Wire:
    return wire(name, subject=TALKS, id=event_id(number), data=data)


# --- what accumulates


def steps(count: int) -> list[Wire]:
    return [report("TalksConvened", number) for number in range(count)]


def late_dates(count: int) -> list[Wire]:
    """Each tells of an earlier day than the one before."""
    return [
        report("TalksScheduled", number, occurred=day(count - number), data={"when": day(count + number)})
        for number in range(count)
    ]


def on_one_day(count: int) -> list[Wire]:
    return [report("TalksConvened", number, occurred=day(0)) for number in range(count)]


def claims(count: int) -> list[Wire]:
    """On one series, by as many claimants."""
    return [
        report(
            "FigureReported",
            number,
            occurred=day(0),
            data={"measure": "fighters", "quantity": {"value": number + 1}},
            sources=[{"publisher": f"Paper {number}", "claimant": f"claimant {number}"}],
        )
        for number in range(count)
    ]


def of_one_content(count: int) -> list[Wire]:
    data = {"text": "A statement.", "speaker": "first"}
    return [report("StatementMade", number, occurred=day(0), data=data) for number in range(count)]


def measures(count: int) -> list[Wire]:
    return [
        report("FigureReported", n, data={"measure": f"measure {n}", "quantity": {"value": 1}}) for n in range(count)
    ]


def obligations(count: int) -> list[Wire]:
    """Each waits for the one before it, and answers one of the other side."""
    return [
        report(
            "ObligationAgreed",
            number,
            subject="agreements/first",
            data={
                "obligation": f"o-{number}",
                "text": f"Obligation {number}",
                "debtor": ["first"],
                "beneficiary": ["second"],
                "deadline": day(number),
                **({"depends_on": [f"o-{number - 1}"], "mirrors": f"o-{number - 1}"} if number else {}),
            },
        )
        for number in range(count)
    ]


def places(count: int) -> list[Wire]:
    """Access to as many places."""
    example = example_of("AccessReported")
    return [
        report(
            "AccessReported",
            number,
            subject="processes/first",
            data={**example, "place": {**example["place"], "labels": [{"text": f"Place {number}", "lang": "en"}]}},
        )
        for number in range(count)
    ]


def incidents(count: int) -> list[Wire]:
    """At as many places."""
    return [
        report(
            "IncidentReported",
            number,
            subject="processes/first",
            data={"kind": "shelling", "place": {"labels": [{"text": f"Place {number}", "lang": "en"}]}},
        )
        for number in range(count)
    ]


def corrections_of_corrections(count: int) -> list[Wire]:
    events = [report("TalksConvened", 0)]
    for number in range(1, count):
        replacement = {"type": "TalksConvened", "occurred": day(number), "data": events[0]["data"]}
        data = {
            "event": event_id(number - 1),
            "by": "our error",
            "reason": "It was misread.",
            "replacement": replacement,
        }
        events.append(revision("EventCorrected", number, **data))
    return events


def corrections(count: int) -> list[Wire]:
    """Of one report, each in the place of the one before."""
    events = corrections_of_corrections(count)
    for event in events[1:]:
        event["data"]["event"] = event_id(0)
    return events


def retractions_of_retractions(count: int) -> list[Wire]:
    chain = (revision("EventRetracted", n, event=event_id(n - 1), reason="It is wrong.") for n in range(1, count))
    return [report("TalksConvened", 0), *chain]


def duplicates(count: int) -> list[Wire]:
    half = count // 2
    marks = (revision("DuplicateMarked", half + n, event=event_id(n), of=event_id(0)) for n in range(1, half))
    return [*(report("TalksConvened", number) for number in range(half)), *marks]


def merges(count: int) -> list[Wire]:
    half = count // 2
    subjects = [report("TalksReported", n, subject=f"talks/t{n}", occurred=day(0)) for n in range(half)]
    for event in subjects:
        event["data"] = {**event["data"], "processes": ["first"]}
    return subjects + [
        wire(
            "SubjectUnified", subject=f"talks/t{n}", id=event_id(half + n), data={"into": "talks/t0", "reason": "One."}
        )
        for n in range(1, half)
    ]


KINDS: list[Callable[[int], list[Wire]]] = [
    steps,
    late_dates,
    on_one_day,
    claims,
    of_one_content,
    measures,
    obligations,
    places,
    incidents,
    corrections,
    corrections_of_corrections,
    retractions_of_retractions,
    duplicates,
    merges,
]
LEVEL = (claims, of_one_content, incidents)
"""Of these one more costs as much after many as after few: nothing looks at all of them."""


# --- what it costs


class Work:
    """Counts the calls of what runs within it."""

    def __init__(self) -> None:
        self.calls = 0

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            self.calls += 1


@contextmanager
def counted() -> Iterator[Work]:
    work = Work()
    before = sys.getprofile()
    sys.setprofile(work._count)
    try:
        yield work
    finally:
        sys.setprofile(before)


def asked(read_models: ReadModels) -> dict[str, Callable[[], object]]:
    """Questions about the process, by name."""

    def ask(question: Callable[..., object], *arguments: Any) -> Callable[[], object]:
        def of_one_snapshot() -> object:
            with read_models.reading() as reading:
                return question(reading, "first", *arguments)

        return of_one_snapshot

    since, until = HorizonRequest(position=6), HorizonRequest()
    return {
        "status": lambda: kept(read_models, "first", NOW),
        "history": ask(history.history, None, 1_000),
        "changes": ask(changes.changes, since, until, NOW),
        "findings": ask(findings.findings, NOW),
    }


def cost(events: list[Wire]) -> dict[str, int]:
    """The work of taking events in, of one more, and of each question about them."""
    first = opened("actors/first", "actors/second", "processes/first", TALKS, "agreements/first", occurred="2009-01-01")
    log = recorded([*first, *events])
    with views() as read_models:
        with counted() as work:
            follow(read_models, pull(log[:-1], lambda: len(log)), NOW)
        costs = {"taking in": work.calls}
        with counted() as work:
            follow(read_models, pull(log), NOW)
        costs["one more"] = work.calls
        for name, question in asked(read_models).items():
            event_of.cache_clear()  # of few events, all would be kept as they were read last; of many, none
            with counted() as work:
                question()
            costs[name] = work.calls
    return costs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_twice_as_much_costs_about_twice_as_much(kind: Callable[[int], list[Wire]]) -> None:
    cost(kind(10))  # what is made once and kept
    costs = [cost(kind(size)) for size in SIZES]
    grown = {
        f"{name}, from {size} to {2 * size}": round(after[name] / before[name], 2)
        for size, before, after in zip(SIZES, costs, costs[1:], strict=False)
        for name in before
        if after[name] > (MOST_OF_ONE if name == "one more" and kind in LEVEL else MOST) * before[name]
    }
    assert grown == {}
