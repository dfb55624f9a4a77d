"""`parley explain`: why a line of the status says so, and what it rests on, report by report."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.text import Text

from api.cli.client import Client
from api.cli.options import NOW, AsJson, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import read_event, read_status
from api.cli.terminal.console import out, print_json, warn
from api.cli.terminal.event_line import REVISIONS
from api.cli.terminal.text_layout import TextLayout
from api.wording import lines, words
from api.wording.lines import split
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.values import Names, tag
from api.wording.words import Fields, clean
from projections.answers.lines import fields_of
from projections.queries.line_names import lines_in, matching

if TYPE_CHECKING:
    from api.http.schemas.answers import EventWithRevisions, RecordedAnswer
    from projections.answers.explanations import Evidence, Marks
    from projections.answers.status import StatusAnswer
    from projections.queries.line_names import NamedLine

MAX_EVENTS_EXPLAINED = 100
"""Reports that are looked up for one command; of any more only what the status says is shown."""
MAX_HINTS = 5
MAX_SAID = 60
"""Characters of what a line says where all are listed."""
NOT_FOUND = 1


@with_horizon
def explain(
    process: ProcessId,
    line: Annotated[
        str | None,
        typer.Argument(
            metavar="LINE",
            help="Name of a line: state, talks/damascus.venue, convoys/x.whereabouts, figures.fighters, "
            "obligations.release-detainees, term … All there are, if it is left out.",
        ),
    ] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show why a line of the status says what it says: the reports it rests on, and what became of them.

    A name is the subject (left out for the process itself), then the field, then what distinguishes several of them. A
    part of a name stands for all lines under it; without its subject it stands for the lines of any subject.
    """
    with connection(data, url) as client:
        status = read_status(client, process, horizon)
        all_lines = lines_in(status)
        names = list(all_lines) if line is None else matching(line, all_lines)
        if line is not None and not names:
            _unknown(process, line, all_lines)
        rest_on = [] if line is None else [event for name in names for event in all_lines[name]["events"]]
        reports = _reports(client, status, rest_on)
    if as_json:
        answer: dict[str, object] = {"process": status["process"], "horizon": status["horizon"]}
        if line is None:
            answer["lines"] = {
                name: {"contested": one["contested"], "value": one["value"]} for name, one in all_lines.items()
            }
        else:
            answer["lines"] = {name: all_lines[name] for name in names}
            answer["events"] = {event: report.as_json() for event, report in reports.items()}
            answer["actors"] = status["actors"]
        print_json(answer)
        return
    console = out()
    sheet = TextLayout(console.width)
    if asked := words.horizon(status["horizon"]):
        sheet.put((asked, "bold"))
    if line is None:
        _list(sheet, status, all_lines)
    else:
        page = ExplainPage(sheet, Names.of_status(status), reports)
        for name in names:
            page.line(name, all_lines[name])
    sheet.print(console)


def _unknown(process: str, line: str, all_lines: Iterable[str]) -> None:
    """Ends the command: no line has this name."""
    known = list(all_lines)
    tails = {".".join(split(name)[1]): name for name in reversed(known)}
    close = difflib.get_close_matches(line.casefold()[:200], [*known, *tails], n=MAX_HINTS, cutoff=0.5)
    close += [name for name in known if line and line.casefold() in name]
    hints = list(dict.fromkeys(close))[:MAX_HINTS]
    warn(f"There is no line {clean(line)[:200]!r} in the status of {clean(process)}.", ALERT)
    if hints:
        warn(f"  Did you mean {words.listed(hints, last='or')}?")
    warn(f"  `parley explain {clean(process)}` lists all there are.", ASIDE)
    raise typer.Exit(NOT_FOUND)


