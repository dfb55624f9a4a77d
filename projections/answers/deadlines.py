"""What is expected by a date and not settled."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from domain.values import Sensitivity
from projections.answers.explanations import Explained, ShownHorizon
from projections.answers.lines import Cursor, EventIds, Time

SensitivityName = Annotated[str, Field(json_schema_extra={"enum": [level.value for level in Sensitivity]})]


class ShownDue(TypedDict):
    """Something of one subject that is expected by a date."""

    subject: str
    what: str
    when: str
    """At or until when (EDTF)."""
    actor: str | None
    """Who owes it, if anybody."""
    events: EventIds


class Deadline(ShownDue):
    """Something expected by a date and not settled."""

    processes: list[str]
    label: str
    """The first name of the subject."""
    overdue: bool
    """Whether its last possible day has passed."""
    contested: bool
    """Whether reports contradict each other on it."""
    sensitivity: Annotated[SensitivityName, Field(description="Of what it rests on.")]
    touched_at: Time
    """When what it rests on was last recorded or corrected."""


class DeadlinesAnswer(Explained):
    """What is due, the first to end first."""

    deadlines: list[Deadline]
    next: Cursor
    horizon: ShownHorizon
