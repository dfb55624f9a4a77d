"""The stored forms: `tests/stored/<Type>.v<schema>.json` holds one event of each type as it is kept for ever.

    python -m tests.stored_forms

writes the forms and names that are missing, and never changes one that is there: a log somewhere may hold events of
just that form. If a test of the stored forms fails, the code is to be mended, not the file. A payload that must take
another form is a new type, or a higher `schema_version` with an upcaster in `ledger/mapper.py`; its old form stays.

`names.json` holds the fields of every model and the codes of every enumeration that was ever stored, so that none
can be renamed or removed, not even one that no example uses; and no default changed.
"""

from __future__ import annotations

import inspect
import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from domain.values import Value
from domain.vocabulary import PAYLOADS, example, model_of, read_event

STORED = Path(__file__).parent / "stored"
NAMES = STORED / "names.json"


NEEDED_ONCE = {"Place": {"labels"}, "ObligationAgreed": {"debtor"}}
"""Fields that every stored event had to have once, and that may be left out now: what was stored has them."""


def form(wire: dict[str, Any]) -> str:
    """An event as it is stored, laid out for reading, its fields in the order of the model."""
    event = read_event(wire, json.dumps(wire))
    return json.dumps(event.model_dump(mode="json", exclude_unset=True), indent=2, ensure_ascii=False) + "\n"


def forms() -> dict[str, str]:
    """File name to content, of today's form of every type."""
    return {f"{name}.v{payload.schema_version}.json": form(example(name)) for name, payload in PAYLOADS.items()}


def names() -> dict[str, list[str]]:
    """The fields of every model and the codes of every enumeration of the vocabulary, by class name."""
    found: dict[str, list[str]] = {}
    for payload in PAYLOADS:
        for kind in _within(model_of(payload).model_fields["data"].annotation):
            found[kind.__name__] = _names_of(kind)
        for field in model_of(payload).model_fields.values():
            found |= {kind.__name__: _names_of(kind) for kind in _within(field.annotation)}
    return dict(sorted(found.items()))


def _names_of(kind: type[Any]) -> list[str]:
    if issubclass(kind, StrEnum):
        return [code.value for code in kind]
    return [_with_default(name, field) for name, field in kind.model_fields.items()]


def _with_default(name: str, field: FieldInfo) -> str:
    """A field, and what it means if it was not sent: only what was sent is stored, so a default is stored form too."""
    if field.is_required() or field.default is None:
        return name
    default = field.default.value if isinstance(field.default, StrEnum) else field.default
    return f"{name} = {json.dumps(default)}"


def _within(annotation: Any) -> set[type[Any]]:
    """The values and enumerations of an annotation, and those in them; a value may hold itself."""
    found: set[type[Any]] = set()
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        if inspect.isclass(one) and issubclass(one, (Value, StrEnum)) and one not in found:
            found.add(one)
            waiting += [field.annotation for field in getattr(one, "model_fields", {}).values()]
        waiting += getattr(one, "__args__", ())
    return found


def write_missing() -> list[str]:
    """Writes what is missing, and nothing else; returns what was added."""
    STORED.mkdir(exist_ok=True)
    added = []
    for file, content in forms().items():
        path = STORED / file
        if not path.exists():
            path.write_text(content, encoding="utf-8")
            added.append(file)
    kept: dict[str, list[str]] = json.loads(NAMES.read_text(encoding="utf-8")) if NAMES.exists() else {}
    for kind, now in names().items():
        new = [name for name in now if name not in kept.get(kind, [])]
        if new:
            kept[kind] = [*kept.get(kind, []), *new]
            added += [f"{NAMES.name}: {kind}.{name}" for name in new]
    NAMES.write_text(json.dumps(dict(sorted(kept.items())), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return added


if __name__ == "__main__":
    print("\n".join(write_missing()) or "Every type has its stored form; nothing was written.")
