"""What is alone in its years and what is told twice: kept event by event it is what a rebuild and a fold give."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.findings.figures import COMPARED
from domain.findings.reports import LOOKED_AT
from projections.catch_up import reading_at
from projections.compare import compare
from projections.queries import findings, quality
from projections.queries.snapshot import findings_in
from tests.projections.world import Wire, follow, opened, pictured, pull, recorded, views
from tests.spec import wire
from tests.strategies import read

pytestmark = pytest.mark.usefixtures("both_databases")

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = {"years-apart", "likely-duplicate"}


def said(name: str, occurred: str, published: str, subject: str = "talks/first", **data: Any) -> Wire:
    sources = [{"publisher": "Radio", "published": published}]
    return wire(name, subject=subject, occurred=occurred, sources=sources, data=data)


def revised(name: str, of: Wire, **data: Any) -> Wire:
    return wire(name, subject=of["subject"], data={"event": of["id"], "reason": "So it is.", **data})


def step_by_step(*history: Wire) -> list[list[str]]:
    """The findings of these rules after each event, taken in one by one; the tables are those of a rebuild, and the
    findings those of a fold."""
    log, stood = recorded(history), []
    with views() as found:
        for end in range(1, len(log) + 1):
            follow(found, pull(log[:end], lambda: 1), NOW)
            with reading_at(found, NOW) as here:
                kept = {(f["rule"], f["about"]) for f in findings.findings(here, "first", NOW)[0].items}
            pure = {(one.rule, one.about) for one in findings_in(pictured(log[:end], "first", now=NOW))}
            assert kept == {pair for pair in pure if pair in kept}
            assert {pair for pair in pure if pair[0] in RULES} <= kept
            stood.append(sorted(rule for rule, _ in kept if rule in RULES))
        wrong: list[str] = []
        compare(found, pull(log), lambda table, text: wrong.append(f"{table}: {text}"))
        assert wrong == []
    return stood


def test_a_report_is_alone_in_its_years_until_another_tells_of_them() -> None:
    wrong = said("TalksConvened", "1917-10-29", "2017-10-30")
    near = said("TalksConcluded", "1920-01-01", "2017-10-31", outcome="adjourned")
    figure = said("FigureReported", "1918", "2017-10-31", measure="dead", quantity={"value": 9})
    rest = said("TalksScheduled", "2017-10-27", "2017-10-28", when="2017-10-29")
    history = [
        *opened("processes/first", "talks/first"),
        rest,
        wrong,
        near,
        revised("EventRetracted", near),
        figure,
        revised("EventRetracted", figure),
        revised("EventRetracted", wrong),
    ]
    apart = ["years-apart"]
    assert step_by_step(*history)[2:] == [[], apart, [], apart, [], apart, []]


def test_a_register_has_no_wrong_years_but_the_one_that_is_alone() -> None:
    opening = opened("processes/first", "talks/first", occurred="1994-05-01")
    coded = [said("TalksConvened", f"199{year}", "2024-06-30") for year in (4, 6, 8)]
    wrong = said("TalksConcluded", "1896-06-01", "2024-06-30", outcome="adjourned")
    unified = wire("SubjectUnified", subject="talks/second", data={"into": "talks/first", "reason": "One round."})
    history = [*opening, *coded, wrong, *opened("talks/second", occurred="1897-01-01"), unified]
    assert step_by_step(*history) == [*([[]] * 5), ["years-apart"], ["years-apart"], []]


def test_one_id_in_a_register_is_one_incident_in_whatever_words() -> None:
    def incident(number: str, words: str) -> Wire:
        ids = [{"scheme": "event-register", "id": number}]
        return said(
            "IncidentReported",
            "2017-10-20",
            "2017-10-21",
            "processes/first",
            kind="shelling",
            ids=ids,
            description=words,
        )

    one, same, other = incident("7", "The mill was hit."), incident("7", "Shells fell."), incident("8", "Shells fell.")
    marked = wire("DuplicateMarked", subject="processes/first", data={"event": same["id"], "of": one["id"]})
    history = [*opened("processes/first"), one, other, same, marked, revised("EventRetracted", marked)]
    twice = ["likely-duplicate"]
    assert step_by_step(*history) == [[], [], [], twice, [], twice]
    with views() as found:
        follow(found, pull(recorded(history[:3])), NOW)
        with reading_at(found, NOW) as here:
            faults = quality.quality_faults(here, [read(incident("7", "Again.")), read(incident("9", "Again."))])
    assert [(number, fault.rule) for number, fault in faults] == [(0, "likely-duplicate")]


def test_of_many_that_say_the_same_or_contradict_each_other_the_same_ones_are_looked_at() -> None:
    """Whatever arrives first: the first reports by their ids, and the newest claims on a figure."""
    chance = random.Random(7)

    def uuid() -> str:
        return str(UUID(int=chance.getrandbits(128), version=4))

    statement = {"text": "A statement.", "speaker": "first"}
    alike = [
        wire("StatementMade", subject="talks/first", id=uuid(), claimant=f"office {n % 7}", data=statement)
        for n in range(LOOKED_AT + 9)
    ]
    claims = [
        wire(
            "FigureReported",
            subject="talks/first",
            id=uuid(),
            occurred=f"2017-10-{chance.randrange(1, 28):02}",
            claimant=f"claimant {n}",
            data={"measure": "fighters", "quantity": {"value": chance.randrange(1, 9) * 100}},
        )
        for n in range(COMPARED + 9)
    ]
    told = chance.sample([*alike, *claims], len(alike) + len(claims))
    gone = [revised("EventRetracted", one) for one in (min(alike, key=lambda a: a["id"]), *told[60:64])]
    log = recorded([*opened("actors/first", "processes/first", "talks/first"), *told, *gone])
    with views() as found:
        for end in (20, 110, *range(len(log) - 8, len(log) + 1, 2)):
            follow(found, pull(log[:end]), NOW)
            with reading_at(found, NOW) as here:
                kept = [(one["about"], one["text"]) for one in findings.findings(here, "first", NOW)[0].items]
            fold = findings_in(pictured(log[:end], "first", now=NOW))
            assert sorted(kept) == sorted((one.about, one.text) for one in fold), end
        assert any(text.startswith("At least 100 reports of StatementMade") for _, text in kept)
        wrong: list[str] = []
        compare(found, pull(log), lambda table, text: wrong.append(f"{table}: {text}"))
    assert wrong == []
