"""Given these reports, the state is so: one sentence per test, family by family."""

from __future__ import annotations

from typing import Any

import pytest

from domain import actors, agreements, convoys, families, processes
from domain.edtf import When
from domain.event import Event
from domain.families import OPENINGS
from domain.general import Due
from domain.proposals import unanswered
from domain.values import FAMILY_NAMES, IN_NO_PROCESS, Modality
from tests.spec import contested, event, fold_of, given

DAY = "2017-10-28"
LATER = "2017-10-30"


def due(*events: Event) -> list[tuple[str, str]]:
    return [(one.what, str(one.when)) for one in families.due(fold_of(*events))]


def place(name: str) -> dict[str, Any]:
    return {"labels": [{"text": name}]}


# --- actors -----------------------------------------------------------------------------------------------


def relabelled(name: str, *, no_longer: bool = False, occurred: str = DAY) -> Event:
    return event("ActorRelabelled", occurred=occurred, data={"labels": [{"text": name}], "no_longer": no_longer})


def identified(name: str) -> Event:
    return event("ActorIdentified", occurred="2017-01", data={"labels": [{"text": name}], "kind": "armed group"})


def test_an_actor_keeps_every_name_and_shows_the_first() -> None:
    state = fold_of(identified("the groups"), relabelled("the militants"))
    assert [label.text for label in state.labels] == ["the groups", "the militants"]
    assert actors.shown_label(state) == "the groups"


def test_an_actor_is_shown_by_a_name_still_in_use() -> None:
    state = fold_of(
        identified("the groups"), relabelled("the committee"), relabelled("the groups", no_longer=True, occurred=LATER)
    )
    assert actors.shown_label(state) == "the committee"
    assert state.former_labels == ("the groups",)


def test_a_name_can_come_back() -> None:
    state = fold_of(
        identified("the groups"),
        relabelled("the groups", no_longer=True),
        relabelled("the groups", occurred=LATER),
    )
    assert state.former_labels == ()
    assert actors.shown_label(state) == "the groups"


def test_an_actor_whose_names_are_all_gone_is_shown_by_its_first() -> None:
    assert actors.shown_label(fold_of(identified("the groups"), relabelled("the groups", no_longer=True))) == (
        "the groups"
    )


def test_an_actor_keeps_every_size_and_is_contested_in_its_kind() -> None:
    def report(kind: str, **fields: Any) -> Event:
        return event("ActorIdentified", occurred=DAY, data={"labels": [{"text": "x"}], "kind": kind, **fields})

    one = report("armed group", size={"value": 11}, description="of the east")
    other = report("committee", size={"value": 12})
    state = fold_of(one, other, report("committee"))
    assert [size.value for size in state.sizes] == [11, 12]
    assert set(state.kind.values) == {"armed group", "committee"}
    assert state.description.values == ("of the east",)


def test_an_actor_of_which_nothing_is_known_has_no_name() -> None:
    assert actors.shown_label(actors.ActorState()) is None


def test_a_relation_that_one_affirms_and_another_denies_for_the_same_day_is_contested() -> None:
    related = {"relation": "part of", "to": "government"}
    says = event("ActorRelated", occurred=DAY, claimant="one", data=related)
    denies = event("ActorRelated", occurred=DAY, claimant="another", data={**related, "affirmed": False})
    (line,) = fold_of(says, denies).relations.values()
    assert line.contested
    assert {candidate.value.affirmed for candidate in line.candidates} == {True, False}


# --- processes --------------------------------------------------------------------------------------------


def areas(*events: Event) -> list[str]:
    opened = event("ProcessOpened", occurred="2017-01", data={"labels": [{"text": "Eastern Kalamun"}]})
    return [found.labels[0].text for found in processes.places(fold_of(opened, *events))]


def test_an_area_is_added_and_removed() -> None:
    added = event("AreaAdded", occurred=DAY, data={"place": place("Ruhaiba")})
    removed = event("AreaRemoved", occurred=LATER, data={"place": place("Ruhaiba")})
    assert areas(added) == ["Ruhaiba"]
    assert areas(added, removed) == []


def test_an_area_added_and_removed_on_one_day_is_removed() -> None:
    added = event("AreaAdded", occurred=DAY, data={"place": place("Ruhaiba")})
    assert areas(added, event("AreaRemoved", occurred=DAY, data={"place": place("Ruhaiba")})) == []


