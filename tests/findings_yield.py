"""What the rules of findings yield: how many planted cases each finds and misses, and what it finds falsely.

python -m tests.findings_yield
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.finding import Finding
from domain.findings.rules import RULES
from domain.values import Subject
from projections.catch_up import reading_at
from projections.queries.everywhere import findings_everywhere
from tests.made.archive import archive
from tests.made.register import register
from tests.made.seeds import seeds
from tests.made.sets import NOW, MadeSet
from tests.projections.world import follow, pull, views


@dataclass
class Yield:
    """What a rule finds in a set."""

    found: int = 0
    missed: int = 0
    false: int = 0


@dataclass
class Measured:
    """What all rules find in a set."""

    name: str
    events: int
    by_rule: dict[str, Yield]
    in_body: int
    """Findings on the body of the set, in which nothing is planted."""
    body_events: int
    false: list[tuple[str, Finding]] = field(default_factory=list)
    """What is found falsely, each with its process."""
    missed: list[tuple[str, Subject]] = field(default_factory=list)


def measured(made: MadeSet) -> Measured:
    """What stands in a set when it is looked at, held against the truth that it carries."""
    log = made.log()
    with views() as found:
        follow(found, pull(log), NOW)
        with reading_at(found, NOW) as reading:
            standing = list(findings_everywhere(reading, NOW))
    return compared(made, len(log), standing)


def compared(made: MadeSet, events: int, standing: Iterable[tuple[str, Finding]]) -> Measured:
    """Findings, each with its process, against the truth of a set. One on two processes counts once."""
    by_key = {finding.key: (process, finding) for process, finding in standing}
    raised = Counter((finding.rule, finding.subject) for _, finding in by_key.values())
    by_rule = {name: Yield() for name in RULES}
    for rule, subject in made.truth:
        of_rule = by_rule.setdefault(rule, Yield())
        of_rule.found += min(made.truth[rule, subject], raised[rule, subject])
        of_rule.missed += max(made.truth[rule, subject] - raised[rule, subject], 0)
    false: list[tuple[str, Finding]] = []
    used: Counter[tuple[str, Subject]] = Counter()
    for process, finding in by_key.values():
        used[finding.rule, finding.subject] += 1
        if used[finding.rule, finding.subject] > made.truth[finding.rule, finding.subject]:
            false.append((process, finding))
            by_rule.setdefault(finding.rule, Yield()).false += 1
    in_body = sum(process in made.body for process, _ in by_key.values())
    missed = [(rule, subject) for (rule, subject), n in made.truth.items() if raised[rule, subject] < n]
    return Measured(made.kind.name, events, by_rule, in_body, made.body_events, false, missed)


def main() -> None:
    for made in (seeds(), archive(), register()):
        told = measured(made)
        print(f"{told.name}: {told.events} events")
        print(f"  {'rule':<26}{'true':>6}{'near':>6}{'found':>7}{'missed':>8}{'false':>7}")
        for rule, of_rule in told.by_rule.items():
            cases = sum(number for (of, _), number in made.truth.items() if of == rule), made.planted[rule, False]
            print(f"  {rule:<26}{cases[0]:>6}{cases[1]:>6}{of_rule.found:>7}{of_rule.missed:>8}{of_rule.false:>7}")
        if told.body_events:
            per_100 = 100 * told.in_body / told.body_events
            print(f"  its body: {told.body_events} events, {told.in_body} findings, {per_100:.1f} per 100 events")
        for rule in RULES if "all" in sys.argv else sys.argv[1:]:
            for process, finding in told.false:
                if finding.rule == rule:
                    print(f"  false: {rule} {finding.subject} in {process}: {finding.text}")
            for missed, subject in told.missed:
                if missed == rule:
                    print(f"  missed: {rule} {subject}")


if __name__ == "__main__":
    main()
