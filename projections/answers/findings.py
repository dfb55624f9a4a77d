"""Findings: what does not fit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from domain.finding import Severity, Turn
from projections.answers.explanations import Explained, Named, ShownHorizon
from projections.answers.lines import Cursor, EventIds

SeverityName = Annotated[str, Field(json_schema_extra={"enum": [severity.value for severity in Severity]})]


class ShownFinding(TypedDict):
    """Something about one subject that does not fit. It goes away when later reports resolve it."""

    rule: str
    """/v1/findings/rules tells what each looks at."""
    severity: SeverityName
    subject: str
    about: str
    """What of the subject it is about, for programs."""
    text: str
    """Who says what, and when; actors by their ids. Where it is not sent, a `Sentence` of `domain.sentences`."""
    since: str | None
    """From when on it stands; null: always."""
    until: str | None
    """Before when it stands; null: no end."""
    events: EventIds


class ChangedFinding(ShownFinding):
    """A finding that an event raised, changed or resolved."""

    now: Annotated[str, Field(json_schema_extra={"enum": [turn.value for turn in Turn]})]
    """What the event did to it. One that is resolved is shown as it read before."""


class FindingInProcess(ShownFinding):
    """A finding in the list across processes."""

    process: str
    """In which one."""


class FindingsAnswer(Named):
    """Findings that stand, process by process, the gravest first."""

    findings: list[FindingInProcess]
    next: Cursor
    horizon: ShownHorizon


class ProcessFindingsAnswer(Explained):
    """A page of the findings that stand in one process, the gravest first, and what they rest on."""

    findings: list[ShownFinding]
    next: Cursor
    horizon: ShownHorizon


class FindingsGlance(TypedDict):
    """How many findings stand, and the gravest of them."""

    total: int
    by_severity: dict[str, int]
    by_rule: dict[str, int]
    items: list[ShownFinding]


class ShownRule(TypedDict):
    """A rule by which findings are drawn."""

    rule: str
    severity: SeverityName
    data_quality: bool
    """Whether the record may be at fault: `Prefer: handling=strict` refuses it."""
    followed_only: bool
    archives_only: bool
    """Whether it holds only for what belongs to a process that is followed; of an archive nothing of it is found."""
    looks_at: str


class RulesAnswer(TypedDict):
    """The rules by which findings are drawn."""

    rules: list[ShownRule]
