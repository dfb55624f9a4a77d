"""True cases and near misses of the rules that hold reports against each other: figures, dates, repeats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.made.sets import PRESS, REGISTER, Case, Told, near, told, true

ONLY_PRESS = (PRESS,)
ONE, OTHER = "a monitor", "an observer"
TITLE = [{"text": "Agreement of the valley"}]


def agreement(by: str | None = None, day: int = 0, on: str = "agreements", **data: Any) -> Told:
    return told("AgreementReported", day, {"title": TITLE, "between": ["army", "council"], **data}, by=by, on=on)


def signed(by: str, day: int = 3, **data: Any) -> Told:
    return told("AgreementSigned", day, {"actor": "elders", **data}, by=by)


def concluded(by: str, outcome: str, day: int = 5) -> Told:
    return told("TalksConcluded", day, {"outcome": outcome}, by=by)


def assessed(by: str, **data: Any) -> Told:
    return told("ObligationAssessed", 9, {"obligation": "release", **data}, by=by)


CONTESTED: tuple[Case, ...] = (
    true("contested", signed(ONE), signed(OTHER, capacity="witness")),
    true("contested", concluded(ONE, "with outcome"), concluded(OTHER, "broken off")),
    true("contested", agreement(ONE, stage="ceasefire"), agreement(OTHER, stage="implementation")),
    true("contested", assessed(ONE, score=3), assessed(OTHER, score=1)),
    true(
        "contested",
        told("AgreementEnteredIntoForce", 4, {"until": "m:200"}, by=ONE),
        told("AgreementEnteredIntoForce", 4, {"until": "m:212"}, by=OTHER),
    ),
    near("contested", signed(ONE, capacity="witness"), signed(OTHER, capacity="other")),
    near(
        "contested",
        agreement(ONE, stage="ceasefire", written="unknown"),
        agreement(OTHER, stage="other", written="yes"),
    ),
    near(
        "contested",
        agreement(ONE, stage="ceasefire", summary="No fire."),
        agreement(OTHER, stage="ceasefire", summary="A truce."),
    ),
    near("contested", concluded(ONE, "adjourned"), concluded(OTHER, "with outcome", 7)),
    near("contested", concluded(ONE, "unknown"), concluded(OTHER, "with outcome")),
    near("contested", assessed(ONE, score=1), assessed(OTHER, standing="no information")),
    near(
        "contested",
        told("TalksConvened", 4, {"form": "direct"}, by=ONE),
        told("TalksConvened", 4, {"form": "other"}, by=OTHER),
    ),
)

RATIFIED = told("AgreementReached", 9)
STEPS: tuple[Case, ...] = (
    true("impossible-step", told("ConvoyDeparted", 9), told("ConvoyArrived", 3), kinds=ONLY_PRESS),
    true("impossible-step", told("TalksConvened", 9), concluded(ONE, "with outcome", 3)),
    true("impossible-step", RATIFIED, told("AgreementEnded", 3, {"how": "collapsed"})),
    true("impossible-step", signed(ONE, 9), told("AgreementEnded", 3, {"how": "expired"})),
    true("impossible-step", told("AgreementEnteredIntoForce", 9), told("AgreementEnded", 3, {"how": "expired"})),
    true(
        "impossible-step",
        told("AgreementEnteredIntoForce", "m:2"),
        told("AgreementEnded", "m:0", {"how": "expired"}),
        kinds=(REGISTER,),
    ),
    near("impossible-step", signed(ONE, 9), told("AgreementEnteredIntoForce", 3)),
    near("impossible-step", RATIFIED, told("AgreementEnteredIntoForce", 8)),
    near("impossible-step", told("AgreementDeclared", 4, {"by": ["army"]}), told("AgreementEnteredIntoForce", 3)),
    near("impossible-step", told("TalksConvened", 9), concluded(ONE, "adjourned", 3)),
    near("impossible-step", told("TalksConvened", 9), told("TalksConcluded", "m:0", {"outcome": "with outcome"})),
)


def figure(by: str | dict[str, Any] | None, value: int, day: int | str = 4, on: str = "processes", **data: Any) -> Told:
    quantity = data.pop("quantity", {"value": value})
    return told("FigureReported", day, {"measure": "fighters", "quantity": quantity, **data}, by=by, on=on)


def enrolled(value: int, **data: Any) -> Told:
    counted = {"quantity": {"value": value}, "counting": "cumulative", "period": "m:0", **data}
    return told("EnrolmentReported", 20, counted, by=ONE)


GREW = {"measure": "returned families", "counting": "cumulative", "period": "d:-60/.."}
MONTH = {"measure": "returnees", "counting": "flow", "period": "m:0"}
VALLEY, TOWN = {"labels": [{"text": "Lower valley"}]}, {"labels": [{"text": "Mill town"}]}
COPIED = {"publisher": "Daily South", "derived_from": "Northern Wire"}

FIGURES: tuple[Case, ...] = (
    true("claims-contradict", figure(ONE, 200), figure(OTHER, 900)),
    true("claims-contradict", figure(ONE, 200, 30, **GREW), figure(OTHER, 340, 30, **GREW)),
    true("claims-contradict", figure(ONE, 200, 31, **MONTH), figure(OTHER, 80, 33, **MONTH)),
    true("claims-contradict", figure(ONE, 200, "m:0"), figure(OTHER, 900, "m:0")),
    true("claims-contradict", figure(ONE, 200), figure(OTHER, 900, 24)),
    true("claims-contradict", figure(ONE, 200, "m:0"), figure(OTHER, 900, "m:1")),
    near("claims-contradict", figure(ONE, 200, 4, **GREW), figure(OTHER, 340, 30, **GREW)),
    near("claims-contradict", figure(ONE, 200), figure(OTHER, 0, quantity={"value": 190, "qualifier": "about"})),
    near("claims-contradict", figure(None, 200), figure(COPIED, 900), kinds=ONLY_PRESS),
    near("claims-contradict", figure(ONE, 200, "m:-2"), figure(OTHER, 900)),
    near(
        "claims-contradict",
        figure(ONE, 11, 31, **MONTH, counts="violations"),
        figure(OTHER, 4, 31, **MONTH, counts="violations"),
    ),
    near("claims-contradict", figure(ONE, 200, scope="in the valley"), figure(OTHER, 900, scope="in the province")),
    true("claims-diverge", figure(ONE, 200), figure(OTHER, 0, quantity={"value": 900, "qualifier": "up to"})),
    true("claims-diverge", figure(ONE, 0, quantity={"low": 100, "high": 900}), figure(OTHER, 110)),
    true(
        "claims-diverge",
        figure(ONE, 0, quantity={"low": 100, "high": 150}),
        figure(OTHER, 0, quantity={"low": 120, "high": 900}),
    ),
    true("claims-diverge", figure(ONE, 0, quantity={"value": 0}), figure(OTHER, 0, quantity={"low": 0, "high": 80})),
    true(
        "claims-diverge",
        figure(ONE, 0, 31, **MONTH, quantity={"value": 50, "qualifier": "up to"}),
        figure(OTHER, 10, 31, **MONTH),
    ),
    near("claims-diverge", figure(ONE, 0, quantity={"qualifier": "several"}), figure(OTHER, 200)),
    near("claims-diverge", figure(ONE, 0, quantity={"value": 10, "qualifier": "at least"}), figure(OTHER, 60)),
    near(
        "claims-diverge",
        figure(ONE, 0, quantity={"value": 10, "qualifier": "at least"}),
        figure(OTHER, 0, quantity={"value": 60, "qualifier": "more than"}),
    ),
    near("claims-diverge", figure(ONE, 0, quantity={"value": 100, "qualifier": "about"}), figure(OTHER, 105)),
    near("claims-diverge", figure(ONE, 0, quantity={"value": 900, "qualifier": "up to"}), figure(OTHER, 700)),
    true("part-above-whole", figure(ONE, 300, scope="deserters"), figure(ONE, 200)),
    true("part-above-whole", figure(ONE, 300, area=[TOWN]), figure(ONE, 200, area=[TOWN, VALLEY])),
    true(
        "part-above-whole",
        figure(ONE, 0, quantity={"value": 20, "parts": [{"who": "children", "quantity": {"value": 26}}]}),
    ),
    true(
        "part-above-whole",
        told(
            "IncidentReported",
            3,
            {
                "kind": "shelling",
                "harm": [
                    {
                        "category": "killed",
                        "quantity": {"value": 3, "parts": [{"who": "women", "quantity": {"value": 4}}]},
                    }
                ],
            },
            on="processes",
        ),
    ),
    true("part-above-whole", figure(ONE, 90, 31, **MONTH, scope="women"), figure(ONE, 80, 31, **MONTH)),
    true("part-above-whole", enrolled(300, track="militia"), enrolled(200), kinds=ONLY_PRESS),
    near("part-above-whole", figure(ONE, 300, scope="deserters"), figure(OTHER, 200)),
    near("part-above-whole", figure(ONE, 300, 24, scope="deserters"), figure(ONE, 200, 4)),
    near("part-above-whole", figure(ONE, 300, scope="deserters"), figure(ONE, 300)),
    near(
        "part-above-whole",
        figure(ONE, 300, scope="deserters"),
        figure(ONE, 0, quantity={"value": 200, "qualifier": "at least"}),
    ),
    near(
        "part-above-whole",
        figure(
            ONE, 0, quantity={"value": 20, "parts": [{"who": "weapons", "quantity": {"value": 26, "unit": "rifles"}}]}
        ),
    ),
)

SAME_DAY = {"published": "d:4"}
DATES: tuple[Case, ...] = (
    true("told-before-it-happened", told("TalksConvened", 4, by={"published": "d:1"})),
    true(
        "told-before-it-happened",
        told("IncidentReported", 4, {"kind": "shelling"}, by={"published": "m:-2"}, on="processes"),
    ),
    true(
        "told-before-it-happened",
        figure({"published": "d:4"}, 9, 4, measure="returnees", counting="flow", period="m:3"),
    ),
    true("told-before-it-happened", told("AgreementReached", "2027-03-01")),
    true("told-before-it-happened", told("AgreementReached", 4, by={"published": "2027-03-01"})),
    near("told-before-it-happened", told("TalksScheduled", 4, {"when": "d:9"}, by=SAME_DAY), told("TalksConvened", 9)),
    near(
        "told-before-it-happened",
        told(
            "RoleTaken",
            9,
            {"actor": "elders", "role": "mediator", "modality": "announced"},
            by=SAME_DAY,
            on="processes",
        ),
    ),
    near("told-before-it-happened", told("TalksConvened", 5, by=SAME_DAY)),
    near("told-before-it-happened", told("TalksConvened", "m:0", by={"published": "d:0"})),
    near("told-before-it-happened", told("AgreementEnteredIntoForce", 4, {"starts": "d:9"}, by=SAME_DAY)),
    true("hijri-year", told("TalksConvened", "1435-07-11")),
    true("hijri-year", told("ObligationAgreed", 3, {"obligation": "release", "text": "Release.", "deadline": "1436"})),
    true("hijri-year", told("AgreementEnteredIntoForce", 3, {"until": "1436-01"})),
    true("hijri-year", told("AgreementReached", 3, by={"published": "1435-07-12"})),
    true("hijri-year", told("InstrumentCited", 3, {"kind": "decree", "effect": "An amnesty.", "dated": "1435-06-02"})),
    near(
        "hijri-year", told("InstrumentCited", 3, {"kind": "decree", "effect": "Tax of the village.", "dated": "1839"})
    ),
    near("hijri-year", told("InstrumentCited", 3, {"kind": "law", "effect": "An amnesty.", "number": "1435"})),
    near("hijri-year", told("StatementMade", 3, {"text": "Signed on 11 Rajab 1435."}, on="processes")),
    near("hijri-year", told("FigureReported", 3, {"measure": "fighters", "quantity": {"value": 1435}}, on="processes")),
    near("hijri-year", told("StatementMade", "../2001", {"text": "Long ago."}, on="processes")),
    true(
        "years-apart",
        told("TalksConvened", 4),
        told("TalksConcluded", "1914-05-14", {"outcome": "adjourned"}, by={"published": "d:5"}),
        kinds=ONLY_PRESS,
    ),
    true(
        "years-apart",
        RATIFIED,
        told("AgreementSigned", "1914-05-14", {"actor": "army", "act": "initialled"}, by={"published": "d:5"}),
    ),
    true(
        "years-apart",
        figure(ONE, 80),
        figure({"published": "d:5", "claimant": OTHER}, 20, "1914-05-14"),
        at="processes",
    ),
    true("years-apart", RATIFIED, told("ViolationReported", "1904-06", {"kind": "shelling"}, by={"published": "m:1"})),
    true(
        "years-apart",
        told("ObligationAgreed", 3, {"obligation": "release", "text": "Release.", "deadline": "2114-07-01"}),
    ),
    true("years-apart", RATIFIED, told("AgreementEnteredIntoForce", 12, {"until": "2104-07-01"})),
    true(
        "years-apart",
        RATIFIED,
        told("AgreementSigned", "1896-05-21", {"actor": "army"}),
        kinds=(REGISTER,),
        also=(("impossible-step", "agreements"),),
    ),
    near("years-apart", told("InstrumentCited", "1949-02-03", {"kind": "law", "effect": "An amnesty."})),
    near("years-apart", told("AgreementReached", "1971-02", by={"published": "2024-06-30"}), agreement(day=-14000)),
    near("years-apart", agreement(day=-14000, on="agreements+old")),
    near(
        "years-apart",
        *(told("StatementMade", f"19{y}-05", {"text": f"In {y}."}, by=SAME_DAY, on="processes") for y in (70, 71, 73)),
    ),
    near(
        "years-apart",
        agreement(day=0),
        told("AgreementEnded", "m:9", {"how": "superseded"}, by={"published": "2023-11-01"}),
        kinds=(REGISTER,),
    ),
    near("years-apart", told("AgreementEnteredIntoForce", 12, {"until": "m:200"}), kinds=ONLY_PRESS),
)


def shelling(day: int = 4, by: str | dict[str, Any] | None = None, number: str | None = None, **data: Any) -> Told:
    ids = {"ids": [{"scheme": "event-register", "id": number}]} if number else {}
    said = {
        "kind": "shelling",
        "place": TOWN,
        "harm": [{"category": "injured", "quantity": {"value": 2}}],
        **ids,
        **data,
    }
    return told("IncidentReported", day, said, by=by, on="processes")


REACHED = {"summary": "Both sides hold their fire."}
QUOTED = "actors/army"
REPEATS: tuple[Case, ...] = (
    true("likely-duplicate", told("AgreementReached", 3, REACHED), told("AgreementReached", 3, REACHED)),
    true("likely-duplicate", shelling(), shelling()),
    true(
        "likely-duplicate",
        shelling(number="#1", description="Shells fell on the mill."),
        shelling(number="#1", description="The mill was shelled."),
    ),
    true(
        "likely-duplicate",
        shelling(number="7", by={"publisher": "Events 23.1"}),
        shelling(number="7", by={"publisher": "Events 24.1"}),
    ),
    true("likely-duplicate", figure(ONE, 200), figure(ONE.upper(), 200)),
    true("likely-duplicate", shelling(), shelling(by=COPIED), kinds=ONLY_PRESS),
    near("likely-duplicate", shelling(number="7"), shelling(number="8")),
    near(
        "likely-duplicate",
        told("AgreementReached", 3, REACHED, by=QUOTED),
        told("AgreementReached", 3, REACHED, by={"publisher": "Radio South", "claimant": QUOTED}),
    ),
    near("likely-duplicate", told("AgreementReached", 3, REACHED), told("AgreementReached", 3, REACHED, by=COPIED)),
    near("likely-duplicate", shelling(by=ONE), shelling(by=OTHER)),
    near("likely-duplicate", figure(ONE, 8, 31, **MONTH), figure(ONE, 8, 31, **{**MONTH, "period": "m:-1"})),
    true(
        "report-disputed",
        told("AgreementReached", 3, name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "council"}, on="agreements"),
    ),
    true(
        "report-disputed",
        told("TalksConvened", 3, name="it"),
        told("EventDisputed", 4, {"event": "@it", "described": "a spokesman"}, on="talks"),
    ),
    true(
        "report-disputed",
        told("IncidentReported", 3, {"kind": "shelling"}, on="processes", name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "army"}, on="processes"),
    ),
    true(
        "report-disputed",
        told("FigureReported", 3, {"measure": "fighters", "quantity": {"value": 9}}, on="processes", name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "army"}, on="processes"),
    ),
    true(
        "report-disputed",
        told("AgreementEnded", 3, {"how": "collapsed"}, name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "army", "instead": "It holds."}, on="agreements"),
    ),
    near(
        "report-disputed",
        told("AgreementReached", 3, name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "council"}, on="agreements", name="no"),
        told("EventRetracted", 5, {"event": "@no", "reason": "Withdrawn."}, on="agreements"),
    ),
    near(
        "report-disputed",
        told("AgreementReached", 3, name="it"),
        told("EventDisputed", 4, {"event": "@it", "by": "council"}, on="agreements"),
        told("EventRetracted", 5, {"event": "@it", "reason": "It was not so."}, on="agreements"),
    ),
    near(
        "report-disputed",
        told("AgreementReached", 3, name="it"),
        told("PositionTaken", 5, {"actor": "council", "position": "refuses"}, on="agreements"),
    ),
    near("report-disputed", told("TalksScheduled", 3, {"when": "d:20"}), told("TalksDateDenied", 4)),
    near(
        "report-disputed",
        told("AgreementRelated", 3, {"relation": "renews", "named": "The first"}),
        told("AgreementRelated", 5, {"relation": "renews", "named": "The first", "affirmed": False}),
    ),
)


def numbered(on: str, scheme: str = "agreement-register", number: str = "$ 1", title: Any = TITLE) -> Told:
    """The opening of a subject that another register numbers."""
    family = on.partition("+")[0]
    names = "labels" if family == "processes" else "title"
    opening = {"agreements": "AgreementReported", "processes": "ProcessOpened", "talks": "TalksReported"}[family]
    return told(opening, 0, {names: title, "ids": [{"scheme": scheme, "id": number}]}, on=on)


def twice(family: str, *more: Told, **fields: Any) -> Case:
    """Two subjects of a family with one number: the finding stands on both."""
    first, second = numbered(family, **fields), numbered(f"{family}+b", **fields)
    return true("shared-foreign-id", first, second, *more, at=family, also=(("shared-foreign-id", f"{family}+b"),))


UNIFIED = told("SubjectUnified", 5, {"into": "@agreements", "reason": "One text."}, on="agreements+b")
SHARED: tuple[Case, ...] = (
    twice("agreements"),
    twice("processes", scheme="peace-process"),
    twice("talks", scheme="mediation-effort"),
    twice("agreements", scheme="eth-prio-ceasefire"),
    twice("agreements", scheme="accord-archive", number="$/2014/7"),
    near("shared-foreign-id", numbered("processes", "ucdp-conflict"), numbered("processes+b", "ucdp-conflict")),
    near("shared-foreign-id", numbered("agreements"), numbered("agreements+b", title=[{"text": "The truce"}]), UNIFIED),
    near("shared-foreign-id", numbered("agreements"), numbered("agreements+b", "another-register")),
    near("shared-foreign-id", numbered("agreements"), numbered("processes")),
    near("shared-foreign-id", *(numbered(f"agreements+{n}", "peace-process", "$") for n in "abcde")),
)


def position(on: str, actor: str = "elders", day: int = 3, **data: Any) -> Told:
    return told("PositionTaken", day, {"actor": actor, "position": "accepts", **data}, on=on)


def mediator(type: str = "RoleTaken", day: int = 1, **data: Any) -> Told:
    return told(type, day, {"actor": "elders", "role": "mediator", **data}, on="processes")


OWED = told("ObligationAgreed", 3, {"obligation": "road", "text": "The road is opened.", "debtor": ["elders"]})
OF_ROLES: tuple[Case, ...] = (
    true("acting-without-role", position("talks"), at="processes"),
    true("acting-without-role", position("processes")),
    true("acting-without-role", position("agreements"), at="processes"),
    true(
        "acting-without-role",
        told("ProposalMade", 3, {"kind": "draft", "text": "A draft.", "by": "elders"}, on="processes"),
    ),
    true("acting-without-role", mediator(), mediator("RoleEnded", 2), position("processes")),
    near("acting-without-role", signed(ONE), position("agreements")),
    near("acting-without-role", OWED),
    near("acting-without-role", position("processes"), mediator(modality="announced")),
    near(
        "acting-without-role",
        told("TalksConvened", 3, {"attendance": [{"actor": "elders", "presence": "present"}]}),
        position("talks"),
    ),
    near(
        "acting-without-role",
        mediator(day=2, actor="army", role="conflict party"),
        position("processes", on_behalf_of="army"),
    ),
    near("acting-without-role", signed(ONE, capacity="witness")),
)
ROLES = (
    *(replace(case, followed=True, kinds=ONLY_PRESS) for case in OF_ROLES),
    near("acting-without-role", position("processes")),
)


def access(day: int, place: dict[str, Any]) -> Told:
    return told("AccessReported", day, {"place": place, "access": "open"}, on="processes")


def mill(**more: Any) -> dict[str, Any]:
    return {"labels": [{"text": "Mill"}], **more}


HERE, FAR = {"lat": 33.5, "lon": 36.5, "precision": "near"}, {"lat": 36.4, "lon": 42.1, "precision": "near"}
PLACES: tuple[Case, ...] = tuple(
    case("places-in-doubt", *(access(day, place) for day, place in enumerate(places)))
    for case, places in (
        (true, (mill(**HERE), mill(**FAR), mill())),
        (true, (mill(kind="camp"), mill(kind="settlement"), mill())),
        (true, (mill(admin_code="SY0101"), mill(admin_code="SY0902"), mill())),
        (
            true,
            (
                mill(codes=[{"scheme": "geonames", "value": "1"}]),
                mill(codes=[{"scheme": "geonames", "value": "2"}]),
                mill(),
            ),
        ),
        (true, (mill(kind="checkpoint"), mill(kind="facility"), mill(), mill(**HERE))),
        (near, (mill(**HERE), mill(**FAR))),
        (near, (mill(**HERE), mill(lat=33.51, lon=36.51, precision="near"), mill())),
        (near, (mill(kind="camp"), mill())),
        (near, (mill(admin_code="SY0101"), mill(admin_code="SY0101", kind="settlement"), mill())),
        (near, (mill(**HERE), {"labels": [{"text": "Old mill"}], **FAR}, mill())),
    )
)

CASES: tuple[Case, ...] = (*CONTESTED, *STEPS, *FIGURES, *DATES, *REPEATS, *SHARED, *ROLES, *PLACES)
