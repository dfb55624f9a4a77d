"""The cut by publication: which reports and revisions had come out by the end of a day.

A report is judged by its sources as our own corrections of it read them; a revision by sources of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from domain.edtf import BEGINNING, END, Span
from domain.effect import corrections_among
from domain.event import Event, Recorded
from domain.revisions import CorrectedBy, EventCorrected, EventRetracted
from domain.values import EventId, Source
from domain.vocabulary import replaced


@lru_cache(maxsize=1 << 14)
def inside(span: Span, cut: Span) -> bool | None:
    """Whether what has these bounds had come by the end of `cut`: True, False, or None, which means possibly."""
    if cut.precedes(span):
        return False
    return True if span.precedes(Span(cut.latest + 1, END, cut.timed)) else None


def published_by(known: Sequence[Recorded], cut: Span) -> dict[EventId, bool | None]:
    """Whether each event had been published by the end of `cut`; those always inside are left out."""
    published: dict[EventId, bool | None] = {}
    by_id = {recorded.event.id: recorded.event for recorded in known}
    for recorded in known:
        if recorded.event.data.revises:
            _judge_revision(published, recorded, by_id, cut)
    inside_by_then = [r for r in known if r.event.data.revises and published.get(r.event.id, True) is True]
    read = _own_reading(known, [r for r in inside_by_then if not _corrects_for_the_source(r.event)])
    for recorded in known:
        if not recorded.event.data.revises:
            _judge(published, recorded, read.get(recorded.event.id) or recorded.event, cut)
    return published


def _judge(published: dict[EventId, bool | None], recorded: Recorded, event: Event, cut: Span) -> None:
    """Notes whether a report, as it reads, had been published by the end of `cut`, unless it always passes."""
    if event.sources:
        published[recorded.event.id] = _any(_was_published(source, event, recorded, cut) for source in event.sources)


def _judge_revision(
    published: dict[EventId, bool | None], recorded: Recorded, by_id: Mapping[EventId, Event], cut: Span
) -> None:
    """Notes whether a revision had been published by the end of `cut`, unless it always passes.

    What a source says of its own report counts from its own publication. If that is not dated, it came out on some day
    before we recorded it: when the corrected report occurred or was published says nothing about that.
    """
    event = recorded.event
    sources = event.sources
    if isinstance(event.data, EventCorrected):
        if event.data.by is CorrectedBy.OURS:
            return
        sources = sources or _new_sources(event, event.data, by_id.get(event.data.event))
    elif not sources:
        return
    undated = True if _recorded_by(recorded, cut) else None
    dates = [source.published for source in sources]
    published[event.id] = _any(inside(when.span, cut) if when is not None else undated for when in dates or [None])


def _new_sources(event: Event, data: EventCorrected, target: Event | None) -> tuple[Source, ...]:
    """The sources that a correction brings: those of what it says that the corrected report had not."""
    known: tuple[Source, ...] = ()
    if target is not None:
        correction = target.data if target.data.revises and isinstance(target.data, EventCorrected) else None
        known = target.sources if correction is None else replaced(target, correction).sources
    return tuple(source for source in replaced(event, data).sources if source not in known)


def _any(published: Iterable[bool | None]) -> bool | None:
    """Whether one of several sources had come out; None: possibly."""
    by_source = set(published)
    return True if True in by_source else None if None in by_source else False


def _own_reading(known: Sequence[Recorded], ours: Sequence[Recorded]) -> dict[EventId, Event]:
    """How reports read with revisions of our own alone, where these correct them."""
    corrections = corrections_among(ours)
    if not corrections:
        return {}
    wanted = (r for r in known if r.event.id in corrections and not r.event.data.revises)
    return {r.event.id: replaced(r.event, corrections[r.event.id]) for r in wanted}


def _corrects_for_the_source(event: Event) -> bool:
    return event.data.revises and isinstance(event.data, EventCorrected) and event.data.by is CorrectedBy.SOURCE


def as_published(event: Event, recorded: Recorded, cut: Span) -> Event:
    """A report with those of its sources that may have come out by then; with all, if it is always inside."""
    if len(event.sources) < 2:
        return event
    out = tuple(source for source in event.sources if _was_published(source, event, recorded, cut) is not False)
    return event if len(out) in (0, len(event.sources)) else event.repeated(event.repeats, out)


def _was_published(source: Source, event: Event, recorded: Recorded, cut: Span) -> bool | None:
    """Whether a source had come out: by its date; else some day from what it tells of to when it was recorded."""
    if source.published is not None:
        return inside(source.published.span, cut)
    if _recorded_by(recorded, cut):
        return True
    if event.data.is_plan:
        return None
    told_of = event.span if event.occurred is not None else Span(BEGINNING, BEGINNING, timed=False)
    return False if cut.precedes(told_of) and cut.precedes(_moment(recorded)) else None


def _recorded_by(recorded: Recorded, cut: Span) -> bool:
    return inside(_moment(recorded), cut) is True


def _moment(recorded: Recorded) -> Span:
    second = int(recorded.recorded_at.timestamp())
    return Span(second, second, timed=True)


def doubted_by(known: Sequence[Recorded], published: Mapping[EventId, bool | None]) -> set[EventId]:
    """The reports of which a correction or retraction may have been published: it takes no effect, and leaves doubt."""
    about: dict[EventId, EventId] = {}
    for recorded in known if published else ():
        if recorded.event.data.revises and isinstance(recorded.event.data, EventCorrected | EventRetracted):
            about[recorded.event.id] = recorded.event.data.event
    doubted: set[EventId] = set()
    for revision, target in about.items():
        if published.get(revision, True) is None:
            while target in about:
                target = about[target]
            doubted.add(target)
    return doubted
