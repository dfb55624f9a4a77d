"""A log on media that cannot be written is read as it is, and nothing is left beside it."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from ledger.append import Append
from ledger.ledger import Ledger
from tests.api.sending import opening
from tests.faults.serving import PARLEY
from tests.faults.surroundings import on_linux
from tests.ledger.sending import begin, statement

MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def run(data: Path, *arguments: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    """A command on a directory that cannot be written: mounted so for it alone, since root may write anywhere."""
    command = [PARLEY, *arguments, "--data", str(data)]
    if os.geteuid() == 0:
        command = ["unshare", "-m", "sh", "-c", MOUNTED, str(data), *command]
    else:
        data.chmod(0o500)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    try:
        return subprocess.run(command, input=sent, text=True, capture_output=True, check=False, env=kept, cwd="/")
    finally:
        data.chmod(0o700)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    with closing(Ledger(data)) as ledger:
        begin(ledger)
        ledger.append(Append((statement(note="it was quiet"),)))
    return data


@on_linux
def test_it_is_read(data: Path) -> None:
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    for arguments, told in (
        (("status", "first"), "first"),
        (("history", "first"), "statement made"),
        (("replay",), "statement made"),
        (("check",), "log"),
    ):
        done = run(data, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert told in done.stdout
        assert ("the read models are temporary" in done.stderr) == (arguments != ("check",))
    refused = run(data, "append", "-", sent=json.dumps(opening("talks/second")))
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before


@on_linux
def test_commits_that_wait_to_be_taken_in_are_not_passed_over(data: Path) -> None:
    (data / "events.db-wal").write_bytes(bytes(32))
    done = run(data, "status", "first")
    assert done.returncode == 2
    assert "copy the directory to where it can be written" in done.stderr
