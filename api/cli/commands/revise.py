"""`parley correct` and `parley retract`: revisions of which only what is new is typed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from api.cli.client import Client
from api.cli.errors import CannotContinue, ServerRefusal
from api.cli.options import Data, Url, connection
from api.cli.questions import read_event
from api.cli.revising import changed, report_as_it_reads
from api.cli.terminal.console import say
from api.wording import words
from api.wording.words import clean

EventId = Annotated[str, typer.Argument(metavar="ID", help="Id of the event, as `parley replay --json` shows it.")]
REPLACEMENT = "/data/replacement"


def correct(
    event: EventId,
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="What should read otherwise: occurred=2017-10-29, quantity.value=2000, harm.0.quantity.value=40. "
            "Nothing after = takes a field away.",
        ),
    ],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; which fields change, if left out.")] = None,
    by_source: Annotated[
        bool, typer.Option("--by-source", help="The source itself has corrected it; else it was our own error.")
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Correct a report: only what changes is typed, all else stays as it reads now.

    A field is named by its path in the report, with dots; entries of a list are counted from 0. What the report said
    before stays in its history.
    """
    with connection(data, url) as client:
        record = _known(client, event)
        report = report_as_it_reads(client, record["id"])
        if report is None:
            raise CannotContinue(f"{record['id']} was retracted: retract its retraction first, or report it anew")
        replacement, differences = changed(report, changes)
        why = reason or f"Corrected: {', '.join(change.path for change in differences)}."
        by = "corrected by the source" if by_source else "our error"
        said = {"event": record["id"], "by": by, "reason": why, "replacement": replacement}
        revision = _record(client, "EventCorrected", record["subject"], said)
        say(f"Corrected: {words.spoken(str(record['type']))} of {record['subject']}, {record['id']}")
        for change in differences:
            say(f"  {clean(change.path)}: {_shown(change.before)} → {_shown(change.after)}")
        say(f"Recorded as {revision}, in {client.where}.")


def retract(
    event: EventId,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it no longer stands.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Retract a report: it no longer stands, and stays in the history. Retract the retraction to take that back."""
    with connection(data, url) as client:
        record = _known(client, event)
        revision = _record(client, "EventRetracted", record["subject"], {"event": record["id"], "reason": reason})
        say(f"Retracted: {words.spoken(str(record['type']))} of {record['subject']}, {record['id']}")
        say(f"Recorded as {revision}, in {client.where}.")


def _known(client: Client, event: str) -> Mapping[str, Any]:
    """The event as it was recorded."""
    try:
        return read_event(client, str(uuid.UUID(event)))
    except ValueError:
        raise CannotContinue(
            f"{clean(event)[:100]} is no id of an event: `parley replay --json` shows the id of each"
        ) from None
    except ServerRefusal as problem:
        if problem.status != 404:
            raise
        raise CannotContinue(
            f"no event of the id {event} is recorded in {client.where}: `parley replay --json` shows the id of each"
        ) from None


def _record(client: Client, name: str, subject: str, said: Mapping[str, Any]) -> str:
    """Records a revision; gives its id.

    Raises:
        ServerRefusal: with the fields as they are typed.
    """
    revision = str(uuid.uuid4())
    sent = {"id": revision, "type": name, "subject": subject, "data": said}
    headers = {"Content-Type": "application/json", "Prefer": "return=minimal"}
    try:
        client.send("POST", "/v1/events", content=json.dumps(sent).encode(), headers=headers)
    except ServerRefusal as problem:
        problem.faults = [(_typed_path(pointer), detail) for pointer, detail in problem.faults]
        raise
    return revision


def _typed_path(pointer: str) -> str:
    """A pointer into a revision as the path that is typed for it."""
    return pointer.removeprefix(REPLACEMENT).removeprefix("/").replace("/", ".")


def _shown(value: Any) -> str:
    return "nothing" if value is None else clean(json.dumps(value, ensure_ascii=False))