def test_an_area_is_known_by_its_code_whatever_its_name() -> None:
    coded = {"admin_code": "SY0304"}
    added = event("AreaAdded", occurred=DAY, data={"place": {**place("Jarut"), **coded}})
    removed = event("AreaRemoved", occurred=LATER, data={"place": {**place("Jayrud"), **coded}})
    assert areas(added, removed) == []


def test_a_process_is_open_at_its_level_once_it_is_reported() -> None:
    reported = event("ProcessOpened", data={"labels": [{"text": "x"}], "level": "intrastate-local"})
    given(reported, event("ProcessOpened", data={"labels": [{"text": "y"}]})).then(
        stage="open", level="intrastate-local"
    )


def test_a_process_is_suspended_and_goes_on() -> None:
    suspended = event("ProcessSuspended", occurred=DAY)
    given(suspended).then(stage="suspended").when(event("ProcessResumed", occurred=LATER)).then(stage="resumed")


def test_a_process_said_to_be_suspended_and_to_have_ended_is_contested() -> None:
    suspended, ended = event("ProcessSuspended", occurred=DAY), event("ProcessEnded", occurred=DAY)
    given(suspended, ended).then(stage=contested({"suspended": suspended, "ended": ended}), ending="concluded")


def test_what_is_only_announced_to_be_besieged_is_not_shut() -> None:
    def access(modality: str) -> Event:
        return event(
            "AccessReported",
            occurred=DAY,
            data={"place": place("Ruhaiba"), "access": "besieged", "modality": modality},
        )

    assert len(processes.shut(fold_of(access("actual")))) == 1
    assert processes.shut(fold_of(access("announced"))) == []


def test_control_is_told_place_by_place() -> None:
    both = {"holders": ["eleven-groups"], "places": [place("Jarut"), place("Ruhaiba")]}
    one = {"holders": ["government"], "places": [place("Ruhaiba")]}
    state = fold_of(
        event("ControlReported", occurred=DAY, data=both), event("ControlReported", occurred=LATER, data=one)
    )
    holders = {key.partition("~")[0]: line.value.holders for key, line in state.control.items()}
    assert holders == {"jarut": ("eleven-groups",), "ruhaiba": ("government",)}


def test_control_of_what_is_not_named_is_told_by_its_description() -> None:
    state = fold_of(event("ControlReported", data={"holders": ["eleven-groups"], "description": "Major cities"}))
    assert list(state.control) == ["|major cities"]


# --- talks ------------------------------------------------------------------------------------------------

SCHEDULED = event("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29"})


def test_a_postponement_without_a_date_leaves_no_plan() -> None:
    postponed = event("TalksPostponed", occurred=DAY, data={})
    planned = given(SCHEDULED).then(stage="scheduled", planned=When("2017-10-29"))
    planned.when(postponed).then(stage="postponed", planned=None)
    assert due(SCHEDULED) == [("round of talks", "2017-10-29")]
    assert due(SCHEDULED, postponed) == []


def test_a_postponement_with_a_date_moves_the_plan() -> None:
    postponed = event("TalksPostponed", occurred=DAY, data={"until": "2017-11-05"})
    given(SCHEDULED, postponed).then(stage="postponed", planned=When("2017-11-05"))
    assert due(SCHEDULED, postponed) == [("round of talks", "2017-11-05")]


def test_a_plan_is_not_an_outcome() -> None:
    state = fold_of(SCHEDULED)
    assert state.stage.value == "scheduled"
    assert state.outcome.candidates == ()


def test_talks_that_met_are_no_longer_awaited() -> None:
    assert due(SCHEDULED, event("TalksConvened", occurred="2017-10-29")) == []


def test_talks_are_between_whom_and_about_what_any_report_says() -> None:
    def reported(*between: str, **fields: Any) -> Event:
        data = {"processes": ["first"], "title": [{"text": "talks"}], "between": between, **fields}
        return event("TalksReported", data=data)

    state = fold_of(reported("committee", "government", about="a truce"), reported("government", "centre"))
    assert state.between == ("committee", "government", "centre")
    assert state.about.values == ("a truce",)


