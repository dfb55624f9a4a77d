"""What is refused of new events alone: what was recorded before is read, and answered when sent again, as ever."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from domain.errors import IdReused, Malformed
from domain.event import Recorded
from domain.vocabulary import read_event
from ledger.ledger import Ledger
from ledger.mapper import Draft, digest_of
from tests.ledger.sending import append, draft

BLANKS = [" ", "\u00a0", "\u200b", "\u2060\ufeff", "\u00ad ", "\U000e0041", "\u3164"]
P1 = "processes/first"


def statement(text: str, **fields: Any) -> Draft:
    return draft("StatementMade", subject=P1, data={"text": text, **fields})


def as_before(*drafts: Draft) -> list[Draft]:
    """Drafts as they were taken before anything was refused of new events."""
    return [dataclasses.replace(one, faults=()) for one in drafts]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_text_is_refused_where_a_text_stands(ledger: Ledger, blank: str) -> None:
    with pytest.raises(Malformed) as refused:
        append(ledger, statement("said"), statement(blank, description=blank), statement("said", verbatim=blank))
    assert [fault.pointer for fault in refused.value.faults] == [
        "/1/data/description",
        "/1/data/text",
        "/2/data/verbatim",
    ]
    assert "leave the field out" in refused.value.detail
    assert ledger.head() == 2


def test_a_blank_text_is_refused_wherever_it_stands(ledger: Ledger) -> None:
    said = statement("said")
    append(ledger, said)
    replacement = {"type": "StatementMade", "occurred": "2017-10-27", "data": {"text": "\u200b"}}
    correction = {"event": str(said.event.id), "by": "our error", "reason": "\u00a0", "replacement": replacement}
    place = {"labels": [{"text": " "}, {"text": "Jarut", "used_by": "\u200e"}]}
    blank = [
        draft("EventCorrected", subject=P1, data=correction),
        draft("AreaAdded", subject=P1, data={"place": place}, sources=[{"publisher": " "}], note="\u00a0"),
    ]
    with pytest.raises(Malformed) as refused:
        append(ledger, *blank)
    assert sorted(fault.pointer for fault in refused.value.faults) == [
        "/0/data/reason",
        "/0/data/replacement/data/text",
        "/1/data/place/labels/0/text",
        "/1/data/place/labels/1/used_by",
        "/1/note",
        "/1/sources/0/publisher",
    ]


def test_an_old_log_answers_as_before_when_every_event_is_sent_again(ledger: Ledger) -> None:
    old = [statement(blank, description=blank) for blank in BLANKS] + [statement("said")]
    first = append(ledger, *as_before(*old))
    assert (first.new, ledger.head()) == (len(old), 2 + len(old))
    again = append(ledger, *old)
    assert (again.new, again.events) == (0, first.events)
    for one, answered in zip(old, first.events, strict=True):
        assert append(ledger, one).events == (answered,)
        assert append(ledger, one, dry_run=True).new == 0
    read = ledger.read(after=2)
    assert [one.event.data for one in read if isinstance(one, Recorded)] == [one.event.data for one in old]
    with pytest.raises(IdReused):
        append(ledger, draft("StatementMade", subject=P1, id=old[0].event.id))


def test_one_new_blank_text_among_what_is_known_is_refused(ledger: Ledger) -> None:
    old = statement(" ")
    append(ledger, *as_before(old))
    with pytest.raises(Malformed) as refused:
        append(ledger, old, statement("\u200b"))
    assert [fault.pointer for fault in refused.value.faults] == ["/1/data/text"]


DIGESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "composed": ("5a54b7f948fa16d1cc7ec189c3f1a04b", {"text": "Réseau of the Valley"}),
    "decomposed": ("af7b232a1fa9f9212690d20c830307dc", {"text": "Re\u0301seau of the Valley"}),
    "in capitals": ("3dc9e07864d7239071ea0896fad33b71", {"text": "RÉSEAU OF THE VALLEY"}),
    "with marks that cannot be seen": (
        "60fd99e0377168f923808fe32261c943",
        {"text": "Réseau\u200b of\u00a0the\u00ad Valley "},
    ),
    "whole": ("b2184da05a52ec9998cc789c93a9a136", {"measure": "fighters", "quantity": {"value": 2000}}),
    "no fraction": (
        "b2184da05a52ec9998cc789c93a9a136",
        {"measure": "fighters", "quantity": {"value": 2000.0}},
    ),
    "a fraction": (
        "a430da45bd43a1c17f41cdea6228d77f",
        {"measure": "fuel", "quantity": {"value": 0.1, "low": 0.09, "unit": "Tonnes"}},
    ),
}
"""Digests as the first logs have them; whether a number was written as a fraction never counted."""


@pytest.mark.parametrize("said", DIGESTS)
def test_digests_never_change(said: str) -> None:
    """They tell a re-sent event from another one in every log there is, whatever is compared how."""
    digest, data = DIGESTS[said]
    wire = {
        "id": "00000000-0000-4000-8000-000000000001",
        "type": "StatementMade" if "text" in data else "FigureReported",
        "subject": P1,
        "occurred": "2017-10-27",
        "sources": [{"publisher": "Réseau", "claimant": "a local official, unnamed"}],
        "data": data,
    }
    assert digest_of(read_event(wire, json.dumps(wire))).hex()[:32] == digest


BALANCED = ["\u2067\u062d\u0645\u0635\u2069", "a \u2066b \u2068c\u2069\u2069", "said\u200f"]
UNBALANCED = ["\u2067\u062d\u0645\u0635", "b\u2069", "a\u2069\u2067b", "\u2066a\u2067b\u2069", "\u2067a\nb\u2069"]


@pytest.mark.parametrize("text", BALANCED)
def test_marks_that_isolate_a_direction_are_taken_in_pairs(ledger: Ledger, text: str) -> None:
    append(ledger, statement(text, description=text))
    assert ledger.read()[-1].event.data.text == text  # type: ignore[union-attr]


@pytest.mark.parametrize("text", UNBALANCED)
def test_a_mark_that_is_not_ended_is_refused(ledger: Ledger, text: str) -> None:
    replacement = {"type": "StatementMade", "occurred": "2017-10-27", "data": {"text": text}}
    said = statement("said")
    append(ledger, said)
    correction = {"event": str(said.event.id), "by": "our error", "reason": "Misread.", "replacement": replacement}
    place = {"labels": [{"text": text.replace("\n", " "), "lang": "ar"}]}
    drafts = [
        statement(text),
        draft("EventCorrected", subject=P1, data=correction),
        draft("AreaAdded", subject=P1, data={"place": place}, note=text),
    ]
    balanced_place = "\n" in text
    with pytest.raises(Malformed) as refused:
        append(ledger, *drafts)
    assert sorted(fault.pointer for fault in refused.value.faults) == [
        "/0/data/text",
        "/1/data/replacement/data/text",
        *([] if balanced_place else ["/2/data/place/labels/0/text"]),
        "/2/note",
    ]
    assert "add the one that is missing, or remove the other" in refused.value.detail
    append(ledger, *as_before(drafts[0]))  # it was taken once
    assert append(ledger, drafts[0]).new == 0


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_separators_of_lines_stand_where_lines_may(ledger: Ledger, separator: str) -> None:
    text = f"one{separator}two"
    append(ledger, statement(text, verbatim=text), draft("AreaRemoved", subject=P1, note=text))
    with pytest.raises(Malformed) as refused:
        append(
            ledger, statement("said", description=text), draft("AreaAdded", subject=P1, sources=[{"publisher": text}])
        )
    assert [fault.pointer for fault in refused.value.faults] == ["/0/data/description", "/1/sources/0/publisher"]
    assert "write a space" in refused.value.detail
