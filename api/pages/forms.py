"""Forms made from the schema of an event: what the type needs first, the rest under "more".

A field is named by its place in the event, its steps joined by dots (`data.quantity.value`, `sources.0.publisher`), and
a fault is told at the field of its place. Empty fields are left out of what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.http.schemas.events import schema_of
from api.pages.date_words import as_edtf
from api.wording import words
from api.wording.language import explained
from domain.edtf import FORM, When
from domain.errors import Fault
from domain.references import reference_at
from domain.vocabulary import PAYLOADS, example, families_of

LONG = 300
"""Characters from which on a text gets a field of several lines."""
DEEPEST = 6
"""Steps below which a value is typed as JSON: some are trees."""
SPARE = 1
"""Empty entries at the end of a list."""
MOST_ENTRIES = 50
HIDDEN = {"id", "type", "expected_version"}
_FIRST = re.compile(r"sources(\.0(\.(publisher|claimant|published|url))?)?")
ENVELOPE = ("subject", "occurred", "data", "sources", "basis", "sensitivity", "note")


@dataclass(slots=True)
class FormField:
    """A field of a form, or a group of them."""

    name: str
    label: str
    help: str
    kind: str
    """text, long, date, number, choice, yesno, lines, json, or group."""
    value: str = ""
    required: bool = False
    first: bool = False
    """Whether it is shown at once: what the event needs, and who says so."""
    options: list[tuple[str, str]] = field(default_factory=list)
    example: str = ""
    errors: list[str] = field(default_factory=list)
    fields: list[FormField] = field(default_factory=list)
    reading: str = ""
    """How a date that was typed is read, in words."""
    refers: str = ""
    """What it names: a family, `subject` or `claimant`, or families with spaces between them; empty if nothing."""

    @property
    def filled(self) -> bool:
        """Whether anything in it was typed, or is at fault."""
        return bool(self.value or self.errors or any(inner.filled for inner in self.fields))


def form_of(name: str, typed: Mapping[str, str], faults: Iterable[Fault] = ()) -> list[FormField]:
    """The fields of an event type, with what was typed and what is wrong with it."""
    schema = schema_of(name)
    maker = _Maker(name, schema["$defs"], typed, _by_field(faults))
    known = example(name)
    required = {"subject", "data", *schema["required"]}
    return [
        maker.field(schema["properties"][one], one, known.get(one), required=one in required, depth=0)
        for one in ENVELOPE
        if one in schema["properties"]
    ]


def _by_field(faults: Iterable[Fault]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for fault in faults:
        named.setdefault(fault.pointer.strip("/").replace("/", "."), []).append(fault.detail)
    return named


def unplaced(fields: Iterable[FormField], faults: Iterable[Fault]) -> list[Fault]:
    """Faults for which a form has no field."""
    names = set(_names(fields))
    return [fault for fault in faults if fault.pointer.strip("/").replace("/", ".") not in names]


def _names(fields: Iterable[FormField]) -> Iterable[str]:
    for one in fields:
        yield one.name
        yield from _names(one.fields)


class _Maker:
    """Makes fields of a schema."""

    def __init__(
        self, type_: str, definitions: Mapping[str, Any], typed: Mapping[str, str], faults: Mapping[str, list[str]]
    ) -> None:
        self._type = type_
        self._definitions = definitions
        self._typed = typed
        self._faults = faults

    def field(self, schema: Mapping[str, Any], name: str, known: Any, *, required: bool, depth: int) -> FormField:
        """A field, or a group of them.

        Args:
            schema: of the value.
            name: its place.
            known: an example of it.
            required: whether the event needs it.
            depth: how many groups it stands in.
        """
        told, shape = " ".join(str(schema.get("description", "")).split()), self._resolved(schema)
        before, _, last = name.rpartition(".")
        entry = f"{words.field_name(before.rpartition('.')[2])} {int(last) + 1}" if last.isdecimal() else ""
        label = entry or words.field_name(last)
        made = FormField(name, label, explained(told), "text", self._typed.get(name, ""), required)
        made.first = required or _FIRST.fullmatch(name) is not None
        made.errors = list(self._faults.get(name, ()))
        made.refers = self._refers(tuple(name.split(".")))
        if isinstance(known, (str, int, float)) and not isinstance(known, bool):
            made.example = str(known)
        if "enum" in shape:
            made.kind, made.options = "choice", [(one, words.coded(one)) for one in shape["enum"]]
        elif "const" in shape:
            made.kind, made.options = "choice", [(str(shape["const"]), words.coded(shape["const"]))]
        else:
            self._shape(made, shape, known, depth)
        return made

    def _refers(self, steps: tuple[str, ...]) -> str:
        """What a field names that was recorded before."""
        match steps:
            case ("subject",):
                return " ".join(families_of(self._type))
            case ("sources", _, "claimant"):
                return "claimant"
            case ("data", *rest):
                refers = reference_at(PAYLOADS[self._type], tuple(rest))
                return refers.to if refers is not None and refers.to != "event" else ""
            case _:
                return ""

    def _shape(self, made: FormField, shape: Mapping[str, Any], known: Any, depth: int) -> None:
        match shape.get("type"):
            case "boolean":
                made.kind = "yesno"
            case "integer" | "number":
                made.kind = "number"
            case "array":
                self._list(made, shape, known, depth)
            case "object" if "properties" in shape and depth < DEEPEST:
                made.kind = "group"
                within = known if isinstance(known, dict) else {}
                needed = set(shape.get("required", ()))
                made.fields = [
                    self.field(inner, f"{made.name}.{one}", within.get(one), required=one in needed, depth=depth + 1)
                    for one, inner in shape["properties"].items()
                ]
                if not any(inner.first for inner in made.fields):
                    for inner in made.fields:
                        inner.first = inner.kind != "group"
            case "string":
                if shape.get("pattern") == FORM:
                    made.kind = "date"
                    made.reading = "" if made.errors else _reading(as_edtf(made.value))
                    return
                made.kind = "long" if shape.get("maxLength", 0) > LONG else "text"
            case _:
                made.kind = "json"

    def _list(self, made: FormField, shape: Mapping[str, Any], known: Any, depth: int) -> None:
        items = self._resolved(shape.get("items", {}))
        first = known[0] if isinstance(known, list) and known else None
        if items.get("type") != "object":
            made.kind = "lines"
            made.example = str(first or "")
            made.errors += [text for name, texts in self._faults.items() if _inside(name, made.name) for text in texts]
            made.options = [(one, words.coded(one)) for one in items.get("enum", ())]
        elif depth >= DEEPEST - 2:
            made.kind = "json"
        else:
            made.kind = "group"
            inside = [name for name in {*self._typed, *self._faults} if _inside(name, made.name)]
            steps = [name[len(made.name) + 1 :].partition(".")[0] for name in inside]
            numbers = {int(step) for step in steps if step.isdecimal() and len(step) < 4}
            last = min(max(numbers, default=-1) + SPARE, MOST_ENTRIES)
            made.fields = [
                self.field(shape["items"], f"{made.name}.{number}", first, required=False, depth=depth + 1)
                for number in range(max(last, 0) + 1)
            ]

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema without its reference, and without what says that it may be null."""
        while True:
            if "$ref" in schema:
                schema = self._definitions[schema["$ref"].rpartition("/")[2]]
            elif "anyOf" in schema:
                kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
                numeric = all(kind.get("type") in ("integer", "number") for kind in kinds)
                if len(kinds) != 1 and not numeric:
                    return {}
                schema = kinds[-1]
            else:
                return schema


