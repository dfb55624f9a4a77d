"""Findings and deadlines: what the read models keep is what a pure fold of the log gives, at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import families
from domain.event import Recorded
from domain.findings.reports import LIKELY_DUPLICATE
from domain.findings.rules import RULES
from domain.spans import has_passed
from projections.catch_up import reading_at, rebuild
from projections.queries import deadlines, findings, processes, quality
from projections.queries.snapshot import findings_in
from projections.read_models.findings import findings_of
from projections.read_models.process_list import ProcessFilter
from projections.read_models.revisions import canonical_subjects
from projections.renderer import Renderer
from projections.storage.generations import ReadModels, ReadTransaction
from tests.examples import examples
from tests.projections.world import (
    Wire,
    follow,
    opened,
    pictured,
    plain,
    processes_of,
    pull,
    reading,
    recorded,
    views,
)
from tests.spec import wire
from tests.strategies import histories, read

pytestmark = pytest.mark.usefixtures("both_databases")

SLOW = examples(8)
CLOCKS = (
    datetime(2017, 10, 30, 12, tzinfo=UTC),
    datetime(2017, 12, 20, tzinfo=UTC),
    datetime(2030, 1, 1, tzinfo=UTC),
)
"""Amid the dates of random histories, after most of their windows, after all."""


def pure(log: Sequence[Recorded], process: str, now: datetime) -> list[Wire]:
    """The findings of a process as a pure fold of the log gives them."""
    found = findings.standing(findings_in(pictured(log, process, now=now)), now)
    shown: list[Wire] = [plain(findings.shown_finding(Renderer(), one)) for one in found]
    return shown


def kept(snapshot: ReadTransaction, process: str, now: datetime) -> list[Wire]:
    shown: list[Wire] = plain({"findings": findings.findings(snapshot, process, now)[0].items})["findings"]
    return shown


def everywhere(snapshot: ReadTransaction, now: datetime, limit: int = 4) -> list[Wire]:
    """The findings of all processes, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        page, _ = findings.all_findings(snapshot, now, None, None, after, limit)
        found += plain({"items": page.items})["items"]
        after = page.next
        if after is None:
            return found


