"""What an event refers to, whether that can be what it means, and which actors it names once two ids are one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from domain import agreement_events, general, processes, revisions
from domain.event import Event, Opening, Revision, family_of
from domain.value_classes import nested_values, values_within
from domain.values import FAMILY_NAMES, Refers, Subject, Value
from domain.vocabulary import PAYLOADS, replaced


def references(event: Event) -> Iterator[tuple[str, Refers, str]]:
    """What an event refers to: pointer, kind of reference, and the id or path named."""
    for index, source in enumerate(event.sources):
        if source.claimant is not None and source.claimant.startswith("actors/"):
            yield f"/sources/{index}/claimant", Refers("claimant"), source.claimant
    yield from references_in(event.data, "/data")
    if isinstance(event.data, revisions.EventCorrected):
        for pointer, refers, name in references(replaced(event, event.data)):
            yield f"/data/replacement{pointer}", refers, name


def references_in(value: Value, at: str = "") -> Iterator[tuple[str, Refers, str]]:
    """What a payload, or a value within one, refers to; `at` is the pointer to it."""
    for name, refers in _referring(type(value)):
        held = getattr(value, name)
        items = enumerate(held) if isinstance(held, tuple) else [(None, held)]
        for index, item in items:
            pointer = f"{at}/{name}" if index is None else f"{at}/{name}/{index}"
            if item is None:
                continue
            if isinstance(item, Value):
                yield from references_in(item, pointer)
            elif refers is not None and (refers.to != "claimant" or str(item).startswith("actors/")):
                yield pointer, refers, str(item)


def event_places(model: type[Value], sent: Any, at: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Where a payload, as it was sent and before it is checked, names events.

    Each place is what holds the name (an object or a list), its key there, and the pointer to it from the payload.
    """
    if not isinstance(sent, dict):
        return
    if model is revisions.EventCorrected and isinstance(replacement := sent.get("replacement"), dict):
        payload = PAYLOADS.get(str(replacement.get("type")))
        if payload is not None:
            yield from event_places(payload, replacement.get("data"), f"{at}/replacement/data")
    for name, refers in _naming_events(model):
        places: list[tuple[Any, Any, str]] = [(sent, name, f"{at}/{name}")] if name in sent else []
        if isinstance(held := sent.get(name), list):
            places = [(held, index, f"{at}/{name}/{index}") for index in range(len(held))]
        for holder, key, pointer in places:
            if refers is not None:
                yield holder, key, pointer
                continue
            for nested in nested_values(model.model_fields[name].annotation):
                yield from event_places(nested, holder[key], pointer)


def actors_named(event: Event) -> set[Subject]:
    """The paths of the actors that an event names: in what it says, as its claimants, in what it is corrected to."""
    actors: set[Subject] = set()
    for source in event.sources:
        if source.claimant is not None and source.claimant.startswith("actors/"):
            actors.add(Subject(source.claimant))
    if _naming_actors(type(event.data)):
        _collect_actors(event.data, actors)
    if isinstance(event.data, revisions.EventCorrected):
        actors |= actors_named(replaced(event, event.data))
    return actors


def _collect_actors(value: Value, into: set[Subject]) -> None:
    for name, refers in _naming_actors(type(value)):
        held = getattr(value, name)
        if not held:
            continue
        for item in held if isinstance(held, tuple) else (held,):
            if isinstance(item, str):
                if refers is not None and refers.to == "actors":
                    into.add(Subject(f"actors/{item}"))
                elif item.startswith("actors/"):
                    into.add(Subject(item))
            elif isinstance(item, Value):
                _collect_actors(item, into)


