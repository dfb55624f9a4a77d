"""The command line without a server: it opens the data directory itself, refuses politely, and prints plainly."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli import event_file, main
from api.cli.checks import Faults
from api.cli.commands import serve
from domain.vocabulary import PAYLOADS
from tests.api.sending import opening, statement
from tests.spec import wire

SEED = Path(__file__).parents[3] / "seeds" / "eastern-kalamun.ndjson"
Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no setting from outside; a port of 0 means that no server is looked for."""
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PARLEY_PORT", "0")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(place: Path) -> Run:
    def run(*arguments: str, code: int = 0, **options: Any) -> Result:
        result = CliRunner().invoke(main.app, arguments, **options)
        told = f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
        assert result.exception is None or isinstance(result.exception, SystemExit), told
        assert result.exit_code == code, told
        return result

    return run


@pytest.fixture
def seeded(run: Run, place: Path, founding_data: Path) -> Run:
    """A data directory with the founding case."""
    if (place / "parley-data").exists():  # another case is there
        run("append", str(SEED))
    else:
        shutil.copytree(founding_data, place / "parley-data")
    return run


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def flat(text: str) -> str:
    return " ".join(text.split())


# --- reading ----------------------------------------------------------------------------------------------------


def test_status_prints_the_first_screen(seeded: Run) -> None:
    page = seeded("status", "eastern-kalamun").stdout
    assert page.startswith("Eastern Kalamun  eastern-kalamun\nState: open, since 27 Oct 2017 or earlier")
    assert "log position 42" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page


def test_status_as_data_is_what_the_interface_answers(seeded: Run) -> None:
    status = json.loads(seeded("status", "eastern-kalamun", "--json").stdout)
    assert status["process"] == "eastern-kalamun"
    assert status["state"]["value"] == "open"


def test_status_of_an_unknown_process_is_not_found(seeded: Run) -> None:
    for name in ("eastern", "../head", "", "EASTERN"):
        result = seeded("status", name, code=1)
        assert result.stdout == ""
        assert result.stderr
    assert "`parley processes` lists those there are." in seeded("status", "eastern", code=1).stderr


def test_a_report_is_written_as_a_tagged_pdf(seeded: Run, tmp_path: Path) -> None:
    for language in ("en", "ar"):
        file = tmp_path / f"{language}.pdf"
        said = seeded("report", "eastern-kalamun", "--pdf", str(file), "--lang", language, "--as-of", "2017-10-28")
        assert said.stdout.startswith("Written: ")
        made = file.read_bytes()
        assert made.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in made
        assert f"/Lang({language})".encode() in made
        assert b"<pdfuaid:part>1<" in made, "a letter has no font"
    seeded("report", "nothing-here", "--pdf", str(tmp_path / "x.pdf"), code=1)
    assert not (tmp_path / "x.pdf").exists()


def test_processes_are_listed(seeded: Run) -> None:
    page = seeded("processes").stdout
    assert "eastern-kalamun  Eastern Kalamun\n    open, since 27 Oct 2017 or earlier; last heard 27 Oct 2017" in page
    assert "eastern-kalamun" not in seeded("processes", "--q", "reconciliation process").stdout
    assert [one["process"] for one in json.loads(seeded("processes", "--json").stdout)["processes"]] == [
        "eastern-kalamun",
        "national-reconciliation",
    ]


def test_history_is_by_time_of_occurrence(seeded: Run) -> None:
    oldest = seeded("history", "eastern-kalamun").stdout.splitlines()
    newest = seeded("history", "eastern-kalamun", "--newest").stdout.splitlines()
    assert oldest == newest[::-1]
    assert any(
        "talks scheduled  talks/eastern-kalamun-truce: 29 Oct 2017; Damascus — inferred by us" in o for o in oldest
    )
    assert any("11 armed groups of Eastern Kalamun; accepts" in line for line in oldest), "labels, not ids"
    events = [json.loads(line) for line in seeded("history", "eastern-kalamun", "--json").stdout.splitlines()]
    assert len(events) == len(oldest)


