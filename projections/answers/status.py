"""The status of a process, and the list of processes."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from projections.answers.deadlines import ShownDue
from projections.answers.explanations import Explained, ShownHorizon
from projections.answers.figures import FigureSeries, ShownQuantity
from projections.answers.findings import FindingsGlance
from projections.answers.lines import (
    Citation,
    Count,
    Cursor,
    EventIds,
    Said,
    ShownForeignId,
    ShownLabel,
    ShownLine,
    Time,
)
from projections.answers.obligations import Kept, LedgerSide
from projections.answers.subjects import (
    AgreementOverview,
    ConvoyLines,
    DescribedRole,
    EnrolmentLines,
    IncludedPlace,
    OfProcesses,
    PositionLine,
    RoleLine,
    RoundLines,
    ShownBody,
    ShownProposal,
    ShownSubject,
    ShownTerm,
    Whereabouts,
)


class HeardFrom(TypedDict):
    """The newest source, and who speaks in it."""

    on: str | None
    publisher: str
    claimant: str


class HeardOn(HeardFrom):
    """The same, with the report."""

    events: EventIds


class LastHeard(HeardOn):
    """By which report something was heard last: by when it was published, or, if something certainly occurred after
    that, and at a date of occurrence (`as_of`), by when it occurred. Nothing still to come is heard."""

    occurred: HeardOn | None
    """The report of what occurred last."""
    published: HeardOn | None
    """The report that was published last; none if no date of publication is known."""


class ListedLastHeard(HeardFrom):
    """The same in a list, without the reports."""

    occurred: HeardFrom | None
    published: HeardFrom | None


# --- people at risk, truce ------------------------------------------------------------------------------------


class ConvoyAtRisk(TypedDict):
    """A convoy that is held or stranded."""

    subject: str
    label: str
    whereabouts: ShownLine[Whereabouts] | None
    people: list[Said]
    """Who is on it, each claim once: as it left, else as it was told before."""
    told_by: list[EventIds]
    """The reports that make each of these claims."""


class PeopleAtRisk(TypedDict):
    """Stranded or held convoys; closed or besieged places."""

    convoys: list[ConvoyAtRisk]
    places: list[ShownLine[Said]]


class CountInWindow(TypedDict):
    """How many lie in the last days: some may lie outside, by their uncertain dates."""

    certain: Count
    possible: Count


class RecorderCounts(TypedDict):
    """What one recorder counts. Two recorders may count the same event: they are never added up."""

    last_7_days: CountInWindow
    last_30_days: CountInWindow
    all: Count


class TruceStanding(TypedDict):
    """A ceasefire with its term."""

    agreement: str
    label: str
    state: ShownLine[str] | None
    standing: str
    term: ShownLine[ShownTerm] | None
    violations: dict[str, RecorderCounts]
    """By recorder."""
    counted: list[FigureSeries]
    """Violations that somebody counted over a period: beside those reported one by one, and never added to them."""


class Truce(TypedDict):
    """Ceasefires; violations and incidents per recorder."""

    agreements: list[TruceStanding]
    incidents: dict[str, RecorderCounts]
    """By recorder."""
    counted: list[FigureSeries]
    """Incidents that somebody counted over a period: beside those reported one by one."""


# --- subjects, without what the status gathers ----------------------------------------------------------------


class RoundInStatus(ShownSubject, OfProcesses, RoundLines):
    """A round of talks."""

    events: EventIds


class ListedAgreement(ShownSubject, OfProcesses, AgreementOverview):
    """An agreement, its obligations aside."""

    events: EventIds


class AgreementInStatus(ListedAgreement, Kept):
    """An agreement, and how far it is kept."""


class ConvoyInStatus(ShownSubject, OfProcesses, ConvoyLines):
    """A convoy."""

    events: EventIds


class ListedEnrolment(ShownSubject, OfProcesses, EnrolmentLines):
    """A register."""

    events: EventIds


class EnrolmentInStatus(ListedEnrolment):
    """A register, and how many joined."""

    counts: list[FigureSeries]


class HarmClaim(ShownQuantity):
    """What one report says of the harm: in its own account, or as a figure about the act."""

    unit: str
    who: str | None
    """Whom, or what, the number is of: `civilians`, `members of the police`."""
    as_of: str | None
    """Of a figure: when it was so. Of the account itself, when it happened."""
    figure: NotRequired[str]
    """Of a figure: its measure, as it was sent."""
    assessed: NotRequired[bool]
    """Of a figure: whether an office judges, by name."""
    events: EventIds


class HarmByCategory(TypedDict):
    """All claims on harm of one category, side by side: none is part of a sum."""

    category: str
    """`killed`, `injured` and so on; of a figure on something else, its measure."""
    disagree: bool
    """Whether no number fits all figures on it: they are contested among the figures."""
    claims: list[HarmClaim]


class IncidentInStatus(Said):
    """An incident or a violation: the fields of its report, without the harm, which stands by category."""

    type: str
    subject: str
    occurred: str | None
    toll: list[HarmByCategory]
    events: EventIds


class ShownStatement(Said):
    """A statement: the fields of `StatementMade`."""

    events: EventIds


class HeldReport(TypedDict):
    """A report of what is still to come: it counts once the first moment that its date allows has passed."""

    events: EventIds
    subject: str
    type: str
    occurred: str | None


class WithdrawnSubject(TypedDict):
    """A subject of which no opening is in effect any more."""

    subject: str
    events: EventIds


class UnifiedSubject(TypedDict):
    """A subject that gave way, and the one that stays."""

    subject: str
    into: str


class LatestChange(TypedDict):
    """One of the events recorded last."""

    events: EventIds
    type: str
    subject: str
    occurred: str | None
    recorded_at: Time


class StatusBody(TypedDict):
    """Where a process stands, before it is explained."""

    process: str
    version: int
    """Of the process itself: send it as `expected_version`."""
    labels: list[ShownLabel]
    ids: NotRequired[list[ShownForeignId]]
    """Its ids in other registers, if any report names one."""
    level: ShownLine[str] | None
    time_zone: ShownLine[str] | None
    areas: list[ShownLine[IncludedPlace]]
    links: list[ShownLine[Said]]
    horizon: ShownHorizon
    state: ShownLine[str] | None
    ending: ShownLine[str] | None
    last_heard: LastHeard | None
    followed: bool
    """Whether reports of it are recorded while they are news, or an opening says so; otherwise it is an archive."""
    next_14_days: list[ShownDue]
    overdue: list[ShownDue]
    later: list[ShownDue]
    findings: FindingsGlance
    people_at_risk: PeopleAtRisk
    truce: Truce
    incidents: list[IncidentInStatus]
    """Incidents and violations, the gravest first, the newest first of those alike: of many, the gravest and the
    newest. `totals` counts all."""
    obligations: list[LedgerSide]
    totals: dict[str, dict[str, int]]
    """How many talks, convoys and agreements there are, by state."""
    talks: list[RoundInStatus]
    positions: list[PositionLine]
    proposals: list[ShownProposal]
    roles: list[RoleLine]
    described_roles: list[DescribedRole]
    bodies: list[ShownBody]
    control: list[ShownLine[Said]]
    access: list[ShownLine[Said]]
    instruments: list[Citation]
    figures: list[FigureSeries]
    enrolments: list[EnrolmentInStatus]
    convoys: list[ConvoyInStatus]
    agreements: list[AgreementInStatus]
    statements: list[ShownStatement]
    still_to_come: list[HeldReport]
    """Reports that count for nothing yet, the first to come first."""
    withdrawn: list[WithdrawnSubject]
    """Subjects of which no opening is in effect any more."""
    unified: list[UnifiedSubject]
    """Subjects that gave way, each with the one that stays (`into`)."""


class StatusAnswer(StatusBody, Explained):
    """Where a process stands, in the order of its first screen. `actors` gives the names of the actors mentioned,
    `evidence` the sources of every event that a line rests on."""

    changes: list[LatestChange]


# --- the list of processes ------------------------------------------------------------------------------------


class Touched(TypedDict):
    """When something was last recorded of a process."""

    position: int
    recorded_at: Time


class ListedProcess(TypedDict):
    """A process as a list shows it."""

    process: str
    labels: list[ShownLabel]
    state: ShownLine[str] | None
    level: ShownLine[str] | None
    areas: list[str]
    last_heard: ListedLastHeard
    followed: bool
    updated: Touched


class ProcessesAnswer(TypedDict):
    """Processes by id."""

    processes: list[ListedProcess]
    next: Cursor
    horizon: ShownHorizon
