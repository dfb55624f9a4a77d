"""Random histories: what a random office might append, in an order in which the log takes it.

    @given(histories())
    def test_something(history: list[dict[str, Any]]) -> None: ...

A history is a list of reports in the wire format. Each is valid where it stands: openings come before the other
events of their subject, references name what stands earlier, ids are given and distinct. A second opening of a subject
carries its `expected_version`, as the log wants it; `read` takes that off.

Texts come in several spellings that are one: in other case, decomposed, with marks that cannot be seen.

Ids, names and dates come from small pools, so that reports meet: the same actor in the same role, the same obligation,
the same day. Payloads are drawn from the types of their fields; what a validator asks beyond that stands in `_mend`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from unicodedata import normalize

from hypothesis import strategies as st

from domain import general, revisions
from domain.codings import Identifier, Scheme
from domain.durations import Duration
from domain.edtf import Day, When
from domain.event import Event, Opening, Payload, Revision
from domain.families import FAMILY_EVENTS, OPENINGS
from domain.places import PlacePoint
from domain.schedules import RecurrenceRule, Schedule
from domain.values import (
    FAMILY_NAMES,
    ClockTime,
    ItemId,
    Label,
    Place,
    PlaceCode,
    Quantity,
    Refers,
    Short,
    Text,
    Value,
    ZoneName,
)
from domain.vocabulary import PAYLOADS, read_event

DATES = (
    "2017-10-27",
    "2017-10-28",
    "2017-10-29",
    "2017-10-30",
    "2017-10",
    "2017-10-XX",
    "2017-11",
    "2017",
    "2017-23",
    "2017-10-28~",
    "2017-10-29?",
    "2017-10~",
    "2017-10-27/2017-10-29",
    "2017-10-28/..",
    "../2017-10-28",
    "2017-10-29T09:00+03:00",
    "2017-10-28T23:30Z/2017-10-29T04:00:30+03:00",
)
"""Days, months, seasons, approximate, open and timed ones that overlap in many ways."""
ZONES = ("Asia/Damascus", "Pacific/Kiritimati", "America/New_York")
"""Also one that these tables do not have: it was stored with others."""
PUBLISHED = ("2017-10-27", "2017-10-30", "2017-11-02", "2017-10", "2017-12")
PUBLISHERS = ("TASS", "bulletin of the committee", "Réseau local")
CLAIMANTS = ("unattributed", "one field commander, unnamed", "residents")
WORDS = ("the road", "checks at roadblocks", "اتفاق", "a truce,\u00a0for now")
NAMES = ("Damascus", "Jarut", "Déraa")
UNITS = ("trucks", "tonnes")
ITEMS = ("first", "second")
NUMBERS = (0, 1, 2, 11, 200, 2000, 20000, 0.5, 1234.25)
FIRST = ("actors/committee", "actors/government", "processes/first")
"""Opened before all else, so that whatever is reported has an actor and a process to name."""
THEN = ("processes/second", *(f"{family}/first" for family in FAMILY_NAMES[2:]))
FURTHER = ("actors/elders", *(f"{family}/second" for family in FAMILY_NAMES[2:]))


def respelled(text: str) -> tuple[str, ...]:
    """Other spellings of a text that are one with it."""
    return (text.upper(), normalize("NFD", text) + "\u200b", f" {text[:1]}\u00ad{text[1:]}".replace(" ", "\u00a0 "))


def spellings(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """One of several texts, more often than not as it stands here."""
    return st.one_of(
        st.sampled_from(texts),
        st.sampled_from(texts),
        st.sampled_from([other for text in texts for other in respelled(text)]),
    )


@dataclass
class _World:
    """What has been appended so far."""

    subject: str = ""
    """The subject of the event that is being drawn."""
    versions: dict[str, int] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def ids(self, family: str) -> list[str]:
        """Ids of the open subjects of a family, without the one that is being reported on."""
        paths = [path.split("/") for path in self.versions if path != self.subject]
        return [name for own, name in paths if own == family]

    def of_type(self, *names: str, subject: str | None = None) -> list[str]:
        """Ids of the events of these types (of any, if none is named), of one subject or of all."""
        return [
            one["id"]
            for one in self.events
            if (not names or one["type"] in names) and subject in (None, one["subject"])
        ]

    def reports(self) -> list[dict[str, Any]]:
        """What was reported on the subject, without revisions."""
        return [e for e in self.events if e["subject"] == self.subject and not issubclass(_type(e), Revision)]

    def correctable(self) -> list[dict[str, Any]]:
        """Reports on the subject, and the corrections of them."""
        corrections = (e for e in self.events if e["subject"] == self.subject and e["type"] == "EventCorrected")
        return [*self.reports(), *corrections]


def _type(wire: dict[str, Any]) -> type[Payload]:
    return PAYLOADS[wire["type"]]


# --- payloads, from the types of their fields -------------------------------------------------------------


@st.composite
def labels(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(spellings(NAMES))
    return draw(st.sampled_from([{"text": text}, {"text": text, "lang": "ar-Latn", "used_by": "TASS"}]))


@st.composite
def places(draw: st.DrawFn) -> dict[str, Any]:
    place: dict[str, Any] = {"labels": [draw(labels())]}
    known = draw(st.sampled_from(["name", "code", "coordinates"]))
    if known == "code":
        place["admin_code"] = draw(st.sampled_from(["SY03", "SY0304"]))
    elif known == "coordinates":
        place |= {"lat": draw(st.sampled_from([33.5, -0.25])), "lon": 36.5, "precision": "near"}
    if draw(st.integers(0, 5)) == 0:
        place["codes"] = [{"scheme": "register", "value": draw(st.sampled_from(["1", "2"]))}]
    if draw(st.integers(0, 5)) == 0:
        place["kind"] = draw(st.sampled_from(["settlement", "checkpoint", "other"]))
    return place


@st.composite
def named_places(draw: st.DrawFn, known: list[str]) -> dict[str, Any]:
    """Places of which some are named by the id of one that was identified, with or without more."""
    place = draw(places())
    if known and draw(st.integers(0, 3)) == 0:
        place["id"] = draw(st.sampled_from(known))
        if draw(st.booleans()):
            del place["labels"]
    return place


@st.composite
def quantities(draw: st.DrawFn) -> dict[str, Any]:
    """Claims with a value, bounds or both; each leaves at least one number possible."""
    number = st.sampled_from(NUMBERS)
    match draw(st.sampled_from(["value", "bounds", "both", "several"])):
        case "value":
            claim: dict[str, Any] = {
                "value": draw(number),
                "qualifier": draw(st.sampled_from(["exact", "about", "more than", "up to", "at least"])),
            }
        case "bounds":
            low, high = sorted([draw(number), draw(number)])
            claim = draw(st.sampled_from([{"low": low, "high": high}, {"low": low}, {"high": high}]))
        case "both":
            low, value, high = sorted([draw(number), draw(number), draw(number)])
            claim = {"value": value, "low": low, "high": high, "qualifier": draw(st.sampled_from(["exact", "about"]))}
        case _:
            claim = {"qualifier": "several"}
    return claim | draw(st.one_of(st.just({}), st.fixed_dictionaries({"unit": spellings(UNITS)})))


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    """When what recurs is expected: by a rule, or so many times per period."""
    rules = ("FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;INTERVAL=2;COUNT=3")
    by: list[dict[str, Any]] = [*({"rule": rule} for rule in rules), {"times": 2, "per": "week"}]
    starts: list[dict[str, Any]] = [{}, {"starts": "2017-10-01"}]
    return {**draw(st.sampled_from(by)), **draw(st.sampled_from(starts))}


@cache
def _hints(model: type[Value]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def _object(draw: st.DrawFn, model: type[Value], world: _World) -> dict[str, Any]:
    """A JSON object for a model: every required field, and each other one or not."""
    drawn: dict[str, Any] = {}
    for name, hint in _hints(model).items():
        if model.model_fields[name].is_required() or draw(st.integers(0, 2)) == 0:
            value = _json(draw, hint, world)
            if value is not None:
                drawn[name] = value
    return drawn


_KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    Short: spellings(WORDS),
    Text: spellings(WORDS),
    ItemId: st.sampled_from(ITEMS),
    ZoneName: st.sampled_from(ZONES),
    ClockTime: st.sampled_from(("09:00", "17:30")),
    Duration: st.sampled_from(("P2M", "P2W", "PT72H", "P1M3D")),
    RecurrenceRule: st.sampled_from(("FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;COUNT=3")),
    Scheme: st.sampled_from(("pa-x-agreement", "case-file")),
    Identifier: st.sampled_from(("1", "UA.05")),
    When: st.sampled_from(DATES),
    Day: st.sampled_from(PUBLISHED),
    bool: st.booleans(),
    int: st.integers(0, 3),
    Label: labels(),
    PlaceCode: st.fixed_dictionaries({"scheme": st.just("register"), "value": st.sampled_from(["1", "2"])}),
    PlacePoint: st.sampled_from([{"lat": lat, "lon": 36.5, "precision": "near"} for lat in (33.5, -0.25)]),
    Quantity: quantities(),
    Schedule: schedules(),
}


def _json(draw: st.DrawFn, hint: Any, world: _World) -> Any:
    """A JSON value for a field of this type; None where there is nothing yet that it could refer to."""
    if hint in _KNOWN:
        return draw(_KNOWN[hint])
    if hint is Place:
        return draw(named_places(world.ids("places")))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return draw(st.sampled_from([code.value for code in hint]))
    if isinstance(hint, type) and issubclass(hint, Value):
        return _object(draw, hint, world)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        refers = next((mark for mark in arguments[1:] if isinstance(mark, Refers)), None)
        return _json(draw, arguments[0], world) if refers is None else _reference(draw, refers, world)
    if origin in (Union, UnionType):
        return _json(draw, next(a for a in arguments if a is not NoneType), world)
    if origin is tuple:
        items = [_json(draw, arguments[0], world) for _ in range(draw(st.integers(1, 2)))]
        return [item for item in items if item is not None] or None
    raise NotImplementedError(f"tests/strategies.py does not know how to draw {hint}")


def _reference(draw: st.DrawFn, refers: Refers, world: _World) -> str | None:
    match refers.to:
        case "subject":
            known = [path for path in world.versions if path != world.subject]
        case "event":
            known = world.of_type()
        case family:
            known = world.ids(family)
    return draw(st.sampled_from(known)) if known else None


def _mend(data: dict[str, Any], name: str, world: _World, draw: st.DrawFn) -> dict[str, Any]:
    """What a payload's validators ask of several fields together, and which events a reference may name."""
    match name:
        case "ControlReported" if "places" not in data:
            data.setdefault("description", "the towns")
        case "PositionTaken" if data["position"] == "accepts on condition":
            data.setdefault("condition", "the centre takes part")
        case "FigureReported" | "FigureAssessed" | "EnrolmentReported" if data.get("counting") == "flow":
            data.setdefault("period", "2017-10")
        case "ObligationAssessed" if "score" not in data:
            data.setdefault("standing", "no information")
        case "RoleReported":
            if data.pop("nobody", False) and "described" not in data and "number" not in data:
                data["nobody"] = True
            elif "described" not in data and "number" not in data:
                data["described"] = "a tribal mediator"
        case "AgreementRelated" if "to" not in data:
            data.setdefault("named", "the truce of July")
        case "ObligationAgreed":
            other = ITEMS[1 - ITEMS.index(data["obligation"])]
            data |= {key: other if key == "mirrors" else [other] for key in ("mirrors", "depends_on") if key in data}
        case "AgreementEnteredIntoForce" if "starts" in data and "until" in data:
            if When(data["until"]).span.precedes(When(data["starts"]).span):
                data["starts"], data["until"] = data["until"], data["starts"]
        case "EnrolmentOpened" if "tracks" in data:
            data["tracks"] = list({track["id"]: track for track in data["tracks"]}.values())
        case _:
            pass
    wanted = {
        "answers": world.of_type("ProposalMade", subject=world.subject),
        "established": world.of_type("BodyEstablished", subject=world.subject),
        "replaced_by": world.of_type("BodyEstablished", subject=world.subject),
        "considered": world.of_type("FigureReported", "FigureAssessed"),
        "about": world.of_type("IncidentReported", "ViolationReported") if name.startswith("Figure") else [],
        "violation": world.of_type("ViolationReported", subject=world.subject),
    }
    for key, ids in wanted.items():
        if key == "about" and not name.startswith("Figure"):
            continue  # what talks are about
        if key in data and not ids:
            del data[key]
        elif key in data:
            chosen = draw(st.sampled_from(ids))
            data[key] = [chosen] if key == "considered" else chosen
    return data


