"""Several server processes behind one socket: started, watched, replaced when they end, and stopped together."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from prometheus_client.multiprocess import mark_process_dead

from api.server.signals import WorkerFailed, stop_requested
from api.server.uvicorn_server import GRACE
from api.settings import Settings

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers keep their metrics, so that each can report those of all."""

STARTING = 60.0  # seconds that the first worker has to come up
PAUSE = 1.0  # seconds between looks at the workers, and before one that ended is replaced

log = logging.getLogger(__name__)
_spawn = multiprocessing.get_context("spawn")


def run_workers(settings: Settings, sock: socket.socket, started: Callable[[], None]) -> None:
    """Runs workers on a socket until SIGINT or SIGTERM.

    Args:
        settings: of the servers; `workers` of them run.
        sock: bound to where they listen.
        started: called once all of them answer.

    Raises:
        WorkerFailed: a worker ended before it answered.
    """
    with _metrics_directory(), stop_requested() as stop:
        crew = [_Worker(settings, sock) for _ in range(settings.workers)]
        try:
            for worker in crew:
                worker.wait_until_ready(stop)
            if not stop.is_set():
                started()
            while not stop.wait(PAUSE):
                for number, worker in enumerate(crew):
                    if not worker.process.is_alive():
                        log.error("a worker ended, another takes its place", extra={"worker": worker.process.pid})
                        worker.forget()
                        crew[number] = _Worker(settings, sock)
        finally:
            for worker in crew:
                worker.process.terminate()
            for worker in crew:
                worker.process.join(GRACE + 5)
                worker.process.kill()
                worker.forget()


class _Worker:
    """One server process."""

    def __init__(self, settings: Settings, sock: socket.socket) -> None:
        self._ready, ready = _spawn.Pipe(duplex=False)
        self.process: SpawnProcess = _spawn.Process(target=_work, args=(settings, sock, ready), name="parley worker")
        self.process.start()
        ready.close()  # so that reading ends when the worker does

    def forget(self) -> None:
        """Removes from the metrics what only this worker counted."""
        if self.process.pid is not None:
            mark_process_dead(self.process.pid, os.environ[METRICS])  # type: ignore[no-untyped-call]

    def wait_until_ready(self, stop: threading.Event) -> None:
        waited = 0.0
        while not stop.is_set() and waited < STARTING:
            if wait([self._ready], PAUSE / 5):
                with contextlib.suppress(EOFError):
                    self._ready.recv()
                    return
                raise WorkerFailed("a worker ended before it answered: its reason stands above")
            waited += PAUSE / 5


def _work(settings: Settings, sock: socket.socket, ready: Connection) -> None:
    """What a worker does: it serves, and ends with its parent."""
    from api.app import create_app
    from api.server.uvicorn_server import Server
    from api.services import logs

    logs.configure(settings, usual="info")
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_parent, name="parent", daemon=True).start()

    def answers() -> None:
        with contextlib.suppress(OSError):
            ready.send(True)

    Server(create_app(settings), settings, log_level="warning", on_start=answers).run([sock])


@contextmanager
def _metrics_directory() -> Iterator[None]:
    """A directory for the metrics of all workers, if none is set."""
    if os.environ.get(METRICS):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="parley-metrics-") as directory:
        os.environ[METRICS] = directory
        try:
            yield
        finally:
            del os.environ[METRICS]
