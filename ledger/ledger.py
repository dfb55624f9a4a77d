"""The event log as an application: append, read, replay.

`eventsourcing` gives the stored event, the mapper, the recorder and their configuration. Its aggregates, repository
cache and snapshots go by version order, which late reports break; they are not used (docs/decisions/0002).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper
from eventsourcing.sqlite import SQLiteCursor
from eventsourcing.utils import Environment, EnvType

from domain import revisions
from domain.errors import (
    AlreadyOpen,
    Fault,
    IdReused,
    Malformed,
    NotOpen,
    PreconditionFailed,
    Refusal,
    StaleVersion,
    UnknownReference,
)
from domain.event import Event, Opening, Recorded, Unreadable
from domain.horizon import names_processes
from domain.values import EventId, Subject
from domain.vocabulary import OPENINGS, misfit, references
from ledger.mapper import Draft, Entry, EventMapper
from ledger.sqlite import LOCK_TIMEOUT, Filter, IndexRow, SQLiteLogRecorder, available

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Append:
    """A request to record events, all or none."""

    drafts: tuple[Draft, ...]
    if_match: int | None = None
    """The version that the one subject of the request must have."""
    dry_run: bool = False
    """Check everything, store nothing."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One event as the log holds it; position and time are None in a dry run."""

    id: EventId
    subject: Subject
    version: int
    position: int | None
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer to an append."""

    events: tuple[Acknowledged, ...]
    position: int
    """The log's last position that the answer speaks of: every event named stands at or before it."""
    new: int
    """How many events were recorded that were not there before."""


@dataclass(slots=True)
class _Plan:
    """What one request would add, on top of what the group has added so far."""

    versions: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answers: list[Acknowledged | Entry] = field(default_factory=list)
    """An answer known from before, or the entry that will give it."""
    ids: dict[EventId, Entry] = field(default_factory=dict)
    """The entry of each id that is new in this request."""


