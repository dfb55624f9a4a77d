"""What is in effect at a horizon, scenario by scenario: revisions of every kind, the three cuts, and all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import families
from domain.edtf import Day, When
from domain.effect import ReportStatus
from domain.event import Event, Recorded
from domain.horizon import Horizon, Seen, seen_from
from domain.publication import inside
from domain.values import Subject
from tests.spec import event

Wire = dict[str, Any]
TALKS, ONE, TWO, THREE = "talks/first", "convoys/one", "convoys/two", "convoys/three"

# --- the language of these tests --------------------------------------------------------------------------


def opening(subject: str = TALKS, occurred: str = "2017-10-01", title: str = "a round", **more: Any) -> Event:
    if subject.startswith("convoys/"):
        data: Wire = {"processes": ["first"], "kind": "aid", "title": [{"text": title}]}
        return event("ConvoyReported", subject=subject, occurred=occurred, data=data, **more)
    if subject.startswith("processes/"):
        return event("ProcessOpened", subject=subject, occurred=occurred, data={"labels": [{"text": title}]}, **more)
    data = {"processes": ["first"], "title": [{"text": title}]}
    return event("TalksReported", subject=subject, occurred=occurred, data=data, **more)


def said(text: str, occurred: str = "2017-10-10", subject: str = TALKS, **more: Any) -> Event:
    return event("StatementMade", subject=subject, occurred=occurred, data={"text": text}, **more)


def corrected(target: Event, replacement: Event, by: str = "our error", **more: Any) -> Event:
    sent = replacement.model_dump(mode="json", exclude_unset=True)
    whole = {name: value for name, value in sent.items() if name not in ("id", "subject")}
    data = {"event": str(target.id), "by": by, "reason": "it read otherwise", "replacement": whole}
    return event("EventCorrected", subject=target.subject, data=data, **more)


def retracted(target: Event, **more: Any) -> Event:
    data = {"event": str(target.id), "reason": "it is not so"}
    return event("EventRetracted", subject=target.subject, data=data, **more)


def disputed(target: Event, **more: Any) -> Event:
    data = {"event": str(target.id), "described": "residents"}
    return event("EventDisputed", subject=target.subject, data=data, **more)


def repeats(one: Event, other: Event, **more: Any) -> Event:
    data = {"event": str(one.id), "of": str(other.id)}
    return event("DuplicateMarked", subject=one.subject, data=data, **more)


def unified(gives_way: str, into: str, **more: Any) -> Event:
    return event("SubjectUnified", subject=gives_way, data={"into": into, "reason": "the same trucks"}, **more)


def published(*days: str | None) -> list[Wire]:
    """Sources with these dates; None: a source without one."""
    return [
        {"publisher": f"publisher {number}", **({"published": day} if day else {})} for number, day in enumerate(days)
    ]


def recorded(*events: Event) -> list[Recorded]:
    """A log, with an event a minute from noon of 1 January 2018."""
    noon = datetime(2018, 1, 1, 12, tzinfo=UTC)
    return [Recorded(one, at, at, noon + timedelta(minutes=at), "office", 1) for at, one in enumerate(events, 1)]


def seen(
    *events: Event, position: int | None = None, published_by: str | None = None, as_of: str | None = None
) -> Seen:
    by = (Day if "T" not in published_by else When)(published_by) if published_by else None
    return seen_from(Horizon(position, by, When(as_of) if as_of else None), recorded(*events))


def told(found: Seen, subject: str = TALKS) -> list[str]:
    """What statements on a subject say, in canonical order; a question mark follows what is only possible."""
    events = sorted(found.events.get(Subject(subject), ()), key=lambda one: one.order)
    return [
        getattr(one.data, "text", "") + ("?" if one.possible else "") for one in events if one.type == "StatementMade"
    ]


def names(found: Seen, subject: str = TALKS) -> list[str]:
    """The names that openings give a subject."""
    state = families.fold(subject.partition("/")[0], found.events.get(Subject(subject), ()))
    return [label.text for label in state.labels]


def stage(found: Seen, subject: str) -> tuple[Any, ...]:
    state: Any = families.fold(subject.partition("/")[0], found.events[Subject(subject)])
    return tuple(getattr(value, "stage", value) for value in state.stage.values)


def mark(found: Seen, one: Event) -> ReportStatus:
    return found.standings[one.id]


# --- corrections ------------------------------------------------------------------------------------------

begun = opening()
open_road, closed_road, mined_road = said("open"), said("closed"), said("mined")


def test_a_correction_replaces_the_whole_report_under_its_own_id() -> None:
    first = said("open", occurred="2017-10-10", note="heard twice", sources=published("2017-10-11"))
    fix = corrected(first, said("closed", occurred="2017-10-09"))
    found = seen(begun, first, fix)
    assert told(found) == ["closed"]
    (now,) = [one for one in found.events[Subject(TALKS)] if one.type == "StatementMade"]
    assert (now.id, now.occurred, now.note, now.sources) == (first.id, "2017-10-09", None, ())
    assert mark(found, first).corrected_by == (fix.id,)
    assert mark(found, first).recorded.event == first


def test_a_correction_may_change_the_type() -> None:
    first = event("TalksScheduled", subject=TALKS, occurred="2017-10-02", data={"when": "2017-10-29"})
    late = event("TalksCancelled", subject=TALKS, occurred="2017-10-02", data={})
    assert stage(seen(begun, first), TALKS) == ("scheduled",)
    assert stage(seen(begun, first, corrected(first, late)), TALKS) == ("cancelled",)


def test_a_correction_is_corrected() -> None:
    fix = corrected(open_road, closed_road)
    again = corrected(fix, mined_road)
    thrice = corrected(again, said("swept"))
    assert told(seen(begun, open_road, fix, again)) == ["mined"]
    found = seen(begun, open_road, fix, again, thrice)
    assert told(found) == ["swept"]
    assert mark(found, open_road).corrected_by == (fix.id, again.id, thrice.id)


def test_the_correction_of_a_correction_retracted_gives_the_correction() -> None:
    fix = corrected(open_road, closed_road)
    again = corrected(fix, mined_road)
    found = seen(begun, open_road, fix, again, retracted(again))
    assert told(found) == ["closed"]
    assert mark(found, open_road).corrected_by == (fix.id,)


def test_a_correction_retracted_takes_its_own_corrections_with_it() -> None:
    fix = corrected(open_road, closed_road)
    again = corrected(fix, mined_road)
    assert told(seen(begun, open_road, fix, again, retracted(fix))) == ["open"]


def test_of_rival_corrections_the_newest_in_effect_wins() -> None:
    one, other = corrected(open_road, closed_road), corrected(open_road, mined_road)
    back = retracted(other)
    assert told(seen(begun, open_road, one, other)) == ["mined"]
    assert told(seen(begun, open_road, other, one)) == ["closed"]
    found = seen(begun, open_road, one, other, back)
    assert told(found) == ["closed"]
    assert mark(found, open_road).corrected_by == (one.id,)
    assert told(seen(begun, open_road, one, other, back, retracted(back))) == ["mined"]


def test_correcting_the_older_of_two_rivals_does_not_make_it_newer() -> None:
    one, other = corrected(open_road, closed_road), corrected(open_road, mined_road)
    assert told(seen(begun, open_road, one, other, corrected(one, said("swept")))) == ["mined"]


# --- retractions ------------------------------------------------------------------------------------------


def test_a_retraction_takes_a_report_out_of_effect_and_leaves_it_in_the_history() -> None:
    back = retracted(open_road)
    found = seen(begun, open_road, back)
    assert told(found) == []
    assert (mark(found, open_road).event, mark(found, open_road).retracted_by) == (None, back.id)
    assert [one.event for one in found.known] == [begun, open_road, back]


def test_a_retraction_retracted_and_so_on() -> None:
    log = [begun, open_road]
    for expected in ([], ["open"], [], ["open"]):
        log.append(retracted(log[-1]))
        assert told(seen(*log)) == expected


def test_a_report_retracted_twice_stays_so_when_one_is_taken_back() -> None:
    one, other = retracted(open_road), retracted(open_road)
    assert told(seen(begun, open_road, one, other, retracted(other))) == []
    assert told(seen(begun, open_road, one, other, retracted(one))) == []
    assert told(seen(begun, open_road, one, other, retracted(one), retracted(other))) == ["open"]


def test_a_correction_is_retracted() -> None:
    fix = corrected(open_road, closed_road)
    found = seen(begun, open_road, fix, retracted(fix))
    assert told(found) == ["open"]
    assert not mark(found, open_road).revised


def test_of_a_correction_and_a_retraction_of_one_report_the_newer_wins() -> None:
    fix, back = corrected(open_road, closed_road), retracted(open_road)
    assert told(seen(begun, open_road, fix, back)) == []
    found = seen(begun, open_road, back, fix)
    assert told(found) == ["closed"]
    assert mark(found, open_road).retracted_by is None


def test_the_winner_of_the_two_retracted_the_other_is_back() -> None:
    fix, back = corrected(open_road, closed_road), retracted(open_road)
    assert told(seen(begun, open_road, fix, back, retracted(back))) == ["closed"]
    assert told(seen(begun, open_road, back, fix, retracted(fix))) == []


def test_of_a_correction_and_a_retraction_of_one_correction_the_newer_wins() -> None:
    fix = corrected(open_road, closed_road)
    again, back = corrected(fix, mined_road), retracted(fix)
    assert told(seen(begun, open_road, fix, again, back)) == ["open"]
    assert told(seen(begun, open_road, fix, back, again)) == ["mined"]


# --- openings ---------------------------------------------------------------------------------------------


def test_a_corrected_opening_renames_its_subject() -> None:
    assert names(seen(begun, corrected(begun, opening(title="the round")))) == ["the round"]


def test_an_opening_retracted_leaves_the_others() -> None:
    second = opening(title="another round")
    found = seen(begun, second, retracted(begun), open_road)
    assert (names(found), told(found), found.withdrawn) == (["another round"], ["open"], frozenset())


def test_with_all_openings_retracted_a_subject_is_withdrawn_not_gone() -> None:
    found = seen(begun, open_road, retracted(begun))
    assert found.withdrawn == {TALKS}
    assert told(found) == ["open"]
    assert seen(begun, retracted(begun)).withdrawn == {TALKS}


def test_a_withdrawn_subject_is_reopened_by_another_report() -> None:
    found = seen(begun, retracted(begun), opening(title="it was so"))
    assert (found.withdrawn, names(found)) == (frozenset(), ["it was so"])


def test_a_withdrawn_subject_is_reopened_by_retracting_the_retraction() -> None:
    back = retracted(begun)
    found = seen(begun, back, retracted(back))
    assert (found.withdrawn, names(found)) == (frozenset(), ["a round"])


def test_a_subject_withdrawn_beyond_the_horizon_is_not_there_at_all() -> None:
    found = seen(begun, retracted(begun), as_of="2017-09-30")
    assert (found.events, found.withdrawn) == ({}, frozenset())


# --- disputes ---------------------------------------------------------------------------------------------


def test_a_dispute_changes_nothing_and_is_marked() -> None:
    one, other = disputed(open_road), disputed(open_road)
    found = seen(begun, open_road, one, other)
    assert told(found) == ["open"]
    assert mark(found, open_road).disputed_by == (one.id, other.id)
    assert mark(found, open_road).event == open_road


def test_a_dispute_retracted_is_no_mark() -> None:
    one, other = disputed(open_road), disputed(open_road)
    assert mark(seen(begun, open_road, one, other, retracted(one)), open_road).disputed_by == (other.id,)


# --- duplicates -------------------------------------------------------------------------------------------

tass = said("open", sources=[{"publisher": "TASS", "published": "2017-10-10"}])
again_tass = said("open", sources=[{"publisher": "SANA"}, {"publisher": "TASS", "published": "2017-10-10"}])
third_tass = said("open", sources=[{"publisher": "bulletin"}])


def publishers(found: Seen, subject: str = TALKS) -> list[list[str]]:
    events = found.events.get(Subject(subject), ())
    return [[source.publisher for source in one.sources] for one in events if one.type == "StatementMade"]


@pytest.mark.parametrize("there", [True, False])
def test_of_duplicates_the_earliest_stays_and_gains_the_sources(there: bool) -> None:
    same = repeats(again_tass, tass) if there else repeats(tass, again_tass)
    found = seen(begun, tass, again_tass, same)
    assert publishers(found) == [["TASS", "SANA"]]
    assert mark(found, tass).repeated_by == (again_tass.id,)
    assert mark(found, again_tass).same_as == tass.id


def test_the_first_duplicate_retracted_the_second_stands() -> None:
    found = seen(begun, tass, again_tass, repeats(again_tass, tass), retracted(tass))
    assert publishers(found) == [["SANA", "TASS"]]
    assert mark(found, again_tass).same_as is None
    assert (mark(found, tass).retracted_by is None, mark(found, tass).same_as) == (False, None)


def test_a_duplicate_is_undone() -> None:
    same = repeats(again_tass, tass)
    found = seen(begun, tass, again_tass, same, retracted(same))
    assert publishers(found) == [["TASS"], ["SANA", "TASS"]]
    assert not mark(found, tass).revised


def test_two_marks_make_a_class_of_three() -> None:
    for marks in (
        (repeats(tass, again_tass), repeats(again_tass, third_tass)),
        (repeats(third_tass, tass), repeats(again_tass, tass)),
        (repeats(third_tass, again_tass), repeats(tass, third_tass)),
    ):
        found = seen(begun, tass, again_tass, third_tass, *marks)
        assert publishers(found) == [["TASS", "SANA", "bulletin"]]
        assert mark(found, tass).repeated_by == (again_tass.id, third_tass.id)
        assert {mark(found, one).same_as for one in (again_tass, third_tass)} == {tass.id}


def test_marks_said_twice_are_undone_one_by_one() -> None:
    one, other = repeats(again_tass, tass), repeats(tass, again_tass)
    assert len(publishers(seen(begun, tass, again_tass, one, other, retracted(one)))) == 1
    assert len(publishers(seen(begun, tass, again_tass, one, other, retracted(one), retracted(other)))) == 2


def test_a_class_holds_together_without_the_one_in_its_middle() -> None:
    marks = (repeats(again_tass, tass), repeats(third_tass, again_tass))
    found = seen(begun, tass, again_tass, third_tass, *marks, retracted(again_tass))
    assert publishers(found) == [["TASS", "bulletin"]]


def test_a_duplicate_counts_as_it_is_corrected() -> None:
    fix = corrected(again_tass, said("open", sources=[{"publisher": "field office"}]))
    assert publishers(seen(begun, tass, again_tass, repeats(again_tass, tass), fix)) == [["TASS", "field office"]]
    first = corrected(tass, said("closed", sources=[{"publisher": "field office"}]))
    found = seen(begun, tass, again_tass, repeats(again_tass, tass), first)
    assert (told(found), publishers(found)) == (["closed"], [["field office", "SANA", "TASS"]])


def test_more_sources_than_one_report_may_have_are_all_gained() -> None:
    many = [said("open", sources=published(*[None] * 50), note=str(number)) for number in range(2)]
    many[1] = said("open", sources=[{"publisher": f"another {number}"} for number in range(50)])
    found = seen(begun, *many, repeats(many[1], many[0]))
    assert [len(one) for one in publishers(found)] == [100]


def test_an_answer_to_a_duplicate_counts_for_the_proposal_that_stays() -> None:
    data = {"kind": "demand", "text": "A neutral venue."}
    asked, again = (event("ProposalMade", subject=TALKS, occurred="2017-10-02", data=data) for _ in range(2))
    taken = {"actor": "government", "position": "refuses", "answers": str(again.id)}
    answer = event("PositionTaken", subject=TALKS, occurred="2017-10-03", data=taken)
    same = repeats(again, asked)
    together = seen(begun, asked, again, answer, same)
    apart = seen(begun, asked, again, answer, same, retracted(same))
    state, undone = (families.fold("talks", found.events[Subject(TALKS)]) for found in (together, apart))
    assert list(state.proposals) == [str(asked.id)]
    assert state.answered == {str(asked.id): (answer.id,)}
    assert undone.answered == {str(again.id): (answer.id,)}


# --- two ids of one thing ---------------------------------------------------------------------------------

first_run, second_run, third_run = (opening(one, title=one) for one in (ONE, TWO, THREE))
seen_one, seen_two, seen_three = (said(one, subject=one, occurred="2017-10-10") for one in (ONE, TWO, THREE))
RUNS = (first_run, second_run, third_run, seen_one, seen_two, seen_three)


@pytest.mark.parametrize(("gives_way", "into"), [(ONE, TWO), (TWO, ONE)])
def test_two_ids_of_one_convoy_are_joined_and_undone(gives_way: str, into: str) -> None:
    join = unified(gives_way, into)
    found = seen(*RUNS, join)
    assert found.joined == {gives_way: into}
    assert sorted(told(found, into)) == [ONE, TWO]
    assert sorted(names(found, into)) == [ONE, TWO]
    assert gives_way not in found.events
    assert told(found, THREE) == [THREE]
    undone = seen(*RUNS, join, retracted(join))
    assert (undone.joined, told(undone, ONE), told(undone, TWO)) == ({}, [ONE], [TWO])


@pytest.mark.parametrize("there", [True, False])
def test_unifications_chain_in_whatever_order(there: bool) -> None:
    joins = [unified(ONE, TWO), unified(TWO, THREE)]
    found = seen(*RUNS, *(joins if there else joins[::-1]))
    assert found.joined == {ONE: THREE, TWO: THREE}
    assert sorted(told(found, THREE)) == sorted([ONE, TWO, THREE])


def test_a_link_of_a_chain_is_undone() -> None:
    joins = [unified(ONE, TWO), unified(TWO, THREE)]
    assert seen(*RUNS, *joins, retracted(joins[0])).joined == {TWO: THREE}
    assert seen(*RUNS, *joins, retracted(joins[1])).joined == {ONE: TWO}


def test_the_newest_unification_names_the_id_that_stays() -> None:
    there, back = unified(ONE, TWO), unified(TWO, ONE)
    assert seen(*RUNS, there, back).joined == {TWO: ONE}
    assert seen(*RUNS, back, there).joined == {ONE: TWO}
    undo = retracted(back)
    assert seen(*RUNS, there, back, undo).joined == {ONE: TWO}
    assert seen(*RUNS, there, back, undo, retracted(undo)).joined == {TWO: ONE}


def test_two_that_give_way_to_one_are_one_and_may_change_which_stays() -> None:
    joins = [unified(ONE, TWO), unified(THREE, TWO)]
    assert seen(*RUNS, *joins).joined == {ONE: TWO, THREE: TWO}
    assert seen(*RUNS, *joins, unified(TWO, THREE)).joined == {ONE: THREE, TWO: THREE}
    assert seen(*RUNS, *joins, unified(ONE, THREE)).joined == {ONE: THREE, TWO: THREE}


def test_one_id_withdrawn_the_joined_subject_stays_open() -> None:
    join = unified(ONE, TWO)
    found = seen(*RUNS, join, retracted(second_run))
    assert (names(found, TWO), found.withdrawn) == ([ONE], frozenset())
    assert seen(*RUNS, join, retracted(second_run), retracted(first_run)).withdrawn == {TWO}
    assert seen(*RUNS, join, retracted(second_run), retracted(join)).withdrawn == {TWO}


def test_reports_on_an_id_that_gave_way_count_for_the_one_that_stays() -> None:
    assert sorted(told(seen(*RUNS, unified(ONE, TWO), said("later", subject=ONE)), TWO)) == [ONE, TWO, "later"]


def test_a_report_on_an_id_that_gave_way_is_revised_there() -> None:
    found = seen(*RUNS, unified(ONE, TWO), corrected(seen_one, said("else", subject=ONE)), retracted(seen_two))
    assert told(found, TWO) == ["else"]


def test_duplicates_across_subjects_count_once_these_are_joined() -> None:
    here = said("open", subject=ONE, sources=[{"publisher": "TASS"}])
    there = said("open", subject=TWO, sources=[{"publisher": "SANA"}])
    same, join = repeats(there, here), unified(ONE, TWO)
    apart = seen(first_run, second_run, here, there, same)
    assert (publishers(apart, ONE), publishers(apart, TWO)) == ([["TASS"]], [["SANA"]])
    for log in ((same, join), (join, same)):
        assert publishers(seen(first_run, second_run, here, there, *log), TWO) == [["TASS", "SANA"]]
    undone = seen(first_run, second_run, here, there, same, join, retracted(join))
    assert (publishers(undone, ONE), publishers(undone, TWO)) == ([["TASS"]], [["SANA"]])


# --- the cut by position ----------------------------------------------------------------------------------


def test_what_was_recorded_later_is_not_known() -> None:
    fix, back = corrected(open_road, closed_road), retracted(open_road)
    log = (begun, open_road, fix, back, retracted(back))
    assert [told(seen(*log, position=at)) for at in range(6)] == [[], [], ["open"], ["closed"], [], ["closed"]]
    assert len(seen(*log, position=3).known) == 3
    assert seen(*log, position=0).events == {}
    assert seen(*log, position=99) == seen(*log)


# --- the cut by publication -------------------------------------------------------------------------------


def by(day: str, *log: Event) -> list[str]:
    return told(seen(begun, *log, published_by=day))


def test_a_report_is_inside_from_the_day_its_first_source_was_published() -> None:
    one = said("open", sources=published("2017-10-20", "2017-10-15"))
    assert by("2017-10-14", one) == []
    assert by("2017-10-15", one) == ["open"]


def test_a_month_of_publication_is_possible_within_it_and_certain_at_its_end() -> None:
    one = said("open", occurred="2017-09-01", sources=published("2017-10"))
    days = ("2017-09-30", "2017-09", "2017-10-01", "2017-10-30", "2017-10-31", "2017-10", "2017")
    assert [by(day, one) for day in days] == [[], [], ["open?"], ["open?"], ["open"], ["open"], ["open"]]
    assert seen(begun, one, published_by="2017-10-15").possible == {one.id: "publication"}


def test_a_source_that_certainly_was_there_makes_a_report_certain() -> None:
    assert by("2017-10-15", said("open", sources=published("2017-10", "2017-10-14", None))) == ["open"]


def test_a_report_without_a_source_is_inside_from_when_it_occurred() -> None:
    one = said("open", occurred="2017-10-10")
    assert [by(day, one) for day in ("1990", "2017-10-09", "2017-10-10", "2018")] == [[], [], ["open"], ["open"]]


@pytest.mark.parametrize("sources", [(), published(None), published("2017-10-05")])
def test_what_had_not_happened_is_outside_whatever_its_sources(sources: list[Wire]) -> None:
    one = said("open", occurred="2017-10-10", sources=list(sources))
    assert (by("2017-10-09", one), told(seen(begun, one, published_by="2017-10-09", as_of="2017-12"))) == ([], [])
    assert seen(begun, one, published_by="2017-10-09").outside == {one.id}


@pytest.mark.parametrize("sources", [(), published(None), published("2017-10-05")])
def test_no_deal_is_known_before_it_was_made(sources: list[Wire]) -> None:
    deal, more = "agreements/deal", {"occurred": "2018-04-19", "sources": list(sources)}
    data = {"processes": ["first"], "title": [{"text": "a deal"}]}
    log = [event("AgreementReported", subject=deal, data=data, **more), event("AgreementReached", subject=deal, **more)]
    assert seen(*log, published_by="2018-04-18").events == {}
    assert stage(seen(*log, published_by="2018-04-19"), deal) == ("reached",)


def test_a_report_whose_date_the_day_of_publication_cuts_is_possible() -> None:
    one = said("open", occurred="2017-10", sources=published("2017-10-05"))
    days = ("2017-09-30", "2017-10-04", "2017-10-05", "2017-10-30", "2017-10-31", "2017-10")
    assert [by(day, one) for day in days] == [[], [], ["open?"], ["open?"], ["open"], ["open"]]
    assert seen(begun, one, published_by="2017-10-15").possible == {one.id: "occurrence"}


def test_what_goes_on_had_happened_from_its_beginning_on() -> None:
    days = ("2017-10-09", "2017-10-10", "2017-10-31", "2025")
    for end in ("", ".."):
        one, month = (said("open", occurred=f"{start}/{end}") for start in ("2017-10-10", "2017-10"))
        assert [by(day, one) for day in days] == [[], ["open"], ["open"], ["open"]]
        assert [by(day, month) for day in days] == [["open?"], ["open?"], ["open"], ["open"]]
    before = said("open", occurred="../2017-10-10")
    assert [by(day, before) for day in days] == [["open?"], ["open"], ["open"], ["open"]]


def test_the_zone_of_its_process_says_whether_a_report_with_an_hour_had_happened() -> None:
    labels = [{"text": "x"}]
    damascus, one = (
        event("ProcessOpened", subject="processes/first", data={"labels": labels, "time_zone": "Asia/Damascus"}),
        said("open", occurred="2017-10-09T21:30:00Z"),
    )
    assert told(seen(begun, damascus, one, published_by="2017-10-09")) == []
    assert told(seen(begun, one, published_by="2017-10-09")) == ["open?"]


PLACE = {"labels": [{"text": "the northern road"}], "precision": "route"}
PLANS: list[Wire] = [
    {"type": "TalksScheduled", "subject": TALKS, "data": {"when": "2017-10-20"}},
    {"type": "TalksPostponed", "subject": TALKS, "data": {}},
    {"type": "RoleTaken", "subject": TALKS, "data": {"actor": "a", "role": "host", "modality": "announced"}},
    {
        "type": "AccessReported",
        "subject": "processes/first",
        "data": {"place": PLACE, "kind": "route", "access": "open", "modality": "possible"},
    },
    {
        "type": "BodyEstablished",
        "subject": "processes/first",
        "data": {"labels": [{"text": "a committee"}], "modality": "announced"},
    },
    {
        "type": "EnrolmentOpened",
        "subject": "enrolments/first",
        "data": {"processes": ["first"], "title": [{"text": "a register"}], "modality": "announced"},
    },
    {
        "type": "ConvoyReported",
        "subject": "convoys/first",
        "data": {"processes": ["first"], "kind": "aid", "title": [{"text": "x"}], "planned": "2017-10-20"},
    },
]


def dated(what: Wire, occurred: str, *days: str | None) -> Event:
    return event(what["type"], subject=what["subject"], occurred=occurred, data=what["data"], sources=published(*days))


@pytest.mark.parametrize("plan", PLANS, ids=[plan["type"] for plan in PLANS])
def test_a_plan_dated_ahead_passes_by_its_source(plan: Wire) -> None:
    def how(day: str, *days: str | None) -> str | bool:
        one = dated(plan, "2019-10-20", *days)
        found = seen(begun, one, published_by=day)
        return found.possible.get(one.id, one.id not in found.outside)

    assert [how(f"2017-10-{day}", "2017-10-12") for day in (11, 12)] == [False, True]
    assert [how(day, None) for day in ("2017-10-12", "2018-01-02")] == ["publication", True]
    assert how("2017-10-12") is True


def test_the_same_said_as_a_fact_is_outside() -> None:
    facts = [{**plan, "data": {k: v for k, v in plan["data"].items() if k != "modality"}} for plan in PLANS[2:6]]
    for fact in facts:
        one = dated(fact, "2017-10-20", "2017-10-12")
        assert one.id in seen(begun, one, published_by="2017-10-12").outside, fact["type"]


def test_a_source_without_a_date_was_published_between_what_it_tells_of_and_recording() -> None:
    one = said("open", occurred="2017-10-10", sources=published(None))
    days = ("2017-10-08", "2017-10-10", "2017-12-31", "2018-01-01", "2018-01-02")
    assert [by(day, one) for day in days] == [[], ["open?"], ["open?"], ["open?"], ["open"]]
    assert by("2018-01-01T11:59Z", one) == ["open?"]
    assert by("2018-01-01T12:02Z", one) == ["open"]


def test_a_source_without_a_date_was_not_published_on_the_day_before_it_tells_of() -> None:
    """Calendar dates are compared as dates of one place, as everywhere."""
    assert by("2017-10-09", said("open", occurred="2017-10-10", sources=published(None))) == []


def test_a_source_without_a_date_may_be_published_while_the_day_it_tells_of_is_a_day_somewhere() -> None:
    """2017-10-10 begins at 10:00Z of the day before, in the east: no zone is told."""
    one = said("open", occurred="2017-10-10", sources=published(None))
    assert by("2017-10-09T23:00Z", one) == ["open?"]
    assert by("2017-10-09T09:00Z", one) == []


def test_what_is_reported_of_the_future_is_outside_even_when_it_was_recorded() -> None:
    one = said("open", occurred="2019-10-10", sources=published(None))
    assert by("2018-01-01T12:02Z", one) == []
    assert by("2019-10-10", one) == ["open"]


def test_a_correction_of_our_own_error_always_passes() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed", sources=published("2017-10-12")), sources=published("2017-12-01"))
    assert by("2017-10-12", one, fix) == ["closed"]


def test_a_correction_by_the_source_passes_when_it_was_published() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed"), "corrected by the source", sources=published("2017-10-14"))
    assert [by(f"2017-10-{day}", one, fix) for day in (11, 12, 13, 14)] == [[], ["open"], ["open"], ["closed"]]
    found = seen(begun, one, fix, published_by="2017-10-13")
    assert found.outside == {fix.id}
    assert mark(found, one).corrected_by == ()


def test_a_correction_by_the_source_without_sources_has_those_of_what_it_says() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed", sources=published("2017-10-14")), "corrected by the source")
    assert [by(f"2017-10-{day}", one, fix) for day in (12, 13, 14)] == [["open"], ["open"], ["closed"]]


def test_sources_that_the_corrected_report_had_already_do_not_date_its_correction() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed", sources=published("2017-10-12")), "corrected by the source")
    assert by("2017-10-12", one, fix) == ["open?"]
    assert by("2018-01-02", one, fix) == ["closed"]
    again = corrected(fix, said("mined", sources=published("2017-10-12")), "corrected by the source")
    assert by("2017-10-12", one, fix, again) == ["open?"]
    dated = corrected(one, said("closed", sources=published("2017-10-12", "2017-10-14")), "corrected by the source")
    assert [by(f"2017-10-{day}", one, dated) for day in (12, 13, 14)] == [["open"], ["open"], ["closed"]]


def test_what_a_revision_says_of_when_it_occurred_does_not_date_its_source() -> None:
    one = said("open", sources=published("2017-10-12"))
    for back in (retracted(one, sources=published(None)), retracted(one, occurred="2017-12", sources=published(None))):
        found = seen(begun, one, back, published_by="2017-10-20")
        assert (told(found), found.possible) == (["open?"], {one.id: "revision"})
        assert by("2018-01-02", one, back) == []
    assert at("2017-10-20", one, retracted(one, occurred="2017-12")) == [], "as_of never cuts a revision"


def test_a_correction_by_the_source_with_no_date_at_all_leaves_doubt_until_it_was_recorded() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed"), "corrected by the source")
    assert by("2017-10-11", one, fix) == []
    assert by("2017-10-12", one, fix) == ["open?"]
    assert by("2018-01-02", one, fix) == ["closed"]


def test_our_correction_of_what_the_source_corrected_needs_that_to_be_known() -> None:
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("closed"), "corrected by the source", sources=published("2017-10-14"))
    ours = corrected(fix, said("mined"))
    assert [by(f"2017-10-{day}", one, fix, ours) for day in (12, 14)] == [["open"], ["mined"]]


def test_a_publication_date_that_we_misread_is_read_as_corrected() -> None:
    one = said("open", sources=published("2017-10-12"))
    later, earlier = (corrected(one, said("open", sources=published(f"2017-10-{day}"))) for day in (20, "11"))
    assert [by(f"2017-10-{day}", one, later) for day in (12, 19, 20)] == [[], [], ["open"]]
    assert [by(f"2017-10-{day}", one, earlier) for day in ("10", "11")] == [[], ["open"]]
    assert by("2017-10-12", one, later, retracted(later)) == ["open"]
    assert by("2017-10-11", one, later, corrected(later, said("open", sources=published("2017-10-11")))) == ["open"]


def test_a_misread_publication_date_is_judged_by_what_is_inside() -> None:
    """Who took our correction back did so beyond the horizon: within it, the correction stands."""
    one = said("open", sources=published("2017-10-12"))
    fix = corrected(one, said("open", sources=published("2017-12-01")))
    assert by("2017-10-20", one, fix, retracted(fix, sources=published("2017-11-01"))) == []
    assert by("2017-11-01", one, fix, retracted(fix, sources=published("2017-11-01"))) == ["open"]


def test_a_retraction_passes_when_it_was_published() -> None:
    one = said("open", sources=published("2017-10-12"))
    back = retracted(one, sources=published("2017-10-14"))
    assert [by(f"2017-10-{day}", one, back) for day in (12, 13, 14)] == [["open"], ["open"], []]
    assert by("2017-10-12", one, retracted(one)) == []


def test_duplicates_that_were_not_yet_published_lend_no_source() -> None:
    one, other = said("open", sources=published("2017-10-12")), said("open", sources=published("2017-10-14"))
    same = repeats(other, one)
    for day, expected in (("2017-10-13", 1), ("2017-10-14", 2)):
        found = seen(begun, one, other, same, published_by=day)
        assert [len(sources) for sources in publishers(found)] == [expected]
    early = seen(begun, other, one, same, published_by="2017-10-13")
    assert [one.id for one in early.events[Subject(TALKS)] if one.type == "StatementMade"] == [one.id]


def test_subjects_are_two_until_their_unity_was_published() -> None:
    join = unified(ONE, TWO, sources=published("2017-10-20"))
    assert seen(*RUNS, join, published_by="2017-10-19").joined == {}
    assert seen(*RUNS, join, published_by="2017-10-20").joined == {ONE: TWO}


# --- the cut by occurrence --------------------------------------------------------------------------------


def at(moment: str, *log: Event) -> list[str]:
    return told(seen(begun, *log, as_of=moment))


def test_a_month_is_outside_before_possible_within_and_certain_at_its_end() -> None:
    one = said("open", occurred="2017-10")
    days = ("2017-09-30", "2017-10-01", "2017-10-15", "2017-10-31", "2017-10", "2018")
    begun_early = opening(occurred="2017-01")
    found = [told(seen(begun_early, one, as_of=day)) for day in days]
    assert found == [[], ["open?"], ["open?"], ["open"], ["open"], ["open"]]
    middle = seen(begun_early, one, as_of="2017-10-15")
    assert (middle.possible, middle.outside) == ({one.id: "occurrence"}, frozenset())
    assert seen(begun_early, one, as_of="2017-09-30").outside == {one.id}


def test_an_event_counts_at_the_time_it_is_corrected_to() -> None:
    fix = corrected(open_road, said("closed", occurred="2017-10-20"))
    assert at("2017-10-10", open_road) == ["open"]
    assert at("2017-10-19", open_road, fix) == []
    assert at("2017-10-20", open_road, fix) == ["closed"]


def test_what_is_only_possible_contests_rather_than_supersedes() -> None:
    opened = opening("processes/first", occurred="2017-09-01")
    ended = event("ProcessEnded", subject="processes/first", occurred="2017-10", data={"how": "concluded"})
    assert stage(seen(opened, ended, as_of="2017-09-30"), "processes/first") == ("open",)
    assert set(stage(seen(opened, ended, as_of="2017-10-15"), "processes/first")) == {"open", "ended"}
    assert stage(seen(opened, ended, as_of="2017-10-31"), "processes/first") == ("ended",)


def test_an_opening_beyond_the_horizon_lends_its_name_to_what_is_inside() -> None:
    late = opening(occurred="2017-10-20", title="reported late")
    early = said("heard", occurred="2017-10-05")
    found = seen(late, early, as_of="2017-10-10")
    assert (names(found), told(found)) == (["reported late"], ["heard"])
    assert found.possible == {late.id: "identity"}
    assert late.id not in found.outside
    assert seen(late, early, as_of="2017-10-04").events == {}


def test_an_opening_not_yet_published_lends_its_name_too() -> None:
    late = opening(sources=published("2017-10-20"))
    found = seen(late, said("heard", sources=published("2017-10-05")), published_by="2017-10-10")
    assert (names(found), told(found), found.possible) == (["a round"], ["heard"], {late.id: "identity"})
    assert seen(late, published_by="2017-10-10").events == {}


def test_an_opening_inside_makes_the_name_of_one_beyond_unneeded() -> None:
    late = opening(occurred="2017-10-20", title="reported late")
    found = seen(begun, late, as_of="2017-10-10")
    assert (names(found), found.possible) == (["a round"], {})
    assert found.outside == {late.id}


def test_an_opening_that_was_later_said_to_be_void_still_lends_its_name() -> None:
    """The retraction lies beyond the horizon as well, so it does not count."""
    late = opening(sources=published("2017-10-20"))
    back = retracted(late, sources=published("2017-10-25"))
    assert names(seen(late, open_road, back, published_by="2017-10-10")) == ["a round"]


def test_an_opening_lends_its_name_to_the_id_it_has_within_the_horizon() -> None:
    """That two ids are one was published beyond the horizon."""
    late = opening(TWO, sources=published("2017-10-20"), title="two")
    join = unified(TWO, ONE, sources=published("2017-12-01"))
    found = seen(first_run, late, seen_two, join, published_by="2017-10-10")
    assert (names(found, ONE), names(found, TWO), told(found, TWO)) == ([ONE], ["two"], [TWO])


def test_a_subject_whose_opening_was_retracted_is_withdrawn_though_its_source_came_later() -> None:
    late = opening(sources=published("2017-10-20"))
    assert seen(late, open_road, retracted(late), published_by="2017-10-10").withdrawn == {TALKS}


# --- hours ------------------------------------------------------------------------------------------------


def test_an_instant_beside_a_day_leaves_room_for_any_zone() -> None:
    def seen_at(moment: str) -> list[str]:
        return at("2017-10-29", said("open", occurred=moment))

    assert seen_at("2017-10-29T09:00:00Z") == ["open"]
    assert seen_at("2017-10-29T09:59:59Z") == ["open"]
    assert seen_at("2017-10-29T10:00:00Z") == ["open?"]
    assert seen_at("2017-10-30T11:59:59Z") == ["open?"]
    assert seen_at("2017-10-30T12:00:00Z") == []


def test_a_day_beside_an_instant_leaves_room_for_any_zone() -> None:
    one = said("open", occurred="2017-10-29")
    found = [at(moment, one) for moment in ("2017-10-28T09:59:59Z", "2017-10-28T10:00:00Z", "2017-10-30T11:59:58Z")]
    assert found == [[], ["open?"], ["open?"]]
    assert at("2017-10-30T11:59:59Z", one) == ["open"]


def test_the_zone_of_its_process_narrows_that() -> None:
    process = event(
        "ProcessOpened", subject="processes/first", data={"labels": [{"text": "x"}], "time_zone": "Asia/Damascus"}
    )
    one = said("open", occurred="2017-10-29")
    moments = ("2017-10-28T21:59:59+01:00", "2017-10-28T22:00:00Z", "2017-10-29T21:59:58Z", "2017-10-29T21:59:59Z")
    assert [at(moment, process, one) for moment in moments] == [[], ["open?"], ["open?"], ["open"]]
    assert at("2017-10-29", process, said("open", occurred="2017-10-29T21:59:59Z")) == ["open"]
    assert at("2017-10-29", process, said("open", occurred="2017-10-29T22:00:00Z")) == []


def test_instants_are_compared_to_the_second() -> None:
    one = said("open", occurred="2017-10-29T09:00:00+03:00")
    moments = ("2017-10-29T05:59:59Z", "2017-10-29T06:00:00Z", "2017-10-29T09:00:00+03:00")
    assert [at(moment, one) for moment in moments] == [[], ["open"], ["open"]]
    minute = said("open", occurred="2017-10-29T09:00+03:00")
    assert [at(moment, minute) for moment in moments] == [[], ["open?"], ["open?"]]
    assert at("2017-10-29T09:00+03:00", minute) == ["open"]


def test_an_instant_of_publication_is_compared_with_days_likewise() -> None:
    one = said("open", sources=published("2017-10-29"))
    days = ("2017-10-28T09:00Z", "2017-10-29T12:00Z", "2017-10-30T14:00Z")
    assert [by(day, one) for day in days] == [[], ["open?"], ["open"]]


@pytest.mark.parametrize("cut", ["9999-12-31", "9999", "9999-12-31T23:59:59Z"])
def test_at_the_end_of_the_calendar_all_is_past(cut: str) -> None:
    assert inside(When("2017-10-28/..").span, When(cut).span) in (True, None)
    assert inside(When("2017-10-28").span, When(cut).span) is True


def test_an_open_end_is_possible_from_its_beginning_on() -> None:
    one = said("open", occurred="2017-10-28/..")
    assert [at(day, one) for day in ("2017-10-27", "2017-10-28", "2025")] == [[], ["open?"], ["open?"]]
    assert at("2017-10-28", said("open", occurred="../2017-10-28")) == ["open"]
    assert at("2017-10-27", said("open", occurred="../2017-10-28")) == ["open?"]


# --- all of them ------------------------------------------------------------------------------------------


def test_the_cuts_work_together() -> None:
    one = said("open", occurred="2017-10-10", sources=published("2017-10-12"))
    fix = corrected(
        one, said("closed", occurred="2017-10-11"), "corrected by the source", sources=published("2017-10-14")
    )
    back = retracted(fix, sources=published("2017-10-16"))
    late = said("mined", occurred="2017-10", sources=published("2017-10"))
    log = (begun, one, fix, back, late)

    def found(position: int | None, published_by: str | None, as_of: str | None) -> list[str]:
        return told(seen(*log, position=position, published_by=published_by, as_of=as_of))

    assert found(None, None, None) == ["mined", "open"]
    assert found(4, None, None) == ["open"]
    assert found(3, None, None) == ["closed"]
    assert found(3, "2017-10-13", None) == ["open"]
    assert found(3, "2017-10-14", "2017-10-10") == []
    assert found(3, "2017-10-14", "2017-10-11") == ["closed"]
    assert found(3, "2017-10-11", "2017-10-11") == []
    assert found(None, "2017-10-15", "2017-10-11") == ["mined?", "closed"]
    assert found(None, "2017-10-16", "2017-10-10") == ["mined?", "open"]
    assert found(None, "2017-10-31", "2017-10-31") == ["mined", "open"]
    assert found(None, "2017-10-31", "2017-10-30") == ["mined?", "open"]
    assert found(None, "2017-10-30", "2017-10-31") == ["mined?", "open"]
    assert found(1, "2017-10-30", "2017-10-31") == []


def test_the_reason_that_is_named_for_what_is_possible_is_occurrence_before_publication() -> None:
    both = said("open", occurred="2017-10", sources=published("2017-10"))
    assert seen(begun, both, published_by="2017-10-15", as_of="2017-10-15").possible == {both.id: "occurrence"}


def test_revisions_whose_target_is_not_inside_have_no_effect_on_anything() -> None:
    one = said("open", sources=published("2017-12-01"))
    log = (begun, one, corrected(one, closed_road, "corrected by the source"), disputed(one), retracted(one))
    found = seen(*log, published_by="2017-10-15")
    assert (told(found), found.withdrawn, mark(found, one)) == ([], frozenset(), ReportStatus(recorded(*log)[1], None))
