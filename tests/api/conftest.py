"""A server of its own for every test, on a real log; most tests need no socket."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings, load

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


@pytest.fixture
def seeded(tmp_path: Path, installation: Callable[[str], Path | str]) -> Iterator[TestClient]:
    """A server of its own that holds the founding case, read models and all."""
    app = create_app(load(**kept(installation("seeded"), tmp_path), port=0))
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        events = [json.loads(line) for line in SEED.read_text().splitlines()]
        answer = client.post("/v1/events", json=events, headers={"Prefer": "wait=9"})
        assert answer.status_code == 201, answer.text
        yield client
