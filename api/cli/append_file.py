"""Appending a file of events: one a line, in batches, up to the first line that is refused.

A batch is recorded whole or not at all, so a refused one is sent again in parts: what stands before the refused line
is recorded, then this stops. Every line has an id: its own, the one that is kept beside the file, or one made from its
content, so that sending it again records nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from api.cli.client import Client
from api.cli.doubles import Double
from api.cli.errors import ServerRefusal
from api.cli.event_file import LineRefused
from api.cli.held_lines import (
    DoublesAre,
    FileLine,
    Held,
    batches_of,
    file_lines,
    held_against_log,
    hold_mended,
)
from api.cli.kept_ids import KeptIds

if TYPE_CHECKING:
    from api.http.schemas.answers import AppendedAnswer
    from projections.answers.findings import ChangedFinding

BATCH_LINES = 500
BATCH_BYTES = 1024 * 1024
"""Half of what a server takes by default; a longer line goes alone."""
CAUSED_BY_LINES = {400, 409, 413, 422}
"""Statuses that the content of a request causes."""
MAX_LINES_FOR_FINDINGS = 100
"""Lines up to which it is asked what they do to findings: a longer file does not wait for the read models."""

MAX_LINES_SHOWN = 20
"""Lines up to which the ids are shown."""


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
    findings: dict[tuple[str, str, str], ChangedFinding] = field(default_factory=dict)
    """What the lines did to the findings of their subjects, as far as the server said: by rule, subject and what it is
    about, what was done last."""

    @property
    def recorded(self) -> int:
        return self.new + self.known

    def note(self, finding: ChangedFinding) -> None:
        """Takes note of what one line did; what an earlier one raised and a later one resolved is no news."""
        key = (finding["rule"], finding["subject"], finding["about"])
        before = self.findings.pop(key, None)
        raised = before is not None and before["now"] == "raised"
        if raised and finding["now"] == "resolved":
            return
        self.findings[key] = {**finding, "now": "raised"} if raised else finding


class DoublesFound(Exception):
    """Lines may be reports that are recorded; it must be said first what they are."""

    def __init__(self, doubles: Sequence[Double]) -> None:
        super().__init__(f"{len(doubles)} lines may repeat what is recorded")
        self.doubles = tuple(doubles)


@dataclass(frozen=True, slots=True)
class AppendOptions:
    """How a file is to be recorded."""

    strict: bool = False
    """Refuse a line that would raise a finding of data quality."""
    doubles: DoublesAre = "asked about"
    """What is done with lines that may repeat a report in other words."""
    findings: bool = False
    """Ask what the lines do to findings, if the file is short."""

    def headers(self, *, with_findings: bool = False) -> dict[str, str]:
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
    kept: KeptIds | None = None,
) -> None:
    """Appends the events of a file, and counts them in `result`, also when it stops.

    Args:
        client: where to.
        file: NDJSON in UTF-8.
        result: counts what is recorded.
        read: called with the number of bytes of each batch that is done.
        options: what to ask for.
        kept: the ids that lines of the file got before; those that they get now are kept there.

    Raises:
        DoublesFound: lines may repeat what is recorded; none of those that were looked at is recorded.
        LineRefused: at the first line that is refused.
        ServerRefusal: the server refuses for a reason that no line causes.
        Unreachable
    """
    kept = kept or KeptIds()
    done = False
    try:
        head = client.get("/v1/head").json()["position"]
        lines: Iterable[FileLine | LineRefused] = file_lines(file, kept, options.doubles)
        if head and (options.doubles != "new" or kept.entries):  # an empty log holds nothing that a line could repeat
            held = held_against_log(client, lines, options.doubles)
            if held.doubles:
                raise DoublesFound(held.doubles)
            result.known += len(held.known)
            kept.note((line.number, line.keep) for line in held.known if line.keep is not None)
            lines = held.lines
        sending = _Sending(client, result, head, options, kept)
        for number, batch in enumerate(batches_of(lines, BATCH_LINES, BATCH_BYTES)):
            sending.with_findings = options.findings and number == 0 and len(batch) <= MAX_LINES_FOR_FINDINGS
            kept.note((line.number, line.keep) for line in batch if line.keep is not None)
            sending.send(batch)
            read(sum(len(line.text) + 1 for line in batch))
        done = True
    finally:
        kept.close(done=done)


@dataclass(slots=True)
class _Sending:
    """Sends batches, and counts what became of them."""

    client: Client
    result: AppendResult
    head: int
    options: AppendOptions
    kept: KeptIds
    with_findings: bool = False

    def send(self, lines: Sequence[FileLine]) -> None:
        """Records lines in order, up to the first refused one.

        Raises:
            LineRefused: with that line; those before it are recorded.
            DoublesFound: lines have ids of reports that say something else.
        """
        if not lines:
            return
        try:
            headers = self.options.headers(with_findings=self.with_findings)
            answer: AppendedAnswer = self.client.send(
                "POST", "/v1/events", content=body_of(lines), headers=headers
            ).json()
        except ServerRefusal as problem:
            if problem.status not in CAUSED_BY_LINES:
                raise
            if (corrected := self._corrected(problem, lines)) is not None:
                self.send(corrected)
                return
            if len(lines) == 1:
                faults = [(_pointer_in_line(pointer), detail) for pointer, detail in problem.faults]
                raise LineRefused(lines[0].number, problem.title, faults or [("", problem.detail)]) from None
            # The fault may lie deeper once what stands before it is recorded: the first answer is not trusted.
            first = min(refused_lines(problem, len(lines)), default=None)
            split = len(lines) // 2 if first is None else max(first, 1)
            self.send(lines[:split])
            self.send(lines[split:])
            return
        self._count(lines, answer)

    def _corrected(self, problem: ServerRefusal, lines: Sequence[FileLine]) -> list[FileLine] | None:
        """The lines again, if some of them have ids of reports that say something else: without those that say what the
        report says now, and with corrections where they are wanted. None if that is not what is wrong.

        Raises:
            DoublesFound: it must be said first what these lines are.
        """
        taken = {number for number in refused_lines(problem, len(lines), "/id") if lines[number].own_id}
        if problem.status != 409 or not taken or self.options.doubles == "new":
            return None
        held = Held()
        for number in sorted(taken):
            hold_mended(self.client, lines[number], held, self.options.doubles)
        if held.doubles:
            raise DoublesFound(held.doubles)
        now = {line.number: line for line in held.lines if isinstance(line, FileLine)}
        sent = [now.get(line.number, line) for line in lines if line.number in now or line not in held.known]
        if all(line in lines for line in sent) and len(sent) == len(lines):
            return None
        self.result.known += len(held.known)
        self.kept.note((line.number, line.keep) for line in now.values() if line.keep is not None)
        return sent

    def _count(self, lines: Sequence[FileLine], answer: AppendedAnswer) -> None:
        result = self.result
        positions = {event["position"] for event in answer["events"] if event["position"] is not None}
        last = max(self.head, result.position)
        new = len([position for position in positions if position > last])
        for line, event in zip(lines, answer["events"], strict=True):
            if len(result.recorded_lines) > MAX_LINES_SHOWN:
                break
            if event["position"] is not None and event["position"] > last:
                result.recorded_lines.append(recorded_line(line, event["id"]))
        result.new += new
        result.known += len(lines) - new
        result.position = max(result.position, answer["position"])
        for event in answer["events"]:
            for finding in event["findings"] or ():
                result.note(finding)


def body_of(lines: Iterable[FileLine]) -> bytes:
    """Lines as one request."""
    return b"[" + b",".join(line.text for line in lines) + b"]"


def recorded_line(line: FileLine, event_id: str) -> RecordedLine:
    """A line, with what its subject is called if it says so."""
    said = json.loads(line.text)
    names = said["data"].get("labels") or said["data"].get("title") or []
    return RecordedLine(line.number, event_id, said["subject"], said["type"], names[0]["text"] if names else None)


def refused_lines(problem: ServerRefusal, lines: int, below: str = "") -> set[int]:
    """The numbers of the events that a refusal names, from 0: all of them, or those refused for one field."""
    named = [pointer for pointer, _ in problem.faults if pointer.startswith("/") and pointer.endswith(below)]
    numbers = [pointer.split("/")[1] for pointer in named]
    return {int(step) for step in numbers if step.isdecimal() and int(step) < lines}


def _pointer_in_line(pointer: str) -> str:
    """A pointer into a batch of one as a pointer into its line."""
    return pointer.removeprefix("/0")
