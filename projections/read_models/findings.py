"""What does not fit, by subject, each finding with the time in which it stands.

A finding stands in a window of time, so nothing has to be done when time passes. Findings of a process as a whole are
put together when they are read, from what is kept here.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)

from domain import families
from domain.edtf import Span
from domain.event import Event
from domain.finding import Finding, Severity
from domain.findings.dates import company_among, is_far, of_dates, of_years_apart
from domain.findings.figures import ClaimMade, has_parts, of_claims, of_parts
from domain.findings.processes import Act, acts, in_doubt, in_place
from domain.findings.reports import (
    ForeignKey,
    Holders,
    disputant,
    number_keys,
    of_disputes,
    of_numbers,
    of_repeats,
    of_shared_ids,
)
from domain.findings.rules import OF_ARCHIVES, OF_FOLLOWED, RULES
from domain.general import SubjectState
from domain.place_meanings import state_meant
from domain.spans import ANYWHERE, Zones
from domain.values import EventId, Subject
from projections.patience import each
from projections.read_models.change_set import ChangeSet, DoubtfulPlaces, ReadModel
from projections.read_models.claim_findings import renew_claims
from projections.read_models.date_findings import renew_dates, renew_dates_of_revisions
from projections.read_models.figures import Claim
from projections.read_models.finding_rows import FINDINGS, finding_in, forget_findings, replace_findings, write_findings
from projections.read_models.foreign_ids import holders_of, ids_changed, keys_of
from projections.read_models.membership import BELONGS, counted
from projections.read_models.place_meanings import Ways, ways_of
from projections.read_models.repeated_reports import REPORT_HASHES, put_hashes, renew_repeats
from projections.read_models.upcoming import disputes_by_clock
from projections.storage.checked_text import CheckedText
from projections.storage.prepared import KEPT, fetch
from projections.storage.sql import (
    Query,
    among,
    chunks,
    delete_where,
    listed,
    put,
    rows_where,
)
from projections.storage.tables import GenerationTables, IndexDefinition, TableDefinition, Text, Transaction

ACTOR_ACTIVITY = TableDefinition(
    "actor_activity",
    Column("subject", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("events", CheckedText, nullable=False),
    indexes=[IndexDefinition("actor", ("actor",))],
)
"""Actors that act in a subject, and those that have a role or a side there."""

OF_STATE, OF_DISPUTES, OF_IDS, OF_PARTS, OF_PLACES = "state", "disputes", "ids", "parts", "places"
"""Parts of a subject's findings that are renewed at once; others are a content, a series, a kin of it, a report."""
PLACED = ""
"""What an actor with a role or a side does, in the table of activity."""

