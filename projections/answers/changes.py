"""What became known of a process between two moments."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from projections.answers.deadlines import ShownDue
from projections.answers.explanations import Explained, Marks
from projections.answers.findings import ShownFinding
from projections.answers.lines import Count, EventId, ShownLabel, Time

Because = Annotated[
    list[EventId],
    Field(description="The events, of those that became known, that made it so; at most 20, the newest."),
]
ByTime = Annotated[bool, Field(description="Whether nothing but the clock made it so.")]


class Moment(TypedDict):
    """A moment: the last position of the log that is known then, and the clock."""

    position: Count
    time: Time | None
    """Null before the first event."""


class NamedSubject(TypedDict):
    """A subject with the name that it has, or had."""

    subject: str
    label: str


class OverdueEntry(ShownDue):
    """What was to be by now and is not settled, and was not overdue before."""

    label: str
    by_time: bool
    """Whether it was expected at `since` already: its date has passed."""


class FindingEntry(ShownFinding):
    """A finding that was raised or resolved."""

    label: str
    by_time: ByTime
    because: Because


class SideCandidate(TypedDict):
    """One of the values that reports disagree on."""

    value: object
    occurred: str | None


class LineSide(TypedDict):
    """What a line says."""

    value: object
    since: str | None
    contested: bool
    candidates: NotRequired[list[SideCandidate]]
    """Only if contested."""


class ChangedLine(NamedSubject):
    """A line of the status that says something else, of a subject known before."""

    line: str
    """The name that `parley explain` takes."""
    before: LineSide | None
    """Null if it did not stand."""
    after: LineSide | None
    """Null if it does not stand."""
    because: Because


class FieldDifference(TypedDict):
    """Where two versions of a report differ."""

    field: str
    before: object
    after: object


class RevisionEntry(TypedDict):
    """A correction, retraction, dispute or mark: by whom, when and why."""

    event: EventId
    type: str
    by: str | None
    why: str | None
    recorded_at: Time
    recorded_by: str


class CorrectedEntry(NamedSubject):
    """What was known before and was revised."""

    what: list[str]
    """Corrected, retracted, disputed, marked as a duplicate, unified, restored, or what of these was withdrawn."""
    event: EventId
    type: str
    said: str | None
    """What it said before."""
    says: str | None
    """What it says now; null if it does not stand."""
    differences: list[FieldDifference]
    """Field by field, as far as both stand."""
    same_as: EventId | None
    revisions: list[RevisionEntry]
    """By whom, when and why."""


class NewReport(Marks):
    """A report that came in."""

    event: EventId
    position: int
    type: str
    occurred: str | None
    late: bool
    """It occurred before `since`, and more than three days before it was recorded."""
    put_in: bool
    """It was recorded before `since`, and its subject put into the process since."""
    recorded_at: Time
    recorded_by: str
    claimants: list[str]
    says: str
    """What it says, in a sentence."""


class NewReports(NamedSubject):
    """Reports that came in on one subject."""

    opened: bool
    """Whether the subject was not known before."""
    reports: list[NewReport]


class ChangeGroups(TypedDict):
    """What became known, in groups; the most urgent ones first."""

    overdue: list[OverdueEntry]
    newly_contested: list[FindingEntry]
    """Where reports contradict each other and did not."""
    no_longer_contested: list[FindingEntry]
    """Where reports contradicted each other and do not any more."""
    changed: list[ChangedLine]
    """Lines of the status that say something else, of subjects known before."""
    corrected: list[CorrectedEntry]
    """What was known before and was revised."""
    raised: list[FindingEntry]
    """Other findings that stand and did not."""
    resolved: list[FindingEntry]
    """Other findings that stood and do not any more."""
    new: list[NewReports]
    """Reports that came in, by subject; `opened` if the subject was not known before."""


class ChangesAnswer(ChangeGroups, Explained):
    """What became known of a process after `since` and up to `until`, in groups; the most urgent ones first.
    `evidence` tells of every event that is named."""

    process: str
    labels: list[ShownLabel]
    since: Moment
    until: Moment
    known_before: bool
    """Whether anything of the process was known at `since`."""
    totals: dict[str, Count]
    """How much is in each group; of `new` all reports, how many are `shown`, how many of these came `late`, and their
    `subjects`."""
