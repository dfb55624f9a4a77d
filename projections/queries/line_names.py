"""Names of the lines of a status that a person can type: `state`, `talks/damascus.venue`, `roles.russia.guarantor`.

A name is the subject, but for the process itself, then the field as the status calls it, then what tells lines of one
field apart: an actor, a place, a measure. It does not depend on where a line stands in a list, so the same line has the
same name at every horizon. Pure: JSON of `projections.rendering` in, names out; nothing else is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Json = dict[str, Any]

FAMILIES = ("talks", "agreements", "convoys", "enrolments")
GATHERED = ("roles", "positions", "proposals")
"""What the status gathers over all subjects."""
OWN = ("state", "level", "ending", "areas", "links", "control", "access", "instruments", "bodies")
"""What the status tells of the process itself."""
DUE = ("overdue", "next_14_days", "later")

_LONGEST = 40
_SHORT = 8
"""How much of an event's id tells it apart from others."""


def lines_in(status: Json) -> dict[str, Json]:
    """Everything in a status that rests on events, by name."""
    own = f"processes/{status['process']}"
    subjects = {own: {name: status[name] for name in OWN}}
    subjects |= {one["subject"]: dict(one) for family in FAMILIES for one in status[family]}
    for field in GATHERED:
        for one in status[field]:
            subjects.setdefault(one["subject"], {}).setdefault(field, []).append(one)
    owed = {(one["agreement"], one["obligation"]): one for side in status["obligations"] for one in side["owes"]}
    for (agreement, _), one in owed.items():
        subjects.setdefault(agreement, {}).setdefault("obligations", []).append(one)
    for one in (line for field in DUE for line in status[field]):
        subjects.setdefault(one["subject"], {}).setdefault("due", []).append(one)
    for one in status["findings"]["items"]:
        subjects.setdefault(one["subject"], {}).setdefault("findings", []).append(one)
    for one in status["withdrawn"]:
        subjects.setdefault(one["subject"], {})["withdrawn"] = _cited(one)
    subjects[own]["statements"] = status["statements"]
    if status["last_heard"]:
        subjects[own]["last_heard"] = _cited(status["last_heard"])
    found: dict[str, Json] = {}
    for path, shown in subjects.items():
        found |= lines_of(shown, prefix(path, own))
    series = [*status["figures"], *(one for register in status["enrolments"] for one in register["counts"])]
    for path in dict.fromkeys(one["subject"] for one in series):
        found |= claims_of([one for one in series if one["subject"] == path], prefix(path, own))
    return found


def prefix(subject: str, own: str) -> str:
    """What the names of a subject's lines begin with: nothing for the process itself."""
    return "" if subject == own else f"{subject}."


def lines_of(shown: Json, begins: str = "") -> dict[str, Json]:
    """The lines of one subject by name, given its page (`rendering.subject`)."""
    found: dict[str, Json] = {}
    for field, value in shown.items():
        match value:
            case {"contested": bool()}:
                found[f"{begins}{field}"] = value
            case dict():
                found |= {f"{begins}{field}.{key}": line for key, line in value.items() if _is_line(line)}
            case [dict(), *_] if field == "obligations":
                for one in value:
                    parts = {"agreed": one["agreed"], "score": one["score"]}
                    found |= {f"{begins}{field}.{one['obligation']}.{n}": line for n, line in parts.items() if line}
            case [dict(), *_] if field == "control":
                found |= {f"{begins}{field}.{key}": line for key, line in _by_place(value)}
            case [dict(), *_] if field in KEYS or field == "areas":
                for one in value:
                    line = one if _is_line(one) else _cited(one)
                    _put(found, f"{begins}{field}", _key(field, one), line)
            case _:
                pass
    return found


def claims_of(series: Iterable[Json], begins: str = "") -> dict[str, Json]:
    """The newest claim of each claimant on the figures of one subject, by name."""
    found: dict[str, Json] = {}
    for one in series:
        claims = [*one["claims"], *one["assessed"]]
        counted = [] if one["counting"] == "stock" else [one["counting"], *(claims[0]["period"] for _ in claims[:1])]
        unit = one["unit"] if one["unit"] != "persons" else None
        told = [one["measure"], *counted, unit, "-".join(one["area"] or ()), one["scope"]]
        for claim in claims:
            assessed = claim not in one["claims"]
            claimant = claim["claimant"].removeprefix("actors/")
            quantity = {n: claim[n] for n in ("value", "qualifier", "low", "high", "verbatim", "period") if n in claim}
            line = {
                "value": {**quantity, "unit": one["unit"]},
                "since": claim["as_of"],
                "occurred": claim["as_of"],
                "contested": False,
                "disagrees": one["contested"] and not assessed,
                "events": claim["events"],
            }
            who = f"assessed by {claimant}" if assessed else claimant
            _put(found, f"{begins}figures", [*told, who], line)
    return found