def _list(sheet: TextLayout, status: StatusAnswer, all_lines: dict[str, NamedLine]) -> None:
    """The names of all lines, each with what it says in short."""
    names = Names.of_status(status)
    for subject in dict.fromkeys(split(name)[0] for name in all_lines):
        path = subject or f"processes/{status['process']}"
        sheet.heading(names.subject(path), clean(path))
        for name, line in all_lines.items():
            if split(name)[0] == subject:
                parts = lines.sides(names, name, line)
                short = " ".join("".join(part if isinstance(part, str) else part[0] for part in parts).split())
                _put_name(sheet, name, short if len(short) <= MAX_SAID else f"{short[: MAX_SAID - 1].rstrip()}…")
    sheet.gap()
    sheet.put((f"`parley explain {clean(status['process'])} LINE` tells what one of them rests on.", ASIDE))


def _put_name(sheet: TextLayout, name: str, said: str, style: str = "") -> None:
    """A name in one piece, so that it can be copied, and what is said of it: beside it, or below."""
    beside = len(name) + 2 + len(said) <= sheet.width
    sheet.lines.append(Text.assemble((clean(name), "bold"), (f"  {said}" if beside and said else "", style)))
    if not beside:
        sheet.put((said, style), indent=4)


# --- the events


@dataclass(frozen=True, slots=True)
class CitedReport:
    """A report that lines rest on."""

    reads: Evidence | None
    """As it reads at the horizon; None if the status does not explain it."""
    recorded: RecordedAnswer
    """As it was recorded."""
    data: Any
    """What it says after its corrections."""
    revisions: list[RecordedAnswer]
    """What revises it, as far as that is known at the horizon."""
    replaces: list[EventWithRevisions]
    """The duplicates that it stands for."""

    def as_json(self) -> dict[str, object]:
        return {
            **(self.reads or {}),
            "recorded": self.recorded,
            "data": self.data,
            "revisions": self.revisions,
            "replaces": self.replaces,
        }


def _reports(client: Client, status: StatusAnswer, ids: Iterable[str]) -> dict[str, CitedReport]:
    """The reports that lines rest on, by id."""
    last = status["horizon"].get("position")
    reports: dict[str, CitedReport] = {}
    for event in list(dict.fromkeys(ids))[:MAX_EVENTS_EXPLAINED]:
        answer = read_event(client, event)
        reads = status["evidence"].get(event)
        marks: Marks = reads or {}
        revisions: dict[str, RecordedAnswer] = {one["id"]: one for one in answer["revisions"]}
        chain = marks.get("corrected_by", [])
        for one in (*chain, *marks.get("disputed_by", ())):  # of revisions, too
            if one not in revisions:
                revisions[one] = read_event(client, one)
        known = [one for one in revisions.values() if last is None or one["position"] <= last]
        recorded = cast("RecordedAnswer", {name: value for name, value in answer.items() if name != "revisions"})
        reports[event] = CitedReport(
            reads,
            recorded,
            fields_of(revisions[chain[-1]]["data"])["replacement"].get("data") if chain else recorded["data"],
            sorted(known, key=lambda one: one["position"]),
            [read_event(client, one) for one in marks.get("repeated_by", ())],
        )
    return reports


