"""What a horizon leaves as it is kept: the subjects of a process of which all reports certainly lie inside.

Such a subject has today's state, claims and findings. It costs what reading them costs, and none of its events is read;
what lies across the cut is folded (`snapshot.fold_snapshot`). A subject is folded, too, if anything else than its own
reports may make it read otherwise from there: revisions, joined ids, ids of other registers that others have too, a
report that the clock has not reached. Where places, actors or zones read otherwise, all of the process is folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

from domain.agreements import AgreementState, is_without_end
from domain.edtf import When
from domain.event import Event
from domain.general import SubjectState
from domain.horizon import Horizon, may_be_upcoming
from domain.place_meanings import Meaning
from domain.processes import ProcessOpened
from domain.revisions import EventCorrected
from domain.spans import LAST_MIDNIGHT, Zones
from domain.values import Place, Subject
from projections.read_models import entries, figures, history, incident_counts, process_zones, upcoming
from projections.read_models.change_set import NOBODY, Heard
from projections.read_models.entries import Act
from projections.read_models.figures import Claim
from projections.read_models.foreign_ids import with_namesakes
from projections.read_models.history import Extent
from projections.read_models.incident_counts import DAY, IncidentCount
from projections.read_models.last_heard import heard_on, newer, occurred_last
from projections.read_models.membership import subjects_of
from projections.read_models.ordering import Order
from projections.read_models.place_meanings import described_on, in_doubt_there, meanings_of
from projections.read_models.revisions import ever_unified
from projections.read_models.subjects import last_change, states_of
from projections.read_models.timeline import recorded_at, version_of
from projections.read_models.zone_reports import zone_reports
from projections.storage.tables import Transaction

SURELY = 2 * DAY
"""So many seconds from the end of a cut it is certain on which side a date lies, whatever the zones."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The subjects of a process that read at a horizon as they are kept."""

    states: dict[Subject, SubjectState] = field(default_factory=dict)
    """Their places as they were described."""
    claims: Sequence[Claim] = ()
    """The newest ones on them."""
    incident_counts: Sequence[IncidentCount] = ()
    heard: Heard = NOBODY
    """What was heard last on them."""
    heard_of: dict[Subject, When] = field(default_factory=dict)
    """When what was heard last occurred, of agreements without an end."""
    prompted: bool = False
    """Whether a report on them, or on one that lies beyond the horizon, was prompt."""
    said: bool | None = None
    """Whether the process is followed, as its openings say it, if it is one of them."""
    acts: Sequence[Act] = ()
    statements: Sequence[Order] = ()
    zones: dict[Subject, Zones] = field(default_factory=dict)
    described: dict[str, Place] = field(default_factory=dict)
    """Their descriptions of places, by `Place.described`."""
    meanings: dict[str, Meaning] = field(default_factory=dict)
    """What these mean, those that do not stand for themselves alone."""
    newest: Sequence[tuple[int, str]] = ()
    """The positions and ids of the events that were recorded last, newest first."""
    version: int = 0
    """How many events the process itself has, if it is one of them."""
    beyond: int = 0
    """How many events there are on subjects that lie wholly beyond the date of occurrence."""


NOTHING_SETTLED = Settled()


@dataclass(frozen=True, slots=True)
class Parts:
    """The subjects of a process, as a horizon parts them; those of which all was recorded later are left out."""

    settled: list[Extent]
    """Those that may read as they are kept."""
    across: list[Subject]
    """Those whose events are to be folded."""
    beyond: list[Extent]
    """Those that lie wholly beyond the date of occurrence."""


def parts_of(transaction: Transaction, process: str, horizon: Horizon) -> Parts | None:
    """The subjects of a process, as a horizon parts them; None if all of it is to be folded.

    Args:
        transaction: a snapshot of the read models.
        process: its id.
        horizon: with a date of occurrence or with a clock.
    """
    own, together = Subject(f"processes/{process}"), ever_unified(transaction)
    if own in together or last_change(transaction, "places") or in_doubt_there(transaction, process):
        return None
    every = history.extents(transaction, process)
    extents = [e for e in every if horizon.position is None or e.first <= horizon.position]
    if not extents:
        return None
    apart = {*together, *_ahead(transaction, process), *with_namesakes(transaction, [e.subject for e in extents])}
    all_recorded = _all_recorded_by_then(transaction, extents, horizon)
    parts = Parts([], [], [])
    for extent in extents:
        if extent.revised or extent.subject in apart:
            parts.across.append(extent.subject)
        elif _surely_inside(extent, horizon) and (all_recorded or not extent.undated):
            parts.settled.append(extent)
        elif extent.subject != own and _surely_beyond(extent, horizon):
            parts.beyond.append(extent)
        else:
            parts.across.append(extent.subject)
    return parts