class Ledger(Application[str]):
    """The log of one installation.

    Args:
        directory: where `events.db` is kept; it is made if it is not there.
        office: code of the office that records.
        lock_timeout: seconds to wait for another writer.

    Raises:
        Unavailable: the log cannot be opened.
    """

    name = "parley"

    def __init__(self, directory: Path, *, office: str = "local", lock_timeout: int = LOCK_TIMEOUT) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "events.db"
        self.office = office
        self._known: set[str] = set()
        with available():
            super().__init__(
                {
                    "PERSISTENCE_MODULE": "ledger.sqlite:SQLiteLogFactory",
                    "SQLITE_DBNAME": f"file:{quote(str(self.path))}?mode=rwc",
                    "SQLITE_LOCK_TIMEOUT": str(lock_timeout),
                    "ORIGINATOR_ID_TYPE": "text",
                }
            )

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what is given: the library would let any environment variable change how events are stored."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper[str]:
        return EventMapper(transcoder=self.construct_transcoder())

    @property
    def log(self) -> SQLiteLogRecorder:  # type: ignore[override]
        assert isinstance(self.recorder, SQLiteLogRecorder)  # noqa: S101  the factory above makes no other
        return self.recorder

    @property
    def _mapper(self) -> EventMapper:
        assert isinstance(self.mapper, EventMapper)  # noqa: S101  see construct_mapper
        return self.mapper

    # --- append

    def append(self, request: Append, now: datetime | None = None) -> Appended:
        """Records the events of one request, all or none.

        Raises:
            Refusal: nothing of the request is stored; see `domain.errors`.
        """
        (answer,) = self.append_group([request], now)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def append_group(self, requests: Sequence[Append], now: datetime | None = None) -> list[Appended | Refusal]:
        """Records several requests with one lock and one commit. A refused one spoils no other.

        Raises:
            Unavailable: the log cannot be written; nothing of any request is stored.
        """
        answers: list[Appended | Refusal | None] = [self._refused_for_references(request) for request in requests]
        plans: dict[int, _Plan] = {}
        entries: list[Entry] = []
        with self.log.writing() as c:
            head, last = self.log.last(c)
            at = max(now or datetime.now(UTC), EPOCH + timedelta(microseconds=last))
            versions: dict[str, int] = {}
            ids: dict[EventId, Entry] = {}
            for number, request in enumerate(requests):
                if answers[number] is not None:
                    continue
                try:
                    plan = self._decide(c, request, versions, ids, at)
                except Refusal as refusal:
                    answers[number] = refusal
                    continue
                plans[number] = plan
                if not request.dry_run:
                    entries += plan.entries
                    versions.update(plan.versions)
                    ids.update(plan.ids)
            positions = self._insert(c, entries)
        for number, plan in plans.items():
            dry = requests[number].dry_run
            events = tuple(
                answer
                if isinstance(answer, Acknowledged)
                else _acknowledge(answer, None if dry else positions[answer.draft.event.id])
                for answer in plan.answers
            )
            position = max((e.position for e in events if e.position is not None), default=head)
            answers[number] = Appended(events, position, 0 if dry else len(plan.entries))
        return [answer for answer in answers if answer is not None]

    def _insert(self, c: SQLiteCursor, entries: Sequence[Entry]) -> dict[EventId, int]:
        """Stores entries; gives the position of each by its event id."""
        if not entries:
            return {}
        stored = [self.mapper.to_stored_event(entry) for entry in entries]  # type: ignore[arg-type]
        index = [
            IndexRow(
                event_id=entry.draft.event.id.bytes,
                digest=entry.draft.digest,
                recorded_at=micros(entry.recorded_at),
                processes=names_processes(entry.draft.event),
                targets=_targets(entry.draft.event),
            )
            for entry in entries
        ]
        positions = self.log._insert_events(c, stored, index=index)
        return {entry.draft.event.id: position for entry, position in zip(entries, positions, strict=True)}

    def _decide(
        self,
        c: SQLiteCursor,
        request: Append,
        versions: dict[str, int],
        ids: dict[EventId, Entry],
        at: datetime,
    ) -> _Plan:
        """What a request adds, given the log and what the group adds before it.

        Raises:
            IdReused, StaleVersion, AlreadyOpen, NotOpen, PreconditionFailed, Malformed
        """
        plan = _Plan()
        for number, draft in enumerate(request.drafts):
            at_event = f"/{number}"
            event = draft.event
            earlier = plan.ids.get(event.id) or ids.get(event.id)
            if earlier is not None:
                if earlier.draft.digest != draft.digest:
                    raise IdReused(*_id_reused(at_event))
                plan.answers.append(earlier)
                continue
            known = self.log.event_by_id(c, event.id.bytes)
            if known is not None:
                if known["digest"] != draft.digest:
                    raise IdReused(*_id_reused(at_event))
                plan.answers.append(
                    Acknowledged(
                        event.id,
                        event.subject,
                        known["originator_version"],
                        known["position"],
                        EPOCH + timedelta(microseconds=known["recorded_at"]),
                    )
                )
                continue
            version = plan.versions.get(event.subject, versions.get(event.subject))
            if version is None:
                version = self.log.version_of(c, event.subject)
            if request.if_match is not None and not plan.entries:
                _check_precondition(request, version)
            _check_version(draft, version, at_event)
            entry = Entry(draft, version + 1, at, self.office)
            plan.versions[event.subject] = version + 1
            plan.ids[event.id] = entry
            plan.answers.append(entry)
            plan.entries.append(entry)
        return plan

    # --- references: they only ever become true, so they are checked before the lock is taken

    def _refused_for_references(self, request: Append) -> Refusal | None:
        opened: set[str] = set()
        sent: dict[uuid.UUID, Event] = {}
        found: list[Fault] = []
        with self.log.reading() as c:
            for number, draft in enumerate(request.drafts):
                event = draft.event
                for pointer, refers, name in references(event):
                    detail = self._missing(c, event, pointer, refers.to, name, opened, sent)
                    if detail is not None:
                        found.append(Fault(f"/{number}{pointer}", detail))
                if isinstance(event.data, Opening):
                    opened.add(event.subject)
                sent[event.id] = event
        return UnknownReference(f"{found[0].pointer}: {found[0].detail}", found) if found else None

    def _missing(
        self,
        c: SQLiteCursor,
        event: Event,
        pointer: str,
        to: str,
        name: str,
        opened: set[str],
        sent: dict[uuid.UUID, Event],
    ) -> str | None:
        """What to mend about one reference; None if it holds."""
        if to == "event":
            target = sent.get(uuid.UUID(name))
            if target is not None:
                return misfit(event, pointer, target.subject, target.type, _reads(target))
            row = self.log.event_by_id(c, uuid.UUID(name).bytes)
            if row is None:
                return "no such event was recorded: check the id, or append that event first"
            reads = None
            if row["topic"] == revisions.EventCorrected.__name__:
                (found,) = self.read(row["position"] - 1, 1)
                reads = _reads(found.event) if isinstance(found, Recorded) else None
            return misfit(event, pointer, row["originator_id"], row["topic"], reads)
        path = name if to in ("subject", "claimant") else f"{to}/{name}"
        if path == event.subject and pointer == "/data/to":
            return "nothing stands in a relation to itself: name the other one"
        if path == event.subject:
            return None  # whether it is open is decided with its version, under the lock
        if path in opened or path in self._known or self.log.version_of(c, path) > 0:
            if len(self._known) > 100_000:
                self._known.clear()
            if path not in opened:
                self._known.add(path)
            return None
        opening = OPENINGS[path.partition("/")[0]].__name__
        return f"not known: record it first, with {opening}"

    # --- read

    def read(
        self, after: int = 0, limit: int = 1000, wanted: Filter = EVERYTHING, until: int | None = None
    ) -> list[Recorded | Unreadable]:
        """Events after a position (up to and with `until`), in log order, read into the domain."""
        return [self.mapper.to_domain_event(n) for n in self.log.select(after, limit, wanted, until)]  # type: ignore[misc]

    def read_wire(
        self, after: int = 0, limit: int = 1000, wanted: Filter = EVERYTHING, until: int | None = None
    ) -> list[dict[str, Any]]:
        """The same as the interface shows it."""
        return [self._mapper.wire(n) for n in self.log.select(after, limit, wanted, until)]

    def replay(
        self, after: int = 0, wanted: Filter = EVERYTHING, until: int | None = None, chunk: int = 1000
    ) -> Iterator[dict[str, Any]]:
        """All events after a position up to `until` (the head at the start, if absent), in constant memory."""
        until = self.head() if until is None else until
        while events := self.read_wire(after, chunk, wanted, until):
            yield from events
            after = events[-1]["position"]

    def head(self) -> int:
        """The last position; 0 for an empty log."""
        with self.log.reading() as c:
            return self.log.last(c)[0]

    def head_at(self) -> tuple[int, datetime | None]:
        """The last position and when it was recorded; 0 and None for an empty log."""
        with self.log.reading() as c:
            position, recorded_at = self.log.last(c)
        return position, EPOCH + timedelta(microseconds=recorded_at) if position else None

    def version(self, subject: str) -> int:
        """The number of events of a subject; 0 if it was never opened."""
        with self.log.reading() as c:
            return self.log.version_of(c, subject)

    def find(self, event_id: uuid.UUID) -> dict[str, Any] | None:
        """One event as the interface shows it; None if it was never recorded."""
        with self.log.reading() as c:
            row = self.log.event_by_id(c, event_id.bytes)
        return self.read_wire(row["position"] - 1, 1)[0] if row is not None else None

    def revisions_of(self, event_id: uuid.UUID) -> list[dict[str, Any]]:
        """The revisions that bear on an event, in log order, as the interface shows them."""
        return [self._mapper.wire(n) for n in self.log.bearing_on(event_id.bytes)]

    def position_at(self, moment: datetime) -> int:
        """The last position recorded by a moment; 0 if there is none."""
        return self.log.position_at(micros(moment))


