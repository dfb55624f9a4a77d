"""Which descriptions of places are one place: by name and code, unless something tells them apart."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.place_classes import (
    RADIUS,
    Code,
    Description,
    Difference,
    PlaceClass,
    Point,
    across,
    classes,
    described,
    distance,
    neighbourhoods,
    rekeyed,
    told_apart,
)
from domain.values import Place, Precision


def place(*names: str, **fields: Any) -> Description:
    labels = [{"text": name} for name in names]
    return described(Place.model_validate_json(json.dumps({"labels": labels, **fields})))


def point(lat: float, lon: float, precision: Precision = Precision.NEAR) -> Point:
    return Point(lat, lon, precision)


def names(*texts: str) -> frozenset[str]:
    return frozenset(texts)


MILL = place("Mill", lat=33.5, lon=36.5, precision="near")
FAR_MILL = place("Mill", lat=36.4, lon=42.1, precision="near")
VAGUE_MILL = place("Mill")


def sizes(found: Iterable[PlaceClass]) -> list[int]:
    return sorted(len(one.members) for one in found)


# --- cases ------------------------------------------------------------------------------------------------


def test_two_places_of_one_name_that_lie_far_apart() -> None:
    found = classes([MILL, FAR_MILL])
    assert sizes(found) == [1, 1]
    assert [one.doubt for one in found] == [None, None], "nothing is vague"


def test_a_vague_description_between_two_places_is_of_neither() -> None:
    found = classes([MILL, VAGUE_MILL, FAR_MILL])
    assert sizes(found) == [1, 1, 1]
    for one in found:
        assert one.doubt is not None
        assert one.doubt.difference is Difference.DISTANCE
        assert set(one.doubt.between) == {MILL, FAR_MILL}
        assert {one.key, *one.doubt.others} == {other.key for other in found}


def test_a_vague_description_of_the_only_place_is_of_it() -> None:
    (found,) = classes([MILL, VAGUE_MILL])
    assert found.members == {MILL, VAGUE_MILL}
    assert found.doubt is None


def test_a_name_with_its_code_and_the_name_alone_are_one_place() -> None:
    assert sizes(classes([place("Ruhaiba", admin_code="SY0304"), place("Ruhaiba")])) == [2]


def test_names_link_in_any_spelling_that_compares_as_one_and_through_others() -> None:
    assert sizes(classes([place("Mill", "مطحنة"), place("MILL\u200b"), place(" مطحنة ")])) == [3]
    assert sizes(classes([place("Mill", "Old mill"), place("Old mill", "Mühle"), place("Mühle")])) == [3]
    assert sizes(classes([place("Mill"), place("Mull")])) == [1, 1]


def test_identical_descriptions_are_one() -> None:
    assert sizes(classes([place("Mill"), place("mill"), place("Mill ", "MILL")])) == [1]


def test_a_code_at_the_precision_of_an_area_says_where_a_place_lies() -> None:
    north = place("Mill", admin_code="SY0304", precision="admin 3")
    same = place("Bridge", admin_code="SY0304", precision="admin 3")
    south = place("Mill", admin_code="SY0912", precision="admin 3")
    wide = place("Mill", admin_code="SY03", precision="admin 1")
    assert sizes(classes([north, same])) == [1, 1], "two places of one area"
    assert sizes(classes([north, south])) == [1, 1], "two areas tell apart"
    assert sizes(classes([north, wide])) == [2], "one area lies in the other"
    assert told_apart(south, place("Mill", admin_code="SY03")) is Difference.CONTAINING_PLACE
    assert told_apart(north, place("Mill", admin_code="SY030402")) is None
    (found,) = classes([north, place("Mill")])
    assert found.codes == frozenset()


def test_own_codes_join_where_names_do_not() -> None:
    assert sizes(classes([place("Mill", admin_code="SY0304"), place("مطحنة", admin_code="SY0304")])) == [2]


def test_in_doubt_an_own_code_still_joins() -> None:
    coded, other_name = place("Mill", admin_code="SY0304"), place("Mühle", admin_code="SY0304")
    elsewhere = place("Mill", admin_code="SY0912")
    found = classes([coded, other_name, elsewhere, VAGUE_MILL])
    assert sizes(found) == [1, 1, 2]
    assert {one.members for one in found if len(one.members) == 2} == {frozenset([coded, other_name])}
    assert all(one.doubt is not None and one.doubt.difference is Difference.CODE for one in found)


def test_an_id_joins_whatever_is_said_of_it() -> None:
    here = Description(id="mill", names=names("mill"), kind="town", point=point(33, 36))
    there = Description(id="mill", names=names("bridge"), kind="village", point=point(10, 10))
    (found,) = classes([here, there])
    assert (found.key, found.id, found.doubt) == ("places/mill", "mill", None)


def test_a_name_joins_what_has_an_id_if_there_is_one_such_place() -> None:
    known = Description(id="mill", names=names("mill"))
    other = Description(id="second", names=names("mill"))
    assert [one.key for one in classes([known, VAGUE_MILL])] == ["places/mill"]
    assert sizes(classes([known, other, VAGUE_MILL])) == [1, 1, 1]
    assert {one.id for one in classes([known, other, VAGUE_MILL])} == {"mill", "second", None}


def test_one_code_under_two_ids_joins_neither_with_the_other() -> None:
    code = frozenset([Code("p-code", "SY0304")])
    known, other = Description(id="a", codes=code), Description(id="b", codes=code)
    vague, named = Description(codes=code), Description(codes=code, names=names("mill"))
    found = classes([known, other, vague, named])
    assert {one.members for one in found} == {
        frozenset([known]),
        frozenset([other]),
        frozenset([vague, named]),
    }


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ({"id": "a"}, {"id": "b"}, Difference.ID),
        ({"id": "a", "kind": "town"}, {"id": "a", "kind": "village"}, None),
        ({"id": "a"}, {}, None),
        ({"codes": frozenset([Code("g", "1")])}, {"codes": frozenset([Code("g", "2")])}, Difference.CODE),
        ({"codes": frozenset([Code("g", "1")])}, {"codes": frozenset([Code("h", "2")])}, None),
        ({"codes": frozenset([Code("g", "1"), Code("g", "2")])}, {"codes": frozenset([Code("g", "2")])}, None),
        ({"kind": "town"}, {"kind": "crossing"}, Difference.KIND),
        ({"kind": "town"}, {}, None),
        ({"level": "admin 3"}, {"level": "admin 2"}, Difference.LEVEL),
        ({"within": ("north", "country")}, {"within": ("south", "country")}, Difference.CONTAINING_PLACE),
        ({"within": ("north", "country")}, {"within": ("country",)}, None),
        ({"within": ("north",)}, {"within": ("country",)}, Difference.CONTAINING_PLACE),
        ({"within": ("north",)}, {}, None),
        ({"point": point(33, 36)}, {"point": point(33.4, 36)}, None),
        ({"point": point(33, 36)}, {"point": point(33.5, 36)}, Difference.DISTANCE),
        ({"point": point(33, 36, Precision.EXACT)}, {"point": point(33.2, 36, Precision.EXACT)}, Difference.DISTANCE),
        ({"point": point(33, 36, Precision.COUNTRY)}, {"point": point(-33, 136, Precision.EXACT)}, None),
        ({"point": point(0, 179.9)}, {"point": point(0, -179.9)}, None),
    ],
)
def test_what_tells_apart(one: dict[str, Any], other: dict[str, Any], difference: Difference | None) -> None:
    assert told_apart(Description(**one), Description(**other)) is difference
    assert told_apart(Description(**other), Description(**one)) is difference


def test_distances() -> None:
    assert distance(point(0, 0), point(0, 0)) == 0
    assert distance(point(0, 0), point(0, 180)) == pytest.approx(20_015, abs=1)
    assert distance(point(90, 0), point(-90, 77)) == pytest.approx(20_015, abs=1)
    assert distance(point(33.5138, 36.2765), point(36.2021, 37.1343)) == pytest.approx(309, abs=1)  # Damascus, Aleppo
    assert set(RADIUS) == set(Precision)


def test_across_processes_only_ids_and_own_codes_join() -> None:
    by_name, same_name = classes([place("Mill")]), classes([place("Mill", "Mühle")])
    by_code, same_code = classes([place("Mill", admin_code="SY0304")]), classes([place("Mühle", admin_code="SY0304")])
    by_id = classes([Description(id="mill", codes=frozenset([Code("p-code", "SY0304")]))])
    other_id = classes([Description(id="second", codes=frozenset([Code("p-code", "SY0304")]))])
    assert sorted(map(len, across([*by_name, *same_name, *by_code]))) == [1, 1, 1]
    assert sorted(map(len, across([*by_code, *same_code, *by_id]))) == [3]
    assert sorted(map(len, across([*by_code, *same_code, *by_id, *other_id]))) == [1, 1, 2]


def test_a_place_keeps_its_key_when_more_is_said_of_others() -> None:
    before = {one.key for one in classes([MILL, place("Bridge")])}
    assert before < {one.key for one in classes([MILL, place("Bridge"), FAR_MILL, place("Ford")])}


# --- laws -------------------------------------------------------------------------------------------------

CODES = (Code("p-code", "SY01"), Code("p-code", "SY0203"), Code("g", "1"))
POINTS = (None, None, point(33, 36), point(33.3, 36), point(33.6, 36), point(33.3, 36, Precision.ADMIN_1))
DESCRIPTIONS = st.builds(
    Description,
    id=st.sampled_from((None, None, None, "x", "y")),
    names=st.frozensets(st.sampled_from(("a", "b", "c|d")), max_size=2),
    codes=st.frozensets(st.sampled_from(CODES), max_size=2),
    areas=st.sampled_from((frozenset(), frozenset(), frozenset([Code("p-code", "SY02")]))),
    kind=st.sampled_from((None, None, "town", "crossing")),
    level=st.sampled_from((None, None, None, "admin 3")),
    point=st.sampled_from(POINTS),
    within=st.sampled_from(((), (), ("north",), ("north", "country"), ("country",), ("south", "country"))),
)
SOME = st.lists(DESCRIPTIONS, max_size=6)


def drawn_out(descriptions: Iterable[Description]) -> set[frozenset[Description]]:
    """The classes by the words of the rule, pair by pair."""
    all_of_them = set(descriptions)

    def parted(members: set[Description], joins: Any) -> list[set[Description]]:
        parts: list[set[Description]] = []
        for member in members:
            near = [part for part in parts if any(joins(member, other) for other in part)]
            parts = [part for part in parts if part not in near] + [{member}.union(*near)]
        return parts

    def linked(one: Description, other: Description) -> bool:
        shared = one.names & other.names or one.codes & other.codes
        return (one.id is not None and one.id == other.id) or bool(shared and told_apart(one, other) is None)

    def identified(one: Description, other: Description) -> bool:
        return (one.id is not None and one.id == other.id) or bool(one.codes & other.codes)

    found: set[frozenset[Description]] = set()
    for part in parted(all_of_them, linked):
        if not any(told_apart(a, b) for a, b in combinations(part, 2)):
            found.add(frozenset(part))
            continue
        for group in parted(part, identified):
            if len({member.id for member in group} - {None}) < 2:
                found.add(frozenset(group))
                continue
            found |= {frozenset(m for m in group if m.id == name) for name in {m.id for m in group} - {None}}
            nameless = {m for m in group if m.id is None}
            found |= {frozenset(p) for p in parted(nameless, lambda a, b: bool(a.codes & b.codes))}
    return found


@given(SOME)
@settings(max_examples=400)
def test_the_classes_are_those_of_the_rule(descriptions: list[Description]) -> None:
    assert {one.members for one in classes(descriptions)} == drawn_out(descriptions)


@given(st.lists(DESCRIPTIONS, min_size=2, max_size=5))
@settings(max_examples=60)
def test_the_order_of_arrival_plays_no_part(descriptions: list[Description]) -> None:
    expected = classes(descriptions)
    for order in permutations(descriptions):
        assert classes([*order, order[0]]) == expected


@given(SOME)
def test_keys_are_of_one_class_each(descriptions: list[Description]) -> None:
    found = classes(descriptions)
    assert len({one.key for one in found}) == len(found)
    assert sorted(m.text for one in found for m in one.members) == sorted(m.text for m in set(descriptions))
    for one in found:
        assert len({member.id for member in one.members} - {None}) < 2
        assert (one.key == f"places/{one.id}") == (one.id is not None)
        if one.doubt is None:
            assert not any(told_apart(a, b) for a, b in combinations(one.members, 2))
        else:
            assert told_apart(*one.doubt.between) is one.doubt.difference


@given(DESCRIPTIONS, DESCRIPTIONS)
def test_two_descriptions_have_one_text_only_if_they_are_equal(one: Description, other: Description) -> None:
    assert (one.text == other.text) == (one == other)
    assert told_apart(one, other) is told_apart(other, one)
    assert told_apart(one, one) is None


@given(SOME, st.data())
@settings(max_examples=200)
def test_a_late_report_rekeys_its_neighbourhood_only(descriptions: list[Description], data: st.DataObject) -> None:
    """One after the other comes, or goes again; what is kept is equal to what is computed from all."""
    parts: list[frozenset[Description]] = []
    kept: dict[frozenset[Description], list[PlaceClass]] = {}
    present: set[Description] = set()
    for description in [*descriptions, *data.draw(st.permutations(descriptions))]:
        tokens = set(description.tokens)
        near = [part for part in parts if description in part or any(tokens & set(member.tokens) for member in part)]
        touched = set().union(*near) ^ {description}
        present ^= {description}
        parts = [part for part in parts if part not in near]
        for part in near:
            del kept[part]
        for part in neighbourhoods(touched):
            parts.append(part)
            kept[part] = rekeyed(part)
        together = sorted((one for found in kept.values() for one in found), key=lambda one: one.key)
        assert together == classes(present)


# --- cost -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doubtful", [False, True], ids=["one place", "two places"])
def test_many_descriptions_of_one_name_cost_little(doubtful: bool) -> None:
    many = [
        Description(names=names("mill", f"mill {i}"), point=point(33 + i / 20_000, 36 + i % 7 / 100))
        for i in range(2_000)
    ]
    if doubtful:
        many += [Description(names=names("mill"), point=point(10, 10)), Description(names=names("mill"))]
    began = time.process_time()
    found = classes(many)
    assert time.process_time() - began < 10
    assert len(found) == (2_002 if doubtful else 1)
