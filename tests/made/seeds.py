"""The histories of `seeds/` as a set: nothing is planted in them, and what must be found was judged by reading them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from domain.values import Subject
from tests.made.sets import Kind, MadeSet

SEEDS = Path(__file__).parents[2] / "seeds"
HISTORIES = Kind("seeds", date(2017, 10, 27), "", None)
TRUTH: dict[str, dict[str, int]] = {
    "agreements/eastern-kalamun-signed-ceasefire": {"obligation-unsettled": 2},
    "agreements/ilvaran-truce": {
        "condition-not-held": 1,
        "contested": 1,
        "obligation-unsettled": 4,
        "phase-blocked": 3,
    },
    "convoys/ilvaran-aid-dolmet": {"contested": 1, "report-disputed": 1},
    "enrolments/ilvaran-settlement": {"claims-contradict": 1},
    "processes/ilvaran-valley": {"claims-contradict": 1, "proposal-unanswered": 1},
    "processes/kessur-gap": {"claims-contradict": 1},
    "talks/eastern-kalamun-truce": {"plan-date-passed": 1, "report-disputed": 1},
    "talks/ilvaran-round-4": {"plan-date-passed": 1},
}
"""How often each rule must find something on a subject."""


def seeds() -> MadeSet:
    """All histories, recorded at once, years later."""
    made = MadeSet(HISTORIES)
    for path in sorted(SEEDS.glob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sent = json.loads(line)
            report = {name: sent[name] for name in sent if name not in ("type", "subject", "occurred", "data")}
            made.send(sent["type"], sent["subject"], sent.get("occurred"), sent["data"], **report)
    of_rules = {(rule, Subject(subject)): number for subject, rules in TRUTH.items() for rule, number in rules.items()}
    made.truth = Counter(of_rules)
    return made
