"""One strict reader of JSON for everything that comes from outside: request bodies and lines of NDJSON.

Refused is what another reader may read differently, or what nothing could hold: bytes that are not UTF-8, a byte
order mark, NaN and infinity, numbers beyond a 64-bit float or a 64-bit whole number, a key that stands twice in one
object, half of a surrogate pair, NUL, and nesting beyond 200 levels.

The quick reader checks most of that. What it lets through shows when its result is written again and held against
the text: a key that was dropped misses its colon, an infinity has become a `null`. Only when that shows, or an
escape could hide it, the slow reader looks again and finds out where.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from pydantic_core import from_json

from domain.errors import Fault, NotJson

MAX_NESTING = 200  # levels; the reader of events goes no deeper either
MAX_FAULTS_PER_TEXT = 100  # how many are listed

_HIDES = re.compile(rb"\\u00(?:00|3a|6c|6e|75)", re.IGNORECASE)
"""Escapes of NUL, of a colon, and of a letter of `null`: they hide from the comparison below."""

TOO_DEEP = f"nested too deeply: keep to {MAX_NESTING} levels; no event needs more than ten"


def loads(text: bytes) -> Any:
    """Reads one JSON document.

    Raises:
        NotJson: with the place (a JSON Pointer, or line and column) and how to correct it.
    """
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise _refused(text, str(error)) from None
    if (b"\\u00" in text and _HIDES.search(text)) or not _holds_what_it_says(value, text):
        value = _read_slowly(text)
    return value


def _holds_what_it_says(value: Any, text: bytes) -> bool:
    try:
        again = orjson.dumps(value)
    except TypeError:  # a whole number beyond 64 bits
        return False
    return again.count(b":") == text.count(b":") and again.count(b"null") == text.count(b"null")


# --- the slow reader: finds every fault and where it is


class _Wrong:
    """Stands where a value cannot be kept."""

    def __init__(self, detail: str) -> None:
        self.detail = detail


class _Repeated(dict[str, Any]):
    """An object in which `key` stands twice."""

    key: str


class _Objects:
    """Makes objects of pairs, and marks those with a key that stands twice; enough of them to fill a list."""

    def __init__(self) -> None:
        self._marked = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        whole = dict(pairs)
        if len(whole) == len(pairs) or self._marked == MAX_FAULTS_PER_TEXT:
            return whole
        self._marked += 1
        repeated, seen = _Repeated(whole), set[str]()
        for key, _ in pairs:
            if key in seen:
                repeated.key = key
                break
            seen.add(key)
        return repeated


_END = object()
_NOT_A_NUMBER = _Wrong("NaN and infinity are not numbers: send a finite number, or leave the field out")
_TOO_LONG = _Wrong("the number is out of range: send a whole number of at most 64 bits")
_TOO_LARGE = _Wrong("the number is out of range: send one below 1e308")


def _whole(digits: str) -> int | _Wrong:
    return int(digits) if len(digits) <= 20 and -(2**63) <= int(digits) < 2**64 else _TOO_LONG


def _fraction(digits: str) -> float | _Wrong:
    number = float(digits)
    return number if math.isfinite(number) else _TOO_LARGE


def _read_slowly(text: bytes) -> Any:
    """Reads again with every check.

    Raises:
        NotJson: something is wrong, or the text is no JSON at all.
    """
    try:
        value = json.loads(
            text.decode(),
            object_pairs_hook=_Objects(),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=lambda _: _NOT_A_NUMBER,
        )
    except UnicodeDecodeError as error:
        raise _at_place("not UTF-8", text, error.start, "encode the text as UTF-8") from None
    except json.JSONDecodeError as error:
        # The reader's own words: they name what was expected, never what was found.
        words = error.msg.removesuffix(" at").removesuffix(" starting")
        advice = "write a line break as \\n" if "control character" in words else "mend it there, then send it again"
        raise NotJson(f"not JSON at line {error.lineno}, column {error.colno}: {words}; {advice}") from None
    except RecursionError:
        raise NotJson.at("", TOO_DEEP) from None
    faults = [Fault(pointer, detail) for pointer, detail in islice(_faults(value), MAX_FAULTS_PER_TEXT)]
    if faults:
        raise NotJson.of(faults)
    return value


_Path = tuple["_Path | None", int | str] | None
"""Where a value stands: the path of what holds it, and the last step."""


def _faults(value: Any) -> Iterator[tuple[str, str]]:
    """Each fault with its JSON Pointer, in the order of the text. Not recursive: the text may be nested deeply."""
    within: list[Iterator[tuple[_Path, Any]]] = [iter([(None, value)])]
    while within:
        path, node = next(within[-1], (None, _END))
        match node:
            case _ if node is _END:
                within.pop()
            case _Wrong():
                yield _pointer(path), node.detail
            case str():
                if (detail := _fault_of_text(node)) is not None:
                    yield _pointer(path), detail
            case list():
                within.append(_items(path, node))
            case dict():
                if isinstance(node, _Repeated):
                    yield _pointer((path, node.key)), "this key is there twice in one object: keep one of them"
                for key in node:
                    if (detail := _fault_of_text(key)) is not None:
                        yield _pointer(path), f"a key is not text: {detail}"
                within.append(_values(path, node))
            case _:
                pass


def _items(path: _Path, items: list[Any]) -> Iterator[tuple[_Path, Any]]:
    return (((path, index), item) for index, item in enumerate(items))


def _values(path: _Path, whole: dict[str, Any]) -> Iterator[tuple[_Path, Any]]:
    return (((path, key), item) for key, item in whole.items())


def _fault_of_text(text: str) -> str | None:
    if "\0" in text:
        return "a NUL character has no meaning in a text: remove it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a lone surrogate is not a character: send whole characters, an escaped pair or plain UTF-8"
    return None


def _pointer(path: _Path) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        # Half a character, which no answer could hold, becomes a question mark.
        steps.append(str(step).encode(errors="replace").decode().replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in reversed(steps))


def _refused(text: bytes, error: str) -> NotJson:
    """What to say about a text that the quick reader does not take."""
    if not text.strip():
        return NotJson("the body is empty: send one event as a JSON object, or an array of them")
    if text.startswith(b"\xef\xbb\xbf"):
        return NotJson("the text begins with a byte order mark: save it as UTF-8 without one")
    if "recursion limit" in error:
        return NotJson.at("", TOO_DEEP)
    try:
        _read_slowly(text)
    except NotJson as refusal:
        return refusal
    return NotJson(f"not JSON: {error}")


def _at_place(what: str, text: bytes, offset: int, advice: str) -> NotJson:
    line = text.count(b"\n", 0, offset) + 1
    column = offset - text.rfind(b"\n", 0, offset)
    return NotJson(f"{what} at line {line}, byte {column}: {advice}")
