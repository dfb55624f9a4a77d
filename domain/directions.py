"""Marks of direction and separators of lines in the texts of a new event.

Isolates of direction have to be ended (`domain/isolates.py`). U+2028 and U+2029 end a line as a line feed does. All of
it was taken everywhere once, so this is no rule of the values themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from domain.errors import Fault
from domain.event import Event
from domain.isolates import is_balanced
from domain.revisions import EventCorrected
from domain.values import LONG_TEXT, Value
from domain.vocabulary import replaced

UNBALANCED: Final = (
    "a mark that isolates a direction (U+2066, U+2067, U+2068) and the mark that ends it (U+2069) stand in pairs, both "
    "on one line: add the one that is missing, or remove the other"
)
SEVERAL_LINES: Final = "this text is one line: write a space in place of each U+2028 or U+2029"


def may_have_marks(body: bytes) -> bool:
    """Whether an event in JSON could have such a mark. Much faster than to look; False is certain."""
    return b"\xe2\x80\xa8" in body or b"\xe2\x80\xa9" in body or b"\xe2\x81" in body


def faults_of_marks(event: Event) -> Iterator[Fault]:
    """Where marks stand that are refused, also in the replacement that a correction holds."""
    yield from _faults_in(event, "")
    if isinstance(event.data, EventCorrected):
        for fault in _faults_in(replaced(event, event.data), ""):
            yield Fault(f"/data/replacement{fault.pointer}", fault.detail)


def _faults_in(value: Value, at: str) -> Iterator[Fault]:
    for name in sorted(value.model_fields_set):
        held = getattr(value, name)
        items = enumerate(held) if isinstance(held, tuple) else [(None, held)]
        for index, item in items:
            pointer = f"{at}/{name}" if index is None else f"{at}/{name}/{index}"
            if isinstance(item, Value):
                yield from _faults_in(item, pointer)
            elif isinstance(item, str):
                if not is_balanced(item):
                    yield Fault(pointer, UNBALANCED)
                if ("\u2028" in item or "\u2029" in item) and name not in _long_texts(type(value)):
                    yield Fault(pointer, SEVERAL_LINES)


@cache
def _long_texts(model: type[Value]) -> frozenset[str]:
    """The fields of a model that may have several lines."""
    long = repr(LONG_TEXT)
    return frozenset(
        name for name, field in model.model_fields.items() if long in f"{field.annotation!r}{field.metadata!r}"
    )
