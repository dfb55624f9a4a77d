"""Whether two reports may be one, told in other words or with other numbers."""

from __future__ import annotations

import difflib
from typing import Any

CLOSE = 0.75
"""How alike two words are that may be one with a slip of the pen, 1 being the same."""
LONGEST = 200
"""Letters of a word that are compared: to compare takes the square of them."""


def alike(first: Any, second: Any) -> bool:
    """Whether two values may be one, put otherwise: numbers and sentences may differ, single words hardly."""
    match first, second:
        case dict(), dict():
            return all(alike(first[name], second[name]) for name in first.keys() & second.keys())
        case list(), list():
            return all(alike(one, other) for one, other in zip(first, second, strict=False))
        case str(), str():
            if first == second or " " in first.strip() or " " in second.strip():
                return True
            return difflib.SequenceMatcher(None, first[:LONGEST], second[:LONGEST]).ratio() >= CLOSE
        case ((int() | float()), (int() | float())):
            return isinstance(first, bool) == isinstance(second, bool)
        case _:
            return bool(first == second)
