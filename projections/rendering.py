"""From folded state to what the interface shows: lines with the events they rest on, one view per family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

from typing_extensions import TypedDict

from domain import actors, agreements, convoys, enrolments, families, general, processes, talks
from domain import places as places_family
from domain.convoy_events import ClearanceDenied, ClearanceGranted
from domain.edtf import When
from domain.event import Payload, Recorded, instant
from domain.findings.contradictions import denied_roles
from domain.general import RoleHeld, RoleReported, SubjectState
from domain.lines import Cited, Course
from domain.one_thing import together
from domain.place_classes import name_among
from domain.processes import same_body, same_instrument
from domain.proposals import proposals_together, unanswered
from domain.runs import Expected
from domain.values import Area, Label
from projections.answers.explanations import Dated, Evidence, Marks
from projections.answers.lines import (
    Said,
    ShownForeignId,
    ShownLabel,
)
from projections.answers.subjects import (
    ActorLines,
    AgreementLines,
    Clearance,
    ConvoyLines,
    DescribedRole,
    EnrolmentLines,
    Gathered,
    HeldRole,
    IncludedPlace,
    OfProcesses,
    PlaceLines,
    PositionLine,
    ProcessLines,
    RoleLine,
    RoundLines,
    ShownBody,
    ShownObligation,
    ShownProposal,
    ShownRuns,
    ShownStep,
    ShownSubject,
    ShownTerm,
    SubjectPage,
    Whereabouts,
)
from projections.renderer import Renderer, said

T = TypeVar("T")
V = TypeVar("V")
A = TypeVar("A", str, str | None)
D = TypeVar("D", bound=Payload)


def labels(texts: Iterable[Label]) -> list[ShownLabel]:
    return [cast(ShownLabel, label.model_dump(exclude_none=True)) for label in texts]


class _Ids(TypedDict, total=False):
    """What only some subjects have."""

    ids: list[ShownForeignId]


def foreign_ids(state: SubjectState) -> _Ids:
    """The ids of a subject in other registers; nothing if there are none."""
    return {"ids": [{"scheme": one.scheme, "id": one.id} for one in state.ids]} if state.ids else {}


def area(places: Area | None) -> list[str] | None:
    """The names of an area's places; None if the source does not state one."""
    return [place.name for place in places] if places else None


# --- one view per family --------------------------------------------------------------------------------------


def subject(renderer: Renderer, path: str, state: SubjectState) -> SubjectPage:
    """The state of any subject, as its own page and as an entry of the lists: with the lines of its family."""
    begun: ShownSubject = {"subject": path, "labels": labels(state.labels), **foreign_ids(state)}
    places: OfProcesses = {"processes": list(state.processes)} if state.processes else {}
    lines = lines_of(renderer, path, state)
    gathered: Gathered = {
        "roles": roles(renderer, path, state),
        "described_roles": described_roles(renderer, path, state),
        "positions": positions(renderer, path, state),
        "proposals": proposals(renderer, path, state),
        "due": [renderer.due(path, due) for due in families.due(state)],
    }
    page = {**begun, **places, **lines, **gathered, "events": renderer.rests_on(state.opened_by)}
    return cast(SubjectPage, page)


def lines_of(renderer: Renderer, path: str, state: SubjectState) -> Mapping[str, object]:
    """The lines of a subject that only its family has."""
    match state:
        case processes.ProcessState():
            return process(renderer, state)
        case talks.TalksState():
            return talks_round(renderer, state)
        case agreements.AgreementState():
            return agreement(renderer, path, state)
        case convoys.ConvoyState():
            return convoy(renderer, state)
        case enrolments.EnrolmentState():
            return enrolment(renderer, state)
        case actors.ActorState():
            return actor(renderer, state)
        case places_family.PlaceState():
            return place(renderer, state)
        case _:
            return {}


