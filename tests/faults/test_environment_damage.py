"""A file that is torn, garbled or not ours is told by its name, and never served as though it were whole.

The bytes are changed as a failing disk would change them. What a query can see is refused; what only a comparison of
all rows can see, `parley verify` finds.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import app
from api.settings import load
from ledger.append import Append
from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import catch_up
from tests.api.conftest import HERE
from tests.api.sending import problem
from tests.api.sending import statement as report
from tests.faults.surroundings import Sent, Server, Site, examine, on_linux, site_at
from tests.ledger.sending import begin, statement
from tests.waiting import eventually

EVENTS = 1_202
SEEN, SOUGHT = 603, "note 600 "
"""The position of an event in the middle, and what stands in its note."""
PAGE = 4096


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a server leaves it."""
    data = tmp_path_factory.mktemp("model") / "data"
    with closing(Ledger(data)) as ledger:
        begin(ledger)
        for first in range(0, EVENTS - 2, 200):
            notes = {UUID(int=1000 + number): f"note {number} " * 20 for number in range(first, first + 200)}
            sent = (statement(id=str(event_id), note=note.strip()) for event_id, note in notes.items())
            ledger.append(Append(tuple(sent)))  # ids in this order: one page of the history has the one in the middle
        with closing(open_read_models(data / "views.db")) as views:
            while catch_up(views, ledger.read).position < EVENTS:
                pass
    return data


@pytest.fixture
def data(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "data"))


@pytest.fixture
def log(data: Path) -> Path:
    return data / "events.db"


@pytest.fixture
def site(data: Path, tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path, data) as site:
        yield site


def run(data: Path, *arguments: str) -> tuple[int, str, str]:
    """A command's exit code, and what it printed on stdout and stderr. It runs here, which is quicker."""
    more = {"PARLEY_PORT": "0", "PARLEY_LOG_LEVEL": "error", "COLUMNS": "1000"}
    done = CliRunner().invoke(app, [*arguments, "--data", str(data)], env=more)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def faults(data: Path, command: str) -> str:
    """What `check` or `verify` finds, which must be something."""
    code, out, err = run(data, command, "--json")
    if code == 2:
        return err
    assert code == 1
    return "\n".join(found["says"] for found in json.loads(out)["findings"] if not found["sound"])


# --- what a disk does to a file


