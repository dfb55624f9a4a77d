"""Agreements: from the report of one to its end; obligations clause by clause; truces and their violations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from domain import general
from domain.agreement_codes import (
    AgreementEnding,
    AgreementStage,
    CeasefireClass,
    CeasefirePurpose,
    ExtensionWay,
    ObligationStanding,
    Side,
    SigningAct,
    SigningCapacity,
    Verification,
    Written,
)
from domain.changing import changed
from domain.codings import Codings, ForeignIds
from domain.comparison import comparable
from domain.edtf import BEGINNING, END, When
from domain.event import Event, Payload, ProcessOpening
from domain.family import Family
from domain.general import Due, SubjectState
from domain.general_codes import IncidentKind
from domain.lines import Course, Line
from domain.spans import ANYWHERE, Zones, begins, first_passing, moment_after
from domain.values import ActorRef, EventId, EventRef, Harm, ItemId, Labels, Place, Quantity, Short, Text

# --- events -----------------------------------------------------------------------------------------------


class AgreementReported(ProcessOpening):
    """An agreement is reported to exist, to be negotiated or to be about to come."""

    title: Labels
    """Names of the agreement."""
    between: tuple[ActorRef, ...] = ()
    """The parties."""
    stage: AgreementStage | None = None
    """What kind of agreement it is (PA-X)."""
    written: Written = Written.UNKNOWN
    """Whether there is a text: yes, no, partly, unknown."""
    ceasefire: CeasefireClass | None = None
    """Class of the ceasefire, if it is one (ETH/PRIO)."""
    purposes: tuple[CeasefirePurpose, ...] = ()
    """Purposes of the ceasefire (ETH/PRIO)."""
    side: Side | None = None
    """Unilateral, bilateral or multilateral (ETH/PRIO)."""
    summary: Text | None = None
    """What it is about."""

    example: ClassVar[dict[str, Any]] = {
        "processes": ["eastern-kalamun"],
        "title": [{"text": "Ceasefire of Eastern Kalamun", "lang": "en"}],
        "between": ["eleven-groups", "government"],
        "stage": "ceasefire",
        "written": "unknown",
        "ceasefire": "cessation of hostilities",
        "purposes": ["humanitarian"],
        "side": "bilateral",
    }


class AgreementReached(Payload):
    """The parties agree."""

    step: ClassVar[int] = 1
    complete: bool | None = None
    """Whether it is complete; absent: not said."""
    presence_of: tuple[ActorRef, ...] = ()
    """In whose presence."""
    summary: Text | None = None
    """What was agreed, in words."""

    example: ClassVar[dict[str, Any]] = {"complete": False, "presence_of": ["reconciliation-centre"]}


class AgreementSigned(Payload):
    """One actor signs, initials or accedes."""

    step: ClassVar[int] = 2
    actor: ActorRef
    """Who signs."""
    capacity: SigningCapacity = SigningCapacity.PARTY
    """As party, guarantor, witness, mediator or other."""
    act: SigningAct = SigningAct.SIGNED
    """Initialled, signed or acceded."""
    reservation: Text | None = None
    """A reservation made."""

    @property
    def gist(self) -> tuple[str, str]:
        return (self.act.value, self.capacity.value)

    example: ClassVar[dict[str, Any]] = {"actor": "government", "capacity": "party", "act": "signed"}


class ObligationAgreed(Payload):
    """One obligation: who owes what to whom, by when or on what condition."""

    step: ClassVar[int] = 2
    obligation: ItemId
    """Its id within the agreement; other events name it by this."""
    text: Text
    """What is owed."""
    clause: Short | None = None
    """Where in the text."""
    phase: Short | None = None
    """The phase it belongs to."""
    debtor: tuple[ActorRef, ...] = Field(min_length=1, max_length=50)
    """Who owes it."""
    beneficiary: tuple[ActorRef, ...] = ()
    """To whom it is owed."""
    target: Quantity | None = None
    """How much, if it can be counted."""
    deadline: When | None = None
    """By when."""
    condition: Text | None = None
    """On what condition."""
    depends_on: tuple[ItemId, ...] = ()
    """Obligations that come first."""
    mirrors: ItemId | None = None
    """The obligation of the other side that this one answers."""
    recurrence: Short | None = None
    """How often, if it recurs: `weekly`, `regularly`."""
    verifier: ActorRef | None = None
    """Who verifies it."""
    in_text: bool | None = None
    """Whether it stands in the text; absent: not known."""

    @model_validator(mode="after")
    def does_not_wait_for_itself(self) -> Self:
        if self.obligation in self.depends_on or self.obligation == self.mirrors:
            raise ValueError("an obligation cannot depend on itself or mirror itself")
        return self

    @property
    def gist(self) -> tuple[object, ...]:
        return (self.debtor, self.beneficiary, self.deadline, comparable(self.condition or ""))

    example: ClassVar[dict[str, Any]] = {
        "obligation": "release-detainees",
        "text": "Release of detainees of both sides.",
        "debtor": ["government"],
        "beneficiary": ["eleven-groups"],
        "deadline": "2017-10",
        "mirrors": "release-prisoners",
        "in_text": True,
    }


class ObligationAssessed(Payload):
    """Somebody judges how far an obligation is kept."""

    step: ClassVar[int] = 3
    obligation: ItemId
    """Its id within the agreement."""
    score: Annotated[int, Field(ge=0, le=3)] | None = None
    """0 not initiated, 1 minimal, 2 intermediate, 3 full (Kroc PAM)."""
    standing: ObligationStanding | None = None
    """Not due, overdue, blocked, no information."""
    achieved: Quantity | None = None
    """How much was done, against the target."""
    assessor: Short | None = None
    """Which office judges."""
    reason: Text | None = None
    """On what ground."""

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.score is None and self.standing is None:
            raise ValueError("send a `score` from 0 to 3, a `standing`, or both")
        return self

    @property
    def gist(self) -> tuple[int | None, str | None]:
        return (self.score, self.standing)

    example: ClassVar[dict[str, Any]] = {"obligation": "release-detainees", "score": 1, "assessor": "field office"}


class AgreementEnteredIntoForce(Payload):
    """The agreement or truce takes effect."""

    step: ClassVar[int] = 4
    starts: When | None = None
    """From when; absent: from the time of occurrence."""
    until: When | None = None
    """Until when; absent: without a term."""
    trial: bool = False
    """Whether this is a trial period."""
    renewable: bool | None = None
    """Whether it can be renewed; absent: not said."""

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Self:
        if self.starts and self.until and self.until.span.precedes(self.starts.span):
            raise ValueError("`until` lies before `starts`: swap them")
        return self

    example: ClassVar[dict[str, Any]] = {
        "starts": "2017-07",
        "until": "2017-09",
        "trial": True,
        "renewable": True,
    }


class AgreementExtended(Payload):
    """The term is extended, explicitly or tacitly."""

    step: ClassVar[int] = 5
    until: When | None = None
    """The new end; absent: none is named."""
    way: ExtensionWay
    """Explicitly or tacitly."""

    example: ClassVar[dict[str, Any]] = {"until": "2017-11", "way": "tacitly"}


class AgreementSuspended(Payload):
    """The agreement is suspended."""

    step: ClassVar[int] = 6
    by: ActorRef | None = None
    """By whom."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"by": "committee", "reason": "The siege was not lifted."}


