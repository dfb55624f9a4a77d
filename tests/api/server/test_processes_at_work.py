"""Several processes on one installation: workers behind a port, and projection workers of which one leads.

They are killed in the middle of their work. What was acknowledged is there once, what the read models say is what a
fresh fold of the log says, and whoever is left goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from ledger.append import Append
from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import catch_up
from projections.follower import Follower
from projections.queries import status
from projections.storage.generations import ReadModels
from tests.api.cli.test_server import Place, place, printed, start, stop
from tests.ledger.sending import begin, statement
from tests.projections.world import NOW, plain
from tests.waiting import PATIENCE, eventually

__all__ = ["place", "start"]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc and kills servers")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def kept(where: Path | str, tmp_path: Path) -> dict[str, str]:
    """The environment that keeps an installation there."""
    if isinstance(where, str):
        return {"PARLEY_DATABASE_URL": where, "PARLEY_DATA": str(tmp_path / "data")}
    return {"PARLEY_DATA": str(where)}


@pytest.fixture
def ledger(where: Path | str) -> Iterator[Ledger]:
    with closing(Ledger(where, lock_timeout=30)) as ledger:
        begin(ledger)
        yield ledger


def views_at(where: Path | str) -> Path | str:
    return where if isinstance(where, str) else where / "views.db"


def children(pid: int) -> list[int]:
    """The workers of a server: the processes it started that serve."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]


def answers(url: str, path: str) -> bool:
    try:
        return httpx2.get(url + path, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def moved_beyond(views: ReadModels, position: int) -> bool:
    return views.position() > position


def agrees_with_a_fresh_fold(ledger: Ledger, where: Path | str, fresh: Path) -> None:
    """The read models say what those say that are made anew from the log: no event is missing or counted twice."""

    def said(views: ReadModels) -> dict[str, Any]:
        with views.reading() as reading:
            assert reading.position == ledger.head()
            answer, _ = status.process_status(reading, "first", NOW)
            return {key: value for key, value in plain(answer).items() if key != "explained"}

    with closing(open_read_models(views_at(where))) as live, closing(open_read_models(fresh)) as anew:
        position = -1
        while position != (position := catch_up(anew, ledger.read).position):
            pass
        assert said(live) == said(anew)


# --- workers


def test_workers_share_a_port_and_one_that_dies_is_replaced(place: Place, start: Start, kept: dict[str, str]) -> None:
    server = start("serve", "--workers", "2", **kept, PARLEY_LOG_LEVEL="error")
    printed(server, until="Ctrl-C")
    url = f"http://127.0.0.1:{place.port}"
    before = children(server.pid)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(set(children(server.pid)) - {before[0]}) == 2)  # looked at once: it dies between two looks
    eventually(lambda: all(answers(url, "/readyz") for _ in range(10)))
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=PATIENCE)
    assert (server.returncode, out) == (0, "Stopped.\n"), err
    assert "another takes its place" in err


def test_workers_end_with_the_server_that_started_them(place: Place, start: Start, kept: dict[str, str]) -> None:
    server = start("serve", "--workers", "2", **kept)
    printed(server, until="Ctrl-C")
    server.kill()
    eventually(lambda: not answers(f"http://127.0.0.1:{place.port}", "/healthz"))


