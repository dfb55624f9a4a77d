"""Given these reports, when another comes in, then the state is so: the language of the domain's tests.

    given(
        event("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29"}),
    ).when(
        event("TalksPostponed", occurred="2017-10-28", data={}),
    ).then(stage="postponed", planned=None)

Reports are read by `domain.vocabulary.read_event`, as strictly as the log reads them. The opening of their subject
is added where a test does not send one, since its content rarely matters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from domain import families, vocabulary
from domain.compatible import gist
from domain.event import Event, Opening, Revision
from domain.lines import Line
from domain.place_meanings import KnownPlaces, meant, of_events, state_meant

_numbers = count(1)
_WITHOUT_TIME = {name for name, payload in vocabulary.PAYLOADS.items() if issubclass(payload, Revision)}


def wire(
    name: str,
    *,
    subject: str | None = None,
    occurred: str | None = "2017-10-27",
    data: Mapping[str, Any] | None = None,
    claimant: str | None = None,
    id: UUID | str | None = None,
    **envelope: Any,
) -> dict[str, Any]:
    """A report in the wire format; `data` is the type's example if it is left out, `id` the next number."""
    sent: dict[str, Any] = {
        "id": str(id or UUID(int=next(_numbers))),
        "type": name,
        "subject": subject or f"{vocabulary.families_of(name)[0]}/first",
        "data": dict(example_of(name) if data is None else data),
        **envelope,
    }
    if name not in _WITHOUT_TIME:
        sent["occurred"] = occurred
    if claimant is not None:
        sent["sources"] = [{"publisher": "TASS", "claimant": claimant}]
    return sent


def example_of(name: str) -> dict[str, Any]:
    """The example of a type. A process of the tests has its clocks in UTC: there a day is over when it is in UTC."""
    clocks = {"time_zone": "UTC"} if name == "ProcessOpened" else {}
    return {**vocabulary.PAYLOADS[name].example, **clocks}


def event(name: str, **fields: Any) -> Event:
    """A report as it is read; it takes what `wire` takes."""
    sent = wire(name, **fields)
    return vocabulary.read_event(sent, json.dumps(sent))


def fold_of(*events: Event) -> Any:
    """The state that reports of one subject amount to. Its class depends on the family, hence Any."""
    family = events[0].family
    assert {one.subject for one in events} == {events[0].subject}, "a fold is of one subject"
    if not any(isinstance(one.data, Opening) for one in events):
        events = (event(families.OPENINGS[family].__name__, subject=events[0].subject, occurred="2017-01"), *events)
    meanings = of_events(events, KnownPlaces()).meanings
    return state_meant(families.fold(family, [meant(one, meanings) for one in events]), meanings)


@dataclass(frozen=True)
class Contested:
    """What `then` expects of a line whose last reports disagree: what each says, and which events say it."""

    candidates: Mapping[Any, Event]


def contested(candidates: Mapping[Any, Event]) -> Contested:
    """The line names exactly these candidates, each resting on the event beside it."""
    return Contested(candidates)


@dataclass(frozen=True)
class Story:
    """Reports of one subject, in the order in which they came in."""

    reports: tuple[Event, ...]

    def when(self, *events: Event) -> Story:
        """Further reports come in."""
        return Story((*self.reports, *events))

    def then(self, **lines: Any) -> Story:
        """Checks lines of the state by their gist: a value on which the last reports agree, or `contested(…)`."""
        state = fold_of(*self.reports)
        for name, expected in lines.items():
            line: Line[Any] = getattr(state, name)
            if isinstance(expected, Contested):
                found = {gist(candidate.value): candidate.events for candidate in line.candidates}
                assert found == {gist(value): (said.id,) for value, said in expected.candidates.items()}, name
            else:
                assert [gist(value) for value in line.values] == [gist(expected)], name
        return self


def given(*events: Event) -> Story:
    """These reports came in."""
    return Story(events)
