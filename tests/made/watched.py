"""True cases and near misses of the rules of what is awaited: plans, answers, obligations, terms, convoys, silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.made.sets import PRESS, Case, Told, near, told, true

ONLY_PRESS = (PRESS,)
"""A register of agreements has no convoys, plans of talks or proposals."""
OURS, THEIRS = "actors/army", "actors/council"


def scheduled(day: int, when: str) -> Told:
    return told("TalksScheduled", day, {"when": when})


def convoy(**data: Any) -> Told:
    return told("ConvoyReported", 0, {"kind": "aid", "title": [{"text": "Aid to the valley"}], **data})


def owed(day: int = 0, name: str = "release", **data: Any) -> Told:
    return told(
        "ObligationAgreed", day, {"obligation": name, "text": "Release of detainees.", "debtor": ["army"], **data}
    )


def judged(day: int, name: str = "release", **data: Any) -> Told:
    return told("ObligationAssessed", day, {"obligation": name, **data})


def in_force(day: int = 0, **data: Any) -> Told:
    return told("AgreementEnteredIntoForce", day, data)


def extended(day: int, **data: Any) -> Told:
    return told("AgreementExtended", day, {"way": "explicitly", **data})


def proposed(day: int = 0, on: str = "talks", kind: str = "demand", **data: Any) -> Told:
    said = {"kind": kind, "text": "A neutral venue.", "by": "council", "to": ["army"], **data}
    return told("ProposalMade", day, said, on=on, name="proposal")


def granted(day: int, form: str = "final", by: str = "army", **data: Any) -> Told:
    return told("ClearanceGranted", day, {"by": by, "form": form, **data})


ENDED = told("AgreementEnded", 30, {"how": "superseded"})
LOADED = {"loaded": [{"description": "flour", "quantity": {"value": 40, "unit": "tonnes"}}]}

PLANS: tuple[Case, ...] = (
    true("plan-date-passed", scheduled(0, "d:5"), kinds=ONLY_PRESS),
    true("plan-date-passed", told("TalksPostponed", 3, {"until": "d:12"}), kinds=ONLY_PRESS),
    true("plan-date-passed", convoy(planned="d:4"), kinds=ONLY_PRESS),
    true("plan-date-passed", convoy(), told("ConvoyPostponed", 2, {"until": "d:9"}), kinds=ONLY_PRESS),
    true("plan-date-passed", told("PassageReported", 0, {"passage": "announced", "on": "d:3"}), kinds=ONLY_PRESS),
    near("plan-date-passed", scheduled(0, "d:5"), told("TalksConvened", 5), kinds=ONLY_PRESS),
    near("plan-date-passed", scheduled(0, "d:5"), told("TalksCancelled", 4), kinds=ONLY_PRESS),
    near("plan-date-passed", convoy(planned="d:4"), told("ConvoyArrived", 6), kinds=ONLY_PRESS),
    near(
        "plan-date-passed",
        told("PassageReported", 0, {"passage": "announced", "on": "d:3"}),
        told("PassageReported", 3, {"passage": "failed"}),
        kinds=ONLY_PRESS,
    ),
    near("plan-date-passed", scheduled(40, "2026-03"), followed=True),
    true("proposal-unanswered", proposed(answer_by="d:10"), kinds=ONLY_PRESS),
    true("proposal-unanswered", proposed(kind="ultimatum", answer_by="d:1"), kinds=ONLY_PRESS),
    true("proposal-unanswered", proposed(on="agreements", kind="draft", answer_by="m:1"), kinds=ONLY_PRESS),
    true("proposal-unanswered", proposed(on="processes", kind="letter", answer_by="d:10"), kinds=ONLY_PRESS),
    true(
        "proposal-unanswered",
        told("PositionTaken", 0, {"actor": "army", "position": "undecided"}, on="talks"),
        proposed(2, kind="list", answer_by="d:10"),
        kinds=ONLY_PRESS,
    ),
    near(
        "proposal-unanswered",
        proposed(answer_by="d:10"),
        told("PositionTaken", 8, {"actor": "army", "position": "refuses", "answers": "@proposal"}, on="talks"),
        kinds=ONLY_PRESS,
    ),
    near(
        "proposal-unanswered",
        proposed(answer_by="d:10"),
        told("ProposalMade", 8, {"kind": "draft", "text": "Ours.", "answers": "@proposal"}, on="talks"),
        kinds=ONLY_PRESS,
    ),
    near("proposal-unanswered", proposed(kind="draft"), kinds=ONLY_PRESS),
    near(
        "proposal-unanswered",
        proposed(answer_by="d:10"),
        told("PositionTaken", 8, {"actor": "army", "position": "accepts"}, on="talks"),
        kinds=ONLY_PRESS,
    ),
    near("proposal-unanswered", proposed(40, answer_by="2026-03"), followed=True),
)

UNSETTLED = (("obligation-unsettled", "agreements"),)
SETTLING: tuple[Case, ...] = (
    true("obligation-unsettled", owed(deadline="d:20")),
    true("obligation-unsettled", owed(deadline="m:0"), judged(25, score=1)),
    true("obligation-unsettled", owed(), judged(40, standing="overdue")),
    true("obligation-unsettled", owed(deadline="d:20"), judged(30, score=0, standing="overdue")),
    true("obligation-unsettled", owed(deadline="d:20"), owed(10, deadline="d:35")),
    near("obligation-unsettled", owed(deadline="d:20"), judged(18, score=3)),
    near("obligation-unsettled", owed(deadline="d:40"), ENDED),
    near("obligation-unsettled", owed(deadline="d:20"), owed(10, deadline="m:200"), kinds=ONLY_PRESS),
    near("obligation-unsettled", owed(deadline="d:20"), judged(18, score=1), judged(40, score=3)),
    near("obligation-unsettled", owed(deadline="d:20/..")),
    near("obligation-unsettled", owed(condition="The siege is lifted."), judged(30, standing="not due")),
)
OBLIGATIONS: tuple[Case, ...] = (
    *SETTLING,
    *(replace(case, rule="obligation-overdue", followed=True, kinds=ONLY_PRESS) for case in SETTLING),
    true("phase-blocked", owed(), judged(10, standing="blocked")),
    true("phase-blocked", owed(name="first", deadline="d:9"), owed(name="then", depends_on=["first"]), also=UNSETTLED),
    true(
        "phase-blocked",
        owed(name="first"),
        judged(9, "first", standing="overdue"),
        owed(name="then", depends_on=["first"]),
        also=UNSETTLED,
    ),
    true(
        "phase-blocked",
        owed(name="first", phase="Phase 1", deadline="d:9"),
        owed(name="then", phase="Phase 2", depends_on=["first"]),
        also=UNSETTLED,
    ),
    true("phase-blocked", owed(), judged(10, score=1, standing="blocked")),
    near(
        "phase-blocked",
        owed(name="first", deadline="d:9"),
        owed(name="then", depends_on=["first"]),
        judged(8, "first", score=3),
    ),
    near("phase-blocked", owed(name="then", depends_on=["unknown"])),
    near("phase-blocked", owed(), judged(10, standing="blocked"), judged(20, score=3)),
    near("phase-blocked", owed(), judged(10, standing="blocked"), ENDED),
    near("phase-blocked", owed(name="first"), owed(name="then", depends_on=["first"])),
    true("run-missed", owed(schedule={"rule": "FREQ=WEEKLY;BYDAY=MO"}), followed=True),
    true("run-missed", owed(schedule={"times": 2, "per": "month"}), judged(10, score=2, run="d:-20"), followed=True),
    true("run-missed", owed(schedule={"rule": "FREQ=MONTHLY;BYMONTHDAY=15"}), followed=True),
    true("run-missed", convoy(series=True, schedule={"rule": "FREQ=WEEKLY"}, last_run="d:0"), followed=True),
    true(
        "run-missed", convoy(series=True, schedule={"times": 1, "per": "week"}), told("ConvoyArrived", 9), followed=True
    ),
    near("run-missed", owed(schedule={"times": 1, "per": "month"}), judged(45, score=2, run="d:45"), followed=True),
    near("run-missed", owed(schedule={"rule": "FREQ=WEEKLY"}), judged(40, score=3), followed=True),
    near(
        "run-missed", convoy(series=True, schedule={"rule": "FREQ=WEEKLY"}), told("ConvoyCancelled", 12), followed=True
    ),
    near("run-missed", owed(schedule={"rule": "FREQ=WEEKLY"}), ENDED, followed=True),
    near("run-missed", convoy(series=True, schedule={"rule": "FREQ=WEEKLY"}, last_run="d:0"), kinds=ONLY_PRESS),
)

TERMS: tuple[Case, ...] = (
    true("truce-lapsing", in_force(until="2026-03-05"), followed=True),
    true("truce-lapsing", in_force(lasts="P2M"), followed=True),
    true("truce-lapsing", in_force(until="d:20"), extended(18, until="2026-03-10"), followed=True),
    true("truce-lapsing", in_force(until="2026-03-14", trial=True), followed=True),
    true(
        "truce-lapsing",
        in_force(until="2026-03-03"),
        told("AgreementSuspended", 10),
        told("AgreementResumed", 20),
        followed=True,
    ),
    near("truce-lapsing", in_force(until="2026-06-30"), followed=True),
    near("truce-lapsing", in_force(until="2026-03-05"), told("AgreementSuspended", 20), followed=True),
    near("truce-lapsing", in_force(until="2026-03-05"), extended(40, until="2026-06-05"), followed=True),
    near("truce-lapsing", in_force(), followed=True),
    near("truce-lapsing", in_force(until="2026-03-05"), ENDED, followed=True),
    true("truce-lapsed", in_force(until="d:20"), followed=True),
    true("truce-lapsed", in_force(lasts="P7D"), followed=True),
    true("truce-lapsed", in_force(until="d:10"), extended(9, until="d:30"), followed=True),
    true("truce-lapsed", in_force(until="2026-01", trial=True), followed=True),
    true("truce-lapsed", in_force(until="d:20"), told("ViolationReported", 25, {"kind": "shelling"}), followed=True),
    near("truce-lapsed", in_force(until="d:20"), told("AgreementEnded", 21, {"how": "expired"}), followed=True),
    near("truce-lapsed", in_force(until="d:20"), extended(19, until="2026-12-31"), followed=True),
    near("truce-lapsed", in_force(until="d:20"), told("AgreementSuspended", 15), followed=True),
    near("truce-lapsed", in_force(until_event="the end of the harvest"), followed=True),
    near("truce-lapsed", in_force(lasts="PT72H")),
)

POSITIONS: tuple[Case, ...] = tuple(
    case("condition-not-held", told("PositionTaken", 0, stance, on=on), *more)
    for case, on, met, more in (
        (true, "talks", False, ()),
        (true, "processes", False, ()),
        (true, "agreements", False, ()),
        (true, "talks", False, (told("PositionTaken", 4, {"actor": "army", "position": "accepts"}, on="talks"),)),
        (true, "agreements", False, (told("AgreementReached", 9),)),
        (near, "talks", None, ()),
        (near, "talks", True, ()),
        (near, "talks", False, (told("PositionTaken", 9, {"actor": "council", "position": "withdraws"}, on="talks"),)),
        (
            near,
            "processes",
            False,
            (told("PositionTaken", 9, {"actor": "council", "position": "accepts"}, on="processes"),),
        ),
        (
            near,
            "agreements",
            False,
            (told("PositionTaken", 9, {"actor": "council", "position": "refuses"}, on="agreements"),),
        ),
    )
    for stance in [
        {
            "actor": "council",
            "position": "accepts on condition",
            "condition": "The siege is lifted.",
            **({} if met is None else {"condition_met": met}),
        }
    ]
)

ASKED = told("ConvoyRequested", 0, {"by": "agency", "to": "army"})
CONVOYS: tuple[Case, ...] = (
    true("clearance-stuck", told("ConvoyRequested", 0, {"to": "army", "answer_by": "d:9"}), followed=True),
    true("clearance-stuck", ASKED, followed=True),
    true("clearance-stuck", granted(4, "in principle"), followed=True),
    true("clearance-stuck", ASKED, granted(4, "with conditions"), followed=True),
    true("clearance-stuck", ASKED, granted(4, by="council"), followed=True),
    near("clearance-stuck", ASKED, told("ClearanceDenied", 5, {"by": "army"}), followed=True),
    near("clearance-stuck", ASKED, granted(4), followed=True),
    near(
        "clearance-stuck",
        ASKED,
        granted(3, "in principle"),
        told("ConvoyDeparted", 6),
        told("ConvoyArrived", 6),
        followed=True,
    ),
    near("clearance-stuck", told("ConvoyRequested", 40, {"to": "army", "answer_by": "2026-03-10"}), followed=True),
    near("clearance-stuck", ASKED, kinds=ONLY_PRESS),
    true("clearance-expired", granted(3, valid_until="d:20"), followed=True),
    true("clearance-expired", granted(3, valid_until="2026-01"), followed=True),
    true("clearance-expired", granted(3, valid_until="d:20"), told("ConvoyPostponed", 15), followed=True),
    true("clearance-expired", ASKED, granted(3, valid_until="d:9"), granted(9, valid_until="d:30"), followed=True),
    true("clearance-expired", granted(3, valid_until="d:20"), granted(3, by="council"), followed=True),
    near(
        "clearance-expired",
        granted(3, valid_until="d:20"),
        told("ConvoyDeparted", 9),
        told("ConvoyArrived", 9),
        followed=True,
    ),
    near("clearance-expired", granted(3, valid_until="d:9"), granted(9, valid_until="2026-06"), followed=True),
    near("clearance-expired", granted(3, valid_until="d:20"), told("ConvoyCancelled", 9), followed=True),
    near(
        "clearance-expired", granted(3, valid_until="d:20"), told("ClearanceDenied", 15, {"by": "army"}), followed=True
    ),
    near("clearance-expired", granted(3, valid_until="d:20"), kinds=ONLY_PRESS),
    true("not-arrived", told("ConvoyDeparted", 45, LOADED), followed=True),
    true("not-arrived", told("ConvoyDeparted", 40), told("ConvoyHeld", 41), followed=True),
    true("not-arrived", told("CheckpointPassed", 44, {"place": {"labels": [{"text": "North gate"}]}}), followed=True),
    true("not-arrived", convoy(kind="evacuation"), told("ConvoyDeparted", 46), followed=True),
    true("not-arrived", convoy(kind="medical"), told("ConvoyHeld", 30), followed=True),
    near("not-arrived", told("ConvoyDeparted", 45), told("ConvoyArrived", 46), followed=True),
    near("not-arrived", told("ConvoyDeparted", 45), told("ConvoyTurnedBack", 45), followed=True),
    near("not-arrived", convoy(series=True), told("ConvoyDeparted", 45), followed=True),
    near("not-arrived", told("ConvoyDeparted", "2026-03-01"), followed=True),
    near("not-arrived", told("ConvoyDeparted", 3), told("ConvoyHeld", 4), kinds=ONLY_PRESS),
)

STATED = told("StatementMade", 20, {"text": "Calm."}, on="processes")
SILENCE: tuple[Case, ...] = (
    true("silence", STATED, followed=True, heard=False),
    true("silence", STATED, told("TalksConvened", 22), at="processes", followed=True, heard=False),
    true("silence", told("TalksScheduled", 20, {"when": "2026-06"}), at="processes", followed=True, heard=False),
    true("silence", in_force(20), at="processes", followed=True, heard=False),
    true(
        "silence",
        STATED,
        told("IncidentReported", 30, {"kind": "shelling"}, on="processes"),
        followed=True,
        heard=False,
    ),
    near("silence", STATED),
    near("silence", STATED, told("ProcessEnded", 25, {"how": "concluded"}), followed=True, heard=False),
    near("silence", STATED, told("TalksConvened", 44), followed=True, heard=False),
    near("silence", STATED, followed=True),
    near("silence", told("StatementMade", "d:20/..", {"text": "Since then calm."}, on="processes"), followed=True),
)

SIDES: tuple[Case, ...] = (
    true("one-side-only", told("AgreementReached", 30, by=OURS), followed=True),
    true("one-side-only", told("AgreementSigned", 30, {"actor": "council"}, by=OURS), followed=True),
    true("one-side-only", told("AgreementEnteredIntoForce", 30, by=THEIRS), followed=True),
    true("one-side-only", told("TalksConvened", 30, by=OURS), followed=True),
    true("one-side-only", told("TalksConcluded", 30, {"outcome": "with outcome"}, by=THEIRS), followed=True),
    near("one-side-only", told("AgreementDeclared", 30, {"by": ["army"]}, by=OURS), followed=True),
    near("one-side-only", told("AgreementSuspended", 30, {"by": "army"}, by=OURS), followed=True),
    near("one-side-only", told("TalksCancelled", 30, {"by": ["army"]}, by=OURS), followed=True),
    near(
        "one-side-only", told("AgreementReached", 30, by=OURS), told("AgreementReached", 30, by=THEIRS), followed=True
    ),
    near("one-side-only", told("AgreementEnded", 30, {"how": "denounced", "by": "council"}, by=THEIRS), followed=True),
    near("one-side-only", told("AgreementReached", 30, by=OURS), kinds=ONLY_PRESS),
)

CASES: tuple[Case, ...] = (*PLANS, *OBLIGATIONS, *TERMS, *POSITIONS, *CONVOYS, *SILENCE, *SIDES)
