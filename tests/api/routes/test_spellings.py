"""One thing under many spellings, as a client sees it: claimants, series, numbers; and texts of any length."""

from __future__ import annotations

import random
from typing import Any
from unicodedata import normalize

import pytest
from fastapi.testclient import TestClient

from tests.api.sending import begin
from tests.spec import wire

P1 = "processes/first"
UNNAMED = "a local official, unnamed"
WAIT = {"Prefer": "wait=30"}
STRICT = {"Prefer": "handling=strict"}


def figure(value: float, publisher: str, measure: str = "fighters", **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": more.pop("unit", "persons"), "qualifier": more.pop("qualifier", "exact")}
    data: dict[str, Any] = {"measure": measure, "quantity": quantity}
    data |= {name: more.pop(name) for name in ("area", "scope") if name in more}
    return wire("FigureReported", subject=P1, sources=[{"publisher": publisher, **more}], data=data)


def append(client: TestClient, *events: dict[str, Any]) -> None:
    answer = client.post("/v1/events", json=list(events), headers=WAIT)
    assert answer.status_code == 201, answer.text


def findings(client: TestClient) -> list[str]:
    found = client.get("/v1/processes/first/findings").json()["findings"]
    return [one["rule"] for one in found if one["rule"] != "silence"]


def figures(client: TestClient) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = client.get("/v1/processes/first/figures").json()["figures"]
    return shown


def test_who_is_described_in_two_papers_is_two_claimants(client: TestClient) -> None:
    begin(client)
    append(client, figure(100, "Northern Wire", claimant=UNNAMED), figure(500, "Radio South", claimant=UNNAMED))
    (series,) = figures(client)
    assert (series["claimants"], series["contested"]) == (2, True)
    assert sorted((one["claimant"], one["within"]) for one in series["claims"]) == [
        (UNNAMED, "Northern Wire"),
        (UNNAMED, "Radio South"),
    ]
    assert findings(client) == ["claims-contradict"]


def test_a_copy_is_no_second_claimant(client: TestClient) -> None:
    begin(client)
    copied = figure(500, "Radio South", claimant=UNNAMED.upper(), derived_from="northern wire")
    append(client, figure(100, "Northern Wire", claimant=UNNAMED), copied)
    (series,) = figures(client)
    assert (series["claimants"], series["contested"]) == (1, False)
    assert len(client.get(f"/v1/processes/first/claims?claimant={UNNAMED}").json()["claims"]) == 2


def test_two_spellings_of_a_paper_corroborate_nothing(client: TestClient) -> None:
    begin(client)
    met = [
        wire("TalksConvened", subject="talks/first", data={}, sources=[{"publisher": p}])
        for p in ("Réseau", "RE\u0301SEAU")
    ]
    append(client, *met)
    assert findings(client) == ["likely-duplicate"]
    assert client.get("/v1/talks/first").json()["state"]["one_claimant"]


def test_measures_and_units_are_compared_as_names_are_and_shown_as_sent(client: TestClient) -> None:
    begin(client)
    measure = "Déplacés"
    sent = [
        figure(100, "A", measure, unit="Persons", scope="of the valley"),
        figure(
            500, "B", normalize("NFD", measure).lower() + "\u200b", unit="persons\u00a0", scope="of\u00a0the  VALLEY"
        ),
    ]
    append(client, *sent)
    (series,) = figures(client)
    assert series["contested"]
    newest = max(sent, key=lambda event: str(event["id"]))["data"]
    assert [series[name] for name in ("measure", "scope")] == [newest["measure"], newest["scope"]]
    assert series["unit"] == newest["quantity"]["unit"]
    for asked in (measure, measure.upper(), normalize("NFD", measure)):
        assert len(client.get("/v1/processes/first/claims", params={"measure": asked}).json()["claims"]) == 2


def test_numbers_are_added_as_they_were_written(client: TestClient) -> None:
    begin(client)
    opening = wire("ConvoyReported", data={"processes": ["first"], "kind": "aid", "title": [{"text": "Aid"}]})
    append(client, opening)

    def load(*tonnes: float, item: str = "flour") -> list[dict[str, Any]]:
        return [{"description": item, "quantity": {"value": one, "unit": "tonnes"}} for one in tonnes]

    departed = wire("ConvoyDeparted", data={"loaded": load(0.3)})
    arrived = wire("ConvoyArrived", data={"delivered": load(0.1, 0.2, item="Flour\u200b")}, occurred="2017-10-28")
    answer = client.post("/v1/events", json=[departed, arrived], headers=STRICT)
    assert answer.status_code == 201, answer.text
    more = wire("ItemsRemoved", data={"items": load(0.31, item="FLOUR")}, occurred="2017-10-28")
    assert client.post("/v1/events", json=more, headers=STRICT).status_code == 409


def test_ten_per_cent_are_ten_per_cent(client: TestClient) -> None:
    begin(client)
    append(client, figure(0.1, "A", unit="tonnes", qualifier="about"), figure(0.09, "B", unit="tonnes"))
    assert findings(client) == []
    (series,) = figures(client)
    assert series["span"] == {"low": 0.09, "high": 0.09}
    assert {one["low"] for one in series["claims"]} == {0.09}


@pytest.mark.parametrize(("one", "other"), [(2000, 2000.0), (0.5, 5e-1)])
def test_a_number_is_one_however_it_was_written(client: TestClient, one: float, other: float) -> None:
    begin(client)
    append(client, figure(one, "A", "Families"), figure(other, "a", "families\u200b"))
    assert findings(client) == ["likely-duplicate"]


def test_texts_of_any_length_are_recorded_and_shown(client: TestClient) -> None:
    """What no index could hold is hashed: twelve villages, and whatever else has 300 letters."""
    begin(client)

    def long(letter: str) -> str:
        return "".join(map(chr, random.Random(letter).choices(range(0x1F300, 0x1F5FF), k=300)))  # nothing to compress

    area = [{"labels": [{"text": long(letter)}]} for letter in "abcdefghijkl"]
    sent = [
        figure(number, long(f"{number}"), long("m"), unit=long("u"), area=area, scope=long("s"), claimant=long("c"))
        for number in (100, 500)
    ]
    part = figure(900, long("100"), long("m"), unit=long("u"), area=area[:2], scope=long("s"), claimant=long("c"))
    incident = wire(
        "IncidentReported",
        subject=P1,
        data={"kind": "shelling", "place": area[0]},
        sources=[{"publisher": long("p"), "claimant": long("c")}],
    )
    access = [
        wire(
            "AccessReported",
            subject=P1,
            data={"place": area[0], "access": state, "for_whom": long("w")},
            claimant=long(state),
        )
        for state in ("open", "closed")
    ]
    control = [
        wire("ControlReported", subject=P1, data={"holders": [holder], "description": long("d")})
        for holder in ("a", "b")
    ]
    actors = [wire("ActorIdentified", subject=f"actors/{name}") for name in ("a", "b")]
    matter = [
        wire("PositionTaken", subject=P1, data={"actor": "a", "position": position, "matter": long("m")})
        for position in ("accepts", "refuses")
    ]
    assessed = wire(
        "FigureAssessed",
        subject=P1,
        data={**sent[0]["data"], "assessor": long("o"), "reason": "counted"},
    )
    append(client, *actors, *sent, part, incident, *access, *control, *matter, assessed)
    assert client.get("/readyz").status_code == 200
    assert {"claims-contradict", "part-above-whole", "contested"} <= set(findings(client))
    shown = figures(client)
    assert [one["measure"] for one in shown] == [long("m")] * 2
    assert {claim["claimant"] for one in shown for claim in one["claims"]} == {long("c")}
    assert client.get("/v1/processes/first").json()["truce"]["incidents"][long("c")]["all"] == 1


def test_strict_handling_compares_places_and_not_their_descriptions(client: TestClient) -> None:
    append(client, wire("ProcessOpened", subject=P1))
    codes = [{"scheme": "gazetteer", "value": "12"}]
    town = {"labels": [{"text": "Jarut"}], "codes": codes, "precision": "exact"}
    same = {"labels": [{"text": "Old Jarut"}], "codes": codes, "precision": "exact"}
    other = {"labels": [{"text": "Upper Jarut"}], "precision": "exact"}
    append(client, figure(100, "Radio", area=[town]))
    part = figure(200, "Radio", scope="with rifles", area=[same])
    refused = client.post("/v1/events", json=part, headers=STRICT)
    assert refused.status_code == 409
    assert "part-above-whole" in refused.text
    elsewhere = figure(200, "Radio", scope="with rifles", area=[other])
    assert client.post("/v1/events", json=elsewhere, headers=STRICT).status_code == 201
    assert client.post("/v1/events", json=part, headers=WAIT).status_code == 201
    assert "part-above-whole" in findings(client)
