"""What a log of Parley is, without a database: a list of events and the rules by which one is added to it.

It shares no code with the log: only how an event is read, and what it refers to. The naive rules of horizons tell it
which ids are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.event import Opening, Recorded
from domain.references import references
from domain.revisions import EventRetracted, SubjectUnified
from domain.values import EventId, Subject
from domain.vocabulary import PAYLOADS
from tests.projections.naive import stays
from tests.strategies import read

Wire = dict[str, Any]
REVISIONS = ("EventCorrected", "EventRetracted", "EventDisputed", "DuplicateMarked")
"""Those of single events."""


@dataclass(frozen=True)
class Entry:
    """An event as it was recorded."""

    sent: Wire
    """Without `expected_version`."""
    position: int
    version: int
    recorded_at: str
    """As the log told it: a model has no clock."""

    @property
    def subject(self) -> str:
        return str(self.sent["subject"])


@dataclass(frozen=True)
class Refused:
    """How a request is refused."""

    status: int
    kind: str
    pointers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Taken:
    """How a request is answered."""

    events: tuple[Entry | Wire, ...]
    """For each that was sent the entry that there was, or the event as it would be recorded."""
    versions: tuple[int, ...]
    """What version of its subject each has."""
    new: tuple[tuple[Wire, int], ...]
    """What is to be recorded, each with its version."""


@dataclass
class Log:
    """What was recorded."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def head(self) -> int:
        return len(self.entries)

    def version(self, subject: str) -> int:
        return sum(entry.subject == subject for entry in self.entries)

    def tag(self, subject: str) -> str:
        """The ETag of a subject: how many events the streams have that are one with it; and, if it was ever said to be
        one with another, the last position that said so or took it back."""
        log = self.recorded("")
        linked: set[str] = {subject}
        about: set[EventId] = set()
        joined_at = 0
        for _ in log:  # it grows
            for recorded in log:
                data = recorded.event.data
                if isinstance(data, SubjectUnified) and {recorded.subject, data.into} & linked:
                    linked |= {recorded.subject, data.into}
        for recorded in log:
            data = recorded.event.data
            if recorded.subject in linked and (
                isinstance(data, SubjectUnified) or (isinstance(data, EventRetracted) and data.event in about)
            ):
                about.add(recorded.event.id)
                joined_at = recorded.position
        mine = [other for other in linked if stays(Subject(other), log) == stays(Subject(subject), log)]
        events = sum(self.version(other) for other in mine)
        return f'"{events}-{joined_at}"' if joined_at else f'"{events}"'

    def find(self, event_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.sent["id"] == event_id), None)

    def decide(self, request: Sequence[Wire], if_match: str | None = None) -> Taken | Refused:
        """What becomes of a request; nothing is recorded yet."""
        if if_match is not None and len({sent["subject"] for sent in request}) > 1:
            return Refused(400, "bad-header")
        if unknown := self._unknown(request):
            return Refused(422, "unknown-reference", frozenset(unknown))
        events: list[Entry | Wire] = []
        versions: list[int] = []
        new: list[tuple[Wire, int]] = []
        conflicts: list[Refused] = []
        for number, whole in enumerate(request):
            sent = {key: value for key, value in whole.items() if key != "expected_version"}
            earlier = {one["id"]: (one, version) for one, version in new}
            entry = self.find(sent["id"])
            first, version = (entry.sent, entry.version) if entry else earlier.get(sent["id"], (None, 0))
            if first is not None:
                if read(first) != read(sent):  # values that are spelled out though they are the default change nothing
                    conflicts.append(Refused(409, "id-reused", frozenset({f"/{number}/id"})))
                events.append(entry or sent)
                versions.append(version)
                continue
            version = self.version(sent["subject"]) + sum(one["subject"] == sent["subject"] for one, _ in new)
            if if_match is not None and not new and not conflicts and self.tag(sent["subject"]) != if_match:
                return Refused(412, "precondition-failed")
            expected = whole.get("expected_version")
            opening = issubclass(PAYLOADS[sent["type"]], Opening)
            if opening and expected is None and version > 0:
                conflicts.append(Refused(409, "already-open", frozenset({f"/{number}/subject"})))
            elif not opening and version == 0:
                conflicts.append(Refused(422, "not-open", frozenset({f"/{number}/subject"})))
                continue
            elif expected not in (None, "any", version):
                conflicts.append(Refused(409, "stale-version", frozenset({f"/{number}/expected_version"})))
            events.append(sent)
            versions.append(version + 1)
            new.append((sent, version + 1))
        if conflicts:
            return replace(conflicts[0], pointers=frozenset().union(*(one.pointers for one in conflicts)))
        return Taken(tuple(events), tuple(versions), tuple(new))

    def record(self, taken: Taken, recorded_at: dict[str, str]) -> None:
        """Records what is new.

        Args:
            taken: the decision.
            recorded_at: when, by id.
        """
        for sent, version in taken.new:
            self.entries.append(Entry(sent, self.head + 1, version, recorded_at[sent["id"]]))

    def _unknown(self, request: Sequence[Wire]) -> list[str]:
        """Where the request refers to something that was never recorded and does not stand before it in the request."""
        subjects = {entry.subject for entry in self.entries}
        ids = {entry.sent["id"] for entry in self.entries}
        opened = [sent for sent in request if issubclass(PAYLOADS[sent["type"]], Opening)]
        subjects |= {sent["subject"] for sent in opened if sent["subject"].startswith("convoys/")}  # pairs of them
        found = []
        for number, sent in enumerate(request):
            event = read(sent)
            for pointer, refers, name in references(event):
                path = name if refers.to in ("subject", "claimant") else f"{refers.to}/{name}"
                known = name in ids if refers.to == "event" else path in subjects or path == event.subject
                if not known:
                    found.append(f"/{number}{pointer}")
            ids.add(sent["id"])
            if isinstance(event.data, Opening):
                subjects.add(event.subject)
        return found

    # --- what is read from it

    def processes_of(self, subject: str) -> set[str]:
        """The processes that any report of a subject, as it was sent or as it was corrected, names it for."""
        family, _, name = subject.partition("/")
        found = {name} if family == "processes" else set()
        for entry in self.entries:
            if entry.subject == subject:
                said = entry.sent["data"].get("replacement", entry.sent)
                if issubclass(PAYLOADS[said["type"]], Opening):
                    found |= set(said["data"].get("processes", ()))
        return found

    def matching(self, after: int = 0, **wanted: str) -> list[Entry]:
        """The entries that a replay with these filters gives."""
        found = []
        for entry in self.entries[after:]:
            holds = {
                "process": wanted.get("process") in self.processes_of(entry.subject),
                "subject": wanted.get("subject") == entry.subject,
                "family": entry.subject.startswith(f"{wanted.get('family')}/"),
                "type": wanted.get("type") == entry.sent["type"],
                "recorded_after": entry.recorded_at > wanted.get("recorded_after", ""),
            }
            if all(holds[name] for name in wanted):
                found.append(entry)
        return found

    def revisions_of(self, event_id: str) -> list[Entry]:
        """The entries that correct, retract, dispute or mark an event."""
        return [
            entry
            for entry in self.entries
            if entry.sent["type"] in REVISIONS
            and event_id in (entry.sent["data"]["event"], entry.sent["data"].get("of"))
        ]

    def recorded(self, office: str) -> list[Recorded]:
        """The log as the domain reads it."""
        return [
            Recorded(read(e.sent), e.position, e.version, datetime.fromisoformat(e.recorded_at), office, 1)
            for e in self.entries
        ]
