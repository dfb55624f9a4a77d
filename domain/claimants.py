"""Who says so, and when two reports have it from one and the same.

An actor is one wherever it speaks. Somebody who is only described ("a local official, unnamed") is one within one
original: the source that the report repeats (`derived_from`), else its publisher. So a copy corroborates nothing, and
two unnamed officials in two papers are two. Where no claimant is named, the original speaks for itself.

Names are compared by `comparable`, and shown as they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from domain.comparison import comparable
from domain.keys import compound

ACTORS: Final = "actors/"
"""How the path of an actor begins: what begins otherwise describes."""
UNATTRIBUTED: Final = "unattributed"


class ClaimantKind(StrEnum):
    """What kind of claimant it is; two kinds are never one claimant, whatever their names."""

    ACTOR = "actor"
    DESCRIBED = "described"
    """Described within an original."""
    ORIGINAL = "original"
    """The source itself, where it names nobody."""
    OFFICE = "office"
    """An office that assesses."""
    NOBODY = "nobody"
    """No source: an observation or inference of our own, or a report without one."""


class Claimant(NamedTuple):
    """Who says so. Two are one claimant if their keys are equal."""

    name: str
    """As it was sent: `actors/ID`, a description, a source, an office; or the basis of a report without a source."""
    kind: ClaimantKind
    within: str = ""
    """The original, of one who is described."""

    @property
    def key(self) -> str:
        """What tells two claimants apart."""
        return _key(self.name, self.kind, self.within)


@lru_cache(1 << 14)
def _key(name: str, kind: ClaimantKind, within: str) -> str:
    return compound(kind.value, name if kind is ClaimantKind.ACTOR else comparable(name), comparable(within))


@lru_cache(1 << 14)
def speaking(claimant: str | None, publisher: str, derived_from: str | None) -> Claimant:
    """Who speaks in a source, given its fields."""
    original = derived_from or publisher
    if claimant is not None:
        if claimant.startswith(ACTORS):
            return Claimant(claimant, ClaimantKind.ACTOR)
        described = comparable(claimant)
        if described not in ("", UNATTRIBUTED, comparable(original)):
            return Claimant(claimant, ClaimantKind.DESCRIBED, original)
    return Claimant(original, ClaimantKind.ORIGINAL)


def distinct(claimants: Iterable[Claimant]) -> tuple[Claimant, ...]:
    """Each claimant once, in the spelling that comes first."""
    first: dict[str, Claimant] = {}
    for claimant in claimants:
        first.setdefault(claimant.key, claimant)
    return tuple(first.values())


OBSERVED: Final = "observed"
"""How a report without a source is named that we observed ourselves (`domain.values.Basis`)."""


def confirming(claimants: Iterable[Claimant]) -> tuple[Claimant, ...]:
    """Those of several claimants who confirm what they say, each once: an observation of our own does, an inference of
    ours does not, nor a report that names nobody."""
    every = distinct(claimants)
    return tuple(one for one in every if one.kind is not ClaimantKind.NOBODY or one.name == OBSERVED)


def told_apart(claimants: Iterable[Claimant]) -> dict[str, str]:
    """The name of each of several claimants by its key; where two share one, the original stands with it.

    Of several spellings of one claimant the first in the order of code points is shown.
    """
    spelled: dict[str, Claimant] = {}
    for claimant in sorted(claimants):
        spelled.setdefault(claimant.key, claimant)
    sharing: dict[str, int] = {}
    for claimant in spelled.values():
        name = comparable(claimant.name)
        sharing[name] = sharing.get(name, 0) + 1
    return {
        key: f"{claimant.name} ({claimant.within or claimant.kind})"
        if sharing[comparable(claimant.name)] > 1
        else claimant.name
        for key, claimant in spelled.items()
    }