def test_history_reads_all_pages_and_marks_what_was_revised(seeded: Run) -> None:
    scheduled = next(
        e for e in map(json.loads, SEED.read_text(encoding="utf-8").splitlines()) if e["type"] == "TalksScheduled"
    )
    retracted = {"type": "EventRetracted", "subject": scheduled["subject"],
                 "data": {"event": scheduled["id"], "reason": "Recorded\ntwice."}}  # fmt: skip
    many = [statement("talks/eastern-kalamun-truce") for _ in range(250)]
    seeded("append", "-", input=lines(retracted, *many))
    page = seeded("history", "eastern-kalamun").stdout.splitlines()
    assert sum("statement made" in line for line in page) >= 250
    assert any("[retracted by local on" in line and "Recorded" in line for line in page)


# --- reading at a horizon -----------------------------------------------------------------------------------------


TALKS = "talks/eastern-kalamun-truce"
PUBLISHED = [{"publisher": "SMART", "claimant": "the committee", "published": "2017-11-02"}]


@pytest.fixture
def revised(seeded: Run) -> Run:
    """The founding case and what became of it since, positions 43 to 49."""
    scheduled = next(
        e for e in map(json.loads, SEED.read_text(encoding="utf-8").splitlines()) if e["type"] == "TalksScheduled"
    )
    replacement = {name: scheduled[name] for name in ("type", "sources", "basis", "data")}
    postponed = wire("TalksPostponed", subject=TALKS, occurred="2017-10-28", data={}, sources=PUBLISHED)
    said = statement(TALKS, occurred="2017-11", sources=PUBLISHED)
    other = opening("talks/other", occurred="2017-11-03", sources=PUBLISHED)
    other["data"]["processes"] = ["eastern-kalamun"]

    def revision(name: str, subject: str = TALKS, **data: Any) -> dict[str, Any]:
        return wire(name, subject=subject, data=data)

    corrected = revision("EventCorrected", event=scheduled["id"], by="our error", reason="It was read off a map.",
                         replacement={**replacement, "occurred": "2017-10-27"})  # fmt: skip
    disputed = revision("EventDisputed", event=postponed["id"], described="a spokesman")
    taken_back = revision("EventRetracted", "talks/other", event=other["id"], reason="They were others' talks.")
    events = [postponed, said, other, corrected, disputed, taken_back]
    events.append(revision("EventRetracted", event=disputed["id"], reason="He spoke of September."))
    seeded("append", "-", input=lines(*events))
    return seeded


def test_status_at_a_horizon_says_so(revised: Run) -> None:
    page = revised("status", "eastern-kalamun", "--as-of", "2017-11-15").stdout
    assert page.startswith(
        "Eastern Kalamun  eastern-kalamun\nAs of 15 Nov 2017; 1 report only possibly inside\nState: "
    )
    assert "Deadlines as of 15 Nov 2017 23:59 UTC, log position 49" in page
    assert "[possibly: its date is too vague to tell]" in flat(page)
    assert "What is [possibly] so may have come about" in flat(page)
    together = ("--as-of", "2017-10-30", "--published-by", "2017-10", "--known-at", "2100-01-01T00:00:00Z")
    assert "--known-at: this time is still to come" in revised("status", "eastern-kalamun", *together, code=1).stderr
    early = revised("status", "eastern-kalamun", "--known-at-position", "42", *together[:4]).stdout
    assert "\nAs of 30 Oct 2017 · published by Oct 2017 · known at log position 42\n" in early
    assert "[overdue] 29 Oct 2017 round of talks" in early
    assert "[possibly]" not in early
    assert "As of" not in revised("status", "eastern-kalamun").stdout


def test_status_tells_what_became_of_reports(revised: Run) -> None:
    page = flat(revised("status", "eastern-kalamun").stdout)
    assert "where: Damascus — inferred by us from TASS, 27 Oct 2017 [corrected: our error]" in page
    assert "[disputed" not in page, "the dispute was retracted"
    assert "[withdrawn] talks/other: it was taken back. — the committee (SMART, 2 Nov 2017) [retracted]" in page
    before = flat(revised("status", "eastern-kalamun", "--known-at-position", "47").stdout)
    postponed = "[postponed, a plan] 28 Oct 2017 [one claimant] — the committee (SMART, 2 Nov 2017)"
    assert f"{postponed} [disputed by a spokesman]" in before
    assert "WITHDRAWN" not in before
    data = json.loads(revised("status", "eastern-kalamun", "--known-at-position", "47", "--json").stdout)
    assert data["horizon"]["position"] == 47


