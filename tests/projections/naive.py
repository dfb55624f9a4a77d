"""The five steps of a horizon done the slow and obvious way: the reference that `domain.horizon` is held against.

Every question ("is this revision in effect?", "how does this event read?") is answered anew, by recursion over the
whole log; nothing is kept, sorted once or passed along. It shares no code with `domain.horizon`, only values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from domain import families
from domain.edtf import BEGINNING, END, Span, When
from domain.event import Event, Opening, ProcessOpening, Recorded, Revision
from domain.horizon import Horizon
from domain.processes import ProcessOpened, ProcessState
from domain.revisions import CorrectedBy, DuplicateMarked, EventCorrected, EventRetracted, SubjectUnified
from domain.values import EventId, Source, Subject
from tests.strategies import read

ZONES = 14 * 3600
"""Seconds between a calendar date and an instant that nobody can tell the order of."""

Log = list[Recorded]


@dataclass(frozen=True)
class Inside:
    """An event inside a horizon."""

    event: Event
    """As it reads, on the subject that stays, with the sources of its duplicates."""
    repeats: tuple[EventId, ...]
    """Its duplicates, in the order in which they were recorded."""
    possible: str | None
    """Why it is only possible: `occurrence`, `publication`, `revision`, `identity`; None: it is certain."""


def naively(horizon: Horizon, log: Log) -> dict[Subject, dict[EventId, Inside]]:
    """The events inside, by subject and id."""
    known = [r for r in log if horizon.position is None or r.position <= horizon.position]  # step 1
    passed = [r for r in known if published(r, known, horizon) in enough(r)]  # step 2
    found: dict[Subject, dict[EventId, Inside]] = {}
    for recorded in passed:  # steps 3 and 4
        event = stands(recorded, passed)
        if event is not None and occurred(event, horizon, known) != "no":
            why = None
            if still_to_come(event, horizon, known) == "yes":
                if isinstance(event.data, Opening) and event.subject.startswith("processes/"):
                    found.setdefault(event.subject, {})
                continue
            if "maybe" in (occurred(event, horizon, known), still_to_come(event, horizon, known)):
                why = "occurrence"
            elif all(published(one, known, horizon) == "maybe" for one in [recorded, *doubles(recorded, passed)]):
                why = "publication"
            elif any(about(r, known) is recorded and published(r, known, horizon) == "maybe" for r in known):
                why = "revision"
            event = with_what_was_out(event, recorded, horizon)
            found.setdefault(event.subject, {})[event.id] = Inside(event, repeats(recorded, passed), why)
    for subject, inside in found.items():  # an opening lends its name
        if not any(isinstance(one.event.data, Opening) for one in inside.values()):
            late = [r for r in known if isinstance(r.event.data, Opening) and published(r, known, horizon) == "no"]
            for recorded in (*passed, *late):
                among = [*passed, *late] if recorded in late else passed
                event = stands(recorded, among)
                if event is not None and event.subject == subject and isinstance(event.data, Opening):
                    event = with_what_was_out(event, recorded, horizon)
                    inside[event.id] = Inside(event, repeats(recorded, among), "identity")
    return found


def enough(recorded: Recorded) -> tuple[str, ...]:
    """How surely an event must have been published to count: a revision that only may have been does not."""
    return ("yes",) if isinstance(recorded.event.data, Revision) else ("yes", "maybe")


def about(revision: Recorded, known: Log) -> Recorded | None:
    """The report at the end of a chain of corrections and retractions."""
    data = revision.event.data
    if not isinstance(data, EventCorrected | EventRetracted):
        return None
    target = next((r for r in known if r.event.id == data.event), None)
    if target is None or not isinstance(target.event.data, Revision):
        return target
    return about(target, known)


# --- which processes are followed


def followed(horizon: Horizon, log: Log) -> set[Subject]:
    """The processes that are followed: as the opening recorded last that says anything of it has it, else if any report
    on the process, or on what belongs to it, was recorded within 30 days of the last day that its date allows."""
    known = [r for r in log if horizon.position is None or r.position <= horizon.position]
    reports = [(r, event) for r in known if (event := stands(r, known)) is not None]
    come = [(r, event) for r, event in reports if still_to_come(event, horizon, known) != "yes"]
    come = [(r, event) for r, event in come if not event.subject.startswith(("actors/", "places/"))]
    found: set[Subject] = set()
    for process in {path for _, event in come for path in processes_of(event, known)}:
        says = [
            (r.position, event.data.followed)
            for r, event in come
            if event.subject == process and isinstance(event.data, ProcessOpened) and event.data.followed is not None
        ]
        mine = {event.subject for _, event in come if process in processes_of(event, known)}
        prompt = any(event.subject in mine and in_time(event, second(r)) for r, event in come)
        if max(says)[1] if says else prompt:
            found.add(process)
    return found


def processes_of(event: Event, known: Log) -> set[Subject]:
    """The process that a report is on, or those that it puts its subject into."""
    if event.subject.startswith("processes/"):
        return {event.subject}
    named = event.data.processes if isinstance(event.data, ProcessOpening) else ()
    return {stays(Subject(f"processes/{name}"), known) for name in named}


def in_time(event: Event, told_at: int) -> bool:
    """Whether a report was recorded within 30 days of the last day that its date allows somewhere, and not before it
    had begun anywhere; of a date that is open on one side the end that is known counts."""
    if event.occurred is None:
        return False
    first, slash, last = event.occurred.partition("/")
    ends = [end for end in ((last, first) if slash else (first,)) if end not in ("", "..")]
    if not ends:
        return False
    zones = [timezone(timedelta(hours=hours)) for hours in range(-12, 15)]
    begun = any(bounds_in(event.occurred, zone)[0] <= told_at for zone in zones)
    over = max(bounds_in(When(ends[0]), zone)[1] for zone in zones)
    return begun and told_at <= over + 1 + 30 * 86_400


# --- steps 2 and 4: dates


def by_end_of_in(when: When, cut: When, zones: list[str]) -> str:
    """Whether what has this date had come by the end of `cut`: yes, no, maybe; where a day meets an instant, by zones.

    Every zone that there may be is tried, from UTC-12 to UTC+14 if it is not known, and must give the same answer.
    """
    offsets = [timezone(timedelta(minutes=m)) for m in range(-12 * 60, 14 * 60 + 1, 15)]
    tried = [ZoneInfo(name) for name in zones] or offsets
    answers = set()
    for zone in tried:
        earliest, latest = bounds_in(when, zone)
        end = bounds_in(cut, zone)[1]
        answers |= {"no" if earliest > end else "yes" if latest <= end else "maybe"}
    return answers.pop() if len(answers) == 1 else "maybe"


def bounds_in(when: When, zone: tzinfo) -> tuple[int, int]:
    """The bounds of a date if its calendar dates are days of a zone; an end that is an instant stays as it is."""
    parts = when.split("/") if "/" in when else [when, when]
    first, last = parts
    earliest = BEGINNING if first in ("", "..") else in_zone(When(first).span.earliest, When(first).span.timed, zone)
    if last in ("", ".."):
        return earliest, END
    span = When(last).span
    latest = span.latest if span.timed else in_zone(span.latest + 1, False, zone) - 1
    return earliest, latest


def in_zone(midnight: int, timed: bool, zone: tzinfo) -> int:
    if timed:
        return midnight
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=midnight)).replace(tzinfo=zone)
    return int(local.timestamp())


def zones_naively(subject: Subject, known: Log) -> list[str]:
    """The names of the zones of the processes of a subject; none unless each has one that its reports agree on."""
    names = []
    for process in processes_naively(stays(subject, known), known):
        told = []
        for recorded in known:
            event = stands(recorded, known)
            if event is not None and event.subject == process and isinstance(event.data, ProcessOpened):
                told.append(event)
        state = families.fold("processes", told)
        assert isinstance(state, ProcessState)
        name = state.time_zone.value
        if name is None or name not in available_timezones():
            return []
        names.append(name)
    return names


def processes_naively(subject: Subject, known: Log) -> set[Subject]:
    if subject.startswith("processes/"):
        return {subject}
    found = set()
    for recorded in known:
        event = stands(recorded, known)
        if event is not None and event.subject == subject and isinstance(event.data, ProcessOpening):
            found |= {stays(Subject(f"processes/{name}"), known) for name in event.data.processes}
    return found


def by_end_of(span: Span, cut: Span) -> str:
    """Whether what lies within these bounds had come by the end of `cut`: yes, no, maybe."""
    doubt = ZONES if span.timed != cut.timed else 0
    if span.latest + doubt <= cut.latest:
        return "yes"
    return "no" if span.earliest > cut.latest + doubt else "maybe"


def occurred(event: Event, horizon: Horizon, known: Log) -> str:
    answers = ["yes"]
    if horizon.as_of is not None:
        answers.append(came(event, event.occurred, horizon.as_of, known) if event.occurred is not None else "maybe")
    if horizon.published_by is not None and event.occurred is not None and not tells_a_plan(event):
        start, slash, end = event.occurred.partition("/")
        goes_on = slash == "/" and end in ("", "..") and start not in ("", "..")
        answers.append(came(event, When(start) if goes_on else event.occurred, horizon.published_by, known))
    return "no" if "no" in answers else "maybe" if "maybe" in answers else "yes"


def came(event: Event, when: When, cut: When, known: Log) -> str:
    if not when.span.timed and not cut.span.timed:
        return by_end_of(when.span, cut.span)
    return by_end_of_in(when, cut, zones_naively(event.subject, known))


def still_to_come(event: Event, horizon: Horizon, known: Log) -> str:
    """Whether no moment that a report's date allows has come by the clock: yes, no, maybe; every zone is tried."""
    if horizon.now is None or horizon.as_of is not None or event.occurred is None or tells_a_plan(event):
        return "no"
    if event.subject.startswith(("actors/", "places/")):
        return "no"
    offsets = [timezone(timedelta(minutes=m)) for m in range(-12 * 60, 14 * 60 + 1, 15)]
    zones = [ZoneInfo(name) for name in zones_naively(event.subject, known)] or offsets
    answers = {bounds_in(event.occurred, zone)[0] > horizon.now for zone in zones}
    return "maybe" if len(answers) == 2 else "yes" if answers.pop() else "no"


