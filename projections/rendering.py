"""From folded state to what the interface shows: lines with the events they rest on, one view per family."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from domain import actors, agreements, convoys, enrolments, families, processes, talks
from domain.edtf import When
from domain.event import Recorded, instant
from domain.general import Due, SubjectState, unanswered
from domain.lines import Line
from domain.references import references_in
from domain.values import Area, Label, Value

T = TypeVar("T")
Json = dict[str, Any]


class Renderer:
    """Renders lines and remembers which events and actors they name, so that an answer can explain them."""

    def __init__(self) -> None:
        self.events: dict[str, None] = {}
        self.actors: dict[str, None] = {}

    def rests_on(self, events: Iterable[UUID | str]) -> list[str]:
        ids = [str(event) for event in events]
        self.events.update(dict.fromkeys(ids))
        return ids

    def actor(self, actor: str | None) -> str | None:
        if actor is not None:
            self.actors[actor] = None
        return actor

    def line(self, line: Line[T], show: Callable[[T], Any] = lambda value: value) -> Json | None:
        """A line as JSON: its value, since when, whether it is contested and by which candidates."""
        if not line.candidates:
            return None
        newest = line.candidates[-1]
        shown: Json = {
            "value": None if line.contested else show(newest.value),
            "since": line.since,
            "occurred": newest.occurred,
            "contested": line.contested,
        }
        if all(candidate.possible for candidate in line.candidates):
            shown["possible"] = True
        if line.contested:
            shown["candidates"] = [
                {
                    "value": show(c.value),
                    "occurred": c.occurred,
                    "events": self.rests_on(c.events),
                    **({"possible": True} if c.possible else {}),
                }
                for c in line.candidates
            ]
        return {**shown, "events": self.rests_on(line.events)}

    def payload(self, data: Value, *leave_out: str) -> Json:
        """What an event says, field by field, without what it does not say."""
        for _, refers, name in references_in(data):
            if refers.to == "actors":
                self.actor(name)
        return data.model_dump(mode="json", exclude_none=True, exclude=set(leave_out))

    def due(self, subject: str, due: Due) -> Json:
        return {
            "subject": subject,
            "what": due.what,
            "when": due.when,
            "actor": self.actor(due.actor),
            "events": self.rests_on(due.events),
        }


def labels(texts: Iterable[Label]) -> list[Json]:
    return [label.model_dump(exclude_none=True) for label in texts]


def area(places: Area | None) -> list[str] | None:
    """The names of an area's places; None if the source does not state one."""
    return [place.labels[0].text for place in places] if places else None


# --- one view per family --------------------------------------------------------------------------------------


def subject(renderer: Renderer, path: str, state: SubjectState) -> Json:
    """The state of any subject, as its own page and as an entry of the lists."""
    shown: Json = {"subject": path, "labels": labels(state.labels)}
    if state.processes:
        shown["processes"] = list(state.processes)
    match state:
        case processes.ProcessState():
            shown |= process(renderer, state)
        case talks.TalksState():
            shown |= talks_round(renderer, state)
        case agreements.AgreementState():
            shown |= agreement(renderer, path, state)
        case convoys.ConvoyState():
            shown |= convoy(renderer, state)
        case enrolments.EnrolmentState():
            shown |= enrolment(renderer, state)
        case actors.ActorState():
            shown |= actor(renderer, state)
        case _:
            pass
    shown["roles"] = roles(renderer, path, state)
    shown["positions"] = positions(renderer, path, state)
    shown["proposals"] = proposals(renderer, path, state)
    shown["due"] = [renderer.due(path, due) for due in families.due(state)]
    shown["events"] = renderer.rests_on(state.opened_by)
    return shown


def process(renderer: Renderer, state: processes.ProcessState) -> Json:
    return {
        "state": renderer.line(state.stage),
        "ending": renderer.line(state.ending),
        "level": renderer.line(state.level),
        "areas": [
            renderer.line(
                line, lambda held: {**held.place.model_dump(mode="json", exclude_none=True), "included": held.included}
            )
            for line in state.areas.values()
        ],
        "links": [renderer.line(line, renderer.payload) for line in state.links.values()],
        "control": [
            renderer.line(line, renderer.payload)
            for line in {line.events: line for line in state.control.values()}.values()  # one report of several places
        ],
        "access": [renderer.line(line, renderer.payload) for line in state.access.values()],
        "instruments": [
            {**renderer.payload(cited.data), "occurred": cited.occurred, "events": renderer.rests_on([cited.event])}
            for cited in state.instruments
        ],
        "bodies": [
            {**renderer.payload(cited.data), "occurred": cited.occurred, "events": renderer.rests_on([cited.event])}
            for cited in state.bodies
        ],
    }


def talks_round(renderer: Renderer, state: talks.TalksState) -> Json:
    return {
        "between": [renderer.actor(actor) for actor in state.between],
        "about": renderer.line(state.about),
        "state": renderer.line(state.stage),
        "planned": renderer.line(state.planned),
        "venue": renderer.line(state.venue, lambda place: place.labels[0].text),
        "outcome": renderer.line(state.outcome),
        "summary": renderer.line(state.summary),
        "attendance": {
            str(renderer.actor(who)): renderer.line(line, lambda attended: attended.presence.value)
            for who, line in state.attendance.items()
        },
    }


