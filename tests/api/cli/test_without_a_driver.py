"""Without the extra `postgres` a log in files works, and the URL of a database is refused with what to install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.api.sending import opening

HIDDEN = """
import sys
sys.modules |= dict.fromkeys(("psycopg", "psycopg_pool", "psycopg_binary"))
from api.cli.main import main
main()
"""


def run(*arguments: str, sent: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HIDDEN, *arguments]
    return subprocess.run(
        command, input=sent, text=True, capture_output=True, check=False, env={**os.environ, **variables}
    )


def test_a_log_in_files_needs_no_driver(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    done = run("append", "-", *data, sent=json.dumps(opening("processes/first")))
    assert done.returncode == 0, done.stderr
    for command in (("status", "first"), ("replay",), ("check",), ("rebuild",), ("verify",)):
        done = run(*command, *data)
        assert done.returncode == 0, done.stderr


def test_a_url_tells_what_to_install(tmp_path: Path) -> None:
    for command in (("status", "first"), ("serve",)):
        done = run(*command, "--data", str(tmp_path), PARLEY_DATABASE_URL="postgresql://parley@127.0.0.1/parley")
        assert done.returncode == 2, done.stdout
        assert "install parley-tracker[postgres]" in done.stderr
        assert "Traceback" not in done.stderr
