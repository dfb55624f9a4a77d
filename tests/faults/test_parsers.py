"""Whatever is sent, every reader of ours reads what another one reads, or refuses it as it is documented to.

Inputs are valid ones with a few mutations, see `tests/faults/mutations.py`. `PARLEY_LONG=1` makes it a hundred times as
many of them.
"""

# ruff: noqa: PT017 - that there is a refusal is no fault: it must be a good one

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from edtf import parse_edtf
from eventsourcing.persistence import JSONTranscoder, Notification
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from psycopg.conninfo import conninfo_to_dict

from api.app import create_app
from api.cli import client, event_file, held_lines
from api.cli.append_file import BATCH_BYTES, BATCH_LINES
from api.cli.kept_ids import KeptIds
from api.http import preferences, strict_json
from api.http.horizon import read_date, read_known_at
from api.http.negotiation import accepted
from api.http.parameters import read_time_or_day
from api.http.problems import NotAcceptable
from api.http.queries import matches
from api.http.request_body import parse_draft, parse_request
from api.http.schemas.events import schema_of
from api.http.two_ends import read_end
from api.server.discovery import SERVER_FILE, running_server
from api.settings import KEEPALIVES, BadSetting, load
from domain.edtf import BEGINNING, END, FORM, Day, When
from domain.errors import BadCursor, Malformed, NotJson, TooMuch
from domain.event import Recorded, Unreadable
from domain.vocabulary import PAYLOADS
from domain.vocabulary import example as event_example
from ledger.mapper import EventMapper
from projections.paging import cursor, read_cursor
from tests.api.conftest import HERE, SEED
from tests.domain.test_edtf import texts as valid_dates
from tests.faults.mutations import mutated_bytes, mutated_texts, mutated_values, resolves
from tests.strategies import DATES, PUBLISHED

LONG = os.environ.get("PARLEY_LONG") == "1"


def often(times: int) -> settings:
    """How often a property is tried: so many times, or a hundred times as often."""
    return settings(max_examples=times * (100 if LONG else 1), suppress_health_check=list(HealthCheck))


EVENTS = [event_example(name) for name in PAYLOADS] + [json.loads(line) for line in SEED.read_text().splitlines()]
LINES = [json.dumps(event, ensure_ascii=number % 2 == 0).encode() for number, event in enumerate(EVENTS)]
BODIES = [*LINES, *(b"[" + b", ".join(LINES[at : at + 2]) + b"]" for at in range(0, len(LINES), 7))]
VALUES = [
    b"[0, -0, 1.5e3, true, null]",
    b'{"a": {"b": ["\\u00e9", "\\ud83d\\ude00", "\xc3\xa9"]}, "c": ""}',
    b"[" * 199 + b"]" * 199,
]

# --- EDTF

CALENDAR = ("the day is not in the calendar", "the interval ends before it begins", "write a time as 2017-10-29T09:00Z")


@often(180)
@given(mutated_texts([*DATES, *PUBLISHED, "201X", "20XX", "2017-24", "2017-XX-XX", "/2017", "2017/", "2017?/2018%"]))
@example("2017-10-29T09:00+14:01")
@example("٢٠١٧")
@example("2017-10-29T09:00:00Z/2017-10-29T09:00:00Z~")
def test_a_date_is_read_or_refused_with_advice(text: str) -> None:
    form = re.fullmatch(FORM.removesuffix("$"), text, re.ASCII)
    try:
        when = When(text)
    except ValueError as refusal:
        assert str(refusal)
        assert form is None or str(refusal).startswith(CALENDAR)
    else:
        assert form is not None, "the documentation says that it is none"
        assert When(str(when)) == when == text
        assert BEGINNING <= when.span.earliest <= when.span.latest <= END
        if "T" not in text and not re.search("-2[1-4][~?%]", text):
            assert parse_edtf(text) is not None