def process(renderer: Renderer, state: processes.ProcessState) -> ProcessLines:
    return {
        "state": renderer.state(state.stage),
        "ending": renderer.line(state.ending),
        "level": renderer.line(state.level),
        "time_zone": renderer.line(state.time_zone),
        "areas": renderer.lines(state.areas.values(), included_place),
        "links": renderer.lines(state.links.values(), renderer.said),
        "control": renderer.lines(  # one report may be of several places
            {line.events: line for line in state.control.values()}.values(), renderer.said
        ),
        "access": renderer.lines(state.access.values(), renderer.said),
        "instruments": [renderer.cited_together(told) for told in together(state.instruments, same_instrument)],
        "bodies": [body(renderer, state, told) for told in together(state.bodies, same_body)],
    }


def body(
    renderer: Renderer, state: processes.ProcessState, reports: Sequence[Cited[processes.BodyEstablished]]
) -> ShownBody:
    """A body, with all reports of it, and by what it was dissolved or replaced."""
    shown = cast(ShownBody, renderer.cited_together(reports))
    told = {cited.event for cited in reports}
    if dissolved := [renderer.cited(end) for end in state.dissolved if end.data.established in told]:
        shown["dissolved"] = dissolved
    return shown


def included_place(held: processes.AreaHeld) -> IncludedPlace:
    return {**said(held.place), "included": held.included}


def steps(renderer: Renderer, state: SubjectState, course: Course) -> list[ShownStep]:
    """The steps that were reported, in the order of their dates, of one date in the usual one."""
    rank = {str(step): number for number, step in enumerate(course.order)}
    known = state.passed.items()
    shown: list[ShownStep] = []
    for step, passed in sorted(
        known, key=lambda one: (one[1].first.span.earliest, rank.get(one[0], len(rank)), one[0])
    ):
        entry: ShownStep = {
            "step": step,
            "occurred": passed.first,
            "events": renderer.rests_on(dict.fromkeys(passed.events)),
        }
        if passed.last.span != passed.first.span:
            entry["last"] = passed.last
        shown.append(entry)
    return shown


def talks_round(renderer: Renderer, state: talks.TalksState) -> RoundLines:
    return {
        "steps": steps(renderer, state, talks.COURSE),
        "between": [renderer.actor(actor) for actor in state.between],
        "about": renderer.line(state.about),
        "topics": [said(topic) for topic in state.topics],
        "form": renderer.line(state.form),
        "rounds": renderer.line(state.rounds, said),
        "not_held": renderer.line(state.not_held, renderer.said),
        "state": renderer.state(state.stage),
        "planned": renderer.plan(state.planned, lambda when: when, past=families.is_past(state, "planned")),
        "venue": renderer.line(state.venue, lambda place: name_among(place, state.venue.values)),
        "outcome": renderer.line(state.outcome),
        "summary": renderer.line(state.summary),
        "attendance": {
            renderer.actor(who): renderer.line(line, lambda attended: attended.presence.value)
            for who, line in state.attendance.items()
        },
    }


def agreement(renderer: Renderer, path: str, state: agreements.AgreementState) -> AgreementLines:
    return {
        "between": [renderer.actor(actor) for actor in state.between],
        "described": renderer.description(state.described, lambda d: renderer.said(d, "processes", "title", "between")),
        "state": renderer.state(state.stage),
        "steps": steps(renderer, state, agreements.COURSE),
        "complete": renderer.line(state.complete),
        "ending": renderer.line(state.ending),
        "signatures": renderer.lines(state.signatures.values(), renderer.said),
        "term": renderer.plan(state.term, term, past=families.is_past(state, "term")),
        "declared": renderer.line(state.declared, renderer.said),
        "relations": renderer.lines(state.relations.values(), renderer.said),
        "obligations": [obligation(renderer, path, state, name) for name in state.obligations],
    }


def term(agreed: agreements.Term) -> ShownTerm:
    return {
        "starts": agreed.starts,
        "until": agreed.until,
        "trial": agreed.trial,
        "renewable": agreed.renewable,
        "extended": agreed.extended,
        "lasts": agreed.lasts,
        "until_event": agreed.until_event,
        "computed": agreed.computed,
    }