def matching(wanted: str, names: Iterable[str]) -> list[str]:
    """The lines that a name stands for: one, or all under it; without a subject, those of any subject; else those
    that have it as a part."""
    known, wanted = list(names), wanted.strip().strip(".").casefold()
    if not wanted:
        return []
    for tails in (
        {name: name for name in known},
        {name: name.partition(".")[2] for name in known if "/" in name.partition(".")[0]},
    ):
        exact = [name for name, tail in tails.items() if tail == wanted]
        if found := exact or [name for name, tail in tails.items() if tail.startswith(f"{wanted}.")]:
            return found
    return [name for name in known if f".{wanted}." in f".{name}."]


def slug(text: object) -> str:
    """A text as a part of a name: small letters and digits, with hyphens between words."""
    words = re.sub(r"[\W_]+", "-", str(text).casefold()).strip("-")
    if len(words) > _LONGEST:
        words = words[: words.rfind("-", 1, _LONGEST + 1) if "-" in words[1 : _LONGEST + 1] else _LONGEST]
    return words or "unnamed"


# --- keys within a field --------------------------------------------------------------------------------------


def _key(field: str, one: Json) -> list[object]:
    said = _said(one)
    if field == "areas":
        return [_place(said)]
    return KEYS[field](one, said)


KEYS: dict[str, Callable[[Json, Json], list[object]]] = {
    "links": lambda _, said: [said["relation"], said["to"]],
    "access": lambda _, said: [
        _place(said["place"]),
        said.get("kind") if said.get("kind") != "place" else None,
        said.get("for_whom"),
        _plan(said.get("modality")),
    ],
    "roles": lambda one, said: [
        one["actor"],
        one["role"],
        one["scope"],
        f"for {one['on_behalf_of']}" if one["on_behalf_of"] else None,
        _plan(said["modality"]) if said["held"] else None,
    ],
    "positions": lambda one, said: [
        one["actor"],
        said.get("matter"),
        f"on {said['answers'][:_SHORT]}" if said.get("answers") else None,
    ],
    "signatures": lambda _, said: [said["actor"]],
    "instruments": lambda _, said: [said["kind"], said.get("number")],
    "bodies": lambda _, said: [said["labels"][0]["text"]],
    "removed": lambda _, said: [said["items"][0]["description"] if said.get("items") else None],
    "proposals": lambda one, said: [said["kind"], one["events"][0][:_SHORT]],
    "statements": lambda one, said: [said.get("speaker") or said.get("description"), one["events"][0][:_SHORT]],
    "due": lambda one, _: [one["what"]],
    "findings": lambda one, _: [one["rule"], one["about"]],
}
PLAN = "plan"


def _plan(modality: str | None) -> str | None:
    """A plan has a line of its own beside the fact."""
    return PLAN if modality not in (None, "actual") else None


def _place(place: Json) -> str:
    return str(place.get("admin_code") or place["labels"][0]["text"])


def _by_place(lines: list[Json]) -> Iterator[tuple[str, Json]]:
    """Who holds what has a line for each place, and one report may name several: each gets the first that is free."""
    places = [[slug(_place(p)) for p in _said(line).get("places", ())] for line in lines]
    taken = {names[0] for names in places if len(names) == 1}
    for line, names in zip(lines, places, strict=True):
        key = names[0] if names else slug(_said(line).get("description", ""))
        if len(names) > 1:
            key = next((name for name in names if name not in taken), names[-1])
            taken.add(key)
        yield key, line


def _put(found: dict[str, Json], field: str, key: Iterable[object], line: Json) -> None:
    name = ".".join([field, *(slug(part) for part in key if part)])
    if name in found:
        name += f".{line['events'][0][:_SHORT]}" if line["events"] else ".2"
    found[name] = line


def _is_line(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("contested"), bool)


def _said(one: Json) -> Json:
    """What an entry says; of a contested line, what its newest candidate says."""
    if not _is_line(one):
        return one
    value: Json = one["candidates"][-1]["value"] if one["contested"] else one["value"]
    return value


def _cited(one: Json) -> Json:
    """Something said once, in the form of a line."""
    about = {n: v for n, v in one.items() if n not in ("events", "occurred", "subject", "answered_by")}
    return {
        "value": about,
        "since": one.get("occurred"),
        "occurred": one.get("occurred"),
        "contested": False,
        "cited": True,
        "events": [*one["events"], *one.get("answered_by", ())],
    }
