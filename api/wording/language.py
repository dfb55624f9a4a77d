"""The language that words are put in: English, unless whoever asks has another spoken.

A phrase of ours is written where it is used, in English, and looked up by that English in the catalogue of the language
(gettext's way: `catalogues/ru.po`). So there is one wording, for terminal and pages and in every language. What people
outside wrote, names and reports, is never translated.

On a page each text from outside is set apart by two characters of Unicode that let its own direction hold within it and
nowhere else; a page turns them into `<bdi>`.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from projections.patience import go_on

CATALOGUES = Path(__file__).parent / "catalogues"
APART, REJOINED = "\u2068", "\u2069"
"""Around a text from outside: first strong isolate, and pop directional isolate."""
IN_LANGUAGE = "\ue000"
"""Before and after the tag of the language of a text that is set apart, where that is known."""
TERM = "term"
"""The context of coded values in a catalogue: a state, a role, the name of an event type."""

COUNTED = (
    "persons",
    "families",
    "households",
    "trucks",
    "buses",
    "vehicles",
    "tonnes",
    "violations",
    "incidents",
    "cities",
    "villages",
)
"""The units that take the form of their number."""
SOME = 3
"""A number that takes the form of several without a number."""
HELP = "help"
"""The context of what the vocabulary says of itself: what a field holds, what a type reports, what a rule looks at."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that pages and terminal can speak."""

    code: str
    own_name: str
    direction: str
    """`ltr` or `rtl`, as HTML has it."""


ENGLISH = Language("en", "English", "ltr")
LANGUAGES = {one.code: one for one in (ENGLISH, Language("ar", "العربية", "rtl"), Language("ru", "Русский", "ltr"))}
"""By code. English has no catalogue: the phrases in the code are English."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How words are put now."""

    language: Language = ENGLISH
    apart: bool = False
    """Whether texts from outside are set apart, as on a page."""


_PLAIN = Speech()
_SPEECH: ContextVar[Speech] = ContextVar("speech", default=_PLAIN)


def spoken_now() -> Speech:
    """How words are put in this context; English for a terminal, if nobody said otherwise."""
    return _SPEECH.get()


def phrase(text: str) -> str:
    """Marks a phrase that is put into words elsewhere, so that the catalogues have it."""
    return text


@contextmanager
def speaking(language: Language, *, apart: bool = True) -> Iterator[None]:
    """Puts words in a language meanwhile, in this context alone."""
    before = _SPEECH.set(Speech(language, apart))
    try:
        yield
    finally:
        _SPEECH.reset(before)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The phrases of a language."""

    phrases: Mapping[tuple[str | None, str], tuple[str, ...]]
    """By context and English; several forms, if the English has two."""
    form: Callable[[int], int]
    """Which form goes with a number."""


@cache
def catalogue(code: str) -> Catalogue:
    """The catalogue of a language, read when it is first asked for."""
    from babel.messages.pofile import read_po  # not for those who speak English

    with (CATALOGUES / f"{code}.po").open("rb") as file:
        read = read_po(file, locale=code)
    phrases: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for message in read:
        english = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if english and all(forms) and not message.fuzzy:
            phrases[message.context, english] = forms
    return Catalogue(phrases, gettext.c2py(read.plural_expr))


def say(phrase: str, /, **values: object) -> str:
    """A phrase of ours, with values in its `{places}`.

    Raises:
        TookTooLong: nobody waits any more for the answer that it is for.
    """
    go_on()
    code = _SPEECH.get().language.code
    if code != "en":
        phrase = catalogue(code).phrases.get((None, phrase), (phrase,))[0]
    return phrase.format_map(values) if values else phrase


def say_number(one: str, many: str, /, number: int, **values: object) -> str:
    """A phrase in the form that goes with a number, which stands at `{number}`."""
    code = _SPEECH.get().language.code
    if code == "en":
        phrase = one if number == 1 else many
    else:
        known = catalogue(code)
        forms = known.phrases.get((None, one))
        phrase = forms[known.form(number)] if forms else one if number == 1 else many
    return phrase.format_map({"number": grouped(number), **values})


def counting(unit: str) -> str:
    """The phrase of an amount of something, one of `COUNTED`."""
    return f"{{amount}} {unit}"


def counted(amount: str, unit: str, /, *numbers: float | Decimal | None) -> str | None:
    """A number in words with what is counted, in the form that goes with the first of these numbers that there is.
    None: of that unit no forms are known."""
    if unit not in COUNTED:
        return None
    number = next((int(one) for one in numbers if one is not None), SOME)
    phrase = counting(unit)
    return say_number(phrase, phrase, number, amount=amount)


def term(word: str) -> str:
    """A coded value of ours in words; what no catalogue knows stays as it is."""
    code = _SPEECH.get().language.code
    return word if code == "en" else catalogue(code).phrases.get((TERM, word), (word,))[0]


def explained(text: str) -> str:
    """What the vocabulary says of itself, in its docstrings; what no catalogue knows stays in English."""
    code = _SPEECH.get().language.code
    return text if code == "en" else catalogue(code).phrases.get((HELP, text), (text,))[0]


_SEPARATORS = {"ru": "\u00a0"}


def grouped(number: float | Decimal) -> str:
    """A number in digits, in groups of three. All three languages use the same digits here: so numbers can be compared
    at a glance, and with what the source shows."""
    text = f"{number:,}"
    separator = _SEPARATORS.get(_SPEECH.get().language.code)
    if separator is None:
        return text
    whole, point, part = text.partition(".")
    return whole.replace(",", separator) + ("," + part if point else "")


@cache
def _months(code: str) -> Mapping[int, str]:
    from babel import Locale

    names: Mapping[int, str] = Locale(code).months["format"]["abbreviated"]
    return names


def month(number: int) -> str:
    """The short name of a month, 1 to 12, as it stands in a date."""
    code = _SPEECH.get().language.code
    return MONTHS[number - 1] if code == "en" else _months(code)[number]


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
