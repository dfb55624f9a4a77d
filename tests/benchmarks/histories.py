"""Long logs for measuring: many ordinary processes, and one that draws most of the figures and violations."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from domain.event import Event
from domain.vocabulary import read_event
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import Draft

Wire = dict[str, Any]

PER_PROCESS = 1000
"""Events of an ordinary process."""
CLAIMANTS = ("committee", "government", "actors/monitor", "aid agency", "local council")
MEASURES = ("fighters", "displaced persons", "population", "detainees", "trucks waiting", "families served")


def _label(text: str) -> list[Wire]:
    return [{"text": text, "lang": "en"}]


def reports(processes: int, heavy: int = 0, seed: int = 1, per_process: int = PER_PROCESS) -> Iterator[Wire]:
    """So many processes of about `per_process` events each; the first has `heavy` figures and violations more."""
    chance = random.Random(seed)

    def report(name: str, subject: str, day: date, data: Wire, **more: Any) -> Wire:
        source = {
            "publisher": chance.choice(("Field office", "Agency", "Bulletin")),
            "claimant": chance.choice(CLAIMANTS),
            "mode": "paraphrased",
            "kind": "published",
            "published": (day + timedelta(days=chance.randrange(3))).isoformat(),
            "grade": "C3",
        }
        return {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "type": name,
            "subject": subject,
            "occurred": day.isoformat(),
            "sources": [source],
            "data": data,
            **more,
        }

    start = date(2017, 1, 1)
    for actor, kind in (("government", "state"), ("committee", "committee"), ("monitor", "international organisation")):
        yield report("ActorIdentified", f"actors/{actor}", start, {"labels": _label(actor), "kind": kind})
    for number in range(processes):
        own = f"p{number}"
        yield report("ProcessOpened", f"processes/{own}", start, {"labels": _label(f"Process {number}")})
        yield from islice(_of_process(own, start, chance, report), per_process - 1)
    for number in range(heavy):
        day = start + timedelta(days=chance.randrange(900))
        if number % 2 and processes:
            yield report(
                "ViolationReported",
                "agreements/p0-truce",
                day,
                {"kind": "shelling", "attributed_to": ["government"], "place": {"labels": _label("the line")}},
            )
        else:
            yield report("FigureReported", "processes/p0", day, _figure(chance))


def _figure(chance: random.Random) -> Wire:
    value = chance.randrange(1, 5000)
    return {"measure": chance.choice(MEASURES), "quantity": {"value": value, "qualifier": "about"}}


def _of_process(own: str, start: date, chance: random.Random, report: Any) -> Iterator[Wire]:
    """An endless stream of reports of one process: four fifths in order, the others late."""
    truce = f"agreements/{own}-truce"
    yield report(
        "AgreementReported",
        truce,
        start,
        {"processes": [own], "title": _label("Truce"), "between": ["government", "committee"], "stage": "ceasefire"},
    )
    yield report(
        "ObligationAgreed",
        truce,
        start,
        {"obligation": "detainees", "text": "Release of detainees", "debtor": ["government"], "deadline": "2017-06"},
    )
    day, number = start, 0
    while True:
        number += 1
        day += timedelta(days=chance.randrange(2))
        at = day if chance.random() < 0.8 else day - timedelta(days=chance.randrange(1, 30))
        match chance.randrange(10):
            case 0 | 1:
                convoy = f"convoys/{own}-{number}"
                yield report(
                    "ConvoyReported", convoy, at, {"processes": [own], "kind": "aid", "title": _label("Convoy")}
                )
                yield report("ClearanceGranted", convoy, at, {"by": "government", "form": "final"})
                yield report("ConvoyDeparted", convoy, at, {})
                yield report("ConvoyArrived", convoy, at + timedelta(days=1), {"completeness": "fully"})
            case 2:
                talks = f"talks/{own}-{number}"
                yield report("TalksReported", talks, at, {"processes": [own], "title": _label("Round")})
                yield report("TalksScheduled", talks, at, {"when": (at + timedelta(days=3)).isoformat()})
                yield report("TalksConvened", talks, at + timedelta(days=3), {})
            case 3:
                yield report(
                    "RoleTaken",
                    f"processes/{own}",
                    at,
                    {"actor": "monitor", "role": chance.choice(["monitor", "witness"])},
                )
            case 4:
                yield report("ViolationReported", truce, at, {"kind": "shelling", "alleged_by": "committee"})
            case 5:
                yield report("IncidentReported", f"processes/{own}", at, {"kind": "obstruction"})
            case 6:
                place = {"labels": _label(f"Road {chance.randrange(4)}")}
                access = chance.choice(["open", "closed"])
                yield report("AccessReported", f"processes/{own}", at, {"place": place, "access": access})
            case 7:
                yield report("ObligationAssessed", truce, at, {"obligation": "detainees", "score": chance.randrange(4)})
            case _:
                yield report("FigureReported", f"processes/{own}", at, _figure(chance))


def event_of(wire: Wire) -> Event:
    return read_event(wire, json.dumps(wire))


def load(where: Path | str, events: Iterator[Wire], at_most: int) -> Ledger:
    """A ledger that holds these events, in a directory or in a database."""
    ledger = Ledger(where)
    chosen = islice(events, at_most)
    while batch := list(islice(chosen, 2000)):
        ledger.append(Append(tuple(Draft.of(event_of(wire)) for wire in batch)))
    return ledger
