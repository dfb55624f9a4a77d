"""Lines of a status by name, in words: what each says, whatever field it is of.

The names are those of `projections.queries.line_names`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from api.wording import incident_lines, values, words
from api.wording.finding_sentences import ACTOR, sentence
from api.wording.language import ENGLISH, say, speaking, spoken_now
from api.wording.marks import Fragment
from api.wording.values import Names, tag
from api.wording.words import Fields, clean, coded
from domain.sentences import Sentence

if TYPE_CHECKING:
    from projections.answers.changes import LineSide
    from projections.answers.explanations import ActorName
    from projections.answers.status import HeardFrom
    from projections.queries.line_names import NamedLine

ShowLine = Callable[[Names, Any], list[Fragment]]

ONE_OF = {
    "roles": "role",
    "described_roles": "role",
    "positions": "position",
    "proposals": "proposal",
    "clearances": "clearance",
    "signatures": "signature",
    "obligations": "obligation",
    "areas": "area",
    "links": "link",
    "relations": "relation",
    "figures": "figure",
    "instruments": "instrument",
    "bodies": "body",
    "statements": "statement",
    "incidents": "incident",
    "findings": "finding",
    "steps": "step",
    "changes": "latest change",
}
"""Fields that hold several lines, and one of them."""
TITLES = {
    "agreed": "terms",
    "removed": "items removed",
    "last_heard": "last heard",
    "due": "expected",
    "still_to_come": "still to come",
    "opened": "between whom",
}


def split(name: str) -> tuple[str | None, list[str]]:
    """A name as its subject, None for the process itself, and the steps from there."""
    subject, _, rest = name.partition(".") if "/" in name.partition(".")[0] else ("", "", name)
    return subject or None, rest.split(".")


def title(names: Names, name: str) -> str:
    """What a line is about, its subject aside: "role: Valley Mission, monitor"."""
    field, *keys = split(name)[1]
    if field == "figures":
        keys = [keys[0], keys[-1]]  # the measure and who claims
    elif field == "proposals":
        keys = keys[:1]
    names_of_keys = [
        names.actor(key) if key in names.actors else coded(TITLES.get(key, key.replace("-", " "))) for key in keys
    ]
    of_field = coded(ONE_OF.get(field, TITLES.get(field, field)))
    return ": ".join(filter(None, [of_field, ", ".join(names_of_keys)]))


def said(names: Names, name: str, value: Any) -> list[Fragment]:
    """What a line says."""
    subject, steps = split(name)
    field = steps[-1] if steps[0] == "obligations" else steps[0]
    if field == "described" and subject is not None:
        field = f"{subject.partition('/')[0]}.described"
        if len(steps) > 1:  # one contested field of it
            value = {steps[1].replace("-", "_"): value}
    show = SHOW.get(field)
    if show is not None and (isinstance(value, dict) or field in PLAIN):
        return show(names, value)
    match value:
        case None:
            return [say("a time not yet named") if field == "planned" else say("not said")]
        case bool():
            return [say("yes") if value else say("no")]
        case dict():
            return [words.gist(value, names.actors)]
        case _:
            return [coded(value)]


def sides(names: Names, name: str, line: NamedLine | LineSide) -> list[Fragment]:
    """What a line says, or each of its candidates if it is contested."""
    if not line["contested"]:
        return said(names, name, line["value"])
    fragments: list[Fragment] = [tag("contested"), " "]
    for number, candidate in enumerate(line["candidates"]):
        fragments += [say(" or ") if number else "", *said(names, name, candidate["value"])]
    return fragments


def _date(_: Names, value: Any) -> list[Fragment]:
    return [words.when(value) if value else say("a time not yet named")]


def _state(_: Names, value: Any) -> list[Fragment]:
    return [tag(str(value), say(", a plan") if value in ("scheduled", "postponed") else "")]


def _claim(_: Names, value: Fields) -> list[Fragment]:
    period = say(", counted {date}", date=words.when(value["period"])) if value.get("period") else ""
    return [(words.quantity(value), "bold"), period, values.quoted(value.get("verbatim"))]


def _heard(names: Names, value: HeardFrom) -> list[Fragment]:
    return [f"{words.when(value['on'])}, {names.claimant(value['claimant'])} ({clean(value['publisher'])})"]


def _statement(names: Names, value: Fields) -> list[Fragment]:
    described = clean(value["description"]) if value.get("description") else say("not named")
    who = names.actor(value["speaker"]) if value.get("speaker") else described
    return [(f"{who}: ", "bold"), clean(value["text"]), values.quoted(value.get("verbatim"))]


SHOW: dict[str, ShowLine] = {
    "state": _state,
    "planned": _date,
    "until": _date,
    "whereabouts": values.whereabouts,
    "areas": lambda _, value: values.area(value),
    "links": lambda _, value: values.link(value),
    "control": values.control,
    "access": values.access,
    "instruments": values.instrument,
    "bodies": lambda names, value: (
        values.body(names, {"occurred": None, **value}) if "labels" in value else values.body_gone(value)
    ),
    "agreements.described": lambda _, value: values.agreement(value),
    "convoys.described": values.convoy,
    "enrolments.described": values.register,
    "signatures": values.signature,
    "declared": values.declared,
    "passage": values.passage,
    "postponed": lambda _, value: values.postponed(value),
    "described_roles": values.described_role,
    "not_held": values.not_held,
    "rounds": lambda _, value: [words.quantity(value)],
    "relations": lambda _, value: values.related(value),
    "term": lambda _, value: values.term(value),
    "agreed": values.terms,
    "score": lambda _, value: values.score(value),
    "clearances": lambda _, value: values.clearance(value),
    "departure": lambda _, value: values.departure(value),
    "removed": values.removed,
    "arrival": lambda _, value: values.arrival(value),
    "roles": lambda _, value: values.role(value),
    "positions": values.position,
    "proposals": lambda names, value: values.proposal(names, {"occurred": None, **value}),
    "figures": _claim,
    "statements": _statement,
    "incidents": incident_lines.happened,
    "last_heard": _heard,
    "due": lambda _, value: [f"{values.expected(value['what'])}: {words.when(value['when'])}"],
    "findings": lambda names, value: [readable(value["text"], names.actors)],
    "withdrawn": lambda *_: [say("it was taken back")],
    "steps": lambda _, value: [tag(value["step"])],
    "still_to_come": lambda _, value: [
        words.spoken(value["type"]),
        say("; it is dated ahead, and counts for nothing yet"),
    ],
    "changes": lambda _, value: [words.spoken(value["type"])],
    "opened": lambda names, value: [say("between {who}", who=names.named(value["between"]))],
}
PLAIN = {"state", "planned", "until"}
"""Fields whose values are words or dates, not objects."""

_DAY = r"\d{4}-\d\d(?:-\d\d)?[~?%]?"
_DATES = re.compile(rf"(?<![\w/-])(?:(?:\.\.|{_DAY})/(?:\.\.|{_DAY})|{_DAY})(?![\w/:-])")


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else, as events have it."""
    return _DATES.fullmatch(text) is not None


def readable(text: str, actors: Mapping[str, ActorName]) -> str:
    """A text of ours with names in place of ids, and dates in words. One of which only the English came here, as over
    HTTP, stays in English."""
    if isinstance(text, Sentence):
        return sentence(text, actors)
    return _in_english(lambda: _DATES.sub(lambda match: words.when(match[0]), _with_names(text, actors)))


def finding(text: str, actors: Mapping[str, ActorName]) -> str:
    """What a finding says, with names in place of ids."""
    return sentence(text, actors) if isinstance(text, Sentence) else _in_english(lambda: _with_names(text, actors))


def _in_english(put: Callable[[], str]) -> str:
    speech = spoken_now()
    with speaking(ENGLISH, apart=False):
        english = put()
    return words.apart(english, ENGLISH.code) if speech.apart else english


def _with_names(text: str, actors: Mapping[str, ActorName]) -> str:
    def name(match: re.Match[str]) -> str:
        known = actors.get(match[1])
        return clean(known["label"]) if known else match[0]

    return ACTOR.sub(name, clean(text))
