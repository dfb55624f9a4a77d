"""A press archive: 300 reports on 40 local truces of 2013 to 2018, recorded years later, and planted cases.

It is made as such archives are: bulletins of a party beside agencies and local papers, copies that name their original,
dates that are months, reports that come out weeks late, tolls by several sources, monthly counts, runs of a series, and
much of which nobody tells what became of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from domain.values import Subject
from tests.made import compared, watched
from tests.made.sets import PRESS, MadeSet

EVENTS, TRUCES = 300, 40
TOWNS = ("Ammar", "Brina", "Delwa", "Essam", "Farqa", "Halfa", "Jorin", "Kessa", "Marda", "Nabra")
PAPERS = ("Northern Wire", "Daily South", "Radio Valley", "Provincial Post")
BULLETIN = {"publisher": "Bulletin of the Army", "claimant": "actors/army", "kind": "party document"}


class Truce:
    """One local truce as it is told in the archive."""

    def __init__(self, made: MadeSet, number: int, chance: Random) -> None:
        self.made, self.chance = made, chance
        self.town = f"{TOWNS[number % 10]} {number // 10 + 1}"
        self.id = f"truce-{number}"
        self.council = f"council-{number}"
        self.day = date(2013, 1, 15) + timedelta(number * 45 + chance.randrange(20))
        made.body.add(self.id)

    def tell(self, type: str, family: str, data: dict[str, Any], source: dict[str, Any] | None = None) -> None:
        """A report of today, which comes out within weeks; some dates are months."""
        subject = f"{family}/{self.id}"
        occurred = self.day.isoformat()[:7] if self.chance.random() < 0.15 else self.day.isoformat()
        published = self.day + timedelta(self.chance.choice((0, 1, 1, 2, 30)) + (31 if len(occurred) == 7 else 0))
        said = {"publisher": self.chance.choice(PAPERS), **(source or {}), "published": published.isoformat()}
        if not source and self.chance.random() < 0.4:
            said["claimant"] = self.chance.choice(("a local official, unnamed", "residents", f"actors/{self.council}"))
        self.made.send(type, subject, occurred, data, sources=[said])
        if self.chance.random() < 0.12:
            copy = {**said, "publisher": "Evening Mail", "derived_from": said["publisher"]}
            self.made.send(type, subject, occurred, data, sources=[copy])
            if type == "IncidentReported":  # it is counted twice
                self.made.truth["likely-duplicate", Subject(subject)] += 1

    def later(self, least: int, most: int) -> None:
        self.day += timedelta(self.chance.randint(least, most))

    def steps(self) -> list[Any]:
        """What is told of it, in order; a truce is told of in some of these only."""
        return [self.talks, self.agreement, self.convoy, self.violence, self.numbers, self.passage, self.voices]

    def open(self) -> None:
        place = {"labels": [{"text": self.town, "lang": "en"}], "precision": "near"}
        self.tell("ProcessOpened", "processes", {"labels": [{"text": f"Truce of {self.town}"}], "areas": [place]})

    def talks(self) -> None:
        title, ours = [{"text": f"Talks on {self.town}"}], [self.id]
        self.tell("TalksReported", "talks", {"processes": ours, "title": title, "between": ["army", self.council]})
        if self.chance.random() < 0.5:
            self.later(1, 3)
            self.tell("TalksScheduled", "talks", {"when": (self.day + timedelta(4)).isoformat()})
            if self.chance.random() < 0.15:
                return
        self.later(4, 9)
        self.tell("TalksConvened", "talks", {"attendance": [{"actor": "army", "presence": "present"}]}, BULLETIN)
        self.tell("TalksConcluded", "talks", {"outcome": self.chance.choice(("adjourned", "with outcome"))})

    def agreement(self) -> None:
        self.later(2, 20)
        title = [{"text": f"Truce of {self.town}"}]
        opening = {"processes": [self.id], "title": title, "between": ["army", self.council], "stage": "ceasefire"}
        self.tell("AgreementReported", "agreements", opening)
        self.tell("AgreementReached", "agreements", {"summary": "The sides hold their fire."}, BULLETIN)
        term = self.chance.choice(({}, {}, {"lasts": "P3M"}, {"until": (self.day + timedelta(60)).isoformat()}))
        self.later(0, 3)
        self.tell("AgreementEnteredIntoForce", "agreements", term, self.chance.choice((None, BULLETIN)))
        if self.chance.random() < 0.3:
            self.later(30, 200)
            self.tell("AgreementEnded", "agreements", {"how": "collapsed"})

    def convoy(self) -> None:
        self.later(1, 30)
        series = self.chance.random() < 0.3
        data = {"processes": [self.id], "kind": "aid", "title": [{"text": f"Aid to {self.town}"}], "series": series}
        schedule = {"schedule": {"rule": "FREQ=WEEKLY"}} if series else {}
        self.tell("ConvoyReported", "convoys", {**data, **schedule})
        if self.chance.random() < 0.5:
            self.tell(
                "ClearanceGranted", "convoys", {"by": "army", "form": self.chance.choice(("in principle", "final"))}
            )
        self.later(1, 5)
        self.tell("ConvoyDeparted", "convoys", {"loaded": [{"description": "food baskets"}]})
        if self.chance.random() < 0.6:
            self.tell("ConvoyArrived", "convoys", {"completeness": "fully"})

    def violence(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.later(1, 15)
            killed = {"category": "killed", "quantity": {"value": self.chance.randint(1, 9), "qualifier": "at least"}}
            place = {"labels": [{"text": self.town}], "precision": "near"}
            self.tell("IncidentReported", "processes", {"kind": "shelling", "place": place, "harm": [killed]})

    def numbers(self) -> None:
        for month in range(2):
            self.later(28, 31)
            quantity = {"value": 900 + 120 * month, "qualifier": "about"}
            period = self.day.isoformat()[:7]
            counted = {"measure": "returnees", "quantity": quantity, "counting": "flow", "period": period}
            self.day += timedelta(31)
            self.tell("FigureReported", "processes", counted)
        for value, claimant in ((12, "a relief agency"), (15, "the council")):
            people = {"measure": "population", "quantity": {"value": value * 1000, "qualifier": "at least"}}
            self.tell("FigureReported", "processes", people, {"claimant": claimant})

    def passage(self) -> None:
        road = {"labels": [{"text": f"Road to {self.town}"}], "precision": "route"}
        for access in self.chance.sample(("closed", "partly", "open"), 2):
            self.later(2, 40)
            self.tell("AccessReported", "processes", {"place": road, "kind": "route", "access": access})

    def voices(self) -> None:
        self.later(1, 10)
        taken = {"actor": self.council, "position": "accepts on condition", "condition": "The road is opened."}
        self.tell("PositionTaken", "processes", taken, {"claimant": f"actors/{self.council}"})
        self.tell("StatementMade", "processes", {"speaker": "army", "text": "The truce holds."}, BULLETIN)


def archive() -> MadeSet:
    """The archive with all cases that can stand in one."""
    made, chance = MadeSet(PRESS), Random(12)
    made.identify("army", "council", "elders", "agency", *(f"council-{n}" for n in range(TRUCES)))
    actors = len(made.wires)
    truces = [Truce(made, number, chance) for number in range(TRUCES)]
    for truce in truces:
        truce.open()
    plans = [chance.sample(truce.steps(), 7) for truce in truces]
    while len(made.wires) - actors < EVENTS:
        for steps in plans:
            if steps and len(made.wires) - actors < EVENTS:
                steps.pop()()
    del made.wires[actors + EVENTS :]
    made.body_events = EVENTS
    made.plant((*watched.CASES, *compared.CASES))
    return made
