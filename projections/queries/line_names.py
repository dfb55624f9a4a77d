"""Names of the lines of a status that a person can type: `state`, `talks/damascus.venue`, `roles.russia.guarantor`.

A name is the subject, but for the process itself, then the field as the status calls it, then what tells lines of one
field apart: an actor, a place, a measure. It does not depend on where a line stands in a list, so the same line has the
same name at every horizon. Pure: JSON of `projections.rendering` in, names out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeGuard, cast, get_args

from typing_extensions import TypedDict

from domain.comparison import comparable

if TYPE_CHECKING:
    from projections.answers.figures import FigureSeries
    from projections.answers.lines import ShownCandidate
    from projections.answers.status import StatusAnswer

Fields = Mapping[str, Any]
"""What an entry of any field tells: which fields it has depends on the field that it is in."""
Own = Literal["state", "level", "time_zone", "ending", "areas", "links", "control", "access", "instruments", "bodies"]
Family = Literal["talks", "agreements", "convoys", "enrolments"]
Gathered = Literal["roles", "described_roles", "positions", "proposals"]
Expected = Literal["overdue", "next_14_days", "later"]


class NamedLine(TypedDict):
    """A line under a name of its own."""

    value: Any
    since: str | None
    occurred: str | None
    contested: bool
    possible: NotRequired[bool]
    one_claimant: NotRequired[bool]
    """Of a state: whether no more than one claimant tells of the change."""
    candidates: NotRequired[list[ShownCandidate[Any]]]
    cited: NotRequired[bool]
    """Whether it is something said once."""
    disagrees: NotRequired[bool]
    """Of a claim on a figure: whether no number fits all claims."""
    events: list[str]


FAMILIES: tuple[Family, ...] = get_args(Family)
GATHERED: tuple[Gathered, ...] = get_args(Gathered)
"""What the status gathers over all subjects."""
OWN: tuple[Own, ...] = get_args(Own)
"""What the status tells of the process itself."""
DUE: tuple[Expected, ...] = get_args(Expected)

_LONGEST = 40
_SHORT = 8
"""How much of an event's id tells it apart from others."""


def lines_in(status: StatusAnswer) -> dict[str, NamedLine]:
    """Everything in a status that rests on events, by name."""
    own = f"processes/{status['process']}"
    subjects: dict[str, dict[str, Any]] = {own: {name: status[name] for name in OWN}}
    subjects |= {page["subject"]: dict(page) for family in FAMILIES for page in status[family]}
    for field in GATHERED:
        for entry in status[field]:
            subjects.setdefault(entry["subject"], {}).setdefault(field, []).append(entry)
    owed = {(line["agreement"], line["obligation"]): line for side in status["obligations"] for line in side["owes"]}
    for (agreement, _), obligation in owed.items():
        subjects.setdefault(agreement, {}).setdefault("obligations", []).append(obligation)
    for deadline in (line for field in DUE for line in status[field]):
        subjects.setdefault(deadline["subject"], {}).setdefault("due", []).append(deadline)
    for finding in status["findings"]["items"]:
        subjects.setdefault(finding["subject"], {}).setdefault("findings", []).append(finding)
    for withdrawn in status["withdrawn"]:
        subjects.setdefault(withdrawn["subject"], {})["withdrawn"] = _cited(cast(Fields, withdrawn))
    subjects[own]["statements"] = status["statements"]
    subjects[own]["changes"] = status["changes"]
    for report in status["still_to_come"]:
        subjects.setdefault(report["subject"], {}).setdefault("still_to_come", []).append(report)
    for incident in status["incidents"]:
        subjects.setdefault(incident["subject"], {}).setdefault("incidents", []).append(incident)
    if status["last_heard"]:
        subjects[own]["last_heard"] = _cited(cast(Fields, status["last_heard"]))
    lines: dict[str, NamedLine] = {}
    for path, shown in subjects.items():
        lines |= lines_of(shown, prefix(path, own))
    series = [*status["figures"], *(count for register in status["enrolments"] for count in register["counts"])]
    for path in dict.fromkeys(line["subject"] for line in series):
        lines |= claims_of([line for line in series if line["subject"] == path], prefix(path, own))
    return lines


