"""Why an append or a query is refused.

    Refusal
    ├── NotJson             bytes that are not JSON, or JSON that cannot be told apart when read (a key twice, NaN)
    ├── Malformed           a field that says nothing we can keep; every fault is listed
    ├── UnknownReference    names an actor, process, subject or event that was never recorded
    ├── NotOpen             the subject has no opening event yet
    ├── AlreadyOpen         an opening for a subject that is open, without its current version
    ├── IdReused            the event id belongs to an event with other content
    ├── StaleVersion        the subject is not at the version that was expected
    ├── PreconditionFailed  the subject is not at the version of `If-Match`
    ├── DoubtfulQuality     strict handling was asked for, and it would raise a finding of data quality
    ├── NotFound            a query for something that was never recorded
    ├── BadCursor           a position, cursor or parameter that cannot be read
    ├── AnotherHistory      a cursor of a log that went on otherwise than this one
    ├── TooMuch             more bytes or events than one request may hold
    ├── TooBusy             as many are served at once of this kind as may be
    ├── TookTooLong         a question that took longer than the server answers
    └── Unavailable         the log or the views cannot be reached or written now; nothing was stored

It knows no HTTP. Each refusal speaks to the person who has to fix it and never repeats the value sent, but for
DoubtfulQuality, which gives the finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to fix: where (a JSON Pointer into the request), and how."""

    pointer: str
    detail: str
    named: str = ""
    """Where no id could be read: the family, and what was sent in the place of an id, as `actors/The Committee`."""


class Refusal(Exception):
    """Refused; nothing of the request is stored."""

    title = "The request is refused"
    retry = False
    """Whether the same request may succeed later."""

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """A refusal with a single fault."""
        return cls(detail, [Fault(pointer, detail)])

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """A refusal with all its faults; its detail gives the first one and how many more there are."""
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return cls((f"{first.pointer}: " if first.pointer else "") + first.detail + more, faults)

    def within(self, prefix: str) -> Self:
        """The same refusal, as seen from the whole request: `prefix` is where the event stands in it."""
        detail = prefix + self.detail if self.detail.startswith("/") else self.detail  # it may begin with a pointer
        return type(self)(detail, [replace(fault, pointer=prefix + fault.pointer) for fault in self.faults])

    def relative_to(self, prefix: str) -> Self:
        """The same refusal, as seen from inside: the reverse of `within`."""
        return type(self)(
            self.detail.removeprefix(prefix).removeprefix(": "),
            [replace(fault, pointer=fault.pointer.removeprefix(prefix)) for fault in self.faults],
        )


class NotJson(Refusal):
    title = "The request is not JSON"


class Malformed(Refusal):
    title = "The request is malformed"


class UnknownReference(Refusal):
    title = "A reference names something that was never recorded"
    retry = True


class NotOpen(Refusal):
    title = "The subject is not open"
    retry = True


class AlreadyOpen(Refusal):
    title = "The subject is already open"


class IdReused(Refusal):
    title = "The event id is taken by other content"


class StaleVersion(Refusal):
    title = "The subject has moved on"


class PreconditionFailed(Refusal):
    title = "The subject is not at the version of If-Match"


class DoubtfulQuality(Refusal):
    """The one refusal that repeats values: a finding says what does not fit, and that is what has to be fixed."""

    title = "It would raise a finding of data quality"


class NotFound(Refusal):
    title = "Not found"


class BadCursor(Refusal):
    title = "A parameter cannot be read"


class AnotherHistory(Refusal):
    title = "The log is not the one that was followed"


class TooMuch(Refusal):
    title = "The request is too large"


class TooBusy(Refusal):
    title = "Too many ask for this at once"
    retry = True


class TookTooLong(Refusal):
    title = "The question takes too long"
    retry = True


class Unavailable(Refusal):
    title = "Not available at the moment"
    retry = True
