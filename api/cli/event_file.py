"""A file of events as it is written: one a line, defaults on the first, and names for lines that later ones refer to.

    {"defaults": {"sources": [{"publisher": "Radio", "published": "2017-07-02"}], "sensitivity": "high"}}
    {"as": "shelling", "type": "IncidentReported", …}
    {"type": "FigureReported", …, "data": {"about": "shelling", …}}

What is read here is held against the log, and sent, elsewhere.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from api.http import strict_json
from domain.errors import Malformed, Refusal
from domain.references import event_places
from domain.vocabulary import PAYLOADS, example, read_event

MAX_LINE_BYTES = 64 * 1024 * 1024
DEFAULTS, NAME = "defaults", "as"
DEFAULT_FIELDS = ("sources", "basis", "sensitivity", "note")
"""What the first line may say for all that do not say it themselves."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Faults = list[tuple[str, str]]
"""Where in a line (a JSON Pointer, empty for the whole line), and how to correct it."""

LINE_ID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "parley:append:line")
"""What ids of lines without one are made in. It never changes, or lines would be recorded twice."""


class LineRefused(Exception):
    """A line is refused."""

    def __init__(self, number: int, title: str, faults: Faults) -> None:
        super().__init__(title)
        self.number = number
        """In the file, from 1."""
        self.title = title
        self.faults = faults


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """One event as it stands in the file."""

    number: int
    """In the file, from 1; blank lines count."""
    event: dict[str, Any]
    """With the defaults, and without the name of the line. What it refers to may be given by name."""
    name: str | None
    raw: bytes | None
    """The line itself, where it needs neither defaults nor an id nor what is named."""

    @property
    def own_id(self) -> str | None:
        return str(self.event["id"]) if "id" in self.event else None

    @property
    def digest(self) -> str:
        """Of what is written, whatever its order or spacing, and whatever it is recorded as."""
        content = {name: value for name, value in self.event.items() if name != "id"}
        return hashlib.sha256(content_of(content).encode()).hexdigest()[:32]

    @property
    def kind(self) -> tuple[str, str]:
        """Its subject and its type."""
        return str(self.event.get("subject")), str(self.event.get("type"))


def content_of(event: Mapping[str, Any]) -> str:
    """What an event says, in one form for the same content."""
    content = {name: value for name, value in event.items() if name != "expected_version"}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def id_of(event: Mapping[str, Any], copy: int = 1) -> uuid.UUID:
    """The id of a line that has none: always the same for the same content, whatever its order or spacing.

    Args:
        event: without an id.
        copy: 2 and more where the ids before are those of other lines.
    """
    return uuid.uuid5(LINE_ID_NAMESPACE, content_of(event) + (f" {copy}" if copy > 1 else ""))


def written_lines(file: BinaryIO) -> Iterator[WrittenLine | LineRefused]:
    """The lines of a file, blank ones left out; one that is no event comes as its refusal."""
    defaults: Mapping[str, Any] = {}
    names: set[str] = set()
    number, first = 0, True
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        if not raw.strip():
            continue
        try:
            event = _object(number, raw)
            if DEFAULTS in event and "type" not in event:
                defaults = _defaults(number, event, first=first)
            else:
                yield _written(number, raw.strip(), event, defaults, names)
        except LineRefused as refused:
            yield refused
        first = False


def _object(number: int, raw: bytes) -> dict[str, Any]:
    """A line as JSON.

    Raises:
        LineRefused: it is not one JSON object.
    """
    if len(raw) >= MAX_LINE_BYTES:
        raise LineRefused(number, "The line is too long", [("", "is this one event a line (NDJSON)?")])
    raw = _bare(number, raw)
    try:
        event = strict_json.loads(raw)
    except Refusal as refusal:
        faults = [(fault.pointer, fault.detail) for fault in refusal.faults] or [("", refusal.detail)]
        if raw.startswith(b"{") and raw.endswith((b"{", b"[", b",")):
            faults = [("", "this looks like one event over several lines: write each event on one line (NDJSON)")]
        elif raw.startswith(b"["):
            faults.append(("", "write one event a line (NDJSON), without brackets around them"))
        raise LineRefused(number, "The line is not JSON", faults) from None
    if not isinstance(event, dict):
        raise LineRefused(number, "The line is not an event", [("", "write one event a line, as a JSON object")])
    return event


