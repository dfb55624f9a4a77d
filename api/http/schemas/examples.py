"""Examples of what is sent and answered, for the documentation: short forms of the founding case."""

from __future__ import annotations

from typing import Any

from api.http.schemas.answers import LISTS, Schema
from domain.vocabulary import example

EXAMPLE_ACTOR = example("ActorIdentified")
EXAMPLE_PROCESS = example("ProcessOpened")
EXAMPLE_BATCH = [
    EXAMPLE_ACTOR,
    {
        **EXAMPLE_ACTOR,
        "id": "0192d5a0-7c00-7000-8000-000000000001",
        "subject": "actors/government",
        "data": {"kind": "state", "labels": [{"text": "Government of Syria", "lang": "en"}]},
    },
    EXAMPLE_PROCESS,
    example("TalksReported"),
    {**example("TalksScheduled"), "expected_version": 1},
]
EXAMPLE_APPENDED = {
    "events": [
        {
            "id": EXAMPLE_ACTOR["id"],
            "position": 1,
            "subject": EXAMPLE_ACTOR["subject"],
            "version": 1,
            "recorded_at": "2026-01-05T08:30:00.000000Z",
            "findings": [],
        }
    ],
    "position": 1,
}

EXAMPLE_RECORDED = {
    "position": 1,
    "id": EXAMPLE_ACTOR["id"],
    "type": EXAMPLE_ACTOR["type"],
    "subject": EXAMPLE_ACTOR["subject"],
    "occurred": EXAMPLE_ACTOR["occurred"],
    "sources": EXAMPLE_ACTOR["sources"],
    "recorded_at": "2026-01-05T08:30:00.000000Z",
    "recorded_by": "local",
    "schema": 1,
    "version": 1,
    "data": EXAMPLE_ACTOR["data"],
}


NEXT = "WyJlYXN0ZXJuLWthbGFtdW4iXQ"
_EVENT = "b7131032-e6b3-5c87-9c59-dbb069427976"


def example_line(value: Any) -> Schema:
    return {
        "value": value,
        "since": "../2017-10-27",
        "occurred": "../2017-10-27",
        "contested": False,
        "events": [_EVENT],
    }


_LABELS = [{"text": "Eastern Kalamun", "lang": "en"}]
_DUE = {
    "subject": "talks/eastern-kalamun-truce",
    "what": "round of talks",
    "when": "2017-10-29",
    "actor": None,
    "events": [_EVENT],
}
_HEARD = {"on": "2017-10-27", "publisher": "TASS", "claimant": "TASS", "events": [_EVENT]}
FIGURE: Schema = {
    "subject": "processes/eastern-kalamun",
    "measure": "population",
    "counting": "stock",
    "unit": "persons",
    "area": ["Eastern Kalamun"],
    "area_stated": True,
    "scope": None,
    "claims": [
        {
            "claimant": "TASS",
            "value": 200000,
            "qualifier": "about",
            "low": 180000,
            "high": 220000,
            "verbatim": "home to about 200,000 people",
            "as_of": "2017-10-27",
            "claims": 1,
            "events": [_EVENT],
        }
    ],
    "span": {"low": 180000, "high": 220000},
    "contested": False,
    "assessed": [],
}

HORIZON: Schema = {
    "as_of": "2017-10-28",
    "published_by": "2017-10-28",
    "known_at": "2026-01-05T09:00:00Z",
    "known_at_position": 42,
    "now": "2017-10-28T23:59:59.000000Z",
    "position": 42,
}
STATUS: Schema = {
    "process": "eastern-kalamun",
    "version": 9,
    "labels": _LABELS,
    "level": example_line("intrastate-local"),
    "horizon": {**HORIZON, "possible": 0, "beyond": 0},
    "state": example_line("open"),
    "ending": None,
    "last_heard": _HEARD,
    "people_at_risk": {"convoys": [], "places": []},
    "truce": {"agreements": [], "incidents": {}},
    "totals": {"talks": {"scheduled": 1}},
    **{name: [] for name in LISTS},
    "next_14_days": [_DUE],
    "figures": [FIGURE],
    "actors": {"government": {"label": "government of Syria", "kind": "government body"}},
    "evidence": {
        _EVENT: {
            "position": 29,
            "type": "TalksScheduled",
            "subject": "talks/eastern-kalamun-truce",
            "occurred": "../2017-10-27",
            "claimants": ["TASS"],
            "basis": "inferred by us",
        }
    },
}


