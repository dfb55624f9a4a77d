"""The actors of a log as they were known at a position: names are cut by position only, they are not news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from domain import families
from domain.event import Recorded
from domain.general import SubjectState
from domain.horizon import Horizon, Seen, seen_from
from domain.references import naming
from domain.values import Subject


def actor_states(seen: Seen) -> dict[str, SubjectState]:
    """The states of actors by their ids."""
    paths = {*seen.events, *seen.withdrawn}
    return {path.partition("/")[2]: families.fold("actors", seen.events.get(path, ())) for path in paths}


def actors_seen(log: Iterable[Recorded], position: int | None) -> Seen:
    """The actors as they were known at a position, each event naming the actors that stay there."""
    actors = seen_from(Horizon(position), (r for r in log if r.event.family == "actors"))
    return with_actors(actors, actors.joined)


def with_actors(seen: Seen, joined: Mapping[Subject, Subject]) -> Seen:
    """The same log, its events naming the actors that stay in the place of those that gave way."""
    if not joined:
        return seen
    events, lending = (
        {subject: [naming(event, joined) for event in reports] for subject, reports in by_subject.items()}
        for by_subject in (seen.events, seen.lending)
    )
    return replace(seen, events=events, lending=lending)
