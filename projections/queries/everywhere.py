"""The findings that stand in any process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.finding import Finding
from domain.findings.processes import Act, silence, without_role
from domain.process_zones import zones_in
from domain.values import Subject
from projections.queries.following import of_followed
from projections.read_models.findings import PLACED, activity_in_processes, in_processes
from projections.read_models.process_list import followed_lines
from projections.read_models.process_zones import names_of_zones
from projections.read_models.revisions import canonical_subjects, ids_of
from projections.storage.tables import Transaction


def findings_everywhere(
    transaction: Transaction, now: datetime, rule: str | None = None
) -> Iterator[tuple[str, Finding]]:
    """The findings of all processes that stand, each with the process; of this rule, or of any (None)."""
    moment, joined = int(now.timestamp()), canonical_subjects(transaction)
    seen: set[tuple[str, tuple[str, Subject, str]]] = set()
    kept = list(in_processes(transaction, moment, rule))
    followed = {finding.key for finding in of_followed(transaction, (finding for _, _, finding in kept))}
    for name, stands_in, finding in kept:
        if finding.key not in followed:
            continue
        process = ids_of(name, joined)[0]
        if stands_in in ("", process) and (process, finding.key) not in seen:
            seen.add((process, finding.key))
            yield process, finding
    for process, finding in (*_silent(transaction), *_without_role(transaction, joined)):
        if finding.stands(moment) and rule in (None, finding.rule):
            yield process, finding


def _silent(transaction: Transaction) -> Iterator[tuple[str, Finding]]:
    names = names_of_zones(transaction)
    for process, stages, heard_on in followed_lines(transaction):
        for finding in silence(process, stages, heard_on, zones_in([process], names)):
            yield process, finding


def _without_role(transaction: Transaction, joined: Mapping[Subject, Subject]) -> Iterator[tuple[str, Finding]]:
    done: dict[str, list[Act]] = {}
    placed: dict[str, set[str]] = {}
    followed = {process for process, _, _ in followed_lines(transaction)}
    for name, act in activity_in_processes(transaction):
        process = ids_of(name, joined)[0]
        if process not in followed:
            continue
        if act.what == PLACED:
            placed.setdefault(process, set()).add(act.actor)
        else:
            done.setdefault(process, []).append(act)
    for process, theirs in done.items():
        for finding in without_role(process, theirs, placed.get(process, ())):
            yield process, finding
