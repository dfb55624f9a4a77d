"""What does not fit and what is due, kept by subject and brought up to date with it.

Neither has a clock: a finding stands in a window of time, and a deadline is a date, so nothing has to be done when
time passes. Findings of a process as a whole are put together when they are read, from what is kept here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from domain import families
from domain.event import Event
from domain.finding import Finding
from domain.findings.figures import ClaimMade, of_claims
from domain.findings.processes import Act, acts, in_place, of_process
from domain.findings.reports import content_key, of_disputes, of_repeats
from domain.general import SubjectState
from domain.revisions import EventDisputed
from domain.values import EventId, Subject
from projections.picture import Claim, Picture
from projections.read_models.deadlines import DEADLINES
from projections.read_models.figures import SERIES
from projections.read_models.findings import ACTOR_ACTIVITY, FINDINGS, REPORT_HASHES
from projections.storage.sql import delete_keys, delete_pairs, delete_where, put, rows_where, rows_where_pairs
from projections.storage.tables import GenerationTables

STATE, CLAIMS, DISPUTES = "state", "claims", "disputes"
"""Parts of a subject's findings that are renewed at once; what is said twice is a part for each content."""
PLACED = ""
"""What an actor with a role or a side does, in the table of acts."""


def claim_made(claim: Claim) -> ClaimMade:
    """A claim of a picture, as findings look at it."""
    earliest, latest, _, event_id = claim.order
    return ClaimMade(
        claim.series,
        claim.claimant,
        claim.assessed,
        claim.low,
        claim.high,
        earliest,
        latest,
        EventId(UUID(event_id)),
    )


def disputant(dispute: Event) -> str:
    """Who disputes: the actor named, the one described, else whoever says that it is disputed."""
    data = dispute.data
    assert isinstance(data, EventDisputed)  # noqa: S101  only disputes are asked about
    if data.by is not None:
        return f"actors/{data.by}"
    return data.described or ", ".join(dispute.claimants)


def findings_in(picture: Picture) -> list[Finding]:
    """All findings of a picture that was folded in memory, whenever they stand."""
    found: list[Finding] = []
    claims: dict[Subject, list[ClaimMade]] = defaultdict(list)
    for claim in picture.claims:
        claims[Subject(claim.subject)].append(claim_made(claim))
    alike: dict[tuple[Subject, str, str | None], list[Event]] = defaultdict(list)
    for event in picture.in_effect:
        alike[event.subject, event.type, event.occurred].append(event)
    disputed: dict[Subject, list[tuple[EventId, EventId, str]]] = defaultdict(list)
    for event in picture.in_effect:
        for dispute in picture.marks.get(event.key, {}).get("disputed_by", ()):
            recorded = picture.events[dispute]
            disputed[event.subject].append((event.id, recorded.event.id, disputant(recorded.event)))
    for subject, state in picture.states.items():
        if state.opened:
            found += families.findings(subject, state)
    for subject, made in claims.items():
        found += of_claims(subject, made)
    for (subject, _, _), events in alike.items():
        if len(events) > 1:
            found += of_repeats(subject, events)
    for subject, pairs in disputed.items():
        found += of_disputes(subject, pairs)
    return [*found, *of_process(picture.process, picture.states, picture.heard.on if picture.heard else None)]


