"""Processes are found by any name or code of what they are about, however it is spelled; and by who takes part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadCursor
from projections.queries import processes, subjects
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.projections.queries.asking import MANY, pages, place, process
from tests.projections.world import SLOW, Wire, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def listed(here: ReadTransaction, **wanted: Any) -> list[str]:
    items = processes.processes(here, ProcessFilter(**wanted), None, 100).items
    assert pages(lambda after: processes.processes(here, ProcessFilter(**wanted), after, 1)) == items
    return [line["process"] for line in items]


SPELLINGS = (
    ("اتفاق إدلب", "ادلب اتفاق"),
    ("القلمون الشرقي", "القَلَمون"),
    ("مدينة الرقة", "الرقه"),
    ("کرمانشاه", "كرمانشاه"),
    ("Réseau Mopti", "reseau"),
    ("Diyarbakır hattı", "DIYARBAKIR"),
    ("Орёл", "орел"),
    ("Da'el – Nawā", "dael nawa"),
    ("Deir ez-Zor", "zor deir"),
    ("Al-Tanf", "altanf"),
)


@pytest.mark.parametrize(("name", "query"), SPELLINGS)
def test_a_name_is_found_in_other_spellings(name: str, query: str) -> None:
    with reading(process("one", name), process("other", "Elsewhere"), process("area", areas=[place(name)])) as here:
        assert sorted(listed(here, q=query)) == ["area", "one"]
        assert sorted(listed(here, q=name)) == ["area", "one"]
        assert listed(here, place=query) == ["area"]


ON_IT = (
    wire("IncidentReported", subject="processes/first", data={"kind": "shelling", "place": place("Tel Rifat")}),
    wire("ViolationReported", subject="agreements/a", data={"kind": "shelling", "place": place("Tel Rifat")}),
    wire("AccessReported", subject="processes/first", data={"place": place("Tel Rifat"), "access": "besieged"}),
    wire("ControlReported", subject="processes/first", data={"holders": ["army"], "places": [place("Tel Rifat")]}),
    wire("ConvoyDeparted", subject="convoys/c", data={"place": place("Tel Rifat")}),
    wire("CheckpointPassed", subject="convoys/c", data={"place": place("Tel Rifat", "SY0203")}),
)
GROUND = (*opened("processes/first", "actors/army", "agreements/a", "convoys/c"), process("second"))


@pytest.mark.parametrize("report", ON_IT, ids=lambda report: report["type"])
def test_places_of_what_happened_are_found_while_a_report_names_them(report: Wire) -> None:
    retracted = wire("EventRetracted", subject=report["subject"], data={"event": report["id"], "reason": "Not so."})
    again = {**report, "id": "00000000-0000-4000-8000-00000000abcd"}
    with reading(*GROUND, report) as here:
        assert listed(here, place="rifat TEL") == listed(here, q="telrifat") == ["first"]
    with reading(*GROUND, report, again, retracted) as here:
        assert listed(here, place="tel rifat") == ["first"], "the other report still names it"
    with reading(*GROUND, report, retracted) as here:
        assert listed(here, place="tel rifat") == []


def test_a_corrected_place_is_found_as_it_reads_now() -> None:
    report, *_ = ON_IT
    replacement = {"type": report["type"], "occurred": "2017-10-28", "data": {**report["data"], "place": place("Azaz")}}
    corrected = wire(
        "EventCorrected",
        subject=report["subject"],
        data={"event": report["id"], "replacement": replacement, "by": "our error", "reason": "The next town."},
    )
    with reading(*GROUND, report, corrected) as here:
        assert listed(here, place="tel rifat") == []
        assert listed(here, place="azaz") == ["first"]


def test_what_was_unified_is_found_once_and_what_came_apart_by_itself() -> None:
    unified = wire("SubjectUnified", subject="processes/second", data={"into": "processes/first", "reason": "One."})
    apart = wire("EventRetracted", subject="processes/second", data={"event": unified["id"], "reason": "Two."})
    other = wire("IncidentReported", subject="processes/second", data={"kind": "shelling", "place": place("Azaz")})
    with reading(*GROUND, other, unified) as here:
        assert listed(here, place="azaz") == listed(here, q="second") == ["first"]
    with reading(*GROUND, other, unified, apart) as here:
        assert listed(here, place="azaz") == listed(here, q="second") == ["second"]


def test_an_exact_match_stands_first_then_names_that_begin_with_it() -> None:
    history = [
        process("a", "The Homs road"),
        process("b", "Homs Governorate"),
        process("c", "ḤOMS"),
        process("d", "Homs"),
    ]
    with reading(*history, process("e", "Aleppo", areas=[place("Homs")])) as here:
        assert listed(here, q="homs") == ["c", "d", "e", "b", "a"]
        first = processes.processes(here, ProcessFilter(q="homs"), None, 2)
        assert processes.processes(here, ProcessFilter(q="homs"), first.next, 9).items[0]["process"] == "e"
        with pytest.raises(BadCursor):
            processes.processes(here, ProcessFilter(), first.next, 9)
        unsearched = processes.processes(here, ProcessFilter(), None, 1)
        with pytest.raises(BadCursor):
            processes.processes(here, ProcessFilter(q="homs"), unsearched.next, 9)
        assert listed(here, q=" \u200b ") == ["a", "b", "c", "d", "e"], "nothing is asked for"


def test_a_very_long_name_is_found() -> None:
    name = "ﷺ" * 299 + "x"
    with reading(process("one", name), process("other", areas=[place(name)])) as here:
        assert sorted(listed(here, q=name)) == ["one", "other"]


@settings(SLOW, max_examples=15)
@given(st.permutations(range(len(ON_IT) + 2)))
def test_the_order_of_arrival_decides_nothing(order: list[int]) -> None:
    retracted = [
        wire("EventRetracted", subject=one["subject"], data={"event": one["id"], "reason": "Not so."}) for one in ON_IT
    ]
    reports = [*ON_IT, process("second", "Other", areas=[place("Azaz")]), process("second", "Second")]
    reports[-1] = {**reports[-1], "id": "00000000-0000-4000-8000-0000000000aa"}
    with reading(*GROUND, *(reports[number] for number in order), *retracted[:-1]) as here:
        assert listed(here, place="tel rifat") == listed(here, place="sy0203") == ["first"]
        assert listed(here, q="azaz") == ["second"]


# --- who takes part


NAMED = {"processes": ["first"], "title": [{"text": "A truce"}]}
INVOLVED = (
    wire("PositionTaken", subject="processes/first", data={"actor": "army", "position": "refuses"}),
    wire(
        "AgreementReported",
        subject="agreements/a",
        data={"processes": ["first"], "title": [{"text": "A"}], "between": ["army"]},
    ),
    wire("AgreementSigned", subject="agreements/a", data={"actor": "army", "capacity": "witness"}),
    wire(
        "ObligationAgreed", subject="agreements/a", data={"obligation": "o", "debtor": ["army"], "text": "Withdraws."}
    ),
    wire(
        "TalksReported", subject="talks/t", data={"processes": ["first"], "title": [{"text": "T"}], "between": ["army"]}
    ),
    wire("RoleTaken", subject="convoys/c", data={"actor": "army", "role": "implementer"}),
)


@pytest.mark.parametrize("report", INVOLVED, ids=lambda report: report["type"])
def test_an_actor_is_found_in_whatever_way_it_takes_part(report: Wire) -> None:
    unified = wire("SubjectUnified", subject="actors/army", data={"into": "actors/elders", "reason": "One."})
    with reading(*GROUND, *opened("actors/elders"), report) as here:
        assert listed(here, actor="army") == ["first"]
        assert listed(here, actor="elders") == []
    with reading(*GROUND, *opened("actors/elders"), report, unified) as here:
        assert listed(here, actor="army") == listed(here, actor="elders") == ["first"]


def test_actors_are_found_in_other_spellings() -> None:
    with reading(
        *MANY, wire("ActorIdentified", subject="actors/x", data={"labels": [{"text": "الأعيان"}], "kind": "other"})
    ) as here:
        assert [one["subject"] for one in subjects.actors(here, "الاعيان", None, 9).items] == ["actors/x"]
