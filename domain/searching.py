"""What is found by what is typed: search folds more than comparison does, since nobody types a name as it is written.

`search_key` gives the form in which names are searched: words of letters and digits with one space between. On top of
what `comparable` folds, these are one:

- compatibility forms of a character (UAX #15, NFKD): Arabic presentation forms, full-width letters, ligatures;
- letters with and without marks in Latin, Greek, Cyrillic, Hebrew, Arabic and Syriac: diacritics, stress marks, points,
  harakat. Russian ё is е; й, ў and ї are letters of their own. Marks of other scripts are vowels and stay;
- Latin letters without a decomposition and what is typed for them: ı i, ø o, ł l, đ d, ə e, æ ae …;
- Arabic: all alefs; ؤ و, ئ ي, and a hamza on the line goes; ta marbuta and ha; alef maqsura and ya; no tatweel; and the
  Persian, Kurdish and Urdu forms of ya, kaf, ha, waw, ra and lam. Letters that Arabic lacks (پ چ ژ گ ڤ) stay;
- digits of any script;
- apostrophes of all kinds, the half rings of ayin and hamza among them: they go, so Da'el is Dael;
- hyphens, dashes and all other signs: they separate words, as a space does.

Words may be run together or apart, in any order: Altanf finds Al-Tanf, Zor Deir finds Deir ez-Zor.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final
from unicodedata import category, decimal, normalize

from domain.comparison import comparable


class Rank(IntEnum):
    """How well a name answers a query; the least first."""

    EXACT = 0
    PREFIX = 1
    """The name begins with the query."""
    TERMS = 2
    """Every term of the query is in the name."""


def search_key(text: str) -> str:
    """The form in which a text is searched; empty if there is neither letter nor digit in it. A key is its own key."""
    compared = comparable(text)
    if compared.isascii():
        decomposed = compared
    else:  # some apostrophes have a compatibility form with a space, so they go first
        decomposed = normalize("NFD", normalize("NFKD", compared.translate(_SILENT)).casefold())
        for letters, letter in _LETTERS_WITH_MARKS.items():
            decomposed = decomposed.replace(letters, letter)
    return normalize("NFC", " ".join(decomposed.translate(_FOLDING).split()))


def search_terms(text: str) -> frozenset[str]:
    """The words of a query, in no order; none if there is neither letter nor digit in it, and then nothing is found."""
    return frozenset(search_key(text).split())


def search_text(names: Iterable[str]) -> str:
    """What a read model keeps of the names of a thing, to search them.

    Each name has a line with its words, and one with its words run together where it has several. If `matches` finds
    the names, then every term of the query is somewhere in this text; where all are, `matches` still has to decide.
    """
    keys = dict.fromkeys(key for name in names if (key := search_key(name)))
    return "\n".join(dict.fromkeys(form for key in keys for form in (key, key.replace(" ", ""))))


def matches(query: str, names: Iterable[str]) -> Rank | None:
    """How well the best of several names answers a query; None if none does.

    A name begins with a query, or is one, with words run together or apart. A term is in a name if one of its words has
    it, or if it begins with a word and runs on over the next ones. All terms of a query must be in one name.
    """
    key = search_key(query)
    if not key:
        return None
    joined, terms = key.replace(" ", ""), key.split()
    best: Rank | None = None
    for name in names:
        rank = _rank(joined, terms, search_key(name).split())
        if rank is not None and (best is None or rank < best):
            best = rank
    return best


def _rank(query: str, terms: list[str], words: list[str]) -> Rank | None:
    joined = "".join(words)
    if joined == query:
        return Rank.EXACT
    if joined.startswith(query):
        return Rank.PREFIX
    tails = ["".join(words[place:]) for place in range(len(words))]
    if all(any(term in word for word in words) or any(tail.startswith(term) for tail in tails) for term in terms):
        return Rank.TERMS
    return None


# --- letters ----------------------------------------------------------------------------------------------

_LETTERS_WITH_MARKS: Final = {"и\u0306": "й", "у\u0306": "ў", "і\u0308": "ї"}
"""Cyrillic letters that are no other letter with a mark."""

_APOSTROPHES: Final = (
    "'`´᾽᾿‘’‚‛′‵＇ʹʻʼʽʾʿˈˊˋ՚׳ꞌꞋ"  # as typed, as printed, as modifier letters, Armenian, Hebrew, saltillo
    "ʔʕˀˁꜢꜣꜤꜥᶜ"  # glottal stop, ayin and alef of phoneticians, Egyptologists and orientalists
)
_SILENT: Final = dict.fromkeys(map(ord, _APOSTROPHES), "")
_DROPPED: Final = (
    "ـ"  # tatweel
    "ءٴ"  # hamza on the line, and high
)
_AS: Final = {
    "ا": "ٱٲٳٵ",
    "و": "ۄۅۆۇۈۉۊۋ",
    "ي": "ىیۍێېۑےۓ",
    "ك": "کڪ",
    "ه": "ةۀہۂۃھە",
    "ر": "ڕ",
    "ل": "ڵ",
    "a": "ⱥ",
    "b": "ɓƀ",
    "c": "ƈȼ",
    "d": "đðɗɖ",
    "e": "əǝɛɇ",
    "f": "ƒ",
    "g": "ɠǥɣ",
    "h": "ħ",
    "i": "ıɨɪ",
    "j": "ɉ",
    "k": "ƙ",
    "l": "łƚ",
    "n": "ŋɲɳƞ",
    "o": "øɔɵ",
    "p": "ƥ",
    "r": "ɍ",
    "t": "ŧƭʈ",
    "u": "ʉʊ",
    "y": "ƴɏ",
    "z": "ƶȥ",
    "ae": "æ",
    "oe": "œ",
    "th": "þ",
}
_MARKS: Final = (
    (0x0300, 0x036F),  # Latin, Greek, Cyrillic
    (0x0483, 0x0489),  # Cyrillic
    (0x0591, 0x05C7),  # Hebrew
    (0x0610, 0x061A),  # Arabic
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0711, 0x0711),  # Syriac
    (0x0730, 0x074A),
    (0x08CA, 0x08FF),  # Arabic
    (0x1AB0, 0x1AFF),  # Latin
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),  # signs
    (0xFE20, 0xFE2F),
)


class _Folding(dict[int, str]):
    """What each character of a decomposed text becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(character: str) -> str:
    match category(character)[0]:
        case "M":
            code = ord(character)
            return "" if any(first <= code <= last for first, last in _MARKS) else character
        case "L" | "N":
            digit = decimal(character, None)
            return character if digit is None else str(digit)
        case _:
            return " "


_FOLDING: Final = _Folding(
    {ord(letter): base for base, letters in _AS.items() for letter in letters}
    | _SILENT
    | dict.fromkeys(map(ord, _DROPPED), "")
)