# --- events -----------------------------------------------------------------------------------------------


@st.composite
def _sources(draw: st.DrawFn, actors: list[str]) -> list[dict[str, Any]]:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        source = {"publisher": draw(spellings(PUBLISHERS))}
        named = st.sampled_from([None, *(f"actors/{actor}" for actor in actors)])
        if claimant := draw(st.one_of(named, spellings(CLAIMANTS))):
            source["claimant"] = claimant
        if draw(st.integers(0, 4)) == 0:
            source["derived_from"] = draw(spellings(PUBLISHERS))
        if published := draw(st.sampled_from([None, *PUBLISHED])):
            source["published"] = published
        found.append(source)
    return found


def _report(draw: st.DrawFn, name: str, world: _World) -> dict[str, Any]:
    """What an event of a type that is no revision says, without its id and subject."""
    report: dict[str, Any] = {
        "type": name,
        "occurred": draw(st.sampled_from(DATES)),
        "data": _mend(_object(draw, PAYLOADS[name], world), name, world, draw),
    }
    if sources := draw(_sources(world.ids("actors"))):
        report["sources"] = sources
    return report | draw(
        st.sampled_from([{}, {}, {}, {"sensitivity": "high"}, {"basis": "observed"}, {"note": "heard twice"}])
    )


def _revision(draw: st.DrawFn, name: str, world: _World) -> dict[str, Any]:
    """What a revision of an event of the same subject says."""
    data: dict[str, Any]
    if name == "EventCorrected":
        target = draw(st.sampled_from(world.correctable()))
        reads = target["data"]["replacement"]["type"] if target["type"] == "EventCorrected" else target["type"]
        wanted = [reads] if issubclass(PAYLOADS[reads], Opening) else _reportable(world)
        data = {
            "event": target["id"],
            "replacement": _report(draw, draw(st.sampled_from(wanted)), world),
            "by": draw(st.sampled_from(["our error", "corrected by the source"])),
            "reason": "it read otherwise",
        }
    elif name == "SubjectUnified":
        data = {"into": draw(st.sampled_from(_unifiable(world))), "reason": "two ids of one thing"}
    else:
        own = world.of_type(subject=world.subject)
        if name == "DuplicateMarked":
            own = [one["id"] for one in world.reports()]
        data = _object(draw, PAYLOADS[name], world) | {"event": draw(st.sampled_from(own))}
        if name == "DuplicateMarked":
            data["of"] = draw(st.sampled_from([one for one in own if one != data["event"]]))
    revision: dict[str, Any] = {"type": name, "data": data}
    if sources := draw(_sources(world.ids("actors"))):
        revision["sources"] = sources
    return revision


