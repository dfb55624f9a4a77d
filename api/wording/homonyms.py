"""Two places of one name: what tells them apart stands with the name, wherever an answer names either of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any, TypeVar, cast

from api.wording import words
from api.wording.language import say
from api.wording.words import clean, coded

A = TypeVar("A")
Fields = Mapping[str, Any]

APART = "apart"
"""The field of a place that says what tells it from another of its name."""
_OF_PLACES = frozenset(("id", "labels", "admin_code", "codes", "kind", "lat", "lon", "precision"))


def told_apart(answer: A) -> A:
    """The same answer, each place that shares its name with another one with what tells the two apart."""
    by_name: defaultdict[str, dict[tuple[object, ...], Fields]] = defaultdict(dict)
    for place in _places_in(answer):
        by_name[_name(place)].setdefault(_said(place), place)
    shared = {name for name, places in by_name.items() if len(places) > 1 and _are_several(places.values())}
    return cast(A, _marked(answer, shared)) if shared else answer


def area(figure: Fields) -> list[str]:
    """The places of a figure; those of two of one name with what tells them apart. None, if no area is stated."""
    if "places" in figure:
        return [words.place(one) for one in figure["places"]]
    return [clean(name) for name in figure["area"] or ()]


def _places_in(part: Any) -> Iterator[Fields]:
    if isinstance(part, list):
        for item in part:
            yield from _places_in(item)
    elif isinstance(part, dict):
        if _is_place(part):
            yield part
        else:
            for value in part.values():
                if isinstance(value, (dict, list)):
                    yield from _places_in(value)


def _is_place(part: Fields) -> bool:
    return bool(part.get("labels")) and part.keys() - {"included", "within"} <= _OF_PLACES


def _name(place: Fields) -> str:
    return str(place["labels"][0]["text"])


def _said(place: Fields) -> tuple[object, ...]:
    codes = tuple((code["scheme"], code["value"]) for code in place.get("codes", ()))
    return (*(place.get(name) for name in ("id", "admin_code", "kind", "lat", "lon", "precision")), codes)


def _are_several(places: Iterable[Fields]) -> bool:
    """Whether two descriptions of one name are of two places, by the rule that tells places apart."""
    from domain import place_classes  # slow to import, and seldom needed
    from domain.values import Place

    known = [Place.model_validate({n: v for n, v in one.items() if n in _OF_PLACES}, strict=False) for one in places]
    described = map(place_classes.described, known)
    return any(place_classes.told_apart(a, b) is not None for a, b in combinations(described, 2))


def _marked(part: Any, shared: set[str]) -> Any:
    if isinstance(part, list):
        return [_marked(item, shared) for item in part]
    if not isinstance(part, dict):
        return part
    if _is_place(part):
        return {**part, APART: _difference(part)} if _name(part) in shared else part
    return {name: _marked(value, shared) for name, value in part.items()}


def _difference(place: Fields) -> str:
    """All that is said of a place beside its name: its code, its id, where it is, what it is."""
    said = [clean(place["admin_code"])] if place.get("admin_code") else []
    said += [clean(code["value"]) for code in place.get("codes", ())]
    said += [clean(f"places/{place['id']}")] if place.get("id") else []
    if place.get("lat") is not None:
        point = clean(f"{place['lat']:g}, {place['lon']:g}")
        near = place.get("precision") not in (None, "exact")
        said.append(say("{precision} {point}", precision=coded(place["precision"]), point=point) if near else point)
    said += [coded(place["kind"])] if place.get("kind") else []
    said += [say("in {place}", place=clean(place["within"][0]))] if place.get("within") else []
    return say("; ").join(said) or say("not said which")
