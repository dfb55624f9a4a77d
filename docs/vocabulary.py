"""Events, findings and codes in Markdown, made from the models.

It imports the domain only. What it says is in the docstrings of `domain/`: edit those, then run `docs/generate.py`.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from textwrap import fill
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from domain import general, revisions
from domain.edtf import Day, When
from domain.event import Event, Opening, Payload
from domain.families import FAMILIES
from domain.finding import Rule, Severity
from domain.findings.rules import REPLACED, RULES
from domain.values import Claimant, EventId, ItemId, Number, Refers, Short, Subject, Text, Value
from domain.vocabulary import PAYLOADS, example

_SECTIONS: tuple[tuple[str, ModuleType], ...] = (
    *((family.name.capitalize(), sys.modules[family.opening.__module__]) for family in FAMILIES.values()),
    ("On any subject", general),
    ("On any event", revisions),
)
_INTRODUCTION = f"""# Events

An event is a report: "claimant C, through publisher P, says that X occurred at T". This page lists all types
({len(PAYLOADS)}), with their fields and an example. Terms are explained in the [glossary](glossary.md).

Generated from the models by `uv run python -m docs.generate`. Do not edit it: edit the docstrings in `domain/`.
"""


def events_markdown() -> str:
    """The content of `docs/events.md`."""
    parts = [_INTRODUCTION, _contents(), _envelope()]
    for title, module in _SECTIONS:
        about = _prose(module).partition(": ")[2]  # "Talks: one round, …"
        parts.append(f"## {title}\n\n{about[:1].upper()}{about[1:]}\n")
        parts += [_event_type(payload) for payload in module.EVENTS]
    parts.append("## Values\n\nThe objects that events are made of.\n")
    parts += [f"### {model.__name__}\n\n{_prose(model)}\n\n{_table(model)}" for model in _values()]
    return "\n".join(parts)


def codes_markdown() -> str:
    """Every code of the vocabulary, by the name of its list: the generated part of `docs/glossary.md`."""
    parts = ["## Codes\n\nThe lists of codes that fields take, and where each is used.\n"]
    for codes, users in sorted(_codes().items(), key=lambda item: item[0].__name__):
        listed = ", ".join(f"`{code.value}`" for code in codes)
        used = ", ".join(f"[{model}](events.md#{model.lower().replace(' ', '-')}) `{field}`" for model, field in users)
        parts.append(f"### {codes.__name__}\n\n{_prose(codes)}\n\n{listed}\n\nIn {used}.\n")
    return "\n".join(parts)


_FINDINGS = f"""# Findings

A finding says that something does not fit and that somebody can act on it, and leaves the judgement to a person. What
merely describes a line is a mark on the line ([0024](decisions/0024-findings-worth-reading.md)). A finding is computed
from what is in effect, so it goes away when later reports resolve it. These are the rules ({len(RULES)}), the most
severe first. A rule that depends on the time uses the clock of the query, so you can also ask for the findings of the
past.

Findings are in the status of a process, under `/v1/processes/{{id}}/findings`, and for all processes under
`/v1/findings`; on the command line, `parley findings` shows them. The answer to an append contains those on the
subjects of its events. A finding of **data quality** may be a fault of the record: an append with
`Prefer: handling=strict` (`parley append --strict`) is refused for it. A contradiction between sources is never
refused: the record takes reality as it is reported.