def naming(event: Event, stays: Mapping[Subject, Subject]) -> Event:
    """The same report, with the actors that stay in the place of those that gave way.

    Actors that are one are one wherever they are named: in roles, positions, claims, signatures. What a correction puts
    in the place of another event is not looked into: it is named when it is applied.

    Args:
        event: as it reads.
        stays: subjects that gave way, each with the one that stays.
    """
    if not stays:
        return event
    sources = _named(event.sources, None, stays)
    data = _naming(event.data, stays)
    if sources is event.sources and data is event.data:
        return event
    now = event.model_copy(update={"data": data} if sources is event.sources else {"data": data, "sources": sources})
    now.__dict__.pop("claimants", None)  # it is worked out from the sources
    return now


def _naming(value: Value, stays: Mapping[Subject, Subject]) -> Value:
    update: dict[str, Any] = {}
    for name, refers in _naming_actors(type(value)):
        held = getattr(value, name)
        now = _named(held, refers, stays)
        if now is not held:
            update[name] = now
    return value.model_copy(update=update) if update else value


def _named(held: Any, refers: Refers | None, stays: Mapping[Subject, Subject]) -> Any:
    """What a field holds, with the actors that stay; the same object if none of its actors gave way."""
    match held:
        case tuple():
            items = [_named(item, refers, stays) for item in held]
            if all(now is item for now, item in zip(items, held, strict=True)):
                return held
            return tuple(items if refers is None else dict.fromkeys(items))
        case Value():
            return _naming(held, stays)
        case str() if refers is not None and refers.to == "actors":
            path = stays.get(Subject(f"actors/{held}"))
            return path.partition("/")[2] if path is not None else held
        case str() if refers is not None and held.startswith("actors/"):
            return stays.get(Subject(held), held)
        case _:
            return held


@cache
def reference_at(model: type[Value], steps: tuple[str, ...]) -> Refers | None:
    """The kind of reference that a field below a class of values is, if it is one. Steps into lists are numbers."""
    name, *rest = [step for step in steps if not step.isdecimal()] or [""]
    field = model.model_fields.get(name)
    if field is None:
        return None
    if not rest:
        return _own_mark(field)
    below = (reference_at(nested, tuple(rest)) for nested in nested_values(field.annotation))
    return next((refers for refers in below if refers is not None), None)


def named_at(raw: Mapping[str, Any], pointer: str) -> str:
    """What an event, as it was sent, names at a place where a subject belongs, as `family/text`; empty if it is none.

    Args:
        raw: the event; its type may be none.
        pointer: where, from the event.
    """
    model = PAYLOADS.get(str(raw.get("type")))
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if steps[:2] == ["data", "replacement"]:
        inner = raw["data"]["replacement"] if isinstance(raw.get("data"), dict) else None
        return named_at(inner, pointer.removeprefix("/data/replacement")) if isinstance(inner, dict) else ""
    value: Any = raw
    for step in steps:
        match value:
            case dict() if step in value:
                value = value[step]
            case list() if step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            case _:
                return ""
    refers = reference_at(model, tuple(steps[1:])) if model is not None and steps[:1] == ["data"] else None
    if not isinstance(value, str) or not (steps == ["subject"] or refers is not None):
        return ""
    if refers is not None and refers.to not in ("subject", "claimant", "event"):
        return f"{refers.to}/{value}"
    family, slash, _ = value.partition("/")
    return value if slash and family in FAMILY_NAMES else ""


@cache
def _referring(model: type[Value]) -> tuple[tuple[str, Refers | None], ...]:
    """The fields of a model that are references (with their kind) or hold values with references (None)."""
    return _holding(model, lambda refers: True)  # noqa: ARG005


@cache
def _naming_actors(model: type[Value]) -> tuple[tuple[str, Refers | None], ...]:
    """Those of the fields that refer that can name an actor, or hold values that do (None)."""
    return _holding(model, lambda refers: refers.to in ("actors", "claimant", "subject"))


@cache
def _naming_events(model: type[Value]) -> tuple[tuple[str, Refers | None], ...]:
    """Those of the fields that refer that name events, or hold values that do (None)."""
    return _holding(model, lambda refers: refers.to == "event")


