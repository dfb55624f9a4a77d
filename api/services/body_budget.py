"""How many bytes of request bodies the server holds at once, however many clients send."""

from __future__ import annotations

from types import TracebackType

from domain.errors import Unavailable

MAX_HELD = 64 * 1024 * 1024  # bytes; what is parsed from them takes several times as much


class BodyBudget:
    """The bytes that are held for all requests together. It belongs to one event loop."""

    def __init__(self, most: int = MAX_HELD) -> None:
        self.most = most
        self.held = 0

    def reserve(self) -> Reservation:
        return Reservation(self)


class Reservation:
    """The bytes of one request, until its context ends."""

    __slots__ = ("_budget", "_taken")

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._taken = 0

    def take(self, count: int) -> None:
        """Reserves so many bytes more.

        Raises:
            Unavailable: there is no room for them.
        """
        if self._budget.held + count > self._budget.most and self._budget.held > self._taken:
            raise Unavailable("too much is being received at once: send the request again in a moment")
        self._budget.held += count
        self._taken += count

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget.held -= self._taken