def test_a_venue_holds_until_another_is_named() -> None:
    here: Any = event("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29", "venue": place("Damascus")})
    silent = [event("TalksScheduled", occurred=DAY, data={"when": "2017-10-29"}), event("TalksConvened", data={})]
    there: Any = event("TalksConvened", occurred="2017-10-29", data={"venue": place("Jarut")})
    given(here, *silent).then(venue=here.data.venue).when(there).then(venue=there.data.venue)


def test_talks_conclude_with_what_came_of_them() -> None:
    def concluded(outcome: str, occurred: str, **fields: Any) -> Event:
        return event("TalksConcluded", occurred=occurred, data={"outcome": outcome, **fields})

    met = event("TalksConvened", occurred="2017-10-29")
    adjourned = concluded("adjourned", "2017-10-29", summary="They meet again.")
    story = given(SCHEDULED, met, adjourned).then(stage="concluded", outcome="adjourned", summary="They meet again.")
    story.when(concluded("with outcome", LATER)).then(outcome="with outcome", summary="They meet again.")


def test_talks_convened_and_cancelled_on_one_day_are_contested() -> None:
    convened, cancelled = event("TalksConvened", occurred="2017-10-29"), event("TalksCancelled", occurred="2017-10-29")
    given(SCHEDULED, convened, cancelled).then(stage=contested({"convened": convened, "cancelled": cancelled}))


def test_a_delegation_said_to_be_there_and_not_to_be_there_is_contested() -> None:
    def attended(presence: str) -> Event:
        who = [{"actor": "committee", "presence": presence}]
        return event("TalksConvened", occurred="2017-10-29", data={"attendance": who})

    state = fold_of(attended("present"), attended("absent"))
    assert state.stage.value == "convened"
    assert {gist.presence for gist in state.attendance["committee"].values} == {"present", "absent"}


# --- agreements -------------------------------------------------------------------------------------------


def obligation(name: str = "release", **fields: Any) -> Event:
    data = {"obligation": name, "text": f"The {name}.", "debtor": ["government"], **fields}
    return event("ObligationAgreed", occurred="2017-10-01", data=data)


def assessed(score: int, *, name: str = "release", occurred: str = DAY) -> Event:
    return event("ObligationAssessed", occurred=occurred, data={"obligation": name, "score": score})


def test_an_obligation_is_due_until_it_is_kept_in_full() -> None:
    owed = obligation(deadline="2017-11")
    expected = [("obligation: The release.", "2017-11")]
    assert due(owed) == expected
    assert due(owed, assessed(2)) == expected
    assert due(owed, assessed(3)) == []
    assert due(owed, assessed(3), assessed(1, occurred=LATER)) == expected


def test_an_obligation_is_not_kept_while_its_assessment_is_contested() -> None:
    state = fold_of(obligation(), assessed(3), assessed(1))
    assert not agreements.kept(state.obligations["release"])


def test_an_obligation_names_its_debtor_in_what_is_due() -> None:
    owed = obligation(deadline="2017-11")
    expected = Due(what="obligation: The release.", when=When("2017-11"), events=(owed.id,), actor="government")
    assert families.due(fold_of(owed)) == [expected]


def test_an_obligation_waits_for_those_that_come_first() -> None:
    events = [obligation("withdrawal", depends_on=["release", "list"]), obligation("release")]
    assert agreements.blocked_by(fold_of(*events), "withdrawal") == ["release", "list"]
    state = fold_of(*events, assessed(3), assessed(2, name="list"))
    assert agreements.blocked_by(state, "withdrawal") == ["list"]
    assert agreements.blocked_by(state, "release") == agreements.blocked_by(state, "unknown") == []


def test_a_term_is_extended() -> None:
    force = event(
        "AgreementEnteredIntoForce", occurred="2017-07", data={"until": "2017-09", "trial": True, "renewable": True}
    )
    extended = event("AgreementExtended", occurred="2017-09", data={"until": "2017-11", "way": "tacitly"})
    assert due(force) == [("end of the term", "2017-09")]
    assert due(force, extended) == [("end of the term", "2017-11")]
    term = fold_of(force, extended).term.value
    assert (term.starts, term.trial, term.renewable, term.extended) == ("2017-07", True, True, "tacitly")


