"""Between stored events and the domain: what is written for ever, and how older forms are read.

The stored form of an event is JSON with the envelope and the payload apart; its topic is the type's name and
its originator id is the subject:

    {"envelope": {"id", "occurred", "sources", …, "recorded_at", "recorded_by", "schema"}, "data": {…}}

Only fields that were sent are stored. Writing is strict; reading is tolerant: what this version does not
understand becomes an `Unreadable`, never an exception and never a gap.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, cast

import orjson
from eventsourcing.persistence import Mapper, Notification, StoredEvent
from pydantic import ValidationError

from domain.errors import Fault
from domain.event import Event, Recorded, Unreadable, instant
from domain.new_events import faults_if_new
from domain.revisions import EventCorrected
from domain.values import Subject
from domain.vocabulary import PAYLOADS, faults, model_of

DAMAGE = (ValueError, LookupError, TypeError, AttributeError)
"""What reading a stored form raises that is not one."""
DAMAGED = "its stored form is damaged: restore a backup"

ADDED = frozenset(("recorded_at", "recorded_by", "schema", "replacement_schema"))
"""What the log adds to an envelope when it records an event."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""From (type, schema version) to a function that turns that version's payload into the next one's."""


ANY_VERSION: Final = "any"
"""Expected of a subject by a further report of it, whatever its version."""
ExpectedVersion = int | Literal["any"] | None
"""The version that a subject must have; None asks nothing, but that an opening opens it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is ready to be recorded, with its canonical form made once, before any lock is taken."""

    event: Event
    id: bytes
    envelope: dict[str, Any]
    data: dict[str, Any]
    digest: bytes
    """SHA-256 of the canonical form: what tells a re-sent event from another one under the same id."""
    expected_version: ExpectedVersion = None
    faults: tuple[Fault, ...] = ()
    """Why it is refused, unless it was recorded before (`domain/new_events.py`)."""

    @classmethod
    def of(cls, event: Event, expected_version: ExpectedVersion = None) -> Draft:
        envelope = event.model_dump(mode="json", exclude_unset=True)
        data = envelope.pop("data")
        canonical = _canonical(event)
        del envelope["type"], envelope["subject"]
        if isinstance(event.data, EventCorrected):
            envelope["replacement_schema"] = PAYLOADS[event.data.replacement["type"]].schema_version
        return cls(
            event, event.id.bytes, envelope, data, _digest(canonical), expected_version, faults_if_new(event, canonical)
        )


def digest_of(event: Event) -> bytes:
    """SHA-256 of what an event says, however it was written: the order of keys, a default that is spelled out, a null
    and `1.0` for `1` make no difference."""
    return _digest(_canonical(event))


def is_of_today(envelope: dict[str, Any], event: Recorded) -> bool:
    """Whether an event is stored in the form that is written today."""
    replaced = envelope.get("replacement_schema")
    today = event.schema == PAYLOADS[event.type].schema_version
    if replaced is None or not today:
        return today
    return bool(replaced == PAYLOADS[event.event.data.replacement["type"]].schema_version)  # type: ignore[attr-defined]


def changed(stored: Notification) -> str:
    """That an event is not what was recorded, in a sentence."""
    return (
        f"position {stored.id:,}, {stored.topic} on {stored.originator_id}: what it says is not what was recorded, by "
        "its digest: restore a backup"
    )


def _digest(canonical: bytes) -> bytes:
    return hashlib.sha256(canonical).digest()


def _canonical(event: Event) -> bytes:
    said = event.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    if b"null" in text or any(fraction.search(text) for fraction in _FRACTIONS):
        text = orjson.dumps(_plain(said), option=orjson.OPT_SORT_KEYS)
    return text


_FRACTIONS = [re.compile(before + rb"-?[0-9]+[.eE]") for before in (rb":", rb",", rb"\[")]
"""A number that is not written as a whole one; also some texts, which does no harm. Each pattern begins with a letter
that can be looked for quickly."""


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items() if each is not None}
        case list():
            return [_plain(each) for each in value]
        case float() if value == int(value):
            return int(value)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft at its place in its subject's stream."""

    draft: Draft
    version: int
    recorded_at: datetime
    recorded_by: str


def upcast(name: str, schema: int, data: dict[str, Any]) -> dict[str, Any]:
    """A stored payload in today's form.

    Raises:
        KeyError: a version lacks its upcaster, or is newer than today's. What an upcaster raises passes through.
    """
    if schema > PAYLOADS[name].schema_version:
        raise KeyError(name)
    for version in range(schema, PAYLOADS[name].schema_version):
        data = UPCASTERS[name, version](data)
    return data


