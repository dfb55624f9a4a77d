"""Which harm a figure is of, by the words of its measure."""

from __future__ import annotations

import re
from typing import Final

from domain.comparison import comparable
from domain.values import HarmCategory

WORDS: Final = {
    "killed": HarmCategory.KILLED,
    "dead": HarmCategory.KILLED,
    "deaths": HarmCategory.KILLED,
    "fatalities": HarmCategory.KILLED,
    "injured": HarmCategory.INJURED,
    "wounded": HarmCategory.INJURED,
    "injuries": HarmCategory.INJURED,
    "detained": HarmCategory.DETAINED,
    "arrested": HarmCategory.DETAINED,
    "abducted": HarmCategory.ABDUCTED,
    "kidnapped": HarmCategory.ABDUCTED,
    "missing": HarmCategory.MISSING,
    "displaced": HarmCategory.DISPLACED,
}
"""What measures of figures are called, and which harm that is; a measure with words of two is neither."""


def harm_of(measure: str) -> str:
    """Of which harm a figure is, by the words of its measure; else the measure itself."""
    words = re.findall(r"\w+", comparable(measure))
    categories = dict.fromkeys(WORDS[word] for word in words if word in WORDS)
    return next(iter(categories)).value if len(categories) == 1 else measure
