"""Reports that contradict each other on one matter of a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import combinations
from typing import Any

from domain import general
from domain.agreement_codes import ObligationStanding
from domain.agreement_events import ObligationAgreed, ObligationAssessed
from domain.agreements import Obligation, Term
from domain.comparison import comparable
from domain.edtf import When
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import MAX_VALUES, cut, said_by, says, title_of, with_claimants
from domain.general import RoleHeld, RoleReported, SubjectState
from domain.lines import Candidate, Line, agree
from domain.values import Modality, Subject

CONTESTED = Rule(
    "contested",
    "The last reports on one matter (a state, a date, an outcome, a role, a position, access …): raised while "
    "they contradict each other and none certainly follows the other; resolved by a report that follows them, "
    "a correction or a retraction.",
    Severity.HIGH,
)
WORDING = {"described", "about", "summary", "description", "declared", "rounds", "not_held", "postponed", "passage"}
NOT_COMPARED = WORDING | {"request", "departure"}
"""Lines that cannot contradict in a useful way: wording, who asks whom, what was loaded. What openings say of dates and
kinds is compared by its parts (DESCRIBED)."""
DESCRIBED: dict[str, str] = {
    "kind": "the kind of convoy",
    "planned": "the planned departure",
    "destination": "the destination",
    "stage": "the kind of agreement",
    "written": "whether there is a text",
    "ceasefire": "the class of the ceasefire",
    "side": "how many sides declare it",
    "level": "the level of the agreement",
}
"""What openings say that is compared, with the words for it; EnrolmentOpened has none of these: its modality is the
state of the register."""
TITLES: dict[str, str] = {
    "stage": "the state",
    "planned": "the date of the round",
    "venue": "the venue",
    "form": "the form of the talks",
    "outcome": "the outcome",
    "ending": "how it ended",
    "term": "the term",
    "arrival": "how much arrived",
    "complete": "whether the agreement is complete",
    "level": "the level of the process",
    "time_zone": "the time zone of the process",
    "kind": "the kind of actor",
    "until": "the last day to join",
}
"""Lines in the words of a monitor; what is held by a key is named after what it says (`title_of`)."""


def contested(subject: Subject, state: SubjectState, is_past: Callable[[Any, str], bool]) -> Iterator[Finding]:
    """What the last reports say that cannot all be so.

    Args:
        subject: whose state it is.
        state: the state.
        is_past: whether a plan no longer matters (`FamilyFindings.is_past`).
    """
    for about, title, candidates in _matters(state):
        said: dict[str, list[Candidate[Any]]] = {}
        for c in candidates:
            if not c.possible and not _is_silent(c.value):
                said.setdefault(comparable(says(c.value)), []).append(c)
        values = [alike[-1].value for alike in said.values()]
        if is_past(state, about) or not any(_contradict(a, b) for a, b in combinations(values, 2)):
            continue
        words = [with_claimants(says(alike[0].value), alike) for alike in said.values()]
        more = f"; and {len(words) - MAX_VALUES} more" if len(words) > MAX_VALUES else ""
        yield CONTESTED.finding(
            subject,
            f"Reports contradict each other on {title}: {'; '.join(words[:MAX_VALUES])}{more}.",
            few(event for alike in said.values() for c in alike for event in c.events),
            about=about,
        )

    yield from _denied_roles(subject, state)


def _denied_roles(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    """Roles of which somebody says that nobody holds them, while another report of the same time has a holder."""
    described = [c for line in state.described_roles.values() for c in general.sure(line)]
    for nobody in (c for c in described if c.value.nobody):
        role, scope = nobody.value.role, nobody.value.scope
        held: list[Candidate[Any]] = [
            c for c in described if not c.value.nobody and c.value.modality is Modality.ACTUAL
        ]
        held += [c for line in state.roles.values() for c in general.sure(line) if c.value.held and not c.value.planned]
        others = [
            c
            for c in held
            if c.value.role is role and scope in (None, c.value.scope)
            if not c.span.precedes(nobody.span) and not nobody.span.precedes(c.span)
        ]
        if others:
            who = ", ".join(dict.fromkeys(_holder(c.value) for c in others[:MAX_VALUES]))
            text = f"Reports contradict each other on who is {role}: nobody ({said_by(nobody.claimants)}); {who}."
            events = few((*nobody.events, *(event for c in others for event in c.events)))
            yield CONTESTED.finding(subject, text, events, about=f"nobody is {role} {scope or ''}".rstrip())


def _holder(value: RoleHeld | RoleReported) -> str:
    return f"actors/{value.actor}" if isinstance(value, RoleHeld) else cut(value.described or "some, not named")


def _matters(state: SubjectState) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    """Every line of a state that may be contested: what it is about, its title, its candidates."""
    for name in _compared(type(state)):
        held = getattr(state, name)
        if name == "described":
            yield from _parts(held)
        elif isinstance(held, Line):
            if len(held.candidates) > 1:
                yield name, TITLES.get(name, name), held.candidates
        elif isinstance(held, dict):
            for key, line in held.items():
                match line:
                    case Line(candidates=(first, _, *_)):
                        yield f"{name} {key}", title_of(first.value, name, key), line.candidates
                    case Obligation():
                        yield f"obligation {key}", f"the terms of obligation {key}", line.agreed.candidates
                        yield f"assessment {key}", f"how far obligation {key} is kept", line.assessed.candidates
                    case _:
                        pass


_COMPARED: dict[type[Any], tuple[str, ...]] = {}


def _compared(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of states that are compared."""
    known = _COMPARED.get(kind)
    if known is None:
        names = (field.name for field in fields(kind))
        known = _COMPARED[kind] = tuple(name for name in names if name == "described" or name not in NOT_COMPARED)
    return known


def _parts(described: Line[Any]) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    """What the last openings say, part by part."""
    if len(described.candidates) < 2:
        return
    for name, title in DESCRIBED.items():
        parts = [replace(c, value=getattr(c.value, name, None)) for c in described.candidates]
        yield f"described {name}", title, parts


def _is_silent(value: Any) -> bool:
    """Whether a value says nothing that another could contradict: none named, unknown, no information."""
    if isinstance(value, ObligationAssessed):
        return value.score is None and value.standing is ObligationStanding.NO_INFORMATION
    return value is None or says(value) == "unknown"


def _contradict(one: Any, other: Any) -> bool:
    """Whether two values cannot both be so; what only one of the two says does not contradict."""
    match one, other:
        case When(), When():
            return one.span.precedes(other.span) or other.span.precedes(one.span)
        case Term(), Term():
            return one.trial != other.trial or _differ(one.until, other.until)
        case ObligationAgreed(), ObligationAgreed():
            return (
                _differ(frozenset(one.debtor) or None, frozenset(other.debtor) or None)
                or _differ(one.deadline, other.deadline)
                or _differ(frozenset(one.beneficiary) or None, frozenset(other.beneficiary) or None)
                or _differ(one.condition, other.condition)
            )
        case ObligationAssessed(), ObligationAssessed():
            return _differ(one.score, other.score) or _differ(one.standing, other.standing)
        case _:
            return not agree(one, other)


def _differ(one: Any, other: Any) -> bool:
    return one is not None and other is not None and _contradict(one, other)
