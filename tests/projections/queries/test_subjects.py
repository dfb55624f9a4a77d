"""Single subjects and actors, and their roles."""

from __future__ import annotations

import pytest

from projections.answers.lines import fields_of
from projections.queries import processes, status, subjects
from tests.projections.queries.asking import FIRST, MANY, also_in, pages, role
from tests.projections.world import NOW, Wire, opened, reading
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


def test_actors_by_page_and_name() -> None:
    names = {"a": "Elders of Jarut", "b": "الأعيان", "c": "ARMY", "d": "army of the south"}
    history = [
        wire("ActorIdentified", subject=f"actors/{key}", data={"labels": [{"text": name}], "kind": "other"})
        for key, name in names.items()
    ]
    with reading(*opened(FIRST), *history) as here:
        assert [a["subject"] for a in pages(lambda after: subjects.actors(here, None, after, 1))] == [
            f"actors/{key}" for key in names
        ]
        assert [a["subject"] for a in pages(lambda after: subjects.actors(here, "Army", after, 1))] == [
            "actors/c",
            "actors/d",
        ]
        assert [a["label"] for a in subjects.actors(here, "الأعيان", None, 10).items] == ["الأعيان"]


def test_an_actor_page_shows_its_roles_in_every_process_and_what_they_rest_on() -> None:
    mine = role("russia", "guarantor", "talks/k", "2017-10-28", on_behalf_of="army")
    with reading(*MANY, mine, also_in("homs", "talks/k")) as here:
        shown, version = subjects.actor_page(here, "russia")
        found = [(r["process"], r["subject"], r["role"], r["on_behalf_of"]) for r in shown["processes"]]
    assert found == [
        ("ghouta", "processes/ghouta", "witness", None),
        ("homs", "talks/k", "guarantor", None),
        ("homs", "talks/k", "guarantor", "army"),
        ("kalamun", "talks/k", "guarantor", None),
        ("kalamun", "talks/k", "guarantor", "army"),
    ]
    assert version == (1, 0), "of the actor itself"
    assert {event for r in shown["processes"] for event in r["events"]} <= set(shown["evidence"])
    assert "army" in shown["actors"]


def test_the_actors_of_a_process_with_their_roles_and_positions() -> None:
    position = {"actor": "elders", "position": "accepts"}
    talks = {"processes": ["kalamun"], "title": [{"text": "Talks"}], "between": ["army"]}
    with reading(
        *MANY,
        wire("PositionTaken", subject="processes/kalamun", data=position),
        wire("TalksReported", subject="talks/more", data=talks),
    ) as here:
        found = {one["subject"]: one for one in subjects.actors_of(here, "kalamun").items}
    assert list(found) == ["actors/army", "actors/elders", "actors/russia"]
    assert [r["role"] for r in found["actors/russia"]["roles"]] == ["guarantor"]
    positions = [line["value"] for line in found["actors/elders"]["positions"]]
    assert [fields_of(value)["position"] for value in positions if value is not None] == ["accepts"]
    assert (found["actors/army"]["roles"], found["actors/army"]["positions"]) == ([], []), "it has a seat"


def relabelled(text: str, *, no_longer: bool = False) -> Wire:
    data = {"labels": [{"text": text}], "no_longer": no_longer}
    return wire("ActorRelabelled", subject="actors/russia", occurred="2017-10-28", data=data)


def test_a_relabelled_actor_shows_its_new_name_everywhere() -> None:
    old = opened("actors/russia")[0]["data"]["labels"][0]["text"]
    history = (*MANY, relabelled("Russian Federation"), relabelled(old, no_longer=True))
    with reading(*history) as here:
        for process in ("kalamun", "ghouta"):
            shown, _ = status.process_status(here, process, NOW)
            assert shown["actors"]["russia"]["label"] == "Russian Federation"
        page, _ = subjects.subject_page(here, "talks/k")
        assert page["actors"]["russia"]["label"] == "Russian Federation"
        actor, version = subjects.actor_page(here, "russia")
        assert (actor["label"], actor["former_labels"], version) == ("Russian Federation", [old], (3, 0))
        assert processes.stamp(here, "kalamun").actors == len(history)


def test_a_subject_page_explains_itself() -> None:
    with reading(*MANY) as here:
        shown, version = subjects.subject_page(here, "talks/k")
    assert version == (2, 0)
    assert {**shown}["processes"] == ["kalamun"]
    (held,) = shown["roles"]
    assert set(held["events"]) <= set(shown["evidence"])
    assert set(shown["actors"]) == {"russia"}
