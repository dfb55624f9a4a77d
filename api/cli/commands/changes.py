"""The command for the morning: what became known of a process between two moments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from api.cli.client import path_segment
from api.cli.options import AsJson, Data, ProcessId, Url, connection
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import lines, words
from api.wording.lines import readable
from api.wording.marks import ALERT, ASIDE, FACT, Fragment
from api.wording.values import Names, tag
from api.wording.words import clean, times

Json = dict[str, Any]

A_DAY = timedelta(hours=24)
DATE_COLUMN = 14
"""Columns of a date beside its report."""
DATED = ("plan-date-passed", "obligation-overdue", "proposal-unanswered", "truce-lapsed")
"""Rules of findings that tell once more what is listed as overdue."""


def changes(
    process: ProcessId,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME",
            help="What became known after a position of the log (42), or after a time with its zone "
            "(2017-10-29T09:00:00Z); 24 hours ago if not given.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="POSITION|TIME", help="And up to such a position or time; now if not given."),
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
    path = f"/v1/processes/{path_segment(process)}/changes"
    with connection(data, url) as found:
        answer = found.get(path, fresh=True, since=since, until=until).json()
    if as_json:
        print_json(answer)
        return
    console = out()
    ChangesPage(answer, console.width).draw().print(console)


class ChangesPage:
    """Draws the digest, the most urgent first; what there is nothing of is left out."""

    def __init__(self, answer: Json, width: int) -> None:
        self.sheet = TextLayout(width)
        self._answer = answer
        families: Json = {family: [] for family in ("talks", "agreements", "convoys", "enrolments")}
        self._names = Names({**answer, **families})

    def draw(self) -> TextLayout:
        answer = self._answer
        self._top()
        if not any(answer["totals"].values()):
            self.sheet.put("Nothing became known, and nothing fell due.")
            return self.sheet
        told = {event for one in answer["overdue"] for event in one["events"]}
        raised = [one for one in answer["raised"] if one["rule"] not in DATED or not told & set(one["events"])]
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
        found: list[Fragment] = [reports if totals["new"] else "no new report"]
        found += [f" ({totals['late']} late)"] if totals["late"] else []
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
            found += [", ", (f"{count:,} {what}", ALERT if urgent else "")] if count else []
        return ["At a glance: ", *found]

    def _section(self, title: str, found: list[Json], show: Callable[[Json], None]) -> None:
        if found:
            self.sheet.heading(title)
        for one in found:
            show(one)

    def _subject(self, one: Json) -> str:
        label, path = clean(one["label"]), clean(one["subject"])
        return label if label != path else path

    # --- what asks for attention

    def _overdue(self, one: Json) -> None:
        who = f", {self._names.actor(one['actor'])}" if one["actor"] else ""
        told = "its date has passed" if one["by_time"] else "it was past already when it was reported"
        what = f" {clean(one['what']).rstrip('.')}{who}: {self._subject(one)}; {told}."
        self._entry(one["events"], tag("overdue"), (f" {words.when(one['when'])}", "bold"), what)

    def _finding(self, one: Json) -> None:
        style = ALERT if one["severity"] == "high" else "bold"
        text = f" {self._subject(one)}: {readable(one['text'], self._names.actors)}"
        self.sheet.put((f"[{clean(one['rule'])}]", style), text, (self._why(one), ASIDE), indent=2)

    def _gone(self, one: Json) -> None:
        text = f" {self._subject(one)}: {readable(one['text'], self._names.actors)}"
        self.sheet.put((f"[{clean(one['rule'])}]", FACT), text, indent=2)
        if one["by_time"]:
            self.sheet.put("over by the passing of time", indent=4)
        else:
            self._because(one["because"], "since then: ")

    def _why(self, one: Json) -> str:
        return " Nothing came in: it is the time that passed." if one["by_time"] else ""

    # --- what changed

    def _changed(self, found: list[Json]) -> None:
        if not found:
            return
        self.sheet.heading("What changed")
        for path in dict.fromkeys(one["subject"] for one in found):
            mine = [one for one in found if one["subject"] == path]
            self._under(mine[0])
            for one in mine:
                self._line(one)

    def _under(self, one: Json, after: str = "") -> None:
        path = clean(one["subject"])
        self.sheet.put((clean(one["label"]), "bold"), (f"  {path}", ASIDE), after, indent=2)

    def _line(self, one: Json) -> None:
        name, before, after = one["line"], one["before"], one["after"]
        said: list[Fragment] = [(f"{lines.title(self._names, name)}: ", "bold")]
        if before is not None:
            said += [*lines.sides(self._names, name, before), " → "]
        else:
            said += [tag("new"), " "]
        said += lines.sides(self._names, name, after) if after is not None else ["nothing is told any more"]
        self._entry(one["because"], *said, indent=4)

    def _corrected(self, one: Json) -> None:
        what = words.listed(map(clean, one["what"]))
        said = one["says"] if one["said"] is None else one["said"]
        style = FACT if one["what"][0] in ("restored", "unified", "dispute withdrawn") else ALERT
        self.sheet.put((f"[{what}]", style), f" {self._subject(one)}: “{self._text(said)}”", indent=2)
        for difference in one["differences"]:
            field = difference["field"].removeprefix("data.").replace("_", " ").replace(".", ", ")
            old, new = (self._value(difference["field"], difference[side]) for side in ("before", "after"))
            self.sheet.put((f"{clean(field)}: ", "bold"), f"{old} → {new}", indent=4)
        if not one["revisions"] and one["says"]:
            self.sheet.put("it stands in place of a report that was taken back", indent=4)
        for revision in one["revisions"]:
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
                return words.listed(self._value("", one) for one in value)
            case _ if "publisher" in value:
                return words.source(value, self._names.actors)
            case _:
                return words.gist(value, self._names.actors)

    # --- what came in

    def _reports(self, found: list[Json]) -> None:
        if not found:
            return
        totals = self._answer["totals"]
        all_late = totals["late"] == totals["new"] > 1
        aside = "late: recorded long after it occurred" if totals["late"] else ""
        self.sheet.heading("Reports that came in", "all of them long after they occurred" if all_late else aside)
        if totals["shown"] < totals["new"]:
            cut = f"The last {totals['shown']:,} of {totals['new']:,}: `parley history` has them all."
            self.sheet.put((cut, ASIDE), indent=2)
        for group in found:
            self._under(group, "  not known before" if group["opened"] and self._answer["known_before"] else "")
            for report in group["reports"]:
                self._report(report, late=report["late"] and not all_late)

    def _report(self, one: Json, *, late: bool) -> None:
        marks: list[str] = words.marks(one, {}, self._names.actors)
        recorded = words.day(one["recorded_at"])
        marks += ["late"] if late else []
        marks += [f"recorded {recorded}, new to this process"] if one["put_in"] else []
        type_, _, said = self._text(one["says"]).partition(": ")
        told: list[Fragment] = [(type_, "bold"), f": {said}" if said else ""]
        if grounds := words.grounds([self._answer["evidence"].get(one["event"], {})], self._names.actors):
            told.append((f" — {grounds}", ASIDE))
        told += [(f" [{mark}]", ALERT) for mark in marks]
        self.sheet.row(words.when(one["occurred"]), *told, column=DATE_COLUMN, indent=4)

    # --- entries

    def _entry(self, events: Iterable[str], *said: Fragment, indent: int = 2) -> None:
        """A paragraph with what it rests on."""
        known = [one for one in events if one in self._answer["evidence"]]
        reports = [one for one in known if not _is_revision(self._answer["evidence"][one])]
        grounds = self._names.grounds(reports)
        revised = dict.fromkeys(
            words.spoken(self._answer["evidence"][one]["type"]) for one in known if one not in reports
        )
        why = "; ".join(filter(None, [grounds, *revised]))
        self.sheet.put(*said, (f" — {why}", ASIDE) if why else "", indent=indent)

    def _because(self, events: list[str], lead: str) -> None:
        """What came in, by type."""
        types = [self._answer["evidence"][one] for one in events if one in self._answer["evidence"]]
        told = dict.fromkeys(f"{words.spoken(one['type'])} ({words.when(one['occurred'])})" if one["occurred"] else
                             words.spoken(one["type"]) for one in types)  # fmt: skip
        if told:
            self.sheet.put(f"{lead}{words.listed(list(told)[-5:])}", indent=4)

    def _text(self, text: str) -> str:
        return re.sub(r"\s+", " ", readable(text, self._names.actors))


def _is_revision(evidence: Json) -> bool:
    return evidence["occurred"] is None


def _end(found: Json) -> str:
    """An end of the window in words."""
    if found["time"] is None:
        return "the beginning"
    return f"{words.moment(found['time'])} (log position {found['position']:,})"
