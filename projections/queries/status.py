"""The status of a process, in the order of its first screen: where it stands, what is due, who is at risk.

`compose` is pure: a view of the process in, JSON out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, cast

from domain import agreements, convoys, enrolments, families, processes, talks
from domain.event import Recorded, instant
from domain.general import SubjectState
from domain.lines import Line
from domain.spans import begins, has_passed, local_day, moment_after, next_day, second_of
from domain.values import Subject
from projections import rendering
from projections.answers.deadlines import ShownDue
from projections.answers.figures import FigureSeries
from projections.answers.lines import fields_of
from projections.answers.status import (
    ConvoyInStatus,
    HeardOn,
    HeldReport,
    LastHeard,
    LatestChange,
    ListedAgreement,
    ListedEnrolment,
    PeopleAtRisk,
    RoundInStatus,
    ShownStatement,
    StatusAnswer,
    StatusBody,
    Truce,
    TruceStanding,
    UnifiedSubject,
    WithdrawnSubject,
)
from projections.answers.subjects import DescribedRole, Gathered, WithObligations
from projections.queries import explanations
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView, process_view
from projections.queries.figures import figures_of
from projections.queries.findings import shown_glance
from projections.queries.obligations import kept_to, ledger
from projections.queries.process_lines import heard_from
from projections.queries.snapshot import ProcessSnapshot
from projections.queries.tolls import incidents_of
from projections.read_models.change_set import HeardReport
from projections.read_models.incident_counts import by_recorder
from projections.renderer import Renderer, said
from projections.storage.tables import Transaction

AHEAD = timedelta(days=14)
CURRENT_SHOWN = 50
OVER_SHOWN = 10
"""Rounds of talks and convoys in one status, under way and over; `totals` counts all, the lists have them."""
HELD_SHOWN = 50
"""Reports of what is still to come in one status, the first to come first."""
FINDINGS_SHOWN = 20
"""Findings in one status, the gravest first; all are counted, and `/findings` has them."""


def process_status(
    transaction: Transaction, process: str, now: datetime, request: HorizonRequest = PRESENT
) -> tuple[StatusAnswer, datetime]:
    """The status, and until when it stays as it is if nothing is recorded. At another horizon than the present that
    is not looked for.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
    """
    view = process_view(transaction, process, now, request, reports=False)
    if request != PRESENT:
        return compose(view), view.now
    edge = view.glance(int(view.now.timestamp()), FINDINGS_SHOWN).until
    return compose(view), changes_at(view.snapshot, view.now, edge)


def compose(view: ProcessView) -> StatusAnswer:
    """The status as JSON."""
    renderer, snapshot, now = Renderer(), view.snapshot, view.now
    own = snapshot.states[snapshot.own]
    assert isinstance(own, processes.ProcessState)  # noqa: S101  a process's own subject has no other state
    shown = rendering.process(renderer, own)
    deadlines = due(renderer, snapshot, now)
    figures, counts = figures_of(renderer, snapshot, view.lookup)
    body: StatusBody = {
        "process": snapshot.process,
        "version": snapshot.version,
        "labels": rendering.labels(own.labels),
        **rendering.foreign_ids(own),
        "level": shown["level"],
        "time_zone": shown["time_zone"],
        "areas": shown["areas"],
        "links": shown["links"],
        "horizon": view.horizon,
        "state": shown["state"],
        "ending": shown["ending"],
        "last_heard": last_heard(renderer, snapshot),
        "followed": snapshot.followed,
        "next_14_days": deadlines["next"],
        "overdue": deadlines["overdue"],
        "later": deadlines["later"],
        "findings": shown_glance(renderer, view.glance(int(now.timestamp()), FINDINGS_SHOWN)),
        "people_at_risk": at_risk(renderer, snapshot, own),
        "truce": truce(renderer, snapshot, now, figures),
        "incidents": incidents_of(renderer, view, figures),
        "obligations": ledger(renderer, snapshot, now),
        "totals": totals(snapshot),
        "talks": cast("list[RoundInStatus]", _current(renderer, snapshot, talks.TalksState)),
        "positions": [p for path, s in snapshot.states.items() for p in rendering.positions(renderer, path, s)],
        "proposals": [p for path, s in snapshot.states.items() for p in rendering.proposals(renderer, path, s)],
        "roles": [r for path, s in snapshot.states.items() for r in rendering.roles(renderer, path, s)],
        "described_roles": _described_roles(renderer, snapshot),
        "bodies": shown["bodies"],
        "control": shown["control"],
        "access": shown["access"],
        "instruments": shown["instruments"],
        "figures": figures,
        "enrolments": [
            {**register, "counts": counts.get(register["subject"], [])}
            for register in cast("list[ListedEnrolment]", _current(renderer, snapshot, enrolments.EnrolmentState))
        ],
        "convoys": cast("list[ConvoyInStatus]", _current(renderer, snapshot, convoys.ConvoyState)),
        "agreements": [
            {**agreement, **kept_to(snapshot, Subject(agreement["subject"]), now)}
            for agreement in cast("list[ListedAgreement]", _current(renderer, snapshot, agreements.AgreementState))
        ],
        "statements": [{"events": renderer.rests_on([event])} for event in snapshot.statements],
        "still_to_come": _held(renderer, view),
        "withdrawn": _withdrawn(renderer, snapshot),
        "unified": _unified(snapshot),
    }
    newest = [renderer.rests_on([event]) for event in snapshot.newest]
    events, marks = view.lookup(list(renderer.events)), view.marks(list(renderer.events))
    body["statements"] = [_said(renderer, statement, events) for statement in body["statements"]]
    changes = [_latest(ids, events[ids[0]]) for ids in newest]
    return {**body, "changes": changes, **explanations.at_horizon(view, renderer, events, marks)}


def _described_roles(renderer: Renderer, snapshot: ProcessSnapshot) -> list[DescribedRole]:
    return [r for path, state in snapshot.states.items() for r in rendering.described_roles(renderer, path, state)]


def _withdrawn(renderer: Renderer, snapshot: ProcessSnapshot) -> list[WithdrawnSubject]:
    return [{"subject": path, "events": renderer.rests_on(ids)} for path, ids in sorted(snapshot.withdrawn.items())]


def _unified(snapshot: ProcessSnapshot) -> list[UnifiedSubject]:
    return [
        {"subject": path, "into": stays}
        for path, stays in sorted(snapshot.joined.items())
        if stays in snapshot.states or stays in snapshot.withdrawn
    ]


def _said(renderer: Renderer, statement: ShownStatement, events: Mapping[str, Recorded]) -> ShownStatement:
    """A statement with what it says."""
    words = said(events[statement["events"][0]].event.data)
    renderer.actor(fields_of(words).get("speaker"))
    return {**statement, **words}


def _held(renderer: Renderer, view: ProcessView) -> list[HeldReport]:
    ids = view.snapshot.held[:HELD_SHOWN]
    events = {event_id: recorded.event for event_id, recorded in view.lookup(ids).items()} if ids else {}
    return [
        {
            "events": renderer.rests_on([event_id]),
            "subject": events[event_id].subject,
            "type": events[event_id].type,
            "occurred": events[event_id].occurred,
        }
        for event_id in ids
    ]


def _latest(ids: list[str], recorded: Recorded) -> LatestChange:
    return {
        "events": ids,
        "type": recorded.type,
        "subject": recorded.subject,
        "occurred": recorded.event.occurred,
        "recorded_at": instant(recorded.recorded_at),
    }


def totals(snapshot: ProcessSnapshot) -> dict[str, dict[str, int]]:
    """How many rounds, convoys, agreements and registers there are, by state (a contested one counts as such),
    how many series of figures, and how many incidents and violations."""
    by_family: dict[str, dict[str, int]] = {}
    if snapshot.claims:
        by_family["figures"] = {"series": len({(claim.subject, claim.series) for claim in snapshot.claims})}
    if snapshot.acts.total:
        by_family["incidents"] = {"reported": snapshot.acts.total}
    for path, state in snapshot.states.items():
        if (stage := stage_of(state)) is not None:
            counts = by_family.setdefault(path.partition("/")[0], {})
            counts[stage] = counts.get(stage, 0) + 1
    return by_family


def stage_of(state: SubjectState) -> str | None:
    """The state of a round, a convoy or an agreement in a word."""
    match state:
        case talks.TalksState() | agreements.AgreementState() | enrolments.EnrolmentState():
            return "contested" if state.stage.contested else state.stage.value
        case convoys.ConvoyState():
            seen = state.stage.value
            return "contested" if state.stage.contested else seen.stage if seen else None
        case _:
            return None


GATHERED = {*Gathered.__annotations__, *WithObligations.__annotations__}
"""What of a page the status gathers over all subjects."""
OVER = {"concluded", "cancelled", "failed", "arrived", "turned back", "ended", "closed"}


def _current(renderer: Renderer, snapshot: ProcessSnapshot, kind: type[Any]) -> list[Mapping[str, object]]:
    """The subjects of a family that are not over, newest first, then the last ones that are."""
    mine = [(stage_of(state) in OVER, path, state) for path, state in snapshot.states.items() if type(state) is kind]
    mine.sort(key=lambda one: (one[0], [-bound for bound in _newest(one[2])], one[1]))
    under_way = [(path, state) for over, path, state in mine if not over][:CURRENT_SHOWN]
    over = [(path, state) for over, path, state in mine if over][:OVER_SHOWN]
    return _without_gathered(renderer, [*under_way, *over])


def _newest(state: Any) -> tuple[int, int]:
    spans = [candidate.span for candidate in state.stage.candidates]
    return max(((span.latest, span.earliest) for span in spans), default=(0, 0))


def _without_gathered(renderer: Renderer, subjects: list[tuple[Subject, SubjectState]]) -> list[Mapping[str, object]]:
    """The page of each subject, without what the status gathers elsewhere."""
    pages: list[Mapping[str, object]] = []
    for path, state in subjects:
        page = rendering.subject(renderer, path, state)
        pages.append({name: shown for name, shown in page.items() if name not in GATHERED})
    return pages


def last_heard(renderer: Renderer, snapshot: ProcessSnapshot) -> LastHeard | None:
    heard, last = snapshot.heard, snapshot.last_heard
    if heard is None or last is None:
        return None
    return {
        **heard_from(last),
        "events": renderer.rests_on([last.event]),
        "occurred": _heard_on(renderer, heard.occurred),
        "published": _heard_on(renderer, heard.published),
    }


def _heard_on(renderer: Renderer, report: HeardReport | None) -> HeardOn | None:
    if report is None or not report.on:
        return None
    return {**heard_from(report), "events": renderer.rests_on([report.event])}


# --- what is due


def due(renderer: Renderer, snapshot: ProcessSnapshot, now: datetime) -> dict[str, list[ShownDue]]:
    """What is expected: overdue, within 14 days, and later; each oldest first."""
    ahead = second_of(now + AHEAD)
    expected: dict[str, list[tuple[object, ShownDue]]] = {"overdue": [], "next": [], "later": []}
    for path, state in snapshot.states.items():
        zones = snapshot.zones_of(path)
        for deadline in families.due(state):
            start = begins(deadline.when, zones)
            overdue = has_passed(deadline.when, now, zones)
            place = "overdue" if overdue else "next" if start is None or start.first <= ahead else "later"
            order = (*rendering.when_key(deadline.when), path, deadline.what)
            expected[place].append((order, renderer.due(path, deadline)))
    return {place: [line for _, line in sorted(lines, key=itemgetter(0))] for place, lines in expected.items()}


def changes_at(snapshot: ProcessSnapshot, now: datetime, edge: int | None = None) -> datetime:
    """Until when a status stays as it is if nothing is recorded: the next deadline, or the end of the day.

    Args:
        snapshot: what it is composed from.
        now: the clock.
        edge: when, in seconds since 1970, a finding begins to stand or no longer does (`Glance.until`).
    """
    ends: list[int | None] = [next_day(second_of(now), snapshot.zones_of(snapshot.own)), snapshot.due]
    for path, state in snapshot.states.items():
        zones = snapshot.zones_of(path)
        for deadline in families.due(state):
            start = begins(deadline.when, zones)
            ends.append(moment_after(deadline.when, zones))
            ends.append(start.first - int(AHEAD.total_seconds()) if start is not None else None)
        if isinstance(state, agreements.AgreementState):  # the ledger tells of deadlines that are due no more, too
            terms = (agreed for obligation in state.obligations.values() for agreed in obligation.agreed.values)
            ends += [moment_after(agreed.deadline, zones) for agreed in terms if agreed.deadline is not None]
            starting = (begins(term.starts, zones) for term in state.term.values if term.starts is not None)
            ends += [moment.last for moment in starting if moment is not None]
            if path in snapshot.heard_of:
                ends.append(moment_after(snapshot.heard_of[path], zones, agreements.UNHEARD))
            for end in agreements.term_ends(state):
                ends += [moment_after(end, zones), moment_after(end, zones, -agreements.LAPSING)]
    ends.append(edge)
    return datetime.fromtimestamp(min(end for end in ends if end is not None and end > now.timestamp()), UTC)


# --- people at risk, truce


def at_risk(renderer: Renderer, snapshot: ProcessSnapshot, own: processes.ProcessState) -> PeopleAtRisk:
    """Held or stranded convoys, closed or besieged places: what cannot wait. What the process has outlived is over."""
    ends = [c.span for c in own.stage.candidates] if own.stage.value == "ended" else []

    def over(line: Line[Any]) -> bool:
        return any(all(c.span.precedes(end) for c in line.candidates) for end in ends)

    return {
        "convoys": [
            {
                "subject": path,
                "label": state.labels[0].text if state.labels else path,
                "whereabouts": rendering.convoy(renderer, state)["whereabouts"],
                "people": [said(cohort) for cohort, _ in convoys.people_on(state)],
                "told_by": [renderer.rests_on(events) for _, events in convoys.people_on(state)],
            }
            for path, state in snapshot.states.items()
            if isinstance(state, convoys.ConvoyState) and convoys.stranded(state) and not over(state.stage)
        ],
        "places": renderer.lines((line for line in processes.shut(own) if not over(line)), renderer.said),
    }


def truce(renderer: Renderer, snapshot: ProcessSnapshot, now: datetime, figures: Sequence[FigureSeries]) -> Truce:
    """Each ceasefire with its term; violations and incidents per recorder in the last 7 and 30 days."""
    today = local_day(second_of(now), snapshot.zones_of(snapshot.own))
    truces: list[TruceStanding] = []
    for path, state in snapshot.states.items():
        if isinstance(state, agreements.AgreementState) and (
            state.term.candidates or any(d.ceasefire or d.stage == "ceasefire" for d in state.described.values)
        ):
            truces.append(
                {
                    "agreement": path,
                    "label": state.labels[0].text if state.labels else path,
                    "state": renderer.line(state.stage),
                    "standing": kept_to(snapshot, path, now)["standing"],
                    "term": renderer.plan(state.term, rendering.term, past=families.is_past(state, "term")),
                    "violations": by_recorder(
                        [t for t in snapshot.incident_counts if t.subject == path and t.kind == "violation"], today
                    ),
                    "counted": [f for f in figures if f["subject"] == path and f.get("counts") == "violations"],
                }
            )
    incidents = [t for t in snapshot.incident_counts if t.kind == "incident"]
    counted = [figure for figure in figures if figure.get("counts") == "incidents"]
    return {"agreements": truces, "incidents": by_recorder(incidents, today), "counted": counted}
