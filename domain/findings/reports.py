"""Reports that repeat another, or are disputed."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from domain.agreement_events import ViolationReported
from domain.claimants import Claimant
from domain.comparison import comparable, compared
from domain.event import Event, Payload, Revision, date_paths, dates_in
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import cut, dated, names_of, said_by
from domain.general import IncidentReported
from domain.keys import bounded, compound, short_hash
from domain.places_within import holding_places, places_in, with_places
from domain.revisions import EventDisputed
from domain.sentences import Sentence, Term, told, told_number
from domain.value_classes import nested_values
from domain.values import EventId, Label, Place, Subject

LIKELY_DUPLICATE = Rule(
    "likely-duplicate",
    "Two reports of one subject that say the same of the same time by the same claimant through the same publisher (of "
    "an incident or a violation, which is counted: through any), another claimant being corroboration; or two reports "
    "of an incident or a violation with one id in another register, whatever they say. Two ids of one register are two "
    "things. Of more than 100 that say the same, the first 100 by their ids are looked at. Raised at once; resolved by "
    "DuplicateMarked, a retraction or a correction.",
    Severity.HINT,
    data_quality=True,
)


LOOKED_AT: Final = 100
"""Reports of one content, or with one id, that are held against each other: the first ones by their ids. Where there
are more, somebody repeats himself, and how often is nothing to act on."""
COUNTED: Final = (IncidentReported, ViolationReported)
"""What is counted: reported twice, it counts twice."""
SOMEWHERE = Place(labels=(Label(text="a place"),))

_FOLDED = re.compile(rb'  |" | "|\\|\x7f|\.|e-')
"""What JSON in small letters of ASCII has where it is not yet in the form in which it is compared: spaces to fold,
marks that cannot be seen, fractions. Most reports have none, and folding takes longer than writing them."""


class _Form(NamedTuple):
    """What of a payload is compared apart from its content, as pydantic leaves it out."""

    apart: dict[str, Any] | None
    """Its dates, its places and, of what is counted, its ids in other registers."""
    has_dates: bool
    deep: tuple[str, ...]
    """The fields that hold values with places."""


@lru_cache(256)
def _form_of(payload: type[Payload]) -> _Form:
    apart: dict[str, Any] = {"ids": True} if issubclass(payload, COUNTED) else {}
    deep = []
    for name in holding_places(payload):
        if Place in nested_values(payload.model_fields[name].annotation):
            apart[name] = True
        else:
            deep.append(name)
    paths = date_paths(payload)
    for path in paths:
        inner = apart
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = True
    return _Form(apart or None, bool(paths), tuple(deep))


def content_key(event: Event) -> str:
    """A short hash of what a report says: its type, when it occurred, and its data without its places; not who says so.

    Which places are one is a matter of the process: those of reports with one hash are compared apart, and so are the
    ids of an incident or a violation.
    """
    data, form = event.data, _form_of(type(event.data))
    dates = [f"{name} {when.bounds}" for name, when in dates_in(data)] if form.has_dates else ()
    if form.deep and any(data.__dict__[name] for name in form.deep):
        data = with_places(data, lambda _: SOMEWHERE)
    text = data.__pydantic_serializer__.to_json(data, exclude=form.apart, exclude_defaults=True, exclude_none=True)
    text = text.lower() if text.isascii() else b""  # in fixed order
    if not text or _FOLDED.search(text):
        said = data.model_dump(mode="json", exclude=form.apart, exclude_defaults=True, exclude_none=True)
        text = json.dumps(compared(said), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    when = event.occurred.bounds if event.occurred is not None else ""
    return short_hash(f"{event.type} {when} {' '.join(dates)} ".encode() + text)


def numbers_of(event: Event) -> Mapping[str, str]:
    """The ids of an incident or a violation in other registers, by the register."""
    data = event.data
    if not isinstance(data, COUNTED):
        return {}
    return {one.scheme: one.id for one in data.ids}


NUMBER = "number "
"""What the key of an id begins with, among what reports share."""


def number_keys(event: Event) -> list[str]:
    """What reports of one incident or violation share by its ids in other registers, each of a bounded length."""
    return [bounded(f"{NUMBER}{compound(event.type, *number)}") for number in numbers_of(event).items()]


def of_repeats(subject: Subject, events: Iterable[Event]) -> list[Finding]:
    """Reports of one subject that are likely the same one, recorded twice. Revisions never are.

    Of each content those beyond the first `LOOKED_AT` and one more by their ids may be left out.
    """
    contents: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if not isinstance(event.data, Revision):
            contents[content_key(event)].append(event)
    findings = []
    for content, every in contents.items():
        if len(every) > 1:
            first, are_all = _looked_at(every)
            alike = _of_one_place(content, first)
            findings += [_repeated(subject, key, same, are_all=are_all) for key, same in alike]
    return [finding for finding in findings if finding is not None]


def _looked_at(events: Sequence[Event]) -> tuple[list[Event], bool]:
    """Of reports that share something those that are looked at, and whether these are all."""
    by_id = sorted(events, key=lambda event: event.key)
    return by_id[:LOOKED_AT], len(by_id) <= LOOKED_AT


def _at_least(told_of: Sentence, *, are_all: bool) -> Sentence:
    return told_of if are_all else told("At least {reports}", reports=told_of)


def _of_one_place(content: str, events: Iterable[Event]) -> Iterable[tuple[str, list[Event]]]:
    """Reports of one content by their places, each with what they are about."""
    alike: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        places = [place.key for place in places_in(event.data)]
        alike[short_hash(compound(content, *places)) if places else content].append(event)
    return alike.items()


def _repeated(subject: Subject, key: str, same: Sequence[Event], *, are_all: bool) -> Finding | None:
    twice = _told_twice(same)
    if not twice:
        return None
    ids = sorted({event.id for _, event in twice})
    who = said_by(sorted(claimant for claimant, _ in twice))
    first = same[0]  # the same date may be written in several ways
    text = told_number(
        "{number} report of {type} on {date} by {who} say the same.",
        "{number} reports of {type} on {date} by {who} say the same.",
        len(ids),
        type=Term(first.type),
        date=dated(first.occurred),
        who=who,
    )
    text = _at_least(text, are_all=are_all)
    return LIKELY_DUPLICATE.finding(subject, text, few(ids), about=f"content {key}")


def _told_twice(same: Sequence[Event]) -> list[tuple[Claimant, Event]]:
    """Of reports that say the same, those told by one claimant through one publisher (of what is counted, through any),
    with the claimant."""
    by: defaultdict[tuple[str, str], dict[str, tuple[Claimant, Event]]] = defaultdict(dict)
    for event in same:
        through_any = isinstance(event.data, COUNTED)
        for claimant, publisher in _tellers(event):
            by[claimant.key, "" if through_any else publisher].setdefault(event.key, (claimant, event))
    return [pair for pairs in by.values() if len(pairs) > 1 for pair in _comparable(list(pairs.values()))]


def _tellers(event: Event) -> list[tuple[Claimant, str]]:
    """Who says so, each with the publisher as compared."""
    if not event.sources:
        return [(claimant, "") for claimant in event.claimants]
    return [(source.speaker, comparable(source.publisher)) for source in event.sources]


def _comparable(told: Sequence[tuple[Claimant, Event]]) -> Iterator[tuple[Claimant, Event]]:
    """Of several reports those with another one with which they share no register: its ids tell whether two are one."""
    by_registers: defaultdict[frozenset[str], list[tuple[Claimant, Event]]] = defaultdict(list)
    for pair in told:
        by_registers[frozenset(numbers_of(pair[1]))].append(pair)
    for registers, pairs in by_registers.items():
        unnumbered = not registers and len(pairs) > 1
        if unnumbered or any(registers.isdisjoint(others) for others in by_registers if others != registers):
            yield from pairs


def of_numbers(subject: Subject, key: str, events: Sequence[Event]) -> list[Finding]:
    """Reports of an incident or a violation of a subject that share an id in another register, given its key.

    Those beyond the first `LOOKED_AT` and one more by their ids may be left out.
    """
    if len(events) < 2:
        return []
    same, are_all = _looked_at(events)
    scheme, number = dict(zip(number_keys(same[0]), numbers_of(same[0]).items(), strict=True))[key]
    text = told_number(
        "{number} report of {type} have the id {id} in {register}: one thing twice.",
        "{number} reports of {type} have the id {id} in {register}: one thing twice.",
        len(same),
        type=Term(same[0].type),
        id=cut(number),
        register=scheme,
    )
    text = _at_least(text, are_all=are_all)
    return [LIKELY_DUPLICATE.finding(subject, text, few(event.id for event in same), about=key)]


ForeignKey = tuple[str, str]
"""An id of another register: the scheme, and the id there."""
Holders = Mapping[Subject, Sequence[EventId]]
"""The subjects that carry an id, each with the openings that say so."""

SHARED_FOREIGN_ID = Rule(
    "shared-foreign-id",
    "Two or three subjects of one family that carry the same id of another register, in whatever process: raised while "
    "they do, unless the register numbers what they belong to (its name ends with conflict, dyad, war, country …); "
    "resolved by SubjectUnified, if they are one, or by a correction of the id.",
    Severity.MODERATE,
    data_quality=True,
)
ONE_THING: Final = 3
"""So many subjects may be one thing under several ids; an id that more of them carry is of what they belong to."""
WIDER: Final = frozenset(("conflict", "dyad", "war", "country", "region", "episode"))
"""What a register numbers that several subjects of any family belong to, as the last word of the scheme."""


def of_shared_ids(subject: Subject, holders: Mapping[ForeignKey, Holders]) -> list[Finding]:
    """What else carries an id that this subject carries, given who carries which, this subject included."""
    family = f"{subject.partition('/')[0]}/"
    findings = []
    for (scheme, number), subjects in sorted(holders.items()):
        others = sorted(other for other in subjects if other != subject and other.startswith(family))
        if subject in subjects and 0 < len(others) < ONE_THING and not _is_wider(scheme, family):
            text = told(
                "Its id {id} in {register} is also that of {others}: one thing twice, or a slip.",
                id=cut(number),
                register=scheme,
                others=names_of(others),
            )
            rests_on = few((*sorted(subjects[subject]), *(e for other in others for e in sorted(subjects[other]))))
            about = f"id {compound(scheme, number)}"
            findings.append(SHARED_FOREIGN_ID.finding(subject, text, rests_on, about=about))
    return findings


def _is_wider(scheme: str, family: str) -> bool:
    """Whether a register numbers what subjects of a family belong to: conflicts, or processes that have agreements."""
    what = re.split(r"[-.]", scheme)[-1]
    return what in WIDER or (what == "process" and family != "processes/")


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
            told("{who} disputes what is reported; both stand.", who=names_of([who] if who else [])),
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
