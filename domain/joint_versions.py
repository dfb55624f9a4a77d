"""The version of a subject that may have several ids: all streams that are one with it, counted together.

Each stream has a version of its own: how many events it has. A subject of several streams has changed when one of them
has, and when the log says that another stream belongs to it, or no longer does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.effect import in_effect
from domain.event import Recorded
from domain.revisions import EventRetracted, SubjectUnified
from domain.values import EventId, Subject

TAG_PATTERN = r'^"(0|[1-9][0-9]{0,17})(-[1-9][0-9]{0,17})?"$'
"""An entity tag of a subject."""


class JointVersion(NamedTuple):
    """The version of a subject; equal ones mean that nothing has changed."""

    events: int
    """How many events the streams have that are one with it, itself included."""
    joined_at: int = 0
    """The last position that said that some of these streams are one, or are not; 0: none ever did."""

    @property
    def tag(self) -> str:
        """The entity tag."""
        return f'"{self.events}-{self.joined_at}"' if self.joined_at else f'"{self.events}"'


def read_tag(text: str) -> JointVersion | None:
    """The version that an entity tag tells of; None if it is none of a subject."""
    matched = re.fullmatch(TAG_PATTERN.strip("^$"), text, re.ASCII)
    if matched is None:
        return None
    return JointVersion(int(matched[1]), int(matched[2].removeprefix("-")) if matched[2] else 0)


def joined_now(subject: Subject, revisions: Iterable[Recorded]) -> tuple[list[Subject], int]:
    """The subjects that are one with a subject, itself included, and `JointVersion.joined_at`.

    Args:
        subject: by path.
        revisions: at least all unifications and retractions of the subjects that were ever said to be one with it.
    """
    known = sorted(revisions, key=lambda recorded: recorded.position)
    about: set[EventId] = set()
    joined_at = 0
    for recorded in known:
        match recorded.event.data:
            case SubjectUnified():
                bears = True
            case EventRetracted(event=target):
                bears = target in about
            case _:
                bears = False
        if bears:
            about.add(recorded.event.id)
            joined_at = recorded.position
    stays = in_effect(known).joined
    final = stays.get(subject, subject)
    return [final, *(other for other, into in stays.items() if into == final)], joined_at


def components(pairs: Iterable[tuple[Subject, Subject]]) -> dict[Subject, frozenset[Subject]]:
    """What is linked by pairs, each with all that it is linked with, itself included."""
    linked: dict[Subject, frozenset[Subject]] = {}
    for first, second in pairs:
        both = linked.get(first, frozenset([first])) | linked.get(second, frozenset([second]))
        linked |= dict.fromkeys(both, both)
    return linked


def added_up(subjects: Iterable[Subject], versions: Mapping[str, int]) -> int:
    """The events of several streams, given the version of each."""
    return sum(versions.get(subject, 0) for subject in subjects)
