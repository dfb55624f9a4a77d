"""A log that was changed, shortened or swapped is told by its name, and not served."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from api.settings import load, open_ledger, open_views
from domain.errors import Unavailable
from ledger import witness
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.sampling import Sample, sample
from projections.catch_up import catch_up
from tests.api.sending import statement as report
from tests.faults.surroundings import Server, Site, on_linux, site_at
from tests.faults.test_environment_damage import run, status
from tests.ledger.sending import begin, statement
from tests.waiting import eventually

EVENTS = 32
CHANGED = f"position {EVENTS - 5}, StatementMade on talks/first: what it says is not what was recorded, by its digest"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a server leaves it."""
    data = tmp_path_factory.mktemp("model") / "data"
    with closing(Ledger(data)) as ledger:
        begin(ledger)
        ledger.append(Append(tuple(statement(id=str(uuid4()), note=f"note {n}") for n in range(EVENTS - 2))))
    settings = load(data=data, port=0)
    with closing(open_ledger(settings)) as ledger, closing(open_views(settings)) as views:
        catch_up(views, ledger.read_checked)
    return data


@pytest.fixture
def data(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "data"))


@pytest.fixture
def site(data: Path, tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path, data) as site:
        yield site


def change(data: Path, position: int = EVENTS - 5) -> None:
    """An event says something else, in a file that SQLite finds nothing wrong with."""
    with closing(sqlite3.connect(data / "events.db")) as connection:
        query = "UPDATE stored_events SET state = CAST(replace(state, 'note ', 'Note ') AS BLOB) WHERE position = ?"
        assert connection.execute(query, (position,)).rowcount == 1
        connection.commit()


def shorten(data: Path, last: int) -> None:
    """All that was recorded after a position is gone."""
    with closing(sqlite3.connect(data / "events.db")) as connection:
        for table in ("stored_events", "event_index", "process_events", "event_references"):
            connection.execute(f"DELETE FROM {table} WHERE position > ?", (last,))
        connection.commit()