def test_a_violation_is_no_end() -> None:
    force = event("AgreementEnteredIntoForce", occurred="2017-07", data={"until": "2017-11"})
    given(force, event("ViolationReported", occurred=DAY)).then(stage="in force")


def test_what_has_ended_owes_nothing_more() -> None:
    force = event("AgreementEnteredIntoForce", occurred="2017-07", data={"until": "2017-11"})
    ended = event("AgreementEnded", occurred=DAY, data={"how": "denounced"})
    given(force, ended).then(stage="ended", ending="denounced")
    assert due(obligation(deadline="2017-11"), force, ended) == []


def test_an_agreement_is_as_far_as_its_last_step_of_the_day() -> None:
    signed, reached = event("AgreementSigned", occurred=DAY), event("AgreementReached", occurred=DAY)
    given(signed, reached).then(stage="signed", complete=False)


def test_an_agreement_is_as_complete_as_was_last_said() -> None:
    partial = event("AgreementReached", occurred=DAY, data={"complete": False})
    silent = event("AgreementReached", occurred=LATER, data={})
    given(partial, silent).then(complete=False)
    given(partial, event("AgreementReached", occurred=LATER, data={"complete": True})).then(complete=True)


def test_an_agreement_is_described_by_its_last_ten_reports_of_a_time() -> None:
    def reported(*between: str) -> Event:
        return event("AgreementReported", data={"processes": ["first"], "title": [{"text": "x"}], "between": between})

    state = fold_of(reported("committee", "government"), *(reported("government", f"group-{n}") for n in range(11)))
    assert state.between[:3] == ("committee", "government", "group-0")
    assert [one.value.between[1] for one in state.described.candidates] == [f"group-{n}" for n in range(1, 11)]


def test_a_suspended_agreement_holds_again() -> None:
    suspended, resumed = event("AgreementSuspended", occurred=DAY), event("AgreementResumed", occurred=LATER)
    given(suspended).then(stage="suspended").when(resumed).then(stage="resumed")


# --- convoys ----------------------------------------------------------------------------------------------

DEPARTED = event("ConvoyDeparted", occurred=DAY)
ARRIVED = event("ConvoyArrived", occurred=DAY, claimant="the sender")
TURNED_BACK = event("ConvoyTurnedBack", occurred=DAY, claimant="residents")


def test_a_convoy_that_left_and_arrived_on_one_day_has_arrived() -> None:
    given(DEPARTED, ARRIVED).then(stage="arrived", arrival="partly")
    given(ARRIVED, DEPARTED).then(stage="arrived")


def test_arrived_and_turned_back_in_the_same_window_is_contested_and_names_both_reports() -> None:
    given(DEPARTED, ARRIVED, TURNED_BACK).then(stage=contested({"arrived": ARRIVED, "turned back": TURNED_BACK}))
    month = event("ConvoyTurnedBack", occurred="2017-10~")
    given(ARRIVED, month).then(stage=contested({"turned back": month, "arrived": ARRIVED}))


def test_a_later_report_resolves_what_was_contested() -> None:
    arrived = event("ConvoyArrived", occurred=LATER, data={"completeness": "fully"})
    given(ARRIVED, TURNED_BACK).when(arrived).then(stage="arrived", arrival="fully")


def test_what_the_winner_of_a_contest_follows_is_past() -> None:
    # Cancelled on the 5th, arrived some time in October: contested. That it left on the 20th follows the one and
    # leads to the other, so only the arrival stands.
    cancelled, arrived = event("ConvoyCancelled", occurred="2017-10-05"), event("ConvoyArrived", occurred="2017-10")
    story = given(cancelled, arrived).then(stage=contested({"arrived": arrived, "cancelled": cancelled}))
    story.when(event("ConvoyDeparted", occurred="2017-10-20")).then(stage="arrived")


def test_a_run_of_reports_says_since_when() -> None:
    again = event("ConvoyHeld", occurred=LATER)
    line = fold_of(DEPARTED, first := event("ConvoyHeld", occurred=DAY), again).stage
    (held,) = line.candidates
    assert line.since == DAY
    assert (held.since, held.occurred) == (DAY, LATER)
    assert held.events == (first.id, again.id)