def test_what_one_worker_records_is_seen_by_all(place: Place, start: Start, kept: dict[str, str]) -> None:
    server = start("serve", "--workers", "3", **kept)
    printed(server, until="Ctrl-C")
    url = f"http://127.0.0.1:{place.port}"
    seeds = Path(__file__).parents[3] / "seeds" / "eastern-kalamun.ndjson"
    place.run("append", str(seeds), "--url", url)
    position = httpx2.get(f"{url}/v1/head", timeout=120).json()["position"]
    for _ in range(12):  # each on a connection of its own, so that every worker has its turn
        answer = httpx2.get(f"{url}/v1/processes/eastern-kalamun", params={"min_position": position}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
    figures = [httpx2.get(f"{url}/metrics", timeout=120).text for _ in range(6)]
    assert all(f"parley_events_recorded_total {position}.0" in text for text in figures), "all are counted together"
    assert all("parley_views_leading 1.0" in text for text in figures), "one leads"
    assert stop(server, signal.SIGTERM) == "Stopped.\n"


# --- who leads


def test_a_leader_that_is_killed_is_replaced_and_nothing_is_applied_twice_or_skipped(
    start: Start, kept: dict[str, str], ledger: Ledger, where: Path | str, tmp_path: Path
) -> None:
    """Two projection workers; whoever has moved the read models is killed, several times, while events come in."""
    workers = [start("project", **kept) for _ in range(2)]
    for worker in workers:
        printed(worker, until="Ctrl-C")
    stopping = threading.Event()

    def send() -> None:
        while not stopping.is_set():
            ledger.append(Append(tuple(statement(id=str(uuid4())) for _ in range(5))))
            time.sleep(0.02)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        with closing(open_read_models(views_at(where))) as seen:
            for _ in range(4):
                reached = seen.position()
                eventually(partial(moved_beyond, seen, reached + 20))
                workers[0].kill()
                workers = [workers[1], start("project", **kept)]
                printed(workers[1], until="Ctrl-C")
            stopping.set()
            sending.join()
            eventually(lambda: seen.position() == ledger.head())
    finally:
        stopping.set()
        sending.join()
    agrees_with_a_fresh_fold(ledger, where, tmp_path / "fresh.db")
    for worker in workers:
        worker.terminate()
        out, err = worker.communicate(timeout=PATIENCE)
        assert (worker.returncode, out) == (0, "Stopped.\n"), err


def test_of_several_servers_one_leads_and_another_takes_over(ledger: Ledger, where: Path | str) -> None:
    at = views_at(where)
    with (
        closing(open_read_models(at)) as one,
        closing(open_read_models(at)) as other,
        closing(open_read_models(at)) as third,
    ):
        followers = [Follower(views, ledger.read, ledger.head, poll=0.05) for views in (one, other)]
        watching = Follower(third, ledger.read, ledger.head, poll=0.05, may_lead=False)
        for follower in (*followers, watching):
            follower.start()
        try:
            eventually(lambda: sum(follower.leads for follower in followers) == 1)
            leader = next(follower for follower in followers if follower.leads)
            rest = next(follower for follower in followers if follower is not leader)
            ledger.append(Append((statement(id=str(uuid4())),)))
            leader.nudge()
            for follower in (leader, rest, watching):
                assert follower.wait_for(3, PATIENCE)
            leader.close()
            eventually(lambda: rest.leads)
            ledger.append(Append((statement(id=str(uuid4())),)))
            rest.nudge()
            assert rest.wait_for(4, PATIENCE)
            assert watching.wait_for(4, PATIENCE)
            assert not watching.leads
        finally:
            for follower in (*followers, watching):
                follower.close()


def test_a_server_that_leaves_the_read_models_to_others(place: Place, start: Start, kept: dict[str, str]) -> None:
    server = start("serve", **kept, PARLEY_PROJECT="false")
    printed(server, until="Ctrl-C")
    url = f"http://127.0.0.1:{place.port}"
    seeds = Path(__file__).parents[3] / "seeds" / "eastern-kalamun.ndjson"
    events = [line for line in seeds.read_text().splitlines() if line]
    body = f"[{','.join(events)}]"
    sent = httpx2.post(f"{url}/v1/events", content=body, headers={"Content-Type": "application/json"}, timeout=120)
    assert sent.status_code == 201, sent.text
    worker = start("project", **kept)
    printed(worker, until="Ctrl-C")
    answer = httpx2.get(f"{url}/v1/processes/eastern-kalamun", params={"min_position": 42}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    assert "parley_views_leading 0.0" in httpx2.get(f"{url}/metrics", timeout=120).text
    stop(worker, signal.SIGTERM)
    stop(server, signal.SIGTERM)


# --- rebuilding while all this goes on


def test_a_rebuild_that_is_killed_goes_on_and_nobody_ever_hears_less(
    place: Place, start: Start, kept: dict[str, str], ledger: Ledger, where: Path | str, tmp_path: Path
) -> None:
    """A server answers and appends all the while; `parley rebuild` is killed over and over, then let end."""
    while ledger.head() < 3_000:
        ledger.append(Append(tuple(statement(id=str(uuid4())) for _ in range(500))))
    server = start("serve", **kept)
    printed(server, until="Ctrl-C")
    url = f"http://127.0.0.1:{place.port}"
    eventually(lambda: answers(url, f"/v1/processes/first?min_position={ledger.head()}"))
    stopping, faults, seen = threading.Event(), list[str](), list[int]()

    def ask() -> None:
        with httpx2.Client(base_url=url, timeout=PATIENCE) as http:
            while not stopping.is_set():
                ledger.append(Append((statement(id=str(uuid4())),)))
                answer = http.get("/v1/processes/first")
                if answer.status_code != 200:
                    faults.append(answer.text)
                else:
                    seen.append(int(answer.headers["parley-position"]))
                time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(3):
            killed = start("rebuild", **kept)
            time.sleep(1.5)
            killed.kill()
        last = start("rebuild", **kept)
        out, err = last.communicate(timeout=PATIENCE * 3)
        assert last.returncode == 0, err
        assert "made anew" in out
    finally:
        stopping.set()
        asking.join()
    assert not faults
    assert seen == sorted(seen)
    eventually(lambda: answers(url, f"/v1/processes/first?min_position={ledger.head()}"))
    stop(server, signal.SIGTERM)
    agrees_with_a_fresh_fold(ledger, where, tmp_path / "fresh.db")