_moment = lru_cache(64)(datetime.fromisoformat)  # what is recorded together is recorded at one time


class EventMapper(Mapper[str]):
    """Maps entries to stored events and stored events to `Recorded` or `Unreadable`."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        entry: Entry = domain_event
        event = entry.draft.event
        state = {
            "envelope": {
                **entry.draft.envelope,
                "recorded_at": instant(entry.recorded_at),
                "recorded_by": entry.recorded_by,
                "schema": type(event.data).schema_version,
            },
            "data": entry.draft.data,
        }
        return StoredEvent(
            originator_id=event.subject,
            originator_version=entry.version,
            topic=event.type,
            state=orjson.dumps(state),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Reads a notification (its id is the position) as `Recorded`, or as `Unreadable`."""
        position = cast(Notification, stored_event).id
        subject, name = Subject(str(stored_event.originator_id)), stored_event.topic

        def unreadable(reason: str) -> Unreadable:
            return Unreadable(position, stored_event.originator_version, subject, name, reason)

        try:
            whole = self.wire(stored_event)
            if (reason := whole.get("unreadable")) is not None:
                return unreadable(reason)
            recorded_by, schema = whole.pop("recorded_by"), whole.pop("schema")
            at = _moment(whole.pop("recorded_at"))
        except DAMAGE:
            return unreadable(DAMAGED)
        del whole["position"], whole["version"]
        try:
            text = orjson.dumps(whole)
            event = model_of(name).__pydantic_validator__.validate_json(text)
        except ValidationError as error:
            return unreadable("; ".join(f"{f.pointer}: {f.detail}" for f in faults(error, whole)))
        return Recorded(
            event=event,
            position=position,
            version=stored_event.originator_version,
            recorded_at=at,
            recorded_by=recorded_by,
            schema=schema,
            text=text.decode(),
        )

    def is_as_recorded(self, stored_event: StoredEvent, digest: bytes | None) -> bool:
        """Whether an event says what was recorded, by its digest.

        The digest of one in an older form, or of a type that this version does not know, cannot be computed if what was
        sent spelled out a default.

        Args:
            stored_event: as it lies there.
            digest: of what was recorded, as the index has it; None if it has none, which is a fault.
        """
        try:
            state = orjson.loads(stored_event.state)
            sent = {name: value for name, value in state["envelope"].items() if name not in ADDED}
            sent |= {"type": stored_event.topic, "subject": stored_event.originator_id, "data": state["data"]}
        except DAMAGE:
            return False
        if _digest(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)) == digest:
            return True  # nearly always
        event = self.to_domain_event(stored_event)
        if isinstance(event, Unreadable):
            return bool(event.reason != DAMAGED)
        return not is_of_today(state["envelope"], event) or digest_of(event.event) == digest

    def wire(self, stored_event: StoredEvent) -> dict[str, Any]:
        """The event as the interface shows it: what was sent, in today's form, and what the log added.

        A type or schema that this version does not know is shown as stored, with `unreadable` saying why.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: the stored form is damaged.
        """
        state = orjson.loads(stored_event.state)
        envelope, data, name = state["envelope"], state["data"], stored_event.topic
        extra: dict[str, Any] = {}
        if name not in PAYLOADS:
            extra["unreadable"] = "this version of Parley does not know the event type: upgrade it"
        elif envelope["schema"] > PAYLOADS[name].schema_version:
            extra["unreadable"] = "the event was stored in a newer form than this version of Parley reads: upgrade it"
        else:
            try:
                if envelope["schema"] != PAYLOADS[name].schema_version:
                    data = upcast(name, envelope["schema"], data)
                if (schema := envelope.pop("replacement_schema", None)) is not None:
                    replaced = data["replacement"]
                    replaced["data"] = upcast(replaced["type"], schema, replaced["data"])
            except Exception as error:  # noqa: BLE001  shown with the event; it must not stop a replay
                extra["unreadable"] = (
                    f"an older form cannot be brought up to date ({type(error).__name__}): report this"
                )
        return {
            "position": cast(Notification, stored_event).id,
            "id": envelope.pop("id"),
            "type": name,
            "subject": str(stored_event.originator_id),
            **envelope,
            "version": stored_event.originator_version,
            **extra,
            "data": data,
        }
