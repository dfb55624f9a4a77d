"""The database of the read models ends connections, or is another server than before: who asks next has a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from domain.errors import Unavailable
from projections.batch import open_read_models
from projections.follower import Follower
from projections.storage.generations import ReadModels
from tests import postgres
from tests.projections.world import follow, opened, pull, recorded
from tests.waiting import eventually

LOG = recorded(opened("processes/first", "talks/first", "convoys/first"))


@pytest.fixture
def where(databases: postgres.Databases) -> Iterator[str]:
    """A file has no connections to lose."""
    with databases.one() as url:
        yield url


def end_connections(url: str) -> None:
    ours = "datname = current_database() AND application_name LIKE 'parley%'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")


def test_who_reads_has_another_connection_at_once(where: str, found: ReadModels) -> None:
    follow(found, pull(LOG))
    end_connections(where)
    assert found.position() == 3
    end_connections(where)
    with found.reading() as reading:
        assert reading.position == 3


def test_what_breaks_in_the_middle_is_told_as_such(where: str, found: ReadModels) -> None:
    follow(found, pull(LOG))

    def read() -> None:
        with found.reading() as reading:
            end_connections(where)
            found.live(reading.connection)

    with pytest.raises(Unavailable, match="while the database is away"):
        read()


def test_who_leads_loses_the_lead_with_its_connection_and_has_it_again(where: str, found: ReadModels) -> None:
    with closing(open_read_models(where)) as views:
        follower = Follower(views, pull(LOG), lambda: len(LOG), poll=0.05)
        follower.start()
        try:
            eventually(lambda: follower.leads and follower.position == 3)
            end_connections(where)
            eventually(lambda: not follower.leads or follower.fault is not None)
            eventually(lambda: follower.leads and follower.fault is None)
        finally:
            follower.close()


def test_read_models_that_fell_back_with_their_log_are_not_made_anew(found: ReadModels) -> None:
    """A standby that was promoted may lack the last events, and lacks what the read models said of them too."""
    follow(found, pull(LOG))
    follower = Follower(found, pull(LOG), lambda: len(LOG))
    follower._position = 7  # what was seen of the server before
    follower._begin()
    follower._follow()
    here = found.progress()
    assert here is not None
    assert (here.generation, follower.position) == (1, 3)