def _reading(typed: str) -> str:
    """A date in words and in EDTF; empty if it cannot be read, which the check of the event tells at its field."""
    try:
        return f"{words.when(str(When(typed)))} ({words.clean(typed)})"
    except ValueError:
        return ""


def _inside(name: str, of: str) -> bool:
    return name.startswith(f"{of}.")


# --- from what was typed to an event, and back ----------------------------------------------------------------


def event_of(name: str, fields: Iterable[FormField]) -> tuple[dict[str, Any], list[Fault]]:
    """The event that a form holds, and what cannot even be read."""
    faults: list[Fault] = []
    event: dict[str, Any] = {"type": name}
    for one in fields:
        value = _value(one, faults)
        if value is not None:
            event[one.name] = value
    event.setdefault("data", {})
    return event, faults


def _value(one: FormField, faults: list[Fault]) -> Any:
    text = one.value.strip()
    pointer = "/" + one.name.replace(".", "/")
    if one.kind == "group":
        if one.fields and one.fields[0].name.rpartition(".")[2].isdecimal():
            entries = [value for inner in one.fields if (value := _value(inner, faults)) is not None]
            return entries or None
        held = {
            inner.name.rpartition(".")[2]: value for inner in one.fields if (value := _value(inner, faults)) is not None
        }
        return held or None
    if not text:
        return None
    match one.kind:
        case "number":
            try:
                return orjson.loads(text.replace(",", ""))
            except orjson.JSONDecodeError:
                faults.append(Fault(pointer, "write a number in digits, such as 2000 or 0.5"))
        case "yesno":
            return text == "yes"
        case "date":
            return as_edtf(text)
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "json":
            try:
                return orjson.loads(text)
            except orjson.JSONDecodeError:
                faults.append(Fault(pointer, "write JSON"))
        case _:
            return text.replace("\r\n", "\n")
    return None


def typed_of(value: Any, name: str = "") -> dict[str, str]:
    """What would have been typed for a value, field by field."""
    match value:
        case dict():
            inner = ((f"{name}.{key}" if name else key, held) for key, held in value.items())
            return {field_name: text for key, held in inner for field_name, text in typed_of(held, key).items()}
        case list() if all(isinstance(one, str) for one in value):
            return {name: "\n".join(value)} if value else {}
        case list():
            return {
                field_name: text
                for number, held in enumerate(value)
                for field_name, text in typed_of(held, f"{name}.{number}").items()
            }
        case None:
            return {}
        case bool():
            return {name: "yes" if value else "no"}
        case _:
            return {name: str(value)}


def types_by_family() -> dict[str, list[str]]:
    """The event types that a form can be made of, by the first family whose subjects have them."""
    grouped: dict[str, list[str]] = {}
    for name in PAYLOADS:
        if name != "EventCorrected":
            families = families_of(name)
            grouped.setdefault(families[0] if len(families) == 1 else "any", []).append(name)
    return grouped
