"""Agreements: from the report of one to its end; obligations clause by clause; truces and their violations."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from domain.agreement_codes import (
    AgreementEnding,
    AgreementRelation,
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
from domain.codings import Codings, ForeignIds
from domain.comparison import comparable
from domain.compatible import gist
from domain.durations import Duration
from domain.edtf import When
from domain.event import Payload, ProcessOpening
from domain.general_codes import IncidentKind, Level
from domain.schedules import Schedule
from domain.values import (
    ActorRef,
    AgreementRef,
    Area,
    EventRef,
    Harm,
    ItemId,
    Labels,
    Place,
    Quantity,
    Short,
    Text,
)


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
    level: Level | None = None
    """Interstate, interstate-intrastate, intrastate or intrastate-local (PA-X)."""
    types: Codings = ()
    """What kind of agreement it is in code books: a substage of PA-X, a type of UCDP."""
    holds_in: Area | None = None
    """Where it holds; absent: not said."""
    only_there: bool | None = None
    """Whether it holds there only; absent: not said."""
    provisions: Codings = ()
    """Its provisions as code books code them. They owe nothing to anybody: what is owed is an obligation."""

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


class AgreementRelated(Payload):
    """Somebody affirms or denies that the agreement stands in a relation to an earlier one."""

    step: ClassVar[int] = 1
    relation: AgreementRelation
    """Renews, implements, extends, amends, supersedes, responds to, part of."""
    to: AgreementRef | None = None
    """The earlier one, if it is recorded here."""
    named: Short | None = None
    """The earlier one by its name, if it is not recorded here."""
    affirmed: bool = True
    """False: the relation is denied."""

    @model_validator(mode="after")
    def names_the_other(self) -> Self:
        if self.to is None and self.named is None:
            raise ValueError("name the earlier agreement: send `to`, or its name as `named`")
        return self

    @property
    def gist(self) -> bool:
        return self.affirmed

    example: ClassVar[dict[str, Any]] = {"relation": "renews", "named": "Truce of July 2017"}


class AgreementDeclared(Payload):
    """One side declares it, whether or not another agrees: a ceasefire of its own, an order, a pledge."""

    step: ClassVar[int] = 1
    by: tuple[ActorRef, ...] = Field(default=(), max_length=50)
    """Who declares it; none: not said."""
    described: Short | None = None
    """Who declares it, if not an identified actor."""
    summary: Text | None = None
    """What is declared, in words."""

    example: ClassVar[dict[str, Any]] = {"by": ["committee"], "summary": "No shot is fired during the holiday."}


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
    """One actor signs, initials or accedes; or it is signed, and by whom is not said."""

    step: ClassVar[int] = 2
    actor: ActorRef | None = None
    """Who signs; absent: not said, or only described."""
    described: Short | None = None
    """Who signs, if not an identified actor: `two elders of the valley`."""
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
    debtor: tuple[ActorRef, ...] = Field(default=(), max_length=50)
    """Who owes it; none: not stated."""
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
    schedule: Schedule | None = None
    """The same so that it can be checked: a rule, or so many times per period."""
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
        return (self.debtor, self.beneficiary, gist(self.deadline), comparable(self.condition or ""))

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
    run: When | None = None
    """Of what recurs: the run that was done and is judged."""
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
    """Until when; absent: without a term, unless `lasts` or `until_event` gives one."""
    lasts: Duration | None = None
    """How long it lasts from its start, ISO 8601: `P6M`, `PT72H`. The end is computed, and marked as computed."""
    last_day_included: bool | None = None
    """Whether the day that `lasts` leads to belongs to the term; absent: not said, so it does not."""
    until_event: Short | None = None
    """Until what, if no date is named: `the end of the holiday`."""
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
    """The new end; absent: none is named, unless `lasts` or `until_event` gives one."""
    lasts: Duration | None = None
    """How long it goes on after the term before, ISO 8601. The end is computed, and marked as computed."""
    until_event: Short | None = None
    """Until what, if no date is named: `the end of the harvest`."""
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
    """The agreement is over. If the day is not known, `occurred` bounds it on one side."""

    step: ClassVar[int] = 8
    how: AgreementEnding
    """Fulfilled, expired, superseded, denounced, collapsed, never in force, or unknown."""
    by: ActorRef | None = None
    """Who ended it, if somebody did."""
    reason: Text | None = None
    """Why."""

    example: ClassVar[dict[str, Any]] = {"how": "expired"}


EVENTS: tuple[type[Payload], ...] = (
    AgreementReported,
    AgreementRelated,
    AgreementDeclared,
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
