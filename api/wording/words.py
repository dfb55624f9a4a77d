"""Dates, numbers, names and sources in words that a reader uses, for terminal and pages.

Dates come in EDTF (see `domain.edtf`); what cannot be read, say from a newer server, is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projections.answers.explanations import ActorName, Marks, ShownHorizon

Fields = Mapping[str, Any]
"""What an event says, by the names of its fields."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEASONS = {"21": "spring", "22": "summer", "23": "autumn", "24": "winter"}
QUALIFIERS = {"~": "about ", "?": "perhaps ", "%": "perhaps about "}

# Control characters can move a cursor, and overrides of direction can turn digits round: a terminal shows neither.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """A text from outside, safe to print."""
    return _UNSEEN.sub("\ufffd", str(text))


# --- dates ----------------------------------------------------------------------------------------------------

_DATE = re.compile(r"(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([?~%]?)")
_YEARS = re.compile(r"(\d\d)([0-9X])X([?~%]?)")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.0+)?(Z|[-+]\d\d:\d\d)")


def when(text: str | None) -> str:
    """A date in words: `../2017-10-27` is "not after 27 Oct 2017", `2017-10~` is "about Oct 2017"."""
    if text is None:
        return "date not said"
    start, slash, end = text.partition("/")
    if not slash:
        return _one(text)
    if start == "..":
        return f"not after {_one(end)}"
    if end == "..":
        return f"not before {_one(start)}"
    if not start:
        return f"until {_one(end)}, beginning not known"
    if not end:
        return f"from {_one(start)}, end not known"
    return _between(start, end)


def since(text: str | None) -> str:
    """From when a state holds: `../2017-10-27` is "since 27 Oct 2017 or earlier"."""
    if text is None:
        return "since when is not said"
    start, slash, end = text.partition("/")
    if not slash:
        return f"since {_one(text)}"
    if start in ("", ".."):
        return f"since {_one(end)} or earlier"
    if end in ("", ".."):
        return f"since {_one(start)} or later"
    return f"since some time {_between(start, end)}"


def day(text: str) -> str:
    """The day of an RFC 3339 time."""
    return _one(text[:10])


def moment(text: str) -> str:
    """A time of the log, to the minute, in UTC: "22 Nov 2026 15:31 UTC"."""
    return f"{_one(text[:10])} {text[11:16]} UTC"


def ago(text: str, now: datetime) -> str:
    """How far a day in the past lies back: "today", "3 days ago", "9 years ago"."""
    try:
        days = (now - datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)).days
    except ValueError:
        return ""
    if days < 0:
        return "still to come"
    if days < 2:
        return ("today", "yesterday")[days]
    if days < 60:
        return f"{days} days ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"


def _between(start: str, end: str) -> str:
    first, last = _INSTANT.fullmatch(start), _INSTANT.fullmatch(end)
    if first and last and first[1] == last[1] and first[3] == last[3]:
        return f"{_one(first[1])} {first[2]} to {last[2]} {_zone(first[3])}"
    a, b = _one(start), _one(end)
    if _plain_day(start) and _plain_day(end):  # 27 to 29 Oct 2017
        if start[:7] == end[:7]:
            a = a.split(" ")[0]
        elif start[:4] == end[:4]:
            a = a.rpartition(" ")[0]
    return f"{a} to {b}"


def _plain_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None


def _one(text: str) -> str:
    if match := _INSTANT.fullmatch(text):
        return f"{_one(match[1])} {match[2]} {_zone(match[3])}"
    if match := _YEARS.fullmatch(text):
        century, decade, qualifier = match.groups()
        first, last = (
            (f"{century}00", f"{century}99") if decade == "X" else (f"{century}{decade}0", f"{century}{decade}9")
        )
        return f"{QUALIFIERS.get(qualifier, '')}some year {first} to {last}"
    match = _DATE.fullmatch(text)
    if not match:
        return clean(text)
    year, month, on, qualifier = match.groups()
    return QUALIFIERS.get(qualifier, "") + _date(str(int(year)), month, on)


def _date(year: str, month: str | None, on: str | None) -> str:
    if month is None:
        return year
    if month == "XX":
        return f"some {'day' if on else 'month'} of {year}"
    if month == "24":  # December to February
        return f"winter {year}/{(int(year) + 1) % 100:02}"
    if month in SEASONS:
        return f"{SEASONS[month]} {year}"
    named = f"{MONTHS[int(month) - 1]} {year}" if 1 <= int(month) <= 12 else f"{year}-{month}"
    if on is None:
        return named
    return f"some day of {named}" if on == "XX" else f"{int(on)} {named}"


