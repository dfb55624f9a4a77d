"""What every query needs: a process at a horizon, its ids, what explains an answer, and pages with their cursors.

A cursor is an opaque text that names the last row of a page; the next page begins after it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.actors import shown_label
from domain.errors import BadCursor
from projections import render, status
from projections.read_models.process_list import PROCESSES
from projections.render import Json, Page
from projections.scene import LAST_DAY, Asked, Scene, actors_named, scene, unknown
from projections.storage.generations import ReadTransaction
from projections.views import events_by_id, ids_of, joined_of, marks_by_id


def scene_of(reading: ReadTransaction, process: str, now: datetime | None, asked: Asked) -> Scene:
    """A process at a horizon. Without a clock, violations and incidents are only counted as a whole.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    clock = asked.now or now
    return scene(reading, process, now, LAST_DAY if clock is None else status.counted_from(clock), asked)


def known_ids(reading: ReadTransaction, process: str) -> list[str]:
    """The ids of a process, if it has several: the one that stays first.

    Raises:
        NotFound: it was never opened.
    """
    found = ids_of(process, joined_of(reading))
    table = reading.table(PROCESSES)
    if reading.connection.execute(select(table.c.process).where(table.c.process == found[0])).first() is None:
        raise unknown()
    return found


def explained(reading: ReadTransaction, page: Page) -> Json:
    """The names of the actors that a page mentions, and what its lines rest on."""
    named = actors_named(reading, list(page.actors))
    found, marks = events_by_id(reading, page.events), marks_by_id(reading, page.events)
    return {
        "actors": {actor: {"label": shown_label(state)} for actor, state in named.items()},
        "evidence": {event: render.evidence(recorded, marks.get(event)) for event, recorded in found.items()},
    }


def storable(text: str) -> str:
    """A text as a database may hold it. None holds a NUL, and not every database takes one in a question."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def sought(text: str) -> str:
    """A text as names are searched by it."""
    return storable(text).casefold()


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a list."""

    items: list[Json]
    next: str | None
    """Cursor of the next page; None at the end."""


def cursor(*key: Any) -> str:
    """An opaque cursor after a row."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """What a cursor names.

    Raises:
        BadCursor: it was not made by `cursor` for this list.
    """
    try:
        key = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    fits = isinstance(key, list) and len(key) == len(kinds)
    if not fits or not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise BadCursor.at("after", "take the cursor unchanged from `next`, or leave it out to begin anew")
    return tuple(key)


def _fits(part: object, kind: type) -> bool:
    """Whether a part of a cursor is of its kind, and one that the database can hold."""
    if type(part) is not kind:
        return False
    if isinstance(part, int):
        return -(2**63) <= part < 2**63
    return not isinstance(part, str) or part.isascii()
