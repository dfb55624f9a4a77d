"""What explains an answer: the names of the actors in it, and what its lines rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.actors import ActorState, shown_label
from domain.event import Recorded
from domain.values import Subject
from projections import rendering
from projections.answers.explanations import ActorName, Explained, Marks
from projections.queries.at_horizon import ActorNames, ProcessView
from projections.read_models.revisions import events_by_id, marks_by_id
from projections.read_models.subjects import actors_named
from projections.renderer import Renderer
from projections.storage.tables import Transaction


def at_horizon(
    view: ProcessView, renderer: Renderer, events: Mapping[str, Recorded], marks: Mapping[str, Marks]
) -> Explained:
    """What explains an answer about one process at a horizon.

    Args:
        view: the process.
        renderer: which remembers what the answer names.
        events: those that the answer rests on.
        marks: what became of them.
    """
    for recorded in events.values():
        for claimant in recorded.event.claimant_names:
            if claimant.startswith("actors/"):
                renderer.actor(claimant.removeprefix("actors/"))
    joined, possible = view.snapshot.joined, view.snapshot.possible
    return {
        "actors": {
            actor: _name_at_horizon(state, joined.get(Subject(f"actors/{actor}")))
            for actor, state in view.named(list(renderer.actors)).items()
        },
        "evidence": {
            event_id: rendering.evidence(recorded, marks.get(event_id), possible.get(event_id))
            for event_id, recorded in events.items()
        },
    }


def _name_at_horizon(state: ActorState, stays: Subject | None) -> ActorName:
    name: ActorName = {"label": shown_label(state), "kind": state.kind.value}
    if not state.opened:
        name["withdrawn"] = True
    if stays is not None:
        name["unified_into"] = stays
    return name


def at_present(transaction: Transaction, renderer: Renderer) -> Explained:
    """What explains an answer about anything, as it is known now.

    Args:
        transaction: a snapshot of the read models.
        renderer: which remembers what the answer names.
    """
    events, marks = events_by_id(transaction, renderer.events), marks_by_id(transaction, renderer.events)
    return {
        "actors": actor_labels(transaction, renderer),
        "evidence": {
            event_id: rendering.evidence(recorded, marks.get(event_id)) for event_id, recorded in events.items()
        },
    }


def actor_labels(transaction: Transaction, renderer: Renderer) -> dict[str, ActorName]:
    """The names of the actors that an answer mentions."""
    named = actors_named(transaction, list(renderer.actors))
    return {actor: {"label": shown_label(state)} for actor, state in named.items()}


def actor_labels_at(transaction: Transaction, actors: Iterable[str], position: int | None) -> dict[str, ActorName]:
    """The names of actors as they were known at a position."""
    named = ActorNames(transaction, position).named(sorted(set(actors)))
    return {actor: {"label": shown_label(state)} for actor, state in named.items()}
