"""A coded register: 300 agreements of 60 peace processes, 1990 to 2020, as two registers code them, and planted cases.

It is made as such registers are: published decades later by one office, every agreement with its number, its level,
stage and types, its provisions by a code book, its signatories one by one in the capacity that the register tells,
ceasefires with a term and mostly without an end, and a second register that codes some of them in other words.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.made import compared, watched
from tests.made.sets import REGISTER, MadeSet

AGREEMENTS, PROCESSES = 300, 60
STAGES = ("pre-negotiation", "substantive-partial", "implementation", "renewal", "ceasefire", "other")
CAPACITIES = ("party", "party", "party", "witness", "guarantor", "mediator", "other")
FIRST = {"publisher": "Register of Agreements", "published": "2024-06-30", "mode": "document"}
SECOND = {"publisher": "Ceasefire Data", "published": "2023-11-01", "mode": "document"}


class Coded:
    """One agreement in the registers."""

    def __init__(self, made: MadeSet, number: int, chance: Random) -> None:
        self.made, self.number, self.chance = made, number, chance
        self.process = f"peace-{number % PROCESSES}"
        year = 1990 + number // PROCESSES * 5 + number % 5
        self.month = f"{year}-{chance.randint(1, 12):02}"
        self.on = self.month if chance.random() < 0.2 else f"{self.month}-{chance.randint(1, 28):02}"
        self.stage = chance.choice(STAGES)

    def tell(self, type: str, data: dict[str, Any], source: dict[str, Any], occurred: str | None = None) -> None:
        self.made.send(type, f"agreements/coded-{self.number}", occurred or self.on, data, sources=[source])

    def first(self) -> None:
        provisions = [{"scheme": "pa-x-10", "code": code, "value": str(self.chance.randint(1, 3))} for code in "ABCD"]
        self.tell(
            "AgreementReported",
            {
                "processes": [self.process],
                "title": [{"text": f"Agreement no. {self.number}", "lang": "en"}],
                "stage": self.stage,
                "level": "intrastate",
                "written": "yes",
                "types": [{"scheme": "pa-x-10", "code": "Stage", "value": self.stage[:3]}],
                "provisions": provisions[: self.chance.randint(1, 4)],
                "summary": "As the register has it.",
                "ids": [{"scheme": "pa-x-agreement", "id": str(self.number)}],
            },
            FIRST,
        )
        for party in range(self.chance.randint(1, 3)):
            signed = {"actor": f"party-{self.number % PROCESSES}-{party}", "capacity": self.chance.choice(CAPACITIES)}
            self.tell("AgreementSigned", signed, FIRST)
        self.tell("AgreementSigned", {"described": "two elders", "capacity": "other"}, FIRST)

    def second(self) -> None:
        """The same agreement in the other register, with its own number, words and codes."""
        data = {
            "processes": [self.process],
            "title": [{"text": f"Ceasefire {self.number}"}],
            "stage": self.chance.choice((self.stage, "other")),
            "ceasefire": "cessation of hostilities",
            "side": "bilateral",
            "written": "unknown",
            "summary": "In the words of the other register.",
            "ids": [{"scheme": "eth-prio-ceasefire", "id": f"C{self.number}"}],
        }
        self.tell("AgreementReported", data, SECOND)
        signed = {"actor": f"party-{self.number % PROCESSES}-0", "capacity": "other"}
        if self.chance.random() < 0.3:
            self.tell("AgreementSigned", signed, SECOND, self.month)
        terms: tuple[dict[str, Any], ...] = ({}, {"lasts": "P1M"}, {"lasts": "PT72H"}, {"until_event": "the holiday"})
        self.tell("AgreementEnteredIntoForce", self.chance.choice(terms), SECOND, self.month)
        if self.chance.random() < 0.4:
            self.tell("AgreementEnded", {"how": self.chance.choice(("unknown", "collapsed"))}, SECOND, "2022/..")

    def obligations(self) -> None:
        """Clauses with yearly scores."""
        for clause in range(self.chance.randint(1, 2)):
            owed = {
                "obligation": f"clause-{clause}",
                "text": "As agreed.",
                "debtor": [f"party-{self.number % PROCESSES}-0"],
            }
            self.tell("ObligationAgreed", owed, FIRST)
            year = int(self.month[:4])
            for score in sorted(self.chance.choices((0, 1, 2, 3), k=2)):
                year += 1
                self.tell("ObligationAssessed", {"obligation": owed["obligation"], "score": score}, FIRST, str(year))


def register() -> MadeSet:
    """The registers with all cases that can stand in one."""
    made, chance = MadeSet(REGISTER), Random(12)
    made.identify("army", "council", "elders", *(f"party-{n}-{m}" for n in range(PROCESSES) for m in range(3)))
    actors = len(made.wires)
    for number in range(PROCESSES):
        made.body.add(f"peace-{number}")
        data = {
            "labels": [{"text": f"Peace process {number}"}],
            "level": "intrastate",
            "coded": [{"scheme": "ucdp-26", "code": "incompatibility", "value": "government"}],
            "ids": [{"scheme": "ucdp-conflict", "id": str(200 + number // 3)}],
        }
        made.send("ProcessOpened", f"processes/peace-{number}", "1990/2020", data, sources=[FIRST])
    for number in range(AGREEMENTS):
        coded = Coded(made, number, chance)
        coded.first()
        if chance.random() < 0.4:
            coded.second()
        if chance.random() < 0.1:
            coded.obligations()
    made.body_events = len(made.wires) - actors
    made.plant((*watched.CASES, *compared.CASES))
    return made