def _holding(model: type[Value], wanted: Callable[[Refers], bool]) -> tuple[tuple[str, Refers | None], ...]:
    """The fields of a model that are wanted references, or hold values with such references (None)."""
    holding: list[tuple[str, Refers | None]] = []
    for name, field in model.model_fields.items():
        if (refers := _own_mark(field)) is not None:
            holding += [(name, refers)] if wanted(refers) else []
        elif any(
            (mark := _own_mark(inner)) is not None and wanted(mark)
            for nested in nested_values(field.annotation)
            for kind in values_within(nested)
            for inner in kind.model_fields.values()
        ):
            holding.append((name, None))
    return tuple(holding)


def _own_mark(field: FieldInfo) -> Refers | None:
    """The kind of reference that a field is, if it is one."""
    marks = [mark for mark in field.metadata if isinstance(mark, Refers)]
    return next(iter((*marks, *_marks(field.annotation))), None)


def _marks(annotation: Any) -> Iterator[Refers]:
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Refers):
            yield mark
    for argument in getattr(annotation, "__args__", ()):
        yield from _marks(argument)


def misfit(event: Event, pointer: str, subject: str, name: str, reads: str | None = None) -> str | None:
    """Why an event of type `name` on `subject` cannot be what `event` refers to at `pointer`; None if it can.

    A revision and its target stand on one subject; an assessment names a violation of its own agreement.

    Args:
        event: the event that refers.
        pointer: where.
        subject: of the event referred to.
        name: its type.
        reads: the type that it makes its own target read as, if it is a correction.
    """
    revision = name in PAYLOADS and issubclass(PAYLOADS[name], Revision)
    match event.data, pointer:
        case Revision(), "/data/event" if subject != event.subject:
            return "the event named is of another subject: send the revision to that subject"
        case revisions.EventCorrected(), "/data/event" if revision and reads is None:
            return "a report is corrected, or a correction: retract this one with EventRetracted, and send it anew"
        case ((revisions.EventCorrected() as data), "/data/event"):
            return _keeps_identity(str(data.replacement.get("type")), reads or name)
        case revisions.DuplicateMarked(), _ if revision:
            return "name two reports: a revision repeats nothing"
        case revisions.DuplicateMarked(), "/data/of" if family_of(subject) != event.family:
            return "the two events are of different families: name one of the same family"
        case agreement_events.ViolationAssessed(), _ if name != "ViolationReported" or subject != event.subject:
            return "name a ViolationReported of the same agreement"
        case ((general.PositionTaken() | general.ProposalMade()), "/data/answers") if name != "ProposalMade":
            return "name a ProposalMade"
        case ((general.PositionTaken() | general.ProposalMade()), "/data/answers") if subject != event.subject:
            return "the proposal named was made on another subject: send the answer to that subject"
        case processes.BodyDissolved(), _ if name != "BodyEstablished" or subject != event.subject:
            return "name a BodyEstablished of the same process"
        case general.Figure(), "/data/about":
            acts = ("IncidentReported", "ViolationReported")
            return None if name in acts else "name an IncidentReported or a ViolationReported"
        case general.FigureAssessed(), _ if name not in ("FigureReported", "FigureAssessed"):
            return "name figures: FigureReported or FigureAssessed"
        case _:
            return None


def _keeps_identity(wanted: str, corrected: str) -> str | None:
    """An opening stays an opening: it carries the identity of its subject."""
    if wanted not in PAYLOADS or corrected not in PAYLOADS:
        return None
    if issubclass(PAYLOADS[corrected], Opening) and not issubclass(PAYLOADS[wanted], Opening):
        return f"an opening stays an opening: let the replacement be {corrected}, or retract the event"
    if issubclass(PAYLOADS[wanted], Opening) and not issubclass(PAYLOADS[corrected], Opening):
        return f"no other event becomes an opening: retract it, and send {wanted} as a report of its own"
    return None
