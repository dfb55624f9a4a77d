"""A server of its own for every test, on a real log; most tests need no socket."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import main
from api.settings import Settings, load
from tests import postgres

HERE = "http://127.0.0.1"
SEED = Path(__file__).parents[2] / "seeds" / "eastern-kalamun.ndjson"


@pytest.fixture
def settings(tmp_path: Path, where: Path | str) -> Settings:
    return load(**kept(where, tmp_path), port=0, office="field-office", lock_timeout=1)


def kept(where: Path | str, tmp_path: Path) -> dict[str, Any]:
    """The settings that keep an installation there."""
    return {"data": tmp_path / "data", "database_url": where} if isinstance(where, str) else {"data": where}


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        yield client


class FoundingCase:
    """A server that holds the founding case, read models and all. Tests share it as long as they only read."""

    def __init__(self, where: Path | str, place: Path) -> None:
        self._running = ExitStack()
        app = create_app(load(**kept(where, place), port=0))
        self.client = self._running.enter_context(TestClient(app, base_url=HERE, raise_server_exceptions=False))
        events = [json.loads(line) for line in SEED.read_text(encoding="utf-8").splitlines()]
        answer = self.client.post("/v1/events", json=events, headers={"Prefer": "wait=30"})
        assert answer.status_code == 201, answer.text
        self._recorded = len(events)

    @property
    def untouched(self) -> bool:
        """Whether nothing was recorded since, and it still answers."""
        answer = self.client.get("/v1/events?limit=1")
        return answer.status_code == 200 and answer.headers["parley-position"] == str(self._recorded)

    def stop(self) -> None:
        self._running.close()


Shared = list[tuple[FoundingCase, ExitStack]]
"""The case that tests share, and where it lies; empty until a test asks for it."""


def _shared() -> Iterator[Shared]:
    running: Shared = []
    yield running
    for case, place in running:
        case.stop()
        place.close()


@pytest.fixture(scope="session")
def shared_on_sqlite() -> Iterator[Shared]:
    yield from _shared()


@pytest.fixture(scope="session")
def shared_on_postgresql(databases: postgres.Databases) -> Iterator[Shared]:  # it goes before its databases do
    yield from _shared()


@pytest.fixture(params=["sqlite", "postgresql"])
def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server that holds the founding case; its own, as far as a test can see."""
    shared: Shared = request.getfixturevalue(f"shared_on_{request.param}")
    if not shared:
        place, stack = tmp_path_factory.mktemp("founding"), ExitStack()
        where: Path | str = place / "parley-data"
        if request.param == "postgresql":
            databases: postgres.Databases = request.getfixturevalue("databases")
            where = stack.enter_context(databases.one())
        shared.append((FoundingCase(where, place), stack))
    ((case, stack),) = shared
    yield case.client
    if not case.untouched:
        shared.clear()
        case.stop()
        stack.close()


@pytest.fixture(scope="session")
def founding_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the founding case; tests get copies of it."""
    data = tmp_path_factory.mktemp("founding") / "parley-data"
    appended = CliRunner().invoke(main.app, ["append", str(SEED), "--data", str(data)], env={"PARLEY_PORT": "0"})
    assert appended.exit_code == 0, appended.output
    return data
