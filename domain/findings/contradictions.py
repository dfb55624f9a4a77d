"""Reports that contradict each other on one matter of a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from domain import general
from domain.agreements import Obligation
from domain.comparison import comparable
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import MAX_VALUES, cut, said_by, says, says_apart, title_of, with_claimants
from domain.general import RoleHeld, RoleReported, SubjectState
from domain.lines import Candidate, Line
from domain.sentences import SEMICOLON, Term, listed, phrase, told, told_number
from domain.values import Modality, Subject

CONTESTED = Rule(
    "contested",
    "The last reports on one matter (a state, a date, an outcome, a role, a position, access …): raised while "
    "they contradict each other and none certainly follows the other; resolved by a report that follows them, "
    "a correction or a retraction.",
    Severity.HIGH,
)
DESCRIBED: dict[str, str] = {
    "kind": phrase("the kind of convoy"),
    "planned": phrase("the planned departure"),
    "origin": phrase("from where it goes"),
    "destination": phrase("the destination"),
    "cargo": phrase("what it carries"),
    "people": phrase("whom it carries"),
    "stage": phrase("the kind of agreement"),
    "written": phrase("whether there is a text"),
    "ceasefire": phrase("the class of the ceasefire"),
    "side": phrase("how many sides declare it"),
    "level": phrase("the level of the agreement"),
    "only_there": phrase("whether it holds there only"),
}
"""What openings say that reports can contradict each other on, with the words for it."""
NO_LINES = {"labels", "processes", "opened", "opened_by", "ids", "proposals", "answered", "same_proposal", "passed"}
TITLES: dict[str, str] = {
    "stage": phrase("the state"),
    "planned": phrase("the date of the round"),
    "venue": phrase("the venue"),
    "form": phrase("the form of the talks"),
    "outcome": phrase("the outcome"),
    "ending": phrase("how it ended"),
    "term": phrase("the term"),
    "departure": phrase("from where and with what it left"),
    "arrival": phrase("how much arrived"),
    "complete": phrase("whether the agreement is complete"),
    "level": phrase("the level of the process"),
    "time_zone": phrase("the time zone of the process"),
    "kind": phrase("what kind it is"),
    "point": phrase("where it lies"),
    "within": phrase("which place contains it"),
    "until": phrase("the last day to join"),
}
"""Lines in the words of a monitor; what is held by a key is named after what it says (`title_of`)."""


def contested(subject: Subject, state: SubjectState, is_past: Callable[[Any, str], bool]) -> Iterator[Finding]:
    """What the last reports say that cannot all be so: a finding for each line, and each part of a description, that a
    status shows as contested.

    Args:
        subject: whose state it is.
        state: the state.
        is_past: whether a plan no longer matters (`FamilyFindings.is_past`).
    """
    for about, title, candidates in _matters(state, is_past):
        said: dict[str, list[Candidate[Any]]] = {}
        for c in candidates:
            said.setdefault(comparable(says(c.value)), []).append(c)
        if len(said) < 2:  # what they are known by is the same: then what tells them apart is said
            line = Line(tuple(candidates))
            said = {}
            for c in candidates:
                said.setdefault(says_apart(c.value, line.contested_fields, line.values), []).append(c)
            words = [with_claimants(text, alike) for text, alike in said.items()]
        else:
            words = [with_claimants(says(alike[0].value), alike) for alike in said.values()]
        first, more = listed(words[:MAX_VALUES], SEMICOLON), len(words) - MAX_VALUES
        what = told_number("{some}; and {number} more", "{some}; and {number} more", more, some=first)
        yield CONTESTED.finding(
            subject,
            told("Reports contradict each other on {title}: {what}.", title=title, what=what if more > 0 else first),
            few(event for alike in said.values() for c in alike for event in c.events),
            about=about,
        )
    yield from _denied_roles(subject, state)


def denied_roles(state: SubjectState) -> dict[str, list[Candidate[Any]]]:
    """Roles of which somebody says that nobody holds them, by the key of that line, each with the reports of the same
    time that have a holder."""
    denied: dict[str, list[Candidate[Any]]] = {}
    for key, line in state.described_roles.items():
        sure = general.sure(line)
        if line.contested or not any(c.value.nobody for c in sure):
            continue
        nobody = next(c for c in sure if c.value.nobody)
        role, scope = nobody.value.role, nobody.value.scope
        held: list[Candidate[Any]] = [
            c
            for other, named in state.described_roles.items()
            for c in (general.sure(named) if other != key else ())
            if not c.value.nobody and c.value.modality is Modality.ACTUAL
        ]
        held += [c for line in state.roles.values() for c in general.sure(line) if c.value.held and not c.value.planned]
        others = [
            c
            for c in held
            if c.value.role is role and scope in (None, c.value.scope)
            if not c.span.precedes(nobody.span) and not nobody.span.precedes(c.span)
        ]
        if others:
            denied[key] = others
    return denied


def _denied_roles(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    for key, others in denied_roles(state).items():
        nobody = state.described_roles[key].candidates[-1]
        role, scope = nobody.value.role, nobody.value.scope
        who = listed(list(dict.fromkeys(_holder(c.value) for c in others[:MAX_VALUES])))
        text = told(
            "Reports contradict each other on who is {role}: nobody ({claimants}); {who}.",
            role=Term(role),
            claimants=said_by(nobody.claimants),
            who=who,
        )
        events = few((*nobody.events, *(event for c in others for event in c.events)))
        yield CONTESTED.finding(subject, text, events, about=f"nobody is {role} {scope or ''}".rstrip())


def _holder(value: RoleHeld | RoleReported) -> str:
    if isinstance(value, RoleHeld):
        return f"actors/{value.actor}"
    return cut(value.described) if value.described else told("some, not named")


def _matters(
    state: SubjectState, is_past: Callable[[Any, str], bool]
) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    """Every contested line of a state: what it is about, its title, the candidates that speak of it."""
    for name in _lines_of(type(state)):
        held = getattr(state, name)
        match held:
            case Line() if name == "described":
                for part in held.contested_fields:
                    if not is_past(state, f"described {part}"):
                        title = told(DESCRIBED[part]) if part in DESCRIBED else Term(part.replace("_", " "))
                        yield f"described {part}", title, _of_part(held, part)
            case Line(candidates=(_, _, *_)):
                if held.contested and not is_past(state, name):
                    yield name, told(TITLES[name]) if name in TITLES else Term(name), held.sides()
            case dict():
                for key, line in held.items():
                    yield from _held_by_key(name, key, line)
            case _:
                pass


def _of_part(described: Line[Any], name: str) -> list[Candidate[Any]]:
    return [replace(c, value=getattr(c.value, name), events=c.told_by(name)) for c in described.sides(name)]


def _held_by_key(name: str, key: str, held: Any) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    match held:
        case Line(candidates=(first, _, *_)):
            if held.contested:
                yield f"{name} {key}", title_of(first.value, name, key), held.sides()
        case Obligation():
            if held.agreed.contested:
                yield f"obligation {key}", told("the terms of obligation {name}", name=key), held.agreed.sides()
            if held.assessed.contested:
                yield f"assessment {key}", told("how far obligation {name} is kept", name=key), held.assessed.sides()
        case _:
            pass


_LINES: dict[type[Any], tuple[str, ...]] = {}


def _lines_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of states that may hold lines."""
    known = _LINES.get(kind)
    if known is None:
        known = _LINES[kind] = tuple(one.name for one in fields(kind) if one.name not in NO_LINES)
    return known
