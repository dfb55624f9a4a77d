"""A file that is edited and appended again: its lines keep their ids, beside the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli import check_file
from tests.api.cli.test_commands import Run, flat, lines, place, run
from tests.api.cli.test_doubles import OPENED, figure, incident, recorded, said

__all__ = ["place", "run"]  # fixtures

FIRST, SECOND = figure(20000), incident("Bakrey hit.")


def statement(text: str, day: str = "2017-07-02") -> dict[str, Any]:
    return said("StatementMade", day, text=text)


@pytest.fixture
def file(place: Path, run: Run) -> Path:
    file = place / "reports.ndjson"
    file.write_text(lines(OPENED, FIRST, SECOND))
    assert "kept in reports.ndjson.ids" in run("append", "reports.ndjson").stderr
    return file


def test_a_mended_line_is_the_same_report(file: Path, run: Run) -> None:
    ids = [event["id"] for event in recorded(run)]
    mended = {**figure(2000), "occurred": "2017-07-01", "sources": [{"publisher": "TV"}]}
    file.write_text(lines(OPENED, mended, statement("A new one."), SECOND))
    asked = run("append", file.name, code=1).stderr
    assert f"Line 2 of {file.name} says something else than the report that was recorded from it:\n  {ids[1]}" in asked
    assert "differs in occurred, sources.0.publisher, sources.0.published, data.quantity.value" in asked
    assert len(recorded(run)) == 3, "nothing was recorded"
    assert run("append", file.name, "--correct").stdout.startswith("2 events are recorded, 2 were there already")
    assert [event["type"] for event in recorded(run)[3:]] == ["EventCorrected", "StatementMade"]
    for options in ((), ("--correct",), ("--new",), ("--dry-run",)):
        assert "4 " in run("append", file.name, *options).stdout
    assert len(recorded(run)) == 5
    kept = [json.loads(line) for line in (file.parent / "reports.ndjson.ids").read_text().splitlines()[1:]]
    assert [one["type"] for one in kept] == ["ProcessOpened", "FigureReported", "StatementMade", "IncidentReported"]
    assert kept[1]["id"] == ids[1]


def test_what_is_mended_there_and_back_is_a_correction_each_time(file: Path, run: Run) -> None:
    for value in (2000, 20000, 2000):
        file.write_text(lines(OPENED, figure(value), SECOND))
        run("append", file.name, code=1)
        assert run("append", file.name, "--correct").stdout.startswith("1 event is recorded")
    assert run("status", "p").stdout.count("2,000 persons") == 1


def test_a_correction_made_elsewhere_is_not_undone(file: Path, run: Run) -> None:
    event = recorded(run)[1]["id"]
    file.write_text(lines(OPENED, figure(2000), SECOND))
    run("append", file.name, "--correct")
    run("correct", event, "quantity.value=2100")
    assert run("append", file.name, "--correct").stdout.startswith("Nothing new: 3 events were there")
    run("retract", event, "--reason", "Not so.")
    assert run("append", file.name, "--correct").stdout.startswith("Nothing new: 3 events were there")
    file.write_text(lines(OPENED, figure(2200), SECOND))
    assert run("append", file.name).stdout.startswith("1 event is recorded"), "a retracted report is reported anew"


def test_an_edit_after_a_run_that_broke_off(file: Path, run: Run) -> None:
    # as if its last line had been written down, and half of another, and neither had been sent
    kept = file.parent / "reports.ndjson.ids"
    written = kept.read_text()
    file.write_text(lines(OPENED, FIRST, SECOND, statement("Lost.")))
    other = file.parent / "other"
    run("append", file.name, "--data", str(other))
    kept.write_text(written + kept.read_text().splitlines()[-1] + '\n{"id": "7d1f')
    file.write_text(lines(OPENED, FIRST, SECOND, statement("Lost and mended.")))
    done = run("append", file.name)
    assert "1 lines of reports.ndjson.ids cannot be read" in done.stderr
    assert done.stdout.startswith("1 event is recorded, 3 were there already")
    assert run("append", file.name).stdout.startswith("Nothing new: 4 events were there")
    assert "Line 4" in run("append", file.name, "--data", str(other), code=1).stderr, "there it says something else"


def test_a_line_with_an_id_of_its_own_is_mended_too(file: Path, run: Run) -> None:
    own = {**statement("The road is opn."), "id": "11111111-0000-4000-8000-000000000001"}
    run("append", "-", input=lines(own))
    file.write_text(lines({**own, "data": {"text": "The road is open."}}))
    assert "Line 1 of reports.ndjson says something else" in run("append", file.name, code=1).stderr
    assert "/id: this id belongs to an event with other content" in run("append", file.name, "--new", code=1).stderr
    assert run("append", file.name, "--correct").stdout.startswith("1 event is recorded")
    assert run("append", file.name).stdout.startswith("Nothing new")
    file.write_text(lines(own))
    assert "Line 1 of reports.ndjson says something else" in run("append", file.name, code=1).stderr, "back again"


def test_a_report_is_not_moved_by_an_edit(file: Path, run: Run) -> None:
    run("append", "-", input=lines({**OPENED, "subject": "processes/q"}))
    file.write_text(lines(OPENED, FIRST, {**SECOND, "subject": "processes/q"}))
    for options in ((), ("--correct",)):
        asked = run("append", file.name, *options, code=1).stderr
        assert "incident reported  processes/p" in asked
        assert "A report cannot be moved to another subject: retract it" in asked
    assert run("append", file.name, "--new").stdout.startswith("1 event is recorded")


def test_ids_that_cannot_be_kept(place: Path, run: Run) -> None:
    name = "r" * 253  # with the suffix, longer than a name may be
    (place / name).write_text(lines(OPENED, FIRST))
    done = run("append", name)
    assert done.stdout.startswith("2 events are recorded")
    assert "cannot be kept" in done.stderr
    assert "is recognised by its subject, type, date and sources alone" in done.stderr
    (place / "reports.ndjson").write_text(lines(OPENED))
    (place / "reports.ndjson.ids").mkdir()
    assert "make it readable, or move it away" in flat(run("append", "reports.ndjson", code=2).stderr)


# --- defaults, names, and the check of a whole file

DEFAULTS = {"defaults": {"sources": [{"publisher": "Radio", "published": "2017-07-02"}], "sensitivity": "high"}}


def plain(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "sources"}


def test_defaults_and_names(place: Path, run: Run) -> None:
    shelling = {"as": "shelling", **plain(incident("Bakery hit."))}
    count = plain(said("FigureReported", measure="killed", quantity={"value": 41}, about="shelling"))
    own = {**statement("Low."), "sensitivity": "low", "sources": [{"publisher": "TV"}]}
    (place / "reports.ndjson").write_text(lines(DEFAULTS, plain(OPENED), shelling, count, own))
    run("append", "reports.ndjson")
    events = recorded(run)
    assert [event["sensitivity"] for event in events] == ["high", "high", "high", "low"]
    assert [event["sources"][0]["publisher"] for event in events] == ["Radio", "Radio", "Radio", "TV"]
    assert events[2]["data"]["about"] == events[1]["id"]
    shelling["data"]["description"] = "The bakery was hit."
    (place / "reports.ndjson").write_text(lines(DEFAULTS, plain(OPENED), shelling, count, own))
    assert run("append", "reports.ndjson", "--correct").stdout.startswith("1 event is recorded, 3 were there already")
    assert run("append", "reports.ndjson").stdout.startswith("Nothing new")
    same = run("append", "-", input=lines(DEFAULTS, plain(OPENED), shelling, count, own))
    assert same.stdout.startswith("Nothing new: 4 events"), "also where no ids are kept"


def test_a_dry_run_tells_every_error(place: Path, run: Run) -> None:
    sent = (
        lines(
            {"defaults": {"source": []}},
            OPENED,
            {**OPENED, "type": "ProcessOpend"},
            {**OPENED, "subject": "processes/q", "occurred": "01.07.2017"},
            {**statement("Of a process that is refused above."), "subject": "processes/q"},
            {**statement("Of one that was never opened."), "subject": "processes/z"},
        )
        + "{broken\n"
        + lines(
            {"as": "a", **statement("")},
            {"as": "a", **statement("It has a name that is taken.")},
            {"type": "EventRetracted", "subject": "processes/p", "data": {"event": "b", "reason": "r"}},
            OPENED | {"note": "Opens it again."},
        )
    )
    told = run("append", "-", "--dry-run", input=sent, code=1)
    assert not (place / "parley-data").exists(), "no log is begun"
    numbers = [line.split()[1] for line in told.stderr.splitlines() if line.startswith("Line")]
    assert numbers == ["1", "3", "4", "6", "7", "8", "9", "10", "11"]
    assert "9 errors in 9 lines of stdin." in told.stderr
    assert "1 event can be recorded in a log that it begins. Nothing was recorded." in told.stdout


def test_a_long_file_is_checked_as_a_whole(run: Run) -> None:
    asked = [{"as": f"n{number}", **statement(f"Statement {number}")} for number in range(1100)]
    last = {"type": "EventRetracted", "subject": "processes/p", "data": {"event": "n3", "reason": "r"}}
    sent = lines(OPENED, *asked, last)
    assert run("append", "-", "--dry-run", input=sent).stdout.startswith("1,102 events can be recorded")
    again = lines(OPENED, *asked, OPENED | {"note": "Again."}, last, {**statement("z"), "subject": "processes/z"})
    told = run("append", "-", "--dry-run", input=again, code=1).stderr
    assert "/subject: line 1 opens it" in told
    assert "Line 1104 of stdin" in told


def test_a_dry_run_of_several_requests_tells_of_conflicts_between_them(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_file, "LINES_AT_ONCE", 4)
    own = {"id": "11111111-1111-4111-8111-111111111111"}
    told = [
        OPENED,
        {**said("StatementMade", text="first"), **own},
        *(said("StatementMade", text=f"{number}") for number in range(3, 7)),
        {**said("StatementMade", text="of the same id"), **own},
        {**OPENED, "data": {"labels": [{"text": "Q"}]}},
        {**said("StatementMade", text="of the eighth"), "expected_version": 6},
        {**said("StatementMade", text="elsewhere"), "subject": "processes/q"},
        said("DuplicateMarked", event=own["id"], of=own["id"]) | {"occurred": None},
    ]
    checked = run("append", "-", "--dry-run", input=lines(*told), code=1)
    assert "Line 7 of stdin:\n  /id: this id belongs to an event with other content" in checked.stderr
    assert "Line 8 of stdin:\n  /subject: line 1 opens it" in checked.stderr
    assert "Line 10 of stdin:\n  /subject: the subject is not open" in checked.stderr
    assert "4 errors in 4 lines" in checked.stderr, "of which version line 9 will find depends on the refused ones"
    assert "6 events can be recorded" in checked.stdout
    late = {**said("StatementMade", text="late"), "expected_version": 3}
    right = {**said("StatementMade", text="right"), "expected_version": 6}
    assert (
        "subject is at version 6 by then"
        in run("append", "-", "--dry-run", input=lines(*told[:6], late), code=1).stderr
    )
    assert run("append", "-", "--dry-run", input=lines(*told[:6], right)).stdout.startswith("7 events can be recorded")