def example_subject(path: str, **lines: Any) -> Schema:
    return {
        "subject": path,
        "labels": [{"text": path.partition("/")[2], "lang": "en"}],
        **lines,
        "roles": [],
        "positions": [],
        "proposals": [],
        "due": [],
        "events": [_EVENT],
    }


ROUND = example_subject(
    "talks/eastern-kalamun-truce", state=example_line("scheduled"), planned=example_line("2017-10-29")
)
AGREEMENT = example_subject("agreements/roadblock-checks", state=example_line("reached"), obligations=[])
CONVOY = example_subject("convoys/russian-aid", state=example_line("reported"))
ENROLMENT = example_subject("enrolments/reconciliation-participants", state=example_line("open"))
ACTOR = example_subject(
    "actors/reconciliation-centre", label="Centre for Reconciliation", kind=example_line("foreign forces")
)
CLAIM: Schema = {
    "event": _EVENT,
    "subject": "processes/eastern-kalamun",
    "occurred": "2017-10-27",
    "claimants": ["TASS"],
    "assessed": False,
    "reason": None,
    "measure": "population",
    "counting": "stock",
    "unit": "persons",
    "period": None,
    "area": ["Eastern Kalamun"],
    "scope": None,
    "value": 200000,
    "qualifier": "about",
    "low": 180000,
    "high": 220000,
    "verbatim": "home to about 200,000 people",
}
PROCESSES: Schema = {
    "processes": [
        {
            "process": "eastern-kalamun",
            "labels": _LABELS,
            "state": example_line("open"),
            "level": example_line("intrastate-local"),
            "areas": ["Eastern Kalamun"],
            "last_heard": {"on": "2017-10-27", "publisher": "TASS", "claimant": "TASS"},
            "updated": {"position": 42, "recorded_at": "2026-01-05T08:30:00.000000Z"},
        }
    ],
    "next": NEXT,
}
OBLIGATION: Schema = {
    "side": "army",
    "owes": [
        {
            "agreement": "agreements/roadblock-checks",
            "obligation": "simplify-checks",
            "agreed": example_line({"text": "Simpler checks at government roadblocks.", "debtor": ["army"]}),
            "score": None,
            "kept": False,
            "blocked_by": [],
            "overdue": False,
        }
    ],
    "is_owed": [],
}
FINDING: Schema = {
    "rule": "plan-date-passed",
    "severity": "moderate",
    "subject": "talks/eastern-kalamun-truce",
    "about": "round of talks 2017-10-29",
    "text": "The round of talks planned for 2017-10-29 is not confirmed: the date has passed, and nobody says what "
    "came of it.",
    "since": "2017-10-30T00:00:00.000000Z",
    "until": None,
    "events": [_EVENT],
}
FINDINGS: Schema = {"findings": [{"process": "eastern-kalamun", **FINDING}], "next": NEXT, "actors": {}}
DEADLINE: Schema = {
    "processes": ["eastern-kalamun"],
    **_DUE,
    "label": "Talks on a truce in Eastern Kalamun",
    "overdue": False,
    "contested": False,
    "sensitivity": "low",
    "touched_at": "2026-01-05T08:30:00.000000Z",
}
DEADLINES: Schema = {"deadlines": [DEADLINE], "next": NEXT, "actors": {}, "evidence": STATUS["evidence"]}