def put(file: Path, at: int, what: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(what)


def flip(file: Path, at: int) -> None:
    put(file, at, bytes([file.read_bytes()[at] ^ 1]))


def place(file: Path, text: str = SOUGHT) -> int:
    """Where a text stands first."""
    return file.read_bytes().index(text.encode())


def page_of(file: Path, text: str = SOUGHT) -> int:
    """Where the page begins on which a text stands."""
    return place(file, text) // PAGE * PAGE


def end_within_a_page(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE + 1000)


def end_between_pages(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE)


def lose_half_a_page(file: Path) -> None:
    os.truncate(file, file.stat().st_size - PAGE // 2)


def garble_the_head(file: Path) -> None:
    put(file, 0, b"\xa5" * 100)


def become_empty(file: Path) -> None:
    os.truncate(file, 0)


def become_a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def become_another_programs(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE accounts (name TEXT)")
        connection.execute("INSERT INTO accounts VALUES ('mine')")
        connection.commit()


def garble_a_page(file: Path) -> None:
    put(file, page_of(file), os.urandom(PAGE))


def empty_a_page(file: Path) -> None:
    put(file, page_of(file), bytes(PAGE))


def flip_the_kind_of_a_page(file: Path) -> None:
    flip(file, page_of(file))


def forget_rows_of_a_page(file: Path) -> None:
    """The number of its rows is less than it was: nothing about the page looks wrong."""
    put(file, page_of(file) + 3, b"\x00\x01")


# --- the log


REFUSING = [
    ("replay", "--json"),
    ("status", "first"),
    ("history", "first"),
    ("processes",),
    ("rebuild",),
    ("serve",),
    ("project",),
    ("append", "-"),
]


@pytest.mark.parametrize(
    "damage",
    [
        end_within_a_page,
        end_between_pages,
        lose_half_a_page,
        garble_the_head,
        become_empty,
        become_a_directory,
        become_another_programs,
    ],
)
def test_a_log_that_cannot_be_opened_is_told_by_name(log: Path, damage: Callable[[Path], None]) -> None:
    damage(log)
    before = log.read_bytes() if log.is_file() else b""
    for command in REFUSING:
        code, out, err = run(log.parent, *command)
        assert (code, out) == (2, ""), f"{command}: {out[:300]}{err}"
        assert str(log) in err
        assert "restore a backup" in err
    for looking in ("check", "verify"):
        assert str(log) in faults(log.parent, looking)
    assert (log.read_bytes() if log.is_file() else b"") == before, "nothing is made or changed in it"


@pytest.mark.parametrize("damage", [garble_a_page, empty_a_page, flip_the_kind_of_a_page, forget_rows_of_a_page])
def test_a_replay_that_meets_damage_does_not_end_as_though_it_were_whole(
    log: Path, damage: Callable[[Path], None]
) -> None:
    damage(log)
    code, out, err = run(log.parent, "replay", "--json")
    assert code == 2, err
    assert "the log file events.db is damaged" in err
    assert [json.loads(line)["position"] for line in out.splitlines()] == list(range(1, len(out.splitlines()) + 1))
    assert len(out.splitlines()) < SEEN
    code, _, err = run(log.parent, "rebuild")
    assert code == 2
    assert "events.db is damaged" in err
    for command in ("check", "verify"):
        assert str(log) in faults(log.parent, command)


def test_a_garbled_event_is_shown_at_its_position(log: Path) -> None:
    flip(log, place(log) - 2)  # the quotation mark in front of it
    code, out, _ = run(log.parent, "replay", "--json")
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["position"] for event in events] == list(range(1, EVENTS + 1))
    (damaged,) = [event for event in events if "unreadable" in event]
    assert (damaged["position"], damaged["subject"], damaged["data"]) == (SEEN, "talks/first", {})
    assert "restore a backup" in damaged["unreadable"]
    assert damaged["id"]
    for command in ("check", "verify"):
        told = f"position {SEEN}, StatementMade on talks/first: its stored form is damaged: restore a backup"
        assert told in faults(log.parent, command)
    code, _, err = run(log.parent, "rebuild")
    assert code == 1
    assert f"position {SEEN}, StatementMade on talks/first" in err


def test_an_event_that_says_something_else_is_found_by_its_digest(log: Path) -> None:
    put(log, place(log), b"vote")
    told = f"position {SEEN}, StatementMade on talks/first: what it says is not what was recorded"
    assert told in faults(log.parent, "verify")


def test_an_index_that_lost_a_row_is_found(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'stored_events_topic'")
    page = log.read_bytes()[(root - 1) * PAGE : root * PAGE]
    flip(log, (root - 1) * PAGE + page.index(b"StatementMade"))
    assert f"{log} it is damaged: row" in faults(log.parent, "verify")


# --- the log of a server that runs


@on_linux
def test_a_server_serves_what_is_whole_and_refuses_what_is_not(site: Site, log: Path) -> None:
    server = site.serve()
    garble_a_page(log)
    assert len(server.ask("/v1/events?limit=500").json()["events"]) == 500
    answer = server.ask("/v1/events?after=500&limit=500")
    assert answer.status_code == 503
    assert "the log file events.db is damaged" in answer.json()["detail"]
    assert "restore a backup" in answer.json()["detail"]
    with pytest.raises(httpx2.RemoteProtocolError):
        server.streamed()
    heard: list[int] = []
    with pytest.raises(httpx2.RemoteProtocolError):
        with httpx2.stream(
            "GET", f"{server.url}/v1/events", headers={"Accept": "text/event-stream"}, timeout=120
        ) as live:
            heard += [
                int(line.removeprefix("id: ").partition("-")[0])
                for line in live.iter_lines()
                if line.startswith("id: ")
            ]
    assert heard in ([], list(range(1, 501)))
    told = site.run("replay", "--json", code=2)
    assert "broke off, it is not whole" in told
    assert server.ask("/healthz").status_code == 200


@on_linux
def test_the_log_of_changes_ends_within_a_commit(site: Site, log: Path) -> None:
    """As when the power goes: it was not acknowledged, and nothing else is lost."""
    sent = Sent(site.serve())
    for _ in range(10):
        assert sent.send(*sent.reports(3))
    eventually(sent.server.caught_up)
    sent.server.kill()
    (site.home / "data" / "views.db").unlink()  # it was further than the log is now
    wal = Path(f"{log}-wal")
    os.truncate(wal, wal.stat().st_size - 2000)
    last = list(sent.acknowledged)[-3:]
    sent.acknowledged = {one: at for one, at in sent.acknowledged.items() if one not in last}
    sent.server = site.serve()
    assert sent.server.ask("/v1/head").json()["position"] == EVENTS + 27
    assert sent.send(*(report(id=one) for one in last))
    eventually(sent.server.caught_up)
    sent.server.stop()
    examine(site, sent)


@on_linux
def test_the_log_of_changes_is_damaged_in_the_middle(site: Site, log: Path) -> None:
    """SQLite would throw the rest away, and say nothing."""
    sent = Sent(site.serve())
    for _ in range(20):
        assert sent.send(*sent.reports(3))
    sent.server.kill()
    wal = Path(f"{log}-wal")
    flip(wal, wal.stat().st_size // 2)
    before = wal.read_bytes()
    told = site.run("serve", code=2)
    for command in ("serve", "replay", "project", "rebuild"):
        told = run(log.parent, command)[2]
        assert str(log) in told
        assert "events.db-wal" in told
        assert "restore a backup" in told
    for command in ("check", "verify"):
        assert "events.db-wal" in faults(log.parent, command)
    assert wal.read_bytes() == before
    mend = re.search("`(truncate -s [0-9]+ events.db-wal)`", told)
    assert mend is not None
    subprocess.run(mend[1].split(), cwd=log.parent, check=True)
    site.run("rebuild")  # the loss is accepted: the read models knew more
    sent.server = site.serve()
    head = sent.server.ask("/v1/head").json()["position"]
    assert EVENTS < head < EVENTS + 60
    eventually(lambda: sent.server.ask("/readyz").json()["views"] == {"position": head, "lag": 0})
    sent.server.stop()
    kept = {one: position for one, position in sent.acknowledged.items() if position <= head}
    examine(site, Sent(sent.server, kept))


# --- the read models


def status(data: Path) -> str:
    """Where the process stands, without what the clock says."""
    code, out, err = run(data, "status", "first")
    assert code == 0, err
    return re.sub(r"(As known on|\(UNTIL) [^,)]*", "", out)


@pytest.mark.parametrize(
    "damage", [end_within_a_page, end_between_pages, lose_half_a_page, garble_the_head, become_empty]
)
def test_read_models_that_cannot_be_opened_are_made_anew(
    model: Path, data: Path, damage: Callable[[Path], None]
) -> None:
    damage(data / "views.db")
    assert status(data) == status(model)
    assert (data / "views.db.damaged").exists() == (damage is not become_empty)
    assert run(data, "verify")[0] == 0


@pytest.mark.parametrize("damage", [become_a_directory, become_another_programs])
def test_what_stands_in_the_place_of_read_models_is_told(data: Path, damage: Callable[[Path], None]) -> None:
    damage(data / "views.db")
    for command in (("status", "first"), ("rebuild",), ("serve",), ("project",)):
        code, out, err = run(data, *command)
        assert (code, out) == (2, ""), f"{command}: {out}{err}"
        assert str(data / "views.db") in err
        assert "move it away" in err


@pytest.mark.parametrize("damage", [garble_a_page, empty_a_page, flip_the_kind_of_a_page])
def test_a_rebuild_mends_damaged_read_models(model: Path, data: Path, damage: Callable[[Path], None]) -> None:
    damage(data / "views.db")
    for command in ("check", "verify"):
        told = faults(data, command)
        assert str(data / "views.db") in told
        assert "parley rebuild" in told
    code, out, _ = run(data, "rebuild")
    assert code == 0
    assert "views.db.damaged" in out
    assert run(data, "verify")[0] == 0
    assert status(data) == status(model)


def test_a_garbled_row_of_read_models_is_refused_and_made_anew(data: Path) -> None:
    flip(data / "views.db", place(data / "views.db") - 2)
    with TestClient(create_app(load(data=data, port=0)), base_url=HERE, raise_server_exceptions=False) as client:
        body = problem(client.get("/v1/processes/first/history?limit=1000"), 503)
        assert "are made anew from the log" in body["detail"]
        eventually(lambda: client.get("/v1/processes/first/history?limit=1000").status_code == 200)
    assert (data / "views.db.damaged").exists()
    assert run(data, "verify")[0] == 0


@on_linux
def test_a_server_goes_over_to_the_read_models_that_were_made_anew(site: Site, data: Path) -> None:
    server = site.serve()
    views = data / "views.db"
    found = [at for at in range(PAGE, views.stat().st_size, PAGE) if b"note 6" in views.read_bytes()[at : at + PAGE]]
    for at in found:
        put(views, at, os.urandom(PAGE))
    answer = history(server)
    assert answer.status_code == 503, answer.text
    assert "views.db" in answer.json()["detail"]
    assert "made anew" in answer.json()["detail"]
    assert server.append(report(id=str(uuid4()))).status_code == 201
    eventually(lambda: history(server).status_code == 200)
    eventually(server.caught_up)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{views}{suffix}").unlink()
    assert server.append(report(id=str(uuid4()))).status_code == 201
    eventually(lambda: server.ask(f"/v1/processes/first?min_position={EVENTS + 2}").status_code == 200)
    eventually(server.caught_up)
    server.stop()
    examine(site, Sent(server))


def history(server: Server) -> httpx2.Response:
    return server.ask("/v1/processes/first/history?limit=1000")
