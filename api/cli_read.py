"""The commands that read: status, history, claims, replay, processes, event types."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api import cli_show, screen
from api import cli_words as words
from api.cli_options import (
    AsJson,
    AsLines,
    AsOf,
    Data,
    KnownAt,
    KnownAtPosition,
    ProcessId,
    PublishedBy,
    Url,
    door,
)
from api.cli_serve import demo_data
from api.cli_show import warn
from api.client import Door, Unreachable

MOST_REVISIONS = 50
"""Revisions that are looked up to tell whose error it was, or who disputes; of any more only the kind is told."""


def status(
    process: ProcessId,
    events: Annotated[bool, typer.Option("--events", help="Show the events that each line rests on, by id.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Show the notes of the recording office.")] = False,
    as_of: AsOf = None,
    published_by: PublishedBy = None,
    known_at: KnownAt = None,
    known_at_position: KnownAtPosition = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show where a process stands: what is due, who is at risk, what was agreed, who says so.

    With a horizon: where it stood, or what was known of it.
    """
    horizon = _horizon(as_of, published_by, known_at, known_at_position)
    with door(data, url) as found:
        answer = found.get(f"/v1/processes/{_step(process)}", fresh=True, **horizon)
        shown = answer.json()
        revisions = {} if as_json else _revisions(found, shown["evidence"].values())
    if as_json:
        cli_show.data(shown)
        return
    console = cli_show.out()
    position = int(answer.headers["Parley-Position"])
    page = screen.draw(shown, width=console.width, position=position, events=events, notes=notes, revisions=revisions)
    page.print(console)


