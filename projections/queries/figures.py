"""Figures of a process: the newest claims series by series, and all claims over time."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from typing_extensions import TypedDict

from domain.comparison import comparable
from domain.decimals import Exact, as_number
from domain.enrolments import EnrolmentReported
from domain.event import Event, Recorded
from domain.findings.figures import common, comparable_claims
from domain.general import Figure, FigureAssessed
from domain.horizon import EVERYTHING
from domain.series import Series
from domain.values import Area, Quantity, Subject
from projections import rendering
from projections.answers.explanations import Marks
from projections.answers.figures import FigureSeries, MadeClaim, SeriesClaim, ShownClaim, ShownQuantity, Within
from projections.answers.lines import NearWords, Said
from projections.paging import Page, page_of, paged, read_cursor, storable
from projections.queries.at_horizon import PRESENT, HorizonRequest, process_view
from projections.queries.nearest import near_words, nearest
from projections.queries.processes import known_ids
from projections.queries.snapshot import ProcessSnapshot
from projections.read_models import figures as kept_figures
from projections.read_models.figures import Claim, claims_in, measured
from projections.read_models.ordering import display_order
from projections.read_models.revisions import canonical_subjects, events_by_id, marks_by_id, under
from projections.read_models.timeline import number_that_fit
from projections.renderer import Renderer, said
from projections.storage.tables import Transaction

CLAIMS_SHOWN = 50
"""Claims on one series in one answer, newest first; `claimants` counts all."""
SERIES_SHOWN = 200
"""Series of figures in one status, of more the contested and the newest ones; `/figures` has them all."""

Lookup = Callable[[Iterable[str]], Mapping[str, Recorded]]
"""Finds events by their ids."""


def figures(
    transaction: Transaction,
    process: str,
    request: HorizonRequest = PRESENT,
    after: str | None = None,
    limit: int | None = None,
) -> Page[FigureSeries]:
    """Every series of figures of a process, by claimant, then the counts of its registers; without a limit as many as
    fit.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    view = process_view(transaction, process, None, request, reports=False)
    snapshot = view.snapshot
    events = view.lookup([claim.event_id for claim in snapshot.claims if not claim.of_report])
    by_subject: dict[str, list[tuple[str, list[Claim]]]] = {"": []}
    for subject, claims in _in_order(snapshot.claims, events, len(snapshot.claims)):
        counted_on = subject if claims[0].series.enrolled else ""
        by_subject.setdefault(counted_on, []).append((subject, claims))
    series = [(_name(*one), one) for some in by_subject.values() for one in some]
    return page_of(series, lambda one: _series(Renderer(), *one, events), after, limit)


def _name(subject: str, claims: Sequence[Claim]) -> str:
    """A name for a series, whose texts may be of any length and script."""
    return hashlib.blake2b(f"{subject} {claims[0].series.key}".encode(), digest_size=16).hexdigest()


