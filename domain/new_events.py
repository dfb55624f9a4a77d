"""What is asked of a new event beyond what is asked of any event.

Stored events are read by the rules of `domain/vocabulary.py`, which are never tightened: what was allowed once stays
readable, and is answered as before when it is sent again. A refusal that comes later stands here. It is asked of an
event whose id was never recorded, and of no other.
"""

from __future__ import annotations

from domain.blanks import blank_texts, may_have_blank_text
from domain.errors import Fault
from domain.event import Event

BLANK = "nothing of this text can be seen, only spaces or invisible marks: write what it says, or leave the field out"


def faults_if_new(event: Event, json: bytes) -> tuple[Fault, ...]:
    """Why a valid event is refused if it is new, each fault at its JSON Pointer.

    Args:
        event: the event.
        json: all that it says, defaults apart.
    """
    if not may_have_blank_text(json):
        return ()
    return tuple(Fault(pointer, BLANK) for pointer in sorted(blank_texts(event)))
