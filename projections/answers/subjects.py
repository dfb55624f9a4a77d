"""Subjects: a process's own lines, rounds of talks, agreements, convoys, registers and actors."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from projections.answers.deadlines import ShownDue
from projections.answers.explanations import Explained, ShownHorizon
from projections.answers.lines import (
    Citation,
    Cursor,
    EventId,
    EventIds,
    NearWords,
    Said,
    ShownDescription,
    ShownForeignId,
    ShownLabel,
    ShownLine,
)

# --- what every subject has -----------------------------------------------------------------------------------


class HeldRole(TypedDict):
    """Whether a role is held, and how surely."""

    held: bool
    modality: str
    accepted: bool | None


class RoleLine(ShownLine[HeldRole]):
    """A role of an actor."""

    subject: str
    actor: str
    role: str
    scope: str | None
    verbatim: str | None
    on_behalf_of: str | None
    nominated_by: str | None
    """Who named the holder for it."""


class DescribedRole(ShownLine[Said]):
    """A role whose holder is only described, or that nobody holds: the fields of `RoleReported`."""

    subject: str


class PositionLine(ShownLine[Said]):
    """A position of an actor: the fields of `PositionTaken`."""

    subject: str
    actor: str


class ShownProposal(Citation):
    """A proposal: the fields of `ProposalMade`, and whether it was answered."""

    subject: str
    answered_by: EventIds
    unanswered: bool


class ShownSubject(TypedDict):
    """One subject of any family: what the last reports say of it, line by line."""

    subject: str
    labels: list[ShownLabel]
    ids: NotRequired[list[ShownForeignId]]
    """Its ids in other registers, if any report names one."""


class Part(TypedDict):
    """Which part actors take."""

    roles: list[RoleLine]
    positions: list[PositionLine]


class Gathered(Part):
    """What a status gathers over all its subjects."""

    described_roles: list[DescribedRole]
    proposals: list[ShownProposal]
    due: list[ShownDue]
    """What is expected by a date and not yet settled."""


class OfProcesses(TypedDict):
    """To which processes a subject belongs."""

    processes: NotRequired[list[str]]


class SubjectPage(ShownSubject, Gathered):
    """What the page of any subject has."""

    events: EventIds
    still_to_come: NotRequired[EventIds]
    """Reports on it that count for nothing yet, the first to come first."""
    withdrawn: NotRequired[bool]
    """If no opening of it is in effect any more."""
    unified: NotRequired[list[str]]
    """Subjects that turned out to be this one."""


# --- the lines of each family ---------------------------------------------------------------------------------


class IncludedPlace(Said):
    """A place, as in the schema `Place`, and whether it is part of the process."""

    included: bool


class ShownBody(Citation):
    """A body: the fields of `BodyEstablished`, and by what it was dissolved or replaced, if it was."""

    dissolved: NotRequired[list[Citation]]


class ProcessLines(TypedDict):
    """What is known of a process itself."""

    state: ShownLine[str] | None
    ending: ShownLine[str] | None
    level: ShownLine[str] | None
    time_zone: ShownLine[str] | None
    areas: list[ShownLine[IncludedPlace]]
    links: list[ShownLine[Said]]
    control: list[ShownLine[Said]]
    access: list[ShownLine[Said]]
    instruments: list[Citation]
    bodies: list[ShownBody]


class ShownStep(TypedDict):
    """A step that was reported: a round met, an agreement was signed, a convoy was held."""

    step: str
    occurred: str
    """When, by the report that puts it first."""
    last: NotRequired[str]
    """When, by the report that puts it last, if that is another date."""
    events: EventIds


class StepLines(TypedDict):
    """How something came to where it stands."""

    steps: list[ShownStep]
    """Every step that was certainly reported, in the order of their dates."""


class RoundLines(StepLines):
    """What is known of a round of talks."""

    between: list[str]
    about: ShownLine[str] | None
    topics: list[Said]
    """As code books code them."""
    form: ShownLine[str] | None
    rounds: ShownLine[Said] | None
    """How many rounds are reported together."""
    not_held: ShownLine[Said] | None
    """Who did not come and why, if it was not held: the fields of `TalksNotHeld`."""
    state: ShownLine[str] | None
    planned: ShownLine[str | None] | None
    """When it is to be; a value of null: at a time not yet named."""
    venue: ShownLine[str] | None
    outcome: ShownLine[str] | None
    summary: ShownLine[str] | None
    attendance: dict[str, ShownLine[str] | None]
    """By actor."""


class ShownTerm(TypedDict):
    """From when until when an agreement holds."""

    starts: str | None
    until: str | None
    trial: bool
    renewable: bool | None
    extended: str | None
    lasts: str | None
    """How long it lasts, as the source says (ISO 8601)."""
    until_event: str | None
    """Until what, where no date is named."""
    computed: bool
    """Whether the end is computed by us, from how long it lasts."""


class ShownRuns(TypedDict):
    """Runs of what recurs so many times per period, in the period in which the next is expected or the one before."""

    first: str
    last: str
    """First and last day of the period."""
    expected: int
    least: int
    most: int
    """How many are reported: certainly, and at most, by uncertain dates."""


class ShownObligation(TypedDict):
    """An obligation of an agreement, and how far it is kept."""

    agreement: str
    obligation: str
    agreed: ShownLine[Said] | None
    """Its terms: the fields of `ObligationAgreed`."""
    score: ShownLine[Said] | None
    """The last assessments: the fields of `ObligationAssessed`."""
    kept: bool
    blocked_by: list[str]
    runs: list[ShownRuns]
    """Of what recurs so many times per period, while another run is owed."""


class AgreementOverview(StepLines):
    """What is known of an agreement, its obligations aside."""

    between: list[str]
    described: ShownDescription | None
    state: ShownLine[str] | None
    complete: ShownLine[bool] | None
    ending: ShownLine[str] | None
    signatures: list[ShownLine[Said]]
    term: ShownLine[ShownTerm] | None
    declared: ShownLine[Said] | None
    """What one side declared: the fields of `AgreementDeclared`."""
    relations: list[ShownLine[Said]]
    """To earlier agreements: the fields of `AgreementRelated`."""


class WithObligations(TypedDict):
    """What the sides of an agreement owe."""

    obligations: list[ShownObligation]


class AgreementLines(AgreementOverview, WithObligations):
    """What is known of an agreement."""


class Whereabouts(TypedDict):
    """Where a convoy is."""

    stage: str
    place: str | None
    actor: str | None
    reason: str | None


class Clearance(Said):
    """A decision on a clearance: the fields of `ClearanceGranted` or `ClearanceDenied`."""

    decision: str


class ConvoyLines(StepLines):
    """What is known of a convoy."""

    described: ShownDescription | None
    state: ShownLine[str] | None
    whereabouts: ShownLine[Whereabouts] | None
    clearances: dict[str, ShownLine[Clearance] | None]
    """By actor."""
    departure: ShownLine[Said] | None
    removed: list[Citation]
    arrival: ShownLine[Said] | None
    postponed: ShownLine[Said] | None
    """The fields of `ConvoyPostponed`."""
    passage: ShownLine[Said] | None
    """Of a corridor: the fields of `PassageReported`."""
    last_run: str | None
    """Of a series: when the last run went that is reported."""
    runs: list[ShownRuns]
    """Of a series of so many runs per period."""


class RegisterTrack(TypedDict):
    """A track of a register."""

    id: str
    labels: list[ShownLabel]


class EnrolmentLines(TypedDict):
    """What is known of a register."""

    state: ShownLine[str] | None
    described: ShownDescription | None
    tracks: list[RegisterTrack]
    until: ShownLine[str] | None


class ActorLines(TypedDict):
    """What is known of an actor."""

    label: str | None
    former_labels: list[str]
    kind: ShownLine[str] | None
    sizes: list[Said]
    description: ShownLine[str] | None
    relations: list[ShownLine[Said]]


class PlaceLines(TypedDict):
    """What is known of a place."""

    kind: ShownLine[str] | None
    point: ShownLine[Said] | None
    """Where it is, as in the schema `PlacePoint`."""
    codes: list[Said]
    """Codes of the place itself, as in the schema `PlaceCode`."""
    within: ShownLine[str] | None
    """Id of the place that contains it."""
    description: ShownLine[str] | None


# --- pages ----------------------------------------------------------------------------------------------------


class RoundPage(SubjectPage, OfProcesses, RoundLines):
    """A round of talks."""


class AgreementPage(SubjectPage, OfProcesses, AgreementLines):
    """An agreement."""


class ConvoyPage(SubjectPage, OfProcesses, ConvoyLines):
    """A convoy."""


class EnrolmentPage(SubjectPage, OfProcesses, EnrolmentLines):
    """A register."""


class ActorPage(SubjectPage, ActorLines):
    """An actor."""


class PlacePage(SubjectPage, PlaceLines):
    """A place."""


class ExplainedSubject(SubjectPage, Explained):
    """What the page of any subject has, and what explains it."""


class AtHorizon(TypedDict):
    """From where it is looked at."""

    horizon: ShownHorizon


class RoundAnswer(RoundPage, Explained, AtHorizon):
    """A round of talks, and what explains it."""


class AgreementAnswer(AgreementPage, Explained, AtHorizon):
    """An agreement, and what explains it."""


class ConvoyAnswer(ConvoyPage, Explained, AtHorizon):
    """A convoy, and what explains it."""


class EnrolmentAnswer(EnrolmentPage, Explained, AtHorizon):
    """A register, and what explains it."""


class RoleInProcess(RoleLine):
    """A role of an actor in a process."""

    process: str


class RolesByProcess(TypedDict):
    """In which processes an actor holds which roles."""

    processes: list[RoleInProcess]


class ExplainedActor(ActorPage, RolesByProcess, Explained):
    """An actor, in which processes it holds which roles, and what explains it."""


class ActorAnswer(ExplainedActor, AtHorizon):
    """An actor, in which processes it holds which roles, and what explains it."""


class CarryingSubject(ShownSubject):
    """What carries an id of another register: a subject, or an event on it."""

    scheme: str
    id: str
    events: EventIds
    of_event: bool
    """Whether it is the id of the event, an incident or a violation, and not of the subject itself."""


class CarryingAnswer(TypedDict):
    """What carries an id of another register, by id."""

    subjects: list[CarryingSubject]
    next: Cursor
    near: NearWords
    horizon: ShownHorizon


class ActorsAnswer(TypedDict):
    """Actors by id."""

    actors: list[ActorPage]
    next: Cursor
    horizon: ShownHorizon


class ReportOfPlace(TypedDict):
    """A report in effect that tells of a place, in one process."""

    process: str
    subject: str
    type: str
    occurred: str | None
    event: EventId


class ReportsOfPlace(TypedDict):
    """What happened at a place."""

    reports: list[ReportOfPlace]
    """The reports in effect that name it by its id, or describe it: in their process as the same place, or by a code of
    it. The newest first, at most 200."""
    reports_total: int
    """How many there are."""


class ExplainedPlace(PlacePage, ReportsOfPlace, Explained):
    """A place, what happened there, and what explains it."""


class IdentifiedPlaceAnswer(ExplainedPlace, AtHorizon):
    """A place, what happened there, and what explains it."""


class PlacesAnswer(TypedDict):
    """Places by id."""

    places: list[PlacePage]
    next: Cursor
    horizon: ShownHorizon


# --- those of one process -------------------------------------------------------------------------------------


class PageAtHorizon(TypedDict):
    """Of a list that belongs to one process."""

    next: Cursor
    horizon: ShownHorizon


class ProcessActorsAnswer(PageAtHorizon):
    """Those with a role, a position or a seat, and what they are there."""

    actors: list[ActorPage]


class TalksAnswer(PageAtHorizon):
    """Rounds of talks by id."""

    talks: list[RoundPage]


class AgreementsAnswer(PageAtHorizon):
    """Agreements by id."""

    agreements: list[AgreementPage]


class ConvoysAnswer(PageAtHorizon):
    """Convoys by id."""

    convoys: list[ConvoyPage]


class EnrolmentsAnswer(PageAtHorizon):
    """Registers by id."""

    enrolments: list[EnrolmentPage]