def test_history_at_a_horizon_and_what_became_of_events(revised: Run) -> None:
    page = revised("history", "eastern-kalamun").stdout.splitlines()
    (line,) = [line for line in page if "talks scheduled" in line]
    assert "[corrected by local on" in line
    assert "It was read off a map.]" in line
    (line,) = [line for line in page if "talks postponed" in line]
    assert "[no longer in effect: disputed; recorded by local on" in line
    (line,) = [line for line in page if "talks reported  talks/other" in line]
    assert "[retracted by local on" in line
    horizon = ("--as-of", "2017-11-15", "--known-at-position", "44")
    past = revised("history", "eastern-kalamun", *horizon).stdout.splitlines()
    assert past[0] == "As of 15 Nov 2017 · known at log position 44; 1 report only possibly inside"
    (line,) = [line for line in past if "Nov 2017  statement made" in line]
    assert "[possibly: its date is too vague to tell]" in line
    assert "[corrected" not in "".join(past)
    events = revised("history", "eastern-kalamun", "--json", *horizon).stdout.splitlines()
    assert len(events) == len(past) - 1


def test_claims_are_a_table_over_time(revised: Run) -> None:
    page = revised("claims", "eastern-kalamun").stdout
    assert "MEMBERS OF ARMED GROUPS  stock; Eastern Kalamun" in page
    assert "  27 Oct 2017  about 2,000 persons (“numbering about 2,000”) — TASS\n" in page
    assert "area not stated" in page
    one = revised("claims", "eastern-kalamun", "--measure", "Population", "--claimant", "TASS", "--as-of", "2017-10-27")
    assert one.stdout.startswith("As of 27 Oct 2017\n\nPOPULATION  stock")
    assert "ARMED GROUPS" not in one.stdout
    assert "No such claim is recorded." in revised("claims", "eastern-kalamun", "--measure", "tents").stdout
    data = json.loads(revised("claims", "eastern-kalamun", "--known-at-position", "42", "--json").stdout)
    assert len(data["claims"]) == 3
    assert data["horizon"]["position"] == 42


def test_a_horizon_before_everything_and_one_that_cannot_be_read(revised: Run) -> None:
    before = revised("status", "eastern-kalamun", "--known-at", "2017-10-29T12:00:00+03:00", code=1).stderr
    assert "nothing of this process is inside the horizon" in before
    assert "parley processes" not in before
    for command in ("status", "history", "claims"):
        told = revised(command, "eastern-kalamun", "--as-of", "2017-02-30", "--known-at", "noon", code=1).stderr
        assert "--as-of: there is no such day" in told
        assert "--known-at: send a day in UTC, such as 2017-10-29, or a time with its zone" in told
        assert (
            "the log ends at position 49"
            in revised(command, "eastern-kalamun", "--known-at-position", "50", code=1).stderr
        )
        revised(command, "eastern-kalamun", "--known-at-position", "-1", code=2)


def test_replay_is_in_the_order_of_recording(seeded: Run) -> None:
    events = [json.loads(line) for line in seeded("replay", "--json").stdout.splitlines()]
    assert [event["position"] for event in events] == list(range(1, 43))
    sent = [json.loads(line) for line in SEED.read_text(encoding="utf-8").splitlines()]
    assert [event["id"] for event in events] == [event["id"] for event in sent]
    page = seeded("replay", "--after", "40").stdout.splitlines()
    assert len(page) == 2, "one line each, when piped"
    assert page[1].startswith(
        "     42  27 Oct 2017  enrolment reported  enrolments/reconciliation-participants: more than"
    )


