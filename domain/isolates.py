"""Isolates of direction (U+2066 to U+2069): text in two directions needs them to read in the right order. One that is
not ended turns around what stands behind it: the rest of a line, of a table, of a page."""

from __future__ import annotations

import re
from typing import Final

_LINES: Final = re.compile("[\r\n\u2028\u2029]")


def is_balanced(text: str) -> bool:
    """Whether each isolate is ended on its line, and nothing is ended that was not begun."""
    if "\u2069" not in text and not any(begin in text for begin in "\u2066\u2067\u2068"):
        return True
    for line in _LINES.split(text):
        depth = 0
        for character in line:
            if character in "\u2066\u2067\u2068":
                depth += 1
            elif character == "\u2069":
                depth -= 1
                if depth < 0:
                    return False
        if depth:
            return False
    return True
