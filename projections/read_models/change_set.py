"""What one batch of recorded events changes: found out once, and used by every read model.

The read models take a change set in the order in which `projections.batch` lists them. Some of them find out what the
later ones need and leave it here; each field says who. Those later ones only read it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection, Table

from domain.edtf import When
from domain.event import Event, Recorded
from domain.finding import Finding, Turn
from domain.general import SubjectState
from domain.place_meanings import Doubt, Meanings
from domain.spans import Zones
from domain.values import EventId, Subject
from projections.storage.tables import TableDefinition, Transaction


class Change(NamedTuple):
    """An event whose part in the read models changes: it comes, it goes, or it reads otherwise."""

    recorded: Recorded
    before: Event | None
    """As it read before this batch; None: it was not in effect, or not there."""
    after: Event | None
    """As it reads now, under the subject that stays; None: not in effect."""

    @property
    def differs(self) -> bool:
        before, after = self.before, self.after
        if before is None or after is None:
            return before is not after
        return before != after or before.repeats != after.repeats or before.possible != after.possible


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides which findings of a subject are shown."""

    subject: Subject
    """The one that stays."""
    opened: bool
    """Whether it is open; of a subject that was withdrawn nothing is shown."""
    followed: bool
    """Whether it belongs to a process that is followed."""


@dataclass(frozen=True, slots=True)
class Places:
    """The processes in which what accumulates on a subject counts: before a batch, and after it."""

    before: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True, slots=True)
class DoubtfulPlaces:
    """Places of which a description could mean any, and the events that give these descriptions."""

    doubt: Doubt
    events: frozenset[EventId]


class HeardReport(NamedTuple):
    """A report by which something was heard of: its date, who told it, and the event."""

    on: str
    """In EDTF; empty: not known."""
    publisher: str
    claimant: str
    event: str


class Heard(NamedTuple):
    """What was heard last, and what tells whether it is followed."""

    occurred: HeardReport | None = None
    """The report of what occurred last."""
    published: HeardReport | None = None
    """The report that was published last; without any date, any report."""
    prompt: int | None = None
    """The position of the first report that was recorded promptly."""
    said: int | None = None
    """The position of the opening recorded last that says whether it is followed, times two, plus one if it is."""

    def last(self, *, by_occurrence: bool = False) -> HeardReport | None:
        """What was heard last: by publication, unless something certainly occurred after that; or by occurrence."""
        if self.published is None or not self.published.on:
            return self.occurred or self.published
        if self.occurred is None:
            return self.published
        later = When(self.published.on).span.precedes(When(self.occurred.on).span)
        return self.occurred if later or by_occurrence else self.published

    @property
    def followed(self) -> bool:
        return self.prompt is not None if self.said is None else self.said % 2 == 1


NOBODY = Heard()
"""Where all that was heard was retracted."""


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """What one event did to the findings of its subject."""

    number: int
    """How many it raised, changed or resolved."""
    turns: tuple[tuple[Turn, Finding], ...]
    """The first ones: those raised, then those changed, then those resolved, the gravest first."""


FindingKey = tuple[str, str, str, str, str]
"""What tells a row of findings from others: subject, part, process, rule, and what it is about."""


@dataclass(frozen=True, slots=True)
class AskedEvents:
    """Events that are one batch, and of which somebody asks what each does to the findings of its subject."""

    events: Sequence[Recorded]
    """In log order; several on one subject only if they are plain."""
    standings: Mapping[Subject, Standing]
    """Of their subjects, as recorded, before the batch."""
    plain: bool
    """Whether they change nothing of these standings, but that they open subjects."""
    followed: Collection[str] = ()
    """Of plain ones: those of their processes that are followed, by the ids that stay."""
    earlier: frozenset[str] = frozenset()
    """The ids of those that are followed by another one on the same subject."""


Tell = Callable[[Mapping[str, FindingChanges]], None]
"""Takes what events did to the findings of their subjects, by their ids."""


