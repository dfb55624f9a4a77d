"""Lines of a status with what they rest on, report by report: on a terminal or on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from api.wording import lines, words
from api.wording.language import grouped, phrase, say
from api.wording.lines import split
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.sheet import Sheet
from api.wording.values import Names, tag
from api.wording.words import Fields, clean, coded
from projections.answers.history import RecordedEvent
from projections.answers.lines import fields_of

if TYPE_CHECKING:
    from projections.answers.explanations import Evidence, Marks
    from projections.answers.status import StatusAnswer
    from projections.queries.line_names import NamedLine

MAX_EVENTS_EXPLAINED = 100
"""Reports that are looked up at a time; of any more only what the status says is shown."""
REVISIONS = {
    "EventCorrected": phrase("corrected"),
    "EventRetracted": phrase("retracted"),
    "EventDisputed": phrase("disputed"),
    "DuplicateMarked": phrase("marked as a duplicate"),
}
"""What a revision does to an event."""


@dataclass(frozen=True, slots=True)
class CitedReport:
    """A report that lines rest on."""

    reads: Evidence | None
    """As it reads at the horizon; None if the status does not explain it."""
    recorded: RecordedEvent
    """As it was recorded."""
    data: Any
    """What it says after its corrections."""
    revisions: Sequence[RecordedEvent]
    """What revises it, as far as that is known at the horizon."""
    replaces: Sequence[RecordedEvent]
    """The duplicates that it stands for."""

    def as_json(self) -> dict[str, object]:
        return {
            **(self.reads or {}),
            "recorded": self.recorded,
            "data": self.data,
            "revisions": self.revisions,
            "replaces": self.replaces,
        }


class ReadRecord(RecordedEvent):
    """An event as it was recorded, with what revises it."""

    revisions: list[RecordedEvent]


def cited_reports(
    read: Callable[[str], ReadRecord], status: StatusAnswer, ids: Iterable[str]
) -> dict[str, CitedReport]:
    """The reports that lines rest on, by id.

    Args:
        read: an event of the log by its id.
        status: what the lines are of.
        ids: of the reports.
    """
    last = status["horizon"].get("position")
    reports: dict[str, CitedReport] = {}
    for event in list(dict.fromkeys(ids))[:MAX_EVENTS_EXPLAINED]:
        answer = read(event)
        reads = status["evidence"].get(event)
        marks: Marks = reads or {}
        revisions: dict[str, RecordedEvent] = {one["id"]: one for one in answer["revisions"]}
        chain = marks.get("corrected_by", [])
        for one in (*chain, *marks.get("disputed_by", ())):  # of revisions, too
            if one not in revisions:
                revisions[one] = read(one)
        known = [one for one in revisions.values() if last is None or one["position"] <= last]
        recorded = cast("RecordedEvent", {name: value for name, value in answer.items() if name != "revisions"})
        reports[event] = CitedReport(
            reads,
            recorded,
            fields_of(revisions[chain[-1]]["data"])["replacement"].get("data") if chain else recorded["data"],
            sorted(known, key=lambda one: one["position"]),
            [read(one) for one in marks.get("repeated_by", ())],
        )
    return reports


class ExplainedLines:
    """Draws lines with what they rest on; a report that several rest on is shown once."""

    def __init__(self, sheet: Sheet, names: Names, events: Mapping[str, CitedReport]) -> None:
        self._sheet = sheet
        self._names = names
        self._events = events
        self._told: dict[str, int] = {}
        """The number of each report that was shown."""

    def line(self, name: str, line: NamedLine) -> None:
        self._sheet.gap()
        subject, _ = split(name)
        self._sheet.name(name, self._names.subject(subject) if subject else "", ASIDE)
        if not line["contested"]:
            more: list[Fragment] = []
            if line.get("since") is not None and not line.get("cited"):
                more = [(f" ({words.since(line['since'])})", ASIDE)]
            if line.get("disagrees"):
                more += [" ", tag("contested"), say(" no number fits all claims")]
            self._sheet.put(*lines.said(self._names, name, line["value"]), *more, indent=2)
            self._reports(line["events"])
            return
        disagree = say(" the last reports disagree, and none certainly follows the other.")
        self._sheet.put(tag("contested"), disagree, indent=2)
        for number, candidate in enumerate(line["candidates"]):
            on = f" ({words.when(candidate['occurred'])})"
            possibly: list[Fragment] = [tag("possibly"), " "] if candidate.get("possible") else []
            value = lines.said(self._names, name, candidate["value"])
            self._sheet.put(say("or: ") if number else say("either: "), *possibly, *value, on, indent=2)
            self._reports(candidate["events"])

    def _reports(self, events: list[str]) -> None:
        for event in events:
            if event in self._told:
                self._sheet.put((say("rests on {number}, above", number=self._told[event]), ASIDE), indent=4)
                continue
            self._told[event] = len(self._told) + 1
            if event in self._events:
                self._report(self._told[event], event, self._events[event])
            else:
                unseen = say(
                    "{number}. event {id}: `parley explain` one line to see it", number=self._told[event], id=event
                )
                self._sheet.put(unseen, indent=4)
        if not events:
            self._sheet.put(say("no report tells it"), indent=4)

    def _report(self, number: int, event: str, report: CitedReport) -> None:
        put, actors, recorded = self._sheet.put, self._names.actors, report.recorded
        reads: Evidence | RecordedEvent = report.reads or recorded
        title: list[Fragment] = [(f"{number}. {words.spoken(reads['type'])}", "bold"), f": {self._gist(report.data)}"]
        self._sheet.cite(*title, grounds="", of=None, events=[event], indent=4)
        sources: Iterable[Fields] = reads.get("sources", ())
        for source in sources:
            mode = f", {coded(source['mode'])}" if source.get("mode") else ""
            where = f", {clean(source['url'])}" if source.get("url") else ""
            put(say("who says so: {source}", source=words.source(source, actors)), mode, where, indent=7)
        basis = reads.get("basis", "reported")
        if basis != "reported" or not sources:
            without = "" if sources else say(", without a source")
            put(say("on what basis: {basis}", basis=coded(basis)), without, indent=7)
        put(say("occurred: {date}", date=words.when(reads.get("occurred"))), indent=7)
        by, at = clean(recorded["recorded_by"]), words.moment(recorded["recorded_at"])
        position = grouped(recorded["position"])
        put(say("recorded: {time} by {who}, log position {position}", time=at, who=by, position=position), indent=7)
        if possibly := words.possibly([report.reads or {}]):
            put((possibly, ALERT), indent=7)
        if report.reads and report.reads["note"]:
            put((say("Note: {text}", text=clean(report.reads["note"])), "italic"), indent=7)
        for revision in report.revisions:
            if revision["type"] != "DuplicateMarked" or not report.replaces:
                self._revision(report, revision)
        for duplicate in report.replaces:
            who = words.grounds([duplicate], actors)
            position = grouped(duplicate["position"])
            put(
                say("stands for a duplicate, too: {who} (log position {position})", who=who, position=position),
                indent=7,
            )
        put((event, ASIDE), indent=7)

    def _revision(self, report: CitedReport, revision: RecordedEvent) -> None:
        """What a revision did: whose error it was or who disputes, why, and whether that holds."""
        put, data = self._sheet.put, fields_of(revision["data"])
        marks: Marks = report.reads or {}
        corrections = marks.get("corrected_by", [])
        in_effect = {*corrections, *marks.get("disputed_by", ()), marks.get("retracted_by")}
        holds = revision["id"] in in_effect or (revision["type"] == "DuplicateMarked" and marks.get("same_as"))
        by = f"actors/{data['by']}" if revision["type"] == "EventDisputed" and data.get("by") else data.get("by")
        who = say(" by {who}", who=self._names.claimant(by)) if revision["type"] == "EventDisputed" and by else ""
        who = who or (f", {coded(by.removeprefix('corrected '))}" if by else "")
        who = who or (say(" by {who}", who=clean(data["described"])) if data.get("described") else "")
        why = data.get("reason") or data.get("instead")
        did = say(REVISIONS[revision["type"]]) if revision["type"] in REVISIONS else words.spoken(revision["type"])
        on = f" ({words.moment(revision['recorded_at'])}, {clean(revision['recorded_by'])})"
        mark: list[Fragment] = [] if holds else [(say("not in effect: "), ASIDE)]
        stands = report.reads is not None and not (marks.get("retracted_by") or marks.get("same_as"))
        if revision["type"] == "EventRetracted" and not holds and stands:
            mark = [(say("in effect; its retraction was withdrawn: "), ASIDE)]
        put(*mark, (f"{did}{who}", ALERT if holds else ASIDE), f": {clean(why)}" if why else "", (on, ASIDE), indent=7)
        if revision["type"] == "EventCorrected" and holds and revision["id"] == corrections[0]:
            before = report.recorded
            said = {"date": words.when(before.get("occurred")), "what": self._gist(before["data"])}
            put(say("before: {date}; {what}", **said), indent=9)

    def _gist(self, data: Any) -> str:
        return " ".join(words.gist(data, self._names.actors).split())
