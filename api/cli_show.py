"""What commands print besides the first screen: events a line each, lists, event types, problems."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from api import cli_words as words
from api.cli_check import Finding
from api.cli_sheet import BAD, FAINT, PLAN, Part, Sheet
from api.cli_words import clean
from api.client import Problem

Json = dict[str, Any]

COLUMN = 9
"""Columns of a log position and the space after it."""
MOST_DATE = 26
"""Columns of a date beside its claim; a longer one gets a line of its own."""


def out() -> Console:
    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    return Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: str, style: str = "") -> None:
    """Prints a text of ours; brackets in it are brackets."""
    out().print(Text(text, style))


def warn(text: str, style: str = "") -> None:
    err().print(Text(text, style))


def data(value: Any) -> None:
    """Prints an answer as JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def line_of_data(value: Any) -> None:
    """Prints one line of NDJSON, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def problem(found: Problem, hint: str = "") -> None:
    """Prints a refusal: what it is, then every fault with its place and its mend."""
    console = err()
    console.print(Text(clean(found.title), BAD))
    for place, detail in found.faults or [("", found.detail)]:
        console.print(Text(f"  {clean(place)}: {clean(detail)}" if place else f"  {clean(detail)}"))
    if hint:
        console.print(Text(f"  {hint}", FAINT))


# --- events -----------------------------------------------------------------------------------------------------


def event(found: Json, actors: Json | None = None, *, console: Console) -> None:
    """Prints an event: wrapped on a terminal, on one line else."""
    said = [*event_parts(found, actors or {})]
    left = f"{found['position']:>{COLUMN - 2},}"
    if not console.is_terminal:
        console.print(Text.assemble(f"{left}  ", *said), no_wrap=True, overflow="ignore", crop=False)
        return
    sheet = Sheet(console.width)
    sheet.row(left, *said, column=COLUMN, indent=0)
    sheet.print(console)


REVISIONS = {
    "EventCorrected": "corrected",
    "EventRetracted": "retracted",
    "EventDisputed": "disputed; recorded",
    "DuplicateMarked": "marked as a duplicate",
}
"""What a revision does to an event, before "by" and the office that recorded it."""


def event_parts(found: Json, actors: Json) -> Iterator[Part]:
    """When, what, on which subject, what it says, who says so, and what has become of the report."""
    stands = not (found.get("retracted_by") or found.get("same_as"))
    struck = "" if stands else "strike"
    if found.get("occurred"):
        yield f"{words.when(found['occurred'])}  "
    yield (words.spoken(found["type"]), f"bold {struck}".strip())
    yield f"  {clean(found['subject'])}"
    if gist := words.gist(found["data"], actors):
        yield (f": {' '.join(gist.split())}", struck)
    if grounds := words.grounds([found], actors):
        yield (f" — {grounds}", FAINT)
    if found.get("unreadable"):
        yield (f" [unreadable: {clean(found['unreadable'])}]", BAD)
    if possibly := words.possibly([found]):
        yield (f" [{possibly}]", PLAN)
    if found.get("same_as"):
        yield (" [a duplicate, counted once]", BAD)
    for revision in found.get("revised_by", ()):
        yield _revision(found, revision)


def _revision(found: Json, revision: Json) -> Part:
    """What a revision did to an event, on whose record, when and why; whether that still holds."""
    did = REVISIONS.get(revision["type"], words.spoken(revision["type"]))
    by = f" by {clean(revision['recorded_by'])}" if revision.get("recorded_by") else ""
    reason = f": {clean(revision['reason'])}" if revision.get("reason") else ""
    in_effect = {*found.get("corrected_by", ()), *found.get("disputed_by", ()), found.get("retracted_by")}
    weighed = found["type"] not in REVISIONS and revision["type"] != "DuplicateMarked"  # of these no more is told
    over = weighed and revision["id"] not in in_effect
    text = f"{did}{by} on {words.moment(revision['recorded_at'])}{reason}"
    return (f" [no longer in effect: {text}]", FAINT) if over else (f" [{text}]", BAD)


def checked(settings: Iterable[tuple[str, str, str]], server: str | None, findings: list[Finding]) -> None:
    """Prints what `parley check` found."""
    sheet = Sheet(out().width)
    sheet.heading("Settings in force")
    for variable, value, source in settings:
        sheet.row(variable, f"{clean(value)}  ({source})", column=22)
    sheet.heading("Found")
    sheet.row(
        "server", f"one runs on the data directory, at {clean(server)}" if server else "none runs on it", column=22
    )
    for finding in findings:
        mark: list[Part] = [] if finding.sound else [("[problem] ", BAD)]
        sheet.row(finding.what, *mark, clean(finding.says), column=22)
    problems = sum(not finding.sound for finding in findings)
    sheet.gap()
    sheet.put((f"{words.times(problems, 'problem')} found." if problems else "No problem found.", "bold"))
    sheet.print(out())


# --- lists ------------------------------------------------------------------------------------------------------


def processes(found: Iterable[Json], width: int) -> Sheet:
    """A list of processes: where each stands, and when it was last heard of."""
    sheet = Sheet(width)
    for one in found:
        state = one["state"] or {"contested": False, "value": "not known", "since": None}
        stands = "contested" if state["contested"] else clean(state["value"])
        heard = one["last_heard"]
        last = (
            f"last heard {words.when(heard['on'])} from {clean(heard['publisher'])}" if heard["on"] else "never dated"
        )
        sheet.put((clean(one["process"]), "bold"), f"  {words.label(one['labels'])}")
        sheet.put(f"{stands}, {words.since(state['since'])}; {last}", indent=4)
    if not sheet.lines:
        sheet.put("No process is recorded yet. ProcessOpened opens one: `parley event-types ProcessOpened` shows how.")
    return sheet


def claims(found: list[Json], horizon: Json, actors: Json, revisions: Json, width: int) -> Sheet:
    """Claims as a table per series, oldest first: when, how many, who says so."""
    sheet = Sheet(width)
    if asked := words.horizon(horizon):
        sheet.put((asked, "bold"))
    series: dict[tuple[str, str], list[Json]] = {}
    for one in found:
        area = words.listed(map(clean, one["area"])) if one.get("area") else "area not stated"
        scope = f"; {clean(one['scope'])}" if one.get("scope") else ""
        title = (clean(one["measure"]), f"{clean(one['counting'])}; {area}{scope}; {clean(one['subject'])}")
        series.setdefault(title, []).append(one)
    for (measure, what), claims in series.items():
        sheet.heading(measure, what)
        column = min(max(len(words.when(one["occurred"])) for one in claims) + 2, MOST_DATE)
        for one in claims:
            sheet.row(words.when(one["occurred"]), *_claim(one, actors, revisions), column=column)
    if not series:
        sheet.put("No such claim is inside the horizon." if asked else "No such claim is recorded.")
    return sheet


def _claim(one: Json, actors: Json, revisions: Json) -> Iterator[Part]:
    yield (words.quantity(one), "bold")
    if one.get("period"):
        yield f", counted {words.when(one['period'])}"
    if one.get("verbatim"):
        yield (f" (“{clean(one['verbatim'])}”)", "italic")
    who = words.listed(words.claimed_by(claimant, actors) for claimant in one["claimants"])
    yield (f" — {'assessed by ' if one['assessed'] else ''}{who}", FAINT)
    if one.get("reason"):
        yield f": {clean(one['reason'])}"
    possibly = words.possibly([one])
    for mark in [*words.marks(one, revisions, actors), *([possibly] if possibly else [])]:
        yield (f" [{mark}]", BAD)


def event_types(found: list[Json], width: int) -> Sheet:
    """Every type by family; those that go with any subject come last."""
    sheet = Sheet(width)
    groups: dict[str, list[Json]] = {}
    for one in found:
        family = one["families"][0] if len(one["families"]) == 1 else "any event" if one["revision"] else "any subject"
        groups.setdefault(family, []).append(one)
    column = max(len(one["type"]) for one in found) + 2
    for family, types in groups.items():
        sheet.heading(f"On {family}")
        for one in types:
            opens = " Opens a subject." if one["opening"] else ""
            sheet.row(one["type"], f"{clean(one['summary'])}{opens}", column=column, style="bold")
    sheet.gap()
    sheet.put(("`parley event-types TYPE` shows the fields of one, and an example.", FAINT))
    return sheet


def event_type(found: Json, width: int) -> Sheet:
    """One type: what it says, its fields, and an example to copy."""
    sheet = Sheet(width)
    sheet.put((found["type"], "bold"), f"  {clean(found['summary'])}")
    sheet.put(f"on: {words.listed(found['families'], last='or')}")
    schema = found["schema"]
    payload = schema["$defs"].get(f"{found['type']}Data", {})
    sheet.heading("Fields of data")
    required = set(payload.get("required", ()))
    for name, field in payload.get("properties", {}).items():
        needed = "" if name in required else ", may be left out"
        described = " ".join(str(field.get("description", "")).split())
        sheet.put((name, "bold"), (f" ({_kind(field, schema)}{needed}) ", FAINT), clean(described), indent=2)
    sheet.heading("Example")
    for line in json.dumps(found["example"], ensure_ascii=False, indent=2).splitlines():
        sheet.lines.append(Text(line))
    return sheet


def _kind(field: Json, schema: Json) -> str:
    """What a field holds, in a word or by its choices."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = schema["$defs"].get(name, {})
        return listed if (listed := " | ".join(map(str, target.get("enum", ())))) else name
    if "anyOf" in field:
        return " or ".join(_kind(one, schema) for one in field["anyOf"] if one.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}), schema)}"
    if "const" in field:
        return str(field["const"])
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        str(field.get("type")), str(field.get("type", "anything"))
    )
