"""Schemathesis on the whole interface, as a program of its own.

    python -m tests.faults.interface PLACE [--seed N] [--examples N] [--phases examples,fuzzing] [--only /v1/events]

PLACE is a directory or the URL of a database, empty: it is filled with the founding case first. The server runs inside
this process, without a socket. It is a program, not a test, because Schemathesis changes Hypothesis for the whole
process: a failing test elsewhere would no longer show its example.

All checks run on every operation. What is not held against an answer, and why, stands in `EXCUSES`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from jsonschema import Draft202012Validator
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema

from api.app import create_app
from api.http import parameters
from api.settings import load
from domain.fault_words import HINTS
from tests.api.conftest import HERE, SEED, kept

Case = schemathesis.Case[Any]
PHASES = ("examples", "coverage", "fuzzing", "stateful")
"""Examples of the description; values at the edges of each schema; drawn ones; chains of requests that follow links."""
BRIEFLY = 0.02
"""Seconds that `min_position` waits here: nothing will come."""
MOST_TOLD = 20


# --- what is not held against an answer


def _waits_in_vain(failure: Failure, case: Case, answer: schemathesis.Response) -> bool:
    """`min_position` beyond the end of the log is documented to be 503 with Retry-After."""
    return answer.status_code == 503 and "min_position" in case.query and "the position asked for" in answer.text


def _is_too_much(failure: Failure, case: Case, answer: schemathesis.Response) -> bool:
    """More than 1,000 events are documented to be 413, which Schemathesis does not know as a refusal."""
    return isinstance(failure, AcceptedNegativeData) and answer.status_code == 413 and _kind(answer) == "too-much"


def _is_beyond_a_schema(failure: Failure, case: Case, answer: schemathesis.Response) -> bool:
    """A request may fit its schemas and yet not be taken."""
    if not isinstance(failure, RejectedPositiveData) or answer.status_code not in (400, 412, 422):
        return False
    if _kind(answer) in ("unknown-reference", "not-open", "precondition-failed"):
        return True  # a schema cannot tell what was recorded
    faults = answer.json()["errors"]
    if _kind(answer) == "malformed":
        return bool(faults) and all(_goes_beyond_fields(fault["pointer"], fault["detail"]) for fault in faults)
    if _kind(answer) == "bad-header":  # Schemathesis takes an empty `If-Match` for a valid one, against its pattern
        return "goes with a request on one subject" in answer.text or case.headers.get("if-match") == ""
    return bool(faults) and all(fault["detail"].startswith(BEYOND_PARAMETERS) for fault in faults)


def _goes_beyond_fields(pointer: str, detail: str) -> bool:
    """The schemas of events say what each field may be, not which of them go together, nor what is in a replacement. A
    pattern does not know the calendar. And to JSON Schema, not to Parley, 1.0 is a whole number."""
    of_a_field = any(re.fullmatch(form, detail) for form in _OF_FIELDS)
    return "/data/replacement" in pointer or "whole number" in detail or not of_a_field


EXCUSES = (_waits_in_vain, _is_too_much, _is_beyond_a_schema)
BEYOND_PARAMETERS = (
    "take the cursor unchanged",  # what cursors hold is not told
    "the log ends at position",
    "this time is still to come",
    "this day is still to come",
    "no log is that long",
    "this lies after `until`",
    "there is no such day",
    "the years of a horizon",
    "the day is not in the calendar",
    "the interval ends before it begins",
    "write a time as 2017",  # its zone is too far away
)
"""What Parley says about a parameter whose schema cannot tell: it depends on the log, the clock or the calendar."""
_OF_FIELDS = [
    *(re.sub(r"\\{[^}]*\\}", ".*", re.escape(hint)) for kind, hint in HINTS.items() if kind != "enum"),
    r"(did you mean '.*'\? Send|send) '.*",
    "send (a subject path|an id of|an address|an Admiralty|an OCHA|a language tag|a script code) .*",
    "send (a rule of RFC 5545|a duration|a time of the day|the name of a register) .*",
    "unknown field: remove it.*",
    "control characters are not allowed.*",
]
"""What Parley says about a value that does not fit the schema of its field."""


def _kind(answer: schemathesis.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


# --- what is added


def choose_what_to_accept(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """A replay comes as a page or as lines; a live stream would never end. Deadlines come as both of their types."""
    if case.operation.label == "GET /v1/events":
        case.headers["Accept"] = "application/json" if "limit" in case.query else "application/x-ndjson"
    elif case.operation.label == "GET /v1/deadlines":
        case.headers["Accept"] = "application/json" if {"limit", "after"} & set(case.query) else "text/calendar"


def each_line_is_an_event(context: schemathesis.CheckContext, answer: schemathesis.Response, case: Case) -> None:
    """The description of NDJSON is that of a line."""
    if answer.headers["content-type"][0] == "application/x-ndjson":
        components = case.operation.schema.raw_schema["components"]
        validator = Draft202012Validator({"$ref": "#/components/schemas/Recorded", "components": components})
        for line in answer.content.splitlines():
            validator.validate(json.loads(line))


# --- the run


def run(place: Path | str, data: Path, told: argparse.Namespace) -> list[str]:
    """The faults that were found."""
    parameters.BRIEFLY = BRIEFLY
    app: Any = create_app(load(**kept(place, data), port=0))
    with asgi.get_client(app) as client:
        sent = [json.loads(line) for line in SEED.read_text().splitlines()]
        answer = client.post(f"{HERE}/v1/events", json=sent, headers={"Prefer": "wait=30"})
        assert answer.status_code == 201, answer.text
    schemathesis.hook("before_call")(choose_what_to_accept)
    schemathesis.check(each_line_is_an_event)
    host = {"Host": HERE.partition("//")[2]}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config(told), headers=host)
    schema.hooks.hook("filter_failure")(_keep)
    return report(schema.include(path=told.only) if told.only else schema)


def _keep(context: schemathesis.HookContext, failure: Failure, case: Case, response: schemathesis.Response) -> bool:
    return not any(excuse(failure, case, response) for excuse in EXCUSES)


def config(told: argparse.Namespace) -> schemathesis.Config:
    append: dict[str, Any] = {"include-path": "/v1/events", "include-method": "POST"}
    append["phases"] = {"coverage": {"enabled": told.whole}}
    return schemathesis.Config.from_dict(
        {
            "seed": told.seed,
            "base-url": HERE,
            "workers": 1,
            "continue-on-failure": True,
            "generation": {"max-examples": told.examples, "no-shrink": True, "database": "none"},
            "phases": {name: {"enabled": name in told.phases.split(",")} for name in PHASES},
            "operations": [append],
            "cache": {"enabled": False},
        }
    )


def report(schema: BaseSchema) -> list[str]:
    """Runs all phases and tells how many requests each made."""
    found: dict[tuple[str, str, str], str] = {}
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                REQUESTS[f"{event.phase.value} {event.label or ''}"] += len(event.recorder.cases)
                for case_id, checks in event.recorder.checks.items():
                    for check in checks:
                        if check.failure_info is None:
                            continue
                        failure, how = check.failure_info.failure, check.failure_info.code_sample
                        exchange = event.recorder.interactions.get(case_id)
                        answer = exchange.response.text if exchange and exchange.response else ""
                        told = f"{check.name}, {failure.operation}: {failure.message}\n{how[:2000]}\n{answer[:1000]}"
                        found.setdefault((check.name, str(failure.operation), answer[:200]), told)
            case events.NonFatalError():
                found[event.label, str(event.value), ""] = f"{event.label}: {event.info.format()}"
            case events.FatalError():
                raise event.exception
            case _:
                pass
    return list(found.values())


REQUESTS: Counter[str] = Counter()
"""How many requests were made, by phase and operation."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("place")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=10, help="drawn for each operation")
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--only", help="one path")
    parser.add_argument("--whole", action="store_true", help="also the 40,000 edges of POST /v1/events")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        place = told.place if "://" in told.place else Path(told.place)
        found = run(place, Path(data), told)
        asgi.shutdown_lifespans()
    for fault in found[:MOST_TOLD]:
        print(fault, end="\n\n")
    phases = {phase: sum(n for name, n in REQUESTS.items() if name.startswith(phase)) for phase in PHASES}
    print(
        f"seed {told.seed}: {len(found)} faults; requests: {phases}, of {len({n.partition(' ')[2] for n in REQUESTS})}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
