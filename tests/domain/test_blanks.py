"""Where an event has a text of which nothing can be seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.blanks import blank_texts, may_have_blank_text
from domain.comparison import is_blank
from domain.event import Event
from domain.values import Source
from domain.vocabulary import PAYLOADS, example, read_event
from tests.spec import event
from tests.strategies import histories, read

BLANK = "\u200b\u00a0"


def read_wire(raw: dict[str, Any]) -> Event:
    return read_event(raw, json.dumps(raw))


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_examples_have_no_blank_text(name: str) -> None:
    raw = example(name)
    raw.setdefault("id", "11111111-1111-4111-8111-111111111112")
    assert list(blank_texts(read_wire(raw))) == []


@given(histories())
@settings(max_examples=25)
def test_nothing_is_found_where_nothing_is_blank(history: list[dict[str, Any]]) -> None:
    for report in history:
        assert list(blank_texts(read(report))) == []


def test_blank_texts_are_found_wherever_they_stand() -> None:
    raw = {
        "id": "11111111-1111-4111-8111-111111111112",
        "type": "FigureReported",
        "subject": "processes/first",
        "occurred": "2024-03-01",
        "note": "\n",
        "sources": [{"publisher": "Radio"}, {"publisher": BLANK, "claimant": "\u2060", "published": "2024-03-01"}],
        "data": {
            "measure": "\u3000",
            "quantity": {"value": 3, "unit": BLANK, "verbatim": "three"},
            "area": [{"labels": [{"text": "Mill"}, {"text": "\ufeff", "used_by": " "}]}],
            "scope": "\u2028",
        },
    }
    assert sorted(blank_texts(read_wire(raw))) == [
        "/data/area/0/labels/1/text",
        "/data/area/0/labels/1/used_by",
        "/data/measure",
        "/data/quantity/unit",
        "/data/scope",
        "/note",
        "/sources/1/claimant",
        "/sources/1/publisher",
    ]


def test_the_replacement_of_a_correction_is_looked_at_too() -> None:
    raw = {
        "id": "11111111-1111-4111-8111-111111111112",
        "type": "EventCorrected",
        "subject": "talks/first",
        "occurred": None,
        "data": {
            "event": "11111111-1111-4111-8111-111111111111",
            "by": "our error",
            "reason": BLANK,
            "replacement": {
                "type": "TalksScheduled",
                "occurred": "2017-10-27",
                "note": BLANK,
                "data": {"when": "2017"},
            },
        },
    }
    assert sorted(blank_texts(read_wire(raw))) == ["/data/reason", "/data/replacement/note"]


def test_a_source_alone_is_no_event_and_a_text_that_is_seen_is_none() -> None:
    said = event("StatementMade", data={"text": "\u200f.", "description": "-"})
    assert list(blank_texts(said)) == []
    assert Source(publisher=BLANK).publisher == BLANK, "the values themselves take it: stored events have such texts"


@given(st.text(st.sampled_from('a" \\\n\u00a0\u200b\u2028\u3000é\U000e0041\x7f'), max_size=4), st.booleans())
def test_what_certainly_has_no_blank_text_has_none(text: str, escaped: bool) -> None:
    body = json.dumps({"note": text, "data": {}}, ensure_ascii=escaped).encode()
    if text and is_blank(text) and "\x7f" not in text:  # which no text may hold
        assert may_have_blank_text(body)


def test_a_latin_event_need_not_be_looked_at() -> None:
    assert not any(may_have_blank_text(json.dumps(example(name)).encode()) for name in PAYLOADS)
    assert may_have_blank_text('{"note": "بيان"}'.encode())