def _unifiable(world: _World) -> list[str]:
    """The other open subjects of the same family. Ids may give way in a circle: people do not agree which one stays."""
    family = world.subject.partition("/")[0]
    return [path for path in world.versions if path != world.subject and path.startswith(f"{family}/")]


def _reportable(world: _World) -> list[str]:
    """The types, other than openings and revisions, of which something can be said of the subject now."""
    needs: dict[str, Callable[[], object]] = {
        "ActorRelated": lambda: world.ids("actors"),
        "ProcessLinked": lambda: world.ids("processes"),
        "ViolationAssessed": lambda: world.of_type("ViolationReported", subject=world.subject),
        "BodyDissolved": lambda: world.of_type("BodyEstablished", subject=world.subject),
    }
    family = world.subject.partition("/")[0]
    names = [payload.__name__ for payload in (*FAMILY_EVENTS[family], *general.EVENTS) if payload != OPENINGS[family]]
    return [name for name in names if name not in needs or needs[name]()]


def _revisable(world: _World) -> list[str]:
    """The revisions that the subject can have now."""
    needs: dict[str, Callable[[], object]] = {
        "SubjectUnified": lambda: _unifiable(world),
        "DuplicateMarked": lambda: len(world.reports()) > 1,
    }
    names = [payload.__name__ for payload in revisions.EVENTS]
    return [name for name in names if name not in needs or needs[name]()]


