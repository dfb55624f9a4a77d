"""What a report says, in a sentence made from its fields, and how two versions of it differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.event import Event
from projections.answers.changes import FieldDifference


def content_of(event: Event) -> dict[str, Any]:
    """What an event says, as it would be sent, without what a revision cannot touch."""
    return event.model_dump(mode="json", exclude_none=True, exclude={"id", "subject"})


def differences(old: Any, new: Any, at: str = "") -> Iterator[FieldDifference]:
    """Where two values differ, field by field."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from differences(old.get(name), new.get(name), f"{at}.{name}" if at else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from differences(was, now, f"{at}.{number}")
    else:
        yield {"field": at, "before": old, "after": new}


MOST_ITEMS = 10
"""Of a list in a field of a long report."""
_LEFT_OUT = {"processes", "verbatim", "precision", "lat", "lon", "answers", "event", "of", "violation", "considered"}
_LEADS = {
    "until": "until",
    "answer_by": "answer by",
    "deadline": "by",
    "period": "in",
    "planned": "planned for",
    "valid_until": "valid until",
    "to": "to",
    "origin": "from",
    "destination": "to",
    "by": "by",
    "on_behalf_of": "on behalf of",
    "persuaded_by": "persuaded by",
    "score": "score",
    "written": "in writing:",
}
"""What stands before a field, where its value alone would not tell what it is."""


def gist(data: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """What the fields of a report say, in words; `labels` has the names of actors by their ids."""
    phrases = (_phrase(name, value, labels) for name, value in data.items() if name not in _LEFT_OUT)
    return "; ".join(dict.fromkeys(phrase.rstrip(".") for phrase in phrases if phrase))


def _phrase(name: str, value: Any, labels: Mapping[str, str]) -> str:
    lead = f"{_LEADS[name]} " if name in _LEADS else ""
    match value:
        case bool():
            return f"{name.replace('_', ' ')}: {'yes' if value else 'no'}"
        case str():
            return lead + labels.get(value, value)
        case int() | float():
            return f"{lead or name.replace('_', ' ') + ' '}{value:,}"
        case [{"text": str(text)}, *_] | {"labels": [{"text": str(text)}, *_]}:
            return lead + text
        case {"value": int() | float()} | {"low": _} | {"high": _} | {"qualifier": _}:
            return quantity(value)
        case list():
            return lead + " and ".join(filter(None, (_phrase("", item, labels) for item in value)))
        case dict():
            return lead + gist(value, labels).replace("; ", ", ")
        case _:
            return ""


def brief(fields: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The first of the fields of a report, to about so many characters, and of long texts the begin."""
    kept, left = dict[str, Any](), most
    for name, value in fields.items():
        if left <= 0:
            break
        kept[name] = _cut(value, most)
        left -= len(str(kept[name]))
    return kept


def _cut(value: Any, most: int) -> Any:
    match value:
        case str() if len(value) > most:
            return f"{value[: most - 1].rstrip()}…"
        case list():
            return [_cut(item, most) for item in value[:MOST_ITEMS]]
        case dict():
            return {name: _cut(item, most) for name, item in value.items()}
        case _:
            return value


def quantity(claimed: Mapping[str, Any]) -> str:
    """A number as claimed, in words: "about 2,000 persons", "1,500 to 2,500 persons"."""
    value, low, high = (claimed.get(name) for name in ("value", "low", "high"))
    qualifier = claimed.get("qualifier", "exact")
    if value is not None:
        number = f"{value:,}" if qualifier == "exact" else f"{qualifier} {value:,}"
    elif low is not None and high is not None:
        number = f"{low:,} to {high:,}"
    elif low is not None:
        number = f"at least {low:,}"
    else:
        number = f"at most {high:,}" if high is not None else str(qualifier)
    return f"{number} {claimed.get('unit', 'persons')}"
