"""What became known of a process between two moments, drawn for a morning briefing, on a terminal or on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from api.wording import lines, words
from api.wording.finding_sentences import sentence, with_names
from api.wording.language import grouped, say, say_number
from api.wording.lines import readable
from api.wording.marks import ALERT, ASIDE, FACT, Fragment
from api.wording.rules import rule_mark
from api.wording.sheet import Sheet
from api.wording.values import Names, expected, tag
from api.wording.words import clean, coded
from domain.sentences import ReportText, Sentence

if TYPE_CHECKING:
    from projections.answers.changes import (
        ChangedLine,
        ChangesAnswer,
        CorrectedEntry,
        FindingEntry,
        Moment,
        NamedSubject,
        NewReport,
        NewReports,
        OverdueEntry,
    )
    from projections.answers.explanations import Evidence

T = TypeVar("T")

DATE_COLUMN = 14
"""Columns of a date beside its report."""
DATED = ("plan-date-passed", "obligation-overdue", "obligation-unsettled", "proposal-unanswered", "truce-lapsed")
"""Rules whose findings repeat what is listed as overdue."""


class ChangesPage:
    """Draws the digest, the most urgent first; empty groups are left out."""

    def __init__(self, answer: ChangesAnswer, sheet: Sheet) -> None:
        self.sheet = sheet
        self._answer = answer
        self._names = Names(answer)

    def draw(self) -> None:
        answer = self._answer
        self._top()
        if not any(answer["totals"].values()):
            self.sheet.put(say("Nothing became known, and nothing fell due."))
            return
        overdue_events = {event for line in answer["overdue"] for event in line["events"]}
        raised = [
            line for line in answer["raised"] if line["rule"] not in DATED or not overdue_events & set(line["events"])
        ]
        self.sheet.put(*self._glance(len(raised)))
        self._section(say("Overdue since"), answer["overdue"], self._overdue)
        self._section(say("Newly contested"), answer["newly_contested"], self._finding)
        self._section(say("No longer contested"), answer["no_longer_contested"], self._gone)
        self._changed(answer["changed"])
        self._section(say("Corrected, retracted, disputed"), answer["corrected"], self._corrected)
        self._section(say("Does not fit"), raised, self._finding)
        self._section(say("Resolved"), answer["resolved"], self._gone)
        self._reports(answer["new"])

    def _top(self) -> None:
        answer, put = self._answer, self.sheet.put
        put((words.label(answer["labels"], answer["process"]), "bold"), (f"  {clean(answer['process'])}", ASIDE))
        put(say("What became known from {since} to {until}", since=_end(answer["since"]), until=_end(answer["until"])))
        if not answer["known_before"]:
            put(say("Nothing of this process was known before."))

    def _glance(self, raised: int) -> list[Fragment]:
        """What there is, in one line."""
        totals = self._answer["totals"]
        reports = say_number("{number} report", "{number} reports", totals["new"])
        subjects = say_number("on {number} subject", "on {number} subjects", totals["subjects"])
        counted: list[Fragment] = [f"{reports} {subjects}" if totals["new"] else say("no new report")]
        if totals["late"]:
            counted.append(f" ({say_number('{number} late', '{number} late', totals['late'])})")
        n = totals
        counts = (
            (n["overdue"], say_number("{number} overdue", "{number} overdue", n["overdue"]), True),
            (
                n["newly_contested"],
                say_number("{number} newly contested", "{number} newly contested", n["newly_contested"]),
                True,
            ),
            (
                n["no_longer_contested"],
                say_number("{number} no longer contested", "{number} no longer contested", n["no_longer_contested"]),
                False,
            ),
            (n["changed"], say_number("{number} changed", "{number} changed", n["changed"]), False),
            (n["corrected"], say_number("{number} revised", "{number} revised", n["corrected"]), False),
            (raised, say_number("{number} not fitting", "{number} not fitting", raised), False),
            (n["resolved"], say_number("{number} resolved", "{number} resolved", n["resolved"]), False),
        )
        for count, text, urgent in counts:
            counted += [say(", "), (text, ALERT if urgent else "")] if count else []
        return [say("At a glance: "), *counted]

    def _section(self, title: str, entries: list[T], show: Callable[[T], None]) -> None:
        if entries:
            self.sheet.heading(title)
        for entry in entries:
            show(entry)

    def _subject(self, entry: NamedSubject | OverdueEntry | FindingEntry) -> str:
        label, path = clean(entry["label"]), clean(entry["subject"])
        return label if label != path else path

    # --- what asks for attention

    def _overdue(self, line: OverdueEntry) -> None:
        who = say(", ") + self._names.actor(line["actor"]) if line["actor"] else ""
        passed, past = say("its date has passed"), say("it was past already when it was reported")
        why = passed if line["by_time"] else past
        what = f" {expected(line['what'])}{who}: {self._subject(line)}; {why}."
        self._entry(line["events"], tag("overdue"), (f" {words.when(line['when'])}", "bold"), what)

    def _finding(self, finding: FindingEntry) -> None:
        style = ALERT if finding["severity"] == "high" else "bold"
        text = f" {self._subject(finding)}: {readable(finding['text'], self._names.actors)}"
        self.sheet.put((f"[{rule_mark(finding['rule'])}]", style), text, (self._why(finding), ASIDE), indent=2)

    def _gone(self, finding: FindingEntry) -> None:
        text = f" {self._subject(finding)}: {readable(finding['text'], self._names.actors)}"
        self.sheet.put((f"[{rule_mark(finding['rule'])}]", FACT), text, indent=2)
        if finding["by_time"]:
            self.sheet.put(say("over by the passing of time"), indent=4)
        else:
            self._because(finding["because"], say("since then: "))

    def _why(self, finding: FindingEntry) -> str:
        return say(" Nothing came in: it is the time that passed.") if finding["by_time"] else ""

    # --- what changed

    def _changed(self, changed_lines: list[ChangedLine]) -> None:
        if not changed_lines:
            return
        self.sheet.heading(say("What changed"))
        for path in dict.fromkeys(line["subject"] for line in changed_lines):
            of_subject = [line for line in changed_lines if line["subject"] == path]
            self._under(of_subject[0])
            for line in of_subject:
                self._line(line)

    def _under(self, entry: NamedSubject, after: str = "") -> None:
        path = clean(entry["subject"])
        self.sheet.put((clean(entry["label"]), "bold"), (f"  {path}", ASIDE), after, indent=2)

    def _line(self, line: ChangedLine) -> None:
        name, before, after = line["line"], line["before"], line["after"]
        said: list[Fragment] = [(f"{lines.title(self._names, name)}: ", "bold")]
        if before is not None:
            said += [*lines.sides(self._names, name, before), " → "]
        else:
            said += [tag("new"), " "]
        said += lines.sides(self._names, name, after) if after is not None else [say("nothing is told any more")]
        self._entry(line["because"], *said, indent=4)

    def _corrected(self, report: CorrectedEntry) -> None:
        what = words.listed(map(coded, report["what"]))
        said = (report["says"] if report["said"] is None else report["said"]) or ""
        style = FACT if report["what"][0] in ("restored", "unified", "dispute withdrawn") else ALERT
        text = say(": ").join(filter(None, self._parts(said)))
        self.sheet.put((f"[{what}]", style), f" {self._subject(report)}: “{text}”", indent=2)
        for difference in report["differences"]:
            steps = difference["field"].removeprefix("data.").split(".")
            field = ", ".join(map(words.field_name, steps))
            old = self._value(difference["field"], difference["before"])
            new = self._value(difference["field"], difference["after"])
            self.sheet.put((f"{field}: ", "bold"), f"{old} → {new}", indent=4)
        if not report["revisions"] and report["says"]:
            self.sheet.put(say("it stands in place of a report that was taken back"), indent=4)
        for revision in report["revisions"]:
            who = self._names.claimant(revision["by"]) if revision["by"] else words.spoken(revision["type"])
            why = f": {clean(revision['why'])}" if revision["why"] else ""
            on = f" ({clean(revision['recorded_by'])}, {words.moment(revision['recorded_at'])})"
            if revision["type"] == "EventDisputed":
                who = say("disputed by {who}", who=who)
            self.sheet.put(f"{who}{why}", (on, ASIDE), indent=4)

    def _value(self, field: str, value: Any) -> str:
        """One side of a difference."""
        match value:
            case None | []:
                return say("not said")
            case str():
                if field == "occurred" or lines.is_date(value):
                    return words.when(value)
                return words.coded(with_names(value, self._names.actors))
            case bool():
                return say("yes") if value else say("no")
            case int() | float():
                return words.number(value)
            case list():
                return words.listed(self._value("", part) for part in value)
            case _ if "publisher" in value:
                return words.source(value, self._names.actors)
            case _:
                return words.gist(value, self._names.actors)

    # --- what came in

    def _reports(self, groups: list[NewReports]) -> None:
        if not groups:
            return
        totals = self._answer["totals"]
        all_late = totals["late"] == totals["new"] > 1
        aside = say("late: recorded long after it occurred") if totals["late"] else ""
        aside = say("all of them long after they occurred") if all_late else aside
        self.sheet.heading(say("Reports that came in"), aside)
        if totals["shown"] < totals["new"]:
            whole = {"shown": grouped(totals["shown"]), "total": grouped(totals["new"])}
            cut = say("The last {shown} of {total}: the history has them all.", **whole)
            self.sheet.put((cut, ASIDE), indent=2)
        for group in groups:
            new = group["opened"] and self._answer["known_before"]
            self._under(group, say("  not known before") if new else "")
            for report in group["reports"]:
                self._report(report, late=report["late"] and not all_late)

    def _report(self, report: NewReport, *, late: bool) -> None:
        marks: list[str] = words.marks(report, {}, self._names.actors)
        recorded = words.day(report["recorded_at"])
        marks += [say("late")] if late else []
        marks += [say("recorded {date}, new to this process", date=recorded)] if report["put_in"] else []
        type_, said = self._parts(report["says"])
        fragments: list[Fragment] = [(type_, "bold"), f": {said}" if said else ""]
        known = self._answer["evidence"].get(report["event"])
        grounds = words.grounds([known or {}], self._names.actors)
        self.sheet.row(
            words.when(report["occurred"]),
            *fragments,
            column=DATE_COLUMN,
            indent=4,
            grounds=grounds,
            marks=[(f"[{mark}]", ALERT) for mark in marks],
            events=[report["event"]],
        )

    # --- entries

    def _entry(self, events: Iterable[str], *said: Fragment, indent: int = 2) -> None:
        """A paragraph with what it rests on."""
        known = [event for event in events if event in self._answer["evidence"]]
        reports = [event for event in known if not _is_revision(self._answer["evidence"][event])]
        grounds = self._names.grounds(reports)
        revised = dict.fromkeys(
            words.spoken(self._answer["evidence"][event]["type"]) for event in known if event not in reports
        )
        why = say("; ").join(filter(None, [grounds, *revised]))
        self.sheet.cite(*said, grounds=why, of=None, events=known, indent=indent)

    def _because(self, events: list[str], lead: str) -> None:
        """What came in, by type."""
        types = [self._answer["evidence"][one] for one in events if one in self._answer["evidence"]]
        names = dict.fromkeys(f"{words.spoken(one['type'])} ({words.when(one['occurred'])})" if one["occurred"] else
                             words.spoken(one["type"]) for one in types)  # fmt: skip
        if names:
            self.sheet.put(f"{lead}{words.listed(list(names)[-5:])}", indent=4)

    def _parts(self, text: str) -> tuple[str, str]:
        """The type of a report in words, and what it says; of a sentence that is no report, itself and nothing."""
        if isinstance(text, ReportText):
            type_ = words.spoken(text.type)
            return f"{type_[:1].upper()}{type_[1:]}", " ".join(words.gist(text.fields, self._names.actors).split())
        if isinstance(text, Sentence):
            return sentence(text, self._names.actors), ""
        type_, _, said = " ".join(readable(text, self._names.actors).split()).partition(": ")
        return type_, said


def _is_revision(evidence: Evidence) -> bool:
    return evidence["occurred"] is None


def _end(end: Moment) -> str:
    """An end of the window in words."""
    if end["time"] is None:
        return say("the beginning")
    position = say("log position {position}", position=grouped(end["position"]))
    return f"{words.moment(end['time'])} ({position})"
