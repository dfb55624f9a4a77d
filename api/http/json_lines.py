"""JSON on one line, whatever the reader takes for the end of a line.

JSON lines and server-sent events end at a line feed. Many readers also break at U+0085, U+2028 and U+2029, which JSON
allows inside a text as they are. So they are written as escapes, and read as any other character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

_ESCAPES: Final = {character.encode(): f"\\u{ord(character):04x}".encode() for character in "\x85\u2028\u2029"}


def json_line(value: Any) -> bytes:
    """A value as JSON without any character that ends a line; the line feed after it is left to the caller."""
    line = orjson.dumps(value)
    for character, escape in _ESCAPES.items():
        if character in line:
            line = line.replace(character, escape)
    return line


def lines_of(parts: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream of bytes in UTF-8, which end at a line feed and nowhere else; CR before it goes."""
    pending: list[bytes] = []
    for part in parts:
        *whole, rest = part.split(b"\n")
        for line in whole:
            yield b"".join((*pending, line)).removesuffix(b"\r").decode()
            pending = []
        pending.append(rest)
    if last := b"".join(pending):
        yield last.decode()
