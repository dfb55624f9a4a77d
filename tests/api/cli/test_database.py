"""A database that cannot be used, at the command line: one sentence that says what to do, and exit code 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import main
from tests import postgres
from tests.ledger.test_postgres import SECRET, WHY, Refused, as_user, guarded_server, refused, run

__all__ = ["guarded_server", "refused"]

COMMANDS = (["serve"], ["status", "eastern-kalamun"], ["check"], ["verify"], ["backup", "safe.db"], ["rebuild"])


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and no setting from outside."""
    for name in [name for name in os.environ if name.startswith(("PARLEY_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PARLEY_PORT", "0")
    monkeypatch.setenv("PARLEY_LOCK_TIMEOUT", "2")
    monkeypatch.chdir(tmp_path)


def told(url: str, *command: str) -> str:
    """What a command that cannot be done says."""
    done = CliRunner().invoke(main.app, command, env={"PARLEY_DATABASE_URL": url})
    assert done.exit_code == 2, f"{done.stdout}{done.stderr}{done.exception!r}"
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
    return done.stderr


@pytest.mark.parametrize("why", WHY)
def test_a_database_that_cannot_be_used(refused: Refused, why: str) -> None:
    with refused.place(why) as url:
        for command in COMMANDS[:2]:
            assert WHY[why] in told(url, *command)


@pytest.mark.parametrize("why", ["nobody listens", "no such database", "wrong password"])
def test_a_database_that_cannot_be_reached(refused: Refused, why: str) -> None:
    with refused.place(why) as url:
        for command in COMMANDS:
            assert WHY[why] in told(url, *command)


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        (f"mysql://user:{SECRET}@host/name", "send a URL of the form postgresql://user@host:5432/name"),
        (f"postgresql://user:{SECRET}%@host/name", "it cannot be read as a URL of the form postgresql://"),
        (f"postgresql://user:{SECRET}@[::1/name", "it cannot be read as a URL"),
        (f"postgresql://user@host/name?colour={SECRET}", "it cannot be read as a URL"),
    ],
)
def test_a_url_that_names_no_database(url: str, mend: str) -> None:
    for command in COMMANDS:
        said = told(url, *command)
        assert said.startswith("PARLEY_DATABASE_URL: ")
        assert mend in said


def test_a_user_who_may_not_read_the_tables(databases: postgres.Databases) -> None:
    with databases.one() as url:
        run(url, "CREATE ROLE parley_stranger LOGIN")
        try:
            for command in COMMANDS:
                said = told(as_user(url, "parley_stranger"), *command)
                assert "gives the user too few rights" in said
        finally:
            run(url, "DROP ROLE parley_stranger")
