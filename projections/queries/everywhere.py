"""The findings that stand in any process: read process by process, as far as somebody wants them.

A page of a list costs what it shows, however many processes there are. Where few findings of a rule stand, they are
looked up by the rule, and only their processes are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.finding import Finding
from domain.findings.processes import ACTING_WITHOUT_ROLE, SILENCE, Act, silence, without_role
from domain.process_zones import zones_in
from domain.values import Subject
from projections.patience import each
from projections.queries.following import of_followed
from projections.read_models.findings import PLACED, Rules, activity_in, in_processes, subjects_with
from projections.read_models.membership import processes_of
from projections.read_models.process_list import followed_lines, ids_from
from projections.read_models.process_zones import names_of_zones
from projections.read_models.revisions import canonical_subjects
from projections.storage.tables import Transaction

OF_PROCESS: Final = frozenset((SILENCE.name, ACTING_WITHOUT_ROLE.name))
"""The rules whose findings are not kept, but put together of a process that is followed."""
FEW: Final = 500
"""So many findings are looked up by their rules; of more there are some in every part of the list."""
FIRST_PART: Final = 25
"""Processes that are read at once: few at first, since a page is soon full, and twice as many each time."""
LARGEST_PART: Final = 400


def findings_everywhere(
    transaction: Transaction, now: datetime, rules: Rules | None = None, first: str = ""
) -> Iterator[tuple[str, Finding]]:
    """The findings that stand in processes, each with the process, which come in order, from one on.

    Args:
        transaction: a snapshot.
        now: the time.
        rules: only of these; None: of any.
        first: the id of the process to begin with.
    """
    moment = int(now.timestamp())
    ids = _Ids(canonical_subjects(transaction))
    some = _few_processes(transaction, moment, rules, ids)
    if some is not None:
        yield from _in_parts(transaction, moment, rules, sorted(one for one in some if one >= first), ids)
        return
    size, followed = FIRST_PART, rules is not None and rules <= OF_PROCESS
    part = ids_from(transaction, first, size, followed=followed)
    while part:
        yield from _in_parts(transaction, moment, rules, part, ids)
        size = min(size * 2, LARGEST_PART)
        _, *part = ids_from(transaction, part[-1], size + 1, followed=followed)


def processes_with_findings(transaction: Transaction, now: datetime, rules: Rules) -> set[str] | None:
    """The processes in which findings of these rules stand, if those are few; else None."""
    moment, ids = int(now.timestamp()), _Ids(canonical_subjects(transaction))
    some = _few_processes(transaction, moment, rules, ids)
    return None if some is None else {one for one, _ in _in_parts(transaction, moment, rules, sorted(some), ids)}


def those_with_findings(transaction: Transaction, now: datetime, rules: Rules, processes: Sequence[str]) -> set[str]:
    """Those of some processes, by the ids that stay, in which findings of these rules stand."""
    ids = _Ids(canonical_subjects(transaction))
    return {process for process, _ in _in_parts(transaction, int(now.timestamp()), rules, processes, ids)}


class _Ids:
    """The ids of processes: those that stay, and those that gave way.

    Args:
        joined: the subjects that gave way, each with the one that stays.
    """

    def __init__(self, joined: Mapping[Subject, Subject]) -> None:
        self._joined = joined
        self._others: defaultdict[str, list[str]] = defaultdict(list)
        for path, stays in joined.items():
            if _is_process(path):
                self._others[stays.partition("/")[2]].append(path.partition("/")[2])

    def all_of(self, processes: Sequence[str]) -> dict[str, str]:
        """All ids of processes, each with the one that stays."""
        return {one: process for process in processes for one in (process, *self._others.get(process, ()))}

    def that_stays(self, process: str) -> str:
        path = Subject(f"processes/{process}")
        return self._joined.get(path, path).partition("/")[2]


def _is_process(path: Subject) -> bool:
    return path.startswith("processes/")


def _few_processes(transaction: Transaction, moment: int, rules: Rules | None, ids: _Ids) -> set[str] | None:
    """All processes in which findings of these rules may stand, if there are few; else None."""
    if rules is None or rules & OF_PROCESS:
        return None
    subjects = subjects_with(transaction, moment, rules, FEW) if rules else set()
    if subjects is None:
        return None
    own = {subject.partition("/")[2] for subject in subjects if _is_process(subject)}  # one may be withdrawn
    return {ids.that_stays(one) for one in {*own, *(process for _, process in processes_of(transaction, subjects))}}


def _in_parts(
    transaction: Transaction, moment: int, rules: Rules | None, processes: Sequence[str], ids: _Ids
) -> Iterator[tuple[str, Finding]]:
    """The findings that stand in some processes, by these in order, some of which are read at once."""
    for start in range(0, len(processes), LARGEST_PART):
        part = processes[start : start + LARGEST_PART]
        found_in = _standing(transaction, moment, rules, part, ids.all_of(part))
        for process in part:
            yield from ((process, finding) for finding in found_in.get(process, ()))


def _standing(
    transaction: Transaction, moment: int, rules: Rules | None, processes: Sequence[str], ids: Mapping[str, str]
) -> dict[str, list[Finding]]:
    """The findings that stand in some processes, given all their ids, each with the one that stays."""
    standing: defaultdict[str, dict[tuple[str, Subject, str], Finding]] = defaultdict(dict)
    of_subjects = rules is None or rules - OF_PROCESS
    kept = list(each(in_processes(transaction, moment, list(ids), rules))) if of_subjects else []
    followed = {finding.key for finding in of_followed(transaction, (finding for _, _, finding in kept))}
    for name, stands_in, finding in kept:
        process = ids[name]
        if finding.key in followed and stands_in in ("", process):
            standing[process].setdefault(finding.key, finding)
    if rules is None or rules & OF_PROCESS:
        for process, finding in _of_whole(transaction, processes, ids):
            if finding.stands(moment) and (rules is None or finding.rule in rules):
                standing[process].setdefault(finding.key, finding)
    return {process: list(findings.values()) for process, findings in standing.items()}


def _of_whole(
    transaction: Transaction, processes: Sequence[str], ids: Mapping[str, str]
) -> Iterator[tuple[str, Finding]]:
    """What only a process as a whole tells, of those that are followed, whenever it stands."""
    lines = followed_lines(transaction, processes)
    names = names_of_zones(transaction, [process for process, _, _ in lines])
    for process, stages, heard_on in lines:
        for finding in silence(process, stages, heard_on, zones_in([process], names)):
            yield process, finding
    followed = {process for process, _, _ in lines}
    done: defaultdict[str, list[Act]] = defaultdict(list)
    placed: defaultdict[str, set[str]] = defaultdict(set)
    for name, act in activity_in(transaction, [one for one, process in ids.items() if process in followed]):
        if act.what == PLACED:
            placed[ids[name]].add(act.actor)
        else:
            done[ids[name]].append(act)
    for process, theirs in done.items():
        for finding in without_role(process, theirs, placed[process]):
            yield process, finding
