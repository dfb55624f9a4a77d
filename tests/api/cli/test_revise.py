"""Corrections and retractions at the command line: only what changes is typed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.cli.test_commands import Run, lines, place, run
from tests.spec import wire

__all__ = ["place", "run"]  # fixtures

TOLL = {"category": "killed", "quantity": {"value": 40}}
INCIDENT: dict[str, Any] = {
    **wire("IncidentReported", subject="processes/first", data={"kind": "shelling", "description": "Bakrey hit."}),
    "sources": [{"publisher": "Radio", "published": "2017-10-28"}],
    "note": "2017",
}
INCIDENT["data"]["harm"] = [TOLL]
ID = INCIDENT["id"]


@pytest.fixture
def recorded(run: Run) -> Run:
    opened = wire("ProcessOpened", subject="processes/first", data={"labels": [{"text": "Mill", "lang": "en"}]})
    shown = run("append", "-", input=lines(opened, INCIDENT)).stdout
    assert f"{ID}  incident reported  processes/first “Mill”" in shown
    return run


def reads(run: Run) -> dict[str, Any]:
    """The last correction."""
    found: dict[str, Any] = json.loads(run("replay", "--json").stdout.splitlines()[-1])
    return found


def test_only_what_changes_is_typed(recorded: Run) -> None:
    said = recorded("correct", ID, "description=Bakery hit.", "data.harm.0.quantity.value=4", "note=").stdout
    assert "data.harm.0.quantity.value: 40 → 4" in said
    correction = reads(recorded)
    assert correction["data"]["by"] == "our error"
    replacement = correction["data"]["replacement"]
    assert replacement["data"]["description"] == "Bakery hit."
    assert replacement["data"]["harm"] == [{"category": "killed", "quantity": {"value": 4}}]
    assert (replacement["sources"], "note" in replacement) == (INCIDENT["sources"], False)

    recorded("correct", ID, "occurred=2017-10-26", "--by-source", "--reason", "The radio says so.")
    replacement = reads(recorded)["data"]["replacement"]
    assert replacement["data"]["description"] == "Bakery hit.", "it goes on from the correction before"
    assert replacement["occurred"] == "2017-10-26"
    recorded("retract", reads(recorded)["id"], "--reason", "It does not.")
    recorded("correct", ID, "harm.1.category=wounded", "harm.1.quantity.value=2", code=2)
    recorded("correct", ID, 'harm.1={"category": "injured", "quantity": {"value": 2}}')
    replacement = reads(recorded)["data"]["replacement"]
    assert replacement["occurred"] == "2017-10-27", "a correction that was retracted is none"
    assert len(replacement["data"]["harm"]) == 2


def test_what_was_retracted_is_not_corrected(recorded: Run) -> None:
    recorded("retract", ID, "--reason", "Another process.")
    assert "was retracted" in recorded("correct", ID, "note=x", code=2).stderr
    recorded("retract", reads(recorded)["id"], "--reason", "It was this one.")
    recorded("correct", ID, "note=x")


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ("note", 2, "write what should change as field=value"),
        ("note=2017", 2, "nothing changes"),
        ("harm.3.category=killed", 2, "there are 0 to 0"),
        ("note.text=x", 2, "no fields of its own"),
        ("occurred=29.10.2017", 1, "occurred: write the year first"),
        ("descripton=x", 1, "did you mean `description`"),
    ],
)
def test_what_cannot_be_corrected_says_why(recorded: Run, change: str, code: int, told: str) -> None:
    assert told in recorded("correct", ID, change, code=code).stderr


def test_an_id_that_is_none(recorded: Run) -> None:
    for name in ("incident", "11111111-1111-4111-8111-111111111111"):
        refused = recorded("correct", name, "note=x", code=2).stderr
        assert "`parley replay --json` shows the id of each" in refused
        assert "GET" not in refused
