"""Keeping a log at the command line: backup, restore, copy, verify and check, of a directory and of a database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from api.cli import main
from api.server.discovery import announce, withdraw
from ledger.ledger import Ledger
from ledger.recorder import UNFINISHED
from projections.batch import open_read_models
from projections.read_models.last_heard import LAST_HEARD
from tests import postgres
from tests.api.cli.test_commands import SEED, Run, place
from tests.api.sending import opening, statement

__all__ = ["place"]  # a fixture

TALKS = "talks/eastern-kalamun-truce"
SECRET = "s3cr3t"  # noqa: S105  stands in URLs that must not be shown


@pytest.fixture
def run(place: Path) -> Run:
    def run(*arguments: str, code: int = 0, at: Path | str | None = None, **options: Any) -> Result:
        result = CliRunner().invoke(main.app, arguments, env=settings_of(at), **options)
        told = f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
        assert result.exception is None or isinstance(result.exception, SystemExit), told
        assert result.exit_code == code, told
        return result

    return run


def settings_of(where: Path | str | None) -> dict[str, str | None]:
    """The settings of an installation there."""
    if isinstance(where, str):
        return {"PARLEY_DATABASE_URL": where, "PARLEY_DATA": "nowhere"}
    return {"PARLEY_DATABASE_URL": None, "PARLEY_DATA": str(where) if where else None}


@pytest.fixture
def where(installation: Callable[[str], Path | str]) -> Path | str:
    """An installation with the founding case, whose read models are at its end."""
    found = installation("parley-data")
    result = CliRunner().invoke(main.app, ["append", str(SEED)], env=settings_of(found))
    assert result.exit_code == 0, result.stderr
    return found


@pytest.fixture
def other(installation: Callable[[str], Path | str]) -> Path | str:
    """An empty installation beside it, in the same kind of database."""
    return installation("other")


def flat(text: str) -> str:
    return " ".join(text.split())


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def sha256_of(told: str) -> str:
    (found,) = re.findall(r"^SHA-256 of the log: ([0-9a-f]{64})$", told, re.MULTILINE)
    return str(found)


def change(where: Path | str, query: str) -> None:
    """Changes the log as somebody does who should not."""
    with closing(Ledger(where)) as ledger, ledger.log.writing() as writing:
        writing.run(query)


def views_at(where: Path | str) -> Path | str:
    return where if isinstance(where, str) else where / "views.db"


def status(run: Run, where: Path | str) -> Any:
    return json.loads(run("status", "eastern-kalamun", "--json", at=where).stdout)["evidence"]


# --- backup and restore


def test_a_backup_is_restored(run: Run, where: Path | str, other: Path | str, place: Path) -> None:
    told = run("backup", "safe.db", at=where).stdout
    size = (place / "safe.db").stat().st_size
    assert told.startswith(f"Written: 42 events, up to position 42, to safe.db ({size:,} bytes).\n")
    assert "The read models are not in it" in told
    restored = run("restore", "safe.db", at=other).stdout
    assert restored.startswith("Restored: 42 events, up to position 42, to ")
    assert sha256_of(restored) == sha256_of(told) == sha256_of(run("verify", at=other).stdout)
    assert run("replay", "--json", at=other).stdout == run("replay", "--json", at=where).stdout
    assert status(run, other) == status(run, where)


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_a_backup_of_a_database_is_read_as_a_directory(run: Run, where: Path | str, place: Path) -> None:
    (place / "restored").mkdir()
    run("backup", "restored/events.db", at=where)
    assert status(run, place / "restored") == status(run, where)


def test_a_backup_is_not_overwritten(run: Run, where: Path | str, place: Path) -> None:
    run("backup", "safe.db", at=where)
    assert "safe.db is there already: name another file, or" in run("backup", "safe.db", code=2, at=where).stderr
    run("backup", "safe.db", "--replace", at=where)
    run("backup", ".", at=where)
    (named,) = place.glob("parley-*.db")
    assert re.fullmatch(r"parley-\d{8}T\d{6}Z-42\.db", named.name)


@pytest.mark.parametrize(
    ("destination", "told"),
    [("nowhere/safe.db", "there is no directory nowhere: make it first"), ("file/safe.db", "file")],
)
def test_a_backup_that_cannot_be_written(run: Run, where: Path | str, place: Path, destination: str, told: str) -> None:
    (place / "file").write_text("")
    stderr = run("backup", destination, code=2, at=where).stderr
    assert told in stderr
    assert stderr.count("\n") == 1


def test_nothing_is_restored_over_a_log(run: Run, where: Path | str, other: Path | str) -> None:
    run("backup", "safe.db", at=where)
    for _ in range(2):
        told = run("restore", "safe.db", code=2, at=where).stderr
        assert "holds a log already: restore into an empty one" in told
        assert "this one is untouched" in told
    assert len(run("replay", at=where).stdout.splitlines()) == 42


def test_what_cannot_be_restored(run: Run, other: Path | str, place: Path) -> None:
    (place / "text.db").write_text("This is no database. " * 1000)
    for name, told in (("nowhere.db", "is no file"), ("text.db", "cannot be used")):
        assert told in run("restore", name, code=2, at=other).stderr
    if isinstance(other, Path):
        assert not other.exists(), "nothing was begun"


def test_nothing_is_restored_under_a_running_server(
    run: Run, where: Path | str, other: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", "safe.db", at=where)
    data = Path("nowhere") if isinstance(other, str) else other
    monkeypatch.setattr("api.server.discovery._is_parley", lambda url: url == "http://127.0.0.1:8642")
    announce(data, "http://127.0.0.1:8642")
    assert "a server runs on" in run("restore", "safe.db", code=2, at=other).stderr
    withdraw(data)
    run("restore", "safe.db", at=other)


# --- copy


def test_a_log_is_copied_to_another_place(
    run: Run, where: Path | str, place: Path, request: pytest.FixtureRequest
) -> None:
    """From a directory to a database, and from a database to a directory."""
    with ExitStack() as stack:
        if isinstance(where, str):
            there: Path | str = place / "there"
        else:
            databases: postgres.Databases = request.getfixturevalue("databases")
            there = stack.enter_context(databases.one())
        told = run("copy", "--to", str(there), at=where).stdout
        assert told.startswith("Copied: 42 events, up to position 42, to ")
        assert "Both are equal." in told
        run("append", "-", at=where, input=lines(statement(TALKS)))
        again = run("copy", "--to", str(there), at=where).stdout
        assert "Copied: 43 events, up to position 43, to " in again
        assert "(42 were there already)" in again
        assert sha256_of(again) == sha256_of(run("verify", at=there).stdout)
        assert run("replay", "--json", at=there).stdout == run("replay", "--json", at=where).stdout
        assert status(run, there) == status(run, where)


def test_a_copy_goes_nowhere_else(run: Run, where: Path | str, other: Path | str, place: Path) -> None:
    run("append", "-", at=other, input=lines(opening("processes/other")))
    told = run("copy", "--to", str(other), code=2, at=where).stderr
    assert "the target holds another log (position 1 is another event there)" in told
    assert len(run("replay", at=other).stdout.splitlines()) == 1
    told = run("copy", "--to", str(where), code=2, at=where).stderr
    assert "is what would be copied: name another place" in told


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("mysql://u:s3cr3t@host/name", "--to: send a URL of the form postgresql://user@host:5432/name"),
        ("postgresql://u:s3cr3t%@host/name", "--to: it cannot be read as a URL"),
        ("postgresql://u:s3cr3t@127.0.0.1:9/name", "name on 127.0.0.1 cannot be reached"),
    ],
)
def test_a_copy_to_no_database(run: Run, where: Path | str, to: str, told: str) -> None:
    stderr = run("copy", "--to", to, code=2, at=where).stderr
    assert told in stderr
    assert SECRET not in stderr
    assert stderr.count("\n") == 1


def test_an_unfinished_copy_is_opened_by_nothing(run: Run, where: Path | str, other: Path | str) -> None:
    run("copy", "--to", str(other), at=where)
    with closing(Ledger(other)) as ledger, ledger.log.writing() as writing:
        writing.mark(UNFINISHED)
    for command in (["status", "eastern-kalamun"], ["check"], ["verify"], ["backup", "b.db"], ["serve"], ["rebuild"]):
        assert "the log there is an unfinished copy" in run(*command, code=2, at=other).stderr
    run("copy", "--to", str(other), at=where)
    run("verify", at=other)


# --- verify and check


def test_verify_finds_nothing_wrong(run: Run, where: Path | str) -> None:
    run("status", "eastern-kalamun", at=where)
    told = run("verify", at=where).stdout
    assert "42 events on 19 subjects: each is as it was recorded" in flat(told)
    assert "each row is what the log gives, up to position 42" in told
    assert "No problem found." in told
    data = json.loads(run("verify", "--json", at=where).stdout)
    assert data["sound"]
    assert data["log"] == {"position": 42, "sha256": sha256_of(told)}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("UPDATE event_index SET recorded_at = recorded_at + 1 WHERE position = 42", "position 42, EnrolmentReported"),
        ("UPDATE stored_events SET topic = 'EventOfTomorrow' WHERE {position} = 5", "position 5, EventOfTomorrow on"),
        ("DELETE FROM process_events WHERE position = 30", "process_events lacks position 30 in process"),
    ],
)
def test_verify_names_damage_to_the_log(run: Run, where: Path | str, query: str, told: str) -> None:
    change(where, query)
    result = run("verify", code=1, at=where)
    assert told in flat(result.stdout)
    assert "problem" in result.stdout
    assert "SHA-256" not in result.stdout
    data = json.loads(run("verify", "--json", code=1, at=where).stdout)
    assert not data["sound"]
    assert data["log"] == {"position": 42, "sha256": None}
    assert any(told in one["says"] for one in data["findings"] if not one["sound"])


def test_verify_names_damage_to_the_read_models(run: Run, where: Path | str) -> None:
    run("status", "eastern-kalamun", at=where)
    with closing(open_read_models(views_at(where))) as views, views.writing() as connection:
        table = views.tables(views.position() and 1).table(LAST_HEARD)
        connection.execute(table.update().values(published_publisher="nobody"))
    told = flat(run("verify", code=1, at=where).stdout)
    wrong = "last_heard has another published_publisher for processes/eastern-kalamun than the log gives"
    assert wrong in told
    run("rebuild", at=where)
    run("verify", at=where)


def test_verify_says_how_far_the_read_models_are(run: Run, where: Path | str) -> None:
    with closing(open_read_models(views_at(where))) as views, views.writing() as connection:
        live = views.live(connection)
        assert live is not None
        views.advance(connection, replace(live, position=50, complete=True))
    assert "stand at 50, beyond the log's end at 42" in flat(run("verify", code=1, at=where).stdout)


def test_where_there_is_no_log(run: Run, other: Path | str, database_server: str) -> None:
    """A look makes nothing, in a directory as in a database."""
    with postgres.database(database_server) as empty:
        for at in (empty, Path("nothing-here")):
            for command in (["verify"], ["backup", "b.db"], ["copy", "--to", "there"], ["rebuild"]):
                told = run(*command, code=2, at=at).stderr
                assert told.startswith("there is no log in ")
                assert told.count("\n") == 1
            assert "there is none in" in run("check", at=at).stdout
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT to_regnamespace('parley_log')").fetchone() == (None,)
    assert list(Path.cwd().iterdir()) == []


def test_check_of_a_database(run: Run, database_server: str, databases: postgres.Databases) -> None:
    with databases.one() as url:
        assert "there are none yet" not in run("check", at=url).stdout
        run("append", str(SEED), at=url)
        with_password = url.replace("postgres@", f"postgres:{SECRET}@")
        page = flat(run("check", at=with_password).stdout)
        name = url.rpartition("/")[2]
        assert f"it is in the database {name} on 127.0.0.1" in page
        assert f"PARLEY_DATABASE_URL {name} on 127.0.0.1 (environment)" in page
        assert "42 events on 19 subjects: each is there once and can be read" in page
        assert "at position 42, the end of the log" in page
        assert SECRET not in page
        change(url, "DELETE FROM event_index WHERE position = 7")
        assert "1 events are missing from the index by event id" in flat(run("check", code=1, at=url).stdout)
