"""The servers that are measured, each a process of its own, and what is sent to them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tests import postgres
from tests.benchmarks.load import request

PROCESS = "p0"


@contextlib.contextmanager
def serving(*command: str, through: tuple[str, ...] = (), **more: str) -> Iterator[int]:
    """A server of its own process on a free port, until it is no longer needed.

    Args:
        command: what Python runs; PORT stands for the port.
        through: a program that runs it.
        more: variables of its environment.

    Raises:
        RuntimeError: it ended, or did not answer within a minute; with the last of what it said.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = [word.replace("PORT", str(port)) for word in command]
    environment = {**os.environ, "PARLEY_LOCK_TIMEOUT": "30", **more}
    whole = [*through, sys.executable, *words]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(whole, env=environment, stdout=said, stderr=subprocess.STDOUT) as server,
    ):
        try:
            _await(server, port, said)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def parley(directory: Path) -> tuple[str, ...]:
    return ("-m", "api.cli", "serve", "--data", str(directory), "--port", "PORT")


def opponent(kind: str, where: Path | str) -> tuple[str, ...]:
    return ("-m", "tests.benchmarks.opponents", kind, str(where), "PORT")


def _await(server: subprocess.Popen[bytes], port: int, said: IO[bytes]) -> None:
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    said.seek(0)
    last = said.read()[-4_000:].decode(errors="replace")
    raise RuntimeError(f"{server.args!r} does not answer (exit code {server.poll()}): {last}")


_numbers = itertools.count(1)


def figure() -> dict[str, object]:
    """A figure of the process that all logs have. No two of a run say the same: that would be a finding each time."""
    return {
        "id": str(uuid.uuid4()),
        "type": "FigureReported",
        "subject": f"processes/{PROCESS}",
        "occurred": "2018-01-05",
        "sources": [{"publisher": "Field office", "claimant": "committee", "published": "2018-01-05"}],
        "data": {"measure": "fighters", "quantity": {"value": next(_numbers), "qualifier": "about"}},
    }


MINIMAL = "Prefer: return=minimal\r\n"
"""The answer does not wait for findings."""
PLAIN = ""
"""The answer tells what the events do to findings, as whoever asks for nothing gets it."""


def figures(count: int, prefer: str = MINIMAL) -> list[bytes]:
    """Requests that append one figure each, all on one subject."""
    return [request("POST", "/v1/events", json.dumps(figure()).encode(), prefer) for _ in range(count)]


def convoys(count: int, prefer: str = MINIMAL) -> list[bytes]:
    """Requests that append one event each, on a new subject each."""
    return [request("POST", "/v1/events", json.dumps(_convoy()).encode(), prefer) for _ in range(count)]


def _convoy() -> dict[str, Any]:
    data = {"processes": [PROCESS], "kind": "aid", "title": [{"text": "Convoy", "lang": "en"}]}
    return {**figure(), "type": "ConvoyReported", "subject": f"convoys/c{uuid.uuid4()}", "data": data}


def arrays(count: int, each: int) -> list[bytes]:
    """Requests that append many figures each."""
    return [
        request("POST", "/v1/events", json.dumps([figure() for _ in range(each)]).encode(), MINIMAL)
        for _ in range(count)
    ]


def empties(count: int) -> list[bytes]:
    return [request("GET", "/empty")] * count


@contextlib.contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL server that waits for its disk, as one does outside of tests."""
    with postgres.home() as home:
        server = postgres.Server(home, options=("shared_buffers=256MB", "max_connections=100", "jit=off"))
        server.create()
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()
