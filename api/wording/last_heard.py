"""What was heard last of a process, in words: when it occurred, and when that was published, where these differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.language import say
from api.wording.values import Names
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.status import HeardFrom, LastHeard, ListedLastHeard


def told(last: LastHeard | ListedLastHeard, source: Callable[[HeardFrom], str], now: datetime) -> str:
    """One date with its source, if what occurred last was published last, and on that day; else both dates."""
    occurred, published = last["occurred"], last["published"]
    if occurred is None or published is None or occurred["on"] == published["on"]:
        return _dated(last, source, now)
    return say(
        "{occurred}; published last: {published}",
        occurred=_dated(occurred, source, now),
        published=_dated(published, source, now),
    )


def _dated(heard: HeardFrom, source: Callable[[HeardFrom], str], now: datetime) -> str:
    if not heard["on"]:
        return say("date not said, from {source}", source=source(heard))
    ago = words.ago(heard["on"], now)
    return say(
        "{date}, from {source}", date=words.when(heard["on"]) + (f" ({ago})" if ago else ""), source=source(heard)
    )


def publisher(heard: HeardFrom) -> str:
    """By whom it was published, where no names of claimants are at hand."""
    return clean(heard["publisher"]) if heard["publisher"] else say("our own record, without a source")


def source_by(names: Names) -> Callable[[HeardFrom], str]:
    """Who says so, and through whom."""

    def source(heard: HeardFrom) -> str:
        through, who = clean(heard["publisher"]), names.claimant(heard["claimant"])
        if heard["publisher"]:
            return through if heard["claimant"] in ("unattributed", heard["publisher"]) else f"{who} ({through})"
        if heard["claimant"] == "reported":  # the claimant tells on what basis it was recorded
            return say("our own record, without a source")
        return say("our own record, {basis}", basis=who)

    return source


def archive(followed: bool) -> str:
    """That a process is not followed; nothing if it is."""
    return "" if followed else say("Archive: reports of it were not recorded while they were news.")
