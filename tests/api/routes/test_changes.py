"""What became known between two moments, and why a line says so: over HTTP, and as commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from api.app import create_app
from api.cli.terminal.text_layout import TextLayout
from api.settings import load
from api.wording import lines
from api.wording.changes_page import ChangesPage
from api.wording.values import Names
from projections.answers.changes import ChangesAnswer
from projections.answers.explanations import ActorName
from projections.answers.status import StatusAnswer
from projections.queries.at_horizon import HorizonRequest
from projections.queries.changes import changes as told_between
from projections.queries.line_names import lines_in, lines_of, matching, slug
from tests.api.cli.test_commands import Run, flat, place, run  # noqa: F401  fixtures
from tests.api.cli.test_commands import seeded as founding  # noqa: F401  a fixture
from tests.api.conftest import HERE, SEED
from tests.api.routes.test_queries import append, get, parameter
from tests.api.sending import Wire, opening, problem, statement
from tests.examples import examples
from tests.projections.world import folded, plain, processes_of, reading, recorded
from tests.spec import wire
from tests.strategies import histories

FIRST = "/v1/processes/first"
INVENTED = SEED.parent / "ilvaran-valley.ndjson"


def changes(client: TestClient, query: str, path: str = FIRST) -> Wire:
    found: Wire = get(client, f"{path}/changes?{query}").json()
    return found


# --- over HTTP


@pytest.fixture
def dated(tmp_path: Path) -> Any:
    """A server whose log grew by some events a day, from 28 October 2017 on; it is the 31st, noon."""
    with time_machine.travel("2017-10-28T12:00:00Z", tick=False) as clock:
        with TestClient(create_app(load(data=tmp_path / "dated", port=0)), base_url=HERE) as client:
            append(client, opening("processes/first"), opening("talks/first"))
            clock.move_to("2017-10-29T12:00:00Z")
            append(client, wire("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-30"}))
            clock.move_to("2017-10-30T12:00:00Z")
            append(client, statement(occurred="2017-10-30"))
            clock.move_to("2017-10-31T12:00:00Z")
            yield client


def test_both_ends_are_stated_as_positions_and_times(dated: TestClient) -> None:
    ends = {
        "since=2": ((2, "28T12"), (4, "31T12")),
        "since=2017-10-29T11:59:59Z": ((2, "29T11:59:59"), (4, "31T12")),
        "since=0": ((0, None), (4, "31T12")),
        "since=2000-01-01T00:00:00Z": ((0, ""), (4, "31T12")),
        "since=2&until=3": ((2, "28T12"), (3, "29T12")),
        "since=2017-10-28T15:00:00%2B03:00&until=2017-10-29t12:00:00z": ((2, "28T12"), (3, "29T12")),
        "since=3&until=2017-10-30T18:00:00Z": ((3, "29T12"), (4, "30T18")),
        "since=2017-10-28T18:00:00Z&until=4": ((2, "28T18"), (4, "30T12")),
        "since=4&until=4": ((4, "30T12"), (4, "30T12")),
        "since=2017-10-29&until=2017-10-29": ((2, "29T00"), (3, "29T23:59:59.999999")),
        "since=2017-10-30&until=2017-10-31": ((3, "30T00"), (4, "31T12")),
    }
    for query, expected in ends.items():
        answer = changes(dated, query)
        for name, (position, time) in zip(("since", "until"), expected, strict=True):
            assert answer[name]["position"] == position, query
            if time is None:
                assert answer[name]["time"] is None, query
            elif time:
                assert answer[name]["time"].startswith(f"2017-10-{time}"), query
        assert answer["totals"]["new"] == expected[1][0] - expected[0][0], query
        assert answer["known_before"] is (expected[0][0] > 0), query


def test_what_fell_due_over_night(dated: TestClient) -> None:
    answer = changes(dated, "since=2017-10-30T13:00:00Z")
    assert answer["totals"]["new"] == 0
    assert [(due["when"], due["by_time"]) for due in answer["overdue"]] == [("2017-10-30", True)]
    assert [finding["rule"] for finding in answer["raised"]] == ["plan-date-passed"]


def test_what_became_known_of_the_founding_case(seeded: TestClient) -> None:
    answer = get(seeded, "/v1/processes/eastern-kalamun/changes?since=35&min_position=42")
    assert answer.headers["parley-position"] == "42"
    body = answer.json()
    assert body["totals"]["new"] == 7
    assert body["changed"][0]["line"] == "agreements/roadblock-checks.state"
    named = {event for one in body["changed"] for event in one["because"]}
    named |= {report["event"] for group in body["new"] for report in group["reports"]}
    assert named <= set(body["evidence"])


def test_every_answer_fits_its_schema(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Changes", "components": described["components"]}
    events = [json.loads(line) for line in INVENTED.read_text(encoding="utf-8").splitlines()]
    append(client, *events)
    for since in range(0, len(events), 20):
        for until in (f"&until={min(since + 20, len(events))}", ""):
            answer = client.get(f"/v1/processes/ilvaran-valley/changes?since={since}{until}")
            if answer.status_code == 200:
                errors = list(Draft202012Validator(schema).iter_errors(answer.json()))
                assert not errors, errors[0].message


def test_every_line_that_changed_can_be_explained(client: TestClient) -> None:
    events = [json.loads(line) for line in INVENTED.read_text(encoding="utf-8").splitlines()]
    append(client, *events)
    names = lines_in(get(client, "/v1/processes/ilvaran-valley").json())
    changed: set[str] = set()
    for since in range(20, 110, 10):
        answer = changes(client, f"since={since}", "/v1/processes/ilvaran-valley")
        changed |= {one["line"] for one in answer["changed"] if one["after"] is not None}
    assert len(changed) > 20
    assert changed <= set(names)


@pytest.mark.parametrize(
    "value",
    ["", "-1", "1.5", "+1", "0x1", "٤", "9" * 20, str(2**63), "2017-10-32", "2017-10-29T09:00:00", "now", "yesterday",
     "2017-02-30T09:00:00Z", "0999-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2017-10-29T12:00:00+03:00", "%00",
     "x" * 5000, "2017-10-31T13:00:00Z", "5", "1/2"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["since", "until"])
def test_an_end_that_is_none_is_refused_with_its_mend(dated: TestClient, name: str, value: str) -> None:
    query = f"since={value}" if name == "since" else f"since=1&until={value}"
    body = problem(dated.get(f"{FIRST}/changes?{query}"), 400)
    assert body["type"] == "/problems/bad-cursor"
    assert parameter(body) == name
    assert any(word in body["detail"] for word in ("such as 42", "the log ends at", "still to come", "years"))
    assert len(value) < 6 or value.startswith("2017-10-29") or value not in body["detail"]


@pytest.mark.parametrize(
    "query",
    ["since=3&until=2", "since=2017-10-30T00:00:00Z&until=2017-10-29T00:00:00Z", "since=4&until=2017-10-29T13:00:00Z",
     "since=2017-10-31T00:00:00Z&until=4"],
)  # fmt: skip
def test_an_end_before_its_beginning_is_refused(dated: TestClient, query: str) -> None:
    body = problem(dated.get(f"{FIRST}/changes?{query}"), 400)
    assert parameter(body) == "since"
    assert "after `until`" in body["detail"]


def test_other_refusals(dated: TestClient) -> None:
    assert parameter(problem(dated.get(f"{FIRST}/changes"), 400)) == "since"
    assert parameter(problem(dated.get(f"{FIRST}/changes?since=1&since=2"), 400)) == "since"
    assert parameter(problem(dated.get(f"{FIRST}/changes?since=1&untill=2"), 400)) == "untill"
    assert "no such process" in problem(dated.get("/v1/processes/second/changes?since=1"), 404)["detail"]
    assert "recorded at position 1" in problem(dated.get(f"{FIRST}/changes?since=0&until=0"), 404)["detail"]
    problem(dated.get("/v1/processes/FIRST/changes?since=1"), 400)


# --- parley changes


@pytest.fixture
def invented(run: Run) -> Run:  # noqa: F811
    """A data directory with the invented case, in which everything happens."""
    run("append", str(INVENTED))
    return run


def test_a_briefing(invented: Run) -> None:
    page = invented("changes", "ilvaran-valley", "--since", "70").stdout
    text = flat(page)
    assert page.startswith("Ilvaran valley (invented)  ilvaran-valley\nWhat became known from ")
    assert max(map(len, page.splitlines())) <= 80
    assert "(log position 70) to " in text
    titles = [title for title in page.splitlines() if title[:2].isupper()]
    assert titles == [
        "OVERDUE SINCE",
        "NEWLY CONTESTED",
        "WHAT CHANGED",
        "CORRECTED, RETRACTED, DISPUTED",
        "DOES NOT FIT",
        "REPORTS THAT CAME IN  all of them long after they occurred",
    ]
    assert "[overdue] 30 Jun 2025 end of the term: Truce of the Ilvaran valley" in text
    assert "[contested] Aid to Dolmet, September: Reports contradict each other on the state: arrived" in text
    assert "role: Valley Mission, monitor, compliance: [actual] accepted by the holder → [ended]" in text
    assert "quantity, value: 460 → 640" in text
    assert "corrected by the source: The bulletin had left out the office in Sennif" in text
    assert "[unified] Aid to Dolmet, September" in text
    assert "Aid to Dolmet, September convoys/ilvaran-aid-dolmet not known before" in text
    assert "26 Sep 2024 Convoy arrived: Dolmet; partly" in text
    assert "actors/" not in text, "names, not ids"


def test_a_briefing_as_data_is_what_the_interface_answers(invented: Run) -> None:
    answer = json.loads(invented("changes", "ilvaran-valley", "--since", "70", "--until", "80", "--json").stdout)
    assert (answer["since"]["position"], answer["until"]["position"]) == (70, 80)
    assert answer["totals"]["new"] == sum(len(group["reports"]) for group in answer["new"])


def test_since_yesterday_if_nothing_else_is_said(invented: Run) -> None:
    page = flat(invented("changes", "ilvaran-valley").stdout)
    assert "Nothing of this process was known before." in page
    assert "At a glance: 87 reports on 12 subjects" in page


def test_that_nothing_became_known_is_said_plainly(invented: Run) -> None:
    page = invented("changes", "ilvaran-valley", "--since", "111").stdout
    assert page.endswith("\nNothing became known, and nothing fell due.\n")


def test_what_cannot_be_asked_says_how_to(invented: Run) -> None:
    for since, told in (
        ("2017-10", "a day in UTC, such as 2017-10-29"),
        ("112", "the log ends at position 111"),
        ("x", "such as 42"),
    ):
        assert told in flat(invented("changes", "ilvaran-valley", "--since", since, code=1).stderr)
    assert "after `until`" in flat(invented("changes", "ilvaran-valley", "--since", "9", "--until", "8", code=1).stderr)
    assert "`parley processes` lists them" in invented("changes", "none", code=1).stderr
    assert "What became known" in invented("changes", "ilvaran-valley", "--since", "2017-10-29").stdout


@examples(10)
@given(histories(), st.integers(0, 40))
def test_whatever_is_recorded_can_be_told(history: list[Wire], cut: int) -> None:
    log = recorded(history)
    with reading(*history) as snapshot:
        for process in processes_of(log):
            since = HorizonRequest(position=min(cut, len(log)))
            answer = plain(told_between(snapshot, process, since, HorizonRequest(), datetime(2026, 2, 1, tzinfo=UTC)))
            sheet = TextLayout(80)
            ChangesPage(cast(ChangesAnswer, answer), sheet).draw()
            assert str(sheet)
            status = cast(StatusAnswer, folded(log, process))
            names = Names.of_status(status)
            for name, line in lines_in(status).items():
                assert lines.title(names, name)
                assert lines.sides(names, name, line)


# --- parley explain


def test_a_line_is_explained_with_each_report_it_rests_on(founding: Run) -> None:  # noqa: F811
    page = flat(founding("explain", "eastern-kalamun", "talks/eastern-kalamun-truce.state").stdout)
    assert page.startswith("talks/eastern-kalamun-truce.state Talks on a truce in Eastern Kalamun [scheduled, a plan]")
    assert "(since 27 Oct 2017 or earlier)" in page
    assert "1. talks scheduled: 29 Oct 2017; Damascus who says so: TASS, 27 Oct 2017, unattributed" in page
    assert "on what basis: inferred by us occurred: not after 27 Oct 2017 recorded: " in page
    assert "by local, log position" in page
    assert "Note: The report says 'on Sunday'" in page


def test_a_contested_line_names_each_candidate_with_its_reports(invented: Run) -> None:
    page = flat(invented("explain", "ilvaran-valley", "convoys/ilvaran-aid-dolmet.whereabouts").stdout)
    assert "[contested] the last reports disagree" in page
    either, _, other = page.partition("or: [turned back]")
    assert "either: [arrived] at Dolmet (26 Sep 2024) 1. convoy arrived:" in either
    assert "who says so: council of Dolmet (Radio Hemlar, 27 Sep 2024), quoted" in either
    assert "2. convoy turned back" in other


def test_what_became_of_a_report_is_told_with_what_it_said_before(invented: Run) -> None:
    page = flat(invented("explain", "ilvaran-valley", "figures.enrolled-all-tracks").stdout)
    assert "640 persons, counted 10 Jun to 31 Aug 2024" in page
    assert "corrected, by the source: The bulletin had left out the office in Sennif" in page
    assert "before: 31 Aug 2024;" in page
    assert "460 persons" in page
    disputed = flat(invented("explain", "ilvaran-valley", "convoys/ilvaran-aid-dolmet.removed").stdout)
    assert "disputed by army of Velmar: The kits were never on the trucks." in disputed
    twice = flat(invented("explain", "ilvaran-valley", "talks/ilvaran-round-2.attendance").stdout)
    assert "stands for a duplicate, too: " in twice
    assert "rests on 1, above" in twice


def test_a_horizon_goes_with_an_explanation(invented: Run) -> None:
    asked = ("explain", "ilvaran-valley", "figures.enrolled-all-tracks", "--known-at-position", "71")
    page = flat(invented(*asked).stdout)
    assert page.startswith("Known at log position 71")
    assert "460 persons" in page
    assert "640" not in page
    assert "corrected" not in page, "that became known later"
    early = flat(invented("explain", "ilvaran-valley", "state", "--as-of", "2024-11-30").stdout)
    assert "[suspended]" in early


def test_an_explanation_as_data(invented: Run) -> None:
    answer = json.loads(invented("explain", "ilvaran-valley", "figures.enrolled-all-tracks", "--json").stdout)
    assert all(name.partition(".")[2].startswith("figures.enrolled-all-tracks.") for name in answer["lines"])
    corrected = [one for one in answer["events"].values() if one["revisions"]]
    assert [one["recorded"]["data"]["quantity"]["value"] for one in corrected] == [460]
    assert [one["data"]["quantity"]["value"] for one in corrected] == [640]
    listed = json.loads(invented("explain", "ilvaran-valley", "--json").stdout)["lines"]
    assert listed["state"] == {"contested": False, "value": "resumed"}


def test_all_lines_are_listed_and_each_can_be_explained(invented: Run, founding: Run) -> None:  # noqa: F811
    for process in ("ilvaran-valley", "eastern-kalamun"):
        page = invented("explain", process).stdout
        names = json.loads(invented("explain", process, "--json").stdout)["lines"]
        assert len(names) > 35
        assert {line.split("  ")[0] for line in page.splitlines()} >= set(names), "each in one piece"
        for name in ("state", "last_heard", "roles", "bodies", "statements", "findings", "due", "access", "figures"):
            assert invented("explain", process, name).stdout.startswith(tuple(matching(name, names)))


def test_a_part_of_a_name_stands_for_all_lines_that_have_it(invented: Run) -> None:
    def found(name: str) -> list[str]:
        return list(json.loads(invented("explain", "ilvaran-valley", name, "--json").stdout)["lines"])

    assert found("term") == ["agreements/ilvaran-truce.term"]
    assert (
        found("obligations.release-by-guard")
        == found("release-by-guard")
        == [
            "agreements/ilvaran-truce.obligations.release-by-guard.agreed",
            "agreements/ilvaran-truce.obligations.release-by-guard.score",
        ]
    )
    assert found("State") == ["state"], "the process's own, if it has one"
    assert all(name.startswith("talks/ilvaran-round-3.") for name in found("talks/ilvaran-round-3"))


def test_a_line_that_is_none_is_refused_with_suggestions(invented: Run) -> None:
    def told(name: str) -> str:
        result = invented("explain", "ilvaran-valley", name, code=1)
        assert result.stdout == ""
        return flat(result.stderr)

    assert "Did you mean talks/ilvaran-round-3.state" in told("talks/ilvaran-round-3.stat")
    assert "state" in told("stat")
    for name in ("", ".", "zzzzzzzz", "x" * 5000, "\x1b[31m", "talks/nowhere.state", "state.more", "ö"):
        page = told(name)
        assert "There is no line" in page
        assert "`parley explain ilvaran-valley` lists all there are." in page
        assert "\x1b" not in page
    assert "`parley processes`" in invented("explain", "none", "state", code=1).stderr


# --- names


def test_names_are_typeable() -> None:
    assert slug("Release of Detainees (all)") == "release-of-detainees-all"
    assert slug("القلمون الشرقي") == "القلمون-الشرقي"
    assert slug("…") == "unnamed"
    assert slug("x" * 100) == "x" * 40
    assert slug("the five cities, or the region: the sentence allows both") == "the-five-cities-or-the-region-the"
    assert matching("", ["state"]) == matching("  ", ["state"]) == []


def test_a_report_of_several_places_is_a_line_for_each() -> None:
    def held(*names: str) -> Wire:
        places = [{"labels": [{"text": name}]} for name in names]
        value = {"holders": ["army"], "places": places}
        return {"value": value, "contested": False, "since": None, "occurred": None, "events": [names[0]]}

    shown = {"control": [held("Jayrud", "Ruhaiba", "Dumayr"), held("Ruhaiba"), held("Jayrud", "Ruhaiba", "Dumayr")]}
    assert {name: line["events"][0] for name, line in lines_of(shown).items()} == {
        "control.jayrud": "Jayrud",
        "control.ruhaiba": "Ruhaiba",
        "control.dumayr": "Jayrud",
    }


def test_texts_of_ours_are_made_readable() -> None:
    actors: dict[str, ActorName] = {"army": {"label": "the army"}}
    assert lines.readable("actors/army says “held” (2017-10-29)", actors) == "the army says “held” (29 Oct 2017)"
    assert lines.readable("due ../2017-10-27, or 2017-10; SY-2017-10-1", actors) == (
        "due not after 27 Oct 2017, or Oct 2017; SY-2017-10-1"
    )
    assert lines.readable("actors/nobody", actors) == "actors/nobody"
