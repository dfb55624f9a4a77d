"""The form of time travel: three dates, and the positions of the log at which something changed on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.http.horizon import stated_of_all
from api.http.question_routes import HORIZON
from api.pages.asked import Asked
from api.wording import words
from api.wording.language import say
from domain.event import Recorded, instant
from projections.answers.explanations import Evidence
from projections.queries import history
from projections.read_models.timeline import newest
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
    """Positions at which something was recorded of it, oldest first."""
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
    """The form of a page of one process."""
    return _form(asked, history.last_recorded(reading, process, MOST_STEPS))


def form_of_all(asked: Asked, reading: ReadTransaction) -> HorizonForm:
    """The form of a page across processes: it stops where anything was recorded, around the position asked for."""
    at = asked.horizon.position
    return _form(asked, newest(reading, MOST_STEPS, at + MOST_STEPS // 2 if at is not None else None))


def form_of_subject(asked: Asked, reading: ReadTransaction, path: str, evidence: Mapping[str, Evidence]) -> HorizonForm:
    """The form of a page of an actor or a place: it stops at the events on it, and at those that the page rests on."""
    positions = (report["position"] for report in evidence.values())
    return _form(asked, history.recorded_on(reading, path, positions, MOST_STEPS))


def _form(asked: Asked, recorded: Iterable[Recorded]) -> HorizonForm:
    kept = {name: value for name, value in asked.query.items() if name not in (*HORIZON, "after")}
    values = {name: asked.query.get(name, "") for name in HORIZON}
    times = {one.position: instant(one.recorded_at) for one in recorded}
    return HorizonForm(asked.path, kept, values, sorted(times), times)


def travelling(asked: Asked, form: HorizonForm, now: datetime, position: int) -> dict[str, Any]:
    """What tells on a page that belongs to no process from where it looks, and how to look from elsewhere.

    Args:
        asked: what the page was asked with.
        form: of this page.
        now: the clock on the wall.
        position: which the page reflects.
    """
    return {
        "bar": words.horizon(stated_of_all(asked.horizon, now)),
        "form": form,
        "pinned": asked.here(known_at_position=position) if asked.horizon.position is None else None,
        "now": asked.here(**dict.fromkeys((*HORIZON, "after"))),
    }


def not_news(asked: Asked) -> str:
    """What a list of actors or places says where dates were asked for, which do not cut it."""
    if asked.horizon.as_of is None and asked.horizon.published_by is None:
        return ""
    return say("What was recorded of actors and places is shown whatever its date: names are not news.")
