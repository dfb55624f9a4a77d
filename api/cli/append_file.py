"""Appending a file of events: one a line, in batches, up to the first line that is refused.

A batch is recorded whole or not at all, so a refused one is sent again in parts: what stands before the refused line
is recorded, then this stops. Every line has an id, its own or one made from its content, so that sending it again
records nothing twice.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from api.cli.client import Client
from api.cli.doubles import Double, RecordedReports, correction
from api.cli.errors import ServerRefusal
from api.http import strict_json
from domain.errors import Refusal

if TYPE_CHECKING:
    from api.http.schemas.answers import AppendedAnswer
    from projections.answers.findings import ShownFinding

BATCH_LINES = 500
BATCH_BYTES = 1024 * 1024
"""Half of what a server takes by default; a longer line goes alone."""
CAUSED_BY_LINES = {400, 409, 413, 422}
"""Statuses that the content of a request causes."""
MAX_LINE_BYTES = 64 * 1024 * 1024
MAX_LINES_FOR_FINDINGS = 100
"""Lines up to which the findings of the subjects are asked for: a longer file does not wait for the read models."""

MAX_LINES_SHOWN = 20
"""Lines up to which the ids are shown."""

LINE_ID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "parley:append:line")
"""What ids of lines without one are made in. It never changes, or lines would be recorded twice."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """One event as it is sent."""

    number: int
    """In the file, from 1; blank lines count."""
    text: bytes
    made_id: bool = False
    """Whether its id was made from its content."""


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """A line that was recorded."""

    number: int
    id: str
    subject: str
    type: str
    name: str | None
    """What its subject is called, if the line says so."""


@dataclass(slots=True)
class AppendResult:
    """What became of the lines so far."""

    new: int = 0
    known: int = 0
    """Lines that were recorded before this run, or that repeat one of it."""
    position: int = 0
    recorded_lines: list[RecordedLine] = field(default_factory=list)
    """The first lines that are new, up to `MAX_LINES_SHOWN` and one more."""
    findings: dict[str, list[ShownFinding]] = field(default_factory=dict)
    """What stands on the subjects of the lines, as far as the server said."""

    @property
    def recorded(self) -> int:
        return self.new + self.known


class LineRefused(Exception):
    """A line is refused; every line before it is recorded."""

    def __init__(self, number: int, title: str, faults: list[tuple[str, str]]) -> None:
        super().__init__(title)
        self.number = number
        self.title = title
        self.faults = faults
        """Where in the line (a JSON Pointer, empty for the whole line), and how to correct it."""


class DoublesFound(Exception):
    """Lines may repeat what is recorded; nothing is recorded until it is said what they are."""

    def __init__(self, doubles: list[Double]) -> None:
        super().__init__(f"{len(doubles)} lines may repeat what is recorded")
        self.doubles = doubles


DoublesAre = Literal["asked about", "corrections", "new"]


@dataclass(frozen=True, slots=True)
class AppendOptions:
    """How a file is to be recorded."""

    strict: bool = False
    """Refuse a line that would raise a finding of data quality."""
    doubles: DoublesAre = "asked about"
    """What is done with lines that may repeat a report in other words."""
    findings: bool = False
    """Ask for the findings of the subjects, if the file is short."""

    def headers(self, *, with_findings: bool) -> dict[str, str]:
        preferences = [] if with_findings else ["return=minimal"]
        if self.strict:
            preferences.append("handling=strict")
        wanted = {"Prefer": ", ".join(preferences)} if preferences else {}
        return {"Content-Type": "application/json", **wanted}


def append_lines(
    client: Client,
    file: BinaryIO,
    result: AppendResult,
    read: Callable[[int], None] = lambda _: None,
    options: AppendOptions = AppendOptions(),
) -> None:
    """Appends the events of a file, and counts them in `result`, also when it stops.

    Args:
        client: where to.
        file: NDJSON in UTF-8.
        result: counts what is recorded.
        read: called with the number of bytes of each batch that is done.
        options: what to ask for.

    Raises:
        DoublesFound: lines may repeat what is recorded; nothing is recorded.
        LineRefused: at the first line that is refused.
        ServerRefusal: the server refuses for a reason that no line causes.
        Unreachable
    """
    head = client.get("/v1/head").json()["position"]
    looked_through = batches(file)
    if head and options.doubles != "new":  # an empty log holds nothing that a line could repeat
        looked_through = _held_against_log(client, looked_through, result, options)
    for number, batch in enumerate(looked_through):
        with_findings = options.findings and number == 0 and len(batch) <= MAX_LINES_FOR_FINDINGS
        _send(client, batch, result, head, options.headers(with_findings=with_findings))
        read(sum(len(line.text) + 1 for line in batch))


def _held_against_log(
    client: Client, file: Iterator[list[FileLine]], result: AppendResult, options: AppendOptions
) -> Iterator[list[FileLine]]:
    """The batches of a file, without lines that the log holds as they are, and with corrections where they are wanted.

    Raises:
        DoublesFound: a line may be a report that is there, and it was not said what it is, or it may be several.
        LineRefused: at a line that is no event; the lines before it come first.
    """
    read: list[list[FileLine]] = []
    stopped: LineRefused | None = None
    try:
        read.extend(file)
    except LineRefused as refused:
        stopped = refused
    reports = RecordedReports(client, {str(json.loads(line.text)["id"]) for batch in read for line in batch})
    doubles: list[Double] = []
    checked: list[list[FileLine]] = []
    for batch in read:
        said = {line.number: json.loads(line.text) for line in batch if line.made_id}
        reports.look_up(said.values())
        kept: list[FileLine] = []
        for line in batch:
            close, same = reports.repeated_by(said[line.number]) if line.number in said else ([], False)
            if same:
                result.known += 1
            elif len(close) == 1 and options.doubles == "corrections":
                corrected = correction(said[line.number], close[0])
                kept.append(FileLine(line.number, json.dumps({"id": str(id_of(corrected)), **corrected}).encode()))
            else:
                kept.append(line)
                doubles += [Double(line.number, said[line.number], tuple(close))] if close else []
        checked.append(kept)
    if doubles:
        raise DoublesFound(doubles)
    yield from checked
    if stopped is not None:
        raise stopped


def batches(file: BinaryIO) -> Iterator[list[FileLine]]:
    """The lines of a file in batches, blank ones left out.

    Raises:
        LineRefused: at a line that is no event; the lines before it come first.
    """
    batch: list[FileLine] = []
    size = 0
    number = 0
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        if not raw.strip():
            continue
        try:
            text = _event(number, raw)
            line = FileLine(number, text, made_id=text not in raw)
        except LineRefused:
            if batch:
                yield batch
            raise
        if batch and (len(batch) == BATCH_LINES or size + len(line.text) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.text) + 1
    if batch:
        yield batch


def _event(number: int, raw: bytes) -> bytes:
    """A line as it is sent: as it stands, with an id if it has none.

    Raises:
        LineRefused: it is not one JSON object.
    """
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")  # some editors begin a file with a byte order mark
    if len(raw) >= MAX_LINE_BYTES:
        raise LineRefused(number, "The line is too long", [("", "is this one event a line (NDJSON)?")])
    raw = raw.strip()
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
    if "id" in event:
        return raw
    return json.dumps({"id": str(id_of(event)), **event}, ensure_ascii=False).encode()


def id_of(event: Mapping[str, Any]) -> uuid.UUID:
    """The id of a line that has none: always the same for the same content, whatever its order or spacing."""
    content = {name: value for name, value in event.items() if name != "expected_version"}
    return uuid.uuid5(LINE_ID_NAMESPACE, json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True))


def _send(client: Client, lines: list[FileLine], result: AppendResult, head: int, headers: dict[str, str]) -> None:
    """Records lines in order, up to the first refused one.

    Raises:
        LineRefused: with that line; those before it are recorded.
    """
    if not lines:
        return
    body = b"[" + b",".join(line.text for line in lines) + b"]"
    try:
        answer: AppendedAnswer = client.send("POST", "/v1/events", content=body, headers=headers).json()
    except ServerRefusal as problem:
        if problem.status not in CAUSED_BY_LINES:
            raise
        if len(lines) == 1:
            faults = [(_pointer_in_line(pointer), detail) for pointer, detail in problem.faults] or [
                ("", problem.detail)
            ]
            raise LineRefused(lines[0].number, problem.title, faults) from None
        # The fault may lie deeper once what stands before it is recorded: ask again rather than trust the first answer.
        first = _first_refused(problem, len(lines))
        split = len(lines) // 2 if first is None else max(first, 1)
        _send(client, lines[:split], result, head, headers)
        _send(client, lines[split:], result, head, headers)
        return
    positions = {event["position"] for event in answer["events"] if event["position"] is not None}
    last = max(head, result.position)
    new = len([position for position in positions if position > last])
    for line, event in zip(lines, answer["events"], strict=True):
        if len(result.recorded_lines) > MAX_LINES_SHOWN:
            break
        if event["position"] is not None and event["position"] > last:
            result.recorded_lines.append(_recorded_line(line, event["id"]))
    result.new += new
    result.known += len(lines) - new
    result.position = max(result.position, answer["position"])
    result.findings |= {event["subject"]: event["findings"] for event in answer["events"] if event["findings"]}


def _recorded_line(line: FileLine, event_id: str) -> RecordedLine:
    said = json.loads(line.text)
    names = said["data"].get("labels") or said["data"].get("title") or []
    return RecordedLine(line.number, event_id, said["subject"], said["type"], names[0]["text"] if names else None)


def _first_refused(problem: ServerRefusal, lines: int) -> int | None:
    """The number of the first event that a refusal names; None if it names none."""
    named = [pointer.split("/")[1] for pointer, _ in problem.faults if pointer.startswith("/")]
    numbers = [int(step) for step in named if step.isdecimal() and int(step) < lines]
    return min(numbers, default=None)


def _pointer_in_line(pointer: str) -> str:
    """A pointer into a batch of one as a pointer into its line."""
    return pointer.removeprefix("/0")
