"""Several servers start at once where there is nothing yet: tables are made once, and all of them serve one log."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.append import Append
from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import catch_up
from tests import postgres
from tests.api.sending import opening
from tests.faults.surroundings import LONG, Sent, Server, Site, examine, on_linux, site_at, whole
from tests.ledger import sending
from tests.waiting import PATIENCE, eventually

ROUNDS = 50 if LONG else 2
SERVING = 10 if LONG else 1

Place = Callable[[], Path | str]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Makes places where nothing was made yet: directories that are not there, or databases without tables."""
    with ExitStack() as stack:

        def make() -> Path | str:
            if request.param == "sqlite":
                return tmp_path / str(uuid4())
            return stack.enter_context(postgres.database(request.getfixturevalue("database_server")))

        yield make


def views_at(where: Path | str) -> Path | str:
    return where if isinstance(where, str) else where / "views.db"


def begin(barrier: Barrier, number: int, places: list[Path | str]) -> None:
    """Opens each place when all others do, and appends to it when all others do."""
    for where in places:
        barrier.wait(PATIENCE)
        with closing(Ledger(where, lock_timeout=30)) as ledger, closing(open_read_models(views_at(where))) as views:
            barrier.wait(PATIENCE)
            draft = sending.opening(f"processes/of-{number}", id=str(uuid4()))
            assert ledger.append(Append((draft,))).new == 1
            catch_up(views, ledger.read)
            barrier.wait(PATIENCE)


@pytest.mark.parametrize("number", [2, 4] if LONG else [3])
def test_an_installation_that_several_begin_at_once_is_one(place: Place, number: int) -> None:
    places = [place() for _ in range(ROUNDS)]
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(number)
    processes = [spawn.Process(target=begin, args=(barrier, one, places)) for one in range(number)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE * 4)
    assert [process.exitcode for process in processes] == [0] * number
    for where in places:
        with closing(Ledger(where)) as ledger, closing(open_read_models(views_at(where))) as views:
            assert {event["subject"] for event in ledger.replay()} == {f"processes/of-{n}" for n in range(number)}
            assert ledger.head() == number
            catch_up(views, ledger.read)
            whole(ledger, views)


@on_linux
@pytest.mark.parametrize("number", [2, 4] if LONG else [3])
def test_servers_that_start_at_once_serve_one_log(place: Place, tmp_path: Path, number: int) -> None:
    for _ in range(SERVING):
        home = tmp_path / str(uuid4())
        home.mkdir()
        with site_at(home, place()) as site:
            servers = up(site, [site.begin_to_serve() for _ in range(number)])
            senders = [Sent(server) for server in servers]
            senders[0].begin()
            for _ in range(3):
                for sent in senders:
                    assert sent.send(opening(f"talks/{uuid4()}", id=str(uuid4())))
                    assert sent.send(*sent.reports(2))
            told = {event_id: position for sent in senders for event_id, position in sent.acknowledged.items()}
            head = len(told)
            assert sorted(told.values()) == list(range(1, head + 1)), "one log"
            for server in servers:
                assert server.streamed() == list(range(1, head + 1))
                answer = server.ask(f"/v1/processes/first?min_position={head}", Prefer="wait=20")
                assert answer.status_code == 200, answer.text
            for server in servers:
                server.stop()
            examine(site, Sent(servers[0], told))


def up(site: Site, starting: list[Server]) -> list[Server]:
    """Those that serve. On one directory the others may find that one serves already, and say so."""
    found = []
    for server in starting:
        eventually(server.settled)
        if server.process.poll() is None:
            found.append(server)
        else:
            assert isinstance(site.where, Path), server.err.read_text()
            assert "a server runs on" in server.err.read_text()
            assert server.process.returncode == 2
    assert found
    return found