def _bare(number: int, raw: bytes) -> bytes:
    """A line without the byte order mark with which some editors begin a file, and without what surrounds it."""
    return (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()


def _written(
    number: int, raw: bytes, event: dict[str, Any], defaults: Mapping[str, Any], names: set[str]
) -> WrittenLine:
    """A line as it is written; its name is added to those that are taken.

    Raises:
        LineRefused: its name is no name, or another line has it.
    """
    plain = "id" in event and NAME not in event and all(name in event for name in defaults)
    name = event.pop(NAME, None)
    if name is not None:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or _is_id(name):
            detail = "write a short name of letters, digits, hyphens, dots and underscores, which is no UUID"
            raise LineRefused(number, "The line has no usable name", [(f"/{NAME}", detail)])
        if name in names:
            detail = "a line above has this name: give each line a name of its own"
            raise LineRefused(number, "The name of the line is taken", [(f"/{NAME}", detail)])
        names.add(name)
    return WrittenLine(number, {**event, **_missing(event, defaults)}, name, _bare(number, raw) if plain else None)


def _missing(event: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in defaults.items() if name not in event}


def _defaults(number: int, line: Mapping[str, Any], *, first: bool) -> Mapping[str, Any]:
    """What the lines say that do not say it themselves.

    Raises:
        LineRefused: they stand elsewhere than at the beginning, or cannot be used.
    """
    title = "The defaults cannot be used"
    defaults = line[DEFAULTS]
    if not first:
        raise LineRefused(number, title, [(f"/{DEFAULTS}", "defaults stand on the first line, for the whole file")])
    if not isinstance(defaults, dict) or len(line) > 1:
        raise LineRefused(number, title, [("", 'write {"defaults": {…}} on this line, and nothing else')])
    faults: Faults = []
    for name in defaults:
        if name not in DEFAULT_FIELDS:
            close = difflib.get_close_matches(name[:100], DEFAULT_FIELDS, n=1)
            hint = f", or did you mean `{close[0]}`?" if close else ""
            faults.append((f"/{DEFAULTS}/{name}", f"not one of {', '.join(DEFAULT_FIELDS)}: remove it{hint}"))
    if not faults:
        sample = {**example("StatementMade"), **defaults}
        try:
            read_event(sample, json.dumps(sample))
        except Malformed as refusal:
            faults += [(f"/{DEFAULTS}{fault.pointer}", fault.detail) for fault in refusal.faults]
    if faults:
        raise LineRefused(number, title, faults)
    return defaults


def named(line: WrittenLine, ids: Mapping[str, str]) -> tuple[dict[str, Any], Faults]:
    """The event of a line, with ids where it gives the names of lines above, and what names there are not.

    Args:
        line: as it is written.
        ids: of the lines above, by their names.
    """
    payload = PAYLOADS.get(str(line.event.get("type")))
    if payload is None:
        return line.event, []
    event = line.event
    faults: Faults = []
    if any(_is_name(holder[key]) for holder, key, _ in event_places(payload, event.get("data"))):
        event = json.loads(json.dumps(event))
        for holder, key, pointer in event_places(payload, event["data"]):
            text = holder[key]
            if not _is_name(text):
                continue
            if text in ids:
                holder[key] = ids[text]
                continue
            close = difflib.get_close_matches(text[:100], ids, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            detail = f'no line above has this name{hint}: send the name that a line above has in "as", or the UUID'
            faults.append((f"/data{pointer}", f"{detail} of an event"))
    return event, faults


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and not _is_id(value)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
