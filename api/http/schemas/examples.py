"""Examples of what is sent and answered, for the documentation: short forms of the founding case."""

from __future__ import annotations

from typing import TypeVar

from api.http.schemas.answers import AppendedAnswer, RecordedAnswer
from domain.vocabulary import example
from projections.answers.changes import ChangesAnswer, NamedSubject
from projections.answers.deadlines import Deadline, DeadlinesAnswer, ShownDue
from projections.answers.explanations import Evidence, ShownHorizon
from projections.answers.figures import FigureSeries, ShownClaim
from projections.answers.findings import FindingsAnswer, ShownFinding
from projections.answers.lines import ShownLabel, ShownLine
from projections.answers.obligations import ScoredSide
from projections.answers.status import HeardFrom, HeardOn, LastHeard, ProcessesAnswer, StatusAnswer
from projections.answers.subjects import (
    ActorPage,
    AgreementPage,
    CarryingSubject,
    ConvoyPage,
    EnrolmentPage,
    PlacePage,
    RoundPage,
)

T = TypeVar("T")

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
EXAMPLE_APPENDED: AppendedAnswer = {
    "events": [
        {
            "id": EXAMPLE_ACTOR["id"],
            "position": 1,
            "subject": EXAMPLE_ACTOR["subject"],
            "version": 1,
            "recorded_at": "2026-01-05T08:30:00.000000Z",
            "findings": [],
            "findings_total": 0,
        }
    ],
    "position": 1,
}

