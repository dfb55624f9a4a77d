"""What a list shows of one process, whether it is read from the tables or was folded."""

from __future__ import annotations

from domain.general import SubjectState
from domain.processes import ProcessState, places
from projections import rendering
from projections.answers.status import HeardFrom, ListedProcess, Touched
from projections.read_models.change_set import Heard, HeardReport
from projections.renderer import Renderer


def process_line(
    process: str,
    state: SubjectState | None,
    heard: Heard,
    last: HeardReport | None,
    updated: Touched,
    *,
    followed: bool,
) -> ListedProcess:
    """The line of a process.

    Args:
        process: its id.
        state: as it was folded; None: nothing is known of it.
        heard: by which reports something was heard.
        last: that of these which counts.
        updated: what touched it last.
        followed: whether it is followed; otherwise it is an archive.
    """
    renderer = Renderer()
    own = state if isinstance(state, ProcessState) else ProcessState()
    return {
        "process": process,
        "labels": rendering.labels(own.labels),
        "state": renderer.line(own.stage),
        "level": renderer.line(own.level),
        "areas": [place.name for place in places(own)],
        "last_heard": {
            **heard_from(last or HeardReport("", "", "", "")),
            "occurred": _dated(heard.occurred),
            "published": _dated(heard.published),
        },
        "followed": followed,
        "updated": updated,
    }


def heard_from(report: HeardReport) -> HeardFrom:
    """By whom something was heard, and when."""
    return {"on": report.on or None, "publisher": report.publisher, "claimant": report.claimant}


def _dated(report: HeardReport | None) -> HeardFrom | None:
    return heard_from(report) if report is not None and report.on else None