def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00 UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _reads(event: Event) -> str | None:
    """The type that a correction makes its target read as; None for any other event."""
    return str(event.data.replacement.get("type")) if isinstance(event.data, revisions.EventCorrected) else None


def _targets(event: Event) -> tuple[bytes, ...]:
    match event.data:
        case revisions.DuplicateMarked():
            return tuple(target.bytes for target in {event.data.event, event.data.of})
        case revisions.EventCorrected() | revisions.EventRetracted() | revisions.EventDisputed():
            return (event.data.event.bytes,)
        case _:
            return ()


def _acknowledge(entry: Entry, position: int | None) -> Acknowledged:
    event = entry.draft.event
    recorded_at = entry.recorded_at if position is not None else None
    return Acknowledged(event.id, event.subject, entry.version, position, recorded_at)


def _id_reused(pointer: str) -> tuple[str, list[Fault]]:
    detail = "this id belongs to an event with other content: send a new id, or leave it out to get one"
    return detail, [Fault(f"{pointer}/id", detail)]


def _check_precondition(request: Append, version: int) -> None:
    subjects = {draft.event.subject for draft in request.drafts}
    if len(subjects) > 1:
        raise Malformed("If-Match goes with a request on one subject: use `expected_version` on each event")
    if version != request.if_match:
        raise PreconditionFailed(f"the subject is at version {version}: read it again, then decide anew")


def _check_version(draft: Draft, version: int, pointer: str) -> None:
    event, expected = draft.event, draft.expected_version
    opening = isinstance(event.data, Opening)
    if opening and expected is None and version > 0:
        detail = (
            f"the subject is open, at version {version}: choose another id, or send expected_version {version} "
            "to add this as another report of it"
        )
        raise AlreadyOpen(detail, [Fault(f"{pointer}/subject", detail)])
    if not opening and version == 0:
        detail = f"the subject is not open: append {OPENINGS[event.family].__name__} for it first"
        raise NotOpen(detail, [Fault(f"{pointer}/subject", detail)])
    if expected is not None and expected != version:
        detail = f"the subject is at version {version}: read what is new, then send that as expected_version"
        raise StaleVersion(detail, [Fault(f"{pointer}/expected_version", detail)])
