"""`parley serve` as a process that can be killed, with all that it started, and started again where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import httpx2

from tests.postgres import free_port
from tests.waiting import PATIENCE, eventually

PARLEY = str(Path(sys.executable).with_name("parley"))


class Killed(Enum):
    """Who gets the SIGKILL."""

    SERVER = "the process that was started, and nothing that it started"
    ALL = "all of its processes at once"


@dataclass
class Server:
    """One server on one installation, started and killed in turn.

    Args:
        where: the directory of the log and the read models, or the URL of their database.
        place: a directory for all else.
    """

    where: Path | str
    place: Path
    port: int = field(default_factory=free_port)
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _workers: int = 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        return self._started[-1].pid

    @property
    def errors(self) -> str:
        """What all of them wrote to stderr."""
        return (self.place / "errors.log").read_text(encoding="utf-8")

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        kept |= {"PARLEY_PORT": str(self.port), "PARLEY_LOG_LEVEL": "error", "TMPDIR": str(self.place)}
        if isinstance(self.where, str):
            return {**kept, "PARLEY_DATABASE_URL": self.where, "PARLEY_DATA": str(self.place / "data")}
        return {**kept, "PARLEY_DATA": str(self.where)}

    def start(self, workers: int = 1) -> None:
        """Starts it, and waits until it answers, and until nothing is left of the one that was killed before it.

        What that had started may still be at work when this one begins; but workers have the port until they end.
        """
        before = self._started[-1:]
        if self._workers > 1:
            self._left_nothing(before)
        with (self.place / "errors.log").open("ab") as errors:
            process = subprocess.Popen(
                [PARLEY, "serve", "--workers", str(workers)],
                env=self.environment(),
                cwd=self.place,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # by which all that it starts is found
            )
        self._started.append(process)
        self._workers = workers
        eventually(self._answers)
        self._left_nothing(before)

    def kill(self, whom: Killed = Killed.SERVER) -> None:
        """Kills it at once."""
        process = self._started[-1]
        if whom is Killed.ALL:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()

    def stop(self) -> None:
        """Tells it to stop; it must end well."""
        process = self._started[-1]
        process.terminate()
        assert process.wait(PATIENCE) == 0, self.errors
        self._left_nothing([process])

    def end(self) -> None:
        """Leaves nothing behind, whatever state it is in."""
        for pid in living(self._started):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._started:
            process.wait()

    def caught_up(self) -> bool:
        """Whether the read models stand where the log does."""
        answer = self._asked("/readyz")
        return answer is not None and answer.status_code == 200 and answer.json()["views"]["lag"] == 0

    def run(self, *arguments: str) -> str:
        """What a command prints on this installation. It must succeed."""
        done = subprocess.run(
            [PARLEY, *arguments], env=self.environment(), cwd=self.place, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @staticmethod
    def _left_nothing(processes: Sequence[subprocess.Popen[bytes]]) -> None:
        eventually(lambda: not living(processes), lambda: f"its processes live on: {living(processes)}")

    def _answers(self) -> bool:
        assert self._started[-1].poll() is None, self.errors
        return self._asked("/healthz") is not None

    def _asked(self, path: str) -> httpx2.Response | None:
        try:
            return httpx2.get(self.url + path, timeout=5)
        except httpx2.TransportError:
            return None


def living(leaders: Sequence[subprocess.Popen[bytes]]) -> dict[int, str]:
    """All processes of the sessions that some processes lead, each with its command."""
    found: dict[int, str] = {}
    sessions = {str(leader.pid) for leader in leaders}
    for stat in Path("/proc").glob("[0-9]*/stat") if sessions else ():
        try:
            told = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if told[3] in sessions and told[0] not in "ZX":
            found[int(stat.parent.name)] = command
    return found
