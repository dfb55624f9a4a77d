"""Which descriptions of places, in one process, are one place.

One rule draws the classes. Two descriptions are *linked* if they have one id, or if they share a name or an own code
and nothing tells them apart. A part that links connect, in which no two are told apart, is one place. In any other part
a vague description could be of several places: there only an equal id, an equal own code and an identical description
join, and the classes carry a `Doubt`.

Told apart are two descriptions without one id of which

- both have an id,
- both have own codes of one scheme, and none of these is the same,
- both have a kind, or a level, and not the same,
- both have a point, and the points lie further apart than both precisions allow together (`RADIUS`),
- both name a containing place, and neither is within that of the other, as far as is known; or a code of either says
  that it lies in another area than the other does, P-codes being read from the left, the larger area first.

Two different ids never join, whatever they share. If descriptions with one own code have two ids, each id stands for
itself, and those without an id are a class of their own.

A code at the precision of an area or a country says where a place lies, not which it is; it is no own code.

The classes are a function of the set of descriptions: neither the order of arrival nor how often one came plays a part.
Those of one neighbourhood (`neighbourhoods`: what shares names, codes or ids, directly or through others) depend on
nothing outside it, so that a late report re-keys its own neighbourhood only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import chain, combinations
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple, TypeVar

from domain.comparison import comparable
from domain.keys import compound
from domain.values import Place, PlaceCode, PlaceKind, Precision

T = TypeVar("T", bound=Hashable)

P_CODE: Final = "p-code"
"""The scheme of OCHA's P-codes: a country, then digits from the largest area to the smallest."""

EARTH: Final = 6371.0
"""Mean radius of the Earth in kilometres."""

RADIUS: Final[dict[Precision, float | None]] = {
    Precision.EXACT: 5,
    Precision.NEAR: 25,
    Precision.ROUTE: 50,
    Precision.ADMIN_3: 50,
    Precision.ADMIN_2: 100,
    Precision.ADMIN_1: 300,
    Precision.COUNTRY: None,
}
"""How far a place may lie from a point of each precision, in kilometres; None: no point tells. A convention of ours.

Gazetteers put one town several kilometres apart. 25 km for "near" is what UCDP's codebook allows a place near a known
point; the areas have about the size of a large one of their level.
"""

AREAS: Final = {Precision.ADMIN_3, Precision.ADMIN_2, Precision.ADMIN_1, Precision.COUNTRY}
"""Precisions at which a code says where a place lies, not which it is."""


class Code(NamedTuple):
    """A name of a place in a scheme of codes."""

    scheme: str
    value: str


class Point(NamedTuple):
    """Where a place is known to be: degrees north and east, WGS 84."""

    lat: float
    lon: float
    precision: Precision


@dataclass(frozen=True, slots=True)
class Description:
    """What a report says of a place, in the form in which it is compared."""

    id: str | None = None
    """The id that stays, if places were unified."""
    names: frozenset[str] = frozenset()
    """Comparable names; no blank one."""
    codes: frozenset[Code] = frozenset()
    """Its own codes: which place it is."""
    areas: frozenset[Code] = frozenset()
    """Codes of the areas in which it lies."""
    kind: str | None = None
    level: str | None = None
    point: Point | None = None
    within: tuple[str, ...] = ()
    """Ids of the places that contain it, the nearest first, as far as they are known."""

    @property
    def tokens(self) -> Iterator[tuple[str, ...]]:
        """What two descriptions of one place may share: id, names, own codes."""
        if self.id is not None:
            yield "id", self.id
        for name in self.names:
            yield "name", name
        for code in self.codes:
            yield "code", *code

    @property
    def text(self) -> str:
        """All of it, in one order: two descriptions have one text only if they are equal."""
        point = self.point
        return compound(
            "" if self.codes else "no code",  # those that say more stand first
            _list(sorted(compound(*code) for code in self.codes)),
            _list(sorted(self.names)),
            _list(sorted(compound(*code) for code in self.areas)),
            "" if point is None else compound(repr(point.lat + 0.0), repr(point.lon + 0.0), point.precision),
            _list(self.within),
            *(compound("" if part is None else "is", part or "") for part in (self.id, self.kind, self.level)),
        )


