"""What the sides owe each other by their agreements."""

from __future__ import annotations

from typing_extensions import TypedDict

from projections.answers.explanations import ShownHorizon
from projections.answers.lines import Cursor, EventId, Said
from projections.answers.subjects import ShownObligation


class Score(Said):
    """An assessment of an obligation: the fields of `ObligationAssessed`."""

    occurred: str | None
    claimants: list[str]
    event: EventId


class OwedObligation(ShownObligation):
    """An obligation as its debtor owes it."""

    overdue: bool
    phase: str | None
    mirrors: list[str]
    """Obligations of other sides that match it."""
    blocks: list[str]
    """Obligations that wait for this one."""


class ScoredObligation(OwedObligation):
    """The same, with all assessments over time."""

    scores: list[Score]


class Creditor(TypedDict):
    """What one side is owed."""

    side: str | None
    """Null: the debtor is not said."""
    is_owed: list[str]
    """Each as AGREEMENT#OBLIGATION."""


class LedgerSide(Creditor):
    """What one side owes and is owed."""

    owes: list[OwedObligation]


class ScoredSide(Creditor):
    """The same, with all assessments over time."""

    owes: list[ScoredObligation]


class ObligationsAnswer(TypedDict):
    """A ledger of sides: what each owes and is owed. A side of which not all is on a page goes on with the next."""

    obligations: list[ScoredSide]
    next: Cursor
    horizon: ShownHorizon


class ShownPhase(TypedDict):
    """How far the obligations of one phase are kept."""

    phase: str | None
    obligations: list[str]
    kept: int
    overdue: list[str]
    blocked_by: list[str]


class Kept(TypedDict):
    """Where an agreement stands at a time, and phase by phase how far its obligations are kept."""

    standing: str
    phases: list[ShownPhase]
