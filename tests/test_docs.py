"""The documents say what the code says, and their links lead somewhere."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from docs import generate
from docs.vocabulary import events_markdown, findings_markdown, words
from domain import general, revisions
from domain.families import FAMILY_EVENTS
from domain.findings.rules import RULES
from domain.vocabulary import PAYLOADS, read_event

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("seeds/*.md"), *ROOT.glob("findings/*.md")]
)
INDEX = ROOT / "docs" / "README.md"


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(
        r"^#{1,6} (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", generate.DOCUMENTS, ids=lambda path: path.name)
def test_what_is_generated_is_current(document: Path) -> None:
    current = document.read_text(encoding="utf-8")
    assert generate.MARKER in current or document.name in generate.WHOLE
    assert current == generate.renewed(document), "run `uv run python -m docs.generate` and commit the change"


def test_what_is_written_by_hand_above_the_marker_stays() -> None:
    text = f"# Mine\n\n{generate.MARKER}\n\nold codes\n"
    assert generate.below_marker(text, "new codes\n") == f"# Mine\n\n{generate.MARKER}\n\nnew codes\n"


def test_each_rule_is_told_once() -> None:
    told = findings_markdown()
    for rule in RULES.values():
        section = told.partition(f"\n### {rule.name}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
        assert rule.looks_at in " ".join(section.split())
        assert ("Of data quality." in section) == rule.data_quality
    assert told.count("\n### ") == len(RULES)


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


# --- architecture -----------------------------------------------------------------------------------------


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = ("domain", "ledger", "projections", "api")


def test_the_modules_that_the_architecture_names_exist() -> None:
    named = set(re.findall(rf"\b(?:{'|'.join(PACKAGES)})/[\w/]*(?:\.py)?", ARCHITECTURE))
    assert {path.partition("/")[0] for path in named if path.endswith(".py")} == set(PACKAGES)
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_functions_and_classes_that_the_architecture_names_are_in_their_modules() -> None:
    named = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", ARCHITECTURE)
    assert len(named) >= 10
    for name, path in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^ *(async )?(def|class) {name}\b", source, re.MULTILINE), f"{path} has no {name}"


def test_the_architecture_names_every_room() -> None:
    rooms = {path.parent.relative_to(ROOT) for package in PACKAGES for path in ROOT.glob(f"{package}/*/__init__.py")}
    assert rooms
    assert [str(room) for room in sorted(rooms) if f"{room}/" not in ARCHITECTURE] == []
