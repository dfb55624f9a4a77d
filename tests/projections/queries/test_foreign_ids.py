"""Ids in other registers: what carries which, at present and at a horizon, and two subjects under one."""

from __future__ import annotations

from typing import Any

import pytest

from projections.queries import findings, status, subjects
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.queries.quality import quality_faults
from projections.storage.generations import ReadTransaction
from tests.projections.queries.asking import pages, uuid
from tests.projections.world import NOW, Wire, opened, reading
from tests.spec import wire
from tests.strategies import read

pytestmark = pytest.mark.usefixtures("both_databases")

PA_X = {"scheme": "pa-x-agreement", "id": "1234"}
PLACES = opened("processes/first", "processes/second")


def agreement(name: str, *ids: Wire, process: str = "first", number: int = 0, **fields: Any) -> Wire:
    data = {"processes": [process], "title": [{"text": name}], "ids": list(ids)}
    more = {"id": uuid(number)} if number else {}
    sent = wire("AgreementReported", subject=f"agreements/{name}", data=data, occurred="2017-10-05", **more, **fields)
    return sent if ids else {**sent, "data": {k: v for k, v in data.items() if k != "ids"}}


def carrying(here: ReadTransaction, scheme: str, number: str | None = None) -> list[str]:
    return [one["subject"] for one in pages(lambda after: subjects.carrying(here, scheme, number, after, 1))]


def shared(here: ReadTransaction, process: str, request: HorizonRequest | None = None) -> list[str]:
    items = findings.findings(here, process, NOW, request or PRESENT, "shared-foreign-id")[0].items
    return [f"{item['subject']}: {item['text']}" for item in items]


def test_a_subject_is_found_by_an_id_letter_by_letter() -> None:
    ukraine = agreement("b", {"scheme": "gadm", "id": "UA.05"}, {"scheme": "gadm", "id": "UA05"})
    with reading(*PLACES, agreement("a", PA_X), ukraine) as here:
        assert carrying(here, "pa-x-agreement", "1234") == ["agreements/a"]
        assert carrying(here, "gadm", "UA.05") == carrying(here, "gadm", "UA05") == ["agreements/b"]
        assert carrying(here, "gadm", "ua.05") == carrying(here, "pa-x-agreement", "123") == []
        assert carrying(here, "gadm") == ["agreements/b", "agreements/b"]
        page, _ = subjects.subject_page(here, "agreements/a")
        assert page.get("ids") == [PA_X]


def test_an_incident_is_found_by_its_id_on_the_subject_it_is_reported_on() -> None:
    ged = {"scheme": "ucdp-event", "id": "244657"}
    incident = wire("IncidentReported", subject="processes/first", data={"kind": "shelling", "ids": [ged]})
    with reading(*PLACES, incident) as here:
        (found,) = subjects.carrying(here, "ucdp-event", "244657", None, 10).items
        assert (found["subject"], found["of_event"]) == ("processes/first", True)
        assert found["events"] == [incident["id"]]


def test_a_further_report_adds_an_id_and_a_retraction_takes_it_back() -> None:
    further = agreement("a", PA_X, number=7, expected_version=1)
    retracted = wire("EventRetracted", subject="agreements/a", data={"event": uuid(7), "reason": "another one"})
    history = (*PLACES, agreement("a"), further)
    with reading(*history) as here:
        assert carrying(here, "pa-x-agreement") == ["agreements/a"]
    with reading(*history, retracted) as here:
        assert carrying(here, "pa-x-agreement") == []
        page, _ = subjects.subject_page(here, "agreements/a")
        assert "ids" not in page


def test_the_status_of_a_process_shows_its_ids() -> None:
    data = {"labels": [{"text": "First"}], "ids": [{"scheme": "wikidata", "id": "Q1"}]}
    with reading(wire("ProcessOpened", subject="processes/first", data=data)) as here:
        assert status.process_status(here, "first", NOW)[0].get("ids") == data["ids"]


TWICE = (*PLACES, agreement("a", PA_X), agreement("b", PA_X, process="second", number=8))
BOTH = [
    "agreements/a: Its id 1234 in pa-x-agreement is also that of agreements/b: one thing twice, or a slip.",
    "agreements/b: Its id 1234 in pa-x-agreement is also that of agreements/a: one thing twice, or a slip.",
]


def test_two_subjects_of_one_family_under_one_id_are_found_in_whatever_process() -> None:
    with reading(*TWICE) as here:
        assert shared(here, "first") == BOTH[:1]
        assert shared(here, "second") == BOTH[1:]


def test_it_is_so_at_a_horizon_too_and_was_not_before() -> None:
    corrected = {**agreement("b", process="second"), "expected_version": None}
    replacement = {name: corrected[name] for name in ("type", "occurred", "data")}
    data = {"event": uuid(8), "replacement": replacement, "by": "our error", "reason": "a slip"}
    with reading(*TWICE, wire("EventCorrected", subject="agreements/b", data=data)) as here:
        assert shared(here, "first") == shared(here, "second") == []
        assert shared(here, "first", HorizonRequest(position=4)) == BOTH[:1]
        assert shared(here, "second", HorizonRequest(position=4)) == BOTH[1:]
        assert shared(here, "first", HorizonRequest(position=3)) == []


def test_one_subject_under_two_names_is_not_found_nor_are_two_families() -> None:
    unified = wire("SubjectUnified", subject="agreements/b", data={"into": "agreements/a", "reason": "one text"})
    talks = wire(
        "TalksReported", subject="talks/t", data={"processes": ["first"], "title": [{"text": "T"}], "ids": [PA_X]}
    )
    with reading(*TWICE, unified) as here:
        assert shared(here, "first") == shared(here, "second") == []
    with reading(*PLACES, agreement("a", PA_X), talks) as here:
        assert shared(here, "first") == []


def test_strict_handling_refuses_a_second_subject_under_one_id() -> None:
    with reading(*PLACES, agreement("a", PA_X)) as here:
        ((number, fault),) = quality_faults(here, [read(agreement("c", PA_X))])
    assert (number, fault.rule) == (0, "shared-foreign-id")
