"""What does not fit: in one process, in single subjects, and in all processes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby, islice

from domain.event import instant
from domain.finding import Finding, Severity
from domain.findings.rules import RULES
from projections.answers.explanations import Explained, Named
from projections.answers.findings import FindingInProcess, FindingsGlance, ShownFinding
from projections.paging import Page, paged, read_cursor
from projections.queries import explanations
from projections.queries.at_horizon import PRESENT, HorizonRequest, process_view
from projections.queries.everywhere import findings_everywhere
from projections.queries.processes_at_horizon import views
from projections.read_models.findings import RANKS, SEVERITIES, Glance, Rules, gravity
from projections.renderer import Renderer
from projections.storage.tables import Transaction

NAMED = re.compile(r"\bactors/([a-z0-9][a-z0-9-]*)")


def findings(
    transaction: Transaction,
    process: str,
    now: datetime,
    request: HorizonRequest = PRESENT,
    rule: str | None = None,
    severity: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> tuple[Page[ShownFinding], Explained]:
    """The findings of a process that stand at the clock of the horizon, the gravest first, and what explains them.

    Args:
        transaction: a snapshot.
        process: id of the process.
        now: the clock on the wall, where the horizon does not set it.
        request: the horizon.
        rule, severity: only these; None: all.
        after, limit: of the page; without a limit it has as many as fit.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, str, int, int, str, str) if after is not None else None
    view = process_view(transaction, process, now, request, reports=False)
    renderer = Renderer()
    rules = _rules(rule, severity)
    wanted = [
        (_key(view.snapshot.process, finding), finding)
        for finding in standing(view.findings(), view.now)
        if rules is None or finding.rule in rules
    ]
    if last is not None:
        passed = next((number for number, (key, _) in enumerate(wanted, 1) if key == last), None)
        # It may be gone meanwhile: then those behind it are the ones that are less grave, or of another subject.
        wanted = wanted[passed:] if passed is not None else [pair for pair in wanted if pair[0][:4] > last[:4]]
    number = len(wanted) if limit is None else limit
    items = [shown_finding(Renderer(), finding) for _, finding in wanted[:number]]
    page = paged(items, [key for key, _ in wanted], more=len(wanted) > number)
    for _, finding in wanted[: len(page.items)]:
        shown_finding(renderer, finding)
    ids = list(renderer.events)
    return page, explanations.at_horizon(view, renderer, view.lookup(ids), view.marks(ids))


def all_findings(
    transaction: Transaction,
    now: datetime,
    rule: str | None,
    severity: str | None,
    after: str | None,
    limit: int,
    request: HorizonRequest = PRESENT,
) -> tuple[Page[FindingInProcess], Named]:
    """The findings that stand in any process, by process, the gravest first; and the names of the actors in them.

    At a horizon other than the present each process is folded, as many as the page shows, and what stands is told by
    the clock that the horizon sets for it.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, str, int, int, str, str) if after is not None else None
    rules, first = _rules(rule, severity), last[0] if last is not None else ""
    if request == PRESENT:
        listed = findings_everywhere(transaction, now, rules, first)
    else:
        listed = _at_horizon(transaction, now, request, rules, first)
    page = list(islice((pair for pair in _in_order(listed) if last is None or pair[0] > last), limit + 1))
    renderer = Renderer()
    items: list[FindingInProcess] = [
        {"process": key[0], **shown_finding(renderer, finding)} for key, finding in page[:limit]
    ]
    names = (
        explanations.actor_labels(transaction, renderer)
        if request == PRESENT
        else explanations.actor_labels_at(transaction, renderer.actors, request.position)
    )
    return paged(items, [key for key, _ in page], more=len(page) > limit), {"actors": names}


Key = tuple[str, int, int, str, str]
"""The place of a finding in the list of all."""


def _rules(rule: str | None, severity: str | None) -> Rules | None:
    """The rules that are asked for; None: all."""
    if rule is None and severity is None:
        return None
    names = RULES if rule is None else (rule,)
    return frozenset(name for name in names if severity in (None, RULES[name].severity.value))


def _in_order(listed: Iterable[tuple[str, Finding]]) -> Iterator[tuple[Key, Finding]]:
    """Findings by their places in the list, given process by process."""
    for _, of_process in groupby(listed, key=lambda pair: pair[0]):
        yield from sorted(((_key(*pair), pair[1]) for pair in of_process), key=lambda keyed: keyed[0])


def _at_horizon(
    transaction: Transaction, now: datetime, request: HorizonRequest, rules: Rules | None, first: str
) -> Iterator[tuple[str, Finding]]:
    """The findings that stand at a horizon, process by process, from this one on."""
    for view in views(transaction, now, request, first):
        for finding in standing(view.findings(), view.now):
            if rules is None or finding.rule in rules:
                yield view.snapshot.process, finding


def _key(process: str, finding: Finding) -> Key:
    """The place of a finding in the list; in a cursor a hash stands for a text of any length and script."""
    about = hashlib.blake2b(finding.about.encode(), digest_size=8).hexdigest()
    return (process, SEVERITIES[RULES[finding.rule].severity], RANKS[finding.rule], finding.subject, about)


# --- how they are shown


def standing(findings: Iterable[Finding], now: datetime) -> list[Finding]:
    """The findings that stand at a time, the gravest first."""
    moment = int(now.timestamp())
    return sorted((finding for finding in findings if finding.stands(moment)), key=gravity)


def shown_glance(renderer: Renderer, glance: Glance) -> FindingsGlance:
    """What does not fit: how many findings of each rule, and the gravest."""
    by_severity = Counter({severity.value: 0 for severity in Severity})
    for rule, count in glance.by_rule.items():
        by_severity[RULES[rule].severity.value] += count
    return {
        "total": sum(glance.by_rule.values()),
        "by_severity": dict(by_severity),
        "by_rule": dict(sorted(glance.by_rule.items(), key=lambda counted: RANKS[counted[0]])),
        "items": [shown_finding(renderer, finding) for finding in glance.gravest],
    }


def shown_finding(renderer: Renderer, finding: Finding) -> ShownFinding:
    """One finding, with the time in which it stands."""
    for actor in NAMED.findall(finding.text):
        renderer.actor(actor)
    return {
        "rule": finding.rule,
        "severity": RULES[finding.rule].severity.value,
        "subject": finding.subject,
        "about": finding.about,
        "text": finding.text,
        "since": _instant(finding.since),
        "until": _instant(finding.until),
        "events": renderer.rests_on(finding.events),
    }


def _instant(second: int | None) -> str | None:
    return instant(datetime.fromtimestamp(second, UTC)) if second is not None else None