def tells_a_plan(event: Event) -> bool:
    """Whether a report is announced or possible, sets or moves a date, or tells of a convoy that is to go, or of a
    passage that is to be opened."""
    if getattr(event.data, "modality", "actual") != "actual":
        return True
    if event.type == "ConvoyReported":
        return getattr(event.data, "planned", None) is not None
    if event.type == "PassageReported":
        return getattr(event.data, "passage", None) in ("agreed", "announced")
    return event.type in ("TalksScheduled", "TalksPostponed", "ConvoyPostponed")


def published(recorded: Recorded, known: Log, horizon: Horizon) -> str:
    if horizon.published_by is None:
        return "yes"
    cut = horizon.published_by.span
    data = recorded.event.data
    if isinstance(data, EventCorrected) and data.by is CorrectedBy.OURS:
        return "yes"
    if isinstance(data, Revision):
        sometime = by_end_of(Span(BEGINNING, second(recorded), timed=True), cut)
        dates = [source.published for source in recorded.event.sources or brings(recorded, known)]
        if isinstance(data, EventCorrected) and not dates:  # the source corrected itself, whenever that was
            return sometime
        answers = {by_end_of(date.span, cut) if date is not None else sometime for date in dates}
    else:
        ours = [r for r in known if r is recorded or may_tell_our_error(r, known, horizon)]
        told = reads(recorded, ours) or recorded.event
        answers = {source_published(source, told, recorded, cut) for source in told.sources}
    return "yes" if "yes" in answers or not answers else "maybe" if "maybe" in answers else "no"


