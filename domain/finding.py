"""What a finding is, and what a rule is: the words in which `domain.findings` says what does not fit.

A finding is drawn from what stands, so it goes away when later reports resolve it. There is no clock in here: what
depends on the time is a window, from `since` on and before `until`, so a finding can be asked for at any time, in the
past too. What is only possible at a horizon contradicts nothing and confirms nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.changing import unchanging
from domain.keys import bounded
from domain.sentences import Sentence
from domain.values import EventId, Subject

DAY = 86_400
MAX_EVENTS_PER_FINDING = 20
"""Events that one finding names."""


class Severity(StrEnum):
    """How soon somebody should look: now, when next at it, or when there is time."""

    HIGH = "high"
    MODERATE = "moderate"
    HINT = "hint"


@unchanging
class Finding:
    """Something about one subject that does not fit."""

    rule: str
    """Name of the rule."""
    subject: Subject
    text: str
    """Who says what, and which date, for a field monitor: a `Sentence`, unless it comes from where only its English was
    kept."""
    events: tuple[EventId, ...]
    """What it rests on."""
    since: int | None = None
    """Seconds since 1970 from which on it stands; None: always."""
    until: int | None = None
    """Seconds since 1970 before which it stands; None: no end."""
    about: str = ""
    """What of the subject it is about: `stage`, `obligation release-detainees` …"""

    @property
    def key(self) -> tuple[str, Subject, str]:
        """What two computations of the same finding share."""
        return (self.rule, self.subject, self.about)

    def stands(self, now: int) -> bool:
        """Whether it stands at a time, in seconds since 1970."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of finding is about."""

    name: str
    looks_at: str
    """What it looks at, when it is raised, and what resolves it."""
    severity: Severity
    data_quality: bool = False
    """Whether the record itself may be at fault: an append that asks for strict handling is refused for these."""
    tolerated: bool = False
    """Whether, though the record may be at fault, it may as well be right: strict handling does not refuse it."""

    archives: bool = True
    """Whether it holds for archives too, or only for processes that are followed (`domain.following`)."""
    followed: bool = True
    """Whether it holds for processes that are followed, or only for archives."""

    @property
    def refused(self) -> bool:
        """Whether strict handling refuses an append that would raise it."""
        return self.data_quality and not self.tolerated

    def finding(
        self,
        subject: Subject,
        text: Sentence,
        events: tuple[EventId, ...],
        since: int | None = None,
        until: int | None = None,
        about: str = "",
    ) -> Finding:
        """What this rule finds on a subject; the arguments are the fields of a finding."""
        return Finding(self.name, subject, text, events, since, until, bounded(about))


def few(events: Iterable[EventId]) -> tuple[EventId, ...]:
    """The events that a finding names, of those that it rests on: each once, the first ones."""
    return tuple(dict.fromkeys(events))[:MAX_EVENTS_PER_FINDING]


def ranked(*rules: Rule) -> dict[str, int]:
    """The place of each rule, by its name, among rules in the order in which their findings are given."""
    return {rule.name: rank for rank, rule in enumerate(rules)}


def in_order(findings: Iterable[Finding], ranks: Mapping[str, int]) -> list[Finding]:
    """One finding for each key, which rests on all that the findings under it rest on, in the order of the rules."""
    kept: dict[tuple[str, Subject, str], Finding] = {}
    for finding in findings:
        same = kept.get(finding.key)
        if same is not None:
            finding = dataclasses.replace(same, events=few((*same.events, *finding.events)))
        kept[finding.key] = finding
    return sorted(kept.values(), key=lambda finding: (ranks[finding.rule], finding.about))


class Turn(StrEnum):
    """What an event does to a finding."""

    RAISED = "raised"
    CHANGED = "changed"
    RESOLVED = "resolved"


def turned(before: Iterable[Finding], after: Iterable[Finding], now: int) -> list[tuple[Turn, Finding]]:
    """What became of the findings of a subject, each as it reads now, or as it read last: in no order.

    Args:
        before: the findings, whenever they stand.
        after: the same later.
        now: the time at which both are looked at, in seconds since 1970: nothing is raised because time has passed.
    """
    stood, stand = ({f for f in findings if f.stands(now)} for findings in (before, after))
    known = {finding.key for finding in stood}
    turns = [(Turn.CHANGED if f.key in known else Turn.RAISED, f) for f in stand - stood]
    changed = {finding.key for _, finding in turns}
    return turns + [(Turn.RESOLVED, f) for f in stood - stand if f.key not in changed]
