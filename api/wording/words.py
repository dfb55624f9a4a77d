"""Dates, numbers, names and sources in words that a reader uses, for terminal and pages, in the language spoken.

Dates come in EDTF (see `domain.edtf`); what cannot be read, say from a newer server, is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api.wording import language
from api.wording.language import APART, IN_LANGUAGE, REJOINED, grouped, month, phrase, say, say_number, spoken_now, term
from domain.isolates import is_balanced

if TYPE_CHECKING:
    from projections.answers.explanations import ActorName, Marks, ShownHorizon
    from projections.answers.subjects import ShownRuns

Fields = Mapping[str, Any]
"""What an event says, by the names of its fields."""

SEASONS = {"21": phrase("spring {year}"), "22": phrase("summer {year}"), "23": phrase("autumn {year}")}
QUALIFIERS = {"~": phrase("about {date}"), "?": phrase("perhaps {date}"), "%": phrase("perhaps about {date}")}

# Control characters can move a cursor, and overrides of direction can turn digits round: a terminal shows neither.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ue000]")
_MISLEADING = re.compile(_UNSEEN.pattern.replace(r"\u2066-\u2069", ""))
"""The same without isolates of direction: where each is ended, a text in two directions reads in the right order."""
_TAG = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def clean(text: object) -> str:
    """A text from outside, safe to print; on a page, set apart from the words around it."""
    outside = str(text)
    if not spoken_now().apart:
        unseen = _MISLEADING if is_balanced(outside) else _UNSEEN
        return unseen.sub("\ufffd", outside)
    if not outside or (outside[0] == APART and _UNSEEN.search(outside, 1, len(outside) - 1) is None):
        return outside  # it was set apart already
    return f"{APART}{_UNSEEN.sub(chr(0xFFFD), outside)}{REJOINED}"


# --- dates ----------------------------------------------------------------------------------------------------

_DATE = re.compile(r"(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([?~%]?)")
_YEARS = re.compile(r"(\d\d)([0-9X])X([?~%]?)")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.0+)?(Z|[-+]\d\d:\d\d)")


def when(text: str | None) -> str:
    """A date in words: `../2017-10-27` is "not after 27 Oct 2017", `2017-10~` is "about Oct 2017"."""
    if text is None:
        return say("date not said")
    start, slash, end = text.partition("/")
    if not slash:
        return _one(text)
    if start == "..":
        return say("not after {date}", date=_one(end))
    if end == "..":
        return say("not before {date}", date=_one(start))
    if not start:
        return say("until {date}, beginning not known", date=_one(end))
    if not end:
        return say("from {date}, end not known", date=_one(start))
    return _between(start, end)


def since(text: str | None) -> str:
    """From when a state holds: `../2017-10-27` is "since 27 Oct 2017 or earlier"."""
    if text is None:
        return say("since when is not said")
    start, slash, end = text.partition("/")
    if not slash:
        return say("since {date}", date=_one(text))
    if start in ("", ".."):
        return say("since {date} or earlier", date=_one(end))
    if end in ("", ".."):
        return say("since {date} or later", date=_one(start))
    return say("since some time {dates}", dates=_between(start, end))


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
        return say("still to come")
    if days < 2:
        return say("yesterday") if days else say("today")
    if days < 60:
        return say_number("{number} day ago", "{number} days ago", days)
    if days < 730:
        return say_number("{number} month ago", "{number} months ago", days // 30)
    return say_number("{number} year ago", "{number} years ago", days // 365)


def _between(start: str, end: str) -> str:
    first, last = _INSTANT.fullmatch(start), _INSTANT.fullmatch(end)
    if first and last and first[1] == last[1] and first[3] == last[3]:
        hours = say("{first} to {last}", first=first[2], last=last[2])
        return f"{_one(first[1])} {hours} {_zone(first[3])}"
    a, b = _one(start), _one(end)
    if _plain_day(start) and _plain_day(end):  # 27 to 29 Oct 2017
        if start[:7] == end[:7]:
            a = a.split(" ")[0]
        elif start[:4] == end[:4]:
            a = a.rpartition(" ")[0]
    return say("{first} to {last}", first=a, last=b)


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
        return _qualified(qualifier, say("some year {first} to {last}", first=first, last=last))
    match = _DATE.fullmatch(text)
    if not match:
        return clean(text)
    year, month_, on, qualifier = match.groups()
    return _qualified(qualifier, _date(str(int(year)), month_, on))


def _qualified(qualifier: str, date: str) -> str:
    return say(QUALIFIERS[qualifier], date=date) if qualifier else date


def _date(year: str, month_: str | None, on: str | None) -> str:
    if month_ is None:
        return year
    if month_ == "XX":
        return say("some day of {date}", date=year) if on else say("some month of {date}", date=year)
    if month_ == "24":  # December to February
        return say("winter {year}", year=f"{year}/{(int(year) + 1) % 100:02}")
    if month_ in SEASONS:
        return say(SEASONS[month_], year=year)
    named = f"{month(int(month_))} {year}" if 1 <= int(month_) <= 12 else f"{year}-{month_}"
    if on is None:
        return named
    return say("some day of {date}", date=named) if on == "XX" else f"{int(on)} {named}"


def _zone(text: str) -> str:
    return "UTC" if text == "Z" else text


# --- numbers --------------------------------------------------------------------------------------------------


def number(value: float | None) -> str:
    return say("not said") if value is None else grouped(value)


def quantity(amount: Fields, unit: str | None = None) -> str:
    """A claimed number with its qualifier and unit: "more than 20,000 persons", "1,500 to 2,500 persons".

    Of a number without a `value`, the bounds are given.
    """
    what = amount.get("unit") or unit or "persons"
    value, qualifier = amount.get("value"), amount.get("qualifier") or "exact"
    low, high = amount.get("low"), amount.get("high")
    if value is not None:
        words = number(value) if qualifier == "exact" else f"{coded(qualifier)} {number(value)}"
    elif qualifier == "several":
        words = coded("several")
    elif low is not None and low == high:
        words = number(low)
    elif low is not None and high is not None:
        words = say("{first} to {last}", first=number(low), last=number(high))
    elif high is not None:
        words = say("at most {number}", number=number(high))
    else:
        words = say("at least {number}", number=number(low))
    counted = language.counted(words, what, value, high, low) or f"{words} {coded(what)}"
    return f"{counted}{parts(amount.get('parts'))}"


def parts(within: Sequence[Fields] | None) -> str:
    """Of whom how many: " (of whom 68 children, 3 aid workers)". They are within the number, and never added to it."""
    if not within:
        return ""
    said = (quantity({**part["quantity"], "unit": part["who"]}) for part in within)
    return say(" (of whom {parts})", parts=say(", ").join(said))


def times(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: "1 event", "42 events"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


# --- names ----------------------------------------------------------------------------------------------------


def coded(word: object) -> str:
    """A value of a list of ours in words, translated; what is not in the catalogue is text from outside."""
    text = str(word)
    translated = term(text)
    return translated if translated != text else clean(text)


def spoken(name: str) -> str:
    """The name of an event type as words: `TalksScheduled` is "talks scheduled"."""
    return coded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def foreign_ids(ids: Iterable[Fields]) -> str:
    """Ids in other registers: "pa-x-agreement 1234"."""
    return ", ".join(f"{clean(one['scheme'])} {clean(one['id'])}" for one in ids)


def codings(codes: Iterable[Fields]) -> str:
    """How code books code a thing: "pa-x-10 Ceas", "awsd Means=K"."""
    return ", ".join(
        f"{clean(one['scheme'])} {clean(one['code'])}" + (f"={clean(one['value'])}" if one.get("value") else "")
        for one in codes
    )


def schedule(expected: Fields) -> str:
    """When something that recurs is expected: its rule, or so many times per period."""
    if expected.get("rule"):
        return clean(expected["rule"])
    many = say_number("{number} time per {period}", "{number} times per {period}", expected["times"], period="{period}")
    return many.format(period=coded(expected["per"]))


def runs(counted: ShownRuns) -> str:
    """How many runs are reported in a period, of how many that are expected."""
    seen = grouped(counted["least"])
    if counted["most"] > counted["least"]:
        seen = say("{number}, perhaps {more}", number=seen, more=grouped(counted["most"]))
    return say(
        "runs reported: {seen} of {expected} expected, {first} to {last}",
        seen=seen,
        expected=grouped(counted["expected"]),
        first=when(counted["first"]),
        last=when(counted["last"]),
    )


def label(labels: Any, otherwise: str | None = None) -> str:
    """The first of the labels of a thing; in another language than English, the first one in that language, if any."""
    if not labels:
        return say("without a name") if otherwise is None else otherwise
    speech = spoken_now()
    code = speech.language.code
    own = (one for one in labels if code != "en" and str(one.get("lang", "")).casefold().partition("-")[0] == code)
    shown = next(own, labels[0])
    text, tag = clean(shown["text"]), str(shown.get("lang") or "")
    return apart(text, tag) if speech.apart and _TAG.fullmatch(tag) else text


def apart(text: str, tag: str) -> str:
    """A clean text set apart on a page, with its language, if that is not the one of the page."""
    bare = text.removeprefix(APART).removesuffix(REJOINED)
    language = f"{IN_LANGUAGE}{tag}{IN_LANGUAGE}" if tag.partition("-")[0] != spoken_now().language.code else ""
    return f"{APART}{language}{bare}{REJOINED}"


def place_names(named: Fields) -> str:
    """The first name of a place, with its others: "Madaya (مضايا)"."""
    name = place(named)
    others = dict.fromkeys(said for one in named.get("labels", ()) if (said := clean(one["text"])) not in name)
    return f"{name} ({', '.join(others)})" if others else name


def place(named: Fields) -> str:
    """The first name of a place, else its path; of two of one name (`homonyms`) what tells them apart."""
    name = label(named.get("labels"), f"places/{clean(named['id'])}" if named.get("id") else None)
    return f"{name} ({named['apart']})" if named.get("apart") else name


def listed(words: Iterable[str], last: str = phrase("{first} and {last}")) -> str:
    """`a, b and c`."""
    items = list(words)
    return say(last, first=say(", ").join(items[:-1]), last=items[-1]) if len(items) > 1 else "".join(items)


def cohort(people: Fields) -> str:
    """People as a group: "about 30 wounded"."""
    category = coded(people["category"]) + (f", {clean(people['who'])}" if people.get("who") else "")
    where = f" ({label(people['place']['labels'])})" if people.get("place") else ""
    return (f"{category}: {quantity(people['quantity'])}" if people.get("quantity") else category) + where


def item(goods: Fields) -> str:
    """Cargo: "food baskets: 3,000 baskets"."""
    description = clean(goods["description"])
    return f"{description}: {quantity(goods['quantity'])}" if goods.get("quantity") else description


# --- sources --------------------------------------------------------------------------------------------------


def source(source: Fields, actors: Mapping[str, ActorName]) -> str:
    """Who says so, through whom, when: "one field commander, unnamed (TASS, 27 Oct 2017)"."""
    publisher = clean(source["publisher"]) if source.get("publisher") else say("publisher not said")
    if source.get("published"):
        publisher += f"{say(', ')}{when(source['published'])}"
    if source.get("grade"):
        publisher += say(", grade {grade}", grade=clean(source["grade"]))
    claimant = source.get("claimant")
    if claimant in (None, "unattributed") or claimant == source.get("publisher"):
        return publisher
    return f"{claimed_by(claimant, actors)} ({publisher})"


def claimed_by(claimant: str, actors: Mapping[str, ActorName]) -> str:
    """A claimant by name: an actor's label, or the description as it stands."""
    known = actors.get(claimant.removeprefix("actors/")) if claimant.startswith("actors/") else None
    return clean(known["label"]) if known else coded(claimant)


