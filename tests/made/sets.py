"""Made sets of reports: what they tell, when it was recorded, and which findings must come of it.

A set has a body, in which nothing is planted, and cases. A case is a small process of its own in which one rule either
must find something (a true case) or has to keep still although it looks much the same (a near miss). Dates of a case
are days after the first day of its kind of set: `d:5` in any text is the fifth day after it, `m:1` the month after it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from domain import families, vocabulary
from domain.event import Recorded
from domain.values import Subject
from tests.strategies import read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When the sets are looked at."""
LOADED = datetime(2026, 2, 20, 9, tzinfo=UTC)
"""When what is not followed was recorded, all at once."""
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
"""When actors were recorded."""
FOLLOWED_FROM = date(2026, 1, 10)
"""The first day of what is followed."""
HEARD_LAST, HEARD = "2026-02-27", datetime(2026, 2, 28, 12, tzinfo=UTC)
"""When what is followed was heard of last, and when that was recorded: nothing of it is silent
that is not meant to be."""
OPENS = -5
"""The day on which the subjects of a case are reported first, if the case does not say so itself."""
PARTIES = [{"actor": actor, "role": "conflict party"} for actor in ("army", "council")]
DATED = re.compile(r"\b([dm]):(-?\d+)")


@dataclass(frozen=True)
class Kind:
    """What all of a set share."""

    name: str
    begins: date
    """The first day of what is not followed."""
    publisher: str
    published: str | None
    """When its sources were published; None: on the day after what they tell."""


PRESS = Kind("press archive", date(2014, 5, 10), "Northern Wire", None)
REGISTER = Kind("coded register", date(1996, 5, 10), "Register of Agreements", "2024-06-30")
BOTH = (PRESS, REGISTER)


@dataclass(frozen=True)
class Told:
    """One report of a case."""

    type: str
    day: int | str
    data: Mapping[str, Any]
    on: str
    """The family of its subject; `agreements+b` is a second subject of the case."""
    by: str | Mapping[str, Any] | None
    """The claimant, or fields of the source; None: the publisher of the set."""
    name: str | None
    """What other reports of the case call it: `@name` in their data is its id."""
    envelope: Mapping[str, Any]


def told(
    type: str,
    day: int | str,
    data: Mapping[str, Any] | None = None,
    *,
    on: str | None = None,
    by: str | Mapping[str, Any] | None = None,
    name: str | None = None,
    **envelope: Any,
) -> Told:
    """A report of a case; without `on` it is on a subject of the family of its type."""
    return Told(type, day, data or {}, on or vocabulary.families_of(type)[0], by, name, envelope)


@dataclass(frozen=True)
class Case:
    """A small process in which a rule finds something, or must not."""

    rule: str
    is_true: bool
    reports: tuple[Told, ...]
    at: str
    """The family of the subject on which it is found, as `Told.on`."""
    followed: bool
    heard: bool
    """Whether a process that is followed was heard of lately."""
    kinds: tuple[Kind, ...]
    also: tuple[tuple[str, str], ...] = ()
    """What is found beside it, and rightly: rule, and the family of the subject."""


def true(
    rule: str,
    *reports: Told,
    at: str | None = None,
    followed: bool = False,
    heard: bool = True,
    kinds: tuple[Kind, ...] = BOTH,
    also: tuple[tuple[str, str], ...] = (),
) -> Case:
    """A case in which the rule must find something on the subject of the last report, or on `at`."""
    return Case(rule, True, reports, at or reports[-1].on, followed, heard, (PRESS,) if followed else kinds, also)


def near(rule: str, *reports: Told, followed: bool = False, heard: bool = True, kinds: tuple[Kind, ...] = BOTH) -> Case:
    """A case in which the rule must find nothing."""
    return Case(rule, False, reports, "", followed, heard, (PRESS,) if followed else kinds)


@dataclass
class MadeSet:
    """A set of reports and the truth that it carries."""

    kind: Kind
    wires: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """Reports as they are sent, each with when it was recorded."""
    truth: Counter[tuple[str, Subject]] = field(default_factory=Counter)
    """What must be found: rule and subject."""
    planted: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """The cases of each rule, true ones and near misses."""
    body: set[str] = field(default_factory=set)
    """The processes of the body."""
    body_events: int = 0

    def send(self, type: str, subject: str, occurred: str | None, data: Mapping[str, Any], **more: Any) -> str:
        """Adds a report and gives its id; `recorded` is when it was recorded, with the others if that is left out."""
        recorded = more.pop("recorded", LOADED)
        event_id = more.pop("id", None) or str(uuid5(NAMESPACE_URL, f"{self.kind.name} {len(self.wires)}"))
        wire = {"id": event_id, "type": type, "subject": subject, "data": dict(data), **more}
        if not vocabulary.PAYLOADS[type].revises:
            wire["occurred"] = occurred
        self.wires.append((recorded, wire))
        return event_id

    def identify(self, *actors: str) -> None:
        """Adds actors, recorded before anything names them."""
        for actor in actors:
            data = {"labels": [{"text": actor}], "kind": "other"}
            self.send("ActorIdentified", f"actors/{actor}", "2013", data, recorded=FIRST)

    def plant(self, cases: Sequence[Case]) -> None:
        """Adds the cases that go with its kind."""
        for case in cases:
            if self.kind in case.kinds:
                number = self.planted[case.rule, case.is_true] = self.planted[case.rule, case.is_true] + 1
                Planting(self, case, f"{case.rule}-{'' if case.is_true else 'near-'}{number}").plant()

    def log(self) -> list[Recorded]:
        """All reports as a log has recorded them."""
        versions: Counter[str] = Counter()
        log = []
        for position, (at, wire) in enumerate(sorted(self.wires, key=lambda one: one[0]), 1):
            event = read(wire)
            versions[event.subject] += 1
            moment = at + timedelta(milliseconds=position)
            log.append(Recorded(event, position, versions[event.subject], moment, "office", 1))
        return log


