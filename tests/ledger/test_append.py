"""What an append records, what it answers, and what it refuses without a trace."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import zones
from domain.errors import (
    AlreadyOpen,
    IdReused,
    Malformed,
    NotOpen,
    PreconditionFailed,
    Refusal,
    StaleVersion,
    UnknownReference,
)
from domain.vocabulary import read_event
from ledger.append import Append, Appended
from ledger.ledger import Ledger
from ledger.mapper import Draft
from tests.ledger.sending import NOON, append, draft, opening, statement
from tests.spec import event, wire


def pointers(refusal: Refusal) -> list[str]:
    return [fault.pointer for fault in refusal.faults]


def unchanged(ledger: Ledger) -> Callable[[], bool]:
    before = list(ledger.replay())
    return lambda: list(ledger.replay()) == before


# --- all or none


def test_events_of_several_subjects_are_recorded_in_the_order_sent(ledger: Ledger) -> None:
    answer = append(ledger, opening("agreements/truce"), statement(), statement("agreements/truce"), statement())
    assert [(e.subject, e.version, e.position) for e in answer.events] == [
        ("agreements/truce", 1, 3),
        ("talks/first", 2, 4),
        ("agreements/truce", 2, 5),
        ("talks/first", 3, 6),
    ]
    assert (answer.position, answer.new) == (6, 4)
    assert [event["position"] for event in ledger.replay()] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "refused",
    [
        statement("talks/unopened"),
        statement(expected=7),
        opening("talks/first"),
        draft("RoleTaken", subject="talks/first", data={"actor": "nobody", "role": "mediator"}),
    ],
    ids=["not open", "stale version", "already open", "unknown actor"],
)
def test_one_refused_event_refuses_all(ledger: Ledger, refused: Draft) -> None:
    same = unchanged(ledger)
    with pytest.raises(Refusal) as refusal:
        append(ledger, opening("convoys/aid"), statement("convoys/aid"), refused, statement())
    assert all(pointer.startswith("/2/") for pointer in pointers(refusal.value))
    assert same()
    assert ledger.version("convoys/aid") == 0


# --- event ids


def test_the_same_event_again_answers_as_before(ledger: Ledger) -> None:
    first = statement()
    before = append(ledger, first, now=NOON)
    append(ledger, statement())
    again = append(ledger, first)
    assert again.events == before.events
    assert (again.position, again.new, ledger.head()) == (3, 0, 4)


def test_other_content_under_an_id_is_refused(ledger: Ledger) -> None:
    number = uuid4()
    append(ledger, statement(id=number))
    with pytest.raises(IdReused) as refusal:
        append(ledger, statement(), statement(id=number, note="another note"))
    assert pointers(refusal.value) == ["/1/id"]
    assert ledger.head() == 3


def test_the_subject_is_content_too(ledger: Ledger) -> None:
    number = uuid4()
    append(ledger, statement(id=number))
    with pytest.raises(IdReused):
        append(ledger, statement("processes/first", id=number))


def test_order_of_keys_space_and_escapes_are_no_content(ledger: Ledger) -> None:
    sent = wire("StatementMade", subject="talks/first", note="Ü بيان", data={"text": "We hope.", "description": "one"})
    first = Draft.of(read_event(sent, json.dumps(sent)))
    other = dict(reversed(sent.items())) | {"data": dict(reversed(sent["data"].items()))}
    text = json.dumps(other, indent=3, ensure_ascii=False)
    assert text != json.dumps(sent)
    append(ledger, first)
    assert append(ledger, Draft.of(read_event(other, text))).new == 0


def test_the_expected_version_is_no_content(ledger: Ledger) -> None:
    number = uuid4()
    append(ledger, statement(id=number, expected=1))
    assert append(ledger, statement(id=number)).new == 0
    assert append(ledger, statement(id=number, expected=1)).new == 0, "the id is looked up before the version"


def test_an_id_twice_in_one_request(ledger: Ledger) -> None:
    number = uuid4()
    answer = append(ledger, statement(id=number), statement(id=number))
    assert answer.events[0] == answer.events[1]
    assert (answer.new, ledger.head()) == (1, 3)
    with pytest.raises(IdReused) as refusal:
        append(ledger, statement(id=UUID(int=9**20)), statement(id=UUID(int=9**20), note="other"))
    assert pointers(refusal.value) == ["/1/id"]


def test_a_request_half_of_which_is_known(ledger: Ledger) -> None:
    known = statement()
    append(ledger, known)
    answer = append(ledger, known, statement())
    assert [(e.position, e.version) for e in answer.events] == [(3, 2), (4, 3)]
    assert answer.new == 1


# --- versions


@pytest.mark.parametrize("expected", [1, None])
def test_the_expected_version_holds(ledger: Ledger, expected: int | None) -> None:
    assert append(ledger, statement(expected=expected)).events[0].version == 2


@pytest.mark.parametrize("expected", [0, 2, 2**60])
def test_a_stale_version_names_the_current_one(ledger: Ledger, expected: int) -> None:
    with pytest.raises(StaleVersion, match="at version 1") as refusal:
        append(ledger, statement(expected=expected))
    assert pointers(refusal.value) == ["/0/expected_version"]


def test_earlier_events_of_the_batch_count(ledger: Ledger) -> None:
    append(ledger, statement(expected=1), statement("processes/first"), statement(expected=2), statement())
    with pytest.raises(StaleVersion, match="at version 5") as refusal:
        append(ledger, statement(expected=4), statement(expected=4))
    assert pointers(refusal.value) == ["/1/expected_version"]


def test_an_opening_means_version_0(ledger: Ledger) -> None:
    assert append(ledger, opening("talks/second"), opening("talks/third", expected=0)).new == 2


def test_an_open_subject_is_not_opened_again(ledger: Ledger) -> None:
    with pytest.raises(AlreadyOpen, match="at version 1") as refusal:
        append(ledger, opening("talks/first"))
    assert pointers(refusal.value) == ["/0/subject"]
    with pytest.raises(StaleVersion):
        append(ledger, opening("talks/first", expected=0))


def test_another_report_of_an_opening_needs_the_current_version(ledger: Ledger) -> None:
    assert append(ledger, opening("talks/first", expected=1)).events[0].version == 2


@pytest.mark.parametrize("expected", [None, 0])
def test_what_is_not_open_takes_no_event(ledger: Ledger, expected: int | None) -> None:
    with pytest.raises(NotOpen, match="TalksReported") as refusal:
        append(ledger, statement("talks/second", expected=expected))
    assert pointers(refusal.value) == ["/0/subject"]


def test_an_opening_in_the_same_batch_is_enough(ledger: Ledger) -> None:
    assert append(ledger, opening("talks/second"), statement("talks/second", expected=1)).new == 2
    with pytest.raises(NotOpen):
        append(ledger, statement("talks/third"), opening("talks/third"))


def test_if_match(ledger: Ledger) -> None:
    once = statement()
    assert append(ledger, once, if_match=1).new == 1
    assert append(ledger, once, if_match=1).new == 0, "what is known already is not checked again"
    with pytest.raises(PreconditionFailed, match="at version 2"):
        append(ledger, statement(), if_match=1)
    with pytest.raises(Malformed):
        append(ledger, statement(), statement("processes/first"), if_match=2)
    assert ledger.head() == 3


# --- references


def test_references_within_a_batch(ledger: Ledger) -> None:
    actor = opening("actors/elders")
    role = draft("RoleTaken", subject="talks/first", data={"actor": "elders", "role": "mediator"})
    assert append(ledger, actor, role).new == 2
    with pytest.raises(UnknownReference) as refusal:
        append(
            ledger,
            draft("RoleTaken", subject="talks/first", data={"actor": "envoys", "role": "mediator"}),
            opening("actors/envoys"),
        )
    assert pointers(refusal.value) == ["/0/data/actor"]


def test_all_unknown_references_are_told_at_once(ledger: Ledger) -> None:
    talks = {"processes": ["first", "second"], "title": [{"text": "Talks"}], "between": ["x", "y"]}
    retraction = {"event": str(uuid4()), "reason": "Misread."}
    with pytest.raises(UnknownReference) as refusal:
        append(
            ledger,
            draft("TalksReported", subject="talks/second", data=talks),
            statement(sources=[{"publisher": "TASS", "claimant": "actors/z"}]),
            draft("EventRetracted", subject="talks/first", data=retraction),
        )
    assert pointers(refusal.value) == [
        "/0/data/processes/1",
        "/0/data/between/0",
        "/0/data/between/1",
        "/1/sources/0/claimant",
        "/2/data/event",
    ]
    assert refusal.value.retry


def test_a_refused_opening_is_no_reference(ledger: Ledger) -> None:
    with pytest.raises(NotOpen):
        append(ledger, opening("actors/elders"), statement("talks/second"))
    with pytest.raises(UnknownReference):
        append(ledger, draft("RoleTaken", subject="talks/first", data={"actor": "elders", "role": "mediator"}))


def test_a_revision_stands_on_the_subject_of_its_target(ledger: Ledger) -> None:
    target = statement()
    append(ledger, target)
    data = {"event": str(target.event.id), "reason": "Misread."}
    with pytest.raises(UnknownReference, match="another subject"):
        append(ledger, draft("EventRetracted", subject="processes/first", data=data))
    assert append(ledger, draft("EventRetracted", subject="talks/first", data=data)).new == 1
    fresh = statement()
    data = {"event": str(fresh.event.id), "reason": "Misread."}
    with pytest.raises(UnknownReference, match="another subject"):
        append(ledger, fresh, draft("EventRetracted", subject="processes/first", data=data))


def test_a_revision_cannot_target_itself(ledger: Ledger) -> None:
    number = uuid4()
    with pytest.raises(UnknownReference):
        append(
            ledger,
            draft("EventRetracted", subject="talks/first", id=number, data={"event": str(number), "reason": "x"}),
        )


def test_an_actor_may_speak_for_itself_but_not_stand_to_itself(ledger: Ledger) -> None:
    itself: dict[str, Any] = {"sources": [{"publisher": "bulletin", "claimant": "actors/newcomer"}]}
    append(ledger, opening("actors/newcomer", **itself))
    append(ledger, draft("ActorRelabelled", subject="actors/newcomer", **itself))
    related = {"relation": "part of", "to": "newcomer"}
    with pytest.raises(UnknownReference, match="name the other one"):
        append(ledger, draft("ActorRelated", subject="actors/newcomer", data=related))


def test_a_refused_report_makes_nobody_known(ledger: Ledger) -> None:
    itself: dict[str, Any] = {"sources": [{"publisher": "bulletin", "claimant": "actors/ghost"}]}
    with pytest.raises(NotOpen):
        append(ledger, draft("ActorRelabelled", subject="actors/ghost", **itself))
    with pytest.raises(UnknownReference):
        append(ledger, draft("RoleTaken", subject="talks/first", data={"actor": "ghost", "role": "mediator"}))


# --- time


def test_recorded_at_never_goes_back(ledger: Ledger) -> None:
    later = NOON + timedelta(days=400)
    first = append(ledger, statement(), now=later).events[0]
    second = append(ledger, statement(), now=NOON).events[0]
    third = append(ledger, statement(), now=later + timedelta(microseconds=1)).events[0]
    assert (first.recorded_at, second.recorded_at) == (later, later)
    assert third.recorded_at == later + timedelta(microseconds=1)


# --- groups: several requests, one commit


def of_group(ledger: Ledger, *requests: Append) -> list[Appended | Refusal]:
    return ledger.append_group(requests, NOON)


def test_a_refused_request_spoils_no_neighbour(ledger: Ledger) -> None:
    first, stale, unknown, last = of_group(
        ledger,
        Append((statement(), opening("agreements/truce"))),
        Append((opening("convoys/aid"), statement(expected=9))),
        Append((draft("RoleTaken", subject="talks/first", data={"actor": "nobody", "role": "mediator"}),)),
        Append((statement(expected=2), statement("agreements/truce"))),
    )
    assert isinstance(stale, StaleVersion)
    assert isinstance(unknown, UnknownReference)
    assert isinstance(first, Appended)
    assert isinstance(last, Appended)
    assert [e.position for e in (*first.events, *last.events)] == [3, 4, 5, 6]
    assert [e.version for e in last.events] == [3, 2]
    assert ledger.version("convoys/aid") == 0


def test_the_same_event_in_two_requests_of_a_group(ledger: Ledger) -> None:
    number = uuid4()
    first, again, other = of_group(
        ledger,
        Append((statement(id=number),)),
        Append((statement(), statement(id=number))),
        Append((statement(id=number, note="other"),)),
    )
    assert isinstance(first, Appended)
    assert isinstance(again, Appended)
    assert again.events[1] == first.events[0]
    assert isinstance(other, IdReused)
    assert ledger.head() == 4


# --- dry run


def test_a_dry_run_tells_and_stores_nothing(ledger: Ledger) -> None:
    known = statement()
    append(ledger, known)
    same = unchanged(ledger)
    answer = append(ledger, known, statement(), opening("convoys/aid"), dry_run=True)
    assert [(e.version, e.position) for e in answer.events] == [(2, 3), (3, None), (1, None)]
    assert [e.recorded_at is None for e in answer.events] == [False, True, True]
    assert (answer.new, answer.position) == (0, 3)
    with pytest.raises(StaleVersion):
        append(ledger, statement(expected=7), dry_run=True)
    assert same()


def test_a_dry_run_in_a_group_with_the_same_event(ledger: Ledger) -> None:
    number = uuid4()
    others = Append(tuple(statement("processes/first") for _ in range(3)))
    real, dry, after = of_group(
        ledger, Append((*others.drafts, statement(id=number))), Append((statement(id=number),), dry_run=True), others
    )
    assert isinstance(real, Appended)
    assert isinstance(dry, Appended)
    assert isinstance(after, Appended)
    assert (dry.events[0].version, dry.events[0].subject, dry.new) == (2, "talks/first", 0)
    assert ledger.head() == 6


# --- what only new events are refused for


def zoned(zone: str, name: str = "processes/valley", **more: Any) -> Draft:
    return draft("ProcessOpened", subject=name, data={"labels": [{"text": "valley"}], "time_zone": zone}, **more)


@pytest.mark.parametrize(
    ("sent", "near"),
    [("asia/damascus", "Asia/Damascus"), ("Damascus", "Asia/Damascus"), ("Europe/Kyev", "Europe/Kyiv")],
)
def test_a_zone_that_there_is_not_is_refused_with_near_ones(ledger: Ledger, sent: str, near: str) -> None:
    recorded = unchanged(ledger)
    with pytest.raises(Malformed, match=near) as refused:
        append(ledger, statement(), zoned(sent))
    assert pointers(refused.value) == ["/1/data/time_zone"]
    assert recorded()


def test_a_correction_to_a_zone_that_there_is_not_is_refused(ledger: Ledger) -> None:
    opened = zoned("Asia/Damascus")
    append(ledger, opened)
    data = {"labels": [{"text": "valley"}], "time_zone": "Asia/Damaskus"}
    replacement = {"type": "ProcessOpened", "occurred": "2017-10-01", "data": data}
    correction = {"event": str(opened.event.id), "by": "our error", "reason": "x", "replacement": replacement}
    with pytest.raises(Malformed) as refused:
        append(ledger, draft("EventCorrected", subject="processes/valley", data=correction))
    assert pointers(refused.value) == ["/0/data/replacement/data/time_zone"]


def test_a_recorded_zone_is_answered_as_before_when_no_table_has_it_any_more(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = zoned("Asia/Damascus")
    first = append(ledger, sent)
    monkeypatch.setattr("domain.zones.zone_names", lambda: frozenset({"UTC"}))
    zones.zone.cache_clear()
    again = append(ledger, sent)
    assert (again.events, again.new) == (first.events, 0)
    with pytest.raises(Malformed):
        append(ledger, zoned("Asia/Damascus", "processes/other"))


def test_a_place_that_is_named_must_be_known_and_lies_not_within_itself(ledger: Ledger) -> None:
    labels = [{"text": "Mill"}]
    for data, told in (({"within": "mill"}, "in a relation to itself"), ({"within": "valley"}, "with PlaceIdentified")):
        with pytest.raises(UnknownReference, match=told):
            ledger.append(
                Append((Draft.of(event("PlaceIdentified", subject="places/mill", data={"labels": labels, **data})),))
            )


# --- all that is in the way


def test_all_conflicts_of_a_request_are_named_at_once(ledger: Ledger) -> None:
    taken = statement(id=UUID(int=9**20))
    append(ledger, taken)
    with pytest.raises(AlreadyOpen, match="and 3 more") as refusal:
        append(
            ledger,
            opening("talks/first"),
            opening("talks/second"),
            opening("talks/second"),
            statement(id=UUID(int=9**20), note="other"),
            statement(),
            statement(expected=2),
        )
    assert pointers(refusal.value) == ["/0/subject", "/2/subject", "/3/id", "/5/expected_version"]
    details = [fault.detail for fault in refusal.value.faults]
    assert "at version 1" in details[1], "the opening before it counts"
    assert "at version 4" in details[3], "so do events that are refused"
    assert ledger.head() == 3


def test_a_further_report_whatever_the_version(ledger: Ledger) -> None:
    again = [opening("talks/first", expected="any") for _ in range(2)]
    assert [event.version for event in append(ledger, *again).events] == [2, 3]
    assert append(ledger, opening("talks/second", expected="any"), statement(expected="any")).new == 2
    with pytest.raises(NotOpen):
        append(ledger, statement("talks/third", expected="any"))


def test_a_mutual_pair_of_convoys_is_recorded_in_one_request(ledger: Ledger) -> None:
    def convoy(name: str, other: str) -> Draft:
        data = {"kind": "aid", "processes": ["first"], "title": [{"text": name, "lang": "en"}], "paired_with": other}
        return draft("ConvoyReported", subject=f"convoys/{name}", data=data)

    with pytest.raises(UnknownReference):
        append(ledger, convoy("out", "back"))
    assert append(ledger, convoy("out", "back"), convoy("back", "out")).new == 2
