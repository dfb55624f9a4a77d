"""`parley check` and `parley verify`: are the settings, the log and the read models as they should be?"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from api.cli.client import LOG_FILE
from api.cli.errors import Unreachable
from api.cli.terminal.progress import Report
from api.settings import PREFIX, Settings, open_ledger, open_views
from api.wording.words import times
from domain.errors import Unavailable

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.sampling import Sample
    from projections.storage.generations import GenerationProgress


EVENTS_PER_BATCH = 1000
SAMPLE = 1000
"""Events that `check` compares with their digests."""
MAX_NAMED = 20
"""Problems of one kind that are named; of the rest only the number is given."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report."""

    what: str
    says: str
    sound: bool = True


NO_VIEWS = CheckResult("read models", "there are none yet; the next command or server makes them from the log")


def settings_in_force(settings: Settings, flags: set[str]) -> Iterator[tuple[str, str, str]]:
    """Each setting: its variable, its value, and where that comes from. Addresses with a password are not shown."""
    environment = {name.upper() for name, value in os.environ.items() if value}
    written = {name.upper() for name, value in dotenv_values(".env").items() if value}
    for name in type(settings).model_fields:
        variable = f"{PREFIX}{name.upper()}"
        value: Any = getattr(settings, name)
        if name in flags:
            source = "flag"
        elif variable in environment:
            source = "environment"
        elif variable in written:
            source = ".env"
        else:
            source = "default"
        yield variable, _shown(settings, name, value), source


def _shown(settings: Settings, name: str, value: Any) -> str:
    if value is None:
        return "not set"
    if name == "database_url":  # the password may stand anywhere in it
        return settings.shown
    return "***" if "://" in str(value) and "@" in str(value) else str(value)


def has_log(settings: Settings) -> bool:
    """Whether there is a log, in the data directory or in the database. Looking creates nothing.

    Raises:
        Unavailable: the database cannot be read.
    """
    if isinstance(settings.log_at, Path):
        return (settings.log_at / LOG_FILE).exists()
    return _holds(settings.log_at, "parley_log.format", settings.lock_timeout)


def has_views(settings: Settings) -> bool:
    """The same, for the read models."""
    if isinstance(settings.views_at, Path):
        return settings.views_at.exists() and not settings.read_only
    return _holds(settings.views_at, "parley_views.generations", settings.lock_timeout)


def _holds(url: str, table: str, timeout: int) -> bool:
    from ledger.postgres import holds  # its driver is slow to import, and a log in a file does without

    return holds(url, table, timeout)


def require_log(settings: Settings) -> None:
    """Requires that there is a log.

    Raises:
        Unreachable: there is none.
        Unavailable: the database cannot be read.
    """
    if not has_log(settings):
        raise Unreachable(f"there is no log in {settings.shown}: name another with --data or PARLEY_DATABASE_URL")


def _sampled(ledger: Ledger) -> Sample:
    from ledger.sampling import sample  # slow to import

    return sample(ledger, SAMPLE)


def check_log(settings: Settings, done: Callable[[int], None] = lambda _: None) -> Iterator[CheckResult]:
    """Whether the file is sound, every position and version is there once, and every event can be read.

    Args:
        settings: where the log is.
        done: called with the position after each batch.
    """
    if not has_log(settings):
        yield CheckResult("log", f"there is none in {settings.shown} yet")
        return
    yield from check_private(settings.data)
    place = list(check_place(settings))
    yield from place
    if not all(finding.sound for finding in place):
        return

    from domain.event import Unreadable  # slow to import, as is the ledger

    with closing(open_ledger(settings)) as ledger:
        head = ledger.head()
        faulty = Faults()
        versions: Counter[str] = Counter()
        position, last = 0, None
        while batch := ledger.read_what_is_there(position, EVENTS_PER_BATCH, until=head):
            for event in batch:
                if event.position != position + 1:
                    faulty.add("gap", f"positions {position + 1} to {event.position - 1} are missing")
                position = event.position
                versions[event.subject] += 1
                if event.version != versions[event.subject]:
                    faulty.add(
                        "version",
                        f"position {position}: {event.subject} is at version {event.version}, "
                        f"not {versions[event.subject]}",
                    )
                    versions[event.subject] = event.version
                if isinstance(event, Unreadable):
                    faulty.add("unreadable", f"position {position}, {event.type} on {event.subject}: {event.reason}")
                    continue
                if last is not None and event.recorded_at < last:
                    faulty.add("time", f"position {position} was recorded before the one in front of it")
                last = event.recorded_at
            done(position)
        if position != head:
            faulty.add("gap", f"positions {position + 1} to {head} are missing")
        faulty_index = index_faults(ledger)
        seen = _sampled(ledger)
        ahead = ledger.ahead()
    yield from (CheckResult("log", text, sound=False) for text in [*faulty.named(), *faulty_index, *seen.changed])
    if ahead:
        text = (
            f"the last event was recorded {ahead} in the future, by the clock of this machine: set the clock that is "
            "wrong; until that time all events are given the same one"
        )
        yield CheckResult("clock", text, sound=False)
    if not faulty.faults_by_kind and not faulty_index:
        yield CheckResult("log", f"{head:,} events on {len(versions):,} subjects: each is there once and can be read")
    if head and not seen.changed:
        text = f"{seen.looked_at:,} of {head:,} events were compared with their digests: each is as it was recorded"
        yield CheckResult("log", text if seen.looked_at == head else f"{text}; `parley verify` compares all")


