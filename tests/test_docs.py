"""The documents say what the code says, and their links lead somewhere."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from docs import interfaces
from docs.generate import GLOSSARY, MARKER, codes_markdown, events_markdown, findings_markdown, glossary_markdown, words
from domain import general, revisions
from domain.findings.rules import RULES
from domain.vocabulary import FAMILY_EVENTS, PAYLOADS, read_event

ROOT = Path(__file__).parent.parent
EVENTS = ROOT / "docs" / "events.md"
FINDINGS = ROOT / "docs" / "findings.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("seeds/*.md")])
INDEX = ROOT / "docs" / "README.md"


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(
        r"^#{1,6} (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_events_md_is_current() -> None:
    current = EVENTS.read_text(encoding="utf-8")
    assert current == events_markdown(), "run `uv run python -m docs.generate > docs/events.md` and commit the change"


def test_findings_md_is_current() -> None:
    current = FINDINGS.read_text(encoding="utf-8")
    assert current == findings_markdown(), (
        "run `uv run python -m docs.generate findings > docs/findings.md` and commit the change"
    )


def test_each_rule_is_told_once() -> None:
    told = findings_markdown()
    for rule in RULES.values():
        section = told.partition(f"\n### {rule.name}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
        assert rule.looks_at in " ".join(section.split())
        assert ("Of data quality." in section) == rule.data_quality
    assert told.count("\n### ") == len(RULES)


def test_glossary_md_is_current() -> None:
    current = GLOSSARY.read_text(encoding="utf-8")
    assert MARKER in current
    assert current == glossary_markdown(current), "run `uv run python -m docs.generate glossary` and commit the change"


@pytest.mark.parametrize("document", interfaces.DOCUMENTS, ids=lambda path: path.name)
def test_tables_of_settings_commands_and_operations_are_current(document: Path) -> None:
    current = document.read_text(encoding="utf-8")
    assert interfaces.MARKER in current
    assert current == interfaces.renewed(document), "run `uv run python -m docs.interfaces` and commit the change"


def test_what_is_written_by_hand_in_the_glossary_stays() -> None:
    written = glossary_markdown(f"# Mine\n\n{MARKER}\n\nold codes\n")
    assert written == f"# Mine\n\n{MARKER}\n\n{codes_markdown()}"


def section(name: str) -> str:
    _, found = events_markdown().split(f"\n### {name}\n")
    return found.partition("\n### ")[0].partition("\n## ")[0]


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_event_type_is_told_with_its_fields_and_an_example(name: str) -> None:
    payload, told = PAYLOADS[name], section(name)
    rows = [line for line in told.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(payload.model_fields)
    assert {row.split("`")[1] for row in rows if "| yes |" in row} == {
        field for field, info in payload.model_fields.items() if info.is_required()
    }
    assert json.loads(told.partition("```json\n")[2].partition("```")[0]) == payload.example


def test_the_envelope_is_told_with_a_whole_event() -> None:
    envelope = events_markdown().partition("## The envelope")[2].partition("\n## ")[0]
    wire: dict[str, Any] = json.loads(envelope.partition("```json\n")[2].partition("```")[0])
    assert read_event(wire, json.dumps(wire)).type == wire["type"]


def test_every_family_opens_with_its_opening() -> None:
    told = events_markdown()
    for events in [*FAMILY_EVENTS.values(), general.EVENTS, revisions.EVENTS]:
        found = [told.index(f"\n### {payload.__name__}\n") for payload in events]
        assert found == sorted(found)
    assert told.count("The opening of its family") == len(FAMILY_EVENTS)


def test_a_type_that_has_no_words_yet_is_not_passed_over() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert words(Colour) == "[Colour](glossary.md#colour)"
    with pytest.raises(NotImplementedError, match="no words"):
        words(complex)


def test_a_heading_of_the_glossary_stands_once() -> None:
    headings = re.findall(r"^### (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) == len({heading.lower() for heading in headings})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", without_code(text)):
        file, _, anchor = target.partition("#")
        path = (document.parent / file).resolve() if file else document
        assert path.exists(), f"{document.name} links to {target}, which is not there"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{document.name} links to {target}"


def test_the_index_lists_every_document() -> None:
    listed = {
        (INDEX.parent / target.partition("#")[0]).resolve()
        for target in re.findall(r"\]\(([^)\s]+)\)", INDEX.read_text(encoding="utf-8"))
    }
    assert [str(path.relative_to(ROOT)) for path in DOCUMENTS if path not in {INDEX, *listed}] == []
