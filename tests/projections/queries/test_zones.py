"""When a day has passed: by the zones of all processes of a subject, and everywhere where one has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.edtf import When
from projections.queries import deadlines, findings, status
from projections.queries.at_horizon import HorizonRequest
from tests.projections.world import Wire, folded, kept, opened, plain, processes_of, pull, reading, recorded, views
from tests.projections.world import follow as catch_up_with
from tests.spec import wire

KABUL, ADAK, UNKNOWN = "Asia/Kabul", "America/Adak", None
"""A day of March is over at 19:30 UTC of that day in Kabul (+04:30), at 10:00 UTC of the next one on Adak (-09:00 from
10 March on), and everywhere at 12:00 UTC of the next one."""


def process(name: str, zone: str | None, **fields: Any) -> Wire:
    told = {"time_zone": zone, "followed": True} if zone else {"followed": True}
    fields = {"occurred": "2024-03-01", **fields}
    return wire("ProcessOpened", subject=f"processes/{name}", data={"labels": [{"text": name}], **told}, **fields)


def convoy(*processes: str) -> list[Wire]:
    data = {"processes": list(processes), "kind": "aid", "title": [{"text": "flour"}], "planned": "2024-03-12"}
    return [wire("ConvoyReported", subject="convoys/flour", occurred="2024-03-02", data=data)]


def truce(*processes: str) -> list[Wire]:
    data = {"processes": list(processes), "title": [{"text": "truce"}]}
    return [
        wire("AgreementReported", subject="agreements/truce", occurred="2024-03-02", data=data),
        wire(
            "AgreementEnteredIntoForce", subject="agreements/truce", occurred="2024-03-02", data={"until": "2024-03-12"}
        ),
        wire(
            "ObligationAgreed",
            subject="agreements/truce",
            occurred="2024-03-02",
            data={"obligation": "gate", "text": "Open the gate.", "debtor": ["army"], "deadline": "2024-03-12"},
        ),
    ]


def talks(*processes: str) -> list[Wire]:
    data = {"processes": list(processes), "title": [{"text": "round"}]}
    return [
        wire("TalksReported", subject="talks/round", occurred="2024-03-02", data=data),
        wire("TalksScheduled", subject="talks/round", occurred="2024-03-02", data={"when": "2024-03-12"}),
        wire(
            "ProposalMade",
            subject="talks/round",
            occurred="2024-03-02",
            data={"kind": "draft", "text": "x", "answer_by": "2024-03-12"},
        ),
    ]


PASSED = {
    "departure": (convoy, {"plan-date-passed"}),
    "term and obligation": (truce, {"truce-lapsed", "obligation-overdue"}),
    "round and answer": (talks, {"plan-date-passed", "proposal-unanswered"}),
}
ZONES = [
    ({"first": UNKNOWN}, "2024-03-13T12:00:00Z"),
    ({"first": KABUL}, "2024-03-12T19:30:00Z"),
    ({"first": ADAK}, "2024-03-13T09:00:00Z"),
    ({"first": KABUL, "second": ADAK}, "2024-03-13T09:00:00Z"),
    ({"first": KABUL, "second": UNKNOWN}, "2024-03-13T12:00:00Z"),
    ({"first": "No/Such_Zone"}, "2024-03-13T12:00:00Z"),
]


@pytest.mark.parametrize("what", PASSED)
@pytest.mark.parametrize(("zones", "passes"), ZONES)
def test_a_day_has_passed_when_it_has_in_every_process(what: str, zones: dict[str, str | None], passes: str) -> None:
    reports, rules = PASSED[what]
    history = [*(process(name, zone) for name, zone in zones.items()), *reports(*zones)]
    edge = datetime.fromisoformat(passes)
    log = recorded(history)
    with reading(*history) as found:
        for now, over in ((edge - timedelta(seconds=1), False), (edge, True)):
            shown = plain(status.process_status(found, "first", now)[0])
            assert shown == folded(log, "first", now)
            assert {one["rule"] for one in shown["findings"]["items"]} & rules == (rules if over else set())
            assert bool(shown["overdue"]) is over
            assert {one["overdue"] for one in deadlines.deadlines(found, now)[0].items} == {over}
            stood = {one["rule"] for one in findings.all_findings(found, now, None, None, None, 100)[0].items}
            assert stood & rules == (rules if over else set())
        ahead = edge - timedelta(seconds=1)
        assert status.process_status(found, "first", ahead)[1] == edge


@pytest.mark.parametrize(
    ("later", "passes"),
    [
        (process("first", ADAK, expected_version=1, occurred="2024-03-05"), "2024-03-13T09:00:00Z"),
        (process("first", ADAK, expected_version=1), "2024-03-13T12:00:00Z"),
        (process("first", UNKNOWN, expected_version=1), "2024-03-12T19:30:00Z"),
    ],
)
def test_another_report_of_a_zone_follows_or_contests_the_first_one(later: Wire, passes: str) -> None:
    later = {name: value for name, value in later.items() if name != "expected_version"}
    log = recorded([process("first", KABUL), *convoy("first"), later])
    edge = datetime.fromisoformat(passes)
    with views() as kept_models:
        catch_up_with(kept_models, pull(log, lambda: 1))  # the zone comes when the convoy is known already
        for now, over in ((edge - timedelta(seconds=1), False), (edge, True)):
            shown = kept(kept_models, "first", now)
            assert shown == folded(log, "first", now)
            assert bool(shown["overdue"]) is over


def test_a_retracted_zone_a_unified_process_and_a_second_process_change_the_clocks_of_subjects() -> None:
    first, second = process("first", KABUL), process("second", ADAK)
    data = {"event": first["id"], "reason": "x"}
    again = [wire("ConvoyReported", subject="convoys/flour", occurred="2024-03-03", data=convoy("second")[0]["data"])]
    steps: list[Wire] = [
        first,
        second,
        *convoy("first"),
        *again,
        wire("EventRetracted", subject="processes/first", data=data),
        wire("SubjectUnified", subject="processes/first", data={"into": "processes/second", "reason": "one valley"}),
    ]
    for size in range(3, len(steps) + 1):
        log = recorded(steps[:size])
        with views() as kept_models:
            catch_up_with(kept_models, pull(log, lambda: 1))
            for now in (datetime(2024, 3, 12, 20, tzinfo=UTC), datetime(2024, 3, 13, 9, tzinfo=UTC)):
                for name in processes_of(log):
                    assert kept(kept_models, name, now) == folded(log, name, now), (size, name, now)


PLANNED = [process("first", UNKNOWN), *talks("first")]


@pytest.mark.parametrize(
    ("zone", "as_of", "over"),
    [
        (UNKNOWN, "2024-03-12T20:00:00-05:00", False),  # it is that day still, in the zone of whoever asks
        (UNKNOWN, "2024-03-13T11:59:59Z", False),
        (UNKNOWN, "2024-03-13T12:00:00Z", True),
        (UNKNOWN, "2024-03-12", False),
        (UNKNOWN, "2024-03-13", True),
        (KABUL, "2024-03-12T23:59:59+04:30", False),
        (KABUL, "2024-03-13T00:00:00+04:30", True),
        (KABUL, "2024-03-12", False),
        (KABUL, "2024-03-13", True),
        ("Pacific/Kiritimati", "2024-03-12", False),
        ("Pacific/Kiritimati", "2024-03-13", True),
        (ADAK, "2024-03-12", False),
        (ADAK, "2024-03-13", True),
    ],
)
def test_as_of_goes_by_the_zone(zone: str | None, as_of: str, over: bool) -> None:
    history = [process("first", zone), *talks("first"), *truce("first")]
    asked = HorizonRequest(as_of=as_of)
    with reading(*history) as found:
        shown = plain(status.process_status(found, "first", datetime.now(UTC), asked)[0])
    assert shown == folded(recorded(history), "first", asked=asked)
    assert bool(shown["overdue"]) is over
    assert ("plan-date-passed" in shown["findings"]["by_rule"]) is over


@pytest.mark.parametrize("zone", [UNKNOWN, KABUL, ADAK, "Pacific/Kiritimati"])
def test_days_are_compared_with_days_as_days_of_one_place(zone: str | None) -> None:
    with reading(process("first", zone), *talks("first")) as found:

        def due(until: str) -> int:
            return len(deadlines.deadlines(found, datetime(2024, 3, 5, tzinfo=UTC), until=When(until))[0].items)

        assert [due(until) for until in ("2024-03-11", "2024-03-12", "2024-03", "2024-02")] == [0, 2, 2, 0]


def test_an_instant_is_due_on_its_day_in_the_zone() -> None:
    when = {"when": "2024-03-12T22:00:00Z"}
    for zone, until in ((KABUL, "2024-03-13"), (ADAK, "2024-03-12"), (UNKNOWN, "2024-03-12")):
        round_ = [*talks("first")[:1], wire("TalksScheduled", subject="talks/round", occurred="2024-03-02", data=when)]
        with reading(process("first", zone), *round_) as found:
            now = datetime(2024, 3, 5, tzinfo=UTC)
            days = [f"2024-03-{day}" for day in range(11, 15)]
            first = next(day for day in days if deadlines.deadlines(found, now, until=When(day))[0].items)
            assert first == until
            assert not deadlines.deadlines(found, now, until=When("2024-03-12T21:59:59Z"))[0].items
            assert deadlines.deadlines(found, now, until=When("2024-03-13T00:00+02:00"))[0].items


@pytest.mark.parametrize(
    ("zone", "now", "near"),
    [
        (UNKNOWN, "2024-02-26T09:59:59Z", False),
        (UNKNOWN, "2024-02-26T10:00:00Z", True),  # in 14 days it may have begun
        (KABUL, "2024-02-26T19:29:59Z", False),
        (KABUL, "2024-02-26T19:30:00Z", True),
    ],
)
def test_the_next_14_days_go_by_the_zone(zone: str | None, now: str, near: bool) -> None:
    scheduled = wire("TalksScheduled", subject="talks/round", occurred="2024-02-02", data={"when": "2024-03-12"})
    with reading(process("first", zone), *talks("first")[:1], scheduled) as found:
        moment = datetime.fromisoformat(now)
        shown, until = status.process_status(found, "first", moment)
        assert bool(shown["next_14_days"]) is near
        assert near or until == moment + timedelta(seconds=1)


def test_counts_of_the_last_days_go_by_the_day_in_the_zone() -> None:
    incident = wire("IncidentReported", subject="processes/first", occurred="2024-03-12", claimant="army")
    for zone, last in (
        (UNKNOWN, "2024-03-18T23:59:59Z"),
        (KABUL, "2024-03-18T19:29:59Z"),
        (ADAK, "2024-03-19T08:59:59Z"),
    ):
        moment = datetime.fromisoformat(last)
        with reading(process("first", zone), incident) as found:
            for now, certain in ((moment, 1), (moment + timedelta(seconds=1), 0)):
                shown = status.process_status(found, "first", now)[0]["truce"]["incidents"]["army"]
                assert shown["last_7_days"] == {"certain": certain, "possible": 0}, (zone, now)
            assert status.process_status(found, "first", moment)[1] == moment + timedelta(seconds=1)


def test_what_is_found_anew_since_a_place_is_another_one_keeps_its_zone() -> None:
    road = {"labels": [{"text": "Sennif"}]}
    log = [
        process("first", KABUL),
        *opened("convoys/first"),
        wire("ConvoyRequested", occurred="2024-03-01", data={}),
        wire("ItemsRemoved", occurred="2024-03-01", data={"items": [{"description": "kits"}], "place": road}),
        *(
            wire("AreaAdded", subject="processes/first", occurred="2024-03-02", data={"place": {**road, **code}})
            for code in ({"admin_code": "SY01"}, {"admin_code": "SY02"})
        ),
    ]
    moment = datetime(2024, 3, 9, tzinfo=UTC)
    with views() as found:
        catch_up_with(found, pull(recorded(log), lambda: 1), moment)
        assert kept(found, "first", moment) == folded(recorded(log), "first", moment)