def check_private(data: Path) -> Iterator[CheckResult]:
    """Whether others on this machine can read or change what lies in the data directory.

    Args:
        data: the directory, which need not be there.
    """
    if os.name == "nt" or not data.is_dir():
        return
    mode = data.stat().st_mode
    if not mode & 0o077:
        return
    exposed = sorted(file.name for file in data.iterdir() if file.is_file() and file.stat().st_mode & 0o077)
    if mode & 0o022 or exposed:
        named = f"{data} and {exposed[0]} in it" if exposed else str(data)
        text = (
            f"others on this machine may open {named} ({stat.filemode(mode)}): `chmod -R go-rwx {data}` keeps them out"
        )
        yield CheckResult("directory", text, sound=False)


def check_place(settings: Settings, *, thoroughly: bool = False) -> Iterator[CheckResult]:
    """Whether the file of the log is sound; of a database, which one it is: it looks after its files itself.

    Args:
        settings: where the log is, which must be there.
        thoroughly: whether the file's indexes are compared with its tables, which takes longer.
    """
    if isinstance(settings.log_at, str):
        yield CheckResult("log", f"it is in the database {settings.shown}")
        return
    from ledger import files  # slow to import

    path = settings.log_at / LOG_FILE
    fault = files.fault(path)
    faults = [f"{path} {fault}"] if fault is not None else file_faults(path, thoroughly=thoroughly)
    yield from (CheckResult("log file", fault, sound=False) for fault in faults)
    if not faults:
        yield CheckResult("log file", f"{path} is sound ({path.stat().st_size:,} bytes)")


class Faults:
    """Faults by kind: the first few of each are named, of the rest only the number is given."""

    def __init__(self) -> None:
        self.faults_by_kind: dict[str, list[str]] = {}
        self._more: Counter[str] = Counter()

    def add(self, kind: str, text: str) -> None:
        named = self.faults_by_kind.setdefault(kind, [])
        if len(named) < MAX_NAMED:
            named.append(text)
        else:
            self._more[kind] += 1

    def named(self) -> Iterator[str]:
        for kind, texts in self.faults_by_kind.items():
            yield from texts
            if self._more[kind]:
                yield f"and {self._more[kind]:,} more of this kind ({kind})"


def file_faults(path: Path, *, thoroughly: bool = False) -> list[str]:
    """What SQLite finds wrong with a file, read only; nothing if it is sound."""
    from ledger.backup import checked  # slow to import

    return [f"{path} {fault}" for fault in checked(path, thoroughly=thoroughly, most=MAX_NAMED)]


def index_faults(ledger: Ledger) -> list[str]:
    """Whether every event has its row in the index by event id, and no other row is there."""
    query = (
        "SELECT (SELECT count(*) FROM stored_events WHERE {position} NOT IN (SELECT position FROM event_index)),"
        " (SELECT count(*) FROM event_index WHERE position NOT IN (SELECT {position} FROM stored_events))"
    )
    ((lacking, idle),) = ledger.log.fetch(query)
    faults = [f"{lacking:,} events are missing from the index by event id"] if lacking else []
    return [*faults, f"{idle:,} rows of the index by event id belong to no event"] if idle else faults