class AgreementResumed(Payload):
    """A suspended agreement holds again."""

    step: ClassVar[int] = 7
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"reason": "The convoy was let through."}


class ViolationReported(Payload):
    """Somebody reports a violation of the agreement. Violations are counted per recorder."""

    step: ClassVar[int] = 5
    kind: IncidentKind
    """What kind of act."""
    obligation: ItemId | None = None
    """The obligation violated, if one is named."""
    description: Text | None = None
    """What happened."""
    place: Place | None = None
    """Where."""
    harm: tuple[Harm, ...] = ()
    """Harm by category."""
    alleged_by: ActorRef | None = None
    """Who alleges it."""
    attributed_to: tuple[ActorRef, ...] = ()
    """To whom it is attributed."""
    against: tuple[ActorRef, ...] = ()
    """Who was attacked."""
    target: Short | None = None
    """Who or what was attacked, in words: `a market`, `civilians`, `aid workers of two organisations`."""
    verification: Verification = Verification.ALLEGED
    """How far it is verified."""
    ids: ForeignIds = ()
    """Its ids in other registers."""
    coded: Codings = ()
    """How code books code it."""

    example: ClassVar[dict[str, Any]] = {"kind": "shelling", "alleged_by": "committee", "verification": "alleged"}


class ViolationAssessed(Payload):
    """A recorder judges a reported violation."""

    step: ClassVar[int] = 6
    violation: EventRef
    """The ViolationReported, of the same agreement, that is judged."""
    verification: Verification
    """How far it is verified now."""
    attributed_to: tuple[ActorRef, ...] = ()
    """To whom the assessment attributes it."""
    disputed_by: tuple[ActorRef, ...] = ()
    """Who disputes it."""
    assessor: Short | None = None
    """Which office judges."""
    reason: Text | None = None
    """On what ground."""

    example: ClassVar[dict[str, Any]] = {
        "violation": "11111111-1111-4111-8111-111111111111",
        "verification": "substantiated",
        "assessor": "field office",
    }


