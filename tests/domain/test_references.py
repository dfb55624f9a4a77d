"""What an event refers to is found wherever it stands, with the pointer that a refusal needs."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.event import Event, Revision
from domain.references import actors_named, misfit, naming, references
from domain.values import Refers, Subject
from domain.vocabulary import PAYLOADS, model_of
from tests.spec import event


def found_in(one: Event) -> dict[str, tuple[str, str]]:
    return {pointer: (refers.to, name) for pointer, refers, name in references(one)}


def test_references_are_found_at_every_depth() -> None:
    convened = event(
        "TalksConvened",
        claimant="actors/centre",
        data={
            "attendance": [
                {"actor": "government", "presence": "present"},
                {"actor": "committee", "presence": "absent"},
            ]
        },
    )
    assert found_in(convened) == {
        "/sources/0/claimant": ("claimant", "actors/centre"),
        "/data/attendance/0/actor": ("actors", "government"),
        "/data/attendance/1/actor": ("actors", "committee"),
    }


def test_each_kind_of_reference_is_told_apart() -> None:
    convoy = event(
        "ConvoyReported",
        data={"processes": ["first"], "kind": "aid", "title": [{"text": "x"}], "paired_with": "second"},
    )
    assert found_in(convoy) == {
        "/data/processes/0": ("processes", "first"),
        "/data/paired_with": ("convoys", "second"),
    }
    proposal = UUID(int=7)
    answer = event("PositionTaken", data={"actor": "elders", "position": "accepts", "answers": str(proposal)})
    assert found_in(answer) == {
        "/data/actor": ("actors", "elders"),
        "/data/answers": ("event", str(proposal)),
    }


def test_a_described_claimant_refers_to_nobody() -> None:
    assert found_in(event("StatementMade", claimant="one field commander, unnamed")) == {}


def test_what_a_correction_puts_in_place_refers_as_well() -> None:
    corrected = UUID(int=8)
    correction = event(
        "EventCorrected",
        subject="talks/first",
        data={
            "event": str(corrected),
            "by": "our error",
            "reason": "Another side put it off.",
            "replacement": {
                "type": "TalksPostponed",
                "occurred": "2017-10-28",
                "sources": [{"publisher": "TASS", "claimant": "actors/centre"}],
                "data": {"by": ["committee"]},
            },
        },
    )
    assert found_in(correction) == {
        "/data/event": ("event", str(corrected)),
        "/data/replacement/sources/0/claimant": ("claimant", "actors/centre"),
        "/data/replacement/data/by/0": ("actors", "committee"),
    }


FIRST, SECOND = "agreements/first", "agreements/second"


@pytest.mark.parametrize(
    ("name", "pointer", "fitting", "unfitting"),
    [
        ("EventRetracted", "/data/event", (FIRST, "RoleTaken"), (SECOND, "RoleTaken")),
        ("EventDisputed", "/data/event", (FIRST, "EventRetracted"), (SECOND, "EventRetracted")),
        ("ViolationAssessed", "/data/violation", (FIRST, "ViolationReported"), (SECOND, "ViolationReported")),
        ("ViolationAssessed", "/data/violation", (FIRST, "ViolationReported"), (FIRST, "IncidentReported")),
        ("PositionTaken", "/data/answers", (FIRST, "ProposalMade"), (FIRST, "PositionTaken")),
        ("PositionTaken", "/data/answers", (FIRST, "ProposalMade"), (SECOND, "ProposalMade")),
        ("ProposalMade", "/data/answers", (FIRST, "ProposalMade"), (FIRST, "StatementMade")),
        ("FigureAssessed", "/data/considered/0", (SECOND, "FigureReported"), (FIRST, "EnrolmentReported")),
    ],
)
def test_a_reference_names_an_event_that_can_be_meant(
    name: str, pointer: str, fitting: tuple[str, str], unfitting: tuple[str, str]
) -> None:
    one = event(name, subject=FIRST)
    assert misfit(one, pointer, *fitting) is None
    assert misfit(one, pointer, *unfitting) is not None


def test_a_reference_is_described_by_its_own_field() -> None:
    schema = model_of("ActorRelated").model_json_schema()["$defs"]["ActorRelated"]
    assert schema["properties"]["to"]["description"] == "The other actor."


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_actors_that_an_event_names_are_those_it_refers_to(name: str) -> None:
    subject = {"EventCorrected": "talks/first", "SubjectUnified": "convoys/other"}.get(name)
    sent = event(name, subject=subject, claimant="actors/monitor")
    expected = {
        f"actors/{named}" if refers.to == "actors" else named
        for _, refers, named in references(sent)
        if refers.to == "actors" or named.startswith("actors/")
    }
    assert actors_named(sent) == expected
    stays = {actor: Subject("actors/stays") for actor in actors_named(sent)}
    if not isinstance(sent.data, Revision):
        assert actors_named(naming(sent, stays)) == {Subject("actors/stays")}
    assert naming(sent, {Subject("actors/nobody"): Subject("actors/stays")}) is sent


def test_a_place_is_referred_to_by_its_id_and_by_what_lies_within_it() -> None:
    access = event("AccessReported", data={"place": {"id": "mill"}, "access": "open"})
    assert list(references(access)) == [("/data/place/id", Refers("places"), "mill")]
    within = event("PlaceIdentified", data={"labels": [{"text": "Mill"}], "within": "valley"})
    assert list(references(within)) == [("/data/within", Refers("places"), "valley")]
