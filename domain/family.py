"""What a family of subjects brings: the record that each family module ends with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.finding import Finding
from domain.general import SubjectState
from domain.lines import ANY_ORDER, Course
from domain.values import Subject

S = TypeVar("S", bound=SubjectState)


def _any_order(state: SubjectState) -> tuple[Course, set[str]]:  # noqa: ARG001
    return ANY_ORDER, set()


def _never(state: SubjectState, about: str) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True, slots=True)
class FamilyFindings(Generic[S]):
    """What may not fit on a subject of one family, beside what may not fit on any subject."""

    rules: tuple[Callable[[Subject, S], Iterable[Finding]], ...] = ()
    """Each gives the findings of one or several rules."""
    course: Callable[[S], tuple[Course, set[str]]] = _any_order
    """The course of the family, and the steps that come once in it; by default every step may come again."""
    is_past: Callable[[S, str], bool] = _never
    """Whether a plan, named as `Finding.about` names it, no longer matters: what was planned came about or will not."""
