"""The answers of the interface: those that only HTTP knows, and the schemas of all of them.

What queries answer is defined in `projections.answers`.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.http.schemas.from_types import AnswerType, schemas_of
from domain.values import SUBJECT_PATTERN
from projections.answers import changes, deadlines, figures, findings, history, obligations, status, subjects
from projections.answers.findings import ChangedFinding
from projections.answers.history import RecordedEvent
from projections.answers.lines import Count, EventId, Time

Position = Annotated[int, Field(ge=0, description="Place in the log; the first event is at 1.")]
LogCursor = Annotated[
    str,
    Field(
        json_schema_extra={"pattern": "^[0-9]+(-[0-9a-f]{12})?$"},
        description="A position, and a digest of the event there; to be sent as it was given.",
    ),
]
SubjectPath = Annotated[str, Field(json_schema_extra={"pattern": SUBJECT_PATTERN})]

# --- events ---------------------------------------------------------------------------------------------------


class AppendedEvent(TypedDict):
    """One event of an append."""

    id: EventId
    position: Position | None
    """Place in the log; null in a dry run."""
    subject: SubjectPath
    version: Annotated[int, Field(ge=1)]
    recorded_at: Time | None
    findings: list[ChangedFinding] | None
    """What the event did to the findings of its own subject, by the clock when it was recorded: the first 20 that it
    raised, changed or resolved, the gravest first of each. Null: not known yet, or not asked for."""
    findings_total: Annotated[int, Field(ge=0)] | None
    """How many it raised, changed or resolved."""


class AppendedAnswer(TypedDict):
    """What was recorded, in the order sent. In a dry run position and time are null."""

    events: list[AppendedEvent]
    position: Position


class RecordedAnswer(RecordedEvent):
    """An event as it was sent, with what the log added."""

    schema: Annotated[int, Field(ge=1)]
    """Version of the stored form."""
    unreadable: NotRequired[str]
    """Why this version does not understand the event."""


class EventsAnswer(TypedDict):
    """Events in log order."""

    events: list[RecordedAnswer]
    next: LogCursor | None
    """The cursor to go on after, or null on the last page."""


class EventWithRevisions(RecordedAnswer):
    """An event, and the later events that correct, retract, dispute or mark it."""

    revisions: list[RecordedAnswer]


class HeadAnswer(TypedDict):
    """Where the log ends; 0 and null, as long as nothing is recorded."""

    position: Position
    cursor: LogCursor
    """Where to go on from."""
    recorded_at: Time | None


class ListedEventType(TypedDict):
    """An event type."""

    type: str
    families: list[str]
    """Whose subjects may have it."""
    summary: str
    opening: bool
    """Whether it makes a subject."""
    revision: bool
    """Whether it speaks about another event."""
    url: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]


class EventTypesAnswer(TypedDict):
    """Every event type there is."""

    event_types: list[ListedEventType]


class EventTypeAnswer(ListedEventType):
    """An event type with its JSON Schema and an example."""

    example: dict[str, Any]
    schema: dict[str, Any]


# --- problems -------------------------------------------------------------------------------------------------


class ProblemFault(TypedDict):
    """A fault: where it is, and how to mend it."""

    pointer: NotRequired[str]
    """JSON Pointer into the body that was sent."""
    parameter: NotRequired[str]
    """Or the name of a parameter."""
    header: NotRequired[str]
    """Or the name of a header."""
    detail: str


class Problem(TypedDict):
    """An RFC 9457 problem. No value that was sent is ever repeated in it, but by /problems/doubtful-quality, which
    tells the finding."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    """What kind of problem; it can be read."""
    title: str
    status: int
    detail: str
    """What to mend, in a sentence."""
    retry: bool
    """Whether the same request may succeed later."""
    request_id: NotRequired[str]
    """With status 500: the id under which the log tells more, as in the header X-Request-ID."""
    errors: list[ProblemFault]
    """Each fault, where it is and how to mend it."""


class ProblemType(TypedDict):
    """What a kind of problem means."""

    type: str
    title: str
    status: int
    retry: bool
    """Whether the same request may succeed later."""


# --- operations -----------------------------------------------------------------------------------------------


class HealthAnswer(TypedDict):
    """That the server is alive."""

    status: str
    version: str


class LogState(TypedDict):
    """Where the log ends."""

    where: str
    """Its data directory or its database, without a password."""
    position: Position
    ahead: int
    """Seconds by which its last event lies ahead of the clock."""


class ReadModelState(TypedDict):
    """How far the read models are."""

    position: Position
    lag: Count
    """Events that they do not show yet."""


class ReadyAnswer(TypedDict):
    """How far the server is."""

    status: str
    log: LogState
    views: ReadModelState


# --- all of them ----------------------------------------------------------------------------------------------

ANSWERS: tuple[AnswerType, ...] = (
    status.StatusAnswer,
    status.ProcessesAnswer,
    history.HistoryAnswer,
    history.IncidentsAnswer,
    figures.FiguresAnswer,
    figures.ClaimsAnswer,
    findings.FindingsAnswer,
    findings.ProcessFindingsAnswer,
    findings.RulesAnswer,
    deadlines.DeadlinesAnswer,
    changes.ChangesAnswer,
    obligations.ObligationsAnswer,
    subjects.ProcessActorsAnswer,
    subjects.TalksAnswer,
    subjects.AgreementsAnswer,
    subjects.ConvoysAnswer,
    subjects.EnrolmentsAnswer,
    subjects.RoundAnswer,
    subjects.AgreementAnswer,
    subjects.ConvoyAnswer,
    subjects.IdentifiedPlaceAnswer,
    subjects.PlacesAnswer,
    subjects.EnrolmentAnswer,
    subjects.ActorAnswer,
    subjects.ActorsAnswer,
    subjects.CarryingAnswer,
    AppendedAnswer,
    EventsAnswer,
    EventWithRevisions,
    HeadAnswer,
    EventTypesAnswer,
    EventTypeAnswer,
    Problem,
    ProblemType,
    HealthAnswer,
    ReadyAnswer,
)


def answer_schemas() -> dict[str, dict[str, Any]]:
    """The schemas of all answers, and of what they are made of, by name."""
    return schemas_of(ANSWERS)
