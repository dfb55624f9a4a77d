"""By which names and codes of places a search finds what an event is about."""

from __future__ import annotations

from collections.abc import Iterator

from domain.agreement_events import ViolationReported
from domain.convoys import FAMILY as CONVOYS
from domain.event import Event, Payload
from domain.general import IncidentReported
from domain.places_within import places_in
from domain.processes import AccessReported, ControlReported
from domain.values import Place

_ON_ANY_SUBJECT: frozenset[type[Payload]] = frozenset(
    (AccessReported, ControlReported, IncidentReported, ViolationReported)
)
_OF_CONVOYS = f"{CONVOYS.name}/"


def names_of(place: Place) -> Iterator[str]:
    """All names and codes of a place."""
    yield from (label.text for label in place.labels)
    if place.admin_code is not None:
        yield place.admin_code
    yield from (code.value for code in place.codes)


def places_told_of(event: Event) -> Iterator[Place]:
    """The places of which an event tells what happened there: all of a convoy's; where an incident or a violation was;
    what is held, open or besieged. The areas of a process are a matter of its state, since some are removed again."""
    if type(event.data) in _ON_ANY_SUBJECT or event.subject.startswith(_OF_CONVOYS):
        yield from places_in(event.data)