@often(100)
@given(st.from_regex(re.compile(FORM, re.ASCII), fullmatch=True) | valid_dates)
def test_what_the_documentation_calls_a_date_is_one(text: str) -> None:
    text = text.removesuffix("\n")  # which Python's $ allows
    with suppress(ValueError):
        When(text)
        return
    with pytest.raises(ValueError, match="|".join(CALENDAR)):
        When(text)


@often(100)
@given(mutated_texts([*PUBLISHED, "2017", "0001-01-01", "9999-12-31"]))
def test_a_day_is_a_date_that_another_reader_finds_the_same(text: str) -> None:
    with suppress(ValueError):
        day = Day(text)
        other = parse_edtf(text)
        first, last = other.lower_strict(), other.upper_strict()
        bounds = tuple(f"{one.tm_year:04}-{one.tm_mon:02}-{one.tm_mday:02}" for one in (first, last))
        assert day.days == bounds


# --- times and horizons


@often(200)
@given(
    mutated_texts(
        [
            "2017-10-29",
            "2017-10-29T09:00:00Z",
            "2017-10-29t12:00:00.123456789+03:00",
            "0001-01-01T00:00:00+14:00",
            "42",
            "2017-10",
        ]
    )
)
@example("٢٠١٧-١٠-٢٩T٠٩:٠٠:٠٠Z")
@example("9999-12-31T23:59:59-23:59")
@example("2017-10-29T24:00:00Z")
@example("2017-10-29T09:00:00+24:00")
def test_a_time_is_read_or_refused_with_advice(text: str) -> None:
    with suppress(ValueError):
        moment, last = read_time_or_day(text)
        assert moment.utcoffset() is not None
        assert text.isascii()
        if last != moment:
            assert last.date() == moment.date() == moment.fromisoformat(text).date()
            return
        assert moment == moment.fromisoformat(text[:19].upper() + (text[19:29] if "." in text else "") + zone(text))
    for read in (read_date, read_known_at, read_end):
        with suppress(ValueError):
            found = read(text)
            assert When(found).span if read is read_date else found == text


def zone(text: str) -> str:
    found = re.search("([Zz]|[+-][0-9]{2}:[0-9]{2})$", text)
    assert found is not None
    return found[0].upper()


# --- JSON


class Unfit(Exception):
    """The reference reader does not take it."""


