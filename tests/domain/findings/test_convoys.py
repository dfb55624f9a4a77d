"""Departures, clearances, arrivals and loads of convoys."""

from __future__ import annotations

from typing import Any

import pytest

from domain.edtf import When
from domain.finding import Finding
from tests.domain.findings.cases import (
    DAY_1,
    DAY_2,
    DAY_3,
    DAY_4,
    convoy,
    found,
    retold,
    stands,
)
from tests.spec import event


def test_a_convoy_whose_departure_passes_unconfirmed() -> None:
    (finding,) = found(convoy(planned=DAY_3), rule="plan-date-passed")
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    for name in ("ConvoyDeparted", "ConvoyCancelled"):
        assert found(convoy(planned=DAY_3), event(name, occurred=DAY_3), rule="plan-date-passed") == []


def test_a_request_without_an_answer_by_its_date_is_stuck() -> None:
    asked = event("ConvoyRequested", occurred=DAY_1, data={"to": "government", "answer_by": DAY_3})
    (finding,) = found(convoy(), asked, rule="clearance-stuck")
    assert finding.text == "Passage was asked of actors/government (2017-10-27); no answer is reported by 2017-10-29."
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    answers = [
        event("ClearanceGranted", occurred=DAY_2, data={"by": "government", "form": "final"}),
        event("ClearanceDenied", occurred=DAY_2, data={"by": "government"}),
        event("ConvoyDeparted", occurred=DAY_2, data={}),
        event("ConvoyCancelled", occurred=DAY_2, data={}),
    ]
    for answer in answers:
        assert found(convoy(), asked, answer, rule="clearance-stuck") == []
    other = event("ClearanceGranted", occurred=DAY_2, data={"by": "committee", "form": "final"})
    assert found(convoy(), asked, other, rule="clearance-stuck") == [finding]


def test_a_request_without_a_date_is_stuck_after_7_days() -> None:
    (finding,) = found(convoy(), event("ConvoyRequested", occurred=DAY_1, data={}), rule="clearance-stuck")
    assert not stands(finding, "2017-11-03T23:59:58Z")
    assert stands(finding, "2017-11-04")


@pytest.mark.parametrize("form", ["in principle", "with conditions"])
def test_a_clearance_that_is_not_final_is_stuck_7_days_after_it_was_first_granted(form: str) -> None:
    granted = event("ClearanceGranted", occurred=DAY_1, data={"by": "government", "form": form})
    (finding,) = found(convoy(), granted, rule="clearance-stuck")
    assert (
        finding.text
        == f"actors/government granted passage {form} (2017-10-27); 7 days later there is no final clearance."
    )
    assert not stands(finding, "2017-11-03T23:59:58Z")
    assert stands(finding, "2017-11-04")
    (same,) = found(convoy(), granted, retold(granted, occurred=DAY_4), rule="clearance-stuck")
    assert same.since == finding.since
    final = event("ClearanceGranted", occurred=DAY_2, data={"by": "government", "form": "final"})
    assert found(convoy(), granted, final, rule="clearance-stuck") == []
    assert found(convoy(), granted, event("ConvoyDeparted", occurred=DAY_2), rule="clearance-stuck") == []


def test_a_clearance_expires_if_the_convoy_has_not_gone() -> None:
    data = {"by": "government", "form": "final", "valid_until": DAY_3}
    granted = event("ClearanceGranted", occurred=DAY_1, data=data)
    (finding,) = found(convoy(), granted, rule="clearance-expired")
    assert not stands(finding, DAY_3)
    assert stands(finding, DAY_4)
    assert found(convoy(), granted, event("ConvoyDeparted", occurred=DAY_3), rule="clearance-expired") == []
    anew = event("ClearanceGranted", occurred=DAY_4, data={**data, "valid_until": "2017-11"})
    assert found(convoy(), granted, anew, rule="clearance-expired")[0].since == When("2017-11").span.latest + 1


def test_a_convoy_that_has_not_arrived_a_day_after_it_was_seen() -> None:
    departed = event("ConvoyDeparted", occurred=DAY_1, claimant="TASS", data={})
    (finding,) = found(convoy(), departed, rule="not-arrived")
    assert finding.text == "Last seen: departed (2017-10-27, TASS); a day later it is not reported to have arrived."
    assert not stands(finding, "2017-10-28T23:59:58Z")
    assert stands(finding, DAY_3)
    held = event("ConvoyHeld", occurred=DAY_2, data={"place": {"labels": [{"text": "the gate"}]}})
    (later,) = found(convoy(), departed, held, rule="not-arrived")
    assert "held at the gate" in later.text
    assert later.since == When(DAY_3).span.latest + 1
    for name in ("ConvoyArrived", "ConvoyTurnedBack"):
        assert found(convoy(), departed, held, event(name, occurred=DAY_2, data={}), rule="not-arrived") == []


def test_a_series_of_convoys_is_always_on_the_road() -> None:
    assert found(convoy(series=True), event("ConvoyDeparted", occurred=DAY_1), rule="not-arrived") == []


def item(number: float, *, of: str = "baskets", unit: str = "boxes", **more: Any) -> dict[str, Any]:
    return {"description": of, "quantity": {"value": number, "unit": unit, **more}}


@pytest.mark.parametrize(
    ("name", "field", "what"), [("ConvoyArrived", "delivered", "delivered"), ("ItemsRemoved", "items", "removed")]
)
def test_more_delivered_or_removed_than_was_loaded(name: str, field: str, what: str) -> None:
    loaded = event("ConvoyDeparted", occurred=DAY_1, data={"loaded": [item(30), item(20, of="Baskets")]})

    def then(*items: dict[str, Any]) -> list[Finding]:
        return found(convoy(), loaded, event(name, occurred=DAY_2, data={field: items}), rule="part-above-whole")

    (finding,) = then(item(51))
    assert finding.text == f"51 boxes of baskets or more were {what}, 50 loaded at most."
    assert finding.rule == "part-above-whole"
    assert then(item(50)) == []
    assert then(item(60, qualifier="up to")) == []
    assert then(item(51, unit="tonnes")) == []
    assert then(item(51, of="kits"), {"description": "baskets"}) == []
    corrected = event("ConvoyDeparted", occurred=DAY_2, data={"loaded": [item(50, qualifier="at least")]})
    delivered = event(name, occurred=DAY_3, data={field: [item(51)]})
    assert found(convoy(), loaded, corrected, delivered, rule="part-above-whole") == []