def test_a_convoy_on_the_road_may_be_stranded() -> None:
    held = event("ConvoyHeld", occurred=DAY)
    assert convoys.stranded(fold_of(DEPARTED))
    assert convoys.stranded(fold_of(DEPARTED, held))
    assert convoys.stranded(fold_of(held, ARRIVED)) is False
    assert convoys.stranded(fold_of(DEPARTED, ARRIVED, TURNED_BACK)) is False


def test_a_convoy_that_was_cleared_waits_until_it_goes() -> None:
    planned = {"processes": ["first"], "kind": "aid", "title": [{"text": "aid"}], "planned": "2017-11-01"}
    reported = event("ConvoyReported", occurred="2017-10", data=planned)
    asked = event("ConvoyRequested", occurred="2017-10-25", data={"to": "government", "answer_by": "2017-10-27"})
    cleared = event(
        "ClearanceGranted",
        occurred="2017-10-26",
        data={"by": "government", "form": "final", "valid_until": "2017-11-05"},
    )
    assert due(reported, asked) == [("departure", "2017-11-01"), ("answer to the request", "2017-10-27")]
    assert due(reported, asked, cleared) == [("departure", "2017-11-01"), ("end of the clearance", "2017-11-05")]
    assert due(reported, asked, cleared, DEPARTED) == []


def test_a_clearance_without_an_end_or_a_denial_is_no_date_to_wait_for() -> None:
    granted = event("ClearanceGranted", occurred=DAY, data={"by": "government", "form": "final"})
    assert due(granted, event("ClearanceDenied", occurred=DAY, data={"by": "committee"})) == []


def test_what_left_is_kept_beside_what_arrived() -> None:
    given(DEPARTED, ARRIVED).then(departure=DEPARTED.data, arrival="partly")


def test_each_authority_clears_for_itself() -> None:
    granted = event("ClearanceGranted", occurred=DAY, data={"by": "government", "form": "final"})
    denied = event("ClearanceDenied", occurred=DAY, data={"by": "committee"})
    state = fold_of(granted, denied)
    assert {by: line.value.gist for by, line in state.clearances.items()} == {
        "government": "final",
        "committee": "denied",
    }
    assert state.stage.contested


def test_what_was_removed_is_kept_whatever_follows() -> None:
    removed = event("ItemsRemoved", occurred=DAY)
    assert [cited.event for cited in fold_of(removed, ARRIVED).removed] == [removed.id]


# --- enrolments -------------------------------------------------------------------------------------------


def register(modality: str, **fields: Any) -> Event:
    data = {"processes": ["first"], "title": [{"text": "register"}], "modality": modality, **fields}
    return event("EnrolmentOpened", occurred="2017-10-01", data=data)


@pytest.mark.parametrize(
    ("modality", "stage"), [("possible", "possible"), ("announced", "announced"), ("actual", "open")]
)
def test_a_register_is_as_real_as_it_is_reported(modality: str, stage: str) -> None:
    given(register(modality)).then(stage=stage)


def test_a_register_closes_for_now_and_opens_again() -> None:
    opened = register("actual", until="2017-10-31")
    closed = event("EnrolmentClosed", occurred=DAY, data={"form": "suspended"})
    reopened = event("EnrolmentReopened", occurred=LATER, data={"until": "2017-12-31"})
    given(opened, closed).then(stage="suspended").when(reopened).then(stage="reopened", until=When("2017-12-31"))
    assert due(opened) == [("last day to join", "2017-10-31")]
    assert due(opened, closed) == []
    assert due(opened, closed, reopened) == [("last day to join", "2017-12-31")]


def test_a_register_keeps_its_last_day_until_another_is_named() -> None:
    opened, silent = register("actual", until="2017-10-31"), register("actual")
    (described,) = fold_of(opened, silent).described.candidates
    assert described.events == (opened.id, silent.id)
    given(opened, silent, event("EnrolmentReopened", occurred=LATER, data={})).then(until=When("2017-10-31"))


def test_a_register_keeps_the_tracks_of_all_reports() -> None:
    militia, disarm = ({"id": name, "labels": [{"text": name}]} for name in ("militia", "disarm"))
    state = fold_of(register("possible", tracks=[militia]), register("announced", tracks=[disarm]))
    assert set(state.tracks) == {"militia", "disarm"}
    assert state.stage.value == "announced"