class FindingEdits:
    """The rows of findings that a batch takes away or puts, by their keys: as they were before it, and after it.

    Args:
        asked: the events of the batch.
        tell: whom to tell what they did.
    """

    def __init__(self, asked: AskedEvents, tell: Tell) -> None:
        self.asked = asked
        self.tell = tell
        self.changes: dict[str, FindingChanges] = {}
        """What the events did, by their ids. By `finding_changes`."""
        self.before: dict[FindingKey, Finding | None] = {}
        """None: there was none."""
        self.after: dict[FindingKey, Finding | None] = {}
        """None: there is none any more."""
        self.states: dict[str, SubjectState] = {}
        """The state of its subject after each event that is folded in its order, by its id. By `subjects`."""
        self.steps: dict[str, dict[tuple[Subject, str], dict[FindingKey, Finding]]] = {}
        """The parts of findings that each earlier event renewed, by its id, with what they then were. By
        `finding_steps`."""

    def note(self, key: FindingKey, *, before: Finding | None = None, after: Finding | None = None) -> None:
        """Takes note of one step: a row that goes, or one that comes."""
        self.before.setdefault(key, before)
        self.after[key] = after


class ChangeSet:
    """One batch on its way into the tables of one generation.

    Args:
        transaction: in which all of it is written.
        events: in log order and without gaps. Without any, only the clock has moved.
        position: the last one that is reflected with this batch.
        now: the clock of the batch, in seconds since 1970.
    """

    edits: FindingEdits | None = None
    """What the batch does to findings; None: nobody asks."""

    stepped: dict[tuple[Subject, str], list[tuple[str, Finding]]] | None = None
    """The parts of findings that claims and repeated reports renew, with what they are after the batch, each finding
    with the process in which it stands; None: it was not stepped. By `finding_steps`."""

    def __init__(self, transaction: Transaction, events: Sequence[Recorded], position: int, now: int) -> None:
        self.transaction = transaction
        self.events = events
        self.position = position
        self.now = now
        self.stays_before: Mapping[Subject, Subject] = {}
        """Subjects that had given way before this batch, each with the one that stayed. By `revisions`."""
        self.stays: Mapping[Subject, Subject] = {}
        """The same with this batch. By `revisions`."""
        self.together: Mapping[Subject, frozenset[Subject]] = {}
        """The subjects that were ever said to be one, each with all of them. By `revisions`."""
        self.moved: frozenset[Subject] = frozenset()
        """Subjects that give way now, come apart again, or have another one that stays. By `revisions`."""
        self.renaming: frozenset[Subject] = frozenset()
        """Subjects that stay and name an actor whose id that stays is another one with this batch. By `revisions`."""
        self.changes: Sequence[Change] = ()
        """Event by event, in log order. By `revisions`, and `upcoming` for what the clock has not reached."""
        self.untimed: Sequence[Change] | None = None
        """Event by event, as if all had come; None: the clock makes no difference. By `upcoming`."""
        self.any_ahead = False
        """Whether any report lies ahead, of whatever subject. By `upcoming`."""
        self.retimed: frozenset[Subject] = frozenset()
        """Subjects that stay, of which reports lie ahead or have come with this batch. By `upcoming`."""
        self.states: dict[Subject, SubjectState] = {}
        """The new states of the subjects that changed, of those that stay. By `subjects`."""
        self.gave_way: list[Subject] = []
        """Subjects of which nothing is kept any more, since another one stays: each read model deletes what it has of
        them. By `subjects`."""
        self.processes: dict[Subject, frozenset[str]] = {}
        """The processes that any report ever put a subject of this batch into. By `membership`."""
        self.new_processes: dict[Subject, list[str]] = {}
        """Those of them that this batch is the first to name. By `membership`."""
        self.places: dict[Subject, Places] = {}
        """Of each subject that changed; `membership.places_of` gives those of others, too. By `membership`."""
        self.other_places: dict[Subject, Places] = {}
        """Places that `membership.places_of` has looked up already."""
        self.left: dict[Subject, frozenset[str]] = {}
        """The processes to which the subjects that gave way belonged. By `membership`."""
        self.zones: dict[Subject, Zones] = {}
        """The time zones of subjects whose state changed or that have other zones now, of those that have any. By
        `process_zones`."""
        self.other_clocks: dict[Subject, SubjectState] = {}
        """The states of the subjects that have other zones now, though nothing was reported of them. By
        `process_zones`."""
        self.series: set[tuple[str, str]] = set()
        """Subjects, each with a series of figures on which a claim comes or goes. By `figures`."""
        self.series_lost: set[tuple[str, str]] = set()
        """Those of them on which a claim goes, or what the report of an incident says of its toll. By `figures`."""
        self.kin: set[tuple[str, str]] = set()
        """Subjects, each with a claimant and a kin of series on which a claim of it comes or goes. By `figures`."""
        self.reclassed: dict[Subject, SubjectState] = {}
        """The states of the subjects whose places are one, or two, otherwise than before. By `places`."""
        self.doubted: dict[str, tuple[set[str], Sequence[DoubtfulPlaces]]] = {}
        """Of each process whose places were looked at: the keys of the doubts about these before this batch, and which
        of them one description could mean now. By `places`."""
        self.heard: dict[Subject, Heard] = {}
        """The newest source that this batch brings, by subject. By `last_heard`."""
        self.heard_again: set[str] = set()
        """The processes whose newest source must be looked up again: one went away, or a subject came or left. By
        `last_heard`."""

    @property
    def connection(self) -> Connection:
        return self.transaction.connection

    def table(self, definition: TableDefinition) -> Table:
        """The table of the generation at hand."""
        return self.transaction.table(definition)

    @property
    def first_position(self) -> int:
        return self.events[0].position if self.events else self.position + 1

    @cached_property
    def ways(self) -> dict[Subject, Sequence[tuple[str, Meanings]]]:
        """What the processes of subjects make of their places, as far as it was looked up. By `place_meanings`."""
        return {}

    @cached_property
    def renewed(self) -> dict[tuple[Subject, str], list[tuple[str, Finding]]]:
        """The parts of the findings of subjects that the batch renews, with what they are now, each finding with the
        process in which it stands. By `finding_rows`."""
        return {}

    @cached_property
    def gone(self) -> list[Event]:
        """Events that go or read otherwise, as they read before."""
        return [change.before for change in self.changes if change.before is not None]

    @cached_property
    def come(self) -> list[tuple[Recorded, Event]]:
        """Events that come or read otherwise: as they were recorded, and as they read now."""
        return [(change.recorded, change.after) for change in self.changes if change.after is not None]

    @cached_property
    def come_by_position(self) -> dict[int, Event]:
        """The events of `come`, as they read now."""
        return {recorded.position: event for recorded, event in self.come}

    @property
    def no_longer_told(self) -> list[Event]:
        """As `gone`, of all that is reported, whether it has come or not."""
        if self.untimed is None:
            return self.gone
        return [change.before for change in self.untimed if change.before is not None]

    @property
    def told(self) -> list[tuple[Recorded, Event]]:
        """As `come`, of all that is reported, whether it has come or not."""
        if self.untimed is None:
            return self.come
        return [(change.recorded, change.after) for change in self.untimed if change.after is not None]

    @cached_property
    def first_seen(self) -> frozenset[Subject]:
        """Subjects, as recorded, of which nothing was known before this batch."""
        return frozenset(recorded.subject for recorded in self.events if recorded.version == 1)

    @property
    def new(self) -> frozenset[Subject]:
        """Subjects that stay of which nothing is kept from before this batch; they need not be looked up."""
        return self.first_seen if not self.stays and not self.stays_before else frozenset()

    def canonical(self, subject: Subject) -> Subject:
        """The subject that stays now, for one that may have given way."""
        return self.stays.get(subject, subject)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A read model: the tables that it keeps, and how a batch changes them."""

    tables: tuple[TableDefinition, ...]
    apply: Callable[[ChangeSet], None]
