"""What the newest claims on figures tell: kept for each series, and each kin of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.finding import Finding
from domain.findings.figures import of_all_series, of_kin, of_series
from domain.values import Subject
from projections.read_models.change_set import ChangeSet
from projections.read_models.figures import Claim, newest_claims, newest_of_kin, newest_on_series
from projections.read_models.figures import meant as claims_meant
from projections.read_models.finding_rows import FINDINGS, replace_findings
from projections.read_models.place_meanings import IN_ANY, Ways, ways_of
from projections.storage.sql import rows_where

_OF_SERIES = "series "
OF_CLAIMS = "claims"
"""The part of what claims tell of subjects of which several descriptions mean one place."""


def renew_claims(changes: ChangeSet) -> None:
    """What the newest claims tell, of the series on which claims came or went, and of their kin.

    Where descriptions of a subject mean one place, claims on several series may be on one: all are looked at together.
    """
    touched = {Subject(subject) for subject, _ in (*changes.series, *changes.kin)} | set(changes.reclassed)
    ways = ways_of(changes, [subject for subject in touched if subject not in changes.stays])
    apart = {subject for subject in ways if ways[subject] == IN_ANY}
    everything = newest_claims(changes.transaction, [s for s in ways if s in changes.reclassed or s not in apart])
    of_subject: dict[Subject, list[Claim]] = defaultdict(list)
    for claim in everything:
        of_subject[Subject(claim.subject)].append(claim)
    _forget_series(changes, [subject for subject in ways if subject in changes.reclassed or subject not in apart])
    together = [subject for subject in ways if subject not in apart]
    findings = [
        (OF_CLAIMS, process, finding)
        for subject in together
        for process, finding in of_claims_on(subject, of_subject[subject], ways[subject])
    ]
    replace_findings(changes, [(subject, OF_CLAIMS) for subject in ways], findings)
    again = [(claim.subject, *claim.keys) for claim in everything if claim.subject in changes.reclassed]
    of_series_again = {(subject, series) for subject, series, _ in again}
    of_kin_again = {(subject, kin) for subject, _, kin in again}
    _renew_series(changes, {pair for pair in changes.series | of_series_again if pair[0] in apart})
    _renew_kin(changes, {pair for pair in changes.kin | of_kin_again if pair[0] in ways}, ways)


def _forget_series(changes: ChangeSet, subjects: Iterable[Subject]) -> None:
    """Deletes what single series of subjects tell."""
    table = changes.table(FINDINGS)
    columns = (table.c.subject, table.c.part)
    rows = rows_where(changes.connection, columns, table.c.subject, subjects)
    gone = {(Subject(subject), part) for subject, part in rows if part.startswith(_OF_SERIES)}
    replace_findings(changes, sorted(gone), ())


def series_part(key: str) -> str:
    """The part of what one series tells, by its key."""
    return f"{_OF_SERIES}{key}"


def kin_part(key: str) -> str:
    """The part of what one kin of series tells, by its key."""
    return f"kin {key}"


def of_one_series(subject: Subject, claims: Sequence[Claim]) -> Iterable[Finding]:
    """What the newest claims on one series tell."""
    return of_series(subject, [claim.made for claim in claims]) if len(claims) > 1 else ()


def of_kin_of(subject: Subject, claims: Sequence[Claim], ways: Ways) -> Iterator[tuple[str, Finding]]:
    """What the newest claims of one claimant on one kin of series tell, each with the process in which it stands."""
    for process, meanings in ways if len(claims) > 1 else ():
        for finding in of_kin(subject, [claim.made for claim in claims_meant(claims, meanings)]):
            yield process, finding


def of_claims_on(subject: Subject, claims: Sequence[Claim], ways: Ways) -> Iterator[tuple[str, Finding]]:
    """What all newest claims on a subject tell, each with the process in which it stands."""
    for process, meanings in ways:
        for finding in of_all_series(subject, [claim.made for claim in claims_meant(claims, meanings)]):
            yield process, finding


def _renew_series(changes: ChangeSet, pairs: set[tuple[str, str]]) -> None:
    came = pairs & changes.series - changes.series_lost
    events = {event.key for _, event in changes.come} if came else ()
    claims_on = newest_on_series(changes.transaction, came, events) | newest_on_series(
        changes.transaction, pairs - came
    )
    findings = [
        (series_part(key), "", finding)
        for (subject, key), claims in claims_on.items()
        for finding in of_one_series(Subject(subject), claims)
    ]
    replace_findings(changes, [(Subject(subject), series_part(key)) for subject, key in claims_on], findings)


def _renew_kin(changes: ChangeSet, pairs: set[tuple[str, str]], ways: Mapping[Subject, Ways]) -> None:
    findings = [
        (kin_part(key), process, finding)
        for (subject, key), claims in newest_of_kin(changes.transaction, pairs).items()
        for process, finding in of_kin_of(Subject(subject), claims, ways[Subject(subject)])
    ]
    replace_findings(changes, [(Subject(subject), kin_part(key)) for subject, key in pairs], findings)
