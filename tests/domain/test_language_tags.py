"""Language tags by the grammar of RFC 5646: those of its appendix, and texts that are none."""

from __future__ import annotations

import re

import pytest

from domain.language_tags import GRAMMAR, TAG_PATTERN, is_language_tag

TAGS = [
    "en",
    "ar",
    "ar-Latn",
    "sr-Latn-RS",
    "de-CH-1996",
    "x-local",
    "EN",
    "zh-cmn-Hans-CN",
    "sl-rozaj-biske",
    "en-a-bbb-x-a-ccc",
    "i-klingon",
    "es-419",
    "hy-Latn-IT-arevela",
    "en-US-u-islamcal",
    "art-lojban",
    "kmr",
    "de-DE-u-co-phonebk",
    "sgn-BE-FR",
    "qaa-Qaaa-QM-x-southern",
]
NO_TAGS = ["", "e", "en_US", "en-", "-en", "en--US", "en-Latn-Latn", "de-1996-1996", "en-a-bb-a-cc", "12", "en-12"]
NO_TAGS += ["a-DE", "en-x", "ar-Arab-Arab", "de-419-DE", "x", "é", "\u212aur", "en\n", "abcdefghi", "en us"]


@pytest.mark.parametrize("tag", TAGS)
def test_what_the_grammar_allows(tag: str) -> None:
    assert is_language_tag(tag)
    assert re.match(TAG_PATTERN, tag)
    assert re.match(GRAMMAR, tag)


@pytest.mark.parametrize("text", NO_TAGS)
def test_what_it_does_not(text: str) -> None:
    assert not is_language_tag(text)
