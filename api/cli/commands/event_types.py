"""`parley event-types`: what can be recorded."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.errors import Unreachable
from api.cli.options import AsJson, Data, Url, connection
from api.cli.questions import list_event_types, read_event_type
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.language import phrase
from api.wording.marks import ASIDE
from api.wording.words import Fields, clean

if TYPE_CHECKING:
    from api.http.schemas.answers import EventTypeAnswer, ListedEventType


def draw_event_types(entries: list[ListedEventType], width: int) -> TextLayout:
    """Every type by family; those that go with any subject come last."""
    sheet = TextLayout(width)
    groups: dict[str, list[ListedEventType]] = {}
    for entry in entries:
        family = (
            entry["families"][0] if len(entry["families"]) == 1 else "any event" if entry["revision"] else "any subject"
        )
        groups.setdefault(family, []).append(entry)
    column = max(len(entry["type"]) for entry in entries) + 2
    for family, types in groups.items():
        sheet.heading(f"On {family}")
        for entry in types:
            opens = " Opens a subject." if entry["opening"] else ""
            sheet.row(entry["type"], f"{clean(entry['summary'])}{opens}", column=column, style="bold")
    sheet.gap()
    sheet.put(("`parley event-types TYPE` shows the fields of one, and an example.", ASIDE))
    return sheet


def draw_event_type(described_type: EventTypeAnswer, width: int) -> TextLayout:
    """One type: what it says, its fields and those of the shapes that they hold, and an example to copy."""
    sheet = TextLayout(width)
    sheet.put((described_type["type"], "bold"), f"  {clean(described_type['summary'])}")
    families = words.listed(described_type["families"], last=phrase("{first} or {last}"))
    sheet.put(f"on: {families}")
    schema = described_type["schema"]
    shapes = [f"{described_type['type']}Data"]
    for shape in shapes:  # it grows as shapes name further ones
        sheet.gap()
        sheet.put((f"FIELDS OF {'DATA' if shape == shapes[0] else shape}", "bold"))
        properties = schema["$defs"].get(shape, {}).get("properties", {})
        required = set(schema["$defs"].get(shape, {}).get("required", ()))
        for name, field in properties.items():
            needed = "" if name in required else ", may be left out"
            described = " ".join(str(field.get("description", "")).split())
            sheet.put((name, "bold"), (f" ({_kind(field, schema)}{needed}) ", ASIDE), clean(described), indent=2)
            shapes += [named for named in _shapes(field, schema) if named not in shapes]
    sheet.heading("Example")
    for line in json.dumps(described_type["example"], ensure_ascii=False, indent=2).splitlines():
        sheet.lines.append(Text(line))
    return sheet


def _kind(field: Fields, schema: Fields) -> str:
    """What a field holds, in a word or by its choices."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = schema["$defs"].get(name, {})
        return listed if (listed := " | ".join(map(str, target.get("enum", ())))) else name
    if "anyOf" in field:
        return " or ".join(
            _kind(alternative, schema) for alternative in field["anyOf"] if alternative.get("type") != "null"
        )
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}), schema)}"
    if "const" in field:
        return str(field["const"])
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        str(field.get("type")), str(field.get("type", "anything"))
    )


def _shapes(field: Fields, schema: Fields) -> list[str]:
    """The names of the shapes with fields of their own that a field holds."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return [name] if "properties" in schema["$defs"].get(name, {}) else []
    alternatives = [*field.get("anyOf", ()), field.get("items", {})]
    return [name for alternative in alternatives for name in (_shapes(alternative, schema) if alternative else ())]


def event_types(
    name: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Name of one type.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """List what can be recorded; of one type, show its fields and an example to copy."""
    console = out()
    with ExitStack() as stack:
        try:
            client = stack.enter_context(connection(data, url))
        except Unreachable:
            if url:
                raise
            empty = stack.enter_context(TemporaryDirectory(prefix="parley-"))  # the vocabulary needs no log
            client = stack.enter_context(connection(Path(empty), None, new=True))
        if name:
            described = read_event_type(client, name)
            layout = draw_event_type(described, console.width) if not as_json else None
        else:
            listed = list_event_types(client)
            layout = draw_event_types(listed["event_types"], console.width) if not as_json else None
    if layout is None:
        print_json(described if name else listed)
    else:
        layout.print(console)