def prefix(subject: str, own: str) -> str:
    """What the names of a subject's lines begin with: nothing for the process itself."""
    return "" if subject == own else f"{subject}."


def lines_of(shown: Fields, begins: str = "") -> dict[str, NamedLine]:
    """The lines of one subject by name, given its page (`rendering.subject`)."""
    lines: dict[str, NamedLine] = {}
    for field, value in shown.items():
        match value:
            case {"contested": bool()}:
                lines[f"{begins}{field}"] = value
                for name, part in value.get("contested_fields", {}).items():
                    lines[f"{begins}{field}.{slug(name)}"] = part
            case dict():
                lines |= {f"{begins}{field}.{key}": line for key, line in value.items() if _is_line(line)}
            case [dict(), *_] if field == "obligations":
                for entry in value:
                    parts = {"agreed": entry["agreed"], "score": entry["score"]}
                    lines |= {f"{begins}{field}.{entry['obligation']}.{n}": line for n, line in parts.items() if line}
            case [dict(), *_] if field == "control":
                for key, line in _by_place(value):
                    _put(lines, f"{begins}{field}", [key], line)
            case [dict(), *_] if field in KEYS or field == "areas":
                for entry in value:
                    line = entry if _is_line(entry) else _cited(entry)
                    _put(lines, f"{begins}{field}", _key(field, entry), line)
                    for end in entry.get("dissolved", ()):
                        _put(lines, f"{begins}{field}", [*_key(field, entry), "dissolved"], _cited(end))
            case [str(), *_] if field == "events" and shown.get("between"):
                about = {"between": shown["between"], "occurred": None, "events": value}
                lines[f"{begins}opened"] = _cited(about)
            case _:
                pass
    return lines


def claims_of(series: Iterable[FigureSeries], begins: str = "") -> dict[str, NamedLine]:
    """The newest claim of each claimant on the figures of one subject, by name."""
    lines: dict[str, NamedLine] = {}
    for figure in series:
        claims = [*figure["claims"], *figure["assessed"]]
        counted = (
            [] if figure["counting"] == "stock" else [figure["counting"], *(claims[0]["period"] for _ in claims[:1])]
        )
        unit = figure["unit"] if figure["unit"] != "persons" else None
        key = [figure["measure"], *counted, unit, "-".join(figure["area"] or ()), figure["scope"]]
        for claim in claims:
            assessed = claim not in figure["claims"]
            claimant = claim["claimant"].removeprefix("actors/")
            quantity = {n: claim[n] for n in ("value", "qualifier", "low", "high", "verbatim", "period") if n in claim}
            line: NamedLine = {
                "value": {**quantity, "unit": figure["unit"]},
                "since": claim["as_of"],
                "occurred": claim["as_of"],
                "contested": False,
                "disagrees": figure["contested"] and not assessed,
                "events": claim["events"],
            }
            who = f"assessed by {claimant}" if assessed else claimant
            _put(lines, f"{begins}figures", [*key, who, claim.get("within")], line)
    return lines


def matching(wanted: str, names: Iterable[str]) -> list[str]:
    """The lines that a name stands for: one, or all under it; without a subject, those of any subject; else those
    that have it as a part."""
    known, wanted = list(names), comparable(wanted).strip(".")
    if not wanted:
        return []
    for tails in (
        {name: name for name in known},
        {name: name.partition(".")[2] for name in known if "/" in name.partition(".")[0]},
    ):
        exact = [name for name, tail in tails.items() if tail == wanted]
        if names_under := exact or [name for name, tail in tails.items() if tail.startswith(f"{wanted}.")]:
            return names_under
    return [name for name in known if f".{wanted}." in f".{name}."]


def slug(text: object) -> str:
    """A text as a part of a name: small letters and digits, with hyphens between words."""
    words = re.sub(r"[\W_]+", "-", comparable(str(text))).strip("-")
    if len(words) > _LONGEST:
        words = words[: words.rfind("-", 1, _LONGEST + 1) if "-" in words[1 : _LONGEST + 1] else _LONGEST]
    return words or "unnamed"


# --- keys within a field --------------------------------------------------------------------------------------


def _key(field: str, entry: Fields) -> list[object]:
    value = _value_of(entry)
    if field == "areas":
        return [_place(value)]
    return KEYS[field](entry, value)


