"""The lines of a file as they are sent: each with its id, and held against what the log has of it already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, BinaryIO, Literal

from api.cli.client import Client
from api.cli.doubles import Double, RecordedReports, changes, correction, same_report
from api.cli.errors import ServerRefusal
from api.cli.event_file import LineRefused, WrittenLine, id_of, named, written_lines
from api.cli.kept_ids import KeptId, KeptIds
from api.cli.questions import read_event
from api.cli.revising import ENVELOPE, report_as_it_reads
from domain.references import event_places
from domain.vocabulary import PAYLOADS

DoublesAre = Literal["asked about", "corrections", "new"]
"""What is done with lines that may be reports which are recorded."""
LOOKED_UP = 500
"""Lines whose subjects and types are asked for at once."""


class Standing(StrEnum):
    """What is known of a line before the log is asked."""

    RECOGNISED = "recognised by its id"
    NEW = "without an id"
    UNCHANGED = "as it was appended last, under an id that was made for something else"
    MENDED = "appended before, and changed since"


@dataclass(frozen=True, slots=True)
class FileLine:
    """One event as it is sent."""

    number: int
    """In the file, from 1; blank lines count."""
    text: bytes
    id: str
    """Of the report that the line is. The event that is sent may be a correction of it."""
    standing: Standing = Standing.RECOGNISED
    keep: KeptId | None = None
    """What is kept of it beside the file."""
    keep_if_corrected: KeptId | None = None
    """The same for a line with an id of its own: nothing need be kept of it as long as it says what was recorded."""

    @property
    def own_id(self) -> bool:
        """Whether its id stands in the file."""
        return self.keep_if_corrected is not None

    def known_as(self, event_id: str) -> FileLine:
        """The line as a report that is recorded."""
        keep = self.keep or self.keep_if_corrected
        return replace(self, id=event_id, keep=replace(keep, id=event_id) if keep is not None else None)

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.text)
        return event


@dataclass(slots=True)
class Held:
    """The lines of a file once they were held against the log."""

    lines: list[FileLine | LineRefused] = field(default_factory=list)
    """Those to be sent, and those that are refused."""
    doubles: list[Double] = field(default_factory=list)
    """Lines of which it must be said first what they are."""
    known: list[FileLine] = field(default_factory=list)
    """Lines that say what is recorded under another id, or what a correction says."""


def file_lines(file: BinaryIO, kept: KeptIds, doubles: DoublesAre) -> Iterator[FileLine | LineRefused]:
    """The lines of a file with their ids; one that cannot be sent comes as its refusal.

    Args:
        file: NDJSON in UTF-8.
        kept: the ids that lines of it got before.
        doubles: if they are new, a line that was changed gets an id of its own.
    """
    written: Iterable[WrittenLine | LineRefused] = written_lines(file)
    matched: dict[int, KeptId] = {}
    if kept.entries:
        written = list(written)
        matched = kept.match(written)
    taken = {had.id for had in matched.values()}
    ids: dict[str, str] = {}
    for line in written:
        if isinstance(line, LineRefused):
            yield line
            continue
        event, faults = named(line, ids)
        had = matched.get(line.number)
        if had is not None and doubles == "new" and line.own_id is None and had.digest != line.digest:
            had = None
        prepared = _with_id(line, event, had, kept, taken)
        if line.name is not None:
            ids[line.name] = prepared.id
        yield LineRefused(line.number, "A name leads nowhere", faults) if faults else prepared


def _with_id(line: WrittenLine, event: dict[str, Any], had: KeptId | None, kept: KeptIds, taken: set[str]) -> FileLine:
    if had is not None:
        changed = had.digest != line.digest
        recognised = line.own_id is None and str(id_of(event)) == had.id
        standing = Standing.MENDED if changed else Standing.RECOGNISED if recognised else Standing.UNCHANGED
        keep = KeptId.of(line, had.id) if changed or had.name != line.name else had
        own = keep if line.own_id is not None else None
        return FileLine(line.number, _sent(line, had.id, event), had.id, standing, keep, own)
    if line.own_id is not None:
        if_corrected = KeptId(line.own_id, line.digest if kept.path is not None else "", *line.kind, line.name)
        return FileLine(line.number, _sent(line, line.own_id, event), line.own_id, keep_if_corrected=if_corrected)
    copy = 1
    while (made := str(id_of(event, copy))) in taken:
        copy += 1
    new = KeptId.of(line, made) if kept.path is not None else None
    return FileLine(line.number, _sent(line, made, event), made, Standing.NEW, new)


def _sent(line: WrittenLine, event_id: str, event: Mapping[str, Any]) -> bytes:
    return line.raw if line.raw is not None else _text({**event, "id": event_id})


def _text(event: Mapping[str, Any]) -> bytes:
    first = {"id": event["id"]}
    return json.dumps({**first, **event}, ensure_ascii=False).encode()


def held_against_log(client: Client, lines: Iterable[FileLine | LineRefused], doubles: DoublesAre) -> Held:
    """The lines of a file without those that the log holds as they are, and with corrections where they are wanted.

    Raises:
        ServerRefusal, Unreachable
    """
    listed = list(lines)
    reports = RecordedReports(client, {line.id for line in listed if isinstance(line, FileLine)})
    held = Held()
    moved: dict[str, str] = {}
    """The ids of lines that turned out to be reports under other ids: lines below may refer to them."""
    for start in range(0, len(listed), LOOKED_UP):
        part = listed[start : start + LOOKED_UP]
        if doubles != "new":
            new = [one for one in part if isinstance(one, FileLine) and one.standing is Standing.NEW]
            reports.look_up([line.event for line in new])
        for line in part:
            if isinstance(line, LineRefused):
                held.lines.append(line)
                continue
            now = _hold(client, _referring(line, moved), held, reports, doubles)
            if now.id != line.id:
                moved[line.id] = now.id
    return held


def _hold(client: Client, line: FileLine, held: Held, reports: RecordedReports, doubles: DoublesAre) -> FileLine:
    """Puts a line where it belongs; gives it with the id of the report that it is."""
    match line.standing:
        case Standing.NEW if doubles != "new":
            event = line.event
            close, same = reports.repeated_by(event)
            if same:
                line = line.known_as(close[0])
                held.known.append(line)
            elif len(close) == 1:
                _repeats(client, line, close[0], held, doubles)
                line = line.known_as(close[0]) if doubles == "corrections" else line
            else:
                held.lines.append(line)
                held.doubles += [Double(line.number, event, tuple(close))] if close else []
        case Standing.MENDED | Standing.UNCHANGED:
            hold_mended(client, line, held, doubles)
        case _:
            held.lines.append(line)
    return line


def hold_mended(client: Client, line: FileLine, held: Held, doubles: DoublesAre) -> None:
    """Puts a line where it belongs whose id may be that of a report which says something else."""
    try:
        record: Mapping[str, Any] = read_event(client, line.id)
    except ServerRefusal as problem:
        if problem.status != 404:
            raise
        held.lines.append(line)  # it was never recorded, or in another log
        return
    event = line.event
    reads = report_as_it_reads(client, line.id)
    said = [record, *(r["data"]["replacement"] for r in record["revisions"] if _corrects(r, record))]
    if line.standing is Standing.UNCHANGED and any(same_report(one, event) for one in said):
        held.known.append(line)
    elif reads is None and line.own_id:
        held.lines.append(line)  # refused: another report needs another id
    elif reads is None:
        anew = {name: value for name, value in event.items() if name != "id"}
        made = str(id_of(anew, len(record["revisions"]) + 1))
        held.lines.append(replace(line.known_as(made), text=_text({**anew, "id": made}), standing=Standing.NEW))
    elif record["subject"] == event.get("subject") and same_report(reads, event):
        held.known.append(line)
    else:
        _repeats(client, line, line.id, held, doubles, mended=True)


def _corrects(revision: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return bool(revision["type"] == "EventCorrected" and revision["data"].get("event") == record["id"])


def _repeats(
    client: Client, line: FileLine, event_id: str, held: Held, doubles: DoublesAre, *, mended: bool = False
) -> None:
    """What becomes of a line that says otherwise than a report: it corrects it, or it is asked about."""
    record: Mapping[str, Any] = read_event(client, event_id)
    event, reads = line.event, report_as_it_reads(client, event_id) or {}
    subject = record["subject"]
    if doubles == "corrections" and subject == event.get("subject"):
        text = _text(correction(event, event_id, len(record["revisions"])))
        held.lines.append(replace(line.known_as(event_id), text=text))
        return
    said = {name: event[name] for name in ENVELOPE if name in event}
    elsewhere = subject if subject != event.get("subject") else None
    fields = tuple(changes(reads, said))
    held.lines += [] if mended else [line]
    held.doubles.append(Double(line.number, event, (event_id,), mended, fields, elsewhere))


def _referring(line: FileLine, moved: Mapping[str, str]) -> FileLine:
    """The line with the ids of the reports that lines above turned out to be."""
    if not moved or line.standing is Standing.RECOGNISED:
        return line
    event = line.event
    payload = PAYLOADS.get(str(event.get("type")))
    places = list(event_places(payload, event.get("data"))) if payload is not None else []
    changed = [place for place in places if place[0][place[1]] in moved]
    for holder, key, _ in changed:
        holder[key] = moved[holder[key]]
    return replace(line, text=_text(event)) if changed else line


def batches_of(lines: Iterable[FileLine | LineRefused], most: int, most_bytes: int) -> Iterator[Sequence[FileLine]]:
    """Lines in batches.

    Args:
        lines: to be sent, in order.
        most: lines of a batch.
        most_bytes: bytes of a batch; a longer line goes alone.

    Raises:
        LineRefused: at a line that cannot be sent; the lines before it come first.
    """
    batch: list[FileLine] = []
    size = 0
    for line in lines:
        if isinstance(line, LineRefused):
            if batch:
                yield batch
            raise line
        if batch and (len(batch) == most or size + len(line.text) > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.text) + 1
    if batch:
        yield batch
