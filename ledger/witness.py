"""What is known of how far a log was, kept beside it: a log that is shorter, or another one, is not taken for it.

The file is written when a log is opened and closed, and now and then while it grows. It may lag behind the log, and
is never ahead of it.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from domain.errors import Unavailable
from ledger.sqlite import snapshot_of

log = logging.getLogger(__name__)

WITNESS = "log-witness.json"
EVERY = 10.0
"""Seconds between two notes while a log grows."""


@dataclass(frozen=True, slots=True)
class Witness:
    """How far a log was known to reach."""

    position: int
    digest: str
    """Of the event at the position, as the log's index has it, in hexadecimal digits."""
    at: str
    """When this was noted, as an RFC 3339 time in UTC."""


NOTHING = Witness(0, "", "")
"""Of a log of which nothing was noted yet."""


def missed(directory: Path, witness: Witness) -> str | None:
    """Why a log in a file is not the one any more that was noted while it was open; None if it is.

    A file that is written over in place keeps its name, and what a connection has read of it goes on to be believed
    there. So it is asked anew.
    """
    if witness.position == 0:
        return None
    try:
        with snapshot_of(directory / "events.db") as there:
            digests = list(there.rows("SELECT digest FROM event_index WHERE position = ?", (witness.position,)))
            ((head,),) = there.rows("SELECT COALESCE(MAX(position), 0) FROM event_index")
    except Unavailable:
        return None  # whoever asks it next is told
    return refusal(directory / WITNESS, witness, head, bytes(digests[0][0]).hex() if digests else None)


def note_of(directory: Path, database: str) -> Path:
    """The file in a directory that notes how far the log in a database reaches; the directory may know several."""
    return directory / f"log-witness-{sha256(database.encode()).hexdigest()[:12]}.json"


def noted(path: Path) -> Witness | None:
    """What is noted in a file; None if there is none.

    Raises:
        Unavailable: the file cannot be read, or holds something else.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Witness(int(fields["position"]), str(fields["digest"]), str(fields["at"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Unavailable(
            f"{path} cannot be read ({type(error).__name__}): it says how far the log reached. See with "
            "`parley verify` on a copy that the log is whole, then move the file away"
        ) from error


def note(path: Path, witness: Witness) -> None:
    """Notes how far a log reaches, and brings that to the disk. A directory that cannot be written keeps its old note:
    the log goes on."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    fields = {"position": witness.position, "digest": witness.digest, "at": witness.at}
    try:
        with draft.open("w", encoding="utf-8") as opened:
            opened.write(json.dumps(fields) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        log.warning("%s cannot be written (%s): a log that loses events may not be noticed", path.name, error.strerror)


def refusal(path: Path, witness: Witness, head: int, digest: str | None) -> str | None:
    """Why a log must not be taken for the one that was noted; None if it may be.

    Args:
        path: of the note.
        witness: what it says.
        head: the last position of the log.
        digest: of the event that the log has at the noted position.
    """
    reached = f"{witness.position:,} at {witness.at}, as {path.name} beside it tells"
    accept = f"move {path.name} away and run `parley rebuild`"
    if head < witness.position:
        return (
            f"the log ends at position {head:,}, but it had reached {reached}: {witness.position - head:,} events are "
            "lost, or an older copy was put in its place. Put back the newer file; or move events.db away and "
            "`parley restore` the newest backup, which notes anew how far the log reaches; or, if the loss is known "
            f"and accepted, {accept}"
        )
    if digest != witness.digest:
        return (
            f"the log has another event at the position it had reached, {reached}: another log was put in its place, "
            f"or it was changed. Put back the right file; or, if this one is meant, {accept}"
        )
    return None
