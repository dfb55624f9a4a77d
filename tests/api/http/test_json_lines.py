"""JSON lines: one value is one line, whatever a reader takes for the end of one."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import main
from api.http.json_lines import json_line, lines_of
from tests.api.sending import begin, opening, statement

BREAKS = "one\u2028two\u2029three"
"""What ends a line for some readers, and for JSON does not."""


@given(st.text())
def test_no_text_ends_its_line(text: str) -> None:
    line = json_line({"text": text})
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"text": text}


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))), st.integers(1, 9))
def test_lines_end_at_line_feeds_alone(lines: list[str], size: int) -> None:
    whole = "".join(f"{line}\n" for line in lines).encode()
    assert list(lines_of(whole[start : start + size] for start in range(0, len(whole), size))) == lines


def test_what_the_last_line_lacks_is_its_end() -> None:
    assert list(lines_of([b"a\r\nb", b"c"])) == ["a", "bc"]
    assert list(lines_of([])) == []


def test_every_event_of_a_replay_is_one_line(client: TestClient) -> None:
    begin(client)
    said = {"text": BREAKS}
    assert client.post("/v1/events", json=statement(data=said)).status_code == 201
    text = client.get("/v1/events", headers={"Accept": "application/x-ndjson"}).text
    assert [json.loads(line)["type"] for line in text.splitlines()] == [
        "ProcessOpened",
        "TalksReported",
        "StatementMade",
    ]
    assert json.loads(text.splitlines()[-1])["data"] == said


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_command_line_replays_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]) -> None:
    monkeypatch.setenv("PARLEY_PORT", "0")
    file = tmp_path / "events.ndjson"
    events = [opening("processes/first"), statement("processes/first", data={"text": BREAKS})]
    file.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    at = ("--data", str(tmp_path / "data"))
    appended = CliRunner().invoke(main.app, ["append", str(file), *at])
    assert appended.exit_code == 0, appended.output
    replayed = CliRunner().invoke(main.app, ["replay", *form, *at])
    assert replayed.exit_code == 0, replayed.output
    if form:
        assert [json.loads(line)["type"] for line in replayed.stdout.splitlines()] == ["ProcessOpened", "StatementMade"]
    else:
        assert not {"\u2028", "\u2029"} & set(replayed.stdout)
