"""What one more event costs after many of its kind: each kind is one that a rule or a read model looks at together."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from domain.event import Recorded
from projections.batch import open_read_models
from projections.catch_up import Asked, catch_up
from tests.benchmarks.histories import event_of

Wire = dict[str, Any]
AGAIN = 9
"""How often it is measured."""


class _Asked(Asked):
    """As a plain append asks."""

    def about(self, event: str) -> bool:
        return True


DAYS = 2_000
"""Within so many days all of it happens: none is still to come."""


def _report(name: str, subject: str, data: Wire, day: int = 0, claimant: str = "committee") -> Wire:
    happened = day if day < 0 else day % DAYS
    occurred = (datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=happened)).date().isoformat()
    source = {"publisher": "Field office", "claimant": claimant, "published": occurred}
    return {
        "id": str(uuid.uuid4()),
        "type": name,
        "subject": subject,
        "occurred": occurred,
        "sources": [source],
        "data": data,
    }


def _figure(measure: str, value: int, day: int, claimant: str = "committee") -> Wire:
    data = {"measure": measure, "quantity": {"value": value}}
    return _report("FigureReported", "processes/p", data, day, claimant)


def _place(number: int) -> Wire:
    return {"labels": [{"text": f"Place {number}", "lang": "en"}]}


TALKS = {"processes": ["p"], "title": [{"text": "A round", "lang": "en"}]}
STATEMENT = {"text": "A statement", "speaker": "monitor"}
KINDS: dict[str, Callable[[int], Wire]] = {
    "subjects of a process": lambda n: _report("TalksReported", f"talks/t{n}", TALKS, n),
    "claims of one claimant on a series": lambda n: _figure("fighters", n, n),
    "claimants of a measure": lambda n: _figure("fighters", 100, 0, f"observer {n}"),
    "claimants who contradict each other": lambda n: _figure("fighters", n, 0, f"observer {n}"),
    "measures of a claimant": lambda n: _figure(f"measure {n}", 100, 0),
    "the same content": lambda _: _report("StatementMade", "processes/p", STATEMENT),
    "steps of one day": lambda n: _report("ObligationAssessed", "agreements/a", {"obligation": "o", "score": n % 4}),
    "late steps": lambda n: _report("ObligationAssessed", "agreements/a", {"obligation": "o", "score": n % 4}, -n),
    "places": lambda n: _report("IncidentReported", "processes/p", {"kind": "shelling", "place": _place(n)}, n),
}


def _openings() -> list[Wire]:
    names = {"labels": [{"text": "One", "lang": "en"}]}
    return [
        _report("ActorIdentified", "actors/monitor", {"kind": "state", **names}),
        _report("ProcessOpened", "processes/p", {"followed": True, **names}),
        _report("AgreementReported", "agreements/a", TALKS),
    ]


def _log(wires: Sequence[Wire]) -> list[Recorded]:
    versions: dict[str, int] = {}
    log = []
    for position, wire in enumerate(wires, 1):
        event = event_of(wire)
        versions[event.subject] = versions.get(event.subject, 0) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=position)
        log.append(Recorded(event, position, versions[event.subject], at, "local", 1))
    return log


def _cost(kind: Callable[[int], Wire], earlier: int) -> float:
    """Milliseconds in which the read models take one more, and what it does to findings is told."""
    log = _log([*_openings(), *(kind(number) for number in range(earlier + AGAIN))])
    known = len(log) - AGAIN
    with tempfile.TemporaryDirectory() as place:
        views = open_read_models(Path(place) / "views.db")
        while catch_up(views, lambda after, limit: log[after : min(after + limit, known)]).position < known:
            pass
        took = []
        for last in range(known + 1, len(log) + 1):
            started = time.perf_counter()
            catch_up(views, lambda after, limit, to=last: log[after : min(after + limit, to)], asked=_Asked())  # type: ignore[misc]
            took.append((time.perf_counter() - started) * 1000)
        views.close()
    return median(took)


def kinds(many: int, only: Sequence[str] = ()) -> Iterator[str]:
    """The cost of one more event after many of its kind, against that after one."""
    for name, kind in KINDS.items():
        if only and name not in only:
            continue
        first, later = _cost(kind, 1), _cost(kind, many)
        yield (
            f"| one more event after {many:,} earlier: {name} | {later:.1f} ms | after one: {first:.1f} ms | "
            f"{later / first:.1f} |"
        )