EXAMPLE_RECORDED: RecordedAnswer = {
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


def example_line(value: T) -> ShownLine[T]:
    return {
        "value": value,
        "since": "../2017-10-27",
        "occurred": "../2017-10-27",
        "contested": False,
        "events": [_EVENT],
    }


_LABELS: list[ShownLabel] = [{"text": "Eastern Kalamun"}]
_DUE: ShownDue = {
    "subject": "talks/eastern-kalamun-truce",
    "what": "round of talks",
    "when": "2017-10-29",
    "actor": None,
    "events": [_EVENT],
}
_HEARD_ON: HeardOn = {"on": "2017-10-27", "publisher": "TASS", "claimant": "TASS", "events": [_EVENT]}
_HEARD: LastHeard = {**_HEARD_ON, "occurred": _HEARD_ON, "published": _HEARD_ON}
_LISTED_HEARD: HeardFrom = {"on": "2017-10-27", "publisher": "TASS", "claimant": "TASS"}
_EVIDENCE: Evidence = {
    "position": 29,
    "type": "TalksScheduled",
    "subject": "talks/eastern-kalamun-truce",
    "occurred": "../2017-10-27",
    "claimants": ["TASS"],
    "sources": [],
    "basis": "inferred by us",
    "sensitivity": "high",
    "note": None,
    "recorded_at": "2026-01-05T08:30:00.000000Z",
    "recorded_by": "local",
}
FIGURE: FigureSeries = {
    "subject": "processes/eastern-kalamun",
    "measure": "population",
    "counting": "stock",
    "unit": "persons",
    "area": ["Eastern Kalamun"],
    "area_stated": True,
    "scope": None,
    "claimants": 1,
    "claims": [
        {
            "claimant": "TASS",
            "value": 200000,
            "qualifier": "about",
            "low": 180000,
            "high": 220000,
            "verbatim": "home to about 200,000 people",
            "period": None,
            "as_of": "2017-10-27",
            "reason": None,
            "claims": 1,
            "events": [_EVENT],
        }
    ],
    "span": {"low": 180000, "high": 220000},
    "compared": ["7d1f5a52-3b0e-4c58-9a55-27c1f10c2017"],
    "contested": False,
    "assessed": [],
}

HORIZON: ShownHorizon = {
    "as_of": "2017-10-28",
    "published_by": "2017-10-28",
    "known_at": "2026-01-05T09:00:00Z",
    "known_at_position": 42,
    "now": "2017-10-28T23:59:59.000000Z",
    "position": 42,
}
FINDING: ShownFinding = {
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
STATUS: StatusAnswer = {
    "process": "eastern-kalamun",
    "version": 9,
    "labels": _LABELS,
    "level": example_line("intrastate-local"),
    "time_zone": example_line("Asia/Damascus"),
    "areas": [],
    "links": [],
    "horizon": {**HORIZON, "possible": 0, "beyond": 0},
    "state": example_line("open"),
    "ending": None,
    "last_heard": _HEARD,
    "followed": True,
    "next_14_days": [_DUE],
    "overdue": [],
    "later": [],
    "findings": {
        "total": 1,
        "by_severity": {"high": 0, "moderate": 1, "hint": 0},
        "by_rule": {"plan-date-passed": 1},
        "items": [FINDING],
    },
    "people_at_risk": {"convoys": [], "places": []},
    "truce": {"agreements": [], "incidents": {}, "counted": []},
    "obligations": [],
    "totals": {"talks": {"scheduled": 1}},
    "talks": [],
    "positions": [],
    "proposals": [],
    "roles": [],
    "described_roles": [],
    "bodies": [],
    "control": [],
    "access": [],
    "instruments": [],
    "figures": [FIGURE],
    "enrolments": [],
    "convoys": [],
    "agreements": [],
    "incidents": [],
    "statements": [],
    "still_to_come": [],
    "withdrawn": [],
    "unified": [],
    "changes": [],
    "actors": {"government": {"label": "government of Syria", "kind": "government body"}},
    "evidence": {_EVENT: _EVIDENCE},
}
ROUND: RoundPage = {
    "subject": "talks/eastern-kalamun-truce",
    "labels": [{"text": "Talks on a truce in Eastern Kalamun"}],
    "processes": ["eastern-kalamun"],
    "between": [],
    "about": None,
    "topics": [],
    "form": None,
    "rounds": None,
    "not_held": None,
    "state": example_line("scheduled"),
    "planned": example_line("2017-10-29"),
    "venue": None,
    "outcome": None,
    "summary": None,
    "attendance": {},
    "steps": [{"step": "scheduled", "occurred": "../2017-10-27", "events": [_EVENT]}],
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [_DUE],
    "events": [_EVENT],
}
AGREEMENT: AgreementPage = {
    "subject": "agreements/roadblock-checks",
    "labels": [{"text": "Simpler checks at government roadblocks"}],
    "processes": ["eastern-kalamun"],
    "between": [],
    "described": None,
    "state": example_line("reached"),
    "complete": None,
    "ending": None,
    "signatures": [],
    "term": None,
    "declared": None,
    "relations": [],
    "steps": [],
    "obligations": [],
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [],
    "events": [_EVENT],
}
CONVOY: ConvoyPage = {
    "subject": "convoys/russian-aid",
    "labels": [{"text": "Russian aid"}],
    "processes": ["eastern-kalamun"],
    "described": None,
    "state": example_line("reported"),
    "whereabouts": example_line({"stage": "reported", "place": None, "actor": None, "reason": None}),
    "clearances": {},
    "departure": None,
    "removed": [],
    "arrival": None,
    "postponed": None,
    "passage": None,
    "steps": [],
    "last_run": None,
    "runs": [],
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [],
    "events": [_EVENT],
}
ENROLMENT: EnrolmentPage = {
    "subject": "enrolments/reconciliation-participants",
    "labels": [{"text": "Participants of the reconciliation"}],
    "processes": ["eastern-kalamun"],
    "state": example_line("open"),
    "described": None,
    "tracks": [],
    "until": None,
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [],
    "events": [_EVENT],
}
CARRYING: CarryingSubject = {
    "scheme": "pa-x-agreement",
    "id": "1234",
    "subject": "agreements/roadblock-checks",
    "labels": [{"text": "Checks at government roadblocks"}],
    "of_event": False,
    "events": [_EVENT],
}

ACTOR: ActorPage = {
    "subject": "actors/reconciliation-centre",
    "labels": [{"text": "Centre for Reconciliation"}],
    "label": "Centre for Reconciliation",
    "former_labels": [],
    "kind": example_line("foreign forces"),
    "sizes": [],
    "description": None,
    "relations": [],
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [],
    "events": [_EVENT],
}
PLACE: PlacePage = {
    "subject": "places/jarut",
    "labels": [{"text": "Jarut"}],
    "kind": example_line("settlement"),
    "point": None,
    "codes": [],
    "within": None,
    "description": None,
    "roles": [],
    "positions": [],
    "described_roles": [],
    "proposals": [],
    "due": [],
    "events": [_EVENT],
}
CLAIM: ShownClaim = {
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
PROCESSES: ProcessesAnswer = {
    "processes": [
        {
            "process": "eastern-kalamun",
            "labels": _LABELS,
            "state": example_line("open"),
            "level": example_line("intrastate-local"),
            "areas": ["Eastern Kalamun"],
            "last_heard": {**_LISTED_HEARD, "occurred": _LISTED_HEARD, "published": _LISTED_HEARD},
            "followed": True,
            "updated": {"position": 42, "recorded_at": "2026-01-05T08:30:00.000000Z"},
        }
    ],
    "next": NEXT,
    "horizon": HORIZON,
}
OBLIGATION: ScoredSide = {
    "side": "army",
    "owes": [
        {
            "agreement": "agreements/roadblock-checks",
            "obligation": "simplify-checks",
            "agreed": example_line({}),
            "score": None,
            "kept": False,
            "blocked_by": [],
            "runs": [],
            "overdue": False,
            "phase": None,
            "mirrors": [],
            "blocks": [],
            "scores": [],
        }
    ],
    "is_owed": [],
}
FINDINGS: FindingsAnswer = {
    "findings": [{"process": "eastern-kalamun", **FINDING}],
    "next": NEXT,
    "actors": {},
    "horizon": HORIZON,
}
DEADLINE: Deadline = {
    "processes": ["eastern-kalamun"],
    **_DUE,
    "label": "Talks on a truce in Eastern Kalamun",
    "overdue": False,
    "contested": False,
    "sensitivity": "low",
    "touched_at": "2026-01-05T08:30:00.000000Z",
}
DEADLINES: DeadlinesAnswer = {
    "deadlines": [DEADLINE],
    "next": NEXT,
    "actors": {},
    "evidence": {_EVENT: _EVIDENCE},
    "horizon": HORIZON,
}

_NEW = "fdf68cef-caf4-5e2c-bee6-4c8650572b74"
_ROADBLOCKS: NamedSubject = {
    "subject": "agreements/roadblock-checks",
    "label": "Simpler checks at government roadblocks",
}
EXAMPLE_CHANGES: ChangesAnswer = {
    "process": "eastern-kalamun",
    "labels": _LABELS,
    "since": {"position": 35, "time": "2026-01-05T08:30:00.000000Z"},
    "until": {"position": 42, "time": "2026-01-06T09:00:00.000000Z"},
    "known_before": True,
    "totals": {
        "overdue": 0,
        "newly_contested": 0,
        "no_longer_contested": 0,
        "changed": 1,
        "corrected": 0,
        "raised": 0,
        "resolved": 0,
        "new": 1,
        "shown": 1,
        "late": 1,
        "subjects": 1,
    },
    "overdue": [],
    "newly_contested": [],
    "no_longer_contested": [],
    "corrected": [],
    "raised": [],
    "resolved": [],
    "changed": [
        {
            "line": "agreements/roadblock-checks.state",
            **_ROADBLOCKS,
            "before": {"value": "reported", "since": "../2017-10-27", "contested": False},
            "after": {"value": "reached", "since": "../2017-10-27", "contested": False},
            "because": [_NEW],
        }
    ],
    "new": [
        {
            **_ROADBLOCKS,
            "opened": False,
            "reports": [
                {
                    "event": _NEW,
                    "position": 38,
                    "type": "AgreementReached",
                    "occurred": "../2017-10-27",
                    "late": True,
                    "put_in": False,
                    "recorded_at": "2026-01-06T08:30:00.000000Z",
                    "recorded_by": "local",
                    "claimants": ["TASS"],
                    "says": "Agreement reached: in principle.",
                }
            ],
        }
    ],
    "actors": {},
    "evidence": {
        _NEW: {
            **_EVIDENCE,
            "position": 38,
            "type": "AgreementReached",
            "subject": "agreements/roadblock-checks",
            "basis": "reported",
        }
    },
}
