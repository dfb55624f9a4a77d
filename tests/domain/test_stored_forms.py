"""Stored forms are for ever: what was written once must be read by every later version, to the same JSON.

A file in `tests/stored` is never edited and never removed. When a test here fails, an event of somebody's log could
no longer be read as it was meant: mend the code. `python -m tests.stored_forms` adds the form of a new type; see
CONTRIBUTING.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.vocabulary import PAYLOADS, read_event
from tests import stored_forms
from tests.stored_forms import NAMES, NEEDED_ONCE, STORED, names

FILES = sorted(path for path in STORED.iterdir() if path != NAMES)
ADD = "run `python -m tests.stored_forms` and commit what it adds"


def current(path: Path) -> bool:
    name, version, _ = path.name.split(".")
    return name in PAYLOADS and version == f"v{PAYLOADS[name].schema_version}"


def test_every_type_has_a_stored_form_of_every_version() -> None:
    wanted = {f"{n}.v{v}.json" for n, payload in PAYLOADS.items() for v in range(1, payload.schema_version + 1)}
    found = {path.name for path in FILES}
    assert wanted - found == set(), ADD
    assert found - wanted == set(), "a form of no type: types are never renamed or removed"


@pytest.mark.parametrize("path", [path for path in FILES if current(path)], ids=lambda path: path.name)
def test_a_stored_form_is_read_and_written_as_it_was(path: Path) -> None:
    stored = path.read_text(encoding="utf-8")
    assert stored_forms.form(json.loads(stored)) == stored
    event = read_event(json.loads(stored), stored)
    assert path.name == f"{event.type}.v{type(event.data).schema_version}.json"


def test_no_stored_field_or_code_was_renamed_or_removed() -> None:
    kept, now = json.loads(NAMES.read_text(encoding="utf-8")), names()
    gone = {
        kind: sorted(set(known) - set(now.get(kind, [])) - NEEDED_ONCE.get(kind, set())) for kind, known in kept.items()
    }
    new = {kind: sorted(set(known) - set(kept.get(kind, []))) for kind, known in now.items()}
    assert {kind: lost for kind, lost in gone.items() if lost} == {}, "what was stored once is read for ever"
    assert {kind: added for kind, added in new.items() if added} == {}, ADD


def test_only_what_is_missing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_forms, "STORED", tmp_path)
    monkeypatch.setattr(stored_forms, "NAMES", tmp_path / "names.json")
    (tmp_path / "RoleTaken.v1.json").write_text("as it was", encoding="utf-8")
    (tmp_path / "names.json").write_text('{"RoleTaken": ["actor", "formerly"]}', encoding="utf-8")

    added = stored_forms.write_missing()

    assert "RoleTaken.v1.json" not in added
    assert "RoleEnded.v1.json" in added
    assert (tmp_path / "RoleTaken.v1.json").read_text(encoding="utf-8") == "as it was"
    assert json.loads((tmp_path / "names.json").read_text(encoding="utf-8"))["RoleTaken"][:3] == [
        "actor",
        "formerly",
        "role",
    ]
    assert stored_forms.write_missing() == []
