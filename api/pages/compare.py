"""One process from two horizons, side by side, with what differs marked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import ProcessPath
from api.http.question_routes import HORIZON, CostlyRoute
from api.pages.asked import Asked, AskedAt, read_horizon
from api.pages.horizon_form import horizon_form
from api.pages.markup import plain
from api.pages.process import ORDER, drawn, frame
from api.pages.rendering import page
from api.pages.sheets import PageSheet, Section, differing
from api.wording import words
from api.wording.language import grouped, say, speaking
from domain.errors import NotFound
from projections.answers.status import StatusAnswer
from projections.queries import status
from projections.queries.at_horizon import HorizonRequest
from projections.storage.generations import ReadTransaction

router = StrictRouter(include_in_schema=False, route_class=CostlyRoute)
AFTER = "to_"
"""Before the names of the parameters of the second horizon."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A section on both sides; None where it is not there."""

    title: str
    before: Section | None
    after: Section | None


@router.get("/processes/{process}/compare")
async def compare(
    request: Request,
    process: ProcessPath,
    asked: AskedAt,
    to_as_of: str | None = None,
    to_published_by: str | None = None,
    to_known_at: str | None = None,
    to_known_at_position: str | None = None,
) -> Response:
    """How it stood, and how it stands; with no horizon at all, before and after the newest report."""
    fields = dict(zip(HORIZON, (to_as_of, to_published_by, to_known_at, to_known_at_position), strict=True))
    then = await read_horizon(asked.services, fields, AFTER)
    return await run_in_threadpool(_answered, request, asked, process, then)


def _answered(request: Request, asked: Asked, process: str, then: HorizonRequest) -> Response:
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        form, position = horizon_form(asked, reading, process), reading.position
        first = asked.horizon
        if asked.at_present and form.before is not None:
            first = HorizonRequest(known_at_position=form.before, position=form.before)
        before, after = _status(reading, process, now, first), _status(reading, process, now, then)
        shown = after or before or status.process_status(reading, process, now)[0]
    with speaking(asked.language):
        kept = {name: value for name, value in asked.query.items() if name == "lang"}
        nowhere = PageSheet(lambda *_: None, lambda *_: "")
        later = {name: asked.query[AFTER + name] for name in HORIZON if AFTER + name in asked.query}
        sheets = [
            drawn(replace(asked, query={**kept, **sent}), one, position) if one is not None else nowhere
            for one, sent in ((before, _sent(first)), (after, later))
        ]
        differ, same = _pairs(sheets[0], sheets[1], {plain(_from(one, position)) for one in (before, after)})
        context: dict[str, Any] = {
            **frame(asked, shown, None, position),
            "bar": "",
            "live": None,
            "kept": kept,
            "sides": [
                (name, prefix, _from(side, position), {one: asked.query.get(prefix + one, "") for one in HORIZON})
                for name, prefix, side in ((say("Before"), "", before), (say("After"), AFTER, after))
            ],
            "differ": differ,
            "same": same,
        }
    return page(asked, "compare.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


def _status(reading: ReadTransaction, process: str, now: datetime, request: HorizonRequest) -> StatusAnswer | None:
    """The status at a horizon; None if nothing of the process is inside it.

    Raises:
        NotFound: the process was never opened.
    """
    try:
        return status.process_status(reading, process, now, request)[0]
    except NotFound:
        status.process_status(reading, process, now)
        return None


def _sent(request: HorizonRequest) -> dict[str, str]:
    """A horizon as the parameters of an address."""
    sent = {name: getattr(request, name) for name in HORIZON}
    return {name: str(value) for name, value in sent.items() if value is not None}


def _from(shown: StatusAnswer | None, position: int) -> str:
    if shown is None:
        return say("Nothing of this process is inside the horizon.")
    present = say("The present, log position {position}", position=grouped(position))
    return words.horizon(shown["horizon"]) or present


def _pairs(before: PageSheet, after: PageSheet, horizons: Collection[str]) -> tuple[list[Pair], list[str]]:
    """The sections that differ, and the titles of those that do not.

    Args:
        before: the status at the first horizon.
        after: the status at the second one.
        horizons: how each is told on its sheet, which is told already.
    """
    was, now = before.by_key(), after.by_key()
    glance = Pair(say("At a glance"), before.top, after.top)
    for sheet in (before, after):  # without its name, and from where it is looked at
        sheet.top.entries = [
            entry for entry in sheet.top.entries[1:-1] if plain(entry.said.striptags()) not in horizons
        ]
    pairs = [glance] + [
        Pair((was.get(key) or now[key]).title, was.get(key), now.get(key)) for key in ORDER if key in was or key in now
    ]
    differ: list[Pair] = []
    same: list[str] = []
    for pair in pairs:
        old, new = (side.entries if side else [] for side in (pair.before, pair.after))
        gone, come = differing(old, new, say("only before")), differing(new, old, say("only after"))
        if gone or come:
            differ.append(pair)
        elif old:
            same.append(pair.title)
    return differ, same
