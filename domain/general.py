"""Events on any subject: roles, positions, proposals, statements, figures, incidents.

Roles belong to a record, not to an actor. Figures, statements and incidents accumulate: they are rows of the
read models and no part of a folded state.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, TypeVar

from pydantic import model_validator

from domain.changing import changed
from domain.codings import Codings, ForeignId, ForeignIds
from domain.comparison import comparable
from domain.edtf import When
from domain.event import Event, Opening, Payload
from domain.general_codes import AccessConstraint, CountedActs, IncidentKind, ProposalKind, Role, RoleScope, Stance
from domain.keys import compound
from domain.lines import ANY_ORDER, Candidate, Cited, Course, Keeps, Line
from domain.passed import Passed
from domain.series import Series
from domain.values import (
    ActorRef,
    Area,
    Counting,
    EventId,
    EventRef,
    Harm,
    Label,
    Modality,
    Place,
    Quantity,
    Short,
    SubjectRef,
    Text,
    each_once,
    require_period,
)

# --- events -----------------------------------------------------------------------------------------------


class RoleTaken(Payload):
    """An actor takes a role in the subject, or it is announced that it will."""

    actor: ActorRef
    """Who holds the role."""
    role: Role
    """The role, by the code of the field."""
    scope: RoleScope | None = None
    """What a guarantee or a monitoring covers: security, compliance or passage."""
    verbatim: Short | None = None
    """The source's own wording for the role."""
    on_behalf_of: ActorRef | None = None
    """Whom the holder stands for."""
    accepted: bool | None = None
    """Whether the holder accepts the role; absent: not said."""
    modality: Modality = Modality.ACTUAL
    """Actual, announced or possible."""
    nominated_by: ActorRef | None = None
    """Who named the holder for it."""

    example: ClassVar[dict[str, Any]] = {
        "actor": "reconciliation-centre",
        "role": "guarantor",
        "scope": "security",
        "verbatim": "guarantor of security",
        "modality": "announced",
    }


class RoleEnded(Payload):
    """An actor no longer holds a role in the subject."""

    step: ClassVar[int] = 1
    actor: ActorRef
    """Who held the role."""
    role: Role
    """The role that ended."""
    scope: RoleScope | None = None
    """The scope of the role, as it was taken."""
    on_behalf_of: ActorRef | None = None
    """Whom the holder stood for, as it was taken."""
    reason: Text | None = None
    """Why, if anybody says."""

    example: ClassVar[dict[str, Any]] = {"actor": "reconciliation-centre", "role": "guarantor", "scope": "security"}


class RoleReported(Payload):
    """A role is held by somebody who is only described, or by several, or it is said that nobody holds it."""

    role: Role
    """The role, by the code of the field."""
    described: Short | None = None
    """Who holds it: `a tribal mediator`, `elders of three villages`."""
    number: Quantity | None = None
    """How many hold it."""
    nobody: bool = False
    """True: nobody holds it (no mediator took part)."""
    scope: RoleScope | None = None
    """What a guarantee or a monitoring covers: security, compliance or passage."""
    verbatim: Short | None = None
    """The source's own wording for the role."""
    modality: Modality = Modality.ACTUAL
    """Actual, announced or possible."""

    @model_validator(mode="after")
    def says_who_or_nobody(self) -> Self:
        if self.nobody == (self.described is not None or self.number is not None):
            raise ValueError("say who holds the role, in `described` or `number`, or `nobody`: true")
        return self

    @property
    def gist(self) -> str:
        return "nobody" if self.nobody else self.modality.value

    example: ClassVar[dict[str, Any]] = {"role": "mediator", "described": "a tribal mediator"}


class PositionTaken(Payload):
    """An actor says where it stands on the subject, on a matter within it, or on a proposal."""

    actor: ActorRef
    """Whose position it is."""
    position: Stance
    """Accepts, accepts on condition, refuses, withdraws, undecided, no answer."""
    matter: Short | None = None
    """What it is about, if not the subject as a whole."""
    condition: Text | None = None
    """The condition of consent."""
    condition_met: bool | None = None
    """Whether the condition is met; absent: not said."""
    answers: EventRef | None = None
    """The ProposalMade this answers."""
    persuaded_by: tuple[ActorRef, ...] = ()
    """Who brought the actor to it."""
    on_behalf_of: ActorRef | None = None
    """Whom the actor speaks for."""
    verbatim: Text | None = None
    """The source's own words."""

    @property
    def gist(self) -> tuple[str, str]:
        return (self.position.value, comparable(self.condition or ""))

    def agrees(self, other: PositionTaken) -> bool:
        """The same position, and the condition met or not, unless one of the two does not say."""
        return self.gist == other.gist and len({self.condition_met, other.condition_met} - {None}) < 2

    @model_validator(mode="after")
    def condition_is_named(self) -> Self:
        if self.position is Stance.ACCEPTS_ON_CONDITION and self.condition is None:
            raise ValueError("'accepts on condition' needs the `condition`")
        return self

    example: ClassVar[dict[str, Any]] = {
        "actor": "field-commanders",
        "position": "accepts on condition",
        "condition": "The Russian military take part in the process.",
        "persuaded_by": ["elders"],
    }


