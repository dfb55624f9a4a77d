"""Sentences that remember what they were made of."""

from __future__ import annotations

import json

from domain.edtf import When
from domain.sentences import AND, FieldName, Number, Sentence, Term, as_json, from_json, listed, told, told_number


def test_a_sentence_is_its_english_and_remembers_what_stands_in_it() -> None:
    sentence = told("Only {who} says “{step}” ({date}).", who="actors/a", step=Term("convened"), date=When("2017-10"))
    assert sentence == "Only actors/a says “convened” (2017-10)."
    assert sentence.phrase == "Only {who} says “{step}” ({date})."
    assert [type(one) for one in sentence.values.values()] == [str, Term, When]


def test_a_number_chooses_the_phrase() -> None:
    few = [told_number("{number} day", "{number} days", number) for number in (0, 1, 2)]
    assert few == ["0 days", "1 day", "2 days"]
    assert {(one.phrase, one.many) for one in few} == {("{number} day", "{number} days")}


def test_parts_stand_one_after_the_other() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c"], last=AND) == "a, b and c"


def test_what_people_outside_wrote_is_no_phrase() -> None:
    assert told("{who} disputes it.", who="{secret} {0} {who.__class__}") == "{secret} {0} {who.__class__} disputes it."


def test_all_of_it_is_kept() -> None:
    inner = told_number("{some} and {number} more", "{some} and {number} more", 3, some="“x” {y} \u2028")
    sentence = told(
        "{field} {date}: {inner}, {amount} {term}",
        field=FieldName("schedule.starts"),
        date=When("2017-10-27~"),
        inner=inner,
        amount=Number("0.5"),
        term=Term("persons"),
    )
    again = from_json(as_json(sentence))
    assert again == sentence
    assert as_json(again) == as_json(sentence)
    assert isinstance(again, Sentence)
    assert {name: type(one) for name, one in again.values.items()} == {
        name: type(one) for name, one in sentence.values.items()
    }
    assert from_json(as_json("a text")) == "a text"
    assert json.dumps(sentence) == json.dumps(str(sentence)), "in JSON for others it is a text"