def grounds(reports: Iterable[Fields], actors: Mapping[str, ActorName], most: int = 3) -> str:
    """What a line rests on, in one phrase: who says so, our own part in it, and how sensitive it is."""
    said: dict[str, None] = {}
    sensitivity = ""
    for report in reports:
        sources = dict.fromkeys(source(s, actors) for s in report.get("sources", ()))
        if report.get("basis") == "inferred by us":
            said[
                say("inferred by us from {sources}", sources=listed(sources)) if sources else say("inferred by us")
            ] = None
        elif report.get("basis") == "observed":
            said[
                say("observed by us; also {sources}", sources=listed(sources)) if sources else say("observed by us")
            ] = None
        else:
            said |= sources or {say("no source given"): None}
        if report.get("dating"):
            said[say("dated “{text}”", text=clean(report["dating"]))] = None
        if report.get("sensitivity") in ("high", "severe") and sensitivity != "severe":
            sensitivity = str(report["sensitivity"])
    phrases = list(said)
    if len(phrases) > most:
        phrases = [*phrases[:most], say_number("{number} more", "{number} more", len(phrases) - most)]
    return say("; ").join(phrases) + (f" [{say(SENSITIVITY[sensitivity])}]" if sensitivity else "")


# --- the horizon, and what became of a report -------------------------------------------------------------------

