"""Time travel on the command line: lists across processes take the options that `parley status` takes."""

from __future__ import annotations

import json

import pytest

from tests.api.cli.test_commands import Run, place, run, seeded
from tests.api.sending import opening
from tests.spec import wire

__all__ = ["place", "run", "seeded"]  # fixtures


def flat(text: str) -> str:
    return " ".join(text.split())


def test_lists_at_a_position(run: Run) -> None:
    planned = wire("TalksScheduled", occurred="2017-10-02", data={"when": "2017-10-10"})
    ids = [{"scheme": "case-file", "id": "7"}]
    agreed = wire("AgreementReported", subject="agreements/text", data={
        "processes": ["first"], "title": [{"text": "A text"}], "ids": ids,
    })  # fmt: skip
    suspended = wire("ProcessSuspended", subject="processes/first", occurred="2017-10-12", data={})
    events = [opening("processes/first"), opening("talks/first"), planned, suspended, agreed]
    run("append", "-", input="\n".join(map(json.dumps, events)))
    assert "suspended, since" in flat(run("processes").stdout)
    before = flat(run("processes", "--known-at-position", "3").stdout)
    assert before.startswith("Known at log position 3 first ")
    assert "open, since" in before
    assert flat(run("processes", "--known-at-position", "0").stdout).endswith(
        "Nothing of any process is inside this horizon."
    )
    as_json = json.loads(run("processes", "--as-of", "2017-10-11", "--json").stdout)
    assert [one["state"]["value"] for one in as_json["processes"]] == ["open"]
    assert as_json["horizon"]["as_of"] == "2017-10-11"
    due = flat(run("deadlines", "--as-of", "2017-10-11").stdout)
    assert due.startswith("As of 11 Oct 2017 10 Oct 2017")
    assert "[overdue]" in due
    assert flat(run("deadlines", "--known-at-position", "2").stdout) == "Known at log position 2 Nothing is due."
    passed = flat(run("findings", "--as-of", "2017-10-11", "--rule", "plan-date-passed").stdout)
    assert passed.startswith("As of 11 Oct 2017 FIRST 1 finding")
    early = flat(run("findings", "--as-of", "2017-10-09", "--rule", "plan-date-passed").stdout)
    assert early == "As of 9 Oct 2017 Nothing of that kind stands out."
    assert "agreements/text" in run("subjects", "case-file", "7", "--known-at-position", "5").stdout
    none = flat(run("subjects", "case-file", "7", "--known-at-position", "4", code=1).stderr)
    assert none == "Known at log position 4: there is nothing with this id of the register case-file."


def test_a_state_that_is_only_possible_says_so(run: Run) -> None:
    said = wire("StatementMade", subject="processes/first", occurred="2017-09-01")
    run("append", "-", input="\n".join(map(json.dumps, [opening("processes/first", occurred="2018-01"), said])))
    assert "[possibly] open, since Jan 2018" in flat(run("processes", "--as-of", "2017-09-15").stdout)
    assert "possibly" not in run("processes", "--as-of", "2018-02").stdout


@pytest.mark.parametrize("command", [("processes",), ("findings",), ("deadlines",), ("subjects", "case-file")])
def test_a_horizon_that_is_none_is_refused(seeded: Run, command: tuple[str, ...]) -> None:
    refused = flat(seeded(*command, "--as-of", "2017-02-30", code=1).stderr)
    assert "--as-of: there is no such day, month or hour" in refused
    assert "the log ends at position 42" in flat(seeded(*command, "--known-at-position", "43", code=1).stderr)
