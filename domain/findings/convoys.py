"""What may not fit in a convoy: its clearances, its way, its load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from domain import convoys, general
from domain.comparison import comparable
from domain.compatible import standing
from domain.convoy_events import ClearanceForm, ClearanceGranted, ConvoyRequested
from domain.decimals import Exact, total
from domain.family import FamilyFindings
from domain.finding import DAY, Finding, Rule, Severity, few
from domain.findings.agreements import missed
from domain.findings.any_subject import passed_plan
from domain.findings.figures import PART_ABOVE_WHOLE
from domain.findings.wording import cut, dated, place_name, plain_number, said_by
from domain.keys import compound
from domain.lines import ANY_ORDER, Candidate, Course, Line
from domain.sentences import OR, Term, listed, phrase, told, told_number
from domain.spans import Zones, first_to_pass, found_passed, last_to_pass
from domain.values import Item, Subject


def _planned_departure(subject: Subject, state: convoys.ConvoyState, zones: Zones) -> Iterator[Finding]:
    for what, when, events in convoys.plans(state):
        yield from passed_plan(subject, what, when, events, zones)


def _runs_missed(subject: Subject, state: convoys.ConvoyState, zones: Zones) -> Iterator[Finding]:
    for c, run in convoys.next_runs(state):
        yield from missed(subject, told("The next run"), "run", run, c.events, zones)


CLEARANCE_STUCK = Rule(
    "clearance-stuck",
    "The passage of a convoy that has not gone: raised if a request is not answered by its date, or within 7 "
    "days if none is named, or a clearance is not final 7 days after it was first granted; resolved by an "
    "answer, by a final clearance, or when the convoy goes, is denied passage or is cancelled.",
    Severity.MODERATE,
    archives=False,
)
CLEARANCE_EXPIRED = Rule(
    "clearance-expired",
    "A clearance with an end, of a convoy that has not gone: raised when the end has passed; resolved by a "
    "new clearance, or when the convoy goes, is denied passage or is cancelled.",
    Severity.MODERATE,
    archives=False,
)
ANSWERED_WITHIN = 7 * DAY
"""Seconds after which a request or a clearance that is not final is stuck, if no date was named."""


def _clearance(subject: Subject, state: convoys.ConvoyState, zones: Zones) -> Iterator[Finding]:
    if not convoys.waiting(state):
        return
    requests = general.sure(state.request)
    for asked in requests:
        until = [one.value.answer_by for one in requests if one.value.to == asked.value.to]
        if asked.value.answer_by not in standing(until):
            continue  # another report of it tells the date, or tells it more exactly
        yield from _not_answered(subject, state, asked, zones)
    for by, line in state.clearances.items():
        granted = [(c, c.value) for c in general.sure(line) if isinstance(c.value, ClearanceGranted)]
        if granted and len(granted) == len(general.sure(line)):
            yield from _not_final(subject, by, granted, zones)
        ends = [said.value for said in line.said_in("valid_until") if not said.by.possible]
        ended = all(clearance.valid_until is not None for _, clearance in granted)
        end = last_to_pass(ends, zones) if ended and granted else None
        if end is not None and (since := found_passed(end, zones)) is not None:
            text = told(
                "The clearance by {actor} was valid until {date}; the convoy is not reported to have gone.",
                actor=f"actors/{by}",
                date=end,
            )
            events = few(event for c, _ in granted for event in c.events)
            yield CLEARANCE_EXPIRED.finding(subject, text, events, since=since, about=f"clearance {by}")


def _not_answered(
    subject: Subject, state: convoys.ConvoyState, asked: Candidate[ConvoyRequested], zones: Zones
) -> Iterator[Finding]:
    to, by = asked.value.to, asked.value.answer_by
    lines = state.clearances.values() if to is None else [state.clearances.get(to, Line())]
    if any(not c.span.precedes(asked.span) for line in lines for c in general.sure(line)):
        return
    asked_on = asked.since or asked.occurred
    since = (
        found_passed(by, zones)
        if by is not None
        else found_passed(asked_on, zones, ANSWERED_WITHIN)
        if asked_on is not None
        else None
    )
    if since is not None:
        on = dated(asked_on)
        asked_for = told("Passage was asked ({date})", date=on)
        if to:
            asked_for = told("Passage was asked of {actor} ({date})", actor=f"actors/{to}", date=on)
        text = (
            told("{asked}; no answer is reported by {date}.", asked=asked_for, date=by)
            if by is not None
            else told_number(
                "{asked}; no answer is reported within {number} day.",
                "{asked}; no answer is reported within {number} days.",
                ANSWERED_WITHIN // DAY,
                asked=asked_for,
            )
        )
        yield CLEARANCE_STUCK.finding(subject, text, asked.events, since=since, about=f"request {to or ''}".rstrip())


def _not_final(
    subject: Subject, by: str, granted: Sequence[tuple[Candidate[Any], ClearanceGranted]], zones: Zones
) -> Iterator[Finding]:
    """All that an actor has granted is in principle or with conditions."""
    if any(clearance.form is ClearanceForm.FINAL for _, clearance in granted):
        return
    first = [c.since or c.occurred for c, _ in granted]
    when = first_to_pass((when for when in first if when is not None), zones)
    since = found_passed(when, zones, ANSWERED_WITHIN) if when is not None else None
    if when is not None and since is not None:
        text = told_number(
            "{actor} granted passage {forms} ({date}); {number} day later there is no final clearance.",
            "{actor} granted passage {forms} ({date}); {number} days later there is no final clearance.",
            ANSWERED_WITHIN // DAY,
            actor=f"actors/{by}",
            forms=listed([Term(form) for form in dict.fromkeys(clearance.form.value for _, clearance in granted)], OR),
            date=when,
        )
        events = few(event for c, _ in granted for event in c.events)
        yield CLEARANCE_STUCK.finding(subject, text, events, since=since, about=f"clearance {by}")


NOT_ARRIVED = Rule(
    "not-arrived",
    "A convoy on the road or held, a series of runs apart: raised a day after it was last seen; resolved "
    "when it is seen again, has arrived or turned back.",
    Severity.HIGH,
    archives=False,
)
ARRIVES_WITHIN = DAY


def _not_arrived(subject: Subject, state: convoys.ConvoyState, zones: Zones) -> Iterator[Finding]:
    if convoys.is_series(state):
        return
    seen = [
        (since, c)
        for c in general.sure(state.stage)
        if c.value.stage in convoys.ON_THE_ROAD and c.occurred is not None
        if (since := found_passed(c.occurred, zones, ARRIVES_WITHIN)) is not None
    ]
    if seen:
        since, last = max(seen, key=lambda pair: pair[0])
        stage: str = Term(last.value.stage)
        if last.value.place:
            stage = told("{stage} at {place}", stage=stage, place=place_name(last.value.place))
        text = told(
            "Last seen: {stage} ({date}, {who}); a day later it is not reported to have arrived.",
            stage=stage,
            date=dated(last.occurred),
            who=said_by(last.claimants),
        )
        yield NOT_ARRIVED.finding(subject, text, last.events, since=since, about="stage")


def _unloaded(subject: Subject, state: convoys.ConvoyState, zones: Zones) -> Iterator[Finding]:  # noqa: ARG001
    """More delivered or removed of an item than was loaded, by the most that any last report has loaded."""
    loads = [(c.events, _amounts(c.value.loaded)) for c in general.sure(state.departure)]
    if convoys.is_series(state) or not loads:
        return
    taken = [(c.events, phrase("delivered"), _amounts(c.value.delivered)) for c in general.sure(state.arrival)]
    taken += [((cited.event,), phrase("removed"), _amounts(cited.data.items)) for cited in state.removed]
    for events, what, amounts in taken:
        for (item, unit), (least, _) in amounts.items():
            most = [load.get((item, unit), (0, None))[1] for _, load in loads]
            bounds = [high for high in most if high is not None]
            if len(bounds) == len(most) and least > max(bounds):
                text = told(
                    "{least} {unit} of {item} or more were {done}, {most} loaded at most.",
                    least=plain_number(least),
                    unit=Term(unit),
                    item=cut(item),
                    done=told(what),
                    most=plain_number(max(bounds)),
                )
                rests_on = few((*events, *(event for load_events, _ in loads for event in load_events)))
                yield PART_ABOVE_WHOLE.finding(subject, text, rests_on, about=f"{what} {compound(item, unit)}")


def _amounts(items: Iterable[Item]) -> dict[tuple[str, str], tuple[Exact, Exact | None]]:
    """How much there is of each item, least and most, by description and unit, as texts are compared."""
    amounts: dict[tuple[str, str], tuple[Exact, Exact | None]] = {}
    for item in items:
        if item.quantity is not None:
            key = (comparable(item.description), comparable(item.quantity.unit))
            (low, high), (before, upto) = item.quantity.range, amounts.get(key, (0, 0))
            amounts[key] = (total((low, before)), None if high is None or upto is None else total((high, upto)))
    return amounts


def _is_past(state: convoys.ConvoyState, about: str) -> bool:
    return about == "described planned" and not convoys.waiting(state)


def _course(state: convoys.ConvoyState) -> tuple[Course, set[str]]:
    """Of a series every step may come again."""
    return (ANY_ORDER, set()) if convoys.is_series(state) else (convoys.COURSE, convoys.ONCE)


FINDINGS: FamilyFindings[convoys.ConvoyState] = FamilyFindings(
    rules=(_planned_departure, _runs_missed, _clearance, _not_arrived, _unloaded), course=_course, is_past=_is_past
)
