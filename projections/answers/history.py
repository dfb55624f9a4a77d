"""Events of a process as they were recorded, and what became of them."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from projections.answers.explanations import Marks, ShownHorizon, ShownSource
from projections.answers.lines import Cursor, EventId, Said, Time


class SentEvent(TypedDict):
    """An event as it was sent, its payload aside. What was not sent is left out."""

    id: EventId
    type: str
    subject: str
    occurred: NotRequired[str | None]
    sources: NotRequired[list[ShownSource]]
    basis: NotRequired[str]
    sensitivity: NotRequired[str]
    note: NotRequired[str | None]


class RecordedEvent(SentEvent):
    """An event as it was sent, with what the log added."""

    position: int
    version: int
    """Place in the stream of its subject."""
    recorded_at: Time
    """Never earlier than the event before."""
    recorded_by: str
    """Code of the office that recorded it."""
    data: Said


class ShownRevision(TypedDict):
    """An event that corrects, retracts, disputes or marks another."""

    id: EventId
    type: str
    recorded_at: Time
    recorded_by: str
    by: str | None
    """Whose error it was, or who disputes."""
    reason: str | None


class HistoryEntry(RecordedEvent, Marks):
    """An event, and what became of it."""

    revised_by: list[ShownRevision]


class HistoryAnswer(TypedDict):
    """Events by time of occurrence. `revised_by` names the events that revise one."""

    events: list[HistoryEntry]
    next: Cursor
    horizon: ShownHorizon


class Assessment(Said):
    """An assessment of a violation: the fields of `ViolationAssessed`."""

    id: EventId


class Incident(RecordedEvent, Marks):
    """An incident or a violation, with the assessments of it."""

    assessments: list[Assessment]


class IncidentsAnswer(TypedDict):
    """Incidents and violations, newest first."""

    incidents: list[Incident]
    next: Cursor
    horizon: ShownHorizon
