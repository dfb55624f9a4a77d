"""The one reader of JSON: what it takes, what it refuses, where it says the fault is, and how quick it is."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.strict_json import MAX_FAULTS_PER_TEXT, MAX_NESTING, loads
from domain.errors import NotJson
from tests.effort import LITTLE, effort

SIZE = 2 * 1024 * 1024


def refused(text: bytes) -> NotJson:
    with pytest.raises(NotJson) as refusal:
        loads(text)
    return refusal.value


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("null:ué", max_size=6), inner, max_size=4),
)


@given(VALUES, st.booleans())
def test_what_json_can_say_is_read(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        b' {"a" : [1, -0.5e3, true, null, "x"]} \r\n',
        b'["\\ud83d\\ude00", "\\u00e9", "\\u003a", "\\u006eull", ":", "null"]',
        b"[18446744073709551615, -9223372036854775808, 1e308, 1e-400]",
        b"[" * MAX_NESTING + b"]" * MAX_NESTING,
        b'{"a:b": 1, "a": {"b": 1}}',
    ],
)
def test_what_is_taken(text: bytes) -> None:
    assert loads(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "pointer", "mend"),
    [
        (b'{"a": {"b": [1, NaN]}}', "/a/b/1", "finite"),
        (b"[Infinity]", "/0", "finite"),
        (b"[-Infinity]", "/0", "finite"),
        (b'{"a/b": [1e400]}', "/a~1b/0", "out of range"),
        (b"[null, -1e400]", "/1", "out of range"),
        (b"[null, 1e400, null]", "/1", "out of range"),
        (b'["\\u006eull", 1e400]', "/1", "out of range"),
        (b"[18446744073709551616]", "/0", "64 bits"),
        (b"[-9223372036854775809]", "/0", "64 bits"),
        (b"[" + b"9" * 5000 + b"]", "/0", "64 bits"),
        (b'{"a": 1, "a": 1}', "/a", "twice"),
        (b'[{}, {"a": {"b": 1, "c": 2, "b": null}}]', "/1/a/b", "twice"),
        (b'{"a\\u003ab": 1, "a:b": 2}', "/a:b", "twice"),
        (b'{"\\u0061": ":", "a": 2}', "/a", "twice"),
        (b'{"a": "\\ud800"}', "/a", "surrogate"),
        (b'{"a": "\\ude00\\ud83d"}', "/a", "surrogate"),
        (b'{"a": {"\\udfff": 1}}', "/a", "surrogate"),
        (b'{"a": ["x\\u0000y"]}', "/a/0", "NUL"),
        (b'{"a": {"\\u0000": 1}}', "/a", "NUL"),
        (b"[" * 100_000, "", "nested"),
        (b"[" * 100_000 + b"]" * 100_000, "", "nested"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "", "nested"),
        (b"[NaN," + b"[" * 100_000, "", "nested"),
    ],
)
def test_what_is_refused_where(text: bytes, pointer: str, mend: str) -> None:
    refusal = refused(text)
    assert [fault.pointer for fault in refusal.faults] == [pointer]
    assert mend in refusal.detail


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("[1]".encode("utf-16"), "UTF-8"),
        (b'[\n "x\xff"]', "line 2, byte 4"),
        (b'["\xed\xa0\x80"]', "UTF-8"),
        (b'{"a": 1,}', "line 1, column 9"),
        (b'{"a" 1}', "line 1, column 6"),
        (b'{"a": 1} x', "line 1, column 10"),
        (b"{'a': 1}", "line 1"),
        (b'["a\nb"]', "write a line break as \\n"),
        (b"[01]", "line 1"),
        (b'{"a": "b', "line 1, column 7"),
        (b"\x00", "line 1"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: bytes, mend: str) -> None:
    assert mend in refused(text).detail


def test_all_faults_are_told_up_to_a_hundred() -> None:
    refusal = refused(b'{"a": NaN, "b": [1e999, {"c": 1, "c": 2}], "d": "\\u0000"}')
    assert [fault.pointer for fault in refusal.faults] == ["/a", "/b/0", "/b/1/c", "/d"]
    assert refusal.detail.endswith("(and 3 more)")
    many = refused(b"[" + b"NaN," * 1000 + b"1]")
    assert [fault.pointer for fault in many.faults] == [f"/{n}" for n in range(MAX_FAULTS_PER_TEXT)]


@pytest.mark.parametrize("text", [b'["secret", NaN]', b'{"a": "secret\\ud800"}', b'["secret" "secret"]', b"[secret]"])
def test_no_value_is_echoed(text: bytes) -> None:
    refusal = refused(text)
    assert "secret" not in refusal.detail + str(refusal.faults)


NASTY = {
    "one key, a third of a million times": b"{" + b",".join([b'"a":1'] * (SIZE // 6)) + b"}",
    "an object with a key twice, many times": b"[" + b",".join([b'{"a":1,"a":1}'] * (SIZE // 14)) + b"]",
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(SIZE // 11)) + b"}",
    "many keys, escaped": b"{" + b",".join(b'"\\u003a%d":1' % n for n in range(SIZE // 17)) + b"}",
    "keys that a weak hash confuses": b"{" + b",".join(b'"%d":1' % (n << 61) for n in range(SIZE // 26)) + b"}",
    "one long number": b"[" + b"9" * SIZE + b"]",
    "many long numbers": b"[" + b",".join([b"9" * 4300] * (SIZE // 4301)) + b"]",
    "a long fraction": b"[0." + b"1" * SIZE + b"]",
    "a long exponent": b"[1e" + b"9" * SIZE + b"]",
    "many arrays": b"[" + b",".join([b"[]"] * (SIZE // 3)) + b"]",
    "many NaN": b"[" + b",".join([b"NaN"] * (SIZE // 4)) + b"]",
    "many infinities": b"[" + b",".join([b"1e999"] * (SIZE // 6)) + b"]",
    "many surrogates": b'["' + b"\\ud800" * (SIZE // 6) + b'"]',
    "many texts with NUL": b"[" + b",".join([b'"\\u0000"'] * (SIZE // 9)) + b"]",
    "the same, deep down": b"[" * 190 + b",".join([b'"\\u0000"'] * (SIZE // 9)) + b"]" * 190,
    "open arrays": b"[" * SIZE,
    "open objects": b'{"":' * (SIZE // 4),
    "backslashes": b'["' + b"\\\\" * (SIZE // 2) + b'"]',
    "quotes": b'"' * SIZE,
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nothing_of_two_megabytes_takes_long(text: bytes) -> None:
    def read() -> None:
        with suppress(NotJson):
            loads(text)

    assert effort(read) < LITTLE
