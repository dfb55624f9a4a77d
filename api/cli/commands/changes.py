"""`parley changes`: what became known of a process between two moments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.options import AsJson, Data, ProcessId, Url, connection
from api.cli.questions import read_changes
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import lines, words
from api.wording.lines import readable
from api.wording.marks import ALERT, ASIDE, FACT, Fragment
from api.wording.values import Names, tag
from api.wording.words import clean, times

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

A_DAY = timedelta(hours=24)
DATE_COLUMN = 14
"""Columns of a date beside its report."""
DATED = ("plan-date-passed", "obligation-overdue", "proposal-unanswered", "truce-lapsed")
"""Rules whose findings repeat what is listed as overdue."""


def changes(
    process: ProcessId,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME|DAY",
            help="What became known after a position of the log (42), after a time with its zone "
            "(2017-10-29T09:00:00Z), or from the beginning of a day in UTC; 24 hours ago if not given.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME|DAY",
            help="And up to such a position or time, or the end of a day; now if not said.",
        ),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what became known of a process since yesterday, or between two moments, for a morning briefing.

    What fell due, what contradicts, what changed and by which reports, what was corrected, and every report that came
    in, with who says so.
    """
    if since is None:
        since = (datetime.now(UTC) - A_DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    with connection(data, url) as client:
        answer = read_changes(client, process, since, until)
    if as_json:
        print_json(answer)
        return
    console = out()
    ChangesPage(answer, console.width).draw().print(console)


class ChangesPage:
    """Draws the digest, the most urgent first; empty groups are left out."""

    def __init__(self, answer: ChangesAnswer, width: int) -> None:
        self.sheet = TextLayout(width)
        self._answer = answer
        self._names = Names(answer)

    def draw(self) -> TextLayout:
        answer = self._answer
        self._top()
        if not any(answer["totals"].values()):
            self.sheet.put("Nothing became known, and nothing fell due.")
            return self.sheet
        overdue_events = {event for line in answer["overdue"] for event in line["events"]}
        raised = [
            line for line in answer["raised"] if line["rule"] not in DATED or not overdue_events & set(line["events"])
        ]
        self.sheet.put(*self._glance(len(raised)))
        self._section("Overdue since", answer["overdue"], self._overdue)
        self._section("Newly contested", answer["newly_contested"], self._finding)
        self._section("No longer contested", answer["no_longer_contested"], self._gone)
        self._changed(answer["changed"])
        self._section("Corrected, retracted, disputed", answer["corrected"], self._corrected)
        self._section("Does not fit", raised, self._finding)
        self._section("Resolved", answer["resolved"], self._gone)
        self._reports(answer["new"])
        return self.sheet

    def _top(self) -> None:
        answer, put = self._answer, self.sheet.put
        put((words.label(answer["labels"], answer["process"]), "bold"), (f"  {clean(answer['process'])}", ASIDE))
        put(f"What became known from {_end(answer['since'])} to {_end(answer['until'])}")
        if not answer["known_before"]:
            put("Nothing of this process was known before.")

    def _glance(self, raised: int) -> list[Fragment]:
        """What there is, in one line."""
        totals = self._answer["totals"]
        reports = f"{times(totals['new'], 'report')} on {times(totals['subjects'], 'subject')}"
        counted: list[Fragment] = [reports if totals["new"] else "no new report"]
        counted += [f" ({totals['late']} late)"] if totals["late"] else []
        counts = (
            (totals["overdue"], "overdue", True),
            (totals["newly_contested"], "newly contested", True),
            (totals["no_longer_contested"], "no longer contested", False),
            (totals["changed"], "changed", False),
            (totals["corrected"], "revised", False),
            (raised, "not fitting", False),
            (totals["resolved"], "resolved", False),
        )
        for count, what, urgent in counts:
            counted += [", ", (f"{count:,} {what}", ALERT if urgent else "")] if count else []
        return ["At a glance: ", *counted]

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
        who = f", {self._names.actor(line['actor'])}" if line["actor"] else ""
        why = "its date has passed" if line["by_time"] else "it was past already when it was reported"
        what = f" {clean(line['what']).rstrip('.')}{who}: {self._subject(line)}; {why}."
        self._entry(line["events"], tag("overdue"), (f" {words.when(line['when'])}", "bold"), what)

    def _finding(self, finding: FindingEntry) -> None:
        style = ALERT if finding["severity"] == "high" else "bold"
        text = f" {self._subject(finding)}: {readable(finding['text'], self._names.actors)}"
        self.sheet.put((f"[{clean(finding['rule'])}]", style), text, (self._why(finding), ASIDE), indent=2)

    def _gone(self, finding: FindingEntry) -> None:
        text = f" {self._subject(finding)}: {readable(finding['text'], self._names.actors)}"
        self.sheet.put((f"[{clean(finding['rule'])}]", FACT), text, indent=2)
        if finding["by_time"]:
            self.sheet.put("over by the passing of time", indent=4)
        else:
            self._because(finding["because"], "since then: ")

    def _why(self, finding: FindingEntry) -> str:
        return " Nothing came in: it is the time that passed." if finding["by_time"] else ""

    # --- what changed

    def _changed(self, changed_lines: list[ChangedLine]) -> None:
        if not changed_lines:
            return
        self.sheet.heading("What changed")
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
        said += lines.sides(self._names, name, after) if after is not None else ["nothing is told any more"]
        self._entry(line["because"], *said, indent=4)

    def _corrected(self, report: CorrectedEntry) -> None:
        what = words.listed(map(clean, report["what"]))
        said = (report["says"] if report["said"] is None else report["said"]) or ""
        style = FACT if report["what"][0] in ("restored", "unified", "dispute withdrawn") else ALERT
        self.sheet.put((f"[{what}]", style), f" {self._subject(report)}: “{self._text(said)}”", indent=2)
        for difference in report["differences"]:
            field = difference["field"].removeprefix("data.").replace("_", " ").replace(".", ", ")
            old = self._value(difference["field"], difference["before"])
            new = self._value(difference["field"], difference["after"])
            self.sheet.put((f"{clean(field)}: ", "bold"), f"{old} → {new}", indent=4)
        if not report["revisions"] and report["says"]:
            self.sheet.put("it stands in place of a report that was taken back", indent=4)
        for revision in report["revisions"]:
            who = self._names.claimant(revision["by"]) if revision["by"] else words.spoken(revision["type"])
            why = f": {clean(revision['why'])}" if revision["why"] else ""
            on = f" ({clean(revision['recorded_by'])}, {words.moment(revision['recorded_at'])})"
            lead = "disputed by " if revision["type"] == "EventDisputed" else ""
            self.sheet.put(f"{lead}{who}{why}", (on, ASIDE), indent=4)

    def _value(self, field: str, value: Any) -> str:
        """One side of a difference."""
        match value:
            case None | []:
                return "not said"
            case str():
                return readable(value, self._names.actors) if field != "occurred" else words.when(value)
            case bool():
                return "yes" if value else "no"
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
        aside = "late: recorded long after it occurred" if totals["late"] else ""
        self.sheet.heading("Reports that came in", "all of them long after they occurred" if all_late else aside)
        if totals["shown"] < totals["new"]:
            cut = f"The last {totals['shown']:,} of {totals['new']:,}: `parley history` has them all."
            self.sheet.put((cut, ASIDE), indent=2)
        for group in groups:
            self._under(group, "  not known before" if group["opened"] and self._answer["known_before"] else "")
            for report in group["reports"]:
                self._report(report, late=report["late"] and not all_late)

    def _report(self, report: NewReport, *, late: bool) -> None:
        marks: list[str] = words.marks(report, {}, self._names.actors)
        recorded = words.day(report["recorded_at"])
        marks += ["late"] if late else []
        marks += [f"recorded {recorded}, new to this process"] if report["put_in"] else []
        type_, _, said = self._text(report["says"]).partition(": ")
        fragments: list[Fragment] = [(type_, "bold"), f": {said}" if said else ""]
        known = self._answer["evidence"].get(report["event"])
        if grounds := words.grounds([known or {}], self._names.actors):
            fragments.append((f" — {grounds}", ASIDE))
        fragments += [(f" [{mark}]", ALERT) for mark in marks]
        self.sheet.row(words.when(report["occurred"]), *fragments, column=DATE_COLUMN, indent=4)

    # --- entries

    def _entry(self, events: Iterable[str], *said: Fragment, indent: int = 2) -> None:
        """A paragraph with what it rests on."""
        known = [event for event in events if event in self._answer["evidence"]]
        reports = [event for event in known if not _is_revision(self._answer["evidence"][event])]
        grounds = self._names.grounds(reports)
        revised = dict.fromkeys(
            words.spoken(self._answer["evidence"][event]["type"]) for event in known if event not in reports
        )
        why = "; ".join(filter(None, [grounds, *revised]))
        self.sheet.put(*said, (f" — {why}", ASIDE) if why else "", indent=indent)

    def _because(self, events: list[str], lead: str) -> None:
        """What came in, by type."""
        types = [self._answer["evidence"][one] for one in events if one in self._answer["evidence"]]
        names = dict.fromkeys(f"{words.spoken(one['type'])} ({words.when(one['occurred'])})" if one["occurred"] else
                             words.spoken(one["type"]) for one in types)  # fmt: skip
        if names:
            self.sheet.put(f"{lead}{words.listed(list(names)[-5:])}", indent=4)

    def _text(self, text: str) -> str:
        return re.sub(r"\s+", " ", readable(text, self._names.actors))


def _is_revision(evidence: Evidence) -> bool:
    return evidence["occurred"] is None


def _end(end: Moment) -> str:
    """An end of the window in words."""
    if end["time"] is None:
        return "the beginning"
    return f"{words.moment(end['time'])} (log position {end['position']:,})"
