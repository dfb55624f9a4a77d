"""Read models in a file may be deleted or damaged at any time, also while they are served: they are made anew from the
log, without a restart, and nothing is answered meanwhile that is not so."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.request_body import parse_draft
from api.settings import load
from ledger.append import Append
from ledger.ledger import Ledger
from projections.batch import open_read_models
from projections.catch_up import catch_up
from projections.storage import sqlite
from tests.api.conftest import HERE
from tests.api.sending import problem
from tests.seeds.reading import lines_of
from tests.waiting import eventually

LONG = os.environ.get("PARLEY_LONG") == "1"
EXAMPLES = 100 if LONG else 4
PAGE = 4096
HISTORY = "/v1/processes/ilvaran-valley/history?limit=1000"
ASKED = (
    "/v1/processes/ilvaran-valley?as_of=2025-06-01",
    "/v1/processes/ilvaran-valley/talks",
    "/v1/processes/ilvaran-valley/figures",
    HISTORY,
    "/v1/processes/ilvaran-valley/findings?as_of=2025-06-01",
    "/v1/processes",
    "/v1/actors",
    "/v1/deadlines?since=2024",
)
"""What is asked."""


def flip_a_bit(page: bytearray, rng: random.Random) -> None:
    page[rng.randrange(PAGE)] ^= 1 << rng.randrange(8)


def put_something_else(page: bytearray, rng: random.Random) -> None:
    begin = rng.randrange(PAGE - 64)
    page[begin : begin + 64] = rng.randbytes(64)


def garble(page: bytearray, rng: random.Random) -> None:
    page[:] = rng.randbytes(PAGE)


def empty(page: bytearray, _: random.Random) -> None:
    page[:] = bytes(PAGE)


def tear(page: bytearray, _: random.Random) -> None:
    page[PAGE // 2 :] = bytes(PAGE // 2)


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip_a_bit,
    put_something_else,
    garble,
    empty,
    tear,
)


def damage(file: Path, rng: random.Random) -> str:
    """Damages a page as a disk may."""
    kind = rng.choice(DAMAGES)
    number = rng.randrange(file.stat().st_size // PAGE)
    with file.open("r+b") as opened:
        opened.seek(number * PAGE)
        page = bytearray(opened.read(PAGE))
        kind(page, rng)
        opened.seek(number * PAGE)
        opened.write(page)
    return f"{kind.__name__} on page {number}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a server leaves it."""
    data = tmp_path_factory.mktemp("model") / "data"
    with closing(Ledger(data)) as ledger:
        for line in lines_of("ilvaran-valley.ndjson"):
            ledger.append(Append((parse_draft(json.loads(line)),)))
        with closing(open_read_models(data / "views.db")) as views:
            while catch_up(views, ledger.read).position < ledger.head():
                pass
    return data


@pytest.fixture(scope="module")
def right(model: Path) -> dict[str, Any]:
    """What is to be answered."""
    with TestClient(create_app(load(data=model, port=0)), base_url=HERE) as client:
        return answers(client)


def answers(client: TestClient) -> dict[str, Any]:
    """What is answered: the body, or the status of a refusal."""
    told: dict[str, Any] = {}
    for path in ASKED:
        answer = client.get(path)
        body = answer.json()
        body.get("horizon", {}).pop("now", None)
        told[path] = body if answer.status_code == 200 else answer.status_code
    return told


def test_damage_at_random_is_noticed_and_made_anew(
    model: Path, right: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is answered at once is right, or 503; and a moment later all is right."""
    monkeypatch.setattr(sqlite, "AGAIN", 0)
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    for seed in range(EXAMPLES):
        data = tmp_path / str(seed)
        shutil.copytree(model, data)
        what = f"{seed}: {damage(data / 'views.db', random.Random(seed))}"
        with serving(data) as client:
            first = answers(client)
            if wrong := [path for path, told in first.items() if told not in (right[path], 503)]:
                outcomes["wrong"].append(f"{what} {wrong}")
            elif (data / "views.db.damaged").exists() or 503 in first.values():
                outcomes["noticed"].append(what)
                eventually(lambda: answers(client) == right)
            else:
                outcomes["not seen"].append(what)
        shutil.rmtree(data)
    print({outcome: len(seeds) for outcome, seeds in outcomes.items()})
    assert not outcomes["wrong"]
    assert outcomes["noticed"]


@contextmanager
def serving(data: Path) -> Iterator[TestClient]:
    with TestClient(create_app(load(data=data, port=0)), base_url=HERE, raise_server_exceptions=False) as client:
        yield client


def test_damage_is_noticed_where_it_is_read_and_a_file_that_vanishes_is_made_anew(
    model: Path, right: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is served, and without a restart."""
    monkeypatch.setattr(sqlite, "AGAIN", 0)
    data = tmp_path / "data"
    shutil.copytree(model, data)
    views = data / "views.db"
    with serving(data) as client:
        assert answers(client) == right
        for suffix in ("", "-wal", "-shm"):
            views.with_name(f"views.db{suffix}").unlink(missing_ok=True)
        eventually(lambda: answers(client) == right)
        assert views.exists()
        assert not views.with_name("views.db.damaged").exists()
    say_something_else(views)
    with serving(data) as client:
        first = answers(client)
        assert 503 in first.values()
        assert all(told in (right[path], 503) for path, told in first.items())
        eventually(lambda: answers(client) == right)
        assert views.with_name("views.db.damaged").exists()


def say_something_else(views: Path) -> None:
    """Changes the texts of events, which are well-formed as before."""
    held = views.read_bytes()
    assert b"Sennif" in held
    views.write_bytes(held.replace(b"Sennif", b"Jennif"))


def test_a_file_that_is_damaged_again_at_once_is_left_alone(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(model, data)
    for told in ("made anew from the log", "damaged again, check the disk: `parley rebuild`"):
        say_something_else(data / "views.db")
        with serving(data) as client:
            refused = problem(client.get(HISTORY), 503)
            assert told in refused["detail"]
            if "anew" in told:
                eventually(lambda: client.get(HISTORY).status_code == 200)