def test_separators_of_lines_in_a_text_break_no_line(run: Run, tmp_path: Path) -> None:
    opening = {"type": "ProcessOpened", "subject": "processes/mill", "data": {"labels": [{"text": "Mill road"}]}}
    said = {"type": "StatementMade", "subject": "processes/mill", "data": {"text": "first\u2028second\u2029third"}}
    file = tmp_path / "events.ndjson"
    lines = [json.dumps({"occurred": "2024-03-01", **event}, ensure_ascii=False) for event in (opening, said)]
    file.write_text("\n".join(lines), encoding="utf-8")
    run("append", str(file))
    events = [json.loads(line) for line in run("replay", "--json").stdout.splitlines()]
    assert [event["data"] for event in events] == [opening["data"], said["data"]]
    occurred = [json.loads(line) for line in run("history", "mill", "--json").stdout.splitlines()]
    assert {event["id"]: event["data"] for event in occurred} == {event["id"]: event["data"] for event in events}
    for command in (("replay",), ("history", "mill")):
        assert len(run(*command).stdout.splitlines()) == 2


def test_replay_filters(seeded: Run) -> None:
    def count(*options: str) -> int:
        return len(seeded("replay", *options).stdout.splitlines())

    assert count("--type", "TalksScheduled") == 1
    assert 0 < count("--process", "eastern-kalamun") < 42
    assert count("--subject", "processes/eastern-kalamun", "--type", "ProcessOpened") == 1
    assert count("--family", "actors", "--after", "5") < count("--family", "actors")
    assert count("--recorded-after", "2000-01-01T00:00:00Z") == 42
    refused = seeded("replay", "--type", "TalkScheduled", code=1).stderr
    assert "did you mean TalksScheduled?" in refused
    assert "--recorded-after: " in seeded("replay", "--recorded-after", "yesterday", code=1).stderr


def test_event_types_need_no_log(run: Run, place: Path) -> None:
    page = run("event-types").stdout
    assert all(f"  {name} " in page for name in PAYLOADS)
    one = run("event-types", "ObligationAssessed").stdout
    assert "score (whole number, may be left out) 0 not initiated, 1 minimal" in one
    assert "standing (not due | overdue | blocked | no information, may be left out)" in flat(one)
    example = json.loads(one[one.index("EXAMPLE") + len("EXAMPLE") :])
    assert example["type"] == "ObligationAssessed"
    nested = run("event-types", "IncidentReported").stdout
    assert nested.index("FIELDS OF DATA") < nested.index("FIELDS OF Harm") < nested.index("FIELDS OF Part")
    assert nested.count("FIELDS OF Quantity") == 1
    assert json.loads(run("event-types", "TalksConvened", "--json").stdout)["schema"]
    assert "did you mean TalksConvened?" in run("event-types", "TalkConvened", code=1).stderr
    assert list(place.iterdir()) == [], "asking for the vocabulary begins no log"


def test_an_example_can_be_appended_as_it_is_printed(run: Run) -> None:
    example = run("event-types", "ProcessOpened", "--json").stdout
    run("append", "-", input=json.dumps(json.loads(example)["example"]))
    assert "eastern-kalamun" in run("processes").stdout


def test_where_there_is_no_log_reading_says_what_to_do(run: Run, place: Path) -> None:
    for command in (("status", "any"), ("history", "any"), ("replay",), ("processes",), ("rebuild",)):
        result = run(*command, code=2)
        assert "there is no log in parley-data" in result.stderr
    assert list(place.iterdir()) == []


def test_a_server_that_does_not_answer(run: Run) -> None:
    assert "no answer from http://127.0.0.1:9" in run("processes", "--url", "http://127.0.0.1:9", code=2).stderr
    assert "begins with http://" in run("processes", "--url", "here", code=2).stderr


def test_version(run: Run) -> None:
    assert run("version").stdout.startswith("parley 0.")


# --- appending --------------------------------------------------------------------------------------------------


def test_append_again_adds_nothing(seeded: Run) -> None:
    again = seeded("append", str(SEED)).stdout
    assert again == "Nothing new: 42 events were there already, in parley-data.\n"
    assert len(seeded("replay").stdout.splitlines()) == 42


