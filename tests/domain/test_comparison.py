"""Which texts are one: spelling that cannot be seen does not tell two things apart, letters do."""

from __future__ import annotations

import sys
from unicodedata import category, normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.comparison import comparable, is_blank

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
DIFFICULT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "iıİIjßςΣẞǰΐᾳŐé\u0301\u0307\u0323\u0345\u0327\u0654\u0670 \u00a0\u2028\u200b\u200d\ufeff\u00ad"
        ),
        st.sampled_from("أإآٱاىيیةهكک가ᄀ\u1161\u11a8ﬁﷲ\u2000\u034f\ufe0f\U000e0041"),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("déplacés", "de\u0301place\u0301s"),
        ("ê kurdî", "e\u0302 kurdi\u0302"),
        ("أهالي", "ا\u0654هالي"),
        ("в Сочи", "В СОЧИ"),
        ("Йемен", "и\u0306емен"),
        ("Weißenburg", "WEISSENBURG"),
        ("ﬁrst", "First"),
        ("Σάμος", "ΣΆΜΟΣ"),
        ("İdlib", "idlib"),
        ("İdlib", "I\u0307dlib"),
        ("İDLİB", "idlib"),
        ("Vrbov\u00a0", "  vrbov"),
        ("red \t\u00a0\u2009 bridge", "Red bridge"),
        ("red\u2028bridge", "red bridge"),
        ("red\u2029\n\u3000bridge", "red bridge"),
        ("red\u2800bridge", "red bridge"),
        ("red\u1680\u205f\u202f\x85bridge", "red bridge"),
        ("mill\u200bbridge", "millbridge"),
        ("\ufeffmill", "mill"),
        ("mi\u00adll", "mill"),
        ("mill\u2060", "mill"),
        ("\u200fالجسر\u200e", "الجسر"),
        ("\u2067الجسر\u2069", "الجسر"),
        ("\u202bالجسر\u202c", "الجسر"),
        ("\u061cالجسر", "الجسر"),
        ("خان\u200cها", "خانها"),
        ("کورد\u200dستان", "کوردستان"),
        ("mill" + "".join(chr(0xE0000 + ord(c)) for c in "hidden"), "mill"),
        ("辻\U000e0100", "辻"),
        ("☎\ufe0f", "☎"),
        ("mi\u034fll", "mill"),
        ("mill\u3164", "mill"),
        ("mi\x00\x1bll\x7f", "mill"),
        ("Mill\x1fBridge", "mill bridge"),
    ],
)
def test_one_thing(text: str, other: str) -> None:
    assert comparable(text) == comparable(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("الإدارة", "الادارة"),
        ("أحمد", "احمد"),
        ("آمد", "امد"),
        ("مدرسة", "مدرسه"),
        ("مصطفى", "مصطفي"),
        ("یزد", "يزد"),
        ("کرمان", "كرمان"),
        ("حـلب", "حلب"),
        ("حَلَب", "حلب"),
        ("تولێ", "تولی"),
        ("Ёлка", "Елка"),
        ("Réseau", "Reseau"),
        ("Diyarbakır", "Diyarbakir"),
        ("Şırnak", "Sirnak"),
        ("Łódź", "Lodz"),
        ("Da'el", "Dael"),
        ("Da'el", "Da’el"),
        ("Al-Tanf", "Al Tanf"),
        ("Al-Tanf", "Al–Tanf"),
        ("حي ٣", "حي 3"),
        ("حي ٣", "حي ۳"),
        ("red bridge", "redbridge"),
        ("خان\u200cها", "خان ها"),
        ("\ufefb", "لا"),
        ("ｍｉｌｌ", "mill"),
        ("i\u0301\u0307", "i\u0301"),
        ("e\u0307", "e"),
        ("mill.", "mill"),
    ],
)
def test_two_things(text: str, other: str) -> None:
    assert comparable(text) != comparable(other)


def test_the_form_reads_as_the_text() -> None:
    assert comparable(" The  Réseau\u200b of\u00a0the NORTH ") == "the réseau of the north"
    assert comparable("i\u0323\u0307") == "ị", "the dot below stays, the one above cannot be told from its own"
    assert comparable("i\u0307\u0307\u0301") == "í"
    assert comparable("Łódź\u0307") == "łódź\u0307"


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u00a0\u3000", "\u200b", "\ufeff\u2060", "\u200f \u200e", "\u00ad", "\U000e0041", "\u2028", "\u3164"],
)
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["-", ".", "\u0301", "٠", "0", "\u0640", "؀", "'", "🙂"])
def test_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_all_white_space_is_one() -> None:
    assert {comparable(f"a{c}{c}b{c}") for c in CHARACTERS if c.isspace()} == {"a b"}


def test_letters_digits_and_signs_are_seen() -> None:
    """What is blank has no letter in it, but for the fillers of Hangul and Khmer's inherent vowels."""
    blank = {c for c in CHARACTERS if category(c)[0] in "LNPSM" and is_blank(c) and category(c) != "Mn"}
    assert blank == {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}


def test_formats_are_unseen_but_those_that_draw_something() -> None:
    seen = {c for c in CHARACTERS if category(c) == "Cf" and not is_blank(c)}
    assert {hex(ord(c)) for c in seen if ord(c) < 0x10000} == {
        *(hex(code) for code in range(0x600, 0x606)),  # signs around a number
        "0x6dd",
        "0x70f",
        "0x890",
        "0x891",
        "0x8e2",
    }


def test_every_letter_is_one_with_its_capital_but_the_dotless_i() -> None:
    apart = {c for c in CHARACTERS if not comparable(c) == comparable(c.upper()) == comparable(c.lower())}
    assert apart == {"ı"}


@given(DIFFICULT)
@example("\u03b1\u0301\u0345")
@example("i\u034f\u0307")
@example("\u1100\u200b\u1161")
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@given(DIFFICULT, st.sampled_from(("NFC", "NFD")))
@example("\u1fb3\u0301", "NFD")
@example("a\u200b\u0323\u0301", "NFD")
@example("a\u0301\u200b\u0323", "NFC")
def test_equivalent_texts_have_one_form(text: str, form: str) -> None:
    assert comparable(normalize(form, text)) == comparable(text)  # type: ignore[arg-type]


@given(DIFFICULT)
def test_the_form_is_composed_folded_and_trimmed(text: str) -> None:
    form = comparable(text)
    assert form == normalize("NFC", form)
    assert form == " ".join(form.split())
    assert is_blank(text) == (form == "")


@pytest.mark.parametrize("times", [1, 299, 300, 301, 10_000])
def test_long_texts_are_compared_as_short_ones(times: int) -> None:
    assert comparable("\u200bÉ" * times) == "é" * times
    assert comparable("Wire " * times) == " ".join(["wire"] * times)
