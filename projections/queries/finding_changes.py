"""What events did to the findings of their own subjects, as the answer to an append tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from domain import families
from domain.errors import NotFound
from domain.event import Recorded
from domain.finding import Finding
from domain.horizon import Horizon, Seen, seen_from
from domain.references import naming
from domain.values import IN_NO_PROCESS, EventId, Subject
from projections.answers.findings import ChangedFinding
from projections.queries.actors_seen import actors_seen, with_actors
from projections.queries.at_horizon import HorizonRequest, process_view
from projections.queries.findings import shown_finding
from projections.queries.snapshot import findings_of_subjects
from projections.read_models import figures, findings, foreign_ids
from projections.read_models.change_set import FindingChanges
from projections.read_models.date_findings import of_revisions
from projections.read_models.finding_changes import changes_between, kept_at
from projections.read_models.foreign_ids import ever_under_ids_of
from projections.read_models.membership import ever_in
from projections.read_models.revisions import ever_unified
from projections.read_models.timeline import all_of
from projections.renderer import Renderer
from projections.storage.tables import Transaction


class RecordedReport(NamedTuple):
    """An event of which is asked what it did."""

    subject: Subject
    """As it was recorded."""
    position: int
    recorded_at: datetime


MOST_FOLDED = 20
"""Events of one request for which it is worked out anew, where it was not kept."""


def changes_by(transaction: Transaction, events: Sequence[RecordedReport]) -> dict[int, FindingChanges]:
    """What events did to the findings of their subjects, by position.

    It was kept while the read models took them, if the server that recorded them also makes the read models. Of others
    it is worked out from the log before and after: the same, and slow. Of many it is not, and they are missing.
    """
    changes = kept_at(transaction, (event.position for event in events))
    for event in [event for event in events if event.position not in changes][:MOST_FOLDED]:
        before, after = (_findings_at(transaction, event, event.position - back) for back in (1, 0))
        changes[event.position] = changes_between(before, after, int(event.recorded_at.timestamp()))
    return changes


def shown_changes(changes: FindingChanges) -> list[ChangedFinding]:
    """How they are shown."""
    return [{"now": turn.value, **shown_finding(Renderer(), finding)} for turn, finding in changes.turns]


def _findings_at(transaction: Transaction, event: RecordedReport, position: int) -> set[Finding]:
    """The findings of the subject of an event at a position, by the clock of the event."""
    if event.subject.partition("/")[0] in IN_NO_PROCESS:
        return set(_of_one(transaction, event, position))
    together = ever_unified(transaction).get(event.subject, frozenset((event.subject,)))
    processes = {process for process, _ in ever_in(transaction, together)}
    request = HorizonRequest(known_at_position=position, position=position)
    found: set[Finding] = set()
    for process in sorted(processes):
        try:
            view = process_view(transaction, process, event.recorded_at, request)
        except NotFound:
            continue
        stays = view.snapshot.joined.get(event.subject, event.subject)
        found |= {finding for finding in findings_of_subjects(view.snapshot) if finding.subject == stays}
    return found


# --- what belongs to no process


def _of_one(transaction: Transaction, event: RecordedReport, position: int) -> list[Finding]:
    """The findings of an actor or a place at a position."""
    seen = _seen(transaction, event, position)
    stays = seen.joined.get(event.subject, event.subject)
    reports = seen.events.get(stays, [])
    state = families.fold(stays.partition("/")[0], reports)
    if not state.opened:
        return []
    recorded = {r.event.id: r for r in seen.known}
    standings = [seen.standings[report.id] for report in reports]
    told_at = {
        one.recorded.key: max(
            int(recorded[told].recorded_at.timestamp())
            for told in (one.recorded.event.id, *one.corrected_by, *one.repeated_by)
            if told in recorded
        )
        for one in standings
    }
    disputes = [
        (stays, one.recorded.event.id, naming(recorded[EventId(dispute)].event, seen.joined))
        for one in standings
        for dispute in one.disputed_by
    ]
    holders = foreign_ids.holders_in(report for theirs in seen.events.values() for report in theirs)
    claims = figures.fold(reports)
    revisions = [r for r in seen.known if r.event.data.revises and seen.joined.get(r.subject, r.subject) == stays]
    of_reports = findings.fold({stays: state}, claims, reports, disputes, {}, holders, told_at, ("", ()))
    return [*of_reports, *of_revisions(stays, revisions)]


def _seen(transaction: Transaction, event: RecordedReport, position: int) -> Seen:
    """All that bears on an actor or a place, at a position."""
    together = ever_unified(transaction)
    family = event.subject.partition("/")[0]
    own = all_of(transaction, together.get(event.subject, (event.subject,)))
    log = [*own, *_of_others(transaction, own, family), *all_of(transaction, _unified_actors(together))]
    by_position = {recorded.position: recorded for recorded in log}
    actors = actors_seen((r for r in by_position.values() if r.event.family == "actors"), position)
    if family == "actors":
        return actors
    return with_actors(seen_from(Horizon(position), _in_family(by_position.values(), family)), actors.joined)


def _in_family(log: Iterable[Recorded], family: str) -> list[Recorded]:
    return [recorded for recorded in log if recorded.event.family == family]


def _unified_actors(together: dict[Subject, frozenset[Subject]]) -> list[Subject]:
    return [path for path in together if path.startswith("actors/")]


def _of_others(transaction: Transaction, log: Sequence[Recorded], family: str) -> list[Recorded]:
    """All events of the others of a family that were ever put under an id that these were."""
    by_subject: defaultdict[Subject, list[Recorded]] = defaultdict(list)
    for recorded in all_of(transaction, ever_under_ids_of(transaction, log)):
        by_subject[recorded.subject].append(recorded)
    return [r for subject, theirs in by_subject.items() if subject.partition("/")[0] == family for r in theirs]
