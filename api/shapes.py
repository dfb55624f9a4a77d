"""The shapes of the answers to queries, with an example of each, for `/openapi.json` and `/docs`.

The examples are short forms of what the founding case answers.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

_EVENTS: Shape = {
    "type": "array",
    "items": {"type": "string", "format": "uuid"},
    "description": "The events it rests on; `evidence`, or /v1/events/{id}, tells of them.",
}
_LIST: Shape = {"type": "array", "items": {"type": "object"}}
_LINE: Shape = {"anyOf": [{"$ref": "#/components/schemas/Line"}, {"type": "null"}]}
_NEXT: Shape = {"type": ["string", "null"], "description": "Send it as `after` for the next page; null at the end."}


def _page(name: str, what: str) -> Shape:
    return {
        "description": what,
        "type": "object",
        "required": [name, "next"],
        "properties": {name: _LIST, "next": _NEXT},
    }


def _list(name: str, what: str) -> Shape:
    return {"description": what, "type": "object", "required": [name], "properties": {name: _LIST}}


LISTS = (
    "talks",
    "positions",
    "proposals",
    "roles",
    "bodies",
    "control",
    "access",
    "instruments",
    "figures",
    "enrolments",
    "convoys",
    "agreements",
    "statements",
    "changes",
    "obligations",
    "links",
    "areas",
    "next_14_days",
    "overdue",
    "later",
)

SHAPES: dict[str, Shape] = {
    "Line": {
        "description": "What the last reports say that no other report certainly follows. If they disagree, it is "
        "contested, has no value, and names the candidates.",
        "type": "object",
        "required": ["value", "since", "occurred", "contested", "events"],
        "properties": {
            "value": {"description": "What they say, if they agree."},
            "since": {
                "type": ["string", "null"],
                "description": "When an unbroken run of reports first said so.",
            },
            "occurred": {"type": ["string", "null"], "description": "When the newest report says it occurred (EDTF)."},
            "contested": {"type": "boolean"},
            "candidates": {"type": "array", "items": {"type": "object"}, "description": "Only if contested."},
            "events": _EVENTS,
        },
    },
    "Status": {
        "description": "Where a process stands, in the order of its first screen. `actors` gives the names of the "
        "actors mentioned, `evidence` the sources of every event that a line rests on.",
        "type": "object",
        "required": [
            "process",
            "labels",
            "horizon",
            "state",
            "last_heard",
            "people_at_risk",
            "truce",
            *LISTS,
            "totals",
            "actors",
            "evidence",
        ],
        "properties": {
            "process": {"type": "string"},
            "version": {"type": "integer", "description": "Of the process itself: send it as `expected_version`."},
            "labels": _LIST,
            "level": _LINE,
            "horizon": {"type": "object", "description": "What the answer takes into account, and the clock it uses."},
            "state": _LINE,
            "ending": _LINE,
            "last_heard": {"type": ["object", "null"], "description": "The newest source, and who speaks in it."},
            "people_at_risk": {"type": "object", "description": "Stranded or held convoys; closed or besieged places."},
            "truce": {
                "type": "object",
                "description": "Ceasefires; violations and incidents per recorder.",
            },
            "totals": {"type": "object", "description": "How many talks, convoys and agreements there are, by state."},
            **dict.fromkeys(LISTS, _LIST),
            "actors": {"type": "object"},
            "evidence": {"type": "object", "description": "By event id: who says so, when, on what basis."},
        },
    },
    "Subject": {
        "description": "One subject: what the last reports say of it, line by line.",
        "type": "object",
        "required": ["subject", "labels", "roles", "positions", "proposals", "due", "events"],
        "properties": {
            "subject": {"type": "string"},
            "labels": _LIST,
            "roles": _LIST,
            "positions": _LIST,
            "proposals": _LIST,
            "due": {**_LIST, "description": "What is expected by a date and not yet settled."},
            "events": _EVENTS,
        },
    },
    "Processes": _page("processes", "Processes by id."),
    "History": _page("events", "Events by time of occurrence. `revised_by` names the events that revise one."),
    "Incidents": _page("incidents", "Incidents and violations, newest first."),
    "Actors": _page("actors", "Actors by id."),
    "ActorsOfProcess": _list("actors", "Those with a role, a position or a seat, and what they are there."),
    "Talks": _list("talks", "Rounds of talks by id."),
    "Agreements": _list("agreements", "Agreements by id."),
    "Obligations": _list("obligations", "A ledger of sides: what each owes and is owed."),
    "Convoys": _list("convoys", "Convoys by id."),
    "Enrolments": _list("enrolments", "Registers by id."),
    "Figures": _list("figures", "Series of figures with the newest claim of every claimant; contested ones first."),
}

# --- examples

NEXT = "WyJlYXN0ZXJuLWthbGFtdW4iXQ"
_EVENT = "b7131032-e6b3-5c87-9c59-dbb069427976"


def line(value: Any) -> Shape:
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
_FIGURE = {
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

STATUS: Shape = {
    "process": "eastern-kalamun",
    "version": 9,
    "labels": _LABELS,
    "level": line("intrastate-local"),
    "horizon": {
        "as_of": None,
        "published_by": None,
        "known_at": None,
        "known_at_position": None,
        "now": "2017-10-28T09:00:00.000000Z",
    },
    "state": line("open"),
    "ending": None,
    "last_heard": _HEARD,
    "people_at_risk": {"convoys": [], "places": []},
    "truce": {"agreements": [], "incidents": {}},
    "totals": {"talks": {"scheduled": 1}},
    **{name: [] for name in LISTS},
    "next_14_days": [_DUE],
    "figures": [_FIGURE],
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


def subject(path: str, **lines: Any) -> Shape:
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


ROUND = subject("talks/eastern-kalamun-truce", state=line("scheduled"), planned=line("2017-10-29"))
AGREEMENT = subject("agreements/roadblock-checks", state=line("reached"), obligations=[])
CONVOY = subject("convoys/russian-aid", state=line("reported"))
ENROLMENT = subject("enrolments/reconciliation-participants", state=line("open"))
ACTOR = subject("actors/reconciliation-centre", label="Centre for Reconciliation", kind=line("foreign forces"))
FIGURES: Shape = {"figures": [_FIGURE]}
PROCESSES: Shape = {
    "processes": [
        {
            "process": "eastern-kalamun",
            "labels": _LABELS,
            "state": line("open"),
            "level": line("intrastate-local"),
            "areas": ["Eastern Kalamun"],
            "last_heard": {"on": "2017-10-27", "publisher": "TASS", "claimant": "TASS"},
            "updated": {"position": 42, "recorded_at": "2026-01-05T08:30:00.000000Z"},
        }
    ],
    "next": NEXT,
}
OBLIGATIONS: Shape = {
    "obligations": [
        {
            "side": "army",
            "owes": [
                {
                    "agreement": "agreements/roadblock-checks",
                    "obligation": "simplify-checks",
                    "agreed": line({"text": "Simpler checks at government roadblocks.", "debtor": ["army"]}),
                    "score": None,
                    "kept": False,
                    "blocked_by": [],
                    "overdue": False,
                }
            ],
            "is_owed": [],
        }
    ]
}
