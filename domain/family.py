"""What a family of subjects brings: the record that each family module ends with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.event import Event, Opening, Payload
from domain.finding import Finding
from domain.general import Due, SubjectState
from domain.lines import ANY_ORDER, Course
from domain.spans import Zones
from domain.values import Subject

S = TypeVar("S", bound=SubjectState)


def _nothing_due(state: SubjectState) -> list[Due]:  # noqa: ARG001
    return []


def _any_order(state: SubjectState) -> tuple[Course, set[str]]:  # noqa: ARG001
    return ANY_ORDER, set()


def _never(state: SubjectState, about: str) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFindings(Generic[S]):
    """What may not fit on a subject of one family, beside what may not fit on any subject."""

    rules: tuple[Callable[[Subject, S, Zones], Iterable[Finding]], ...] = ()
    """Each gives the findings of one or several rules; by the zones it tells when a day has passed (`domain.spans`)."""
    course: Callable[[S], tuple[Course, set[str]]] = _any_order
    """The course of the family, and the steps that come once in it; by default every step may come again."""
    is_past: Callable[[S, str], bool] = _never
    """Whether a plan, named as `Finding.about` names it, no longer matters: what was planned came about or will not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Generic[S]):
    """One family: what may be reported of its subjects, and what follows from the reports."""

    name: str
    """As in the paths of its subjects; `domain.values.FAMILY_NAMES` lists it."""
    opening: type[Opening]
    """The event type that makes a subject."""
    events: tuple[type[Payload], ...]
    """All its event types, the opening first, in the order of the documents."""
    rows: tuple[type[Payload], ...] = ()
    """Those of them that accumulate as rows of the read models and take no part in a fold."""
    state: type[S]
    """What is folded; made without arguments, the state of a subject of which nothing is known."""
    evolve: Callable[[S, Event], S]
    """The state after one more step, given in canonical order. Total and silent."""
    due: Callable[[S], list[Due]] = _nothing_due
    """What is expected by a date, and not yet settled."""
    findings: FamilyFindings[S] = field(default_factory=FamilyFindings)
    """Its own rules. `domain/families.py` adds them, since rules look at states, and states know no rules."""
