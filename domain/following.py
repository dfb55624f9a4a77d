"""Which processes are followed: those of which reports are recorded while they are news. All others are archives.

A report was recorded promptly if that was within 30 days of the last day that its date allows. Of a date that is open
on one side the end that is known counts. What was recorded before it can have happened tells nothing of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from domain.edtf import When
from domain.effect import ReportStatus
from domain.event import Event, ProcessOpening
from domain.processes import ProcessOpened
from domain.spans import DAY, FIRST_MIDNIGHT, LAST_MIDNIGHT, begins, known_end, passes
from domain.values import IN_NO_PROCESS, EventId, Subject

PROMPT: Final = 30 * DAY
"""Seconds after the last day of what is reported within which it is recorded by those who follow a process."""


def recorded_promptly(event: Event, recorded_at: int) -> bool:
    """Whether a report was recorded within 30 days of the last day that its date allows, wherever that day was.

    Args:
        event: as it reads.
        recorded_at: when it was recorded, in seconds since 1970.
    """
    if event.occurred is None or event.span.latest + LAST_MIDNIGHT + PROMPT < recorded_at - 1:
        return False
    if ahead_of(event.occurred, recorded_at):
        return False
    end = known_end(event.occurred)
    moment = passes(end) if end is not None else None
    return moment is not None and recorded_at <= moment.last + PROMPT


def ahead_of(when: When, second: int) -> bool:
    """Whether the first moment that a date allows lies after a second everywhere."""
    if when.span.earliest + FIRST_MIDNIGHT <= second:
        return False
    moment = begins(when)
    return moment is not None and second < moment.first


def followed_processes(
    standings: Mapping[EventId, ReportStatus],
    joined: Mapping[Subject, Subject],
    held: Iterable[EventId] = (),
    prompted: Iterable[Subject] = (),
) -> frozenset[Subject]:
    """The processes that are followed, by the ids that stay.

    Of the openings that say whether it is, the one recorded last decides; if none does, any prompt report on it or on a
    subject that belongs to it.

    Args:
        standings: what became of each report.
        joined: the subjects that gave way, each with the one that stays.
        held: the reports among these that are still to come: they do not count.
        prompted: processes of which other reports, not given here, were prompt.
    """
    said: dict[Subject, tuple[int, bool]] = {}
    prompt = set(prompted)
    belongs: dict[Subject, set[Subject]] = {}
    without = set(held)
    for event_id, standing in standings.items():
        event = standing.event
        if event is None or event_id in without or event.family in IN_NO_PROCESS:
            continue
        match event.data:
            case ProcessOpened(followed=followed):
                belongs.setdefault(event.subject, {event.subject})
                if followed is not None:
                    last = (standing.recorded.position, followed)
                    said[event.subject] = max(said.get(event.subject, last), last)
            case ProcessOpening(processes=processes):
                paths = (Subject(f"processes/{name}") for name in processes)
                belongs.setdefault(event.subject, set()).update(joined.get(path, path) for path in paths)
            case _:
                pass
        if event.subject not in prompt and recorded_promptly(event, int(standing.recorded.recorded_at.timestamp())):
            prompt.add(event.subject)
    followed_processes = {path for subject in prompt for path in belongs.get(subject, ())}
    followed_processes |= {subject for subject in prompt if subject.startswith("processes/")}
    return frozenset((followed_processes - set(said)) | {path for path, (_, followed) in said.items() if followed})
