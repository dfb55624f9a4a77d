"""Read models of its own for every test: in a real file, and in a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from projections.views import Views
from tests.projections import world


@pytest.fixture
def views_at(where: Path | str) -> Path | str:
    """Where the read models of a test are."""
    if isinstance(where, str):
        return where
    where.mkdir()
    return where / "views.db"


@pytest.fixture
def open_views(views_at: Path | str) -> Iterator[Callable[[], Views]]:
    """Opens the same read models as often as asked, and closes all of them at the end."""
    opened: list[Views] = []

    def again() -> Views:
        opened.append(Views(views_at))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def found(open_views: Callable[[], Views]) -> Views:
    return open_views()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def both_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lets `world.views` give read models in a file, then in a database."""
    server = request.getfixturevalue("database_server") if request.param == "postgresql" else None
    with world.kept_in(server):
        yield
