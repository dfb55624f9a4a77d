"""The list of processes, with filters."""

from __future__ import annotations

import pytest

from projections.queries import processes
from projections.read_models.process_list import ProcessFilter
from tests.projections.queries.asking import MANY, pages
from tests.projections.world import follow, opened, pull, reading, recorded, views
from tests.spec import wire

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ProcessFilter(), ["ghouta", "homs", "kalamun"]),
        (ProcessFilter(q="kalamun"), ["kalamun"]),
        (ProcessFilter(q="KALAMUN"), ["kalamun"]),
        (ProcessFilter(q="östliche ghOUTA"), ["ghouta"]),
        (ProcessFilter(q="القلمون"), ["kalamun"]),
        (ProcessFilter(q="الغوطة"), []),
        (ProcessFilter(q="100%"), ["ghouta"]),
        (ProcessFilter(q="of_i"), ["ghouta"]),
        (ProcessFilter(q="%"), []),
        (ProcessFilter(q="a_tern"), ["kalamun"]),  # signs only separate words
        (ProcessFilter(q="\\"), []),
        (ProcessFilter(place="jarut"), ["kalamun"]),
        (ProcessFilter(place="الرحيبة"), ["kalamun"]),
        (ProcessFilter(place="SY0304"), ["kalamun"]),
        (ProcessFilter(place="sy03"), ["ghouta", "kalamun"]),
        (ProcessFilter(place="Al-Waer"), []),  # it was removed
        (ProcessFilter(actor="russia"), ["ghouta", "kalamun"]),
        (ProcessFilter(actor="army"), []),  # its role has ended
        (ProcessFilter(actor="nobody"), []),
        (ProcessFilter(role="guarantor"), ["kalamun"]),
        (ProcessFilter(actor="russia", role="witness"), ["ghouta"]),
        (ProcessFilter(actor="russia", role="mediator"), []),  # another holds that one
        (ProcessFilter(state="open"), ["kalamun"]),
        (ProcessFilter(state="suspended"), ["ghouta", "homs"]),  # contested ones may be so
        (ProcessFilter(state="ended"), ["ghouta"]),
        (ProcessFilter(state="contested"), ["ghouta"]),
        (ProcessFilter(updated_after=13), ["ghouta", "homs"]),
        (ProcessFilter(updated_after=15), ["homs"]),
        (ProcessFilter(updated_after=99), []),
        (ProcessFilter(q="ghouta", place="SY0303", actor="russia", state="ended", updated_after=3), ["ghouta"]),
        (ProcessFilter(q="ghouta", place="SY0304"), []),
    ],
)
def test_processes_by_filter(wanted: ProcessFilter, expected: list[str]) -> None:
    with reading(*MANY) as here:
        assert [one["process"] for one in processes.processes(here, wanted, None, 10).items] == expected
        found = pages(lambda after: processes.processes(here, wanted, after, 1))
        assert [one["process"] for one in found] == expected


def test_what_the_list_shows_of_a_process() -> None:
    with reading(*MANY) as here:
        ghouta, homs, kalamun = processes.processes(here, ProcessFilter(), None, 10).items
    assert kalamun["labels"] == [{"text": "Eastern Kalamun"}, {"text": "القلمون الشرقي"}]
    assert kalamun["areas"] == ["Jarut", "الرحيبة"]
    assert kalamun["state"] is not None
    assert kalamun["state"]["value"] == "open"
    assert kalamun["updated"] == {"position": 8, "recorded_at": "2026-01-01T00:08:00.000000Z"}
    assert ghouta["state"] is not None
    assert (ghouta["state"]["value"], ghouta["state"]["contested"]) == (None, True)
    assert [one["value"] for one in ghouta["state"]["candidates"]] == ["suspended", "ended"]
    assert homs["areas"] == [], "the area was removed"
    assert homs["last_heard"]["on"] == "2017-10-21"


@pytest.mark.parametrize("pair", [("processes/first", "processes/second"), ("convoys/first", "convoys/second")])
def test_after_a_separation_both_processes_are_updated(pair: tuple[str, str]) -> None:
    first, second, *convoys = opened("processes/first", "processes/second", "convoys/first", "convoys/second")
    for convoy, process in zip(convoys, ("first", "second"), strict=True):
        convoy["data"]["processes"] = [process]
    joined = wire("SubjectUnified", subject=pair[0], data={"into": pair[1], "reason": "one and the same"})
    apart = wire("EventRetracted", subject=pair[0], data={"event": joined["id"], "reason": "they are two"})
    history = [first, second, *convoys, joined, apart]
    with views() as found:
        for number in range(1, len(history) + 1):  # event by event
            follow(found, pull(recorded(history[:number])))
        with found.reading() as here:
            listed = processes.processes(here, ProcessFilter(updated_after=len(history) - 1), None, 10).items
    assert [line["process"] for line in listed] == ["first", "second"]
