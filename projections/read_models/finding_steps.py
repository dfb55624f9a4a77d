"""What stands on a subject after each event of a batch, as far as claims and repeated reports tell: stepped in memory.

Where somebody asks what single events do to findings, a batch may hold several plain reports of one subject, in their
order. Its tables are changed once, and hold what stands after the last of them. What stands after those before it is
worked out here, before the batch has changed what claims and hashes are kept: only the parts of the findings that the
event renews, from what was kept and what came until then. What the last one leaves is what the tables will hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from domain.event import Event, Recorded
from domain.finding import Finding
from domain.findings.dates import of_dates
from domain.findings.figures import has_parts, of_parts
from domain.findings.reports import LOOKED_AT
from domain.spans import ANYWHERE
from domain.values import Subject
from projections.read_models.change_set import ChangeSet, FindingKey, ReadModel
from projections.read_models.claim_findings import (
    OF_CLAIMS,
    kin_part,
    of_claims_on,
    of_kin_of,
    of_one_series,
    series_part,
)
from projections.read_models.date_findings import dates_part
from projections.read_models.figures import (
    Claim,
    claims_by,
    newest_claims,
    newest_of_kin,
    newest_on_series,
    tolls_by,
    tolls_of,
    with_tolls,
)
from projections.read_models.findings import OF_STATE, of_state, part_of_report
from projections.read_models.place_meanings import IN_ANY, Ways, ways_of
from projections.read_models.repeated_reports import events_in_effect, keys_of, of_content, reported_by

Part = tuple[Subject, str]
Renewed = Iterable[tuple[str, Finding]]
"""Findings, each with the process in which it stands (empty: in any)."""


def apply(changes: ChangeSet) -> None:
    edits = changes.edits
    if edits is None or not edits.asked.plain:
        return
    only_adds = not (changes.gone or changes.reclassed or changes.retimed)
    if not only_adds and not edits.asked.earlier:
        return
    earlier = edits.asked.earlier
    come = [(recorded, event) for recorded, event in changes.come if only_adds or recorded.key in earlier]
    events = [event for _, event in come]
    ways = ways_of(changes, {event.subject for event in events})
    claims, repeats = _Claims(changes, events, ways), _Repeats(changes, events, ways)
    stepped: dict[Part, list[tuple[str, Finding]]] = {}
    for recorded, event in come:
        renewed = claims.take(event) | repeats.take(event)
        stepped |= renewed
        if recorded.key in earlier:
            renewed |= {part: list(findings) for part, findings in _of_report(changes, recorded, event, ways)}
            edits.steps[recorded.key] = {
                part: {_key(part[1], process, finding): finding for process, finding in findings}
                for part, findings in renewed.items()
            }
    if only_adds:
        changes.stepped = stepped


def _key(part: str, process: str, finding: Finding) -> FindingKey:
    return (finding.subject, part, process, finding.rule, finding.about)


def _of_report(
    changes: ChangeSet, recorded: Recorded, event: Event, ways: dict[Subject, Ways]
) -> Iterator[tuple[Part, Renewed]]:
    """What the report itself tells, and the state with it."""
    subject = event.subject
    state = changes.edits.states.get(recorded.key) if changes.edits is not None else None
    if state is not None:
        yield (subject, OF_STATE), of_state(subject, state, ways[subject], changes.zones.get(subject, ANYWHERE))
    doubtful = of_dates(subject, event, int(recorded.recorded_at.timestamp()))
    if doubtful:
        yield (subject, dates_part(event)), [("", finding) for finding in doubtful]
    if has_parts(event):
        yield (subject, part_of_report(event)), [("", finding) for finding in of_parts(subject, event)]


class _Claims:
    """The newest claims that reports of a batch bear on: as they were before it, then report by report."""

    def __init__(self, changes: ChangeSet, reports: Sequence[Event], ways: dict[Subject, Ways]) -> None:
        self._ways = ways
        made = [claim for event in reports for claim in claims_by(event)]
        self._tolls: list[Claim] = []
        self._of_series: defaultdict[tuple[str, str], dict[tuple[str, bool], Claim]] = defaultdict(dict)
        self._of_kin: defaultdict[tuple[str, str], dict[tuple[str, bool], Claim]] = defaultdict(dict)
        self._of_subject: defaultdict[str, dict[tuple[str, str, bool], Claim]] = defaultdict(dict)
        if not made:
            return
        pairs = [(claim.subject, *claim.keys) for claim in made if claim.subject not in changes.new]
        of_series = {(s, series) for s, series, _ in pairs if self._apart(s)}
        of_kin = {(s, kin) for s, _, kin in pairs}
        known = [
            *(claim for some in newest_on_series(changes.transaction, of_series).values() for claim in some),
            *(claim for some in newest_of_kin(changes.transaction, of_kin).values() for claim in some),
            *newest_claims(changes.transaction, {s for s, _, _ in pairs if not self._apart(s)}),
        ]
        self._tolls = tolls_of(changes.transaction, {(s, series) for s, series, _ in pairs})
        for claim in known:
            if not claim.of_report:
                self._put(claim)

    def _apart(self, subject: str) -> bool:
        return self._ways[Subject(subject)] == IN_ANY

    def _put(self, claim: Claim) -> None:
        subject, (series, kin) = claim.subject, claim.keys
        who = (claim.claimant.key, claim.assessed)
        known = self._of_series[subject, series].get(who)
        if known is not None and known.order > claim.order:
            return
        self._of_series[subject, series][who] = claim
        self._of_kin[subject, kin][series, claim.assessed] = claim
        if not self._apart(subject):
            self._of_subject[subject][series, *who] = claim

    def take(self, event: Event) -> dict[Part, list[tuple[str, Finding]]]:
        """What claims tell with those of one more report, by the parts that it renews."""
        made = list(claims_by(event))
        self._tolls += tolls_by(event)
        for claim in made:
            self._put(claim)
        subject, renewed = event.subject, dict[Part, list[tuple[str, Finding]]]()
        for series, kin in dict.fromkeys(claim.keys for claim in made):
            ways = self._ways[subject]
            if self._apart(subject):
                claims = with_tolls(list(self._of_series[subject, series].values()), self._tolls)
                renewed[subject, series_part(series)] = [("", one) for one in of_one_series(subject, claims)]
            renewed[subject, kin_part(kin)] = list(of_kin_of(subject, list(self._of_kin[subject, kin].values()), ways))
        if made and not self._apart(subject):
            every = with_tolls(list(self._of_subject[subject].values()), self._tolls)
            renewed[subject, OF_CLAIMS] = list(of_claims_on(subject, every, self._ways[subject]))
        return renewed


class _Repeats:
    """What is reported by which reports, as far as those of a batch bear on it: before it, then report by report."""

    def __init__(self, changes: ChangeSet, reports: Sequence[Event], ways: dict[Subject, Ways]) -> None:
        self._ways = ways
        self._keys = {event.key: keys_of(event) for event in reports}
        pairs = {(event.subject, key) for event in reports for key in self._keys[event.key]}
        self._told = reported_by(changes, pairs)
        told = [event_id for ids in self._told.values() for event_id in ids]
        self._events = events_in_effect(changes, told) if told else {event.key: event for event in reports}

    def take(self, event: Event) -> dict[Part, list[tuple[str, Finding]]]:
        """What is told more than once with one more report, by the parts that it renews."""
        renewed: dict[Part, list[tuple[str, Finding]]] = {}
        for key in self._keys[event.key]:
            told = self._told[event.subject, key]
            told.append(event.key)
            if len(told) > 1:
                reports = [self._events[i] for i in sorted(told)[: LOOKED_AT + 1] if i in self._events]
                renewed[event.subject, key] = list(of_content(event.subject, key, reports, self._ways[event.subject]))
        return renewed


READ_MODEL = ReadModel((), apply)
