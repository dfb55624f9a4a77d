"""What the sides owe each other by their agreements, and how far it is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from domain import agreements
from domain.agreement_events import ObligationAssessed
from domain.event import Event
from domain.horizon import EVERYTHING
from domain.values import Subject
from projections import rendering
from projections.answers.obligations import Kept, LedgerSide, OwedObligation, Score, ScoredObligation, ScoredSide
from projections.paging import Page, page_of
from projections.queries.at_horizon import PRESENT, HorizonRequest, ProcessView, process_view
from projections.queries.snapshot import ProcessSnapshot
from projections.read_models.subjects import folded_of_type
from projections.renderer import Renderer, said
from projections.storage.tables import Transaction

NOBODY = ""
"""Stands for the debtor of an obligation that is assessed but whose terms were never reported."""


def obligations(
    transaction: Transaction,
    process: str,
    now: datetime,
    request: HorizonRequest = PRESENT,
    after: str | None = None,
    limit: int | None = None,
) -> Page[ScoredSide]:
    """The ledger of the sides of a process, each obligation with its scores over time.

    Args:
        transaction: a snapshot.
        process: id of the process.
        now: the clock on the wall, where the horizon does not set it.
        request: the horizon.
        after, limit: of the page. An entry is what a side owes, or is owed; a side of which not all fits on a page
            goes on with the next. Without a limit there are as many as fit.

    Raises:
        NotFound: the process was never opened, or nothing of it is inside the horizon.
        BadCursor: `after` is not a cursor of this list.
    """
    view = process_view(transaction, process, now, request)
    scores: dict[tuple[str, str], list[Score]] = {}
    for event in _assessments(transaction, view):
        data = event.data
        assert isinstance(data, ObligationAssessed)  # noqa: S101  see _assessments
        score: Score = {
            **said(data, "obligation"),
            "occurred": event.occurred,
            "claimants": event.claimant_names,
            "event": str(event.id),
        }
        scores.setdefault((event.subject, data.obligation), []).append(score)
    entries = [
        (f"{side['side']} {name}", (side["side"], line, name))
        for side in ledger(Renderer(), view.snapshot, view.now)
        for line, name in [
            *((line, f"owes {line['agreement']}#{line['obligation']}") for line in side["owes"]),
            *((None, name) for name in side["is_owed"]),
        ]
    ]
    page = page_of(entries, lambda entry: _scored(scores, *entry), after, limit)
    return Page(_side_by_side(page.items), page.next)


def _scored(
    scores: Mapping[tuple[str, str], list[Score]], side: str | None, line: OwedObligation | None, name: str
) -> ScoredSide:
    """A side with one thing that it owes, or is owed."""
    if line is None:
        return {"side": side, "owes": [], "is_owed": [name]}
    scored: ScoredObligation = {**line, "scores": scores.get((line["agreement"], line["obligation"]), [])}
    return {"side": side, "owes": [scored], "is_owed": []}


def _side_by_side(entries: Iterable[ScoredSide]) -> list[ScoredSide]:
    """The same, put together side by side."""
    sides: list[ScoredSide] = []
    for entry in entries:
        if sides and sides[-1]["side"] == entry["side"]:
            sides[-1]["owes"] += entry["owes"]
            sides[-1]["is_owed"] += entry["is_owed"]
        else:
            sides.append(entry)
    return sides


def _assessments(transaction: Transaction, view: ProcessView) -> list[Event]:
    """All assessments of obligations, in effect and in canonical order: the score over time."""
    name = ObligationAssessed.__name__
    if view.request.horizon != EVERYTHING:
        events = [event for event in view.snapshot.in_effect if event.type == name]
    else:
        paths = [path for path in sorted(view.snapshot.states) if path.startswith("agreements/")]
        events = [event for path in paths for event in folded_of_type(transaction, path, name)]
    return sorted(events, key=lambda event: event.order)


def kept_to(snapshot: ProcessSnapshot, path: Subject, now: datetime) -> Kept:
    """Where an agreement stands at a time, and phase by phase how far its obligations are kept."""
    state, zones = snapshot.states[path], snapshot.zones_of(path)
    assert isinstance(state, agreements.AgreementState)  # noqa: S101  an agreement has no other state
    moment = int(now.timestamp())
    return {
        "standing": agreements.standing(state, moment, zones, snapshot.heard_of.get(path)).value,
        "phases": [
            {
                "phase": phase.name,
                "obligations": list(phase.obligations),
                "kept": phase.kept,
                "overdue": list(phase.overdue),
                "blocked_by": list(phase.blocked_by),
            }
            for phase in agreements.phases(state, moment, zones)
        ],
    }


def ledger(renderer: Renderer, snapshot: ProcessSnapshot, now: datetime) -> list[LedgerSide]:
    """A ledger of the sides: what each debtor owes, and what is owed to it."""
    moment = int(now.timestamp())
    owes: dict[str, list[OwedObligation]] = defaultdict(list)
    owed: dict[str, list[str]] = defaultdict(list)
    for path, state in snapshot.states.items():
        if not isinstance(state, agreements.AgreementState):
            continue
        mirrors, blocks = _mirrors(state), _blocks(state)
        for name, obligation in state.obligations.items():
            shown = rendering.obligation(renderer, path, state, name)
            terms = obligation.agreed.values
            line: OwedObligation = {
                **shown,
                "overdue": not shown["kept"] and agreements.is_overdue(obligation, moment, snapshot.zones_of(path)),
                "phase": next((agreed.phase for agreed in terms if agreed.phase is not None), None),
                "mirrors": mirrors[name],
                "blocks": blocks[name],
            }
            for debtor in dict.fromkeys(d for agreed in terms for d in agreed.debtor) or (NOBODY,):
                owes[debtor].append(line)
            for beneficiary in dict.fromkeys(b for agreed in terms for b in agreed.beneficiary):
                owed[beneficiary].append(f"{path}#{name}")
    return [
        {
            "side": renderer.actor(side) if side != NOBODY else None,
            "owes": owes.get(side, []),
            "is_owed": owed.get(side, []),
        }
        for side in sorted({*owes, *owed})
    ]


def _mirrors(state: agreements.AgreementState) -> dict[str, list[str]]:
    """The obligations of the other side that each one answers, or is answered by."""
    mirrors: dict[str, list[str]] = defaultdict(list)
    for one, other in agreements.mirror_pairs(state):
        mirrors[one].append(other)
        if other != one:
            mirrors[other].append(one)
    return mirrors


def _blocks(state: agreements.AgreementState) -> dict[str, list[str]]:
    """The obligations that wait for each one."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for waiting in agreements.owed(state):
        for needed in agreements.blocked_by(state, waiting):
            blocks[needed].append(waiting)
    return blocks
