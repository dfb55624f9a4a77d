"""Each kind of damage to a log is found and named, and nothing is named in a sound one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.general import StatementMade
from ledger.append import Append
from ledger.copying import summed
from ledger.ledger import Ledger
from ledger.mapper import UPCASTERS, Draft
from ledger.verify import Verified, verify
from tests.ledger.sending import append, draft, opening, statement
from tests.projections.test_time_travel import revised
from tests.projections.world import Wire
from tests.strategies import histories, read


@pytest.fixture
def varied(ledger: Ledger) -> Ledger:
    """A log of nine events with a bit of everything: a process that is named later, revisions, a second process."""
    append(ledger, opening("processes/second"), statement(), statement("processes/second"))  # 3 to 5
    said = append(ledger, statement()).events[0]  # 6
    data = {**opening("talks/first").event.data.model_dump(mode="json", exclude_unset=True), "processes": ["second"]}
    append(ledger, draft("TalksReported", subject="talks/first", data=data, expected=3))  # 7
    append(ledger, draft("EventRetracted", subject="talks/first", data={"event": str(said.id), "reason": "Ours."}))  # 8
    append(ledger, statement("processes/second"))  # 9
    return ledger


def verified(ledger: Ledger) -> tuple[Verified, list[tuple[str, str]]]:
    found: list[tuple[str, str]] = []
    return verify(ledger, lambda kind, text: found.append((kind, text))), found


def damage(ledger: Ledger, *queries: str) -> None:
    with ledger.log.writing() as writing:
        for query in queries:
            writing.run(query)


def restate(ledger: Ledger, position: int, change: Callable[[dict[str, Any]], Any]) -> None:
    """Changes the stored form of an event."""
    with ledger.log.writing() as writing:
        ((state,),) = writing.run("SELECT state FROM stored_events WHERE {position} = ?", (position,))
        form = orjson.loads(bytes(state))
        change(form)
        writing.run("UPDATE stored_events SET state = ? WHERE {position} = ?", (orjson.dumps(form), position))


# --- a sound log


def test_nothing_is_found_in_a_sound_log(varied: Ledger) -> None:
    seen, found = verified(varied)
    assert found == []
    with varied.log.snapshot() as log:
        assert seen == Verified(9, 3, summed(log, 9))


def test_nothing_is_found_in_an_empty_log(empty: Ledger) -> None:
    seen, found = verified(empty)
    assert (seen.position, seen.subjects, found) == (0, 0, [])


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(histories(), revised()), st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_whatever_was_recorded_in_whatever_groups_is_sound(history: list[Wire], sizes: Sequence[int]) -> None:
    """What the log filed group by group is what follows from all of it at once."""
    with tempfile.TemporaryDirectory() as directory:
        ledger = Ledger(Path(directory))
        versions: dict[str, int] = {}
        drafts = []
        for sent in history:
            event = read(sent)
            drafts.append(Draft.of(event, versions.get(event.subject, 0)))
            versions[event.subject] = versions.get(event.subject, 0) + 1
        turns = [size for size in sizes for _ in range(len(drafts))]
        while drafts:
            size = turns.pop()
            ledger.append(Append(tuple(drafts[:size])))
            del drafts[:size]
        assert verified(ledger)[1] == []
        ledger.close()


def test_the_digest_of_an_older_form_is_not_made_anew(varied: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was made of is gone: the event is read in today's form."""
    monkeypatch.setattr(StatementMade, "schema_version", 2)
    monkeypatch.setitem(UPCASTERS, ("StatementMade", 1), lambda data: {**data, "text": f"{data['text']} (older)"})
    assert verified(varied)[1] == []


# --- each kind of damage


