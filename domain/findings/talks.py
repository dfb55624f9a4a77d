"""What may not fit in a round of talks."""

from __future__ import annotations

from collections.abc import Iterator

from domain import talks
from domain.family import FamilyFindings
from domain.finding import Finding
from domain.findings.any_subject import passed_plan
from domain.lines import Course
from domain.spans import Zones
from domain.values import Subject


def _planned_talks(subject: Subject, state: talks.TalksState, zones: Zones) -> Iterator[Finding]:
    for plan in state.planned.said_in() if talks.awaited(state) else ():
        yield from passed_plan(subject, "round of talks", plan.value, plan.events, zones)


def _is_past(state: talks.TalksState, about: str) -> bool:
    return about == "planned" and not talks.awaited(state)


def _course(state: talks.TalksState) -> tuple[Course, set[str]]:  # noqa: ARG001  the same for all talks
    return talks.COURSE, talks.ONCE


FINDINGS: FamilyFindings[talks.TalksState] = FamilyFindings(rules=(_planned_talks,), course=_course, is_past=_is_past)
