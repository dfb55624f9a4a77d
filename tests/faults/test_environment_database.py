"""PostgreSQL stops at once under load, and its disk fails to flush: it stops by itself then, and starts again.

`tests/api/test_database_away.py` has what each answer says meanwhile, `tests/drills` what a standby is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.drills.senders import NO_ANSWER, TIMED_OUT, Senders
from tests.faults.surroundings import (
    LONG,
    Sent,
    Server,
    Site,
    examine,
    no_flush,
    on_linux,
    own_database,
    site_at,
)
from tests.waiting import eventually

__all__ = ["own_database"]

pytestmark = on_linux

ROUNDS = 20 if LONG else 1


@pytest.fixture
def site(own_database: postgres.Server, tmp_path: Path) -> Iterator[Site]:
    with psycopg.connect(own_database.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE parley TEMPLATE template0 ENCODING 'UTF8'")
    with site_at(tmp_path, own_database.url("parley")) as site:
        yield site


def heard(senders: Senders) -> None:
    """Waits until some more are acknowledged."""
    before = len(senders.acknowledged())
    eventually(lambda: len(senders.acknowledged()) >= before + 20)


def examined(site: Site, server: Server, senders: Senders) -> None:
    """What senders were told is so, and they were told nothing else than to come again."""
    senders.stop()
    assert set(senders.tries()) <= {"200", "201", "503", NO_ANSWER, TIMED_OUT}
    assert all(one.at for one in senders.sent), "whoever sends again is heard in the end"
    eventually(server.caught_up)
    server.stop()
    examine(site, Sent(server, {one.id: one.position for one in senders.sent}))


def test_it_stops_at_once_and_comes_back(site: Site, own_database: postgres.Server) -> None:
    server = site.serve()
    senders = Senders([server.url], 4)
    senders.start()
    for _ in range(ROUNDS):
        heard(senders)
        own_database.stop_at_once()
        for path in ("/readyz", "/v1/head", "/v1/events", "/v1/processes/first"):
            eventually(partial(is_refused, server, path))
        assert server.ask("/healthz").status_code == 200
        own_database.start()
    heard(senders)
    examined(site, server, senders)


def is_refused(server: Server, path: str) -> bool:
    return server.ask(path).status_code == 503


def test_its_disk_fails_to_flush(site: Site, own_database: postgres.Server) -> None:
    """It ends all connections and starts again by itself, from what is on the disk."""
    server = site.serve()
    senders = Senders([server.url], 4)
    senders.start()
    for number in range(ROUNDS):
        heard(senders)
        with no_flush(writing(own_database)):
            eventually(partial(has_panicked, own_database, number + 1))
    heard(senders)
    examined(site, server, senders)


def has_panicked(database: postgres.Server, times: int) -> bool:
    return (database.home / "data.log").read_text().count("PANIC") >= times


def writing(database: postgres.Server) -> list[int]:
    """The processes of the database that write for Parley's log."""
    with psycopg.connect(database.url()) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'parley log'"
        return [int(pid) for (pid,) in connection.execute(query).fetchall()]
