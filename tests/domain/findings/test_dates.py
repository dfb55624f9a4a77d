"""Dates that cannot be, or hardly."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from domain import families
from domain.edtf import When
from domain.event import Event, date_paths
from domain.findings.dates import ARCHIVE, company_among, is_far, of_dates, of_years_apart
from domain.vocabulary import PAYLOADS
from tests.spec import event, example_of, fold_of

RECORDED = When("2024-06-10").span.latest


def dated(name: str, occurred: str = "2024-06-01", *published: str, data: Any = None, **more: Any) -> Event:
    sources = more.pop("sources", [{"publisher": "Valley Radio", "published": day} for day in published])
    whole = {**example_of(name), **(data or {})}
    return event(name, subject=more.pop("subject", None), occurred=occurred, data=whole, sources=sources, **more)


def rules(said: Event) -> list[str]:
    return [one.rule for one in of_dates(said.subject, said, RECORDED)]


EARLY, HIJRI, APART = "told-before-it-happened", "hijri-year", "years-apart"


@pytest.mark.parametrize(
    ("occurred", "published", "found"),
    [
        ("2024-06-01", "2024-06-01", []),
        ("2024-06-02", "2024-06-01", []),  # zones leave a day
        ("2024-06-03", "2024-06-01", [EARLY]),
        ("2024-06", "2024-06-01", []),  # it may have been the first
        ("2024-06-03~", "2024-06-01", []),
        ("2024-06-04/..", "2024-06-01", [EARLY]),
        ("../2024-06-04", "2024-06-01", []),
        ("2024-06-11", "2024-06", []),  # a day after it was recorded
        ("2024-06-12", "2024-06", [EARLY]),
        ("2062-06-01", "2024-06-01", [EARLY]),
        ("2024-06-01", "2024-06-12", [EARLY]),  # published after it was recorded
        ("2024-06-03T00:00Z", "2024-06-01", [EARLY]),
        ("2024-06-02T09:00+03:00", "2024-06-01", []),
        ("1402-03-05", "2024-06-01", [HIJRI]),
        ("1445", "2024-06-01", [HIJRI]),
        ("2024-06-01", "1445-11-24", [HIJRI]),
        ("144X", "2024-06-01", [HIJRI]),
        ("1402-03/2023", "2024-06-01", [HIJRI]),
        ("1501-01-01", "1502-01-01", []),
    ],
)
def test_what_cannot_be_of_when_it_happened_and_when_it_was_said(
    occurred: str, published: str, found: list[str]
) -> None:
    assert rules(dated("ConvoyArrived", occurred, published)) == found
    assert rules(dated("StatementMade", occurred, published, subject="talks/first")) == found
    assert rules(dated("TalksReported", occurred, published)) == found


def test_without_a_source_a_report_is_held_against_when_it_was_recorded() -> None:
    assert rules(dated("ConvoyArrived", "2062-03-03")) == [EARLY]
    assert rules(dated("ConvoyArrived", "1971-03-03")) == [], "recorded long after is the lot of an archive"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("TalksScheduled", {"when": "2024-08-01"}),
        ("TalksPostponed", {"until": "2024-08-01"}),
        ("RoleTaken", {"modality": "announced"}),
        ("AccessReported", {"modality": "possible"}),
        ("BodyEstablished", {"modality": "announced"}),
        ("EnrolmentOpened", {"modality": "possible"}),
        ("ConvoyReported", {"planned": "2024-08-01"}),
    ],
)
def test_a_plan_may_lie_ahead(name: str, data: dict[str, Any]) -> None:
    subject = "processes/first" if name == "RoleTaken" else None
    assert rules(dated(name, "2024-08-01", "2024-06-01", data=data, subject=subject)) == []
    assert rules(dated(name, "1445-08-01", "2024-06-01", data=data, subject=subject)) == [HIJRI]
    assert rules(dated(name, "2024-06-01", "2024-06-20", data=data, subject=subject)) == [EARLY], (
        "the source is no plan"
    )


def date_fields() -> list[tuple[str, str]]:
    """Every field of every payload that takes a date."""
    found = []
    for name, payload in PAYLOADS.items():
        for field, schema in payload.model_json_schema()["properties"].items():
            if "EDTF" in str(schema.get("description", "")) + str(schema.get("anyOf", "")):
                found.append((name, field))
    return found


@pytest.mark.parametrize(("name", "field"), date_fields())
def test_every_field_that_takes_a_date_is_looked_at(name: str, field: str) -> None:
    subject = "processes/first" if name in ("FigureReported", "FigureAssessed", "ProposalMade") else None
    fields = ("starts", "until") if name == "AgreementEnteredIntoForce" else (field,)  # one may not precede the other
    hijri, late = (dict.fromkeys(fields, day) for day in ("1439-02-07", "2047-12-01"))
    assert rules(dated(name, "2017-10-27", "2017-10-28", data=hijri, subject=subject)) == [HIJRI]
    found = rules(dated(name, "2017-10-27", "2017-10-28", data=late, subject=subject))
    assert found == ([EARLY] if field in ("period", "dated") else [APART])


YEAR_OF_ANOTHER_CALENDAR: list[tuple[str, Any]] = [
    ("TalksScheduled", {"when": "1439-02-07"}),
    ("ConvoyReported", {"planned": "1439-02-07"}),
    ("ConvoyReported", {"series": True, "schedule": {"starts": "1439-02", "rule": "FREQ=WEEKLY"}}),
    ("ConvoyRequested", {"answer_by": "1439-02-07"}),
    ("ClearanceGranted", {"form": "final", "valid_until": "1439-02-07"}),
    ("PassageReported", {"passage": "announced", "on": "1439-02"}),
    ("AgreementEnteredIntoForce", {"starts": "1439-02-01", "until": "1439-02-07"}),
    ("ObligationAgreed", {"deadline": "1439-02-07"}),
    ("ObligationAgreed", {"deadline": "1439", "schedule": {"starts": "1439-02", "times": 2, "per": "week"}}),
    ("ProposalMade", {"answer_by": "1439-02-07"}),
]


@pytest.mark.parametrize(("name", "data"), YEAR_OF_ANOTHER_CALENDAR)
def test_that_a_year_of_another_calendar_has_passed_is_not_said_beside_it(name: str, data: dict[str, Any]) -> None:
    report = dated(
        name, "2017-10-27", "2017-10-28", data=data, subject="talks/first" if name == "ProposalMade" else None
    )
    named = {one.rule for one in families.findings(report.subject, fold_of(report), (UTC,))}
    assert named - {"acting-without-role"} == set()
    assert rules(report) == [HIJRI]


def test_no_date_of_a_payload_is_overlooked() -> None:
    """`dates_in` knows fields, and fields of the values in them; should a list ever hold a date, it must look there."""
    for name, payload in PAYLOADS.items():
        assert len(date_paths(payload)) == _dates_anywhere(payload, ()), name
    assert ("schedule", "starts") in date_paths(PAYLOADS["ObligationAgreed"])


def _dates_anywhere(model: type[BaseModel], within: tuple[type, ...]) -> int:
    kinds = [kind for field in model.model_fields.values() for kind in _classes(field.annotation)]
    inner = [kind for kind in kinds if issubclass(kind, BaseModel) and kind not in within]
    return kinds.count(When) + sum(_dates_anywhere(kind, (*within, model)) for kind in inner)


def _classes(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return [annotation]
    return [kind for one in getattr(annotation, "__args__", ()) for kind in _classes(one)]


def test_an_instrument_that_is_cited_may_be_old() -> None:
    gazette = [{"publisher": "Gazette", "mode": "document", "published": "1950-05-01"}]
    assert rules(dated("InstrumentCited", "2024-06-01", sources=gazette, data={"dated": "1950-04-27"})) == []
    assert not is_far(dated("InstrumentCited", "1950-04-27", "2024-06-01"))
    assert rules(dated("InstrumentCited", "2024-06-01", sources=gazette, data={"dated": "1950-05-27"})) == [EARLY]


def apart(*told: Event) -> list[str]:
    far = [said for said in told if is_far(said)]
    return [one.text for one in of_years_apart(told[0].subject, far, partial(company_among, told))]


def test_a_report_that_is_alone_in_years_decades_from_its_source_is_a_hint() -> None:
    old, news = dated("ConvoyArrived", "2003-06-01", "2024-06-01"), dated("ConvoyReported", "2024-05-20", "2024-05-21")
    assert apart(old, news) == [
        "More than 20 years lie between what happened and who tells it: "
        "ConvoyArrived of 2003-06-01, published 2024-06-01 by Valley Radio."
    ]
    assert apart(old) == [], "there is nothing to hold it against"
    assert apart(dated("ConvoyArrived", "2004-06-01", "2024-06-01"), news) == [], "not more than twenty"
    assert apart(dated("ConvoyArrived", "200X", "2024-06-01"), news) == []
    assert apart(hijri := dated("ConvoyArrived", "1445-06-01", "2024-06-01"), news) == [], "that is said of the years"
    assert apart(old, hijri) == [], "nor do such years say when the subject was told of"
    assert rules(old) == []


def test_what_a_register_publishes_decades_later_is_no_wrong_year() -> None:
    coded = [dated("ConvoyHeld", f"199{year}", "2024-06-01") for year in (1, 5, 9)]
    wrong = dated("ConvoyArrived", "1896-05", "2024-06-01")
    assert apart(*coded) == []
    assert [text.partition(": ")[2][:24] for text in apart(*coded, wrong)] == ["ConvoyArrived of 1896-05"]
    assert len(apart(coded[0], wrong)) == 2, "of two nobody knows which is wrong"
    alone = [dated("ConvoyHeld", f"{1700 + 25 * number}", "2024-06-01") for number in range(ARCHIVE)]
    assert apart(*alone) == [], "an archive"
    assert len(apart(*alone[1:])) == ARCHIVE - 1


def test_a_source_that_is_wrong_is_named_and_the_others_are_not() -> None:
    sources = [
        {"publisher": "Valley Radio", "published": "2024-06-02"},
        {"publisher": "Wire", "published": "2023-06-02"},
    ]
    (finding,) = of_dates((said := dated("ConvoyArrived", "2024-06-01", sources=sources)).subject, said, RECORDED)
    assert finding.text == (
        "ConvoyArrived is told before it can have happened: occurred 2024-06-01, published 2023-06-02 by Wire."
    )
    assert finding.events == (said.id,)


def test_a_correction_is_held_against_when_it_was_recorded_itself() -> None:
    said = dated("ConvoyArrived", "2024-06-20")
    assert rules(said) == [EARLY]
    assert of_dates(said.subject, said, When("2024-06-21").span.earliest) == []
