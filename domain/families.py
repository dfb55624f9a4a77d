"""All families, and folding: from the events of one subject to its state, and what follows from that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, lru_cache, reduce
from typing import Any, cast

from pydantic import TypeAdapter

from domain import actors, agreements, convoys, enrolments, general, places, processes, talks
from domain.event import Event, Opening, Payload
from domain.family import Family
from domain.finding import Finding
from domain.findings import agreements as in_agreements
from domain.findings import convoys as in_convoys
from domain.findings import talks as in_talks
from domain.findings.subject import of_state
from domain.general import Due, SubjectState
from domain.spans import ANYWHERE, Zones
from domain.values import Subject

FAMILIES: dict[str, Family[Any]] = {
    family.name: family
    for family in (
        actors.FAMILY,
        processes.FAMILY,
        replace(talks.FAMILY, findings=in_talks.FINDINGS),
        replace(agreements.FAMILY, findings=in_agreements.FINDINGS),
        replace(convoys.FAMILY, findings=in_convoys.FINDINGS),
        enrolments.FAMILY,
        places.FAMILY,
    )
}
"""Every family by its name. A family with rules of its own is given them here."""

# What is asked of a family for each event is looked up in one step.
FAMILY_EVENTS: dict[str, tuple[type[Payload], ...]] = {name: family.events for name, family in FAMILIES.items()}
OPENINGS: dict[str, type[Opening]] = {name: family.opening for name, family in FAMILIES.items()}
ROWS: tuple[type[Payload], ...] = (*general.ROWS, *(row for family in FAMILIES.values() for row in family.rows))
"""What accumulates as rows of the read models; all else but revisions is folded."""
STATES: dict[str, type[SubjectState]] = {name: family.state for name, family in FAMILIES.items()}
EVOLVE: dict[str, Callable[[Any, Event], SubjectState]] = {name: family.evolve for name, family in FAMILIES.items()}
_OF_STATE: dict[type[SubjectState], Family[Any]] = {family.state: family for family in FAMILIES.values()}
_KEPT = frozenset(ROWS)
LOADED = 1_000
"""States that are kept as they were read last, some 10 kB each: most of a process stays as it was."""


# --- folding ----------------------------------------------------------------------------------------------


def is_step(event: Event) -> bool:
    """Whether the event is folded into its subject's state, rather than kept as a row or as a revision."""
    return type(event.data) not in _KEPT and not event.data.revises


def initial(family: str) -> SubjectState:
    """The state of a subject of which nothing is known."""
    return STATES[family]()


def evolve(state: SubjectState, event: Event) -> SubjectState:
    """The state after one more step, given in canonical order. Total and silent."""
    return EVOLVE[event.family](state, event)


def fold(
    family: str, events: Iterable[Event], going_through: Callable[[Iterable[Event]], Iterable[Event]] = iter
) -> SubjectState:
    """The state that a set of events amounts to, in whatever order they are given.

    Args:
        family: of the subject.
        events: on it.
        going_through: gives what it is given, one by one. Who looks on may stop there.
    """
    steps = sorted(filter(is_step, events), key=lambda event: event.order)
    return reduce(evolve, going_through(steps), initial(family))


# --- what follows from a state ----------------------------------------------------------------------------


def due(state: SubjectState) -> list[Due]:
    """What is expected by a date, and not yet settled."""
    return _OF_STATE[type(state)].due(state)


def findings(subject: Subject, state: SubjectState, zones: Zones = ANYWHERE) -> list[Finding]:
    """What does not fit, as far as the folded state of one subject tells, whose processes have these zones. Total."""
    return of_state(subject, state, _OF_STATE[type(state)].findings, zones)


def is_past(state: SubjectState, about: str) -> bool:
    """Whether a plan of a subject, named as `Finding.about` names it, no longer matters: it contests nothing."""
    return _OF_STATE[type(state)].findings.is_past(state, about)


# --- kept states ------------------------------------------------------------------------------------------


@cache
def _adapter(family: str) -> TypeAdapter[Any]:
    return TypeAdapter(STATES[family])  # costs a command that reads no state too much to be made at import


def dump(family: str, state: SubjectState) -> bytes:
    """A state as JSON, for a read model."""
    return _adapter(family).dump_json(state, exclude_defaults=True)


@lru_cache(LOADED)
def load(family: str, json: bytes | str) -> SubjectState:
    """A state from a read model. It may be given again: nothing changes a state."""
    return cast(SubjectState, _adapter(family).validate_json(json))