def test_a_track_that_two_reports_call_otherwise_is_one_and_the_state_can_be_kept() -> None:
    called = ({"id": "militia", "labels": [{"text": name}]} for name in ("Militia", "Local forces"))
    state = fold_of(*(register("actual", tracks=[track]) for track in called))
    assert set(state.tracks) == {"militia"}
    assert families.load("enrolments", families.dump("enrolments", state)) == state


# --- on any subject ---------------------------------------------------------------------------------------


def role(modality: str = "actual", *, occurred: str = DAY, **fields: Any) -> Event:
    data = {"actor": "centre", "role": "guarantor", "modality": modality, **fields}
    return event("RoleTaken", subject="talks/first", occurred=occurred, data=data)


def roles(*events: Event) -> list[str | None]:
    return [line.value.gist if line.value else None for line in fold_of(*events).roles.values()]


def test_a_role_is_announced_and_then_taken() -> None:
    assert roles(role("announced")) == ["announced"]
    assert roles(role("announced"), role()) == roles(role(), role("announced")) == ["actual"]
    assert fold_of(role("announced")).roles["centre|guarantor|||plan"].value.modality is Modality.ANNOUNCED


def test_a_role_keeps_the_words_of_the_source_and_whether_the_holder_accepts_it() -> None:
    words: dict[str, Any] = {
        "verbatim": "guarantor of security",
        "accepted": True,
        "on_behalf_of": "government",
        "scope": "security",
    }
    (line,) = fold_of(role(**words)).roles.values()
    assert {name: getattr(line.value, name) for name in words} == words


def test_a_role_ends() -> None:
    ended = event("RoleEnded", subject="talks/first", occurred=LATER, data={"actor": "centre", "role": "guarantor"})
    assert roles(role(), ended) == ["ended"]
    assert roles(role(), ended, role(occurred="2017-11-02")) == ["actual"]


def test_a_role_for_another_scope_or_principal_is_another_role() -> None:
    assert roles(role(), role(scope="security"), role(on_behalf_of="government")) == ["actual"] * 3


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_every_family_has_roles_positions_and_proposals(family: str) -> None:
    subject = f"{family}/first"
    proposal = event("ProposalMade", subject=subject)
    state = fold_of(event("RoleTaken", subject=subject), event("PositionTaken", subject=subject), proposal)
    assert (len(state.roles), len(state.positions), list(state.proposals)) == (1, 1, [str(proposal.id)])


def test_a_condition_of_consent_is_kept() -> None:
    accepts = event("PositionTaken", subject="talks/first", occurred=DAY)
    (line,) = fold_of(accepts).positions.values()
    assert line.value.position == "accepts on condition"
    assert line.value.condition == "The Russian military take part in the process."
    assert line.value.condition_met is None


def test_the_last_position_of_an_actor_stands_on_each_matter() -> None:
    def position(stance: str, occurred: str, matter: str | None = None) -> Event:
        data = {"actor": "committee", "position": stance} | ({"matter": matter} if matter else {})
        return event("PositionTaken", subject="talks/first", occurred=occurred, data=data)

    state = fold_of(position("withdraws", LATER), position("accepts", DAY), position("refuses", DAY, "The venue"))
    stands = {key: line.value.position.value for key, line in state.positions.items()}
    assert stands == {"committee||": "withdraws", "committee|the venue|": "refuses"}


def test_a_proposal_awaits_its_answer() -> None:
    proposal = event(
        "ProposalMade",
        subject="talks/first",
        data={"kind": "ultimatum", "text": "Leave.", "answer_by": "2017-10-31"},
    )
    answer = event(
        "PositionTaken",
        subject="talks/first",
        data={"actor": "committee", "position": "refuses", "answers": str(proposal.id)},
    )
    assert due(proposal) == [("answer to the ultimatum", "2017-10-31")]
    assert due(proposal, answer) == []
    assert unanswered(fold_of(proposal, answer)) == []


