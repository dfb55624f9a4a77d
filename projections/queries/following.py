"""Which subjects belong to a process that is followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.finding import Finding
from domain.findings.rules import OF_ARCHIVES, OF_FOLLOWED, holds
from domain.general import SubjectState
from domain.values import Subject
from projections.read_models.membership import processes_of
from projections.read_models.process_list import followed_among
from projections.read_models.revisions import canonical_subjects
from projections.storage.tables import Transaction


def others_of(states: Mapping[Subject, SubjectState], own: Subject, joined: Mapping[Subject, Subject]) -> set[Subject]:
    """The other processes, by the ids that stay, of the subjects of a process."""
    paths = {Subject(f"processes/{name}") for state in states.values() for name in state.processes}
    return {joined.get(path, path) for path in paths} - {own}


def unfollowed_in(
    states: Mapping[Subject, SubjectState], own: Subject, joined: Mapping[Subject, Subject], others: Iterable[Subject]
) -> frozenset[Subject]:
    """The subjects of a process that is not followed which are in none that is.

    Args:
        states: of the subjects.
        own: the process.
        joined: the subjects that gave way, each with the one that stays.
        others: the processes that are followed.
    """
    followed = set(others)
    return frozenset(
        path for path, state in states.items() if followed.isdisjoint(others_of({path: state}, own, joined))
    )


def of_followed(transaction: Transaction, findings: Iterable[Finding]) -> list[Finding]:
    """Findings of any subjects, of those that hold only for processes that are followed, or only for archives, where it
    is so."""
    findings_shown = list(findings)
    subjects = {finding.subject for finding in findings_shown if finding.rule in OF_FOLLOWED | OF_ARCHIVES}
    if not subjects:
        return findings_shown
    joined = canonical_subjects(transaction)
    processes: dict[str, set[str]] = {}
    for subject, process in processes_of(transaction, subjects):
        path = Subject(f"processes/{process}")
        processes.setdefault(subject, set()).add(joined.get(path, path).partition("/")[2])
    followed = followed_among(transaction, {process for theirs in processes.values() for process in theirs})
    return [
        finding
        for finding in findings_shown
        if holds(finding.rule, followed=not followed.isdisjoint(processes.get(finding.subject, ())))
    ]
