"""Checking a whole file of events before it is appended: every error of every line, and nothing is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from api.cli.append_file import BATCH_BYTES, CAUSED_BY_LINES, AppendOptions, body_of, refused_lines
from api.cli.client import Client
from api.cli.doubles import Double
from api.cli.errors import ServerRefusal
from api.cli.event_file import Faults, LineRefused
from api.cli.held_lines import FileLine, Held, batches_of, file_lines, held_against_log, hold_mended
from api.cli.kept_ids import KeptIds
from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS

if TYPE_CHECKING:
    from api.http.schemas.answers import AppendedAnswer

LINES_AT_ONCE = 1_000
"""As many as a server takes: what lines of one request refer to, they may open."""
MOST_BYTES = 2 * BATCH_BYTES
LONGEST_NAME = 100
"""Characters of a text that may be an id."""


@dataclass(slots=True)
class CheckResult:
    """What would become of a file."""

    new: int = 0
    known: int = 0
    faults: dict[int, Faults] = field(default_factory=dict)
    """By the number of the line."""
    doubles: list[Double] = field(default_factory=list)


@dataclass(slots=True)
class _Given:
    """What lines above give to others: subjects that they open, and their own ids."""

    by: dict[str, FileLine] = field(default_factory=dict)
    on: dict[str, list[FileLine]] = field(default_factory=dict)
    """The lines on a subject."""

    def add(self, line: FileLine) -> None:
        event = line.event
        subject = str(event.get("subject"))
        self.by.setdefault(line.id, line)
        if _opens(event):
            self.by.setdefault(subject, line)
        self.on.setdefault(subject, []).append(line)

    def needed_by(self, line: FileLine) -> Iterator[FileLine]:
        """The lines above without which a line cannot be judged: of its id, that open its subject, that it names."""
        for text in (line.id, *_texts_in(line.event)):
            for name in (text, *(f"{family}/{text}" for family in FAMILY_NAMES)):
                giver = self.by.get(name)
                if giver is not None and giver.number < line.number:
                    yield giver


def check_lines(
    client: Client,
    file: BinaryIO,
    kept: KeptIds,
    options: AppendOptions,
    read: Callable[[int], None] = lambda _: None,
) -> CheckResult:
    """Checks the events of a file as they would be appended, and goes on after a line that would be refused.

    Raises:
        ServerRefusal: the server refuses for a reason that no line causes.
        Unreachable
    """
    result = CheckResult()
    lines: list[FileLine | LineRefused] = list(file_lines(file, kept, options.doubles))
    if client.get("/v1/head").json()["position"]:
        held = held_against_log(client, lines, options.doubles)
        lines, result.known = held.lines, len(held.known)
        result.doubles += held.doubles
    for line in lines:
        if isinstance(line, LineRefused):
            result.faults.setdefault(line.number, []).extend(line.faults)
    checking = _Checking(client, options, result)
    for batch in batches_of((one for one in lines if isinstance(one, FileLine)), LINES_AT_ONCE, BATCH_BYTES):
        checking.check(batch)
        read(sum(len(line.text) + 1 for line in batch))
    return result


@dataclass(slots=True)
class _Checking:
    client: Client
    options: AppendOptions
    result: CheckResult
    given: _Given = field(default_factory=_Given)
    blocked: set[int] = field(default_factory=set)
    """Lines that rest on lines which are refused."""
    counted: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)

    def check(self, batch: Sequence[FileLine]) -> None:
        """Checks the lines of a batch: those that are refused are left out, and the others checked again.

        What they need of the lines above is sent along, so that they are judged as they will be.
        """
        above = self._above(batch)
        if len(batch) > 1 and (
            len(above) + len(batch) > LINES_AT_ONCE or sum(len(one.text) for one in (*above, *batch)) > MOST_BYTES
        ):
            self.check(batch[: len(batch) // 2])
            self.check(batch[len(batch) // 2 :])
            return
        for line in batch:
            self.given.add(line)
        waiting = [[*above[: LINES_AT_ONCE - len(batch)], *batch]]
        while waiting:
            lines = waiting.pop()
            if not lines:
                continue
            body, headers = body_of(lines), self.options.headers()
            try:
                sent = self.client.send("POST", "/v1/events", content=body, headers=headers, params={"dry_run": "true"})
            except ServerRefusal as problem:
                if problem.status not in CAUSED_BY_LINES:
                    raise
                waiting += self._without_refused(problem, lines)
                continue
            answer: AppendedAnswer = sent.json()
            for line, event in zip(lines, answer["events"], strict=True):
                self._count(line, known=event["position"] is not None)
        for line in batch:
            self._versions(line)
        self.result.new -= len(self.new & self.result.faults.keys())
        self.new -= self.result.faults.keys()

    def _above(self, batch: Sequence[FileLine]) -> list[FileLine]:
        """The lines above that a batch needs, with those that these need, in the order of the file."""
        needed: dict[int, FileLine] = {}
        waiting = list(batch)
        while waiting:
            for giver in self.given.needed_by(waiting.pop()):
                if giver.number not in needed and giver.number not in self.result.faults.keys() | self.blocked:
                    needed[giver.number] = giver
                    waiting.append(giver)
        return [needed[number] for number in sorted(needed)]

    def _count(self, line: FileLine, *, known: bool = False) -> None:
        """Counts a line once, however often it is sent along with others."""
        if line.number not in self.counted:
            self.counted.add(line.number)
            self.result.known += known
            self.result.new += not known
            self.new |= set() if known else {line.number}

    def _versions(self, line: FileLine) -> None:
        """Notes a version that a line expects of a subject which the file itself opens, and which it will not have."""
        subject, expected = str(line.event.get("subject")), line.event.get("expected_version")
        opener = self.given.by.get(subject)
        earlier = [one for one in self.given.on.get(subject, ()) if one.number < line.number]
        if type(expected) is not int or opener is None or not earlier or opener.number != earlier[0].number:
            return
        judged = {one.number for one in earlier} <= self.new
        if self.result.known or not judged:
            return
        version = len({one.id for one in earlier})
        if expected != version and line.id not in {one.id for one in earlier}:
            self._note(line, "/expected_version", f"the subject is at version {version} by then: send {version}")

    def _without_refused(self, problem: ServerRefusal, lines: list[FileLine]) -> list[list[FileLine]]:
        """What remains to be checked, once the faults of a refusal are noted."""
        mended = self._mended(problem, lines)
        refused = refused_lines(problem, len(lines)) - mended.keys()
        if not refused and not mended:
            if len(lines) > 1:
                return [lines[len(lines) // 2 :], lines[: len(lines) // 2]]
            self._note(lines[0], "", problem.detail)
            return []
        sent = {line.number for line in lines}
        above: dict[int, set[int]] = {place: set() for place in refused}
        for pointer, detail in problem.faults:
            steps = pointer.split("/")
            place = int(steps[1]) if len(steps) > 1 and steps[1].isdecimal() else -1
            if place not in refused:
                continue
            within = "".join(f"/{step}" for step in steps[2:])
            if within == "/subject" and _opens(lines[place].event):
                detail = self._opened_above(lines[place]) or detail
            givers = {number for number in self._givers(lines[place], within) if number not in sent}
            above[place] |= givers
            if not givers:
                self._note(lines[place], within, detail)
        for place in sorted(refused):
            if above[place] & (self.result.faults.keys() | self.blocked):
                self.blocked.add(lines[place].number)
            elif lines[place].number not in self.result.faults:
                self._count(lines[place])
        remaining = [mended.get(number, line) for number, line in enumerate(lines) if number not in refused]
        return [[line for line in remaining if line is not None]]

    def _note(self, line: FileLine, pointer: str, detail: str) -> None:
        faults = self.result.faults.setdefault(line.number, [])
        faults += [] if (pointer, detail) in faults else [(pointer, detail)]

    def _mended(self, problem: ServerRefusal, lines: Sequence[FileLine]) -> dict[int, FileLine | None]:
        """What is sent in the place of lines with ids of reports that say something else; None is nothing."""
        mended: dict[int, FileLine | None] = {}
        if problem.status != 409 or self.options.doubles == "new":
            return mended
        for place in refused_lines(problem, len(lines), "/id"):
            line, held = lines[place], Held()
            if line.own_id:
                hold_mended(self.client, line, held, self.options.doubles)
            if held.doubles or held.known:
                self.result.doubles += held.doubles
                self.result.known += len(held.known)
                mended[place] = None
            elif held.lines and isinstance(held.lines[0], FileLine) and held.lines[0] != line:
                mended[place] = held.lines[0]
        return mended

    def _givers(self, line: FileLine, pointer: str) -> set[int]:
        """The lines above that may give what is missing in this one: if they were not sent along, it is no fault."""
        event = line.event
        value = _at(event, pointer)
        givers: list[FileLine | None] = []
        if pointer == "/expected_version":
            givers = list(self.given.on.get(str(event.get("subject")), ()))
        elif isinstance(value, str) and not (pointer == "/subject" and _opens(event)):
            names = [value, _as_id(value), *(f"{family}/{value}" for family in FAMILY_NAMES)]
            givers = [self.given.by.get(name) for name in names]
        return {giver.number for giver in givers if giver is not None and giver.number < line.number}

    def _opened_above(self, line: FileLine) -> str | None:
        """What to do about an opening of what a line above opens."""
        opener = self.given.by.get(str(line.event.get("subject")))
        if opener is None or opener.number >= line.number or "expected_version" in line.event:
            return None
        return f'line {opener.number} opens it: send expected_version "any" to add this as another report of it'


def _opens(event: Mapping[str, Any]) -> bool:
    payload = PAYLOADS.get(str(event.get("type")))
    return payload is not None and payload.opens


def _texts_in(value: Any) -> Iterator[str]:
    """The texts in an event that may name something."""
    match value:
        case str() if len(value) <= LONGEST_NAME:
            yield value
        case dict():
            for held in value.values():
                yield from _texts_in(held)
        case list():
            for held in value:
                yield from _texts_in(held)
        case _:
            pass


def _as_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


def _at(event: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer; None if nothing does."""
    value = event
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            case _:
                return None
    return value
