"""Every rule by which findings are drawn. What each looks at stands beside the function that applies it."""

from __future__ import annotations

from domain.finding import Rule
from domain.findings import agreements, any_subject, contradictions, convoys, dates, figures, processes, reports

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        contradictions.CONTESTED,
        any_subject.ONE_SIDE_ONLY,
        any_subject.PLAN_DATE_PASSED,
        any_subject.PROPOSAL_UNANSWERED,
        agreements.OBLIGATION_OVERDUE,
        agreements.OBLIGATION_UNSETTLED,
        agreements.PHASE_BLOCKED,
        agreements.RUN_MISSED,
        agreements.TRUCE_LAPSING,
        agreements.TRUCE_LAPSED,
        any_subject.CONDITION_NOT_HELD,
        convoys.CLEARANCE_STUCK,
        convoys.CLEARANCE_EXPIRED,
        convoys.NOT_ARRIVED,
        any_subject.IMPOSSIBLE_STEP,
        figures.PART_ABOVE_WHOLE,
        figures.CLAIMS_CONTRADICT,
        figures.CLAIMS_DIVERGE,
        dates.TOLD_TOO_EARLY,
        dates.HIJRI_YEAR,
        dates.YEARS_APART,
        reports.LIKELY_DUPLICATE,
        reports.SHARED_FOREIGN_ID,
        processes.SILENCE,
        processes.ACTING_WITHOUT_ROLE,
        processes.PLACES_IN_DOUBT,
        reports.REPORT_DISPUTED,
    )
}
"""Every rule by its name, in the order in which findings of one subject are given."""

REPLACED: dict[str, str] = {
    "single-claimant": "a state of which no more than one claimant tells carries the mark `one_claimant` on its line",
}
"""Rules that there were, each with what tells the same now: what merely describes a line is a mark on the line."""
OF_FOLLOWED = frozenset(rule.name for rule in RULES.values() if not rule.archives)
"""The rules that hold only for what belongs to a process that is followed."""
OF_ARCHIVES = frozenset(rule.name for rule in RULES.values() if not rule.followed)
"""The rules that hold only for what belongs to no process that is followed."""


def holds(rule: str, *, followed: bool) -> bool:
    """Whether a rule holds for what belongs to a process that is followed, or for what belongs to none."""
    return rule not in (OF_ARCHIVES if followed else OF_FOLLOWED)
