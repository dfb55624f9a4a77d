"""The shapes of the answers to queries, with an example of each, for `/openapi.json` and `/docs`.

The examples are short forms of what the founding case answers.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_EVENTS: Schema = {
    "type": "array",
    "items": {"type": "string", "format": "uuid"},
    "description": "The events it rests on; `evidence`, or /v1/events/{id}, tells of them.",
}
_LIST: Schema = {"type": "array", "items": {"type": "object"}}
_LINE: Schema = {"anyOf": [{"$ref": "#/components/schemas/Line"}, {"type": "null"}]}
_NEXT: Schema = {"type": ["string", "null"], "description": "Send it as `after` for the next page; null at the end."}
_HORIZON: Schema = {"horizon": {"$ref": "#/components/schemas/Horizon"}}
_TEXT: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FINDINGS: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}}
_EXPLAINED: Schema = {
    "actors": {"type": "object", "description": "Names of the actors that are mentioned."},
    "evidence": {
        "type": "object",
        "description": "By event id: who says so, when, on what basis, and what became of it.",
        "additionalProperties": {"$ref": "#/components/schemas/Evidence"},
    },
}


def _page(name: str, what: str, items: Schema = _LIST, **more: Schema) -> Schema:
    return {
        "description": what,
        "type": "object",
        "required": [name, "next", *more],
        "properties": {name: items, "next": _NEXT, **more},
    }


def _list(name: str, what: str) -> Schema:
    """A list of one process, which states its horizon."""
    return {
        "description": what,
        "type": "object",
        "required": [name, *_HORIZON],
        "properties": {name: _LIST, **_HORIZON},
    }


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
    "withdrawn",
    "unified",
    "changes",
    "obligations",
    "links",
    "areas",
    "next_14_days",
    "overdue",
    "later",
)

ANSWER_SCHEMAS: dict[str, Schema] = {
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
            **_HORIZON,
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
            "withdrawn": {**_LIST, "description": "Subjects of which no opening is in effect any more."},
            "unified": {**_LIST, "description": "Subjects that gave way, each with the one that stays (`into`)."},
            "actors": {"type": "object"},
            "evidence": {
                "type": "object",
                "description": "By event id: who says so, when, on what basis, and what became of it.",
                "additionalProperties": {"$ref": "#/components/schemas/Evidence"},
            },
        },
    },
    "Horizon": {
        "description": "From where the log was looked at: what was asked for, as it was sent, and where that leads.",
        "type": "object",
        "required": ["as_of", "published_by", "known_at", "known_at_position", "now", "position"],
        "properties": {
            "as_of": _TEXT,
            "published_by": _TEXT,
            "known_at": _TEXT,
            "known_at_position": {"type": ["integer", "null"]},
            "now": {
                "type": "string",
                "format": "date-time",
                "description": "The clock that deadlines are held against: the end of `as_of`, else `known_at`, else "
                "the clock on the wall.",
            },
            "position": {
                "type": ["integer", "null"],
                "description": "The last position that is known, where a bound of knowledge was asked for.",
            },
            "possible": {**_COUNT, "description": "In a status: reports inside only possibly, by vague dates."},
            "beyond": {**_COUNT, "description": "In a status: reports that the dates of the horizon leave out."},
        },
    },
    "Evidence": {
        "description": "A report that a line rests on, as it reads at the horizon. What became of it is there only if "
        "there is something to tell.",
        "type": "object",
        "required": ["position", "type", "subject", "occurred", "claimants", "basis"],
        "properties": {
            "corrected_by": {**_EVENTS, "description": "The correction in effect, then the corrections of that one."},
            "retracted_by": {"type": "string", "format": "uuid"},
            "disputed_by": {**_EVENTS, "description": "Somebody says that it was not so."},
            "same_as": {"type": "string", "format": "uuid", "description": "The report that stays in its place."},
            "repeated_by": {**_EVENTS, "description": "The duplicates whose sources it took over."},
            "possible": {
                "enum": ["occurrence", "publication", "identity"],
                "description": "Why it is inside the horizon only possibly: when it occurred or was published is too "
                "vague to tell, or it lies beyond and lends its subject only a name.",
            },
        },
    },
    "Claim": {
        "description": "One claim on a figure, or an assessment of one. What became of it stands with it, as in "
        "`Evidence`.",
        "type": "object",
        "required": ["event", "subject", "occurred", "claimants", "assessed", "measure", "counting", "unit", "value"],
        "properties": {
            "event": {"type": "string", "format": "uuid"},
            "claimants": {"type": "array", "items": {"type": "string"}},
            "assessed": {"type": "boolean", "description": "Whether it is an assessment; `reason` tells why."},
            "value": {"type": ["number", "null"]},
            "low": {"type": ["number", "null"], "description": "The range that the qualifier allows."},
            "high": {"type": ["number", "null"]},
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
    "History": _page(
        "events", "Events by time of occurrence. `revised_by` names the events that revise one.", **_HORIZON
    ),
    "Incidents": _page("incidents", "Incidents and violations, newest first.", **_HORIZON),
    "Claims": _page(
        "claims",
        "Every live claim, oldest first.",
        {"type": "array", "items": {"$ref": "#/components/schemas/Claim"}},
        **_HORIZON,
    ),
    "Finding": {
        "description": "Something about one subject that does not fit. It goes away when later reports resolve it.",
        "type": "object",
        "required": ["rule", "severity", "subject", "about", "text", "events"],
        "properties": {
            "process": {"type": "string", "description": "In the list across processes: in which one."},
            "rule": {"type": "string", "description": "/v1/findings/rules tells what each looks at."},
            "severity": {"enum": ["high", "moderate", "hint"]},
            "subject": {"type": "string"},
            "about": {"type": "string", "description": "What of the subject it is about, for programs."},
            "text": {"type": "string", "description": "Who says what, and when; actors by their ids."},
            "since": {**_TEXT, "description": "From when on it stands; null: always."},
            "until": {**_TEXT, "description": "Before when it stands; null: no end."},
            "events": _EVENTS,
        },
    },
    "Findings": _page(
        "findings",
        "Findings that stand, process by process, the gravest first.",
        _FINDINGS,
        actors={"type": "object", "description": "Names of the actors that the texts speak of."},
    ),
    "FindingsOfProcess": {
        "description": "Findings that stand in one process, the gravest first, and what they rest on.",
        "type": "object",
        "required": ["findings", "actors", "evidence", *_HORIZON],
        "properties": {"findings": _FINDINGS, **_EXPLAINED, **_HORIZON},
    },
    "FindingRules": {
        "description": "The rules by which findings are drawn.",
        "type": "object",
        "required": ["rules"],
        "properties": {
            "rules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["rule", "severity", "data_quality", "looks_at"],
                    "properties": {
                        "rule": {"type": "string"},
                        "severity": {"enum": ["high", "moderate", "hint"]},
                        "data_quality": {
                            "type": "boolean",
                            "description": "Whether the record may be at fault: `Prefer: handling=strict` refuses it.",
                        },
                        "looks_at": {"type": "string"},
                    },
                },
            }
        },
    },
    "Deadline": {
        "description": "Something expected by a date and not settled.",
        "type": "object",
        "required": [
            *("processes", "subject", "label", "what", "when"),
            *("overdue", "contested", "sensitivity", "touched_at", "events"),
        ],
        "properties": {
            "processes": {"type": "array", "items": {"type": "string"}},
            "subject": {"type": "string"},
            "label": {"type": "string", "description": "The first name of the subject."},
            "what": {"type": "string"},
            "when": {"type": "string", "description": "At or until when (EDTF)."},
            "actor": {**_TEXT, "description": "Who owes it, if anybody."},
            "overdue": {"type": "boolean", "description": "Whether its last possible day has passed."},
            "contested": {"type": "boolean", "description": "Whether reports contradict each other on it."},
            "sensitivity": {"enum": ["low", "moderate", "high", "severe"], "description": "Of what it rests on."},
            "touched_at": {
                "type": "string",
                "format": "date-time",
                "description": "When what it rests on was last recorded or corrected.",
            },
            "events": _EVENTS,
        },
    },
    "Deadlines": _page(
        "deadlines",
        "What is due, the first to end first.",
        {"type": "array", "items": {"$ref": "#/components/schemas/Deadline"}},
        **_EXPLAINED,
    ),
    "Actors": _page("actors", "Actors by id."),
    "ActorsOfProcess": _list("actors", "Those with a role, a position or a seat, and what they are there."),
    "Talks": _list("talks", "Rounds of talks by id."),
    "Agreements": _list("agreements", "Agreements by id."),
    "Obligations": _list("obligations", "A ledger of sides: what each owes and is owed."),
    "Convoys": _list("convoys", "Convoys by id."),
    "Enrolments": _list("enrolments", "Registers by id."),
    "Figures": _list("figures", "Series of figures with the newest claim of every claimant; contested ones first."),
}
