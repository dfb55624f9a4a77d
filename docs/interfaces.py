"""The tables of settings, commands and operations in Markdown, made from the code; `docs/generate.py` writes them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import typer.main
from pydantic.fields import FieldInfo

from api.app import create_app
from api.cli import main
from api.settings import PREFIX, Settings
from domain.ids import ID_PATTERN

_ID_IN_WORDS = "1 to 64 characters: a-z, 0-9 and -, beginning with a letter or digit"
_TEXTS = {
    "host": "loopback address",
    "url": "URL",
    "database_url": "URL of the form `postgresql://user@host:5432/name`",
}
"""Values of the settings that are texts without a pattern; the code checks them in validators, or not at all."""


def commands() -> dict[str, Any]:
    """Every command of the command line, by name, in the order of `parley --help`."""
    group: Any = typer.main.get_command(main.app)
    found: dict[str, Any] = group.commands
    return found


# --- settings -------------------------------------------------------------------------------------------------------


def settings_markdown() -> str:
    """Each setting with its default, the values it takes, what it is for, and the flag of the command line, if any."""
    flags = {p.envvar: p.opts[0] for command in commands().values() for p in command.params if p.envvar}
    rows = ["| variable | default | values | meaning | flag |", "| --- | --- | --- | --- | --- |"]
    meanings = said_of_fields(Settings)
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        flag = f"`{flags[variable]}`" if variable in flags else "none"
        rows.append(f"| `{variable}` | {_default(field)} | {_values(name, field)} | {meanings[name]} | {flag} |")
    return "## Settings\n\n" + "\n".join(rows) + "\n"


def said_of_fields(model: type) -> dict[str, str]:
    """What the docstrings of a class say of its fields; pydantic would read them whenever a command starts."""
    tree = ast.parse(inspect.getsource(model))
    definitions = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    said: dict[str, str] = {}
    for field, text in pairwise(definitions[0].body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                said[name] = inspect.cleandoc(words)
            case _:
                pass
    return said


def _default(field: FieldInfo) -> str:
    match field.default:
        case None:
            return "none"
        case bool() as switch:
            return f"`{str(switch).lower()}`"
        case value:
            return f"`{value}`"


def _values(name: str, field: FieldInfo) -> str:
    """What a setting may be, in words.

    Raises:
        NotImplementedError: for a kind of setting that has not been used so far.
    """
    limits = {key: value for mark in field.metadata for key, value in _limits(mark)}
    annotation: Any = field.annotation
    optional = get_origin(annotation) in (Union, UnionType)
    match next(kind for kind in get_args(annotation) if kind is not NoneType) if optional else annotation:
        case kind if get_origin(kind) is Literal:
            return ", ".join(f"`{value}`" for value in get_args(kind))
        case kind if kind is bool:
            return "`true`, `false`"
        case kind if kind is int and {"ge", "le"} <= set(limits):
            return f"{limits['ge']:,} to {limits['le']:,}"
        case kind if kind is str and limits.get("pattern") == ID_PATTERN:
            return _ID_IN_WORDS
        case kind if kind is str and name in _TEXTS:
            return _TEXTS[name]
        case kind if issubclass(kind, PurePath):
            return "path"
        case _:
            raise NotImplementedError(f"docs/interfaces.py has no words for the values of {name}")


def _limits(mark: Any) -> Iterator[tuple[str, Any]]:
    for key in ("ge", "le", "pattern"):
        if getattr(mark, key, None) is not None:
            yield key, getattr(mark, key)


# --- commands -------------------------------------------------------------------------------------------------------


def commands_markdown() -> str:
    """Every command with the first paragraph of its help, in the groups of `parley --help`."""
    groups: dict[str, list[str]] = {}
    for name, command in commands().items():
        purpose = " ".join(command.help.partition("\n\n")[0].split())
        groups.setdefault(command.rich_help_panel, []).append(f"| `parley {name}` | {purpose} |")
    rows = ["| command | what it does |", "| --- | --- |"]
    for title, lines in groups.items():
        rows += [f"| **{title}** | |", *lines]
    return "## All commands\n\n" + "\n".join(rows) + "\n"


# --- operations -----------------------------------------------------------------------------------------------------


def operations_markdown() -> str:
    """Every operation of the HTTP interface, by tag, as its OpenAPI description has it."""
    described = create_app(Settings.model_construct()).openapi()
    rows = ["| operation | answer |", "| --- | --- |"]
    for tag in described["tags"]:
        rows.append(f"| **{tag['name']}** | {tag['description']} |")
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag["name"]]:
                    rows.append(f"| `{method.upper()} {path}` | {operation['summary']} |")
    return "## All operations\n\n" + "\n".join(rows) + "\n"
