"""Dates that cannot be, or hardly: told before it happened, decades apart, years of another calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from domain.edtf import Span, When
from domain.event import Event, date_paths, dates_in
from domain.finding import DAY, Finding, Rule, Severity
from domain.findings.wording import MAX_NAMES, cut, dated, few_of
from domain.processes import InstrumentCited
from domain.sentences import SEMICOLON, FieldName, Sentence, Term, told
from domain.spans import HIJRI_YEARS, looks_hijri, told_before, years_apart
from domain.values import Mode, Source, Subject

TOLD_TOO_EARLY = Rule(
    "told-before-it-happened",
    "A report, not a plan, of what happens after one of its sources was published, or after it was recorded; and a "
    "source published after it was recorded, of a revision too. Zones leave a day: raised at once; resolved by a "
    "correction or a retraction.",
    Severity.MODERATE,
    data_quality=True,
)
HIJRI_YEAR = Rule(
    "hijri-year",
    "A date in the years 1300 to 1500, which are years of our time in the Islamic calendars, in any field of a report: "
    "raised at once; resolved by a correction with the Gregorian date, or a retraction.",
    Severity.MODERATE,
    data_quality=True,
)
YEARS_APART = Rule(
    "years-apart",
    "More than twenty years between what a report tells of and the publication of its source, where no other report on "
    "the subject tells of those years; or a date that it sets more than twenty years off. Instruments that are cited "
    "are apart, and ten such reports on a subject come from an archive: raised when there is another report to hold it "
    "against; resolved by a correction, a retraction, or a report of the same years.",
    Severity.HINT,
    data_quality=True,
    tolerated=True,
)

ARCHIVE: Final = 10
"""So many reports on a subject, decades after what they tell, come from an archive."""
SAME_YEARS: Final = 20 * 1461 * DAY // 4
"""Seconds, some twenty years, within which two reports tell of the same years."""
HAPPENED: Final = frozenset({"period", "dated"})
"""Fields that date what had come about when it was told, as `occurred` does. Any other field sets a date ahead."""
_CALM_YEARS: Final = 19 * 366 * DAY
"""Seconds that are less than twenty years: nothing nearer is looked at."""
LAST_HIJRI: Final = HIJRI_YEARS.span.latest
"""The second, since 1970, up to which a date is looked at as one of the Islamic calendars, and tells of no years."""


def of_dates(subject: Subject, event: Event, told_at: int) -> list[Finding]:
    """What cannot be of the dates of one report, or of a revision, by itself.

    Args:
        subject: on which it stands.
        event: as it reads; a revision as it was recorded.
        told_at: when what it says was recorded last, in seconds since 1970: by itself, by a correction of it, or by a
            duplicate that it stands for.
    """
    if is_calm(event, told_at):
        return []
    findings, kind = [], Term(event.type)
    hijri = list(dict.fromkeys(_field(name, when) for name, when in dates_of(event) if _is_hijri(when)))
    if hijri:
        text = told(
            "{type} gives {dates}: years of the Islamic calendars, not of ours.", type=kind, dates=_listed(hijri)
        )
        findings.append(HIJRI_YEAR.finding(subject, text, (event.id,), about=f"report {event.key}"))
    early = list(dict.fromkeys(_too_early(event, told_at)))
    if early:
        text = told("{type} is told before it can have happened: {dates}.", type=kind, dates=_listed(early))
        findings.append(TOLD_TOO_EARLY.finding(subject, text, (event.id,), about=f"report {event.key}"))
    ahead = list(dict.fromkeys(_set_far_off(event)))
    if ahead:
        text = told(
            "{type} of {date} sets {dates}: more than 20 years lie between.",
            type=kind,
            date=dated(event.occurred),
            dates=_listed(ahead),
        )
        findings.append(YEARS_APART.finding(subject, text, (event.id,), about=f"report {event.key}"))
    return findings


def is_far(event: Event) -> bool:
    """Whether a source of a report lies decades from what it tells."""
    return event.occurred is not None and any(_is_far(event, source) for source in event.sources)


def of_years_apart(subject: Subject, far: Sequence[Event], in_company: Callable[[Event], bool | None]) -> list[Finding]:
    """The reports that are told decades late, or early, and are alone in the years that they tell of.

    A register is published decades after all that it tells; a wrong year stands alone.

    Args:
        subject: on which they stand.
        far: its reports of which a source lies decades away (`is_far`), or `ARCHIVE` of them.
        in_company: whether another step of the subject lies in the years of one of these (`company_among`).
    """
    if len(far) >= ARCHIVE:
        return []
    findings = []
    for event in far:
        others = [other for other in far if other.id != event.id]
        if any(tells_of_same(event.span, other.span) for other in others):
            continue
        company = in_company(event)
        if company or (company is None and not others):
            continue
        late = [
            told(
                "{type} of {date}, {published}",
                type=Term(event.type),
                date=dated(event.occurred),
                published=_published(source),
            )
            for source in event.sources
            if _is_far(event, source)
        ]
        text = told("More than 20 years lie between what happened and who tells it: {reports}.", reports=_listed(late))
        findings.append(YEARS_APART.finding(subject, text, (event.id,), about=f"years {event.key}"))
    return findings


def tells_of_same(one: Span, other: Span) -> bool:
    """Whether no more than some twenty years lie between two dates."""
    return one.earliest - SAME_YEARS <= other.latest and other.earliest <= one.latest + SAME_YEARS


def company_among(steps: Iterable[Event], event: Event) -> bool | None:
    """Whether another of these steps of a subject lies in the years of a report; None: there is no other step."""
    others = [step.span for step in steps if step.id != event.id and step.span.latest > LAST_HIJRI]
    return any(tells_of_same(event.span, span) for span in others) if others else None


# --- the dates of a report --------------------------------------------------------------------------------


def dates_of(event: Event) -> Iterator[tuple[str, When]]:
    """Every date that a report gives, with the name of its field."""
    if event.occurred is not None:
        yield "occurred", event.occurred
    yield from dates_in(event.data)
    for source in event.sources:
        if source.published is not None:
            yield "published", source.published


def is_calm(event: Event, told_at: int) -> bool:
    """Whether a short look shows that nothing is to be said of the dates of a report, nor of who publishes it: true of
    nearly all, and much quicker."""
    first, last, _ = event.span
    if first <= LAST_HIJRI or first > told_at:
        return False
    for source in event.sources:
        if source.published is not None:
            out = source.published.span
            if out.earliest <= LAST_HIJRI or first > out.latest:
                return False
            if out.earliest > told_at or out.earliest - last >= _CALM_YEARS:
                return False
    return not date_paths(type(event.data)) or not dates_in(event.data)


def _is_hijri(when: When) -> bool:
    return when.span.earliest <= LAST_HIJRI and looks_hijri(when)


def _listed(parts: Sequence[str]) -> str:
    return few_of(parts, MAX_NAMES, SEMICOLON)


def _field(name: str, when: When) -> Sentence:
    return told("{field} {date}", field=FieldName(name), date=when)


def _published(source: Source) -> Sentence:
    return told("published {date} by {publisher}", date=dated(source.published), publisher=cut(source.publisher))


def _recorded_before(what: Sentence) -> Sentence:
    return told("{what}, after it was recorded", what=what)


# --- told too early ---------------------------------------------------------------------------------------


def _too_early(event: Event, told_at: int) -> Iterator[Sentence]:
    recorded = Span(told_at, told_at, timed=True)
    for source in event.sources:
        if source.published is not None and told_before(source.published.span, recorded):
            yield _recorded_before(_published(source))
    if event.data.is_plan or event.data.revises:
        return
    for name, when in dates_of(event):
        if (name != "occurred" and name not in HAPPENED) or _is_hijri(when):
            continue
        if told_before(when.span, recorded):
            yield _recorded_before(_field(name, when))
        for source in event.sources:
            if source.published is None or _is_hijri(source.published) or _is_text_of(event, source, name):
                continue
            if told_before(when.span, source.published.span):
                yield told("{what}, {published}", what=_field(name, when), published=_published(source))


def _is_text_of(event: Event, source: Source, field: str) -> bool:
    """Whether a source is the very instrument that is cited: it was published long before it came to bear."""
    return field == "occurred" and isinstance(event.data, InstrumentCited) and source.mode is Mode.DOCUMENT


# --- decades apart ----------------------------------------------------------------------------------------


def _is_far(event: Event, source: Source) -> bool:
    """Whether certainly more than twenty years lie between a source and what it tells."""
    published = source.published
    if published is None or event.occurred is None:
        return False
    occurred, out = event.span, published.span
    if out.earliest - occurred.latest < _CALM_YEARS and occurred.earliest - out.latest < _CALM_YEARS:
        return False
    if isinstance(event.data, InstrumentCited) or _is_hijri(event.occurred) or _is_hijri(published):
        return False
    return years_apart(occurred, out)


def _set_far_off(event: Event) -> Iterator[Sentence]:
    """The dates that a report sets more than twenty years from when it was so."""
    if event.occurred is None or _is_hijri(event.occurred):
        return
    for name, when in dates_in(event.data):
        if name not in HAPPENED and not _is_hijri(when) and years_apart(event.span, when.span):
            yield _field(name, when)