class ExplainPage:
    """Draws lines with what they rest on; a report that several rest on is shown once."""

    def __init__(self, sheet: TextLayout, names: Names, events: dict[str, CitedReport]) -> None:
        self._sheet = sheet
        self._names = names
        self._events = events
        self._told: dict[str, int] = {}
        """The number of each report that was shown."""

    def line(self, name: str, line: NamedLine) -> None:
        self._sheet.gap()
        subject, _ = split(name)
        _put_name(self._sheet, name, self._names.subject(subject) if subject else "", ASIDE)
        if not line["contested"]:
            more: list[Fragment] = []
            if line.get("since") is not None and not line.get("cited"):
                more = [(f" ({words.since(line['since'])})", ASIDE)]
            if line.get("disagrees"):
                more += [" ", tag("contested"), " no number fits all claims"]
            self._sheet.put(*lines.said(self._names, name, line["value"]), *more, indent=2)
            self._reports(line["events"])
            return
        self._sheet.put(tag("contested"), " the last reports disagree, and none certainly follows the other.", indent=2)
        for number, candidate in enumerate(line["candidates"]):
            on = f" ({words.when(candidate['occurred'])})"
            possibly: list[Fragment] = [tag("possibly"), " "] if candidate.get("possible") else []
            value = lines.said(self._names, name, candidate["value"])
            self._sheet.put("or: " if number else "either: ", *possibly, *value, on, indent=2)
            self._reports(candidate["events"])

    def _reports(self, events: list[str]) -> None:
        for event in events:
            if event in self._told:
                self._sheet.put((f"rests on {self._told[event]}, above", ASIDE), indent=4)
                continue
            self._told[event] = len(self._told) + 1
            if event in self._events:
                self._report(self._told[event], event, self._events[event])
            else:
                self._sheet.put(f"{self._told[event]}. event {event}: `parley explain` one line to see it", indent=4)
        if not events:
            self._sheet.put("no report tells it", indent=4)

    def _report(self, number: int, event: str, report: CitedReport) -> None:
        put, actors, recorded = self._sheet.put, self._names.actors, report.recorded
        reads: Evidence | RecordedAnswer = report.reads or recorded
        put((f"{number}. {words.spoken(reads['type'])}", "bold"), f": {self._gist(report.data)}", indent=4)
        sources: Iterable[Fields] = reads.get("sources", ())
        for source in sources:
            mode = f", {clean(source['mode'])}" if source.get("mode") else ""
            where = f", {clean(source['url'])}" if source.get("url") else ""
            put(f"who says so: {words.source(source, actors)}{mode}{where}", indent=7)
        basis = reads.get("basis", "reported")
        if basis != "reported" or not sources:
            put(f"on what basis: {clean(basis)}" + ("" if sources else ", without a source"), indent=7)
        put(f"occurred: {words.when(reads.get('occurred'))}", indent=7)
        by, at = clean(recorded["recorded_by"]), words.moment(recorded["recorded_at"])
        put(f"recorded: {at} by {by}, log position {recorded['position']:,}", indent=7)
        if possibly := words.possibly([report.reads or {}]):
            put((possibly, ALERT), indent=7)
        if report.reads and report.reads["note"]:
            put((f"Note: {clean(report.reads['note'])}", "italic"), indent=7)
        for revision in report.revisions:
            if revision["type"] != "DuplicateMarked" or not report.replaces:
                self._revision(report, revision)
        for duplicate in report.replaces:
            who = words.grounds([duplicate], actors)
            put(f"stands for a duplicate, too: {who} (log position {duplicate['position']:,})", indent=7)
        put((event, ASIDE), indent=7)

    def _revision(self, report: CitedReport, revision: RecordedAnswer) -> None:
        """What a revision did: whose error it was or who disputes, why, and whether that holds."""
        put, data = self._sheet.put, fields_of(revision["data"])
        marks: Marks = report.reads or {}
        corrections = marks.get("corrected_by", [])
        in_effect = {*corrections, *marks.get("disputed_by", ()), marks.get("retracted_by")}
        holds = revision["id"] in in_effect or (revision["type"] == "DuplicateMarked" and marks.get("same_as"))
        by = f"actors/{data['by']}" if revision["type"] == "EventDisputed" and data.get("by") else data.get("by")
        who = f" by {self._names.claimant(by)}" if revision["type"] == "EventDisputed" and by else ""
        who = who or (f", {clean(by).removeprefix('corrected ')}" if by else "")
        who = who or (f" by {clean(data['described'])}" if data.get("described") else "")
        why = data.get("reason") or data.get("instead")
        did = REVISIONS.get(revision["type"], words.spoken(revision["type"])).partition(";")[0]
        on = f" ({words.moment(revision['recorded_at'])}, {clean(revision['recorded_by'])})"
        mark: list[Fragment] = [] if holds else [("not in effect: ", ASIDE)]
        put(*mark, (f"{did}{who}", ALERT if holds else ASIDE), f": {clean(why)}" if why else "", (on, ASIDE), indent=7)
        if revision["type"] == "EventCorrected" and holds and revision["id"] == corrections[0]:
            before = report.recorded
            put(f"before: {words.when(before.get('occurred'))}; {self._gist(before['data'])}", indent=9)

    def _gist(self, data: Any) -> str:
        return " ".join(words.gist(data, self._names.actors).split())