def brings(revision: Recorded, known: Log) -> tuple[Source, ...]:
    """The sources of what a correction says that its target does not have as it was recorded."""
    data = revision.event.data
    if not isinstance(data, EventCorrected):
        return ()
    had: tuple[Source, ...] = ()
    for target in known:
        if target.event.id == data.event:
            said = target.event.data
            had = (
                as_replaced(target, said.replacement).sources
                if isinstance(said, EventCorrected)
                else target.event.sources
            )
    return tuple(source for source in as_replaced(revision, data.replacement).sources if source not in had)


def may_tell_our_error(recorded: Recorded, known: Log, horizon: Horizon) -> bool:
    """Our own corrections, and what was inside by then of that which retracts them."""
    data = recorded.event.data
    if isinstance(data, EventCorrected):
        return data.by is CorrectedBy.OURS
    return isinstance(data, EventRetracted) and published(recorded, known, horizon) == "yes"


def source_published(source: Source, told: Event, recorded: Recorded, cut: Span) -> str:
    if source.published is not None:
        return by_end_of(source.published.span, cut)
    recorded_at = Span(second(recorded), second(recorded), timed=True)  # by then it was there
    if by_end_of(recorded_at, cut) == "yes":
        return "yes"
    if tells_a_plan(told):  # of which a source may tell at any time before
        return "maybe"
    begins = told.span if told.span.earliest <= recorded_at.earliest else recorded_at  # before that it was not
    return "no" if by_end_of(begins, cut) == "no" else "maybe"


