"""The first screen of a process: what GET /v1/processes/{id} answers, drawn for somebody who has to act on it, on a
terminal or on a page.

The order is that of the answer. Each line says who reports it; what is announced, possible or planned says so in
words; what is contested names every candidate with who says it; what we inferred is marked as ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from api.wording import (
    figure_lines,
    further_lines,
    held_reports,
    homonyms,
    incident_lines,
    last_heard,
    lines,
    values,
    words,
)
from api.wording.cited_lines import CitedLines, contested_matters, plain, value_of, values_of
from api.wording.language import grouped, phrase, say, say_number
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.sheet import Sheet
from api.wording.values import tag
from api.wording.words import Fields, clean, coded
from projections.answers.lines import fields_of

if TYPE_CHECKING:
    from projections.answers.deadlines import ShownDue
    from projections.answers.lines import Said, ShownLine
    from projections.answers.obligations import OwedObligation
    from projections.answers.status import StatusAnswer
    from projections.answers.subjects import Whereabouts


T = TypeVar("T")
AnySheet = TypeVar("AnySheet", bound=Sheet)

OVER = frozenset({"convened", "concluded", "cancelled"})
"""States of a round of talks whose plan is of no more interest."""

LEGEND = phrase(
    "[actual] is what a source reports as so; [announced], [possible] and [planned] are not yet so and may never be. "
    "A line without a source has that of the line above it. Not recorded does not mean that it did not happen."
)

POSSIBLY_LEGEND = phrase(
    "What is [possibly] so may have come about, or been published, only after the horizon: it adds to what may be and "
    "takes the place of nothing."
)

MONTH = 31
MAX_FINDINGS = 8
"""Findings on the screen, the gravest first."""


def draw(
    status: StatusAnswer,
    sheet: AnySheet,
    *,
    position: int | None = None,
    events: bool = False,
    notes: bool = False,
    revisions: Mapping[str, Fields] | None = None,
) -> AnySheet:
    """Puts the status of a process on a sheet.

    Args:
        status: the answer of GET /v1/processes/{id}.
        sheet: what it is put on.
        position: the log position that the answer reflects.
        events: whether to show the events that each line rests on, with their ids.
        notes: whether to show what the recording office noted with them.
        revisions: corrections and disputes by id, as far as they were looked up: they say by whom.
    """
    status = homonyms.told_apart(status)
    screen = StatusPage(status, sheet, events=events, notes=notes, revisions=revisions or {})
    for section in (
        partial(screen.top, position),
        screen.dates,
        screen.people_at_risk,
        screen.truce,
        partial(incident_lines.incidents, screen, status),
        screen.obligations,
        screen.agreements,
        screen.talks,
        screen.positions,
        screen.proposals,
        screen.roles,
        screen.bodies,
        partial(figure_lines.section, screen, status),
        screen.registers,
        screen.control,
        screen.access,
        screen.instruments,
        screen.convoys,
        screen.statements,
        screen.findings,
        partial(held_reports.still_to_come, screen, status["still_to_come"]),
        partial(held_reports.gone, screen, status),
        screen.changes,
    ):
        section()
    screen.sheet.gap()
    if status["horizon"].get("possible"):
        screen.sheet.put((say(POSSIBLY_LEGEND), ASIDE))
    screen.sheet.put((say(LEGEND), ASIDE))
    return sheet


class StatusPage(CitedLines):
    """Draws section by section."""

    def __init__(
        self,
        status: StatusAnswer,
        sheet: Sheet,
        *,
        events: bool,
        notes: bool,
        revisions: Mapping[str, Fields],
    ) -> None:
        super().__init__(status, sheet, events=events, notes=notes, revisions=revisions)
        self._status = status
        self._now = datetime.fromisoformat(status["horizon"]["now"])
        self._late = {line["subject"] for line in status["overdue"]}

    # --- sections, in the order of the first screen

    def top(self, position: int | None) -> None:
        status, put = self._status, self.sheet.put
        name = self.names.subject(f"processes/{status['process']}")
        others = [clean(label["text"]) for label in status["labels"] if label["text"] not in name]
        also = say("  also: {names}", names=", ".join(others)) if others else ""
        put((name, "bold"), (f"  {clean(status['process'])}", ASIDE), also)
        asked = words.horizon(status["horizon"])
        if asked:
            put((asked, "bold"))
        if any(entry["subject"] == f"processes/{status['process']}" for entry in status["withdrawn"]):
            taken_back = say(
                "Withdrawn: the report of this process was taken back. What else was reported of it stands."
            )
            put((taken_back, ALERT))
        state = status["state"]
        since = f", {words.since(state['since'])}" if state else ""
        self.line([say("State: ")], state, lambda stage: [(coded(stage), "bold"), since], indent=0)
        self.line([say("How it ended: ")], status["ending"], plain, indent=0)
        if status["last_heard"]:
            heard = last_heard.told(status["last_heard"], last_heard.source_by(self.names), self._now)
            put(say("Last heard: {text}", text=heard))
        if archive := last_heard.archive(status["followed"]):
            put(archive)
        self.line([say("Level: ")], status["level"], plain, indent=0)
        self.line([say("Time zone: ")], status["time_zone"], plain, indent=0)
        further_lines.put_of_process(self, status)
        for area in status["areas"]:
            self.line([say("Area: ")], area, values.area, indent=0)
        for link in status["links"]:
            self.line([say("Linked to: ")], link, values.link, indent=0)
        put(say("At a glance: "), *self._glance())
        clock, bound = words.moment(status["horizon"]["now"]), status["horizon"].get("position") is not None
        reflects = ""
        if position is not None and not bound:
            reflects = say(", log position {position}", position=grouped(position))
        as_of = say("Deadlines as of {time}", time=clock) if asked else say("As known on {time}", time=clock)
        put((as_of + reflects, ASIDE))

    def _glance(self) -> list[Fragment]:
        """What asks for attention, in one line."""
        status, risk = self._status, self._status["people_at_risk"]
        at_risk, late = len(risk["convoys"]) + len(risk["places"]), len(status["overdue"])
        disagreed = contested_matters(status)
        unanswered = sum(one["unanswered"] for one in status["proposals"])
        counts = (
            (at_risk, say_number("{number} at risk now", "{number} at risk now", at_risk)),
            (late, say_number("{number} overdue", "{number} overdue", late)),
            (
                0,
                say_number("{number} due in 14 days", "{number} due in 14 days", len(status["next_14_days"])),
            ),
            (disagreed, say_number("{number} contested", "{number} contested", disagreed)),
            (0, say_number("{number} unanswered", "{number} unanswered", unanswered)),
            (0, say_number("{number} finding", "{number} findings", status["findings"]["total"])),
        )
        counted: list[Fragment] = []
        for urgent, text in counts:
            counted += [say(", ") if counted else "", (text, ALERT if urgent else "")]
        return counted

    def dates(self) -> None:
        until = say("Next 14 days (until {date})", date=words.when((self._now + timedelta(days=14)).date().isoformat()))
        for line in self.section("due", until, self._status["next_14_days"], say("nothing is due")):
            self._due(tag("planned"), line)
        after = say(" What became of it is not recorded.")
        for line in self.section("overdue", say("Overdue"), self._status["overdue"], say("nothing is overdue")):
            self._due(tag("overdue"), line, after)
        if self._status["later"]:
            for line in self.section("later", say("Later"), self._status["later"]):
                self._due(tag("planned"), line)

    def _due(self, mark: Fragment, line: ShownDue, after: str = "") -> None:
        who = say(", ") + self.names.actor(line["actor"]) if line["actor"] else ""
        what = f" {values.expected(line['what'])}{who}: {self.names.subject(line['subject'])}.{after}"
        self.entry(line["events"], mark, (f" {words.when(line['when'])}", "bold"), what, of=line)

    def people_at_risk(self) -> None:
        risks = self._status["people_at_risk"]
        nothing = say("no convoy held or on the road, no place shut, as far as is recorded")
        self.section("risk", say("People at risk now"), [*risks["convoys"], *risks["places"]], nothing)
        for convoy in risks["convoys"]:
            lead: list[Fragment] = [(f"{clean(convoy['label'])}: ", "bold")]
            self.line(lead, convoy["whereabouts"], self._whereabouts, self._long_ago(convoy["whereabouts"]))
            told_by = list(zip(map(tuple, convoy["told_by"]), convoy["people"], strict=True))
            for events in dict.fromkeys(events for events, _ in told_by):
                people = words.listed(words.cohort(cohort) for by, cohort in told_by if by == events)
                self.entry(list(events), say("With people: {people}", people=people), indent=4, below=True)
        for place in risks["places"]:
            since = f" {_capital(words.since(place['since']))}."
            self.line([], place, self._access, since, self._long_ago(place))

    def _long_ago(self, line: ShownLine[T] | None) -> str:
        """How long ago the last report of a danger is, if that is more than a month: it may be over."""
        day = (line["occurred"] or "").removeprefix("../") if line else ""
        ago = words.ago(day, self._now)
        if not ago or (self._now - datetime.fromisoformat(day[:10]).replace(tzinfo=UTC)).days <= MONTH:
            return ""
        return say(" (last reported {ago})", ago=ago)

    def truce(self) -> None:
        truce = self._status["truce"]
        anything = [*truce["agreements"], *truce["counted"], *([truce["incidents"]] if truce["incidents"] else [])]
        self.section("truce", say("Truce"), anything, say("no truce, violation or incident recorded"))
        for agreement in truce["agreements"]:
            lead: list[Fragment] = [(f"{clean(agreement['label'])}: ", "bold")]
            further_lines.put_stage(self, lead, agreement["state"], agreement["standing"])
            self.detail(say("term: "), agreement["term"], values.term)
            further_lines.counts(self, say("violations reported by {who}"), agreement["violations"], indent=4)
            figure_lines.put(self, agreement["counted"], indent=4)
        further_lines.counts(self, say("incidents reported by {who}"), truce["incidents"], indent=2)
        figure_lines.put(self, truce["counted"], indent=2)

    def obligations(self) -> None:
        sides = self.section("obligations", say("Obligations, side by side"), self._status["obligations"])
        owed = {
            f"{line['agreement']}#{line['obligation']}": (side["side"], line) for side in sides for line in side["owes"]
        }
        for side in sides:
            name = say("Debtor not said") if side["side"] is None else self.names.actor(side["side"])
            self.sheet.put((name, "bold"), indent=2)
            for line in side["owes"]:
                self._obligation(line)
            if not side["owes"]:
                self.sheet.put(say("owes: nothing recorded"), indent=4)
            for key in side["is_owed"]:
                debtor, owing = owed.get(key, (None, None))
                agreed = owing["agreed"]["value"] if owing and owing["agreed"] else None
                terms: Fields = agreed or {}
                by = say("not said") if key not in owed else self.names.actor(debtor)
                self.sheet.put(say("is owed by {who}: {what}", who=by, what=clean(terms.get("text", key))), indent=4)
            if not side["is_owed"]:
                self.sheet.put(say("is owed: nothing recorded"), indent=4)

    def _obligation(self, line: OwedObligation) -> None:
        lead: list[Fragment] = [say("owes: ")]
        lead += [tag("kept"), " "] if line["kept"] else []
        lead += [tag("overdue"), " "] if line["overdue"] else []
        after = say(" Agreement: {name}.", name=self.names.subject(line["agreement"]))
        if line["phase"]:
            after += say(" Phase: {name}.", name=clean(line["phase"]))
        if line["mirrors"]:
            after += say(" Mirrors: {names}.", names=words.listed(map(clean, line["mirrors"])))
        if line["blocked_by"]:
            after += say(" Waits for: {names}.", names=words.listed(map(clean, line["blocked_by"])))
        if line["agreed"] is None:
            unrecorded = say("{obligation}, its terms not recorded.", obligation=clean(line["obligation"]))
            self.sheet.put(*lead, unrecorded, after, indent=4)
        self.line(lead, line["agreed"], partial(values.terms, self.names), after, indent=4)
        self.step([say("how far it is kept: ")], line["score"], values.score, indent=6)
        if line["score"] is None:
            self.sheet.put(say("how far it is kept: not assessed"), indent=6)
        for counted in line["runs"]:
            self.sheet.put(words.runs(counted), indent=6)

    def agreements(self) -> None:
        for agreement in self.section("agreements", say("Agreements"), self._status["agreements"]):
            between = agreement["between"]
            parties = say(" between {who}", who=self.names.named(between)) if between else ""
            title: list[Fragment] = [(f"{self.names.subject(agreement['subject'])}: ", "bold")]
            further_lines.put_stage(self, title, agreement["state"], agreement["standing"], parties)
            further_lines.put_of_agreement(self, agreement)
            self.description(agreement["described"], values.agreement)
            self.detail(say("complete: "), agreement["complete"], lambda v: [say("yes") if v else say("no")])
            self.detail(say("how it ended: "), agreement["ending"], plain, dated=True)
            self.detail(say("term: "), agreement["term"], values.term)
            for signature in agreement["signatures"]:
                self.detail("", signature, partial(values.signature, self.names), dated=True)

    def talks(self) -> None:
        for talks in self.section("talks", say("Talks"), self._status["talks"], family="talks"):
            self.step([(f"{self.names.subject(talks['subject'])}: ", "bold")], talks["state"], further_lines.stage)
            stages = values_of(talks["state"])
            if OVER.isdisjoint(stages):
                late = talks["subject"] in self._late and "not held" not in stages
                self.detail(say("planned for "), talks["planned"], partial(_plan, late=late))
            further_lines.put_of_round(self, talks)
            self.detail(say("where: "), talks["venue"], plain)
            if talks["between"]:
                between = say("between {who}", who=self.names.named(talks["between"]))
                self.entry(talks["events"], between, indent=4, below=True)
            self.detail(say("about: "), talks["about"], plain)
            for who, presence in talks["attendance"].items():
                self.detail(f"{self.names.actor(who)}: ", presence, plain)
            self.detail(say("outcome: "), talks["outcome"], plain, dated=True)
            self.detail(say("what came of it: "), talks["summary"], plain)

    def positions(self) -> None:
        for position in self.grouped(self.section("positions", say("Positions"), self._status["positions"])):
            lead: list[Fragment] = [(f"{self.names.actor(position['actor'])}: ", "bold")]
            self.step(lead, position, partial(values.position, self.names), indent=4)

    def proposals(self) -> None:
        waiting = [proposal for proposal in self._status["proposals"] if proposal["unanswered"]]
        answered = len(self._status["proposals"]) - len(waiting)
        nothing = say("none recorded")
        if answered:
            nothing = say_number("none recorded, {number} answered", "none recorded, {number} answered", answered)
        for proposal in self.grouped(self.section("proposals", say("Unanswered proposals"), waiting, nothing)):
            self.told_together(proposal, *values.proposal(self.names, proposal), indent=4)

    def roles(self) -> None:
        nothing = say("none recorded") if not self._status["described_roles"] else ""
        for role in self.grouped(self.section("roles", say("Roles"), self._status["roles"], nothing)):
            scope = say(" for {scope}", scope=coded(role["scope"])) if role["scope"] else ""
            behalf = role["on_behalf_of"]
            for_whom = say(", on behalf of {who}", who=self.names.actor(behalf)) if behalf else ""
            named = role["nominated_by"]
            for_whom += say(", named by {who}", who=self.names.actor(named)) if named else ""
            who = f"{self.names.actor(role['actor'])}: {coded(role['role'])}{scope}{for_whom} "
            self.step([(who, "bold")], role, values.role, values.quoted(role["verbatim"]), indent=4)
        for described in self._status["described_roles"]:
            self.step(
                [f"{self.names.subject(described['subject'])}: "], described, partial(values.described_role, self.names)
            )

    def bodies(self) -> None:
        for body in self.section("bodies", say("Bodies"), self._status["bodies"]):
            self.told_together(body, *values.body(self.names, body))

    def registers(self) -> None:
        for register in self.section("registers", say("Registers"), self._status["enrolments"]):
            self.step(
                [(f"{self.names.subject(register['subject'])}: ", "bold")], register["state"], further_lines.stage
            )
            further_lines.put(self, register)
            self.description(register["described"], partial(values.register, self.names))
            if not (
                register["described"] and values.register(self.names, fields_of(value_of(register["described"])))[0]
            ):
                self.sheet.put(say("Who may join is not said"), indent=4)
            tracks = [words.label(track["labels"], track["id"]) for track in register["tracks"]]
            if tracks:
                offered = words.listed(tracks, phrase("{first} or {last}"))
                self.sheet.put(say("tracks: {names}", names=offered), indent=4)
            self.detail(say("open until: "), register["until"], lambda v: [words.when(v)])
            figure_lines.put(self, register["counts"], indent=4)
            if not register["counts"]:
                self.sheet.put(say("how many joined: nothing recorded"), indent=4)

    def control(self) -> None:
        for line in self.section("control", say("Control"), self._status["control"]):
            self.line([], line, partial(values.control, self.names), f", {words.when(line['occurred'])}")

    def access(self) -> None:
        for line in self.section("access", say("Access"), self._status["access"]):
            self.step([], line, self._access)

    def _access(self, value: Said) -> list[Fragment]:
        return values.access(self.names, value)

    def instruments(self) -> None:
        for instrument in self.section("instruments", say("Instruments"), self._status["instruments"]):
            self.told_together(instrument, *values.instrument(self.names, instrument))

    def convoys(self) -> None:
        for convoy in self.section("convoys", say("Convoys"), self._status["convoys"], family="convoys"):
            self.step(
                [(f"{self.names.subject(convoy['subject'])}: ", "bold")], convoy["whereabouts"], self._whereabouts
            )
            further_lines.put_of_convoy(self, convoy)
            self.description(convoy["described"], partial(values.convoy, self.names))
            for who, decision in convoy["clearances"].items():
                self.detail(
                    say("clearance by {who}: ", who=self.names.actor(who)), decision, values.clearance, dated=True
                )
            self.detail(say("left with: "), convoy["departure"], values.departure, dated=True)
            for removed in convoy["removed"]:
                date = self.happened(removed["occurred"], removed["events"])
                self.entry(removed["events"], *values.removed(self.names, removed), date, indent=4, of=removed)
            self.detail(say("arrived: "), convoy["arrival"], values.arrival, dated=True)

    def _whereabouts(self, seen: Whereabouts) -> list[Fragment]:
        return values.whereabouts(self.names, seen)

    def statements(self) -> None:
        for statement in self.section("statements", say("Statements, newest first"), self._status["statements"]):
            said: Fields = statement
            described = clean(said["description"]) if said.get("description") else say("not named")
            who = self.names.actor(said["speaker"]) if said.get("speaker") else described
            quote = values.quoted(said.get("verbatim"))
            text: list[Fragment] = [(f"{who}: ", "bold"), clean(said["text"]), quote]
            occurred = self.names.evidence[statement["events"][0]]["occurred"]
            self.entry(statement["events"], *text, self.happened(occurred, statement["events"]), of=statement)

    def findings(self) -> None:
        findings = self._status["findings"]
        self.section("findings", say("What does not fit"), findings["items"], say("nothing that a rule would see"))
        for finding in findings["items"][:MAX_FINDINGS]:
            severity = coded(finding["severity"])
            mark: Fragment = (f"[{severity}]", ALERT if finding["severity"] == "high" else "bold")
            text = lines.finding(finding["text"], self.names.actors)
            said = f" {self.names.subject(finding['subject'])}: {text}"
            self.sheet.cite(mark, said, grounds="", of=finding, events=finding["events"], indent=2)
        if findings["total"] > MAX_FINDINGS:
            rest = say(", ").join(
                f"{grouped(count)} {coded(severity)}" for severity, count in findings["by_severity"].items() if count
            )
            total = grouped(findings["total"])
            more = say("{total} in all ({by_severity}): `parley findings` shows them.", total=total, by_severity=rest)
            self.sheet.put((more, ASIDE), indent=2)

    def changes(self) -> None:
        changes = self.section("changes", say("Latest changes, newest first"), self._status["changes"])
        for recorded in dict.fromkeys(str(line["recorded_at"])[:16] for line in changes):
            self.sheet.put(say("recorded {time}", time=words.moment(recorded)), indent=2)
            at_once = [line for line in changes if line["recorded_at"].startswith(recorded)]
            for kind, path in dict.fromkeys((line["type"], line["subject"]) for line in at_once):
                alike = [line for line in at_once if (line["type"], line["subject"]) == (kind, path)]
                counted = say_number("{number} report", "{number} reports", len(alike))
                many = f" ({counted})" if len(alike) > 1 else ""
                what = f"{words.spoken(kind)}{many}: {self.names.subject(path)}"
                self.entry([event for line in alike for event in line["events"]], what, indent=4)


# --- values that need no more than a word ---------------------------------------------------------------------


def _plan(value: str | None, *, late: bool) -> list[Fragment]:
    passed = say("; that has passed, and whether it was held is not recorded") if late else ""
    return [f"{words.when(value)}{passed}" if value else say("a time not yet named")]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