def test_append_stops_at_the_refused_line_and_goes_on_when_it_is_mended(run: Run, place: Path) -> None:
    good = [opening("processes/first"), opening("talks/first"), *(statement() for _ in range(700))]
    bad = {**statement(), "data": {"description": "one commander"}}
    file = place / "events.ndjson"
    file.write_text(lines(*good[:650], bad, *good[650:]), encoding="utf-8")
    stopped = run("append", str(file), code=1).stderr
    assert f"Line 651 of {file} is refused: The request is malformed" in flat(stopped)
    assert "/data/text: required: send it" in stopped
    assert "Before it: 650 events are recorded. Mend line 651, then run the same command again." in flat(stopped)
    assert len(run("replay").stdout.splitlines()) == 650

    bad["data"] = {"description": "one commander", "text": "Hopes for the best."}
    file.write_text(lines(*good[:650], bad, *good[650:]), encoding="utf-8")
    done = run("append", str(file)).stdout
    assert done == "53 events are recorded, 650 were there already, in parley-data.\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"type": "StatementMade"', "not JSON at line 1"),
        ("[", "write one event a line (NDJSON), without brackets around them"),
        ('"text"', "write one event a line, as a JSON object"),
        ('{"type": "a", "type": "b"}', "/type: this key is there twice in one object"),
        ('{"value": NaN}', "/value: NaN and infinity are not numbers"),
        ("\udcff", "not UTF-8"),
        ("{}", "/type: the event needs a type"),
        ('{"type": "StatementMad", "subject": "talks/first"}', "/type: there is no such event type: did you mean"),
        (json.dumps({**statement("talks/second"), "id": "1" * 32}), "not open"),
        (json.dumps({**statement(), "expected_version": 7}), "/expected_version"),
        (json.dumps({**statement(), "sources": [{"publisher": "A", "claimant": "actors/no"}]}), "/sources/0/claimant"),
        (json.dumps({**statement(), "data": {"text": "x" * 3_000_000}}), "the body may hold 2,097,152 bytes"),
    ],
)  # fmt: skip
def test_a_refused_line_is_named_with_its_field_and_mend(run: Run, line: str, told: str) -> None:
    before = lines(opening("processes/first"), opening("talks/first"), statement())
    sent = (before + "\n\n" + line + "\n" + lines(statement())).encode(errors="surrogateescape")
    stopped = run("append", "-", input=sent, code=1).stderr
    assert "Line 6 of stdin is refused" in stopped, "blank lines count"
    assert told in stopped
    assert "Before it: 3 events are recorded." in stopped
    assert len(run("replay").stdout.splitlines()) == 3


def test_a_batch_with_several_faults_stops_at_the_first(run: Run) -> None:
    wrong_later = {**statement(), "data": {}}
    unknown_first = {**statement(), "sources": [{"publisher": "A", "claimant": "actors/nobody"}]}
    sent = lines(opening("processes/first"), opening("talks/first"), unknown_first, statement(), wrong_later)
    stopped = run("append", "-", input=sent, code=1).stderr
    assert "Line 3 of stdin" in stopped
    assert "Before it: 2 events are recorded." in stopped


def test_append_takes_what_editors_make_of_a_file(run: Run, place: Path) -> None:
    file = place / "events.ndjson"
    text = lines(opening("processes/first"), opening("talks/first")).replace("\n", "\r\n\r\n") + json.dumps(statement())
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run("append", str(file)).stdout.startswith("3 events are recorded, in")
    file.write_bytes(b"\n\n")
    assert run("append", str(file)).stdout == "Nothing was recorded, in parley-data.\n"


def test_a_line_without_an_id_is_recognised_by_its_content(run: Run) -> None:
    first, second = ({name: value for name, value in statement().items() if name != "id"} for _ in range(2))
    opened = [opening("processes/first"), opening("talks/first")]
    turned = dict(reversed(first.items()))
    done = run("append", "-", input=lines(*opened, first, turned, {**first, "expected_version": 9})).stdout
    assert done.startswith("3 events are recorded, 2 were there already")
    other = {**second, "note": "A different one."}
    assert run("append", "-", input=lines(first, other)).stdout.startswith("1 event is recorded, 1 were there already")
    assert len(run("replay").stdout.splitlines()) == 4


def test_the_id_made_from_a_line_never_changes() -> None:
    # Were it to change, files appended before would be recorded a second time.
    assert (
        str(event_file.id_of({"type": "StatementMade", "subject": "talks/first"}))
        == "3197ecd9-8c7a-541b-8f50-51f50c4dbf67"
    )


def test_a_file_that_is_not_there(run: Run) -> None:
    assert "nowhere.ndjson" in run("append", "nowhere.ndjson", code=2).stderr


