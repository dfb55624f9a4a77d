"""What comes back from the log: in order, filtered, in today's form, and never with a gap."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest

from domain import vocabulary
from domain.event import Recorded, Unreadable
from domain.talks import TalksScheduled
from ledger import mapper
from ledger.ledger import Ledger
from ledger.recorder import Filter, micros
from tests.ledger.sending import NOON, append, draft, opening, statement


def positions(ledger: Ledger, **wanted: Any) -> list[int]:
    return [event["position"] for event in ledger.replay(wanted=Filter(**wanted))]


# --- what an event looks like


def test_an_event_reads_as_it_was_sent(ledger: Ledger) -> None:
    source = {"publisher": "TASS", "claimant": "unattributed", "published": "2017-10-27"}
    sent = draft("TalksScheduled", subject="talks/first", data={"when": "2017-10-29"}, sources=[source])
    append(ledger, sent, now=NOON + timedelta(days=3))
    (recorded,) = ledger.read(after=2)
    assert isinstance(recorded, Recorded)
    assert recorded.event == sent.event
    assert recorded.event.model_fields_set == sent.event.model_fields_set, "only what was sent is stored"
    assert ledger.read_wire(after=2) == [
        {
            "position": 3,
            "id": str(sent.event.id),
            "type": "TalksScheduled",
            "subject": "talks/first",
            "occurred": "2017-10-27",
            "sources": [source],
            "recorded_at": recorded.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "recorded_by": "field-office",
            "schema": 1,
            "version": 2,
            "data": {"when": "2017-10-29"},
        }
    ]


def test_finding_an_event(ledger: Ledger) -> None:
    sent = statement()
    append(ledger, sent, statement())
    found = ledger.find(sent.event.id)
    assert found is not None
    assert found["position"] == 3
    assert ledger.find(UUID(int=1 << 100)) is None


def test_which_revisions_bear_on_an_event(ledger: Ledger) -> None:
    first, second = statement(), statement()
    append(ledger, first, second)
    retracted = draft(
        "EventRetracted", subject="talks/first", data={"event": str(first.event.id), "reason": "Misread."}
    )
    marked = draft(
        "DuplicateMarked",
        subject="talks/first",
        data={"event": str(second.event.id), "of": str(first.event.id)},
    )
    append(ledger, retracted, marked)
    disputed = draft("EventDisputed", subject="talks/first", data={"event": str(retracted.event.id)})
    append(ledger, disputed)

    def of(one: mapper.Draft) -> list[int]:
        return [event["position"] for event in ledger.revisions_of(one.event.id)]

    assert [of(one) for one in (first, second, retracted, marked)] == [[5, 6], [6], [7], []]


# --- replay


def test_replay_goes_up_to_the_head_at_its_start(ledger: Ledger) -> None:
    append(ledger, *[statement() for _ in range(7)])
    replaying = ledger.replay(after=1, chunk=3)
    seen = [next(replaying)["position"]]
    append(ledger, statement())
    seen += [event["position"] for event in replaying]
    assert seen == [2, 3, 4, 5, 6, 7, 8, 9]
    assert [event["position"] for event in ledger.replay(after=4, until=6)] == [5, 6]


def test_filters(ledger: Ledger) -> None:
    append(ledger, statement(), statement("processes/first"), opening("actors/elders"), now=NOON + timedelta(days=400))
    assert positions(ledger, subject="talks/first") == [2, 3]
    assert positions(ledger, family="talks") == [2, 3]
    assert positions(ledger, type="StatementMade") == [3, 4]
    assert positions(ledger, type="StatementMade", family="processes") == [4]
    assert positions(ledger, recorded_after=micros(NOON + timedelta(days=399))) == [3, 4, 5]
    assert positions(ledger, recorded_after=micros(NOON + timedelta(days=400))) == []
    assert positions(ledger, process="first") == [1, 2, 3, 4]
    assert positions(ledger, process="first", type="StatementMade", subject="talks/first") == [3]
    assert positions(ledger, process="second") == []


def test_a_process_named_later_gets_the_earlier_events_too(ledger: Ledger) -> None:
    append(ledger, opening("processes/second"), statement())
    both = {"processes": ["first", "second"], "title": [{"text": "Talks", "lang": "en"}]}
    append(ledger, draft("TalksReported", subject="talks/first", data=both, expected=2))
    append(ledger, statement())
    assert positions(ledger, process="second") == [2, 3, 4, 5, 6]
    assert positions(ledger, process="first") == [1, 2, 4, 5, 6]


def test_the_position_at_a_time(empty: Ledger) -> None:
    assert empty.position_at(NOON) == 0
    assert empty.head_at() == (0, None)
    for day in range(3):
        append(empty, opening(f"actors/a{day}"), opening(f"actors/b{day}"), now=NOON + timedelta(days=day))
    second = timedelta(seconds=1)
    assert empty.position_at(NOON - second) == 0
    assert empty.position_at(NOON) == 2
    assert empty.position_at(NOON + timedelta(days=1) - second) == 2
    assert empty.position_at(NOON + timedelta(days=9)) == 6
    assert empty.head_at() == (6, NOON + timedelta(days=2))


# --- older and newer forms


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """TalksScheduled as if its `when` had been called `day` in an older form, and nothing in the first."""

    class Newer(TalksScheduled):
        schema_version: ClassVar[int] = 3

    Newer.__name__ = "TalksScheduled"

    def from_1(data: dict[str, Any]) -> dict[str, Any]:
        return {"day": data["the_day"]}

    def from_2(data: dict[str, Any]) -> dict[str, Any]:
        return {"when": data["day"]}

    monkeypatch.setitem(vocabulary.PAYLOADS, "TalksScheduled", Newer)
    monkeypatch.setitem(mapper.UPCASTERS, ("TalksScheduled", 1), from_1)
    monkeypatch.setitem(mapper.UPCASTERS, ("TalksScheduled", 2), from_2)
    vocabulary.model_of.cache_clear()
    yield
    monkeypatch.undo()
    vocabulary.model_of.cache_clear()


def rewrite(ledger: Ledger, position: int, *, topic: str | None = None, **changes: Any) -> None:
    """Changes a stored event by force, as if another version of Parley had written it."""
    with ledger.log.writing() as writing:
        ((stored, state),) = writing.run("SELECT topic, state FROM stored_events WHERE {position}=?", (position,))
        whole = orjson.loads(state)
        whole["envelope"] |= changes.pop("envelope", {})
        whole |= changes
        writing.run(
            "UPDATE stored_events SET topic=?, state=? WHERE {position}=?",
            (topic or stored, orjson.dumps(whole), position),
        )


@pytest.mark.usefixtures("renamed")
def test_an_older_form_is_read_in_todays(ledger: Ledger) -> None:
    append(ledger, draft("TalksScheduled", subject="talks/first", data={"when": "2017-10-31"}))
    append(ledger, draft("TalksScheduled", subject="talks/first", data={"when": "2017-10-31"}))
    rewrite(ledger, 3, envelope={"schema": 1}, data={"the_day": "2017-10-29"})
    rewrite(ledger, 4, envelope={"schema": 2}, data={"day": "2017-10-30"})
    append(ledger, draft("TalksScheduled", subject="talks/first", data={"when": "2017-10-31"}))
    days = [one.event.data for one in ledger.read(after=2) if isinstance(one, Recorded)]
    assert [day.when for day in days if isinstance(day, TalksScheduled)] == ["2017-10-29", "2017-10-30", "2017-10-31"]
    assert [event["data"] for event in ledger.replay(after=2)] == [
        {"when": "2017-10-29"},
        {"when": "2017-10-30"},
        {"when": "2017-10-31"},
    ]
    assert [event["schema"] for event in ledger.replay(after=2)] == [1, 2, 3]


NEWER: dict[str, dict[str, Any]] = {
    "an unknown type": {"topic": "TalksStreamed"},
    "a newer form": {"envelope": {"schema": 2}},
    "an unknown field": {"data": {"text": "We hope.", "description": "one", "mood": "good"}},
    "an unknown word": {"envelope": {"basis": "overheard"}},
}


@pytest.mark.parametrize("changes", NEWER.values(), ids=NEWER)
def test_what_a_newer_version_wrote_is_shown_and_never_dropped(ledger: Ledger, changes: dict[str, Any]) -> None:
    append(ledger, statement(), statement())
    rewrite(ledger, 3, **changes)
    one, other = ledger.read(after=2)
    assert isinstance(one, Unreadable)
    assert (one.position, one.version, one.subject) == (3, 2, "talks/first")
    assert one.reason
    assert isinstance(other, Recorded)
    assert [event["position"] for event in ledger.replay(after=2)] == [3, 4]


@pytest.mark.parametrize("changes", [NEWER["an unknown type"], NEWER["a newer form"]])
def test_the_wire_says_what_cannot_be_read(ledger: Ledger, changes: dict[str, Any]) -> None:
    append(ledger, statement())
    rewrite(ledger, 3, **changes)
    (shown,) = ledger.read_wire(after=2)
    assert "upgrade" in shown["unreadable"]
    assert shown["data"], "and shows it as stored"


def test_a_new_version_can_still_be_appended_after_it(ledger: Ledger) -> None:
    append(ledger, statement())
    rewrite(ledger, 3, topic="TalksStreamed")
    assert append(ledger, statement(expected=2)).position == 4
