"""Reports that repeat another, or are disputed."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.claimants import Claimant
from domain.comparison import compared
from domain.event import Event, Payload, Revision, date_paths, dates_in
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import cut, names_of, said_by
from domain.keys import compound, short_hash
from domain.places_within import holding_places, places_in, with_places
from domain.revisions import EventDisputed
from domain.values import EventId, Label, Place, Subject

LIKELY_DUPLICATE = Rule(
    "likely-duplicate",
    "Two reports of one subject that say the same of the same time by the same claimant, another claimant "
    "being corroboration: raised at once; resolved by DuplicateMarked, a retraction or a correction.",
    Severity.HINT,
    data_quality=True,
)


SOMEWHERE = Place(labels=(Label(text="a place"),))

_FOLDED = re.compile(r'  |" | "|\\|\x7f|\.|e-')
"""What JSON in small letters of ASCII has where it is not yet in the form in which it is compared: spaces to fold,
marks that cannot be seen, fractions. Most reports have none, and folding takes longer than writing them."""


@lru_cache(256)
def _date_places(payload: type[Payload]) -> dict[str, Any] | None:
    """The places of dates in a payload, as pydantic leaves them out; None if it has none."""
    places: dict[str, Any] = {}
    for path in date_paths(payload):
        inner = places
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = True
    return places or None


def content_key(event: Event) -> str:
    """A short hash of what a report says: its type, when it occurred, and its data without its places; not who says so.

    Which places are one is a matter of the process: those of reports with one hash are compared apart.
    """
    apart = _date_places(type(event.data))
    dates = [f"{name} {when.bounds}" for name, when in dates_in(event.data)] if apart else ()
    data = with_places(event.data, lambda _: SOMEWHERE) if holding_places(type(event.data)) else event.data
    written = data.__pydantic_serializer__.to_json(data, exclude=apart, exclude_defaults=True, exclude_none=True)
    text = written.decode().lower()  # in fixed order
    if not text.isascii() or _FOLDED.search(text):
        said = data.model_dump(mode="json", exclude=apart, exclude_defaults=True, exclude_none=True)
        text = json.dumps(compared(said), ensure_ascii=False, separators=(",", ":"))
    when = event.occurred.bounds if event.occurred is not None else ""
    return short_hash(f"{event.type} {when} {' '.join(dates)} {text}")


def of_repeats(subject: Subject, events: Sequence[Event]) -> list[Finding]:
    """Reports of one subject that are likely the same one, recorded twice. Revisions never are."""
    alike: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if not isinstance(event.data, Revision):
            places = [place.key for place in places_in(event.data)]
            key = content_key(event)
            alike[short_hash(compound(key, *places)) if places else key].append(event)
    findings = []
    for key, same in alike.items():
        by: defaultdict[str, list[tuple[Claimant, Event]]] = defaultdict(list)
        for event in same:
            for claimant in event.claimants:
                by[claimant.key].append((claimant, event))
        twice = [one for pairs in by.values() if len(pairs) > 1 for one in pairs]
        if twice:
            ids = sorted({event.id for _, event in twice})
            who = said_by(sorted(claimant for claimant, _ in twice))
            first = min(same, key=lambda event: event.key)  # the same date may be written in several ways
            text = f"{len(ids)} reports of {first.type} on {first.occurred} by {who} say the same."
            findings.append(LIKELY_DUPLICATE.finding(subject, text, few(ids), about=f"content {key}"))
    return findings


ForeignKey = tuple[str, str]
"""An id of another register: the scheme, and the id there."""
Holders = Mapping[Subject, Sequence[EventId]]
"""The subjects that carry an id, each with the openings that say so."""

SHARED_FOREIGN_ID = Rule(
    "shared-foreign-id",
    "Two subjects of one family that carry the same id of another register, in whatever process: raised while "
    "both do; resolved by SubjectUnified, if they are one, or by a correction of the id.",
    Severity.MODERATE,
    data_quality=True,
)


def of_shared_ids(subject: Subject, holders: Mapping[ForeignKey, Holders]) -> list[Finding]:
    """What else carries an id that this subject carries, given who carries which, this subject included."""
    family = f"{subject.partition('/')[0]}/"
    findings = []
    for (scheme, number), subjects in sorted(holders.items()):
        others = sorted(other for other in subjects if other != subject and other.startswith(family))
        if subject in subjects and others:
            text = f"Its id {cut(number)} in {scheme} is also that of {names_of(others)}: one thing twice, or a slip."
            rests_on = few((*sorted(subjects[subject]), *(e for other in others for e in sorted(subjects[other]))))
            about = f"id {compound(scheme, number)}"
            findings.append(SHARED_FOREIGN_ID.finding(subject, text, rests_on, about=about))
    return findings


REPORT_DISPUTED = Rule(
    "report-disputed",
    "A report that somebody disputes (EventDisputed): raised while report and dispute both stand; resolved by "
    "a retraction of either, or a correction of the report that answers the dispute.",
    Severity.MODERATE,
)


def of_disputes(subject: Subject, disputed: Sequence[tuple[EventId, EventId, str]]) -> list[Finding]:
    """Disputes that stand, each with the report it disputes and who disputes it, as `actors/ID` or described."""
    return [
        REPORT_DISPUTED.finding(
            subject,
            f"{names_of([who] if who else [])} disputes what is reported; both stand.",
            few((target, dispute)),
            about=f"dispute {dispute}",
        )
        for target, dispute, who in disputed
    ]


def disputant(dispute: Event) -> str:
    """Who disputes: the actor named, the one described, else those who say that it is disputed."""
    data = dispute.data
    assert isinstance(data, EventDisputed)  # noqa: S101  only disputes are asked about
    if data.by is not None:
        return f"actors/{data.by}"
    return data.described or ", ".join(dispute.claimant_names)