def due(snapshot: ReadTransaction, now: datetime, process: str | None = None, limit: int = 3) -> list[Wire]:
    """The deadlines, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        page, _ = deadlines.deadlines(snapshot, now, process=process, after=after, limit=limit)
        found += plain({"items": page.items})["items"]
        after = page.next
        if after is None:
            return found


def sorted_by_text(found: Sequence[Any]) -> list[Any]:
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


def check(found: ReadModels, log: Sequence[Recorded]) -> None:
    """What the read models keep is what a pure fold of the log gives."""
    pictures = {process: pictured(log, process) for process in processes_of(log)}
    stays = {picture.process: picture for picture in pictures.values()}
    with reading_at(found, CLOCKS[0]) as snapshot:
        belongs: dict[str, set[str]] = {}
        expected: dict[str, list[Any]] = {}
        for process, picture in stays.items():
            for path, state in picture.states.items():
                if state.opened:
                    belongs.setdefault(path, set()).add(process)
                    expected[path] = [
                        [
                            path,
                            one.what,
                            str(one.when),
                            one.actor,
                            [str(event) for event in one.events],
                            has_passed(one.when, CLOCKS[0], picture.zones_of(path)),
                        ]
                        for one in families.due(state)
                    ]
        listed = due(snapshot, CLOCKS[0])
        assert all(set(one["processes"]) == belongs[one["subject"]] for one in listed)
        assert sorted_by_text([_row(one) for one in listed]) == sorted_by_text(
            [row for rows in expected.values() for row in rows]
        )
        for process in processes_of(log):
            mine = [one for one in listed if pictures[process].process in one["processes"]]
            assert due(snapshot, CLOCKS[0], process) == mine, process
    for now in CLOCKS:
        with reading_at(found, now) as snapshot:
            union = []
            for process in processes_of(log):
                mine = kept(snapshot, process, now)
                assert mine == pure(log, process, now), process
                if process in stays:
                    union += [{"process": process, **one} for one in mine]
            assert sorted_by_text(everywhere(snapshot, now)) == sorted_by_text(union)


def _row(one: Wire) -> list[Any]:
    return [one[name] for name in ("subject", "what", "when", "actor", "events", "overdue")]


@SLOW
@given(histories(), st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_live_rebuilt_and_folded_agree(history: list[Wire], sizes: list[int]) -> None:
    log = recorded(history)
    turns = iter(sizes * len(log) * 2)
    with views() as found:
        follow(found, pull(log, lambda: next(turns)))
        check(found, log)
        rebuild(found, pull(log), clock=lambda: CLOCKS[0])
        check(found, log)


@SLOW
@given(histories(), st.sampled_from(list(RULES)), st.sampled_from(CLOCKS))
def test_the_processes_in_which_a_finding_stands(history: list[Wire], rule: str, now: datetime) -> None:
    log = recorded(history)
    with reading(*history) as snapshot:
        listed = processes.processes(snapshot, ProcessFilter(finding=rule), None, 100, now).items
        expected = {
            pictured(log, process).process
            for process in processes_of(log)
            if any(one["rule"] == rule for one in pure(log, process, now))
        }
        assert {one["process"] for one in listed} == expected


@SLOW
@given(histories(max_steps=8), st.data(), st.lists(st.sampled_from([None, "2017-10-01", "2017-12-01"]), max_size=5))
def test_what_strict_handling_would_refuse_is_what_would_be_raised(
    history: list[Wire], data: st.DataObject, copies: list[str | None]
) -> None:
    """The findings of data quality that events would raise are those that stand once they are recorded, not before.

    Random reports are seldom of doubtful quality, so some are sent once more, as of the same time or another.
    """
    for number, occurred in enumerate(copies):
        copied = data.draw(st.sampled_from(history))
        moved = {"occurred": occurred} if occurred and "occurred" in copied else {}
        history = [*history, {**copied, "id": str(UUID(int=10**30 + number)), **moved}]
    cut = data.draw(st.integers(0, len(history)))
    late = [read(sent) for sent in history[cut:]]
    if any(event.type == "SubjectUnified" for event in late):
        return  # what is joined by them is looked at when they are recorded
    subjects = {event.subject for event in late}
    with reading(*history[:cut]) as early, reading(*history) as full:
        before, after = (_of_quality(snapshot, subjects) for snapshot in (early, full))
        found = {(one.rule, str(one.subject), one.about) for _, one in quality.quality_faults(early, late)}
    # A repeat is known by what its places mean once it is recorded, and by their descriptions before.
    raised = {one for one in after - before if one[0] != LIKELY_DUPLICATE.name}
    assert {one for one in found if one[0] != LIKELY_DUPLICATE.name} == raised
    repeated = {subject for rule, subject, _ in found if rule == LIKELY_DUPLICATE.name}
    assert repeated <= {subject for rule, subject, _ in after if rule == LIKELY_DUPLICATE.name}


def _of_quality(snapshot: ReadTransaction, subjects: set[Any]) -> set[tuple[str, str, str]]:
    joined = canonical_subjects(snapshot)
    kept = findings_of(snapshot, {joined.get(subject, subject) for subject in subjects})
    standing = (one for one in kept if one.stands(int(CLOCKS[0].timestamp())))
    return {(one.rule, str(one.subject), one.about) for one in standing if RULES[one.rule].refused}


# --- by example

NOBODY_YET = [
    *opened("actors/elders", "processes/first", "talks/first", "agreements/first"),
    wire("PositionTaken", subject="talks/first", data={"actor": "elders", "position": "refuses"}),
    wire("ProposalMade", subject="talks/first", data={"by": "elders", "kind": "draft", "text": "a truce"}),
]
SIGNED = wire("AgreementSigned", subject="agreements/first", data={"actor": "elders"})
ARCHIVED = wire("ProcessOpened", data={"labels": [{"text": "x"}], "followed": False})


def test_what_an_actor_without_a_role_does_is_told_alike_everywhere() -> None:
    with reading(*NOBODY_YET) as snapshot:
        (listed,) = [one for one in everywhere(snapshot, CLOCKS[0]) if one["rule"] == "acting-without-role"]
        (mine,) = [one for one in kept(snapshot, "first", CLOCKS[0]) if one["rule"] == "acting-without-role"]
    assert listed == {"process": "first", **mine}
    assert mine["text"].startswith("actors/elders proposes (talks/first), takes a position (talks/first), but")


@pytest.mark.parametrize("more", [SIGNED, ARCHIVED])
def test_who_signed_has_a_place_and_of_an_archive_no_role_is_asked(more: Wire) -> None:
    history = [*NOBODY_YET, more]
    with reading(*history) as snapshot:
        found = [*everywhere(snapshot, CLOCKS[0]), *kept(snapshot, "first", CLOCKS[0])]
    found += pure(recorded(history), "first", CLOCKS[0])
    assert "acting-without-role" not in {one["rule"] for one in found}


@pytest.mark.parametrize("role", [False, True])
def test_a_withdrawn_process_has_nobody_who_acts(role: bool) -> None:
    history = [
        *opened("actors/elders", "processes/first"),
        wire("PositionTaken", subject="processes/first", data={"actor": "elders", "position": "refuses"}),
    ]
    if role:
        history.append(wire("RoleTaken", subject="processes/first", data={"actor": "elders", "role": "mediator"}))
    history.append(
        wire("EventRetracted", subject="processes/first", data={"event": history[1]["id"], "reason": "no such process"})
    )
    with reading(*history) as snapshot:
        assert kept(snapshot, "first", CLOCKS[0]) == pure(recorded(history), "first", CLOCKS[0]) == []
        assert everywhere(snapshot, CLOCKS[0]) == []


def _sent(name: str, occurred: str | None, published: str | None, **fields: Any) -> Wire:
    sources = [{"publisher": "Valley Radio", "published": published}] if published else []
    return wire(name, occurred=occurred, sources=sources, **fields)


def test_the_dates_of_revisions_are_looked_at_while_they_stand() -> None:
    said = _sent("StatementMade", "2017-10-20", "2017-10-20", subject="talks/second", data={"text": "a truce"})

    def revision(name: str, subject: str, published: str | None, **data: Any) -> Wire:
        why = {} if name == "EventDisputed" else {"reason": "wrong"}
        return _sent(name, None, published, subject=subject, data={**why, **data})

    dispute = revision("EventDisputed", "talks/second", "1439-02-07", event=said["id"])
    early = revision("EventDisputed", "talks/second", "2099-01-01", event=said["id"])
    joined = revision("SubjectUnified", "talks/second", None, into="talks/first")
    history = [
        *opened("processes/first", "talks/first", "talks/second"),
        said,
        dispute,
        early,
        joined,
        revision("EventRetracted", "talks/first", None, event=joined["id"]),
        revision("EventRetracted", "talks/second", None, event=dispute["id"]),
        revision("EventRetracted", "talks/second", "2098-01-01", event=early["id"]),
    ]
    dates = ("told-before-it-happened", "hijri-year")
    stood = []
    for end in range(4, len(history) + 1):
        with reading(*history[:end]) as snapshot:
            live = [one for one in kept(snapshot, "first", CLOCKS[0]) if one["rule"] in dates]
        assert live == [one for one in pure(recorded(history[:end]), "first", CLOCKS[0]) if one["rule"] in dates]
        stood.append([(one["rule"], one["subject"]) for one in live])
    told, year = ((rule, "talks/second") for rule in dates)
    joined_up = [(rule, "talks/first") for rule in dates]
    assert stood == [[], [year], [told, year], joined_up, [told, year], [told], [told]]
    with reading(*history[:4]) as snapshot:
        assert [found.rule for _, found in quality.quality_faults(snapshot, [read(dispute)])] == ["hijri-year"]


def test_dates_that_cannot_be_come_and_go_with_the_reports() -> None:
    """Live, in batches of any size, rebuilt and folded: with corrections, retractions, an archive, one thing twice."""
    late = _sent("TalksConvened", "2062-03-03", None, data={})
    hijri = _sent("TalksScheduled", "2017-10-20", "2017-10-20", data={"when": "1439-02-07"})
    old = [
        _sent("TalksConcluded", f"{year}-03-01", "2017-10-28", data={"outcome": "without outcome"})
        for year in (1931, 1961, 1991)
    ]
    fixed = {"type": "TalksConvened", "occurred": "2026-01-02", "data": {}}  # before the correction was recorded
    twin = _sent("TalksConvened", "2017-10-27", "2026-06-01", data={})
    history: list[Wire] = [
        *opened("processes/first", "talks/first", "talks/second"),
        late,
        hijri,
        *old,
        wire("EventCorrected", subject="talks/first", occurred=None,
             data={"event": late["id"], "replacement": fixed, "by": "our error", "reason": "a slip"}),
        wire("EventRetracted", subject="talks/first", occurred=None, data={"event": old[0]["id"], "reason": "wrong"}),
        _sent("TalksConvened", "1950", None, data={}),
        {**twin, "subject": "talks/second"},
        wire("SubjectUnified", subject="talks/second", occurred=None, data={"into": "talks/first", "reason": "one"}),
        wire("EventRetracted", subject="talks/first", occurred=None, data={"event": hijri["id"], "reason": "wrong"}),
    ]  # fmt: skip
    dates = ("told-before-it-happened", "hijri-year", "years-apart")
    stood = []
    for end in range(1, len(history) + 1):
        log = recorded(history[:end])
        with reading(*history[:end]) as snapshot:
            live = [one for one in kept(snapshot, "first", CLOCKS[0]) if one["rule"] in dates]
        assert live == [one for one in pure(log, "first", CLOCKS[0]) if one["rule"] in dates]
        stood.append([one["rule"] for one in live])
    early, year, apart = dates
    assert stood[2:] == [
        [],
        [early],
        [early, year],
        [early, year, apart],
        [early, year, apart, apart],
        [early, year, apart, apart, apart],
        [year, apart, apart, apart],  # corrected
        [year, apart, apart],  # retracted
        [year, apart],  # in company
        [early, year, apart],  # its source was published after it was recorded
        [early, year, apart],
        [early, apart],
    ]
