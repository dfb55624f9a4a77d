"""Reports that contradict each other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from domain.event import Event
from tests.domain.findings.cases import (
    DAY_2,
    DAY_3,
    DAY_4,
    OURS,
    convoy,
    found,
    ids,
)
from tests.spec import event

SYRIA = {"labels": [{"text": "Syria"}], "precision": "country"}


def test_two_outcomes_of_one_day_are_contested_with_who_says_what() -> None:
    one = event("TalksConcluded", occurred=DAY_3, claimant=OURS, data={"outcome": "with outcome"})
    other = event("TalksConcluded", occurred=DAY_3, claimant="one commander", data={"outcome": "broken off"})
    (finding,) = found(one, other, rule="contested")
    assert finding.text == (
        "Reports contradict each other on the outcome: with outcome (2017-10-29, actors/government); "
        "broken off (2017-10-29, one commander)."
    )
    assert finding.key == ("contested", "talks/first", "outcome")
    assert set(finding.events) == ids(one, other)
    later = event("TalksConcluded", occurred=DAY_4, claimant="both", data={"outcome": "adjourned"})
    assert found(one, other, later, rule="contested") == []


@pytest.mark.parametrize(
    ("name", "one", "other", "about"),
    [
        ("ActorIdentified", {"labels": [{"text": "x"}], "kind": "committee"}, {"kind": "state"}, "kind"),
        ("ActorRelated", {"relation": "part of", "to": "a"}, {"affirmed": False}, "relations part of|a"),
        ("ProcessEnded", {"how": "lapsed"}, {"how": "collapsed"}, "ending"),
        ("ProcessLinked", {"relation": "parallel", "to": "b"}, {"denied": True}, "links parallel|b"),
        (
            "ControlReported",
            {"holders": ["a"], "places": [{"labels": [{"text": "Jarut"}]}]},
            {"holders": ["b"], "number": {"value": 5, "unit": "cities"}},
            "control jarut",
        ),
        (
            "AccessReported",
            {"place": {"labels": [{"text": "Jarut"}]}, "access": "open", "for_whom": "aid"},
            {"access": "closed"},
            "access place|jarut|aid",
        ),
        (
            "AccessReported",
            {"place": {"labels": [{"text": "Jarut"}]}, "access": "open", "modality": "announced"},
            {"access": "closed"},
            "access place|jarut||plan",
        ),
        ("TalksScheduled", {"when": DAY_3}, {"when": DAY_4}, "planned"),
        (
            "TalksScheduled",
            {"when": DAY_3, "venue": {"labels": [{"text": "Damascus"}]}},
            {"venue": {"labels": [{"text": "Jarut"}]}},
            "venue",
        ),
        (
            "TalksConvened",
            {"attendance": [{"actor": "a", "presence": "present"}]},
            {"attendance": [{"actor": "a", "presence": "absent"}]},
            "attendance a",
        ),
        ("AgreementReached", {"complete": True}, {"complete": False}, "complete"),
        ("AgreementSigned", {"actor": "a"}, {"capacity": "witness"}, "signatures a"),
        ("AgreementEnteredIntoForce", {"until": "2017-11"}, {"until": "2017-12"}, "term"),
        ("ObligationAgreed", {"obligation": "o", "text": "x", "debtor": ["a"]}, {"debtor": ["b"]}, "obligation o"),
        (
            "ObligationAgreed",
            {"obligation": "o", "text": "x", "debtor": ["a"], "beneficiary": ["c"], "deadline": DAY_3},
            {"deadline": DAY_4, "condition": "x"},
            "obligation o",
        ),
        ("ObligationAssessed", {"obligation": "o", "score": 3}, {"score": 1, "standing": "overdue"}, "assessment o"),
        ("ClearanceGranted", {"by": "a", "form": "final"}, {"by": "a", "form": "in principle"}, None),
        ("ConvoyArrived", {"completeness": "fully"}, {"completeness": "partly"}, "arrival"),
        ("ConvoyReported", {**convoy().data.model_dump(mode="json")}, {"kind": "evacuation"}, "described kind"),
        (
            "ConvoyReported",
            {**convoy(planned=DAY_3).data.model_dump(mode="json")},
            {"planned": DAY_4},
            "described planned",
        ),
        (
            "RoleTaken",
            {"actor": "a", "role": "guarantor", "accepted": True},
            {"accepted": False},
            "roles a|guarantor||",
        ),
        (
            "RoleTaken",
            {"actor": "a", "role": "guarantor", "on_behalf_of": "b", "modality": "announced"},
            {"modality": "possible"},
            None,
        ),
        (
            "PositionTaken",
            {"actor": "a", "position": "accepts on condition", "condition": "c", "matter": "m"},
            {"position": "refuses", "condition": None},
            "positions a|m|",
        ),
    ],
)
def test_what_two_say_of_one_day_is_contested_where_it_contradicts(
    name: str, one: dict[str, Any], other: dict[str, Any], about: str | None
) -> None:
    subject = None if name not in ("RoleTaken", "PositionTaken") else "processes/first"
    first = event(name, subject=subject, occurred=DAY_2, claimant="one", data=one)
    second = event(name, subject=subject, occurred=DAY_2, claimant="another", data={**one, **other})
    raised = found(first, second, rule="contested")
    assert [re.sub("~[0-9a-f]{16}", "", finding.about) for finding in raised] == ([about] if about else [])
    for finding in raised:
        assert set(finding.events) == ids(first, second)
        assert "one" in finding.text
        assert "another" in finding.text


def test_a_clearance_granted_and_denied_on_one_day_is_contested() -> None:
    granted = event("ClearanceGranted", occurred=DAY_2, data={"by": "a", "form": "final"})
    denied = event("ClearanceDenied", occurred=DAY_2, data={"by": "a"})
    assert [f.about for f in found(convoy(), granted, denied, rule="contested")] == ["clearances a", "stage"]


def test_a_place_added_and_removed_in_one_month_is_contested() -> None:
    place = {"place": {"labels": [{"text": "Ruhaiba"}]}}
    added = event("AreaAdded", occurred=DAY_2, data=place)
    removed = event("AreaRemoved", occurred="2017-10", data=place)
    (finding,) = found(added, removed, rule="contested")
    assert finding.about.startswith("areas ruhaiba~")


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("TalksScheduled", {"when": DAY_3}, {"when": "2017-10"}),
        ("TalksReported", {"about": "a truce"}, {"about": "the road"}),
        ("TalksConvened", {"attendance": [{"actor": "a", "presence": "present"}]}, {"attendance": []}),
        (
            "TalksConvened",
            {"attendance": [{"actor": "a", "presence": "present"}]},
            {"attendance": [{"actor": "a", "presence": "unknown"}]},
        ),
        ("ConvoyArrived", {"completeness": "fully"}, {"completeness": "unknown"}),
        ("ObligationAssessed", {"obligation": "o", "score": 3}, {"score": None, "standing": "no information"}),
        ("ObligationAssessed", {"obligation": "o", "score": 1}, {"standing": "overdue"}),
        ("ConvoyRequested", {"to": "a"}, {"to": "b"}),
        ("AgreementReported", {"written": "yes"}, {"written": "unknown"}),
        ("AgreementReported", {"stage": "ceasefire", "summary": "No shots."}, {"summary": "Guns are silent."}),
        ("AgreementReported", {"stage": "ceasefire", "level": "intrastate-local"}, {"stage": "other", "level": None}),
        ("AgreementReported", {"level": "intrastate"}, {"level": "intrastate-local"}),
        ("AgreementSigned", {"actor": "a", "capacity": "witness"}, {"capacity": "other"}),
        ("AgreementSigned", {"actor": "a", "act": "initialled"}, {"act": "signed"}),
        ("AgreementEnteredIntoForce", {"until": "2017-11"}, {"until": "2017-11-15"}),
        ("AgreementEnteredIntoForce", {"until": "2017-11"}, {"until": None, "trial": True}),
        ("ActorIdentified", {"labels": [{"text": "x"}], "kind": "state"}, {"kind": "head of state"}),
        ("ObligationAgreed", {"obligation": "o", "text": "x", "debtor": ["a"]}, {"text": "y", "debtor": ["a", "b"]}),
        ("ObligationAgreed", {"obligation": "o", "text": "x", "condition": "c"}, {"condition": "in other words"}),
        ("ConvoyReported", {"kind": "movement"}, {"kind": "evacuation"}),
        ("ConvoyReported", {"planned": DAY_3}, {"planned": "2017-10"}),
        ("ConvoyReported", {"senders": ["a"], "means": ["trucks"]}, {"senders": ["b"], "means": ["buses"]}),
        (
            "ConvoyArrived",
            {"people_reached": {"value": 5000, "qualifier": "about"}},
            {"people_reached": {"value": 5100}},
        ),
        (
            "TalksScheduled",
            {"when": DAY_3, "venue": {"labels": [{"text": "Jarut"}], "admin_code": "SY030402"}},
            {"venue": {"labels": [{"text": "Rif"}], "admin_code": "SY03", "precision": "admin 1"}},
        ),
        ("TalksScheduled", {"when": DAY_3, "venue": {"labels": [{"text": "Jarut"}]}}, {"venue": SYRIA}),
        ("AccessReported", {"place": {"labels": [{"text": "Jarut"}]}, "access": "closed"}, {"access": "besieged"}),
        ("ControlReported", {"holders": ["a"], "description": "the hill"}, {"holders": ["a", "b"]}),
        ("PlaceIdentified", {"labels": [{"text": "x"}], "kind": "settlement"}, {"kind": "camp"}),
        (
            "PlaceIdentified",
            {"labels": [{"text": "x"}], "point": {"lat": 33.81, "lon": 36.74, "precision": "near"}},
            {"point": {"lat": 33.8, "lon": 36.7, "precision": "exact"}},
        ),
    ],
)
def test_what_only_one_tells_or_words_otherwise_is_not_contested(
    name: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    whole = event(name).data.model_dump(mode="json", exclude_none=True) if name.endswith("Reported") else {}
    first = event(name, occurred=DAY_2, data={**whole, **one})
    second = event(name, occurred=DAY_2, data={**whole, **one, **other})
    assert found(first, second, rule="contested") == []


def test_what_is_only_possible_contradicts_nothing() -> None:
    held = event("TalksConvened", occurred=DAY_3, data={})
    off = event("TalksCancelled", occurred=DAY_3, data={})
    assert found(held, off, rule="contested")
    assert found(held, off.as_possible(), rule="contested") == []


def test_many_values_and_claimants_are_told_in_short() -> None:
    reports = [
        event("ConvoyHeld", occurred=DAY_3, claimant=f"claimant {n}", data={"reason": "x"}) for n in range(5)
    ] + [event("PositionTaken", subject="convoys/first", occurred=DAY_3, data={"actor": "a", "position": "refuses"})]
    positions = [
        event(
            "PositionTaken",
            subject="convoys/first",
            occurred=DAY_3,
            data={"actor": "a", "position": "accepts on condition", "condition": f"{n} {'x' * 400}"},
        )
        for n in range(8)
    ]
    turned = event("ConvoyCancelled", occurred=DAY_3, data={})
    state, position = (
        next(f for f in found(*reports, *positions, turned, rule="contested") if f.about.startswith(about))
        for about in ("stage", "positions")
    )
    assert "claimant 0, claimant 1, claimant 2 and 2 more" in state.text
    assert "; and 4 more." in position.text
    assert len(position.text) < 1500


def test_two_points_of_a_place_are_told_as_coordinates() -> None:
    def at(lat: float, claimant: str) -> Event:
        data = {"labels": [{"text": "x"}], "point": {"lat": lat, "lon": 36.74, "precision": "near"}}
        return event("PlaceIdentified", occurred=DAY_2, claimant=claimant, data=data)

    (told,) = found(at(33.81, "one"), at(35.2, "two"), rule="contested")
    assert "on where it lies: 33.81, 36.74 (near) (2017-10-28, one); 35.2, 36.74 (near) (2017-10-28, two)." in told.text
