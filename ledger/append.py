"""An append: what is asked, what is answered, and the decision on it, given what the log holds under the lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
)
from domain.event import Opening
from domain.families import OPENINGS
from domain.joint_versions import JointVersion
from domain.values import EventId, Subject
from ledger.mapper import ANY_VERSION, Draft, Entry
from ledger.recorder import EPOCH, Before

MOST_FAULTS = 1_000  # listed in one refusal


@dataclass(frozen=True, slots=True)
class Append:
    """A request to record events, all or none."""

    drafts: tuple[Draft, ...]
    if_match: int | None = None
    """The version that the one subject of the request must have: that of its stream, or of all that are one with it."""
    if_joined: int = 0
    """Where the log last said that some of these streams are one, or are not (`JointVersion.joined_at`)."""
    dry_run: bool = False
    """Check everything, store nothing."""

    @property
    def subject(self) -> Subject | None:
        """The subject of the request; None if it has several."""
        if len(self.drafts) == 1:
            return self.drafts[0].event.subject
        subjects = {draft.event.subject for draft in self.drafts}
        return subjects.pop() if len(subjects) == 1 else None


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
    version: JointVersion | None = None
    """Of the one subject of the request, with what was recorded; None if it has several."""


@dataclass(slots=True)
class Group:
    """Requests that share a commit, and what is known of earlier tries to record them."""

    requests: Sequence[Append]
    now: datetime | None
    tried: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """The events that may have been recorded by a commit whose answer was lost: position, and time in microseconds."""

    def settled(self, before: Before) -> set[bytes]:
        """Those of the tried events that were recorded, by us."""
        recorded = {event_id: before.known.get(event_id) for event_id in self.tried}
        return {e for e, known in recorded.items() if known and (known.position, known.recorded_at) == self.tried[e]}


@dataclass(slots=True)
class Plan:
    """What one request would add, on top of what the group has added so far."""

    versions: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answers: list[Acknowledged | Entry] = field(default_factory=list)
    """An answer known from before, or the entry that will give it."""
    ids: dict[bytes, Entry] = field(default_factory=dict)
    """The entry of each id that is new in this request."""


def decide(
    before: Before,
    request: Append,
    versions: dict[str, int],
    ids: dict[bytes, Entry],
    at: datetime,
    office: str,
    joint: JointVersion | None = None,
) -> Plan:
    """What a request adds, given the log and what the group adds before it.

    Args:
        before: what the log held when the lock was taken.
        request: the request.
        versions: of the subjects that earlier requests of the group change.
        ids: the entry of each id that is new in earlier requests of the group.
        at: when all of the group is recorded.
        office: code of the office that records.
        joint: the version of the one subject of the request, if it asks for one; None if it has several.

    Raises:
        IdReused, StaleVersion, AlreadyOpen, NotOpen: the first there is, with the faults of all, up to 1,000.
        PreconditionFailed, Malformed
    """
    _refuse_new(before, request, ids)
    plan = Plan()
    conflicts: list[_Conflict] = []
    for number, draft in enumerate(request.drafts):
        at_event = f"/{number}"
        event = draft.event
        earlier = plan.ids.get(draft.id) or ids.get(draft.id)
        if earlier is not None:
            if earlier.draft.digest != draft.digest:
                conflicts.append(_id_reused(at_event))
            plan.answers.append(earlier)
            continue
        known = before.known.get(draft.id)
        if known is not None:
            if known.digest != draft.digest:
                conflicts.append(_id_reused(at_event))
            at_known = EPOCH + timedelta(microseconds=known.recorded_at)
            plan.answers.append(Acknowledged(event.id, event.subject, known.version, known.position, at_known))
            continue
        version = plan.versions.get(event.subject, versions.get(event.subject))
        if version is None:
            version = before.versions.get(event.subject, 0)
        if request.if_match is not None and not plan.entries and not conflicts:
            _check_precondition(request, joint)
        if (conflict := _conflict(draft, version, at_event)) is not None:
            conflicts.append(conflict)
            if conflict[0] is NotOpen:
                continue
        entry = Entry(draft, version + 1, at, office)
        plan.versions[event.subject] = version + 1
        plan.ids[draft.id] = entry
        plan.answers.append(entry)
        plan.entries.append(entry)
    if conflicts:
        raise _refused(conflicts)
    return plan


def _refuse_new(before: Before, request: Append, ids: dict[bytes, Entry]) -> None:
    """Refuses events that are new and may not be; one that was recorded under its id is answered as it was then.

    Raises:
        Malformed: with every fault of all new events.
    """
    faults = [
        Fault(f"/{number}{fault.pointer}", fault.detail)
        for number, draft in enumerate(request.drafts)
        if draft.faults and draft.id not in before.known and draft.id not in ids
        for fault in draft.faults
    ]
    if faults:
        raise Malformed.of(faults[:MOST_FAULTS])


def acknowledge(entry: Entry, position: int | None) -> Acknowledged:
    event = entry.draft.event
    recorded_at = entry.recorded_at if position is not None else None
    return Acknowledged(event.id, event.subject, entry.version, position, recorded_at)


def unsettled(request: Append) -> Unavailable:
    detail = (
        "the database went away or fell silent while this was recorded, and did not tell in time what became of it: "
        "send it again under the same ids, it is recorded once at most"
    )
    under = "it was to be recorded under this id: {}"
    faults = [Fault(f"/{n}/id", under.format(draft.event.id)) for n, draft in enumerate(request.drafts)]
    return Unavailable(detail, [] if request.dry_run else faults)


_Conflict = tuple[type[Refusal], Fault]
"""Why one event of a request cannot be added to what the log holds. What follows is judged as if it were."""


def _refused(conflicts: Sequence[_Conflict]) -> Refusal:
    """The refusal of a request with all that is in the way: of the kind of the first."""
    kind, first = conflicts[0]
    faults = [fault for _, fault in conflicts[:MOST_FAULTS]]
    return kind(first.detail, faults) if len(faults) == 1 else kind.of(faults)


def _id_reused(pointer: str) -> _Conflict:
    detail = "this id belongs to an event with other content: send a new id, or leave it out to get one"
    return IdReused, Fault(f"{pointer}/id", detail)


def _check_precondition(request: Append, joint: JointVersion | None) -> None:
    if joint is None:
        raise Malformed("If-Match goes with a request on one subject: use `expected_version` on each event")
    if joint != (request.if_match, request.if_joined):
        version = joint.tag.strip('"')
        raise PreconditionFailed(f"the subject is at version {version}: read it again, then decide anew")


def _conflict(draft: Draft, version: int, pointer: str) -> _Conflict | None:
    """Why an event cannot be the next one of its subject; None if it can."""
    event, expected = draft.event, draft.expected_version
    opening = isinstance(event.data, Opening)
    if opening and expected is None and version > 0:
        detail = (
            f"the subject is open, at version {version}: choose another id, or send expected_version {version} "
            'to add this as another report of it ("any", whatever its version)'
        )
        return AlreadyOpen, Fault(f"{pointer}/subject", detail)
    if not opening and version == 0:
        detail = f"the subject is not open: append {OPENINGS[event.family].__name__} for it first"
        return NotOpen, Fault(f"{pointer}/subject", detail)
    if expected is not None and expected not in (ANY_VERSION, version):
        detail = f"the subject is at version {version}: read what is new, then send that as expected_version"
        return StaleVersion, Fault(f"{pointer}/expected_version", detail)
    return None
