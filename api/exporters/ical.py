"""Deadlines as an iCalendar file (RFC 5545), for the calendar programs that people look at every day.

    one day, or some days up to a season   VEVENT over all days that the date allows, first and last included
    not after a day (`../2017-10-29`)      VEVENT on that day
    wider, or without a last day           VTODO with the first day as DTSTART and the last as DUE, as far as they are
                                           known: a year-long bar in a calendar hides what it should show

All-day throughout, in no time zone: a date is that of the place. An hour, where there is one, stands in the text.
STATUS is TENTATIVE where the date is approximate, uncertain or vaguer than a day, or where reports contradict each
other; else it is left out, since a plan is not an outcome and CONFIRMED would say more than anybody knows.

CLASS follows the sensitivity of the reports: PUBLIC for low, PRIVATE for moderate, CONFIDENTIAL from high on. Future
movements and the travel of delegates are high: of these an entry says only what is due, when, and in which process.
Of what is severe not even the name of the subject goes out. Venues and notes never do.

The same deadline keeps its UID when its date is corrected; DTSTAMP is when what it rests on was last recorded or
corrected. So the same log gives the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from icalendar import Calendar, Event, Todo

from domain.edtf import When
from domain.values import Sensitivity
from projections.answers.deadlines import Deadline
from projections.answers.explanations import ActorName, Explained
from projections.patience import each

UID_NAMESPACE = uuid5(NAMESPACE_URL, "parley:deadline")
"""What UIDs are made in. It never changes, or subscribers would see everything twice."""
MAX_OCTETS = 92
"""Days, those of a season, up to which an entry covers all days of a vague date."""
MAX_CLAIMANTS = 5
CLASSES = {
    Sensitivity.LOW: "PUBLIC",
    Sensitivity.MODERATE: "PRIVATE",
    Sensitivity.HIGH: "CONFIDENTIAL",
    Sensitivity.SEVERE: "CONFIDENTIAL",
}
END = b"END:VCALENDAR\r\n"

_EXACT = re.compile(r"\d{4}-\d\d-\d\d(T.+)?")


def calendar(deadlines: Iterable[Deadline], explained: Explained, name: str) -> bytes:
    """A calendar of deadlines.

    Args:
        deadlines: as /v1/deadlines lists them.
        explained: `actors` and `evidence` of that answer.
        name: what calendar programs show.
    """
    document = Calendar()
    document.add("prodid", "-//Parley//Deadlines//EN")
    document.add("version", "2.0")
    document.add("x-wr-calname", name)
    frame: bytes = document.to_ical()
    begin, end = frame[: -len(END)], frame[-len(END) :]
    return begin + b"".join(_entry(deadline, explained).to_ical() for deadline in each(deadlines)) + end


def uid(deadline: Deadline) -> UUID:
    """The same for the same deadline, whatever its date: by its subject, what it is, and the first report of it."""
    return uuid5(UID_NAMESPACE, " ".join((deadline["subject"], deadline["what"], deadline["events"][0])))


def _entry(deadline: Deadline, explained: Explained) -> Event | Todo:
    when, sensitivity = When(deadline["when"]), Sensitivity(deadline["sensitivity"])
    first, last = (date.fromisoformat(day) if day is not None else None for day in when.days)
    if last is not None and (first is None or (last - first).days < MAX_OCTETS):
        entry: Event | Todo = Event()
        entry.add("dtstart", first or last)
        if last != date.max:  # an all-day event without an end lasts one day
            entry.add("dtend", last + timedelta(days=1))
        entry.add("transp", "TRANSPARENT")
    else:
        entry = Todo()
        if first is not None:
            entry.add("dtstart", first)
        if last is not None:
            entry.add("due", last)
    open_to_doubt = deadline["contested"] or when.approximate or when.uncertain or not _is_exact(when)
    if open_to_doubt and isinstance(entry, Event):  # a VTODO knows no such status
        entry.add("status", "TENTATIVE")
    guarded = sensitivity in (Sensitivity.HIGH, Sensitivity.SEVERE)
    entry.add("uid", str(uid(deadline)))
    entry.add("dtstamp", datetime.fromisoformat(deadline["touched_at"]).replace(microsecond=0))
    entry.add("summary", _summary(deadline, guarded=guarded, unnamed=sensitivity is Sensitivity.SEVERE))
    entry.add("description", "\n".join(_description(deadline, explained, guarded=guarded)))
    entry.add("categories", [deadline["subject"].partition("/")[0], *deadline["processes"]])
    entry.add("class", CLASSES[sensitivity])
    return entry


def _is_exact(when: When) -> bool:
    """Whether each end that is given is given to the day."""
    return all(end in ("", "..") or _EXACT.fullmatch(end) for end in when.split("/"))


def _summary(deadline: Deadline, *, guarded: bool, unnamed: bool) -> str:
    what = deadline["what"].partition(":")[0] if guarded else " ".join(deadline["what"].split())
    family = deadline["subject"].partition("/")[0]
    return f"{family if unnamed else deadline['label']}: {what}"


def _description(deadline: Deadline, explained: Explained, *, guarded: bool) -> list[str]:
    """What the entry rests on, line by line; of what is sensitive only where to look."""
    lines = [f"Process: {', '.join(deadline['processes'])}", f"Date: {deadline['when']}"]
    if deadline["contested"]:
        lines.append("Reports contradict each other.")
    if guarded:
        return [*lines, f"Sensitivity: {deadline['sensitivity']}. Parley has the details."]
    if deadline["actor"] is not None:
        known = explained["actors"].get(deadline["actor"])
        lines.append(f"Owed by: {known['label'] if known else deadline['actor']}")
    claimants = dict.fromkeys(
        _name(claimant, explained["actors"])
        for event in deadline["events"]
        for claimant in explained["evidence"][event]["claimants"]
    )
    more = f" and {len(claimants) - MAX_CLAIMANTS} more" if len(claimants) > MAX_CLAIMANTS else ""
    lines.append(f"According to: {', '.join(list(claimants)[:MAX_CLAIMANTS])}{more}")
    return [*lines, f"Subject: {deadline['subject']}", f"Events: {', '.join(deadline['events'])}"]


def _name(claimant: str, actors: Mapping[str, ActorName]) -> str:
    known = actors.get(claimant.removeprefix("actors/")) if claimant.startswith("actors/") else None
    return str(known["label"]) if known else claimant
