"""Figures: series by series with every claimant's newest claim, what is counted period by period under one heading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.wording import homonyms, incident_lines, values, words
from api.wording.cited_lines import CitedLines
from api.wording.finding_sentences import measured
from api.wording.language import grouped, say, say_number
from api.wording.marks import ASIDE, Fragment
from api.wording.values import tag
from api.wording.words import clean, coded

if TYPE_CHECKING:
    from projections.answers.figures import FigureSeries
    from projections.answers.status import StatusAnswer

PERIODS_SHOWN = 12
"""Periods of one count on the screen, the newest first, beside those that are contested."""


def section(page: CitedLines, status: StatusAnswer) -> None:
    """A section with the figures that do not stand with an incident."""
    truce = status["truce"]
    told = {_rests_on(figure) for part in (truce, *truce["agreements"]) for figure in part["counted"]}
    figures = incident_lines.not_told_with(status["incidents"], status["figures"])
    figures = [figure for figure in figures if _rests_on(figure) not in told]
    aside = (
        ""
        if figures
        else say("those on incidents and violations stand with them")
        if status["figures"]
        else say("none recorded")
    )
    shown = len(status["figures"]) + sum(len(register["counts"]) for register in status["enrolments"])
    total = sum(status["totals"].get("figures", {}).values())
    if total > shown:
        whole = {"shown": grouped(shown), "total": grouped(total)}
        aside = say("{shown} of {total} series: the contested ones, and the newest", **whole)
    page.sheet.heading(say("Figures, by claimant"), aside, key="figures")
    put(page, figures, indent=2)


def _rests_on(figure: FigureSeries) -> tuple[str, ...]:
    """The reports of a series: those that stand with the truces do not stand here again."""
    return tuple(event for claim in (*figure["claims"], *figure["assessed"]) for event in claim["events"])


def put(page: CitedLines, figures: Iterable[FigureSeries], indent: int) -> None:
    """Puts series below each other: those that differ only in the period under one heading, the newest period first."""
    alike: dict[tuple[object, ...], list[FigureSeries]] = {}
    for figure in figures:
        kind = (figure["subject"], figure["measure"], figure["counting"], figure["unit"], figure["scope"])
        alike.setdefault((*kind, *homonyms.area(figure), figure.get("about")), []).append(figure)
    for series in alike.values():
        _series(page, series, indent)


def _series(page: CitedLines, series: list[FigureSeries], indent: int) -> None:
    first = series[0]
    area = words.listed(homonyms.area(first)) if first["area"] else say("area not stated")
    mark: list[Fragment] = [tag("contested"), " "] if len(series) == 1 and first["contested"] else []
    scope = f" ({coded(first['counting'])}): {area}" + (f"; {clean(first['scope'])}" if first["scope"] else "")
    scope += say("; toll of one incident") if first.get("about") else ""
    page.sheet.put(*mark, (measured(first["measure"]), "bold"), scope, indent=indent)
    shown = [figure for number, figure in enumerate(series) if number < PERIODS_SHOWN or figure["contested"]]
    for figure in shown:
        if len(series) > 1 and figure["contested"]:
            page.sheet.put(tag("contested"), indent=indent + 2)
        _claims(page, figure, indent + 2)
    if hidden := len(series) - len(shown):
        count = "{number} earlier period is not shown", "{number} earlier periods are not shown"
        page.sheet.put((say_number(*count, hidden) + say(": `parley claims` shows them."), ASIDE), indent=indent + 2)


def _claims(page: CitedLines, figure: FigureSeries, indent: int) -> None:
    for claim in figure["claims"]:
        who, many = page.names.claimant(claim["claimant"]), claim["claims"]
        lead = "" if who in page.names.grounds(claim["events"]) else f"{who}: "
        newest = ", the newest of {number} report", ", the newest of {number} reports"
        again = say_number(*newest, many) if many > 1 else ""
        page.entry(claim["events"], lead, *values.claim(claim, figure["unit"]), again, indent=indent, of=claim)
    for claim in figure["assessed"]:
        who = say("assessed by {who}", who=page.names.claimant(claim["claimant"]))
        why = f": {clean(claim['reason'])}" if claim["reason"] else ""
        page.entry(claim["events"], f"{who}: ", *values.claim(claim, figure["unit"]), why, indent=indent, of=claim)
    _not_shown(page, figure, indent)
    if figure["contested"]:
        page.sheet.put(say("No number fits all of these claims."), indent=indent)
    elif len(figure["claims"]) > 1 and figure["span"]:
        _allowed(page, figure, indent)


def _allowed(page: CitedLines, figure: FigureSeries, indent: int) -> None:
    """What the claims that are held against each other allow, and which these are."""
    allowed = words.quantity({**figure["span"], "unit": figure["unit"]})  # type: ignore[dict-item]
    said = say("What the newest claims all allow: {quantity}.", quantity=allowed)
    if older := len(figure["claims"]) - len(figure["compared"]):
        count = " {number} claim is of an earlier time.", " {number} claims are of an earlier time."
        said += say_number(*count, older)
    page.sheet.put(said, indent=indent)


def _not_shown(page: CitedLines, figure: FigureSeries, indent: int) -> None:
    """How many claimants of a long series have no line; nothing if each has one."""
    hidden = figure["claimants"] - len(figure["claims"]) - len(figure["assessed"])
    if hidden > 0:
        more = say_number("{number} older claim is not shown.", "{number} older claims are not shown.", hidden)
        page.sheet.put((more, ASIDE), indent=indent)