@pytest.mark.parametrize("command", [("rebuild",), ("serve",), ("backup", "copy.db"), ("copy", "--to", "other")])
def test_a_changed_event_stops_what_reads_it(data: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    change(data)
    name, *rest = command
    rest = [str(tmp_path / part) if not part.startswith("-") else part for part in rest]
    code, out, err = run(data, name, *rest)
    assert code != 0
    assert CHANGED in out + err


def test_a_changed_event_of_a_backup_is_not_restored(data: Path, tmp_path: Path) -> None:
    assert run(data, "backup", str(tmp_path / "saved.db"))[0] == 0
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved.db").rename(tmp_path / "saved" / "events.db")
    change(tmp_path / "saved")
    code, out, err = run(tmp_path / "new", "restore", str(tmp_path / "saved" / "events.db"))
    assert code != 0
    assert CHANGED in out + err


def test_a_status_goes_on_saying_what_was_recorded(data: Path) -> None:
    before = status(data)
    change(data)
    assert run(data, "rebuild")[0] != 0
    assert status(data) == before


def test_check_says_how_much_it_compared(data: Path) -> None:
    assert f"{EVENTS} of {EVENTS} events were compared with their digests" in run(data, "check")[1]
    change(data)
    code, out, _ = run(data, "check", "--json")
    assert code == 1
    (fault,) = [finding["says"] for finding in json.loads(out)["findings"] if not finding["sound"]]
    assert fault.startswith(CHANGED)


def test_an_event_that_spells_out_a_default_is_as_it_was_recorded(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        begin(ledger)
        ledger.append(Append((statement(id=str(uuid4()), sensitivity="low"),)))
        assert sample(ledger, 10) == Sample(3, [], [])
        assert len(ledger.read_checked()) == 3


@pytest.mark.parametrize("noted", [True, False], ids=["by the note", "by the read models"])
def test_a_log_that_lost_events_is_not_served_until_that_is_accepted(data: Path, noted: bool) -> None:
    shorten(data, EVENTS - 3)
    note = data / "log-witness.json"
    if not noted:
        note.unlink()
    for command in (("serve",), ("status", "first")):
        code, _, err = run(data, *command)
        assert code != 0
        assert f"ends at position {EVENTS - 3}, but " in err
        assert "`parley restore`" in err
    note.unlink(missing_ok=True)
    assert run(data, "rebuild")[0] == 0
    assert run(data, "status", "first")[0] == 0


def test_another_log_is_not_taken_for_the_one_that_was_there(data: Path, tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "other")) as other:
        begin(other)
        other.append(Append(tuple(statement(id=str(uuid4())) for _ in range(EVENTS))))
    shutil.copy(tmp_path / "other" / "events.db", data / "events.db")
    code, _, err = run(data, "status", "first")
    assert code != 0
    assert "has another event at the position it had reached" in err


def test_a_log_that_is_gone_is_missed(data: Path) -> None:
    for file in ("events.db", "events.db-wal", "events.db-shm", "views.db"):
        (data / file).unlink(missing_ok=True)
    for command in (("status", "first"), ("append", "-"), ("serve",)):
        code, _, err = run(data, *command)
        assert code != 0
        assert "is gone, and log-witness.json beside it tells that there was a log" in err


def test_a_restored_log_is_noted_anew(data: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    assert run(data, "backup", str(saved))[0] == 0
    with closing(Ledger(data)) as ledger:
        ledger.append(Append((statement(id=str(uuid4())),)))
    with closing(open_views(load(data=data))) as views, closing(Ledger(data)) as ledger:
        catch_up(views, ledger.read_checked)
    (data / "events.db").unlink()
    code, out, _ = run(data, "restore", str(saved))
    assert code == 0
    assert f"From now on it is known to reach position {EVENTS}" in out
    assert run(data, "status", "first")[0] == 0
    assert json.loads((data / "log-witness.json").read_text())["position"] == EVENTS


def test_a_note_that_cannot_be_read_is_told(data: Path) -> None:
    (data / "log-witness.json").write_text("{")
    with pytest.raises(Unavailable, match=r"log-witness\.json cannot be read"):
        open_ledger(load(data=data))


@on_linux
@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
def test_a_log_that_vanishes_while_it_is_served_takes_nothing_in(site: Site, data: Path, replaced: bool) -> None:
    server = site.serve()
    file = data / "events.db"
    aside = file.rename(data / "aside.db")
    if replaced:
        shutil.copy(aside, file)
    answer = server.append(report(id=str(uuid4())))
    assert answer.status_code == 503
    assert "moved, deleted or replaced" in answer.json()["detail"]
    assert server.ask("/readyz").status_code == 503
    aside.replace(file)
    eventually(lambda: _recorded(server))
    server.stop()


@on_linux
def test_a_log_that_is_written_over_while_it_is_served_takes_nothing_in(site: Site, data: Path, tmp_path: Path) -> None:
    with closing(Ledger(data)) as ledger:
        shutil.copy(data / "events.db", tmp_path / "earlier.db")
        for _ in range(5):
            ledger.append(Append(tuple(statement(id=str(uuid4()), note="long " * 900) for _ in range(10))))
    with closing(open_views(load(data=data))) as views, closing(Ledger(data)) as ledger:
        catch_up(views, ledger.read_checked)
    server = site.serve()
    shutil.copyfile(tmp_path / "earlier.db", data / "events.db")
    answer = server.append(report(id=str(uuid4())))
    assert answer.status_code == 503
    assert "was written over while it was open" in answer.json()["detail"]
    assert server.ask("/readyz").status_code == 503
    server.stop()


def test_a_log_that_becomes_another_one_is_noticed_as_it_grows(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "EVERY", 0.0)
    with closing(Ledger(data)) as ledger:
        ledger.append(Append((statement(id=str(uuid4())),)))
        with closing(sqlite3.connect(data / "events.db")) as other:
            other.execute("UPDATE event_index SET digest = x'00' WHERE position = ?", (EVENTS + 1,))
            other.commit()
        ledger.append(Append((statement(id=str(uuid4())),)))
        with pytest.raises(Unavailable, match="another event at the position it had reached"):
            ledger.append(Append((statement(id=str(uuid4())),)))
        with pytest.raises(Unavailable, match="another event at the position it had reached"):
            ledger.head()


def test_a_log_with_a_gap_is_not_served(data: Path) -> None:
    with closing(sqlite3.connect(data / "events.db")) as connection:
        for table in ("stored_events", "event_index"):
            connection.execute(f"DELETE FROM {table} WHERE position = ?", (EVENTS - 3,))
        connection.commit()
    code, _, err = run(data, "serve")
    assert code != 0
    assert f"it lacks the event at position {EVENTS - 3}" in err


def _recorded(server: Server) -> bool:
    return server.append(report(id=str(uuid4()))).status_code == 201
