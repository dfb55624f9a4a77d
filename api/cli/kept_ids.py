"""The ids that `parley append` gave to the lines of a file, kept beside it: `reports.ndjson.ids`.

A line without an id gets one made from its content, so a line that was mended would get another. Here stands which id
a line got, and by what it is recognised: unchanged by a digest of what is written, else by its name, or by its place
among lines that did not change.

The file is NDJSON, one line of it for a line of events. It is written before the events are sent: what it holds may
not be recorded yet, and the log says so. While events are sent, lines are only added, the last of an id holding good;
at the end it is put in the order of the file.
"""

from __future__ import annotations

import bisect
import errno
import hashlib
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from api.cli.errors import CannotContinue
from api.cli.event_file import LineRefused, WrittenLine, content_of

SUFFIX = ".ids"
ABOUT = "Ids that `parley append` gave to the lines of this file. Keep it beside the file."
ALIKE = 0.6
"""The share of its fields that a line keeps when it is mended: with fewer it is another report."""
MANY = 10_000
"""Pairs of lines that are compared; where there are more, only those in one order."""


@dataclass(frozen=True, slots=True)
class KeptId:
    """The id of one line, and what the line was when it was appended last."""

    id: str
    digest: str
    subject: str
    type: str
    name: str | None = None
    fields: dict[str, str] = field(default_factory=dict, compare=False)
    """A short digest of each field, to tell how much of the line is as it was."""

    @property
    def kind(self) -> tuple[str, str]:
        """The subject and the type of the line."""
        return self.subject, self.type

    @classmethod
    def of(cls, line: WrittenLine, event_id: str) -> Self:
        return cls(event_id, line.digest, *line.kind, line.name, _fields(line.event))


def _fields(event: dict[str, Any]) -> dict[str, str]:
    data = event.get("data")
    below = {f"data.{name}": value for name, value in data.items()} if isinstance(data, dict) else {}
    said = {name: value for name, value in event.items() if name not in ("id", "type", "subject", "data")} | below
    return {n: hashlib.sha256(content_of({"": value}).encode()).hexdigest()[:8] for n, value in said.items()}


def _likeness(line: WrittenLine, kept: KeptId, *, fields: dict[str, str]) -> float:
    """The share of the fields of both that are alike."""
    if line.kind[0] != kept.subject and line.kind[1] != kept.type:
        return 0.0
    all_fields = fields.keys() | kept.fields.keys()
    equal = sum(fields.get(name) == kept.fields.get(name) for name in all_fields)
    return equal / len(all_fields) if all_fields else 1.0


@dataclass(slots=True)
class KeptIds:
    """The ids of the lines of a file."""

    path: Path | None = None
    """None for what is read from no file: nothing is kept."""
    entries: list[KeptId] = field(default_factory=list)
    notice: Callable[[str], None] = lambda _: None
    """Called once if ids cannot be kept."""
    added: int = 0
    """How many ids were written down now."""
    _known: set[KeptId] = field(default_factory=set)
    _order: list[tuple[int, KeptId]] = field(default_factory=list)
    _journal: BinaryIO | None = None

    @classmethod
    def beside(cls, file: Path | None, notice: Callable[[str], None] = lambda _: None) -> Self:
        """The ids that are kept beside a file.

        Raises:
            CannotContinue: they cannot be read.
        """
        if file is None or not file.is_file():
            return cls()
        path = file.with_name(file.name + SUFFIX)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return cls(path, notice=notice)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return cls(path, notice=notice)
            raise CannotContinue(
                f"the ids that lines of {file.name} got cannot be read from {path} ({error.strerror}), so that lines "
                "which were mended would be taken for new ones: make it readable, or move it away"
            ) from None
        entries, unreadable = _read(text)
        if unreadable:
            notice(f"{unreadable} lines of {path} cannot be read: the events they belong to may be asked about.")
        return cls(path, entries, notice, _known=set(entries))

    def match(self, lines: Sequence[WrittenLine | LineRefused]) -> dict[int, KeptId]:
        """Which kept id each line has, by the number of the line. Lines that have none are new."""
        return _match(self.entries, [line for line in lines if isinstance(line, WrittenLine)])

    def note(self, kept: Iterable[tuple[int, KeptId]]) -> None:
        """Writes ids down, each with the number of its line, before their lines are sent."""
        given = list(kept)
        self._order += given
        fresh = [one for one in dict.fromkeys(one for _, one in given) if one not in self._known]
        if self.path is None or not fresh:
            return
        try:
            if self._journal is None:
                self._journal = self._open(self.path)
            self._journal.write(b"".join(map(_line, fresh)))
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            self.notice(
                f"The ids of these lines cannot be kept in {self.path} ({error.strerror}). They are recorded all the "
                "same, but a line that you mend later is recognised by its subject, type, date and sources alone."
            )
            self.path = None
            return
        self._known.update(fresh)
        self.added += len(fresh)

    def _open(self, path: Path) -> BinaryIO:
        """The file to be added to, readable by those who can read the file of events."""
        beside = path.with_name(path.name.removesuffix(SUFFIX))
        mode = stat.S_IMODE(beside.stat().st_mode) & 0o666
        journal = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode), "ab")
        if journal.tell() == 0:
            journal.write(_head())
        elif not path.read_bytes().endswith(b"\n"):
            journal.write(b"\n")  # its last line broke off
        return journal

    def close(self, *, done: bool) -> None:
        """Ends the writing; with `done` the ids are put in the order of the lines, and those of no line go."""
        if self._journal is None:
            return
        with suppress(OSError):
            self._journal.close()
        self._journal = None
        order = list(dict.fromkeys(one for _, one in sorted(self._order, key=lambda each: each[0])))
        if self.path is None or not done or not self.entries:
            return  # what was written now is in order
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with suppress(OSError):  # what was added holds good as it stands
            beside.write_bytes(_head() + b"".join(map(_line, order)))
            beside.chmod(stat.S_IMODE(self.path.stat().st_mode))
            beside.replace(self.path)