class Outlook:
    """Keeps findings and deadlines of the subjects that a batch changes.

    Args:
        connection: the transaction of the batch.
        tables: of the generation.
    """

    def __init__(self, connection: Connection, tables: GenerationTables) -> None:
        self._connection = connection
        self._tables = tables
        self._was_twice: set[tuple[Subject, str]] = set()

    def forget(self, subjects: Sequence[Subject]) -> None:
        """Takes away all that is kept of subjects that gave way."""
        tables = self._tables
        for table in (tables.table(FINDINGS), tables.table(DEADLINES), tables.table(ACTOR_ACTIVITY)):
            delete_where(self._connection, table.c.subject, subjects)

    def renew_states(self, changed: Mapping[Subject, SubjectState]) -> None:
        """What the folded states tell: nothing, of a withdrawn subject."""
        tables = self._tables
        alive = {subject: state for subject, state in changed.items() if state.opened}
        told = [(STATE, one) for subject, state in alive.items() for one in families.findings(subject, state)]
        self._replace([(subject, STATE) for subject in changed], told)
        due = [
            {
                "subject": subject,
                "number": number,
                "what": one.what,
                "when": str(one.when),
                "earliest": one.when.span.earliest,
                "latest": one.when.span.latest,
                "actor": one.actor,
                "events": json.dumps([str(event) for event in one.events]),
            }
            for subject, state in alive.items()
            for number, one in enumerate(families.due(state))
        ]
        acting = [
            {"subject": subject, "actor": actor, "what": PLACED, "events": "[]"}
            for subject, state in alive.items()
            for actor in sorted(in_place(state))
        ]
        acting += [row for subject, state in alive.items() for row in _acts(acts(subject, state))]
        for table, rows in ((tables.table(DEADLINES), due), (tables.table(ACTOR_ACTIVITY), acting)):
            delete_where(self._connection, table.c.subject, changed)
            put(self._connection, table, rows)

    def renew_claims(self, subjects: Iterable[Subject]) -> None:
        """What the newest claims of subjects tell."""
        series = self._tables.table(SERIES)
        mine: dict[Subject, list[ClaimMade]] = {subject: [] for subject in subjects}
        for row in rows_where(self._connection, series, series.c.subject, mine):
            mine[Subject(row.subject)].append(
                ClaimMade(
                    tuple(json.loads(row.series)),
                    row.claimant,
                    row.assessed,
                    row.low,
                    row.high,
                    row.earliest,
                    row.latest,
                    EventId(UUID(row.event_id)),
                )
            )
        found = [(CLAIMS, one) for subject, made in mine.items() for one in of_claims(subject, made)]
        self._replace([(subject, CLAIMS) for subject in mine], found)

    def said(self, gone: Iterable[Event], come: Iterable[Event]) -> dict[tuple[Subject, str], list[str]]:
        """Keeps what is said by which events.

        Returns:
            What was touched, each with the ids of the events that say it now, where that is more than one.
        """
        table = self._tables.table(REPORT_HASHES)
        lost = [(event.subject, content_key(event), event.key) for event in gone]
        new = [(event.subject, content_key(event), event.key) for event in come]
        delete_keys(self._connection, (table.c.subject, table.c.content, table.c.event_id), lost)
        touched: dict[tuple[Subject, str], list[str]] = {(subject, key): [] for subject, key, _ in (*lost, *new)}
        pair = (table.c.subject, table.c.content)
        for subject, content, event_id in rows_where_pairs(self._connection, table, pair, touched):
            touched[subject, content].append(event_id)
        put(self._connection, table, [{"subject": s, "content": key, "event_id": i} for s, key, i in new])
        for subject, content, event_id in new:
            touched[subject, content].append(event_id)
        for ids in touched.values():
            ids.sort()
        self._was_twice = {(s, content) for s, content, _ in lost}
        return touched

    def renew_repeats(self, touched: Mapping[tuple[Subject, str], list[str]], events: Mapping[str, Event]) -> None:
        """What is said twice, among what was touched.

        Args:
            touched: as `said` gives it.
            events: the events in effect named there, by id.
        """
        whose = [one for one, ids in touched.items() if len(ids) > 1 or one in self._was_twice]
        found = [
            (content, one)
            for subject, content in whose
            for one in of_repeats(subject, [events[i] for i in touched[subject, content] if i in events])
        ]
        self._replace(whose, found)

    def renew_disputes(self, disputed: Mapping[Subject, list[tuple[EventId, EventId, str]]]) -> None:
        """Which reports in effect are disputed, of the subjects given."""
        found = [(DISPUTES, one) for subject, pairs in disputed.items() for one in of_disputes(subject, pairs)]
        self._replace([(subject, DISPUTES) for subject in disputed], found)

    def _replace(self, whose: Sequence[tuple[Subject, str]], found: Iterable[tuple[str, Finding]]) -> None:
        """Puts findings, each with its part, in the place of those of the same subjects and parts."""
        table = self._tables.table(FINDINGS)
        delete_pairs(self._connection, (table.c.subject, table.c.part), whose)
        rows = [
            {
                "subject": one.subject,
                "part": part,
                "rule": one.rule,
                "about": one.about,
                "text": one.text,
                "events": json.dumps([str(event) for event in one.events]),
                "since": one.since,
                "until": one.until,
            }
            for part, one in found
        ]
        put(self._connection, table, rows)


def _acts(found: Iterable[Act]) -> list[dict[str, Any]]:
    """Rows of the table of acts, one for each actor and what it does."""
    events: dict[tuple[Subject, str, str], list[str]] = defaultdict(list)
    for act in found:
        events[act.subject, act.actor, act.what] += map(str, act.events)
    return [
        {"subject": subject, "actor": actor, "what": what, "events": json.dumps(list(dict.fromkeys(ids)))}
        for (subject, actor, what), ids in events.items()
    ]