class AgreementEnded(Payload):
    """The agreement is over."""

    step: ClassVar[int] = 8
    how: AgreementEnding
    """Fulfilled, expired, superseded, denounced or collapsed."""
    by: ActorRef | None = None
    """Who ended it, if somebody did."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"how": "expired"}


EVENTS: tuple[type[Payload], ...] = (
    AgreementReported,
    AgreementReached,
    AgreementSigned,
    ObligationAgreed,
    ObligationAssessed,
    AgreementEnteredIntoForce,
    AgreementExtended,
    AgreementSuspended,
    AgreementResumed,
    ViolationReported,
    ViolationAssessed,
    AgreementEnded,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("reported", "reached", "signed", "in force", "suspended", "ended"),
    ("in force", "resumed", "ended"),
    turns=[("suspended", "resumed")],
)
IN_FORCE = {"in force", "resumed"}
ONCE = {"reached", "signed", "in force", "ended"}
"""What comes once: against the course it cannot be. An extension, an accession and an initialling do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """From when to when an agreement is in force."""

    starts: When | None
    until: When | None
    trial: bool
    renewable: bool | None
    extended: str | None = None
    """explicitly or tacitly, after an extension."""

    @property
    def gist(self) -> tuple[str | None, bool]:
        return (self.until, self.trial)


@dataclass(frozen=True, slots=True)
class Obligation:
    agreed: Line[ObligationAgreed] = field(default_factory=Line)
    assessed: Line[ObligationAssessed] = field(default_factory=Line)


@dataclass(frozen=True, kw_only=True)
class AgreementState(SubjectState):
    between: tuple[str, ...] = ()
    described: Line[AgreementReported] = field(default_factory=Line)
    stage: Line[str] = field(default_factory=Line)
    """reported, reached, signed, in force, suspended, resumed, ended."""
    complete: Line[bool] = field(default_factory=Line)
    ending: Line[str] = field(default_factory=Line)
    signatures: dict[str, Line[AgreementSigned]] = field(default_factory=dict)
    term: Line[Term] = field(default_factory=Line)
    obligations: dict[str, Obligation] = field(default_factory=dict)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: AgreementState, event: Event) -> AgreementState:
    match event.data:
        case AgreementReported() as data:
            state = general.opened(state, event, data.title, data.processes)
            return changed(
                _to(state, "reported", event),
                between=tuple(dict.fromkeys((*state.between, *data.between))),
                described=Line(state.described.candidates[-9:]).advance(data, event),
            )
        case AgreementReached() as data:
            state = _to(state, "reached", event)
            return (
                state
                if data.complete is None
                else changed(state, complete=state.complete.advance(data.complete, event))
            )
        case AgreementSigned() as data:
            line = state.signatures.get(data.actor, Line()).advance(data, event)
            state = _to(state, "signed", event, once=data.act is SigningAct.SIGNED)
            return changed(state, signatures={**state.signatures, data.actor: line})
        case ObligationAgreed() as data:
            known = state.obligations.get(data.obligation, Obligation())
            known = replace(known, agreed=known.agreed.advance(data, event))
            return changed(state, obligations={**state.obligations, data.obligation: known})
        case ObligationAssessed() as data:
            known = state.obligations.get(data.obligation, Obligation())
            known = replace(known, assessed=known.assessed.advance(data, event))
            return changed(state, obligations={**state.obligations, data.obligation: known})
        case AgreementEnteredIntoForce() as data:
            term = Term(
                starts=data.starts or event.occurred, until=data.until, trial=data.trial, renewable=data.renewable
            )
            return changed(_to(state, "in force", event), term=state.term.advance(term, event))
        case AgreementExtended() as data:
            before = state.term.candidates[-1].value if state.term.candidates else None
            term = Term(
                starts=before.starts if before else None,
                until=data.until,
                trial=before.trial if before else False,
                renewable=before.renewable if before else None,
                extended=data.way.value,
            )
            return changed(_to(state, "in force", event, once=False), term=state.term.advance(term, event))
        case AgreementSuspended():
            return _to(state, "suspended", event)
        case AgreementResumed():
            return _to(state, "resumed", event)
        case AgreementEnded() as data:
            return changed(_to(state, "ended", event), ending=state.ending.advance(data.how.value, event))
        case _:
            return general.evolve(state, event)


