"""All rules together: what holds for every finding, and that each rule is raised and tested."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import families, findings
from domain.edtf import BEGINNING, END
from domain.event import Event
from domain.finding import DAY, Rule
from domain.findings import figures, processes, rules
from domain.findings.processes import of_process
from domain.findings.reports import of_repeats
from domain.findings.rules import OF_ARCHIVES, REPLACED, RULES
from domain.values import Subject
from tests.examples import examples
from tests.strategies import histories, read


def subjects_of(history: list[dict[str, Any]]) -> dict[Subject, list[Event]]:
    told: defaultdict[Subject, list[Event]] = defaultdict(list)
    for wire in history:
        told[wire["subject"]].append(read(wire))
    return told


@examples(30)
@given(histories(min_steps=5))
def test_findings_of_any_history_are_whole(history: list[dict[str, Any]]) -> None:
    folded = {subject: families.fold(subject.partition("/")[0], told) for subject, told in subjects_of(history).items()}
    known = {UUID(wire["id"]) for wire in history}
    found = [one for subject, state in folded.items() for one in families.findings(subject, state)]
    found += of_process("first", folded, "2017-10-27")
    for subject, told in subjects_of(history).items():
        found += of_repeats(subject, told)
    assert {one.rule for one in found} <= set(RULES)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert set(one.events) <= known
        assert one.events or one.rule == "silence"
        assert one.text.endswith(".")
        assert one.since is None or BEGINNING <= one.since <= END + 15 * DAY
        assert one.until is None or one.since is None or one.since < one.until


@examples(30)
@given(histories(min_steps=5), st.randoms())
def test_findings_do_not_depend_on_the_order_of_arrival(history: list[dict[str, Any]], chance: Any) -> None:
    for subject, told in subjects_of(history).items():
        family = subject.partition("/")[0]
        mixed = families.fold(family, chance.sample(told, len(told)))
        kept = families.load(family, families.dump(family, families.fold(family, told)))
        assert families.findings(subject, mixed) == families.findings(subject, kept)


def test_every_rule_is_told_of_and_raised_by_a_test_here() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for name, rule in RULES.items():
        assert name == rule.name
        assert f'"{name}"' in tests.replace(f': "{name}",', ""), f"no test here raises {name}"
        assert "raised" in rule.looks_at.lower(), name
        assert "resolved" in rule.looks_at, name
    assert {name for name, rule in RULES.items() if rule.data_quality} == {
        "impossible-step",
        "part-above-whole",
        "likely-duplicate",
        "shared-foreign-id",
        "told-before-it-happened",
        "hijri-year",
        "years-apart",
    }
    assert {name for name, rule in RULES.items() if rule.data_quality and not rule.refused} == {"years-apart"}


def test_every_rule_stands_beside_the_function_that_raises_it() -> None:
    defined = {
        name: (rule, Path(module.__file__ or "").read_text(encoding="utf-8"))
        for module in map(import_module, (f"domain.findings.{found.name}" for found in iter_modules(findings.__path__)))
        if module is not rules
        for name, rule in vars(module).items()
        if isinstance(rule, Rule)
    }
    assert {rule.name: rule for rule, _ in defined.values()} == RULES
    for name, (_, source) in defined.items():
        assert re.search(rf"{name}\.finding\(|rule, verdict = {name}", source), f"nothing raises {name}"


def test_findings_of_figures_and_processes_are_in_the_order_of_all_rules() -> None:
    order = list(RULES)
    for ranks in (figures.RANKS, processes.RANKS):
        assert sorted(ranks, key=order.index) == sorted(ranks, key=ranks.__getitem__)


SECTION: dict[str, str] = {
    "contested outcome or date": "contested",
    "claims on one measure and scope that cannot all be true": "claims-contradict",
    "or that diverge widely": "claims-diverge",
    "a part above its whole": "part-above-whole",
    "one side only confirms": "one-side-only",
    "a plan's date has passed unconfirmed": "plan-date-passed",
    "a proposal unanswered past its date": "proposal-unanswered",
    "a truce about to lapse": "truce-lapsing",
    "or lapsed": "truce-lapsed",
    "an obligation overdue": "obligation-overdue",
    "a phase blocked": "phase-blocked",
    "a condition of consent no longer held": "condition-not-held",
    "a clearance stuck": "clearance-stuck",
    "departed and not arrived within a day": "not-arrived",
    "silence for N days": "silence",
    "a step that cannot be": "impossible-step",
    "an actor acting without a role": "acting-without-role",
    "a likely duplicate": "likely-duplicate",
}
"""What the domain asks to be found, in the words of its list, and the rule that finds it."""


def test_a_rule_that_was_dropped_says_what_tells_the_same() -> None:
    """What the domain asks for "a change of state with a single claimant after 48 hours" is a mark on the line."""
    assert set(REPLACED) == {"single-claimant"}
    assert not set(REPLACED) & set(RULES)
    assert "one_claimant" in REPLACED["single-claimant"]


def test_every_finding_the_domain_asks_for_has_its_rule() -> None:
    dates = {"told-before-it-happened", "hijri-year", "years-apart"}
    others = {"clearance-expired", "report-disputed", "shared-foreign-id", "run-missed", "places-in-doubt"}
    assert set(SECTION.values()) | dates | others | OF_ARCHIVES == set(RULES)


@pytest.mark.parametrize("family", families.STATES)
def test_a_state_of_which_nothing_is_known_fits(family: str) -> None:
    assert families.findings(Subject(f"{family}/first"), families.initial(family)) == []
