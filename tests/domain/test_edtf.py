"""`When`: what is accepted with which bounds, what is refused with which advice, and the laws of `precedes`."""

import copy
import json
import pickle
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from edtf import parse_edtf
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from domain.edtf import BEGINNING, END, FORM, MAX_LENGTH, Day, Span, When

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def second(text: str) -> int:
    """An instant, or the first second of a day, in seconds since 1970."""
    instant = datetime.fromisoformat(text)
    return (instant.replace(tzinfo=instant.tzinfo or UTC) - EPOCH) // timedelta(seconds=1)


def spanning(first: str | None, last: str | None) -> Span:
    earliest = BEGINNING if first is None else second(first)
    return Span(earliest, END if last is None else second(last) + 86_399, timed=False)


def test_the_ends_of_time() -> None:
    assert second("0001-01-01T00:00:00Z") == BEGINNING
    assert second("9999-12-31T23:59:59Z") == END


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2017-10-29", "2017-10-29", "2017-10-29"),
        ("1969-12-31", "1969-12-31", "1969-12-31"),
        ("2016-02-29", "2016-02-29", "2016-02-29"),
        ("0001-01-01", "0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31", "9999-12-31"),
        ("2017-10", "2017-10-01", "2017-10-31"),
        ("2016-02", "2016-02-01", "2016-02-29"),
        ("9999-12", "9999-12-01", "9999-12-31"),
        ("2017", "2017-01-01", "2017-12-31"),
        ("2017-10-XX", "2017-10-01", "2017-10-31"),
        ("2017-XX", "2017-01-01", "2017-12-31"),
        ("2017-XX-XX", "2017-01-01", "2017-12-31"),
        ("201X", "2010-01-01", "2019-12-31"),
        ("20XX", "2000-01-01", "2099-12-31"),
        ("000X", "0001-01-01", "0009-12-31"),
        ("99XX", "9900-01-01", "9999-12-31"),
        ("2017-21", "2017-03-01", "2017-05-31"),
        ("2017-22", "2017-06-01", "2017-08-31"),
        ("2017-23", "2017-09-01", "2017-11-30"),
        ("2017-24", "2017-12-01", "2018-02-28"),
        ("9999-24", "9999-12-01", "9999-12-31"),
        ("2017-10-29~", "2017-10-28", "2017-10-30"),
        ("2017-10-29?", "2017-10-28", "2017-10-30"),
        ("2017-10-01%", "2017-09-30", "2017-10-02"),
        ("2017-10~", "2017-09-01", "2017-11-30"),
        ("2017-10-XX~", "2017-09-01", "2017-11-30"),
        ("2017-01?", "2016-12-01", "2017-02-28"),
        ("2017~", "2016-01-01", "2018-12-31"),
        ("2017-XX~", "2016-01-01", "2018-12-31"),
        ("201X~", "2000-01-01", "2029-12-31"),
        ("20XX~", "1900-01-01", "2199-12-31"),
        ("2017-24~", "2017-09-01", "2018-05-31"),
        ("0001-01-01~", "0001-01-01", "0001-01-02"),
        ("9999-12-31~", "9999-12-30", "9999-12-31"),
        ("0001~", "0001-01-01", "0002-12-31"),
        ("9999~", "9998-01-01", "9999-12-31"),
        ("2017-10-27/2017-10-29", "2017-10-27", "2017-10-29"),
        ("2017-10-27/2017-10-27", "2017-10-27", "2017-10-27"),
        ("2017-10-27/2017-10", "2017-10-27", "2017-10-31"),
        ("2017-10/2017-10-27", "2017-10-01", "2017-10-27"),
        ("2017-10-29~/2017-10-28", "2017-10-28", "2017-10-28"),
        ("2017-23/2018?", "2017-09-01", "2019-12-31"),
        ("2017-10-27/..", "2017-10-27", None),
        ("2017-10-27/", "2017-10-27", None),
        ("../2017-10-29", None, "2017-10-29"),
        ("/2017-10-29~", None, "2017-10-30"),
    ],
)
def test_dates_have_the_bounds_of_their_parts(text: str, first: str | None, last: str | None) -> None:
    assert When(text).span == spanning(first, last)
    assert When(text).days == (first, last)


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "days"),
    [
        ("2017-10-29T09:00:00Z", "2017-10-29T09:00:00Z", "2017-10-29T09:00:00Z", ("2017-10-29", "2017-10-29")),
        ("2017-10-29T09:00Z", "2017-10-29T09:00:00Z", "2017-10-29T09:00:59Z", ("2017-10-29", "2017-10-29")),
        ("2017-10-27T00:00:00.000Z", "2017-10-27T00:00:00Z", "2017-10-27T00:00:00Z", ("2017-10-27", "2017-10-27")),
        ("2017-10-27T00:00:00.0+03:00", "2017-10-26T21:00:00Z", "2017-10-26T21:00:00Z", ("2017-10-27", "2017-10-27")),
        (
            "2017-10-27T00:00:00.000000000-04:30/2017-10-27T00:00:00.000000000-05:00",
            "2017-10-27T04:30:00Z",
            "2017-10-27T05:00:00Z",
            ("2017-10-27", "2017-10-27"),
        ),
        ("../2017-10-27T00:00:00.000Z", "0001-01-01T00:00:00Z", "2017-10-27T00:00:00Z", (None, "2017-10-27")),
        ("2017-10-29T01:00:00+03:00", "2017-10-28T22:00:00Z", "2017-10-28T22:00:00Z", ("2017-10-29", "2017-10-29")),
        ("2017-10-29T09:00-12:00", "2017-10-29T21:00:00Z", "2017-10-29T21:00:59Z", ("2017-10-29", "2017-10-29")),
        ("0001-01-01T00:00+14:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", ("0001-01-01", "0001-01-01")),
        ("9999-12-31T23:59-12:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", ("9999-12-31", "9999-12-31")),
        (
            "2017-10-29T09:00:00+03:00/2017-10-29T14:00:00+03:00",
            "2017-10-29T06:00:00Z",
            "2017-10-29T11:00:00Z",
            ("2017-10-29", "2017-10-29"),
        ),
        ("2017-10-29T09:00Z/..", "2017-10-29T09:00:00Z", "9999-12-31T23:59:59Z", ("2017-10-29", None)),
        ("/2017-10-29T09:00Z", "0001-01-01T00:00:00Z", "2017-10-29T09:00:59Z", (None, "2017-10-29")),
        ("2017-10-29T09:00Z/2017-10-30", "2017-10-29T09:00:00Z", "2017-10-31T11:59:59Z", ("2017-10-29", "2017-10-30")),
        ("2017-10-28/2017-10-29T09:00Z", "2017-10-27T10:00:00Z", "2017-10-29T09:00:59Z", ("2017-10-28", "2017-10-29")),
        (  # in order as instants, though not as the days of their zones
            "2017-10-02T01:00+14:00/2017-10-01T12:00Z",
            "2017-10-01T11:00:00Z",
            "2017-10-01T12:00:59Z",
            ("2017-10-01", "2017-10-02"),
        ),
    ],
)
def test_instants_have_the_bounds_of_their_zone(
    text: str, earliest: str, latest: str, days: tuple[str | None, str | None]
) -> None:
    assert When(text).span == Span(second(earliest), second(latest), timed=True)
    assert When(text).days == days


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "bound it on one side"),
        ("..", "bound it on one side"),
        ("/", "bound it on one side"),
        ("../..", "bound it on one side"),
        ("../", "bound it on one side"),
        (" 2017-10-29", "leave out the space"),
        ("2017-10-29\n", "leave out the space"),
        ("٢٠١٧-١٠-٢٩", "digits 0-9"),
        ("2017-10-2٩", "digits 0-9"),
        ("2017–10", "the hyphen -"),
        ("27/10/2017", "YYYY-MM-DD"),
        ("10/27/17", "YYYY-MM-DD"),
        ("27.10.2017", "YYYY-MM-DD"),
        ("2017/10/27", "YYYY-MM-DD"),
        ("20171029", "YYYY-MM-DD"),
        ("20171029T0900Z", "YYYY-MM-DD"),
        ("2017-1-5", "two digits: 2017-01-05"),
        ("2017-10-5", "two digits: 2017-01-05"),
        ("Sunday", "write YYYY-MM-DD, YYYY-MM or YYYY"),
        ("201", "write YYYY-MM-DD, YYYY-MM or YYYY"),
        ("2017//2018", "one slash"),
        ("2017/2018/2019", "one slash"),
        ("0000", "0001 to 9999"),
        ("0000-01-01T00:00Z", "0001 to 9999"),
        ("-0044", "0001 to 9999"),
        ("+2017", "0001 to 9999"),
        ("10000", "0001 to 9999"),
        ("Y17000", "0001 to 9999"),
        ("2017/12017", "0001 to 9999"),
        ("2017-02-30", "not in the calendar: its month has the days 01 to 28"),
        ("2017-10-00", "its month has the days 01 to 31"),
        ("2017-02-29T09:00Z", "its month has the days 01 to 28"),
        ("2017-13", "months are 01 to 12"),
        ("2017-00-01", "months are 01 to 12"),
        ("2017-33", "levels 0 and 1 only"),
        ("2017-21-05", "without a day"),
        ("2017-21-XX", "without a day"),
        ("XXXX", "levels 0 and 1 only"),
        ("2XXX", "levels 0 and 1 only"),
        ("2017-1X", "levels 0 and 1 only"),
        ("2017-XX-05", "levels 0 and 1 only"),
        ("201X-05", "levels 0 and 1 only"),
        ("201x", "capital X"),
        ("201X/2020", "never stands in an interval"),
        ("2017-10-XX/..", "never stands in an interval"),
        ("?2017-10", "levels 0 and 1 only"),
        ("2017?-10", "levels 0 and 1 only"),
        ("2017-10?~", "% (both) stands once"),
        ("[2017-10,2017-11]", "levels 0 and 1 only"),
        ("{2017..2019}", "levels 0 and 1 only"),
        ("1950S2", "levels 0 and 1 only"),
        ("2017-10-29T09:00", "needs its zone"),
        ("2017-10-29T09:00:00", "needs its zone"),
        ("2017-10-29T09:00/2017-10-29T14:00Z", "needs its zone"),
        ("2017-10-29T09:00:00.5Z", "fraction"),
        ("2017-10-29T09:00:00.001Z", "only zeros"),
        ("2017-10-29T09:00:00.0000000000Z", "nine at most"),
        ("2017-10-29T09:00:00,000Z", "fraction"),
        ("2017-10-29T09:00:00.Z", "up to 23:59:59"),
        ("2017-10-29T09:00.000Z", "up to 23:59:59"),
        ("2017-10-29T09:00:00.000", "needs its zone"),
        ("2017-10-29T9:00Z", "2017-10-29T09:00Z"),
        ("2017-10-29 09:00Z", "2017-10-29T09:00Z"),
        ("2017-10-29T24:00Z", "up to 23:59:59"),
        ("2017-10-29T23:59:60Z", "up to 23:59:59"),
        ("2017-10-29T09:00+03", "+03:00"),
        ("2017-10-29T09:00+14:01", "-12:00 to +14:00"),
        ("2017-10-29T09:00-12:01", "-12:00 to +14:00"),
        ("2017-10-29T09:00Z~", "not of a time"),
        ("2017-10-27/P2D", "not a duration"),
        ("2017-10-29/2017-10-27", "swap its ends"),
        ("2018/2017-12-31", "ends before it begins"),
        ("2017-10-29T09:01Z/2017-10-29T11:00+03:00", "ends before it begins"),
        ("2017-10-" + "9" * 65, f"at most {MAX_LENGTH} characters, this has 73"),
    ],
)
def test_a_refusal_says_how_to_mend_the_text(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is the point
        When(text)
    assert advice in str(refused.value)


def test_qualifiers_of_any_part_show() -> None:
    assert [(When(t).approximate, When(t).uncertain) for t in ("2017", "2017~", "2017?/2018", "../2017%")] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("before", "after", "certainly"),
    [
        ("2017-10-28", "2017-10-29", True),
        ("2017-10-28", "2017-10-28", False),
        ("2017-10", "2017-10-29", False),
        ("2017-10-28~", "2017-10-29", False),
        ("../2017-10-28", "2017-10-29/..", True),
        ("2017-10-29T09:00Z", "2017-10-29T09:01Z", True),
        ("2017-10-29T09:00Z", "2017-10-29T12:00+03:00", False),
        ("2017-10-28", "2017-10-29T09:00Z", False),
        ("2017-10-28", "2017-10-29T14:00Z", True),
        ("2017-10-28T09:59:59Z", "2017-10-29", True),
        ("2017-10-28T10:00:00Z", "2017-10-29", False),
        ("2017-10-27T09:00Z/2017-10-28", "2017-10-29T11:59Z", False),
        ("2017-10-27T09:00Z/2017-10-28", "2017-10-29T12:00Z", True),
    ],
)
def test_only_what_is_certain_precedes(before: str, after: str, certainly: bool) -> None:
    assert When(before).span.precedes(When(after).span) is certainly


