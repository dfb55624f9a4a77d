"""What counts as the same content under one id, and how older corrections are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from eventsourcing.persistence import Notification

from domain.vocabulary import PAYLOADS, example, read_event
from ledger import mapper
from ledger.mapper import Draft, EventMapper, digest_of


def digest(**changes: Any) -> bytes:
    wire = {**example("FigureReported"), **changes}
    return digest_of(read_event(wire, json.dumps(wire)))


DATA: dict[str, Any] = {"measure": "fighters", "quantity": {"value": 2000, "qualifier": "about"}}


@pytest.mark.parametrize(
    "changes",
    [
        {"sensitivity": "moderate"},
        {"note": None},
        {"basis": "reported", "note": None},
        {"data": {**DATA, "quantity": {"value": 2000.0, "qualifier": "about", "unit": "persons"}}},
        {"data": {"quantity": {"qualifier": "about", "value": 2000}, "measure": "fighters", "counting": "stock"}},
        {"data": {**DATA, "scope": None}},
    ],
)
def test_the_same_said_in_another_way_is_the_same(changes: dict[str, Any]) -> None:
    assert digest(**{"data": DATA, **changes}) == digest(data=DATA)


@pytest.mark.parametrize(
    "changes",
    [
        {"sensitivity": "high"},
        {"note": "x"},
        {"occurred": "2017-10-28"},
        {"data": {**DATA, "quantity": {"value": 2000.5, "qualifier": "about"}}},
        {"data": {**DATA, "quantity": {"value": 2000}}},
    ],
)
def test_anything_else_is_not(changes: dict[str, Any]) -> None:
    assert digest(**{"data": DATA, **changes}) != digest(data=DATA)


def test_a_stored_correction_says_in_which_form_its_replacement_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a type gets a new form, the replacements within older corrections are brought up to date too."""
    wire = example("EventCorrected")
    draft = Draft.of(read_event(wire, json.dumps(wire)))
    assert draft.envelope["replacement_schema"] == 1
    reader = EventMapper(transcoder=None)  # type: ignore[arg-type]
    entry = mapper.Entry(draft, 2, datetime(2026, 1, 1, tzinfo=UTC), "office")
    stored = reader.to_stored_event(entry)
    notification = Notification(stored.originator_id, stored.originator_version, stored.topic, stored.state, id=7)
    assert "replacement_schema" not in reader.wire(notification)
    monkeypatch.setattr(PAYLOADS["TalksScheduled"], "schema_version", 2)
    monkeypatch.setitem(mapper.UPCASTERS, ("TalksScheduled", 1), lambda data: {**data, "when": "2017-10-30"})
    assert reader.wire(notification)["data"]["replacement"]["data"]["when"] == "2017-10-30"


def test_an_upcaster_that_breaks_is_shown_with_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"envelope": {"id": str(UUID(int=1)), "occurred": "2017-10-27", "schema": 1}, "data": {"when": "2017"}}
    notification = Notification("talks/first", 2, "TalksScheduled", orjson.dumps(state), id=7)
    reader = EventMapper(transcoder=None)  # type: ignore[arg-type]
    monkeypatch.setattr(PAYLOADS["TalksScheduled"], "schema_version", 2)
    assert "cannot be brought up to date" in reader.wire(notification)["unreadable"]
    assert reader.to_domain_event(notification).reason.startswith("an older form")
