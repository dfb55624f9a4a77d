"""The event log as an application: append, read, replay.

`eventsourcing` gives the stored event, the mapper, the recorder and their configuration. Its aggregates, repository
cache and snapshots go by version order, which late reports break; they are not used (docs/decisions/0002).
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Notification
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
    Unavailable,
    UnknownReference,
)
from domain.event import Event, Opening, Recorded, Unreadable, instant
from domain.families import OPENINGS
from domain.horizon import names_processes
from domain.references import misfit, references
from domain.values import EventId, Subject
from ledger import files
from ledger.mapper import DAMAGE, DAMAGED, Draft, Entry, EventMapper
from ledger.recorder import UNFINISHED, Before, Filter, IndexRow, Interrupted, LogRecorder, Writing
from ledger.sqlite import available

log = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERYTHING = Filter()
LOCK_TIMEOUT = 5  # seconds
SETTLE = 20.0  # seconds
PAUSE = 0.2  # seconds between tries to learn what became of an append
AHEAD = timedelta(minutes=1)
"""How far the last event may lie beyond our clock before that is told: those of several hosts are never quite equal."""
WARN_AGAIN = 3600.0  # seconds
MOST_KNOWN = 100_000  # subjects that are remembered to be open


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
class _Group:
    """Requests that share a commit, and what is known of earlier tries to record them."""

    requests: Sequence[Append]
    now: datetime | None
    tried: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """The events that may have been recorded by a commit whose answer was lost: position, and time in microseconds."""

    def settled(self, before: Before) -> set[bytes]:
        """Those of the tried events that were recorded, by us."""
        found = {event_id: before.known.get(event_id) for event_id in self.tried}
        return {e for e, known in found.items() if known and (known.position, known.recorded_at) == self.tried[e]}


@dataclass(slots=True)
class _Plan:
    """What one request would add, on top of what the group has added so far."""

    versions: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answers: list[Acknowledged | Entry] = field(default_factory=list)
    """An answer known from before, or the entry that will give it."""
    ids: dict[bytes, Entry] = field(default_factory=dict)
    """The entry of each id that is new in this request."""


class Ledger(Application[str]):
    """The log of one installation.

    Args:
        where: the directory in which `events.db` is kept, which is made if it is not there; or the URL of a PostgreSQL
            database.
        office: code of the office that records.
        lock_timeout: seconds to wait for another writer.
        settle: seconds to wait for a database that went away in the middle of an append, to learn what became of it.
        unfinished: whether it may be a copy that was broken off.

    Raises:
        Unavailable: the log cannot be opened.
    """

    name = "parley"

    def __init__(
        self,
        where: Path | str,
        *,
        office: str = "local",
        lock_timeout: int = LOCK_TIMEOUT,
        settle: float = SETTLE,
        unfinished: bool = False,
    ) -> None:
        self.where = where
        self.office = office
        self._settle = settle
        self._known: set[str] = set()
        self._warned = -WARN_AGAIN
        if isinstance(where, str):
            self._open_database(where, lock_timeout)
        else:
            if not unfinished and (fault := files.fault(where / "events.db")) is not None:
                raise Unavailable(f"{where / 'events.db'} {fault}")
            self._open_file(where, lock_timeout)
        if not unfinished and self.log.format() == UNFINISHED:
            self.close()
            raise Unavailable(
                "the log there is an unfinished copy: run the `parley copy` or `parley restore` that made it again, "
                "which goes on from where it was broken off"
            )

    def _open_file(self, directory: Path, lock_timeout: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        with available(str(directory / "events.db")):
            super().__init__(
                {
                    "PERSISTENCE_MODULE": "ledger.sqlite:SQLiteLogFactory",
                    "SQLITE_DBNAME": f"file:{quote(str(directory / 'events.db'))}?mode=rwc",
                    "SQLITE_LOCK_TIMEOUT": str(lock_timeout),
                    "ORIGINATOR_ID_TYPE": "text",
                }
            )

    def _open_database(self, url: str, lock_timeout: int) -> None:
        from ledger import postgres  # its driver is slow to import, and a log in a file does without

        postgres.prepare(url, lock_timeout)
        with postgres.available():
            super().__init__(
                {
                    "PERSISTENCE_MODULE": "ledger.postgres:PostgresLogFactory",
                    "POSTGRES_DBNAME": "",  # the factory takes the URL, which may name several hosts
                    "POSTGRES_HOST": "",
                    "POSTGRES_USER": "",
                    "POSTGRES_PASSWORD": "",
                    "POSTGRES_SCHEMA": postgres.SCHEMA,
                    "POSTGRES_LOCK_TIMEOUT": str(lock_timeout),
                    postgres.PostgresLogFactory.URL: url,
                    "ORIGINATOR_ID_TYPE": "text",
                }
            )

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what is given: the library would let any environment variable change how events are stored."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper[str]:
        return EventMapper(transcoder=self.construct_transcoder())

    @property
    def log(self) -> LogRecorder:  # type: ignore[override]
        assert isinstance(self.recorder, LogRecorder)  # noqa: S101  the factories make no other
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
        group = _Group(requests, now)
        interrupted = False
        since: float | None = None
        while True:
            try:
                return self._append_group(group)
            except Interrupted as fault:
                if interrupted and not group.tried:
                    raise Unavailable("the database went away: send the request again in a moment") from fault
                interrupted = True
            except Unavailable:
                if not (interrupted and group.tried):
                    raise
            if group.tried:
                since = since or time.monotonic()
                if time.monotonic() - since >= self._settle:
                    return [_unsettled(request) for request in requests]
                time.sleep(PAUSE)

    def _append_group(self, group: _Group) -> list[Appended | Refusal]:
        """Records a group. Once it was tried and broken off, what it finds recorded of that is its own."""
        requests = group.requests
        answers: list[Appended | Refusal | None] = [*self._refused_for_references(requests)]
        plans: dict[int, _Plan] = {}
        entries: list[Entry] = []
        drafts = [d for r, refused in zip(requests, answers, strict=True) if refused is None for d in r.drafts]
        subjects = {draft.event.subject: None for draft in drafts}
        with self.log.writing({draft.id: None for draft in drafts}, subjects) as writing:
            before = writing.before
            now, last = group.now or datetime.now(UTC), EPOCH + timedelta(microseconds=before.last)
            at = max(now, last)
            self._tell_if_ahead(last - now)
            versions: dict[str, int] = {}
            ids: dict[bytes, Entry] = {}
            for number, request in enumerate(requests):
                if answers[number] is not None:
                    continue
                try:
                    plan = self._decide(before, request, versions, ids, at)
                except Refusal as refusal:
                    answers[number] = refusal
                    continue
                plans[number] = plan
                if not request.dry_run:
                    entries += plan.entries
                    versions.update(plan.versions)
                    ids.update(plan.ids)
            self._insert(writing, entries)
            if not entries and any(not requests[number].dry_run for number in plans):
                writing.confirm()
            positions = {entry.draft.id: position for position, entry in enumerate(entries, before.head + 1)}
            settled = group.settled(before)
            group.tried |= {event_id: (position, micros(at)) for event_id, position in positions.items()}
        for number, plan in plans.items():
            dry = requests[number].dry_run
            events = tuple(
                answer
                if isinstance(answer, Acknowledged)
                else _acknowledge(answer, None if dry else positions[answer.draft.id])
                for answer in plan.answers
            )
            position = max((e.position for e in events if e.position is not None), default=before.head)
            new = len(plan.entries) + (len({e.id.bytes for e in events} & settled) if settled else 0)
            answers[number] = Appended(events, position, 0 if dry else new)
        return [answer for answer in answers if answer is not None]

    def _tell_if_ahead(self, ahead: timedelta) -> None:
        """Warns, not too often, while what is recorded is given a time that lies in the future."""
        if ahead < AHEAD or time.monotonic() < self._warned + WARN_AGAIN:
            return
        self._warned = time.monotonic()
        log.warning(
            "the last event of the log was recorded in the future: until the clock is there, all get that time",
            extra={"seconds_ahead": round(ahead.total_seconds())},
        )

    def _insert(self, writing: Writing, entries: Sequence[Entry]) -> None:
        """Stores entries, in their order, after all that is there."""
        if not entries:
            return
        stored = [self.mapper.to_stored_event(entry) for entry in entries]  # type: ignore[arg-type]
        writing.insert(stored, [index_row(e.draft.event, e.draft.digest, e.recorded_at) for e in entries])

    def _decide(
        self,
        before: Before,
        request: Append,
        versions: dict[str, int],
        ids: dict[bytes, Entry],
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
            earlier = plan.ids.get(draft.id) or ids.get(draft.id)
            if earlier is not None:
                if earlier.draft.digest != draft.digest:
                    raise IdReused(*_id_reused(at_event))
                plan.answers.append(earlier)
                continue
            known = before.known.get(draft.id)
            if known is not None:
                if known.digest != draft.digest:
                    raise IdReused(*_id_reused(at_event))
                at_known = EPOCH + timedelta(microseconds=known.recorded_at)
                plan.answers.append(Acknowledged(event.id, event.subject, known.version, known.position, at_known))
                continue
            version = plan.versions.get(event.subject, versions.get(event.subject))
            if version is None:
                version = before.versions.get(event.subject, 0)
            if request.if_match is not None and not plan.entries:
                _check_precondition(request, version)
            _check_version(draft, version, at_event)
            entry = Entry(draft, version + 1, at, self.office)
            plan.versions[event.subject] = version + 1
            plan.ids[draft.id] = entry
            plan.answers.append(entry)
            plan.entries.append(entry)
        return plan

    # --- references: they only ever become true, so they are checked before the lock is taken

    def _refused_for_references(self, requests: Sequence[Append]) -> list[Refusal | None]:
        references = [[list(_references(draft.event)) for draft in request.drafts] for request in requests]
        named = [(to, name) for request in references for draft in request for _, to, name in draft]
        events = {uuid.UUID(name).bytes: None for to, name in named if to == "event"}
        paths = {name: None for to, name in named if to != "event" and name not in self._known}
        seen = self.log.look_up(events, paths) if events or paths else Before()
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known.update(seen.versions)
        return [self._refused_for(one, refers, seen) for one, refers in zip(requests, references, strict=True)]

    def _refused_for(self, request: Append, references: list[list[_Reference]], seen: Before) -> Refusal | None:
        opened: set[str] = set()
        sent: dict[uuid.UUID, Event] = {}
        found: list[Fault] = []
        for number, (draft, refers) in enumerate(zip(request.drafts, references, strict=True)):
            event = draft.event
            for pointer, to, name in refers:
                detail = (
                    self._missing_event(seen, event, pointer, name, sent)
                    if to == "event"
                    else self._missing_subject(event, pointer, name, opened)
                )
                if detail is not None:
                    found.append(Fault(f"/{number}{pointer}", detail))
            if isinstance(event.data, Opening):
                opened.add(event.subject)
            sent[event.id] = event
        return UnknownReference(f"{found[0].pointer}: {found[0].detail}", found) if found else None

    def _missing_event(
        self, seen: Before, event: Event, pointer: str, name: str, sent: dict[uuid.UUID, Event]
    ) -> str | None:
        """What to mend about a reference to an event; None if it holds."""
        target = sent.get(uuid.UUID(name))
        if target is not None:
            return misfit(event, pointer, target.subject, target.type, _reads(target))
        known = seen.known.get(uuid.UUID(name).bytes)
        if known is None:
            return "no such event was recorded: check the id, or append that event first"
        reads = None
        if known.type == revisions.EventCorrected.__name__:
            (found,) = self.read(known.position - 1, 1, until=known.position)
            reads = _reads(found.event) if isinstance(found, Recorded) else None
        return misfit(event, pointer, known.subject, known.type, reads)

    def _missing_subject(self, event: Event, pointer: str, path: str, opened: set[str]) -> str | None:
        """What to mend about a reference to a subject; None if it holds."""
        if path == event.subject and pointer == "/data/to":
            return "nothing stands in a relation to itself: name the other one"
        if path == event.subject:
            return None  # whether it is open is decided with its version, under the lock
        if path in opened or path in self._known:
            return None
        opening = OPENINGS[path.partition("/")[0]].__name__
        return f"not known: record it first, with {opening}"

    # --- read

    def read(
        self, after: int = 0, limit: int = 1000, wanted: Filter = EVERYTHING, until: int | None = None
    ) -> list[Recorded | Unreadable]:
        """Events after a position, in log order, read into the domain.

        Args:
            after: the position.
            limit: how many at most.
            wanted: which of them.
            until: the last position that is wanted, which the log must have reached.

        Raises:
            Unavailable: the log cannot be read, or events are missing from it.
        """
        return [self.mapper.to_domain_event(n) for n in self._select(after, limit, wanted, until)]  # type: ignore[misc]

    def read_what_is_there(self, after: int, limit: int, until: int) -> list[Recorded | Unreadable]:
        """The same, whatever is missing: for whoever looks for damage."""
        found = self.log.select(after, limit, EVERYTHING, until)
        return [self.mapper.to_domain_event(n) for n in found]  # type: ignore[misc]

    def read_wire(
        self, after: int = 0, limit: int = 1000, wanted: Filter = EVERYTHING, until: int | None = None
    ) -> list[dict[str, Any]]:
        """The same as the interface shows it."""
        return [self._wire(n) for n in self._select(after, limit, wanted, until)]

    def _select(self, after: int, limit: int, wanted: Filter, until: int | None) -> list[Notification]:
        """Events from the log, none of them left out: a damaged file may lack some, and nobody else would notice."""
        found = self.log.select(after, limit, wanted, until)
        if wanted == EVERYTHING:
            reached = after
            for event in found:
                if event.id != reached + 1:
                    raise self._lacks(reached + 1)
                reached = event.id
            if until is not None and reached < until and len(found) < limit:
                raise self._lacks(reached + 1)
        return found

    def _lacks(self, position: int) -> Unavailable:
        where = "file events.db " if isinstance(self.where, Path) else ""
        return Unavailable(f"the log {where}is damaged, it lacks the event at position {position}: restore a backup")

    def _wire(self, found: Notification) -> dict[str, Any]:
        """An event as the interface shows it; one whose stored form is damaged as far as the index knows it."""
        try:
            return self._mapper.wire(found)
        except DAMAGE:
            rows = self.log.fetch("SELECT event_id, recorded_at FROM event_index WHERE position = ?", (found.id,))
            known = {"id": str(uuid.UUID(bytes=rows[0][0])), "recorded_at": _moment(rows[0][1])} if rows else {}
            return {
                "position": found.id,
                **known,
                "type": found.topic,
                "subject": str(found.originator_id),
                "version": found.originator_version,
                "unreadable": DAMAGED,
                "data": {},
            }

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
        return self.log.last()[0]

    def head_at(self) -> tuple[int, datetime | None]:
        """The last position and when it was recorded; 0 and None for an empty log."""
        position, recorded_at = self.log.last()
        return position, EPOCH + timedelta(microseconds=recorded_at) if position else None

    def ahead(self) -> timedelta:
        """How far beyond the clock the last event was recorded; nothing if that is within what clocks differ by."""
        _, at = self.head_at()
        ahead = at - datetime.now(UTC) if at is not None else timedelta()
        return ahead if ahead >= AHEAD else timedelta()

    def watch(self, closing: threading.Event) -> Iterator[None]:
        """Yields whenever the log may have grown, by whomever, until `closing` is set."""
        return self.log.watch(closing)

    def version(self, subject: str) -> int:
        """The number of events of a subject; 0 if it was never opened."""
        return self.log.version_of(subject)

    def find(self, event_id: uuid.UUID) -> dict[str, Any] | None:
        """One event as the interface shows it; None if it was never recorded."""
        known = self.log.event_by_id(event_id.bytes)
        return self.read_wire(known.position - 1, 1, until=known.position)[0] if known is not None else None

    def revisions_of(self, event_id: uuid.UUID) -> list[dict[str, Any]]:
        """The revisions that bear on an event, in log order, as the interface shows them."""
        return [self._wire(n) for n in self.log.bearing_on(event_id.bytes)]

    def position_at(self, moment: datetime) -> int:
        """The last position recorded by a moment; 0 if there is none."""
        return self.log.position_at(micros(moment))


def index_row(event: Event, digest: bytes, recorded_at: datetime) -> IndexRow:
    """What the log looks an event up by."""
    return IndexRow(event.id.bytes, digest, micros(recorded_at), names_processes(event), _targets(event))


_MICROSECOND = timedelta(microseconds=1)


@lru_cache(64)  # what is recorded together is recorded at one time
def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00 UTC."""
    return (moment - EPOCH) // _MICROSECOND


_Reference = tuple[str, str, str]
"""What an event refers to: the pointer, `event` or `subject`, and the event's id or the subject's path."""


def _references(event: Event) -> Iterator[_Reference]:
    for pointer, refers, name in references(event):
        if refers.to == "event":
            yield pointer, "event", name
        else:
            yield pointer, "subject", name if refers.to in ("subject", "claimant") else f"{refers.to}/{name}"


def _unsettled(request: Append) -> Unavailable:
    detail = (
        "the database went away or fell silent while this was recorded, and did not tell in time what became of it: "
        "send it again under the same ids, it is recorded once at most"
    )
    told = "it was to be recorded under this id: {}"
    faults = [Fault(f"/{n}/id", told.format(draft.event.id)) for n, draft in enumerate(request.drafts)]
    return Unavailable(detail, [] if request.dry_run else faults)


def _reads(event: Event) -> str | None:
    """The type that a correction makes its target read as; None for any other event."""
    return str(event.data.replacement.get("type")) if isinstance(event.data, revisions.EventCorrected) else None


def _moment(recorded_at: int) -> str:
    return instant(EPOCH + timedelta(microseconds=recorded_at))


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
