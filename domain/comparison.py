"""What tells two texts apart: the one function by which names and free words are compared.

`comparable` gives the form in which texts are compared. Two texts are one if their forms are equal. Stored texts, and
the digests of requests and events, never go through it.

Does not tell apart:

- *Normal form*: canonically equivalent texts are one (UAX #15, NFC). Compatibility forms stay apart here: a full-width
  letter, an Arabic presentation form. Search folds them (`domain/searching.py`).
- *Case*: the full case folding of Unicode (CaseFolding.txt, status C and F), as the canonical caseless match of the
  standard has it (D145): ß is ss, ς is σ, the ligature ﬁ is fi. The Turkish İ folds to i and a dot above; the dot of a
  letter that has one anyway cannot be seen, so it goes, and İdlib, idlib and IDLIB are one. The dotless ı is another
  letter than i: without a language nobody knows which of the two a capital I is, so Diyarbakır and DIYARBAKIR stay
  apart. Search joins them.
- *White space*: a run of it is one space, at the ends none. White space is what has the property White_Space
  (PropList.txt), so NBSP, the thin and ideographic spaces, U+2028 and U+2029; also U+001C to U+001F, which are
  separators, and the blank cell of Braille.
- *What cannot be seen*: all with the property Default_Ignorable_Code_Point (DerivedCoreProperties.txt): zero-width
  space, joiner and non-joiner, word joiner, soft hyphen, BOM, marks, embeddings and isolates of direction, variation
  selectors, tag characters, fillers of Hangul; also control characters and the marks of interlinear annotation.
  In Persian and Kurdish a zero-width non-joiner is spelling: it keeps the parts of a word apart where no space is
  written. Keyboards leave it out as often as not, so it does not tell apart. A space in its place does.

Letters, digits, punctuation and marks that are seen tell apart: the alefs of Arabic, ta marbuta and ha, é and e,
Ё and Е, hyphen and dash, the apostrophes, Persian and Arabic-Indic digits. The marks that cannot be seen tell apart
nowhere, not in emoji either, where a joiner makes one picture of two.

The tables are those of the Unicode version of the interpreter. The standard keeps normal forms and case folding stable,
so a newer version changes the form only of a text with characters that the older one did not know.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final
from unicodedata import combining, normalize

_DEFAULT_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_OTHERS_UNSEEN: Final = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufff9-\ufffb"
_UNSEEN: Final = re.compile(f"[{_DEFAULT_IGNORABLE}{_OTHERS_UNSEEN}]+")
_BRAILLE_BLANK: Final = "\u2800"
_BLANK: Final = re.compile(f"[\\s{_BRAILLE_BLANK}{_DEFAULT_IGNORABLE}{_OTHERS_UNSEEN}]*")
_DOT_ABOVE: Final = "\u0307"
_DOTTED: Final = frozenset("ijіј")
"""Letters with a dot of their own, Latin and Cyrillic: with a dot above they look the same."""
_ABOVE: Final = 230
"""The combining class of marks above a letter: the first of them takes the place of the letter's own dot."""

_SHORT: Final = 300
"""The most characters of a text of which the form is kept: names come again and again, long texts do not."""


def comparable(text: str) -> str:
    """The form in which a text is compared; empty if nothing of it can be seen.

    A function of the text alone. Applied again it changes nothing, and canonically equivalent texts have one form.
    """
    return _kept(text) if len(text) <= _SHORT else _folded(text)


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: it is empty, or made of white space and marks that cannot be seen."""
    return _BLANK.fullmatch(text) is not None


def compared(said: Any) -> Any:
    """A value of JSON in the form in which it is compared: its texts so, and a whole number without a fraction."""
    match said:
        case str():
            return comparable(said)
        case dict():
            return {name: compared(value) for name, value in said.items()}
        case list():
            return [compared(value) for value in said]
        case float() if said.is_integer():
            return int(said)
        case _:
            return said


def _folded(text: str) -> str:
    if text.isascii():
        return " ".join((text if text.isprintable() else _UNSEEN.sub("", text)).lower().split())
    # The unseen goes first, since it can stand between marks that have an order among themselves.
    seen = _UNSEEN.sub("", text).replace(_BRAILLE_BLANK, " ")
    # Decomposed before it is folded: a iota below, which folds to a letter, must not lie under a composed one.
    folded = normalize("NFD", normalize("NFD", seen).casefold())
    if _DOT_ABOVE in folded:
        folded = _without_double_dots(folded)
    return " ".join(normalize("NFC", folded).split())


_kept = lru_cache(maxsize=1 << 14)(_folded)


def _without_double_dots(text: str) -> str:
    """A decomposed text without the dots above letters that have a dot anyway."""
    kept: list[str] = []
    hides = False  # whether a dot above would not be seen here
    for character in text:
        if character == _DOT_ABOVE and hides:
            continue
        kept.append(character)
        mark = combining(character)
        hides = character in _DOTTED if mark == 0 else hides and mark != _ABOVE
    return "".join(kept)