def with_what_was_out(event: Event, recorded: Recorded, horizon: Horizon) -> Event:
    """A report with the sources that may have come out by then, if any did."""
    if horizon.published_by is None:
        return event
    cut = horizon.published_by.span
    out = tuple(s for s in event.sources if source_published(s, event, recorded, cut) != "no")
    return event.model_copy(update={"sources": out}) if out else event


def second(recorded: Recorded) -> int:
    return int(recorded.recorded_at.timestamp())


# --- step 3: revisions


def last_word(target: Recorded, log: Log) -> Recorded | None:
    """The newest correction or retraction in effect of an event, be it a report or a revision."""
    words = [
        r
        for r in log
        if isinstance(r.event.data, EventCorrected | EventRetracted)
        and r.event.data.event == target.event.id
        and works(r, log)
    ]
    return max(words, key=lambda r: r.position, default=None)


def retracted(target: Recorded, log: Log) -> bool:
    word = last_word(target, log)
    return word is not None and isinstance(word.event.data, EventRetracted)


def works(revision: Recorded, log: Log) -> bool:
    """Whether a revision is in effect."""
    return not retracted(revision, log)


def wording(target: Recorded, log: Log) -> list[Recorded]:
    """The corrections that make an event read as it does: the one in effect, the one of that, and so on."""
    word = last_word(target, log)
    if word is None or isinstance(word.event.data, EventRetracted):
        return []
    return [word, *wording(word, log)]


def reads(report: Recorded, log: Log) -> Event | None:
    """How a report reads; None if it is retracted."""
    if retracted(report, log):
        return None
    words = wording(report, log)
    if not words:
        return report.event
    last = words[-1].event.data
    assert isinstance(last, EventCorrected)
    return as_replaced(report, last.replacement)


def as_replaced(target: Recorded, replacement: dict[str, Any]) -> Event:
    return read({**replacement, "id": str(target.event.id), "subject": target.event.subject})


def stands(report: Recorded, log: Log) -> Event | None:
    """A report as it stands: on the subject that stays, with its duplicates' sources; None if it does not."""
    if isinstance(report.event.data, Revision):
        return None
    event = reads(report, log)
    if event is None:
        return None
    alike = [r for r in same_report(report, log) if reads(r, log) is not None]
    if alike[0] is not report:
        return None
    sources = list(event.sources)
    if len(alike) > 1:
        sources = []
        for one in alike:
            for source in (reads(one, log) or one.event).sources:
                if source not in sources:
                    sources.append(source)
    return event.model_copy(update={"subject": stays(event.subject, log), "sources": tuple(sources)})


def doubles(report: Recorded, log: Log) -> Log:
    return [r for r in same_report(report, log) if reads(r, log) is not None and r is not report]


def repeats(report: Recorded, log: Log) -> tuple[EventId, ...]:
    return tuple(r.event.id for r in doubles(report, log))


def same_report(report: Recorded, log: Log) -> Log:
    """The reports that marks in effect say are the same as this one, itself included, in log order."""
    marks = [r.event.data for r in log if isinstance(r.event.data, DuplicateMarked) and works(r, log)]
    found = [report]
    for one in found:  # it grows
        for mark in marks:
            if one.event.id not in (mark.event, mark.of):
                continue
            for r in log:
                same = r.event.id in (mark.event, mark.of) and not isinstance(r.event.data, Revision)
                if same and r not in found and stays(r.subject, log) == stays(one.subject, log):
                    found.append(r)
    return sorted(found, key=lambda r: r.position)


def stays(subject: Subject, log: Log) -> Subject:
    """The id that stays of what is one with a subject."""
    joins = [
        (r.subject, r.event.data.into)
        for r in sorted(log, key=lambda r: r.position)
        if isinstance(r.event.data, SubjectUnified) and works(r, log)
    ]
    return _stays(subject, joins)


def _stays(subject: Subject, joins: list[tuple[Subject, Subject]]) -> Subject:
    """Given unifications oldest first: the newest one of those that are one with the subject names the id that stays.

    It names an id that may itself have given way before, to another that then stays; unless that is by what was known
    before already one with the id that gives way: then it means this very id.
    """
    if not joins:
        return subject
    *older, (gives_way, into) = joins
    if _stays(subject, older) not in (_stays(gives_way, older), _stays(into, older)):
        return _stays(subject, older)
    return into if _stays(gives_way, older) == _stays(into, older) else _stays(into, older)