def _zone(text: str) -> str:
    return "UTC" if text == "Z" else text


# --- numbers --------------------------------------------------------------------------------------------------


def number(value: float | None) -> str:
    return "not said" if value is None else f"{value:,}"


def quantity(amount: Fields, unit: str | None = None) -> str:
    """A claimed number with its qualifier and unit: "more than 20,000 persons", "1,500 to 2,500 persons".

    Of a number without a `value`, the bounds are given.
    """
    what = clean(amount.get("unit") or unit or "persons")
    value, qualifier = amount.get("value"), amount.get("qualifier") or "exact"
    low, high = amount.get("low"), amount.get("high")
    if value is not None:
        words = number(value) if qualifier == "exact" else f"{clean(qualifier)} {number(value)}"
    elif qualifier == "several":
        words = "several"
    elif low is not None and high is not None:
        words = f"{number(low)} to {number(high)}"
    elif high is not None:
        words = f"at most {number(high)}"
    else:
        words = f"at least {number(low)}"
    return f"{words} {what}"


def times(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: "1 event", "42 events"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


# --- names ----------------------------------------------------------------------------------------------------


def spoken(name: str) -> str:
    """The name of an event type as words: `TalksScheduled` is "talks scheduled"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", clean(name)).lower()


def label(labels: Any, otherwise: str = "without a name") -> str:
    """The first of the labels of a thing."""
    return clean(labels[0]["text"]) if labels else otherwise


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    items = list(words)
    return f" {last} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def cohort(people: Fields) -> str:
    """People as a group: "about 30 wounded"."""
    category = clean(people["category"]) + (f", {clean(people['who'])}" if people.get("who") else "")
    return f"{category}: {quantity(people['quantity'])}" if people.get("quantity") else category


def item(goods: Fields) -> str:
    """Cargo: "food baskets: 3,000 baskets"."""
    description = clean(goods["description"])
    return f"{description}: {quantity(goods['quantity'])}" if goods.get("quantity") else description


# --- sources --------------------------------------------------------------------------------------------------


def source(source: Fields, actors: Mapping[str, ActorName]) -> str:
    """Who says so, through whom, when: "one field commander, unnamed (TASS, 27 Oct 2017)"."""
    publisher = clean(source.get("publisher", "publisher not said"))
    if source.get("published"):
        publisher += f", {when(source['published'])}"
    if source.get("grade"):
        publisher += f", grade {clean(source['grade'])}"
    claimant = source.get("claimant")
    if claimant in (None, "unattributed") or claimant == source.get("publisher"):
        return publisher
    return f"{claimed_by(claimant, actors)} ({publisher})"


def claimed_by(claimant: str, actors: Mapping[str, ActorName]) -> str:
    """A claimant by name: an actor's label, or the description as it stands."""
    known = actors.get(claimant.removeprefix("actors/")) if claimant.startswith("actors/") else None
    return clean(known["label"]) if known else clean(claimant)


def grounds(reports: Iterable[Fields], actors: Mapping[str, ActorName], most: int = 3) -> str:
    """What a line rests on, in one phrase: who says so, our own part in it, and how sensitive it is."""
    said: dict[str, None] = {}
    sensitivity = ""
    for report in reports:
        sources = dict.fromkeys(source(s, actors) for s in report.get("sources", ()))
        if report.get("basis") == "inferred by us":
            said["inferred by us" + (f" from {listed(sources)}" if sources else "")] = None
        elif report.get("basis") == "observed":
            said["observed by us" + (f"; also {listed(sources)}" if sources else "")] = None
        else:
            said |= sources or {"no source given": None}
        if report.get("sensitivity") in ("high", "severe") and sensitivity != "severe":
            sensitivity = str(report["sensitivity"])
    phrases = list(said)
    if len(phrases) > most:
        phrases = [*phrases[:most], f"{len(phrases) - most} more"]
    return "; ".join(phrases) + (f" [sensitivity {sensitivity}]" if sensitivity else "")


# --- the horizon, and what became of a report -------------------------------------------------------------------

POSSIBLY = {
    "occurrence": "possibly: its date is too vague to tell",
    "publication": "possibly: whether it was published by then is not known",
    "identity": "only its name is taken from here: it lies beyond the horizon",
}


def horizon(horizon: ShownHorizon) -> str:
    """A horizon that was asked for in one line: "As of 29 Oct 2017; 3 reports only possibly inside; 12 beyond it".

    Of the present it says nothing.
    """
    asked = (
        ("as of", horizon.get("as_of")),
        ("published by", horizon.get("published_by")),
        ("known at", horizon.get("known_at")),
    )
    bounds = [f"{lead} {when(bound)}" for lead, bound in asked if bound is not None]
    at, position = horizon.get("known_at_position"), horizon.get("position")
    if at is not None:
        bounds.append(f"known at log position {number(at)}")
    if position is not None and position != at:
        bounds.append(f"that is log position {number(position)}")
    if not bounds:
        return ""
    said = " · ".join(bounds)
    inside = [f"{times(horizon['possible'], 'report')} only possibly inside"] if horizon.get("possible") else []
    beyond = [f"{number(horizon['beyond'])} beyond it"] if horizon.get("beyond") else []
    return "; ".join([said[:1].upper() + said[1:], *inside, *beyond])


def possibly(reports: Iterable[Marks]) -> str:
    """Why what rests on these reports is only possibly inside the horizon; nothing if one is surely inside."""
    reasons = [report.get("possible") for report in reports]
    if not reasons or None in reasons:
        return ""
    return POSSIBLY.get(str(reasons[0]), "possibly") if len(set(reasons)) == 1 else "possibly"


def marks(report: Marks, revisions: Mapping[str, Fields], actors: Mapping[str, ActorName]) -> list[str]:
    """What became of a report: "corrected: our error", "disputed by the committee".

    Args:
        report: the report, with the ids of what revises it.
        revisions: those events by id, as far as they were looked up.
        actors: names.
    """
    said: list[str] = []
    if report.get("corrected_by"):
        by = clean(_data(revisions, report["corrected_by"][0]).get("by", ""))
        said.append(by if by.startswith("corrected") else f"corrected: {by}" if by else "corrected")
    if report.get("retracted_by"):
        said.append("retracted")
    for dispute in report.get("disputed_by", ()):
        data = _data(revisions, dispute)
        who = claimed_by(f"actors/{data['by']}", actors) if data.get("by") else clean(data.get("described") or "")
        said.append(f"disputed by {who.removeprefix('actors/')}" if who else "disputed")
    if report.get("same_as"):
        said.append("a duplicate, counted once")
    return list(dict.fromkeys(said))


def _data(events: Mapping[str, Fields], event: str) -> Fields:
    data: Fields = events.get(event, {}).get("data", {})
    return data


# --- any payload in one line ----------------------------------------------------------------------------------

_LEFT_OUT = {"processes", "verbatim", "precision"}
_DATES = {"when", "until", "starts", "answer_by", "deadline", "planned", "period", "valid_until", "dated"}


def gist(data: Any, actors: Mapping[str, ActorName] | None = None) -> str:
    """What an event says, field by field in short, whatever its type: also one that a newer server knows."""
    parts: list[str] = []
    for name, value in data.items() if isinstance(data, dict) else ():
        if name in _LEFT_OUT or value in (None, False, [], {}):
            continue
        said = _said(name, value, actors or {})
        if said:
            parts.append(said)
    return "; ".join(dict.fromkeys(parts))


def _said(name: str, value: Any, actors: Mapping[str, ActorName]) -> str:
    match value:
        case bool():
            return name.replace("_", " ")
        case str() if name in _DATES:
            return when(value) if name == "when" else f"{name.replace('_', ' ')} {when(value)}"
        case str():
            known = actors.get(value)
            return clean(known["label"] if known else value)
        case int() | float():
            return f"{name.replace('_', ' ')} {number(value)}"
        case {"labels": [*_] as labels}:
            return label(labels)
        case {"unit": _} | {"qualifier": _} | {"value": _} | {"low": _} | {"high": _}:
            return quantity(value)
        case {"category": str()}:
            return cohort(value)
        case {"description": str()}:
            return item(value)
        case {"text": str(text)}:
            return clean(text)
        case list() if name in ("title", "labels"):
            return label(value)
        case list():
            return listed(filter(None, (_said(name, part, actors) for part in value)))
        case dict():
            return gist(value, actors)
        case _:
            return ""
