"""Actors: who takes part, under which names, and how they relate. Actors belong to no process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from domain import general
from domain.changing import changed
from domain.comparison import comparable
from domain.event import Event, Opening, Payload
from domain.family import Family
from domain.general import SubjectState
from domain.lines import Account, Keeps, Line
from domain.values import ActorRef, Labels, Quantity, Short, Text, each_once

# --- events -----------------------------------------------------------------------------------------------


class ActorKind(StrEnum):
    """What an actor is, in words no side owns. "Terrorist", "militant", "moderate" are quotations: labels."""

    STATE = "state"
    GOVERNMENT_BODY = "government body"
    HEAD_OF_STATE = "head of state"
    STATE_FORCES = "state forces"
    FOREIGN_FORCES = "foreign forces"
    ARMED_GROUP = "armed group"
    ARMED_GROUPS = "several armed groups"
    POLITICAL_BODY = "political body"
    LOCAL_COUNCIL = "local council"
    COMMUNITY = "community"
    COMMITTEE = "committee"
    INTERNATIONAL_ORGANISATION = "international organisation"
    NGO = "non-governmental organisation"
    MEDIA = "media"
    POPULATION = "population"
    OTHER = "other"


class ActorIdentified(Opening):
    """An actor is identified: an organisation, a body, a force or a cohort, never a private person."""

    labels: Labels
    """Names, each with its language and who uses it."""
    kind: ActorKind
    """What it is."""
    size: Quantity | None = None
    """How many members, as claimed."""
    description: Text | None = None
    """What else tells it apart."""

    example: ClassVar[dict[str, Any]] = {
        "labels": [{"text": "eleven armed groups of Eastern Kalamun", "lang": "en"}],
        "kind": "several armed groups",
        "size": {"value": 11, "unit": "armed groups"},
    }


class ActorRelabelled(Payload):
    """An actor is called by a further name, or no longer by one."""

    step: ClassVar[int] = 1
    labels: Labels
    """The names."""
    no_longer: bool = False
    """True if the actor is no longer called so."""

    example: ClassVar[dict[str, Any]] = {
        "labels": [{"text": "moderate opposition", "lang": "en", "used_by": "TASS"}],
    }


class Relation(StrEnum):
    """How an actor stands to another. Merged and split speak of the organisation, not of its members."""

    PART_OF = "part of"
    REPRESENTS = "represents"
    MERGED_INTO = "merged into"
    SPLIT_FROM = "split from"
    SUCCESSOR_OF = "successor of"


class ActorRelated(Payload):
    """Somebody affirms or denies that an actor stands in a relation to another."""

    step: ClassVar[int] = 2
    relation: Relation
    """Part of, represents, merged into, split from, successor of."""
    to: ActorRef
    """The other actor."""
    affirmed: bool = True
    """False: the relation is denied."""
    verbatim: Short | None = None
    """The source's own wording."""

    @property
    def gist(self) -> bool:
        return self.affirmed

    example: ClassVar[dict[str, Any]] = {"relation": "part of", "to": "government", "affirmed": True}


EVENTS: tuple[type[Payload], ...] = (ActorIdentified, ActorRelabelled, ActorRelated)

# --- state ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ActorState(SubjectState):
    kind: Line[str] = field(default_factory=Line)
    sizes: tuple[Quantity, ...] = ()
    description: Account[str] = field(default_factory=Account)
    former_labels: tuple[str, ...] = ()
    relations: dict[str, Line[ActorRelated]] = field(default_factory=dict)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: ActorState, event: Event) -> ActorState:
    match event.data:
        case ActorIdentified() as data:
            state = general.opened(state, event, data.labels)
            return changed(
                state,
                kind=state.kind.advance(data.kind.value, event),
                sizes=_each_once((*state.sizes, data.size)) if data.size else state.sizes,
                description=state.description.advance(data.description, event)
                if data.description
                else state.description,
            )
        case ActorRelabelled(no_longer=False) as data:
            again = {comparable(label.text) for label in data.labels}
            former = tuple(text for text in state.former_labels if comparable(text) not in again)
            return changed(state, labels=each_once((*state.labels, *data.labels)), former_labels=former)
        case ActorRelabelled() as data:
            spelled: dict[str, str] = {}
            for text in (*state.former_labels, *(label.text for label in data.labels)):
                spelled.setdefault(comparable(text), text)
            return changed(state, former_labels=tuple(spelled.values()))
        case ActorRelated() as data:
            key = f"{data.relation}|{data.to}"
            line = state.relations.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            return changed(state, relations={**state.relations, key: line})
        case _:
            return general.evolve(state, event)


def _each_once(sizes: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """Each claimed size once, in the wording that comes first."""
    first: dict[tuple[object, ...], Quantity] = {}
    for size in sizes:
        first.setdefault((size.qualifier, size.range, comparable(size.unit)), size)
    return tuple(first.values())


# --- rules ------------------------------------------------------------------------------------------------


def shown_label(state: ActorState) -> str | None:
    """The name to show: the first one still in use, else the first one ever used."""
    former = {comparable(text) for text in state.former_labels}
    for label in state.labels:
        if comparable(label.text) not in former:
            return label.text
    return state.labels[0].text if state.labels else None


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="actors",
    opening=ActorIdentified,
    events=EVENTS,
    state=ActorState,
    evolve=evolve,
)