class ProposalMade(Payload):
    """An actor puts something to others."""

    kind: ProposalKind
    """Condition, draft, demand, list, letter or ultimatum."""
    text: Text
    """What is proposed, summarised or quoted."""
    by: ActorRef | None = None
    """Who proposes."""
    to: tuple[ActorRef, ...] = ()
    """To whom."""
    answer_by: When | None = None
    """Until when an answer is expected."""
    answers: EventRef | None = None
    """The proposal this is the counter-proposal to."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "demand",
        "text": "A neutral venue for the next round.",
        "by": "field-commanders",
        "to": ["government"],
        "answer_by": "2017-11-30",
    }


class StatementMade(Payload):
    """Somebody says something that is worth keeping and is neither a position nor a proposal."""

    speaker: ActorRef | None = None
    """The identified actor who speaks, if any."""
    description: Short | None = None
    """Who speaks, if not an identified actor: `one field commander, unnamed`."""
    text: Text
    """What is said, summarised."""
    verbatim: Text | None = None
    """The words themselves, if quoted."""

    example: ClassVar[dict[str, Any]] = {
        "description": "one field commander, unnamed",
        "text": "Hopes that common ground with the government will be found.",
    }


class Figure(Payload):
    """What FigureReported and FigureAssessed share."""

    measure: Short
    """What is measured, in a few words used again for the same thing: `population`, `fighters` …"""
    quantity: Quantity
    """The number as claimed."""
    counting: Counting = Counting.STOCK
    """Stock, flow (needs a period) or cumulative."""
    period: When | None = None
    """The period of a flow or of a cumulative count."""
    area: Area | None = None
    """The area the figure covers; absent: the source does not say, and the status shows that."""
    scope: Short | None = None
    """Who or what else bounds the figure: `members of the eleven groups`."""
    about: EventRef | None = None
    """The incident or the violation whose toll it is: claims on one toll are compared with each other alone."""
    counts: CountedActs | None = None
    """If it counts acts that somebody recorded over a period: violations of the agreement, or incidents."""

    @model_validator(mode="after")
    def flow_has_a_period(self) -> Self:
        require_period(self.counting, self.period)
        return self

    @property
    def series(self) -> Series:
        return Series.of(
            self.measure,
            self.quantity,
            self.counting,
            area=self.area,
            scope=self.scope,
            period=self.period,
            about=self.about,
            counts=self.counts,
        )

    @property
    def title(self) -> str:
        """What is measured, as it was sent."""
        return self.measure


class FigureReported(Figure):
    """A claimant gives a figure. Every claim stays visible beside the others."""

    example: ClassVar[dict[str, Any]] = {
        "measure": "fighters",
        "quantity": {"value": 2000, "qualifier": "about", "verbatim": "numbering about 2,000"},
        "counting": "stock",
        "scope": "members of the armed groups",
    }


class FigureAssessed(Figure):
    """Somebody, by name of office, judges what a figure is. It stands beside the claims, it replaces none."""

    step: ClassVar[int] = 1
    assessor: Short
    """Which office judges."""
    reason: Text
    """On what ground."""
    considered: tuple[EventRef, ...] = ()
    """The figures that were weighed."""

    example: ClassVar[dict[str, Any]] = {
        "measure": "fighters",
        "quantity": {"low": 1500, "high": 2500},
        "counting": "stock",
        "scope": "members of the armed groups",
        "assessor": "field office",
        "reason": "Two claims of similar size; neither counted.",
    }


class IncidentReported(Payload):
    """Something happened that bears on the process: an attack, an arrest, an obstruction."""

    kind: IncidentKind
    """What kind of incident."""
    description: Text | None = None
    """What happened."""
    place: Place | None = None
    """Where."""
    harm: tuple[Harm, ...] = ()
    """Harm by category."""
    alleged_by: ActorRef | None = None
    """Who alleges it."""
    claimed_by: ActorRef | None = None
    """Who claims responsibility."""
    attributed_to: tuple[ActorRef, ...] = ()
    """To whom it is attributed, by the source."""
    against: tuple[ActorRef, ...] = ()
    """Who was attacked."""
    target: Short | None = None
    """Who or what was attacked, in words: `a market`, `civilians`, `aid workers of two organisations`."""
    affects: tuple[SubjectRef, ...] = ()
    """Which other subjects it affects: a convoy, an agreement."""
    constraint: AccessConstraint | None = None
    """The type of access constraint, if it is one (OCHA)."""
    ids: ForeignIds = ()
    """Its ids in other registers."""
    coded: Codings = ()
    """How code books code it: its means, its context, its place."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "shelling",
        "place": {"labels": [{"text": "the northern road", "lang": "en"}], "precision": "route"},
        "harm": [{"category": "injured", "who": "civilians", "quantity": {"value": 3, "qualifier": "at least"}}],
    }


