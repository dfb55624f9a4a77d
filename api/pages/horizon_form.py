"""The form of time travel: three dates, and the positions of the log at which something of a process changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.http.question_routes import HORIZON
from api.pages.asked import Asked
from domain.event import instant
from projections.queries import history
from projections.storage.generations import ReadTransaction

MOST_STEPS = 40
"""Positions that the slider stops at, the newest."""


@dataclass(frozen=True, slots=True)
class HorizonForm:
    """What the form shows."""

    action: str
    kept: dict[str, str]
    """Parameters of the page that are no part of it."""
    values: dict[str, str]
    """What was asked for, as it was sent."""
    steps: Sequence[int]
    """Positions at which something was recorded of the process, oldest first."""
    times: Mapping[int, str]
    """When each was recorded."""

    @property
    def at(self) -> int:
        """The position at which the slider stands."""
        sent = self.values.get("known_at_position", "")
        return int(sent) if sent.isdecimal() else self.steps[-1] if self.steps else 0

    @property
    def before(self) -> int | None:
        """The step before the one at which the slider stands."""
        return next((step for step in reversed(self.steps) if step < self.at), None)

    @property
    def after(self) -> int | None:
        """The step after it."""
        return next((step for step in self.steps if step > self.at), None)


def horizon_form(asked: Asked, reading: ReadTransaction, process: str) -> HorizonForm:
    """The form as the page was asked."""
    kept = {name: value for name, value in asked.query.items() if name not in (*HORIZON, "after")}
    values = {name: asked.query.get(name, "") for name in HORIZON}
    newest = history.last_recorded(reading, process, MOST_STEPS)
    times = {recorded.position: instant(recorded.recorded_at) for recorded in newest}
    return HorizonForm(asked.path, kept, values, sorted(times), times)
