"""What is found by what is typed, in the scripts and transliterations in which names of places and parties come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparison import comparable
from domain.searching import Rank, matches, search_key, search_terms, search_text

CHARACTERS = st.one_of(
    st.characters(codec="utf-8"),
    st.sampled_from("aIıİłØß'’ʿ- ./\u0301\u0306\u0308\u200c\u00ad´ﬁ²"),
    st.sampled_from("أإآٱاىيیئةهھەکكڪـءؤوۆحَ٣۳ﻻﷲиеЁйЙїўі"),
)
TEXTS = st.text(CHARACTERS, max_size=10)
NAMES = st.lists(
    st.sampled_from(("al", "Al-Tanf", "altanf", "deir", "ez", "zor", "-", "R 5", "é'", "sy03")), max_size=4
)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        # Arabic
        ("الأمم المتحدة", "الامم المتحده"),
        ("إدلب", "ادلب"),
        ("آمد", "امد"),
        ("ٱلسلام", "السلام"),
        ("القنيطرة", "القنيطره"),
        ("مصطفى", "مصطفي"),
        ("شؤون", "شوون"),
        ("لجنة الطوارئ", "لجنه الطواري"),
        ("صنعاء", "صنعا"),
        ("حـــلب", "حلب"),
        ("حَلَبُ", "حلب"),
        ("مُحَمَّد", "محمد"),
        ("هٰذا", "هذا"),
        ("ﻻذقية", "لاذقية"),
        ("حي ٤٥", "حي 45"),
        ("\u200fدير الزور\u200f", "دير الزور"),
        # Persian, Dari, Urdu
        ("کرمانشاه", "كرمانشاه"),
        ("یزد", "يزد"),
        ("خان\u200cآباد", "خاناباد"),
        ("منطقهٔ ۵", "منطقه 5"),
        ("خانۀ صلح", "خانه صلح"),
        ("کوئٹہ", "كويٹه"),
        # Kurdish
        ("کۆبانێ", "كوباني"),
        ("ھەولێر", "هەولیر"),
        ("ڕانیە", "رانيه"),
        ("گەڵی", "گهلي"),
        ("Kobanê", "kobane"),
        ("Şengal", "sengal"),
        ("Amûdê", "amude"),
        ("Dêrîk", "derik"),
        # Turkish, Azerbaijani
        ("Diyarbakır", "DIYARBAKIR"),
        ("DİYARBAKIR", "diyarbakir"),
        ("Şırnak", "sirnak"),
        ("Iğdır", "igdir"),
        ("Çukurca", "cukurca"),
        ("Gümüşhane", "gumushane"),
        ("Əliabad", "eliabad"),
        # Russian, Ukrainian, Belarusian
        ("Орёл", "орел"),
        ("Дама́ск", "дамаск"),
        ("СЁЛА", "села"),
        ("Йемен", "и\u0306емен"),
        # Latin letters
        ("Réseau du Nord", "reseau du nord"),
        ("Đakovica", "dakovica"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("Weißenburg", "weissenburg"),
        ("Điện Biên", "dien bien"),
        ("Ɓurkina", "burkina"),
        ("São João", "Sao Joao"),
        ("ｍｉｌｌ", "mill"),
        # transliterations
        ("Da'el", "dael"),
        ("Da’el", "daʿel"),
        ("Ma`arrat an-Nuʿmān", "maarrat an numan"),
        ("Ḥawrān", "hawran"),
        ("aṭ-Ṭabqa", "at tabqa"),
        ("Ruḥayba", "ruhayba"),
        ("Saʼada", "saada"),
        ("Sa´ada", "saada"),
        ("Saᶜada", "saada"),
        ("Qurʾān", "quran"),
        ("Deir ez-Zor", "deir ez zor"),
        ("Deir ez‑Zor", "DEIR EZ—ZOR"),
        ("UA.05", "ua 05"),
        ("St. Mary (north)", "st mary north"),
        ("the “Red Bridge”", "the red bridge"),
        # other scripts
        ("Δελφοί", "δελφοι"),
        ("שָׁלוֹם", "שלום"),
        ("বাংলা ১২", "বাংলা 12"),
    ],
)
def test_what_is_typed_is_what_is_written(written: str, typed: str) -> None:
    assert search_key(written) == search_key(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بحر", "نحر"),
        ("پارس", "بارس"),
        ("چمن", "جمن"),
        ("گنجه", "كنجه"),
        ("صور", "سور"),
        ("Йемен", "Иемен"),
        ("Їжа", "Іжа"),
        ("воўк", "воук"),
        ("कल", "कुल"),
        ("မန", "မိန"),
        ("Homs", "Hims"),
        ("Deir", "Dayr"),
        ("mill 1", "mill 7"),
        ("mill", ""),
    ],
)
def test_letters_that_are_none_of_these_tell_apart(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


def test_the_key_is_words_of_letters_and_digits() -> None:
    assert search_key(" Ma'arrat–an-Nuʿmān (north), 2 ") == "maarrat an numan north 2"
    assert search_terms("Zor,  deir-ez deir") == {"zor", "deir", "ez"}
    assert search_key("- “…” '") == ""


@pytest.mark.parametrize(
    ("query", "rank"),
    [
        ("deir ez-zor", Rank.EXACT),
        ("DEIR EZZOR", Rank.EXACT),
        ("Deir-ez-Zor", Rank.EXACT),
        ("دير الزور", Rank.EXACT),
        ("deir", Rank.PREFIX),
        ("deir e", Rank.PREFIX),
        ("deirez", Rank.PREFIX),
        ("دير", Rank.PREFIX),
        ("zor", Rank.TERMS),
        ("ezzor", Rank.TERMS),
        ("zor deir", Rank.TERMS),
        ("ez zor deir", Rank.TERMS),
        ("eir", Rank.TERMS),
        ("الزور دير", Rank.TERMS),
        ("rez", None),
        ("deir homs", None),
        ("deir الزور", None),
        ("", None),
        ("  -", None),
        ("\u200b", None),
    ],
)
def test_an_exact_name_stands_before_a_beginning_before_the_rest(query: str, rank: Rank | None) -> None:
    assert matches(query, ["Deir ez-Zor", "دير الزور"]) == rank


def test_the_best_name_speaks() -> None:
    assert matches("mill", ["The mill", "Mill", "Mill road"]) is Rank.EXACT
    assert matches("mill", ["The mill", "Mill road"]) is Rank.PREFIX
    assert matches("mill", []) is None
    assert sorted(Rank) == [Rank.EXACT, Rank.PREFIX, Rank.TERMS]


def test_a_code_is_found_as_it_is_written_anywhere() -> None:
    assert matches("SY0304", ["Ruhaiba", "SY0304"]) is Rank.EXACT
    assert matches("sy03", ["Ruhaiba", "SY0304"]) is Rank.PREFIX
    assert matches("ua05", ["UA.05"]) is Rank.EXACT


@given(TEXTS)
def test_a_key_is_its_own_key(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


@given(TEXTS)
def test_texts_that_compare_as_one_are_searched_as_one(text: str) -> None:
    assert search_key(comparable(text)) == search_key(text)
    assert search_key(text.upper()) == search_key(text.upper().lower())


@given(TEXTS)
def test_what_has_a_key_is_found_by_itself(text: str) -> None:
    assert matches(text, ["other", text]) == (Rank.EXACT if search_key(text) else None)


@given(st.one_of(TEXTS, NAMES.map(" ".join)), st.lists(st.one_of(TEXTS, NAMES.map(" ".join)), max_size=3))
def test_what_is_found_is_in_the_text_that_is_kept(query: str, names: list[str]) -> None:
    if matches(query, names) is not None:
        assert all(term in search_text(names) for term in search_terms(query))


@given(NAMES)
def test_the_order_of_words_does_not_matter(words: list[str]) -> None:
    query = " ".join(words)
    assert search_terms(query) == search_terms(" ".join(reversed(words)))
    names = ["deir ez zor al tanf altanf sy03 r 5 e"]
    assert (matches(query, names) is None) == (matches(" ".join(reversed(words)), names) is None)


def test_the_text_that_is_kept_holds_each_form_once() -> None:
    assert search_text(["Deir ez-Zor", "DEIR EZ ZOR", "Deirezzor", "-"]) == "deir ez zor\ndeirezzor"
