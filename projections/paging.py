"""Pages of lists and their cursors, and texts as a database may hold them.

A cursor is an opaque text that names the last row of a page; the next page begins after it. A page is bounded by bytes
as well as by count: it ends early, but never without an entry while there are any.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from domain.errors import BadCursor

T = TypeVar("T")
PAGE_BYTES = 4 * 1024 * 1024
"""Of JSON on a page: an entry that does not fit begins the next one."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None
    """Cursor of the next page; None at the end."""


def paged(items: list[T], keys: Sequence[Sequence[Any]], *, more: bool) -> Page[T]:
    """A page with as many of the entries as fit.

    Args:
        items: in their order.
        keys: what a cursor names, for each of them.
        more: whether there are others behind them.
    """
    number = fitting(len(orjson.dumps(item)) for item in items)
    return Page(items[:number], cursor(*keys[number - 1]) if more or number < len(items) else None)


def fitting(sizes: Iterable[int]) -> int:
    """How many entries of these sizes, in bytes, fit on a page; one at least, if there is any."""
    number, together = 0, 0
    for size in sizes:
        together += size
        if number and together > PAGE_BYTES:
            break
        number += 1
    return number


def storable(text: str) -> str:
    """A text as a database may hold it. None holds a NUL, and not every database takes one in a question."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


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
