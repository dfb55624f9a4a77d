"""Lines that a log may hold already, in other words: held against it before they are recorded.

A line without an id gets one made from its content, so a line that was mended gets another one. Nothing else would tell
that it is the same report: it is of the same subject, type, date and sources, and differs in wording or numbers alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from api.cli.client import Client
from api.cli.event_file import id_of
from api.cli.revising import ENVELOPE, report_as_it_reads
from domain.errors import Malformed
from domain.likeness import alike
from domain.values import SUBJECT_PATTERN
from domain.vocabulary import PAYLOADS, read_event
from ledger.mapper import digest_of

FEW_SUBJECTS = 20
"""Pairs of subject and type up to which the log is asked for each; for more it is read once, as a whole."""

_Key = tuple[str, str, str, str]


MAX_CHANGES = 5
"""Fields that are named where a line says otherwise than its report."""


@dataclass(frozen=True, slots=True)
class Double:
    """A line that may be a report which is recorded."""

    number: int
    """Of the line in its file."""
    event: Mapping[str, Any]
    """What the line says."""
    recorded: tuple[str, ...]
    """The ids of the reports that it may repeat."""
    mended: bool = False
    """Whether it was appended before as this report, and says something else now."""
    changes: tuple[str, ...] = ()
    """The fields in which it says something else than the one report it may be."""
    elsewhere: str | None = None
    """The subject of that report, if it is another one: no correction moves a report."""


def changes(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The fields in which two reports differ, by their dotted paths."""
    match before, after:
        case dict(), dict():
            for name in dict.fromkeys((*before, *after)):
                yield from changes(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
        case list(), list() if len(before) == len(after):
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from changes(one, other, f"{path}.{index}")
        case _ if before != after:
            yield path
        case _:
            pass


@dataclass(slots=True)
class RecordedReports:
    """The reports of a log that lines may repeat, as far as they were asked for."""

    client: Client
    ids: set[str]
    """Of the lines of the file: a report that has a line of its own is not what another line repeats."""
    _by_key: dict[_Key, list[str]] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _whole: bool = False

    def look_up(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Asks the log for what these lines may repeat."""
        pairs = {(str(e.get("subject")), str(e.get("type"))) for e in events} - self._asked
        pairs = {(subject, name) for subject, name in pairs if name in PAYLOADS and re.match(SUBJECT_PATTERN, subject)}
        if self._whole or not pairs:
            return
        self._asked |= pairs
        if len(pairs) > FEW_SUBJECTS:
            self._whole = True
            self._by_key.clear()
            self._read({})
            return
        for subject, name in sorted(pairs):
            self._read({"subject": subject, "type": name})

    def _read(self, wanted: Mapping[str, str]) -> None:
        with self.client.stream("/v1/events", "application/x-ndjson", wanted) as lines:
            for line in lines:
                event = json.loads(line)
                self._by_key.setdefault(_key(event), []).append(event["id"])

    def repeated_by(self, event: Mapping[str, Any]) -> tuple[list[str], bool]:
        """The reports that a line may repeat, and whether one of them says just that already."""
        close: list[str] = []
        candidates = self._by_key.get(_key(event), [])
        if event["id"] in candidates:
            return [], False  # it is recorded, and recognised by its id
        for event_id in candidates:
            if event_id in self.ids:
                continue
            reads = report_as_it_reads(self.client, event_id)
            if reads is None:
                continue
            if same_report(reads, event):
                return [event_id], True
            if alike(reads.get("data"), event.get("data")):
                close.append(event_id)
        return close, False


def _key(event: Mapping[str, Any]) -> _Key:
    sources = json.dumps(event.get("sources", []), sort_keys=True)
    return str(event.get("subject")), str(event.get("type")), str(event.get("occurred")), sources


def correction(event: Mapping[str, Any], of: str, revised: int) -> dict[str, Any]:
    """The correction by which a report reads as a line says.

    Its id is made from its content and from how often the report was revised: what was mended there and back again is
    a correction each time.

    Args:
        event: what the line says.
        of: the id of the report.
        revised: how many revisions of it there are.
    """
    replacement = {name: event[name] for name in ENVELOPE if name in event}
    said = {"event": of, "by": "our error", "reason": "Mended in the file.", "replacement": replacement}
    corrected = {"type": "EventCorrected", "subject": event["subject"], "data": said}
    return {"id": str(id_of(corrected, revised + 1)), **corrected}


def same_report(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two reports of one subject say the same, however it is written."""
    if all(first.get(name) == second.get(name) for name in ENVELOPE):
        return True
    digests: set[bytes] = set()
    for report in (first, second):
        whole = {"id": str(UUID(int=0)), "subject": second.get("subject")}
        whole |= {name: report[name] for name in ENVELOPE if name in report}
        try:
            digests.add(digest_of(read_event(whole, json.dumps(whole))))
        except Malformed:
            return False
    return len(digests) == 1
