"""Claims on figures that do not fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from domain.claimants import Claimant
from domain.comparison import comparable
from domain.decimals import Exact, middle, times
from domain.edtf import BEGINNING, END, When
from domain.enrolments import title_of_count
from domain.event import Event
from domain.finding import DAY, Finding, Rule, Severity, few, in_order, ranked
from domain.findings.wording import MAX_VALUES, amount_between, amount_of, cut, names_by_key, said_by
from domain.keys import bounded, compound
from domain.sentences import AND, SEMICOLON, Number, Sentence, Term, listed, told, told_number
from domain.series import Series
from domain.value_classes import nested_values
from domain.values import Counting, EventId, Part, Quantity, Subject, Value

PART_ABOVE_WHOLE = Rule(
    "part-above-whole",
    "What one claimant says of a part and of the whole at one time: one track of a register and all tracks, some of "
    "the places, a narrower scope; what a report itself calls a part (“of whom”); or what a convoy delivered or lost "
    "and what was loaded. Raised if the least that the part may be is above the most that the whole may be; resolved "
    "by a newer claim, or a correction.",
    Severity.MODERATE,
    data_quality=True,
)
CLAIMS_CONTRADICT = Rule(
    "claims-contradict",
    "The newest claim of each claimant on one series of figures, if they are of one time: a stock no more than 30 days "
    "before the newest of all, a count that goes on of the same days, the toll of one incident at any time (what its "
    "own report says among them); of more than 50 the newest 50. What each recorder counts for itself (`counts`: "
    "violations, incidents) is not compared. Raised if no number satisfies them all; resolved by newer claims, a "
    "correction or a retraction.",
    Severity.MODERATE,
)
CLAIMS_DIVERGE = Rule(
    "claims-diverge",
    "The same claims, those left out that name no upper bound (“at least”, “several”): raised if a number satisfies "
    "them all, and yet the largest is twice the smallest or more, a range being taken at its middle, “up to” at the "
    "number it names; resolved by newer claims.",
    Severity.HINT,
)
RANKS = ranked(PART_ABOVE_WHOLE, CLAIMS_CONTRADICT, CLAIMS_DIVERGE)
COMPARABLE = 30 * DAY
"""Seconds between two stocks that can still contradict each other."""
COMPARED = 50
"""Claims on one series that are held against each other: the newest ones. A text names five of them."""
WIDE = 2
"""Claims diverge from this factor on between the largest and the smallest."""


@dataclass(frozen=True, slots=True)
class ClaimMade:
    """The newest word of one claimant on one series of figures."""

    series: Series
    claimant: Claimant
    assessed: bool
    low: Exact
    high: Exact | None
    """None: no upper bound."""
    earliest: int
    """Bounds of the time of which it is said, in seconds since 1970."""
    latest: int
    event: EventId
    called: tuple[str, ...] = ()
    """Names of the places of the area, in the order of their keys."""
    of_report: bool = False
    """Whether the report of an incident itself says so, of its toll."""

    @property
    def range(self) -> tuple[Exact, Exact | None]:
        return (self.low, self.high)

    @property
    def central(self) -> Exact | None:
        """The number to compare by: the middle of a range, or what “up to” names; None if only the least is named."""
        if self.high is None:
            return None
        return self.high if self.low == 0 else middle(self.low, self.high)

    def is_of_the_time_of(self, newer: ClaimMade) -> bool:
        """Whether it can be held against a newer claim on the series: they overlap, or are stocks of about one time.
        What is said of one toll is of one time, whenever it is said."""
        if self.series.about:
            return True
        apart = newer.earliest - self.latest
        return apart <= (0 if self.series.counting == Counting.CUMULATIVE else COMPARABLE)


def comparable_claims(claims: Iterable[ClaimMade]) -> list[ClaimMade]:
    """The claims on one series that can be held against each other: those of the time of the newest.

    A stock of last year does not contradict a stock of today; what is counted on and on was smaller on any earlier day.
    Where to draw the line is a convention of ours.
    An assessment is a judgement beside the claims, and none of them. Acts that somebody recorded are counted by each
    recorder for itself: two counts of violations do not contradict each other.
    """
    made = [claim for claim in claims if not claim.assessed and not claim.series.counts]
    if len(made) > COMPARED:
        last = _age(sorted(made, key=_age, reverse=True)[COMPARED - 1])
        made = [claim for claim in made if _age(claim) >= last]
    newest = max(made, key=lambda claim: (claim.earliest, -claim.latest), default=None)
    return [claim for claim in made if newest is not None and claim.is_of_the_time_of(newest)]


def _age(claim: ClaimMade) -> tuple[int, int, str, str]:
    """By what the newest claims on a series are told, in whatever order they arrived."""
    return (claim.earliest, claim.latest, str(claim.event), bounded(claim.claimant.key))


def common(ranges: Iterable[tuple[Exact, Exact | None]]) -> tuple[Exact, Exact | None]:
    """What all ranges allow together; the low end lies above the high end if there is nothing."""
    bounds = list(ranges)
    low = max((low for low, _ in bounds), default=0)
    highs = [high for _, high in bounds if high is not None]
    return low, min(highs) if highs else None


def of_claims(subject: Subject, claims: Sequence[ClaimMade]) -> list[Finding]:
    """What the figures of one subject tell, given the newest claim of each claimant on each series."""
    kin: defaultdict[tuple[str, str], list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        kin[claim.claimant.key, claim.series.kin].append(claim)
    findings = of_all_series(subject, claims)
    findings += [finding for made in kin.values() for finding in of_kin(subject, made)]
    return in_order(findings, RANKS)


def of_all_series(subject: Subject, claims: Sequence[ClaimMade]) -> list[Finding]:
    """What the newest claims on each series of one subject tell."""
    series: defaultdict[Series, list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        series[claim.series].append(claim)
    return in_order([finding for made in series.values() for finding in of_series(subject, made)], RANKS)


def of_series(subject: Subject, claims: Sequence[ClaimMade]) -> list[Finding]:
    """What the newest claims of all claimants on one series tell, of which the `COMPARED` newest are enough."""
    return list(_against_each_other(subject, comparable_claims(claims)))


def of_kin(subject: Subject, claims: Sequence[ClaimMade]) -> list[Finding]:
    """What the newest claims of one claimant on series tell that are of one kin (`Series.kin`)."""
    return in_order(_parts_above(subject, claims), RANKS)


def _against_each_other(subject: Subject, claims: Sequence[ClaimMade]) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    ordered = sorted(claims, key=lambda claim: (claim.low, claim.claimant.key))
    low, high = common(claim.range for claim in claims)
    central = [claim.central for claim in claims if claim.central is not None]
    if high is not None and low > high:
        rule, verdict = CLAIMS_CONTRADICT, told("cannot all be true")
    elif len(central) > 1 and max(central) > 0 and max(central) >= times(min(central), WIDE):
        apart = told("can all be true, but lie a factor of {factor} or more apart", factor=Number(WIDE))
        rule, verdict = CLAIMS_DIVERGE, apart
    else:
        return
    shown = ordered if len(ordered) <= MAX_VALUES else [*ordered[: MAX_VALUES - 1], ordered[-1]]
    names = names_by_key([claim.claimant for claim in ordered])
    words = listed([_claimed(claim, cut(names[claim.claimant.key])) for claim in shown], SEMICOLON)
    if more := len(ordered) - len(shown):
        words = told_number("{some}; and {number} more", "{some}; and {number} more", more, some=words)
    text = told("Claims on {series} {verdict}: {claims}.", series=_series(claims[0]), verdict=verdict, claims=words)
    yield rule.finding(subject, text, few(claim.event for claim in ordered), about=claims[0].series.key)


def _parts_above(subject: Subject, claims: Sequence[ClaimMade]) -> Iterator[Finding]:
    """Only what one claimant says of both: what two claimants count need not be the same."""
    for part, whole in _parts_and_wholes([claim for claim in claims if not claim.assessed and not claim.of_report]):
        apart = part.earliest > whole.latest or whole.earliest > part.latest
        if apart or whole.high is None or part.low <= whole.high:
            continue
        text = told(
            "{who} puts {part} at {amount} ({dates}), "
            "but {whole}, of which it is a part, at {most} ({dates_of_whole}).",
            who=said_by([part.claimant]),
            part=_series(part),
            amount=_range(part),
            dates=_dates(part),
            whole=_series(whole),
            most=_range(whole),
            dates_of_whole=_dates(whole),
        )
        about = compound(part.claimant.key, part.series.key, whole.series.key)
        yield PART_ABOVE_WHOLE.finding(subject, text, few((part.event, whole.event)), about=about)


def _parts_and_wholes(claims: Sequence[ClaimMade]) -> Iterator[tuple[ClaimMade, ClaimMade]]:
    """The claims of which one is on a part of what the other is on: only those are held against each other that have an
    area in common, or a place of it."""
    in_area: defaultdict[tuple[str, ...], list[ClaimMade]] = defaultdict(list)
    in_scope: defaultdict[tuple[tuple[str, ...], str], list[ClaimMade]] = defaultdict(list)
    at_place: defaultdict[str, list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        in_area[claim.series.area].append(claim)
        in_scope[claim.series.area, claim.series.scope].append(claim)
        for place in claim.series.area:
            at_place[place].append(claim)
    for whole in claims:
        area, scope = whole.series.area, whole.series.scope
        near = [*(in_scope[area, scope] if scope else in_area[area])]
        if len(area) > 1:
            near += [claim for place in area for claim in at_place[place]]
        once = {id(claim): claim for claim in near}
        yield from ((part, whole) for part in once.values() if _is_part(part.series, whole.series))


def of_parts(subject: Subject, event: Event) -> list[Finding]:
    """The parts that a report itself puts above their whole, in the same unit."""
    return [
        PART_ABOVE_WHOLE.finding(
            subject,
            told(
                "{who}: {amount} ({part}) out of {whole}.",
                who=said_by(event.claimants),
                amount=amount_of(part.quantity),
                part=cut(part.who),
                whole=amount_of(whole),
            ),
            (event.id,),
            about=f"parts {compound(str(event.id), *path)}",
        )
        for whole, part, path in _parts_in(event.data)
        if _is_above(part.quantity, whole)
    ]


def has_parts(event: Event) -> bool:
    """Whether a number in a report has parts."""
    return _has_parts(event.data)


def _has_parts(value: Value) -> bool:
    """Whether a number in a value has parts: few have any, and every report is asked."""
    if isinstance(value, Quantity):
        return bool(value.parts)
    for name in _counting(type(value)):
        held = getattr(value, name)
        for item in held if isinstance(held, tuple) else (held,):
            if isinstance(item, Value) and _has_parts(item):
                return True
    return False


def _is_above(part: Quantity, whole: Quantity) -> bool:
    most = whole.range[1]
    return comparable(part.unit) == comparable(whole.unit) and most is not None and part.range[0] > most


def _parts_in(value: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[Quantity, Part, tuple[str, ...]]]:
    """Every part of every number in a value, with the number and the way to it."""
    if isinstance(value, Quantity):
        for number, part in enumerate(value.parts):
            here = (*path, str(number))
            yield value, part, here
            yield from _parts_in(part.quantity, here)
        return
    for name in _counting(type(value)):
        held = getattr(value, name)
        for number, item in enumerate(held if isinstance(held, tuple) else (held,)):
            if isinstance(item, Value):
                yield from _parts_in(item, (*path, name, str(number)))


@cache
def _counting(model: type[Value]) -> tuple[str, ...]:
    """The fields of a class of values that are numbers, or hold some."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if any(nested is Quantity or _counting(nested) for nested in nested_values(field.annotation))
    )


