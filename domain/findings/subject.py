"""What the folded state of one subject tells, whatever its family."""

from __future__ import annotations

from typing import Any

from domain.family import FamilyFindings
from domain.finding import Finding, in_order, ranked
from domain.findings import any_subject, contradictions
from domain.findings.rules import RULES
from domain.general import SubjectState
from domain.spans import Zones
from domain.values import Subject

RANKS = ranked(*RULES.values())


def of_state(subject: Subject, state: SubjectState, own: FamilyFindings[Any], zones: Zones) -> list[Finding]:
    """What the folded state of one subject tells. Total.

    Args:
        subject: its path.
        state: of that subject.
        own: the rules of its family; `domain.families.findings` looks them up.
        zones: of its processes: when a day has passed depends on them.
    """
    findings = [
        *contradictions.contested(subject, state, own.is_past),
        *any_subject.one_side_only(subject, state),
        *any_subject.unanswered_proposals(subject, state, zones),
        *any_subject.conditions(subject, state),
        *any_subject.impossible(subject, state, own.course),
    ]
    for rule in own.rules:
        findings += rule(subject, state, zones)
    return in_order(findings, RANKS)