spans = st.builds(
    lambda start, size, timed: Span(start, start + size, timed),
    st.integers(-200_000, 200_000),
    st.integers(0, 100_000),
    st.booleans(),
)


@given(spans, spans, spans)
def test_to_precede_is_a_strict_partial_order(a: Span, b: Span, c: Span) -> None:
    assert not a.precedes(a)
    assert not (a.precedes(b) and b.precedes(a))
    if a.precedes(b) and b.precedes(c):
        assert a.precedes(c)


@given(st.data())
def test_a_chain_of_steps_stays_a_chain(data: st.DataObject) -> None:
    """The same law where its premise always holds, so that chance does not decide how often it is tested."""
    chain = [data.draw(spans)]
    for _ in range(2):
        last, timed = chain[-1], data.draw(st.booleans())
        start = last.latest + data.draw(st.integers(1, 10)) + (0 if timed == last.timed else 14 * 3600)
        chain.append(Span(start, start + data.draw(st.integers(0, 10)), timed))
        assert last.precedes(chain[-1])
    assert chain[0].precedes(chain[2])


days = st.dates(date(2017, 9, 1), date(2018, 3, 31)) | st.dates()
precise = st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([10, 7, 4]))
seasons = st.builds(lambda day, season: f"{day.year:04}-{season}", days, st.integers(21, 24))
unspecified = st.builds(
    lambda day, form: form.format(day.isoformat(), year=day.year),
    days,
    st.sampled_from(["{0:.3}X", "{0:.2}XX", "{0:.4}-XX", "{0:.4}-XX-XX", "{0:.7}-XX"]),
)
qualified = st.builds(str.__add__, precise | seasons, st.sampled_from("~?%"))
instants = st.builds(
    lambda at, offset, length, zeros: at.isoformat()[:length] + (zeros if length == 19 else "") + offset,
    st.datetimes(datetime(2017, 10, 1), datetime(2017, 10, 5)) | st.datetimes(),  # noqa: DTZ001
    st.sampled_from(["Z", "+00:00", "+03:00", "-04:30", "+14:00", "-12:00"]),
    st.sampled_from([19, 16]),
    st.sampled_from(["", "", ".0", ".000", ".000000000"]),
)


