"""What findings say, in each language: by their rules, never word for word from a finished English text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.wording import words
from api.wording.finding_sentences import sentence
from api.wording.language import APART, LANGUAGES, REJOINED, TERM, catalogue, speaking
from docs.catalogues import sentences, stages
from domain.findings.processes import silence
from domain.findings.reports import of_disputes
from domain.sentences import Sentence, Term, told
from domain.values import EventId, Subject
from projections.queries.findings import all_findings
from tests.projections import world
from tests.seeds.reading import SEEDS, lines_of

if TYPE_CHECKING:
    from projections.answers.explanations import ActorName

ONE, OTHER = EventId(UUID(int=1)), EventId(UUID(int=2))
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def parts(text: str) -> Iterator[str]:
    """A sentence, and all that stands in it."""
    yield text
    for one in text.values.values() if isinstance(text, Sentence) else ():
        yield from parts(one)


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_phrase_in_which_a_rule_tells_is_translated(code: str) -> None:
    known = catalogue(code).phrases
    english = [one if isinstance(one, str) else one[0] for one in sentences()]
    assert [one for one in english if (None, one) not in known] == [], "translate them"
    assert [stage for stage in stages() if (TERM, stage) not in known] == [], "translate them"


@pytest.mark.parametrize("code", TRANSLATED)
def test_nothing_of_ours_is_left_in_english_in_the_findings_of_the_demonstration(code: str) -> None:
    history = [json.loads(line) for path in sorted(SEEDS.glob("*.ndjson")) for line in lines_of(path.name)]
    with world.reading(*history) as reading:
        page, names = all_findings(reading, datetime.now(UTC), None, None, None, 500)
    known = catalogue(code).phrases
    assert len({finding["rule"] for finding in page.items}) >= 8
    for finding in page.items:
        for part in parts(finding["text"]):
            match part:
                case Sentence():
                    assert (None, part.phrase) in known, part.phrase
                case Term():
                    assert (TERM, part) in known or words.spoken(part) != part, part
                case _:
                    assert finding["text"] != part, f"{finding['rule']} tells in English alone"
        with speaking(LANGUAGES[code], apart=False):
            assert sentence(finding["text"], names["actors"]) != finding["text"]


def test_numbers_dates_and_names_are_told_as_the_language_has_them() -> None:
    (finding,) = silence("first", ["open"], "2017-10-27")
    told_in = {}
    for code, language in LANGUAGES.items():
        with speaking(language, apart=False):
            told_in[code] = sentence(finding.text, {})
    assert told_in == {
        "en": "Nothing has been heard of the process since 27 Oct 2017, for more than 14 days.",
        "ar": "لم يُسمع شيء عن العملية منذ 27 أكتوبر 2017، لأكثر من 14 يومًا.",
        "ru": "О процессе ничего не слышно с 27 окт. 2017, больше 14 дней.",
    }
    (finding,) = of_disputes(Subject("talks/first"), [(ONE, OTHER, "actors/army")])
    actors: dict[str, ActorName] = {"army": {"label": "the army"}}
    with speaking(LANGUAGES["ru"], apart=False):
        assert sentence(finding.text, actors) == "Сообщённое оспаривает the army; в силе и то, и другое."


def test_a_name_is_set_apart_on_a_page_and_is_never_a_phrase() -> None:
    hostile = "is judged to be blocked {0} {who}"
    with speaking(LANGUAGES["ru"]):
        said = sentence(told("{who} disputes what is reported; both stand.", who=hostile), {})
        assert said == f"Сообщённое оспаривает {APART}{hostile}{REJOINED}; в силе и то, и другое."
        assert sentence(Term("no code of ours"), {}) == f"{APART}no code of ours{REJOINED}"
