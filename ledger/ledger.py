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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Notification
from eventsourcing.utils import Environment, EnvType

from domain.errors import Refusal, Unavailable
from domain.event import Recorded, Unreadable, instant
from domain.joint_versions import JointVersion
from ledger import files, witness
from ledger.append import Acknowledged, Append, Appended, Group, Plan, acknowledge, decide, unsettled
from ledger.joined import JoinedStreams
from ledger.mapper import DAMAGE, DAMAGED, Entry, EventMapper, changed
from ledger.recorder import EPOCH, UNFINISHED, Filter, Interrupted, LogRecorder, Writing, index_row, micros
from ledger.references import refused_for_references
from ledger.sqlite import available, begin

log = logging.getLogger(__name__)

ALL_EVENTS = Filter()
LOCK_TIMEOUT = 5  # seconds
SETTLE = 20.0  # seconds
PAUSE = 0.2  # seconds between tries to learn what became of an append
AHEAD = timedelta(minutes=1)
"""How far the last event may lie beyond our clock before a warning: those of several hosts are never quite equal."""
WARN_AGAIN = 3600.0  # seconds


class Ledger(Application[str]):
    """The log of one installation.

    Args:
        where: the directory in which `events.db` is kept, which is made if it is not there; or the URL of a PostgreSQL
            database.
        office: code of the office that records.
        lock_timeout: seconds to wait for another writer.
        settle: seconds to wait for a database that went away in the middle of an append, to learn what became of it.
        unfinished: whether it may be a copy that was broken off.
        noted_at: the file that notes how far the log reaches; by default one beside a log in a file, and none for one
            in a database.

    Raises:
        Unavailable: the log cannot be opened, or it is not the one that was noted.
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
        noted_at: Path | None = None,
    ) -> None:
        self.where = where
        self.office = office
        self._noted_at = where / witness.WITNESS if isinstance(where, Path) else noted_at
        self._read_only = isinstance(where, Path) and files.is_read_only(where)
        self._noted = witness.NOTHING
        self._lost: str | None = None
        """Why nothing is served any more: the file lacks what it was seen to hold."""
        self._noted_time = time.monotonic()
        self._reached: tuple[int, bytes] = 0, b""
        self._settle = settle
        self._known: set[str] = set()
        self._warned = -WARN_AGAIN
        self._joined = JoinedStreams(lambda stored: self._mapper.to_domain_event(stored))
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
        if not unfinished:
            self._require_known()

    def close(self) -> None:
        if self._reached[0] > self._noted.position:
            self._note_growth()
        super().close()

    def _require_known(self) -> None:
        """Requires that the log is the one that was noted, and as long at least.

        Raises:
            Unavailable: it is not.
        """
        if self._noted_at is None or (known := witness.noted(self._noted_at)) is None:
            return
        head = self.head()
        digest = self.log.digest_at(known.position) if 0 < known.position <= head else b""
        if refused := witness.refusal(self._noted_at, known, head, digest.hex() if digest is not None else None):
            self.close()
            raise Unavailable(refused)
        self._noted = known

    def note_reached(self) -> int:
        """Notes how far the log reaches, whatever was noted before, and returns that position."""
        if head := self.head():
            self._note(head, self.log.digest_at(head) or b"")
        elif self._noted_at is not None:
            self._noted_at.unlink(missing_ok=True)
        return head

    def _note_growth(self) -> None:
        """Notes how far the log reaches by now, unless it lacks what was noted before."""
        if isinstance(self.where, Path):
            self._lost = witness.missed(self.where, self._noted)
        if self._lost is None:
            self._note(*self._reached)

    def _note(self, position: int, digest: bytes) -> None:
        self._noted = witness.Witness(position, digest.hex(), instant(datetime.now(UTC)))
        self._noted_time = time.monotonic()
        if self._noted_at is not None and self._noted_at.parent.is_dir() and not self._read_only:
            witness.note(self._noted_at, self._noted)

    def _open_file(self, directory: Path, lock_timeout: int) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = f"ro&{files.IMMUTABLE}" if self._read_only else "rwc"
        with available(str(directory / "events.db")):
            if not self._read_only:
                begin(directory / "events.db")
            super().__init__(
                {
                    "PERSISTENCE_MODULE": "ledger.sqlite:SQLiteLogFactory",
                    "SQLITE_DBNAME": f"file:{quote(str(directory / 'events.db'))}?mode={mode}",
                    "SQLITE_LOCK_TIMEOUT": str(lock_timeout),
                    "ORIGINATOR_ID_TYPE": "text",
                }
            )

    def _open_database(self, url: str, lock_timeout: int) -> None:
        from ledger import postgres, postgres_faults  # its driver is slow to import, and a log in a file does without

        postgres.prepare(url, lock_timeout)
        with postgres_faults.available():
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
        if self._lost is not None:
            raise Unavailable(self._lost)
        group = Group(requests, now)
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
                    return [unsettled(request) for request in requests]
                time.sleep(PAUSE)

    def _append_group(self, group: Group) -> list[Appended | Refusal]:
        """Records a group. Once it was tried and broken off, what it finds recorded of that is its own."""
        requests = group.requests
        answers: list[Appended | Refusal | None] = [*refused_for_references(requests, self.log, self._known, self._at)]
        plans: dict[int, Plan] = {}
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
            joint: dict[int, JointVersion] = {}
            revisions: list[tuple[int, Entry]] = []
            self._joined.catch_up(writing.run, before.head)
            for number, request in enumerate(requests):
                if answers[number] is not None:
                    continue
                try:
                    asked = request.if_match is not None
                    joint_before = self._joint_version(writing, request, versions, revisions) if asked else None
                    plan = decide(before, request, versions, ids, at, self.office, joint_before)
                except Refusal as refusal:
                    answers[number] = refusal
                    continue
                plans[number] = plan
                if not request.dry_run:
                    positioned = enumerate(plan.entries, before.head + len(entries) + 1)
                    revisions += [(position, e) for position, e in positioned if e.draft.event.data.revises]
                    entries += plan.entries
                    versions.update(plan.versions)
                    ids.update(plan.ids)
                if (now_at := self._joint_version(writing, request, versions, revisions)) is not None:
                    joint[number] = now_at
            self._insert(writing, entries)
            if not entries and any(not requests[number].dry_run for number in plans):
                writing.confirm()
            positions = {entry.draft.id: position for position, entry in enumerate(entries, before.head + 1)}
            settled = group.settled(before)
            group.tried |= {event_id: (position, micros(at)) for event_id, position in positions.items()}
        self._joined.pass_by(before.head, entries)
        if entries:
            self._reached = before.head + len(entries), entries[-1].draft.digest
            if time.monotonic() - self._noted_time >= witness.EVERY:
                self._note_growth()
        for number, plan in plans.items():
            dry = requests[number].dry_run
            events = tuple(
                answer
                if isinstance(answer, Acknowledged)
                else acknowledge(answer, None if dry else positions[answer.draft.id])
                for answer in plan.answers
            )
            position = max((e.position for e in events if e.position is not None), default=before.head)
            new = len(plan.entries) + (len({e.id.bytes for e in events} & settled) if settled else 0)
            answers[number] = Appended(events, position, 0 if dry else new, joint.get(number))
        return [answer for answer in answers if answer is not None]

    def _joint_version(
        self,
        writing: Writing,
        request: Append,
        versions: dict[str, int],
        revisions: Sequence[tuple[int, Entry]],
    ) -> JointVersion | None:
        """The version of the one subject of a request, given what the group adds before; None if it has several."""
        subject = request.subject
        if subject is None:
            return None
        return self._joined.version(writing.run, subject, writing.before.versions, versions, revisions)

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

    # --- read

    def _at(self, position: int) -> Recorded | Unreadable:
        """The event at a position that the log has reached."""
        (event,) = self.read(position - 1, 1, until=position)
        return event

    def read(
        self, after: int = 0, limit: int = 1000, wanted: Filter = ALL_EVENTS, until: int | None = None
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

    def read_checked(self, after: int = 0, limit: int = 1000) -> list[Recorded | Unreadable]:
        """The same, each event compared with its digest: what the read models are made from.

        Raises:
            Unavailable: the log cannot be read, events are missing from it, or one is not what was recorded.
        """
        notifications, digests = self.log.select_with_digests(after, limit)
        self._require_all(notifications, after)
        events: list[Recorded | Unreadable] = []
        for notification, digest in zip(notifications, digests, strict=True):
            event: Recorded | Unreadable = self._mapper.to_domain_event(notification)
            if isinstance(event, Recorded) and not self._mapper.is_as_recorded(notification, digest):
                raise Unavailable(f"the log {self._named_file}is damaged: {changed(notification)}")
            events.append(event)
        return events

    @property
    def _named_file(self) -> str:
        """The file of the log for a sentence; nothing for a log in a database."""
        return "file events.db " if isinstance(self.where, Path) else ""

    def read_what_is_there(self, after: int, limit: int, until: int) -> list[Recorded | Unreadable]:
        """The same, whatever is missing: to look for damage."""
        notifications = self.log.select(after, limit, ALL_EVENTS, until)
        return [self.mapper.to_domain_event(n) for n in notifications]  # type: ignore[misc]

    def read_wire(
        self,
        after: int = 0,
        limit: int = 1000,
        wanted: Filter = ALL_EVENTS,
        until: int | None = None,
        most_bytes: int | None = None,
    ) -> list[dict[str, Any]]:
        """The same as the interface shows it.

        Args:
            after, limit, wanted, until: as of `read`.
            most_bytes: of what is stored, together; the first event comes however large it is.
        """
        if most_bytes is not None and limit > 1:
            limit = self.log.number_within(most_bytes, after, limit, wanted, until)
            if limit == 0 and until is None:
                return []
            limit = limit or 1  # what is missing is told
        return [self._wire(n) for n in self._select(after, limit, wanted, until)]

    def has_more(self, after: int, wanted: Filter, until: int) -> bool:
        """Whether there are events after a position and up to another."""
        return self.log.number_within(0, after, 1, wanted, until) > 0

    def _select(self, after: int, limit: int, wanted: Filter, until: int | None) -> list[Notification]:
        """Events from the log, none of them left out: a damaged file may lack some, and nobody else would notice."""
        notifications = self.log.select(after, limit, wanted, until)
        if wanted == ALL_EVENTS:
            reached = self._require_all(notifications, after)
            if until is not None and reached < until and len(notifications) < limit:
                raise self._lacks(reached + 1)
        return notifications

    def _require_all(self, notifications: Sequence[Notification], after: int) -> int:
        """Requires that no event is left out; gives the position of the last one.

        Raises:
            Unavailable: the log lacks one.
        """
        for event in notifications:
            if event.id != after + 1:
                raise self._lacks(after + 1)
            after = event.id
        return after

    def _lacks(self, position: int) -> Unavailable:
        return Unavailable(
            f"the log {self._named_file}is damaged, it lacks the event at position {position}: restore a backup"
        )

    def _wire(self, notification: Notification) -> dict[str, Any]:
        """An event as the interface shows it; one whose stored form is damaged as far as the index knows it."""
        try:
            return self._mapper.wire(notification)
        except DAMAGE:
            return {
                "position": notification.id,
                **self.indexed(notification.id),
                "type": notification.topic,
                "subject": str(notification.originator_id),
                "version": notification.originator_version,
                "unreadable": DAMAGED,
                "data": {},
            }

    def indexed(self, position: int) -> dict[str, str]:
        """What the index tells of the event at a position, as the interface shows it: its id, and when it was recorded;
        nothing if it has no row."""
        rows = self.log.fetch("SELECT event_id, recorded_at FROM event_index WHERE position = ?", (position,))
        return {"id": str(uuid.UUID(bytes=rows[0][0])), "recorded_at": _moment(rows[0][1])} if rows else {}

    def replay(
        self, after: int = 0, wanted: Filter = ALL_EVENTS, until: int | None = None, chunk: int = 1000
    ) -> Iterator[dict[str, Any]]:
        """All events after a position up to `until` (the head at the start, if absent), in constant memory."""
        until = self.head() if until is None else until
        while events := self.read_wire(after, chunk, wanted, until):
            yield from events
            after = events[-1]["position"]

    def head(self) -> int:
        """The last position; 0 for an empty log."""
        return self._last()[0]

    def head_at(self) -> tuple[int, datetime | None]:
        """The last position and when it was recorded; 0 and None for an empty log."""
        position, recorded_at = self._last()
        return position, EPOCH + timedelta(microseconds=recorded_at) if position else None

    def _last(self) -> tuple[int, int]:
        if self._lost is not None:
            raise Unavailable(self._lost)
        return self.log.last()

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


def _moment(recorded_at: int) -> str:
    return instant(EPOCH + timedelta(microseconds=recorded_at))
