"""What is contested: the findings, the marks in the lists and the count at the top tell of the same matters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wording.cited_lines import contested_matters
from projections.queries.at_horizon import PRESENT, HorizonRequest
from tests.examples import examples
from tests.projections.world import NOW, Wire, folded, follow, kept, processes_of, pull, recorded, views
from tests.spec import wire
from tests.strategies import histories

ON = "2017-10-20"
OPENED = wire("ProcessOpened", subject="processes/first", occurred="2017-10-01")


def told(name: str, subject: str, *, occurred: str = ON, publisher: str = "Radio", **data: Any) -> Wire:
    said = {"processes": ["first"], "title": [{"text": subject}]} if name.endswith("Reported") else {}
    said = said if subject.partition("/")[0] in ("convoys", "agreements", "talks") else {}
    sources = [{"publisher": publisher, "published": "2017-10-29"}]
    return wire(name, subject=subject, occurred=occurred, sources=sources, data={**said, **data})


def status_of(*history: Wire, asked: HorizonRequest = PRESENT) -> Any:
    """The status, live and folded alike."""
    log = recorded([OPENED, *history])
    with views() as found:
        follow(found, pull(log))
        live = kept(found, "first", NOW, asked)
    assert live == folded(log, "first", asked=asked)
    return live


def marked(status: Any) -> Iterator[str]:
    """The matters that are marked as contested, each once, however often its line is shown."""
    own = {name: status[name] for name in ("state", "ending", "level", "time_zone", "areas", "links")}
    own |= {name: status[name] for name in ("control", "access")}
    pages = [own, *(page for family in ("talks", "agreements", "convoys", "enrolments") for page in status[family])]
    for page in pages:
        for name, line in page.items():
            if name != "whereabouts":  # the state of a convoy once more
                yield from _lines(name, line)
    for name in ("roles", "described_roles", "positions"):
        yield from _lines(name, status[name])
    owed = {(one["agreement"], one["obligation"]): one for side in status["obligations"] for one in side["owes"]}
    for obligation in owed.values():
        yield from _lines("agreed", obligation["agreed"])
        yield from _lines("score", obligation["score"])
    series = [*status["figures"], *(count for register in status["enrolments"] for count in register["counts"])]
    yield from ("figure" for figure in series if figure["contested"])


def _lines(name: str, shown: Any) -> Iterator[str]:
    match shown:
        case {"contested_fields": fields}:
            yield from (f"{name} {field}" for field in fields)
        case {"contested": bool(contested)}:
            yield from [name] * contested
        case list():
            yield from (found for one in shown if isinstance(one, dict) for found in _lines(name, one))
        case dict() if name in ("attendance", "clearances"):
            yield from (found for one in shown.values() for found in _lines(name, one))
        case _:
            pass


@examples(20)
@given(
    histories(), st.sampled_from([PRESENT, HorizonRequest(as_of="2017-10"), HorizonRequest(published_by="2017-10-30")])
)
def test_the_count_the_marks_and_the_findings_agree(history: list[Wire], asked: HorizonRequest) -> None:
    log = recorded(history)
    for process in processes_of(log):
        try:
            status = folded(log, process, asked=asked)
        except AssertionError:
            continue  # nothing is inside the horizon
        by_rule = status["findings"]["by_rule"]
        assert contested_matters(status) == len(list(marked(status)))  # type: ignore[arg-type]
        assert contested_matters(status) == by_rule.get("contested", 0) + by_rule.get("claims-contradict", 0)  # type: ignore[arg-type]


def test_two_reports_of_one_convoy_add_up() -> None:
    mill, ford = ({"labels": [{"text": name, "lang": "en"}]} for name in ("the mill", "the ford"))
    also_mill = {"labels": [{"text": "the mill", "lang": "en"}, {"text": "المطحنة", "lang": "ar"}]}
    aid: Wire = {"kind": "aid", "cargo": [{"description": "flour", "quantity": {"value": 3, "unit": "tonnes"}}]}
    shown = status_of(
        told("ConvoyReported", "convoys/flour", **aid, origin=ford, destination=mill),
        told("ConvoyReported", "convoys/flour", publisher="UN", kind="aid", destination=also_mill, senders=[]),
        told("ConvoyReported", "convoys/flour", occurred="2017-10-22", publisher="Council", kind="corridor"),
    )
    (convoy,) = shown["convoys"]
    described = convoy["described"]
    assert not described["contested"]
    assert described["value"]["destination"]["labels"][0]["text"] == "the mill"
    assert described["value"]["cargo"][0]["description"] == "flour"
    assert described["told_by"]["origin"] != described["told_by"]["destination"]
    assert contested_matters(shown) == 0


@pytest.mark.parametrize(
    ("name", "subject", "one", "other", "kept_of_both"),
    [
        ("AgreementReported", "agreements/a", {"stage": "ceasefire"}, {"summary": "No shots."}, {"stage", "summary"}),
        ("ConvoyReported", "convoys/c", {"kind": "aid"}, {"kind": "aid", "planned": "2017-11-02"}, {"kind", "planned"}),
        ("AgreementReported", "agreements/a", {"stage": "ceasefire"}, {"stage": "other", "written": "yes"}, {"stage"}),
    ],
)
@pytest.mark.parametrize("later", [ON, "2017-10-25"])
def test_what_a_second_report_does_not_say_stays(
    name: str, subject: str, one: Wire, other: Wire, kept_of_both: set[str], later: str
) -> None:
    reports = (told(name, subject, **one), told(name, subject, publisher="UN", occurred=later, **other))
    shown = status_of(*reports)
    page: Any = [*shown["agreements"], *shown["convoys"]][0]
    assert kept_of_both <= page["described"]["value"].keys()
    assert page["described"]["value"].get("stage") in ("ceasefire", None)
    assert contested_matters(shown) == 0 == shown["findings"]["by_rule"].get("contested", 0)


def test_only_the_field_that_cannot_be_so_is_contested() -> None:
    shown = status_of(
        told("AgreementReported", "agreements/a", stage="ceasefire", side="bilateral", summary="No shots."),
        told("AgreementReported", "agreements/a", publisher="UN", stage="ceasefire", side="unilateral", written="yes"),
    )
    (agreement,) = shown["agreements"]
    described = agreement["described"]
    assert described["value"] | {"stage": "ceasefire", "summary": "No shots.", "written": "yes"} == described["value"]
    assert set(described["contested_fields"]) == {"side"}
    sides = {c["value"]: len(c["events"]) for c in described["contested_fields"]["side"]["candidates"]}
    assert sides == {"bilateral": 1, "unilateral": 1}
    assert contested_matters(shown) == 1


def test_other_words_stand_beside_each_other() -> None:
    shown = status_of(
        told("AgreementReported", "agreements/a", summary="No shots."),
        told("AgreementReported", "agreements/a", publisher="UN", summary="The guns are silent."),
    )
    described = shown["agreements"][0]["described"]
    said = {described["value"]["summary"], *(other["value"] for other in described["also"]["summary"])}
    assert said == {"No shots.", "The guns are silent."}


def test_positions_roles_and_access_keep_what_a_later_report_leaves_out() -> None:
    place = {"labels": [{"text": "the mill"}]}
    elders = wire("ActorIdentified", subject="actors/elders", occurred="2017-10-01")
    shown = status_of(
        elders,
        told("RoleTaken", "processes/first", actor="elders", role="mediator", accepted=True, verbatim="go-betweens"),
        told("RoleTaken", "processes/first", occurred="2017-10-24", actor="elders", role="mediator"),
        told("PositionTaken", "processes/first", actor="elders", position="accepts", verbatim="Yes."),
        told("PositionTaken", "processes/first", occurred="2017-10-24", actor="elders", position="accepts"),
        told("AccessReported", "processes/first", place=place, access="closed", terms="Night only."),
        told("AccessReported", "processes/first", publisher="UN", place=place, access="besieged"),
    )
    assert (shown["roles"][0]["value"]["accepted"], shown["roles"][0]["verbatim"]) == (True, "go-betweens")
    assert shown["positions"][0]["value"]["verbatim"] == "Yes."
    (access,) = shown["access"]
    assert (access["value"]["access"], access["value"]["terms"]) == ("besieged", "Night only.")
    assert contested_matters(shown) == 0


def test_another_act_does_not_take_over_the_terms_of_the_one_before() -> None:
    convoy = told("ConvoyReported", "convoys/c", kind="aid")
    council = wire("ActorIdentified", subject="actors/council", occurred="2017-10-01")
    granted = {"by": "council", "form": "final"}
    shown = status_of(
        council,
        convoy,
        told("ClearanceGranted", "convoys/c", **granted, valid_until="2017-10-22"),
        told("ClearanceGranted", "convoys/c", occurred="2017-10-25", **granted),
    )
    assert "valid_until" not in shown["convoys"][0]["clearances"]["council"]["value"]


def test_that_nobody_holds_a_role_is_marked_beside_who_holds_it() -> None:
    elders = wire("ActorIdentified", subject="actors/elders", occurred="2017-10-01")
    shown = status_of(
        elders,
        told("RoleTaken", "processes/first", actor="elders", role="mediator"),
        told("RoleReported", "processes/first", role="mediator", nobody=True),
    )
    (nobody,) = shown["described_roles"]
    assert nobody["contested"]
    assert [c["value"].get("actor") for c in nobody["candidates"]] == [None, "elders"]
    assert contested_matters(shown) == 1


def test_how_many_are_on_a_convoy_is_contested_kind_by_kind() -> None:
    def wounded(number: int, **more: Any) -> list[Wire]:
        return [{"category": "wounded", "quantity": {"value": number, **more}}, {"category": "escorts"}]

    one = told("ConvoyReported", "convoys/c", kind="evacuation", people=wounded(12))
    about = told(
        "ConvoyReported", "convoys/c", publisher="UN", kind="evacuation", people=wounded(11, qualifier="about")
    )
    other = told("ConvoyReported", "convoys/c", publisher="UN", kind="evacuation", people=wounded(15))
    assert contested_matters(status_of(one, about)) == 0
    shown = status_of(one, other)
    assert set(shown["convoys"][0]["described"]["contested_fields"]) == {"people"}
    (finding,) = shown["findings"]["items"]
    assert "wounded 12 persons, escorts (2017-10-20, Radio); wounded 15 persons, escorts" in finding["text"]


def test_a_district_does_not_contradict_the_town_within_it() -> None:
    def place(name: str, **data: Any) -> Wire:
        data = {"labels": [{"text": name.capitalize()}], **data}
        return wire("PlaceIdentified", subject=f"places/{name}", occurred="2017-10-01", data=data)

    def met(where: str, publisher: str) -> Wire:
        return told("TalksConvened", "talks/t", publisher=publisher, venue={"id": where})

    places = [place("rif"), place("district", within="rif"), place("town", within="district"), place("city")]
    talks = told("TalksReported", "talks/t")
    shown = status_of(*places, talks, met("town", "Radio"), met("rif", "UN"))
    assert (shown["talks"][0]["venue"]["value"], contested_matters(shown)) == ("Town", 0)
    assert contested_matters(status_of(*places, talks, met("town", "Radio"), met("city", "UN"))) == 1