def check_views(settings: Settings) -> Iterator[CheckResult]:
    """Whether the read models are sound, how far behind the log they are, and whether they halted."""
    if not has_views(settings):
        yield NO_VIEWS
        return
    if faults := views_file_faults(settings):
        yield from faults
        return

    with closing(open_views(settings)) as views:
        progress = views.progress()
    yield views_result(progress, _head(settings))


def views_file_faults(settings: Settings) -> list[CheckResult]:
    """What is wrong with the file of the read models, if they are in one."""
    if isinstance(settings.views_at, str):
        return []
    advice = "`parley rebuild` makes them anew"
    return [CheckResult("read models", f"{f}; {advice}", sound=False) for f in file_faults(settings.views_at)]


def views_result(progress: GenerationProgress | None, head: int | None) -> CheckResult:
    """How far the read models are.

    Args:
        progress: where they stand; None if there are none yet.
        head: the last position of the log; None if there is no log that can be read.
    """
    if progress is None:
        return NO_VIEWS
    position = progress.position
    if head is None:
        return CheckResult("read models", f"at position {position:,}")
    if progress.halted is not None:
        text = f"halted after position {position:,} of {head:,}: {progress.halted}"
        return CheckResult("read models", text, sound=False)
    if position > head:
        text = f"stand at {position:,}, beyond the log's end at {head:,}: `parley rebuild` makes them anew"
        return CheckResult("read models", text, sound=False)
    if position < head:
        text = f"at position {position:,} of {head:,}: {head - position:,} behind, they catch up by themselves"
        return CheckResult("read models", text)
    return CheckResult("read models", f"at position {position:,}, the end of the log")


def _head(settings: Settings) -> int | None:
    """The last position of a log; None if there is no log that can be read."""
    if not has_log(settings):
        return None

    with suppress(Unavailable), closing(open_ledger(settings)) as ledger:
        return ledger.head()
    return None


@dataclass(slots=True)
class VerifyResult:
    """What was found."""

    findings: list[CheckResult] = field(default_factory=list)
    position: int | None = None
    """The last position of the log that was looked at."""
    sha256: str | None = None
    """Of the whole log up to there, as `parley backup` prints it; None if it is damaged."""

    @property
    def sound(self) -> bool:
        return all(finding.sound for finding in self.findings)


def verify_all(settings: Settings, report: Report) -> VerifyResult:
    """Checks everything. It takes long, but no more memory for a long log than for a short one.

    Args:
        settings: where the log and the read models are.
        report: called at each step.

    Raises:
        Unreachable: there is no log.
        Unavailable: the log or the read models cannot be read.
    """
    require_log(settings)
    result = VerifyResult(list(check_place(settings, thoroughly=True)))
    if result.sound:
        with closing(open_ledger(settings)) as ledger:
            _log(ledger, result, report)
            _views(settings, ledger, result, report)
    return result


def _log(ledger: Ledger, result: VerifyResult, report: Report) -> None:
    from ledger.verify import verify

    faults = Faults()
    seen = verify(ledger, faults.add, report)
    result.position = seen.position
    if seen.sum is None:
        result.findings += [CheckResult("log", text, sound=False) for text in faults.named()]
        return
    result.sha256 = seen.sum.sha256
    told_of = f"{times(seen.position, 'event')} on {times(seen.subjects, 'subject')}: each is as it was recorded"
    result.findings.append(CheckResult("log", told_of))


def _views(settings: Settings, ledger: Ledger, result: VerifyResult, report: Report) -> None:
    if not result.sound:
        result.findings.append(CheckResult("read models", "not compared: they can only be as good as the log"))
        return
    if not has_views(settings):
        result.findings.append(NO_VIEWS)
        return
    if faulty := views_file_faults(settings):
        result.findings += faulty
        return

    from projections.compare import compare

    faults = Faults()
    with closing(open_views(settings)) as views:
        progress = views.progress()
        head = ledger.head()
        if progress is None or not progress.complete or progress.position > head or progress.halted is not None:
            result.findings.append(views_result(progress, head))
            return
        position = compare(views, ledger.read_checked, faults.add, report)
    result.findings += [CheckResult("read models", text, sound=False) for text in faults.named()]
    if not faults.faults_by_kind:
        result.findings.append(
            CheckResult("read models", f"each row is what the log gives, up to position {position:,}")
        )
