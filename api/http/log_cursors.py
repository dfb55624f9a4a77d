"""Where a reader stands in the log: a position, and a short digest of the event there.

A log that was restored from a backup has other events from some position on. A reader that goes on after a mere
position would skip what is new below it, and nobody would notice; with the digest it learns that it followed another
history.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from pydantic import AfterValidator

from api.http.parameters import LAST_POSITION
from domain.errors import AnotherHistory, Fault
from ledger.ledger import Ledger

CURSOR_HEADER = "Parley-Cursor"
BEGINNING = "0"
_CURSOR = re.compile(r"([0-9]{1,19})(?:-([0-9a-f]{12}))?", re.ASCII)
_WHAT_TO_DO = (
    "it was restored from a backup, or is another one. Go on from an older cursor that is still taken, or read it anew "
    "from the beginning (after=0), and put away what was read after that"
)


class LogCursor(NamedTuple):
    """A position to go on after, and what stood there; without a digest, whatever stands there."""

    position: int
    digest: str | None


def cursor_of(event: Mapping[str, Any]) -> str:
    """The cursor to go on after an event, as the interface shows it."""
    return f"{event['position']}-{_digest(event)}"


def cursor_at(ledger: Ledger, position: int) -> str:
    """The cursor to go on after a position that there is.

    Raises:
        Unavailable: the log cannot be read there.
    """
    return cursor_of(_event_at(ledger, position)) if position else BEGINNING


def _event_at(ledger: Ledger, position: int) -> Mapping[str, Any]:
    """What a cursor is made of: the event itself may be large."""
    return {"position": position, **ledger.indexed(position)}


def _digest(event: Mapping[str, Any]) -> str:
    """Of what never changes with a version of Parley: the id, and when it was recorded, to the microsecond."""
    return hashlib.sha256(f"{event.get('id', '')} {event.get('recorded_at', '')}".encode()).hexdigest()[:12]


def read_cursor(text: str) -> LogCursor:
    """A cursor as it is sent, or a plain position.

    Raises:
        ValueError: it is neither.
    """
    read = _CURSOR.fullmatch(text)
    if read is None or int(read[1]) > LAST_POSITION:
        raise ValueError("send `next`, the id of an event of a stream, or the number of a position, as it was given")
    return LogCursor(int(read[1]), read[2])


def _readable(text: str) -> str:
    read_cursor(text)
    return text


After = Annotated[
    str,
    AfterValidator(_readable),
    Query(
        description="Only events after this cursor (`next`, Parley-Cursor) or plain position. 409 if it is beyond the "
        "end of the log, or if the log holds another event there.",
        examples=["42"],
        json_schema_extra={"pattern": f"^{_CURSOR.pattern}$"},
    ),
]


def followed(ledger: Ledger, cursor: LogCursor, parameter: str | None) -> int:
    """The position of a cursor, once it is certain that it is one of this log.

    Args:
        ledger: the log.
        cursor: as it was read.
        parameter: by which it was sent; None for a header.

    Raises:
        AnotherHistory: the log ends before it, or has another event there.
        Unavailable: the log cannot be read.
    """
    position, digest = cursor
    head = ledger.head()
    detail = None
    if position > head:
        detail = f"this log ends at position {head}, and what was followed does not: {_WHAT_TO_DO}"
    elif digest is not None and (position == 0 or _digest(_event_at(ledger, position)) != digest):
        detail = f"this log has another event at position {position} than what was followed: {_WHAT_TO_DO}"
    if detail is not None:
        raise AnotherHistory(detail, [Fault(parameter, detail)] if parameter is not None else [])
    return position
