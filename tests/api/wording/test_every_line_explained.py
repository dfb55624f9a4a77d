"""`parley explain` reaches whatever a status says on the word of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import Phase, given, settings

from api.wording import lines, status_page
from api.wording.homonyms import told_apart
from api.wording.marks import Fragment
from api.wording.values import Names
from projections.answers.status import StatusAnswer
from projections.queries.line_names import lines_in
from tests.examples import examples
from tests.projections.world import Wire, folded, processes_of, recorded
from tests.spec import wire
from tests.strategies import histories


class Cited:
    """A sheet that keeps which reports its paragraphs rest on, and what they say."""

    def __init__(self) -> None:
        self.rest_on: list[tuple[str, ...]] = []
        self.said: list[str] = []

    def heading(self, title: str, aside: str = "", *, key: str = "") -> None:
        self.said.append(f"{title} {aside}{key}")

    def put(self, *parts: Fragment, indent: int = 0) -> None:
        self.said.append("".join(part if isinstance(part, str) else part[0] for part in parts))

    def cite(
        self,
        *parts: Fragment,
        grounds: str,
        of: Mapping[str, Any] | None,
        events: Sequence[str],
        indent: int,
        again: bool = False,
    ) -> None:
        self.put(*parts, f" — {grounds}", indent=indent)
        self.rest_on.append(tuple(events))

    def row(self, left: str, *parts: Fragment, **_: Any) -> None:
        self.put(left, *parts)

    def name(self, name: str, said: str = "", style: str = "") -> None:
        self.said.append(f"{name} {said}")

    def gap(self) -> None:
        pass


def drawn(status: Any) -> Cited:
    return status_page.draw(cast("StatusAnswer", status), Cited())


@settings(examples(12), phases=(Phase.explicit, Phase.generate))
@given(histories())
def test_every_report_that_is_cited_is_reached_by_a_name(history: list[Wire]) -> None:
    log = recorded(history)
    for process in processes_of(log):
        status = folded(log, process)
        known = lines_in(cast("StatusAnswer", status))
        reached = {event for line in known.values() for event in line["events"]}
        assert {event for events in drawn(status).rest_on for event in events} <= reached
        names = Names.of_status(cast("StatusAnswer", status))
        for name, line in known.items():
            assert lines.sides(names, name, line)
            assert lines.title(names, name)


def test_a_report_that_is_still_to_come_says_so() -> None:
    opened = wire("ProcessOpened", subject="processes/first", occurred="2017-10-01")
    ahead = wire("IncidentReported", subject="processes/first", occurred="2042-03-01")
    status = folded(recorded([opened, ahead]), "first", datetime(2017, 10, 30, tzinfo=UTC))
    known = lines_in(cast("StatusAnswer", status))
    (name,) = (name for name in known if name.startswith("still_to_come."))
    said = "".join(
        part if isinstance(part, str) else part[0]
        for part in lines.sides(Names.of_status(cast("StatusAnswer", status)), name, known[name])
    )
    assert said == "incident reported; it is dated ahead, and counts for nothing yet"


def test_two_places_of_one_name_are_told_apart() -> None:
    def access(**place: Any) -> Wire:
        where = {"labels": [{"text": "Mill"}], **place}
        return wire(
            "AccessReported", subject="processes/first", occurred="2017-10-02", data={"place": where, "access": "open"}
        )

    opened = wire("ProcessOpened", subject="processes/first", occurred="2017-10-01")
    far = [access(lat=33.5, lon=36.5, precision="near"), access(lat=36.5, lon=42, precision="near")]
    said = [line for line in drawn(folded(recorded([opened, *far]), "first")).said if line.startswith("Mill")]
    assert {line.partition(" (place)")[0] for line in said} == {"Mill (near 33.5, 36.5)", "Mill (near 36.5, 42)"}
    coded = [access(admin_code="SY0304", precision="near"), access(admin_code="SY0912", precision="near")]
    said = [line for line in drawn(folded(recorded([opened, *coded]), "first")).said if line.startswith("Mill")]
    assert {line.partition(" (place)")[0] for line in said} == {"Mill (SY0304)", "Mill (SY0912)"}
    mills = [
        wire("PlaceIdentified", subject=f"places/{path}", data={"labels": [{"text": "Mill"}], **more})
        for path, more in {"north": {}, "south": {}, "a": {"within": "north"}, "b": {"within": "south"}}.items()
    ]
    named = folded(recorded([*mills, opened, access(id="a"), access(id="b")]), "first")
    said = [line for line in drawn(named).said if line.startswith("Mill")]
    around = {"Mill (places/a; in places/north)", "Mill (places/b; in places/south)"}
    assert {line.partition(" (place)")[0] for line in said} == around
    one = folded(recorded([opened, access(kind="settlement"), access(lat=33.5, lon=36.5, precision="near")]), "first")
    assert told_apart(one) is one, "nothing tells the two descriptions apart"


def test_what_is_said_of_two_places_of_one_name_is_told_apart_wherever_it_stands() -> None:
    """Series of figures, the venue of a round, and the finding that two reports contradict each other on it."""
    mills = [
        {"labels": [{"text": "Mill"}], "lat": lat, "lon": lon, "precision": "near"}
        for lat, lon in ((33.5, 36.5), (36.5, 42))
    ]
    opened = wire("ProcessOpened", subject="processes/first", occurred="2017-10-01")
    talks = wire(
        "TalksReported",
        subject="talks/first",
        occurred="2017-10-01",
        data={"processes": ["first"], "title": [{"text": "Round"}]},
    )
    figures = [
        wire(
            "FigureReported",
            subject="processes/first",
            occurred="2017-10-02",
            data={"measure": "fighters", "quantity": {"value": number}, "area": [mill]},
        )
        for number, mill in zip((100, 900), mills, strict=True)
    ]
    rounds = [
        wire("TalksScheduled", subject="talks/first", occurred="2017-10-02", data={"when": "2018-01-10", "venue": mill})
        for mill in mills
    ]
    status = folded(recorded([opened, talks, *figures, *rounds]), "first")
    headings = [line for line in drawn(status).said if line.startswith("fighters (stock)")]
    assert sorted(headings) == ["fighters (stock): Mill (near 33.5, 36.5)", "fighters (stock): Mill (near 36.5, 42)"]
    venue = status["talks"][0]["venue"]
    assert {one["value"] for one in venue["candidates"]} == {"Mill (33.5, 36.5)", "Mill (36.5, 42)"}
    (finding,) = (one for one in status["findings"]["items"] if one["rule"] == "contested")
    assert "the venue: Mill (33.5, 36.5) (" in finding["text"]
    assert "Mill (36.5, 42) (" in finding["text"]
