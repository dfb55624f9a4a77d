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


class Page:
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


def labels(found: Iterable[Label]) -> list[Json]:
    return [label.model_dump(exclude_none=True) for label in found]


def area(found: Area | None) -> list[str] | None:
    """The names of an area's places; None if the source does not state one."""
    return [place.labels[0].text for place in found] if found else None


# --- one view per family --------------------------------------------------------------------------------------


def subject(page: Page, path: str, state: SubjectState) -> Json:
    """The state of any subject, as its own page and as an entry of the lists."""
    shown: Json = {"subject": path, "labels": labels(state.labels)}
    if state.processes:
        shown["processes"] = list(state.processes)
    match state:
        case processes.ProcessState():
            shown |= process(page, state)
        case talks.TalksState():
            shown |= talks_round(page, state)
        case agreements.AgreementState():
            shown |= agreement(page, path, state)
        case convoys.ConvoyState():
            shown |= convoy(page, state)
        case enrolments.EnrolmentState():
            shown |= enrolment(page, state)
        case actors.ActorState():
            shown |= actor(page, state)
        case _:
            pass
    shown["roles"] = roles(page, path, state)
    shown["positions"] = positions(page, path, state)
    shown["proposals"] = proposals(page, path, state)
    shown["due"] = [page.due(path, due) for due in families.due(state)]
    shown["events"] = page.rests_on(state.opened_by)
    return shown


def process(page: Page, state: processes.ProcessState) -> Json:
    return {
        "state": page.line(state.stage),
        "ending": page.line(state.ending),
        "level": page.line(state.level),
        "areas": [
            page.line(
                line, lambda held: {**held.place.model_dump(mode="json", exclude_none=True), "included": held.included}
            )
            for line in state.areas.values()
        ],
        "links": [page.line(line, page.payload) for line in state.links.values()],
        "control": [
            page.line(line, page.payload)
            for line in {line.events: line for line in state.control.values()}.values()  # one report of several places
        ],
        "access": [page.line(line, page.payload) for line in state.access.values()],
        "instruments": [
            {**page.payload(cited.data), "occurred": cited.occurred, "events": page.rests_on([cited.event])}
            for cited in state.instruments
        ],
        "bodies": [
            {**page.payload(cited.data), "occurred": cited.occurred, "events": page.rests_on([cited.event])}
            for cited in state.bodies
        ],
    }


def talks_round(page: Page, state: talks.TalksState) -> Json:
    return {
        "between": [page.actor(actor) for actor in state.between],
        "about": page.line(state.about),
        "state": page.line(state.stage),
        "planned": page.line(state.planned),
        "venue": page.line(state.venue, lambda place: place.labels[0].text),
        "outcome": page.line(state.outcome),
        "summary": page.line(state.summary),
        "attendance": {
            str(page.actor(who)): page.line(line, lambda one: one.presence.value)
            for who, line in state.attendance.items()
        },
    }


def agreement(page: Page, path: str, state: agreements.AgreementState) -> Json:
    return {
        "between": [page.actor(actor) for actor in state.between],
        "described": page.line(state.described, lambda d: page.payload(d, "processes", "title", "between")),
        "state": page.line(state.stage),
        "complete": page.line(state.complete),
        "ending": page.line(state.ending),
        "signatures": [page.line(line, page.payload) for line in state.signatures.values()],
        "term": page.line(state.term, term),
        "obligations": [obligation(page, path, state, name) for name in state.obligations],
    }


def term(found: agreements.Term) -> Json:
    return {
        "starts": found.starts,
        "until": found.until,
        "trial": found.trial,
        "renewable": found.renewable,
        "extended": found.extended,
    }


def obligation(page: Page, path: str, state: agreements.AgreementState, name: str) -> Json:
    found = state.obligations[name]
    return {
        "agreement": path,
        "obligation": name,
        "agreed": page.line(found.agreed, lambda data: page.payload(data, "obligation")),
        "score": page.line(found.assessed, lambda data: page.payload(data, "obligation")),
        "kept": agreements.kept(found),
        "blocked_by": agreements.blocked_by(state, name),
    }


def convoy(page: Page, state: convoys.ConvoyState) -> Json:
    return {
        "described": page.line(state.described, lambda d: page.payload(d, "processes", "title")),
        "state": page.line(state.stage, lambda seen: seen.stage),
        "whereabouts": page.line(
            state.stage,
            lambda seen: {
                "stage": seen.stage,
                "place": seen.place.labels[0].text if seen.place else None,
                "actor": page.actor(seen.actor),
                "reason": seen.reason,
            },
        ),
        "clearances": {
            str(page.actor(who)): page.line(line, lambda data: {"decision": data.gist, **page.payload(data)})
            for who, line in state.clearances.items()
        },
        "departure": page.line(state.departure, page.payload),
        "removed": [
            {**page.payload(cited.data), "occurred": cited.occurred, "events": page.rests_on([cited.event])}
            for cited in state.removed
        ],
        "arrival": page.line(state.arrival, page.payload),
    }


def enrolment(page: Page, state: enrolments.EnrolmentState) -> Json:
    return {
        "state": page.line(state.stage),
        "described": page.line(state.described, lambda d: page.payload(d, "processes", "title", "tracks")),
        "tracks": [{"id": track.id, "labels": labels(track.labels)} for track in state.tracks.values()],
        "until": page.line(state.until),
    }


def actor(page: Page, state: actors.ActorState) -> Json:
    return {
        "label": actors.shown_label(state),
        "former_labels": list(state.former_labels),
        "kind": page.line(state.kind),
        "sizes": [size.model_dump(mode="json", exclude_none=True) for size in state.sizes],
        "description": page.line(state.description),
        "relations": [page.line(line, page.payload) for line in state.relations.values()],
    }


# --- what every subject has -----------------------------------------------------------------------------------


def roles(page: Page, path: str, state: SubjectState) -> list[Json]:
    found = []
    for line in state.roles.values():
        newest = line.candidates[-1].value
        page.actor(newest.on_behalf_of)
        shown = page.line(line, lambda role: {"held": role.held, "modality": role.modality, "accepted": role.accepted})
        found.append(
            {
                "subject": path,
                "actor": page.actor(newest.actor),
                "role": newest.role,
                "scope": newest.scope,
                "verbatim": newest.verbatim,
                "on_behalf_of": newest.on_behalf_of,
                **(shown or {}),
            }
        )
    return found


def positions(page: Page, path: str, state: SubjectState) -> list[Json]:
    return [
        {"subject": path, **(page.line(line, page.payload) or {}), "actor": page.actor(line.candidates[-1].value.actor)}
        for line in state.positions.values()
    ]


def proposals(page: Page, path: str, state: SubjectState) -> list[Json]:
    open_ones = {proposal.event for proposal in unanswered(state)}
    return [
        {
            "subject": path,
            **page.payload(proposal.data),
            "occurred": proposal.occurred,
            "answered_by": page.rests_on(state.answered.get(key, ())),
            "unanswered": proposal.event in open_ones,
            "events": page.rests_on([proposal.event]),
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
        "claimants": list(event.claimants),
        "sources": [source.model_dump(mode="json", exclude_none=True) for source in event.sources],
        "basis": event.basis.value,
        "sensitivity": event.sensitivity.value,
        "note": event.note,
        "recorded_at": instant(recorded.recorded_at),
        "recorded_by": recorded.recorded_by,
    }


def when_key(when: When | None) -> tuple[int, int]:
    return (when.span.earliest, when.span.latest) if when is not None else (0, 0)