def reference(text: bytes) -> Any:
    """What the library of Python reads, with all that strict JSON adds checked one after the other."""

    def whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Unfit("a key twice")
        return dict(pairs)

    def no_constant(name: str) -> Any:
        raise Unfit(name)

    if text.startswith(b"\xef\xbb\xbf"):
        raise Unfit("a byte order mark")
    try:
        value = json.loads(text.decode(), object_pairs_hook=whole, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise Unfit(str(error)) from None
    for fault in faults_of(value, 0):
        raise Unfit(fault)
    return value


def faults_of(value: Any, depth: int) -> Iterator[str]:
    match value:
        case bool() | None:
            pass
        case int() if not -(2**63) <= value < 2**64:
            yield "more than 64 bits"
        case float() if value in (float("inf"), float("-inf")):
            yield "more than a float holds"
        case str() if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield "no character"
        case dict() | list() if depth == 200 and value:  # one more that is empty does no harm
            yield "nested too deeply"
        case dict():
            for key, one in value.items():
                yield from faults_of(key, depth)
                yield from faults_of(one, depth + 1)
        case list():
            for one in value:
                yield from faults_of(one, depth + 1)
        case _:
            pass


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types: to Python 1, 1.0 and True are equal."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


def lenient(text: bytes) -> Any:
    """What can be read of a text somehow."""
    with suppress(ValueError, RecursionError):
        return json.loads(text.decode(errors="surrogateescape"), parse_int=float)
    return None


def check_json(text: bytes) -> None:
    try:
        value = strict_json.loads(text)
    except NotJson as refusal:
        with pytest.raises(Unfit):
            reference(text)
        assert refusal.detail
        read = lenient(text)
        for fault in refusal.faults:
            assert fault.detail
            assert read is None or "?" in fault.pointer or resolves(fault.pointer, read)
    else:
        assert same(value, reference(text))


@often(350)
@given(mutated_bytes([*BODIES, *VALUES]))
@example(b"[-0]")
@example(b'["\\ud83d\\ude00", "\\ude00\\ud83d"]')
@example(b'{"a": 1, "\\u0061": 2}')
@example(b"[" * 200 + b"]" * 200)
@example(b"[" * 202 + b"]" * 202)
@example(b"[" * 201 + b"1" + b"]" * 201)
@example(b'{"null": null, "n:": "nulL"}')
@example(b"[0.1e-400, 123456789012345678901234567890.5, 5e-324, 1.7976931348623157e308, 1.7976931348623159e308]")
def test_json_is_read_as_the_library_of_python_reads_it(text: bytes) -> None:
    check_json(text)


tokens = st.lists(
    st.sampled_from(
        [
            b"{",
            b"}",
            b"[",
            b"]",
            b":",
            b",",
            b'"a"',
            b'"b"',
            b"1",
            b"-1.5e3",
            b"null",
            b"true",
            b" ",
            b'"\\u003a"',
            b'"nul',
        ],
    ),
    max_size=12,
).map(b"".join)


@often(250)
@given(st.binary(max_size=20) | st.text(max_size=12).map(lambda text: json.dumps(text).encode()) | tokens)
def test_any_bytes_are_read_as_the_library_of_python_reads_them(text: bytes) -> None:
    check_json(text)


@often(200)
@given(
    st.floats(allow_nan=False).map(repr)
    | st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
def test_every_number_is_read_as_the_library_of_python_reads_it(number: str) -> None:
    check_json(f"[{number}]".encode())


# --- events


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(name))


def alike(sent: Any, kept: Any) -> bool:
    """Whether what is kept says what was sent; ids may be written in several ways."""
    match sent, kept:
        case dict(), dict():
            return sent.keys() == kept.keys() and all(alike(sent[key], kept[key]) for key in sent)
        case list(), list():
            return len(sent) == len(kept) and all(map(alike, sent, kept))
        case str(), str() if sent != kept:
            return UUID(sent) == UUID(kept)
        case _:
            return bool(sent == kept) and isinstance(sent, bool) == isinstance(kept, bool)


def check_event(sent: Any) -> None:
    before = json.dumps(sent)
    try:
        draft = parse_draft(sent)
    except Malformed as refusal:
        assert refusal.detail
        assert refusal.faults
        for fault in refusal.faults:
            assert fault.detail
            assert resolves(fault.pointer, sent), fault
    else:
        kept = {"type": draft.event.type, "subject": draft.event.subject, **draft.envelope, "data": draft.data}
        kept.pop("replacement_schema", None)
        said = {key: value for key, value in sent.items() if key != "expected_version"}
        assert alike({"id": kept["id"], **said}, kept)
        assert [error.message for error in validator(sent["type"]).iter_errors(sent)] == []
    assert json.dumps(sent) == before, "what is sent is not changed"


@often(180)
@given(mutated_values(EVENTS))
@example({})
@example([])
@example({"type": []})
@example({"type": "TalksScheduled", "subject": "talks/first", "occurred": "2017", "data": {"when": None}})
def test_an_event_is_kept_as_it_was_sent_or_refused_where_it_is_wrong(sent: Any) -> None:
    check_event(sent)


@often(150)
@given(mutated_bytes(BODIES))
def test_a_request_is_read_or_refused_as_documented(body: bytes) -> None:
    try:
        sent = parse_request(body)
    except NotJson:
        with pytest.raises(Unfit):
            reference(body)
    except (Malformed, TooMuch) as refusal:
        whole = reference(body)
        assert all(resolves(fault.pointer, whole) for fault in refusal.faults)
    else:
        whole = reference(body)
        assert sent.single == isinstance(whole, dict)
        assert len(sent.drafts) == (1 if sent.single else len(whole))


MAPPER = EventMapper(JSONTranscoder())
STORED = [
    {
        "envelope": {
            **{key: value for key, value in event.items() if key not in ("type", "subject", "data")},
            "recorded_at": "2026-01-05T08:30:00.000000Z",
            "recorded_by": "local",
            "schema": 1,
        },
        "data": event["data"],
    }
    for event in EVENTS
]


@often(200)
@given(
    mutated_values(STORED),
    st.sampled_from([*PAYLOADS, "Unheard"]),
    st.integers(0, len(EVENTS) - 1),
    st.booleans(),
)
def test_a_stored_event_is_readable_or_told_to_be_unreadable(state: Any, name: str, number: int, own: bool) -> None:
    """A damaged log stops nobody."""
    event = EVENTS[number]
    topic = event["type"] if own else name
    stored = Notification(
        originator_id=event["subject"], originator_version=1, topic=topic, state=json.dumps(state).encode(), id=7
    )
    found = MAPPER.to_domain_event(stored)
    assert isinstance(found, Recorded | Unreadable)
    assert (found.position, found.version) == (7, 1)


# --- NDJSON


@often(150)
@given(mutated_bytes([b"\n".join(LINES[at : at + 5]) + b"\n" * (at % 3) for at in range(0, len(LINES), 3)]))
@example(b"\xef\xbb\xbf" + LINES[0] + b"\r\n\r\n" + LINES[1])
@example(LINES[0] + b"\n\xef\xbb\xbf" + LINES[1])
@example(LINES[0].replace(b'": ', b'":\xe2\x80\xa8'))
def test_a_file_of_lines_is_sent_up_to_the_first_that_is_no_event(file: bytes) -> None:
    expected, wrong = events_in(file)
    batches: list[Sequence[held_lines.FileLine]] = []
    stopped = None
    lines_of_file = held_lines.file_lines(io.BytesIO(file), KeptIds(), "asked about")
    try:
        for batch in held_lines.batches_of(lines_of_file, BATCH_LINES, BATCH_BYTES):
            batches.append(batch)  # noqa: PERF402  it may stop in the middle
    except event_file.LineRefused as stop:
        stopped = stop.number
        assert all(detail for _, detail in stop.faults)
    assert stopped == wrong
    lines = [line for batch in batches for line in batch]
    assert [line.number for line in lines] == [number for number, _ in expected]
    for line, (_, event) in zip(lines, expected, strict=True):
        sent = reference(line.text)
        assert same(sent, event if "id" in event else {"id": str(event_file.id_of(event)), **event})
    assert all(len(batch) <= BATCH_LINES for batch in batches)


def events_in(file: bytes) -> tuple[list[tuple[int, Any]], int | None]:
    """The events of a file by the number of their line, and the first line that is none."""
    found: list[tuple[int, Any]] = []
    for number, line in enumerate(file.split(b"\n"), 1):
        text = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
        if not line.strip():
            continue
        try:
            event = reference(text)
        except Unfit:
            return found, number
        if not isinstance(event, dict):
            return found, number
        found.append((number, event))
    return found, None


# --- cursors


CURSORS = [
    cursor("eastern-kalamun"),
    cursor(5, 7, -3, "00000000-0000-4000-8000-000000000001"),
    cursor(2**63 - 1, 0, 0, "x"),
    cursor("é"),
    cursor(True, 1, 1, ""),
]


@often(180)
@given(
    mutated_texts(CURSORS)
    | st.lists(st.sampled_from(["", "a", "é", 0, -1, True, None, 2**63, 0.5, []]), max_size=5).map(
        lambda key: cursor(*key)
    ),
    st.sampled_from([(str,), (int, int, int, str), (str, int)]),
)
def test_a_cursor_is_one_of_ours_or_refused(text: str, kinds: tuple[type, ...]) -> None:
    try:
        key = read_cursor(text, *kinds)
    except BadCursor as refusal:
        assert [fault.pointer for fault in refusal.faults] == ["after"]
    else:
        assert tuple(map(type, key)) == kinds
        assert read_cursor(cursor(*key), *kinds) == key


# --- headers


NAMES = st.sampled_from(["wait", "handling", "return", "respond-async", "x-y", "WAIT"])
WORDS = st.sampled_from(["strict", "minimal", "9", "0", "", "a b", "30", "999999999999"])


@often(100)
@given(st.lists(st.tuples(NAMES, WORDS, st.sampled_from(["{}={}", '{}="{}"', "{} = {}", "{}={}; q=1"])), max_size=5))
def test_preferences_are_read_by_name(wanted: list[tuple[str, str, str]]) -> None:
    expected: dict[str, str] = {}
    for name, word, form in wanted:
        if (
            '"' in form or " " not in word
        ):  # a word that is not quoted ends at a space: what follows makes it no preference
            expected.setdefault(name.lower(), word)
    headers = [form.format(name, word) for name, word, form in wanted]
    assert preferences.read(headers) == preferences.read([", ".join(headers)]) == expected
    seconds = preferences.seconds(expected, 30)
    word = expected.get("wait", "")
    assert seconds == (min(int(word), 30) if word.isdecimal() and len(word) < 10 else None)


@often(200)
@given(st.lists(mutated_texts(["wait=9", 'handling="strict"', "return=minimal; a=b", "respond-async", ""]), max_size=3))
def test_what_is_no_preference_is_left_out(headers: list[str]) -> None:
    found = preferences.read(headers)
    assert all(name == name.lower() for name in found)
    assert preferences.seconds(found, 30) in (None, *range(31))


OFFERED = ("application/json", "application/x-ndjson", "text/event-stream")
RANGES = st.sampled_from([*OFFERED, "text/html", "application/*", "text/*", "*/*"])
QUALITIES = st.sampled_from([None, 0, 1, 0.5, 0.001, 0.999])


@often(200)
@given(st.lists(st.tuples(RANGES, QUALITIES), max_size=5, unique_by=lambda one: one[0]))
def test_the_type_that_is_liked_best_is_given(wanted: list[tuple[str, float | None]]) -> None:
    liked = dict(wanted)

    def liking(media: str) -> float:
        for one in (media, media.partition("/")[0] + "/*", "*/*"):
            if one in liked:
                quality = liked[one]
                return 1 if quality is None else quality
        return 0

    header = ", ".join(name if quality is None else f"{name};q={quality}" for name, quality in wanted)
    best = max(OFFERED, key=liking)  # the first of equals
    if not wanted:
        assert accepted(header, OFFERED) == OFFERED[0]
    elif liking(best) == 0:
        with pytest.raises(NotAcceptable):
            accepted(header, OFFERED)
    else:
        assert accepted(header, OFFERED) == best


@often(200)
@given(
    mutated_texts(["application/json, text/*;q=0.5", "*/*", "text/html;level=1;q=0.7, application/x-ndjson;q=0", ""])
)
def test_any_accept_gives_an_offered_type_or_is_refused(header: str) -> None:
    with suppress(NotAcceptable):
        assert accepted(header, OFFERED) in OFFERED


@often(200)
@given(mutated_texts(['"7"', 'W/"abc"', '"a", W/"b,c"', "*", 'W/"0f"']), st.sampled_from(['"7"', 'W/"0f"', 'W/"abc"']))
def test_an_etag_matches_only_what_holds_it(header: str, etag: str) -> None:
    if matches(header, etag):
        assert "*" in header or etag.removeprefix("W/") in header


# --- the same over HTTP, where the framework reads too


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(load(data=tmp_path_factory.mktemp("data"), port=0))
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        events = [json.loads(line) for line in SEED.read_text().splitlines()]
        assert client.post("/v1/events", json=events, headers={"Prefer": "wait=30"}).status_code == 201
        yield client


OF_PROCESS = "/v1/processes/eastern-kalamun"
PATHS = (
    *("/v1/events", "/v1/head", "/v1/processes", OF_PROCESS, f"{OF_PROCESS}/history", f"{OF_PROCESS}/claims"),
    *(f"{OF_PROCESS}/incidents", f"{OF_PROCESS}/findings", f"{OF_PROCESS}/changes", f"{OF_PROCESS}/talks"),
    *("/v1/findings", "/v1/deadlines", "/v1/deadlines.ics", "/v1/actors", "/v1/actors/eleven-groups"),
    "/v1/talks/eastern-kalamun-truce",
)
PARAMETERS = {
    "after": ["0", "40", *CURSORS],
    "limit": ["1", "1000"],
    "min_position": ["0", "1"],
    "process": ["eastern-kalamun"],
    "subject": ["talks/eastern-kalamun-truce"],
    "family": ["talks"],
    "type": ["TalksScheduled"],
    "recorded_after": ["2017-10-29T09:00:00Z"],
    "q": ["Kalamun", "%", "_"],
    "place": ["Damascus"],
    "actor": ["eleven-groups"],
    "role": ["guarantor"],
    "state": ["open"],
    "finding": ["contested"],
    "updated_after": ["3"],
    "as_of": ["2017-10-29", "2017-10-29T09:00:00+03:00"],
    "published_by": ["2017-10"],
    "known_at": ["2026-01-05T08:30:00Z"],
    "known_at_position": ["7"],
    "since": ["7", "2017-10-29T09:00:00Z"],
    "until": ["42", "2017-10-31", "2026-01-05T08:30:00Z"],
    "order": ["newest"],
    "measure": ["population"],
    "claimant": ["TASS"],
    "rule": ["contested"],
    "severity": ["high"],
    "overdue": ["true"],
}
HEADERS = {
    "Accept": ["application/json", "application/x-ndjson;q=0.5, */*"],
    "If-None-Match": ['W/"abc"', '"7"', "*"],
    "Last-Event-ID": ["7"],
}


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, str]]:
    """An address with parameters and headers, nearly valid ones."""
    names = draw(st.lists(st.sampled_from(sorted(PARAMETERS)), max_size=3, unique=True))
    headers = draw(st.sets(st.sampled_from(sorted(HEADERS)), max_size=1))
    return (
        draw(st.sampled_from(PATHS)),
        {name: draw(mutated_texts(PARAMETERS[name], most=2)) for name in names},
        {name: draw(mutated_texts(HEADERS[name], most=2)) for name in headers},
    )


