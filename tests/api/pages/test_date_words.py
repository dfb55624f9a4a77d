"""Dates as people write them: what is read, and what is left alone because it could be two."""

from __future__ import annotations

import pytest

from api.pages.date_words import as_edtf


@pytest.mark.parametrize(
    ("typed", "edtf"),
    [
        ("2017-10-29", "2017-10-29"),
        ("../2017-10-27", "../2017-10-27"),
        ("29 October 2017", "2017-10-29"),
        ("October 29th, 2017", "2017-10-29"),
        ("29 Oct. 2017", "2017-10-29"),
        ("Sept 2017", "2017-09"),
        ("2017", "2017"),
        ("29.10.2017", "2017-10-29"),
        ("1.2.2017", "2017-02-01"),
        ("2017/10/29", "2017-10-29"),
        ("29/10/2017", "2017-10-29"),
        ("10/29/2017", "2017-10-29"),
        ("3/3/2017", "2017-03-03"),
        ("about 27 October 2017", "2017-10-27~"),
        ("not after 27 Oct 2017", "../2017-10-27"),
        ("since October 2017", "2017-10/.."),
        ("from 27 October 2017 to 2 November 2017", "2017-10-27/2017-11-02"),
        ("27 to 29 October 2017", "2017-10-27/2017-10-29"),
        ("27-29 October 2017", "2017-10-27/2017-10-29"),
        ("27 October to 2 November 2017", "2017-10-27/2017-11-02"),
        ("29 октября 2017 г.", "2017-10-29"),
        ("октябрь 2017 года", "2017-10"),
        ("около 27 окт. 2017", "2017-10-27~"),
        ("с 27 по 29 октября 2017", "2017-10-27/2017-10-29"),
        ("٢٩ أكتوبر ٢٠١٧", "2017-10-29"),
        ("٢٩ تشرين الأول ٢٠١٧", "2017-10-29"),
        ("حتى 27 أكتوبر 2017", "../2017-10-27"),
    ],
)
def test_a_date_is_read_as_it_is_written(typed: str, edtf: str) -> None:
    assert as_edtf(typed) == edtf


@pytest.mark.parametrize(
    "typed", ["3/4/2017", "yesterday", "31 February 2017", "29 October", "29 Foo 2017", "29.13.2017"]
)
def test_what_could_be_two_dates_or_none_is_left_alone(typed: str) -> None:
    assert as_edtf(typed) == typed
