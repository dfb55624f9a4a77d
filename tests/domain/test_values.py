"""What a quantity allows, what a place needs, who a claimant is: values say what was reported and never more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from domain.edtf import When
from domain.event import WHENEVER
from domain.values import Label, Place, Quantity
from tests.spec import event
from tests.strategies import quantities


def quantity(**fields: Any) -> Quantity:
    return Quantity.model_validate_json(json.dumps(fields))


def place(**fields: Any) -> Place:
    return Place.model_validate_json(json.dumps({"labels": [{"text": "Ruhaiba"}], **fields}))


# --- quantities -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "least", "most"),
    [
        ({"value": 20}, 20, 20),
        ({"value": 20, "qualifier": "exact"}, 20, 20),
        ({"value": 0}, 0, 0),
        ({"value": 2000, "qualifier": "about"}, 1800, 2200),
        ({"value": 0, "qualifier": "about"}, 0, 0),
        ({"value": 20000, "qualifier": "more than"}, 20001, None),
        ({"value": 1.5, "qualifier": "more than", "unit": "tonnes"}, 1.5, None),
        ({"value": 500, "qualifier": "up to"}, 0, 500),
        ({"value": 3, "qualifier": "at least"}, 3, None),
        ({"value": 3, "qualifier": "several"}, 3, None),
        ({"qualifier": "several"}, 2, None),
        ({"low": 10, "high": 20}, 10, 20),
        ({"low": 10}, 10, None),
        ({"high": 20}, 0, 20),
        ({"low": 5, "high": 5}, 5, 5),
        ({"value": 2000, "low": 1500, "high": 2500, "qualifier": "about"}, 1500, 2500),
        ({"value": 2000, "high": 2100, "qualifier": "about"}, 1800, 2100),
        ({"value": 20000, "high": 30000, "qualifier": "more than"}, 20001, 30000),
        ({"value": 20, "low": 10, "qualifier": "up to"}, 10, 20),
        ({"low": 4, "qualifier": "several"}, 4, None),
    ],
)
def test_a_claim_allows_a_range(claim: dict[str, Any], least: float, most: float | None) -> None:
    assert quantity(**claim).range == (least, most)


@pytest.mark.parametrize(
    ("claim", "mend"),
    [
        ({}, "a value, a low, a high, or the qualifier 'several'"),
        ({"unit": "trucks", "verbatim": "some trucks"}, "a value, a low, a high"),
        ({"qualifier": "about"}, "a value, a low, a high"),
        ({"low": 20, "high": 10}, "swap them"),
        ({"value": 5, "low": 10}, "outside low and high"),
        ({"value": 30, "high": 20}, "outside low and high"),
        ({"value": 5, "high": 5, "qualifier": "more than"}, "no number is left"),
        ({"high": 1, "qualifier": "several"}, "no number is left"),
        ({"value": -1}, "greater than or equal to 0"),
        ({"value": -0.5}, "greater than or equal to 0"),
        ({"low": -1}, "greater than or equal to 0"),
        ({"value": 10**15 + 1}, "less than or equal to 1000000000000000"),
        ({"value": "20"}, "valid number"),
        ({"value": True}, "valid number"),
        ({"value": 5, "unit": ""}, "at least 1 character"),
        ({"value": 5, "qualifier": "roughly"}, "'exact', 'about'"),
    ],
)
def test_a_claim_that_says_nothing_or_contradicts_itself_is_refused(claim: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValidationError) as refused:
        quantity(**claim)
    assert mend in str(refused.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("field", ["value", "low", "high"])
def test_what_is_not_finite_is_no_number(field: str, number: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Quantity.model_validate_json(f'{{"{field}": {number}}}')
    assert "finite" in str(refused.value)


@given(quantities())
def test_a_range_is_never_reversed_and_holds_the_value(claim: dict[str, Any]) -> None:
    one = quantity(**claim)
    least, most = one.range
    assert most is None or least <= most
    if one.value is not None and one.qualifier != "more than":
        assert least <= one.value
        assert most is None or one.value <= most


def test_a_number_keeps_its_kind() -> None:
    assert quantity(value=5).model_dump_json(exclude_unset=True) == '{"value":5}'
    assert quantity(value=5.0).model_dump_json(exclude_unset=True) == '{"value":5.0}'


def test_a_claim_counts_persons_unless_it_says_otherwise() -> None:
    assert quantity(value=5).unit == "persons"
    assert quantity(value=5, unit="trucks").unit == "trucks"


# --- places -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "mend"),
    [
        ({"labels": []}, "name the place"),
        ({"lat": 33.5, "precision": "near"}, "send both lat and lon"),
        ({"lon": 36.5, "precision": "near"}, "send both lat and lon"),
        ({"lat": 33.5, "lon": 36.5}, "need a precision"),
        ({"lat": 90.1, "lon": 36.5, "precision": "near"}, "less than or equal to 90"),
        ({"lat": 33.5, "lon": -180.1, "precision": "near"}, "greater than or equal to -180"),
        ({"lat": 33.5, "lon": 36.5, "precision": "about"}, "'exact', 'near'"),
        ({"admin_code": "sy0304"}, "pattern"),
        ({"admin_code": "S"}, "pattern"),
        ({"admin_code": "SY0304\n"}, "pattern"),
    ],
)
def test_a_place_is_refused(fields: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValidationError) as refused:
        place(**fields)
    assert mend in str(refused.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"precision": "country"},
        {"admin_code": "SY"},
        {"lat": -90, "lon": 180, "precision": "exact"},
        {"lat": 0, "lon": 0, "precision": "near", "admin_code": "SY0304"},
    ],
)
def test_a_place_is_known_by_as_much_as_there_is(fields: dict[str, Any]) -> None:
    assert place(**fields).labels[0].text == "Ruhaiba"


def test_identical_descriptions_of_a_place_have_one_key_whatever_their_spelling_and_order() -> None:
    assert place().key == place(labels=[{"text": "RUHAIBA", "lang": "en"}]).key
    names = [{"text": "Ruhaiba"}, {"text": "Al-Ruhaybah"}]
    assert place(labels=names).key == place(labels=names[::-1]).key
    for more in ({"admin_code": "SY0304"}, {"kind": "camp"}, {"id": "ruhaiba"}, {"labels": names}):
        assert place(**more).key != place().key
    assert place().meaning("places/ruhaiba", ()).key == "places/ruhaiba"
    assert place(id="ruhaiba", labels=[]).meaning("places/ruhaiba", place().labels).name == "Ruhaiba"


@pytest.mark.parametrize("lang", ["en", "ar", "ar-Latn", "zh-Hant-TW"])
def test_a_language_is_a_tag(lang: str) -> None:
    assert Label(text="x", lang=lang).lang == lang


@pytest.mark.parametrize("lang", ["ar_SY", "ar-", "-ar", "", "ar Latn"])
def test_what_is_no_language_tag_is_refused(lang: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Label(text="x", lang=lang)


# --- text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["اتفاق وقف إطلاق النار", "Ruhaiba’s road", "👍", "a\u00a0b", "x" * 300])
def test_text_of_any_script_is_taken(text: str) -> None:
    assert Label.model_validate_json(json.dumps({"text": text})).text == text


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31mb", "a\x7fb", "a\x85b", "a\nb", "a\tb", "", "x" * 301])
def test_text_on_one_line_has_no_control_characters(text: str) -> None:
    with pytest.raises(ValidationError):
        Label.model_validate_json(json.dumps({"text": text}))


def test_longer_text_may_have_lines_and_no_other_control_characters() -> None:
    assert event("RoleTaken", note="one\n\ttwo").note == "one\n\ttwo"


# --- an event's own ---------------------------------------------------------------------------------------


def test_a_claimant_is_who_is_named_else_the_publisher_else_our_basis() -> None:
    sources = [
        {"publisher": "TASS", "claimant": "actors/centre"},
        {"publisher": "SANA", "claimant": "unattributed"},
        {"publisher": "field office"},
        {"publisher": "Reuters", "claimant": "actors/centre"},
    ]
    assert event("RoleTaken", sources=sources).claimant_names == ["actors/centre", "SANA", "field office"]
    assert event("RoleTaken", basis="inferred by us").claimant_names == ["inferred by us"]


def test_openings_come_first_then_the_earlier_then_the_shorter_then_the_step_then_the_id() -> None:
    def talks(name: str, occurred: str, number: int) -> Any:
        return event(name, occurred=occurred, id=f"00000000-0000-4000-8000-{number:012}")

    in_order = [
        talks("TalksReported", "2017-12", 9),
        talks("TalksConcluded", "2017-10-01", 8),
        talks("TalksScheduled", "2017-10", 7),
        talks("TalksConvened", "2017-10", 3),
        talks("TalksCancelled", "2017-10", 4),
        talks("TalksScheduled", "2017-10-02", 1),
    ]
    arrived = in_order[::-1]
    assert sorted(arrived, key=lambda one: one.order) == in_order


def test_a_revision_occurs_at_no_time_of_its_own() -> None:
    assert event("EventRetracted", subject="talks/first").span == WHENEVER
    assert event("RoleTaken", occurred="2017-10").span == When("2017-10").span
