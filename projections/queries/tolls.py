"""Incidents and violations in a status, each with every claim on the harm that it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from domain.agreement_events import ViolationReported
from domain.event import Event, Recorded
from domain.general import IncidentReported
from domain.harm_words import harm_of
from domain.values import Harm, HarmCategory
from projections.answers.explanations import Marks
from projections.answers.figures import FigureSeries, SeriesClaim, ShownQuantity
from projections.answers.status import HarmByCategory, HarmClaim, IncidentInStatus
from projections.queries.at_horizon import ProcessView
from projections.queries.figures import quantity
from projections.read_models.entries import ACTS, ACTS_SHOWN, gravity
from projections.read_models.ordering import display_order
from projections.renderer import Renderer

CATEGORIES = [category.value for category in HarmCategory]


def incidents_of(renderer: Renderer, view: ProcessView, figures: Sequence[FigureSeries]) -> list[IncidentInStatus]:
    """The gravest and the newest incidents and violations, the gravest first, each with the claims on its toll.

    How grave one is, its own report tells and every figure about it.
    """
    snapshot = view.snapshot
    if not snapshot.acts.total:
        return []
    about: dict[str, list[FigureSeries]] = defaultdict(list)
    for figure in figures:
        if "about" in figure:
            about[figure["about"]].append(figure)
    marks = view.marks([*about, *snapshot.acts.ids])
    tolls: dict[str, list[FigureSeries]] = defaultdict(list)
    for event_id, series in about.items():
        tolls[marks.get(event_id, Marks()).get("same_as", event_id)] += series
    most = sorted(tolls, key=lambda event_id: (_killed(tolls[event_id]), event_id), reverse=True)[:ACTS_SHOWN]
    events = view.lookup(dict.fromkeys([*snapshot.acts.ids, *most]))
    held = set(snapshot.held)
    acts = [
        recorded.event
        for event_id, recorded in events.items()
        if event_id in snapshot.acts.ids or (event_id not in held and _counts(recorded, view, marks))
    ]
    grave = {event.key: _gravity(event, tolls[event.key]) for event in acts}
    acts.sort(key=lambda event: (grave[event.key], *display_order(event)), reverse=True)
    return [_incident(renderer, view, event, tolls[event.key]) for event in acts]


def _counts(recorded: Recorded, view: ProcessView, marks: Mapping[str, Marks]) -> bool:
    """Whether an event that a figure is about is an act of the process, in effect."""
    subject = view.snapshot.joined.get(recorded.subject, recorded.subject)
    became = marks.get(recorded.key, Marks())
    gone = "retracted_by" in became or "same_as" in became
    return recorded.type in ACTS and subject in view.snapshot.states and not gone


def _killed(series: Iterable[FigureSeries]) -> float:
    lows = [claim["low"] or 0 for s in series if harm_of(s["measure"]) == HarmCategory.KILLED for claim in s["claims"]]
    return max(lows, default=0)


def _gravity(event: Event, series: Iterable[FigureSeries]) -> tuple[float, int]:
    harm = cast(IncidentReported | ViolationReported, event.data).harm
    own = [float(h.quantity.range[0]) for h in harm if h.category is HarmCategory.KILLED]
    return max([*own, _killed(series)]), gravity(event)


def _incident(renderer: Renderer, view: ProcessView, event: Event, figures: Sequence[FigureSeries]) -> IncidentInStatus:
    data = cast(IncidentReported | ViolationReported, event.data)
    toll: dict[str, HarmByCategory] = {}
    for harm in data.harm:
        _of(toll, harm.category.value)["claims"].append(_own(renderer, event, harm))
    for figure in figures:
        by_category = _of(toll, harm_of(figure["measure"]))
        by_category["disagree"] = by_category["disagree"] or figure["contested"]
        by_category["claims"] += [_claimed(figure, claim, assessed=False) for claim in figure["claims"]]
        by_category["claims"] += [_claimed(figure, claim, assessed=True) for claim in figure["assessed"]]
    order = {name: number for number, name in enumerate(CATEGORIES)}
    return {
        **renderer.said(data, "harm"),
        "type": event.type,
        "subject": view.snapshot.joined.get(event.subject, event.subject),
        "occurred": event.occurred,
        "toll": sorted(toll.values(), key=lambda by: (order.get(by["category"], len(order)), by["category"])),
        "events": renderer.rests_on([event.key]),
    }


def _of(toll: dict[str, HarmByCategory], category: str) -> HarmByCategory:
    return toll.setdefault(category, {"category": category, "disagree": False, "claims": []})


def _own(renderer: Renderer, event: Event, harm: Harm) -> HarmClaim:
    made = _as_shown(quantity(harm.quantity), harm.quantity.unit, harm.who)
    return {**made, "as_of": event.occurred, "events": renderer.rests_on([event.key])}


def _claimed(figure: FigureSeries, claim: SeriesClaim, *, assessed: bool) -> HarmClaim:
    made = _as_shown(claim, figure["unit"], figure["scope"])
    made |= {"as_of": claim["as_of"], "figure": figure["measure"], "events": claim["events"]}
    if assessed:
        made["assessed"] = True
    return made


def _as_shown(number: ShownQuantity, unit: str, who: str | None) -> HarmClaim:
    """A claim without what it rests on."""
    shown: HarmClaim = {
        "value": number["value"],
        "qualifier": number["qualifier"],
        "low": number["low"],
        "high": number["high"],
        "verbatim": number["verbatim"],
        "unit": unit,
        "who": who,
        "as_of": None,
        "events": [],
    }
    if "parts" in number:
        shown["parts"] = number["parts"]
    return shown
