"""An actor that was unified is one wherever it is named, and under each of its ids, until that is retracted."""

from __future__ import annotations

from typing import Any

import pytest

from domain.finding import Finding
from projections.answers.lines import fields_of
from projections.queries import figures, findings, history, processes, quality, status, subjects
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.projections.queries.asking import figure, process, role
from tests.projections.world import NOW, Wire, follow, kept, opened, pull, reading, recorded, views
from tests.spec import event, wire

pytestmark = pytest.mark.usefixtures("both_databases")

ACTORS = opened("actors/coast-guard", "actors/cg", "actors/elders")
ROLE = role("coast-guard", "mediator", "processes/bay")
POSITION = wire("PositionTaken", subject="processes/bay", data={"actor": "cg", "position": "accepts"})
UNIFIED = wire("SubjectUnified", subject="actors/coast-guard", data={"into": "actors/cg", "reason": "An abbreviation."})
APART = wire("EventRetracted", subject="actors/coast-guard", data={"event": UNIFIED["id"], "reason": "Two forces."})
STORY = (
    *ACTORS,
    process("bay", followed=True),
    process("delta"),
    ROLE,
    POSITION,
    role("cg", "host", "processes/delta"),
)


def claim(value: int, claimant: str, occurred: str, subject: str = "processes/bay") -> Wire:
    return {**figure(value, claimant, occurred), "subject": subject}


def listed(here: ReadTransaction, **wanted: Any) -> list[str]:
    return [line["process"] for line in processes.processes(here, ProcessFilter(**wanted), None, 100).items]


def rules(here: ReadTransaction, asked: HorizonRequest = PRESENT, of: str = "bay") -> list[tuple[str, str]]:
    return [(one["rule"], one["about"]) for one in findings.findings(here, of, NOW, asked)[0].items]


def known_at(position: int) -> HorizonRequest:
    return HorizonRequest(known_at_position=position, position=position)


@pytest.mark.parametrize(
    "unified", [UNIFIED, {**UNIFIED, "subject": "actors/cg", "data": {"into": "actors/coast-guard", "reason": "r"}}]
)
def test_lists_and_pages_are_the_same_under_both_ids(unified: Wire) -> None:
    with reading(*STORY, unified) as here:
        pages = [subjects.actor_page(here, actor) for actor in ("coast-guard", "cg")]
        assert pages[0] == pages[1]
        assert [(one["process"], one["role"]) for one in pages[0][0]["processes"]] == [
            ("bay", "mediator"),
            ("delta", "host"),
        ]
        for actor in ("coast-guard", "cg"):
            assert listed(here, actor=actor) == ["bay", "delta"]
            assert listed(here, actor=actor, role="host") == ["delta"]
        assert listed(here, actor="elders") == []


def test_it_acts_with_the_role_that_it_holds_under_another_id() -> None:
    with reading(*STORY) as here:
        assert ("acting-without-role", "actors/cg") in rules(here)
    with reading(*STORY, UNIFIED) as here:
        assert "acting-without-role" not in dict(rules(here))
        assert findings.all_findings(here, NOW, "acting-without-role", None, None, 9)[0].items == []


def test_it_is_one_claimant_whose_newer_claim_stands() -> None:
    claims = (claim(100, "actors/coast-guard", "2017-10-20"), claim(500, "actors/cg", "2017-10-24"))
    with reading(*STORY, *claims) as here:
        assert "claims-contradict" in dict(rules(here))
        assert len(figures.figures(here, "bay").items[0]["claims"]) == 2
    with reading(*STORY, *claims, UNIFIED) as here:
        assert "claims-contradict" not in dict(rules(here))
        (line,) = figures.figures(here, "bay").items
        assert [(one["claimant"], one["value"], one["claims"]) for one in line["claims"]] == [("actors/cg", 500, 2)]
        for claimant in ("actors/coast-guard", "actors/cg"):
            for asked in (PRESENT, HorizonRequest(published_by="2020-01-01")):
                over_time = figures.claims(here, "bay", None, 9, claimant=claimant, request=asked).items
                assert [(one["claimants"], one["value"]) for one in over_time] == [
                    (["actors/cg"], 100),
                    (["actors/cg"], 500),
                ]


def test_its_positions_are_one_line_and_its_counts_one_recorder() -> None:
    later = wire(
        "PositionTaken",
        subject="processes/bay",
        occurred="2017-10-29",
        data={"actor": "coast-guard", "position": "refuses"},
    )
    incidents = [
        wire("IncidentReported", subject="processes/bay", data={"kind": "shelling"}, claimant=f"actors/{actor}")
        for actor in ("coast-guard", "cg")
    ]
    with views() as found:
        log = recorded([*STORY, later, *incidents, UNIFIED])
        follow(found, pull(log))
        shown = kept(found, "bay")
    assert [(one["actor"], one["value"]["position"]) for one in shown["positions"]] == [("cg", "refuses")]
    assert {name: counts["all"] for name, counts in shown["truce"]["incidents"].items()} == {"actors/cg": 2}


def test_a_report_of_its_own_does_not_corroborate_it() -> None:
    first, second = (
        wire("ProcessSuspended", subject="processes/bay", data={}, claimant=f"actors/{actor}")
        for actor in ("coast-guard", "cg")
    )
    with reading(*STORY, first, second) as here:
        assert "likely-duplicate" not in dict(rules(here))
    with reading(*STORY, first, second, UNIFIED) as here:
        assert "likely-duplicate" in dict(rules(here))
        state = status.process_status(here, "bay", NOW)[0]["state"]
    assert state is not None
    assert state.get("one_claimant"), "under one id it is one claimant"