@pytest.mark.parametrize("family", [family for family in FAMILY_NAMES[2:] if family not in IN_NO_PROCESS])
def test_a_further_opening_adds_its_processes(family: str) -> None:
    opening = OPENINGS[family]
    reports = [
        event(opening.__name__, data={**opening.example, "processes": processes})
        for processes in (["local", "national"], ["national", "parallel"])
    ]
    assert fold_of(*reports).processes == ("local", "national", "parallel")


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_further_opening_adds_names_and_its_event(family: str) -> None:
    named = "title" if family not in (*IN_NO_PROCESS, "processes") else "labels"
    opening = OPENINGS[family]
    first, second = (
        event(opening.__name__, occurred=day, data={**opening.example, named: [{"text": name}]})
        for day, name in [(DAY, "one"), (LATER, "another")]
    )
    state = fold_of(second, first)
    assert [label.text for label in state.labels] == ["one", "another"]
    assert state.opened_by == (first.id, second.id)
    assert state.opened


def test_an_announcement_never_takes_the_place_of_a_fact() -> None:
    assert sorted(map(str, roles(role(), role("announced", occurred=LATER)))) == ["actual", "announced"]

    def access(how: str, modality: str, occurred: str) -> Event:
        place = {"labels": [{"text": "the road"}]}
        return event("AccessReported", occurred=occurred, data={"place": place, "access": how, "modality": modality})

    besieged, to_open = access("besieged", "actual", DAY), access("open", "announced", LATER)
    state = fold_of(besieged, to_open)
    assert [(line.value.access, line.value.modality) for line in state.access.values()] == [
        ("besieged", "actual"),
        ("open", "announced"),
    ]
    assert [line.value for line in processes.shut(state)] == [besieged.data]
    opened = fold_of(besieged, to_open, access("open", "actual", "2017-12-01"))
    assert [(line.value.access, line.value.modality) for line in opened.access.values()] == [("open", "actual")]
    later = event(
        "EnrolmentOpened", occurred=LATER, data=register("announced").data.model_dump(mode="json", exclude_unset=True)
    )
    assert fold_of(register("actual"), later).stage.value == "open"


@pytest.mark.parametrize(
    ("one", "other", "back"),
    [
        ("ProcessSuspended", "ProcessResumed", "resumed"),
        ("AgreementSuspended", "AgreementResumed", "resumed"),
        ("EnrolmentClosed", "EnrolmentReopened", "reopened"),
    ],
)
def test_there_and_back_again(one: str, other: str, back: str) -> None:
    """On one day the step of the types tells the order; where dates are wide, nothing does."""
    suspending: dict[str, Any] = {"data": {"form": "suspended"}} if one == "EnrolmentClosed" else {}
    suspended = event(one, occurred=DAY, **suspending)
    given(suspended, event(other, occurred=DAY)).then(stage=back)
    wide = event(other, occurred=DAY[:7])
    given(suspended, wide).then(stage=contested({"suspended": suspended, back: wide}))


def test_positions_on_two_proposals_stand_side_by_side() -> None:
    first, second = (event("ProposalMade", subject="talks/first") for _ in range(2))

    def answer(stance: str, to: Event) -> Event:
        data = {"actor": "committee", "position": stance, "answers": str(to.id)}
        return event("PositionTaken", subject="talks/first", data=data)

    state = fold_of(first, second, answer("accepts", first), answer("refuses", second))
    assert sorted(line.value.position.value for line in state.positions.values()) == ["accepts", "refuses"]


def test_what_one_report_does_not_say_contradicts_no_other() -> None:
    assert [line.contested for line in fold_of(role(), role(accepted=True)).roles.values()] == [False]
    assert [line.contested for line in fold_of(role(accepted=False), role(accepted=True)).roles.values()] == [True]


# --- places -----------------------------------------------------------------------------------------------


def test_reports_of_a_place_add_up() -> None:
    register, wire = {"scheme": "register", "value": "7"}, {"scheme": "wire", "value": "dol"}
    first = event("PlaceIdentified", occurred=DAY, data={"labels": [{"text": "Dolmet"}], "codes": [register]})
    more = {"labels": [{"text": "Upper Dolmet"}], "codes": [wire, register], "kind": "settlement", "within": "velmar"}
    state = fold_of(first, event("PlaceIdentified", occurred=LATER, data=more))
    assert [label.text for label in state.labels] == ["Dolmet", "Upper Dolmet"]
    assert [(code.scheme, code.value) for code in state.codes] == [("register", "7"), ("wire", "dol")]
    assert (state.kind.value, state.within.value) == ("settlement", "velmar")
    assert state.processes == ()