KEYS: dict[str, Callable[[Fields, Fields], list[object]]] = {
    "links": lambda _, value: [value["relation"], value["to"]],
    "access": lambda _, value: [
        _place(value["place"]),
        value.get("kind") if value.get("kind") != "place" else None,
        value.get("for_whom"),
        _plan(value.get("modality")),
    ],
    "roles": lambda entry, value: [
        entry["actor"],
        entry["role"],
        entry["scope"],
        f"for {entry['on_behalf_of']}" if entry["on_behalf_of"] else None,
        _plan(value["modality"]) if value["held"] else None,
    ],
    "positions": lambda entry, value: [
        entry["actor"],
        value.get("matter"),
        f"on {value['answers'][:_SHORT]}" if value.get("answers") else None,
    ],
    "described_roles": lambda _, value: [value["role"], value.get("described") or ""],
    "signatures": lambda _, value: [value.get("actor") or value.get("described") or "not-said"],
    "relations": lambda _, value: [value["relation"], value.get("to") or value.get("named") or ""],
    "instruments": lambda _, value: [value["kind"], value.get("number")],
    "bodies": lambda _, value: [value["labels"][0]["text"]],
    "removed": lambda _, value: [value["items"][0]["description"] if value.get("items") else None],
    "proposals": lambda entry, value: [value["kind"], entry["events"][0][:_SHORT]],
    "statements": lambda entry, value: [value.get("speaker") or value.get("description"), entry["events"][0][:_SHORT]],
    "incidents": lambda entry, value: [value["kind"], entry["events"][0][:_SHORT]],
    "due": lambda entry, _: [entry["what"]],
    "steps": lambda entry, _: [entry["step"]],
    "still_to_come": lambda entry, _: [entry["type"], entry["events"][0][:_SHORT]],
    "changes": lambda entry, _: [entry["type"], entry["events"][0][:_SHORT]],
    "findings": lambda entry, _: [entry["rule"], entry["about"]],
}
PLAN = "plan"


def _plan(modality: str | None) -> str | None:
    """A plan has a line of its own beside the fact."""
    return PLAN if modality not in (None, "actual") else None


def _place(place: Fields) -> str:
    return str(place.get("admin_code") or (place["labels"][0]["text"] if place.get("labels") else place.get("id")))


def _by_place(lines: list[NamedLine]) -> Iterator[tuple[str, NamedLine]]:
    """Who holds what has a line for each place, and one report may name several: each gets the first that is free."""
    places = [[slug(_place(p)) for p in _value_of(line).get("places", ())] for line in lines]
    taken = {names[0] for names in places if len(names) == 1}
    for line, names in zip(lines, places, strict=True):
        key = names[0] if names else slug(_value_of(line).get("description", ""))
        if len(names) > 1:
            key = next((name for name in names if name not in taken), names[-1])
            taken.add(key)
        yield key, line


def _put(lines: dict[str, NamedLine], field: str, key: Iterable[object], line: NamedLine) -> None:
    name = ".".join([field, *(slug(part) for part in key if part)])
    if name in lines:  # two places of one name, two proposals of one kind
        event = line["events"][0] if line["events"] else ""
        others = (f"{name}.{event[:length]}" for length in (_SHORT, len(event)) if event)
        numbered = (f"{name}.{number}" for number in range(2, len(lines) + 3))
        name = next(other for other in chain(others, numbered) if other not in lines)
    lines[name] = line


def _is_line(value: object) -> TypeGuard[NamedLine]:
    return isinstance(value, dict) and isinstance(value.get("contested"), bool)


def _value_of(entry: Fields | NamedLine) -> Fields:
    """What an entry says; of a contested line, what its newest candidate says."""
    if not _is_line(entry):
        return cast(Fields, entry)
    value: Fields = entry["candidates"][-1]["value"] if entry["contested"] else entry["value"]
    return value


def _cited(entry: Fields) -> NamedLine:
    """Something said once, in the form of a line."""
    about = {n: v for n, v in entry.items() if n not in ("events", "occurred", "subject", "answered_by", "dissolved")}
    return {
        "value": about,
        "since": entry.get("occurred"),
        "occurred": entry.get("occurred"),
        "contested": False,
        "cited": True,
        "events": [*entry["events"], *entry.get("answered_by", ())],
    }
