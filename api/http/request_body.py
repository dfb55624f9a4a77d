"""From a request to the events in its body: its media type, its size, and every fault of every event."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.http.problems import WrongMediaType
from api.http.strict_json import loads
from api.services.body_budget import Reservation
from domain.errors import Fault, Malformed, TooMuch
from domain.references import named_at
from domain.vocabulary import read_event
from ledger.mapper import ANY_VERSION, Draft

MAX_EVENTS_PER_REQUEST = 1_000  # in one request
MAX_FAULTS_PER_ANSWER = 1_000  # listed in one answer
SMALL = 16 * 1024  # bytes: a body up to this is parsed on the event loop, a larger one in a thread
MAX_VALUES_PER_EVENT = 10_000  # commas in one event: some thousands are many, and each may be a fault to describe


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """The events of one request."""

    drafts: tuple[Draft, ...]
    single: bool
    """Whether one event was sent by itself, so that pointers have no index."""


async def receive(request: Request, most: int, reservation: Reservation) -> ParsedRequest:
    """The events that a request sends.

    Args:
        request: with the events in its body.
        most: bytes that the body may hold.
        reservation: takes up what the body holds; it is to be kept for as long as the events are held.

    Raises:
        WrongMediaType: the body is no JSON, by its header.
        TooMuch: it is too long, or holds too many events.
        Unavailable: the bodies of all requests together take too much room.
        NotJson, Malformed: as `parse_request` says.
        ClientDisconnect: the body broke off.
    """
    headers = _headers(request)
    _check_media_type(headers)
    body = await _read_body(request, headers.get(b"content-length", "0"), most, reservation)
    return parse_request(body) if len(body) <= SMALL else await run_in_threadpool(parse_request, body)


def parse_request(body: bytes) -> ParsedRequest:
    """Reads one event, or an array of up to 1,000 of them.

    Raises:
        NotJson: the body is no JSON.
        TooMuch: there are too many events.
        Malformed: with the faults of all events, each at its JSON Pointer.
    """
    whole = loads(body)
    if isinstance(whole, dict):
        return ParsedRequest((parse_draft(whole),), single=True)
    if not isinstance(whole, list) or not whole:
        raise Malformed.at("", "send one event as an object, or an array of 1 to 1,000 of them")
    if len(whole) > MAX_EVENTS_PER_REQUEST:
        raise TooMuch("one request holds up to 1,000 events: send the others in a further request")
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for number, raw in enumerate(whole):
        try:
            drafts.append(parse_draft(raw))
        except Malformed as refusal:
            faults += refusal.within(f"/{number}").faults
        if len(faults) >= MAX_FAULTS_PER_ANSWER:
            break
    if faults:
        raise Malformed.of(faults[:MAX_FAULTS_PER_ANSWER])
    return ParsedRequest(tuple(drafts), single=False)


def parse_draft(raw: Any) -> Draft:
    """Reads one event as it was parsed; an id is made if there is none.

    Raises:
        Malformed: with every fault, `expected_version` included.
    """
    if not isinstance(raw, dict):
        raise Malformed.at("", "send the event as an object")
    raw = {**raw}
    expected = raw.pop("expected_version", None)
    if "id" not in raw:
        raw["id"] = str(uuid7())
    faults: list[Fault] = []
    if expected not in (None, ANY_VERSION) and (type(expected) is not int or expected < 0):
        detail = 'send the subject\'s version as a whole number, 0 if it is not open yet, "any", or leave it out'
        faults.append(Fault("/expected_version", detail))
    text = orjson.dumps(raw)
    if text.count(b",") > MAX_VALUES_PER_EVENT:
        raise Malformed.at("", f"the event holds more than {MAX_VALUES_PER_EVENT:,} values: split it into several")
    try:
        event = read_event(raw, text)
    except Malformed as refusal:
        faults += [replace(fault, named=named_at(raw, fault.pointer)) for fault in refusal.faults]
    if faults:
        raise Malformed.of(faults[:MAX_FAULTS_PER_ANSWER])
    return Draft.of(event, expected)


def uuid7() -> UUID:
    """A UUID version 7 (RFC 9562): milliseconds since 1970, then a fraction of one, then chance.

    The 12 bits after the version hold the fraction (method 3 of section 6.2), so that the ids of a batch sort in the
    order in which they were made.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


def _headers(request: Request) -> dict[bytes, str]:
    """Each header as it was sent first: to look one up in the framework's takes longer than to read all."""
    headers: dict[bytes, str] = {}
    for name, value in request.scope["headers"]:
        headers.setdefault(name, value.decode("latin-1"))
    return headers


def _check_media_type(headers: Mapping[bytes, str]) -> None:
    """Only JSON is taken. A web page of another origin cannot send that type without asking first."""
    if (coding := headers.get(b"content-encoding", "identity")).strip().lower() not in ("", "identity"):
        raise WrongMediaType(f"send the body as it is, without Content-Encoding: {coding[:50]}")
    sent = headers.get(b"content-type", "")
    if sent == "application/json":
        return
    media, _, parameters = sent.partition(";")
    charset = re.fullmatch(r'\s*(charset\s*=\s*"?utf-8"?\s*)?', parameters, re.IGNORECASE)
    if media.strip().lower() != "application/json" or charset is None:
        raise WrongMediaType("send JSON in UTF-8, with the header Content-Type: application/json")


async def _read_body(request: Request, stated: str, most: int, visit: Reservation) -> bytes:
    """The body, as long as it is not too long. FastAPI's own limit answers in plain text.

    Raises:
        TooMuch: it is longer, whether it says so beforehand or not.
        Unavailable: those of all requests together take too much room.
        ClientDisconnect: it broke off.
    """
    if stated.isdecimal() and int(stated) > most:
        raise _too_long(most)
    parts = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, more = message.get("body", b""), message.get("more_body", False)
        parts += part
        visit.take(len(part))
        if len(parts) > most:
            raise _too_long(most)
    return bytes(parts)


def _too_long(most: int) -> TooMuch:
    return TooMuch(f"the body may hold {most:,} bytes: send fewer events at once")
