"""The clock jumps: back by an hour, back by ten years, forward by ten years, and forward and back again.

What is recorded keeps its order and its times never go back. Whatever lasts a number of seconds is measured by a clock
that cannot be set.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import time_machine
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli.checks import check_log
from api.settings import Settings, load
from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import rebuild
from tests.api.conftest import HERE
from tests.api.sending import begin, problem, statement
from tests.faults.surroundings import Sent, Site, examine, on_linux, site
from tests.spec import wire
from tests.waiting import PATIENCE, eventually

__all__ = ["site"]

HOUR, YEARS = timedelta(hours=1), timedelta(days=3652)
JUMPS = {"an hour back": -HOUR, "ten years back": -YEARS, "ten years forward": YEARS}


@pytest.fixture
def settings(where: Path | str, tmp_path: Path) -> Settings:
    if isinstance(where, str):
        return load(data=tmp_path / "data", database_url=where, port=0)
    return load(data=where, port=0)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=HERE, raise_server_exceptions=False) as client:
        begin(client)
        yield client


def jumped(by: timedelta) -> time_machine.travel:
    """From now on all clocks of this process that can be set are wrong by so much."""
    return time_machine.travel(datetime.now(UTC) + by, tick=True)


def recorded(client: TestClient, *, wait: int = 9) -> dict[str, Any]:
    answer = client.post("/v1/events", json=statement(), headers={"Prefer": f"wait={wait}, return=minimal"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["preference-applied"], "the read models follow"
    event: dict[str, Any] = answer.json()["events"][0]
    return event


def all_answer(client: TestClient) -> None:
    """Every question of the present is answered."""
    for path in (
        "/readyz",
        "/v1/head",
        "/v1/events",
        "/v1/processes",
        "/v1/findings",
        "/v1/deadlines",
        "/v1/processes/first",
        "/v1/processes/first/history",
        "/v1/processes/first/claims",
        "/v1/processes/first/findings",
        "/v1/processes/first/changes?since=1",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"


def in_order(client: TestClient) -> list[datetime]:
    """The times of all events, which never go back."""
    events = client.get("/v1/events?limit=1000").json()["events"]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    times = [datetime.fromisoformat(event["recorded_at"]) for event in events]
    assert times == sorted(times)
    return times


@pytest.mark.parametrize("by", JUMPS)
def test_times_never_go_back_and_everything_goes_on(client: TestClient, by: str) -> None:
    recorded(client)
    with jumped(JUMPS[by]):
        for _ in range(3):
            recorded(client)
        all_answer(client)
        in_order(client)
    for _ in range(2):
        recorded(client)
    all_answer(client)
    times = in_order(client)
    now = datetime.now(UTC)
    for position, at in enumerate(times, 1):
        known = client.get("/v1/processes/first", params={"known_at": at.isoformat()})
        if at > now + HOUR:
            assert "still to come" in problem(known, 400)["detail"]
        else:
            last = max(number for number, other in enumerate(times, 1) if other == at)
            assert known.json()["horizon"]["position"] == last
        known = client.get(f"/v1/processes/first?known_at_position={position}")
        assert known.json()["horizon"]["position"] == position, "this tells all of them apart"


def test_a_log_that_ends_in_the_future_is_told(
    client: TestClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/readyz").json()["log"]["ahead"] == 0
    with jumped(YEARS):
        recorded(client)
        assert client.get("/readyz").json()["log"]["ahead"] == 0, "as far as anybody can tell there"
    assert "future" not in caplog.text
    future = recorded(client)["recorded_at"]
    assert recorded(client)["recorded_at"] == future, "until the clock is there"
    assert caplog.text.count("was recorded in the future") == 1, "not with each"
    ahead = client.get("/readyz").json()["log"]["ahead"]
    assert abs(timedelta(seconds=ahead) - YEARS) < HOUR
    (found,) = [finding for finding in check_log(settings) if not finding.sound]
    assert found.what == "clock"
    assert "set the clock that is wrong" in found.says


def test_no_status_of_a_future_that_was_none_is_shown(client: TestClient) -> None:
    """A date that was agreed on lies ahead again, once the clock is right."""
    when = f"{datetime.now(UTC).year + 1}-06-01"
    sent = wire("TalksScheduled", subject="talks/first", occurred="2017-10-28", data={"when": when})
    assert client.post("/v1/events", json=sent, headers={"Prefer": "wait=30"}).status_code == 201

    def shown() -> Any:
        status = client.get("/v1/processes/first").json()
        del status["horizon"]["now"]
        return status

    before = shown()
    with jumped(YEARS):
        assert shown() != before
    assert shown() == before


@pytest.mark.parametrize("by", [-HOUR, YEARS])
def test_read_models_that_gave_way_while_the_clock_was_wrong_go(
    where: Path | str, tmp_path: Path, by: timedelta
) -> None:
    at = where if isinstance(where, str) else tmp_path / "views.db"
    with closing(Ledger(where)) as ledger, closing(open_read_models(at)) as views:
        with jumped(by):
            rebuild(views, ledger.read)
        assert views.sweep() == 1
        rebuild(views, ledger.read)
        assert views.sweep() == 0, "a moment ago somebody may have begun to read it"


# --- a real process, whose clock another program sets


def library() -> Path:
    found = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), *Path("/usr/lib/faketime").glob("*MT.so.1")]
    if not found:
        pytest.skip("libfaketime is not installed")
    return found[0]


@on_linux
def test_a_server_whose_clock_jumps(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAKETIME", raising=False)  # of the surroundings: it stands for the file
    told = site.home / "clock"

    def set_clock(by: str) -> None:
        told.write_text(by)

    set_clock("+0")
    wrong = {"FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    sent = Sent(site.serve(LD_PRELOAD=str(library()), **wrong))
    sent.begin()
    heard: list[int] = []

    def listen() -> None:
        with httpx2.stream(
            "GET", f"{sent.server.url}/v1/events", headers={"Accept": "text/event-stream"}, timeout=120
        ) as live:
            for line in live.iter_lines():
                if line.startswith("id: "):
                    heard.append(int(line.removeprefix("id: ").partition("-")[0]))
                if len(heard) == 17:
                    return

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    for by in ("-1h", "-10y", "+10y", "+0", "-1h"):
        set_clock(by)
        for _ in range(3):
            assert sent.send(*sent.reports())
        eventually(sent.server.caught_up)
        for path in ("/v1/processes/first", "/v1/deadlines", "/v1/findings"):
            assert sent.server.ask(path).status_code == 200
    listening.join(PATIENCE)
    assert heard == list(range(1, 18))
    assert sent.server.ask("/readyz").json()["log"]["ahead"] > 9 * 365 * 86_400
    sent.server.stop()
    assert "was recorded in the future" in sent.server.err.read_text()
    with closing(Ledger(site.where)) as ledger:
        times = [event["recorded_at"] for event in ledger.replay()]
    assert times == sorted(times)
    assert len(set(times[11:])) < len(times[11:]), "they wait for the clock"
    examine(site, sent)
