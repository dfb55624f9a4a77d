"""What only some subjects have beside the lines of their family: ids in other registers, and counts by recorder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from api.wording import values, words
from api.wording.cited_lines import CitedLines, plain
from api.wording.language import grouped, phrase, say
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.values import tag
from api.wording.words import clean, coded

if TYPE_CHECKING:
    from projections.answers.lines import ShownLine
    from projections.answers.status import (
        AgreementInStatus,
        ConvoyInStatus,
        RecorderCounts,
        RoundInStatus,
        StatusAnswer,
    )
    from projections.answers.subjects import ShownStep, ShownSubject, StepLines


LAST_KNOWN = "last known in force"
TRUCE_WORDS = {
    "trial": phrase("on trial"),
    "lapsing": phrase("about to lapse"),
    "lapsed": phrase("lapsed: the term is over, nobody said more"),
    LAST_KNOWN: phrase("no end is known, and nothing was heard of it for a year"),
}
"""Where a truce stands, if it is not just in force."""


def put_stage(
    page: CitedLines, lead: list[Fragment], line: ShownLine[str] | None, standing: str, *after: Fragment
) -> None:
    """How far an agreement has come, and where it stands by now."""
    marks: list[Fragment] = []
    if standing in TRUCE_WORDS:
        marks = [" ", (f"[{say(TRUCE_WORDS[standing])}]", ALERT if standing in ("lapsed", LAST_KNOWN) else "bold")]
    if standing != LAST_KNOWN or line is None:
        page.step(lead, line, stage, *after, *marks)
        return
    last = say("last known in force on {date}", date=words.when(line["occurred"]))
    page.line(lead, line, lambda _: [(f"[{last}]", "bold")], *after, *marks)


def stage(value: str) -> list[Fragment]:
    """How far something has come, in a word."""
    return [tag(value, say(", a plan") if value in ("scheduled", "postponed") else "")]


def put(page: CitedLines, subject: ShownSubject) -> None:
    """Puts them below the line that names the subject."""
    name = page.names.subject(subject["subject"])
    others = dict.fromkeys(said for label in subject["labels"] if (said := clean(label["text"])) not in name)
    if others:
        page.sheet.put(say("also: {names}", names=", ".join(others)), indent=4)
    if subject.get("ids"):
        page.sheet.put(say("in other registers: {ids}", ids=words.foreign_ids(subject["ids"])), indent=4)


def put_steps(page: CitedLines, subject: StepLines) -> None:
    """How it came to where it stands: each step with its date, if there are several."""
    steps = subject["steps"]
    if len(steps) < 2:
        return
    said = [f"{coded(step['step'])} {_dates(step)}" for step in steps]
    events = dict.fromkeys(event for step in steps for event in step["events"])
    page.entry(list(events), say("steps: {steps}", steps=say("; ").join(said)), indent=4)


def _dates(step: ShownStep) -> str:
    first = words.when(step["occurred"])
    return say("{first} to {last}", first=first, last=words.when(step["last"])) if "last" in step else first


def put_of_agreement(page: CitedLines, agreement: AgreementInStatus) -> None:
    """The same of an agreement, with who declared it and how it stands to earlier ones."""
    put(page, agreement)
    put_steps(page, agreement)
    page.detail("", agreement["declared"], partial(values.declared, page.names), dated=True)
    for relation in agreement["relations"]:
        page.detail("", relation, values.related)


def put_of_round(page: CitedLines, talks: RoundInStatus) -> None:
    """The same of a round of talks, with its form and topics, how many it stands for, and why it was not held."""
    put(page, talks)
    put_steps(page, talks)
    page.detail(say("form: "), talks["form"], plain)
    page.detail(say("how many: "), talks["rounds"], lambda v: [words.quantity(v)])
    if talks["topics"]:
        page.sheet.put(say("topics: {codes}", codes=words.codings(talks["topics"])), indent=4)
    page.detail(say("not held: "), talks["not_held"], partial(values.not_held, page.names))


def put_of_convoy(page: CitedLines, convoy: ConvoyInStatus) -> None:
    """The same of a convoy, a corridor or a movement, with what became of the passage, and until when it is put off."""
    put(page, convoy)
    put_steps(page, convoy)
    if convoy["last_run"]:
        page.sheet.put(say("last run: {date}", date=words.when(convoy["last_run"])), indent=4)
    for counted in convoy["runs"]:
        page.sheet.put(words.runs(counted), indent=4)
    page.detail(say("passage: "), convoy["passage"], partial(values.passage, page.names), dated=True)
    page.detail(say("put off: "), convoy["postponed"], values.postponed, dated=True)


def put_of_process(page: CitedLines, status: StatusAnswer) -> None:
    """The same of the process itself, at the top."""
    if status.get("ids"):
        page.sheet.put(say("In other registers: {ids}", ids=words.foreign_ids(status["ids"])))


def counts(page: CitedLines, reported: str, numbers: Mapping[str, RecorderCounts], indent: int) -> None:
    """Violations or incidents by recorder."""
    for recorder, count in numbers.items():
        spans = say(
            "{week} in 7 days, {month} in 30 days, {all} in all",
            week=values.counted(count["last_7_days"]),
            month=values.counted(count["last_30_days"]),
            all=grouped(count["all"]),
        )
        page.sheet.put(f"{reported.format(who=page.names.claimant(recorder))}: {spans}", indent=indent)
    if len(numbers) > 1:
        page.sheet.put((say("Two may report the same one: these are never added up."), ASIDE), indent=indent)
