"""What became known of a process between two moments: `GET /v1/processes/{id}/changes`."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator

from api import shapes
from api.answers import JSON
from api.horizon import read_known_at
from api.parameters import LAST_POSITION, Fresh, read_moment, require_views
from api.processes import ProcessPath, answered, ask
from api.running import Parley
from domain.errors import BadCursor
from projections.changes import changes
from projections.scene import Asked

router = APIRouter(prefix="/v1/processes", tags=["processes"])

_HOW = (
    "send a position of the log, such as 42, or a time with its zone, such as 2017-10-29T09:00:00Z or "
    "2017-10-29T12:00:00%2B03:00 (%2B is a + in a URL)"
)
_POSITION = re.compile("[0-9]{1,19}", re.ASCII)
A_MOMENT = {
    "pattern": r"^(\d{1,19}|\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d))$"
}
"""For the documentation of a parameter that `read_end` reads: the form of a position, or of a time with its zone."""

# --- shapes

_LIST: shapes.Shape = {"type": "array", "items": {"type": "object"}}
_IDS: shapes.Shape = {"type": "array", "items": {"type": "string", "format": "uuid"}}
_BECAUSE: shapes.Shape = {
    **_IDS,
    "description": "The events, of those that became known, that made it so; at most 20, the newest.",
}
_BY_TIME: shapes.Shape = {"type": "boolean", "description": "Whether nothing but the clock made it so."}
_END: shapes.Shape = {
    "type": "object",
    "description": "A moment: the last position of the log that is known then, and the clock.",
    "required": ["position", "time"],
    "properties": {
        "position": {"type": "integer", "minimum": 0},
        "time": {"type": ["string", "null"], "format": "date-time", "description": "Null before the first event."},
    },
}
_SIDE: shapes.Shape = {
    "type": ["object", "null"],
    "description": "What the line told; null if it did not stand.",
    "required": ["value", "since", "contested"],
}


def _entries(told: str, /, **more: shapes.Shape) -> shapes.Shape:
    """A list of what is told of subjects."""
    return {
        "type": "array",
        "description": told,
        "items": {
            "type": "object",
            "required": ["subject", "label", *more],
            "properties": {"subject": {"type": "string"}, "label": {"type": "string"}, **more},
        },
    }


def _findings(what: str) -> shapes.Shape:
    return _entries(
        what,
        rule={"type": "string"},
        severity={"type": "string"},
        text={"type": "string"},
        events=_IDS,
        by_time=_BY_TIME,
        because=_BECAUSE,
    )


GROUPS: dict[str, shapes.Shape] = {
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

SHAPES: dict[str, shapes.Shape] = {
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
EXAMPLE: shapes.Shape = {
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

# --- the question


def read_end(text: str) -> str:
    """A moment as it is sent: a position of the log, or a time.

    Raises:
        ValueError: it is neither, or a time that is still to come; the text says how to mend it.
    """
    if _POSITION.fullmatch(text):
        if int(text) > LAST_POSITION:
            raise ValueError(f"no log is that long: {_HOW}")
        return text
    try:
        read_moment(text)
    except ValueError as reason:
        told = "there is no such day or hour: " if str(reason).startswith("there is no") else ""
        raise ValueError(told + _HOW) from None
    return read_known_at(text)


Moment = Annotated[str, AfterValidator(read_end)]


async def window(
    here: Fresh,
    since: Annotated[
        Moment,
        Query(
            description="After this position of the log, or this time with its zone.",
            examples=["35"],
            json_schema_extra=A_MOMENT,
        ),
    ],
    until: Annotated[
        str | None,
        AfterValidator(lambda text: read_end(text) if text is not None else None),
        Query(
            description="Up to this position or time; now, if it is left out.",
            examples=["42"],
            json_schema_extra=A_MOMENT,
        ),
    ] = None,
) -> tuple[Asked, Asked]:
    """Both ends, once the read models have reached them."""
    first = await _asked(here, "since", since)
    last = await _asked(here, "until", until) if until is not None else Asked()
    await require_views(here, max(first.position or 0, last.position or 0))
    return first, last


async def _asked(here: Parley, name: str, text: str) -> Asked:
    if not _POSITION.fullmatch(text):
        return Asked(known_at=text, position=await asyncio.to_thread(here.ledger.position_at, read_moment(text)))
    position, end = int(text), await asyncio.to_thread(here.ledger.head)
    if position > end:
        raise BadCursor.at(name, f"the log ends at position {end}: send that or less, or a time with its zone")
    return Asked(known_at_position=position, position=position)


@router.get(
    "/{process}/changes",
    summary="What became known between two moments",
    responses=answered("What became known.", EXAMPLE, "Changes"),
)
def read_changes(process: ProcessPath, here: Fresh, ends: Annotated[tuple[Asked, Asked], Depends(window)]) -> JSON:
    """For a morning briefing: what came in after `since` and up to `until`, what it changed, which of what was known
    before was corrected, what contradicts or no longer does, and what fell due. The clock of each end is its time, or
    the time at which its position was recorded."""
    since, until = ends
    now = datetime.now(UTC)

    def question(reading: Any) -> dict[str, Any]:
        return changes(reading, process, since, until, now)

    return ask(here, question)
