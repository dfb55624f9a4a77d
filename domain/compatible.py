"""What several reports of one thing say together, field by field, and what of it cannot all be so.

A report adds: what it does not say, it does not deny. So of each field only those values are held against each other
that say something, and of these only the narrowest: "ceasefire" stands, where another report says "other"; 3 March,
where another says March; the town, where another names the district. Two values of what remains contradict each other
only if they cannot both be so. Free words, names of actors and lists never do: two summaries, two senders, two means
stand side by side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, Final

from domain.comparison import comparable
from domain.edtf import When
from domain.place_classes import Difference, described, is_larger, share_a_name, told_apart
from domain.values import Cohort, Item, Place, Quantity, Value, each_once

SILENT: Final = frozenset(("other", "unknown", "unclear", "no information"))
"""Codes that say nothing another report could contradict."""
SILENT_IF_FALSE: Final = frozenset(("series", "trial", "computed"))
"""Flags that nobody sets to deny anything: only True is said."""
BOTH_MAY_BE: Final = frozenset(
    (
        *("modality", "last_run", "run", "place", "reason", "actor", "until_event", "from_the_start"),
        *("answer_by", "processes", "title", "ids"),
    )
)
"""Fields in which two reports may differ and both be right, or that are held against each other elsewhere."""
STEP: Final = "stage"
"""A field in which a text is a code."""
WHO: Final = frozenset(("holders", "debtor", "beneficiary"))
"""Fields that name all of those concerned: two lists contradict each other unless one is a part of the other."""
ADDING: Final = frozenset(
    (
        *("senders", "cargo", "people", "purposes", "types", "provisions", "means", "loaded", "delivered"),
        *("refused", "persuaded_by", "tracks"),
    )
)
"""Lists that a later report makes longer: what it does not name stays."""
LATEST: Final = frozenset(("last_run",))
"""Dates of which the last one counts: an earlier report tells of the run before."""
WIDER: Final = frozenset(
    (
        ("closed", "besieged"),
        ("intrastate", "intrastate-local"),
        *(("movement", kind) for kind in ("aid", "evacuation", "return", "medical", "exchange", "remains")),
        *(("corridor", kind) for kind in ("aid", "evacuation", "return", "medical", "exchange", "remains")),
        *(("state", kind) for kind in ("government body", "head of state", "state forces")),
        ("several armed groups", "armed group"),
        *(("political body", kind) for kind in ("local council", "committee")),
        ("population", "community"),
        *(("other area", kind) for kind in ("country", "admin 1", "admin 2", "admin 3", "neighbourhood")),
        *(("settlement", kind) for kind in ("neighbourhood", "camp")),
        *(("facility", kind) for kind in ("checkpoint", "crossing")),
        ("crossing", "checkpoint"),
        ("initialled", "signed"),
        ("initialled", "acceded"),
    )
)
"""Pairs of codes of one list, the wider one first: what is of the second is of the first, too."""


def gist(value: Any) -> Hashable:
    """What two reports must share to agree: a value's `gist` if it has one (wording aside), else the value.

    Of a text it is the form in which texts are compared, of a date its bounds.
    """
    if isinstance(value, When):
        return value.span
    if type(value) is str:
        return comparable(value)
    shared: Hashable = getattr(value, "gist", value)
    return shared


# --- one value beside another ---------------------------------------------------------------------------------


def is_silent(value: Any, name: str = "") -> bool:
    """Whether a value of a field says nothing: it is absent, or a code for what is not known."""
    match value:
        case None | () | "":
            return True
        case bool():
            return not value and name in SILENT_IF_FALSE
        case str():
            return value in SILENT and not isinstance(value, When)
        case _:
            return False


def is_wider(one: Any, other: Any) -> bool:
    """Whether one value says the same as another, only less exactly."""
    match one, other:
        case When(), When():
            return one.span != other.span and _holds(one.span[:2], other.span[:2])
        case Quantity(), Quantity():
            return comparable(one.unit) == comparable(other.unit) and one.range != other.range and _covers(one, other)
        case Place(), Place():
            return _contains(one, other)
        case str(), str():
            return (str(one), str(other)) in WIDER
        case tuple(), tuple():
            return set(one) < set(other)
        case _:
            covers: Callable[[Any], bool] | None = getattr(one, "covers", None)
            return covers is not None and covers(other)


def contradict(one: Any, other: Any, name: str = "") -> bool:
    """Whether two values of a field cannot both be so, neither of them being silent or wider than the other.

    Args:
        one: a value.
        other: another value of the same field.
        name: of the field; empty: these are the values of a whole line, and a text is a code.
    """
    if name in BOTH_MAY_BE:
        return False
    match one, other:
        case When(), When():
            return one.span.precedes(other.span) or other.span.precedes(one.span)
        case Quantity(), Quantity():
            return _apart(one, other)
        case Place(), Place():
            return _elsewhere(one, other)
        case tuple(), tuple():
            return _lists_differ(one, other, name)
        case (str(), str()) if name and name != STEP and not isinstance(one, Enum):
            return False  # free words, or the names of actors
        case (Value(), Value()) if name:
            return False
        case _:
            return _own(one, other)


def _own(one: Any, other: Any) -> bool:
    contradicts: Callable[[Any], bool] | None = getattr(one, "contradicts", None)
    return contradicts(other) if contradicts is not None else gist(one) != gist(other)


def _lists_differ(one: tuple[Any, ...], other: tuple[Any, ...], name: str) -> bool:
    if name in WHO:
        return not (set(one) <= set(other) or set(other) <= set(one))
    amounts = dict(_amounts(one))
    return any(key in amounts and _apart(amounts[key], quantity) for key, quantity in _amounts(other))


def _amounts(items: Iterable[Any]) -> Iterator[tuple[Hashable, Quantity]]:
    """How much is said to be there of each kind of goods or people, once for each kind."""
    known = [item for item in items if isinstance(item, Item | Cohort) and item.quantity is not None]
    kinds = [kind_of(item) for item in known]
    for item, kind in zip(known, kinds, strict=True):
        if item.quantity is not None and kinds.count(kind) == 1:
            yield kind, item.quantity


def kind_of(item: Any) -> Hashable:
    """What two entries of a list must share to be on the same: of goods and people what they are, of what has an id
    that, of others all."""
    match item:
        case Cohort():
            return (comparable(item.category), item.place.key if item.place is not None else None)
        case Item():
            unit = comparable(item.quantity.unit) if item.quantity is not None else None
            return (comparable(item.description), unit)
        case _:  # two entries under one id cannot stand in one list
            own: Hashable = getattr(item, "id", None)
            return own if own is not None else gist(item)


def _apart(one: Quantity, other: Quantity) -> bool:
    """Whether no number fits both; of two units nobody can tell."""
    if comparable(one.unit) != comparable(other.unit):
        return False
    (low, high), (least, most) = one.range, other.range
    return (high is not None and high < least) or (most is not None and most < low)


def _covers(one: Quantity, other: Quantity) -> bool:
    (low, high), (least, most) = one.range, other.range
    return low <= least and (high is None or (most is not None and most <= high))


def _holds(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one[0] <= other[0] and other[1] <= one[1]


# --- places -----------------------------------------------------------------------------------------------------


def _contains(one: Place, other: Place) -> bool:
    """Whether a place is, as far as is said, one in which the other lies."""
    return one.key in other.within or (is_larger(one, other) and not _elsewhere(one, other))


def _elsewhere(one: Place, other: Place) -> bool:
    """Whether two places are certainly not one, and neither can lie within the other."""
    if one.key == other.key or one.key in other.within or other.key in one.within:
        return False
    a, b = described(one), described(other)
    difference = told_apart(a, b)
    if is_larger(one, other) or is_larger(other, one):
        return difference in (Difference.CONTAINING_PLACE, Difference.DISTANCE)
    return difference is not None or not share_a_name(a, b)


# --- several values ---------------------------------------------------------------------------------------------


def standing(values: Iterable[Any], name: str = "") -> list[Any]:
    """The distinct values of a field that say something, in the order given, without those that others narrow down.

    If none says anything, one of those that were given.
    """
    every = list(values)
    if not every:
        return []
    first = every[0]
    if all(value is first or (type(value) is type(first) and value == first) for value in every):
        return [first]
    said = [value for value in every if not is_silent(value, name)]
    if said and name in LATEST:
        return [max(said, key=lambda when: when.span.latest)]
    if not said:
        return [next((value for value in reversed(every) if value is not None), None)]
    distinct: dict[Hashable, Any] = {}
    for value in said:
        distinct[content(value)] = value  # the newest wording
    narrow = list(distinct.values())
    return [one for one in narrow if not any(is_wider(one, other) for other in narrow)]


def disputed(values: Sequence[Any], name: str = "") -> bool:
    """Whether two of the values of a field that stand cannot both be so."""
    return any(contradict(one, other, name) for n, one in enumerate(values) for other in values[n + 1 :])


def content(value: Any) -> Hashable:
    """What two values of a field share if they say the same: all that they say, texts as they are compared."""
    match value:
        case Place():
            return value.key
        case tuple():
            return tuple(content(item) for item in value)
        case Value():
            return type(value).__name__, tuple(content(getattr(value, name)) for name in type(value).model_fields)
        case Enum():
            return value
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return tuple(content(getattr(value, one.name)) for one in dataclasses.fields(value))
        case _:
            return gist(value)


LEAVES: Final = (Place, Quantity, Item, Cohort)


def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of what reports say, if it is several things at once; none of a date, a number, a place."""
    known = _FIELDS.get(kind)
    if known is None:
        known = _FIELDS[kind] = _fields(kind)
    return known


_FIELDS: Final[dict[type[Any], tuple[str, ...]]] = {}


def _fields(kind: type[Any]) -> tuple[str, ...]:
    if issubclass(kind, LEAVES) or getattr(kind, "whole", False):
        return ()
    if issubclass(kind, Value):
        return tuple(kind.model_fields)
    return tuple(one.name for one in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def with_fields(value: Any, fields: dict[str, Any]) -> Any:
    """The same value with other values in some fields."""
    if not fields:
        return value
    return value.model_copy(update=fields) if isinstance(value, Value) else dataclasses.replace(value, **fields)


def with_names_of(place: Place, others: Iterable[Place]) -> Place:
    """A place with all the names that other descriptions of the same place give."""
    labels = each_once(
        (*place.labels, *(label for one in others if not _elsewhere(place, one) for label in one.labels))
    )
    return place if labels == place.labels else place.model_copy(update={"labels": labels})


def united(newer: tuple[Any, ...], older: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list made longer by what only an older one names, the newer first; of one kind the newer entry stays."""
    known = {kind_of(item) for item in newer}
    return (*newer, *(item for item in older if kind_of(item) not in known))
