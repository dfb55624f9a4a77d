"""Places: towns, roads, checkpoints, districts. Places belong to no process.

A report may name a place by its id, or describe it; which descriptions are one place is drawn in
`domain/place_classes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain import general
from domain.changing import changed
from domain.comparison import comparable
from domain.event import Event, Opening, Payload
from domain.family import Family
from domain.general import SubjectState
from domain.lines import Account, Line
from domain.place_classes import Point, far
from domain.values import Codes, Labels, PlaceCode, PlaceKind, PlaceRef, Precision, Text, Value

RANKED = list(Precision)
"""From the most precise to the least."""

# --- events -----------------------------------------------------------------------------------------------


class PlacePoint(Value):
    """Where a place is, and how precisely that is known."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    """Latitude in degrees north, WGS 84, -90 to 90."""
    lon: Annotated[float, Field(ge=-180, le=180)]
    """Longitude in degrees east, WGS 84, -180 to 180."""
    precision: Precision
    """How precisely the place is known."""
    whole: ClassVar[bool] = True

    def contradicts(self, other: PlacePoint) -> bool:
        """Whether the two points lie further apart than both precisions allow together."""
        return far(self._point, other._point)

    def covers(self, other: PlacePoint) -> bool:
        """Whether the other one says where it is more precisely."""
        return RANKED.index(other.precision) < RANKED.index(self.precision) and not self.contradicts(other)

    @property
    def _point(self) -> Point:
        return Point(self.lat, self.lon, self.precision)


class PlaceIdentified(Opening):
    """A place is identified: a town, a road, a checkpoint, a district."""

    labels: Labels
    """Names, each with its language and who uses it."""
    kind: PlaceKind | None = None
    """What it is; absent: not said."""
    point: PlacePoint | None = None
    """Where it is; absent: not said."""
    codes: Codes = ()
    """Codes of the place itself, each in its scheme."""
    within: PlaceRef | None = None
    """The place that contains it, the nearest one that is known."""
    description: Text | None = None
    """What else tells it apart."""

    example: ClassVar[dict[str, Any]] = {
        "labels": [{"text": "Jarut", "lang": "en"}, {"text": "Jeiroud", "lang": "en"}],
        "kind": "settlement",
        "point": {"lat": 33.81, "lon": 36.74, "precision": "near"},
        "codes": [{"scheme": "example-register", "value": "JRT-1"}],
    }


EVENTS: tuple[type[Payload], ...] = (PlaceIdentified,)

# --- state ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PlaceState(SubjectState):
    kind: Line[PlaceKind] = field(default_factory=Line)
    point: Line[PlacePoint] = field(default_factory=Line)
    codes: tuple[PlaceCode, ...] = ()
    """Of all reports; two of one scheme are two names for one place."""
    within: Line[str] = field(default_factory=Line)
    """Id of the place that contains it."""
    description: Account[str] = field(default_factory=Account)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: PlaceState, event: Event) -> PlaceState:
    match event.data:
        case PlaceIdentified() as data:
            state = general.opened(state, event, data.labels)
            codes = {(code.scheme, comparable(code.value)): code for code in (*data.codes, *state.codes)}
            return changed(
                state,
                kind=state.kind.advance(data.kind, event) if data.kind else state.kind,
                point=state.point.advance(data.point, event) if data.point else state.point,
                codes=tuple(codes[key] for key in sorted(codes)),
                within=state.within.advance(data.within, event) if data.within else state.within,
                description=state.description.advance(data.description, event)
                if data.description
                else state.description,
            )
        case _:
            return general.evolve(state, event)


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="places",
    opening=PlaceIdentified,
    events=EVENTS,
    state=PlaceState,
    evolve=evolve,
)
