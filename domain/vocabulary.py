"""The whole vocabulary: every event type there is, where it may be used, and how one is read from JSON."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, ValidationError, create_model

from domain import general, revisions
from domain.codings import SCHEME_PATTERN
from domain.durations import DURATION_PATTERN
from domain.edtf import When
from domain.errors import Fault, Malformed
from domain.event import Event, Payload, Revision, family_of
from domain.families import FAMILY_EVENTS
from domain.fault_words import HINTS
from domain.language_tags import ADVICE, GRAMMAR, TAG_PATTERN
from domain.schedules import RULE_PATTERN
from domain.value_classes import nested_values
from domain.values import CLOCK_PATTERN, FAMILY_NAMES, EventId, Value

PAYLOADS: dict[str, type[Payload]] = {
    payload.__name__: payload
    for payload in (*(e for events in FAMILY_EVENTS.values() for e in events), *general.EVENTS, *revisions.EVENTS)
}
"""Every event type by its name: the wire `type` and the stored topic."""


@cache
def families_of(name: str) -> tuple[str, ...]:
    """The families whose subjects may have events of this type."""
    for family, events in FAMILY_EVENTS.items():
        if PAYLOADS[name] in events:
            return (family,)
    return FAMILY_NAMES


@cache
def model_of(name: str) -> type[Event]:
    """The envelope narrowed to one event type, for validation and JSON Schema.

    A revision has no time of occurrence of its own; every other event must say when it occurred, if only
    as loosely as `../2017-10-27`: not after that day.
    """
    payload = PAYLOADS[name]
    said = {field: Event.model_fields[field].description for field in ("type", "occurred", "data")}
    narrowed: dict[str, Any] = {
        "type": (Literal[name], Field(description=said["type"])),
        "occurred": (When, Field(description=said["occurred"])),
        "data": (payload, Field(description=said["data"])),
    }
    if issubclass(payload, Revision):
        narrowed["occurred"] = (None, Field(default=None, description="A revision has none: omit it."))
    return create_model(name, __base__=Event, __doc__=payload.__doc__, **narrowed)


def payload_type(raw: dict[str, Any]) -> type[Payload]:
    """The payload class of an event as sent.

    Raises:
        Malformed: the type is missing, unknown, or does not fit the subject's family.
    """
    name = raw.get("type")
    if not isinstance(name, str) or name not in PAYLOADS:
        close = difflib.get_close_matches(name, PAYLOADS, n=1) if isinstance(name, str) else []
        hint = f"did you mean {close[0]}? " if close else ""
        what = "the event needs a type" if name is None else "there is no such event type"
        raise Malformed.at("/type", f"{what}: {hint}GET /v1/event-types lists them")
    subject = raw.get("subject")
    family = subject.partition("/")[0] if isinstance(subject, str) else None
    allowed = families_of(name)
    if family in FAMILY_NAMES and family not in allowed:
        raise Malformed.at("/subject", f"{name} goes with a subject of the family {allowed[0]}: {allowed[0]}/…")
    return PAYLOADS[name]


def read_event(raw: dict[str, Any], json: bytes | str) -> Event:
    """Reads one event strictly, as it is sent.

    Args:
        raw: the event as parsed; its `id` must be there.
        json: the same event as JSON text.

    Raises:
        Malformed: with every fault that was found.
    """
    model = model_of(payload_type(raw).__name__)
    try:
        event = model.model_validate_json(json)
    except ValidationError as error:
        all_faults = faults(error, raw, model)
        more = f" (and {len(all_faults) - 1} more)" if len(all_faults) > 1 else ""
        raise Malformed(f"{all_faults[0].pointer}: {all_faults[0].detail}{more}", all_faults) from None
    match event.data:
        case revisions.EventCorrected():
            replaced(event, event.data)
        case revisions.SubjectUnified() if event.data.into == event.subject:
            raise Malformed.at("/data/into", "a subject cannot be unified with itself: name the other one")
        case revisions.SubjectUnified() if family_of(event.data.into) != event.family:
            raise Malformed.at("/data/into", f"name a subject of the same family: {event.family}/…")
        case revisions.DuplicateMarked() if event.data.event == event.data.of:
            raise Malformed.at("/data/of", "an event does not repeat itself: name the event that it repeats")
        case _:
            pass
    return event


def replaced(correction: Event, data: revisions.EventCorrected) -> Event:
    """The event that is corrected, as it should read: its own id and subject, all else from the correction.

    Raises:
        Malformed: the replacement is no whole, valid event of the same family; the pointers lead into the correction.
    """
    import json

    for name in ("id", "subject", "expected_version"):
        if name in data.replacement:
            raise Malformed.at(
                f"/data/replacement/{name}", "a correction keeps the id and subject of its event: omit it"
            )
    whole = {**data.replacement, "id": str(data.event), "subject": correction.subject}
    wanted, family = whole.get("type"), correction.family
    try:
        if isinstance(wanted, str) and wanted in PAYLOADS and family not in families_of(wanted):
            raise Malformed.at("/type", f"a correction keeps the subject: name a type of the family {family}")
        if issubclass(payload_type(whole), Revision):
            raise Malformed.at("/type", "a correction cannot turn an event into a revision")
        return read_event(whole, json.dumps(whole))
    except Malformed as refusal:
        raise refusal.within("/data/replacement") from None


def faults(error: ValidationError, raw: Any, model: type[Event] | None = None) -> list[Fault]:
    """Every fault of a validation, each at its JSON Pointer, worded for the person who fixes it.

    The text never repeats the value that was sent.
    """
    details: dict[str, str] = {}
    errors = error.errors(include_url=False, include_input=False)
    above = {fault["loc"][:depth] for fault in errors for depth in range(len(fault["loc"]))}
    for fault in errors:
        if fault["type"] == "too_short" and fault["loc"] in above:
            continue  # the items are there, but faulty
        pointer = _pointer(fault["loc"], raw, fault["type"])
        context = fault.get("ctx", {})
        if fault["type"] == "string_pattern_mismatch":
            sent = _at(raw, fault["loc"]) if len(details) < MOST_HINTS else None
            detail = pattern_hint(str(context.get("pattern", "")), sent)
        elif fault["type"] == "extra_forbidden":
            detail = "unknown field: remove it"
            detail += _did_you_mean(fault["loc"], model) if len(details) < MOST_HINTS else ""
        elif fault["type"] in ("enum", "literal_error"):
            sent = _at(raw, fault["loc"]) if len(details) < MOST_HINTS else None
            detail = _nearest_word(str(context["expected"]), sent)
        elif fault["type"] in HINTS:
            detail = HINTS[fault["type"]].format(**context)
        else:
            detail = fault["msg"].removeprefix("Value error, ")
        details[pointer] = detail  # of a number that is neither whole nor a fraction, the latter speaks
    return [Fault(pointer, detail) for pointer, detail in details.items()]


def _pointer(loc: tuple[int | str, ...], raw: Any, kind: str) -> str:
    """The JSON Pointer of an error location; steps that are not in the request (union branches) are left out."""
    node: Any = raw
    parts: list[str] = []
    for index, step in enumerate(loc):
        match node, step:
            case dict(), str() if step in node:
                node = node[step]
            case list(), int() if step < len(node):
                node = node[step]
            case _ if kind not in ("missing", "extra_forbidden") or index < len(loc) - 1:
                continue
        parts.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def pattern_hint(pattern: str, sent: Any = None) -> str:
    """What a text must look like that has to fit a pattern, in words, and which family may be meant by another word."""
    if "actors|" in pattern:
        families = ", ".join(FAMILY_NAMES)
        return f"send a subject path `family/id`: a family of {families}; an id of a-z, 0-9 and -{_near_family(sent)}"
    if pattern.startswith("^[a-z0-9][a-z0-9-]"):
        return "send an id of 1 to 64 characters: a-z, 0-9 and -, beginning with a letter or digit (without `family/`)"
    if "\\x00" in pattern and "https" not in pattern:
        return "control characters are not allowed: remove them"
    if "https" in pattern:
        return "send an address that begins with http:// or https://, without spaces"
    if pattern == "^[A-F][1-6]$":
        return "send an Admiralty grade: A-F for the source and 1-6 for the information, for example C3"
    if pattern == SCHEME_PATTERN:
        return "send the name of a register or code book: 1 to 64 of a-z, 0-9, - and ., for example pa-x-agreement"
    if pattern.startswith("^[A-Z]{2}"):
        return "send an OCHA P-code: two capitals, then capitals and digits, for example SY0304"
    if pattern in (TAG_PATTERN, GRAMMAR):
        return ADVICE
    if pattern == "^[A-Z][a-z]{3}$":
        return "send a script code (ISO 15924), for example `Arab` or `Latn`"
    if pattern == RULE_PATTERN:
        return "send a rule of RFC 5545 by days, weeks, months or years, for example FREQ=WEEKLY;BYDAY=MO,TH"
    if pattern == DURATION_PATTERN:
        return "send a duration (ISO 8601), for example P6M for six months, P10D for ten days or PT72H for 72 hours"
    if pattern == CLOCK_PATTERN:
        return "send a time of the day with hours and minutes, for example 06:30"
    if choice := re.fullmatch(r"\^\(([a-z|-]+)\)\$", pattern):
        return f"send {choice[1].replace('|', ' or ')}"
    return "the text is not of the form that is asked for here: see the example in the documentation"


def _at(raw: Any, loc: tuple[int | str, ...]) -> Any:
    """What was sent at a place of an error."""
    for step in loc:
        match raw, step:
            case dict(), str() if step in raw:
                raw = raw[step]
            case list(), int() if step < len(raw):
                raw = raw[step]
            case _:
                pass  # a branch of a union
    return raw


def _nearest_word(expected: str, sent: Any) -> str:
    """Which words may be sent, and which of them may have been meant."""
    words = re.findall("'([^']*)'", expected)
    near = difflib.get_close_matches(sent.casefold(), words, n=1) if isinstance(sent, str) and len(sent) <= 100 else []
    return f"did you mean '{near[0]}'? Send {expected}" if near else f"send {expected}"


def _near_family(sent: Any) -> str:
    """The family that may have been meant by one that is none; empty if the path has one, or nothing is near."""
    family, slash, _ = sent.partition("/") if isinstance(sent, str) else ("", "", "")
    if not slash or family in FAMILY_NAMES:
        return ""
    near = difflib.get_close_matches(family[:100].casefold(), FAMILY_NAMES, n=1)
    return f"; did you mean the family {near[0]}?" if near else ""


MOST_HINTS = 100
"""Faults of one event for which the nearest word is looked for, which takes time."""
MOST_LISTED = 12
"""Fields of a value up to which all are named to somebody who sent another one."""


def _did_you_mean(loc: tuple[int | str, ...], model: type[Event] | None) -> str:
    known: type[Value] | None = model
    for step in loc[:-1]:
        if known is not None and isinstance(step, str):
            field = known.model_fields.get(step)
            known = next(nested_values(field.annotation), None) if field else known
    if known is None:
        return ""
    sent = str(loc[-1])[:100]
    if close := difflib.get_close_matches(sent, known.model_fields, n=1):
        return f", or did you mean `{close[0]}`?"
    if inside := _within(known, sent):
        return f", or did you mean it within {inside}?"
    fields = ", ".join(known.model_fields)
    return f"; the fields here are {fields}" if len(known.model_fields) <= MOST_LISTED else ""


def _within(known: type[Value], sent: str) -> str:
    """The fields of a value that hold values with a field of this name, or nearly: "`point` (`lat`)"."""
    holding = {
        name: close[0]
        for name, field in known.model_fields.items()
        for nested in nested_values(field.annotation)
        if (close := difflib.get_close_matches(sent, nested.model_fields, n=1, cutoff=0.8))
    }
    return " or ".join(f"`{name}`, as `{inner}`" for name, inner in list(holding.items())[:MOST_HOLDING])


MOST_HOLDING = 3


# --- documentation ----------------------------------------------------------------------------------------


def example(name: str) -> dict[str, Any]:
    """A whole valid event of this type in the wire format."""
    payload = PAYLOADS[name]
    family = families_of(name)[0] if len(families_of(name)) == 1 else "processes"
    family = {"EventCorrected": "talks", "SubjectUnified": "convoys"}.get(name, family)
    ids = {"processes": "eastern-kalamun", "talks": "damascus-2017-10", "actors": "eleven-groups", "places": "jarut"}
    wire: dict[str, Any] = {
        "id": str(EventId(uuid5(NAMESPACE_URL, f"parley:example:{name}"))),
        "type": name,
        "subject": f"{family}/{ids.get(family, 'first')}",
    }
    if not issubclass(payload, Revision):
        wire["occurred"] = "2017-10-27"
    return {
        **wire,
        "sources": [
            {
                "publisher": "TASS",
                "claimant": "unattributed",
                "mode": "paraphrased",
                "published": "2017-10-27",
                "grade": "C3",
            }
        ],
        "data": payload.example,
    }
