"""Figures: series of claims by claimant, and all claims over time."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from projections.answers.explanations import Marks, ShownHorizon
from projections.answers.lines import Cursor, EventId, EventIds, NearWords, Said


class ShownQuantity(TypedDict):
    """A number as claimed, and the range that its qualifier allows."""

    value: float | None
    qualifier: str
    low: float | None
    """The range that the qualifier allows."""
    high: float | None
    verbatim: str | None
    parts: NotRequired[list[Said]]
    """Of whom, or of what, how many, as in the schema `Part`: within the number, never added to it."""


class Within(TypedDict, total=False):
    """What tells claimants of one description apart."""

    within: str
    """The source in which somebody is quoted who is only described."""


class SeriesClaim(ShownQuantity, Within):
    """The newest claim of one claimant, or an assessment."""

    claimant: str
    period: str | None
    as_of: str | None
    reason: str | None
    """Of an assessment."""
    handed_over: NotRequired[list[Said]]
    """What those who enrolled gave up, as in the schema `Item`."""
    claims: int
    """How many this claimant made on this series."""
    events: EventIds


class Span(TypedDict):
    """What all claims allow."""

    low: float | None
    high: float | None


class FigureSeries(TypedDict):
    """What is claimed of one measure: the newest claim of every claimant. Nothing is added up."""

    subject: str
    measure: str
    counting: str
    unit: str
    area: list[str] | None
    places: NotRequired[list[Said]]
    """The places of the area, as in the schema `Place`, if more than a name is said of any of them."""
    area_stated: bool
    scope: str | None
    about: NotRequired[EventId]
    """The incident or violation whose toll it is."""
    counts: NotRequired[str]
    """What it counts, if it counts acts: violations, incidents."""
    claims: list[SeriesClaim]
    claimants: int
    span: Span | None
    """What all claims allow; null if there is no such number, or no claim."""
    compared: EventIds
    """The claims that are held against each other, from which the span follows: those of the time of the newest. None
    of a count of acts, which each recorder counts for itself."""
    contested: bool
    assessed: list[SeriesClaim]


class FiguresAnswer(TypedDict):
    """Series of figures with the newest claim of every claimant; contested ones first."""

    figures: list[FigureSeries]
    next: Cursor
    horizon: ShownHorizon


class MadeClaim(ShownQuantity):
    """One claim on a figure, or an assessment of one."""

    event: EventId
    subject: str
    occurred: str | None
    claimants: list[str]
    assessed: bool
    """Whether it is an assessment; `reason` tells why."""
    reason: str | None
    measure: str
    counting: str
    unit: str
    period: str | None
    area: list[str] | None
    places: NotRequired[list[Said]]
    """The places of the area, as in the schema `Place`, if more than a name is said of any of them."""
    scope: str | None


class ShownClaim(MadeClaim, Marks):
    """One claim on a figure, or an assessment of one. What became of it stands with it, as in `Evidence`."""


class ClaimsAnswer(TypedDict):
    """Every live claim, oldest first."""

    claims: list[ShownClaim]
    next: Cursor
    near: NearWords
    horizon: ShownHorizon
