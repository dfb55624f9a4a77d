"""JSON Schemas of answers, made from the types that queries build them by and commands read them by.

A schema has the name of its type without `Shown` and `Answer`: `ShownLine[str]` is `LineOfStr`, `StatusAnswer` is
`Status`. The docstring of a field is its description.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, Generic, get_origin

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import get_original_bases

AnswerType = Any
"""A TypedDict: what `type[…]` cannot say."""


def reference_to(answer: AnswerType) -> dict[str, str]:
    """Stands for the schema of a type."""
    return {"$ref": f"#/components/schemas/{_name_of(answer.__name__)}"}


def schemas_of(answers: Iterable[AnswerType]) -> dict[str, dict[str, Any]]:
    """The schemas of answers, and of all that they are made of, by name."""
    adapters = [TypeAdapter(answer) for answer in answers]
    _, shared = TypeAdapter.json_schemas(
        [(number, "validation", adapter) for number, adapter in enumerate(adapters)],
        schema_generator=_FromTypes,
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, dict[str, Any]] = shared["$defs"]
    return schemas


def _name_of(type_name: str) -> str:
    generic = re.sub(r"Union\[(\w+), NoneType\]", r"\1OrNull", type_name.replace("[T_co]", ""))
    plain = "Of".join(part[:1].upper() + part[1:] for part in re.findall(r"\w+", generic))
    return re.sub("Shown|Answer$", "", plain)


class _FromTypes(GenerateJsonSchema):
    """Names as above, no titles, and descriptions from docstrings, inherited ones too."""

    def normalize_name(self, name: str) -> str:
        return _name_of(name)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        described = super().typed_dict_schema(schema)
        described.pop("title", None)
        if text := described.get("description"):
            described["description"] = _in_a_line(text)
        for name, text in _field_texts(schema["cls"]).items():
            described["properties"][name]["description"] = text
        return described


@cache
def _field_texts(answer: AnswerType) -> dict[str, str]:
    """The docstrings of the fields of a type, those of its bases included."""
    texts: dict[str, str] = {}
    for base in get_original_bases(answer):
        generic = get_origin(base) or base
        if generic is not Generic and generic.__module__ != "typing_extensions":
            texts |= _field_texts(generic)
    return texts | _docstrings(answer.__module__).get(answer.__name__, {})


@cache
def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """What stands below the fields of the classes of a module, by class and field."""
    texts: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, node.body[1:], strict=False):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        texts.setdefault(node.name, {})[name] = _in_a_line(text)
                    case _:
                        pass
    return texts


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