SENSITIVITY = {"high": phrase("sensitivity high"), "severe": phrase("sensitivity severe")}

POSSIBLY = {
    "occurrence": phrase("possibly: its date is too vague to tell"),
    "publication": phrase("possibly: whether it was published by then is not known"),
    "identity": phrase("only its name is taken from here: it lies beyond the horizon"),
}

ONLY_POSSIBLY = phrase("possibly")


def horizon(horizon: ShownHorizon) -> str:
    """A horizon that was asked for in one line: "As of 29 Oct 2017; 3 reports only possibly inside; 12 beyond it".

    Of the present it says nothing.
    """
    bounds = [
        say(lead, date=when(bound))
        for lead, bound in (
            (phrase("as of {date}"), horizon.get("as_of")),
            (phrase("published by {date}"), horizon.get("published_by")),
            (phrase("known at {date}"), horizon.get("known_at")),
        )
        if bound is not None
    ]
    at, position = horizon.get("known_at_position"), horizon.get("position")
    if at is not None:
        bounds.append(say("known at log position {position}", position=number(at)))
    if position is not None and position != at:
        bounds.append(say("that is log position {position}", position=number(position)))
    if not bounds:
        return ""
    said = " · ".join(bounds)
    possible, beyond = horizon.get("possible"), horizon.get("beyond")
    reports = "{number} report only possibly inside", "{number} reports only possibly inside"
    inside = [say_number(*reports, possible)] if possible else []
    outside = [say("{number} beyond it", number=number(beyond))] if beyond else []
    return say("; ").join([said[:1].upper() + said[1:], *inside, *outside])