def in_order(a: str, b: str) -> str:
    return f"{a}/{b}" if When(a).span.earliest <= When(b).span.latest else f"{b}/{a}"


def intervals(ends: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    openings = st.sampled_from(["../{}", "{}/..", "/{}", "{}/"])
    return st.builds(in_order, ends, ends) | st.builds(str.format, openings, ends)


dates = precise | seasons | unspecified | qualified | st.builds(str.__add__, unspecified, st.sampled_from("~?%"))
edtf_texts = dates | intervals(precise | seasons | qualified)
texts = edtf_texts | instants | intervals(instants) | st.builds(in_order, precise, instants)


@given(texts)
def test_every_form_has_ordered_bounds_within_the_calendar(text: str) -> None:
    when = When(text)
    assert BEGINNING <= when.span.earliest <= when.span.latest <= END
    first, last = when.days
    assert first is None or last is None or first <= last
    assert when.span.timed == ("T" in text)
    if not when.span.timed:
        assert when.span == spanning(first, last)


@given(precise | seasons | unspecified, st.sampled_from("~?%"))
def test_a_qualifier_widens(text: str, qualifier: str) -> None:
    plain, wider = When(text).span, When(text + qualifier).span
    assert wider.earliest < plain.earliest or plain.earliest == BEGINNING
    assert wider.latest > plain.latest or plain.latest == END


@given(edtf_texts.filter(lambda text: not re.fullmatch("....-2.[~?%]", text)))
@settings(max_examples=150, deadline=None)
def test_another_reader_of_edtf_accepts_what_we_accept(text: str) -> None:
    """But for a qualified season, which it takes as the end of an interval only."""
    assert parse_edtf(text) is not None


@given(
    precise
    | unspecified
    | seasons.filter(lambda text: not text.endswith("-24"))
    | st.builds(in_order, precise, precise)
)
@settings(max_examples=150, deadline=None)
def test_another_reader_of_edtf_finds_the_same_bounds(text: str) -> None:
    """Not for qualifiers, open ends and winters: there it has other rules, its winter ends on 31 December."""
    other = parse_edtf(text)
    first, last = (f"{d.tm_year:04}-{d.tm_mon:02}-{d.tm_mday:02}" for d in (other.lower_strict(), other.upper_strict()))
    assert When(text).days == (max(first, "0001-01-01"), last)


near_misses = st.text("0123456789-/.TZ:+X?~% ٣\n", max_size=30)


@given(
    st.text() | near_misses | st.builds(lambda t, i, c: t[:i] + c + t[i + 1 :], texts, st.integers(0, 40), near_misses)
)
@settings(max_examples=500)
def test_any_text_is_a_when_or_a_value_error(text: str) -> None:
    try:
        when = When(text)
    except ValueError as refused:
        assert str(refused)  # noqa: PT017
    else:
        assert when == text
        assert when.isascii()
        assert When(when).span is when.span


@given(texts)
def test_a_day_is_a_when_that_is_only_a_date(text: str) -> None:
    if set(text) <= set("0123456789-") and text[5:6] != "2":
        assert Day(text).span == When(text).span
    else:
        with pytest.raises(ValueError, match="write this date as YYYY-MM-DD, YYYY-MM or YYYY"):
            Day(text)


@given(texts)
def test_every_date_has_the_documented_form(text: str) -> None:
    assert re.search(FORM, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "..", "../..", "0000", "2017/0000", "2017-13", "2017-00", "2017-10-32", "2017-21-05", "2017-XX-05"),
        *("201X-05", "201X/2020", "2017/2017-10-XX", "2017/2018/2019", "2017-10-29T09:00", "2017-10-29T25:00Z"),
        *("2017-10-29T09:00Z~", "2017-10-XXT09:00Z", "2017?~", "?2017", "2017-10-5", "27.10.2017", "XXXX"),
        *("2017-10-29T09:00+15:00", "2017-10-29T09:00:00.5Z", "2017-10-29T09:00.000Z", "2017-10-29T09:00:00.000"),
        *("٢٠١٧", "2017-1٠", "۲۰۱۷-10-29", "2017-10-29T09:00:٠٠Z", "20٢X"),
    ],
)
def test_what_is_no_date_has_not_the_documented_form(text: str) -> None:
    assert not re.search(FORM, text)
    with pytest.raises(ValueError):  # noqa: PT011 - which advice it gives is tested above
        When(text)


