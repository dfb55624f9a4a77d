"""What may not fit on a subject of any family."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import Any

from domain import general, proposals
from domain.claimants import ClaimantKind, confirming
from domain.edtf import When
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import actors_named, cut, dated, names_of, said_by, says
from domain.general import SubjectState
from domain.general_codes import Stance
from domain.lines import Candidate, Course, Line
from domain.sentences import Term, told
from domain.spans import Zones, found_passed
from domain.values import EventId, Subject

# --- who says so --------------------------------------------------------------------------------------------

ONE_SIDE_ONLY = Rule(
    "one-side-only",
    "A step that takes all sides (talks are held or concluded; an agreement is reached, signed, in force, resumed), of "
    "two or more parties: raised if one of these parties is the only one to say so; resolved when any other claimant "
    "says the same, or the state moves on. What one side can do by itself is done when it says so.",
    Severity.MODERATE,
    archives=False,
)
TOGETHER = {"scheduled", "convened", "concluded", "reached", "signed", "in force", "resumed"}
"""Steps that take all sides."""


def one_side_only(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    """A step that takes all sides, and of which one side only tells."""
    parties = {f"actors/{party}" for party in getattr(state, "between", ())}
    stage: Line[Any] = getattr(state, "stage", Line())
    by_step: dict[str, list[Candidate[Any]]] = {}
    for candidate in general.sure(stage) if len(parties) > 1 else ():
        by_step.setdefault(says(candidate.value), []).append(candidate)
    for step, candidates in by_step.items():
        who = confirming(claimant for c in candidates for claimant in c.claimants)
        first = [c.since or c.occurred for c in candidates]
        dates = sorted((when for when in first if when is not None), key=lambda when: (when.span, when))
        if step not in TOGETHER or len(who) != 1 or not dates:
            continue
        if who[0].kind is ClaimantKind.ACTOR and who[0].name in parties:
            others = names_of(sorted(parties - {who[0].name}))
            text = told(
                "Only {who} says “{step}” ({date}); neither {others} nor anybody else confirms it.",
                who=who[0].name,
                step=Term(step),
                date=dates[0],
                others=others,
            )
            events = few(event for c in candidates for event in c.events)
            yield ONE_SIDE_ONLY.finding(subject, text, events, about=f"stage {step}")


# --- plans, answers, conditions -----------------------------------------------------------------------------

PLAN_DATE_PASSED = Rule(
    "plan-date-passed",
    "The date of a round of talks or of the departure of a convoy: raised when it has passed and nobody has "
    "said what came of it; resolved by a report that it took place, was put off or was called off.",
    Severity.MODERATE,
)
PROPOSAL_UNANSWERED = Rule(
    "proposal-unanswered",
    "A proposal with a date for the answer: raised when that has passed; resolved by a position or a proposal "
    "that answers it.",
    Severity.MODERATE,
)
CONDITION_NOT_HELD = Rule(
    "condition-not-held",
    "An actor who accepts on a condition: raised while its newest position says that the condition is not met; "
    "resolved by another position.",
    Severity.HIGH,
)


def passed_plan(
    subject: Subject, what: str, when: When, events: tuple[EventId, ...], zones: Zones
) -> Iterator[Finding]:
    if (since := found_passed(when, zones)) is not None:
        text = told(
            "The {what} planned for {date} is not confirmed: the date has passed, and nobody says what came of it.",
            what=Term(what),
            date=when,
        )
        yield PLAN_DATE_PASSED.finding(subject, text, events, since=since, about=f"{what} {when}")


def unanswered_proposals(subject: Subject, state: SubjectState, zones: Zones) -> Iterator[Finding]:
    for reports in proposals.unanswered(state):
        proposal = reports[0].data
        made: str = Term(proposal.kind)
        if proposal.by:
            made = told("{proposal} by {actor}", proposal=made, actor=f"actors/{proposal.by}")
        if proposal.to:
            made = told("{proposal} to {actors}", proposal=made, actors=actors_named(proposal.to))
        for until, events in proposals.answer_dates(reports).items():
            if (since := found_passed(until, zones)) is not None:
                text = told(
                    "The {proposal} was to be answered by {date}; no answer is reported.", proposal=made, date=until
                )
                yield PROPOSAL_UNANSWERED.finding(
                    subject, text, few(events), since=since, about=f"proposal {events[0]}"
                )


def conditions(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    for key, line in state.positions.items():
        for c in general.sure(line):
            taken = c.value
            if taken.position is Stance.ACCEPTS_ON_CONDITION and taken.condition_met is False:
                text = told(
                    "{actor} accepts on a condition that is said not to be met: {condition} ({date}, {who}).",
                    actor=f"actors/{taken.actor}",
                    condition=cut(taken.condition or "").rstrip("."),
                    date=dated(c.occurred),
                    who=said_by(c.claimants),
                )
                yield CONDITION_NOT_HELD.finding(subject, text, c.events, about=f"position {key}")


# --- steps that cannot be -----------------------------------------------------------------------------------

IMPOSSIBLE_STEP = Rule(
    "impossible-step",
    "Steps of which one comes after the other (a convoy departs and arrives, talks convene and conclude, an "
    "agreement is signed and ends; it may enter into force before it is signed): raised if every report of the later "
    "step lies certainly before every report of the earlier one; resolved by a correction, a retraction or a report "
    "that fits.",
    Severity.MODERATE,
    data_quality=True,
)
NOT_CERTAIN = {("signed", "in force"), ("reached", "in force")}
"""Steps of a course that come the other way round, too: a truce holds by word of mouth, and is signed later."""


@cache
def _in_order(pairs: frozenset[tuple[Hashable, Hashable]]) -> list[tuple[Any, Any]]:
    return sorted(pairs, key=str)


def impossible(
    subject: Subject, state: SubjectState, course_of: Callable[[Any], tuple[Course, set[str]]]
) -> Iterator[Finding]:
    """Steps against the course of the family (`FamilyFindings.course`), by the dates of all reports of both."""
    if len(state.passed) < 2:
        return
    course, once = course_of(state)
    if len(once & state.passed.keys()) < 2:
        return
    for a, b in _in_order(course.pairs):
        if a not in state.passed or b not in state.passed or a not in once or b not in once or (a, b) in NOT_CERTAIN:
            continue
        earlier, later = state.passed[str(a)], state.passed[str(b)]
        if later.before(earlier):
            text = told(
                "“{later}” is reported for {last} at the latest, “{earlier}” for {first} at the earliest.",
                later=Term(b),
                last=later.last,
                earlier=Term(a),
                first=earlier.first,
            )
            events = few((*later.events, *earlier.events))
            yield IMPOSSIBLE_STEP.finding(subject, text, events, about=f"{b} before {a}")