def history(
    process: ProcessId,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    as_of: AsOf = None,
    published_by: PublishedBy = None,
    known_at: KnownAt = None,
    known_at_position: KnownAtPosition = None,
    as_json: AsLines = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show all events of a process by when they occurred, however late they were recorded.

    What was corrected, retracted or disputed is marked. With a horizon: what lies inside it.
    """
    horizon = _horizon(as_of, published_by, known_at, known_at_position)
    console = cli_show.out()
    path = f"/v1/processes/{_step(process)}"
    with door(data, url) as found:
        status = {} if as_json else found.get(path, fresh=True, **horizon).json()
        if status and (told := words.horizon(status["horizon"])):
            cli_show.say(told, "dim")
        order = "newest" if newest else "oldest"
        for event in _pages(found, f"{path}/history", "events", fresh=True, order=order, **horizon):
            if as_json:
                cli_show.line_of_data(event)
            else:
                cli_show.event(event, status["actors"], console=console)


def claims(
    process: ProcessId,
    measure: Annotated[str | None, typer.Option(help="Only this measure, in full, such as population.")] = None,
    claimant: Annotated[
        str | None, typer.Option(help="Only this claimant, in full, such as TASS or actors/russia.")
    ] = None,
    as_of: AsOf = None,
    published_by: PublishedBy = None,
    known_at: KnownAt = None,
    known_at_position: KnownAtPosition = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what was claimed over time, figure by figure: who said how many, and when. Nothing is added up."""
    horizon = _horizon(as_of, published_by, known_at, known_at_position)
    path = f"/v1/processes/{_step(process)}"
    with door(data, url) as found:
        asked = {"measure": measure, "claimant": claimant, **horizon}
        pages = list(_answers(found, f"{path}/claims", fresh=True, limit=1000, **asked))
        listed = [claim for page in pages for claim in page["claims"]]
        actors = {} if as_json else found.get(path, fresh=True, **horizon).json()["actors"]
        revisions = {} if as_json else _revisions(found, listed)
    if as_json:
        cli_show.data({"claims": listed, "horizon": pages[0]["horizon"]})
    else:
        console = cli_show.out()
        cli_show.claims(listed, pages[0]["horizon"], actors, revisions, console.width).print(console)


def _horizon(as_of: str | None, published_by: str | None, known_at: str | None, position: int | None) -> dict[str, Any]:
    """The parameters of a horizon; those not given are left out of a request."""
    return {"as_of": as_of, "published_by": published_by, "known_at": known_at, "known_at_position": position}


def _revisions(found: Door, marked: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The corrections and disputes of reports, by id: they tell whose error it was, or who disputes."""
    ids = dict.fromkeys(
        one for report in marked for name in ("corrected_by", "disputed_by") for one in report.get(name, ())
    )
    return {one: found.get(f"/v1/events/{_step(one)}").json() for one in list(ids)[:MOST_REVISIONS]}


def replay(
    after: Annotated[int, typer.Option(min=0, help="Only events after this position of the log.")] = 0,
    process: Annotated[str | None, typer.Option(help="Only events of this process.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only events on this subject, such as talks/first.")] = None,
    family: Annotated[str | None, typer.Option(help="Only events on subjects of this family, such as convoys.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    recorded_after: Annotated[
        str | None, typer.Option(help="Only events recorded after this time, such as 2017-10-29T09:00:00Z.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new events as they come, until Ctrl-C.")] = False,
    as_json: AsLines = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Replay events in the order in which they were recorded."""
    wanted = {"process": process, "subject": subject, "family": family, "type": event_type}
    wanted["recorded_after"] = recorded_after
    console = cli_show.out()
    leaving = (KeyboardInterrupt,) if follow else ()  # Ctrl-C is how following ends
    with suppress(*leaving), door(data, url) as found:
        for event in _following(found, after, wanted) if follow else _recorded(found, after, wanted):
            if as_json:
                cli_show.line_of_data(event)
            else:
                cli_show.event(event, console=console)
            if follow:
                sys.stdout.flush()


def _recorded(found: Door, after: int, wanted: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    with found.stream("/v1/events", "application/x-ndjson", {"after": after, **wanted}) as lines:
        for line in lines:
            yield json.loads(line)


def _following(found: Door, after: int, wanted: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """Recorded events, then new ones; it connects again if the server goes away for a while."""
    silent = 0
    while True:
        try:
            with found.stream("/v1/events", "text/event-stream", {"after": after, **wanted}) as lines:
                for line in lines:
                    if line.startswith("data: "):
                        event = json.loads(line.removeprefix("data: "))
                        after, silent = event["position"], 0
                        yield event
        except Unreachable as unreachable:
            silent += 1
            if silent == 10:
                raise
            warn(f"Waiting: {unreachable}", "dim")
        time.sleep(2)


def processes(
    q: Annotated[str | None, typer.Option(help="Part of a name.")] = None,
    finding: Annotated[str | None, typer.Option(help="Only those in which a finding of this rule stands.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """List the processes."""
    with door(data, url) as found:
        listed = list(_pages(found, "/v1/processes", "processes", fresh=True, q=q, finding=finding))
    if as_json:
        cli_show.data({"processes": listed})
    else:
        console = cli_show.out()
        cli_show.processes(listed, console.width).print(console)


def event_types(
    name: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Name of one type.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """List what can be recorded; of one type, show its fields and an example to copy."""
    console = cli_show.out()
    with ExitStack() as stack:
        try:
            found = stack.enter_context(door(data, url))
        except Unreachable:
            if url:
                raise
            nowhere = stack.enter_context(demo_data(None))  # the vocabulary needs no log
            found = stack.enter_context(door(nowhere, None, new=True))
        answer = found.get(f"/v1/event-types/{_step(name)}" if name else "/v1/event-types").json()
    if as_json:
        cli_show.data(answer)
    elif name:
        cli_show.event_type(answer, console.width).print(console)
    else:
        cli_show.event_types(answer["event_types"], console.width).print(console)


def _pages(found: Door, path: str, name: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """The entries of all pages of a list."""
    for page in _answers(found, path, **parameters):
        yield from page[name]


def _answers(found: Door, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All pages of a list."""
    after = None
    while True:
        page = found.get(path, after=after, **parameters).json()
        yield page
        after = page["next"]
        if after is None:
            return


def _step(text: str) -> str:
    """A step of a path: what is no id must not lead elsewhere."""
    return quote(text, safe="") or "-"
