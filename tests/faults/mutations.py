"""Inputs that are nearly valid: valid ones, in which a few bytes or values are changed, taken out, put in or doubled.

Random input alone is refused by the first check; the faults that matter hide behind it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

NASTY_BYTES = (
    *(b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"\xf0\x9f\x98", b"\xe2\x80\xa8", b"\r", b"\n"),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"null", b"true", b"NaN", b"-Infinity", b"[[[[", b'{"a":'),
    *(
        b"1e400",
        b"-0",
        b"-0.0",
        b"1E5",
        b"1.0",
        b"01",
        b"0.1e-400",
        b"9" * 30,
        b"18446744073709551616",
        b"0." + b"3" * 40,
    ),
    *(rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\u0000", rb"\u006eull", rb"\u003a", rb"\u00", b'"a":1,"a":2,', b" "),
)
NASTY_TEXTS = (
    *(
        "",
        "\0",
        "\n",
        "\r\n",
        " ",
        "\u00a0",
        "\u2028",
        "\ufeff",
        "٣",
        "²",
        "é",
        "😀",
        "\ud800",
        "%",
        "%00",
        "~",
        "?",
        "/",
    ),
    *("..", "X", "XX", "-", "--", ":", ";", ",", '"', "\\", "=", "==", "*", "W/", "0", "-1", "9" * 20, "1e9", "T", "Z"),
    *("+03:00", "+14:00", "-12:00", "q=0", "q=0.5", "*/*", "'", "null", "true", "[]", "{}", "&", "#", "@", "A" * 100),
)
NASTY_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.0, 0.5, -0.0, 1e308, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)),
    *(
        "",
        " ",
        "x",
        "\n",
        "\t",
        "x" * 301,
        "x" * 10_001,
        "actors/nobody",
        "actors/",
        "0",
        "null",
        "\x7f",
        "\u202e",
        "é",
    ),
    *([], {}, [[]], [None], {"": None}, {"type": "TalksScheduled"}, "2017-10-27", "2017-02-30", "talks/first", "first"),
    "00000000-0000-4000-8000-000000000001",
)


class Examples(tuple[Any, ...]):
    """Examples that do not fill a page wherever the strategy that takes them is named."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{len(self)} examples"


def mutated_bytes(examples: Iterable[bytes], most: int = 4) -> st.SearchStrategy[bytes]:
    """Bytes that are nearly one of the examples."""
    return _mutated_bytes(Examples(examples), most)


def mutated_texts(examples: Iterable[str], most: int = 3) -> st.SearchStrategy[str]:
    """A text that is nearly one of the examples."""
    return _mutated_texts(Examples(examples), most)


def mutated_values(examples: Iterable[Any], most: int = 3) -> st.SearchStrategy[Any]:
    """A JSON value that is nearly one of the examples: somewhere in it another value, a key more or a key less."""
    return _mutated_values(Examples(examples), most)


@st.composite
def _mutated_bytes(draw: st.DrawFn, examples: Sequence[bytes], most: int) -> bytes:
    found = bytearray(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(found)))
        to = min(at + draw(st.integers(0, 12)), len(found))
        match draw(st.sampled_from(["insert", "replace", "delete", "flip", "double", "splice", "cut"])):
            case "insert":
                found[at:at] = draw(st.sampled_from(NASTY_BYTES) | st.binary(max_size=4))
            case "replace":
                found[at:to] = draw(st.sampled_from(NASTY_BYTES) | st.binary(max_size=4))
            case "delete":
                del found[at:to]
            case "flip" if at < len(found):
                found[at] ^= 1 << draw(st.integers(0, 7))
            case "double":
                found[at:at] = found[at:to]
            case "splice":
                other = draw(st.sampled_from(examples))
                found[at:] = other[draw(st.integers(0, len(other))) :]
            case _:
                del found[at:]
    return bytes(found)


@st.composite
def _mutated_texts(draw: st.DrawFn, examples: Sequence[str], most: int) -> str:
    found = draw(st.sampled_from(examples))
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(found)))
        to = at + draw(st.integers(0, 4))
        match draw(st.sampled_from(["insert", "replace", "delete", "double", "splice"])):
            case "insert":
                found = found[:at] + draw(st.sampled_from(NASTY_TEXTS) | st.text(max_size=3)) + found[at:]
            case "replace":
                found = found[:at] + draw(st.sampled_from(NASTY_TEXTS) | st.text(max_size=3)) + found[to:]
            case "delete":
                found = found[:at] + found[to:]
            case "double":
                found = found[:to] + found[at:]
            case _:
                found = found[:at] + draw(st.sampled_from(examples))[at:]
    return found


@st.composite
def _mutated_values(draw: st.DrawFn, examples: Sequence[Any], most: int) -> Any:
    found = copy.deepcopy(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(0, most))):
        places = list(containers(found))
        if not places:
            return found
        place = draw(st.sampled_from(places))
        if isinstance(place, dict):
            _mutate_object(draw, place, places)
        else:
            _mutate_array(draw, place, places)
    return found


def _value(draw: st.DrawFn, places: Sequence[Any]) -> Any:
    return copy.deepcopy(draw(st.sampled_from(NASTY_VALUES) | st.sampled_from(places) | st.text(max_size=4)))


def _mutate_object(draw: st.DrawFn, place: dict[str, Any], places: Sequence[Any]) -> None:
    known = [key for one in places if isinstance(one, dict) for key in one]
    match draw(st.sampled_from(["change", "change", "remove", "add"])):
        case "change" if place:
            place[draw(st.sampled_from(list(place)))] = _value(draw, places)
        case "remove" if place:
            del place[draw(st.sampled_from(list(place)))]
        case _:
            place[draw(st.sampled_from([*known, "", "a/b", "~", "id", "note"]))] = _value(draw, places)


def _mutate_array(draw: st.DrawFn, place: list[Any], places: Sequence[Any]) -> None:
    at = draw(st.integers(0, len(place)))
    match draw(st.sampled_from(["change", "remove", "add", "double"])):
        case "change" if at < len(place):
            place[at] = _value(draw, places)
        case "remove":
            del place[at : at + 1]
        case "double":
            place += copy.deepcopy(place[:20])
        case _:
            place.insert(at, _value(draw, places))


def containers(value: Any) -> Iterator[Any]:
    """The objects and arrays in a JSON value, itself first."""
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from containers(one)


def resolves(pointer: str, value: Any) -> bool:
    """Whether a JSON Pointer leads somewhere in a value; the last step may be a field that is missing."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for number, step in enumerate(steps):
        if isinstance(value, dict):
            if step not in value:
                return number == len(steps) - 1
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return pointer == "" or pointer.startswith("/")