def test_a_dispute_is_told_of_under_the_id_that_stays() -> None:
    dispute = wire("EventDisputed", subject="processes/bay", data={"event": ROLE["id"], "by": "coast-guard"})
    with reading(*STORY, dispute, UNIFIED) as here:
        (told,) = (
            one["text"] for one in findings.findings(here, "bay", NOW)[0].items if one["rule"] == "report-disputed"
        )
    assert "actors/cg" in told
    assert "coast-guard" not in told


def test_what_came_before_and_after_the_unification_is_treated_alike() -> None:
    early, late = ([*STORY, UNIFIED], [*ACTORS, process("bay"), process("delta"), UNIFIED, *STORY[len(ACTORS) + 2 :]])
    with reading(*early) as one, reading(*late) as other:
        for name in ("bay", "delta"):
            assert subjects.actors_of(one, name) == subjects.actors_of(other, name)


def test_actors_that_merged_stay_two() -> None:
    merged = wire("ActorRelated", subject="actors/coast-guard", data={"relation": "merged into", "to": "cg"})
    with reading(*STORY, merged) as here:
        assert listed(here, actor="coast-guard", role="mediator") == ["bay"]
        assert listed(here, actor="cg", role="mediator") == []
        assert listed(here, actor="coast-guard") == ["bay"]
        assert listed(here, actor="cg") == ["bay", "delta"], "of the first it only has a position"
        assert ("acting-without-role", "actors/cg") in rules(here)


def test_a_separation_applies_from_its_position_on() -> None:
    claims = (claim(100, "actors/coast-guard", "2017-10-20"), claim(500, "actors/cg", "2017-10-24"))
    before = [*STORY, *claims]
    with reading(*before, UNIFIED, APART) as here, reading(*before) as never:
        assert rules(here) == rules(never)
        assert figures.figures(here, "bay") == figures.figures(never, "bay")
        assert listed(here, actor="coast-guard", role="mediator") == ["bay"]
        assert listed(here, actor="cg", role="mediator") == []
        assert listed(here, actor="coast-guard") == ["bay"]
        assert listed(here, actor="cg") == ["bay", "delta"], "of the first it only has a position"
        assert subjects.actor_page(here, "cg")[0] == subjects.actor_page(never, "cg")[0]
        assert [one["subject"] for one in subjects.actors_of(here, "bay").items] == ["actors/cg", "actors/coast-guard"]
        joined = known_at(len(before) + 1)
        assert [one["subject"] for one in subjects.actors_of(here, "bay", joined).items] == ["actors/cg"]
        assert "claims-contradict" not in dict(rules(here, joined))
        apart = known_at(len(before) + 2)
        assert rules(here, apart) == rules(here)


def test_a_process_is_touched_when_an_actor_in_it_is_unified_or_comes_apart() -> None:
    with reading(*STORY) as here:
        assert listed(here, updated_after=len(STORY)) == []
    for revisions in ((UNIFIED,), (UNIFIED, APART)):
        with reading(*STORY, *revisions) as here:
            assert listed(here, updated_after=len(STORY) + len(revisions) - 1) == ["bay", "delta"]


def test_an_append_is_held_against_what_is_one_now() -> None:
    whole = claim(100, "actors/coast-guard", "2017-10-20")
    part = event(
        "FigureReported",
        subject="processes/bay",
        occurred="2017-10-20",
        data={"measure": "fighters", "quantity": {"value": 200, "qualifier": "exact"}, "scope": "of the north"},
        claimant="actors/cg",
    )
    with reading(*STORY, whole) as here:
        assert quality.quality_faults(here, [part]) == []
    with reading(*STORY, whole, UNIFIED) as here:
        raised: list[tuple[int, Finding]] = quality.quality_faults(here, [part])
        assert [finding.rule for _, finding in raised] == ["part-above-whole"]


def test_an_event_is_shown_as_it_was_sent() -> None:
    with reading(*STORY, UNIFIED) as here:
        sent = {one["id"]: one for one in history.history(here, "bay", None, 99).items}
        assert fields_of(sent[ROLE["id"]]["data"])["actor"] == "coast-guard"
        shown = status.process_status(here, "bay", NOW)[0]
        assert shown["actors"]["cg"]["label"]


def test_histories_part_when_subjects_come_apart() -> None:
    rounds = [
        wire("TalksReported", subject=f"talks/{name}", data={"processes": [name], "title": [{"text": "A round"}]})
        for name in ("bay", "delta")
    ]
    convened = wire("TalksConvened", subject="talks/delta", data={})
    unified = wire("SubjectUnified", subject="talks/delta", data={"into": "talks/bay", "reason": "One round."})
    apart = wire("EventRetracted", subject="talks/delta", data={"event": unified["id"], "reason": "Two rounds."})
    story = [process("bay"), process("delta"), *rounds, convened, unified]

    def subjects_in(here: ReadTransaction, asked: HorizonRequest = PRESENT) -> set[str]:
        return {one["subject"] for one in history.history(here, "bay", None, 99, request=asked).items}

    with reading(*story) as here:
        assert subjects_in(here) == {"processes/bay", "talks/bay", "talks/delta"}
    with reading(*story, apart) as here:
        assert subjects_in(here) == {"processes/bay", "talks/bay"}
        assert subjects_in(here, known_at(len(story) + 1)) == {"processes/bay", "talks/bay"}
        assert subjects_in(here, known_at(len(story))) == {"processes/bay", "talks/bay", "talks/delta"}
        shown = status.process_status(here, "bay", NOW)[0]
        assert not {convened["id"], unified["id"], apart["id"]} & set(shown["evidence"])