EVENTS: tuple[type[Payload], ...] = (
    RoleTaken,
    RoleEnded,
    RoleReported,
    PositionTaken,
    ProposalMade,
    StatementMade,
    FigureReported,
    FigureAssessed,
    IncidentReported,
)
ROWS: tuple[type[Payload], ...] = (StatementMade, FigureReported, FigureAssessed, IncidentReported)
"""These accumulate as rows of the read models and take no part in a fold."""

# --- state ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHeld:
    actor: str
    role: Role
    scope: RoleScope | None
    on_behalf_of: str | None
    held: bool
    modality: Modality
    accepted: bool | None = None
    verbatim: str | None = None
    nominated_by: str | None = None

    @property
    def gist(self) -> str:
        return self.modality.value if self.held else "ended"

    def agrees(self, other: RoleHeld) -> bool:
        """The same, and accepted by the holder or not, unless one of the two does not say."""
        return self.gist == other.gist and len({self.accepted, other.accepted} - {None}) < 2

    @property
    def planned(self) -> bool:
        return self.held and self.modality is not Modality.ACTUAL

    def settles(self, plan: RoleHeld) -> bool:  # noqa: ARG002  the role is the same: it is held, or it ended
        return True


@dataclass(frozen=True, kw_only=True)
class SubjectState:
    """What every family's state has: identity, roles, positions and proposals."""

    opened: bool = False
    labels: tuple[Label, ...] = ()
    processes: tuple[str, ...] = ()
    opened_by: tuple[EventId, ...] = ()
    """The opening events, first report first."""
    ids: tuple[ForeignId, ...] = ()
    """Its ids in other registers, as all openings together name them."""
    roles: dict[str, Line[RoleHeld]] = field(default_factory=dict)
    described_roles: dict[str, Line[RoleReported]] = field(default_factory=dict)
    """Roles of holders who are only described, and of which it is said that nobody holds them."""
    positions: dict[str, Line[PositionTaken]] = field(default_factory=dict)
    proposals: dict[str, Cited[ProposalMade]] = field(default_factory=dict)
    answered: dict[str, tuple[EventId, ...]] = field(default_factory=dict)
    """Proposal id to the events that answer it."""
    same_proposal: dict[str, str] = field(default_factory=dict)
    """Id of a proposal that was a duplicate to the id of the one that stays."""
    passed: dict[str, Passed] = field(default_factory=dict)
    """Each step that was reported, with when; only in families whose subjects come to one stage after another."""


S = TypeVar("S", bound=SubjectState)
V = TypeVar("V")

ROLE_COURSE = Course.of(("possible", "announced", "actual", "ended"))


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: S, event: Event) -> S:
    """The state of any subject after an event on any subject. Total and silent."""
    data = event.data
    match data:
        case RoleTaken():
            return _advance_role(state, event, data, held=True)
        case RoleEnded():
            return _advance_role(state, event, data, held=False)
        case RoleReported():
            key = compound(data.role, data.scope or "", comparable(data.described or ""))
            described = state.described_roles.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            return changed(state, described_roles={**state.described_roles, key: described})
        case PositionTaken():
            answers = _staying(state, data.answers) if data.answers is not None else ""
            key = compound(data.actor, comparable(data.matter or ""), answers)
            line = state.positions.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            state = changed(state, positions={**state.positions, key: line})
            return _answered(state, data.answers, event)
        case ProposalMade():
            proposal = Cited(data, event.id, event.occurred)
            state = changed(state, proposals={**state.proposals, str(event.id): proposal})
            if event.repeats:
                state = _standing_for(state, event)
            return _answered(state, data.answers, event)
        case _:
            return state


def opened(state: S, event: Event, labels: tuple[Label, ...], processes: tuple[str, ...] = ()) -> S:
    """The state after an opening: names, processes and ids add up over all reports of the subject."""
    ids = event.data.ids if isinstance(event.data, Opening) else ()
    if ids:
        state = changed(state, ids=tuple(dict.fromkeys((*state.ids, *ids))))
    return changed(
        state,
        opened=True,
        labels=each_once((*state.labels, *labels)),
        processes=tuple(dict.fromkeys((*state.processes, *processes))),
        opened_by=(*state.opened_by, event.id),
    )


