"""`parley history` and `parley replay`: events, by when they occurred or as they were recorded."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.client import Client
from api.cli.errors import Unreachable
from api.cli.options import NOW, AsLines, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import known, list_history, read_status
from api.cli.terminal.console import out, print_json_line, say, warn
from api.cli.terminal.event_line import print_event
from api.wording import words
from domain.ids import ID_PATTERN

if TYPE_CHECKING:
    from api.http.schemas.answers import RecordedAnswer


@with_horizon
def history(
    process: ProcessId,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    horizon: Horizon = NOW,
    as_json: AsLines = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show all events of a process by when they occurred, however late they were recorded.

    What was corrected, retracted or disputed is marked. With a horizon: what lies inside it.
    """
    console = out()
    with connection(data, url) as client:
        status = None if as_json else read_status(client, process, horizon)
        if status is not None and (horizon_text := words.horizon(status["horizon"])):
            say(horizon_text, "dim")
        order = "newest" if newest else "oldest"
        for event in list_history(client, process, {"order": order, **horizon}):
            if status is None:
                print_json_line(event)
            else:
                print_event(event, status["actors"], console=console)


def replay(
    after: Annotated[
        str, typer.Option(metavar="POSITION|CURSOR", help="Only events after this position of the log, or this cursor.")
    ] = "0",
    process: Annotated[str | None, typer.Option(help="Only events of this process.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only events on this subject, such as talks/first.")] = None,
    family: Annotated[str | None, typer.Option(help="Only events on subjects of this family, such as convoys.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    recorded_after: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|DAY",
            help="Only events recorded after this time (2017-10-29T09:00:00Z), or after the end of a day in UTC.",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new events as they come, until Ctrl-C.")] = False,
    as_json: AsLines = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Replay events in the order in which they were recorded."""
    filters = {"process": process, "subject": subject, "family": family, "type": event_type}
    filters["recorded_after"] = recorded_after
    console = out()
    leaving = (KeyboardInterrupt,) if follow else ()  # Ctrl-C is how following ends
    with suppress(*leaving), connection(data, url) as client:
        if process is not None and not re.fullmatch(ID_PATTERN, process):
            filters["process"] = known(client, "processes", process)
        for event in _following(client, after, filters) if follow else _or_refused(client, after, filters):
            if as_json:
                print_json_line(event)
            else:
                print_event(event, console=console)
            if follow:
                sys.stdout.flush()


def _or_refused(client: Client, after: str, filters: dict[str, str | None]) -> Iterator[RecordedAnswer]:
    """Recorded events; where there are none, the subject that they are asked of must be there.

    Raises:
        ServerRefusal: it is not; it tells of those that are close.
    """
    recorded = _recorded(client, after, filters)
    first = next(recorded, None)
    if first is not None:
        yield first
        yield from recorded
        return
    if filters["subject"] is not None:
        known(client, *filters["subject"].split("/", 1))
    if filters["process"] is not None:
        identity = known(client, "processes", filters["process"])
        if identity != filters["process"]:
            yield from _recorded(client, after, {**filters, "process": identity})


def _recorded(client: Client, after: str, filters: dict[str, str | None]) -> Iterator[RecordedAnswer]:
    with client.stream("/v1/events", "application/x-ndjson", {"after": after, **filters}) as lines:
        for line in lines:
            yield json.loads(line)


def _following(client: Client, after: str, filters: dict[str, str | None]) -> Iterator[RecordedAnswer]:
    """Recorded events, then new ones; it connects again if the server goes away for a while.

    Raises:
        ServerRefusal: among others if the log went on otherwise meanwhile than it was followed.
    """
    silent, cursor = 0, after
    while True:
        try:
            with client.stream("/v1/events", "text/event-stream", {"after": after, **filters}) as lines:
                for line in lines:
                    if line.startswith("id: "):
                        cursor = line.removeprefix("id: ")
                    elif line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
                        after, silent = cursor, 0
        except Unreachable as unreachable:
            silent += 1
            if silent == 10:
                raise
            warn(f"Waiting: {unreachable}", "dim")
        time.sleep(2)
