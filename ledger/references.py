"""Whether what events refer to was recorded. References only ever become true, so they are checked before the lock."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence

from domain import revisions
from domain.errors import Fault, Refusal, UnknownReference
from domain.event import Event, Opening, Recorded, Unreadable
from domain.families import OPENINGS
from domain.references import misfit, references
from ledger.append import Append
from ledger.recorder import Before, LogRecorder

MAX_KNOWN = 100_000  # subjects that are remembered to be open

ReadAt = Callable[[int], Recorded | Unreadable]
"""Reads the event at a position."""
_Reference = tuple[str, str, str]
"""What an event refers to: the pointer, `event` or `subject`, and the event's id or the subject's path."""


def refused_for_references(
    requests: Sequence[Append], log: LogRecorder, known: set[str], read_at: ReadAt
) -> list[Refusal | None]:
    """Why each request is refused for what it refers to; None for those that are not.

    Args:
        requests: the requests of a group.
        log: the log, asked for what is not known.
        known: the paths of subjects that are known to be open, which is added to.
        read_at: reads an event of that log.

    Raises:
        Unavailable: the log cannot be read.
    """
    referred = [[list(_references(draft.event)) for draft in request.drafts] for request in requests]
    named = [(to, name) for request in referred for draft in request for _, to, name in draft]
    events = {uuid.UUID(name).bytes: None for to, name in named if to == "event"}
    paths = {name: None for to, name in named if to != "event" and name not in known}
    seen = log.look_up(events, paths) if events or paths else Before()
    if len(known) > MAX_KNOWN:
        known.clear()
    known.update(seen.versions)
    return [_refused(request, refers, seen, known, read_at) for request, refers in zip(requests, referred, strict=True)]


def _refused(
    request: Append, references: list[list[_Reference]], seen: Before, known: set[str], read_at: ReadAt
) -> Refusal | None:
    # A mutual pair of convoys is recorded in one request, and neither can come after the other.
    opened: set[str] = {d.event.subject for d in request.drafts if d.event.data.opens and d.event.family == "convoys"}
    sent: dict[uuid.UUID, Event] = {}
    faults: list[Fault] = []
    for number, (draft, refers) in enumerate(zip(request.drafts, references, strict=True)):
        event = draft.event
        for pointer, to, name in refers:
            detail = (
                _missing_event(event, pointer, name, sent, seen, read_at)
                if to == "event"
                else _missing_subject(event, pointer, name, opened, known)
            )
            if detail is not None:
                faults.append(Fault(f"/{number}{pointer}", detail))
        if isinstance(event.data, Opening):
            opened.add(event.subject)
        sent[event.id] = event
    return UnknownReference(f"{faults[0].pointer}: {faults[0].detail}", faults) if faults else None


def _missing_event(
    event: Event, pointer: str, name: str, sent: dict[uuid.UUID, Event], seen: Before, read_at: ReadAt
) -> str | None:
    """What to fix about a reference to an event; None if it holds."""
    target = sent.get(uuid.UUID(name))
    if target is not None:
        return misfit(event, pointer, target.subject, target.type, _reads(target))
    recorded = seen.known.get(uuid.UUID(name).bytes)
    if recorded is None:
        return "no such event was recorded: check the id, or append that event first"
    reads = None
    if recorded.type == revisions.EventCorrected.__name__:
        correction = read_at(recorded.position)
        reads = _reads(correction.event) if isinstance(correction, Recorded) else None
    return misfit(event, pointer, recorded.subject, recorded.type, reads)


def _missing_subject(event: Event, pointer: str, path: str, opened: set[str], known: set[str]) -> str | None:
    """What to fix about a reference to a subject; None if it holds."""
    if path == event.subject and pointer in ("/data/to", "/data/within"):
        return "nothing stands in a relation to itself: name the other one"
    if path == event.subject:
        return None  # whether it is open is decided with its version, under the lock
    if path in opened or path in known:
        return None
    opening = OPENINGS[path.partition("/")[0]].__name__
    return f"not known: record it first, with {opening}"


def _references(event: Event) -> Iterator[_Reference]:
    for pointer, refers, name in references(event):
        if refers.to == "event":
            yield pointer, "event", name
        else:
            yield pointer, "subject", name if refers.to in ("subject", "claimant") else f"{refers.to}/{name}"


def _reads(event: Event) -> str | None:
    """The type that a correction makes its target read as; None for any other event."""
    return str(event.data.replacement.get("type")) if isinstance(event.data, revisions.EventCorrected) else None