def _head() -> bytes:
    return json.dumps({"about": ABOUT}).encode() + b"\n"


def _line(kept: KeptId) -> bytes:
    said = {"id": kept.id, "type": kept.type, "subject": kept.subject, "as": kept.name, "digest": kept.digest}
    said = {name: value for name, value in said.items() if value is not None}
    return json.dumps({**said, "fields": kept.fields}, ensure_ascii=False).encode() + b"\n"


def _read(text: bytes) -> tuple[list[KeptId], int]:
    """What is kept, the last of each id holding good, and how many lines cannot be read."""
    kept: dict[str, KeptId] = {}
    unreadable = 0
    for line in text.splitlines():
        try:
            said = json.loads(line)
            if "about" in said:
                continue
            parts = [said["id"], said["digest"], said["subject"], said["type"], said.get("as"), said["fields"]]
        except (ValueError, KeyError, TypeError):
            parts = []
        if parts and all(isinstance(part, str) for part in parts[:4]) and isinstance(parts[5], dict):
            kept[parts[0]] = KeptId(*parts)
        else:
            unreadable += 1
    return list(kept.values()), unreadable


def _match(entries: Sequence[KeptId], lines: Sequence[WrittenLine]) -> dict[int, KeptId]:
    by_digest = {kept.digest: place for place, kept in enumerate(entries)}
    by_id = {kept.id: place for place, kept in enumerate(entries)}
    places: dict[int, int] = {}
    """Of lines by their index, which entry is theirs."""
    for index, line in enumerate(lines):
        own = line.own_id
        place = by_id.get(own) if own is not None else by_digest.get(line.digest)
        if place is not None:
            places[index] = place
    used = set(places.values())
    by_name = {kept.name: place for place, kept in enumerate(entries) if kept.name and place not in used}
    for index, line in enumerate(lines):
        if index not in places and line.own_id is None and line.name in by_name:
            places[index] = by_name.pop(line.name)
    used = set(places.values())
    unused = [place for place in range(len(entries)) if place not in used]
    pending: list[int] = []
    before = -1
    for index, line in enumerate(lines):
        if index not in places:
            if line.own_id is None:
                pending.append(index)
            continue
        _pair(entries, lines, places, pending, _between(unused, before, places[index]), in_place=True)
        pending, before = [], places[index]
    _pair(entries, lines, places, pending, _between(unused, before, len(entries)), in_place=before >= 0)
    return {lines[index].number: entries[place] for index, place in places.items()}


def _between(unused: list[int], first: int, last: int) -> list[int]:
    return unused[bisect.bisect_right(unused, first) : bisect.bisect_left(unused, last)]


def _pair(
    entries: Sequence[KeptId],
    lines: Sequence[WrittenLine],
    places: dict[int, int],
    pending: list[int],
    candidates: list[int],
    *,
    in_place: bool,
) -> None:
    """Finds which lines that changed are which lines that were there.

    Args:
        entries: all that is kept.
        lines: all lines.
        places: which entry is whose, which is added to.
        pending: lines that changed, by their index.
        candidates: entries that none has, of the same part of the file.
        in_place: whether that part begins or ends at a line that did not change.
    """
    if not pending or not candidates:
        return
    if in_place:
        kinds = Counter(lines[index].kind for index in pending)
        kept_kinds = Counter(entries[place].kind for place in candidates)
        for index in pending:
            kind = lines[index].kind
            if kinds[kind] == kept_kinds[kind] == 1:  # whatever became of it
                places[index] = next(place for place in candidates if entries[place].kind == kind)
    likely: list[tuple[float, int, int, int]] = []
    few = len(pending) * len(candidates) <= MANY
    for nth, index in enumerate(pending):
        fields = _fields(lines[index].event)
        for mth, place in enumerate(candidates) if few else [(nth, candidates[nth])] if nth < len(candidates) else []:
            likeness = _likeness(lines[index], entries[place], fields=fields)
            if likeness >= ALIKE:
                likely.append((-likeness, abs(nth - mth), index, place))
    paired = set(places.values())
    for _, _, index, place in sorted(likely):
        if index not in places and place not in paired:
            places[index] = place
            paired.add(place)
