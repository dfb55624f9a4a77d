"""Streams of events, bounded by bytes: of a stream that nobody reads, one small piece waits.

A piece is let go once it is written, and a large event is read from the log again for its next piece, unless it is
among the few that were read last. So a reader who is fast pays little, and one who does not read holds nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import anyio
from anyio.to_thread import run_sync

from ledger.ledger import Ledger
from ledger.recorder import Filter

PIECE = 64 * 1024  # bytes that are handed over at once
CHUNK = 500  # events that are read at once, if they are small
KEPT = 8 * 1024 * 1024  # bytes of large events that were read last, for all streams together
READERS = 2  # streams that read from the log at once: what is parsed takes several times its bytes

Form = Callable[[Mapping[str, Any]], bytes]
"""How a stream writes an event."""


class Taken(NamedTuple):
    """Some events of a stream."""

    number: int
    last: int
    """The position of the last of them."""
    written: bytes | None
    """As they are sent; None: it is one, and too large to be held. It is sent in pieces."""


class EventStreams:
    """What all streams of a server share. It belongs to one event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._readers = anyio.CapacityLimiter(READERS)
        self._kept: OrderedDict[tuple[Form, int], bytes] = OrderedDict()
        self._size = 0

    async def take(self, after: int, wanted: Filter, until: int | None, form: Form) -> Taken | None:
        """The next events after a position; None if there are none.

        Raises:
            Unavailable: the log cannot be read, or events are missing from it.
        """
        number, last, written = await run_sync(self._read, after, CHUNK, wanted, until, form, limiter=self._readers)
        if not number:
            return None
        if len(written) <= PIECE or number > 1:
            return Taken(number, last, written)
        self._keep((form, last), written)
        return Taken(number, last, None)

    async def pieces(self, taken: Taken, form: Form) -> AsyncIterator[bytes]:
        """What was taken, in the pieces in which it is sent."""
        if taken.written is not None:
            yield taken.written
            return
        begin = 0
        while piece := await self._piece(taken.last, form, begin):
            begin += len(piece)
            yield piece

    async def _piece(self, position: int, form: Form, begin: int) -> bytes:
        """The part of a large event that begins at a byte; nothing behind its end."""
        key = (form, position)
        if key not in self._kept:
            _, _, written = await run_sync(self._read, position - 1, 1, Filter(), position, form, limiter=self._readers)
            self._keep(key, written)
            return written[begin : begin + PIECE]
        self._kept.move_to_end(key)
        return self._kept[key][begin : begin + PIECE]

    def _read(self, after: int, limit: int, wanted: Filter, until: int | None, form: Form) -> tuple[int, int, bytes]:
        events = self._ledger.read_wire(after, limit, wanted, until, PIECE)
        return len(events), events[-1]["position"] if events else after, b"".join(map(form, events))

    def _keep(self, key: tuple[Form, int], written: bytes) -> None:
        self._size += len(written) - len(self._kept.pop(key, b""))
        self._kept[key] = written
        while self._size > KEPT and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1])
