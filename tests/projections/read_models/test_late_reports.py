"""A late report is folded in where it belongs: the state is that of all reports in canonical order."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import families
from domain.families import FAMILIES
from domain.general import PositionTaken, ProposalMade, RoleEnded, RoleTaken
from domain.values import Subject
from projections.compare import compare
from projections.read_models import late_reports, subjects
from tests.examples import LONG
from tests.faults.test_growth import counted
from tests.projections.world import Wire, follow, opened, pull, recorded, views
from tests.spec import example_of, wire
from tests.strategies import read

SEEDS = range(1, 100) if LONG else (2,)
DATES = ("2017-10-01", "2017-10-02", "2017-10-02/2017-10-03", "2017-10", "2017-10-04T12:00:00Z")
VARIED: dict[str, list[dict[str, Any]]] = {
    "ObligationAssessed": [{"obligation": "o", "score": score} for score in range(4)],
    "TalksScheduled": [{"when": "2017-11-02"}, {"when": "2017-11-03"}],
    "AccessReported": [{**example_of("AccessReported"), "access": access} for access in ("open", "closed")],
}
STEPS = {
    family.name: [kind.__name__ for kind in family.events if kind not in family.rows]
    + [kind.__name__ for kind in (PositionTaken, ProposalMade, RoleEnded, RoleTaken)]
    for family in FAMILIES.values()
    if family.name in ("talks", "agreements", "convoys", "enrolments", "processes")
}


def history(family: str, count: int, chance: random.Random) -> list[Wire]:
    """Reports on one subject, in an order of arrival that their dates do not follow; some are taken back."""
    subject = f"{family}/first"
    log = opened(*dict.fromkeys(("processes/first", subject)))
    names = chance.sample(STEPS[family], 4)
    for _ in range(count):
        name = chance.choice(names)
        said = wire(
            name,
            subject=subject,
            id=str(UUID(int=chance.getrandbits(128), version=4)),
            occurred=chance.choice(DATES),
            claimant=chance.choice(("committee", "radio", None)),
            data=chance.choice(VARIED.get(name, [example_of(name)])),
        )
        if "processes" in said["data"]:
            said["data"] = {**said["data"], "processes": ["first"]}
        log.append(said)
        if chance.random() < 0.04:
            log.append(wire("EventRetracted", subject=subject, data={"event": said["id"], "reason": "It is wrong."}))
    return log


def folded(log: list[Wire], subject: str) -> bytes:
    gone = {sent["data"]["event"] for sent in log if sent["type"] == "EventRetracted"}
    told = [read(sent) for sent in log if sent["subject"] == subject and sent["id"] not in gone]
    family = subject.partition("/")[0]
    return families.dump(family, families.fold(family, told))


@pytest.mark.usefixtures("both_databases")
@pytest.mark.parametrize("family", STEPS)
@pytest.mark.parametrize("apart", SEEDS)
def test_the_state_is_that_of_all_reports_in_canonical_order(family: str, apart: int) -> None:
    chance = random.Random(apart)
    sent = history(family, 28, chance)
    log = recorded(sent)
    subject = f"{family}/first"
    with pytest.MonkeyPatch.context() as patch, views() as found:
        patch.setattr(subjects, "LONG", 4)
        patch.setattr(late_reports, "APART", apart)
        end = 2
        while end < len(log):
            end = min(len(log), end + chance.choice((1, 1, 1, 2, 5)))
            follow(found, pull(log[:end]))
            with found.reading() as here:
                state = subjects.states_of(here, [subject])[Subject(subject)]
            assert json.loads(families.dump(family, state)) == json.loads(folded(sent[:end], subject))
        wrong: list[str] = []
        compare(found, pull(log), lambda table, text: wrong.append(f"{table}: {text}"))
    assert wrong == []


def work_of_one_more(count: int, *, one_day: bool) -> int:
    """What another late report costs, or one of the same day, after some that were, too."""
    chance = random.Random(5)
    log = opened("processes/first", "agreements/first")
    for number in range(count + 12):
        log.append(
            wire(
                "ObligationAssessed",
                subject="agreements/first",
                id=str(UUID(int=chance.getrandbits(128), version=4)),
                occurred="2017-10-01" if one_day else str(date(2017, 10, 1) - timedelta(days=number)),
                data={**chance.choice(VARIED["ObligationAssessed"]), "reason": f"Ground {number}."},
            )
        )
    events, costs = recorded(log), []
    with views() as found:
        follow(found, pull(events[: count + 2]))
        for end in range(count + 3, len(log) + 1):
            source = pull(events[:end])
            with counted() as work:
                follow(found, source)
            costs.append(work.calls)
    return sorted(costs)[len(costs) // 2]


@pytest.mark.parametrize("one_day", [True, False])
def test_one_more_costs_about_the_same_however_many_there_were(one_day: bool) -> None:
    few, many = (work_of_one_more(count, one_day=one_day) for count in (80, 240))
    assert many < 1.6 * few, "some are among the first ones, which a line names"
