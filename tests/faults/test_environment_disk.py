"""The disk is full, and the disk fails to flush: what is refused, what goes on, and what is there afterwards.

Nothing is feigned: the full disk is a small one that was filled, and the flush fails in the system call.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.faults.surroundings import (
    LONG,
    UNFLUSHED,
    Sent,
    Server,
    Site,
    examine,
    full,
    no_flush,
    on_linux,
    own_database,
    site_at,
    small_disk,
)
from tests.waiting import eventually

__all__ = ["own_database"]

pytestmark = on_linux

ROUNDS = 20 if LONG else 1


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "60m" if LONG else "4m") as disk:  # what is recorded in all rounds has room
        yield disk


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """All of it in files, on a disk that has room."""
    (tmp_path / "data").mkdir()
    with site_at(tmp_path, tmp_path / "data") as site:
        yield site


def begun(site: Site) -> Sent:
    """A server, and a sender that has begun a log."""
    sent = Sent(site.serve())
    sent.begin()
    for _ in range(5):
        assert sent.send(*sent.reports(4))
    eventually(sent.server.caught_up)
    return sent


def refused(sent: Sent) -> None:
    """Sends until there is no room, and some more."""
    for _ in range(300):
        if not sent.send(*sent.reports(3, note="x" * 1500)):
            break
    assert sent.refused
    for size in (1, 5, 2):
        sent.send(*sent.reports(size, note="x" * 3000))  # a small one may find room where a large one did not


def reads_go_on(server: Server, last: int) -> None:
    assert server.ask("/healthz").status_code == 200
    assert server.ask("/v1/head").json()["position"] == last
    assert server.streamed() == list(range(1, last + 1))
    assert len(server.ask("/v1/events?limit=1000").json()["events"]) == min(last, 1000)
    assert server.ask("/v1/processes/first").status_code == 200


# --- no room


@pytest.mark.parametrize("on_it", ["the log", "all"])
def test_a_full_disk_refuses_appends_until_there_is_room(site: Site, disk: Path, on_it: str) -> None:
    if on_it == "all":
        site.where = disk / "data"
    else:
        assert isinstance(site.where, Path)
        (site.where / "events.db").symlink_to(disk / "events.db")
    sent = begun(site)
    for _ in range(ROUNDS):
        with full(disk):
            refused(sent)
            assert any("make room" in text for text in sent.said), sent.said
            reads_go_on(sent.server, max(sent.acknowledged.values()))
        sent.send_again()
        assert sent.send(*sent.reports(3))
        eventually(sent.server.caught_up)
    sent.server.stop()
    examine(site, sent)


def test_read_models_without_room_hold_up_no_appends(site: Site, disk: Path) -> None:
    assert isinstance(site.where, Path)
    (site.where / "views.db").symlink_to(disk / "views.db")
    sent = begun(site)
    for _ in range(ROUNDS):
        eventually(sent.server.caught_up)
        with full(disk):

            def stuck() -> bool:
                assert sent.send(*sent.reports(20, note="x" * 1000)), sent.said
                return sent.server.ask("/readyz").status_code == 503

            eventually(stuck)
            told = sent.server.ask("/readyz").json()["detail"]
            assert "views.db" in told
            assert "make room" in told
            assert sent.send(*sent.reports(3))
            assert sent.server.ask("/v1/processes/first").status_code == 200, "as they stood"
        eventually(sent.server.caught_up)
    sent.server.stop()
    examine(site, sent)


def test_a_server_that_is_killed_on_a_full_disk_finds_all_of_it_once_there_is_room(site: Site, disk: Path) -> None:
    site.where = disk / "data"
    sent = begun(site)
    with full(disk):
        refused(sent)
        sent.server.kill()
        again = site.begin_to_serve()
        eventually(again.settled)
        if again.process.poll() is not None:
            assert again.process.returncode == 2
            assert "room" in again.err.read_text()
        again.kill()
    sent.server = site.serve()
    sent.send_again()
    sent.server.stop()
    examine(site, sent)


def test_a_database_without_room_refuses_appends_until_there_is_some(
    own_database: postgres.Server, tmp_path: Path
) -> None:
    """The tables are on the small disk, the server's own log of changes is not: without that it would stop."""
    with small_disk(own_database.home / "disk", "24m", postgres.user()) as disk:
        with psycopg.connect(own_database.url(), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
            connection.execute("CREATE DATABASE parley TABLESPACE small TEMPLATE template0 ENCODING 'UTF8'")
        with site_at(tmp_path, own_database.url("parley")) as site:
            sent = begun(site)
            for _ in range(ROUNDS):
                with full(disk):
                    refused(sent)
                    assert any("has no room on its disk: make room" in text for text in sent.said), sent.said
                    reads_go_on(sent.server, max(sent.acknowledged.values()))
                sent.send_again()
                assert sent.send(*sent.reports(3))
                eventually(sent.server.caught_up)
            sent.server.stop()
            examine(site, sent)


# --- the disk fails to flush


def test_what_was_not_flushed_is_not_acknowledged(site: Site) -> None:
    sent = begun(site)
    for number in range(ROUNDS):
        known = dict(sent.acknowledged)
        with no_flush(sent.server.family()):
            for size in (5, 3, 1, 2):
                assert not sent.send(*sent.reports(size))
            assert sent.acknowledged == known
            reads_go_on(sent.server, max(known.values()))
            if number % 2:
                sent.server.kill()
        assert any("the disk failed" in text for text in sent.said), sent.said
        if number % 2:
            sent.server = site.serve()
        assert sent.send(*sent.reports(2))
        sent.refused.pop()  # its sender gives up; it may be there all the same
        sent.send_again()
        sent.server.kill()
        sent.server = site.serve()
        reads_go_on(sent.server, sent.server.ask("/v1/head").json()["position"])
    sent.server.stop()
    examine(site, sent)


def test_what_a_killed_server_left_is_flushed_before_it_is_told(site: Site) -> None:
    """It was killed between writing and flushing, and who sends again hears that it is recorded: then it must be on the
    disk. A server that cannot bring it there does not start."""
    sent = begun(site)
    with no_flush(sent.server.family()):
        assert not sent.send(*sent.reports(2))
        sent.server.kill()
    told = site.run("serve", "--port", "0", code=2, through=UNFLUSHED)
    assert "the disk failed" in told
    sent.server = site.serve()
    sent.send_again()
    sent.server.stop()
    examine(site, sent)