def _to(state: AgreementState, stage: str, event: Event, *, once: bool = True) -> AgreementState:
    state = general.passing(state, stage, event) if once and stage in ONCE else state
    return changed(state, stage=state.stage.advance(stage, event, COURSE))


# --- rules ------------------------------------------------------------------------------------------------


def due(state: AgreementState) -> list[Due]:
    """Deadlines of obligations that are not fully kept, and the end of the term while it is in force."""
    expected = general.due(state)
    if "ended" in state.stage.values:
        return expected
    for obligation in state.obligations.values():
        if not kept(obligation):
            expected += [
                Due(what=f"obligation: {c.value.text}", when=c.value.deadline, events=c.events, actor=c.value.debtor[0])
                for c in obligation.agreed.candidates
                if c.value.deadline is not None
            ]
    if IN_FORCE & set(state.stage.values):
        expected += [
            Due(what="end of the term", when=c.value.until, events=c.events)
            for c in state.term.candidates
            if c.value.until is not None
        ]
    return expected


def kept(obligation: Obligation) -> bool:
    """Whether every last assessment scores it 3, full."""
    scores = {assessed.score for assessed in obligation.assessed.values}
    return scores == {3}


def owed(state: AgreementState) -> dict[str, Obligation]:
    """The obligations that are not fully kept, while the agreement has not ended."""
    if "ended" in state.stage.values:
        return {}
    return {name: obligation for name, obligation in state.obligations.items() if not kept(obligation)}


def deadlines(obligation: Obligation) -> list[When]:
    """The deadlines that last reports name, the first one first; one without an end never passes."""
    named = {agreed.deadline for agreed in obligation.agreed.values if agreed.deadline is not None}
    return sorted((when for when in named if when.span.latest < END), key=lambda when: (when.span.latest, when))


def judged(obligation: Obligation, standing: ObligationStanding) -> tuple[EventId, ...]:
    """The last assessments that judge it so, apart from any date."""
    judging = (c for c in obligation.assessed.candidates if c.value.standing is standing)
    return tuple(dict.fromkeys(event for c in judging for event in c.events))


def is_overdue(obligation: Obligation, now: int, zones: Zones = ANYWHERE) -> bool:
    """Whether it is judged to be overdue, or a deadline passed, in seconds since 1970; it is for `owed` to ask of."""
    since = first_passing(deadlines(obligation), zones)
    return (since is not None and since <= now) or bool(judged(obligation, ObligationStanding.OVERDUE))


