"""Folding: from the events of one subject to its state, for every family in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from pydantic import TypeAdapter

from domain import actors, agreements, convoys, enrolments, processes, talks
from domain.event import Event
from domain.general import Due, SubjectState
from domain.vocabulary import ROWS

STATES: dict[str, type[SubjectState]] = {
    "actors": actors.ActorState,
    "processes": processes.ProcessState,
    "talks": talks.TalksState,
    "agreements": agreements.AgreementState,
    "convoys": convoys.ConvoyState,
    "enrolments": enrolments.EnrolmentState,
}
EVOLVE: dict[str, Callable[[Any, Event], SubjectState]] = {
    "actors": actors.evolve,
    "processes": processes.evolve,
    "talks": talks.evolve,
    "agreements": agreements.evolve,
    "convoys": convoys.evolve,
    "enrolments": enrolments.evolve,
}
_KEPT = frozenset(ROWS)
_ADAPTERS: dict[str, TypeAdapter[Any]] = {family: TypeAdapter(state) for family, state in STATES.items()}


def is_step(event: Event) -> bool:
    """Whether the event is folded into its subject's state, rather than kept as a row or as a revision."""
    return type(event.data) not in _KEPT and not event.data.revises


def initial(family: str) -> SubjectState:
    """The state of a subject of which nothing is known."""
    return STATES[family]()


def evolve(state: SubjectState, event: Event) -> SubjectState:
    """The state after one more step, given in canonical order. Total and silent."""
    return EVOLVE[event.family](state, event)


def fold(family: str, events: Iterable[Event]) -> SubjectState:
    """The state that a set of events amounts to, in whatever order they are given."""
    state = initial(family)
    for event in sorted(filter(is_step, events), key=lambda event: event.order):
        state = evolve(state, event)
    return state


def due(state: SubjectState) -> list[Due]:
    """What is expected by a date, and not yet settled."""
    match state:
        case processes.ProcessState():
            return processes.due(state)
        case talks.TalksState():
            return talks.due(state)
        case agreements.AgreementState():
            return agreements.due(state)
        case convoys.ConvoyState():
            return convoys.due(state)
        case enrolments.EnrolmentState():
            return enrolments.due(state)
        case _:
            return []


def dump(family: str, state: SubjectState) -> bytes:
    """A state as JSON, for a read model."""
    return _ADAPTERS[family].dump_json(state, exclude_defaults=True)


def load(family: str, json: bytes | str) -> SubjectState:
    """A state from a read model."""
    return cast(SubjectState, _ADAPTERS[family].validate_json(json))
