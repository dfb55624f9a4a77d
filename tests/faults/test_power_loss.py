"""The power goes at any moment: nothing that was acknowledged is lost.

The calls by which SQLite writes are recorded while events are appended. Then the files are put together as a disk may
hold them when the power goes between two of these calls: what was flushed is there; of what was written since, any part
is, in sectors.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from domain.event import Recorded
from ledger.ledger import Ledger
from tests.faults.surroundings import on_linux
from tests.ledger.sending import begin

LONG = os.environ.get("PARLEY_LONG") == "1"
CUTS, DISKS = (200, 3) if LONG else (10, 2)
APPENDS = 120 if LONG else 30
SECTOR = 512
WRITER = """
import sys, os
from uuid import UUID
from pathlib import Path
from contextlib import closing
from ledger.append import Append
from ledger.ledger import Ledger
from tests.ledger.sending import statement
with closing(Ledger(Path(sys.argv[1]))) as ledger:
    for number in range(int(sys.argv[2])):
        ledger.append(Append((statement(id=str(UUID(int=1000 + number)), note=f"{number} " + "x" * 9000),)))
        os.write(1, b"acknowledged")
"""
CALL = re.compile(r"(pwrite64|write|fsync|fdatasync|ftruncate)\(([0-9]+)<([^>]*)>(?:, (.*))?\) += (-?[0-9]+)$")


@dataclass
class File:
    """A file as it lies on a disk."""

    flushed: bytearray
    written: list[tuple[int, bytes]] = field(default_factory=list)
    """What was written since, each with its place; a place without bytes is the end at which it was cut."""

    def write(self, at: int, data: bytes) -> None:
        self.written.append((at, data))

    def flush(self) -> None:
        for at, data in self.written:
            put(self.flushed, at, data)
        self.written = []

    def left(self, rng: random.Random) -> bytearray:
        """What may be there once the power has gone."""
        held = bytearray(self.flushed)
        for at, data in self.written:
            if not data and rng.random() < 0.5:
                put(held, at, data)
            for first in range(0, len(data), SECTOR):
                if rng.random() < 0.5:
                    put(held, at + first, data[first : first + SECTOR])
        return held


def put(held: bytearray, at: int, data: bytes) -> None:
    if not data:
        del held[at:]
        return
    held.extend(bytes(max(at + len(data) - len(held), 0)))
    held[at : at + len(data)] = data


def calls(trace: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """What was done to which file: its name, the place and the bytes."""
    for line in trace.read_text().splitlines():
        if (call := CALL.search(line)) is None:
            continue
        name, number, hexadecimal, rest, result = call.groups()
        file = Path(plain(hexadecimal).decode()).name
        assert int(result) >= 0, line
        match name:
            case "pwrite64":
                text, _, at = rest.rsplit(", ", 2)
                data = plain(text.strip('"'))
                assert len(data) == int(result), "the trace leaves something out"
                yield "write", file, int(at), data
            case "ftruncate":
                yield "write", file, int(rest), b""
            case "fsync" | "fdatasync":
                yield "flush", file, 0, b""
            case _ if number == "1":
                yield "acknowledged", "", 0, b""


def plain(text: str) -> bytes:
    """What a trace writes as `\\x2f`."""
    return bytes.fromhex(text.replace("\\x", ""))


@on_linux
def test_nothing_acknowledged_is_lost_when_the_power_goes(tmp_path: Path) -> None:
    data, trace = tmp_path / "data", tmp_path / "trace"
    with closing(Ledger(data)) as ledger:
        begin(ledger)
    shutil.copytree(data, tmp_path / "before")
    traced = ["strace", "-f", "-y", "-xx", "-s", "100000", "-o", str(trace)]
    traced += ["-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate"]
    subprocess.run([*traced, sys.executable, "-c", WRITER, str(data), str(APPENDS)], check=True, stdout=subprocess.PIPE)
    done = list(calls(trace))
    assert sum(kind == "acknowledged" for kind, *_ in done) == APPENDS
    rng = random.Random(1)
    cuts = set(rng.sample(range(len(done)), CUTS))
    files: defaultdict[str, File] = defaultdict(lambda: File(bytearray()))
    for name in ("events.db",):
        files[name] = File(bytearray((tmp_path / "before" / name).read_bytes()))
    acknowledged = most = 0
    for number, (kind, name, at, bytes_written) in enumerate(done):
        match kind:
            case "acknowledged":
                acknowledged += 1
            case "flush":
                files[name].flush()
            case _:
                files[name].write(at, bytes_written)
        if number in cuts:
            for one in range(DISKS):
                found = recovered(tmp_path / f"{number}-{one}", files, rng)
                assert found[:acknowledged] == [*range(acknowledged)], f"cut at call {number}"
                assert len(found) <= acknowledged + 1
                most = max(most, len(found))
    print(f"{CUTS} cuts in {len(done)} calls, each with {DISKS} disks; up to {most} events")


def recovered(place: Path, files: dict[str, File], rng: random.Random) -> list[int]:
    """The numbers of the events that a log has after the power has gone, in its order."""
    place.mkdir()
    for name in ("events.db", "events.db-wal"):
        if held := files[name].left(rng):
            (place / name).write_bytes(held)
    with closing(Ledger(place)) as ledger:
        events = ledger.read_checked(2)
    shutil.rmtree(place)
    assert all(isinstance(event, Recorded) for event in events)
    return [event.event.id.int - 1000 for event in events if isinstance(event, Recorded)]
