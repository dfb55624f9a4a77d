"""How long somebody waits for an answer: what works on one looks now and then whether anybody still does.

A thread cannot be stopped from outside. So a question that takes too long is given up from within, wherever it reads an
event, folds one, or shows a line.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from domain.errors import TookTooLong

T = TypeVar("T")
_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)
WAY_OUT = (
    "ask for less at once (a later `since`, a shorter list, the present instead of a horizon), ask again when the "
    "server has less to do, or raise PARLEY_QUESTION_TIME"
)


@contextmanager
def waiting_until(moment: float) -> Iterator[None]:
    """What is begun within, in any thread that has this context, is given up after a moment of the monotonic clock."""
    token = _UNTIL.set(moment)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def go_on() -> None:
    """Goes on as long as somebody waits.

    Raises:
        TookTooLong: nobody does any more.
    """
    until = _UNTIL.get()
    if until is not None and time.monotonic() > until:
        raise given_up()


def each(items: Iterable[T]) -> Iterator[T]:
    """The same, one after the other, as long as somebody waits.

    Raises:
        TookTooLong: nobody does any more.
    """
    for item in items:
        go_on()
        yield item


def given_up() -> TookTooLong:
    return TookTooLong(f"this question takes longer than the server answers: {WAY_OUT}")