def _possible(world: _World, *, with_revisions: bool) -> dict[str, list[str]]:
    """Each type that can be appended now, with the subjects that can have it."""
    found: dict[str, list[str]] = {}
    for subject in world.versions:
        world.subject = subject
        names = [OPENINGS[subject.partition("/")[0]].__name__, *_reportable(world)]
        for name in [*names, *_revisable(world)] if with_revisions else names:
            found.setdefault(name, []).append(subject)
    return found


@st.composite
def histories(
    draw: st.DrawFn, *, min_steps: int = 0, max_steps: int = 15, with_revisions: bool = True
) -> list[dict[str, Any]]:
    """Reports of subjects of all families, each valid where it stands.

    Args:
        min_steps, max_steps: how many reports there are besides the first opening of each subject (9 to 12 of them).
        with_revisions: whether some are corrections, retractions and the like.
    """
    world = _World()
    waiting = list(FIRST)
    waiting += draw(st.permutations(THEN))
    waiting += draw(st.lists(st.sampled_from(FURTHER), max_size=3, unique=True))
    steps = draw(st.integers(min_steps, max_steps))
    ids = draw(st.permutations(range(len(waiting) + steps)))  # they neither follow nor oppose the order of arrival

    def append(report: dict[str, Any]) -> None:
        number = ids[len(world.events)]
        wire = {"id": f"00000000-0000-4000-8000-{number:012}", "subject": world.subject, **report}
        world.events.append(wire)
        world.versions[world.subject] = world.versions.get(world.subject, 0) + 1

    while waiting or steps:
        if waiting and (len(world.versions) < len(FIRST) or steps == 0 or draw(st.booleans())):
            world.subject = waiting.pop(0)
            append(_report(draw, OPENINGS[world.subject.partition("/")[0]].__name__, world))
            continue
        steps -= 1
        append(_following(draw, world, with_revisions=with_revisions))
    return world.events


