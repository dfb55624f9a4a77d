"""Read models of its own for every test: in a real file, and in a real database."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from projections.batch import open_read_models
from projections.storage.generations import ReadModels
from tests.projections import world


@pytest.fixture
def views_at(where: Path | str) -> Path | str:
    """Where the read models of a test are."""
    if isinstance(where, str):
        return where
    where.mkdir()
    return where / "views.db"


@pytest.fixture
def open_views(views_at: Path | str) -> Iterator[Callable[[], ReadModels]]:
    """Opens the same read models as often as asked, and closes all of them at the end."""
    opened: list[ReadModels] = []

    def again() -> ReadModels:
        opened.append(open_read_models(views_at))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def found(open_views: Callable[[], ReadModels]) -> ReadModels:
    return open_views()


@pytest.fixture(scope="session")
def databases_of_views(database_server: str) -> Iterator[world.Databases]:
    """Kept for the whole session: in random order, files and databases take turns."""
    with closing(world.Databases(database_server)) as databases:
        yield databases


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def both_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lets `world.views` give read models in a file, then in a database."""
    with world.kept_in(request.getfixturevalue("databases_of_views") if request.param == "postgresql" else None):
        yield
