"""The sentences of findings in the language spoken, from what their rules told them of (`domain.sentences`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.language import counted, grouped, say, say_number
from domain.decimals import exact
from domain.edtf import When
from domain.sentences import AMOUNT, FieldName, Number, Sentence, Term

if TYPE_CHECKING:
    from projections.answers.explanations import ActorName

TYPE_NAME = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
"""The form of the name of an event type; the types themselves take long to load, and a command only asks."""
ACTOR = re.compile(r"\bactors/([a-z0-9][a-z0-9-]*)")


def sentence(text: str, actors: Mapping[str, ActorName]) -> str:
    """A sentence, or what stands in a place of it, with names in place of ids, and dates in words."""
    match text:
        case Sentence():
            values = {name: sentence(one, actors) for name, one in text.values.items() if name != "number"}
            if text.phrase == AMOUNT:
                return _amount(values["amount"], text.values["amount"], text.values["unit"])
            if "number" not in text.values:
                return say(text.phrase, **values)
            if not text.many:
                return say(text.phrase, number=sentence(text.values["number"], actors), **values)
            return say_number(text.phrase, text.many, int(text.values["number"]), **values)
        case When():
            return words.when(text)
        case Number():
            return grouped(exact(text))
        case FieldName():
            return " ".join(words.field_name(name) for name in text.split("."))
        case Term():
            return words.spoken(text) if TYPE_NAME.fullmatch(text) else words.coded(text)
        case _:
            return words.clean(with_names(text, actors))


def _amount(told: str, amount: str, unit: str) -> str:
    """A number with its unit, in the form that goes with the last number."""
    while isinstance(amount, Sentence):
        amount = list(amount.values.values())[-1]
    return counted(told, unit, exact(amount)) or f"{told} {words.coded(unit)}"


def measured(text: str) -> str:
    """What is measured, as a source has it, or of a register in words of ours."""
    return sentence(text if isinstance(text, Sentence) else Term(text), {})


def with_names(text: str, actors: Mapping[str, ActorName]) -> str:
    """A text with the names of actors in place of their ids, as far as they are known."""

    def name(match: re.Match[str]) -> str:
        known = actors.get(match[1])
        return (known and known["label"]) or match[0]

    return ACTOR.sub(name, text)
