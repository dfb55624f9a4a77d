"""Fixtures of the tests with servers that are killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.serving import Server


@pytest.fixture
def server(where: Path | str, tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet, on an installation of its own."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc and kills servers")
    place = tmp_path / "server"
    place.mkdir()
    server = Server(where, place)
    yield server
    server.end()
