"""The catalogues: what they translate is what the code says, in every form that a language has."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from api.wording import words
from api.wording.finding_sentences import sentence
from api.wording.language import CATALOGUES, HELP, LANGUAGES, TERM, catalogue, say, say_number, speaking, term
from docs.catalogues import explanations, field_names, phrases, terms, written
from domain.findings.wording import amount_of
from domain.values import Qualifier, Quantity

TRANSLATED = [code for code in LANGUAGES if code != "en"]
FORMS = {"ar": 6, "ru": 4}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_keeps_the_places_of_its_phrase(code: str) -> None:
    for (context, english), forms in catalogue(code).phrases.items():
        for form in forms:
            if context is None:
                assert places(form) <= places(english), (english, form)
                assert len(forms) > 1 or places(form) == places(english), (english, form)
                assert len(english) - len(english.lstrip()) <= 0 or form[:1] in " ،,؛;" or not form.strip(), english
        assert len(forms) in (1, FORMS[code])


@pytest.mark.parametrize("code", TRANSLATED)
def test_nearly_all_is_translated(code: str) -> None:
    known = catalogue(code).phrases
    used = {phrase if isinstance(phrase, str) else phrase[0] for phrase in phrases()}
    missing = [phrase for phrase in used if (None, phrase) not in known]
    assert len(missing) < len(used) / 4, missing
    coded = set(terms())
    assert len([word for word in coded if (TERM, word) not in known]) < len(coded) / 5


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_field_of_a_form_and_each_explanation_is_translated(code: str) -> None:
    known = catalogue(code).phrases
    assert [text for text in explanations() if (HELP, text) not in known] == [], "translate them"
    with speaking(LANGUAGES[code], apart=False):
        assert {name for name in field_names() if words.field_name(name) == name} == set()
    for (context, english), (told, *_) in known.items():
        if context == HELP:  # names and codes stay as they are
            assert sorted(re.findall("`([^`]*)`", told)) == sorted(re.findall("`([^`]*)`", english)), english


@pytest.mark.parametrize("code", TRANSLATED)
def test_bringing_a_catalogue_up_to_date_keeps_what_is_translated(code: str) -> None:
    used = {phrase if isinstance(phrase, str) else phrase[0] for phrase in phrases()}
    fresh = read_po(BytesIO(written(CATALOGUES / f"{code}.po")), locale=code)
    kept = {one.id if isinstance(one.id, str) else one.id[0] for one in fresh if one.string and not one.context}
    assert {english for context, english in catalogue(code).phrases if context is None and english in used} <= kept


def test_numbers_take_the_form_of_the_language() -> None:
    report = "{number} report", "{number} reports"
    with speaking(LANGUAGES["ar"], apart=False):
        told = [say_number(*report, number) for number in (0, 1, 2, 3, 11, 100)]
        assert len(set(told)) == 6
        assert told[2] == "تقريران"
        assert words.when("2017-10-29") == "29 أكتوبر 2017"
    with speaking(LANGUAGES["ru"], apart=False):
        assert [say_number(*report, number) for number in (1, 2, 5, 21)] == [
            "1 сообщение",
            "2 сообщения",
            "5 сообщений",
            "21 сообщение",
        ]
        assert words.quantity({"value": 20000.5, "qualifier": "about"}) == "около 20\u00a0000,5 чел."
        assert term("a word of somebody's") == "a word of somebody's"
    assert say("since {date}", date="x") == "since x"
    assert [say_number(*report, number) for number in (1, 2)] == ["1 report", "2 reports"]


def test_what_is_counted_takes_the_form_of_its_number() -> None:
    with speaking(LANGUAGES["ar"], apart=False):
        told = [words.quantity({"value": number}) for number in (5, 11, 100, 19_000)]
        assert told == ["5 أشخاص", "11 شخصًا", "100 شخص", "19,000 شخص"]
        assert words.quantity({"low": 3, "high": 14}) == "3 إلى 14 شخصًا"
        assert words.quantity({"qualifier": "several"}) == "عدة أشخاص"
        assert sentence(amount_of(Quantity(value=17_100, qualifier=Qualifier.UP_TO)), {}) == "0 إلى 17,100 شخص"
    with speaking(LANGUAGES["ru"], apart=False):
        trucks = [words.quantity({"value": number, "unit": "trucks"}) for number in (1, 3, 7, 21)]
        assert trucks == ["1 грузовик", "3 грузовика", "7 грузовиков", "21 грузовик"]
    assert words.quantity({"value": 1, "unit": "trucks"}) == "1 trucks"