Generated from the rules by `uv run python -m docs.generate`. Do not edit it: edit `domain/findings/`.
"""
_GRAVITY = {
    Severity.HIGH: "High: look now",
    Severity.MODERATE: "Moderate: look at it next time",
    Severity.HINT: "Hint: look when there is time",
}


def findings_markdown() -> str:
    """The content of `docs/findings.md`."""
    parts = [_FINDINGS]
    for severity, title in _GRAVITY.items():
        parts.append(f"## {title}\n")
        parts += [_rule(rule) for rule in RULES.values() if rule.severity is severity]
    parts.append("## Rules that there were\n")
    parts += [f"{fill(f'- `{name}`: {now}.', 120, subsequent_indent='  ')}\n" for name, now in REPLACED.items()]
    return "\n".join(parts)


def _rule(rule: Rule) -> str:
    tolerated = " Strict handling records it all the same." if rule.tolerated else ""
    archives = "" if rule.archives else "\n\nOnly of processes that are followed."
    archives += "" if rule.followed else "\n\nOnly of archives: of processes that are not followed."
    quality = f"{archives}\n\nOf data quality.{tolerated}" if rule.data_quality else archives
    return f"### {rule.name}\n\n{fill(rule.looks_at, 120)}{quality}\n"


# --- parts ------------------------------------------------------------------------------------------------


def _contents() -> str:
    lines = []
    for title, module in _SECTIONS:
        types = ", ".join(f"[{payload.__name__}](#{payload.__name__.lower()})" for payload in module.EVENTS)
        lines.append(f"- [{title}](#{title.lower().replace(' ', '-')}): {types}")
    return "\n".join(lines) + "\n"


def _envelope() -> str:
    return (
        f"## The envelope\n\n{_prose(Event)}\n\n{_table(Event)}\n"
        "Revisions (on any event) have no `occurred`; every other event needs one. The log adds `position`,\n"
        "`version`, `recorded_at`, `recorded_by` and `schema`. This is a whole event; below, only `data` is shown.\n\n"
        f"{_json(example('TalksScheduled'))}"
    )


def _event_type(payload: type[Payload]) -> str:
    opening = "\n\nThe opening of its family: the first report of a subject." if issubclass(payload, Opening) else ""
    return f"### {payload.__name__}\n\n{_prose(payload)}{opening}\n\n{_table(payload)}\n{_json(payload.example)}"


def _table(model: type[Value]) -> str:
    hints = get_type_hints(model, include_extras=True)
    rows = ["| field | type | required | description |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        if field.is_required():
            needed = "no" if (model, name) == (Event, "id") else "yes"  # the server makes one
        elif field.default in (None, (), False):
            needed = "no"
        else:
            needed = f"no: `{field.default if isinstance(field.default, str) else json.dumps(field.default)}`"
        rows.append(f"| `{name}` | {words(hints[name])} | {needed} | {_cell(field.description or '')} |")
    return "\n".join(rows) + "\n"


def _json(value: dict[str, Any]) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"


def _prose(documented: object) -> str:
    return inspect.getdoc(documented) or ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- types in words ---------------------------------------------------------------------------------------

_WORDS: dict[Any, str] = {
    Short: "text on one line",
    Text: "text",
    ItemId: "id",
    Claimant: "`actors/ID`, or text",
    Number: "number from 0",
    When: "date ([EDTF](glossary.md#edtf))",
    Day: "day, month or year",
    EventId: "UUID",
    UUID: "UUID",
    Subject: "`family/id`",
    Payload: "object",
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    dict: "object",
}
_REFERENCES = {
    "actors": "id of an [actor](#actors)",
    "places": "id of a [place](#places)",
    "processes": "id of a [process](#processes)",
    "agreements": "id of an [agreement](#agreements)",
    "convoys": "id of a [convoy](#convoys)",
    "subject": "`family/id` of a subject",
    "event": "id of an event",
}


def words(hint: Any) -> str:
    """A type in words, for a reader who does not know Python.

    Raises:
        NotImplementedError: for a type that the vocabulary has not used so far; say it in `_WORDS`.
    """
    if hint in _WORDS:
        return _WORDS[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if inspect.isclass(hint) and issubclass(hint, StrEnum):
        return f"[{hint.__name__}](glossary.md#{hint.__name__.lower()})"
    if inspect.isclass(hint) and issubclass(hint, Value):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if origin is Annotated:
        refers = next((mark.to for mark in arguments[1:] if isinstance(mark, Refers)), None)
        return _REFERENCES[refers] if refers in _REFERENCES else words(arguments[0]) + _bounds(arguments[1:])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(words(one) for one in arguments if one is not NoneType))
    if origin is tuple:
        return f"list of {words(arguments[0])}"
    if origin is dict:
        return "object"
    raise NotImplementedError(f"docs/vocabulary.py has no words for {hint}")


def _bounds(marks: tuple[Any, ...]) -> str:
    found = [mark for one in marks for mark in getattr(one, "metadata", ())]
    low = next((mark.ge for mark in found if hasattr(mark, "ge")), None)
    high = next((mark.le for mark in found if hasattr(mark, "le")), None)
    return f", {low} to {high}" if low is not None and high is not None else ""


# --- what the models hold ---------------------------------------------------------------------------------


def _models() -> Iterator[type[Value]]:
    """The envelope, every payload, and the values within them, each once."""
    seen: dict[type[Value], None] = {}
    waiting: list[type[Value]] = [Event, *PAYLOADS.values()]
    while waiting:
        model = waiting.pop(0)
        if model not in seen:
            seen[model] = None
            waiting += [k for field in model.model_fields.values() for k in _kinds(field.annotation, Value)]
    yield from (model for model in seen if model is not Payload)


def _values() -> list[type[Value]]:
    found = [model for model in _models() if not issubclass(model, Payload) and model is not Event]
    return sorted(found, key=lambda model: model.__name__)


def _codes() -> dict[type[StrEnum], list[tuple[str, str]]]:
    """Every list of codes, with the models and fields that take it."""
    found: dict[type[StrEnum], list[tuple[str, str]]] = {}
    for model in _models():
        for name, field in model.model_fields.items():
            for codes in _kinds(field.annotation, StrEnum):
                found.setdefault(codes, []).append(("the envelope" if model is Event else model.__name__, name))
    return found


def _kinds(annotation: Any, kind: type) -> Iterator[type[Any]]:
    if inspect.isclass(annotation) and issubclass(annotation, kind):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _kinds(argument, kind)
