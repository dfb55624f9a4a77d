"""What makes lines into JSON, and remembers which events and actors they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast, overload
from uuid import UUID

from typing_extensions import TypedDict

from domain.comparison import comparable, compared
from domain.event import Payload
from domain.general import Due
from domain.lines import Candidate, Cited, Line, told_by_one
from domain.places_within import holding_places
from domain.references import references_in
from domain.values import Place, Value
from projections.answers.deadlines import ShownDue
from projections.answers.lines import (
    Citation,
    OtherWords,
    Said,
    ShownCandidate,
    ShownDescription,
    ShownLine,
    fields_of,
)
from projections.patience import go_on

T = TypeVar("T")
V = TypeVar("V")
A = TypeVar("A", str, str | None)
D = TypeVar("D", bound=Payload)


class _More(TypedDict, Generic[V], total=False):
    """What only some lines have."""

    possible: bool
    one_claimant: bool
    candidates: list[ShownCandidate[V]]
    also: dict[str, list[OtherWords]]
    told_by: dict[str, list[str]]


class Renderer:
    """Renders lines and remembers which events and actors they name, so that an answer can explain them."""

    def __init__(self) -> None:
        self.events: dict[str, None] = {}
        self.actors: dict[str, None] = {}

    def rests_on(self, events: Iterable[UUID | str]) -> list[str]:
        go_on()
        ids = [str(event) for event in events]
        self.events.update(dict.fromkeys(ids))
        return ids

    def actor(self, actor: A) -> A:
        if actor is not None:
            self.actors[actor] = None
        return actor

    @overload
    def line(self, line: Line[T]) -> ShownLine[T] | None: ...
    @overload
    def line(self, line: Line[T], show: Callable[[T], V]) -> ShownLine[V] | None: ...
    def line(self, line: Line[Any], show: Callable[[Any], Any] = lambda value: value) -> ShownLine[Any] | None:
        """A line as JSON: its value, since when, whether it is contested and by which candidates; None if nothing is
        reported."""
        return self.reported(line, show) if line.candidates else None

    def plan(self, line: Line[T], show: Callable[[T], V], *, past: bool) -> ShownLine[V] | None:
        """A line of a plan: once what was planned came about, or will not, reports of it contest nothing."""
        shown = self.line(line, show)
        if shown is not None and shown["contested"] and past:
            shown["contested"], shown["value"] = False, show(line.candidates[-1].value)
            shown.pop("candidates", None)
        return shown

    def description(
        self,
        line: Line[T],
        show: Callable[[T], Said],
        is_past: Callable[[str], bool] = lambda name: False,  # noqa: ARG005
    ) -> ShownDescription | None:
        """A description as JSON: what its reports say together, and each contested field as a line of its own.

        Args:
            line: of the description.
            show: it as JSON, field by field.
            is_past: whether a field holds a plan that no longer matters.
        """
        if not line.candidates:
            return None
        together = line.together
        names = [name for name in line.contested_fields if not is_past(name)]
        shown = cast(ShownDescription, self.reported(line, show))
        shown["value"] = show(together) if together is not None else None
        shown["contested"] = bool(names)
        if not names:
            shown.pop("candidates", None)
            return shown
        shown["contested_fields"] = {name: self._side_by_side(line, name, show) for name in names}
        return shown

    def _side_by_side(self, line: Line[T], name: str, show: Callable[[T], Said]) -> ShownLine[Any]:
        """One contested field of a description."""
        sides = line.sides(name)
        events = list(dict.fromkeys(str(event) for c in sides for event in c.told_by(name)))
        candidates: list[ShownCandidate[Any]] = [
            {
                "value": fields_of(show(c.value)).get(name),
                "occurred": c.occurred,
                "events": self.rests_on(c.told_by(name)),
            }
            for c in sides
        ]
        return {
            "value": None,
            "since": sides[0].since,
            "occurred": sides[-1].occurred,
            "contested": True,
            "candidates": candidates,
            "events": events,
        }

    @overload
    def state(self, line: Line[T]) -> ShownLine[T] | None: ...
    @overload
    def state(self, line: Line[T], show: Callable[[T], V]) -> ShownLine[V] | None: ...
    def state(self, line: Line[Any], show: Callable[[Any], Any] = lambda value: value) -> ShownLine[Any] | None:
        """The line of a state, marked where no more than one claimant tells of the change."""
        shown = self.line(line, show)
        if shown is not None and not shown["contested"] and told_by_one(line):
            shown["one_claimant"] = True
        return shown

    def lines(self, lines: Iterable[Line[T]], show: Callable[[T], V]) -> list[ShownLine[V]]:
        """Lines of which something is reported."""
        return [self.reported(line, show) for line in lines if line.candidates]

    def reported(self, line: Line[T], show: Callable[[T], V]) -> ShownLine[V]:
        """A line of which something is reported."""
        otherwise, more = line.otherwise, _More[V]()
        stand = Line(tuple(c for c in line.candidates if not c.possible)) if otherwise else line
        stand = stand if stand.candidates else line
        newest = stand.candidates[-1]
        if all(candidate.possible for candidate in line.candidates):
            more["possible"] = True
        value = newest.value if len(line.candidates) == 1 else line.value
        contested = line.contested
        if contested or otherwise:
            possible = [c for c in line.candidates if c.possible]
            sure = line.sides() if contested else [c for c in line.candidates if not c.possible]
            more["candidates"] = [self.candidate(candidate, show) for candidate in (*sure, *possible)]
        if len(line.candidates) > 1 and (others := line.others):
            more["also"] = self._also(others, show)
        if grounds := line.grounds:
            more["told_by"] = {name: self.rests_on(events) for name, events in grounds.items()}
        return {
            "value": show(cast(T, value)) if value is not None or len(line.candidates) == 1 else None,
            "since": stand.since,
            "occurred": newest.occurred,
            "contested": contested,
            **more,
            "events": self.rests_on(stand.events),
        }

    def _also(self, others: Mapping[str, list[Candidate[T]]], show: Callable[[T], Any]) -> dict[str, list[OtherWords]]:
        also: dict[str, list[OtherWords]] = {}
        for name, candidates in others.items():
            for c in candidates:
                shown = show(c.value)
                said = shown.get(name) if name and isinstance(shown, dict) else shown
                if said is not None:
                    words: OtherWords = {
                        "value": said,
                        "occurred": c.occurred,
                        "events": self.rests_on(c.told_by(name)),
                    }
                    also.setdefault(name or "value", []).append(words)
        return also

    def candidate(self, candidate: Candidate[T], show: Callable[[T], V]) -> ShownCandidate[V]:
        shown: ShownCandidate[V] = {
            "value": show(candidate.value),
            "occurred": candidate.occurred,
            "events": self.rests_on(candidate.events),
        }
        if candidate.possible:
            shown["possible"] = True
        return shown

    def said(self, data: Value, *leave_out: str) -> Said:
        """What an event says, field by field, without what it does not say."""
        for _, refers, name in references_in(data):
            if refers.to == "actors":
                self.actor(name)
        return said(data, *leave_out)

    def due(self, subject: str, due: Due) -> ShownDue:
        return {
            "subject": subject,
            "what": due.what,
            "when": due.when,
            "actor": self.actor(due.actor),
            "events": self.rests_on(due.events),
        }

    def cited(self, cited: Cited[D]) -> Citation:
        said = {
            **self.said(cited.data),
            "occurred": cited.occurred,
            "events": self.rests_on([cited.event]),
        }
        return cast("Citation", said)

    def cited_together(self, reports: Sequence[Cited[D]]) -> Citation:
        """What several reports of one thing say: each field by the first that says it, the narrowest date,
        and what others say beside."""
        first, *others = reports
        shown = self.cited(first)
        shown["events"] = self.rests_on(one.event for one in reports)
        dated = [one.occurred for one in reports if one.occurred is not None]
        shown["occurred"] = min(dated, key=lambda when: when.span.latest - when.span.earliest, default=None)
        fields = cast("dict[str, Any]", shown)
        also: dict[str, list[OtherWords]] = {}
        for one in others:
            for name, value in fields_of(self.said(one.data)).items():
                if name == "labels":
                    known = {comparable(label["text"]) for label in fields[name]}
                    fields[name] = [
                        *fields[name],
                        *(label for label in value if comparable(label["text"]) not in known),
                    ]
                elif fields.get(name) in (None, []):
                    fields[name] = value
                elif value != [] and compared(fields[name]) != compared(value):
                    words: OtherWords = {
                        "value": value,
                        "occurred": one.occurred,
                        "events": self.rests_on([one.event]),
                    }
                    also.setdefault(name, []).append(words)
        if also:
            shown["also"] = also
        return shown


def said(data: Value, *leave_out: str) -> Said:
    """What an event says, field by field, without what it does not say; the actors in it are not remembered."""
    shown = _without_empty(data.model_dump(mode="json", exclude_none=True, exclude=set(leave_out)))
    _put_around(data, shown)
    return cast(Said, shown)


def _put_around(value: Value, shown: dict[str, Any]) -> None:
    """Puts with each place the paths of those that contain it, as far as places that were identified tell."""
    if isinstance(value, Place):
        if value.within:
            shown["within"] = list(value.within)
        return
    for name in holding_places(type(value)):
        held, dumped = getattr(value, name), shown.get(name)
        pairs = zip(held, dumped or (), strict=False) if isinstance(held, tuple) else [(held, dumped)]
        for inner, its in pairs:
            if isinstance(inner, Value) and isinstance(its, dict):
                _put_around(inner, its)


_SELDOM = frozenset(
    (
        *("parts", "ids", "coded", "against", "types", "provisions"),
        *("topics", "absent", "means", "hours", "refused"),
    )
)
"""Lists that most reports leave empty: shown only if there is something in them."""


def _without_empty(said: dict[str, Any]) -> dict[str, Any]:
    for name, value in [*said.items()]:
        if value == [] and name in _SELDOM:
            del said[name]
        elif isinstance(value, dict):
            _without_empty(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    _without_empty(item)
    return said