def test_a_file_where_the_data_should_be(run: Run, place: Path) -> None:
    (place / "parley-data").write_text("")
    for command in (("append", str(SEED)), ("serve",)):
        assert "parley-data: " in run(*command, code=2).stderr
    assert "there is none in parley-data yet" in run("check").stdout


def test_the_log_that_is_busy_is_waited_for(seeded: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_LOCK_TIMEOUT", "1")
    pauses: list[float] = []
    with closing(sqlite3.connect(place / "parley-data" / "events.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                other.execute("ROLLBACK")

        monkeypatch.setattr("api.cli.client.sleep", sleep)
        done = seeded("append", "-", input=lines(statement("talks/eastern-kalamun-truce")))
    assert pauses == [2.0, 2.0], "as Retry-After asks"
    assert "another program holds the log" in done.stderr
    assert done.stdout.startswith("1 event is recorded")


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_come_from_flags_environment_and_env_file(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / ".env").write_text("PARLEY_DATA=from-file\nPARLEY_OFFICE=field-1\n", encoding="utf-8")
    shown = {one["variable"]: one for one in json.loads(run("check", "--json").stdout)["settings"]}
    assert shown["PARLEY_DATA"] == {"variable": "PARLEY_DATA", "value": "from-file", "from": ".env"}
    assert shown["PARLEY_OFFICE"]["from"] == ".env"
    assert shown["PARLEY_PORT"]["from"] == "environment"
    assert shown["PARLEY_HOST"]["from"] == "default"
    monkeypatch.setenv("PARLEY_DATA", "from-environment")
    assert "PARLEY_DATA           from-environment  (environment)" in run("check").stdout
    assert "PARLEY_DATA           from-flag  (flag)" in run("check", "--data", "from-flag").stdout


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PARLEY_HOST", "0.0.0.0", "PARLEY_HOST: Parley listens on a loopback address only"),  # noqa: S104
        ("PARLEY_OFFICE", "Field Office", "PARLEY_OFFICE: send 1 to 64 characters"),
        ("PARLEY_PORT", "70000", "PARLEY_PORT: send a number of 65535 or less"),
        ("PARLEY_PORT", "many", "PARLEY_PORT"),
        ("PARLEY_MAX_BODY", "1", "PARLEY_MAX_BODY: send a number of 1024 or more"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("serve", code=2)
    assert told in flat(result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["serve", "append", "status", "history", "replay", "processes", "rebuild", "check"])
def test_the_help_of_a_flag_names_its_variable(run: Run, command: str) -> None:
    told = run(command, "--help").stdout
    for flag in ("--data", "--url", "--host", "--port", "--office"):
        if f" {flag} " in told:
            assert f"[env var: PARLEY_{flag[2:].upper()}]" in told
    assert "--data" in told


# --- looking after ----------------------------------------------------------------------------------------------


def test_rebuild_makes_the_read_models_anew(seeded: Run, place: Path) -> None:
    before = seeded("history", "eastern-kalamun", "--json").stdout
    (place / "parley-data" / "views.db").unlink()
    for leftover in (place / "parley-data").glob("views.db-*"):
        leftover.unlink()
    assert "from 42 events in" in seeded("rebuild").stdout
    assert seeded("history", "eastern-kalamun", "--json").stdout == before


def test_check_finds_nothing_wrong_with_a_sound_log(seeded: Run) -> None:
    seeded("status", "eastern-kalamun")  # whoever asks, waits for the read models
    page = seeded("check").stdout
    assert "42 events on" in page
    assert "each is there once and can be read" in flat(page)
    assert "at position 42, the end of the log" in page
    assert "No problem found." in page


def test_check_where_there_is_nothing_yet(run: Run, place: Path) -> None:
    assert "there is none in parley-data yet" in run("check").stdout
    assert list(place.iterdir()) == [], "a look makes nothing"


def damage(place: Path, *statements: str, file: str = "events.db") -> None:
    with closing(sqlite3.connect(place / "parley-data" / file)) as connection, connection:
        for text in statements:
            connection.execute(text)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM stored_events WHERE position IN (7, 8)", "positions 7 to 8 are missing"),
        ("DELETE FROM stored_events WHERE position = 42", "rows of the index by event id belong to no event"),
        ("DELETE FROM event_index WHERE position = 7", "1 events are missing from the index by event id"),
        ("UPDATE stored_events SET originator_version = 9 WHERE position = 42", "is at version 9, not"),
        ("UPDATE stored_events SET topic = 'EventOfTomorrow' WHERE position = 5", "position 5, EventOfTomorrow on"),
    ],
)  # fmt: skip
def test_check_names_what_is_wrong_with_the_log(seeded: Run, place: Path, statement: str, told: str) -> None:
    damage(place, statement)
    result = seeded("check", code=1)
    assert told in flat(result.stdout)
    assert "problem found." in result.stdout or "problems found." in result.stdout
    assert not json.loads(seeded("check", "--json", code=1).stdout)["sound"]


def test_check_names_a_damaged_file(seeded: Run, place: Path) -> None:
    log = place / "parley-data" / "events.db"
    log.write_bytes(log.read_bytes()[:4096] + os.urandom(8192))
    for leftover in (place / "parley-data").glob("events.db-*"):
        leftover.unlink()
    assert "[problem]" in seeded("check", code=1).stdout
    log.write_bytes(b"this is no database" * 1000)
    assert "cannot be read" in seeded("check", code=1).stdout
    assert "damaged" in flat(seeded("status", "eastern-kalamun", code=2).stderr)
    assert "damaged" in flat(seeded("serve", code=2).stderr)


def test_check_tells_how_the_read_models_are(seeded: Run, place: Path) -> None:
    with closing(sqlite3.connect(place / "parley-data" / "views.db")) as views, views:
        views.execute("UPDATE generations SET position = 40")
    assert "at position 40 of 42: 2 behind" in flat(seeded("check").stdout)
    damage(place, "UPDATE generations SET position = 50", file="views.db")
    assert "beyond the log's end" in flat(seeded("check", code=1).stdout)
    seeded("rebuild")
    assert "at position 42, the end of the log" in seeded("check").stdout


def test_an_event_of_a_newer_version_halts_the_views_and_is_told(seeded: Run, place: Path) -> None:
    damage(place, "UPDATE stored_events SET topic = 'EventOfTomorrow' WHERE position = 42")
    halted = flat(seeded("rebuild", code=1).stderr)
    assert "made up to position 41, then they halt: position 42, EventOfTomorrow" in halted
    shown = seeded("status", "eastern-kalamun")
    assert "Not up to date." in shown.stderr
    assert "EventOfTomorrow" in shown.stderr
    assert "log position 41" in shown.stdout
    assert "halted after position 41 of 42" in flat(seeded("check", code=1).stdout)
    assert "[unreadable: this version of Parley does not know the event type" in seeded("replay").stdout


def test_of_many_faults_the_first_are_named() -> None:
    faults = Faults()
    for number in range(1030):
        faults.add("gap", f"position {number} is missing")
    named = list(faults.named())
    assert len(named) == 21
    assert named[-1] == "and 1,010 more of this kind (gap)"


# --- the demonstration's data -----------------------------------------------------------------------------------


def test_the_demonstration_leaves_another_log_alone(run: Run) -> None:
    run("append", "-", input=lines(opening("processes/first")))
    assert "holds a log of its own" in run("demo", "--data", "parley-data", code=2).stderr


def test_the_command_is_told_as_it_was_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "my tools" / "parley"
    tool.parent.mkdir()
    tool.write_text("")
    tool.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(tool)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert serve.how_called() == f"'{tool}'"
    monkeypatch.setenv("PATH", str(tool.parent))
    assert shutil.which("parley") == str(tool)
    assert serve.how_called() == "parley"
    monkeypatch.setattr("sys.argv", ["/somewhere/pytest"])
    assert serve.how_called().endswith("-m api.cli")


def test_the_help_says_of_each_command_what_the_command_says_of_itself() -> None:
    """The help is shown without importing the commands: so it has its words from a table."""
    group: Any = typer.main.get_command(main.app)
    said = {name: " ".join(command.help.split("\n\n")[0].split()) for name, command in group.commands.items()}
    assert {name: entry.summary for name, entry in main.COMMANDS.items()} == said
