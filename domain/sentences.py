"""Sentences that can be told in other languages: an English text that remembers the phrase it was made of, and what
stands in the places of that phrase.

    told("Only {who} says “{step}”.", who="actors/a", step=Term("convened"))    'Only actors/a says “convened”.'

In a place stands a sentence again, a coded value, the name of a field, a number, a date (`When`), or, as a plain text,
what people outside wrote: names, quotations, ids. Which it is tells how another language has it. All of them are texts:
who speaks English needs nothing of this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain.edtf import When


class Term(str):
    """A coded value of ours: a state, a role, an event type. One that no catalogue knows is a text from outside."""

    __slots__ = ()


class FieldName(str):
    """The name of a field, or the way to it: `until`, `schedule.starts`."""

    __slots__ = ()


class Number(str):
    """A number in digits, without groups."""

    __slots__ = ()


class Sentence(str):
    """A text of ours, or a part of one, with what it was made of."""

    __slots__ = ("many", "phrase", "values")

    phrase: str
    """In English, with the names of `values` in braces."""
    many: str
    """The phrase for any `number` but 1; empty: the phrase has no `number` that it depends on."""
    values: Mapping[str, str]


class ReportText(str):
    """What a report says, in an English sentence made from its fields, with these: so it can be told otherwise, too."""

    __slots__ = ("fields", "type")

    type: str
    """The type of the event."""
    fields: Mapping[str, Any]
    """As they would be sent; of a long report the first ones, and long texts cut."""


def told(phrase: str, /, **values: str) -> Sentence:
    """A sentence, or a part of one."""
    return _made(phrase, "", values)


def told_number(one: str, many: str, number: int, /, **values: str) -> Sentence:
    """One whose form depends on a number, which stands at `{number}`."""
    return _made(one, many, {"number": Number(number), **values})


def _made(phrase: str, many: str, values: Mapping[str, str]) -> Sentence:
    english = many if many and values["number"] != "1" else phrase
    sentence = Sentence(english.format_map(values))
    sentence.phrase, sentence.many, sentence.values = phrase, many, values
    return sentence


def phrase(text: str) -> str:
    """Marks a phrase that is told elsewhere, so that the catalogues have it."""
    return text


COMMA: Final = phrase("{some}, {next}")
SEMICOLON: Final = phrase("{some}; {next}")
AND: Final = phrase("{some} and {next}")
OR: Final = phrase("{some} or {next}")
AMOUNT: Final = phrase("{amount} {unit}")
"""A number, or the two ends of a range, and what is counted: in some languages its form depends on the last number."""


def listed(parts: Sequence[str], between: str = COMMA, last: str | None = None) -> str:
    """Parts, one or more, one after the other, with a phrase between them; before the last one another, if any."""
    whole, *rest = parts
    for left, part in zip(range(len(rest) - 1, -1, -1), rest, strict=True):
        whole = told(between if left or last is None else last, some=whole, next=part)
    return whole


# --- how they are kept

_KINDS: Final[Mapping[str, Callable[[str], str]]] = {"term": Term, "field": FieldName, "number": Number, "date": When}


def as_json(text: str) -> str:
    """A text as JSON, with all that it was made of."""
    return json.dumps(_plain(text), ensure_ascii=False, separators=(",", ":"))


def from_json(kept: str) -> str:
    """The text that `as_json` wrote."""
    return _text(json.loads(kept))


def _plain(text: str) -> object:
    match text:
        case Sentence():
            values = {name: _plain(one) for name, one in text.values.items()}
            return [text.phrase, text.many, values] if text.many else [text.phrase, values]
        case Term():
            return {"term": text}
        case FieldName():
            return {"field": text}
        case Number():
            return {"number": text}
        case When():
            return {"date": text}
        case _:
            return text


def _text(plain: Any) -> str:
    match plain:
        case str():
            return plain
        case [str(phrase), dict(values)]:
            return _made(phrase, "", {name: _text(one) for name, one in values.items()})
        case [str(phrase), str(many), dict(values)]:
            return _made(phrase, many, {name: _text(one) for name, one in values.items()})
        case _:
            ((kind, text),) = plain.items()
            return _KINDS[kind](text)