def _is_part(part: Series, whole: Series) -> bool:
    """Whether one series counts a part of what the other counts: a track, some of the places, or a narrower scope.

    Counting, unit and period are the same. A scope narrows what is reported without one, of the same measure and area.
    """
    same = (part.measure, part.enrolled) == (whole.measure, whole.enrolled)
    if same and part.area == whole.area:
        return bool(part.scope) and not whole.scope
    within = bool(part.area and whole.area) and set(part.area) < set(whole.area)
    return part.scope == whole.scope and (same or _is_track(part, whole)) and (part.area == whole.area or within)


def _is_track(part: Series, whole: Series) -> bool:
    """Whether one series counts one track of a register, the other all tracks, of the same category."""
    if not part.enrolled or not whole.enrolled:
        return False
    (track, *rest), (of_track, *of_rest) = part.enrolled, whole.enrolled
    return bool(track) and not of_track and rest == of_rest


def _series(claim: ClaimMade) -> Sentence:
    series, names = claim.series, sorted(set(claim.called or claim.series.area))
    area = told("area {places}", places=listed(names, AND)) if names else ""
    counting = told("the toll of one incident") if series.about else Term(series.counting)
    period = When(series.period) if series.period not in ("", "..") else series.period
    bounds = [counting, Term(series.unit), area, series.scope, period]
    bounded_by = cut(listed([bound for bound in bounds if bound]))
    return told("“{measure}” ({bounds})", measure=_measure(series), bounds=bounded_by)


def _measure(series: Series) -> str:
    """What is counted: of a register a stage, a track and a category, as `EnrolmentReported.title` has them."""
    if not series.enrolled:
        return Term(series.measure) if series.about else cut(series.measure)
    named = title_of_count(*series.enrolled)
    return cut(named if named == series.measure else series.measure)


def _claimed(claim: ClaimMade, who: str) -> Sentence:
    return told("{amount} ({dates}, {who})", amount=_range(claim), dates=_dates(claim), who=who)


def _range(claim: ClaimMade) -> str:
    return amount_between(claim.low, claim.high)


def _dates(claim: ClaimMade) -> str:
    """The first and the last day of which a claim speaks."""
    if claim.earliest <= BEGINNING:
        return told("no date") if claim.latest >= END else told(".. to {last}", last=_day(claim.latest))
    first = _day(claim.earliest)
    if claim.latest >= END:
        return told("{first} to ..", first=first)
    last = _day(claim.latest)
    return first if first == last else told("{first} to {last}", first=first, last=last)


def _day(second: int) -> When:
    return When((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).date().isoformat())
