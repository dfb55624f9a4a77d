"""The commands for a watch: what does not fit, and what is due, in one process or in all."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api import cli_show
from api import cli_words as words
from api.cli_options import AsJson, AsOf, Data, KnownAt, KnownAtPosition, PublishedBy, Url, door
from api.cli_sheet import BAD, FAINT, Part, Sheet
from api.cli_words import clean
from domain.finding import Severity

Json = dict[str, Any]

AFTER_APPEND = 10
"""Findings that are shown after an append."""
GRAVITY = {severity.value: place for place, severity in enumerate(Severity)}
COLUMN = 10
"""Columns of a severity and the space after it."""


def findings(
    process: Annotated[
        str | None, typer.Argument(metavar="[PROCESS]", help="Id of one process; all processes if it is left out.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this rule, such as contested.")] = None,
    severity: Annotated[str | None, typer.Option(help="Only this grave: high, moderate or hint.")] = None,
    as_of: AsOf = None,
    published_by: PublishedBy = None,
    known_at: KnownAt = None,
    known_at_position: KnownAtPosition = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what does not fit, the gravest first: contradictions, what is overdue, what nobody confirms.

    A horizon goes with one process: what did not fit then, or by what was known.
    """
    horizon = {
        "as_of": as_of,
        "published_by": published_by,
        "known_at": known_at,
        "known_at_position": known_at_position,
    }
    if process is None and any(value is not None for value in horizon.values()):
        raise typer.BadParameter("a horizon goes with one process: name it")
    with door(data, url) as found:
        if process is not None:
            path = f"/v1/processes/{quote(process, safe='') or '-'}/findings"
            answer = found.get(path, fresh=True, rule=rule, severity=severity, **horizon).json()
        else:
            answer = {"findings": [], "actors": {}}
            for page in found.pages("/v1/findings", limit=1000, rule=rule, severity=severity):
                answer["findings"] += page["findings"]
                answer["actors"] |= page["actors"]
    if as_json:
        cli_show.data(answer)
        return
    console = cli_show.out()
    sheet = Sheet(console.width)
    if asked := words.horizon(answer.get("horizon", {})):
        sheet.put((asked, "bold"))
    by_process: dict[str, list[Json]] = {}
    for one in answer["findings"]:
        by_process.setdefault(one.get("process", process), []).append(one)
    for name, some in by_process.items():
        sheet.heading(name, words.times(len(some), "finding"))
        _put_findings(sheet, some, answer["actors"])
    if not by_process:
        sheet.put("Nothing of that kind stands out." if rule or severity else "Nothing stands out.")
    sheet.print(console)


def after_append(found: dict[str, list[Json]]) -> None:
    """What stands on the subjects of an append, the gravest first."""
    listed = [one for of_subject in found.values() for one in of_subject]
    listed.sort(key=lambda one: GRAVITY.get(one["severity"], len(GRAVITY)))
    if not listed:
        return
    console = cli_show.out()
    sheet = Sheet(console.width)
    sheet.put(f"{words.times(len(listed), 'finding')} on {words.times(len(found), 'subject')}:")
    _put_findings(sheet, listed[:AFTER_APPEND], {})
    if len(listed) > AFTER_APPEND:
        sheet.put((f"and {len(listed) - AFTER_APPEND} more: `parley findings` shows them all.", FAINT))
    sheet.print(console)


def _put_findings(sheet: Sheet, found: Iterable[Json], actors: Json) -> None:
    for one in found:
        since = f" Since {words.moment(one['since'])}." if one["since"] else ""
        until = f" Until {words.moment(one['until'])}." if one["until"] else ""
        sheet.row(
            clean(one["severity"]),
            (clean(one["rule"]), "bold"),
            f"  {clean(one['subject'])}: {_named(clean(one['text']), actors)}",
            (f"{since}{until}", FAINT),
            column=COLUMN,
            style=BAD if one["severity"] == "high" else "",
        )


def _named(text: str, actors: Json) -> str:
    """A text with the names of actors in place of their ids, as far as they are known."""

    def name(found: re.Match[str]) -> str:
        known = actors.get(found[1])
        return clean(known["label"]) if known else found[0]

    return re.sub(r"\bactors/([a-z0-9][a-z0-9-]*)", name, text)


def deadlines(
    process: Annotated[str | None, typer.Option(help="Only of this process.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only what may be due by the end of this date (EDTF).")
    ] = None,
    overdue: Annotated[
        bool | None, typer.Option("--overdue/--not-overdue", help="Only what is overdue, or what is not.")
    ] = None,
    ics: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an iCalendar file for calendar programs instead; - is stdout."),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what is due, the first to end first: rounds of talks, departures, answers, obligations, terms."""
    if ics is not None and as_json:
        raise typer.BadParameter("send either --json or --ics")
    asked = {"process": process, "until": until, "overdue": None if overdue is None else str(overdue).lower()}
    with door(data, url) as found:
        if ics is not None:
            _write(ics, found.get("/v1/deadlines.ics", fresh=True, **asked).content)
            return
        answer: Json = {"deadlines": [], "actors": {}, "evidence": {}}
        for page in found.pages("/v1/deadlines", limit=1000, **asked):
            answer["deadlines"] += page["deadlines"]
            answer["actors"] |= page["actors"]
            answer["evidence"] |= page["evidence"]
    if as_json:
        cli_show.data(answer)
        return
    console = cli_show.out()
    _deadlines(answer, console.width).print(console)


def _write(file: Path, content: bytes) -> None:
    if str(file) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        file.write_bytes(content)
        cli_show.say(f"Written to {file}.")


def _deadlines(answer: Json, width: int) -> Sheet:
    """A list: until when, what, who owes it, who says so."""
    sheet = Sheet(width)
    listed, actors = answer["deadlines"], answer["actors"]
    dates = [words.when(one["when"]) for one in listed]
    column = min(max(map(len, dates), default=0) + 2, cli_show.MOST_DATE)
    for date, one in zip(dates, listed, strict=True):
        marks: list[Part] = [(" [overdue]", BAD)] if one["overdue"] else []
        marks += [(" [contested]", BAD)] if one["contested"] else []
        owed = f"; owed by {words.claimed_by('actors/' + one['actor'], actors)}" if one["actor"] else ""
        grounds = words.grounds([answer["evidence"][event] for event in one["events"]], actors)
        sheet.row(
            date,
            (clean(one["label"]), "bold"),
            f": {' '.join(clean(one['what']).split())}{owed}  ({words.listed(map(clean, one['processes']))})",
            *marks,
            (f" — {grounds}", FAINT),
            column=column,
            indent=0,
        )
    if not listed:
        sheet.put("Nothing is due.")
    return sheet
