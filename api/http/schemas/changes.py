"""Schema and example of what became known of a process between two moments."""

from __future__ import annotations

from api.http.schemas import answers

_LIST: answers.Schema = {"type": "array", "items": {"type": "object"}}
_IDS: answers.Schema = {"type": "array", "items": {"type": "string", "format": "uuid"}}
_BECAUSE: answers.Schema = {
    **_IDS,
    "description": "The events, of those that became known, that made it so; at most 20, the newest.",
}
_BY_TIME: answers.Schema = {"type": "boolean", "description": "Whether nothing but the clock made it so."}
_END: answers.Schema = {
    "type": "object",
    "description": "A moment: the last position of the log that is known then, and the clock.",
    "required": ["position", "time"],
    "properties": {
        "position": {"type": "integer", "minimum": 0},
        "time": {"type": ["string", "null"], "format": "date-time", "description": "Null before the first event."},
    },
}
_SIDE: answers.Schema = {
    "type": ["object", "null"],
    "description": "What the line told; null if it did not stand.",
    "required": ["value", "since", "contested"],
}


def _entries(description: str, /, **more: answers.Schema) -> answers.Schema:
    """A list of what is told of subjects."""
    return {
        "type": "array",
        "description": description,
        "items": {
            "type": "object",
            "required": ["subject", "label", *more],
            "properties": {"subject": {"type": "string"}, "label": {"type": "string"}, **more},
        },
    }


def _findings(what: str) -> answers.Schema:
    return _entries(
        what,
        rule={"type": "string"},
        severity={"type": "string"},
        text={"type": "string"},
        events=_IDS,
        by_time=_BY_TIME,
        because=_BECAUSE,
    )


GROUPS: dict[str, answers.Schema] = {
    "overdue": _entries(
        "What was to be by now and is not settled, and was not overdue before.",
        what={"type": "string"},
        when={"type": "string"},
        events=_IDS,
        by_time={**_BY_TIME, "description": "Whether it was expected at `since` already: its date has passed."},
    ),
    "newly_contested": _findings("Where reports contradict each other and did not."),
    "no_longer_contested": _findings("Where reports contradicted each other and do not any more."),
    "changed": _entries(
        "Lines of the status that tell something else, of subjects known before. `line` is the name that `parley "
        "explain` takes.",
        line={"type": "string"},
        before=_SIDE,
        after=_SIDE,
        because=_BECAUSE,
    ),
    "corrected": _entries(
        "What was known before and was revised: in `what`, corrected, retracted, disputed, marked as a duplicate, "
        "unified, restored, or what of these was withdrawn.",
        what={"type": "array", "items": {"type": "string"}},
        event={"type": "string", "format": "uuid"},
        said={"type": ["string", "null"], "description": "What it said before."},
        says={"type": ["string", "null"], "description": "What it says now; null if it does not stand."},
        differences={
            "type": "array",
            "items": {"type": "object", "required": ["field", "before", "after"]},
            "description": "Field by field, as far as both stand.",
        },
        revisions={**_LIST, "description": "By whom, when and why."},
    ),
    "raised": _findings("Other findings that stand and did not."),
    "resolved": _findings("Other findings that stood and do not any more."),
    "new": _entries(
        "Reports that came in, by subject; `opened` if the subject was not known before.",
        opened={"type": "boolean"},
        reports={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["event", "position", "type", "occurred", "late", "put_in", "claimants", "says"],
                "properties": {
                    "late": {
                        "type": "boolean",
                        "description": "It occurred before `since`, and more than three days before it was recorded.",
                    },
                    "put_in": {
                        "type": "boolean",
                        "description": "It was recorded before `since`, and its subject put into the process since.",
                    },
                    "says": {"type": "string", "description": "What it says, in a sentence."},
                },
            },
        },
    ),
}

CHANGES_SCHEMAS: dict[str, answers.Schema] = {
    "Changes": {
        "description": "What became known of a process after `since` and up to `until`, in groups; the most urgent "
        "ones first. `evidence` tells of every event that is named.",
        "type": "object",
        "required": ["process", "labels", "since", "until", "known_before", "totals", *GROUPS, "actors", "evidence"],
        "properties": {
            "process": {"type": "string"},
            "labels": _LIST,
            "since": _END,
            "until": _END,
            "known_before": {"type": "boolean", "description": "Whether anything of the process was known at `since`."},
            "totals": {
                "type": "object",
                "description": "How much is in each group; of `new` all reports, how many are `shown`, how many of "
                "these came `late`, and their `subjects`.",
                "additionalProperties": {"type": "integer"},
            },
            **GROUPS,
            "actors": {"type": "object"},
            "evidence": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Evidence"}},
        },
    },
}

_NEW = "fdf68cef-caf4-5e2c-bee6-4c8650572b74"
_ROADBLOCKS = {"subject": "agreements/roadblock-checks", "label": "Simpler checks at government roadblocks"}
EXAMPLE_CHANGES: answers.Schema = {
    "process": "eastern-kalamun",
    "labels": [{"text": "Eastern Kalamun", "lang": "en"}],
    "since": {"position": 35, "time": "2026-01-05T08:30:00.000000Z"},
    "until": {"position": 42, "time": "2026-01-06T09:00:00.000000Z"},
    "known_before": True,
    "totals": {**dict.fromkeys(GROUPS, 0), "changed": 1, "new": 1, "shown": 1, "late": 1, "subjects": 1},
    **{name: [] for name in GROUPS},
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
            "position": 38,
            "type": "AgreementReached",
            "subject": "agreements/roadblock-checks",
            "occurred": "../2017-10-27",
            "claimants": ["TASS"],
            "basis": "reported",
        }
    },
}