class Difference(StrEnum):
    """What tells two descriptions apart."""

    ID = "id"
    CODE = "code"
    KIND = "kind"
    LEVEL = "level"
    DISTANCE = "distance"
    CONTAINING_PLACE = "containing place"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a part was not taken for one place."""

    difference: Difference
    between: tuple[Description, Description]
    """Two descriptions that are told apart, the first ones by their text."""
    others: tuple[str, ...]
    """Keys of the other classes of the part, which could be meant."""


@dataclass(frozen=True, slots=True)
class PlaceClass:
    """Descriptions of one place."""

    key: str
    """`places/ID`, or a hash of the description whose text comes first. No two classes of a process have one key."""
    members: frozenset[Description]
    doubt: Doubt | None = None

    @property
    def id(self) -> str | None:
        """The id of the place, if any of the descriptions has one."""
        return next((member.id for member in self.members if member.id is not None), None)

    @property
    def codes(self) -> frozenset[Code]:
        return frozenset(code for member in self.members for code in member.codes)


LEVELS: Final = frozenset((PlaceKind.COUNTRY, PlaceKind.ADMIN_1, PlaceKind.ADMIN_2, PlaceKind.ADMIN_3))
"""Kinds of areas, each at its level."""


def described(place: Place) -> Description:
    """What a place that is described in a report says, in the form in which it is compared."""
    code = frozenset([Code(P_CODE, place.admin_code)] if place.admin_code is not None else ())
    lies_there = place.precision in AREAS
    point = None
    if place.lat is not None and place.lon is not None and place.precision is not None:
        point = Point(place.lat + 0.0, place.lon + 0.0, place.precision)
    kind, level = kind_and_level(place.kind)
    return Description(
        id=place.id,
        names=frozenset(name for label in place.labels if (name := comparable(label.text))),
        codes=own_codes(place.codes) | (frozenset() if lies_there else code),
        areas=code if lies_there else frozenset(),
        kind=kind,
        level=level,
        point=point,
    )


def own_codes(codes: Iterable[PlaceCode]) -> frozenset[Code]:
    """Codes as they are compared: P-codes as OCHA writes them, all others as names are."""
    return frozenset(
        Code(code.scheme, code.value.strip().upper() if code.scheme == P_CODE else comparable(code.value))
        for code in codes
    )


def kind_and_level(kind: PlaceKind | None) -> tuple[str | None, str | None]:
    """What a place is, and at which level if it is an area; "other" says neither."""
    if kind is None or kind is PlaceKind.OTHER:
        return None, None
    if kind in LEVELS:
        return PlaceKind.AREA.value, kind.value
    return kind.value, None


# --- what tells apart -------------------------------------------------------------------------------------


def told_apart(one: Description, other: Description) -> Difference | None:
    """What tells two descriptions apart; None if nothing does, or if they have one id."""
    if one.id is not None and other.id is not None:
        return None if one.id == other.id else Difference.ID
    if _codes_differ(one.codes, other.codes):
        return Difference.CODE
    if one.kind and other.kind and one.kind != other.kind:
        return Difference.KIND
    if one.level and other.level and one.level != other.level:
        return Difference.LEVEL
    if _lie_apart(one.within, other.within) or _areas_differ(_area(one), _area(other)):
        return Difference.CONTAINING_PLACE
    if one.point is not None and other.point is not None and far(one.point, other.point):
        return Difference.DISTANCE
    return None


def _codes_differ(ones: frozenset[Code], others: frozenset[Code]) -> bool:
    if not ones or not others or ones == others:
        return False
    return any(
        {code for code in ones if code.scheme == scheme}.isdisjoint(others)
        for scheme in {code.scheme for code in ones} & {code.scheme for code in others}
    )


def _lie_apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return bool(one and other) and one[0] not in other and other[0] not in one


class _Area(NamedTuple):
    """P-codes of a place: of the areas it lies in, and its own."""

    areas: frozenset[str]
    own: frozenset[str]


_NOWHERE: Final = _Area(frozenset(), frozenset())


def _area(description: Description) -> _Area:
    if not description.areas and not description.codes:
        return _NOWHERE
    areas = frozenset(code.value for code in description.areas if code.scheme == P_CODE)
    return _Area(areas, frozenset(code.value for code in description.codes if code.scheme == P_CODE))


def _areas_differ(one: _Area, other: _Area) -> bool:
    """Whether a code of one says that it lies elsewhere than the other. Own codes are compared as such."""
    if one == other or not (one.areas or other.areas):
        return False
    pairs = (
        (code, another) for a, b in ((one, other), (other, one)) for code in a.areas for another in b.areas | b.own
    )
    return any(not code.startswith(another) and not another.startswith(code) for code, another in pairs)


def far(one: Point, other: Point) -> bool:
    """Whether two points lie further apart than both precisions allow together."""
    allowed, more = RADIUS[one.precision], RADIUS[other.precision]
    return allowed is not None and more is not None and distance(one, other) > allowed + more


def distance(one: Point, other: Point) -> float:
    """Kilometres between two points along a great circle, on a sphere: off by up to 0.5 %."""
    north, south = radians(one.lat), radians(other.lat)
    half = sin((north - south) / 2) ** 2 + cos(north) * cos(south) * sin(radians(one.lon - other.lon) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))


def share_a_name(one: Description, other: Description) -> bool:
    """Whether two descriptions have an id, a name or an own code in common."""
    return not set(one.tokens).isdisjoint(other.tokens)


def name_among(place: Place, others: Iterable[Place]) -> str:
    """The name of a place to show; if another of these has that name, with a code, its id, its point or its kind."""
    name = comparable(place.name)
    if all(other == place or comparable(other.name) != name for other in others):
        return place.name
    marks = [place.admin_code or "", *(code.value for code in place.codes)]
    marks += [f"places/{place.id}" if place.id else "", "" if place.lat is None else f"{place.lat:g}, {place.lon:g}"]
    marks += [place.kind.value if place.kind is not None else ""]
    return f"{place.name} ({'; '.join(mark for mark in marks if mark) or '?'})"


_LARGER: Final[dict[str, int]] = {
    PlaceKind.AREA: 1,
    Precision.ADMIN_3: 2,
    Precision.ADMIN_2: 3,
    Precision.ADMIN_1: 4,
    Precision.COUNTRY: 5,
    PlaceKind.ADMIN_3: 2,
    PlaceKind.ADMIN_2: 3,
    PlaceKind.ADMIN_1: 4,
    PlaceKind.COUNTRY: 5,
}
"""Kinds and precisions of areas, the larger ones with the larger number."""


def is_larger(one: Place, other: Place) -> bool:
    """Whether one place is an area of a kind that is made of places such as the other: it may contain it.

    P-codes tell more than kinds: that of an area begins those of all that lies in it.
    """
    if one.admin_code is not None and other.admin_code is not None and one.admin_code != other.admin_code:
        return other.admin_code.startswith(one.admin_code)
    return _level(one) > _level(other)


def _level(place: Place) -> int:
    return max(_LARGER.get(sign or "", 0) for sign in (place.kind, place.precision))


# --- classes ----------------------------------------------------------------------------------------------


def classes(descriptions: Iterable[Description]) -> list[PlaceClass]:
    """The places that these descriptions are of, in the order of their keys; they are all those of one process."""
    parts = (rekeyed(part) for part in neighbourhoods(descriptions))
    return sorted(chain.from_iterable(parts), key=lambda one: one.key)


def neighbourhoods(descriptions: Iterable[Description]) -> list[frozenset[Description]]:
    """The descriptions that share ids, names or own codes, directly or through others; told apart or not."""
    return _joined(set(descriptions), lambda description: description.tokens)


def rekeyed(neighbourhood: Iterable[Description]) -> list[PlaceClass]:
    """The classes of one neighbourhood, which depend on nothing outside it; in no order."""
    members = sorted(set(neighbourhood), key=lambda description: description.text)
    if _none_told_apart(members):
        return [PlaceClass(_key(members), frozenset(members))]
    classes: list[PlaceClass] = []
    for part in _parts(members):
        between = next(((a, b, why) for a, b in combinations(part, 2) if (why := told_apart(a, b))), None)
        if between is None:
            classes.append(PlaceClass(_key(part), frozenset(part)))
        else:
            classes += _doubted(part, *between)
    return classes


def _doubted(part: list[Description], a: Description, b: Description, why: Difference) -> Iterator[PlaceClass]:
    """The classes of a part in which two are told apart."""
    groups = {_key(group): group for group in _of_one_identity(part)}
    for key, group in groups.items():
        yield PlaceClass(key, group, Doubt(why, (a, b), tuple(sorted(groups.keys() - {key}))))


def _of_one_identity(descriptions: Iterable[Description]) -> Iterator[frozenset[Description]]:
    """What an id or an own code joins; the rest one by one."""
    for group in _joined(descriptions, _identities):
        if len({member.id for member in group} - {None}) < 2:
            yield group
        else:  # one code under several ids: each id stands for itself
            yield from _joined((m for m in group if m.id is not None), lambda member: [member.id])
            yield from _joined((m for m in group if m.id is None), lambda member: member.codes)


def _identities(description: Description) -> Iterator[tuple[str, ...]]:
    return (token for token in description.tokens if token[0] != "name")


def across(classes_of_processes: Iterable[PlaceClass]) -> list[frozenset[PlaceClass]]:
    """Which classes of several processes are one place: an id or an own code joins them, a name never does."""
    groups: list[frozenset[PlaceClass]] = []
    for group in _joined(classes_of_processes, lambda one: [*one.codes, *([one.id] if one.id is not None else [])]):
        if len({one.id for one in group} - {None}) < 2:
            groups.append(group)
        else:
            groups += _joined((one for one in group if one.id is not None), lambda one: [one.id])
            groups += _joined((one for one in group if one.id is None), lambda one: one.codes)
    return groups


def _key(members: Iterable[Description]) -> str:
    known = list(members)
    if (place := next((member.id for member in known if member.id is not None), None)) is not None:
        return f"places/{place}"
    first = min(member.text for member in known)
    return blake2b(first.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _joined(items: Iterable[T], tokens: Callable[[T], Iterable[Hashable]]) -> list[frozenset[T]]:
    """The items that share a token, directly or through others. About linear in the number of tokens."""
    over: dict[T, T] = {}

    def top(item: T) -> T:
        while over[item] != item:
            over[item] = item = over[over[item]]
        return item

    first: dict[Hashable, T] = {}
    for item in items:
        over.setdefault(item, item)
        for token in tokens(item):
            over[top(item)] = top(first.setdefault(token, item))
    groups: defaultdict[T, set[T]] = defaultdict(set)
    for item in over:
        groups[top(item)].add(item)
    return [frozenset(group) for group in groups.values()]


def _parts(members: Iterable[Description]) -> Iterator[list[Description]]:
    """The parts that links connect, each in the order given."""
    order = {member: place for place, member in enumerate(members)}
    sharing: defaultdict[tuple[str, ...], dict[Description, None]] = defaultdict(dict)
    for member in order:
        for token in member.tokens:
            sharing[token][member] = None
    left = dict(order)
    while left:
        reached = [next(iter(left))]
        del left[reached[0]]
        for member in reached:  # grows while it is gone through
            for token in member.tokens:
                near = sharing[token]
                near.pop(member, None)
                for other in [other for other in near if other not in left]:
                    del near[other]
                linked = [other for other in near if told_apart(member, other) is None]
                for other in linked:
                    del near[other], left[other]
                reached += linked
        yield sorted(reached, key=order.__getitem__)


def _none_told_apart(members: list[Description]) -> bool:
    """Whether certainly no two are told apart, as far as that can be seen without comparing each with each.

    What can be told apart are values; most descriptions of one place share them. Points are compared with one in the
    middle: if each allows that one, any two allow each other.
    """
    for said in ({m.id for m in members}, {m.kind for m in members}, {m.level for m in members}):
        if len(said - {None}) > 1:
            return False
    codes, chains, areas = {m.codes for m in members}, {m.within for m in members}, {_area(m) for m in members}
    if max(len(codes), len(chains), len(areas)) > _FEW:
        return False
    if any(_codes_differ(a, b) for a, b in combinations(codes, 2)):
        return False
    if any(_lie_apart(a, b) for a, b in combinations(chains, 2)):
        return False
    if any(_areas_differ(a, b) for a, b in combinations(areas, 2)):
        return False
    points = {member.point for member in members if member.point is not None}
    if len(points) < 2:
        return True
    lats, lons = [point.lat for point in points], [point.lon for point in points]
    centre = Point((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2, Precision.EXACT)
    return all((radius := RADIUS[point.precision]) is None or distance(point, centre) <= radius for point in points)


_FEW: Final = 20
"""Different values of which each is compared with each."""


def _list(parts: Iterable[str]) -> str:
    return "".join(compound(part, "") for part in parts)
