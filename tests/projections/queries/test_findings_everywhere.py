"""The findings of all processes are those of each, page by page, and a page costs what it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings.rules import RULES
from projections.catch_up import reading_at
from projections.queries import everywhere, findings, processes
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.examples import examples
from tests.faults.test_growth import counted
from tests.projections.test_time_travel import revised
from tests.projections.world import Wire, follow, opened, processes_of, pull, recorded, views
from tests.spec import wire
from tests.strategies import histories, with_unified_actors

NOW = datetime(2030, 1, 1, tzinfo=UTC)
Shown = list[tuple[str, str, str, str]]


def in_pages(here: ReadTransaction, rule: str | None, severity: str | None, size: int) -> Shown:
    shown: Shown = []
    after = None
    while True:
        page, _ = findings.all_findings(here, NOW, rule, severity, after, size)
        shown += [(f["process"], f["rule"], f["subject"], f["text"]) for f in page.items]
        if (after := page.next) is None:
            return shown


def with_finding(here: ReadTransaction, rule: str, size: int) -> list[str]:
    listed: list[str] = []
    after = None
    while True:
        page = processes.processes(here, ProcessFilter(finding=rule), after, size, NOW)
        listed += [line["process"] for line in page.items]
        if (after := page.next) is None:
            return listed


@pytest.mark.usefixtures("both_databases")
@examples(8)
@given(st.one_of(histories(), revised(), with_unified_actors()), st.integers(1, 5), st.sampled_from([0, 500]))
def test_the_findings_of_all_processes_are_those_of_each(history: list[Wire], size: int, few: int) -> None:
    log = recorded(history)
    with pytest.MonkeyPatch.context() as patch, views() as found:
        patch.setattr(everywhere, "FEW", few)
        patch.setattr(everywhere, "FIRST_PART", 1)
        follow(found, pull(log), NOW)
        with reading_at(found, NOW) as here:
            listed = [line["process"] for line in processes.processes(here, ProcessFilter(), None, 99).items]
            assert set(listed) <= set(processes_of(log))
            each: Shown = [
                (process, f["rule"], f["subject"], f["text"])
                for process in listed
                for f in findings.findings(here, process, NOW)[0].items
            ]
            assert sorted(in_pages(here, None, None, size)) == sorted(each)
            assert sorted(in_pages(here, None, "moderate", size)) == sorted(
                shown for shown in each if RULES[shown[1]].severity.value == "moderate"
            )
            for rule in {"silence", "run-missed", *(shown[1] for shown in each)}:
                of_rule = [shown for shown in each if shown[1] == rule]
                assert sorted(in_pages(here, rule, None, size)) == sorted(of_rule)
                assert with_finding(here, rule, size) == sorted({shown[0] for shown in of_rule})


QUESTIONS: dict[str, Callable[[ReadTransaction], Any]] = {
    "all": lambda here: findings.all_findings(here, NOW, None, None, None, 10),
    "all, from the middle on": lambda here: findings.all_findings(
        here, NOW, None, None, findings.all_findings(here, NOW, None, None, None, 30)[0].next, 10
    ),
    "of a rule that many have": lambda here: findings.all_findings(here, NOW, "plan-date-passed", None, None, 10),
    "of a rule that nobody has": lambda here: findings.all_findings(here, NOW, "run-missed", None, None, 10),
    "of a severity that few have": lambda here: findings.all_findings(here, NOW, None, "high", None, 10),
    "processes, of a rule that many have": lambda here: processes.processes(
        here, ProcessFilter(finding="plan-date-passed"), None, 10, NOW
    ),
    "processes, of a rule that nobody has": lambda here: processes.processes(
        here, ProcessFilter(finding="run-missed"), None, 10, NOW
    ),
    "processes that are silent": lambda here: processes.processes(
        here, ProcessFilter(finding="silence"), None, 10, NOW
    ),
}


def costs(number: int) -> dict[str, int]:
    """The work of each question about so many processes, of which each has a plan whose date has passed."""
    history: list[Wire] = []
    for process in (f"p{n:03}" for n in range(number)):
        followed = {"labels": [{"text": process}], "followed": True}
        history += [
            wire("ProcessOpened", subject=f"processes/{process}", data=followed),
            *opened(f"talks/{process}"),
            wire("TalksScheduled", subject=f"talks/{process}", data={"when": "2017-11-01"}),
        ]
        history[-2]["data"]["processes"] = [process]
    log, cost = recorded(history), {}
    with views() as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(everywhere, "FEW", 20)
        follow(found, pull(log), NOW)
        with reading_at(found, NOW) as here:
            for name, question in QUESTIONS.items():
                question(here)  # what is made once and kept
                with counted() as work:
                    question(here)
                cost[name] = work.calls
    return cost


def test_a_page_costs_the_same_of_however_many_processes() -> None:
    few, many = costs(60), costs(180)
    assert {name: (few[name], many[name]) for name in few if many[name] > 1.1 * few[name]} == {}
