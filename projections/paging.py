"""Pages of lists and their cursors, and texts as a database may hold them.

A cursor is an opaque text that names the last row of a page; the next page begins after it. A page is bounded by bytes
as well as by count: it ends early, but never without an entry while there are any.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from domain.errors import BadCursor

T = TypeVar("T")
Entry = TypeVar("Entry")
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


def page_of(
    entries: Sequence[tuple[str, Entry]], show: Callable[[Entry], T], after: str | None, limit: int | None = None
) -> Page[T]:
    """A page of a list that is at hand in its order. No more of it is shown than is on the page.

    Args:
        entries: each behind its name, an ASCII text that no other one has.
        show: gives an entry as it is answered.
        after: a cursor of this list. The page goes on behind the entry that it names, wherever that stands by now;
            if it is gone, where it stood.
        limit: the most entries; None: as many as fit.

    Raises:
        BadCursor: `after` is not a cursor of this list.
    """
    begin = _behind([name for name, _ in entries], *read_cursor(after, int, str)) if after is not None else 0
    items: list[T] = []
    together = 0
    for _, entry in entries[begin : len(entries) if limit is None else begin + limit]:
        item = show(entry)
        together += len(orjson.dumps(item))
        if items and together > PAGE_BYTES:
            break
        items.append(item)
    end = begin + len(items)
    return Page(items, cursor(end, entries[end - 1][0]) if 0 < end < len(entries) else None)


def _behind(names: Sequence[str], number: int, last: str) -> int:
    """Where a list goes on behind its entry of this name, which was the one of this number."""
    place = max(number - 1, 0)
    if names[place : place + 1] == [last]:
        return place + 1
    return next((at for at, name in enumerate(names, 1) if name == last), place)


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