def agreement(renderer: Renderer, path: str, state: agreements.AgreementState) -> Json:
    return {
        "between": [renderer.actor(actor) for actor in state.between],
        "described": renderer.line(state.described, lambda d: renderer.payload(d, "processes", "title", "between")),
        "state": renderer.line(state.stage),
        "complete": renderer.line(state.complete),
        "ending": renderer.line(state.ending),
        "signatures": [renderer.line(line, renderer.payload) for line in state.signatures.values()],
        "term": renderer.line(state.term, term),
        "obligations": [obligation(renderer, path, state, name) for name in state.obligations],
    }


def term(agreed: agreements.Term) -> Json:
    return {
        "starts": agreed.starts,
        "until": agreed.until,
        "trial": agreed.trial,
        "renewable": agreed.renewable,
        "extended": agreed.extended,
    }


def obligation(renderer: Renderer, path: str, state: agreements.AgreementState, name: str) -> Json:
    held = state.obligations[name]
    return {
        "agreement": path,
        "obligation": name,
        "agreed": renderer.line(held.agreed, lambda data: renderer.payload(data, "obligation")),
        "score": renderer.line(held.assessed, lambda data: renderer.payload(data, "obligation")),
        "kept": agreements.kept(held),
        "blocked_by": agreements.blocked_by(state, name),
    }


def convoy(renderer: Renderer, state: convoys.ConvoyState) -> Json:
    return {
        "described": renderer.line(state.described, lambda d: renderer.payload(d, "processes", "title")),
        "state": renderer.line(state.stage, lambda seen: seen.stage),
        "whereabouts": renderer.line(
            state.stage,
            lambda seen: {
                "stage": seen.stage,
                "place": seen.place.labels[0].text if seen.place else None,
                "actor": renderer.actor(seen.actor),
                "reason": seen.reason,
            },
        ),
        "clearances": {
            str(renderer.actor(who)): renderer.line(
                line, lambda data: {"decision": data.gist, **renderer.payload(data)}
            )
            for who, line in state.clearances.items()
        },
        "departure": renderer.line(state.departure, renderer.payload),
        "removed": [
            {**renderer.payload(cited.data), "occurred": cited.occurred, "events": renderer.rests_on([cited.event])}
            for cited in state.removed
        ],
        "arrival": renderer.line(state.arrival, renderer.payload),
    }


def enrolment(renderer: Renderer, state: enrolments.EnrolmentState) -> Json:
    return {
        "state": renderer.line(state.stage),
        "described": renderer.line(state.described, lambda d: renderer.payload(d, "processes", "title", "tracks")),
        "tracks": [{"id": track.id, "labels": labels(track.labels)} for track in state.tracks.values()],
        "until": renderer.line(state.until),
    }


def actor(renderer: Renderer, state: actors.ActorState) -> Json:
    return {
        "label": actors.shown_label(state),
        "former_labels": list(state.former_labels),
        "kind": renderer.line(state.kind),
        "sizes": [size.model_dump(mode="json", exclude_none=True) for size in state.sizes],
        "description": renderer.line(state.description),
        "relations": [renderer.line(line, renderer.payload) for line in state.relations.values()],
    }


# --- what every subject has -----------------------------------------------------------------------------------


def roles(renderer: Renderer, path: str, state: SubjectState) -> list[Json]:
    shown_roles = []
    for line in state.roles.values():
        newest = line.candidates[-1].value
        renderer.actor(newest.on_behalf_of)
        shown = renderer.line(
            line, lambda role: {"held": role.held, "modality": role.modality, "accepted": role.accepted}
        )
        shown_roles.append(
            {
                "subject": path,
                "actor": renderer.actor(newest.actor),
                "role": newest.role,
                "scope": newest.scope,
                "verbatim": newest.verbatim,
                "on_behalf_of": newest.on_behalf_of,
                **(shown or {}),
            }
        )
    return shown_roles


def positions(renderer: Renderer, path: str, state: SubjectState) -> list[Json]:
    return [
        {
            "subject": path,
            **(renderer.line(line, renderer.payload) or {}),
            "actor": renderer.actor(line.candidates[-1].value.actor),
        }
        for line in state.positions.values()
    ]


def proposals(renderer: Renderer, path: str, state: SubjectState) -> list[Json]:
    open_ones = {proposal.event for proposal in unanswered(state)}
    return [
        {
            "subject": path,
            **renderer.payload(proposal.data),
            "occurred": proposal.occurred,
            "answered_by": renderer.rests_on(state.answered.get(key, ())),
            "unanswered": proposal.event in open_ones,
            "events": renderer.rests_on([proposal.event]),
        }
        for key, proposal in state.proposals.items()
    ]


def evidence(recorded: Recorded, marks: Json | None = None, possible: str | None = None) -> Json:
    """What a line rests on: who says so, when it occurred, when it was recorded, and what we noted.

    Args:
        recorded: the event, as it reads at the horizon.
        marks: what became of it (corrected_by, retracted_by, disputed_by, same_as, repeated_by), if anything.
        possible: why it is inside the horizon only possibly, if it is (`domain.horizon.Seen.possible`).
    """
    event = recorded.event
    return {
        **(marks or {}),
        **({"possible": possible} if possible else {}),
        "position": recorded.position,
        "type": event.type,
        "subject": event.subject,
        "occurred": event.occurred,
        "claimants": event.claimant_names,
        "sources": [source.model_dump(mode="json", exclude_none=True) for source in event.sources],
        "basis": event.basis.value,
        "sensitivity": event.sensitivity.value,
        "note": event.note,
        "recorded_at": instant(recorded.recorded_at),
        "recorded_by": recorded.recorded_by,
    }


def when_key(when: When | None) -> tuple[int, int]:
    return (when.span.earliest, when.span.latest) if when is not None else (0, 0)