class Report(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    occurred: When
    published: Day | None = None


def test_a_model_takes_texts_in_python_and_json() -> None:
    sent: dict[str, Any] = {"occurred": "2017-10-27~/..", "published": "2017-10-27"}
    report = Report.model_validate(sent)
    assert type(report.occurred) is When
    assert type(report.published) is Day
    assert report == Report.model_validate_json(json.dumps(sent)) == Report(**dict(report))
    assert json.loads(report.model_dump_json()) == report.model_dump(mode="json") == report.model_dump() == sent
    assert orjson.loads(orjson.dumps(report.model_dump())) == sent


@pytest.mark.parametrize(
    ("occurred", "kind"), [("2017-02-30", "value_error"), (2017, "string_type"), (date(2017, 10, 27), "string_type")]
)
def test_a_model_refuses_as_pydantic_does(occurred: object, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Report.model_validate({"occurred": occurred})
    assert [(error["type"], error["loc"]) for error in refused.value.errors()] == [(kind, ("occurred",))]


@pytest.mark.parametrize("kind", [When, Day])
def test_the_json_schema_tells_the_form_and_its_examples_hold(kind: type[When]) -> None:
    for mode in ("validation", "serialization"):
        schema = TypeAdapter(kind).json_schema(mode=mode)
        assert (schema["type"], schema["description"][-1]) == ("string", ".")
        assert all(len(kind(example)) <= schema["maxLength"] for example in schema["examples"])


def test_a_when_is_a_text_to_everything_else() -> None:
    when = When("2017-10-29")
    assert "2017-10-29" in {when}
    assert type(str(when)) is str
    for twin in (copy.deepcopy(when), pickle.loads(pickle.dumps(when))):  # noqa: S301
        assert type(twin) is When
        assert twin.span == when.span
    with pytest.raises(TypeError):
        When(2017)  # type: ignore[arg-type]