def possibly(reports: Iterable[Marks]) -> str:
    """Why what rests on these reports is only possibly inside the horizon; nothing if one is surely inside."""
    reasons = [report.get("possible") for report in reports]
    if not reasons or None in reasons:
        return ""
    return say(POSSIBLY.get(str(reasons[0]), ONLY_POSSIBLY) if len(set(reasons)) == 1 else ONLY_POSSIBLY)


def marks(report: Marks, revisions: Mapping[str, Fields], actors: Mapping[str, ActorName]) -> list[str]:
    """What became of a report: "corrected: our error", "disputed by the committee".

    Args:
        report: the report, with the ids of what revises it.
        revisions: those events by id, as far as they were looked up.
        actors: names.
    """
    said: list[str] = []
    if report.get("corrected_by"):
        by = str(_data(revisions, report["corrected_by"][0]).get("by", ""))
        own = by.startswith("corrected") or not by
        said.append(coded(by or "corrected") if own else say("corrected: {by}", by=coded(by)))
    if report.get("retracted_by"):
        said.append(coded("retracted"))
    for dispute in report.get("disputed_by", ()):
        data = _data(revisions, dispute)
        described = clean(data["described"]) if data.get("described") else ""
        who = claimed_by(f"actors/{data['by']}", actors) if data.get("by") else described
        by = who.removeprefix("actors/")
        said.append(say("disputed by {who}", who=by) if by else coded("disputed"))
    if report.get("same_as"):
        said.append(say("a duplicate, counted once"))
    return list(dict.fromkeys(said))


def _data(events: Mapping[str, Fields], event: str) -> Fields:
    data: Fields = events.get(event, {}).get("data", {})
    return data


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
    return say("; ").join(dict.fromkeys(parts))


def field_name(name: str) -> str:
    """The name of a field in words. Some are words that mean another thing as a value: `about`, `low`."""
    text = name.replace("_", " ")
    translated = term(f"{text} (field)")
    return coded(text) if translated.endswith("(field)") else translated


def _said(name: str, value: Any, actors: Mapping[str, ActorName]) -> str:
    match value:
        case bool():
            return field_name(name)
        case str() if name in _DATES:
            return when(value) if name == "when" else f"{field_name(name)} {when(value)}"
        case str():
            known = actors.get(value)
            return clean(known["label"]) if known else coded(value)
        case int() | float():
            return f"{field_name(name)} {number(value)}"
        case {"labels": [*_] as labels}:
            return label(labels)
        case {"id": str()}:
            return place(value)
        case {"scheme": str(scheme), "value": str(code)}:
            return f"{clean(scheme)} {clean(code)}"
        case {"unit": _} | {"qualifier": _} | {"value": _} | {"low": _} | {"high": _}:
            return quantity(value)
        case {"scheme": str(), "id": str()}:
            return foreign_ids([value])
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
