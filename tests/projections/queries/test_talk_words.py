"""What did not happen, in the status: a round that was not held, as the sample of the case has it."""

from __future__ import annotations

from typing import Any

import pytest

from projections.answers.lines import fields_of
from projections.queries import status
from tests.projections.world import NOW, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def test_not_held_says_the_committee_and_the_date_is_overdue() -> None:
    scheduled = wire("TalksScheduled", subject="talks/t", occurred="2017-10-27", data={"when": "2017-10-29"})
    not_held = wire(
        "TalksNotHeld",
        subject="talks/t",
        occurred="2017-10-29",
        data={"absent": ["committee"]},
        sources=[{"publisher": "SMART", "claimant": "actors/committee", "published": "2017-10-29"}],
    )
    with reading(*opened("actors/committee", "processes/first", "talks/t"), scheduled, not_held) as here:
        shown, _ = status.process_status(here, "first", NOW.replace(day=31))
    (talks,) = shown["talks"]
    assert talks["state"] is not None
    assert talks["state"]["value"] == "not held"
    assert shown["evidence"][talks["state"]["events"][0]]["claimants"] == ["actors/committee"]
    assert [(line["what"], line["when"]) for line in shown["overdue"]] == [("round of talks, not held", "2017-10-29")]
    assert talks["not_held"] is not None
    assert talks["not_held"]["value"] is not None
    assert fields_of(talks["not_held"]["value"])["absent"] == ["committee"]


def test_a_described_mediator_and_a_dissolved_body_are_shown() -> None:
    body = wire("BodyEstablished", subject="processes/first", data={"labels": [{"text": "Committee of the road"}]})
    gone = wire("BodyDissolved", subject="processes/first", occurred="2017-10-29", data={"established": body["id"]})
    elder = wire("RoleReported", subject="processes/first", data={"role": "mediator", "described": "a tribal mediator"})
    with reading(*opened("processes/first"), body, gone, elder) as here:
        shown, _ = status.process_status(here, "first", NOW)
    ((end,),) = [body["dissolved"] for body in shown["bodies"]]
    assert end["occurred"] == "2017-10-29"
    (role,) = shown["described_roles"]
    assert role["value"] is not None
    assert fields_of(role["value"])["described"] == "a tribal mediator"


def test_two_reports_of_one_body_and_one_decree_are_shown_once_with_what_each_says() -> None:
    def told(name: str, publisher: str, **data: Any) -> dict[str, Any]:
        sources = [{"publisher": publisher, "published": "2017-10-28"}]
        return wire(name, subject="processes/first", occurred="2017-10-28", data=data, sources=sources)

    names = [{"text": "Committee of the road"}]
    first = told("BodyEstablished", "Radio", labels=names, mandate="To open the road.")
    second = told(
        "BodyEstablished", "Courier", labels=[*names, {"text": "لجنة الطريق", "lang": "ar"}], mandate="It mends it."
    )
    gone = told("BodyDissolved", "Courier", established=second["id"])
    decree = told("InstrumentCited", "Radio", kind="decree", number="15", effect="An amnesty.")
    again = told("InstrumentCited", "Courier", kind="decree", number="15", effect="An amnesty.", issuer="council")
    with reading(*opened("actors/council", "processes/first"), first, second, gone, decree, again) as here:
        shown, _ = status.process_status(here, "first", NOW)
    (body,), (instrument,) = shown["bodies"], shown["instruments"]
    assert sorted(body["events"]) == sorted((first["id"], second["id"]))
    assert [label["text"] for label in fields_of(body)["labels"]] == ["Committee of the road", "لجنة الطريق"]
    ((other,),) = body["also"].values()
    assert {fields_of(body)["mandate"], other["value"]} == {"To open the road.", "It mends it."}
    assert len(body["dissolved"]) == 1
    assert fields_of(instrument)["issuer"] == "council"
    assert "also" not in instrument