def blocked_by(state: AgreementState, name: str) -> list[str]:
    """The obligations that must be kept before this one and are not."""
    obligation = state.obligations.get(name)
    if obligation is None:
        return []
    needed = dict.fromkeys(d for agreed in obligation.agreed.values for d in agreed.depends_on)
    return [d for d in needed if not (d in state.obligations and kept(state.obligations[d]))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The obligations of one phase, and what keeps it waiting."""

    name: str | None
    """As the reports name it; None: no phase is named for these obligations."""
    obligations: tuple[str, ...]
    kept: int
    """How many are fully kept."""
    overdue: tuple[str, ...]
    blocked_by: tuple[str, ...]
    """Obligations outside the phase that must be kept before one within it, and are not."""


def phases(state: AgreementState, now: int, zones: Zones = ANYWHERE) -> list[Phase]:
    """The phases in the order in which obligations first name them, at a time in seconds since 1970."""
    members: dict[str | None, list[str]] = {}
    spelled: dict[str | None, str] = {}
    for name, obligation in state.obligations.items():
        named = [agreed.phase for agreed in obligation.agreed.values if agreed.phase is not None]
        compared = comparable(named[0]) if named else None
        members.setdefault(spelled.setdefault(compared, named[0]) if named else None, []).append(name)
    open_ = owed(state)
    return [
        Phase(
            name=phase,
            obligations=tuple(names),
            kept=sum(kept(state.obligations[name]) for name in names),
            overdue=tuple(name for name in names if name in open_ and is_overdue(open_[name], now, zones)),
            blocked_by=tuple(
                dict.fromkeys(
                    other for name in names if name in open_ for other in blocked_by(state, name) if other not in names
                )
            ),
        )
        for phase, names in members.items()
    ]


def mirror_pairs(state: AgreementState) -> list[tuple[str, str]]:
    """Each obligation with the one of the other side that it answers; a pair that names each other once."""
    pairs: dict[frozenset[str], tuple[str, str]] = {}
    for name, obligation in state.obligations.items():
        for agreed in obligation.agreed.values:
            if agreed.mirrors is not None:
                pairs.setdefault(frozenset((name, agreed.mirrors)), (name, agreed.mirrors))
    return list(pairs.values())


LAPSING = 14 * 86_400
"""Seconds before the end of a term from which it is about to lapse."""


def term_ends(state: AgreementState) -> list[When]:
    """The ends of the term, the first one first, at the last of which it lapses if nobody says anything.

    None, if it is not in force, or if a last report has it in force without an end.
    """
    terms = {term.until for term in state.term.values}
    if not IN_FORCE & set(state.stage.values) or None in terms:
        return []
    ends = sorted((when for when in terms if when is not None), key=lambda when: (when.span.latest, when))
    return ends if ends and ends[-1].span.latest < END else []


class Standing(StrEnum):
    """Where a truce or an agreement stands at a time."""

    NOT_IN_FORCE = "not in force"
    TRIAL = "trial"
    IN_FORCE = "in force"
    SUSPENDED = "suspended"
    LAPSING = "lapsing"
    LAPSED = "lapsed"
    ENDED = "ended"
    CONTESTED = "contested"


def standing(state: AgreementState, now: int, zones: Zones = ANYWHERE) -> Standing:
    """Where it stands at a time, in seconds since 1970, by the zones of its processes.

    Lapsing: 14 days or less are left of the term, on trial or not. Lapsed: the term is over, and nobody has said that
    it was extended or that it ended. An agreement extended while it is suspended is in force.
    """
    stages = set(state.stage.values)
    if len(stages) > 1 and not stages <= IN_FORCE:
        return Standing.CONTESTED
    if "ended" in stages:
        return Standing.ENDED
    if "suspended" in stages:
        return Standing.SUSPENDED
    starting = [begins(term.starts, zones) for term in state.term.values if term.starts is not None]
    starts = [moment.last if moment is not None else BEGINNING for moment in starting]
    if not stages & IN_FORCE or (starts and min(starts) > now):
        return Standing.NOT_IN_FORCE
    ends = [moment for end in term_ends(state) if (moment := moment_after(end, zones)) is not None]
    if ends and max(ends) <= now:
        return Standing.LAPSED
    if ends and min(ends) - LAPSING <= now:
        return Standing.LAPSING
    if any(term.trial for term in state.term.values):
        return Standing.TRIAL
    return Standing.IN_FORCE


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="agreements",
    opening=AgreementReported,
    events=EVENTS,
    rows=(ViolationReported, ViolationAssessed),
    state=AgreementState,
    evolve=evolve,
    due=due,
)
