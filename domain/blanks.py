"""Texts of an event that say nothing, since nothing of them can be seen.

Whoever records is asked to write something, or to leave the field out. What is stored stays: events that were recorded
before this was asked are read, folded and sent again as before, so this is no rule of the values themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from domain.comparison import is_blank
from domain.event import Event
from domain.revisions import EventCorrected
from domain.values import Value
from domain.vocabulary import replaced

_SUSPECT: Final = re.compile(rb'"(?:[ \x80-\xff]|\\(?:[bfnrt]|u[0-9a-fA-F]{4}))+"')
"""A text in JSON without a visible character of ASCII."""


def may_have_blank_text(body: bytes) -> bool:
    """Whether an event in JSON could have a blank text. Much faster than to look; False is certain.

    A text in another script than Latin makes it True.
    """
    if body.isascii() and b'" ' not in body and b"\\" not in body:
        return False
    return _SUSPECT.search(body) is not None


def blank_texts(event: Event) -> Iterator[str]:
    """Where an event has a text that is blank, as JSON pointers; also in the replacement that a correction holds."""
    yield from _blank_in(event, "")
    if isinstance(event.data, EventCorrected):
        for pointer in _blank_in(replaced(event, event.data), ""):
            yield f"/data/replacement{pointer}"


def _blank_in(value: Value, at: str) -> Iterator[str]:
    for name in value.model_fields_set:
        held = getattr(value, name)
        items = enumerate(held) if isinstance(held, tuple) else [(None, held)]
        for index, item in items:
            if type(item) is not str and not isinstance(item, Value):  # dates and codes are texts of their own kinds
                continue
            pointer = f"{at}/{name}" if index is None else f"{at}/{name}/{index}"
            if isinstance(item, Value):
                yield from _blank_in(item, pointer)
            elif is_blank(item):
                yield pointer