@often(150)
@given(queries())
def test_any_query_is_answered_or_refused_by_name(
    seeded: TestClient, asked: tuple[str, dict[str, str], dict[str, str]]
) -> None:
    path, parameters, headers = asked
    if parameters.get("min_position", "0") not in ("0", "1"):
        parameters = {**parameters, "min_position": "0"}  # it would wait
    sent = {name: re.sub(r"[\0\r\n]", "", text).strip().encode("utf-8", "replace") for name, text in headers.items()}
    with suppress(NotAcceptable):
        if accepted(sent.get("Accept", b"").decode("latin-1"), OFFERED) == "text/event-stream":
            return  # it would not end
    query = "&".join(f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}" for name, text in parameters.items())
    answer = seeded.get(f"{path}?{query}", headers=[(name.encode(), text) for name, text in sent.items()])
    assert answer.status_code in (200, 304, 400, 404, 406, 409), answer.text
    if answer.status_code >= 400:
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["detail"]
        named = {fault.get("parameter", fault.get("header")) for fault in body["errors"]}
        assert named <= {*parameters, *headers, "since", "Last-Event-ID", "process", "id"}


# --- settings, and what other programs say


SECRET = "hunter2"  # noqa: S105 - what must not be told
URLS = [
    f"postgresql://parley:{SECRET}@localhost:5432/parley",
    f"postgresql://parley:{SECRET}@[::1]:5432,other:5433/parley?target_session_attrs=read-write",
    f"postgres:///parley?host=/tmp&user=parley&password={SECRET}&keepalives_idle=30",
    f"postgresql://parley:%2F{SECRET}%40@localhost/parley?connect_timeout=3&options=-c%20a=b@c",
]