def _ahead(transaction: Transaction, process: str) -> set[Subject]:
    """The subjects with reports that the clock has not reached by now."""
    if upcoming.next_due(transaction) is None:
        return set()
    return {report.subject for report in upcoming.upcoming_in(transaction, [process], ())}


def _all_recorded_by_then(transaction: Transaction, extents: Iterable[Extent], horizon: Horizon) -> bool:
    """Whether sources without a date had come out by the date of publication, as all events were recorded by then."""
    if horizon.published_by is None:
        return True
    last = recorded_at(transaction, max(extent.last for extent in extents))
    return last is not None and last.timestamp() + SURELY <= horizon.published_by.span.latest


def _surely_inside(extent: Extent, horizon: Horizon) -> bool:
    """Whether all events of a subject certainly lie inside by their own dates; sources without one are left aside."""
    if horizon.position is not None and extent.last > horizon.position:
        return False
    if horizon.as_of is None and (horizon.now is None or extent.begun + LAST_MIDNIGHT > horizon.now):
        return False
    cuts = (horizon.as_of, horizon.published_by)
    return all(extent.told + SURELY <= cut.span.latest for cut in cuts if cut is not None)


def _surely_beyond(extent: Extent, horizon: Horizon) -> bool:
    """Whether all that a subject's events tell of certainly occurred later than is asked for."""
    if horizon.as_of is None or (horizon.position is not None and extent.last > horizon.position):
        return False
    return extent.earliest - SURELY > horizon.as_of.span.latest


def settled_in(
    transaction: Transaction, process: str, parts: Parts, horizon: Horizon, counted_from: int, newest: int = 10
) -> Settled | None:
    """What is kept of the settled subjects of a process; None if another zone may have held for them.

    Args:
        transaction: a snapshot of the read models.
        process: its id.
        parts: its subjects. A settled one that has no opening in effect is moved to those across.
        horizon: that parted them.
        counted_from: the day (since 1970-01-01) from which violations and incidents are told apart by day.
        newest: how many of the events last recorded to name.
    """
    own, belonging = Subject(f"processes/{process}"), set(subjects_of(transaction, [process]))
    every = states_of(transaction, [extent.subject for extent in parts.settled])
    states = {path: state for path, state in every.items() if state.opened and path in belonging}
    if not _zones_stand(transaction, process, states.values(), horizon):
        return None
    parts.across.extend(extent.subject for extent in parts.settled if extent.subject not in states)
    extents = sorted((e for e in parts.settled if e.subject in states), key=lambda extent: -extent.last)
    described = described_on(transaction, states)
    heard = dict(heard_on(transaction, (*states, *(extent.subject for extent in parts.beyond))))
    lasting = [s for s, state in states.items() if isinstance(state, AgreementState) and is_without_end(state)]
    said = heard.get(own, NOBODY).said
    return Settled(
        states,
        figures.newest_claims(transaction, states),
        incident_counts.counts_of(transaction, list(states), counted_from),
        reduce(newer, (heard[path] for path in states if path in heard), NOBODY),
        occurred_last(transaction, lasting) if lasting else {},
        any(one.prompt is not None for one in heard.values()),
        said % 2 == 1 if said is not None else None,
        entries.acts_on(transaction, process, states),
        entries.statements_on(transaction, process, states),
        process_zones.of_subjects(transaction, states, [process]),
        described,
        dict(meanings_of(transaction, [process]).get(process, {})) if described else {},
        history.newest_on(transaction, process, [extent.subject for extent in extents[:newest]], newest),
        version_of(transaction, own) if own in states else 0,
        sum(extent.number for extent in parts.beyond),
    )


def _zones_stand(transaction: Transaction, process: str, states: Iterable[SubjectState], horizon: Horizon) -> bool:
    """Whether the zones of some subjects certainly are those that are kept."""
    named = {process, *(name for state in states for name in state.processes)}
    reports = zone_reports(transaction, named)
    if not any(_tells_zone(recorded.event) for recorded in reports):
        return True
    return all(
        (horizon.position is None or recorded.position <= horizon.position)
        and (horizon.now is None or not may_be_upcoming(recorded.event, horizon.now))
        for recorded in reports
    )


def _tells_zone(event: Event) -> bool:
    match event.data:
        case ProcessOpened(time_zone=zone):
            return zone is not None
        case EventCorrected(replacement=replacement):
            return "time_zone" in replacement.get("data", ())
        case _:
            return False
