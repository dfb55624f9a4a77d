"""Parley as it runs on several hosts: on each a server, and a process that brings the read models up to date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.postgres import free_port
from tests.waiting import PATIENCE, eventually

PARLEY = str(Path(sys.executable).with_name("parley"))


@dataclass
class Hosts:
    """The servers that run."""

    addresses: list[str]
    logs: list[Path]

    def ready(self) -> bool:
        """Whether all can do their work."""
        return all(asked(address, "/readyz")[0] == 200 for address in self.addresses)

    def caught_up(self) -> bool:
        """Whether all can, and the read models stand where the log does."""
        told = [asked(address, "/readyz") for address in self.addresses]
        return all(status == 200 and body["views"]["lag"] == 0 for status, body in told)

    def errors(self) -> Counter[str]:
        """What they logged of level `error` and above, and how often."""
        lines = [json.loads(line) for log in self.logs for line in log.read_text().splitlines()]
        return Counter(f"{line['event']}, {line.get('exception', 'no exception').splitlines()[-1]}" for line in lines)


@contextmanager
def hosts(url: str, number: int = 2, *, apart: bool = True) -> Iterator[Hosts]:
    """Servers on ports of this machine, until they are no longer needed.

    Args:
        url: of their database.
        number: of hosts.
        apart: whether each has a `parley project` beside it; else the servers bring the read models up to date.
    """
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-drill-")))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        kept |= {"PARLEY_DATABASE_URL": url, "PARLEY_PROJECT": str(not apart), "PARLEY_LOG_LEVEL": "error"}
        found = Hosts([], [])
        running: list[subprocess.Popen[bytes]] = []
        stack.callback(_end, running)
        for host in range(number):
            port = free_port()
            for command in (["serve", "--port", str(port)], ["project"])[: 1 + apart]:
                found.logs.append(place / f"{command[0]}-{host}.log")
                log = stack.enter_context(found.logs[-1].open("ab"))
                environment = {**kept, "PARLEY_DATA": str(place / f"host-{host}")}
                process = subprocess.Popen(
                    [PARLEY, *command], env=environment, stdout=subprocess.DEVNULL, stderr=log, cwd=place
                )
                running.append(process)
            found.addresses.append(f"http://127.0.0.1:{port}")
        eventually(found.ready)
        yield found


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        process.wait(PATIENCE)


def asked(address: str, path: str) -> tuple[int, Any]:
    """Status and body of an answer; 0 if there is none within a few seconds."""
    with suppress(httpx2.TransportError):
        answer = httpx2.get(address + path, timeout=5)
        return answer.status_code, answer.json()
    return 0, None