@st.composite
def with_unified_actors(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A history in which actors are said to be one at any time, and some of that is taken back later."""
    log = list(draw(histories()))
    for number in range(draw(st.integers(1, 3))):
        actors = list(dict.fromkeys(one["subject"] for one in log if one["subject"].startswith("actors/")))
        gives_way, into = draw(st.permutations(actors))[:2]
        opened = max(next(i for i, one in enumerate(log) if one["subject"] == actor) for actor in (gives_way, into))
        at = draw(st.integers(opened + 1, len(log)))
        unified = f"00000000-0000-4000-9000-{number:012}"
        data = {"into": into, "reason": "one group under two names"}
        log.insert(at, {"id": unified, "type": "SubjectUnified", "subject": gives_way, "data": data})
        if draw(st.booleans()):
            apart = {"event": unified, "reason": "two groups"}
            retraction = {"type": "EventRetracted", "subject": gives_way, "data": apart}
            place = draw(st.integers(at + 1, len(log)))
            log.insert(place, {"id": f"00000000-0000-4000-a000-{number:012}", **retraction})
    return log


def _following(draw: st.DrawFn, world: _World, *, with_revisions: bool) -> dict[str, Any]:
    """What may be reported next on subjects that are open. It leaves in the world which subject it is about."""
    possible = _possible(world, with_revisions=with_revisions)
    name = draw(st.sampled_from(list(possible)))  # the type first: so the families are told of alike
    world.subject = draw(st.sampled_from(possible[name]))
    if issubclass(PAYLOADS[name], Revision):
        return _revision(draw, name, world)
    if issubclass(PAYLOADS[name], Opening):
        return {**_report(draw, name, world), "expected_version": world.versions[world.subject]}
    return _report(draw, name, world)


@st.composite
def reports_after(draw: st.DrawFn, log: Sequence[dict[str, Any]], *, revision: bool | None = None) -> dict[str, Any]:
    """One report that the log takes after these, without an id: of a new subject, or of one that is open.

    Args:
        log: what was recorded, in the wire format; the subjects of `FIRST` are open.
        revision: whether it is to be one; None: either.
    """
    world = _World(events=[*log])
    for one in log:
        world.versions[one["subject"]] = world.versions.get(one["subject"], 0) + 1
    waiting = [path for path in (*FIRST, *THEN, *FURTHER) if path not in world.versions]
    if revision:
        world.subject = draw(st.sampled_from(list(world.versions)))
        return {"subject": world.subject, **_revision(draw, draw(st.sampled_from(_revisable(world))), world)}
    if waiting and draw(st.integers(0, 3)) == 0:
        world.subject = draw(st.sampled_from(waiting))
        return {"subject": world.subject, **_report(draw, OPENINGS[world.subject.partition("/")[0]].__name__, world)}
    report = _following(draw, world, with_revisions=revision is None)
    return {"subject": world.subject, **report}


def read(wire: dict[str, Any]) -> Event:
    """An event of a history, as the log reads it."""
    sent = {key: value for key, value in wire.items() if key != "expected_version"}
    return read_event(sent, json.dumps(sent))