def obligation(renderer: Renderer, path: str, state: agreements.AgreementState, name: str) -> ShownObligation:
    held = state.obligations[name]
    expected = "ended" not in state.stage.values and agreements.recurs(held)
    return {
        "agreement": path,
        "obligation": name,
        "agreed": renderer.line(held.agreed, lambda data: renderer.said(data, "obligation")),
        "score": renderer.line(held.assessed, lambda data: renderer.said(data, "obligation")),
        "kept": agreements.kept(held),
        "blocked_by": agreements.blocked_by(state, name),
        "runs": runs(run for _, run in agreements.next_runs(held)) if expected else [],
    }


def runs(expected: Iterable[Expected]) -> list[ShownRuns]:
    """The runs of the period that is short, if one is, and of the one in which the next is expected."""
    counted = dict.fromkeys(one for run in expected for one in (run.before, run.counted) if one is not None)
    return [
        {"first": one.first, "last": one.last, "expected": one.expected, "least": one.least, "most": one.most}
        for one in counted
    ]


def convoy(renderer: Renderer, state: convoys.ConvoyState) -> ConvoyLines:
    return {
        "described": renderer.description(
            state.described,
            lambda d: renderer.said(d, "processes", "title"),
            lambda name: families.is_past(state, f"described {name}"),
        ),
        "state": renderer.state(state.stage, lambda seen: seen.stage),
        "whereabouts": renderer.state(
            state.stage,
            lambda seen: whereabouts(renderer, seen),
        ),
        "clearances": {
            renderer.actor(who): renderer.line(line, lambda data: clearance(renderer, data))
            for who, line in state.clearances.items()
        },
        "departure": renderer.line(state.departure, renderer.said),
        "removed": [renderer.cited(cited) for cited in state.removed],
        "arrival": renderer.line(state.arrival, renderer.said),
        "postponed": renderer.line(state.postponed, renderer.said),
        "passage": renderer.line(state.passage, renderer.said),
        "steps": steps(renderer, state, convoys.COURSE),
        "last_run": convoys.last_run(state) if convoys.is_series(state) else None,
        "runs": runs(run for _, run in convoys.next_runs(state)),
    }


def whereabouts(renderer: Renderer, seen: convoys.Whereabouts) -> Whereabouts:
    return {
        "stage": seen.stage,
        "place": seen.place.name if seen.place else None,
        "actor": renderer.actor(seen.actor),
        "reason": seen.reason,
    }


def clearance(renderer: Renderer, data: ClearanceGranted | ClearanceDenied) -> Clearance:
    return {"decision": data.gist, **renderer.said(data)}


def enrolment(renderer: Renderer, state: enrolments.EnrolmentState) -> EnrolmentLines:
    return {
        "state": renderer.state(state.stage),
        "described": renderer.description(state.described, lambda d: renderer.said(d, "processes", "title", "tracks")),
        "tracks": [{"id": track.id, "labels": labels(track.labels)} for track in state.tracks.values()],
        "until": renderer.line(state.until, lambda when: when),
    }


def actor(renderer: Renderer, state: actors.ActorState) -> ActorLines:
    return {
        "label": actors.shown_label(state),
        "former_labels": list(state.former_labels),
        "kind": renderer.line(state.kind),
        "sizes": [said(size) for size in state.sizes],
        "description": renderer.line(state.description),
        "relations": renderer.lines(state.relations.values(), renderer.said),
    }


def place(renderer: Renderer, state: places_family.PlaceState) -> PlaceLines:
    return {
        "kind": renderer.line(state.kind, lambda kind: kind.value),
        "point": renderer.line(state.point, said),
        "codes": [said(code) for code in state.codes],
        "within": renderer.line(state.within),
        "description": renderer.line(state.description),
    }


# --- what every subject has -----------------------------------------------------------------------------------


