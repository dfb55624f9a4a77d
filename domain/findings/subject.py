"""What the folded state of one subject tells."""

from __future__ import annotations

from typing import Any

from domain.agreements import AgreementState
from domain.convoys import ConvoyState
from domain.family import FamilyFindings
from domain.finding import Finding, in_order, ranked
from domain.findings import agreements, any_subject, contradictions, convoys, talks
from domain.findings.rules import RULES
from domain.general import SubjectState
from domain.talks import TalksState
from domain.values import Subject

RANKS = ranked(*RULES.values())
FAMILIES: dict[type[SubjectState], FamilyFindings[Any]] = {
    TalksState: talks.FINDINGS,
    AgreementState: agreements.FINDINGS,
    ConvoyState: convoys.FINDINGS,
}
NONE_OF_ITS_OWN: FamilyFindings[Any] = FamilyFindings()


def of_state(subject: Subject, state: SubjectState) -> list[Finding]:
    """What the folded state of one subject tells. Total."""
    own = FAMILIES.get(type(state), NONE_OF_ITS_OWN)
    findings = [
        *contradictions.contested(subject, state, own.is_past),
        *any_subject.told_by_one(subject, state),
        *any_subject.unanswered(subject, state),
        *any_subject.conditions(subject, state),
        *any_subject.impossible(subject, state, own.course),
    ]
    for rule in own.rules:
        findings += rule(subject, state)
    return in_order(findings, RANKS)
