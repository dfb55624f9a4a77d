"""What an event does to the findings of its own subject: as the read models show it before and after, and for ever."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from domain.event import Recorded
from domain.finding import Finding, Turn
from domain.values import Subject
from projections.catch_up import Asked, catch_up
from projections.compare import compare
from projections.queries.finding_changes import RecordedReport, changes_by
from projections.queries.following import of_followed
from projections.read_models import finding_changes, findings
from projections.read_models.change_set import FindingChanges
from projections.read_models.revisions import canonical_subjects
from projections.read_models.subjects import states_of
from projections.storage.generations import ReadModels
from projections.storage.tables import Transaction
from tests.examples import examples
from tests.projections.test_time_travel import revised
from tests.projections.world import Wire, opened, pull, recorded, views
from tests.spec import wire
from tests.strategies import histories, with_unified_actors

pytestmark = pytest.mark.usefixtures("both_databases")


class _EverybodyAsks(Asked):
    def about(self, event: str) -> bool:
        return True


EVERYBODY_ASKS = _EverybodyAsks()
Turns = dict[int, set[tuple[str, Finding]]]


@examples(8)
@given(st.one_of(histories(max_steps=20), revised(), with_unified_actors()))
def test_it_is_the_difference_that_the_read_models_show(history: list[Wire]) -> None:
    log = recorded(history)
    with views() as found:
        expected = {one.position: _difference(found, log, one) for one in log}
        with found.reading() as reading:
            assert _turns(finding_changes.kept_at(reading, expected)) == expected


@examples(8)
@given(st.one_of(histories(max_steps=25), revised()), st.integers(2, 9))
def test_it_is_the_same_however_the_log_is_cut_into_batches(history: list[Wire], size: int) -> None:
    """Of processes that are followed: of others each event is a batch of its own."""
    for wire_form in history:
        if wire_form["type"] == "ProcessOpened":
            wire_form["data"] = {**wire_form["data"], "followed": True}
    log = recorded(history)
    with views() as together, views() as one_by_one:
        for last in range(size, len(log) + size, size):
            _take(together, log, log[min(last, len(log)) - 1])
        for one in log:
            _take(one_by_one, log, one)
        answers = []
        for found in (together, one_by_one):
            with found.reading() as reading:
                answers.append(_turns(finding_changes.kept_at(reading, range(1, len(log) + 1))))
        _hold_what_a_rebuild_does(together, log)
    assert answers[0] == answers[1]


def _hold_what_a_rebuild_does(found: ReadModels, log: list[Recorded]) -> None:
    wrong: list[str] = []
    compare(found, pull(log), lambda table, text: wrong.append(f"{table}: {text}"))
    assert wrong == []


def _minutes(count: int) -> list[Wire]:
    """Reports on one round of talks, one after another: steps, claims that contradict each other, and one thrice."""
    scheduled = [
        wire("TalksScheduled", subject="talks/first", occurred=f"2017-10-{day:02}", data={"when": f"2017-11-{day:02}"})
        for day in range(2, count)
    ]
    claims = [_claim("members", value, by) for value in range(10, 10 + count) for by in ("one side", "the other")]
    area = {"area": [{"labels": [{"text": "Exampleton", "lang": "en"}]}]}
    there = [_claim("area", value, by, **area) for value in (1, 2) for by in ("one side", "the other")]
    said = [wire("StatementMade", subject="talks/first", occurred="2017-10-20", claimant="one side")] * 3
    return [*there, *scheduled, *claims, *({**one, "id": str(uuid4())} for one in said)]


def test_many_reports_of_one_subject_are_one_batch_and_each_is_told_by_itself() -> None:
    log = recorded([*opened("processes/first", "talks/first"), *_minutes(9)])
    with views() as together, views() as one_by_one:
        for one in log:
            _take(one_by_one, log, one)
        _take(together, log, log[2])  # the place is described
        with together.writing() as connection:
            live = together.live(connection)
            assert live is not None
            tables = Transaction(connection, together.tables(live.generation))
            asked = finding_changes.taken_together(tables, log[3:], int(log[-1].recorded_at.timestamp()))
        assert [len(asked.events), len(asked.earlier)] == [len(log) - 3, len(log) - 4]
        _take(together, log, log[-1])
        answers = []
        for found in (together, one_by_one):
            with found.reading() as reading:
                answers.append(_turns(finding_changes.kept_at(reading, range(1, len(log) + 1))))
            _hold_what_a_rebuild_does(found, log)
    assert answers[0] == answers[1]
    assert {turn for turns in answers[0].values() for turn, _ in turns} == {"raised", "changed", "resolved"}


@examples(5)
@given(st.one_of(histories(max_steps=12), revised(), with_unified_actors()))
def test_what_was_not_kept_is_worked_out_anew(history: list[Wire]) -> None:
    """So it is told again when an event is sent again, and when somebody else made the read models."""
    log = recorded(history)
    with views() as found:
        for one in log:
            _take(found, log, one)
        with found.reading() as reading:
            kept = finding_changes.kept_at(reading, range(1, len(log) + 1))
            table = reading.table(finding_changes.FINDING_CHANGES)
        with found.writing() as connection:
            connection.execute(delete(table))
        with found.reading() as reading:
            anew = changes_by(reading, [RecordedReport(r.subject, r.position, r.recorded_at) for r in log[-20:]])
    assert _turns(anew) == _turns({position: kept[position] for position in anew})


def test_only_the_first_ones_are_told_with_how_many_there_are() -> None:
    """A subject that is withdrawn takes all of its findings with it."""
    claims = [
        wire(
            "FigureReported",
            subject="talks/first",
            data={"measure": f"m{n}", "quantity": {"value": value}},
            claimant=by,
        )
        for n in range(30)
        for by, value in (("one side", 10), ("the other", 20))
    ]
    opening = opened("processes/first", "talks/first")
    retracted = wire("EventRetracted", subject="talks/first", data={"event": opening[1]["id"], "reason": "made up"})
    log = recorded([*opening, *claims, retracted])
    with views() as found:
        for one in log:
            _take(found, log, one)
        with found.reading() as reading:
            gone = finding_changes.kept_at(reading, [len(log)])[len(log)]
    assert (gone.number, len(gone.turns)) == (30, finding_changes.MOST)
    assert {turn for turn, _ in gone.turns} == {Turn.RESOLVED}


def _claim(measure: str, value: int, by: str, **more: Any) -> Wire:
    data = {"measure": measure, "quantity": {"value": value}, **more}
    return wire("FigureReported", subject="talks/first", data=data, claimant=by)


def _take(found: ReadModels, log: list[Recorded], one: Recorded) -> None:
    catch_up(found, pull(log[: one.position]), clock=lambda: one.recorded_at, asked=EVERYBODY_ASKS)


def _difference(found: ReadModels, log: list[Recorded], one: Recorded) -> set[tuple[str, Finding]]:
    before = _standing(found, one) if one.position > 1 else set()
    _take(found, log, one)
    after = _standing(found, one)
    keys = {finding.key for finding in before}
    come = {("changed" if finding.key in keys else "raised", finding) for finding in after - before}
    changed = {finding.key for _, finding in come}
    return come | {("resolved", finding) for finding in before - after if finding.key not in changed}


def _standing(found: ReadModels, one: Recorded) -> set[Finding]:
    """The findings that stand on the subject of an event by its clock, while it is open."""
    with found.reading() as reading:
        stays = canonical_subjects(reading).get(one.subject, one.subject)
        state = states_of(reading, [stays]).get(Subject(stays))
        opened_now = state is not None and state.opened
        every = of_followed(reading, findings.findings_of(reading, [stays])) if opened_now else []
    return {finding for finding in every if finding.stands(int(one.recorded_at.timestamp()))}


def _turns(changes: dict[int, FindingChanges]) -> Turns:
    return {position: {(turn.value, finding) for turn, finding in one.turns} for position, one in changes.items()}
