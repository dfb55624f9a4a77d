"""Dates as people write them, read as EDTF: "29 October 2017", "29.10.2017", "около 27 окт. 2017", "حتى أكتوبر 2017".

What is read is shown back in words, so that a wrong reading is seen before it is recorded. What could be two dates is
not read at all: 3/4/2017 is a day in March to some and in April to others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from domain.edtf import When
from domain.searching import search_key

LANGUAGES = ("en", "ar", "ru")
ABOUT = ("about", "around", "circa", "c.", "ca.", "approximately", "около", "примерно", "ок.", "حوالي", "نحو", "قرابة")
UNTIL = ("not after", "not later than", "until", "till", "by", "не позже", "не позднее", "до", "حتى", "في موعد أقصاه")
SINCE = ("not before", "not earlier than", "since", "from", "не раньше", "не ранее", "с", "منذ", "من")
BETWEEN = (" to ", " until ", " – ", " — ", " - ", " по ", " до ", " إلى ", " حتى ")
"""What stands between the two ends of a span."""
_DROPPED = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b|\bof\b|\bгода\b|\bг\.?(?=\s|$)|,|،")
_MONTHS_OF = (*LANGUAGES, "en_GB", "ar_SY", "ar_IQ", "ar_DZ", "ar_MA", "ar_MR")
"""The locales whose names of months are read: Arabic has others in the Levant and Iraq, and in each part of the
Maghreb."""
_NAMES = re.compile(r"[/()]")
"""What stands between two names of one month: تموز/يوليو, أيار (مايو)."""


def as_edtf(text: str) -> str:
    """A date in EDTF, if it is read as one; else the text as it was typed."""
    typed = text.strip()
    if _is_date(typed):
        return typed
    plain = " ".join(_DROPPED.sub(" ", _digits(typed).lower()).split())
    found = _span(plain)
    return found if found is not None and _is_date(found) else typed


def _is_date(text: str) -> bool:
    try:
        When(text)
    except ValueError:
        return False
    return True


def _digits(text: str) -> str:
    """A text with the digits 0 to 9 in place of those of other scripts."""
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def _span(text: str) -> str | None:
    """A date, or two with a word between them; the first may leave to the second what both have."""
    for word, form in ((UNTIL, "../{}"), (SINCE, "{}/..")):
        rest = _after(text, word)
        if rest is not None and (day := _day(rest)) is not None:
            return form.format(day)
    text = next((rest for word in (SINCE,) if (rest := _after(text, word)) is not None), text)
    for between in BETWEEN:
        begin, found, end = text.partition(between)
        if found and (last := _day(end)) is not None:
            first = _day(begin) or _day(f"{begin} {' '.join(end.split()[1:])}") or _day(f"{begin} {end.split()[-1]}")
            return f"{first}/{last}" if first is not None else None
    if match := re.fullmatch(r"(\d{1,2})\s*[-–—]\s*(\d{1,2}) (.+)", text):
        first, last = _day(f"{match[1]} {match[3]}"), _day(f"{match[2]} {match[3]}")
        return f"{first}/{last}" if first is not None and last is not None else None
    return _day(text)


def _after(text: str, words: tuple[str, ...]) -> str | None:
    """What stands after one of some words at the begin of a text; None if none does."""
    for word in words:
        if text.startswith(f"{word} "):
            return text[len(word) :].strip()
    return None


def _day(text: str) -> str | None:
    """One day, month or year; None if it is none, or could be two."""
    about = _after(text, ABOUT)
    rest = (about if about is not None else text).strip()
    read = _of_numbers(rest) or _of_names(rest)
    return f"{read}~" if read is not None and about is not None else read


def _of_numbers(text: str) -> str | None:
    if _is_date(text):
        return text
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
        return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"
    if match := re.fullmatch(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", text):
        return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
    if match := re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", text):
        first, second = int(match[1]), int(match[2])
        if first > 12 or first == second:
            return f"{match[3]}-{second:02}-{first:02}"
        return f"{match[3]}-{first:02}-{second:02}" if second > 12 else None
    return None


def _of_names(text: str) -> str | None:
    """A date with the name of its month: day, month, year in any order that is in use."""
    if not (year := re.search(r"(?<!\d)\d{4}(?!\d)", text)):
        return None
    rest = f"{text[: year.start()]} {text[year.end() :]}"
    day = re.search(r"(?<!\d)\d{1,2}(?!\d)", rest)
    name = " ".join((rest if day is None else f"{rest[: day.start()]} {rest[day.end() :]}").split()).strip(" .")
    months = {_months().get(search_key(one)) for one in _NAMES.split(name) if one.strip()}
    month = months.pop() if len(months) == 1 else None
    if month is None:
        return None
    return f"{year[0]}-{month:02}" + (f"-{int(day[0]):02}" if day is not None else "")


@cache
def _months() -> Mapping[str, int]:
    """The months by their names, long and short, in the form in which names are searched: few write every hamza."""
    from babel import Locale

    names: dict[str, int] = {}
    for code in _MONTHS_OF:
        months = Locale.parse(code).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {search_key(name): number for number, name in months[context][width].items()}
    return names