@dataclass
class Planting:
    """One case on its way into a set."""

    made: MadeSet
    case: Case
    process: str

    def plant(self) -> None:
        reports = self.case.reports
        opened = {one.on for one in reports if vocabulary.PAYLOADS[one.type].opens}
        missing = [on for on in dict.fromkeys(("processes", *(one.on for one in reports))) if on not in opened]
        openings = [replace(neutral(on), day=OPENS) for on in missing]
        if self.case.rule != "acting-without-role":
            openings += [told("RoleTaken", OPENS, role, on="processes") for role in PARTIES]
        every = sorted((*openings, *reports), key=_rank)
        if self.case.followed and self.case.heard:
            every.append(told("StatementMade", HEARD_LAST, {"text": "The process goes on."}, on="processes"))
        ids: dict[str | None, str] = {
            one.name: str(uuid5(NAMESPACE_URL, f"{self.process} {one.name}")) for one in every if one.name
        }
        for one in every:
            self._send(one, ids)
        found = [(self.case.rule, self.case.at)] if self.case.is_true else []
        for rule, at in (*found, *self.case.also):
            self.made.truth[rule, self._subject(at)] += 1

    def _send(self, one: Told, ids: Mapping[str | None, str]) -> None:
        payload = vocabulary.PAYLOADS[one.type]
        data = dict(one.data)
        if "processes" in payload.model_fields:
            data.setdefault("processes", [self.process])
        occurred = self._dated(f"d:{one.day}" if isinstance(one.day, int) else one.day)
        more: dict[str, Any] = dict(one.envelope)
        if one.name:
            more["id"] = ids[one.name]
        if not payload.revises or one.by is not None:
            more.setdefault("sources", [self._source(one)])
        more = {name: self._resolved(value, ids) for name, value in more.items()}
        moment = self._recorded(one)
        resolved = self._resolved(data, ids)
        self.made.send(one.type, self._subject(one.on), occurred, resolved, recorded=moment, **more)

    def _source(self, one: Told) -> dict[str, Any]:
        after = f"d:{one.day + 1}" if isinstance(one.day, int) else None
        source = {"publisher": self.made.kind.publisher, "published": self.made.kind.published or after}
        if isinstance(one.by, str):
            source["claimant"] = one.by
        elif one.by is not None:
            source |= one.by
        return {name: value for name, value in source.items() if value is not None}

    def _recorded(self, one: Told) -> datetime:
        if not self.case.followed:
            return LOADED
        if not isinstance(one.day, int):
            return HEARD
        return datetime.combine(FOLLOWED_FROM + timedelta(one.day + 1), time(12), UTC)

    def _subject(self, on: str) -> Subject:
        family, _, second = on.partition("+")
        return Subject(f"{family}/{self.process}{f'-{second}' if second else ''}")

    def _resolved(self, value: Any, ids: Mapping[str | None, str]) -> Any:
        match value:
            case str() if value.startswith("@"):
                return ids.get(value[1:]) or self._subject(value[1:])
            case str() if value.startswith("#"):
                return self._subject(value[1:]).partition("/")[2]
            case str():
                return self._dated(value.replace("$", self.process))
            case Mapping():
                return {name: self._resolved(inner, ids) for name, inner in value.items()}
            case list():
                return [self._resolved(inner, ids) for inner in value]
            case _:
                return value

    def _dated(self, text: str) -> str:
        begins = FOLLOWED_FROM if self.case.followed else self.made.kind.begins

        def day(found: re.Match[str]) -> str:
            number = int(found[2])
            if found[1] == "d":
                return (begins + timedelta(number)).isoformat()
            year, month = divmod(begins.year * 12 + begins.month - 1 + number, 12)
            return f"{year}-{month + 1:02}"

        return DATED.sub(day, text)


def _rank(one: Told) -> int:
    """The place of a report within a case, so that it names what is open: processes, other openings, the rest."""
    return 0 if one.type == "ProcessOpened" else 1 if vocabulary.PAYLOADS[one.type].opens else 2


def neutral(on: str) -> Told:
    """The first report of a subject that says nothing of note."""
    family = on.partition("+")[0]
    title = [{"text": f"{family.removesuffix('s').capitalize()} of the valley", "lang": "en"}]
    data: dict[str, dict[str, Any]] = {
        "processes": {"labels": title, "time_zone": "UTC"},
        "talks": {"title": title, "between": ["army", "council"]},
        "agreements": {"title": title, "between": ["army", "council"]},
        "convoys": {"title": title, "kind": "aid"},
        "enrolments": {"title": title},
    }
    return told(families.OPENINGS[family].__name__, OPENS, data[family], on=on)