def claims(
    transaction: Transaction,
    process: str,
    after: str | None,
    limit: int,
    measure: str | None = None,
    claimant: str | None = None,
    request: HorizonRequest = PRESENT,
) -> Page[ShownClaim]:
    """Every live claim on the figures of a process and the counts of its registers, oldest first: series over time.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    last = read_cursor(after, int, int, int, str) if after is not None else None
    if request.horizon != EVERYTHING:
        view = process_view(transaction, process, None, request)
        stays: Mapping[Subject, Subject] = view.snapshot.joined
        claimant = _staying(claimant, stays)
        orders = sorted(display_order(event) for event in view.snapshot.in_effect if _claims(event, measure, claimant))
        orders = [order for order in orders if last is None or order > last]
        names = [event_id for *_, event_id in orders[:limit]]
        events, marks = view.lookup(names), view.became_of(names)
    else:
        stays = canonical_subjects(transaction)
        claimant = _staying(claimant, stays)
        orders = kept_figures.page(
            transaction,
            known_ids(transaction, process),
            last,
            limit + 1,
            measure=storable(measure) if measure is not None else None,
            claimant=storable(claimant) if claimant is not None else None,
        )
        fits = min(number_that_fit(transaction, [event_id for *_, event_id in orders]), limit)
        names = [event_id for *_, event_id in orders[:fits]]
        events, marks = events_by_id(transaction, names), marks_by_id(transaction, names)
    items: list[ShownClaim] = [
        {**claim_of(under(events[name].event, stays)), **marks.get(name, Marks())} for name in names
    ]
    return paged(items, orders, more=len(orders) > len(items))


def near_claims(
    transaction: Transaction, process: str, measure: str | None, claimant: str | None, request: HorizonRequest
) -> NearWords:
    """What may have been meant by a measure or a claimant that no claim of a process has, as the sources spell it."""
    snapshot = process_view(transaction, process, None, request).snapshot
    claims = [claim for claim in snapshot.claims if not claim.of_report]
    near: NearWords = {}
    if measure is not None and comparable(measure) not in (known := {claim.series.measure for claim in claims}):
        near["measure"] = near_words(measure, _as_sent(transaction, claims) if known else ())
    called = {claim.claimant.name for claim in claims}
    if claimant is not None and comparable(claimant) not in map(comparable, called):
        actors = [f"actors/{one.id}" for one in nearest(transaction, "actors", claimant.removeprefix("actors/"))]
        near["claimant"] = list(
            dict.fromkeys([*near_words(claimant, called), *(one for one in actors if one in called)])
        )
    return {name: words for name, words in near.items() if words}


def _as_sent(transaction: Transaction, claims: Iterable[Claim]) -> list[str]:
    """The measures of claims, in the spelling of one of them each."""
    first: dict[str, str] = {}
    for claim in claims:
        first.setdefault(claim.series.measure, claim.event_id)
    events = events_by_id(transaction, first.values())
    return [claim_of(events[name].event)["measure"] for name in first.values() if name in events]


def _staying(claimant: str | None, stays: Mapping[Subject, Subject]) -> str | None:
    """A claimant under the id that stays, if it is an actor."""
    return stays.get(Subject(claimant), Subject(claimant)) if claimant is not None else None


def _claims(event: Event, measure: str | None, claimant: str | None) -> bool:
    """Whether an event makes a claim on this measure (on any, if None), by this claimant (by any, if None)."""
    return any(
        (measure is None or comparable(measured(event)) == comparable(measure))
        and (claimant is None or comparable(claim.claimant.name) == comparable(claimant))
        for claim in claims_in(event)
    )


def figures_of(
    renderer: Renderer, snapshot: ProcessSnapshot, lookup: Lookup, shown: int = SERIES_SHOWN
) -> tuple[list[FigureSeries], dict[str, list[FigureSeries]]]:
    """Figures of the process and counts of its registers, series by series, contested ones first.

    Every claimant's newest claim is shown. The span is what all claims allow; nothing is ever added up. What is counted
    period by period stands together, the newest period first.
    """
    events = lookup([claim.event_id for claim in snapshot.claims if not claim.of_report])
    figures: list[FigureSeries] = []
    counts: dict[str, list[FigureSeries]] = defaultdict(list)
    for subject, claims in _in_order(snapshot.claims, events, shown):
        line = _series(renderer, subject, claims, events)
        if claims[0].series.enrolled:
            counts[subject].append(line)
        else:
            figures.append(line)
    return figures, counts


def _in_order(claims: Iterable[Claim], events: Mapping[str, Recorded], shown: int) -> list[tuple[str, list[Claim]]]:
    """Series in the order in which they are shown, each with its subject; of many the contested and the newest ones."""
    series: dict[tuple[str, Series], list[Claim]] = defaultdict(list)
    for claim in claims:
        series[claim.subject, claim.series].append(claim)
    contested = {key: _span(claims)[2] for key, claims in series.items()}
    ends = {key: max(_counted_until(claim, events) for claim in claims) for key, claims in series.items()}
    alike: dict[tuple[str, Series], int] = {}
    for subject, one in series:
        alike.setdefault((subject, one._replace(period="")), len(alike))
    newest = sorted(series, key=lambda key: (not contested[key], -ends[key]))[:shown]
    newest.sort(key=lambda key: (not contested[key], alike[key[0], key[1]._replace(period="")], -ends[key]))
    return [(key[0], series[key]) for key in newest]


def _counted_until(claim: Claim, events: Mapping[str, Recorded]) -> int:
    """The end of the period that a claim is on, or of the time of which it is said."""
    period = _figure(claim, events).period if not claim.of_report else None
    return period.span.latest if period is not None else claim.order[1]


def claim_of(event: Event) -> MadeClaim:
    """A claim on a figure, or an assessment of one, as the series over time shows it."""
    data = event.data
    assert isinstance(data, Figure | EnrolmentReported)  # noqa: S101  see claims_in
    return {
        "event": str(event.id),
        "subject": event.subject,
        "occurred": event.occurred,
        "claimants": list(dict.fromkeys(claim.claimant.name for claim in claims_in(event))),
        "assessed": isinstance(data, FigureAssessed),
        "reason": data.reason if isinstance(data, FigureAssessed) else None,
        "measure": data.title,
        "counting": data.counting.value,
        "unit": data.quantity.unit,
        "period": data.period,
        "area": rendering.area(data.area),
        **_places(data.area),
        "scope": data.scope,
        **quantity(data.quantity),
    }


def _figure(claim: Claim, events: Mapping[str, Recorded]) -> Figure | EnrolmentReported:
    data = events[claim.event_id].event.data
    assert isinstance(data, Figure | EnrolmentReported)  # noqa: S101  see claims_in
    return data


def _span(claims: list[Claim]) -> tuple[Exact, Exact | None, bool]:
    """What the claims that can be held against each other all allow, and whether there is no such number."""
    ranges = [claim.range for claim in comparable_claims(claim.made for claim in claims)]
    low, high = common(ranges)
    return low, high, len(ranges) > 1 and high is not None and low > high


def _series(renderer: Renderer, subject: str, claims: list[Claim], events: Mapping[str, Recorded]) -> FigureSeries:
    """One series; texts that are one are shown as the newest claim has them."""
    made, tolls = ([claim for claim in claims if claim.of_report is of_report] for of_report in (False, True))
    newest_first = sorted(made, key=lambda claim: claim.order, reverse=True)
    shown: dict[bool, list[SeriesClaim]] = {False: [], True: []}
    for claim in newest_first[:CLAIMS_SHOWN]:
        event, data = events[claim.event_id].event, _figure(claim, events)
        shown[claim.assessed].append(
            {
                "claimant": claim.claimant.name,
                **(Within(within=claim.claimant.within) if claim.claimant.within else Within()),
                **quantity(data.quantity),
                "period": data.period,
                "as_of": event.occurred,
                "reason": data.reason if isinstance(data, FigureAssessed) else None,
                **_handed_over(data),
                "claims": claim.claims,
                "events": renderer.rests_on([claim.event_id]),
            }
        )
    newest = _figure(newest_first[0], events)
    low, high, contested = _span(claims)
    compared = [str(claim.event) for claim in comparable_claims(claim.made for claim in [*newest_first, *tolls])]
    stated = rendering.area(newest.area)
    return {
        "subject": subject,
        "measure": newest.title,
        "counting": newest.counting.value,
        "unit": newest.quantity.unit,
        "area": stated,
        **_places(newest.area),
        "area_stated": stated is not None,
        "scope": newest.scope,
        **_kind(newest),
        "claims": shown[False],
        "claimants": len(made),
        "span": None if contested or not compared else {"low": plain(low), "high": plain(high)},
        "compared": compared,
        "contested": contested,
        "assessed": shown[True],
    }


class _Parts(TypedDict, total=False):
    """What only some numbers have."""

    parts: list[Said]


class _Kind(TypedDict, total=False):
    """What only some figures have."""

    about: str
    counts: str


class _Places(TypedDict, total=False):
    """What only some areas have."""

    places: list[Said]


def _places(area: Area | None) -> _Places:
    """The places of an area of which more than a name is said: two of one name are two."""
    shown = [said(place) for place in area or ()]
    return {"places": shown} if any(place.keys() - {"labels", "precision"} for place in shown) else {}


class _HandedOver(TypedDict, total=False):
    """What only some counts of a register have."""

    handed_over: list[Said]


def _handed_over(figure: Figure | EnrolmentReported) -> _HandedOver:
    items = figure.handed_over if isinstance(figure, EnrolmentReported) else ()
    return {"handed_over": [said(item) for item in items]} if items else {}


def _kind(figure: Figure | EnrolmentReported) -> _Kind:
    kind = _Kind()
    if isinstance(figure, Figure):
        if figure.about is not None:
            kind["about"] = str(figure.about)
        if figure.counts is not None:
            kind["counts"] = figure.counts.value
    return kind


def plain(number: Exact | None) -> float | None:
    """A number for JSON; a whole one without a decimal point."""
    return as_number(number) if number is not None else None


def quantity(claimed: Quantity) -> ShownQuantity:
    low, high = claimed.range
    return {
        "value": claimed.value,
        "qualifier": claimed.qualifier.value,
        "low": plain(low),
        "high": plain(high),
        "verbatim": claimed.verbatim,
        **(_Parts(parts=[said(part) for part in claimed.parts]) if claimed.parts else _Parts()),
    }
