"""The rules by which findings are drawn, each in a few words."""

from __future__ import annotations

from api.wording.language import ENGLISH, explained, phrase, say, spoken_now
from api.wording.words import clean
from domain.findings import rules as drawn

RULES = {
    "contested": phrase("the last reports contradict each other"),
    "one-side-only": phrase("only one side says so"),
    "plan-date-passed": phrase("the date of a plan has passed"),
    "proposal-unanswered": phrase("a proposal is not answered"),
    "obligation-overdue": phrase("an obligation is overdue"),
    "obligation-unsettled": phrase("an old obligation is not reported as kept"),
    "phase-blocked": phrase("a phase is blocked"),
    "truce-lapsing": phrase("a truce is about to lapse"),
    "truce-lapsed": phrase("a truce has lapsed"),
    "condition-not-held": phrase("a condition of consent is not met"),
    "clearance-stuck": phrase("a clearance is stuck"),
    "clearance-expired": phrase("a clearance has expired"),
    "not-arrived": phrase("a convoy has not arrived"),
    "impossible-step": phrase("the order of steps cannot be"),
    "part-above-whole": phrase("a part is larger than its whole"),
    "claims-contradict": phrase("claims on a figure contradict each other"),
    "claims-diverge": phrase("claims on a figure diverge widely"),
    "told-before-it-happened": phrase("told before it can have happened"),
    "hijri-year": phrase("a year of the Islamic calendars"),
    "years-apart": phrase("decades between what happened and who tells it"),
    "likely-duplicate": phrase("likely a duplicate"),
    "silence": phrase("nothing was heard for a long time"),
    "acting-without-role": phrase("an actor acts without a role"),
    "report-disputed": phrase("a report is disputed"),
    "run-missed": phrase("an expected run is not reported"),
    "shared-foreign-id": phrase("several subjects carry one id of another register"),
    "places-in-doubt": phrase("two places could be meant"),
}


def rule(name: str) -> str:
    """What a rule says, in words."""
    return say(RULES[name]) if name in RULES else clean(name)


def looks_at(name: str) -> str:
    """What a rule looks at, when it is raised, and what resolves it; empty if it is none of ours."""
    return explained(drawn.RULES[name].looks_at) if name in drawn.RULES else ""


def rule_mark(name: str) -> str:
    """A rule as the mark of a finding: its name, which programs know it by; in words, where English is not spoken."""
    return clean(name) if spoken_now().language == ENGLISH else rule(name)
