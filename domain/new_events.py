"""What is asked of a new event beyond what is asked of any event.

Stored events are read by the rules of `domain/vocabulary.py`, which are never tightened: what was allowed once stays
readable, and is answered as before when it is sent again. A refusal that comes later stands here. It is asked of an
event whose id was never recorded, and of no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import loads
from typing import Any

from domain.blanks import blank_texts, may_have_blank_text
from domain.directions import faults_of_marks, may_have_marks
from domain.errors import Fault
from domain.event import Event
from domain.language_tags import ADVICE, is_language_tag
from domain.processes import ProcessOpened
from domain.revisions import EventCorrected
from domain.vocabulary import replaced
from domain.zones import zone

BLANK = "nothing of this text can be seen, only spaces or invisible marks: write what it says, or leave the field out"


def faults_if_new(event: Event, json: bytes) -> tuple[Fault, ...]:
    """Why a valid event is refused if it is new, each fault at its JSON Pointer.

    Args:
        event: the event.
        json: all that it says, defaults apart.
    """
    faults = [Fault(pointer, BLANK) for pointer in sorted(blank_texts(event))] if may_have_blank_text(json) else []
    if not all(is_language_tag(tag.decode()) for tag in _TAGS.findall(json)):
        faults += [Fault(pointer, ADVICE) for pointer in _no_tags(loads(json))]
    if may_have_marks(json):
        faults += faults_of_marks(event)
    if b'"time_zone"' in json:
        faults += _unknown_zone(event)
    return tuple(faults)


_TAGS = re.compile(rb'"lang":"([^"\\]*)"')


def _no_tags(value: Any, at: str = "") -> Iterator[str]:
    """Where labels have a language that no grammar allows: what may be stored is wider than what is new."""
    match value:
        case dict():
            for name, held in value.items():
                if name == "lang" and isinstance(held, str) and not is_language_tag(held):
                    yield f"{at}/lang"
                yield from _no_tags(held, f"{at}/{name}")
        case list():
            for index, held in enumerate(value):
                yield from _no_tags(held, f"{at}/{index}")
        case _:
            pass


def _unknown_zone(event: Event) -> Iterator[Fault]:
    """Which time zones there are changes with the years, so a zone is not part of the form of an event."""
    if isinstance(event.data, EventCorrected):
        for fault in _unknown_zone(replaced(event, event.data)):
            yield Fault(f"/data/replacement{fault.pointer}", fault.detail)
    if isinstance(event.data, ProcessOpened) and event.data.time_zone is not None:
        try:
            zone(event.data.time_zone)
        except ValueError as reason:
            yield Fault("/data/time_zone", str(reason))
