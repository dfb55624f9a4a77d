"""Events about other events: corrections, retractions, disputes, duplicates, and two ids of one thing.

Nothing is overwritten. The old event stays in the history, marked with who revised it, when and why.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from domain.event import Payload, Revision
from domain.values import ActorRef, EventRef, Short, SubjectRef, Text

# --- events -----------------------------------------------------------------------------------------------


class CorrectedBy(StrEnum):
    """Whose error it was: ours, or one that the source itself has corrected since."""

    OURS = "our error"
    SOURCE = "corrected by the source"


class EventCorrected(Revision):
    """The event should read as given here, whole."""

    event: EventRef
    """The event that is corrected."""
    by: CorrectedBy
    """Our error, or corrected by the source."""
    reason: Text
    """Why."""
    replacement: dict[str, Any] = Field(min_length=1)
    """The whole event as it should read: `type`, `occurred`, `sources`, `data` and what else it has, in the
    wire format, without `id` and `subject`."""

    example: ClassVar[dict[str, Any]] = {
        "event": "11111111-1111-4111-8111-111111111111",
        "by": "our error",
        "reason": "The day was misread.",
        "replacement": {"type": "TalksScheduled", "occurred": "2017-10-27", "data": {"when": "2017-10-29"}},
    }


class EventRetracted(Revision):
    """The event no longer stands."""

    event: EventRef
    """The event that is retracted."""
    reason: Text
    """Why."""

    example: ClassVar[dict[str, Any]] = {
        "event": "11111111-1111-4111-8111-111111111111",
        "reason": "Recorded under the wrong subject.",
    }


class EventDisputed(Revision):
    """Somebody says that it was not so."""

    event: EventRef
    """The event that is disputed."""
    by: ActorRef | None = None
    """Who disputes it."""
    described: Short | None = None
    """Who disputes it, if not an identified actor."""
    instead: Text | None = None
    """What is said to be so instead."""

    example: ClassVar[dict[str, Any]] = {
        "event": "11111111-1111-4111-8111-111111111111",
        "by": "committee",
        "instead": "No delegation went.",
    }


class DuplicateMarked(Revision):
    """Two events report the same thing from the same claimant."""

    event: EventRef
    """The event that repeats."""
    of: EventRef
    """The event it repeats."""
    reason: Text | None = None
    """How this is known."""

    example: ClassVar[dict[str, Any]] = {
        "event": "11111111-1111-4111-8111-111111111111",
        "of": "22222222-2222-4222-8222-222222222222",
    }


class SubjectUnified(Revision):
    """Two ids name one thing. It is appended to the id that gives way."""

    into: SubjectRef
    """The subject that stays, of the same family."""
    reason: Text
    """How this is known."""

    example: ClassVar[dict[str, Any]] = {"into": "convoys/second", "reason": "The same trucks on the same day."}


EVENTS: tuple[type[Payload], ...] = (EventCorrected, EventRetracted, EventDisputed, DuplicateMarked, SubjectUnified)
