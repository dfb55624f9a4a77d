"""One place under several descriptions, and several places under one: live, rebuilt, and folded at a horizon alike."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any, cast

import pytest

from projections.compare import compare
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.queries.findings import all_findings
from projections.queries.line_names import lines_in
from projections.queries.subjects import place_page, places
from projections.queries.subjects_at_horizon import place_page as place_page_at_horizon
from projections.read_models.search_names import PLACE, found
from tests.projections.world import Wire, folded, follow, kept, pull, reading, recorded, views
from tests.spec import wire

NOW = datetime(2024, 6, 1, tzinfo=UTC)
"""After all that is reported here."""
HERE: dict[str, Any] = {"lat": 33.5, "lon": 36.5, "precision": "near"}
FAR: dict[str, Any] = {"lat": 36.4, "lon": 42.1, "precision": "near"}
on_both = pytest.mark.usefixtures("both_databases")
OPENED = wire("ProcessOpened", subject="processes/valley", occurred="2024-03-01", data={"labels": [{"text": "Valley"}]})


def place(name: str | None = "Al-Rashidiya", **more: Any) -> dict[str, Any]:
    return {**({"labels": [{"text": name}]} if name is not None else {}), **more}


def access(where: dict[str, Any], occurred: str = "2024-03-01", how: str = "open", **more: Any) -> Wire:
    data = {"place": where, "access": how}
    return wire("AccessReported", subject="processes/valley", occurred=occurred, claimant="one", data=data, **more)


def control(where: dict[str, Any], occurred: str, *holders: str) -> Wire:
    data = {"holders": list(holders), "places": [where]}
    return wire("ControlReported", subject="processes/valley", occurred=occurred, claimant="one", data=data)


def people(where: dict[str, Any], number: int, claimant: str, subject: str = "processes/valley") -> Wire:
    data = {"measure": "population", "quantity": {"value": number}, "area": [where]}
    return wire("FigureReported", subject=subject, occurred="2024-03-01", claimant=claimant, data=data)


def identified(path: str, name: str = "Al-Rashidiya", **more: Any) -> Wire:
    data = {"labels": [{"text": name}], **more}
    return wire("PlaceIdentified", subject=f"places/{path}", occurred="2024-03-01", data=data)


def retracted(report: Wire) -> Wire:
    return wire("EventRetracted", subject=report["subject"], data={"event": report["id"], "reason": "It was not so."})


def talks(*processes: str, **data: Any) -> Wire:
    opening = {"processes": list(processes), "title": [{"text": "Round"}], "between": [], **data}
    return wire("TalksReported", subject="talks/round", occurred="2024-03-01", data=opening)


def in_each_way(*history: Wire, process: str = "valley", asked: HorizonRequest = PRESENT) -> Wire:
    """The status, event by event, in one batch, and folded; the tables of both ways are compared row by row."""
    log = recorded(history)
    with views() as followed:
        follow(followed, pull(log, lambda: 1))
        wrong: list[str] = []
        compare(followed, pull(log), lambda table, text: wrong.append(f"{table}: {text}"))
        assert wrong == []
        live = kept(followed, process, NOW, asked)
        if asked == PRESENT:
            assert live == folded(log, process, NOW)
    return live


def said(status: Wire, line: str = "access") -> list[tuple[str | None, str]]:
    return sorted((one["value"] and one["value"]["access"], one["since"]) for one in status[line])


def rules(status: Wire) -> dict[str, int]:
    shown: dict[str, int] = status["findings"]["by_rule"]
    return {rule: count for rule, count in shown.items() if rule not in ("silence", "acting-without-role")}


# --- two places of one name -----------------------------------------------------------------------------------


def test_two_places_of_one_name_that_lie_far_apart_have_a_line_each() -> None:
    status = in_each_way(
        OPENED, access(place(**HERE), how="besieged"), access(place(**FAR), "2024-03-05"), access(place("Mill"))
    )
    assert said(status) == [("besieged", "2024-03-01"), ("open", "2024-03-01"), ("open", "2024-03-05")]
    assert len(status["people_at_risk"]["places"]) == 1
    assert rules(status) == {}


def test_a_name_with_its_code_and_the_name_alone_are_one_place() -> None:
    status = in_each_way(
        OPENED, access(place(admin_code="SY0304"), how="besieged"), access(place(), "2024-03-05", "open")
    )
    assert said(status) == [("open", "2024-03-05")]
    assert rules(status) == {}


def test_what_could_be_two_places_is_neither_and_a_hint() -> None:
    reports = [access(place(**HERE), how="besieged"), access(place(**FAR), "2024-03-05"), access(place(), "2024-03-06")]
    status = in_each_way(OPENED, *reports)
    assert len(said(status)) == 3
    assert rules(status) == {"places-in-doubt": 1}
    (hint,) = [one for one in status["findings"]["items"] if one["rule"] == "places-in-doubt"]
    assert hint["events"] == sorted(report["id"] for report in reports)


def test_a_hint_names_the_places_around_if_these_tell_two_apart() -> None:
    north, south = (place(admin_code=code, precision="admin 1") for code in ("SY01", "SY02"))
    status = in_each_way(OPENED, access(north), access(south, "2024-03-05"), access(place(), "2024-03-06"))
    (hint,) = [one for one in status["findings"]["items"] if one["rule"] == "places-in-doubt"]
    assert ", in SY01” and “" in hint["text"]
    assert ", in SY02” are told apart (containing place)" in hint["text"]


def test_what_lies_in_different_places_shows_in_which() -> None:
    mills = [identified("mill", within="north"), identified("old-mill", within="south")]
    status = in_each_way(
        identified("north"),
        identified("south"),
        *mills,
        OPENED,
        access(place(id="mill")),
        access(place(id="old-mill"), "2024-03-05"),
    )
    assert [line["value"]["place"]["within"] for line in status["access"]] == [["places/north"], ["places/south"]]


APART = {
    "kind": (place(kind="settlement"), place(kind="checkpoint")),
    "level": (place(kind="admin 1"), place(kind="admin 3")),
    "codes": tuple(place(codes=[{"scheme": "register", "value": value}]) for value in ("1", "2")),
    "ids": (place(None, id="rashidiya"), place(None, id="other")),
    "containing places": (place(admin_code="SY01", precision="admin 1"), place(admin_code="SY02", precision="admin 1")),
}
KNOWN = [identified("rashidiya"), identified("other")]


@pytest.mark.parametrize("why", APART)
def test_what_tells_two_places_apart(why: str) -> None:
    one, other = APART[why]
    status = in_each_way(
        *KNOWN,
        OPENED,
        access(one, how="besieged"),
        access(other, "2024-03-05"),
        people(one, 100, "TASS"),
        people(other, 500, "the council"),
        control(one, "2024-03-01", "council"),
        control(other, "2024-03-01", "army"),
    )
    assert said(status) == [("besieged", "2024-03-01"), ("open", "2024-03-05")]
    assert [line["contested"] for line in status["figures"]] == [False, False]
    assert [line["contested"] for line in status["control"]] == [False, False]
    assert "claims-contradict" not in rules(status)


@on_both
def test_figures_control_areas_and_repeats_of_one_place_are_held_together() -> None:
    coded, named = place(admin_code="SY0304"), place()
    status = in_each_way(
        OPENED,
        wire("AreaAdded", subject="processes/valley", occurred="2024-03-01", data={"place": coded}),
        wire("AreaRemoved", subject="processes/valley", occurred="2024-03-02", data={"place": named}),
        people(coded, 100, "TASS"),
        people(named, 500, "the council"),
        control(coded, "2024-03-01", "council"),
        control(named, "2024-03-01", "army"),
        access(coded, "2024-03-03"),
        access(named, "2024-03-03"),
    )
    assert [area["value"]["included"] for area in status["areas"]] == [False]
    (figure,) = status["figures"]
    assert figure["contested"]
    assert rules(status) == {"claims-contradict": 1, "contested": 1, "likely-duplicate": 1}
    (text,) = [one["text"] for one in status["findings"]["items"] if one["rule"] == "claims-contradict"]
    assert "area Al-Rashidiya" in text


def test_a_place_that_is_named_by_its_id_is_shown_by_its_name() -> None:
    status = in_each_way(identified("rashidiya"), OPENED, access(place(None, id="rashidiya"), how="besieged"))
    (line,) = status["access"]
    assert line["value"]["place"] == {"id": "rashidiya", "labels": [{"text": "Al-Rashidiya"}], "codes": []}


# --- reports that come late, and go -----------------------------------------------------------------------------

LATE = {
    "splits": [
        access(place(**HERE), how="besieged"),
        access(place(), "2024-03-05"),
        access(place(**FAR), "2024-03-06"),
    ],
    "joins": [
        access(place("Mill"), how="besieged"),
        access(place("Mühle"), "2024-03-05"),
        access(place("Mill", labels=[{"text": "Mill"}, {"text": "Mühle"}]), "2024-02-01"),
    ],
    "figures": [people(place(), 1, "TASS"), people(place(**HERE), 5, "b"), people(place(**FAR), 9, "c")],
}


@pytest.mark.parametrize("what", LATE)
def test_the_order_of_arrival_plays_no_part(what: str) -> None:
    statuses = []
    for order in permutations(LATE[what]):
        status = in_each_way(OPENED, *order)
        lines = sorted(str((one["value"], one["since"], one["contested"])) for one in status["access"])
        statuses.append((lines, sorted(str(one["claims"]) for one in status["figures"]), rules(status)))
    assert statuses == [statuses[0]] * len(statuses)


def test_a_report_that_told_them_apart_is_retracted() -> None:
    far = access(place(**FAR), "2024-03-06")
    reports = [OPENED, access(place(**HERE), how="besieged"), access(place(), "2024-03-05"), far]
    assert len(said(in_each_way(*reports))) == 3
    status = in_each_way(*reports, retracted(far))
    assert said(status) == [("open", "2024-03-05")]
    assert rules(status) == {}
    before = in_each_way(*reports, retracted(far), asked=HorizonRequest(known_at_position=3, position=3))
    assert said(before) == [("open", "2024-03-05")], "before it came they were one, too"
    between = in_each_way(*reports, retracted(far), asked=HorizonRequest(known_at_position=4, position=4))
    assert len(said(between)) == 3


def test_a_convoy_tells_two_places_of_its_process_apart() -> None:
    convoy = {"kind": "aid", "processes": ["valley"], "title": [{"text": "Aid"}], "destination": place(**FAR)}
    opened = wire("ConvoyReported", subject="convoys/aid", occurred="2024-03-02", data=convoy)
    reports = [OPENED, access(place(**HERE), how="besieged"), access(place(), "2024-03-05")]
    assert said(in_each_way(*reports)) == [("open", "2024-03-05")]
    assert said(in_each_way(*reports, opened)) == [("besieged", "2024-03-01"), ("open", "2024-03-05")]
    assert said(in_each_way(*reports, opened, retracted(opened))) == [("open", "2024-03-05")], "it is withdrawn"


# --- places that were identified ------------------------------------------------------------------------------------


@on_both
def test_unified_places_are_one_until_that_is_taken_back() -> None:
    reports = [
        identified("rashidiya", "Rashidiya"),
        identified("other", "Rasheediya"),
        OPENED,
        access(place(None, id="rashidiya"), how="besieged"),
        access(place(None, id="other"), "2024-03-05"),
    ]
    unified = wire("SubjectUnified", subject="places/rashidiya", data={"into": "places/other", "reason": "One town."})
    assert len(said(in_each_way(*reports))) == 2
    assert said(in_each_way(*reports, unified)) == [("open", "2024-03-05")]
    assert len(said(in_each_way(*reports, unified, retracted(unified)))) == 2
    horizon = HorizonRequest(known_at_position=5, position=5)
    assert len(said(in_each_way(*reports, unified, asked=horizon))) == 2


def test_what_becomes_known_of_a_place_later_counts() -> None:
    register = [{"scheme": "register", "value": "7"}]
    reports = [
        identified("rashidiya"),
        OPENED,
        access(place(None, id="rashidiya"), how="besieged"),
        access(place("Rasheediya", codes=register), "2024-03-05"),
    ]
    assert len(said(in_each_way(*reports))) == 2
    assert said(in_each_way(*reports, identified("rashidiya", codes=register))) == [("open", "2024-03-05")]


# --- several processes ------------------------------------------------------------------------------------------------


@on_both
def test_what_is_of_several_processes_is_classed_in_each() -> None:
    other = wire("ProcessOpened", subject="processes/hill", occurred="2024-03-01", data={"labels": [{"text": "Hill"}]})
    reports = [
        OPENED,
        other,
        talks("valley", "hill"),
        people(place(), 100, "TASS", "talks/round"),
        people(place(**HERE), 500, "the council", "talks/round"),
        wire("AreaAdded", subject="processes/hill", occurred="2024-03-01", data={"place": place(**FAR)}),
    ]
    in_valley, in_hill = in_each_way(*reports), in_each_way(*reports, process="hill")
    assert [line["contested"] for line in in_valley["figures"]] == [True]
    assert [line["contested"] for line in in_hill["figures"]] == [False, False]
    assert "claims-contradict" in rules(in_valley)
    assert "claims-contradict" not in rules(in_hill)
    with reading(*reports) as snapshot:
        page, _ = all_findings(snapshot, NOW, "claims-contradict", None, None, 10)
    assert [one["process"] for one in page.items] == ["valley"]


def test_places_of_unified_processes_are_drawn_together() -> None:
    other = wire("ProcessOpened", subject="processes/hill", occurred="2024-03-01", data={"labels": [{"text": "Hill"}]})
    there = {**access(place(**FAR), "2024-03-05"), "subject": "processes/hill"}
    unified = wire("SubjectUnified", subject="processes/hill", data={"into": "processes/valley", "reason": "One."})
    reports = [OPENED, other, access(place(**HERE), how="besieged"), access(place(), "2024-03-06"), there]
    assert said(in_each_way(*reports)) == [("open", "2024-03-06")]
    assert len(said(in_each_way(*reports, unified))) == 3
    assert said(in_each_way(*reports, unified, retracted(unified))) == [("open", "2024-03-06")]


def test_talks_in_one_town_under_two_names_have_one_venue() -> None:
    def convened(where: dict[str, Any]) -> Wire:
        return wire("TalksConvened", subject="talks/round", occurred="2024-03-03", data={"venue": where})

    reports = [OPENED, talks("valley"), convened(place(admin_code="SY0304")), convened(place())]
    status = in_each_way(*reports)
    assert not status["talks"][0]["venue"]["contested"]
    assert "contested" not in rules(status)
    status = in_each_way(*reports, convened(place(admin_code="SY0912")))
    assert status["talks"][0]["venue"]["contested"]


# --- asked about ------------------------------------------------------------------------------------------------------


@on_both
def test_what_happened_at_a_place() -> None:
    register = [{"scheme": "register", "value": "7"}]
    other = wire("ProcessOpened", subject="processes/hill", occurred="2024-03-01", data={"labels": [{"text": "Hill"}]})
    by_id, by_name = access(place(None, id="rashidiya"), how="besieged"), access(place(), "2024-03-05")
    by_code = {**access(place("Rasheediya", codes=register), "2024-03-06"), "subject": "processes/hill"}
    elsewhere = {**access(place(), "2024-03-07"), "subject": "processes/hill"}
    reports = [identified("rashidiya", codes=register), OPENED, other, by_id, by_name, by_code, elsewhere]
    unified = wire("SubjectUnified", subject="places/rashidiya", data={"into": "places/new", "reason": "One town."})
    gone = [*reports, retracted(by_name), identified("new", "Rashidiya"), unified]
    for history, ids, wanted in (
        (reports, ["rashidiya"], [("hill", by_code), ("valley", by_name), ("valley", by_id)]),
        (gone, ["rashidiya", "new"], [("hill", by_code), ("valley", by_id)]),
    ):
        with reading(*history) as snapshot:
            for name in ids:
                shown, _ = place_page(snapshot, name)
                told = [(report["process"], report["event"]) for report in shown["reports"]]
                assert told == [(process, report["id"]) for process, report in wanted], (
                    "a name alone joins no processes"
                )
                assert shown["reports_total"] == len(wanted)
                assert {event for _, event in told} <= set(shown["evidence"])
                then = HorizonRequest(position=len(history))
                assert place_page_at_horizon(snapshot, name, NOW, then) == shown


@on_both
def test_a_process_is_found_by_the_names_of_places_that_it_names_by_their_ids() -> None:
    register = [{"scheme": "register", "value": "R-7"}]
    named = identified("rashidiya", "Rasheediya", codes=register)
    with reading(named, OPENED, access(place(None, id="rashidiya"))) as snapshot:
        for query in ("rasheediya", "R-7"):
            assert set(found(snapshot, query, (PLACE,))) == {"valley"}
            assert [one["subject"] for one in places(snapshot, query, None, 10).items] == ["places/rashidiya"]
        assert found(snapshot, "rashidiya", (PLACE,)) == {}


def test_lines_of_places_of_one_name_have_a_name_each() -> None:
    where = (place(**HERE), place(**FAR), place())
    reports = [*(access(one, f"2024-03-0{n}") for n, one in enumerate(where, 1))]
    reports += [control(one, "2024-03-01", f"council-{n}") for n, one in enumerate(where)]
    names = lines_in(cast(Any, in_each_way(OPENED, *reports)))
    assert [name.startswith("access.al-rashidiya") for name in names].count(True) == 3
    assert [name.startswith("control.al-rashidiya") for name in names].count(True) == 3