@pytest.mark.parametrize(
    ("queries", "kind", "told"),
    [
        (["DELETE FROM stored_events WHERE {position} = 4", "DELETE FROM event_index WHERE position = 4"],
         "gap", "position 4 is missing: restore a backup"),
        (["DELETE FROM stored_events WHERE {position} < 3", "DELETE FROM event_index WHERE position < 3"],
         "gap", "positions 1 to 2 are missing: restore a backup"),
        (["DELETE FROM stored_events WHERE {position} = 9"],
         "index", "position 9 is in event_index, but has no event: restore a backup"),
        (["DELETE FROM event_index WHERE position = 4"],
         "index", "position 4, StatementMade on talks/first: it has no row in event_index: restore a backup"),
        (["DELETE FROM event_index WHERE position = 9"], "index", "position 9, StatementMade on processes/sec"),
        (["UPDATE event_index SET recorded_at = recorded_at + 1 WHERE position = 9"],
         "index", "position 9, StatementMade on processes/second: its row in event_index has another id or time"),
        (["UPDATE event_index SET recorded_at = 1 WHERE position = 5"],
         "time", "position 5 was recorded before the one in front of it"),
        (["UPDATE stored_events SET topic = 'EventOfTomorrow' WHERE {position} = 4"],
         "unreadable", "position 4, EventOfTomorrow on talks/first: this version of Parley does not know the event"),
        (["UPDATE stored_events SET originator_id = 'processes/first' WHERE {position} = 9"],
         "digest", "position 9, StatementMade on processes/first: what it says is not what was recorded"),
        (["UPDATE stored_events SET originator_version = 7 WHERE {position} = 8"],
         "version", "position 8: talks/first is at version 7, not 5"),
        (["UPDATE stored_events SET originator_version = 9 WHERE {position} = 4",
          "UPDATE stored_events SET originator_version = 2 WHERE {position} = 6",
          "UPDATE stored_events SET originator_version = 3 WHERE {position} = 4"],
         "version", "position 4: talks/first was at version 2 later: restore a backup"),
        (["DELETE FROM event_references"], "event_references", "event_references lacks position 8 as one that revises"),
        (["UPDATE event_references SET position = 9"], "event_references", "has position 9 as one that revises event"),
        (["DELETE FROM process_events WHERE process = 'second' AND position = 2"],
         "process_events", "process_events lacks position 2 in process second: restore a backup"),
        (["INSERT INTO process_events VALUES ('second', 1)"],
         "process_events", "process_events has position 1 in process second, which no event gives: restore a backup"),
        (["DELETE FROM subject_processes WHERE process = 'second'"],
         "subject_processes", "subject_processes lacks talks/first in process second"),
        (["INSERT INTO subject_processes VALUES ('talks/first', 'third')"],
         "subject_processes", "subject_processes has talks/first in process third, which no event gives"),
    ],
)  # fmt: skip
def test_damage_to_rows_is_named(varied: Ledger, queries: list[str], kind: str, told: str) -> None:
    damage(varied, *queries)
    seen, found = verified(varied)
    assert any(which == kind and told in text for which, text in found), found
    assert seen.sum is None


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        (lambda form: form["data"].update(text="We do not hope."), "digest", "what it says is not what was recorded"),
        (lambda form: form["envelope"].update(note="Added."), "digest", "what it says is not what was recorded"),
        (lambda form: form["envelope"].update(id=str(UUID(int=7))), "index", "another id or time"),
        (lambda form: form["envelope"].update(recorded_at="2017-10-27T00:00:00Z"), "index", "another id or time"),
        (lambda form: form["envelope"].update(schema=2), "unreadable", "stored in a newer form"),
        (lambda form: form["data"].clear(), "unreadable", "/data/text: required"),
        (lambda form: form.pop("envelope"), "unreadable", "its stored form is damaged: restore a backup"),
        (lambda form: form["envelope"].pop("recorded_at"), "unreadable", "its stored form is damaged"),
        (lambda form: form.update(data=None), "unreadable", "position 4, StatementMade on talks/first"),
    ],
    ids=["data", "envelope", "id", "time", "newer", "lacking", "no envelope", "no time", "no data"],
)  # fmt: skip
def test_damage_to_an_event_is_named(
    varied: Ledger, change: Callable[[dict[str, Any]], Any], kind: str, told: str
) -> None:
    restate(varied, 4, change)
    found = verified(varied)[1]
    assert [which for which, _ in found] == [kind]
    assert "position 4, StatementMade on talks/first" in found[0][1]
    assert told in found[0][1]


@pytest.mark.parametrize("state", [b"", b"{", b"\xff\x00", b"[]", b'"text"'])
def test_an_event_of_other_bytes_is_named(varied: Ledger, state: bytes) -> None:
    with varied.log.writing() as writing:
        writing.run("UPDATE stored_events SET state = ? WHERE {position} = 4", (state,))
    (found,) = verified(varied)[1]
    told = "position 4, StatementMade on talks/first: its stored form is damaged: restore a backup"
    assert found == ("unreadable", told)
    assert [event.position for event in varied.read()] == list(range(1, 10)), "reading goes on"


def test_two_events_of_one_id_are_named(varied: Ledger) -> None:
    first = varied.replay(after=3).__next__()["id"]
    restate(varied, 9, lambda form: form["envelope"].update(id=first))
    assert ("id", "positions 4 and 9 have the same event id: restore a backup") in verified(varied)[1]


def test_what_an_unreadable_event_may_have_filed_is_not_held_against_the_index(varied: Ledger) -> None:
    damage(varied, "UPDATE stored_events SET topic = 'TalksOfTomorrow' WHERE {position} IN (2, 7, 8)")
    assert [kind for kind, _ in verified(varied)[1]] == ["unreadable"] * 3


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("query", "kind", "told"),
    [
        ("UPDATE stored_events SET state = 'text' WHERE position = 4", "unreadable", "its stored form is damaged"),
        ("UPDATE stored_events SET topic = x'00' WHERE position = 4", "unreadable", "its stored form is damaged"),
        ("UPDATE event_index SET digest = 'text' WHERE position = 4", "index", "another id or time"),
        ("UPDATE event_index SET recorded_at = 'noon' WHERE position = 4", "index", "another id or time"),
        ("UPDATE process_events SET process = x'00' WHERE position = 9", "process_events", "has a damaged row"),
        ("UPDATE subject_processes SET process = 1.5 WHERE process = 'second'", "subject_processes", "lacks"),
        ("UPDATE event_references SET target = 'text'", "event_references", "has a damaged row ('text', 8)"),
    ],
)
def test_values_of_another_kind_are_named(varied: Ledger, query: str, kind: str, told: str) -> None:
    """SQLite takes any value in any column."""
    damage(varied, query)
    found = verified(varied)[1]
    assert any(which == kind and told in text for which, text in found), found