@often(180)
@given(mutated_texts(URLS))
@example(f"postgresql://parley:{SECRET}?@localhost/parley")
@example(f"postgresql://parley:x@{SECRET}@localhost/parley")
@example("postgresql://localhost/parley?")
@example("postgresql://localhost/parley#x")
def test_the_url_of_a_database_is_taken_as_it_is_or_refused_without_its_password(url: str) -> None:
    try:
        found = load(database_url=url, data=Path("nowhere"))
    except BadSetting as refusal:
        assert str(refusal).startswith("PARLEY_DATABASE_URL: ")
        assert SECRET not in str(refusal)
        return
    if not url:
        return
    said = conninfo_to_dict(url)
    told = conninfo_to_dict(str(found.log_at))
    if "sslmode" not in said and "sslmode" in told:  # another host
        assert (told.pop("sslmode"), "sslrootcert" in told) == ("verify-full", True)
        if "sslrootcert" not in said:
            told.pop("sslrootcert")
    assert told == {**{name: str(value) for name, value in KEEPALIVES.items()}, **said}
    if SECRET in str(said.get("password", "")) and url.count(SECRET) == 1:
        assert SECRET not in found.shown


@often(200)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "host": mutated_texts(["127.0.0.1", "::1", "localhost", "10.0.0.1"]),
            "port": mutated_texts(["8642", "0", "65535"]),
            "office": mutated_texts(["local", "field-office-1"]),
            "max_body": mutated_texts(["2097152", "1024"]),
            "workers": mutated_texts(["1", "64"]),
            "log_format": mutated_texts(["auto", "json"]),
            "project": mutated_texts(["true", "no"]),
        },
    )
)
def test_a_setting_is_taken_or_refused_by_its_name(said: dict[str, str]) -> None:
    try:
        found = load(**said)
    except BadSetting as refusal:
        assert re.match("PARLEY_[A-Z_]+: .", str(refusal))
    else:
        assert found.host in ("localhost", "::1") or found.host.startswith("127.") or ":" in found.host
        assert 0 <= found.port <= 65_535


PROBLEM = {
    "type": "/problems/malformed",
    "title": "The request is malformed",
    "status": 422,
    "detail": "so",
    "retry": False,
    "errors": [{"pointer": "/0/data", "detail": "so"}, {"header": "If-Match", "detail": "so"}],
}


@often(200)
@given(mutated_values([PROBLEM]), st.integers(400, 599))
@example({"errors": ["x", None, 5]}, 500)
@example({"errors": 5, "title": []}, 500)
def test_whatever_a_server_refuses_with_is_told(body: Any, status: int) -> None:
    response = httpx2.Response(status, content=json.dumps(body).encode())
    problem = client.problem_of(response)
    assert problem.status == status
    assert problem.title
    assert all(isinstance(part, str) for fault in problem.faults for part in fault)


@often(60)
@given(mutated_bytes([b'{"url": 5, "pid": 1}', b'{"url": "http://127.0.0.1:1", "pid": -99999999}', b"[" * 10]))
@example(b"[" * 100_000)
@example(b'{"url": "http://127.0.0.1:1", "pid": 1e400}')
def test_the_file_of_a_server_that_is_not_there_is_ignored(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, SERVER_FILE).write_bytes(content)
        assert running_server(Path(directory)) is None