def roles(renderer: Renderer, path: str, state: SubjectState) -> list[RoleLine]:
    shown_roles: list[RoleLine] = []
    for line in state.roles.values():
        newest = line.together or line.candidates[-1].value
        renderer.actor(newest.on_behalf_of)
        shown: RoleLine = {
            "subject": path,
            "actor": renderer.actor(newest.actor),
            "role": newest.role,
            "scope": newest.scope,
            "verbatim": newest.verbatim,
            "on_behalf_of": newest.on_behalf_of,
            "nominated_by": renderer.actor(newest.nominated_by),
            **renderer.reported(line, held_role),
        }
        shown_roles.append(shown)
    return shown_roles


def described_roles(renderer: Renderer, path: str, state: SubjectState) -> list[DescribedRole]:
    denied = denied_roles(state) if state.described_roles else {}
    shown: list[DescribedRole] = []
    for key, line in state.described_roles.items():
        role: DescribedRole = {"subject": path, **renderer.reported(line, renderer.said)}
        if key in denied:
            sides = [*general.sure(line), *denied[key]]
            role["contested"], role["value"] = True, None
            role["candidates"] = [renderer.candidate(side, partial(_who_holds, renderer)) for side in sides]
        shown.append(role)
    return shown


def _who_holds(renderer: Renderer, role: RoleReported | RoleHeld) -> Said:
    if isinstance(role, RoleReported):
        return renderer.said(role)
    scope = {"scope": role.scope.value} if role.scope else {}
    return cast(Said, {"role": role.role.value, "actor": renderer.actor(role.actor), **scope})


def held_role(role: RoleHeld) -> HeldRole:
    return {"held": role.held, "modality": role.modality, "accepted": role.accepted}


def positions(renderer: Renderer, path: str, state: SubjectState) -> list[PositionLine]:
    return [
        {
            "subject": path,
            **renderer.reported(line, renderer.said),
            "actor": renderer.actor(line.candidates[-1].value.actor),
        }
        for line in state.positions.values()
    ]


def proposals(renderer: Renderer, path: str, state: SubjectState) -> list[ShownProposal]:
    """The proposals on a subject, each once with all reports of it."""
    open_ones = {proposal.event for reports in unanswered(state) for proposal in reports}
    shown: list[ShownProposal] = []
    for reports in proposals_together(state.proposals.values()):
        answers = dict.fromkeys(answer for one in reports for answer in state.answered.get(str(one.event), ()))
        shown.append(
            cast(
                ShownProposal,
                {
                    "subject": path,
                    **renderer.cited_together(reports),
                    "answered_by": renderer.rests_on(answers),
                    "unanswered": reports[0].event in open_ones,
                },
            )
        )
    return shown


def evidence(recorded: Recorded, marks: Marks | None = None, possible: str | None = None) -> Evidence:
    """What a line rests on: who says so, when it occurred, when it was recorded, and what we noted.

    Args:
        recorded: the event, as it reads at the horizon.
        marks: what became of it (corrected_by, retracted_by, disputed_by, same_as, repeated_by), if anything.
        possible: why it is inside the horizon only possibly, if it is (`domain.horizon.Seen.possible`).
    """
    event = recorded.event
    return {
        **(marks or Marks()),
        **(Marks(possible=possible) if possible else Marks()),
        "position": recorded.position,
        "type": event.type,
        "subject": event.subject,
        "occurred": event.occurred,
        "claimants": event.claimant_names,
        "sources": [said(source) for source in event.sources],
        "basis": event.basis.value,
        "sensitivity": event.sensitivity.value,
        "note": event.note,
        **(Dated(dating=event.dating) if event.dating is not None else Dated()),
        "recorded_at": instant(recorded.recorded_at),
        "recorded_by": recorded.recorded_by,
    }


def when_key(when: When | None) -> tuple[int, int]:
    return (when.span.earliest, when.span.latest) if when is not None else (0, 0)