SEVERITIES = {severity: place for place, severity in enumerate(Severity)}
Rules = frozenset[str]
"""Rules by their names."""
_NOW = bindparam("now", type_=BigInteger)
RANKS = {name: place for place, name in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class Glance:
    """The findings that stand at a time."""

    by_rule: dict[str, int]
    gravest: list[Finding]
    until: int | None
    """When, in seconds since 1970, another one begins to stand or one no longer does; None: never."""


# --- a batch


def apply(changes: ChangeSet) -> None:
    forget_findings(changes, changes.gave_way)
    delete_where(changes.connection, changes.table(ACTOR_ACTIVITY).c.subject, changes.gave_way)
    _renew_states(changes)
    _renew_activity(changes)
    if changes.stepped is None:
        renew_claims(changes)
        renew_repeats(changes)
    else:
        changes.renewed.update(changes.stepped)
        put_hashes(changes)
    renew_dates(changes)
    renew_dates_of_revisions(changes)
    _renew_disputes(changes)
    _renew_shared_ids(changes)
    _renew_parts(changes)
    _renew_doubts(changes)
    write_findings(changes)


def _renew_states(changes: ChangeSet) -> None:
    """What the folded states tell."""
    states, zones = {**changes.states, **changes.other_clocks, **changes.reclassed}, changes.zones
    ways = ways_of(changes, states)
    findings = [
        (OF_STATE, process, finding)
        for subject, state in states.items()
        for process, finding in of_state(subject, state, ways[subject], zones.get(subject, ANYWHERE))
    ]
    replace_findings(changes, [(subject, OF_STATE) for subject in states], findings)


def of_state(subject: Subject, state: SubjectState, ways: Ways, zones: Zones) -> Iterator[tuple[str, Finding]]:
    """What a folded state tells, each finding with the process in which it stands: nothing, of a withdrawn subject."""
    for process, meanings in ways if state.opened else ():
        for finding in families.findings(subject, state_meant(state, meanings), zones):
            yield process, finding


def _renew_activity(changes: ChangeSet) -> None:
    table = changes.table(ACTOR_ACTIVITY)
    alive = {subject: state for subject, state in changes.states.items() if state.opened}
    rows = [
        {"subject": subject, "actor": actor, "what": PLACED, "events": "[]"}
        for subject, state in alive.items()
        for actor in sorted(in_place(state))
    ]
    rows += [row for subject, state in alive.items() for row in _activity_rows(acts(subject, state))]
    delete_where(changes.connection, table.c.subject, changes.states)
    put(changes.connection, table, rows)


def _activity_rows(done: Iterable[Act]) -> list[dict[str, Any]]:
    """One for each actor and what it does."""
    events: dict[tuple[Subject, str, str], list[str]] = defaultdict(list)
    for act in done:
        events[act.subject, act.actor, act.what] += map(str, act.events)
    return [
        {"subject": subject, "actor": actor, "what": what, "events": json.dumps(list(dict.fromkeys(ids)))}
        for (subject, actor, what), ids in events.items()
    ]


def _renew_disputes(changes: ChangeSet) -> None:
    """Which reports in effect are disputed."""
    revising = {r.subject for r in changes.events if r.event.data.revises} | changes.moved
    # What comes apart again leaves disputes behind where it was, too.
    named = revising | {changes.stays_before.get(subject, subject) for subject in changes.moved}
    subjects = {changes.canonical(subject) for subject in named} | changes.renaming | changes.retimed
    findings = [
        (OF_DISPUTES, "", finding)
        for subject, pairs in disputes_by_clock(changes, subjects).items()
        for finding in of_disputes(subject, [(event_id, dispute.id, disputant(dispute)) for event_id, dispute in pairs])
    ]
    replace_findings(changes, [(subject, OF_DISPUTES) for subject in subjects], findings)


def _renew_shared_ids(changes: ChangeSet) -> None:
    """Which ids of other registers several subjects carry: those that this batch touches, and their namesakes."""
    touched, keys = ids_changed(changes)
    if not keys:
        return
    alike = {subject for subjects in holders_of(changes.transaction, keys).values() for subject in subjects}
    subjects = sorted((touched | alike) - set(changes.gave_way))
    holders = holders_of(changes.transaction, keys_of(changes.transaction, subjects))
    findings = [(OF_IDS, "", finding) for subject in subjects for finding in of_shared_ids(subject, holders)]
    replace_findings(changes, [(subject, OF_IDS) for subject in subjects], findings)


def _renew_parts(changes: ChangeSet) -> None:
    """What a report itself puts above its whole: each report with parts is a part of the findings of its own."""
    gone = [event for event in changes.gone if has_parts(event)]
    come = [event for _, event in changes.come if has_parts(event)]
    if gone or come:
        findings = [
            (part_of_report(event), "", finding) for event in come for finding in of_parts(event.subject, event)
        ]
        replace_findings(changes, [(event.subject, part_of_report(event)) for event in (*gone, *come)], findings)


def part_of_report(event: Event) -> str:
    """The part of what a report itself puts above its whole."""
    return f"{OF_PARTS} {event.key}"


def _renew_doubts(changes: ChangeSet) -> None:
    """Of which places a description could mean any."""
    findings = [
        (
            _doubt_part(one.doubt.key),
            "",
            in_doubt(process, one.doubt.key, one.doubt.between, one.doubt.difference, one.events),
        )
        for process, (_, doubted) in changes.doubted.items()
        for one in doubted
    ]
    before = ((Subject(f"processes/{process}"), keys) for process, (keys, _) in changes.doubted.items())
    parts = {(subject, _doubt_part(key)) for subject, keys in before for key in keys}
    parts |= {(finding.subject, part) for part, _, finding in findings}
    if parts:
        replace_findings(changes, sorted(parts), findings)


def _doubt_part(key: str) -> str:
    return f"{OF_PLACES} {key}"


READ_MODEL = ReadModel((FINDINGS, REPORT_HASHES, ACTOR_ACTIVITY), apply)


# --- in memory


def fold(
    states: Mapping[Subject, SubjectState],
    claims: Iterable[Claim],
    in_effect: Sequence[Event],
    disputes: Iterable[tuple[Subject, EventId, Event]],
    zones: Mapping[Subject, Zones],
    holders: Mapping[ForeignKey, Holders],
    told_at: Mapping[str, int],
    doubts: tuple[str, Iterable[DoubtfulPlaces]],
    held: Sequence[Event] = (),
) -> list[Finding]:
    """The findings of subjects, whenever they stand.

    Args:
        states: of the subjects, their places as they are meant.
        claims: the newest ones on them.
        in_effect: all reports on them, their places as they are meant.
        disputes: the reports among these that are disputed, each with the dispute.
        zones: the zones of their processes, of those that have any.
        holders: the subjects, these and others, that carry ids of other registers.
        told_at: when what each report says was recorded last, in seconds since 1970, by its id.
        doubts: the process, and the places of it of which a description could mean any.
        held: reports on them that are still to come: only their dates are looked at.
    """
    findings: list[Finding] = []
    made: dict[Subject, list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        made[Subject(claim.subject)].append(claim.made)
    alike: dict[tuple[Subject, str, Span], list[Event]] = defaultdict(list)
    numbered: dict[tuple[Subject, str], list[Event]] = defaultdict(list)
    far: dict[Subject, list[Event]] = defaultdict(list)
    for event in each(in_effect):
        findings += of_parts(event.subject, event)
        alike[event.subject, event.type, event.span].append(event)
        for key in number_keys(event):
            numbered[event.subject, key].append(event)
    for event in each((*in_effect, *held)):
        findings += of_dates(event.subject, event, told_at[event.key])
        if is_far(event):
            far[event.subject].append(event)
    disputed: dict[Subject, list[tuple[EventId, EventId, str]]] = defaultdict(list)
    for subject, event_id, dispute in disputes:
        disputed[subject].append((event_id, dispute.id, disputant(dispute)))
    for subject, state in each(states.items()):
        if state.opened:
            findings += families.findings(subject, state, zones.get(subject, ANYWHERE))
    for subject, theirs in made.items():
        findings += of_claims(subject, theirs)
    for (subject, _, _), events in alike.items():
        findings += of_repeats(subject, events) if len(events) > 1 else ()
    for (subject, key), events in numbered.items():
        findings += of_numbers(subject, key, events)
    findings += _years_apart(far, in_effect)
    for subject, pairs in disputed.items():
        findings += of_disputes(subject, pairs)
    for subject in {subject for subjects in holders.values() for subject in subjects} & states.keys():
        findings += of_shared_ids(subject, holders)
    process, doubted = doubts
    findings += [in_doubt(process, d.doubt.key, d.doubt.between, d.doubt.difference, d.events) for d in doubted]
    return findings


def _years_apart(far: Mapping[Subject, Sequence[Event]], in_effect: Sequence[Event]) -> Iterator[Finding]:
    for subject, events in far.items():
        steps = [event for event in in_effect if event.subject == subject and families.is_step(event)]
        yield from of_years_apart(subject, events, partial(company_among, steps))


def gravity(finding: Finding) -> tuple[int, int, str, str]:
    """What findings are sorted by: the gravest first."""
    return (SEVERITIES[RULES[finding.rule].severity], RANKS[finding.rule], finding.subject, finding.about)


def glance_at(findings: Iterable[Finding], now: int, most: int) -> Glance:
    """What stands at a time, of findings that lie in memory: how many, and so many of the gravest."""
    every = list(findings)
    standing = sorted((finding for finding in every if finding.stands(now)), key=gravity)
    edges = [edge for finding in every for edge in (finding.since, finding.until) if edge is not None and edge > now]
    return Glance(dict(Counter(finding.rule for finding in standing)), standing[:most], min(edges, default=None))


# --- queries


def findings_of(transaction: Transaction, subjects: Iterable[str], process: str | None = None) -> list[Finding]:
    """All findings that are kept of subjects, whenever they stand: in one process, by the id that stays, or in any."""
    table = transaction.table(FINDINGS)
    rows = rows_where(transaction.connection, table, table.c.subject, subjects)
    return [finding_in(row) for row in rows if process is None or row.process in ("", process)]


def glance(
    transaction: Transaction,
    process: str,
    subjects: Sequence[str],
    further: Iterable[Finding],
    now: int,
    most: int,
    unfollowed: Collection[str] = (),
) -> Glance:
    """What stands of subjects at a time, of the findings that are kept: there may be thousands, and few are shown.

    Args:
        transaction: a snapshot.
        process: in which they stand, by the id that stays.
        subjects: by path.
        further: findings that are not kept, but put together.
        now: the time, in seconds since 1970.
        most: how many of the gravest to give.
        unfollowed: the subjects among these that belong to no process that is followed.
    """
    whole = glance_at(further, now, most)
    by_rule, gravest = Counter(whole.by_rule), list(whole.gravest)
    edges = [whole.until] if whole.until is not None else []
    connection = transaction.connection
    counting, of_rule, next_edges = _glancing(connection.dialect.name, transaction.table(FINDINGS))
    followed = chunks([subject for subject in subjects if subject not in unfollowed])
    for is_followed, some in (*((1, some) for some in followed), *((0, some) for some in chunks(sorted(unfollowed)))):
        parameters = {**listed(connection, some), "now": now, "process": process, "followed": is_followed}
        counts: dict[str, int] = {row[0]: row[1] for row in fetch(connection, counting, parameters)}
        by_rule.update(counts)
        wanted = most
        for rule in sorted(counts, key=lambda rule: (SEVERITIES[RULES[rule].severity], RANKS[rule])):
            if wanted <= 0:
                break
            rows = fetch(connection, of_rule, {**parameters, "rule": rule, "most": wanted})
            gravest += [finding_in(row) for row in rows]
            wanted -= counts[rule]
        edges += [edge for row in fetch(connection, next_edges, parameters) for edge in row if edge is not None]
    return Glance(dict(by_rule), sorted(gravest, key=gravity)[:most], min(edges, default=None))


@lru_cache(KEPT)
def _glancing(dialect: str, table: Table) -> tuple[Query, Query, Query]:
    """What a glance asks of the findings of subjects: how many of each rule stand; those of one rule; and when one
    begins or ends to stand next."""
    in_it = or_(table.c.process == "", table.c.process == bindparam("process", type_=Text))
    is_followed = bindparam("followed", type_=Integer) == 1
    holds = or_(
        and_(is_followed, *(table.c.rule != rule for rule in sorted(OF_ARCHIVES))),
        and_(not_(is_followed), *(table.c.rule != rule for rule in sorted(OF_FOLLOWED))),
    )
    ours, stands = and_(among(dialect, table.c.subject), in_it, holds), _stands(table, _NOW)
    counting = select(table.c.rule, func.count()).where(ours, stands).group_by(table.c.rule)
    of_rule = select(table).where(ours, stands, table.c.rule == bindparam("rule"))
    of_rule = of_rule.order_by(table.c.subject, table.c.about).limit(bindparam("most", type_=Integer))
    edges = (func.min(case((column > _NOW, column))) for column in (table.c.since, table.c.until))
    return counting, of_rule, select(*edges).where(ours)


def _stands(table: Table, now: ColumnElement[int]) -> ColumnElement[bool]:
    """The findings that stand at a time, in seconds since 1970."""
    return and_(or_(table.c.since.is_(None), table.c.since <= now), or_(table.c.until.is_(None), table.c.until > now))


def in_processes(
    transaction: Transaction, now: int, processes: Sequence[str], rules: Rules | None
) -> Iterator[tuple[str, str, Finding]]:
    """The findings that are kept and stand at a time, in some processes by any of their ids: a process of the subject,
    the process in which it stands (empty: in any), and the finding. Of these rules, or of any (None)."""
    connection = transaction.connection
    query = _in_processes(connection.dialect.name, transaction.tables)
    for row in fetch(connection, query, {**listed(connection, processes), "now": now}):
        if rules is None or row.rule in rules:  # asked of the database, it would begin with all findings of the rule
            yield row.belongs_to, row.process, finding_in(row)


@lru_cache(KEPT)
def _in_processes(dialect: str, tables: GenerationTables) -> Query:
    table, belongs = tables.table(FINDINGS), tables.table(BELONGS)
    query = select(belongs.c.process.label("belongs_to"), table).join(belongs, belongs.c.subject == table.c.subject)
    return query.where(among(dialect, belongs.c.process), _stands(table, _NOW), counted(tables))


def subjects_with(transaction: Transaction, now: int, rules: Rules, most: int) -> set[Subject] | None:
    """The subjects of which findings of these rules are kept and stand at a time; None if there are more than so many
    of them."""
    query = _subjects_with(transaction.tables, rules, most + 1)
    rows = fetch(transaction.connection, query, {"now": now})
    return {Subject(row.subject) for row in rows} if len(rows) <= most else None


@lru_cache(KEPT)
def _subjects_with(tables: GenerationTables, rules: Rules, most: int) -> Query:
    table = tables.table(FINDINGS)
    return select(table.c.subject).where(_of_rules(table, rules), _stands(table, _NOW)).limit(most)


def _of_rules(table: Table, rules: Rules) -> ColumnElement[bool]:
    return table.c.rule.in_([literal(rule) for rule in sorted(rules)])


def contradicting_events(transaction: Transaction, subjects: Iterable[str]) -> Iterator[tuple[str, str, list[str]]]:
    """What is contested of subjects: the subject, what it is about, and the events that contradict each other."""
    table = transaction.table(FINDINGS)
    for some in chunks(sorted(subjects)):
        query = select(table.c.subject, table.c.about, table.c.events)
        query = query.where(table.c.subject.in_(some), table.c.rule == "contested")
        for subject, about, events in transaction.connection.execute(query):
            yield subject, about, json.loads(events)


def activity_in(transaction: Transaction, processes: Sequence[str]) -> Iterator[tuple[str, Act]]:
    """What actors do in subjects of some processes, by any of their ids, that are not withdrawn: the process and the
    act; `PLACED` is to have a role or a side."""
    connection = transaction.connection
    query = _activity_in(connection.dialect.name, transaction.tables)
    for row in fetch(connection, query, listed(connection, processes)):
        events = tuple(EventId(UUID(event)) for event in json.loads(row.events))
        yield row.process, Act(Subject(row.subject), row.actor, row.what, events)


@lru_cache(KEPT)
def _activity_in(dialect: str, tables: GenerationTables) -> Query:
    activity, belongs = tables.table(ACTOR_ACTIVITY), tables.table(BELONGS)
    query = select(belongs.c.process, activity).join(belongs, belongs.c.subject == activity.c.subject)
    return query.where(among(dialect, belongs.c.process), belongs.c.withdrawn.is_(False))
