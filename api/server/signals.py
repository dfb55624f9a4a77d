"""How a command ends: on Ctrl-C, on SIGTERM, and when its terminal is closed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class WorkerFailed(Exception):
    """One of several server processes could not start. Its text says so."""


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """uvicorn stops at a signal, then raises it again: here that ends the command as it should end."""

    def ignore(_: int, __: FrameType | None) -> None:
        return

    before = {name: signal.signal(name, ignore) for name in (signal.SIGINT, signal.SIGTERM)}
    hangup = getattr(signal, "SIGHUP", None)  # the terminal is closed; there is none on Windows
    if hangup is not None:
        before[hangup] = signal.signal(hangup, lambda _, __: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """Set by SIGINT and SIGTERM, and by SIGHUP when the terminal is closed."""
    stop = threading.Event()
    names = [signal.SIGINT, signal.SIGTERM]
    if (hangup := getattr(signal, "SIGHUP", None)) is not None:
        names.append(hangup)
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
