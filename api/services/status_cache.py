"""Statuses of the present that are ready to be sent: one is put together again only when something has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from domain.event import instant
from projections.batch import VIEW_VERSION
from projections.catch_up import reading_at
from projections.queries import processes, status
from projections.queries.processes import Stamp
from projections.storage.generations import ReadModels

MAX_KEPT = 256
"""Statuses kept at a time; the one not asked for longest goes first."""
SLACK = timedelta(seconds=1)
"""How far apart the clocks of two requests may be that are worked on together."""


@dataclass(frozen=True, slots=True)
class CachedStatus:
    """A status as it is sent."""

    before: bytes
    """The answer up to the clock it states, and after it: the clock is that of each request."""
    after: bytes
    etag: str
    stamp: Stamp
    position: int
    """The last position at which it is known to hold."""
    valid_until: datetime
    """When a deadline or the end of a day changes it, if nothing is recorded."""
    made: datetime
    """The clock by which it was put together."""

    def holds(self, now: datetime) -> bool:
        """Whether the clock changes nothing about it. The clock may have been set back, behind an earlier deadline."""
        return self.made - SLACK <= now < self.valid_until

    def body(self, now: datetime) -> bytes:
        """The answer at a moment at which it holds."""
        return self.before + instant(now).encode() + self.after


class StatusKey(NamedTuple):
    """What a cached answer is for: which process, and which audience."""

    process: str
    audience: str


class StatusCache:
    """Keeps statuses for as long as they hold: nothing recorded, no deadline passed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[StatusKey, CachedStatus] = OrderedDict()
        self._lock = threading.Lock()

    def current(self, key: StatusKey, position: int, now: datetime) -> CachedStatus | None:
        """The status if it surely holds at this position of the read models, without asking them."""
        with self._lock:
            cached = self._kept.get(key)
            if cached is None or cached.position != position or not cached.holds(now):
                return None
            self._kept.move_to_end(key)
            return cached

    def renewed(self, key: StatusKey, views: ReadModels, now: datetime) -> CachedStatus:
        """The status, put together again only if what it depends on has changed.

        Raises:
            NotFound: the process was never opened.
        """
        with reading_at(views, now) as reading:
            stamp = processes.stamp(reading, key.process)
            with self._lock:
                cached = self._kept.get(key)
            if cached is not None and cached.stamp == stamp and cached.holds(now):
                cached = replace(cached, position=reading.position)
            else:
                body, valid_until = status.process_status(reading, key.process, now)
                parts = (VIEW_VERSION, stamp.generation, stamp.process, stamp.actors, int(valid_until.timestamp()))
                etag = 'W/"' + "-".join(map(str, parts)) + '"'
                before, clock, after = orjson.dumps(body).partition(b'"now":"' + instant(now).encode())
                opening = before + clock.removesuffix(instant(now).encode())
                cached = CachedStatus(opening, after, etag, stamp, reading.position, valid_until, now)
        with self._lock:
            self._kept[key] = cached
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return cached
