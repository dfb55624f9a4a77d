"""Brings the catalogues of phrases up to date with the code: `uv run python -m docs.catalogues`.

A new phrase is added without a translation, and shown in English until it has one; one that is not used any more goes.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import domain
from api.pages.forms import FormField, form_of, types_by_family
from api.wording.language import CATALOGUES, HELP, LANGUAGES, TERM, counting
from api.wording.language import COUNTED as COUNTED_UNITS
from api.wording.values import EXPECTED
from domain.findings.rules import RULES
from domain.lines import Course
from domain.vocabulary import PAYLOADS

ROOT = Path(__file__).parent.parent
RECORDED = [name for names in types_by_family().values() for name in names]
"""The event types that there is a form for."""
CALLS = {"say", "phrase", "told"}
COUNTED = {"say_number", "told_number"}
SPOKEN = ("api/wording/*.py", "api/pages/**/*.py")
FOUND = ("domain/sentences.py", "domain/enrolments.py", "domain/findings/*.py", "projections/queries/changes.py")
"""The modules that speak, and those in which rules tell what they find."""
_IN_TEMPLATE = re.compile(r'\bsay\("((?:[^"\\]|\\.)*)"')
_COUNTED_IN_TEMPLATE = re.compile(r'\bsay_number\("([^"]*)", "([^"]*)"')

Phrase = str | tuple[str, str]
"""A phrase, or the two forms of one that goes with a number."""


def phrases() -> Iterator[Phrase]:
    """Every phrase in the code and in the templates."""
    yield from _phrases_in(SPOKEN)
    yield from ((counting(unit), counting(unit)) for unit in COUNTED_UNITS)
    for path in sorted(ROOT.glob("api/pages/templates/*.html")):
        text = path.read_text(encoding="utf-8")
        yield from (match[1] for match in _IN_TEMPLATE.finditer(text))
        yield from ((match[1], match[2]) for match in _COUNTED_IN_TEMPLATE.finditer(text))
    yield from sentences()


def sentences() -> Iterator[Phrase]:
    """The phrases in which rules tell what they find."""
    return _phrases_in(FOUND)


def _phrases_in(modules: Iterable[str]) -> Iterator[Phrase]:
    for node in _nodes(modules):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS | COUNTED:
            texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
            if node.func.id in COUNTED and len(texts) == 2:
                yield str(texts[0]), str(texts[1])
            elif node.func.id in CALLS and texts and isinstance(texts[0], str):
                yield texts[0]
        elif isinstance(node, ast.Assign) and _two_forms(node.value):
            yield tuple(ast.literal_eval(node.value))


def _nodes(modules: Iterable[str]) -> Iterator[ast.AST]:
    for path in sorted(path for pattern in modules for path in ROOT.glob(pattern)):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _two_forms(value: ast.expr) -> bool:
    """Whether these are two forms of a phrase under a name, to be handed to `say_number`."""
    texts = value.elts if isinstance(value, ast.Tuple) else []
    return len(texts) == 2 and all(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and "{number}" in one.value for one in texts
    )


def terms() -> Iterator[str]:
    """The coded values of the vocabulary, and the names of its event types in words."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        for held in vars(importlib.import_module(module.name)).values():
            if isinstance(held, type) and issubclass(held, StrEnum) and held.__module__.startswith("domain."):
                yield from (str(one) for one in held)
    yield from stages()
    yield from EXPECTED
    for node in _nodes((*SPOKEN, *FOUND)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            word = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if called in ("coded", "tag", "Term") and isinstance(word, str):
                yield word
    for name in PAYLOADS:
        yield re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def stages() -> Iterator[str]:
    """The steps that a subject of any family goes through."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        for held in vars(importlib.import_module(module.name)).values():
            if isinstance(held, Course):
                yield from sorted({str(step) for pair in held.pairs for step in pair})


def field_names() -> Iterator[str]:
    """The names of the fields of all forms, in words."""
    for one in _form_fields():
        name = one.name.rpartition(".")[2]
        if not name.isdecimal():
            yield name.replace("_", " ")


def explanations() -> Iterator[str]:
    """What the vocabulary says of itself on a page: of each field of a form, each event type, each rule of findings."""
    yield from (one.help for one in _form_fields() if one.help)
    yield from (" ".join((payload.__doc__ or "").split()) for name, payload in PAYLOADS.items() if name in RECORDED)
    yield from (rule.looks_at for rule in RULES.values())


def _form_fields() -> Iterator[FormField]:
    waiting = [one for name in RECORDED for one in form_of(name, {})]
    while waiting:
        one = waiting.pop(0)
        yield one
        waiting = [*one.fields, *waiting]


def updated(old: Catalog) -> Catalog:
    """A catalogue with the phrases of the code, in their order, and its own translations."""
    new = Catalog(locale=old.locale, header_comment=old.header_comment, fuzzy=False, charset="utf-8")
    new.mime_headers = [pair for pair in old.mime_headers if pair[0] in ("Content-Type", "Plural-Forms", "Language")]
    known = {(one.context, one.id if isinstance(one.id, str) else one.id[0]): one.string for one in old if one.id}
    for phrase in dict.fromkeys(phrases()):
        string = known.get((None, phrase if isinstance(phrase, str) else phrase[0]))
        new.add(phrase, string or None)
    coded = [term for context, term in known if context == TERM]
    plain = {*coded, *terms()}
    fields = [f"{name} (field)" for name in field_names() if name not in plain]
    for term in dict.fromkeys([*coded, *terms(), *fields]):
        new.add(term, known.get((TERM, term)) or None, context=TERM)
    for text in dict.fromkeys(explanations()):
        new.add(text, known.get((HELP, text)) or None, context=HELP)
    return new


def written(path: Path) -> bytes:
    """What the catalogue of a language holds when it is up to date."""
    with path.open("rb") as file:
        old = read_po(file, locale=path.stem)
    text = BytesIO()
    head = path.read_text(encoding="utf-8").partition("\n\n")[0]
    write_po(text, updated(old), width=0, omit_header=True, sort_output=False)
    return head.encode() + b"\n\n" + text.getvalue().strip() + b"\n"


def main() -> None:
    for code in LANGUAGES:
        path = CATALOGUES / f"{code}.po"
        if path.exists():
            path.write_bytes(written(path))


if __name__ == "__main__":
    main()
