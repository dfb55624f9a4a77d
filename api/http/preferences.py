"""Preferences of a request (RFC 7240): what the client would like, and may not get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

_PLAIN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_PIECE = re.compile(r'"(?:[^"\\]|\\.|\\\Z)*+(?:"|\Z)|[^",]++|,', re.DOTALL)
"""What a header is made of. A comma within quotes separates nothing; quotes that do not end go on to the end."""
_PREFERENCE = re.compile(rf"\s*+({_PLAIN})\s*+(?:=\s*+(?:({_PLAIN}|{_QUOTED})\s*+)?)?(?:;.*)?", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def read(headers: Iterable[str]) -> Mapping[str, str]:
    """The preferences of the `Prefer` headers by name, in lower case; of one sent twice the first counts.

    One without a value has an empty one. What cannot be read is left out: a preference is never refused.
    """
    return _read(tuple(headers))


@lru_cache(64)  # most clients send the same with every request
def _read(headers: tuple[str, ...]) -> Mapping[str, str]:
    preferences: dict[str, str] = {}
    for element in chain.from_iterable(map(_elements, headers)):
        preference = _PREFERENCE.fullmatch(element)
        if preference is not None:
            preferences.setdefault(preference[1].lower(), _word(preference[2] or ""))
    return preferences


def _elements(header: str) -> Iterator[str]:
    """What a list holds."""
    pieces: list[str] = []
    for piece in _PIECE.findall(header):
        if piece == ",":
            yield "".join(pieces)
            pieces = []
        else:
            pieces.append(piece)
    yield "".join(pieces)


def _word(text: str) -> str:
    """What a token or a text in quotes says."""
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text


def seconds(preferences: Mapping[str, str], most: int) -> int | None:
    """The seconds of `wait=N`, at most so many; None if it is not asked for, or not in whole seconds."""
    wait = preferences.get("wait", "")
    return min(int(wait), most) if re.fullmatch("[0-9]{1,9}", wait) else None
