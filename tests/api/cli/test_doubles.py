"""A line that was mended and sent again is no second report."""

from __future__ import annotations

import json
from typing import Any

from tests.api.cli.test_commands import Run, lines, place, run

__all__ = ["place", "run"]  # fixtures


def said(name: str, occurred: str = "2017-07-02", **data: Any) -> dict[str, Any]:
    sources = [{"publisher": "Radio", "published": "2017-07-02"}]
    return {"type": name, "subject": "processes/p", "occurred": occurred, "sources": sources, "data": data}


OPENED = said("ProcessOpened", labels=[{"text": "P", "lang": "en"}])


def figure(value: int, measure: str = "fighters") -> dict[str, Any]:
    return said("FigureReported", measure=measure, quantity={"value": value})


def incident(text: str) -> dict[str, Any]:
    harm = [{"category": "killed", "quantity": {"value": 40}}]
    return said("IncidentReported", kind="shelling", description=text, harm=harm)


BEFORE = lines(OPENED, figure(20000), incident("Bakrey hit."))
MENDED = lines(OPENED, figure(2000), incident("Bakery hit."))


def recorded(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("replay", "--json").stdout.splitlines()]


def test_a_mended_line_is_asked_about_then_corrects(run: Run) -> None:
    run("append", "-", input=BEFORE)
    asked = run("append", "-", input=MENDED, code=1)
    events = recorded(run)
    assert len(events) == 3, "nothing was recorded"
    for number, event in ((2, events[1]), (3, events[2])):
        assert f"Line {number} of stdin may be a report that is recorded" in asked.stderr
        assert event["id"] in asked.stderr
    assert run("append", "-", "--correct", input=MENDED).stdout.startswith("2 events are recorded, 1 were there")
    assert [event["type"] for event in recorded(run)[3:]] == ["EventCorrected", "EventCorrected"]
    for options in ((), ("--correct",)):
        assert run("append", "-", *options, input=MENDED).stdout.startswith("Nothing new: 3 events were there")


def test_such_lines_may_be_new(run: Run) -> None:
    run("append", "-", input=BEFORE)
    assert run("append", "-", "--new", input=MENDED).stdout.startswith("2 events are recorded")
    assert run("append", "-", input=MENDED).stdout.startswith("Nothing new")
    run("append", "-", "--new", "--correct", input=MENDED, code=2)


def test_what_is_another_report_is_recorded(run: Run) -> None:
    run("append", "-", input=BEFORE)
    others = (figure(20000, "wounded"), {**figure(2000), "occurred": "2017-07-03"})
    assert run("append", "-", input=lines(*others)).stdout.startswith("2 events are recorded")
    added = BEFORE + lines(incident("A school was hit, too."))
    assert run("append", "-", input=added).stdout.startswith("1 event is recorded"), "the file gives both"


def test_a_line_that_cannot_be_recorded_is_refused_as_before(run: Run) -> None:
    run("append", "-", input=BEFORE)
    for wrong in ({**figure(1), "subject": "processes/P"}, {**figure(1), "type": "Figure"}, {"data": 1}):
        assert "Line 1 of stdin is refused" in run("append", "-", input=lines(wrong), code=1).stderr
