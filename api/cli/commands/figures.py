"""`parley claims`: what was claimed over time, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import list_claims, read_revisions, read_status
from api.cli.terminal.console import did_you_mean, out, print_json, warn
from api.cli.terminal.text_layout import MAX_DATE_COLUMN, TextLayout
from api.wording import homonyms, words
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.words import clean

if TYPE_CHECKING:
    from api.http.schemas.answers import EventWithRevisions
    from projections.answers.explanations import ActorName, ShownHorizon
    from projections.answers.figures import ShownClaim


def draw_claims(
    listed: list[ShownClaim],
    horizon: ShownHorizon,
    actors: Mapping[str, ActorName],
    revisions: Mapping[str, EventWithRevisions],
    width: int,
) -> TextLayout:
    """Claims as a table per series, oldest first: when, how many, who says so."""
    sheet = TextLayout(width)
    if asked := words.horizon(horizon):
        sheet.put((asked, "bold"))
    series: dict[tuple[str, str], list[ShownClaim]] = {}
    for claim in homonyms.told_apart(listed):
        area = words.listed(homonyms.area(claim)) if claim["area"] else "area not stated"
        scope = f"; {clean(claim['scope'])}" if claim.get("scope") else ""
        title = (clean(claim["measure"]), f"{clean(claim['counting'])}; {area}{scope}; {clean(claim['subject'])}")
        series.setdefault(title, []).append(claim)
    for (measure, what), claims in series.items():
        sheet.heading(measure, what)
        column = min(max(len(words.when(claim["occurred"])) for claim in claims) + 2, MAX_DATE_COLUMN)
        for claim in claims:
            sheet.row(words.when(claim["occurred"]), *_claim(claim, actors, revisions), column=column)
    if not series:
        sheet.put("No such claim is inside the horizon." if asked else "No such claim is recorded.")
    return sheet


def _claim(
    claim: ShownClaim, actors: Mapping[str, ActorName], revisions: Mapping[str, EventWithRevisions]
) -> Iterator[Fragment]:
    yield (words.quantity(claim), "bold")
    if claim.get("period"):
        yield f", counted {words.when(claim['period'])}"
    if claim.get("verbatim"):
        yield (f" (“{clean(claim['verbatim'])}”)", "italic")
    who = words.listed(words.claimed_by(claimant, actors) for claimant in claim["claimants"])
    yield (f" — {'assessed by ' if claim['assessed'] else ''}{who}", ASIDE)
    if claim.get("reason"):
        yield f": {clean(claim['reason'])}"
    possibly = words.possibly([claim])
    for mark in [*words.marks(claim, revisions, actors), *([possibly] if possibly else [])]:
        yield (f" [{mark}]", ALERT)


@with_horizon
def claims(
    process: ProcessId,
    measure: Annotated[str | None, typer.Option(help="Only this measure, in full, such as population.")] = None,
    claimant: Annotated[
        str | None, typer.Option(help="Only this claimant, in full, such as TASS or actors/russia.")
    ] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what was claimed over time, figure by figure: who said how many, and when. Nothing is added up."""
    with connection(data, url) as client:
        asked = {"measure": measure, "claimant": claimant, **horizon}
        pages = list(list_claims(client, process, asked))
        near = pages[0]["near"]
        listed = [claim for page in pages for claim in page["claims"]]
        actors = {} if as_json else read_status(client, process, horizon)["actors"]
        revisions = {} if as_json else read_revisions(client, listed)
    if as_json:
        print_json({"claims": listed, "near": near, "horizon": pages[0]["horizon"]})
    else:
        console = out()
        draw_claims(listed, pages[0]["horizon"], actors, revisions, console.width).print(console)
        if near:
            warn(did_you_mean(near).strip(), ALERT)