def passing(state: S, step: str, event: Event) -> S:
    """The state after a report of a step, as to when the step was passed.

    An opening may come later than what it reports, and what is only possible proves nothing: neither counts.
    """
    if event.possible or event.occurred is None or isinstance(event.data, Opening):
        return state
    when = event.occurred
    passed = Passed(first=when, last=when, events=(event.id, event.id))
    known = state.passed.get(step)
    if known is None:
        return changed(state, passed=dict(sorted({**state.passed, step: passed}.items())))
    return changed(state, passed={**state.passed, step: known.together(passed)})


def passed_together(state: S, other: SubjectState) -> S:
    """A state, with what another fold of some of its events tells of when each step was passed."""
    passed = dict(state.passed)
    for step, also in other.passed.items():
        passed[step] = passed[step].together(also) if step in passed else also
    return changed(state, passed=dict(sorted(passed.items())))


def _advance_role(state: S, event: Event, data: RoleTaken | RoleEnded, *, held: bool) -> S:
    key = f"{data.actor}|{data.role}|{data.scope or ''}|{data.on_behalf_of or ''}"
    taken = data if isinstance(data, RoleTaken) else None
    role = RoleHeld(
        actor=data.actor,
        role=data.role,
        scope=data.scope,
        on_behalf_of=data.on_behalf_of,
        held=held,
        modality=taken.modality if taken else Modality.ACTUAL,
        accepted=taken.accepted if taken else None,
        verbatim=taken.verbatim if taken else None,
        nominated_by=taken.nominated_by if taken else None,
    )
    return changed(state, roles=after_report(state.roles, key, role, event, ROLE_COURSE))


class Plannable(Protocol):
    """What may be reported as a plan or as a fact."""

    @property
    def gist(self) -> Hashable: ...

    @property
    def planned(self) -> bool: ...

    def settles(self, plan: Any) -> bool: ...


P = TypeVar("P", bound=Plannable)
PLAN = "|plan"


def after_report(
    lines: dict[str, Line[P]], key: str, value: P, event: Event, course: Course = ANY_ORDER
) -> dict[str, Line[P]]:
    """The lines after one more report. A plan has a line of its own beside the fact: it never takes its place.

    The line of the plan goes away when what was planned comes about.
    """
    if value.planned:
        facts = lines[key].candidates if key in lines else ()
        if any(fact.value.settles(value) and not fact.span.precedes(event.span) for fact in facts):
            return lines  # it came about at the time, or later
        key += PLAN
    elif not event.possible:
        lines = {name: line for name, line in lines.items() if name != key + PLAN or not _settled(line, value, event)}
    return {**lines, key: lines.get(key, Line()).advance(value, event, course, Keeps.OF_THE_SAME)}


def _settled(plan: Line[P], fact: P, event: Event) -> bool:
    """Whether a plan is no longer one: what was planned came about, and not before it was planned."""
    return all(fact.settles(c.value) and not event.span.precedes(c.span) for c in plan.candidates)


def _answered(state: S, proposal: EventId | None, event: Event) -> S:
    if proposal is None:
        return state
    name = _staying(state, proposal)
    return changed(state, answered={**state.answered, name: (*state.answered.get(name, ()), event.id)})


def _staying(state: SubjectState, proposal: EventId) -> str:
    """The id under which a proposal stands, if it was a duplicate of another."""
    return state.same_proposal.get(str(proposal), str(proposal))


def _standing_for(state: S, event: Event) -> S:
    """The state after a proposal that stands for duplicates of it: answers to them are answers to it."""
    aliases = {str(one): str(event.id) for one in event.repeats}
    answers = tuple(a for name in (str(event.id), *aliases) for a in state.answered.get(name, ()))
    rest = {name: answers_to for name, answers_to in state.answered.items() if name not in aliases}
    return changed(
        state,
        same_proposal={**state.same_proposal, **aliases},
        answered={**rest, str(event.id): answers} if answers else rest,
    )


# --- rules ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something expected by a date: a plan, a deadline, an expiry."""

    what: str
    """What is expected, in words."""
    when: When
    """Until or at which time."""
    events: tuple[EventId, ...]
    """The events that say so."""
    actor: str | None = None
    """Who owes it, if anybody."""


def sure(line: Line[V]) -> tuple[Candidate[V], ...]:
    """The candidates of a line without those that are only possible at the horizon."""
    return tuple(candidate for candidate in line.candidates if not candidate.possible)
