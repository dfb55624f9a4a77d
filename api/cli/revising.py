"""Corrections of which only what changes is typed: a report as it reads now, and what is put in its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.cli.client import Client
from api.cli.errors import CannotContinue
from api.cli.questions import read_event
from api.http import strict_json
from domain.errors import Refusal
from domain.event import Event

ENVELOPE = tuple(name for name in Event.model_fields if name not in ("id", "subject"))
"""What a correction puts in the place of a report: all of it but its id and its subject."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a report that is to read otherwise."""

    path: str
    """Dotted, from the report: `data.quantity.value`."""
    before: Any
    """None if there was nothing."""
    after: Any
    """None if it is taken away."""


def report_as_it_reads(client: Client, event: str) -> dict[str, Any] | None:
    """What a report says now, by the newest correction in effect; None if it was retracted.

    Raises:
        ServerRefusal, Unreachable
    """
    record: Mapping[str, Any] = read_event(client, event)
    for revision in reversed(record["revisions"]):
        if revision["data"].get("event") != record["id"]:
            continue  # it names the event otherwise: as what it answers, or what it repeats
        if revision["type"] == "EventRetracted" and report_as_it_reads(client, revision["id"]) is not None:
            return None
        if revision["type"] == "EventCorrected" and (now := report_as_it_reads(client, revision["id"])) is not None:
            return now
    said: Mapping[str, Any] = record["data"]["replacement"] if record["type"] == "EventCorrected" else record
    return {name: said[name] for name in ENVELOPE if name in said}


def changed(report: Mapping[str, Any], assignments: Iterable[str]) -> tuple[dict[str, Any], list[Change]]:
    """A report with some fields set, and what that changes.

    Args:
        report: as it reads.
        assignments: `PATH=VALUE` each. A path is dotted and counts lists from 0; `data.` may be left out. A value is
            taken as JSON unless the field holds text; nothing after `=` takes the field away.

    Raises:
        CannotContinue: an assignment cannot be read, leads nowhere, or nothing changes.
    """
    whole: dict[str, Any] = json.loads(json.dumps(report))
    changes: list[Change] = []
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise CannotContinue(f"{assignment}: write what should change as field=value, such as occurred=2017-10-29")
        steps = path.split(".")
        steps = steps if steps[0] in ENVELOPE else ["data", *steps]
        change = _set(whole, steps, text)
        if change.before != change.after or type(change.before) is not type(change.after):
            changes.append(change)
    if not changes:
        raise CannotContinue("nothing changes: the report reads like that already")
    return whole, changes


def _set(whole: dict[str, Any], steps: list[str], text: str) -> Change:
    holder: Any = whole
    for depth, step in enumerate(steps[:-1]):
        if isinstance(holder, dict) and step not in holder:
            holder[step] = [] if steps[depth + 1].isdecimal() else {}
        holder = _within(holder, step, ".".join(steps[: depth + 1]))
    path, last = ".".join(steps), steps[-1]
    match holder:
        case dict():
            before = holder.get(last)
            after = _value(text, before)
            if after is None:
                holder.pop(last, None)
            else:
                holder[last] = after
        case list() if last.isdecimal() and int(last) == len(holder) and text:
            before, after = None, _value(text, None)
            holder.append(after)
        case list():
            before = _within(holder, last, path)
            after = _value(text, before)
            if after is None:
                del holder[int(last)]
            else:
                holder[int(last)] = after
        case _:
            raise _leads_nowhere(path)
    return Change(path, before, after)


def _within(holder: Any, step: str, path: str) -> Any:
    match holder:
        case dict():
            return holder[step]
        case list() if step.isdecimal() and int(step) < len(holder):
            return holder[int(step)]
        case list():
            most = f"0 to {len(holder) - 1}" if holder else "none yet"
            raise CannotContinue(f"{path}: this is a list, whose entries are counted from 0: there are {most}")
        case _:
            raise _leads_nowhere(path)


def _leads_nowhere(path: str) -> CannotContinue:
    return CannotContinue(f"{path}: the field above it holds one value and no fields of its own")


def _value(text: str, before: Any) -> Any:
    """What is typed as a value; None takes the field away."""
    if not text:
        return None
    if isinstance(before, str) and text[0] not in '"[{':
        return None if text == "null" else text
    try:
        return strict_json.loads(text.encode(errors="surrogateescape"))
    except Refusal:
        return text
